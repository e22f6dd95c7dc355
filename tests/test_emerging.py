"""Emerging rules: a person who just meets each, one who just misses it, and a slow plain oracle for all."""

from __future__ import annotations

import os
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.cohort.emerging import EMERGING_RULES, emerging
from rfgscore.cohort.news import News
from rfgscore.dates import add_years, iso, to_day
from rfgscore.vocabulary import words

#: Random histories; `make deep` asks for more.
EXAMPLES = max(100, int(os.environ.get("RFG_EXAMPLES", "0")) // 40)

AS_OF = to_day("2025-06-30")
SINCE = AS_OF - 28
#: Ages of the last day that was looked at before, and of the first new one.
OLD, NEW = 28, 27
#: Ages of the last day of the last half of the window, and of the window itself.
HALF, IN = 364, 729

GRAVITY = """offence_code,weight,label
LIGHT,1,a light offence
MIDDLE,84,a middling offence
NEARLY,1824.999,nearly as grave an offence
GRAVE,1825,a grave offence
8/77,10,non-fatal strangulation
66/39,5,breach of a non-molestation order
"""
BANDS = {
    "window_days": 730,
    "components": {
        "frequency": {"bands": [{"from": 1, "points": 5}]},
        "gravity": {
            "bands": [{"from": 0, "points": 3}, {"from": 365, "points": 9}, {"from": 1825, "points": 7}]
        },
    },
}


@pytest.fixture(scope="module")
def config_of(desk):
    """Return settings with weights of our own."""
    table = str(desk.file(GRAVITY, "gravity.csv"))

    def make(reading=None, **sections):
        return desk.config(reading, gravity={"table": table}, **{"score": BANDS, **sections})

    return make


def at(age, code="LIGHT", known=None, **cells):
    """Return a row of an event so many days ago, known on the day itself or so many days ago."""
    recorded = "" if known is None else iso(AS_OF - known)
    return {"event_date": iso(AS_OF - age), "offence_code": code, "recorded_date": recorded, **cells}


def new(*ages, **cells):
    return [at(age, **cells) for age in ages]


def look(desk, config, people, *, since=SINCE, as_of=None, rules=EMERGING_RULES, **tables):
    """Return whom the rules name; `people` are rows by id, with the columns of all of them."""
    rows = [{"perpetrator_id": who, **row} for who, held in people.items() for row in held]
    blank = {"offence_code": "LIGHT"} | {name: "" for row in rows for name in row if name != "offence_code"}
    blank |= {"is_crime": "y"} if "is_crime" in blank else {}
    read_as_of = iso(AS_OF) if as_of is None else as_of
    history = desk.history(*({**blank, **row} for row in rows), config=config, as_of=read_as_of, **tables)
    return emerging(rfg.score(history, config=config).scored, since, rules)


def ids(found):
    """Return the ids each rule names."""
    persons = found.scored.history.persons
    return {rule: persons[people].tolist() for rule, people in found.named.items()}


V1, V2, NOBODY = {"victim_id": "V1"}, {"victim_id": "V2"}, {"victim_id": ""}
X, Y = {"incident_id": "X"}, {"incident_id": "Y"}
#: Rule, rows of someone who just meets it, rows of someone who just misses it.
CASES = [
    ("first-top-gravity", [at(NEW, "GRAVE")], [at(OLD, "GRAVE")]),
    ("first-top-gravity", [at(0, "GRAVE")], [at(0, "NEARLY")]),
    ("first-top-gravity", [at(5, "GRAVE"), at(NEW)], [at(5, "GRAVE"), at(OLD)]),
    ("first-top-gravity", [at(5, "GRAVE")], [at(5, "GRAVE"), at(5000)]),
    # A grave old crime reported this month, with nothing in the window.
    ("first-top-gravity", [at(9000, "GRAVE", NEW), at(5)], [at(9000, "GRAVE", OLD), at(5)]),
    ("first-top-gravity", [at(9000, "GRAVE", 0)], [at(9000, "NEARLY", 0)]),
    ("first-top-gravity", [at(5, "GRAVE"), at(9000, known=NEW)], [at(5, "GRAVE"), at(9000, known=OLD)]),
    ("rising-count", new(1, 2, HALF), new(1, 2, HALF + 1)),
    ("rising-count", new(1, 2, 3), new(1, 2)),
    ("rising-count", new(1, 2, 3), [*new(1, 2, **X), *new(3, 4, **X)]),
    ("rising-count", new(1, 2, 3, HALF + 1, IN), new(1, 2, 3, HALF + 1, 500, IN)),
    ("rising-count", new(1, 2, 3, HALF + 1, 500, IN + 1), new(1, 2, 3, HALF + 1, 500, IN)),
    # An incident with lines in both halves is one of the last.
    (
        "rising-count",
        [*new(1, 2, 400, 401), at(HALF, **X), at(HALF + 1, **X)],
        [*new(1, 2, 400, 401), at(HALF, **X), at(HALF + 1, **Y), at(402, **X)],
    ),
    ("rising-count", new(NEW, 40, 50), new(OLD, 40, 50)),
    # What became known may lie in the first half, but not outside the window.
    ("rising-count", [*new(40, 50, 60), at(IN, known=1)], [*new(40, 50, 60), at(IN + 1, known=1)]),
    ("new-victim", [at(OLD, **V1), at(NEW, **V2)], [at(OLD, **V1), at(OLD, **V2)]),
    ("new-victim", [at(NEW, **V2), at(OLD, **V1)], [at(NEW, **V2), at(NEW, **V1)]),
    ("new-victim", [at(5, **V2), at(5000, **V1)], [at(5, **V2), at(5000, **V1), at(6000, **V2)]),
    ("new-victim", [at(5, **V2), at(40, **V1)], [at(5, **V1), at(40, **V1)]),
    ("new-victim", [at(5, **V2), at(40, **V1)], [at(5, **V2), at(40, **NOBODY)]),
    ("new-victim", [at(5, **V2), at(40, **V1), at(41, **NOBODY)], [at(5, **NOBODY), at(40, **V1)]),
    ("new-victim", [at(5, **V2), at(40, **V1)], [at(5, victim_id=" Regina "), at(40, **V1)]),
    ("new-victim", [at(900, known=NEW, **V2), at(40, **V1)], [at(900, known=OLD, **V2), at(40, **V1)]),
    # An incident that was known before: only the name of its victim is new.
    (
        "new-victim",
        [at(50, **V1), at(40, **NOBODY, **X), at(40, known=5, **V2, **X)],
        [at(50, **NOBODY), at(40, **NOBODY, **X), at(40, known=5, **V2, **X)],
    ),
    ("strangulation", [at(NEW, "8/77")], [at(OLD, "8/77")]),
    ("strangulation", [at(9000, " 008/77 ", NEW)], [at(9000, "8/77", OLD)]),
    ("strangulation", [at(5, "8/77")], [at(5, "8/77", is_crime="n"), at(5, "66/39")]),
    ("order-breach", [at(NEW, "66/39")], [at(OLD, "66/39")]),
    ("order-breach", [at(9000, "066/39", NEW)], [at(9000, "66/39", OLD), at(5, "8/77")]),
    ("above-maximum", [at(NEW, "MIDDLE"), at(OLD)], [at(OLD, "MIDDLE"), at(OLD)]),
    ("above-maximum", [at(5, "GRAVE"), at(40, "NEARLY")], [at(5, "GRAVE"), at(40, "GRAVE")]),
    ("above-maximum", [at(5, "MIDDLE"), at(OLD)], [at(5, "MIDDLE"), at(NEW)]),
    ("above-maximum", [at(5, "MIDDLE"), at(5000)], [at(5, "MIDDLE"), at(5000, "GRAVE")]),
    ("above-maximum", [at(9000, "GRAVE", NEW), at(40)], [at(9000, "GRAVE", OLD), at(40)]),
    # The same incident, graver than it first looked.
    (
        "above-maximum",
        [at(40, **X), at(40, "MIDDLE", 5, **X)],
        [at(40, "MIDDLE", **X), at(40, "LIGHT", 5, **X)],
    ),
]


@pytest.mark.parametrize(
    ("rule", "hit", "miss"), CASES, ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)]
)
def test_each_rule_is_met_and_just_missed(desk, config_of, rule, hit, miss):
    hit, miss = ([{**NOBODY, **row} for row in rows] for rows in (hit, miss))
    found = look(desk, config_of(), {"hit": hit, "miss": miss})
    assert ids(found)[rule] == ["hit"]
    assert found.not_assessed == {}


