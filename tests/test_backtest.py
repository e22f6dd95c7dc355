"""Back-tests: rankings and models judged landmark after landmark, without a look ahead."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rfgscore as rfg
from rfgscore.backtests import driver
from rfgscore.backtests.amounts import amounts_after, unlisted
from rfgscore.backtests.at_risk import AtRisk, followed_from
from rfgscore.backtests.dates import every, landmarks_of
from rfgscore.backtests.fits import drawn_rows, known_of, training_at
from rfgscore.backtests.groups import groups_at
from rfgscore.backtests.identity import data_hash, defined_by
from rfgscore.backtests.kept import Kept
from rfgscore.backtests.measures import TOPS, Risk, add_risks, add_separation, add_sham, list_of
from rfgscore.backtests.numbers import Found, Gathered, Key, Listed, numbers_table, share_replaced
from rfgscore.backtests.options import options_of
from rfgscore.backtests.rankings import rules
from rfgscore.backtests.resample import copies_of
from rfgscore.cli.main import invoke
from rfgscore.cli.trial import say_what_is_kept
from rfgscore.config import Config
from rfgscore.errors import (
    ConfigError,
    DataError,
    FollowUpError,
    OutputError,
    PointInTimeError,
    TooFewEventsError,
)
from rfgscore.escalation.episodes import at_risk, endings_of, last_day
from rfgscore.escalation.outcomes import Outcome, incidents_of
from rfgscore.gravity import Gravity
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of
from rfgscore.pipeline.trial import backtest, recovery
from rfgscore.report.csv_file import csv_bytes
from rfgscore.scoring import score_people

DAYS, LANDMARKS = 2300, (1700, 1760)
SMALL = {"window_days": 365, "horizons": (90, 180), "look_ahead_days": 365}


@pytest.fixture(scope="module")
def config() -> Config:
    """A small profile with a look-back of a year."""
    return rfg.load_config(
        {
            "schema": "rfgscore/1",
            "gravity": {"table": "cchi-da-2020-10"},
            "score": {
                "window_days": 365,
                "components": {
                    "recency": {"bands": [{"up_to": 90, "points": 9}, {"up_to": 365, "points": 3}]},
                    "frequency": {"bands": [{"from": 1, "points": 2}, {"from": 3, "points": 8}]},
                    "gravity": {"aggregate": "max", "bands": [{"from": 1, "points": 1}]},
                },
            },
            "cohort": {"min_incidents": 2},
        }
    )


@pytest.fixture(scope="module")
def gravity(config: Config) -> Gravity:
    return gravity_of(config)


def planted(seed: int = 1, people: int = 500) -> dict[str, Any]:
    """Lines of people who each offend at a rate of their own; the first ten at fifteen a year."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.0, 0.9, people)
    rate[:10] = 15.0
    count = rng.poisson(rate * DAYS / 365)
    person = np.repeat(np.arange(people), count)
    day = rng.integers(0, DAYS, len(person)).astype(np.int32)
    weight = rng.choice([1.0, 20.0, 100.0, 400.0, 1500.0], len(person), p=[0.4, 0.3, 0.15, 0.1, 0.05])
    late = rng.random(len(person)) < 0.1
    known = day + np.where(late, rng.integers(1, 200, len(person)), 0).astype(np.int32)
    return {
        "rate": rate,
        "lines": {
            "person": person,
            "day": day,
            "gravity": weight,
            "victim": rng.integers(-1, 3, len(person)),
            "known_day": known.astype(np.int32),
        },
    }


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    return planted()


@pytest.fixture(scope="module")
def history(world: dict[str, Any]) -> History:
    return History.from_arrays(**world["lines"])


@pytest.fixture(scope="module")
def found(history: History, config: Config) -> Any:
    """One back-test that many tests look at."""
    return backtest(
        history, config=config, dates=LANDMARKS, horizons=(90, 180), resamples=30, models=("cox",), seed=3
    )


def numbers(result: Any, **wanted: Any) -> list[dict[str, Any]]:
    """Return rows of the long table; what is not asked for is null."""
    table = result.numbers if hasattr(result, "numbers") else result
    wanted = {"landmark": None, "group": None, "against": None, **wanted}
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows()]
    return [
        row for row in rows if all(row[name] == value for name, value in wanted.items() if value is not ...)
    ]


def one(result: Any, measure: str, ranking: str | None, **wanted: Any) -> dict[str, Any]:
    (row,) = numbers(result, measure=measure, ranking=ranking, **wanted)
    return row


class TestDates:
    def test_both_ends_are_landmarks_where_a_step_ends_there(self) -> None:
        dates = every(28, "2024-01-01", dt.date(2024, 2, 26))
        assert [date.isoformat() for date in dates] == ["2024-01-01", "2024-01-29", "2024-02-26"]
        assert every(30, "2024-01-01", "2024-01-30") == (dt.date(2024, 1, 1),)

    @pytest.mark.parametrize("days", [0, -1, True, 1.5])
    def test_a_step_is_a_whole_number_above_0(self, days: Any) -> None:
        with pytest.raises(ConfigError, match="whole number"):
            every(days, "2024-01-01", "2024-02-01")

    def test_an_end_before_the_start_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="before they begin on 2024-02-01"):
            every(1, "2024-02-01", "2024-01-01")

    def test_what_is_no_day_is_refused_by_name(self, history: History) -> None:
        with pytest.raises(ConfigError, match="start soon"):
            every(1, "soon", "2024-01-01")
        with pytest.raises(ConfigError, match="landmark 2024-13-01"):
            landmarks_of(history, ["2024-13-01"], 365)

    def test_a_look_ahead_past_the_data_is_refused_with_counts_and_dates(self, history: History) -> None:
        last = last_day(history)
        assert landmarks_of(history, [last - 365, 10, 10], 365) == (10, last - 365)
        with pytest.raises(FollowUpError, match=r"2 of 3 landmarks look 365 days .* End the landmarks by"):
            landmarks_of(history, [10, last - 364, last], 365)
        with pytest.raises(ConfigError, match="at least one"):
            landmarks_of(history, [], 365)


