"""Compare the window engine with pandas, polars and DuckDB, in one process and on the same data.

    python benchmarks/windows.py [--quick] [--sizes 1e4,1e5,1e6,1e7] [--rounds 5] [--only T1,T2,...]
                                 [--page FOLDER] [--against PEERS.py]

T1 is the snapshot of one day, T2 the features at every line, T3 a panel of 60 dates, T4 goes from a
Parquet file to the 500 highest scores; `first` and `memory` are measured in fresh processes. Nothing is
measured before all engines agree. Rounds are interleaved, each starting with another engine. Told are
ratios of medians, and the least and the most that single rounds gave.

A whole run writes `docs/performance.md` and its plot. `--quick` takes small sizes and writes only where
`--page` says. `--against` times other code for the same questions in the same rounds.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import against
import answers
import numpy as np
import ours
import page
import peers
import polars as pl
import probes
from events import arrays, events, write_parquet
from results import Measured, Result, row_of_memory, rows_of_first, rows_of_ratios

TASKS = ("T1", "T2", "T3", "T4", "first", "memory")
#: T3, T4 and memory are measured at this many lines, or at the largest size below.
ONE_SIZE = 1_000_000
#: What pandas is asked of: more takes minutes.
PANDAS = {"T1": 1_000_000, "T2": 10_000}
#: Bytes of the array whose copying says what memory can do, half of it by each of two threads.
COPIED = 2**28

Engines = dict[str, Callable[[], Any]]


def measured(task: str, lines: int, engines: Engines, rounds: int) -> Measured:
    """Time engines in rounds, each starting with another one: wall seconds, and CPU seconds."""
    found = Measured(task, lines, {name: [] for name in engines}, {name: [] for name in engines})
    names = list(engines)
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            gc.collect()
            begun = time.perf_counter(), time.process_time()
            kept = engines[name]()  # given back only after the clock is read
            ended = time.perf_counter(), time.process_time()
            del kept
            found.wall[name].append(ended[0] - begun[0])
            found.cpu[name].append(ended[1] - begun[1])
    told = ", ".join(f"{name} {1e3 * found.median(name):,.1f} ms" for name in names)
    print(f"{task}, {lines:,} lines: {told}", flush=True)
    return found


def copying(pool: ThreadPoolExecutor) -> Callable[[], None]:
    """Return what copies `COPIED` bytes that were touched before, with two threads."""
    source, target = np.ones(COPIED // 8), np.ones(COPIED // 8)
    middle = len(source) // 2
    halves = [slice(0, middle), slice(middle, None)]

    def copied() -> None:
        list(pool.map(lambda half: np.copyto(target[half], source[half]), halves))

    return copied


def in_memory(lines: int, tasks: list[str], rounds: int, other: Any) -> list[Measured]:
    """Check and measure T1, T2 and T3 at one size, each engine on a table of its own."""
    data = arrays(events(lines))
    history = ours.built(data)
    frame = pl.DataFrame(data)
    connection = peers.connect(frame)
    found = []
    if "T1" in tasks:
        engines: Engines = {
            "ours, cold": lambda: ours.t1(ours.built(data)),
            "ours, prepared": lambda: ours.t1(history),
            "polars": lambda: peers.polars_t1(frame.lazy()).collect(),
            "DuckDB": lambda: peers.kept(connection, peers.duckdb_t1("events")),
        }
        checks = {"ours, numpy": lambda: ours.t1(history, engine="numpy")} if lines <= 100_000 else {}
        if lines <= PANDAS["T1"]:
            table = frame.to_pandas()
            engines["pandas"] = lambda: peers.pandas_t1(table)
        engines |= against.t1(other, frame, connection)
        answers.agree("T1", engines | checks, connection)
        found.append(measured("T1", lines, engines, rounds))
    if "T2" in tasks:
        held: dict[str, Any] = {}
        spare: dict[str, Any] = {}
        with ThreadPoolExecutor(2) as pool:
            engines = {
                "ours, cold": lambda: ours.t2(ours.built(data)),
                "ours, cold, out=": lambda: ours.t2(ours.built(data, out=spare), out=spare),
                "ours, prepared": lambda: ours.t2(history),
                "ours, prepared, out=": lambda: ours.t2(history, out=held),
                "polars": lambda: peers.polars_t2(frame),
                "DuckDB": lambda: peers.kept(connection, peers.duckdb_t2("events")),
            }
            checks = {"ours, numpy": lambda: ours.t2(history, engine="numpy")} if lines <= 100_000 else {}
            if lines <= PANDAS["T2"]:
                table = frame.to_pandas()
                engines["pandas"] = lambda: peers.pandas_t2(table)
            engines |= against.t2(other, frame, connection)
            answers.agree("T2", engines | checks, connection)
            engines["copy"] = copying(pool)
            found.append(measured("T2", lines, engines, rounds))
    if "T3" in tasks:
        panels: dict[str, Any] = {}
        engines = {
            "ours, cold": lambda: ours.t3(ours.built(data)),
            "ours, prepared": lambda: ours.t3(history),
            "ours, prepared, out=": lambda: ours.t3(history, out=panels),
            "polars": lambda: peers.polars_t3(frame),
        } | against.t3(other, frame)
        answers.agree("T3", engines, connection)
        found.append(measured("T3", lines, engines, rounds))
    connection.close()
    return found


def from_file(lines: int, rounds: int, other: Any) -> Measured:
    """Check and measure T4: the file is in the cache of the disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "events.parquet"
        write_parquet(events(lines), path)
        engines: Engines = {
            "ours": lambda: ours.t4(path, folder / "ours.csv"),
            "polars": lambda: peers.polars_t4(path, folder / "polars.csv"),
        } | against.t4(other, path, folder)
        for run in engines.values():
            run()
        answers.agree_on_lists(sorted(folder.glob("*.csv")))
        engines["read"] = lambda: ours.read(path)
        return measured("T4", lines, engines, rounds)


