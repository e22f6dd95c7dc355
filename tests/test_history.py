"""The history: total order, incidents, what is visible when, and histories from arrays."""

from __future__ import annotations

import random
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import NO_DAY, iso, to_day
from rfgscore.errors import (
    ConfigError,
    DataError,
    PointInTimeError,
)
from rfgscore.history.history import History
from rfgscore.history.order import dense_within
from rfgscore.ingest.readers.coded import Coded, row_keys

ACCEPT = {"point_in_time": "accept_extract_state"}


def days(history):
    return [iso(day) for day in history.day.tolist()]


def warned(history, code):
    return [text for word, text in history.source.account.warnings if word == code]


def incidents(history):
    """Return the incidents of each line, renumbered in order of appearance."""
    seen = {}
    pairs = zip(history.person_of_line().tolist(), history.incident.tolist(), strict=True)
    return [seen.setdefault(pair, len(seen)) for pair in pairs]


def plain(history):
    """Return everything a history holds as plain data."""
    held = {}
    for owner in (history, history.source):
        for spec in fields(owner):
            value = getattr(owner, spec.name)
            if isinstance(value, Coded):
                value = [value.text(row) for row in range(len(value))]
            elif isinstance(value, np.ndarray):
                value = value.tolist()
            elif spec.name in ("source", "account", "set_aside", "coverage", "spells", "told"):
                continue
            held[spec.name] = value
    return held


CELLS = {
    "perpetrator_id": ["10", "9", "009", "a"],
    "event_date": ["2025-03-01", "2025-03-02", "2025-06-30"],
    "event_end": ["", "2025-03-02", "2025-03-05", "2025-07-05"],
    "offence_code": ["8/6", "19/8"],
    "victim_id": ["", "V1", "V2", "a"],
    "event_id": ["", "E1", "E2"],
    "incident_id": ["", "I1"],
    "recorded_date": ["", "2025-06-30"],
    "is_crime": ["y", "n"],
    "children_linked": ["", "y", "n"],
    "force": ["", "F1", "F2"],
    "area": ["", "North"],
    "relationship": ["", "partner"],
}
ROWS = st.lists(
    st.fixed_dictionaries({k: st.sampled_from(v) for k, v in CELLS.items()}), min_size=2, max_size=20
)
LINKS = [{"nominal_id": "V2", "master_id": "V1"}, {"nominal_id": "009", "master_id": "9"}]


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_shows(desk, rows, chance):
    config = desk.config({**ACCEPT, "duplicates": "set_aside", "max_set_aside": {"share": 1.0}})
    shuffled = list(rows)
    chance.shuffle(shuffled)
    one, two = (
        desk.history(*given, config=config, extract_date="2025-07-10", links=LINKS)
        for given in (rows, shuffled)
    )
    assert plain(one) == plain(two)
    earlier = to_day("2025-03-03")
    assert plain(one.at(earlier)) == plain(two.at(earlier))
    assert one.source.account.rows == two.source.account.rows
    assert one.source.account.unnamed_incidents == two.source.account.unnamed_incidents


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"perpetrator_id": "10"}, {"perpetrator_id": "9"}),
        ({"perpetrator_id": "009"}, {"perpetrator_id": "10"}),
        ({"perpetrator_id": "Z"}, {"perpetrator_id": "a"}),
        ({"event_date": "2025-02-28"}, {"event_date": "2025-03-01"}),
        ({"event_date": "2025-03-02", "offence_code": "1/1"}, {"event_end": "2025-03-03"}),
        (
            {"recorded_date": "2025-03-01", "incident_id": "I2"},
            {"recorded_date": "2025-03-02", "incident_id": "I1"},
        ),
        ({"incident_id": "I1", "offence_code": "19/8"}, {"incident_id": "I2", "offence_code": "8/6"}),
        ({"incident_id": "I9", "event_id": "E9"}, {"incident_id": "", "event_id": "E1"}),
        ({"offence_code": "008/06", "victim_id": "V2"}, {"offence_code": "019/08", "victim_id": "V1"}),
        (
            {"victim_id": "", "event_id": "E2", "incident_id": "I"},
            {"victim_id": "V1", "event_id": "E1", "incident_id": "I"},
        ),
        (
            {"event_id": "E1", "incident_id": "I", "area": "b"},
            {"event_id": "E2", "incident_id": "I", "area": "a"},
        ),
        ({"relationship": "a", "area": "b"}, {"relationship": "b", "area": "a"}),
        (
            {
                "incident_id": "I",
                "event_date": "2025-02-01",
                "event_end": "2025-02-09",
                "recorded_date": "2025-02-09",
            },
            {
                "incident_id": "I",
                "event_date": "2025-02-02",
                "event_end": "2025-02-09",
                "recorded_date": "2025-02-09",
            },
        ),
    ],
)
def test_the_total_order_of_lines(desk, first, second):
    first, second = (
        {**dict.fromkeys({*first, *second} - set(desk.row), ""), **row} for row in (first, second)
    )
    for rows in ([first, second], [second, first]):
        history = desk.history(*({**row, "force": f"{row is second}"} for row in rows))
        assert [history.source.force.text(line) for line in range(2)] == ["False", "True"]


