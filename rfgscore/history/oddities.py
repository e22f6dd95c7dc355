"""What looks like no person, or like one person twice: told to whoever reads the extract; people decide."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from rfgscore.history.history import History
from rfgscore.ingest.rows import OffenceRows

__all__ = ["oddities"]

#: Above these a "person" is more often a word for nobody. Far above what is on record of one person.
MANY_VICTIMS, MANY_INCIDENTS = 20, 200


def oddities(history: History, rows: OffenceRows, used: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Say what of the lines used should be looked at before a list is believed.

    Parameters
    ----------
    history : History
        Lines in the total order.
    rows : OffenceRows
        Checked rows.
    used : numpy.ndarray
        Row number of each line.

    Returns
    -------
    tuple of str
        Sentences; they name rows and counts, nobody's id.
    """
    return tuple(filter(None, (_crowds(history, rows, used), _zero_twins(history))))


def _crowds(history: History, rows: OffenceRows, used: npt.NDArray[np.int64]) -> str:
    """Ids with more victims or incidents than a person has: perhaps a placeholder nobody listed."""
    size = len(history.persons)
    person = history.person_of_line()
    known = history.victim >= 0
    pairs = np.unique(np.column_stack([person[known], history.victim[known]]), axis=0)
    victims = np.bincount(pairs[:, 0], minlength=size)
    incidents = np.bincount(
        np.unique(np.column_stack([person, history.incident]), axis=0)[:, 0], minlength=size
    )
    odd = np.flatnonzero((victims > MANY_VICTIMS) | (incidents > MANY_INCIDENTS))
    if len(odd) == 0:
        return ""
    first = sorted(int(used[history.offsets[who] : history.offsets[who + 1]].min()) for who in odd.tolist())
    places = [(table.file, place + 1) for table, place in map(rows.where, first[:5])]
    named = ", ".join(f"{file} row {row}" for file, row in places) + (" and others" if len(first) > 5 else "")
    ids = "1 id has" if len(odd) == 1 else f"{len(odd)} ids have"
    return (
        f"{ids} more than {MANY_VICTIMS} known victims or {MANY_INCIDENTS} incidents each (first named in "
        f"{named}): look whether that is a person, or a word for nobody that input.placeholders lacks"
    )


def _zero_twins(history: History) -> str:
    """Ids that differ in leading zeros only: a spreadsheet may have eaten them on the way."""
    ids = [str(person) for person in history.persons.tolist()]
    bare = Counter(text.lstrip("0") for text in ids if text.isdigit())
    twins = sum(count for count in bare.values() if count > 1)
    if not twins:
        return ""
    return (
        f"{twins} ids differ from another in leading zeros only: if a program took the zeros off on the way, "
        "one person's records stand apart; join them by the links table"
    )
