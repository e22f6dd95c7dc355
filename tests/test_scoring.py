"""Bands, ranks, eligibility and the parts of a score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.errors import ConfigError, DataError, PointInTimeError, UnknownPersonError
from rfgscore.scoring.bands import bands_from, bands_up_to
from rfgscore.scoring.rank import rank_people

BANDS = {
    "recency": {"bands": [{"up_to": 30, "points": 20}, {"up_to": 730, "points": 4}]},
    "frequency": {"bands": [{"from": 1, "points": 5}, {"from": 3, "points": 15}]},
    "gravity": {"bands": [{"from": 0, "points": 3}, {"from": 10, "points": 10}]},
}


def settings_of(components=None, **more):
    return rfg.load_config(
        {
            "schema": "rfgscore/1",
            "gravity": {"table": "cchi-da-2020-10"},
            "score": {"components": components or BANDS},
            **more,
        }
    )


def history_of(rows):
    """A history from (person, day, gravity) rows."""
    person, day, gravity = zip(*rows, strict=True)
    return rfg.History.from_arrays(person=list(person), day=list(day), gravity=list(gravity))


@pytest.mark.parametrize(
    ("value", "band", "points"), [(0, 1, 20), (30, 1, 20), (31, 2, 16), (90, 2, 16), (91, 0, 0)]
)
def test_up_to_is_inclusive_and_above_the_last_is_nothing(value, band, points):
    found = bands_up_to(np.array([value]), [30, 90], [20, 16])
    assert [part.tolist() for part in found] == [[band], [points]]


@pytest.mark.parametrize(
    ("value", "band", "points"),
    [(0, 0, 0), (1, 1, 5), (2.9, 1, 5), (3, 2, 15), (1e9, 2, 15), (np.nextafter(3, 0), 1, 5)],
)
def test_from_is_inclusive_and_below_the_first_is_nothing(value, band, points):
    found = bands_from(np.array([value]), [1, 3], [5, 15])
    assert [part.tolist() for part in found] == [[band], [points]]


@given(
    people=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans()), min_size=1, max_size=30),
    cut=st.integers(1, 30),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_ranking_against_the_words_of_the_contract(people, cut):
    score, tie, eligible = (np.array(column) for column in zip(*people, strict=True))
    found = rank_people(score, [tie], eligible, [cut])
    listed = sorted(
        (i for i in range(len(people)) if people[i][2]), key=lambda i: (-people[i][0], people[i][1], i)
    )
    for place, i in enumerate(listed, start=1):
        assert found.position[i] == place
        assert found.rank[i] == 1 + sum(people[j][0] > people[i][0] for j in listed)
        assert found.tied_with[i] == sum(people[j][0] == people[i][0] for j in listed) - 1
    for i in set(range(len(people))) - set(listed):
        assert found.position[i] == found.rank[i] == found.tied_with[i] == 0
    beside = {people[listed[cut - 1]][:2], people[listed[cut]][:2]} if cut < len(listed) else set()
    for i in range(len(people)):
        flagged = i in listed and len(beside) == 1 and people[i][:2] in beside
        assert found.cut_through_tie[i] == flagged


def test_scores_from_arrays_and_explanations_without_references():
    history = history_of([("a", 100, 12.0), ("a", 60, 1.0), ("b", 100, 2.0), ("c", -5000, 9.0)])
    scores = rfg.score(history, config=settings_of(), as_of=100)
    assert repr(scores) == "Scores(2 people, 2 ranked, as of 1970-04-11)"
    assert scores.table["score"] == [35, 28]
    assert scores.explain("a").parts[2].evidence == ("1970-04-11 12.0 weight 12",)
    assert repr(scores.explain("a")) == "Explanation(35 of 45 points, 3 parts)"
    with pytest.raises(UnknownPersonError, match="no line in the 730 days"):
        scores.explain("c")


@pytest.mark.parametrize(
    ("aggregate", "value", "words"),
    [
        ("max", 12.0, "Gravest: "),
        ("sum", 15.5, "Gravity 15.5, all incidents together"),
        ("mean", 5.166667, "Gravity 5.166667, the mean of all incidents"),
        ("decayed", 12.0 + 2.5 * 0.5**1 + 1.0 * 0.5**2, "each halved every 10 days"),
    ],
)
def test_each_aggregate(aggregate, value, words):
    gravity = {"aggregate": aggregate, "bands": [{"from": 0, "points": 1}]}
    if aggregate == "decayed":
        gravity["half_life_days"] = 10
    history = history_of([("a", 100, 12.0), ("a", 90, 2.5), ("a", 80, 1.0)])
    scores = rfg.score(history, config=settings_of({**BANDS, "gravity": gravity}), as_of=100)
    assert scores.table["gravity_value"] == [round(value, 6)]
    assert words in scores.explain("a").parts[2].sentence


def test_too_few_incidents_are_not_eligible_and_not_ranked():
    history = history_of([("a", 100, 1.0), ("a", 90, 1.0), ("b", 100, 50.0)])
    scores = rfg.score(history, config=settings_of(cohort={"min_incidents": 2}), as_of=100)
    assert scores.table["perpetrator_id"] == ["a", "b"]
    assert scores.table["position"] == [1, None]
    assert [why and why.word for why in scores.scored.exclusion] == [None, "MIN_INCIDENTS"]


def test_days_at_liberty_need_a_custody_table():
    components = {**BANDS, "recency": {"clock": "at_liberty", "bands": BANDS["recency"]["bands"]}}
    with pytest.raises(DataError, match="needs a custody table"):
        rfg.score(history_of([("a", 1, 1.0)]), config=settings_of(components), as_of=1)


def test_a_history_from_arrays_needs_a_day_to_look_at():
    history = history_of([("a", 1, 1.0)])
    with pytest.raises(ConfigError, match="needs as_of"):
        rfg.score(history, config=settings_of())
    with pytest.raises(ConfigError, match="YYYY-MM-DD"):
        rfg.score(history, config=settings_of(), as_of="1/2/2024")


def test_nothing_later_than_the_history_can_be_asked_for(worked):
    config = rfg.load_config(worked / "illustrative-rfgv.yaml")
    history = rfg.read_offences(worked / "offences.csv", config=config, as_of="2025-07-07")
    assert len(rfg.score(history, config=config)) == 17  # W03 has aged out
    with pytest.raises(PointInTimeError, match="read it again"):
        rfg.score(history, config=config, as_of="2025-07-08")


def test_a_history_read_later_looks_the_same_on_an_earlier_day(worked):
    config = rfg.load_config(worked / "illustrative-rfgv.yaml")
    later = rfg.read_offences(worked / "offences.csv", config=config, as_of="2025-07-07")
    then = rfg.read_offences(
        worked / "offences.csv", config=config, as_of="2025-06-30", extract_date="2025-07-07"
    )
    looked_back = rfg.score(later, config=config, as_of="2025-06-30").table
    assert list(looked_back.rows()) == list(rfg.score(then, config=config).table.rows())


def test_other_settings_may_be_tried_on_a_history_but_not_without_weights(worked, tmp_path):
    config = rfg.load_config(worked / "illustrative-rfgv.yaml")
    history = rfg.read_offences(worked / "offences.csv", config=config, as_of="2025-07-07")
    base = {"schema": "rfgscore/1", "extends": str(worked / "illustrative-rfgv.yaml")}
    changed = rfg.load_config(
        {**base, "gravity": {"uplift": {"105/01": {"weight": 2000, "reason": "a trial"}}}}
    )
    scores = rfg.score(history, config=changed)
    assert scores.table["gravity_value"].count(2000.0) > 5
    assert "[105/01: weight 2000 set by uplift: a trial]" in scores.explain("10").parts[2].sentence
    (tmp_path / "few.csv").write_text("offence_code,weight\n105/01,1\n", encoding="utf-8")
    other = rfg.load_config({**base, "gravity": {"table": str(tmp_path / "few.csv")}})
    with pytest.raises(DataError, match=r"no weight in few\.csv for 005/01"):
        rfg.score(history, config=other)
