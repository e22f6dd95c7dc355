"""The windows: kernels against the plain reference, DuckDB, and the promises about bytes."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.dates import NO_DAY, to_day
from rfgscore.errors import ConfigError, DataError, PointInTimeError
from rfgscore.history.history import History
from rfgscore.windows import Features, Walk, in_window, rfg, rounded, snapshot, walk
from rfgscore.windows.kernels import PARTIALS, exact_sum
from rfgscore.windows.reference import Line, Person, people, person

EXAMPLES = int(os.environ.get("RFG_EXAMPLES", "1000"))
thorough = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
brief = settings(max_examples=max(EXAMPLES // 5, 1), deadline=None, derandomize=True, database=None)
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


class Row(NamedTuple):
    """One line as a test writes it; `person` and `code` are places in the lists of the case."""

    person: int
    first: int
    last: int
    known: int
    code: int
    incident: int
    victim: int


class Case(NamedTuple):
    """Rows with what they are looked at under."""

    rows: list[Row]
    weights: list[float]
    names: Sequence[Any]
    as_of: int
    window: int
    half_life: float | None
    exact: bool


LEAP = to_day("2024-02-29")


@st.composite
def cases(draw: st.DrawFn, spans: bool = False) -> Case:
    as_of = draw(st.sampled_from([LEAP, LEAP + 1, LEAP - 1, to_day("2023-02-28"), 0, 19_000]))
    window = draw(st.sampled_from([1, 2, 7, 365, 366, 730, 731]))
    exact = draw(st.booleans())
    weight = (
        st.one_of(
            st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 365.0]),
            st.integers(0, 10**10).map(lambda micro: micro / 1e6),
        )
        if exact
        else st.floats(0, 1e300, allow_subnormal=True)
    )
    weights = draw(st.lists(weight, min_size=1, max_size=5))
    age = st.one_of(
        st.sampled_from(
            [
                0,
                0,
                1,
                window - 1,
                window - 1,
                window,
                window + 1,
                -1,
                as_of - LEAP,
                as_of - to_day("2020-02-29"),
            ]
        ),
        st.integers(-3, 3 * window),
        st.integers(0, 5),
    )
    row = st.builds(
        lambda who, age, span, late, code, incident, victim: Row(
            who, as_of - age, as_of - age + span, as_of - age + late, code, incident, victim
        ),
        st.integers(0, 3),
        age,
        st.sampled_from([0, 0, 1, 4, 40]) if spans else st.just(0),
        st.one_of(st.sampled_from([0, 0, 0, 1]), st.integers(-3, 40)),
        st.integers(0, len(weights) - 1),
        st.integers(0, 4),
        st.integers(-1, 2),
    )
    names = draw(st.sampled_from([[3, 20, 100, 4_000_000_000], ["B", "a", "é", "𐀀"]]))
    half_life = draw(st.sampled_from([None, 1, 7.5, 30, 180, 365]))
    return Case(draw(st.lists(row, max_size=25)), weights, names, as_of, window, half_life, exact)


def build(case: Case, as_of: int | None = None) -> History:
    """Lay out a history line by line, sorted by Python."""
    cap = math.inf if as_of is None else as_of
    tails = sorted(
        range(len(case.rows)),
        key=lambda n: (case.rows[n][3], case.rows[n].incident, case.rows[n].code, case.rows[n].victim, n),
    )
    rank = {n: place for place, n in enumerate(tails)}
    days = [min(row.last, cap) if row.first <= cap else row.last for row in case.rows]
    order = sorted(range(len(case.rows)), key=lambda n: (case.rows[n].person, days[n], rank[n]))
    rows = [case.rows[n] for n in order]
    whos = sorted({row.person for row in rows})

    def dense(name: str) -> np.ndarray:
        keys = {who: sorted({getattr(r, name) for r in rows if r.person == who} - {-1}) for who in whos}
        values = [getattr(r, name) for r in rows]
        return np.array(
            [-1 if v < 0 else keys[r.person].index(v) for r, v in zip(rows, values, strict=True)], np.int32
        )

    names = [case.names[who] for who in whos]
    return History(
        persons=np.array(names, dtype=object if isinstance(case.names[0], str) else np.int64),
        offsets=np.cumsum([0, *(sum(row.person == who for row in rows) for who in whos)]).astype(np.int64),
        event_day=np.array([row.first for row in rows], np.int32),
        end_day=np.array([row.last for row in rows], np.int32),
        day=np.array([days[n] for n in order], np.int32),
        known_day=np.array([row.known for row in rows], np.int32),
        code=np.array([row.code for row in rows], np.int32),
        incident=dense("incident"),
        victim=dense("victim"),
        tail=np.array([rank[n] for n in order], np.int64),
        offences=tuple(str(n) for n in range(len(case.weights))),
        weights=np.array(case.weights, np.float64),
        as_of=as_of,
    )


def expected(case: Case, as_of: int) -> list[Person]:
    """Run the reference on rows capped at the day and freshly sorted; `worst_line` becomes the row."""
    found = []
    for who in sorted({row.person for row in case.rows}):
        rows = sorted(
            (min(row.last, as_of) if row.first <= as_of else row.last, *row[3:], n)
            for n, row in enumerate(case.rows)
            if row.person == who
        )
        rows.sort(key=lambda r: (r[0], r[1], r[3], r[2], r[4], r[5]))
        lines = [
            Line(
                day,
                case.rows[n].first,
                known,
                code,
                case.weights[code],
                incident,
                None if victim < 0 else victim,
            )
            for day, known, code, incident, victim, n in rows
        ]
        one = person(lines, as_of, case.window, case.half_life)
        found.append(one._replace(worst_line=None if one.worst_line is None else rows[one.worst_line][-1]))
    return found


def bits(values: Any) -> list[int]:
    return np.asarray(values, np.float64).view(np.int64).tolist()


def same(found: Walk, wanted: Sequence[Person], lines: Sequence[int | None]) -> None:
    """Compare a walk with the reference to the bit; `lines` is its worst line as the reference counts."""
    for name in ("visible", "lines", "incidents", "victims"):
        assert getattr(found, name).tolist() == [getattr(one, name) for one in wanted], name
    assert found.last_day.tolist() == [NO_DAY if one.last_day is None else one.last_day for one in wanted]
    assert bits(found.gravity_sum) == bits([one.gravity_sum for one in wanted])
    tops = [-1.0 if one.gravity_max is None else one.gravity_max + 0.0 for one in wanted]
    assert bits(found.gravity_max) == bits(tops)
    assert bits(found.decayed) == bits([one.decayed for one in wanted])
    assert list(lines) == [one.worst_line for one in wanted]


def raw(found: Walk) -> list[bytes]:
    return [getattr(found, spec.name).tobytes() for spec in fields(found)]


def rows_of(case: Case, seen: History, found: Walk) -> list[int | None]:
    """Translate the walk's worst lines to rows of the case."""
    tails = sorted(
        range(len(case.rows)),
        key=lambda n: (case.rows[n][3], case.rows[n].incident, case.rows[n].code, case.rows[n].victim, n),
    )
    return [None if line < 0 else tails[seen.tail[line]] for line in found.worst_line.tolist()]


