"""Cox's proportional hazards, clustered by person."""

from __future__ import annotations

from typing import Self

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
from rfgscore.escalation.models.partial import PartialLikelihood, RiskSets, climb, largest, maximum
from rfgscore.escalation.models.regression import Kept, Regression, frame_of
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import Covariates, Episodes
from rfgscore.tables import Table

__all__ = ["Cox"]

Float64 = npt.NDArray[np.float64]


class Cox(Regression):
    """Cox's proportional hazards with Efron's ties and late entry, fitted by lifelines.

    Newton's method on sums over days finds the coefficients in a few passes over the rows; lifelines starts
    from there, confirms them and gives their variance. Where any person has several rows, standard errors
    are those of Lin and Wei, summed by person, as ``coxph(cluster=)`` of R has them (lifelines' own pass over
    ties and late entry, and take time with the square of the rows). With one row a person they are those of
    the model, as is usual in R and in lifelines. The baseline is Breslow's estimate among those at risk.
    Competing ends count as censored for the coefficients and come back in the predicted probability.

    Parameters
    ----------
    penalizer : float, default 0.0
        Weight of the squared coefficients of standardised columns, as in lifelines.
    min_events_per_column : int, default 10
        Events needed for each column.
    separating : str, default "refuse"
        What becomes of columns on one side of which nothing happened, alone or together with others:
        ``refuse`` or ``drop``.

    Raises
    ------
    ConfigError
        When the penalizer is below 0.

    Examples
    --------
    >>> at = np.arange(1, 41, dtype=np.int32)
    >>> known = Covariates(("count",), (at % 7 - at / 20)[:, None], (1,), ("incidents",))
    >>> episodes = Episodes(at, at, at * 0, at, (at % 2).astype(np.int8))
    >>> model = Cox().fit(known, episodes)
    >>> model.predict(known, [20, 40])[0].round(3).tolist()
    [0.27, 0.818]
    """

    _name = "this Cox model"

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
        Cox
            The model itself. It keeps no row.

        Raises
        ------
        TooFewEventsError
            When there are too few events for the columns.
        FitError
            When a column separates, no column is left, or the fit does not settle.
        FollowUpError
            When nobody was followed to `longest`.
        """
        longest = reach(episodes, longest)
        order = row_order(covariates, episodes)
        covariates, episodes = covariates.take(order), episodes.take(order)
        names, dropped = fit_columns(covariates, episodes, self.min_events_per_column, self.separating)
        if self.separating == "drop":
            names, apart = _settling(covariates.only(names), episodes, self.penalizer)
            dropped += apart
        used = covariates.only(names)
        mean, spread = used.values.mean(axis=0), used.values.std(axis=0, ddof=1)
        sets = RiskSets(episodes, (used.values - mean) / spread)
        start = maximum(sets, self.penalizer * len(used), names)
        beta, variance = _confirmed(sets, episodes, start.beta, self.penalizer)
        best = PartialLikelihood.at(sets, beta)
        robust = by_person(best.scores(), variance, episodes.person)
        se = np.sqrt(np.diag(robust)) / spread
        arrays = {"coefficient": beta / spread, "mean": mean, "baseline": best.baseline(longest)}
        if not all(np.isfinite(array).all() for array in (*arrays.values(), se)) or not (se > 0).all():
            raise FitError(
                f"the Cox model has no finite estimates on {len(used)} rows. Leave out columns with extreme "
                "values"
            )
        self._fitted = Kept(
            Predictor("cox", names, arrays, longest, competing_hazard(episodes, longest)),
            estimates_table(names, used.labels, arrays["coefficient"], se, "hazard_ratio"),
            checks_table([*_proportional(best, used), *collinearity(used)]),
            dropped,
        )
        return self

    def summary(self) -> Table:
        """Return coefficients on the scale of the columns as given.

        Returns
        -------
        Table
            ``column, label, coefficient, se, lower, upper, hazard_ratio, p``; `lower` and `upper` are the
            95 % limits of the coefficient, the logarithm of the hazard ratio of one unit more.
        """
        return self._kept.summary

    def check_assumptions(self) -> Table:
        """Return whether effects stay the same over time, and whether columns repeat each other.

        The test is that of R's ``cox.zph``, on the Kaplan-Meier scale of time. It takes rows as independent.

        Returns
        -------
        Table
            ``check, column, statistic, p, size, holds, sentence``. ``proportional_hazards``: `size` is the
            hazard ratio of one standard deviation in the later half of the events over that in the earlier
            half, to first order. ``collinearity``: `statistic` is the variance inflation factor, below 10
            where it holds; `size` is how many times as wide it makes the interval.
        """
        return self._kept.checks


def _settling(
    used: Covariates, episodes: Episodes, penalizer: float
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Leave out the columns, largest coefficient first, that keep the others from settling."""
    apart: list[tuple[str, str]] = []
    while len(used.names) > 1:
        standard = (used.values - used.values.mean(axis=0)) / used.values.std(axis=0, ddof=1)
        best, settled = climb(RiskSets(episodes, standard), penalizer * len(used))
        if settled:
            break
        worst, other = largest(best, used.names)[:2]
        apart.append(
            (worst, f"together with {other} it separates the episodes with the event from the others")
        )
        used = used.only(tuple(name for name in used.names if name != worst))
    return used.names, tuple(apart)


def _confirmed(
    sets: RiskSets, episodes: Episodes, start: Float64, penalizer: float
) -> tuple[Float64, Float64]:
    """Let lifelines start at the maximum found, and return where it ends, and the variance there."""
    from lifelines import CoxPHFitter

    frame, entry = frame_of(sets.values, episodes)
    with strict("the Cox model", len(frame)):
        fitter = CoxPHFitter(penalizer=penalizer).fit(
            frame, "stop", "event", entry_col=entry, initial_point=start.copy()
        )
    return np.asarray(fitter.params_, np.float64), np.asarray(fitter.variance_matrix_, np.float64)


def _proportional(best: PartialLikelihood, used: Covariates) -> list[Check]:
    sets = best.sets
    statistic, _ = best.trend(1 - sets.survival())
    middle = int(np.median(sets.days[sets.day]))
    size = np.ones(len(used.names))
    if (sets.days > middle).any():
        size = np.exp(np.clip(best.trend((sets.days > middle).astype(np.float64))[1], -50, 50))
    checks = []
    for at, (name, label) in enumerate(zip(used.names, used.labels, strict=True)):
        p = chance(float(statistic[at]))
        fine = holds(float(size[at]), p)
        sentence = (
            f"{label or name}: after day {middle} the hazard ratio of one standard deviation is "
            f"{size[at]:.3g} times that up to then (p {p:.2g}); "
            + ("taken as constant" if fine else "not constant over time")
        )
        checks.append(
            Check("proportional_hazards", name, float(statistic[at]), p, float(size[at]), fine, sentence)
        )
    return checks
