"""What the sliding kernels are handed: the lines of all persons, and the days on which they are looked at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit

__all__ = ["Lines", "Looks", "pick", "spread", "wrapped"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


class Lines(NamedTuple):
    """The lines of a history, as a clock shows them.

    Parameters
    ----------
    offsets : numpy.ndarray
        int64, one longer than there are persons.
    seen : numpy.ndarray
        int32, day each line becomes visible.
    end : numpy.ndarray
        int32, last day of each line; within a person lines stand in ascending order of it.
    entry : numpy.ndarray
        int32, lines of each person in the order in which they become visible, counted from the person's
        first; empty where that is the order they stand in.
    tail : numpy.ndarray
        int64, rank under what follows the day in the total order; empty where no line runs over days.
    code : numpy.ndarray
        int32, offence.
    incident : numpy.ndarray
        int32, incident within the person; empty where each line is one of its own.
    victim : numpy.ndarray
        int32, victim within the person, -1 unknown.
    weights : numpy.ndarray
        float64, weight of each offence.
    classes : numpy.ndarray
        int32, class of each offence, -1 for what is no crime.
    """

    offsets: Int64
    seen: Int32
    end: Int32
    entry: Int32
    tail: Int64
    code: Int32
    incident: Int32
    victim: Int32
    weights: Float64
    classes: Int32


class Looks(NamedTuple):
    """The days looked at.

    Parameters
    ----------
    dates : numpy.ndarray
        int64 days, ascending, on which every person is looked at; empty: each person on the days on which
        lines of theirs become visible.
    starts : numpy.ndarray
        int64, row of the first person looked at on each date.
    before : bool
        Whether the lines that become visible on the day looked at are left out.
    """

    dates: Int64
    starts: Int64
    before: bool


@njit
def wrapped(days: int) -> int:
    """Return a number of days modulo 2**32, as int32 tells it: only days of no calendar lie so far apart.

    Parameters
    ----------
    days : int
        At or above -1.

    Returns
    -------
    int
        Between -2**31 and 2**31 - 1.
    """
    return ((days + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@njit
def pick(first: Int64, date: int, values: Int64, out: Int64) -> None:
    """Write the values of the persons visible on a date, in order.

    Parameters
    ----------
    first : numpy.ndarray
        int64, day the first line of each person becomes visible.
    date : int
        Day looked at.
    values : numpy.ndarray
        int64, one a person.
    out : numpy.ndarray
        int64, filled.
    """
    at = np.uint64(0)
    for person in range(len(first)):
        if first[person] <= date:
            out[at] = values[person]
            at += np.uint64(1)


@njit
def spread(lo: int, hi: int, offsets: Int64, values: Int64, out: Int64) -> None:
    """Write the value of each of the persons `lo` to `hi` to each of their lines.

    Parameters
    ----------
    lo, hi : int
        Persons, `hi` excluded.
    offsets : numpy.ndarray
        int64, one longer than there are persons.
    values : numpy.ndarray
        int64, one a person.
    out : numpy.ndarray
        int64, filled.
    """
    for person in range(lo, hi):
        out[offsets[person] : offsets[person + 1]] = values[person]
