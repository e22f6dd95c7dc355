"""Lines put in order: what `History.from_arrays` is built with."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.history import radix
from rfgscore.history.buffers import Buffers, rooms
from rfgscore.jit import given, in_threads

__all__ = ["Arranged", "arrange", "entry_by"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

#: Rows of a part: with its copies it stays in the cache of one core.
_PART = 4096
#: Most parts: each is one stream of writes.
_PARTS = 1024
#: Ids are told apart by this many bits before parts are made of them, so that clustered ids spread too.
_CELL_BITS = 14
#: Persons of up to so many lines are put in order by a kernel, others by NumPy.
_FEW = 64
#: Bits of a key.
_KEY = 62


class Arranged(NamedTuple):
    """Lines in the total order, with one offset a person.

    Parameters
    ----------
    person : numpy.ndarray
        int64 key of each person, ascending.
    offsets : numpy.ndarray
        int64, one longer than `person`.
    day, known, code : numpy.ndarray
        int32, one a line; `known` is `day` itself where no other was given.
    incident, victim : numpy.ndarray
        int32, numbered within the person as they come; `incident` is empty where every line is alone.
    row : numpy.ndarray
        int64, input row of each line; empty unless asked for.
    """

    person: Int64
    offsets: Int64
    day: Int32
    known: Int32
    code: Int32
    incident: Int32
    victim: Int32
    row: Int64


def arrange(
    key: Int64,
    day: Int32,
    code: Int32,
    codes: int,
    *,
    victim: Int64 | None = None,
    known: Int32 | None = None,
    incident: Int64 | None = None,
    threads: int = 1,
    rows: bool = False,
    out: Buffers | None = None,
) -> Arranged:
    """Put rows in the order of person, day, known day, incident, code, victim and row.

    Parameters
    ----------
    key : numpy.ndarray
        int64 key of each row's person.
    day : numpy.ndarray
        int32 day of each row.
    code : numpy.ndarray
        int32 offence number of each row, from 0 to below `codes`.
    codes : int
        How many offences there are.
    victim : numpy.ndarray, optional
        int64 key of each row's victim, -1 unknown.
    known : numpy.ndarray, optional
        int32 day each row became known; by default its day.
    incident : numpy.ndarray, optional
        int64 key of each row's incident, `ALONE` for one of its own; by default all are.
    threads : int
        Threads to work with; the result does not depend on it.
    rows : bool
        Whether to keep the row each line came from.
    out : dict, optional
        Scratch kept between calls; nothing of the result is in it.

    Returns
    -------
    Arranged
        The lines in order.

    Examples
    --------
    >>> import numpy as np
    >>> made = arrange(np.array([7, 3, 7]), np.array([2, 5, 1], np.int32), np.zeros(3, np.int32), 1)
    >>> made.person.tolist(), made.offsets.tolist(), made.day.tolist()
    ([3, 7], [0, 1, 3], [5, 1, 2])
    """
    n = len(key)
    key, day, code = given(key, np.int64), given(day, np.int32), given(code, np.int32)
    none, no = np.empty(0, np.int32), np.empty(0, np.int64)
    if n == 0:
        return Arranged(no, np.zeros(1, np.int64), none, none, none, none, none, no)
    edges = np.linspace(0, n, min(threads, -(-n // 2**14)) + 1).astype(np.int64).tolist()
    chunks = [(nth, lo, hi) for nth, (lo, hi) in enumerate(pairwise(edges))]
    low, first = int(key.min()), int(day.min())
    day_bits = (int(day.max()) - first).bit_length()
    width = int(key.max()) - low
    if width >= 2**63:  # further apart than int64 can tell
        return _ranked(key, day, code, codes, victim, known, incident, threads, rows)
    # Fewer cells than rows, and no shift beyond 63: of one by 64 nobody says what it gives.
    shift = max(width.bit_length() - min(_CELL_BITS, max(n.bit_length() - 3, 0)), 0)
    counts = np.zeros((len(chunks), (width >> shift) + 1), np.int64)

    def count(chunk: tuple[int, int, int]) -> None:
        nth, lo, hi = chunk
        radix.count(lo, hi, key, low, shift, counts[nth])

    in_threads(count, chunks, threads)

    # A part is a run of cells; which one follows from how many rows come before a cell.
    cells = counts.sum(axis=0)
    before = np.cumsum(cells) - cells
    parts = min(max(n // _PART, 1), _PARTS)
    of_cell = before * parts // n
    heads = np.flatnonzero(np.diff(of_cell, prepend=-1))
    part_of = np.repeat(np.arange(len(heads), dtype=np.int32), np.diff(heads, append=len(cells)))
    base = low + (heads << shift)
    starts = np.append(before[heads], n)
    span = int(np.diff(heads, append=len(cells)).max()) << shift
    room = _KEY - int(np.diff(starts).max()).bit_length() - day_bits - min(span - 1, width).bit_length()
    if room < 0:
        return _ranked(key, day, code, codes, victim, known, incident, threads, rows)
    # The code may go with the key where nothing stands between it and the day.
    code_bits = (codes - 1).bit_length() if known is None and incident is None else room + 1
    if code_bits > room:
        code_bits = 0
    of_part = np.zeros((len(chunks), len(heads)), np.int64)
    for nth, _, _ in chunks:
        of_part[nth] = np.add.reduceat(counts[nth], heads)
    at = starts[:-1] + np.cumsum(of_part, axis=0) - of_part

    numbers = np.array([low, shift, first, day_bits, code_bits], np.int64)
    scratch = rooms(out, {"row keys": np.dtype(np.int64), "row victims": np.dtype(np.int64)}, n)
    dealt = (
        scratch["row keys"],
        scratch["row victims"],
        none if known is None else np.empty(n, np.int32),
        no if incident is None else np.empty(n, np.int64),
        none if code_bits or codes == 1 else np.empty(n, np.int32),
        np.empty(n if rows else 0, np.int64),
    )
    others = (
        code,
        given(no if victim is None else victim, np.int64),
        given(none if known is None else known, np.int32),
        given(no if incident is None else incident, np.int64),
    )

    def deal(chunk: tuple[int, int, int]) -> None:
        nth, lo, hi = chunk
        radix.deal(lo, hi, key, day, others, dealt, part_of, base, at[nth], numbers)

    in_threads(deal, chunks, threads)
    # One piece of memory: it takes far fewer pages to supply than three.
    whole = iter(np.empty((3 + (known is not None) + (incident is not None), n), np.int32))
    lines = (
        next(whole),
        none if known is None else next(whole),
        next(whole),
        none if incident is None else next(whole),
        next(whole),
        np.empty(n if rows else 0, np.int64),
    )
    people = np.zeros(len(heads), np.int64)
    shares = np.searchsorted(starts, np.linspace(0, n, 4 * len(chunks) + 1)).tolist()

    def finish(share: tuple[int, int]) -> None:
        radix.finish(share[0], share[1], starts, dealt, lines, base, numbers, people)

    in_threads(finish, pairwise(shares), threads)
    held = [slice(start, start + size) for start, size in zip(starts.tolist(), people.tolist(), strict=False)]
    person = np.concatenate([dealt[0][part] for part in held])
    offsets = np.concatenate([*(dealt[1][part] for part in held), [n]])
    to_day, to_known, to_code, to_incident, to_victim, to_row = lines
    return Arranged(
        person,
        offsets,
        to_day,
        to_day if known is None else to_known,
        to_code,
        to_incident,
        to_victim,
        to_row,
    )


def _ranked(
    key: Int64,
    day: Int32,
    code: Int32,
    codes: int,
    victim: Int64 | None,
    known: Int32 | None,
    incident: Int64 | None,
    threads: int,
    rows: bool,
) -> Arranged:
    """Arrange rows whose ids and days lie too far apart to pack: their ranks do not."""
    keys, key_rank = np.unique(key, return_inverse=True)
    days, day_rank = np.unique(day, return_inverse=True)
    made = arrange(
        key_rank,
        day_rank.astype(np.int32),
        code,
        codes,
        victim=victim,
        known=day if known is None else known,
        incident=incident,
        threads=threads,
        rows=rows,
    )
    back = days[made.day]
    return made._replace(person=keys[made.person], day=back, known=back if known is None else made.known)


def entry_by(offsets: Int64, seen: Int32) -> Int32:
    """Return the lines of each person in the order of some day of theirs, the first being 0.

    Parameters
    ----------
    offsets : numpy.ndarray
        int64, one longer than there are persons.
    seen : numpy.ndarray
        int32 day of each line.

    Returns
    -------
    numpy.ndarray
        int32, one a line.

    Examples
    --------
    >>> entry_by(np.array([0, 1, 4]), np.array([9, 3, 1, 2], np.int32)).tolist()
    [0, 1, 2, 0]
    """
    out = np.empty(len(seen), np.int32)
    radix.entry_order(_FEW, given(offsets, np.int64), given(seen, np.int32), out)
    for person in np.flatnonzero(np.diff(offsets) > _FEW).tolist():
        lines = slice(*offsets[person : person + 2].tolist())
        out[lines] = np.argsort(seen[lines], kind="stable")
    return out
