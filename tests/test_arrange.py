"""Building a history: the parts and the radix sort against sorting in plain Python."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.history.arrange import Arranged, arrange
from rfgscore.history.history import History
from rfgscore.history.radix import ALONE
from rfgscore.history.weights import encode

EXAMPLES = int(os.environ.get("RFG_EXAMPLES", "1000"))

Columns = dict[str, Any]

LOWEST, HIGHEST = -(2**63), 2**63 - 1
LINES = ("event_day", "end_day", "day", "known_day", "code", "incident", "victim", "tail")


def examples(share: int) -> settings:
    return settings(max_examples=max(EXAMPLES // share, 1), deadline=None, derandomize=True, database=None)


def numbered(keys: list[int], gone: int, person: list[int]) -> list[int]:
    """Number keys within the person as they come; `gone` below 0 gives -1, else a number each time."""
    found: dict[int, dict[Any, int]] = {}
    numbers = []
    for line, (who, key) in enumerate(zip(person, keys, strict=True)):
        held = found.setdefault(who, {})
        if key == gone and gone < 0:
            numbers.append(-1)
        else:
            numbers.append(held.setdefault(("alone", line) if key == gone else key, len(held)))
    return numbers


def sorted_in_python(columns: Columns) -> dict[str, list[int]]:
    """Return what `arrange` is to return, from `sorted` and dicts."""
    size = len(columns["key"])
    key, day, code = (columns[name].tolist() for name in ("key", "day", "code"))
    held = {name: None if columns[name] is None else columns[name].tolist() for name in columns}
    known = held["known"] or day
    incident = held["incident"] or [ALONE] * size
    victim = held["victim"] or [-1] * size
    rank = list(zip(key, day, known, incident, code, victim, range(size), strict=True))
    row = sorted(range(size), key=rank.__getitem__)
    person = [key[r] for r in row]
    starts = [n for n, who in enumerate(person) if n == 0 or who != person[n - 1]]
    return {
        "person": [person[start] for start in starts],
        "offsets": [*starts, size],
        "day": [day[r] for r in row],
        "known": [known[r] for r in row],
        "code": [code[r] for r in row],
        "incident": numbered([incident[r] for r in row], ALONE, person) if held["incident"] else [],
        "victim": numbered([victim[r] for r in row], -1, person),
        "row": row,
    }


def arranged(columns: Columns, **how: Any) -> Arranged:
    rest = dict(columns)
    codes = int(rest["code"].max(initial=0)) + 1
    return arrange(rest.pop("key"), rest.pop("day"), rest.pop("code"), codes, **rest, **how)


def check(columns: Columns, threads: int = 1) -> None:
    """Compare with plain Python, with and without the rows kept."""
    wanted = sorted_in_python(columns)
    made = arranged(columns, threads=threads, rows=True)
    for name, values in wanted.items():
        assert getattr(made, name).tolist() == values, name
    other = arranged(columns, threads=threads)
    assert len(other.row) == 0
    same(made._replace(row=other.row), other)


def same(one: Arranged, other: Arranged) -> None:
    for name, values, others in zip(Arranged._fields, one, other, strict=True):
        assert values.dtype == others.dtype and np.array_equal(values, others), name


def alike(one: History, other: History) -> None:
    for name in ("persons", "offsets", "weights", *LINES):
        mine, its = getattr(one, name), getattr(other, name)
        assert mine.dtype == its.dtype and mine.tobytes() == its.tobytes(), name
    assert one.offences == other.offences


def columns_of(
    key: Any,
    day: Any,
    code: Any = None,
    victim: Any = None,
    known: Any = None,
    incident: Any = None,
) -> Columns:
    def column(values: Any, dtype: Any) -> Any:
        return None if values is None else np.asarray(values, dtype)

    return {
        "key": np.asarray(key, np.int64),
        "day": np.asarray(day, np.int32),
        "code": np.zeros(len(key), np.int32) if code is None else np.asarray(code, np.int32),
        "victim": column(victim, np.int64),
        "known": column(known, np.int32),
        "incident": column(incident, np.int64),
    }


#: Ids side by side, clustered, at the ends of int64, and anywhere.
KEYS = st.one_of(
    st.integers(0, 4),
    st.builds(lambda prefix, serial: prefix * 10**12 + serial, st.integers(40, 43), st.integers(0, 3)),
    st.sampled_from([LOWEST, LOWEST + 1, -1, 0, 2**62, HIGHEST - 1, HIGHEST]),
    st.integers(LOWEST, HIGHEST),
)
DAYS = st.one_of(st.integers(0, 3), st.sampled_from([-(2**31), 2**31 - 1]), st.integers(-(2**31), 2**31 - 1))
CODES = st.one_of(st.integers(0, 2), st.integers(0, 20_000), st.just(2**31 - 2))
VICTIMS = st.one_of(st.integers(-1, 2), st.integers(-1, HIGHEST))
INCIDENTS = st.one_of(st.integers(0, 2), st.just(ALONE), st.integers(0, ALONE))


@st.composite
def rows(draw: st.DrawFn) -> Columns:
    # Values are drawn from small pools, so that rows tie.
    size = draw(st.integers(0, 40))
    again = draw(st.sampled_from([1, 1, 1, 3, 30]))

    def column(values: st.SearchStrategy[int]) -> list[int]:
        pool = st.sampled_from(draw(st.lists(values, min_size=1, max_size=6)))
        return draw(st.lists(pool, min_size=size, max_size=size)) * again

    return columns_of(
        column(KEYS),
        column(DAYS),
        column(CODES) if draw(st.booleans()) else None,
        column(VICTIMS) if draw(st.booleans()) else None,
        column(DAYS) if draw(st.booleans()) else None,
        column(INCIDENTS) if draw(st.booleans()) else None,
    )


@examples(4)
@given(rows())
def test_rows_stand_as_python_sorts_them(columns: Columns) -> None:
    check(columns)


@pytest.mark.parametrize(
    "key",
    [
        [LOWEST],
        [HIGHEST],
        [LOWEST, HIGHEST],
        [HIGHEST, LOWEST, 0, LOWEST, HIGHEST],
        [0, 2**62],
        [0, 2**62 + 5],
        [2**62 + 5, 0, 2**62 + 5],
        [-(2**62), 2**62 - 1],
        [-(2**62), 2**62],
        [-1, HIGHEST - 1],
        [-1, HIGHEST],
        [LOWEST, -1],
        [LOWEST, 0],
        [7, 7],
    ],
)
@pytest.mark.parametrize("again", [1, 2, 5, 200])
def test_few_persons_far_apart(key: list[int], again: int) -> None:
    size = len(key) * again
    check(columns_of(key * again, np.arange(size) * 7 % 5 - 2))


def sample(size: int, seed: int = 7, **other: Any) -> Columns:
    rng = np.random.default_rng(seed)
    return columns_of(
        rng.integers(0, max(size // 6, 1), size),
        rng.integers(0, 30, size),
        rng.integers(0, 9, size),
        rng.integers(-1, 4, size),
        rng.integers(0, 40, size),
        np.where(rng.random(size) < 0.3, ALONE, rng.integers(0, 5, size)),
    ) | {name: np.asarray(values) for name, values in other.items()}


def clustered(size: int) -> Any:
    serial = np.random.default_rng(3).integers(0, size // 4, size)
    return np.array([40, 41, 43, 99])[serial % 4] * 10**12 + serial


def with_outlier(size: int) -> Any:
    key = np.random.default_rng(4).integers(0, size // 4, size)
    key[size // 3] = 2**62
    return key


def with_giant(size: int) -> Any:
    key = np.random.default_rng(5).integers(0, size // 10, size)
    key[: size // 2] = size // 20
    return key


def anywhere(size: int) -> Any:
    few = np.random.default_rng(6).integers(LOWEST, HIGHEST, size // 5)
    return few[np.random.default_rng(8).integers(0, len(few), size)]


@pytest.mark.parametrize("lay_out", [clustered, with_outlier, with_giant, anywhere])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("full", [False, True])
def test_ids_that_do_not_spread(lay_out: Any, wide: bool, full: bool) -> None:
    size = 4_000
    columns = sample(size, key=lay_out(size))
    if wide:
        columns["day"] = np.random.default_rng(9).integers(-(2**31), 2**31, size).astype(np.int32)
    if not full:
        columns |= {"known": None, "incident": None}
    check(columns)


@pytest.mark.compiled
@pytest.mark.parametrize("lay_out", [clustered, with_outlier, anywhere])
@pytest.mark.parametrize("threads", [1, 3])
def test_many_ids_that_do_not_spread(lay_out: Any, threads: int) -> None:
    size = 70_000
    columns = sample(size, key=lay_out(size)) | {"known": None, "incident": None}
    check(columns, threads)


@pytest.mark.compiled
@pytest.mark.parametrize("full", [False, True])
def test_one_person_with_most_of_the_lines(full: bool) -> None:
    columns = sample(110_000, seed=11)
    rng = np.random.default_rng(12)
    columns["key"] = rng.permutation(np.append(np.full(100_000, 5_000), np.arange(10_000)))
    columns["day"] = rng.integers(0, 4_000, 110_000).astype(np.int32)
    columns["victim"] = rng.integers(-1, 60_000, 110_000) * 2**33
    if full:
        columns["incident"] = rng.integers(0, 30_000, 110_000) << 31
    else:
        columns |= {"known": None, "incident": None}
    check(columns, threads=2)


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129, 1_000])
@pytest.mark.parametrize("tied", ["key day", "key day known", "key day known incident", "all"])
def test_long_runs_of_ties(size: int, tied: str) -> None:
    rng = np.random.default_rng(size)
    free = {
        "known": rng.integers(-3, 3, size).astype(np.int32),
        "incident": np.where(rng.random(size) < 0.4, ALONE, rng.integers(0, 6, size)),
        "code": rng.integers(0, 3, size).astype(np.int32),
        "victim": rng.integers(-1, 3, size),
    }
    if tied == "all":
        free = {name: np.full_like(values, 2) for name, values in free.items()}
    elif "incident" in tied:
        free["incident"] = np.full(size, 4)
    if "known" in tied:
        free["known"] = np.full(size, 2, np.int32)
    check(sample(size, key=np.full(size, 3), day=np.full(size, 8, np.int32), **free))
    # The same among other persons.
    check(sample(size, key=rng.integers(0, 2, size), day=np.full(size, 8, np.int32), **free))


@pytest.mark.parametrize("codes", [1, 2, 2**20, 2**31 - 2])
def test_offences_go_with_the_key_where_there_is_room(codes: int) -> None:
    size, rng = 500, np.random.default_rng(1)
    narrow = sample(size, code=rng.integers(0, codes, size).astype(np.int32)) | {
        "known": None,
        "incident": None,
    }
    check(narrow)
    # Days this far apart leave no room for codes.
    check(narrow | {"day": rng.integers(-(2**31), 2**31, size).astype(np.int32)})
    check(narrow | {"key": clustered(size) * 1000})


@pytest.mark.parametrize("size", [17, 40, 300])
def test_victims_and_incidents_that_hash_alike(size: int) -> None:
    # High bits of one and low bits of the other cancel out in the place they are looked for first.
    keys = np.array([(n << 29) ^ n for n in range(size)], np.int64)
    rng = np.random.default_rng(size)
    key = np.zeros(size, np.int64)
    day = rng.integers(0, 9, size)
    check(columns_of(key, day, victim=rng.permutation(keys), incident=rng.permutation(keys)))
    check(columns_of(key, day, victim=np.full(size, HIGHEST), incident=np.full(size, HIGHEST - 1)))


@pytest.mark.parametrize("lay_out", ["sorted", "reverse", "nearly"])
def test_rows_that_stand_in_order_already(lay_out: str) -> None:
    columns = sample(3_000)
    order = np.array(sorted_in_python(columns)["row"])
    if lay_out == "reverse":
        order = order[::-1]
    if lay_out == "nearly":
        order[[5, 1_500]] = order[[1_500, 5]]
    check({name: values[order] for name, values in columns.items()})


# Weights


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0.0],
        [-0.0, 0.0, -0.0],
        [1.5, 5e-324, -0.0, 8.9e307, 1.7976931348623157e308, 5e-324],
        [float(n % 4_095) for n in range(9_000)],
        [float(n % 4_096) for n in range(9_000)],
        [n / 7 for n in range(4_097)] * 2,
        [n / 7 for n in range(20_000)],
    ],
)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_weights_are_told_apart(values: list[float], threads: int) -> None:
    distinct, code = encode(np.array(values), threads)
    assert distinct.tolist() == sorted(set(values)) and not np.signbit(distinct).any()
    assert distinct[code].tolist() == values
    assert code.dtype == np.int32 and distinct.dtype == np.float64


@pytest.mark.parametrize("bad", [-5e-324, -1.0, np.inf, -np.inf, np.nan, -np.nan])
@pytest.mark.parametrize("size", [1, 9_000])
def test_a_number_that_is_no_weight_is_refused(bad: float, size: int) -> None:
    for place in {0, size - 1}:
        values = np.arange(float(size))
        values[place] = bad
        for threads in (1, 2):
            with pytest.raises(ValueError, match="gravity needs one finite number"):
                encode(values, threads)


# The history as a whole


def given_rows(size: int, seed: int = 21) -> Columns:
    """Return arrays for `History.from_arrays`."""
    rng = np.random.default_rng(seed)
    day = rng.integers(10_000, 11_000, size).astype(np.int32)
    return {
        "person": rng.integers(0, max(size // 7, 1), size) * 3 + 10**9,
        "day": day,
        "gravity": np.round(rng.random(size) * 20) / 4,
        "victim": rng.integers(-1, 5, size),
        "incident": rng.integers(0, 4, size),
        "known_day": day + np.where(rng.random(size) < 0.1, rng.integers(0, 90, size), 0).astype(np.int32),
    }


@pytest.mark.parametrize("bare", [False, True])
def test_each_line_is_the_row_it_came_from(bare: bool) -> None:
    columns = given_rows(900)
    if bare:
        del columns["incident"], columns["known_day"]
    history = History.from_arrays(**columns, rows=True)
    row = history.row
    assert row is not None and np.array_equal(np.sort(row), np.arange(900))
    assert np.array_equal(np.repeat(history.persons, np.diff(history.offsets)), columns["person"][row])
    assert np.array_equal(history.day, columns["day"][row])
    assert np.array_equal(history.known_day, columns["day" if bare else "known_day"][row])
    assert np.array_equal(history.weights[history.code], columns["gravity"][row])
    assert np.array_equal(history.victim < 0, columns["victim"][row] < 0)


def test_ties_stand_by_row() -> None:
    history = History.from_arrays(person=[4] * 100, day=[2] * 100, gravity=[1.0] * 100, rows=True)
    assert history.row is not None and history.row.tolist() == list(range(100))


@pytest.mark.compiled
@pytest.mark.parametrize("bare", [False, True])
def test_the_same_bytes_with_any_threads_and_in_any_order(bare: bool) -> None:
    columns = given_rows(120_000)
    if bare:
        del columns["incident"], columns["known_day"]
    one = History.from_arrays(**columns, rows=True)
    for threads in (2, 3, 7):
        other = History.from_arrays(**columns, threads=threads, rows=True)
        alike(one, other)
        assert one.row is not None and other.row is not None and np.array_equal(one.row, other.row)
    shuffle = np.random.default_rng(2).permutation(120_000)
    for order in (shuffle, np.arange(120_000)[::-1], one.row):
        alike(one, History.from_arrays(**{name: c[order] for name, c in columns.items()}, threads=2))


@pytest.mark.compiled
def test_two_million_rows() -> None:
    size, rng = 2_000_000, np.random.default_rng(31)
    person = rng.integers(0, 300_000, size) + rng.integers(40, 44, size) * 10**12
    day = rng.integers(8_000, 12_000, size).astype(np.int32)
    gravity = rng.integers(0, 400, size) / 4
    history = History.from_arrays(person=person, day=day, gravity=gravity, threads=2, rows=True)
    # Without incidents, known days and victims rows that tie elsewhere stand by weight, then by row.
    order = np.lexsort((gravity, day, person))
    assert np.array_equal(history.row, order)
    assert np.array_equal(history.day, day[order])
    assert np.array_equal(history.weights[history.code], gravity[order])
    assert np.array_equal(history.persons, np.unique(person))
    assert np.array_equal(np.repeat(history.persons, np.diff(history.offsets)), person[order])


def frozen(values: Any) -> Any:
    values = values.copy()
    values.flags.writeable = False
    return values


def strided(values: Any) -> Any:
    wide = np.zeros((len(values), 3), values.dtype)
    wide[:, 1] = values
    return wide[:, 1]


def backward(values: Any) -> Any:
    return values[::-1].copy()[::-1]


def swapped(values: Any) -> Any:
    return values.astype(values.dtype.newbyteorder())


def listed(values: Any) -> Any:
    return values.tolist()


@pytest.mark.parametrize("dress", [frozen, strided, backward, swapped, listed])
def test_arrays_of_any_make(dress: Any) -> None:
    columns = given_rows(400)
    dressed = {name: dress(values) for name, values in columns.items()}
    alike(History.from_arrays(**columns), History.from_arrays(**dressed))


def test_memory_mapped_arrays(tmp_path) -> None:
    columns = given_rows(400)
    for name, values in columns.items():
        np.save(tmp_path / f"{name}.npy", values)
    mapped = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in columns}
    history = History.from_arrays(**mapped)
    alike(History.from_arrays(**columns), history)
    assert not isinstance(history.day, np.memmap) and not np.shares_memory(history.day, mapped["day"])


def test_arrays_of_the_caller_stay_as_they_are() -> None:
    columns = given_rows(400)
    before = {name: values.copy() for name, values in columns.items()}
    history = History.from_arrays(**columns, rows=True)
    _ = history.incident, history.tail, history.entry, history.first_seen
    for name, values in columns.items():
        assert values.flags.writeable and np.array_equal(values, before[name]), name
        # A caller who goes on writing into them does not change the history.
        values[:] = 1
    alike(history, History.from_arrays(**before))


def test_no_rows_and_one_row() -> None:
    empty = History.from_arrays(
        person=np.zeros(0, np.int64), day=[], gravity=[], victim=[], incident=[], known_day=[], rows=True
    )
    assert empty.offsets.tolist() == [0] and len(empty.persons) == len(empty.day) == len(empty.incident) == 0
    assert empty.row is not None and empty.row.dtype == np.int64
    one = History.from_arrays(person=[LOWEST], day=[-(2**31)], gravity=[-0.0], known_day=[2**31 - 1])
    assert one.persons.tolist() == [LOWEST] and one.seen.tolist() == [2**31 - 1]
    assert one.weights.tolist() == [0.0] and not np.signbit(one.weights).any()


@pytest.mark.parametrize("highest", [HIGHEST, 2**63, 2**64 - 1])
def test_the_greatest_number_is_an_incident_like_any_other(highest: int) -> None:
    incident = np.array([highest, 0, highest, highest], np.uint64)
    history = History.from_arrays(person=[1] * 4, day=[1, 2, 3, 4], gravity=[1] * 4, incident=incident)
    assert history.incident.tolist() == [0, 1, 0, 0]


def test_the_greatest_text_is_an_incident_like_any_other() -> None:
    # Eight signs at 21 places are 2**63 texts.
    incident = [sign * 21 for sign in "abcdefgh"] + ["h" * 21]
    history = History.from_arrays(
        person=[1] * 9, day=list(range(9)), gravity=[1] * 9, incident=incident, victim=incident
    )
    assert history.incident.tolist() == history.victim.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7]


def test_blank_incidents_are_alone_and_last_of_their_day() -> None:
    history = History.from_arrays(
        person=[1] * 5,
        day=[3] * 5,
        gravity=[1, 2, 3, 4, 5],
        incident=["", "b", None, "a", "b"],
        victim=[-5, 7, -1, 7, 6],
        rows=True,
    )
    assert history.row is not None and history.row.tolist() == [3, 1, 4, 0, 2]
    assert history.incident.tolist() == [0, 1, 1, 2, 3]
    assert history.victim.tolist() == [0, 0, 1, -1, -1]


def test_an_offence_of_two_weights_is_two_offences() -> None:
    history = History.from_arrays(
        person=[1, 1, 1, 1], day=[1, 2, 3, 4], gravity=[2, 1, 1, 2], offence=["b", "a", "b", "a"]
    )
    assert history.offences == ("a", "a", "b", "b") and history.weights.tolist() == [1, 2, 1, 2]
    assert history.code.tolist() == [3, 0, 2, 1]
