"""The model of escalation risk: leaks, refusals, files, and answers that add up."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest

import rfgscore as rfg
from rfgscore.errors import (
    ConfigError,
    FollowUpError,
    ModelFileError,
    NotFittedError,
    PointInTimeError,
    ProtectedFeatureError,
    TooFewEventsError,
    UnknownPersonError,
)
from rfgscore.escalation.artefact import load_model, save_model
from rfgscore.escalation.model import EscalationModel
from rfgscore.escalation.outcomes import Outcome
from rfgscore.escalation.settings import MODELS
from rfgscore.escalation.training import training_landmarks
from rfgscore.history.history import History

DAYS = 1600
UNTIL = 1400


def columns(seed: int = 1, persons: int = 600) -> dict[str, np.ndarray]:
    """Return lines of people with rates of their own, some recorded late."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.7, 1 / 250, persons)
    counts = rng.poisson(rate * DAYS)
    person = np.repeat(np.arange(persons), counts)
    day = rng.integers(0, DAYS, len(person)).astype(np.int32)
    late = np.where(rng.random(len(person)) < 0.2, rng.integers(0, 60, len(person)), 0)
    return {
        "person": person,
        "day": day,
        "known_day": (day + late).astype(np.int32),
        "gravity": rng.choice([1.0, 10.0, 365.0, 1000.0], len(person), p=[0.4, 0.3, 0.2, 0.1]),
        "victim": rng.integers(-1, 4, len(person)),
    }


@pytest.fixture(scope="module")
def lines():
    return columns()


@pytest.fixture(scope="module")
def history(lines):
    return History.from_arrays(**lines)


def model(name: str = "cox", outcome: str | Outcome = "repeat", **more) -> EscalationModel:
    more = {"window_days": 365, "every_days": 120, "landmarks": 3, **more}
    return EscalationModel(outcome, [90, 180], name, **more)


@pytest.mark.parametrize(("name", "outcome"), [*((name, "repeat") for name in MODELS), ("cox", "serious")])
def test_every_model_predicts_within_bounds_and_is_saved_to_the_bit(history, tmp_path, name, outcome):
    fitted = model(name, outcome).fit(history, UNTIL)
    table = fitted.predict(history, UNTIL)
    risk = np.column_stack([table["risk_90d"], table["risk_180d"]])
    assert np.isfinite(risk).all()
    assert ((risk >= 0) & (risk <= 1)).all()
    assert (risk[:, 0] <= risk[:, 1]).all()
    card = fitted.card
    assert card["observed"] == pytest.approx(card["expected"], rel=0.1)
    assert card["ends"]["event"] == card["events_by_horizon"][1]
    fitted.save(tmp_path / "model.json")
    again = EscalationModel.load(tmp_path / "model.json")
    assert again.card == json.loads(json.dumps(card))
    assert list(again.predict(history, UNTIL).rows()) == list(table.rows())
    assert list(again.summary().rows()) == list(fitted.summary().rows())
    assert list(again.check_assumptions().rows()) == list(fitted.check_assumptions().rows())
    people = np.arange(5)
    told = again.contributions(history, UNTIL, people), fitted.contributions(history, UNTIL, people)
    assert np.array_equal(told[0].values, told[1].values)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["cox", "weibull", "hazard"])
def test_people_with_more_incidents_are_told_a_higher_risk(history, lines, name):
    fitted = model(name).fit(history, UNTIL)
    table = fitted.predict(history, UNTIL)
    risk = dict(zip(table["perpetrator_id"], table["risk_180d"], strict=True))
    recent = (lines["known_day"] <= UNTIL) & (lines["day"] > UNTIL - 365)
    count = np.bincount(lines["person"][recent], minlength=600)
    many = [risk[person] for person in np.flatnonzero(count >= 4).tolist()]
    one = [risk[person] for person in np.flatnonzero(count == 1).tolist()]
    assert len(many) > 20
    assert len(one) > 20
    assert np.mean(many) > 1.5 * np.mean(one)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["cox", "hazard"])
