"""From a history to survival rows: who is at risk at each landmark, until when, and how that ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, iso, within_days
from rfgscore.errors import DataError, FollowUpError
from rfgscore.escalation.exposure import Exposure
from rfgscore.escalation.keys import NEVER, person_day
from rfgscore.escalation.outcomes import Incidents, Outcome, gravest_by, incidents_of, next_incident
from rfgscore.escalation.tables import CENSORED, DEATH, EVENT, TRANSFER, Clock, Episodes
from rfgscore.history.history import History

__all__ = [
    "Endings",
    "Held",
    "at_risk",
    "clock_of",
    "endings_of",
    "followed",
    "landmark_episodes",
    "last_day",
    "refuse_after_data",
]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

Held = Literal["include", "exclude"]


def last_day(history: History) -> int:
    """Return the last day of which a history tells.

    Parameters
    ----------
    history : History
        The history.

    Returns
    -------
    int
        The day it was read for; of a history from arrays, the latest day on which a line became visible.
    """
    return history.span[1] if history.as_of is None else history.as_of


def clock_of(history: History, clock: Clock | None = None) -> Clock:
    """Return the clock that times are counted on.

    Parameters
    ----------
    history : History
        The history.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known.

    Returns
    -------
    str
        The clock.

    Raises
    ------
    DataError
        When days at liberty are asked for and no custody table was given.
    """
    known = history.source is not None and history.source.spells is not None
    if clock == "at_liberty" and not known:
        raise DataError("clock at_liberty needs a custody table; give one, or take clock calendar")
    return clock or ("at_liberty" if known else "calendar")


@dataclass(frozen=True, eq=False, repr=False)
class Endings:
    """Days on which persons died or were handed to another area, as known at one day.

    Parameters
    ----------
    died : numpy.ndarray
        int64 a person; later than every day where no death is known.
    person, day : numpy.ndarray
        int64: each transfer out, by person and day.
    """

    died: Int64
    person: Int64
    day: Int64

    def gone(self, history: History, as_of: int) -> Bool:
        """Return who is dead, or handed on and not seen again since, at a day.

        Parameters
        ----------
        history : History
            The history.
        as_of : int
            Day looked at.

        Returns
        -------
        numpy.ndarray
            Boolean a person. Someone handed on is back when a line becomes visible after that day.
        """
        latest = np.full(history.size, -NEVER, np.int64)
        known = self.day <= as_of
        np.maximum.at(latest, self.person[known], self.day[known])
        if known.any():
            seen = history.seen.astype(np.int64)
            back = np.full(history.size, -NEVER, np.int64)
            np.maximum.at(back, history.person_of_line(), np.where(seen <= as_of, seen, -NEVER))
            latest[back > latest] = -NEVER
        return np.asarray((self.died <= as_of) | (latest > -NEVER))

    def next_transfer(self, person: Int64, after: Int64) -> Int64:
        """Return the first day after one on which each row's person was handed on.

        Parameters
        ----------
        person, after : numpy.ndarray
            int64, one a row.

        Returns
        -------
        numpy.ndarray
            int64; later than every day where there is none.
        """
        key = person_day(self.person, self.day)
        at = np.searchsorted(key, person_day(person, after), side="right")
        out = np.full(len(person), NEVER, np.int64)
        inside = np.flatnonzero(at < len(key))
        same = inside[self.person[at[inside]] == person[inside]]
        out[same] = self.day[at[same]]
        return out


def endings_of(history: History, until: int) -> Endings:
    """Return deaths and transfers out that were known at a day.

    Parameters
    ----------
    history : History
        The history.
    until : int
        Day looked at.

    Returns
    -------
    Endings
        Nothing for a history from arrays, which tells of neither.
    """
    died = np.full(history.size, NEVER, np.int64)
    source = history.source
    if source is None:
        return Endings(died, np.zeros(0, np.int64), np.zeros(0, np.int64))
    told = (source.deceased != NO_DAY) & (source.deceased <= until)
    died[told] = source.deceased[told]
    number = {str(person): at for at, person in enumerate(history.persons.tolist())}
    moved = sorted(
        {
            (number[decision.person], decision.known)
            for decision in source.told.decisions or ()
            if decision.decision == "transferred" and decision.known <= until and decision.person in number
        }
    )
    pairs = np.array(moved, np.int64).reshape(-1, 2)
    return Endings(died, pairs[:, 0].copy(), pairs[:, 1].copy())


def at_risk(history: History, landmark: int, *, window_days: int = 730, held: Held = "include") -> Int64:
    """Return who is at risk at a landmark, by what was known on that day.

    Parameters
    ----------
    history : History
        The history.
    landmark : int
        Day looked at.
    window_days : int
        Look-back: whoever has a line in these days is at risk.
    held : str
        ``include`` people in custody on the day, whose clock stands still until they are free, or
        ``exclude`` them.

    Returns
    -------
    numpy.ndarray
        int64 person numbers, ascending; nobody who is known to be dead or handed on.
    """
    day = np.minimum(history.end_day, np.int32(min(landmark, NEVER - 1)))
    inside = history.visible(landmark) & within_days(day, landmark, window_days)
    present = np.zeros(history.size, np.bool_)
    present[history.person_of_line()[inside]] = True
    present &= ~endings_of(history, landmark).gone(history, landmark)
    people = np.flatnonzero(present)
    if held == "exclude":
        inside_now = _custody(history, landmark).held(people, np.full(len(people), landmark, np.int64))
        people = people[~inside_now]
    return people


def _custody(history: History, as_of: int) -> Exposure:
    return Exposure.at(None if history.source is None else history.source.spells, as_of)


def landmark_episodes(
    history: History,
    landmarks: Sequence[int],
    outcome: Outcome,
    until: int,
    *,
    window_days: int = 730,
    clock: Clock | None = None,
    held: Held = "include",
) -> Episodes:
    """Return one row for each person at risk at each landmark.

    Only what was known at `until` is used: lines visible, custody, deaths and transfers of that day. The
    event is the first incident that began after the landmark and that the outcome asks for. It counts on its
    own day: a row ended by an incident k days at liberty after the landmark, that day included, stops at k.

    Parameters
    ----------
    history : History
        The history.
    landmarks : sequence of int
        Days on which clocks begin, each before `until`.
    outcome : Outcome
        The event.
    until : int
        Last day of the follow-up.
    window_days : int
        Look-back of the rule who is at risk.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known.
    held : str
        Whether people in custody at the landmark are rows: ``include`` or ``exclude``.

    Returns
    -------
    Episodes
        By landmark and person. People transferred in after the landmark enter late, on that day.

    Raises
    ------
    FollowUpError
        When `until` is after the data, or a landmark not before `until`.
    DataError
        When the clock needs custody and there is none.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "b"], day=[10, 50, 20], gravity=[1, 1, 1])
    >>> rows = landmark_episodes(history, [30], Outcome("repeat"), 50)
    >>> rows.person.tolist(), rows.stop.tolist(), rows.end.tolist()
    ([0, 1], [20, 20], [1, 0])
    """
    refuse_after_data(history, until)
    late = [day for day in landmarks if day >= until]
    if late:
        raise FollowUpError(
            f"{len(late)} of {len(landmarks)} landmarks are not before {iso(until)}, the last day of the "
            f"follow-up (the first is {iso(late[0])}): nothing can have happened since. Take earlier ones"
        )
    incidents = incidents_of(history.at(until), until, outcome)
    endings = endings_of(history, until)
    parts = []
    for landmark in landmarks:
        person = at_risk(history, landmark, window_days=window_days, held=held)
        parts.append((person, np.full(len(person), landmark, np.int32)))
    person = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, np.int64)
    origin = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, np.int32)
    return followed(
        history, person, origin, incidents, endings, outcome, until, clock=clock_of(history, clock)
    )


def refuse_after_data(history: History, until: int) -> None:
    """Refuse a day of which the history does not tell.

    Parameters
    ----------
    history : History
        The history.
    until : int
        Last day of a follow-up.

    Raises
    ------
    FollowUpError
        When it is after the last day of the history.
    """
    last = last_day(history)
    if until > last:
        raise FollowUpError(
            f"until {iso(until)} is {until - last} days after the data, which end on {iso(last)}: what "
            "happened since is not known. Take an earlier day, or read a later extract"
        )


def followed(
    history: History,
    person: Int64,
    origin: Int32,
    incidents: Incidents,
    endings: Endings,
    outcome: Outcome,
    until: int,
    *,
    clock: Clock,
    since: int | None = None,
) -> Episodes:
    """Follow rows from their origin to the event, a competing end, or the last day known.

    Parameters
    ----------
    history : History
        The history.
    person, origin : numpy.ndarray
        Person number and day of each row.
    incidents, endings : Incidents and Endings
        As known at `until`.
    outcome : Outcome
        The event.
    until : int
        Last day of the follow-up.
    clock : str
        ``at_liberty`` or ``calendar``.
    since : int, optional
        Day on which observation begins; earlier origins enter late.

    Returns
    -------
    Episodes
        Rows with time at risk, in the order given; the others are counted in `left_out`.
    """
    source = history.source
    spells = None if source is None or clock == "calendar" else source.spells
    custody = Exposure.at(spells, until)
    begun = origin.astype(np.int64)
    gravest = gravest_by(history, person, origin) if outcome.name == "worse" else None
    found = next_incident(incidents, outcome, person, origin, gravest)
    happened = np.full(len(person), NEVER, np.int64)
    happened[found >= 0] = incidents.day[found[found >= 0]]
    died, moved = endings.died[person], endings.next_transfer(person, begun)
    last = np.minimum(np.minimum(happened, np.minimum(died, moved)), until)
    end = np.full(len(person), CENSORED, np.int8)
    # Of several on one day the event counts first, then death.
    end[moved == last] = TRANSFER
    end[died == last] = DEATH
    end[happened == last] = EVENT
    # An end is on its own day; a row without one was free, or not, on its last day like on any other.
    ended = end != CENSORED
    stop = custody.free(person, begun, np.where(ended, np.maximum(last - 1, begun), last)) + ended
    observed = np.maximum(_observed(history, person, since, until), begun)
    start = custody.free(person, begun, observed)
    # The clock may stand still between an end and the day observation begins: the days decide.
    early = (observed > begun) & (last <= observed)
    none = (stop <= start) | early
    why = np.where(early, "ended before they came under observation", "in custody throughout")
    left_out = dict(sorted(Counter(why[none].tolist()).items()))
    rows = np.flatnonzero(~none)
    return Episodes(
        person[rows],
        origin[rows],
        start[rows].astype(np.int32),
        stop[rows].astype(np.int32),
        end[rows],
        clock,
        outcome.name,
        left_out,
    )


def _observed(history: History, person: Int64, since: int | None, until: int) -> Int64:
    """Return the day on which observation of each row's person begins; before every day where always."""
    first = np.full(len(person), -NEVER if since is None else since, np.int64)
    if history.source is not None:
        came = history.source.transferred.astype(np.int64)[person]
        first = np.maximum(first, np.where((came == NO_DAY) | (came > until), -NEVER, came))
    return first
