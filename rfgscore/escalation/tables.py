"""The two tables a survival model is fitted on: episodes, and what was known of each when it began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "CENSORED",
    "DEATH",
    "ENDS",
    "EVENT",
    "TRANSFER",
    "Clock",
    "Contributions",
    "Covariates",
    "Episodes",
]

Bool = npt.NDArray[np.bool_]
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

Clock = Literal["at_liberty", "calendar"]

#: How an episode ends.
CENSORED: Final = 0
EVENT: Final = 1
DEATH: Final = 2
TRANSFER: Final = 3
ENDS: Final = ("censored", "event", "death", "transfer out")


@dataclass(frozen=True, eq=False, repr=False)
class Episodes:
    """Stretches of time under observation in counting-process form, one a row.

    Row i is at risk on the days ``start < t <= stop`` of its clock, which is 0 on the day `origin`.

    Parameters
    ----------
    person : numpy.ndarray
        int64 person number in the history; a person may have several rows.
    origin : numpy.ndarray
        int32 day on which the clock stands at 0: the landmark, or the day a line became visible. What is
        used to predict was known on that day.
    start : numpy.ndarray
        int32 days on the clock when observation begins; above 0 for late entry.
    stop : numpy.ndarray
        int32 days on the clock when it ends, above `start`.
    end : numpy.ndarray
        int8: ``CENSORED``, ``EVENT``, or a competing end, ``DEATH`` or ``TRANSFER``.
    clock : str
        ``at_liberty``: days in custody do not count; ``calendar``: all days do.
    outcome : str
        Name of the event.
    left_out : mapping of str to int
        Rows without any time at risk, by reason.
    """

    person: Int64
    origin: Int32
    start: Int32
    stop: Int32
    end: Int8
    clock: Clock = "calendar"
    outcome: str = "event"
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.person)

    def __repr__(self) -> str:
        return f"Episodes({len(self)} rows, {int(self.event.sum())} ended by {self.outcome})"

    @property
    def event(self) -> Bool:
        """Which rows end with the event."""
        return np.asarray(self.end == EVENT)

    @property
    def competing(self) -> Bool:
        """Which rows end with something that rules the event out."""
        return np.asarray(self.end > EVENT)

    def take(self, rows: npt.NDArray[np.int64] | Bool) -> Episodes:
        """Return some of the rows.

        Parameters
        ----------
        rows : numpy.ndarray
            Row numbers, or a mask.

        Returns
        -------
        Episodes
            The same clock and outcome.
        """
        return Episodes(
            self.person[rows],
            self.origin[rows],
            self.start[rows],
            self.stop[rows],
            self.end[rows],
            self.clock,
            self.outcome,
            self.left_out,
        )

    def up_to(self, longest: int) -> Episodes:
        """End every row at a day of its clock: what comes later is not asked for.

        Parameters
        ----------
        longest : int
            The day.

        Returns
        -------
        Episodes
            Rows that begin before it.
        """
        kept = self.take(self.start < longest)
        ended = np.where(kept.stop > longest, np.int8(CENSORED), kept.end)
        return replace(kept, stop=np.minimum(kept.stop, np.int32(longest)), end=ended)


@dataclass(frozen=True, eq=False, repr=False)
class Covariates:
    """What was known of each row: a matrix without gaps, and what its columns are.

    Parameters
    ----------
    names : tuple of str
        Names of the columns.
    values : numpy.ndarray
        float64, rows by columns, finite.
    monotone : tuple of int
        Of each column: 1 where more of it may only raise the risk, -1 only lower it, 0 either.
    labels : tuple of str
        What each column is, in words.
    """

    names: tuple[str, ...]
    values: Float64
    monotone: tuple[int, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Covariates({len(self)} rows; {', '.join(self.names)})"

    def take(self, rows: npt.NDArray[np.int64] | Bool) -> Covariates:
        """Return some of the rows.

        Parameters
        ----------
        rows : numpy.ndarray
            Row numbers, or a mask.

        Returns
        -------
        Covariates
            The same columns.
        """
        return Covariates(self.names, self.values[rows], self.monotone, self.labels)

    def only(self, names: tuple[str, ...]) -> Covariates:
        """Return some of the columns, in the order asked.

        Parameters
        ----------
        names : tuple of str
            Names of columns.

        Returns
        -------
        Covariates
            All rows.

        Raises
        ------
        KeyError
            When there is no such column.
        """
        place = {name: at for at, name in enumerate(self.names)}
        at = [place[name] for name in names]
        return Covariates(
            names, self.values[:, at], tuple(self.monotone[i] for i in at), tuple(self.labels[i] for i in at)
        )


@dataclass(frozen=True, eq=False, repr=False)
class Contributions:
    """How far each column moves each row from the row of an average person.

    Parameters
    ----------
    names : tuple of str
        Columns.
    values : numpy.ndarray
        float64, rows by columns: what the column adds to the log of the hazard (to the log odds of a period
        under the discrete-time hazard); 0 is average.
    scale : str
        What is added up, in words.
    """

    names: tuple[str, ...]
    values: Float64
    scale: str
