"""Rankings to compare: simple rules, the profile in use, and chance, by what was known at the landmark."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.gravity import Gravity
from rfgscore.history.history import History
from rfgscore.scoring.bands import bands_above, quantile_edges
from rfgscore.scoring.points import points_of
from rfgscore.windows import rounded, walk

__all__ = ["HALF_LIFE_DAYS", "RULES", "profile_rank", "rules"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Half-life of the two decayed rules.
HALF_LIFE_DAYS: Final = 365
#: Rules without a model, each in words; `oracle` alone knows what happened.
RULES: Final = {
    "random": "nobody before anybody: chance",
    "frequency": "incidents in the window",
    "recency": "the latest line first",
    "last_gravity": "highest weight on the last day with a line",
    "decayed_count": f"incidents, each counting half after {HALF_LIFE_DAYS} days",
    "decayed_harm": f"weights, each counting half after {HALF_LIFE_DAYS} days",
    "quintile_rfg": "fifths of recency, frequency and summed weights, added up",
    "profile": "the settings in use: score, then tie-breaks; people who may not be ranked come last",
    "oracle": "what really happened: the most that any ranking could reach",
}


def rules(
    history: History,
    landmark: int,
    people: Int64,
    *,
    config: Config,
    gravity: Gravity,
    threads: int = 1,
) -> dict[str, Float64]:
    """Return the score of everyone at risk under each rule but the oracle.

    Parameters
    ----------
    history : History
        The history; lines not visible at the landmark are passed over.
    landmark : int
        Day looked at.
    people : numpy.ndarray
        int64 person numbers of those at risk.
    config : Config
        Settings: window, gravity and profile.
    gravity : Gravity
        The gravity table of the config.
    threads : int
        Threads for the walks; results do not depend on it.

    Returns
    -------
    dict of str to numpy.ndarray
        float64 by the names of `RULES`, higher first.

    Raises
    ------
    PointInTimeError, ConfigError, DataError
        As `points_of` does.
    """
    points = points_of(history, config=config, gravity=gravity, as_of=landmark, threads=threads)
    seen, window = points.history, config.score.window_days
    found = walk(seen, landmark, window_days=window, half_life_days=HALF_LIFE_DAYS, threads=threads)
    # Under equal weights the decayed gravity is a decayed count.
    equal = seen.with_weights(np.ones(len(seen.offences)))
    counted = walk(equal, landmark, window_days=window, half_life_days=HALF_LIFE_DAYS, threads=threads)
    recency = -(landmark - found.last_day[people].astype(np.float64))
    frequency = found.incidents[people].astype(np.float64)
    summed = rounded(found.gravity_sum[people])
    return {
        "random": np.zeros(len(people)),
        "frequency": frequency,
        "recency": recency,
        "last_gravity": _last_gravity(seen, landmark, found.last_day)[people],
        "decayed_count": rounded(counted.decayed[people]),
        "decayed_harm": rounded(found.decayed[people]),
        "quintile_rfg": _fifths(recency) + _fifths(frequency) + _fifths(summed),
        "profile": _placed(
            people,
            points.people,
            profile_rank(points.score, points.tie_breaks(config.rank.tie_break), points.eligible),
        ),
    }


def profile_rank(
    score: npt.NDArray[Any], tie_break: list[npt.NDArray[Any]], eligible: npt.NDArray[np.bool_]
) -> Float64:
    """Return score and tie-break values as one number, equal only where all of them are.

    Parameters
    ----------
    score : numpy.ndarray
        Score of each person; higher comes first.
    tie_break : list of numpy.ndarray
        Values that order equal scores, lower first.
    eligible : numpy.ndarray
        Who may be ranked; the rest get 0.

    Returns
    -------
    numpy.ndarray
        float64, higher first.

    Examples
    --------
    >>> every = np.ones(4, bool)
    >>> profile_rank(np.array([5, 9, 5, 5]), [np.array([3, 1, 2, 3])], every).tolist()
    [1.0, 3.0, 2.0, 1.0]
    """
    out = np.zeros(len(score))
    some = np.flatnonzero(eligible)
    if len(some) == 0:
        return out
    keys = [*(-values[some].astype(np.float64) for values in reversed(tie_break)), score[some]]
    order = np.lexsort(keys)
    new = np.ones(len(some), np.bool_)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    out[some[order]] = np.cumsum(new)
    return out


def _placed(people: Int64, ranked: Int64, rank: Float64) -> Float64:
    """Return the ranks of some of the people ranked."""
    at = np.searchsorted(ranked, people)
    return np.asarray(rank[at], np.float64)


def _fifths(values: Float64) -> Float64:
    """Return bands 1 to 5, or fewer where edges are equal."""
    return bands_above(values, np.unique(quantile_edges(values, 5))).astype(np.float64)


def _last_gravity(seen: History, landmark: int, last_day: npt.NDArray[np.int32]) -> Float64:
    """Return the highest weight of the lines of each person's last day, 0 without a visible line."""
    person = seen.person_of_line()
    lines = np.flatnonzero(seen.visible(landmark) & (seen.day == last_day[person]))
    out = np.zeros(seen.size)
    if len(lines):
        owner = person[lines]
        starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
        out[owner[starts]] = np.maximum.reduceat(seen.weights[seen.code[lines]], starts)
    return out
