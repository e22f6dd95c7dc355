"""Explanations: what they say, what they must not leave unsaid, and whom they never name."""

from __future__ import annotations

import pytest

import rfgscore as rfg
from rfgscore.errors import DataError

BANDS = {
    "recency": {"bands": [{"up_to": 730, "points": 4}]},
    "frequency": {"bands": [{"from": 1, "points": 5}]},
    "gravity": {"aggregate": "max", "bands": [{"from": 0, "points": 1}]},
}
DAY = "2025-06-20"


@pytest.fixture
def scores(desk):
    """Score rows under all components, or under others; more tables by name."""

    def build(*changes, components=None, as_of=None, cohort=None, **tables) -> rfg.Scores:
        config = desk.config(score={"components": components or BANDS}, cohort=cohort or {})
        return rfg.score(desk.history(*changes, config=config, **tables), config=config, as_of=as_of)

    return build


def part(scores, name, person="P1"):
    return next(p for p in scores.explain(person).parts if p.component == name)


def test_evidence_names_each_incident_by_its_kind_of_reference(scores):
    found = scores(
        {"incident_id": "I1", "event_id": "E1", "event_date": DAY},
        {"incident_id": "", "event_id": "E2", "event_date": DAY, "offence_code": "105/01"},
        {"incident_id": "", "event_id": "", "event_date": "2025-05-01"},
    )
    assert part(found, "frequency").evidence == (
        "2025-05-01",
        "event E2 2025-06-20",
        "incident I1 2025-06-20",
    )
    assert part(found, "recency").evidence == ("event E2 2025-06-20", "incident I1 2025-06-20")
    assert part(found, "gravity").evidence == (
        "2025-05-01 008/06 weight 10",
        "incident I1 2025-06-20 008/06 weight 10",
    )


def test_the_force_of_an_incident_stands_with_its_reference(scores):
    found = scores(
        {"event_id": "E1", "force": "A"}, {"event_id": "E1", "force": "B"}, {"event_id": "", "force": "B"}
    )
    assert part(found, "frequency").evidence == (
        "2025-03-01 (B)",
        "event E1 (A) 2025-03-01",
        "event E1 (B) 2025-03-01",
    )


def test_an_event_over_days_shows_both_and_each_incident_stands_for_itself(scores):
    found = scores(
        {"event_date": "2025-01-01", "event_end": "2025-06-20"},
        {"event_date": "2025-02-01", "event_end": "2025-06-20"},
    )
    assert part(found, "frequency").value == 2
    assert part(found, "frequency").evidence == ("2025-01-01 to 2025-06-20", "2025-02-01 to 2025-06-20")
    one = scores({"event_date": "2025-01-01", "event_end": "2025-06-20"})
    assert part(one, "recency").sentence == (
        "Latest incident from 2025-01-01 to 2025-06-20, "
        "its last day 10 days before 2025-06-30: 4 of 4 points."
    )


def test_incidents_that_are_no_crimes_are_counted_apart(scores):
    rows = [("y", "1"), ("n", "2"), ("n", "1")]
    found = scores(*({"is_crime": crime, "event_id": event} for crime, event in rows))
    assert part(found, "frequency").sentence.startswith("2 incidents (1 of them non-crime) in the 730 days")
    assert "named in 2 incidents (1 of them non-crime) in 730 days" in found.explain("P1").summary


def test_the_day_itself_and_one_day_read_as_english(scores):
    assert "the latest on the day itself (4)" in scores({"event_date": "2025-06-30"}).explain("P1").summary
    assert "the latest 1 day ago (4)" in scores({"event_date": "2025-06-29"}).explain("P1").summary


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"victim_id": "V1"}, {"victim_id": "V2"}], "2 known victims in the window: 1 of 1 points."),
        (
            [{"victim_id": "V1"}, {"victim_id": ""}],
            "1 known victim in the window (some lines name none): 1 of",
        ),
        ([{"victim_id": "Regina"}], "0 known victims in the window (no line names one): 0 of 1 points."),
    ],
)
def test_victims_are_counted_and_never_named(scores, rows, words):
    victims = {"victims": {"bands": [{"from": 1, "points": 1}]}}
    found = part(scores(*rows, components={**BANDS, **victims}), "victims")
    assert found.sentence.startswith(words)
    assert "V1" not in str(found) and "V2" not in str(found)


def test_a_fallback_weight_is_told(scores, desk):
    config = desk.config(score={"components": BANDS}, gravity={"unmapped": 7})
    found = rfg.score(desk.history({"offence_code": "999/9"}, config=config), config=config)
    assert "[999/9: no weight of its own in the gravity table]" in part(found, "gravity").sentence


def test_days_in_custody_are_told_where_there_are_any(scores):
    spell = {"perpetrator_id": "P1", "start": "2025-06-25", "end": "2025-06-28"}
    elsewhere = {"perpetrator_id": "P1", "start": "2025-01-25", "end": "2025-01-28"}
    held = part(scores({"event_date": DAY}, custody=[spell]), "recency").sentence
    assert "10 days before 2025-06-30 (3 of them in recorded custody): 4 of" in held
    assert "custody" not in part(scores({"event_date": DAY}, custody=[elsewhere]), "recency").sentence


