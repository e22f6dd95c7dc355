"""What share of what happens later is caused by the top of a ranking."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.censoring import numbers_of
from rfgscore.errors import TooFewEventsError
from rfgscore.jit import njit

__all__ = ["capture", "number_to_watch", "precision", "top_of", "tops_taken"]

Bool = npt.NDArray[np.bool_]
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]


def top_of(top: int | str, people: int) -> int:
    """Return how many places a top has.

    Parameters
    ----------
    top : int or str
        A number of people, or a share such as ``"5%"``, rounded up.
    people : int
        How many are ranked.

    Returns
    -------
    int
        From 1 to `people`.

    Raises
    ------
    ValueError
        When it is not above 0, or a share is above 100%.

    Examples
    --------
    >>> top_of("5%", 1001), top_of("0.1%", 20), top_of(50, 1000), top_of(50, 20)
    (51, 1, 50, 20)
    """
    if isinstance(top, str):
        share = Fraction(top.strip().removesuffix("%").strip()) / 100
        if not top.strip().endswith("%") or not 0 < share <= 1:
            raise ValueError(f"a share of the people is written as '5%', from above 0% to 100%, not {top!r}")
        places = -int(-people * share // 1)
    else:
        places = int(top)
        if places < 1:
            raise ValueError(f"the top of a ranking has one place or more, not {places}")
    return min(places, people)


def capture(score: npt.ArrayLike, amount: npt.ArrayLike, k: int) -> float:
    """Return the share of a total that the top of a ranking causes.

    Where the last places fall within people of equal score, each of them has the same chance of one: the
    result is what to expect when ties are broken at random.

    Parameters
    ----------
    score : array-like
        Higher stands first.
    amount : array-like
        What each causes later, at least 0: incidents, serious incidents, harm.
    k : int
        Places in the top; all, where there are fewer people.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TooFewEventsError
        When nobody causes anything.
    ValueError
        When an amount is negative, or `k` is below 1.

    Examples
    --------
    >>> capture([3, 2, 2, 1], [5, 0, 4, 1], 2)
    0.7
    """
    amounts = numbers_of("amount", amount)
    taken, total = _taken(score, amounts, k), float(amounts.sum())
    if not total > 0:
        raise TooFewEventsError(
            f"none of the {len(amounts)} people caused any of it, so that there is nothing to capture. "
            "Look further ahead, or use a day with more people at risk"
        )
    return min(1.0, taken / total)


def precision(score: npt.ArrayLike, event: npt.ArrayLike, k: int) -> float:
    """Return the share of the top of a ranking with an event.

    Parameters
    ----------
    score : array-like
        Higher stands first; ties in expectation, as in `capture`.
    event : array-like
        Who has one.
    k : int
        Places in the top; all, where there are fewer people.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TooFewEventsError
        When nobody is ranked.
    ValueError
        When `k` is below 1.

    Examples
    --------
    >>> precision([3, 2, 2, 1], [True, False, True, True], 2)
    0.75
    """
    events = np.asarray(event).astype(bool)
    return _taken(score, events.astype(np.float64), k) / min(k, len(events))


def number_to_watch(precision: float) -> float | None:
    """Return how many people of the top must be watched to watch one with an event.

    Parameters
    ----------
    precision : float
        From `precision`.

    Returns
    -------
    float or None
        At least 1; None where nobody in the top has one.

    Examples
    --------
    >>> number_to_watch(0.25), number_to_watch(0.0)
    (4.0, None)
    """
    return 1 / precision if precision > 0 else None


def _taken(score: npt.ArrayLike, amount: Float64, k: int) -> float:
    scores = numbers_of("score", score, len(amount))
    if k < 1:
        raise ValueError(f"the top of a ranking has one place or more, not {k}")
    if not len(scores):
        raise TooFewEventsError("nobody is ranked: use a day on which someone is at risk")
    if (amount < 0).any():
        raise ValueError("an amount cannot be negative")
    if k >= len(scores):
        return float(amount.sum())
    edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    above, level = scores > edge, scores == edge
    places = k - int(above.sum())
    return float(amount[above].sum() + amount[level].sum() * (places / int(level.sum())))


@njit
def _add_row(level: Float64, drawn: int, amounts: Float64, row: int) -> None:
    for amount in range(len(level)):
        level[amount] += drawn * amounts[row, amount]


@njit
def _cut(above: Float64, level: Float64, share: float, out: Float64) -> None:
    for amount in range(len(level)):
        out[amount] = above[amount] + share * level[amount]


@njit
def tops_taken(
    order: Int32, last: Bool, amounts: Float64, places: Float64, copies: Int8, out: Float64
) -> None:
    """Write what the tops of a ranking cause in each resample, walking no further down than they reach.

    Parameters
    ----------
    order : numpy.ndarray
        int32 row numbers, highest score first.
    last : numpy.ndarray
        bool, in that order: the row is the last of its score.
    amounts : numpy.ndarray
        float64, rows by amounts.
    places : numpy.ndarray
        float64, tops by resamples, the tops ascending.
    copies : numpy.ndarray
        int8, resamples by rows: how often each is drawn.
    out : numpy.ndarray
        float64, resamples by tops by amounts, filled.
    """
    many = amounts.shape[1]
    above, level = np.empty(many), np.empty(many)
    for resample in range(len(copies)):
        above[:] = 0.0
        level[:] = 0.0
        top, taken, group = 0, 0.0, 0.0
        for at in range(len(order)):
            drawn = copies[resample, order[at]]
            if drawn > 0:
                group += drawn
                _add_row(level, drawn, amounts, order[at])
            if not last[at]:
                continue
            # A top that ends among equal scores has its share of them.
            while top < len(places) and places[top, resample] <= taken + group:
                share = (places[top, resample] - taken) / group if group > 0 else 0.0
                _cut(above, level, share, out[resample, top])
                top += 1
            if top == len(places):
                break
            taken += group
            group = 0.0
            above += level
            level[:] = 0.0
