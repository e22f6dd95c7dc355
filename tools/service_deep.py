"""Use the windows as a service does: many threads, forked and spawned processes, folders that cannot be written.

    python tools/service_deep.py [PART ...] [--calls N] [--layer NAME]

PARTS are ``kinds``, ``threads``, ``processes`` and ``folders``; without any, all are done. Every answer is
hashed and compared with those of a single thread. It prints a table, and ends with 1 where a hash differs or a
process dies. numba's threading layers must not matter; the parts are done under each that is here, while a
parallel function of the caller's runs in the same process.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import rfgscore as rfg
from rfgscore import windows
from rfgscore.jit import KERNELS
from rfgscore.sample import sample_file
from rfgscore.tables import Table

HERE = Path(__file__).parent.parent
#: numba's threading layers, and what there is to import where one is there.
LAYERS = {"omp": "omppool", "workqueue": "workqueue", "tbb": "tbbpool"}
THREADS = 8
#: Lines of a history that one thread works on, and of one that is shared out.
SMALL, LARGE = 400, 60_000
FEATURES = windows.rfg(730, 180)
ALL = windows.rfg([90, 730], [30, 180], further=windows.FURTHER)

Job = Callable[[int], object]


def columns(lines: int) -> dict[str, Any]:
    """Return invented lines, always the same; some share an incident, some became known late."""
    rng = np.random.default_rng(lines)
    day = rng.integers(17_000, 19_000, lines).astype(np.int32)
    return {
        "person": rng.integers(0, max(lines // 12, 1), lines),
        "day": day,
        "gravity": np.array([0.1, 1.0, 19.5, 365.0, 3650.0])[rng.integers(0, 5, lines)],
        "victim": rng.integers(-1, 9, lines),
        "incident": rng.integers(0, lines // 2 + 1, lines),
        "known_day": day + rng.integers(0, 40, lines).astype(np.int32),
    }


def plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return lines without incidents and recorded dates."""
    return {name: given[name] for name in ("person", "day", "gravity", "victim")}


def told(found: object) -> str:
    """Return the hash of a history, or of a table: values and nulls."""
    digest = hashlib.sha256()
    if isinstance(found, Table):
        arrays = [(name, part) for name, c in found.columns.items() for part in (c.values, c.null)]
    elif isinstance(found, rfg.History):
        names = ("persons", "offsets", "day", "known_day", "code", "incident", "victim", "weights")
        arrays = [(name, getattr(found, name)) for name in names]
    else:
        raise TypeError(type(found).__name__)
    for name, array in arrays:
        digest.update(name.encode())
        digest.update(repr(array.tolist()).encode() if array.dtype == object else array.tobytes())
    return digest.hexdigest()


@cache
def jobs() -> list[Job]:
    """Return calls of every kind; each is handed a number of threads."""
    found: list[Job] = []
    for lines in (SMALL, LARGE):
        given = columns(lines)
        late, alone = rfg.History.from_arrays(**given), rfg.History.from_arrays(**plain(given))
        texts = {**given, "person": np.array([f"P{number}" for number in given["person"].tolist()])}
        out: dict[str, Any] = {}
        lock = threading.Lock()

        def kept(threads: int, late=late, out=out, lock=lock) -> str:
            with lock:  # arrays kept between calls belong to one call at a time
                return told(windows.snapshot(late, 18_500, FEATURES, threads=threads, out=out))

        found += [
            lambda n, given=given: rfg.History.from_arrays(**given, threads=n, rows=True),
            lambda n, given=given: rfg.History.from_arrays(**plain(given), threads=n),
            lambda n, late=late: windows.snapshot(late, 18_000, FEATURES, threads=n),
            lambda n, alone=alone: windows.snapshot(alone, "2020-01-01", FEATURES, threads=n),
            lambda n, alone=alone: windows.panel(alone, [17_500, 18_000], FEATURES, threads=n),
            lambda n, alone=alone: windows.at_events(alone, FEATURES, threads=n),
            kept,
        ]
        if lines == SMALL:
            found += [
                lambda n, texts=texts: rfg.History.from_arrays(**texts, threads=n),
                lambda n, late=late: windows.snapshot(late, 18_000, ALL, threads=n),
                lambda n, late=late: windows.panel(late, range(17_500, 19_000, 300), ALL, threads=n),
                lambda n, late=late: windows.at_events(late, ALL, threads=n),
                lambda n, late=late: windows.at_events(late, ALL, clock="event", threads=n),
                lambda n, late=late: windows.at_events(late, ALL, include_current=False, threads=n),
                lambda n, late=late: windows.snapshot(late, 18_000, ALL, threads=n, engine="numpy"),
            ]
    # The large ones cost most, so a share of the calls only.
    half = len(found) * 2 // 3
    return [*found[:half], *found[:half], *found]