def test_persons_stand_in_code_point_order_and_keep_their_zeros(desk):
    ids = ["9", "10", "010", "Z", "a", "é", "e\u0301f", "Ж"]
    history = desk.history(*({"perpetrator_id": text} for text in ids))
    assert history.persons.tolist() == ["010", "10", "9", "Z", "a", "é", "éf", "Ж"]
    assert history.offsets.tolist() == list(range(9))
    assert history.person_of_line().tolist() == list(range(8))


def test_nothing_of_a_history_can_be_written_to(desk):
    history = desk.history({}, {"event_date": "2025-06-20", "event_end": "2025-06-29"})
    for seen in (
        history,
        history.at(to_day("2025-06-25")),
        History.from_arrays(person=[1], day=[1], gravity=[1]),
    ):
        arrays = [value for spec in fields(seen) if isinstance(value := getattr(seen, spec.name), np.ndarray)]
        assert len(arrays) == 11
        for array in arrays:
            with pytest.raises(ValueError, match="read-only"):
                array[:] = array[0]
    with pytest.raises(AttributeError, match="cannot assign"):
        history.as_of = 1


def test_a_history_shows_counts_and_never_an_id(desk):
    history = desk.history({"perpetrator_id": "Roe"}, {"perpetrator_id": "Roe", "event_date": "2025-03-02"})
    assert repr(history) == "History(1 persons, 2 lines, as of 2025-06-30)"
    made = History.from_arrays(person=["Roe"], day=[1], gravity=[1])
    assert repr(made) == "History(1 persons, 1 lines)"
    assert list(made.set_aside.columns) == ["file", "row", "line", "column", "reason", "class", "detail"]
    assert len(made.set_aside) == 0


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        ([{"incident_id": "I1"}, {"incident_id": "I1", "event_date": "2025-03-02"}], [0, 0]),
        ([{"incident_id": "I1"}, {"incident_id": "i1", "event_date": "2025-03-02"}], [0, 1]),
        ([{"incident_id": "I1", "event_id": "E"}, {"incident_id": "I2", "event_id": "E"}], [0, 1]),
        ([{"incident_id": "I", "event_id": "E1"}, {"incident_id": " I ", "event_id": "E2"}], [0, 0]),
        ([{"event_id": "E1"}, {"event_id": "E1", "event_date": "2025-03-02"}], [0, 0]),
        (
            [
                {"event_id": "X", "incident_id": ""},
                {"event_id": "", "incident_id": "X", "event_date": "2025-03-02"},
            ],
            [0, 1],
        ),
        ([{"event_id": ""}, {"event_id": "", "offence_code": "19/8"}], [0, 0]),
        ([{"event_id": ""}, {"event_id": "", "event_date": "2025-03-02"}], [0, 1]),
        ([{"event_id": ""}, {"event_id": "2025-03-01"}], [0, 1]),
        ([{"event_end": "2025-03-05"}, {"event_end": "2025-03-06"}], [0, 0]),
        ([{"event_id": "E1", "force": "A"}, {"event_id": "E1", "force": "B"}], [0, 1]),
        (
            [{"event_id": "E1", "force": "A"}, {"event_id": "E1", "force": " A", "offence_code": "19/8"}],
            [0, 0],
        ),
        ([{"event_id": "E1", "force": ""}, {"event_id": "E1", "force": "A"}], [0, 1]),
        ([{"force": "A"}, {"force": "B"}], [0, 1]),
        ([{"event_id": "E1"}, {"event_id": "E1", "perpetrator_id": "P2"}], [0, 1]),
    ],
)
def test_what_makes_lines_one_incident(desk, rows, numbers):
    history = desk.history(*rows)
    assert sorted(incidents(history)) == numbers
    assert history.incident.min() == 0


