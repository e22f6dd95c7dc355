"""By-event episodes in gap time: from each incident becoming known to the next one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.errors import FollowUpError
from rfgscore.escalation.episodes import Endings, clock_of, endings_of, followed, refuse_after_data
from rfgscore.escalation.keys import person_day
from rfgscore.escalation.outcomes import Outcome, incidents_of, outcome_of
from rfgscore.escalation.tables import Clock, Episodes
from rfgscore.history.history import History

__all__ = ["event_episodes", "present"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def event_episodes(
    history: History,
    outcome: str | Outcome,
    until: int,
    *,
    since: int | None = None,
    clock: Clock | None = None,
) -> Episodes:
    """Return one row for each day on which incidents of a person became known.

    The clock begins on the day an incident became visible, as in ``windows.at_events`` by the known clock:
    what is used to predict was known then. It runs to the first incident that began after that day and that
    the outcome asks for, to death or transfer out, or to `until`. It counts gap time: each row starts anew,
    and rows of one person may overlap where an incident became known late.

    Parameters
    ----------
    history : History
        The history.
    outcome : str or Outcome
        The event.
    until : int
        Last day of the follow-up; nothing known later is used.
    since : int, optional
        Day on which observation begins. Rows that began earlier enter on that day, with the days on their
        clock by then as `start`; those that had ended by then are left out.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known.

    Returns
    -------
    Episodes
        By person and day. `left_out` counts incidents that make no row, by reason; with the rows they add up
        to the incidents visible at `until`.

    Raises
    ------
    FollowUpError
        When `until` is after the data, or `since` not before `until`.
    DataError
        When the clock needs custody and there is none.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "b"], day=[10, 50, 20], gravity=[1, 1, 1])
    >>> rows = event_episodes(history, "repeat", 50, since=30)
    >>> rows.person.tolist(), rows.start.tolist(), rows.stop.tolist(), rows.end.tolist()
    ([0, 1], [20, 10], [40, 30], [1, 0])
    >>> dict(rows.left_out)
    {'known on the last day only': 1}
    """
    refuse_after_data(history, until)
    if since is not None and since >= until:
        raise FollowUpError(
            f"observation would begin on {iso(since)} and end on {iso(until)}: nothing can be seen. Take an "
            "earlier since"
        )
    what, seen = outcome_of(outcome), history.at(until)
    incidents, endings = incidents_of(seen, until, what), endings_of(history, until)
    person, origin = _became_known(seen, until)
    why = {"another incident became known that day": len(incidents) - len(person)}
    there = present(endings, person, origin)
    why["dead or handed on by then"] = int((~there).sum())
    why["known on the last day only"] = int((there & (origin == until)).sum())
    kept = there & (origin < until)
    person, origin = person[kept], origin[kept]
    rows = followed(
        history,
        person,
        origin,
        incidents,
        endings,
        what,
        until,
        clock=clock_of(history, clock),
        since=since,
    )
    counts = Counter({reason: count for reason, count in why.items() if count})
    counts.update(rows.left_out)
    return replace(rows, left_out=dict(sorted(counts.items())))


def present(endings: Endings, person: Int64, day: npt.NDArray[np.signedinteger]) -> Bool:
    """Return whose clock may begin on a day: neither dead by then nor handed on that very day.

    Parameters
    ----------
    endings : Endings
        Deaths and transfers out.
    person, day : numpy.ndarray
        Person number and day of each row, on which an incident of theirs became known: whoever was handed on
        before is back.

    Returns
    -------
    numpy.ndarray
        Boolean, one a row.
    """
    when = day.astype(np.int64)
    return np.asarray((endings.died[person] > when) & (endings.next_transfer(person, when - 1) > when))


def _became_known(history: History, until: int) -> tuple[Int64, Int32]:
    """Return the distinct days on which an incident of a person became visible, by person and day."""
    lines = np.flatnonzero(history.visible(until))
    person = history.person_of_line()[lines]
    seen = history.seen[lines]
    number = history.incident[lines]
    order = np.lexsort((seen, number, person))
    first = np.ones(len(order), np.bool_)
    by_person, by_number = person[order], number[order]
    first[1:] = (by_person[1:] != by_person[:-1]) | (by_number[1:] != by_number[:-1])
    person, seen = person[order[first]], seen[order[first]]
    _, at = np.unique(person_day(person, seen), return_index=True)
    return person[at], seen[at]
