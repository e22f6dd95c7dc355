"""Who the ids stand for: birth dates that disagree, ids of two forces, what is told of each person."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.errors import AmbiguousPersonError
from rfgscore.history.custody import Spells
from rfgscore.ingest.rows import OffenceRows, earliest_by_person
from rfgscore.ingest.side import Custody, Subjects

__all__ = [
    "birth_dates",
    "custody_of",
    "facts_known",
    "latest_told",
    "refuse_ambiguous",
    "subject_facts",
    "two_birth_dates",
]

Birth = tuple[str, str, int]


def birth_dates(rows: OffenceRows) -> set[Birth]:
    """Return what visible, usable rows and the subjects table say of records, forces and birth dates.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.

    Returns
    -------
    set of (str, str, int)
        Record id, force (blank where none) and birth date (``NO_DAY`` where none).
    """
    good = np.flatnonzero((rows.reason < 0) & rows.visible)
    force = rows.raw["force"].map(lambda text: text.strip() or None) if "force" in rows.mapped else None
    blank = np.full(len(good), -1, np.int32)
    columns = (
        rows.own.codes[good],
        blank if force is None else force.codes[good],
        rows.told_dob[good],
    )
    found = {
        (rows.own.values[own], force.values[place] if force is not None and place >= 0 else "", dob)
        for own, place, dob in set(zip(*(column.tolist() for column in columns), strict=True))
    }
    told = rows.subjects
    if told is not None:
        held = {record for record, _, _ in found}
        found |= {
            (told.person.text(i), told.force.text(i), dob)
            for i, dob in enumerate(told.dob.tolist())
            if told.person.text(i) in held
        }
    return found


def refuse_ambiguous(rows: OffenceRows, births: set[Birth], joined: Mapping[str, str]) -> frozenset[str]:
    """Refuse an id that stands for people of two forces with two birth dates.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.
    births : set of (str, str, int)
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
    forces: dict[str, set[str]] = {}
    born: dict[str, set[int]] = {}
    for record, force, dob in births:
        forces.setdefault(record, set()).update({force} - {""})
        born.setdefault(record, set()).update({dob} - {NO_DAY})
    shared = [record for record, named in forces.items() if len(named) > 1]
    named_in_links = set(joined) | set(joined.values())
    torn = [record for record in shared if len(born[record]) > 1 and record not in named_in_links]
    if torn:
        where_found = np.flatnonzero(
            np.isin(rows.own.codes, [rows.own.values.index(r) for r in sorted(torn)[:5]])
        )
        listed = []
        for row in where_found[:5].tolist():
            table, number = rows.where(row)
            listed.append(f"{table.file} row {number + 1}")
        raise AmbiguousPersonError(
            f"{len(torn)} ids come from two forces with two birth dates ({'; '.join(listed)}): they may be "
            "two people. Put the force into the id, or join the records in a links table; a word for nobody "
            "belongs under input.placeholders.person"
        )
    return frozenset(joined.get(record, record) for record in shared)


def two_birth_dates(births: set[Birth], joined: Mapping[str, str], people: Mapping[str, int]) -> int:
    """Count the people with two birth dates.

    Parameters
    ----------
    births : set of (str, str, int)
        As `birth_dates` returns them.
    joined : mapping of str to str
        Resolved links.
    people : mapping of str to int
        Persons of the history.

    Returns
    -------
    int
        How many there are.
    """
    born: dict[str, set[int]] = {}
    for record, _, dob in births:
        if dob != NO_DAY:
            born.setdefault(joined.get(record, record), set()).add(dob)
    return sum(len(found) > 1 for person, found in born.items() if person in people)


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
    person = custody.person.take(lambda text: people.get(joined.get(text, text), -1), np.int64, -1)
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
    told: Subjects | None, joined: Mapping[str, str], people: Mapping[str, int]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Return what the subjects table says of the persons of a history besides birth and death.

    Parameters
    ----------
    told : Subjects or None
        The subjects table.
    joined : mapping of str to str
        Resolved links.
    people : mapping of str to int
        Person number of each person of the history.

    Returns
    -------
    transferred : numpy.ndarray
        int32 earliest day each person was transferred in, ``NO_DAY`` where none is told.
    managed : numpy.ndarray
        Persons who are managed elsewhere.
    """
    size = len(people)
    if told is None:
        return np.full(size, NO_DAY, np.int32), np.zeros(size, np.bool_)
    whose = told.person.take(lambda text: people.get(joined.get(text, text), -1), np.int32, -1)
    managed = np.bincount(whose[told.managed & (whose >= 0)], minlength=size) > 0
    return earliest_by_person(whose, told.transferred, size), managed


def latest_told(told: Subjects | None, joined: Mapping[str, str], named: frozenset[str]) -> int:
    """Return the latest day on which the subjects table told anything of people whom any offence row names.

    Also of people without a line: what was told may be why they have none.

    Parameters
    ----------
    told : Subjects or None
        The subjects table.
    joined : mapping of str to str
        Resolved links.
    named : frozenset of str
        People whom any offence row names.

    Returns
    -------
    int
        Day number; ``NO_DAY`` where no row says when it was recorded.
    """
    if told is None:
        return NO_DAY
    theirs = told.person.take(lambda text: joined.get(text, text) in named, np.bool_, False)
    return int(told.recorded[theirs].max(initial=NO_DAY))


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
