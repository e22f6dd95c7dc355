"""What a section of the page is made of: sentences, tables and figures as plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rfgscore.backtests.page.reading import Number
from rfgscore.backtests.page.rounded import interval

__all__ = [
    "Cell",
    "Facts",
    "Figure",
    "Grid",
    "Heading",
    "Key",
    "Said",
    "Section",
    "cell",
    "counts",
    "not_asked",
]


class Cell(NamedTuple):
    """A cell of a table.

    Parameters
    ----------
    text : str
        The value.
    more : str
        Its interval, in small print beside it.
    word : str
        A remark below that.
    few : bool
        Whether fewer than ten people or events stand behind it.
    number : bool
        Whether it stands on the right.
    """

    text: str
    more: str = ""
    word: str = ""
    few: bool = False
    number: bool = True


class Said:
    """A paragraph.

    Parameters
    ----------
    text : str
        Sentences.
    tone : {"plain", "warning", "small"}
        A warning stands in a box and is announced as one.
    lead : str
        Its first words, in bold.
    points : sequence of str
        Points of a list that follows.
    """

    kind: ClassVar[str] = "said"

    def __init__(self, text: str, tone: str = "plain", lead: str = "", points: Sequence[str] = ()) -> None:
        self.text, self.tone, self.lead, self.points = text, tone, lead, points


class Heading:
    """A heading inside a section.

    Parameters
    ----------
    text : str
        Its words.
    """

    kind: ClassVar[str] = "heading"

    def __init__(self, text: str) -> None:
        self.text = text


class Facts:
    """Terms, and what is said of each.

    Parameters
    ----------
    rows : sequence of (str, sequence of str)
        A term, and one or more sentences.
    """

    kind: ClassVar[str] = "facts"

    def __init__(self, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        self.rows = rows


class Grid:
    """A table.

    Parameters
    ----------
    caption : str
        What stands in it.
    heads : sequence of str
        Names of the columns, that of the row heads first.
    rows : sequence of (str, sequence of Cell)
        The head of a row, and its cells.
    folded : str
        Where it is given, the table is folded away under these words.
    paper : bool
        Whether paper shows it, too.
    """

    kind: ClassVar[str] = "grid"

    def __init__(
        self,
        caption: str,
        heads: Sequence[str],
        rows: Sequence[tuple[str, Sequence[Cell]]],
        folded: str = "",
        paper: bool = True,
    ) -> None:
        self.caption, self.heads, self.rows, self.folded, self.paper = caption, heads, rows, folded, paper

    def on_right(self, column: int) -> bool:
        """Tell whether a column stands on the right.

        Parameters
        ----------
        column : int
            From 0, the row heads.

        Returns
        -------
        bool
            Whether its cells are numbers.
        """
        return bool(column and self.rows and self.rows[0][1][column - 1].number)

    @property
    def few(self) -> bool:
        """Whether a cell rests on few people or events."""
        return any(one.few for _, cells in self.rows for one in cells)


class Key(NamedTuple):
    """One sign of a figure.

    Parameters
    ----------
    drawing : str
        The sign as SVG.
    words : str
        What it stands for.
    """

    drawing: str
    words: str


class Figure:
    """Drawings side by side, with their key; the table behind them stands next to the figure.

    Parameters
    ----------
    caption : str
        What is shown, and how to read it.
    drawings : sequence of (str, str)
        A title, and SVG of our own that holds its own text alternative.
    keys : sequence of Key
        Its signs.
    look : {"panels", "panels broad", "alone"}
        How much room each drawing takes; alone it scrolls sideways where it has too little.
    """

    kind: ClassVar[str] = "figure"

    def __init__(
        self,
        caption: str,
        drawings: Sequence[tuple[str, str]],
        keys: Sequence[Key] = (),
        look: str = "panels",
    ) -> None:
        self.caption, self.drawings, self.keys, self.look = caption, drawings, keys, look


Block = Said | Heading | Facts | Grid | Figure


class Section(NamedTuple):
    """A section of the page.

    Parameters
    ----------
    anchor, title : str
        Where links lead, and its heading.
    blocks : sequence of Said, Heading, Facts, Grid or Figure
        What stands in it.
    """

    anchor: str
    title: str
    blocks: Sequence[Block]


def cell(number: Number | None, text: Callable[[float | None], str]) -> Cell:
    """Return a number as a cell, its interval below.

    Parameters
    ----------
    number : Number or None
        The number.
    text : callable
        How its value and the ends of its interval are written.

    Returns
    -------
    Cell
        A dash where there is no number.
    """
    if number is None or number.value is None:
        return Cell("–")
    return Cell(text(number.value), interval(number, text), few=number.few)


def counts(number: Number) -> list[Cell]:
    """Return how many people and events stand behind a number, as two cells.

    Parameters
    ----------
    number : Number
        The number.

    Returns
    -------
    list of Cell
        A dash where it is not told.
    """
    return [Cell("–" if count is None else f"{count:,}") for count in (number.people, number.events)]


def not_asked(what: str) -> tuple[Said]:
    """Say that a measure was not asked for.

    Parameters
    ----------
    what : str
        The measure, as it begins a sentence.

    Returns
    -------
    tuple of Said
        One paragraph.
    """
    return (Said(f"{what} was not asked for in this back-test, so nothing is said of it."),)
