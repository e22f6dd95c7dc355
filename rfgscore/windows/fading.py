"""Incidents in the order they happened: how their gravity fades, how it grows, and how many they are."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit
from rfgscore.windows.looks import Lines, Looks

__all__ = ["fading"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


@njit
def _today(
    lines: Lines,
    a: int,
    n: int,
    today: int,
    alone: bool,
    waits: Bool,
    placed: Bool,
    first: Int32,
    order: Int32,
) -> int:
    """List the first lines of the incidents that stand on a day itself, in order; return how many.

    These are incidents whose first line ended that day, and those of which all that is visible still runs.
    """
    size = 0
    x = n - 1
    while x >= 0 and lines.end[a + x] >= today:
        event = x if alone else lines.incident[a + x]
        # A line that runs stands on the day, too, and may come before the one that ended on it.
        start = first[event]
        here = placed[x] or waits[x]
        if here and (start < 0 or lines.end[a + start] == today):
            at = 0
            while at < size and (order[at] if alone else lines.incident[a + order[at]]) != event:
                at += 1
            if at == size:
                order[at] = x
                size += 1
            elif lines.tail[a + x] < lines.tail[a + order[at]]:
                order[at] = x
        x -= 1
    for k in range(1, size):
        x = np.int64(order[k])
        j = k
        while j > 0 and lines.tail[a + order[j - 1]] > lines.tail[a + x]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = x
    return size


@njit
def fading(
    lo: int,
    hi: int,
    most: int,
    lines: Lines,
    looks: Looks,
    runs: bool,
    factors: Float64,
    to_number: Int32,
    real: tuple[Float64, Float64, Float64],
) -> None:
    """Fold the incidents of the persons `lo` to `hi`, oldest first, and write what comes of it.

    An incident stands where its earliest visible line does, with its highest visible weight. What was folded
    is kept for each line, so that a line known late only moves what comes after it.

    Parameters
    ----------
    lo, hi : int
        Persons, `hi` excluded.
    most : int
        Above the lines of any person, and above every number in `incident` and `victim`.
    lines, looks : Lines, Looks
        The lines, and the days looked at.
    runs : bool
        Whether lines run over days: one that has not ended stands on the day looked at.
    factors : numpy.ndarray
        float64, decay factor by gap; beyond its end it is 0.
    to_number : numpy.ndarray
        int32 column to fill: incidents so far. Each column is empty where it is not asked for.
    real : tuple of numpy.ndarray
        float64 columns to fill: decayed gravity, highest weight so far, trend of the incidents' gravity.
    """
    offsets, seen, end, entry, incident = lines.offsets, lines.seen, lines.end, lines.entry, lines.incident
    to_decayed, to_ever, to_trend = real
    late, alone, events = len(entry) > 0, len(incident) == 0, len(looks.dates) == 0
    in_order = alone and not late and not runs
    trend = len(to_trend) > 0

    place = looks.starts.copy()
    first = np.empty(most, np.int32)  # of each incident: its earliest line that has ended, or -1
    peak = np.empty(most, np.float64)  # of each incident: its highest weight, or -1
    placed = np.zeros(most, np.bool_)  # lines that are the first of their incident
    waits = np.zeros(most, np.bool_)  # lines visible that have not ended
    # Up to each placed line: the decayed value on its day, sums for the trend, and how many incidents.
    value = np.empty(most, np.float64)
    weighed, plain = np.empty(most, np.float64), np.empty(most, np.float64)
    number = np.empty(most, np.int32)
    order = np.empty(most, np.int32)

    for person in range(lo, hi):
        a = offsets[person]
        n = offsets[person + 1] - a
        if n == 0:
            continue
        if not in_order:
            placed[:n] = False
            waits[:n] = False
            for x in range(n):
                event = x if alone else np.int64(incident[a + x])
                first[event] = -1
                peak[event] = -1.0
        top = -1  # the last placed line
        changed = n  # the first line from which on everything is to be folded anew
        waiting = done = i = k = known = 0
        ever = -1.0
        if not events:
            while k < len(place) and looks.dates[k] < seen[a + (entry[a] if late else 0)]:
                k += 1
        while i < n if events else k < len(place):
            today = np.int64(seen[a + (entry[a + i] if late else i)]) if events else looks.dates[k]
            j = i
            while j < n and seen[a + (entry[a + j] if late else j)] <= today:
                j += 1
            ended = done
            if runs:
                while done < n and end[a + done] <= today:
                    done += 1
            for turn in range(3):
                if turn != (1 if looks.before else 2):
                    for q in range(ended - done, 0) if turn == 0 else range(j - i):
                        x = done + q if turn == 0 else np.int64(entry[a + i + q]) if late else i + q
                        weight = abs(lines.weights[lines.code[a + x]])  # a weight of -0.0 is 0.0
                        if in_order:
                            changed = min(changed, x)
                            top = x
                            known += 1
                            ever = max(ever, weight)
                            continue
                        event = x if alone else np.int64(incident[a + x])
                        if turn == 0:
                            if not waits[x]:
                                continue
                            waits[x] = False
                            waiting -= 1
                        else:
                            ever = max(ever, weight)
                            if peak[event] < 0.0:
                                known += 1
                            if weight > peak[event]:
                                peak[event] = weight
                                if first[event] >= 0:
                                    changed = min(changed, np.int64(first[event]))
                            if runs and end[a + x] > today:
                                waits[x] = True
                                waiting += 1
                                continue
                        start = first[event]
                        if start < 0 or x < start:
                            if start >= 0:
                                placed[start] = False
                            first[event] = x
                            placed[x] = True
                            changed = min(changed, x)
                            top = max(top, x)
                    continue

                # Fold what is new.
                if changed <= top:
                    back = changed - 1
                    while back >= 0 and not in_order and not placed[back]:
                        back -= 1
                    for x in range(changed, top + 1):
                        if not in_order and not placed[x]:
                            continue
                        if in_order:
                            weight = abs(lines.weights[lines.code[a + x]])
                        else:
                            weight = peak[x if alone else incident[a + x]]
                        gap = np.int64(end[a + x]) - end[a + back] if back >= 0 else 0
                        kept = value[back] * factors[gap] if back >= 0 and gap < len(factors) else 0.0
                        value[x] = kept + weight
                        number[x] = number[back] + 1 if back >= 0 else 1
                        if trend:
                            step = float(number[x] - 1) * weight
                            weighed[x] = weighed[back] + step if back >= 0 else step
                            plain[x] = plain[back] + weight if back >= 0 else weight
                        back = x
                    top = back
                    changed = n
                size, back = 0, top
                if waiting > 0:
                    size = _today(lines, a, n, today, alone, waits, placed, first, order)
                    while back >= 0 and (not placed[back] or end[a + back] >= today):
                        back -= 1
                gap = today - end[a + back] if back >= 0 else 0
                now = value[back] * factors[gap] if back >= 0 and gap < len(factors) else 0.0
                for x in order[:size]:
                    now += peak[x if alone else incident[a + x]]
                slope = math.nan
                if trend and known > 1:
                    count = number[back] if back >= 0 else 0
                    up = weighed[back] if back >= 0 else 0.0
                    flat = plain[back] if back >= 0 else 0.0
                    for x in order[:size]:
                        weight = peak[x if alone else incident[a + x]]
                        up += float(count) * weight
                        flat += weight
                        count += 1
                    many = float(count)
                    slope = (2.0 * up - (many - 1.0) * flat) / (many * (many * many - 1.0) / 6.0)
                    if math.isnan(slope):  # sums beyond float64: no missing value, but an error
                        slope = math.inf
                for q in range(j - i if events else 1):
                    if events:
                        row = a + (np.int64(entry[a + i + q]) if late else i + q)
                    else:
                        row = place[k]
                    if len(to_decayed):
                        to_decayed[row] = now
                    if len(to_number):
                        to_number[row] = known
                    if len(to_ever):
                        to_ever[row] = ever
                    if trend:
                        to_trend[row] = slope
            if not events:
                place[k] += 1
                k += 1
            i = j
