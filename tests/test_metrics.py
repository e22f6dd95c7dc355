"""Measures against scikit-survival, against plain sums over pairs, and where they are not defined."""

from __future__ import annotations

import itertools
import os
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.backtests.metrics.auc import auc_at, auc_of
from rfgscore.backtests.metrics.benefit import net_benefit
from rfgscore.backtests.metrics.brier import brier_at, brier_terms, integrated_terms
from rfgscore.backtests.metrics.calibration import calibration_at
from rfgscore.backtests.metrics.capture import capture, number_to_watch, precision, top_of
from rfgscore.backtests.metrics.censoring import censoring_of, known_at, reaches
from rfgscore.backtests.metrics.concordance import harrell_c, uno_c
from rfgscore.backtests.metrics.incidence import incidence, incidence_error
from rfgscore.backtests.metrics.regression import logistic, logit, one_column
from rfgscore.errors import FitError, FollowUpError, TooFewEventsError

EXAMPLES = max(60, int(os.environ.get("RFG_EXAMPLES", "0")) // 5)
examples = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module")
def sksurv():
    """The functions of scikit-survival, and rows in the form they take."""
    metrics = pytest.importorskip("sksurv.metrics", reason="scikit-survival is not installed")
    from sksurv.nonparametric import cumulative_incidence_competing_risks
    from sksurv.util import Surv

    def rows(stop, end, days=True):
        """In days, censoring comes half a day later than told: a row is watched through its last day."""
        event = np.asarray(end) == 1
        return Surv.from_arrays(event, np.asarray(stop, float) + np.where(event, 0.0, 0.5 * days))

    return SimpleNamespace(rows=rows, metrics=metrics, incidence=cumulative_incidence_competing_risks)


def people(seed, n=400, days=True, competing=False, levels=None):
    """Draw scores, and stops and ends that depend on them; days make ties in time, levels ties in score."""
    draw = np.random.default_rng(seed)
    score = draw.normal(size=n)
    event = draw.exponential(300 * np.exp(-0.8 * score))
    watched, ruled = draw.uniform(50, 500, n), draw.exponential(900, n)
    times = np.stack([watched, event, ruled if competing else np.full(n, np.inf)])
    end = times.argmin(axis=0).astype(np.int8)
    stop = times.min(axis=0)
    score = score + draw.normal(size=n)
    if levels:
        score = np.round(score * levels) / levels
    return score, np.ceil(stop / 20) if days else stop, end


@st.composite
def cases(draw, ends=(0, 1, 2, 3), least=2):
    """Few rows with many ties: score, stop, end, weight."""
    n = draw(st.integers(least, 12))

    def column(values):
        return np.array(draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)))

    return (
        column([0.0, 0.25, 0.5, 0.75, 1.0]),
        column([1, 2, 3, 4, 5]),
        column(ends).astype(np.int8),
        column([0.0, 1.0, 2.0, 3.0]),
    )


# Plain definitions, one term at a time.


def plain_chance(stop, end, at):
    """Probability of being watched until a time."""
    chance = 1.0
    for day in sorted(set(stop)):
        if day < at:
            able = sum(1 for s, e in zip(stop, end, strict=True) if s > day or (s == day and e == 0))
            left = sum(1 for s, e in zip(stop, end, strict=True) if s == day and e == 0)
            chance *= 1 - left / able if left else 1.0
    return chance


def plain_c(score, stop, end, weight, factor):
    right = whole = 0.0
    rows = range(len(score))
    for i, j in itertools.product(rows, rows):
        if end[i] != 1:
            continue
        if stop[j] > stop[i] or (stop[j] == stop[i] and end[j] != 1):
            pair = weight[i] * weight[j] * factor(i) ** 2
        elif end[j] > 1:
            pair = weight[i] * weight[j] * factor(i) * factor(j)
        else:
            continue
        whole += pair
        right += pair * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    return right / whole if whole else None


def plain_weights(stop, end, time):
    """Weight of each row at a horizon, and whether it is a case."""
    out = []
    for s, e in zip(stop, end, strict=True):
        if e and s <= time:
            out.append((1 / plain_chance(stop, end, s), e == 1))
        elif s >= time:
            out.append((1 / plain_chance(stop, end, time), False))
        else:
            out.append((0.0, False))
    return out


# Concordance.


