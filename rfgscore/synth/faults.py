"""What is not used of the rows, and why: planted, so that an account of them can be checked row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, to_day
from rfgscore.synth.assumptions import Assumptions
from rfgscore.synth.lines import KINDS, Codes, Rows, stack
from rfgscore.synth.people import People
from rfgscore.vocabulary import reasons

__all__ = ["EXCLUDED", "draw_removed", "plant"]

Int64 = npt.NDArray[np.int64]

#: Outcomes the default settings leave out.
EXCLUDED = ("cancelled", "transferred", "no crime")


def draw_removed(rng: np.random.Generator, given: Assumptions, people: People) -> Int64:
    """Draw who was taken off the list.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    people : People
        The perpetrators.

    Returns
    -------
    numpy.ndarray
        int64 people of one id each, at least one where there is any and the share is above 0.
    """
    share = given.number("removed")
    chosen = rng.permutation(np.flatnonzero(~people.double & ~people.mover))
    return np.sort(chosen[: max(round(share * people.size), int(share > 0))])


def plant(
    rng: np.random.Generator,
    given: Assumptions,
    codes: Codes,
    people: People,
    rows: Rows,
    removed: Int64,
    last: int,
) -> Rows:
    """Mark the rows out of scope, spoil a few, repeat a few, and put all in the order of the file.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    codes : Codes
        The offence codes.
    people : People
        The perpetrators.
    rows : dict of str to numpy.ndarray
        The rows drawn.
    removed : numpy.ndarray
        int64 people taken off.
    last : int
        Day of the extract.

    Returns
    -------
    dict of str to numpy.ndarray
        The rows of the file, with ``reason``: place of the word in the order of checks, -1 for none.
    """
    order = list(reasons())
    roles = len(given.shares("role"))
    person = rows["person"]
    off = np.zeros(int(max(person.max(initial=0), people.size)) + 1, np.bool_)
    off[removed] = True
    young = np.append(np.append(people.under_age, np.zeros(len(off) - people.size, np.bool_)), False)
    excluded = [place for place, word in enumerate(given.words("outcome")) if word in EXCLUDED]
    scope = {
        "NO_NAMED_SUSPECT": rows["record"] < 0,
        "ROLE": rows["role"] > roles,
        "NOT_DOMESTIC": ~rows["domestic"],
        "REMOVED": (person >= 0) & off[person],
        "UNDER_AGE": (person >= 0) & young[person],
        "OUTCOME": np.isin(rows["outcome"], excluded),
    }
    reason = np.full(len(person), -1, np.int64)
    for word in sorted(scope, key=order.index, reverse=True):
        reason[scope[word]] = order.index(word)
    rows = {**rows, "reason": reason}
    _spoil(rng, given, codes, rows, last)
    clean = np.flatnonzero(rows["reason"] < 0)
    repeated = rng.choice(
        clean, min(len(clean), round(len(person) * given.number("duplicate"))), replace=False
    )
    copies = {name: column[repeated] for name, column in rows.items()}
    copies["kind"] = np.full(len(repeated), KINDS.index("duplicate"))
    copies["reason"] = np.full(len(repeated), order.index("DUPLICATE"))
    both = stack([rows, copies])
    # By the day they were recorded; a repeat stands below its first.
    line = np.lexsort((np.arange(len(both["known"])), both["known"]))
    return {name: column[line] for name, column in both.items()}


def _spoil(rng: np.random.Generator, given: Assumptions, codes: Codes, rows: Rows, last: int) -> None:
    """Plant faults in rows that are otherwise in order, each kind in rows of its own."""
    order = list(reasons())
    roles = len(given.shares("role"))
    spoil: dict[str, Callable[[Int64], None]] = {
        "SENTINEL_DATE": lambda at: rows["event_date"].__setitem__(at, to_day("1900-01-01")),
        "MISSING_DATE": lambda at: rows["event_date"].__setitem__(at, NO_DAY),
        "FUTURE_DATE": lambda at: rows["event_date"].__setitem__(
            at, last + 1 + rng.integers(0, 180, len(at))
        ),
        "DATE_ORDER": lambda at: rows["recorded"].__setitem__(at, rows["event_date"][at] - 30),
        "UNKNOWN_CODE": lambda at: rows["code"].__setitem__(at, codes.names.index("999/99")),
        "UNKNOWN_ROLE": lambda at: rows["role"].__setitem__(at, roles + 3),
        "BAD_FLAG": lambda at: rows["crime"].__setitem__(at, -1),
        "SELF_LINK": lambda at: rows["victim"].__setitem__(at, rows["record"][at]),
        "BAD_ID": lambda at: None,  # the table writes another id
    }
    for word, share in given.shares("fault").items():
        clean = rows["reason"] < 0
        if word == "UNKNOWN_CODE":
            clean &= rows["crime"] == 1
        at = np.flatnonzero(clean)
        count = min(len(at), max(round(share * len(clean)), int(share > 0)))
        at = rng.choice(at, count, replace=False)
        spoil[word](at)
        rows["reason"][at] = order.index(word)