CONNECTION = duckdb.connect(config={"threads": 1})

#: Written from the contract: known or happened later than D is not seen; ages 0 to W - 1 are in.
CONTRACT_SQL = """
with seen as (
    select *, $day - least(last, $day) as age from case_rows where first <= $day and known <= $day
), held as (
    select * from seen where age between 0 and $window - 1
), worst as (
    select person, incident, max(micro) as micro, max(weight) as weight from held group by person, incident
), summed as (
    select person, count(*) as incidents, sum(micro)::bigint as micro, max(weight) as top
    from worst group by person
), counted as (
    select person, count(*) as lines, count(distinct victim) filter (where victim <> -1) as victims
    from held group by person
)
select since.person, since.days, coalesce(incidents, 0), coalesce(micro, 0), top, coalesce(victims, 0),
       coalesce(lines, 0)
from (select person, min(age) as days from seen group by person) as since
left join summed on summed.person = since.person left join counted on counted.person = since.person
order by since.person
"""


def by_duckdb(case: Case, as_of: int) -> list[tuple[Any, ...]]:
    frame = pd.DataFrame(np.array(case.rows, np.int64).reshape(-1, 7), columns=list(Row._fields))
    codes = frame["code"].to_numpy()
    weights = np.array(case.weights, np.float64)
    frame["weight"] = weights[codes]
    frame["micro"] = (np.rint(weights * 1e6) if case.exact else np.zeros(len(weights))).astype(np.int64)[
        codes
    ]
    CONNECTION.register("case_rows", frame)
    return CONNECTION.execute(CONTRACT_SQL, {"day": as_of, "window": case.window}).fetchall()


