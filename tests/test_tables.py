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
    with pytest.raises(MissingExtraError, match=r"pip install 'rfgscore\[polars\]'"):
        table().to_polars()


def test_polars_frames_need_polars(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rfgscore\[polars\]'"):
        table().to_polars()


def test_polars_frames_hold_the_same_values():
    made = table()
    frame = made.to_polars()
    assert [str(kind) for kind in frame.dtypes] == [
        "String", "Int32", "Int64", "Float64", "Float64", "Date", "Date", "Boolean", "Boolean",
    ]  # fmt: skip
    assert frame.rows() == list(made.rows()) and frame.columns == list(made.columns)


def wrapped():
    """One column of each kind without nulls, and the arrays it looks at."""
    arrays = {
        "text": np.array(["a", "b"], object),
        "int32": np.array([1, 2], np.int32),
        "int64": np.array([2**40, 5]),
        "float64": np.array([0.5, 1.5]),
        "date": np.array([1, 0], np.int32),
        "bool": np.array([True, False]),
    }
    return arrays, Table({kind: Column.wrap(kind, values) for kind, values in arrays.items()})


def test_a_wrapped_array_is_looked_at_and_not_copied():
    arrays, made = wrapped()
    for kind, values in made.to_numpy().items():
        assert values.dtype == arrays[kind].dtype and np.shares_memory(values, arrays[kind])
        assert not values.flags.writeable and arrays[kind].flags.writeable
        column = made.columns[kind]
        assert column.null.tolist() == [False, False] and column.null.strides == (0,)
        assert not column.has_nulls
    copied = Table({kind: Column.of(kind, values) for kind, values in arrays.items()})
    assert list(made.rows()) == list(copied.rows()) and list(made.take([1]).rows()) == list(copied.rows())[1:]
    arrays["int32"][0] = 7
    assert made["int32"] == [7, 2]
    with pytest.raises(ValueError, match="read-only"):
        made.columns["int32"].values[0] = 2


def test_a_wrapped_array_may_have_nulls_under_markers():
    null = np.array([True, False])
    made = Table(
        {
            "n": Column.wrap("int32", np.array([-1, 2], np.int32), null),
            "x": Column.wrap("float64", np.array([np.nan, 2]), null),
            "day": Column.wrap("date", np.array([-1, 2], np.int32), null),
            "text": Column.wrap("text", np.array([0, "b"], object), null),
            "yes": Column.wrap("bool", np.array([True, True]), null),
        }
    )
    first, second = made.rows()
    assert first == (None,) * 5 and second[:2] == (2, 2.0) and second[3:] == ("b", True)
    assert made.to_numpy()["n"].tolist() == [-1, 2]
    assert made.to_arrow().to_pylist() == [
        dict(zip(made.columns, row, strict=True)) for row in (first, second)
    ]
    assert made.to_polars().rows() == [first, second]
    for copy in (True, False):
        assert made.to_pandas(copy=copy).isna().to_numpy().tolist() == [[True] * 5, [False] * 5]
    assert list(made.take([1]).rows()) == [second] and list(made.take([0]).rows()) == [first]


def test_a_column_wraps_only_arrays_of_its_dtype():
    for kind, values in (("int32", np.array([1])), ("int64", np.array([[1]])), ("text", np.array(["a"]))):
        with pytest.raises(ValueError, match=f"kind {kind} needs a one-dimensional"):
            Column.wrap(kind, values)
    for null in (np.array([0]), np.array([True, False])):
        with pytest.raises(ValueError, match="one boolean for each value"):
            Column.wrap("int64", np.array([1]), null)


def test_arrow_tables_look_at_numbers_and_dates_without_nulls():
    arrays, made = wrapped()
    arrow = made.to_arrow()
    for kind in ("int32", "int64", "float64", "date"):
        data = arrow[kind].chunk(0).buffers()[1]
        assert data.address == arrays[kind].ctypes.data, kind
    assert arrow.to_pylist() == [dict(zip(made.columns, row, strict=True)) for row in made.rows()]


def test_pandas_frames_have_memory_of_their_own_unless_told_otherwise():
    arrays, made = wrapped()
    plain = ("int32", "int64", "float64", "bool", "text")
    own, shared = made.to_pandas(), made.to_pandas(copy=False)
    assert own.equals(shared) and list(own.dtypes) == list(shared.dtypes)
    for kind in plain:
        assert not np.shares_memory(own[kind].to_numpy(), arrays[kind]), kind
        assert np.shares_memory(shared[kind].to_numpy(), arrays[kind]), kind
        assert not shared[kind].to_numpy().flags.writeable, kind
    own.loc[0, "int32"] = 9
    assert arrays["int32"][0] == 1


def test_tables_without_rows_are_handed_out_too():
    made = wrapped()[1].take([])
    assert made.to_arrow().num_rows == len(made.to_pandas()) == made.to_polars().height == 0
    assert made.to_arrow().schema == wrapped()[1].to_arrow().schema


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
