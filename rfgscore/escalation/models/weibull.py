"""Weibull accelerated failure time."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FitError
from rfgscore.escalation.models.alone import on_one_thread
from rfgscore.escalation.models.columns import fit_columns, row_order
from rfgscore.escalation.models.ends import competing_hazard, reach
from rfgscore.escalation.models.estimates import (
    Check,
    by_person,
    chance,
    checks_table,
    collinearity,
    estimates_table,
    holds,
    strict,
)
from rfgscore.escalation.models.regression import Kept, Regression, frame_of
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import Covariates, Episodes
from rfgscore.tables import Table

__all__ = ["WeibullAFT"]

Float64 = npt.NDArray[np.float64]

#: What is left to move after lifelines, in standard errors: more, and it had not converged.
_CLOSE: Final = 0.05
_POLISH: Final = 3


class WeibullAFT(Regression):
    """Weibull regression of the time to the event, with late entry, fitted by lifelines.

    The columns move the logarithm of the time; the shape is the same for everyone. lifelines finds the
    maximum on standardised columns, and Newton's method takes the last steps to it. Where any person has
    several rows, standard errors are summed by person as in `Cox`. Competing ends count as censored for the
    coefficients and come back in the predicted probability.

    Parameters
    ----------
    penalizer : float, default 0.0
        Weight of the squared coefficients of standardised columns, as in lifelines.
    min_events_per_column : int, default 10
        Events needed for each column.
    separating : str, default "refuse"
        What becomes of columns on one side of which nothing happened: ``refuse`` or ``drop``.

    Raises
    ------
    ConfigError
        When the penalizer is below 0.

    Examples
    --------
    >>> at = np.arange(1, 41, dtype=np.int32)
    >>> known = Covariates(("count",), (at % 7 - at / 20)[:, None], (1,), ("incidents",))
    >>> episodes = Episodes(at, at, at * 0, at, (at % 2).astype(np.int8))
    >>> model = WeibullAFT().fit(known, episodes)
    >>> model.predict(known, [20, 40])[0].round(3).tolist()
    [0.322, 0.703]
    """

    _name = "this Weibull model"

    @on_one_thread
    def fit(self, covariates: Covariates, episodes: Episodes, longest: int | None = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        covariates : Covariates
            What was known of each row.
        episodes : Episodes
            The same rows.
        longest : int, optional
            Last day that may be predicted; the last day anyone was followed if not given.

        Returns
        -------
        WeibullAFT
            The model itself. It keeps no row.

        Raises
        ------
        TooFewEventsError
            When there are too few events for the columns.
        FitError
            When a column separates, no column is left, or the fit does not converge.
        FollowUpError
            When nobody was followed to `longest`.
        """
        longest = reach(episodes, longest)
        order = row_order(covariates, episodes)
        covariates, episodes = covariates.take(order), episodes.take(order)
        names, dropped = fit_columns(covariates, episodes, self.min_events_per_column, self.separating)
        used = covariates.only(names)
        mean, spread = used.values.mean(axis=0), used.values.std(axis=0, ddof=1)
        values = np.column_stack([(used.values - mean) / spread, np.ones(len(used))])
        best, variance = _fitted_by_lifelines(values, episodes, self.penalizer)
        # From standardised columns to those given, the intercept with them.
        back = np.diag(np.concatenate([1 / spread, [1.0, 1.0]]))
        back[-2, :-2] = -mean / spread
        parameters = back @ best.parameters
        se = np.sqrt(np.diag(back @ by_person(best.scores(), variance, episodes.person) @ back.T))
        if not (np.isfinite(parameters).all() and np.isfinite(se).all() and (se > 0).all()):
            raise FitError(
                f"the Weibull model has no finite estimates on {len(used)} rows. Leave out columns with "
                "extreme values"
            )
        arrays = {
            "coefficient": parameters[:-2],
            "intercept": parameters[-2:-1],
            "log_rho": parameters[-1:],
            "mean": mean,
        }
        self._fitted = Kept(
            Predictor("weibull", names, arrays, longest, competing_hazard(episodes, longest)),
            estimates_table(
                [*names, "(intercept)", "(log shape)"],
                [
                    *used.labels,
                    "logarithm of the scale in days",
                    "logarithm of the shape; 0: constant hazard",
                ],
                parameters,
                se,
                "time_ratio",
            ),
            checks_table([*_distribution(best), *_shape(best, used), *collinearity(used)]),
            dropped,
        )
        return self

    def summary(self) -> Table:
        """Return coefficients on the scale of the columns as given.

        Returns
        -------
        Table
            ``column, label, coefficient, se, lower, upper, time_ratio, p``; `lower` and `upper` are the 95 %
            limits of the coefficient, the logarithm of the ratio of times for one unit more. The last two
            rows are the intercept and the logarithm of the shape.
        """
        return self._kept.summary

    def check_assumptions(self) -> Table:
        """Return whether the distribution fits, whether one shape does for all, and whether columns repeat.

        The tests take rows as independent.

        Returns
        -------
        Table
            ``check, column, statistic, p, size, holds, sentence``. ``distribution``: events observed against
            expected in four stretches of follow-up of about as many events each; `size` is observed over
            expected. ``constant_shape``: score test of a shape that moves with the column; `size` is the
            ratio of shapes for one standard deviation, to first order. ``collinearity``: as in `Cox`.
        """
        return self._kept.checks


