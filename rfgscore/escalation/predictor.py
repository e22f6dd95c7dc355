"""What a fitted model keeps: plain arrays that predict with NumPy alone, and no training row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FollowUpError
from rfgscore.escalation.tables import Contributions, Covariates
from rfgscore.escalation.trees import contributions_of_trees, hazard_of_trees

__all__ = ["KINDS", "Predictor"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Arrays = Mapping[str, npt.NDArray[Any]]

#: Rows worked at once where every day up to the longest time is needed.
_ROWS: Final = 2048


#: Rows further out than this are as good as certain; beyond it the exponential leaves float64.
_FARTHEST: Final = 300.0


def _exp(value: Float64) -> Float64:
    return np.asarray(np.exp(np.clip(value, -_FARTHEST, _FARTHEST)), np.float64)


def _added(values: Float64, coefficient: Float64) -> Float64:
    """Add up column by column: a matrix product may round otherwise with other rows beside a row."""
    total = np.zeros(len(values))
    for at, each in enumerate(coefficient):
        total += values[:, at] * each
    return total


def _cox(arrays: Arrays, values: Float64, times: Int64) -> Float64:
    """Baseline hazard of the average row, times the hazard ratio."""
    ratio = _exp(_added(values - arrays["mean"], arrays["coefficient"]))
    return np.asarray(ratio[:, None] * arrays["baseline"][times][None, :], np.float64)


def _weibull(arrays: Arrays, values: Float64, times: Int64) -> Float64:
    """``(t / lambda) ** rho`` with ``log(lambda)`` linear in the columns."""
    log_scale = _added(values, arrays["coefficient"]) + arrays["intercept"][0]
    rho = np.exp(arrays["log_rho"][0])
    return np.asarray(_exp(-rho * log_scale)[:, None] * (times**rho)[None, :], np.float64)


def _curve(arrays: Arrays, values: Float64, times: Int64) -> Float64:
    """One curve a group; the group is the one whose edges hold the row's value."""
    group = np.zeros(len(values), np.int64)
    if values.shape[1]:
        group = np.searchsorted(arrays["edges"], values[:, 0], side="right")
    with np.errstate(divide="ignore"):  # where everyone has had the event the hazard is infinite
        return np.asarray(-np.log1p(-arrays["risk"][group][:, times]), np.float64)


#: Cumulative hazard of the event at some times, by kind of model. ``curve`` holds the probability itself, in
#: which competing ends are already counted.
KINDS: Final[Mapping[str, Callable[[Arrays, Float64, Int64], Float64]]] = {
    "cox": _cox,
    "weibull": _weibull,
    "curve": _curve,
    "trees": hazard_of_trees,
}


_ON_HAZARD: Final = "log of the hazard"


def _explain_cox(arrays: Arrays, values: Float64) -> tuple[Float64, str]:
    return (values - arrays["mean"]) * arrays["coefficient"], _ON_HAZARD


def _explain_weibull(arrays: Arrays, values: Float64) -> tuple[Float64, str]:
    # A longer time is a lower hazard, by the power of the shape.
    return (arrays["mean"] - values) * arrays["coefficient"] * np.exp(arrays["log_rho"][0]), _ON_HAZARD


def _explain_curve(arrays: Arrays, values: Float64) -> tuple[Float64, str]:
    return np.zeros(values.shape), "nothing: everyone of a group is told the same"


def _explain_trees(arrays: Arrays, values: Float64) -> tuple[Float64, str]:
    return contributions_of_trees(arrays, values), "log odds of a day"


_EXPLAIN: Final[Mapping[str, Callable[[Arrays, Float64], tuple[Float64, str]]]] = {
    "cox": _explain_cox,
    "weibull": _explain_weibull,
    "curve": _explain_curve,
    "trees": _explain_trees,
}


