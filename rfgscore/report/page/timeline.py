"""One person's incidents over time, by gravity, as inline SVG."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from rfgscore.dates import from_day, iso, to_day
from rfgscore.explain import number
from rfgscore.explain.bars import hatching
from rfgscore.report.page.words import month_name

__all__ = ["Mark", "Spell", "grid_weights", "in_reach", "key_mark", "timeline"]

_WIDTH, _HEIGHT = 720.0, 204.0
_RIGHT, _TOP, _FOOT = 14.0, 26.0, 34.0
_BASE = _HEIGHT - _FOOT
#: Room for the labels of weights: at least this, and so much for each character of the longest.
_LABELS, _CHARACTER = 44.0, 7.4
#: The axis of weights stands a little left of the first day, so that no mark lies on it.
_GUTTER = 9.0
#: Least pixels between two labelled weights, and between two labels on the axis of dates.
_LINE_GAP, _DATE_GAP = 14.0, 62.0
#: Marks of one look within so many pixels across and upwards cannot be told apart: they become one.
_ACROSS, _UP = 3.0, 1.0
#: Least pixels between two numbers above marks: across, for each of their digits, and upwards.
_NUMBER_GAP, _NUMBER_DIGIT, _NUMBER_UP = 8.0, 7.0, 12.0

#: A window may be longer than the calendar.
_FIRST_DAY = to_day(dt.date.min)

_INK, _MUTED, _GRID, _WINDOW, _CUSTODY = "#1a1a1a", "#545f6b", "#d7dce2", "#eef3f9", "#8a6d1f"
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


class Spell(NamedTuple):
    """Days in custody: ``start <= day < end``.

    Parameters
    ----------
    start, end : int
        First day, and the day of release or the day after the last one looked at.
    """

    start: int
    end: int

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def grid_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """Return the weights that get a line across the drawing: the highest, then all there is room for.

    Parameters
    ----------
    weights : sequence of float
        Weights of all incidents to be drawn, of however many people.

    Returns
    -------
    tuple of float
        Distinct weights, the highest first; ``(1.0,)`` where there is none above 0.

    Examples
    --------
    >>> grid_weights([0.5, 0.5, 10, 1825, 1824])
    (1825, 10, 0.5)
    """
    ordered = sorted({weight for weight in weights if weight > 0}, reverse=True) or [1.0]
    kept = [ordered[0]]
    for weight in ordered[1:]:
        if _y(weight, ordered[0]) - _y(kept[-1], ordered[0]) >= _LINE_GAP:
            kept.append(weight)
    return tuple(kept)


def in_reach(
    marks: Sequence[Mark], coming: Sequence[tuple[int, str]], *, as_of: int, window_days: int
) -> tuple[tuple[int, str], ...]:
    """Return the days ahead that a timeline can show without giving them more than a sixth of it.

    Parameters
    ----------
    marks : sequence of Mark
        The incidents.
    coming : sequence of (int, str)
        Days after `as_of`, and what falls on them.
    as_of : int
        Day looked at.
    window_days : int
        Calendar days of the window.

    Returns
    -------
    tuple of (int, str)
        Those in reach.

    Examples
    --------
    >>> in_reach([], [(110, "soon"), (400, "late")], as_of=100, window_days=100)
    ((110, 'soon'),)
    """
    _, first = _begins(marks, as_of, window_days)
    return tuple(one for one in coming if one[0] <= as_of + (as_of - first + 1) // 5)


def _begins(marks: Sequence[Mark], as_of: int, window_days: int) -> tuple[int, int]:
    """Return the first day of the window, and that of the drawing."""
    begins = max(as_of - window_days + 1, _FIRST_DAY)
    return begins, min([mark.day for mark in marks] + [begins])


def timeline(
    marks: Sequence[Mark],
    spells: Sequence[Spell],
    *,
    as_of: int,
    window_days: int,
    grid: Sequence[float],
    coming: Sequence[tuple[int, str]] = (),
    label: str,
) -> str:
    """Return incidents over time as inline SVG: across, the day; upwards, log(1 + weight).

    Incidents that fall on one spot are one mark, with their number above it where there is room for it.

    Parameters
    ----------
    marks : sequence of Mark
        The incidents.
    spells : sequence of Spell
        Days in custody, as far as known.
    as_of : int
        Day looked at.
    window_days : int
        Calendar days of the window.
    grid : sequence of float
        What `grid_weights` returned; its first is the top of the scale.
    coming : sequence of (int, str)
        Days after `as_of` and what falls on them, as `in_reach` returned them.
    label : str
        What is read aloud in place of the drawing.

    Returns
    -------
    str
        Inline SVG without ids, scripts or references.
    """
    begins, first = _begins(marks, as_of, window_days)
    last = max([as_of, *(day for day, _ in coming)])
    axis = max([_LABELS, *(_CHARACTER * len(_short(weight)) for weight in grid)]) + 5
    left = axis + _GUTTER
    scale = (_WIDTH - left - _RIGHT) / (last - first + 1)

    def x(day: float) -> float:
        return left + (day - first) * scale

    out = [
        f'<rect x="{_px(x(begins))}" y="{_px(_TOP)}" width="{_px(x(as_of + 1) - x(begins))}" '
        f'height="{_px(_BASE - _TOP)}" fill="{_WINDOW}"/>'
    ]
    out += _spells(spells, first, as_of, x)
    out += _grid(grid, axis)
    out += _dates(first, last, x)
    out += _edges(x(begins), x(as_of + 1), begins, as_of)
    out += _marks(_heaps(marks, grid[0], x))
    for day, words in coming:
        at = _px(x(day + 0.5))
        out.append(
            f'<g><title>{escape(iso(day))}: {escape(words)}</title><path d="M{at} {_px(_BASE)}l5 9h-10z" '
            f'fill="#fff" stroke="{_INK}" stroke-width="1.3"/></g>'
        )
    return (
        f'<svg class="timeline" role="img" aria-label="{escape(label)}" viewBox="0 0 {_px(_WIDTH)} '
        f'{_px(_HEIGHT)}" width="{_px(_WIDTH)}" height="{_px(_HEIGHT)}" '
        f'font-family="system-ui,\'Segoe UI\',Arial,sans-serif" font-size="11">{"".join(out)}</svg>'
    )


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


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _y(weight: float, top: float) -> float:
    return _BASE - math.log1p(weight) / math.log1p(top) * (_BASE - _TOP - 12)


def _short(weight: float) -> str:
    """Return a weight for the axis: four digits, or all before the point; thousands apart from 10,000 on."""
    if not 0.0001 <= weight < 1e12:
        return f"{weight:.3g}"
    if weight < 1000:
        return f"{weight:.4g}"
    return f"{weight:,.0f}" if weight >= 10_000 else f"{weight:.0f}"


def _grid(grid: Sequence[float], axis: float) -> Iterator[str]:
    across = f"H{_px(_WIDTH - _RIGHT)}"
    heights = [_y(weight, grid[0]) for weight in grid]
    lines = "".join(f"M{_px(axis)} {_px(y)}{across}" for y in heights)
    yield f'<path d="{lines}" stroke="{_GRID}"/>'
    yield f'<path d="M{_px(axis)} {_px(_BASE)}{across}" stroke="{_MUTED}"/>'
    labels = "".join(
        f'<text x="{_px(axis - 5)}" y="{_px(y + 4)}">{escape(_short(weight))}</text>'
        for weight, y in zip(grid, heights, strict=True)
    )
    yield f'<g text-anchor="end" fill="{_MUTED}">{labels}</g><text x="2" y="12" fill="{_MUTED}">weight</text>'


def _dates(first: int, last: int, x: Callable[[float], float]) -> Iterator[str]:
    """Label the first days of months, as many as there is room for."""
    month_wide = 30.4 * (x(1) - x(0))
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60, 120) if step * month_wide >= _DATE_GAP), 240)
    start = from_day(first)
    month = -(-(start.year * 12 + start.month - 1 + (start.day > 1)) // step) * step
    ticks, labels = [], []
    while month // 12 <= dt.MAXYEAR and (day := to_day(dt.date(month // 12, month % 12 + 1, 1))) <= last:
        at = x(day)
        name = f"{month_name(month % 12 + 1)} {month // 12}" if step < 12 else str(month // 12)
        ticks.append(f"M{_px(at)} {_px(_BASE)}v5")
        # The last label ends at the edge rather than beyond it.
        place = f'x="{_px(at)}"' if at < _WIDTH - 28 else f'x="{_px(_WIDTH - 1)}" text-anchor="end"'
        labels.append(f'<text {place} y="{_px(_BASE + 24)}">{escape(name)}</text>')
        month += step
    if ticks:
        yield f'<path d="{"".join(ticks)}" stroke="{_MUTED}"/>'
        yield f'<g text-anchor="middle" fill="{_MUTED}">{"".join(labels)}</g>'


def _edges(begins_at: float, ends_at: float, begins: int, as_of: int) -> Iterator[str]:
    """Draw the two ends of the window; its labels stand inside it where it is wide enough."""
    lines = "".join(f"M{_px(at)} {_px(_TOP - 6)}V{_px(_BASE)}" for at in (begins_at, ends_at))
    yield f'<path d="{lines}" stroke="{_INK}" stroke-width="1.2" stroke-dasharray="4 3"/>'
    wide = ends_at - begins_at > 270
    anchor, at = ("start", begins_at) if wide else ("end", begins_at - 4)
    yield (
        f'<text x="{_px(at)}" y="14" text-anchor="{anchor}" fill="{_INK}">window from {iso(begins)}</text>'
    )
    yield f'<text x="{_px(ends_at)}" y="14" text-anchor="end" fill="{_INK}">as of {iso(as_of)}</text>'


def _spells(spells: Sequence[Spell], first: int, as_of: int, x: Callable[[float], float]) -> Iterator[str]:
    for spell in spells:
        start, end = max(spell.start, first), min(spell.end, as_of + 1)
        if end <= start:
            continue
        at, width = x(start), max(x(end) - x(start), 2.0)
        held = "still held" if spell.end > as_of else f"until {iso(spell.end)}"
        lines = hatching(at, _TOP, width, _BASE - _TOP, "slant", 8.0)
        yield (
            f"<g><title>In custody from {iso(spell.start)}, {held}</title>"
            f'<rect x="{_px(at)}" y="{_px(_TOP)}" width="{_px(width)}" height="{_px(_BASE - _TOP)}" '
            f'fill="#faf3dd" stroke="{_CUSTODY}"/>'
            f'<path d="{lines}" stroke="{_CUSTODY}" stroke-opacity=".45" fill="none"/></g>'
        )


class _Heap(NamedTuple):
    """Incidents of one look on one spot, drawn where the latest and gravest of them lies."""

    x: float
    y: float
    marks: list[Mark]


def _heaps(marks: Sequence[Mark], top: float, x: Callable[[float], float]) -> Iterator[_Heap]:
    """Put together what falls on one spot; other looks on that spot stand beside it, not on top."""
    held: dict[tuple[int, int, bool, bool], list[Mark]] = {}
    for mark in sorted(marks):
        spot = int(x(mark.day + 0.5) / _ACROSS), int(_y(mark.weight, top) / _UP)
        held.setdefault((*spot, mark.crime, mark.inside), []).append(mark)
    beside = 0
    before: tuple[int, int] | None = None
    for (across, up, _, _), same in sorted(held.items()):
        beside = beside + 1 if (across, up) == before else 0
        before = across, up
        heaviest = max(mark.weight for mark in same)
        yield _Heap(x(same[-1].day + 0.5) + 9 * beside, _y(heaviest, top), same)


def _marks(heaps: Iterator[_Heap]) -> Iterator[str]:
    """Draw the marks by look, small diamonds above discs, those in the window last; then their numbers."""
    drawn: dict[tuple[bool, bool], list[str]] = {}
    many = []
    for heap in heaps:
        one, shape = heap.marks[0], _shape(heap.x, heap.y, crime=heap.marks[0].crime)
        # A mark of one incident needs no words: the table has its day, offence and weight.
        if len(heap.marks) > 1:
            many.append(heap)
            shape = f"<g><title>{_title(heap.marks)}</title>{shape}</g>"
        drawn.setdefault((one.inside, not one.crime), []).append(shape)
    for (inside, other), shapes in sorted(drawn.items()):
        yield f'<g class="marks" {_look(crime=not other, inside=inside)}>{"".join(shapes)}</g>'
    numbers = [
        f'<text x="{_px(heap.x)}" y="{_px(heap.y - 8)}">{len(heap.marks)}</text>' for heap in _roomy(many)
    ]
    if numbers:
        yield (
            f'<g class="numbers" text-anchor="middle" font-weight="600" fill="{_INK}" paint-order="stroke" '
            f'stroke="#fff" stroke-width="2.5">{"".join(numbers)}</g>'
        )


def _title(same: Sequence[Mark]) -> str:
    """Say when and how grave: the table holds the rest."""
    first, last = iso(same[0].day), iso(same[-1].day)
    when = first if first == last else f"{first} to {last}"
    weights = sorted({mark.weight for mark in same})
    weight = number(weights[0]) if len(weights) == 1 else f"{number(weights[0])} to {number(weights[-1])}"
    return f"{len(same)} incidents, {when}, weight {weight}"


def _roomy(many: Sequence[_Heap]) -> list[_Heap]:
    """Return the heaps whose numbers can be read: of those too near to each other, the largest."""
    kept: list[_Heap] = []
    for heap in sorted(many, key=lambda one: (-len(one.marks), one.x, one.y)):
        if all(
            abs(heap.x - one.x) >= _NUMBER_GAP + _NUMBER_DIGIT * len(str(len(one.marks)))
            or abs(heap.y - one.y) >= _NUMBER_UP
            for one in kept
        ):
            kept.append(heap)
    return kept


def _look(*, crime: bool, inside: bool) -> str:
    """Filled in the window, hollow where it lies before it."""
    colour = _CRIME if crime else _NON_CRIME
    if inside:
        return f'fill="{colour}" stroke="#fff"'
    return f'fill="#fff" stroke="{colour}" stroke-width="1.6"'


def _shape(x: float, y: float, *, crime: bool) -> str:
    """Draw a disc for a crime, a diamond for a non-crime incident."""
    if crime:
        return f'<circle cx="{_px(x)}" cy="{_px(y)}" r="4"/>'
    return f'<path d="M{_px(x)} {_px(y - 4.7)}l4.7 4.7l-4.7 4.7l-4.7 -4.7z"/>'
