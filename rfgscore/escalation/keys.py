"""Person and day as one sortable number."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["NEVER", "person_day"]

Int64 = npt.NDArray[np.int64]

#: Later than any day; its negative is before every day.
NEVER: Final = 2**31
#: Wider than the span of days, so that no day reaches into the next person.
_SPAN: Final = 2**33


def person_day(person: Int64, day: npt.NDArray[np.signedinteger] | int) -> Int64:
    """Return numbers that sort by person, then by day: what is searched in.

    Parameters
    ----------
    person, day : numpy.ndarray
        Person number and day of each row.

    Returns
    -------
    numpy.ndarray
        int64.

    Examples
    --------
    >>> np.argsort(person_day(np.array([1, 0, 0]), np.array([-5, 9, -2]))).tolist()
    [2, 1, 0]
    """
    return np.asarray(person * _SPAN + day, np.int64)