def test_an_incident_of_two_perpetrators_counts_for_each(desk):
    rows = [{"perpetrator_id": p, "event_id": e} for p in ("P1", "P2") for e in ("E1", "E2")]
    assert desk.history(*rows).incident.tolist() == [0, 1, 0, 1]


def test_victims_are_numbered_within_the_person_and_unknown_ones_are_none(desk):
    rows = [
        {"perpetrator_id": "P1", "victim_id": "V2", "event_date": "2025-03-01"},
        {"perpetrator_id": "P1", "victim_id": " Regina ", "event_date": "2025-03-02"},
        {"perpetrator_id": "P1", "victim_id": "", "event_date": "2025-03-03"},
        {"perpetrator_id": "P1", "victim_id": "V1", "event_date": "2025-03-04"},
        {"perpetrator_id": "P2", "victim_id": "V2", "event_date": "2025-03-01"},
        {"perpetrator_id": "P2", "victim_id": "tbc", "event_date": "2025-03-02"},
    ]
    history = desk.history(*rows)
    assert history.victim.tolist() == [1, -1, -1, 0, 0, 1]
    assert [history.source.victim.text(line) for line in range(6)] == ["V2", "", "", "V1", "V2", "tbc"]


def test_keys_are_numbered_densely_within_each_person():
    person, key = np.array([0, 0, 0, 1, 1, 2]), np.array([7, -1, 3, 9, 9, -1])
    assert dense_within(person, key).tolist() == [1, -1, 0, 0, 0, -1]
    assert dense_within(person, np.full(6, -1)).tolist() == [-1] * 6


def test_row_keys_stay_exact_and_ordered_when_they_outgrow_64_bits():
    rng = np.random.default_rng(5)
    columns = [rng.integers(-1, 2**31 - 3, 200) for _ in range(4)]
    columns = [np.concatenate([column, column[:20]]) for column in columns]
    keys = row_keys(columns)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert [rows[i] for i in np.argsort(keys, kind="stable")] == sorted(rows)
    assert len(set(keys.tolist())) == len(set(rows)) == 200


def test_incidents_without_a_named_suspect_are_counted_by_area(desk):
    rows = [
        {"perpetrator_id": "", "event_id": "E1", "area": "North"},
        {"perpetrator_id": "n/k", "event_id": "E1", "area": "North", "offence_code": "19/8"},
        {"perpetrator_id": "", "event_id": "E2", "area": "North"},
        {"perpetrator_id": "P1", "event_id": "E2", "area": "North"},  # named
        {"perpetrator_id": "P2", "event_id": "E3", "area": "South", "role": "victim"},  # out of scope
        {"perpetrator_id": "", "event_id": "", "area": ""},
        {"perpetrator_id": "", "event_id": "", "area": "", "offence_code": "19/8"},
        {"perpetrator_id": "", "event_id": "E9", "area": "North", "event_date": "2023-06-30"},  # 731 days old
        {"perpetrator_id": "", "event_id": "E8", "area": "North", "recorded_date": "2025-07-01"},
    ]
    rows = [{"role": "suspect", "recorded_date": "", **row} for row in rows]
    history = desk.history(*rows, extract_date="2025-07-01")
    assert history.source.account.unnamed_incidents == {"": 2, "North": 1}
    nowhere = [{name: cell for name, cell in row.items() if name != "area"} for row in rows]
    assert desk.history(*nowhere, extract_date="2025-07-01").source.account.unnamed_incidents == {"": 3}
    old = desk.history({"perpetrator_id": "", "event_date": "2020-01-01"})
    assert old.source.account.unnamed_incidents == {}


def test_the_day_of_a_line_is_its_last_capped_at_the_day_looked_at(desk):
    rows = [
        {"event_date": "2025-01-01", "event_end": "2025-01-20"},
        {"event_date": "2025-06-01", "event_end": "2025-12-31"},
        {"event_date": "2025-06-29", "event_end": ""},
        {"event_date": "2025-06-30", "event_end": "2025-06-30"},
    ]
    history = desk.history(*rows)
    assert days(history) == ["2025-01-20", "2025-06-29", "2025-06-30", "2025-06-30"]
    assert sorted(map(iso, history.end_day.tolist()))[-1] == "2025-12-31"


