"""One person's incidents over time, by gravity and by victim, as inline SVG."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from rfgscore.dates import from_day, iso, to_day
from rfgscore.explain.bars import hatching
from rfgscore.report.page.lanes import Lane, drawn_lanes, label_room, lane_heights
from rfgscore.report.page.marks import Heap, Mark, drawn_heaps, heaps, px
from rfgscore.report.page.words import month_name

__all__ = ["Spell", "grid_weights", "in_reach", "timeline"]

_WIDTH = 720.0
_RIGHT, _TOP, _FOOT = 14.0, 26.0, 34.0
#: Where a weight of 0 lies.
_BASE = 170.0
#: Room for the labels of weights: at least this, and so much for each character of the longest.
_LABELS, _CHARACTER = 44.0, 7.4
#: The axis of weights stands a little left of the first day, so that no mark lies on it.
_GUTTER = 9.0
#: Least pixels between two labelled weights, and between two labels on the axis of dates.
_LINE_GAP, _DATE_GAP = 14.0, 62.0
#: Least pixels between two numbers above marks: across, for each of their digits, and upwards.
_NUMBER_GAP, _NUMBER_DIGIT, _NUMBER_UP = 8.0, 7.0, 12.0

#: A window may be longer than the calendar.
_FIRST_DAY = to_day(dt.date.min)

_INK, _MUTED, _GRID, _WINDOW, _CUSTODY = "#1a1a1a", "#545f6b", "#d7dce2", "#eef3f9", "#8a6d1f"


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
    lanes: Sequence[Lane] = (),
    label: str,
) -> str:
    """Return incidents over time as inline SVG: across, the day; upwards, log(1 + weight); below, by victim.

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
    lanes : sequence of Lane
        The same incidents by victim, below the weights and on the same axis of days; none for no lanes.
    label : str
        What is read aloud in place of the drawing.

    Returns
    -------
    str
        Inline SVG without ids, scripts or references.
    """
    begins, first = _begins(marks, as_of, window_days)
    last = max([as_of, *(day for day, _ in coming)])
    axis = max([_LABELS, label_room(lanes), *(_CHARACTER * len(_short(weight)) for weight in grid)]) + 5
    left = axis + _GUTTER
    scale = (_WIDTH - left - _RIGHT) / (last - first + 1)
    # The axis of days stands below the lanes.
    floor = _BASE + lane_heights(lanes)

    def x(day: float) -> float:
        return left + (day - first) * scale

    out = [
        f'<rect x="{px(x(begins))}" y="{px(_TOP)}" width="{px(x(as_of + 1) - x(begins))}" '
        f'height="{px(floor - _TOP)}" fill="{_WINDOW}"/>'
    ]
    out += _spells(spells, first, as_of, floor, x)
    out += _grid(grid, axis)
    out += _dates(first, last, axis, floor, x)
    out += _edges((x(begins), x(as_of + 1)), floor, begins, as_of)
    out += _marks(list(heaps(marks, x, lambda weight: _y(weight, grid[0]))))
    out += drawn_lanes(lanes, top=_BASE, axis=axis, right=_WIDTH - _RIGHT, x=x)
    for day, words in coming:
        at = px(x(day + 0.5))
        out.append(
            f'<g><title>{escape(iso(day))}: {escape(words)}</title><path d="M{at} {px(floor)}l5 9h-10z" '
            f'fill="#fff" stroke="{_INK}" stroke-width="1.3"/></g>'
        )
    height = px(floor + _FOOT)
    return (
        f'<svg class="timeline" role="img" aria-label="{escape(label)}" viewBox="0 0 {px(_WIDTH)} {height}" '
        f'width="{px(_WIDTH)}" height="{height}" '
        f'font-family="system-ui,\'Segoe UI\',Arial,sans-serif" font-size="11">{"".join(out)}</svg>'
    )


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
    across = f"H{px(_WIDTH - _RIGHT)}"
    heights = [_y(weight, grid[0]) for weight in grid]
    lines = "".join(f"M{px(axis)} {px(y)}{across}" for y in heights)
    yield f'<path d="{lines}" stroke="{_GRID}"/>'
    labels = "".join(
        f'<text x="{px(axis - 5)}" y="{px(y + 4)}">{escape(_short(weight))}</text>'
        for weight, y in zip(grid, heights, strict=True)
    )
    yield f'<g text-anchor="end" fill="{_MUTED}">{labels}</g><text x="2" y="12" fill="{_MUTED}">weight</text>'


def _dates(first: int, last: int, axis: float, floor: float, x: Callable[[float], float]) -> Iterator[str]:
    """Draw the axis of days; label the first days of months, as many as there is room for."""
    across = f"H{px(_WIDTH - _RIGHT)}"
    levels = dict.fromkeys((_BASE, floor))
    yield f'<path d="{"".join(f"M{px(axis)} {px(y)}{across}" for y in levels)}" stroke="{_MUTED}"/>'
    month_wide = 30.4 * (x(1) - x(0))
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60, 120) if step * month_wide >= _DATE_GAP), 240)
    start = from_day(first)
    month = -(-(start.year * 12 + start.month - 1 + (start.day > 1)) // step) * step
    ticks, labels = [], []
    while month // 12 <= dt.MAXYEAR and (day := to_day(dt.date(month // 12, month % 12 + 1, 1))) <= last:
        at = x(day)
        name = f"{month_name(month % 12 + 1)} {month // 12}" if step < 12 else str(month // 12)
        ticks.append(f"M{px(at)} {px(floor)}v5")
        # The last label ends at the edge rather than beyond it.
        place = f'x="{px(at)}"' if at < _WIDTH - 28 else f'x="{px(_WIDTH - 1)}" text-anchor="end"'
        labels.append(f'<text {place} y="{px(floor + 24)}">{escape(name)}</text>')
        month += step
    if ticks:
        yield f'<path d="{"".join(ticks)}" stroke="{_MUTED}"/>'
        yield f'<g text-anchor="middle" fill="{_MUTED}">{"".join(labels)}</g>'


def _edges(ends: tuple[float, float], floor: float, begins: int, as_of: int) -> Iterator[str]:
    """Draw the two ends of the window; its labels stand inside it where it is wide enough."""
    begins_at, ends_at = ends
    lines = "".join(f"M{px(at)} {px(_TOP - 6)}V{px(floor)}" for at in ends)
    yield f'<path d="{lines}" stroke="{_INK}" stroke-width="1.2" stroke-dasharray="4 3"/>'
    wide = ends_at - begins_at > 270
    anchor, at = ("start", begins_at) if wide else ("end", begins_at - 4)
    yield (f'<text x="{px(at)}" y="14" text-anchor="{anchor}" fill="{_INK}">window from {iso(begins)}</text>')
    yield f'<text x="{px(ends_at)}" y="14" text-anchor="end" fill="{_INK}">as of {iso(as_of)}</text>'


def _spells(
    spells: Sequence[Spell], first: int, as_of: int, floor: float, x: Callable[[float], float]
) -> Iterator[str]:
    for spell in spells:
        start, end = max(spell.start, first), min(spell.end, as_of + 1)
        if end <= start:
            continue
        at, width = x(start), max(x(end) - x(start), 2.0)
        held = "still held" if spell.end > as_of else f"until {iso(spell.end)}"
        lines = hatching(at, _TOP, width, floor - _TOP, "slant", 8.0)
        yield (
            f"<g><title>In custody from {iso(spell.start)}, {held}</title>"
            f'<rect x="{px(at)}" y="{px(_TOP)}" width="{px(width)}" height="{px(floor - _TOP)}" '
            f'fill="#faf3dd" stroke="{_CUSTODY}"/>'
            f'<path d="{lines}" stroke="{_CUSTODY}" stroke-opacity=".45" fill="none"/></g>'
        )


def _marks(found: Sequence[Heap]) -> Iterator[str]:
    """Draw the marks, then the numbers above those of many incidents."""
    for look, shapes in drawn_heaps(found):
        yield f'<g class="marks" {look}>{shapes}</g>'
    many = [heap for heap in found if len(heap.marks) > 1]
    numbers = [
        f'<text x="{px(heap.x)}" y="{px(heap.y - 8)}">{len(heap.marks)}</text>' for heap in _roomy(many)
    ]
    if numbers:
        yield (
            f'<g class="numbers" text-anchor="middle" font-weight="600" fill="{_INK}" paint-order="stroke" '
            f'stroke="#fff" stroke-width="2.5">{"".join(numbers)}</g>'
        )


def _roomy(many: Sequence[Heap]) -> list[Heap]:
    """Return the heaps whose numbers can be read: of those too near to each other, the largest."""
    kept: list[Heap] = []
    for heap in sorted(many, key=lambda one: (-len(one.marks), one.x, one.y)):
        if all(
            abs(heap.x - one.x) >= _NUMBER_GAP + _NUMBER_DIGIT * len(str(len(one.marks)))
            or abs(heap.y - one.y) >= _NUMBER_UP
            for one in kept
        ):
            kept.append(heap)
    return kept
