"""Net benefit: what acting on a risk is worth, when a false alarm costs what the threshold says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.censoring import Censoring, known_at, numbers_of

__all__ = ["NetBenefit", "net_benefit"]

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NetBenefit:
    """Net benefit at some thresholds; that of acting on nobody is 0.

    Parameters
    ----------
    thresholds : numpy.ndarray
        float64, probability from which one would act.
    model : numpy.ndarray
        float64, of acting on those whose risk is at least the threshold.
    everybody : numpy.ndarray
        float64, of acting on all.
    """

    thresholds: Float64
    model: Float64
    everybody: Float64


def net_benefit(
    risk: npt.ArrayLike,
    stop: npt.ArrayLike,
    end: npt.ArrayLike,
    time: float,
    thresholds: npt.ArrayLike,
    censoring: Censoring | None = None,
) -> NetBenefit:
    """Return the decision curve of a risk at a horizon, weighted for censoring.

    It is the share of people rightly acted on, less the share wrongly acted on times ``threshold / (1 -
    threshold)``.

    Parameters
    ----------
    risk : array-like
        Probability of the event by the horizon, one a row.
    stop, end : array-like
        The rows.
    time : float
        The horizon.
    thresholds : array-like
        Between 0 and 1, both excluded.
    censoring : Censoring, optional
        Of the training rows; by default that of these rows.

    Returns
    -------
    NetBenefit
        One number a threshold.

    Raises
    ------
    FollowUpError
        When nobody was followed to the horizon.
    ValueError
        When a threshold is not between 0 and 1, or a risk lies outside.

    Examples
    --------
    >>> found = net_benefit([0.6, 0.3, 0.2, 0.1], [30, 400, 400, 400], [1, 0, 0, 0], 365, [0.2])
    >>> found.model.tolist(), found.everybody.round(6).tolist()
    ([0.125], [0.0625])
    """
    known = known_at(stop, end, time, censoring)
    risks, asked = numbers_of("risk", risk, len(known)), np.atleast_1d(np.asarray(thresholds, np.float64))
    if not ((asked > 0) & (asked < 1)).all():
        raise ValueError("a threshold lies between 0 and 1, both excluded")
    if risks.min() < 0 or risks.max() > 1:
        raise ValueError("a risk is a probability, from 0 to 1")
    order = np.argsort(risks, kind="stable")
    share, ranked = known.weight[order] / known.weight.sum(), risks[order]
    # From each row on, in ascending order of risk: share of people with the event, and without.
    right = np.append(np.cumsum(np.where(known.case[order], share, 0.0)[::-1])[::-1], 0.0)
    wrong = np.append(np.cumsum(np.where(known.case[order], 0.0, share)[::-1])[::-1], 0.0)
    odds, at = asked / (1 - asked), np.searchsorted(ranked, asked, side="left")
    return NetBenefit(asked, right[at] - wrong[at] * odds, right[0] - wrong[0] * odds)
