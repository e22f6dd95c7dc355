"""Rows of plain values as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rfgscore.tables import Column, Kind, Table

__all__ = ["Cell", "table_of"]

Cell = str | int | float | None


def table_of(kinds: Mapping[str, Kind], rows: Iterable[Sequence[Cell]]) -> Table:
    """Return rows as a table.

    Parameters
    ----------
    kinds : mapping of str to str
        Kind of each column, by name, in order.
    rows : iterable of sequence
        One value a column; None is null.

    Returns
    -------
    Table
        The rows.

    Examples
    --------
    >>> table_of({"what": "text", "n": "int64"}, [("gaps", 3), ("people", None)])["n"]
    [3, None]
    """
    cells = list(rows)
    return Table(
        {name: Column.of(kind, [row[at] for row in cells]) for at, (name, kind) in enumerate(kinds.items())}
    )
