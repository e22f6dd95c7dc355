"""Custody spells as they look at a day: unioned, and counted in whole days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY

__all__ = ["Spells"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

#: Later than any day: the end of an open spell.
_OPEN = 2**31
#: Wider than the span of days, so that person and day pack into one sortable number.
_SPAN = 2**33


@dataclass(frozen=True, eq=False, repr=False)
class Spells:
    """Custody spells, each covering ``start <= day < end``.

    Parameters
    ----------
    person : numpy.ndarray
        int64 person number of each spell, ascending.
    start, end, planned : numpy.ndarray
        int64 first day, day of release (``NO_DAY`` while open) and planned release (``NO_DAY`` where
        not known).
    recorded : numpy.ndarray
        int64 day from which the spell is known, ``NO_DAY`` where it does not say.
    """

    person: Int64
    start: Int64
    end: Int64
    planned: Int64
    recorded: Int64

    def at(self, as_of: int) -> Spells:
        """Return the spells as known at a day, overlapping and touching ones joined.

        A spell that starts or was recorded later does not exist; an end after `as_of` is not seen: the
        spell is open.

        Parameters
        ----------
        as_of : int
            Day looked at.

        Returns
        -------
        Spells
            Disjoint spells by person and start; open ones end beyond every day.
        """
        known = (self.start <= as_of) & (self.recorded <= as_of)
        person, start, planned = self.person[known], self.start[known], self.planned[known]
        end = self.end[known]
        end = np.where((end == NO_DAY) | (end > as_of), _OPEN, end)
        order = np.lexsort((end, start, person))
        person, start, end, planned = person[order], start[order], end[order], planned[order]
        if len(person) == 0:
            return Spells(person, start, end, planned, np.zeros(0, np.int64))
        # Packed with the person, the running latest end never reaches into the next person.
        reach = np.maximum.accumulate(person * _SPAN + (end + _OPEN))
        begins = np.ones(len(person), np.bool_)
        begins[1:] = person[1:] * _SPAN + (start[1:] + _OPEN) > reach[:-1]
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(person)) - 1
        # Of the joined spells the open one says when release is planned.
        stated = np.where((end == _OPEN) & (planned != NO_DAY), planned, -_OPEN)
        latest = np.maximum.reduceat(stated, first)
        return Spells(
            person[first],
            start[first],
            reach[last] - person[first] * _SPAN - _OPEN,
            np.where(latest == -_OPEN, NO_DAY, latest),
            np.full(len(first), NO_DAY, np.int64),
        )

    def held(self, as_of: int, persons: int) -> tuple[Bool, Int64, Int64]:
        """Return who is in custody at a day, since when, and until when it is planned.

        Parameters
        ----------
        as_of : int
            Day looked at.
        persons : int
            How many persons there are.

        Returns
        -------
        in_custody : numpy.ndarray
            Boolean, one a person: ``start <= as_of`` and the end blank or later.
        since : numpy.ndarray
            int64 start of the spell; ``NO_DAY`` for people at liberty.
        planned : numpy.ndarray
            int64 planned release; ``NO_DAY`` where none is known.
        """
        now = self.at(as_of)
        open_now = now.end == _OPEN
        since = np.full(persons, NO_DAY, np.int64)
        planned = np.full(persons, NO_DAY, np.int64)
        since[now.person[open_now]] = now.start[open_now]
        planned[now.person[open_now]] = now.planned[open_now]
        return since != NO_DAY, since, planned

    def days_at_liberty(self, since: Int64, as_of: int) -> Int64:
        """Return the days at liberty of each person since a day of theirs.

        Parameters
        ----------
        since : numpy.ndarray
            int64 day of each person.
        as_of : int
            Day looked at.

        Returns
        -------
        numpy.ndarray
            int64: age less the covered days in ``(since, as_of]``, never below 0.
        """
        now = self.at(as_of)
        overlap = np.minimum(now.end, as_of + 1) - np.maximum(now.start, since[now.person] + 1)
        covered = np.bincount(now.person, np.maximum(overlap, 0), minlength=len(since)).astype(np.int64)
        return np.asarray(np.maximum(as_of - since - covered, 0), np.int64)

    def meets(self, other: Spells) -> Bool:
        """Return which spells share a day with, or touch, a spell of the same person elsewhere.

        Parameters
        ----------
        other : Spells
            Spells as `at` returns them; these too.

        Returns
        -------
        numpy.ndarray
            Boolean, one a spell of these.
        """
        if len(other.person) == 0:
            return np.zeros(len(self.person), np.bool_)
        begun = other.person * _SPAN + other.start + _OPEN
        # Of disjoint spells the last that begins in time also ends last.
        at = np.searchsorted(begun, self.person * _SPAN + self.end + _OPEN, side="right") - 1
        return np.asarray(
            (at >= 0) & (other.person[at] == self.person) & (other.end[at] >= self.start), np.bool_
        )

    def covers(self, person: Int64, day: Int32, as_of: int) -> Bool:
        """Return which days of which persons lie inside a spell.

        Parameters
        ----------
        person : numpy.ndarray
            int64 person number of each day.
        day : numpy.ndarray
            int32 days.
        as_of : int
            Day looked at.

        Returns
        -------
        numpy.ndarray
            Boolean, one a day.
        """
        now = self.at(as_of)
        if len(now.person) == 0:
            return np.zeros(len(day), np.bool_)
        begun = now.person * _SPAN + now.start + _OPEN
        at = np.searchsorted(begun, person * _SPAN + day + _OPEN, side="right") - 1
        return np.asarray((at >= 0) & (now.person[at] == person) & (day < now.end[at]), np.bool_)
