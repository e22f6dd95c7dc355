"""Areas or forces to hold out: a model is fitted without the people of one, and tested on them."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError, DataError
from rfgscore.history.history import History

__all__ = ["HoldOut", "groups_at", "refuse_unmapped"]

Int64 = npt.NDArray[np.int64]

HoldOut = Literal["area", "force"]


def refuse_unmapped(history: History, by: str) -> None:
    """Refuse to hold out what the history does not tell.

    Parameters
    ----------
    history : History
        The history.
    by : str
        ``area`` or ``force``.

    Raises
    ------
    ConfigError
        When it is neither.
    DataError
        When the column was not mapped.
    """
    if by not in get_args(HoldOut):
        raise ConfigError(f"hold_out must be area or force, not {by!r}")
    if history.source is None or by not in history.source.mapped:
        raise DataError(f"hold_out {by} needs the column {by}: map it, or leave hold_out away")


def groups_at(history: History, landmark: int, by: HoldOut) -> tuple[Int64, tuple[str, ...]]:
    """Return the area or force of each person: that of the latest line visible at a landmark.

    Parameters
    ----------
    history : History
        The history.
    landmark : int
        Day looked at.
    by : str
        ``area`` or ``force``.

    Returns
    -------
    numpy.ndarray
        int64 place among the names, one a person; -1 where the line names none, or there is no line.
    tuple of str
        Names, in code-point order.

    Raises
    ------
    ConfigError, DataError
        As `refuse_unmapped` does.
    """
    refuse_unmapped(history, by)
    seen = history.at(landmark)
    assert seen.source is not None  # noqa: S101 - refused above
    named = seen.source.area if by == "area" else seen.source.force
    lines = np.flatnonzero(seen.visible(landmark))
    owner = seen.person_of_line()[lines]
    last = np.flatnonzero(np.append(owner[1:] != owner[:-1], True)) if len(lines) else lines
    code = np.full(seen.size, -1, np.int64)
    code[owner[last]] = named.codes[lines[last]]
    used = np.unique(code[code >= 0])
    names = tuple(named.values[place] for place in used.tolist())
    return np.where(code >= 0, np.searchsorted(used, code), -1), names
