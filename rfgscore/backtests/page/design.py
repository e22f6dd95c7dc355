"""The account of the design as terms and descriptions, with what is not known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from rfgscore.backtests.page.blocks import Block, Cell, Facts, Grid, Heading, Said, Section
from rfgscore.backtests.page.words import BASIS, ranking_name

__all__ = ["design_section", "warning_texts"]

#: What an account of a prediction study names, in its order; further keys of the design follow by name.
_TERMS = {
    "landmarks": "Landmarks",
    "last_day": "Last day of the records",
    "look_back_days": "Look-back, in days",
    "look_ahead_days": "Look-ahead, in days",
    "at_risk": "Who is at risk",
    "clock_words": "What the clock counts",
    "outcome_words": "Outcome",
    "serious_from": "Serious from a weight of",
    "horizons": "Horizons, in days on the clock",
    "half_life_days": "Half-life of what fades, in days",
    "models": "Models",
    "columns": "What the models look at",
    "amounts": "What is counted",
    "cap": "Harm of one incident is capped at",
    "lists": "Lists",
    "thresholds": "Thresholds of the decision curves",
    "references": "Rankings that the others are compared with",
    "hold_out": "Held out",
    "leakage": "How knowledge of the future is kept out",
    "missing": "Missing data",
    "together": "Numbers of several landmarks",
    "intervals": "Intervals",
    "resamples": "Resamples of people behind each interval",
    "seed": "Seed",
    "sham": "The sham check",
}

#: Told elsewhere on the page, or the word behind a sentence that is told.
_ELSEWHERE = (
    "clock", "outcome", "held", "rankings", "training", "people", "groups", "warnings", "sham_not_fitted",
)  # fmt: skip

_NOT_KNOWN = (
    ("Recording", ("Whether a change over time is one of behaviour or one of recording.",)),
    (
        "Action taken",
        (
            "Who of the people ranked was managed, arrested or warned in the time looked ahead. A list that "
            "was "
            "acted on may look worse than it was, because what it foresaw was prevented.",
        ),
    ),
    ("Other places", ("Whether the numbers hold elsewhere, or later than the last landmark.",)),
    (
        "Many comparisons",
        (
            "Of twenty differences with no truth in them, one stands outside its interval by chance alone. "
            "Decide "
            "beforehand which one counts.",
        ),
    ),
    (
        "Other fits",
        (
            "Intervals tell of chance in who the people were. They tell nothing of wrong records, and not "
            "what "
            "models fitted to other people would give.",
        ),
    ),
)


def warning_texts(design: Mapping[str, Any]) -> list[str]:
    """Return what the design warns of.

    Parameters
    ----------
    design : mapping
        How the back-test was made.

    Returns
    -------
    list of str
        A sentence for each warning.

    Examples
    --------
    >>> warning_texts({"warnings": [{"code": "point_in_time", "text": "custody: known later"}]})
    ['custody: known later.']
    """
    told = design.get("warnings") or ()
    texts = [str(one.get("text", "")) if isinstance(one, Mapping) else str(one) for one in told]
    return [f"{text.rstrip('.')}." for text in texts if text]


def design_section(design: Mapping[str, Any]) -> Section:
    """Return the section on design and limits.

    Parameters
    ----------
    design : mapping
        How the back-test was made: plain data.

    Returns
    -------
    Section
        Every item as term and description, the training of each landmark, and what is not known.
    """
    said = [key for key in design if key not in _ELSEWHERE]
    said += [key for key in ("clock", "outcome") if key in design and f"{key}_words" not in design]
    order = list(_TERMS)
    said.sort(key=lambda key: order.index(key) if key in _TERMS else len(order))
    rows = [(_TERMS.get(key) or _readable(key), _item(key, design[key])) for key in said]
    blocks: list[Block] = [Facts(rows) if rows else Said("Nothing is told of the design.")]
    warned = warning_texts(design)
    if warned:
        blocks.append(Said("", "warning", "To be kept in mind:", warned))
    blocks += [*_training(design), *_not_fitted(design), Heading("What is not known"), Facts(_NOT_KNOWN)]
    return Section("design", "Design and limits", blocks)


def _item(key: str, value: Any) -> list[str]:
    """Return an item of the design; what the page has names for goes by these names."""
    if key in ("models", "references") and isinstance(value, Sequence) and not isinstance(value, str):
        return [", ".join(ranking_name(str(word)) for word in value) or "none"]
    if key == "columns" and isinstance(value, Mapping):
        return [str(label) for label in value.values()] or ["none"]
    if key == "amounts" and isinstance(value, Mapping):
        return [f"{BASIS[of][0] if of in BASIS else of}: {words}" for of, words in value.items()] or ["none"]
    return _lines(value)


def _readable(key: str) -> str:
    return key[:1].upper() + key[1:].replace("_", " ")


def _training(design: Mapping[str, Any]) -> list[Block]:
    """Return what each landmark was fitted on as a table."""
    told, people = _by_day(design, "training"), _by_day(design, "people")
    rows = []
    for day in sorted({*told, *people}):
        trained, had = told.get(day, {}), people.get(day, {})
        rows.append(
            (
                day,
                [
                    _count(had.get("at_risk")),
                    _count(had.get("followed")),
                    Cell(_span(trained.get("landmarks")), number=False),
                    _count(trained.get("rows")),
                    _count(trained.get("people")),
                    _count(trained.get("events")),
                    Cell("; ".join(_lines(trained.get("events_per_column", "–"))), number=False),
                ],
            )
        )
    if not rows:
        return []
    heads = ["Landmark", "At risk", "Followed", "Landmarks of training", "Rows", "People", "Events",
             "Events for each column"]  # fmt: skip
    return [
        Heading("What each landmark was fitted and tested on"),
        Grid("People tested, and rows, people and events of training, by landmark", heads, rows),
    ]


def _by_day(design: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    told = design.get(key)
    if not isinstance(told, Mapping):
        return {}
    return {str(day): one for day, one in told.items() if isinstance(one, Mapping)}


def _count(value: Any) -> Cell:
    return Cell(f"{value:,}", few=value < 10) if isinstance(value, int) else Cell("–")


def _span(days: Any) -> str:
    if not isinstance(days, Sequence) or isinstance(days, str) or not days:
        return "–"
    return str(days[0]) if len(days) == 1 else f"{len(days)}, {days[0]} to {days[-1]}"


def _not_fitted(design: Mapping[str, Any]) -> list[Block]:
    """Say which models could not be fitted, for whom and why."""
    said = [
        f"{day}, without {group}: {model}: {why}"
        for day, groups in _by_day(design, "groups").items()
        for group, one in groups.items()
        if isinstance(one, Mapping)
        for model, why in (one.get("failed") or {}).items()
    ]
    said += [
        f"{day}, sham check: {model}: {why}"
        for day, one in _by_day(design, "sham_not_fitted").items()
        for model, why in one.items()
    ]
    return [Heading("What could not be fitted"), Said("", points=said)] if said else []


def _lines(value: Any) -> list[str]:
    """Return plain data as one or more lines."""
    if isinstance(value, Mapping):
        return [
            f"{str(key).replace('_', ' ')}: {'; '.join(_lines(held))}" for key, held in value.items()
        ] or ["none"]
    if isinstance(value, list | tuple):
        told = [line for held in value for line in _lines(held)]
        short = all(not isinstance(held, Mapping) for held in value) and sum(map(len, told)) < 30 * len(told)
        return ([", ".join(told)] if short else told) or ["none"]
    return [_plain(value)]


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value).replace("_", " ") if str(value).isidentifier() else str(value)
    return text if isinstance(value, dt.date) else f"{text[:1].upper()}{text[1:]}" if " " in text else text
