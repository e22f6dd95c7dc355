"""Cox's partial likelihood with Efron's ties and late entry, in sums over the days with an event.

A row is at risk on the days ``start < t <= stop``. Where d events fall on one day, Efron's rule takes them
one after the other, each step with the risk set less k / d of those who fall: there is one *step* an event.
All sums over risk sets are differences of running sums, so each takes one pass over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FitError
from rfgscore.escalation.tables import Episodes

__all__ = ["PartialLikelihood", "RiskSets", "climb", "largest", "maximum"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Newton stops when no coefficient of a standardised column moves by more than this.
_MOVED: Final = 1e-9
_STEPS: Final = 50
#: Share of the information below which there is none.
_NOTHING: Final = 1e-10


class RiskSets:
    """Who is at risk on each day with an event.

    Parameters
    ----------
    episodes : Episodes
        Stretches under observation, at least one of which ends with the event.
    values : numpy.ndarray
        float64, rows by columns; best standardised.

    Examples
    --------
    >>> at = np.array([3, 5, 5, 8], np.int32)
    >>> sets = RiskSets(Episodes(at, at, at * 0, at, np.array([1, 1, 1, 0], np.int8)), np.zeros((4, 1)))
    >>> sets.days.tolist(), sets.deaths.tolist(), sets.survival().round(3).tolist()
    ([3, 5], [1, 2], [1.0, 0.75])
    """

    def __init__(self, episodes: Episodes, values: Float64) -> None:
        self.values = values
        self.event = np.flatnonzero(episodes.event)
        self.days, self.deaths = np.unique(episodes.stop[self.event], return_counts=True)
        #: How many days with an event lie at or before the stop, and at or before the start, of each row.
        self.upto = np.searchsorted(self.days, episodes.stop, side="right")
        self.before = np.searchsorted(self.days, episodes.start, side="right")
        #: Of each event, the number of its day.
        self.day = self.upto[self.event] - 1
        #: Of each step, the number of its day, and k / d.
        self.step_day = np.repeat(np.arange(len(self.days)), self.deaths)
        first = np.cumsum(self.deaths) - self.deaths
        self.share = (np.arange(len(self.event)) - first[self.step_day]) / self.deaths[self.step_day]

    def at_risk(self, column: Float64) -> Float64:
        """Return sums over the risk set of each day.

        Parameters
        ----------
        column : numpy.ndarray
            float64, one value a row.

        Returns
        -------
        numpy.ndarray
            float64, one value a day with an event.
        """
        size = len(self.days) + 1
        change = np.bincount(self.upto, column, size) - np.bincount(self.before, column, size)
        return np.asarray(change[:0:-1].cumsum()[::-1], np.float64)

    def fallen(self, column: Float64) -> Float64:
        """Return sums over the events of each day.

        Parameters
        ----------
        column : numpy.ndarray
            float64, one value an event.

        Returns
        -------
        numpy.ndarray
            float64, one value a day with an event.
        """
        return np.asarray(np.bincount(self.day, column, len(self.days)), np.float64)

    def over_days(self, steps: Float64) -> tuple[Float64, Float64]:
        """Return what steps add up to over the days a row is at risk, and what of that Efron takes back.

        Parameters
        ----------
        steps : numpy.ndarray
            float64, one value a step.

        Returns
        -------
        whole : numpy.ndarray
            float64, sum over the steps of the days on which each row is at risk.
        taken : numpy.ndarray
            float64, one value an event: what was summed too much, since it was partly gone by then.
        """
        size = len(self.days)
        upto = np.concatenate([[0.0], np.cumsum(np.bincount(self.step_day, steps, size))])
        taken = np.bincount(self.step_day, self.share * steps, size)
        return upto[self.upto] - upto[self.before], np.asarray(taken[self.day], np.float64)

    def survival(self) -> Float64:
        """Return the Kaplan-Meier curve just before each day with an event.

        Returns
        -------
        numpy.ndarray
            float64, one value a day with an event, the first 1.
        """
        count = np.rint(self.at_risk(np.ones(len(self.values))))
        return np.concatenate([[1.0], np.cumprod(1 - self.deaths / count)[:-1]])


@dataclass(frozen=True, eq=False, repr=False)
class PartialLikelihood:
    """The partial likelihood at one set of coefficients.

    Parameters
    ----------
    sets : RiskSets
        Rows and their days.
    beta : numpy.ndarray
        float64, a coefficient a column.
    ratio : numpy.ndarray
        float64, hazard ratio of each row to a row of zeros.
    hazard : numpy.ndarray
        float64, one over the sum of ratios at each step.
    mean : numpy.ndarray
        float64, steps by columns: mean of the columns over those at risk, weighted by their ratio.
    """

    sets: RiskSets
    beta: Float64
    ratio: Float64
    hazard: Float64
    mean: Float64

    @classmethod
    def at(cls, sets: RiskSets, beta: Float64) -> PartialLikelihood:
        """Evaluate at some coefficients.

        Parameters
        ----------
        sets : RiskSets
            Rows and their days.
        beta : numpy.ndarray
            float64, a coefficient a column.

        Returns
        -------
        PartialLikelihood
            Not finite where the coefficients are far off; see `log`.
        """
        with np.errstate(all="ignore"):
            ratio = np.exp(sets.values @ beta)
            hazard = 1 / cls._left(sets, ratio)
            mean = np.empty((len(hazard), len(beta)))
            for column, values in enumerate(sets.values.T):
                mean[:, column] = cls._left(sets, ratio * values) * hazard
        return cls(sets, beta, ratio, hazard, mean)

    @staticmethod
    def _left(sets: RiskSets, column: Float64) -> Float64:
        """Sums over those at risk at each step."""
        day = sets.step_day
        left = sets.at_risk(column)[day] - sets.share * sets.fallen(column[sets.event])[day]
        return np.asarray(left, np.float64)

    @property
    def log(self) -> float:
        """The logarithm of the likelihood; not finite where the coefficients are far off."""
        with np.errstate(all="ignore"):
            return float(np.sum(self.sets.values[self.sets.event] @ self.beta) + np.log(self.hazard).sum())

    def weights(self, by: Float64 | float = 1.0) -> Float64:
        """Return the cumulative hazard of each row over its days: the events expected of it.

        Parameters
        ----------
        by : numpy.ndarray or float, default 1.0
            Weight of each step.

        Returns
        -------
        numpy.ndarray
            float64, one value a row.
        """
        whole, taken = self.sets.over_days(self.hazard * by)
        whole[self.sets.event] -= taken
        return self.ratio * whole

    def gradient(self) -> Float64:
        """Return the first derivative.

        Returns
        -------
        numpy.ndarray
            float64, a value a column.
        """
        values = self.sets.values
        return np.asarray(values[self.sets.event].sum(axis=0) - values.T @ self.weights(), np.float64)

    def information(self, by: Float64 | float = 1.0) -> Float64:
        """Return minus the second derivative.

        Parameters
        ----------
        by : numpy.ndarray or float, default 1.0
            Weight of each step.

        Returns
        -------
        numpy.ndarray
            float64, columns by columns.
        """
        values = self.sets.values
        weighted = self.mean * np.reshape(by, (-1, 1))
        whole = values.T @ (self.weights(by)[:, None] * values) - self.mean.T @ weighted
        return np.asarray((whole + whole.T) / 2, np.float64)

    def scores(self) -> Float64:
        """Return what each row adds to the gradient (score residuals, as R's ``coxph`` has them).

        Returns
        -------
        numpy.ndarray
            float64, rows by columns.
        """
        sets = self.sets
        scores = -self.weights()[:, None] * sets.values
        for column in range(scores.shape[1]):
            whole, taken = sets.over_days(self.hazard * self.mean[:, column])
            whole[sets.event] -= taken
            scores[:, column] += self.ratio * whole
        scores[sets.event] += self.residuals()
        return scores

    def residuals(self) -> Float64:
        """Return Schoenfeld residuals: the columns of each event less their mean over those at risk.

        Returns
        -------
        numpy.ndarray
            float64, events by columns.
        """
        sets = self.sets
        mean = np.column_stack(
            [np.bincount(sets.step_day, column, len(sets.days)) / sets.deaths for column in self.mean.T]
        )
        return np.asarray(sets.values[sets.event] - mean[sets.day], np.float64)

    def baseline(self, longest: int) -> Float64:
        """Return the cumulative hazard of a row of zeros (Breslow's estimate, as lifelines has it).

        Parameters
        ----------
        longest : int
            Last day.

        Returns
        -------
        numpy.ndarray
            float64, one value a day from 0 to `longest`.
        """
        hazard = np.cumsum(self.sets.deaths / self.sets.at_risk(self.ratio))
        upto = np.searchsorted(self.sets.days, np.arange(longest + 1), side="right")
        return np.concatenate([[0.0], hazard])[upto]

    def trend(self, by: Float64) -> tuple[Float64, Float64]:
        """Test whether the effect of a column changes over time (score test of R's ``cox.zph``).

        Parameters
        ----------
        by : numpy.ndarray
            float64, a function of time: one value a day with an event.

        Returns
        -------
        statistic : numpy.ndarray
            float64, a chi-squared value with one degree of freedom a column, each tested by itself.
        slope : numpy.ndarray
            float64, how far one unit of `by` changes the coefficient of a column, all of them free to
            change: one Newton step away from constant effects.
        """
        sets = self.sets
        by = by - by[sets.day].mean()
        score = by[sets.day] @ self.residuals()
        step = by[sets.step_day]
        whole, crossed = self.information(), self.information(step)
        left = self.information(step**2) - crossed @ np.linalg.solve(whole, crossed)
        # Nothing is left where a column varies among those at risk on one day only: nothing can be tested.
        can = np.diag(left) > _NOTHING * np.diag(whole)
        statistic = np.divide(score**2, np.diag(left), out=np.zeros_like(score), where=can)
        slope = np.linalg.lstsq(left, np.where(can, score, 0.0), rcond=_NOTHING)[0]
        return statistic, np.asarray(slope, np.float64)


def climb(sets: RiskSets, ridge: float) -> tuple[PartialLikelihood, bool]:
    """Go up the partial likelihood by Newton's method, as far as it goes.

    Parameters
    ----------
    sets : RiskSets
        Rows and their days; the columns standardised.
    ridge : float
        Weight of half the sum of squared coefficients, taken off the log likelihood.

    Returns
    -------
    PartialLikelihood
        Where it ended.
    bool
        Whether that is the maximum; False where the coefficients did not settle.
    """
    columns = sets.values.shape[1]
    here = PartialLikelihood.at(sets, np.zeros(columns))
    for _ in range(_STEPS):
        information = here.information() + ridge * np.eye(columns)
        try:
            step = np.linalg.solve(information, here.gradient() - ridge * here.beta)
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        there = PartialLikelihood.at(sets, here.beta + step)
        if np.abs(step).max() < _MOVED:
            return there, True
        reached = here.log - ridge / 2 * here.beta @ here.beta
        least = reached - 1e-9 * abs(reached)  # what rounding may take
        while np.abs(step).max() >= _MOVED and not there.log - ridge / 2 * there.beta @ there.beta >= least:
            step = step / 2
            there = PartialLikelihood.at(sets, here.beta + step)
        here = there
    return here, False


def maximum(sets: RiskSets, ridge: float, names: tuple[str, ...]) -> PartialLikelihood:
    """Find the coefficients at which the partial likelihood is highest.

    Parameters
    ----------
    sets : RiskSets
        Rows and their days; the columns standardised.
    ridge : float
        Weight of half the sum of squared coefficients, taken off the log likelihood.
    names : tuple of str
        What the columns are called.

    Returns
    -------
    PartialLikelihood
        There.

    Raises
    ------
    FitError
        When the coefficients do not settle.
    """
    best, settled = climb(sets, ridge)
    if settled:
        return best
    raise FitError(
        f"the Cox model did not settle on {len(sets.values)} rows with {len(sets.event)} events. The "
        f"largest coefficients are those of {', '.join(largest(best, names)[:3])}: together they may "
        "separate those with the event from the others. Leave one of them out, set penalizer=0.01, or fit "
        "on more episodes"
    )


def largest(best: PartialLikelihood, names: tuple[str, ...]) -> list[str]:
    """Return the columns by how large their coefficients are, the largest first.

    Parameters
    ----------
    best : PartialLikelihood
        Coefficients of standardised columns.
    names : tuple of str
        What the columns are called.

    Returns
    -------
    list of str
        Their names.
    """
    return [names[at] for at in np.argsort(-np.abs(best.beta), kind="stable")]
