"""Reading: several files, mapped columns, formats, and what is refused."""

from __future__ import annotations

import datetime as dt
import gzip

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rfgscore as rfg
from rfgscore.dates import iso, to_day
from rfgscore.errors import (
    DataError,
    MissingColumnError,
)


def days(history):
    return [iso(day) for day in history.day.tolist()]


def warned(history, code):
    return [text for word, text in history.source.account.warnings if word == code]


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
    with pytest.raises(TypeError, match="a path, or a pandas, polars or Arrow table is read, not int"):
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


#: How a table in memory is made of rows.
MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table.from_pylist}

TABLES = {
    "subjects": [{"perpetrator_id": "P1", "dob": "1990-01-01", "deceased_date": "2025-06-01"}],
    "custody": [{"perpetrator_id": "P1", "start": "2025-01-01", "end": ""}],
    "links": [{"nominal_id": "old", "master_id": "P1"}],
    "removals": [{"perpetrator_id": "P2", "removed_on": "2025-06-30"}],
}


def told(history):
    """Return what a reading found, apart from names and checksums of files."""
    account = history.source.account
    aside = list(zip(*(history.set_aside[name] for name in ("row", "reason", "detail")), strict=True))
    entries = [(entry["table"], entry["rows"], entry["set_aside"]) for entry in account.inputs]
    facts = (
        history.source.dob.tolist(),
        history.source.deceased.tolist(),
        history.source.spells.start.tolist(),
    )
    return history.persons.tolist(), days(history), aside, entries, facts, dict(account.rows)


@pytest.mark.parametrize("library", MAKERS)
def test_every_table_may_be_one_in_memory(desk, library):
    rows = desk.rows({"perpetrator_id": "old"}, {"perpetrator_id": "P2"}, {"event_date": "odd"})
    made = {name: MAKERS[library](table) for name, table in TABLES.items()}
    history = rfg.read_offences(MAKERS[library](rows), config=desk.config(), as_of=desk.as_of, **made)
    plain = {name: desk.file(table, f"{name}.csv") for name, table in TABLES.items()}
    files = rfg.read_offences(desk.file(rows), config=desk.config(), as_of=desk.as_of, **plain)
    assert told(history) == told(files)
    names = [entry["file"] for entry in history.source.account.inputs]
    assert names == ["offences", "subjects", "custody", "links", "removals", "cchi-da-2020-10"]
    assert history.set_aside["line"] == [None] * 2 and history.set_aside["file"] == ["offences"] * 2


def test_files_and_tables_in_memory_may_be_mixed(desk):
    sources = [
        desk.file(desk.rows({"perpetrator_id": "1"}), "a.csv"),
        pd.DataFrame(desk.rows({"perpetrator_id": "2"}, {"perpetrator_id": ""})),
        pl.DataFrame(desk.rows({"perpetrator_id": "3"})),
    ]
    history = rfg.read_offences(sources, config=desk.config(), as_of=desk.as_of)
    assert history.persons.tolist() == ["1", "2", "3"]
    inputs = history.source.account.inputs[:-1]
    assert [(entry["file"], entry["rows"]) for entry in inputs] == [
        ("a.csv", 1),
        ("offences 2", 2),
        ("offences 3", 1),
    ]
    assert history.set_aside["file"] == ["offences 2"]
    again = rfg.read_offences(tuple(sources), config=desk.config(), as_of=desk.as_of)
    assert again.persons.tolist() == history.persons.tolist()


