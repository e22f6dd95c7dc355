"""Reading: several files, mapped columns, formats, and what is refused."""

from __future__ import annotations

import datetime as dt
import gzip

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
