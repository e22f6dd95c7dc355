"""What needs a fresh process: memory above the inputs of T2, and what a first call costs.

    python benchmarks/probes.py memory ENGINE FOLDER   (ENGINE: ours, polars or duckdb)
    python benchmarks/probes.py first

`benchmarks/windows.py` starts these. Each prints one JSON object.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

#: First run of each engine, before memory is looked at.
WARM = 10_000
#: Lines of the first calls.
FIRST_LINES = 20_000


def _status(name: str) -> int:
    """Return a line of the process status, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def memory(engine: str, folder: Path) -> dict[str, float]:
    """Return the peak of resident memory during T2 above what the inputs hold, in bytes a line."""
    import numpy as np

    data = {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}
    lines = len(data["day"])
    small = {name: values[:WARM] for name, values in data.items()}
    answer = _answer(engine)
    answer(_held(engine, small))
    table = _held(engine, data)
    if engine != "ours":
        data.clear()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts from here
    before = _status("VmRSS")
    kept = answer(table)
    after = _status("VmHWM")
    assert kept is not None
    return {"bytes_a_line": (after - before) / lines}


def _held(engine: str, data: dict[str, Any]) -> Any:
    """Return the table an engine starts from."""
    if engine == "ours":
        return data
    import peers
    import polars as pl

    frame = pl.DataFrame(data)
    return frame if engine == "polars" else peers.connect(frame)


def _answer(engine: str) -> Any:
    if engine == "ours":
        import ours

        return lambda data: ours.t2(ours.built(data))
    import peers

    if engine == "polars":
        return peers.polars_t2
    return lambda connection: peers.kept(connection, peers.duckdb_t2("events")) or connection


def first() -> dict[str, float]:
    """Return wall and CPU seconds of the first calls, imports of numpy and numba in and out."""
    begun = time.perf_counter(), time.process_time()
    import numba
    import numpy as np

    # Lines enough that no way meant for small histories alone is taken.
    draw = np.random.default_rng(1)
    given = {
        "person": draw.integers(0, FIRST_LINES // 3, FIRST_LINES),
        "day": draw.integers(14_610, 20_088, FIRST_LINES).astype(np.int32),
        "gravity": draw.integers(1, 60, FIRST_LINES).astype(np.float64),
        "victim": draw.integers(-1, FIRST_LINES, FIRST_LINES),
    }

    imported = time.perf_counter(), time.process_time()
    from rfgscore.history.history import History
    from rfgscore.windows import FURTHER, at_events, panel, rfg, snapshot

    history = History.from_arrays(**given, threads=2)
    features = rfg(730, half_life_days=180, further=tuple(FURTHER))
    snapshot(history, 20_088, features, threads=2)
    panel(history, [18_000, 19_000, 20_088], features, threads=2)
    at_events(history, features, threads=2)
    ended = time.perf_counter(), time.process_time()
    assert numba.__version__
    return {
        "wall": ended[0] - begun[0],
        "cpu": ended[1] - begun[1],
        "wall_without": ended[0] - imported[0],
        "cpu_without": ended[1] - imported[1],
    }


def measured(*asked: str, **environment: str) -> dict[str, float]:
    """Run a probe in a process of its own."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, __file__, *asked],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def first_calls(rounds: int) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return first calls without cached code, and after those with it, `rounds` of each."""
    without, cached = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            without.append(measured("first", NUMBA_CACHE_DIR=folder))
            cached.append(measured("first", NUMBA_CACHE_DIR=folder))
    return without, cached


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    print(json.dumps(first() if what == "first" else memory(rest[0], Path(rest[1]))))
