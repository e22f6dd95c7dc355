"""The window engine where a caller, or a history of another make, could trip it."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rfgscore.errors import ConfigError, DataError, PointInTimeError
from rfgscore.history.history import History
from rfgscore.scoring.ahead import visible_lines
from rfgscore.windows import FURTHER, Features, at_events, panel, rfg, snapshot

ALL = rfg([7, 8], [2, 3], further=FURTHER)
ENGINES = ["numba", "numpy"]


def letters(**more: Any) -> History:
    return History.from_arrays(person=["a", "b", "c"], day=[1, 2, 3], gravity=[1, 2, 3], **more)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_history_of_some_persons_names_these(engine: str) -> None:
    some = visible_lines(letters(), np.array([1, 2]), 9)
    for table in (snapshot(some, 9, rfg(7), engine=engine), panel(some, [9], ALL, engine=engine)):
        assert table["perpetrator_id"] == ["b", "c"] and table["gravity_sum_7d"] == [0.0, 3.0]
    assert at_events(some, ALL, engine=engine)["perpetrator_id"] == ["b", "c"]


@pytest.mark.parametrize("engine", ENGINES)
def test_persons_without_a_line_have_no_row(engine: str) -> None:
    whole = History.from_arrays(person=[1, 2, 3], day=[9, 5, 9], gravity=[1.0, 2.0, 4.0])
    nobody = visible_lines(whole, np.array([0, 2]), 6)
    kept: dict[str, Any] = {"gravity_sum_7d": np.full(2, np.inf)}
    assert len(snapshot(nobody, 9, rfg(7), engine=engine, out=kept)) == 0
    assert len(panel(nobody, [8, 9], ALL, engine=engine)) == len(at_events(nobody, ALL, engine=engine)) == 0
    middle = visible_lines(whole, np.array([0, 1, 2]), 6)
    for features in (rfg(7), ALL):
        for table in (
            snapshot(middle, 9, features, engine=engine),
            at_events(middle, features, engine=engine),
        ):
            assert table["perpetrator_id"] == [2] and table["gravity_sum_7d"] == [2.0]


def test_numbers_that_leave_gaps_are_no_lone_incidents() -> None:
    history = History.from_arrays(person=[1, 1, 2], day=[1, 2, 3], gravity=[4, 1, 1], incident=[5, 5, 5])
    assert not history.alone
    gaps = replace(history, incident=np.array([9, 9, 1], np.int32), victim=np.array([7, 7, 3], np.int32))
    assert not gaps.alone
    assert snapshot(gaps, 9, rfg(30))["count_30d"] == panel(gaps, [9], ALL)["incident_number"] == [1, 1]
    assert History.from_arrays(person=[1, 1], day=[1, 2], gravity=[4, 1], incident=["x", ""]).alone


@pytest.mark.parametrize("engine", ENGINES)
def test_sums_beyond_float64_are_an_error_and_no_missing_value(engine: str) -> None:
    heavy = History.from_arrays(person=[1] * 5, day=[5, 5, 5, 5, 50], gravity=[1e308] * 5)
    for ask in (
        lambda: at_events(heavy, rfg(7), include_current=False, engine=engine),
        lambda: panel(heavy, [60], rfg(1, further=["gravity_trend"]), engine=engine),
    ):
        with pytest.raises(DataError, match="too large"):
            ask()
    steep = History.from_arrays(person=[1] * 3, day=[1, 2, 3], gravity=[1e300, 1e300, 1.5e308])
    with pytest.raises(DataError, match="too large"):
        at_events(steep, rfg(1, further=["gravity_trend"]), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_not_known_yet_makes_no_row(engine: str) -> None:
    history = History.from_arrays(person=[1, 1, 2], day=[1, 2, 1], gravity=[1, 2, 4], known_day=[1, 9, 9])
    then = history.at(5)
    assert at_events(then, rfg(7), engine=engine)["gravity_sum_7d"] == [1.0]
    assert panel(then, [5], rfg(7), engine=engine)["perpetrator_id"] == [1]
    with pytest.raises(PointInTimeError):
        panel(then, [5, 6], rfg(7), engine=engine)


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda h: at_events(h, rfg(1), clock="then"), ConfigError, "clock must be one of known, event"),
        (lambda h: at_events(h, rfg(1), engine="gpu"), ConfigError, "engine must be one of numba, numpy"),
        (lambda h: panel(h, [], rfg(1)), ConfigError, "at least one"),
        (lambda h: panel(h, [2**31], rfg(1)), ValueError, "int32"),
        (lambda h: snapshot(h, 1, rfg(1), threads=0), ConfigError, "threads"),
        (lambda h: rfg([]), ConfigError, "at least one length"),
        (lambda h: rfg([7, 7]), ConfigError, "once"),
        (lambda h: rfg(7, [2, 2.0]), ConfigError, "once"),
        (lambda h: rfg(7, further="gaps"), ConfigError, "no feature 'gaps'; there are: gravity_mean"),
        (lambda h: Features((0,)), ConfigError, "window_days"),
        (lambda h: Features((1,), (float("inf"),)), ConfigError, "half_life_days"),
        (lambda h: h.nothing, AttributeError, "a History has no 'nothing'"),
        (lambda h: snapshot(h, 9, rfg(1)).columns["count_1d"].nothing, AttributeError, "a column has no"),
    ],
)
def test_what_cannot_be_asked(ask: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ask(letters())


def test_one_date_is_a_panel_and_names_are_put_in_order() -> None:
    assert list(panel(letters(), "1970-01-10", rfg(7)).rows()) == [
        (row[0], row[1], *row[2:]) for row in panel(letters(), [9, 9, np.int32(9)], rfg(7)).rows()
    ]
    assert rfg(7, further=["gap_trend", "new_victims"]).further == ("new_victims", "gap_trend")
    assert rfg(7, further="gap_last").further == ("gap_last",)


def test_arrays_kept_by_the_caller_are_filled_again() -> None:
    history, kept = letters(), {}
    for ask in (
        lambda out: snapshot(history, 9, rfg(7, 3), out=out),
        lambda out: snapshot(history, 9, ALL, out=out),
        lambda out: panel(history, [5, 9], ALL, out=out),
        lambda out: at_events(history, ALL, out=out),
    ):
        fresh = [list(row) for row in ask(None).rows()]
        kept = {}
        ask(kept)
        before = {name: id(array) for name, array in kept.items()}
        for array in kept.values():
            array[:] = 77
        table = ask(kept)
        told = [[None if v != v else v for v in row] for row in table.rows()]
        assert told == [[None if v != v else v for v in row] for row in fresh]
        assert {name: id(array) for name, array in kept.items()} == before
        assert all(np.shares_memory(table.columns[name].values, array) for name, array in kept.items())
    kept["count_7d"] = np.zeros(1, np.int32)  # does not fit: replaced
    assert len(at_events(history, rfg(7), out=kept)) == len(kept["count_7d"]) == 3


def test_a_history_goes_to_another_process_whole() -> None:
    again = pickle.loads(pickle.dumps(letters(victim=["x", "", "y"])))  # noqa: S301 - our own bytes
    assert again.persons.tolist() == ["a", "b", "c"] and again.size == 3
    told = [list(at_events(made, ALL).rows()) for made in (again, letters(victim=["x", "", "y"]))]
    assert repr(told[0]) == repr(told[1])


def test_ids_of_a_few_rows_are_made_alone() -> None:
    table = snapshot(
        History.from_arrays(person=[f"P{n:05}" for n in range(99)], day=range(99), gravity=[1] * 99),
        99,
        rfg(9),
    )
    history_made = table.take(np.array([98, 3]))
    assert history_made["perpetrator_id"] == ["P00098", "P00003"]
    assert table["perpetrator_id"][97] == "P00097"
