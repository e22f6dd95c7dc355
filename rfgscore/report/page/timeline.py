"""One person's incidents over time, by gravity, as inline SVG."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from rfgscore.dates import from_day, iso, to_day
from rfgscore.explain import number
from rfgscore.explain.bars import hatching
from rfgscore.report.page.words import month_name

__all__ = ["Mark", "Spell", "grid_weights", "in_reach", "key_mark", "timeline"]

_WIDTH, _HEIGHT = 720.0, 204.0
_LEFT, _RIGHT, _TOP, _FOOT = 58.0, 14.0, 26.0, 34.0
#: The axis of weights stands a little left of the first day, so that no mark lies on it.
_AXIS = _LEFT - 9
_BASE = _HEIGHT - _FOOT
#: Least pixels between two labelled weights, and between two labels on the axis of dates.
_LINE_GAP, _DATE_GAP = 14.0, 62.0

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
    title : str
        What is read aloud and shown on hovering.
    """

    day: int
    weight: float
    crime: bool
    inside: bool
    title: str


class Spell(NamedTuple):
    """Days in custody: ``start <= day < end``.

    Parameters
    ----------
    start, end : int
        First day, and the day of release or the day after the last one looked at.
    """

    start: int
    end: int


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
    scale = (_WIDTH - _LEFT - _RIGHT) / (last - first + 1)

    def x(day: float) -> float:
        return _LEFT + (day - first) * scale

    out = [
        f'<rect x="{_px(x(begins))}" y="{_px(_TOP)}" width="{_px(x(as_of + 1) - x(begins))}" '
        f'height="{_px(_BASE - _TOP)}" fill="{_WINDOW}"/>'
    ]
    out += _spells(spells, first, as_of, scale)
    out += _grid(grid)
    out += _dates(first, last, scale)
    out += _edges(x(begins), x(as_of + 1), begins, as_of)
    out += _marks(marks, grid[0], across=[x(mark.day + 0.5) for mark in marks])
    for day, words in coming:
        at = _px(x(day + 0.5))
        out.append(
            f'<g><title>{escape(iso(day))}: {escape(words)}</title><path d="M{at} {_px(_BASE)}l5 9h-10z" '
            f'fill="#fff" stroke="{_INK}" stroke-width="1.3"/></g>'
        )
    return (
        f'<svg class="timeline" role="img" aria-label="{escape(label)}" viewBox="0 0 {_px(_WIDTH)} '
        f'{_px(_HEIGHT)}" width="{_px(_WIDTH)}" height="{_px(_HEIGHT)}" focusable="false" '
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
        '<svg class="swatch" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">'
        f"{_shape(7, 7, crime=crime, inside=inside)}</svg>"
    )


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _y(weight: float, top: float) -> float:
    return _BASE - math.log1p(weight) / math.log1p(top) * (_BASE - _TOP - 12)


def _grid(grid: Sequence[float]) -> Iterator[str]:
    for weight in (*grid, 0.0):
        y = _y(weight, grid[0])
        dark = _GRID if weight else _MUTED
        yield (f'<path d="M{_px(_AXIS)} {_px(y)}H{_px(_WIDTH - _RIGHT)}" stroke="{dark}" stroke-width="1"/>')
        if weight:
            yield (
                f'<text x="{_px(_AXIS - 5)}" y="{_px(y + 4)}" text-anchor="end" fill="{_MUTED}">'
                f"{escape(number(weight))}</text>"
            )
    yield f'<text x="2" y="12" fill="{_MUTED}">weight</text>'


