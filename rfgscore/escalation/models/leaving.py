"""Whether leaving observation goes with what is known of a row; survival models take it that it does not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.escalation.models.estimates import chance
from rfgscore.escalation.tables import CENSORED, Episodes

__all__ = ["leaving"]

Float64 = npt.NDArray[np.float64]


def leaving(values: Float64, episodes: Episodes) -> tuple[Float64, Float64, Float64]:
    """Test each column in a Cox model of being censored, at a coefficient of 0.

    Who has an end on a day is not there to be censored on it. Where all who are left are censored on one day,
    as on the last, nothing is compared. Rows of one person are added before they are squared.

    Parameters
    ----------
    values : numpy.ndarray
        float64, rows by columns.
    episodes : Episodes
        Time under observation of these rows.

    Returns
    -------
    statistic : numpy.ndarray
        Robust score statistic of each column, chi-squared with one degree of freedom.
    p : numpy.ndarray
        Its p.
    step : numpy.ndarray
        What one Newton step from 0 gives: change of the log of the rate for one standard deviation of the
        column. NaN, as the other two, where a column or leaving does not vary.

    Examples
    --------
    >>> zero, stop = np.zeros(40, np.int32), np.arange(1, 41, dtype=np.int32)
    >>> episodes = Episodes(np.arange(40), zero, zero, stop, (stop % 2).astype(np.int8))
    >>> statistic, p, step = leaving(np.column_stack([stop, stop % 3]).astype(float), episodes)
    >>> bool(p[0] < 0.01 < p[1]), bool(step[0] < 0)
    (True, True)
    """
    spread = values.std(axis=0)
    x = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    leaves = episodes.end == CENSORED
    start, stop = episodes.start.astype(np.int64), episodes.stop.astype(np.int64) - ~leaves
    length = int(stop.max(initial=0)) + 1

    def present(amount: Float64) -> Float64:
        """Sum of what is under observation on each day."""
        return np.concatenate(
            [[0.0], np.cumsum(np.bincount(start, amount, length) - np.bincount(stop, amount, length))[:-1]]
        )

    at_risk = np.maximum(np.rint(present(np.ones(len(x)))), 1.0)
    rate = np.bincount(stop[leaves], minlength=length) / at_risk
    total = np.cumsum(rate)
    _, person = np.unique(episodes.person, return_inverse=True)
    statistic, p, step = (np.full(x.shape[1], np.nan) for _ in range(3))
    for at in np.flatnonzero(spread > 0):
        one = x[:, at]
        mean = present(one) / at_risk
        drift = np.cumsum(mean * rate)
        score = leaves * (one - mean[stop]) - one * (total[stop] - total[start]) + drift[stop] - drift[start]
        variance = float((np.bincount(person, score) ** 2).sum())
        information = float((rate * (1 - rate) * (present(one**2) - at_risk * mean**2)).sum())
        if variance > 1e-9 and information > 1e-9:
            statistic[at] = float(score.sum()) ** 2 / variance
            p[at] = chance(statistic[at])
            step[at] = float(score.sum()) / information
    return statistic, p, step
