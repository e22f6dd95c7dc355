"""Exact sums of floats, added and taken off one by one: Shewchuk's expansions."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit

__all__ = ["PARTIALS", "added", "exact_sum", "total"]

Float64 = npt.NDArray[np.float64]

#: Room for partial sums. Partials never overlap, so the leading bit of each stands at another of the 2,098
#: binary places of float64 (2**-1074 to 2**1023).
PARTIALS = 2100


@njit
def added(partials: Float64, held: int, x: float) -> int:
    """Add a number to an expansion.

    Parameters
    ----------
    partials : numpy.ndarray
        float64 of length `PARTIALS`; the first `held` add up exactly to all numbers so far, smallest first.
    held : int
        How many partials there are; -1 once a sum was infinite.
    x : float
        The number; a negative one takes off.

    Returns
    -------
    int
        How many partials there are now.
    """
    # Shewchuk 1997, "Adaptive precision floating-point arithmetic", as math.fsum does it.
    if held < 0:
        return held
    kept = 0
    for j in range(held):
        y = partials[j]
        if abs(x) < abs(y):
            x, y = y, x
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            partials[kept] = low
            kept += 1
        x = high
    if math.isinf(x):
        return -1
    if x != 0.0:
        partials[kept] = x
        kept += 1
    return kept


@njit
def total(partials: Float64, held: int) -> float:
    """Return the sum an expansion stands for, correctly rounded.

    Parameters
    ----------
    partials : numpy.ndarray
        float64 of length `PARTIALS`.
    held : int
        How many partials there are.

    Returns
    -------
    float
        The sum; infinite where ``math.fsum`` would raise OverflowError.
    """
    if held < 0:
        return math.inf
    if held == 0:
        return 0.0
    held -= 1
    value: float = partials[held]
    low = 0.0
    while held > 0 and low == 0.0:
        held -= 1
        x = value
        y = partials[held]
        value = x + y
        low = y - (value - x)
    # `low` may be exactly half a unit, rounded to even; the partial below it says which way is right.
    if held > 0 and ((low < 0.0 and partials[held - 1] < 0.0) or (low > 0.0 and partials[held - 1] > 0.0)):
        doubled = low * 2.0
        x = value + doubled
        if x - value == doubled:
            value = x
    return value


@njit
def exact_sum(values: Float64, n: int, partials: Float64) -> float:
    """Return the correctly rounded sum of the first `n` values, to the bit as ``math.fsum``.

    Parameters
    ----------
    values : numpy.ndarray
        float64, finite.
    n : int
        How many of them to add.
    partials : numpy.ndarray
        float64 scratch of length `PARTIALS`.

    Returns
    -------
    float
        The sum; infinite where ``math.fsum`` would raise OverflowError.
    """
    held = 0
    for k in range(n):
        held = added(partials, held, values[k])
    return total(partials, held)
