"""Run the long suites, and write what they printed last to ``docs/deep.md``.

    python tools/deep.py [WORD...]   (those whose titles hold a word; without one, all)

Properties with 10,000 examples, random text through the reader, lists scored anew day by day, a writer
killed 100 times, the windows used as a service does, monthly cycles made twice, a workbook taken through
LibreOffice and back, and the benchmarks of the windows and of a whole run.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent.parent
PYTEST = ["-m", "pytest", "-q", "-n", "2"]
SUITES = {
    "Kernel = plain reference = DuckDB on 10,000 random histories": (
        {"RFG_EXAMPLES": "10000"},
        [*PYTEST, "tests/test_windows.py"],
    ),
    "Every feature, engine, clock and date = plain reference on 10,000 random histories": (
        {"RFG_EXAMPLES": "10000"},
        [*PYTEST, "tests/test_features.py"],
    ),
    "Ids of 10,000 random columns = Python's order; 250 random stores grown in parts = stores of all rows": (
        {"RFG_EXAMPLES": "10000"},
        [*PYTEST, "tests/test_ids.py", "tests/test_store.py"],
    ),
    "As a service: 8 threads x 1,000 calls on each layer, forked, spawned, nowhere to keep machine code": (
        {},
        ["tools/service_deep.py"],
    ),
    "The CSV reader = a parser written apart on 10,000 random texts, its bulk loader on 5,000": (
        {"RFG_EXAMPLES": "40000"},
        [*PYTEST, "tests/test_fuzz_csv.py"],
    ),
    "Leaving days, next changes, one more incident = everyone scored anew, 100 random lists a method": (
        {"RFG_EXAMPLES": "4000"},
        [*PYTEST, "tests/test_ahead.py"],
    ),
    "A writer killed at 100 moments": ({"RFG_KILLS": "100"}, [*PYTEST, "tests/test_folder.py"]),
    "Emerging rules, what became known since, causes = plain Python on 1,000 random histories a test": (
        {"RFG_EXAMPLES": "40000"},
        [*PYTEST, "tests/test_emerging.py", "tests/test_since.py", "tests/test_causes.py"],
    ),
    "Who is before the meeting = a plain oracle of three meetings of 500 random forces": (
        {"RFG_EXAMPLES": "20000"},
        [*PYTEST, "tests/test_cycle_oracle.py"],
    ),
    "Twelve monthly cycles of 5,000 invented people, twice": ({}, ["tools/twelve_cycles.py"]),
    "Twelve monthly cycles on the New York admissions, twice": ({}, ["tools/twelve_cycles.py", "--new-york"]),
    "A workbook through LibreOffice, decisions filled in and read back": ({}, ["tools/workbook_deep.py"]),
    "Career tables, episodes, curves, metrics and resamples = plain references on random histories": (
        {"RFG_EXAMPLES": "10000"},
        [
            *PYTEST,
            *(f"tests/test_{name}.py" for name in ("careers", "gaps", "curves", "metrics", "resample")),
        ],
    ),
    "Cox, Weibull, Kaplan-Meier, Aalen-Johansen: R once more on ten published data sets": (
        {},
        ["tools/golden_deep.py"],
    ),
    "A back-test of 60 monthly landmarks on a million lines": ({}, ["benchmarks/landmarks.py"]),
    "Windows against pandas, polars and DuckDB": ({}, ["benchmarks/windows.py", "--quick"]),
    "Packs for 100 people from a million events": ({}, ["benchmarks/packs.py"]),
    "A whole run against a bare polars script": ({}, ["benchmarks/end_to_end.py"]),
}


def told_by(title: str) -> tuple[list[str], bool]:
    """Run one suite; return what it printed last, and whether it passed."""
    environment, arguments = SUITES[title]
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        cwd=HERE,
        check=False,
    )
    told = (done.stdout if done.returncode == 0 else done.stdout + done.stderr).strip().splitlines()[-25:]
    told = [line for line in told if not line.startswith(("bringing up", "."))]
    took = (
        f"exit {done.returncode} after {time.monotonic() - begun:.0f} s, {dt.datetime.now(dt.UTC):%Y-%m-%d}"
    )
    return [*told, took], done.returncode == 0


def main(words: list[str]) -> int:
    """Run the suites whose titles hold one of the words, or all; what the others told last stays."""
    page = HERE / "docs" / "deep.md"
    kept = dict(part.split("\n", 1) for part in page.read_text(encoding="utf-8").split("\n## ")[1:])
    parts = [
        "# Last run of the long suites",
        "",
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores. "
        "Written by `make deep`; times are of a shared machine.",
    ]
    passed = True
    for title in SUITES:
        if words and not any(word in title for word in words):
            if title in kept:
                parts += ["", f"## {title}", *kept[title].rstrip().split("\n")]
            continue
        print(title, flush=True)
        told, well = told_by(title)
        passed &= well
        parts += ["", f"## {title}", "", "```", *told, "```"]
        print("\n".join(told), flush=True)
    page.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
