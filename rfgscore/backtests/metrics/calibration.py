"""Whether as many people have the event as a risk says: altogether, by intercept and slope, and by tenths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.censoring import (
    Censoring,
    Known,
    known_at,
    probabilities_of,
    reaches,
    rows_of,
)
from rfgscore.backtests.metrics.incidence import incidence_error
from rfgscore.backtests.metrics.regression import logit, one_column
from rfgscore.errors import FitError, TooFewEventsError
from rfgscore.escalation.models.estimates import Z95

__all__ = ["Bin", "Calibration", "calibration_at"]

Int64 = npt.NDArray[np.int64]
Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """People with about the same risk, and how many of them had the event.

    Parameters
    ----------
    people : int
        Rows in it.
    events : int
        Rows with the event by the horizon.
    predicted : float
        Mean risk.
    observed : float
        Aalen-Johansen probability of the event by the horizon.
    lower, upper : float
        95% interval of `observed`: Wilson's, for as many people as give its standard error.
    """

    people: int
    events: int
    predicted: float
    observed: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Calibration:
    """How a risk agrees with what happened by a horizon.

    Parameters
    ----------
    observed : float
        Aalen-Johansen probability of the event by the horizon.
    expected : float
        Mean risk.
    ratio : float
        `observed` over `expected`: above 1, the risk says too little.
    intercept : float
        Calibration in the large: what is to be added to ``logit(risk)``; 0 is best.
    slope : float or None
        By how much ``logit(risk)`` is to be stretched; 1 is best, below 1 the risks lie too far apart. None
        where all risks are equal, or tell those with the event from the rest without error.
    curve : tuple of Bin
        Tenths of the people in ascending order of risk. Equal risks stay together, so there may be fewer.
    """

    observed: float
    expected: float
    ratio: float
    intercept: float
    slope: float | None
    curve: tuple[Bin, ...]


def calibration_at(
    risk: npt.ArrayLike,
    stop: npt.ArrayLike,
    end: npt.ArrayLike,
    time: float,
    censoring: Censoring | None = None,
    bins: int = 10,
) -> Calibration:
    """Compare a risk with what happened by a horizon.

    Parameters
    ----------
    risk : array-like
        Probability of the event by the horizon, one a row.
    stop, end : array-like
        The rows.
    time : float
        The horizon.
    censoring : Censoring, optional
        Of the training rows, for intercept and slope; by default that of these rows.
    bins : int, default 10
        Points of the curve, at most.

    Returns
    -------
    Calibration
        Every number finite.

    Raises
    ------
    TooFewEventsError
        When nobody, or everybody, had the event.
    FollowUpError
        When nobody was followed to the horizon.
    ValueError
        When a risk lies outside 0 to 1.

    Examples
    --------
    >>> found = calibration_at([0.1, 0.1, 0.4, 0.4], [400, 400, 30, 400], [0, 0, 1, 0], 365)
    >>> found.observed, found.expected, found.ratio
    (0.25, 0.25, 1.0)
    >>> [(part.people, part.predicted, part.observed) for part in found.curve]
    [(2, 0.1, 0.0), (2, 0.4, 0.5)]
    """
    times, codes = rows_of(stop, end)
    risks = probabilities_of(risk, len(times))
    known = known_at(times, codes, time, censoring)
    _both(known)
    observed, _ = incidence_error(times, codes, time)
    column, expected = logit(risks), float(risks.mean())
    moved = one_column(column, known.case, known.weight, slope=1.0)
    ratio = observed / expected if expected > 0 else np.inf
    if moved is None or not np.isfinite(ratio):
        raise FitError(
            f"the risks by day {time:g} cannot be compared with what happened: their mean is {expected:g}. "
            "See that the model gives risks for this horizon"
        )
    stretched = one_column(column, known.case, known.weight)
    curve = tuple(_bin(rows, risks, times, codes, known) for rows in _tenths(risks, times, codes, time, bins))
    slope = None if stretched is None else stretched[1]
    return Calibration(observed, expected, float(ratio), moved[0], slope, curve)


def _both(known: Known) -> None:
    cases = int(known.case.sum())
    others = int((known.weight[~known.case] > 0).sum())
    if not cases or not others:
        raise TooFewEventsError(
            f"by day {known.time:g} there are {cases} people with the event and {others} known to be without "
            "it: calibration needs both. Use another horizon, or a day with more people at risk"
        )


def _tenths(risk: Float64, stop: Float64, end: Int8, time: float, bins: int) -> list[Int64]:
    """Return the rows of each bin; one of which nobody was followed to the horizon joins its neighbour."""
    order = np.argsort(risk, kind="stable")
    ranked = risk[order]
    # A group of equal risks goes where its middle lies.
    first = np.searchsorted(ranked, ranked, side="left")
    behind = np.searchsorted(ranked, ranked, side="right")
    place = (first + behind - 1) * bins // (2 * len(risk))
    parts = np.split(order, np.flatnonzero(np.diff(place)) + 1)
    joined: list[Int64] = []
    waiting = np.empty(0, np.int64)
    for part in parts:
        rows = np.concatenate([waiting, part])
        if reaches(stop[rows], end[rows], time):
            joined.append(rows)
            waiting = np.empty(0, np.int64)
        else:
            waiting = rows
    if len(waiting):
        joined[-1] = np.concatenate([joined[-1], waiting])
    return joined


def _bin(rows: Int64, risk: Float64, stop: Float64, end: Int8, known: Known) -> Bin:
    observed, error = incidence_error(stop[rows], end[rows], known.time)
    people = len(rows)
    spread = observed * (1 - observed)
    size = spread / error**2 if error > 0 and spread > 0 else float((known.weight[rows] > 0).sum())
    middle = (observed + Z95**2 / (2 * size)) / (1 + Z95**2 / size)
    half = Z95 / (1 + Z95**2 / size) * np.sqrt(spread / size + Z95**2 / (4 * size**2))
    # At 0 and 1 the interval begins there; rounding must not move it.
    lower, upper = min(observed, max(0.0, middle - half)), max(observed, min(1.0, middle + half))
    events = int(known.case[rows].sum())
    return Bin(people, events, float(risk[rows].mean()), observed, float(lower), float(upper))
