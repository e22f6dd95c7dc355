"""Compare a whole ``rfgscore run`` with a bare polars script, each in fresh processes, taking turns.

    python benchmarks/end_to_end.py [EVENTS] [ROUNDS]

Two inputs, both with ids as text in Parquet: *plain*, one clean table of six columns, and *force*, the tables
of a synthetic police force with subjects, custody, links and removals. The script reads the offences, groups,
bands, ranks and writes its top 500; it checks nothing, joins nobody, explains nothing and leaves no account.
On the plain input both must name the same people in the same order with the same score, or nothing is
printed. On the force its list is another one, since it believes every row; how much it has in common is told.

Printed are ratios of median wall times, and the highest memory of each. A first run of either is not
counted: it fills the cache of compiled kernels and of the disk. Whatever needs memory happens in a process
of its own, since what this one holds would count as its children's.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import rfgscore

#: The preset illustrative-rfgv, written down again.
PEER = """
import sys
from datetime import date
import polars as pl

events, weights, as_of, out = sys.argv[1:]
BANDS = {
    "recency": [(30, 20), (90, 16), (180, 12), (365, 8), (730, 4)],
    "frequency": [(8, 25), (5, 20), (3, 15), (2, 10), (1, 5)],
    "gravity": [(1825, 35), (1460, 28), (365, 24), (84, 16), (10, 10), (1, 6), (0, 3)],
    "victims": [(4, 20), (3, 16), (2, 12), (1, 5)],
}

def points(name):
    value, banded = pl.col(name), pl
    for edge, worth in BANDS[name]:
        banded = banded.when(value <= edge if name == "recency" else value >= edge).then(worth)
    return banded.otherwise(0)

age = (pl.lit(date.fromisoformat(as_of)) - pl.col("event_date")).dt.total_days()
(
    pl.scan_parquet(events)
    .filter(age.is_between(0, 729))
    .join(pl.scan_csv(weights).select("offence_code", "weight"), on="offence_code")
    .group_by("perpetrator_id")
    .agg(
        age.min().alias("recency"),
        pl.col("incident_id").n_unique().alias("frequency"),
        pl.col("weight").max().alias("gravity"),
        pl.col("victim_id").drop_nulls().n_unique().alias("victims"),
    )
    .with_columns(sum(points(name) for name in BANDS).alias("score"))
    .sort(
        ["score", "gravity", "victims", "recency", "frequency", "perpetrator_id"],
        descending=[True, True, True, False, True, False],
    )
    .head(500)
    .collect()
    .write_csv(out)
)
"""

WEIGHTS = Path(rfgscore.__file__).parent / "gravity" / "tables" / "cchi-da-2020-10.csv"
SIDES = ("subjects", "custody", "links", "removals")


class Ended(NamedTuple):
    """What one process took."""

    seconds: float
    megabytes: float


class Job(NamedTuple):
    """One input: what either side runs, and where it writes."""

    name: str
    ours: Sequence[str]
    peer: Sequence[str]
    out: Path
    top: Path


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def timed(words: Sequence[str]) -> Ended:
    """Run a command to its end in a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words])  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{words[:2]} ended with {process.returncode}")
    return Ended(took, used.ru_maxrss / 1024)


def job(name: str, folder: Path, config: str, offences: Path, as_of: str, sides: Sequence[Path] = ()) -> Job:
    """Write down the two commands for one input; `ours` overwrites its own output."""
    out, top = folder / f"{name}-out", folder / f"{name}-top.csv"
    ours = ["-m", "rfgscore.cli", "run", "--quiet", "--replace", "--config", config]
    ours += ["--offences", str(offences), "--as-of", as_of, "--out", str(out)]
    for path in sides:
        ours += [f"--{path.stem}", str(path)]
    script = folder / "peer.py"
    script.write_text(PEER, encoding="utf-8")
    return Job(name, ours, [str(script), str(offences), str(WEIGHTS), as_of, str(top)], out, top)


