"""The features: NumPy engine, kernels and DuckDB against the plain reference, on random histories."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.dates import to_day
from rfgscore.errors import PointInTimeError
from rfgscore.gravity.classes import classes_of
from rfgscore.history.history import History
from rfgscore.tables import Table
from rfgscore.windows import FURTHER, at_events, panel, rfg, snapshot
from rfgscore.windows.features import Features, class_numbers
from rfgscore.windows.reference import Line, Value, features_at
from rfgscore.windows.vectorised import evaluate

EXAMPLES = int(os.environ.get("RFG_EXAMPLES", "1000"))


def examples(share: int) -> settings:
    return settings(max_examples=max(EXAMPLES // share, 1), deadline=None, derandomize=True, database=None)


LEAP = to_day("2024-02-29")

#: `008/06` and `8N` are of one class, `106/02` and `LOCAL` of their own; `57/0` may be one of four.
OFFENCES = ("008/06", "106/02", "57/0", "8N", "LOCAL", "NON_CRIME")


class Row(NamedTuple):
    """One line as a test writes it; `code` is a place in `OFFENCES`."""

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
    days: list[int]
    features: Features


class Look(NamedTuple):
    """One person on one day, and what the reference is told besides."""

    person: int
    day: int
    clock: str = "known"
    include_current: bool = True
    events: bool = False


WHOLE = st.one_of(st.integers(0, 400).map(float), st.integers(0, 400).map(lambda n: n / 4))
DECIMAL = st.one_of(
    st.sampled_from([0.1, 0.2, 0.3, 0.7, 1e-6]), st.integers(0, 10**10).map(lambda micro: micro / 1e6)
)
WILD = st.one_of(st.floats(0, 1e300, allow_subnormal=True), st.sampled_from([-0.0, 2.0**-53, 1.0, 2.0**53]))


@st.composite
def cases(draw: st.DrawFn, spans: bool = True, wild: bool = True) -> Case:
    # The common case has a kernel of its own: each line an incident, none late or over days, whole weights.
    common = draw(st.integers(0, 3)) == 0
    lengths = st.sampled_from([1, 2, 7, 365, 366, 730])
    windows = draw(st.lists(lengths, min_size=1, max_size=1 if common else 3, unique=True))
    halves = st.sampled_from([1, 7.5, 30, 180])
    half_lives = draw(st.lists(halves, max_size=1 if common else 2, unique=True))
    names = st.sampled_from(list(FURTHER))
    further = () if common else draw(st.one_of(st.just(list(FURTHER)), st.lists(names, unique=True)))
    weight = WHOLE if common else draw(st.sampled_from([WHOLE, DECIMAL, WILD] if wild else [WHOLE, DECIMAL]))
    age = st.one_of(
        st.sampled_from([-1, 0, 0, 0, 1, *(window + n for window in windows for n in (-1, 0, 1))]),
        st.sampled_from([LEAP - to_day("2020-02-29"), LEAP - to_day("2023-02-28")]),
        st.integers(-5, 12),
    )
    row = st.builds(
        lambda who, age, span, late, code, incident, victim: Row(
            who, LEAP - age, LEAP - age + span, LEAP - age + late, code, incident, victim
        ),
        st.integers(0, 2),
        age,
        st.sampled_from([0, 0, 0, 1, 4, 40]) if spans else st.just(0),
        st.sampled_from([0, 0, 0, 0, 1, 2, 30, -3]),
        st.integers(0, len(OFFENCES) - 1),
        st.integers(0, 5),
        st.integers(-1, 2),
    )
    rows = draw(st.lists(row, min_size=1, max_size=24))
    if common:
        rows = [row._replace(last=row.first, known=row.first, incident=n) for n, row in enumerate(rows)]
    days = draw(
        st.lists(
            st.one_of(st.integers(LEAP - 5, LEAP + 40), st.integers(LEAP - 800, LEAP + 800)),
            max_size=2,
            unique=True,
        )
    )
    return Case(
        rows,
        draw(st.lists(weight, min_size=len(OFFENCES), max_size=len(OFFENCES))),
        sorted({LEAP, *days}),
        rfg(windows, half_lives, further=further),
    )


def tails(case: Case) -> list[int]:
    """Rank the rows under what follows person and day in the total order."""
    key = [(row.known, row.incident, row.code, row.victim, n) for n, row in enumerate(case.rows)]
    rank = {place: n for n, place in enumerate(sorted(key))}
    return [rank[place] for place in key]


def build(case: Case) -> History:
    """Lay out a history line by line, sorted by Python."""
    tail = tails(case)
    order = sorted(
        range(len(tail)),
        key=lambda n: (case.rows[n].person, case.rows[n].last, tail[n]),
    )
    rows = [case.rows[n] for n in order]
    whos = sorted({row.person for row in rows})

    def dense(name: str) -> np.ndarray:
        keys = {who: sorted({getattr(r, name) for r in rows if r.person == who} - {-1}) for who in whos}
        held = [(keys[row.person], getattr(row, name)) for row in rows]
        return np.array([-1 if value < 0 else known.index(value) for known, value in held], np.int32)

    return History(
        persons=np.array([100 + who for who in whos], np.int64),
        offsets=np.cumsum([0, *(sum(row.person == who for row in rows) for who in whos)]).astype(np.int64),
        event_day=np.array([row.first for row in rows], np.int32),
        end_day=np.array([row.last for row in rows], np.int32),
        day=np.array([row.last for row in rows], np.int32),
        known_day=np.array([row.known for row in rows], np.int32),
        code=np.array([row.code for row in rows], np.int32),
        incident=dense("incident"),
        victim=dense("victim"),
        tail=np.array([tail[n] for n in order], np.int64),
        offences=OFFENCES,
        weights=np.array(case.weights, np.float64),
    )


CLASSES = [None if code == "NON_CRIME" else ";".join(classes_of(code)) or code for code in OFFENCES]


def reference(case: Case, looks: Sequence[Look]) -> list[dict[str, Value]]:
    lines: dict[int, list[Line]] = {}
    for row, tail in zip(case.rows, tails(case), strict=True):
        victim = None if row.victim < 0 else row.victim
        weight = case.weights[row.code]
        line = Line(row.last, row.first, row.known, row.code, weight, row.incident, victim, tail)
        lines.setdefault(row.person, []).append(line)
    return [
        features_at(
            lines[look.person],
            look.day,
            case.features,
            classes=CLASSES,
            clock=look.clock,
            include_current=look.include_current,
            events=look.events,
        )
        for look in looks
    ]


def persons(case: Case) -> list[int]:
    return sorted({row.person for row in case.rows})


def all_looks(case: Case) -> list[Look]:
    """Return every person on every day, and every line on the day it becomes visible, in no order."""
    looks = [Look(who, day) for day in case.days for who in persons(case)]
    looks += [
        Look(row.person, seen_from(row, clock), clock, include_current, True)
        for row in case.rows
        for clock in ("known", "event")
        for include_current in (True, False)
    ]
    return looks


def seen_from(row: Row, clock: str) -> int:
    return row.first if clock == "event" else max(row.first, row.known)


def kinds(looks: Sequence[Look]) -> Iterator[tuple[tuple[str, bool, bool], list[Look]]]:
    """Yield looks by what the engine is told once for all of them."""
    for kind in dict.fromkeys(look[2:] for look in looks):
        yield kind, [look for look in looks if look[2:] == kind]


def marker(name: str) -> float:
    return math.nan if name in ("gap_trend", "gravity_trend") else -1


def exact(values: Sequence[float | None], name: str) -> list[str]:
    """Return values in a form that is equal only for the same bits, nulls as the arrays mark them."""
    return [float(marker(name) if value is None else value).hex() for value in values]


INT32 = {
    "days_since_last", "days_since_previous", "count", "victims", "offence_classes", "non_crime",
    "new_victims", "incident_number", "gap_last",
}  # fmt: skip


def same(found: dict[str, np.ndarray], wanted: Sequence[dict[str, Value]]) -> None:
    assert [list(found)] * len(wanted) == [list(one) for one in wanted]
    for name, values in found.items():
        whole = name.rsplit("_", 1)[0] in INT32 or name in INT32
        assert values.dtype == (np.int32 if whole else np.float64), name
        assert exact(values.tolist(), name) == exact([one[name] for one in wanted], name), name


def engine(history: History, case: Case, kind: tuple[str, bool, bool], looks: Sequence[Look]) -> Any:
    clock, include_current, events = kind
    known = np.maximum(history.known_day, history.event_day)
    return evaluate(
        history,
        np.array([persons(case).index(look.person) for look in looks], np.int64),
        np.array([look.day for look in looks], np.int32),
        case.features,
        seen=history.event_day if clock == "event" else known,
        classes=class_numbers(history),
        include_current=include_current,
        events=events,
    )


@examples(4)
@given(cases())
def test_numpy_engine_equals_reference(case: Case) -> None:
    history = build(case)
    for kind, looks in kinds(all_looks(case)):
        same(engine(history, case, kind, looks), reference(case, looks))


@examples(20)
@given(cases())
def test_numpy_engine_in_small_chunks(case: Case) -> None:
    history = build(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rfgscore.windows.vectorised._PAIRS", 9)
        for kind, looks in kinds(all_looks(case)):
            same(engine(history, case, kind, looks), reference(case, looks))


CONNECTION = duckdb.connect(config={"threads": 1})

#: The visible lines of each look, from the definitions; `place` counts them in the total order.
PAIRS_SQL = """
with pair as (
    select look, d, least(last, d) as day, incident, nullif(victim, -1) as victim, class, weight, micro,
        row_number() over (partition by look order by least(last, d), tail) as place
    from looks join lines on lines.person = looks.person
    where case clock when 'event' then first else greatest(first, known) end <= d - (not include_current)::int
)
"""

WINDOWS_SQL = f"""{PAIRS_SQL}
, inside as (
    select pair.*, w from pair, windows where d - day < w
), worst as (
    select look, w, incident, max(weight) as top, max(micro) as micro, bool_and(class is null) as harmless
    from inside group by all
), summed as (
    select look, w, count(*) as incidents, sum(micro)::bigint as micro, max(top) as top,
        count(*) filter (harmless) as harmless
    from worst group by all
), counted as (
    select look, w, count(distinct victim) as victims, count(distinct class) as classes
    from inside group by all
), met as (
    select look, d, victim, min(day) as day from pair where victim is not null group by all
), fresh as (
    select look, w, count(*) as victims from met, windows where d - day < w group by all
)
select coalesce(incidents, 0), coalesce(micro, 0) / 1000000, top, coalesce(counted.victims, 0),
    micro / 1000000 / incidents, coalesce(classes, 0), coalesce(harmless, 0), coalesce(fresh.victims, 0)
