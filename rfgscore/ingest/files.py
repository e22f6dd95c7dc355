"""Files to columns of text: the only place that opens an input file.

Python's ``csv`` in strict mode is the authority on every CSV file; DuckDB reads Parquet. Nothing is
guessed: the kind is told by the first bytes and must agree with the name, and only mapped columns are
kept.
"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import io
import os
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FormatError, InputNotFoundError, MissingColumnError
from rfgscore.ingest.coded import Coded

if TYPE_CHECKING:
    import _csv

__all__ = ["Limits", "RawTable", "read_table"]

#: Row counts at which a spreadsheet program cuts a file short.
SPREADSHEET_ROWS = (65535, 65536, 1048575, 1048576)


@dataclass(frozen=True)
class Limits:
    """How large a file may be.

    Parameters
    ----------
    file_rows : int
        Most records in one file.
    decompression_ratio : int
        Most bytes out for each byte in.
    """

    file_rows: int = 200_000_000
    decompression_ratio: int = 200


@dataclass(frozen=True, eq=False, repr=False)
class RawTable:
    """The mapped columns of one file, as text.

    Parameters
    ----------
    file : str
        Name of the file, without its folder.
    sha256 : str
        Checksum of its bytes.
    rows : int
        Records in the file, broken ones included.
    columns : mapping of str to Coded
        By contract name; None stands for null and for the cells of broken records.
    names : mapping of str to str
        The file's own column name of each contract name.
    typed : mapping of str to str
        ``date`` or ``number`` for columns that the file types, by contract name.
    line : numpy.ndarray or None
        int64 physical line each record starts on, the header being 1; None for Parquet.
    broken : mapping of int to str
        What is wrong with a record that could not be taken apart, by row number from 0.
    warnings : tuple of (str, str)
        Code and text.
    """

    file: str
    sha256: str
    rows: int
    columns: Mapping[str, Coded]
    names: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)
    line: npt.NDArray[np.int64] | None = None
    broken: Mapping[int, str] = field(default_factory=dict)
    warnings: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Coded:
        """Return a mapped column; one the file lacks has no values.

        Parameters
        ----------
        name : str
            Contract name.

        Returns
        -------
        Coded
            One cell a row.
        """
        return self.columns.get(name) or Coded.blank(self.rows)


def read_table(
    path: str | os.PathLike[str],
    *,
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str] = (),
    encoding: str = "utf-8",
    delimiter: str = ",",
    limits: Limits = Limits(),
) -> RawTable:
    """Read the mapped columns of a CSV, gzipped CSV or Parquet file.

    Parameters
    ----------
    path : path
        The file; its name must end in ``.csv``, ``.csv.gz`` or ``.parquet``.
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

    Returns
    -------
    RawTable
        The columns as text.

    Raises
    ------
    InputNotFoundError
        When there is no such file.
    FormatError
        When the file is not of the format its name says, cannot be decoded, or passes a limit.
    MissingColumnError
        When a mapped or needed column is not in the file.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputNotFoundError(f"{path.name}: there is no such file; check the path") from error
    except OSError as error:
        raise InputNotFoundError(f"{path.name}: cannot be read ({error.strerror})") from error
    kind = _kind(path, data)
    sha256 = hashlib.sha256(data).hexdigest()
    if kind == "parquet":
        table = _read_parquet(path, sha256, wanted, needed)
    else:
        if kind == "csv.gz":
            data = _inflate(path.name, data, limits.decompression_ratio)
        table = _read_csv(path.name, sha256, _decode(path.name, data, encoding), delimiter, wanted, needed)
    if table.rows > limits.file_rows:
        raise FormatError(
            f"{path.name}: {table.rows} rows are more than input.limits.file_rows ({limits.file_rows})"
        )
    return table


