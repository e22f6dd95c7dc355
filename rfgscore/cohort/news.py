"""What became known since a day, and what was known before: masks over the lines, counts a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.gravity import groups_of
from rfgscore.history.history import History

__all__ = ["News"]

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class News:
    """The lines of a history, told apart by whether they were known by an earlier day.

    Incidents and victims are numbered through all persons: first line of the person plus the number within
    the person. There are never more of them than lines, so such a number is also the number of a line of
    the same person, and a mask over lines holds one mark an incident, or a victim.

    Parameters
    ----------
    history : History
        The history at `as_of`.
    since : int
        Day of the look before. Later lines are new.
    as_of : int
        Day looked at.
    person : numpy.ndarray
        int64 person number of each line.
    new : numpy.ndarray
        Lines visible at `as_of` that were not visible at `since`.
    earlier : numpy.ndarray
        Lines that were visible at `since`.
    weight : numpy.ndarray
        float64 gravity of each line.
    incident : numpy.ndarray
        int64 number of each line's incident.
    victim : numpy.ndarray
        int64 number of each line's victim, -1 unknown.

    Examples
    --------
    >>> import numpy as np
    >>> history = History.from_arrays(
    ...     person=["a", "a", "b"], day=[3, 9, 2], gravity=[1.0, 5.0, 7.0], known_day=[3, 9, 8]
    ... )
    >>> news = News.of(history, 7, 10)
    >>> news.earlier.tolist(), news.new.tolist()
    ([True, False, False], [False, True, True])
    >>> news.highest(news.new).tolist(), news.highest(news.earlier).tolist()
    ([5.0, 7.0], [1.0, -1.0])
    """

    history: History
    since: int
    as_of: int
    person: Int64
    new: Bool
    earlier: Bool
    weight: Float64
    incident: Int64
    victim: Int64

    @classmethod
    def of(cls, history: History, since: int, as_of: int) -> News:
        """Tell new lines from earlier ones.

        Parameters
        ----------
        history : History
            The history at `as_of`, with the weights to use.
        since : int
            Day of the look before; what became known on that day was known then.
        as_of : int
            Day looked at.

        Returns
        -------
        News
            Both kinds of lines.

        Raises
        ------
        ValueError
            When `since` is after `as_of`.
        """
        if since > as_of:
            raise ValueError(
                f"what became known since {iso(since)} cannot be looked at on {iso(as_of)}, an earlier day"
            )
        person = history.person_of_line()
        first = history.offsets[person]
        # Only arrays hold lines known before they happened: such a line is new once both days have come.
        earlier = history.visible(since)
        return cls(
            history=history,
            since=since,
            as_of=as_of,
            person=person,
            new=history.visible(as_of) & ~earlier,
            earlier=earlier,
            weight=history.weights[history.code],
            incident=first + history.incident,
            victim=np.where(history.victim < 0, -1, first + history.victim),
        )

    def anyone(self, lines: Bool) -> Bool:
        """Return who has such a line.

        Parameters
        ----------
        lines : numpy.ndarray
            Boolean mask over the lines.

        Returns
        -------
        numpy.ndarray
            Boolean, one a person.
        """
        return self.count(lines) > 0

    def count(self, marks: Bool) -> Int64:
        """Count the lines, incidents or victims marked.

        Parameters
        ----------
        marks : numpy.ndarray
            Boolean mask over the lines, or what `incidents` or `victims` return.

        Returns
        -------
        numpy.ndarray
            int64, one a person.
        """
        return np.bincount(self.person[marks], minlength=len(self.history.persons))

    def highest(self, lines: Bool) -> Float64:
        """Return the weight of the gravest of such lines.

        Parameters
        ----------
        lines : numpy.ndarray
            Boolean mask over the lines.

        Returns
        -------
        numpy.ndarray
            float64, one a person; -1 for those without such a line.
        """
        out = np.full(len(self.history.persons), -1.0)
        np.maximum.at(out, self.person[lines], self.weight[lines])
        return out

    def incidents(self, lines: Bool) -> Bool:
        """Return which incidents have such a line.

        Parameters
        ----------
        lines : numpy.ndarray
            Boolean mask over the lines.

        Returns
        -------
        numpy.ndarray
            Boolean, by number of the incident.
        """
        return self._marked(self.incident[lines])

    def victims(self, lines: Bool) -> Bool:
        """Return which known victims such lines name.

        Parameters
        ----------
        lines : numpy.ndarray
            Boolean mask over the lines.

        Returns
        -------
        numpy.ndarray
            Boolean, by number of the victim.
        """
        return self._marked(self.victim[lines & (self.victim >= 0)])

    def of_new_victims(self) -> Bool:
        """Return the new lines that name a known victim whom no earlier line names.

        Returns
        -------
        numpy.ndarray
            Boolean mask over the lines.
        """
        return self.new & (self.victim >= 0) & ~self.victims(self.earlier)[self.victim]

    def of_groups(self, groups: Iterable[str]) -> Bool:
        """Return the new lines whose offence is in one of some groups.

        Parameters
        ----------
        groups : iterable of str
            Out of ``rfgscore.gravity.GROUPS``.

        Returns
        -------
        numpy.ndarray
            Boolean mask over the lines.
        """
        wanted = frozenset(groups)
        # Each distinct offence is looked up once.
        hit = np.array([not wanted.isdisjoint(groups_of(code)) for code in self.history.offences], np.bool_)
        return self.new & hit[self.history.code]

    def _marked(self, numbers: Int64) -> Bool:
        out = np.zeros(len(self.person), np.bool_)
        out[numbers] = True
        return out