def test_every_rule_is_a_route_of_the_vocabulary_and_has_a_case(config_of):
    routes = {word.word for word in words() if word.kind == "route" and word.word.startswith("emerging:")}
    assert routes == {f"emerging:{rule}" for rule in EMERGING_RULES}
    assert {case[0] for case in CASES} == set(EMERGING_RULES) == set(config_of().cohort.emerging)


def test_joined_ids_are_one_victim_and_one_person(desk, config_of):
    people = {"P1": [at(40, **V1), at(5, **V2)], "P2": [at(5, "GRAVE")], "old": [at(40, "LIGHT", **V1)]}
    links = [{"nominal_id": "V2", "master_id": "V1"}, {"nominal_id": "old", "master_id": "P2"}]
    rules = ("new-victim", "first-top-gravity")
    apart, joined = (look(desk, config_of(), people, rules=rules, **more) for more in ({}, {"links": links}))
    assert ids(apart) == {"new-victim": ["P1"], "first-top-gravity": ["P2"]}
    assert ids(joined) == {"new-victim": [], "first-top-gravity": []}


@pytest.mark.parametrize(
    ("dob", "least", "before", "named"),
    [
        (iso(add_years(AS_OF - 100, -16)), 16, iso(AS_OF - 101), True),
        (iso(add_years(AS_OF - 100, -16)), 16, iso(AS_OF - 100), False),
        ("2008-02-29", 17, "2025-02-28", True),  # a year older on 1 March
        ("2008-02-29", 17, "2025-03-01", False),
    ],
)
def test_what_was_done_under_age_is_not_known_of_anyone(desk, config_of, dob, least, before, named):
    config = config_of(cohort={"min_age_at_event": least})
    rows = [at(0, event_date=before, dob=dob), at(5, "GRAVE", dob=dob)]
    found = look(desk, config, {"P1": rows})
    assert ids(found)["first-top-gravity"] == (["P1"] if named else [])
    assert ids(found)["above-maximum"] == ([] if named else ["P1"])


