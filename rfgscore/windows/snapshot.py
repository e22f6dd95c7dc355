"""The state of every person on one day: the walk, and the table users read.

A line is *visible* at `as_of` when its known day and its event day are at or before it, and in a
window of W days when it is visible and ``0 <= as_of - day < W``: W calendar days, the last of which
is `as_of` itself.
"""

from __future__ import annotations

import datetime as dt
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, to_day, within_days
from rfgscore.errors import DataError
from rfgscore.history.buffers import Buffers, rooms
from rfgscore.history.history import History
from rfgscore.jit import given, in_threads
from rfgscore.tables import Column, Table
from rfgscore.windows import kernels
from rfgscore.windows.engine import Rows, checked, columns_at, lines_of, ranges_of
from rfgscore.windows.features import Features, decay_factors, exactly_added, places, whole_number

__all__ = ["Walk", "in_window", "rounded", "snapshot", "walk"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


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
    window_days, threads = whole_number(window_days, "window_days"), whole_number(threads, "threads")
    seen = history.at(_as_of(as_of))
    people = seen.size
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
    _walk(seen, int(as_of), window_days, half_life_days, threads, found)
    for array in vars(found).values():
        array.flags.writeable = False
    return found


def _walk(
    seen: History, as_of: int, window_days: int, half_life_days: float | None, threads: int, found: Walk
) -> None:
    """Fill the arrays found; counts of lines and the worst line only where there is room for them."""
    lines = lines_of(seen)
    most = seen.room
    exact = exactly_added(lines.weights, most)
    table = () if half_life_days is None else decay_factors(half_life_days, as_of - seen.span[0])
    factors = given(table, np.float64)
    days = min(window_days, 2**33)  # days of int32 lie no further apart
    arrays = (
        found.visible,
        found.last_day,
        found.lines,
        found.incidents,
        found.gravity_sum,
        found.gravity_max,
        found.victims,
        found.decayed,
        found.worst_line,
    )

    def work(part: tuple[int, int]) -> None:
        kernels.snapshot(part[0], part[1], most, lines, as_of, days, exact, factors, arrays)

    in_threads(work, ranges_of(seen, threads), threads)
    if seen.bounded:
        return
    if not (np.isfinite(found.gravity_sum).all() and np.isfinite(found.decayed).all()):
        raise DataError("the gravities of a person are too large to add up: use smaller weights")


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
    as_of, window_days = _as_of(as_of), whole_number(window_days, "window_days")
    seen = history.at(as_of)
    return seen.visible(as_of) & within_days(seen.day, as_of, window_days)


def snapshot(
    history: History,
    as_of: dt.date | str | int,
    features: Features,
    *,
    threads: int = 1,
    engine: str = "numba",
    out: Buffers | None = None,
) -> Table:
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
    engine : str, optional
        ``numba``, or ``numpy``: the same values to the bit, slower, and nothing is compiled.
    out : dict, optional
        Arrays by column name, kept between calls: those that fit are filled again, others put there. **The
        next call with the same dict overwrites this result**, and every frame that shares its arrays.

    Returns
    -------
    Table
        In id order, with ``W`` for each window and ``H`` for each half-life asked:

        - ``perpetrator_id``: int64, or text;
        - ``days_since_last``: int32, days from the latest visible line to `as_of` (int64 should a
          gap not fit, which no two calendar dates have);
        - ``count_Wd``: int32, incidents;
        - ``gravity_sum_Wd``: float64, correctly rounded, 0 for an empty window;
        - ``gravity_max_Wd``: float64, null (and -1 in the array) for an empty window;
        - ``victims_Wd``: int32, distinct known victims;
        - ``gravity_decayed_Hd``: float64, only with a half-life;
        - further features, see `FURTHER`: those of a window stand beside its other columns, the rest last.

    Raises
    ------
    PointInTimeError
        When `as_of` is later than the day the history was read for.
    ConfigError
        When `features` are none, `threads` is no whole number above 0, or the engine is unknown.
    DataError
        When gravities are too large to add up in float64, or a person number does not fit int64.
    ValueError
        When `as_of` is no date, or does not fit int32.

    Examples
    --------
    >>> from rfgscore.windows import rfg
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
    threads = checked(features, engine, threads)
    day = _as_of(int(as_of) if isinstance(as_of, np.integer) else to_day(as_of))
    seen = history.at(day)
    rows = Rows(seen, dates=np.array([day], np.int64))
    if (
        engine == "numpy"
        or len(features.window_days) > 1
        or len(features.half_life_days) > 1
        or features.further
    ):
        columns = columns_at(rows, features, threads=threads, engine=engine, out=out)
    else:
        columns = _one_window(rows, day, features, threads, out)
    return Table({"perpetrator_id": rows.ids(out, threads), **columns})


def _one_window(
    rows: Rows, day: int, features: Features, threads: int, out: Buffers | None
) -> dict[str, Column]:
    """Return the columns of one window by one walk: several times as fast as sliding it there."""
    seen, people = rows.history, rows.history.size
    (window,), half_life = features.window_days, (*features.half_life_days, None)[0]
    wanted = list(places(features, "days_since_last"))
    arrays = rooms(out, {place.name: np.dtype(place.kind) for place in wanted}, people)
    last, count, total, top, victims, *decayed = arrays.values()
    none = np.empty(0, np.int32)
    found = Walk(
        visible=none,
        last_day=last,
        lines=none,
        incidents=count,
        gravity_sum=total,
        gravity_max=top,
        victims=victims,
        decayed=decayed[0] if decayed else np.empty(0),
        worst_line=np.empty(0, np.int64),
    )
    _walk(seen, day, window, half_life, threads, found)
    index: Any = slice(None) if len(rows) == people else rows.person()
    empty = count[index] == 0
    columns = {
        place.name: Column.wrap(
            place.kind, arrays[place.name][index], empty if place.null is not None and empty.any() else None
        )
        for place in wanted
    }
    if day - seen.span[0] >= 2**31:
        gaps = Column.wrap("int64", day - last[index].astype(np.int64))
    else:
        gaps = Column.wrap("int32", np.subtract(np.int32(day), last, out=last)[index])
    return {**columns, "days_since_last": gaps}


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


def _as_of(value: int) -> int:
    day = operator.index(value)
    if not -(2**31) <= day < 2**31:
        raise ValueError("as_of does not fit int32: it is a number of days since 1970-01-01")
    return day
