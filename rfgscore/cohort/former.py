"""Who people were in the previous run: under which id, with which records, and where they stood."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.cohort.considered import Previous, Standing
from rfgscore.history.history import History

__all__ = ["Former", "Held", "Past", "Standings", "held_lines"]

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


class Standings:
    """People in list order, to look up where anyone would stand among them.

    Parameters
    ----------
    columns : sequence of numpy.ndarray
        What decides, the first deciding first, lower first; rows in the order that follows from them.

    Examples
    --------
    >>> standings = Standings([np.array([-9.0, -5.0, -5.0]), np.array([1, 0, 2])])
    >>> standings.position((-5.0, 1)), standings.position((-5.0, 1), own=[0])
    (3, 2)
    """

    def __init__(self, columns: Sequence[npt.NDArray[Any]]) -> None:
        self._columns = tuple(columns)

    def position(self, key: Sequence[Any], own: Sequence[int] = ()) -> int:
        """Return the position that someone would have.

        Parameters
        ----------
        key : sequence
            Their value in each column.
        own : sequence of int
            Rows, from 0, that are to be taken for nobody: the person's own.

        Returns
        -------
        int
            Position, from 1.
        """
        low, high = 0, len(self._columns[0])
        for column, value in zip(self._columns, key, strict=True):
            low, high = bisect_left(column, value, low, high), bisect_right(column, value, low, high)
        return 1 + low - sum(row < low for row in own)


class Past:
    """The scores of the previous run, to be asked by id.

    Parameters
    ----------
    previous : Previous
        The previous run.
    """

    def __init__(self, previous: Previous) -> None:
        columns = previous.scores.columns
        self.previous = previous
        self.columns = columns
        ids = columns["perpetrator_id"].values
        self.row: dict[str, int] = dict(zip(ids.tolist(), range(len(ids)), strict=True))
        self.position: Int64 = np.where(columns["position"].null, 0, columns["position"].values)
        ranked = np.flatnonzero(self.position > 0)
        ranked = ranked[np.argsort(self.position[ranked])]
        deciding = [-columns["score"].values.astype(np.float64)]
        for name in previous.config.rank.tie_break:
            value = columns[f"{name}_value"].values.astype(np.float64)
            deciding.append(value if name == "recency" else -value)
        # The figures that ordered equals are in no file for everyone; the order that came of them is.
        last = self.position if previous.by_risk else ids
        self.standings = Standings([column[ranked] for column in (*deciding, last)])

    def value(self, name: str, row: int) -> float:
        """Return a value of a row as a number.

        Parameters
        ----------
        name : str
            Column.
        row : int
            Row of the scores.

        Returns
        -------
        float
            The value.
        """
        return float(self.columns[name].values[row])


@dataclass(frozen=True, repr=False)
class Former:
    """Who one person was in the previous run.

    Parameters
    ----------
    row : int or None
        Row of the previous scores; None where there is none.
    joined : frozenset of str
        Records that were persons of their own then.
    position : int or None
        Position then.
    """

    row: int | None
    joined: frozenset[str]
    position: int | None

    @classmethod
    def of(cls, person: str, records: frozenset[str], past: Past) -> Former:
        """Find out who a person was.

        Parameters
        ----------
        person : str
            Id now.
        records : frozenset of str
            Records whose lines stand under the person now.
        past : Past
            The previous scores.

        Returns
        -------
        Former
            Of several persons joined since, the one who stood on the lists, else the one of the same id,
            else the one who stood first.
        """
        standing = past.previous.listed.get(person)
        known = sorted(record for record in records | {person} if record in past.row)
        if not known:
            return cls(None, frozenset(), standing.position if standing is not None else None)

        def rank(record: str) -> tuple[bool, bool, int, str]:
            position = int(past.position[past.row[record]])
            listed = standing is not None and standing.position == (position or None)
            return (not listed, record != person, position or 2**31, record)

        first = min(known, key=rank)
        row = past.row[first]
        then = frozenset(standing.records) if standing is not None else frozenset()
        joined = frozenset(known) - {first} - then
        return cls(row, joined, int(past.position[row]) or None)


@dataclass(frozen=True, eq=False, repr=False)
class Held:
    """Lines of some people: as they are, and as links stood at the previous run.

    Parameters
    ----------
    people : numpy.ndarray
        int64 person numbers, ascending.
    who : numpy.ndarray
        int64 index into `people` of each line that is visible now, ascending.
    line : numpy.ndarray
        int64 line of the history.
    former : tuple of Former
        Who each person was.
    who_then, line_then : numpy.ndarray
        The same lines, without those of records joined since and with those split off since.
    relinked : bool
        Whether these differ.
    """

    people: Int64
    who: Int64
    line: Int64
    former: tuple[Former, ...]
    who_then: Int64
    line_then: Int64
    relinked: bool


def held_lines(history: History, people: Int64, as_of: int, past: Past) -> Held:
    """Return the visible lines of some people, as they are and as links stood at the previous run.

    Parameters
    ----------
    history : History
        The history at `as_of`.
    people : numpy.ndarray
        int64 person numbers, ascending.
    as_of : int
        Day looked at.
    past : Past
        The previous run.

    Returns
    -------
    Held
        The lines.
    """
    visible = history.visible(as_of)
    owner = np.full(len(history.persons), -1, np.int64)
    owner[people] = np.arange(len(people))
    line = np.flatnonzero(np.repeat(owner >= 0, np.diff(history.offsets)) & visible)
    who = owner[np.searchsorted(history.offsets, line, side="right") - 1]
    ids = [str(person) for person in history.persons[people].tolist()]
    if history.source is None:
        former = tuple(Former.of(person, frozenset(), past) for person in ids)
        return Held(people, who, line, former, who, line, False)
    records = _records(history, who, line, len(people))
    former = tuple(Former.of(person, held, past) for person, held in zip(ids, records, strict=True))
    stood = _stood_under(past.previous.listed)
    leaves = _leaves(history, who, line, ids, former, stood)
    extra_who, extra_line = _split_off(history, visible, ids, stood)
    who_then = np.concatenate([who[~leaves], extra_who])
    line_then = np.concatenate([line[~leaves], extra_line])
    order = np.argsort(who_then, kind="stable")
    relinked = bool(leaves.any()) or len(extra_line) > 0
    return Held(people, who, line, former, who_then[order], line_then[order], relinked)


def _stood_under(listed: Mapping[str, Standing]) -> dict[str, str]:
    """Return under whom each record stood then, as far as the lists tell."""
    return {record: person for person, standing in listed.items() for record in standing.records}


def _records(history: History, who: Int64, line: Int64, size: int) -> list[frozenset[str]]:
    """Return the records of each person, those included whose rows were all equal to others' once joined."""
    assert history.source is not None  # noqa: S101 - asked for by the caller
    source = history.source
    out: list[set[str]] = [set() for _ in range(size)]
    own = source.own.codes[line].astype(np.int64)
    pairs = np.unique(who * (len(source.own.values) + 1) + own)
    for at, code in zip(
        *(part.tolist() for part in np.divmod(pairs, len(source.own.values) + 1)), strict=True
    ):
        out[at].add(source.own.values[code])
    if source.twins:
        for at, tail in zip(who.tolist(), history.tail[line].tolist(), strict=True):
            out[at].update(source.twins.get(tail, ()))
    return [frozenset(held) for held in out]


