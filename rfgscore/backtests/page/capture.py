"""What each list held of what came later: the table that matters to a meeting."""

from __future__ import annotations

from collections.abc import Sequence

from rfgscore.backtests.page.blocks import Block, Figure, Grid, Heading, Said, Section, cell, not_asked
from rfgscore.backtests.page.differences import Column, differences
from rfgscore.backtests.page.figures import Dot, dots
from rfgscore.backtests.page.reading import Number, Numbers, order_of_at, place_of
from rfgscore.backtests.page.rounded import decimal, interval, percent, plain, points, whole_percent
from rfgscore.backtests.page.words import (
    BASIS,
    RANKINGS,
    basis_name,
    joined,
    order_of_ranking,
    ranking_name,
    ranking_words,
    size_words,
)

__all__ = [
    "capture_columns",
    "capture_section",
    "dots_of",
    "held_sentence",
    "lead_ranking",
    "main_size",
    "rankings_in",
    "unlisted_sentences",
]


def rankings_in(found: Sequence[Number]) -> list[str]:
    """Return the rankings of numbers in the order in which the page shows them.

    Parameters
    ----------
    found : sequence of Number
        Numbers.

    Returns
    -------
    list of str
        Their rankings, each once.
    """
    return place_of((one.ranking for one in found), order_of_ranking)


def lead_ranking(numbers: Numbers) -> str | None:
    """Return the ranking a sentence speaks of first: the profile in use, where it was measured.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    str or None
        The ranking; None where no list was measured.
    """
    found = rankings_in(numbers.of("capture"))
    return next((word for word in found if word not in ("random", "oracle")), None)


def main_size(numbers: Numbers) -> str | None:
    """Return the size of list that single sentences speak of: the largest share, else the largest count.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    str or None
        Such as ``top 5%``; None where no list was measured.
    """
    sizes = _sizes(numbers.of("capture"))
    return sizes[-1] if sizes else None


def dots_of(
    found: Sequence[Number], names: Sequence[str], told: str, shares: bool, line_at: float | None
) -> str:
    """Draw numbers as dots with intervals.

    Parameters
    ----------
    found : sequence of Number
        Numbers with a value.
    names : sequence of str
        The label of each.
    told : str
        What is shown, as the text alternative begins.
    shares : bool
        Whether the numbers are shares.
    line_at : float or None
        Where a dashed line stands.

    Returns
    -------
    str
        SVG; its text alternative names every value.
    """
    text = percent if shares else decimal
    rows, words = [], []
    for one, name in zip(found, names, strict=True):
        known = RANKINGS.get(one.ranking or "")
        look = known.kind if known else "model"
        rows.append(Dot(name, one.value or 0.0, one.lower, one.upper, look, text(one.value)))
        words.append(f"{name} {text(one.value)}")
    tick = whole_percent if shares else plain
    return dots(rows, f"{told}: {', '.join(words)}.", tick, line_at, 0.0 if shares else None)


def capture_section(numbers: Numbers) -> Section:
    """Return the section on what the lists held.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    Section
        Tables and figures by what is counted, differences, precision, and what no list could hold.
    """
    found = numbers.of("capture")
    blocks: list[Block] = []
    if found:
        blocks.append(
            Said(
                "Each table says which share of what everyone ranked caused later came from the people at "
                "the "
                "head of the list. What people on no list caused comes on top; it is told below. Chance is "
                "what "
                "a list reaches that knows nothing; hindsight is a list made by what really happened, the "
                "most "
                "that any list could reach. Each number is the mean over the landmarks; small print gives "
                "its "
                "95% interval, from drawing the people anew."
            )
        )
        for of in sorted({one.of or "people" for one in found}, key=_basis_order):
            blocks += _basis_blocks(numbers, [one for one in found if (one.of or "people") == of], of)
    else:
        blocks += not_asked("What the lists held of later harm")
    columns, size = capture_columns(numbers), main_size(numbers)
    said = [column for column in columns if column.at == size]
    blocks += differences(numbers, columns, said, "Shares held,")
    blocks += _precision(numbers)
    blocks += _unlisted(numbers)
    return Section("capture", "What each list held of what came later", blocks)


def _basis_order(of: str) -> tuple[int, str]:
    known = list(BASIS)
    return (known.index(of) if of in BASIS else len(known)), of


def _sizes(found: Sequence[Number]) -> list[str]:
    return place_of((one.at for one in found), order_of_at)


