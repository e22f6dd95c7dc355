"""Drawings of the page: dots with intervals, and lines, as inline SVG in the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

__all__ = ["Dot", "Line", "dots", "key_sign", "lines", "nice_steps"]

#: Shapes and dashes of the series of a figure, so that no two differ by colour alone.
_SHAPES = ("circle", "square", "triangle", "diamond", "cross", "down")
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2")

_ROW, _LABEL, _VALUE, _TOP, _FOOT = 23.0, 102.0, 50.0, 8.0, 26.0
_LEFT, _RIGHT, _HIGH = 54.0, 14.0, 250.0

#: About how wide a sign is in the letters of a drawing, where it is not as wide as most.
_WIDTHS = dict.fromkeys("iljtfrIJ.,:;'| ", 3.8) | dict.fromkeys("mwMW@%<>=+~&#", 11.5)


class Dot(NamedTuple):
    """One row of a figure of dots.

    Parameters
    ----------
    label : str
        What it is of.
    value : float
        Where the dot stands.
    lower, upper : float or None
        Ends of the interval.
    look : str
        ``own``, ``model``, ``simple`` or ``bound``: the shape and the colour.
    text : str
        The value in words, at the end of the row.
    """

    label: str
    value: float
    lower: float | None
    upper: float | None
    look: str
    text: str


class Line(NamedTuple):
    """One series of a figure of lines.

    Parameters
    ----------
    label : str
        What it is of.
    look : int
        Number of its colour, shape and dash, from 0; below 0 a plain thin line.
    points : sequence of (float, float or None)
        Across and up, in order; the line breaks where there is no value.
    bars : sequence of (float, float, float)
        Across, lower and upper end of an interval.
    """

    label: str
    look: int
    points: Sequence[tuple[float, float | None]]
    bars: Sequence[tuple[float, float, float]] = ()


def nice_steps(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers that span an axis.

    Parameters
    ----------
    low, high : float
        Least and greatest value shown.
    most : int
        About how many steps at most.

    Returns
    -------
    list of float
        From at or below `low` to at or above `high`, in equal steps of 1, 2, 2.5 or 5 times a power of ten.

    Examples
    --------
    >>> nice_steps(0.0, 0.17)
    [0.0, 0.05, 0.1, 0.15, 0.2]
    >>> nice_steps(0.5, 0.5)
    [0.4, 0.6]
    """
    wide = (high - low) or 1.0
    scale = 10.0 ** math.floor(math.log10(wide / most))
    step = next(factor * scale for factor in (1, 2, 2.5, 5, 10) if wide <= most * factor * scale * (1 + 1e-9))
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return [round(count * step, 12) for count in range(first, last + 1)]