class TestOptions:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"clock": "event"}, "what nobody knew"),
            ({"clock": "lunar"}, "clock must be one of at_liberty, calendar"),
            ({"models": ("cox", "oracle")}, "name some of cox, weibull, hazard"),
            ({"models": ("cox", "cox")}, "each once"),
            ({"models": ("kaplan-meier",)}, "rank nobody"),
            ({"horizons": ()}, "at least one"),
            ({"horizons": (0,)}, "whole number"),
            ({"held": "some"}, "held must be one of"),
            ({"hold_out": "sex"}, "hold_out must be one of area, force"),
            ({"cap": 0.0}, "cap must be"),
            ({"resamples": -1}, "resamples must be"),
            ({"seed": True}, "seed must be"),
            ({"outcome": "arrest"}, "there is no outcome"),
        ],
    )
    def test_what_cannot_be_used_is_refused(self, given: dict[str, Any], words: str) -> None:
        with pytest.raises(ConfigError, match=words):
            options_of(**given)

    def test_one_model_may_be_named_alone(self) -> None:
        assert options_of(models="hazard").models == ("hazard",)


class TestAmounts:
    def test_against_a_count_line_by_line(self, world: dict[str, Any], history: History) -> None:
        lines, landmark = world["lines"], 1700
        got = amounts_after(
            history,
            incidents_of(history, DAYS * 2),
            landmark,
            365,
            outcome=Outcome("serious", serious_from=400.0),
            cap=500.0,
        )
        ids = history.persons
        want = {
            name: np.zeros(len(ids)) for name in ("people", "incidents", "serious", "harm", "harm_capped")
        }
        for person, day, weight in zip(lines["person"], lines["day"], lines["gravity"], strict=True):
            if landmark < day <= landmark + 365:
                at = int(np.searchsorted(ids, person))
                want["incidents"][at] += 1
                want["serious"][at] += weight >= 400
                want["harm"][at] += weight
                want["harm_capped"][at] += min(weight, 500.0)
                want["people"][at] = max(want["people"][at], weight >= 400)
        for name, amount in want.items():
            np.testing.assert_allclose(got[name], amount, err_msg=name)

    def test_worse_counts_people_who_pass_their_gravest(self) -> None:
        history = History.from_arrays(person=[1, 1, 2, 2, 3], day=[5, 20, 5, 20, 20], gravity=[9, 8, 3, 4, 1])
        incidents = incidents_of(history, 30)
        got = amounts_after(history, incidents, 10, 15, outcome=Outcome("worse"), cap=100)
        assert got["people"].tolist() == [0.0, 1.0, 1.0]

    def test_what_people_without_a_line_cause_is_told(self) -> None:
        assert unlisted(np.array([3.0, 1.0, 4.0]), np.array([2])) == 0.5
        assert np.isnan(unlisted(np.zeros(2), np.array([0])))


@pytest.fixture(scope="module")
def scores(history: History, config: Config, gravity: Gravity) -> tuple[np.ndarray, dict[str, Any]]:
    """People at risk at the first landmark, and their score under each rule."""
    people = at_risk(history, 1700, window_days=365)
    return people, rules(history, 1700, people, config=config, gravity=gravity)


class TestRankings:
    def test_against_each_rule_worked_line_by_line(
        self, world: dict[str, Any], history: History, scores: tuple[np.ndarray, dict[str, Any]]
    ) -> None:
        people, got = scores
        lines, landmark = world["lines"], 1700
        seen = (lines["known_day"] <= landmark) & (lines["day"] <= landmark)
        for at in range(0, len(people), 7):
            mine = seen & (lines["person"] == history.persons[people[at]])
            day, weight = lines["day"][mine], lines["gravity"][mine]
            inside = landmark - day < 365
            fading = 0.5 ** ((landmark - day) / 365)
            last = day.max()
            assert got["frequency"][at] == inside.sum()
            assert got["recency"][at] == last - landmark
            assert got["last_gravity"][at] == weight[day == last].max()
            assert got["decayed_count"][at] == pytest.approx(fading.sum(), rel=1e-6)
            assert got["decayed_harm"][at] == pytest.approx((fading * weight).sum(), rel=1e-6)
        assert not got["random"].any()
        assert set(np.unique(got["quintile_rfg"])) <= set(range(3, 16))

    def test_the_profile_ranks_as_a_run_does(
        self, history: History, config: Config, gravity: Gravity, scores: tuple[np.ndarray, dict[str, Any]]
    ) -> None:
        people, got = scores
        scored = score_people(history, config=config, gravity=gravity, as_of=1700)
        position = dict(zip(scored.people.tolist(), scored.ranking.position.tolist(), strict=True))
        assert scored.people.tolist() == people.tolist()
        ranked = [(got["profile"][at], position[who]) for at, who in enumerate(people.tolist())]
        assert {score for score, place in ranked if place == 0} == {0.0}, "who may not be ranked comes last"
        eligible = sorted((place, score) for score, place in ranked if place > 0)
        values = [score for _, score in eligible]
        assert values == sorted(values, reverse=True)
        assert min(values) > 0


