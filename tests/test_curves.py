"""Kaplan-Meier and Aalen-Johansen against rational arithmetic and lifelines; groups, checks and refusals."""

from __future__ import annotations

import os
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, CoxPHFitter, KaplanMeierFitter

from rfgscore.errors import FitError, FollowUpError, NotFittedError, TooFewEventsError
from rfgscore.escalation.models.aalen import curve_of, standard_error
from rfgscore.escalation.models.curves import AalenJohansen, KaplanMeier
from rfgscore.escalation.models.leaving import leaving
from rfgscore.escalation.tables import CENSORED, DEATH, EVENT, TRANSFER, Covariates, Episodes

EXAMPLES = int(os.environ.get("RFG_EXAMPLES", "1000"))
MODELS = (KaplanMeier, AalenJohansen)


def episodes(stop, end, start=0, person=None) -> Episodes:
    stop = np.asarray(stop, np.int32)
    person = np.arange(len(stop)) if person is None else np.asarray(person, np.int64)
    start = np.broadcast_to(np.asarray(start, np.int32), stop.shape)
    return Episodes(person, np.zeros_like(stop), start, stop, np.asarray(end, np.int8))


def known(*columns) -> Covariates:
    names = tuple("abc"[: len(columns)])
    return Covariates(names, np.column_stack(columns).astype(np.float64), (0,) * len(names), names)


def random_rows(seed: int, rows: int = 200, ends: int = 4, longest: int = 60):
    random = np.random.default_rng(seed)
    stop = random.integers(1, longest, rows)
    column = random.normal(size=rows)
    return known(column), episodes(stop, random.integers(0, ends, rows))


def exact(rows: Episodes) -> list[tuple[Fraction, Fraction]]:
    """Risk and its variance on each day, by the definitions, row by row and person by person."""
    people = sorted(set(rows.person.tolist()))
    free, risk = Fraction(1), Fraction(0)
    of_free, of_risk = dict.fromkeys(people, Fraction(0)), dict.fromkeys(people, Fraction(0))
    told = [(risk, Fraction(0))]
    listed = list(
        zip(rows.person.tolist(), rows.start.tolist(), rows.stop.tolist(), rows.end.tolist(), strict=True)
    )
    for day in range(1, max(stop for _, _, stop, _ in listed) + 1):
        there = [row for row in listed if row[1] < day <= row[2]]
        some = Fraction(len(there))
        ended = sum(stop == day and end != CENSORED for _, _, stop, end in there) / some
        event = sum(stop == day and end == EVENT for _, _, stop, end in there) / some
        for one in people:
            mine = [row for row in there if row[0] == one]
            my_events = sum(stop == day and end == EVENT for _, _, stop, end in mine)
            my_ends = sum(stop == day and end != CENSORED for _, _, stop, end in mine)
            of_risk[one] += of_free[one] * event + free * (my_events - len(mine) * event) / some
            of_free[one] = of_free[one] * (1 - ended) - free * (my_ends - len(mine) * ended) / some
        risk += free * event
        free *= 1 - ended
        told.append((risk, sum(value**2 for value in of_risk.values())))
    return told


ROW = st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 5), st.integers(0, 3))