@pytest.mark.parametrize(
    ("since", "known", "named"),
    [
        ("2024-02-28", "2024-02-28", False),
        ("2024-02-28", "2024-02-29", True),
        ("2024-02-29", "2024-02-29", False),
        ("2024-02-29", "2024-03-01", True),
    ],
)
def test_29_february_is_a_day_like_any_other(desk, config_of, since, known, named):
    row = {"event_date": "2024-02-20", "recorded_date": known, "offence_code": "8/77"}
    found = look(desk, config_of(), {"P1": [row]}, since=to_day(since), as_of="2024-03-01")
    assert ids(found)["strangulation"] == (["P1"] if named else [])


@pytest.mark.parametrize(("window", "named"), [(2, False), (5, False), (6, True), (7, True)])
def test_half_a_window_is_rounded_down(desk, config_of, window, named):
    # On 1 March 2024 the three days of the last half begin on 28 February.
    rows = [{"event_date": day} for day in ("2024-02-28", "2024-02-29", "2024-03-01")]
    config = config_of(score={**BANDS, "window_days": window})
    found = look(desk, config, {"P1": rows}, as_of="2024-03-01", since=to_day("2024-02-01"))
    assert ids(found)["rising-count"] == (["P1"] if named else [])


def test_what_runs_over_days_counts_by_its_last_day(desk, config_of):
    ran = {"event_end": iso(AS_OF - HALF)}
    rows = new(1, 2)
    found = look(desk, config_of(), {"hit": [*rows, at(900, **ran)], "miss": [*rows, at(900, event_end="")]})
    assert ids(found)["rising-count"] == ["hit"]


def test_looking_back_nothing_later_is_seen(desk, config_of):
    config = config_of()
    rows = [at(40, **V1), at(20, "GRAVE", 10, **V2), at(9, "8/77", **V1)]
    history = desk.history(*rows, config=config)

    def named(day, since):
        return {rule for rule, who in ids(emerging(score_at(day), since)).items() if who}

    def score_at(day):
        return rfg.score(history, config=config, as_of=day).scored

    assert named(AS_OF - 11, AS_OF - 39) == set()
    assert named(AS_OF - 10, AS_OF - 11) == {"new-victim", "above-maximum"}
    assert named(AS_OF - 9, AS_OF - 10) == {"strangulation", "rising-count"}
    assert named(AS_OF - 9, AS_OF - 11) == set(EMERGING_RULES) - {"first-top-gravity", "order-breach"}
    assert named(AS_OF - 8, AS_OF - 9) == set()
    assert named(AS_OF - 40, AS_OF - 40) == set()
    with pytest.raises(
        ValueError, match="since 2025-06-30 cannot be looked at on 2025-06-29, an earlier day"
    ):
        named(AS_OF - 1, AS_OF)


