"""The people of a test: who was at risk at a landmark, and what happened to them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.fits import random_order
from rfgscore.backtests.options import Options
from rfgscore.escalation.episodes import Endings, at_risk, clock_of, followed, last_day
from rfgscore.escalation.outcomes import Incidents
from rfgscore.history.history import History

__all__ = ["AtRisk", "followed_from"]

Float64 = npt.NDArray[np.float64]
Int8 = npt.NDArray[np.int8]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class AtRisk:
    """Everyone at risk at a landmark.

    Parameters
    ----------
    people : numpy.ndarray
        int64 person numbers, ascending.
    followed : numpy.ndarray
        int64 places in `people` of those with time on the clock, all from the landmark on.
    stop : numpy.ndarray
        float64 days on the clock of each of them, up to the longest horizon.
    end : numpy.ndarray
        int8 how it ended.
    amounts : mapping of str to numpy.ndarray
        float64 of each of `people`: what they did in the look-ahead.
    copies : numpy.ndarray
        int8, resamples by `people`: how often each is drawn.
    """

    people: Int64
    followed: Int64
    stop: Float64
    end: Int8
    amounts: Mapping[str, Float64]
    copies: Int8

    def __len__(self) -> int:
        return len(self.people)

    @property
    def followed_copies(self) -> Int8:
        """How often each of those followed is drawn."""
        if len(self.followed) == len(self.people):
            return self.copies
        return np.ascontiguousarray(self.copies[:, self.followed])

    def take(self, places: Int64) -> AtRisk:
        """Return some of the people.

        Parameters
        ----------
        places : numpy.ndarray
            int64 places in `people`, ascending.

        Returns
        -------
        AtRisk
            As if nobody else had been at risk.
        """
        at = np.searchsorted(places, self.followed)
        kept = np.flatnonzero((at < len(places)) & (places[np.minimum(at, len(places) - 1)] == self.followed))
        return AtRisk(
            self.people[places],
            at[kept],
            self.stop[kept],
            self.end[kept],
            {name: amount[places] for name, amount in self.amounts.items()},
            np.ascontiguousarray(self.copies[:, places]),
        )

    def shuffled(self, seed: int, landmark: int) -> AtRisk:
        """Give every person what another did, so that no ranking can know it.

        Parameters
        ----------
        seed, landmark : int
            The same two give the same order.

        Returns
        -------
        AtRisk
            The same people.
        """
        order = random_order(len(self.followed), seed, landmark, 2)
        whole = random_order(len(self.people), seed, landmark, 3)
        return replace(
            self,
            stop=self.stop[order],
            end=self.end[order],
            amounts={name: amount[whole] for name, amount in self.amounts.items()},
        )


def followed_from(
    history: History,
    landmark: int,
    incidents: Incidents,
    endings: Endings,
    amounts: Mapping[str, Float64],
    copies: Int8,
    options: Options,
    window_days: int,
) -> AtRisk:
    """Return who is at risk at a landmark, and what is known of them on the last day of the history.

    Parameters
    ----------
    history : History
        The history.
    landmark : int
        Day looked at.
    incidents, endings : Incidents and Endings
        As known on the last day.
    amounts : mapping of str to numpy.ndarray
        What every person of the history did in the look-ahead.
    copies : numpy.ndarray
        int8, resamples by persons of the history.
    options : Options
        Outcome, horizons, clock, and who is at risk.
    window_days : int
        Look-back in days.

    Returns
    -------
    AtRisk
        People held throughout, or transferred in later, are on lists but have no time on the clock.
    """
    people = at_risk(history, landmark, window_days=window_days, held=options.held)
    whole = followed(
        history,
        people,
        np.full(len(people), landmark, np.int32),
        incidents,
        endings,
        options.outcome,
        last_day(history),
        clock=clock_of(history, options.clock),
    )
    rows = whole.take(whole.start == 0).up_to(options.longest)
    return AtRisk(
        people,
        np.searchsorted(people, rows.person),
        rows.stop.astype(np.float64),
        rows.end,
        {name: amount[people] for name, amount in amounts.items()},
        np.ascontiguousarray(copies[:, people]),
    )
