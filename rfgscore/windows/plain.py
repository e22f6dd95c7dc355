"""The common case in one pass: each line is its own incident, none is known late, and sums are exact.

Then lines enter and leave in the order they stand in, and what is in the window is a run of them. The general
kernels (`recency`, `within`, `fading`) give the same values, and take several times as long.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit
from rfgscore.windows.looks import Lines, Looks, wrapped

__all__ = ["plain"]

Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]


@njit
def plain(
    lo: int,
    hi: int,
    most: int,
    lines: Lines,
    looks: Looks,
    window_days: int,
    factors: Float64,
    whole: tuple[Int32, Int32, Int32],
    real: tuple[Float64, Float64, Float64],
) -> None:
    """Slide one window over the lines of the persons `lo` to `hi` and write the six features.

    Parameters
    ----------
    lo, hi : int
        Persons, `hi` excluded.
    most : int
        Above the lines of any person, and above every number in `incident` and `victim`.
    lines, looks : Lines, Looks
        The lines, and the days looked at; nothing is left out of these.
    window_days : int
        Length of the window.
    factors : numpy.ndarray
        float64, decay factor by gap; beyond its end it is 0.
    whole : tuple of numpy.ndarray
        int32 columns to fill: days since the last line (on days of lines: since the last earlier day),
        incidents, victims.
    real : tuple of numpy.ndarray
        float64 columns to fill: sum, highest and decayed gravity; the last is empty where not asked for.
    """
    offsets, day, code, victim, weights = lines.offsets, lines.end, lines.code, lines.victim, lines.weights
    to_days, to_count, to_victims = whole
    to_sum, to_top, to_decayed = real
    dates = looks.dates
    events, fades, reach = len(dates) == 0, len(to_decayed) > 0, len(factors)
    place = looks.starts.copy()
    # Lines in the window, each lighter than all before it: the first is the gravest. Never more than `most`
    # enter for one person.
    stair = np.empty(most, np.int64)
    heavy = np.empty(most, np.float64)
    # The latest line of each victim; those of earlier persons lie before every window of this one.
    latest = np.full(most, -1, np.int64)

    for person in range(lo, hi):
        a, b = offsets[person], offsets[person + 1]
        if a == b:
            continue
        if events and b - a == 1:
            # Most people have one line.
            weight = abs(weights[code[a]])  # a weight of -0.0 is 0.0
            to_days[a] = -1
            to_count[a] = 1
            to_victims[a] = 1 if victim[a] >= 0 else 0
            to_sum[a] = weight
            to_top[a] = weight
            if fades:
                to_decayed[a] = weight
            continue
        first = last = victims = 0
        gravity = value = 0.0
        old = i = a
        before = np.int64(day[a])  # the day up to which gravity is decayed
        previous = np.int64(-1)  # days from it back to the last earlier day
        k = 0
        if not events:
            while k < len(dates) and dates[k] < before:
                k += 1
        while i < b if events else k < len(dates):
            today = np.int64(day[i]) if events else dates[k]
            edge = today - window_days
            while old < i and day[old] <= edge:
                gravity -= abs(weights[code[old]])
                who = victim[old]
                if who >= 0 and latest[who] == old:
                    victims -= 1
                if first < last and stair[first] == old:
                    first += 1
                old += 1
            j = i
            while j < b and day[j] <= today:
                line = j
                j += 1
                weight = abs(weights[code[line]])
                gap = np.int64(day[line]) - before
                if gap > 0:
                    value = value * factors[gap] if gap < reach else 0.0
                    before = np.int64(day[line])
                    previous = gap
                value += weight
                if day[line] <= edge:
                    old = j
                    continue
                gravity += weight
                who = victim[line]
                if who >= 0:
                    if latest[who] < old:
                        victims += 1
                    latest[who] = line
                while last > first and heavy[last - 1] <= weight:
                    last -= 1
                stair[last] = line
                heavy[last] = weight
                last += 1
            top = heavy[first] if last > first else -1.0
            if events:
                for row in range(i, j):
                    to_days[row] = wrapped(previous)
                    to_count[row] = j - old
                    to_victims[row] = victims
                    to_sum[row] = gravity
                    to_top[row] = top
                    if fades:
                        to_decayed[row] = value
            else:
                row = place[k]
                place[k] = row + 1
                to_days[row] = wrapped(today - before)
                to_count[row] = j - old
                to_victims[row] = victims
                to_sum[row] = gravity
                to_top[row] = top
                if fades:
                    gap = today - before
                    to_decayed[row] = value * factors[gap] if gap < reach else 0.0
                k += 1
            i = j
