"""Who the ids stand for: birth dates that disagree, ids of two forces, what is told of each person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.errors import AmbiguousPersonError
from rfgscore.history.custody import Spells
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.rows import OffenceRows, earliest_by_person
from rfgscore.ingest.side import Custody
from rfgscore.ingest.values import joined_ids

__all__ = [
    "Births",
    "birth_dates",
    "custody_of",
    "facts_known",
    "latest_told",
    "refuse_ambiguous",
    "subject_facts",
    "two_birth_dates",
]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, repr=False)
class Births:
    """What rows and the subjects table say of records, forces and birth dates.

    Parameters
    ----------
    record : numpy.ndarray
        int64 code of the record's own id, before links.
    force : Coded
        Force named, no value where none.
    dob : numpy.ndarray
        int32 birth date, ``NO_DAY`` where none.
    """

    record: npt.NDArray[np.int64]
    force: Coded
    dob: Int32


def birth_dates(rows: OffenceRows) -> Births:
    """Return what visible, usable rows and the subjects table say of records, forces and birth dates.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.

    Returns
    -------
    Births
        One of each such row, and one of each row of the subjects table about a record of theirs.
    """
    good = np.flatnonzero((rows.reason < 0) & rows.visible)
    record, dob = rows.own.codes[good].astype(np.int64), rows.told_dob[good]
    blank = Coded.blank(rows.size)
    force = rows.raw.get("force", blank).map(lambda text: text.strip() or None).rows(good)
    told = rows.subjects
    if told is None:
        return Births(record, force, dob)
    seen = np.zeros(len(rows.own.values) + 1, np.bool_)
    seen[record] = True
    whose = told.person.among(dict(zip(rows.own.values, range(len(rows.own.values)), strict=True)))
    held = seen[whose]
    return Births(
        np.concatenate([record, whose[held]]),
        Coded.join([force, told.force.rows(held)]),
        np.concatenate([dob, told.dob[held]]),
    )


def _differ(whose: npt.NDArray[np.int64], what: Int32, given: npt.NDArray[np.bool_], size: int) -> Bool:
    """Say of whom two different things are told."""
    bounds = np.iinfo(np.int32)
    least, most = np.full(size, bounds.max, np.int32), np.full(size, bounds.min, np.int32)
    np.minimum.at(least, whose[given], what[given])
    np.maximum.at(most, whose[given], what[given])
    return np.asarray(least < most)


def refuse_ambiguous(rows: OffenceRows, births: Births, joined: Mapping[str, str]) -> frozenset[str]:
    """Refuse an id that stands for people of two forces with two birth dates.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.
    births : Births
        As `birth_dates` returns them.
    joined : mapping of str to str
        Resolved links; whoever stands in them was looked at by a person.

    Returns
    -------
    frozenset of str
        Persons whose id came from two forces.

    Raises
    ------
    AmbiguousPersonError
        When such an id is found; rows are named.
    """
    size = len(rows.own.values)
    two_forces = _differ(births.record, births.force.codes, births.force.codes >= 0, size)
    two_dates = _differ(births.record, births.dob, births.dob != NO_DAY, size)
    named_in_links = set(joined) | set(joined.values())
    both = np.flatnonzero(two_forces & two_dates).tolist()
    torn = [record for record in both if rows.own.values[record] not in named_in_links]
    if torn:
        where_found = np.flatnonzero(np.isin(rows.own.codes, torn[:5]))
        listed = []
        for row in where_found[:5].tolist():
            table, number = rows.where(row)
            listed.append(f"{table.file} row {number + 1}")
        raise AmbiguousPersonError(
            f"{len(torn)} ids come from two forces with two birth dates ({'; '.join(listed)}): they may be "
            "two people. Put the force into the id, or join the records in a links table; a word for nobody "
            "belongs under input.placeholders.person"
        )
    shared = [rows.own.values[record] for record in np.flatnonzero(two_forces).tolist()]
    return frozenset(joined.get(record, record) for record in shared)


def two_birth_dates(rows: OffenceRows, births: Births) -> int:
    """Count the people with two birth dates, links applied.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.
    births : Births
        As `birth_dates` returns them.

    Returns
    -------
    int
        How many there are.
    """
    person = np.full(len(rows.own.values) + 1, -1, np.int64)
    person[rows.own.codes] = rows.person.codes  # records and persons go together, row for row
    given = births.dob != NO_DAY
    return int(_differ(person[births.record], births.dob, given, len(rows.person.values)).sum())


def custody_of(
    custody: Custody, joined: Mapping[str, str], people: Mapping[str, int], as_of: int
) -> tuple[Spells, int]:
    """Return the spells of the persons of a history.

    Parameters
    ----------
    custody : Custody
        The custody table.
    joined : mapping of str to str
        Resolved links.
    people : mapping of str to int
        Person number of each person of the history.
    as_of : int
        Day looked at; a spell that starts or was recorded later does not exist.

    Returns
    -------
    Spells
        By person and start.
    int
        Rows of people without a line, or that start or were recorded after `as_of`.
    """
    person = custody.person.changed(joined_ids(custody.person, joined)).among(people).astype(np.int64)
    known = (person >= 0) & (custody.start <= as_of)
    order = np.flatnonzero(known)
    order = order[np.lexsort((custody.end[order], custody.start[order], person[order]))]
    spells = Spells(
        person[order],
        custody.start[order].astype(np.int64),
        custody.end[order].astype(np.int64),
        custody.planned[order].astype(np.int64),
        custody.recorded[order].astype(np.int64),
    )
    return spells, int((~known).sum()) + custody.not_yet_known


def subject_facts(
    rows: OffenceRows, persons: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Return what the subjects table says of the persons of a history besides birth and death.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows, with the subjects table.
    persons : numpy.ndarray
        int64 code of each person of the history, ascending.

    Returns
    -------
    transferred : numpy.ndarray
        int32 earliest day each person was transferred in, ``NO_DAY`` where none is told.
    managed : numpy.ndarray
        Persons who are managed elsewhere.
    """
    size, told = len(persons), rows.subjects
    if told is None:
        return np.full(size, NO_DAY, np.int32), np.zeros(size, np.bool_)
    number = np.full(len(rows.person.values) + 1, -1, np.int32)
    number[persons] = np.arange(size)
    whose = number[rows.subject]
    managed = np.bincount(whose[told.managed & (whose >= 0)], minlength=size) > 0
    return earliest_by_person(whose, told.transferred, size), managed