class TestWhatItFinds:
    def test_people_planted_at_high_risk_are_caught(
        self, world: dict[str, Any], history: History, config: Config
    ) -> None:
        people = at_risk(history, 1700, window_days=365)
        scores = rules(history, 1700, people, config=config, gravity=gravity_of(config))
        for name in ("frequency", "decayed_count"):
            listed = list_of(people, scores[name], 10)
            caught = listed.chance[np.isin(history.persons[listed.person], np.arange(10))].sum()
            assert caught >= 9, name

    def test_the_area_under_the_curve_of_the_true_rate_is_what_theory_says(
        self, world: dict[str, Any], history: History
    ) -> None:
        options = options_of(horizons=(180,), resamples=0)
        last = last_day(history)
        incidents = incidents_of(history, last)
        amounts = amounts_after(history, incidents, 1700, 365, outcome=options.outcome, cap=1.0)
        copies = copies_of(1, np.arange(history.size), 50)
        tested = followed_from(
            history, 1700, incidents, endings_of(history, last), amounts, copies, options, 365
        )
        rate = world["rate"][history.persons[tested.people]]
        out = Gathered()
        add_separation(out, tested, {"truth": rate}, {}, (180,), 1)
        (auc,) = [number.value for number in out.numbers if number.key.measure == "auc"]
        chance = -np.expm1(-rate * 180 / 365)
        order = np.sign(rate[:, None] - rate[None, :]) / 2 + 0.5
        pairs = chance[:, None] * (1 - chance)[None, :]
        expected = (order * pairs).sum() / pairs.sum()
        spread = np.nanstd(next(iter(out.drawn.values())))
        assert abs(auc - expected) < 4 * spread
        assert spread < 0.05

    def test_the_fitted_model_tells_people_apart_and_chance_does_not(self, found: Any) -> None:
        cox, chance = (one(found, "auc", name, at="180 d") for name in ("cox", "random"))
        assert cox["lower"] > 0.55
        assert (chance["value"], chance["lower"], chance["upper"]) == (0.5, 0.5, 0.5)
        gain = one(found, "auc", "random", at="180 d", against="cox")
        assert gain["value"] == pytest.approx(chance["value"] - cox["value"], abs=1e-12)
        assert gain["upper"] < 0

    def test_the_oracle_catches_most_and_chance_its_share(self, found: Any) -> None:
        landmark = numbers(found, measure="at_risk", ranking=None, landmark=...)[0]["landmark"]
        at_risk_then = one(found, "at_risk", None, landmark=landmark)["value"]
        for of in ("people", "incidents", "serious", "harm", "harm_capped"):
            rows = numbers(found, measure="capture", at="top 50", of=of, landmark=landmark)
            assert {row["ranking"] for row in rows} >= {"oracle", "random", "profile", "cox", "recency"}
            value = {row["ranking"]: row["value"] for row in rows}
            assert max(value.values()) == value["oracle"]
            assert value["random"] == pytest.approx(50 / at_risk_then, abs=1e-12)

    def test_a_sham_is_no_better_than_chance(self, found: Any) -> None:
        rows = numbers(found, measure="sham_auc", ranking=...)
        assert {row["ranking"] for row in rows} >= {"cox", "profile", "decayed_count"}
        for row in rows:
            # Of so many intervals one may miss; four standard errors off none is.
            assert abs(row["value"] - 0.5) <= row["upper"] - row["lower"], row["ranking"]

    def test_every_measure_is_there(self, found: Any) -> None:
        assert set(found.numbers["measure"]) == {
            *("at_risk", "events", "unlisted", "auc", "harrell_c", "uno_c", "brier", "brier_null", "ibs"),
            *("ibs_null", "observed_expected", "calibration_intercept", "calibration_slope", "net_benefit"),
            *("net_benefit_all", "curve_predicted", "curve_observed", "capture", "precision", "turnover"),
            *("number_to_watch", "sham_auc", "sham_capture"),
        }
        assert list(found.numbers.columns) == [
            *("landmark", "group", "outcome", "ranking", "measure", "at", "of"),
            *("value", "lower", "upper", "against", "people", "events"),
        ]
        rows = [(*row[:7], row[10]) for row in found.numbers.rows()]
        assert len(set(rows)) == len(rows), "one row a number"

    def test_precision_and_number_to_watch_agree(self, found: Any) -> None:
        for landmark in numbers(found, measure="at_risk", ranking=None, landmark=...)[:2]:
            when = landmark["landmark"]
            right = one(found, "precision", "cox", at="top 50", of="people", landmark=when)["value"]
            watch = one(found, "number_to_watch", "cox", at="top 50", of="people", landmark=when)["value"]
            assert watch == pytest.approx(1 / right)

    def test_all_landmarks_together_are_their_mean(self, found: Any) -> None:
        rows = numbers(found, measure="auc", ranking="cox", at="180 d", landmark=...)
        apart = [row["value"] for row in rows if row["landmark"] is not None]
        (together,) = [row["value"] for row in rows if row["landmark"] is None]
        assert len(apart) == 2
        assert together == pytest.approx(np.mean(apart), abs=1e-15)


class TestRecalibration:
    def test_risks_are_shown_again_moved_by_the_training_rows_alone(
        self, history: History, config: Config
    ) -> None:
        given = {"config": config, "dates": LANDMARKS[:1], "horizons": (180,), "resamples": 5}
        plain, moved = (backtest(history, recalibrate=asked, **given) for asked in (False, True))
        assert not numbers(plain, ranking="cox_recalibrated")
        for measure in ("brier", "observed_expected", "calibration_slope"):
            assert one(moved, measure, "cox", at="180 d") == one(plain, measure, "cox", at="180 d")
        ratio = one(moved, "observed_expected", "cox_recalibrated", at="180 d")["value"]
        assert ratio != one(moved, "observed_expected", "cox", at="180 d")["value"]
        assert 0.7 < ratio < 1.4
        assert not numbers(moved, ranking="cox_recalibrated", measure="auc"), "the ranking is the same"
        assert moved.design["not_recalibrated"] is None

    def test_where_it_cannot_be_the_reason_is_told(self, history: History, config: Config) -> None:
        # Training holds enough incidents of a few days, the last few days before the landmark do not.
        few = {"horizons": (8,), "features": ("incidents_window",), "every_days": 10, "landmarks": 20}
        found = backtest(history, config=config, dates=LANDMARKS[:1], resamples=5, recalibrate=True, **few)
        (why,) = found.design["not_recalibrated"].values()
        assert "needs 20 events" in why["cox"]


