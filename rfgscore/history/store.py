"""A history kept on disk: sorted once, mapped into memory whenever it is looked at, and appended to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.errors import DataError
from rfgscore.history import shelf
from rfgscore.history.arrange import arrange
from rfgscore.history.days import whole_days
from rfgscore.history.history import History
from rfgscore.history.ids import Blank, pack
from rfgscore.history.radix import ALONE
from rfgscore.history.weights import encode

__all__ = ["Store"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Array = npt.NDArray[Any]


class Store:
    """A history in a folder, whose lines are mapped into memory and not read.

    What stands in the folder depends on the rows alone, not on their order, nor on how often rows were
    appended. Made by `create` or `open`.

    Parameters
    ----------
    path : Path
        The folder.
    held : Shelf
        What stands in it.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = Store.create(f"{folder.name}/store", person=["b", "a"], day=[10, 5], gravity=[1.0, 2.0])
    >>> store.append(person=["a"], day=[11], gravity=[3.0])
    >>> store, len(store), store.history().offsets.tolist()
    (Store(2 persons, 3 lines), 3, [0, 2, 3])
    >>> Store.open(f"{folder.name}/store", verify=True)
    Store(2 persons, 3 lines)
    >>> folder.cleanup()
    """

    def __init__(self, path: Path, held: shelf.Shelf) -> None:
        self._path = path
        self._held = held
        self._history: History | None = None

    def __len__(self) -> int:
        return len(self._held.arrays["day"])

    def __repr__(self) -> str:
        return f"Store({len(self._held.arrays['offsets']) - 1} persons, {len(self)} lines)"

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        person: Any,
        day: npt.ArrayLike,
        gravity: npt.ArrayLike,
        victim: Any = None,
        incident: Any = None,
        known_day: npt.ArrayLike | None = None,
        offence: Any = None,
        threads: int = 1,
    ) -> Store:
        """Write rows as a store.

        Parameters
        ----------
        path : path
            Folder to write; there must be nothing yet.
        person : array-like
            Integers or text, one id a row.
        day : array-like
            Days since 1970-01-01, or dates: see `whole_days`.
        gravity : array-like of float
            Weight of each row, finite and at or above 0.
        victim : array-like, optional
            Integers (below 0 unknown) or text (blank or None unknown).
        incident : array-like, optional
            Integers or text; a blank is an incident of its own, and without the column each row is.
        known_day : array-like, optional
            Day each row became known, by default its `day`.
        offence : array-like of str, optional
            Offence code of each row; by default every weight is an offence of its own.
        threads : int
            Threads to sort with; the bytes do not depend on it.

        Returns
        -------
        Store
            The store, open.

        Raises
        ------
        OutputError
            When something stands at `path`.
        WriteError
            When the files cannot be written; nothing is left behind.
        ValueError
            When a column cannot be used, as for `History.from_arrays`.
        """
        rows = _given(person, day, gravity, victim, incident, known_day, offence)
        where = Path(path)
        shelf.put(where, *_sorted(rows, threads), instead_of=None)
        return cls(where, shelf.read(where))

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, verify: bool = False) -> Store:
        """Open a store.

        Parameters
        ----------
        path : path
            Its folder.
        verify : bool
            Whether to read every byte and compare its SHA-256; names, sizes and dtypes always are.

        Returns
        -------
        Store
            As it stands now; what others append later is seen when it is opened again.

        Raises
        ------
        InputNotFoundError
            When there is no such folder.
        FormatError
            When it is no store, or a file of it is missing, damaged or not of it.
        """
        where = Path(path)
        return cls(where, shelf.read(where, verify=verify))

    def append(
        self,
        *,
        person: Any,
        day: npt.ArrayLike,
        gravity: npt.ArrayLike,
        victim: Any = None,
        incident: Any = None,
        known_day: npt.ArrayLike | None = None,
        offence: Any = None,
        threads: int = 1,
    ) -> None:
        """Add rows, also such as others have appended before.

        The store is made anew from its lines and these rows: one row more costs what creating a store of
        all of them costs (some seconds for a million lines with text ids, and as much room on disk again
        while it is written). So append a day's rows together, not one by one. A column that the store or
        the rows do not have is blank there. Whoever has the store open goes on seeing it as it was.

        Parameters
        ----------
        person : array-like
            As for `create`; text where the store holds text, else integers.
        day : array-like
            Days since 1970-01-01, or dates: see `whole_days`.
        gravity : array-like of float
            Weight of each row.
        victim : array-like, optional
            Victim of each row, by default unknown.
        incident : array-like, optional
            Incident of each row, by default one of its own.
        known_day : array-like, optional
            Day each row became known, by default its `day`.
        offence : array-like of str, optional
            Offence code of each row; a row without one has its weight as its code.
        threads : int
            Threads to sort with; the bytes do not depend on it.

        Raises
        ------
        DataError
            When one column is numbers in the store and text in the rows, or the reverse.
        WriteError
            When the files cannot be written, or another process appends at the same time; the store
            stays as it was.
        ValueError
            When a column cannot be used.
        """
        more = _given(person, day, gravity, victim, incident, known_day, offence)
        now = shelf.read(self._path)
        rows = _joined(_held(now.arrays), more)
        shelf.put(self._path, *_sorted(rows, threads), instead_of=now.data)
        self._held = shelf.read(self._path)
        self._history = None

    def history(self) -> History:
        """Return the history, its lines mapped from the files.

        Returns
        -------
        History
            Without an `as_of`: any day may be looked at. The same object until rows are appended.
        """
        if self._history is None:
            held = self._held.arrays
            day, weights = held["day"], held["weights"]
            named = _ids(held, "offence")
            # Where the lines have neither, each is an incident of its own, and they stand in order.
            columns: dict[str, Any] = {"incident": held.get("incident"), "tail": None}
            self._history = History(
                persons=_ids(held, "person"),
                offsets=held["offsets"],
                event_day=day,
                end_day=day,
                day=day,
                known_day=held.get("known_day", day),
                code=held["code"],
                victim=held["victim"],
                offences=tuple(map(str, named.tolist() if len(named) else weights.tolist())),
                weights=weights,
                **columns,
            )
        return self._history


@dataclass(frozen=True, eq=False, repr=False)
class _Named:
    """A column of ids: the distinct ones in order, and which of them each row has; -1 none."""

    ids: Array
    place: Int64


@dataclass(frozen=True, eq=False, repr=False)
class _Rows:
    """Rows as given, in any order. Without ids, `offence` says that weights are offences of their own."""

    day: Int32
    known: Int32
    gravity: Float64
    person: _Named
    victim: _Named
    incident: _Named
    offence: _Named


def _given(
    person: Any,
    day: npt.ArrayLike,
    gravity: npt.ArrayLike,
    victim: Any,
    incident: Any,
    known_day: npt.ArrayLike | None,
    offence: Any,
) -> _Rows:
    who = _named(person, "person", None, "refuse")
    size = len(who.place)
    grave = np.asarray(gravity, np.float64)
    if grave.shape != (size,) or not np.all(np.isfinite(grave) & (grave >= 0)):
        raise ValueError("gravity needs one finite number at or above 0 for each line")
    codes = _named(offence, "offence", size, "refuse")
    if len(codes.ids) and codes.ids.dtype != object:
        raise ValueError("offence needs text")
    days = whole_days(day, "day", size)
    return _Rows(
        day=days,
        known=days if known_day is None else whole_days(known_day, "known_day", size),
        gravity=grave + 0.0,  # a zero has no sign
        person=who,
        victim=_named(victim, "victim", size, "unknown"),
        incident=_named(incident, "incident", size, "alone"),
        offence=codes,
    )


def _named(values: Any, name: str, size: int | None, blank: Blank) -> _Named:
    if values is None and size is not None:
        return _Named(np.empty(0, object), np.full(size, -1))
    packed = pack(values, name, size, blank)
    keys, place = np.unique(packed.keys, return_inverse=True)
    if blank != "refuse" and len(keys) and keys[0] < 0:
        keys, place = keys[1:], place - 1
    ids = packed.distinct(keys)
    if packed.numbers and len(ids):
        if ids[0] < 0 and ids[-1] >= 2**63:
            raise ValueError(f"{name} has numbers below 0 and others from 2**63 on: use text")
        ids = ids.astype(np.uint64 if ids[-1] >= 2**63 else np.int64)
    return _Named(ids if len(ids) else np.empty(0, object), place.astype(np.int64))


def _sorted(rows: _Rows, threads: int) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays of a store, and what to say of them."""
    weights, code = encode(rows.gravity, threads)
    offences = rows.offence.ids
    if len(offences):  # of two weights it is two offences of one name
        pairs, code = np.unique(rows.offence.place * len(weights) + code, return_inverse=True)
        offences, weights = offences[pairs // len(weights)], weights[pairs % len(weights)]
    late, victim, incident = bool((rows.known != rows.day).any()), rows.victim, rows.incident
    made = arrange(
        rows.person.place,
        rows.day,
        code,
        len(weights),
        victim=victim.place if len(victim.ids) else None,
        known=rows.known if late else None,
        incident=np.where(incident.place < 0, ALONE, incident.place) if len(incident.ids) else None,
        threads=threads,
        rows=True,
    )
    arrays: dict[str, Array] = {
        "offsets": made.offsets,
        "day": made.day,
        "code": made.code,
        "victim": made.victim,
        "weights": weights,
    }
    if late:
        arrays["known_day"] = made.known
    if len(incident.ids):
        arrays["incident"] = made.incident
    # The history tells victims and incidents apart within a person only; these, for the next rows, by id.
    for name, column in (("victim", victim), ("incident", incident)):
        if len(column.ids):
            arrays[f"{name}_place"] = column.place[made.row]
        arrays |= _kept(column.ids, name)
    arrays |= _kept(rows.person.ids, "person") | _kept(offences, "offence")
    return arrays, {"persons": len(rows.person.ids), "lines": len(rows.day)}


def _kept(ids: Array, name: str) -> dict[str, Array]:
    """Return ids as arrays of numbers: text as UTF-8, and where each ends."""
    if len(ids) == 0:
        return {}
    if ids.dtype != object:
        return {f"{name}_ids": ids}
    texts = [text.encode() for text in ids.tolist()]
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    return {f"{name}_text": np.frombuffer(b"".join(texts), np.uint8), f"{name}_ends": ends}


def _ids(held: Mapping[str, Array], name: str) -> Array:
    if f"{name}_ids" in held:
        return held[f"{name}_ids"]
    ids = np.empty(len(held.get(f"{name}_ends", ())), object)
    if len(ids):
        data, ends = held[f"{name}_text"].tobytes(), held[f"{name}_ends"].tolist()
        spans = zip([0, *ends], ends, strict=False)
        if data.isascii():
            text = data.decode()
            ids[:] = [text[start:end] for start, end in spans]
        else:
            ids[:] = [data[start:end].decode() for start, end in spans]
    return ids


def _held(held: Mapping[str, Array]) -> _Rows:
    """Return the rows a store was made from."""
    day, code, size = held["day"], held["code"], len(held["day"])
    persons = np.repeat(np.arange(len(held["offsets"]) - 1), np.diff(held["offsets"]))
    none = np.full(size, -1)
    offences = _ids(held, "offence")
    # Codes of one name stand side by side.
    other = np.append(True, offences[1:] != offences[:-1])[: len(offences)]
    return _Rows(
        day=day,
        known=held.get("known_day", day),
        gravity=held["weights"][code],
        person=_Named(_ids(held, "person"), persons),
        victim=_Named(_ids(held, "victim"), held.get("victim_place", none)),
        incident=_Named(_ids(held, "incident"), held.get("incident_place", none)),
        offence=_Named(offences[other], (np.cumsum(other) - 1)[code] if len(offences) else none),
    )


def _joined(first: _Rows, more: _Rows) -> _Rows:
    if len(first.offence.ids) or len(more.offence.ids):
        offence = _united(_by_weight(first), _by_weight(more), "offence")
    else:
        offence = _united(first.offence, more.offence, "offence")
    return _Rows(
        day=np.concatenate([first.day, more.day]),
        known=np.concatenate([first.known, more.known]),
        gravity=np.concatenate([first.gravity, more.gravity]),
        person=_united(first.person, more.person, "person"),
        victim=_united(first.victim, more.victim, "victim"),
        incident=_united(first.incident, more.incident, "incident"),
        offence=offence,
    )


def _by_weight(rows: _Rows) -> _Named:
    """Return the offences of rows, which without any have their weight for a name."""
    if len(rows.offence.ids):
        return rows.offence
    weights, code = np.unique(rows.gravity, return_inverse=True)
    names = _named(list(map(str, weights.tolist())), "offence", None, "refuse")
    return _Named(names.ids, names.place[code])


def _united(first: _Named, more: _Named, name: str) -> _Named:
    """Return two columns one below the other."""
    if len(first.ids) == 0 or len(more.ids) == 0:
        ids = first.ids if len(first.ids) else more.ids
        return _Named(ids, np.concatenate([first.place, more.place]))
    if (first.ids.dtype == object) != (more.ids.dtype == object):
        here, there = ("text", "numbers") if first.ids.dtype == object else ("numbers", "text")
        raise DataError(f"{name} is {here} in the store and {there} in these rows: give it as {here}")
    both = _named([*first.ids.tolist(), *more.ids.tolist()], name, None, "refuse")
    old, new = both.place[: len(first.ids)], both.place[len(first.ids) :]
    places = [np.where(p < 0, -1, to[p]) for p, to in ((first.place, old), (more.place, new))]
    return _Named(both.ids, np.concatenate(places))
