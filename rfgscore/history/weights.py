"""Distinct weights, and which of them each line has."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError
from rfgscore.history.buffers import Buffers, rooms
from rfgscore.jit import given, in_threads, njit

__all__ = ["encode"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

#: Distinct weights that a small table holds; beyond it NumPy sorts them.
_WEIGHTS = 2**12


#: Bits of -0.0, which is 0, and of infinity: of other floats at or above 0 the bits order as the numbers do.
_MINUS_ZERO = -(2**63)
_INFINITE = 0x7FF0_0000_0000_0000


@njit
def _place(value: int, size: int) -> int:
    # Kept below 2**63: NumPy's whole numbers, unlike numba's, do not wrap in silence.
    return (((value ^ (value >> 31)) & 0x3FFFFFFF) * 0x1E3779B1 >> 20) & (size - 1)


@njit
def _collect(values: Int64, slots: Int64) -> int:
    """Put distinct values into a table.

    Returns how many there are, -1 where they are too many for it, -2 where one is no weight.
    """
    size, found = len(slots), 0
    for k in range(len(values)):
        value = values[k]
        if value < 0 or value >= _INFINITE:
            if value != _MINUS_ZERO:
                return -2
            value = np.int64(0)
        place = _place(value, size)
        while slots[place] != value:
            if slots[place] == -1:
                if 2 * found >= size:
                    break
                slots[place] = value
                found += 1
                break
            place = (place + 1) & (size - 1)
    return found if 2 * found < size else -1


@njit
def _encode(values: Int64, slots: Int64, codes: Int32, out: Int32) -> None:
    """Write the code of each value."""
    size = len(slots)
    for k in range(len(values)):
        value = max(values[k], np.int64(0))
        place = _place(value, size)
        while slots[place] != value:
            place = (place + 1) & (size - 1)
        out[k] = codes[place]


def encode(values: npt.ArrayLike, threads: int = 1, out: Buffers | None = None) -> tuple[Float64, Int32]:
    """Code weights: the distinct ones ascending, and the place of each among them.

    Parameters
    ----------
    values : array-like
        float64, finite and not negative.
    threads : int
        Threads to work with.
    out : dict, optional
        Arrays kept between calls: the codes are written to one of them.

    Returns
    -------
    distinct : numpy.ndarray
        float64, ascending.
    code : numpy.ndarray
        int32, one a value.

    Raises
    ------
    ConfigError
        When `threads` is no whole number above 0.
    ValueError
        When a value is negative, infinite or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> [part.tolist() for part in encode(np.array([8.0, 0.5, 8.0]))]
    [[0.5, 8.0], [1, 0, 1]]
    """
    if isinstance(threads, bool) or not isinstance(threads, int | np.integer) or threads < 1:
        raise ConfigError("threads must be a whole number above 0")
    bits = given(values, np.float64).view(np.int64)
    threads = min(threads, -(-len(bits) // 2**14) or 1)  # fewer are coded sooner than a thread starts
    edges = np.linspace(0, len(bits), threads + 1).astype(np.int64).tolist()
    chunks = list(enumerate(pairwise(edges)))
    tables = np.full((threads, 2 * _WEIGHTS), -1, np.int64)
    found = [0] * threads

    def collect(chunk: tuple[int, tuple[int, int]]) -> None:
        number, (lo, hi) = chunk
        found[number] = _collect(bits[lo:hi], tables[number])

    in_threads(collect, chunks, threads)
    if -2 in found:
        raise ValueError("gravity needs one finite number at or above 0 for each line")
    distinct = np.unique(tables[tables >= 0])
    if -1 in found or len(distinct) >= _WEIGHTS:
        distinct, place = np.unique(np.maximum(bits, 0), return_inverse=True)
        return distinct.view(np.float64), place.astype(np.int32)
    slots = np.full(2 * _WEIGHTS, -1, np.int64)
    _collect(given(distinct, np.int64), slots)
    slots, codes = given(slots, np.int64), given(np.searchsorted(distinct, slots), np.int32)
    coded = rooms(out, {"row codes": np.dtype(np.int32)}, len(bits))["row codes"]
    in_threads(lambda c: _encode(bits[slice(*c[1])], slots, codes, coded[slice(*c[1])]), chunks, threads)
    return distinct.view(np.float64), coded
