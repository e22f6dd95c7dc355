"""The kernels: an exact sum, and one walk over the lines of each person.

Every day is widened to 64 bits before it is subtracted: two int32 days may lie further apart than
int32 can tell.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rfgscore.windows.jit import njit

__all__ = ["PARTIALS", "exact_sum", "snapshot"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

#: Room for the partial sums of `exact_sum`. Partials never overlap, so the leading bit of each
#: stands at another of the 2,098 binary places of float64 (2**-1074 to 2**1023).
PARTIALS = 2100


@njit
def exact_sum(values: Float64, n: int, partials: Float64) -> float:
    """Return the correctly rounded sum of the first `n` values, to the bit as ``math.fsum``.

    Parameters
    ----------
    values : numpy.ndarray
        float64, finite.
    n : int
        How many of them to add.
    partials : numpy.ndarray
        float64 scratch of length `PARTIALS`.

    Returns
    -------
    float
        The sum; infinite where ``math.fsum`` would raise OverflowError.
    """
    # Shewchuk 1997: `partials[:held]` add up exactly to all values so far, smallest first.
    held = 0
    for k in range(n):
        x: float = values[k]
        kept = 0
        for j in range(held):
            y = partials[j]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[kept] = low
                kept += 1
            x = high
        if math.isinf(x):
            return x
        if x != 0.0:
            partials[kept] = x
            kept += 1
        held = kept
    if held == 0:
        return 0.0
    held -= 1
    total: float = partials[held]
    low = 0.0
    while held > 0 and low == 0.0:
        held -= 1
        x = total
        y = partials[held]
        total = x + y
        low = y - (total - x)
    # `low` may be exactly half a unit, rounded to even; the partial below it says which way is right.
    if held > 0 and ((low < 0.0 and partials[held - 1] < 0.0) or (low > 0.0 and partials[held - 1] > 0.0)):
        doubled = low * 2.0
        x = total + doubled
        if x - total == doubled:
            total = x
    return total


@njit
def snapshot(
    lo: int,
    hi: int,
    offsets: Int64,
    event_day: Int32,
    known_day: Int32,
    day: Int32,
    code: Int32,
    weights: Float64,
    incident: Int32,
    victim: Int32,
    most: int,
    as_of: int,
    window_days: int,
    decay: Float64,
    visible: Int32,
    last_day: Int32,
    lines: Int32,
    incidents: Int32,
    gravity_sum: Float64,
    gravity_max: Float64,
    victims: Int32,
    decayed: Float64,
    worst_line: Int64,
) -> None:
    """Walk the persons `lo` to `hi` once and fill their places in the last nine arrays.

    Visible lines stand in ascending order of day; others may stand anywhere between them. `decay`
    holds the factor of each gap in days, beyond which it is 0; empty, nothing is decayed.

    Parameters
    ----------
    lo, hi : int
        Persons walked, `hi` excluded.
    offsets, event_day, known_day, day, code, weights, incident, victim : numpy.ndarray
        Arrays of a `History` brought to `as_of`.
    most : int
        Above every number in `incident` and `victim`.
    as_of, window_days : int
        Day looked at and length of the window.
    decay : numpy.ndarray
        float64, factor by gap.
    visible, last_day, lines, incidents, gravity_sum, gravity_max : numpy.ndarray
        Filled; see `rfgscore.windows.Walk`. `last_day` is left alone where there is none.
    victims, decayed, worst_line : numpy.ndarray
        Filled likewise.
    """
    partials = np.empty(PARTIALS, np.float64)
    # Each mark holds the person it was last set for, so nothing is cleared between persons.
    seen = np.full(most, -1, np.int64)  # incident: visible
    seen_slot = np.empty(most, np.int64)
    first = np.empty(most, np.int64)  # slot: day of the incident's first visible line
    peak = np.empty(most, np.float64)  # slot: highest visible weight
    held = np.full(most, -1, np.int64)  # incident: in the window
    held_slot = np.empty(most, np.int64)
    top = np.empty(most, np.float64)  # slot: highest weight in the window
    harmed = np.full(most, -1, np.int64)  # victim: in the window
    reach = len(decay)

    for person in range(lo, hi):
        n_visible = n_seen = n_lines = n_held = n_harmed = 0
        worst = -1
        worst_weight = worst_day = worst_code = -1.0
        for line in range(offsets[person], offsets[person + 1]):
            if event_day[line] > as_of or known_day[line] > as_of:
                continue
            today = np.int64(day[line])
            weight = weights[code[line]]
            event = incident[line]
            n_visible += 1
            last_day[person] = day[line]
            if reach > 0:
                if seen[event] != person:
                    seen[event] = person
                    seen_slot[event] = n_seen
                    first[n_seen] = today
                    peak[n_seen] = 0.0
                    n_seen += 1
                peak[seen_slot[event]] = max(peak[seen_slot[event]], weight)
            if not 0 <= as_of - today < window_days:
                continue
            n_lines += 1
            if held[event] != person:
                held[event] = person
                held_slot[event] = n_held
                top[n_held] = 0.0
                n_held += 1
            top[held_slot[event]] = max(top[held_slot[event]], weight)
            if victim[line] >= 0 and harmed[victim[line]] != person:
                harmed[victim[line]] = person
                n_harmed += 1
            # Highest weight, then latest day, then lowest code, then the first met.
            if weight > worst_weight or (
                weight == worst_weight
                and (today > worst_day or (today == worst_day and code[line] < worst_code))
            ):
                worst = line
                worst_weight = weight
                worst_day = float(today)
                worst_code = float(code[line])

        visible[person] = n_visible
        lines[person] = n_lines
        incidents[person] = n_held
        victims[person] = n_harmed
        worst_line[person] = worst
        gravity_sum[person] = exact_sum(top, n_held, partials)
        gravity_max[person] = -1.0 if worst < 0 else abs(worst_weight)  # abs: a weight of -0.0 is 0.0
        value = 0.0
        for slot in range(n_seen):
            value += peak[slot]
            until = first[slot + 1] if slot + 1 < n_seen else as_of
            gap = until - first[slot]
            value = value * decay[gap] if gap < reach else 0.0
        decayed[person] = value
