"""What one cell says: ids, placeholders, closed lists and dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.dates import ISO, NO_DAY, DateFormat
from rfgscore.ingest.readers.coded import Coded

__all__ = ["Days", "bad_id", "clean_id", "fold", "read_days", "read_ids", "words"]

Bool = npt.NDArray[np.bool_]

_SCIENTIFIC = re.compile(r"[+-]?[0-9](\.[0-9]+)?E[+-][0-9]+", re.IGNORECASE)


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
    bad = cells.take(lambda text: bad_id(clean_id(text)) or (broken and "." in text), np.bool_, False)
    return cells.map(lambda text: clean_id(text) or None), bad


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