def _leaves(
    history: History,
    who: Int64,
    line: Int64,
    ids: Sequence[str],
    former: Sequence[Former],
    stood: Mapping[str, str],
) -> Bool:
    """Return which lines did not stand under the person then."""
    assert history.source is not None  # noqa: S101 - asked for by the caller
    source = history.source

    def apart(at: int, record: str) -> bool:
        return record in former[at].joined or stood.get(record, ids[at]) != ids[at]

    out = np.zeros(len(line), np.bool_)
    if not stood and not any(one.joined for one in former):
        return out
    own = source.own.codes[line]
    for place, (at, code, tail) in enumerate(
        zip(who.tolist(), own.tolist(), history.tail[line].tolist(), strict=True)
    ):
        # A row of another record, equal to it now, may have been the person's own.
        records = (source.own.values[code], *source.twins.get(tail, ()))
        out[place] = all(apart(at, record) for record in records)
    return out


def _split_off(
    history: History, visible: Bool, ids: Sequence[str], stood: Mapping[str, str]
) -> tuple[Int64, Int64]:
    """Return the lines that belonged to one of these people then and stand under another now."""
    assert history.source is not None  # noqa: S101 - asked for by the caller
    own = history.source.own
    place = {person: at for at, person in enumerate(ids)}
    belongs: dict[int, int] = {}
    for record, person in stood.items():
        code = bisect_left(own.values, record)
        if person in place and own.values[code : code + 1] == (record,):
            belongs[code] = place[person]
    if not belongs:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    line = np.flatnonzero(np.isin(own.codes, list(belongs)) & visible)
    who = np.array([belongs[code] for code in own.codes[line].tolist()], np.int64)
    number = np.searchsorted(history.offsets, line, side="right") - 1
    elsewhere = history.persons[number] != np.array(ids, object)[who] if len(line) else np.zeros(0, np.bool_)
    return who[elsewhere], line[elsewhere]
