"""Logistic regression of what happened on one number: how a risk must be moved and stretched to fit."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["BOUND", "logistic", "logit", "one_column"]

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
#: The logarithm of a probability, its slope and its curvature, along the linear predictor.
Bent = tuple[Float64, Float64, Float64]

#: Risks are kept this far from 0 and 1 before their logarithms are taken.
BOUND: Final = 1e-9
#: Steps of a fit, at most; it takes about ten.
_STEPS: Final = 1000
#: The longest step.
_LEAP: Final = 5.0
#: A step this short is the last one: the next would be about its square.
_CLOSE: Final = 1e-6


def logit(risk: npt.ArrayLike) -> Float64:
    """Return ``log(risk / (1 - risk))``.

    Parameters
    ----------
    risk : array-like
        Probabilities, held within `BOUND` of 0 and 1.

    Returns
    -------
    numpy.ndarray
        float64, finite.

    Examples
    --------
    >>> logit([0.5]).tolist()
    [0.0]
    """
    held = np.clip(np.asarray(risk, np.float64), BOUND, 1 - BOUND)
    return np.asarray(np.log(held) - np.log1p(-held))


def logistic(at: Float64) -> tuple[Bent, Bent]:
    """Return what a fit needs of the inverse of `logit`.

    Parameters
    ----------
    at : numpy.ndarray
        float64, linear predictor.

    Returns
    -------
    risk, rest : tuple of numpy.ndarray
        float64 logarithm of the risk, and of one minus the risk, each with its slope and curvature.

    Examples
    --------
    >>> risk, rest = logistic(np.zeros(1))
    >>> [round(float(part[0]), 4) for part in (*risk, *rest)]
    [-0.6931, 0.5, -0.25, -0.6931, -0.5, -0.25]
    """
    had, spared = -np.logaddexp(0, -at), -np.logaddexp(0, at)
    bend = -np.exp(had + spared)
    return (had, np.exp(spared), bend), (spared, -np.exp(had), bend)


def one_column(
    column: Float64, case: Bool, weight: Float64, slope: float | None = None
) -> tuple[float, float] | None:
    """Fit an intercept and a slope by weighted maximum likelihood.

    Newton's steps from slope 0, each halved until the likelihood does not fall; it has one top.

    Parameters
    ----------
    column : numpy.ndarray
        float64, one a row.
    case : numpy.ndarray
        bool, what happened.
    weight : numpy.ndarray
        float64, at least 0.
    slope : float, optional
        Held at this; by default fitted.

    Returns
    -------
    tuple of (float, float) or None
        Intercept and slope; None where no likelihood is highest: the column does not vary, or tells the cases
        from the rest without error.

    Examples
    --------
    >>> column, case = np.array([0.0, 0.0, 1.0, 1.0]), np.array([False, True, True, True])
    >>> one_column(column, case, np.array([3.0, 1.0, 1.0, 0.0])) is None
    True
    >>> intercept, slope = one_column(column, ~case, np.ones(4), slope=1.0)
    >>> round(intercept, 3), slope
    (-1.661, 1.0)
    """
    used = weight > 0
    x, y, w = column[used], case[used], weight[used] / weight[used].sum()
    if not y.any() or y.all():
        return None
    # There is a highest likelihood exactly where the two sides overlap.
    if slope is None and (x[y].min() >= x[~y].max() or x[y].max() <= x[~y].min()):
        return None
    # Centred and scaled, intercept and slope are nearly independent, and steps know no unit.
    middle = float(np.sum(w * x))
    unit = float(np.sqrt(np.sum(w * (x - middle) ** 2))) if slope is None else 1.0
    z = (x - middle) / unit
    design = np.stack([np.ones(len(z)), z]) if slope is None else np.ones((1, len(z)))
    fixed = 0.0 if slope is None else slope * z
    found: Float64 = np.zeros(len(design))
    found[0] = logit(np.sum(w[y]))
    level = -np.inf
    step: Float64 = np.zeros(len(found))
    for _ in range(_STEPS):
        ahead, score, matrix = _at(design, np.add(_line(design, found + step), fixed), y, w)
        if ahead < level and np.abs(step).max() > _CLOSE:
            step = step / 2
            continue
        found, level = found + step, ahead
        step = np.asarray(np.linalg.solve(matrix, score), np.float64)
        if np.abs(step).max() <= _CLOSE:
            found = found + step
            break
        # Where the likelihood is nearly straight, a step would lead too far.
        step *= min(1.0, _LEAP / max(float(np.abs(step).max()), _LEAP))
    by = float(found[1]) / unit if slope is None else slope
    return float(found[0]) - by * middle, by


def _line(design: Float64, found: Float64) -> Float64:
    return np.asarray(sum(by * row for by, row in zip(found.tolist(), design, strict=True)))


def _at(design: Float64, at: Float64, y: Bool, w: Float64) -> tuple[float, Float64, Float64]:
    """Return the likelihood, its slope, and its curvature with the sign turned."""
    level, slope, bend = (np.where(y, had, spared) for had, spared in zip(*logistic(at), strict=True))
    # Plain sums: those of a matrix product may change their last bits with the number of threads.
    score = np.array([np.sum(row * w * slope) for row in design])
    matrix = np.array([[np.sum(row * other * -w * bend) for other in design] for row in design])
    return float(np.sum(w * level)), score, matrix
