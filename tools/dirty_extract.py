"""Write the dirty extract of the tests to a folder, for looking at. All people in it are invented.

Run from the top folder: ``python tools/dirty_extract.py FOLDER``. Beside the tables stand the settings that
read them and ``truth.csv``: what must become of each row. Same seed, same bytes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import dirty


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a dirty extract of invented people to a folder.")
    parser.add_argument("folder", type=Path, help="absent or empty")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=20250630)
    parser.add_argument("--faults", type=int, help="rows at fault; default 0.45 %% of the rows")
    parser.add_argument("--encoding", choices=["utf-8", "cp1252"], default="utf-8")
    said = parser.parse_args()
    if said.folder.exists() and any(said.folder.iterdir()):
        parser.error(f"{said.folder} is in use")
    said.folder.mkdir(parents=True, exist_ok=True)
    extract = dirty.build(said.rows, said.seed, faults=said.faults, encoding=said.encoding)
    files = extract.write(said.folder)
    with (said.folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "becomes"])
        writer.writerows((row, word or "USED") for row, word in enumerate(extract.truth.tolist(), 1))
    print(f"rfgscore run --config {files['config']} --offences {files['offences']} --as-of {dirty.AS_OF} "
          f"--extract-date {dirty.EXTRACT} {' '.join(f'--{name} {files[name]}' for name in extract.sides)} --out OUT")  # fmt: skip


if __name__ == "__main__":
    main()
