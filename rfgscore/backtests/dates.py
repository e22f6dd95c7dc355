"""Landmarks: the days on which a back-test stands and looks ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from rfgscore.dates import from_day, iso
from rfgscore.errors import ConfigError, FollowUpError
from rfgscore.escalation.episodes import last_day
from rfgscore.escalation.settings import Day, day_of, days_of
from rfgscore.history.history import History
from rfgscore.windows.features import whole_number

__all__ = ["every", "landmarks_of"]


def every(days: int, start: Day, end: Day) -> tuple[dt.date, ...]:
    """Return dates at equal steps.

    Parameters
    ----------
    days : int
        Days from one to the next.
    start : date-like
        The first.
    end : date-like
        None is later; it is one of them where a step ends on it.

    Returns
    -------
    tuple of datetime.date
        Ascending.

    Raises
    ------
    ConfigError
        When `days` is no whole number above 0, one of the others no day, or `end` is before `start`.

    Examples
    --------
    >>> [date.isoformat() for date in every(28, "2024-01-01", "2024-02-26")]
    ['2024-01-01', '2024-01-29', '2024-02-26']
    """
    step = whole_number(days, "the days between landmarks")
    first, last = day_of("start", start), day_of("end", end)
    if last < first:
        raise ConfigError(f"the landmarks end on {iso(last)}, before they begin on {iso(first)}")
    return tuple(map(from_day, range(first, last + 1, step)))


def landmarks_of(history: History, dates: Iterable[Day], look_ahead_days: int) -> tuple[int, ...]:
    """Return landmarks as day numbers, each with its look-ahead inside the data.

    Parameters
    ----------
    history : History
        The history.
    dates : iterable of date-like
        The landmarks, in any order.
    look_ahead_days : int
        Calendar days after a landmark that are looked at.

    Returns
    -------
    tuple of int
        Ascending, each once.

    Raises
    ------
    ConfigError
        When there is none, or one is no day.
    FollowUpError
        When the look-ahead of one passes the last day of the history.

    Examples
    --------
    >>> history = History.from_arrays(person=[1, 1], day=[0, 800], gravity=[1, 1])
    >>> landmarks_of(history, [300, "1970-04-11"], 365)
    (100, 300)
    """
    days = days_of("landmark", tuple(dates))
    if not days:
        raise ConfigError("a back-test needs at least one landmark")
    last = last_day(history)
    late = [day for day in days if day + look_ahead_days > last]
    if late:
        raise FollowUpError(
            f"{len(late)} of {len(days)} landmarks look {look_ahead_days} days ahead and past the data, "
            f"which end on {iso(last)} (the first is {iso(late[0])}): what happened then is not known. End "
            f"the landmarks by {iso(last - look_ahead_days)}, or read a later extract"
        )
    return days
