"""The people of a run found by id: number in the history, place among those scored, facts about them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

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
    also : iterable of str
        Ids of people who may have no line; facts are looked up for them too.

    Attributes
    ----------
    standing : dict of str to Decision
        The latest decision recorded of each person.
    open_referrals : dict of str to tuple of Referral
        Referrals on which no meeting has decided yet, the oldest first.
    """

    def __init__(self, scored: Scored, also: Iterable[str] = ()) -> None:
        source = scored.history.source
        if source is None:
            raise ValueError("a cohort needs a history that was read from files")
        self.scored, self.source, self.as_of = scored, source, scored.as_of
        self.told: Told = source.told
        seen = scored.history.person_of_line()[scored.history.visible(self.as_of)]
        self._lines = np.bincount(seen, minlength=len(scored.history.persons))
        self.standing: dict[str, Decision] = {}
        for decision in self.told.decisions or ():
            held = self.standing.get(decision.person)
            if decision.known <= self.as_of and (
                held is None or (held.meeting, held.known) <= (decision.meeting, decision.known)
            ):
                self.standing[decision.person] = decision
        self.open_referrals: dict[str, tuple[Referral, ...]] = {}
        for referral in self.told.referrals or ():
            decided = self.standing.get(referral.person)
            if referral.known <= self.as_of and (decided is None or decided.meeting < referral.day):
                told = (*self.open_referrals.get(referral.person, ()), referral)
                self.open_referrals[referral.person] = tuple(sorted(told, key=tuple))
        named = {*self.standing, *self.open_referrals, *also}
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
            False where a line of the person became known after the meeting.
        """
        decision = self.standing.get(person)
        if decision is None or decision.decision not in _TAKEN_OFF:
            return False
        if number is None:
            return True
        history = self.scored.history
        own = slice(*history.offsets[number : number + 2].tolist())
        seen = (history.known_day[own] <= self.as_of) & (history.event_day[own] <= self.as_of)
        return not bool((seen & (history.known_day[own] > decision.meeting)).any())

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
        orders = (order for order in self.told.orders or () if order.person == person)
        referred = any(
            told.person == person and told.known <= self.as_of for told in self.told.referrals or ()
        )
        moved_in = facts.transferred != NO_DAY and facts.transferred <= self.as_of
        carried = {
            "age_unknown": facts.dob == NO_DAY and self.source.dob_mapped,
            "history_not_held": referred or moved_in,
            "managed_elsewhere": facts.managed,
            "order_in_force": any(order.in_force(self.as_of) for order in orders),
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
