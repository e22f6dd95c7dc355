"""Whom it happened to: the victims of every perpetrator, and what they are to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.synth.assumptions import Assumptions
from rfgscore.synth.incidents import Incidents
from rfgscore.synth.people import People

__all__ = ["RELATIONS", "Pairs", "draw_pairs"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: What the suspect is to the victim.
RELATIONS = ("partner", "ex-partner", "family")


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Pairs of a perpetrator and a victim, and the victims of every incident.

    People are numbered: the perpetrators first, then everybody else.

    Parameters
    ----------
    relation : numpy.ndarray
        int64 place in ``RELATIONS`` of each pair.
    of_incident : numpy.ndarray
        int64 pair of each incident, -1 where no suspect is named.
    victim, second : numpy.ndarray
        int64 person number of the victim of each incident, and of a second one; -1 for none.
    children : numpy.ndarray
        Incidents with children present.
    male : numpy.ndarray
        Boolean, one a person number: a man.
    """

    relation: Int64
    of_incident: Int64
    victim: Int64
    second: Int64
    children: Bool
    male: Bool


def draw_pairs(rng: np.random.Generator, given: Assumptions, people: People, incidents: Incidents) -> Pairs:
    """Draw the victims.

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

    Returns
    -------
    Pairs
        The victims of every incident.
    """
    many = _victims_planned(rng, given, people)
    begin = np.cumsum(many) - many
    whose = np.repeat(np.arange(people.size), many)
    victim = people.size + np.arange(len(whose))
    of_male = given.number("victim_female_of_male"), given.number("victim_female_of_female")
    male = rng.random(len(whose)) >= np.where(people.male[whose], *of_male)
    relation = np.where(rng.random(len(whose)) < given.number("ex_partner_share"), 1, 0)
    relation[rng.random(len(whose)) < given.number("family_share")] = 2
    named = incidents.named
    pair = np.full(len(named), -1, np.int64)
    person, place = incidents.person[named], incidents.place[named]
    pair[named] = begin[person] + _slot(rng, given, place, many[person], people.count[person])

    accusers = np.flatnonzero(people.answers >= 0)
    tied = np.concatenate([begin[accusers], begin[people.answers[accusers]]])
    other = np.concatenate([people.answers[accusers], accusers])
    shared = np.flatnonzero(rng.random(len(whose)) < given.number("victim_shared"))
    source = rng.integers(0, len(whose), len(shared))
    loose = ~np.isin(shared, tied) & ~np.isin(source, tied) & (whose[shared] != whose[source])
    # One step only: a victim taken over from a pair that is itself replaced is still the first pair's.
    victim[shared[loose]], male[shared[loose]] = victim[source[loose]], male[source[loose]]
    victim[tied], male[tied] = other, people.male[other]
    relation[tied] = np.minimum(relation[tied], 1)

    seconds = np.flatnonzero(people.co_suspect)
    twin = incidents.twin[incidents.start[seconds]]
    seconds, twin = seconds[twin >= 0], twin[twin >= 0]
    victim[begin[seconds]], male[begin[seconds]] = victim[pair[twin]], male[pair[twin]]
    relation[begin[seconds]] = 2
    child = rng.random(len(whose)) < given.number("pair_with_children")
    return _of_incidents(rng, given, people, incidents, pair, relation, victim, male, child)


def _victims_planned(rng: np.random.Generator, given: Assumptions, people: People) -> Int64:
    steps = np.maximum(people.count - 2, 0)
    chance = np.minimum(
        given.number("serial_two_incidents") + given.number("serial_step") * steps,
        given.number("serial_most"),
    )
    serial = (people.count > 1) & (rng.random(people.size) < chance)
    # A share of 1 knows no end but for the most there may be.
    more = rng.geometric(max(1 - given.number("further_victim"), 1e-9), people.size)
    most = np.minimum(people.count, given.count("most_victims"))
    return np.asarray(np.where(serial, np.minimum(1 + more, most), 1), np.int64)


def _slot(rng: np.random.Generator, given: Assumptions, place: Int64, many: Int64, count: Int64) -> Int64:
    """Return which of a person's victims each incident concerns: one after the other, some mixed."""
    slot = place * many // count
    mixed = (rng.random(len(place)) < given.number("victims_mix")) & (place > 0)
    return np.asarray(np.where(mixed, (rng.random(len(place)) * many).astype(np.int64), slot), np.int64)


def _of_incidents(
    rng: np.random.Generator,
    given: Assumptions,
    people: People,
    incidents: Incidents,
    pair: Int64,
    relation: Int64,
    victim: Int64,
    male: Bool,
    child: Bool,
) -> Pairs:
    unnamed = np.flatnonzero(~incidents.named)
    first = people.size + len(victim)
    at = np.where(pair >= 0, victim[pair], first - len(pair) + len(unnamed) + np.arange(len(pair)))
    known = rng.random(len(unnamed)) < given.number("no_suspect_known_victim")
    at[unnamed[known]] = victim[rng.integers(0, len(victim), int(known.sum()))]
    first += len(unnamed)
    two = incidents.named & incidents.crime & (incidents.twin < 0) & ~incidents.grave
    two &= rng.random(len(pair)) < given.number("second_victim")
    households, place = np.unique(incidents.person[two], return_inverse=True)
    second = np.full(len(pair), -1, np.int64)
    second[two] = first + place
    everyone = rng.random(first + len(households)) < 0.5
    everyone[unnamed + first - len(pair)] = rng.random(len(unnamed)) >= given.number("victim_female_of_male")
    everyone[victim] = male
    everyone[: people.size] = people.male
    here = rng.random(len(pair)) < given.number("children_present")
    children = here & np.where(
        pair >= 0, child[pair], rng.random(len(pair)) < given.number("pair_with_children")
    )
    return Pairs(relation, pair, at, second, children, everyone)
