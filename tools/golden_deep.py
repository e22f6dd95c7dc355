"""Ask R again what it says of the published data sets, and compare with what is committed in ``tests/golden``.

    python tools/golden_deep.py

Needs R with its survival package: on Debian, ``apt-get install --no-install-recommends r-base-core r-cran-survival``.
Ends with 1 when a file is missing, or a text or number differs. Another R, or another library of linear algebra,
may differ in the last digits of a number; that much is let pass, and told.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent.parent
KEPT = HERE / "tests" / "golden"
#: What two machines may differ by, relative to the number.
LAST_DIGITS = 1e-9


def cells(file: Path) -> list[list[str]]:
    """Return the cells of a CSV."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def apart(new: str, kept: str) -> float:
    """Return how far two cells are apart: 0 when equal, infinity when they are no numbers."""
    if new == kept:
        return 0.0
    try:
        return abs(float(new) - float(kept)) / max(abs(float(kept)), 1e-6)
    except ValueError:
        return float("inf")


def difference(new: Path, kept: Path) -> float:
    """Return the largest difference of two CSVs, infinity when they have other rows or columns."""
    ours, theirs = cells(kept), cells(new)
    if [len(row) for row in ours] != [len(row) for row in theirs]:
        return float("inf")
    return max(apart(a, b) for x, y in zip(theirs, ours, strict=True) for a, b in zip(x, y, strict=True))


def main() -> int:
    """Run R, compare, and tell."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        print("Rscript is missing: apt-get install --no-install-recommends r-base-core r-cran-survival")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [rscript, str(HERE / "tools" / "golden.R"), folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"R stopped with {done.returncode}:\n{done.stderr}")
            return 1
        new = {file.name: file for file in Path(folder).glob("*.csv")}
        kept = {file.name: file for file in KEPT.glob("*.csv")}
        for name in sorted(new.keys() ^ kept.keys()):
            print(f"{name}: only {'in R' if name in new else 'in tests/golden'}")
        worst = {name: difference(new[name], kept[name]) for name in new.keys() & kept.keys()}
        same = sum(new[name].read_bytes() == kept[name].read_bytes() for name in worst)
    for name, by in sorted(worst.items()):
        if by > LAST_DIGITS:
            print(f"{name}: differs by {by:.1e}")
    print(f"{same} of {len(kept)} files equal byte for byte, numbers of all within {max(worst.values()):.1e}")
    return int(new.keys() != kept.keys() or max(worst.values()) > LAST_DIGITS)


if __name__ == "__main__":
    sys.exit(main())
