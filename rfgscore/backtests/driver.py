"""The back-test itself: landmark after landmark, fitted on what was known then, tested on what came after."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.amounts import amounts_after, unlisted
from rfgscore.backtests.at_risk import AtRisk, followed_from
from rfgscore.backtests.dates import landmarks_of
from rfgscore.backtests.design import design_of
from rfgscore.backtests.fits import Training, known_of, training_at
from rfgscore.backtests.groups import groups_at, refuse_unmapped
from rfgscore.backtests.identity import data_hash, defined_by
from rfgscore.backtests.kept import Kept
from rfgscore.backtests.measures import (
    TOPS,
    Risk,
    add_captures,
    add_risks,
    add_separation,
    add_sham,
    list_of,
)
from rfgscore.backtests.numbers import Found, Gathered, numbers_table
from rfgscore.backtests.options import Options
from rfgscore.backtests.rankings import rules
from rfgscore.backtests.resample import copies_of
from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.errors import DataError, FitError, FollowUpError, TooFewEventsError
from rfgscore.escalation.episodes import Endings, clock_of, endings_of, last_day
from rfgscore.escalation.outcomes import Incidents, incidents_of
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.recalibration import recalibration
from rfgscore.escalation.settings import Day
from rfgscore.escalation.tables import EVENT, Covariates
from rfgscore.escalation.training import recent_rows
from rfgscore.gravity import Gravity
from rfgscore.history.history import History
from rfgscore.scoring.points import weighed
from rfgscore.tables import Table

__all__ = ["back_test"]

Float64 = npt.NDArray[np.float64]
Int8 = npt.NDArray[np.int8]
Int64 = npt.NDArray[np.int64]

#: Rankings that the others are compared with, and the first model besides.
_REFERENCES: Final = ("quintile_rfg", "profile", "decayed_count")
#: Times up to the longest horizon over which the Brier score is integrated.
_STEPS: Final = 12
#: Rows on which a sham model is fitted: enough to see whether something leaks, and quick.
_SHAM_ROWS: Final = 20_000


@dataclass(frozen=True, eq=False, repr=False)
class _Course:
    """What all landmarks share."""

    history: History
    config: Config
    gravity: Gravity
    options: Options
    incidents: Incidents
    endings: Endings
    copies: Int8
    threads: int

    @property
    def window(self) -> int:
        return self.config.score.window_days

    @property
    def times(self) -> tuple[int, ...]:
        """Return the horizons, and the steps over which the Brier score is integrated."""
        longest = self.options.longest
        steps = {max(1, longest * step // _STEPS) for step in range(1, _STEPS + 1)}
        return tuple(sorted(steps | set(self.options.horizons)))


def back_test(
    history: History,
    *,
    config: Config,
    gravity: Gravity,
    dates: Iterable[Day],
    options: Options,
    threads: int = 1,
    resume: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> tuple[Table, dict[str, Any], Kept]:
    """Measure rankings and models at each landmark.

    Parameters
    ----------
    history : History
        The history; what came after a landmark is looked at to test, and for nothing else.
    config : Config
        Settings: look-back, gravity and profile.
    gravity : Gravity
        The gravity table of the config.
    dates : iterable of date-like
        Landmarks.
    options : Options
        What is asked.
    threads : int
        Threads; results do not depend on it.
    resume : path, optional
        Folder in which finished landmarks are kept.
    tell : callable
        Called with the date of each landmark as it begins.

    Returns
    -------
    Table
        Every number.
    dict
        The design, as plain data.
    Kept
        Finished landmarks; the caller removes them once the result is safe.

    Raises
    ------
    ConfigError
        When something asked for cannot be used.
    FollowUpError
        When a look-ahead passes the data, or the record before a landmark is too short.
    TooFewEventsError
        When too little happened at a landmark.
    DataError
        When something asked for needs a table or column that was not given.
    """
    landmarks = landmarks_of(history, dates, options.reach)
    if options.hold_out is not None:
        refuse_unmapped(history, options.hold_out)
    clock_of(history, options.clock)
    history, _ = weighed(history, gravity)
    last = last_day(history)
    incidents = incidents_of(history.at(last), last, options.outcome)
    kept = Kept(resume, defined_by(data_hash(history, incidents), config, landmarks, options))
    copies = copies_of(options.seed, _in_order_seen(history), options.resamples, threads)
    endings = endings_of(history, last)
    course = _Course(history, config, gravity, options, incidents, endings, copies, threads)
    found: list[tuple[int, Found]] = []
    for landmark in landmarks:
        tell(iso(landmark))
        one = kept.load(landmark)
        if one is None:
            try:
                one = _at(course, landmark)
            except DataError as error:
                raise type(error)(f"landmark {iso(landmark)}: {error.message}") from error
            kept.save(landmark, one)
        found.append((landmark, one))
    references = (*_REFERENCES, *options.models[:1])
    notes = {iso(landmark): one.notes for landmark, one in found}
    return (
        numbers_table(found, options.outcome.name, references),
        design_of(history, config, landmarks, options, references, notes),
        kept,
    )


def _in_order_seen(history: History) -> Int64:
    """Return the place of each person in the order of becoming visible: nobody later moves anybody before."""
    place = np.empty(history.size, np.int64)
    place[np.argsort(history.first_seen, kind="stable")] = np.arange(history.size)
    return place


def _at(course: _Course, landmark: int) -> Found:
    """Measure everything at one landmark."""
    history, options, threads = course.history, course.options, course.threads
    amounts = amounts_after(
        history,
        course.incidents,
        landmark,
        options.look_ahead_days,
        outcome=options.outcome,
        cap=options.cap,
    )
    tested = followed_from(
        history,
        landmark,
        course.incidents,
        course.endings,
        amounts,
        course.copies,
        options,
        course.window,
    )
    if not np.any(tested.end == EVENT):
        raise TooFewEventsError(
            f"{len(tested)} people are at risk, and none of them had the outcome within "
            f"{options.longest} days: nothing can be measured. Take other landmarks, a longer horizon, or "
            "another outcome"
        )
    scores = rules(
        history, landmark, tested.people, config=course.config, gravity=course.gravity, threads=threads
    )
    out = Gathered()
    _add_people(out, tested, amounts)
    notes: dict[str, Any] = {"at_risk": len(tested), "followed": len(tested.followed)}
    risks: dict[str, Risk] = {}
    training, known = _trained(course, landmark, tested)
    if training is not None and known is not None:
        predictors = {model: training.fit(model, options.longest) for model in options.models}
        notes["training"] = training.told(predictors)
        moved, notes["not_recalibrated"] = _recalibrated(course, landmark, training, predictors)
        risks = _risks(course, predictors, known)
        shown = risks | _risks(course, moved, known)
        add_risks(out, tested, shown, training.null(course.times), options.horizons, threads)
    add_separation(out, tested, scores, risks, options.horizons, threads)
    ranked = scores | _longest(risks, options)
    add_captures(out, tested, ranked, threads)
    notes["sham"] = _sham(out, course, landmark, tested, scores, training, known)
    if options.hold_out is not None:
        notes["groups"] = _held_out(out, course, landmark, tested, scores, training, known)
    lists = {
        (name, at): list_of(tested.people, score, top)
        for name, score in ranked.items()
        if name != "random"
        for at, top in TOPS.items()
        if at != "top 5%"
    }
    return Found(tuple(out.numbers), out.drawn, lists, notes)


def _trained(course: _Course, landmark: int, tested: AtRisk) -> tuple[Training | None, Covariates | None]:
    """Return the rows to fit on, and what is known of the people tested in the same columns."""
    options = course.options
    if not options.models:
        return None, None
    training = training_at(course.history, landmark, options, course.window)
    day = np.full(len(tested), landmark, np.int32)
    known = known_of(course.history, tested.people, day, training.known.names, options, course.window)
    return training, known


def _recalibrated(
    course: _Course, landmark: int, training: Training, fitted: Mapping[str, Predictor]
) -> tuple[dict[str, Predictor], dict[str, str]]:
    """Return the models with their risks moved, where asked; and which could not be, with the reason."""
    options, moved, failed = course.options, {}, {}
    if not options.recalibrate:
        return {}, {}
    latest = recent_rows(
        course.history,
        landmark,
        options.outcome,
        training.known.names,
        longest=options.longest,
        window_days=course.window,
        clock=options.clock,
        held=options.held,
    )
    for model, one in fitted.items():
        try:
            moved[f"{model}_recalibrated"] = one.recalibrated(*recalibration(one, *latest))
        except (TooFewEventsError, FitError) as error:
            failed[model] = error.message
    return moved, failed


def _risks(course: _Course, fitted: Mapping[str, Predictor], known: Covariates) -> dict[str, Risk]:
    return {model: Risk(course.times, one.risk(known, course.times)) for model, one in fitted.items()}


def _longest(risks: dict[str, Risk], options: Options) -> dict[str, Float64]:
    return {name: risk.at(options.longest) for name, risk in risks.items()}


def _add_people(out: Gathered, tested: AtRisk, amounts: dict[str, Float64]) -> None:
    """Add how many people are at risk, how many have the event, and what others cause."""
    events = int(np.sum(tested.end == EVENT))
    out.add(None, "at_risk", len(tested), people=len(tested), events=events)
    out.add(None, "events", events, people=len(tested), events=events)
    if out.group is None:
        for of, amount in amounts.items():
            share = unlisted(amount, tested.people)
            out.add(None, "unlisted", share, of=of, people=len(amount), events=float(amount.sum()))


def _sham(
    out: Gathered,
    course: _Course,
    landmark: int,
    tested: AtRisk,
    scores: dict[str, Float64],
    training: Training | None,
    known: Covariates | None,
) -> dict[str, str]:
    """Fit and test on outcomes dealt out anew; return which models could not be fitted, and why."""
    options = course.options
    ranked, failed = dict(scores), {}
    if training is not None and known is not None:
        dealt = training.drawn(_SHAM_ROWS, options.seed, landmark).shuffled(options.seed, landmark)
        for model in options.models:
            try:
                ranked[model] = dealt.fit(model, options.longest).risk(known, [options.longest])[:, 0]
            except (TooFewEventsError, FitError, FollowUpError) as error:
                failed[model] = error.message
    add_sham(out, tested.shuffled(options.seed, landmark), ranked, options.longest, course.threads)
    return failed


def _held_out(
    out: Gathered,
    course: _Course,
    landmark: int,
    tested: AtRisk,
    scores: dict[str, Float64],
    training: Training | None,
    known: Covariates | None,
) -> dict[str, dict[str, Any]]:
    """Fit without each area or force and test on it; return what was done of each."""
    options, threads, notes = course.options, course.threads, {}
    assert options.hold_out is not None  # noqa: S101 - asked by the caller
    group, names = groups_at(course.history, landmark, options.hold_out)
    for number, name in enumerate(names):
        places = np.flatnonzero(group[tested.people] == number)
        some, part = tested.take(places), Gathered(name)
        events = int(np.sum(some.end == EVENT))
        note: dict[str, Any] = {"people": len(some), "events": events}
        risks: dict[str, Risk] = {}
        if events and training is not None and known is not None:
            others = training.without(group == number)
            theirs = known.take(places)
            fitted, note["failed"] = _fitted(others, options)
            note["training_rows"] = len(others.rows)
            risks = _risks(course, fitted, theirs)
            if fitted:
                add_risks(part, some, risks, others.null(course.times), options.horizons, threads)
        _add_people(part, some, {})
        if events:
            mine = {rule: score[places] for rule, score in scores.items()}
            add_separation(part, some, mine, risks, options.horizons, threads)
            add_captures(part, some, mine | _longest(risks, options), threads)
        out.numbers.extend(part.numbers)
        out.drawn.update(part.drawn)
        notes[name] = note
    return notes


def _fitted(training: Training, options: Options) -> tuple[dict[str, Predictor], dict[str, str]]:
    """Fit what can be fitted; return the rest with the reason."""
    fitted, failed = {}, {}
    for model in options.models:
        try:
            fitted[model] = training.fit(model, options.longest)
        except (TooFewEventsError, FitError, FollowUpError) as error:
            failed[model] = error.message
    return fitted, failed
