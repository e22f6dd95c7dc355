"""What a pack shows of a model of escalation risk: a line beside each person, and an account of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rfgscore.escalation.risks import Risks, in_words
from rfgscore.explain import Explanation
from rfgscore.explain.case import plural
from rfgscore.explain.risk import CAVEAT, RISK, risk_line
from rfgscore.scoring import Scored

__all__ = ["Followed", "Model", "RiskTold", "model_of", "risk_told"]


class RiskTold(NamedTuple):
    """What a model says of one person.

    Parameters
    ----------
    short, whole : str
        The longest horizon, and every horizon, in a line; neither stands without the caveat.
    moves : tuple of str
        What moves the figures most, a sentence each.
    caveat : str
        What the figures are not.
    """

    short: str
    whole: str
    moves: tuple[str, ...]
    caveat: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


class Followed(NamedTuple):
    """How the model agrees with what it learnt from, within one horizon.

    Parameters
    ----------
    within : str
        The horizon.
    events : str
        Rows of the training that ended by then with what is counted.
    observed, expected : str
        Share of rows that did, and that should have by the model, in words.
    """

    within: str
    events: str
    observed: str
    expected: str


class Model(NamedTuple):
    """An account of the model.

    Parameters
    ----------
    sentences : tuple of str
        What it counts, what it learnt from, what its figures do.
    followed : tuple of Followed
        A row for each horizon that the model knows.
    sha256 : str
        Checksum of its file.
    """

    sentences: tuple[str, ...]
    followed: tuple[Followed, ...]
    sha256: str


def risk_told(scored: Scored, risks: Risks | None, place: int | None, told: Explanation) -> RiskTold | None:
    """Return what a model says of one person.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    risks : Risks or None
        The figures; None without a model.
    place : int or None
        Place of the person; None for people who are not scored.
    told : Explanation
        The person explained.

    Returns
    -------
    RiskTold or None
        None where nothing is said.
    """
    if risks is None or place is None or not risks.known[place]:
        return None
    return RiskTold(
        short=risk_line(scored, risks, place, longest=True),
        whole=risk_line(scored, risks, place),
        moves=tuple(part.sentence for part in told.risk if part.component != RISK),
        caveat=CAVEAT,
    )


def model_of(scored: Scored, risks: Risks | None) -> Model | None:
    """Return an account of the model.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    risks : Risks or None
        The figures; None without a model.

    Returns
    -------
    Model or None
        None without one.
    """
    if risks is None:
        return None
    card = risks.given.card
    rows = zip(card["horizons"], card["events_by_horizon"], card["observed"], card["expected"], strict=True)
    silent = int((~risks.known).sum())
    return Model(
        sentences=tuple(_sentences(card, risks.horizons[-1], risks.counted, silent, scored.risk is not None)),
        followed=tuple(
            Followed(f"{days} {risks.counted}", f"{events:,}", _of_100(observed), _of_100(expected))
            for days, events, observed, expected in rows
        ),
        sha256=risks.given.sha256,
    )


def _sentences(
    card: Mapping[str, Any], longest: int, counted: str, silent: int, orders: bool
) -> Iterator[str]:
    yield (
        f"Its figures tell of how many in 100 people with such a record {card['outcome']['words']} was "
        f"recorded within so many {counted}. They speak of groups, not of a person, and of what was "
        "recorded, not of what was done. Whoever is watched more closely is recorded more often."
    )
    landmarks = card["landmarks"]
    yield (
        f"It is a {card['model']} model, fitted on {card['rows']:,} rows of {card['people']:,} people, as "
        f"their records stood on {', '.join(landmarks)}, followed to {card['until']}. Nothing later is in "
        "it, and no sex, ethnicity or area."
    )
    looks_at = "; ".join(in_words(name, card["window_days"]) for name in card["columns_used"])
    age = " The force switched age on." if "age" in card["columns_used"] else ""
    yield f"It looks at: {looks_at or 'nothing but time'}.{age}"
    if orders:
        yield (
            f"The risk within {longest} {counted} orders people who are equal in score and in every "
            "tie-break value, the higher first; it changes no points, no score and no rank."
        )
    else:
        yield "It is shown beside the list and changes neither score nor order."
    if silent:
        held = ", or who are in custody" if card["held"] == "exclude" else ""
        yield (
            f"It says nothing of {silent:,} of the people scored, who died or were handed on, who have no "
            f"incident in its own look-back of {plural(card['window_days'], 'day')}{held}."
        )


def _of_100(share: float) -> str:
    return f"{100 * share:.1f} of 100"
