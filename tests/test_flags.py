"""Flags: a person who just meets each, and one who just misses it."""

from __future__ import annotations

import ast
import inspect

import numpy as np
import pytest

from rfgscore.dates import iso, to_day
from rfgscore.gravity import Grade
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of
from rfgscore.scoring import flags
from rfgscore.vocabulary import words

AS_OF = to_day("2025-06-30")
WINDOW = 730


def ago(days):
    """Return the day so many days before the day looked at."""
    return iso(AS_OF - days)


def raised(history, config, as_of=AS_OF, window=WINDOW, threads=1):
    """Return the ids that carry each flag."""
    grades = [gravity_of(config).grade(code) for code in history.offences]
    found = flags.flag_people(history.at(as_of), as_of, window, grades, threads)
    assert list(found) == sorted(found)
    return {word: history.persons[mask].tolist() for word, mask in found.items()}


def times(days, **cells):
    """Return one row for each age in days."""
    return [{"event_date": ago(age), **cells} for age in days]


IN, OUT = 729, 730
#: Flag, rows of someone who just meets it, rows of someone who just misses it, tables beside them.
CASES = [
    (
        "victim_unknown",
        [*times([1], victim_id="V1"), *times([IN], victim_id="")],
        [*times([1], victim_id="V2"), *times([OUT], victim_id="")],
    ),
    ("victim_unknown", times([IN], victim_id="Regina"), times([IN], victim_id="Reg")),
    (
        "known_day_assumed",
        times([IN], recorded_date=""),
        [*times([IN], recorded_date=ago(IN)), *times([OUT], recorded_date="")],
    ),
    (
        "historic_report",
        times([500], recorded_date=ago(500 - 366)),
        times([500], recorded_date=ago(500 - 365)),
    ),
    ("historic_report", times([IN], recorded_date=ago(IN - 366)), times([OUT], recorded_date=ago(OUT - 366))),
    (
        "historic_report",
        times([600], event_end=ago(500), recorded_date=ago(134)),
        times([600], event_end=ago(499), recorded_date=ago(134)),
    ),
    ("age_unknown", times([1], dob=""), times([1], dob="1990-01-01")),
    ("age_unknown", times([1], dob="1900-01-01"), times([1], dob="1900-01-02")),
    ("under_18", times([1], dob="2007-07-01"), times([1], dob="2007-06-30")),
    ("under_18", times([0], dob="2009-06-30"), times([1], dob="1980-06-30")),
    (
        "serial:two-victims-3y",
        [*times([1094], victim_id="V1"), *times([0], victim_id="V2")],
        [*times([1095], victim_id="V1"), *times([0], victim_id="V2")],
    ),
    (
        "serial:two-victims-3y",
        [*times([5], victim_id="V1"), *times([6], victim_id="V2")],
        [*times([5], victim_id="V1"), *times([6], victim_id="V1"), *times([7], victim_id="unknown")],
    ),
    (
        "repeat:same-victim-12m",
        [*times([364], victim_id="V1"), *times([0], victim_id="V1")],
        [*times([365], victim_id="V1"), *times([0], victim_id="V1")],
    ),
    (
        "repeat:same-victim-12m",
        [*times([9], victim_id="V1"), *times([8], victim_id="V1")],
        [*times([9], victim_id="V1"), *times([8], victim_id="V2")],
    ),
    (
        "repeat:same-victim-12m",
        times([9, 8], victim_id="V1", event_id=""),
        [*times([9], victim_id="V1", event_id="E"), *times([8], victim_id="V1", event_id="E")],
    ),
    ("repeat:same-victim-12m", times([9, 8], victim_id="V1"), times([9, 8], victim_id="")),
    (
        "children_linked",
        times([IN], children_linked="y"),
        [*times([OUT], children_linked="y"), *times([1], children_linked="n")],
    ),
    (
        "code_fallback",
        times([IN], offence_code="999/9"),
        [*times([1], offence_code="8/6"), *times([OUT], offence_code="999/9")],
    ),
    ("looks_alike", times([1]), [], times([1], perpetrator_id="HIT")),
    (
        "id_in_two_forces",
        [*times([1], force="A"), *times([800], force="B")],
        [*times([1], force="A"), *times([800], force="")],
    ),
    ("linked", [*times([1]), *times([OUT], perpetrator_id="old")], times([1, OUT])),
    (
        "strangulation",
        times([IN], offence_code="8/77"),
        [*times([OUT], offence_code="8/77"), *times([1], offence_code="5/4")],
    ),
    ("strangulation", times([1], offence_code=" 008/78 "), times([1], offence_code="008/77", is_crime="n")),
    (
        "course_of_conduct",
        times([IN], offence_code="8/66"),
        [*times([OUT], offence_code="8/66"), *times([1], offence_code="8/77")],
    ),
    ("course_of_conduct", times([1], offence_code="195/94"), times([1], offence_code="125/09")),
    ("course_of_conduct", times([1], offence_code="008/67"), times([1], offence_code="008/06")),
    ("course_of_conduct", times([1], offence_code="8q"), times([1], offence_code="8L")),
    (
        "order_breach",
        times([IN], offence_code="066/39"),
        [*times([OUT], offence_code="066/39"), *times([1], offence_code="066/98")],
    ),
    ("history_not_held", times([500, 100]), times([501, 100])),
    ("managed_elsewhere", times([1]), times([1])),
    ("event_in_custody", times([100]), times([99])),
    ("event_in_custody", times([200]), times([201])),
    ("event_in_custody", times([IN]), times([OUT])),
    ("event_in_custody", times([150], event_end=ago(90)), times([250], event_end=ago(150))),
]