def test_what_becomes_known_later_changes_no_fit_and_no_risk(lines, history, name, tmp_path):
    before = model(name).fit(history, UNTIL)
    known = np.maximum(lines["known_day"], lines["day"]) <= UNTIL
    rng = np.random.default_rng(5)
    # Later lines are thrown away, changed, and new ones of the same and of new people are added.
    cut = History.from_arrays(**{key: values[known] for key, values in lines.items()})
    moved = {key: values.copy() for key, values in lines.items()}
    late = np.flatnonzero(~known)
    moved["day"][late] = rng.integers(UNTIL + 1, DAYS, len(late))
    moved["known_day"][late] = moved["day"][late]
    moved["gravity"][late] = 7777.0
    more = columns(9, 1200)
    later = more["day"] > UNTIL
    changed = History.from_arrays(**{key: np.concatenate([moved[key], more[key][later]]) for key in lines})
    for other in (cut, changed):
        if other is cut:
            other = History.from_arrays(
                **{
                    key: np.append(
                        values[known], {"person": 10**6, "day": UNTIL + 5, "known_day": UNTIL + 5}.get(key, 1)
                    )
                    for key, values in lines.items()
                }
            )
        after = model(name).fit(other, UNTIL)
        before.save(tmp_path / "a", replace=True)
        after.save(tmp_path / "b", replace=True)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        for day in (UNTIL,):
            told = [list(fit.predict(one, day).rows()) for fit, one in ((before, history), (after, other))]
            assert told[0] == told[1]


@pytest.mark.compiled
def test_the_order_of_rows_changes_nothing(lines, history, tmp_path):
    shuffled = np.random.default_rng(3).permutation(len(lines["day"]))
    other = History.from_arrays(**{key: values[shuffled] for key, values in lines.items()}, threads=2)
    for name in ("cox", "weibull", "hazard", "aalen-johansen"):
        for number, one in enumerate((history, other)):
            model(name).fit(one, UNTIL).save(tmp_path / f"{name}{number}")
        assert (tmp_path / f"{name}0").read_bytes() == (tmp_path / f"{name}1").read_bytes()


def test_training_ends_before_the_day_and_the_longest_horizon_fits(history):
    fitted = model().fit(history, UNTIL)
    until = dt.date.fromisoformat(fitted.card["until"])
    landmarks = [dt.date.fromisoformat(day) for day in fitted.card["landmarks"]]
    assert [(until - day).days for day in landmarks] == [420, 300, 180]
    assert training_landmarks(history, UNTIL, 180, landmarks=9, every_days=120, window_days=365)[0] >= 364
    given = model(landmarks=[dt.date(1972, 6, 1)]).fit(history, UNTIL)
    assert given.card["landmarks"] == ["1972-06-01"]


def test_a_mask_of_people_leaves_the_others_out(history):
    half = np.arange(history.size) % 2 == 0
    fitted = model().fit(history, UNTIL, people=half)
    assert fitted.card["people"] < model().fit(history, UNTIL).card["people"]
    with pytest.raises(TooFewEventsError, match=r"no row to learn from.*in the 365 days to 197"):
        model().fit(history, UNTIL, people=np.zeros(history.size, bool))
    for wrong in (half[:3], half.astype(int)):
        with pytest.raises(ConfigError, match=f"people must be {history.size} yes or no"):
            model().fit(history, UNTIL, people=wrong)


def test_a_word_that_is_unknown_is_answered_with_the_nearest(history):
    for given, near in (
        ({"outcome": "repaet"}, "repeat"),
        ({"model": "coxx"}, "cox"),
        ({"features": ["victms"]}, "victims"),
        ({"options": {"penaliser": 1}}, "penalizer"),
    ):
        with pytest.raises(ConfigError, match=f"did you mean '{near}'"):
            EscalationModel(horizons=[90], **{"window_days": 365, **given}).fit(history, UNTIL)


def test_one_horizon_and_one_column_stand_for_themselves(history):
    one = EscalationModel(horizons=90, features="incidents_window", window_days=365, landmarks=[UNTIL - 120])
    assert one.horizons == (90,) and one.fit(history, UNTIL).card["columns"] == ["incidents_window"]
    with pytest.raises(ConfigError, match="whole number"):
        EscalationModel(horizons=None)


