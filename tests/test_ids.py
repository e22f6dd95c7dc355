"""Ids as numbers: the order and identity of Python's own text and numbers, whatever holds the column."""

from __future__ import annotations

import os
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.history.ids import pack

EXAMPLES = int(os.environ.get("RFG_EXAMPLES", "100"))
TEXTS = st.one_of(
    st.text(st.sampled_from("019"), min_size=1, max_size=20),
    st.text(st.sampled_from("P0-9"), min_size=1, max_size=6),
    st.text(st.sampled_from("a\0é\U0001f600\uffff"), min_size=1, max_size=5),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.integers(0, 10**10).map("P{:010d}".format),
    st.uuids().map(str),
).filter(lambda text: text.strip() != "")
COLUMNS = st.lists(TEXTS, max_size=12)
#: Nothing but what `str.strip` takes away.
BLANKS = st.sampled_from(
    [None, "", " ", "\t\n\v\f\r\x1c\x1d\x1e\x1f", "\x85\xa0", "\u1680\u2003\u2028\u3000 "]
)


def told(packed):
    """Return the ids of the rows, and where each stands among the distinct ones."""
    held = np.unique(packed.keys[packed.keys >= 0] if not packed.numbers else packed.keys)
    ids = packed.distinct(held).tolist()
    places = np.searchsorted(held, packed.keys)
    texts = [
        None if not packed.numbers and key < 0 else ids[place]
        for key, place in zip(packed.keys.tolist(), places.tolist(), strict=True)
    ]
    return ids, texts


def holders(texts):
    """Return the same texts in every kind of column."""
    cut = len(texts) // 2
    chunks = [pa.array(texts[:cut], pa.string()), pa.array(texts[cut:], pa.string())]
    objects = np.empty(len(texts), object)
    objects[:] = texts
    yield "list", texts
    yield "objects", objects
    yield "strings", np.array(texts, np.dtypes.StringDType(na_object=None))
    yield "arrow", pa.array(texts, pa.string())
    yield "large", pa.array(texts, pa.large_string())
    yield "view", pa.array(texts, pa.string_view())
    yield "chunks", pa.chunked_array(chunks, pa.string())
    yield "no chunks", pa.chunked_array([chunk for chunk in chunks if len(chunk)], pa.string())
    yield "coded", pa.array(texts, pa.string()).dictionary_encode()
    yield "coded chunks", pa.chunked_array([chunk.dictionary_encode() for chunk in chunks])
    yield "sliced", pa.array(["zz", *texts, "zzz"], pa.string()).slice(1, len(texts))
    yield "polars", pl.Series(texts, dtype=pl.String)
    yield "polars coded", pl.Series(texts, dtype=pl.Categorical)
    yield "pandas", pd.Series(texts, dtype=object)
    yield "pandas arrow", pd.Series(texts, dtype=pd.ArrowDtype(pa.string()))
    yield "pandas string", pd.Series(texts, dtype="string[pyarrow]")
    if not any(text and "\0" in text for text in texts):  # pandas itself takes such text for another
        yield "pandas coded", pd.Series(texts, dtype=object).astype("category")
    yield "index", pd.Index(texts, dtype=object)


@settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
@given(COLUMNS)
def test_every_kind_of_column_keeps_the_order_and_identity_of_text(texts):
    for kind, column in holders(texts):
        packed = pack(column, "person", len(texts))
        assert packed.keys.dtype == np.int64 and packed.keys.flags.c_contiguous, kind
        assert told(packed) == (sorted(set(texts)), texts), kind
        assert not packed.numbers and packed.distinct(packed.keys[:0]).dtype == object, kind


@settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
@given(st.lists(TEXTS | BLANKS, max_size=12))
def test_blanks_are_refused_or_minus_one_in_every_kind_of_column(texts):
    known = [text if text and text.strip() else None for text in texts]
    for kind, column in holders(texts):
        for blank in ("unknown", "alone"):
            packed = pack(column, "victim", len(texts), blank)
            assert (packed.keys >= -1).all() and ((packed.keys < 0) == [t is None for t in known]).all(), kind
            assert told(packed) == (sorted({text for text in known if text}), known), kind
        if None in known:
            with pytest.raises(ValueError, match=rf"^person: row {known.index(None) + 1} is blank"):
                pack(column, "person")


def test_blank_is_what_python_strips():
    signs = [
        chr(code) for code in (*range(0x3100), *range(0x3100, 0x110000, 97)) if not 0xD800 <= code <= 0xDFFF
    ]
    keys = pack(pa.array(signs), "victim", blank="unknown").keys
    assert [sign for sign, key in zip(signs, keys.tolist(), strict=True) if key < 0] == [
        sign for sign in signs if sign.strip() == ""
    ]
    assert pack(["\u3000x", "\xa0é", "  "], "victim", blank="unknown").keys.tolist().count(-1) == 1


def test_numbers_as_text_are_told_apart_and_ordered_as_text():
    texts = ["7", "007", "07", "10", "9", "07 "]
    assert told(pack(texts, "person"))[0] == ["007", "07", "07 ", "10", "7", "9"]
    alike = [f"P{number:018d}" for number in (10**18 - 1, 0, 5)]
    assert told(pack(alike, "person")) == (sorted(alike), alike)
    longer = [f"{number:019d}" for number in (10**19 - 1, 0, 5)]
    assert told(pack(longer, "person")) == (sorted(longer), longer)
    for same in (["P1"] * 3, ["é" * 80] * 3, ["x" * 65, "y" * 65]):
        assert told(pack(same, "person")) == (sorted(set(same)), same)
    cut = ["\u00e9", "\u00e8"]  # alike in the first of two bytes
    assert told(pack(cut, "person")) == (sorted(cut), cut)


