"""A small typed table: what every result is handed out as, and what the writers read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, from_day
from rfgscore.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Column", "Kind", "Table", "html_table", "safe_text", "true_text"]

Kind = Literal["text", "int32", "int64", "float64", "date", "bool"]

_DTYPES: dict[str, Any] = {
    "text": object,
    "int32": np.int32,
    "int64": np.int64,
    "float64": np.float64,
    "date": np.int32,
    "bool": np.bool_,
}


@dataclass(frozen=True, eq=False, repr=False)
class Column:
    """One column: values of one kind, and which of them are null.

    Parameters
    ----------
    kind : str
        ``text``, ``int32``, ``int64``, ``float64``, ``date`` (days since 1970-01-01) or ``bool``.
    values : numpy.ndarray
        One value a row; what stands at a null is of no meaning.
    null : numpy.ndarray
        Boolean mask, True where there is no value.
    """

    kind: Kind
    values: npt.NDArray[Any]
    null: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, kind: Kind, values: Any, null: npt.NDArray[np.bool_] | None = None) -> Column:
        """Build a column from an array, or from a sequence in which None is null.

        Parameters
        ----------
        kind : str
            Kind of the values.
        values : array-like
            The values.
        null : numpy.ndarray, optional
            Null mask; without it, None, and for dates also ``NO_DAY``, is null.

        Returns
        -------
        Column
            The column, its arrays read-only.
        """
        if isinstance(values, np.ndarray) and values.dtype != object:
            if null is None:
                null = values == NO_DAY if kind == "date" else np.zeros(len(values), np.bool_)
            data = values.astype(_DTYPES[kind])
        else:
            listed = list(values)
            if null is None:
                null = np.fromiter(
                    (v is None or (kind == "date" and v == NO_DAY) for v in listed), np.bool_, len(listed)
                )
            data = np.empty(len(listed), _DTYPES[kind])
            data[:] = listed if kind == "text" else [0 if v is None else v for v in listed]
        null = np.array(null)
        data.flags.writeable = null.flags.writeable = False
        return cls(kind, data, null)

    def python(self) -> list[Any]:
        """Return the values as Python objects, None for null.

        Returns
        -------
        list
            str, int, float, bool or datetime.date.
        """
        listed: list[Any] = self.values.tolist()
        if self.kind == "date":
            listed = [None if gone else from_day(day) for day, gone in zip(listed, self.null, strict=True)]
        elif self.null.any():
            listed = [None if gone else v for v, gone in zip(listed, self.null, strict=True)]
        return listed


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
        lengths = {len(column.values) for column in self._columns.values()}
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
        return Table(
            {
                name: Column.of(column.kind, column.values[chosen], column.null[chosen])
                for name, column in self._columns.items()
            }
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a pandas frame.

        Returns
        -------
        pandas.DataFrame
            Integers with nulls are ``Int32``/``Int64``, booleans with nulls ``boolean``, dates
            ``datetime64[s]``, text ``object`` with None.
        """
        import pandas as pd

        data: dict[str, Any] = {}
        for name, column in self._columns.items():
            if column.kind == "date":
                days = column.values.astype("datetime64[D]").astype("datetime64[s]")
                data[name] = np.where(column.null, np.datetime64("NaT", "s"), days)
            elif column.kind == "text":
                data[name] = pd.Series(column.python(), dtype=object)
            elif column.kind == "bool" and column.null.any():
                data[name] = pd.arrays.BooleanArray(column.values.copy(), column.null.copy())
            elif column.kind != "float64" and column.null.any():
                data[name] = pd.arrays.IntegerArray(column.values.copy(), column.null.copy())
            else:
                data[name] = (
                    np.where(column.null, np.nan, column.values) if column.null.any() else column.values
                )
        return pd.DataFrame(data)

    def to_arrow(self) -> pa.Table:
        """Return the table as an Arrow table.

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
        types = {"text": pa.string(), "date": pa.date32(), "bool": pa.bool_()}
        return pa.table(
            {
                name: pa.array(
                    column.python() if column.kind == "text" else column.values,
                    type=types.get(column.kind) or pa.from_numpy_dtype(column.values.dtype),
                    mask=None if column.kind == "text" else column.null,
                )
                for name, column in self._columns.items()
            }
        )