def test_looking_earlier_caps_again_and_puts_in_order_anew(desk):
    rows = [
        {"event_date": "2025-01-05", "event_end": "2025-03-31", "area": "long"},
        {"event_date": "2025-02-01", "area": "short"},
        {"event_date": "2025-02-20", "event_end": "2025-03-05", "area": "later"},
    ]
    history = desk.history(*rows, extract_date="2025-06-30")

    def seen(looked):
        areas = [looked.source.area.text(line) for line in range(3)]
        return list(zip(areas, days(looked), looked.visible(looked.as_of).tolist(), strict=True))

    assert seen(history) == [
        ("short", "2025-02-01", True),
        ("later", "2025-03-05", True),
        ("long", "2025-03-31", True),
    ]
    assert seen(history.at(to_day("2025-03-10"))) == [
        ("short", "2025-02-01", True),
        ("later", "2025-03-05", True),
        ("long", "2025-03-10", True),
    ]
    early = history.at(to_day("2025-01-10"))
    assert seen(early) == [
        ("long", "2025-01-10", True),
        ("short", "2025-02-01", False),
        ("later", "2025-03-05", False),
    ]
    assert early.as_of == to_day("2025-01-10") and early.source.extract == to_day("2025-06-30")
    assert seen(history.at(to_day("2025-03-10")).at(to_day("2025-01-10"))) == seen(early)
    assert seen(history.at(to_day("2025-01-05")))[0] == ("long", "2025-01-05", True)


def test_at_equals_reading_as_of_that_day(desk):
    chance = random.Random(3)
    rows = [
        {
            "perpetrator_id": f"P{chance.randrange(4)}",
            "event_date": iso(start := to_day("2025-01-01") + chance.randrange(150)),
            "event_end": iso(start + chance.randrange(60)),
            "recorded_date": iso(start + chance.randrange(90)),
            "event_id": f"E{chance.randrange(20)}",
            "victim_id": f"V{chance.randrange(3)}",
        }
        for _ in range(80)
    ]
    whole = desk.history(*rows, extract_date="2025-12-31", as_of="2025-12-31")
    for day in ("2025-01-20", "2025-03-15", "2025-06-30"):
        read = desk.history(*rows, as_of=day, extract_date="2025-12-31")
        seen = whole.at(to_day(day))
        shown = seen.visible(to_day(day))
        assert (
            seen.persons[seen.person_of_line()[shown]].tolist()
            == read.persons[read.person_of_line()].tolist()
        )
        for name in ("day", "event_day", "end_day", "known_day"):
            assert getattr(seen, name)[shown].tolist() == getattr(read, name).tolist()
        assert [seen.source.reference.text(i) for i in np.flatnonzero(shown)] == [
            read.source.reference.text(i) for i in range(len(read.day))
        ]


@pytest.mark.parametrize(
    ("event", "known", "day", "visible"),
    [
        ("2025-03-01", "2025-03-05", "2025-03-05", True),
        ("2025-03-01", "2025-03-05", "2025-03-04", False),
        ("2025-03-01", "", "2025-03-01", True),
        ("2025-03-01", "", "2025-02-28", False),
    ],
)
def test_a_line_is_visible_from_the_later_of_its_two_days(desk, event, known, day, visible):
    history = desk.history({"event_date": event, "recorded_date": known})
    assert history.visible(to_day(day)).tolist() == [visible]
    assert history.at(to_day(day)).visible(to_day(day)).tolist() == [visible]


def test_a_history_holds_nothing_later_than_its_day(desk):
    history = desk.history({})
    assert history.at(to_day("2025-06-30")) is history
    words = r"read as of 2025-06-30 and holds nothing later: read it again with as_of=2025-07-01"
    with pytest.raises(PointInTimeError, match=words):
        history.at(to_day("2025-07-01"))
    with pytest.raises(PointInTimeError, match="read as of 2025-05-01"):
        history.at(to_day("2025-05-01")).at(to_day("2025-05-02"))
    made = History.from_arrays(person=[1], day=[2**31 - 1], gravity=[1])
    assert made.at(2**40).as_of == 2**40 and made.at(2**40).day.tolist() == [2**31 - 1]


