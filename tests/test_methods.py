"""The methods that turn values into a score: points, quantile, continuous; and the presets that use them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.config import PRESETS
from rfgscore.errors import ConfigError
from rfgscore.explain import Outlook, explain_person
from rfgscore.scoring.bands import bands_above, quantile_edges

AS_OF = 20000
NO_BANDS = {"recency": {}, "frequency": {}, "gravity": {"aggregate": "sum"}}


def settings_of(score, **more):
    return rfg.load_config(
        {"schema": "rfgscore/1", "gravity": {"table": "cchi-da-2020-10"}, "score": score, **more}
    )


def scored(rows, config):
    """Scores of (person, days before as_of, gravity) rows."""
    person, age, gravity = zip(*rows, strict=True)
    history = rfg.History.from_arrays(
        person=list(person), day=[AS_OF - days for days in age], gravity=[float(weight) for weight in gravity]
    )
    return rfg.score(history, config=config, as_of=AS_OF)


def by_person(scores):
    frame = scores.to_pandas()
    return frame.set_index("perpetrator_id")


# --- quantile ---------------------------------------------------------------------------------------


def test_quintiles_of_ten_people_hold_two_each_and_recent_is_high():
    rows = [(f"P{n}", 10 * n, n) for n in range(10)]
    frame = by_person(scored(rows, settings_of({"method": "quantile", "q": 5, "components": NO_BANDS})))
    assert frame.loc["P0", "recency_band"] == 5
    assert frame["recency_band"].sort_index().tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert frame["gravity_band"].sort_index().tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert (frame["recency_points"] == frame["recency_band"]).all()
    assert frame["score"].sort_index().tolist() == [7, 7, 7, 7, 7, 7, 7, 7, 7, 7]


def test_equal_values_never_fall_into_two_bands_and_equal_edges_close_up():
    rows = [(f"P{n}", 5, 1 if n < 8 else n) for n in range(10)]
    scores = scored(rows, settings_of({"method": "quantile", "q": 5, "components": {"gravity": {}}}))
    (part,) = scores.scored.components
    assert part.edges == (1.0,)
    assert part.collapsed == 3
    assert part.max_points == 2
    assert by_person(scores)["gravity_band"].sort_index().tolist() == [1] * 8 + [2, 2]
    assert by_person(scores)["max_score"].tolist() == [2] * 10


def test_edges_come_from_eligible_people_only_and_bands_are_given_to_all():
    rows = [("A", 1, 1), ("A", 2, 1), ("B", 1, 2), ("B", 9, 2), ("C", 3, 1000)]
    score = {"method": "quantile", "q": 2, "components": {"gravity": {"aggregate": "sum"}}}
    config = settings_of(score, cohort={"min_incidents": 2})
    scores = scored(rows, config)
    (part,) = scores.scored.components
    assert part.edges == (2.0,)
    frame = by_person(scores)
    assert frame.loc["C", "gravity_band"] == 2
    assert frame["position"].isna().tolist() == [False, False, True]


def test_given_edges_are_used_as_written_and_days_count_backwards():
    components = {"recency": {"edges": [30, 90]}, "frequency": {"edges": [1]}}
    rows = [("A", 29, 1), ("B", 30, 1), ("C", 89, 1), ("D", 90, 1), ("E", 91, 1), ("E", 92, 1)]
    scores = scored(rows, settings_of({"method": "quantile", "components": components}))
    frame = by_person(scores)
    # Strictly below: 30 days is not more recent than an edge of 30.
    assert frame["recency_band"].sort_index().tolist() == [3, 2, 2, 1, 1]
    assert frame["frequency_band"].sort_index().tolist() == [1, 1, 1, 1, 2]
    assert [part.edges for part in scores.scored.components] == [(30.0, 90.0), (1.0,)]
    told = [part.sentence for part in scores.explain("A").parts]
    assert told[0].endswith("3 of 3 points (band 3 of 3; edges 30, 90: given in the config).")


@given(
    values=st.lists(st.integers(0, 6) | st.sampled_from([0.5, 1.25, 547.5]), min_size=1, max_size=40),
    q=st.integers(2, 12),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_bands_agree_with_counting(values, q):
    """Edge k is the smallest value with at least k of q parts of all values at or below it."""
    edges = quantile_edges(np.array(values, np.float64), q)
    ordered = sorted(values)
    for k, edge in enumerate(edges.tolist(), start=1):
        rank = math.ceil(Fraction(len(ordered) * k, q))
        # Where the rank is whole, the float k / q may lie just above the fraction: the next value then.
        whole = (len(ordered) * k) % q == 0
        assert edge in {ordered[rank - 1], ordered[min(rank, len(ordered) - 1) if whole else rank - 1]}
    bands = bands_above(np.array(values, np.float64), np.unique(edges))
    assert bands.tolist() == [1 + sum(edge < value for edge in set(edges.tolist())) for value in values]


def test_no_eligible_person_leaves_one_band():
    score = {"method": "quantile", "q": 5, "components": {"gravity": {}}}
    scores = scored([("A", 1, 5)], settings_of(score, cohort={"min_incidents": 2}))
    assert by_person(scores)["gravity_band"].tolist() == [1]


# --- continuous -------------------------------------------------------------------------------------


def test_a_sum_of_harm_is_the_score_itself_and_has_no_most():
    score = {
        "method": "continuous",
        "weights": {"gravity": 1},
        "components": {"gravity": {"aggregate": "sum"}},
    }
    scores = scored([("A", 1, 0.1), ("A", 2, 0.2), ("B", 1, 1)], settings_of(score))
    frame = by_person(scores)
    assert frame["score"].to_dict() == {"B": 1.0, "A": 0.3}
    assert frame["max_score"].isna().all()
    assert str(frame["score"].dtype) == "float64"
    assert frame["gravity_band"].tolist() == [0, 0]
    explained = scores.explain("A")
    assert (explained.score, explained.max_score) == (0.3, None)
    assert explained.summary.startswith("0.3 points: named in 2 incidents")
    assert explained.parts[0].sentence.endswith("0.3 points (the value).")
    assert repr(explained) == "Explanation(0.3 points, 1 parts)"


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("none", {"A": 2.0 + 0.5 * 3 - 4, "B": 2.0 * 0 + 0.5 * 1 - 0.4 * 20}),
        ("max", {"A": 2.0 * 1 + 0.5 * 1 - 0.4 * 0.5, "B": 0 + 0.5 / 3 - 0.4 * 1}),
        (
            "log1p_max",
            {
                "A": 2.0 + 0.5 - 0.4 * math.log1p(10) / math.log1p(20),
                "B": 0.5 * math.log1p(1) / math.log1p(3) - 0.4,
            },
        ),
    ],
)
def test_scales(scale, expected):
    weights = {"recency": -0.4, "frequency": 0.5, "gravity": 2}
    score = {"method": "continuous", "weights": weights, "scale": scale, "components": NO_BANDS}
    if scale == "none":
        expected = {"A": 2.0 * 3 + 0.5 * 3 - 4, "B": 0.5 - 8}
    rows = [("A", 10, 1), ("A", 11, 1), ("A", 12, 1), ("B", 20, 0)]
    scores = scored(rows, settings_of(score))
    for person, value in expected.items():
        assert by_person(scores).loc[person, "score"] == pytest.approx(value, abs=2e-6)
        points = [part.points for part in scores.explain(person).parts]
        assert round(math.fsum(points), 6) == by_person(scores).loc[person, "score"]


def test_largest_values_are_those_of_eligible_people():
    score = {
        "method": "continuous",
        "weights": {"gravity": 10},
        "scale": "max",
        "components": {"gravity": {"aggregate": "sum"}},
    }
    rows = [("A", 1, 2), ("A", 2, 2), ("B", 1, 1), ("B", 2, 1), ("C", 1, 40)]
    frame = by_person(scored(rows, settings_of(score, cohort={"min_incidents": 2})))
    assert frame["score"].to_dict() == {"A": 10.0, "B": 5.0, "C": 100.0}


def test_nothing_is_the_largest_of_nothing():
    score = {"method": "continuous", "weights": {"gravity": 1}, "scale": "max", "components": {"gravity": {}}}
    assert by_person(scored([("A", 1, 0)], settings_of(score)))["score"].tolist() == [0.0]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ABCDE"), st.integers(0, 900), st.sampled_from([0, 0.1, 0.3, 10, 547.5])),
        min_size=1,
        max_size=40,
    ),
    scale=st.sampled_from(["none", "max", "log1p_max"]),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_parts_of_a_continuous_score_add_up_and_row_order_changes_nothing(rows, scale):
    score = {
        "method": "continuous",
        "weights": {"recency": -0.01, "frequency": 0.7, "gravity": 0.3},
        "scale": scale,
        "components": NO_BANDS,
    }
    config = settings_of(score)
    scores = scored(rows, config)
    again = scored(rows[::-1], config)
    assert scores.to_pandas().equals(again.to_pandas())
    for place in range(len(scores)):
        explained = explain_person(scores.scored, place, Outlook(None, None, None))
        assert round(math.fsum(part.points for part in explained.parts), 6) == explained.score


# --- what each method needs -------------------------------------------------------------------------

FREQUENCY = {"frequency": {}}
BANDED = {"frequency": {"bands": [{"from": 1, "points": 1}]}}


@pytest.mark.parametrize(
    ("score", "text"),
    [
        ({"components": FREQUENCY}, "score.components.frequency.bands: is needed"),
        ({"method": "quantile", "components": FREQUENCY}, "score.q: is needed"),
        (
            {"method": "quantile", "q": 1, "components": FREQUENCY},
            "score.q: must be 2 or more",
        ),
        (
            {"q": 5, "components": BANDED},
            "score.q: is only for method: quantile",
        ),
        (
            {
                "method": "quantile",
                "q": 5,
                "components": BANDED,
            },
            "score.components.frequency.bands: is only for method: points",
        ),
        (
            {"components": {"frequency": {"bands": [{"from": 1, "points": 1}], "edges": [1]}}},
            "score.components.frequency.edges: is only for method: quantile",
        ),
        (
            {"method": "quantile", "components": {"frequency": {"edges": [2, 2]}}},
            "score.components.frequency.edges.1: must be above 2, the edge before it",
        ),
        ({"method": "quantile", "components": {"frequency": {"edges": []}}}, "edges: at least one is needed"),
        (
            {"method": "continuous", "components": FREQUENCY},
            "score.weights: is needed: the weight of frequency",
        ),
        (
            {"method": "continuous", "weights": {"gravity": 1}, "components": FREQUENCY},
            "score.weights.frequency: is needed: every component has a weight",
        ),
        (
            {"method": "continuous", "weights": {"frequency": 1, "gravity": 1}, "components": FREQUENCY},
            "score.weights.gravity: the score has no component 'gravity'; remove it",
        ),
        (
            {"method": "continuous", "weights": {"frequency": -1}, "components": FREQUENCY},
            "score.weights.frequency: must be 0 or more",
        ),
        (
            {"method": "continuous", "weights": {"recency": 1}, "components": {"recency": {}}},
            "score.weights.recency: must be 0 or less: more days",
        ),
        (
            {
                "method": "continuous",
                "weights": {"frequency": 1},
                "scale": "sqrt",
                "components": FREQUENCY,
            },
            "score.scale: must be one of none, max, log1p_max",
        ),
        (
            {"scale": "max", "components": BANDED},
            "score.scale: is only for method: continuous",
        ),
    ],
)
def test_a_method_takes_its_own_keys_and_no_other(score, text):
    with pytest.raises(ConfigError) as caught:
        settings_of(score)
    assert text in str(caught.value)


def test_keys_of_other_methods_do_not_enter_the_hash():
    points = settings_of({"components": BANDED})
    assert set(points.effective()["score"]) == {"window_days", "method", "components"}
    continuous = settings_of({"method": "continuous", "weights": {"frequency": 1}, "components": FREQUENCY})
    assert continuous.effective()["score"]["scale"] == "none"
    assert continuous.max_score is None
    given_edges = {"frequency": {"edges": [1, 2]}, "gravity": {}}
    assert settings_of({"method": "quantile", "q": 5, "components": given_edges}).max_score == 8


# --- presets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_weighs_strangulation_and_coercive_control_with_a_reason(name):
    uplift = rfg.preset(name).gravity.uplift
    for code in ("008/77", "008/67"):
        assert uplift[code].reason.startswith("illustrative: ")
        assert uplift[code].weight > 0


def test_the_harm_led_preset_lifts_what_sentences_push_down():
    lifted, plain = rfg.preset("illustrative-rfh"), rfg.preset("illustrative-rfgv")
    assert lifted.max_score == 100
    weights = {code: uplift.weight for code, uplift in lifted.gravity.uplift.items()}
    # Danger to life above control and stalking, each above the next lesser form.
    assert weights["008/77"] > weights["008/66"] > weights["008/65"] > weights["195/12"]
    assert weights["008/67"] > plain.gravity.uplift["008/67"].weight
    gravity = lifted.score.components.gravity
    assert max(band.points for band in gravity.bands) > lifted.max_score / 2


def test_harm_sum_asks_for_two_incidents_in_one_year():
    config = rfg.preset("harm-sum-365")
    assert (config.score.window_days, config.cohort.min_incidents) == (365, 2)
    rows = [("A", 364, 5), ("A", 1, 5), ("B", 365, 5), ("B", 1, 5)]
    frame = by_person(scored(rows, config))
    assert frame["score"].to_dict() == {"A": 10.0, "B": 5.0}
    assert frame["position"].isna().to_dict() == {"A": False, "B": True}


def test_quintile_preset_scores_three_to_fifteen():
    rng = np.random.default_rng(5)
    rows = [
        (f"P{person:03}", int(rng.integers(0, 730)), float(rng.choice([1, 10, 84])))
        for person in range(100)
        for _ in range(1 + person % 7)
    ]
    scores = scored(rows, rfg.preset("quintile-rfg"))
    assert rfg.preset("quintile-rfg").max_score == 15
    assert by_person(scores)["score"].between(3, 15).all()


def test_a_run_tells_edges_collapsed_bands_and_writes_float_scores(desk):
    rows = desk.rows(*({"perpetrator_id": f"P{n}", "event_date": f"2025-03-0{n}"} for n in range(1, 6)))
    path = desk.file(rows)
    quintiles = rfg.load_config({"schema": "rfgscore/1", "extends": "quintile-rfg"})
    run = rfg.run(config=quintiles, offences=path, as_of=desk.as_of)
    manifest = run.manifest
    assert manifest["edges"]["recency"] == [118, 119, 120, 121]
    assert manifest["edges"]["frequency"] == [1]
    told = [warning["text"] for warning in manifest["warnings"] if warning["code"] == "bands_collapsed"]
    assert told == [
        "frequency: 3 edges were equal, 2 bands are left",
        "gravity: 3 edges were equal, 2 bands are left",
    ]
    harm = rfg.load_config(
        {"schema": "rfgscore/1", "extends": "harm-sum-365", "cohort": {"min_incidents": 1}}
    )
    run = rfg.run(config=harm, offences=path, as_of=desk.as_of)
    assert "edges" not in run.manifest
    line = run.files["cohort.csv"].decode("utf-8-sig").split("\r\n")[1]
    assert line.startswith("1,1,4,P1,10,,10,10,2025-03-01,008/06,")


def test_points_too_large_to_be_added_up_are_refused():
    score = {"method": "continuous", "weights": {"gravity": 1e9}, "components": {"gravity": {}}}
    assert scored([("A", 1, 4.0)], settings_of(score)).to_pandas()["score"].tolist() == [4e9]
    with pytest.raises(ConfigError, match=r"score\.weights\.gravity: points of 4294967296 and more"):
        scored([("A", 1, 5.0)], settings_of(score))
    with pytest.raises(ConfigError, match=r"score\.weights\.gravity: must be 1000000000 or less"):
        settings_of({**score, "weights": {"gravity": 1.1e9}})