@thorough
@given(cases())
def test_walk_equals_reference_and_duckdb(case: Case) -> None:
    history = build(case)
    found = walk(history, case.as_of, window_days=case.window, half_life_days=case.half_life)
    same(found, expected(case, case.as_of), rows_of(case, history, found))
    starts = history.offsets[:-1].tolist()
    places = [
        None if at < 0 else at - start for at, start in zip(found.worst_line.tolist(), starts, strict=True)
    ]
    same(found, people(history, case.as_of, case.window, case.half_life), places)

    table = snapshot(history, case.as_of, rfg(case.window, case.half_life))
    answers = by_duckdb(case, case.as_of)
    window = f"{case.window}d"
    assert table["perpetrator_id"] == [case.names[row[0]] for row in answers]
    assert table["days_since_last"] == [row[1] for row in answers]
    assert table[f"count_{window}"] == [row[2] for row in answers]
    assert table[f"gravity_max_{window}"] == [row[4] for row in answers]
    assert table[f"victims_{window}"] == [row[5] for row in answers]
    assert found.lines[found.visible > 0].tolist() == [row[6] for row in answers]
    if case.exact:
        assert rounded(table[f"gravity_sum_{window}"]).tolist() == [row[3] / 10**6 for row in answers]

    inside = in_window(history, case.as_of, case.window)
    assert (
        np.bincount(history.person_of_line()[inside], minlength=len(starts)).tolist() == found.lines.tolist()
    )

    order = np.random.default_rng(len(case.rows)).permutation(len(case.rows)).tolist()
    if order:
        columns = [[case.rows[n][field] for n in order] for field in range(7)]
        again = History.from_arrays(
            person=[case.names[who] for who in columns[0]],
            day=columns[1],
            known_day=columns[3],
            gravity=[case.weights[code] for code in columns[4]],
            incident=columns[5],
            victim=columns[6],
        )
        other = walk(again, case.as_of, window_days=case.window, half_life_days=case.half_life)
        # The worst line may be another of equal weight: here equal weights are one offence.
        assert raw(other)[:-1] == raw(found)[:-1]
        assert again.persons.tolist() == history.persons.tolist()


@brief
@given(cases(spans=True), st.integers(-45, 45))
def test_event_over_days(case: Case, shift: int) -> None:
    later = case.as_of + 100
    for history in (build(case), build(case, as_of=later)):
        for day in {case.as_of + shift, case.as_of, case.as_of + 2, later}:
            seen = history.at(day)
            found = walk(history, day, window_days=case.window, half_life_days=case.half_life)
            same(found, expected(case, day), rows_of(case, seen, found))
            assert raw(walk(seen, day, window_days=case.window, half_life_days=case.half_life)) == raw(found)
            inside = in_window(history, day, case.window)
            assert inside.sum() == found.lines.sum()
            assert all(inside[line] for line in found.worst_line[found.lines > 0])


@brief
@given(cases(spans=True))
def test_nothing_later_is_seen(case: Case) -> None:
    visible = [row for row in case.rows if max(row.first, row.known) <= case.as_of]
    features = rfg(case.window, case.half_life)
    full = snapshot(build(case), case.as_of, features)
    only = snapshot(build(case._replace(rows=visible), case.as_of), case.as_of, features)
    late = Row(1, case.as_of - 1, case.as_of - 1, case.as_of + 1, 0, 9, 1)
    more = snapshot(build(case._replace(rows=[late, *case.rows])), case.as_of, features)
    for name, column in full.columns.items():
        for other in (only.columns[name], more.columns[name]):
            assert column.null.tolist() == other.null.tolist()
            assert column.values.tolist() == other.values.tolist()


