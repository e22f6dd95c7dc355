"""What may come, in words: the explanation, the list and the explanation table tell the same."""

from __future__ import annotations

import datetime as dt

import pytest

import rfgscore as rfg
from rfgscore.sample import SAMPLE_AS_OF, sample_file
from rfgscore.tables import Column, Table

SCORE = {
    "components": {
        "recency": {"bands": [{"up_to": 30, "points": 20}, {"up_to": 90, "points": 16}]},
        "frequency": {"bands": [{"from": 1, "points": 5}, {"from": 2, "points": 10}]},
        "gravity": {"bands": [{"from": 0, "points": 3}, {"from": 10, "points": 10}]},
    }
}


MORE = "One more incident on 2025-06-30, as grave as the gravest in the window and against nobody new, would"


@pytest.fixture
def scores(desk):
    def score(*changes, score=None, cohort=None, **tables):
        custody = {"columns": {name: name for name in ("perpetrator_id", "start", "end")}}
        reading = {"custody": custody} if tables else {}
        config = desk.config(reading, score=score or SCORE, cohort=cohort or {"capacity": 1, "reserve": 0})
        return rfg.score(desk.history(*changes, config=config, **tables), config=config)

    return score


def told(explained):
    return [what.sentence for what in explained.outlook.told()]


def test_one_incident_of_yesterday(scores):
    explained = scores({"event_date": "2025-06-29", "offence_code": "8/6"}).explain("P1")
    assert told(explained) == [
        "With nothing new, the first change comes on 2025-07-30 (in 30 days): recency goes from 20 to 16 "
        "points (31 days since the latest incident); the score is then 31 of 40.",
        f"{MORE} make 40 of 40 points (5 more) and position 1 as now.",
        "With nothing new for anyone, the score no longer lists the person from 2027-06-29 (in 729 days): no "
        "line is left in the window.",
    ]
    assert explained.outlook.next_change.day == (dt.date(2025, 7, 30) - dt.date(1970, 1, 1)).days
    assert str(explained).splitlines()[-3:] == [f"- {sentence}" for sentence in told(explained)]
    assert repr(explained.outlook) == "Outlook(3 prospects)"
    assert repr(explained.outlook.leaves) == "Prospect(leaves_on)"


def test_the_last_line_of_a_person_who_has_no_bands_left_to_lose(scores):
    explained = scores({"event_date": "2023-07-02"}, {"perpetrator_id": "P2"}).explain("P1")
    assert told(explained) == [
        "With nothing new, the first change comes on 2025-07-01 (in 1 day): no line is left in the window, "
        "and the person is no longer scored.",
        f"{MORE} make 40 of 40 points (25 more) and position 1 (now 2).",
    ]


def test_several_parts_can_change_on_one_day(scores):
    light = {"event_date": "2025-06-20", "offence_code": "125/09"}
    heavy = {"event_date": "2023-07-10", "offence_code": "8/6"}
    change = scores(
        light, heavy, score={"components": {k: SCORE["components"][k] for k in ("frequency", "gravity")}}
    )
    sentence = told(change.explain("P1"))[0]
    assert "frequency goes from 10 to 5 points (1 incident) and gravity goes from 10 to 3 points" in sentence


def test_the_dead_have_no_outlook_and_who_is_not_ranked_is_told_so(scores, desk):
    cohort = {"capacity": 1, "reserve": 0, "min_incidents": 3}
    one = scores({"event_date": "2025-06-29"}, cohort=cohort).explain("P1")
    assert told(one)[1].endswith("(5 more); the person would still not be ranked.")
    assert len(told(one)) == 2
    config = desk.config({"columns": {n: n for n in (*desk.row, "deceased_date")}}, score=SCORE)
    dead = rfg.score(desk.history({"deceased_date": "2025-06-01"}, config=config), config=config)
    assert told(dead.explain("P1")) == []


def test_other_methods_say_what_they_cannot_tell(scores):
    rows = [{"event_date": "2025-06-20"}, {"event_date": "2023-07-05"}]
    plain = {"recency": {}, "frequency": {}}
    continuous = {"method": "continuous", "weights": {"recency": -1, "frequency": 9}, "components": plain}
    assert told(scores(*rows, score=continuous).explain("P1"))[0] == (
        "With nothing new, the first change of what is counted comes on 2025-07-04 (in 4 days): frequency "
        "goes from 2 to 1; the score itself may change before, with the days and with the largest values of "
        "others."
    )
    edges = {"method": "quantile", "components": {"recency": {"edges": [30]}, "frequency": {"edges": [1]}}}
    assert told(scores(*rows, score=edges).explain("P1"))[0] == (
        "With nothing new, the first change comes on 2025-07-04 (in 4 days): frequency goes from 2 to 1 "
        "points (1 incident); the score is then 3 of 4 (with the edges of this run)."
    )


@pytest.mark.compiled
def test_the_list_and_the_explanation_table_tell_the_same_day():
    run = rfg.run(
        config=rfg.load_config(sample_file("config.yaml")),
        offences=sample_file("offences.csv"),
        as_of=SAMPLE_AS_OF,
        **{name: sample_file(f"{name}.csv") for name in ("subjects", "custody", "links")},
    )
    table = run.explanations.to_pandas()
    listed = zip(*(run.cohort[name] for name in ("perpetrator_id", "score", "leaves_on")), strict=True)
    for person, score, day in listed:
        if score is None:  # nothing in the window
            continue
        explained = run.scores.explain(person)
        if day is None:  # before the meeting by another route than position
            assert explained.outlook.leaves is None
            continue
        rows = table[table["perpetrator_id"] == person].set_index("component")
        for name, what in (
            ("next_change", explained.outlook.next_change),
            ("one_more_incident", explained.outlook.one_more),
            ("leaves_on", explained.outlook.leaves),
        ):
            assert rows.loc[name, "sentence"] == what.sentence
            assert rows.loc[name, "value"] == what.value
            assert rows.loc[name, "evidence"] is None
        assert f"no longer lists the person from {day}" in explained.outlook.leaves.sentence
        assert day > dt.date.fromisoformat(SAMPLE_AS_OF)


# --- in a notebook ------------------------------------------------------------------------------------


def test_notebooks_show_rows_and_bars_and_text_does_not(scores):
    found = scores({"perpetrator_id": "<b>1", "event_date": "2025-06-29"}, {"perpetrator_id": "P2"})
    html = found._repr_html_()
    assert "&lt;b&gt;1" in html and "<b>1" not in html and "<svg" in html
    assert html.index("&lt;b&gt;1") < html.index("P2")
    assert "P2" not in repr(found)
    explained = found.explain("<b>1")
    assert "<b>1" not in explained._repr_html_() and "first change" in explained._repr_html_()
    assert "2 rows" in found.table._repr_html_()
    assert "first 20 of 30 rows" in found.table.take([0] * 30)._repr_html_()
    some = Table({"n": Column.of("int32", [1, 2]), "what": Column.of("text", [None, None])})
    assert "2 rows; empty: what" in some._repr_html_() and "<th" in some._repr_html_()


def test_a_score_without_a_most_is_drawn_against_the_largest(scores):
    plain = {"frequency": {}}
    score = {"method": "continuous", "weights": {"frequency": 9}, "components": plain}
    assert "<svg" in scores({}, score=score)._repr_html_()
