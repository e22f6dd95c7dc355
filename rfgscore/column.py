"""One column of a table: values of one kind, and which of them are null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, from_day

__all__ = ["Column", "Kind"]

Kind = Literal["text", "int32", "int64", "float64", "date", "bool"]

_DTYPES: dict[str, Any] = {
    "text": object,
    "int32": np.int32,
    "int64": np.int64,
    "float64": np.float64,
    "date": np.int32,
    "bool": np.bool_,
}


@dataclass(frozen=True, eq=False, repr=False)
class Column:
    """One column: values of one kind, and which of them are null.

    Parameters
    ----------
    kind : str
        ``text``, ``int32``, ``int64``, ``float64``, ``date`` (days since 1970-01-01) or ``bool``.
    values : numpy.ndarray
        One value a row; what stands at a null is of no meaning.
    null : numpy.ndarray
        Boolean mask, True where there is no value.
    """

    kind: Kind
    values: npt.NDArray[Any]
    null: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, kind: Kind, values: Any, null: npt.NDArray[np.bool_] | None = None) -> Column:
        """Build a column from an array, or from a sequence in which None is null.

        Parameters
        ----------
        kind : str
            Kind of the values.
        values : array-like
            The values.
        null : numpy.ndarray, optional
            Null mask; without it, None, and for dates also ``NO_DAY``, is null.

        Returns
        -------
        Column
            The column, its arrays read-only.
        """
        if isinstance(values, np.ndarray) and values.dtype != object:
            if null is None:
                null = values == NO_DAY if kind == "date" else np.zeros(len(values), np.bool_)
            data = values.astype(_DTYPES[kind])
        else:
            listed = list(values)
            if null is None:
                null = np.fromiter(
                    (v is None or (kind == "date" and v == NO_DAY) for v in listed), np.bool_, len(listed)
                )
            data = np.empty(len(listed), _DTYPES[kind])
            data[:] = listed if kind == "text" else [0 if v is None else v for v in listed]
        null = np.array(null)
        data.flags.writeable = null.flags.writeable = False
        return cls(kind, data, null)

    @classmethod
    def wrap(cls, kind: Kind, values: npt.NDArray[Any], null: npt.NDArray[np.bool_] | None = None) -> Column:
        """Build a column that looks at an array and copies nothing.

        Parameters
        ----------
        kind : str
            Kind of the values.
        values : numpy.ndarray
            The values, of the dtype of that kind. The column shows them read-only; who holds the array
            may still write to it.
        null : numpy.ndarray, optional
            Null mask; without it nothing is null, and no memory is held to say so.

        Returns
        -------
        Column
            The column.

        Raises
        ------
        ValueError
            When an array is not of the dtype of that kind, or not one-dimensional and of one length.

        Examples
        --------
        >>> Column.wrap("int32", np.array([3, -1], np.int32), np.array([False, True])).python()
        [3, None]
        """
        gone = np.broadcast_to(np.False_, values.shape) if null is None else null
        if values.dtype != _DTYPES[kind] or values.ndim != 1:
            raise ValueError(
                f"a column of kind {kind} needs a one-dimensional {np.dtype(_DTYPES[kind])} array"
            )
        if gone.dtype != np.bool_ or gone.shape != values.shape:
            raise ValueError("a null mask needs one boolean for each value")
        return cls(kind, _read_only(values), _read_only(gone))

    @classmethod
    def later(cls, kind: Kind, which: npt.NDArray[Any], make: Callable[[Any], npt.NDArray[Any]]) -> Column:
        """Build a column without nulls whose values are made when they are first looked at.

        Parameters
        ----------
        kind : str
            Kind of the values.
        which : numpy.ndarray
            What `make` needs to know of each row.
        make : callable
            Returns the values of some rows, given their part of `which`.

        Returns
        -------
        Column
            The column; rows taken from it before are made alone.

        Examples
        --------
        >>> column = Column.later("text", np.array([3, 1]), lambda n: np.array(["x" * k for k in n], object))
        >>> column.take(np.array([1])).python()
        ['x']
        """
        made = cls(kind, which, np.broadcast_to(np.False_, which.shape))
        object.__delattr__(made, "values")
        vars(made).update(_which=which, _make=make)
        return made

    def __getattr__(self, name: str) -> Any:
        if name != "values" or "_make" not in vars(self):
            raise AttributeError(f"a column has no {name!r}")
        values = _read_only(vars(self)["_make"](vars(self)["_which"]))
        vars(self)["values"] = values
        return values

    def take(self, index: npt.NDArray[Any]) -> Column:
        """Return the rows at `index`.

        Parameters
        ----------
        index : numpy.ndarray
            Row numbers from 0, or a mask.

        Returns
        -------
        Column
            A new column.
        """
        if "values" not in vars(self):
            return Column.later(self.kind, vars(self)["_which"][index], vars(self)["_make"])
        return Column.wrap(self.kind, self.values[index], self.null[index] if self.has_nulls else None)

    @property
    def has_nulls(self) -> bool:
        """Whether any value is null."""
        # A mask spread from one element, as `wrap` makes it, need not be walked through.
        return bool(self.null[:1].any() if self.null.strides == (0,) else self.null.any())

    def python(self) -> list[Any]:
        """Return the values as Python objects, None for null.

        Returns
        -------
        list
            str, int, float, bool or datetime.date.
        """
        listed: list[Any] = self.values.tolist()
        if self.kind == "date":
            listed = [None if gone else from_day(day) for day, gone in zip(listed, self.null, strict=True)]
        elif self.has_nulls:
            listed = [None if gone else v for v, gone in zip(listed, self.null, strict=True)]
        return listed


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = array.view()
    array.flags.writeable = False
    return array
