"""Score over time: one person's score on earlier days as a step line, with the same in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from rfgscore.cohort.considered import Cohort
from rfgscore.dates import iso, to_day
from rfgscore.explain import number
from rfgscore.scoring import Scored
from rfgscore.scoring.past import past_scores

__all__ = ["EVERY", "Trend", "trend_days", "trends"]

_FIRST_DAY = to_day(dt.date.min)

#: Days between two points, and how many days back they reach.
EVERY, _REACH = 28, 730

_WIDTH, _HEIGHT = 720.0, 132.0
_LEFT, _RIGHT, _TOP, _FOOT = 52.0, 62.0, 22.0, 24.0
_BASE = _HEIGHT - _FOOT
_INK, _MUTED, _GRID, _LINE, _MEETING = "#1a1a1a", "#545f6b", "#d7dce2", "#1d3a5f", "#8c2f3d"


class Trend(NamedTuple):
    """A person's score over time.

    Parameters
    ----------
    drawing : str
        Inline SVG.
    rows : tuple of (str, str)
        Each day, and the score in words.
    """

    drawing: str
    rows: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def trend_days(as_of: int, previous: int | None) -> tuple[int, ...]:
    """Return the days on which a score is looked at: every 28 days back over two years, and the last meeting.

    Parameters
    ----------
    as_of : int
        Day looked at, the last of them.
    previous : int or None
        Day of the previous run; left out where it lies further back.

    Returns
    -------
    tuple of int
        Ascending.

    Examples
    --------
    >>> days = trend_days(20000, 19990)
    >>> len(days), days[0], days[-3:]
    (28, 19272, (19972, 19990, 20000))
    """
    # The calendar has a first day, and an example may lie near it.
    days = {day for back in range(0, _REACH + 1, EVERY) if (day := as_of - back) >= _FIRST_DAY}
    if previous is not None and as_of - _REACH <= previous <= as_of:
        days.add(previous)
    return tuple(sorted(days))


def trends(scored: Scored, cohort: Cohort, numbers: Sequence[int]) -> dict[int, Trend]:
    """Return the score over time of people with lines.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    cohort : Cohort
        Who is considered; it knows the day of the previous run.
    numbers : sequence of int
        Person numbers, each once.

    Returns
    -------
    dict of int to Trend
        By person number; people without a score on any of the days are left out.
    """
    meeting = None if cohort.previous is None else cohort.previous.as_of
    days = trend_days(scored.as_of, meeting)
    past = past_scores(scored, numbers, days)
    most = scored.max_score
    values = past.score[past.scored]
    top = float(values.max(initial=0.0)) if most is None else float(most)
    axes = _Axes(days, min(0.0, float(values.min(initial=0.0))), top, meeting)
    out = {}
    for row, person in enumerate(numbers):
        pairs = zip(past.score[row].tolist(), past.scored[row].tolist(), strict=True)
        scores = [value if known else None for value, known in pairs]
        if any(score is not None for score in scores):
            told = tuple(
                (iso(day), "not scored" if score is None else number(score))
                for day, score in zip(days, scores, strict=True)
            )
            out[person] = Trend(_drawing(axes, scores), told)
    return out


@dataclass(frozen=True)
class _Axes:
    """Days across, points upwards, and the day of the last meeting."""

    days: Sequence[int]
    foot: float
    top: float
    meeting: int | None

    def x(self, day: int) -> float:
        across = _WIDTH - _LEFT - _RIGHT
        return _LEFT + (day - self.days[0]) * across / max(self.days[-1] - self.days[0], 1)

    def y(self, score: float) -> float:
        return _BASE - (score - self.foot) / ((self.top - self.foot) or 1.0) * (_BASE - _TOP)


def _drawing(axes: _Axes, scores: Sequence[float | None]) -> str:
    told = escape(_told(axes, scores))
    drawn = "".join((*_frame(axes), *_line(axes, scores), *_ends(axes, scores)))
    return (
        f'<svg class="trend" role="img" aria-label="{told}" viewBox="0 0 {_px(_WIDTH)} {_px(_HEIGHT)}" '
        f'width="{_px(_WIDTH)}" height="{_px(_HEIGHT)}" '
        f'font-family="system-ui,\'Segoe UI\',Arial,sans-serif" font-size="11">{drawn}</svg>'
    )


def _frame(axes: _Axes) -> Iterator[str]:
    """Draw the least and the most points, the first and the last day, and the last meeting."""
    for score in sorted({axes.foot, 0.0, axes.top}):
        height = axes.y(score)
        yield f'<path d="M{_px(_LEFT)} {_px(height)}H{_px(_WIDTH - _RIGHT)}" stroke="{_GRID}"/>'
        yield (
            f'<text x="{_px(_LEFT - 6)}" y="{_px(height + 4)}" text-anchor="end" fill="{_MUTED}">'
            f"{escape(_short(score))}</text>"
        )
    for day, anchor in ((axes.days[0], "start"), (axes.days[-1], "end")):
        yield (
            f'<text x="{_px(axes.x(day))}" y="{_px(_BASE + 17)}" text-anchor="{anchor}" fill="{_MUTED}">'
            f"{iso(day)}</text>"
        )
    if axes.meeting is not None and axes.meeting in axes.days:
        at = axes.x(axes.meeting)
        anchor, aside = ("end", -4.0) if at > _WIDTH / 2 else ("start", 4.0)
        yield (
            f'<path d="M{_px(at)} {_px(_TOP - 16)}V{_px(_BASE)}" stroke="{_MEETING}" stroke-dasharray="4 3"/>'
            f'<text x="{_px(at + aside)}" y="12" text-anchor="{anchor}" fill="{_MEETING}">'
            f"previous run {iso(axes.meeting)}</text>"
        )


def _line(axes: _Axes, scores: Sequence[float | None]) -> Iterator[str]:
    """Hold each score until the next day looked at; break off where there was none."""
    path, held = "", False
    for day, score in zip(axes.days, scores, strict=True):
        at = _px(axes.x(day))
        if held:
            path += f"H{at}"
        if score is not None:
            height = _px(axes.y(score))
            path += f"V{height}" if held else f"M{at} {height}"
        held = score is not None
    yield f'<path d="{path}" fill="none" stroke="{_LINE}" stroke-width="2" stroke-linecap="square"/>'


def _ends(axes: _Axes, scores: Sequence[float | None]) -> Iterator[str]:
    """Mark and name the first and the last score of the line."""
    known = [(day, score) for day, score in zip(axes.days, scores, strict=True) if score is not None]
    (first, began), (last, ended) = known[0], known[-1]
    shown = [(last, ended, "start", 7.0, 4.0)]
    if first < last:
        # The first score stands above the line, so that it covers none of it.
        shown.append((first, began, "start", 0.0, -6.0))
    for day, score, anchor, right, down in shown:
        x, y = axes.x(day), axes.y(score)
        yield f'<circle cx="{_px(x)}" cy="{_px(y)}" r="3" fill="{_LINE}"/>'
        yield (
            f'<text x="{_px(x + right)}" y="{_px(y + down)}" text-anchor="{anchor}" font-weight="600" '
            f'fill="{_INK}" paint-order="stroke" stroke="#fff" stroke-width="2.5">'
            f"{escape(_short(score))}</text>"
        )


def _told(axes: _Axes, scores: Sequence[float | None]) -> str:
    """Say the course of a score in one sentence."""
    known = [(day, score) for day, score in zip(axes.days, scores, strict=True) if score is not None]
    (first, began), (last, ended) = known[0], known[-1]
    words = f"Score over time: {number(began)} on {iso(first)}"
    if first < last:
        day, most = max(known, key=lambda one: one[1])
        words += f", at most {number(most)} on {iso(day)}, {number(ended)} on {iso(last)}"
    if len(known) < len(scores):
        words += f"; not scored on {len(scores) - len(known)} of {len(scores)} days"
    then = dict(known).get(axes.meeting) if axes.meeting is not None else None
    if then is not None:
        words += f"; {number(then)} on {iso(axes.meeting or 0)}, the previous run"
    return words


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _short(score: float) -> str:
    """Return a score for a label: whole as it is, else four digits."""
    return number(score) if float(score).is_integer() and abs(score) < 1e7 else f"{score:.4g}"
