"""The parts of a score as a person's page shows them: points, bars, sentences, and what is behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rfgscore.explain import Explanation, Part, number
from rfgscore.explain.bars import Extent, part_bar
from rfgscore.report.page.words import PARTS

__all__ = ["Told", "extents", "told_part"]

#: Evidence of more incidents than this is not named twice where it is all of those in the table.
_NAMED = 4


class Told(NamedTuple):
    """One part of a score as the page shows it.

    Parameters
    ----------
    name, title : str
        The component, and its name in a heading.
    value : str
        Its value with what it counts.
    got, points : str
        Points, and points of the most there are; blank for a part without points.
    bar : str
        Inline SVG; blank for a part without points.
    sentence : str
        The part in plain English.
    evidence : tuple of str
        Incidents or records behind it.
    all_of : str
        What the evidence is all of, where naming it again would be a wall of text; else blank.
    """

    name: str
    title: str
    value: str
    got: str
    points: str
    bar: str
    sentence: str
    evidence: tuple[str, ...]
    all_of: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def extents(explanations: Sequence[Explanation]) -> tuple[Extent, Extent]:
    """Return the axes on which the bars of a page can be compared.

    Parameters
    ----------
    explanations : sequence of Explanation
        Everyone on the lists.

    Returns
    -------
    tuple of (float, float)
        Least and most points: of whole scores, then of single parts.
    """
    sums, single = [0.0], [0.0]
    for told in explanations:
        points = [value for _, value, _ in told.bars()]
        sums += [sum(value for value in points if value > 0), sum(value for value in points if value < 0)]
        single += [*points, *(most for _, _, most in told.bars() if most is not None)]
    return (min(sums), max(sums)), (min(single), max(single))


def told_part(part: Part, extent: Extent, counts: tuple[int, int], shown: int) -> Told:
    """Return one part of a score as the page shows it.

    Parameters
    ----------
    part : Part
        The part.
    extent : (float, float)
        Axis of single parts.
    counts : (int, int)
        The person's incidents in the window, and on record.
    shown : int
        How many of them stand in the table.

    Returns
    -------
    Told
        Words and drawing.
    """
    got = bar = ""
    if part.points is not None:
        got = number(part.points)
        bar = part_bar((part.component, part.points, part.max_points), extent=extent, width=150, height=16)
    size, all_of = len(part.evidence), ""
    # One incident each, out of those of the person: as many as there are is all of them.
    if part.points is not None and size > _NAMED and size in counts:
        all_of = f"all {size} incidents {'in the window' if size == counts[0] else 'on record'}, "
        all_of += "below" if size <= shown else "the latest of them below"
    return Told(
        name=part.component,
        title=PARTS.get(part.component, part.component),
        value=_value(part),
        got=got,
        points=got if part.max_points is None else f"{got} of {part.max_points}",
        bar=bar,
        sentence=part.sentence,
        evidence=part.evidence,
        all_of=all_of,
    )


def _value(part: Part) -> str:
    if part.value is None:
        return ""
    if part.unit == "weight":
        return f"weight {number(part.value)}"
    one = {"days": "day", "days at liberty": "day at liberty"}.get(part.unit, part.unit.removesuffix("s"))
    return f"{number(part.value)} {one if part.value == 1 else part.unit}"
