"""Twelve monthly cycles on a force that never was, or on the New York admissions, and all of them once more.

    python tools/twelve_cycles.py [OUT] [--persons N | --new-york]

The stand-in for the meeting and what is checked stand in ``tests/cycles.py``. It prints a line a cycle, and
leaves every list in OUT, a new folder. The admissions are looked for where the tests look for them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rfgscore as rfg
from rfgscore.pipeline.force import write_force
from rfgscore.synth import make_force

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE / "tests"))

import cycles  # noqa: E402 - the tests are no package

#: Last day looked at, and day of the extract, of the New York admissions.
NEW_YORK = ("2026-08-31", "2026-09-01")
#: Tables of a force that its cycles are given; its decisions are those of other meetings.
SIDES = ("subjects", "custody", "referrals", "links", "orders", "removals")


def synthetic(
    work: Path, persons: int, seed: int = 1, **cohort: Any
) -> tuple[rfg.Config, list[str], dict[str, Path]]:
    """Write a force, and return its settings, twelve days and its tables."""
    force = make_force(persons=persons, seed=seed)
    folder = write_force(force, work / "force")
    settings = {
        "schema": "rfgscore/1",
        "extends": str(folder / "config.yaml"),
        # Outcomes and planned releases are those of the extract: the invented force is looked at from each month.
        "input": {"point_in_time": "accept_extract_state", "extract_date": force.as_of.isoformat()},
        "cohort": cohort,
    }
    path = work / "cycles.yaml"
    path.write_text(json.dumps(settings), encoding="utf-8")
    files = {name: folder / f"{name}.csv" for name in ("offences", *SIDES)}
    return rfg.load_config(path), cycles.month_ends(force.as_of.isoformat(), 12), files


def new_york(work: Path, data: Path) -> tuple[rfg.Config, list[str], dict[str, Path]]:
    """Return settings, twelve days, and the admissions, which are offences and custody in one."""
    for name in ("nyc-custody.yaml", "nyc-gravity-by-class.csv"):
        shutil.copy(HERE / "configs" / name, work / name)
    settings = {
        "schema": "rfgscore/1",
        "extends": "nyc-custody.yaml",
        "input": {"extract_date": NEW_YORK[1]},
    }
    (work / "cycles.yaml").write_text(json.dumps(settings), encoding="utf-8")
    admissions = data / "admissions.parquet"
    files = {"offences": admissions, "custody": admissions, "gravity": work / "nyc-gravity-by-class.csv"}
    return rfg.load_config(work / "cycles.yaml"), cycles.month_ends(NEW_YORK[0], 12), files


def main() -> None:
    """Run the cycles, once and once more from their manifests."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--persons", type=int, default=5000)
    parser.add_argument("--new-york", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        work = asked.out or Path(passing) / "cycles"
        work.mkdir(parents=True)
        data = Path(os.environ.get("RFG_NYC_DATA", HERE.parent / "shared" / "data" / "nyc_custody"))
        made = new_york(work, data) if asked.new_york else synthetic(work, asked.persons)
        for line in twice(work, *made):
            print(line)


def twice(work: Path, config: rfg.Config, days: list[str], files: Mapping[str, Path]) -> list[str]:
    """Run the cycles, replay each from its manifest, compare the bytes; return a line a cycle."""
    tables = {name: path for name, path in files.items() if name != "gravity"}
    folders = cycles.run_cycles(work, config, days, **tables)
    lines = []
    (work / "again").mkdir()
    for folder in folders:
        again = cycles.replay(work, folder, work / "again" / folder.name, files)
        cycles.assert_equal_sets(folder, again)
        lines.append(cycles.told(folder))
    lines.append(f"{len(folders)} cycles, each made twice with equal bytes; nobody lost")
    return lines


if __name__ == "__main__":
    main()
