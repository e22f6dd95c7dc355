"""The NumPy engine: the same values as the kernels, to the bit, without compiling anything.

A *look* is one person on one day. Every look is paired with the person's lines visible on that day, and
each feature is a reduction over these pairs; so it costs a pair where the kernels keep a running state.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.history.history import History
from rfgscore.windows.features import Features, decay_factors, exactly_added

__all__ = ["evaluate"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]

#: Pairs of a look and a line held at once, beyond those of a single look.
_PAIRS = 2**20

#: An age no line has.
_NEVER = np.iinfo(np.int64).max


class _Pairs(NamedTuple):
    """Looks paired with their visible lines: by look, then in the total order at the day looked at."""

    until: Int64  # day looked at, a look
    look: Int64  # number of the look, a pair; ascending
    day: Int64  # day of the line, capped at the day looked at
    age: Int64
    weight: Float64
    incident: Int64
    victim: Int64  # -1 unknown
    crime: Int64  # offence class; -1 no crime


class _Groups(NamedTuple):
    """Pairs of one look that share a key: by look, then by key."""

    look: Int64
    first: Int64  # place of the earliest pair
    earliest: Int64  # age of the earliest pair
    latest: Int64  # age of the latest pair
    order: Int64  # places of the pairs, group by group
    start: Int64  # where each group begins in `order`


def evaluate(
    history: History,
    person: Int64,
    day: Int32,
    features: Features,
    *,
    seen: Int32,
    classes: Int32,
    include_current: bool,
    events: bool,
) -> Columns:
    """Return the features of persons on days, in any order.

    Parameters
    ----------
    history : History
        The lines.
    person : numpy.ndarray
        int64, person number of each look.
    day : numpy.ndarray
        int32, day looked at.
    features : Features
        What to compute.
    seen : numpy.ndarray
        int32, day from which each line is visible.
    classes : numpy.ndarray
        int32, offence class of each offence; -1 for what is no crime.
    include_current : bool
        Whether the lines that become visible on the very day looked at count.
    events : bool
        Whether the first column is `days_since_previous` and not `days_since_last`.

    Returns
    -------
    dict of str to numpy.ndarray
        One array a feature, in column order; -1, -1.0 or (trends) NaN where there is no value. A column
        of days is int64 where a gap does not fit int32. A sum beyond float64 is infinite.

    Examples
    --------
    >>> from rfgscore.windows.features import rfg
    >>> history = History.from_arrays(person=[1, 1], day=[0, 9], gravity=[4, 1])
    >>> found = evaluate(
    ...     history, np.array([0, 0]), np.array([9, 5]), rfg(7),
    ...     seen=history.day, classes=np.array([0, 1]), include_current=True, events=False,
    ... )
    >>> found["days_since_last"].tolist(), found["gravity_sum_7d"].tolist()
    ([0, 5], [1.0, 4.0])
    """
    # Days of int32 may lie further apart than int32 can tell.
    days = day.astype(np.int64)
    longest = int(days.max()) - int(history.event_day.min()) if len(days) and len(history.day) else 0
    tables = {half_life: decay_factors(half_life, longest) for half_life in features.half_life_days}
    parts = []
    for lo, hi in _chunks(np.diff(history.offsets)[person]):
        pairs = _paired(history, person[lo:hi], days[lo:hi], seen, classes, include_current)
        with np.errstate(over="ignore", invalid="ignore"):
            parts.append(_columns(pairs, features, tables, events))
    return {name: _narrow(np.concatenate([part[name] for part in parts])) for name in parts[0]}


def _chunks(pairs: Int64) -> Iterator[tuple[int, int]]:
    """Yield ranges of looks with a bounded number of pairs, or of one look; without looks an empty one."""
    total = np.cumsum(pairs)
    lo = hi = 0
    while lo == 0 or hi < len(pairs):
        before = total[lo - 1] if lo else 0
        hi = min(max(int(np.searchsorted(total, before + _PAIRS, "right")), lo + 1), len(pairs))
        yield lo, hi
        if hi == len(pairs):
            return
        lo = hi


def _narrow(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.dtype != np.int64 or (len(values) and int(values.max()) >= 2**31):
        return values
    return values.astype(np.int32)


def _paired(
    history: History, person: Int64, day: Int64, seen: Int32, classes: Int32, include_current: bool
) -> _Pairs:
    size = np.diff(history.offsets)[person]
    look = np.repeat(np.arange(len(person)), size)
    line = np.arange(len(look)) + (history.offsets[person] - (np.cumsum(size) - size))[look]
    visible = seen[line] <= day[look] if include_current else seen[line] < day[look]
    look, line = look[visible], line[visible]
    today = np.minimum(history.end_day[line], day[look])
    if history.runs:  # only a crime that goes on over days can change its place in the order
        order = np.lexsort((history.tail[line], today, look))
        look, line, today = look[order], line[order], today[order]
    code = history.code[line]
    return _Pairs(
        until=day,
        look=look,
        day=today,
        age=day[look] - today,
        weight=history.weights[code] + 0.0,  # a weight of -0.0 is 0.0
        incident=history.incident[line].astype(np.int64),
        victim=history.victim[line].astype(np.int64),
        crime=classes[code].astype(np.int64),
    )


def _grouped(pairs: _Pairs, key: Int64) -> _Groups:
    held = np.flatnonzero(key >= 0)
    joint = (pairs.look[held] << 32) + key[held]
    # Stable: the pairs of a group stay in the total order.
    order = np.argsort(joint, kind="stable")
    new = np.ones(len(order), np.bool_)
    new[1:] = np.diff(joint[order]) != 0
    order = held[order]
    first, last = order[new], order[np.roll(new, -1)]
    return _Groups(pairs.look[first], first, pairs.age[first], pairs.age[last], order, np.flatnonzero(new))


def _columns(pairs: _Pairs, features: Features, tables: dict[float, Float64], events: bool) -> Columns:
    incidents = _grouped(pairs, pairs.incident)
    found: Columns = {
        "days_since_previous" if events else "days_since_last": _latest(pairs, 1 if events else 0)
    }
    found |= _windowed(pairs, incidents, features)
    # From here on all visible incidents, in the order of their first lines.
    placed = np.argsort(incidents.first)
    day = pairs.day[incidents.first[placed]]
    peak = np.maximum.reduceat(pairs.weight[incidents.order], incidents.start)[placed]
    count = _count(pairs, incidents.look)
    for half_life, table in tables.items():
        found[f"gravity_decayed_{half_life}d"] = _decayed(day, peak, count, pairs.until, table)
    ever: Columns = {"gravity_max_ever": _highest(peak, count), "incident_number": count}
    if {"gap_last", "gap_median", "gap_trend"} & set(features.further):
        ever |= _gaps(pairs)
    if "gravity_trend" in features.further:
        ever["gravity_trend"] = _gravity_trend(peak, count)
    return found | {name: values for name, values in ever.items() if name in features.further}


def _windowed(pairs: _Pairs, incidents: _Groups, features: Features) -> Columns:
    """Return the columns of each window; what is in it are the last pairs of each group."""
    victims, classes = _grouped(pairs, pairs.victim), _grouped(pairs, pairs.crime)
    weight, age = pairs.weight[incidents.order], pairs.age[incidents.order]
    is_crime = pairs.crime[incidents.order] >= 0
    latest_crime = np.minimum.reduceat(np.where(is_crime, age, _NEVER), incidents.start)
    columns: Columns = {}
    for window in features.window_days:
        inside = incidents.latest < window
        top = np.maximum.reduceat(np.where(age < window, weight, 0.0), incidents.start)[inside]
        count = _count(pairs, incidents.look[inside])
        total = _sums(top, incidents.look[inside], count)
        values: Columns = {
            "count": count,
            "gravity_sum": total,
            "gravity_max": _highest(top, count),
            "victims": _count(pairs, victims.look[victims.latest < window]),
            "gravity_mean": np.where(count > 0, total / np.maximum(count, 1), -1.0),
            "offence_classes": _count(pairs, classes.look[classes.latest < window]),
            "non_crime": _count(pairs, incidents.look[inside & (latest_crime >= window)]),
            "new_victims": _count(pairs, victims.look[victims.earliest < window]),
        }
        wanted = {"count", "gravity_sum", "gravity_max", "victims", *features.further}
        columns |= {f"{name}_{window}d": values[name] for name in values if name in wanted}
    return columns


def _count(pairs: _Pairs, look: Int64) -> Int64:
    return np.bincount(look, minlength=len(pairs.until))


def _latest(pairs: _Pairs, least: int) -> Int64:
    """Return the smallest age of at least `least`; the pairs of a look grow younger."""
    size, held = _count(pairs, pairs.look), _count(pairs, pairs.look[pairs.age >= least])
    some = held > 0
    age = np.full(len(size), -1)
    age[some] = pairs.age[(np.cumsum(size) - size + held - 1)[some]]
    return age


def _sums(values: Float64, look: Int64, count: Int64) -> Float64:
    """Return the correctly rounded sum of the values of each look."""
    total = np.bincount(look, values, minlength=len(count)).astype(np.float64)
    if exactly_added(values, int(count.max(initial=0))):
        return total
    end, listed = np.cumsum(count), values.tolist()
    for row in np.flatnonzero(count > 2).tolist():  # one addition is rounded correctly as it is
        total[row] = _fsum(listed[end[row] - count[row] : end[row]])
    return total


def _fsum(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


def _highest(values: Float64, count: Int64) -> Float64:
    some = count > 0
    top = np.full(len(count), -1.0)
    top[some] = np.maximum.reduceat(values, (np.cumsum(count) - count)[some])
    return top


def _in_turn(count: Int64) -> Iterator[tuple[int, Int64, Int64]]:
    """Yield a number k, the looks with more than k incidents, and the place of that incident of each."""
    largest_first = np.argsort(-count, kind="stable")
    begin = (np.cumsum(count) - count)[largest_first]
    most = int(count.max(initial=0))
    reach = np.searchsorted(-count[largest_first], -np.arange(most)).tolist()
    for number, looks in enumerate(reach):
        yield number, largest_first[:looks], begin[:looks] + number


def _decayed(day: Int64, peak: Float64, count: Int64, until: Int64, table: Float64) -> Float64:
    def factor(gap: Int64) -> Float64:
        return np.where(gap < len(table), table[np.minimum(gap, len(table) - 1)], 0.0)

    # The first incident of a look has no gap; its factor meets a value of 0.
    factors = factor(np.maximum(np.diff(day, prepend=day[:1]), 0))
    value = np.zeros(len(count))
    for _, looks, place in _in_turn(count):
        value[looks] = value[looks] * factors[place] + peak[place]
    some = count > 0
    value[some] *= factor(until[some] - day[np.cumsum(count)[some] - 1])
    return value


def _gravity_trend(peak: Float64, count: Int64) -> Float64:
    products, total = np.zeros(len(count)), np.zeros(len(count))
    for number, looks, place in _in_turn(count):
        products[looks] += number * peak[place]
        total[looks] += peak[place]
    slope = _slope(2.0 * products - (count - 1) * total, count)
    return np.where(np.isnan(slope) & (count > 1), np.inf, slope)  # sums beyond float64 are no missing value


def _slope(numerator: npt.NDArray[Any], count: Int64) -> Float64:
    size = np.where(count < 2, np.nan, count)
    return numerator / (size * (size * size - 1.0) / 6.0)


def _gaps(pairs: _Pairs) -> Columns:
    """Return what the days between neighbouring distinct days say; whole numbers until the last division."""
    new = np.ones(len(pairs.look), np.bool_)
    new[1:] = (np.diff(pairs.look) != 0) | (np.diff(pairs.day) != 0)
    day, look = pairs.day[new], pairs.look[new]
    inner = np.diff(look) == 0
    gap, look = np.diff(day)[inner], look[1:][inner]
    count = _count(pairs, look)
    end = np.cumsum(count)
    begin, some = end - count, count > 0
    last = np.full(len(count), -1)
    last[some] = gap[end[some] - 1]
    ranked = gap[np.lexsort((gap, look))]
    median = np.full(len(count), -1.0)
    median[some] = (ranked[(begin + (count - 1) // 2)[some]] + ranked[(begin + count // 2)[some]]) / 2.0

    def added(values: Int64) -> Int64:
        running = np.zeros(len(values) + 1, np.int64)
        np.cumsum(values, out=running[1:])
        total: Int64 = running[end] - running[begin]
        return total

    numerator = 2 * added((np.arange(len(gap)) - begin[look]) * gap) - (count - 1) * added(gap)
    return {"gap_last": last, "gap_median": median, "gap_trend": _slope(numerator, count)}
