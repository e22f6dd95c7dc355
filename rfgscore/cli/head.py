"""The first records of an extract, read by the strict readers before anything of it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rfgscore.errors import FormatError, MissingColumnError
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.csv_records import Header
from rfgscore.ingest.readers.csv_table import CsvFile
from rfgscore.ingest.readers.parquet import read_parquet
from rfgscore.ingest.readers.preflight import Source, Survey, identify, survey
from rfgscore.ingest.readers.raw import Limits, RawTable

__all__ = ["RECORDS", "ZONE", "Head", "read_head"]

#: Records that are looked at.
RECORDS = 10_000
#: Characters after which no more records are looked at: cells may be of any length.
_CHARACTERS = 50_000_000
_DELIMITERS = (",", ";", "\t", "|")
_LIMITS = Limits()
#: What a column is called while nobody knows what it is.
_CELLS = "cells"
#: Zone in which moments are read to see whether they can be.
ZONE = "Europe/London"


@dataclass(frozen=True)
class Head:
    """The first records of an extract, and what had to be tried to read them.

    Parameters
    ----------
    table : RawTable
        The records, their columns under the file's own names.
    whole : bool
        Whether these are all records of the file.
    kind : str
        ``csv``, ``csv.gz`` or ``parquet``.
    encoding, delimiter : str
        What a CSV must be declared as.
    zone : str or None
        Time zone without which a column cannot be read.
    unreadable : tuple of (str, str)
        Columns that cannot be read, and why.
    broken : tuple of int
        How many records could not be taken apart, and the physical line of the first.
    """

    table: RawTable
    whole: bool
    kind: str
    encoding: str = "utf-8"
    delimiter: str = ","
    zone: str | None = None
    unreadable: tuple[tuple[str, str], ...] = ()
    broken: tuple[int, int] | None = None


def read_head(path: Path) -> Head:
    """Read the header and the first records of a CSV, gzipped CSV or Parquet file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    Head
        At most `RECORDS` records.

    Raises
    ------
    InputNotFoundError
        When there is no such file.
    FormatError
        When the file is not of the format its name says, cannot be decoded or taken apart.
    MissingColumnError
        When it has one column only: no sign that parts columns is found.
    """
    source = identify(path)
    with source.held():
        return _parquet(source) if source.kind == "parquet" else _csv(source)


def _csv(source: Source) -> Head:
    encoding, found = _decoded(source)
    delimiter, header = _delimited(source, found)
    names = [name for name in dict.fromkeys(header.cells) if name.strip()]
    twice = [name for name in names if header.cells.count(name) > 1]
    readable = [name for name in names if name not in twice]
    records: list[list[str]] = []
    spoilt: list[int] = []
    whole, size = True, 0
    with CsvFile(source, found, delimiter, {}, (), _LIMITS).open() as (_, blocks):
        for block in blocks:
            if len(records) >= RECORDS or size > _CHARACTERS:
                whole = False
                break
            spoilt += [int(block.line[at]) for at in block.broken]
            records += block.good
            size += sum(len(cell) for record in block.good for cell in record)
    place = {name: header.cells.index(name) for name in readable}
    table = RawTable(
        file=source.name,
        sha256=source.sha256,
        rows=len(records),
        columns={name: Coded.of(record[at] for record in records) for name, at in place.items()},
        names={name: name for name in readable},
    )
    told = tuple((name, "stands in the header more than once; rename one") for name in twice)
    broken = (len(spoilt), min(spoilt)) if spoilt else None
    return Head(table, whole, source.kind, encoding, delimiter, unreadable=told, broken=broken)


def _decoded(source: Source) -> tuple[str, Survey]:
    """Return the encoding in which a CSV can be read."""
    try:
        return "utf-8", survey(source, "utf-8", _LIMITS.decompression_ratio)
    except FormatError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
        try:
            return "cp1252", survey(source, "cp1252", _LIMITS.decompression_ratio)
        except FormatError:
            raise error from error.__cause__


def _delimited(source: Source, found: Survey) -> tuple[str, Header]:
    """Return the delimiter that parts the header into most columns."""
    headers: dict[str, Header] = {}
    fault: FormatError | None = None
    for delimiter in _DELIMITERS:
        try:
            with CsvFile(source, found, delimiter, {}, (), _LIMITS).open() as (header, _):
                headers[delimiter] = header
        except FormatError as error:
            fault = fault or error
    if not headers and fault is not None:
        raise fault
    best = max(headers, key=lambda delimiter: len(headers[delimiter].cells))
    if len(headers[best].cells) == 1:
        raise MissingColumnError(
            f"{source.name}: neither comma, semicolon, tab nor bar parts the first line into columns; "
            "extract it again as CSV with a header"
        )
    return best, headers[best]


def _parquet(source: Source) -> Head:
    plain = read_parquet(source, {}, (), limits=_LIMITS, zone=None)
    columns: dict[str, Coded] = {}
    typed: dict[str, str] = {}
    unreadable: list[tuple[str, str]] = []
    zone: str | None = None
    for name in plain.unread:
        try:
            read, needed = _column(source, name)
        except FormatError as error:
            if repr(name) not in error.message:  # the file is at fault, and not the column
                raise
            unreadable.append((name, error.message.removeprefix(f"{source.name}: ")))
            continue
        zone = zone or needed
        cells = read.column(_CELLS)
        columns[name] = Coded(cells.codes[:RECORDS], cells.values)
        if _CELLS in read.typed:
            typed[name] = read.typed[_CELLS]
    table = RawTable(
        file=source.name,
        sha256=source.sha256,
        rows=min(plain.rows, RECORDS),
        columns=columns,
        names={name: name for name in columns},
        typed=typed,
    )
    return Head(table, plain.rows <= RECORDS, source.kind, zone=zone, unreadable=tuple(unreadable))


def _column(source: Source, name: str) -> tuple[RawTable, str | None]:
    """Return a column, and the zone without which it cannot be read."""
    try:
        return read_parquet(source, {_CELLS: name}, (), limits=_LIMITS, zone=None), None
    except FormatError as error:
        if "input.timezone" not in error.message:
            raise
    return read_parquet(source, {_CELLS: name}, (), limits=_LIMITS, zone=ZONE), ZONE
