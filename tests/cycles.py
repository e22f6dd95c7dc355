"""Monthly cycles from end to end: a list, a stand-in for the meeting, the next list; and all of it once more.

What the stand-in decides follows from the lists and from the SHA-256 of an id, so anyone can check it:

- Whoever is proposed, referred, emerging, or listed for a coming release is taken on for diversion, taken
  on for disruption, monitored, or left undecided, as the first byte, divided by 4, leaves 0, 1, 2 or 3.
- Whoever is shown again as undecided is monitored.
- People in reserve are left undecided, but for those whose first byte, divided by 8, leaves 7: monitored.
- Whoever is managed, and of whom nothing became known since the last meeting, is taken off, or handed on
  where the second byte, divided by 8, leaves 0. Whoever is monitored, likewise, where the second byte is odd.

The meeting sits a week after the list was made.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import rfgscore as rfg
from rfgscore.report.csv_file import csv_bytes, true_text
from rfgscore.tables import Column, Table

#: Columns of the decisions table.
DECISIONS = (
    "perpetrator_id",
    "meeting_date",
    "decision",
    "pathway",
    "owner",
    "decided_by",
    "reason",
    "review_by",
)

_MEETING_AFTER = dt.timedelta(days=7)
_REVIEW_AFTER = dt.timedelta(days=84)


def month_ends(last: str, count: int) -> list[str]:
    """Return the last days of `count` months, the last of them that of `last`."""
    day = dt.date.fromisoformat(last).replace(day=1)
    days = []
    for _ in range(count):
        following = (day + dt.timedelta(days=32)).replace(day=1)
        days.append((following - dt.timedelta(days=1)).isoformat())
        day = (day - dt.timedelta(days=1)).replace(day=1)
    return days[::-1]


def read_list(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file of an output set."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: true_text(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def decide(folder: Path, as_of: str) -> list[dict[str, str]]:
    """Return what the stand-in for a meeting decides on the lists of a run; see the head of this file."""
    meeting = dt.date.fromisoformat(as_of) + _MEETING_AFTER
    quiet = {row["perpetrator_id"] for row in read_list(folder / "since.csv") if row["incidents"] == "0"}
    out = []
    for row in (*read_list(folder / "cohort.csv"), *read_list(folder / "monitoring.csv")):
        person = row["perpetrator_id"]
        word, pathway, reason = _decided(
            row["status"], hashlib.sha256(person.encode()).digest(), person in quiet
        )
        if word:
            out.append(
                {
                    "perpetrator_id": person,
                    "meeting_date": meeting.isoformat(),
                    "decision": word,
                    "pathway": pathway,
                    "owner": "team 1" if word == "managed" else "",
                    "decided_by": "chair",
                    "reason": reason,
                    "review_by": (meeting + _REVIEW_AFTER).isoformat(),
                }
            )
    return out


def _decided(status: str, checksum: bytes, quiet: bool) -> tuple[str, str, str]:
    first, second = checksum[0], checksum[1]
    if status in ("proposed", "referred", "emerging", "release"):
        return (
            ("managed", "diversion", "taken on"),
            ("managed", "disruption", "taken on"),
            ("monitoring", "", "others first"),
            ("", "", ""),
        )[first % 4]
    if status == "undecided" or (status == "reserve" and first % 8 == 7):
        return "monitoring", "", "others first"
    if quiet and (status == "managed" or (status == "monitoring" and second % 2)):
        return ("transferred" if second % 8 == 0 else "removed"), "", "nothing new"
    return "", "", ""


def decisions_file(rows: Iterable[Mapping[str, str]], path: Path) -> Path:
    """Write decisions as the table that the next run reads."""
    listed = list(rows)
    table = Table({name: Column.of("text", [row[name] or None for row in listed]) for name in DECISIONS})
    path.write_bytes(csv_bytes(table))
    return path


def run_cycles(work: Path, config: rfg.Config, days: Iterable[str], **tables: Any) -> list[Path]:
    """Run one cycle a day into numbered folders; `tables` are what every run is given beside decisions."""
    made: list[Path] = []
    decided: list[dict[str, str]] = []
    for number, as_of in enumerate(days, start=1):
        given = dict(tables)
        if made:
            given["previous"] = made[-1]
            given["decisions"] = decisions_file(decided, work / f"decisions-{number:02}.csv")
        folder = rfg.run(config=config, as_of=as_of, **given).write(work / f"cycle-{number:02}")
        if made:
            assert_nobody_lost(made[-1], folder, decided, tables)
        decided += decide(folder, as_of)
        made.append(folder)
    return made


def everyone(folder: Path) -> dict[str, dict[str, str]]:
    """Return the people on both lists of a run by id; nobody stands on both."""
    rows = (*read_list(folder / "cohort.csv"), *read_list(folder / "monitoring.csv"))
    out = {row["perpetrator_id"]: row for row in rows}
    assert len(out) == len(rows)
    return out


def assert_nobody_lost(
    before: Path, after: Path, decided: Iterable[Mapping[str, str]], tables: Mapping[str, Path]
) -> None:
    """Whoever was on a list is on one again, unless a meeting or the removals took the person off.

    Someone whose record was joined with another since stands there under the other's id.
    """
    then, now = (json.loads((run / "manifest.json").read_text())["as_of"] for run in (before, after))
    links = read_list(tables["links"]) if "links" in tables else []
    joined = {row["nominal_id"]: row["master_id"] for row in links if row["recorded_date"] <= now}

    def whom(record: str) -> str:
        while record in joined:
            record = joined[record]
        return record

    gone = {
        whom(row["perpetrator_id"])
        for row in decided
        if row["meeting_date"] >= then and row["decision"] in ("removed", "transferred")
    }
    removals = read_list(tables["removals"]) if "removals" in tables else []
    gone |= {whom(row["perpetrator_id"]) for row in removals if row["removed_on"] <= now}
    lost = set(map(whom, everyone(before))) - set(everyone(after)) - gone
    assert not lost, f"{len(lost)} people are on no list any more"


def replay(work: Path, folder: Path, out: Path, files: Mapping[str, Path]) -> Path:
    """Run once more from what a manifest says alone, with the files it names found by table or in `work`."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    given: dict[str, Any] = {}
    for entry in manifest["inputs"]:
        table = entry["table"]
        if table == "gravity":
            continue
        path = work / entry["file"] if table in ("previous", "decisions") else files[table]
        told = path / "manifest.json" if table == "previous" else path
        assert hashlib.sha256(told.read_bytes()).hexdigest() == entry["sha256"]
        given[table] = path
    settings = out.parent / f"settings-{out.name}"
    settings.mkdir()
    config = settings / "config.yaml"
    config.write_text(json.dumps(manifest["config"]), encoding="utf-8")
    if "gravity" in files:  # named by its path from the settings
        shutil.copy(files["gravity"], settings / files["gravity"].name)
    return rfg.run(
        config=rfg.load_config(config),
        as_of=manifest["as_of"],
        extract_date=manifest["extract_date"],
        allow_empty=manifest["run"]["allow_empty"],
        **given,
    ).write(out)


def told(folder: Path) -> str:
    """Return a line on the lists of a run."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    rows = everyone(folder).values()
    found = ", ".join(
        f"{count} {word}" for word, count in sorted(Counter(row["status"] for row in rows).items())
    )
    hidden = ", ".join(
        f"{count} by {route}" for route, count in manifest["run"]["cycle"]["not_shown"].items() if count
    )
    causes = Counter(row["change_cause"] for row in rows if row["change_cause"])
    why = ", ".join(f"{count} {word}" for word, count in sorted(causes.items()))
    return f"{manifest['as_of']}: {found}; not shown: {hidden or 'nobody'}; causes: {why or 'none'}"


def assert_equal_sets(one: Path, other: Path) -> None:
    """Both folders hold the same files with the same bytes."""
    assert [path.name for path in sorted(one.iterdir())] == [path.name for path in sorted(other.iterdir())]
    differing = [
        path.name for path in sorted(one.iterdir()) if path.read_bytes() != (other / path.name).read_bytes()
    ]
    assert not differing, differing
