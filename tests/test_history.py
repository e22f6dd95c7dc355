"""The history: order, incidents, what is visible when, who an id stands for, and custody."""

from __future__ import annotations

import datetime as dt
import gzip
import random
import sys
from dataclasses import fields

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import NO_DAY, iso, to_day
from rfgscore.errors import (
    AmbiguousPersonError,
    ConfigError,
    DataError,
    LinkCycleError,
    MissingColumnError,
    MissingExtraError,
    PointInTimeError,
)
from rfgscore.history.custody import Spells
from rfgscore.history.history import History, dense_within
from rfgscore.ingest.coded import Coded, row_keys
from rfgscore.linkage import resolve_links
from rfgscore.tables import Column, Table
from rfgscore.vocabulary import meaning, reasons, words

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
            elif spec.name in ("source", "account", "set_aside", "spells"):
                continue
            held[spec.name] = value
    return held


# --- order -----------------------------------------------------------------------------------------

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


# --- incidents --------------------------------------------------------------------------------------


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


# --- time -------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("column", ["recorded_date", "transferred_in", "managed_under"])
def test_a_column_that_would_be_ignored_is_refused(desk, column):
    subjects = [{"perpetrator_id": "P1", column: ""}]
    with pytest.raises(DataError, match=rf"subjects\.csv: '{column}' would be ignored"):
        desk.history({}, subjects=subjects)


# --- files and columns ------------------------------------------------------------------------------


def test_several_files_of_several_kinds_are_one_table(desk, tmp_path):
    pq.write_table(
        pa.table({"perpetrator_id": [3], "event_date": [dt.date(2025, 3, 3)], "offence_code": ["8/6"]}),
        tmp_path / "c.parquet",
    )
    rows = desk.rows({"perpetrator_id": "2", "victim_id": "V1"})
    text = "PERPETRATOR_ID,event_date,offence_code\n1,2025-03-01,8/6\n1,odd,8/6\n"
    paths = [
        desk.file(rows, "a.csv"),
        desk.file(gzip.compress(text.encode()), "b.csv.gz"),
        tmp_path / "c.parquet",
    ]
    history = rfg.read_offences(paths, config=desk.config(), as_of=desk.as_of)
    assert history.persons.tolist() == ["1", "2", "3"] and history.victim.tolist() == [-1, 0, -1]
    inputs = history.source.account.inputs
    assert [(entry["table"], entry["file"], entry["rows"], entry["set_aside"]) for entry in inputs[:-1]] == [
        ("offences", "a.csv", 1, 0),
        ("offences", "b.csv.gz", 2, 1),
        ("offences", "c.parquet", 1, 0),
    ]
    assert history.set_aside["file"] == ["b.csv.gz"] and history.set_aside["row"] == [2]
    assert warned(history, "headers") == ["b.csv.gz: 1 column names were trimmed or differ in case"]


def test_files_of_one_name_are_counted_apart(desk):
    paths = [desk.file(desk.rows({"event_date": day})) for day in ("odd", "2025-03-01", "2025-03-02")]
    history = rfg.read_offences(paths, config=desk.config(), as_of=desk.as_of)
    assert [entry["set_aside"] for entry in history.source.account.inputs] == [1, 0, 0, 0]


def test_mapped_columns_and_their_formats_are_found_under_the_files_names(desk):
    config = desk.config(
        {
            "columns": {
                "perpetrator_id": "nominal",
                "event_date": "on",
                "recorded_date": "made",
                "offence_code": "ho",
            },
            "date_format": {"on": "%d/%m/%Y"},
            "delimiter": ";",
            "encoding": "cp1252",
        }
    )
    text = "Nominal; On ;made;ho\nZoë;03/04/2025;2025-04-05;8/6\n"
    history = rfg.read_offences(desk.file(text.encode("cp1252")), config=config, as_of=desk.as_of)
    assert history.persons.tolist() == ["Zoë"] and days(history) == ["2025-04-03"]
    assert iso(history.known_day[0]) == "2025-04-05"


def test_side_tables_have_formats_of_their_own(desk):
    config = desk.config(
        {
            "custody": {
                "columns": {"perpetrator_id": "who", "start": "in", "end": "out"},
                "date_format": {"in": "%d/%m/%Y"},
            },
            "subjects": {"date_format": "%d.%m.%Y"},
        }
    )
    history = desk.history(
        {},
        config=config,
        custody=[{"who": "P1", "IN": "03/04/2025", "out": "2025-04-05"}],
        subjects=[{"perpetrator_id": "P1", "dob": "01.02.1990", "deceased_date": "03.04.2025"}],
    )
    assert iso(history.source.spells.start[0]) == "2025-04-03"
    assert iso(history.source.dob[0]) == "1990-02-01" and iso(history.source.deceased[0]) == "2025-04-03"
    assert len(history.set_aside) == 0


