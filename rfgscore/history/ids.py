"""Ids as whole numbers whose order is that of the ids, and the ids of such numbers.

Text is ordered by code point, which is the byte order of UTF-8, and nothing of it is changed: "10" stands
before "9", and "007" is not "7". Short texts are written as one number by their own bytes, so that millions
of them are neither sorted nor held as Python objects; longer ones are numbered in order.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfgscore.jit import given, njit

__all__ = ["Blank", "Packed", "pack"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Ids = Callable[[Int64], npt.NDArray[Any]]

#: What a blank does: it is refused, or -1 as any negative number is, or -1 where no number is.
Blank = Literal["refuse", "unknown", "alone"]

_WORDS = "one-dimensional array of integers or text"
#: Keys are below this.
_MOST = 2**63
#: Texts of more bytes than this, their common prefix left out, are numbered in order.
_LONGEST = 64


@dataclass(frozen=True, eq=False, repr=False)
class Packed:
    """A column of ids as numbers.

    Parameters
    ----------
    keys : numpy.ndarray
        int64, one a row: equal where the ids are equal, smaller where the id stands before. Comparable
        within this column only.
    distinct : callable
        Returns the ids of an array of distinct keys: text as objects, numbers in their own dtype.
    numbers : bool
        Whether the ids are numbers.
    """

    keys: Int64
    distinct: Ids
    numbers: bool


@dataclass(frozen=True, eq=False, repr=False)
class _Found:
    """Keys before it is said what a blank does: `gone` rows hold any key; None for no such rows."""

    keys: Int64
    gone: Bool | None
    distinct: Ids
    numbers: bool = False


def pack(values: Any, name: str, size: int | None = None, blank: Blank = "refuse") -> Packed:
    """Turn a column of ids into numbers of the same order.

    Parameters
    ----------
    values : array-like
        Integers or text: a NumPy array, a list, a pandas or polars series, or an Arrow array.
    name : str
        What the column is called in errors.
    size : int, optional
        How many rows it must have.
    blank : str
        What a missing id, or a text of nothing but blanks, does. ``refuse``: it is an error, and so is an
        id that is neither whole number nor text. ``unknown``: its key is -1, and so is that of any
        negative number. ``alone``: its key is -1, every other one from 0 to 2**63 - 2. With the last two,
        values of other or mixed kinds are taken as Python writes them.

    Returns
    -------
    Packed
        One key a row.

    Raises
    ------
    ValueError
        When the column is of another kind or length, or an id is blank and may not be.

    Examples
    --------
    >>> packed = pack(["9", "10", "9"], "person")
    >>> keys = np.unique(packed.keys)
    >>> packed.distinct(keys).tolist(), np.searchsorted(keys, packed.keys).tolist()
    (['10', '9'], [1, 0, 1])
    """
    found = _found(values, name, size, strict=blank == "refuse")
    keys, gone = found.keys, found.gone
    if blank == "refuse":
        if gone is not None and gone.any():
            raise ValueError(f"{name}: row {int(gone.argmax()) + 1} is blank (rows are counted from 1)")
        return Packed(keys, found.distinct, found.numbers)
    distinct = found.distinct
    if found.numbers and len(keys):
        low = keys.min()
        if blank == "unknown":
            keys = keys if low >= -1 else np.maximum(keys, -1)
        elif low < 0 or keys.max() >= _MOST - 1:
            ranks, keys = np.unique(keys, return_inverse=True)
            distinct = _looked_up(ranks, found.distinct)
    if gone is not None and gone.any():
        keys = np.where(gone, np.int64(-1), keys)
    return Packed(keys, distinct, found.numbers)


def _looked_up(keys: Int64, distinct: Ids) -> Ids:
    return lambda places: distinct(keys[places])


def _found(values: Any, name: str, size: int | None, strict: bool) -> _Found:
    arrow = _arrow(values)
    if arrow is not None:
        _check_size(len(arrow), name, size)
        return _from_arrow(arrow, name, strict)
    array = _array(values)
    if array.ndim != 1 or (strict and array.dtype.kind not in "iuOUT"):
        raise ValueError(f"{name} needs a {_WORDS}")
    _check_size(len(array), name, size)
    if array.dtype.kind in "iu":
        return _from_numbers(array, None)
    return _from_objects(array.astype(object), name, strict)


def _check_size(rows: int, name: str, size: int | None) -> None:
    if size is not None and rows != size:
        raise ValueError(f"{name} needs one value for each line")


def _array(values: Any) -> npt.NDArray[Any]:
    """Return values as an array in which nothing was turned into text or float for company's sake."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if polars is not None and isinstance(values, polars.Series):
        values = values.to_list()
    elif pandas is not None and isinstance(values, pandas.Series | pandas.Index):
        # pandas' own integers become floats where one is missing, unless they are asked for as objects.
        values = values if isinstance(values.dtype, np.dtype) else values.astype(object)
    if not isinstance(values, list | tuple):
        return np.asarray(values)
    if not (values and isinstance(values[0], str)):
        array = np.asarray(values)
        if array.ndim != 1 or array.dtype.kind in "iu":
            return array
    return _objects(values)


