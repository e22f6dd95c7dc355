"""Bars of the parts of a score as inline SVG: for pages and notebooks, legible in grey and read aloud."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from rfgscore.explain.case import number, out_of

__all__ = ["BarPart", "Extent", "hatching", "part_bar", "part_bars", "score_bar", "swatch"]

#: Name, points, and the most points there are (None where the method has no most).
BarPart = tuple[str, float, float | None]

#: Least and most points that an axis shows, so that several bars can be compared.
Extent = tuple[float, float]


class _Look(NamedTuple):
    """How a part is drawn: light and dark take turns and each has its own hatching, so grey will do."""

    fill: str
    ink: str
    hatch: str
    line: str


_LOOKS = {
    "recency": _Look("#1d3a5f", "#ffffff", "", ""),
    "frequency": _Look("#dbe9f4", "#10233a", "slant", "#7fa6c6"),
    "gravity": _Look("#8c2f3d", "#ffffff", "level", "#a9606b"),
    "victims": _Look("#f7e8c2", "#3a2c05", "upright", "#c3a353"),
}
_OTHER = _Look("#e7e7e7", "#1a1a1a", "slant", "#a0a0a0")

_FRAME, _TRACK, _TEXT = "#44505e", "#ffffff", "#1a1a1a"

#: Width of a digit of the labels, and what a label needs beside it, in pixels.
_DIGIT, _PAD = 6.6, 5.0

_FONT = "font-family=\"system-ui,'Segoe UI',Arial,sans-serif\""
#: Letters inside a bar: said once, for the whole drawing or group.
_INSIDE = f'{_FONT} font-size="11" font-weight="600" text-anchor="middle"'
#: Names and points beside bars.
_BESIDE = f'{_FONT} font-size="12" fill="{_TEXT}"'


def _px(value: float) -> str:
    """Return a length with at most two decimals, the same on every machine."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def hatching(x: float, y: float, width: float, height: float, kind: str, step: float = 5.0) -> str:
    """Return the path of a hatching inside a rectangle: without an id, so that it can stand in any document.

    Parameters
    ----------
    x, y, width, height : float
        The rectangle, in pixels.
    kind : {"slant", "level", "upright", ""}
        Direction of the lines; none when blank.
    step : float
        Pixels between two lines.

    Returns
    -------
    str
        What stands in the ``d`` of a path; blank where no line fits.

    Examples
    --------
    >>> hatching(0, 0, 10, 12, "level")
    'M0 5h10M0 10h10'
    """
    if kind == "level":
        rows = range(1, math.ceil(height / step))
        return "".join(f"M{_px(x)} {_px(y + step * row)}h{_px(width)}" for row in rows)
    if kind == "upright":
        columns = range(1, math.ceil(width / step))
        return "".join(f"M{_px(x + step * column)} {_px(y)}v{_px(height)}" for column in columns)
    out = []
    if kind == "slant":
        # Lines rise to the right; each starts at the foot, `shift` right of the corner, and is clipped.
        for line in range(1, math.ceil((width + height) / (step * 1.4))):
            shift = line * step * 1.4 - height
            begin, end = max(0.0, -shift), min(height, width - shift)
            if end > begin:
                rise = _px(end - begin)
                out.append(f"M{_px(x + shift + begin)} {_px(y + height - begin)}l{rise} -{rise}")
    return "".join(out)


def swatch(name: str) -> str:
    """Return a small square that looks as a part does in a bar, for a key.

    Parameters
    ----------
    name : str
        Name of the part.

    Returns
    -------
    str
        Inline SVG, hidden from screen readers: the name stands beside it.
    """
    look = _LOOKS.get(name, _OTHER)
    return (
        '<svg class="swatch" width="16" height="14" viewBox="0 0 16 14" aria-hidden="true">'
        f"{_block(look, 0.5, 0.5, 15, 13)}</svg>"
    )


