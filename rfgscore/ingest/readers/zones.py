"""From a moment in time to the calendar date that a clock on the spot showed."""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError

__all__ = ["local_days"]

_SECOND = 1_000_000
_HOUR = 3_600 * _SECOND
_DAY = 24 * _HOUR
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: First and last hour whose local time surely lies within the years 1 to 9999.
_FIRST, _LAST = (
    (dt.datetime(year, month, day, tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(hours=1)
    for year, month, day in ((1, 1, 3), (9999, 12, 29))
)


def local_days(utc_micros: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int32]:
    """Return the calendar date in a time zone of moments given in UTC.

    Before the year 1 and after 9999 the zone's first and last offset hold.

    Parameters
    ----------
    utc_micros : numpy.ndarray
        int64 microseconds since 1970-01-01 00:00 UTC.
    zone : str
        Name of a time zone, such as ``Europe/London``.

    Returns
    -------
    numpy.ndarray
        int32 days since 1970-01-01.

    Raises
    ------
    ConfigError
        When no such zone is known.

    Examples
    --------
    Half past eleven at night in UTC is the next day in a London summer.

    >>> moments = np.array(["2024-01-15T23:30", "2024-07-15T23:30"], "datetime64[us]").astype(np.int64)
    >>> local_days(moments, "Europe/London").astype("datetime64[D]").astype(str).tolist()
    ['2024-01-15', '2024-07-16']
    """
    try:
        place = ZoneInfo(zone)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{zone!r} is no known time zone; name one as in 'Europe/London' (input.timezone)"
        ) from error
    # Hours ask the zone once each; only an hour in which the clock is changed needs its moments one by one.
    hours, hour = np.unique(np.floor_divide(utc_micros, _HOUR), return_inverse=True)
    within = np.clip(hours, _FIRST, _LAST).tolist()
    offset = cache(lambda micros: _offset(place, micros))
    begin = np.array([offset(h * _HOUR) for h in within], np.int64)
    end = np.array([offset((h + 1) * _HOUR) for h in within], np.int64)
    ahead = begin[hour]
    changed = np.flatnonzero((begin != end)[hour])
    ahead[changed] = [offset(micros) for micros in utc_micros[changed].tolist()]
    # Taken apart first: at the ends of int64 a plain sum would run over.
    day, rest = np.divmod(utc_micros, _DAY)
    return np.asarray(day + np.floor_divide(rest + ahead, _DAY), np.int32)


def _offset(place: ZoneInfo, micros: int) -> int:
    """Return how many microseconds local time is ahead of UTC at a moment."""
    moment = _EPOCH + dt.timedelta(microseconds=micros)
    ahead = moment.astimezone(place).utcoffset()
    assert ahead is not None  # noqa: S101  # a ZoneInfo always answers
    return ahead // dt.timedelta(microseconds=1)
