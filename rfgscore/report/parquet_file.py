"""Parquet with exact types, the same bytes for the same table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from rfgscore.tables import Table

__all__ = ["parquet_bytes"]

_TYPES = {
    "text": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "date": "DATE",
    "bool": "BOOLEAN",
}


def parquet_bytes(table: Table) -> bytes:
    """Return a table as the bytes of a Parquet file.

    Parameters
    ----------
    table : Table
        The table; text stays true, without the guards of a CSV.

    Returns
    -------
    bytes
        The file: text, int32, float64 and date32 columns, rows in order.
    """
    import duckdb

    held: dict[str, Any] = {}
    chosen: list[str] = []
    for place, (name, column) in enumerate(table.columns.items()):
        values: Any = column.values
        if column.kind == "date":
            values = np.where(column.null, 0, values).astype("datetime64[D]").astype("datetime64[us]")
        held[f"c{place}"] = values if column.kind == "text" else np.ma.MaskedArray(values, column.null)
        chosen.append(f'c{place}::{_TYPES[column.kind]} AS "{name}"')
    # One thread: row groups are cut the same way on every machine.
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(config=settings)
    try:
        with tempfile.TemporaryDirectory(prefix="rfgscore-") as folder:
            path = Path(folder) / "table.parquet"
            connection.register("held", held)
            connection.sql(f"SELECT {', '.join(chosen)} FROM held").write_parquet(str(path))  # noqa: S608
            return path.read_bytes()
    finally:
        connection.close()