@examples
@given(cases())
def test_harrell_c_is_the_sum_over_pairs(rows):
    score, stop, end, weight = rows
    expected = plain_c(score, stop, end, weight, lambda row: 1.0)
    if expected is None:
        with pytest.raises(TooFewEventsError, match="no pair to compare"):
            harrell_c(score, stop, end, weight)
    else:
        assert harrell_c(score, stop, end, weight) == expected


@examples
@given(cases(), st.integers(1, 6))
def test_uno_c_is_the_weighted_sum_over_pairs(rows, tau):
    score, stop, end, weight = rows
    chance = [1 / plain_chance(stop, end, day) if day <= tau else 0.0 for day in stop]
    expected = plain_c(score, stop, end, weight, lambda row: chance[row])
    if expected is None:
        with pytest.raises(TooFewEventsError, match="no pair to compare"):
            uno_c(score, stop, end, tau, weight=weight)
    else:
        assert uno_c(score, stop, end, tau, weight=weight) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("days", [False, True])
@pytest.mark.parametrize("levels", [None, 2])
def test_concordance_is_that_of_scikit_survival(sksurv, days, levels):
    score, stop, end = people(1, days=days, levels=levels)
    trained = people(2, days=days)[1:]
    found = sksurv.metrics.concordance_index_censored(end == 1, stop, score, tied_tol=0)[0]
    assert harrell_c(score, stop, end) == pytest.approx(found, abs=1e-12)
    tau = 12 if days else 240.0
    for rows in ((stop, end), trained):
        found = sksurv.metrics.concordance_index_ipcw(
            sksurv.rows(*rows, days), sksurv.rows(stop, end, days), score, tau=tau + 0.25 * days, tied_tol=0
        )[0]
        assert uno_c(score, stop, end, tau, censoring_of(*rows)) == pytest.approx(found, abs=1e-12)


def test_uno_without_censoring_is_harrell():
    score, stop, _ = people(4)
    end = np.ones(len(stop), np.int8)
    assert uno_c(score, stop, end, stop.max()) == harrell_c(score, stop, end)


def test_equal_scores_are_worth_a_half_and_a_reversed_score_the_rest():
    score, stop, end = people(5, competing=True)
    assert harrell_c(np.zeros(len(stop)), stop, end) == 0.5
    assert uno_c(np.ones(len(stop)), stop, end, 12) == pytest.approx(0.5, abs=1e-15)
    assert auc_at(np.ones(len(stop)), stop, end, 12) == 0.5
    assert harrell_c(-score, stop, end) + harrell_c(score, stop, end) == pytest.approx(1, abs=1e-12)
    assert auc_at(-score, stop, end, 12) + auc_at(score, stop, end, 12) == pytest.approx(1, abs=1e-12)


def test_a_weight_is_a_number_of_copies():
    score, stop, end = people(6, n=60, competing=True)
    copies = np.random.default_rng(0).poisson(1, 60)
    again = np.repeat(np.arange(60), copies)
    assert harrell_c(score, stop, end, copies) == harrell_c(score[again], stop[again], end[again])


# The area under the curve.


@examples
@given(cases(), st.integers(1, 6))
def test_auc_is_the_weighted_sum_over_cases_and_controls(rows, time):
    score, stop, end, _ = rows
    last = stop.max()
    if last < time and (end[stop == last] == 0).any():
        with pytest.raises(FollowUpError, match=f"was followed to day {time}"):
            auc_at(score, stop, end, time)
        return
    weights = plain_weights(stop, end, time)
    right = whole = 0.0
    for (a, (w, case)), (b, (v, other)) in itertools.product(zip(score, weights, strict=True), repeat=2):
        if case and not other:
            whole += w * v
            right += w * v * ((a > b) + 0.5 * (a == b))
    if whole:
        assert auc_at(score, stop, end, time) == pytest.approx(right / whole, abs=1e-12)
    else:
        with pytest.raises(TooFewEventsError, match="needs both"):
            auc_at(score, stop, end, time)


