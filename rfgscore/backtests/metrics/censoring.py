"""Who is known at a horizon, and the weights that stand in for those who are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FollowUpError, TooFewEventsError
from rfgscore.escalation.tables import CENSORED, EVENT

__all__ = [
    "Censoring",
    "Known",
    "censoring_of",
    "known_at",
    "must_reach",
    "numbers_of",
    "probabilities_of",
    "reaches",
    "rows_of",
]

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]


def rows_of(stop: npt.ArrayLike, end: npt.ArrayLike) -> tuple[Float64, npt.NDArray[np.int8]]:
    """Return stop and end as the measures take them.

    Parameters
    ----------
    stop : array-like
        Time at which each row ends.
    end : array-like
        Codes as in `Episodes`, or a mask of the rows that end with the event.

    Returns
    -------
    stop : numpy.ndarray
        float64.
    end : numpy.ndarray
        int8 codes.

    Raises
    ------
    ValueError
        When the two differ in length or a stop is not finite.
    TooFewEventsError
        When there is no row.

    Examples
    --------
    >>> rows_of([3, 5], [True, False])
    (array([3., 5.]), array([1, 0], dtype=int8))
    """
    times, codes = numbers_of("stop", stop), np.asarray(end).astype(np.int8)
    if times.shape != codes.shape or times.ndim != 1:
        raise ValueError("stop and end need one value for each row")
    if not len(times):
        raise TooFewEventsError("there is no row to measure on: use a day on which someone is at risk")
    return times, codes


def numbers_of(name: str, values: npt.ArrayLike, rows: int | None = None) -> Float64:
    """Return finite numbers, one a row.

    Parameters
    ----------
    name : str
        What they are, for the message.
    values : array-like
        The numbers; in a table, the rows stand along its last axis.
    rows : int, optional
        How many there must be.

    Returns
    -------
    numpy.ndarray
        float64.

    Raises
    ------
    ValueError
        When one is not finite, or there are more or fewer.

    Examples
    --------
    >>> numbers_of("score", [1, 2], 2)
    array([1., 2.])
    """
    found = np.asarray(values, np.float64)
    if rows is not None and found.shape != (rows,):
        raise ValueError(f"{name} needs one value for each of the {rows} rows")
    if not np.isfinite(found).all():
        row = int(np.argwhere(~np.isfinite(found))[0][-1]) + 1
        raise ValueError(f"{name}: row {row} is not a finite number (rows are counted from 1)")
    return found


def probabilities_of(risk: npt.ArrayLike, rows: int) -> Float64:
    """Return probabilities, one a row.

    Parameters
    ----------
    risk : array-like
        One a row, or one for all.
    rows : int
        How many rows there are.

    Returns
    -------
    numpy.ndarray
        float64.

    Raises
    ------
    ValueError
        When one lies outside 0 to 1, or there are more or fewer.

    Examples
    --------
    >>> probabilities_of(0.25, 2).tolist()
    [0.25, 0.25]
    """
    given = np.asarray(risk, np.float64)
    risks = numbers_of("risk", np.full(rows, given) if given.ndim == 0 else given, rows)
    if risks.min() < 0 or risks.max() > 1:
        raise ValueError("a risk is a probability, from 0 to 1")
    return risks


def reaches(stop: npt.ArrayLike, end: npt.ArrayLike, time: float) -> bool:
    """Say whether the rows tell what happened by a time.

    Parameters
    ----------
    stop, end : array-like
        The rows.
    time : float
        The horizon.

    Returns
    -------
    bool
        False when all stopped before, and those who stayed longest were still without any end.

    Examples
    --------
    >>> reaches([10, 20], [1, 0], 20), reaches([10, 20], [1, 0], 21), reaches([10, 20], [0, 1], 21)
    (True, False, True)
    """
    times, codes = rows_of(stop, end)
    longest = times.max()
    return bool(longest >= time or (codes[times == longest] != CENSORED).all())


def must_reach(stop: Float64, end: npt.NDArray[np.int8], time: float) -> None:
    """Refuse a time at which the rows do not tell what happened.

    Parameters
    ----------
    stop, end : numpy.ndarray
        The rows, from `rows_of`.
    time : float
        The horizon.

    Raises
    ------
    FollowUpError
        When nobody was followed to it.

    Examples
    --------
    >>> must_reach(*rows_of([10, 20], [1, 0]), 20)
    """
    if not reaches(stop, end, time):
        raise FollowUpError(
            f"none of the {len(stop)} rows was followed to day {time:g}: the longest stops on day "
            f"{stop.max():g}. Ask for a shorter horizon, or look further ahead"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Censoring:
    """The Kaplan-Meier curve of the time of censoring.

    Parameters
    ----------
    times : numpy.ndarray
        float64, distinct stops, ascending.
    left : numpy.ndarray
        float64, probability of being watched until each of them: censored on that day or later.
    """

    times: Float64
    left: Float64

    def chance(self, at: npt.ArrayLike) -> Float64:
        """Return the probability of being watched until some times.

        Parameters
        ----------
        at : array-like
            Times.

        Returns
        -------
        numpy.ndarray
            float64, above 0.

        Raises
        ------
        FollowUpError
            When a time lies beyond the longest stop.
        """
        asked = np.asarray(at, np.float64)
        if asked.size and asked.max() > self.times[-1]:
            raise FollowUpError(
                f"nobody was watched until day {asked.max():g}: the rows on which censoring is estimated "
                f"stop on day {self.times[-1]:g} at the latest. Ask for a shorter horizon, or give rows "
                "followed for longer"
            )
        return np.asarray(self.left[np.searchsorted(self.times, asked, side="left")])


def censoring_of(stop: npt.ArrayLike, end: npt.ArrayLike) -> Censoring:
    """Estimate how long people are watched.

    On a day with both, ends come before censoring. A competing end is an end.

    Parameters
    ----------
    stop, end : array-like
        The rows: those tested, or those trained on.

    Returns
    -------
    Censoring
        Without an entry for any row.

    Examples
    --------
    >>> censoring_of([1, 2, 3, 4], [0, 1, 0, 0]).chance([1, 2, 3, 4]).tolist()
    [1.0, 0.75, 0.75, 0.375]
    """
    times, codes = rows_of(stop, end)
    days, place = np.unique(times, return_inverse=True)
    censored = np.bincount(place, codes == CENSORED, len(days))
    rows = np.bincount(place, minlength=len(days))
    # At risk of being censored on a day: all who stop then or later, without those who end on it.
    able = np.cumsum(rows[::-1])[::-1] - (rows - censored)
    stay = 1 - np.divide(censored, able, out=np.zeros(len(days)), where=able > 0)
    return Censoring(days, np.concatenate([[1.0], np.cumprod(stay)[:-1]]))


@dataclass(frozen=True, eq=False, repr=False)
class Known:
    """What is known of each row at a horizon.

    Parameters
    ----------
    time : float
        The horizon.
    case : numpy.ndarray
        bool: the event came by then.
    weight : numpy.ndarray
        float64: one over the probability of being watched long enough to know; 0 for a row censored before.
    """

    time: float
    case: Bool
    weight: Float64

    def __len__(self) -> int:
        return len(self.case)

    def __repr__(self) -> str:
        return f"Known(by {self.time:g}: {int(self.case.sum())} cases among {len(self)} rows)"

    @property
    def prevalence(self) -> float:
        """Share of cases, as if nobody were censored."""
        return float(self.weight[self.case].sum() / self.weight.sum())


def known_at(
    stop: npt.ArrayLike, end: npt.ArrayLike, time: float, censoring: Censoring | None = None
) -> Known:
    """Return who is known to have had the event by a time, with weights for censoring.

    Parameters
    ----------
    stop, end : array-like
        The rows. A row that stops on the day `time` without an end is known to be without the event.
    time : float
        The horizon.
    censoring : Censoring, optional
        Of the training rows; by default that of these rows.

    Returns
    -------
    Known
        One entry a row; weights of these rows' own censoring add up to the number of rows.

    Raises
    ------
    FollowUpError
        When nobody was followed to the horizon.

    Examples
    --------
    >>> known = known_at([100, 200, 300], [1, 0, 0], 300)
    >>> known.case.tolist(), known.weight.tolist()
    ([True, False, False], [1.0, 0.0, 2.0])
    """
    times, codes = rows_of(stop, end)
    must_reach(times, codes, time)
    ended = (codes != CENSORED) & (times <= time)
    known = ended | (times >= time)
    weight = np.zeros(len(times))
    chance = (censoring or censoring_of(times, codes)).chance(np.where(ended, times, time)[known])
    weight[known] = 1 / chance
    return Known(float(time), (codes == EVENT) & ended, weight)
