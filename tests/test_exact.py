"""Sums in sliding windows against rational arithmetic, and the rule that says when plain adding will do."""

from __future__ import annotations

import math
import os
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rfgscore.history.history import History
from rfgscore.tables import Table
from rfgscore.windows import at_events, panel, rfg, snapshot
from rfgscore.windows.exact import PARTIALS, added, total
from rfgscore.windows.features import exactly_added

EXAMPLES = int(os.environ.get("RFG_EXAMPLES", "1000"))

TINY, HUGE = 5e-324, 1e300

#: Weights that do not add up in float64, together or by themselves.
HARD = {
    "tenths": [0.1, 0.2, 0.3, 0.7],
    "thirds": [1 / 3, 2 / 3, 1 / 7],
    "far apart": [1e300, 1e-300, 1.0],
    "subnormal": [TINY, 3 * TINY, 2.0**-1022, 2.0**-1023, 0.1],
    "huge and tiny": [HUGE, TINY, HUGE / 3, 2.0**-1074 * 5],
    "half a unit": [1.0, 2.0**-53, 2.0**-53 + 2.0**-105, 2.0**-106, 1 + 2.0**-52],
    "whole": [0.0, 1.0, 2.5, 3650.0],
    "zero": [-0.0, 0.0, 0.1],
}


