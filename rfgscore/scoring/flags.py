"""Flags: what a reader of the list must know about a person besides the points.

``serial:unconnected-victims`` is never raised: it asks whether victims know one another, which no table
tells, so it cannot be assessed.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import ne
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, add_years
from rfgscore.gravity import COURSE_OF_CONDUCT, Grade, groups_of
from rfgscore.history.history import History
from rfgscore.history.source import Source
from rfgscore.ingest.readers.coded import distinct_places, in_order, row_keys
from rfgscore.ingest.values import by_day
from rfgscore.windows import in_window, walk

__all__ = ["REPEAT_DAYS", "SERIAL_DAYS", "flag_people"]

Bool = npt.NDArray[np.bool_]

SERIAL_DAYS = 1095
REPEAT_DAYS = 365
HISTORIC_DAYS = 365


def flag_people(
    history: History, as_of: int, window_days: int, grades: Sequence[Grade], threads: int
) -> dict[str, Bool]:
    """Return the flags of every person of a history, in code-point order of the words.

    Flags look at the lines in the window unless their definition names another.

    Parameters
    ----------
    history : History
        The history at `as_of`; without a source only ``victim_unknown``, ``serial:two-victims-3y``,
        ``repeat:same-victim-12m`` and ``historic_report`` can be told.
    as_of : int
        Day looked at.
    window_days : int
        Length of the window.
    grades : sequence of Grade
        Grade of each offence of the history.
    threads : int
        Threads for the walks.

    Returns
    -------
    dict of str to numpy.ndarray
        Boolean mask over persons, by word; words that apply to nobody are left out.
    """
    inside = in_window(history, as_of, window_days)
    person = history.person_of_line()
    size = len(history.persons)

    def anyone(lines: Bool) -> Bool:
        return np.bincount(person[inside & lines], minlength=size) > 0

    fallback = np.array([bool(grade.fallback) for grade in grades], np.bool_)
    late = history.known_day.astype(np.int64) - history.day > HISTORIC_DAYS
    found: dict[str, Callable[[], Bool]] = {
        "code_fallback": lambda: anyone(fallback[history.code]),
        "historic_report": lambda: anyone(late),
        "repeat:same-victim-12m": lambda: _repeat(history, as_of),
        "serial:two-victims-3y": lambda: (
            walk(history, as_of, window_days=SERIAL_DAYS, threads=threads).victims >= 2
        ),
        "victim_unknown": lambda: anyone(history.victim < 0),
    }
    source = history.source
    if source is not None:
        if "victim_id" not in source.mapped:
            for word in ("repeat:same-victim-12m", "serial:two-victims-3y", "victim_unknown"):
                del found[word]
        found |= {
            "age_unknown": lambda: (source.dob == NO_DAY) & source.dob_mapped,
            "children_linked": lambda: anyone(source.children),
            "counter_allegation": lambda: _counter_allegation(history, source, inside),
            "course_of_conduct": lambda: anyone(_of_groups(history, COURSE_OF_CONDUCT)),
            "event_in_custody": lambda: anyone(_inside_custody(history, source, as_of)),
            "history_not_held": lambda: _not_held(history, source, as_of),
            "id_in_two_forces": lambda: _two_forces(history, source, as_of),
            "known_day_assumed": lambda: anyone(source.known_assumed),
            "linked": lambda: _anywhere(history, as_of, _joined(history, source)),
            "looks_alike": lambda: _looks_alike(history, as_of),
            "managed_elsewhere": lambda: source.managed,
            "order_breach": lambda: anyone(_of_groups(history, ("order_breach",))),
            "order_in_force": lambda: _order_in_force(history, source, as_of),
            "strangulation": lambda: anyone(_of_groups(history, ("strangulation",))),
            "under_18": lambda: _under_18(source, as_of),
        }
    masks = {word: found[word]() for word in sorted(found)}
    return {word: mask for word, mask in masks.items() if mask.any()}


def _repeat(history: History, as_of: int) -> Bool:
    """Two or more incidents against one victim in 365 days."""
    lines = np.flatnonzero(in_window(history, as_of, REPEAT_DAYS) & (history.victim >= 0))
    person = history.person_of_line()[lines]
    pair = row_keys([person, history.victim[lines]])
    order, fresh = in_order([pair, history.incident[lines]])
    # The same pair as the line before, and another incident.
    again = fresh[1:] & (pair[order][1:] == pair[order][:-1])
    return np.bincount(person[order[1:][again]], minlength=len(history.persons)) > 0


def _counter_allegation(history: History, source: Source, inside: Bool) -> Bool:
    """The person and one of their victims are recorded as suspect of each other in the window."""
    size = len(history.persons)
    lines = np.flatnonzero(inside & (source.victim.codes >= 0))
    suspect = history.person_of_line()[lines]
    # Only whoever has a line in the window can be suspect of another there.
    suspects = np.flatnonzero(np.bincount(suspect, minlength=size))
    number = dict(zip(history.persons[suspects].tolist(), suspects.tolist(), strict=True))
    codes, place = distinct_places(source.victim.codes[lines], len(source.victim.values))
    named = [number.get(source.victim.values[code], -1) for code in codes.tolist()]
    harmed = np.array(named, np.int64)[place]
    known = harmed >= 0
    suspect, harmed = suspect[known], harmed[known]
    mutual = np.isin(suspect * size + harmed, harmed * size + suspect)
    return np.bincount(suspect[mutual], minlength=size) > 0


def _of_groups(history: History, groups: Sequence[str]) -> Bool:
    """Lines whose offence is in one of the groups; each distinct offence is looked up once."""
    wanted = frozenset(groups)
    hit = np.array([not wanted.isdisjoint(groups_of(code)) for code in history.offences], np.bool_)
    return np.asarray(hit[history.code], np.bool_)


def _not_held(history: History, source: Source, as_of: int) -> Bool:
    """Persons transferred in or referred by then, with no visible line dated before that day."""
    came = np.where(source.transferred <= as_of, source.transferred, NO_DAY)
    referred = _referred(history, source, as_of)
    return np.asarray(_new_on(history, as_of, came) | _new_on(history, as_of, referred), np.bool_)


def _new_on(history: History, as_of: int, came: npt.NDArray[Any]) -> Bool:
    """Persons with a day, and no visible line dated before it."""
    before = history.event_day < came[history.person_of_line()]
    return np.asarray((came != NO_DAY) & ~_anywhere(history, as_of, before), np.bool_)


def _referred(history: History, source: Source, as_of: int) -> npt.NDArray[np.int64]:
    """Return the day of each person's earliest referral known by then, ``NO_DAY`` where there is none."""
    # They stand by person and day: the first one counts.
    first: dict[str, int] = {}
    for one in source.told.referrals or ():
        if one.known <= as_of:
            first.setdefault(one.person, one.day)
    return _by_person(history, first, NO_DAY)


