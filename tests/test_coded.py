"""Coded columns and the quick ways over them, each against the plain way on random input."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rfgscore.dates import NO_DAY
from rfgscore.ingest import values
from rfgscore.ingest.readers.coded import Coded, distinct_places, in_order
from rfgscore.ingest.values import bad_id, by_day, clean_id, joined_ids, named_ids, read_ids

#: What a look at many ids at once could overlook, beside any text.
BLANKS = ["", " ", " a", "a ", "a b", "|", "||", "|a", "a|", "| a", "\xa0x", "\u3000"]
NUMBERED = ["007", "1.5", "1E+5", "1.2e-10", "-3E+07", "E+"]
UNSEEN = ["\x00", "\x1f", "\x7f", "\x85", "\xad", "\u200b", "\ue000", "e\u0301", "\u00e9", "\u212b"]
ODD = st.sampled_from([*BLANKS, *NUMBERED, *UNSEEN])
IDS = st.lists(ODD | st.text(max_size=4) | st.text("aE+-1. |", max_size=6), max_size=12)
SHORT = st.text("ab", max_size=3)


@given(IDS, st.sampled_from(["", "number"]), st.sampled_from([1, 2, 4096]))
def test_ids_read_in_stretches_are_read_as_one_by_one(cells, typed, stretch):
    column = Coded.of(cells)
    before, values._STRETCH = values._STRETCH, stretch
    try:
        ids, bad = read_ids(column, typed)
    finally:
        values._STRETCH = before
    assert [ids.text(row) for row in range(len(cells))] == [clean_id(cell) for cell in cells]
    assert bad.tolist() == [bad_id(clean_id(cell)) or (typed != "" and "." in cell) for cell in cells]
    assert ids.values == tuple(sorted({clean_id(cell) for cell in cells} - {""}))


def test_one_spoilt_id_among_very_many_is_found():
    cells = [f"P{number:06}" for number in range(10_000)]
    cells[7_000], cells[8_000] = "1E+5", " P9"
    ids, bad = read_ids(Coded.of(cells))
    assert np.flatnonzero(bad).tolist() == [7_000] and ids.text(8_000) == "P9"
    assert len(ids.values) == 10_000 and list(ids.values) == sorted(ids.values)


@given(st.lists(st.none() | SHORT, max_size=40), st.dictionaries(SHORT, st.none() | SHORT, max_size=3))
def test_changing_some_values_is_numbering_all_anew(cells, changes):
    # Unused values make the column long enough for changes to be few.
    column = Coded.of([*cells, *(f"z{number:03}" for number in range(100))])
    by_code = {code: changes[text] for code, text in enumerate(column.values) if text in changes}
    found = column.changed(by_code)
    plain = Coded.from_first_seen(column.codes, [changes.get(text, text) for text in column.values])
    assert found.values == plain.values and found.codes.tolist() == plain.codes.tolist()
    assert column.map(lambda text: changes.get(text, text)).values == plain.values


def test_many_changes_are_worked_out_at_once():
    column = Coded.of(["a", "b", "c", None])
    found = column.changed({0: "c", 1: None, 2: "a"})
    assert found.values == ("a", "c") and found.codes.tolist() == [1, -1, 0, -1]


def test_placeholders_and_joined_records():
    column = Coded.of(["UNKNOWN", "P1", "P2", None, "unknown"])
    named = named_ids(column, frozenset({"unknown"}))
    assert [named.text(row) for row in range(5)] == ["", "P1", "P2", "", ""]
    joined = named.changed(joined_ids(named, {"P1": "P9", "P7": "P8"}))
    assert [joined.text(row) for row in range(5)] == ["", "P9", "P2", "", ""]
    assert joined_ids(named, {}) == {}


def test_numbers_of_another_numbering():
    column = Coded.of(["b", None, "a", "c"])
    assert column.among({"a": 5, "b": 7}).tolist() == [7, -1, 5, -1]
    assert column.among({"a": 5}, -2).tolist() == [-2, -2, 5, -2]


@given(st.lists(st.tuples(st.none() | SHORT, st.none() | SHORT), max_size=20))
def test_rows_that_hold_the_same_in_two_columns(pairs):
    left, right = (Coded.of([pair[side] for pair in pairs]) for side in (0, 1))
    assert left.same_as(right).tolist() == [a is not None and a == b for a, b in pairs]


def test_texts_that_are_too_long():
    column = Coded.of(["abc", None, "ab"])
    assert column.longer_than(3).tolist() == [False] * 3
    assert column.longer_than(2).tolist() == [True, False, False]
    assert Coded.blank(2).longer_than(0).tolist() == [False, False]


NUMBERS = st.sampled_from([-(2**31), -1, 0, 1, 2, 2**31 - 1, 2**61, 2**62 - 1])
ROWS = st.lists(st.tuples(*[NUMBERS] * 5), max_size=12)


@given(ROWS, st.integers(1, 5))
def test_rows_are_ordered_as_column_after_column_would(table, width):
    arrays = list(np.array(table, np.int64).reshape(-1, 5).T[:width])
    order, fresh = in_order(arrays)
    assert order.tolist() == np.lexsort(arrays[::-1]).tolist()
    rows = [tuple(array[row] for array in arrays) for row in order.tolist()]
    assert fresh.tolist() == [place == 0 or rows[place] != rows[place - 1] for place in range(len(rows))]


@given(st.lists(st.integers(0, 9), max_size=20))
def test_distinct_small_numbers(numbers):
    distinct, place = distinct_places(np.array(numbers, np.int64), 10)
    plain, plain_place = np.unique(np.array(numbers, np.int64), return_inverse=True)
    assert distinct.tolist() == plain.tolist() and place.tolist() == plain_place.tolist()


def test_a_function_of_days_is_called_once_for_each():
    called = []
    days = np.array([40, NO_DAY, -3, 40], np.int32)
    assert by_day(days, lambda day: called.append(day) or day * 2).tolist() == [80, NO_DAY, -6, 80]
    assert called == [-3, 40]
    assert by_day(np.array([NO_DAY], np.int32), int).tolist() == [NO_DAY]