class TestTurnover:
    def test_ties_at_the_end_of_a_list_count_in_expectation(self) -> None:
        before = Listed(np.array([1, 2]), np.array([1.0, 1.0]))
        now = Listed(np.array([2, 3, 4]), np.array([1.0, 0.5, 0.5]))
        assert share_replaced(before, now, 2) == 0.5

    def test_it_is_told_from_the_second_landmark_on(self, found: Any) -> None:
        rows = numbers(found, measure="turnover", ranking="frequency", at="top 50", landmark=...)
        first, second = sorted(LANDMARKS)
        days = {None if row["landmark"] is None else row["landmark"].toordinal() - 719163 for row in rows}
        assert days == {second, None}
        assert first not in days
        assert all(0 <= row["value"] <= 1 for row in rows)


class TestNothingLeaks:
    """Whatever becomes known after the landmark changes no feature, no fit and no score: to the bit."""

    def state(self, history: History, config: Config, names: Any) -> tuple[Any, ...]:
        options = options_of(horizons=(90, 180))
        landmark = 1700
        people = at_risk(history, landmark, window_days=365)
        scores = rules(history, landmark, people, config=config, gravity=gravity_of(config))
        training = training_at(history, landmark, options, 365)
        predictor = training.fit("cox", 180)
        known = known_of(
            history, people, np.full(len(people), landmark, np.int32), training.known.names, options, 365
        )
        risk = predictor.risk(known, [90, 180])
        return (
            history.persons[people].tolist(),
            {name: score.tobytes() for name, score in scores.items()},
            training.known.values.tobytes(),
            history.persons[training.rows.person].tolist(),
            training.rows.stop.tobytes() + training.rows.end.tobytes(),
            {name: array.tobytes() for name, array in predictor.arrays.items()},
            known.values.tobytes(),
            risk.tobytes(),
        )

    def changed(self, world: dict[str, Any], how: str) -> History:
        lines = {name: values.copy() for name, values in world["lines"].items()}
        after = np.maximum(lines["known_day"], lines["day"]) > 1700
        rng = np.random.default_rng(9)
        if how == "changed":
            lines["gravity"][after] = rng.choice([1.0, 20.0, 100.0, 400.0, 1500.0], int(after.sum()))
            lines["day"][after & (lines["day"] > 1700)] += 3
            lines["known_day"] = np.maximum(lines["known_day"], lines["day"])
            lines["victim"][after] = 2
        elif how == "deleted":
            # One line stays to say that the record goes on.
            kept = ~after | (lines["day"] >= lines["day"].max() - 100)
            lines = {name: values[kept] for name, values in lines.items()}
        elif how == "added":
            many = 400
            more = {
                # People of the record, and new ones before and after all of them.
                "person": rng.integers(-200, 900, many),
                "day": rng.integers(1000, DAYS, many).astype(np.int32),
                "gravity": rng.choice([1.0, 20.0, 1500.0], many),
                "victim": rng.integers(-1, 3, many),
            }
            more["known_day"] = np.maximum(more["day"], 1701).astype(np.int32)
            lines = {
                name: np.concatenate([values, more[name]]).astype(values.dtype)
                for name, values in lines.items()
            }
        return History.from_arrays(**lines)

    @pytest.mark.compiled
    @pytest.mark.parametrize("how", ["changed", "deleted", "added"])
    def test_what_is_known_later(
        self, how: str, world: dict[str, Any], history: History, config: Config
    ) -> None:
        other = self.changed(world, how)
        assert self.state(other, config, None) == self.state(history, config, None)
        first, second = (incidents_of(one, last_day(one)) for one in (history, other))
        outcome = Outcome("repeat")
        before = amounts_after(history, first, 1700, 365, outcome=outcome, cap=730)["harm"].sum()
        after = amounts_after(other, second, 1700, 365, outcome=outcome, cap=730)["harm"].sum()
        assert before != after, "outcomes do change"

    def test_people_drawn_for_training_depend_on_those_who_have_rows_alone(self, history: History) -> None:
        rows = training_at(history, 1700, options_of(horizons=(180,)), 365).rows
        some = drawn_rows(rows, 300, 1, 1700)
        assert 200 < len(some) < 400
        kept = set(rows.person[some].tolist())
        assert set(some.tolist()) == set(np.flatnonzero(np.isin(rows.person, list(kept))).tolist())


class TestSameBytes:
    def bytes_of(self, history: History, config: Config, threads: int) -> dict[str, bytes]:
        return dict(
            backtest(
                history, config=config, dates=LANDMARKS[:1], horizons=(180,), resamples=30, threads=threads
            ).files
        )

    @pytest.mark.compiled
    def test_with_any_threads_and_any_order_of_rows(
        self, world: dict[str, Any], history: History, config: Config
    ) -> None:
        order = np.random.default_rng(5).permutation(len(world["lines"]["person"]))
        turned = History.from_arrays(**{name: values[order] for name, values in world["lines"].items()})
        first = self.bytes_of(history, config, 1)
        assert self.bytes_of(history, config, 2) == first
        assert self.bytes_of(turned, config, 1) == first


class TestFiles:
    def test_the_folder_holds_page_numbers_design_and_manifest(self, found: Any, tmp_path: Any) -> None:
        folder = found.write(tmp_path / "out")
        assert sorted(file.name for file in folder.iterdir()) == [
            *("backtest.csv", "design.json", "manifest.json", "report.html"),
        ]
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        assert manifest["schema"] == "backtest/1"
        assert set(manifest["outputs"]) == {"backtest.csv", "design.json", "report.html"}
        assert manifest == found.manifest
        assert (folder / "backtest.csv").read_bytes() == csv_bytes(found.numbers)
        assert json.loads((folder / "design.json").read_text("utf-8")) == found.design
        with pytest.raises(OutputError, match="not empty"):
            found.write(folder)
        assert found.write(folder, replace=True) == folder

    def test_the_design_tells_how_it_was_made(self, found: Any) -> None:
        assert found.design["landmarks"] == ["1974-08-28", "1974-10-27"]
        assert found.design["clock"] == "calendar"
        assert found.design["references"] == ["quintile_rfg", "profile", "decayed_count", "cox"]
        training = found.design["training"]["1974-08-28"]
        assert max(training["landmarks"]) <= "1974-03-01", "outcomes of 180 days end by the landmark"
        assert training["events"] > 100
        assert training["events_per_column"]["cox"] > 10
        assert repr(found).startswith("Backtest(2 landmarks, 1974-08-28 to 1974-10-27; ")