#: Joined records, and custody of both people: 1000 to 700 days ago, and 200 to 100 days ago.
LINKS = [{"nominal_id": "old", "master_id": "hit"}, {"nominal_id": "unused", "master_id": "miss"}]
SUBJECTS = {
    "history_not_held": [{"perpetrator_id": who, "transferred_in": ago(500)} for who in ("hit", "miss")],
    "managed_elsewhere": [
        {"perpetrator_id": "hit", "managed_under": "MAPPA 2"},
        {"perpetrator_id": "miss", "managed_under": " N/A "},
    ],
}
CUSTODY = [
    {"perpetrator_id": who, "start": ago(start), "end": ago(end)}
    for who in ("hit", "miss")
    for start, end in ((1000, 700), (200, 99))
]


@pytest.mark.parametrize(
    ("word", "hit", "miss", "others"),
    [(*case, [])[:4] if len(case) == 3 else case for case in CASES],
    ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)],
)
def test_each_flag_is_met_and_just_missed(desk, word, hit, miss, others):
    rows = [{"perpetrator_id": who, **row} for who, told in (("hit", hit), ("miss", miss)) for row in told]
    rows = [*rows, *others]
    columns = dict.fromkeys(name for row in rows for name in row)
    config = desk.config(gravity={"unmapped": 2})
    blank = dict.fromkeys(columns, "") | {"offence_code": "8/6"}
    blank |= {"is_crime": "y"} if "is_crime" in columns else {}
    tables = (
        {"custody": CUSTODY} if word == "event_in_custody" else {"links": LINKS} if word == "linked" else {}
    )
    if word in SUBJECTS:
        tables = {"subjects": SUBJECTS[word]}
    history = desk.history(*({**blank, **row} for row in rows), config=config, **tables)
    found = raised(history, config)
    if word == "looks_alike":
        assert found.pop(word) == ["HIT", "hit"]
    else:
        assert found.pop(word) == ["hit"]