def _objects(values: Sequence[Any]) -> npt.NDArray[Any]:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _arrow(values: Any) -> Any:
    """Return an Arrow array where values are one, or are held as one by pandas or polars; else None."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if polars is not None and isinstance(values, polars.Series):
        try:
            values = values.to_arrow()
        except ImportError:  # polars alone
            return None
    elif pandas is not None and isinstance(values, pandas.Series | pandas.Index):
        dtype = values.dtype
        if isinstance(dtype, pandas.ArrowDtype) or getattr(dtype, "storage", "") == "pyarrow":
            values = import_module("pyarrow").array(values)
    pa = sys.modules.get("pyarrow")
    if pa is None or not isinstance(values, pa.Array | pa.ChunkedArray):
        return None
    if isinstance(values, pa.ChunkedArray):
        if pa.types.is_dictionary(values.type):
            values = values.unify_dictionaries()
        values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    return values


def _from_arrow(array: Any, name: str, strict: bool) -> _Found:
    pa = import_module("pyarrow")
    kind = array.type
    gone = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if pa.types.is_dictionary(kind):
        held = _from_arrow(array.dictionary, name, strict)
        return _coded(array.indices.fill_null(0).to_numpy(zero_copy_only=False), gone, held)
    if pa.types.is_integer(kind):
        return _from_numbers(array.fill_null(0).to_numpy(zero_copy_only=False), gone)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return _from_objects(_objects(array.to_pylist()), name, strict)
    if pa.types.is_string_view(kind):
        array = array.cast(pa.large_string())
    width = np.dtype(np.int32 if pa.types.is_string(array.type) else np.int64)
    _, places, data = array.buffers()
    offsets = np.zeros(1, width)
    if len(array):
        offsets = np.frombuffer(places, width, len(array) + 1, array.offset * width.itemsize)
    return _from_texts(offsets, data, gone, lambda: _numbered_by_arrow(array))


def _numbered_by_arrow(array: Any) -> tuple[Int64, Ids]:
    """Return a number for each text of an Arrow array, in the order of the texts."""
    coded = array.dictionary_encode()
    order = import_module("pyarrow.compute").array_sort_indices(coded.dictionary)
    rank = np.empty(len(order), np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    texts = coded.dictionary.take(order)
    return rank[coded.indices.fill_null(0).to_numpy(zero_copy_only=False)], lambda keys: texts.take(
        import_module("pyarrow").array(keys)
    ).to_numpy(zero_copy_only=False)


def _numbered(texts: Sequence[str]) -> tuple[Int64, Ids]:
    """Return a number for each text, in the order of the texts."""
    held = sorted(set(texts))
    rank = dict(zip(held, range(len(held)), strict=True))
    keys = np.fromiter(map(rank.__getitem__, texts), np.int64, len(texts))
    return keys, lambda places: _objects([held[place] for place in places.tolist()])


def _from_numbers(array: npt.NDArray[Any], gone: Bool | None) -> _Found:
    """Keep whole numbers as they are; those beyond int64 are numbered in order."""
    if len(array) and array.dtype.kind in "uO" and not -_MOST <= array.min() <= array.max() < _MOST:
        held, keys = np.unique(array, return_inverse=True)
        below = int(np.count_nonzero(held < 0))  # so that keys are negative where the numbers are
        return _Found(keys - np.int64(below), gone, lambda places: held[places + below], numbers=True)
    dtype = np.dtype(np.int64) if array.dtype.kind == "O" else array.dtype.newbyteorder("=")
    keys = np.ascontiguousarray(array, np.int64)
    return _Found(keys, gone, lambda held: held.astype(dtype, copy=False), numbers=True)


def _from_objects(values: npt.NDArray[Any], name: str, strict: bool) -> _Found:
    """Pack Python objects: all whole numbers, all text, or where it is not strict as Python writes them."""
    if set(map(type, values.tolist())) == {str}:
        kind, gone = "string", np.zeros(len(values), np.bool_)
    else:
        import pandas as pd  # knows every kind of missing value; a service whose ids are texts never loads it

        kind, gone = pd.api.types.infer_dtype(values, skipna=True), pd.isna(values)
    if kind == "integer":
        return _from_numbers(np.where(gone, 0, values), gone)
    if kind not in ("string", "empty"):
        if strict:
            raise ValueError(f"{name} needs a {_WORDS}, and of one of the two")
        values = _objects([None if lost else str(v) for v, lost in zip(values, gone, strict=True)])
    texts: list[str] = (np.where(gone, "", values) if gone.any() else values).tolist()
    try:
        data = "".join(texts).encode()
    except UnicodeEncodeError:  # no file could hold such text
        raise ValueError(f"{name}: row {_half(texts) + 1} holds half a character") from None
    sizes = map(len, texts) if data.isascii() else (len(text.encode()) for text in texts)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(sizes, np.int64, len(texts)), out=offsets[1:])
    return _from_texts(offsets, data, gone, lambda: _numbered(texts))


def _half(texts: Sequence[str]) -> int:
    """Return the first row whose text is not whole."""
    return next(row for row, text in enumerate(texts) if any("\ud800" <= sign <= "\udfff" for sign in text))


def _coded(codes: npt.NDArray[Any], gone: Bool | None, held: _Found) -> _Found:
    """Spread what was found of the distinct values over the rows."""
    if len(held.keys) == 0:  # there is no value, so every row is blank
        return _Found(np.zeros(len(codes), np.int64), np.ones(len(codes), np.bool_), held.distinct)
    if held.gone is not None:
        blank = held.gone[codes]
        gone = blank if gone is None else gone | blank
    return _Found(held.keys[codes], gone, held.distinct, held.numbers)


def _from_texts(
    offsets: npt.NDArray[Any], data: Any, gone: Bool | None, numbered: Callable[[], tuple[Int64, Ids]]
) -> _Found:
    """Pack texts that stand one behind the other as UTF-8; `numbered` is asked where none fits a number."""
    # Both are given to the kernels as one kind of array each, so that each is compiled once.
    places = offsets.astype(np.int64)
    letters = given(np.frombuffer(data if data is not None and len(data) else b"\0", np.uint8), np.uint8)
    blank = np.zeros(len(places) - 1, np.bool_) if gone is None else gone.copy()
    keys = np.zeros(len(blank), np.int64)
    first, shortest, longest = _survey(places, letters, blank)
    gone = blank if blank.any() else None
    if first < 0:
        return _Found(keys, gone, lambda held: np.empty(len(held), object))
    prefix = _common(places, letters, blank, first, shortest)
    head, rest = letters[places[first] : places[first] + prefix].tobytes(), longest - prefix
    if shortest == longest and rest <= 18 and _digits(places, letters, blank, prefix, longest, keys):
        return _Found(keys, gone, _spelt(head, [np.arange(49, 59)] * rest))
    if rest <= _LONGEST:
        used = np.zeros((rest, 257), np.bool_)
        _symbols(places, letters, blank, prefix, used)
        sizes = used.sum(axis=1)
        if math.prod(sizes.tolist()) < _MOST:
            _spell(places, letters, blank, prefix, sizes, np.cumsum(used, axis=1) - 1, keys)
            return _Found(keys, gone, _spelt(head, [np.flatnonzero(row) for row in used]))
    keys, distinct = numbered()
    return _Found(keys, gone, distinct)


def _spelt(head: bytes, alphabets: Sequence[npt.NDArray[Any]]) -> Ids:
    """Return what turns keys back into texts: `head`, then one symbol of each alphabet (see `_symbols`)."""

    def texts(keys: Int64) -> npt.NDArray[Any]:
        width, left = len(alphabets), keys
        letters = np.zeros((len(keys), width), np.uint8)
        sizes = np.zeros(len(keys), np.int64)
        for place in range(width - 1, -1, -1):
            left, digit = np.divmod(left, len(alphabets[place]))
            symbol = alphabets[place][digit]
            letters[:, place] = np.maximum(symbol, 1) - 1
            sizes += symbol > 0
        data = letters.tobytes()
        spans = zip(range(0, len(data) or 1, width or 1), sizes.tolist(), strict=False)
        if not width:
            return _objects([head.decode()] * len(keys))
        if head.isascii() and data.isascii():
            start, text = head.decode(), data.decode()
            return _objects([start + text[at : at + size] for at, size in spans])
        return _objects([(head + data[at : at + size]).decode() for at, size in spans])

    return texts


@njit
def _is_blank(data: Bytes, start: int, end: int) -> bool:
    """Say whether a text holds nothing but what Python strips."""
    at = start
    while at < end:
        byte = np.int64(data[at])
        if 32 < byte < 128:
            return False
        if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31:
            at += 1
        elif byte == 0xC2 and at + 1 < end and (data[at + 1] == 0x85 or data[at + 1] == 0xA0):
            at += 2
        elif 0xE1 <= byte <= 0xE3 and at + 2 < end:
            code = (byte & 15) << 12 | (np.int64(data[at + 1]) & 63) << 6 | np.int64(data[at + 2]) & 63
            if not (
                (0x2000 <= code <= 0x200A)
                or code == 0x1680
                or code == 0x2028
                or code == 0x2029
                or code == 0x202F
                or code == 0x205F
                or code == 0x3000
            ):
                return False
            at += 3
        else:
            return False
    return True


@njit
def _survey(offsets: Int64, data: Bytes, blank: Bool) -> tuple[int, int, int]:
    """Mark the blank texts; of the others tell the first row, the least and the most bytes."""
    first, shortest, longest = -1, 0, 0
    for row in range(len(blank)):
        start, end = offsets[row], offsets[row + 1]
        if blank[row]:
            continue
        if not (start < end and 32 < data[start] < 128) and _is_blank(data, start, end):
            blank[row] = True
            continue
        if first < 0:
            first, shortest = row, end - start
        shortest, longest = min(shortest, end - start), max(longest, end - start)
    return first, shortest, longest


@njit
def _common(offsets: Int64, data: Bytes, blank: Bool, first: int, shortest: int) -> int:
    """Return how many bytes all texts begin with alike."""
    head = data[offsets[first] : offsets[first] + shortest]
    common = shortest
    for row in range(len(blank)):
        if blank[row]:
            continue
        start, same = offsets[row], 0
        # Unsigned places, here and below, spare the look at whether they count from the end.
        while same < common and data[np.uint64(start + same)] == head[np.uint64(same)]:
            same += 1
        common = same
    return common


@njit
def _digits(offsets: Int64, data: Bytes, blank: Bool, prefix: int, size: int, keys: Int64) -> bool:
    """Read what follows the prefix of texts of one size as a number; False where it is not all digits."""
    for row in range(len(blank)):
        if blank[row]:
            continue
        start = np.uint64(offsets[row] + prefix)
        number = np.int64(0)
        for place in range(np.uint64(size - prefix)):
            digit = np.int64(data[start + np.uint64(place)]) - 48
            if digit < 0 or digit > 9:
                return False
            number = number * 10 + digit
        keys[row] = number
    return True


@njit
def _symbols(offsets: Int64, data: Bytes, blank: Bool, prefix: int, used: npt.NDArray[np.bool_]) -> None:
    """Mark which symbols stand at each place behind the prefix: 0 the text has ended, else byte + 1."""
    for row in range(len(blank)):
        if blank[row]:
            continue
        start = offsets[row] + prefix
        size = offsets[row + 1] - start
        for place in range(used.shape[0]):
            used[place, np.int64(data[start + place]) + 1 if place < size else 0] = True


@njit
def _spell(
    offsets: Int64, data: Bytes, blank: Bool, prefix: int, sizes: Int64, rank: Int64, keys: Int64
) -> None:
    """Write each text as a number whose digits are the ranks of its symbols among those of their place."""
    for row in range(len(blank)):
        if blank[row]:
            continue
        start = offsets[row] + prefix
        size = offsets[row + 1] - start
        number = np.int64(0)
        for place in range(len(sizes)):
            symbol = np.int64(data[start + place]) + 1 if place < size else 0
            number = number * sizes[place] + rank[place, symbol]
        keys[row] = number
