"""Curves as models of risk: of all people, or one for each group of a column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FitError, FollowUpError, NotFittedError
from rfgscore.escalation.models.aalen import curve_of, standard_error
from rfgscore.escalation.models.base import Contributions
from rfgscore.escalation.models.columns import check_events, row_order
from rfgscore.escalation.models.estimates import Z95, Check, checks_table, holds
from rfgscore.escalation.models.leaving import leaving
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import CENSORED, EVENT, Covariates, Episodes
from rfgscore.tables import Column, Table

__all__ = ["MIN_PEOPLE", "AalenJohansen", "KaplanMeier"]

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: A group of fewer people gets no curve.
MIN_PEOPLE: Final = 10
#: Overstating a probability by less than this is nothing to speak of.
TRIFLE: Final = 0.01


def _log_log(probability: Float64, error: Float64) -> tuple[Float64, Float64]:
    """95% interval on the scale of log(-log(probability)); NaN where that is infinite, as in R."""
    inside = np.where((probability > 0) & (probability < 1), probability, np.nan)
    log = np.log(inside)
    middle, spread = np.log(-log), np.abs(Z95 * error / (inside * log))
    with np.errstate(over="ignore"):  # the exponential of minus infinity is 0
        return np.exp(-np.exp(middle + spread)), np.exp(-np.exp(middle - spread))


class _Curves:
    """What both curves share; they differ in what they make of competing ends, and in their interval.

    The rows of the fit stay for the summary and the checks, which take longer than the curves. The predictor
    holds none of them.
    """

    _competing: ClassVar[bool]

    def __init__(self, by: str | None = None, edges: Sequence[float] = ()) -> None:
        self.by = by
        self.edges = tuple(float(edge) for edge in edges)
        if (by is None) != (not self.edges):
            raise FitError(
                "groups need both `by`, a column, and `edges`, where it is cut; give both or neither"
            )
        if not np.isfinite(self.edges).all() or (np.diff(self.edges) <= 0).any():
            raise FitError(f"edges must rise from one to the next and be finite; given {list(self.edges)}")
        self._predictor: Predictor | None = None

    def fit(self, covariates: Covariates, episodes: Episodes, longest: int | None = None) -> Self:
        """Estimate the curve of each group.

        Parameters
        ----------
        covariates : Covariates
            What was known of each row; only `by` is used, the others by `check_assumptions`.
        episodes : Episodes
            Time under observation, a row for each of `covariates`.
        longest : int, optional
            Last day that may be asked; by default the last on which every group was still followed.

        Returns
        -------
        same type
            The model itself, fitted.

        Raises
        ------
        TooFewEventsError
            When nobody had the event.
        FollowUpError
            When a group was not followed as long as `longest`.
        FitError
            When a group is empty or too small, its rows do not join to one curve, a value is not finite, or
            all events fall on one day.
        KeyError
            When there is no column `by`.
        """
        check_events(episodes, 0)
        order = row_order(covariates, episodes)
        covariates, episodes = covariates.take(order), episodes.take(order)
        counted = episodes
        if not self._competing:
            counted = replace(episodes, end=np.where(episodes.event, EVENT, CENSORED).astype(np.int8))
        columns = () if self.by is None else (self.by,)
        group = _group(covariates.only(columns).values, self.edges)
        if longest is None:
            followed = [int(counted.stop[rows].max()) for _, rows in self._groups(group, counted)]
            longest = min(followed)
        curves = []
        for name, rows in self._groups(group, counted):
            try:
                curves.append(curve_of(counted.take(rows), longest))
            except (FollowUpError, FitError) as error:
                raise error if self.by is None else type(error)(f"group '{name}': {error.message}") from None
        arrays = {"edges": np.array(self.edges), "risk": np.array([curve.risk for curve in curves])}
        self._predictor = Predictor("curve", columns, arrays, longest)
        self._curves, self._rows = curves, group
        self._known, self._given, self._counted = covariates, episodes, counted
        return self

    @property
    def predictor(self) -> Predictor:
        """What was learnt, as plain arrays.

        Returns
        -------
        Predictor
            Kind ``curve``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        if self._predictor is None:
            raise NotFittedError(f"this {type(self).__name__} was not fitted; call fit first")
        return self._predictor

    def predict(self, covariates: Covariates, times: Sequence[int]) -> Float64:
        """Return the probability of the event by each time.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.
        times : sequence of int
            Days on the clock.

        Returns
        -------
        numpy.ndarray
            float64, rows by times.

        Raises
        ------
        FollowUpError
            When a time is beyond the last day of the curves.
        NotFittedError
            Before `fit`.
        """
        return self.predictor.risk(covariates, times)

    def summary(self) -> Table:
        """Return the curves, a row for each day with an event.

        Returns
        -------
        Table
            ``group, time, at_risk, events, risk, lower, upper``. The bounds are null where the risk is 1.
        """
        longest = self.predictor.longest
        parts: list[tuple[Int64, Int64, Int64, Float64, Float64, Float64]] = []
        groups: list[str] = []
        for curve, (name, rows) in zip(self._curves, self._groups(self._rows, self._counted), strict=True):
            days = np.flatnonzero(curve.events[: longest + 1])
            error = standard_error(self._counted.take(rows), curve)[days]
            lower, upper = self._interval(curve.risk[days], error)
            parts.append((days, curve.at_risk[days], curve.events[days], curve.risk[days], lower, upper))
            groups += [name] * len(days)
        time, at_risk, events, risk, lower, upper = (
            np.concatenate(part) for part in zip(*parts, strict=True)
        )
        return Table(
            {
                "group": Column.of("text", groups),
                "time": Column.of("int32", time),
                "at_risk": Column.of("int64", at_risk),
                "events": Column.of("int64", events),
                "risk": Column.of("float64", risk),
                "lower": Column.of("float64", lower, np.isnan(lower)),
                "upper": Column.of("float64", upper, np.isnan(upper)),
            }
        )

    def check_assumptions(self) -> Table:
        """Return what the curves take for granted, and how far that holds.

        Returns
        -------
        Table
            ``check, column, statistic, p, size, holds, sentence``. ``censoring``: whether leaving observation
            goes with a column (score test of a Cox model of leaving, by person); `size` is the rate ratio of
            one standard deviation. ``rows_at_the_end``: `statistic` is how many are under observation on
            the last day, `size` which share of all. ``competing_ends``: `statistic` is the risk after
            Kaplan-Meier on the last day, `size` by how much it is too high.
        """
        longest = self.predictor.longest
        known, checks = self._known, []
        tested = zip(known.names, known.labels, *leaving(known.values, self._given), strict=True)
        for column, label, statistic, p, size in tested:
            if np.isfinite(size):
                ratio = math.exp(size)
                sentence = (
                    f"{label or column}: one standard deviation more goes with {ratio:.3g} times the rate of "
                    f"leaving observation (p {p:.2g}); those who left are taken to be like those who stayed"
                )
                checks.append(Check("censoring", column, statistic, p, ratio, holds(ratio, p), sentence))
        for curve, (name, members) in zip(self._curves, self._groups(self._rows, self._counted), strict=True):
            rows, left = int(members.sum()), int(curve.at_risk[longest])
            sentence = f"{left} of {rows} rows are still under observation on day {longest}"
            checks.append(
                Check("rows_at_the_end", name, left, None, left / rows, left >= MIN_PEOPLE, sentence)
            )
            given = self._given.take(members)
            competing = int((given.competing & (given.stop <= longest)).sum())
            if not self._competing and competing:
                said, true = (float(one.risk[longest]) for one in (curve, curve_of(given, longest)))
                sentence = (
                    f"{competing} rows ended by death or transfer out are taken for people still to be seen: "
                    f"the curve says {said:.3f} for day {longest}, {said - true:.3f} more than Aalen-Johansen"
                )
                fine = said - true < TRIFLE
                checks.append(Check("competing_ends", name, said, None, said - true, fine, sentence))
        return checks_table(checks)

    def explain(self, covariates: Covariates) -> Contributions:
        """Return how far each row's group is from the average.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.

        Returns
        -------
        Contributions
            No column without groups. With them: log of the group's cumulative hazard on the last day, less
            that of the average training row.
        """
        predictor = self.predictor
        rows = np.bincount(self._rows, minlength=len(self.edges) + 1)
        risk = predictor.arrays["risk"][:, -1]
        # A risk of 0 or 1 counts as half a row short of it, so that the logarithm is finite.
        inside = np.clip(risk, 0.5 / rows, 1 - 0.5 / rows)
        height = np.log(-np.log1p(-inside))
        average = math.log(-math.log1p(-float(inside @ rows / rows.sum())))
        values = covariates.only(predictor.columns).values
        moved = (height - average)[_group(values, self.edges)][:, None]
        return Contributions(
            predictor.columns,
            moved[:, : len(predictor.columns)],
            f"log of the cumulative hazard by day {predictor.longest}",
        )

    def _interval(self, risk: Float64, error: Float64) -> tuple[Float64, Float64]:
        """95% interval: each curve on the probability its own survfit puts on the scale."""
        if self._competing:
            return _log_log(risk, error)
        lower, upper = _log_log(1.0 - risk, error)
        return 1.0 - upper, 1.0 - lower

    def _groups(self, group: Int64, episodes: Episodes) -> Iterator[tuple[str, Bool]]:
        """Name and rows of each group; a group too small for a curve is an error."""
        for number in range(len(self.edges) + 1):
            rows = group == number
            name = _group_name(self.by, self.edges, number)
            people = len(np.unique(episodes.person[rows]))
            if people < MIN_PEOPLE:
                raise FitError(
                    f"group '{name}' holds {people} people, and a curve needs at least {MIN_PEOPLE}. "
                    + ("Take more people" if self.by is None else "Choose other edges, or take more people")
                )
            yield name, rows


