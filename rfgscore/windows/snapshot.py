"""The state of every person on one day: the walk, and the table users read.

A line is *visible* at `as_of` when its known day and its event day are at or before it, and in a
window of W days when it is visible and ``0 <= as_of - day < W``: W calendar days, the last of which
is `as_of` itself.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, to_day
from rfgscore.errors import ConfigError, DataError
from rfgscore.history.history import History
from rfgscore.tables import Column, Table
from rfgscore.windows import kernels

__all__ = ["Features", "Walk", "in_window", "rfg", "rounded", "snapshot", "walk"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

#: Histories with fewer lines are walked by one thread: starting more costs longer than the walk.
_THREADED_FROM = 50_000

#: Longest table of decay factors, in days; the calendar from year 1 to 9999 has fewer.
_LONGEST_GAP = 2**22


@dataclass(frozen=True)
class Features:
    """What to compute over a history; see `rfg`.

    Parameters
    ----------
    window_days : int
        Calendar days in the window, the last of which is the day looked at.
    half_life_days : int, float or None
        Days after which a gravity counts half; None leaves the decayed gravity out.

    Raises
    ------
    ConfigError
        When `window_days` is no whole number above 0, or `half_life_days` no finite number above 0.
    """

    window_days: int
    half_life_days: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "window_days", _whole(self.window_days, "window_days"))
        if self.half_life_days is not None:
            object.__setattr__(self, "half_life_days", _half_life(self.half_life_days))


def rfg(window_days: int, half_life_days: float | None = None) -> Features:
    """Return the features of Recency, Frequency and Gravity.

    Parameters
    ----------
    window_days : int
        Calendar days in the window, the last of which is the day looked at.
    half_life_days : int or float, optional
        Days after which a gravity counts half. A whole number is named without a point.

    Returns
    -------
    Features
        To hand to `snapshot`.

    Raises
    ------
    ConfigError
        When `window_days` is no whole number above 0, or `half_life_days` no finite number above 0.

    Examples
    --------
    >>> rfg(730, half_life_days=180)
    Features(window_days=730, half_life_days=180)
    """
    return Features(window_days, half_life_days)


@dataclass(frozen=True, eq=False, repr=False)
class Walk:
    """What one walk found: one value for each person of the history, in id order, unrounded.

    Parameters
    ----------
    visible : numpy.ndarray
        int32, visible lines.
    last_day : numpy.ndarray
        int32, day of the latest visible line; ``NO_DAY`` where `visible` is 0.
    lines : numpy.ndarray
        int32, lines in the window.
    incidents : numpy.ndarray
        int32, distinct incidents with a line in the window.
    gravity_sum : numpy.ndarray
        float64, correctly rounded sum over these incidents of the highest weight of their lines in
        the window; 0 for an empty window.
    gravity_max : numpy.ndarray
        float64, the highest such weight; -1 for an empty window.
    victims : numpy.ndarray
        int32, distinct known victims of lines in the window.
    decayed : numpy.ndarray
        float64, decayed gravity of **all** visible incidents; 0 without a half-life.
    worst_line : numpy.ndarray
        int64, line in the window of the highest weight, then the latest day, then the lowest offence
        number, then the first; it indexes the lines of ``history.at(as_of)``. -1 for an empty window.
    """

    visible: Int32
    last_day: Int32
    lines: Int32
    incidents: Int32
    gravity_sum: Float64
    gravity_max: Float64
    victims: Int32
    decayed: Float64
    worst_line: Int64


def walk(
    history: History,
    as_of: int,
    *,
    window_days: int,
    half_life_days: float | None = None,
    threads: int = 1,
) -> Walk:
    """Walk each person of a history once and return what stands in the window.

    Parameters
    ----------
    history : History
        The lines; it is brought to `as_of` here.
    as_of : int
        Day looked at, days since 1970-01-01.
    window_days : int
        Calendar days in the window: a visible line of age 0 to ``window_days - 1`` is inside.
    half_life_days : int or float, optional
        Half-life of the decayed gravity; without it that is not computed.
    threads : int, optional
        Threads to walk with. The result is the same to the bit with any number.

    Returns
    -------
    Walk
        Persons without a visible line included.

    Raises
    ------
    PointInTimeError
        When `as_of` is later than the day the history was read for.
    ConfigError
        When a length or `threads` cannot be used.
    DataError
        When gravities are too large to add up in float64.
    ValueError
        When `as_of` does not fit int32.

    Examples
    --------
    >>> history = History.from_arrays(person=[1, 1, 2], day=[0, 9, 3], gravity=[4, 1, 2])
    >>> found = walk(history, 9, window_days=9)
    >>> found.lines.tolist(), found.last_day.tolist(), found.gravity_sum.tolist()
    ([1, 1], [9, 3], [1.0, 2.0])
    """
    window_days, threads = _whole(window_days, "window_days"), _whole(threads, "threads")
    as_of = _as_of(as_of)
    seen = history.at(as_of)
    people, lines = len(seen.persons), len(seen.day)
    found = Walk(
        visible=np.zeros(people, np.int32),
        last_day=np.full(people, NO_DAY, np.int32),
        lines=np.zeros(people, np.int32),
        incidents=np.zeros(people, np.int32),
        gravity_sum=np.zeros(people, np.float64),
        gravity_max=np.full(people, -1.0),
        victims=np.zeros(people, np.int32),
        decayed=np.zeros(people, np.float64),
        worst_line=np.full(people, -1, np.int64),
    )
    if lines:
        inputs = (
            _input(seen.offsets, np.int64),
            *(_input(days, np.int32) for days in (seen.event_day, seen.known_day, seen.day, seen.code)),
            _input(seen.weights, np.float64),
            *(_input(numbers, np.int32) for numbers in (seen.incident, seen.victim)),
            max(int(seen.incident.max()), int(seen.victim.max())) + 1,
            as_of,
            min(window_days, 2**32),  # days of int32 lie no further apart
            _input(_factors(half_life_days, as_of - int(seen.day.min())), np.float64),
        )
        outputs = tuple(vars(found).values())
        kernel = kernels.snapshot.ready()  # type: ignore[attr-defined]
        # Equal shares of lines, not of persons: a few persons may hold most of the lines.
        parts = 1 if lines < _THREADED_FROM else threads
        edges = np.searchsorted(seen.offsets, np.linspace(0, lines, parts + 1).astype(np.int64)).tolist()
        edges[0], edges[-1] = 0, people
        ranges = list(pairwise(edges))
        if parts == 1:
            kernel(*ranges[0], *inputs, *outputs)
        else:
            with ThreadPoolExecutor(parts) as pool:
                list(pool.map(lambda part: kernel(*part, *inputs, *outputs), ranges))
    if not (np.isfinite(found.gravity_sum).all() and np.isfinite(found.decayed).all()):
        raise DataError("the gravities of a person are too large to add up: use smaller weights")
    for array in vars(found).values():
        array.flags.writeable = False
    return found


def in_window(history: History, as_of: int, window_days: int) -> Bool:
    """Return which lines are in the window.

    Parameters
    ----------
    history : History
        The lines.
    as_of : int
        Day looked at, days since 1970-01-01.
    window_days : int
        Calendar days in the window, the last of which is `as_of`.

    Returns
    -------
    numpy.ndarray
        Boolean mask over the lines of ``history.at(as_of)``, whose order may differ from that of
        `history` where an event ran over days.

    Raises
    ------
    PointInTimeError
        When `as_of` is later than the day the history was read for.
    ConfigError
        When `window_days` is no whole number above 0.
    ValueError
        When `as_of` does not fit int32.

    Examples
    --------
    >>> history = History.from_arrays(person=[1, 1, 1], day=[2, 3, 10], gravity=[1, 1, 1])
    >>> in_window(history, 9, 7).tolist()
    [False, True, False]
    """
    as_of, window_days = _as_of(as_of), _whole(window_days, "window_days")
    seen = history.at(as_of)
    age = as_of - seen.day.astype(np.int64)
    return seen.visible(as_of) & (age >= 0) & (age < window_days)


def snapshot(history: History, as_of: dt.date | str | int, features: Features, *, threads: int = 1) -> Table:
    """Return the features of each person with a visible line, as they stand on one day.

    `days_since_last` and the decayed gravity look at all visible lines, the rest at the window: the
    visible lines of age 0 to ``window_days - 1``. Nothing is rounded; see `rounded`.

    Parameters
    ----------
    history : History
        The lines.
    as_of : datetime.date, str or int
        Day looked at: a date, ISO text, or days since 1970-01-01.
    features : Features
        What `rfg` returns. Column names follow its lengths.
    threads : int, optional
        Threads to walk with. The result is the same to the bit with any number.

    Returns
    -------
    Table
        In id order, with ``W`` and ``H`` for the lengths asked:

        - ``perpetrator_id``: int64, or text;
        - ``days_since_last``: int32, days from the latest visible line to `as_of` (int64 should a
          gap not fit, which no two calendar dates have);
        - ``count_Wd``: int32, incidents;
        - ``gravity_sum_Wd``: float64, 0 for an empty window;
        - ``gravity_max_Wd``: float64, null (and -1 in the array) for an empty window;
        - ``victims_Wd``: int32, distinct known victims;
        - ``gravity_decayed_Hd``: float64, only with a half-life.

    Raises
    ------
    PointInTimeError
        When `as_of` is later than the day the history was read for.
    ConfigError
        When `threads` is no whole number above 0.
    DataError
        When gravities are too large to add up in float64, or a person number does not fit int64.
    ValueError
        When `as_of` is no date, or does not fit int32.

    Examples
    --------
    >>> history = History.from_arrays(
    ...     person=["b", "a", "a"], day=[100, 90, 4], gravity=[2.5, 1, 8], victim=["x", "", "y"]
    ... )
    >>> table = snapshot(history, "1970-04-11", rfg(30, half_life_days=10))
    >>> list(table.columns)[:4]
    ['perpetrator_id', 'days_since_last', 'count_30d', 'gravity_sum_30d']
    >>> for row in table.rows():
    ...     print(*row[:6], round(row[6], 6))
    a 10 1 1.0 1.0 0 0.510309
    b 0 1 2.5 2.5 1 2.5
    """
    day = _as_of(int(as_of) if isinstance(as_of, np.integer) else to_day(as_of))
    window, half_life = features.window_days, features.half_life_days
    found = walk(history, day, window_days=window, half_life_days=half_life, threads=threads)
    known = found.visible > 0
    gaps = day - found.last_day[known].astype(np.int64)
    wide = bool(len(gaps)) and int(gaps.max()) >= 2**31
    top = found.gravity_max[known]
    columns = {
        "perpetrator_id": _ids(history.persons[known]),
        "days_since_last": Column.of("int64" if wide else "int32", gaps),
        f"count_{window}d": Column.of("int32", found.incidents[known]),
        f"gravity_sum_{window}d": Column.of("float64", found.gravity_sum[known]),
        f"gravity_max_{window}d": Column.of("float64", top, found.lines[known] == 0),
        f"victims_{window}d": Column.of("int32", found.victims[known]),
    }
    if half_life is not None:
        columns[f"gravity_decayed_{half_life}d"] = Column.of("float64", found.decayed[known])
    return Table(columns)


def rounded(values: npt.ArrayLike) -> Float64:
    """Round to six decimals exactly as Python's ``round(x, 6)``, which ``numpy.round`` does not.

    Parameters
    ----------
    values : array-like of float
        The values; infinite and NaN ones stay as they are.

    Returns
    -------
    numpy.ndarray
        float64, a new array.

    Examples
    --------
    >>> rounded([1.0, 0.1 + 0.2, 0.0000025]).tolist()
    [1.0, 0.3, 3e-06]
    """
    out = np.array(values, np.float64, order="C")
    flat = out.reshape(-1)
    rest = np.flatnonzero(np.isfinite(flat) & (flat != np.rint(flat)))
    part = flat[rest]
    millionths = part * 1e6
    whole = np.rint(millionths)
    # Below 2**43 the product is off by less than 0.001, so well away from a half its nearest whole
    # number is the right one, and dividing that by a million is rounded correctly.
    clear = (np.abs(millionths) < 2.0**43) & (np.abs(millionths - whole) < 0.49)
    part[clear] = whole[clear] / 1e6
    part[~clear] = [round(value, 6) for value in part[~clear].tolist()]
    flat[rest] = part
    return out


def _whole(value: Any, name: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool | np.bool_):
        raise ConfigError(f"{name} must be a whole number above 0")
    return number


def _half_life(value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ConfigError("half_life_days must be a number above 0")
    if not (value > 0 and math.isfinite(value)):
        raise ConfigError("half_life_days must be a finite number above 0")
    return int(value) if value == int(value) else float(value)


def _as_of(value: int) -> int:
    day = operator.index(value)
    if not -(2**31) <= day < 2**31:
        raise ValueError("as_of does not fit int32: it is a number of days since 1970-01-01")
    return day


def _input(array: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    """Hand the kernel one kind of array only (contiguous, read-only), so that it is compiled once."""
    view = np.ascontiguousarray(array, dtype).view()
    view.flags.writeable = False
    return view


def _factors(half_life_days: float | None, longest: int) -> Float64:
    """Return ``0.5 ** (gap / half_life_days)`` for each gap that occurs, up to where it is 0."""
    if half_life_days is None:
        return np.empty(0, np.float64)
    half_life = _half_life(half_life_days)
    # 0.5 ** 1075 is 0 in float64.
    size = min(max(longest, 0) + 1, math.ceil(1075 * half_life) + 1)
    if size > _LONGEST_GAP:
        raise ConfigError("half_life_days is too long for days this far apart")
    # In steps of some years, so that days looked at one after the other share a table.
    return _powers(half_life, min(-(-size // 1024) * 1024, _LONGEST_GAP))


@lru_cache(maxsize=4)
def _powers(half_life: float, size: int) -> Float64:
    # Python's power, not numpy's: the latter differs in the last bit from machine to machine.
    return np.fromiter((0.5 ** (gap / half_life) for gap in range(size)), np.float64, size)


def _ids(persons: npt.NDArray[Any]) -> Column:
    if persons.dtype.kind not in "iu":
        return Column.of("text", persons)
    if persons.dtype.kind == "u" and len(persons) and int(persons.max()) >= 2**63:
        raise DataError("a person number does not fit int64: hand the ids over as text")
    return Column.of("int64", persons)
