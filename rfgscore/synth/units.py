"""What an assumption may be: one rule for each unit of the table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from rfgscore.config import preset
from rfgscore.errors import ConfigError
from rfgscore.gravity import NON_CRIME, Gravity, load_gravity

__all__ = ["RULES", "Rule", "rule_of", "text_of", "weighed", "whole"]


@cache
def weighed() -> Gravity:
    """Return the table by which harm is counted, with the codes that the preset adds to it.

    Returns
    -------
    Gravity
        The table.
    """
    settings = preset("illustrative-rfgv").gravity
    uplift = {code: (uplift.weight, uplift.reason) for code, uplift in settings.uplift.items()}
    return load_gravity("cchi-da-2020-10", uplift=uplift)


@cache
def _codes() -> frozenset[str]:
    return frozenset(grade.code for grade in weighed().grades.values())


@dataclass(frozen=True)
class Rule:
    """What values a unit has.

    Parameters
    ----------
    takes : str
        The values, as a message tells them.
    fits : callable
        Whether a text is one of them.
    """

    takes: str
    fits: Callable[[str], bool]


def _number(low: int, high: int) -> Rule:
    def fits(text: str) -> bool:
        value = _value(text)
        return value is not None and low <= value <= high

    return Rule(f"a number from {low:,} to {high:,}", fits)


def _whole(low: int, high: int) -> Rule:
    def fits(text: str) -> bool:
        value = _value(text)
        return value is not None and low <= value <= high and value == int(value)

    return Rule(f"a whole number from {low:,} to {high:,}", fits)


def _value(text: str) -> float | None:
    # Narrower than float(), which takes "1_0" and the digits of every script.
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _is_pair_of_days(text: str) -> bool:
    parts = text.split("/")
    return len(parts) == 2 and all(map(_is_day, parts))


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        return False
    month, day = (int(part) for part in text.split("-"))
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


_IN_TABLE = "offence codes of cchi-da-2020-10 or of the uplifts of illustrative-rfgv, as written there"

#: By unit; every unit that begins with "share" is a share.
RULES = {
    "share": _number(0, 1),
    "rise": _number(0, 10),
    "exponent": _number(0, 20),
    "log standard deviation": _number(0, 5),
    "weight": _number(0, 1_000_000),
    "count": _whole(0, 1000),
    "count above 0": _whole(1, 1000),
    "event number": _whole(0, 1000),
    "days": _whole(0, 3650),
    "days above 0": _whole(1, 3650),
    "month-day": Rule("two days of the year as MM-DD/MM-DD", _is_pair_of_days),
    "code": Rule(f"one of the {_IN_TABLE}", lambda text: text in _codes()),
    "code or NON_CRIME": Rule(
        f"{NON_CRIME} or one of the {_IN_TABLE}", lambda text: text == NON_CRIME or text in _codes()
    ),
    "codes": Rule(
        f"{_IN_TABLE}, with a semicolon between them", lambda text: _codes().issuperset(text.split(";"))
    ),
}


def rule_of(unit: str) -> Rule:
    """Return the rule of a unit.

    Parameters
    ----------
    unit : str
        Unit of an assumption.

    Returns
    -------
    Rule
        What values it has.

    Examples
    --------
    >>> rule_of("share of rows").takes, rule_of("share of rows").fits("1.5")
    ('a number from 0 to 1', False)
    """
    return RULES["share" if unit.startswith("share") else unit]


def text_of(value: object) -> str | None:
    """Return a value as the table writes it.

    Parameters
    ----------
    value : object
        A number or a text.

    Returns
    -------
    str or None
        The text; None where the value is neither, or is beyond every number.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        return str(value) if math.isfinite(value) else None
    except (OverflowError, ValueError):  # more digits than a float or a text may have
        return None


def whole(name: str, value: object, low: int, high: int) -> int:
    """Return a whole number within bounds.

    Parameters
    ----------
    name : str
        Name of the parameter, for the message.
    value : object
        What was given.
    low, high : int
        Smallest and largest that may be given.

    Returns
    -------
    int
        The number.

    Raises
    ------
    ConfigError
        When it is anything else.

    Examples
    --------
    >>> whole("years", 3, 1, 50)
    3
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise ConfigError(f"{name} is a whole number from {low:,} to {high:,}; give one")
    return int(value)
