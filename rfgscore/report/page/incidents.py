"""One person's incidents and days in custody, as the timeline and the table beside it show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rfgscore.dates import iso
from rfgscore.explain import number
from rfgscore.explain.case import Case
from rfgscore.gravity import NON_CRIME
from rfgscore.history.custody import Spells
from rfgscore.history.source import REFERENCE_KINDS, Source
from rfgscore.report.page.lanes import Victims
from rfgscore.report.page.marks import Mark, marks_of
from rfgscore.report.page.timeline import Spell

__all__ = ["IncidentRow", "in_words", "incidents_of", "latest_of", "spells_of"]

#: Incidents before the window that stand in the table of a person; the rest are drawn and counted.
_BEFORE = 40


class IncidentRow(NamedTuple):
    """One incident of a person as the table beside the timeline shows it.

    Parameters
    ----------
    when, known : str
        Its day or days, and the day it became known where that is later; else blank.
    kind, reference : str
        What it is known by; `reference` is blank where it is known by its date.
    place : str
        Force and area, as far as recorded.
    offence, code : str
        Gravest offence, and its code where that says more.
    victim : str
        Letters of its victims, and whether some are not known; blank where `victim_id` is not mapped.
    weight : str
        Its gravity.
    crime, inside : bool
        Whether any of its lines is a crime, and whether it lies in the window.
    """

    when: str
    known: str
    kind: str
    reference: str
    place: str
    offence: str
    code: str
    victim: str
    weight: str
    crime: bool
    inside: bool

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def incidents_of(
    case: Case, source: Source, victims: Victims | None = None
) -> Iterator[tuple[Mark, IncidentRow]]:
    """Yield every visible incident of a person, each with its gravest line as the score sees it.

    Parameters
    ----------
    case : Case
        The person's lines.
    source : Source
        What the reader kept.
    victims : Victims or None
        The person's victims; None where `victim_id` is not mapped.

    Yields
    ------
    Mark
        The incident on the timeline.
    IncidentRow
        The incident in the table; the latest first.
    """
    history, scored = case.history, case.scored
    for line, mark in marks_of(case, case.visible):
        grade = scored.grades[history.code[line]]
        when, known = case.when(line), int(history.known_day[line])
        kind = REFERENCE_KINDS[source.reference_kind[line]]
        code = grade.code if grade.label != grade.code and grade.code != NON_CRIME else ""
        row = IncidentRow(
            when=when,
            known=iso(known) if known > int(history.day[line]) else "",
            kind=kind.removesuffix("_id"),
            reference="" if kind == "event_date" else source.reference.text(line),
            place=", ".join(filter(None, (source.force.text(line), source.area.text(line)))),
            offence=grade.label or "no offence code",
            code=code,
            victim="" if victims is None else victims.words[int(history.incident[line])],
            weight=number(mark.weight),
            crime=mark.crime,
            inside=mark.inside,
        )
        yield mark, row


def latest_of(rows: Sequence[IncidentRow]) -> tuple[IncidentRow, ...]:
    """Return the incidents that stand in the table: all in the window, and the latest before it.

    Parameters
    ----------
    rows : sequence of IncidentRow
        Every visible incident, the latest first.

    Returns
    -------
    tuple of IncidentRow
        In the same order.
    """
    before = 0
    kept = []
    for row in rows:
        before += not row.inside
        if row.inside or before <= _BEFORE:
            kept.append(row)
    return tuple(kept)


def spells_of(spells: Spells, person: int, as_of: int) -> tuple[Spell, ...]:
    """Return a person's days in custody.

    Parameters
    ----------
    spells : Spells
        Spells as known at the day looked at, overlapping ones joined.
    person : int
        Number of the person.
    as_of : int
        Day looked at.

    Returns
    -------
    tuple of Spell
        In the order of days; an open one ends the day after `as_of`.
    """
    first, last = np.searchsorted(spells.person, [person, person + 1]).tolist()
    pairs = zip(spells.start[first:last].tolist(), spells.end[first:last].tolist(), strict=True)
    return tuple(Spell(start, min(end, as_of + 1)) for start, end in pairs)


def in_words(spell: Spell, as_of: int) -> str:
    """Return days in custody in words.

    Parameters
    ----------
    spell : Spell
        Days in custody.
    as_of : int
        Day looked at.

    Returns
    -------
    str
        First day, and the day of release or that it is still to come.
    """
    return f"from {iso(spell.start)}, " + ("still held" if spell.end > as_of else f"until {iso(spell.end)}")