def _basis_blocks(numbers: Numbers, found: Sequence[Number], of: str) -> list[Block]:
    """Return heading, sentence, figure and table of one thing counted."""
    title, whole = BASIS.get(of, (of, of))
    blocks: list[Block] = [Heading(title)]
    sentence = held_sentence(numbers, of)
    if sentence:
        blocks.append(Said(sentence))
    sizes, by = _sizes(found), {(one.ranking, one.at): one for one in found}
    drawings = []
    for size in sizes:
        shown = [by[word, size] for word in rankings_in(found) if (word, size) in by]
        shown = [one for one in shown if one.value is not None]
        if shown:
            chance = by.get(("random", size))
            told = f"Share of {basis_name(of)} held by the {size} of each list"
            names = [ranking_name(one.ranking) for one in shown]
            drawn = dots_of(shown, names, told, True, chance.value if chance else None)
            drawings.append((_title(size), drawn))
    caption = f"Share of {whole} held by each list, with intervals."
    if any(one.ranking == "random" for one in found):
        caption += " The dashed line is chance."
    if any(one.ranking == "oracle" for one in found):
        caption += " An arrow: further right than the axis goes."
    if drawings:
        blocks.append(Figure(caption, drawings))
    rows = [
        (ranking_name(word), [cell(by.get((word, size)), percent) for size in sizes])
        for word in rankings_in(found)
    ]
    blocks.append(Grid(f"Of {whole}: the share held by …", ["Ranking", *map(_title, sizes)], rows))
    return blocks


def _title(size: str) -> str:
    return size[0].upper() + size[1:]


def held_sentence(numbers: Numbers, of: str) -> str:
    """Say what the first list held, beside chance and hindsight.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    of : str
        What is counted.

    Returns
    -------
    str
        Blank where it was not measured.
    """
    size, lead = main_size(numbers), lead_ranking(numbers)
    one = numbers.one("capture", lead, size, of)
    if size is None or lead is None or one is None or one.value is None:
        return ""
    between = f" ({interval(one, percent)})" if one.between else ""
    words = (
        f"By {ranking_words(lead)}, {size_words(size)} held {percent(one.value)} of {basis_name(of)}{between}"
    )
    others = []
    for word, name in (
        ("random", "as many people drawn by chance would hold {}"),
        ("oracle", "the best possible list {}"),
    ):
        other = numbers.one("capture", word, size, of)
        if other is not None and other.value is not None:
            others.append(name.format(percent(other.value)))
    few = (
        " Fewer than 10 people or events stand behind this share: take it for a hint at most."
        if one.few
        else ""
    )
    return f"{words}{'; ' if others else ''}{joined(others)}.{few}"


def capture_columns(numbers: Numbers, size: str | None = None) -> list[Column]:
    """Return what is compared of the lists.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    size : str, optional
        One size of the lists; without it all of them.

    Returns
    -------
    list of Column
        By size, then by what is counted.
    """
    found = [one for one in numbers.of("capture") if size is None or one.at == size]
    bases = sorted({one.of or "people" for one in found}, key=_basis_order)
    return [
        Column("capture", at, of, _title(at), points, BASIS.get(of, (of, ""))[0])
        for of in bases
        for at in _sizes(found)
    ]


def _precision(numbers: Numbers) -> list[Block]:
    """Return how many people of a list had the outcome, and how many must be looked at for one of them."""
    found = numbers.of("precision", "number_to_watch")
    if not found:
        return []
    sizes, by = _sizes(found), {(one.measure, one.ranking, one.at): one for one in found}
    blocks: list[Block] = [
        Heading("How many of a list had the outcome"),
        Said(
            "The share of the people on each list with the outcome in the time looked ahead. The others were "
            "listed without it: that is no proof that a meeting did wrong to look at them, nor that it "
            "worked."
        ),
    ]
    for measure, text, caption in (
        ("precision", percent, "Of the people on each list: the share with the outcome"),
        ("number_to_watch", _one_digit, "People on the list for each one with the outcome"),
    ):
        of = [one for one in found if one.measure == measure]
        if of:
            rows = [
                (ranking_name(word), [cell(by.get((measure, word, size)), text) for size in sizes])
                for word in rankings_in(of)
            ]
            blocks.append(Grid(caption, ["Ranking", *map(_title, sizes)], rows))
    return blocks


def unlisted_sentences(numbers: Numbers) -> list[str]:
    """Say how much of what came later was caused by people no list could hold.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    list of str
        A clause for each thing counted.
    """
    found = [one for one in numbers.of("unlisted") if one.value is not None]
    found.sort(key=lambda one: _basis_order(one.of or "people"))
    return [f"{percent(one.value)} of {basis_name(one.of or 'people')}" for one in found]


def _one_digit(value: float | None) -> str:
    return decimal(value, 1)


def _unlisted(numbers: Numbers) -> list[Block]:
    said = unlisted_sentences(numbers)
    blocks: list[Block] = [Heading("On no list at all")]
    if not said:
        return [*blocks, *not_asked("What was caused by people without a record in the window")]
    blocks.append(
        Said(
            f"Of everything recorded later, {joined(said)} came from people who had no line in the window "
            f"on the "
            "day of the list. No ranking of recorded people can place them, however good it is."
        )
    )
    return blocks
