"""Flags: what a reader of the list must know about a person besides the points."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, add_years
from rfgscore.gravity import COURSE_OF_CONDUCT, Grade, groups_of
from rfgscore.history.history import History
from rfgscore.history.source import Source
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
            "strangulation": lambda: anyone(_of_groups(history, ("strangulation",))),
            "under_18": lambda: _under_18(source, as_of),
        }
    masks = {word: found[word]() for word in sorted(found)}
    return {word: mask for word, mask in masks.items() if mask.any()}


def _repeat(history: History, as_of: int) -> Bool:
    """Two or more incidents against one victim in 365 days."""
    lines = np.flatnonzero(in_window(history, as_of, REPEAT_DAYS) & (history.victim >= 0))
    person = history.person_of_line()[lines]
    pairs = np.column_stack([person, history.victim[lines], history.incident[lines]])
    incidents = np.unique(pairs, axis=0)
    pair, count = np.unique(incidents[:, :2], axis=0, return_counts=True)
    return np.isin(np.arange(len(history.persons)), pair[count >= 2, 0])


def _counter_allegation(history: History, source: Source, inside: Bool) -> Bool:
    """The person and one of their victims are recorded as suspect of each other in the window."""
    number = {text: place for place, text in enumerate(history.persons.tolist())}
    victim = source.victim.take(lambda text: number.get(text, -1), np.int64, -1)
    lines = np.flatnonzero(inside & (victim >= 0))
    suspect, harmed = history.person_of_line()[lines], victim[lines]
    size = len(history.persons)
    mutual = np.isin(suspect * size + harmed, harmed * size + suspect)
    return np.isin(np.arange(size), suspect[mutual])


def _of_groups(history: History, groups: Sequence[str]) -> Bool:
    """Lines whose offence is in one of the groups; each distinct offence is looked up once."""
    wanted = frozenset(groups)
    hit = np.array([not wanted.isdisjoint(groups_of(code)) for code in history.offences], np.bool_)
    return np.asarray(hit[history.code], np.bool_)


def _not_held(history: History, source: Source, as_of: int) -> Bool:
    """Persons transferred in by then, with no visible line dated before that day."""
    came = source.transferred
    before = history.event_day < came[history.person_of_line()]
    return np.asarray((came != NO_DAY) & (came <= as_of) & ~_anywhere(history, as_of, before), np.bool_)


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
    shapes = [unicodedata.normalize("NFKC", str(person)).casefold() for person in history.persons.tolist()]
    counts = Counter(shape for shape, there in zip(shapes, seen.tolist(), strict=True) if there)
    return seen & np.array([counts[shape] > 1 for shape in shapes], np.bool_)


def _joined(history: History, source: Source) -> Bool:
    """Lines that stood under another record before the links were applied."""
    number = {text: place for place, text in enumerate(history.persons.tolist())}
    own = source.own.take(lambda text: number.get(text, -1), np.int64, -1)
    return np.asarray((own != history.person_of_line()) | np.isin(history.tail, list(source.twins)))


def _two_forces(history: History, source: Source, as_of: int) -> Bool:
    """Persons whose id came from two forces, as the lines seen by then or the subjects table tell."""

    def by_lines(lines: Bool) -> Bool:
        held = np.flatnonzero(lines & (source.force.codes >= 0))
        named = np.column_stack([history.person_of_line(), source.own.codes, source.force.codes])[held]
        pair, forces = np.unique(np.unique(named, axis=0)[:, :2], axis=0, return_counts=True)
        return np.isin(np.arange(len(history.persons)), pair[forces > 1, 0])

    everything = np.ones(len(history.day), np.bool_)
    return source.two_forces & (by_lines(history.visible(as_of)) | ~by_lines(everything))


def _under_18(source: Source, as_of: int) -> Bool:
    born, place = np.unique(source.dob, return_inverse=True)
    # A profile may let younger people in; they must not pass unmarked.
    under = [day != NO_DAY and as_of < add_years(day, 18) for day in born.tolist()]
    return np.array(under, np.bool_)[place]
