"""Other code for the same questions, timed in the same rounds to show that the peers here are no slower.

The file named by ``--against`` holds `pl_t1`, `pl_t2`, `duck_sql_t1`, `duck_sql_t2` and `t4_polars`, whose
columns are `person_id`, `event_day`, `harm` and `victim_id`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import peers
import polars as pl
from events import DATES, WEIGHTS
from results import Measured

OTHER = " (other)"
_NAMES = {"person": "person_id", "day": "event_day", "gravity": "harm", "victim": "victim_id"}

Engines = dict[str, Callable[[], Any]]


def load(path: Path | None) -> Any:
    """Load the other code, laying our weights under it; None without a path."""
    if path is None:
        return None
    spec = importlib.util.spec_from_file_location("other_peers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.G.harm_table = lambda: WEIGHTS
    return module


def t1(other: Any, frame: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Engines:
    """Return the other engines of T1."""
    if other is None:
        return {}
    renamed = frame.rename(_NAMES)
    _view(connection)
    return {
        f"polars{OTHER}": lambda: other.pl_t1(renamed.lazy()),
        f"DuckDB{OTHER}": lambda: peers.kept(connection, other.duck_sql_t1("other_events")),
    }


def t2(other: Any, frame: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Engines:
    """Return the other engines of T2."""
    if other is None:
        return {}
    renamed = frame.rename(_NAMES)
    _view(connection)
    return {
        f"polars{OTHER}": lambda: other.pl_t2(renamed),
        f"DuckDB{OTHER}": lambda: peers.kept(connection, other.duck_sql_t2("other_events")),
    }


def t3(other: Any, frame: pl.DataFrame) -> Engines:
    """Return the other engine of T3."""
    if other is None:
        return {}
    renamed = frame.rename(_NAMES)
    return {f"polars{OTHER}": lambda: [other.pl_t1(renamed.lazy(), date) for date in DATES]}


def t4(other: Any, path: Path, folder: Path) -> Engines:
    """Return the other engine of T4."""
    if other is None:
        return {}
    return {f"polars{OTHER}": lambda: other.t4_polars(str(path), str(folder / "other.csv"))}


def told(found: list[Measured]) -> list[str]:
    """Say how long the other code took for each second of the peers here."""
    return [
        f"{m.task}, {m.lines:,} lines: {name} takes "
        f"{m.ratio(name, name.removesuffix(OTHER)).value:.2f} times as long"
        for m in found
        for name in m.wall
        if name.endswith(OTHER)
    ]


def _view(connection: duckdb.DuckDBPyConnection) -> None:
    chosen = ", ".join(f"{ours} as {theirs}" for ours, theirs in _NAMES.items())
    connection.execute(f"create or replace view other_events as select {chosen} from events")
