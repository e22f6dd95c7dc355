"""What follows an incident: custody, and orders that protect the victim, with their breaches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.synth.assumptions import Assumptions
from rfgscore.synth.incidents import Incidents
from rfgscore.synth.pairs import Pairs

__all__ = ["Orders", "Spells", "draw_orders", "draw_spells"]

Int64 = npt.NDArray[np.int64]

#: Days of the longest custody spell: a hundred years.
LONGEST = 36500


@dataclass(frozen=True, eq=False, repr=False)
class Orders:
    """Protective orders, one place an array.

    Parameters
    ----------
    kinds : tuple of str
        Kinds of order there are.
    kind : numpy.ndarray
        int64 place in `kinds`.
    person, protects : numpy.ndarray
        int64 person numbers.
    start, end : numpy.ndarray
        int64 days.
    breaches : numpy.ndarray
        int64 incidents recorded as a breach of it.
    breached : numpy.ndarray
        int64 kind of order each incident is a breach of, -1 for none.
    """

    kinds: tuple[str, ...]
    kind: Int64
    person: Int64
    protects: Int64
    start: Int64
    end: Int64
    breaches: Int64
    breached: Int64


def draw_orders(
    rng: np.random.Generator, given: Assumptions, incidents: Incidents, pairs: Pairs, last: int
) -> tuple[Orders, Incidents]:
    """Draw the orders, and make some of the next incidents their breaches.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    incidents : Incidents
        What happened.
    pairs : Pairs
        To whom.
    last : int
        Last day of the period.

    Returns
    -------
    Orders
        The orders made by then.
    Incidents
        The incidents, breaches recorded as crimes or not, as their kind of order has it.
    """
    kinds = tuple(given.words("order"))
    drawn = rng.random(len(incidents.person))
    edges = np.cumsum(list(given.shares("order").values()))
    kind = np.searchsorted(edges, drawn, side="right")
    made = incidents.named & incidents.crime & (kind < len(kinds))
    start = incidents.recorded + rng.integers(1, 22, len(kind))
    cause = np.flatnonzero(made & (start <= last))
    kind, start = kind[cause], start[cause]
    end = start + np.array([round(days) for days in given.shares("order_days").values()])[kind]
    chance = np.array(list(given.shares("order_breach").values()))[kind]
    breached = np.full(len(incidents.person), -1, np.int64)
    breaches = np.zeros(len(cause), np.int64)
    for ahead in (1, 2):
        after = incidents.next_of(cause, ahead)
        held = (after >= 0) & (incidents.day[after] >= start) & (incidents.day[after] <= end)
        held &= (pairs.of_incident[after] == pairs.of_incident[cause]) & ~incidents.grave[after]
        held &= (breached[after] < 0) & (rng.random(len(cause)) < chance)
        breached[after[held]] = kind[held]
        breaches += held & (breached[after] == kind)
    is_crime = np.array([code != "NON_CRIME" for code in given.words("breach_code").values()])
    crime = np.where(breached >= 0, is_crime[breached], incidents.crime)
    # A crime recorded twice, by both suspects, stays one.
    twin = incidents.twin
    crime = np.where(twin >= 0, crime[twin], crime)
    person, protects = incidents.person[cause], pairs.victim[cause]
    orders = Orders(kinds, kind, person, protects, start, end, breaches, breached)
    return orders, replace(incidents, crime=crime)


@dataclass(frozen=True, eq=False, repr=False)
class Spells:
    """Custody spells, one place an array.

    Parameters
    ----------
    person, start, end : numpy.ndarray
        int64 person number, first day, and day of release; ``NO_DAY`` while open.
    planned : numpy.ndarray
        int64 planned release, ``NO_DAY`` where none is told.
    """

    person: Int64
    start: Int64
    end: Int64
    planned: Int64


def draw_spells(rng: np.random.Generator, given: Assumptions, incidents: Incidents, last: int) -> Spells:
    """Draw the custody spells.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    incidents : Incidents
        What happened.
    last : int
        Last day of the period.

    Returns
    -------
    Spells
        Spells begun by then; most end before the person's next incident.
    """
    share = np.where(incidents.grave, given.number("custody_grave"), given.number("custody"))
    held = incidents.named & incidents.crime & (rng.random(len(share)) < share)
    start = incidents.recorded + rng.integers(0, 15, len(share))
    cause = np.flatnonzero(held & (start <= last))
    start, grave = start[cause], incidents.grave[cause]
    median = np.where(grave, given.number("custody_days_grave"), given.number("custody_days"))
    days = median * np.exp(rng.normal(size=len(cause)) * given.number("custody_spread"))
    end = start + np.clip(days, 1, LONGEST).astype(np.int64)
    after = incidents.next_of(cause)
    free = (after >= 0) & (rng.random(len(cause)) >= given.number("custody_overlap"))
    end = np.where(free, np.minimum(end, incidents.day[after]), end)
    open_now = end > last
    untold = open_now & (rng.random(len(cause)) < given.number("custody_no_release_date"))
    kept = end > start
    planned = np.where(untold, NO_DAY, end)
    return Spells(
        incidents.person[cause][kept],
        start[kept],
        np.where(open_now, NO_DAY, end)[kept],
        planned[kept],
    )
