"""How far follow-up reaches, and the hazard of the ends that rule the event out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FollowUpError
from rfgscore.escalation.tables import Episodes

__all__ = ["competing_hazard", "reach"]

Float64 = npt.NDArray[np.float64]


def competing_hazard(episodes: Episodes, longest: int) -> Float64 | None:
    """Return the Nelson-Aalen cumulative hazard of all competing ends together.

    Parameters
    ----------
    episodes : Episodes
        Stretches under observation. A row counts as at risk on the days ``start < t <= stop``.
    longest : int
        Last day on the clock.

    Returns
    -------
    numpy.ndarray or None
        float64, one value a day from 0 to `longest`; None where no competing end happened by then.

    Examples
    --------
    >>> days = np.array([10, 20, 20, 30], np.int32)
    >>> ends = np.array([1, 2, 0, 3], np.int8)
    >>> nothing = np.zeros(4, np.int32)
    >>> what = competing_hazard(Episodes(np.arange(4), nothing, nothing, days, ends), 30)
    >>> what[[19, 20, 29, 30]].round(3).tolist()
    [0.0, 0.333, 0.333, 1.333]
    """
    size = max(longest, int(episodes.stop.max(initial=0))) + 2
    ended = np.bincount(episodes.stop[episodes.competing], minlength=size)[: longest + 1]
    if not ended.any():
        return None
    # Who enters on day s is at risk from s + 1 on; who stops on day t was at risk on t.
    change = np.bincount(episodes.start + 1, minlength=size) - np.bincount(episodes.stop + 1, minlength=size)
    at_risk = np.cumsum(change)[: longest + 1]
    hazard = np.divide(ended, at_risk, out=np.zeros(longest + 1), where=ended > 0)
    return np.asarray(np.cumsum(hazard), np.float64)


def reach(episodes: Episodes, longest: int | None) -> int:
    """Return the last day a model fitted on these episodes may predict.

    Parameters
    ----------
    episodes : Episodes
        Stretches under observation.
    longest : int or None
        Day asked for; None for the last day anyone was followed.

    Returns
    -------
    int
        That day.

    Raises
    ------
    FollowUpError
        When nobody was followed that long.

    Examples
    --------
    >>> one = np.array([90], np.int32)
    >>> reach(Episodes(one, one, one * 0, one, np.array([1], np.int8)), None)
    90
    """
    followed = int(episodes.stop.max(initial=0))
    if longest is None:
        return followed
    if longest > followed or longest < 1:
        raise FollowUpError(
            f"the model shall predict up to day {longest}, and nobody in its {len(episodes)} training rows "
            f"was followed beyond day {followed}. Ask for shorter horizons, or fit on a longer record"
        )
    return longest