from looks cross join windows
left join summed using (look, w) left join counted using (look, w) left join fresh using (look, w)
order by look, windows.place
"""

EVER_SQL = f"""{PAIRS_SQL}
, latest as (
    select look, min(d - day) as since_last, min(d - day) filter (day < d) as since_previous
    from pair group by look
), incidents as (
    select look, incident, max(weight) as peak, min(place) as place from pair group by all
), numbered as (
    select *, row_number() over (partition by look order by place) - 1 as k from incidents
), grave as (
    select look, count(*) as incidents, max(peak) as top,
        case when count(*) > 1 then regr_slope(peak, k) end as slope
    from numbered group by look
), days as (
    select distinct look, day from pair
), gaps as (
    select look, day - lag(day) over (partition by look order by day) as gap,
        row_number() over (partition by look order by day) as k
    from days qualify gap is not null
), spaced as (
    select look, arg_max(gap, k) as last, median(gap) as median,
        case when count(*) > 1 then regr_slope(gap, k) end as slope
    from gaps group by look
)
select since_last, since_previous, grave.top, coalesce(incidents, 0), spaced.last, median, spaced.slope,
    grave.slope
from looks left join latest using (look) left join grave using (look) left join spaced using (look)
order by look
"""

DECAYED_SQL = f"""{PAIRS_SQL}
, incidents as (
    select look, d, incident, max(weight) as peak, min(day) as day from pair group by all
), decayed as (
    select look, h, sum(peak * pow(0.5, (d - day) / h)) as value from incidents, half_lives group by all
)
select coalesce(value, 0) from looks cross join half_lives left join decayed using (look, h)
order by look, half_lives.place
"""


def by_duckdb(case: Case, looks: Sequence[Look]) -> list[dict[str, Value]]:
    lines = pd.DataFrame(case.rows, columns=list(Row._fields)).assign(tail=tails(case))
    lines["weight"] = [case.weights[row.code] for row in case.rows]
    lines["micro"] = [round(case.weights[row.code] * 1e6) for row in case.rows]
    lines["class"] = pd.Series([CLASSES[row.code] for row in case.rows], dtype=object)
    windows, half_lives = case.features.window_days, case.features.half_life_days
    CONNECTION.register("lines", lines)
    CONNECTION.register(
        "looks",
        pd.DataFrame(
            [(n, look.person, look.day, look.clock, look.include_current) for n, look in enumerate(looks)],
            columns=["look", "person", "d", "clock", "include_current"],
        ),
    )
    CONNECTION.register("windows", pd.DataFrame({"w": windows, "place": range(len(windows))}))
    CONNECTION.register(
        "half_lives",
        pd.DataFrame({"h": np.array(half_lives, np.float64), "place": range(len(half_lives))}),
    )
    by_window = iter(CONNECTION.execute(WINDOWS_SQL).fetchall())
    decayed = iter(CONNECTION.execute(DECAYED_SQL).fetchall())
    asked = {"count", "gravity_sum", "gravity_max", "victims", *case.features.further}
    found = []
    for look, (last, previous, *ever) in zip(looks, CONNECTION.execute(EVER_SQL).fetchall(), strict=True):
        one: dict[str, Value] = (
            {"days_since_previous": previous} if look.events else {"days_since_last": last}
        )
        for window in windows:
            names = ("count", "gravity_sum", "gravity_max", "victims", *list(FURTHER)[:4])
            values = dict(zip(names, next(by_window), strict=True))
            one |= {f"{name}_{window}d": value for name, value in values.items() if name in asked}
        for half_life in half_lives:
            one[f"gravity_decayed_{half_life}d"] = next(decayed)[0]
        values = dict(zip(list(FURTHER)[4:], ever, strict=True))
        found.append(one | {name: value for name, value in values.items() if name in asked})
    return found


@examples(10)
@given(cases(wild=False))
def test_duckdb_equals_reference(case: Case) -> None:
    looks = all_looks(case)
    whole = all(weight * 4 == int(weight * 4) for weight in case.weights)
    for asked, plain in zip(by_duckdb(case, looks), reference(case, looks), strict=True):
        assert list(asked) == list(plain)
        for name, value in plain.items():
            if value is None or asked[name] is None:
                assert asked[name] is value, name
            elif name.startswith("gravity_sum"):
                assert asked[name] == round(value, 6)
            elif "decayed" in name or "trend" in name or (name.startswith("gravity_mean") and not whole):
                assert asked[name] == pytest.approx(value, rel=1e-9, abs=1e-9 * max(1, *case.weights)), name
            else:
                assert asked[name] == value, name


def rows_of(table: Table) -> dict[str, np.ndarray]:
    """Return the arrays of the features, having checked that nulls are where the arrays mark them."""
    arrays = {}
    for name, column in table.columns.items():
        if name in ("perpetrator_id", "day", "as_of"):
            assert not column.null.any()
            continue
        arrays[name] = column.values
        marked = [value.hex() == float(marker(name)).hex() for value in column.values.astype(float).tolist()]
        assert column.null.tolist() == marked, name
    return arrays


@pytest.fixture(autouse=True, scope="module")
def every_history_is_shared_out() -> Iterator[None]:
    """Let more threads than one work on histories of any size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rfgscore.windows.engine._THREADED_FROM", 0)
        yield


