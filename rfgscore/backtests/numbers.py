"""Every number of a back-test as one long table, a row a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.resample import interval
from rfgscore.errors import TooFewEventsError
from rfgscore.tables import Column, Table

__all__ = ["COMPARED", "Found", "Gathered", "Key", "Listed", "Number", "numbers_table", "share_replaced"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Measures of which differences to the reference rankings are told.
COMPARED: Final = ("harrell_c", "uno_c", "auc", "brier", "ibs", "capture")
#: Measures that are added up over landmarks; all others are averaged.
_COUNTED: Final = ("at_risk", "events")
_NO_ENDS: Final = (float("nan"), float("nan"))


class Key(NamedTuple):
    """What a number says.

    Parameters
    ----------
    group : str or None
        Area or force held out; None for everyone at risk.
    ranking : str or None
        Rule or model; None where the number is of the people, not of a ranking.
    measure : str
        What is measured.
    at : str or None
        Horizon, length of the list, bin or threshold.
    of : str or None
        Amount, by its name.
    """

    group: str | None
    ranking: str | None
    measure: str
    at: str | None = None
    of: str | None = None


@dataclass(frozen=True)
class Number:
    """One number at one landmark.

    Parameters
    ----------
    key : Key
        What it says.
    value : float
        The number; NaN where there is none.
    people, events : int
        How many people it is of, and with how many events or how much.
    lower, upper : float
        An interval that needs no resample; NaN for none.
    """

    key: Key
    value: float
    people: int
    events: int
    lower: float = float("nan")
    upper: float = float("nan")


class Listed(NamedTuple):
    """Who stands on a list, ties at its end in expectation.

    Parameters
    ----------
    person : numpy.ndarray
        int64 person numbers, ascending.
    chance : numpy.ndarray
        float64 chance of each to be listed, above 0.
    """

    person: Int64
    chance: Float64


@dataclass(frozen=True, eq=False, repr=False)
class Found:
    """All that one landmark gave.

    Parameters
    ----------
    numbers : tuple of Number
        In the order of the table.
    drawn : mapping of Key to numpy.ndarray
        float64 value in each resample, of the numbers that have an interval.
    lists : mapping of (str, str) to Listed
        Who stands on the list of a ranking and length, to be compared with the next landmark.
    notes : mapping of str to Any
        What else is to be told: plain data.
    """

    numbers: tuple[Number, ...]
    drawn: dict[Key, Float64]
    lists: dict[tuple[str, str], Listed]
    notes: dict[str, Any]


@dataclass(eq=False, repr=False)
class Gathered:
    """Numbers of one landmark while they come in.

    Parameters
    ----------
    group : str or None
        Area or force held out.
    numbers : list of Number
        Those that came in.
    drawn : dict of Key to numpy.ndarray
        float64 value in each resample, of those that have an interval.
    """

    group: str | None = None
    numbers: list[Number] = field(default_factory=list)
    drawn: dict[Key, Float64] = field(default_factory=dict)

    def add(
        self,
        ranking: str | None,
        measure: str,
        value: float,
        *,
        at: str | None = None,
        of: str | None = None,
        people: int = 0,
        events: float = 0,
        drawn: Float64 | None = None,
        ends: tuple[float, float] = _NO_ENDS,
    ) -> None:
        """Take in one number.

        Parameters
        ----------
        ranking, measure : str or None
            As in `Key`.
        value : float
            The number.
        at, of : str or None
            As in `Key`.
        people, events : int
            As in `Number`.
        drawn : numpy.ndarray, optional
            float64 value in each resample.
        ends : tuple of (float, float)
            An interval that needs no resample.
        """
        key = Key(self.group, ranking, measure, at, of)
        self.numbers.append(Number(key, float(value), int(people), round(events), *map(float, ends)))
        if drawn is not None:
            self.drawn[key] = np.asarray(drawn, np.float64)


def share_replaced(before: Listed, now: Listed, length: int) -> float:
    """Return the share of a list that was not on the list before, ties at either end in expectation.

    Parameters
    ----------
    before, now : Listed
        The two lists.
    length : int
        How many people stand on the list now.

    Returns
    -------
    float
        0 where the lists are the same, 1 where nobody is on both.

    Examples
    --------
    >>> one, two = np.array([1, 2]), np.array([2, 3])
    >>> share_replaced(Listed(one, np.ones(2)), Listed(two, np.array([1.0, 0.5])), 2)
    0.5
    """
    _, mine, its = np.intersect1d(before.person, now.person, assume_unique=True, return_indices=True)
    return 1.0 - float(np.sum(before.chance[mine] * now.chance[its])) / length


class _Row(NamedTuple):
    landmark: int | None
    key: Key
    value: float
    drawn: Float64 | None
    against: str | None
    people: int
    events: int
    ends: tuple[float, float]


def numbers_table(found: Sequence[tuple[int, Found]], outcome: str, references: Sequence[str]) -> Table:
    """Lay out every number, its interval, and its differences to the reference rankings.

    Numbers of all landmarks together are means over the landmarks that have them; people and events are
    added up. A person has the same weight at every landmark in one resample, so that the intervals allow for
    people who come again.

    Parameters
    ----------
    found : sequence of (int, Found)
        Landmark and what it gave, ascending.
    outcome : str
        Name of the outcome.
    references : sequence of str
        Rankings that the others are compared with.

    Returns
    -------
    Table
        ``landmark`` (null: all together), ``group``, ``outcome``, ``ranking``, ``measure``, ``at``, ``of``,
        ``value``, ``lower``, ``upper``, ``against`` (null: the value itself), ``people``, ``events``.
    """
    by_landmark = [(landmark, _with_turnover(one, before)) for landmark, one, before in _in_turn(found)]
    rows: list[_Row] = []
    for landmark, one in by_landmark:
        rows.extend(_rows(landmark, one, references))
    rows.extend(_rows(None, _together([one for _, one in by_landmark]), references))
    ends = [row.ends if row.drawn is None else _interval(row.drawn) for row in rows]
    texts = {name: [getattr(row.key, name) for row in rows] for name in Key._fields}
    return Table(
        {
            "landmark": Column.of("date", [row.landmark for row in rows]),
            "group": Column.of("text", texts["group"]),
            "outcome": Column.of("text", [outcome] * len(rows)),
            "ranking": Column.of("text", texts["ranking"]),
            "measure": Column.of("text", texts["measure"]),
            "at": Column.of("text", texts["at"]),
            "of": Column.of("text", texts["of"]),
            "value": Column.of("float64", [_or_none(row.value) for row in rows]),
            "lower": Column.of("float64", [_or_none(low) for low, _ in ends]),
            "upper": Column.of("float64", [_or_none(high) for _, high in ends]),
            "against": Column.of("text", [row.against for row in rows]),
            "people": Column.of("int64", [row.people for row in rows]),
            "events": Column.of("int64", [row.events for row in rows]),
        }
    )


def _or_none(value: float) -> float | None:
    return float(value) + 0.0 if np.isfinite(value) else None


def _interval(drawn: Float64) -> tuple[float, float]:
    """Return the ends of the interval; NaN where too few resamples have the number."""
    try:
        return interval(drawn) if len(drawn) else _NO_ENDS
    except TooFewEventsError:
        return _NO_ENDS


def _in_turn(found: Sequence[tuple[int, Found]]) -> Iterator[tuple[int, Found, Found | None]]:
    before: Found | None = None
    for landmark, one in found:
        yield landmark, one, before
        before = one


def _with_turnover(now: Found, before: Found | None) -> Found:
    """Add how much of each list changed since the landmark before."""
    if before is None:
        return now
    more = Gathered()
    for (ranking, at), listed in now.lists.items():
        if (ranking, at) in before.lists:
            length = round(float(listed.chance.sum()))
            share = share_replaced(before.lists[ranking, at], listed, length)
            more.add(ranking, "turnover", share, at=at, people=length)
    return Found((*now.numbers, *more.numbers), now.drawn, now.lists, now.notes)


def _rows(landmark: int | None, found: Found, references: Sequence[str]) -> Iterator[_Row]:
    by_key = {number.key: number for number in found.numbers}
    for number in found.numbers:
        key, drawn = number.key, found.drawn.get(number.key)
        ends = (number.lower, number.upper)
        yield _Row(landmark, key, number.value, drawn, None, number.people, number.events, ends)
        if key.measure not in COMPARED:
            continue
        for against in references:
            other = key._replace(ranking=against)
            if against == key.ranking or other not in by_key:
                continue
            theirs = found.drawn.get(other)
            gap = None if drawn is None or theirs is None else drawn - theirs
            value = number.value - by_key[other].value
            yield _Row(landmark, key, value, gap, against, number.people, number.events, _NO_ENDS)


def _together(found: Sequence[Found]) -> Found:
    """Return the numbers of all landmarks together."""
    numbers: dict[Key, list[Number]] = {}
    for one in found:
        for number in one.numbers:
            numbers.setdefault(number.key, []).append(number)
    told, drawn = [], {}
    for key, listed in numbers.items():
        values = [number.value for number in listed]
        value = float(np.sum(values)) if key.measure in _COUNTED else _mean(values)
        people, events = sum(n.people for n in listed), sum(n.events for n in listed)
        told.append(Number(key, value, people, events))
        parts = [one.drawn[key] for one in found if key in one.drawn]
        if parts:
            drawn[key] = _mean_of_rows(np.array(parts))
    return Found(tuple(told), drawn, {}, {})


def _mean(values: Iterable[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def _mean_of_rows(parts: Float64) -> Float64:
    """Return the mean over landmarks in each resample, of those that have the number there."""
    has = np.isfinite(parts)
    count = has.sum(axis=0)
    total = np.where(has, parts, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(parts.shape[1], np.nan), where=count > 0))
