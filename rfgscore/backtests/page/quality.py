"""How well rankings tell people apart, and whether fitted risks are true: the analyst's sections."""

from __future__ import annotations

from collections.abc import Sequence

from rfgscore.backtests.page.blocks import (
    Block,
    Cell,
    Figure,
    Grid,
    Key,
    Said,
    Section,
    cell,
    counts,
    not_asked,
)
from rfgscore.backtests.page.capture import dots_of, rankings_in
from rfgscore.backtests.page.differences import Column, differences
from rfgscore.backtests.page.figures import Line, key_sign, lines, nice_steps
from rfgscore.backtests.page.reading import Number, Numbers, days_of, order_of_at, place_of
from rfgscore.backtests.page.rounded import decimal, percent, plain, three, whole_percent
from rfgscore.backtests.page.words import joined, order_of_ranking, ranking_name, ranking_words

__all__ = [
    "brier_section",
    "calibration_section",
    "decision_section",
    "discrimination_section",
    "off_sentences",
]

_C = {"harrell_c": "Harrell’s C", "uno_c": "Uno’s C"}


def _signed(value: float | None) -> str:
    return decimal(value, 3, signed=True)


def _horizon(at: str | None) -> str:
    days = days_of(at)
    return at or "all times" if days is None else f"{days} days"


def discrimination_section(numbers: Numbers) -> Section:
    """Return the section on discrimination.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    Section
        AUC by horizon and C, with intervals and differences.
    """
    title = "Telling people apart (discrimination)"
    found = numbers.of("auc", *_C)
    if not found:
        return Section("discrimination", title, not_asked("Discrimination"))
    blocks: list[Block] = [
        Said(
            "Take two people, one with the outcome by then and one without. AUC is how often the ranking "
            "puts the "
            "first above the second: 0.5 is a coin, 1 is perfect. C is the same over all times: who has the "
            "outcome sooner. Both look at the whole list, not at its head."
        )
    ]
    columns: list[tuple[str, str | None]] = [
        ("auc", at) for at in place_of((n.at for n in found if n.measure == "auc"), order_of_at)
    ]
    columns += [
        (measure, at)
        for measure in _C
        for at in sorted({n.at for n in found if n.measure == measure}, key=lambda at: order_of_at(at or ""))
    ]  # fmt: skip
    by = {(n.ranking, n.measure, n.at): n for n in found}
    words = rankings_in(found)
    drawings = []
    for measure, at in columns:
        shown = [by[word, measure, at] for word in words if (word, measure, at) in by]
        shown = [one for one in shown if one.value is not None and one.ranking != "oracle"]
        if measure == "auc" and shown:
            names = [ranking_name(one.ranking) for one in shown]
            told = f"AUC at {_horizon(at)} by ranking"
            drawings.append((f"AUC, {_horizon(at)}", dots_of(shown, names, told, False, 0.5)))
    if drawings:
        blocks.append(Figure("AUC of each ranking, with intervals. The dashed line is a coin.", drawings))
    heads = [
        f"AUC, {_horizon(at)}" if measure == "auc" else _C[measure] + (f", {_horizon(at)}" if at else "")
        for measure, at in columns
    ]
    rows = [
        (ranking_name(word), [cell(by.get((word, measure, at)), three) for measure, at in columns])
        for word in words
    ]
    blocks.append(Grid("Discrimination of each ranking", ["Ranking", *heads], rows))
    compared = [
        Column(measure, at, None, head, _signed) for (measure, at), head in zip(columns, heads, strict=True)
    ]
    blocks += differences(numbers, compared, compared, "Discrimination")
    return Section("discrimination", title, blocks)


def off_sentences(numbers: Numbers) -> list[str]:
    """Say where observed and expected counts differ by more than a tenth.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    list of str
        A sentence for each ranking and horizon that is off.
    """
    out = []
    for one in _sorted(numbers.of("observed_expected")):
        if one.value is None or abs(one.value - 1) <= 0.1:
            continue
        side = "too low" if one.value > 1 else "too high"
        sure = " (the interval holds 1, so this may be chance)" if _holds(one, 1.0) else ""
        of = f"{ranking_words(one.ranking or '')}, at {_horizon(one.at)}"
        out.append(
            f"The risks of {of}, are {side}: for every 100 people expected to have the outcome, "
            f"{100 * one.value:.0f} had it{sure}."
        )
    return out


def _sorted(found: Sequence[Number]) -> list[Number]:
    return sorted(found, key=lambda one: (order_of_ranking(one.ranking or ""), order_of_at(one.at or "")))


def _holds(one: Number, value: float) -> bool:
    return one.lower is not None and one.upper is not None and one.lower <= value <= one.upper


