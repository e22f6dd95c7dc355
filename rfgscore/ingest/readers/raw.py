"""A table as read: its mapped columns as text, and where every record stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FormatError, MissingColumnError
from rfgscore.ingest.readers.coded import Coded

__all__ = ["Limits", "RawTable", "match_columns", "unread"]


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

    def refuse_more(self, name: str, rows: int, *, so_far: bool = False) -> None:
        """Refuse a table of too many rows.

        Parameters
        ----------
        name : str
            Name of the table in messages.
        rows : int
            Its rows.
        so_far : bool
            Whether there may be more than were counted.

        Raises
        ------
        FormatError
            When there are more than `file_rows`.
        """
        if rows > self.file_rows:
            least = "at least " if so_far else ""
            raise FormatError(
                f"{name}: {least}{rows} rows are more than input.limits.file_rows ({self.file_rows}); "
                "split the file, or raise the limit"
            )


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
    unread : tuple of str
        Columns that are not mapped, in the order of the table.
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
    unread: tuple[str, ...] = ()

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


def match_columns(
    name: str,
    header: Sequence[str],
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str],
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Find the table's column of each contract name.

    Parameters
    ----------
    name : str
        Name of the table in messages.
    header : sequence of str
        Its column names.
    wanted : mapping of str to str, or sequence of str
        Column of each contract name, all of which must be there; or, where nothing is mapped, the
        contract names to look for.
    needed : sequence of str
        Contract names without which an unmapped table is of no use.

    Returns
    -------
    names : dict of str to str
        Column by contract name.
    warnings : tuple of (str, str)
        Code and text.

    Raises
    ------
    FormatError
        When a wanted column stands there twice.
    MissingColumnError
        When a mapped or needed column is not there.
    """
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
            raise FormatError(
                f"{name}:1: the column {column!r} stands in the header {len(hits)} times; rename one"
            )
        if hits:
            found[contract] = hits[0]
        elif isinstance(wanted, Mapping) or contract in needed:
            missing.append(column)
    if missing:
        # Not the whole header: of a file without one, that would be somebody's record.
        # Of a file that is no table, thousands of "columns" are not worth comparing.
        some = header[:1000]
        near = sorted({hit for column in missing for hit in get_close_matches(column, some, 2)})
        hint = f"; the nearest are {', '.join(map(repr, near))}" if near else ""
        alone = "; if another sign parts the columns, declare input.delimiter" if len(header) == 1 else ""
        raise MissingColumnError(
            f"{name}: missing {', '.join(map(repr, missing))} among its {len(header)} columns{hint}{alone}. "
            "The first line must be the header; map its names under input in the config"
        )
    text = f"{name}: {loose} column names were trimmed or differ in case"
    return found, (("headers", text),) if loose else ()


def unread(header: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns of a header that are not mapped.

    Parameters
    ----------
    header : sequence of str
        Column names.
    names : mapping of str to str
        Column by contract name.

    Returns
    -------
    tuple of str
        In the order of the header, blank names left out.
    """
    read = set(names.values())
    return tuple(name for name in header if name.strip() and name not in read)