def test_every_flag_raised_here_is_a_closed_word_and_has_a_case():
    tree = ast.parse(inspect.getsource(flags.flag_people))
    keys = {key.value for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    assert keys == {case[0] for case in CASES} | {"counter_allegation", "order_in_force"}
    closed = {word.word for word in words() if word.kind == "flag"}
    assert closed - keys == {"cut_through_tie", "serial:unconnected-victims"} and keys <= closed


@pytest.mark.parametrize(
    ("first", "second", "flagged"),
    [
        ({"event_date": ago(1)}, {"event_date": ago(IN)}, True),
        ({"event_date": ago(1)}, {"event_date": ago(OUT)}, False),
        ({"event_date": ago(1)}, {"event_date": ago(1), "victim_id": "C"}, False),
        ({"event_date": ago(1)}, {"event_date": ago(1), "victim_id": "a"}, False),
        ({"event_date": ago(1)}, {"event_date": ago(1), "perpetrator_id": "B2"}, True),
        ({"event_date": ago(1), "victim_id": "B2"}, {"event_date": ago(1)}, True),
    ],
)
def test_counter_allegations_are_told_on_both_sides(desk, first, second, flagged):
    rows = [
        {"perpetrator_id": "A", "victim_id": "B", **first},
        {"perpetrator_id": "B", "victim_id": "A", **second},
        {"perpetrator_id": "C", "victim_id": "A", "event_date": ago(1)},
    ]
    config = desk.config()
    history = desk.history(*rows, links=[{"nominal_id": "B2", "master_id": "B"}], config=config)
    assert raised(history, config).get("counter_allegation", []) == (["A", "B"] if flagged else [])
    assert len(history.day) == 3


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ab", "AB", True),
        ("ａ1", "A1", True),
        ("straße", "STRASSE", True),
        ("a1", "a2", False),
        ("01", "1", False),
        ("A", "А", False),  # Latin and Cyrillic
    ],
)
def test_ids_equal_but_for_case_and_width_are_flagged_and_stay_two(desk, one, other, alike):
    config = desk.config()
    history = desk.history(*({"perpetrator_id": text} for text in (one, other, "zz")), config=config)
    assert len(history.persons) == 3
    assert raised(history, config).get("looks_alike", []) == (sorted([one, other]) if alike else [])


def test_what_is_not_mapped_raises_no_flag(desk):
    config = desk.config()
    history = desk.history(*times([500, 3, 2]), config=config)
    assert raised(history, config) == {}
    subjects = [{"perpetrator_id": "P2", "dob": "1990-01-01"}]
    told = desk.history(*times([3]), *times([3], perpetrator_id="P2"), config=config, subjects=subjects)
    assert raised(told, config) == {"age_unknown": ["P1"]}


def test_flags_look_at_the_day_asked_for(desk):
    rows = times([400, 100], victim_id="V1", children_linked="n") + times(
        [50], victim_id="V2", children_linked="y"
    )
    config = desk.config()
    history = desk.history(*rows, config=config)
    serial, repeat, children = "serial:two-victims-3y", "repeat:same-victim-12m", "children_linked"
    assert raised(history, config) == {serial: ["P1"], children: ["P1"]}
    assert raised(history, config, AS_OF - 50) == {serial: ["P1"], repeat: ["P1"], children: ["P1"]}
    assert raised(history, config, AS_OF - 51) == {repeat: ["P1"]}
    assert raised(history, config, AS_OF - 101) == {}
    assert raised(history, config, window=50) == {serial: ["P1"]}


def test_a_history_from_arrays_tells_what_its_arrays_hold():
    history = History.from_arrays(
        person=[1, 1, 2, 2, 3, 4],
        day=[AS_OF, AS_OF - 1094, AS_OF, AS_OF - 364, AS_OF - 10, AS_OF - 400],
        gravity=[1.0, 1.0, 1.0, 1.0, 2.0, 1.0],
        victim=[0, 1, 0, 0, -1, 0],
        known_day=[AS_OF, AS_OF - 1094, AS_OF, AS_OF - 364, AS_OF - 10, AS_OF - 34],
    )
    grades = [Grade("1.0", 1.0, "1.0"), Grade("2.0", 2.0, "2.0", fallback="class")]
    found = flags.flag_people(history, AS_OF, WINDOW, grades, 2)
    assert {word: history.persons[mask].tolist() for word, mask in found.items()} == {
        "code_fallback": [3],
        "historic_report": [4],
        "repeat:same-victim-12m": [2],
        "serial:two-victims-3y": [1],
        "victim_unknown": [3],
    }
    assert all(mask.dtype == np.bool_ and len(mask) == 4 for mask in found.values())


