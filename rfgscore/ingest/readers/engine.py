"""DuckDB as it is used to read: closed to the network, silent, leaving nothing on disk."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from rfgscore.ingest.readers.coded import Coded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

__all__ = ["code_cells", "open_engine"]


def open_engine() -> closing[DuckDBPyConnection]:
    """Open an empty database in memory.

    Returns
    -------
    contextlib.closing
        Gives the connection, and closes it at the end of the block.
    """
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # No row may be left behind in a file of the engine's own.
        "temp_directory": "",
    }
    connection = duckdb.connect(config=settings)
    # In a notebook that cannot draw a bar, the engine refuses even to be told so.
    with suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    return closing(connection)


def code_cells(connection: DuckDBPyConnection, cells: DuckDBPyRelation, text: str = "cell") -> Coded:
    """Code a column as text without making a Python object of every cell.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the column is.
    cells : duckdb.DuckDBPyRelation
        One column named ``cell``, in row order.
    text : str
        SQL that turns a cell into text, two different ones into different texts.

    Returns
    -------
    Coded
        The same rows; null is no value.
    """
    for old in ("cells", "words"):
        connection.execute(f"DROP TABLE IF EXISTS {old}")
    cells.create("cells")
    # Text is ordered by its bytes, and those of UTF-8 are in the order of the code points.
    distinct = connection.table("cells").filter("cell IS NOT NULL").distinct()
    words = distinct.project(f"cell AS value, {text} AS word")
    words.project("*, CAST(row_number() OVER (ORDER BY word) - 1 AS INTEGER) AS code").create("words")
    codes = connection.execute(
        "SELECT coalesce(code, -1) AS code FROM cells LEFT JOIN words ON cell = value ORDER BY cells.rowid"
    ).fetchnumpy()["code"]
    seen: Any = connection.execute("SELECT word FROM words ORDER BY code").fetchnumpy()["word"]
    return Coded(np.asarray(codes, np.int32), tuple(seen.tolist()))