def test_typed_tables_in_memory_need_no_format(desk):
    config = desk.config({"date_format": "%d/%m/%Y", "timezone": "Europe/London"})
    frame = pd.DataFrame(
        {
            "perpetrator_id": [7, 8],
            "event_date": pd.to_datetime(["2025-06-01T23:30Z", "2025-01-01T23:30Z"]),
            "offence_code": ["8/6", "8/6"],
        }
    )
    history = rfg.read_offences(frame, config=config, as_of=desk.as_of)
    assert history.persons.tolist() == ["7", "8"] and days(history) == ["2025-06-02", "2025-01-01"]
    with pytest.raises(DataError, match=r"offences.*input\.timezone"):
        rfg.read_offences(frame, config=desk.config(), as_of=desk.as_of)
    starts = pd.DataFrame(
        {"perpetrator_id": ["7"], "start": pd.to_datetime(["2025-06-01T23:30Z"]), "end": [None]}
    )
    history = rfg.read_offences(frame, config=config, as_of=desk.as_of, custody=starts)
    assert iso(history.source.spells.start[0]) == "2025-06-02"


def test_a_side_table_lacking_a_column_is_named(desk):
    offences = pd.DataFrame(desk.rows({}))
    for name, column in (("custody", "start"), ("links", "master_id"), ("removals", "removed_on")):
        wrong = pd.DataFrame({"perpetrator_id": ["P1"], "nominal_id": ["P1"], "end": [""]})
        with pytest.raises(MissingColumnError, match=rf"^{name}: missing '{column}'"):
            rfg.read_offences(offences, config=desk.config(), as_of=desk.as_of, **{name: wrong})
    with pytest.raises(TypeError, match="a path, or a pandas, polars or Arrow table is read, not list"):
        rfg.read_offences(offences, config=desk.config(), as_of=desk.as_of, subjects=[{}])


def test_more_rows_than_the_limit_are_refused_in_every_table(desk):
    config = desk.config({"limits": {"file_rows": 2}})
    assert len(desk.history({}, {"event_date": "2025-03-02"}, config=config).day) == 2
    with pytest.raises(DataError, match=r"3 rows are more than input\.limits\.file_rows \(2\)"):
        rfg.read_offences(pd.DataFrame(desk.rows({}, {}, {})), config=config, as_of=desk.as_of)
    links = [{"nominal_id": str(n), "master_id": "P1"} for n in range(3)]
    with pytest.raises(DataError, match=r"rows are more than input\.limits\.file_rows \(2\)"):
        desk.history({}, config=config, links=links)


def test_a_date_column_of_which_nothing_can_be_read_stops_the_run(desk):
    def subjects(*deaths):
        return [{"perpetrator_id": f"P{n}", "deceased_date": day} for n, day in enumerate(["", *deaths])]

    with pytest.raises(DataError) as caught:
        desk.history({}, subjects=subjects("01/02/2025", "01/03/2025", "02/03/2025"))
    assert str(caught.value) == (
        "subjects.csv: none of the 3 dates in the column 'deceased_date' can be read: mend its format under "
        "input.subjects.date_format, or the cells"
    )
    assert len(desk.history({}, subjects=subjects("01/02/2025", "01/03/2025")).set_aside) == 2
    some = subjects("01/02/2025", "01/03/2025", "02/03/2025", "2025-06-01")
    assert len(desk.history({}, subjects=some).set_aside) == 3


@pytest.mark.parametrize("kind", ["csv", "parquet", "memory"])
def test_columns_that_nobody_mapped_are_told(desk, tmp_path, kind):
    frame = pd.DataFrame(
        {"ref": ["P1"], "day": ["2025-06-01"], "code": ["8/6"], "da_flag": ["n"], "died": [""]}
    )
    source = {"csv": tmp_path / "o.csv", "parquet": tmp_path / "o.parquet", "memory": frame}[kind]
    if kind == "csv":
        frame.to_csv(source, index=False)
    elif kind == "parquet":
        frame.to_parquet(source)
    columns = {"perpetrator_id": "ref", "event_date": "day", "offence_code": "code"}
    history = rfg.read_offences(source, config=desk.config({"columns": columns}), as_of=desk.as_of)
    (told,) = history.source.account.unread.values()
    assert told == ("da_flag", "died")
    whole = desk.config({"columns": {**columns, "domestic": "da_flag", "deceased_date": "died"}})
    history = rfg.read_offences(source, config=whole, as_of=desk.as_of, allow_empty=True)
    assert history.source.account.unread == {}
