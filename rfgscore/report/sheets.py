"""The sheets of a workbook: which there are, what they are called, and what fits into a cell."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rfgscore.report.csv_file import safe_text
from rfgscore.tables import Column, Table

__all__ = [
    "DECISION_COLUMNS",
    "Part",
    "Sheet",
    "about_sheet",
    "decisions_sheet",
    "fitted",
    "list_sheets",
    "units",
]

#: What a cell and the name of a sheet hold, in UTF-16 units as spreadsheet programs count.
_CELL, _NAME = 32_767, 31
#: Points of the highest row there is.
_HIGHEST = 409.0
#: Names no area may have: our own sheets, and one that a spreadsheet program keeps for itself.
_KEPT = ("cohort", "monitoring", "since last meeting", "changed", "decisions", "about", "choices", "history")

#: The columns of the decisions table, as the reader of ``--decisions`` wants them.
DECISION_COLUMNS = (
    "perpetrator_id", "meeting_date", "decision", "pathway", "owner", "decided_by", "reason", "review_by",
)  # fmt: skip

#: Widths in characters: of columns of sentences, and of columns in which people write.
_WIDE = {"summary": 70, "sentence": 70, "why": 60, "reason": 50, "decision_reason": 36, "told": 100}
_ROOMY = {
    "decision": 15, "pathway": 18, "owner": 22, "decided_by": 22, "review_owner": 22, "decision_date": 16,
    "meeting_date": 16, "review_by": 16,
}  # fmt: skip


class Part(NamedTuple):
    """Rows of a sheet that stand in one file too.

    Parameters
    ----------
    table : Table
        The rows.
    file : str
        The file in which a cell that had to be cut stands whole.
    """

    table: Table
    file: str


class Sheet(NamedTuple):
    """One sheet.

    Parameters
    ----------
    name : str
        Its name, legal in spreadsheet programs.
    told : str
        What it holds, in words.
    parts : tuple of Part
        What stands on it, below one another.
    """

    name: str
    told: str
    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        return f"Sheet({self.rows} rows)"

    @property
    def columns(self) -> dict[str, str]:
        """Kinds of the columns by name, in order."""
        return {name: column.kind for part in self.parts for name, column in part.table.columns.items()}

    @property
    def rows(self) -> int:
        """How many rows there are, the header not counted."""
        return sum(len(part.table) for part in self.parts)

    def width(self, name: str) -> float:
        """Return how wide a column is: with room for its name and its filter, and for most values.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        float
            Characters.
        """
        head = max(len(name) * 0.95 + 2.5, _ROOMY.get(name, 0))
        if name in _WIDE:
            return max(_WIDE[name], head)
        columns = [part.table.columns[name] for part in self.parts if name in part.table.columns]
        texts = [text for column in columns if column.kind == "text" for text in column.python()]
        longest = max((len(text) for text in texts if text is not None), default=0)
        return max(head, min(longest + 2.5, 26 if name == "perpetrator_id" else 32))

    def heights(self) -> list[float]:
        """Return how high each row is: not every program that opens a sheet fits rows to wrapped text.

        Returns
        -------
        list of float
            Points; no more than a spreadsheet program takes.
        """
        most = [1] * self.rows
        widths = {name: self.width(name) for name in self.columns}
        row = 0
        for part in self.parts:
            for name, column in part.table.columns.items():
                if column.kind == "text":
                    for place, text in enumerate(column.python(), start=row):
                        if text is not None and (len(text) > widths[name] - 2 or "\n" in text):
                            most[place] = max(most[place], _lines(text, widths[name] - 2))
            row += len(part.table)
        return [min(lines * 13.0 + 3, _HIGHEST) for lines in most]


def list_sheets(
    cohort: Table,
    monitoring: Table,
    areas: Mapping[str, tuple[Table, Table]],
    since: Table | None,
    changes: Table | None,
) -> Iterator[Sheet]:
    """Return the sheets a meeting reads, in order; their names differ from one another.

    Parameters
    ----------
    cohort, monitoring : Table
        The two lists.
    areas : mapping of str to (Table, Table)
        Their rows by area, where lists are split.
    since, changes : Table or None
        What happened since the last meeting, and since the previous run.

    Returns
    -------
    iterator of Sheet
        The sheets.
    """
    taken = set(_KEPT)
    yield Sheet("cohort", f"{_people(cohort)}: the list", (Part(cohort, "cohort.csv"),))
    told = f"{_people(monitoring)}: the monitoring list"
    yield Sheet("monitoring", told, (Part(monitoring, "monitoring.csv"),))
    for area, (listed, monitored) in areas.items():
        told = f"{_people(listed)} on the list, and {_people(monitored)} on the monitoring list, of "
        parts = (
            Part(_said(listed, "cohort"), "cohort.csv"),
            Part(_said(monitored, "monitoring"), "monitoring.csv"),
        )
        yield Sheet(_sheet_name(area, taken), told + (area if area.strip() else "no known area"), parts)
    if since is not None:
        told = f"{_people(since)}: managed or monitored, and what became known since the last meeting"
        yield Sheet("since last meeting", told, (Part(since, "since.csv"),))
    if changes is not None:
        told = f"{_people(changes)}: how they stand against the previous run"
        yield Sheet("changed", told, (Part(changes, "changes.csv"),))


def decisions_sheet(cohort: Table, monitoring: Table) -> Sheet:
    """Return the sheet on which a meeting writes: everyone considered, nothing decided.

    Parameters
    ----------
    cohort, monitoring : Table
        The two lists.

    Returns
    -------
    Sheet
        A row a person, in list order; all but the id is empty.
    """
    persons = [*cohort["perpetrator_id"], *monitoring["perpetrator_id"]]
    nothing: list[str | None] = [None] * len(persons)
    empty = {name: Column.of("text", nothing) for name in DECISION_COLUMNS[1:]}
    table = Table({"perpetrator_id": Column.of("text", persons), **empty})
    return Sheet("decisions", f"{_people(table)}: to be filled in", (Part(table, "cohort.csv"),))


def about_sheet(told: Sequence[tuple[str, str]]) -> Sheet:
    """Return the sheet that says what the workbook is.

    Parameters
    ----------
    told : sequence of (str, str)
        What is told of, and what is told.

    Returns
    -------
    Sheet
        A row each.
    """
    what, words = zip(*told, strict=True)
    table = Table({"what": Column.of("text", what), "told": Column.of("text", words)})
    return Sheet("about", "", (Part(table, "manifest.json"),))


def _people(table: Table) -> str:
    return "1 person" if len(table) == 1 else f"{len(table):,} people"


def _said(table: Table, listed: str) -> Table:
    """Return the rows of an area with a column that says which list they are of, beside the id."""
    columns: dict[str, Column] = {}
    for name, column in table.columns.items():
        columns[name] = column
        if name == "perpetrator_id":
            columns["list"] = Column.of("text", [listed] * len(table))
    return Table(columns)


def _sheet_name(text: str, taken: set[str]) -> str:
    """Return a legal name that no other sheet has, whatever the letter case, and take it."""
    plain = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in text)
    plain = " ".join(re.sub(r"[\[\]:*?/\\]", " ", plain).split()).strip("' ") or "area not known"
    name, count = _short(plain, _NAME).strip("' "), 1
    while name.casefold() in taken:
        count += 1
        end = f" ({count})"
        name = _short(plain, _NAME - len(end)).strip("' ") + end
    taken.add(name.casefold())
    return name


def units(text: str) -> int:
    """Return how long a spreadsheet program takes a text to be.

    Parameters
    ----------
    text : str
        A text.

    Returns
    -------
    int
        UTF-16 units.

    Examples
    --------
    >>> units("né"), units("\\U0001f600")
    (2, 2)
    """
    return len(text) + sum(sign > "\uffff" for sign in text)


def _lines(text: str, width: float) -> int:
    """Return how many lines a text takes at most when it is wrapped."""
    return sum(max(1, math.ceil(len(line) / width)) for line in text.splitlines())


def _short(text: str, room: int) -> str:
    """Return the beginning of a text, never half a sign."""
    return text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore")


def fitted(text: str, file: str) -> str:
    """Return a text as a cell holds it: guarded as in CSV, and cut where it is too long.

    Parameters
    ----------
    text : str
        A text.
    file : str
        The file in which it stands whole.

    Returns
    -------
    str
        The cell; one that was cut says so.
    """
    guarded = safe_text(text)
    if units(guarded) <= _CELL:
        return guarded
    note = f" (cut; whole in {file})"
    return _short(guarded, _CELL - len(note)) + note
