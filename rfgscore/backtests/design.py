"""The design of a back-test, told so that a reader can judge it (after TRIPOD)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rfgscore.backtests.amounts import AMOUNTS
from rfgscore.backtests.fits import MOST_ROWS
from rfgscore.backtests.measures import THRESHOLDS, TOPS
from rfgscore.backtests.options import Options
from rfgscore.backtests.rankings import HALF_LIFE_DAYS, RULES
from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.escalation.covariates import COLUMNS
from rfgscore.escalation.episodes import clock_of, last_day
from rfgscore.history.history import History

__all__ = ["design_of"]

_MODELS: Final = {
    "cox": "risk by Cox's proportional hazards",
    "weibull": "risk by a Weibull model of accelerated time",
    "hazard": "risk by boosted trees of the hazard in discrete time",
}
_CLOCKS: Final = {
    "at_liberty": "days at liberty: days in custody do not count",
    "calendar": "calendar days",
}


def design_of(
    history: History,
    config: Config,
    landmarks: Sequence[int],
    options: Options,
    references: Sequence[str],
    notes: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Tell how a back-test was made.

    Parameters
    ----------
    history : History
        The history.
    config : Config
        Settings.
    landmarks : sequence of int
        Days looked at, ascending.
    options : Options
        What was asked.
    references : sequence of str
        Rankings that the others are compared with.
    notes : mapping of str to mapping
        What each landmark tells of its training and its people, by date.

    Returns
    -------
    dict
        Plain data for JSON.
    """
    days, outcome = config.score.window_days, options.outcome
    clock = clock_of(history, options.clock)
    held = "people in custody included" if options.held == "include" else "people in custody left out"
    return {
        "landmarks": [iso(day) for day in landmarks],
        "last_day": iso(last_day(history)),
        "look_back_days": days,
        "look_ahead_days": options.look_ahead_days,
        "at_risk": f"everyone with a line in the {days} days to the landmark who is not known to be dead or "
        f"handed on; {held}",
        "held": options.held,
        "clock": clock,
        "clock_words": _CLOCKS[clock],
        "outcome": outcome.name,
        "outcome_words": outcome.words,
        "serious_from": outcome.serious_from,
        "cap": options.cap,
        "horizons": list(options.horizons),
        "models": list(options.models),
        "rankings": {**RULES, **{name: _MODELS[name] for name in options.models}},
        "half_life_days": HALF_LIFE_DAYS,
        "amounts": dict(AMOUNTS),
        "lists": list(TOPS),
        "thresholds": list(THRESHOLDS),
        "references": list(references),
        "hold_out": options.hold_out,
        **_recalibration(options, notes),
        "columns": {
            name: COLUMNS[name].label
            for name in COLUMNS
            if any(name in note.get("training", {}).get("columns", ()) for note in notes.values())
        },
        "training": {day: note["training"] for day, note in notes.items() if "training" in note},
        "people": {
            day: {name: note[name] for name in ("at_risk", "followed")} for day, note in notes.items()
        },
        "groups": {day: note["groups"] for day, note in notes.items() if "groups" in note},
        "sham_not_fitted": {day: note["sham"] for day, note in notes.items() if note.get("sham")},
        "leakage": "models are fitted at each landmark on rows that begin the longest horizon or more before "
        "it, with what was known on their own day, and with outcomes as far as they were known at the "
        "landmark; what came after a landmark is used to test only",
        "most_training_rows": MOST_ROWS,
        "missing": "no column has gaps: nothing on record is nothing; people held throughout or transferred "
        "in after a landmark are on lists, but have no time on the clock",
        "together": "all landmarks together: the mean over landmarks; people and events are added up",
        "resamples": options.resamples,
        "seed": options.seed,
        "intervals": "95 %, from resamples of people; a person has one weight at all landmarks and for all "
        "rankings; models are not fitted again. Measures without an interval were measured once",
        "sham": "outcomes dealt out anew, to train and to test: nothing may do better than chance",
        "warnings": _warnings(history, config, landmarks),
    }


def _recalibration(options: Options, notes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Say how risks were moved, where that was asked."""
    if not options.recalibrate:
        return {}
    failed = {day: note["not_recalibrated"] for day, note in notes.items() if note.get("not_recalibrated")}
    return {
        "recalibration": "risks of a model marked recalibrated are moved by how far off it is in the half "
        "year before the landmark; the ranking stays as it is",
        "not_recalibrated": failed or None,
    }


def _warnings(history: History, config: Config, landmarks: Sequence[int]) -> list[dict[str, str]]:
    """Say what was used though it was known later, and where the record is shorter than the look-back."""
    told = []
    later = sorted(
        {name for day in landmarks for name in (history.source.known_later(day) if history.source else ())}
    )
    if later:
        text = (
            f"{', '.join(later)}: known later than some landmark, or only as of the extract, and used all "
            f"the same (input.point_in_time: {config.input.point_in_time}); the numbers may be too good"
        )
        told.append({"code": "point_in_time", "text": text})
    begins, days = int(history.seen.min(initial=landmarks[0])), config.score.window_days
    short = [day for day in landmarks if day - begins + 1 < days]
    if short:
        text = (
            f"{len(short)} of {len(landmarks)} landmarks come before {days} days are on record, which begins "
            f"on {iso(begins)} (the first is {iso(short[0])}): their look-back is cut short"
        )
        told.append({"code": "short_record", "text": text})
    return told