def memory(lines: int) -> dict[str, float]:
    """Return bytes a line that T2 takes above its inputs, by engine."""
    with tempfile.TemporaryDirectory() as folder:
        for name, values in arrays(events(lines)).items():
            np.save(Path(folder) / f"{name}.npy", values)
        engines = {"ours": "ours", "polars": "polars", "DuckDB": "duckdb"}
        return {
            name: probes.measured("memory", engine, folder)["bytes_a_line"]
            for name, engine in engines.items()
        }


def main() -> None:
    """Check, measure, tell, and write the page."""
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true")
    given.add_argument("--sizes")
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--only", default=",".join(TASKS))
    given.add_argument("--page", type=Path)
    given.add_argument("--against", type=Path)
    asked = given.parse_args()
    sizes = [
        int(float(size))
        for size in (asked.sizes or ("1e4,1e5" if asked.quick else "1e4,1e5,1e6,1e7")).split(",")
    ]
    tasks = asked.only.split(",")
    if unknown := set(tasks) - set(TASKS):
        sys.exit(f"--only takes {', '.join(TASKS)}, not {', '.join(sorted(unknown))}")
    other = against.load(asked.against)
    one_size = min(ONE_SIZE, max(sizes))
    machine = page.machine()

    result = Result(sizes, asked.rounds)
    for lines in sizes:
        here = [task for task in tasks if task in ("T1", "T2") or (task == "T3" and lines == one_size)]
        result.measured += in_memory(lines, here, asked.rounds, other) if here else []
    if "T4" in tasks:
        result.measured.append(from_file(one_size, asked.rounds, other))
    result.rows = rows_of_ratios(result.measured, COPIED)
    if "first" in tasks:
        result.rows += rows_of_first(*probes.first_calls(1 if asked.quick else min(asked.rounds, 3)))
    if "memory" in tasks:
        result.rows += row_of_memory(one_size, memory(one_size))
    print(page.text_table(result.rows))
    for line in against.told(result.measured):
        print(line)
    whole = not asked.quick and set(tasks) == set(TASKS) and asked.sizes is None
    folder = asked.page or (Path(__file__).parent.parent / "docs" if whole else None)
    if folder is not None:
        page.write(result, machine, folder)
        print(f"{folder / 'performance.md'} written")


if __name__ == "__main__":
    main()