@dataclass(frozen=True, eq=False, repr=False)
class Predictor:
    """Arrays of a fitted model, and how to predict from them.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    columns : tuple of str
        Columns used, in the order of the arrays.
    arrays : mapping of str to numpy.ndarray
        What was learnt. ``cox``: ``coefficient, mean`` a column and ``baseline`` a day from 0. ``weibull``:
        ``coefficient, mean`` a column, ``intercept`` and ``log_rho`` of length 1. ``curve``: ``edges``
        between groups, ascending, and ``risk`` groups by days from 0. ``trees``: see `trees`.
    longest : int
        Last day on the clock that may be asked: nobody was followed beyond it.
    competing : numpy.ndarray or None
        Cumulative hazard of all competing ends on the days from 0 to `longest`, the same for everyone;
        None where none happened, and for curves.
    recalibration : tuple of (float, float) or None
        Intercept and slope on the scale of ``log(-log(1 - risk))``, learnt on training rows.

    Examples
    --------
    >>> baseline = np.linspace(0, 0.2, 101)
    >>> arrays = {"coefficient": np.array([0.5]), "mean": np.array([1.0]), "baseline": baseline}
    >>> what = Predictor("cox", ("count",), arrays, longest=100)
    >>> known = Covariates(("count",), np.array([[1.0], [3.0]]), (1,), ("incidents",))
    >>> what.risk(known, [50, 100]).round(3).tolist()
    [[0.095, 0.181], [0.238, 0.419]]
    """

    kind: str
    columns: tuple[str, ...]
    arrays: Arrays
    longest: int
    competing: Float64 | None = None
    recalibration: tuple[float, float] | None = None

    def risk(self, covariates: Covariates, times: Sequence[int]) -> Float64:
        """Return the probability of the event by each time, with competing ends ruling it out.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row; columns not used are passed over.
        times : sequence of int
            Days on the clock, from 0 to `longest`.

        Returns
        -------
        numpy.ndarray
            float64, rows by times, in [0, 1], never NaN.

        Raises
        ------
        FollowUpError
            When a time is beyond `longest`: the model says nothing there.
        KeyError
            When a column is missing.
        """
        asked = np.asarray(times, np.int64)
        if len(asked) and (asked.max() > self.longest or asked.min() < 0):
            raise FollowUpError(
                f"the model can be asked for 0 to {self.longest} days, the longest horizon it was fitted "
                f"for; asked for {', '.join(map(str, asked.tolist()))}. Ask for less, or fit for longer ones"
            )
        values = covariates.only(self.columns).values
        if self.competing is None or self.kind == "curve":
            risk = -np.expm1(-KINDS[self.kind](self.arrays, values, asked))
        else:
            blocks = [
                self._with_competing(values[at : at + _ROWS], asked)
                for at in range(0, max(len(values), 1), _ROWS)
            ]
            risk = np.concatenate(blocks)
        return _recalibrated(np.clip(risk, 0.0, 1.0), self.recalibration)

    def contributions(self, covariates: Covariates) -> Contributions:
        """Return how far each column moves each row from the average row of the training.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.

        Returns
        -------
        Contributions
            Rows by `columns`; a recalibration is not told of.
        """
        values, scale = _EXPLAIN[self.kind](self.arrays, covariates.only(self.columns).values)
        return Contributions(self.columns, values, scale)

    def recalibrated(self, intercept: float, slope: float) -> Predictor:
        """Return the same model with its probabilities moved.

        Parameters
        ----------
        intercept, slope : float
            ``log(-log(1 - risk))`` becomes `intercept` plus `slope` times itself.

        Returns
        -------
        Predictor
            Shares all arrays.
        """
        return replace(self, recalibration=(float(intercept), float(slope)))

    def _with_competing(self, values: Float64, times: Int64) -> Float64:
        assert self.competing is not None  # noqa: S101 - asked by the caller
        days = np.arange(self.longest + 1)
        mine = KINDS[self.kind](self.arrays, values, days)
        step = np.diff(mine, axis=1)
        both = step + np.diff(self.competing)
        free = np.exp(-(mine[:, :-1] + self.competing[:-1]))
        # Within a day the two ends share what happens in proportion to their hazards.
        share = np.divide(step, both, out=np.zeros_like(step), where=both > 0)
        happened = np.cumsum(free * -np.expm1(-both) * share, axis=1)
        return np.concatenate([np.zeros((len(values), 1)), happened], axis=1)[:, times]


def _recalibrated(risk: Float64, by: tuple[float, float] | None) -> Float64:
    if by is None:
        return risk
    intercept, slope = by
    hazard = -np.log1p(-np.minimum(risk, 1 - 2.0**-53))
    return np.asarray(-np.expm1(-np.exp(intercept) * hazard**slope), np.float64)
