"""Why a person stands elsewhere than at the previous meeting, found by undoing one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from rfgscore.cohort.considered import Change, Considered, Previous, Standing
from rfgscore.cohort.former import Former, Past
from rfgscore.cohort.undone import Undone, counted
from rfgscore.config.model import CohortConfig
from rfgscore.dates import iso
from rfgscore.history.told import Decision
from rfgscore.scoring import Scored
from rfgscore.vocabulary import meaning

__all__ = ["changes"]

#: Stands below everyone.
_BELOW = 2**31

#: A cause, or nothing, and what follows in the sentence.
Why = tuple[str, str]


class _Case(NamedTuple):
    """One person whose standing differs, and their place among those asked about, None without any line."""

    what: Literal["entered", "left", "moved"]
    then: int | None
    position: int | None
    before: Standing | None
    now: Considered | None
    at: int | None
    row: int | None

    @property
    def fell(self) -> bool:
        """Whether the person stands further down; nobody enters a list by falling."""
        return self.what != "entered" and (self.position or _BELOW) > (self.then or _BELOW)

    @property
    def rose(self) -> bool:
        """Whether the person stands further up, or is on the lists for the first time."""
        return self.what == "entered" or (
            self.what == "moved" and (self.position or _BELOW) < (self.then or _BELOW)
        )


def changes(scored: Scored, previous: Previous, considered: Sequence[Considered]) -> dict[str, Change]:
    """Say how people stand against the previous run, and why.

    The cause is the thing whose undoing, with all else and all others as they are today, brings a person
    furthest back towards where they stood; of equal ones the first in the order of the vocabulary.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    previous : Previous
        The previous run.
    considered : sequence of Considered
        Everyone considered now.

    Returns
    -------
    dict of str to Change
        By id: everyone considered, as they come, then those who were on the lists and are not now, by id.
    """
    now = {one.person: one for one in considered}
    asked = [*now, *sorted(person for person in previous.listed if person not in now)]
    told = () if scored.history.source is None else scored.history.source.told.decisions or ()
    # In the order of meetings, so that of one person the last counts.
    off = {one.person: one for one in told if one.known <= scored.as_of}
    numbers = {str(person): number for number, person in enumerate(scored.history.persons.tolist())}
    people = np.unique(np.array([numbers[person] for person in asked if person in numbers], np.int64))
    undone = Undone(scored, Past(previous), people)
    place = {number: at for at, number in enumerate(people.tolist())}
    found = {
        person: _change(undone, person, place.get(numbers.get(person, -1)), now.get(person))
        for person in asked
    }
    return {
        person: _taken_off(change, off[person]) if change.what == "left" and person in off else change
        for person, change in found.items()
    }


def _taken_off(change: Change, decision: Decision) -> Change:
    """Whom a meeting took off left for that reason, whatever became of the score."""
    how = "handed on" if decision.decision == "transferred" else "taken off"
    by = f"{how} by the meeting of {iso(decision.meeting)}"
    then = _at(change.position_before)
    told = f"On neither list now: {_at(change.position_now)}, before {then}; {by}."
    return change._replace(cause="", sentence=told)


def _change(undone: Undone, person: str, at: int | None, now: Considered | None) -> Change:
    before = undone.past.previous.listed.get(person)
    former = Former.of(person, frozenset(), undone.past) if at is None else undone.held.former[at]
    then, position = former.position, None if at is None else undone.position[at]
    what: Literal["entered", "left", "moved"] = "moved"
    if now is None:
        what = "left"
    elif before is None:
        what = "entered"
    elif (then, before.listed, before.status, before.pathway) == (
        position,
        now.listed,
        now.status,
        now.pathway,
    ):
        return Change("same", then, position, "", f"Still {_at(position)}.")
    case = _Case(what, then, position, before, now, at, former.row)
    cause, why = _listed_by(undone, case) or _undoing(undone, case) or _places(undone, case) or _others(case)
    parts = [_lead(case), _unranked(undone, case), why]
    return Change(what, then, position, cause, "; ".join(part for part in parts if part) + ".")


# --- the cause --------------------------------------------------------------------------------------------


def _listed_by(undone: Undone, case: _Case) -> Why | None:
    """Return what lists a newcomer who is not listed by position."""
    routes = case.now.routes if case.now is not None and case.what == "entered" else ()
    if not routes or {"score", "reserve"} & set(routes):
        return None
    day = iso(undone.since)
    if any(route.startswith("emerging:") for route in routes):
        if case.at is None:
            return None
        late = undone.gravest(case.at, late=True) > undone.gravest(case.at, late=False)
        count = undone.incidents(late=late, everywhere=True)[case.at]
        if late:
            told = counted(count, "earlier incident")
            return "late_recorded", f"listed for the {told} that became known after {day}"
        return ("new_incident", f"listed for the {counted(count, 'incident')} since {day}") if count else None
    if "referral" in routes:
        return "referral", "listed by a partner referral"
    if "release" in routes:
        return "release", "listed by a coming release"
    return "", "listed by an earlier decision"


def _undoing(undone: Undone, case: _Case) -> Why | None:
    """Return the thing whose undoing brings the person furthest back."""
    if not (case.fell or case.rose):
        return None
    if case.at is not None:
        effects = undone.effects[case.at]
    else:
        gone = undone.without_lines(case.row) if case.row is not None else None
        effects = [] if gone is None else [gone]
    now, best, why = case.position or _BELOW, 0, None
    for effect in effects:
        undone_to = effect.position or _BELOW
        gain = undone_to - now if case.rose else now - undone_to
        # Only who fell can have been overtaken.
        if gain > best and (case.fell or effect.word != "outranked"):
            best, why = gain, (effect.word, f"{effect.words} {_would(effect.position)}")
    return why or _overtaken(undone, case) or _all_aged(undone, case)


def _overtaken(undone: Undone, case: _Case) -> Why | None:
    if not case.fell or case.position is None:
        return None
    stood = undone.ahead_then[: case.position - 1]
    count = int(((stood == 0) | (stood > (case.then or 0))).sum())
    who = (
        "1 person who stood behind or had no position then is"
        if count == 1
        else (f"{count} people who stood behind or had no position then are")
    )
    return "outranked", f"{who} ahead now"


def _all_aged(undone: Undone, case: _Case) -> Why | None:
    if not case.rose or case.at is None or case.position is None:
        return None
    position = undone.everyone_younger[case.at]
    if (position or _BELOW) <= case.position:
        return None
    return "aged_out", f"with everyone's ages of {iso(undone.since)} {_would(position)}"


def _places(undone: Undone, case: _Case) -> Why | None:
    """Say whether only the number of places makes the difference."""
    then = _placed(case.position, undone.past.previous.config.cohort)
    now = _placed(case.position, undone.scored.config.cohort)
    statuses = case.before.status if case.before else "", case.now.status if case.now else ""
    if then == now or (then, now) != statuses:
        return None
    return "config", f"with the places of the previous settings the person would be {then or 'on no list'}"


def _placed(position: int | None, cohort: CohortConfig) -> str:
    if position is None or position > cohort.capacity + cohort.reserve:
        return ""
    return "proposed" if position <= cohort.capacity else "reserve"


def _others(case: _Case) -> Why:
    risen = case.position is not None and case.then is not None and case.position < case.then
    return "", "others fell or left" if risen else ""


# --- in words ---------------------------------------------------------------------------------------------


def _at(position: int | None) -> str:
    return "without a position" if position is None else f"at position {position}"


def _would(position: int | None) -> str:
    return "there would be no position" if position is None else f"the position would be {position}"


def _lead(case: _Case) -> str:
    then = "without a position" if case.then is None else f"at position {case.then}"
    if case.now is None:
        return f"On neither list now: {_at(case.position)}, before {then}"
    if case.before is None:
        if case.then == case.position:
            return f"New on the lists, {'still ' if case.then else ''}{then}"
        return f"New on the lists: {_at(case.position)}, before {then}"
    if case.then == case.position:
        return f"Still {then}, now {_status(case.now)} (was {_status(case.before)})"
    return f"Moved from {case.then or 'no position'} to {case.position or 'no position'}"


def _status(one: Considered | Standing) -> str:
    words = f"{one.status}, {one.pathway}" if one.pathway else one.status
    return words if one.listed == "cohort" else f"{words} on the monitoring list"


def _unranked(undone: Undone, case: _Case) -> str:
    """Say why someone who was ranked is not."""
    if case.position is not None or case.then is None:
        return ""
    scored = undone.scored
    number = -1 if case.at is None else int(undone.people[case.at])
    place = int(np.searchsorted(scored.people, number))
    if place < len(scored.people) and scored.people[place] == number:
        why = scored.exclusion[place]
        return f"not ranked: {meaning('exclusion', why.word)}" if why is not None else ""
    return "no line in the window"
