"""Memory used again: arrays that a caller keeps from one call to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Buffers", "rooms"]

#: Arrays by name, kept by the caller between calls.
Buffers = dict[str, npt.NDArray[Any]]


def rooms(out: Buffers | None, wanted: Mapping[str, np.dtype[Any]], rows: int) -> Buffers:
    """Return arrays to fill: those the caller keeps, where they fit, and new ones.

    Parameters
    ----------
    out : dict or None
        The arrays kept; new ones are put among them.
    wanted : mapping of str to numpy.dtype
        The columns.
    rows : int
        Their length.

    Returns
    -------
    dict of str to numpy.ndarray
        By column; not initialised.
    """
    kept = {} if out is None else out
    fit = {name: kept[name] for name, dtype in wanted.items() if _fits(kept.get(name), dtype, rows)}
    missing = {name: dtype for name, dtype in wanted.items() if name not in fit}
    for dtype in dict.fromkeys(missing.values()):
        # New columns of one kind are one piece of memory, which takes far fewer pages to supply.
        names = [name for name, its in missing.items() if its == dtype]
        fit.update(zip(names, np.empty((len(names), rows), dtype), strict=True))
    if out is not None:
        out.update(fit)
    return {name: fit[name] for name in wanted}


def _fits(array: object, dtype: np.dtype[Any], rows: int) -> bool:
    return (
        isinstance(array, np.ndarray)
        and array.dtype == dtype
        and array.shape == (rows,)
        and array.flags.carray
    )
