"""Time a whole run that lays out packs for 100 people, from a force of a million events, against its limits.

    python benchmarks/packs.py [EVENTS]

The run is a process of its own, given every table but the decisions, with room for 100 people and no other
route. Told are its wall time, its highest memory, and the size of each page and of the workbook, as shares of
what is allowed: 30 seconds, and 5 MB a page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rfgscore.pipeline.force import write_force
from rfgscore.synth import make_force

PEOPLE = 100
SECONDS, MEGABYTES = 30, 5
TABLES = ("subjects", "custody", "referrals", "links", "orders", "removals")


def prepare(work: Path, events: int) -> str:
    """Write the force and settings with room for so many people; return the day to look at."""
    force = make_force(events=events, seed=1)
    write_force(force, work / "force", kind="parquet")
    settings = {
        "schema": "rfgscore/1",
        "extends": "force/config.yaml",
        "cohort": {
            "capacity": PEOPLE,
            "reserve": 0,
            "route_caps": {"release": 0, "referral": 0, "emerging": 0},
        },
    }
    (work / "packs.yaml").write_text(json.dumps(settings), encoding="utf-8")
    return force.as_of.isoformat()


def main(events: int) -> None:
    """Make the force in another process, run once to warm up and once to time, and tell."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            as_of = apart.submit(prepare, work, events).result()
        for out in ("warm", "timed"):
            command = [sys.executable, "-m", "rfgscore.cli", "run", "--quiet", "--as-of", as_of]
            command += ["--config", str(work / "packs.yaml"), "--out", str(work / out)]
            command += ["--offences", str(work / "force" / "offences.parquet")]
            for name in TABLES:
                command += [f"--{name}", str(work / "force" / f"{name}.parquet")]
            begun = time.perf_counter()
            process = subprocess.Popen(command)  # noqa: S603 - our own command
            _, status, used = os.wait4(process.pid, 0)
            assert os.waitstatus_to_exitcode(status) == 0
            seconds = time.perf_counter() - begun
        manifest = json.loads((work / "timed" / "manifest.json").read_text(encoding="utf-8"))
        print(f"{manifest['rows']['in']:,} rows, {manifest['people']['considered']} people considered")
        print(
            f"whole run: {seconds:.1f} s, {seconds / SECONDS:.0%} of {SECONDS} s; {used.ru_maxrss // 1024} MB"
        )
        for name in ("report.html", "monitoring.html", "briefing.html", "cohort.xlsx"):
            size = (work / "timed" / name).stat().st_size / 1e6
            print(f"{name}: {size:.2f} MB, {size / MEGABYTES:.0%} of {MEGABYTES} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
