"""Rows set aside: where each stood, and why it was not used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rfgscore.tables import Column, Table
from rfgscore.vocabulary import reasons

__all__ = ["Aside", "count_by_reason", "fault_lines", "only_faults", "set_aside_table", "where"]


class Aside(NamedTuple):
    """One row set aside.

    Parameters
    ----------
    file : str
        Name of the file.
    row : int
        Data record, from 1.
    line : int or None
        Physical line the record starts on, the header being 1; None for Parquet.
    column : str
        The file's column the reason was found in, blank for the whole record.
    reason : str
        A reason of the vocabulary.
    detail : str
        More in words; never a value.
    """

    file: str
    row: int
    line: int | None
    column: str
    reason: str
    detail: str


def set_aside_table(rows: Iterable[Aside]) -> Table:
    """Return rows set aside as the table of ``set_aside.csv``.

    Parameters
    ----------
    rows : iterable of Aside
        The rows, in the order in which they are to stand.

    Returns
    -------
    Table
        ``file, row, line, column, reason, class, detail``.
    """
    listed = list(rows)
    family = {name: word.family for name, word in reasons().items()}
    return Table(
        {
            "file": Column.of("text", [row.file for row in listed]),
            "row": Column.of("int64", [row.row for row in listed]),
            "line": Column.of("int64", [row.line for row in listed]),
            "column": Column.of("text", [row.column or None for row in listed]),
            "reason": Column.of("text", [row.reason for row in listed]),
            "class": Column.of("text", [family[row.reason] for row in listed]),
            "detail": Column.of("text", [row.detail for row in listed]),
        }
    )


def count_by_reason(rows: Iterable[Aside]) -> dict[str, int]:
    """Count rows by reason, in the order of checks.

    Parameters
    ----------
    rows : iterable of Aside
        The rows.

    Returns
    -------
    dict of str to int
        Reasons that occur.
    """
    counts = Counter(row.reason for row in rows)
    return {word: counts[word] for word in reasons() if counts[word]}


def only_faults(rows: Iterable[Aside]) -> list[Aside]:
    """Return the rows set aside for a fault; the others are merely out of scope.

    Parameters
    ----------
    rows : iterable of Aside
        Rows set aside.

    Returns
    -------
    list of Aside
        Those at fault.
    """
    return [row for row in rows if reasons()[row.reason].family == "fault"]


def fault_lines(rows: Sequence[Aside]) -> list[str]:
    """Tell rows at fault by reason, in the order of checks, each kind with at most five rows.

    A kind is a reason in one file, column and wording. A reason of several kinds gets a line of its own,
    and one for each of its five most frequent kinds.

    Parameters
    ----------
    rows : sequence of Aside
        Rows at fault.

    Returns
    -------
    list of str
        Such as ``BAD_DATE: 2 (offences.csv rows 3, 9; column date: not in the declared format)``.
    """
    kinds: dict[str, dict[tuple[str, str, str], list[Aside]]] = {}
    for row in rows:
        kinds.setdefault(row.reason, {}).setdefault((row.file, row.column, row.detail), []).append(row)
    out: list[str] = []
    for word in reasons():
        # Most frequent first; equal ones by file, column and wording, whatever the order of rows.
        ordered = sorted(kinds.get(word, {}).items(), key=lambda kind: (-len(kind[1]), kind[0]))
        told = [
            f"{len(held)} ({where(held)}; {f'column {column}: ' if column else ''}{detail})"
            for (_, column, detail), held in ordered
        ]
        if len(told) == 1:
            out.append(f"{word}: {told[0]}")
        elif told:
            out.append(f"{word}: {sum(len(held) for _, held in ordered)}")
            out += [f"  {line}" for line in told[:5]]
            if len(told) > 5:
                out.append(f"  and {sum(len(held) for _, held in ordered[5:])} of other kinds")
    return out


def where(rows: Sequence[Aside]) -> str:
    """Name at most five rows in words.

    Parameters
    ----------
    rows : sequence of Aside
        The rows.

    Returns
    -------
    str
        Such as ``offences.csv rows 3, 9, 12``.
    """
    by_file: dict[str, list[int]] = {}
    for row in rows[:5]:
        by_file.setdefault(row.file, []).append(row.row)
    named = "; ".join(
        f"{file} {'row' if len(numbers) == 1 else 'rows'} {', '.join(map(str, numbers))}"
        for file, numbers in by_file.items()
    )
    return named + (" and others" if len(rows) > 5 else "")