def test_the_victims_component_needs_its_column(desk):
    components = {"victims": {"bands": [{"from": 1, "points": 1}]}}
    config = desk.config(score={"components": components})
    with pytest.raises(MissingColumnError, match="missing 'victim_id'"):
        desk.history({}, config=config)
    assert len(desk.history({"victim_id": "V"}, config=config).day) == 1


def test_no_file_no_path_and_no_rows_are_refused(desk):
    with pytest.raises(DataError, match="no offence file was given"):
        rfg.read_offences([], config=desk.config(), as_of=desk.as_of)
    with pytest.raises(TypeError, match="a path or a sequence of paths"):
        rfg.read_offences([3], config=desk.config(), as_of=desk.as_of)
    empty = desk.file("perpetrator_id,event_date,offence_code,area\n")
    with pytest.raises(DataError, match=r"offences\.csv: there are no rows below the header; allow_empty"):
        rfg.read_offences(empty, config=desk.config(), as_of=desk.as_of)
    history = rfg.read_offences(str(empty), config=desk.config(), as_of=desk.as_of, allow_empty=True)
    assert repr(history) == "History(0 persons, 0 lines, as of 2025-06-30)"
    assert dict(history.source.account.rows) == {"in": 0, "used": 0, "set_aside": 0, "not_yet_known": 0}
    assert history.at(to_day("2025-01-01")).offsets.tolist() == [0]


@pytest.mark.parametrize(("rows", "warns"), [(65534, False), (65535, True), (65536, True), (65537, False)])
def test_a_file_as_long_as_a_spreadsheet_warns(desk, rows, warns):
    text = "nominal_id,master_id\n" + "A,A\n" * rows
    history = rfg.read_offences(
        desk.file(desk.rows({})), config=desk.config(), as_of=desk.as_of, links=desk.file(text, "links.csv")
    )
    expected = [f"links.csv has {rows} rows, the limit of a spreadsheet"] if warns else []
    assert warned(history, "row_count_limit") == expected


# --- who an id stands for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "resolved"),
    [
        ([], {}),
        ([("a", "b", 1)], {"a": "b"}),
        ([("a", "b", 1), ("b", "c", 2), ("c", "d", 3)], {"a": "d", "b": "d", "c": "d"}),
        (
            [("c", "d", 1), ("b", "c", 2), ("a", "b", 3), ("x", "b", 4)],
            {"a": "d", "b": "d", "c": "d", "x": "d"},
        ),
        ([("a", "b", 1), ("a", "b", 2)], {"a": "b"}),
        ([("a", "a", 1)], {}),
        ([("a", "a", 1), ("b", "a", 2)], {"b": "a"}),
        ([("a", "a", 1), ("a", "b", 2), ("b", "b", 3)], {"a": "b"}),
    ],
)
def test_links_are_followed_to_the_end(pairs, resolved):
    assert dict(resolve_links(pairs)) == resolved
    assert dict(resolve_links(reversed(pairs))) == resolved


@pytest.mark.parametrize(
    ("pairs", "rows"),
    [
        ([("a", "b", 1), ("b", "a", 2)], "1, 2"),
        ([("a", "b", 4), ("b", "c", 7), ("c", "a", 9)], "4, 7, 9"),
        ([("t", "a", 1), ("a", "b", 2), ("b", "a", 3)], "2, 3"),
        ([(str(n), str((n + 1) % 8), n + 1) for n in range(8)], "1, 2, 3, 4, 5"),
    ],
)
def test_links_that_run_in_a_circle_are_refused_with_the_rows_of_the_circle(pairs, rows):
    with pytest.raises(LinkCycleError, match=rf"runs in a circle, rows {rows}; remove one of them"):
        resolve_links(pairs)


def test_one_record_joined_to_two_others_is_refused():
    with pytest.raises(DataError, match="rows 2 and 5 join one record to two others; keep one of them"):
        resolve_links([("a", "b", 2), ("c", "d", 3), ("a", "x", 5)])


def test_links_reach_every_table_and_keep_the_records_own_id(desk):
    history = desk.history(
        {"perpetrator_id": "old", "victim_id": "V2", "event_date": "2025-03-01"},
        {"perpetrator_id": "new", "victim_id": "V1", "event_date": "2025-03-02"},
        links=[
            {"nominal_id": "old", "master_id": "mid"},
            {"nominal_id": "", "master_id": "new"},
            {"nominal_id": "mid", "master_id": "new"},
            {"nominal_id": "V2", "master_id": "V1"},
        ],
        subjects=[{"perpetrator_id": "old", "dob": "1990-01-01", "deceased_date": "2025-06-01"}],
        custody=[{"perpetrator_id": "mid", "start": "2025-02-01", "end": ""}],
    )
    assert history.persons.tolist() == ["new"] and history.victim.tolist() == [0, 0]
    assert [history.source.own.text(line) for line in (0, 1)] == ["old", "new"]
    assert iso(history.source.dob[0]) == "1990-01-01" and iso(history.source.deceased[0]) == "2025-06-01"
    assert history.source.spells.person.tolist() == [0]
    assert warned(history, "custody_unused") == []


