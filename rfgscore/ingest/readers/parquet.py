"""Parquet, read by DuckDB: typed columns to columns of text."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from rfgscore.errors import FormatError
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.engine import code_cells, open_engine
from rfgscore.ingest.readers.preflight import Source
from rfgscore.ingest.readers.raw import Limits, RawTable, match_columns, unread
from rfgscore.ingest.readers.typed import Place, moments

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

__all__ = ["read_parquet"]

#: Types of moments in time that have a zone: what they are counted in, and the SQL that counts.
_ZONED = {"TIMESTAMP WITH TIME ZONE": ("us", "epoch_us"), "TIMESTAMPTZ_NS": ("ns", "epoch_ns")}
_OUTSIDE = 2**63 - 1
#: Types whose different values are different texts: each value is written once, not each cell.
_PLAIN = ("DATE", "BOOLEAN")


def read_parquet(
    source: Source,
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str],
    *,
    limits: Limits,
    zone: str | None,
) -> RawTable:
    """Read the mapped columns of a Parquet file.

    Parameters
    ----------
    source : Source
        The file.
    wanted, needed : mapping or sequence of str
        As of `match_columns`.
    limits : Limits
        Most rows.
    zone : str or None
        Name of the time zone that dates timestamps with a zone.

    Returns
    -------
    RawTable
        The columns as text.

    Raises
    ------
    FormatError
        When the file is damaged, a mapped column is of a type that is not read, or there are too many
        rows.
    MissingColumnError
        When a mapped or needed column is not there.
    """
    name = source.name
    columns: dict[str, Coded] = {}
    typed: dict[str, str] = {}
    with open_engine() as connection, _faults(name):
        # Without escaping, a name with * ? [ would read other files too.
        pattern = glob.escape(str(source.path.absolute()))
        file = connection.read_parquet(pattern)
        header = _header(connection, pattern)
        names, warnings = match_columns(name, header, wanted, needed)
        rows = int(file.aggregate("count(*)").fetchall()[0][0])
        limits.refuse_more(name, rows)
        for contract, column in names.items():
            # The engine gives names of its own to columns whose names differ in case only.
            index = header.index(column)
            place = Place(name, column, contract, zone)
            kind, columns[contract] = _read(
                connection, file, file.columns[index], str(file.types[index]), place
            )
            if kind:
                typed[contract] = kind
    return RawTable(
        file=name,
        sha256=source.sha256,
        rows=rows,
        columns=columns,
        names=names,
        typed=typed,
        warnings=warnings,
        unread=unread(header, names),
    )


@contextmanager
def _faults(name: str) -> Iterator[None]:
    """Say in the library's own words what the engine stumbled over."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise FormatError(f"{name}: there is too little memory to read it; split the file") from error
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, RuntimeError) as error:
        if "interrupt" in str(error).lower():
            raise  # Ctrl-C within the engine
        # A RuntimeError is a column name that is no UTF-8.
        raise FormatError(f"{name}: the Parquet format is damaged or cut short; transfer it again") from error


def _header(connection: DuckDBPyConnection, pattern: str) -> list[str]:
    """Return the names of the outermost columns as they stand in the file."""
    schema = connection.execute("SELECT name, num_children FROM parquet_schema(?)", [pattern]).fetchall()
    names: list[str] = []
    inside = 0
    for column, children in schema[1:]:
        if inside:
            inside -= 1
        else:
            names.append(column)
        inside += children or 0
    return names


def _read(
    connection: DuckDBPyConnection, file: DuckDBPyRelation, column: str, kind: str, place: Place
) -> tuple[str, Coded]:
    """Return a column's kind, and its cells."""
    cell = '"' + column.replace('"', '""') + '"'
    if kind.startswith("TIMESTAMP") and not kind.endswith("]"):
        place.refuse_moments()
    if kind in _ZONED:
        unit, count = _ZONED[kind]
        # An endless moment has no count and is no null: it becomes a date that no calendar has.
        found = file.project(
            f"coalesce({count}({cell}), {_OUTSIDE}) AS moment, {cell} IS NOT NULL AS given"
        ).fetchnumpy()
        return moments(np.asarray(found["moment"], np.int64), unit, np.asarray(found["given"]), True, place)
    told, sql = _as_text("cell", kind, place)
    cells = file.project(f"{cell} AS cell")
    if kind in _PLAIN:
        return told, code_cells(connection, cells, sql)
    return told, code_cells(connection, cells.project(f"{sql} AS cell"))


def _as_text(cell: str, kind: str, place: Place) -> tuple[str, str]:
    """Return how a typed column reads as text: its kind, and the SQL that says so."""
    if kind.endswith("]"):
        raise FormatError(
            f"{place.table}: the column {place.column!r} is nested ({kind}); text, dates and numbers "
            "are read; write it as text"
        )
    if kind in ("VARCHAR", '"NULL"', "NULL") or kind.startswith("ENUM"):
        return "", f"{cell}::VARCHAR"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return "date", f"{cell}::VARCHAR"
    if kind == "BOOLEAN":
        return "", f"CASE WHEN {cell} THEN 'true' WHEN NOT {cell} THEN 'false' END"
    if kind.endswith(("INT", "INTEGER")):
        return "number", f"{cell}::VARCHAR"
    if kind.startswith("DECIMAL"):
        return "number", f"regexp_replace({cell}::VARCHAR, '[.]0+$', '')"
    if kind in ("FLOAT", "DOUBLE"):
        # A whole float is written without its point; any other keeps it and is no id. The cast is also
        # tried on rows of other branches, where it must not fail.
        number = f"{cell}::DOUBLE"
        exact = 2**24 if kind == "FLOAT" else 2**53  # beyond it two whole numbers are one float
        return "number", (
            # By its text: a file's statistics can let isnan() be taken for false everywhere.
            f"CASE WHEN {number}::VARCHAR IN ('nan', '-nan') THEN NULL "
            f"WHEN {number} = trunc({number}) AND abs({number}) < {exact} "
            f"THEN TRY_CAST({number} AS BIGINT)::VARCHAR ELSE {number}::VARCHAR || '.' END"
        )
    raise place.refused(kind)