@pytest.mark.parametrize(
    ("told", "flagged"),
    [
        ([{"transferred_in": "2025-03-01"}], True),
        ([{"transferred_in": "2025-03-02"}], False),
        ([{"transferred_in": "2025-06-30"}, {"transferred_in": "2025-02-01"}], True),
        ([{"transferred_in": ""}], False),
        ([{"transferred_in": "2025-02-01", "recorded_date": "2025-06-30"}], True),
        ([{"transferred_in": "2025-02-01", "recorded_date": "2025-07-01"}], False),
        ([{"transferred_in": "2025-02-01", "perpetrator_id": "old"}], True),
        ([{"transferred_in": "2025-02-01", "perpetrator_id": "P2"}], False),
    ],
)
def test_history_is_not_held_where_no_line_is_older_than_the_transfer(desk, told, flagged):
    config = desk.config({"point_in_time": "accept_extract_state"})
    subjects = [{"perpetrator_id": "P1", "recorded_date": "", **row} for row in told]
    links = [{"nominal_id": "old", "master_id": "P1"}]
    history = desk.history({}, config=config, subjects=subjects, links=links, extract_date="2025-07-10")
    assert raised(history, config).get("history_not_held", []) == (["P1"] if flagged else [])


def test_a_transfer_is_known_from_its_day_and_a_line_counts_once_it_is_visible(desk):
    config = desk.config()
    subjects = [{"perpetrator_id": "P1", "transferred_in": ago(20)}]
    rows = [
        {"event_date": ago(10), "recorded_date": ago(10)},
        {"event_date": ago(20), "recorded_date": ago(20)},
        {"event_date": ago(30), "recorded_date": ago(5)},
    ]
    history = desk.history(*rows, config=config, subjects=subjects)
    seen = {age: "history_not_held" in raised(history, config, AS_OF - age) for age in (21, 20, 6, 5, 0)}
    assert seen == {21: False, 20: True, 6: True, 5: False, 0: False}
    later = [{"perpetrator_id": "P1", "transferred_in": "2025-07-01"}]
    history = desk.history({}, config=config, subjects=later, extract_date="2025-07-10")
    assert raised(history, config) == {}


@pytest.mark.parametrize(
    ("told", "flagged"),
    [
        ([{"referred_date": "2025-03-01"}], True),  # a line on the day
        ([{"referred_date": "2025-03-02"}], False),  # a line the day before
        ([{"referred_date": "2025-06-30"}, {"referred_date": "2025-02-01"}], True),
        ([{"referred_date": "2025-02-01", "recorded_date": "2025-06-30"}], True),
        ([{"referred_date": "2025-02-01", "recorded_date": "2025-07-01"}], False),
        ([{"referred_date": "2025-02-01", "perpetrator_id": "old"}], True),
        ([{"referred_date": "2025-02-01", "perpetrator_id": "P2"}], False),
    ],
)
def test_history_is_not_held_where_no_line_is_older_than_the_first_referral(desk, told, flagged):
    config = desk.config()
    referrals = [{"perpetrator_id": "P1", "recorded_date": "", **row} for row in told]
    links = [{"nominal_id": "old", "master_id": "P1", "recorded_date": "2025-01-01"}]
    history = desk.history({}, config=config, referrals=referrals, links=links, extract_date="2025-07-10")
    assert raised(history, config).get("history_not_held", []) == (["P1"] if flagged else [])


@pytest.mark.parametrize(("referred", "flagged"), [(0, True), (-1, False)])
def test_a_referral_of_tomorrow_is_not_known_today(desk, referred, flagged):
    config = desk.config()
    referrals = [{"perpetrator_id": "P1", "referred_date": ago(referred)}]
    history = desk.history(*times([0]), config=config, referrals=referrals, extract_date="2025-07-10")
    assert ("history_not_held" in raised(history, config)) is flagged


def test_a_referral_counts_from_the_day_it_was_known(desk):
    config = desk.config()
    referrals = [
        {"perpetrator_id": "P1", "referred_date": ago(20), "recorded_date": ago(10)},
        {"perpetrator_id": "P1", "referred_date": ago(4), "recorded_date": ""},
    ]
    rows = [
        {"event_date": ago(19), "recorded_date": ago(19)},
        {"event_date": ago(30), "recorded_date": ago(5)},
    ]
    history = desk.history(*rows, config=config, referrals=referrals)
    seen = {age: "history_not_held" in raised(history, config, AS_OF - age) for age in (11, 10, 6, 5, 0)}
    assert seen == {11: False, 10: True, 6: True, 5: False, 0: False}


