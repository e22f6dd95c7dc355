"""One run of the kernels: which lines, which days, which columns, and who does the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError, DataError
from rfgscore.history.arrange import entry_by
from rfgscore.history.buffers import Buffers, rooms
from rfgscore.history.history import History
from rfgscore.jit import given, in_threads
from rfgscore.tables import Column
from rfgscore.windows import vectorised
from rfgscore.windows.fading import fading
from rfgscore.windows.features import (
    Features,
    Place,
    class_numbers,
    decay_factors,
    exactly_added,
    places,
    whole_number,
)
from rfgscore.windows.looks import Lines, Looks, pick, spread
from rfgscore.windows.plain import plain
from rfgscore.windows.recency import recency
from rfgscore.windows.within import within

__all__ = ["Rows", "checked", "columns_at", "lines_of", "ranges_of"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

#: Histories with fewer lines are worked on by one thread: starting more costs longer than the work.
_THREADED_FROM = 50_000
#: Shares of the lines to each thread: more than one evens out what persons cost.
_SHARES = 2
_ENGINES = ("numba", "numpy")
_TOO_LARGE = "the gravities of a person are too large to add up: use smaller weights"
#: Features that need to know which class an offence belongs to.
_CLASSED = {"offence_classes", "non_crime"}


@dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """The rows of a result, each a person on a day: one a line, or date after date the people visible then.

    Parameters
    ----------
    history : History
        Whose persons.
    clock : str
        ``known``, or ``event``: recorded dates are ignored.
    dates : numpy.ndarray or None
        int64 days, ascending, on which everyone is looked at; None where each line makes a row.
    """

    history: History
    clock: str = "known"
    dates: Int64 | None = None

    @cached_property
    def sizes(self) -> Int64:
        """int64, how many persons have a line visible on each date."""
        return self._visible(0, self.history.size)

    def _visible(self, lo: int, hi: int) -> Int64:
        first = self.history.first_seen[lo:hi]
        if self.dates is None or len(self.dates) == 1:
            return np.array(
                [np.count_nonzero(first <= date) for date in (() if self.dates is None else self.dates)],
                np.int64,
            )
        # From which date on each of them is visible.
        begins = np.bincount(np.searchsorted(self.dates, first), minlength=len(self.dates) + 1)
        return np.cumsum(begins[:-1])

    def __len__(self) -> int:
        return len(self.history.day) if self.dates is None else int(self.sizes.sum())

    @cached_property
    def day(self) -> Int32:
        """int32, the day looked at of each row."""
        if self.dates is None:
            return self.history.seen if self.clock == "known" else self.history.event_day
        return np.repeat(self.dates.astype(np.int32), self.sizes)

    def person(self) -> Int64:
        """Return the person number of each row.

        Returns
        -------
        numpy.ndarray
            int64.
        """
        if self.dates is None:
            return self.history.person_of_line()
        first = self.history.first_seen
        return np.concatenate([np.flatnonzero(first <= date) for date in self.dates.tolist()])

    def ids(self, out: Buffers | None, threads: int) -> Column:
        """Return the id of each row's person.

        Parameters
        ----------
        out : dict or None
            Arrays kept by the caller.
        threads : int
            Threads to work with.

        Returns
        -------
        Column
            int64 or text.

        Raises
        ------
        DataError
            When a person number does not fit int64.
        """
        if self.history.named is not None:
            return Column.later("text", self.person(), self.history.named.of)
        persons = self.history.persons
        text = persons.dtype.kind not in "iu"
        if persons.dtype.kind == "u" and len(persons) and int(persons.max()) >= 2**63:
            raise DataError("a person number does not fit int64: hand the ids over as text")
        everyone = self.dates is not None and len(self.dates) == 1 and len(self) == len(persons)
        if everyone and out is None and persons.dtype == np.int64:
            return Column.wrap("int64", persons)
        name = "perpetrator_id"
        ids = rooms(out, {name: np.dtype(object if text else np.int64)}, len(self))[name]
        if self.dates is None and text:
            ids[:] = np.repeat(persons, np.diff(self.history.offsets))
        elif self.dates is None:
            offsets, numbers = given(self.history.offsets, np.int64), given(persons, np.int64)
            in_threads(
                lambda part: spread(part[0], part[1], offsets, numbers, ids),
                ranges_of(self.history, threads),
                threads,
            )
        else:
            parts = np.split(ids, np.cumsum(self.sizes)[:-1])
            if text:
                for date, part in zip(self.dates.tolist(), parts, strict=True):
                    part[:] = persons[self.history.first_seen <= date]
            else:
                first, numbers = given(self.history.first_seen, np.int64), given(persons, np.int64)
                dated = list(zip(self.dates.tolist(), parts, strict=True))
                in_threads(lambda one: pick(first, one[0], numbers, one[1]), dated, threads)
        return Column.wrap("text" if text else "int64", ids)

    def starts(self, ranges: Sequence[tuple[int, int]]) -> list[Int64]:
        """Return the row of the first person of each range on each date.

        Parameters
        ----------
        ranges : sequence of (int, int)
            Persons.

        Returns
        -------
        list of numpy.ndarray
            int64, one a date, for each range.
        """
        start = np.cumsum(self.sizes) - self.sizes
        found = []
        for lo, hi in ranges:
            found.append(given(start, np.int64))
            start = start + self._visible(lo, hi)
        return found


def checked(features: Features, engine: str, threads: int) -> int:
    """Check what a call asks for, and how it is to be done.

    Parameters
    ----------
    features : Features
        What `rfg` returned.
    engine : str
        ``numba`` or ``numpy``.
    threads : int
        Threads to work with.

    Returns
    -------
    int
        The threads.

    Raises
    ------
    ConfigError
        When the features are none, the engine is unknown, or `threads` no whole number above 0.
    """
    if not isinstance(features, Features):
        raise ConfigError("features are asked for with rfg(...), such as rfg(730, half_life_days=180)")
    if engine not in _ENGINES:
        raise ConfigError(f"engine must be one of {', '.join(_ENGINES)}")
    return whole_number(threads, "threads")


def lines_of(history: History, clock: str = "known", classed: bool = False) -> Lines:
    """Return the lines of a history as kernels take them.

    Parameters
    ----------
    history : History
        The lines.
    clock : str
        ``known``, or ``event``: recorded dates are ignored.
    classed : bool
        Whether classes of offences are needed; if not, all are of one.

    Returns
    -------
    Lines
        Views where possible.
    """
    if clock == "known":
        seen, entry = history.seen, history.entry
    else:
        seen = history.event_day
        entry = entry_by(history.offsets, seen) if history.runs else seen[:0]
    none = np.empty(0, np.int32)
    return Lines(
        given(history.offsets, np.int64),
        given(seen, np.int32),
        given(history.day, np.int32),
        given(entry, np.int32),
        given(history.tail if history.runs else none, np.int64),
        given(history.code, np.int32),
        given(none if history.alone else history.incident, np.int32),
        given(history.victim, np.int32),
        given(history.weights, np.float64),
        given(class_numbers(history) if classed else np.zeros(len(history.weights)), np.int32),
    )


def ranges_of(history: History, threads: int) -> list[tuple[int, int]]:
    """Share out the persons of a history, in ranges with about as many lines each.

    Parameters
    ----------
    history : History
        Whose persons.
    threads : int
        Threads to work with; a small history makes one range.

    Returns
    -------
    list of (int, int)
        First person of each range and the one after its last; none for a history without persons.
    """
    people, lines = history.size, len(history.day)
    # Equal shares of lines, not of persons: a few persons may hold most of the lines.
    shares = 1 if threads == 1 or lines < _THREADED_FROM else threads * _SHARES
    edges = np.searchsorted(history.offsets, np.linspace(0, lines, shares + 1).astype(np.int64)).tolist()
    edges[0], edges[-1] = 0, people
    return [(lo, hi) for lo, hi in pairwise(edges) if lo < hi]


def columns_at(
    rows: Rows,
    features: Features,
    *,
    include_current: bool = True,
    threads: int = 1,
    engine: str = "numba",
    out: Buffers | None = None,
) -> dict[str, Column]:
    """Return the features of each row.

    Parameters
    ----------
    rows : Rows
        Persons and days.
    features : Features
        What to compute.
    include_current : bool
        Whether lines that become visible on the day looked at count.
    threads : int
        Threads to work with.
    engine : str
        ``numba`` or ``numpy``.
    out : dict or None
        Arrays kept by the caller.

    Returns
    -------
    dict of str to Column
        The columns in order.

    Raises
    ------
    DataError
        When gravities are too large to add up in float64, or days lie too far apart.
    """
    history, events = rows.history, rows.dates is None
    wanted = list(places(features, "days_since_previous" if events else "days_since_last"))
    first, last = history.span
    longest = (int(rows.day.max(initial=last)) if rows.dates is None else int(rows.dates[-1])) - first
    if longest >= 2**32 - 1:
        raise DataError("days that lie 2**32 days apart cannot be told from days that are not there")
    bounded = history.bounded
    if not bounded:
        with np.errstate(over="ignore"):
            together = np.bincount(history.person_of_line(), history.weights[history.code])
        if np.isinf(together).any():
            raise DataError(_TOO_LARGE)
    arrays = rooms(out, {place.name: np.dtype(place.kind) for place in wanted}, len(rows))
    if engine == "numpy":
        found = vectorised.evaluate(
            history,
            rows.person(),
            rows.day,
            features,
            seen=history.seen if rows.clock == "known" else history.event_day,
            classes=class_numbers(history),
            include_current=include_current,
            events=events,
        )
        for name, array in arrays.items():
            array[:] = found[name].astype(array.dtype)
    else:
        _run(rows, features, not include_current, threads, wanted, arrays, longest)
    columns = {}
    for place in wanted:
        array, kind, null = arrays[place.name], place.kind, None
        if kind == "float64" and not bounded and np.isinf(array).any():
            raise DataError(_TOO_LARGE)
        if place.null is not None:
            null = np.isnan(array) if place.null != place.null else array == place.null
        if longest >= 2**31 and place.feature in ("days", "gap_last"):
            # Written modulo 2**32, of which no gap is the last number.
            array, kind = np.where(array == -1, -1, array.view(np.uint32).astype(np.int64)), "int64"
        columns[place.name] = Column.wrap(kind, array, null if null is not None and null.any() else None)
    return columns


def _run(
    rows: Rows,
    features: Features,
    before: bool,
    threads: int,
    wanted: Sequence[Place],
    arrays: Mapping[str, npt.NDArray[Any]],
    longest: int,
) -> None:
    history = rows.history
    lines = lines_of(history, rows.clock, bool(_CLASSED.intersection(features.further)))
    most = history.room
    exact = exactly_added(lines.weights, most)
    column = {(place.feature, place.nth): arrays[place.name] for place in wanted}
    none, no = np.empty(0, np.int32), np.empty(0, np.float64)

    def whole(feature: str, nth: int = 0) -> Int32:
        return column.get((feature, nth), none)

    def real(feature: str, nth: int = 0) -> Float64:
        return column.get((feature, nth), no)

    tables = [given(decay_factors(half, longest), np.float64) for half in features.half_life_days]
    dates = given(no if rows.dates is None else rows.dates, np.int64)

    in_order = exact and not before and history.alone and not len(lines.entry) and not history.runs
    one = len(features.window_days) == 1 and len(tables) < 2 and not features.further

    def at_once(part: tuple[tuple[int, int], Int64]) -> None:
        (lo, hi), starts = part
        plain(
            lo,
            hi,
            most,
            lines,
            Looks(dates, starts, before),
            min(features.window_days[0], 2**33),  # days of int32 lie no further apart
            tables[0] if tables else given(no, np.float64),
            (whole("days"), whole("count"), whole("victims")),
            (real("gravity_sum"), real("gravity_max"), real("gravity_decayed")),
        )

    def one_by_one(part: tuple[tuple[int, int], Int64]) -> None:
        (lo, hi), starts = part
        who = (lo, hi, most, lines, Looks(dates, starts, before))
        gaps = real("gap_median"), real("gap_trend")
        recency(*who, history.runs, (whole("days"), whole("gap_last")), gaps)
        for nth, days in enumerate(features.window_days):
            counted = (
                whole("count", nth),
                whole("victims", nth),
                whole("offence_classes", nth),
                whole("non_crime", nth),
                whole("new_victims", nth),
            )
            weighed = real("gravity_sum", nth), real("gravity_max", nth), real("gravity_mean", nth)
            within(*who, min(days, 2**33), exact, counted, weighed)
        number, so_far = whole("incident_number"), (real("gravity_max_ever"), real("gravity_trend"))
        if not tables and max(len(number), *map(len, so_far)):
            fading(*who, history.runs, given(no, np.float64), number, (no, *so_far))
        for nth, table in enumerate(tables):
            decayed = real("gravity_decayed", nth)
            rest = (number, so_far) if nth == 0 else (none, (no, no))
            fading(*who, history.runs, table, rest[0], (decayed, *rest[1]))

    ranges = ranges_of(history, threads)

    @np.errstate(
        over="ignore", invalid="ignore"
    )  # told of what comes out, also where kernels are plain Python
    def work(part: tuple[tuple[int, int], Int64]) -> None:
        (at_once if in_order and one else one_by_one)(part)

    in_threads(work, zip(ranges, rows.starts(ranges), strict=True), threads)
