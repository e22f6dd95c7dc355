"""How the dates of a column are written, told by all its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from rfgscore.dates import ISO, DateFormat

__all__ = ["FORMATS", "Dates", "day_reader", "hits", "is_month_first", "loose_forms", "told_by"]

_BRITISH = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
_SWAP = str.maketrans("dm", "md")
_AMERICAN = tuple(form.translate(_SWAP) for form in _BRITISH)
_UNTIMED = (*_BRITISH, *_AMERICAN, "%Y/%m/%d", "%Y%m%d")
#: Formats that are tried, of equals the first one taken.
FORMATS = (ISO, *(f"{form}{time}" for form in _UNTIMED for time in ("", " %H:%M", " %H:%M:%S")))
#: Dates that no strict format reads, and what they look like.
_LOOSE = {
    "a day or month of one digit": r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}.*",
    "a year of two digits": r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}([^0-9].*)?",
    "a month in letters": r"[0-9]{1,2}[ /-]?[A-Za-z]{3,9}[ /-]?[0-9]{2,4}.*",
    "the day numbers of a spreadsheet": r"[0-9]{5}(\.[0-9]+)?",
}
_OFFSET = re.compile(r"(?<=[0-9])(Z|[+-][0-9]{2}:?[0-9]{2})")


class Dates(NamedTuple):
    """How the dates of a column are written.

    Parameters
    ----------
    form : str
        The format that reads most of them.
    zoned : bool
        Whether they say their offset from UTC.
    doubtful : bool
        Whether a person must look.
    reason : str
        What was seen, in counts.
    """

    form: str
    zoned: bool
    doubtful: bool
    reason: str


@cache
def day_reader(form: str) -> Callable[[str], bool]:
    """Return what tells whether a text is a date of a format.

    Parameters
    ----------
    form : str
        The format.

    Returns
    -------
    callable
        Takes a text.
    """
    day = DateFormat(form).day
    return lambda text: day(text) is not None


def hits(held: Mapping[str, int], says: Callable[[str], object]) -> int:
    """Return how many cells hold a value of which something is true.

    Parameters
    ----------
    held : mapping of str to int
        Values, and how often each occurs.
    says : callable
        Takes a value.

    Returns
    -------
    int
        A count of cells.
    """
    return sum(count for text, count in held.items() if says(text))


def is_month_first(held: Mapping[str, int]) -> bool | None:
    """Say whether the dates of a column put the month first.

    Parameters
    ----------
    held : mapping of str to int
        Values, and how often each occurs.

    Returns
    -------
    bool or None
        None where they are written otherwise, or can be read in either order.

    Examples
    --------
    >>> [is_month_first({text: 1}) for text in ("01/31/2025", "31/01/2025", "02/01/2025", "2025-01-02")]
    [True, False, None, None]
    """
    counts = _counts(held)
    best = max(FORMATS, key=counts.__getitem__)
    # A few values that fit one order only are misprints where more fit the other only.
    return None if counts.get(best.translate(_SWAP), counts[best]) == counts[best] else best.startswith("%m")


def told_by(held: Mapping[str, int], proof: str | None) -> Dates | None:
    """Return how the dates of a column are written.

    Parameters
    ----------
    held : mapping of str to int
        Values, and how often each occurs.
    proof : str or None
        What else in the file can be read with the month first only, as far as nothing there says otherwise.

    Returns
    -------
    Dates or None
        None where no format reads a quarter of them.

    Examples
    --------
    >>> told_by({"31/01/2025": 2}, None).reason
    '2 of 2 values are dates written dd/mm/yyyy'
    >>> told_by({"3/5/2025": 2}, None) is None
    True
    """
    filled, counts = sum(held.values()), _counts(held)
    zoned = hits(held, lambda text: day_reader(ISO)(_OFFSET.sub("", text)))
    best = max(FORMATS, key=counts.__getitem__)
    moments = zoned > counts[best]
    known, best = (zoned, ISO) if moments else (counts[best], best)
    if 4 * known < filled:
        return None
    swapped = best.translate(_SWAP)
    both = swapped != best and counts.get(swapped) == known
    if both and proof is not None:
        best, swapped = swapped, best
    said = [f"{known:,} of {filled:,} values are dates written {_in_letters(best)}"]
    if known < filled and not moments:
        rest = {text: n for text, n in held.items() if not day_reader(best)(text)}
        second, form = max((hits(rest, day_reader(form)), form) for form in FORMATS)
        more = f" ({second:,} as {_in_letters(form)})" if second else ""
        said.append(f"{filled - known:,} cannot be read so{more}, and a column has one format")
    if both:
        why = "the British order is a choice" if proof is None else f"the order is that of {proof}"
        said.append(f"{_in_letters(swapped)} fits them just as well: {why}")
    elif best.startswith("%m"):
        only = known - counts[swapped]
        said.append(f"the month stands first, which {only:,} of them {'tells' if only == 1 else 'tell'}")
    if moments:
        said.append("they say their offset from UTC: input.timezone says whose calendar counts")
    doubtful = known < filled or both or moments or best.startswith("%m")
    return Dates(best, moments, doubtful, "; ".join(said))


def loose_forms(held: Mapping[str, int]) -> str:
    """Say what dates look like that no format reads.

    Parameters
    ----------
    held : mapping of str to int
        Values, and how often each occurs.

    Returns
    -------
    str
        Parts of a sentence, each after a semicolon; blank where nothing looks like a date.

    Examples
    --------
    >>> loose_forms({"3/5/2025": 2})
    '; 2 values have a day or month of one digit'
    """
    seen = {like: hits(held, re.compile(form).fullmatch) for like, form in _LOOSE.items()}
    return "".join(f"; {count:,} values have {like}" for like, count in seen.items() if count)


def _counts(held: Mapping[str, int]) -> dict[str, int]:
    return {form: hits(held, day_reader(form)) for form in FORMATS}


def _in_letters(form: str) -> str:
    letters = {"%d": "dd", "%m": "mm", "%Y": "yyyy", "%H": "hh", "%M": "mi", "%S": "ss"}
    return re.sub("%.", lambda hit: letters[hit[0]], form)