def raw(table: Table) -> dict[str, tuple[Any, bytes]]:
    return {
        name: (
            column.values.tolist() if column.values.dtype == object else column.values.tobytes(),
            column.null.tobytes(),
        )
        for name, column in table.columns.items()
    }


@examples(5)
@given(cases())
def test_snapshot_and_panel(case: Case) -> None:
    history = build(case)
    whole = panel(history, case.days[::-1], case.features)
    wanted, rows = [], []
    for day in case.days:
        looks = [Look(who, day) for who in persons(case)]
        ever = [(look, one) for look, one in zip(looks, reference(case, looks), strict=True)]
        ever = [(look, one) for look, one in ever if one["days_since_last"] is not None]
        table = snapshot(history, day, case.features)
        assert table["perpetrator_id"] == [100 + look.person for look, _ in ever]
        same(rows_of(table), [one for _, one in ever])
        assert raw(snapshot(history, day, case.features, engine="numpy")) == raw(table)
        assert raw(snapshot(history.at(day), day, case.features)) == raw(table)
        wanted += ever
        rows += [(day, *row) for row in table.rows()]
    assert list(whole.columns)[:2] == ["perpetrator_id", "as_of"] and whole.columns["as_of"].kind == "date"
    same(rows_of(whole), [one for _, one in wanted])
    stacked = zip(whole.columns["as_of"].values.tolist(), whole.rows(), strict=True)
    assert [(day, row[0], *row[2:]) for day, row in stacked] == rows
    assert raw(panel(history, case.days, case.features, engine="numpy")) == raw(whole)
    assert raw(panel(history, [*case.days, case.days[0]], case.features, threads=2)) == raw(whole)


