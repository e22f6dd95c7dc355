"""Whole days since 1970-01-01: the only calendar code of the library."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError

__all__ = [
    "ISO",
    "NO_DAY",
    "DateFormat",
    "add_years",
    "from_day",
    "iso",
    "time_zone",
    "to_day",
    "within_days",
]

_EPOCH = dt.date(1970, 1, 1).toordinal()

#: Stands for "no date" in int32 day arrays; no calendar date has this number.
NO_DAY = -(2**31)

ISO = "%Y-%m-%d"

_DIRECTIVES = {
    "%d": "(?P<d>[0-9]{2})",
    "%m": "(?P<m>[0-9]{2})",
    "%Y": "(?P<Y>[0-9]{4})",
    "%H": "(?:[01][0-9]|2[0-3])",
    "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]",
}
_ISO_TIME = r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
_ISO_OFFSET = r"(?P<offset>Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?"


def to_day(value: dt.date | str | int) -> int:
    """Return the day number of a date.

    Parameters
    ----------
    value : datetime.date, str or int
        A date, ISO text ``YYYY-MM-DD``, or a day number, which is returned as it is.

    Returns
    -------
    int
        Days since 1970-01-01.

    Raises
    ------
    ValueError
        When text is no ISO date.
    TypeError
        When the value is of another kind; a ``datetime`` is refused because it is no whole day.

    Examples
    --------
    >>> to_day("1970-01-02")
    1
    """
    if isinstance(value, bool | dt.datetime):
        raise TypeError(f"a date, ISO text or a day number is needed, not {type(value).__name__}")
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, dt.date):
        return value.toordinal() - _EPOCH
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError("a date is written YYYY-MM-DD")
        return dt.date.fromisoformat(value).toordinal() - _EPOCH
    raise TypeError(f"a date, ISO text or a day number is needed, not {type(value).__name__}")


def from_day(day: int) -> dt.date:
    """Return the date of a day number.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.

    Returns
    -------
    datetime.date
        The date.

    Examples
    --------
    >>> from_day(1)
    datetime.date(1970, 1, 2)
    """
    return dt.date.fromordinal(int(day) + _EPOCH)


def iso(day: int) -> str:
    """Return a day number as ISO text.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.

    Returns
    -------
    str
        ``YYYY-MM-DD``.
    """
    return from_day(day).isoformat()


def add_years(day: int, years: int) -> int:
    """Return the day on which a person born on `day` is `years` old.

    Someone born on 29 February is a year older on 1 March of a common year.

    Parameters
    ----------
    day : int
        Day of birth.
    years : int
        Whole years.

    Returns
    -------
    int
        Day number of that birthday.

    Examples
    --------
    >>> iso(add_years(to_day("2008-02-29"), 16)), iso(add_years(to_day("2008-02-29"), 17))
    ('2024-02-29', '2025-03-01')
    """
    born = from_day(day)
    year = born.year + years
    if year > dt.MAXYEAR:
        return dt.date.max.toordinal() - _EPOCH
    try:
        return to_day(born.replace(year=year))
    except ValueError:
        return to_day(dt.date(year, 3, 1))


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Parameters
    ----------
    name : str
        Such as ``Europe/London``.

    Returns
    -------
    zoneinfo.ZoneInfo
        The zone.

    Raises
    ------
    ConfigError
        When no such zone is known.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{name!r} is no known time zone; name one as in 'Europe/London' (input.timezone)"
        ) from error


class DateFormat:
    """One declared, strict date format.

    Two-digit day and month, four-digit year, nothing before or after. A time of day is read over
    where the format declares one; under ISO it may follow ``T`` or a blank undeclared. A time says its
    own calendar date, unless ``Z``, ``+01:00`` or ``+0100`` follows it: then it is a moment, whose date
    is that of the declared zone, and without a declared zone it is no date.

    Parameters
    ----------
    text : str
        Made of ``%d %m %Y`` (each once) and perhaps ``%H %M %S``, with literal text between.
    zone : str or None
        Name of the time zone whose calendar dates moments, under ISO; other formats hold none.

    Raises
    ------
    ConfigError
        When the format holds another directive, or lacks day, month or year; when no such zone is
        known.

    Examples
    --------
    >>> uk = DateFormat("%d/%m/%Y")
    >>> iso(uk.day("03/04/2024")), uk.day("31/02/2024"), uk.day("3/4/2024")
    ('2024-04-03', None, None)
    >>> iso(DateFormat(ISO, "Europe/London").day("2025-06-30T23:30:00Z"))
    '2025-07-01'
    """

    def __init__(self, text: str, zone: str | None = None) -> None:
        pieces = re.split("(%.?)", text)
        directives = [piece for piece in pieces if piece.startswith("%")]
        unknown = [piece for piece in directives if piece not in _DIRECTIVES]
        if unknown or any(directives.count(piece) != 1 for piece in ("%d", "%m", "%Y")):
            raise ConfigError(
                f"date format {text!r} cannot be used: it needs %d, %m and %Y once each, and may "
                "hold %H, %M and %S besides"
            )
        pattern = "".join(_DIRECTIVES.get(piece) or re.escape(piece) for piece in pieces)
        self.text = text
        self._zone = time_zone(zone) if zone is not None and text == ISO else None
        if text == ISO:
            pattern += f"(?:{_ISO_TIME}{_ISO_OFFSET if self._zone else ''})?"
        self._match = re.compile(pattern).fullmatch

    def day(self, text: str) -> int | None:
        """Return the day number of `text`, or None where it is no date in this format.

        Parameters
        ----------
        text : str
            A trimmed cell.

        Returns
        -------
        int or None
            Days since 1970-01-01.
        """
        found = self._match(text)
        if found is None:
            return None
        try:
            if self._zone is not None and found["offset"]:
                return to_day(dt.datetime.fromisoformat(text).astimezone(self._zone).date())
            return to_day(dt.date(int(found["Y"]), int(found["m"]), int(found["d"])))
        except (ValueError, OverflowError):  # no such day, or a moment whose day lies outside the calendar
            return None


def within_days(day: npt.ArrayLike, as_of: int, days: int) -> npt.NDArray[np.bool_]:
    """Say which days lie in a window: of an age at or above 0 and below its length.

    Parameters
    ----------
    day : array-like of int
        Days.
    as_of : int
        Day looked at, the last of the window.
    days : int
        Calendar days in the window.

    Returns
    -------
    numpy.ndarray
        Boolean, one a day.

    Examples
    --------
    >>> within_days([2, 3, 9, 10], 9, 7).tolist()
    [False, True, True, False]
    """
    age = as_of - np.asarray(day, np.int64)
    return np.asarray((age >= 0) & (age < days), np.bool_)
