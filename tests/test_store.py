"""The history kept on disk: the rows decide its bytes, and it is whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.errors import DataError, FormatError, InputNotFoundError, OutputError, WriteError
from rfgscore.history import shelf

EXAMPLES = max(40, int(os.environ.get("RFG_EXAMPLES", "0")) // 40)
COLUMNS = ("person", "day", "gravity", "victim", "incident", "known_day", "offence")
ROWS = {
    "person": ["P2", "P1", "P2", "P1"],
    "day": [10, 5, 4, 12],
    "gravity": [1.0, 2.0, 3.0, 1.0],
    "victim": ["V1", None, "V2", "V1"],
    "incident": ["I1", "", "I1", None],
    "known_day": [11, 5, 4, 20],
}


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def scored(history: rfg.History) -> list[tuple]:
    """Return what the scores of some days are made of; they need persons that fit int64."""
    if history.persons.dtype == np.uint64:
        history = replace(history, persons=history.persons.astype(object))
    features = rfg.windows.rfg(6, half_life_days=3)
    return [row for day in (3, 8, 15) for row in rfg.windows.snapshot(history, day, features).rows()]


def facts(history: rfg.History) -> list:
    """Return the columns of a history."""
    lines = ("offsets", "event_day", "end_day", "day", "known_day", "code", "incident", "victim", "tail")
    named = [getattr(history, name).tolist() for name in (*lines, "persons", "weights")]
    return [*named, history.offences]


def taken(columns, rows):
    return {name: [values[row] for row in rows] for name, values in columns.items()}


@pytest.fixture
def store(tmp_path):
    return rfg.Store.create(tmp_path / "store", **ROWS)


TEXT = st.sampled_from(["a", "b", "10", "9", "é", "long id with many letters " * 4, "\U0001f600", "\uffff"])
IDS = {
    "text": (TEXT, TEXT | st.sampled_from([None, " "])),
    "numbers": (st.integers(-3, 9), st.integers(-3, 9)),
    "large": (st.integers(2**63, 2**64 - 1), st.integers(0, 9)),
}


@st.composite
def tables(draw):
    """Return rows as columns, of which only the first three are always there."""
    size = draw(st.integers(0, 9))
    person, other = IDS[draw(st.sampled_from(sorted(IDS)))]
    day, weights = st.integers(-2, 12), [1.0, 2.5, 0.0, 10.0, 0.1]
    columns = {
        "person": st.lists(person, min_size=size, max_size=size),
        "day": st.lists(day, min_size=size, max_size=size),
        "victim": st.lists(other, min_size=size, max_size=size),
        "incident": st.lists(other, min_size=size, max_size=size),
        "known_day": st.lists(day, min_size=size, max_size=size),
    }
    wanted = {"person", "day", *draw(st.sets(st.sampled_from(["victim", "incident", "known_day"])))}
    table = {name: draw(column) for name, column in columns.items() if name in wanted}
    codes = draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    table["gravity"] = [weights[code] for code in codes]
    if draw(st.booleans()):
        table["offence"] = [f"O{code % draw(st.integers(1, 5))}" for code in codes]
    return table


@settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
@given(table=tables(), data=st.data())
def test_appending_gives_the_bytes_of_a_store_of_all_rows_in_any_order(tmp_path_factory, table, data):
    size = len(table["day"])
    order = data.draw(st.permutations(range(size)))
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=3)))
    folder = tmp_path_factory.mktemp("stores")
    whole = rfg.Store.create(folder / "whole", **table)
    rfg.Store.create(folder / "mixed", **taken(table, order), threads=2)
    edges = [0, *cuts, size]
    grown = rfg.Store.create(folder / "grown", **taken(table, order[: edges[1]]))
    for start, end in pairwise(edges[1:]):
        grown.append(**taken(table, order[start:end]), threads=2)
    wanted = contents(folder / "whole")
    assert wanted == contents(folder / "mixed") == contents(folder / "grown")
    assert len(whole) == len(grown) == len(rfg.Store.open(folder / "grown", verify=True)) == size
    plain = rfg.History.from_arrays(**table)
    for history in (whole.history(), grown.history()):
        assert facts(history) == facts(plain) and scored(history) == scored(plain)


@settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
@given(table=tables(), data=st.data())
def test_a_column_that_a_part_lacks_is_blank_there(tmp_path_factory, table, data):
    size = len(table["day"])
    cut = data.draw(st.integers(0, size))
    lacks = data.draw(st.sets(st.sampled_from([name for name in COLUMNS[3:] if name in table] or ["none"])))
    first, second = taken(table, range(cut)), taken(table, range(cut, size))
    blank = {
        "victim": None,
        "incident": None,
        "known_day": lambda row: table["day"][row],
        "offence": lambda row: str(table["gravity"][row]),
    }
    filled = dict(table)
    for name in lacks & set(table):
        del second[name]
        value = blank[name]
        late = [value(row) if value else None for row in range(cut, size)]
        filled[name] = first[name] + late
    if cut == 0:  # then nothing has a code
        filled = {name: column for name, column in filled.items() if name != "offence" or name not in lacks}
    folder = tmp_path_factory.mktemp("stores")
    rfg.Store.create(folder / "grown", **first).append(**second)
    rfg.Store.create(folder / "whole", **filled)
    assert contents(folder / "grown") == contents(folder / "whole")


@pytest.mark.compiled
def test_many_rows_give_the_same_bytes_in_any_order_and_with_any_threads(tmp_path):
    rng = np.random.default_rng(7)
    size = 60_000
    rows = {
        "person": rng.integers(0, 5_000, size),
        "day": rng.integers(18_000, 20_000, size).astype(np.int32),
        "gravity": rng.choice([0.1, 2.0, 30.0], size),
        "victim": rng.integers(-1, 900, size),
        "incident": rng.integers(0, 40_000, size),
    }
    rng.shuffle(order := np.arange(size))
    mixed = {name: column[order] for name, column in rows.items()}
    rfg.Store.create(tmp_path / "whole", **rows)
    rfg.Store.create(tmp_path / "mixed", **mixed, threads=3)
    grown = rfg.Store.create(tmp_path / "grown", **{name: column[1_000:] for name, column in mixed.items()})
    grown.append(**{name: column[:1_000] for name, column in mixed.items()}, threads=2)
    assert contents(tmp_path / "whole") == contents(tmp_path / "mixed") == contents(tmp_path / "grown")
    assert scored(grown.history()) == scored(rfg.History.from_arrays(**rows))


def test_a_store_tells_counts_and_never_a_value(store, tmp_path):
    assert repr(store) == "Store(2 persons, 4 lines)" and len(store) == 4
    index = (tmp_path / "store" / shelf.INDEX).read_text()
    assert "P1" not in index and "V1" not in index
    told = json.loads(index)
    assert told["schema"] == "store/1" and told["facts"] == {"persons": 2, "lines": 4}
    for name, spec in told["files"].items():
        data = (tmp_path / "store" / told["data"] / name).read_bytes()
        assert spec["sha256"] == hashlib.sha256(data).hexdigest() and spec["bytes"] == len(data)
        array = np.load(tmp_path / "store" / told["data"] / name, allow_pickle=False)
        assert array.dtype.str == spec["dtype"] and array.shape == (spec["rows"],)


def test_the_lines_are_mapped_and_not_read(store):
    history = store.history()
    assert history is store.history()
    for name in ("offsets", "day", "known_day", "code", "incident", "victim"):
        array = getattr(history, name)
        while not isinstance(array, np.memmap):
            array = array.base
        assert array.mode == "r"
    assert history.persons.tolist() == ["P1", "P2"]


def test_a_store_knows_the_history_its_rows_make(store):
    plain = rfg.History.from_arrays(**ROWS)
    assert facts(store.history()) == facts(plain) and scored(store.history()) == scored(plain)


def test_rows_that_cannot_be_used_leave_the_store_as_it_was(store, tmp_path):
    before = contents(tmp_path / "store")
    rows = {"person": ["P1"], "day": [1], "gravity": [1.0]}
    for change, error, said in (
        ({"person": [1]}, DataError, "person is text in the store and numbers in these rows"),
        ({"victim": [1]}, DataError, "victim is text in the store and numbers in these rows"),
        ({"person": [" "]}, ValueError, "person: row 1 is blank"),
        ({"day": [1.5]}, ValueError, "day needs whole numbers"),
        ({"day": [2**31]}, ValueError, "day does not fit int32"),
        ({"known_day": [1, 2]}, ValueError, "known_day needs one day for each line"),
        ({"gravity": [-1]}, ValueError, "gravity needs one finite number"),
        ({"gravity": [np.nan]}, ValueError, "gravity needs one finite number"),
        ({"offence": [7]}, ValueError, "offence needs text"),
        ({"offence": [None]}, ValueError, "offence: row 1 is blank"),
        ({"victim": ["a", "b"]}, ValueError, "victim needs one value for each line"),
    ):
        with pytest.raises(error, match=said):
            store.append(**{**rows, **change})
        assert contents(tmp_path / "store") == before
    with pytest.raises(ValueError, match="person has numbers below 0 and others from"):
        rfg.Store.create(tmp_path / "new", person=[-1, 2**63], day=[1, 1], gravity=[1, 2])
    numbers = rfg.Store.create(tmp_path / "numbers", person=[1], day=[1], gravity=[1])
    with pytest.raises(DataError, match="person is numbers in the store and text in these rows"):
        numbers.append(**rows)
    assert not (tmp_path / "new").exists()


def test_what_stands_in_the_way_is_refused_and_kept(tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note.txt").write_text("kept")
    rfg.Store.create(tmp_path / "store", **ROWS)
    before = contents(tmp_path)
    for name in ("file", "folder", "store"):
        with pytest.raises(OutputError, match=f"{name} is there already"):
            rfg.Store.create(tmp_path / name, **ROWS)
    assert contents(tmp_path) == before
    (tmp_path / "empty").mkdir()
    assert len(rfg.Store.create(tmp_path / "empty", **ROWS)) == 4
    assert len(rfg.Store.create(tmp_path / "deep" / "er", **ROWS)) == 4


class Stopped(BaseException):
    """Stands for a signal."""


STEPS = ("mkdir", "rename", "replace", "open")


@pytest.mark.parametrize("raised", [OSError(28, "No space left on device"), Stopped()])
@pytest.mark.parametrize("step", STEPS)
def test_a_failure_at_any_step_leaves_the_old_store_or_the_new(tmp_path, monkeypatch, step, raised):
    path = tmp_path / "store"
    more = {"person": ["P3"], "day": [7], "gravity": [1.0]}
    rfg.Store.create(tmp_path / "grown", **ROWS).append(**more)
    grown = contents(tmp_path / "grown")
    calls = 0
    original = getattr(Path, step)

    def failing(self, *arguments, **options):
        nonlocal calls
        writes = step != "open" or "x" in str(arguments)
        calls += writes
        if writes and calls == stop:
            raise raised
        return original(self, *arguments, **options)

    error = WriteError if isinstance(raised, OSError) else Stopped
    for stop in range(1, 40):  # noqa: B007 - seen by `failing`
        shutil.rmtree(path, ignore_errors=True)
        calls = 0
        with monkeypatch.context() as patch:
            patch.setattr(Path, step, failing)
            try:
                rfg.Store.create(path, **ROWS)
            except error:
                pass
            else:
                break
        assert not path.exists() or not any(path.iterdir())
    assert 1 < stop < 39
    before = contents(path)
    for stop in range(1, 40):  # noqa: B007 - seen by `failing`
        shutil.rmtree(path)
        store = rfg.Store.create(path, **ROWS)
        calls = 0
        with monkeypatch.context() as patch:
            patch.setattr(Path, step, failing)
            try:
                store.append(**more)
            except error:
                pass
            else:
                break
        left = rfg.Store.open(path, verify=True)
        assert len(left) == len(store) == 4 and scored(left.history()) == scored(store.history())
        assert before.items() <= contents(path).items()
        store.append(**more)
        assert contents(path) == grown
    assert 1 < stop < 39


KILLED = """
import os, sys
from pathlib import Path
import rfgscore as rfg
step, path, what = sys.argv[1:]
original = getattr(Path, step)
def killed(self, *rest, **options):
    if step != "open" or "x" in str(rest):
        os.kill(os.getpid(), 9)
    return original(self, *rest, **options)
