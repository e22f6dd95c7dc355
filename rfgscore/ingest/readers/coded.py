"""A text column held once for each distinct value: the checks look at each value once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Coded", "row_keys"]


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
        values = sorted({value for value in seen if value is not None})
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
