"""Typed columns to columns of text.

A column must say the same whether it comes from memory or from a file, so the rules are those of the
Parquet reader: a whole number is written without its point, any other float ends in one, and a date is
ISO text. Arrays are coded as arrays: only distinct values are ever written out.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FormatError
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.zones import local_days

__all__ = ["Column", "Place", "dates", "decimal_text", "moments", "numbers", "objects"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: A kind as ``RawTable.typed`` knows it, blank for text, and the column.
Column = tuple[str, Coded]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
#: Seconds, more than any calendar date is away from 1970.
_WIDEST = 2**42


@dataclass(frozen=True)
class Place:
    """Where a column stands, and the zone that dates its moments.

    Parameters
    ----------
    table, column : str
        As named in messages.
    contract : str
        Contract name of the column.
    zone : str or None
        Name of the declared time zone.
    """

    table: str
    column: str
    contract: str
    zone: str | None

    def refused(self, kind: object) -> FormatError:
        """Return the refusal of a type.

        Parameters
        ----------
        kind : object
            The type, as its library names it.

        Returns
        -------
        FormatError
            To be raised.
        """
        return FormatError(
            f"{self.table}: the column {self.column!r} has the format {kind}; "
            "text, dates and numbers are read"
        )

    def no_text(self, row: int | None) -> FormatError:
        """Return the refusal of text that cannot be written anywhere: half characters, or spoilt bytes.

        Parameters
        ----------
        row : int or None
            Row number from 0; None where it cannot be told.

        Returns
        -------
        FormatError
            To be raised; it says nothing of what stands there.
        """
        where = "" if row is None else f" in row {row + 1}"
        return FormatError(
            f"{self.table}: the column {self.column!r} holds text that is no Unicode{where} (half a "
            "character, or bytes that are no UTF-8); mend the cell where the table was made"
        )

    def refuse_moments(self) -> None:
        """Refuse moments where an id must stand: their dates alone would make one id of many.

        Raises
        ------
        FormatError
            When the column is one of ids.
        """
        if self.contract.endswith("_id"):
            raise FormatError(
                f"{self.table}: the column {self.column!r} holds timestamps, which are no ids; "
                f"check what {self.contract} is mapped to, or write it as text"
            )

    def days(self, seconds: Int64) -> Int64:
        """Return the calendar dates of moments in the declared zone.

        Parameters
        ----------
        seconds : numpy.ndarray
            int64 seconds since 1970-01-01 00:00 UTC.

        Returns
        -------
        numpy.ndarray
            int64 days since 1970-01-01.

        Raises
        ------
        FormatError
            When no zone is declared.
        """
        if self.zone is None:
            raise FormatError(
                f"{self.table}: the column {self.column!r} holds timestamps with a time zone; "
                "name the zone whose calendar dates them: input.timezone"
            )
        # Zones change at whole seconds. What is outside the calendar is kept outside it, within int64.
        return local_days(np.clip(seconds, -_WIDEST, _WIDEST) * 1_000_000, self.zone).astype(np.int64)


def _distinct(values: npt.NDArray[Any], given: Bool, text: Callable[[npt.NDArray[Any]], list[str]]) -> Coded:
    distinct, number = np.unique(values[given], return_inverse=True)
    codes = np.full(len(values), -1, np.int32)
    codes[given] = number
    return Coded.from_first_seen(codes, text(distinct))


def numbers(values: npt.NDArray[Any], given: Bool, place: Place) -> Column:
    """Code an array of truth values, whole numbers or floats.

    Parameters
    ----------
    values : numpy.ndarray
        Of kind b, i, u or f.
    given : numpy.ndarray
        Rows that have a value; NaN is none either.
    place : Place
        Where it stands.

    Returns
    -------
    str
        ``number``, blank for truth values.
    Coded
        The column.

    Raises
    ------
    FormatError
        When floats are wider than 64 bits.
    """
    if values.dtype.kind == "b":
        return "", _distinct(values, given, lambda found: [_flag_text(value) for value in found])
    if values.dtype.kind in "iu":
        return "number", _distinct(values, given, lambda found: [str(value) for value in found.tolist()])
    if values.dtype.itemsize > 8:
        raise place.refused(values.dtype)
    floats = values.astype(np.float64)
    held = given & ~np.isnan(floats)
    limit = _exact(values.dtype)
    return "number", _distinct(
        floats, held, lambda found: [_float_text(value, limit) for value in found.tolist()]
    )


def moments(values: Int64, unit: str, given: Bool, zoned: bool, place: Place) -> Column:
    """Code an array of moments by calendar date.

    Parameters
    ----------
    values : numpy.ndarray
        int64 counts since the start of 1970; in UTC where they have a zone.
    unit : str
        What is counted: ``s``, ``ms``, ``us`` or ``ns``.
    given : numpy.ndarray
        Rows that have a value.
    zoned : bool
        Whether they have a zone; its own name does not matter.
    place : Place
        Where it stands.

    Returns
    -------
    str
        ``date``.
    Coded
        The column.

    Raises
    ------
    FormatError
        When the column is one of ids, or moments have a zone and none is declared.
    """
    place.refuse_moments()
    seconds = np.floor_divide(values, _PER_SECOND[unit])
    return dates(place.days(seconds) if zoned else np.floor_divide(seconds, 86_400), given)


def dates(days: Int64, given: Bool) -> Column:
    """Code an array of dates; one outside the years 1 to 9999 gives text that is no date.

    Parameters
    ----------
    days : numpy.ndarray
        int64 days since 1970-01-01.
    given : numpy.ndarray
        Rows that have a value.

    Returns
    -------
    str
        ``date``.
    Coded
        The column.
    """
    return "date", _distinct(
        days, given, lambda found: np.datetime_as_string(found.astype("datetime64[D]")).tolist()
    )


def decimal_text(value: Decimal) -> str:
    """Return a decimal in full, without a point where it is whole.

    Parameters
    ----------
    value : decimal.Decimal
        Not NaN.

    Returns
    -------
    str
        Its digits; scientific, which is no id, where they would be more than a thousand.

    Examples
    --------
    >>> decimal_text(Decimal("12.00")), decimal_text(Decimal("12.50")), decimal_text(Decimal("1E+3"))
    ('12', '12.50', '1000')
    """
    if not value.is_finite():
        return f"{value}."
    if value and abs(value.adjusted()) > 1000:
        return f"{value:E}"
    text = f"{value:f}" if value else "0"
    whole, _, fraction = text.partition(".")
    return text if fraction.strip("0") else whole


def _exact(kind: Any) -> float:
    """Return the whole number from which on two neighbours are one float of this kind: no id beyond it."""
    return float(2.0 ** (np.finfo(kind).nmant + 1))


def _float_text(value: float, limit: float) -> str:
    """Return a whole float without its point; any other ends in one, by which it is told to be no id."""
    if math.isfinite(value) and value == math.trunc(value) and abs(value) < limit:
        return str(int(value))
    return f"{value!r}."


def _any_float(value: Any) -> str:
    return _float_text(float(value), _exact(type(value)))


def _flag_text(value: Any) -> str:
    return "true" if value else "false"


def _whole_text(value: Any) -> str:
    return f"{Decimal(int(value)):f}"  # str() refuses thousands of digits


def _day_text(value: Any) -> str:
    """Return the calendar date of a date or a moment as it says itself."""
    # The moments of pandas reach beyond the calendar of Python.
    stamp = getattr(value, "asm8", value)
    if isinstance(stamp, np.datetime64):
        return str(stamp.astype("datetime64[D]"))
    return str(stamp.isoformat()[:10])


#: What a cell of an object column may be: its kind, and how it reads. The first that fits counts.
_CELLS: tuple[tuple[tuple[type, ...], str, Callable[[Any], str]], ...] = (
    ((str,), "text", str.__str__),
    ((bool, np.bool_), "flag", _flag_text),
    ((int, np.integer), "number", _whole_text),
    ((float, np.float16, np.float32, np.float64), "number", _any_float),
    ((Decimal,), "number", decimal_text),
    ((dt.datetime, np.datetime64), "moment", _day_text),
    ((dt.date,), "date", _day_text),
)


def _cell_kind(kind: type, place: Place) -> tuple[str, Callable[[Any], str]]:
    if not issubclass(kind, np.timedelta64):  # which numpy counts among the whole numbers
        for kinds, word, text in _CELLS:
            if issubclass(kind, kinds):
                return word, text
    raise place.refused(kind.__name__)


def _is_nothing(value: Any) -> bool:
    """Say whether a cell is None, NaN, NaT or NA."""
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, float | np.floating | np.datetime64):
        return bool(value != value)
    return value is None or type(value).__name__ in ("NaTType", "NAType")


def objects(cells: list[Any], place: Place) -> Column:
    """Code a column of any Python values, each read by its own type.

    Parameters
    ----------
    cells : list
        Text, truth values, numbers, dates, moments; None, NaN, NaT and NA are no value.
    place : Place
        Where it stands.

    Returns
    -------
    str
        ``number`` or ``date`` where all values are of that kind.
    Coded
        The column.

    Raises
    ------
    FormatError
        When a cell is of another type, or a moment cannot be dated.
    """
    if set(map(type, cells)) <= {str, NoneType}:
        return "", Coded.of(cells)
    held = [None if _is_nothing(cell) else cell for cell in cells]
    # In the order of the rows, so that the same type is refused every time.
    read = {kind: _cell_kind(kind, place) for kind in dict.fromkeys(map(type, held)) if kind is not NoneType}
    text = [None if cell is None else read[type(cell)][1](cell) for cell in held]
    kinds = {word for word, _ in read.values()}
    if "moment" in kinds:
        _date_moments(held, text, place)
        kinds = kinds - {"moment"} | {"date"}
    if kinds == {"number"} or kinds == {"date"}:
        return kinds.pop(), Coded.of(text)
    if "number" in kinds:
        _mark_fractions(held, text, place)
    return "", Coded.of(text)


def _date_moments(cells: Sequence[Any], text: list[str | None], place: Place) -> None:
    """Put the dates of moments with a zone in their place, all in one call."""
    place.refuse_moments()
    zoned: dict[int, int] = {}
    for row, cell in enumerate(cells):
        if isinstance(cell, np.datetime64) and np.datetime_data(cell.dtype)[0] in ("Y", "M"):
            raise place.refused(cell.dtype)  # a month is no day
        if isinstance(cell, dt.datetime) and cell.utcoffset() is not None:
            stamp = getattr(cell, "asm8", None)
            zoned[row] = (
                (cell - _EPOCH) // dt.timedelta(seconds=1)
                if stamp is None
                else int(stamp.astype("datetime64[s]").astype(np.int64))
            )
    if zoned:
        days = place.days(np.array([*zoned.values()], np.int64)).astype("datetime64[D]")
        for row, day in zip(zoned, np.datetime_as_string(days).tolist(), strict=True):
            text[row] = day


def _mark_fractions(cells: Sequence[Any], text: list[str | None], place: Place) -> None:
    """Write numbers that are no id in scientific notation: beside text, a point does not tell them."""
    for row, cell in enumerate(cells):
        if isinstance(cell, float | np.floating | Decimal) and "." in (text[row] or ""):
            value = cell if isinstance(cell, Decimal) else Decimal(repr(float(cell)))
            if not value.is_finite():
                raise place.refused("infinite number beside text")
            text[row] = f"{value:E}"
