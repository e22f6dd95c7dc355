"""Features over time: of everyone on many dates, and of each person on the days something became known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np

from rfgscore.dates import to_day
from rfgscore.errors import ConfigError
from rfgscore.history.buffers import Buffers
from rfgscore.history.days import whole_days
from rfgscore.history.history import History
from rfgscore.tables import Column, Table
from rfgscore.windows.engine import Rows, checked, columns_at
from rfgscore.windows.features import Features

__all__ = ["at_events", "panel"]

_CLOCKS = ("known", "event")


def panel(
    history: History,
    dates: Iterable[dt.date | str | int],
    features: Features,
    *,
    threads: int = 1,
    engine: str = "numba",
    out: Buffers | None = None,
) -> Table:
    """Return the features of everyone on many dates: their snapshots, one below the other.

    Each person is walked once for all dates.

    Parameters
    ----------
    history : History
        The lines.
    dates : iterable of datetime.date, str or int
        Days looked at: dates, ISO texts, or days since 1970-01-01; or an array or index of ``datetime64``.
        Each counts once, in ascending order.
    features : Features
        What `rfg` returns.
    threads : int, optional
        Threads to work with. The result is the same to the bit with any number.
    engine : str, optional
        ``numba``, or ``numpy``: the same values to the bit, slower, and nothing is compiled.
    out : dict, optional
        Arrays by column name, kept between calls: those that fit are filled again, others put there. **The
        next call with the same dict overwrites this result**, and every frame that shares its arrays.

    Returns
    -------
    Table
        ``perpetrator_id`` (int64 or text), ``as_of`` (date), then the columns of `snapshot`: by date, then
        in id order, one row for each person with a line visible on that date.

    Raises
    ------
    PointInTimeError
        When a date is later than the day the history was read for.
    ConfigError
        When no date is given, `features` are none, `threads` is no whole number above 0, or the engine is
        unknown.
    DataError
        When gravities are too large to add up in float64, or a person number does not fit int64.
    ValueError
        When a date is none, or does not fit int32.

    Examples
    --------
    >>> from rfgscore.windows import rfg
    >>> history = History.from_arrays(person=["b", "a"], day=[12, 4], gravity=[2.5, 8])
    >>> for row in panel(history, ["1970-01-11", "1970-01-21"], rfg(10)).rows():
    ...     print(row[0], row[1], *row[2:])
    a 1970-01-11 6 1 8.0 8.0 0
    a 1970-01-21 16 0 0.0 None 0
    b 1970-01-21 8 1 2.5 2.5 0
    """
    threads = checked(features, engine, threads)
    given = (dates,) if isinstance(dates, str | dt.date | int) else dates
    if isinstance(given, np.ndarray) or hasattr(given, "dtype"):
        given = whole_days(given, "dates").tolist()
    days = sorted({int(date) if isinstance(date, np.integer) else to_day(date) for date in given})
    if not days:
        raise ConfigError("dates: give at least one")
    if days[0] < -(2**31) or days[-1] >= 2**31:
        raise ValueError("a date does not fit int32: it is a number of days since 1970-01-01")
    history.refuse_later(days[-1])
    rows = Rows(history, dates=np.array(days, np.int64))
    columns = columns_at(rows, features, threads=threads, engine=engine, out=out)
    return Table(
        {"perpetrator_id": rows.ids(out, threads), "as_of": Column.wrap("date", rows.day), **columns}
    )


def at_events(
    history: History,
    features: Features,
    include_current: bool = True,
    clock: str = "known",
    *,
    threads: int = 1,
    engine: str = "numba",
    out: Buffers | None = None,
) -> Table:
    """Return the features of each person on the days on which their lines became known.

    A row stands for a line, looked at on the day it became visible: the later of its known day and its
    event day. It holds what `snapshot` would say of the person on that day.

    Parameters
    ----------
    history : History
        The lines.
    features : Features
        What `rfg` returns.
    include_current : bool, optional
        Whether the line itself, and others of the person that became visible on that day, count. Without
        them a row says what could be known the day before, as it looks on the day.
    clock : str, optional
        ``known``, or ``event``: recorded dates are ignored, each line is looked at on its event day. That is
        for description only: nobody knew it then.
    threads : int, optional
        Threads to work with. The result is the same to the bit with any number.
    engine : str, optional
        ``numba``, or ``numpy``: the same values to the bit, slower, and nothing is compiled.
    out : dict, optional
        Arrays by column name, kept between calls: those that fit are filled again, others put there. **The
        next call with the same dict overwrites this result**, and every frame that shares its arrays.

    Returns
    -------
    Table
        ``perpetrator_id`` (int64 or text), ``day`` (date, the day looked at), ``days_since_previous`` (int32,
        days since the last earlier day of a line; null and -1 in the array if there is none), then the
        columns of `snapshot`. Rows stand in the order of the lines.

    Raises
    ------
    ConfigError
        When the clock or the engine is unknown, `features` are none, or `threads` is no whole number above 0.
    DataError
        When gravities are too large to add up in float64, or a person number does not fit int64.

    Examples
    --------
    >>> from rfgscore.windows import rfg
    >>> history = History.from_arrays(
    ...     person=["a", "a", "a"], day=[4, 9, 12], gravity=[8, 1, 2], known_day=[4, 20, 12]
    ... )
    >>> table = at_events(history, rfg(10))
    >>> table["day"], table["count_10d"]
    ([datetime.date(1970, 1, 5), datetime.date(1970, 1, 21), datetime.date(1970, 1, 13)], [1, 1, 2])
    """
    threads = checked(features, engine, threads)
    if clock not in _CLOCKS:
        raise ConfigError(f"clock must be one of {', '.join(_CLOCKS)}")
    rows = Rows(history, clock)
    columns = columns_at(
        rows, features, include_current=include_current, threads=threads, engine=engine, out=out
    )
    table = Table({"perpetrator_id": rows.ids(out, threads), "day": Column.wrap("date", rows.day), **columns})
    if history.as_of is not None and (rows.day > history.as_of).any():
        # Lines that a history looked at on an earlier day still holds, and that nobody knew then.
        return table.take(np.flatnonzero(rows.day <= history.as_of))
    return table