def dots(
    rows: Sequence[Dot],
    told: str,
    tick: Callable[[float], str],
    line_at: float | None = None,
    low: float | None = None,
) -> str:
    """Draw dots with their intervals, one row each.

    Parameters
    ----------
    rows : sequence of Dot
        At least one row. What lies far beyond the others (a bound) does not stretch the axis: an arrow.
    told : str
        The text alternative.
    tick : callable
        How a number stands on the axis.
    line_at : float, optional
        Where a dashed line stands to compare with.
    low : float, optional
        Where the axis begins, unless a row lies below; without it near the least value.

    Returns
    -------
    str
        SVG.
    """
    wide, base = 320.0, _TOP + _ROW * len(rows)
    # Hindsight lies far beyond the others; chance does not.
    held = [row for row in rows if row.look != "bound"] or rows
    ends = [end for row in held for end in (row.value, row.lower, row.upper) if end is not None]
    ends += [] if line_at is None else [line_at]
    ends += [row.value for row in rows if row.look == "bound" and row.value <= max(ends)]
    least, most = min(ends if low is None else [low, *ends]), max(ends)
    room = ((most - least) or abs(most) or 1.0) * 0.04
    first, last = (least if least == low else least - room), most + room
    steps = [step for step in nice_steps(least, most, 4) if first <= step <= last]
    across = wide - _LABEL - _VALUE - 12

    def x(value: float) -> float:
        return _LABEL + across * (min(value, last) - first) / (last - first)

    drawn = [_upright(x(step), _TOP, base, tick(step), base + 16) for step in steps]
    if line_at is not None:
        drawn.append(f'<path class="at" d="M{_px(x(line_at))} {_px(_TOP)}V{_px(base)}"/>')
    for place, row in enumerate(rows):
        y = _TOP + _ROW * (place + 0.5)
        drawn.append(
            f'<text x="{_px(_LABEL - 10)}" y="{_px(y + 4)}" text-anchor="end">{_short(row.label)}</text>'
        )
        drawn.append(
            f'<text class="v" x="{_px(wide)}" y="{_px(y + 4)}" text-anchor="end">{escape(row.text)}</text>'
        )
        if row.value > last:
            end = _LABEL + across
            drawn.append(f'<path class="beyond" d="M{_px(end - 12)} {_px(y)}h16m-5 -4l5 4l-5 4"/>')
            continue
        if row.lower is not None and row.upper is not None:
            drawn.append(
                f'<path class="bar {row.look}" d="M{_px(x(row.lower))} {_px(y)}H{_px(x(row.upper))}"/>'
            )
        shape = {"own": "square", "model": "circle", "simple": "circle"}.get(row.look, "diamond")
        drawn.append(f'<path class="dot {row.look}" d="{_shape(shape, x(row.value), y, 4.5)}"/>')
    return _svg("dots", wide, base + _FOOT, told, "".join(drawn))


def lines(
    series: Sequence[Line],
    told: str,
    across: Sequence[tuple[float, str]],
    tick: Callable[[float], str],
    titles: tuple[str, str],
    *,
    wide: float = 380.0,
    slope: bool = False,
    base_at: float | None = None,
    low: float | None = None,
) -> str:
    """Draw series as lines with marks.

    Parameters
    ----------
    series : sequence of Line
        The series; at least one has a point.
    told : str
        The text alternative.
    across : sequence of (float, str)
        Ticks of the axis across; the first and the last are its ends.
    tick : callable
        How a number stands on the axis upwards.
    titles : (str, str)
        Names of the axis across and of the axis upwards.
    wide : float
        Width of the drawing.
    slope : bool
        Whether the line of equal values is drawn.
    base_at : float, optional
        Where a dashed level line stands to compare with.
    low : float, optional
        Where the axis upwards begins, at the latest.

    Returns
    -------
    str
        SVG.
    """
    ups = [up for one in series for _, up in one.points if up is not None]
    ups += [end for one in series for bar in one.bars for end in bar[1:]]
    ups += [value for value in (base_at, low) if value is not None]
    ups += [across[-1][0]] if slope else []
    steps = nice_steps(min(ups), max(ups))
    first, last = across[0][0], across[-1][0]
    base = 26.0 + _HIGH

    def x(value: float) -> float:
        return _LEFT + (wide - _LEFT - _RIGHT) * (value - first) / ((last - first) or 1.0)

    def y(value: float) -> float:
        return base - _HIGH * (value - steps[0]) / (steps[-1] - steps[0])

    drawn = [
        f'<path class="grid" d="M{_px(_LEFT)} {_px(y(step))}H{_px(wide - _RIGHT)}"/>'
        f'<text class="tick" x="{_px(_LEFT - 7)}" y="{_px(y(step) + 4)}" text-anchor="end">'
        f"{escape(tick(step))}</text>"
        for step in steps
    ]
    for value, words in across:
        # Long words at the right end stand to the left of it, where there is room.
        anchor = "end" if len(words) > 6 and value == last else "middle"
        drawn.append(_upright(x(value), base, base + 4, words, base + 18, anchor))
    drawn.append(f'<text class="axis" x="0" y="12">{escape(titles[1])}</text>')
    drawn.append(
        f'<text class="axis" x="{_px(wide - _RIGHT)}" y="{_px(base + 36)}" text-anchor="end">'
        f"{escape(titles[0])}</text>"
    )
    if slope:
        start = max(first, steps[0])
        drawn.append(f'<path class="at" d="M{_px(x(start))} {_px(y(start))}L{_px(x(last))} {_px(y(last))}"/>')
    if base_at is not None:
        drawn.append(f'<path class="at" d="M{_px(_LEFT)} {_px(y(base_at))}H{_px(wide - _RIGHT)}"/>')
    for one in series:
        drawn += _series(one, x, y)
    return _svg("lines", wide, base + 42, told, "".join(drawn))


