"""Protected characteristics: never an input of a model, whatever the column is called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from rfgscore.errors import ProtectedFeatureError

__all__ = ["PROTECTED", "refuse_protected"]

#: Words a column name may not hold, by what they stand for.
PROTECTED: Final = {
    "sex": ("sex", "gender", "male", "female", "trans", "pregnant", "pregnancy", "maternity"),
    "ethnicity": (
        "ethnicity",
        "ethnic",
        "eth",
        "race",
        "racial",
        "nationality",
        "citizenship",
        "language",
        "colour",
    ),
    "belief": ("religion", "religious", "faith", "belief"),
    "age": ("age", "dob", "birth", "born", "yob"),
    "health": ("disability", "disabled", "health", "mental"),
    "orientation": ("orientation", "sexuality", "marital", "marriage"),
    "area": (
        "area",
        "district",
        "ward",
        "postcode",
        "postal",
        "beat",
        "borough",
        "lsoa",
        "msoa",
        "address",
        "force",
    ),
    "deprivation": ("deprivation", "imd", "income", "benefit", "benefits", "housing", "tenure"),
}
_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def refuse_protected(names: Iterable[str], allowed: Collection[str] = ()) -> None:
    """Refuse columns whose names speak of a protected characteristic.

    Names are taken apart at signs, digits and capitals, and compared word by word, so that ``subject_sex``,
    ``SubjectSex`` and ``SEX2`` are all found. A name that hides what it holds is not: whoever gives columns
    of their own answers for what is in them.

    Parameters
    ----------
    names : iterable of str
        Names of columns.
    allowed : collection of str
        Characteristics switched on; only ``age`` can be.

    Raises
    ------
    ProtectedFeatureError
        Naming the columns and what they stand for.

    Examples
    --------
    >>> refuse_protected(["incidents_90d", "usage"])
    >>> refuse_protected(["subjectSex"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    rfgscore.errors.ProtectedFeatureError: protected characteristics are never inputs ...: subjectSex (sex)...
    """
    found = []
    for name in names:
        words = {part.casefold() for part in _PARTS.findall(name)} | {name.casefold()}
        for what, marks in PROTECTED.items():
            if words & set(marks) and not (what == "age" and "age" in allowed):
                found.append(f"{name} ({what})")
                break
    if found:
        age = any("(age)" in one for one in found)
        raise ProtectedFeatureError(
            f"protected characteristics are never inputs of a model: {', '.join(found)}. Leave them out"
            + (". Age alone can be switched on, with allow_age=True" if age else "")
        )