def test_an_extract_cannot_show_a_later_day(desk):
    with pytest.raises(ConfigError, match="extract of 2025-06-29 was taken before 2025-06-30: "):
        desk.history({}, extract_date="2025-06-29")
    with pytest.raises(ConfigError, match=r"^the extract of 2025-06-29 was taken before"):
        desk.history({}, config=desk.config({"extract_date": "2025-06-29"}))
    chosen = desk.history({}, config=desk.config({"extract_date": "2025-06-29"}), extract_date="2025-07-02")
    assert chosen.source.extract == to_day("2025-07-02")


@pytest.mark.parametrize(
    ("as_of", "extract"), [("30/06/2025", None), ("2025-06-30", "soon"), (True, None), (1.5, None)]
)
def test_a_day_that_is_none_is_refused(desk, as_of, extract):
    with pytest.raises(ConfigError, match=r"^(as_of|extract_date) "):
        desk.history({}, as_of=as_of, extract_date=extract)


@pytest.mark.parametrize(
    ("row", "tables", "named"),
    [
        ({"outcome": ""}, {}, "outcome"),
        ({}, {"links": [{"nominal_id": "A", "master_id": "B"}]}, "links"),
        (
            {},
            {"custody": [{"perpetrator_id": "P1", "start": "2025-01-01", "end": "", "planned_release": ""}]},
            "planned_release",
        ),
    ],
)
def test_what_is_known_only_at_the_extract_needs_its_day_or_consent(desk, row, tables, named):
    assert desk.history(row, **tables).source.extract_state == (named,)
    assert warned(desk.history(row, **tables), "point_in_time") == []
    words = rf"^{named}: known only as of the extract \(2025-07-01\), not as of 2025-06-30"
    with pytest.raises(PointInTimeError, match=words):
        desk.history(row, extract_date="2025-07-01", **tables)
    history = desk.history(row, extract_date="2025-07-01", config=desk.config(ACCEPT), **tables)
    assert warned(history, "point_in_time") == [f"as of the extract, not of 2025-06-30: {named}"]


def test_nothing_known_only_at_the_extract_needs_no_consent(desk):
    spells = [{"perpetrator_id": "P1", "start": "2025-01-01", "end": ""}]
    subjects = [{"perpetrator_id": "P1", "dob": "1990-01-01"}]
    history = desk.history({}, extract_date="2025-07-01", custody=spells, subjects=subjects)
    assert history.source.extract_state == () and history.source.account.warnings == ()


def test_what_becomes_known_later_is_not_told_of_a_person(desk):
    later = {"recorded_date": "2025-07-01", "dob": "1980-01-01", "deceased_date": "2025-06-01", "force": "B"}
    history = desk.history(
        {"recorded_date": "", "dob": "1990-01-01", "deceased_date": "", "force": "A"},
        later,
        extract_date="2025-07-10",
    )
    assert iso(history.source.dob[0]) == "1990-01-01" and history.source.deceased.tolist() == [NO_DAY]
    assert history.source.two_forces.tolist() == [False] and history.source.account.warnings == ()


#: A table whose rows tell something only as of the extract, and what that is.
ONLY_THEN = [
    ("links", {"nominal_id": "A", "master_id": "B"}, "links"),
    (
        "custody",
        {"perpetrator_id": "P1", "start": "2025-01-01", "end": "", "planned_release": ""},
        "planned_release",
    ),
    ("subjects", {"perpetrator_id": "P1", "managed_under": ""}, "managed_under"),
]


@pytest.mark.parametrize(("table", "row", "named"), ONLY_THEN)
def test_rows_that_say_when_they_were_recorded_need_no_consent(desk, table, row, named):
    dated, blank = {**row, "recorded_date": "2025-06-30"}, {**row, "recorded_date": ""}
    later = {**row, "recorded_date": "2025-07-01"}
    history = desk.history({}, extract_date="2025-07-01", **{table: [dated, later]})
    assert history.source.extract_state == () and warned(history, "point_in_time") == []
    for rows in ([dated, blank], [blank], [row]):
        with pytest.raises(PointInTimeError, match=rf"^{named}: known only as of the extract"):
            desk.history({}, extract_date="2025-07-01", **{table: rows})
    with pytest.raises(PointInTimeError, match=r"Rows of other tables .* \(recorded_date\) need no consent"):
        desk.history({}, extract_date="2025-07-01", **{table: [blank]})
    history = desk.history(
        {}, extract_date="2025-07-01", config=desk.config(ACCEPT), **{table: [dated, blank]}
    )
    assert history.source.extract_state == (named,)


