"""The kernels that put lines in order: rows dealt into parts by id, and a radix sort of each part.

A row's key packs its person, day and offence code into one number. Rows are first dealt into parts of
neighbouring ids, some thousand rows each, their payload going with them, so that what follows reads and
writes within the cache; each part is then sorted by itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.jit import njit

__all__ = ["ALONE", "count", "deal", "entry_order", "finish"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

#: Key of a line that is an incident of its own: after every key of an incident.
ALONE = 2**63 - 1

#: A digit of the radix sort: twelve bits, of which four make most keys.
_DIGIT = 4095
#: Runs of equal keys up to this long are sorted by insertion, persons up to it numbered by comparison.
_SHORT = 16


@njit
def count(lo: int, hi: int, key: Int64, low: int, shift: int, counts: Int64) -> None:
    """Count the rows of each cell of neighbouring ids."""
    for row in range(lo, hi):
        counts[(key[row] - low) >> shift] += 1


@njit
def deal(
    lo: int,
    hi: int,
    keys: Int64,
    days: Int32,
    others: tuple[Int32, Int64, Int32, Int64],
    dealt: tuple[Int64, Int64, Int32, Int64, Int32, Int64],
    part_of: Int32,
    base: Int64,
    at: Int64,
    numbers: Int64,
) -> None:
    """Write each row to the next free place of its part."""
    code, victim, known, incident = others
    to_key, to_victim, to_known, to_incident, to_code, to_row = dealt
    low, shift, first, day_bits, code_bits = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    for row in range(lo, hi):
        part = np.uint64(part_of[np.uint64((keys[row] - low) >> shift)])
        place = np.uint64(at[part])
        at[part] += 1
        packed = ((keys[row] - base[part]) << day_bits) | (np.int64(days[row]) - first)
        if code_bits > 0:
            packed = (packed << code_bits) | code[row]
        to_key[place] = packed
        to_victim[place] = victim[row] if len(victim) else -1
        if len(to_known):
            to_known[place] = known[row]
        if len(to_incident):
            to_incident[place] = incident[row]
        if len(to_code):
            to_code[place] = code[row]
        if len(to_row):
            to_row[place] = row


@njit
def _radix(keys: Int64, spare: Int64, n: int, lowest: int, counts: Int32) -> Int64:
    """Sort the first `n` keys by their bits from `lowest` up; return whichever array holds them then.

    None is negative. Digits in which the keys do not differ are passed over.
    """
    varies = np.int64(0)
    for k in range(1, n):
        varies |= keys[k] ^ keys[0]
    start = lowest
    while start < 63 and varies >> start != 0:
        while (varies >> start) & 1 == 0:
            start += 1
        counts[:] = 0
        # Unsigned, a digit is not looked at for counting from the end: a third of the time.
        for k in range(n):
            counts[np.uint64((keys[k] >> start) & _DIGIT)] += 1
        total = np.int32(0)
        for digit in range(_DIGIT + 1):
            held = counts[digit]
            counts[digit] = total
            total += held
        for k in range(n):
            key = keys[k]
            at = np.uint64((key >> start) & _DIGIT)
            place = counts[at]
            spare[np.uint64(place)] = key
            counts[at] = place + 1
        keys, spare = spare, keys
        start += 12
    return keys


@njit
def _ascend(values: Int64, lo: int, hi: int) -> None:
    """Sort the values from `lo` to `hi`: nearly always two or three (Shell 1959)."""
    gap = hi - lo
    while gap > 1:
        gap = max(gap * 4 // 9, 1)
        for k in range(lo + gap, hi):
            value = values[k]
            j = k
            while j >= lo + gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value


@njit
def _before(one: int, other: int, known: Int32, incident: Int64, code: Int32, victim: Int64) -> bool:
    """Say whether a row comes before another of the same person and day."""
    if len(known) and known[one] != known[other]:
        return bool(known[one] < known[other])
    if len(incident) and incident[one] != incident[other]:
        return bool(incident[one] < incident[other])
    if len(code) and code[one] != code[other]:
        return bool(code[one] < code[other])
    if victim[one] != victim[other]:
        return bool(victim[one] < victim[other])
    return one < other


@njit
def _settle(
    rows: Int64, lo: int, hi: int, spare: Int64, known: Int32, incident: Int64, code: Int32, victim: Int64
) -> None:
    """Sort the rows `lo` to `hi`, alike in person and day, by what follows in the total order."""
    for start in range(lo, hi, _SHORT):
        for k in range(start + 1, min(start + _SHORT, hi)):
            row = rows[k]
            j = k
            while j > start and _before(row, rows[j - 1], known, incident, code, victim):
                rows[j] = rows[j - 1]
                j -= 1
            rows[j] = row
    width = _SHORT
    while width < hi - lo:
        for start in range(lo, hi, 2 * width):
            middle, end = min(start + width, hi), min(start + 2 * width, hi)
            i, j = start, middle
            for k in range(start, end):
                if i < middle and (j >= end or not _before(rows[j], rows[i], known, incident, code, victim)):
                    spare[k] = rows[i]
                    i += 1
                else:
                    spare[k] = rows[j]
                    j += 1
        for k in range(lo, hi):
            rows[k] = spare[k]
        width *= 2


@njit
def _number(
    keys: Int64, begin: int, n: int, none: int, out: Int32, at: int, table: Int64, numbers: Int32
) -> None:
    """Number `n` keys of one person as they come, and write the numbers from `at` on.

    A key equal to `none` becomes -1 where that is negative, else a number of its own.
    """
    found = 0
    if n <= _SHORT:
        for k in range(n):
            key = keys[np.uint64(begin + k)]
            number = -1
            if key == none:
                if none >= 0:
                    number = found
                    found += 1
            else:
                for j in range(k):
                    if keys[np.uint64(begin + j)] == key:
                        number = out[np.uint64(at + j)]
                        break
                if number < 0:
                    number = found
                    found += 1
            out[np.uint64(at + k)] = number
        return
    size = 4 * _SHORT
    while size < 2 * n:
        size *= 2
    numbers[:size] = -1
    for k in range(n):
        key = keys[begin + k]
        number = -1
        if key != none:
            # Kept below 2**63: NumPy's whole numbers, unlike numba's, do not wrap in silence.
            place = ((key ^ (key >> 29) ^ (key >> 47)) & 0x3FFFFFFF) * 0x1E3779B1
            place = (place >> 20) & (size - 1)
            while numbers[place] >= 0 and table[place] != key:
                place = (place + 1) & (size - 1)
            if numbers[place] < 0:
                table[place] = key
                numbers[place] = found
                found += 1
            number = numbers[place]
        elif none >= 0:
            number = found
            found += 1
        out[at + k] = number


@njit
def finish(
    lo: int,
    hi: int,
    starts: Int64,
    dealt: tuple[Int64, Int64, Int32, Int64, Int32, Int64],
    lines: tuple[Int32, Int32, Int32, Int32, Int32, Int64],
    base: Int64,
    numbers: Int64,
    people: Int64,
) -> None:
    """Sort the parts `lo` to `hi` and write their lines; persons and first lines stay in the parts."""
    part_key, part_victim, part_known, part_incident, part_code, part_row = dealt
    to_day, to_known, to_code, to_incident, to_victim, to_row = lines
    first, day_bits, code_bits = numbers[2], numbers[3], numbers[4]
    most = 1
    for part in range(lo, hi):
        most = max(most, starts[part + 1] - starts[part])
    scratch = np.empty((5, most), np.int64)
    rows, raw, event = scratch[2], scratch[3], scratch[4]
    counts = np.empty(_DIGIT + 1, np.int32)
    room = 4 * _SHORT
    while room < 2 * most:
        room *= 2
    table, held = np.empty(room, np.int64), np.empty(room, np.int32)
    mask = (np.int64(1) << day_bits) - 1
    simple = len(part_known) + len(part_incident) + len(part_code) + len(part_row) == 0
    for part in range(lo, hi):
        start, n = starts[part], starts[part + 1] - starts[part]
        known, incident = part_known[start:], part_incident[start:]
        code, victim = part_code[start:], part_victim[start:]
        bits = 0
        while n >> bits:
            bits += 1
        keys = scratch[0]
        for k in range(n):
            keys[k] = (part_key[start + k] << bits) | k
        keys = _radix(keys, scratch[1], n, bits, counts)
        place = (np.int64(1) << bits) - 1
        run = 0
        if simple:
            # Lines alike in person, day and code differ in their victim only.
            codes = (np.int64(1) << code_bits) - 1
            last = np.int64(-1)
            for k in range(n):
                packed = keys[k] >> bits
                raw[k] = victim[np.uint64(keys[k] & place)]
                line = np.uint64(start + k)
                to_code[line] = packed & codes
                to_day[line] = first + ((packed >> code_bits) & mask)
                keys[k] = packed >> (code_bits + day_bits)
                if packed != last:
                    if k - run > 1:
                        _ascend(raw, run, k)
                    run = k
                    last = packed
            if n - run > 1:
                _ascend(raw, run, n)
        else:
            for k in range(n):
                rows[k] = keys[k] & place
                keys[k] >>= bits
                if keys[k] != keys[run]:
                    if k - run > 1:
                        _settle(rows, run, k, event, known, incident, code, victim)
                    run = k
            if n - run > 1:
                _settle(rows, run, n, event, known, incident, code, victim)
            for k in range(n):
                at, row = start + k, rows[k]
                packed = keys[k]
                if code_bits > 0:
                    to_code[at] = packed & ((np.int64(1) << code_bits) - 1)
                    packed >>= code_bits
                else:
                    to_code[at] = code[row] if len(code) else 0
                to_day[at] = first + (packed & mask)
                keys[k] = packed >> day_bits
                raw[k] = victim[row]
                if len(known):
                    to_known[at] = known[row]
                if len(incident):
                    event[k] = incident[row]
                if len(to_row):
                    to_row[at] = part_row[start + row]
        found = begin = 0
        for k in range(1, n + 1):
            if k < n and keys[k] == keys[begin]:
                continue
            if k - begin == 1:
                to_victim[start + begin] = 0 if raw[begin] >= 0 else -1
                if len(incident):
                    to_incident[start + begin] = 0
            else:
                _number(raw, begin, k - begin, -1, to_victim, start + begin, table, held)
                if len(incident):
                    _number(event, begin, k - begin, ALONE, to_incident, start + begin, table, held)
            # What stood in the part has been read: its room now holds what was found.
            part_key[start + found] = keys[begin] + base[part]
            part_victim[start + found] = start + begin
            found += 1
            begin = k
        people[part] = found


@njit
def entry_order(most: int, offsets: Int64, seen: Int32, out: Int32) -> None:
    """Write the order in which each person's lines become visible, the first being 0.

    Persons of more than `most` lines are left out: they are sorted by insertion.
    """
    for person in range(len(offsets) - 1):
        a = offsets[person]
        n = offsets[person + 1] - a
        if n > most:
            continue
        for k in range(n):
            j = k
            while j > 0 and seen[a + out[a + j - 1]] > seen[a + k]:
                out[a + j] = out[a + j - 1]
                j -= 1
            out[a + j] = k