def test_a_day_before_the_record_begins_is_refused_as_that(history):
    with pytest.raises(FollowUpError, match="nothing was known by 1969-12-31: the record begins on 1970"):
        model().fit(history, -1)
    nobody = History.from_arrays(person=[], day=[], gravity=[])
    with pytest.raises(FollowUpError, match="nothing was known by 1969-12-31: there is no line"):
        model().fit(nobody, -1)


def test_recalibration_uses_training_landmarks_only_and_moves_all_risks_one_way(history):
    plain, moved = (model(recalibrate=flag).fit(history, UNTIL) for flag in (False, True))
    told = [one.predict(history, UNTIL) for one in (plain, moved)]
    order = [np.argsort(one["risk_180d"], kind="stable").tolist() for one in told]
    assert order[0] == order[1]
    assert plain.card["recalibration"] is None
    assert len(moved.card["recalibration"]) == 2
    half = np.arange(history.size) % 2 == 0
    some = model(recalibrate=True, features=["incidents_window"]).fit(history, UNTIL, people=half)
    assert some.card["recalibration"] != moved.card["recalibration"]


def test_recalibration_finds_a_planted_drift():
    from rfgscore.escalation.predictor import Predictor
    from rfgscore.escalation.recalibration import recalibration
    from rfgscore.escalation.tables import Covariates, Episodes

    rng = np.random.default_rng(2)
    size, longest = 40_000, 400
    value = rng.normal(0, 1, size)
    baseline = 0.001 * np.arange(longest + 1)
    predictor = Predictor(
        "cox", ("x",), {"coefficient": np.array([1.0]), "mean": np.zeros(1), "baseline": baseline}, longest
    )
    # What happens: hazards half as steep, and half as high at the middle.
    hazard = 0.5 * np.exp(0.5 * value) * 0.001**0.5
    time = np.ceil((rng.exponential(1, size) / hazard) ** 2).astype(np.int64)
    stop = np.minimum(time, longest).astype(np.int32)
    rows = Episodes(
        np.arange(size),
        np.zeros(size, np.int32),
        np.zeros(size, np.int32),
        stop,
        (time <= longest).astype(np.int8),
    )
    known = Covariates(("x",), value[:, None], (0,), ("x",))
    intercept, slope = recalibration(predictor, known, rows)
    assert slope == pytest.approx(0.5, abs=0.03)
    assert intercept == pytest.approx(np.log(0.5), abs=0.06)
    # Training saw nothing on the first days, where these rows have events: that must not upset the slope.
    late = predictor.arrays | {"baseline": np.where(np.arange(longest + 1) < 4, 0.0, baseline)}
    gap = Predictor("cox", ("x",), late, longest)
    assert (rows.event & (rows.stop < 4)).sum() > 10
    assert recalibration(gap, known, rows) == pytest.approx((intercept, slope), abs=0.15)
    few = rows.take(np.arange(10))
    with pytest.raises(TooFewEventsError, match="20 events"):
        recalibration(predictor, known.take(np.arange(10)), few)


def test_explanations_add_up_to_the_risk(history):
    fitted = model("cox").fit(history, UNTIL)
    person = int(fitted.predict(history, UNTIL)["perpetrator_id"][3])
    told = fitted.explain(history, UNTIL, person)
    hazard = np.exp(sum(told["contribution"])) * fitted.predictor.arrays["baseline"][180]
    risk = fitted.risk(history, UNTIL, np.flatnonzero(history.persons == person))[0, 1]
    assert 1 - np.exp(-hazard) == pytest.approx(risk, rel=1e-9)
    sizes = np.abs(told["contribution"])
    assert (np.diff(sizes) <= 0).all()
    with pytest.raises(UnknownPersonError):
        fitted.explain(history, UNTIL, 10**9)


