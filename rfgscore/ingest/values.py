"""What one cell says: ids, placeholders, closed lists and dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.dates import ISO, NO_DAY, DateFormat
from rfgscore.ingest.readers.coded import Coded, distinct_places

__all__ = [
    "Days",
    "bad_id",
    "by_day",
    "clean_id",
    "fold",
    "joined_ids",
    "named_ids",
    "placeholders",
    "read_days",
    "read_ids",
    "words",
]

Bool = npt.NDArray[np.bool_]

_SCIENTIFIC = re.compile(r"[+-]?[0-9](\.[0-9]+)?E[+-][0-9]+", re.IGNORECASE)

#: So many ids are looked at in one go, as one text between bars.
_STRETCH = 4096
#: Without these in it, a stretch holds no blank, no outer blanks and no scientific notation.
_MARKS = ("||", "| ", " |", "E+", "E-", "e+", "e-")


def fold(text: str) -> str:
    """Return a word of a closed list as it is compared: trimmed and case-folded.

    Parameters
    ----------
    text : str
        A cell or a config word.

    Returns
    -------
    str
        The compared form.
    """
    return text.strip().casefold()


def clean_id(text: str) -> str:
    """Return an id as it is kept: Unicode NFC, outer blanks trimmed, nothing else changed.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    str
        The id; leading zeros stay.
    """
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()


def bad_id(text: str) -> bool:
    """Return whether an id was spoilt on its way: Excel's scientific notation, or unseen characters.

    Parameters
    ----------
    text : str
        A clean id.

    Returns
    -------
    bool
        True for ``1.23E+10`` and the like, and for control, format, private-use and surrogate
        characters.
    """
    if _SCIENTIFIC.fullmatch(text):
        return True
    if text.isascii() and text.isprintable():
        return False
    return any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") for c in text if not " " <= c <= "~")


def read_ids(cells: Coded, typed: str = "") -> tuple[Coded, Bool]:
    """Clean a column of ids.

    Parameters
    ----------
    cells : Coded
        Raw cells.
    typed : str
        ``number`` where the file types the column; a number that is not whole is no id.

    Returns
    -------
    Coded
        Clean ids, blank as no value.
    numpy.ndarray
        Which rows hold a spoilt id.
    """
    broken = typed == "number"
    spoilt = np.zeros(len(cells.values) + 1, np.bool_)
    changes: dict[int, str | None] = {}
    for start in range(0, len(cells.values), _STRETCH):
        stretch = cells.values[start : start + _STRETCH]
        if _is_plain(stretch, broken):
            continue
        for code, text in enumerate(stretch, start):
            kept = clean_id(text)
            spoilt[code] = bad_id(kept) or (broken and "." in text)
            if kept != text or not kept:
                changes[code] = kept or None
    return cells.changed(changes), spoilt[cells.codes]


def _is_plain(ids: Sequence[str], broken: bool) -> bool:
    """Say whether there is nothing to clean and nothing spoilt; False where that is not certain."""
    text = "|".join(("", *ids, ""))
    if not text.isascii() or (broken and "." in text) or any(mark in text for mark in _MARKS):
        return False
    signs = np.frombuffer(text.encode("ascii"), np.uint8)
    return bool(signs.min() >= ord(" ") and signs.max() <= ord("~"))


def placeholders(ids: Coded, nobody: Collection[str]) -> dict[int, str | None]:
    """Find the ids that are a word for nobody.

    Parameters
    ----------
    ids : Coded
        Clean ids.
    nobody : collection of str
        Compared forms of the words for nobody.

    Returns
    -------
    dict of int to None
        No value, by code; for `Coded.changed`.
    """
    return {code: None for code, word in enumerate(map(str.casefold, ids.values)) if word in nobody}


def named_ids(ids: Coded, nobody: Collection[str]) -> Coded:
    """Leave out ids that are a word for nobody.

    Parameters
    ----------
    ids : Coded
        Clean ids.
    nobody : collection of str
        Compared forms of the words for nobody.

    Returns
    -------
    Coded
        No value where nobody is named.
    """
    return ids.changed(placeholders(ids, nobody))


def joined_ids(ids: Coded, links: Mapping[str, str]) -> dict[int, str | None]:
    """Find the ids that are joined to another record.

    Parameters
    ----------
    ids : Coded
        Clean ids.
    links : mapping of str to str
        Final record of each joined record.

    Returns
    -------
    dict of int to str
        Final record, by code; for `Coded.changed`.
    """
    return {code: links[text] for code, text in enumerate(ids.values) if text in links} if links else {}


@dataclass(frozen=True, eq=False, repr=False)
class Days:
    """A column of dates.

    Parameters
    ----------
    day : numpy.ndarray
        int32 days since 1970-01-01; ``NO_DAY`` where blank, bad or a sentinel.
    bad : numpy.ndarray
        Rows whose text is no date in the declared format.
    sentinel : numpy.ndarray
        Rows that hold a placeholder date.
    """

    day: npt.NDArray[np.int32]
    bad: Bool
    sentinel: Bool

    @property
    def given(self) -> Bool:
        """Rows that hold a usable date."""
        return np.asarray(self.day != NO_DAY)


def read_days(
    cells: Coded, declared: str, typed: str, sentinels: Collection[int], zone: str | None = None
) -> Days:
    """Read a column of dates, strictly.

    Parameters
    ----------
    cells : Coded
        Raw cells.
    declared : str
        Declared format.
    typed : str
        ``date`` where the file types the column, which needs no format.
    sentinels : collection of int
        Day numbers of placeholder dates.
    zone : str or None
        Name of the time zone whose calendar dates a timestamp that says its offset from UTC; without
        one such a timestamp is no date.

    Returns
    -------
    Days
        The days.
    """
    form = DateFormat(ISO if typed == "date" else declared, zone)
    days: list[int] = []
    bad: list[bool] = []
    for value in cells.values:
        text = value.strip()
        day = form.day(text) if text else None
        bad.append(bool(text) and day is None)
        days.append(NO_DAY if day is None else day)
    found = np.array([*days, NO_DAY], np.int32)
    sentinel = np.isin(found, np.array(sorted(sentinels), np.int64))
    kept = np.where(sentinel, NO_DAY, found).astype(np.int32)
    return Days(kept[cells.codes], np.array([*bad, False])[cells.codes], sentinel[cells.codes])


def by_day(day: npt.NDArray[np.int32], answer: Callable[[int], int]) -> npt.NDArray[np.int64]:
    """Return a function of each row's day, worked out once for each distinct day.

    Parameters
    ----------
    day : numpy.ndarray
        int32 days, ``NO_DAY`` for none.
    answer : callable
        From a day to a number.

    Returns
    -------
    numpy.ndarray
        int64, one a row; ``NO_DAY`` where there is no day.

    Examples
    --------
    >>> by_day(np.array([3, NO_DAY, 3], np.int32), lambda day: day + 1).tolist()
    [4, -2147483648, 4]
    """
    out = np.full(len(day), NO_DAY, np.int64)
    given = np.flatnonzero(day != NO_DAY)
    if len(given):
        low = int(day[given].min())
        distinct, place = distinct_places(day[given].astype(np.int64) - low, int(day[given].max()) - low + 1)
        out[given] = np.array([answer(number + low) for number in distinct.tolist()], np.int64)[place]
    return out


def words(listed: Iterable[str]) -> frozenset[str]:
    """Return a closed list as it is compared.

    Parameters
    ----------
    listed : iterable of str
        Words of the config.

    Returns
    -------
    frozenset of str
        Compared forms.
    """
    return frozenset(fold(word) for word in listed)
