"""From the records of a CSV to coded columns: by the bulk loader where it agrees with the authority."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FormatError, MissingColumnError
from rfgscore.ingest.readers import csv_bulk
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.csv_records import Block, Header, below_preamble, read_blocks, read_header
from rfgscore.ingest.readers.preflight import Source, Survey
from rfgscore.ingest.readers.raw import Limits, RawTable, unread

__all__ = ["CsvFile", "read_csv"]


@dataclass(frozen=True)
class CsvFile:
    """A CSV whose bytes have been surveyed, and what is sought in it.

    Parameters
    ----------
    source : Source
        The file.
    survey : Survey
        What its bytes hold.
    delimiter : str
        Declared delimiter.
    wanted, needed : mapping or sequence of str
        As of `match_columns`.
    limits : Limits
        Most rows.
    """

    source: Source
    survey: Survey
    delimiter: str
    wanted: Mapping[str, str] | Sequence[str]
    needed: Sequence[str]
    limits: Limits

    @contextmanager
    def open(self) -> Iterator[tuple[Header, Iterator[Block]]]:
        """Open the file behind its header.

        Yields
        ------
        header : Header
            The header.
        blocks : iterator of Block
            The records below it.

        Raises
        ------
        FormatError
            When the header cannot be read, or, while reading on, when rows stand inside a quoted cell or
            there are too many.
        MissingColumnError
            When a mapped or needed column is not there.
        """
        name = self.source.name
        with self.source.text(self.survey.encoding) as lines:
            try:
                header, reader = read_header(name, lines, self.delimiter, self.wanted, self.needed)
            except (FormatError, MissingColumnError) as error:
                self._refuse_preamble(error)
                raise
            yield header, self._within_limit(read_blocks(name, reader, header, self.delimiter))

    def _refuse_preamble(self, error: FormatError | MissingColumnError) -> None:
        with self.source.text(self.survey.encoding) as lines:
            line = below_preamble(lines, self.delimiter, self.wanted, self.needed)
        if line:
            raise type(error)(
                f"{self.source.name}:1: the first line must be the header, and the header stands on line "
                f"{line}: remove the lines above it"
            ) from error

    def _within_limit(self, blocks: Iterator[Block]) -> Iterator[Block]:
        rows = 0
        for block in blocks:
            rows += len(block.line)
            self.limits.refuse_more(self.source.name, rows, so_far=True)
            yield block


@dataclass(frozen=True)
class _Rows:
    """What a pass over the records kept."""

    columns: Mapping[str, Coded]
    line: npt.NDArray[np.int64]
    broken: Mapping[int, str]


def read_csv(file: CsvFile) -> RawTable:
    """Read the mapped columns of a CSV.

    Parameters
    ----------
    file : CsvFile
        The file.

    Returns
    -------
    RawTable
        Its records, the broken ones with what is wrong with them.

    Raises
    ------
    FormatError
        When the file cannot be read without losing records, or passes a limit.
    MissingColumnError
        When a mapped or needed column is not there.
    """
    with file.open() as (header, _):
        pass
    survey = file.survey
    large = survey.lines >= csv_bulk.BULK_LINES and survey.even and survey.encoding == "utf-8-sig"
    rows = (_in_bulk(file) if large else None) or _by_record(file)
    return RawTable(
        file=file.source.name,
        sha256=file.source.sha256,
        rows=len(rows.line),
        columns=rows.columns,
        names=header.names,
        line=rows.line,
        broken=rows.broken,
        warnings=header.warnings,
        unread=unread(header.cells, header.names),
    )


def _in_bulk(file: CsvFile) -> _Rows | None:
    """Return what the bulk loader read, or None where a record is broken or the loader is not believed."""
    with file.open() as (header, blocks):
        digests = {contract: csv_bulk.Digest() for contract in header.place}
        slots = [(header.place[contract], digest) for contract, digest in digests.items()]
        lines: list[npt.NDArray[np.int64]] = []
        for block in blocks:
            if block.broken:
                return None
            cells = list(zip(*block.good, strict=True))
            if cells:
                for index, digest in slots:
                    digest.add(cells[index])
            lines.append(block.line)
    line = np.concatenate([np.empty(0, np.int64), *lines])
    columns = csv_bulk.load_columns(
        file.source.path,
        packed=file.source.kind == "csv.gz",
        delimiter=file.delimiter,
        width=len(header.cells),
        place=header.place,
        digests={contract: digest.value() for contract, digest in digests.items()},
    )
    return None if columns is None else _Rows(columns, line, {})


def _by_record(file: CsvFile) -> _Rows:
    """Return the authority's own records."""
    with file.open() as (header, blocks):
        codes = [array("i") for _ in header.place]
        seen: list[dict[str, int]] = [{} for _ in codes]
        slots = list(zip(header.place.values(), codes, seen, strict=True))
        lines: list[npt.NDArray[np.int64]] = []
        broken: dict[int, str] = {}
        rows = 0
        for block in blocks:
            cells = list(zip(*block.good, strict=True))
            if cells:
                for index, store, known in slots:
                    number = known.setdefault
                    store.extend([number(cell, len(known)) for cell in cells[index]])
            broken.update((rows + place, fault) for place, fault in block.broken.items())
            rows += len(block.line)
            lines.append(block.line)
    good = np.ones(rows, np.bool_)
    good[list(broken)] = False
    columns: dict[str, Coded] = {}
    for contract, store, known in zip(header.place, codes, seen, strict=True):
        spread = np.full(rows, -1, np.int32)
        spread[good] = store
        columns[contract] = Coded.from_first_seen(spread, tuple(known))
    return _Rows(columns, np.concatenate([np.empty(0, np.int64), *lines]), broken)
