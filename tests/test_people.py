"""Who an id stands for: links, two forces, two birth dates."""

from __future__ import annotations

import pytest

import rfgscore as rfg
from rfgscore.dates import NO_DAY, iso, to_day
from rfgscore.errors import (
    AmbiguousPersonError,
    DataError,
    LinkCycleError,
)
from rfgscore.linkage import resolve_links
from rfgscore.sample import SAMPLE_AS_OF, sample_file


def warned(history, code):
    return [text for word, text in history.source.account.warnings if word == code]


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
        "they may be two people. Put the force into the id, or join the records in a links table; a word "
        "for nobody belongs under input.placeholders.person"
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


def sample_bytes(subjects, tmp_path):
    path = tmp_path / "subjects.csv"
    path.write_text(subjects, encoding="utf-8")
    made = rfg.run(
        config=rfg.load_config(
            {
                "schema": "rfgscore/1",
                "extends": str(sample_file("config.yaml")),
                "input": {
                    "subjects": {
                        "columns": {
                            "perpetrator_id": "nominal",
                            "dob": "dob",
                            "sex": "sex",
                            "ethnicity": "eth",
                        },
                        "date_format": "%d/%m/%Y",
                    }
                },
            }
        ),
        offences=sample_file("offences.csv"),
        as_of=SAMPLE_AS_OF,
        subjects=path,
        links=sample_file("links.csv"),
    )
    manifest = made.manifest
    entry = next(entry for entry in manifest["inputs"] if entry["table"] == "subjects")
    del entry["sha256"]
    return {**made.files, "manifest.json": manifest}


@pytest.mark.compiled
def test_sex_and_ethnicity_change_nothing_but_the_checksum_of_their_file(tmp_path):
    head = "nominal,dob,deceased,sex,eth\n"
    people = ("N70001", "N70002", "N70003", "N70005", "N70006")
    one = head + "".join(f"{person},01/01/1990,,F,White\n" for person in people)
    other = head + "".join(f"{person},01/01/1990,,{person},1E+5\n" for person in people)
    blank = head + "".join(f"{person},01/01/1990,,,\n" for person in people)
    assert sample_bytes(one, tmp_path) == sample_bytes(other, tmp_path) == sample_bytes(blank, tmp_path)


def test_facts_of_the_subjects_table_are_joined_and_the_earliest_counts(desk):
    subjects = [
        {"perpetrator_id": "P1", "transferred_in": "2025-03-01", "managed_under": ""},
        {"perpetrator_id": "old", "transferred_in": "2025-02-01", "managed_under": "MAPPA"},
        {"perpetrator_id": "P2", "transferred_in": "", "managed_under": "none"},
        {"perpetrator_id": "P9", "transferred_in": "2020-01-01", "managed_under": "MAPPA"},
    ]
    links = [{"nominal_id": "old", "master_id": "P1"}]
    history = desk.history({}, {"perpetrator_id": "P2"}, subjects=subjects, links=links)
    assert history.source.transferred.tolist() == [to_day("2025-02-01"), NO_DAY]
    assert history.source.managed.tolist() == [True, False]
    alone = desk.history({})
    assert alone.source.transferred.tolist() == [NO_DAY] and alone.source.managed.tolist() == [False]


@pytest.mark.parametrize(
    ("died", "excluded"),
    [("2025-03-01", True), ("2025-06-30", True), ("2025-07-01", False), ("9999-12-31", False), ("", False)],
)
@pytest.mark.parametrize("table", ["offences", "subjects"])
def test_whoever_died_by_the_day_is_not_ranked(desk, table, died, excluded):
    config = desk.config({"extract_date": "2025-07-10"})
    tables = {"subjects": [{"perpetrator_id": "P1", "deceased_date": died}]} if table == "subjects" else {}
    row = {"deceased_date": died} if table == "offences" else {}
    history = desk.history(row, config=config, **tables)
    assert len(history.set_aside) == 0  # dying on the day of an event is no contradiction
    scored = rfg.score(history, config=config, as_of=desk.as_of).scored
    assert [why and why.word for why in scored.exclusion] == ["DECEASED" if excluded else None]


@pytest.mark.parametrize(("least", "excluded"), [(1, False), (2, False), (3, True)])
def test_whoever_has_too_few_incidents_in_the_window_is_not_ranked(desk, least, excluded):
    config = desk.config(cohort={"min_incidents": least})
    rows = [{"event_date": day} for day in ("2025-03-01", "2023-07-02", "2023-07-01")]
    scored = rfg.score(desk.history(*rows, config=config), config=config, as_of=desk.as_of).scored
    assert [why and why.word for why in scored.exclusion] == ["MIN_INCIDENTS" if excluded else None]