positive = st.one_of(
    st.floats(0, 1e300, allow_subnormal=True),
    st.integers(-1074, 900).map(lambda power: math.ldexp(1.0, power)),
    st.integers(0, 2**53).map(lambda n: math.ldexp(n, -1074)),
    st.sampled_from([0.0, -0.0, 1.0, 2.0**53, 2.0**-53, 2.0**-54, 2.0**-106, 5e-324, 0.1]),
)


def add(values: Sequence[float]) -> float:
    return float(exact_sum(np.array(values, np.float64), len(values), np.full(PARTIALS, np.nan)))


@brief
@given(st.lists(positive, max_size=60), st.booleans())
def test_exact_sum_is_fsum(values: list[float], mixed: bool) -> None:
    if mixed:
        values = [value if n % 3 else -value for n, value in enumerate(values)]
    assert bits(add(values)) == bits(math.fsum(values))


@pytest.mark.parametrize(
    "values",
    [
        [],
        [-0.0],
        [1.0, 2.0**-53],
        [1.0, 2.0**-53, 2.0**-106],
        [1.0, 2.0**-53, -(2.0**-106)],
        [1.0 + 2.0**-52, 2.0**-53],
        [1.0 + 2.0**-52, 2.0**-53, -(2.0**-1074)],
        [-1.0, -(2.0**-53), -(2.0**-1074)],
        [0.1] * 10,
        [5e-324] * 7,
        [1e16, 1.0, 1e-16],
        [1e308, 1.0, -1e308],
        [math.ldexp(1.0, power) for power in range(-1074, 1000, 54)] * 2,
        [math.ldexp((-1.0) ** power, power) for power in range(-1074, 1023, 2)],
    ],
)
def test_exact_sum_hard_cases(values: list[float]) -> None:
    assert bits(add(values)) == bits(math.fsum(values))
    assert bits(add(values[::-1])) == bits(math.fsum(values))


def test_sum_beyond_float64_is_refused() -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        assert add([1.7e308, 1.7e308]) == math.inf
        history = History.from_arrays(person=[1, 1], day=[1, 1], gravity=[1.7e308, 1.7e308])
        with pytest.raises(DataError, match="too large"):
            walk(history, 1, window_days=1)


