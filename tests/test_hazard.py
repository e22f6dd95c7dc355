"""The discrete-time hazard: unbiased under censoring, the same bits everywhere, and taken apart exactly."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from rfgscore.errors import ConfigError, FitError, FollowUpError, NotFittedError, TooFewEventsError
from rfgscore.escalation.models.hazard import EDGES, DiscreteHazard, flattened, person_periods
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import CENSORED, DEATH, EVENT, Covariates, Episodes
from rfgscore.escalation.trees import (
    contributions_of_trees,
    events_in_leaves,
    hazard_of_trees,
    log_odds_of_trees,
    splits_against,
)


def episodes_of(start, stop, end) -> Episodes:
    n = len(stop)
    return Episodes(
        np.arange(n, dtype=np.int64),
        np.zeros(n, np.int32),
        np.asarray(start, np.int32),
        np.asarray(stop, np.int32),
        np.asarray(end, np.int8),
    )


def covariates_of(values, monotone=None) -> Covariates:
    names = tuple(f"column{at}" for at in range(values.shape[1]))
    return Covariates(names, values, monotone or (0,) * len(names), names)


def invented(n=6000, *, seed=1, censored=250.0, late=0.3, dying=0.0, until=730):
    """Days to an event of constant hazard, seen under censoring, late entry and death."""
    draw = np.random.default_rng(seed)
    values = np.column_stack(
        [draw.poisson(2, n).astype(float), draw.normal(size=n).round(3), draw.integers(0, 2, n) * 1.0]
    )
    rate = np.exp(0.3 * values[:, 0] - 0.4 * values[:, 1]) / 900
    event = np.ceil(draw.exponential(1 / rate))
    death = np.ceil(draw.exponential(1 / dying, n)) if dying else np.full(n, np.inf)
    left = np.minimum(np.ceil(draw.exponential(censored, n)), until)
    start = np.where(draw.random(n) < late, draw.integers(0, 120, n), 0)
    stop = np.minimum(np.minimum(event, death), left)
    end = np.where(event <= np.minimum(death, left), EVENT, np.where(death <= left, DEATH, CENSORED))
    seen = stop > start
    known = covariates_of(values[seen], (1, -1, 0))
    return known, episodes_of(start[seen], stop[seen], end[seen]), rate[seen]


SMALL = {"max_iter": 40, "min_samples_leaf": 50}


@pytest.fixture(scope="module")
def fitted():
    known, episodes, rate = invented(dying=1 / 2000)
    return DiscreteHazard(**SMALL).fit(known, episodes, 365), known, episodes, rate


def same(one, other) -> bool:
    return sorted(one) == sorted(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


# --- the days at risk -------------------------------------------------------------------------------


def test_person_periods_count_every_day_at_risk_and_every_event_once():
    known, episodes, _ = invented(500)
    edges = np.array([0, *EDGES[:7], 700])
    row, period, days, event = person_periods(episodes, edges)
    assert np.array_equal(
        np.bincount(row, days, len(known)), np.minimum(episodes.stop, 700) - np.minimum(episodes.start, 700)
    )
    ended = episodes.event & (episodes.stop <= 700)
    assert np.array_equal(np.bincount(row, event, len(known)), ended)
    where = np.searchsorted(edges, episodes.stop[row[event]]) - 1
    assert np.array_equal(period[event], where)


def test_an_end_on_the_last_day_of_a_period_belongs_to_it():
    row, period, days, event = person_periods(
        episodes_of([0, 29, 30], [30, 31, 60], [1, 1, 1]), np.array([0, 30, 60])
    )
    assert list(zip(row, period, days, event, strict=True)) == [
        (0, 0, 30, True),
        (1, 0, 1, False),
        (1, 1, 1, True),
        (2, 1, 30, True),
    ]


def test_without_anything_to_split_on_the_hazard_is_events_by_days_at_risk():
    known, episodes, _ = invented(3000, censored=60)
    same_for_all = covariates_of(np.ones((len(known), 1)))
    model = DiscreteHazard(edges=(), max_iter=5).fit(same_for_all, episodes)
    days, events = int((episodes.stop - episodes.start).sum()), int(episodes.event.sum())
    risk = model.predict(same_for_all.take(np.arange(1)), [1, 100])[0]
    assert risk == pytest.approx([events / days, 1 - (1 - events / days) ** 100], rel=1e-9)


@pytest.mark.parametrize(("censored", "late"), [(1e6, 0.0), (60.0, 0.0), (60.0, 0.9)])
def test_heavy_censoring_and_late_entry_do_not_move_the_risk(censored, late):
    known, episodes, rate = invented(20_000, seed=4, censored=censored, late=late)
    model = DiscreteHazard(max_iter=60).fit(known, episodes, 180)
    for day in (30, 90, 180):
        truth = 1 - np.exp(-rate * day)
        risk = model.predict(known, [day])[:, 0]
        # Three standard errors of a hazard learnt from that many events, and what shrinking takes.
        allowed = 3 / np.sqrt((episodes.event & (episodes.stop <= day)).sum()) + 0.01
        assert abs(risk.mean() / truth.mean() - 1) < allowed
        assert np.corrcoef(risk, truth)[0, 1] > 0.9


def test_hazards_that_fall_with_time_are_followed():
    draw = np.random.default_rng(3)
    time = np.ceil(400 * draw.weibull(0.6, 8000))
    values = covariates_of(draw.normal(size=(8000, 1)))
    model = DiscreteHazard().fit(values, episodes_of(np.zeros(8000), np.minimum(time, 400), time <= 400))
    mean = model.predict(values, [30, 90, 180, 365]).mean(axis=0)
    assert mean == pytest.approx([(time <= day).mean() for day in (30, 90, 180, 365)], abs=0.01)


def test_deaths_leave_less_to_happen(fitted):
    model, known, _, _ = fitted
    free = Predictor("trees", known.names, model.predictor.arrays, 365)
    assert model.predictor.competing is not None and len(model.predictor.competing) == 366
    with_death, without = model.predict(known, [365]), free.risk(known, [365])
    assert (with_death < without).all() and (with_death > 0.7 * without).all()


# --- the same bits ----------------------------------------------------------------------------------


def boosted(leaves: int, threads: int = 1, trees: int = 25):
    from sklearn.ensemble import HistGradientBoostingClassifier

    draw = np.random.default_rng(leaves)
    values = np.column_stack([draw.normal(size=(3000, 3)), draw.integers(0, 5, 3000)])
    event = draw.random(3000) < 1 / (1 + np.exp(3 - values[:, 0] - 0.3 * values[:, 3]))
    booster = HistGradientBoostingClassifier(
        max_leaf_nodes=leaves, max_iter=trees, monotonic_cst=[1, 0, 0, 0]
    )
    with threadpool_limits(threads, user_api="openmp"):
        return booster.fit(values, event, draw.integers(1, 60, 3000)), values


@pytest.mark.parametrize("leaves", [2, 8, 31])
def test_numpy_gives_what_scikit_learn_gives_to_the_bit(leaves):
    booster, values = boosted(leaves)
    arrays = {**flattened(booster), "edges": np.array([0, 5, 10, 20, 30, 60])}
    asked = np.concatenate([values[:500, :3], np.full((1, 3), 1e9), arrays["threshold"][:3][None, :]])
    for period, odds in enumerate(log_odds_of_trees(arrays, asked)):
        rows = np.column_stack([asked, np.full(len(asked), period)])
        with threadpool_limits(1, user_api="openmp"):
            assert odds.tobytes() == booster.decision_function(rows).tobytes()


def test_the_order_of_rows_does_not_change_a_bit(fitted):
    model, known, episodes, _ = fitted
    mixed = np.random.default_rng(0).permutation(len(known))
    again = DiscreteHazard(**SMALL).fit(known.take(mixed), episodes.take(mixed), 365)
    assert same(again.predictor.arrays, model.predictor.arrays)
    assert again.predictor.competing.tobytes() == model.predictor.competing.tobytes()


def test_threads_would_not_change_a_bit():
    assert same(flattened(boosted(8, 1, 5)[0]), flattened(boosted(8, 2, 5)[0]))


def test_a_row_alone_gets_what_it_gets_among_others(fitted):
    model, known, _, _ = fitted
    all_days = np.arange(366)
    together = hazard_of_trees(model.predictor.arrays, known.values[:50], all_days)
    for row in range(50):
        alone = hazard_of_trees(model.predictor.arrays, known.values[row : row + 1], all_days)
        assert alone.tobytes() == together[row : row + 1].tobytes()
    assert (np.diff(together) >= 0).all() and (together[:, 0] == 0).all()


# --- what is told -----------------------------------------------------------------------------------


def test_contributions_add_up_from_the_average_row(fitted):
    model, known, _, _ = fitted
    arrays, days = model.predictor.arrays, np.diff(model.predictor.arrays["edges"])
    told = model.explain(known)
    odds = days @ log_odds_of_trees(arrays, known.values) / days.sum()
    average = days @ log_odds_of_trees(arrays, arrays["mean"][None, :]) / days.sum()
    assert np.abs(told.values.sum(axis=1) + average - odds).max() < 1e-12
    assert told.names == known.names and "log odds of a day" in told.scale
    assert (contributions_of_trees(arrays, arrays["mean"][None, :]) == 0).all()


def test_contributions_are_shapley_values(fitted):
    model, known, _, _ = fitted
    arrays, days = model.predictor.arrays, np.diff(model.predictor.arrays["edges"])
    rows = known.values[:40]
    orders = list(permutations(range(3)))
    expected = np.zeros_like(rows)
    for order in orders:
        at = np.tile(arrays["mean"], (len(rows), 1))
        before = days @ log_odds_of_trees(arrays, at) / days.sum()
        for column in order:
            at[:, column] = rows[:, column]
            after = days @ log_odds_of_trees(arrays, at) / days.sum()
            expected[:, column] += (after - before) / len(orders)
            before = after
    assert contributions_of_trees(arrays, rows) == pytest.approx(expected, abs=1e-12)


def test_columns_with_a_direction_never_count_the_other_way(fitted):
    model, known, _, _ = fitted
    moved, mean = model.explain(known).values, model.predictor.arrays["mean"]
    rounding = 1e-12
    assert (moved[known.values[:, 0] > mean[0], 0] >= -rounding).all()
    assert (moved[known.values[:, 1] > mean[1], 1] <= rounding).all()
    higher = known.values.copy()
    higher[:, 0] += 1
    odds = log_odds_of_trees(model.predictor.arrays, known.values)
    assert (log_odds_of_trees(model.predictor.arrays, higher) >= odds).all()


def test_splits_the_wrong_way_are_found(fitted):
    model, _, _, _ = fitted
    arrays = model.predictor.arrays
    splits, against = splits_against(arrays, 0, 1)
    assert splits > 10 and against == 0
    assert splits_against(arrays, 0, -1) == (splits, splits)
    wrong = {**arrays, "value": -arrays["value"]}
    assert splits_against(wrong, 0, 1) == (splits, splits)


def test_every_event_comes_to_one_leaf_of_each_tree(fitted):
    model, known, _, _ = fitted
    arrays = model.predictor.arrays
    rows = np.column_stack([known.values[:100], np.arange(100) % 5])
    counts = events_in_leaves(arrays, rows)
    assert counts.sum() == 100 * 40 and len(counts) == (arrays["feature"] < 0).sum()


def test_the_summary_tells_gains_and_the_columns_that_matter(fitted):
    model, _, _, _ = fitted
    table = model.summary()
    assert list(table.columns) == ["column", "label", "gain", "splits", "monotone"]
    assert table["column"] == ["column0", "column1", "column2", "period"]
    assert table["monotone"] == [1, -1, 0, 0]
    assert sum(table["gain"]) == pytest.approx(1) and min(table["gain"][:2]) > 10 * table["gain"][2]
    assert sum(table["splits"]) == (model.predictor.arrays["feature"] >= 0).sum()


def test_assumptions_are_checked_on_the_training_rows(fitted):
    model, _, episodes, _ = fitted
    table = model.check_assumptions()
    assert list(table.columns) == ["check", "column", "statistic", "p", "size", "holds", "sentence"]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows()]
    directions = [row for row in rows if row["check"] == "direction"]
    assert [row["column"] for row in directions] == ["column0", "column1"]
    assert all(row["holds"] and row["statistic"] == 0 and row["size"] > 0 for row in directions)
    periods = [row for row in rows if row["check"] == "calibration in training"]
    assert len(periods) == 6
    assert sum(row["size"] for row in periods) == (episodes.event & (episodes.stop <= 365)).sum()
    assert all(row["holds"] and abs(row["statistic"] - 1) < 0.2 and 0 <= row["p"] <= 1 for row in periods)
    assert rows[-1]["check"] == "events in a leaf" and rows[-1]["holds"]


def test_a_fit_too_fine_for_its_events_says_so():
    known, episodes, _ = invented(400)
    model = DiscreteHazard(max_iter=20, max_leaf_nodes=60, min_samples_leaf=1, l2_regularization=0.0)
    table = model.fit(known, episodes).check_assumptions()
    assert table["holds"][-1] is False and "emptiest 0" in table["sentence"][-1]


def test_a_period_that_does_not_fit_says_so():
    # One tree, of which a hundredth is taken, stays near the mean of a hazard that stops after 60 days.
    draw = np.random.default_rng(5)
    values = covariates_of(draw.normal(size=(4000, 1)))
    time = np.ceil(draw.exponential(60, 4000))
    episodes = episodes_of(np.zeros(4000), np.where(time <= 60, time, 365), time <= 60)
    table = DiscreteHazard(max_iter=1, learning_rate=0.01).fit(values, episodes).check_assumptions()
    assert table["holds"][0] is False and table["p"][0] < 0.001


# --- refusals ---------------------------------------------------------------------------------------


def test_what_is_asked_too_early_is_named():
    model = DiscreteHazard()
    for ask in (lambda: model.predictor, model.summary, model.check_assumptions):
        with pytest.raises(NotFittedError, match="call fit first"):
            ask()


@pytest.mark.parametrize("edges", [(0, 30), (30, 30), (60, 30), (-1,)])
def test_edges_must_ascend(edges):
    with pytest.raises(ConfigError, match="ascending"):
        DiscreteHazard(edges=edges)


def test_too_little_or_too_short_is_refused_with_the_count():
    known, episodes, _ = invented(800)
    with pytest.raises(FollowUpError, match="5000"):
        DiscreteHazard().fit(known, episodes, 5000)
    few = np.flatnonzero(episodes.event)[:20]
    others = np.flatnonzero(~episodes.event)
    rows = np.concatenate([few, others])
    with pytest.raises(TooFewEventsError, match="20 events"):
        DiscreteHazard().fit(known.take(rows), episodes.take(rows))
    with pytest.raises(TooFewEventsError, match="censored"):
        DiscreteHazard().fit(known.take(others), episodes.take(others))
    early = int(np.sort(episodes.stop[episodes.event])[10])
    with pytest.raises(TooFewEventsError, match="too few for 3 columns"):
        DiscreteHazard().fit(known, episodes, early)
    with pytest.raises(FollowUpError, match="days 1 to 30"):
        late = episodes_of(np.full(800, 40), np.arange(800) % 300 + 41, np.ones(800))
        DiscreteHazard().fit(covariates_of(np.arange(800.0)[:, None]), late)
    with pytest.raises(FitError, match="max_iter"):
        DiscreteHazard(max_iter=0).fit(known, episodes)
    with pytest.raises(FollowUpError, match="0 to"):
        DiscreteHazard(**SMALL).fit(known, episodes, 100).predict(known, [101])


def test_events_after_the_longest_time_are_not_used():
    known, episodes, _ = invented(3000)
    cut = episodes_of(
        episodes.start,
        np.minimum(episodes.stop, 200),
        np.where(episodes.stop > 200, CENSORED, episodes.end),
    )
    one = DiscreteHazard(**SMALL).fit(known, episodes, 200)
    other = DiscreteHazard(**SMALL).fit(known.take(cut.start < 200), cut.take(cut.start < 200), 200)
    numbers = one.predictor.arrays
    assert sorted(numbers["edges"].tolist()) == [0, 30, 60, 90, 180, 200]
    assert one.predict(known, [90, 200]) == pytest.approx(other.predict(known, [90, 200]), rel=0.05)