def score_bar(
    parts: Sequence[BarPart],
    max_score: float | None,
    *,
    extent: Extent | None = None,
    width: float = 240,
    height: float = 20,
) -> str:
    """Return the parts of a score as one stacked bar.

    Parts below 0 lie left of the zero line. Each part has its own shade and hatching, its first letter and
    its points as far as there is room, and a title; the whole is read aloud as one sentence.

    Parameters
    ----------
    parts : sequence of (str, float, float or None)
        Name, points and most points of each part.
    max_score : float or None
        The most points there are: drawn as the track the parts fill. None where there is no most.
    extent : (float, float), optional
        Least and most points of the axis, for bars that are compared; widened where the parts need it.
    width, height : float
        Size in pixels.

    Returns
    -------
    str
        Inline SVG without ids, scripts or references.

    Examples
    --------
    >>> drawn = score_bar([("recency", 20, 20), ("gravity", 35, 35)], 55)
    >>> drawn.count("<rect"), "55 of 55 points: recency 20 of 20, gravity 35 of 35" in drawn
    (3, True)
    """
    axis = _axis([points for _, points, _ in parts], max_score, extent, stacked=True)
    total = round(math.fsum(points for _, points, _ in parts), 6)
    told = f"{out_of(total, max_score)} points: " + ", ".join(
        f"{name} {out_of(points, most)}" for name, points, most in parts
    )
    out = [_track(axis, max_score, width, height)]
    right = left = 0.0
    for name, points, most in parts:
        start = right if points >= 0 else left + points
        drawn = _segment((name, points, most), start, axis, width, height)
        if drawn:
            out.append(f"<g><title>{escape(name)}: {escape(out_of(points, most))} points</title>{drawn}</g>")
        if points >= 0:
            right += points
        else:
            left += points
    return _svg(width, height, told, out, axis)


def part_bar(part: BarPart, *, extent: Extent | None = None, width: float = 160, height: float = 16) -> str:
    """Return one part as a bar of its own, filling the track of the most it can be.

    Parameters
    ----------
    part : (str, float, float or None)
        Name, points and most points.
    extent : (float, float), optional
        Least and most points of the axis, for bars that are compared; widened where the part needs it.
    width, height : float
        Size in pixels.

    Returns
    -------
    str
        Inline SVG without ids, scripts or references.
    """
    name, points, most = part
    axis = _axis([points], most, extent, stacked=False)
    out = [_track(axis, most, width, height), _segment(part, min(points, 0.0), axis, width, height)]
    return _svg(width, height, f"{name}: {out_of(points, most)} points", out, axis)


def part_bars(parts: Sequence[BarPart], *, width: float = 420) -> str:
    """Return every part as a bar below the other, with its name and points, all on one scale.

    Parameters
    ----------
    parts : sequence of (str, float, float or None)
        Name, points and most points of each part.
    width : float
        Width in pixels.

    Returns
    -------
    str
        Inline SVG without ids, scripts or references.

    Examples
    --------
    >>> drawn = part_bars([("recency", 20, 20), ("<i>", 0.5, None)])
    >>> "20 of 20" in drawn, "&lt;i&gt;" in drawn, "<i>" in drawn
    (True, True, False)
    """
    row, name_room = 24.0, 84.0
    said = [out_of(points, most) for _, points, most in parts]
    room = max([_DIGIT * len(text) for text in said], default=0.0) + 2 * _PAD
    across = max(width - name_room - room, 40.0)
    widest = [most for _, _, most in parts if most is not None]
    spans = [_axis([points], None, None, stacked=False) for _, points, _ in parts]
    extent = (min((low for low, _ in spans), default=0.0), max([*widest, *(high for _, high in spans), 0.0]))
    out = []
    for place, ((name, points, most), text) in enumerate(zip(parts, said, strict=True)):
        axis = _axis([points], most, extent, stacked=False)
        bar = _track(axis, most, across, row - 6) + _segment(
            (name, points, most), min(points, 0.0), axis, across, row - 6
        )
        base = _px(place * row + row / 2 + 1)
        out.append(
            f'<text x="0" y="{base}" {_BESIDE}>{escape(name)}</text>'
            f'<g transform="translate({_px(name_room)} {_px(place * row)})" {_INSIDE}>{bar}</g>'
            f'<text x="{_px(name_room + across + _PAD)}" y="{base}" {_BESIDE}>{escape(text)}</text>'
        )
    told = "; ".join(f"{name}: {text} points" for (name, _, _), text in zip(parts, said, strict=True))
    return _frame(width, row * len(parts), told, "".join(out))


