"""The recorded-crime class of a Home Office sub-code, read from the table beside this module."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from rfgscore.gravity.codes import normal_code

__all__ = ["classes_of"]


def classes_of(code: str) -> tuple[str, ...]:
    """Return the classes whose weight a sub-code may take where it has none of its own.

    The shipped map decides for the sub-codes it names. For the rest the number before the slash is the
    class, unless the map says that this number stands for something else among the classes.

    Parameters
    ----------
    code : str
        A code in any spelling.

    Returns
    -------
    tuple of str
        Classes in their compared form; none for a class code, and for a sub-code without a class of its
        own, such as controlling or coercive behaviour.

    Examples
    --------
    >>> classes_of("008/06"), classes_of("57/0"), classes_of("066/01")
    (('8N',), ('58A', '58B', '58C', '58D'), ('66',))
    >>> classes_of("008/67"), classes_of("8N"), classes_of("106/02")
    ((), (), ())
    """
    normal = normal_code(code)
    number, slash, _ = normal.partition("/")
    if not slash:
        return ()
    known = _known()
    return known.get(normal, known.get(number, (number,)))


@cache
def _known() -> dict[str, tuple[str, ...]]:
    """Read the map: a row without a slash stands for every sub-code of that number not named itself."""
    text = (files("rfgscore") / "gravity" / "classes.csv").read_text(encoding="utf-8")
    return {
        normal_code(row["offence_code"]): tuple(
            map(normal_code, row["class"].split(";") if row["class"] else ())
        )
        for row in csv.DictReader(text.splitlines())
    }
