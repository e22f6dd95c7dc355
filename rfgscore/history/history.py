"""The history: every usable line of every person, columnar, immutable, in the total order.

It keeps offence codes, not weights: `weights` is a small table beside the lines, so another gravity
table can be laid under the same history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.errors import PointInTimeError
from rfgscore.history.source import Source
from rfgscore.ingest.aside import set_aside_table
from rfgscore.ingest.readers.coded import in_order
from rfgscore.tables import Table

__all__ = ["History", "dense_within"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = array.view()
    array.flags.writeable = False
    return array


def dense_within(person: npt.NDArray[Any], key: npt.NDArray[Any]) -> Int32:
    """Number the distinct keys of each person 0, 1, 2, … within that person.

    Parameters
    ----------
    person : numpy.ndarray
        Person number a line, ascending.
    key : numpy.ndarray
        Integer key a line; a negative key stays -1.

    Returns
    -------
    numpy.ndarray
        int32 number a line, dense within the person, in the order of the keys.
    """
    out = np.full(len(person), -1, np.int32)
    held = np.flatnonzero(key >= 0)
    if len(held) == 0:
        return out
    order, new_key = in_order([person[held], key[held]])
    order = held[order]
    new_person = np.ones(len(order), np.bool_)
    new_person[1:] = person[order][1:] != person[order][:-1]
    running = np.cumsum(new_key)
    out[order] = running - np.maximum.accumulate(np.where(new_person, running, 0))
    return out


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class History:
    """Lines of all persons in the total order, with one offset a person. Read-only.

    A line is *visible* at a day D when both its known day and its event day are at or before D.
    Person i owns the lines ``offsets[i]:offsets[i + 1]``.

    Parameters
    ----------
    persons : numpy.ndarray
        Person ids, ascending; text by code point, numbers by value.
    offsets : numpy.ndarray
        int64, one longer than `persons`.
    event_day : numpy.ndarray
        int32, day the event happened or began.
    end_day : numpy.ndarray
        int32, last day of an event that ran over days, else its `event_day`.
    day : numpy.ndarray
        int32, the line's day: `end_day`, capped at `as_of`.
    known_day : numpy.ndarray
        int32, day the force came to know.
    code : numpy.ndarray
        int32, offence of the line: an index into `offences` and `weights`.
    incident : numpy.ndarray
        int32, incident of the line, numbered from 0 within the person.
    victim : numpy.ndarray
        int32, victim of the line, numbered from 0 within the person; -1 unknown.
    tail : numpy.ndarray
        int64, rank of the line under what follows person and day in the total order.
    offences : tuple of str
        Offence codes in code-point order.
    weights : numpy.ndarray
        float64, gravity of each offence.
    as_of : int or None
        Day the history was read for; nothing known later is in it.
    source : Source or None
        What the reader keeps for explanations and flags; None for a history from arrays.

    Examples
    --------
    >>> import numpy as np
    >>> history = History.from_arrays(
    ...     person=np.array([2, 1, 2]), day=np.array([10, 5, 4], np.int32), gravity=np.array([1.0, 2.0, 3.0])
    ... )
    >>> history
    History(2 persons, 3 lines)
    >>> history.offsets.tolist(), history.day.tolist()
    ([0, 1, 3], [5, 4, 10])
    """

    persons: npt.NDArray[Any]
    offsets: Int64
    event_day: Int32
    end_day: Int32
    day: Int32
    known_day: Int32
    code: Int32
    incident: Int32
    victim: Int32
    tail: Int64
    offences: tuple[str, ...]
    weights: Float64
    as_of: int | None = None
    source: Source | None = field(default=None)

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, spec.name, _frozen(value))

    def __repr__(self) -> str:
        seen = "" if self.as_of is None else f", as of {iso(self.as_of)}"
        return f"History({len(self.persons)} persons, {len(self.day)} lines{seen})"

    @property
    def set_aside(self) -> Table:
        """Rows not used, with reasons; empty for a history from arrays."""
        return set_aside_table([]) if self.source is None else self.source.set_aside

    @property
    def coverage(self) -> Table | None:
        """What each offence code weighs, from where, and how many rows have it; None from arrays."""
        return None if self.source is None else self.source.coverage

    def person_of_line(self) -> Int64:
        """Return the person number of each line.

        Returns
        -------
        numpy.ndarray
            int64, ascending.
        """
        return np.repeat(np.arange(len(self.persons)), np.diff(self.offsets))

    def visible(self, as_of: int) -> Bool:
        """Return which lines are visible at a day.

        Parameters
        ----------
        as_of : int
            Day looked at.

        Returns
        -------
        numpy.ndarray
            Boolean mask over lines: known day and event day at or before `as_of`.
        """
        return (self.known_day <= as_of) & (self.event_day <= as_of)

    def at(self, as_of: int) -> History:
        """Return the history as it looks at a day.

        Lines not visible on that day stay in the arrays (the kernels pass over them). Where a line
        runs beyond `as_of`, its day is capped there and the lines are put in order anew.

        Parameters
        ----------
        as_of : int
            Day looked at, days since 1970-01-01.

        Returns
        -------
        History
            A view, sharing arrays where nothing moves.

        Raises
        ------
        PointInTimeError
            When `as_of` is later than the day the history was read for.
        """
        if self.as_of is not None and as_of > self.as_of:
            raise PointInTimeError(
                f"the history was read as of {iso(self.as_of)} and holds nothing later: "
                f"read it again with as_of={iso(as_of)}"
            )
        if as_of == self.as_of:
            return self
        day = np.minimum(self.end_day, np.int32(as_of)) if as_of < 2**31 else self.end_day
        moved = (day != self.day) & self.visible(as_of)
        if not moved.any():
            return replace(self, as_of=as_of)
        # Lines not yet begun keep their own day: they are not visible, and must not crowd the cap.
        day = np.where(self.event_day > as_of, self.day, day).astype(np.int32)
        order = np.lexsort((self.tail, day, self.person_of_line()))
        lines = ("event_day", "end_day", "known_day", "code", "incident", "victim", "tail")
        return replace(
            self,
            day=day[order],
            as_of=as_of,
            source=None if self.source is None else self.source.reordered(order),
            **{name: getattr(self, name)[order] for name in lines},
        )

    def with_weights(self, weights: Mapping[str, float]) -> History:
        """Return the same lines under other weights.

        Parameters
        ----------
        weights : mapping of str to float
            Weight of every offence of the history.

        Returns
        -------
        History
            Shares all arrays but `weights`.
        """
        return replace(self, weights=np.array([weights[code] for code in self.offences], np.float64))

    @classmethod
    def from_arrays(
        cls,
        *,
        person: npt.ArrayLike,
        day: npt.ArrayLike,
        gravity: npt.ArrayLike,
        victim: npt.ArrayLike | None = None,
        incident: npt.ArrayLike | None = None,
        known_day: npt.ArrayLike | None = None,
    ) -> History:
        """Build a history from NumPy arrays, one value a line.

        Parameters
        ----------
        person : array-like
            Integers or text. Numbers stay numbers and are ordered by value.
        day : array-like of int
            int32 days since 1970-01-01.
        gravity : array-like of float
            Weight of each line, finite and at or above 0.
        victim : array-like, optional
            Integers (-1 unknown) or text (blank or None unknown).
        incident : array-like, optional
            Integers or text; without it each line is an incident of its own.
        known_day : array-like of int, optional
            Day the line became known, by default its `day`.

        Returns
        -------
        History
            Without an `as_of`: any day may be looked at.

        Raises
        ------
        ValueError
            When the arrays differ in length, a day does not fit int32, or a gravity is not a
            finite number at or above 0.

        Examples
        --------
        >>> History.from_arrays(person=["b", "a"], day=[1, 2], gravity=[1, 1]).persons.tolist()
        ['a', 'b']
        """
        ids, who = np.unique(_ids(person), return_inverse=True)
        size = len(who)
        days = _days(day, size, "day")
        known = days if known_day is None else _days(known_day, size, "known_day")
        grave = np.asarray(gravity, np.float64)
        if grave.shape != (size,) or not np.all(np.isfinite(grave) & (grave >= 0)):
            raise ValueError("gravity needs one finite number at or above 0 for each line")
        weights, code = np.unique(grave, return_inverse=True)
        harmed = np.full(size, -1) if victim is None else _keys(victim, size, "victim")
        # A line without an incident is one of its own, numbered so that no row order shows.
        alone = np.empty(size, np.int64)
        alone[np.lexsort((harmed, code, known, days, who))] = np.arange(size)
        event = alone if incident is None else _incidents(incident, alone)
        tail_order = np.lexsort((np.arange(size), harmed, code, event, known))
        tail = np.empty(size, np.int64)
        tail[tail_order] = np.arange(size)
        order = np.lexsort((tail, days, who))
        who = who[order]
        return cls(
            persons=ids,
            offsets=np.searchsorted(who, np.arange(len(ids) + 1)).astype(np.int64),
            event_day=days[order],
            end_day=days[order],
            day=days[order],
            known_day=known[order],
            code=code[order].astype(np.int32),
            incident=dense_within(who, event[order]),
            victim=dense_within(who, harmed[order]),
            tail=tail[order],
            offences=tuple(str(weight) for weight in weights.tolist()),
            weights=weights,
        )


def _ids(person: npt.ArrayLike) -> npt.NDArray[Any]:
    ids = np.asarray(person)
    if ids.ndim != 1 or ids.dtype.kind not in "iuOUT":
        raise ValueError("person needs a one-dimensional array of integers or text")
    return ids if ids.dtype.kind in "iu" else ids.astype(object)


def _days(day: npt.ArrayLike, size: int, name: str) -> Int32:
    days = np.asarray(day)
    if days.shape != (size,) or (size and days.dtype.kind not in "iu"):
        raise ValueError(f"{name} needs one whole number for each line")
    if size and (days.min() < -(2**31) or days.max() >= 2**31):
        raise ValueError(f"{name} does not fit int32")
    return days.astype(np.int32)


def _incidents(values: npt.ArrayLike, alone: Int64) -> Int64:
    keys, size = np.asarray(values), len(alone)
    if keys.dtype.kind in "iu" and keys.shape == (size,):
        return np.unique(keys, return_inverse=True)[1].astype(np.int64)
    coded = _keys(values, size, "incident")
    return np.where(coded < 0, size + alone, coded)


def _keys(values: npt.ArrayLike, size: int, name: str) -> Int64:
    keys = np.asarray(values)
    if keys.shape != (size,):
        raise ValueError(f"{name} needs one value for each line")
    if keys.dtype.kind in "iu":
        return keys.astype(np.int64)
    texts: Sequence[Any] = keys.tolist()
    blank = np.fromiter(
        (text is None or text != text or str(text).strip() == "" for text in texts), np.bool_, size
    )
    _, coded = np.unique(np.array([str(text) for text in texts], dtype=object), return_inverse=True)
    return np.where(blank, -1, coded)
