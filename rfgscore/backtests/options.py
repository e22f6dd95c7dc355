"""What a back-test is asked: checked once, and all that its numbers depend on besides config and data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from rfgscore.backtests.groups import HoldOut
from rfgscore.errors import ConfigError, did_you_mean
from rfgscore.escalation.covariates import check_names
from rfgscore.escalation.episodes import Held
from rfgscore.escalation.outcomes import Outcome, outcome_of
from rfgscore.escalation.settings import RANKING, several
from rfgscore.escalation.tables import Clock
from rfgscore.windows.features import whole_number

__all__ = ["Options", "options_of"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a back-test.

    Parameters
    ----------
    outcome : Outcome
        What counts as the event.
    horizons : tuple of int
        Days on the clock at which risk is judged, ascending.
    models : tuple of str
        Names of `RANKING`, in the order asked.
    features : tuple of str or None
        Columns the models look at; None for all that the record can fill.
    look_ahead_days : int
        Calendar days after a landmark whose incidents are counted.
    cap : float
        Most that one incident adds to ``harm_capped``.
    hold_out : str or None
        ``area`` or ``force``: also fit without each, and test on it.
    held : str
        Whether people in custody at a landmark are at risk: ``include`` or ``exclude``.
    clock : str or None
        ``at_liberty`` or ``calendar``; None: at liberty where custody is known.
    resamples : int
        Resamples of people behind the intervals; 0 for none.
    seed : int
        Of the resamples and the shuffles.
    recalibrate : bool
        Whether risks are also shown as moved by how far off a model was in the half year before.
    landmarks, every_days : int
        How many training landmarks there may be before each landmark, and the days between two of them.
    """

    outcome: Outcome
    horizons: tuple[int, ...]
    models: tuple[str, ...]
    features: tuple[str, ...] | None
    look_ahead_days: int
    cap: float
    hold_out: HoldOut | None
    held: Held
    clock: Clock | None
    resamples: int
    seed: int
    recalibrate: bool
    landmarks: int
    every_days: int

    @property
    def longest(self) -> int:
        """The longest horizon."""
        return self.horizons[-1]

    @property
    def reach(self) -> int:
        """Calendar days that the data must hold after a landmark."""
        return max(self.look_ahead_days, self.longest)

    def plain(self) -> dict[str, Any]:
        """Return the options as plain data.

        Returns
        -------
        dict
            For JSON.
        """
        return {
            "outcome": self.outcome.name,
            "serious_from": self.outcome.serious_from,
            "codes": sorted(self.outcome.codes),
            "horizons": list(self.horizons),
            "models": list(self.models),
            "features": None if self.features is None else list(self.features),
            "look_ahead_days": self.look_ahead_days,
            "cap": self.cap,
            "hold_out": self.hold_out,
            "held": self.held,
            "clock": self.clock,
            "resamples": self.resamples,
            "seed": self.seed,
            "recalibrate": self.recalibrate,
            "landmarks": self.landmarks,
            "every_days": self.every_days,
        }


def options_of(
    *,
    outcome: str | Outcome = "repeat",
    horizons: Sequence[int] = (90, 180, 365),
    models: Sequence[str] = ("cox",),
    features: Sequence[str] | None = None,
    look_ahead_days: int = 365,
    serious_from: float = 365.0,
    cap: float = 730.0,
    hold_out: str | None = None,
    held: str = "include",
    clock: str | None = None,
    resamples: int = 200,
    seed: int = 1,
    recalibrate: bool = False,
    landmarks: int = 4,
    every_days: int = 182,
) -> Options:
    """Check the options of a back-test.

    Parameters
    ----------
    outcome : str or Outcome
        What counts as the event, or its name.
    horizons : sequence of int
        Days on the clock at which risk is judged.
    models : sequence of str
        Some of `RANKING`, or one name.
    features : sequence of str, optional
        Columns the models look at; by default all that the record can fill, without age.
    look_ahead_days : int
        Calendar days after a landmark whose incidents are counted.
    serious_from : float
        Weight from which an incident is serious.
    cap : float
        Most that one incident adds to ``harm_capped``.
    hold_out, held, clock : str or None
        As in `Options`.
    resamples, seed : int
        As in `Options`.
    recalibrate : bool
        As in `Options`.
    landmarks, every_days : int
        As in `Options`.

    Returns
    -------
    Options
        The options.

    Raises
    ------
    ConfigError
        When one cannot be used: the error names it.

    Examples
    --------
    >>> options_of(horizons=[365, 90]).horizons
    (90, 365)
    """
    days = tuple(sorted({whole_number(each, "horizons") for each in several(horizons)}))
    if not days:
        raise ConfigError("horizons needs at least one number of days")
    ahead = whole_number(look_ahead_days, "look_ahead_days")
    asked = several(models)
    columns = None if features is None else several(features)
    if columns is not None:
        check_names(columns)
    unknown = [name for name in asked if name not in RANKING]
    if unknown or len(set(asked)) < len(asked):
        raise ConfigError(
            f"models {', '.join(map(str, asked))}: name some of {', '.join(RANKING)}, each once; other "
            "models give everyone the same risk, and rank nobody"
            + "".join(did_you_mean(name, RANKING) for name in unknown[:1])
        )
    if clock == "event":
        raise ConfigError(
            "clock event passes over when a line became known, so that it would tell what nobody knew then; "
            "a back-test takes at_liberty or calendar"
        )
    for name, value, words in (
        ("clock", clock, (None, *get_args(Clock))),
        ("held", held, get_args(Held)),
        ("hold_out", hold_out, (None, *get_args(HoldOut))),
    ):
        if value not in words:
            told = ", ".join(word for word in words if word is not None)
            raise ConfigError(f"{name} must be one of {told}, not {value!r}")
    if not (math.isfinite(cap) and cap > 0):
        raise ConfigError("cap must be a weight above 0")
    for name, number in (("resamples", resamples), ("seed", seed)):
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**32:
            raise ConfigError(f"{name} must be a whole number from 0 to 4294967295")
    return Options(
        outcome=outcome_of(outcome, serious_from),
        horizons=days,
        models=asked,
        features=columns,
        look_ahead_days=ahead,
        cap=float(cap),
        hold_out=cast("HoldOut | None", hold_out),
        held=cast("Held", held),
        clock=cast("Clock | None", clock),
        resamples=resamples,
        seed=seed,
        recalibrate=bool(recalibrate),
        landmarks=whole_number(landmarks, "landmarks"),
        every_days=whole_number(every_days, "every_days"),
    )
