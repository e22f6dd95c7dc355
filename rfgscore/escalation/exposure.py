"""Days at liberty between two days, for any rows at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.escalation.keys import NEVER, person_day
from rfgscore.history.custody import Spells

__all__ = ["Exposure"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Exposure:
    """Custody of all persons, as known at one day, ready to be subtracted from times.

    Parameters
    ----------
    spells : Spells or None
        Disjoint spells by person and start, as `Spells.at` returns them; None counts all days as free.

    Examples
    --------
    >>> day = np.array([10]); open_end = np.array([20])
    >>> spells = Spells(np.array([0]), day, open_end, day, day)
    >>> Exposure(spells).free(np.array([0]), np.array([5]), np.array([30])).tolist()
    [15]
    """

    spells: Spells | None

    @classmethod
    def at(cls, spells: Spells | None, as_of: int) -> Exposure:
        """Return custody as it was known at a day.

        Parameters
        ----------
        spells : Spells or None
            The spells of a history.
        as_of : int
            Day looked at; spells known later do not exist, ends after it are not seen.

        Returns
        -------
        Exposure
            For days up to `as_of`.
        """
        return cls(None if spells is None else spells.at(as_of))

    def covered(self, person: Int64, day: Int64) -> Int64:
        """Return the days in custody up to a day, that day included.

        Parameters
        ----------
        person, day : numpy.ndarray
            int64, one a row.

        Returns
        -------
        numpy.ndarray
            int64 days; a spell covers ``start <= day < end``.
        """
        spells = self.spells
        if spells is None or len(spells.person) == 0:
            return np.zeros(len(person), np.int64)
        last = self._last(person, day)
        begun = np.searchsorted(spells.person, person)  # first spell of the person
        total = np.concatenate([[0], np.cumsum(spells.end - spells.start)])
        inside = last >= begun
        held = np.minimum(day + 1, spells.end[last]) - spells.start[last]
        return np.asarray(np.where(inside, total[last] - total[begun] + held, 0), np.int64)

    def free(self, person: Int64, since: Int64, until: Int64) -> Int64:
        """Return the days at liberty in ``(since, until]``.

        Parameters
        ----------
        person, since, until : numpy.ndarray
            int64, one a row; `since` is not after `until`.

        Returns
        -------
        numpy.ndarray
            int64, never below 0.
        """
        inside = self.covered(person, until) - self.covered(person, since)
        return np.asarray(np.maximum(until - since - inside, 0), np.int64)

    def held(self, person: Int64, day: Int64) -> Bool:
        """Return who is in custody on a day.

        Parameters
        ----------
        person, day : numpy.ndarray
            int64, one a row.

        Returns
        -------
        numpy.ndarray
            Boolean: ``start <= day < end``.
        """
        spells = self.spells
        if spells is None or len(spells.person) == 0:
            return np.zeros(len(person), np.bool_)
        last = self._last(person, day)
        return np.asarray((last >= 0) & (spells.person[last] == person) & (day < spells.end[last]))

    def released(self, person: Int64, day: Int64) -> Int64:
        """Return the day of the latest release at or before a day.

        Parameters
        ----------
        person, day : numpy.ndarray
            int64, one a row.

        Returns
        -------
        numpy.ndarray
            int64; before every day for people without one, `day` itself for people held.
        """
        never = np.full(len(person), -NEVER, np.int64)
        spells = self.spells
        if spells is None or len(spells.person) == 0:
            return never
        last = self._last(person, day)
        known = (last >= 0) & (spells.person[last] == person)
        return np.asarray(np.where(known, np.minimum(spells.end[last], day), never), np.int64)

    def _last(self, person: Int64, day: Int64) -> Int64:
        """Return the last spell begun by each day, of whomever; -1 before the first."""
        assert self.spells is not None  # noqa: S101 - asked by the callers
        begun = person_day(self.spells.person, self.spells.start)
        return np.searchsorted(begun, person_day(person, day), side="right") - 1
