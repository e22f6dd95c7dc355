"""Write ``nyc-ten.md``: ten people of the New York example worked through from their raw rows.

``python docs/make_nyc_ten.py FOLDER`` where FOLDER holds ``admissions.parquet``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from pathlib import Path
from typing import Any

import duckdb

import rfgscore as rfg

HERE = Path(__file__).parent
CONFIG = HERE.parent / "configs" / "nyc-custody.yaml"
AS_OF, EXTRACT = "2024-01-01", "2026-09-01"
HEAD = f"""# Ten people worked through

Real input: New York City jail admissions (see `configs/nyc-custody.yaml`). Of everyone with a line in the window, these
are the ten whose id has the smallest SHA-256 of `rfgscore|<id>`: picked by nobody. Looked at on {AS_OF}, from an extract of
{EXTRACT}. For each person every raw row is shown, then the arithmetic.

- A row is in the window when its age, {AS_OF} less the admission day, is 0 to 729 days. Later rows are not yet known.
- Recency is the smallest age; frequency the number of admission days in the window; gravity the highest weight in it.
- A spell covers the admission day up to and with the release day; a release after {AS_OF} is not seen (shown as *still held*).
- `nyc-ten.sql` computes the same from the raw file. A test runs it and compares everyone scored, and every figure below.

This page is written by `docs/make_nyc_ten.py`.
"""


def run_example(folder: Path) -> rfg.Run:
    admissions = folder / "admissions.parquet"
    return rfg.run(
        config=rfg.load_config(CONFIG),
        offences=admissions,
        custody=admissions,
        as_of=AS_OF,
        extract_date=EXTRACT,
    )


def query(folder: Path) -> str:
    text = (HERE / "nyc-ten.sql").read_text(encoding="utf-8")
    files = {
        "admissions.parquet": folder / "admissions.parquet",
        "gravity.csv": CONFIG.parent / "nyc-gravity-by-class.csv",
    }
    for name, path in files.items():
        text = text.replace(f"'{name}'", f"'{path}'")
    return text


def ten(people: list[str]) -> list[str]:
    return sorted(people, key=lambda person: hashlib.sha256(f"rfgscore|{person}".encode()).hexdigest())[:10]


def page(folder: Path) -> str:
    run = run_example(folder)
    by_sql = duckdb.sql(query(folder))
    names = by_sql.columns
    found = {row[0]: dict(zip(names, row, strict=True)) for row in by_sql.fetchall()}
    weights = dict(
        duckdb.sql(f"SELECT offence_code, weight FROM '{CONFIG.parent}/nyc-gravity-by-class.csv'").fetchall()
    )
    raw = duckdb.read_parquet(str(folder / "admissions.parquet"), file_row_number=True)
    parts = [HEAD, "| person | position | rank | score | recency | frequency | gravity |",
             "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    chosen = ten(run.scores.table["perpetrator_id"])
    for person in chosen:
        row = found[person]
        parts.append(
            f"| {person} | {row['position']} | {row['rank']} | {row['score']} | {row['recency_value']} d: {row['recency_points']} "
            f"| {row['frequency_value']}: {row['frequency_points']} | {row['gravity_value']:g}: {row['gravity_points']} |"
        )
    for person in chosen:
        rows = (
            raw.filter(f"person = '{person}'")
            .order("admit_date")
            .project("file_row_number + 1, admit_date::DATE, release_date::DATE, charge_class")
        )
        parts += story(person, rows.fetchall(), found[person], weights, run)
    return "\n".join(parts) + "\n"


def story(
    person: str, rows: list[Any], row: dict[str, Any], weights: dict[str, int], run: rfg.Run
) -> list[str]:
    as_of = dt.date.fromisoformat(AS_OF)
    out = [
        "",
        f"## {person}",
        "",
        "| row | admitted | released | class | weight | age | |",
        "| --- " * 7 + "|",
    ]
    last = row["last_event_date"]
    covered: set[dt.date] = set()
    for number, admitted, released, charge in rows:
        age = (as_of - admitted).days
        place = "not yet known" if age < 0 else "in the window" if age < 730 else "too old"
        seen = admitted <= as_of and (released is None or released >= as_of)
        end = "not seen" if age < 0 else "*still held*" if seen else released
        weight = f"{weights[charge]}" if charge in weights else "3 (blank charge)"
        out.append(f"| {number} | {admitted} | {end} | {charge} | {weight} | {age} | {place} |")
        if age >= 0:
            stop = as_of if released is None or released > as_of else released
            covered |= {admitted + dt.timedelta(n) for n in range((stop - admitted).days + 1)}
    held = sum(last < day <= as_of for day in covered)
    days = (as_of - last).days
    explained = run.scores.explain(person)
    return [
        *out,
        "",
        f"- Recency: {as_of} less {last} is {days} days: **{row['recency_points']}** points. Of these days {held} were in custody, "
        f"{days - held} at liberty.",
        f"- Frequency: admission days in the window, {row['frequency_value']}: **{row['frequency_points']}** points.",
        f"- Gravity: highest weight in the window {row['gravity_value']:g} (class {row['worst_offence_code']}): "
        f"**{row['gravity_points']}** points.",
        f"- Score: {row['recency_points']} + {row['frequency_points']} + {row['gravity_points']} = **{row['score']}**; "
        f"position {row['position']}, rank {row['rank']}, tied with {row['tied_with']} others.",
        "",
        f"> {explained.summary}",
        *(f"> {part.sentence}" for part in explained.parts),
    ]


if __name__ == "__main__":
    (HERE / "nyc-ten.md").write_text(page(Path(sys.argv[1])), encoding="utf-8")
