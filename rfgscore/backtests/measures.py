"""Measures of every ranking and model at one landmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.at_risk import AtRisk
from rfgscore.backtests.metrics.auc import auc_of
from rfgscore.backtests.metrics.benefit import net_benefit
from rfgscore.backtests.metrics.brier import brier_terms, integrated_terms
from rfgscore.backtests.metrics.calibration import calibration_at
from rfgscore.backtests.metrics.capture import capture, number_to_watch, precision, top_of
from rfgscore.backtests.metrics.censoring import Known, known_at
from rfgscore.backtests.metrics.concordance import harrell_c, uno_c
from rfgscore.backtests.numbers import Gathered, Listed
from rfgscore.backtests.resample import (
    auc_replicates,
    capture_replicates,
    harrell_replicates,
    mean_replicates,
)
from rfgscore.errors import FitError, FollowUpError, TooFewEventsError
from rfgscore.escalation.tables import EVENT

__all__ = ["THRESHOLDS", "TOPS", "Risk", "add_captures", "add_risks", "add_separation", "add_sham", "list_of"]

Float64 = npt.NDArray[np.float64]
Scores = Mapping[str, Float64]

#: Lengths of the lists looked at.
TOPS: Final[Mapping[str, int | str]] = {"top 50": 50, "top 100": 100, "top 1%": "1%", "top 5%": "5%"}
#: Risks from which one would act, in the decision curve.
THRESHOLDS: Final = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
#: List and amounts of the sham check.
_SHAM_TOP: Final = "top 5%"
_SHAM_OF: Final = ("people", "harm")

_NAN: Final = float("nan")


@dataclass(frozen=True, eq=False, repr=False)
class Risk:
    """What a model says of everyone at risk.

    Parameters
    ----------
    times : tuple of int
        Days on the clock, ascending; the horizons are among them.
    risk : numpy.ndarray
        float64, people by times.
    """

    times: tuple[int, ...]
    risk: Float64

    def at(self, time: int) -> Float64:
        """Return the risk by one time.

        Parameters
        ----------
        time : int
            One of `times`.

        Returns
        -------
        numpy.ndarray
            float64, one a person.
        """
        return np.ascontiguousarray(self.risk[:, self.times.index(time)])


def _or_nan(measure: Callable[..., float | None], *given: Any) -> float:
    """Return a measure, NaN where too little happened for it."""
    try:
        found = measure(*given)
    except (TooFewEventsError, FollowUpError, FitError):
        return _NAN
    return _NAN if found is None else found


def _known(tested: AtRisk, time: int) -> Known | None:
    try:
        return known_at(tested.stop, tested.end, time)
    except (TooFewEventsError, FollowUpError):
        return None


def add_captures(
    out: Gathered, tested: AtRisk, scores: Scores, threads: int, tops: Mapping[str, int | str] = TOPS
) -> None:
    """Add what the top of every ranking causes, how many of it have an event, and the oracle's best.

    Parameters
    ----------
    out : Gathered
        Takes in the numbers.
    tested : AtRisk
        The people.
    scores : mapping of str to numpy.ndarray
        Score of each of them, by ranking.
    threads : int
        Threads; results do not depend on it.
    tops : mapping of str to int or str
        Lengths of the lists.
    """
    if not len(tested) or not scores:
        return
    of, names, copies = list(tested.amounts), list(scores), tested.copies
    places = {at: top_of(top, len(tested)) for at, top in tops.items()}
    caused = np.array(list(tested.amounts.values()))
    # The oracle ranks by each amount itself.
    ranked = [*(scores[name] for name in names), *caused]
    drawn = capture_replicates(ranked, caused, list(places.values()), copies, threads)
    share, mean = drawn.share, drawn.mean
    for rank, name in enumerate(names):
        for top, (at, k) in enumerate(places.items()):
            for what, amount in enumerate(caused):
                _add_capture(out, name, scores[name], of[what], amount, at, k, share[rank, top, what])
            had = mean[rank, top, of.index("people")]
            _add_precision(out, name, scores[name], tested.amounts["people"], at, k, had)
    for what, amount in enumerate(caused):
        for top, (at, k) in enumerate(places.items()):
            best = share[len(names) + what, top, what]
            _add_capture(out, "oracle", amount, of[what], amount, at, k, best)


def _add_capture(
    out: Gathered, name: str, score: Float64, of: str, amount: Float64, at: str, k: int, drawn: Float64
) -> None:
    value = _or_nan(capture, score, amount, k)
    out.add(name, "capture", value, at=at, of=of, people=k, events=float(amount.sum()), drawn=drawn)


def _add_precision(
    out: Gathered, name: str, score: Float64, event: Float64, at: str, k: int, drawn: Float64
) -> None:
    right = precision(score, event, k)
    out.add(name, "precision", right, at=at, of="people", people=k, events=right * k, drawn=drawn)
    watch = number_to_watch(right)
    again = np.divide(1.0, drawn, out=np.full_like(drawn, np.nan), where=drawn > 0)
    value = _NAN if watch is None else watch
    out.add(name, "number_to_watch", value, at=at, of="people", people=k, events=right * k, drawn=again)


def add_separation(
    out: Gathered,
    tested: AtRisk,
    scores: Scores,
    risks: Mapping[str, Risk],
    horizons: Sequence[int],
    threads: int,
) -> None:
    """Add how well every ranking tells those with the event from the rest.

    Parameters
    ----------
    out : Gathered
        Takes in the numbers.
    tested : AtRisk
        The people.
    scores : mapping of str to numpy.ndarray
        Score of each of them, by rule.
    risks : mapping of str to Risk
        What each model says; its risk by a horizon is its score there.
    horizons : sequence of int
        Days on the clock, ascending.
    threads : int
        Threads; results do not depend on it.
    """
    copies, rows = tested.followed_copies, len(tested.followed)
    for horizon in horizons:
        at, known = f"{horizon} d", _known(tested, horizon)
        if known is None:
            continue
        ranked = {name: score[tested.followed] for name, score in scores.items()}
        ranked |= {name: risk.at(horizon)[tested.followed] for name, risk in risks.items()}
        drawn = auc_replicates(list(ranked.values()), known, copies, threads)
        cases = int(known.case.sum())
        for (name, score), each in zip(ranked.items(), drawn, strict=True):
            value = _or_nan(auc_of, score, known)
            out.add(name, "auc", value, at=at, people=rows, events=cases, drawn=each)
    longest = horizons[-1]
    at, events = f"{longest} d", int(np.sum(tested.end == EVENT))
    whole = {name: score[tested.followed] for name, score in scores.items()}
    models = {name: risk.at(longest)[tested.followed] for name, risk in risks.items()}
    again: dict[str, Float64] = {}
    if models and rows:
        found = harrell_replicates(list(models.values()), tested.stop, tested.end, copies, threads)
        again = dict(zip(models, found, strict=True))
    for name, score in (whole | models).items():
        value = _or_nan(harrell_c, score, tested.stop, tested.end)
        out.add(name, "harrell_c", value, at=at, people=rows, events=events, drawn=again.get(name))
        value = _or_nan(uno_c, score, tested.stop, tested.end, longest)
        out.add(name, "uno_c", value, at=at, people=rows, events=events)


def add_risks(
    out: Gathered,
    tested: AtRisk,
    risks: Mapping[str, Risk],
    null: Float64,
    horizons: Sequence[int],
    threads: int,
) -> None:
    """Add how far the risks of every model are from what happened, and what acting on them is worth.

    Parameters
    ----------
    out : Gathered
        Takes in the numbers.
    tested : AtRisk
        The people.
    risks : mapping of str to Risk
        What each model says; all by the same times.
    null : numpy.ndarray
        float64 share of the training rows with the event by each of these times.
    horizons : sequence of int
        Days on the clock, ascending.
    threads : int
        Threads; results do not depend on it.
    """
    if not risks or not len(tested.followed):
        return
    copies, rows = tested.followed_copies, len(tested.followed)
    times = next(iter(risks.values())).times
    known = {time: _known(tested, time) for time in times}
    named: list[str | None] = [None, *risks]
    told = {name: _terms(tested, None if name is None else risks[name], null, times, known) for name in named}
    asked = [time for time in horizons if known[time] is not None]
    for place, name in enumerate(named):
        terms, what = told[name], "_null" if name is None else ""
        kept = [terms[time] for time in asked]
        whole = integrated_terms(list(terms.values()), times) if 1 < len(times) == len(terms) else None
        drawn = mean_replicates([*kept, *([] if whole is None else [whole])], copies, threads)
        for at, time in enumerate(asked):
            events = _events(known[time])
            value = float(np.mean(terms[time]))
            out.add(name, f"brier{what}", value, at=f"{time} d", people=rows, events=events, drawn=drawn[at])
        if whole is not None:
            events, value = _events(known[times[-1]]), float(np.mean(whole))
            out.add(
                name, f"ibs{what}", value, at=f"{times[-1]} d", people=rows, events=events, drawn=drawn[-1]
            )
        if name is not None:
            for time in asked:
                _add_calibration(
                    out, tested, name, risks[name].at(time)[tested.followed], time, copies, threads
                )
                _add_benefit(out, tested, name, risks[name].at(time)[tested.followed], time, place == 1)


def _events(known: Known | None) -> int:
    return 0 if known is None else int(known.case.sum())


def _terms(
    tested: AtRisk, risk: Risk | None, null: Float64, times: Sequence[int], known: Mapping[int, Known | None]
) -> dict[int, Float64]:
    """Return the weighted squared error of each row at each time that is known."""
    out = {}
    for place, time in enumerate(times):
        what = known[time]
        if what is not None:
            said = float(null[place]) if risk is None else risk.at(time)[tested.followed]
            out[time] = brier_terms(said, what)
    return out


def _add_calibration(
    out: Gathered,
    tested: AtRisk,
    name: str,
    risk: Float64,
    time: int,
    copies: npt.NDArray[np.int8],
    threads: int,
) -> None:
    try:
        found = calibration_at(risk, tested.stop, tested.end, time)
        known = known_at(tested.stop, tested.end, time)
    except (TooFewEventsError, FollowUpError, FitError):
        return
    at, rows, events = f"{time} d", len(risk), int(known.case.sum())
    happened, said, weight = mean_replicates(
        [np.where(known.case, known.weight, 0.0), risk, known.weight], copies, threads
    )
    good = (said > 0) & (weight > 0)
    ratio = np.divide(happened, said * weight, out=np.full_like(said, np.nan), where=good)
    out.add(name, "observed_expected", found.ratio, at=at, people=rows, events=events, drawn=ratio)
    out.add(name, "calibration_intercept", found.intercept, at=at, people=rows, events=events)
    slope = _NAN if found.slope is None else found.slope
    out.add(name, "calibration_slope", slope, at=at, people=rows, events=events)
    for number, part in enumerate(found.curve, start=1):
        where = f"{at}, bin {number}"
        out.add(name, "curve_predicted", part.predicted, at=where, people=part.people, events=part.events)
        out.add(
            name,
            "curve_observed",
            part.observed,
            at=where,
            people=part.people,
            events=part.events,
            ends=(part.lower, part.upper),
        )


def _add_benefit(
    out: Gathered, tested: AtRisk, name: str, risk: Float64, time: int, with_everybody: bool
) -> None:
    found = net_benefit(risk, tested.stop, tested.end, time, THRESHOLDS)
    rows, events = len(risk), int(np.sum((tested.end == EVENT) & (tested.stop <= time)))
    for at, threshold in enumerate(THRESHOLDS):
        where = f"{time} d, threshold {threshold:g}"
        out.add(name, "net_benefit", found.model[at], at=where, people=rows, events=events)
        if with_everybody:
            out.add(None, "net_benefit_all", found.everybody[at], at=where, people=rows, events=events)


def add_sham(out: Gathered, tested: AtRisk, scores: Scores, longest: int, threads: int) -> None:
    """Add what every ranking reaches where outcomes were dealt out anew: no more than chance.

    Parameters
    ----------
    out : Gathered
        Takes in the numbers.
    tested : AtRisk
        The people, with shuffled outcomes.
    scores : mapping of str to numpy.ndarray
        Score of each of them, by ranking; models were fitted on shuffled outcomes.
    longest : int
        Longest horizon.
    threads : int
        Threads; results do not depend on it.
    """
    known = _known(tested, longest)
    if known is None:
        return
    names, rows = list(scores), len(tested.followed)
    ranked = [scores[name][tested.followed] for name in names]
    drawn = auc_replicates(ranked, known, tested.followed_copies, threads)
    for name, score, each in zip(names, ranked, drawn, strict=True):
        value = _or_nan(auc_of, score, known)
        out.add(name, "sham_auc", value, at=f"{longest} d", people=rows, events=_events(known), drawn=each)
    k = top_of(TOPS[_SHAM_TOP], len(tested))
    caused = np.array([tested.amounts[of] for of in _SHAM_OF])
    share = capture_replicates([scores[name] for name in names], caused, [k], tested.copies, threads).share
    for rank, name in enumerate(names):
        for what, of in enumerate(_SHAM_OF):
            value = _or_nan(capture, scores[name], caused[what], k)
            total, again = float(caused[what].sum()), share[rank, 0, what]
            out.add(name, "sham_capture", value, at=_SHAM_TOP, of=of, people=k, events=total, drawn=again)


def list_of(people: npt.NDArray[np.int64], score: Float64, top: int | str) -> Listed:
    """Return who stands on a list; where it ends among equal scores, each of them has the same chance.

    Parameters
    ----------
    people : numpy.ndarray
        int64 person numbers, ascending.
    score : numpy.ndarray
        float64, higher first.
    top : int or str
        Length of the list, as `top_of` takes it.

    Returns
    -------
    Listed
        Nobody without a chance.

    Examples
    --------
    >>> listed = list_of(np.array([4, 7, 9]), np.array([1.0, 5.0, 1.0]), 2)
    >>> listed.person.tolist(), listed.chance.tolist()
    ([4, 7, 9], [0.5, 1.0, 0.5])
    """
    k = top_of(top, len(people))
    edge = np.partition(score, len(score) - k)[len(score) - k]
    above, level = score > edge, score == edge
    chance = np.where(above, 1.0, np.where(level, (k - int(above.sum())) / int(level.sum()), 0.0))
    some = np.flatnonzero(chance > 0)
    return Listed(people[some], chance[some])
