"""Kinds of offence that a reader of the list must see by name, whatever they weigh.

The codes stand in the table beside this module, by the descriptions of the Home Office statistical codes.
What looks alike and was left out:

- *strangulation*: 005/04, choking to commit another indictable offence, is another offence.
- *harassment*: public order offences of "harassment, alarm or distress" (125/09, 125/12 and their
  aggravated forms), harassment at a home (125/68) and of tenants need no course of conduct.
- *order_breach*: only orders that protect a person from another. Criminal behaviour, sexual harm, football
  and violent offender orders are not meant, nor failures to notify the police under an order (068/16,
  068/20).
- Class codes other than 8Q. Class 8L holds breaches of orders and harassment at a home beside harassment,
  8M both stalking and harassment, 66 far more than orders: the class cannot tell which, and nobody is said
  to have done what the record does not say. A file with class codes only therefore shows fewer of these
  offences than there are.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from rfgscore.gravity.codes import normal_code

__all__ = ["COURSE_OF_CONDUCT", "GROUPS", "groups_of", "in_group", "label_of"]

#: Every group.
GROUPS = ("coercive_control", "harassment", "order_breach", "stalking", "strangulation")

#: Groups of offences that only a course of conduct makes: one record may stand for many acts.
COURSE_OF_CONDUCT = ("stalking", "harassment", "coercive_control")


def groups_of(code: str) -> frozenset[str]:
    """Return the groups an offence code belongs to.

    Parameters
    ----------
    code : str
        A code in any spelling; the word for non-crime incidents is in no group.

    Returns
    -------
    frozenset of str
        Names out of ``GROUPS``; most codes are in none.

    Examples
    --------
    >>> groups_of("8/77"), groups_of("008/06")
    (frozenset({'strangulation'}), frozenset())
    """
    return _groups().get(normal_code(code), frozenset())


def in_group(code: str, group: str) -> bool:
    """Return whether an offence code belongs to a group.

    Parameters
    ----------
    code : str
        A code in any spelling.
    group : str
        One of ``GROUPS``.

    Returns
    -------
    bool
        True when it does.

    Raises
    ------
    ValueError
        When there is no such group.

    Examples
    --------
    >>> in_group("066/39", "order_breach"), in_group("066/98", "order_breach")
    (True, False)
    """
    if group not in GROUPS:
        raise ValueError(f"there is no offence group {group!r}: use one of {', '.join(GROUPS)}")
    return group in groups_of(code)


def label_of(code: str) -> str:
    """Return what an offence of a group is called, for codes that a gravity table does not name.

    Parameters
    ----------
    code : str
        A code in any spelling.

    Returns
    -------
    str
        Its name in words; blank for a code of no group.

    Examples
    --------
    >>> label_of("8/77"), label_of("8/6")
    ('non-fatal strangulation or suffocation', '')
    """
    return next(
        (row["label"] for row in _rows() if normal_code(row["offence_code"]) == normal_code(code)), ""
    )


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = (files("rfgscore") / "gravity" / "groups.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _groups() -> dict[str, frozenset[str]]:
    held: dict[str, set[str]] = {}
    for row in _rows():
        held.setdefault(normal_code(row["offence_code"]), set()).add(row["group"])
    return {code: frozenset(names) for code, names in held.items()}