def plain(lines: int, folder: Path) -> Job:
    """Write a clean table: every row counts, every code has a weight."""
    import numpy as np
    import polars as pl
    from snapshot import AS_OF, events

    from rfgscore.dates import iso

    drawn = events(lines)
    with WEIGHTS.open(encoding="utf-8-sig", newline="") as file:
        codes = [row["offence_code"] for row in csv.DictReader(file)]
    kinds, kind = np.unique(drawn["gravity"], return_inverse=True)
    days = pl.Series(drawn["day"], dtype=pl.Int32)
    table = pl.DataFrame({"person": drawn["person"], "victim": drawn["victim"], "day": days}).select(
        pl.format("P{}", "person").alias("perpetrator_id"),
        pl.col("day").cast(pl.Date).alias("event_date"),
        pl.Series("offence_code", [codes[place % len(codes)] for place in range(len(kinds))]).gather(kind),
        pl.when(pl.col("victim") >= 0).then(pl.format("V{}", "victim")).alias("victim_id"),
        # Lines of one person and day are one incident.
        pl.format("{}-{}", "day", "person").alias("incident_id"),
        pl.lit("suspect").alias("role"),
    )
    path = folder / "plain.parquet"
    table.write_parquet(path)
    return job("plain", folder, "illustrative-rfgv", path, iso(AS_OF))


def force(lines: int, folder: Path) -> Job:
    """Write a synthetic force, with the tables beside the offences."""
    from rfgscore.pipeline.force import write_force
    from rfgscore.synth import make_force

    made = make_force(events=lines, seed=1)
    where = write_force(made, folder / "force", kind="parquet")
    sides = [where / f"{name}.parquet" for name in SIDES]
    config = str(where / "config.yaml")
    return job("force", folder, config, where / "offences.parquet", made.as_of.isoformat(), sides)


def in_common(work: Job) -> tuple[int, int, bool]:
    """Compare the lists: people of the peer's, those of them with our score, and whether all is equal."""
    import duckdb

    scores = duckdb.read_parquet(str(work.out / "scores.parquet"))
    ours = scores.project("perpetrator_id, score").limit(500).fetchall()
    found = dict(scores.project("perpetrator_id, score").fetchall())
    with work.top.open(encoding="utf-8", newline="") as file:
        theirs = [(row["perpetrator_id"], int(row["score"])) for row in csv.DictReader(file)]
    return len(theirs), sum(found.get(who) == score for who, score in theirs), ours == theirs


def measure(work: Job, rounds: int) -> None:
    """Let both take turns, and print how they compare."""
    timed(work.ours), timed(work.peer)
    people, alike, equal = apart(in_common, work)
    if work.name == "plain" and not equal:
        sys.exit("the two lists of the plain input differ: the peer does not do the same work")
    taken: dict[bool, list[Ended]] = {True: [], False: []}
    for turn in range(rounds):
        for ours in (True, False) if turn % 2 else (False, True):
            taken[ours].append(timed(work.ours if ours else work.peer))
    middle = {ours: statistics.median(one.seconds for one in ended) for ours, ended in taken.items()}
    most = {ours: max(one.megabytes for one in ended) for ours, ended in taken.items()}
    print(
        f"{work.name:8}{middle[True] / middle[False]:>8.1f} times the peer's wall time; at most "
        f"{most[True]:,.0f} MB, the peer {most[False]:,.0f} MB; {alike} of the peer's {people} people have "
        "the same score"
    )


def importing() -> None:
    """Print what ``import rfgscore`` takes, and which heavy packages it loads."""
    heavy = "('duckdb', 'numba', 'numpy', 'pandas', 'polars', 'pydantic', 'typer')"
    said = subprocess.run(  # noqa: S603
        [
            sys.executable,
            "-c",
            "import sys, time; start = time.perf_counter(); import rfgscore; "
            f"print(f'{{time.perf_counter() - start:.3f}} s', [m for m in {heavy} if m in sys.modules])",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    print(f"import rfgscore: {said.strip()}")


def main(lines: int, rounds: int, folder: Path) -> None:
    """Make the inputs, check, measure and print."""
    print(f"{lines:,} events, medians of {rounds} rounds")
    for make in (plain, force):
        measure(apart(make, lines, folder), rounds)
    importing()


if __name__ == "__main__":
    asked = [int(float(word)) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="rfgscore-bench-") as made_here:
        main(asked[0] if asked else 1_000_000, max(asked[1], 1) if len(asked) > 1 else 5, Path(made_here))