def test_who_lost_a_custody_row_is_not_called_free(scores, desk):
    spells = [
        {"perpetrator_id": "P1", "start": "25/06/2025", "end": ""},
        {"perpetrator_id": "P2", "start": "2025-06-25", "end": ""},
    ]
    config = desk.config(score={"components": BANDS})
    run = rfg.run(
        config=config,
        offences=desk.file(desk.rows({}, {"perpetrator_id": "P2"})),
        as_of=desk.as_of,
        custody=desk.file(spells, "custody.csv"),
    )
    assert dict(zip(run.cohort["perpetrator_id"], run.cohort["in_custody"], strict=True)) == {
        "P1": None,
        "P2": True,
    }
    assert "days in custody not known" in part(run.scores, "recency").sentence
    summary = run.scores.explain("P1").summary
    assert (
        "1 row naming this person could not be used (set_aside.csv)" in summary
        and "in custody" not in summary
    )
    assert "; in custody on the day" in run.scores.explain("P2").summary


def test_who_lost_rows_is_told_and_others_are_not(scores):
    found = scores(
        {},
        {"event_date": "2025-02-31"},
        {"offence_code": "999/9"},
        {"perpetrator_id": "P2"},
        subjects=[{"perpetrator_id": "P2", "dob": "1990-01-01"}, {"perpetrator_id": "P1", "dob": "1.1.1990"}],
    )
    assert "; 3 rows naming this person could not be used (set_aside.csv)" in found.explain("P1").summary
    assert "could not be used" not in found.explain("P2").summary


def test_rows_out_of_scope_are_no_loss(scores):
    found = scores(
        {"role": "suspect"}, {"role": "victim", "event_id": "2"}, {"role": "suspect", "event_id": "3"}
    )
    assert "could not be used" not in found.explain("P1").summary


@pytest.mark.parametrize("table", ["subjects", "custody", "links"])
def test_a_side_table_of_which_nothing_can_be_used_is_refused(scores, table):
    rows = {
        "subjects": [{"perpetrator_id": "P1", "dob": "1/1/1990"}],
        "custody": [{"perpetrator_id": "P1", "start": "1/1/2025", "end": ""}],
        "links": [{"nominal_id": "P1", "master_id": ""}],
    }
    with pytest.raises(DataError, match=f"{table}.csv: none of its 1 rows can be used"):
        scores({}, **{table: rows[table]})


def test_ages_and_counter_allegations_stand_in_the_sentence(scores):
    found = scores(
        {"victim_id": "P2", "dob": "2008-01-01"},
        {"perpetrator_id": "P2", "victim_id": "P1", "dob": "1980-01-01"},
    )
    clause = "one of the victims is recorded as suspect against this person too"
    assert f"; 16 or 17 years old; {clause}" in found.explain("P1").summary
    assert clause in found.explain("P2").summary and "16 or 17" not in found.explain("P2").summary


def test_equal_points_say_what_put_them_in_order(scores):
    rows = [
        {"perpetrator_id": f"P{n}", "offence_code": code} for n, code in enumerate(["8/6", "105/1", "105/1"])
    ]
    found = scores(*rows, cohort={"capacity": 2, "reserve": 0})
    told = "; 2 others with as many points, put in order by gravity, recency, frequency"
    assert found.explain("P0").summary.endswith(told + ".")
    ids = "; only the order of ids decides on which side of the cut this person stands."
    assert found.explain("P1").summary.endswith(told + ids) and found.explain("P2").summary.endswith(
        told + ids
    )


def test_joined_records_are_named_with_force_and_area(scores):
    found = scores(
        {"perpetrator_id": "A", "force": "North", "area": "x"},
        {"perpetrator_id": "B", "force": "South", "area": ""},
        {"perpetrator_id": "B", "force": "", "area": "y", "event_date": "2020-01-01"},
        links=[{"nominal_id": "A", "master_id": "P1"}, {"nominal_id": "B", "master_id": "P1"}],
    )
    records = part(found, "records")
    assert records.evidence == ("A (force North, area x)", "B (area y / force South)")
    assert records.sentence == "Joined as P1 by the links table: 2 records, to be checked by a person."
    assert (records.points, records.max_points, records.value) == (None, None, 2)


def test_printing_an_explanation_tells_summary_and_parts(scores):
    told = str(scores({}).explain("P1")).splitlines()
    assert told[0].startswith("10 of 10 points: named in 1 incident in 730 days")
    assert [line[:2] for line in told[1:]] == ["- "] * 6


def test_liberty_clock_is_told_in_the_summary(scores):
    components = {**BANDS, "recency": {"clock": "at_liberty", "bands": [{"up_to": 7, "points": 9}]}}
    spell = {"perpetrator_id": "P1", "start": "2025-06-25", "end": "2025-06-28"}
    found = scores({"event_date": DAY}, components=components, custody=[spell])
    assert part(found, "recency").unit == "days at liberty" and part(found, "recency").value == 7
    assert "the latest 10 days ago, 7 of them at liberty (9)" in found.explain("P1").summary


