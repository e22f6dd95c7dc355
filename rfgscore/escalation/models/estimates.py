"""What the regressions share: standard errors by person, their tables, and warnings that become errors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import erfc, isfinite, sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError, FitError
from rfgscore.escalation.tables import Covariates
from rfgscore.tables import Column, Kind, Table

__all__ = [
    "Z95",
    "Check",
    "by_person",
    "chance",
    "check_penalizer",
    "checks_table",
    "collinearity",
    "estimates_table",
    "holds",
    "strict",
]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Of the standard normal distribution: 95 % lie within this.
Z95: Final = 1.959963984540054
#: A violation matters when it is significant and larger than this: with many rows all are significant.
MATTERS: Final = 1.25


class Check(NamedTuple):
    """One assumption looked at.

    Parameters
    ----------
    check : str
        Which assumption.
    column : str or None
        Column, or stretch of time, it was looked at for; None for the whole model.
    statistic : float
        Test statistic.
    p : float or None
        How often chance alone gives as much; None where that cannot be said.
    size : float
        How large the violation is, whatever its significance; under the discrete-time hazard, the number it
        was looked at on.
    holds : bool
        Whether the assumption may be relied on.
    sentence : str
        The same in words.
    """

    check: str
    column: str | None
    statistic: float
    p: float | None
    size: float
    holds: bool
    sentence: str


def by_person(scores: Float64, variance: Float64, person: Int64) -> Float64:
    """Return the variance of coefficients, robust to several rows of one person (Lin and Wei's sandwich).

    Parameters
    ----------
    scores : numpy.ndarray
        float64, what each row adds to the gradient of the log likelihood.
    variance : numpy.ndarray
        float64, variance of the model: the inverse of its information.
    person : numpy.ndarray
        int64, whose row it is.

    Returns
    -------
    numpy.ndarray
        float64, coefficients by coefficients. The variance of the model itself where everyone has one row.

    Examples
    --------
    >>> by_person(np.array([[1.0], [1.0], [-2.0]]), np.eye(1), np.array([7, 7, 8])).tolist()
    [[8.0]]
    """
    people, place = np.unique(person, return_inverse=True)
    if len(people) == len(person):
        return variance
    influence = scores @ variance
    summed = np.column_stack([np.bincount(place, column, len(people)) for column in influence.T])
    return np.asarray(summed.T @ summed, np.float64)


def check_penalizer(penalizer: float) -> float:
    """Return the penalizer if it is one.

    Parameters
    ----------
    penalizer : float
        Weight of the squared coefficients.

    Returns
    -------
    float
        The same.

    Raises
    ------
    ConfigError
        When it is below 0 or not finite.

    Examples
    --------
    >>> check_penalizer(0.01)
    0.01
    """
    if not (isfinite(penalizer) and penalizer >= 0):
        raise ConfigError(f"penalizer is {penalizer}: give a number from 0 (no penalty) up, such as 0.01")
    return penalizer


def chance(statistic: float) -> float:
    """Return the chance that a chi-squared value with one degree of freedom is as large.

    Parameters
    ----------
    statistic : float
        The value.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> round(chance(3.841459), 4)
    0.05
    """
    return erfc(sqrt(max(statistic, 0.0) / 2))


def holds(size: float, p: float) -> bool:
    """Say whether an assumption may be relied on: the violation is within chance, or too small to matter.

    Parameters
    ----------
    size : float
        A ratio; 1 is no violation.
    p : float
        How often chance alone gives as much.

    Returns
    -------
    bool
        False where `p` is below 0.05 and the ratio is not within 0.8 and 1.25.

    Examples
    --------
    >>> holds(1.1, 0.001), holds(0.7, 0.3), holds(0.7, 0.001)
    (True, True, False)
    """
    return p >= 0.05 or 1 / MATTERS <= size <= MATTERS


def estimates_table(
    names: Sequence[str], labels: Sequence[str], coefficient: Float64, se: Float64, ratio: str
) -> Table:
    """Return what was estimated, a row a coefficient.

    Parameters
    ----------
    names, labels : sequence of str
        Columns, and what they are in words.
    coefficient, se : numpy.ndarray
        float64, estimates on the scale of the columns as given, and their standard errors.
    ratio : str
        Name of the column that holds ``exp(coefficient)``.

    Returns
    -------
    Table
        ``column, label, coefficient, se, lower, upper, <ratio>, p``; `lower` and `upper` are the 95 % limits
        of the coefficient, `p` is Wald's.
    """
    numbers = {
        "coefficient": coefficient,
        "se": se,
        "lower": coefficient - Z95 * se,
        "upper": coefficient + Z95 * se,
        ratio: np.exp(np.clip(coefficient, -700, 700)),
        "p": np.array([chance(z * z) for z in coefficient / se]),
    }
    texts = {"column": Column.of("text", list(names)), "label": Column.of("text", list(labels))}
    return Table({**texts, **{name: Column.of("float64", values) for name, values in numbers.items()}})


def checks_table(checks: Sequence[Check]) -> Table:
    """Return checks as a table.

    Parameters
    ----------
    checks : sequence of Check
        What was looked at.

    Returns
    -------
    Table
        ``check, column, statistic, p, size, holds, sentence``.
    """
    kinds: tuple[Kind, ...] = ("text", "text", "float64", "float64", "float64", "bool", "text")
    return Table(
        {
            name: Column.of(kind, [check[at] for check in checks])
            for at, (name, kind) in enumerate(zip(Check._fields, kinds, strict=True))
        }
    )


def collinearity(used: Covariates) -> list[Check]:
    """Return how far the columns of a fit repeat each other.

    Parameters
    ----------
    used : Covariates
        The training rows, columns of the fit only.

    Returns
    -------
    list of Check
        One a column.

    Examples
    --------
    >>> values = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])
    >>> [check.statistic for check in collinearity(Covariates(("a", "b"), values, (0, 0), ("", "")))]
    [1.0, 1.0]
    """
    between = np.atleast_2d(np.corrcoef(used.values, rowvar=False))
    checks = []
    for name, label, inflation in zip(
        used.names, used.labels, np.diag(np.linalg.inv(between)).tolist(), strict=True
    ):
        fine = inflation < 10
        wider = float(np.sqrt(max(inflation, 1.0)))
        sentence = f"{label or name}: the other columns make its interval {wider:.3g} times as wide; " + (
            "its effect can be read by itself" if fine else "its effect should not be read by itself"
        )
        checks.append(Check("collinearity", name, inflation, None, wider, fine, sentence))
    return checks


@contextmanager
def strict(model: str, rows: int) -> Iterator[None]:
    """Turn everything lifelines warns of, or stops at, into a named error.

    Parameters
    ----------
    model : str
        What is fitted.
    rows : int
        On how many rows.

    Yields
    ------
    None
        While lifelines works.

    Raises
    ------
    FitError
        When it warned or stopped.
    """
    from lifelines.exceptions import ConvergenceError, StatError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for harmless in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", harmless)
            yield
    except FitError:
        raise
    except (Warning, ConvergenceError, StatError, ValueError, ArithmeticError) as error:
        # Its text may quote numbers of rows; only what kind of trouble it was is told.
        raise FitError(
            f"{model} could not be fitted on {rows} rows: lifelines stopped with {type(error).__name__}. "
            "Leave out columns that nearly repeat others or are rarely filled, set penalizer=0.01, or fit "
            "on more episodes"
        ) from None
