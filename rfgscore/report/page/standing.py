"""Where a person stands: the recorded decision, and the change since the last meeting, in words."""

from __future__ import annotations

from typing import NamedTuple

from rfgscore.cohort.considered import Change, Considered
from rfgscore.dates import NO_DAY, iso
from rfgscore.report.page.words import cause_words

__all__ = ["Moved", "decided_facts", "decided_words", "moved"]


class Moved(NamedTuple):
    """How a person stands against the previous run.

    Parameters
    ----------
    kind : str
        ``entered``, ``up``, ``down``, ``changed`` or ``same``.
    arrow, words : str
        A sign, and what it says: nothing is told by a colour or a sign alone.
    by : int or None
        Places gained, below 0 where they were lost; None where one of the positions is missing.
    cause, sentence : str
        Largest cause in words, blank where none can be named, and the whole as a sentence.
    """

    kind: str
    arrow: str
    words: str
    by: int | None
    cause: str
    sentence: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def moved(change: Change) -> Moved:
    """Return a change as the list shows it.

    Parameters
    ----------
    change : Change
        Against the previous run.

    Returns
    -------
    Moved
        Sign and words.

    Examples
    --------
    >>> moved(Change("moved", 9, 4, "new_incident", "Rose."))[:5]
    ('up', '▲', '5 up, from 9', 5, 'new incident')
    >>> moved(Change("entered", None, 4, "", "New."))[:3]
    ('entered', '✚', 'new on the lists')
    """
    before, now = change.position_before, change.position_now
    by = None if before is None or now is None else before - now
    if change.what == "entered":
        kind, arrow, words = "entered", "✚", "new on the lists"
    elif by is None:
        kind, arrow, words = "changed", "◆", _without(before, now)
        if before is None and now is None:
            kind, arrow = "same", "="
    elif by > 0:
        kind, arrow, words = "up", "▲", f"{by} up, from {before}"
    elif by < 0:
        kind, arrow, words = "down", "▼", f"{-by} down, from {before}"
    else:
        kind, arrow, words = "same", "=", "same position"
    return Moved(kind, arrow, words, by, cause_words(change.cause), change.sentence)


def _without(before: int | None, now: int | None) -> str:
    if before is not None:
        return f"no position, was {before}"
    return "no position, as before" if now is None else "had no position"


def decided_facts(one: Considered, as_of: int) -> tuple[tuple[str, str], ...]:
    """Return what is recorded of a decision, for the head of a person's page.

    Parameters
    ----------
    one : Considered
        The person.
    as_of : int
        Day looked at.

    Returns
    -------
    tuple of (str, str)
        Names and words: pathway, owner and review date; empty where no meeting decided on the person.
    """
    facts = [("Pathway", one.pathway)] if one.pathway else []
    told = one.decision
    if told is not None and told.decision in ("managed", "monitoring"):
        facts.append(("Owner", told.owner or "none recorded"))
        day = "none recorded" if told.review_by == NO_DAY else iso(told.review_by)
        if NO_DAY < told.review_by <= as_of:
            day += ", due"
        facts.append(("Review by", day))
    return tuple(facts)


def decided_words(one: Considered) -> str:
    """Return the latest recorded decision as a sentence.

    Parameters
    ----------
    one : Considered
        The person.

    Returns
    -------
    str
        One sentence; it says so where none is recorded.
    """
    told = one.decision
    if told is None:
        return "No decision of a meeting is recorded."
    words = f"Recorded decision: {told.decision} at the meeting of {iso(told.meeting)}"
    words += f", pathway {told.pathway}" if told.pathway else ""
    words += f", decided by {told.decided_by}" if told.decided_by else ""
    return f"{words}; reason: {told.reason}" if told.reason else f"{words}; no reason recorded"