def test_a_blank_record_day_at_fault_or_out_of_scope_tells_nothing(desk):
    links = [
        {"nominal_id": "A", "master_id": "B", "recorded_date": "2025-06-01"},
        {"nominal_id": "n/k", "master_id": "B", "recorded_date": ""},
    ]
    assert desk.history({}, extract_date="2025-07-01", links=links).source.extract_state == ()


def test_an_outcome_stays_as_of_the_extract(desk):
    row = {"outcome": "", "recorded_date": "2025-03-01"}
    with pytest.raises(PointInTimeError, match=r"^outcome: known only as of the extract"):
        desk.history(row, extract_date="2025-07-01")


@pytest.mark.parametrize("table", ["links", "custody", "subjects"])
@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2025-07-01", None),
        ("2025-07-02", "FUTURE_DATE"),
        ("1900-01-01", "SENTINEL_DATE"),
        ("odd", "BAD_DATE"),
        ("", None),
    ],
)
def test_the_record_day_of_a_side_row_is_checked(desk, table, day, reason):
    row = dict(next(row for name, row, _ in ONLY_THEN if name == table))
    rows = [{**row, "recorded_date": cell} for cell in ("2025-06-30", day)]
    history = desk.history({}, extract_date="2025-07-01", config=desk.config(ACCEPT), **{table: rows})
    assert history.set_aside["reason"] == ([reason] if reason else [])
    assert history.set_aside["column"] == (["recorded_date"] if reason else [])
    assert history.source.account.by_reason == {}


@pytest.mark.parametrize(("recorded", "known"), [("2025-06-30", True), ("2025-07-01", False)])
def test_what_a_side_row_tells_is_known_once_it_is_recorded(desk, recorded, known):
    history = desk.history(
        {"perpetrator_id": "P1", "dob": ""},
        {"perpetrator_id": "P2", "dob": ""},
        extract_date="2025-07-01",
        subjects=[
            {"perpetrator_id": "P1", "dob": "1990-01-01", "deceased_date": "2025-06-01",
             "recorded_date": recorded},
        ],
        links=[{"nominal_id": "P2", "master_id": "P9", "recorded_date": recorded}],
    )  # fmt: skip
    assert history.persons.tolist() == ["P1", "P9" if known else "P2"]
    assert history.source.dob.tolist() == [to_day("1990-01-01") if known else NO_DAY, NO_DAY]
    assert history.source.deceased.tolist() == [to_day("2025-06-01") if known else NO_DAY, NO_DAY]
    assert len(history.set_aside) == 0


def test_a_circle_that_a_later_link_closes_is_none_yet(desk):
    links = [
        {"nominal_id": "A", "master_id": "B", "recorded_date": "2025-06-01"},
        {"nominal_id": "B", "master_id": "A", "recorded_date": "2025-07-01"},
    ]
    assert desk.history({}, extract_date="2025-07-01", links=links).persons.tolist() == ["P1"]
    with pytest.raises(DataError, match="circle"):
        desk.history({}, as_of="2025-07-01", links=links)


def test_a_history_names_what_became_known_after_an_earlier_day(desk):
    history = desk.history(
        {"perpetrator_id": "P1"},
        {"perpetrator_id": "P2"},
        links=[{"nominal_id": "P1", "master_id": "P3", "recorded_date": "2025-05-10"}],
        subjects=[
            {"perpetrator_id": "P3", "dob": "1990-01-01", "recorded_date": "2025-06-10"},
            {"perpetrator_id": "P9", "dob": "1990-01-01", "recorded_date": "2025-06-29"},
        ],
        removals=[
            {"perpetrator_id": "P2", "removed_on": "2025-04-10"},
            {"perpetrator_id": "P9", "removed_on": "2025-06-29"},
        ],
    )
    later = {
        day: history.source.known_later(to_day(day))
        for day in ("2025-04-09", "2025-04-10", "2025-05-09", "2025-05-10", "2025-06-10")
    }
    assert later == {
        "2025-04-09": ("links", "subjects", "removals"),
        "2025-04-10": ("links", "subjects"),
        "2025-05-09": ("links", "subjects"),
        "2025-05-10": ("subjects",),
        "2025-06-10": (),
    }
    history = desk.history({}, links=[{"nominal_id": "A", "master_id": "B"}])
    assert history.source.known_later(history.as_of) == ()
    assert history.source.known_later(history.as_of - 1) == ("links",)


