"""The questions of the benchmarks as this package answers them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from events import AS_OF, DATES, HALF_LIFE, OFFENCES, WEIGHTS, WINDOW

from rfgscore.history.history import History
from rfgscore.tables import Table
from rfgscore.windows import at_events, panel, rfg, snapshot

THREADS = 2
FEATURES = rfg(WINDOW, half_life_days=HALF_LIFE)

Arrays = dict[str, npt.NDArray[Any]]


def built(data: Arrays, **how: Any) -> History:
    """Build the history that the prepared answers start from."""
    return History.from_arrays(**data, threads=THREADS, **how)


def t1(history: History, as_of: int = AS_OF, **how: Any) -> Table:
    """Answer T1: the snapshot of one day."""
    return snapshot(history, as_of, FEATURES, threads=THREADS, **how)


def t2(history: History, **how: Any) -> Table:
    """Answer T2: the features at every line."""
    return at_events(history, FEATURES, threads=THREADS, **how)


def t3(history: History, **how: Any) -> Table:
    """Answer T3: the snapshots of 60 dates."""
    return panel(history, DATES, FEATURES, threads=THREADS, **how)


def read(path: Path) -> Any:
    """Read what T4 needs of the file, and nothing more."""
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=["person_id", "event_date", "offence_code", "victim_id"])


def t4(path: Path, out: Path) -> None:
    """Answer T4: from a Parquet file to the 500 highest scores."""
    import pyarrow.compute as pc

    rows = read(path)
    offence = rows["offence_code"].combine_chunks()
    weight = {f"C{number:02}": WEIGHTS[number] for number in range(OFFENCES)}
    table = t1(
        History.from_arrays(
            person=rows["person_id"],
            day=rows["event_date"],
            gravity=np.array([weight[code] for code in offence.dictionary.to_pylist()])[offence.indices],
            victim=pc.fill_null(rows["victim_id"], -1).to_numpy(),
            threads=THREADS,
        )
    )
    days, lines, total, _, _, decayed = (column.values for column in list(table.columns.values())[1:])
    active = np.flatnonzero(lines)
    score = np.full(len(active), 3)
    for value in (-days[active], lines[active], total[active]):
        for edge in np.quantile(value, (0.2, 0.4, 0.6, 0.8)):
            score += value > edge
    # Only the scores that reach the 500 are put in order; the table stands in id order already.
    lowest = np.sort(score)[-500:][0]
    best = np.flatnonzero(score >= lowest)
    best = best[np.lexsort((best, -decayed[active[best]], -score[best]))][:500]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["person", "score", "days", "lines", "total", "top", "victims", "decayed"])
        for number, row in zip(score[best].tolist(), table.take(active[best]).rows(), strict=True):
            writer.writerow([row[0], number, *row[1:]])