def answer(number: int, threads: int) -> str:
    """Do a job, and return the hash of what it found."""
    found = jobs()[number % len(jobs())](threads)
    return found if isinstance(found, str) else told(found)


def digest(threads: int = 1) -> str:
    """Do every job once, and return one hash of all."""
    said = "".join(answer(number, threads) for number in range(len(jobs())))
    return hashlib.sha256(said.encode()).hexdigest()


def first(threads: int = 1) -> str:
    """Return the hash of one build and one snapshot, for which little is compiled."""
    history = rfg.History.from_arrays(**plain(columns(SMALL)), threads=threads)
    return told(windows.snapshot(history, 18_000, FEATURES, threads=threads))


# One kind of input a kernel.


def kinds() -> str:
    """Use everything there is in every form of input, after a warm-up: nothing is compiled anew."""
    rfg.warmup()
    warm = [len(kernel.ready().signatures) for kernel in KERNELS]
    with tempfile.TemporaryDirectory() as folder:
        for history in histories(Path(folder)):
            day = history.span[1] if history.as_of is None else history.as_of
            kept: dict[str, Any] = {"count_730d": unaligned(np.zeros(len(history.persons), np.int32))}
            kept["victims_730d"] = np.lib.format.open_memmap(
                Path(folder) / "kept.npy", "w+", np.int32, (len(history.persons),)
            )
            for features in (FEATURES, ALL, windows.rfg(30), windows.rfg(30, further=["gravity_max_ever"])):
                for threads in (1, 2):
                    windows.snapshot(history, day, features, threads=threads)
                    windows.snapshot(history, np.int64(day - 100), features, threads=threads, out=kept)
                    windows.panel(history, [day - 100, day], features, threads=threads, out=kept)
                    windows.at_events(history, features, threads=threads, out=kept)
                    windows.at_events(history, features, include_current=False)
                    windows.at_events(history, features, clock="event", threads=threads)
            windows.walk(history, day, window_days=90)
            history.with_weights(dict.fromkeys(history.offences, 2.0))
    used = [len(kernel.ready().signatures) for kernel in KERNELS]
    if used != warm or max(used) > 1:
        wrong = [
            f"{kernel.plain.__module__}.{kernel.__name__}: {kernel.ready().signatures}"
            for kernel, then, now in zip(KERNELS, warm, used, strict=True)
            if then != now or now > 1
        ]
        raise AssertionError("\n".join(wrong))
    return f"{sum(used)} kernels, one signature each, none compiled after the warm-up"