#: An order, and whether it is in force on the day looked at.
ORDERS = [
    ({"start": ago(90), "end": ago(0)}, True),
    ({"start": ago(90), "end": ago(1)}, False),
    ({"start": ago(90), "end": ago(-1)}, True),
    ({"start": ago(90), "end": ""}, True),
    ({"start": ago(0), "end": ""}, True),
    ({"start": ago(0), "end": ago(0)}, True),
    ({"start": ago(-1), "end": ""}, False),
    ({"start": ago(90), "end": "", "recorded_date": ago(0)}, True),
    ({"start": ago(90), "end": "", "recorded_date": ago(-1)}, False),
    ({"start": ago(90), "end": "", "perpetrator_id": "old"}, True),
    ({"start": ago(90), "end": "", "perpetrator_id": "P2"}, False),
]


@pytest.mark.parametrize(("order", "flagged"), ORDERS)
def test_an_order_is_in_force_from_its_first_to_its_last_day(desk, order, flagged):
    config = desk.config()
    orders = [
        {"perpetrator_id": "P1", "recorded_date": "", **order},
        {"perpetrator_id": "P9", "start": ago(1), "end": "", "recorded_date": ""},
    ]
    links = [{"nominal_id": "old", "master_id": "P1", "recorded_date": "2025-01-01"}]
    history = desk.history(*times([1]), config=config, orders=orders, links=links, extract_date="2025-07-10")
    assert raised(history, config) == ({"order_in_force": ["P1"]} if flagged else {})


def test_an_order_is_looked_at_on_the_day_asked_for(desk):
    config = desk.config()
    orders = [
        {"perpetrator_id": "P1", "start": ago(20), "end": ago(10), "recorded_date": ago(15)},
        {"perpetrator_id": "P1", "start": ago(5), "end": "", "recorded_date": ago(8)},
    ]
    history = desk.history(*times([30]), config=config, orders=orders)
    ages = (21, 20, 16, 15, 10, 9, 6, 5, 0)
    seen = [age for age in ages if "order_in_force" in raised(history, config, AS_OF - age)]
    assert seen == [15, 10, 5, 0]


@pytest.mark.parametrize(
    ("cell", "recorded", "flagged"),
    [
        ("MAPPA 1", "2025-06-30", True),
        ("MAPPA 1", "2025-07-01", False),
        ("MAPPA 1", "", True),
        ("  ", "2025-06-30", False),
        ("Not Known", "2025-06-30", False),
        ("0", "2025-06-30", False),
        ("00", "2025-06-30", True),
    ],
)
def test_who_is_managed_elsewhere(desk, cell, recorded, flagged):
    config = desk.config({"point_in_time": "accept_extract_state"})
    subjects = [
        {"perpetrator_id": "P1", "managed_under": cell, "recorded_date": recorded},
        {"perpetrator_id": "P1", "managed_under": "", "recorded_date": "2025-06-30"},
    ]
    history = desk.history({}, config=config, subjects=subjects, extract_date="2025-07-10")
    assert raised(history, config).get("managed_elsewhere", []) == (["P1"] if flagged else [])


@pytest.mark.parametrize(
    ("dob", "day", "flagged"),
    [
        ("2008-02-29", "2026-02-28", True),
        ("2008-02-29", "2026-03-01", False),
        ("2008-03-01", "2026-02-28", True),
        ("2008-03-01", "2026-03-01", False),
    ],
)
def test_somebody_born_on_29_february_is_18_on_1_march(desk, dob, day, flagged):
    config = desk.config()
    history = desk.history({"dob": dob, "event_date": "2025-06-01"}, config=config, as_of=day)
    assert ("under_18" in raised(history, config, to_day(day))) is flagged


def test_each_distinct_offence_is_looked_up_once(desk, monkeypatch):
    asked = []
    monkeypatch.setattr(flags, "groups_of", lambda code: asked.append(code) or frozenset())
    config = desk.config()
    history = desk.history(*times(range(9)), *times(range(9), offence_code="19/8"), config=config)
    assert raised(history, config) == {} and sorted(asked) == sorted(["008/06", "019/08"] * 3)