def _axis(points: Sequence[float], most: float | None, extent: Extent | None, *, stacked: bool) -> Extent:
    """Return least and most of an axis that shows all of it, zero included."""
    below, above = [point for point in points if point < 0], [point for point in points if point > 0]
    low = math.fsum(below) if stacked else min(below, default=0.0)
    high = math.fsum(above) if stacked else max(above, default=0.0)
    low, high = min(low, 0.0), max(high, most or 0.0)
    if extent is not None:
        low, high = min(low, extent[0]), max(high, extent[1])
    return low, high


def _at(points: float, axis: Extent, width: float) -> float:
    low, high = axis
    return 0.5 + (points - low) / ((high - low) or 1.0) * (width - 1.0)


def _track(axis: Extent, most: float | None, width: float, height: float) -> str:
    if not most:
        return ""
    x = _at(0.0, axis, width)
    return (
        f'<rect x="{_px(x)}" y="0.5" width="{_px(_at(most, axis, width) - x)}" height="{_px(height - 1)}" '
        f'fill="{_TRACK}" stroke="#8a94a0"/>'
    )


def _segment(part: BarPart, start: float, axis: Extent, width: float, height: float) -> str:
    name, points, _ = part
    if points == 0:
        return ""
    look = _LOOKS.get(name, _OTHER)
    x = _at(start, axis, width)
    across = _at(start + abs(points), axis, width) - x
    out = [_block(look, x, 0.5, across, height - 1)]
    initial = name[:1].upper()
    for label in (f"{initial} {number(points)}", initial):
        if across >= _DIGIT * len(label) + _PAD:
            halo = f'paint-order="stroke" stroke="{look.fill}" stroke-width="3.5"'
            out.append(
                f'<text x="{_px(x + across / 2)}" y="{_px(height / 2 + 4)}" fill="{look.ink}" {halo}>'
                f"{escape(label)}</text>"
            )
            break
    return "".join(out)


def _block(look: _Look, x: float, y: float, width: float, height: float) -> str:
    place = f'x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{_px(height)}" fill="{look.fill}"'
    lines = hatching(x, y, width, height, look.hatch)
    if not lines:
        return f'<rect {place} stroke="{_FRAME}"/>'
    # The frame is drawn last, so that no line of the hatching lies on it.
    return (
        f'<rect {place}/><path d="{lines}" stroke="{look.line}" fill="none"/>'
        f'<path d="M{_px(x)} {_px(y)}h{_px(width)}v{_px(height)}h-{_px(width)}z" fill="none" '
        f'stroke="{_FRAME}"/>'
    )


def _svg(width: float, height: float, told: str, drawn: Sequence[str], axis: Extent) -> str:
    zero = ""
    if axis[0] < 0:
        x = _px(_at(0.0, axis, width))
        zero = f'<path d="M{x} 0v{_px(height)}" stroke="{_TEXT}" stroke-width="1.5" fill="none"/>'
    return _frame(width, height, told, "".join(drawn) + zero, f" {_INSIDE}")


def _frame(width: float, height: float, told: str, drawn: str, letters: str = "") -> str:
    return (
        f'<svg class="bar" role="img" aria-label="{escape(told)}" width="{_px(width)}" '
        f'height="{_px(height)}" viewBox="0 0 {_px(width)} {_px(height)}"{letters}>{drawn}</svg>'
    )