def test_coverage_counts_rows_used_and_rows_without_a_weight(desk):
    rows = [
        {"offence_code": "8/6"},
        {"offence_code": "008/06", "event_date": "2025-03-02"},
        {"offence_code": "1/1", "role": "victim"},
        {"offence_code": "999/9"},
        {"offence_code": "0999/9 "},
        {"offence_code": "J. Roe"},
        {"offence_code": ""},
        {"offence_code": "", "is_crime": "n"},
        {"offence_code": "105/1", "event_date": "2025-07-01"},
    ]
    rows = [{"role": "suspect", "is_crime": "y", **row} for row in rows]
    history = desk.history(*rows, extract_date="2025-07-10")
    told = history.coverage
    names = ("offence_code", "weight", "weight_from", "rows")
    assert list(zip(*(told[name] for name in names), strict=True)) == [
        ("008/06", 10.0, "table", 2),
        ("NON_CRIME", 0.5, "non_crime", 1),
        ("999/9", None, "none", 2),
        ("a blank code", None, "none", 1),
        ("a text that is no code", None, "none", 1),
    ]
    assert told["share_of_gravity"][:2] == [0.97561, 0.02439]
    assert History.from_arrays(person=[1], day=[1], gravity=[1]).coverage is None


def test_the_gravity_of_rows_set_aside_is_told_by_reason(desk):
    history = desk.history(
        {"offence_code": "8/6"},
        {"offence_code": "1/1", "event_date": "odd"},
        {"offence_code": "8/6", "event_date": "odd"},
        {"offence_code": "999/9", "event_date": ""},
        {"offence_code": "8/6", "perpetrator_id": ""},
        {"offence_code": "999/9"},
    )
    murder = history_weight(desk, "1/1")
    whole = murder + 30
    found = history.source.account.aside_gravity
    assert {word: tuple(told) for word, told in found.items()} == {
        "NO_NAMED_SUSPECT": (1, 10.0, round(10 / whole, 6)),
        "BAD_DATE": (2, murder + 10, round((murder + 10) / whole, 6)),
    }
    nothing = desk.history({"offence_code": "999/9"}, {"perpetrator_id": "", "offence_code": "999/9"})
    assert nothing.source.account.aside_gravity == {}
    weightless = desk.config(gravity={"unmapped": 0})
    path = desk.file("perpetrator_id,event_date,offence_code\n,2025-03-01,999/9\nP1,2025-03-01\n")
    told = rfg.read_offences(path, config=weightless, as_of=desk.as_of).source.account.aside_gravity
    assert {word: tuple(of) for word, of in told.items()} == {"NO_NAMED_SUSPECT": (1, 0.0, None)}


def history_weight(desk, code):
    return float(desk.history({"offence_code": code}).weights[0])


def test_a_history_from_arrays_numbers_persons_incidents_and_victims():
    history = History.from_arrays(
        person=np.array(["9", "10", "9", "9"]),
        day=[5, 1, 3, 3],
        gravity=[2.0, 1.0, 2.0, 4.0],
        victim=["b", "", "a", None],
        incident=["i", "", "", "i"],
        known_day=[6, 2, 4, 3],
    )
    assert history.persons.tolist() == ["10", "9"] and history.offsets.tolist() == [0, 1, 4]
    assert history.day.tolist() == [1, 3, 3, 5] and history.known_day.tolist() == [2, 3, 4, 6]
    assert history.weights[history.code].tolist() == [1.0, 4.0, 2.0, 2.0]
    assert history.victim.tolist() == [-1, -1, 0, 1]
    assert history.incident[1] == history.incident[3] != history.incident[2]
    assert history.as_of is None and history.at(3).as_of == 3


def test_numbered_persons_are_ordered_by_number():
    history = History.from_arrays(person=[10, 9, 9], day=[1, 2, 3], gravity=[0, 0, 0], incident=[7, 7, 8])
    assert history.persons.tolist() == [9, 10] and history.incident.tolist() == [0, 1, 0]


