"""Paired differences between rankings, and what can be told of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rfgscore.backtests.page.blocks import Block, Cell, Grid, Heading, Said, cell
from rfgscore.backtests.page.reading import Number, Numbers, place_of
from rfgscore.backtests.page.rounded import interval
from rfgscore.backtests.page.words import joined, lowered, order_of_ranking, ranking_name, ranking_words

__all__ = ["Column", "differences", "told_apart"]

SAME = "no difference can be told"


class Column(NamedTuple):
    """What is compared.

    Parameters
    ----------
    measure : str
        The measure.
    at, of : str or None
        As in `Number`.
    name : str
        Heading of its column.
    text : callable
        How a difference is written.
    row : str
        Heading of its rows beside the ranking; blank where there is one row a ranking.
    """

    measure: str
    at: str | None
    of: str | None
    name: str
    text: Callable[[float | None], str]
    row: str = ""

    @property
    def told(self) -> str:
        """The whole name."""
        return f"{self.row}, {lowered(self.name)}" if self.row else self.name


def _of(numbers: Numbers, column: Column, against: str) -> dict[str, Number]:
    """Return the differences of a column by ranking; bounds are no rivals."""
    return {
        one.ranking: one
        for one in numbers.of(column.measure, compared=True)
        if (one.against, one.at, one.of, one.landmark, one.group)
        == (against, column.at, column.of, None, None)
        and one.value is not None
        and one.ranking not in (None, "random", "oracle", against)
    }


def _verdict(one: Number) -> str:
    """Return what a difference says, by its interval alone."""
    if one.lower is None or one.upper is None:
        return "no interval was made"
    if one.lower > 0:
        return "higher"
    return "lower" if one.upper < 0 else SAME


def told_apart(
    numbers: Numbers, column: Column, against: str, only: Sequence[str] | None = None, unit: str | None = None
) -> str:
    """Say which rankings score higher or lower than another, and of which that cannot be told.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    column : Column
        What is compared.
    against : str
        The ranking they are compared with.
    only : sequence of str, optional
        The rankings spoken of; without it all of them.
    unit : str, optional
        Where it is given, differences and intervals are told, in this unit.

    Returns
    -------
    str
        Up to three clauses; blank where nothing was compared.
    """
    by: dict[str, list[str]] = {"higher": [], "lower": [], SAME: []}
    found = _of(numbers, column, against)
    for word in sorted(found, key=order_of_ranking):
        verdict = _verdict(found[word])
        if (only is not None and word not in only) or verdict not in by:
            continue
        told = ranking_words(word)
        if unit is not None:
            told += f" ({column.text(found[word].value)}{unit}, {interval(found[word], column.text)})"
        by[verdict].append(told)
    return "; ".join(f"{verdict} for {joined(named)}" for verdict, named in by.items() if named)


def differences(
    numbers: Numbers, columns: Sequence[Column], said: Sequence[Column], what: str
) -> list[Block]:
    """Return sentences and a table for each ranking the others are compared with.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    columns : sequence of Column
        What stands in the tables.
    said : sequence of Column
        What is told in sentences.
    what : str
        What is compared, for captions.

    Returns
    -------
    list of blocks
        Empty where nothing was compared.
    """
    measures = {column.measure for column in columns}
    every = numbers.of(*measures, compared=True)
    blocks: list[Block] = []
    for against in place_of((one.against for one in every), order_of_ranking):
        found = {(column.row, column.name): _of(numbers, column, against) for column in columns}
        words = place_of((word for one in found.values() for word in one), order_of_ranking)
        if not words:
            continue
        blocks.append(Heading(f"{what} compared with {ranking_words(against)}"))
        points = [(column, told_apart(numbers, column, against)) for column in said]
        blocks.append(Said("", points=[f"{column.told}: {told}." for column, told in points if told]))
        heads, labels = (
            list(dict.fromkeys(names)) for names in ((c.name for c in columns), (c.row for c in columns))
        )
        text = columns[0].text
        rows = [
            (
                f"{ranking_name(word)}{': ' if label else ''}{lowered(label)}",
                [_cell(found.get((label, head), {}).get(word), text) for head in heads],
            )
            for label in labels
            for word in words
        ]
        caption = f"{what.rstrip(',')}: each ranking less {ranking_words(against)}"
        blocks.append(
            Grid(
                caption,
                ["Ranking", *heads],
                rows,
                folded=f"All differences to {ranking_words(against)} as a table",
                paper=False,
            )
        )
    return blocks


def _cell(one: Number | None, text: Callable[[float | None], str]) -> Cell:
    if one is None:
        return Cell("–")
    return cell(one, text)._replace(word=_verdict(one))