def arrays(lines: int, persons: int, seed: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    day = rng.integers(15_000, 20_000, lines)
    return {
        "person": np.minimum(rng.zipf(1.6, lines), persons),
        "day": day,
        "known_day": day + rng.integers(0, 200, lines) * (rng.random(lines) < 0.2),
        "gravity": np.round(rng.exponential(100, lines), rng.integers(1, 7)),
        "victim": rng.integers(-1, 50, lines),
        "incident": rng.integers(0, lines // 2, lines),
    }


def test_same_bytes_at_any_thread_count_and_row_order() -> None:
    data = arrays(60_000, 3_000)
    wanted = walk(History.from_arrays(**data), 19_900, window_days=730, half_life_days=180)
    assert (wanted.lines.max() > 1_000) and (wanted.visible == 0).any()
    for threads in (2, 3):
        found = walk(
            History.from_arrays(**data), 19_900, window_days=730, half_life_days=180, threads=threads
        )
        assert raw(found) == raw(wanted)
    order = np.random.default_rng(1).permutation(60_000)
    mixed = History.from_arrays(**{name: array[order] for name, array in data.items()})
    assert raw(walk(mixed, 19_900, window_days=730, half_life_days=180, threads=2)) == raw(wanted)


def test_threads_outnumber_persons() -> None:
    history = History.from_arrays(
        person=np.zeros(50_000, int), day=np.zeros(50_000, int), gravity=np.ones(50_000)
    )
    found = walk(history, 0, window_days=1, threads=8)
    assert found.lines.tolist() == [50_000] and found.gravity_sum.tolist() == [50_000.0]
    assert threading.active_count() == 1 or not any("ThreadPool" in t.name for t in threading.enumerate())


def test_one_person_with_100_000_lines() -> None:
    history = History.from_arrays(**arrays(100_000, 1))
    found = walk(history, 19_800, window_days=730, half_life_days=180)
    wanted = people(history, 19_800, 730, 180)
    same(found, wanted, found.worst_line.tolist())


def test_far_days() -> None:
    low, high = -(2**31), 2**31 - 1
    history = History.from_arrays(person=[1, 1, 2], day=[low, high, low], gravity=[4, 2, 8])
    found = walk(history, high, window_days=730, half_life_days=180)
    assert found.visible.tolist() == [2, 1] and found.last_day.tolist() == [high, low]
    assert found.lines.tolist() == [1, 0] and found.decayed.tolist() == [2.0, 0.0]
    assert walk(history, high, window_days=2**40).lines.tolist() == [2, 1]
    assert walk(history, high, window_days=2**32 - 1).lines.tolist() == [1, 0]
    assert in_window(history, high, 2**32).tolist() == [True, True, True]
    table = snapshot(history, high, rfg(730))
    assert table["perpetrator_id"] == [1, 2] and table["days_since_last"] == [0, 2**32 - 1]
    assert snapshot(history, low, rfg(1))["count_1d"] == [1, 1]
    with pytest.raises(ConfigError, match="too long"):
        walk(history, high, window_days=1, half_life_days=10**7)
    for outside in (2**31, low - 1):
        with pytest.raises(ValueError, match="int32"):
            walk(history, outside, window_days=1)
    with pytest.raises(TypeError):
        walk(history, 1.5, window_days=1)  # type: ignore[arg-type]


def test_decay_reaches_down_to_the_last_subnormal() -> None:
    history = History.from_arrays(person=[1, 2, 3], day=[2, 1, 0], gravity=[1, 1, 1])
    assert walk(history, 1075, window_days=1, half_life_days=1).decayed.tolist() == [0.5**1073, 5e-324, 0.0]


@pytest.mark.parametrize("ids", [np.array([], np.int64), np.array([], object)])
def test_no_lines(ids: np.ndarray) -> None:
    history = History.from_arrays(person=ids, day=[], gravity=[])
    table = snapshot(history, 0, rfg(730, 180))
    assert len(table) == 0 and len(table.columns) == 7
    assert in_window(history, 0, 1).tolist() == []
    assert [len(array) for array in vars(walk(history, 0, window_days=1)).values()] == [0] * 9


def test_no_visible_line() -> None:
    history = History.from_arrays(person=["a", "b"], day=[5, 1], known_day=[5, 9], gravity=[1, 1])
    found = walk(history, 4, window_days=10, half_life_days=3)
    assert found.last_day.tolist() == [NO_DAY] * 2 and found.worst_line.tolist() == [-1] * 2
    assert found.gravity_max.tolist() == [-1.0] * 2 and found.decayed.tolist() == [0.0] * 2
    assert len(snapshot(history, 4, rfg(10, 3))) == 0


def test_table() -> None:
    history = History.from_arrays(
        person=[20, 3, 3, 3], day=[0, 700, 1, 731], gravity=[9, 0.1, 7, 0.2], victim=[1, 2, 2, -1]
    )
    table = snapshot(history, "1972-01-02", rfg(730, half_life_days=180.0), threads=2)
    assert list(table.columns) == [
        "perpetrator_id",
        "days_since_last",
        "count_730d",
        "gravity_sum_730d",
        "gravity_max_730d",
        "victims_730d",
        "gravity_decayed_180d",
    ]
    kinds = [column.kind for column in table.columns.values()]
    assert kinds == ["int64", "int32", "int32", "float64", "float64", "int32", "float64"]
    rows = list(table.rows())
    assert rows[0][:6] == (3, 0, 2, math.fsum([0.1, 0.2]), 0.2, 1)
    assert rows[1][:6] == (20, 731, 0, 0.0, None, 0)
    assert rows[1][6] == 9 * 0.5 ** (731 / 180)
    assert table.columns["gravity_max_730d"].values.tolist() == [0.2, -1.0]
    for day in (731, np.int64(731), to_day("1972-01-02")):
        assert list(snapshot(history, day, rfg(730, 180)).rows()) == rows
    assert list(snapshot(history, 731, rfg(5)).columns)[-1] == "victims_5d"
    assert list(snapshot(history, 731, rfg(5, 7.5)).columns)[-1] == "gravity_decayed_7.5d"


def test_worst_line_by_weight_then_day_then_code_then_place() -> None:
    rows = [
        Row(0, 5, 5, 5, 0, 0, -1),
        Row(0, 6, 6, 6, 2, 0, -1),
        Row(0, 6, 6, 6, 1, 1, -1),
        Row(0, 6, 6, 7, 1, 1, -1),
        Row(0, 7, 7, 7, 3, 1, -1),
    ]
    case = Case(rows, [4.0, 4.0, 4.0, 1.0], [1], 9, 9, None, True)
    history = build(case)
    found = walk(history, 9, window_days=9)
    assert rows_of(case, history, found) == [2]


def test_a_weight_of_minus_zero_is_zero() -> None:
    history = replace(History.from_arrays(person=[1], day=[1], gravity=[0]), weights=np.array([-0.0]))
    found = walk(history, 1, window_days=1, half_life_days=1)
    assert bits(found.gravity_sum) == bits(found.gravity_max) == bits(found.decayed) == [0]


def test_read_only_results() -> None:
    found = walk(History.from_arrays(person=[1], day=[1], gravity=[1]), 1, window_days=1)
    with pytest.raises(ValueError, match="read-only"):
        found.lines[0] = 2


def test_later_than_the_history() -> None:
    history = replace(History.from_arrays(person=[1], day=[1], gravity=[1]), as_of=10)
    assert len(snapshot(history, 9, rfg(1))) == 1
    for ask in (snapshot, lambda h, d, f: in_window(h, d, f.window_days[0])):
        with pytest.raises(PointInTimeError):
            ask(history, 11, rfg(1))


def test_person_numbers_beyond_int64() -> None:
    history = History.from_arrays(person=np.array([2**63, 1], np.uint64), day=[1, 1], gravity=[1, 1])
    with pytest.raises(DataError, match="int64"):
        snapshot(history, 1, rfg(1))
    small = History.from_arrays(person=np.array([2, 1], np.uint64), day=[1, 1], gravity=[1, 1])
    assert snapshot(small, 1, rfg(1))["perpetrator_id"] == [1, 2]


@pytest.mark.parametrize("window", [0, -1, 1.0, "730", None, True])
def test_bad_window(window: Any) -> None:
    history = History.from_arrays(person=[1], day=[1], gravity=[1])
    for ask in (rfg, Features, lambda w: walk(history, 1, window_days=w), lambda w: in_window(history, 1, w)):
        with pytest.raises(ConfigError, match="window_days"):
            ask(window)


@pytest.mark.parametrize("half_life", [0, -1, 0.0, math.nan, math.inf, "180", True])
def test_bad_half_life(half_life: Any) -> None:
    history = History.from_arrays(person=[1], day=[1], gravity=[1])
    for ask in (lambda h: rfg(1, h), lambda h: walk(history, 1, window_days=1, half_life_days=h)):
        with pytest.raises(ConfigError, match="half_life_days"):
            ask(half_life)


@pytest.mark.parametrize("threads", [0, -2, 1.5, False])
def test_bad_threads(threads: Any) -> None:
    history = History.from_arrays(person=[1], day=[1], gravity=[1])
    with pytest.raises(ConfigError, match="threads"):
        snapshot(history, 1, rfg(1), threads=threads)


def test_bad_as_of() -> None:
    history = History.from_arrays(person=[1], day=[1], gravity=[1])
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        snapshot(history, "2024-2-1", rfg(1))


near_half = st.integers(-(10**15), 10**15).map(lambda n: (n + 0.5) / 1e6)


@brief
@given(
    st.lists(st.one_of(st.floats(), near_half, near_half.map(lambda x: math.nextafter(x, 0))), max_size=30)
)
def test_rounded_is_pythons_round(values: list[float]) -> None:
    assert [repr(value) for value in rounded(values).tolist()] == [repr(round(value, 6)) for value in values]


def test_rounded_in_bulk() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate(
        [rng.exponential(10.0**power, 5_000) for power in range(-8, 12)]
        + [rng.integers(0, 10**9, 20_000) / 1e7, (rng.integers(-(10**9), 10**9, 20_000) + 0.5) / 1e6]
    )
    assert bits(rounded(values)) == bits([round(value, 6) for value in values.tolist()])
    assert rounded(np.asfortranarray(np.full((2, 2), 0.1234567))).tolist() == [[0.123457] * 2] * 2
