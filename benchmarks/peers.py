"""The same questions in pandas, polars and DuckDB: the fastest form of each that was found.

Columns of their tables are `person`, `day`, `gravity` and `victim` (-1 unknown). T1 is the snapshot of
one day, T2 the features at every line, T3 a panel, T4 from a Parquet file to the 500 highest scores.
Decayed gravities of T2 are cumulated with weights that grow with the day, which is exact enough over
fifteen years (1e-9) and the only way open to engines without a recurrence.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "2")  # read when polars is loaded

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from events import AS_OF, DATES, FIRST, HALF_LIFE, OFFENCES, WEIGHTS, WINDOW

#: Columns of every answer, after `person` (and `day` in T2).
COLUMNS = ["days", "lines", "total", "top", "victims", "decayed"]
PERSON, DAY, GRAVITY, VICTIM = (pl.col(name) for name in ("person", "day", "gravity", "victim"))


def pandas_t1(frame: pd.DataFrame, as_of: int = AS_OF) -> pd.DataFrame:
    """Answer T1 with pandas."""
    seen = frame[frame["day"] <= as_of]
    held = seen[seen["day"] > as_of - WINDOW]
    found = held.groupby("person")["gravity"].agg(["size", "sum", "max"])
    found.columns = pd.Index(["lines", "total", "top"])
    known = held.loc[held["victim"] >= 0]
    halved = seen["gravity"] * np.exp2((seen["day"] - as_of) / HALF_LIFE)
    everyone = pd.DataFrame(
        {
            "days": as_of - seen.groupby("person")["day"].max(),
            "decayed": halved.groupby(seen["person"]).sum(),
        }
    )
    victims = known.groupby("person")["victim"].nunique().rename("victims")
    return everyone.join(found).join(victims).fillna(0).reset_index()


def pandas_t2(frame: pd.DataFrame) -> pd.DataFrame:
    """Answer T2 with pandas: rolling by row first, then the last row of each day for all of that day."""
    lines = frame.sort_values(["person", "day"], kind="stable", ignore_index=True)
    people = lines.groupby("person")
    days = [lines["person"], lines["day"]]
    dated = lines.set_index(pd.to_datetime(lines["day"].to_numpy(), unit="D")).groupby("person")
    rolled = dated["gravity"].rolling(f"{WINDOW}D").agg(["count", "sum", "max"])
    rolled.columns = pd.Index(["lines", "total", "top"])
    rolled["victims"] = (
        dated["victim"].rolling(f"{WINDOW}D").apply(lambda held: len(np.unique(held[held >= 0])), raw=True)
    )
    found = rolled.reset_index(drop=True)
    grown = np.exp2((lines["day"] - FIRST) / HALF_LIFE)
    found["decayed"] = (lines["gravity"] * grown).groupby(lines["person"]).cumsum() / grown
    found = found.groupby(days).transform("last")
    gap = people["day"].diff().fillna(-1)  # filled first: "first" would look past a missing one
    found["days"] = gap.groupby(days).transform("first")
    return pd.concat([lines[["person", "day"]], found[COLUMNS]], axis=1)


def polars_t1(frame: pl.LazyFrame, as_of: int = AS_OF) -> pl.LazyFrame:
    """Ask T1 of polars in one grouping: distinct pairs counted apart first take as long."""
    held = as_of - WINDOW < DAY
    return (
        frame.filter(as_of >= DAY)
        .group_by("person")
        .agg(
            (as_of - DAY.max()).alias("days"),
            held.sum().alias("lines"),
            (GRAVITY * held).sum().alias("total"),
            (GRAVITY * held).max().alias("top"),
            VICTIM.filter(held & (VICTIM >= 0)).n_unique().alias("victims"),
            (GRAVITY * 2.0 ** ((DAY - as_of) / HALF_LIFE)).sum().alias("decayed"),
        )
    )


def polars_t2(frame: pl.DataFrame) -> pl.DataFrame:
    """Answer T2 with polars: one rolling pass for the window, one cumulative for the rest."""
    lines = frame.sort("person", "day")
    rolled = lines.rolling("day", period=f"{WINDOW}i", group_by="person", closed="right").agg(
        pl.len().alias("lines"),
        GRAVITY.sum().alias("total"),
        GRAVITY.max().alias("top"),
        VICTIM.filter(VICTIM >= 0).n_unique().alias("victims"),
    )
    grown = 2.0 ** ((DAY - FIRST) / HALF_LIFE)
    rest = (
        lines.lazy()
        .select(
            "person",
            "day",
            DAY.diff().over("person").fill_null(-1).alias("days"),
            ((GRAVITY * grown).cum_sum().over("person") / grown).alias("decayed"),
        )
        .select(
            pl.col("days").first().over("person", "day"),
            pl.col("decayed").last().over("person", "day"),
        )
        .collect()
    )
    return rolled.hstack(rest)


def polars_t3(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Answer T3 with polars: T1 for each date."""
    return [polars_t1(frame.lazy(), date).collect() for date in DATES]