# --- the top gravity band ----------------------------------------------------------------------------


def quantile(**gravity):
    return {"method": "quantile", "components": {"gravity": gravity}}


def first(desk, config, **weights):
    """Return who is named for the weight of their only line."""
    found = look(desk, config, {who: [at(5, code)] for who, code in weights.items()})
    return found.not_assessed.get("first-top-gravity") or ids(found)["first-top-gravity"]


def test_the_top_band_of_a_quantile_score_lies_above_its_last_edge(desk, config_of):
    given = config_of(score=quantile(edges=[1, 84]))
    assert first(desk, given, a="LIGHT", b="MIDDLE", c="GRAVE") == ["c"]
    own = config_of(score=quantile() | {"q": 2})
    assert first(desk, own, a="LIGHT", b="MIDDLE", c="MIDDLE", d="GRAVE") == ["d"]
    assert first(desk, own, a="LIGHT", b="LIGHT", c="MIDDLE", d="GRAVE") == ["c", "d"]


def test_edges_of_nobody_are_no_edges(desk, config_of):
    nobody = config_of(score=quantile() | {"q": 2}, cohort={"min_incidents": 2})
    assert first(desk, nobody, a="GRAVE") == "the score has no gravity bands"


@pytest.mark.parametrize(
    "score",
    [
        {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}},
        {"method": "continuous", "weights": {"gravity": 1}, "components": {"gravity": {}}},
    ],
)
def test_a_score_without_gravity_bands_has_no_top_one(desk, config_of, score):
    assert first(desk, config_of(score=score), a="GRAVE") == "the score has no gravity bands"


def test_a_weight_reaches_the_band_that_its_score_shows(desk):
    table = str(desk.file("offence_code,weight\nA,9.9999996\nB,9.9999994\n", "gravity.csv"))
    bands = {"gravity": {"bands": [{"from": 0, "points": 1}, {"from": 10, "points": 2}]}}
    config = desk.config(gravity={"table": table}, score={"components": bands})
    assert first(desk, config, a="A", b="B") == ["a"]
    history = desk.history(at(5, "A"), at(5, "B", perpetrator_id="P2"), config=config)
    assert rfg.score(history, config=config).table["gravity_band"] == [2, 1]


# --- what cannot be assessed, and what is asked -------------------------------------------------------


def test_rules_that_lack_their_column_say_so(desk, config_of):
    found = look(desk, config_of(), {"P1": [at(5), at(40)]})
    assert found.not_assessed == {"new-victim": "victim_id is not mapped"}
    assert set(found.named) == set(EMERGING_RULES) - {"new-victim"}


def test_arrays_hold_no_offence_codes(config_of):
    history = rfg.History.from_arrays(
        person=[3, 3, 8], day=[AS_OF - 40, AS_OF - 5, AS_OF - 1], gravity=[1.0, 2.0, 1825.0], victim=[1, 2, 1]
    )
    found = emerging(rfg.score(history, config=config_of(), as_of=AS_OF).scored, SINCE)
    assert set(found.not_assessed) == {"strangulation", "order-breach"}
    assert {rule for rule in found.named if len(found.named[rule])} == {
        "new-victim",
        "above-maximum",
        "first-top-gravity",
    }
    told = "graver than everything known before (highest weight 1): 2025-06-25 (2.0, weight 2)"
    assert found.tell(0, "above-maximum") == f"Since 2025-06-02, {told}."


def test_a_line_known_before_it_happened_is_new_once_it_has():
    history = rfg.History.from_arrays(person=[1], day=[10], gravity=[1.0], known_day=[4])
    assert [News.of(history, day, 12).new.tolist() for day in (3, 7, 9, 10)] == [[True]] * 3 + [[False]]


