"""Take a workbook through LibreOffice: each sheet saved as CSV, and decisions filled in, saved and read back.

LibreOffice is no part of the tests: on Debian, ``apt-get install --no-install-recommends libreoffice-calc``.
"""

from __future__ import annotations

import csv
import datetime as dt
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl

import rfgscore as rfg
from rfgscore.dates import to_day
from rfgscore.ingest.meeting import read_decisions
from rfgscore.ingest.readers.coded import Coded
from rfgscore.report.csv_file import csv_bytes, safe_text, true_text
from rfgscore.report.sheets import DECISION_COLUMNS
from rfgscore.report.workbook import workbook_bytes
from rfgscore.tables import Column, Table

SOFFICE = shutil.which("soffice") or ""
#: Every sheet, UTF-8, comma, quotes where needed, cells as shown.
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
PATHWAYS = ["diversion", "disruption", "support, with a comma"]
#: Texts that spreadsheet programs like to change.
ODD = [
    "007", "12345678901234567890", "1E5", "2025-06-30", "1/2", "TRUE", "=1+1", "'=1+1", "@SUM(1)", "+5", "-3",
    "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "'abc", "''=x", "O'Neill", "_x0041_", "a,b", 'say "so"', "a;b",
    "né", "\u05d0\u05d1", "\U0001f600", "https://example.org", "{=A1}", "=HYPERLINK(1)", "=cmd|' /C calc'!A0",
    "50%", "£5",
]  # fmt: skip
CASES = [(word, way) for word in ("managed", "monitoring", "removed", "transferred") for way in PATHWAYS]


def listed(persons: Sequence[str]) -> Table:
    size = len(persons)
    return Table(
        {
            "position": Column.of("int32", [*range(1, size), None]),
            "perpetrator_id": Column.of("text", persons),
            "score": Column.of("float64", [0.1, 92.0, 547.123456, *[None] * (size - 3)]),
            "last_event_date": Column.of(
                "date", ([to_day("2025-06-01"), to_day("1900-01-01")] * size)[:size]
            ),
            "in_custody": Column.of("bool", ([True, None, False] * size)[:size]),
            "summary": Column.of("text", [f"two\nlines, and \u201cthis\u201d {text}" for text in persons]),
            "decision": Column.of("text", [None] * size),
        }
    )


def converted(book: Path, to: str) -> Path:
    """Return the folder into which LibreOffice wrote a workbook in another form."""
    folder = Path(tempfile.mkdtemp(dir=book.parent))
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    subprocess.run(
        [SOFFICE, profile, "--headless", "--convert-to", to, "--outdir", str(folder), str(book)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def same(got: object, wanted: object, what: str) -> None:
    if got != wanted:
        raise AssertionError(f"{what}: not as it was written")


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def every_sheet(folder: Path, tables: dict[str, Table], book: Path) -> int:
    """Compare what LibreOffice saved of each sheet with the CSV file of the same table."""
    saved = converted(book, EVERY_SHEET)
    cells = 0
    for name, table in tables.items():
        want = folder / f"{name}.csv"
        want.write_bytes(csv_bytes(table))
        got = rows_of(saved / f"{book.stem}-{name}.csv")
        same(got, rows_of(want), f"the sheet {name}")
        cells += sum(map(len, got))
    blank = rows_of(saved / f"{book.stem}-decisions.csv")
    whom = [*tables["cohort"]["perpetrator_id"], *tables["monitoring"]["perpetrator_id"]]
    same(blank, [list(DECISION_COLUMNS), *([safe_text(who), *[""] * 7] for who in whom)], "empty decisions")
    return cells


def decisions_back(book: Path, persons: Sequence[str]) -> int:
    """Fill in the sheet of decisions, have LibreOffice save it, and read it as the next run does."""
    held = openpyxl.load_workbook(book)
    sheet = held["decisions"]
    wanted = []
    for place, who in enumerate(persons):
        row = place + 2
        same(true_text(sheet.cell(row, 1).value), who, "an id")
        if place % 5 == 4:  # the meeting did not come to this one
            continue
        word, way = CASES[place % len(CASES)]
        told = (
            "2026-11-20",
            word,
            way,
            ODD[place % len(ODD)],
            f"chair {place}",
            f"because {place}",
            "2026-12-18",
        )
        for column, text in enumerate(told, start=2):
            cell = sheet.cell(row, column)
            cell.value, cell.number_format = safe_text(text), "@"
            cell.data_type = "s"
        wanted.append((who, *told))
    filled = book.with_name("filled.xlsx")
    held.save(filled)
    saved = converted(filled, EVERY_SHEET) / "filled-decisions.csv"
    config = rfg.load_config(
        {
            "schema": "rfgscore/1",
            "gravity": {"table": "cchi-da-2020-10"},
            "score": {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}},
            "cohort": {"pathways": PATHWAYS},
        }
    )
    day = to_day("2026-11-22")
    read = read_decisions(saved, config, day, day, {})
    columns = (
        texts(read.person), [to_iso(one) for one in read.meeting], texts(read.decision), texts(read.pathway),
        texts(read.owner), texts(read.decided_by), texts(read.reason), [to_iso(one) for one in read.review_by],
    )  # fmt: skip
    got = list(zip(*columns, strict=True))
    same(got, wanted, "decisions")
    same(read.undecided, len(persons) - len(wanted), "people not decided on")
    return len(got)


def texts(held: Coded) -> list[str | None]:
    return [None if code < 0 else held.values[code] for code in held.codes.tolist()]


def to_iso(day: int) -> str:
    return (dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).isoformat()


def main() -> int:
    if not SOFFICE:
        print(
            "LibreOffice is not here: apt-get install --no-install-recommends libreoffice-calc",
            file=sys.stderr,
        )
        return 1
    persons = [*ODD, *(f"{place:06}" for place in range(300))]
    monitored = ["M1", "=M2", "M3"]
    tables = {
        "cohort": listed(persons),
        "monitoring": listed(monitored),
        "since last meeting": listed(["S1", "'S2", "-S3"]),
    }
    data = workbook_bytes(
        cohort=tables["cohort"],
        monitoring=tables["monitoring"],
        areas={},
        since=tables["since last meeting"],
        changes=None,
        pathways=PATHWAYS,
        about=[("as of", "2026-11-22")],
        marking="OFFICIAL-SENSITIVE",
    )
    with tempfile.TemporaryDirectory() as name:
        book = Path(name) / "cohort.xlsx"
        book.write_bytes(data)
        version = subprocess.run(
            [SOFFICE, "--version"], capture_output=True, text=True, check=True
        ).stdout.split()
        cells = every_sheet(Path(name), tables, book)
        back = decisions_back(book, [*persons, *monitored])
    print(
        f"{' '.join(version[:2])}: {cells:,} cells of {len(tables)} sheets saved as CSV are those of the CSV files"
    )
    print(
        f"{back} decisions filled in, saved by it and read back are equal; the others came back as not decided"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
