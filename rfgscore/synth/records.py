"""Under which ids people stand: one each, and further ones from another force or by mistake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.synth.assumptions import Assumptions
from rfgscore.synth.incidents import Incidents
from rfgscore.synth.people import People

__all__ = ["Records", "draw_records"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """Records of people; the first of each person stands at the person's number.

    Parameters
    ----------
    ids : numpy.ndarray
        Id of each record, text.
    owner : numpy.ndarray
        int64 person number.
    force : numpy.ndarray
        int64 0 for Force A, 1 for Force B.
    master : numpy.ndarray
        int64 record each is joined to in truth; its own where it is the first.
    found : numpy.ndarray
        Whether the links table says so.
    of_incident : numpy.ndarray
        int64 record each incident stands under, -1 where nobody is named.
    """

    ids: npt.NDArray[np.object_]
    owner: Int64
    force: Int64
    master: Int64
    found: npt.NDArray[np.bool_]
    of_incident: Int64

    @property
    def listed(self) -> Int64:
        """Record each comes to be listed under, once the links found are applied."""
        step = np.where(self.found, self.master, np.arange(len(self.owner)))
        return np.asarray(step[step], np.int64)  # a chain has two steps at most


def draw_records(
    rng: np.random.Generator, given: Assumptions, people: People, incidents: Incidents, everyone: int
) -> Records:
    """Draw the records and their ids.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    people : People
        The perpetrators.
    incidents : Incidents
        What happened.
    everyone : int
        How many people there are, victims included.

    Returns
    -------
    Records
        The records; of a mover earlier incidents stand under that of Force B.
    """
    doubles, movers = np.flatnonzero(people.double), np.flatnonzero(people.mover)
    owner = np.concatenate([np.arange(everyone), doubles, movers])
    force = np.zeros(len(owner), np.int64)
    of_double = np.full(people.size, -1, np.int64)
    of_double[doubles] = everyone + np.arange(len(doubles))
    of_mover = np.full(people.size, -1, np.int64)
    of_mover[movers] = everyone + len(doubles) + np.arange(len(movers))
    force[of_mover[movers]] = 1
    master = owner.copy()
    # Whoever has both is a chain of two links: Force B, the second id, the first.
    both = np.flatnonzero(people.double & people.mover)
    master[of_mover[both]] = of_double[both]
    found = (np.arange(len(owner)) >= everyone) & (rng.random(len(owner)) < given.number("link_found"))

    of_incident = incidents.person.copy()
    cut = (1 + rng.random(people.size) * (people.count - 1)).astype(np.int64)
    named = np.flatnonzero(incidents.named)
    person, place = incidents.person[named], incidents.place[named]
    doubled = people.double[person] & (rng.random(len(named)) < 0.5)
    of_incident[named[doubled]] = of_double[person[doubled]]
    moved = people.mover[person] & (place < cut[person])
    of_incident[named[moved]] = of_mover[person[moved]]

    width = max(6, len(str(len(owner))))
    number = rng.permutation(len(owner)) + 1
    ids = np.array([f"N{n:0{width}d}" for n in number.tolist()], object)
    other = [f"{n:0{width + 2}d}" for n in number[force == 1].tolist()]
    ids[force == 1] = np.array(other, object)
    return Records(ids, owner, force, master, found, of_incident)
