"""The features: what may be asked of a window, under which name, and in which column it is handed out."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError
from rfgscore.gravity import NON_CRIME, normal_code
from rfgscore.gravity.classes import classes_of
from rfgscore.history.history import History
from rfgscore.tables import Kind

__all__ = [
    "FURTHER",
    "Features",
    "Place",
    "class_numbers",
    "decay_factors",
    "exactly_added",
    "places",
    "rfg",
    "whole_number",
]

Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]

#: Further features by name: the first four look at a window, the rest at every visible line.
FURTHER = {
    "gravity_mean": "mean gravity of the incidents in the window",
    "offence_classes": "distinct offence classes of the crimes in the window",
    "non_crime": "incidents in the window that are no crime",
    "new_victims": "known victims first harmed in the window",
    "gravity_max_ever": "gravity of the gravest line so far",
    "incident_number": "incidents so far",
    "gap_last": "days between the last two days with a line",
    "gap_median": "median of the days between consecutive days with a line",
    "gap_trend": "days by which these gaps grow from one to the next, as a least-squares slope",
    "gravity_trend": "gravity by which incidents grow from one to the next, as a least-squares slope",
}
_WINDOWED = ("gravity_mean", "offence_classes", "non_crime", "new_victims")

#: Longest table of decay factors, in days; the calendar from year 1 to 9999 has fewer.
_LONGEST_GAP = 2**22


@dataclass(frozen=True)
class Features:
    """What to compute over a history; see `rfg`.

    Parameters
    ----------
    window_days : tuple of int
        Calendar days in each window, the last of which is the day looked at.
    half_life_days : tuple of (int or float)
        Days after which a gravity counts half, for each decayed gravity.
    further : tuple of str
        Names of `FURTHER`.

    Raises
    ------
    ConfigError
        When a length is no whole number above 0, a half-life no finite number above 0, a name is unknown,
        or one of them is asked for twice.
    """

    window_days: tuple[int, ...]
    half_life_days: tuple[float, ...] = ()
    further: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lengths = tuple(whole_number(days, "window_days") for days in _each(self.window_days))
        halves = tuple(_half_life(days) for days in _each(self.half_life_days))
        names = (self.further,) if isinstance(self.further, str) else tuple(self.further)
        for unknown in names:
            if unknown not in FURTHER:
                raise ConfigError(f"there is no feature {unknown!r}; there are: {', '.join(FURTHER)}")
        for name, asked in (("window_days", lengths), ("half_life_days", halves), ("further", names)):
            if len(set(asked)) < len(asked):
                raise ConfigError(f"{name}: each may be asked for once")
        if not lengths:
            raise ConfigError("window_days needs at least one length")
        object.__setattr__(self, "window_days", lengths)
        object.__setattr__(self, "half_life_days", halves)
        object.__setattr__(self, "further", tuple(name for name in FURTHER if name in names))


def rfg(
    window_days: int | Sequence[int],
    half_life_days: float | Sequence[float] | None = None,
    *,
    further: Iterable[str] = (),
) -> Features:
    """Return the features of Recency, Frequency and Gravity, over any set of windows.

    Parameters
    ----------
    window_days : int or sequence of int
        Calendar days in the window, the last of which is the day looked at; several give several windows.
    half_life_days : int, float or sequence of them, optional
        Days after which a gravity counts half. A whole number is named without a point.
    further : iterable of str, optional
        More features, by their names in `FURTHER`.

    Returns
    -------
    Features
        To hand to `snapshot`, `panel` and `at_events`.

    Raises
    ------
    ConfigError
        When a length is no whole number above 0, a half-life no finite number above 0, a name is unknown,
        or one of them is asked for twice.

    Examples
    --------
    >>> rfg(730, half_life_days=180)
    Features(window_days=(730,), half_life_days=(180,), further=())
    >>> rfg([90, 365], further=["gap_median"]).window_days
    (90, 365)
    """
    halves = () if half_life_days is None else _each(half_life_days)
    names = (further,) if isinstance(further, str) else tuple(further)
    return Features(tuple(_each(window_days)), tuple(halves), names)


def _each(value: Any) -> tuple[Any, ...]:
    alone = isinstance(value, str) or not isinstance(value, Iterable)
    return (value,) if alone else tuple(value)


def whole_number(value: Any, name: str) -> int:
    """Check a length, or a number of threads.

    Parameters
    ----------
    value : Any
        What was given.
    name : str
        Its name in the error.

    Returns
    -------
    int
        A whole number above 0.

    Raises
    ------
    ConfigError
        When it is none.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool | np.bool_):
        raise ConfigError(f"{name} must be a whole number above 0")
    return number


