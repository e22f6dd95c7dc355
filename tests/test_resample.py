"""The paired bootstrap: the same draws for all, whatever the threads, and intervals that hold the truth."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.backtests.metrics.auc import auc_of
from rfgscore.backtests.metrics.brier import brier_at, brier_terms
from rfgscore.backtests.metrics.capture import capture, precision
from rfgscore.backtests.metrics.censoring import Known, known_at, reaches
from rfgscore.backtests.metrics.concordance import harrell_c, uno_c, uno_factor
from rfgscore.backtests.resample import (
    Captured,
    auc_replicates,
    capture_replicates,
    copies_of,
    harrell_replicates,
    interval,
    mean_replicates,
)
from rfgscore.errors import TooFewEventsError

EXAMPLES = max(60, int(os.environ.get("RFG_EXAMPLES", "0")) // 5)
examples = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)


def people(seed, n=300):
    """Draw three rankings, one with ties, and stops and ends that depend on them."""
    draw = np.random.default_rng(seed)
    score = draw.normal(size=n)
    event, watched = draw.exponential(300 * np.exp(-0.8 * score)), draw.uniform(50, 500, n)
    stop = np.ceil(np.minimum(event, watched))
    end = np.where(draw.random(n) < 0.05, 2, event <= watched).astype(np.int8)
    noisy = score + draw.normal(size=n)
    return np.stack([score, noisy, np.round(noisy)]), stop, end


@st.composite
def tables(draw):
    """A few rows: a ranking, stops, ends, amounts, and copies in two resamples."""
    n = draw(st.integers(2, 9))

    def column(values):
        return np.array(draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)))

    copies = np.stack([column([0, 0, 1, 1, 2, 3]) for _ in range(2)]).astype(np.int8)
    return column([0.0, 1.0, 2.0]), column([1, 2, 3]), column([0, 1, 2]), column([0.0, 1.0, 4.0]), copies


def or_nan(measure):
    try:
        return measure()
    except TooFewEventsError:
        return math.nan


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


# Draws.


def test_a_person_is_drawn_alike_whoever_else_is_there():
    persons = np.array([7, 0, 41, 12])
    every = copies_of(3, np.arange(50), 6)
    assert (copies_of(3, persons, 6) == every[:, persons]).all()
    assert (copies_of(3, persons, 4) == every[:4, persons]).all()
    assert (copies_of(3, persons, 6, threads=3) == every[:, persons]).all()
    assert (copies_of(4, np.arange(50), 6) != every).any()
    assert every.dtype == np.int8
    assert copies_of(3, [], 2).shape == (2, 0)


def test_draws_are_those_of_a_poisson_of_mean_1():
    found = np.bincount(copies_of(0, np.arange(20_000), 25).reshape(-1), minlength=8)
    expected = 500_000 * np.array([math.exp(-1) / math.factorial(m) for m in range(7)])
    expected = np.append(expected, 500_000 - expected.sum())
    counts = np.append(found[:7], found[7:].sum())
    # Chi-square of 7 degrees of freedom: above 24.3 once in a thousand.
    assert ((counts - expected) ** 2 / expected).sum() < 24.3


def test_people_and_resamples_are_drawn_independently():
    copies = copies_of(5, np.arange(4000), 40).astype(float)
    across = np.corrcoef(copies)
    assert np.abs(across[np.triu_indices(40, 1)]).max() < 5 / math.sqrt(4000)
    assert abs(np.corrcoef(copies[:, :-1].reshape(-1), copies[:, 1:].reshape(-1))[0, 1]) < 5 / math.sqrt(
        160_000
    )


# Replicates are the measures of the people drawn.


@examples
@given(tables(), st.integers(1, 3))
def test_a_replicate_of_the_auc_is_that_of_the_copies(rows, time):
    score, stop, end, _, copies = rows
    if not reaches(stop, end, time):
        return
    known = known_at(stop, end, time)
    expected = []
    for drawn in copies:
        again = np.repeat(np.arange(len(score)), drawn)
        part = Known(known.time, known.case[again], known.weight[again])
        expected.append(
            or_nan(lambda at=again, part=part: auc_of(score[at], part)) if len(again) else math.nan
        )
    same(auc_replicates([score, -score], known, copies), [expected, 1 - np.array(expected)])


@examples
@given(tables())
def test_a_replicate_of_c_is_that_of_the_copies(rows):
    score, stop, end, _, copies = rows
    factor = uno_factor(stop, end, 2)
    harrell = [or_nan(lambda w=drawn: harrell_c(score, stop, end, w)) for drawn in copies]
    uno = [or_nan(lambda w=drawn: uno_c(score, stop, end, 2, weight=w)) for drawn in copies]
    same(harrell_replicates([score], stop, end, copies), [harrell])
    same(harrell_replicates([score], stop, end, copies, factor=factor), [uno])


@examples
@given(tables(), st.integers(1, 9), st.integers(1, 9))
def test_a_replicate_of_capture_is_that_of_the_copies(rows, one, two):
    score, _, _, amount, copies = rows
    n = len(score)
    tops = [min(one, n), min(two, n)]
    found = capture_replicates([score], [amount, amount > 0], tops, copies)
    for at, drawn in enumerate(copies):
        again = np.repeat(np.arange(n), drawn)
        # A top that is no whole number of the people drawn lies between two that are.
        for top, k in enumerate(tops):
            places = k * len(again) / n
            assert found.places[top, at] == pytest.approx(places, abs=1e-12)
            low, share = math.floor(places + 1e-9), max(0.0, places - math.floor(places + 1e-9))
            for what, caused in enumerate((amount[again], (amount > 0)[again].astype(float))):
                ends = [taken(score[again], caused, k) for k in (low, low + 1)]
                same(found.taken[0, top, what, at], ends[0] + share * (ends[1] - ends[0]))
                same(found.total[what, at], caused.sum())


def taken(score, caused, k):
    """What the top causes, by the mean of a person of each score."""
    total = 0.0
    for level in sorted(set(score), reverse=True):
        there = score == level
        total += caused[there].mean() * min(k, int(there.sum()))
        k -= min(k, int(there.sum()))
    return total


def test_once_each_a_replicate_is_the_measure_itself():
    scores, stop, end = people(1)
    n = len(stop)
    once, known = np.ones((1, n), np.int8), known_at(stop, end, 200)
    same(auc_replicates(scores, known, once)[:, 0], [auc_of(score, known) for score in scores])
    same(harrell_replicates(scores, stop, end, once)[:, 0], [harrell_c(score, stop, end) for score in scores])
    amounts = np.stack([known.case, known.case * np.arange(n)]).astype(float)
    found = capture_replicates(scores, amounts, [50, 10, n], once)
    for rank, score in enumerate(scores):
        for top, k in enumerate((50, 10, n)):
            same(found.share[rank, top, :, 0], [capture(score, amount, k) for amount in amounts])
            same(found.mean[rank, top, 0, 0], precision(score, known.case, k))
    same(mean_replicates([brier_terms(0.3, known)], once), [[brier_at(0.3, stop, end, 200)]])


def test_threads_change_no_bit():
    scores, stop, end = people(2, n=100)
    known, copies = known_at(stop, end, 200), copies_of(9, np.arange(len(stop)), 60)
    amounts = np.random.default_rng(0).random((2, len(stop)))
    one, three = (
        (
            auc_replicates(scores, known, copies, threads),
            harrell_replicates(scores, stop, end, copies, threads),
            capture_replicates(scores, amounts, [10, 30], copies, threads).share,
            mean_replicates(amounts, copies, threads),
        )
        for threads in (1, 3)
    )
    for alone, together in zip(one, three, strict=True):
        assert alone.tobytes() == together.tobytes()


# Intervals.


def test_differences_are_paired():
    scores, stop, end = people(3)
    known, copies = known_at(stop, end, 200), copies_of(9, np.arange(len(stop)), 200)
    best, noisy, _ = auc_replicates(
        np.concatenate([scores[:1], scores[:1] + 0.01 * scores[1:2], scores[2:]]), known, copies
    )
    lower, upper = interval(best - noisy)
    assert upper - lower < 0.2 * np.subtract(*interval(best)[::-1])
    assert lower < auc_of(scores[0], known) - auc_of(scores[0] + 0.01 * scores[1], known) < upper


@pytest.mark.compiled
def test_a_95_percent_interval_holds_the_truth_95_times_in_100():
    # Scores of cases lie one standard deviation above those of the rest: the area is P(N(1, 2) > 0).
    truth, draw, held = 0.5 * math.erfc(-0.5), np.random.default_rng(17), 0
    rounds, n = 150, 160
    copies = copies_of(0, np.arange(n), 200)
    for _ in range(rounds):
        case = np.arange(n) < 60
        score = draw.normal(size=n) + case
        lower, upper = interval(auc_replicates([score], Known(365, case, np.ones(n)), copies)[0])
        held += lower < truth < upper
    # Four standard errors on either side.
    assert abs(held / rounds - 0.95) < 4 * math.sqrt(0.95 * 0.05 / rounds)


def test_an_interval_passes_over_few_resamples_without_a_value_and_no_more():
    values = np.linspace(0, 1, 100)
    values[:5] = math.nan
    assert interval(values) == pytest.approx(tuple(np.quantile(values[5:], [0.025, 0.975])))
    values[5] = math.nan
    with pytest.raises(TooFewEventsError, match="6 of 100 resamples"):
        interval(values)
    with pytest.raises(TooFewEventsError, match="0 of 0 resamples"):
        interval([])


def test_a_resample_in_which_nothing_happens_has_no_value():
    drawn = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 0]], np.int8)
    known = known_at([10, 20, 20], [1, 0, 0], 20)
    scores = [[3.0, 1.0, 2.0]]
    assert np.isnan(auc_replicates(scores, known, drawn)).tolist() == [[False, True, True]]
    assert np.isnan(harrell_replicates(scores, [10, 20, 20], [1, 0, 0], drawn)).tolist() == [
        [False, True, True]
    ]
    found = capture_replicates(scores, [[1, 0, 0]], [1], drawn)
    assert np.isnan(found.share).tolist() == [[[[False, True, True]]]]
    assert np.isnan(found.mean).tolist() == [[[[False, False, True]]]]
    assert np.isnan(mean_replicates(scores, drawn)).tolist() == [[False, False, True]]
    assert isinstance(found, Captured)


def test_tables_that_do_not_fit_are_refused():
    drawn, known = np.ones((1, 2), np.int8), known_at([10, 20], [1, 0], 20)
    with pytest.raises(ValueError, match="a column for each of the 2 rows"):
        auc_replicates([1, 2], known, drawn)
    with pytest.raises(ValueError, match="a column for each of the 2 rows"):
        auc_replicates([[1, 2]], known, np.ones((1, 3), np.int8))
    with pytest.raises(ValueError, match="from 1 to 2 places"):
        capture_replicates([[1, 2]], [[1, 1]], [3], drawn)
    with pytest.raises(ValueError, match="cannot be negative"):
        capture_replicates([[1, 2]], [[1, -1]], [1], drawn)
    with pytest.raises(ValueError, match="row 2 is not a finite number"):
        auc_replicates([[1, 2], [1, np.nan]], known, drawn)