def test_only_the_rules_asked_for_are_looked_at(desk, config_of):
    people = {"P1": [at(40), at(5, "8/77")], "P2": [at(4, "8/77")]}
    found = look(desk, config_of(), people, rules=["strangulation"])
    assert ids(found) == {"strangulation": ["P1", "P2"]} and found.not_assessed == {}
    assert found.by_person() == {0: ("strangulation",), 1: ("strangulation",)}
    assert look(desk, config_of(), people, rules=[]).by_person() == {}
    with pytest.raises(
        ValueError, match="no emerging rule 'rising': use those of first-top-gravity, rising-"
    ):
        look(desk, config_of(), people, rules=["rising"])


def test_a_person_tells_all_rules_and_the_gravest_new_line(desk, config_of):
    people = {
        "P1": [at(40, **V1), at(5, "8/77", **V2), at(6, "66/39", **V1), at(7, **V1)],
        "P2": [at(40, "GRAVE", **V1)],
    }
    found = look(desk, config_of(), people)
    assert found.by_person() == {
        0: ("above-maximum", "new-victim", "order-breach", "rising-count", "strangulation")
    }
    assert found.gravest.tolist() == [10.0, -1.0]


# --- sentences ----------------------------------------------------------------------------------------


def sentence(desk, config, rows, rule, **tables):
    return look(desk, config, {"P1": rows}, **tables).tell(0, rule)


SENTENCES = [
    (
        "first-top-gravity",
        [at(9000, "GRAVE", 5), at(4)],
        "known for the first time, and in the top gravity band (weight 1825 or more): "
        "2000-11-08 (a grave offence, weight 1825; recorded on 2025-06-25).",
    ),
    (
        "rising-count",
        [at(60, "GRAVE"), at(50), at(5, "8/77", event_id="E1"), at(400, known=3)],
        "2 incidents in the window became known, and there are more in its last half than in its first (3 in "
        "the 365 days to 2025-06-30, 1 before them): new event E1 2025-06-25 (non-fatal strangulation, "
        "weight 10); 2025-05-01 (a grave offence, weight 1825); 2025-05-11 (a light offence, weight 1).",
    ),
    (
        "new-victim",
        [at(40, **V1), at(5, **V2, **X, force="North"), at(6, victim_id="V3", event_end=iso(AS_OF - 2))],
        "2 known victims not named before: 2025-06-24 to 2025-06-28 (a light offence, weight 1); incident X "
        "(North) 2025-06-25 (a light offence, weight 1).",
    ),
    (
        "new-victim",
        [at(40, **V1), *new(5, 6, **V2)],
        "1 known victim not named before: 2025-06-25 (a light offence, weight 1); "
        "2025-06-24 (a light offence, weight 1).",
    ),
    (
        "strangulation",
        [at(5, "8/77", **X), at(4, "GRAVE", **X), at(6, "8/77", **X)],
        "non-fatal strangulation or suffocation became known: incident X 2025-06-24 (non-fatal "
        "strangulation, weight 10).",
    ),
    (
        "order-breach",
        new(*range(7), code="66/39"),
        "breach of a protective order became known: "
        + "".join(f"2025-06-{30 - n} (breach of a non-molestation order, weight 5); " for n in range(5))
        + "and 2 more incidents.",
    ),
    (
        "order-breach",
        new(*range(6), code="66/39"),
        "breach of a protective order became known: "
        + "".join(f"2025-06-{30 - n} (breach of a non-molestation order, weight 5); " for n in range(5))
        + "and 1 more incident.",
    ),
    (
        "above-maximum",
        [at(40), at(5, "MIDDLE"), at(9, "NEARLY"), at(4)],
        "graver than everything known before (highest weight 1): 2025-06-21 (nearly as grave an offence, "
        "weight 1824.999); 2025-06-25 (a middling offence, weight 84).",
    ),
]


@pytest.mark.parametrize(("rule", "rows", "told"), SENTENCES)
def test_a_rule_is_told_in_one_plain_sentence(desk, config_of, rule, rows, told):
    rows = [{**NOBODY, **row} for row in rows]
    assert sentence(desk, config_of(), rows, rule) == f"Since 2025-06-02, {told}"


def test_an_edge_of_a_quantile_is_told_as_one(desk, config_of):
    config = config_of(score=quantile(edges=[84]))
    assert "(weight above 84)" in sentence(desk, config, [at(5, "GRAVE")], "first-top-gravity")


