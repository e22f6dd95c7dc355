"""The figures of a model of escalation risk, in words that claim no more than the figures do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rfgscore.escalation.risks import Reason, Risks
from rfgscore.explain.case import number
from rfgscore.explain.person import Part
from rfgscore.scoring import Scored

__all__ = ["CAVEAT", "RISK", "risk_line", "risk_of_100", "risk_parts"]

#: Component of the rows that tell a figure; rows of what moves it add a colon and the column.
RISK = "escalation_risk"
#: What no figure may be shown without.
CAVEAT = "This is said of groups, not of this person, and of what was recorded, not of what was done."


def risk_parts(scored: Scored, risks: Risks, places: Sequence[int]) -> dict[int, tuple[Part, ...]]:
    """Return what a model says of some people: a part for each horizon, then what moves the figures most.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    risks : Risks
        The figures.
    places : sequence of int
        Places among them.

    Returns
    -------
    dict of int to tuple of Part
        By place; people of whom the model says nothing are left out.
    """
    reasons = risks.reasons(scored, places)
    return {
        place: (
            *(_figure(scored, risks, place, at) for at in range(len(risks.horizons))),
            *(_moves(reason) for reason in told),
        )
        for place, told in reasons.items()
    }


def risk_of_100(risk: float) -> str:
    """Return of how many people in a hundred a probability speaks.

    Parameters
    ----------
    risk : float
        Probability.

    Returns
    -------
    str
        Never none and never all of them.

    Examples
    --------
    >>> risk_of_100(0.2345), risk_of_100(0.004), risk_of_100(0.999)
    ('about 23', 'fewer than 1', 'more than 99')
    """
    if risk < 0.005:
        return "fewer than 1"
    return "more than 99" if risk > 0.995 else f"about {np.rint(100 * risk):.0f}"


def risk_line(scored: Scored, risks: Risks, place: int, *, longest: bool = False) -> str:
    """Return the figures of a person in one line, for a page that shows `CAVEAT` beside it.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    risks : Risks
        The figures.
    place : int
        Place of a person of whom the model says something.
    longest : bool
        Whether only that of the longest horizon is told.

    Returns
    -------
    str
        A sentence; every figure stands with its horizon.
    """
    every = range(len(risks.horizons))[-1 if longest else 0 :]
    figures = [
        f"{risk_of_100(float(risks.value[place, at]))} {_within(scored, risks, place, at)}" for at in every
    ]
    said = figures[0] if len(figures) == 1 else f"{', '.join(figures[:-1])} and {figures[-1]}"
    words = risks.given.card["outcome"]["words"]
    return f"By the model, of 100 people with such a record, so many would be recorded for {words}: {said}."


def _within(scored: Scored, risks: Risks, place: int, at: int) -> str:
    """Return within what time a figure counts; of people in custody, once they are free."""
    held = scored.in_custody is not None and bool(scored.in_custody[place])
    days = risks.horizons[at]
    once = held and risks.given.at_liberty
    return f"within {days} days once at liberty" if once else f"within {days} {risks.counted}"


def _figure(scored: Scored, risks: Risks, place: int, at: int) -> Part:
    card = risks.given.card
    value = float(risks.value[place, at])
    within = _within(scored, risks, place, at)
    use = (
        "It changes no points, no score and no rank; it orders only people who are equal in score and in "
        "every tie-break value."
        if scored.risk is not None
        else "It changes neither the score nor the order."
    )
    sentence = (
        f"By model {risks.given.sha256[:12]}, of 100 people with such a record {risk_of_100(value)} would be "
        f"recorded for {card['outcome']['words']} {within}. It learnt from people on record on "
        f"{card['landmarks'][0]} to {card['landmarks'][-1]}, followed to {card['until']}. {CAVEAT} {use}"
    )
    unit = f"probability within {risks.horizons[at]} {risks.counted}"
    return Part(RISK, value, unit, None, None, None, (), sentence)


def _moves(reason: Reason) -> Part:
    way = "Raises" if reason.contribution > 0 else "Lowers"
    value, average = _said(reason, reason.value), _said(reason, reason.average)
    # Of two columns that say the same, one may raise what the other takes away.
    alone = " Not to be read alone: other entries tell much the same." if reason.overlaps else ""
    sentence = f"{way} the figure: {reason.label}: {value} (average {average}).{alone}"
    return Part(
        f"escalation:{reason.column}", reason.contribution, reason.scale, None, None, None, (), sentence
    )


def _said(reason: Reason, value: float) -> str:
    """Return a value to two digits after the point; of a yes or no, yes, no, or the share of yes."""
    if not reason.unit and value in (0.0, 1.0):
        return "yes" if value else "no"
    return number(round(value, 2))
