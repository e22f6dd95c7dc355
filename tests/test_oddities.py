"""What a reader of the extract is asked to look at, and what stays unsaid."""

from __future__ import annotations

import pandas as pd
import pytest

import rfgscore as rfg
from rfgscore.history.oddities import MANY_INCIDENTS, MANY_PEOPLE, STALE_DAYS

NEW = {"event_date": "2025-06-01"}


def said(desk, rows, **tables):
    history = desk.history(*({**NEW, **row} for row in rows), **tables)
    return history.source.account.oddities


def victims(person, count):
    return [{"perpetrator_id": person, "victim_id": f"V{n}"} for n in range(count)]


def incidents(person, count):
    return [{"perpetrator_id": person, "event_id": f"E{n}"} for n in range(count)]


def test_an_ordinary_extract_asks_for_nothing(desk):
    off = [{"perpetrator_id": "P2", "removed_on": "2025-06-01"}]
    assert said(desk, [{}, {"perpetrator_id": "P2"}], removals=off) == ()


def test_an_id_with_too_many_victims_for_one_person(desk):
    (sentence,) = said(desk, [{"perpetrator_id": "P2"}, *victims("UNK MALE", MANY_PEOPLE + 1)])
    assert sentence.startswith(f"1 id with more than {MANY_PEOPLE} known victims or")
    assert "(first named in offences.csv row 2)" in sentence and "input.placeholders.person" in sentence
    assert "UNK" not in sentence
    assert said(desk, victims("P1", MANY_PEOPLE)) == ()


def test_an_id_with_too_many_incidents_for_one_person(desk):
    (sentence,) = said(desk, incidents("-", MANY_INCIDENTS + 1))
    assert sentence.startswith("1 id with more than ")
    assert said(desk, incidents("P1", MANY_INCIDENTS)) == ()


def test_a_victim_beside_too_many_suspects(desk):
    def beside(count):
        return [{"perpetrator_id": f"P{n}", "victim_id": "UNK"} for n in range(count)]

    (sentence,) = said(desk, beside(MANY_PEOPLE + 1))
    assert sentence.startswith(
        f"1 victim id beside more than {MANY_PEOPLE} suspects (first named in offences.csv"
    )
    assert "UNK" not in sentence and "input.placeholders.victim" in sentence
    assert said(desk, beside(MANY_PEOPLE)) == ()


def test_victims_of_many_suspects_are_no_crowd_when_each_has_another(desk):
    rows = [{"perpetrator_id": f"P{n}", "victim_id": f"V{n}"} for n in range(MANY_PEOPLE + 1)]
    assert said(desk, rows) == ()


def test_at_most_five_rows_are_named_in_any_row_order(desk):
    rows = [
        {"perpetrator_id": name, "victim_id": f"{name}{n}"}
        for name in "ABCDEF"
        for n in range(MANY_PEOPLE + 1)
    ]
    (sentence,) = said(desk, rows)
    firsts = [1 + n * (MANY_PEOPLE + 1) for n in range(5)]
    named = ", ".join(f"offences.csv row {row}" for row in firsts)
    assert sentence.startswith("6 ids with") and f"(first named in {named} and others)" in sentence
    (backwards,) = said(desk, rows[::-1])
    assert named in backwards


def test_ids_that_differ_in_leading_zeros_only(desk):
    (sentence,) = said(desk, [{"perpetrator_id": name} for name in ("0020540", "7", "20540", "A1", "0A1")])
    assert sentence.startswith("2 ids differ from another in leading zeros only (first named in offences.csv")
    assert "row 1, offences.csv row 3)" in sentence
    assert said(desk, [{"perpetrator_id": name} for name in ("0020540", "2054", "020541")]) == ()


@pytest.mark.parametrize("ids", [["7", "8"], [7, 8]])
def test_ids_that_came_as_numbers(desk, ids):
    frame = pd.DataFrame({"perpetrator_id": ids, "event_date": "2025-06-01", "offence_code": "8/6"})
    history = rfg.read_offences(frame, config=desk.config(), as_of=desk.as_of)
    told = history.source.account.oddities
    assert (["the perpetrator ids came as numbers" in sentence for sentence in told] == [True]) is (
        ids == [7, 8]
    )


def test_an_old_extract_or_a_wrong_year(desk):
    def newest(day):
        return desk.history({"event_date": day}).source.account.oddities

    assert newest("2025-05-01") == ()  # 60 days
    (sentence,) = newest("2025-04-30")
    assert f"is of 2025-04-30, {STALE_DAYS + 1} days before 2025-06-30" in sentence


def test_removals_that_take_nobody_off(desk):
    def removal(person, day):
        return [{"perpetrator_id": person, "removed_on": day}]

    rows = [{}, {"perpetrator_id": "P2"}]
    (ahead,) = said(desk, rows, removals=removal("P1", "2025-07-01"))
    assert ahead.startswith("1 removal dated after 2025-06-30 (removals.csv rows 1): whom they name is still")
    (unknown,) = said(desk, rows, removals=removal("p1", "2025-06-30"))
    assert unknown.startswith("1 removal of people whom no offence row names")
    assert said(desk, rows, removals=removal("P1", "2025-06-30")) == ()
    history = desk.history(*rows, removals=removal("P1", "2025-07-01"))
    assert history.source.account.sides_not_yet_known == {"removals": 1}


def test_decisions_on_people_of_whom_nothing_else_tells(desk):
    def decisions(*people):
        return [
            {"perpetrator_id": person, "meeting_date": "2025-06-01", "decision": "removed", "reason": "r"}
            for person in people
        ]

    rows = [{}, {"perpetrator_id": "P2"}]
    (one,) = said(desk, rows, decisions=decisions("P1", "p2"))
    assert one.startswith("1 id of decisions.csv stands in no offence row and no referral: look whether")
    assert said(desk, rows, decisions=decisions("P1", "P2")) == ()
    referrals = [
        {"perpetrator_id": "Z", "referred_date": "2025-06-01"},
        {"perpetrator_id": "P1", "referred_date": "2025-06-01"},
    ]
    assert said(desk, rows, decisions=decisions("P1", "Z"), referrals=referrals) == ()


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("subjects", {"perpetrator_id": "p1", "dob": "1980-01-01"}),
        ("custody", {"perpetrator_id": "p1", "start": "2025-01-01", "end": "2025-02-01"}),
        ("links", {"nominal_id": "p1", "master_id": "p9"}),
    ],
)
def test_a_table_that_concerns_nobody(desk, name, row):
    told = said(desk, [{}], **{name: [row]})
    assert told == (
        f"none of the 1 rows of the {name} table concerns anyone in the offence rows: the ids may be "
        "written differently",
    )
    key = "nominal_id" if name == "links" else "perpetrator_id"
    assert said(desk, [{}], **{name: [row, {**row, key: "P1"}]}) == ()
