"""Cumulative incidence with intervals that count persons, not rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from rfgscore.errors import FitError
from rfgscore.escalation.models.aalen import curve_of, error_at
from rfgscore.escalation.models.estimates import Z95
from rfgscore.escalation.tables import Episodes

__all__ = ["Incidence"]

#: Sums that are equal, or cancel, may differ in their last digits.
_ROUNDING: Final = 1e-12


class Incidence:
    """Aalen-Johansen estimate of the event on whole days, as far as the rows tell it.

    Parameters
    ----------
    episodes : Episodes
        Rows of any persons; several of one person are told apart from several persons in the intervals.

    Examples
    --------
    >>> day = np.zeros(3, np.int32)
    >>> stop, end = np.array([1, 2, 3], np.int32), np.array([1, 2, 1], np.int8)
    >>> curve = Incidence(Episodes(np.arange(3), day, day, stop, end))
    >>> [round(curve.chance(day)[0], 3) for day in (1, 2, 3)]
    [0.333, 0.333, 0.667]
    >>> curve.quartiles(3)
    (1, 1, 3)
    """

    def __init__(self, episodes: Episodes) -> None:
        self.episodes = episodes
        try:
            self._curve = curve_of(episodes) if len(episodes) else None
        except FitError:  # late entry with nobody at risk before it: no curve can be told
            self._curve = None

    def known(self, days: int) -> bool:
        """Say whether the estimate reaches a day.

        Parameters
        ----------
        days : int
            Day on the clock.

        Returns
        -------
        bool
            True where someone was followed that long, or all had ended before.
        """
        curve = self._curve
        return curve is not None and (days < len(curve.risk) or bool(curve.free[-1] <= 0))

    def followed(self, days: int) -> int:
        """Count the rows at risk on a day.

        Parameters
        ----------
        days : int
            Day on the clock.

        Returns
        -------
        int
            Rows.
        """
        return int(((self.episodes.start < days) & (days <= self.episodes.stop)).sum())

    def chance(self, days: int) -> tuple[float | None, float | None, float | None]:
        """Return the probability of the event by a day, with a 95 % interval.

        Parameters
        ----------
        days : int
            Day on the clock.

        Returns
        -------
        tuple of float or None
            Estimate, lower and upper end on the log-log scale; None where not known.
        """
        curve = self._curve
        if curve is None or not self.known(days):
            return None, None, None
        days = min(days, len(curve.risk) - 1)
        risk, error = float(curve.risk[days]), error_at(self.episodes, curve, days)
        if not (0 < risk < 1 and error > _ROUNDING):
            return risk, None, None
        hazard = -np.log1p(-risk)
        ratio = np.exp(Z95 * error / ((1 - risk) * hazard))
        return risk, float(-np.expm1(-hazard / ratio)), float(-np.expm1(-hazard * ratio))

    def quartiles(self, days: int) -> tuple[int | None, int | None, int | None]:
        """Return the quartiles of the time of the events that come by a day.

        Parameters
        ----------
        days : int
            Day on the clock.

        Returns
        -------
        tuple of int or None
            First days by which a quarter, half and three quarters of the probability by `days` is reached.
        """
        curve = self._curve
        if curve is None or not self.known(days):
            return None, None, None
        upto = curve.risk[: days + 1]
        if upto[-1] <= 0:
            return None, None, None
        q1, median, q3 = np.searchsorted(
            upto, upto[-1] * np.array([0.25, 0.5, 0.75]) * (1 - _ROUNDING)
        ).tolist()
        return q1, median, q3