def test_an_unknown_victim_stays_unknown_however_it_is_written():
    victims = np.array(["V", " ", None, float("nan")], dtype=object)
    history = History.from_arrays(person=[1] * 4, day=[1, 2, 3, 4], gravity=[1] * 4, victim=victims)
    assert history.victim.tolist() == [0, -1, -1, -1]


def test_an_empty_history_from_arrays():
    history = History.from_arrays(person=np.array([], np.int64), day=[], gravity=[])
    assert repr(history) == "History(0 persons, 0 lines)" and history.offsets.tolist() == [0]


PLAIN = {"person": [1, 2], "day": [1, 2], "gravity": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"person": [1.5, 2.5]}, "one-dimensional array of integers or text"),
        ({"person": [[1], [2]]}, "one-dimensional array of integers or text"),
        ({"day": [1]}, "day needs (one day for each line|whole numbers)"),
        ({"day": [1.0, 2.0]}, "day needs (one day for each line|whole numbers)"),
        ({"day": [1, 2**31]}, "day does not fit int32"),
        ({"day": [1, -(2**31) - 1]}, "day does not fit int32"),
        ({"known_day": [1]}, "known_day needs (one day for each line|whole numbers)"),
        ({"gravity": [1.0]}, "gravity needs one finite number"),
        ({"gravity": [1.0, -0.5]}, "gravity needs one finite number"),
        ({"gravity": [1.0, float("nan")]}, "gravity needs one finite number"),
        ({"gravity": [1.0, float("inf")]}, "gravity needs one finite number"),
        ({"victim": [1]}, "victim needs one value for each line"),
        ({"incident": [1, 2, 3]}, "incident needs one value for each line"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        History.from_arrays(**{**PLAIN, **change})


def test_other_weights_are_laid_under_the_same_lines(desk):
    history = desk.history({"offence_code": "8/6"}, {"offence_code": "19/8", "event_date": "2025-03-02"})
    other = history.with_weights({"008/06": 3.0, "019/08": 4.0})
    assert other.weights[other.code].tolist() == [3.0, 4.0]
    assert history.weights[history.code].tolist() == [10.0, 1825.0]
    assert np.shares_memory(other.day, history.day)


# --- looking back at what became known later ---------------------------------------------------------


def look_back(desk, rows, **tables):
    """Score an earlier day from a history read later."""
    history = desk.history(*rows, **tables)
    return rfg.score(history, config=history.source.read_with, as_of="2025-05-01").to_pandas()


@pytest.mark.parametrize(
    ("rows", "tables"),
    [
        (
            [{"perpetrator_id": "P", "event_date": "2025-01-10"}, {"perpetrator_id": "Q"}],
            {"subjects": [{"perpetrator_id": "P", "dob": "2010-01-01", "recorded_date": "2025-06-10"}]},
        ),
        (
            [
                {"perpetrator_id": "P", "event_date": "2024-10-01", "dob": "2009-05-01"},
                {"perpetrator_id": "P", "event_date": "2025-06-01", "dob": "1990-05-01"},
                {"perpetrator_id": "P", "event_date": "2025-06-02", "dob": "1980-05-01"},
            ],
            {},
        ),
        (
            [
                {"perpetrator_id": "P", "event_date": "2024-10-01"},
                {
                    "perpetrator_id": "P", "event_date": "2024-11-01",
                    "recorded_date": "2025-06-01", "deceased_date": "2025-02-01",
                },
            ],
            {},
        ),
    ],
    ids=["subjects", "dob", "death"],
)  # fmt: skip
def test_a_birth_or_death_told_later_refuses_an_earlier_day(desk, rows, tables):
    with pytest.raises(
        PointInTimeError, match=r"^(subjects|dob, deceased_date).*: known later than 2025-05-01"
    ):
        look_back(desk, rows, **tables)


def test_a_birth_told_from_the_first_row_on_refuses_nothing(desk):
    rows = [
        {"perpetrator_id": "P", "event_date": "2024-10-01", "dob": "1980-05-01"},
        {"perpetrator_id": "P", "event_date": "2025-06-01", "dob": "1980-05-01"},
    ]
    assert look_back(desk, rows)["lines_in_window"].tolist() == [1]
