"""How long ago the last line was, and how far apart the days with a line lie."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit
from rfgscore.windows.looks import Lines, Looks, wrapped

__all__ = ["recency"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@njit
def _place(values: Int64, n: int, value: int) -> int:
    """Return how many of the first `n` values, ascending, are below a value."""
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit
def _put(values: Int64, n: int, at: int, value: int) -> None:
    for k in range(n, at, -1):
        values[k] = values[k - 1]
    values[at] = value


@njit
def _drop(values: Int64, n: int, at: int) -> None:
    for k in range(at, n - 1):
        values[k] = values[k + 1]


@njit
def _nth(gaps: Int64, n: int, extra: int, nth: int) -> int:
    """Return the nth of `n` ascending gaps and one more, which is none where it is negative."""
    if extra < 0:
        return int(gaps[nth])
    at = _place(gaps, n, extra)
    if nth == at:
        return extra
    return int(gaps[nth] if nth < at else gaps[nth - 1])


@njit
def recency(
    lo: int,
    hi: int,
    most: int,
    lines: Lines,
    looks: Looks,
    runs: bool,
    whole: tuple[Int32, Int32],
    real: tuple[Float64, Float64],
) -> None:
    """Keep the distinct days with a line of the persons `lo` to `hi`, and write what they say.

    Parameters
    ----------
    lo, hi : int
        Persons, `hi` excluded.
    most : int
        Above the lines of any person, and above every number in `incident` and `victim`.
    lines, looks : Lines, Looks
        The lines, and the days looked at.
    runs : bool
        Whether lines run over days: one that has not ended counts as of the day looked at.
    whole : tuple of numpy.ndarray
        int32 columns to fill: days since the last line (on days of lines: since the last earlier day), last
        gap. The second is empty where it is not asked for.
    real : tuple of numpy.ndarray
        float64 columns to fill likewise: median and trend of the gaps.
    """
    offsets, seen, end, entry = lines.offsets, lines.seen, lines.end, lines.entry
    to_days, to_gap = whole
    to_median, to_trend = real
    late, events = len(entry) > 0, len(looks.dates) == 0
    median, trend = len(to_median) > 0, len(to_trend) > 0

    place = looks.starts.copy()
    days = np.empty(most + 1, np.int64)
    gaps = np.empty(most + 1, np.int64)
    waits = np.zeros(most, np.bool_)  # lines visible that have not ended

    for person in range(lo, hi):
        a = offsets[person]
        n = offsets[person + 1] - a
        if n == 0:
            continue
        m = 0  # days, and m - 1 gaps between them
        slope = np.int64(0)  # sum of each gap times its number
        waiting = done = i = k = 0
        if not events:
            while k < len(place) and looks.dates[k] < seen[a + (entry[a] if late else 0)]:
                k += 1
        if runs:
            waits[:n] = False
        while i < n if events else k < len(place):
            today = np.int64(seen[a + (entry[a + i] if late else i)]) if events else looks.dates[k]
            j = i
            while j < n and seen[a + (entry[a + j] if late else j)] <= today:
                j += 1
            ended = done
            if runs:
                while done < n and end[a + done] <= today:
                    done += 1
            # First go the lines that ended since the last look.
            for turn in range(3):
                if turn == (1 if looks.before else 2):
                    # What has begun and not ended stands on the day looked at.
                    extra = -1
                    if waiting > 0 and m > 0 and days[m - 1] < today:
                        extra = today - days[m - 1]
                    if events:
                        at = m
                        if at > 0 and days[at - 1] == today:
                            at -= 1
                        since = today - days[at - 1] if at > 0 else -1
                    else:
                        since = 0 if waiting > 0 else today - days[m - 1]
                    n_gaps = m - 1 if extra < 0 else m
                    for q in range(j - i if events else 1):
                        if events:
                            row = a + (np.int64(entry[a + i + q]) if late else i + q)
                        else:
                            row = place[k]
                        to_days[row] = wrapped(since)
                        if len(to_gap):
                            if n_gaps < 1:
                                to_gap[row] = -1
                            else:
                                last = extra if extra >= 0 else days[m - 1] - days[m - 2]
                                to_gap[row] = wrapped(last)
                        if median:
                            if n_gaps < 1:
                                to_median[row] = -1.0
                            else:
                                one = _nth(gaps, m - 1, extra, (n_gaps - 1) >> 1)
                                other = _nth(gaps, m - 1, extra, n_gaps >> 1)
                                to_median[row] = (one + other) / 2.0
                        if trend:
                            if n_gaps < 2:
                                to_trend[row] = math.nan
                            else:
                                span = days[m - 1] - days[0]
                                weighed = slope
                                if extra >= 0:
                                    span += extra
                                    weighed += (m - 1) * extra
                                size = float(n_gaps)
                                to_trend[row] = float(2 * weighed - (n_gaps - 1) * span) / (
                                    size * (size * size - 1.0) / 6.0
                                )
                    continue
                for q in range(ended - done, 0) if turn == 0 else range(j - i):
                    if q < 0:
                        x = done + q
                        if not waits[x]:
                            continue
                        waits[x] = False
                        waiting -= 1
                    else:
                        x = np.int64(entry[a + i + q]) if late else i + q
                        if runs and end[a + x] > today:
                            waits[x] = True
                            waiting += 1
                            continue
                    day = np.int64(end[a + x])
                    if m == 0 or day > days[m - 1]:
                        if m > 0 and (median or trend):
                            gap = day - days[m - 1]
                            slope += (m - 1) * gap
                            if median:
                                _put(gaps, m - 1, _place(gaps, m - 1, gap), gap)
                        days[m] = day
                        m += 1
                        continue
                    at = _place(days, m, day)
                    if days[at] == day:
                        continue
                    # A day between others, or before all: known late.
                    if median:
                        if at > 0:
                            gap = days[at] - days[at - 1]
                            _drop(gaps, m - 1, _place(gaps, m - 1, gap))
                            gap = day - days[at - 1]
                            _put(gaps, m - 2, _place(gaps, m - 2, gap), gap)
                        gap = days[at] - day
                        _put(gaps, m - 1, _place(gaps, m - 1, gap), gap)
                    _put(days, m, at, day)
                    m += 1
                    if trend:
                        slope = np.int64(0)
                        for y in range(1, m):
                            slope += (y - 1) * (days[y] - days[y - 1])
            if not events:
                place[k] += 1
                k += 1
            i = j