setattr(Path, step, killed)
rows = dict(person=["P3"], day=[7], gravity=[1.0])
rfg.Store.open(path).append(**rows) if what == "append" else rfg.Store.create(path, **rows)
"""


@pytest.mark.compiled
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("step", ["rename", "replace", "open"])
def test_a_killed_process_leaves_the_old_store_and_the_next_one_tidies_up(tmp_path, step):
    path = tmp_path / "store"
    store = rfg.Store.create(path, **ROWS)
    before = contents(path)

    def kill(where, what):
        return subprocess.run([sys.executable, "-c", KILLED, step, str(where), what], check=False).returncode

    assert kill(path, "append") == -9
    assert before.items() <= contents(path).items() and len(list(path.iterdir())) > 2
    assert len(rfg.Store.open(path, verify=True)) == 4
    store.append(person=["P3"], day=[7], gravity=[1.0])
    grown = contents(path)
    assert (
        not [name for name in grown if ".new" in name] and len({Path(name).parts[0] for name in grown}) == 2
    )
    assert kill(tmp_path / "new", "create") == -9
    with pytest.raises(FormatError, match=r"new is not a store: it has no store\.json"):
        rfg.Store.open(tmp_path / "new")
    rfg.Store.create(tmp_path / "new", **ROWS)
    assert contents(tmp_path / "new") == before


def spoil_nothing(path, index):
    (path / index["data"] / "day.npy").unlink()


def spoil_short(path, index):
    file = path / index["data"] / "code.npy"
    file.write_bytes(file.read_bytes()[:-1])


def spoil_head(path, index):
    file = path / index["data"] / "code.npy"
    file.write_bytes(b"x" * len(file.read_bytes()))


def spoil_dtype(path, index):
    file = path / index["data"] / "code.npy"
    file.write_bytes(file.read_bytes().replace(b"<i4", b"<u4"))


def spoil_extra(path, index):
    (path / index["data"] / "notes.npy").write_bytes(b"")


def spoil_beside(path, index):
    (path / "notes.txt").write_text("")


def spoil_index(path, index):
    (path / shelf.INDEX).write_text("{")


def spoil_facts(path, index):
    (path / shelf.INDEX).write_text(json.dumps({**index, "facts": {"lines": 5, "persons": 2}}))


def spoil_list(path, index):
    (path / shelf.INDEX).write_text(json.dumps([1]))


def spoil_schema(path, index):
    (path / shelf.INDEX).write_text(json.dumps({**index, "schema": "store/2"}))


def spoil_no_index(path, index):
    (path / shelf.INDEX).unlink()


def spoil_no_data(path, index):
    shutil.rmtree(path / index["data"])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_nothing, r"day\.npy of the store store cannot be used \(No such file"),
        (spoil_short, r"code\.npy of the store store cannot be used \(its bytes are not"),
        (spoil_head, r"code\.npy of the store store cannot be used \(its bytes are not"),
        (spoil_dtype, r"code\.npy of the store store cannot be used \(its bytes are not"),
        (spoil_extra, r"holds notes\.npy, which is not of it"),
        (spoil_beside, r"holds notes\.txt, which is not of it"),
        (spoil_index, r"store\.json of the store store is damaged"),
        (spoil_facts, r"store\.json of the store store is damaged"),
        (spoil_list, r"store\.json of the store store is damaged"),
        (spoil_schema, "is a store of another kind"),
        (spoil_no_index, r"is not a store: it has no store\.json"),
        (spoil_no_data, "No such file"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_damaged_store_is_refused_by_name(store, tmp_path, spoil, said):
    path = tmp_path / "store"
    spoil(path, json.loads((path / shelf.INDEX).read_text()))
    with pytest.raises(FormatError, match=said):
        rfg.Store.open(path)
    before = contents(path)
    with pytest.raises(FormatError, match=said):
        store.append(person=["P1"], day=[1], gravity=[1.0])
    assert contents(path) == before


def test_a_changed_byte_is_found_where_it_is_looked_for(store, tmp_path):
    path = tmp_path / "store"
    file = path / json.loads((path / shelf.INDEX).read_text())["data"] / "day.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert len(rfg.Store.open(path)) == 4
    with pytest.raises(FormatError, match=r"day\.npy of the store store cannot be used"):
        rfg.Store.open(path, verify=True)


def test_an_array_of_objects_is_never_unpickled(store, tmp_path):
    path = tmp_path / "store"
    index = json.loads((path / shelf.INDEX).read_text())
    file = path / index["data"] / "day.npy"
    np.save(file, np.array([object], object), allow_pickle=True)
    index["files"]["day.npy"]["bytes"] = file.stat().st_size
    named = shelf._named(index["facts"], index["files"])
    (path / index["data"]).rename(path / named)
    (path / shelf.INDEX).write_text(json.dumps({**index, "data": named}))
    with pytest.raises(FormatError, match=r"day\.npy of the store store cannot be used"):
        rfg.Store.open(path)


def test_a_store_that_is_not_there_or_cannot_be_read_is_named(tmp_path, monkeypatch):
    with pytest.raises(InputNotFoundError, match="there is no store nowhere"):
        rfg.Store.open(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputNotFoundError, match="there is no store file"):
        rfg.Store.open(tmp_path / "file")
    rfg.Store.create(tmp_path / "store", **ROWS)

    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(DataError, match=r"store cannot be read \(Permission denied\)"):
        rfg.Store.open(tmp_path / "store")


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not read-only there")
def test_a_folder_that_may_not_be_written_is_named(store, tmp_path, monkeypatch):
    before = contents(tmp_path / "store")
    (tmp_path / "store").chmod(0o500)
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):  # the superuser may write all the same

            def refused(self, *arguments, **options):
                raise PermissionError(13, "Permission denied")

            monkeypatch.setattr(Path, "mkdir", refused)
        rows = {"person": ["P1"], "day": [1], "gravity": [1.0]}
        with pytest.raises(WriteError, match=r"store store cannot be written \(Permission denied\)"):
            store.append(**rows)
        with pytest.raises(WriteError, match=r"store other cannot be written \(Permission denied\)"):
            rfg.Store.create(tmp_path / "other", **rows)
    finally:
        tmp_path.chmod(0o700)
        (tmp_path / "store").chmod(0o700)
    assert contents(tmp_path / "store") == before and len(store) == 4


def test_who_has_it_open_goes_on_seeing_what_it_was(store, tmp_path):
    other = rfg.Store.open(tmp_path / "store")
    unread = rfg.Store.open(tmp_path / "store").history()
    before = scored(other.history())
    store.append(person=["P0"], day=[1], gravity=[9.0])
    assert len(store) == 5 and len(other) == 4
    assert scored(other.history()) == scored(unread) == before != scored(store.history())
    other.append(person=["P9"], day=[1], gravity=[9.0])
    assert len(other) == 6 and other.history().persons.tolist() == ["P0", "P1", "P2", "P9"]
    store.append(person=[], day=[], gravity=[])
    assert len(store) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be locked there")
def test_two_that_write_at_once_do_not_lose_a_row(store, tmp_path, monkeypatch):
    rows = {"person": ["P1"], "day": [1], "gravity": [1.0]}
    path = tmp_path / "store"
    with shelf._locked(path), pytest.raises(WriteError, match="is being written by another"):
        store.append(**rows)
    seen = shelf.read(path)
    store.append(**rows)
    monkeypatch.setattr(shelf, "read", lambda path: seen)
    with pytest.raises(WriteError, match="was replaced by another process: append once more"):
        store.append(**rows)
    monkeypatch.undo()
    assert len(rfg.Store.open(path)) == 5


READER = """
import sys
import rfgscore as rfg
sizes = set()
print("ready", flush=True)
while 40 not in sizes:
    store = rfg.Store.open(sys.argv[1], verify=True)
    assert store.history().day.sum() == len(store), "a mixture of two"
    sizes.add(len(store))
"""


@pytest.mark.compiled
def test_two_processes_read_while_another_appends(tmp_path):
    path = tmp_path / "store"
    store = rfg.Store.create(path, person=["a"], day=[1], gravity=[1.0])
    command = [sys.executable, "-c", READER, str(path)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    assert [reader.stdout.readline() for reader in readers] == [b"ready\n"] * 2
    for number in range(39):
        store.append(person=[f"p{number}"], day=[1], gravity=[1.0])
    assert [reader.wait(120) for reader in readers] == [0, 0]
    for reader in readers:
        reader.stdout.close()