def _order_in_force(history: History, source: Source, as_of: int) -> Bool:
    """Persons bound by an order known by then, its first and last day included."""
    bound = {one.person: 1 for one in source.told.orders or () if one.in_force(as_of)}
    return np.asarray(_by_person(history, bound, 0) == 1, np.bool_)


def _by_person(history: History, told: Mapping[str, int], absent: int) -> npt.NDArray[np.int64]:
    """Put what is told of some people in their places among all."""
    size = len(history.persons)
    if not told:
        return np.full(size, absent, np.int64)
    return np.fromiter((told.get(text, absent) for text in history.persons.tolist()), np.int64, size)


def _inside_custody(history: History, source: Source, as_of: int) -> Bool:
    if source.spells is None:
        return np.zeros(len(history.day), np.bool_)
    return source.spells.covers(history.person_of_line(), history.event_day, as_of)


def _anywhere(history: History, as_of: int, lines: Bool) -> Bool:
    """Whoever has such a line among the visible ones, in the window or not."""
    found = history.person_of_line()[history.visible(as_of) & lines]
    return np.bincount(found, minlength=len(history.persons)) > 0


def _looks_alike(history: History, as_of: int) -> Bool:
    """Persons whose id equals another's after NFKC and case folding, among those seen by then."""
    seen = _anywhere(history, as_of, np.ones(len(history.day), np.bool_))
    out = np.zeros(len(seen), np.bool_)
    people = np.flatnonzero(seen)
    # Compatibility forms and case are no difference; of ASCII there are no compatibility forms.
    shapes = [
        text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
        for text in map(str, history.persons[people].tolist())
    ]
    if len(set(shapes)) < len(shapes):
        counts = Counter(shapes)
        out[people] = [counts[shape] > 1 for shape in shapes]
    return out


def _joined(history: History, source: Source) -> Bool:
    """Lines that stood under another record before the links were applied."""
    person = history.person_of_line()
    whose = np.zeros(len(source.own.values), np.int64)
    whose[source.own.codes] = person  # every line of a record is of one person
    records, place = distinct_places(source.own.codes, len(source.own.values))
    own = map(source.own.values.__getitem__, records.tolist())
    other = np.fromiter(map(ne, own, history.persons[whose[records]].tolist()), np.bool_, len(records))
    return np.asarray(other[place] | np.isin(history.tail, list(source.twins)))


def _two_forces(history: History, source: Source, as_of: int) -> Bool:
    """Persons whose id came from two forces, as the lines seen by then or the subjects table tell."""

    if not source.two_forces.any():
        return source.two_forces
    person = history.person_of_line()

    def by_lines(lines: Bool) -> Bool:
        held = np.flatnonzero(lines & (source.force.codes >= 0) & source.two_forces[person])
        record = row_keys([person[held], source.own.codes[held]])
        order, fresh = in_order([record, source.force.codes[held]])
        # The same record as the line before, and another force.
        again = fresh[1:] & (record[order][1:] == record[order][:-1])
        return np.bincount(person[held[order[1:][again]]], minlength=len(history.persons)) > 0

    everything = np.ones(len(history.day), np.bool_)
    return source.two_forces & (by_lines(history.visible(as_of)) | ~by_lines(everything))


def _under_18(source: Source, as_of: int) -> Bool:
    # A profile may let younger people in; they must not pass unmarked.
    return np.asarray(by_day(source.dob, lambda day: add_years(day, 18)) > as_of)