def test_nobody_is_told_of_a_rule_that_does_not_name_them(desk, config_of):
    found = look(desk, config_of(), {"P1": [at(5, "8/77")], "P2": [at(40)]})
    for person, rule in ((1, "strangulation"), (0, "order-breach"), (0, "new-victim"), (0, "unheard-of")):
        with pytest.raises(ValueError, match=f"{rule}' does not name this person"):
            found.tell(person, rule)


# --- all rules on random histories, against plain Python over the rows --------------------------------

CODES = {"LIGHT": 1.0, "MIDDLE": 84.0, "GRAVE": 1825.0, "8/77": 10.0, "66/39": 5.0}
WINDOW = 21
#: person, age, days it ran, days until known, offence, victim, incident.
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "B2"]),
        st.integers(0, 24),
        st.sampled_from([0, 0, 0, 1, 6]),
        st.sampled_from([0, 0, 1, 4, 20]),
        st.sampled_from(sorted(CODES)),
        st.sampled_from(["", "V1", "V2", "V3"]),
        st.sampled_from(["", "I1", "I2"]),
    ),
    min_size=1,
    max_size=14,
)
LINKS = {"B2": "B", "V3": "V1"}


def plain(rows, as_of, since):
    """Return whom each rule names, by the letter of the definitions, a line at a time."""
    named = {rule: set() for rule in EMERGING_RULES}
    for person in {LINKS.get(row[0], row[0]) for row in rows}:
        lines = [
            {
                "known": AS_OF - age + late,
                "day": min(AS_OF - age + ran, as_of),
                "code": code,
                "weight": CODES[code],
                "victim": LINKS.get(victim, victim),
                "incident": incident or AS_OF - age,
            }
            for who, age, ran, late, code, victim, incident in rows
            if LINKS.get(who, who) == person and AS_OF - age <= as_of and AS_OF - age + late <= as_of
        ]
        fresh = [line for line in lines if line["known"] > since]
        earlier = [line for line in lines if line["known"] <= since]
        inside = [line for line in lines if as_of - line["day"] < WINDOW]
        last = {line["incident"] for line in inside if as_of - line["day"] < WINDOW // 2}
        victims = {line["victim"] for line in earlier} - {""}
        most = max((line["weight"] for line in earlier), default=None)
        meets = {
            "first-top-gravity": not earlier and any(line["weight"] >= 1825 for line in fresh),
            "rising-count": len(last) >= 3
            and len(last) > len({line["incident"] for line in inside} - last)
            and any(line["known"] > since for line in inside),
            "new-victim": bool(victims) and bool({line["victim"] for line in fresh} - victims - {""}),
            "strangulation": any(line["code"] == "8/77" for line in fresh),
            "order-breach": any(line["code"] == "66/39" for line in fresh),
            "above-maximum": most is not None and any(line["weight"] > most for line in fresh),
        }
        for rule, met in meets.items():
            if met:
                named[rule].add(person)
    return named


@pytest.fixture(scope="module")
def random_config(config_of):
    return config_of({"point_in_time": "accept_extract_state"}, score={**BANDS, "window_days": WINDOW})


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rows=ROWS, back=st.sampled_from([0, 0, 3]), gap=st.integers(0, 26))
def test_all_rules_are_those_of_the_definitions(random_config, rows, back, gap):
    frame = pd.DataFrame(
        [
            {
                "perpetrator_id": who,
                "event_date": iso(AS_OF - age),
                "event_end": iso(AS_OF - age + ran),
                "recorded_date": iso(AS_OF - age + late),
                "offence_code": code,
                "victim_id": victim,
                "incident_id": incident,
            }
            for who, age, ran, late, code, victim, incident in rows
        ]
    )
    links = pd.DataFrame(LINKS.items(), columns=["nominal_id", "master_id"])
    history = rfg.read_offences(
        frame, config=random_config, as_of=AS_OF, extract_date=AS_OF + 30, links=links
    )
    day = AS_OF - back
    found = emerging(rfg.score(history, config=random_config, as_of=day).scored, day - gap)
    expected = plain(rows, day, day - gap)
    assert {rule: set(who) for rule, who in ids(found).items()} == expected
    for person, rules in found.by_person().items():
        for rule in rules:
            told = found.tell(person, rule)
            assert told.startswith(f"Since {iso(day - gap)}, ") and told.endswith(".")
            assert not any(victim in told for victim in ("V1", "V2", "V3"))
    assert all(one < other for who in found.named.values() for one, other in pairwise(who.tolist()))
