"""One curve: the share that has had the event by each day, exact with ties, late entry and competing ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FitError
from rfgscore.escalation.models.ends import reach
from rfgscore.escalation.tables import CENSORED, EVENT, Episodes

__all__ = ["Curve", "curve_of", "error_at", "standard_error"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """One curve on every day from 0 to the last that may be asked.

    Parameters
    ----------
    at_risk : numpy.ndarray
        int64 rows under observation on the day.
    events : numpy.ndarray
        int64 rows that end with the event on the day.
    ends : numpy.ndarray
        int64 rows that end on the day with the event or a competing end.
    free : numpy.ndarray
        float64 probability that none of both has happened by the day.
    risk : numpy.ndarray
        float64 probability that the event has happened by the day.
    """

    at_risk: Int64
    events: Int64
    ends: Int64
    free: Float64
    risk: Float64


def curve_of(episodes: Episodes, longest: int | None = None) -> Curve:
    """Return the Aalen-Johansen curve of the event, exact with ties, late entry and competing ends.

    Without competing ends it is one minus the Kaplan-Meier curve.

    Parameters
    ----------
    episodes : Episodes
        Rows of one group.
    longest : int, optional
        Last day of the curve; the largest ``stop`` by default.

    Returns
    -------
    Curve
        A value for each day from 0 to `longest`.

    Raises
    ------
    FollowUpError
        When nobody was followed as long as `longest`.
    FitError
        When some day has nobody under observation, or people enter after the curve has come to its end.

    Examples
    --------
    >>> days = lambda *given: np.array(given, np.int32)
    >>> ends = np.array([1, 0, 2, 1], np.int8)
    >>> episodes = Episodes(np.arange(4), days(0, 0, 0, 0), days(0, 0, 0, 0), days(1, 2, 2, 3), ends)
    >>> curve_of(episodes).risk.round(4).tolist()
    [0.0, 0.25, 0.25, 0.75]
    """
    longest = reach(episodes, longest)
    last = int(episodes.stop.max(initial=0))

    def on_day(days: npt.NDArray[np.int32]) -> Int64:
        return np.bincount(days, minlength=last + 1).astype(np.int64)

    entered, left = np.cumsum(on_day(episodes.start)), np.cumsum(on_day(episodes.stop))
    # At risk on day t: who entered before it and has not left before it.
    at_risk = np.concatenate([[0], (entered - left)[:-1]])[: longest + 1]
    events = on_day(episodes.stop[episodes.event])[: longest + 1]
    ends = on_day(episodes.stop[episodes.end != CENSORED])[: longest + 1]
    nobody = np.flatnonzero(at_risk[1:] == 0) + 1
    if len(nobody):
        raise FitError(
            f"on {len(nobody)} of {longest} days nobody is under observation, on day {nobody[0]} first, so "
            "nothing links what came before with what came after. Take people who are followed from day 0"
        )
    some = np.maximum(at_risk, 1)
    free = np.cumprod((at_risk - ends + (at_risk == 0)) / some)
    over = np.flatnonzero(free[:-1] == 0)
    if len(over):
        raise FitError(
            f"on day {over[0]} everyone under observation has come to an end, and others enter later. Take "
            "people who are followed from day 0"
        )
    before = np.concatenate([[1.0], free[:-1]])
    # What is left of 1 ends at exactly 1 where everyone has had the event; a sum might not.
    risk = np.minimum(np.cumsum(before * events / some), 1.0) if (ends > events).any() else 1.0 - free
    return Curve(at_risk, events, ends, free, risk)


def standard_error(episodes: Episodes, curve: Curve) -> Float64:
    """Return the standard error of the risk on each day: the infinitesimal jackknife by person.

    It is what R's ``survfit`` gives for competing ends, and with ``cluster`` for one end. Rows of one person
    are added before they are squared, so a person who is there at four landmarks counts as one. Where each
    person has one row from day 0 and nothing competes, it equals Greenwood's formula.

    Parameters
    ----------
    episodes : Episodes
        Rows of one group.
    curve : Curve
        The curve of these rows.

    Returns
    -------
    numpy.ndarray
        float64, one for each day of the curve.

    Examples
    --------
    >>> days = lambda *given: np.array(given, np.int32)
    >>> ends = np.array([1, 0, 1, 1], np.int8)
    >>> episodes = Episodes(np.arange(4), days(0, 0, 0, 0), days(0, 0, 0, 0), days(1, 2, 2, 3), ends)
    >>> standard_error(episodes, curve_of(episodes)).round(4).tolist()
    [0.0, 0.2165, 0.25, 0.0]
    """
    _, person = np.unique(episodes.person, return_inverse=True)
    people = int(person.max(initial=-1)) + 1
    entering, leaving = np.argsort(episodes.start, kind="stable"), np.argsort(episodes.stop, kind="stable")
    # How many rows have entered before each day, have left before it, and by its end.
    days = np.arange(len(curve.risk), dtype=np.int32)
    came_by = np.searchsorted(episodes.start[entering], days)
    left_by = np.searchsorted(episodes.stop[leaving], days)
    ended_by = np.searchsorted(episodes.stop[leaving], days, side="right")

    def rows_of(numbers: Int64) -> Int64:
        return np.bincount(person[numbers], minlength=people)

    # How the two probabilities would move with the weight of each person.
    of_free, of_risk = np.zeros(people), np.zeros(people)
    present = np.zeros(people, np.int64)
    error = np.zeros(len(curve.risk))
    came = left = 0
    for day in np.flatnonzero(curve.ends):
        present += rows_of(entering[came : came_by[day]]) - rows_of(leaving[left : left_by[day]])
        came, left = came_by[day], left_by[day]
        ending = leaving[left : ended_by[day]]
        at_risk = curve.at_risk[day]
        all_ends, event = curve.ends[day] / at_risk, curve.events[day] / at_risk
        each = curve.free[day - 1] / at_risk
        of_risk += of_free * event
        of_risk += each * (rows_of(ending[episodes.end[ending] == EVENT]) - present * event)
        of_free *= 1.0 - all_ends
        of_free -= each * (rows_of(ending[episodes.end[ending] != CENSORED]) - present * all_ends)
        error[day:] = math.sqrt(np.square(of_risk).sum())
    return error


def error_at(episodes: Episodes, curve: Curve, day: int) -> float:
    """Return the standard error of the risk on one day, as `standard_error` does, in one pass over the rows.

    Parameters
    ----------
    episodes : Episodes
        Rows of one group.
    curve : Curve
        The curve of these rows.
    day : int
        A day of the curve.

    Returns
    -------
    float
        The square root of the sum of squares of what each person moves the risk by.

    Examples
    --------
    >>> days = lambda *given: np.array(given, np.int32)
    >>> ends = np.array([1, 0, 1, 1], np.int8)
    >>> episodes = Episodes(np.arange(4), days(0, 0, 0, 0), days(0, 0, 0, 0), days(1, 2, 2, 3), ends)
    >>> round(error_at(episodes, curve_of(episodes), 2), 4)
    0.25
    """
    upto = slice(None, day + 1)
    some = np.maximum(curve.at_risk[upto], 1)
    mine, every = curve.events[upto] / some, curve.ends[upto] / some
    # What an event on a day moves; and what any end moves, by leaving fewer for the days after.
    own = np.append(1.0, curve.free)[: day + 1] / some
    after = np.divide(
        curve.risk[day] - curve.risk[upto], (1 - every) * some, out=np.zeros(day + 1), where=every < 1
    )
    drift = np.cumsum(own * mine - after * every)
    by_then = episodes.stop <= day
    stop, start = np.minimum(episodes.stop, day), np.minimum(episodes.start, day)
    moved = drift[start] - drift[stop]
    moved += np.where(episodes.event & by_then, own[stop], 0.0)
    moved -= np.where((episodes.end != CENSORED) & by_then, after[stop], 0.0)
    _, whose = np.unique(episodes.person, return_inverse=True)
    return math.sqrt((np.bincount(whose, moved) ** 2).sum())
