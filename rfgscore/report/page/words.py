"""Words of the page: flags as a meeting reads them, parts of a score, dates, and what is illustrative."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from rfgscore.config import PRESETS, Config, preset
from rfgscore.dates import from_day
from rfgscore.vocabulary import meaning

__all__ = [
    "PARTS",
    "STATUSES",
    "Flag",
    "cause_words",
    "css_text",
    "flags",
    "illustrative",
    "long_date",
    "month_name",
    "route_words",
    "routes_words",
]


class Flag(NamedTuple):
    """A flag as the page shows it.

    Parameters
    ----------
    word : str
        The closed word.
    group : {"record", "check", "limit"}
        What is on record; what a person should look at; what the record does not tell.
    label : str
        A few words for the list.
    sentence : str
        The flag in plain English.
    meaning : str
        Its definition in the vocabulary.
    """

    word: str
    group: str
    label: str
    sentence: str
    meaning: str


#: Names of the parts of a score for a heading.
PARTS = {
    "recency": "Recency",
    "frequency": "Frequency",
    "gravity": "Gravity",
    "victims": "Victims",
    "records": "Joined records",
}

#: The statuses, in the order in which a choice of them is shown.
STATUSES = (
    "proposed", "reserve", "managed", "referred", "release", "emerging", "carried", "undecided", "monitoring",
)  # fmt: skip

_ROUTES = {
    "score": "by position",
    "reserve": "in reserve",
    "referral": "partner referral",
    "release": "coming release",
    "carried": "earlier decision",
}

_CAUSES = {
    "new_incident": "new incident",
    "late_recorded": "an old event became known",
    "aged_out": "time passed a band or the window",
    "outranked": "others rose",
    "referral": "referral",
    "release": "coming release",
    "custody": "custody",
    "link_change": "records joined or split",
    "gravity_table": "weights changed",
    "config": "settings changed",
    "correction": "a row was changed or withdrawn",
}

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


@cache
def flags() -> dict[str, Flag]:
    """Return every flag as the page shows it, read from the table beside this module.

    Returns
    -------
    dict of str to Flag
        By word, in the order in which they are shown.

    Examples
    --------
    >>> flags()["age_unknown"].meaning
    'dob is mapped and blank'
    """
    text = (files("rfgscore.report.page") / "flags.csv").read_text(encoding="utf-8")
    return {
        row["word"]: Flag(**row, meaning=meaning("flag", row["word"]))
        for row in csv.DictReader(text.splitlines())
    }


def route_words(route: str) -> str:
    """Return an entry route as the list shows it.

    Parameters
    ----------
    route : str
        A route of the vocabulary.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> route_words("referral"), route_words("emerging:new-victim")
    ('partner referral', 'emerging: new victim')
    """
    return _ROUTES.get(route) or route.replace(":", ": ").replace("-", " ")


def routes_words(routes: Sequence[str]) -> str:
    """Return all entry routes of a person as the list shows them.

    Parameters
    ----------
    routes : sequence of str
        Routes of the vocabulary.

    Returns
    -------
    str
        A few words: by position first, the emerging rules last and together.

    Examples
    --------
    >>> routes_words(["emerging:new-victim", "emerging:rising-count", "referral", "score"])
    'by position; partner referral; emerging: new victim, rising count'
    """
    plain = [_ROUTES[route] for route in _ROUTES if route in routes]
    rules = [route_words(route).removeprefix("emerging: ") for route in routes if route not in _ROUTES]
    return "; ".join([*plain, *([f"emerging: {', '.join(rules)}"] if rules else [])])


def cause_words(cause: str) -> str:
    """Return the cause of a change as the list shows it.

    Parameters
    ----------
    cause : str
        A cause of the vocabulary, or blank.

    Returns
    -------
    str
        A few words; blank for no cause.

    Examples
    --------
    >>> cause_words("aged_out"), cause_words("")
    ('time passed a band or the window', '')
    """
    return _CAUSES.get(cause, cause.replace("_", " "))


def long_date(day: int) -> str:
    """Return a day as it is written in a heading.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.

    Returns
    -------
    str
        Day, month and year, whatever the locale.

    Examples
    --------
    >>> long_date(20269)
    '30 June 2025'
    """
    date = from_day(day)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def month_name(month: int) -> str:
    """Return the short name of a month.

    Parameters
    ----------
    month : int
        1 for January.

    Returns
    -------
    str
        Three letters.
    """
    return _MONTHS[month - 1][:3]


def css_text(text: str) -> str:
    """Return text as a string of a style sheet that cannot end it, whatever it holds.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The quoted string; all but plain letters, digits and blanks are escaped.

    Examples
    --------
    >>> css_text('A"</style>')
    '"A\\\\22 \\\\3c \\\\2f style\\\\3e "'
    """
    plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
    return '"' + "".join(sign if sign in plain else f"\\{ord(sign):x} " for sign in text) + '"'


def illustrative(config: Config) -> tuple[str, ...]:
    """Say how it is known that settings are illustrative.

    Parameters
    ----------
    config : Config
        Settings.

    Returns
    -------
    tuple of str
        A clause for each sign of it; none where nothing says so.

    Examples
    --------
    >>> from rfgscore.config import preset
    >>> illustrative(preset("illustrative-rfgv"))[:1]
    ('the settings are named illustrative-rfgv',)
    """
    said = []
    if "illustrative" in config.name.casefold() or config.name in PRESETS:
        said.append(f"the settings are named {config.name}")
    same = [name for name in PRESETS if name != config.name and preset(name).score == config.score]
    said += [f"the window and the points are those of the shipped preset {name}" for name in same]
    codes = sorted(
        code for code, uplift in config.gravity.uplift.items() if "illustrative" in uplift.reason.casefold()
    )
    if codes:
        whose = "the weight of" if len(codes) == 1 else "the weights of"
        said.append(f"{whose} {', '.join(codes)} {'is' if len(codes) == 1 else 'are'} set by an uplift whose "
                    "reason says so")  # fmt: skip
    return tuple(said)
