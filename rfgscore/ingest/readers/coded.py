"""A text column held once for each distinct value: the checks look at each value once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Coded", "distinct_places", "in_order", "row_keys"]

#: Changes of more than one value in so many are worked out anew rather than one by one.
_FEW = 16


@dataclass(frozen=True, eq=False, repr=False)
class Coded:
    """Codes into distinct values, in code-point order; -1 is no value.

    Parameters
    ----------
    codes : numpy.ndarray
        int32, one a row.
    values : tuple of str
        Distinct values, ascending by code point.
    """

    codes: npt.NDArray[np.int32]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, cells: Iterable[str | None]) -> Coded:
        """Code a column of text.

        Parameters
        ----------
        cells : iterable of str or None
            One cell a row.

        Returns
        -------
        Coded
            The coded column.
        """
        listed = list(cells)
        ordered = sorted(value for value in set(listed) if value is not None)
        rank: dict[str | None, int] = dict(zip(ordered, range(len(ordered)), strict=True))
        rank[None] = -1
        return cls(np.fromiter(map(rank.__getitem__, listed), np.int32, len(listed)), tuple(ordered))

    @classmethod
    def blank(cls, size: int) -> Coded:
        """Return a column without any value.

        Parameters
        ----------
        size : int
            How many rows it has.

        Returns
        -------
        Coded
            The column.
        """
        return cls(np.full(size, -1, np.int32), ())

    @classmethod
    def from_first_seen(cls, codes: npt.NDArray[np.int32], seen: Sequence[str | None]) -> Coded:
        """Put values that were numbered in any order, repeats allowed, into code-point order.

        Parameters
        ----------
        codes : numpy.ndarray
            Index into `seen`, or -1.
        seen : sequence of str or None
            The values; None becomes -1.

        Returns
        -------
        Coded
            The same rows.
        """
        # Sorting is quickest where most stands in order already, which a set would lose.
        values = sorted(dict.fromkeys(value for value in seen if value is not None))
        rank: dict[str | None, int] = dict(zip(values, range(len(values)), strict=True))
        rank[None] = -1
        # One more place at the end answers to the code -1.
        moved = np.array([*map(rank.__getitem__, seen), -1], np.int32)
        return cls(moved[codes], tuple(values))

    @classmethod
    def join(cls, parts: Sequence[Coded]) -> Coded:
        """Put columns one below the other.

        Parameters
        ----------
        parts : sequence of Coded
            The columns, in row order.

        Returns
        -------
        Coded
            One column.
        """
        if len(parts) == 1:
            return parts[0]
        shift = 0
        shifted = [np.empty(0, np.int32)]
        seen: list[str | None] = []
        for part in parts:
            shifted.append(np.where(part.codes < 0, -1, part.codes + shift).astype(np.int32))
            seen.extend(part.values)
            shift += len(part.values)
        return cls.from_first_seen(np.concatenate(shifted), seen)

    def map(self, change: Callable[[str], str | None]) -> Coded:
        """Change each distinct value; None leaves no value.

        Parameters
        ----------
        change : callable
            From a value to another, or None.

        Returns
        -------
        Coded
            The changed column.
        """
        changed = tuple(map(change, self.values))
        # Most values stay as they are: then so does the column.
        return self if changed == self.values else Coded.from_first_seen(self.codes, changed)

    def changed(self, changes: Mapping[int, str | None]) -> Coded:
        """Change some of the distinct values.

        Parameters
        ----------
        changes : mapping of int to str or None
            What becomes of a value, by its code; None leaves no value.

        Returns
        -------
        Coded
            The changed column.

        Examples
        --------
        >>> Coded.of(["b", "a", "c"]).changed({0: None, 2: "aa"}).values
        ('aa', 'b')
        """
        if len(changes) * _FEW > len(self.values):
            seen: list[str | None] = list(self.values)
            for code, text in changes.items():
                seen[code] = text
            return Coded.from_first_seen(self.codes, seen)
        if not changes:
            return self
        stays = np.ones(len(self.values), np.bool_)
        stays[list(changes)] = False
        kept = list(compress(self.values, stays.tolist()))
        places = {text: bisect_left(kept, text) for text in changes.values() if text is not None}
        added = [text for text, place in places.items() if kept[place : place + 1] != [text]]
        values = sorted([*kept, *added])
        before = np.sort(np.array([places[text] for text in added], np.int64))
        number = np.arange(len(kept))
        moved = np.full(len(self.values) + 1, -1, np.int32)
        moved[:-1][stays] = number + np.searchsorted(before, number, side="right")
        for code, text in changes.items():
            if text is not None:
                moved[code] = bisect_left(values, text)
        return Coded(moved[self.codes], tuple(values))

    def among(self, numbers: Mapping[str, int], absent: int = -1) -> npt.NDArray[np.int32]:
        """Return each row's number in a numbering of texts.

        Parameters
        ----------
        numbers : mapping of str to int
            Number by text.
        absent : int
            Number where the text has none, or there is no value.

        Returns
        -------
        numpy.ndarray
            int32, one a row.
        """
        found = np.full(len(self.values) + 1, absent, np.int32)
        found[:-1] = np.fromiter(map(numbers.get, self.values, repeat(absent)), np.int32, len(self.values))
        return found[self.codes]

    def same_as(self, other: Coded) -> npt.NDArray[np.bool_]:
        """Return in which rows two columns hold the same value; no value is the same as nothing.

        Parameters
        ----------
        other : Coded
            A column of as many rows.

        Returns
        -------
        numpy.ndarray
            Boolean, one a row.
        """
        sums = [
            np.fromiter((*map(hash, column.values), 0), np.int64, len(column.values) + 1)[column.codes]
            for column in (self, other)
        ]
        # Texts with equal hashes are most likely equal, and there are few of them to be compared.
        same: npt.NDArray[np.bool_] = (self.codes >= 0) & (other.codes >= 0) & (sums[0] == sums[1])
        found = np.flatnonzero(same)
        same[found] = [self.text(row) == other.text(row) for row in found.tolist()]
        return same

    def longer_than(self, most: int) -> npt.NDArray[np.bool_]:
        """Return which rows hold more characters than allowed.

        Parameters
        ----------
        most : int
            Most characters.

        Returns
        -------
        numpy.ndarray
            Boolean, one a row.
        """
        if max(map(len, self.values), default=0) <= most:
            return np.zeros(len(self), np.bool_)
        return self.take(lambda text: len(text) > most, np.bool_, False)

    def take(self, function: Callable[[str], Any], dtype: Any, blank: Any) -> npt.NDArray[Any]:
        """Return a function of each row's value.

        Parameters
        ----------
        function : callable
            Called once for each distinct value.
        dtype : numpy dtype
            Of the answers.
        blank : Any
            Answer where there is no value.

        Returns
        -------
        numpy.ndarray
            One answer a row.
        """
        answers = np.array([*(function(value) for value in self.values), blank], dtype)
        return answers[self.codes]

    def rows(self, index: npt.NDArray[Any]) -> Coded:
        """Return the column at some rows, distinct values unchanged.

        Parameters
        ----------
        index : numpy.ndarray
            Row numbers or a mask.

        Returns
        -------
        Coded
            The chosen rows.
        """
        return Coded(self.codes[index], self.values)

    def text(self, row: int) -> str:
        """Return the value of a row, blank where there is none.

        Parameters
        ----------
        row : int
            Row number.

        Returns
        -------
        str
            The value.
        """
        code = self.codes[row]
        return self.values[code] if code >= 0 else ""


def row_keys(columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.int64]:
    """Fold integer columns into one key a row; keys order as the columns do, first column first.

    Parameters
    ----------
    columns : sequence of numpy.ndarray
        Integers at or above -1.

    Returns
    -------
    numpy.ndarray
        int64, equal exactly where all columns are equal.
    """
    key = np.zeros(len(columns[0]), np.int64)
    size = 1
    for column in columns:
        width = int(column.max(initial=-1)) + 2
        if size * width >= 2**62:
            distinct, key = np.unique(key, return_inverse=True)
            size = len(distinct)
        key = key * width + column + 1
        size *= width
    return key


def distinct_places(
    numbers: npt.NDArray[Any], size: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the distinct ones of small numbers, ascending, and the place of each among them.

    Parameters
    ----------
    numbers : numpy.ndarray
        Integers from 0 to below `size`.
    size : int
        How many numbers there may be.

    Returns
    -------
    distinct : numpy.ndarray
        int64, ascending.
    place : numpy.ndarray
        int64 index into `distinct`, one a number.

    Examples
    --------
    >>> [part.tolist() for part in distinct_places(np.array([7, 2, 7]), 8)]
    [[2, 7], [1, 0, 1]]
    """
    there = np.zeros(size, np.bool_)
    there[numbers] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]