@pytest.mark.parametrize("aggregate", ["sum", "mean", "decayed"])
def test_points_of_other_aggregates_are_not_laid_to_the_gravest(scores, aggregate):
    gravity = {"aggregate": aggregate, "bands": [{"from": 0, "points": 7}]}
    if aggregate == "decayed":
        gravity["half_life_days"] = 10
    found = scores(
        {"event_date": DAY}, {"event_date": "2025-06-10"}, components={**BANDS, "gravity": gravity}
    )
    told = {
        "sum": "summed gravity 20 (7)",
        "mean": "mean gravity 10 (7)",
        "decayed": "decayed gravity 7.5 (7)",
    }
    assert (
        f"the gravest recorded as actual bodily harm, weight 10, {told[aggregate]}"
        in found.explain("P1").summary
    )


@pytest.mark.parametrize("order", [["M", "N"], ["N", "M"]])
def test_rows_that_links_make_equal_name_both_records_in_any_order(scores, order):
    found = scores(
        *({"perpetrator_id": record} for record in order),
        {"perpetrator_id": "Z"},
        links=[{"nominal_id": "N", "master_id": "M"}],
    )
    assert part(found, "records", "M").evidence == ("M", "N")
    assert found.table["flags"] == ["linked", None]
    assert found.scored.history.source.account.by_reason == {"DUPLICATE": 1}


def test_faults_of_later_days_leave_no_mark(scores, desk):
    found = scores({}, {"event_date": "2025-08-01", "offence_code": "999/9"})
    assert "could not be used" not in found.explain("P1").summary
    spells = [
        {"perpetrator_id": "P1", "start": "2025-06-10", "end": ""},
        {"perpetrator_id": "P1", "start": "2025-08-10", "end": "2025-08-01"},
    ]
    held = scores({}, custody=spells).explain("P1").summary
    assert "; in custody on the day" in held and "could not be used" not in held


def test_an_open_spell_says_enough_whatever_else_is_broken(desk):
    spells = [
        {"perpetrator_id": "P1", "start": "2025-06-10", "end": "", "planned_release": "2025-07-09"},
        {"perpetrator_id": "P1", "start": "2019-06-10", "end": "2019-06-01", "planned_release": ""},
    ]
    run = rfg.run(
        config=desk.config(score={"components": BANDS}),
        offences=desk.file(desk.rows({})),
        as_of=desk.as_of,
        custody=desk.file(spells, "custody.csv"),
    )
    assert run.cohort["in_custody"] == [True]
    assert [str(day) for day in run.cohort["next_release_date"]] == ["2025-07-09"]
    assert "; in custody on the day; 1 row naming" in run.cohort["summary"][0]


def test_the_youngest_never_pass_unmarked(scores):
    found = scores({"dob": "2012-01-01"}, cohort={"min_age_at_event": 10})
    assert found.table["flags"] == ["under_18"]
    assert "; under 16 years old" in found.explain("P1").summary


@pytest.mark.parametrize(
    ("read", "score", "named"),
    [
        ({"cohort": {"min_age_at_event": 10}}, {}, "cohort.min_age_at_event"),
        ({"gravity": {"non_crime": None}}, {}, "gravity.non_crime"),
        ({"reading": {"duplicates": "keep"}}, {}, "input"),
        ({}, {"gravity": {"unmapped": 100}}, "gravity"),
    ],
)
def test_settings_that_decide_which_rows_there_are_need_another_reading(desk, read, score, named):
    history = desk.history({}, {"offence_code": "999/9"}, config=desk.config(**read))
    with pytest.raises(rfg.ConfigError, match=f"^{named}(, gravity)?: not as in the settings"):
        rfg.score(history, config=desk.config(**score))


def test_no_repr_names_a_person_or_victim(scores):
    found = scores({"perpetrator_id": "CANARY-1", "victim_id": "CANARY-2", "event_id": "CANARY-3"})
    history = found.scored.history
    explained = found.explain("CANARY-1")
    things = [found, found.table, found.scored, history, history.source, history.source.own, explained]
    things += [explained.parts, history.set_aside, found.table.columns["perpetrator_id"]]
    assert "CANARY" not in " ".join(map(repr, things))


def test_a_force_recorded_later_is_not_seen_on_an_earlier_day(scores):
    rows = [{"force": "A", "event_date": "2025-01-01"}, {"force": "B", "event_date": "2025-05-01"}]
    assert scores(*rows).table["flags"] == ["id_in_two_forces"]
    assert scores(*rows, as_of="2025-03-01").table["flags"] == [None]


def test_a_window_of_one_day_reads_as_english(desk):
    config = desk.config(score={"components": BANDS, "window_days": 1})
    found = rfg.score(desk.history({"event_date": "2025-06-30"}, config=config), config=config)
    assert (
        "named in 1 incident in 1 day (5 points), the latest on the day itself" in found.explain("P1").summary
    )
