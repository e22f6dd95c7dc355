"""From a history to a fitted model: landmarks, rows, columns, fit, and the card that says what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.errors import ConfigError, FollowUpError, PointInTimeError, TooFewEventsError, did_you_mean
from rfgscore.escalation.covariates import columns_for, covariates_at
from rfgscore.escalation.episodes import Held, landmark_episodes, refuse_after_data
from rfgscore.escalation.models.base import RiskModel
from rfgscore.escalation.outcomes import Outcome
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.recalibration import recalibration
from rfgscore.escalation.settings import MODELS, Settings
from rfgscore.escalation.tables import ENDS, Clock, Covariates, Episodes
from rfgscore.history.history import History
from rfgscore.tables import Table

__all__ = ["RECENT", "Fitted", "estimator", "gravity_facts", "recent_rows", "train", "training_landmarks"]

Bool = npt.NDArray[np.bool_]

#: Days before `until` in which recalibration looks how far off a model is. Longer ones follow a change of the
#: base rate too late, shorter ones hold too few events.
RECENT: Final = 182


@dataclass(frozen=True, eq=False, repr=False)
class Fitted:
    """What is kept of a fit: nothing of any training row.

    Parameters
    ----------
    predictor : Predictor
        The arrays that predict.
    card : dict
        What the model was fitted on and for, as plain data.
    summary, checks : Table
        What was estimated, and what the model takes for granted.
    """

    predictor: Predictor
    card: dict[str, Any]
    summary: Table
    checks: Table


def training_landmarks(
    history: History,
    until: int,
    longest: int,
    *,
    landmarks: int = 4,
    every_days: int = 182,
    window_days: int = 730,
) -> tuple[int, ...]:
    """Return the days on which training rows begin: the last of them leaves the longest horizon to follow.

    Parameters
    ----------
    history : History
        The history.
    until : int
        Last day of which anything may be used.
    longest : int
        Longest horizon in days.
    landmarks : int
        How many there may be.
    every_days : int
        Days between two of them.
    window_days : int
        Look-back: none begins before so many days are on record.

    Returns
    -------
    tuple of int
        Ascending.

    Raises
    ------
    FollowUpError
        When the record is too short for one.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "b"], day=[0, 1000], gravity=[1, 1])
    >>> training_landmarks(history, 1000, 100, window_days=700, every_days=100)
    (700, 800, 900)
    """
    refuse_after_data(history, until)
    seen = history.seen[history.seen <= until]
    if not len(seen):
        begins = (
            f"the record begins on {iso(int(history.seen.min()))}" if history.size else "there is no line"
        )
        raise FollowUpError(f"nothing was known by {iso(until)}: {begins}. Take a later day, or other files")
    first = int(seen.min())
    days = [until - longest - step * every_days for step in range(landmarks)]
    kept = tuple(sorted(day for day in days if day - first + 1 >= window_days))
    if not kept:
        raise FollowUpError(
            f"the record up to {iso(until)} begins on {iso(first)}, {until - first + 1} days; a look-back of "
            f"{window_days} and a horizon of {longest} need {window_days + longest}. Ask for shorter ones, "
            "or a later until"
        )
    return kept


def train(settings: Settings, history: History, until: int, people: Bool | None = None) -> Fitted:
    """Fit a model on what was known at a day.

    Parameters
    ----------
    settings : Settings
        What is asked for.
    history : History
        The history; what became known after `until` changes nothing.
    until : int
        Last day of the follow-up.
    people : numpy.ndarray, optional
        Boolean mask over the persons of the history: only these are rows.

    Returns
    -------
    Fitted
        The model.

    Raises
    ------
    FollowUpError
        When `until` is after the data, or the record is too short for look-back and horizons.
    TooFewEventsError
        When too little happened for the columns asked for.
    FitError
        When columns separate the events, or the fit does not converge.
    ProtectedFeatureError
        When a protected characteristic is asked for.
    PointInTimeError
        When something known only as of the extract shaped the rows of earlier landmarks, and the settings are
        strict.
    DataError
        When a column or the clock needs a table that was not given.
    """
    whole = _rows(settings, history, until, people)
    _refuse_known_later(history, whole)
    names = columns_for(history, settings.features, allow_age=settings.allow_age, as_of=until)
    episodes = whole.up_to(settings.longest)
    known = covariates_at(
        history,
        episodes.person,
        episodes.origin,
        names,
        window_days=settings.window_days,
        serious_from=settings.outcome.serious_from,
    )
    chosen = settings.features is not None
    fitted = estimator(settings.model, settings.options, chosen=chosen).fit(known, episodes, settings.longest)
    predictor = fitted.predictor
    if settings.recalibrate:
        latest = recent_rows(
            history,
            until,
            settings.outcome,
            names,
            longest=settings.longest,
            window_days=settings.window_days,
            clock=settings.clock,
            held=settings.held,
            people=people,
        )
        predictor = predictor.recalibrated(*recalibration(predictor, *latest))
    card = _card(settings, history, until, episodes, known, fitted, predictor)
    return Fitted(predictor, card, fitted.summary(), fitted.check_assumptions())


def recent_rows(
    history: History,
    until: int,
    outcome: Outcome,
    names: Sequence[str],
    *,
    longest: int,
    window_days: int,
    clock: Clock | None,
    held: Held,
    people: Bool | None = None,
) -> tuple[Covariates, Episodes]:
    """Return rows of the last half year before a day: what recalibration looks at.

    Parameters
    ----------
    history : History
        The history.
    until : int
        Last day of which anything may be used.
    outcome : Outcome
        The event.
    names : sequence of str
        Columns.
    longest : int
        Longest horizon in days; the rows begin `RECENT` days before `until`, or this many where it is less.
    window_days : int
        Look-back.
    clock : str or None
        As in `EscalationModel`.
    held : str
        As in `EscalationModel`.
    people : numpy.ndarray, optional
        Boolean mask over the persons of the history: only these are rows.

    Returns
    -------
    Covariates
        What was known of each row when it began.
    Episodes
        What happened until then.
    """
    landmark = until - min(RECENT, longest)
    rows = landmark_episodes(
        history, [landmark], outcome, until, window_days=window_days, clock=clock, held=held
    ).up_to(longest)
    if people is not None:
        rows = rows.take(people[rows.person])
    known = covariates_at(
        history, rows.person, rows.origin, names, window_days=window_days, serious_from=outcome.serious_from
    )
    return known, rows


def _known_later(history: History, rows: Episodes) -> tuple[str, ...]:
    """Name what shaped the history and was not known yet at the first landmark."""
    first = int(rows.origin.min(initial=2**31 - 1))
    return () if history.source is None else history.source.known_later(first)


def _refuse_known_later(history: History, rows: Episodes) -> None:
    later = _known_later(history, rows)
    strict = history.source is not None and history.source.read_with.input.point_in_time == "strict"
    if later and strict:
        raise PointInTimeError(
            f"{', '.join(later)}: known only as of the extract, or later than the training landmark "
            f"{iso(int(rows.origin.min()))}, so that a fit would learn from what nobody knew then. Leave "
            "it out of the mapping, or set input.point_in_time: accept_extract_state; the model's card then "
            "says so"
        )


def estimator(model: str, options: Mapping[str, Any], *, chosen: bool = True) -> RiskModel:
    """Return a model that is not fitted yet.

    Parameters
    ----------
    model : str
        A name of `MODELS`.
    options : mapping
        What it is made with.
    chosen : bool
        Whether somebody chose the columns: then one that separates is refused; else it is dropped, and said.

    Returns
    -------
    RiskModel
        To be fitted.

    Raises
    ------
    ConfigError
        When the model has no such option.
    """
    room, name = MODELS[model]
    made_by = getattr(import_module(f"rfgscore.escalation.models.{room}"), name)
    known = list(signature(made_by).parameters)
    for word in options:
        if word not in known:
            raise ConfigError(
                f"model {model} has no option {word!r}; there are: {', '.join(known)}"
                f"{did_you_mean(word, known)}"
            )
    given = dict(options)
    if not chosen and model in ("cox", "weibull"):
        given.setdefault("separating", "drop")
    made: RiskModel = made_by(**given)
    return made


def _rows(settings: Settings, history: History, until: int, people: Bool | None) -> Episodes:
    """Return everyone at risk at the training landmarks, followed as far as is known."""
    days: Sequence[int]
    if isinstance(settings.landmarks, tuple):
        days = settings.landmarks
    else:
        days = training_landmarks(
            history,
            until,
            settings.longest,
            landmarks=settings.landmarks,
            every_days=settings.every_days,
            window_days=settings.window_days,
        )
    rows = landmark_episodes(
        history,
        days,
        settings.outcome,
        until,
        window_days=settings.window_days,
        clock=settings.clock,
        held=settings.held,
    )
    if people is not None:
        if people.dtype != np.bool_ or people.shape != (history.size,):
            raise ConfigError(f"people must be {history.size} yes or no, one for each person of the history")
        rows = rows.take(people[rows.person])
    if not len(rows):
        raise TooFewEventsError(
            f"there is no row to learn from: of the people asked about nobody was at liberty, with a line in "
            f"the {settings.window_days} days to {', '.join(map(iso, days))}. Take other landmarks, a longer "
            "look-back or more people"
        )
    followed = int(rows.stop.max(initial=0))
    if followed < settings.longest:
        raise FollowUpError(
            f"horizon {settings.longest} is beyond the follow-up: of {len(rows)} rows none was followed for "
            f"more than {followed} days on the clock ({rows.clock}). Ask for shorter horizons, or earlier "
            "landmarks"
        )
    return rows


def gravity_facts(history: History) -> dict[str, Any] | None:
    """Return what the weights of a history come from.

    Parameters
    ----------
    history : History
        The history.

    Returns
    -------
    dict or None
        Two histories with equal facts weigh alike; None for a history from arrays.
    """
    source = history.source
    if source is None:
        return None
    settings = source.read_with.gravity.model_dump(mode="json")
    table = next(entry["sha256"] for entry in source.account.inputs if entry["table"] == "gravity")
    return {
        "sha256": table,
        **{name: settings[name] for name in ("level", "unmapped", "non_crime", "uplift")},
    }


def _card(
    settings: Settings,
    history: History,
    until: int,
    rows: Episodes,
    known: Covariates,
    fitted: RiskModel,
    predictor: Predictor,
) -> dict[str, Any]:
    from rfgscore.escalation.models.curves import AalenJohansen

    horizons, outcome = settings.horizons, settings.outcome
    everyone = AalenJohansen().fit(known, rows, settings.longest)
    return {
        "model": settings.model,
        "outcome": {
            "name": outcome.name,
            "words": outcome.words,
            "serious_from": outcome.serious_from,
            "codes": sorted(outcome.codes),
        },
        "horizons": list(horizons),
        "clock": rows.clock,
        "held": settings.held,
        "window_days": settings.window_days,
        "until": iso(until),
        "landmarks": [iso(day) for day in np.unique(rows.origin).tolist()],
        "rows": len(rows),
        "people": len(np.unique(rows.person)),
        "ends": {word: int(np.sum(rows.end == code)) for code, word in enumerate(ENDS)},
        "left_out": dict(rows.left_out),
        "events_by_horizon": [int(np.sum(rows.event & (rows.stop <= days))) for days in horizons],
        "columns": list(known.names),
        "columns_used": list(predictor.columns),
        "dropped": [list(pair) for pair in getattr(fitted, "dropped", ())],
        "averages": dict(zip(known.names, known.values.mean(axis=0).tolist(), strict=True)),
        "observed": everyone.predict(known.take(np.array([0])), horizons)[0].tolist(),
        "expected": predictor.risk(known, horizons).mean(axis=0).tolist(),
        "recalibration": None if predictor.recalibration is None else list(predictor.recalibration),
        "gravity": gravity_facts(history),
        "known_later": list(_known_later(history, rows)),
        "options": dict(sorted(settings.options.items())),
        "version": version("rfgscore"),
    }