def _half_life(value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ConfigError("half_life_days must be a number above 0")
    if not (value > 0 and math.isfinite(value)):
        raise ConfigError("half_life_days must be a finite number above 0")
    return int(value) if value == int(value) else float(value)


class Place(NamedTuple):
    """One column of a result.

    Parameters
    ----------
    name : str
        Name of the column.
    feature : str
        What it holds: ``days``, ``count``, ``gravity_sum``, ``gravity_max``, ``victims``, ``gravity_decayed``
        or a name of `FURTHER`.
    nth : int
        Which window or half-life, from 0.
    kind : str
        ``int32`` or ``float64``.
    null : float or None
        What stands in the array where there is no value; NaN may, too. None: there always is one.
    """

    name: str
    feature: str
    nth: int
    kind: Kind
    null: float | None


def places(features: Features, recency: str) -> Iterator[Place]:
    """Return the columns of a result in order, those after the person and the day.

    Parameters
    ----------
    features : Features
        What was asked.
    recency : str
        Name of the first column.

    Returns
    -------
    iterator of Place
        One a column.

    Examples
    --------
    >>> [place.name for place in places(rfg(30, further=["gap_last"]), "days_since_last")][-2:]
    ['victims_30d', 'gap_last']
    """
    # Someone with a visible line always has a last day, but not an earlier one.
    yield Place(recency, "days", 0, "int32", None if recency == "days_since_last" else -1)
    for nth, days in enumerate(features.window_days):
        yield Place(f"count_{days}d", "count", nth, "int32", None)
        yield Place(f"gravity_sum_{days}d", "gravity_sum", nth, "float64", None)
        yield Place(f"gravity_max_{days}d", "gravity_max", nth, "float64", -1)
        yield Place(f"victims_{days}d", "victims", nth, "int32", None)
        for name in _WINDOWED:
            if name in features.further:
                mean = name == "gravity_mean"
                kind: Kind = "float64" if mean else "int32"
                yield Place(f"{name}_{days}d", name, nth, kind, -1 if mean else None)
    for nth, half in enumerate(features.half_life_days):
        yield Place(f"gravity_decayed_{half}d", "gravity_decayed", nth, "float64", None)
    for name in features.further:
        if name not in _WINDOWED:
            kind = "int32" if name in ("incident_number", "gap_last") else "float64"
            null = {"incident_number": None, "gap_trend": math.nan, "gravity_trend": math.nan}.get(name, -1)
            yield Place(name, name, 0, kind, null)


def decay_factors(half_life_days: float, longest: int) -> Float64:
    """Return ``0.5 ** (gap / half_life_days)`` for each gap that occurs, up to where it is 0.

    Parameters
    ----------
    half_life_days : int or float
        The half-life.
    longest : int
        Longest gap in days; below 0 it counts as 0.

    Returns
    -------
    numpy.ndarray
        float64, by gap; beyond its end the factor is 0.

    Raises
    ------
    ConfigError
        When the table would be longer than any calendar.

    Examples
    --------
    >>> decay_factors(2, 4)[:3].tolist()
    [1.0, 0.7071067811865476, 0.5]
    """
    half_life = _half_life(half_life_days)
    # 0.5 ** 1075 is 0 in float64.
    size = min(max(longest, 0) + 1, math.ceil(1075 * half_life) + 1)
    if size > _LONGEST_GAP:
        raise ConfigError("half_life_days is too long for days this far apart")
    # In steps of some years, so that days looked at one after the other share a table.
    return _powers(half_life, min(-(-size // 1024) * 1024, _LONGEST_GAP))


@lru_cache(maxsize=8)
def _powers(half_life: float, size: int) -> Float64:
    # Python's power, not numpy's: the latter differs in the last bit from machine to machine.
    return np.fromiter((0.5 ** (gap / half_life) for gap in range(size)), np.float64, size)


def exactly_added(weights: Float64, most: int) -> bool:
    """Say whether any sum of so many weights is exact in float64, in any order and with any taken off again.

    That holds where all are whole multiples of one power of two, and the largest sum is one below 2**53.

    Parameters
    ----------
    weights : numpy.ndarray
        float64, finite and not negative.
    most : int
        How many may be added.

    Returns
    -------
    bool
        False where in doubt.

    Examples
    --------
    >>> exactly_added(np.array([0.5, 3650.0]), 1000), exactly_added(np.array([0.1, 3650.0]), 1000)
    (True, False)
    """
    grave = weights[weights > 0]
    if len(grave) == 0:
        return True
    mantissa, exponent = np.frexp(grave)
    whole = (mantissa * 2.0**53).astype(np.int64)
    lowest = int(np.min(exponent + np.log2((whole & -whole).astype(np.float64)).astype(np.int64))) - 53
    # Halved, so that adding before taking off is safe, too.
    highest = math.log2(float(grave.max())) + math.log2(max(most, 1))
    return highest - lowest < 51 and highest < 1022


def class_numbers(history: History) -> Int32:
    """Return the number of each offence's class; ``NON_CRIME`` has none.

    Parameters
    ----------
    history : History
        Its offences.

    Returns
    -------
    numpy.ndarray
        int32, one an offence; -1 for ``NON_CRIME``.
    """
    known: dict[str, int] = {}
    numbers = [
        -1
        if code == NON_CRIME
        else known.setdefault(";".join(classes_of(code)) or normal_code(code), len(known))
        for code in history.offences
    ]
    return np.array(numbers, np.int32)
