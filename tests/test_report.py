"""The files of an output set: exact bytes, exact types, and no cell that comes alive."""

from __future__ import annotations

import csv
import io

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.dates import to_day
from rfgscore.errors import MissingExtraError
from rfgscore.report.csv_file import csv_bytes, safe_text, true_text
from rfgscore.report.parquet_file import parquet_bytes
from rfgscore.tables import Column, Table


def table() -> Table:
    return Table(
        {
            "text": Column.of("text", ["007", None, "a,b"]),
            "n": Column.of("int32", [1, None, -3]),
            "big": Column.of("int64", [2**40, 0, None]),
            "x": Column.of("float64", [1.0, 0.1, None]),
            "day": Column.of("date", np.array([to_day("2025-06-30"), -(2**31), 0], np.int32)),
            "yes": Column.of("bool", [True, None, False]),
        }
    )


def test_csv_bytes_to_the_letter():
    assert csv_bytes(table()) == (
        b"\xef\xbb\xbftext,n,big,x,day,yes\r\n"
        b"007,1,1099511627776,1,2025-06-30,true\r\n"
        b",,0,0.1,,\r\n"
        b'"a,b",-3,,,1970-01-01,false\r\n'
    )


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "\uff0b1", "\uff0d1",
     "\uff201", "'=1", "''@x", " '-1", "=", "\tx"],
)  # fmt: skip
def test_live_text_gets_one_apostrophe_and_comes_back(text):
    assert safe_text(text) == "'" + text
    assert true_text(safe_text(text)) == text


@pytest.mark.parametrize("text", ["007", "36/00001/25", "O'Neill", "'quoted'", "", "1-2", "a=b", "'", "N/K"])
def test_other_text_is_left_alone(text):
    assert safe_text(text) == text == true_text(text)


@given(st.text(alphabet="'=+-@ \t\r\na\uff1d\u00a0", max_size=8))
@settings(max_examples=1000, deadline=None, derandomize=True)
def test_every_text_reads_back_from_the_csv(text):
    data = csv_bytes(Table({"a": Column.of("text", [text]), "b": Column.of("int32", [1])})).decode(
        "utf-8-sig"
    )
    (_, (cell, _)) = list(csv.reader(io.StringIO(data, newline="")))
    assert true_text(cell) == text


def test_parquet_types_and_values(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(parquet_bytes(table()))
    found = duckdb.sql(f"SELECT * FROM '{path}'")
    assert list(map(str, found.types)) == ["VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "DATE", "BOOLEAN"]
    assert [tuple(row) for row in found.fetchall()] == list(table().rows())


def test_parquet_bytes_are_the_same_every_time():
    assert parquet_bytes(table()) == parquet_bytes(table())


def test_empty_tables_keep_their_columns_and_types(tmp_path):
    empty = table().take(np.array([], np.int64))
    assert csv_bytes(empty) == b"\xef\xbb\xbftext,n,big,x,day,yes\r\n"
    path = tmp_path / "t.parquet"
    path.write_bytes(parquet_bytes(empty))
    assert list(map(str, duckdb.sql(f"SELECT * FROM '{path}'").types))[1] == "INTEGER"


def test_frames_hold_the_same_values():
    frame = table().to_pandas()
    assert frame["n"].dtype == "Int32" and frame["yes"].dtype == "boolean"
    assert str(frame["day"].dtype) == "datetime64[s]" and frame["day"].isna().tolist() == [False, True, False]
    assert frame["text"].tolist() == ["007", None, "a,b"]
    assert frame["x"].isna().tolist() == [False, False, True]
    arrow = table().to_arrow()
    assert [str(kind) for kind in arrow.schema.types] == [
        "string",
        "int32",
        "int64",
        "double",
        "date32[day]",
        "bool",
    ]
    assert [tuple(row.values()) for row in arrow.to_pylist()] == list(table().rows())


def test_arrow_is_an_extra_and_says_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rfgscore\[arrow\]'"):
        table().to_arrow()


def test_tables_tell_no_values_and_refuse_unequal_columns():
    assert repr(table()) == "Table(3 rows; text, n, big, x, day, yes)"
    with pytest.raises(ValueError, match="one length"):
        Table({"a": Column.of("text", ["x"]), "b": Column.of("text", [])})


def test_columns_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        table().columns["n"].values[0] = 9
