"""The marks of a timeline: one for each incident, one look for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rfgscore.dates import iso
from rfgscore.explain import number
from rfgscore.explain.case import Case
from rfgscore.gravity import NON_CRIME

__all__ = ["Heap", "Mark", "drawn_heaps", "heaps", "key_mark", "marks_of", "px"]

#: Marks of one look within so many pixels across and upwards cannot be told apart: they become one.
_ACROSS, _UP = 3.0, 1.0

_CRIME, _NON_CRIME = "#8c2f3d", "#1d3a5f"


class Mark(NamedTuple):
    """One incident of a timeline.

    Parameters
    ----------
    day : int
        Day of its gravest line.
    weight : float
        Gravity of that line.
    crime : bool
        Whether any of its lines is a crime.
    inside : bool
        Whether it lies in the window.
    """

    day: int
    weight: float
    crime: bool
    inside: bool

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


class Heap(NamedTuple):
    """Incidents of one look on one spot, drawn where the latest and gravest of them lies.

    Parameters
    ----------
    x, y : float
        The spot.
    marks : list of Mark
        The incidents.
    """

    x: float
    y: float
    marks: list[Mark]

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def marks_of(case: Case, lines: Sequence[int]) -> list[tuple[int, Mark]]:
    """Return the incidents of some of a person's lines, as far as these lines show them.

    Parameters
    ----------
    case : Case
        The person.
    lines : sequence of int
        Visible lines of the person, ascending.

    Returns
    -------
    list of (int, Mark)
        Gravest of these lines, of those in the window where there are any; the latest incident first.
    """
    history, codes = case.history, [grade.code for grade in case.scored.grades]
    which = {line: int(history.incident[line]) for line in lines}
    inside = set(case.inside).intersection(lines)
    within = {which[line] for line in inside}
    crimes = {which[line] for line in lines if codes[history.code[line]] != NON_CRIME}
    shown = [line for line in lines if line in inside or which[line] not in within]
    found = sorted(case.incidents(shown), key=lambda one: -one.line)
    return [
        (
            one.line,
            Mark(
                int(history.day[one.line]), one.weight, which[one.line] in crimes, which[one.line] in within
            ),
        )
        for one in found
    ]


def heaps(marks: Sequence[Mark], x: Callable[[float], float], y: Callable[[float], float]) -> Iterator[Heap]:
    """Put together what falls on one spot; other looks on that spot stand beside it, not on top.

    Parameters
    ----------
    marks : sequence of Mark
        The incidents.
    x, y : callable
        From a day, and from a weight, to pixels.

    Yields
    ------
    Heap
        From left to right.
    """
    held: dict[tuple[int, int, bool, bool], list[Mark]] = {}
    for mark in sorted(marks):
        spot = int(x(mark.day + 0.5) / _ACROSS), int(y(mark.weight) / _UP)
        held.setdefault((*spot, mark.crime, mark.inside), []).append(mark)
    beside = 0
    before: tuple[int, int] | None = None
    for (across, up, _, _), same in sorted(held.items()):
        beside = beside + 1 if (across, up) == before else 0
        before = across, up
        heaviest = max(mark.weight for mark in same)
        yield Heap(x(same[-1].day + 0.5) + 9 * beside, y(heaviest), same)


def drawn_heaps(found: Sequence[Heap]) -> Iterator[tuple[str, str]]:
    """Draw marks by look: small diamonds above discs, those in the window last.

    Parameters
    ----------
    found : sequence of Heap
        What `heaps` put together.

    Yields
    ------
    look : str
        Attributes that the marks share.
    shapes : str
        The marks.
    """
    drawn: dict[tuple[bool, bool], list[str]] = {}
    for heap in found:
        one, shape = heap.marks[0], _shape(heap.x, heap.y, crime=heap.marks[0].crime)
        # A mark of one incident needs no words: the table has its day, offence and weight.
        if len(heap.marks) > 1:
            shape = f"<g><title>{_title(heap.marks)}</title>{shape}</g>"
        drawn.setdefault((one.inside, not one.crime), []).append(shape)
    for (inside, other), shapes in sorted(drawn.items()):
        yield _look(crime=not other, inside=inside), "".join(shapes)


def key_mark(*, crime: bool, inside: bool) -> str:
    """Return one mark of a timeline alone, for its key.

    Parameters
    ----------
    crime : bool
        Whether it stands for a crime.
    inside : bool
        Whether it stands for an incident in the window.

    Returns
    -------
    str
        Inline SVG, hidden from screen readers.
    """
    return (
        '<svg class="swatch" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
        f"<g {_look(crime=crime, inside=inside)}>{_shape(7, 7, crime=crime)}</g></svg>"
    )


def px(value: float) -> str:
    """Return pixels as text.

    Parameters
    ----------
    value : float
        Pixels.

    Returns
    -------
    str
        With a digit after the point where that is not 0.
    """
    return f"{value:.1f}".removesuffix(".0")


def _title(same: Sequence[Mark]) -> str:
    """Say when and how grave: the table holds the rest."""
    first, last = iso(same[0].day), iso(same[-1].day)
    when = first if first == last else f"{first} to {last}"
    weights = sorted({mark.weight for mark in same})
    weight = number(weights[0]) if len(weights) == 1 else f"{number(weights[0])} to {number(weights[-1])}"
    return f"{len(same)} incidents, {when}, weight {weight}"


def _look(*, crime: bool, inside: bool) -> str:
    """Filled in the window, hollow where it lies before it."""
    colour = _CRIME if crime else _NON_CRIME
    if inside:
        return f'fill="{colour}" stroke="#fff"'
    return f'fill="#fff" stroke="{colour}" stroke-width="1.6"'


def _shape(x: float, y: float, *, crime: bool) -> str:
    """Draw a disc for a crime, a diamond for a non-crime incident."""
    if crime:
        return f'<circle cx="{px(x)}" cy="{px(y)}" r="4"/>'
    return f'<path d="M{px(x)} {px(y - 4.7)}l4.7 4.7l-4.7 4.7l-4.7 -4.7z"/>'