@examples(5)
@given(cases(), st.booleans())
def test_at_events(case: Case, include_current: bool) -> None:
    history = build(case)
    by_tail = sorted(range(len(case.rows)), key=tails(case).__getitem__)
    order = [case.rows[by_tail[tail]] for tail in history.tail.tolist()]
    for clock in ("known", "event"):
        looks = [Look(row.person, seen_from(row, clock), clock, include_current, True) for row in order]
        table = at_events(history, case.features, include_current, clock)
        assert list(table.columns)[:2] == ["perpetrator_id", "day"] and table.columns["day"].kind == "date"
        assert table["perpetrator_id"] == [100 + look.person for look in looks]
        assert table.columns["day"].values.tolist() == [look.day for look in looks]
        same(rows_of(table), reference(case, looks))
        plain = at_events(history, case.features, include_current, clock, engine="numpy", threads=2)
        assert raw(plain) == raw(table)
        assert raw(at_events(history, case.features, include_current, clock, threads=2)) == raw(table)


@examples(20)
@given(cases())
def test_an_event_is_a_snapshot_of_its_day(case: Case) -> None:
    history = build(case)
    table = at_events(history, case.features)
    before = table["days_since_previous"]
    for place, row in enumerate(table.rows()):
        day = int(table.columns["day"].values[place])
        there = snapshot(history, day, case.features)
        (same_person,) = [other for other in there.rows() if other[0] == row[0]]
        assert list(table.columns)[3:] == list(there.columns)[2:]
        assert repr(row[3:]) == repr(same_person[2:])
        seen = there["days_since_last"][there["perpetrator_id"].index(row[0])]
        assert seen == 0 or before[place] == seen


