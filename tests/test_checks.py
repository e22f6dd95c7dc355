"""Row checks: every reason met and just missed, their order, and the account of every row."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import iso
from rfgscore.errors import DataError, MissingColumnError, TooManyFaultsError
from rfgscore.ingest.checks import CHECKS
from rfgscore.vocabulary import reasons

SENTINELS = ["0001-01-01", "1900-01-01", "1970-01-01", "9999-12-31"]
CLOSED = {"outcomes": {"count": ["charged", "NFA"]}}


def asides(history):
    """Return the rows set aside as (row, column, reason)."""
    table = history.set_aside
    return list(zip(table["row"], table["column"], table["reason"], strict=True))


def rows_of(history):
    return dict(history.source.account.rows)


#: Reason, column, its cell (or several) that just meets it, one that just misses it, and settings.
CASES = [
    ("TOO_LONG", "perpetrator_id", "x" * 201, "x" * 200, {}),
    ("TOO_LONG", "victim_id", "x" * 201, "x" * 200, {}),
    ("TOO_LONG", "event_id", "x" * 6, "x" * 5, {"reading": {"limits": {"id_chars": 5}}}),
    ("TOO_LONG", "incident_id", "x" * 201, "x" * 200, {}),
    ("TOO_LONG", "area", "x" * 10001, "x" * 10000, {}),
    ("TOO_LONG", "area", "x" * 13, "x" * 12, {"reading": {"limits": {"cell_chars": 12}}}),
    ("NO_NAMED_SUSPECT", "perpetrator_id", " ", "-", {}),
    ("NO_NAMED_SUSPECT", "perpetrator_id", " Not Known ", "Not  Known", {}),
    ("NO_NAMED_SUSPECT", "perpetrator_id", "TBC", "TBC1", {}),
    ("NO_NAMED_SUSPECT", "perpetrator_id", "0", "00", {}),
    (
        "NO_NAMED_SUSPECT",
        "perpetrator_id",
        "X9",
        "unknown",
        {"reading": {"placeholders": {"person": ["x9"]}}},
    ),
    ("BAD_ID", "perpetrator_id", "1.23E+10", "1.23E10", {}),
    ("BAD_ID", "perpetrator_id", " -1e-5 ", "-1e-5x", {}),
    ("BAD_ID", "perpetrator_id", "1E+1", "12E+1", {}),
    ("BAD_ID", "perpetrator_id", "P\u200b1", "P\u00a01", {}),
    ("BAD_ID", "victim_id", "V\u202e1", "Ж1", {}),
    ("BAD_ID", "event_id", "E\t1", "E 1", {}),
    ("BAD_ID", "incident_id", "I\ue0001", "\tI1\t", {}),
    ("BAD_ID", "event_id", "E\x7f", "E~", {}),
    ("SELF_LINK", "victim_id", " P1 ", "p1", {}),
    ("SELF_LINK", "victim_id", "P1", "P1", {"misses": {"reading": {"placeholders": {"victim": ["p1"]}}}}),
    ("SELF_LINK", "victim_id", "P9", "P8", {"links": [{"nominal_id": "P9", "master_id": "P1"}]}),
    ("MISSING_DATE", "event_date", " ", " 2025-03-01 ", {}),
    ("BAD_DATE", "event_date", "2023-02-29", "2024-02-29", {}),
    ("BAD_DATE", "event_date", "01/03/2025", "2025-03-01T23:59", {}),
    ("BAD_DATE", "event_end", "soon", "", {}),
    ("BAD_DATE", "recorded_date", "2025-03-32", "2025-03-31", {}),
    ("BAD_DATE", "deceased_date", "2025", "1900-01-01", {}),
    *(("SENTINEL_DATE", "event_date", day, "1950-01-01", {}) for day in SENTINELS),
    ("SENTINEL_DATE", "event_date", "1900-01-01", "1900-01-02", {}),
    ("SENTINEL_DATE", "event_end", "9999-12-31", "9999-12-30", {}),
    ("SENTINEL_DATE", "recorded_date", "1970-01-01", "", {}),
    (
        "SENTINEL_DATE",
        "event_date",
        "2025-01-01",
        "1970-01-01",
        {"reading": {"sentinel_dates": ["2025-01-01"]}},
    ),
    ("FUTURE_DATE", "event_date", "2025-07-01", "2025-06-30", {}),
    ("FUTURE_DATE", "recorded_date", "2025-07-01", "2025-06-30", {}),
    ("FUTURE_DATE", "event_date", "2025-07-03", "2025-07-02", {"reading": {"extract_date": "2025-07-02"}}),
    ("DATE_ORDER", "recorded_date", "2025-02-28", "2025-03-01", {}),
    ("DATE_ORDER", "event_end", "2025-02-28", "2025-03-01", {}),
    ("DATE_ORDER", "event_date", {"deceased_date": "2025-02-28"}, {"deceased_date": "2025-03-01"}, {}),
    (
        "DATE_ORDER",
        "event_date",
        "2025-02-02",
        "2025-02-01",
        {"subjects": [{"perpetrator_id": "P1", "deceased_date": "2025-02-01"}]},
    ),
    ("ROLE", "role", " WITNESS ", " Suspect ", {}),
    ("ROLE", "role", "", "suspect", {"reading": {"roles": {"set_aside": ["victim", ""]}}}),
    ("UNKNOWN_ROLE", "role", "bystander", "CONVICTED", {}),
    ("UNKNOWN_ROLE", "role", "", "accused", {}),
    ("UNKNOWN_ROLE", "role", "x", " ", {"reading": {"roles": {"count": ["suspect", ""]}}}),
    ("BAD_FLAG", "is_crime", "maybe", " YES ", {}),
    ("BAD_FLAG", "is_crime", "", "1", {}),
    ("BAD_FLAG", "domestic", " ", "Y", {}),
    ("BAD_FLAG", "domestic", "?", "", {"reading": {"flags": {"true": ["y", ""]}}}),
    ("BAD_FLAG", "children_linked", "two", "", {}),
    ("NOT_DOMESTIC", "domestic", "No", "Yes", {}),
    ("NOT_DOMESTIC", "domestic", "", "y", {"reading": {"flags": {"false": ["n", ""]}}}),
    ("NON_CRIME_OFF", "is_crime", "false", "true", {"gravity": {"non_crime": None}}),
    (
        "REMOVED",
        "perpetrator_id",
        "P7",
        "P8",
        {"removals": [{"perpetrator_id": "P7", "removed_on": "2025-06-30"}]},
    ),
    ("BAD_DOB", "dob", "1990-02-30", "1990-02-28", {}),
    ("BAD_DOB", "dob", "2025-03-02", "2025-03-01", {"cohort": {"min_age_at_event": 0}}),
    ("BAD_DOB", "dob", "x", "1900-01-01", {}),
    ("UNDER_AGE", "event_date", {"dob": "2009-03-02"}, {"dob": "2009-03-01"}, {}),
    (
        "UNDER_AGE",
        "event_date",
        {"dob": "2009-03-02", "event_end": "2025-04-01"},
        {"dob": "2009-03-01", "event_end": "2025-04-01"},
        {},
    ),
    (
        "UNDER_AGE",
        "event_date",
        {"dob": "2007-03-02"},
        {"dob": "2007-03-01"},
        {"cohort": {"min_age_at_event": 18}},
    ),
    (
        "UNDER_AGE",
        "event_date",
        {"dob": "2008-02-29", "event_date": "2024-02-28"},
        {"dob": "2008-02-29", "event_date": "2024-02-29"},
        {},
    ),
    (
        "UNDER_AGE",
        "event_date",
        {"dob": "2008-02-29", "event_date": "2025-02-28"},
        {"dob": "2008-02-29", "event_date": "2025-03-01"},
        {"cohort": {"min_age_at_event": 17}},
    ),
    (
        "UNDER_AGE",
        "event_date",
        "2025-02-01",
        "2025-02-02",
        {"subjects": [{"perpetrator_id": "P1", "dob": "2009-02-02"}]},
    ),
    ("OUTCOME", "outcome", " No Crime ", "", {}),
    ("OUTCOME", "outcome", "nfa", "cancelled", {"reading": {"outcomes": {"exclude": ["NFA"]}}}),
    ("OUTCOME", "outcome", "", "charged", {"reading": {"outcomes": {"exclude": [""]}}}),
    ("UNKNOWN_OUTCOME", "outcome", "pending", " nfa ", {"reading": CLOSED}),
    ("UNKNOWN_OUTCOME", "outcome", "x", "", {"reading": CLOSED}),
    ("UNKNOWN_CODE", "offence_code", "999/99", " 008/6 ", {}),
    ("UNKNOWN_CODE", "offence_code", {"offence_code": ""}, {"offence_code": "", "is_crime": "n"}, {}),
    ("UNKNOWN_CODE", "offence_code", {"offence_code": "8"}, {"offence_code": "999/99", "is_crime": "no"}, {}),
]


def test_there_is_a_case_for_every_check():
    # A broken record, a duplicate and a stopped run cannot be told by one row; they stand below.
    assert {case[0] for case in CASES} | {"STRUCTURE", "DUPLICATE"} == set(CHECKS)
    assert set(reasons()) - set(CHECKS) == {"BAD_INTERVAL"}


@pytest.mark.parametrize(
    ("reason", "column", "meets", "misses", "given"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)]
)
def test_each_reason_is_met_and_just_missed(desk, reason, column, meets, misses, given):
    config = desk.config(
        given.get("reading"), given.get("gravity"), **{k: given[k] for k in given if k == "cohort"}
    )
    tables = {name: given[name] for name in given if name in ("subjects", "links", "removals")}
    meets = meets if isinstance(meets, dict) else {column: meets}
    misses = misses if isinstance(misses, dict) else {column: misses}
    blank = dict.fromkeys(meets, "") | {name: desk.row[name] for name in meets if name in desk.row}
    history = desk.history({**blank, **meets}, config=config, **tables)
    assert asides(history) == [(1, column, reason)]
    assert history.set_aside["class"] == [reasons()[reason].family]
    assert rows_of(history) == {"in": 1, "used": 0, "set_aside": 1, "not_yet_known": 0}
    if "misses" in given:
        config = desk.config(given["misses"]["reading"])
    history = desk.history(
        {**{c: blank[c] for c in blank if c in desk.row}, **misses}, config=config, **tables
    )
    assert asides(history) == []
    assert rows_of(history)["set_aside"] == 0 and sum(rows_of(history).values()) == 2


def test_a_sentinel_birth_or_death_is_a_blank(desk):
    for day in SENTINELS:
        history = desk.history({"dob": day, "deceased_date": day})
        assert asides(history) == []
        assert history.source.dob.tolist() == history.source.deceased.tolist() == [-(2**31)]


def test_a_death_after_the_day_looked_at_is_not_known(desk):
    config = desk.config({"extract_date": "2025-12-31"})
    history = desk.history(
        {"deceased_date": "2025-07-01"}, {"event_date": "2025-06-30", "deceased_date": ""}, config=config
    )
    assert asides(history) == [] and history.source.deceased.tolist() == [-(2**31)]


def test_a_broken_record_is_set_aside_with_its_row_and_line(desk):
    path = desk.file(
        "perpetrator_id,event_date,offence_code\nP1,2025-03-01,8/6\nSecret,2025-03-01\n\nP2,2025-03-01,8/6\n"
        "P3,2025-03-01,8/6,\n"
    )
    history = rfg.read_offences(path, config=desk.config(), as_of=desk.as_of)
    assert rows_of(history) == {"in": 4, "used": 2, "set_aside": 2, "not_yet_known": 0}
    assert history.persons.tolist() == ["P1", "P2"]
    assert history.source.account.inputs[0]["set_aside"] == 2
    assert list(history.set_aside.rows()) == [
        ("offences.csv", 2, 3, None, "STRUCTURE", "fault", "2 cells, not 3"),
        ("offences.csv", 4, 6, None, "STRUCTURE", "fault", "4 cells, not 3"),
    ]


#: One fault or scope reason each, from the last check to the first; every row has all that came before.
LADDER = [
    ("UNKNOWN_CODE", {"offence_code": "999/99"}),
    ("UNKNOWN_OUTCOME", {"outcome": "odd"}),
    ("UNDER_AGE", {"dob": "2009-03-02"}),
    ("BAD_DOB", {"dob": "2026-01-01"}),
    ("REMOVED", {"perpetrator_id": "P7"}),
    ("NON_CRIME_OFF", {"is_crime": "no"}),
    ("NOT_DOMESTIC", {"domestic": "no"}),
    ("BAD_FLAG", {"children_linked": "odd"}),
    ("UNKNOWN_ROLE", {"role": "odd"}),
    ("DATE_ORDER", {"event_end": "2025-02-01"}),
    ("FUTURE_DATE", {"recorded_date": "2025-08-01"}),
    ("SENTINEL_DATE", {"event_end": "1900-01-01"}),
    ("BAD_DATE", {"recorded_date": "odd"}),
    ("MISSING_DATE", {"event_date": ""}),
    ("SELF_LINK", {"victim_id": "P7"}),
    ("BAD_ID", {"event_id": "1E+5"}),
    ("NO_NAMED_SUSPECT", {"perpetrator_id": "n/k"}),
    ("TOO_LONG", {"relationship": "x" * 51}),
]


def test_a_row_with_several_faults_carries_the_first_in_the_published_order(desk):
    clean = dict.fromkeys({name for _, fault in LADDER for name in fault} - set(desk.row), "")
    cells = {**clean, "is_crime": "yes", "domestic": "yes", "role": "suspect"}
    config = desk.config({**CLOSED, "limits": {"cell_chars": 50}}, {"non_crime": None})
    off = [{"perpetrator_id": "P7", "removed_on": "2025-01-01"}]
    for reason, fault in LADDER:
        cells |= fault
        history = desk.history(cells, config=config, removals=off)
        assert [found for _, _, found in asides(history)] == [reason]
    steps = [reasons()[reason].step for reason, _ in LADDER]
    assert steps == sorted(steps, reverse=True)


def test_a_row_carries_its_reason_even_if_it_is_not_yet_known(desk):
    history = desk.history(
        {"event_date": "2025-07-01", "offence_code": "999/99"},
        {"event_date": "2025-07-01"},
        {"recorded_date": "2025-07-01"},
        {"event_date": "2025-06-30", "recorded_date": "2025-06-30"},
        {"recorded_date": "2025-07-01", "dob": "2010-01-01", "perpetrator_id": "P2"},
        {"recorded_date": "2025-07-01", "deceased_date": "2025-02-01", "perpetrator_id": "P3"},
        extract_date="2025-07-01",
    )
    assert rows_of(history) == {"in": 6, "used": 1, "set_aside": 3, "not_yet_known": 2}
    assert [(row, reason) for row, _, reason in asides(history)] == [
        (1, "UNKNOWN_CODE"),
        (5, "UNDER_AGE"),
        (6, "DATE_ORDER"),
    ]
    assert len(history.day) == 1


def test_details_never_hold_a_cell(desk):
    name = "Zq7 Roe"
    faults = [
        {"perpetrator_id": f"{name}\u200b"},
        {"victim_id": name, "perpetrator_id": name},
        {"event_date": name},
        {"recorded_date": name},
        {"role": name},
        {"outcome": name},
        {"is_crime": name},
        {"domestic": name},
        {"children_linked": name},
        {"dob": name},
        {"offence_code": name},
        {"area": name * 8},
    ]
    plain = {"role": "suspect", "is_crime": "y", "domestic": "y"}
    reading = {**CLOSED, "limits": {"cell_chars": 50}}
    history = desk.history(*({**plain, **fault} for fault in faults), config=desk.config(reading))
    assert rows_of(history)["set_aside"] == len(faults)
    said = " ".join(str(cell) for row in history.set_aside.rows() for cell in row)
    assert "roe" not in said.lower() and "P1" not in said
    assert "roe" not in repr(history).lower() + repr(history.set_aside).lower()
    limit = desk.config({**reading, "max_set_aside": {"floor_rows": 0}})
    with pytest.raises(TooManyFaultsError) as caught:
        desk.history(*({**plain, **fault} for fault in faults), config=limit)
    assert "roe" not in str(caught.value).lower()


def test_an_offence_code_without_a_weight_is_named_and_another_text_is_not(desk):
    history = desk.history(
        {"offence_code": "0999/099"},
        {"offence_code": "105ab"},
        {"offence_code": "J. Roe"},
        {"offence_code": " "},
    )
    table = "cchi-da-2020-10"
    assert history.set_aside["detail"] == [
        f"no weight for 999/99 in {table}",
        f"no weight for 105AB in {table}",
        f"no weight for a text that is no code in {table}",
        f"no weight for a blank code in {table}",
    ]


def test_without_a_code_column_only_non_crimes_have_a_weight(desk):
    plain = {"offence_code": None}
    history = desk.history({**plain, "is_crime": "n"}, {**plain, "is_crime": "y"})
    assert asides(history) == [(2, None, "UNKNOWN_CODE")]
    assert history.offences == ("NON_CRIME",) and history.weights.tolist() == [0.5]
    with pytest.raises(MissingColumnError, match=r"offences\.csv: missing 'offence_code'; map it"):
        desk.history(plain)
    stop = desk.config(gravity={"unmapped": "stop"})
    with pytest.raises(DataError, match=r"1 rows have an offence code without .*: a blank code \(1 rows\)"):
        desk.history({**plain, "is_crime": "y"}, config=stop)


def test_an_unmapped_weight_is_used_even_for_a_blank_code(desk):
    history = desk.history(
        {"offence_code": ""}, {"offence_code": "999/9"}, config=desk.config(gravity={"unmapped": 1.5})
    )
    assert rows_of(history)["used"] == 2
    assert dict(zip(history.offences, history.weights.tolist(), strict=True)) == {"": 1.5, "999/9": 1.5}


def test_only_rows_without_another_reason_stop_a_run(desk):
    stop = desk.config(gravity={"unmapped": "stop"})
    history = desk.history({"offence_code": "999/9", "role": "victim"}, {"role": "suspect"}, config=stop)
    assert asides(history) == [(1, "role", "ROLE")]


def test_a_broken_record_stops_no_run_for_its_code(desk):
    path = desk.file("perpetrator_id,event_date,offence_code\nP1,2025-03-01\nP1,2025-03-01,8/6\n")
    stop = desk.config(gravity={"unmapped": "stop"})
    history = rfg.read_offences(path, config=stop, as_of=desk.as_of)
    assert asides(history) == [(1, None, "STRUCTURE")]


def faulty(desk, faults, rows, **limits):
    config = desk.config({"max_set_aside": limits} if limits else {})
    changes = [
        {"perpetrator_id": f"P{n}", "event_date": "odd" if n < faults else "2025-03-01"} for n in range(rows)
    ]
    return desk.history(*changes, config=config)


@pytest.mark.parametrize(
    ("faults", "rows", "limits"),
    [
        (20, 20, {}),  # all rows, but not above the floor
        (21, 2100, {}),  # share exactly met
        (29, 100, {"share": 0.29}),  # 0.29 * 100 is below 29 in binary
        (3, 3, {"floor_rows": 3}),
        (1, 2, {"floor_rows": 0, "share": 0.5}),
        (2, 2, {"floor_rows": 0, "share": 1.0}),
    ],
)
def test_faults_at_the_limit_are_accepted(desk, faults, rows, limits):
    history = faulty(desk, faults, rows, **limits)
    assert history.source.account.by_reason == {"BAD_DATE": faults}


@pytest.mark.parametrize(
    ("faults", "rows", "limits"),
    [(21, 21, {}), (21, 2099, {}), (4, 4, {"floor_rows": 3}), (1, 100, {"floor_rows": 0, "share": 0.0})],
)
def test_faults_beyond_both_limits_stop_the_run(desk, faults, rows, limits):
    with pytest.raises(TooManyFaultsError, match=f"^{faults} of {rows} rows are at fault, more than "):
        faulty(desk, faults, rows, **limits)


def test_the_refusal_names_each_reason_and_at_most_five_rows(desk):
    changes = (
        [{"event_date": "odd"}] * 17
        + [{"event_date": ""}] * 3
        + [{"offence_code": "999/9"}]
        + [{"role": "victim"}]
    )
    changes = [{"role": "suspect", **change} for change in changes]
    with pytest.raises(TooManyFaultsError) as caught:
        desk.history(*changes)
    assert str(caught.value).splitlines() == [
        "21 of 22 rows are at fault, more than 20 rows and 1.00% of them (input.max_set_aside). "
        "Mend the extract, or its mapping:",
        "  MISSING_DATE: 3 (offences.csv rows 18, 19, 20; column event_date: blank)",
        "  BAD_DATE: 17 (offences.csv rows 1, 2, 3, 4, 5 and others; column event_date: "
        "not in the declared format %Y-%m-%d, or no such day)",
        "  UNKNOWN_CODE: 1 (offences.csv row 21; column offence_code: "
        "no weight for 999/9 in cchi-da-2020-10)",
        "Offence codes without a weight: give them one under gravity.uplift, or say under gravity.unmapped "
        "what becomes of such rows",
    ]


def test_scope_reasons_never_stop_a_run(desk):
    history = desk.history(*({"perpetrator_id": "unknown"},) * 60, {})
    assert rows_of(history) == {"in": 61, "used": 1, "set_aside": 60, "not_yet_known": 0}


@pytest.mark.parametrize(
    ("unknown", "rows", "warns"), [(6, 10, False), (7, 11, True), (0, 3, False), (3, 3, True)]
)
def test_a_scope_share_above_its_limit_warns(desk, unknown, rows, warns):
    history = desk.history(*({"perpetrator_id": "n/k" if n < unknown else f"P{n}"} for n in range(rows)))
    words = [text for code, text in history.source.account.warnings if code == "scope_share"]
    expected = [f"NO_NAMED_SUSPECT: {unknown / rows:.1%} of rows, above 60.0%"] if warns else []
    assert words == expected


def test_scope_limits_are_configured_by_reason(desk):
    config = desk.config({"warn_scope": {"OUTCOME": 0.0, "NO_NAMED_SUSPECT": 1.0}})
    history = desk.history({"outcome": "cancelled"}, {"outcome": ""}, {"perpetrator_id": ""}, config=config)
    assert history.source.account.warnings == (("scope_share", "OUTCOME: 33.3% of rows, above 0.0%"),)


FULL = {
    "victim_id": "V1",
    "event_id": "E1",
    "recorded_date": "2025-03-02",
    "role": "suspect",
    "area": "North",
}


def test_later_exact_duplicates_are_set_aside_unless_kept(desk):
    rows = [FULL, {**FULL, "victim_id": "V2"}, FULL, FULL]
    history = desk.history(*rows)
    assert asides(history) == [(3, None, "DUPLICATE"), (4, None, "DUPLICATE")]
    assert history.set_aside["class"] == ["scope", "scope"]
    kept = desk.history(*rows, config=desk.config({"duplicates": "keep"}))
    assert asides(kept) == [] and len(kept.day) == 4


@pytest.mark.parametrize(
    "other",
    [
        {"victim_id": "V2"},
        {"victim_id": ""},
        {"event_id": "E2"},
        {"event_id": "e1"},
        {"perpetrator_id": "P2"},
        {"perpetrator_id": "01"},
        {"event_date": "2025-02-28"},
        {"recorded_date": "2025-03-03"},
        {"offence_code": "8/31"},
        {"area": "north"},
    ],
)
def test_rows_that_differ_in_one_mapped_column_are_no_duplicates(desk, other):
    history = desk.history(FULL, {**FULL, **other})
    assert asides(history) == [] and len(history.day) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"offence_code": "008/06"},
        {"role": " SUSPECT "},
        {"perpetrator_id": " P1"},
        {"victim_id": "V1 "},
        {"area": " North"},
        {"event_date": "2025-03-01 "},
        {"unmapped": "x"},
        {"victim_id": "V9"},
    ],
)
def test_rows_equal_as_they_are_compared_are_duplicates(desk, other):
    history = desk.history(FULL, {**FULL, **other}, links=[{"nominal_id": "V9", "master_id": "V1"}])
    assert asides(history) == [(2, None, "DUPLICATE")]


@pytest.mark.parametrize(
    ("old", "aside"),
    [
        ({}, True),
        ({"event_id": "E2"}, False),  # two crimes
        ({"victim_id": "V2"}, False),  # two victims
        ({"offence_code": "19/8"}, False),
        ({"recorded_date": ""}, False),
    ],
)
def test_copies_of_joined_records_are_duplicates_and_other_rows_of_theirs_are_not(desk, old, aside):
    links = [{"nominal_id": "old", "master_id": "P1"}]
    rows = [FULL, {**FULL, "perpetrator_id": "old", **old}]
    for shown in (rows, rows[::-1]):
        history = desk.history(*shown, links=links)
        expected = [(1 + shown.index(rows[1]), None, "DUPLICATE")] if aside else []
        assert asides(history) == expected and history.persons.tolist() == ["P1"]
        assert list(history.source.twins.values()) == ([("old",)] if aside else [])
    kept = desk.history(*rows, links=links, config=desk.config({"duplicates": "keep"}))
    assert asides(kept) == [] and len(kept.day) == 2


def test_an_offence_of_two_suspects_is_no_duplicate(desk):
    history = desk.history(FULL, {**FULL, "perpetrator_id": "P2"})
    assert asides(history) == [] and history.persons.tolist() == ["P1", "P2"]


MOMENT = "2025-03-01T23:30:00Z"


@pytest.mark.parametrize(
    ("cell", "reading", "detail"),
    [
        (
            MOMENT,
            {},
            "a time with an offset from UTC; input.timezone says in which zone's calendar to read it",
        ),
        ("2025-03-01 23:30+01:00", {}, "a time with an offset from UTC; input.timezone says in which"),
        (MOMENT, {"timezone": "Europe/London"}, None),
        (
            "2025-03-32T23:30Z",
            {"timezone": "Europe/London"},
            "not in the declared format %Y-%m-%d, or no such",
        ),
        (MOMENT, {"date_format": "%d/%m/%Y"}, "not in the declared format %d/%m/%Y, or no such day"),
        ("2025-03-01T25:00", {}, "not in the declared format %Y-%m-%d, or no such day"),
    ],
)
@pytest.mark.parametrize("column", ["event_date", "recorded_date", "dob"])
def test_a_moment_without_a_declared_zone_is_told_the_way_out(desk, column, cell, reading, detail):
    if "date_format" in reading:
        reading = {"date_format": {column: "%d/%m/%Y"}, "max_set_aside": {"share": 1.0}}
    cell = cell.replace("2025", "1990") if column == "dob" else cell
    history = desk.history({column: cell}, config=desk.config(reading))
    told = history.set_aside["detail"]
    assert [text.startswith(detail or "?") for text in told] == ([True] if detail else [])
    assert history.set_aside["reason"] == (["BAD_DOB" if column == "dob" else "BAD_DATE"] if detail else [])


def test_a_moment_has_the_date_of_the_declared_zone(desk):
    summer = {"event_date": "2025-06-01T23:30:00Z", "dob": "1990-06-01T22:59:00Z"}
    told = []
    for zone in ("UTC", "Europe/London", "America/New_York"):
        history = desk.history(summer, config=desk.config({"timezone": zone}))
        told.append((iso(history.day[0]), iso(history.source.dob[0])))
    assert told == [
        ("2025-06-01", "1990-06-01"),
        ("2025-06-02", "1990-06-01"),
        ("2025-06-01", "1990-06-01"),
    ]


def test_duplicates_are_sought_among_rows_that_pass_all_else(desk):
    history = desk.history({**FULL, "role": "victim"}, FULL, {**FULL, "role": "victim"}, FULL)
    assert [(row, reason) for row, _, reason in asides(history)] == [
        (1, "ROLE"),
        (3, "ROLE"),
        (4, "DUPLICATE"),
    ]


def test_a_duplicate_is_found_across_files(desk):
    paths = [desk.file(desk.rows(FULL), name) for name in ("a.csv", "b.csv")]
    table = rfg.read_offences(paths, config=desk.config(), as_of=desk.as_of).set_aside
    assert (table["file"], table["row"], table["line"]) == (["b.csv"], [1], [2])


def test_a_victims_own_row_is_out_of_scope_and_no_self_link(desk):
    history = desk.history(
        {"perpetrator_id": "V1", "victim_id": "V1", "role": "victim"},
        {"perpetrator_id": "P1", "victim_id": "V1", "role": "suspect"},
        {"perpetrator_id": "V1", "victim_id": "V1", "role": "suspect"},
    )
    assert [reason for _, _, reason in asides(history)] == ["ROLE", "SELF_LINK"]


def test_a_non_crime_counts_whatever_its_code(desk):
    history = desk.history({"is_crime": "n", "offence_code": "19/8"}, {"is_crime": "y"})
    assert history.offences == ("008/06", "NON_CRIME") and history.weights.tolist() == [10.0, 0.5]


def test_children_linked_reaches_the_lines(desk):
    history = desk.history(
        {"children_linked": "Y"}, {"children_linked": "n", "event_date": "2025-03-02"},
        {"children_linked": " ", "event_date": "2025-03-03"},
    )  # fmt: skip
    assert history.source.children.tolist() == [True, False, False]


def test_null_cells_of_typed_files_mean_what_blanks_do(desk, tmp_path):
    day = dt.date(2025, 3, 1)
    columns = {
        "perpetrator_id": pa.array([1.0, 2.5, None, 4.0, 5.0, 6.0]),
        "event_date": pa.array([day, day, day, None, day, day]),
        "offence_code": ["8/6"] * 6,
        "role": ["suspect"] * 4 + [None, "suspect"],
        "is_crime": pa.array([True] * 5 + [None]),
        "outcome": pa.array([None] * 6, pa.string()),
        "children_linked": pa.array([True, None, None, None, None, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "o.parquet")
    history = rfg.read_offences(tmp_path / "o.parquet", config=desk.config(), as_of=desk.as_of)
    table = history.set_aside
    assert table["reason"] == ["BAD_ID", "NO_NAMED_SUSPECT", "MISSING_DATE", "UNKNOWN_ROLE", "BAD_FLAG"]
    assert table["row"] == [2, 3, 4, 5, 6] and table["line"] == [None] * 5
    assert history.persons.tolist() == ["1"] and history.source.children.tolist() == [True]
    left_out = desk.config({"outcomes": {"exclude": [""]}})
    history = rfg.read_offences(tmp_path / "o.parquet", config=left_out, as_of=desk.as_of)
    assert history.set_aside["reason"][0] == "OUTCOME" and rows_of(history)["used"] == 0


@pytest.mark.parametrize(
    ("table", "plain", "changes"),
    [
        (
            "custody",
            {"perpetrator_id": "P1", "start": "2025-01-01", "end": "2025-01-31", "planned_release": ""},
            [
                ("NO_NAMED_SUSPECT", "perpetrator_id", {"perpetrator_id": "n/k"}),
                ("BAD_ID", "perpetrator_id", {"perpetrator_id": "1E+5"}),
                ("TOO_LONG", "perpetrator_id", {"perpetrator_id": "x" * 201}),
                ("MISSING_DATE", "start", {"start": ""}),
                ("BAD_DATE", "start", {"start": "1/1/2025"}),
                ("BAD_DATE", "end", {"end": "odd"}),
                ("BAD_DATE", "planned_release", {"planned_release": "odd"}),
                ("SENTINEL_DATE", "start", {"start": "1900-01-01"}),
                ("SENTINEL_DATE", "end", {"end": "9999-12-31"}),
                ("SENTINEL_DATE", "planned_release", {"planned_release": "9999-12-31"}),
                ("BAD_DATE", "end", {"end": "odd", "start": "1900-01-01"}),
                ("BAD_INTERVAL", "end", {"end": "2024-12-31"}),
                (None, None, {"end": "2025-01-01"}),
                (None, None, {"end": ""}),
            ],
        ),
        (
            "subjects",
            {
                "perpetrator_id": "P1",
                "dob": "1990-01-01",
                "deceased_date": "",
                "transferred_in": "",
                "managed_under": "",
            },
            [
                ("NO_NAMED_SUSPECT", "perpetrator_id", {"perpetrator_id": ""}),
                ("BAD_DOB", "dob", {"dob": "odd"}),
                ("BAD_DATE", "deceased_date", {"deceased_date": "odd"}),
                ("BAD_DATE", "transferred_in", {"transferred_in": "odd"}),
                ("SENTINEL_DATE", "transferred_in", {"transferred_in": "1900-01-01"}),
                ("TOO_LONG", "managed_under", {"managed_under": "x" * 10001}),
                (None, None, {"managed_under": "x" * 10000}),
                (None, None, {"transferred_in": "2099-01-01"}),
                (None, None, {"dob": "1900-01-01", "deceased_date": "9999-12-31"}),
                (None, None, {"dob": ""}),
            ],
        ),
        (
            "links",
            {"nominal_id": "A", "master_id": "B"},
            [
                ("NO_NAMED_SUSPECT", "nominal_id", {"nominal_id": "unknown"}),
                ("NO_NAMED_SUSPECT", "master_id", {"master_id": ""}),
                ("BAD_ID", "master_id", {"master_id": "B\u200b"}),
                (None, None, {"nominal_id": "C", "master_id": "C"}),
            ],
        ),
    ],
)
def test_faults_of_side_tables_stand_under_their_own_file_and_outside_the_limit(desk, table, plain, changes):
    config = desk.config({"max_set_aside": {"floor_rows": 0, "share": 0.0}})
    rows = [{**plain, **change} for _, _, change in changes]
    history = desk.history({}, config=config, **{table: rows})
    found = [(number, column, reason) for number, (reason, column, _) in enumerate(changes, 1) if reason]
    assert asides(history) == found
    assert set(history.set_aside["file"]) == {f"{table}.csv"}
    assert history.set_aside["line"] == [number + 1 for number, _, _ in found]
    assert history.set_aside["class"] == [reasons()[reason].family for _, _, reason in found]
    assert rows_of(history) == {"in": 1, "used": 1, "set_aside": 0, "not_yet_known": 0}
    assert history.source.account.by_reason == {}
    (entry,) = [entry for entry in history.source.account.inputs if entry["table"] == table]
    assert (entry["file"], entry["rows"], entry["set_aside"]) == (f"{table}.csv", len(rows), len(found))
    said = " ".join(history.set_aside["detail"])
    assert "odd" not in said and "1E+5" not in said


def test_a_broken_record_of_a_side_table_says_what_is_wrong(desk):
    path = desk.file("perpetrator_id,start,end\nP1,2025-01-01\nP1,2025-01-01,\n", "custody.csv")
    history = rfg.read_offences(
        desk.file(desk.rows({})), config=desk.config(), as_of=desk.as_of, custody=path
    )
    assert list(history.set_aside.rows()) == [
        ("custody.csv", 1, 2, None, "STRUCTURE", "fault", "2 cells, not 3")
    ]


def test_a_side_table_may_be_parquet(desk, tmp_path):
    pq.write_table(pa.table({"nominal_id": [1, None], "master_id": ["P1", "P1"]}), tmp_path / "links.parquet")
    offences = desk.file(desk.rows({"perpetrator_id": "1"}))
    history = rfg.read_offences(
        offences, config=desk.config(), as_of=desk.as_of, links=tmp_path / "links.parquet"
    )
    assert history.persons.tolist() == ["P1"]
    assert next(history.set_aside.rows())[:5] == (
        "links.parquet",
        2,
        None,
        "nominal_id",
        "NO_NAMED_SUSPECT",
    )


DIRTY = {
    "perpetrator_id": ["P1", "P2", " P1 ", "", "unknown", "1E+5", "P\u200b"],
    "event_date": [
        "2025-03-01",
        "2025-06-30",
        "2025-07-01",
        "2025-07-20",
        "",
        "odd",
        "1900-01-01",
        "2009-01-01",
    ],
    "event_end": ["", "2025-03-05", "2026-01-01", "2025-02-01"],
    "offence_code": ["8/6", "008/06", "999/9", ""],
    "victim_id": ["", "V1", "P1", "P2", "regina"],
    "incident_id": ["", "I1"],
    "recorded_date": ["", "2025-03-02", "2025-07-05", "2025-08-01"],
    "role": ["suspect", "victim", "odd", ""],
    "outcome": ["", "cancelled", "charged"],
    "is_crime": ["y", "n", ""],
    "domestic": ["y", "n"],
    "dob": ["", "1990-01-01", "2008-02-29", "odd"],
    "deceased_date": ["", "2025-03-01"],
}
DIRTY_ROWS = st.lists(
    st.fixed_dictionaries({k: st.sampled_from(v) for k, v in DIRTY.items()}), min_size=1, max_size=25
)


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(DIRTY_ROWS, st.sampled_from(["set_aside", "keep"]))
def test_every_row_is_used_set_aside_or_not_yet_known(desk, rows, duplicates):
    reading = {
        "duplicates": duplicates,
        "max_set_aside": {"share": 1.0},
        "point_in_time": "accept_extract_state",
    }
    history = desk.history(*rows, config=desk.config(reading), extract_date="2025-07-10")
    counts, out = rows_of(history), asides(history)
    assert counts["in"] == len(rows) == counts["used"] + counts["set_aside"] + counts["not_yet_known"]
    assert counts["used"] == len(history.day) == history.offsets[-1]
    gone = [row for row, _, _ in out]
    assert gone == sorted(set(gone)) and len(gone) == counts["set_aside"]
    assert Counter(reason for _, _, reason in out) == history.source.account.by_reason
    later = [
        n
        for n, row in enumerate(rows, 1)
        if n not in gone and max(row["event_date"], row["recorded_date"]) > "2025-06-30"
    ]
    assert len(later) == counts["not_yet_known"]
    assert all(history.known_day <= history.as_of) and all(history.event_day <= history.as_of)


def test_the_refusal_of_later_dates_asks_for_the_day_of_the_extract(desk):
    rows = [{"perpetrator_id": f"P{n}", "event_date": "2025-07-01"} for n in range(21)]
    asks = (
        "If the extract was taken later than 2025-06-30, say when: extract_date (--extract-date). If it was "
        "not, look whether day and month changed places (date_format)"
    )
    with pytest.raises(TooManyFaultsError) as caught:
        desk.history(*rows)
    assert str(caught.value).splitlines()[-1] == asks
    with pytest.raises(TooManyFaultsError) as caught:
        desk.history(*({**row, "event_date": "2025-07-03"} for row in rows), extract_date="2025-07-02")
    assert asks not in str(caught.value)
    assert rows_of(desk.history(*rows, extract_date="2025-07-01"))["not_yet_known"] == 21


@pytest.mark.parametrize("table", ["subjects", "custody", "links"])
def test_a_side_table_without_a_usable_row_stops_the_run(desk, table):
    row = {"perpetrator_id": "n/k", "nominal_id": "1E+5", "master_id": "B", "start": "odd", "end": ""}
    config = desk.config({"links": {"columns": {"nominal_id": "nominal_id", "master_id": "master_id"}}})
    with pytest.raises(DataError, match=rf"^{table}\.csv: none of its 2 rows can be used \("):
        desk.history({}, config=config, **{table: [{**row, "dob": "odd"}, row]})
