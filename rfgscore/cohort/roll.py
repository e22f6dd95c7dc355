"""The people of a run found by id: number in the history, place among those scored, facts about them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rfgscore.cohort.considered import Previous
from rfgscore.dates import NO_DAY, add_years
from rfgscore.history.source import Source
from rfgscore.history.told import Decision, Facts, Referral, Told
from rfgscore.scoring import Scored

__all__ = ["Roll"]

#: Decisions after which a person is not looked at again until something new becomes known.
_TAKEN_OFF = ("removed", "transferred")


class Roll:
    """Who is who on the day looked at.

    Parameters
    ----------
    scored : Scored
        Everyone scored, from a history that was read from files.
    previous : Previous, optional
        The previous run.

    Attributes
    ----------
    standing : dict of str to Decision
        The latest decision recorded of each person.
    open_referrals : dict of str to tuple of Referral
        Referrals on which no meeting has decided yet, the oldest first.
    """

    def __init__(self, scored: Scored, previous: Previous | None = None) -> None:
        source = scored.history.source
        if source is None:
            raise ValueError("a cohort needs a history that was read from files")
        self.scored, self.source, self.as_of = scored, source, scored.as_of
        self.told: Told = source.told
        self._previous = previous
        seen = scored.history.person_of_line()[scored.history.visible(self.as_of)]
        self._lines = np.bincount(seen, minlength=len(scored.history.persons))
        self.standing: dict[str, Decision] = {}
        for decision in self.told.decisions or ():
            if decision.known <= self.as_of:
                held = self.standing.get(decision.person)
                self.standing[decision.person] = decision if held is None else _later(held, decision)
        waiting: dict[str, list[Referral]] = {}
        referred = [told for told in self.told.referrals or () if told.known <= self.as_of]
        for referral in referred:
            decided = self.standing.get(referral.person)
            if decided is None or self.dealt_with(decided) < referral.known:
                waiting.setdefault(referral.person, []).append(referral)
        self.open_referrals: dict[str, tuple[Referral, ...]] = {
            person: tuple(sorted(told, key=tuple)) for person, told in waiting.items()
        }
        self._referred = {referral.person for referral in referred}
        self._bound = {order.person for order in self.told.orders or () if order.in_force(self.as_of)}
        named = {*self.standing, *self.open_referrals, *(() if previous is None else previous.listed)}
        self._facts: dict[str, Facts] = {}
        self.look_up(named)

    def number(self, person: str) -> int | None:
        """Return the number of a person in the history.

        Parameters
        ----------
        person : str
            Id.

        Returns
        -------
        int or None
            None for people without any visible line.
        """
        persons = self.scored.history.persons
        at = int(np.searchsorted(persons, person))
        found = at < len(persons) and persons[at] == person and self._lines[at] > 0
        return at if found else None

    def place(self, number: int | None) -> int | None:
        """Return the place of a person among those scored.

        Parameters
        ----------
        number : int or None
            Person number in the history.

        Returns
        -------
        int or None
            None for people without a line in the window.
        """
        if number is None:
            return None
        people = self.scored.people
        at = int(np.searchsorted(people, number))
        return at if at < len(people) and people[at] == number else None

    def position(self, place: int | None) -> int | None:
        """Return the position of a person.

        Parameters
        ----------
        place : int or None
            Place among those scored.

        Returns
        -------
        int or None
            None for people who are not ranked.
        """
        found = 0 if place is None else int(self.scored.ranking.position[place])
        return found or None

    def person(self, number: int) -> str:
        """Return the id of a person of the history.

        Parameters
        ----------
        number : int
            Person number.

        Returns
        -------
        str
            Id.
        """
        return str(self.scored.history.persons[number])

    def look_up(self, persons: Iterable[str]) -> None:
        """Look up facts about many people at once.

        Parameters
        ----------
        persons : iterable of str
            Ids.
        """
        unknown = sorted({person for person in persons if person not in self._facts})
        if unknown:
            self._facts |= self.told.facts(unknown, self.as_of)

    def facts(self, person: str) -> Facts:
        """Return facts about a person.

        Parameters
        ----------
        person : str
            Id.

        Returns
        -------
        Facts
            As the subjects and custody tables tell.
        """
        self.look_up([person])
        return self._facts[person]

    def deceased(self, person: str, number: int | None) -> int:
        """Return the day on which a person is recorded to have died, by the day looked at.

        Parameters
        ----------
        person : str
            Id.
        number : int or None
            Person number in the history.

        Returns
        -------
        int
            Day; ``NO_DAY`` for the living.
        """
        day = self.facts(person).deceased if number is None else int(self.source.deceased[number])
        return day if day <= self.as_of else NO_DAY

    def dealt_with(self, decision: Decision) -> int:
        """Return up to which day a meeting is taken to have known what there was.

        Parameters
        ----------
        decision : Decision
            What it decided.

        Returns
        -------
        int
            The day it sat; or that of the list before it, where that is the previous run: nobody can say
            whether the meeting was told what became known in between.
        """
        before = self._previous
        return decision.meeting if before is None else min(decision.meeting, before.as_of)

    def at_rest(self, person: str, number: int | None) -> bool:
        """Say whether a meeting took a person off, or handed them on, and nothing became known of them since.

        Parameters
        ----------
        person : str
            Id.
        number : int or None
            Person number in the history.

        Returns
        -------
        bool
            False where a line of the person became known after what the meeting has dealt with.
        """
        decision = self.standing.get(person)
        if decision is None or decision.decision not in _TAKEN_OFF:
            return False
        before = self._previous
        if before is not None and person in before.listed and decision.known < before.as_of:
            return False  # brought back already, and nobody has decided since
        if number is None:
            return True
        history = self.scored.history
        own = slice(*history.offsets[number : number + 2].tolist())
        seen = (history.known_day[own] <= self.as_of) & (history.event_day[own] <= self.as_of)
        return not bool((seen & (history.known_day[own] > self.dealt_with(decision))).any())

    def custody(self, person: str, place: int | None) -> tuple[bool | None, int]:
        """Return whether a person is held, and when release is planned.

        Parameters
        ----------
        person : str
            Id.
        place : int or None
            Place among those scored.

        Returns
        -------
        in_custody : bool or None
            None where it is not known.
        planned : int
            ``NO_DAY`` where none is known.
        """
        scored = self.scored
        if scored.in_custody is None:
            return None, NO_DAY
        if place is None:
            facts = self.facts(person)
            return facts.in_custody, facts.planned if facts.in_custody else NO_DAY
        held = bool(scored.in_custody[place])
        # A spell known to be open says enough; without one, a row that could not be used leaves it open.
        if not held and scored.custody_in_doubt[place]:
            return None, NO_DAY
        return held, int(scored.planned[place]) if held else NO_DAY

    def flags(self, person: str, number: int | None, place: int | None) -> tuple[str, ...]:
        """Return the flags of a person, scored or not.

        Parameters
        ----------
        person : str
            Id.
        number, place : int or None
            Person number in the history, and place among those scored.

        Returns
        -------
        tuple of str
            In code-point order.
        """
        if place is not None:
            return self.scored.flags[place]
        if number is not None:
            return tuple(word for word, mask in sorted(self.scored.flagged.items()) if mask[number])
        facts = self.facts(person)
        moved_in = facts.transferred != NO_DAY and facts.transferred <= self.as_of
        carried = {
            "age_unknown": facts.dob == NO_DAY and self.source.dob_mapped,
            "history_not_held": person in self._referred or moved_in,
            "managed_elsewhere": facts.managed,
            "order_in_force": person in self._bound,
            "under_18": facts.dob != NO_DAY and add_years(facts.dob, 18) > self.as_of,
        }
        return tuple(word for word, applies in carried.items() if applies)

    def area(self, person: str, number: int | None) -> str:
        """Return where a person belongs: as the subjects table says, else as the latest line that says it.

        Parameters
        ----------
        person : str
            Id.
        number : int or None
            Person number in the history.

        Returns
        -------
        str
            The area; the force where ``cohort.areas`` is ``force``; blank where not known.
        """
        column = "force" if self.scored.config.cohort.areas == "force" else "area"
        stated: str = getattr(self.facts(person), column)
        if stated or number is None:
            return stated
        return latest_word(self.scored, self.source, number, column)


def _later(one: Decision, other: Decision) -> Decision:
    """Return which of two decisions on a person stands: the later one.

    Of one meeting, known the same day, they say the same but for owners and the like (joined records may
    bring two of them): every owner is kept, and the earlier day of review.
    """
    first, last = sorted((one, other), key=lambda decision: (decision.meeting, decision.known))
    if (first.meeting, first.known, first.decision, first.pathway) != (
        last.meeting,
        last.known,
        last.decision,
        last.pathway,
    ):
        return last
    days = [day for day in (first.review_by, last.review_by) if day != NO_DAY]

    def both(a: str, b: str) -> str:
        return "; ".join(sorted({*a.split("; "), *b.split("; ")} - {""}))

    return last._replace(
        owner=both(first.owner, last.owner),
        decided_by=both(first.decided_by, last.decided_by),
        reason=both(first.reason, last.reason),
        review_by=min(days, default=NO_DAY),
    )


def latest_word(scored: Scored, source: Source, number: int, column: str) -> str:
    """Return what the latest visible line of a person that says anything says in a column.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    source : Source
        What the reader kept.
    number : int
        Person number in the history.
    column : str
        ``area`` or ``force``.

    Returns
    -------
    str
        Blank where no line says it.
    """
    history, told = scored.history, getattr(source, column)
    start, stop = history.offsets[number : number + 2].tolist()
    for line in range(stop - 1, start - 1, -1):
        if history.known_day[line] <= scored.as_of and history.event_day[line] <= scored.as_of:
            text: str = told.text(line)
            if text:
                return text
    return ""
