"""The share of people with the event by a time, when other ends rule it out: Aalen and Johansen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.censoring import must_reach, rows_of
from rfgscore.escalation.models.aalen import Curve, curve_of, error_at
from rfgscore.escalation.tables import Episodes

__all__ = ["incidence", "incidence_error"]

Float64 = npt.NDArray[np.float64]


def incidence(stop: npt.ArrayLike, end: npt.ArrayLike, times: npt.ArrayLike) -> Float64:
    """Return the probability of the event by some times.

    Without competing ends it is one minus the Kaplan-Meier curve. Of training rows, it is the null model.

    Parameters
    ----------
    stop, end : array-like
        The rows, all at risk from 0, of one person each; stops are whole days.
    times : array-like
        Horizons.

    Returns
    -------
    numpy.ndarray
        float64, one a horizon.

    Raises
    ------
    FollowUpError
        When nobody was followed to one of them.

    Examples
    --------
    >>> incidence([1, 2, 3, 4], [1, 0, 2, 1], [1, 3, 4]).tolist()
    [0.25, 0.25, 0.625]
    """
    asked = np.asarray(times, np.float64)
    _, curve = _curve(stop, end, float(asked.max()))
    return curve.risk[np.minimum(asked, len(curve.risk) - 1).astype(np.int64)]


def incidence_error(stop: npt.ArrayLike, end: npt.ArrayLike, time: float) -> tuple[float, float]:
    """Return the probability of the event by a time, and its standard error.

    Parameters
    ----------
    stop, end : array-like
        As in `incidence`.
    time : float
        The horizon.

    Returns
    -------
    risk : float
        As from `incidence`.
    error : float
        As from `error_at`; without competing ends that of Greenwood.

    Raises
    ------
    FollowUpError
        When nobody was followed to the horizon.

    Examples
    --------
    >>> risk, error = incidence_error([1, 2, 3, 4], [1, 0, 0, 0], 2)
    >>> risk, round(error, 4)
    (0.25, 0.2165)
    """
    rows, curve = _curve(stop, end, time)
    day = min(int(time), len(curve.risk) - 1)
    return float(curve.risk[day]), error_at(rows, curve, day)


def _curve(stop: npt.ArrayLike, end: npt.ArrayLike, time: float) -> tuple[Episodes, Curve]:
    times, codes = rows_of(stop, end)
    must_reach(times, codes, time)
    days, start = times.astype(np.int32), np.zeros(len(times), np.int32)
    if (days != times).any():
        raise ValueError("stop needs whole days")
    rows = Episodes(np.arange(len(days)), start, start, days, codes)
    return rows, curve_of(rows)