def test_what_cannot_be_asked_is_refused_by_name(history):
    for wrong, match in (
        ({"horizons": []}, "at least one"),
        ({"horizons": [90, 90]}, "different"),
        ({"horizons": [0]}, "whole number above 0"),
        ({"model": "crystal ball"}, "no model"),
        ({"clock": "event"}, "at_liberty or calendar"),
        ({"held": "maybe"}, "include or exclude"),
        ({"outcome": "murder"}, "no outcome"),
        ({"window_days": 0}, "window_days"),
        ({"landmarks": []}, "landmarks"),
        ({"landmarks": ["yesterday"]}, "landmarks yesterday"),
    ):
        with pytest.raises(ConfigError, match=match):
            EscalationModel(**wrong)
    with pytest.raises(ProtectedFeatureError, match=r"sex \(sex\)"):
        model(features=["incidents_90d", "sex"]).fit(history, UNTIL)
    with pytest.raises(NotFittedError, match="not fitted"):
        model().predict(history, UNTIL)
    with pytest.raises(ConfigError, match="until soon"):
        model().fit(history, "soon")


def test_records_that_are_too_short_or_too_quiet_are_refused_by_name(history):
    with pytest.raises(FollowUpError, match="days after the data"):
        model().fit(history, 5000)
    with pytest.raises(FollowUpError, match="a look-back of 365 and a horizon of 180 need 545"):
        model().fit(history, 500)
    quiet = History.from_arrays(person=np.arange(500), day=np.arange(500) * 3, gravity=np.ones(500))
    with pytest.raises(TooFewEventsError):
        model().fit(quiet, UNTIL)
    with pytest.raises(FollowUpError, match="horizon 180 is beyond the follow-up"):
        model(landmarks=[UNTIL - 30]).fit(history, UNTIL)


def test_a_model_is_not_asked_about_days_before_its_own_record(history):
    fitted = model().fit(history, UNTIL)
    with pytest.raises(PointInTimeError, match="learnt from the record up to 1973-11-01"):
        fitted.predict(history, UNTIL - 1)
    with pytest.raises(PointInTimeError, match="history ends on"):
        fitted.predict(history, 9000)


def test_weights_other_than_those_of_the_fit_are_refused(tmp_path):
    from rfgscore.sample import sample_file

    settings = rfg.load_config(sample_file("config.yaml")).effective()
    strict = rfg.read_offences(
        sample_file("offences.csv"), config=rfg.load_config(settings), as_of="2025-06-30"
    )
    with pytest.raises(PointInTimeError, match="outcome: known only as of the extract"):
        EscalationModel("repeat", [60], "aalen-johansen", window_days=200, landmarks=2).fit(
            strict, "2025-06-30"
        )
    settings["input"]["point_in_time"] = "accept_extract_state"
    config = rfg.load_config(settings)
    history = rfg.read_offences(sample_file("offences.csv"), config=config, as_of="2025-06-30")
    fitted = EscalationModel(
        "repeat", [60], "aalen-johansen", window_days=200, landmarks=2, every_days=60
    ).fit(history, "2025-06-30")
    assert len(fitted.predict(history, "2025-06-30")) >= 50
    assert fitted.card["known_later"] == ["outcome"]
    effective = config.effective()
    effective["gravity"]["uplift"] = {"008/06": {"weight": 999.0, "reason": "test"}}
    other = rfg.load_config(effective)
    heavier = rfg.read_offences(sample_file("offences.csv"), config=other, as_of="2025-06-30")
    with pytest.raises(ModelFileError, match="other weights"):
        fitted.predict(heavier, "2025-06-30")


def test_an_outcome_of_ones_own(history, tmp_path):
    grave = Outcome("top-band", where=lambda one: one.weights[one.code] >= 1000)
    own = model(outcome=grave, features=["incidents_window"]).fit(history, UNTIL)
    serious = model(outcome="serious", serious_from=1000.0, features=["incidents_window"]).fit(history, UNTIL)
    assert own.card["events_by_horizon"] == serious.card["events_by_horizon"]
    assert own.card["outcome"]["words"] == "an incident counted as top-band"
    own.save(tmp_path / "own.json")
    again = EscalationModel.load(tmp_path / "own.json")
    assert list(again.predict(history, UNTIL).rows()) == list(own.predict(history, UNTIL).rows())
    with pytest.raises(ConfigError, match="was not saved"):
        again.fit(history, UNTIL)