class _Likelihood:
    """The likelihood at some parameters: coefficients, intercept, log shape.

    The cumulative hazard by day t is ``exp(u)`` with ``u = shape * (log t - columns)``. A row adds
    ``log shape + u - log t`` if it ended with the event, and minus the hazard gathered since its start.
    """

    def __init__(self, values: Float64, episodes: Episodes, parameters: Float64) -> None:
        self.values, self.episodes, self.parameters = values, episodes, parameters
        self.event = episodes.event.astype(np.float64)
        self.shape = np.exp(parameters[-1])
        self.log_scale = values @ parameters[:-1]
        u, hazard = self._hazard(episodes.stop)
        u_0, hazard_0 = self._hazard(episodes.start)
        #: Hazard gathered, and the same weighted by u and by u squared.
        self.gathered = hazard - hazard_0
        self._first = hazard * u - hazard_0 * u_0
        self._second = hazard * u**2 - hazard_0 * u_0**2
        self._u = u

    def _hazard(self, day: npt.NDArray[np.integer]) -> tuple[Float64, Float64]:
        u = self.shape * (np.log(np.maximum(day, 1)) - self.log_scale)
        return u, np.where(day > 0, np.exp(np.minimum(u, 700)), 0.0)

    def hazard_at(self, day: npt.NDArray[np.integer]) -> Float64:
        return self._hazard(day)[1]

    def of_shape(self) -> Float64:
        """What each row adds to the derivative for the log shape."""
        return self.event * (1 + self._u) - self._first

    def scores(self) -> Float64:
        of_scale = self.shape * (self.gathered - self.event)
        return np.column_stack([of_scale[:, None] * self.values, self.of_shape()])

    def curvature(self) -> tuple[Float64, Float64, Float64]:
        """Minus the second derivatives of each row: scale twice, scale and shape, shape twice."""
        return (
            self.shape**2 * self.gathered,
            -self.shape * (self.gathered - self.event + self._first),
            self._second + self._first - self.event * self._u,
        )

    def information(self) -> Float64:
        scale, both, shape = self.curvature()
        cross = self.values.T @ both
        return np.block(
            [[self.values.T @ (scale[:, None] * self.values), cross[:, None]], [cross[None, :], shape.sum()]]
        )


