"""Custody spells: joined, counted in days, and what their end means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import NO_DAY, iso, to_day
from rfgscore.history.custody import Spells


def spells(*rows):
    """Return spells of (person, start, end, planned, and perhaps the day recorded); None is blank."""
    told = sorted(((*row, None)[:5] for row in rows), key=lambda row: row[0])
    columns = [[NO_DAY if row[n] is None else row[n] for row in told] for n in range(5)]
    return Spells(*(np.array(column, np.int64) for column in columns))


@pytest.mark.parametrize(
    ("rows", "as_of", "joined"),
    [
        ([(0, 10, 20, None)], 30, [(0, 10, 20)]),
        ([(0, 10, 20, None), (0, 15, 25, None)], 30, [(0, 10, 25)]),
        ([(0, 10, 20, None), (0, 20, 25, None)], 30, [(0, 10, 25)]),
        ([(0, 10, 20, None), (0, 21, 25, None)], 30, [(0, 10, 20), (0, 21, 25)]),
        ([(0, 10, 40, None), (0, 12, 14, None), (0, 39, 41, None)], 50, [(0, 10, 41)]),
        ([(0, 10, 20, None), (1, 15, 25, None)], 30, [(0, 10, 20), (1, 15, 25)]),
        ([(0, 10, None, None), (1, 5, 7, None)], 30, [(0, 10, "open"), (1, 5, 7)]),
        ([(0, 10, 31, None)], 30, [(0, 10, "open")]),
        ([(0, 10, 30, None)], 30, [(0, 10, 30)]),
        ([(0, 31, 40, None)], 30, []),
        ([(0, 30, 40, None)], 30, [(0, 30, "open")]),
        ([(0, 10, 20, None, 30)], 30, [(0, 10, 20)]),
        ([(0, 10, 20, None, 31)], 30, []),
        ([(0, 10, None, None, 31), (0, 5, 12, None, 6)], 30, [(0, 5, 12)]),
        ([(0, 10, 20, None), (0, 31, 40, None)], 30, [(0, 10, 20)]),
        ([(0, 10, None, None), (0, 12, 20, None)], 30, [(0, 10, "open")]),
        (
            [(0, -(2**31) + 1, None, None), (1, 2**31 - 2, 2**31 - 1, None)],
            2**31 - 1,
            [(0, -(2**31) + 1, "open"), (1, 2**31 - 2, 2**31 - 1)],
        ),
    ],
)
def test_spells_are_joined_as_they_look_on_the_day(rows, as_of, joined):
    now = spells(*rows).at(as_of)
    ends = ["open" if end == 2**31 else end for end in now.end.tolist()]
    assert list(zip(now.person.tolist(), now.start.tolist(), ends, strict=True)) == joined


@pytest.mark.parametrize(
    ("rows", "as_of", "since", "planned"),
    [
        ([(0, 10, 20, None)], 19, 10, None),
        ([(0, 10, 20, None)], 20, None, None),
        ([(0, 10, 20, None)], 10, 10, None),
        ([(0, 10, 20, None)], 9, None, None),
        ([(0, 10, None, 50)], 99, 10, 50),
        ([(0, 5, 10, 40), (0, 10, None, None)], 12, 5, None),
        ([(0, 5, None, 40), (0, 10, None, 60)], 12, 5, 60),
        ([(0, 5, 5, None)], 5, None, None),
        ([(0, 5, None, 40, 12)], 12, 5, 40),
        ([(0, 5, None, 40, 13)], 12, None, None),
        ([(0, 5, None, 40), (0, 5, None, 60, 13)], 12, 5, 40),
    ],
)
def test_who_is_in_custody_since_when_and_until_when(rows, as_of, since, planned):
    held, begun, until = spells(*rows).held(as_of, 2)
    assert held.tolist() == [since is not None, False]
    assert begun.tolist() == [NO_DAY if since is None else since, NO_DAY]
    assert until.tolist() == [NO_DAY if planned is None else planned, NO_DAY]


@pytest.mark.parametrize(
    ("rows", "since", "as_of", "free"),
    [
        ([], 0, 100, 100),
        ([(0, 10, 20, None)], 0, 100, 90),
        ([(0, 10, 20, None)], 0, 15, 9),  # held on 10 to 15
        ([(0, 10, 20, None)], 12, 100, 81),  # held on 13 to 19
        ([(0, 10, 20, None)], 10, 100, 81),
        ([(0, 10, 20, None)], 9, 100, 81),
        ([(0, 10, 20, None)], 20, 100, 80),
        ([(0, 10, 20, None), (0, 15, 30, None)], 0, 100, 80),
        ([(0, 10, None, None)], 5, 100, 4),
        ([(0, 0, None, None)], 5, 100, 0),
        ([(0, 101, None, None)], 5, 100, 95),
        ([(0, 90, 200, None)], 5, 100, 84),
        ([(0, 10, 10, None)], 5, 100, 95),
        ([(0, 10, 20, None)], 100, 100, 0),
        ([(1, 10, 20, None)], 0, 100, 100),
    ],
)
def test_days_at_liberty_worked_by_hand(rows, since, as_of, free):
    assert spells(*rows).days_at_liberty(np.array([since, as_of], np.int64), as_of).tolist() == [free, 0]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 40), st.none() | st.integers(0, 30), st.none()),
        max_size=8,
    ),
    st.integers(0, 45),
    st.lists(st.integers(0, 45), min_size=3, max_size=3),
)
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_custody_agrees_with_counting_day_by_day(rows, as_of, since):
    rows = [(who, start, None if length is None else start + length, None) for who, start, length, _ in rows]
    made = spells(*rows)

    def inside(who, day):
        known = [(s, 99 if e is None or e > as_of else e) for w, s, e, _ in rows if w == who and s <= as_of]
        return any(start <= day < end for start, end in known)

    since = [min(day, as_of) for day in since]
    free = [
        as_of - d - sum(inside(who, day) for day in range(d + 1, as_of + 1)) for who, d in enumerate(since)
    ]
    assert made.days_at_liberty(np.array(since, np.int64), as_of).tolist() == free
    assert made.held(as_of, 3)[0].tolist() == [inside(who, as_of) for who in range(3)]
    asked = [(who, day) for who in range(3) for day in range(50)]
    who, day = (np.array(column, np.int64) for column in zip(*asked, strict=True))
    assert made.covers(who, day.astype(np.int32), as_of).tolist() == [inside(*pair) for pair in asked]


@pytest.mark.parametrize(("end_is", "last"), [("release_day", "2025-03-09"), ("last_day_held", "2025-03-10")])
def test_what_the_end_day_of_a_spell_means(desk, end_is, last):
    config = desk.config({"custody": {"end_is": end_is}})
    custody = [
        {"perpetrator_id": "P1", "start": "2025-03-01", "end": "2025-03-10"},
        {"perpetrator_id": "P1", "start": "2025-05-01", "end": ""},
    ]
    made = desk.history({}, config=config, custody=custody).source.spells
    inside = [
        day
        for day in range(to_day("2025-02-20"), to_day("2025-04-01"))
        if made.covers(np.array([0]), np.array([day], np.int32), to_day("2025-06-30"))[0]
    ]
    assert (iso(inside[0]), iso(inside[-1]), len(inside)) == (
        "2025-03-01",
        last,
        9 + (end_is != "release_day"),
    )
    assert made.held(to_day("2025-06-30"), 1)[1].tolist() == [to_day("2025-05-01")]


SPELL = {"perpetrator_id": "P1", "start": "2025-03-01"}


@pytest.mark.parametrize(
    ("end", "reading"),
    [
        ("9999-12-30", {}),
        ("9999-12-31", {"sentinel_dates": ["1900-01-01"]}),
        ("9999-12-31", {"sentinel_dates": ["1900-01-01"], "custody": {"end_is": "last_day_held"}}),
        ("2025-07-01", {}),
        ("", {}),
    ],
)
def test_an_end_far_ahead_is_as_good_as_none(desk, end, reading):
    history = desk.history({}, config=desk.config(reading), custody=[{**SPELL, "end": end}])
    assert len(history.set_aside) == 0
    held, since, _ = history.source.spells.held(history.as_of, 1)
    assert held.tolist() == [True] and since.tolist() == [to_day("2025-03-01")]
    line = np.array([to_day("2025-03-01")], np.int64)
    assert history.source.spells.days_at_liberty(line, history.as_of).tolist() == [0]


def test_a_placeholder_end_is_a_fault_that_tells_the_way_out(desk):
    spells = [{**SPELL, "end": "9999-12-31"}, {**SPELL, "end": "2025-04-01"}]
    history = desk.history({}, custody=spells)
    assert history.set_aside["reason"] == ["SENTINEL_DATE"]
    assert history.set_aside["detail"] == [
        "a placeholder date; leave the cell blank where there is none, or take the date off "
        "input.sentinel_dates"
    ]
    assert history.source.custody_in_doubt.tolist() == [True]


@pytest.mark.parametrize(
    ("recorded", "held"), [("2025-06-30", True), ("2025-07-01", False), ("", True), ("2025-03-01", True)]
)
def test_a_spell_recorded_later_is_not_known(desk, recorded, held):
    spells = [
        {**SPELL, "end": "", "recorded_date": recorded},
        {**SPELL, "start": "2024-01-01", "end": "2024-02-01", "recorded_date": "2024-01-01"},
    ]
    history = desk.history({}, custody=spells, extract_date="2025-07-10")
    assert history.source.spells.held(history.as_of, 1)[0].tolist() == [held]
    assert history.source.account.sides_not_yet_known == ({} if held else {"custody": 1})
    unused = [text for word, text in history.source.account.warnings if word == "custody_unused"]
    assert unused == ([] if held else ["1 custody rows of people without a line or after 2025-06-30"])


def test_a_spell_appears_on_the_day_it_was_recorded(desk):
    spells = [{**SPELL, "end": "", "recorded_date": "2025-05-10", "planned_release": "2025-08-01"}]
    history = desk.history({}, custody=spells, extract_date="2025-07-10")
    assert history.source.extract_state == ()
    for day, held in (("2025-05-09", False), ("2025-05-10", True)):
        seen = history.at(to_day(day)).source.spells.held(to_day(day), 1)
        assert seen[0].tolist() == [held]
        assert seen[2].tolist() == [to_day("2025-08-01") if held else NO_DAY]


@pytest.mark.parametrize(
    ("recorded", "event", "doubt"),
    [("2025-06-30", "odd", True), ("2025-07-01", "odd", False), ("odd", "2025-04-01", True)],
)
def test_a_spell_at_fault_leaves_a_doubt_only_once_it_is_recorded(desk, recorded, event, doubt):
    spells = [
        {**SPELL, "end": event, "recorded_date": recorded},
        {**SPELL, "perpetrator_id": "P2", "end": "", "recorded_date": "2025-03-01"},
    ]
    history = desk.history({}, custody=spells, extract_date="2025-07-10")
    assert history.source.custody_in_doubt.tolist() == [doubt]
    assert history.source.lost_rows.tolist() == [int(doubt)]


@pytest.mark.parametrize(
    ("start", "end", "excluded"),
    [
        ("2025-05-31", "", False),  # 30 days
        ("2025-05-30", "", True),  # 31 days
        ("2025-05-30", "2025-06-30", False),
        ("2025-05-30", "2025-07-01", True),
        ("2025-07-01", "", False),
    ],
)
def test_whoever_is_held_beyond_the_days_is_not_ranked(desk, start, end, excluded):
    config = desk.config(cohort={"custody": {"exclude_if_held_days": 30}})
    custody = [{"perpetrator_id": "P1", "start": start, "end": end}]
    scored = rfg.score(
        desk.history({}, config=config, custody=custody), config=config, as_of=desk.as_of
    ).scored
    assert [why and why.word for why in scored.exclusion] == ["HELD" if excluded else None]
