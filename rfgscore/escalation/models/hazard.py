"""The discrete-time hazard: boosted trees on the days people were at risk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import erfc, sqrt
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from rfgscore.column import Column
from rfgscore.errors import ConfigError, FitError, FollowUpError, NotFittedError
from rfgscore.escalation.models.columns import check_events, row_order
from rfgscore.escalation.models.ends import competing_hazard, reach
from rfgscore.escalation.models.estimates import Check, checks_table
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import Contributions, Covariates, Episodes
from rfgscore.escalation.trees import (
    events_in_leaves,
    log_odds_of_trees,
    splits_against,
)
from rfgscore.tables import Table

__all__ = ["EDGES", "DiscreteHazard", "PersonPeriods", "flattened", "person_periods"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

#: Days on which periods end: close together where the hazard changes fastest.
EDGES: Final = (30, 60, 90, 180, 270, 365, 545, 730, 1095, 1460, 1825)
#: Name of the column of periods in a summary.
PERIOD: Final = "period"
#: Fewest events half of the leaves must hold, and how far observed may lie from expected events.
_EVENTS_PER_LEAF: Final = 10
_OFF: Final = 0.1


class PersonPeriods(NamedTuple):
    """Stretches of a period in which somebody was at risk.

    Parameters
    ----------
    row : numpy.ndarray
        int64 row of the episodes.
    period : numpy.ndarray
        int64 number of the period, from 0.
    days : numpy.ndarray
        int64 days at risk in it, at least 1.
    event : numpy.ndarray
        Whether it ended with the event.
    """

    row: Int64
    period: Int64
    days: Int64
    event: Bool


def person_periods(episodes: Episodes, edges: Int64) -> PersonPeriods:
    """Return the days at risk and the events of each row in each period.

    Parameters
    ----------
    episodes : Episodes
        Rows at risk on the days ``start < t <= stop``.
    edges : numpy.ndarray
        int64 days on which periods end, ascending and led by 0; what comes after the last is left out.

    Returns
    -------
    PersonPeriods
        By period, then by row; only where at least one day was at risk.

    Examples
    --------
    >>> two = Episodes(*np.array([[0, 1], [0, 0], [0, 10], [20, 45], [1, 0]]))
    >>> for column in person_periods(two, np.array([0, 30, 60])):
    ...     print(column.tolist())
    [0, 1, 1]
    [0, 0, 1]
    [20, 20, 15]
    [True, False, False]
    """
    parts = []
    for period, (low, high) in enumerate(pairwise(edges.tolist())):
        days = np.minimum(episodes.stop, high) - np.maximum(episodes.start, low)
        row = np.flatnonzero(days > 0)
        event = episodes.event[row] & (episodes.stop[row] <= high)
        parts.append((row, np.full(len(row), period), days[row], event))
    row, at, days, event = (np.concatenate(column) for column in zip(*parts, strict=True))
    return PersonPeriods(row, at, days.astype(np.int64), event)


def flattened(booster: Any) -> dict[str, npt.NDArray[Any]]:
    """Return the trees of a fitted booster one after the other, as `trees` reads them.

    Parameters
    ----------
    booster : sklearn.ensemble.HistGradientBoostingClassifier
        Fitted on two classes and on numbers alone.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays told in `trees` but ``edges`` and ``mean``, and the ``gain`` of each node.
    """
    trees = [stage[0].nodes for stage in booster._predictors]
    nodes = np.concatenate(trees)
    offsets = np.cumsum([0, *map(len, trees)])
    leaf = nodes["is_leaf"] == 1
    first = np.repeat(offsets[:-1], np.diff(offsets))
    return {
        "feature": np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
        "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
        "left": np.where(leaf, -1, nodes["left"] + first).astype(np.int64),
        "right": np.where(leaf, -1, nodes["right"] + first).astype(np.int64),
        "value": np.where(leaf, nodes["value"], 0.0),
        "offsets": offsets.astype(np.int64),
        "baseline": np.array(booster._baseline_prediction, np.float64).reshape(1),
        "gain": np.where(leaf, 0.0, nodes["gain"]),
    }


class DiscreteHazard:
    """Chance of the event on a day, given that it has not happened yet, by boosted trees.

    The days a person is at risk are trials that fail or not, alike inside a period. A stretch of n days
    weighs n: n without the event, or n - 1 without and one with it. That is the likelihood of whole days, so
    a stretch cut short by censoring, late entry or a competing end counts for just the days it lasted, and
    the hazard is not biased by any of them. scikit-learn's histogram gradient boosting maximises it; the
    number of the period is one more column. Columns that may only raise or lower the risk do so in every
    tree. The result depends on neither the order of the rows nor the number of threads.

    Parameters
    ----------
    edges : sequence of int
        Days on which periods end, ascending, above 0. Cut at the longest time.
    max_iter : int
        Number of trees.
    learning_rate : float
        How much of each tree is taken.
    max_leaf_nodes : int
        Most leaves of a tree.
    min_samples_leaf : int
        Fewest stretches in a leaf.
    l2_regularization : float
        Pulls leaves to 0, like this many expected events without an effect in each.

    Examples
    --------
    >>> DiscreteHazard(max_iter=50).max_iter
    50
    """

    def __init__(
        self,
        *,
        edges: Sequence[int] = EDGES,
        max_iter: int = 80,
        learning_rate: float = 0.08,
        max_leaf_nodes: int = 6,
        min_samples_leaf: int = 200,
        l2_regularization: float = 5.0,
    ) -> None:
        self.edges = tuple(int(edge) for edge in edges)
        if any(high <= low for low, high in pairwise((0, *self.edges))):
            raise ConfigError("the edges of periods must be days above 0 in ascending order")
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self._fitted: Predictor | None = None
        self._about: Covariates | None = None
        self._gain: Float64 = np.zeros(0)
        self._observed: Int64 = np.zeros(0, np.int64)
        self._expected: Float64 = np.zeros(0)
        self._leaf_events: Int64 = np.zeros(0, np.int64)

    def fit(self, covariates: Covariates, episodes: Episodes, longest: int | None = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        covariates : Covariates
            What was known of each row.
        episodes : Episodes
            Time at risk and how it ended, of the same rows.
        longest : int, optional
            Last day that may be predicted; what happened later is not used. The largest stop by default.

        Returns
        -------
        DiscreteHazard
            This model.

        Raises
        ------
        TooFewEventsError
            When there are fewer than 10 events a column that varies.
        FollowUpError
            When nobody was followed to `longest`, or nobody was at risk in one of the periods.
        """
        order = row_order(covariates, episodes)
        covariates, episodes = covariates.take(order), episodes.take(order)
        check_events(episodes, 0)
        longest = reach(episodes, longest)
        varies = int((np.ptp(covariates.values, axis=0) > 0).sum())
        check_events(episodes.take(~episodes.event | (episodes.stop <= longest)), varies)
        edges = np.array([0, *(edge for edge in self.edges if edge < longest), longest], np.int64)
        stretches = person_periods(episodes, edges)
        at_risk = np.bincount(stretches.period, minlength=len(edges) - 1)
        if not at_risk.all():
            empty = int(np.argmin(at_risk))
            raise FollowUpError(
                f"nobody was at risk on the days {edges[empty] + 1} to {edges[empty + 1]} of the clock, so "
                "their hazard cannot be learnt. Choose other edges of periods, or a lower longest time"
            )
        arrays = self._boosted(covariates, stretches)
        arrays["edges"] = edges
        arrays["mean"] = covariates.values.mean(axis=0)
        nobody = np.empty((0, len(covariates.names)))
        self._about = Covariates(covariates.names, nobody, covariates.monotone, covariates.labels)
        self._gain = arrays.pop("gain")
        self._fitted = Predictor(
            "trees", covariates.names, arrays, longest, competing_hazard(episodes, longest)
        )
        self._look_back(covariates, stretches)
        return self

    @property
    def predictor(self) -> Predictor:
        """What was learnt, as plain arrays."""
        if self._fitted is None:
            raise NotFittedError("the discrete-time hazard is not fitted yet; call fit first")
        return self._fitted

    def predict(self, covariates: Covariates, times: Sequence[int]) -> Float64:
        """Return the probability of the event by each time.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.
        times : sequence of int
            Days on the clock, from 0 to the longest time.

        Returns
        -------
        numpy.ndarray
            float64, rows by times.
        """
        return self.predictor.risk(covariates, times)

    def explain(self, covariates: Covariates) -> Contributions:
        """Return how far each column moves each row from the average.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.

        Returns
        -------
        Contributions
            Shapley values against the row of means, on the log odds of the event on a day, as the mean of
            the days from 1 to the longest time; see `trees.contributions_of_trees`.
        """
        return self.predictor.contributions(covariates)

    def summary(self) -> Table:
        """Return how much each column is used.

        Returns
        -------
        Table
            A row a column, the period last: `column, label, gain, splits, monotone`. The gain is the share
            of all improvement of the fit made by splits on the column.
        """
        arrays = self.predictor.arrays
        assert self._about is not None  # noqa: S101 - set by fit
        asked = arrays["feature"][arrays["feature"] >= 0]
        size = len(self._about.names) + 1
        gain = np.bincount(asked, self._gain[arrays["feature"] >= 0], size)
        return Table(
            {
                "column": Column.of("text", [*self._about.names, PERIOD]),
                "label": Column.of("text", [*self._about.labels, "period of the clock"]),
                "gain": Column.of("float64", (gain / max(gain.sum(), np.finfo(float).tiny)).tolist()),
                "splits": Column.of("int64", np.bincount(asked, minlength=size).tolist()),
                "monotone": Column.of("int64", [*self._about.monotone, 0]),
            }
        )

    def check_assumptions(self) -> Table:
        """Return how far the fit keeps what the model takes for granted, on its training rows.

        Returns
        -------
        Table
            A row a check: `check, column, statistic, p, size, holds, sentence`. Columns with a direction:
            how many splits go against it. Periods: observed over expected events. Leaves: the events in
            the median leaf.
        """
        arrays = self.predictor.arrays
        assert self._about is not None  # noqa: S101 - set by fit
        rows: list[Check] = []
        for at, (name, sign) in enumerate(zip(self._about.names, self._about.monotone, strict=True)):
            if sign:
                splits, against = splits_against(arrays, at, sign)
                way = "raise" if sign > 0 else "lower"
                told = f"{against} of {splits} splits go against more of it only being able to {way} the risk"
                rows.append(Check("direction", name, against, None, splits, against == 0, told))
        for period, (low, high) in enumerate(pairwise(arrays["edges"].tolist())):
            seen, awaited = int(self._observed[period]), float(self._expected[period])
            ratio = seen / awaited
            p = erfc(abs(seen - awaited) / sqrt(2 * awaited))
            told = f"on days {low + 1} to {high}, {seen} training events where {awaited:.1f} were expected"
            holds = abs(ratio - 1) <= _OFF or p > 0.05
            rows.append(Check("calibration in training", PERIOD, ratio, p, seen, holds, told))
        if len(self._leaf_events):
            middle, fewest = float(np.median(self._leaf_events)), int(self._leaf_events.min())
            told = (
                f"half of the {len(self._leaf_events)} leaves hold {middle:g} training events or more, "
                f"the emptiest {fewest}"
            )
            holds = middle >= _EVENTS_PER_LEAF
            rows.append(Check("events in a leaf", None, middle, None, len(self._leaf_events), holds, told))
        return checks_table(rows)

    def _boosted(self, covariates: Covariates, stretches: PersonPeriods) -> dict[str, npt.NDArray[Any]]:
        """Fit the trees; every stretch weighs its days, those that end with the event in two rows."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        matrix = np.column_stack([covariates.values[stretches.row], stretches.period])
        free = stretches.days - stretches.event
        without = free > 0
        booster = HistGradientBoostingClassifier(
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            monotonic_cst=[*covariates.monotone, 0],
            early_stopping=False,
            random_state=0,
        )
        rows = np.concatenate([matrix[without], matrix[stretches.event]])
        ended = np.repeat([0, 1], [without.sum(), stretches.event.sum()])
        weight = np.concatenate([free[without], np.ones(stretches.event.sum())])
        try:
            # Bits are the same with more threads, and a loaded machine is many times slower: they spin.
            with threadpool_limits(1, user_api="openmp"):
                booster.fit(rows, ended, weight)
        except ValueError as error:
            raise FitError(f"the trees cannot be grown: {error}") from error
        return flattened(booster)

    def _look_back(self, covariates: Covariates, stretches: PersonPeriods) -> None:
        """Keep the counts `check_assumptions` tells, so that no training row need be kept."""
        arrays = self.predictor.arrays
        periods = len(arrays["edges"]) - 1
        hazard = 1 / (1 + np.exp(-log_odds_of_trees(arrays, covariates.values)))
        awaited = hazard[stretches.period, stretches.row] * stretches.days
        self._observed = np.bincount(stretches.period, stretches.event, periods).astype(np.int64)
        self._expected = np.bincount(stretches.period, awaited, periods).astype(np.float64)
        row, period = stretches.row[stretches.event], stretches.period[stretches.event]
        self._leaf_events = events_in_leaves(arrays, np.column_stack([covariates.values[row], period]))
