"""Bands: from a component's value to its band, at written edges or at quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["bands_above", "bands_from", "bands_up_to", "quantile_edges"]

Int32 = npt.NDArray[np.int32]


def bands_up_to(
    values: npt.NDArray[Any], edges: Sequence[float], points: Sequence[int]
) -> tuple[Int32, Int32]:
    """Return band and points where lower is more: the first edge at or above the value.

    Parameters
    ----------
    values : numpy.ndarray
        One value a person.
    edges : sequence of float
        Ascending, each inclusive; above the last there is no band.
    points : sequence of int
        Points of each band.

    Returns
    -------
    band : numpy.ndarray
        int32, 1, 2, … in the order written; 0 for none.
    points : numpy.ndarray
        int32, 0 for none.

    Examples
    --------
    >>> import numpy as np
    >>> [part.tolist() for part in bands_up_to(np.array([30, 31, 91]), [30, 90], [20, 16])]
    [[1, 2, 0], [20, 16, 0]]
    """
    place = np.searchsorted(np.asarray(edges, np.float64), values, side="left")
    band = np.where(place < len(edges), place + 1, 0)
    return _with_points(band, points)


def bands_from(
    values: npt.NDArray[Any], edges: Sequence[float], points: Sequence[int]
) -> tuple[Int32, Int32]:
    """Return band and points where higher is more: the last edge at or below the value.

    Parameters
    ----------
    values : numpy.ndarray
        One value a person.
    edges : sequence of float
        Ascending, each inclusive; below the first there is no band.
    points : sequence of int
        Points of each band.

    Returns
    -------
    band : numpy.ndarray
        int32, 1, 2, … in the order written; 0 for none.
    points : numpy.ndarray
        int32, 0 for none.

    Examples
    --------
    >>> import numpy as np
    >>> [part.tolist() for part in bands_from(np.array([0, 1, 5]), [1, 3], [5, 15])]
    [[0, 1, 2], [0, 5, 15]]
    """
    return _with_points(np.searchsorted(np.asarray(edges, np.float64), values, side="right"), points)


def quantile_edges(values: npt.NDArray[Any], q: int) -> npt.NDArray[np.float64]:
    """Return the edges that cut values into `q` bands of about equally many.

    Every edge is one of the values (``method="inverted_cdf"`` of `numpy.quantile`), so that equal values
    never fall into two bands.

    Parameters
    ----------
    values : numpy.ndarray
        One value a person.
    q : int
        How many bands there are to be.

    Returns
    -------
    numpy.ndarray
        float64 ``q - 1`` edges, ascending, some perhaps equal; none where there are no values.

    Examples
    --------
    >>> import numpy as np
    >>> quantile_edges(np.array([1, 1, 1, 2, 5]), 5).tolist()
    [1.0, 1.0, 1.0, 2.0]
    """
    if len(values) == 0:
        return np.empty(0)
    shares = [k / q for k in range(1, q)]
    return np.asarray(np.quantile(np.asarray(values, np.float64), shares, method="inverted_cdf"))


def bands_above(values: npt.NDArray[Any], edges: npt.NDArray[np.float64]) -> Int32:
    """Return the band of each value: 1 and the number of edges strictly below it.

    Parameters
    ----------
    values : numpy.ndarray
        One value a person.
    edges : numpy.ndarray
        Ascending and distinct; a value equal to an edge stands below it.

    Returns
    -------
    numpy.ndarray
        int32 bands from 1.

    Examples
    --------
    >>> import numpy as np
    >>> bands_above(np.array([1, 2, 5]), np.array([1.0, 2.0])).tolist()
    [1, 2, 3]
    """
    return (1 + np.searchsorted(edges, values, side="left")).astype(np.int32)


def _with_points(band: npt.NDArray[Any], points: Sequence[int]) -> tuple[Int32, Int32]:
    return band.astype(np.int32), np.array([0, *points], np.int32)[band]
