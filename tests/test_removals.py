"""Removals: whoever was taken off is neither scored nor listed nor named, and no removal goes unread."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

import rfgscore as rfg
from rfgscore.errors import DataError, MissingColumnError, UnknownPersonError
from rfgscore.gravity import load_gravity
from rfgscore.sample import SAMPLE_AS_OF, sample_file
from rfgscore.scoring.flags import flag_people

SIDES = {name: sample_file(f"{name}.csv") for name in ("subjects", "custody", "links")}


def off(*ids, on="2025-06-30", **cells):
    """Return removals of some ids."""
    return [{"perpetrator_id": text, "removed_on": on, **cells} for text in ids]


def flagged(history, config):
    """Return the ids that carry each flag."""
    grades = [load_gravity(config.gravity.table).grade(code) for code in history.offences]
    found = flag_people(history, history.as_of, 730, grades, 1)
    return {word: history.persons[mask].tolist() for word, mask in found.items()}


def counts(history):
    return dict(history.source.account.by_reason)


@pytest.mark.parametrize(
    ("removal", "removed"),
    [
        ({"removed_on": "2025-06-30"}, True),
        ({"removed_on": "2025-07-01"}, False),
        ({"removed_on": "2001-01-01"}, True),
        ({"removed_on": "2025-06-01", "recorded_date": "2025-06-30"}, True),
        ({"removed_on": "2025-06-01", "recorded_date": "2025-07-01"}, False),
        ({"removed_on": "2025-06-01", "recorded_date": ""}, True),
        ({"removed_on": "2025-06-30", "recorded_date": "2025-01-01"}, True),
    ],
)
def test_a_removal_counts_from_its_day_once_it_is_known(desk, removal, removed):
    history = desk.history(
        {},
        {"perpetrator_id": "P2"},
        extract_date="2025-07-10",
        removals=[{"perpetrator_id": " P1 ", **removal}],
    )
    assert history.persons.tolist() == (["P2"] if removed else ["P1", "P2"])
    assert counts(history) == ({"REMOVED": 1} if removed else {})
    assert history.source.extract_state == ()


def test_all_rows_of_a_person_are_set_aside_and_the_earlier_reason_stays(desk):
    history = desk.history(
        *(
            {"is_crime": "y", "domestic": "y", **row}
            for row in (
                {"event_date": "2001-01-01"},
                {"is_crime": "n"},
                {"domestic": "n"},
                {"event_date": "odd"},
                {"offence_code": "999/9"},
                {"event_date": "2025-07-01"},
            )
        ),
        config=desk.config(gravity={"non_crime": None}),
        extract_date="2025-07-10",
        removals=off("P1"),
    )
    table = history.set_aside
    assert table["reason"] == ["REMOVED", "NON_CRIME_OFF", "NOT_DOMESTIC", "BAD_DATE", "REMOVED", "REMOVED"]
    assert table["detail"][0] == "the person is on the removal list" and table["class"][0] == "scope"
    assert len(history.persons) == 0 and history.source.account.rows["not_yet_known"] == 0


@pytest.mark.parametrize("removed", ["P1", "old", "older"])
def test_links_reach_removals(desk, removed):
    links = [
        {"nominal_id": "older", "master_id": "old"},
        {"nominal_id": "old", "master_id": "P1"},
    ]
    rows = [{"perpetrator_id": text} for text in ("P1", "old", "older", "P2")]
    history = desk.history(*rows, links=links, removals=off(removed))
    assert history.persons.tolist() == ["P2"] and counts(history) == {"REMOVED": 3}
    later = [{**row, "recorded_date": "2025-07-01"} for row in links]
    history = desk.history(*rows, links=later, removals=off(removed), extract_date="2025-07-01")
    assert sorted(history.persons.tolist()) == sorted({"P1", "old", "older", "P2"} - {removed})


def test_a_removed_person_is_still_a_victim_and_raises_no_flag_of_another(desk):
    rows = [
        {"perpetrator_id": "A", "victim_id": "B"},
        {"perpetrator_id": "B", "victim_id": "A"},
        {"perpetrator_id": "a", "victim_id": "V1"},
        {"perpetrator_id": "A", "victim_id": "V2", "event_date": "2025-03-02"},
    ]
    config = desk.config()
    history = desk.history(*rows, config=config)
    assert flagged(history, config) == {
        "counter_allegation": ["A", "B"],
        "looks_alike": ["A", "a"],
        "serial:two-victims-3y": ["A"],
    }
    without_b = desk.history(*rows, config=config, removals=off("B"))
    assert flagged(without_b, config) == {"looks_alike": ["A", "a"], "serial:two-victims-3y": ["A"]}
    assert [without_b.source.victim.text(line) for line in range(2)] == ["B", "V2"]
    without_a = desk.history(*rows, config=config, removals=off("A"))
    assert without_a.persons.tolist() == ["B", "a"] and flagged(without_a, config) == {}


def test_an_incident_of_a_removed_person_is_not_one_without_a_named_suspect(desk):
    rows = [
        {"event_id": "E1"},
        {"perpetrator_id": "", "event_id": "E1"},
        {"perpetrator_id": "", "event_id": "E2"},
    ]
    for removals in ([{"perpetrator_id": "P9", "removed_on": "2025-01-01"}], off("P1")):
        history = desk.history(*rows, removals=removals)
        assert history.source.account.unnamed_incidents == {"": 1}


def test_a_removed_person_neither_stops_a_run_nor_warns(desk):
    torn = [{"force": "A", "dob": "1990-01-01"}, {"force": "B", "dob": "1991-01-01"}]
    config = desk.config(gravity={"unmapped": "stop"})
    history = desk.history(
        *torn,
        {"perpetrator_id": "P2", "force": "A", "dob": "1990-01-01"},
        {"offence_code": "999/9", "force": "A", "dob": ""},
        config=config,
        removals=off("P1"),
        custody=[{"perpetrator_id": "P2", "start": "2025-01-01", "end": ""}],
    )
    assert history.persons.tolist() == ["P2"] and history.source.account.warnings == ()


#: A row of the table at fault, and the reason it is refused for.
FAULTS = [
    ({"perpetrator_id": ""}, "NO_NAMED_SUSPECT 1", "perpetrator_id"),
    ({"perpetrator_id": " Unknown "}, "NO_NAMED_SUSPECT 1", "perpetrator_id"),
    ({"perpetrator_id": "1E+5"}, "BAD_ID 1", "perpetrator_id"),
    ({"perpetrator_id": "P\u200b1"}, "BAD_ID 1", "perpetrator_id"),
    ({"perpetrator_id": "x" * 201}, "TOO_LONG 1", "perpetrator_id"),
    ({"removed_on": " "}, "MISSING_DATE 1", "removed_on"),
    ({"removed_on": "01/06/2025"}, "BAD_DATE 1", "removed_on"),
    ({"removed_on": "2025-06-31"}, "BAD_DATE 1", "removed_on"),
    ({"removed_on": "1900-01-01"}, "SENTINEL_DATE 1", "removed_on"),
    ({"recorded_date": "2025-07-11"}, "FUTURE_DATE 1", "recorded_date"),
    ({"recorded_date": "soon"}, "BAD_DATE 1", "recorded_date"),
    ({"recorded_date": "9999-12-31"}, "SENTINEL_DATE 1", "recorded_date"),
]
MISSES = [
    {"perpetrator_id": "x" * 200},
    {"perpetrator_id": "00"},
    {"removed_on": "1900-01-02"},
    {"removed_on": "2025-07-10"},
    {"removed_on": "2025-07-11"},  # agreed ahead of its day: not known yet
    {"recorded_date": "2025-07-10"},
    {"recorded_date": ""},
]


@pytest.mark.parametrize(("fault", "counted", "column"), FAULTS)
def test_a_removal_at_fault_stops_the_run(desk, fault, counted, column):
    good = {"perpetrator_id": "P8", "removed_on": "2025-06-01", "recorded_date": "2025-06-01"}
    with pytest.raises(DataError) as caught:
        desk.history({}, removals=[good, {**good, **fault}], extract_date="2025-07-10")
    said = str(caught.value)
    start = f"1 of 2 removals cannot be read ({counted}; removals.csv row 2; first column {column}: "
    assert said.startswith(start)
    assert said.endswith("mend these rows, or take them out of the table")
    assert not any(
        len(cell.strip()) > 3 and cell.strip() in said for cell in fault.values() if cell != "soon"
    )


@pytest.mark.parametrize("change", MISSES)
def test_a_removal_that_just_misses_a_fault_is_read(desk, change):
    good = {"perpetrator_id": "P8", "removed_on": "2025-06-01", "recorded_date": "2025-06-01"}
    history = desk.history({}, removals=[{**good, **change}], extract_date="2025-07-10")
    (entry,) = [entry for entry in history.source.account.inputs if entry["table"] == "removals"]
    assert (entry["rows"], entry["set_aside"]) == (1, 0) and len(history.set_aside) == 0


def test_at_most_five_faulty_removals_are_named(desk):
    with pytest.raises(DataError) as caught:
        desk.history({}, removals=[*off("P9"), *off("n/k", "0", "none"), *off(*"abcd", on="odd")])
    assert str(caught.value).startswith(
        "7 of 8 removals cannot be read (NO_NAMED_SUSPECT 3, BAD_DATE 4; removals.csv rows 2, 3, 4, 5, 6 and "
        "others; first column perpetrator_id: "
    )


def test_a_broken_removal_stops_the_run(desk):
    path = desk.file("perpetrator_id,removed_on\nP1,2025-06-01\nP2\n", "removals.csv")
    given = {"config": desk.config(), "as_of": desk.as_of, "removals": path}
    with pytest.raises(DataError, match=r"STRUCTURE 1; removals\.csv row 2; first 1 cell, not 2"):
        rfg.read_offences(desk.file(desk.rows({})), **given)


def test_an_empty_table_removes_nobody_and_a_needed_column_must_be_there(desk):
    def read(text):
        path = desk.file(text, "removals.csv")
        offences = desk.file(desk.rows({}))
        return rfg.read_offences(offences, config=desk.config(), as_of=desk.as_of, removals=path)

    assert read("perpetrator_id,removed_on\n").persons.tolist() == ["P1"]
    with pytest.raises(MissingColumnError, match=r"^removals\.csv: missing 'removed_on'"):
        read("perpetrator_id\nP1\n")


def test_columns_and_formats_are_mapped_and_people_without_rows_are_counted_nowhere(desk):
    config = desk.config(
        {"removals": {"columns": {"perpetrator_id": "who", "removed_on": "off"}, "date_format": "%d/%m/%Y"}}
    )
    history = desk.history(
        {}, {"perpetrator_id": "P2"}, config=config,
        removals=[{"who": "P1", "off": "01/06/2025"}, {"who": "P7", "off": "01/06/2025"}],
    )  # fmt: skip
    assert history.persons.tolist() == ["P2"] and counts(history) == {"REMOVED": 1}
    assert history.source.account.warnings == ()


def test_the_earliest_of_several_removals_counts_and_a_table_in_memory_will_do(desk):
    table = pd.DataFrame(
        {"perpetrator_id": ["P1", "P1"], "removed_on": pd.to_datetime(["2025-07-05", "2025-06-30"])}
    )
    given = {"config": desk.config(), "as_of": desk.as_of, "extract_date": "2025-07-10", "removals": table}
    assert len(rfg.read_offences(desk.file(desk.rows({})), **given).persons) == 0
    assert rfg.read_offences(
        desk.file(desk.rows({})), **{**given, "as_of": "2025-06-29"}
    ).persons.tolist() == ["P1"]


@pytest.fixture(scope="module")
def sample():
    def made(**more):
        config = rfg.load_config(sample_file("config.yaml"))
        offences = sample_file("offences.csv")
        return rfg.run(config=config, offences=offences, as_of=SAMPLE_AS_OF, **SIDES, **more)

    return made


def summary(run):
    return csv.DictReader(io.StringIO(run.files["summary.csv"].decode("utf-8-sig")))


def test_whoever_is_removed_is_named_in_no_file_of_a_run(sample, tmp_path):
    plain = sample()
    listed = plain.cohort["perpetrator_id"]
    (excluded,) = plain.excluded["perpetrator_id"]
    # The head of the list, somebody joined, one side of a counter-allegation, somebody not eligible.
    gone = [listed[0], "N70002", "N70005", excluded]
    made = sample(removals=pd.DataFrame(off(*gone, "NOBODY1")))
    told = "".join(data.decode() for name, data in made.files.items() if name.endswith((".csv", ".json")))
    names = [*gone, "NOBODY1", "B-4471"]
    assert not [text for text in names if text in told]
    everyone = set(made.scores.table["perpetrator_id"])
    assert everyone == set(plain.scores.table["perpetrator_id"]) - set(gone)
    assert made.manifest["people"]["excluded"] == 0
    assert made.manifest["rows"]["by_reason"]["REMOVED"] > len(gone)
    assert made.manifest["inputs"][4]["table"] == "removals"
    flags = dict(zip(made.scores.table["perpetrator_id"], made.scores.table["flags"], strict=True))
    assert "counter_allegation" not in (flags["N70006"] or "")
    with pytest.raises(UnknownPersonError):
        made.scores.explain(gone[0])
    unnamed = [
        {
            row["area"]: row["value"]
            for row in summary(run)
            if row["measure"] == "incidents_without_named_suspect"
        }
        for run in (plain, made)
    ]
    # Of an area whose people were all removed no line is left, and there was none such incident there.
    assert unnamed[1].items() <= unnamed[0].items() and unnamed[0]["(all)"] == unnamed[1]["(all)"]
    assert made.cohort["position"][:24] == list(range(1, 25))


@pytest.mark.compiled
def test_a_removal_not_yet_known_changes_no_list(sample):
    plain = sample()
    later = pd.DataFrame(off("N70002", on="2025-06-01", recorded_date="2025-06-30"))
    assert sample(removals=later).files["cohort.csv"] != plain.files["cohort.csv"]
    nobody = pd.DataFrame(off("NOBODY1"))
    for name in ("cohort.csv", "scores.parquet", "explanations.csv", "set_aside.csv", "summary.csv"):
        assert sample(removals=nobody).files[name] == plain.files[name]