def calibration_section(numbers: Numbers) -> Section:
    """Return the section on calibration.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    Section
        Observed against expected, intercept, slope and curves, by horizon, and plain warnings.
    """
    title = "Are the risks true? (calibration)"
    measures = ("observed_expected", "calibration_intercept", "calibration_slope")
    found = numbers.of(*measures)
    curves = _curves(numbers)
    if not found and not curves:
        return Section("calibration", title, not_asked("Calibration"))
    blocks: list[Block] = [
        Said(
            "Only a fitted model gives a risk that can be true or false. Where it says 20%, 20 in 100 such "
            "people should have the outcome. Observed over expected should be 1, the intercept 0, the slope "
            "1; "
            "a slope below 1 means that high risks are too high and low ones too low. People and events are "
            "added up over the landmarks."
        )
    ]
    off = off_sentences(numbers)
    if off:
        blocks.append(Said("", "warning", "Off by more than a tenth:", off))
    elif any(one.measure == "observed_expected" for one in found):
        blocks.append(Said("At no horizon do observed and expected counts differ by more than a tenth."))
    by = {(one.ranking, one.at, one.measure): one for one in found}
    rows = []
    for word in rankings_in(found):
        for at in place_of((one.at for one in found if one.ranking == word), order_of_at):
            cells = [cell(by.get((word, at, measure)), decimal) for measure in measures]
            first = next(by[word, at, measure] for measure in measures if (word, at, measure) in by)
            rows.append((f"{ranking_name(word)}, {_horizon(at)}", [*cells, *counts(first)]))
    if rows:
        heads = [
            "Model and horizon",
            "Observed / expected",
            "Intercept",
            "Slope",
            "People",
            "With the outcome",
        ]
        blocks.append(Grid("Calibration of each model by horizon", heads, rows))
    if curves:
        blocks += _curve_blocks(curves)
    return Section("calibration", title, blocks)


def _curves(numbers: Numbers) -> dict[tuple[str, str], list[tuple[Number, Number]]]:
    """Return predicted and observed risks in pairs, by horizon and ranking."""
    seen = {(n.ranking, n.at): n for n in numbers.of("curve_observed")}
    out: dict[tuple[str, str], list[tuple[Number, Number]]] = {}
    for one in _sorted(numbers.of("curve_predicted")):
        other = seen.get((one.ranking, one.at))
        if one.value is not None and other is not None and other.value is not None:
            out.setdefault((_horizon_of_bin(one.at), one.ranking or ""), []).append((one, other))
    return out


def _horizon_of_bin(at: str | None) -> str:
    days = days_of(at)
    return "" if days is None else f"{days} days"


def _by_days(words: str) -> int:
    return int(words.split()[0]) if words else 0


def _curve_blocks(curves: dict[tuple[str, str], list[tuple[Number, Number]]]) -> list[Block]:
    """Return the curves of each horizon as a drawing, and the table behind them."""
    models = place_of((word for _, word in curves), order_of_ranking)
    drawings, rows = [], []
    for horizon in place_of((horizon for horizon, _ in curves), _by_days):
        series, told = [], []
        for look, word in enumerate(models):
            pairs = sorted(curves.get((horizon, word), []), key=lambda pair: pair[0].value or 0.0)
            if not pairs:
                continue
            name = ranking_name(word)
            places = [(predicted.value or 0.0, observed.value) for predicted, observed in pairs]
            bars = [
                (predicted.value or 0.0, observed.lower, observed.upper)
                for predicted, observed in pairs
                if observed.lower is not None and observed.upper is not None
            ]
            series.append(Line(name, look, places, bars))
            (low, seen_low), (high, seen_high) = places[0], places[-1]
            told.append(
                f"{name}: where {percent(low)} was predicted {percent(seen_low)} had the outcome, "
                f"where {percent(high)} was predicted {percent(seen_high)}"
            )
            rows += [
                (f"{name}{', ' if horizon else ''}{horizon}, group {place}",
                 [cell(one, percent), cell(other, percent), *counts(other)])
                for place, (one, other) in enumerate(pairs, start=1)
            ]  # fmt: skip
        top = max(point for one in series for point, _ in one.points)
        steps = nice_steps(0.0, top, 4)
        svg = lines(
            series, f"Predicted and observed risk{', ' if horizon else ''}{horizon}. {'; '.join(told)}.",
            [(step, whole_percent(step)) for step in steps], whole_percent,
            ("predicted risk", "observed"), slope=True, low=0.0,
        )  # fmt: skip
        drawings.append((horizon or "Calibration", svg))
    caption = (
        "Observed against predicted risk, people in groups of rising risk. On the dashed line a risk is "
        "true; "
        "above it, it is too low."
    )
    keys = [Key(key_sign(look), ranking_name(word)) for look, word in enumerate(models)]
    heads = ["Model and group", "Predicted", "Observed", "People", "With the outcome"]
    return [
        Figure(caption, drawings, keys, "panels broad"),
        Grid(
            "Predicted and observed risk, people in groups of rising risk",
            heads,
            rows,
            folded="The curves as a table",
        ),
    ]


