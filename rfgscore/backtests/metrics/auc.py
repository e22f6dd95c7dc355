"""The area under the curve at a horizon: cases by then against those without the event at it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.censoring import Censoring, Known, known_at, numbers_of
from rfgscore.errors import TooFewEventsError
from rfgscore.jit import given, njit

__all__ = ["area", "areas", "auc_at", "auc_of", "descending", "sides"]

Bool = npt.NDArray[np.bool_]
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]


@njit
def area(order: Int32, last: Bool, case: Float64, control: Float64, copies: Int8) -> float:
    """Return the area under the curve of rows in descending order of score.

    Parameters
    ----------
    order : numpy.ndarray
        int32 row numbers.
    last : numpy.ndarray
        bool: the row is the last of its score.
    case, control : numpy.ndarray
        float64 weights in that order, 0 where the row is not one.
    copies : numpy.ndarray
        int8, how often each row counts, by row number.

    Returns
    -------
    float
        From 0 to 1; -1 where there is no case or no control.
    """
    above = found = right = cases = controls = 0.0
    for at in range(len(order)):
        many = copies[order[at]]
        cases += many * case[at]
        controls += many * control[at]
        if last[at]:
            right += controls * (above + 0.5 * cases)
            above += cases
            found += controls
            cases = controls = 0.0
    return right / (above * found) if above > 0 and found > 0 else -1.0


@njit
def areas(order: Int32, last: Bool, case: Float64, control: Float64, copies: Int8, out: Float64) -> None:
    """Write the area under the curve in each resample.

    Parameters
    ----------
    order, last, case, control : numpy.ndarray
        As for `area`.
    copies : numpy.ndarray
        int8, resamples by rows.
    out : numpy.ndarray
        float64, one a resample, filled.
    """
    for resample in range(len(copies)):
        out[resample] = area(order, last, case, control, copies[resample])


def descending(score: Float64) -> tuple[Int32, Bool]:
    """Return rows in descending order of score, and where each score ends.

    Parameters
    ----------
    score : numpy.ndarray
        float64 scores.

    Returns
    -------
    order : numpy.ndarray
        int32 row numbers; ties in the order of the rows.
    last : numpy.ndarray
        bool, in that order: the next score is another.

    Examples
    --------
    >>> order, last = descending(np.array([1.0, 2.0, 1.0]))
    >>> order.tolist(), last.tolist()
    ([1, 0, 2], [True, False, True])
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last = np.ones(len(score), np.bool_)
    last[:-1] = ranked[1:] != ranked[:-1]
    return given(order, np.int32), given(last, np.bool_)


def auc_at(
    score: npt.ArrayLike,
    stop: npt.ArrayLike,
    end: npt.ArrayLike,
    time: float,
    censoring: Censoring | None = None,
) -> float:
    """Return the cumulative/dynamic area under the curve at a horizon, weighted for censoring.

    Cases had the event by the horizon. Controls are still at risk at it, or were ruled out before.

    Parameters
    ----------
    score : array-like
        Higher is riskier; ties are exact and count half.
    stop, end : array-like
        The rows.
    time : float
        The horizon.
    censoring : Censoring, optional
        Of the training rows; by default that of these rows.

    Returns
    -------
    float
        From 0 to 1; 0.5 when all scores are equal.

    Raises
    ------
    TooFewEventsError
        When there is no case, or no control.
    FollowUpError
        When nobody was followed to the horizon.

    Examples
    --------
    >>> auc_at([0.9, 0.4, 0.4, 0.1], [10, 20, 30, 30], [1, 1, 0, 0], 30)
    0.875
    """
    return auc_of(score, known_at(stop, end, time, censoring))


def auc_of(score: npt.ArrayLike, known: Known) -> float:
    """Return the area under the curve for what is known at a horizon.

    Parameters
    ----------
    score : array-like
        Higher is riskier.
    known : Known
        From `known_at`.

    Returns
    -------
    float
        As from `auc_at`.

    Raises
    ------
    TooFewEventsError
        When there is no case, or no control.

    Examples
    --------
    >>> auc_of([3, 2, 1], known_at([10, 20, 30], [0, 1, 0], 20))
    1.0
    """
    order, last = descending(numbers_of("score", score, len(known)))
    case, control = sides(known)
    found = float(
        area(
            order, last, given(case[order], np.float64), given(control[order], np.float64), _ones(len(known))
        )
    )
    if found < 0:
        raise TooFewEventsError(
            f"by day {known.time:g} there are {int((case > 0).sum())} people with the event and "
            f"{int((control > 0).sum())} known to be without it: the area under the curve needs both. "
            "Use another horizon, or a day with more people at risk"
        )
    return found


def sides(known: Known) -> tuple[Float64, Float64]:
    """Return the weights of cases and of controls.

    Parameters
    ----------
    known : Known
        From `known_at`.

    Returns
    -------
    case, control : numpy.ndarray
        float64, 0 where the row is not one.

    Examples
    --------
    >>> [side.tolist() for side in sides(known_at([10, 20, 30], [2, 1, 0], 20))]
    [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    return np.where(known.case, known.weight, 0.0), np.where(known.case, 0.0, known.weight)


def _ones(rows: int) -> Int8:
    return given(np.ones(rows, np.int8), np.int8)