def examples(share: int) -> settings:
    return settings(max_examples=max(EXAMPLES // share, 1), deadline=None, derandomize=True, database=None)


class Row(NamedTuple):
    """One line as a test writes it."""

    person: int
    day: int
    known: int
    incident: int
    weight: float


#: Every float64 is a whole multiple of the least.
LEAST = 2**1074


@lru_cache(maxsize=2**12)
def whole(weight: float) -> int:
    return int(Fraction(weight) * LEAST)


def rounded(weights: Sequence[float]) -> float:
    """Return the sum, rounded once: Python divides whole numbers of any size so."""
    return sum(map(whole, weights)) / LEAST


class Truth:
    """What stands in a window, from the rows; each look is worked out once."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {who: sorted(rows, key=lambda row: row.day) for who, rows in _by_person(rows).items()}
        self._found: dict[Any, tuple[int, float]] = {}

    def at(self, person: int, day: int, window: int, before: bool) -> tuple[int, float]:
        """Return how many incidents there are, and the sum of the highest weight of each."""
        key = (person, day, window, before)
        if key not in self._found:
            rows, grave = self._rows[person], dict[int, float]()
            for row in rows[bisect_right(rows, day - window, key=lambda row: row.day) :]:
                seen = max(row.day, row.known)
                if seen < day if before else seen <= day:
                    grave[row.incident] = max(grave.get(row.incident, 0.0), row.weight)
            self._found[key] = len(grave), rounded(list(grave.values()))
        return self._found[key]


def _by_person(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.person, []).append(row)
    return found


def history_of(rows: Sequence[Row], alone: bool = False) -> History:
    columns: dict[str, Any] = {
        "person": [row.person for row in rows],
        "day": [row.day for row in rows],
        "gravity": [row.weight for row in rows],
        "known_day": [row.known for row in rows],
        "incident": [row.incident for row in rows],
    }
    if alone:
        del columns["known_day"], columns["incident"]
    return History.from_arrays(**columns)


def check(table: Table, day: Sequence[int], truth: Truth, windows: Sequence[int], before: bool) -> None:
    """Compare each count, sum and mean with rational arithmetic; `day` is the day looked at of each row."""
    who = table["perpetrator_id"]
    for window in windows:
        count, gravity = (table.columns[f"{name}_{window}d"].values for name in ("count", "gravity_sum"))
        expected = [truth.at(*look, window, before) for look in zip(who, day, strict=True)]
        assert list(zip(count.tolist(), gravity.tolist(), strict=True)) == expected
        assert not np.signbit(gravity).any()
        if len(windows) > 1:
            mean = table.columns[f"gravity_mean_{window}d"].values.tolist()
            assert mean == [total / number if number else -1.0 for number, total in expected]


def check_all(rows: Sequence[Row], windows: Sequence[int], dates: Sequence[int], alone: bool = False) -> None:
    """Look at everyone on dates and on the days of their lines, for one window and for all of them."""
    history, truth = history_of(rows, alone), Truth(rows)
    for features in (rfg(windows[0]), rfg(windows, further=["gravity_mean"])):
        asked = features.window_days
        table = panel(history, dates, features)
        check(table, table.columns["as_of"].values.tolist(), truth, asked, False)
        for date in dates:
            table = snapshot(history, date, features)
            check(table, [date] * len(table), truth, asked, False)
        for before in (False, True):
            table = at_events(history, features, include_current=not before)
            check(table, table.columns["day"].values.tolist(), truth, asked, before)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Row], list[int], list[int], bool]:
    weight = st.sampled_from(HARD[draw(st.sampled_from(list(HARD)))])
    alone = draw(st.booleans())
    row = st.builds(
        lambda person, day, late, incident, weight: Row(person, day, day + late, incident, weight),
        st.integers(0, 1),
        st.integers(0, 30),
        st.just(0) if alone else st.sampled_from([0, 0, 0, 1, 9]),
        st.integers(0, 5),
        weight,
    )
    rows = draw(st.lists(row, min_size=1, max_size=40))
    if alone:
        rows = [row._replace(incident=n) for n, row in enumerate(rows)]
    windows = draw(st.lists(st.sampled_from([1, 2, 5, 10, 400]), min_size=2, max_size=2, unique=True))
    dates = draw(st.lists(st.integers(-1, 45), min_size=1, max_size=6, unique=True))
    return rows, windows, sorted(dates), alone


@examples(5)
@given(cases())
def test_sums_are_rounded_once(case: tuple[list[Row], list[int], list[int], bool]) -> None:
    rows, windows, dates, alone = case
    check_all(rows, windows, dates, alone)


@pytest.mark.compiled
@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("lines", ["alone", "known late", "several an incident"])
def test_a_thousand_entries_and_departures(hard: str, lines: str) -> None:
    rng = np.random.default_rng(17)
    weights = rng.choice(HARD[hard], 1_000).tolist()
    days = np.sort(rng.integers(0, 300, 1_000)).tolist()
    late = rng.integers(0, 30, 1_000).tolist() if lines == "known late" else [0] * 1_000
    several = rng.integers(0, 150, 1_000).tolist()
    rows = [
        Row(0, day, day + wait, event if lines == "several an incident" else n, weight)
        for n, (day, wait, event, weight) in enumerate(zip(days, late, several, weights, strict=True))
    ]
    check_all(rows, [25, 90], list(range(0, 400, 23)), lines == "alone")


def test_huge_and_tiny_by_turns() -> None:
    # Every second departure leaves nothing but what plain adding would have lost.
    weights = [HUGE if n % 2 else TINY * (n + 1) for n in range(60)]
    rows = [Row(0, n, n, n, weight) for n, weight in enumerate(weights)]
    check_all(rows, [1, 2, 7], list(range(70)), alone=True)
    check_all([row._replace(incident=row.day // 3) for row in rows], [1, 2, 7], list(range(70)))


def test_what_has_left_leaves_no_trace() -> None:
    rows = [Row(0, day, day, day, weight) for day, weight in enumerate([HUGE, 0.1, 1 / 3, TINY])]
    for alone in (True, False):
        table = panel(history_of(rows, alone), [3, 4, 5, 6, 7], rfg(4))
        assert table["gravity_sum_4d"] == [HUGE, rounded([0.1, 1 / 3, TINY]), rounded([1 / 3, TINY]), TINY, 0]


# Sums that grow and shrink

positive = st.one_of(
    st.sampled_from([0.0, 0.1, 1 / 3, 1.0, 2.0**53, 2.0**-53, 2.0**-54, 2.0**-106, TINY, HUGE, 1e-300]),
    st.floats(0, 1e300, allow_subnormal=True),
    st.integers(1, 2**53).map(lambda n: math.ldexp(n, -1074)),
    st.integers(-1074, 900).map(lambda power: math.ldexp(1.0, power)),
)


def bits(value: float) -> str:
    return float(value).hex()


@examples(2)
@given(st.lists(st.tuples(positive, st.integers(0, 5)), max_size=60))
def test_added_and_taken_off_is_fsum_of_what_is_left(steps: list[tuple[float, int]]) -> None:
    partials, held, there = np.full(PARTIALS, np.nan), 0, []
    for weight, turn in steps:
        if turn < 2 and there:
            held = added(partials, held, -there.pop(turn % len(there)))
        else:
            there.append(weight)
            held = added(partials, held, weight)
        assert bits(total(partials, held)) == bits(math.fsum(there)) == bits(rounded(there))
        assert 0 <= held < PARTIALS  # what was taken off may leave more partials than numbers
    for weight in there:
        held = added(partials, held, -weight)
    assert held == 0 and bits(total(partials, held)) == bits(0.0)


@pytest.mark.parametrize("first_out", [True, False])
def test_a_long_run_stays_exact_and_small(first_out: bool) -> None:
    rng = np.random.default_rng(5)
    weights = np.ldexp(rng.random(1_500), rng.integers(-1070, 1000, 1_500)).tolist()
    partials, held, there, most = np.full(PARTIALS, np.nan), 0, [], 0
    for n, weight in enumerate(weights):
        there.append(weight)
        held = added(partials, held, weight)
        if n >= 200:
            held = added(partials, held, -there.pop(0 if first_out else rng.integers(len(there))))
        most = max(most, held)
        if n % 10 == 0:
            assert bits(total(partials, held)) == bits(math.fsum(there))
    # Not one a number: partials never overlap, however many numbers were added.
    assert 2 < most < 150


def test_once_infinite_it_stays_so() -> None:
    partials, held = np.zeros(PARTIALS), 0
    with np.errstate(over="ignore", invalid="ignore"):
        for weight in (1.7e308, 1.7e308, -1.7e308, -1.7e308):
            held = added(partials, held, weight)
    assert held == -1 and total(partials, held) == math.inf


# When plain adding will do


def unit(weights: Sequence[float]) -> Fraction:
    """Return the greatest power of two of which all weights are whole multiples."""
    powers = []
    for weight in map(Fraction, weights):
        if weight:
            numerator, denominator = weight.numerator, weight.denominator
            powers.append((numerator & -numerator).bit_length() - denominator.bit_length())
    return Fraction(2) ** min(powers, default=0)


dyadic = st.builds(
    math.ldexp,
    st.one_of(st.integers(0, 5), st.integers(2**20 - 2, 2**20 + 2), st.integers(2**52 - 3, 2**53)),
    st.one_of(st.integers(-60, 4), st.integers(-1074, 900)),
)
weight_lists = st.one_of(
    st.lists(dyadic, max_size=4),
    # One unit, and another some powers above it: about the edge.
    st.builds(
        lambda low, up, odd: [math.ldexp(1.0, low), math.ldexp(odd, low + up)],
        st.integers(-1074, 800),
        st.integers(40, 54),
        st.sampled_from([1, 3, 1023]),
    ),
)
many = st.one_of(st.integers(1, 9), st.integers(0, 30).map(lambda power: 2**power + power % 3))


@examples(1)
@given(weight_lists, many)
@example([0.0, -0.0], 10**6)
@example([1.0, 2.0**50], 4)
@example([1.0, 2.0**50 - 1], 4)
@example([TINY], 10**9)
@example([TINY, 2.0**-1022], 2)
def test_exact_is_never_said_in_error(weights: list[float], most: int) -> None:
    # Sums beyond float64 are another matter: they are infinite, which is told apart from any sum.
    if most * max(weights, default=0.0) > 1e308:
        return
    largest = most * max(map(Fraction, weights), default=Fraction(0)) / unit(weights)
    # Twice the largest sum: one incident's highest may come before the one it replaces goes.
    if exactly_added(np.array(weights), most):
        assert 2 * largest <= 2**53
    else:
        # It is in doubt near the edge only.
        assert largest > 2**49


@examples(2)
@given(
    st.lists(st.integers(0, 2**12), min_size=1, max_size=4),
    st.integers(30, 52),
    st.integers(-1074, 900),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=50),
)
def test_no_order_of_adding_and_taking_off_rounds(
    wholes: list[int], up: int, low: int, steps: list[tuple[bool, int]]
) -> None:
    weights = [math.ldexp(1.0, low), *(math.ldexp(whole, low + up - 12) for whole in wholes)]
    most = 50
    exact = exactly_added(np.array(weights), most)
    running, there = 0.0, []
    rounds = False
    for enters, which in steps:
        if enters or not there:
            there.append(weights[which % len(weights)])
            running += there[-1]
        else:
            running -= there.pop(which % len(there))
        rounds = rounds or Fraction(running) != sum(map(Fraction, there), Fraction(0))
    assert not (exact and rounds)


@pytest.mark.parametrize("power", [-1074, -1022, -60, 0, 900])
def test_at_the_edge(power: int) -> None:
    low = math.ldexp(1.0, power)
    high = np.array([low, math.ldexp(1.0, power + 40)])
    said = [exactly_added(high, 2**n) for n in range(16)]
    # Once False it stays so; 2**13 of them and one more unit would round.
    assert said == sorted(said, reverse=True) and said[8] and not said[12]
    assert not exactly_added(np.array([low, math.ldexp(1.0, power + 53)]), 1)
    assert not exactly_added(np.array([low * 3, math.ldexp(1.0, power + 60)]), 1)
    # Equal weights add up however small or great they are.
    assert exactly_added(np.full(3, low), 10**6) and exactly_added(high[1:], 10**6)
