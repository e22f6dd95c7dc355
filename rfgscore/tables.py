"""A small typed table: what every result is handed out as, and what the writers read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rfgscore.column import Column, Kind
from rfgscore.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Column", "Kind", "Table", "html_table", "safe_text", "true_text"]

# Blanks and apostrophes before the sign are looked through, so that stripping exactly one leading
# apostrophe gives back every text that was written.
_LIVE = re.compile("[\\s']*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]")


def safe_text(text: str) -> str:
    """Return a text a spreadsheet program will not take for a formula.

    A text whose first non-blank character is ``= + - @``, tab, CR, LF or a full-width twin, or that has
    apostrophes before one of them, gets one leading apostrophe. Stripping exactly one gives it back.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    str
        The cell to write.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("'=1+1"), safe_text("007"), safe_text("O'Neill")
    ("'=1+1", "''=1+1", '007', "O'Neill")
    """
    return f"'{text}" if _LIVE.match(text) else text


def true_text(cell: str) -> str:
    """Return the text that `safe_text` guarded.

    Parameters
    ----------
    cell : str
        A cell as written.

    Returns
    -------
    str
        The cell without the guard.

    Examples
    --------
    >>> true_text("'=1+1"), true_text("O'Neill")
    ('=1+1', "O'Neill")
    """
    return cell[1:] if cell.startswith("'") and _LIVE.match(cell) else cell


#: How many rows a notebook shows.
SHOWN = 20


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Return a plain table for a notebook.

    Parameters
    ----------
    header : sequence of str
        Names of the columns, as HTML.
    rows : sequence of sequence of str
        Cells, as HTML.
    caption : str
        What stands above it, as HTML.

    Returns
    -------
    str
        HTML that works without scripts.
    """
    head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in header)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:left;vertical-align:top;max-width:40em">{cell}</td>' for cell in row
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table><caption style="text-align:left">{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _count(shown: int, rows: int) -> str:
    return f"{rows} rows" if shown == rows else f"first {shown} of {rows} rows"


def _told(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Table:
    """Named columns of equal length, read-only.

    Its repr shows names and counts, never a value. A notebook shows the first rows.

    Parameters
    ----------
    columns : mapping of str to Column
        The columns, in order.

    Examples
    --------
    >>> table = Table({"n": Column.of("int32", [1, None])})
    >>> table
    Table(2 rows; n)
    >>> table["n"]
    [1, None]
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = dict(columns)
        lengths = {len(column.null) for column in self._columns.values()}
        if len(lengths) > 1:
            raise ValueError("the columns of a table must be of one length")
        self._length = lengths.pop() if lengths else 0

    @property
    def columns(self) -> dict[str, Column]:
        """The columns by name, in order."""
        return dict(self._columns)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> list[Any]:
        return self._columns[name].python()

    def __repr__(self) -> str:
        return f"Table({self._length} rows; {', '.join(self._columns)})"

    def _repr_html_(self) -> str:
        """Show the first rows in a notebook, where a person asked to see them; empty columns only by name."""
        shown = min(SHOWN, len(self))
        filled = {name: column for name, column in self._columns.items() if not (shown and column.null.all())}
        empty = [name for name in self._columns if name not in filled]
        caption = _count(shown, len(self)) + (f"; empty: {', '.join(empty)}" if empty else "")
        cells = [[escape(_told(value)) for value in row] for row in Table(filled).take(range(shown)).rows()]
        return html_table([escape(name) for name in filled], cells, escape(caption))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Return the rows as tuples of Python objects, None for null.

        Returns
        -------
        iterator of tuple
            One tuple a row.
        """
        return zip(*(column.python() for column in self._columns.values()), strict=True)

    def take(self, index: npt.NDArray[Any] | Sequence[int]) -> Table:
        """Return the rows at `index`.

        Parameters
        ----------
        index : array-like of int or bool
            Row numbers from 0, or a mask.

        Returns
        -------
        Table
            A new table.
        """
        chosen = np.asarray(index)
        if chosen.dtype != np.bool_:
            chosen = chosen.astype(np.int64)
        return Table({name: column.take(chosen) for name, column in self._columns.items()})

    def to_numpy(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of the columns, without a copy.

        Returns
        -------
        dict of str to numpy.ndarray
            Read-only arrays by name. Dates are int32 days since 1970-01-01. What stands at a null is the
            marker the column was made with, such as -1; `columns` tells which values are null.

        Examples
        --------
        >>> Table({"n": Column.of("int32", [1, 2])}).to_numpy()["n"].tolist()
        [1, 2]
        """
        return {name: column.values for name, column in self._columns.items()}

    def to_pandas(self, copy: bool = True) -> pd.DataFrame:
        """Return the table as a pandas frame.

        Parameters
        ----------
        copy : bool
            Whether the frame has memory of its own. Without a copy, numbers and booleans without nulls
            and text are the arrays of this table, read-only.

        Returns
        -------
        pandas.DataFrame
            Integers with nulls are ``Int32``/``Int64``, booleans with nulls ``boolean``, dates
            ``datetime64[s]``, text ``object`` with None.
        """
        import pandas as pd

        data: dict[str, Any] = {}
        for name, column in self._columns.items():
            values, null = column.values, column.null
            if column.kind == "date":
                values = values.astype("datetime64[D]").astype("datetime64[s]")
            if not column.has_nulls:
                data[name] = pd.Series(values, dtype=object, copy=copy) if column.kind == "text" else values
            elif column.kind == "date":
                data[name] = np.where(null, np.datetime64("NaT", "s"), values)
            elif column.kind == "text":
                data[name] = pd.Series(np.where(null, np.array(None), values), dtype=object)
            elif column.kind == "bool":
                data[name] = pd.arrays.BooleanArray(values.copy(), null.copy())
            elif column.kind == "float64":
                data[name] = np.where(null, np.nan, values)
            else:
                data[name] = pd.arrays.IntegerArray(values.copy(), null.copy())
        return pd.DataFrame(data, copy=copy)

    def to_arrow(self) -> pa.Table:
        """Return the table as an Arrow table.

        Numbers and dates without nulls are not copied: the Arrow table looks at the arrays of this one.

        Returns
        -------
        pyarrow.Table
            Text is ``string``, dates are ``date32``.

        Raises
        ------
        MissingExtraError
            When pyarrow is not installed.
        """
        try:
            import pyarrow as pa
        except ImportError as error:
            raise MissingExtraError("Arrow tables need pyarrow: pip install 'rfgscore[arrow]'") from error
        arrays: dict[str, Any] = {}
        for name, column in self._columns.items():
            kind = pa.string() if column.kind == "text" else None
            made = pa.array(column.values, type=kind, mask=column.null if column.has_nulls else None)
            arrays[name] = made.view(pa.date32()) if column.kind == "date" else made
        return pa.table(arrays)

    def to_polars(self) -> pl.DataFrame:
        """Return the table as a polars frame, by way of Arrow.

        Returns
        -------
        polars.DataFrame
            Text is ``String``, dates are ``Date``; nulls are nulls.

        Raises
        ------
        MissingExtraError
            When polars or pyarrow is not installed.
        """
        try:
            arrow = self.to_arrow()
            import polars as pl
        except ImportError as error:
            raise MissingExtraError(
                "polars frames need polars and pyarrow: pip install 'rfgscore[polars]'"
            ) from error
        return pl.DataFrame(arrow)