STRANGE = {
    "a column that is none": lambda card, event: card["columns"].append("speed"),
    "a protected column": lambda card, event: card["columns"].append("sex"),
    "a column twice": lambda card, event: card["columns"].append(card["columns"][0]),
    "columns as text": lambda card, event: card.update(columns="age"),
    "an array of a column not filled": lambda card, event: event["columns"].__setitem__(0, "age"),
    "columns that the arrays do not use": lambda card, event: card["columns_used"].reverse(),
    "a horizon beyond the longest": lambda card, event: card.update(horizons=[90, 900]),
    "a horizon beyond all": lambda card, event: card.update(horizons=[90, 10**30]),
    "a horizon below 0": lambda card, event: card.update(horizons=[-90, 180]),
    "horizons out of order": lambda card, event: card.update(horizons=[180, 90]),
    "a horizon without a figure": lambda card, event: card.update(horizons=[90]),
    "another model": lambda card, event: card.update(model="weibull"),
    "no clock": lambda card, event: card.update(clock=None),
    "until is no day": lambda card, event: card.update(until="soon"),
    "until is a number": lambda card, event: card.update(until=20000),
    "until is a truth": lambda card, event: card.update(until=True),
    "until before its landmarks": lambda card, event: card.update(until="1970-02-01"),
    "no landmark": lambda card, event: card.update(landmarks=[]),
    "no averages": lambda card, event: card.update(averages={}),
    "averages that are none": lambda card, event: card["averages"].update(
        dict.fromkeys(card["averages"], "x")
    ),
    "averages beyond all": lambda card, event: card["averages"].update(
        dict.fromkeys(card["averages"], 1e308)
    ),
    "a count that is none": lambda card, event: card.update(rows="many"),
    "a count below 0": lambda card, event: card["ends"].update(event=-1),
    "a share above 1": lambda card, event: card["observed"].__setitem__(0, 1.5),
    "other words": lambda card, event: card["outcome"].update(words="<b>guilt</b>"),
    "a serious weight that is a truth": lambda card, event: card["outcome"].update(serious_from=True),
    "a reason without its column": lambda card, event: card.update(dropped=[["x"]]),
    "no version": lambda card, event: card.pop("version"),
    "weights that are none": lambda card, event: card.update(gravity=5),
}


def test_people_are_asked_about_by_their_number(history):
    asked = model(features=["incidents_window"]).fit(history, UNTIL)
    early = np.flatnonzero(history.first_seen <= UNTIL)
    assert asked.risk(history, UNTIL, early[:3].astype(np.int32)).shape == (3, 2)
    assert asked.risk(history, UNTIL, []).shape == (0, 2)
    for wrong in (np.ones(history.size, bool), early[:3].astype(float), early[:4].reshape(2, 2)):
        for ask in (asked.risk, asked.contributions):
            with pytest.raises(ConfigError, match="people must be whole numbers"):
                ask(history, UNTIL, wrong)


@pytest.mark.compiled
def test_there_may_be_many_training_landmarks(history):
    many = model(features=["incidents_window"], landmarks=45, every_days=5).fit(history, UNTIL)
    assert len(many.card["landmarks"]) == 45


@pytest.fixture(scope="module")
def right(history, tmp_path_factory):
    """A model file in which everything goes together."""
    path = tmp_path_factory.mktemp("right") / "model.json"
    asked = model(features=["days_since_last", "incidents_window"]).fit(history, UNTIL)
    asked.save(path)
    assert EscalationModel.load(path).card == asked.card
    return path


@pytest.mark.parametrize("name", STRANGE)
def test_a_card_that_does_not_go_with_its_arrays_is_refused(right, tmp_path, name):
    """The checksum tells of accidents, not of whoever makes one: what is signed must hang together too."""
    document, predictors = load_model(right)
    event = {"columns": list(predictors["event"].columns)}
    STRANGE[name](document["card"], event)
    strange = replace(predictors["event"], columns=tuple(event["columns"]))
    save_model(tmp_path / "strange.json", document, {"event": strange})
    with pytest.raises(ModelFileError, match="not a model of this version"):
        EscalationModel.load(tmp_path / "strange.json")


def test_reprs_name_nobody(history):
    fitted = model().fit(history, UNTIL)
    assert repr(model()) == "EscalationModel(cox, repeat within 90, 180 days, not fitted)"
    assert repr(fitted) == "EscalationModel(cox, repeat within 90, 180 days, fitted until 1973-11-01)"
