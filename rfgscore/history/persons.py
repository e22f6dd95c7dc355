"""The ids of persons whose ids are text: as numbers, and made into text when they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.history.ids import Ids

__all__ = ["Persons"]

Int64 = npt.NDArray[np.int64]

#: Of fewer than one in so many, each is made by itself.
_FEW = 4


@dataclass(frozen=True, eq=False, repr=False)
class Persons:
    """Ids that are held as numbers.

    Parameters
    ----------
    keys : numpy.ndarray
        int64, ascending.
    distinct : callable
        Makes ids of keys.
    """

    keys: Int64
    distinct: Ids

    @cached_property
    def all(self) -> npt.NDArray[Any]:
        """Every id, in order."""
        return self.distinct(self.keys)

    def of(self, which: Int64) -> npt.NDArray[Any]:
        """Return the ids of some persons, by number.

        Parameters
        ----------
        which : numpy.ndarray
            int64 person numbers; a person may come more than once.

        Returns
        -------
        numpy.ndarray
            Text as objects.
        """
        if "all" in vars(self) or len(which) * _FEW > len(self.keys):
            return self.all[which]
        return self.distinct(self.keys[which])
