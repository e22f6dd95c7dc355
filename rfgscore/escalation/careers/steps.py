"""The days on which each person's incidents began, in order: what every table of careers walks along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.escalation.episodes import clock_of, endings_of, followed, refuse_after_data
from rfgscore.escalation.gaps import present
from rfgscore.escalation.keys import person_day
from rfgscore.escalation.outcomes import incidents_of, outcome_of
from rfgscore.escalation.tables import Clock, Episodes
from rfgscore.history.history import History

__all__ = ["Steps", "followed_steps", "steps_of"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Steps:
    """One row for each day on which incidents of a person began, by person and day.

    Incidents that began on one day have no order among each other: they make one step, as grave as the
    gravest of them.

    Parameters
    ----------
    person : numpy.ndarray
        int64 person number, ascending.
    day : numpy.ndarray
        int64 days, ascending within a person and each once.
    gravity : numpy.ndarray
        float64, highest gravity of the incidents of the day.
    count : numpy.ndarray
        int64, incidents of the person up to and with that day.
    """

    person: Int64
    day: Int64
    gravity: Float64
    count: Int64

    def __len__(self) -> int:
        return len(self.person)

    @property
    def first(self) -> Bool:
        """Which rows are the first of a person."""
        out = np.ones(len(self), np.bool_)
        out[1:] = self.person[1:] != self.person[:-1]
        return out

    @property
    def last(self) -> Bool:
        """Which rows are the last of a person."""
        return np.append(self.first[1:], True)[: len(self)]

    @property
    def place(self) -> Int64:
        """Place of each row among those of its person, from 1; int64."""
        begins = np.flatnonzero(self.first)
        sizes = np.diff(np.append(begins, len(self)))
        return np.arange(len(self)) - np.repeat(begins, sizes) + 1

    def take(self, rows: Int64 | Bool) -> Steps:
        """Return some of the rows.

        Parameters
        ----------
        rows : numpy.ndarray
            Row numbers, ascending, or a mask.

        Returns
        -------
        Steps
            The rows; `count` stays what it was.
        """
        return Steps(self.person[rows], self.day[rows], self.gravity[rows], self.count[rows])


def steps_of(history: History, until: int) -> Steps:
    """Return the days on which the incidents of everyone began, as known at a day.

    Parameters
    ----------
    history : History
        The history.
    until : int
        Day looked at; lines not visible then are passed over.

    Returns
    -------
    Steps
        By person and day.

    Raises
    ------
    PointInTimeError
        When `until` is later than the day the history was read for.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "a"], day=[1, 9, 9], gravity=[5, 2, 4])
    >>> found = steps_of(history, 20)
    >>> found.day.tolist(), found.gravity.tolist(), found.count.tolist()
    ([1, 9], [5.0, 4.0], [1, 3])
    """
    found = incidents_of(history.at(until), until)
    begins = np.ones(len(found), np.bool_)
    begins[1:] = (found.person[1:] != found.person[:-1]) | (found.day[1:] != found.day[:-1])
    at = np.flatnonzero(begins)
    if len(at) == 0:
        nothing = np.zeros(0, np.int64)
        return Steps(nothing, nothing, np.zeros(0), nothing)
    person = found.person[at]
    upto = np.append(at[1:], len(found))
    return Steps(
        person,
        found.day[at].astype(np.int64),
        np.maximum.reduceat(found.gravity, at),
        upto - np.searchsorted(found.person, person),
    )


def followed_steps(history: History, until: int, clock: Clock | None = None) -> tuple[Steps, Episodes, Int64]:
    """Follow each step to the next one, a competing end, or the last day known.

    Parameters
    ----------
    history : History
        The history.
    until : int
        Last day of the follow-up.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known.

    Returns
    -------
    steps : Steps
        All steps.
    episodes : Episodes
        One row for each step with time at risk; those that end with the event end with the next step. Nobody
        is followed from the day they died or were handed on.
    row : numpy.ndarray
        int64, the step of each of these rows.

    Raises
    ------
    FollowUpError
        When `until` is after the data.
    DataError
        When the clock needs custody and there is none.
    """
    refuse_after_data(history, until)
    endings = endings_of(history, until)
    steps = steps_of(history, until)
    there = np.flatnonzero(present(endings, steps.person, steps.day))
    episodes = followed(
        history,
        steps.person[there],
        steps.day[there].astype(np.int32),
        incidents_of(history.at(until), until),
        endings,
        outcome_of("repeat"),
        until,
        clock=clock_of(history, clock),
    )
    begun = person_day(episodes.person, episodes.origin)
    return steps, episodes, np.searchsorted(person_day(steps.person, steps.day), begun)
