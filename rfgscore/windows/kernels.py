"""The walk: one look at the lines of each person, on one day.

Every day is widened to 64 bits before it is subtracted: two int32 days may lie further apart than
int32 can tell.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit
from rfgscore.windows.exact import PARTIALS, exact_sum
from rfgscore.windows.looks import Lines

__all__ = ["snapshot"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@njit
def snapshot(
    lo: int,
    hi: int,
    most: int,
    lines: Lines,
    as_of: int,
    window_days: int,
    exact: bool,
    factors: Float64,
    found: tuple[Int32, Int32, Int32, Int32, Float64, Float64, Int32, Float64, Int64],
) -> None:
    """Walk the persons `lo` to `hi` once and fill their places in the arrays found.

    Visible lines stand in ascending order of day; others may stand anywhere between them.

    Parameters
    ----------
    lo, hi : int
        Persons walked, `hi` excluded.
    most : int
        Above the lines of any person, and above every number in `incident` and `victim`.
    lines : Lines
        Lines of a history brought to `as_of`.
    as_of, window_days : int
        Day looked at and length of the window.
    exact : bool
        Whether weights add up exactly in float64.
    factors : numpy.ndarray
        float64, decay factor by gap in days, beyond which it is 0; empty, nothing is decayed.
    found : tuple of numpy.ndarray
        Filled; see `rfgscore.windows.Walk`. Empty ones are passed over.
    """
    offsets, seen, day, code, incident, victim = (
        lines.offsets,
        lines.seen,
        lines.end,
        lines.code,
        lines.incident,
        lines.victim,
    )
    visible, last_day, in_window, incidents, gravity_sum, gravity_max, victims, decayed, worst_line = found
    alone, fades, told = len(incident) == 0, len(factors) > 0, len(worst_line) > 0
    reach = len(factors)
    partials = np.empty(PARTIALS, np.float64)
    # Each mark holds the person it was last set for, so nothing is cleared between persons.
    met = np.full(most, -1, np.int64)  # incident: visible
    met_slot = np.empty(most, np.int64)
    first = np.empty(most, np.int64)  # slot: day of the incident's first visible line
    peak = np.empty(most, np.float64)  # slot: highest visible weight
    held = np.full(most, -1, np.int64)  # incident: in the window
    held_slot = np.empty(most, np.int64)
    top = np.empty(most, np.float64)  # slot: highest weight in the window
    harmed = np.full(most, -1, np.int64)  # victim: in the window

    for person in range(lo, hi):
        start = offsets[person]
        if alone and offsets[person + 1] - start == 1:
            # Most people have one line, and need nothing of what follows.
            there = seen[start] <= as_of
            gap = as_of - np.int64(day[start])
            inside = there and 0 <= gap < window_days
            weight = abs(lines.weights[code[start]])  # a weight of -0.0 is 0.0
            incidents[person] = 1 if inside else 0
            victims[person] = 1 if inside and victim[start] >= 0 else 0
            gravity_sum[person] = weight if inside else 0.0
            gravity_max[person] = weight if inside else -1.0
            if there:
                last_day[person] = day[start]
            if told:
                visible[person] = 1 if there else 0
                in_window[person] = 1 if inside else 0
                worst_line[person] = start if inside else -1
            if fades:
                decayed[person] = weight * factors[gap] if there and gap < reach else 0.0
            continue
        n_visible = n_met = n_lines = n_held = n_harmed = 0
        worst = -1
        worst_weight = -1.0
        worst_day = worst_code = np.int64(-1)
        plain = value = 0.0
        latest = before = np.int64(0)
        for line in range(start, offsets[person + 1]):
            if seen[line] > as_of:
                continue
            today = np.int64(day[line])
            weight = abs(lines.weights[code[line]])  # a weight of -0.0 is 0.0
            n_visible += 1
            latest = today
            if fades:
                if alone:
                    if n_visible > 1:
                        gap = today - before
                        value = value * factors[gap] if gap < reach else 0.0
                    value += weight
                    before = today
                else:
                    event = incident[line]
                    if met[event] != person:
                        met[event] = person
                        met_slot[event] = n_met
                        first[n_met] = today
                        peak[n_met] = 0.0
                        n_met += 1
                    peak[met_slot[event]] = max(peak[met_slot[event]], weight)
            if not 0 <= as_of - today < window_days:
                continue
            n_lines += 1
            if alone:
                plain += weight
                if not exact:
                    top[n_held] = weight
                n_held += 1
            else:
                event = incident[line]
                if held[event] != person:
                    held[event] = person
                    held_slot[event] = n_held
                    top[n_held] = 0.0
                    n_held += 1
                top[held_slot[event]] = max(top[held_slot[event]], weight)
            who = victim[line]
            if who >= 0 and harmed[who] != person:
                harmed[who] = person
                n_harmed += 1
            # Highest weight, then latest day, then lowest code, then the first met.
            if weight > worst_weight or (
                told
                and weight == worst_weight
                and (today > worst_day or (today == worst_day and code[line] < worst_code))
            ):
                worst = line
                worst_weight = weight
                worst_day = today
                worst_code = np.int64(code[line])

        incidents[person] = n_held
        victims[person] = n_harmed
        gravity_max[person] = worst_weight
        if alone and exact:
            gravity_sum[person] = plain
        else:
            gravity_sum[person] = exact_sum(top, n_held, partials)
        if n_visible > 0:
            last_day[person] = latest
        if told:
            visible[person] = n_visible
            in_window[person] = n_lines
            worst_line[person] = worst
        if not fades:
            continue
        if alone:
            gap = as_of - before
            value = value * factors[gap] if n_visible > 0 and gap < reach else 0.0
        for slot in range(n_met):
            value += peak[slot]
            until = first[slot + 1] if slot + 1 < n_met else as_of
            gap = until - first[slot]
            value = value * factors[gap] if gap < reach else 0.0
        decayed[person] = value