def brier_section(numbers: Numbers) -> Section:
    """Return the section on the Brier score.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    Section
        Each score beside that of the null model.
    """
    title = "Error of the risks (Brier score)"
    found = _sorted(numbers.of("brier", "ibs"))
    if not found:
        return Section("brier", title, not_asked("The Brier score"))
    rows, compared = [], []
    for measure, at in sorted(
        {(one.measure, one.at) for one in found}, key=lambda pair: (pair[0], order_of_at(pair[1] or ""))
    ):
        when = _horizon(at) if measure == "brier" else f"all times to {_horizon(at)}" if at else "all times"
        compared.append(Column(measure, at, None, when, _signed))
        for one in [one for one in found if (one.measure, one.at) == (measure, at)]:
            null = numbers.one(f"{measure}_null", None, at)
            verdict = "–"
            if one.value is not None and null is not None and null.value is not None:
                verdict = "smaller" if one.value < null.value else "not smaller"
            rows.append(
                (
                    f"{ranking_name(one.ranking)}, {when}",
                    [cell(one, three), cell(null, three), Cell(verdict, number=False)],
                )
            )
    blocks: list[Block] = [
        Said(
            "The mean squared distance between the risk told and what happened; smaller is better. The null "
            "model tells everyone the same risk: that of the people it was fitted on. A model whose error is "
            "not smaller than that of the null model is of no use as a risk."
        ),
        Grid("Brier score of each model", ["Model and horizon", "Model", "Null model", "Error"], rows),
        *differences(numbers, compared, compared, "Error of the risks,"),
    ]
    return Section("brier", title, blocks)


def decision_section(numbers: Numbers) -> Section:
    """Return the section on net benefit.

    Parameters
    ----------
    numbers : Numbers
        All numbers.

    Returns
    -------
    Section
        Decision curves and the table behind them.
    """
    title = "Is acting on a risk worth it? (decision curves)"
    found = [one for one in numbers.of("net_benefit") if one.value is not None]
    if not found:
        return Section("decision", title, not_asked("Net benefit"))
    everyone = {one.at: one for one in numbers.of("net_benefit_all") if one.value is not None}
    models = rankings_in(found)
    drawings, rows = [], []
    for horizon in place_of((_horizon_of_bin(one.at) for one in found), _by_days):
        here = [one for one in found if _horizon_of_bin(one.at) == horizon]
        ats = place_of((one.at for one in here), order_of_at)
        by = {(one.ranking, one.at): one for one in here}
        series = [
            Line(ranking_name(word), look, [(order_of_at(at)[2], _value(by.get((word, at)))) for at in ats])
            for look, word in enumerate(models)
        ]
        # Acting on everyone soon costs more than it brings; far below zero it would flatten the rest.
        floor = -max(one.value or 0.0 for one in found) / 2
        all_of = [(order_of_at(at)[2], _value(everyone.get(at))) for at in ats]
        shown = [(at, value if value is not None and value >= floor else None) for at, value in all_of]
        if any(value is not None for _, value in shown):
            series.append(Line("Everyone", -1, shown))
        best = max(here, key=lambda one: one.value or 0.0)
        told = (
            f"Net benefit by threshold{', ' if horizon else ''}{horizon}: highest {three(best.value)} by "
            f"{ranking_name(best.ranking)} at a threshold of {percent(order_of_at(best.at or '')[2])}; the "
            f"table holds all values."
        )
        ends = nice_steps(order_of_at(ats[0])[2], order_of_at(ats[-1])[2], 5)
        svg = lines(
            series, told, [(step, whole_percent(step)) for step in ends], plain,
            ("threshold", "net benefit"), base_at=0.0,
        )  # fmt: skip
        drawings.append((horizon or "Net benefit", svg))
        for at in ats:
            cells = [cell(by.get((word, at)), three) for word in models]
            rows.append(
                (
                    f"{horizon}{', ' if horizon else ''}{percent(order_of_at(at)[2])}",
                    [*cells, cell(everyone.get(at), three), Cell("0.000")],
                )
            )
    keys = [Key(key_sign(look), ranking_name(word)) for look, word in enumerate(models)]
    keys += [Key(key_sign(-1), "acting on everyone")] if everyone else []
    blocks: list[Block] = [
        Said(
            "Suppose someone acts wherever the risk is at or above a threshold. The threshold says how many "
            "needless actions one needed action is worth: at 20% it is four. Net benefit counts the needed "
            "actions, less the needless ones at that price, per person. A model is of use where its line "
            "lies "
            "above acting on everyone and above acting on nobody, the dashed line at 0."
        ),
        Figure("Net benefit by threshold.", drawings, keys, "panels broad"),
        Grid(
            "Net benefit by threshold",
            ["Threshold", *map(ranking_name, models), "Everyone", "Nobody"],
            rows,
            folded="The curves as a table",
        ),
    ]
    useless = [
        word for word in models if not _of_use([one for one in found if one.ranking == word], everyone)
    ]
    if useless:
        names = joined([ranking_words(word) for word in useless])
        blocks.append(
            Said(
                f"At no threshold shown does acting by {names} bring more than acting on everyone or on "
                f"nobody.",
                "warning",
                "Of no use here.",
            )
        )
    return Section("decision", title, blocks)


def _value(one: Number | None) -> float | None:
    return None if one is None else one.value


def _of_use(found: Sequence[Number], everyone: dict[str | None, Number]) -> bool:
    return any((one.value or 0.0) > max(0.0, _value(everyone.get(one.at)) or 0.0) for one in found)
