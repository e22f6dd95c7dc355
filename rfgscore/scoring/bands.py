"""Bands: from a component's value to its points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["bands_from", "bands_up_to"]

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


def _with_points(band: npt.NDArray[Any], points: Sequence[int]) -> tuple[Int32, Int32]:
    return band.astype(np.int32), np.array([0, *points], np.int32)[band]
