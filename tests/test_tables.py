"""The table results are handed out as, and the closed words."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rfgscore.dates import NO_DAY
from rfgscore.errors import (
    MissingExtraError,
)
from rfgscore.tables import Column, Table
from rfgscore.vocabulary import meaning, reasons, words


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