def _sorted(key: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the stable order of numbers from 0, and the numbers in it."""
    bits = (len(key) - 1).bit_length()
    if int(key.max()).bit_length() + bits < 63:
        # With its row packed in, a number is sorted by itself: twice as fast as sorting rows by it.
        packed = (key << bits) | np.arange(len(key))
        packed.sort()
        return packed & ((1 << bits) - 1), packed >> bits
    order = np.argsort(key, kind="stable")
    return order, key[order]


def in_order(columns: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Put rows in the order of integer columns, first column first; equal rows stay as they stand.

    Columns are folded into one key as far as they fit, and the later ones looked at only in rows that
    are equal so far: many times as fast as sorting by one column after the other.

    Parameters
    ----------
    columns : sequence of numpy.ndarray
        Integers, those of a column less than 2**63 apart.

    Returns
    -------
    order : numpy.ndarray
        int64 row numbers.
    fresh : numpy.ndarray
        Which row of that order differs from the one before it; the first does.

    Examples
    --------
    >>> [part.tolist() for part in in_order([np.array([2, 1, 1]), np.array([5, 8, 8])])]
    [[1, 2, 0], [True, False, True]]
    """
    size = len(columns[0])
    order = np.arange(size)
    fresh = order == 0
    at = np.arange(size)  # places in the order whose row equals a neighbour so far
    left = list(columns)
    while left and len(at):
        rows = order[at]
        # Which run of equal rows each belongs to: at first all are one.
        key = np.zeros(size, np.int64) if len(left) == len(columns) else np.cumsum(fresh[at]) - 1
        room = 2 ** (62 - len(at).bit_length()) // (int(key[-1]) + 1)  # a row number goes with the key
        folded = 0
        for column in left:
            part = column[rows].astype(np.int64)
            part -= part.min()
            width = int(part.max()) + 1
            if width > room:
                if folded:
                    break
                part = np.unique(part, return_inverse=True)[1]
                width = len(part)
            key = key * width + part
            room //= width
            folded += 1
        left = left[folded:]
        again, key = _sorted(key)
        order[at] = rows[again]
        fresh[at[1:]] |= key[1:] != key[:-1]
        alike = ~fresh
        alike[:-1] |= ~fresh[1:]
        at = np.flatnonzero(alike)
    return order, fresh
