"""Columns of days: whole numbers or dates, as whole days since 1970-01-01."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["whole_days"]


def whole_days(values: Any, name: str, size: int | None = None) -> npt.NDArray[np.int32]:
    """Return a column of days as numbers.

    Parameters
    ----------
    values : array-like
        Whole numbers, counted from 1970-01-01; or dates: ``datetime64`` of any unit, ``datetime.date``, or a
        column of dates of pandas, polars or Arrow. Of a timestamp the calendar date counts.
    name : str
        What the column is called in errors.
    size : int, optional
        How many rows it must have.

    Returns
    -------
    numpy.ndarray
        int32; the array itself where it is one of that kind.

    Raises
    ------
    ValueError
        When the column is of another kind or length, a day is missing, or one does not fit int32.

    Examples
    --------
    >>> whole_days([dt.date(1970, 1, 3), dt.date(1969, 12, 31)], "day").tolist()
    [2, -1]
    >>> whole_days(np.array(["1970-01-03T23:59"], "datetime64[m]"), "day").tolist()
    [2]
    """
    days = np.asarray(values)
    if days.ndim != 1 or (size is not None and len(days) != size):
        raise ValueError(f"{name} needs one day for each line")
    if days.dtype.kind == "O" and all(value is None or _is_date(value) for value in days.tolist()):
        days = days.astype("datetime64[D]")
    if days.dtype.kind == "M":
        missing = np.isnat(days)
        if missing.any():
            row = int(missing.argmax()) + 1
            raise ValueError(f"{name}: row {row} has no day (rows are counted from 1)")
        days = days.astype("datetime64[D]").astype(np.int64)
    if len(days) and days.dtype.kind not in "iu":
        raise ValueError(
            f"{name} needs whole numbers of days since 1970-01-01, or dates (without a time zone)"
        )
    if days.dtype != np.int32 and len(days) and (days.min() < -(2**31) or days.max() >= 2**31):
        raise ValueError(f"{name} does not fit int32: it is a number of days since 1970-01-01")
    return days.astype(np.int32, copy=False)


def _is_date(value: object) -> bool:
    return isinstance(value, dt.date) and getattr(value, "tzinfo", None) is None
