"""Who may be ranked, and why the others may not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import HeldRule
from rfgscore.dates import NO_DAY, iso
from rfgscore.errors import DataError
from rfgscore.history.history import History

__all__ = ["Exclusion", "exclusions"]


@dataclass(frozen=True, repr=False)
class Exclusion:
    """Why a person is not eligible.

    Parameters
    ----------
    word : str
        An exclusion word of the vocabulary.
    detail : str
        More in words.
    """

    word: str
    detail: str


def exclusions(
    config: Config,
    history: History,
    as_of: int,
    people: npt.NDArray[np.int64],
    incidents: npt.NDArray[np.int32],
) -> tuple[Exclusion | None, ...]:
    """Return why each person is not eligible, None for those who are.

    The first that applies of: deceased at `as_of`; fewer incidents than ``cohort.min_incidents``; in
    custody at `as_of` and held for more days than ``cohort.custody.exclude_if_held_days``.

    Parameters
    ----------
    config : Config
        Settings.
    history : History
        The history at `as_of`.
    as_of : int
        Day looked at.
    people : numpy.ndarray
        Person numbers.
    incidents : numpy.ndarray
        Incidents in the window of each of them.

    Returns
    -------
    tuple of Exclusion or None
        One a person.

    Raises
    ------
    DataError
        When people held are to be left out and no custody table was given.
    """
    out: list[Exclusion | None] = [None] * len(people)
    source, least = history.source, config.cohort.min_incidents
    held = config.cohort.custody
    if isinstance(held, HeldRule):
        if source is None or source.spells is None:
            raise DataError("cohort.custody.exclude_if_held_days needs a custody table; give --custody")
        in_custody, since, _ = source.spells.held(as_of, len(history.persons))
        for place in np.flatnonzero(
            (in_custody & (as_of - since > held.exclude_if_held_days))[people]
        ).tolist():
            start = int(since[people[place]])
            out[place] = Exclusion(
                "HELD", f"held for {as_of - start} days since {iso(start)}, limit {held.exclude_if_held_days}"
            )
    for place in np.flatnonzero(incidents < least).tolist():
        out[place] = Exclusion("MIN_INCIDENTS", f"{incidents[place]} in the window, {least} asked for")
    if source is not None:
        dead = source.deceased[people]
        for place in np.flatnonzero((dead != NO_DAY) & (dead <= as_of)).tolist():
            out[place] = Exclusion("DECEASED", f"deceased on {iso(int(dead[place]))}")
    return tuple(out)
