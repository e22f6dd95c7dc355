"""The same numbers over time, in held-out areas, and for a ranking that knows nothing."""

from __future__ import annotations

import datetime as dt

from rfgscore.backtests.page.blocks import (
    Block,
    Cell,
    Figure,
    Grid,
    Heading,
    Key,
    Said,
    Section,
    cell,
    counts,
    not_asked,
)
from rfgscore.backtests.page.capture import dots_of, main_size, rankings_in
from rfgscore.backtests.page.figures import Line, key_sign, lines
from rfgscore.backtests.page.reading import Number, Numbers, days_of, order_of_at, place_of
from rfgscore.backtests.page.rounded import decimal, percent, plain, three, whole_percent
from rfgscore.backtests.page.words import (
    BASIS,
    RANKINGS,
    basis_name,
    order_of_ranking,
    ranking_name,
    ranking_words,
)

__all__ = ["LEAK", "groups_section", "landmarks_section", "sham_section", "sham_warnings"]

#: What a failed sham check means.
LEAK = (
    "Something of the future leaks into a ranking, or a measure is wrong. Believe no number of this page "
    "before "
    "that is found."
)

#: More lines than this cannot be told apart; the table holds the rest.
_LINES = 6


def _main_basis(numbers: Numbers) -> str | None:
    bases = {one.of or "people" for one in numbers.of("capture")}
    return next((of for of in (*BASIS, *sorted(bases)) if of in bases), None)


def landmarks_section(numbers: Numbers) -> Section:
    """Return the section on single landmarks.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    Section
        Capture and AUC as lines over time, the turnover of the lists, people at risk.
    """
    title = "Landmark by landmark"
    every = [
        one for one in numbers.every if one.landmark is not None and one.group is None and one.against is None
    ]
    days = sorted({one.landmark for one in every if one.landmark is not None})
    if not days:
        return Section("landmarks", title, not_asked("The single landmark"))
    blocks: list[Block] = []
    size, basis = main_size(numbers), _main_basis(numbers)
    held = [
        one for one in every if one.measure == "capture" and one.at == size and (one.of or "people") == basis
    ]
    if held and size is not None and basis is not None:
        name = f"Share of {basis_name(basis)} held by the {size}"
        blocks += _over_time(held, days, name, True)
    aucs = [one for one in every if one.measure == "auc"]
    if aucs:
        at = place_of((one.at for one in aucs), order_of_at)[-1]
        blocks += _over_time([one for one in aucs if one.at == at], days, f"AUC at {days_of(at)} days", False)
    turned = [one for one in every if one.measure == "turnover"]
    if turned:
        blocks += _turnover(turned, days)
    blocks += _at_risk(every, days)
    return Section("landmarks", title, blocks or not_asked("The course over time"))


def _over_time(found: list[Number], days: list[dt.date], name: str, shares: bool) -> list[Block]:
    """Return one measure as lines over the landmarks, and the table behind them."""
    text = percent if shares else three
    words, by = rankings_in(found), {(one.ranking, one.landmark): one for one in found}
    shown = [word for word in words if word != "oracle"]
    # Models and the profile first, then what they are compared with, then chance.
    shown.sort(key=lambda word: (_interest(word), order_of_ranking(word)))
    chosen = sorted(shown[:_LINES], key=order_of_ranking)
    blocks: list[Block] = [Heading(name)]
    if len(days) > 1 and any(one.value is not None for one in found if one.ranking in chosen):
        series, told = [], []
        looks = {word: look for look, word in enumerate(word for word in chosen if word != "random")}
        for word in chosen:
            values = [(day, one.value if (one := by.get((word, day))) else None) for day in days]
            series.append(
                Line(
                    ranking_name(word),
                    looks.get(word, -1),
                    [(float(day.toordinal()), value) for day, value in values],
                )
            )
            known = [(day, value) for day, value in values if value is not None]
            if known:
                low, high = min(value for _, value in known), max(value for _, value in known)
                told.append(f"{ranking_name(word)} from {text(low)} to {text(high)}")
        svg = lines(
            series, f"{name}, {days[0]} to {days[-1]}: {', '.join(told)}.", _date_ticks(days),
            whole_percent if shares else plain, ("landmark", ""), wide=860.0, low=0.0 if shares else 0.5,
        )  # fmt: skip
        keys = [Key(key_sign(looks.get(word, -1)), ranking_name(word)) for word in chosen]
        left = len(shown) - len(chosen)
        caption = f"{name}, one point a landmark." + (
            f" {left} more rankings stand in the table." if left else ""
        )
        blocks.append(Figure(caption, [("", svg)], keys, "alone"))
    rows = [(str(day), [cell(by.get((word, day)), text) for word in words]) for day in days]
    blocks.append(
        Grid(
            f"{name}, by landmark",
            ["Landmark", *map(ranking_name, words)],
            rows,
            folded=f"{name}, as a table",
        )
    )
    return blocks


