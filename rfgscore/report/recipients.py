"""Who may see which field of a person: one table, by profile of the recipient."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from rfgscore.errors import InternalError

__all__ = ["hidden_titles", "may_see", "profiles", "visible"]


class _Field(NamedTuple):
    title: str
    seen_by: frozenset[str]


@cache
def _table() -> tuple[tuple[str, ...], dict[str, _Field]]:
    """Return the profiles, and what each field is called and who sees it; a slip in the table stops here."""
    text = (files("rfgscore.report") / "recipients.csv").read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines(), strict=True)
    names = tuple(reader.fieldnames or ())[2:]
    fields: dict[str, _Field] = {}
    for row in reader:
        if row["field"] in fields or any(row[name] not in ("yes", "no") for name in names):
            raise InternalError(f"recipients.csv: the row of {row['field']} is repeated, or not yes or no")
        seen_by = frozenset(name for name in names if row[name] == "yes")
        fields[row["field"]] = _Field(row["title"], seen_by)
    return names, fields


def profiles() -> tuple[str, ...]:
    """Return the profiles of recipients.

    Returns
    -------
    tuple of str
        In the order of the table.

    Examples
    --------
    >>> profiles()
    ('meeting', 'partner', 'frontline')
    """
    return _table()[0]


def visible(profile: str) -> frozenset[str]:
    """Return what a recipient may see of a person.

    Parameters
    ----------
    profile : str
        Profile of the recipient.

    Returns
    -------
    frozenset of str
        Fields; a flag stands as ``flag:`` and its word.

    Raises
    ------
    ValueError
        When there is no such profile.

    Examples
    --------
    >>> "flag:strangulation" in visible("frontline"), "summary" in visible("frontline")
    (True, False)
    """
    if profile not in profiles():
        raise ValueError(f"no profile of recipients is called {profile!r}; one of {', '.join(profiles())}")
    return frozenset(name for name, field in _table()[1].items() if profile in field.seen_by)


def may_see(profile: str, field: str) -> bool:
    """Say whether a recipient may see a field of a person.

    Parameters
    ----------
    profile : str
        Profile of the recipient.
    field : str
        The field; a flag as ``flag:`` and its word.

    Returns
    -------
    bool
        Whether the table says yes.

    Raises
    ------
    ValueError
        When there is no such profile, or the table has no row for the field: what nobody decided on is
        shown to nobody.
    """
    seen = visible(profile)
    if field not in _table()[1]:
        raise ValueError(f"recipients.csv has no row for the field {field!r}: say there who may see it")
    return field in seen


def hidden_titles(profile: str) -> tuple[str, ...]:
    """Return in words what a recipient may not see.

    Parameters
    ----------
    profile : str
        Profile of the recipient.

    Returns
    -------
    tuple of str
        In the order of the table.

    Raises
    ------
    ValueError
        When there is no such profile.
    """
    seen = visible(profile)
    return tuple(field.title for name, field in _table()[1].items() if name not in seen)
