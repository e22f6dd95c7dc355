"""The history: every usable line of every person, columnar, immutable, in the total order.

It keeps offence codes, not weights: `weights` is a small table beside the lines, so another gravity
table can be laid under the same history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.errors import PointInTimeError
from rfgscore.history.arrange import arrange, entry_by
from rfgscore.history.buffers import Buffers
from rfgscore.history.days import whole_days
from rfgscore.history.ids import pack
from rfgscore.history.persons import Persons
from rfgscore.history.radix import ALONE
from rfgscore.history.weights import encode
from rfgscore.ingest.aside import set_aside_table
from rfgscore.tables import Table

if TYPE_CHECKING:
    from rfgscore.history.source import Source

__all__ = ["History"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = array.view()
    array.flags.writeable = False
    return array


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
        int32, incident of the line, numbered from 0 within the person. None given: each line is one of
        its own, and they are numbered when first asked for.
    victim : numpy.ndarray
        int32, victim of the line, numbered from 0 within the person; -1 unknown.
    tail : numpy.ndarray
        int64, rank of the line under what follows person and day in the total order. None given: no
        line runs over days, and that is the order of the lines.
    offences : tuple of str
        Offence codes in code-point order.
    weights : numpy.ndarray
        float64, gravity of each offence.
    as_of : int or None
        Day the history was read for; nothing known later is in it.
    row : numpy.ndarray or None
        int64, row each line had in the arrays it was built from; None unless it was kept.
    named : Persons or None
        What `persons` is made from when first asked for; None where it was given.
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
    row: Int64 | None = field(default=None)
    named: Persons | None = field(default=None)
    source: Source | None = field(default=None)

    def __post_init__(self) -> None:
        frozen: dict[int, npt.NDArray[Any]] = {}
        for spec in fields(self):
            value = vars(self)[spec.name]
            if isinstance(value, np.ndarray):
                # Columns that are one array stay one.
                object.__setattr__(self, spec.name, frozen.setdefault(id(value), _frozen(value)))
            elif value is None and spec.name in ("persons", "incident", "tail"):
                object.__delattr__(self, spec.name)
        if "persons" in vars(self):
            object.__setattr__(self, "named", None)

    def __getattr__(self, name: str) -> Any:
        # Two columns that say nothing where each line is an incident of its own: a fifth of the memory.
        if name == "incident":
            made = np.arange(len(self.day)) - np.repeat(self.offsets[:-1], np.diff(self.offsets))
            made = made.astype(np.int32)
        elif name == "tail":
            made = np.arange(len(self.day))
        elif name == "persons" and self.named is not None:
            made = self.named.all
        else:
            raise AttributeError(f"a History has no {name!r}")
        object.__setattr__(self, name, _frozen(made))
        return vars(self)[name]

    def __repr__(self) -> str:
        seen = "" if self.as_of is None else f", as of {iso(self.as_of)}"
        return f"History({self.size} persons, {len(self.day)} lines{seen})"

    @property
    def set_aside(self) -> Table:
        """Rows not used, with reasons; empty for a history from arrays."""
        return set_aside_table([]) if self.source is None else self.source.set_aside

    @property
    def coverage(self) -> Table | None:
        """What each offence code weighs, from where, and how many rows have it; None from arrays."""
        return None if self.source is None else self.source.coverage

    @property
    def size(self) -> int:
        """How many persons there are."""
        return len(self.offsets) - 1

    @cached_property
    def alone(self) -> bool:
        """Whether each line is known to be an incident of its own."""
        if "incident" not in vars(self):
            return True
        if np.any(self.incident >= np.repeat(np.diff(self.offsets), np.diff(self.offsets))):
            return False  # not numbered within the person: some lines may have been taken out
        place = np.repeat(self.offsets[:-1], np.diff(self.offsets)) + self.incident
        return int(np.bincount(place, minlength=1).max()) < 2

    @cached_property
    def seen(self) -> Int32:
        """int32, the day each line becomes visible: the later of its known day and its event day."""
        if self.known_day is self.event_day:
            return self.event_day
        return _frozen(np.maximum(self.known_day, self.event_day))

    @cached_property
    def runs(self) -> bool:
        """Whether some line ends after it began."""
        return self.end_day is not self.event_day and not np.array_equal(self.end_day, self.event_day)

    @cached_property
    def late(self) -> bool:
        """Whether some line becomes visible on another day than its last."""
        return self.seen is not self.end_day and not np.array_equal(self.seen, self.end_day)

    @cached_property
    def entry(self) -> Int32:
        """int32, lines of each person in the order they become visible, from 0; empty where none is late."""
        return _frozen(entry_by(self.offsets, self.seen)) if self.late else self.seen[:0]

    @cached_property
    def span(self) -> tuple[int, int]:
        """Earliest day of a line, and latest day on which one becomes visible; (0, 0) without lines."""
        return (int(self.day.min()), int(self.seen.max())) if len(self.day) else (0, 0)

    @cached_property
    def room(self) -> int:
        """Above the number of lines of any person, and above every number of an incident or a victim."""
        numbers = (self.victim,) if "incident" not in vars(self) else (self.victim, self.incident)
        highest = max(int(array.max(initial=-1)) for array in numbers)
        return max(int(np.diff(self.offsets).max(initial=0)), highest) + 1

    @property
    def bounded(self) -> bool:
        """Whether no sum of a person's gravities, however weighed, can leave float64."""
        return float(self.weights.max(initial=0.0)) * float(self.room) ** 2 < 1e300

    @cached_property
    def first_seen(self) -> npt.NDArray[Any]:
        """Day on which the first line of each person becomes visible; none is later than that of nobody."""
        starts, held = self.offsets[:-1], np.diff(self.offsets) > 0
        if held.all():
            return np.minimum.reduceat(self.seen, starts) if self.late and len(starts) else self.seen[starts]
        found = np.full(len(starts), 2**31)
        found[held] = np.minimum.reduceat(self.seen, starts[held]) if held.any() else 0
        return found

    def person_of_line(self) -> Int64:
        """Return the person number of each line.

        Returns
        -------
        numpy.ndarray
            int64, ascending.
        """
        return np.repeat(np.arange(self.size), np.diff(self.offsets))

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

    def refuse_later(self, as_of: int) -> None:
        """Refuse a day later than the one the history was read for.

        Parameters
        ----------
        as_of : int
            Day looked at.

        Raises
        ------
        PointInTimeError
            When it is later.
        """
        if self.as_of is not None and as_of > self.as_of:
            raise PointInTimeError(
                f"the history was read as of {iso(self.as_of)} and holds nothing later: "
                f"read it again with as_of={iso(as_of)}"
            )

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
        self.refuse_later(as_of)
        if as_of == self.as_of:
            return self
        if not self.runs:
            return self._with(as_of=as_of)
        day = np.minimum(self.end_day, np.int32(as_of)) if as_of < 2**31 else self.end_day
        moved = (day != self.day) & self.visible(as_of)
        if not moved.any():
            return self._with(as_of=as_of)
        # Lines not yet begun keep their own day: they are not visible, and must not crowd the cap.
        day = np.where(self.event_day > as_of, self.day, day).astype(np.int32)
        order = np.lexsort((self.tail, day, self.person_of_line()))
        lines = ("event_day", "end_day", "known_day", "code", "incident", "victim", "tail")
        return replace(
            self,
            day=day[order],
            as_of=as_of,
            row=None if self.row is None else self.row[order],
            source=None if self.source is None else self.source.reordered(order),
            **{name: getattr(self, name)[order] for name in lines},
        )

    def _with(self, **other: Any) -> History:
        """Return the same lines, with all that was worked out of them, under another day or weights."""
        same = object.__new__(History)
        vars(same).update(vars(self), **other)
        return same

    def __getstate__(self) -> dict[str, Any]:
        # Another process gets the ids themselves.
        return {**vars(self), "persons": self.persons, "named": None}

    def with_weights(self, weights: Mapping[str, float] | Float64) -> History:
        """Return the same lines under other weights.

        Parameters
        ----------
        weights : mapping of str to float, or numpy.ndarray
            Weight of every offence of the history, by code or in the order of `offences`.

        Returns
        -------
        History
            Shares all arrays but `weights`.
        """
        if isinstance(weights, Mapping):
            weights = np.array([weights[code] for code in self.offences], np.float64)
        return self._with(weights=_frozen(weights))

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
        offence: npt.ArrayLike | None = None,
        threads: int = 1,
        rows: bool = False,
        out: Buffers | None = None,
    ) -> History:
        """Build a history from NumPy arrays, one value a line.

        Parameters
        ----------
        person : array-like
            Integers or text. Numbers stay numbers and are ordered by value.
        day : array-like
            Days since 1970-01-01, or dates: ``datetime64``, or a column of dates.
        gravity : array-like of float
            Weight of each line, finite and at or above 0.
        victim : array-like, optional
            Integers (-1 unknown) or text (blank or None unknown).
        incident : array-like, optional
            Integers or text; without it each line is an incident of its own.
        known_day : array-like, optional
            Day the line became known, by default its `day`.
        offence : array-like of str, optional
            Offence code of each line; without it each gravity is an offence of its own.
        threads : int, optional
            Threads to build with; the history is the same to the bit with any number.
        rows : bool, optional
            Whether to keep the row each line came from, as `row`.
        out : dict, optional
            Scratch kept between calls, as of `windows.at_events`; no history holds any of it.

        Returns
        -------
        History
            Without an `as_of`: any day may be looked at.

        Raises
        ------
        ValueError
            When the arrays differ in length, a day does not fit int32, or a gravity is not a
            finite number at or above 0. A ConfigError, which is one, when `threads` is no whole number
            above 0.

        Examples
        --------
        >>> History.from_arrays(person=["b", "a"], day=[1, 2], gravity=[1, 1]).persons.tolist()
        ['a', 'b']
        """
        who = pack(person, "person")
        size = len(who.keys)
        days = whole_days(day, "day", size)
        known = None if known_day is None else whole_days(known_day, "known_day", size)
        grave = np.asarray(gravity, np.float64)
        if grave.shape != (size,):
            raise ValueError("gravity needs one finite number at or above 0 for each line")
        weights, code = encode(grave, threads, out)
        offences = tuple(map(str, weights.tolist()))
        if offence is not None:
            # An offence of two weights is two offences of one name.
            packed = pack(offence, "offence", size)
            named, place = np.unique(packed.keys, return_inverse=True)
            pairs, code = np.unique(place * len(weights) + code, return_inverse=True)
            offences = tuple(map(str, packed.distinct(named)[pairs // len(weights)].tolist()))
            weights = weights[pairs % len(weights)]
        event = None if incident is None else pack(incident, "incident", size, "alone").keys
        made = arrange(
            who.keys,
            days,
            code,
            len(weights),
            victim=None if victim is None else pack(victim, "victim", size, "unknown").keys,
            known=known,
            incident=None if event is None else np.where(event < 0, ALONE, event),
            threads=threads,
            rows=rows,
            out=out,
        )
        unsaid: Any = None  # made when first asked for
        return cls(
            persons=who.distinct(made.person) if who.numbers else unsaid,
            named=None if who.numbers else Persons(made.person, who.distinct),
            offsets=made.offsets,
            event_day=made.day,
            end_day=made.day,
            day=made.day,
            known_day=made.known,
            code=made.code,
            incident=unsaid if incident is None else made.incident,
            victim=made.victim,
            tail=unsaid,
            offences=offences,
            weights=weights,
            row=made.row if rows else None,
        )