def test_a_circle_of_links_names_rows_of_the_file(desk):
    links = [
        {"nominal_id": "x", "master_id": "y"},
        {"nominal_id": "", "master_id": "q"},
        {"nominal_id": "y", "master_id": "x"},
    ]
    with pytest.raises(LinkCycleError, match="rows 1, 3;"):
        desk.history({}, links=links)


TORN = [{"force": "A", "dob": "1990-01-01"}, {"force": "B", "dob": "1991-01-01"}]


def test_one_id_of_two_forces_with_two_birth_dates_stops_the_run(desk):
    with pytest.raises(AmbiguousPersonError) as caught:
        desk.history({"perpetrator_id": "P0", "force": "A", "dob": "1990-01-01"}, *TORN)
    assert str(caught.value) == (
        "1 ids come from two forces with two birth dates (offences.csv row 2; offences.csv row 3): "
        "they may be two people. Put the force into the id, or join the records in a links table"
    )


def test_at_most_five_rows_of_ambiguous_ids_are_named(desk):
    rows = [{"perpetrator_id": f"P{n}", **row} for n in range(7) for row in TORN]
    with pytest.raises(AmbiguousPersonError) as caught:
        desk.history(*rows)
    assert (
        str(caught.value).startswith("7 ids come from two forces") and str(caught.value).count(" row ") == 5
    )


def test_the_subjects_table_tells_forces_and_birth_dates_too(desk):
    subjects = [
        {"perpetrator_id": "P1", "dob": "1990-01-01", "force": "A"},
        {"perpetrator_id": "P1", "dob": "1991-01-01", "force": " B "},
        {"perpetrator_id": "P9", "dob": "1990-01-01", "force": "A"},
        {"perpetrator_id": "P9", "dob": "1991-01-01", "force": "B"},
    ]
    with pytest.raises(AmbiguousPersonError, match=r"^1 ids .*\(offences\.csv row 1\)"):
        desk.history({}, subjects=subjects)
    assert desk.history({}, subjects=subjects[2:]).source.two_forces.tolist() == [False]


@pytest.mark.parametrize(
    ("rows", "links", "flagged", "conflict"),
    [
        ([{"force": "A", "dob": ""}, {"force": "B", "dob": ""}], [], True, False),
        ([{"force": "A", "dob": "1990-01-01"}, {"force": "B", "dob": ""}], [], True, False),
        ([{"force": "A", "dob": "1990-01-01"}, {"force": "B", "dob": "1990-01-01"}], [], True, False),
        ([{"force": "A", "dob": "1990-01-01"}, {"force": "A", "dob": "1991-01-01"}], [], False, True),
        ([{"force": "A", "dob": "1990-01-01"}, {"force": "", "dob": "1991-01-01"}], [], False, True),
        ([{"force": "A", "dob": ""}, {"force": " A ", "dob": ""}], [], False, False),
        (TORN, [{"nominal_id": "X", "master_id": "P1"}], True, True),
        (TORN, [{"nominal_id": "P1", "master_id": "X"}], True, True),
    ],
)
def test_two_forces_flag_and_two_birth_dates_warn(desk, rows, links, flagged, conflict):
    rows = [{**row, "offence_code": code} for row, code in zip(rows, ("8/6", "19/8"), strict=True)]
    history = desk.history(*rows, **({"links": links} if links else {}))
    assert history.source.two_forces.tolist() == [flagged]
    expected = ["1 people have two birth dates; the earliest counts"] if conflict else []
    assert warned(history, "dob_conflict") == expected
    born = min((row["dob"] for row in rows if row["dob"]), default="")
    assert history.source.dob.tolist() == [to_day(born) if born else NO_DAY]


def test_a_joined_person_with_two_birth_dates_warns(desk):
    history = desk.history(
        {"perpetrator_id": "P1", "dob": "1990-01-01"},
        {"perpetrator_id": "P2", "dob": "1989-01-01"},
        links=[{"nominal_id": "P2", "master_id": "P1"}],
    )
    assert warned(history, "dob_conflict") and iso(history.source.dob[0]) == "1989-01-01"