def _interest(word: str) -> int:
    known = RANKINGS.get(word)
    kind = known.kind if known else "model"
    if kind in ("own", "model"):
        return 0
    order = ("quintile_rfg", "random", "decayed_count", "frequency")
    return order.index(word) + 1 if word in order else len(order) + 1


def _date_ticks(days: list[dt.date]) -> list[tuple[float, str]]:
    """Return the first and the last landmark and up to two between them."""
    count = min(len(days), 4)
    places = [round(place * (len(days) - 1) / (count - 1)) for place in range(count)]
    return [(float(days[place].toordinal()), str(days[place])) for place in places]


def _turnover(found: list[Number], days: list[dt.date]) -> list[Block]:
    sizes = place_of((one.at for one in found), order_of_at)
    words = rankings_in(found)
    by = {(one.ranking, one.at, one.landmark): one for one in found}
    rows = []
    for word in words:
        cells = []
        for size in sizes:
            values = [
                one.value for day in days if (one := by.get((word, size, day))) and one.value is not None
            ]
            if not values:
                cells.append(Cell("–"))
                continue
            middle = sorted(values)[len(values) // 2]
            cells.append(
                Cell(percent(middle), f"{percent(min(values)).removesuffix('%')} to {percent(max(values))}")
            )
        rows.append((ranking_name(word), cells))
    return [
        Heading("Turnover of the lists"),
        Said(
            "The share of each list that was not on it at the landmark before. A list that turns over "
            "quickly "
            "gives a meeting many new people; one that stands still gives it few."
        ),
        Grid(
            "New on the list since the landmark before: the middle landmark, and the least and the most",
            ["Ranking", *(size[0].upper() + size[1:] for size in sizes)],
            rows,
        ),
    ]


def _at_risk(every: list[Number], days: list[dt.date]) -> list[Block]:
    by = {(one.measure, one.landmark): one for one in every if one.measure in ("at_risk", "events")}
    if not by:
        return []

    def count(measure: str, day: dt.date) -> Cell:
        one = by.get((measure, day))
        if one is None or one.value is None:
            return Cell("–")
        return Cell(f"{one.value:,.0f}", few=one.value < 10)

    rows = [(str(day), [count("at_risk", day), count("events", day)]) for day in days]
    heads = ["Landmark", "People at risk", "With the outcome"]
    return [
        Grid(
            "People at risk and with the outcome, by landmark",
            heads,
            rows,
            folded="People at risk, by landmark",
        )
    ]


def groups_section(numbers: Numbers, design: dict[str, object]) -> Section:
    """Return the section on held-out areas or forces.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    design : dict
        How the back-test was made; ``hold_out`` names what was held out.

    Returns
    -------
    Section
        AUC, calibration and capture in each group.
    """
    what = design.get("hold_out")
    name = what if what in ("area", "force") else "group"
    title = f"Held out by {name}"
    every = [
        one for one in numbers.every if one.group is not None and one.landmark is None and one.against is None
    ]
    if not every:
        return Section("groups", "Held out by area or force", not_asked("Holding out areas or forces"))
    groups = place_of((one.group for one in every), str.casefold)
    blocks: list[Block] = [
        Said(
            f"Each {name} was left out when the models were fitted, and its people were then ranked by them. "
            "What holds where a model has never been may hold elsewhere; small groups have wide intervals. "
            "People and events are added up over the landmarks."
        )
    ]
    aucs = [one for one in every if one.measure == "auc" and one.value is not None]
    at = place_of((one.at for one in aucs), order_of_at)[-1] if aucs else None
    drawings = []
    told_of = [word for word in rankings_in(every) if word == "quintile_rfg" or not _interest(word)]
    for word in told_of:
        shown = [one for one in aucs if one.ranking == word and one.at == at]
        shown.sort(key=lambda one: (one.group or "").casefold())
        if 1 < len(shown) <= 40:
            whole = numbers.one("auc", word, at)
            told = f"AUC of {ranking_words(word)} in each {name}"
            names = [one.group or "" for one in shown]
            drawings.append(
                (ranking_name(word), dots_of(shown, names, told, False, whole.value if whole else 0.5))
            )
    if drawings:
        caption = (
            f"AUC at {days_of(at)} days in each {name}, with intervals. The dashed line is everyone together."
        )
        blocks.append(Figure(caption, drawings))
    by = {(one.ranking, one.group, one.measure, one.at, one.of): one for one in every}
    for word in told_of:
        columns, rows = _group_columns(numbers, [one for one in every if one.ranking == word], at), []
        for group in groups:
            found = [by.get((word, group, measure, place, of)) for measure, place, of, _ in columns]
            first = next((one for one in found if one is not None), None)
            if first is not None:
                cells = [
                    cell(one, percent)
                    if measure == "capture"
                    else cell(one, decimal if measure != "auc" else three)
                    for one, (measure, *_) in zip(found, columns, strict=True)
                ]
                rows.append((group, [*cells, *counts(first)]))
        if rows:
            heads = [name.capitalize(), *(words for *_, words in columns), "People", "With the outcome"]
            blocks.append(
                Grid(
                    f"{ranking_name(word)} in each {name}",
                    heads,
                    rows,
                    folded=f"{ranking_name(word)} in each {name}, as a table",
                )
            )
    return Section("groups", title, blocks)


def _group_columns(
    numbers: Numbers, every: list[Number], at: str | None
) -> list[tuple[str, str | None, str | None, str]]:
    """Return what is shown of each group: measure, at, of, and a heading."""
    columns: list[tuple[str, str | None, str | None, str]] = []
    for measure, words in (
        ("auc", "AUC"), ("harrell_c", "Harrell’s C"),
        ("observed_expected", "Observed / expected"),
        ("calibration_slope", "Slope"),
    ):  # fmt: skip
        ats = place_of((one.at for one in every if one.measure == measure), order_of_at)
        if ats:
            columns.append((measure, at if at in ats else ats[-1], None, words))
        elif any(one.measure == measure for one in every):
            columns.append((measure, None, None, words))
    size = main_size(numbers)
    held = [one for one in every if one.measure == "capture" and one.at == size]
    for of in BASIS:
        if any(one.of == of for one in held):
            columns.append(("capture", size, of, f"{BASIS[of][0]}, {size}"))
    return columns


def sham_warnings(numbers: Numbers) -> list[str]:
    """Say where a ranking that knows nothing seems to know something.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    list of str
        A sentence for each such number; none is how it must be.
    """
    return [
        f"With nothing to know, {ranking_words(one.ranking) if one.ranking else 'a ranking'} scores an AUC "
        f"of "
        f"{three(one.value)}{', ' if one.at else ''}{_at(one)}, instead of about 0.5."
        for one in numbers.of("sham_auc")
        if not _passes(one)
    ]


def _at(one: Number) -> str:
    days = days_of(one.at)
    return one.at or "" if days is None else f"{days} days"


def _passes(one: Number) -> bool:
    """Tell whether a sham scores as it should: within 0.02 of 0.5, or as near as chance reaches.

    Of many shams some lie outside their interval by chance; one and a half times as far is hardly chance.
    """
    if one.value is None:
        return True
    half = (one.upper - one.lower) / 2 if one.lower is not None and one.upper is not None else 0.0
    return abs(one.value - 0.5) <= max(0.02, 1.5 * half)


def sham_section(numbers: Numbers) -> Section:
    """Return the section on the sham check.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    Section
        What a ranking without any knowledge scores, and a loud warning where it scores more.
    """
    title = "The sham check"
    found = numbers.of("sham_auc", "sham_capture")
    if not found:
        return Section("sham", title, not_asked("The sham check"))
    blocks: list[Block] = [
        Said(
            "The same machinery was run once more with what happened dealt out anew among the people, to "
            "fit and "
            "to test, so that there was nothing to know. Every ranking must then score like a coin: an AUC "
            "of about "
            "0.5, and no more of later harm than chance."
        )
    ]
    wrong = sham_warnings(numbers)
    if wrong:
        blocks.append(Said(LEAK, "alarm", "The sham check fails.", wrong))
    tested = [one for one in found if one.measure == "sham_auc" and one.value is not None]
    if tested and not wrong:
        values = sorted(one.value for one in tested if one.value is not None)
        span = three(values[0]) if len(values) == 1 else f"from {three(values[0])} to {three(values[-1])}"
        blocks.append(Said(f"The AUC is {span}.", lead="Passed."))
    columns = sorted(
        {(one.measure, one.at, one.of) for one in found},
        key=lambda key: (key[0], order_of_at(key[1] or ""), key[2] or ""),
    )
    by = {(one.ranking, one.measure, one.at, one.of): one for one in found}
    heads, must = ["Ranking"], []
    for measure, at, of in columns:
        if measure == "sham_auc":
            days = days_of(at)
            heads.append("AUC" if days is None else f"AUC, {days} days")
            must.append(Cell("0.5"))
        else:
            heads.append(f"Share of {basis_name(of or 'people')}, {at}")
            chance = numbers.one("capture", "random", at, of)
            must.append(Cell(percent(chance.value) if chance else "–"))
    rows: list[tuple[str, list[Cell]]] = [("What chance makes", must)]
    for word in sorted({one.ranking for one in found}, key=lambda word: order_of_ranking(word or "")):
        cells = [
            cell(by.get((word, measure, at, of)), three if measure == "sham_auc" else percent)
            for measure, at, of in columns
        ]
        rows.append((ranking_name(word), cells))
    blocks.append(Grid("What a ranking without any knowledge scores", heads, rows))
    return Section("sham", title, blocks)
