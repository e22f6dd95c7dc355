"""Tables in memory to columns of text: pandas, polars and Arrow, each read without the other two.

Here columns are taken out of their library as plain arrays; `typed` says how these read as text.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FormatError
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.raw import RawTable, match_columns, unread
from rfgscore.ingest.readers.typed import Column, Place, dates, decimal_text, moments, numbers, objects

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["is_frame", "read_frame"]

#: What is a table, by the module that must have been imported for one to exist.
_FRAMES = {
    "pandas": ("DataFrame",),
    "polars": ("DataFrame", "LazyFrame"),
    "pyarrow": ("Table", "RecordBatch"),
}

#: Halves of characters, which Python alone can hold.
_HALF = re.compile("[\ud800-\udfff]")


def _library(source: object) -> str:
    """Return the library a table comes from, blank where it is no table; imports none."""
    for library, names in _FRAMES.items():
        module = sys.modules.get(library)
        kinds = tuple(kind for name in names if (kind := getattr(module, name, None)) is not None)
        if isinstance(source, kinds):
            return library
    return ""


def is_frame(source: object) -> bool:
    """Return whether something is a table in memory.

    Parameters
    ----------
    source : object
        Anything.

    Returns
    -------
    bool
        True for a pandas or polars DataFrame, a polars LazyFrame, an Arrow Table or RecordBatch.

    Examples
    --------
    >>> is_frame("offences.csv")
    False
    """
    return bool(_library(source))


def read_frame(
    frame: Any,
    *,
    name: str,
    wanted: Mapping[str, str] | Sequence[str],
    needed: Sequence[str] = (),
    zone: str | None = None,
) -> RawTable:
    """Read the mapped columns of a table in memory; the index of a pandas table is not read.

    Parameters
    ----------
    frame : pandas, polars or Arrow table
        The table.
    name : str
        What it is called in messages and in the manifest.
    wanted : mapping of str to str, or sequence of str
        Column of each contract name, all of which must be there; or, where nothing is mapped, the
        contract names to look for.
    needed : sequence of str
        Contract names without which an unmapped table is of no use.
    zone : str or None
        Name of the time zone whose calendar dates a timestamp with a zone.

    Returns
    -------
    RawTable
        The columns as text; the checksum is that of their content, whatever the library.

    Raises
    ------
    FormatError
        When it is no table that can be read, a wanted column's name is no text or stands there twice,
        a wanted column holds neither text nor dates nor numbers, or text that is no Unicode, or timestamps
        with a zone are met and `zone` is None.
    MissingColumnError
        When a mapped or needed column is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2025-03-01", "2025-03-01"])
    >>> frame = pd.DataFrame({"perpetrator_id": ["007", None], "event_date": days})
    >>> table = read_frame(frame, name="offences", wanted=["perpetrator_id", "event_date"])
    >>> table.rows, table.columns["event_date"].values, table.typed
    (2, ('2025-03-01',), {'event_date': 'date'})
    """
    library = _library(frame)
    if type(frame).__name__ == "LazyFrame":
        raise FormatError(f"{name}: a LazyFrame holds no rows yet; collect() it first")
    if not library:
        raise FormatError(
            f"{name}: a {type(frame).__name__} is no table; a pandas or polars DataFrame or an Arrow table is"
        )
    header = _text_names(name, _head(frame, library, name), wanted)
    names, warnings = match_columns(name, header, wanted, needed)
    columns: dict[str, Coded] = {}
    typed: dict[str, str] = {}
    for contract, column in names.items():
        place = Place(name, column, contract, zone)
        kind, columns[contract] = _read_column(frame, library, header.index(column), place)
        if kind:
            typed[contract] = kind
    rows = frame.num_rows if library == "pyarrow" else len(frame)
    return RawTable(
        file=name,
        sha256=_checksum(rows, columns, typed),
        rows=rows,
        columns=columns,
        names=names,
        typed=typed,
        warnings=warnings,
        unread=unread(header, names),
    )


def _head(frame: Any, library: str, name: str) -> list[object]:
    """Return the column names as the table has them."""
    try:
        return list(frame.schema.names if library == "pyarrow" else frame.columns)
    except UnicodeDecodeError:
        raise FormatError(f"{name}: a column name is no UTF-8; rename the columns") from None


def _read_column(frame: Any, library: str, index: int, place: Place) -> Column:
    """Read one column, and refuse text that could not be written again."""
    try:
        kind, cells = _READERS[library](frame, index, place)
    except UnicodeDecodeError:
        raise place.no_text(_spoilt_row(frame, library, index)) from None
    cells = _without_unused(cells)
    # Ids have a check of their own, row by row.
    halves = [] if place.contract.endswith("_id") else _halves(cells.values)
    if halves:
        raise place.no_text(int(np.flatnonzero(np.isin(cells.codes, halves))[0]))
    return kind, cells


def _halves(values: Sequence[str]) -> list[int]:
    return [code for code, text in enumerate(values) if not text.isascii() and _HALF.search(text)]


def _spoilt_row(frame: Any, library: str, index: int) -> int | None:
    """Return the first row of a column that does not read as UTF-8; None where all do that a row holds."""
    column = frame.iloc[:, index] if library == "pandas" else frame.column(index)
    for row in range(len(column)):
        try:
            _ = column.iloc[row] if library == "pandas" else column[row].as_py()
        except UnicodeDecodeError:
            return row
    return None


def _text_names(name: str, head: Sequence[object], wanted: Mapping[str, str] | Sequence[str]) -> list[str]:
    """Return the column names, blank for those that are no whole text; refuse such a one if it is wanted."""
    sought = {
        text.strip().casefold() for text in (wanted.values() if isinstance(wanted, Mapping) else wanted)
    }
    for told in head:
        parts = told if isinstance(told, tuple) else (told,)
        if isinstance(told, str) or not any(str(part).strip().casefold() in sought for part in parts):
            continue
        if len(parts) > 1:
            raise FormatError(f"{name}: the column names stand on several levels; give each column one name")
        raise FormatError(
            f"{name}: the column name {told!s} is of type {type(told).__name__}; name columns by text"
        )
    return [told if isinstance(told, str) and not _HALF.search(told) else "" for told in head]


def _checksum(rows: int, columns: Mapping[str, Coded], typed: Mapping[str, str]) -> str:
    """Return the checksum of the columns; every part says its length, so that no two tables look alike."""
    digest = hashlib.sha256(b"rfgscore table 1\n%d\n" % rows)
    for contract in sorted(columns):
        cells = columns[contract]
        # Ids may hold halves of characters; their row check must still see them.
        values = [value.encode("utf-8", "surrogatepass") for value in cells.values]
        digest.update(f"{contract}\n{typed.get(contract, '')}\n{len(values)}\n".encode())
        digest.update(np.array([len(value) for value in values], "<i8").tobytes())
        digest.update(b"".join(values))
        digest.update(cells.codes.astype("<i4").tobytes())
    return digest.hexdigest()


def _without_unused(cells: Coded) -> Coded:
    """Drop values that no row holds, such as those of an unused category."""
    held = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.values)) > 0
    if held.all():
        return cells
    return Coded.from_first_seen(
        cells.codes,
        [value if kept else None for value, kept in zip(cells.values, held.tolist(), strict=True)],
    )


def _through(codes: npt.NDArray[Any], words: Coded) -> Coded:
    """Return a column coded by the rows of another, -1 being none."""
    return Coded(np.append(words.codes, np.int32(-1))[codes], words.values)


def _pandas_column(frame: pd.DataFrame, index: int, place: Place) -> Column:
    return _pandas(frame.iloc[:, index], place)


def _pandas(series: Any, place: Place) -> Column:
    import pandas as pd

    dtype: Any = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        kind, words = _pandas(pd.Series(series.cat.categories), place)
        return kind, _through(series.cat.codes.to_numpy(), words)
    if isinstance(dtype, pd.SparseDtype):
        return _pandas(series.sparse.to_dense(), place)
    if isinstance(dtype, pd.ArrowDtype):
        return _arrow(series.array.__arrow_array__(), place)
    if isinstance(dtype, pd.StringDtype):
        if dtype.storage == "pyarrow":
            return _arrow(series.array.__arrow_array__(), place)
        return "", Coded.of(series.to_numpy(object, na_value=None).tolist())
    if dtype == np.dtype(object):
        return objects(series.to_numpy().tolist(), place)
    given = series.notna().to_numpy(np.bool_)
    if dtype.kind == "M":
        zoned = isinstance(dtype, pd.DatetimeTZDtype)
        utc = (series.dt.tz_convert(None) if zoned else series).to_numpy()
        return moments(utc.astype(np.int64), np.datetime_data(utc.dtype)[0], given, zoned, place)
    if dtype.kind in "biuf":
        # A nullable column holds its numbers beside a mask; as floats they would lose digits.
        plain = series.to_numpy() if isinstance(dtype, np.dtype) else series.to_numpy(dtype.type, na_value=0)
        return numbers(plain, given, place)
    raise place.refused(dtype)


def _polars_column(frame: pl.DataFrame, index: int, place: Place) -> Column:
    import polars as pl

    series = frame.to_series(index)
    dtype: Any = series.dtype
    given = series.is_not_null().to_numpy()
    if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        return "", Coded.of(series.cast(pl.String).to_list())
    if dtype == pl.Object:
        return objects(series.to_list(), place)
    if dtype.is_decimal() or (dtype.is_integer() and str(dtype).endswith("128")):
        return "number", Coded.of(series.cast(pl.String).to_list()).map(
            lambda text: decimal_text(Decimal(text))
        )
    if dtype.is_numeric():
        return numbers(series.fill_null(0).to_numpy(), given, place)
    if dtype == pl.Boolean:
        return numbers(series.fill_null(False).to_numpy(), given, place)
    if dtype == pl.Date or dtype == pl.Datetime:
        counts = series.to_physical().fill_null(0).to_numpy().astype(np.int64)
        if dtype == pl.Date:
            return dates(counts, given)
        return moments(counts, dtype.time_unit, given, dtype.time_zone is not None, place)
    raise place.refused(dtype.base_type())


def _arrow_column(frame: Any, index: int, place: Place) -> Column:
    return _arrow(frame.column(index), place)


def _arrow(cells: Any, place: Place) -> Column:
    """Read an Arrow array, or a chunked one chunk by chunk: each may have a dictionary of its own."""
    import pyarrow as pa

    if not isinstance(cells, pa.ChunkedArray):
        return _arrow_array(cells, place)
    parts = [_arrow_array(chunk, place) for chunk in cells.chunks or [cells.combine_chunks()]]
    return parts[0][0], Coded.join([part for _, part in parts])


def _arrow_array(cells: Any, place: Place) -> Column:
    import pyarrow as pa

    is_a, held = pa.types, cells.type
    if is_a.is_null(held):
        return "", Coded.blank(len(cells))
    if is_a.is_dictionary(held):
        kind, words = _arrow(cells.dictionary, place)
        return kind, _through(_codes(cells), words)
    if is_a.is_string(held) or is_a.is_large_string(held) or is_a.is_string_view(held):
        coded = cells.cast(pa.large_string()).dictionary_encode()
        return "", Coded.from_first_seen(_codes(coded), coded.dictionary.to_pylist())
    if is_a.is_decimal(held):
        coded = cells.cast(pa.decimal256(max(held.precision, 1), held.scale)).dictionary_encode()
        return "number", Coded.from_first_seen(
            _codes(coded), [decimal_text(v) for v in coded.dictionary.to_pylist()]
        )
    return _arrow_numbers(cells, place)


def _codes(cells: Any) -> npt.NDArray[np.int32]:
    """Return the codes of an Arrow dictionary array, -1 being none."""
    import pyarrow as pa

    return np.asarray(cells.indices.cast(pa.int32()).fill_null(-1).to_numpy(), np.int32)


def _arrow_numbers(cells: Any, place: Place) -> Column:
    import pyarrow as pa

    is_a, held = pa.types, cells.type
    given = cells.is_valid().to_numpy(zero_copy_only=False)
    if is_a.is_boolean(held):
        return numbers(cells.fill_null(False).to_numpy(zero_copy_only=False), given, place)
    if is_a.is_integer(held) or is_a.is_floating(held):
        return numbers(cells.fill_null(0).to_numpy(zero_copy_only=False), given, place)
    if is_a.is_date32(held):
        return dates(cells.view(pa.int32()).fill_null(0).to_numpy().astype(np.int64), given)
    if is_a.is_date64(held) or is_a.is_timestamp(held):
        unit, zoned = ("ms", False) if is_a.is_date64(held) else (held.unit, held.tz is not None)
        return moments(cells.view(pa.int64()).fill_null(0).to_numpy(), unit, given, zoned, place)
    raise place.refused(held)


_READERS: dict[str, Callable[[Any, int, Place], Column]] = {
    "pandas": _pandas_column,
    "polars": _polars_column,
    "pyarrow": _arrow_column,
}
