"""What was tried, in plain words, and the result in short."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from rfgscore.backtests.page.blocks import Block, Facts, Heading, Said, Section
from rfgscore.backtests.page.capture import (
    capture_columns,
    held_sentence,
    lead_ranking,
    main_size,
    rankings_in,
    unlisted_sentences,
)
from rfgscore.backtests.page.design import warning_texts
from rfgscore.backtests.page.differences import told_apart
from rfgscore.backtests.page.places import LEAK, sham_warnings
from rfgscore.backtests.page.quality import off_sentences
from rfgscore.backtests.page.reading import Numbers, days_of, place_of
from rfgscore.backtests.page.words import (
    BASIS,
    MODELS,
    basis_name,
    joined,
    long_date,
    outcome_words,
    ranking_meaning,
    ranking_name,
    ranking_words,
)

__all__ = ["in_short", "landmark_days", "tried_section"]


def landmark_days(numbers: Numbers, design: Mapping[str, Any]) -> list[dt.date]:
    """Return the landmarks, from the design or else from the numbers.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    design : mapping
        How the back-test was made.

    Returns
    -------
    list of datetime.date
        Ascending.
    """
    told = design.get("landmarks")
    if isinstance(told, Sequence) and not isinstance(told, str) and told:
        found = [day if isinstance(day, dt.date) else _date(str(day)) for day in told]
        if None not in found:
            return sorted({day for day in found if day is not None})
    return sorted({one.landmark for one in numbers.every if one.landmark is not None})


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _horizons(numbers: Numbers, design: Mapping[str, Any]) -> list[int]:
    told = design.get("horizons")
    if isinstance(told, Sequence) and not isinstance(told, str) and all(isinstance(day, int) for day in told):
        return sorted(told)
    return sorted({days for one in numbers.every if (days := days_of(one.at)) is not None})


def _number(design: Mapping[str, Any], *names: str) -> float | None:
    return next((design[name] for name in names if isinstance(design.get(name), int | float)), None)


def _outcome(numbers: Numbers, design: Mapping[str, Any]) -> str:
    told = design.get("outcome")
    if isinstance(told, Mapping):
        told = told.get("name")
    return str(told or next(iter(place_of((one.outcome for one in numbers.every), str)), "repeat"))


def in_short(numbers: Numbers, design: Mapping[str, Any]) -> list[Said]:
    """Return the result in a few sentences, and every warning that bears on all of it.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    design : mapping
        How the back-test was made.

    Returns
    -------
    list of Said
        What a meeting must know before it reads on.
    """
    wrong = sham_warnings(numbers)
    out = [Said(LEAK, "alarm", "The sham check fails.", wrong)] if wrong else []
    of = next((of for of in BASIS if held_sentence(numbers, of)), None)
    if of is not None:
        out.append(Said(held_sentence(numbers, of)))
        out += _compared(numbers, of)
    unlisted = unlisted_sentences(numbers)
    if unlisted:
        out.append(
            Said(
                "The shares above are of what the people ranked caused. Beyond the reach of any list, for "
                f"want of a line in the window: {joined(unlisted)}, everybody counted."
            )
        )
    off = off_sentences(numbers)
    warned = warning_texts(design)
    if warned:
        out.append(Said("", "warning", "To be kept in mind:", warned))
    if off:
        many = "" if len(off) == 1 else f" This is one of {len(off)} such cases; all stand in section 4."
        out.append(Said(f"{off[0]}{many}", "warning", "Risks off by more than a tenth."))
    return out


def _compared(numbers: Numbers, of: str) -> list[Said]:
    """Compare the profile and the models with quintiles, and the models with the profile."""
    lead, size = lead_ranking(numbers), main_size(numbers)
    column = next((one for one in capture_columns(numbers, size) if one.of == of), None)
    out = []
    for against in ("quintile_rfg", *(["profile"] if lead == "profile" else [])):
        only = ["profile", *MODELS] if against != "profile" else list(MODELS)
        told = told_apart(numbers, column, against, only, " points") if column is not None else ""
        if told:
            words = f"Share of {basis_name(of)} at the {size}, compared with {ranking_words(against)}:"
            out.append(Said(f"{told}.", lead=words))
    return out


def tried_section(numbers: Numbers, design: Mapping[str, Any]) -> Section:
    """Return the section on what was tried.

    Parameters
    ----------
    numbers : Numbers
        All numbers.
    design : mapping
        How the back-test was made.

    Returns
    -------
    Section
        In plain words; the rankings as a list of terms.
    """
    days, horizons = landmark_days(numbers, design), _horizons(numbers, design)
    back, ahead = _number(design, "look_back_days"), _number(design, "look_ahead_days")
    if len(days) > 1:
        span = f"{long_date(days[0])} to {long_date(days[-1])}"
        when = f"On each of {len(days)} days, from {span} (the landmarks), everyone"
    else:
        when = f"On {long_date(days[0])} (the landmark), everyone" if days else "On each landmark everyone"
    window = "in the window" if back is None else f"in the {back:,.0f} days before"
    after = "" if ahead is None else f" in the {ahead:,.0f} days after"
    steps = (
        f"{when} with a recorded line {window} was put in order by each ranking, from what was known on "
        f"that day "
        f"and nothing later. What was recorded{after} then shows how good the order was."
    )
    risk = (
        f" At risk is {str(design['at_risk']).rstrip('.')}." if isinstance(design.get("at_risk"), str) else ""
    )
    told = design.get("outcome_words")
    outcome = (
        told
        if isinstance(told, str)
        else outcome_words(_outcome(numbers, design), _number(design, "serious_from"))
    )
    looked = joined([f"{day:,}" for day in horizons])
    counts = f" Its chance is looked at after {looked} days." if horizons else ""
    meanings = design.get("rankings")
    meanings = meanings if isinstance(meanings, Mapping) else {}
    terms = [
        (ranking_name(word), (_sentence(str(meanings.get(word) or ranking_meaning(word))),))
        for word in rankings_in(numbers.every)
    ]
    blocks: list[Block] = [
        Said(f"{steps}{risk}"),
        Said(f"The outcome is {outcome}.{counts}"),
        Facts(
            [
                ("What this can say", (
                    "How much of what was later recorded the head of each list held.",
                    "Whether one ranking did better than another on the same days and people, or whether no "
                    "difference can be told.",
                    "Whether the risks of a model were true in the past.",
                )),
                ("What this cannot say", (
                    "What anyone did: a recorded incident is not proof of an offence, and much abuse is "
                    "never recorded. Where police look more, more is recorded.",
                    "What would have happened had someone acted, or had nobody acted.",
                    "What one person will do, or that a victim is safe. The tool ranks; people decide.",
                )),
            ]
        ),
    ]  # fmt: skip
    if terms:
        blocks += [Heading("The rankings"), Facts(terms)]
    return Section("tried", "What was tried", blocks)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"
