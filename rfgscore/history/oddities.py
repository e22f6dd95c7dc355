"""What should be looked at before a list is believed: told to whoever reads the extract; people decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.history.history import History
from rfgscore.history.sides import Sides
from rfgscore.ingest.readers.coded import row_keys
from rfgscore.ingest.rows import OffenceRows

__all__ = ["oddities"]

Int64 = npt.NDArray[np.int64]

#: Above these a "person" is more often a word for nobody. Far above what is on record of one person.
MANY_PEOPLE, MANY_INCIDENTS = 20, 200

#: Days without any row before the day looked at: an old extract, or a wrong year.
STALE_DAYS = 60


def oddities(history: History, rows: OffenceRows, used: Int64, sides: Sides) -> tuple[str, ...]:
    """Say what should be looked at before a list is believed.

    Parameters
    ----------
    history : History
        Lines in the total order.
    rows : OffenceRows
        Checked rows.
    used : numpy.ndarray
        Row number of each line.
    sides : Sides
        The tables beside them.

    Returns
    -------
    tuple of str
        Sentences; they name rows and counts, nobody's id.
    """
    return (
        *_crowds(history, rows, used),
        *_victim_crowds(history, rows, used),
        *_zeros(history, rows, used),
        *_stale(history, rows),
        *_removals(rows, sides),
        *_undecided(sides),
        *_strangers(rows, sides),
        *_unknown_to_all(rows, sides),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _rows_named(rows: OffenceRows, at: Sequence[int]) -> str:
    """Name at most five rows, whatever the order they were found in."""
    first = sorted(at)
    places = [(table.file, place + 1) for table, place in map(rows.where, first[:5])]
    return ", ".join(f"{file} row {row}" for file, row in places) + (" and others" if len(first) > 5 else "")


def _crowds(history: History, rows: OffenceRows, used: Int64) -> Iterator[str]:
    """Ids with more victims or incidents than a person has: perhaps a placeholder nobody listed."""
    # Victims and incidents are numbered from 0 within the person.
    many = (history.victim >= MANY_PEOPLE) | (history.incident >= MANY_INCIDENTS)
    odd = np.unique(history.person_of_line()[many])
    if len(odd):
        first = [int(used[slice(*history.offsets[who : who + 2])].min()) for who in odd.tolist()]
        yield (
            f"{_count(len(odd), 'id')} with more than {MANY_PEOPLE} known victims or {MANY_INCIDENTS} "
            f"incidents (first named in {_rows_named(rows, first)}): a person, or a word for nobody that "
            "input.placeholders.person lacks"
        )


def _victim_crowds(history: History, rows: OffenceRows, used: Int64) -> Iterator[str]:
    """Victims beside more suspects than a person has: perhaps a placeholder nobody listed."""
    # As the rows name them: in a history, victims are numbered within the person.
    victim = rows.victim.codes[used]
    often = np.bincount(victim + 1, minlength=len(rows.victim.values) + 1) > MANY_PEOPLE
    often[0] = False
    lines = np.flatnonzero(often[victim + 1])
    pairs = np.unique(row_keys([victim[lines], history.person_of_line()[lines]]), return_index=True)[1]
    whom, suspects = np.unique(victim[lines][pairs], return_counts=True)
    odd = whom[suspects > MANY_PEOPLE]
    if len(odd):
        first = [int(used[victim == who].min()) for who in odd.tolist()]
        yield (
            f"{_count(len(odd), 'victim id')} beside more than {MANY_PEOPLE} suspects (first named in "
            f"{_rows_named(rows, first)}): a person, or a word for nobody that input.placeholders.victim "
            "lacks"
        )


def _zeros(history: History, rows: OffenceRows, used: Int64) -> Iterator[str]:
    """Ids that differ in leading zeros only, or came as numbers: a program may have eaten the zeros."""
    if any(table.typed.get("perpetrator_id") == "number" for table in rows.tables):
        yield (
            "the perpetrator ids came as numbers: leading zeros, if there were any, are gone, and two people "
            "may have become one; hand them over as text"
        )
    persons: list[str] = history.persons.tolist()
    zeroed = {text.lstrip("0") for text in persons if text.startswith("0") and text.isdigit()}
    bare: dict[str, list[int]] = {}
    for who, text in enumerate(persons if zeroed else ()):
        if text.isdigit() and text.lstrip("0") in zeroed:
            bare.setdefault(text.lstrip("0"), []).append(who)
    twins = [who for group in bare.values() if len(group) > 1 for who in group]
    if twins:
        first = [int(used[slice(*history.offsets[who : who + 2])].min()) for who in twins]
        yield (
            f"{len(twins)} ids differ from another in leading zeros only (first named in "
            f"{_rows_named(rows, first)}): look whether a program took zeros off. The links table joins "
            "those, and only those, that are one person"
        )


def _stale(history: History, rows: OffenceRows) -> Iterator[str]:
    if len(history.event_day) and rows.as_of - (newest := int(history.event_day.max())) > STALE_DAYS:
        yield (
            f"the newest row used is of {iso(newest)}, {rows.as_of - newest} days before {iso(rows.as_of)}: "
            "an old extract, or a wrong year in as_of"
        )


def _removals(rows: OffenceRows, sides: Sides) -> Iterator[str]:
    """Removals that take nobody off, since the one meant would then be listed."""
    if sides.removals is None:
        return
    file = sides.removals.raw.file
    if ahead := sides.removals.ahead:
        named = ", ".join(map(str, ahead[:5])) + (" and others" if len(ahead) > 5 else "")
        yield (
            f"{_count(len(ahead), 'removal')} dated after {iso(rows.as_of)} ({file} rows {named}): whom they "
            "name is still ranked; look whether the date is right"
        )
    unknown = len(sides.removed.keys() - rows.number.keys())
    if unknown:
        yield (
            f"{_count(unknown, 'removal')} of people whom no offence row names: where someone is "
            "on record, the id is written differently here"
        )


def _undecided(sides: Sides) -> Iterator[str]:
    """Rows of a meeting's sheet that were never filled in."""
    if sides.decisions is not None and (open_still := sides.decisions.undecided):
        hold = "holds" if open_still == 1 else "hold"
        yield (
            f"{_count(open_still, 'row')} of {sides.decisions.raw.file} {hold} no decision: left out, so of "
            "whom they name no meeting decided"
        )


def _strangers(rows: OffenceRows, sides: Sides) -> Iterator[str]:
    """Tables none of whose rows concerns anyone in the offence rows: another kind of id, most likely."""
    for name, side in sides.given():
        theirs = frozenset(side.person.values)
        named = (rows.own, rows.person, rows.victim)
        if name != "removals" and len(side.person) and all(theirs.isdisjoint(ids.values) for ids in named):
            yield (
                f"none of the {len(side.person)} rows of the {name} table concerns anyone in the offence "
                "rows: the ids may be written differently"
            )


def _unknown_to_all(rows: OffenceRows, sides: Sides) -> Iterator[str]:
    """People decided on of whom nothing else tells: an id mistyped on the sheet makes a person of its own."""
    if sides.decisions is None:
        return
    told: set[str] = {*rows.own.values, *rows.person.values, *sides.joined}
    if sides.referrals is not None:
        told |= set(sides.referrals.person.values)
    theirs = set(sides.decisions.person.values)
    unknown = len(theirs - told)
    if 0 < unknown < len(theirs):  # of a table of strangers it is said above
        stand = "stands" if unknown == 1 else "stand"
        yield (
            f"{_count(unknown, 'id')} of {sides.decisions.raw.file} {stand} in no offence row and no "
            "referral: look whether the sheet spells it as the extract does"
        )