@pytest.mark.parametrize("days", [False, True])
@pytest.mark.parametrize("levels", [None, 2])
def test_auc_is_that_of_scikit_survival(sksurv, days, levels):
    score, stop, end = people(7, days=days, levels=levels)
    trained = people(8, days=days)[1:]
    inside = stop < stop.max() - 1
    score, stop, end = score[inside], stop[inside], end[inside]
    times = [4, 10, 18] if days else [90.0, 180.0, 365.0]
    found, _ = sksurv.metrics.cumulative_dynamic_auc(
        sksurv.rows(*trained, days),
        sksurv.rows(stop, end, days),
        score,
        np.array(times) + 0.25 * days,
        tied_tol=0,
    )
    ours = [auc_at(score, stop, end, time, censoring_of(*trained)) for time in times]
    assert ours == pytest.approx(found.tolist(), abs=1e-12)


def test_who_is_watched_through_the_horizon_is_known():
    # A year of follow-up answers what happened within a year.
    known = known_at([365, 365, 40, 365], [0, 1, 2, 0], 365)
    assert known.case.tolist() == [False, True, False, False]
    assert known.weight.tolist() == [1, 1, 1, 1]
    assert repr(known) == "Known(by 365: 1 cases among 4 rows)"
    assert auc_of([1, 3, 2, 0], known) == 1.0


@examples
@given(cases(), st.integers(1, 6))
def test_weights_stand_in_for_all_rows_and_agree_with_the_curve(rows, time):
    _, stop, end, _ = rows
    if not reaches(stop, end, time):
        with pytest.raises(FollowUpError, match="longest stops on day"):
            incidence(stop, end, [time])
        return
    known = known_at(stop, end, time)
    assert known.weight.sum() == pytest.approx(len(stop), rel=1e-12)
    assert known.weight.tolist() == pytest.approx([w for w, _ in plain_weights(stop, end, time)], rel=1e-12)
    assert known.prevalence == pytest.approx(float(incidence(stop, end, [time])[0]), abs=1e-12)


# Curves and the Brier score.


def test_incidence_is_that_of_scikit_survival(sksurv):
    _, stop, end = people(9, competing=True)
    times, curves, bounds = sksurv.incidence(
        end.astype(int), stop, conf_type="log-log", var_type="Dinse_Approx"
    )
    assert incidence(stop, end, times) == pytest.approx(curves[1], abs=1e-12)
    assert incidence(stop, end, [0.0]).tolist() == [0.0]
    risk, error = incidence_error(stop, end, 12)
    at = int(np.searchsorted(times, 12))
    # Their interval is on the scale of log(-log(risk)), by the same delta method.
    reach = 1.959963984540054 * error / (risk * np.log(risk))
    assert sorted(risk ** np.exp([reach, -reach])) == pytest.approx(sorted(bounds[1, :, at]), abs=1e-9)


@examples
@given(cases(ends=(1, 2, 3)), st.integers(1, 6))
def test_without_censoring_incidence_is_a_share_and_its_error_binomial(rows, time):
    _, stop, end, _ = rows
    share = float(np.mean((end == 1) & (stop <= time)))
    risk, error = incidence_error(stop, end, time)
    assert risk == pytest.approx(share, abs=1e-12)
    assert error == pytest.approx(np.sqrt(share * (1 - share) / len(stop)), abs=1e-7)


def test_brier_is_that_of_scikit_survival(sksurv):
    score, stop, end = people(10)
    trained = people(11)[1:]
    inside = stop < stop.max() - 1
    score, stop, end = score[inside], stop[inside], end[inside]
    times = [4, 8, 12, 20]
    risk = 1 - np.exp(-np.exp(score)[:, None] * np.array(times) / 20)
    theirs = (sksurv.rows(*trained), sksurv.rows(stop, end), 1 - risk, np.array(times) + 0.25)
    curve = censoring_of(*trained)
    found = [brier_at(risk[:, at], stop, end, time, curve) for at, time in enumerate(times)]
    assert found == pytest.approx(sksurv.metrics.brier_score(*theirs)[1].tolist(), abs=1e-12)
    terms = [brier_terms(risk[:, at], known_at(stop, end, time, curve)) for at, time in enumerate(times)]
    found = integrated_terms(terms, times).mean()
    assert found == pytest.approx(sksurv.metrics.integrated_brier_score(*theirs), abs=1e-12)