@examples(10)
@given(cases(spans=False), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_input_rows_does_not_show(case: Case, random: Any, alone: bool) -> None:
    def tables(rows: Sequence[Row]) -> list[dict[str, tuple[Any, bytes]]]:
        history = History.from_arrays(
            person=[f"P{row.person}" for row in rows],
            day=[row.first for row in rows],
            gravity=[case.weights[row.code] + 0.0 for row in rows],
            victim=[row.victim for row in rows],
            incident=None if alone else [row.incident for row in rows],
            known_day=[row.known for row in rows],
            offence=[OFFENCES[row.code] for row in rows],
        )
        return [
            raw(at_events(history, case.features)),
            raw(at_events(history, case.features, clock="event", include_current=False)),
            raw(panel(history, case.days, case.features)),
        ]

    mixed = list(case.rows)
    random.shuffle(mixed)
    assert tables(mixed) == tables(case.rows)


ALL = rfg((730, 31, 366), (180, 7.5), further=tuple(FURTHER))


def long_history(weights: list[float], simple: bool) -> History:
    """Return a history in which some persons have hundreds of lines, with some of everything or simple."""
    rng = np.random.default_rng(5)
    size = 1_500
    who = np.minimum(rng.zipf(1.5, size), 40)
    first = rng.integers(15_000, 16_500, size)
    last = first + rng.integers(0, 60, size) * (rng.random(size) < 0.2)
    known = first + rng.integers(-3, 200, size) * (rng.random(size) < 0.2)
    incident, victim = rng.integers(0, 400, size), rng.integers(-1, 9, size)
    columns = (who, first, last, known, rng.integers(0, len(OFFENCES), size), incident, victim)
    rows = [Row(*row) for row in np.stack(columns, axis=1).tolist()]
    if simple:
        rows = [row._replace(last=row.first, known=row.first, incident=n) for n, row in enumerate(rows)]
    return build(Case(rows, weights, [], ALL))


@pytest.mark.compiled
@pytest.mark.parametrize("weights", [[3650.0, 19.5, 0.0, 1.0, 184.0, 2.0], [0.1, 0.2, 1e-6, 1e300, 0.7, 1.0]])
@pytest.mark.parametrize("simple", [False, True])
def test_engines_agree_on_long_histories(weights: list[float], simple: bool) -> None:
    history = long_history(weights, simple)
    days = range(15_000, 16_900, 100)
    for features in (ALL, rfg(730, 180)):
        for clock in ("known", "event"):
            for include_current in (True, False):
                table = at_events(history, features, include_current, clock, threads=3)
                assert raw(at_events(history, features, include_current, clock, engine="numpy")) == raw(table)
        table = panel(history, days, features, threads=3)
        assert raw(panel(history, days, features, engine="numpy")) == raw(table)
        table = snapshot(history, 16_000, features, threads=3)
        assert raw(snapshot(history, 16_000, features, engine="numpy")) == raw(table)


def test_days_further_apart_than_int32() -> None:
    low, high = 1 - 2**31, 2**31 - 1
    gap = high - low
    history = History.from_arrays(person=[1, 1, 2], day=[low, high, low], gravity=[4, 2, 8])
    features = rfg((2**33, gap, gap + 1), 180, further=tuple(FURTHER))
    for engine in ("numba", "numpy"):
        table = snapshot(history, high, features, engine=engine)
        assert table["days_since_last"] == [0, gap] and table["gap_last"] == [gap, None]
        assert table.columns["days_since_last"].kind == table.columns["gap_last"].kind == "int64"
        assert table["gap_median"] == [float(gap), None] and table["gravity_decayed_180d"] == [2.0, 0.0]
        assert table["gravity_trend"] == [-2.0, None]
        assert [table[f"count_{days}d"] for days in features.window_days] == [[2, 1], [1, 0], [2, 1]]
        assert at_events(history, features, engine=engine)["days_since_previous"] == [None, gap, None]


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_nothing_to_look_at(engine: str) -> None:
    empty = History.from_arrays(person=np.array([], np.int64), day=[], gravity=[])
    assert len(snapshot(empty, 0, ALL, engine=engine)) == len(at_events(empty, ALL, engine=engine)) == 0
    later = History.from_arrays(person=["a"], day=[5], known_day=[9], gravity=[1])
    assert len(snapshot(later, 8, ALL, engine=engine)) == 0
    assert len(panel(later, [7, 8, 9], ALL, engine=engine)) == 1
    alone = at_events(later, ALL, include_current=False, engine=engine)
    columns = {name: values[0] for name in alone.columns if (values := alone[name])}
    assert columns["count_730d"] == columns["incident_number"] == columns["gravity_decayed_180d"] == 0
    assert columns["gravity_max_ever"] is columns["gap_median"] is columns["gravity_mean_31d"] is None


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_no_later_than_the_history(engine: str) -> None:
    history = History.from_arrays(person=[1], day=[1], gravity=[1]).at(10)
    assert len(panel(history, [9, 10], ALL, engine=engine)) == 2
    with pytest.raises(PointInTimeError):
        panel(history, [9, 11], ALL, engine=engine)
    with pytest.raises(PointInTimeError):
        snapshot(history, 11, ALL, engine=engine)
