"""What is wrong with a cell that should hold a date, in words that say the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rfgscore.dates import ISO
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.values import Days

__all__ = ["bad_dates"]

#: A day, a time and an offset from UTC: a moment, whose day depends on where one stands.
_MOMENT = re.compile(r"[0-9]{4}-.*[T ][0-9]{2}:[0-9]{2}.*(Z|[+-][0-9]{2}:?[0-9]{2})")


def bad_dates(
    cells: Coded, days: Days, declared: str, zone: str | None
) -> Iterator[tuple[npt.NDArray[np.bool_], str]]:
    """Tell apart the bad cells of a date column.

    Parameters
    ----------
    cells : Coded
        Raw cells.
    days : Days
        The column as read.
    declared : str
        Declared format.
    zone : str or None
        The declared time zone.

    Yields
    ------
    numpy.ndarray
        Mask of bad rows.
    str
        What is wrong with them; the masks overlap, the first that holds a row says it.
    """
    if zone is None and declared == ISO:
        moment = cells.take(lambda text: _MOMENT.fullmatch(text.strip()) is not None, np.bool_, False)
        yield (
            days.bad & moment,
            "a time with an offset from UTC; input.timezone says in which zone's calendar to read it",
        )
    yield days.bad, f"not in the declared format {declared}, or no such day"