def _dates(first: int, last: int, scale: float) -> Iterator[str]:
    """Label the first days of months, as many as there is room for."""
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60, 120) if step * 30.4 * scale >= _DATE_GAP), 240)
    start = from_day(first)
    month = -(-(start.year * 12 + start.month - 1 + (start.day > 1)) // step) * step
    while month // 12 <= dt.MAXYEAR and (day := to_day(dt.date(month // 12, month % 12 + 1, 1))) <= last:
        at = _px(_LEFT + (day - first) * scale)
        name = f"{month_name(month % 12 + 1)} {month // 12}" if step < 12 else str(month // 12)
        yield f'<path d="M{at} {_px(_BASE)}v5" stroke="{_MUTED}" stroke-width="1"/>'
        # The last label ends at the edge rather than beyond it.
        across, anchor = (at, "middle") if float(at) < _WIDTH - 28 else (_px(_WIDTH - 1), "end")
        yield (
            f'<text x="{across}" y="{_px(_BASE + 24)}" text-anchor="{anchor}" fill="{_MUTED}">'
            f"{escape(name)}</text>"
        )
        month += step


def _edges(begins_at: float, ends_at: float, begins: int, as_of: int) -> Iterator[str]:
    """Draw the two ends of the window; its labels stand inside it where it is wide enough."""
    for at in (begins_at, ends_at):
        yield (
            f'<path d="M{_px(at)} {_px(_TOP - 6)}V{_px(_BASE)}" stroke="{_INK}" stroke-width="1.2" '
            'stroke-dasharray="4 3"/>'
        )
    wide = ends_at - begins_at > 270
    anchor, at = ("start", begins_at) if wide else ("end", begins_at - 4)
    yield (
        f'<text x="{_px(at)}" y="14" text-anchor="{anchor}" fill="{_INK}">window from {iso(begins)}</text>'
    )
    yield f'<text x="{_px(ends_at)}" y="14" text-anchor="end" fill="{_INK}">as of {iso(as_of)}</text>'


def _spells(spells: Sequence[Spell], first: int, as_of: int, scale: float) -> Iterator[str]:
    for spell in spells:
        start, end = max(spell.start, first), min(spell.end, as_of + 1)
        if end <= start:
            continue
        x, width = _LEFT + (start - first) * scale, max((end - start) * scale, 2.0)
        held = "still held" if spell.end > as_of else f"until {iso(spell.end)}"
        lines = hatching(x, _TOP, width, _BASE - _TOP, "slant")
        yield (
            f"<g><title>In custody from {iso(spell.start)}, {held}</title>"
            f'<rect x="{_px(x)}" y="{_px(_TOP)}" width="{_px(width)}" height="{_px(_BASE - _TOP)}" '
            f'fill="#faf3dd" stroke="{_CUSTODY}" stroke-width="1"/>'
            f'<path d="{lines}" stroke="{_CUSTODY}" stroke-opacity=".45" stroke-width="1" fill="none"/></g>'
        )


def _marks(marks: Sequence[Mark], top: float, across: Sequence[float]) -> Iterator[str]:
    """Draw the marks, the latest last; those of one place become one mark with their number."""
    held: dict[tuple[str, float, bool, bool], list[Mark]] = {}
    for mark, x in sorted(zip(marks, across, strict=True), key=lambda pair: (pair[1], pair[0])):
        held.setdefault((_px(x), mark.weight, mark.crime, mark.inside), []).append(mark)
    above = Counter[tuple[str, float]]()
    for (x_text, weight, crime, inside), same in held.items():
        y = _y(weight, top)
        # A crime and a non-crime incident of one day and weight stand beside each other, not on top.
        x = float(x_text) + 9 * above[x_text, weight]
        above[x_text, weight] += 1
        title = "; ".join(mark.title for mark in same)
        count = ""
        if len(same) > 1:
            count = (
                f'<text x="{_px(x)}" y="{_px(y - 8)}" text-anchor="middle" font-weight="600" fill="{_INK}">'
                f"{len(same)}</text>"
            )
        yield f"<g><title>{escape(title)}</title>{_shape(x, y, crime=crime, inside=inside)}{count}</g>"


def _shape(x: float, y: float, *, crime: bool, inside: bool) -> str:
    """A disc for a crime, a diamond for a non-crime incident; hollow where it lies before the window."""
    colour = _CRIME if crime else _NON_CRIME
    fill = colour if inside else "#ffffff"
    rim = "#ffffff" if inside else colour
    drawn = (
        f'<circle cx="{_px(x)}" cy="{_px(y)}" r="4"'
        if crime
        else f'<path d="M{_px(x)} {_px(y - 4.7)}l4.7 4.7l-4.7 4.7l-4.7 -4.7z"'
    )
    return f'{drawn} fill="{fill}" stroke="{rim}" stroke-width="{"1" if inside else "1.6"}"/>'
