"""Compare the one-day snapshot with pandas, polars and DuckDB, in one process and on the same data.

    python benchmarks/snapshot.py [LINES] [ROUNDS]

Each person gets: days since the last line, lines in the last 730 days, their gravity summed and at
its highest, distinct victims, and the gravity of all lines decayed with a half-life of 180 days.
Before anything is measured, all engines must agree. Rounds are interleaved, each starting with
another engine, and only ratios of medians are printed: another machine shows others, but about the
same ones. The peers query tables they already hold; *prepared* does the same with a history, *cold*
also builds it from the arrays.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from rfgscore.history.history import History
from rfgscore.tables import Table
from rfgscore.windows import rfg, snapshot

FIRST, DAYS = 14_610, 5_479  # 2010-01-01 to 2024-12-31
AS_OF = FIRST + DAYS - 1
WINDOW, HALF_LIFE = 730, 180
OFFENCES = 60
THREADS = 2
COLUMNS = ["days", "lines", "total", "top", "victims", "decayed"]


def events(lines: int, seed: int = 11) -> dict[str, np.ndarray]:
    """Draw lines as police data have them: most people once, a few very often, in any row order."""
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

    weights = np.clip(np.rint(rng.lognormal(3.2, 1.9, OFFENCES)), 1, 5475)
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
        "gravity": weights[code][order],
        "victim": victim[order],
    }


def with_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    seen = frame[frame["day"] <= AS_OF]
    held = seen[seen["day"] > AS_OF - WINDOW]
    found = held.groupby("person")["gravity"].agg(["size", "sum", "max"])
    found.columns = pd.Index(["lines", "total", "top"])
    known = held.loc[held["victim"] >= 0]
    halved = seen["gravity"] * np.exp2((seen["day"] - AS_OF) / HALF_LIFE)
    everyone = pd.DataFrame(
        {
            "days": AS_OF - seen.groupby("person")["day"].max(),
            "decayed": halved.groupby(seen["person"]).sum(),
        }
    )
    victims = known.groupby("person")["victim"].nunique().rename("victims")
    return everyone.join(found).join(victims).fillna(0).reset_index()


def with_polars(frame: pl.DataFrame) -> pl.DataFrame:
    day, gravity, victim = pl.col("day"), pl.col("gravity"), pl.col("victim")
    held = day > AS_OF - WINDOW
    seen = frame.lazy().filter(day <= AS_OF)
    # Distinct pairs first: several times faster than n_unique inside the aggregation.
    pairs = seen.filter(held & (victim >= 0)).select("person", "victim").unique()
    victims = pairs.group_by("person").agg(pl.len().alias("victims"))
    everyone = seen.group_by("person").agg(
        (AS_OF - day.max()).alias("days"),
        held.sum().alias("lines"),
        (gravity * held).sum().alias("total"),
        (gravity * held).max().alias("top"),
        (gravity * (2.0 ** ((day - AS_OF) / HALF_LIFE))).sum().alias("decayed"),
    )
    return (
        everyone.join(victims, on="person", how="left").with_columns(pl.col("victims").fill_null(0)).collect()
    )


def with_duckdb(connection: duckdb.DuckDBPyConnection) -> dict[str, np.ndarray]:
    held = f"day > {AS_OF - WINDOW}"
    return connection.execute(
        f"""
        select person, {AS_OF} - max(day) as days,
            count(*) filter (where {held}) as lines,
            coalesce(sum(gravity) filter (where {held}), 0) as total,
            coalesce(max(gravity) filter (where {held}), 0) as top,
            count(distinct victim) filter (where {held} and victim >= 0) as victims,
            sum(gravity * pow(2.0, (day - {AS_OF}) / {HALF_LIFE})) as decayed
        from events where day <= {AS_OF} group by person
        """
    ).fetchnumpy()


def answer(found: Any) -> dict[str, np.ndarray]:
    """Bring any engine's result to arrays in id order."""
    if isinstance(found, Table):
        names = dict(
            zip(found.columns, ["person", "days", "lines", "total", "top", "victims", "decayed"], strict=True)
        )
        arrays = {names[name]: np.where(c.null, 0, c.values) for name, c in found.columns.items()}
    else:
        arrays = {name: np.asarray(found[name]) for name in ["person", *COLUMNS]}
    order = np.argsort(arrays["person"])
    return {name: array[order] for name, array in arrays.items()}


def agree(engines: dict[str, Callable[[], Any]]) -> int:
    """Stop unless all engines say the same; return the number of people."""
    answers = {name: answer(run()) for name, run in engines.items()}
    first = next(iter(answers.values()))
    for name, other in answers.items():
        for column in ("person", "days", "lines", "total", "top", "victims"):
            if not np.array_equal(first[column], other[column]):
                sys.exit(f"{name} disagrees on {column}")
        if not np.allclose(first["decayed"], other["decayed"], rtol=1e-9, atol=0):
            sys.exit(f"{name} disagrees on decayed")
    return len(first["person"])


def medians(engines: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Measure in rounds, each starting with another engine."""
    taken: dict[str, list[float]] = {name: [] for name in engines}
    names = list(engines)
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            start = time.perf_counter()
            engines[name]()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def main(lines: int, rounds: int) -> None:
    """Check, measure and print the table of ratios."""
    data = events(lines)
    history = History.from_arrays(**data)
    features = rfg(WINDOW, half_life_days=HALF_LIFE)
    pandas_frame, polars_frame = pd.DataFrame(data), pl.DataFrame(data)
    connection = duckdb.connect(config={"threads": THREADS})
    connection.register("arrays", pandas_frame)
    connection.execute("create table events as select * from arrays")

    ours: dict[str, Callable[[], Any]] = {
        "prepared, 1 thread": lambda: snapshot(history, AS_OF, features),
        f"prepared, {THREADS} threads": lambda: snapshot(history, AS_OF, features, threads=THREADS),
        "cold, 1 thread": lambda: snapshot(History.from_arrays(**data), AS_OF, features),
    }
    peers: dict[str, Callable[[], Any]] = {
        "pandas": lambda: with_pandas(pandas_frame),
        "polars": lambda: with_polars(polars_frame),
        "duckdb": lambda: with_duckdb(connection),
    }
    people = agree(ours | peers)  # also compiles and warms everything
    median = medians(ours | peers, rounds)
    print(f"{lines:,} lines, {people:,} people, median of {rounds} rounds; how many times as fast as")
    print(f"{'':22}" + "".join(f"{peer:>10}" for peer in peers))
    for name in ours:
        print(f"{name:22}" + "".join(f"{median[peer] / median[name]:>9.2f}x" for peer in peers))


if __name__ == "__main__":
    asked = [int(float(word)) for word in sys.argv[1:]]
    main(asked[0] if asked else 1_000_000, max(asked[1], 5) if len(asked) > 1 else 7)
