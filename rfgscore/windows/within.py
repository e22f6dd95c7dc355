"""The sliding window: lines enter when they become visible and leave when they grow too old."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit
from rfgscore.windows.exact import PARTIALS, added, total
from rfgscore.windows.looks import Lines, Looks

__all__ = ["within"]

Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]

_NEVER = 2**40


@njit
def within(
    lo: int,
    hi: int,
    most: int,
    lines: Lines,
    looks: Looks,
    window_days: int,
    exact: bool,
    whole: tuple[Int32, Int32, Int32, Int32, Int32],
    real: tuple[Float64, Float64, Float64],
) -> None:
    """Slide a window over the lines of the persons `lo` to `hi` and write what stands in it.

    Parameters
    ----------
    lo, hi : int
        Persons, `hi` excluded.
    most : int
        Above the lines of any person, and above every number in `incident` and `victim`.
    lines, looks : Lines, Looks
        The lines, and the days looked at.
    window_days : int
        Length of the window.
    exact : bool
        Whether weights add up exactly in float64; if not, their sums are kept as expansions.
    whole : tuple of numpy.ndarray
        int32 columns to fill: incidents, victims, offence classes, incidents that are no crime, new
        victims. Each is empty where it is not asked for.
    real : tuple of numpy.ndarray
        float64 columns to fill likewise: sum, highest and mean gravity.
    """
    offsets, seen, end, entry, code, incident, victim = (
        lines.offsets,
        lines.seen,
        lines.end,
        lines.entry,
        lines.code,
        lines.incident,
        lines.victim,
    )
    to_count, to_victims, to_classes, to_harmless, to_new = whole
    to_sum, to_top, to_mean = real
    late, alone, events = len(entry) > 0, len(incident) == 0, len(looks.dates) == 0
    classed, sorted_out, new = len(to_classes) > 0, len(to_harmless) > 0, len(to_new) > 0

    place = looks.starts.copy()
    inside = np.empty(most, np.bool_)
    heavy = np.empty(most, np.float64)  # weight of each line
    stair = np.empty(
        most + 1, np.int32
    )  # lines inside, each lighter than all before it: the first is the gravest
    held = np.empty(most, np.int32)  # lines inside of each incident
    crimes = np.empty(most, np.int32)  # those of them that are crimes
    # Of each incident another such stair, as a list linked both ways.
    head, foot = np.empty(most, np.int32), np.empty(most, np.int32)
    up, down = np.empty(most, np.int32), np.empty(most, np.int32)
    harm = np.empty(most, np.int32)  # lines inside of each victim
    born = np.empty(most, np.int64)  # day of each victim's first line
    fresh = np.empty(most, np.bool_)  # whether that line is inside
    of_class = np.zeros(len(lines.classes) + 1, np.int32)
    partials = np.empty(PARTIALS, np.float64)

    for person in range(lo, hi):
        a = offsets[person]
        n = offsets[person + 1] - a
        if n == 0:
            continue
        if n == 1 and events and not looks.before:
            # Most people have one line, and need nothing of what follows.
            inn = np.int64(seen[a]) - end[a] < window_days
            one = 1 if inn else 0
            weight = abs(lines.weights[code[a]]) if inn else 0.0
            crime = lines.classes[code[a]] >= 0
            to_count[a] = one
            to_sum[a] = weight
            to_top[a] = weight if inn else -1.0
            to_victims[a] = one if victim[a] >= 0 else 0
            if len(to_mean):
                to_mean[a] = weight if inn else -1.0
            if classed:
                to_classes[a] = one if crime else 0
            if sorted_out:
                to_harmless[a] = 0 if crime else one
            if new:
                to_new[a] = one if victim[a] >= 0 else 0
            continue
        for x in range(n):
            inside[x] = False
            heavy[x] = abs(lines.weights[code[a + x]])  # a weight of -0.0 is 0.0
            who = victim[a + x]
            if who >= 0:
                harm[who] = 0
                born[who] = _NEVER
                fresh[who] = False
            if not alone:
                event = incident[a + x]
                held[event] = 0
                crimes[event] = 0
                head[event] = -1
                foot[event] = -1
        if classed:
            for x in range(n):
                of_class[lines.classes[code[a + x]]] = 0
        count = victims = n_classes = harmless = n_new = 0
        gravity, partly = 0.0, 0
        old = first = last = i = k = 0
        if not events:
            while k < len(place) and looks.dates[k] < seen[a + (entry[a] if late else 0)]:
                k += 1
        while i < n if events else k < len(place):
            today = np.int64(seen[a + (entry[a + i] if late else i)]) if events else looks.dates[k]
            j = i
            while j < n and seen[a + (entry[a + j] if late else j)] <= today:
                j += 1
            edge = today - window_days

            while old < n and end[a + old] <= edge:
                x = old
                old += 1
                if not inside[x]:
                    continue
                inside[x] = False
                line = a + x
                crime = lines.classes[code[line]] >= 0
                if first < last and stair[first] == x:
                    first += 1
                less, more = heavy[x], 0.0
                if alone:
                    count -= 1
                    harmless -= 0 if crime else 1
                else:
                    event = incident[line]
                    less = heavy[head[event]]
                    if head[event] == x:
                        head[event] = up[x]
                        if up[x] >= 0:
                            down[up[x]] = -1
                        else:
                            foot[event] = -1
                    held[event] -= 1
                    if crime:
                        crimes[event] -= 1
                    if held[event] == 0:
                        count -= 1
                        harmless -= 0 if crime else 1
                    else:
                        more = heavy[head[event]]
                        if crime and crimes[event] == 0:
                            harmless += 1
                if exact:
                    gravity += more - less
                elif more != less:
                    partly = added(partials, added(partials, partly, more), -less)
                who = victim[line]
                if who >= 0:
                    harm[who] -= 1
                    if harm[who] == 0:
                        victims -= 1
                    if new and fresh[who] and end[line] == born[who]:
                        fresh[who] = False
                        n_new -= 1
                if classed and crime:
                    of_class[lines.classes[code[line]]] -= 1
                    if of_class[lines.classes[code[line]]] == 0:
                        n_classes -= 1

            for turn in range(2):
                if (turn == 0) == looks.before:
                    if not exact:
                        gravity = total(partials, partly)
                    for q in range(j - i if events else 1):
                        if events:
                            row = a + (np.int64(entry[a + i + q]) if late else i + q)
                        else:
                            row = place[k]
                        to_count[row] = count
                        to_victims[row] = victims
                        to_sum[row] = gravity
                        to_top[row] = heavy[stair[first]] if first < last else -1.0
                        if len(to_mean):
                            to_mean[row] = gravity / count if count > 0 else -1.0
                        if classed:
                            to_classes[row] = n_classes
                        if sorted_out:
                            to_harmless[row] = harmless
                        if new:
                            to_new[row] = n_new
                    continue
                for q in range(i, j):
                    x = np.int64(entry[a + q]) if late else q
                    line = a + x
                    who = victim[line]
                    inn = end[line] > edge
                    if new and who >= 0 and end[line] < born[who]:
                        if fresh[who] and not inn:
                            fresh[who] = False
                            n_new -= 1
                        elif inn and not fresh[who] and born[who] == _NEVER:
                            fresh[who] = True
                            n_new += 1
                        born[who] = end[line]
                    if not inn:
                        continue
                    inside[x] = True
                    weight = heavy[x]
                    crime = lines.classes[code[line]] >= 0
                    at = last
                    while at > first and stair[at - 1] > x:
                        at -= 1
                    if at == last or heavy[stair[at]] < weight:
                        low = at
                        while low > first and heavy[stair[low - 1]] <= weight:
                            low -= 1
                        if low == at:
                            for y in range(last, at, -1):
                                stair[y] = stair[y - 1]
                            last += 1
                        elif low + 1 < at:
                            for y in range(at, last):
                                stair[y - at + low + 1] = stair[y]
                            last -= at - low - 1
                        stair[low] = x
                    less, more = 0.0, weight
                    if alone:
                        count += 1
                        harmless += 0 if crime else 1
                    else:
                        event = incident[line]
                        less = heavy[head[event]] if head[event] >= 0 else 0.0
                        after = -1
                        before = foot[event]
                        while before > x:
                            after = before
                            before = down[before]
                        if after < 0 or heavy[after] < weight:
                            while before >= 0 and heavy[before] <= weight:
                                before = down[before]
                            up[x], down[x] = after, before
                            if after >= 0:
                                down[after] = x
                            else:
                                foot[event] = x
                            if before >= 0:
                                up[before] = x
                            else:
                                head[event] = x
                        more = heavy[head[event]]
                        if held[event] == 0:
                            count += 1
                            harmless += 0 if crime else 1
                        elif crime and crimes[event] == 0:
                            harmless -= 1
                        held[event] += 1
                        crimes[event] += 1 if crime else 0
                    if exact:
                        gravity += more - less
                    elif more != less:
                        partly = added(partials, added(partials, partly, more), -less)
                    if who >= 0:
                        if harm[who] == 0:
                            victims += 1
                        harm[who] += 1
                    if classed and crime:
                        if of_class[lines.classes[code[line]]] == 0:
                            n_classes += 1
                        of_class[lines.classes[code[line]]] += 1
            if not events:
                place[k] += 1
                k += 1
            i = j
