"""Cox and Weibull regression against lifelines and plain sums; R's figures stand in test_golden.py."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import warnings
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, WeibullAFTFitter, datasets
from lifelines.exceptions import ConvergenceError, ConvergenceWarning

from rfgscore.errors import ConfigError, FitError, FollowUpError, NotFittedError, TooFewEventsError
from rfgscore.escalation.models.cox import Cox
from rfgscore.escalation.models.estimates import by_person, strict
from rfgscore.escalation.models.partial import PartialLikelihood, RiskSets, maximum
from rfgscore.escalation.models.weibull import WeibullAFT, _Likelihood, _polished
from rfgscore.escalation.tables import Covariates, Episodes

#: Published sets: time (what a day is multiplied by), event, columns.
SETS = {
    "rossi": (("week", 1), "arrest", ("fin", "age", "race", "wexp", "mar", "paro", "prio")),
    "lung": (("time", 1), "status", ("age", "sex", "ph.ecog", "wt.loss")),
    "gbsg2": (("time", 1), "cens", ("age", "tsize", "pnodes", "progrec", "estrec")),
    "larynx": (("time", 10), "death", ("age", "Stage_II", "Stage_III", "Stage_IV")),
    "kidney_transplant": (("time", 1), "death", ("age", "black_male", "white_male", "black_female")),
    "drawn": (("time", 1), "event", ("a", "b", "c")),
    "late": (("time", 1), "event", ("a", "b", "c")),
}
PENALISED = (("rossi", 0.1), ("late", 0.01))
#: Until nothing moves; lifelines would stop earlier.
TO_THE_END = {"precision": 1e-20, "r_precision": 0.0}


def drawn(rows=500, seed=2, people=None, shape=1.0):
    """Invented rows with ties, of which some enter late."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, 3)) * [1, 10, 0.1] + [0, 50, 0]
    move = values @ [0.5, -0.03, 2]
    time = np.ceil(40 * draw.weibull(shape, rows) * np.exp(-(move - move.mean()) / shape)).astype(int)
    censored = draw.integers(1, 90, rows)
    stop = np.minimum(time, censored)
    frame = pd.DataFrame(values, columns=["a", "b", "c"])
    frame["time"], frame["event"] = stop, (time <= censored).astype(int)
    frame["start"] = np.where(draw.random(rows) < 0.5, 0, stop // 3)
    frame["person"] = draw.integers(0, people, rows) if people else np.arange(rows)
    return frame


@lru_cache
def data(name):
    """The set as lifelines takes it (time, event, columns, start where rows enter late), and as we do."""
    (time, times), event, columns = SETS[name]
    frame = drawn() if name in ("drawn", "late") else getattr(datasets, f"load_{name}")()
    frame = frame[[time, event, *columns, *(["start"] if name == "late" else [])]].dropna()
    frame[time] = (frame[time] * times).round().astype(int)
    frame = frame[frame[time] > 0].reset_index(drop=True).astype(float)
    frame = frame.rename(columns={time: "time", event: "event"})
    return frame, *taken(frame, columns)


def taken(frame, columns=("a", "b", "c"), end=None):
    stop = frame["time"].to_numpy(np.int32)
    start = frame["start"].to_numpy(np.int32) if "start" in frame else stop * 0
    person = frame["person"].to_numpy(np.int64) if "person" in frame else np.arange(len(frame))
    values = frame[list(columns)].to_numpy(float)
    known = Covariates(tuple(columns), values, (0,) * len(columns), ("",) * len(columns))
    ended = frame["event"].to_numpy(np.int8) if end is None else end
    return known, Episodes(person, stop * 0, start, stop, ended, outcome="repeat")


def fit_lifelines(fitter, frame, **options):
    entry = "start" if "start" in frame else None
    return fitter.fit(frame, "time", "event", entry_col=entry, **options)


def times_of(episodes):
    """Days on which a row ended: between them lifelines draws straight lines, where nothing happened."""
    return np.quantile(np.unique(episodes.stop), [0, 0.25, 0.5, 0.9, 1], method="nearest").tolist()


def nothing_held(model, rows):
    """No array as long as the training rows hangs on a fitted model."""
    arrays = list(model.predictor.arrays.values())
    return set(vars(model)) == {
        "penalizer",
        "min_events_per_column",
        "separating",
        "_fitted",
    } and rows not in map(len, arrays)


class TestCox:
    @pytest.mark.parametrize(("name", "penalizer"), [*((name, 0.0) for name in SETS), *PENALISED])
    def test_estimates_are_those_of_lifelines(self, name, penalizer):
        frame, known, episodes = data(name)
        theirs = fit_lifelines(CoxPHFitter(penalizer=penalizer), frame, fit_options=TO_THE_END)
        ours = Cox(penalizer=penalizer, min_events_per_column=1).fit(known, episodes).summary()
        expected = theirs.summary.loc[list(known.names)]
        for mine, its in {
            "coefficient": "coef",
            "se": "se(coef)",
            "lower": "coef lower 95%",
            "upper": "coef upper 95%",
            "hazard_ratio": "exp(coef)",
            "p": "p",
        }.items():
            scale = expected["se(coef)"].to_numpy() if mine in ("coefficient", "lower", "upper") else 1.0
            theirs = expected[its].to_numpy() / scale
            assert np.array(ours[mine]) / scale == pytest.approx(theirs, rel=1e-7, abs=1e-7)

    @pytest.mark.parametrize("name", [name for name in SETS if name != "late"])
    def test_predictions_are_those_of_lifelines_to_the_last_digits(self, name):
        frame, known, episodes = data(name)
        model = Cox(min_events_per_column=1).fit(known, episodes)
        start = model.predictor.arrays["coefficient"] * known.values.std(axis=0, ddof=1)
        theirs = fit_lifelines(CoxPHFitter(), frame, initial_point=start)  # from where it will not move
        times = times_of(episodes)
        survival = theirs.predict_survival_function(frame, times).to_numpy().T
        assert model.predict(known, times) == pytest.approx(1 - survival, rel=1e-11, abs=1e-13)
        hazard = theirs.predict_cumulative_hazard(frame, times).to_numpy().T
        assert -np.log1p(-model.predict(known, times)) == pytest.approx(hazard, rel=1e-10, abs=1e-13)

    def test_late_rows_are_not_at_risk_before_they_enter(self):
        """lifelines counts them in its baseline from the first day, so the plain sum is right."""
        _, known, episodes = data("late")
        model = Cox().fit(known, episodes)
        arrays = model.predictor.arrays
        ratio = np.exp((known.values - arrays["mean"]) @ arrays["coefficient"])
        baseline = [0.0]
        for day in range(1, episodes.stop.max() + 1):
            at_risk = (episodes.start < day) & (day <= episodes.stop)
            fell = int((episodes.event & (episodes.stop == day)).sum())
            baseline.append(baseline[-1] + (fell / ratio[at_risk].sum() if fell else 0))
        assert arrays["baseline"] == pytest.approx(baseline, rel=1e-12)

    def test_competing_ends_rule_the_event_out(self):
        frame = drawn(seed=4)
        draw = np.random.default_rng(4)
        end = np.where(frame["event"] == 1, draw.choice([1, 1, 2, 3], len(frame)), 0).astype(np.int8)
        known, episodes = taken(frame.drop(columns="start"), end=end)
        model = Cox().fit(known, episodes)
        arrays, times = model.predictor.arrays, times_of(episodes)
        others = [0.0]
        for day in range(1, times[-1] + 1):
            ended = int(((episodes.stop == day) & (episodes.end > 1)).sum())
            others.append(others[-1] + (ended / (episodes.stop >= day).sum() if ended else 0))
        for row in range(0, len(known), 37):
            ratio = np.exp((known.values[row] - arrays["mean"]) @ arrays["coefficient"])
            free, risk, by_day = 1.0, 0.0, [0.0]
            for day in range(1, times[-1] + 1):
                mine = ratio * (arrays["baseline"][day] - arrays["baseline"][day - 1])
                both = mine + others[day] - others[day - 1]
                if both:
                    risk += free * (1 - np.exp(-both)) * mine / both
                free *= np.exp(-both)
                by_day.append(risk)
            expected = [by_day[time] for time in times]
            assert model.predict(known.take(np.array([row])), times)[0] == pytest.approx(expected, rel=1e-10)
        alone = Cox().fit(*taken(frame.drop(columns="start"), end=np.where(end == 1, 1, 0).astype(np.int8)))
        assert np.array_equal(alone.predictor.arrays["baseline"], arrays["baseline"])
        assert (alone.predict(known, times[-1:]) > model.predict(known, times[-1:])).all()

    def test_errors_by_person_are_those_of_lifelines_where_nothing_ties(self):
        frame = drawn(seed=6, people=120).drop(columns="start")
        frame["time"] = frame["time"] * 1000 + np.arange(len(frame))
        model = Cox().fit(*taken(frame))
        theirs = fit_lifelines(CoxPHFitter(), frame, cluster_col="person", fit_options=TO_THE_END)
        assert model.summary()["se"] == pytest.approx(
            theirs.standard_errors_[["a", "b", "c"]].tolist(), rel=1e-8
        )
        alone = frame.assign(person=np.arange(len(frame)))
        assert Cox().fit(*taken(alone)).summary()["se"] == pytest.approx(
            np.sqrt(np.diag(theirs.variance_matrix_)), rel=1e-8
        )

    def test_row_order_changes_nothing(self):
        frame = drawn(seed=7, people=150)
        other = frame.sample(frac=1, random_state=1)
        one, two = Cox().fit(*taken(frame)), Cox().fit(*taken(other))
        for name, array in one.predictor.arrays.items():
            assert np.array_equal(array, two.predictor.arrays[name])
        for table in ("summary", "check_assumptions"):
            mine, its = getattr(one, table)(), getattr(two, table)()
            assert {name: mine[name] for name in mine.columns} == {name: its[name] for name in its.columns}

    def test_scale_of_a_column_is_no_matter(self):
        frame = drawn(seed=8)
        plain = Cox().fit(*taken(frame)).summary()
        other = Cox().fit(*taken(frame.assign(a=frame["a"] * 1e7 + 1e9, b=frame["b"] * 1e-7))).summary()
        for cell in ("coefficient", "se"):
            assert np.array(other[cell]) * [1e7, 1e-7, 1] == pytest.approx(plain[cell], rel=1e-6)
        assert other["p"] == pytest.approx(plain["p"], rel=1e-5)

    def test_columns_left_out_are_told_and_not_asked_for(self):
        frame = drawn(seed=9).assign(flat=1.0, again=lambda rows: 1 - rows["a"])
        model = Cox().fit(*taken(frame, ("a", "flat", "b", "again", "c")))
        assert model.predictor.columns == ("a", "b", "c")
        assert model.dropped == (
            ("flat", "the same in every row"),
            ("again", "repeats a (correlation -1)"),
        )
        plain = Cox().fit(*taken(frame))
        assert np.array_equal(plain.predictor.arrays["coefficient"], model.predictor.arrays["coefficient"])

    def test_contributions_add_up_to_the_hazard_ratio(self):
        known, episodes = taken(drawn(seed=10))
        model = Cox().fit(known, episodes)
        parts = model.explain(known)
        assert parts.names == known.names
        assert parts.values.mean(axis=0) == pytest.approx(0, abs=1e-12)
        day = times_of(episodes)[2]
        hazard = -np.log1p(-model.predict(known, [day])[:, 0])
        expected = np.log(hazard / model.predictor.arrays["baseline"][day])
        assert parts.values.sum(axis=1) == pytest.approx(expected, rel=1e-9, abs=1e-9)

    def test_no_row_is_kept(self):
        known, episodes = taken(drawn(seed=11))
        assert nothing_held(Cox().fit(known, episodes), len(known))

    def test_longest_day(self):
        known, episodes = taken(drawn(seed=12))
        model = Cox().fit(known, episodes, 30)
        whole = Cox().fit(known, episodes)
        assert len(model.predictor.arrays["baseline"]) == 31
        assert np.array_equal(model.predict(known, [0, 30]), whole.predict(known, [0, 30]))
        with pytest.raises(FollowUpError):
            model.predict(known, [31])
        with pytest.raises(FollowUpError):
            Cox().fit(known, episodes, int(episodes.stop.max()) + 1)


class TestPartialLikelihood:
    @staticmethod
    def plain(episodes, values, beta):
        """Efron's likelihood, written out."""
        total = 0.0
        for day in np.unique(episodes.stop[episodes.event]):
            at_risk = (episodes.start < day) & (day <= episodes.stop)
            fell = episodes.event & (episodes.stop == day)
            whole, tied = (np.exp(values[rows] @ beta).sum() for rows in (at_risk, fell))
            total += (values[fell] @ beta).sum()
            total -= sum(np.log(whole - k / fell.sum() * tied) for k in range(fell.sum()))
        return total

    def test_value_and_derivatives_are_those_of_the_plain_sum(self):
        known, episodes = taken(drawn(rows=80, seed=3))
        values = (known.values - known.values.mean(axis=0)) / known.values.std(axis=0)
        assert len(np.unique(episodes.stop[episodes.event])) < episodes.event.sum()  # there are ties
        sets, beta = RiskSets(episodes, values), np.array([0.3, -0.2, 0.1])
        here, small = PartialLikelihood.at(sets, beta), 1e-5
        assert here.log == pytest.approx(self.plain(episodes, values, beta), rel=1e-12)
        for at, move in enumerate(np.eye(3) * small):
            up, down = self.plain(episodes, values, beta + move), self.plain(episodes, values, beta - move)
            assert here.gradient()[at] == pytest.approx((up - down) / 2 / small, abs=1e-6)
            above, below = PartialLikelihood.at(sets, beta + move), PartialLikelihood.at(sets, beta - move)
            turned = (below.gradient() - above.gradient()) / 2 / small
            assert here.information()[at] == pytest.approx(turned, abs=1e-6)
        assert here.scores().sum(axis=0) == pytest.approx(here.gradient(), abs=1e-11)
        assert here.weights().sum() == pytest.approx(episodes.event.sum())

    def test_steps_are_halved_where_they_lead_too_far(self, monkeypatch):
        """Newton's first step overshoots far where one row stands out."""
        frame = drawn(rows=300, seed=13)
        frame.loc[frame["event"].idxmax(), "a"] = 400.0
        known, episodes = taken(frame)
        values = (known.values - known.values.mean(axis=0)) / known.values.std(axis=0)
        sets = RiskSets(episodes, values)
        tried = []
        at = PartialLikelihood.at
        monkeypatch.setattr(PartialLikelihood, "at", lambda *given: tried.append(at(*given)) or tried[-1])
        best = maximum(sets, 0.0, known.names)
        logs = [here.log for here in tried]
        assert any(after < before for before, after in pairwise(logs))
        assert best.gradient() == pytest.approx(0, abs=1e-8) and best.log == pytest.approx(max(logs))

    def test_coefficients_without_end(self):
        """Two columns that separate together only."""
        draw = np.random.default_rng(14)
        a = draw.normal(size=200)
        at = np.arange(1, 201)
        frame = pd.DataFrame({"a": a, "b": 5 * (at % 2) - a, "time": at, "event": at % 2})
        with pytest.raises(FitError, match=r"did not settle on 200 rows with 100 events.* of (a, b|b, a):"):
            Cox().fit(*taken(frame, ("a", "b")))
        dropped = Cox(separating="drop").fit(*taken(frame, ("a", "b")))
        ((name, why),) = dropped.dropped
        (kept,) = dropped.predictor.columns
        assert {name, kept} == {"a", "b"}
        assert why == f"together with {kept} it separates the episodes with the event from the others"
        alone = Cox().fit(*taken(frame, (kept,)))
        assert dropped.summary()["coefficient"] == alone.summary()["coefficient"]
        held = Cox(penalizer=0.1).fit(*taken(frame, ("a", "b")))
        assert np.isfinite(held.summary()["se"]).all()

    def test_columns_that_repeat_give_no_step(self):
        _, episodes = taken(drawn(rows=100))
        for value in (0.0, np.nan):
            sets = RiskSets(episodes, np.full((100, 1), value))
            with pytest.raises(FitError, match="largest coefficients are those of flat"):
                maximum(sets, 0.0, ("flat",))


class TestCoxAssumptions:
    def told(self, model, check):
        table = model.check_assumptions()
        rows = [at for at, name in enumerate(table["check"]) if name == check]
        return {table["column"][at]: {cell: table[cell][at] for cell in table.columns} for at in rows}

    def turned(self, rows=4000):
        """The effect of `a` turns after day 20, that of `b` does not."""
        draw = np.random.default_rng(15)
        a, b = draw.normal(size=(2, rows))
        early = draw.exponential(30 / np.exp(0.6 * a + 0.4 * b))
        late = 20 + draw.exponential(30 / np.exp(-0.1 * a + 0.4 * b))
        time = np.ceil(np.where(early < 20, early, late)).astype(int)
        stop = np.minimum(time, 80)
        return pd.DataFrame({"a": a, "b": b, "time": stop, "event": time <= 80}).astype(float)

    def test_an_effect_that_turns_is_found_and_sized(self):
        frame = self.turned()
        model = Cox().fit(*taken(frame, ("a", "b")))
        found = self.told(model, "proportional_hazards")
        assert not found["a"]["holds"] and found["a"]["p"] < 1e-10
        assert found["b"]["holds"] and 0.9 < found["b"]["size"] < 1.1
        assert "not constant over time" in found["a"]["sentence"]
        assert "taken as constant" in found["b"]["sentence"]
        # Against two fits, before and after the median day of the events.
        day = int(np.median(frame["time"][frame["event"] == 1]))
        before = frame.assign(
            event=frame["event"] * (frame["time"] <= day), time=frame["time"].clip(upper=day)
        )
        after = frame[frame["time"] > day].assign(start=day)
        one, two = (Cox().fit(*taken(half, ("a", "b"))).summary()["coefficient"] for half in (before, after))
        expected = np.exp((np.array(two) - one) * frame[["a", "b"]].std().to_numpy())
        assert found["a"]["size"] == pytest.approx(expected[0], rel=0.1)
        assert found["b"]["size"] == pytest.approx(expected[1], rel=0.05)

    def test_events_in_one_half_only_have_no_size(self):
        at = np.arange(1, 101)
        frame = pd.DataFrame({"a": np.sin(at), "time": np.where(at < 10, at % 9 + 1, 10)})
        frame["event"] = np.where(at < 90, 1.0, 0.0)
        found = self.told(Cox().fit(*taken(frame, ("a",))), "proportional_hazards")
        assert found["a"]["size"] == 1

    def test_inflation_of_variance(self):
        frame = drawn(seed=16)
        frame["near"] = frame["a"] + 0.2 * np.random.default_rng(1).normal(size=len(frame))
        names = ("a", "b", "c", "near")
        found = self.told(Cox().fit(*taken(frame, names)), "collinearity")
        for name in names:
            others = np.column_stack([np.ones(len(frame)), frame[[n for n in names if n != name]]])
            left = frame[name] - others @ np.linalg.lstsq(others, frame[name], rcond=None)[0]
            expected = frame[name].var(ddof=0) / (left**2).mean()
            assert found[name]["statistic"] == pytest.approx(expected, rel=1e-9)
            assert found[name]["size"] == pytest.approx(np.sqrt(expected), rel=1e-9)
            assert found[name]["holds"] == (expected < 10)
            assert found[name]["p"] is None
        assert not found["near"]["holds"] and found["b"]["holds"]


class TestWeibull:
    @pytest.mark.compiled
    @pytest.mark.parametrize(("name", "penalizer"), [*((name, 0.0) for name in SETS), *PENALISED])
    def test_equals_lifelines(self, name, penalizer):
        frame, known, episodes = data(name)
        theirs = fit_lifelines(WeibullAFTFitter(penalizer=penalizer), frame, fit_options={"ftol": 1e-14})
        model = WeibullAFT(penalizer=penalizer, min_events_per_column=1).fit(known, episodes)
        terms = [*(("lambda_", name) for name in [*known.names, "Intercept"]), ("rho_", "Intercept")]
        expected = theirs.summary.loc[terms]
        ours, se = model.summary(), expected["se(coef)"].to_numpy()
        assert ours["column"] == [*known.names, "(intercept)", "(log shape)"]
        assert np.array(ours["coefficient"]) / se == pytest.approx(expected["coef"].to_numpy() / se, abs=1e-3)
        assert ours["se"] == pytest.approx(se, rel=1e-4)
        times = times_of(episodes)
        survival = theirs.predict_survival_function(frame, times).to_numpy().T
        assert model.predict(known, times) == pytest.approx(1 - survival, abs=1e-5)

    @pytest.mark.compiled
    def test_predictions_are_those_of_lifelines_at_the_same_parameters(self):
        frame, known, episodes = data("rossi")
        model = WeibullAFT().fit(known, episodes)
        theirs = fit_lifelines(WeibullAFTFitter(), frame)
        arrays = model.predictor.arrays
        terms = [*(("lambda_", name) for name in [*known.names, "Intercept"]), ("rho_", "Intercept")]
        theirs.params_[terms] = np.concatenate([arrays[k] for k in ("coefficient", "intercept", "log_rho")])
        times = times_of(episodes)
        survival = theirs.predict_survival_function(frame, times).to_numpy().T
        assert model.predict(known, times) == pytest.approx(1 - survival, rel=1e-11, abs=1e-13)

    def likelihood(self, seed=17, **other):
        frame = drawn(rows=300, seed=seed, **other)
        known, episodes = taken(frame)
        scaled = (known.values - known.values.mean(axis=0)) / known.values.std(axis=0)
        return np.column_stack([scaled, np.ones(300)]), episodes

    def test_derivatives_are_those_of_the_plain_likelihood(self):
        values, episodes = self.likelihood()
        parameters = np.array([0.1, -0.2, 0.3, 3.5, 0.2])

        def plain(at):
            rho, scale = np.exp(at[-1]), np.exp(values @ at[:-1])
            hazard = rho / scale * (episodes.stop / scale) ** (rho - 1)
            gathered = (episodes.stop / scale) ** rho - (episodes.start / scale) ** rho
            return np.where(episodes.event, np.log(hazard), 0.0) - gathered

        here, small = _Likelihood(values, episodes, parameters), 1e-5
        for at, move in enumerate(np.eye(5) * small):
            slope = (plain(parameters + move) - plain(parameters - move)) / 2 / small
            assert here.scores()[:, at] == pytest.approx(slope, rel=1e-6, abs=1e-8)
            above, below = (_Likelihood(values, episodes, parameters + sign * move) for sign in (1, -1))
            turned = (below.scores() - above.scores()).sum(axis=0) / 2 / small
            assert here.information()[at] == pytest.approx(turned, rel=1e-6, abs=1e-5)

    @pytest.mark.compiled
    def test_robust_errors_are_those_of_lifelines(self):
        frame = drawn(rows=300, seed=18)
        known, episodes = taken(frame)
        model = WeibullAFT().fit(known, episodes)
        theirs = fit_lifelines(
            WeibullAFTFitter(), frame.drop(columns="person"), robust=True, fit_options={"ftol": 1e-14}
        )
        arrays = model.predictor.arrays
        values = np.column_stack([known.values, np.ones(len(known))])
        parameters = np.concatenate([arrays[name] for name in ("coefficient", "intercept", "log_rho")])
        here = _Likelihood(values, episodes, parameters)
        influence = here.scores() @ np.linalg.inv(here.information())
        terms = [*(("lambda_", name) for name in [*known.names, "Intercept"]), ("rho_", "Intercept")]
        robust = np.sqrt((influence**2).sum(axis=0))
        assert robust == pytest.approx(theirs.standard_errors_[terms].tolist(), rel=1e-3)
        # Everyone twice: by person the errors are the robust ones of everyone once.
        twice = pd.concat([frame, frame])
        assert WeibullAFT().fit(*taken(twice)).summary()["se"] == pytest.approx(robust, rel=1e-6)

    def test_row_order_changes_nothing(self):
        frame = drawn(seed=19, people=150)
        one = WeibullAFT().fit(*taken(frame))
        two = WeibullAFT().fit(*taken(frame.sample(frac=1, random_state=1)))
        for name, array in one.predictor.arrays.items():
            assert np.array_equal(array, two.predictor.arrays[name])
        assert one.check_assumptions()["statistic"] == two.check_assumptions()["statistic"]
        assert nothing_held(one, len(frame))

    def test_contributions_add_up_to_the_hazard_ratio(self):
        known, episodes = taken(drawn(seed=20))
        model = WeibullAFT().fit(known, episodes)
        average = Covariates(known.names, known.values.mean(axis=0)[None], known.monotone, known.labels)
        hazards = [-np.log1p(-model.predict(rows, [40])[:, 0]) for rows in (known, average)]
        parts = model.explain(known)
        assert parts.values.sum(axis=1) == pytest.approx(np.log(hazards[0] / hazards[1]), abs=1e-9)
        assert parts.names == known.names

    def test_assumptions_hold_where_they_should_and_not_elsewhere(self):
        """Times that are Weibull with one shape; then lognormal; then of a shape that moves with a column."""
        draw = np.random.default_rng(21)
        a, b = draw.normal(size=(2, 3000))
        weibull = 60 * draw.weibull(0.8, 3000) * np.exp(0.5 * a)
        lognormal = 40 * np.exp(0.3 * draw.normal(size=3000))
        moving = 60 * draw.weibull(np.exp(0.4 * b))
        failed = {}
        for name, time in {"weibull": weibull, "lognormal": lognormal, "moving": moving}.items():
            stop = np.minimum(np.ceil(time), 150).astype(int)
            frame = pd.DataFrame({"a": a, "b": b, "time": stop, "event": (time <= 150) * 1.0})
            table = WeibullAFT().fit(*taken(frame, ("a", "b"))).check_assumptions()
            rows = zip(table["check"], table["column"], table["holds"], table["size"], strict=True)
            failed[name] = {(check, column): size for check, column, holds, size in rows if not holds}
        assert not failed["weibull"]
        assert {check for check, _ in failed["lognormal"]} == {"distribution"}
        assert failed["moving"]["constant_shape", "b"] == pytest.approx(np.exp(0.4), rel=0.2)
        assert ("constant_shape", "a") not in failed["moving"]

    def test_expected_events_add_up_to_those_observed(self):
        known, episodes = taken(drawn(seed=22))
        table = WeibullAFT().fit(known, episodes).check_assumptions()
        rows = [at for at, check in enumerate(table["check"]) if check == "distribution"]
        observed = [float(table["sentence"][at].split(" events")[0].split()[-1]) for at in rows]
        expected = [count / table["size"][at] for count, at in zip(observed, rows, strict=True)]
        assert len(rows) == 4
        assert sum(observed) == pytest.approx(sum(expected)) == episodes.event.sum()

    def test_stopping_short_is_an_error(self):
        values, episodes = self.likelihood(seed=23)
        off = _Likelihood(values, episodes, np.array([0.0, 0.0, 0.0, 3.0, 0.0]))
        with pytest.raises(FitError, match="did not converge on 300 rows"):
            _polished(off, 0.0)


@pytest.mark.parametrize("kind", [Cox, WeibullAFT])
class TestBoth:
    def test_not_fitted(self, kind):
        for asked in ("predictor", "dropped"):
            with pytest.raises(NotFittedError, match="Call fit"):
                getattr(kind(), asked)
        for asked in ("summary", "check_assumptions"):
            with pytest.raises(NotFittedError):
                getattr(kind(), asked)()

    @pytest.mark.parametrize("penalizer", [-0.1, float("nan"), float("inf")])
    def test_penalizer(self, kind, penalizer):
        with pytest.raises(ConfigError, match="from 0"):
            kind(penalizer=penalizer)

    def test_too_few_events(self, kind):
        known, episodes = taken(drawn(rows=40))
        with pytest.raises(TooFewEventsError, match="3 columns"):
            kind().fit(known, episodes)
        assert np.isfinite(kind(min_events_per_column=2).fit(known, episodes).summary()["se"]).all()

    @pytest.mark.parametrize("event", [0, 1])
    def test_a_row_far_out_gives_an_error_or_numbers(self, kind, event):
        frame = drawn(seed=25)
        frame.loc[(frame["event"] == event).idxmax(), "b"] = 1e90
        known, episodes = taken(frame)
        try:
            model = kind().fit(known, episodes)
        except FitError as error:
            assert "Leave" in str(error)
        else:
            assert np.isfinite(model.summary()["coefficient"] + model.summary()["se"]).all()
            assert np.isfinite(model.predict(known, times_of(episodes))).all()

    def test_what_is_not_finite_is_never_handed_out(self, kind, monkeypatch):
        known, episodes = taken(drawn(seed=26))
        monkeypatch.setattr(
            f"{kind.__module__}.by_person", lambda scores, variance, person: variance * np.nan
        )
        with pytest.raises(FitError, match="no finite estimates on 500 rows"):
            kind().fit(known, episodes)

    def test_tables(self, kind):
        known, episodes = taken(drawn(seed=24))
        model = kind().fit(known, episodes)
        ratio = "hazard_ratio" if kind is Cox else "time_ratio"
        assert list(model.summary().columns) == (
            ["column", "label", "coefficient", "se", "lower", "upper", ratio, "p"]
        )
        checks = model.check_assumptions()
        assert list(checks.columns) == ["check", "column", "statistic", "p", "size", "holds", "sentence"]
        assert None not in checks["size"] + checks["statistic"]
        risk = model.predict(known, times_of(episodes))
        assert np.isfinite(risk).all() and (np.diff(risk, axis=1) >= 0).all()
        assert (model.predict(known, [0]) == 0).all()


class TestStrict:
    @pytest.mark.parametrize(
        "trouble", [ConvergenceWarning, RuntimeWarning, UserWarning, Warning, np.exceptions.ComplexWarning]
    )
    def test_a_warning_is_an_error(self, trouble):
        told = f"9 rows: lifelines stopped with {trouble.__name__}.*penalizer"
        with pytest.raises(FitError, match=told), strict("the model", 9):
            warnings.warn("person 5", trouble, stacklevel=1)

    @pytest.mark.parametrize(
        "trouble", [ConvergenceError, np.linalg.LinAlgError, ValueError, FloatingPointError]
    )
    def test_an_error_is_one_of_ours_and_quotes_nothing(self, trouble):
        with pytest.raises(FitError, match=trouble.__name__) as caught, strict("the model", 9):
            raise trouble("person 5")
        assert "person 5" not in str(caught.value)

    def test_what_is_only_old_passes(self):
        with strict("the model", 9):
            warnings.warn("old", FutureWarning, stacklevel=1)
            went_on = True
        assert went_on

    def test_one_of_ours_is_left_as_it_is(self):
        with pytest.raises(FitError, match=r"^as it is$"), strict("the model", 9):
            raise FitError("as it is")


def test_one_row_a_person_leaves_the_variance_of_the_model():
    variance = np.eye(2)
    assert by_person(np.ones((3, 2)), variance, np.array([3, 1, 2])) is variance


_THREADED = """
import sys
sys.path.insert(0, {tests!r})
from test_cox import fitted_bits
print(fitted_bits())
"""


def fitted_bits() -> str:
    """Return a hash of both regressions on rows enough for linear algebra to be shared out among threads."""
    draw = np.random.default_rng(4)
    size = 12_000
    values = draw.normal(size=(size, 12))
    time = np.ceil(draw.exponential(300 * np.exp(-values[:, 0] / 3)))
    known = Covariates(tuple(f"c{at}" for at in range(12)), values, (0,) * 12, ("",) * 12)
    rows = Episodes(
        np.arange(size, dtype=np.int64),
        np.zeros(size, np.int32),
        np.zeros(size, np.int32),
        np.minimum(time, 200).astype(np.int32),
        (time <= 200).astype(np.int8),
    )
    told = hashlib.sha256()
    for model in (Cox(), WeibullAFT()):
        arrays = model.fit(known, rows, 200).predictor.arrays
        for name in sorted(arrays):
            told.update(arrays[name].tobytes())
        told.update(repr(list(model.summary().rows())).encode())
        told.update(repr(list(model.check_assumptions().rows())).encode())
    return told.hexdigest()


@pytest.mark.compiled
def test_the_threads_of_linear_algebra_change_no_bit():
    found = set()
    for threads in ("1", "2", "4"):
        limits = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        script = _THREADED.format(tests=str(Path(__file__).parent))
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **limits},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