def polars_t4(path: Path, out: Path) -> None:
    """Answer T4 with polars."""
    codes = pl.Series([f"C{number:02}" for number in range(OFFENCES)], dtype=pl.Categorical)
    weight = pl.col("offence_code").replace_strict(codes, pl.Series(WEIGHTS), return_dtype=pl.Float64)
    lines = (
        pl.scan_parquet(path)
        .with_columns(weight.alias("gravity"), pl.col("event_date").cast(pl.Int32))  # a join takes longer
        .rename({"person_id": "person", "event_date": "day", "victim_id": "victim"})
    )
    active = polars_t1(lines).filter(pl.col("lines") > 0).collect()
    score = pl.lit(3, pl.Int32)
    for value in (-pl.col("days").cast(pl.Int64), pl.col("lines").cast(pl.Int64), pl.col("total")):
        for part in (0.2, 0.4, 0.6, 0.8):
            score = score + (value > value.quantile(part, "linear")).cast(pl.Int32)
    (
        active.lazy()
        .with_columns(score.alias("score"))
        .sort(["score", "decayed", "person"], descending=[True, True, False])
        .head(500)
        .select("person", "score", *COLUMNS)
        .collect()
        .write_csv(out)
    )


def duckdb_t1(table: str, as_of: int = AS_OF) -> str:
    """Write T1 in SQL."""
    held = f"day > {as_of - WINDOW}"
    return f"""
        select person, {as_of} - max(day) as days,
            count(*) filter (where {held}) as lines,
            coalesce(sum(gravity) filter (where {held}), 0) as total,
            coalesce(max(gravity) filter (where {held}), 0) as top,
            count(distinct victim) filter (where {held} and victim >= 0) as victims,
            sum(gravity * pow(2.0, (day - {as_of}) / {HALF_LIFE})) as decayed
        from {table} where day <= {as_of} group by person
    """


def duckdb_t2(table: str) -> str:
    """Write T2 in SQL: frames by range, so that all lines of a day are inside."""
    grown = f"pow(2.0, (day - {FIRST}) / {HALF_LIFE})"
    return f"""
        select person, day,
            coalesce(day - max(day) over (
                ordered range between unbounded preceding and 1 preceding), -1) as days,
            count(*) over held as lines,
            sum(gravity) over held as total,
            max(gravity) over held as top,
            count(distinct if(victim >= 0, victim, null)) over held as victims,
            sum(gravity * {grown}) over (
                ordered range between unbounded preceding and current row) / {grown} as decayed
        from {table}
        window ordered as (partition by person order by day),
            held as (partition by person order by day range between {WINDOW - 1} preceding and current row)
    """


def connect(frame: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    """Open DuckDB in memory with two threads and a table `events` of its own."""
    connection = duckdb.connect(config={"threads": 2})
    connection.register("given", frame.to_arrow())
    connection.execute("create table events as select * from given")
    connection.unregister("given")
    return connection


def kept(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Run a query into a temporary table: the fastest way to have its whole result."""
    connection.execute(f"create or replace temp table found as {sql}")
