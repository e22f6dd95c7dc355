"""Whether all engines give the same answer; nothing is measured before they do."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
from events import DATES
from peers import COLUMNS

from rfgscore.tables import Table

#: What the decayed gravity may differ by, relatively: engines add in different orders.
CLOSE = 1e-9
#: Other code for the same questions names its columns so.
OTHER_NAMES = {
    "person_id": "person",
    "event_day": "day",
    "rec": "days",
    "frq": "lines",
    "hsum": "total",
    "hmax": "top",
    "nvic": "victims",
    "dcy": "decayed",
}

Arrays = dict[str, npt.NDArray[Any]]


def agree(task: str, engines: Mapping[str, Callable[[], Any]], connection: duckdb.DuckDBPyConnection) -> None:
    """Stop unless all engines say the same. It also compiles and warms everything."""
    keys = {"T1": ["person"], "T2": ["person", "day"], "T3": ["date", "person"]}[task]
    first: Arrays | None = None
    for name, run in engines.items():
        found = run()
        # DuckDB keeps its answer as a table.
        told = _arrays(connection.sql("from found").to_arrow_table() if found is None else found, keys)
        order = np.lexsort([told[key] for key in reversed(keys)])
        told = {column: values[order] for column, values in told.items()}
        if first is None:
            first = told
            continue
        for column in [*keys, *COLUMNS]:
            if column != "decayed" and not np.array_equal(first[column], told[column]):
                sys.exit(f"{task}: {name} disagrees on {column}")
        if not np.allclose(first["decayed"], told["decayed"], rtol=CLOSE, atol=0):
            sys.exit(f"{task}: {name} disagrees on decayed")


def _arrays(found: Any, keys: list[str]) -> Arrays:
    """Bring any engine's answer to arrays with the names of the peers; an empty window's highest is 0."""
    if isinstance(found, Table):
        ours = list(found.columns.values())
        if keys == ["date", "person"]:  # a panel leads with the person
            ours[:2] = ours[1], ours[0]
        names = [*keys, *COLUMNS]
        arrays = {name: np.asarray(column.values) for name, column in zip(names, ours, strict=True)}
        return arrays | {"top": np.where(ours[names.index("top")].null, 0, arrays["top"])}
    if isinstance(found, list):  # T3 of a peer: one frame a date
        parts = [_arrays(part, ["person"]) for part in found]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in ["person", *COLUMNS]}
        dates = np.repeat(np.array(DATES, np.int32), [len(part["person"]) for part in parts])
        return {"date": dates, **whole}
    frame = found if isinstance(found, pl.DataFrame) else None
    columns = (
        list(found.columns) if frame is not None or not hasattr(found, "column_names") else found.column_names
    )
    return {OTHER_NAMES.get(name, name): np.asarray(found[name]) for name in columns}


def agree_on_lists(paths: list[Path]) -> None:
    """Stop unless the lists of T4 name the same people in the same order with the same values."""
    lists = []
    for path in paths:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        values = np.array([[float(value) for value in row[1:]] for row in rows])
        lists.append(([row[0] for row in rows], values))
    people, values = lists[0]
    for path, (other_people, other_values) in zip(paths[1:], lists[1:], strict=True):
        if other_people != people or not np.array_equal(values[:, :-1], other_values[:, :-1]):
            sys.exit(f"T4: {path.stem} and {paths[0].stem} list other people, or with other values")
        if not np.allclose(values[:, -1], other_values[:, -1], rtol=CLOSE, atol=0):
            sys.exit(f"T4: {path.stem} and {paths[0].stem} disagree on decayed")
