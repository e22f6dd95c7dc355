"""What a model of risk is asked to do, checked before anything is looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, get_args

import numpy as np

from rfgscore.dates import from_day, to_day
from rfgscore.errors import ConfigError, did_you_mean
from rfgscore.escalation.episodes import Held
from rfgscore.escalation.outcomes import Outcome
from rfgscore.escalation.tables import Clock
from rfgscore.windows.features import whole_number

__all__ = ["MODELS", "RANKING", "Day", "Settings", "day_of", "days_of", "several"]

Day = dt.date | str | int

#: Models by name, and where each lives: what a model needs is loaded with it.
MODELS: Final[Mapping[str, tuple[str, str]]] = {
    "cox": ("cox", "Cox"),
    "weibull": ("weibull", "WeibullAFT"),
    "hazard": ("hazard", "DiscreteHazard"),
    "kaplan-meier": ("curves", "KaplanMeier"),
    "aalen-johansen": ("curves", "AalenJohansen"),
}
#: Those of them that tell people apart; a curve gives everyone the same risk.
RANKING: Final = tuple(name for name, (room, _) in MODELS.items() if room != "curves")


def day_of(name: str, value: Day) -> int:
    """Return a day from what a caller gave.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : date-like
        A date, ISO text, or days since 1970-01-01.

    Returns
    -------
    int
        Days since 1970-01-01.

    Raises
    ------
    ConfigError
        When it is no day.

    Examples
    --------
    >>> day_of("until", "1970-01-31")
    30
    """
    try:
        day = to_day(value)
        from_day(day)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"{name} {value!s}: {error}") from error
    return day


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `EscalationModel` was made with; see there.

    Parameters
    ----------
    outcome : Outcome
        The event.
    horizons : tuple of int
        Days on the clock, ascending.
    model : str
        A name of `MODELS`.
    features : tuple of str or None
        Columns asked for; None takes all there are.
    window_days : int
        Look-back.
    held : str
        ``include`` or ``exclude``.
    clock : str or None
        ``at_liberty`` or ``calendar``; None leaves it to the history.
    landmarks : int or tuple of int
        How many training landmarks there may be, or the days themselves, ascending.
    every_days : int
        Days between two of them.
    recalibrate : bool
        Whether risks are moved to agree with the last half year before `until`.
    allow_age : bool
        Whether age may be a column.
    options : mapping
        Handed to the model.

    Raises
    ------
    ConfigError
        When something asked for does not exist, or is no whole number above 0.
    """

    outcome: Outcome
    horizons: tuple[int, ...]
    model: str = "cox"
    features: tuple[str, ...] | None = None
    window_days: int = 730
    held: Held = "include"
    clock: Clock | None = None
    landmarks: int | tuple[int, ...] = 4
    every_days: int = 182
    recalibrate: bool = False
    allow_age: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ConfigError(
                f"there is no model {self.model!r}; there are: {', '.join(MODELS)}"
                f"{did_you_mean(self.model, MODELS)}"
            )
        if self.held not in get_args(Held):
            raise ConfigError("held must be include or exclude")
        if self.clock not in (None, *get_args(Clock)):
            raise ConfigError("clock must be at_liberty or calendar: a fit never sets recorded days aside")
        for name in ("window_days", "every_days"):
            whole_number(getattr(self, name), name)
        for day in self.horizons:
            whole_number(day, "each horizon")
        if not self.horizons or len(set(self.horizons)) < len(self.horizons):
            raise ConfigError("horizons must be different numbers of days, at least one")
        object.__setattr__(self, "horizons", tuple(sorted(map(int, self.horizons))))
        if isinstance(self.landmarks, int | np.integer):
            whole_number(self.landmarks, "landmarks")
        elif not self.landmarks:
            raise ConfigError("landmarks must be a number of them, or at least one day")

    @property
    def longest(self) -> int:
        """The longest horizon in days."""
        return self.horizons[-1]


def days_of(name: str, values: Sequence[Day]) -> tuple[int, ...]:
    """Return days from what a caller gave, ascending, each once.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    values : sequence of date-like
        Dates, ISO text, or days since 1970-01-01.

    Returns
    -------
    tuple of int
        Days since 1970-01-01.

    Raises
    ------
    ConfigError
        When one is no day.
    """
    return tuple(sorted({day_of(name, value) for value in values}))


def several(value: Any) -> tuple[Any, ...]:
    """Return what a caller gave as a tuple: one word or number stands for itself.

    Parameters
    ----------
    value : object
        One thing, or several.

    Returns
    -------
    tuple
        Not checked further.

    Examples
    --------
    >>> several("victims"), several(90), several([90, 180])
    (('victims',), (90,), (90, 180))
    """
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