def _kind(path: Path, data: bytes) -> str:
    name = path.name.lower()
    said = next((kind for kind in ("csv.gz", "csv", "parquet") if name.endswith(f".{kind}")), None)
    if said is None:
        raise FormatError(f"{path.name}: unknown format; the name must end in .csv, .csv.gz or .parquet")
    if not data:
        raise FormatError(f"{path.name}: the file is empty (0 bytes); extract it again")
    held = "csv.gz" if data[:2] == b"\x1f\x8b" else "parquet" if data[:4] == b"PAR1" else "csv"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FormatError(f"{path.name}: the format is UTF-16 text; save it as UTF-8 CSV")
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise FormatError(f"{path.name}: the format is a workbook or an archive; save it as UTF-8 CSV")
    if held != said:
        raise FormatError(f"{path.name}: the name says {said}, the format is {held}; rename or extract again")
    return held


def _inflate(name: str, data: bytes, ratio: int) -> bytes:
    limit = len(data) * ratio
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            plain = packed.read(limit + 1)
            # Reading on to the end makes gzip check length and checksum.
            if len(plain) > limit:
                raise FormatError(
                    f"{name}: unpacks to more than {ratio} times its size (input.limits.decompression_ratio)"
                )
            packed.read(1)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"{name}: the gzip format is damaged or cut short; transfer it again") from error
    return plain


def _decode(name: str, data: bytes, encoding: str) -> str:
    if b"\x00" in data:
        line = data[: data.index(b"\x00")].count(b"\n") + 1
        raise FormatError(f"{name}:{line}: a NUL byte; this is no text format")
    utf8 = encoding.lower() in ("utf-8", "utf8")
    try:
        return data.decode("utf-8-sig" if utf8 else encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FormatError(
            f"{name}:{line}: byte {error.start + 1} is no {encoding}; declare input.encoding or save as UTF-8"
        ) from error


def _read_csv(
    name: str,
    sha256: str,
    text: str,
    delimiter: str,
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str],
) -> RawTable:
    # Cells of any length are read; the limit on cells is a row check, with a reason.
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise FormatError(f"{name}:1: the header cannot be read as CSV ({error})") from error
    if not header:
        raise FormatError(f"{name}:1: the first line must be the header; it is blank")
    names, warnings = _match(name, header, wanted, needed)
    place = {contract: header.index(column) for contract, column in names.items()}
    seen: list[dict[str, int]] = [{} for _ in place]
    codes = [array("i") for _ in place]
    slots = [(index, store, cells) for index, store, cells in zip(place.values(), codes, seen, strict=True)]
    lines = array("q")
    broken: dict[int, str] = {}
    for start, record, fault in _records(name, reader, delimiter, len(header)):
        if fault:
            broken[len(lines)] = fault
            for store in codes:
                store.append(-1)
        else:
            for index, store, known in slots:
                cell = record[index]
                store.append(known.setdefault(cell, len(known)))
        lines.append(start)
    return RawTable(
        file=name,
        sha256=sha256,
        rows=len(lines),
        columns={
            contract: Coded.from_first_seen(np.array(store, np.int32), tuple(known))
            for contract, store, known in zip(place, codes, seen, strict=True)
        },
        names=names,
        line=np.array(lines, np.int64),
        broken=broken,
        warnings=warnings,
    )


def _records(
    name: str, reader: _csv.Reader, delimiter: str, width: int
) -> Iterator[tuple[int, Sequence[str], str]]:
    """Yield each record with the line it starts on, and what is wrong with it; refuse lost records."""
    while True:
        start = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            if reader.line_num > start:
                raise FormatError(
                    f"{name}:{start}: a quote opened in this record is never closed, or not where a cell "
                    f"ends, and the lines to {reader.line_num} stand inside it; mend it or extract again"
                ) from error
            yield start, (), f"broken record ({error})"
            continue
        if record is None:
            return
        if reader.line_num > start and _swallowed(record, delimiter, width):
            raise FormatError(
                f"{name}:{start}: a quoted cell runs on to line {reader.line_num} and holds whole records: "
                "a quote is missing or stray. Mend it, or take the line breaks out of that cell"
            )
        if record:  # a blank line is no record
            yield start, record, "" if len(record) == width else f"{len(record)} cells, not {width}"


