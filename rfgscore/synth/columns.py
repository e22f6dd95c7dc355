"""From whole numbers to the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.tables import Column

__all__ = ["date_column", "numbered", "text_column", "word_column"]

Int64 = npt.NDArray[np.int64]


def word_column(words: Sequence[str], place: npt.NDArray[Any]) -> Column:
    """Return a text column of a few words.

    Parameters
    ----------
    words : sequence of str
        The words.
    place : numpy.ndarray
        Place of each row's word, -1 for null.

    Returns
    -------
    Column
        The column.
    """
    return Column.of("text", np.array([*words, None], object)[place], place < 0)


def text_column(values: npt.NDArray[np.object_]) -> Column:
    """Return a text column in which None is null.

    Parameters
    ----------
    values : numpy.ndarray
        Texts.

    Returns
    -------
    Column
        The column.
    """
    return Column.of("text", values, np.asarray(np.equal(values, np.array([None], object)), np.bool_))


def date_column(days: npt.NDArray[Any]) -> Column:
    """Return a date column.

    Parameters
    ----------
    days : numpy.ndarray
        Day numbers, ``NO_DAY`` for null.

    Returns
    -------
    Column
        The column.
    """
    return Column.of("date", np.asarray(days), days == NO_DAY)


def numbered(reference: Int64, known: Int64, form: str) -> npt.NDArray[np.object_]:
    """Return references numbered within the year in the order in which they were recorded.

    Parameters
    ----------
    reference : numpy.ndarray
        int64 number of each row's reference, -1 for none.
    known : numpy.ndarray
        int64 day each row was recorded.
    form : str
        With ``{year}`` (two digits) and ``{number}``.

    Returns
    -------
    numpy.ndarray
        Texts, None for none.

    Examples
    --------
    >>> numbered(np.array([4, 2, -1, 4]), np.array([0, 400, 0, 0]), "{number:03d}/{year:02d}").tolist()
    ['001/70', '001/71', None, '001/70']
    """
    out = np.full(len(reference), None, object)
    held = np.flatnonzero(reference >= 0)
    if len(held) == 0:
        return out
    each, first, place = np.unique(reference[held], return_index=True, return_inverse=True)
    day = known[held][first]
    year = day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    order = np.lexsort((each, day))
    ranked = year[order]
    begins = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    number = np.empty(len(each), np.int64)
    number[order] = np.arange(len(each)) - np.repeat(begins, np.diff(np.append(begins, len(each)))) + 1
    say = form.format
    pairs = zip((year % 100).tolist(), number.tolist(), strict=True)
    names = np.array([say(year=y, number=n) for y, n in pairs], object)
    out[held] = names[place]
    return out