def test_custody_of_people_without_a_line_or_after_the_day_is_left_out_with_a_warning(desk):
    custody = [
        {"perpetrator_id": "P1", "start": "2025-06-30", "end": ""},
        {"perpetrator_id": "P1", "start": "2025-07-01", "end": ""},
        {"perpetrator_id": "P2", "start": "2025-01-01", "end": ""},
    ]
    history = desk.history({}, custody=custody)
    assert history.source.spells.start.tolist() == [to_day("2025-06-30")]
    assert warned(history, "custody_unused") == [
        "2 custody rows of people without a line or after 2025-06-30"
    ]


# --- custody ----------------------------------------------------------------------------------------


def spells(*rows):
    """Return spells of (person, start, end, planned); None is blank."""
    told = sorted(rows, key=lambda row: row[0])
    columns = [[NO_DAY if row[n] is None else row[n] for row in told] for n in range(4)]
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


# --- from arrays ------------------------------------------------------------------------------------


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
        ({"day": [1]}, "day needs one whole number for each line"),
        ({"day": [1.0, 2.0]}, "day needs one whole number for each line"),
        ({"day": [1, 2**31]}, "day does not fit int32"),
        ({"day": [1, -(2**31) - 1]}, "day does not fit int32"),
        ({"known_day": [1]}, "known_day needs one whole number for each line"),
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


# --- the table results are handed out as -----------------------------------------------------------


def table():
    return Table(
        {
            "text": Column.of("text", ["a", None]),
            "count": Column.of("int32", [1, None]),
            "whole": Column.of("int64", [2**40, 5]),
            "share": Column.of("float64", [0.5, None]),
            "weight": Column.of("float64", np.array([0.5, 1.5])),
            "day": Column.of("date", np.array([1, NO_DAY], np.int32)),
            "told": Column.of("date", [NO_DAY, 1]),
            "yes": Column.of("bool", [True, None]),
            "sure": Column.of("bool", [True, False]),
        }
    )


def test_a_table_hands_out_python_pandas_and_arrow_values_alike():
    made = table()
    rows = list(made.rows())
    assert rows[0][:5] == ("a", 1, 2**40, 0.5, 0.5) and rows[1][:5] == (None, None, 5, None, 1.5)
    assert [str(cell) for cell in rows[0][5:]] == ["1970-01-02", "None", "True", "True"]
    assert made["day"][1] is None and str(made["told"][1]) == "1970-01-02"
    arrow = made.to_arrow()
    assert [str(kind) for kind in arrow.schema.types] == [
        "string", "int32", "int64", "double", "double", "date32[day]", "date32[day]", "bool", "bool",
    ]  # fmt: skip
    assert arrow.to_pylist() == [dict(zip(made.columns, row, strict=True)) for row in rows]
    frame = made.to_pandas()
    assert [str(kind) for kind in frame.dtypes] == [
        "object", "Int32", "int64", "float64", "float64", "datetime64[s]", "datetime64[s]", "boolean", "bool",
    ]  # fmt: skip
    assert frame.isna().to_numpy().tolist() == [[cell is None for cell in row] for row in rows]
    assert frame["day"][0].date() == rows[0][5]


def test_arrow_tables_need_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rfgscore\[arrow\]'"):
        table().to_arrow()


def test_rows_of_a_table_are_taken_by_number_or_mask():
    made = table()
    assert list(made.take([1, 0]).rows()) == list(made.rows())[::-1]
    assert list(made.take(np.array([False, True])).rows()) == list(made.rows())[1:]
    assert len(made.take([])) == 0 and list(made.take([]).columns) == list(made.columns)
    assert repr(made) == "Table(2 rows; text, count, whole, share, weight, day, told, yes, sure)"
    assert len(Table({})) == 0


def test_columns_of_a_table_are_of_one_length_and_read_only():
    with pytest.raises(ValueError, match="of one length"):
        Table({"a": Column.of("int32", [1]), "b": Column.of("int32", [1, 2])})
    with pytest.raises(ValueError, match="read-only"):
        table().columns["count"].values[0] = 2


# --- closed words -----------------------------------------------------------------------------------


def test_the_closed_words_are_distinct_within_their_kind_and_have_meanings():
    held = [(word.kind, word.word) for word in words()]
    assert len(set(held)) == len(held)
    assert all(word.meaning for word in words())
    assert meaning("flag", "under_18") == "16 or 17 at as_of"


def test_reasons_stand_in_the_order_of_their_steps_with_unstepped_ones_last():
    steps = [word.step or (99,) for word in reasons().values()]
    assert steps == sorted(steps) and len(set(steps[:-1])) == len(steps) - 1
    assert next(iter(reasons())) == "STRUCTURE" and list(reasons())[-1] == "BAD_INTERVAL"
    assert {word.family for word in reasons().values()} == {"scope", "fault"}
