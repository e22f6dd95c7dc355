"""Words of the page: rankings, outcomes and what is counted, in plain English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
    "BASIS",
    "MODELS",
    "RANKINGS",
    "SHARES_OF",
    "Ranking",
    "basis_name",
    "joined",
    "long_date",
    "lowered",
    "order_of_ranking",
    "outcome_words",
    "ranking_meaning",
    "ranking_name",
    "ranking_words",
    "size_words",
]


class Ranking(NamedTuple):
    """A ranking in words.

    Parameters
    ----------
    name : str
        A short name for labels.
    meaning : str
        By what it orders people.
    kind : str
        ``own`` for the profile, ``model``, ``simple``, or ``bound`` for chance and oracle.
    """

    name: str
    meaning: str
    kind: str


#: The rankings, in the order in which tables and figures show them.
RANKINGS = {
    "profile": Ranking("Profile in use", "the score by the settings in use", "own"),
    "cox": Ranking("Cox model", "fitted risk of a Cox proportional hazards model", "model"),
    "weibull": Ranking("Weibull model", "fitted risk of a Weibull model of the time to the outcome", "model"),
    "hazard": Ranking(
        "Hazard model", "fitted risk of boosted trees on the hazard in short steps of time", "model"
    ),
    "quintile_rfg": Ranking("Quintile RFG", "recency, frequency and gravity in fifths, added up", "simple"),
    "decayed_harm": Ranking("Faded harm", "weights of incidents, halved with each half-life", "simple"),
    "decayed_count": Ranking("Faded count", "incidents, halved with each half-life", "simple"),
    "frequency": Ranking("Frequency", "number of incidents in the window", "simple"),
    "recency": Ranking("Recency", "the latest incident first", "simple"),
    "last_gravity": Ranking("Last gravity", "weight of the latest incident", "simple"),
    "random": Ranking("Chance", "people drawn at random: what a list reaches that knows nothing", "bound"),
    "oracle": Ranking(
        "Hindsight", "what really happened afterwards (the oracle): the best any list could reach", "bound"
    ),
}  # fmt: skip

#: What fits a model, as the design names it.
MODELS = ("cox", "weibull", "hazard")

#: Of what a list holds a share: heading, and the words after "Of all".
BASIS = {
    "harm": ("Later harm", "later harm (the weights of all later incidents, added up)"),
    "serious": ("Later serious incidents", "later serious incidents"),
    "incidents": ("Later incidents", "later incidents"),
    "people": ("People with the outcome", "people with the outcome"),
    "harm_capped": ("Later harm, capped", "later harm, no incident counting for more than the cap"),
}

#: The same in the middle of a sentence.
SHARES_OF = {"harm_capped": "later harm, capped", "people": "people with the outcome"}

_OUTCOMES = {
    "repeat": "any further recorded incident",
    "serious": "a further recorded incident that weighs {serious} or more",
    "worse": "a further recorded incident that weighs more than every earlier one of the person",
    "new_victim": "a further recorded incident with a victim not recorded with the person before",
}

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def ranking_name(word: str | None) -> str:
    """Return the short name of a ranking.

    Parameters
    ----------
    word : str or None
        The ranking as the table names it.

    Returns
    -------
    str
        Its name; an unknown word as it is.

    Examples
    --------
    >>> ranking_name("quintile_rfg"), ranking_name("our own")
    ('Quintile RFG', 'our own')
    """
    return RANKINGS[word].name if word in RANKINGS else word or "all"


def ranking_meaning(word: str) -> str:
    """Say by what a ranking orders people.

    Parameters
    ----------
    word : str
        The ranking as the table names it.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> ranking_meaning("recency")
    'the latest incident first'
    """
    return RANKINGS[word].meaning if word in RANKINGS else "a ranking of your own"


def ranking_words(word: str) -> str:
    """Return the name of a ranking for the middle of a sentence.

    Parameters
    ----------
    word : str
        The ranking as the table names it.

    Returns
    -------
    str
        With an article where it needs one.

    Examples
    --------
    >>> ranking_words("profile"), ranking_words("frequency"), ranking_words("cox")
    ('the profile in use', 'frequency', 'the Cox model')
    """
    name = ranking_name(word)
    if word in MODELS:
        return f"the {name.replace('Hazard', 'hazard')}"
    if word in ("frequency", "recency", "last_gravity", "decayed_harm", "decayed_count", "random", "oracle"):
        return name.lower()
    return "the profile in use" if word == "profile" else lowered(name)


def order_of_ranking(word: str) -> tuple[int, str]:
    """Return what a ranking sorts by.

    Parameters
    ----------
    word : str
        The ranking as the table names it.

    Returns
    -------
    tuple
        Known rankings in the order of `RANKINGS`; others before the simple ones.
    """
    known = list(RANKINGS)
    return (known.index(word) * 2 if word in RANKINGS else known.index("hazard") * 2 + 1), word


def basis_name(of: str) -> str:
    """Return of what a share is, for the middle of a sentence.

    Parameters
    ----------
    of : str
        As the table names it.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> basis_name("harm"), basis_name("people")
    ('later harm', 'people with the outcome')
    """
    return SHARES_OF.get(of) or (lowered(BASIS[of][0]) if of in BASIS else of)


def lowered(words: str) -> str:
    """Return words for the middle of a sentence.

    Parameters
    ----------
    words : str
        A heading.

    Returns
    -------
    str
        Its first letter small.

    Examples
    --------
    >>> lowered("Top 5%")
    'top 5%'
    """
    return words[:1].lower() + words[1:]


def outcome_words(outcome: str, serious_from: float | None) -> str:
    """Say what counts as the outcome.

    Parameters
    ----------
    outcome : str
        The outcome as the table names it.
    serious_from : float or None
        The weight from which an incident is serious.

    Returns
    -------
    str
        A few words; an outcome of one's own by its name.

    Examples
    --------
    >>> outcome_words("serious", 365.0)
    'a further recorded incident that weighs 365 or more'
    """
    weight = "the set weight" if serious_from is None else f"{serious_from:,.10g}"
    return _OUTCOMES.get(outcome, f"“{outcome}”, as the settings define it").format(serious=weight)


def size_words(at: str) -> str:
    """Return the size of a list in words.

    Parameters
    ----------
    at : str
        Such as ``top 50`` or ``top 5%``.

    Returns
    -------
    str
        The same with what it counts.

    Examples
    --------
    >>> size_words("top 50"), size_words("top 5%")
    ('the first 50 people', 'the first 5% of the people')
    """
    size = at.removeprefix("top ")
    return f"the first {size} of the people" if size.endswith("%") else f"the first {size} people"


def joined(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    Parameters
    ----------
    words : sequence of str
        The words.

    Returns
    -------
    str
        With commas, and "and" before the last.

    Examples
    --------
    >>> joined(["a", "b", "c"]), joined(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def long_date(day: dt.date) -> str:
    """Return a day as it is written in a sentence, whatever the locale.

    Parameters
    ----------
    day : datetime.date
        The day.

    Returns
    -------
    str
        Day, month and year.

    Examples
    --------
    >>> long_date(dt.date(2025, 6, 30))
    '30 June 2025'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
