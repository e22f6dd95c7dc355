"""Files and tables in memory to columns of text: where every input comes in.

Nothing is guessed: the kind of a file is told by its first bytes and must agree with its name, and only
mapped columns are kept. Python's ``csv`` in strict mode is the authority on every CSV file; DuckDB reads
Parquet.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rfgscore.ingest.readers.csv_table import CsvFile, read_csv
from rfgscore.ingest.readers.parquet import read_parquet
from rfgscore.ingest.readers.preflight import identify, survey
from rfgscore.ingest.readers.raw import Limits, RawTable
from rfgscore.tables import Table

__all__ = ["SPREADSHEET_ROWS", "read_table"]

#: Row counts at which a spreadsheet program cuts a file short.
SPREADSHEET_ROWS = (65535, 65536, 1048575, 1048576)

_LIMITS = Limits()


def read_table(
    path: object,
    *,
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str] = (),
    encoding: str = "utf-8",
    delimiter: str = ",",
    limits: Limits = _LIMITS,
    zone: str | None = None,
    name: str = "offences",
) -> RawTable:
    """Read the mapped columns of a CSV, gzipped CSV or Parquet file, or of a table in memory.

    Parameters
    ----------
    path : path, or pandas, polars or Arrow table, or `rfgscore.tables.Table`
        The file, whose name must end in ``.csv``, ``.csv.gz`` or ``.parquet``; or the table.
    wanted : mapping of str to str, or sequence of str
        File column of each contract name, all of which must be there; or, where nothing is mapped,
        the contract names to look for.
    needed : sequence of str
        Contract names without which an unmapped file is of no use.
    encoding : str
        Declared encoding of a CSV; a UTF-8 byte-order mark is accepted.
    delimiter : str
        Declared delimiter of a CSV.
    limits : Limits
        Sizes beyond which the file is refused.
    zone : str or None
        Name of the time zone in which a timestamp with a zone has its date; without it, such a column
        is refused.
    name : str
        What a table in memory is called in messages.

    Returns
    -------
    RawTable
        The columns as text.

    Raises
    ------
    InputNotFoundError
        When there is no such file.
    FormatError
        When the file is not of the format its name says, cannot be decoded, was changed meanwhile, holds
        rows inside a quoted cell, or passes a limit.
    MissingColumnError
        When a mapped or needed column is not in the file.
    TypeError
        When neither a path nor a table is given.
    """
    if not isinstance(path, str | os.PathLike):
        from rfgscore.ingest.readers.frames import is_frame, read_frame

        if isinstance(path, Table):
            path = path.to_pandas()
        if not is_frame(path):
            raise TypeError(f"a path, or a pandas, polars or Arrow table is read, not {type(path).__name__}")
        table = read_frame(path, name=name, wanted=wanted, needed=needed, zone=zone)
        limits.refuse_more(name, table.rows)
        return table
    source = identify(Path(path))
    with source.held():
        if source.kind == "parquet":
            return read_parquet(source, wanted, needed, limits=limits, zone=zone)
        found = survey(source, encoding, limits.decompression_ratio)
        return read_csv(CsvFile(source, found, delimiter, wanted, needed, limits))
