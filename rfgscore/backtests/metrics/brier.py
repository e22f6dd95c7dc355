"""The mean squared error of a risk: at a horizon, and over a span of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.censoring import Censoring, Known, known_at, probabilities_of

__all__ = ["brier_at", "brier_terms", "integrated_terms"]

Float64 = npt.NDArray[np.float64]


def brier_terms(risk: npt.ArrayLike, known: Known) -> Float64:
    """Return the weighted squared error of each row; their mean is the Brier score.

    Parameters
    ----------
    risk : array-like
        Probability of the event by the horizon: one a row, or one for all.
    known : Known
        From `known_at`.

    Returns
    -------
    numpy.ndarray
        float64, 0 for a row whose end is not known.

    Examples
    --------
    >>> brier_terms([0.5, 0.5, 0.25], known_at([1, 2, 3], [1, 0, 0], 2)).tolist()
    [0.25, 0.25, 0.0625]
    """
    return np.asarray(known.weight * (known.case - probabilities_of(risk, len(known))) ** 2)


def brier_at(
    risk: npt.ArrayLike,
    stop: npt.ArrayLike,
    end: npt.ArrayLike,
    time: float,
    censoring: Censoring | None = None,
) -> float:
    """Return the Brier score at a horizon, weighted for censoring.

    Parameters
    ----------
    risk : array-like
        Probability of the event by the horizon: one a row, or one for all. `incidence` of the training
        rows makes it the null.
    stop, end : array-like
        The rows.
    time : float
        The horizon.
    censoring : Censoring, optional
        Of the training rows; by default that of these rows.

    Returns
    -------
    float
        0 is best.

    Raises
    ------
    FollowUpError
        When nobody was followed to the horizon.
    ValueError
        When a risk lies outside 0 to 1.

    Examples
    --------
    >>> brier_at([0.5, 0.5, 0.0, 0.0], [10, 400, 400, 400], [1, 0, 0, 0], 365)
    0.125
    """
    return float(np.mean(brier_terms(risk, known_at(stop, end, time, censoring))))


def integrated_terms(terms: Sequence[Float64], times: Sequence[float]) -> Float64:
    """Return the part of each row in the integrated Brier score, the mean over a span of horizons.

    Parameters
    ----------
    terms : sequence of numpy.ndarray
        From `brier_terms`, one a horizon.
    times : sequence of float
        The horizons, two or more, ascending.

    Returns
    -------
    numpy.ndarray
        float64, by the trapezoidal rule; their mean is the score.

    Examples
    --------
    >>> integrated_terms([np.array([0.2, 0.0]), np.array([0.4, 0.2])], [90, 365]).round(3).tolist()
    [0.3, 0.1]
    """
    width = np.diff(np.array(times, np.float64))
    share = (np.append(width, 0.0) + np.append(0.0, width)) / (2 * (times[-1] - times[0]))
    total = np.zeros(len(terms[0]))
    for part, each in zip(share.tolist(), terms, strict=True):
        total += part * each
    return total