def latest_told(rows: OffenceRows) -> int:
    """Return the latest day on which the subjects table told anything of people whom any offence row names.

    Also of people without a line: what was told may be why they have none.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows, with the subjects table.

    Returns
    -------
    int
        Day number; ``NO_DAY`` where no row says when it was recorded.
    """
    if rows.subjects is None:
        return NO_DAY
    return int(rows.subjects.recorded[rows.subject >= 0].max(initial=NO_DAY))


def facts_known(rows: OffenceRows) -> int:
    """Return the latest day on which an offence row told a birth or a death that bears on earlier rows.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.

    Returns
    -------
    int
        Day number; ``NO_DAY`` where everyone's first row told as much as later ones.
    """
    person, known, seen = rows.person.codes, rows.known_day, rows.visible & (rows.person.codes >= 0)
    size = len(rows.person.values)
    first = earliest_by_person(person, np.where(seen, known, NO_DAY).astype(np.int32), size)
    out = NO_DAY
    for told, fact in ((rows.told_dob, rows.dob), (rows.told_death, rows.deceased)):
        says = seen & (told != NO_DAY) & (told == fact)
        since = earliest_by_person(person, np.where(says, known, NO_DAY).astype(np.int32), size)
        out = max(out, int(since[since > first].max(initial=NO_DAY)))
    return out