def histories(folder: Path) -> Iterator[rfg.History]:
    """Yield histories from arrays of every form, and one that was read from a file."""
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    build = rfg.History.from_arrays
    given = columns(SMALL)
    person = given["person"].tolist()
    texts = [f"P{number:04d}" for number in person]
    yield build(**given)
    yield build(**plain(given), threads=2, rows=True)
    yield build(**{name: given[name] for name in ("person", "day", "gravity")})
    yield build(**{name: array.tolist() for name, array in given.items()})
    yield build(**{name: unaligned(array) for name, array in given.items()})
    yield build(**{name: np.repeat(array, 2)[::2] for name, array in given.items()})
    yield build(**{name: array.astype(array.dtype.newbyteorder()) for name, array in given.items()})
    yield build(**{name: kept(folder / f"{name}.npy", array) for name, array in given.items()})
    frozen = {name: array.copy() for name, array in given.items()}
    for array in frozen.values():
        array.flags.writeable = False
    yield build(**frozen)
    small = {"person": given["person"].astype(np.uint8), "day": given["day"].astype(np.int64)}
    yield build(**{**given, **small, "gravity": given["gravity"].astype(np.float32)})
    yield build(**{**given, "person": given["person"].astype(np.uint64)})
    yield build(**{**given, "offence": ["8/6", "105A", "NON_CRIME", "19C"] * (SMALL // 4)}, threads=2)
    writable = pa.py_buffer(bytearray("".join(texts).encode()))
    places = pa.py_buffer(np.arange(0, 5 * SMALL + 1, 5, dtype=np.int32))
    spelt = [f"{'é' * (number % 3)}{number}" for number in person]
    for ids in (
        texts,
        np.array(texts),
        np.array(texts, object),
        spelt,
        [f"{hashlib.sha256(text.encode()).hexdigest()}-{text}" for text in texts],
        pd.Series(texts),
        pd.Series(texts, dtype="category"),
        pd.Series(person, dtype="Int64"),
        pl.Series(texts),
        pa.array(texts),
        pa.array(texts, pa.large_string()),
        pa.array([*texts, "x"])[:-1],
        pa.StringArray.from_buffers(SMALL, places, writable),
    ):
        yield build(**{**given, "person": ids, "victim": ids, "incident": ids})
    yield build(person=[], day=[], gravity=[])
    config = rfg.load_config(sample_file("config.yaml"))
    yield rfg.read_offences(sample_file("offences.csv"), config=config, as_of="2025-06-30")


def unaligned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array at an address that is no multiple of its size."""
    room = np.zeros(array.nbytes + 1, np.uint8)
    moved = room[1:].view(array.dtype)
    moved[:] = array
    return moved


def kept(path: Path, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array as a file mapped into memory."""
    np.save(path, array)
    return np.load(path, mmap_mode="r")


# Threads, and processes that come of one that has been at work.


def theirs() -> Callable[[], None]:
    """Return a call of a parallel function such as a caller may have, which checks its result."""
    import numba

    @numba.njit(parallel=True)
    def squares(values):
        total = 0
        for k in numba.prange(len(values)):
            total += values[k] * values[k]
        return total

    values = np.arange(20_000)

    def call() -> None:
        if squares(values) != int((values * values).sum()):
            raise AssertionError("the caller's own function went wrong")

    return call


def in_threads(calls: int) -> str:
    """Do the jobs in several threads at once, each in another order, while the caller's own function runs."""
    import numba

    right = [answer(number, 1) for number in range(len(jobs()))]
    call = theirs()
    call()
    ended = threading.Event()

    def calling(thread: int) -> int:
        for k in range(calls):
            number = (k * 7 + thread) % len(jobs())
            if answer(number, 1 + (k + thread) % 2) != right[number]:
                raise AssertionError(f"job {number} gave another result in a thread")
        return calls

    def beside() -> None:
        while not ended.wait(0.005):
            call()

    with ThreadPoolExecutor(THREADS + 1) as pool:
        other = pool.submit(beside)
        try:
            done = sum(pool.map(calling, range(THREADS)))
        finally:
            ended.set()
        other.result()
    return f"{THREADS} threads, {done} calls, equal hashes; the caller's own function ran on {numba.threading_layer()}"


def in_processes() -> str:
    """Do the jobs after a fork, and in pools of forked and of spawned processes."""
    right = [digest(1), digest(2)]
    theirs()()  # the layer has started its own threads
    child = os.fork()
    if child == 0:
        os._exit(0 if [digest(1), digest(2)] == right else 1)
    if os.waitpid(child, 0)[1] != 0:
        raise AssertionError("a forked process died or gave another result")
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            if pool.map(digest, [1, 2], chunksize=1) != right:
                raise AssertionError(f"a pool by {method} gave another result")
    return "after a fork, in a pool by fork and in one by spawn: equal hashes"


# Where the machine code cannot be kept, or was spoilt.


def in_folders(whole: bool) -> Iterator[tuple[str, str]]:
    """Do the jobs in fresh processes that find no folder for machine code, or a spoilt one."""
    name = "digest" if whole else "first"
    right = globals()[name]()
    with tempfile.TemporaryDirectory() as kept:
        place = Path(kept)
        blocked = place / "file"  # no folder can be made below a file, whoever asks
        blocked.write_text("", encoding="utf-8")
        install = place / "install"
        shutil.copytree(HERE / "rfgscore", install / "rfgscore", ignore=shutil.ignore_patterns("__pycache__"))
        for folder in (install / "rfgscore").rglob("*"):
            if folder.is_dir():
                (folder / "__pycache__").write_text("", encoding="utf-8")
        home = {"HOME": str(place / "home"), "XDG_CACHE_HOME": str(place / "home")}
        nowhere = {"HOME": str(blocked), "XDG_CACHE_HOME": str(blocked)}
        frozen = {"PYTHONPATH": str(install), "PYTHONDONTWRITEBYTECODE": "1"}
        yield "read-only package, no home", run(name, right, {**frozen, **nowhere})
        if not whole:
            return
        yield "read-only package, compiled into the home", run(name, right, {**frozen, **home})
        if not any((place / "home").rglob("*.nbc")):
            raise AssertionError("nothing was kept in the home")
        yield (
            "NUMBA_CACHE_DIR cannot be written",
            run(name, right, {**nowhere, "NUMBA_CACHE_DIR": str(blocked)}),
        )
        several = {"NUMBA_CACHE_DIR": str(place / "several")}
        with ThreadPoolExecutor(4) as pool:
            said = list(pool.map(lambda _: run(name, right, several), range(4)))
        yield "four processes at once, nothing kept yet", said[-1]
        for ending, size in (("nbi", 0), ("nbi", 60), ("nbc", 0), ("nbc", 900)):
            for file in (place / "several").rglob(f"*.{ending}"):
                file.write_bytes(file.read_bytes()[:size])
            yield f"every .{ending} cut to {size} bytes", run(name, right, several)
            yield "the start after it", run(name, right, several)
            mended = run(name, right, several)
            if "0 kernels compiled" not in mended.split(", "):
                raise AssertionError(f"the cache was not mended: {mended}")
            yield "and the one after that", mended


def run(name: str, right: str, environment: dict[str, str]) -> str:
    """Take a hash in a fresh process."""
    plain = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, __file__, name],
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or json.loads(done.stdout)["hash"] != right:
        raise AssertionError(f"ended with {done.returncode}: {done.stdout}{done.stderr}")
    return f"equal hash, {json.loads(done.stdout)['compiled']} kernels compiled"


def parts(asked: list[str], calls: int, layer: str | None) -> Iterator[tuple[str, str]]:
    """Yield what was done and what came of it."""
    if "kinds" in asked:
        yield "every kind of input", kinds()
    if layer is not None:
        if "threads" in asked:
            yield f"threads, {layer}", in_threads(calls)
        if "processes" in asked:
            yield f"processes, {layer}", in_processes()
    if "folders" in asked:
        yield from in_folders(whole=calls >= 1000)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--layer", choices=LAYERS)
    asked = parser.parse_args()
    if asked.parts in (["digest"], ["first"]):
        said = globals()[asked.parts[0]]()
        fresh = sum(sum(k.ready().stats.cache_misses.values()) or not k.kept() for k in KERNELS if k._run)
        print(json.dumps({"hash": said, "compiled": int(fresh)}))
        return 0
    for what, result in parts(asked.parts or ["kinds", "folders"], asked.calls, asked.layer):
        print(f"{what:44}{result}", flush=True)
    if asked.layer is not None or not {"threads", "processes"} & set(asked.parts or ["threads"]):
        return 0
    failed = 0
    for layer, module in LAYERS.items():
        environment = {**os.environ, "NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "2"}
        try:
            importlib.import_module(f"numba.np.ufunc.{module}")
        except ImportError:
            print(f"{'layer ' + layer:44}is not here", flush=True)
            continue
        wanted = [part for part in ("threads", "processes") if part in (asked.parts or [part])]
        command = [sys.executable, __file__, *wanted, "--calls", str(asked.calls), "--layer", layer]
        failed += subprocess.run(command, env=environment, check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