def _fitted_by_lifelines(
    values: Float64, episodes: Episodes, penalizer: float
) -> tuple[_Likelihood, Float64]:
    """Return the likelihood at its maximum, and the variance of the parameters there."""
    from lifelines import WeibullAFTFitter

    frame, entry = frame_of(values[:, :-1], episodes)
    columns = frame.columns[: values.shape[1] - 1]
    with strict("the Weibull model", len(frame)):
        fitter = WeibullAFTFitter(penalizer=penalizer).fit(frame, "stop", "event", entry_col=entry)
        terms = [*(("lambda_", name) for name in [*columns, "Intercept"]), ("rho_", "Intercept")]
        start = np.asarray(fitter.params_[terms], np.float64)
        return _polished(_Likelihood(values, episodes, start), penalizer * len(frame))


def _polished(best: _Likelihood, ridge: float) -> tuple[_Likelihood, Float64]:
    """Take the last steps by Newton's method: lifelines stops where the mean log likelihood hardly moves."""
    # lifelines penalises the log shape with the columns, and the intercept not.
    penalty = ridge * np.array([*np.ones(len(best.parameters) - 2), 0.0, 1.0])
    for _ in range(_POLISH):
        variance = np.linalg.inv(best.information() + np.diag(penalty))
        step = variance @ (best.scores().sum(axis=0) - penalty * best.parameters)
        if not (np.abs(step) <= _CLOSE * np.sqrt(np.abs(np.diag(variance)))).all():
            raise FitError(
                f"the Weibull model did not converge on {len(best.values)} rows: lifelines stopped short of "
                "the maximum. Leave out columns with extreme values, or set penalizer=0.01"
            )
        best = _Likelihood(best.values, best.episodes, best.parameters + step)
    return best, np.asarray(np.linalg.inv(best.information() + np.diag(penalty)), np.float64)


def _distribution(best: _Likelihood) -> list[Check]:
    """Events observed and expected in four stretches of follow-up."""
    episodes = best.episodes
    days = episodes.stop[episodes.event]
    edges = np.unique([0, *np.quantile(days, [0.25, 0.5, 0.75]).astype(np.int64), episodes.stop.max()])
    checks = []
    for after, upto in pairwise(edges.tolist()):
        gathered = best.hazard_at(np.clip(episodes.stop, after, upto))
        gathered = gathered - best.hazard_at(np.clip(episodes.start, after, upto))
        observed, expected = int(((days > after) & (days <= upto)).sum()), float(gathered.sum())
        statistic = (observed - expected) ** 2 / expected
        p, size = chance(statistic), observed / expected
        fine = holds(size, p)
        stretch = f"day {after + 1} to {upto}"
        sentence = f"{stretch}: {observed} events, {expected:.1f} expected (p {p:.2g}); " + (
            "the distribution fits" if fine else "the distribution does not fit there"
        )
        checks.append(Check("distribution", stretch, statistic, p, size, fine, sentence))
    return checks


def _shape(best: _Likelihood, used: Covariates) -> list[Check]:
    """Score test of a shape that moves with a column."""
    values = best.values
    _, both, shape = best.curvature()
    columns = values[:, :-1]
    score = columns.T @ best.of_shape()
    cross = np.vstack([values.T @ (both[:, None] * columns), shape @ columns])
    left = shape @ columns**2 - np.einsum("ij,ij->j", cross, np.linalg.solve(best.information(), cross))
    slope = np.divide(score, left, out=np.zeros_like(score), where=left > 0)
    checks = []
    for at, (name, label) in enumerate(zip(used.names, used.labels, strict=True)):
        statistic, size = float(score[at] * slope[at]), float(np.exp(np.clip(slope[at], -50, 50)))
        p = chance(statistic)
        fine = holds(size, p)
        sentence = (
            f"{label or name}: with one standard deviation more, {size:.3g} times the shape (p {p:.2g}); "
        )
        sentence += "one shape does" if fine else "one shape does not do for all"
        checks.append(Check("constant_shape", name, statistic, p, size, fine, sentence))
    return checks
