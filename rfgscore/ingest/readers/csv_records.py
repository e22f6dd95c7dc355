"""Records of a CSV as Python's strict ``csv`` sees them: the authority on what stands in the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FormatError, MissingColumnError
from rfgscore.ingest.readers.raw import match_columns

if TYPE_CHECKING:
    import _csv

__all__ = ["BLOCK", "Block", "Header", "read_blocks", "read_header"]

#: Records that are looked at together: few enough for their cells to stay in a processor's cache.
BLOCK = 500
#: Lines below the first in which a lost header is looked for.
_PREAMBLE = 20


@dataclass(frozen=True)
class Header:
    """The first record of a file.

    Parameters
    ----------
    cells : list of str
        Its cells.
    names : mapping of str to str
        The file's own column name of each contract name.
    place : mapping of str to int
        Where each mapped column stands, by contract name.
    warnings : tuple of (str, str)
        Code and text.
    """

    cells: list[str]
    names: Mapping[str, str]
    place: Mapping[str, int]
    warnings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Block:
    """Some records that follow each other; blank lines are none.

    Parameters
    ----------
    good : list of list of str
        Records as wide as the header.
    line : numpy.ndarray
        int64 physical line each record starts on, broken ones included.
    broken : mapping of int to str
        What is wrong with the others, by place in the block from 0.
    """

    good: list[list[str]]
    line: npt.NDArray[np.int64]
    broken: Mapping[int, str]


def read_header(
    name: str,
    lines: Iterator[str],
    delimiter: str,
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str],
) -> tuple[Header, _csv.Reader]:
    """Read the first record of a file and find the mapped columns in it.

    Parameters
    ----------
    name : str
        Name of the file in messages.
    lines : iterator of str
        Its lines, split at line feeds only.
    delimiter : str
        Declared delimiter.
    wanted, needed : mapping or sequence of str
        As of `match_columns`.

    Returns
    -------
    header : Header
        The header.
    reader : csv.reader
        Stands behind it.

    Raises
    ------
    FormatError
        When the first line is blank or cannot be read, or a wanted column stands there twice.
    MissingColumnError
        When a mapped or needed column is not there.
    """
    # Cells of any length are read; the limit on cells is a row check, with a reason.
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        cells = next(reader, [])
        if not cells:
            raise FormatError(f"{name}:1: the first line must be the header; it is blank")
        if reader.line_num > 1 and _swallowed(cells, delimiter, len(cells)):
            raise FormatError(
                f"{name}:1: a quoted cell of the header runs on to line {reader.line_num} and holds whole "
                "records: a quote is missing or stray. Mend it"
            )
        names, warnings = match_columns(name, cells, wanted, needed)
    except csv.Error as error:
        raise FormatError(f"{name}:1: the header cannot be read as CSV ({error})") from error
    place = {contract: cells.index(column) for contract, column in names.items()}
    return Header(cells, names, place, warnings), reader


def below_preamble(
    lines: Iterator[str],
    delimiter: str,
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str],
) -> int:
    """Return the line on which a header stands that is not on the first one, or 0.

    Parameters
    ----------
    lines : iterator of str
        Lines of the file from the first.
    delimiter : str
        Declared delimiter.
    wanted, needed : mapping or sequence of str
        As of `match_columns`.

    Returns
    -------
    int
        Physical line, the first being 1.
    """
    for number, line in enumerate(islice(lines, 1, 1 + _PREAMBLE), 2):
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
            if match_columns("", cells, wanted, needed)[0]:
                return number
        except (csv.Error, FormatError, MissingColumnError):
            continue
    return 0


def read_blocks(name: str, reader: _csv.Reader, header: Header, delimiter: str) -> Iterator[Block]:
    """Yield the records below the header.

    Parameters
    ----------
    name : str
        Name of the file in messages.
    reader : csv.reader
        Stands behind the header.
    header : Header
        The header.
    delimiter : str
        Declared delimiter.

    Yields
    ------
    Block
        The next records.

    Raises
    ------
    FormatError
        When a quote is never closed, or a cell of several lines holds whole records.
    """
    width = len(header.cells)
    # Files put one below the other leave a mark of UTF-8 before the second header.
    again = (header.cells, ["\ufeff" + header.cells[0], *header.cells[1:]])
    while True:
        before = reader.line_num
        records: list[list[str]] = []
        fault: csv.Error | None = None
        try:
            for record in islice(reader, BLOCK):
                records.append(record)  # one by one: what came before an error is kept
        except csv.Error as error:
            fault = error
        if not records and fault is None:
            return
        plain = fault is None and reader.line_num == before + len(records)
        if plain and set(map(len, records)) == {width} and not any(head in records for head in again):
            yield Block(records, np.arange(before + 1, reader.line_num + 1), {})
        else:
            yield _sift(name, records, before, fault, reader.line_num, again, delimiter)


def _sift(
    name: str,
    records: list[list[str]],
    before: int,
    error: csv.Error | None,
    end: int,
    again: Sequence[list[str]],
    delimiter: str,
) -> Block:
    """Look at records one by one; `error` is of the one behind them."""
    width = len(again[0])
    good: list[list[str]] = []
    starts: list[int] = []
    broken: dict[int, str] = {}
    line = before
    for record in records:
        start = line + 1
        # A record is one line, and one more for each line feed inside its quotes.
        line = start + sum(cell.count("\n") for cell in record)
        if line > start and _swallowed(record, delimiter, width):
            raise FormatError(
                f"{name}:{start}: a quoted cell runs on to line {line} and holds whole records: "
                "a quote is missing or stray. Mend it, or take the line breaks out of that cell"
            )
        if not record:  # a blank line is no record
            continue
        if len(record) != width:
            broken[len(starts)] = f"{len(record)} {'cell' if len(record) == 1 else 'cells'}, not {width}"
        elif record in again:
            broken[len(starts)] = "the header stands here again"
        else:
            good.append(record)
        starts.append(start)
    if error is not None:
        start = line + 1
        if end > start:
            raise FormatError(
                f"{name}:{start}: a quote opened in this record is never closed, or not where a cell "
                f"ends, and the lines to {end} stand inside it; mend it or extract again"
            ) from error
        broken[len(starts)] = f"broken record ({_said(error)})"
        starts.append(start)
    return Block(good, np.array(starts, np.int64), broken)


def _said(error: csv.Error) -> str:
    text = str(error)
    return "a carriage return alone stands in it" if text.startswith("new-line character") else text


def _swallowed(record: Sequence[str], delimiter: str, width: int) -> bool:
    """Say whether a cell of several lines holds what could be records: rows must not vanish.

    Either a line within the cell could be one, or both the line the cell begins on and the one it ends on
    could: what stands before it on the first, and behind it on the last, is counted with them.
    """
    for place, cell in enumerate(record):
        if "\n" in cell and width > 1:
            first, *inner, last = (line.count(delimiter) for line in cell.split("\n"))
            if width - 1 in inner or (first == width - 1 - place and last == place):
                return True
    return False