INTS = st.lists(st.integers(-(2**63), 2**64 - 1) | st.integers(-3, 3), min_size=1, max_size=9)


@settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
@given(INTS)
def test_whole_numbers_keep_their_order_whatever_their_size(numbers):
    for column in (numbers, pd.Series(numbers, dtype=object)):
        packed = pack(column, "person")
        assert packed.numbers and told(packed) == (sorted(set(numbers)), numbers)
        alone = pack(column, "incident", blank="alone")
        assert (alone.keys >= 0).all() and told(alone) == (sorted(set(numbers)), numbers)
        unknown = pack(column, "victim", blank="unknown").keys
        assert ((unknown == -1) == [number < 0 for number in numbers]).all() and unknown.min() >= -1


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint64"])
def test_numbers_come_back_in_their_own_dtype_from_every_kind_of_column(dtype):
    wanted = np.array([3, 1, 100], dtype)
    spread = np.array([3, 0, 1, 0, 100], dtype)[::2]
    for column in (wanted, spread, pa.array(wanted), pl.Series(wanted), pd.Series(wanted)):
        packed = pack(column, "person", 3)
        held = packed.distinct(np.unique(packed.keys))
        assert held.dtype == dtype and held.tolist() == [1, 3, 100] and packed.keys.flags.c_contiguous
    large = pack(np.array([2**63, 1, 2**64 - 1], np.uint64), "person")
    assert told(large)[1] == [2**63, 1, 2**64 - 1]


def test_numbers_with_gaps_are_numbers_still():
    for column in (
        pa.array([5, None, -7]),
        pa.chunked_array([[5], [None, -7]], pa.int16()),
        pa.array([5, None, -7]).dictionary_encode(),
        pl.Series([5, None, -7]),
        pd.Series([5, None, -7], dtype="Int64"),
        pd.Series([5, None, -7], dtype=pd.ArrowDtype(pa.int64())),
        [5, None, -7],
    ):
        assert pack(column, "victim", blank="unknown").keys.tolist() == [5, -1, -1]
        alone = pack(column, "incident", blank="alone").keys
        assert alone[1] == -1 and 0 <= alone[2] < alone[0]
        with pytest.raises(ValueError, match="person: row 2 is blank"):
            pack(column, "person")


def test_other_values_are_taken_as_python_writes_them_and_make_no_person():
    for column, texts in (
        ([1, "1", None, 2.5], ["1", "1", None, "2.5"]),
        (np.array([1.0, np.nan]), ["1.0", None]),
        (pa.array([1.0, None]), ["1.0", None]),
        ([True, "x"], ["True", "x"]),
    ):
        assert told(pack(column, "victim", blank="unknown"))[1] == texts
        with pytest.raises(ValueError, match="person needs a one-dimensional array of integers or text"):
            pack(column, "person")
    with pytest.raises(ValueError, match="person needs a one-dimensional array of integers or text"):
        pack([["a"]], "person")
    with pytest.raises(ValueError, match="person needs a one-dimensional array of integers or text"):
        pack(np.array([[1]]), "person")


def test_columns_without_rows_or_without_ids():
    for column in ([], pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.nulls(0)):
        packed = pack(column, "person", 0)
        assert packed.keys.tolist() == [] and packed.distinct(packed.keys).tolist() == []
    for column in ([None, None], pa.nulls(2), pa.array([None, " "]).dictionary_encode(), [np.nan, ""]):
        packed = pack(column, "victim", 2, "unknown")
        assert packed.keys.tolist() == [-1, -1] and packed.distinct(packed.keys[:0]).tolist() == []
    assert pack(pa.array([None], pa.string()).dictionary_encode(), "x", blank="alone").keys.tolist() == [-1]


def test_a_dictionary_may_hold_what_no_row_has_and_the_same_text_twice():
    column = pa.DictionaryArray.from_arrays(pa.array([3, 1, None, 2]), pa.array(["", "b", "b", "a", None]))
    packed = pack(column, "victim", blank="unknown")
    assert told(packed) == (["a", "b"], ["a", "b", None, "b"])
    assert told(pack(column.filter(column.is_valid()), "person"))[1] == ["a", "b", "b"]


def test_bytes_under_a_null_are_not_looked_at():
    bitmap, offsets = pa.py_buffer(b"\x05"), pa.py_buffer(np.array([0, 2, 5, 7], np.int32).tobytes())
    column = pa.Array.from_buffers(pa.string(), 3, [bitmap, offsets, pa.py_buffer(b"P1xyzP2")])
    packed = pack(column, "victim", blank="unknown")
    assert packed.keys.tolist() == [1, -1, 2] and told(packed)[1] == ["P1", None, "P2"]


def test_errors_name_rows_and_never_an_id():
    with pytest.raises(ValueError, match="person: row 2 holds half a character") as raised:
        pack(["secret", "se\ud800cret"], "person")
    assert "secret" not in str(raised.value)
    with pytest.raises(ValueError, match="victim needs one value for each line"):
        pack(["a"], "victim", 2)
    with pytest.raises(ValueError, match="victim needs one value for each line"):
        pack(pa.array(["a"]), "victim", 2)


def test_polars_alone_is_read_without_arrow(monkeypatch):
    column = pl.Series(["b", None, "a"])
    monkeypatch.setattr(type(column), "to_arrow", lambda self: __import__("no_such_module"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert told(pack(column, "victim", blank="unknown")) == (["a", "b"], ["b", None, "a"])