def test_the_null_is_the_curve_of_the_training_rows():
    _, stop, end = people(12)
    trained = people(13)[1:]
    null = incidence(*trained, [6, 12])
    each = [
        brier_at(np.full(len(stop), risk), stop, end, time) for risk, time in zip(null, (6, 12), strict=True)
    ]
    assert brier_at(null[1], stop, end, 12) == each[1]
    terms = [brier_terms(risk, known_at(stop, end, time)) for risk, time in zip(null, (6, 12), strict=True)]
    assert integrated_terms(terms, [6, 12]).mean() == pytest.approx(sum(each) / 2, abs=1e-15)
    assert brier_terms(null[1], known_at(stop, end, 12)).mean() == each[1]


def test_without_censoring_brier_is_the_mean_squared_error():
    risk, stop, end = np.array([0.2, 0.9, 0.4]), [10, 20, 30], [2, 1, 1]
    assert brier_at(risk, stop, end, 25) == pytest.approx(np.mean([0.2**2, 0.1**2, 0.4**2]), abs=1e-15)


# Calibration.


def stretched(seed, n=3000):
    """Risks that lie twice as far apart as they should, on the scale of logit."""
    draw = np.random.default_rng(seed)
    true = draw.normal(-1, 1, n)
    case = draw.random(n) < 1 / (1 + np.exp(-true))
    stop = np.where(case, draw.integers(1, 366, n), 365)
    return 1 / (1 + np.exp(-2 * true)), stop, case.astype(np.int8)


