"""Where every row went: limits on faults, warnings, what was lost, and what the codes weigh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.errors import TooManyFaultsError
from rfgscore.gravity import coverage, normal_code
from rfgscore.history.sides import Sides
from rfgscore.history.source import AsideGravity
from rfgscore.ingest.aside import Aside, count_by_reason, fault_lines, only_faults
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.files import SPREADSHEET_ROWS
from rfgscore.ingest.readers.raw import RawTable
from rfgscore.ingest.rows import OffenceRows
from rfgscore.tables import Table
from rfgscore.vocabulary import reasons

__all__ = [
    "aside_gravity",
    "code_coverage",
    "file_warnings",
    "input_entry",
    "lost_rows",
    "refuse_too_many_faults",
    "scope_warnings",
    "way_out",
]


def refuse_too_many_faults(aside: Sequence[Aside], rows: OffenceRows) -> None:
    """Stop when more offence rows are at fault than the settings allow.

    Parameters
    ----------
    aside : sequence of Aside
        Offence rows set aside.
    rows : OffenceRows
        All offence rows.

    Raises
    ------
    TooManyFaultsError
        When faults exceed both ``floor_rows`` and ``share`` of ``input.max_set_aside``.
    """
    limit = rows.config.input.max_set_aside
    faults = only_faults(aside)
    if len(faults) <= limit.floor_rows or len(faults) / rows.size <= limit.share:
        return
    lines = [*(f"  {line}" for line in fault_lines(faults)), *way_out(aside, rows)]
    raise TooManyFaultsError(
        "\n".join(
            [
                f"{len(faults)} of {rows.size} rows are at fault, more than {limit.floor_rows} rows and "
                f"{limit.share:.2%} of them (input.max_set_aside). Mend the extract, or its mapping:",
                *lines,
            ]
        )
    )


def way_out(aside: Sequence[Aside], rows: OffenceRows) -> list[str]:
    """Say what can be done about codes without a weight, and about rows of the future.

    Parameters
    ----------
    aside : sequence of Aside
        Offence rows set aside.
    rows : OffenceRows
        All offence rows.

    Returns
    -------
    list of str
        A line, or none.
    """
    out = []
    if any(row.reason == "UNKNOWN_CODE" for row in aside):
        out.append(
            "Offence codes without a weight: give them one under gravity.uplift, or say under "
            "gravity.unmapped what becomes of such rows"
        )
    if rows.extract != rows.as_of or all(row.reason != "FUTURE_DATE" for row in aside):
        return out
    when = iso(rows.as_of)
    return [
        *out,
        f"If the extract was taken later than {when}, say when: extract_date (--extract-date). If it was "
        "not, look whether day and month changed places (date_format)",
    ]


def scope_warnings(aside: Sequence[Aside], rows: OffenceRows) -> list[tuple[str, str]]:
    """Warn of each scope reason whose share of the rows is above the one configured.

    Parameters
    ----------
    aside : sequence of Aside
        Offence rows set aside.
    rows : OffenceRows
        All offence rows.

    Returns
    -------
    list of (str, str)
        Code and text.
    """
    counts = count_by_reason(aside)
    return [
        ("scope_share", f"{word}: {counts.get(word, 0) / rows.size:.1%} of rows, above {share:.1%}")
        for word, share in rows.config.input.warn_scope.items()
        if rows.size and counts.get(word, 0) / rows.size > share
    ]


def file_warnings(table: RawTable) -> list[tuple[str, str]]:
    """Return what was noticed while a table was read.

    Parameters
    ----------
    table : RawTable
        A table as read.

    Returns
    -------
    list of (str, str)
        Code and text.
    """
    found = list(table.warnings)
    if table.rows in SPREADSHEET_ROWS:
        found.append(("row_count_limit", f"{table.file} has {table.rows} rows, the limit of a spreadsheet"))
    return found


def lost_rows(rows: OffenceRows, sides: Sides) -> Counter[str]:
    """Count the rows at fault that name each person, in whatever table: what a list must not hide.

    Rows that say they are of a day after `as_of` are not among them.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.
    sides : Sides
        The tables beside them.

    Returns
    -------
    collections.Counter
        Rows by person.
    """
    fault = np.array([word.family == "fault" for word in reasons().values()], np.bool_)
    later = (rows.days["event_date"].day > rows.as_of) | (rows.days["recorded_date"].day > rows.as_of)
    codes = rows.person.codes[(rows.reason >= 0) & fault[rows.reason] & ~later]
    lost = Counter(rows.person.values[code] for code in codes[codes >= 0].tolist())
    lost.update(
        sides.joined.get(text, text) for _, side in sides.given() for text in side.lost_by(rows.as_of)
    )
    return lost


def input_entry(name: str, table: RawTable, set_aside: int) -> dict[str, object]:
    """Return the line of ``manifest.json`` for one table.

    Parameters
    ----------
    name : str
        Name of the table.
    table : RawTable
        The table as read.
    set_aside : int
        How many of its rows were set aside.

    Returns
    -------
    dict
        ``table, file, sha256, rows, set_aside``.
    """
    return {
        "table": name,
        "file": table.file,
        "sha256": table.sha256,
        "rows": table.rows,
        "set_aside": set_aside,
    }


def _counts(codes: Coded, index: npt.NDArray[np.int64]) -> dict[str, int]:
    """Count the rows of each value; those without one are left out."""
    found = np.bincount(codes.codes[index] + 1, minlength=len(codes.values) + 1)[1:]
    return {codes.values[place]: int(found[place]) for place in np.flatnonzero(found).tolist()}


def code_coverage(rows: OffenceRows, used: npt.NDArray[np.int64]) -> Table:
    """Return what each offence code weighs and from where, over rows used and rows without a weight.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.
    used : numpy.ndarray
        Row numbers used.

    Returns
    -------
    Table
        As `rfgscore.gravity.coverage` returns it.
    """
    without = np.flatnonzero(rows.reason == list(reasons()).index("UNKNOWN_CODE"))
    texts = rows.compared.get("offence_code") or Coded.blank(rows.size)
    unknown = Counter(_counts(texts.map(normal_code), without))
    blank = len(without) - unknown.total()
    return coverage(rows.gravity, _counts(rows.code, used), {**unknown, **({"": blank} if blank else {})})


def aside_gravity(rows: OffenceRows, used: npt.NDArray[np.int64]) -> Mapping[str, AsideGravity]:
    """Return how grave the rows set aside are, where their code has a weight.

    One lost murder matters more than many lost rows of a nuisance.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.
    used : numpy.ndarray
        Row numbers used.

    Returns
    -------
    mapping of str to AsideGravity
        By reason, in the order of checks; reasons under which no row has a weight are left out.
    """
    grades = {code: rows.gravity.grade(code) for code in rows.code.values}
    weights = {code: Fraction(grade.weight) for code, grade in grades.items() if grade is not None}

    def weigh(index: npt.NDArray[np.int64]) -> tuple[int, Fraction]:
        counts = {code: count for code, count in _counts(rows.code, index).items() if code in weights}
        return sum(counts.values()), sum((weights[code] * n for code, n in counts.items()), Fraction())

    # Of a broken record not even the code is known.
    found = {
        word: weigh(np.flatnonzero(rows.reason == place))
        for place, word in enumerate(reasons())
        if word != "STRUCTURE"
    }
    whole = weigh(used)[1] + sum((gravity for _, gravity in found.values()), Fraction())
    return {
        word: AsideGravity(
            count, round(float(gravity), 6), round(float(gravity / whole), 6) if whole else None
        )
        for word, (count, gravity) in found.items()
        if count
    }