class KaplanMeier(_Curves):
    """Share that has had the event by each day, as if nobody died or moved away.

    Competing ends count as censored, which overstates the risk; `check_assumptions` says by how much. The
    bounds are 95%, on the scale of log(-log(1 - risk)), with the standard error of `standard_error`: R's
    ``survfit(..., cluster=person, conf.type="log-log")``.

    Parameters
    ----------
    by : str, optional
        Column that makes the groups; one curve for all without it.
    edges : sequence of float, optional
        Where it is cut, ascending; a value equal to an edge belongs to the group above.

    Raises
    ------
    FitError
        When only one of both is given, or the edges do not rise.

    Examples
    --------
    >>> known = Covariates(("count",), np.arange(20.0)[:, None], (1,), ("incidents",))
    >>> zero, stop = np.zeros(20, np.int32), np.arange(1, 21, dtype=np.int32)
    >>> episodes = Episodes(np.arange(20), zero, zero, stop, (stop % 2).astype(np.int8))
    >>> KaplanMeier().fit(known, episodes).predict(known.take(np.arange(1)), [1, 5]).round(3).tolist()
    [[0.05, 0.159]]
    """

    _competing = False


class AalenJohansen(_Curves):
    """Share that has had the event by each day, where death and transfer out rule it out.

    The bounds are 95%, on the scale of log(-log(risk)), with the standard error of `standard_error`: R's
    ``survfit`` with a factor as status and ``conf.type="log-log"``.

    Parameters
    ----------
    by : str, optional
        Column that makes the groups; one curve for all without it.
    edges : sequence of float, optional
        Where it is cut, ascending; a value equal to an edge belongs to the group above.

    Raises
    ------
    FitError
        When only one of both is given, or the edges do not rise.

    Examples
    --------
    >>> known = Covariates(("count",), np.arange(20.0)[:, None], (1,), ("incidents",))
    >>> zero, stop = np.zeros(20, np.int32), np.arange(1, 21, dtype=np.int32)
    >>> episodes = Episodes(np.arange(20), zero, zero, stop, (stop % 3).astype(np.int8))
    >>> model = AalenJohansen(by="count", edges=[10]).fit(known, episodes, longest=8)
    >>> model.predict(known.take(np.array([0])), [1, 8]).round(3).tolist()
    [[0.1, 0.357]]
    """

    _competing = True


def _group(values: Float64, edges: Sequence[float]) -> Int64:
    if not values.shape[1]:
        return np.zeros(len(values), np.int64)
    return np.searchsorted(np.array(edges), values[:, 0], side="right").astype(np.int64)


def _group_name(by: str | None, edges: Sequence[float], number: int) -> str:
    if by is None:
        return "all"
    if number == 0:
        return f"{by} < {edges[0]:g}"
    if number == len(edges):
        return f"{by} >= {edges[-1]:g}"
    return f"{edges[number - 1]:g} <= {by} < {edges[number]:g}"