def test_calibration_finds_risks_that_lie_too_far_apart():
    risk, stop, end = stretched(14)
    found = calibration_at(risk, stop, end, 365)
    assert found.slope == pytest.approx(0.5, abs=0.05)
    assert found.observed == pytest.approx(end.mean(), abs=1e-12)
    assert found.expected == pytest.approx(risk.mean(), abs=1e-12)
    assert found.ratio == pytest.approx(end.mean() / risk.mean(), abs=1e-12)
    # At the maximum of the likelihood, what is expected is what was observed.
    assert np.mean(1 / (1 + np.exp(-(found.intercept + logit(risk))))) == pytest.approx(end.mean(), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_fit_stands_where_the_likelihood_is_highest(seed):
    draw = np.random.default_rng(seed)
    column, weight = draw.normal(1, 1, 80), draw.random(80) * (draw.random(80) < 0.9)
    case = draw.random(80) < np.exp(logistic(0.4 * column - 1)[0][0])
    fitted = one_column(column, case, weight)

    def likelihood(intercept, slope):
        risk = np.exp(logistic(intercept + slope * column)[0][0])
        return float(np.sum(weight * np.where(case, np.log(risk), np.log1p(-risk))))

    best = likelihood(*fitted)
    for step in itertools.product((-1e-4, 0, 1e-4), repeat=2):
        assert likelihood(fitted[0] + step[0], fitted[1] + step[1]) <= best
    held = one_column(column, case, weight, slope=0.7)
    assert held[1] == 0.7
    assert all(likelihood(held[0] + step, 0.7) <= likelihood(*held) for step in (-1e-4, 1e-4))


@pytest.mark.parametrize("slope", [None, 1.0])
def test_a_fit_ends_where_risks_of_0_and_1_were_wrong(slope):
    for seed in range(20):
        draw = np.random.default_rng(seed)
        column, case = (
            logit(np.round(draw.beta(0.1, 0.3, 60), 3)),
            draw.random(60) < draw.choice([0.1, 0.5, 0.9]),
        )
        intercept, by = one_column(column, case, np.ones(60), slope=slope)
        risk, rest = logistic(intercept + by * column)
        along = np.where(case, risk[1], rest[1])
        assert abs(along.mean()) < 1e-9
        assert slope is not None or abs((along * column).mean()) < 1e-8


def test_a_slope_that_grows_without_end_is_none():
    risk, end = [0.1, 0.2, 0.6, 0.7], [0, 0, 1, 1]
    assert calibration_at(risk, [365] * 4, end, 365).slope is None
    assert calibration_at([0.3] * 4, [365] * 4, end, 365).slope is None
    assert one_column(logit(risk), np.zeros(4, bool), np.ones(4)) is None


def test_the_curve_has_tenths_of_equal_people_and_keeps_equal_risks_together():
    risk, stop, end = stretched(15, n=1000)
    curve = calibration_at(risk, stop, end, 365).curve
    order = np.argsort(risk)
    assert [part.people for part in curve] == [100] * 10
    for part, rows in zip(curve, np.split(order, 10), strict=True):
        assert part.predicted == pytest.approx(risk[rows].mean(), abs=1e-12)
        assert part.observed == pytest.approx(end[rows].mean(), abs=1e-12)
        assert part.events == end[rows].sum()
    tied = np.where(risk > 0.5, 0.6, np.where(risk > 0.1, 0.2, 0.05))
    curve = calibration_at(tied, stop, end, 365).curve
    assert [part.people for part in curve] == [int((tied == at).sum()) for at in (0.05, 0.2, 0.6)]
    assert len(calibration_at(np.full(1000, 0.3), stop, end, 365).curve) == 1


def test_the_interval_of_a_bin_is_wilsons():
    curve = calibration_at([0.1] * 10 + [0.4] * 10, [365] * 20, [0] * 10 + [1] * 4 + [0] * 6, 365).curve
    # The published figures for 0 and 4 of 10.
    assert (curve[0].lower, curve[0].upper) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert (curve[1].lower, curve[1].upper) == pytest.approx((0.1682, 0.6873), abs=5e-5)


def test_a_bin_nobody_of_which_was_followed_joins_its_neighbour():
    risk = np.repeat([0.1, 0.2, 0.3, 0.4], 10)
    stop = np.where(np.isin(risk, (0.1, 0.4)), 300, 365)
    end = np.tile([1, 0, 0, 0, 0], 8)
    curve = calibration_at(risk, stop, end, 365).curve
    assert [part.people for part in curve] == [20, 20]
    assert all(0 <= part.lower <= part.observed <= part.upper <= 1 for part in curve)


def test_risks_of_0_and_1_are_held_within_bounds():
    found = calibration_at([0.0, 0.0, 1.0, 1.0], [365] * 4, [1, 0, 1, 0], 365)
    assert np.isfinite([found.intercept, found.slope, found.ratio]).all()
    assert found.slope == pytest.approx(0.0, abs=1e-9)


# Net benefit.


@examples
@given(cases(), st.integers(1, 5))
def test_net_benefit_is_counted_person_by_person(rows, time):
    risk, stop, end, _ = rows
    if not reaches(stop, end, time):
        return
    weights = plain_weights(stop, end, time)
    whole = sum(weight for weight, _ in weights)
    thresholds = [0.1, 0.25, 0.3, 0.75]
    found = net_benefit(risk, stop, end, time, thresholds)
    for at, threshold in enumerate(thresholds):
        for acted, ours in ((risk >= threshold, found.model[at]), (risk >= 0, found.everybody[at])):
            value = 0.0
            for act, (weight, case) in zip(acted, weights, strict=True):
                if act:
                    value += weight / whole * (1 if case else -threshold / (1 - threshold))
            assert ours == pytest.approx(value, abs=1e-12)


# Capture.


@examples
@given(cases(least=1), st.integers(1, 12), st.permutations([0.0, 0.0, 1.0, 2.0, 5.0, 9.0]))
def test_capture_is_the_mean_over_all_orders_of_the_ties(rows, k, pool):
    score, stop, _, weight = (column[:6] for column in rows)
    amount = np.array(pool[: len(score)])
    orders = [
        order
        for order in itertools.permutations(range(len(score)))
        if all(score[a] >= score[b] for a, b in itertools.pairwise(order))
    ]
    taken = np.mean([amount[list(order[:k])].sum() for order in orders])
    event = weight > 1
    hits = np.mean([event[list(order[:k])].mean() for order in orders])
    assert precision(score, event, k) == pytest.approx(hits, abs=1e-12)
    if amount.sum():
        assert capture(score, amount, k) == pytest.approx(taken / amount.sum(), abs=1e-12)
        assert capture(score, amount, len(stop)) == 1.0
    else:
        with pytest.raises(TooFewEventsError, match="nothing to capture"):
            capture(score, amount, k)


def test_a_top_is_a_number_of_people_or_a_share_rounded_up():
    assert [top_of(top, 18534) for top in (50, "1%", "5%", "100%")] == [50, 186, 927, 18534]
    # 0.07 times 100 is above 7 in floating point.
    assert top_of("7%", 100) == 7
    assert top_of(50, 20) == 20
    for wrong in ("5", "0%", "101%", 0):
        with pytest.raises(ValueError, match=r"share of the people|one place or more"):
            top_of(wrong, 100)
    assert number_to_watch(precision([2, 1, 1], [True, False, False], 2)) == 2.0


# What is not defined.


def test_what_is_not_defined_is_an_error_with_a_name():
    four = [10, 20, 30, 40]
    with pytest.raises(TooFewEventsError, match="0 events among 4 rows"):
        harrell_c([1, 2, 3, 4], four, [0, 0, 2, 3])
    with pytest.raises(TooFewEventsError, match="0 people with the event and 4 known"):
        auc_at([1, 2, 3, 4], four, [0, 1, 1, 0], 10)
    with pytest.raises(TooFewEventsError, match="4 people with the event and 0 known"):
        auc_at([1, 2, 3, 4], four, [1, 1, 1, 1], 40)
    with pytest.raises(TooFewEventsError, match="calibration needs both"):
        calibration_at([0.1] * 4, four, [0] * 4, 30)
    with pytest.raises(TooFewEventsError, match="calibration needs both"):
        calibration_at([0.1] * 4, four, [1] * 4, 40)
    for asked in (
        lambda: auc_at([1, 2, 3, 4], four, [1, 1, 1, 0], 41),
        lambda: brier_at(0.5, four, [1, 1, 1, 0], 41),
        lambda: calibration_at([0.1] * 4, four, [1, 1, 1, 0], 41),
        lambda: net_benefit([0.1] * 4, four, [1, 1, 1, 0], 41, [0.5]),
        lambda: incidence_error(four, [1, 1, 1, 0], 41),
    ):
        with pytest.raises(FollowUpError, match=r"none of the 4 rows was followed to day 41: .* on day 40"):
            asked()
    with pytest.raises(FollowUpError, match=r"until day 40: .* stop on day 30 at the latest"):
        uno_c([1, 2, 3, 4], four, [1, 1, 1, 1], 40, censoring_of([20, 30], [1, 0]))
    with pytest.raises(FitError, match="their mean is 0"):
        calibration_at([0.0] * 4, four, [1, 0, 0, 0], 30)
    with pytest.raises(FitError, match="cannot be compared"):
        calibration_at([5e-324] * 4, four, [1, 0, 0, 0], 30)
    with pytest.raises(TooFewEventsError, match="there is no row"):
        harrell_c([], [], [])
    with pytest.raises(TooFewEventsError, match="nobody is ranked"):
        precision([], [], 3)


def test_once_everybody_has_ended_any_horizon_is_known():
    assert brier_at([1.0, 0.0], [10, 20], [1, 2], 365) == 0.0
    assert incidence([10, 20, 20], [1, 2, 1], [365]).tolist() == pytest.approx([2 / 3])


def test_numbers_that_are_none_are_refused_by_their_row():
    for wrong in (
        lambda: harrell_c([1, np.nan], [1, 2], [1, 0]),
        lambda: auc_at([1, np.inf], [1, 2], [1, 0], 2),
        lambda: capture([1, 2], [1, np.nan], 1),
        lambda: brier_at([0.1, np.nan], [1, 2], [1, 0], 2),
    ):
        with pytest.raises(ValueError, match="row 2 is not a finite number"):
            wrong()
    with pytest.raises(ValueError, match="one value for each"):
        harrell_c([1, 2, 3], [1, 2], [1, 0])
    with pytest.raises(ValueError, match="stop and end need one value"):
        harrell_c([1, 2], [1, 2], [1])
    for wrong in (
        lambda: brier_at(1.1, [1], [1], 1),
        lambda: calibration_at([-0.1], [1], [1], 1),
        lambda: net_benefit([-0.1], [1], [1], 1, [0.5]),
        lambda: net_benefit([1.1], [1], [1], 1, [0.5]),
    ):
        with pytest.raises(ValueError, match="a risk is a probability"):
            wrong()
    with pytest.raises(ValueError, match="both excluded"):
        net_benefit([0.1], [1], [1], 1, [1.0])
    with pytest.raises(ValueError, match="whole days"):
        incidence([1.5, 2.0], [1, 0], [1])
    with pytest.raises(ValueError, match="cannot be negative"):
        capture([1, 2], [1, -1], 1)
    for measure in (harrell_c, lambda *rows, weight: uno_c(*rows, 2, weight=weight)):
        with pytest.raises(ValueError, match="a weight cannot be negative"):
            measure([1, 2], [1, 2], [1, 0], weight=[1, -1])
    with pytest.raises(ValueError, match="one place or more"):
        capture([1, 2], [1, 1], 0)