def _series(one: Line, x: Callable[[float], float], y: Callable[[float], float]) -> Iterator[str]:
    """Draw intervals, the line with its gaps, and a mark for each point."""
    look = f"s{one.look}" if one.look >= 0 else "plain"
    bars = "".join(f"M{_px(x(at))} {_px(y(low))}V{_px(y(high))}" for at, low, high in one.bars)
    if bars:
        yield f'<path class="bar {look}" d="{bars}"/>'
    path, marks, held = "", "", False
    shape = _SHAPES[one.look % len(_SHAPES)]
    for at, up in one.points:
        if up is not None:
            path += f"{'L' if held else 'M'}{_px(x(at))} {_px(y(up))}"
            marks += _shape(shape, x(at), y(up), 3.6)
        held = up is not None
    dash = _DASHES[one.look % len(_DASHES)] if one.look >= 0 else "3 3"
    yield f'<path class="line {look}" d="{path}"' + (f' stroke-dasharray="{dash}"/>' if dash else "/>")
    if one.look >= 0 and len(one.points) <= 40:
        yield f'<path class="mark {look}" d="{marks}"/>'


def key_sign(look: int) -> str:
    """Draw the sign of a series for the key.

    Parameters
    ----------
    look : int
        Its look; below 0 a plain thin line.

    Returns
    -------
    str
        SVG.
    """
    name = f"s{look}" if look >= 0 else "plain"
    dash = _DASHES[look % len(_DASHES)] if look >= 0 else "3 3"
    line = f'<path class="line {name}" d="M1 7H31"' + (f' stroke-dasharray="{dash}"/>' if dash else "/>")
    shape = _SHAPES[look % len(_SHAPES)]
    mark = f'<path class="mark {name}" d="{_shape(shape, 16, 7, 3.6)}"/>' if look >= 0 else ""
    return (
        f'<svg class="sign" aria-hidden="true" viewBox="0 0 32 14" width="32" height="14">{line}{mark}</svg>'
    )


def _upright(x: float, top: float, base: float, words: str, foot: float, anchor: str = "middle") -> str:
    return (
        f'<path class="grid" d="M{_px(x)} {_px(top)}V{_px(base)}"/>'
        f'<text class="tick" x="{_px(x)}" y="{_px(foot)}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _shape(shape: str, x: float, y: float, size: float) -> str:
    """Return the outline of a mark as a path."""
    if shape == "circle":
        return f"M{_px(x - size)} {_px(y)}a{_px(size)} {_px(size)} 0 1 0 {_px(2 * size)} 0a{_px(size)} {_px(size)} 0 1 0 {_px(-2 * size)} 0z"  # noqa: E501
    corners = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
        "down": ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "cross": ((-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4), (0.4, 1.2),
                  (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4)),
    }[shape]  # fmt: skip
    return "M" + "L".join(f"{_px(x + size * right)} {_px(y + size * down)}" for right, down in corners) + "z"


def _svg(name: str, wide: float, high: float, told: str, drawn: str) -> str:
    return (
        f'<svg class="{name}" role="img" aria-label="{escape(told)}" viewBox="0 0 {_px(wide)} {_px(high)}" '
        f'width="{_px(wide)}" height="{_px(high)}">{drawn}</svg>'
    )


def _short(label: str) -> str:
    """Cut a label that has no room; the table beside the figure has it in full."""
    room, kept = _LABEL - 10.0, ""
    for sign in label:
        room -= _WIDTHS.get(sign, 7.4)
        if room < 0:
            return escape(f"{kept[:-1].rstrip()}…")
        kept += sign
    return escape(label)


def _px(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