@settings(max_examples=max(EXAMPLES // 4, 1), deadline=None, derandomize=True, database=None)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_with_ties_late_entry_and_several_ends_it_equals_rational_arithmetic(given_rows):
    person, start, length, end = (np.array(part) for part in zip(*given_rows, strict=True))
    # Someone is seen on every day and does not end, so there is one curve, not pieces.
    last = int((start + length).max())
    rows = episodes([*(start + length), last], [*end, CENSORED], start=[*start, 0], person=[*person, 7])
    curve = curve_of(rows)
    error = standard_error(rows, curve)
    for day, (risk, variance) in enumerate(exact(rows)):
        assert curve.risk[day] == pytest.approx(float(risk), rel=1e-14, abs=1e-15)
        assert error[day] ** 2 == pytest.approx(float(variance), rel=1e-12, abs=1e-28)


def test_a_curve_worked_by_hand():
    # 10 at risk: one event on day 1; on day 2 two events and a death of 9; one leaves; on day 4 one of 5.
    rows = episodes([1, 2, 2, 2, 3, 4, 5, 5, 5, 5], [1, 1, 1, 2, 0, 1, 0, 0, 0, 0])
    curve = curve_of(rows)
    assert curve.at_risk.tolist() == [0, 10, 9, 6, 5, 4]
    assert curve.risk == pytest.approx([0, 0.1, 0.1 + 0.9 * 2 / 9, 0.3, 0.3 + 0.6 / 5, 0.42], abs=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_kaplan_meier_equals_lifelines(seed):
    columns, rows = random_rows(seed)
    model = KaplanMeier().fit(columns, rows)
    theirs = KaplanMeierFitter().fit(rows.stop, rows.event)
    days = np.arange(model.predictor.longest + 1)
    expected = 1 - theirs.survival_function_at_times(days).to_numpy()
    assert model.predict(columns.take(np.array([0])), days)[0] == pytest.approx(expected, abs=1e-12)
    summary = model.summary()
    bounds = theirs.confidence_interval_survival_function_.loc[summary["time"]].to_numpy()
    inside = np.array(summary["risk"]) < 1
    lower, upper = (np.array(summary[name], float)[inside] for name in ("lower", "upper"))
    assert upper == pytest.approx(1 - bounds[inside, 0], abs=1e-10)
    assert lower == pytest.approx(1 - bounds[inside, 1], abs=1e-10)


def test_kaplan_meier_with_late_entry_equals_lifelines():
    columns, rows = random_rows(5, longest=40)
    start = np.where(np.arange(len(rows)) % 3 == 0, np.minimum(rows.stop - 1, 5), 0)
    rows = episodes(rows.stop, rows.end, start=start)
    theirs = KaplanMeierFitter().fit(rows.stop, rows.event, entry=rows.start)
    days = np.arange(1, int(rows.stop.max()) + 1)
    expected = 1 - theirs.survival_function_at_times(days).to_numpy()
    model = KaplanMeier().fit(columns, rows)
    assert model.predict(columns.take(np.array([0])), days)[0] == pytest.approx(expected, abs=1e-12)


def test_aalen_johansen_equals_lifelines_where_nothing_ties():
    random = np.random.default_rng(3)
    stop, end = random.permutation(np.arange(1, 301)), random.integers(0, 3, 300)
    columns, rows = known(random.normal(size=300)), episodes(stop, end)
    theirs = AalenJohansenFitter(calculate_variance=False).fit(stop, end, event_of_interest=1)
    expected = theirs.cumulative_density_.iloc[:, 0].reindex(np.arange(301)).to_numpy()
    ours = AalenJohansen().fit(columns, rows).predict(columns.take(np.array([0])), np.arange(301))[0]
    assert ours == pytest.approx(expected, abs=1e-12)


def test_without_competing_ends_both_are_one_curve_to_the_bit():
    columns, rows = random_rows(7, ends=2)
    days = np.arange(int(rows.stop.max()) + 1)
    one, other = (model().fit(columns, rows).predict(columns, days) for model in MODELS)
    assert np.array_equal(one, other)


def test_without_late_entry_the_error_is_greenwoods():
    _, rows = random_rows(8, ends=2)
    curve = curve_of(rows)
    n, d = np.maximum(curve.at_risk, 1), curve.ends
    inner = np.divide(d, n * (n - d), out=np.zeros(len(n)), where=n > d)
    greenwood = curve.free * np.sqrt(np.cumsum(inner))
    assert standard_error(rows, curve) == pytest.approx(greenwood, rel=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_people_who_stand_four_times_do_not_narrow_the_interval(model):
    columns, rows = random_rows(9)
    four = np.tile(np.arange(len(rows)), 4)
    once, again = (
        model().fit(columns.take(at), rows.take(at)).summary() for at in (np.arange(len(rows)), four)
    )
    for name in ("time", "risk", "lower", "upper"):
        assert again[name] == pytest.approx(once[name], abs=1e-12)
    assert again["at_risk"] == [4 * n for n in once["at_risk"]]


@pytest.mark.parametrize("model", MODELS)
def test_each_group_has_the_curve_of_its_own_rows(model):
    columns, rows = random_rows(10, rows=300)
    fitted = model(by="a", edges=(-0.5, 0.5)).fit(columns, rows, longest=40)
    group = np.searchsorted([-0.5, 0.5], columns.values[:, 0], side="right")
    got = fitted.predict(columns, [10, 40])
    for number in range(3):
        mine = group == number
        alone = model().fit(columns.take(mine), rows.take(mine), longest=40)
        assert np.array_equal(got[mine], alone.predict(columns.take(mine), [10, 40]))
        # Groups stand below each other, each as it would stand alone.
        whole, own = fitted.summary(), alone.summary()
        name = ("a < -0.5", "-0.5 <= a < 0.5", "a >= 0.5")[number]
        at = [i for i, text in enumerate(whole["group"]) if text == name]
        assert [whole["upper"][i] for i in at] == own["upper"]
        assert set(own["group"]) == {"all"}


def test_a_value_on_an_edge_belongs_to_the_group_above():
    columns = known(np.repeat([1.0, 2.0, 3.0], 10))
    rows = episodes(np.tile(np.arange(1, 11), 3), np.repeat([1, 0, 1], 10))
    fitted = AalenJohansen(by="a", edges=[2]).fit(columns, rows)
    assert fitted.predict(known([1.0, 2.0, 3.0]), [5])[:, 0] == pytest.approx([0.5, 0.29, 0.29], abs=0.01)


def test_everyone_who_had_the_event_is_a_risk_of_one_without_bounds():
    columns, rows = known(np.arange(10.0)), episodes([*range(1, 11)], [1] * 10)
    for model in MODELS:
        fitted = model().fit(columns, rows)
        assert fitted.predict(columns, [10])[:, 0].tolist() == [1.0] * 10
        assert fitted.summary()["upper"][-1] is None and fitted.summary()["lower"][-1] is None
        assert np.isfinite(fitted.explain(columns).values).all()


@pytest.mark.parametrize("model", MODELS)
def test_what_each_group_adds_is_told_against_the_average(model):
    columns, rows = random_rows(12, rows=400)
    assert model().fit(columns, rows).explain(columns).values.shape == (400, 0)
    fitted = model(by="a", edges=[0]).fit(columns, rows, longest=30)
    told = fitted.explain(columns)
    risk = fitted.predict(columns, [30])[:, 0]
    height = np.log(-np.log1p(-risk))
    assert told.names == ("a",) and told.scale == "log of the cumulative hazard by day 30"
    assert told.values[:, 0] - height == pytest.approx(-np.log(-np.log1p(-risk.mean())), abs=1e-12)


def test_a_group_without_an_event_adds_a_finite_amount():
    columns = known(np.repeat([0.0, 1.0], 20))
    rows = episodes(np.tile(np.arange(1, 21), 2), np.repeat([0, 1], 20))
    fitted = AalenJohansen(by="a", edges=[1]).fit(columns, rows, longest=10)
    assert fitted.predict(columns, [10])[0, 0] == 0
    assert np.isfinite(fitted.explain(columns).values).all()


def test_kaplan_meier_says_by_how_much_it_overstates():
    columns, rows = random_rows(13, rows=500)
    checks = KaplanMeier().fit(columns, rows, longest=40).check_assumptions()
    at = checks["check"].index("competing_ends")
    day = columns.take(np.array([0]))
    km, aj = (model().fit(columns, rows).predict(day, [40])[0, 0] for model in MODELS)
    assert checks["size"][at] == pytest.approx(km - aj, abs=1e-12) and km - aj > 0.04
    assert checks["holds"][at] is False
    assert f"{km:.3f}" in checks["sentence"][at] and f"{km - aj:.3f} more" in checks["sentence"][at]
    assert "competing_ends" not in AalenJohansen().fit(columns, rows).check_assumptions()["check"]


def test_few_who_are_left_at_the_end_are_told():
    columns, rows = random_rows(18)
    for longest, fine in ((59, False), (30, True)):
        checks = AalenJohansen().fit(columns, rows, longest=longest).check_assumptions()
        at, left = checks["check"].index("rows_at_the_end"), int((rows.stop >= longest).sum())
        assert (checks["statistic"][at], checks["size"][at], checks["holds"][at]) == (left, left / 200, fine)
        assert checks["sentence"][at] == f"{left} of 200 rows are still under observation on day {longest}"


def test_leaving_that_goes_with_a_column_is_found():
    random = np.random.default_rng(14)
    goes, not_at_all = random.normal(size=2000), random.normal(size=2000)
    leaves = np.ceil(random.exponential(100 * np.exp(-goes)))
    happens = np.ceil(random.exponential(100, 2000))
    stop = np.minimum(np.minimum(leaves, happens), 365)
    end = np.where((happens <= leaves) & (happens <= 365), EVENT, CENSORED)
    fitted = AalenJohansen().fit(known(goes, not_at_all, np.ones(2000)), episodes(stop, end))
    checks = fitted.check_assumptions()
    rows = {
        n: h
        for c, n, h in zip(checks["check"], checks["column"], checks["holds"], strict=True)
        if c == "censoring"
    }
    assert rows == {"a": False, "b": True}  # the third does not vary: nothing to compare
    assert checks["size"][0] > 2 and 0.9 < checks["size"][1] < 1.1


def test_the_test_of_leaving_is_the_robust_score_test_of_a_cox_model():
    """One step from 0 has, for small effects, the estimate of the full fit; and its robust z."""
    random = np.random.default_rng(15)
    column = random.normal(size=3000)
    stop, end = random.integers(1, 1000, 3000), random.integers(0, 2, 3000)
    rows = episodes(stop, end, person=np.arange(3000) // 2)
    statistic, p, step = leaving(column[:, None], rows)
    frame = pd.DataFrame(
        {
            "x": (column - column.mean()) / column.std(),
            "t": 2 * stop - (end != CENSORED),
            "e": end == CENSORED,
            "p": rows.person,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = CoxPHFitter().fit(frame, "t", "e", cluster_col="p").summary.loc["x"]
    assert step[0] == pytest.approx(theirs["coef"], abs=2e-3)
    assert statistic[0] == pytest.approx(theirs["z"] ** 2, rel=0.05)
    assert p[0] == pytest.approx(theirs["p"], rel=0.05)


def test_the_test_of_leaving_equals_its_definition_day_by_day_with_ties_and_late_entry():
    random = np.random.default_rng(17)
    start, length, person = random.integers(0, 4, 60), random.integers(1, 6, 60), np.arange(60) // 3
    rows = episodes(start + length, random.integers(0, 3, 60), start=start, person=person)
    column = random.normal(size=60)
    x = (column - column.mean()) / column.std()
    score, information = np.zeros(60), 0.0
    for day in range(1, 10):
        seen = (rows.start < day) & (rows.stop >= day) & ~((rows.stop == day) & (rows.end != CENSORED))
        if not seen.any():
            continue
        goes = seen & (rows.stop == day)
        rate, away = goes.sum() / seen.sum(), x - x[seen].mean()
        score += seen * away * (goes - rate)
        information += rate * (1 - rate) * (away[seen] ** 2).sum()
    by_person = [score[person == one].sum() for one in range(20)]
    statistic, p, step = leaving(column[:, None], rows)
    assert step[0] == pytest.approx(score.sum() / information, rel=1e-10)
    assert statistic[0] == pytest.approx(score.sum() ** 2 / np.square(by_person).sum(), rel=1e-10)
    assert 0.01 < p[0] < 1


def test_leaving_all_on_the_last_day_compares_nothing():
    stop, end = np.minimum(np.arange(1, 101), 50), np.where(np.arange(1, 101) <= 50, EVENT, CENSORED)
    _, _, step = leaving(np.arange(100.0)[:, None], episodes(stop, end))
    assert np.isnan(step).all()


@pytest.mark.parametrize("model", MODELS)
class TestRefusals:
    def test_before_the_fit(self, model):
        for asked in (
            lambda m: m.predictor,
            lambda m: m.predict(known([1.0]), [1]),
            lambda m: m.summary(),
            lambda m: m.check_assumptions(),
            lambda m: m.explain(known([1.0])),
        ):
            with pytest.raises(NotFittedError, match=f"this {model.__name__} was not fitted; call fit first"):
                asked(model())

    def test_nothing_happened(self, model):
        columns, rows = known(np.arange(20.0)), episodes([*range(1, 21)], [CENSORED, DEATH] * 10)
        with pytest.raises(TooFewEventsError, match="none of 20 episodes ended by the event"):
            model().fit(columns, rows)

    def test_one_time_only(self, model):
        with pytest.raises(FitError, match=r"all 10 events \(event\) fall on day 9"):
            model().fit(known(np.arange(20.0)), episodes([9] * 20, [0, 1] * 10))

    def test_a_day_beyond_the_record(self, model):
        columns, rows = random_rows(1)
        with pytest.raises(FollowUpError, match=r"up to day 365, and nobody .* followed beyond day 59"):
            model().fit(columns, rows, longest=365)
        with pytest.raises(FollowUpError, match="0 to 59 days"):
            model().fit(columns, rows).predict(columns, [60])

    def test_a_group_that_was_not_followed_so_long(self, model):
        columns = known(np.repeat([0.0, 1.0], 20))
        rows = episodes([*range(1, 21), *range(21, 41)], [0, 1] * 20)
        assert model(by="a", edges=[1]).fit(columns, rows).predictor.longest == 20
        with pytest.raises(FollowUpError, match=r"group 'a < 1': .*up to day 30, .*followed beyond day 20"):
            model(by="a", edges=[1]).fit(columns, rows, longest=30)

    def test_an_empty_group_and_a_small_one(self, model):
        columns, rows = random_rows(2)
        with pytest.raises(FitError, match="group 'a >= 99' holds 0 people, and a curve needs at least 10"):
            model(by="a", edges=[99]).fit(columns, rows)
        edge = float(np.sort(columns.values[:, 0])[-3])
        with pytest.raises(FitError, match="holds 3 people"):
            model(by="a", edges=[edge]).fit(columns, rows)

    def test_many_rows_of_few_people(self, model):
        columns, rows = random_rows(2)
        few = episodes(rows.stop, rows.end, person=np.arange(200) % 9)
        with pytest.raises(FitError, match=r"group 'all' holds 9 people.*Take more people"):
            model().fit(columns, few)

    def test_days_on_which_nobody_is_seen(self, model):
        stop, end = [*range(1, 11), *range(21, 31)], [0, 1] * 10
        with pytest.raises(FitError, match="on 5 of 30 days nobody is under observation, on day 11 first"):
            model().fit(known(np.arange(20.0)), episodes(stop, end, start=[0] * 10 + [15] * 10))

    def test_a_curve_that_ends_before_others_enter(self, model):
        stop, end = [5] * 10 + [*range(10, 20)], [1] * 10 + [0, 1] * 5
        with pytest.raises(FitError, match="on day 5 everyone under observation has come to an end"):
            model().fit(known(np.arange(20.0)), episodes(stop, end, start=[0] * 10 + [5] * 10))

    def test_groups_that_make_no_sense(self, model):
        for by, edges in ((None, [1]), ("a", [])):
            with pytest.raises(FitError, match="both `by`, a column, and `edges`"):
                model(by=by, edges=edges)
        for edges in ([2, 1], [1, 1], [float("nan")], [float("inf")]):
            with pytest.raises(FitError, match="edges must rise"):
                model(by="a", edges=edges)

    def test_rows_that_do_not_pair(self, model):
        columns, rows = random_rows(2)
        with pytest.raises(FitError, match="3 rows of columns and 200 episodes"):
            model().fit(columns.take(np.arange(3)), rows)
        values = columns.values.copy()
        values[7] = np.nan
        with pytest.raises(FitError, match=r"missing or beyond .* in: a"):
            model().fit(known(values[:, 0]), rows)
        with pytest.raises(KeyError):
            model(by="height", edges=[1]).fit(columns, rows)


def test_all_competing_ends_are_one_to_the_curve():
    columns, rows = random_rows(16)
    same = episodes(rows.stop, np.where(rows.end == TRANSFER, DEATH, rows.end))
    one, other = (AalenJohansen().fit(columns, given).predictor.arrays["risk"] for given in (rows, same))
    assert np.array_equal(one, other)
