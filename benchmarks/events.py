"""Invented lines for the benchmarks: as police data have them, with a seed.

The number of lines of a person falls as a power (exponent 2.2, at most 500): 67 % of the people have
one line, the mean is 2.8, and the mean over lines is above 40. A career starts anywhere in fifteen
years and lasts some years; 6 % of the lines stand on the day of the person's line before; a quarter
of the lines are of the person's first victim, and 15 % know no victim. Weights are whole numbers, so
their sums are exact in every engine. Rows stand in random order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FIRST, DAYS = 14_610, 5_479  # 2010-01-01 to 2024-12-31
AS_OF = FIRST + DAYS - 1
WINDOW, HALF_LIFE = 730, 180
OFFENCES = 60
#: Gravity of each offence.
WEIGHTS = np.clip(np.rint(np.random.default_rng(5).lognormal(3.2, 1.9, OFFENCES)), 1, 5475)
#: Days of a panel: 60, a month apart, the last of them `AS_OF`.
DATES = [AS_OF - 30 * back for back in range(59, -1, -1)]


def events(lines: int, seed: int = 11) -> dict[str, npt.NDArray[Any]]:
    """Draw lines: `person`, `day`, `code`, `gravity` and `victim`, one value a line."""
    rng = np.random.default_rng(seed)
    counts = np.arange(1, 501)
    share = counts**-2.2
    expected = float((counts * share).sum() / share.sum())
    drawn = rng.choice(counts, int(lines / expected * 1.1) + 2_000, p=share / share.sum())
    people = int(np.searchsorted(np.cumsum(drawn), lines)) + 1
    who = np.repeat(np.arange(people), drawn[:people])[:lines]
    ids = rng.permutation(1_000_000_000 + np.cumsum(rng.integers(1, 9_000_000_000 // people, people)))

    # A career: a first day anywhere in fifteen years, then a length of some years.
    start = rng.integers(0, DAYS, people)
    length = np.minimum(30 + rng.gamma(1.2, 900.0, people), DAYS - start)
    day = FIRST + start[who] + (rng.random(lines) * length[who]).astype(np.int64)
    repeated = np.flatnonzero((rng.random(lines - 1) < 0.06) & (who[1:] == who[:-1])) + 1
    day[repeated] = day[repeated - 1]

    popularity = rng.permutation(np.arange(1, OFFENCES + 1) ** -1.1)
    code = rng.choice(OFFENCES, lines, p=popularity / popularity.sum())

    victim = rng.integers(0, max(int(lines * 0.7), 10), lines)
    same_again = rng.random(lines) < 0.25
    victim[same_again] = victim[np.searchsorted(who, who[same_again])]
    victim[rng.random(lines) < 0.15] = -1
    order = rng.permutation(lines)
    return {
        "person": ids[who][order],
        "day": day[order].astype(np.int32),
        "code": code[order].astype(np.int8),
        "gravity": WEIGHTS[code][order],
        "victim": victim[order],
    }


def arrays(data: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that engines start from in memory: those without the offence."""
    return {name: values for name, values in data.items() if name != "code"}


def write_parquet(data: dict[str, npt.NDArray[Any]], path: Path) -> None:
    """Write lines as a force may hand them over: ids as text, dates, offences as a dictionary."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    texts = pc.cast(pa.array(data["person"]), pa.string())
    table = pa.table(
        {
            "person_id": pc.binary_join_element_wise(pa.scalar("P"), texts, ""),
            "event_date": pa.array(data["day"]).cast(pa.date32()),
            "offence_code": pa.DictionaryArray.from_arrays(
                pa.array(data["code"]), pa.array([f"C{number:02}" for number in range(OFFENCES)])
            ),
            "victim_id": pa.array(data["victim"], mask=data["victim"] < 0),
        }
    )
    pq.write_table(table, path, compression="zstd", row_group_size=2**20)