def _swallowed(record: Sequence[str], delimiter: str, width: int) -> bool:
    """Say whether a cell of several lines holds a line that could be a record: rows must not vanish."""
    return width > 1 and any(
        line.count(delimiter) == width - 1
        for cell in record
        if "\n" in cell
        for line in cell.split("\n")[1:-1]
    )


def _match(
    name: str,
    header: Sequence[str],
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str],
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Find the file's column of each contract name."""
    mapped = wanted if isinstance(wanted, Mapping) else {contract: contract for contract in wanted}
    found: dict[str, str] = {}
    missing: list[str] = []
    loose = 0
    for contract, column in mapped.items():
        hits = [head for head in header if head == column]
        if not hits:
            hits = [head for head in header if head.strip().casefold() == column.strip().casefold()]
            loose += len(hits) == 1
        if len(hits) > 1:
            raise FormatError(f"{name}:1: the column {column!r} stands in the header {len(hits)} times")
        if hits:
            found[contract] = hits[0]
        elif isinstance(wanted, Mapping) or contract in needed:
            missing.append(column)
    if missing:
        # Not the whole header: of a file without one, that would be somebody's record.
        near = sorted({hit for column in missing for hit in get_close_matches(column, header, 2)})
        hint = f"; the nearest are {', '.join(map(repr, near))}" if near else ""
        raise MissingColumnError(
            f"{name}: missing {', '.join(map(repr, missing))} among its {len(header)} columns{hint}. "
            "The first line must be the header; map its names under input in the config"
        )
    text = f"{name}: {loose} column names were trimmed or differ in case"
    return found, (("headers", text),) if loose else ()


def _read_parquet(
    path: Path, sha256: str, wanted: Mapping[str, str] | Sequence[str], needed: Sequence[str]
) -> RawTable:
    import duckdb

    offline: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = duckdb.connect(config=offline)
    try:
        # Without escaping, a name with * ? [ would read other files too.
        source = connection.read_parquet(glob.escape(str(path)))
        types = dict(zip(source.columns, map(str, source.types), strict=True))
        names, warnings = _match(path.name, source.columns, wanted, needed)
        columns: dict[str, Coded] = {}
        typed: dict[str, str] = {}
        rows = int(source.aggregate("count(*)").fetchall()[0][0])
        for contract, column in names.items():
            kind, sql = _as_text(path.name, column, types[column])
            if kind:
                typed[contract] = kind
            cells: Any = source.project(f"{sql} AS cell").fetchnumpy()["cell"]
            columns[contract] = Coded.of(np.ma.asarray(cells, dtype=object).tolist())
    except duckdb.Error as error:
        raise FormatError(
            f"{path.name}: the Parquet format is damaged or cut short ({type(error).__name__})"
        ) from error
    finally:
        connection.close()
    return RawTable(
        file=path.name, sha256=sha256, rows=rows, columns=columns, names=names, typed=typed, warnings=warnings
    )


def _as_text(name: str, column: str, kind: str) -> tuple[str, str]:
    """Return how a typed column reads as text: its kind, and the SQL that says so."""
    cell = '"' + column.replace('"', '""') + '"'
    if kind.endswith("]"):
        raise FormatError(
            f"{name}: the column {column!r} is nested ({kind}); text, dates and numbers are read"
        )
    if kind in ("VARCHAR", '"NULL"', "NULL") or kind.startswith("ENUM"):
        return "", f"{cell}::VARCHAR"
    if kind == "DATE" or (kind.startswith("TIMESTAMP") and "ZONE" not in kind):
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
        return "number", (
            f"CASE WHEN isnan({number}) THEN NULL "
            f"WHEN {number} = trunc({number}) AND abs({number}) < 9007199254740992 "
            f"THEN TRY_CAST({number} AS BIGINT)::VARCHAR ELSE {number}::VARCHAR || '.' END"
        )
    raise FormatError(
        f"{name}: the column {column!r} has the format {kind}; text, dates and numbers are read"
    )
