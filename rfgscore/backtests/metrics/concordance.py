"""How often the one who goes first had the higher score: Harrell's C, and Uno's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.censoring import Censoring, censoring_of, numbers_of, rows_of
from rfgscore.errors import TooFewEventsError
from rfgscore.escalation.tables import CENSORED, EVENT
from rfgscore.jit import given, njit

__all__ = ["concordances", "harrell_c", "ordered", "pairs", "uno_c", "uno_factor"]

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@njit
def _add(tree: Float64, at: int, value: float) -> None:
    while at < len(tree):
        tree[at] += value
        at += at & -at


@njit
def _below(tree: Float64, at: int) -> float:
    total = 0.0
    while at > 0:
        total += tree[at]
        at -= at & -at
    return total


@njit
def _gone(kind: Int8, rank: Int32, weight: Float64, factor: Float64, tree: Float64, level: Float64) -> float:
    """Fill a tree with those a competing end ruled out, and return their sum."""
    total = 0.0
    for row in range(len(kind)):
        if kind[row] > 1:
            value = weight[row] * factor[row]
            _add(tree, rank[row] + 1, value)
            level[rank[row]] += value
            total += value
    return total


@njit
def pairs(
    time: Int32, kind: Int8, rank: Int32, ranks: int, weight: Float64, factor: Float64
) -> tuple[float, float]:
    """Return the weight of pairs in the right order, ties counting half, and that of all pairs.

    Parameters
    ----------
    time, kind, rank : numpy.ndarray
        Rows as `ordered` gives them.
    ranks : int
        Number of distinct scores.
    weight : numpy.ndarray
        float64, weight of each row.
    factor : numpy.ndarray
        float64, weight for censoring at each row's stop; an event with 0 is passed over.

    Returns
    -------
    right, all : float
        Sums over pairs.
    """
    n = len(time)
    later, later_level, later_sum = np.zeros(ranks + 1), np.zeros(ranks), 0.0
    out, out_level = np.zeros(ranks + 1), np.zeros(ranks)
    out_sum = _gone(kind, rank, weight, factor, out, out_level)
    right = whole = 0.0
    # From the last stop to the first: each event meets those who stayed longer, and those ruled out before.
    at = 0
    while at < n:
        end = at
        if kind[at] == 1:
            while end < n and kind[end] == 1 and time[end] == time[at]:
                w, f, r = weight[end] * factor[end], factor[end], rank[end]
                if w > 0:
                    right += w * f * (_below(later, r) + 0.5 * later_level[r])
                    whole += w * f * later_sum
                    if out_sum > 0:
                        right += w * (_below(out, r) + 0.5 * out_level[r])
                        whole += w * out_sum
                end += 1
        else:
            end = at + 1
            if kind[at] > 1:
                value = weight[at] * factor[at]
                _add(out, rank[at] + 1, -value)
                out_level[rank[at]] -= value
                out_sum -= value
        for row in range(at, end):
            if weight[row] > 0:
                _add(later, rank[row] + 1, weight[row])
                later_level[rank[row]] += weight[row]
                later_sum += weight[row]
        at = end
    return right, whole


@njit
def concordances(
    order: Int32,
    time: Int32,
    kind: Int8,
    rank: Int32,
    ranks: int,
    factor: Float64,
    copies: Int8,
    out: Float64,
) -> None:
    """Write the concordance in each resample, -1 where there is no pair.

    Parameters
    ----------
    order, time, kind, rank : numpy.ndarray
        Rows as `ordered` gives them.
    ranks : int
        Number of distinct scores.
    factor : numpy.ndarray
        float64, weight for censoring, in that order.
    copies : numpy.ndarray
        int8, resamples by rows.
    out : numpy.ndarray
        float64, one a resample, filled.
    """
    weight = np.empty(len(order))
    for resample in range(len(copies)):
        for at in range(len(order)):
            weight[at] = copies[resample, order[at]]
        right, whole = pairs(time, kind, rank, ranks, weight, factor)
        out[resample] = right / whole if whole > 0 else -1.0


def ordered(score: Float64, stop: Float64, end: Int8) -> tuple[Int64, Int32, Int8, Int32, int]:
    """Return the rows from the last stop to the first, as `pairs` walks them.

    Parameters
    ----------
    score : numpy.ndarray
        float64, higher is riskier.
    stop : numpy.ndarray
        float64, when each row ends.
    end : numpy.ndarray
        int8 codes as in `Episodes`.

    Returns
    -------
    order : numpy.ndarray
        Row numbers; on a day events stand last, so that they meet all others of that day.
    time : numpy.ndarray
        int32 place of each stop among the distinct ones, in that order.
    kind : numpy.ndarray
        int8 ends, in that order.
    rank : numpy.ndarray
        int32 place of each score among the distinct ones, in that order.
    ranks : int
        Number of distinct scores.

    Examples
    --------
    >>> order, time, kind, rank, ranks = ordered(np.array([0.5, 0.1]), np.array([3.0, 9.0]), np.array([1, 0]))
    >>> order.tolist(), time.tolist(), kind.tolist(), rank.tolist(), ranks
    ([1, 0], [1, 0], [0, 1], [0, 1], 2)
    """
    order = np.lexsort((end == EVENT, -stop))
    time = np.unique(stop, return_inverse=True)[1]
    scores, rank = np.unique(score, return_inverse=True)
    return (
        order,
        given(time[order], np.int32),
        given(end[order], np.int8),
        given(rank[order], np.int32),
        len(scores),
    )


def harrell_c(
    score: npt.ArrayLike, stop: npt.ArrayLike, end: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> float:
    """Return Harrell's C: of the pairs whose order in time is known, the share the score puts right.

    A pair is known when one has the event, and the other is watched longer, or to the same day without an
    event. Two events on one day are no pair. One whom a competing end ruled out stays without the event for
    good, and so makes a pair with every event (Wolbers and others 2009). Equal scores count half.

    Parameters
    ----------
    score : array-like
        Higher is riskier; ties are exact.
    stop, end : array-like
        The rows.
    weight : array-like, optional
        How often each row counts, at least 0.

    Returns
    -------
    float
        From 0 to 1; 0.5 when all scores are equal.

    Raises
    ------
    TooFewEventsError
        When there is no pair.
    ValueError
        When a weight is negative.

    Examples
    --------
    >>> harrell_c([0.9, 0.4, 0.4, 0.1], [10, 20, 30, 30], [1, 1, 0, 0])
    0.9
    """
    times, codes = rows_of(stop, end)
    return _share(score, times, codes, weight, np.ones(len(times)))


def uno_c(
    score: npt.ArrayLike,
    stop: npt.ArrayLike,
    end: npt.ArrayLike,
    tau: float,
    censoring: Censoring | None = None,
    weight: npt.ArrayLike | None = None,
) -> float:
    """Return Uno's C: Harrell's, weighted so that it does not depend on who was censored when.

    Each pair weighs one over the squared probability of being watched until the event; a pair with one ruled
    out before, one over the product of the two probabilities (Wolbers and others 2014).

    Parameters
    ----------
    score : array-like
        Higher is riskier; ties are exact.
    stop, end : array-like
        The rows.
    tau : float
        Last day on which an event counts.
    censoring : Censoring, optional
        Of the training rows; by default that of these rows.
    weight : array-like, optional
        How often each row counts, at least 0.

    Returns
    -------
    float
        From 0 to 1; 0.5 when all scores are equal.

    Raises
    ------
    TooFewEventsError
        When there is no pair.
    FollowUpError
        When an event lies beyond the rows on which censoring is estimated.
    ValueError
        When a weight is negative.

    Examples
    --------
    >>> round(uno_c([0.9, 0.2, 0.4, 0.1, 0.3], [10, 20, 30, 40, 15], [1, 1, 0, 0, 0], tau=30), 4)
    0.7647
    """
    times, codes = rows_of(stop, end)
    return _share(score, times, codes, weight, uno_factor(times, codes, tau, censoring))


def uno_factor(
    stop: npt.ArrayLike, end: npt.ArrayLike, tau: float, censoring: Censoring | None = None
) -> Float64:
    """Return the weight for censoring that makes Harrell's C Uno's.

    Parameters
    ----------
    stop, end : array-like
        The rows.
    tau : float
        Last day on which an event counts.
    censoring : Censoring, optional
        Of the training rows; by default that of these rows.

    Returns
    -------
    numpy.ndarray
        float64, one over the probability of being watched until the row's end; 0 where that is censoring, or
        beyond `tau`.

    Raises
    ------
    FollowUpError
        When an end lies beyond the rows on which censoring is estimated.

    Examples
    --------
    >>> uno_factor([10, 20, 30, 40], [0, 1, 0, 1], 30).round(4).tolist()
    [0.0, 1.3333, 0.0, 0.0]
    """
    times, codes = rows_of(stop, end)
    counted = (codes != CENSORED) & (times <= tau)
    factor = np.zeros(len(times))
    factor[counted] = 1 / (censoring or censoring_of(times, codes)).chance(times[counted])
    return factor


def _share(
    score: npt.ArrayLike, stop: Float64, end: Int8, weight: npt.ArrayLike | None, factor: Float64
) -> float:
    weights = np.ones(len(stop)) if weight is None else numbers_of("weight", weight, len(stop))
    if (weights < 0).any():
        raise ValueError("a weight cannot be negative")
    order, time, kind, rank, ranks = ordered(numbers_of("score", score, len(stop)), stop, end)
    right, whole = pairs(
        time, kind, rank, ranks, given(weights[order], np.float64), given(factor[order], np.float64)
    )
    if not whole > 0:
        raise TooFewEventsError(
            f"no pair to compare: {int((end == EVENT).sum())} events among {len(stop)} rows, and nobody "
            "known to go later than one. Use a longer follow-up, or a day with more people at risk"
        )
    return float(right / whole)