class StoppedError(Exception):
    """What a killed back-test ends with."""


class TestResume:
    def run(
        self, history: History, config: Config, folder: Any, stop: str | None = None, **other: Any
    ) -> Any:
        def tell(step: str) -> None:
            if step == stop:
                raise StoppedError

        given = {"dates": (*LANDMARKS, 1820), "horizons": (180,), "resamples": 20, **other}
        return backtest(history, config=config, resume=folder, tell=tell, **given)

    @pytest.fixture
    def counted(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
        done: list[int] = []
        real = driver._at

        def count(course: Any, landmark: int) -> Found:
            done.append(landmark)
            return real(course, landmark)

        monkeypatch.setattr(driver, "_at", count)
        yield done

    @pytest.mark.compiled
    def test_a_killed_back_test_goes_on_and_ends_with_the_same_bytes(
        self, history: History, config: Config, tmp_path: Any, counted: list[int]
    ) -> None:
        whole = self.run(history, config, None)
        assert counted == [1700, 1760, 1820]
        counted.clear()
        folder = tmp_path / "kept"
        with pytest.raises(StoppedError):
            self.run(history, config, folder, stop="1974-12-26")
        assert counted == [1700, 1760]
        assert sorted(file.suffix for file in folder.iterdir()) == [".json", ".json", ".npz", ".npz"]
        counted.clear()
        again = self.run(history, config, folder)
        assert counted == [1820], "only what was missing"
        assert dict(again.files) == dict(whole.files)
        again.write(tmp_path / "out")
        assert not folder.exists(), "removed when the result is safe"
        whole.write(tmp_path / "other")

    @pytest.mark.compiled
    def test_what_is_damaged_or_of_another_back_test_is_done_anew(
        self, history: History, config: Config, tmp_path: Any, counted: list[int]
    ) -> None:
        folder = tmp_path / "kept"
        with pytest.raises(StoppedError):
            self.run(history, config, folder, stop="laying out", models=())
        counted.clear()
        with pytest.raises(StoppedError):
            self.run(history, config, folder, stop="laying out", seed=2, models=())
        assert counted == [1700, 1760, 1820], "another seed is another back-test"
        numbers_of = folder / "landmark-1974-10-27.npz"
        numbers_of.write_bytes(numbers_of.read_bytes()[:-1] + b"x")
        (folder / "landmark-1974-12-26.json").write_text("{}", "utf-8")
        counted.clear()
        self.run(history, config, folder, seed=2, models=())
        assert counted == [1760, 1820]

    def test_a_changed_number_with_its_old_seal_is_not_believed(self, tmp_path: Any) -> None:
        kept = Kept(tmp_path / "kept", "one")
        out = Gathered()
        out.add("cox", "auc", 0.7, at="90 d", people=5, events=2, drawn=np.array([0.6, np.nan]))
        out.add("cox", "capture", float("nan"), at="top 50", of="harm")
        kept.save(
            5,
            Found(
                tuple(out.numbers), out.drawn, {("cox", "top 50"): Listed(np.arange(2), np.ones(2))}, {"a": 1}
            ),
        )
        back = Kept(tmp_path / "kept", "one").load(5)
        assert back is not None
        assert repr(back.numbers) == repr(tuple(out.numbers))
        np.testing.assert_array_equal(back.drawn[Key(None, "cox", "auc", "90 d")], [0.6, np.nan])
        assert back.lists["cox", "top 50"].person.tolist() == [0, 1]
        assert back.notes == {"a": 1}
        assert Kept(tmp_path / "kept", "two").load(5) is None
        assert Kept(tmp_path / "kept", "one").load(6) is None
        path = tmp_path / "kept" / "landmark-1970-01-06.json"
        path.write_text(path.read_text("utf-8").replace('"cox"', '"cux"'), "utf-8")
        assert Kept(tmp_path / "kept", "one").load(5) is None

    def test_a_folder_of_something_else_is_refused(
        self, history: History, config: Config, tmp_path: Any
    ) -> None:
        (tmp_path / "letters").mkdir()
        (tmp_path / "letters" / "letter.txt").write_text("dear", "utf-8")
        with pytest.raises(OutputError, match="something else"):
            self.run(history, config, tmp_path / "letters")
        assert (tmp_path / "letters" / "letter.txt").read_text("utf-8") == "dear"
        with pytest.raises(OutputError, match="not a folder"):
            self.run(history, config, tmp_path / "letters" / "letter.txt")


def rows_of(world: dict[str, Any], start: dt.date = dt.date(2015, 1, 1)) -> list[dict[str, str]]:
    """Return the planted lines as rows of an extract, with an area for each person."""
    lines = world["lines"]
    day = [(start + dt.timedelta(days=int(when))).isoformat() for when in lines["day"]]
    known = [(start + dt.timedelta(days=int(when))).isoformat() for when in lines["known_day"]]
    code = {1.0: "195/94", 20.0: "105/1", 100.0: "8/6", 400.0: "5/1", 1500.0: "4/1"}
    return [
        {
            "perpetrator_id": f"P{person:04d}",
            "event_date": day[at],
            "recorded_date": known[at],
            "offence_code": code[float(weight)],
            "incident_id": f"I{at}",
            "area": ("North", "South", "")[person % 3],
        }
        for at, (person, weight) in enumerate(zip(lines["person"].tolist(), lines["gravity"], strict=True))
    ]


EXTRACT = "2021-11-30"
FIRST = "2020-04-01"


@pytest.fixture(scope="module")
def extract(world: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The planted lines as a CSV file."""
    import csv

    path = tmp_path_factory.mktemp("extract") / "offences.csv"
    rows = rows_of(world)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if max(row["event_date"], row["recorded_date"]) <= EXTRACT)
    return path


SETTINGS = """\
schema: rfgscore/1
input:
  columns:
    perpetrator_id: perpetrator_id
    event_date: event_date
    recorded_date: recorded_date
    offence_code: offence_code
    incident_id: incident_id
    area: area
gravity: {table: cchi-da-2020-10, unmapped: 1}
score:
  window_days: 365
  components:
    frequency: {bands: [{from: 1, points: 5}, {from: 3, points: 9}]}
"""


@pytest.fixture(scope="module")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("settings") / "config.yaml"
    path.write_text(SETTINGS, "utf-8")
    return path


@pytest.fixture(scope="module")
def desk_config(settings_file: Any) -> Config:
    return rfg.load_config(settings_file)


@pytest.fixture(scope="module")
def read(extract: Any, desk_config: Config) -> History:
    """The planted lines as read from the file."""
    return rfg.read_offences(extract, config=desk_config, as_of=EXTRACT)


class TestHoldOut:
    def test_the_area_is_that_of_the_latest_visible_line(self, read: History) -> None:
        day = dt.date.fromisoformat(FIRST).toordinal() - 719163
        group, names = groups_at(read, day, "area")
        assert names == ("North", "South")
        number = np.array([int(person[1:]) for person in read.persons.tolist()])
        some = at_risk(read, day, window_days=365)
        np.testing.assert_array_equal(group[some], np.array([0, 1, -1])[number[some] % 3])

    def test_an_area_is_tested_by_models_that_never_saw_its_people(
        self, read: History, desk_config: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[set[int]] = []
        real = driver._fitted

        def spy(training: Any, options: Any) -> Any:
            seen.append({int(read.persons[who][1:]) % 3 for who in training.rows.person.tolist()})
            return real(training, options)

        monkeypatch.setattr(driver, "_fitted", spy)
        found = backtest(
            read, config=desk_config, dates=[FIRST], horizons=(180,), hold_out="area", resamples=5
        )
        assert seen == [{1, 2}, {0, 2}], "people without an area are in no area, and train all models"
        groups = found.design["groups"][FIRST]
        assert {name: groups[name]["failed"] for name in groups} == {"North": {}, "South": {}}
        for name in ("North", "South"):
            auc = one(found, "auc", "cox", group=name, at="180 d", landmark=dt.date.fromisoformat(FIRST))
            assert auc["people"] == groups[name]["people"] > 50
            assert 0.5 < auc["value"] < 1
            assert numbers(found, measure="capture", ranking="oracle", group=name, at="top 50", of="harm")
            assert numbers(found, measure="observed_expected", ranking="cox", group=name, at="180 d")

    def test_where_too_few_are_left_to_fit_on_the_rules_are_still_tested(
        self, read: History, desk_config: Config
    ) -> None:
        assert read.source is not None
        few = np.isin(read.person_of_line(), np.flatnonzero(read.persons == "P0003"))
        area = replace(read.source.area, codes=np.where(few, 0, 1).astype(np.int32))
        lopsided = replace(read, source=replace(read.source, area=area))
        found = backtest(
            lopsided, config=desk_config, dates=[FIRST], horizons=(180,), hold_out="area", resamples=5
        )
        note = found.design["groups"][FIRST]["South"]
        assert list(note["failed"]) == ["cox"]
        assert 0 < note["training_rows"] < 10
        assert numbers(found, measure="auc", ranking="frequency", group="South", at="180 d")
        assert not numbers(found, measure="auc", ranking="cox", group="South", at="180 d")
        assert found.design["groups"][FIRST]["North"]["people"] == 1

    def test_without_the_column_it_is_refused(self, history: History, config: Config) -> None:
        with pytest.raises(DataError, match="needs the column area"):
            backtest(history, config=config, dates=LANDMARKS, hold_out="area")


class TestCustody:
    @pytest.fixture
    def held(self, extract: Any, settings_file: Any, tmp_path: Any) -> tuple[Config, History]:
        """Every fifth person is in custody around the first landmark, and every tenth for good."""
        rows = ["perpetrator_id,start,end"]
        for person in range(0, 500, 5):
            rows.append(f"P{person:04d},2020-03-01,{'' if person % 10 == 0 else '2020-06-01'}")
        path = tmp_path / "custody.csv"
        path.write_text("\n".join(rows) + "\n", "utf-8")
        config = rfg.load_config(settings_file)
        return config, rfg.read_offences(extract, config=config, as_of=EXTRACT, custody=path)

    def test_days_in_custody_are_off_the_clock_and_people_held_may_be_left_out(
        self, held: tuple[Config, History]
    ) -> None:
        config, history = held
        given = {"config": config, "dates": [FIRST], "models": (), "resamples": 0, "horizons": (180,)}
        free = backtest(history, held="exclude", **given)
        whole = backtest(history, **given)
        slow = backtest(history, clock="calendar", **given)
        assert (whole.design["clock"], slow.design["clock"]) == ("at_liberty", "calendar")
        people = {name: made.design["people"][FIRST] for name, made in (("free", free), ("whole", whole))}
        assert people["whole"]["at_risk"] > people["whole"]["followed"] > people["free"]["at_risk"]
        assert people["free"]["at_risk"] == people["free"]["followed"]
        assert slow.design["people"][FIRST]["followed"] == people["whole"]["at_risk"]


class TestIdentity:
    def test_whatever_is_read_is_in_the_hash(
        self, world: dict[str, Any], history: History, read: History
    ) -> None:
        def hashed(one: History) -> str:
            return data_hash(one, incidents_of(one, last_day(one)))

        first = hashed(history)
        assert hashed(History.from_arrays(**world["lines"])) == first
        for name in ("day", "known_day", "gravity", "victim", "person"):
            lines = {key: values.copy() for key, values in world["lines"].items()}
            lines[name][-1] += 1
            assert hashed(History.from_arrays(**lines)) != first, name
        source = read.source
        assert source is not None
        dead = source.deceased.copy()
        dead[0] = 18000
        assert hashed(replace(read, source=replace(source, deceased=dead))) != hashed(read)
        turned = replace(source.area, codes=source.area.codes[::-1].copy())
        assert hashed(replace(read, source=replace(source, area=turned))) != hashed(read)

    def test_a_back_test_is_defined_by_all_it_was_asked(self, config: Config, desk_config: Config) -> None:
        options = options_of()
        first = defined_by("data", config, [5], options)
        others = [
            defined_by("other", config, [5], options),
            defined_by("data", desk_config, [5], options),
            defined_by("data", config, [6], options),
            *(
                defined_by("data", config, [5], options_of(**{name: value}))
                for name, value in {
                    "outcome": "serious", "serious_from": 5.0, "horizons": (90,), "models": (), "seed": 2,
                    "look_ahead_days": 366, "cap": 1.0, "hold_out": "area", "held": "exclude",
                    "clock": "calendar", "resamples": 1, "recalibrate": True,
                }.items()
            ),
        ]  # fmt: skip
        assert len({first, *others}) == len(others) + 1


@pytest.mark.parametrize("outcome", ["serious", "worse", "new_victim", "own"])
def test_every_outcome_can_be_asked(outcome: str, history: History, config: Config) -> None:
    asked: Any = outcome if outcome != "own" else Outcome("grave", where=lambda h: h.weights[h.code] > 1000)
    found = backtest(
        history, config=config, dates=LANDMARKS[:1], outcome=asked, models=(), resamples=0, horizons=(180,)
    )
    name = "grave" if outcome == "own" else outcome
    assert set(found.numbers["outcome"]) == {name}
    assert found.design["outcome"] == name
    assert one(found, "events", None)["value"] > 0
    row = one(found, "precision", "random", at="top 50", of="people")
    people = one(found, "at_risk", None)["value"]
    listed = one(found, "capture", "random", at="top 50", of="people")
    assert row["value"] == pytest.approx(listed["events"] / people), "people are those with the outcome"


class TestRefusals:
    def test_a_landmark_after_the_data(self, history: History, config: Config) -> None:
        with pytest.raises(FollowUpError, match="1 of 1 landmarks look 365 days ahead"):
            backtest(history, config=config, dates=[DAYS + 10])

    def test_a_record_too_short_before_a_landmark(self, history: History, config: Config) -> None:
        with pytest.raises(FollowUpError, match=r"landmark 1970-12-27: the record up to"):
            backtest(history, config=config, dates=[360], resamples=0)

    def test_nobody_with_the_outcome(self, config: Config) -> None:
        quiet = History.from_arrays(person=[1, 2, 3], day=[900, 950, 2000], gravity=[1, 1, 1])
        with pytest.raises(TooFewEventsError, match=r"landmark 1972-09-27: 2 people are at risk, and none"):
            backtest(quiet, config=config, dates=[1000], models=(), resamples=0)

    def test_days_at_liberty_without_custody(self, history: History, config: Config) -> None:
        with pytest.raises(DataError, match="needs a custody table"):
            backtest(history, config=config, dates=LANDMARKS, clock="at_liberty")

    def test_a_clock_that_knows_what_nobody_knew(self, history: History, config: Config) -> None:
        with pytest.raises(ConfigError, match="clock event"):
            backtest(history, config=config, dates=LANDMARKS, clock="event")

    def test_what_is_known_only_as_of_the_extract(
        self, world: dict[str, Any], desk_config: Config, extract: Any, tmp_path: Any
    ) -> None:
        links = tmp_path / "links.csv"
        links.write_text("nominal_id,master_id\nP0001,P0002\n", "utf-8")
        strict = rfg.read_offences(extract, config=desk_config, as_of=EXTRACT, links=links)
        with pytest.raises(PointInTimeError, match="links"):
            backtest(strict, config=desk_config, dates=[FIRST], models=(), resamples=0)
        settings = SETTINGS.replace("input:\n", "input:\n  point_in_time: accept_extract_state\n")
        path = tmp_path / "config.yaml"
        path.write_text(settings, "utf-8")
        lax = rfg.load_config(path)
        read = rfg.read_offences(extract, config=lax, as_of=EXTRACT, links=links)
        found = backtest(read, config=lax, dates=[FIRST], models=(), resamples=0, horizons=(180,))
        (warning,) = found.manifest["warnings"]
        assert warning["code"] == "point_in_time"
        assert "links" in warning["text"]


class TestCommand:
    def words(self, settings_file: Any, extract: Any, out: Any, *more: str) -> list[str]:
        return [
            *("backtest", "--config", str(settings_file), "--offences", str(extract), "--from", FIRST),
            *("--to", "2020-05-20", "--every", "30", "--out", str(out), "--horizons", "180"),
            *("--resamples", "5", "--models", "none", *more),
        ]

    def test_it_writes_a_folder_and_says_what_it_found(
        self, settings_file: Any, extract: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "out"
        assert invoke(self.words(settings_file, extract, out, "--extract-date", EXTRACT)) == 0
        said = capsys.readouterr().out
        assert "2 landmarks, 2020-04-01 to 2020-05-01; another incident" in said
        assert "profile: AUC 0." in said
        assert (out / "report.html").read_bytes().startswith(b"<!DOCTYPE html>")
        assert [entry.name for entry in tmp_path.iterdir()] == ["out"], "nothing is left beside it"
        assert invoke(self.words(settings_file, extract, out, "--extract-date", EXTRACT)) == 2
        assert "not empty" in capsys.readouterr().err
        again = self.words(settings_file, extract, out, "--extract-date", EXTRACT, "--replace", "--quiet")
        before = (out / "manifest.json").read_bytes()
        assert invoke(again) == 0
        assert capsys.readouterr().out == ""
        assert (out / "manifest.json").read_bytes() == before

    def test_columns_and_look_ahead_can_be_asked_for(
        self, settings_file: Any, extract: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "out"
        words = self.words(settings_file, extract, out, "--extract-date", EXTRACT)
        words[words.index("none")] = "cox"
        words[words.index("180")] = "90"
        assert invoke([*words, "--features", "incidents_90d,days_since_last", "--look-ahead", "90"]) == 0
        design = json.loads((out / "design.json").read_text("utf-8"))
        assert design["look_ahead_days"] == 90
        assert [one["columns"] for one in design["training"].values()] == [
            ["days_since_last", "incidents_90d"]
        ] * 2
        capsys.readouterr()
        assert invoke([*words, "--features", "incidents_90", "--replace"]) == 2
        assert "did you mean 'incidents_90d'?" in capsys.readouterr().err

    def test_a_look_back_longer_than_the_record_is_told(
        self, settings_file: Any, extract: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = self.words(settings_file, extract, tmp_path / "out", "--extract-date", EXTRACT)
        words[words.index(FIRST)] = "2015-10-01"
        words[words.index("2020-05-20")] = "2015-10-01"
        assert invoke(words) == 0
        said = capsys.readouterr().out
        assert "note short_record: 1 of 1 landmarks come before 365 days are on record" in said
        assert "their look-back is cut short." in (tmp_path / "out/report.html").read_text("utf-8")

    def test_a_stopped_one_says_that_it_can_go_on(
        self, tmp_path: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for kept, words in ((tmp_path, "the same command goes on from there"), (tmp_path / "none", "")):
            with pytest.raises(KeyboardInterrupt), say_what_is_kept(kept):
                raise KeyboardInterrupt
            assert words in (said := capsys.readouterr().err) and bool(said) == bool(words)

    def test_endings(
        self, settings_file: Any, extract: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "out"
        assert invoke(self.words(settings_file, extract, out)) == 2
        assert "on which day was the extract taken?" in capsys.readouterr().err
        day = ("--extract-date", EXTRACT)
        assert invoke(self.words(settings_file, extract, out, *day, "--outcome", "arrest")) == 2
        assert "there is no outcome" in capsys.readouterr().err
        assert invoke(self.words(settings_file, extract, out, "--extract-date", "2020-12-01")) == 1
        assert "RFG-D" in capsys.readouterr().err
        assert not out.exists()

    def test_what_was_finished_before_a_kill_is_kept_beside_the_folder(self, tmp_path: Any) -> None:
        assert recovery(tmp_path / "out") == tmp_path / ".out.rfgscore-landmarks"


def test_a_number_that_too_few_resamples_have_has_no_interval() -> None:
    out = Gathered()
    out.add("cox", "auc", 0.7, at="90 d", drawn=np.array([0.6, np.nan, np.nan, np.nan]))
    out.add("cox", "curve_observed", 0.2, at="90 d, bin 1", ends=(0.1, 0.3))
    table = numbers_table([(5, Found(tuple(out.numbers), out.drawn, {}, {}))], "repeat", ())
    rows = numbers(table, landmark=dt.date(1970, 1, 6))
    assert [(row["value"], row["lower"], row["upper"]) for row in rows] == [
        (0.7, None, None),
        (0.2, 0.1, 0.3),
    ]


def test_a_horizon_that_nobody_reached_has_no_numbers() -> None:
    people = np.arange(4)
    stop, end = np.array([10.0, 20.0, 50.0, 50.0]), np.array([1, 1, 0, 0], np.int8)
    tested = AtRisk(people, people, stop, end, {"people": np.ones(4)}, np.ones((2, 4), np.int8))
    score = {"frequency": np.array([4.0, 3.0, 2.0, 1.0])}
    risk = {"cox": Risk((50, 90), np.full((4, 2), 0.5))}
    out = Gathered()
    add_separation(out, tested, score, {}, (50, 90), 1)
    add_risks(out, tested, risk, np.array([0.4, 0.5]), (50, 90), 1)
    add_sham(out, tested, score, 90, 1)
    told = {(number.key.measure, number.key.at) for number in out.numbers}
    assert ("auc", "50 d") in told
    assert ("brier", "50 d") in told
    assert {at for measure, at in told if measure in ("auc", "brier", "observed_expected")} == {"50 d"}
    assert not any(measure.startswith(("ibs", "sham")) for measure, _ in told)


def test_a_risk_is_asked_by_its_time() -> None:
    risk = Risk((30, 90), np.array([[0.1, 0.2], [0.3, 0.4]]))
    assert risk.at(90).tolist() == [0.2, 0.4]
    assert list(TOPS) == ["top 50", "top 100", "top 1%", "top 5%"]


@pytest.mark.compiled
def test_whoever_becomes_known_later_changes_no_number_and_no_interval(
    world: dict[str, Any], history: History, config: Config
) -> None:
    """Also where the later ids stand among the others, so that everybody's number in the history moves."""
    ask: dict[str, Any] = {
        "config": config,
        "dates": [1300],
        "horizons": (90, 180),
        "resamples": 20,
        "seed": 3,
    }
    lines = world["lines"]
    rng = np.random.default_rng(8)
    later = {
        "person": np.repeat(np.arange(0, 400, 4), 2) - 0.5,
        "day": rng.integers(1800, DAYS, 200).astype(np.int32),
        "gravity": np.full(200, 5000.0),
        "victim": np.zeros(200, np.int64),
        "known_day": np.full(200, DAYS + 50, np.int32),
    }
    more = {name: np.concatenate([lines[name], later[name]]) for name in lines}
    more["person"] = (more["person"] * 2).astype(np.int64)
    other = History.from_arrays(**more)
    assert other.size == history.size + 100
    before, after = (backtest(one, **ask).numbers.to_pandas() for one in (history, other))
    people = before["measure"] == "unlisted"  # of how many people there are in all
    assert before[~people].equals(after[~people])
    assert before.loc[people, "value"].equals(after.loc[people, "value"])
    assert before["lower"].notna().sum() > 100
