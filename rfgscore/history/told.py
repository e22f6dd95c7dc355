"""What is told of people beside their lines: referrals, orders, decisions, and facts about anyone by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rfgscore.dates import NO_DAY
from rfgscore.history.custody import Spells
from rfgscore.history.sides import Sides
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.side import Custody, Subjects

__all__ = ["Decision", "Facts", "Order", "Referral", "Told", "told_of"]


class Referral(NamedTuple):
    """One partner referral.

    Parameters
    ----------
    person : str
        Who is referred, links applied.
    day : int
        Day of the referral.
    agency, reason, reference : str
        As written; blank where not told.
    known : int
        Day from which it is known: that of the referral, or later where it was recorded later.
    """

    person: str
    day: int
    agency: str
    reason: str
    reference: str
    known: int

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


class Order(NamedTuple):
    """One protective order, in force on ``start <= day <= end``.

    Parameters
    ----------
    person : str
        Whom it binds, links applied.
    kind : str
        As written.
    start, end : int
        First and last day; `end` is ``NO_DAY`` where none is told.
    protects : str
        Whom it protects, links applied; blank where not told.
    known : int
        Day from which it is known.
    """

    person: str
    kind: str
    start: int
    end: int
    protects: str
    known: int

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data

    def in_force(self, as_of: int) -> bool:
        """Say whether the order is known and in force at a day.

        Parameters
        ----------
        as_of : int
            Day looked at.

        Returns
        -------
        bool
            True from its first to its last day, both included.
        """
        return self.known <= as_of and self.start <= as_of and (self.end == NO_DAY or as_of <= self.end)


class Decision(NamedTuple):
    """What a meeting decided of a person.

    Parameters
    ----------
    person : str
        Of whom, links applied.
    meeting : int
        Day of the meeting.
    decision : str
        ``managed``, ``monitoring``, ``removed`` or ``transferred``.
    pathway, owner, decided_by, reason : str
        As written; blank where not told.
    review_by : int
        Day by which to look again, ``NO_DAY`` where none is told.
    known : int
        Day from which it is known.
    """

    person: str
    meeting: int
    decision: str
    pathway: str
    owner: str
    decided_by: str
    reason: str
    review_by: int
    known: int

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


@dataclass(frozen=True, repr=False)
class Facts:
    """Facts about one person, whether or not they have a line.

    Parameters
    ----------
    dob, deceased, transferred : int
        Days, ``NO_DAY`` where not known.
    managed : bool
        Whether somebody else is recorded as managing the person.
    area, force : str
        Of the subjects table; blank where not told.
    in_custody : bool or None
        Whether held on the day looked at; None without a custody table, and where a row that could not be
        used leaves it open.
    planned : int
        Planned release of the open spell, ``NO_DAY`` where none is known.
    """

    dob: int
    deceased: int
    transferred: int
    managed: bool
    area: str
    force: str
    in_custody: bool | None
    planned: int


@dataclass(frozen=True, eq=False, repr=False)
class Told:
    """What the tables beside the offences tell of people.

    Rows recorded, or in force, only after the day of the history are not in it.

    Parameters
    ----------
    referrals : tuple of Referral or None
        By person and day; None without the table.
    orders : tuple of Order or None
        By person and start; None without the table.
    decisions : tuple of Decision or None
        By person, meeting and known day; None without the table.
    joined : mapping of str to str
        Resolved links.
    removed : frozenset of str
        People taken off: they are named nowhere.
    subjects : Subjects or None
        The subjects table; None where none was given.
    custody : Custody or None
        The custody table; None where none was given.
    """

    referrals: tuple[Referral, ...] | None
    orders: tuple[Order, ...] | None
    decisions: tuple[Decision, ...] | None
    joined: Mapping[str, str]
    removed: frozenset[str]
    subjects: Subjects | None = None
    custody: Custody | None = None

    def resolved(self, record: str) -> str | None:
        """Return whom a record stands for.

        Parameters
        ----------
        record : str
            A record id.

        Returns
        -------
        str or None
            The person, links applied; None for someone taken off.
        """
        person = self.joined.get(record, record)
        return None if person in self.removed else person

    def facts(self, persons: Sequence[str], as_of: int) -> dict[str, Facts]:
        """Return what the subjects and custody tables tell of some people.

        Parameters
        ----------
        persons : sequence of str
            Ids, links applied; they need not have a line.
        as_of : int
            Day looked at.

        Returns
        -------
        dict of str to Facts
            One a person; blank facts for people in neither table.
        """
        place = {person: number for number, person in enumerate(dict.fromkeys(persons))}
        number = self._records(place)
        told = _told_of_subjects(self.subjects, number, len(place), as_of)
        held = _held(self.custody, number, len(place), as_of)
        return {
            person: Facts(**one, in_custody=inside, planned=planned)
            for person, one, (inside, planned) in zip(place, told, held, strict=True)
        }

    def spells(self, persons: Sequence[str]) -> Spells | None:
        """Return the custody spells of some people.

        Parameters
        ----------
        persons : sequence of str
            Ids, links applied, each once; they need not have a line.

        Returns
        -------
        Spells or None
            Of person 0, 1, … in this order; None without a custody table.
        """
        if self.custody is None:
            return None
        return _spells(self.custody, self._records({person: at for at, person in enumerate(persons)}))

    def _records(self, place: Mapping[str, int]) -> dict[str, int]:
        """Return which place each record stands for; one that is joined to another is no person any more."""
        number = {person: at for person, at in place.items() if person not in self.joined}
        return number | {record: place[final] for record, final in self.joined.items() if final in place}


def told_of(sides: Sides) -> Told:
    """Put together what the tables beside the offences tell of people.

    Parameters
    ----------
    sides : Sides
        The tables, as known at a day.

    Returns
    -------
    Told
        Without the people taken off.
    """
    return Told(
        referrals=_referrals(sides),
        orders=_orders(sides),
        decisions=_decisions(sides),
        joined=sides.joined,
        removed=frozenset(sides.removed),
        subjects=sides.subjects,
        custody=sides.custody,
    )


def _texts(column: Coded) -> list[str]:
    values = (*column.values, "")
    return [values[code] for code in column.codes.tolist()]


def _people(column: Coded, joined: Mapping[str, str]) -> list[str]:
    return [joined.get(text, text) for text in _texts(column)]


def _referrals(sides: Sides) -> tuple[Referral, ...] | None:
    table = sides.referrals
    if table is None:
        return None
    rows = zip(
        _people(table.person, sides.joined),
        table.referred.tolist(),
        _texts(table.agency),
        _texts(table.reason),
        _texts(table.reference),
        np.maximum(table.referred, table.recorded).tolist(),
        strict=True,
    )
    # Rows that say the same are one; the order is that of what they say, however the file has them.
    told = {Referral(*row) for row in rows if row[0] not in sides.removed}
    return tuple(sorted(told, key=lambda one: (one.person, one.day, one.known, one)))


def _orders(sides: Sides) -> tuple[Order, ...] | None:
    table = sides.orders
    if table is None:
        return None
    rows = zip(
        _people(table.person, sides.joined),
        _texts(table.kind),
        table.start.tolist(),
        table.end.tolist(),
        _people(table.protects, sides.joined),
        np.where(table.recorded == NO_DAY, table.start, table.recorded).tolist(),
        strict=True,
    )
    told = {Order(*row) for row in rows if row[0] not in sides.removed}
    return tuple(sorted(told, key=lambda one: (one.person, one.start, one.known, one)))


def _decisions(sides: Sides) -> tuple[Decision, ...] | None:
    table = sides.decisions
    if table is None:
        return None
    rows = zip(
        _people(table.person, sides.joined),
        table.meeting.tolist(),
        _texts(table.decision),
        _texts(table.pathway),
        _texts(table.owner),
        _texts(table.decided_by),
        _texts(table.reason),
        table.review_by.tolist(),
        np.maximum(table.meeting, table.recorded).tolist(),
        strict=True,
    )
    told = {Decision(*row) for row in rows if row[0] not in sides.removed}
    return tuple(sorted(told, key=lambda one: (one.person, one.meeting, one.known, one)))


def _told_of_subjects(
    subjects: Subjects | None, number: Mapping[str, int], size: int, as_of: int
) -> list[dict[str, Any]]:
    """Return what the subjects table tells of each of some people, records together."""
    none = {"dob": NO_DAY, "deceased": NO_DAY, "transferred": NO_DAY}
    out: list[dict[str, Any]] = [{**none, "managed": False, "area": "", "force": ""} for _ in range(size)]
    if subjects is None:
        return out
    whose = subjects.person.among(number)
    said: list[list[int]] = [[] for _ in range(size)]
    for row in np.flatnonzero((whose >= 0) & (subjects.recorded <= as_of)).tolist():
        said[whose[row]].append(row)
    for one, rows in zip(out, said, strict=True):
        one["dob"] = _earliest(subjects.dob[rows].tolist())
        for name, days in (("deceased", subjects.deceased), ("transferred", subjects.transferred)):
            one[name] = _earliest(day for day in days[rows].tolist() if day <= as_of)
        one["managed"] = bool(subjects.managed[rows].any())
        for name, column in (("area", subjects.area), ("force", subjects.force)):
            named = [(int(subjects.recorded[row]), column.text(row)) for row in rows]
            one[name] = max((found for found in named if found[1]), default=(NO_DAY, ""))[1]
    return out


def _earliest(days: Iterable[int]) -> int:
    return min((day for day in days if day != NO_DAY), default=NO_DAY)


def _spells(custody: Custody, number: Mapping[str, int]) -> Spells:
    whose = custody.person.among(number).astype(np.int64)
    rows = np.flatnonzero(whose >= 0)
    days = (custody.start, custody.end, custody.planned, custody.recorded)
    return Spells(whose[rows], *(day[rows].astype(np.int64) for day in days))


def _held(
    custody: Custody | None, number: Mapping[str, int], size: int, as_of: int
) -> list[tuple[bool | None, int]]:
    """Return of each of some people whether they are held, and their planned release."""
    if custody is None:
        return [(None, NO_DAY)] * size
    inside, _, planned = _spells(custody, number).held(as_of, size)
    doubt = {number[text] for text in custody.lost_by(as_of) if text in number}
    return [
        (None if place in doubt and not held else held, until)
        for place, (held, until) in enumerate(zip(inside.tolist(), planned.tolist(), strict=True))
    ]
