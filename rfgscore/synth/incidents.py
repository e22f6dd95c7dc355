"""What happened, and when: the incidents of every perpetrator, and those without a named suspect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.synth.assumptions import Assumptions, pick
from rfgscore.synth.people import People

__all__ = ["Incidents", "draw_incidents", "in_season"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Incidents:
    """Incidents by person and time; those without a named suspect last.

    Parameters
    ----------
    person : numpy.ndarray
        int64 place of the perpetrator, -1 where nobody is named.
    place : numpy.ndarray
        int64 number of the incident within the person, from 0.
    day, recorded : numpy.ndarray
        int64 day it happened or ended, and day it was recorded.
    crime, grave : numpy.ndarray
        Boolean: recorded as a crime; a grave one.
    twin : numpy.ndarray
        int64 incident that is the same occurrence, -1 for none.
    start : numpy.ndarray
        int64 first incident of each person.
    """

    person: Int64
    place: Int64
    day: Int64
    recorded: Int64
    crime: Bool
    grave: Bool
    twin: Int64
    start: Int64

    @property
    def named(self) -> Bool:
        """Those with a named suspect."""
        return self.person >= 0

    def next_of(self, incident: Int64, ahead: int = 1) -> Int64:
        """Return a later incident of the same person.

        Parameters
        ----------
        incident : numpy.ndarray
            int64 incidents with a named suspect.
        ahead : int
            How many incidents later.

        Returns
        -------
        numpy.ndarray
            int64 incidents, -1 where there is none.
        """
        later = np.minimum(incident + ahead, len(self.person) - 1)
        same = (incident + ahead < len(self.person)) & (self.person[later] == self.person[incident])
        return np.where(same, later, -1)


def in_season(given: Assumptions, first: int, last: int) -> npt.NDArray[np.float64]:
    """Return how busy each day is.

    Parameters
    ----------
    given : Assumptions
        Parameters in force.
    first, last : int
        First and last day of the period.

    Returns
    -------
    numpy.ndarray
        float64 weight of each day; an ordinary one weighs 1.

    Examples
    --------
    >>> in_season(Assumptions(), 0, 5).round(4).tolist()  # 1 January 1970 was a Thursday
    [1.25, 1.25, 1.625, 1.625, 1.0, 1.0]
    """
    days = np.arange(first, last + 1)
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    number = (month.astype(np.int64) % 12 + 1) * 100 + (dates - month.astype("datetime64[D]")).astype(int) + 1
    weight = np.ones(len(days))
    for season in ("winter", "summer"):
        begins, ends = (int(part.replace("-", "")) for part in given.text(f"season.{season}_days").split("/"))
        within = (number >= begins) & (number <= ends)
        if begins > ends:  # over the turn of the year
            within = (number >= begins) | (number <= ends)
        weight[within] *= 1 + given.number(f"season.{season}")
    weight[(days + 3) % 7 >= 5] *= 1 + given.number("season.weekend")
    return weight


def draw_incidents(
    rng: np.random.Generator, given: Assumptions, people: People, first: int, last: int
) -> Incidents:
    """Draw the incidents.

    The incidents of a person follow each other after exponential times; a career that runs over the end
    of the period goes on at its beginning, so that no part of the period is quieter than another.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    people : People
        The perpetrators.
    first, last : int
        First and last day of the period.

    Returns
    -------
    Incidents
        All of them.
    """
    count = people.count
    start = np.cumsum(count) - count
    person = np.repeat(np.arange(people.size), count)
    place = np.arange(len(person)) - start[person]
    where = _times(rng, given, person, place, start, last - first + 1)
    unnamed = round(len(person) * given.number("no_suspect"))
    person = np.append(person, np.full(unnamed, -1))
    place = np.append(place, np.zeros(unnamed, np.int64))
    busy = np.cumsum(in_season(given, first, last))
    where = np.append(where, rng.random(unnamed)) * busy[-1]
    day = np.minimum(first + np.searchsorted(busy, where, side="right"), last).astype(np.int64)
    grave = _grave(rng, given, people, person, start)
    crime = grave | (rng.random(len(person)) < given.number("crime_share"))
    twin = np.full(len(person), -1, np.int64)
    found = Incidents(person, place, day, day, crime, grave, twin, start)
    _answer(rng, given, people, found, last)
    _join(rng, people, found)
    recorded = day + _late(rng, given, grave)
    # What would be recorded after the extract is recorded at some day before it.
    over = recorded > last
    recorded[over] = day[over] + (rng.random(int(over.sum())) ** 3 * (last - day[over])).astype(np.int64)
    own = np.where(twin >= 0, twin, np.arange(len(twin)))
    return Incidents(person, place, day, recorded[own], crime, grave, twin, start)


def _times(
    rng: np.random.Generator, given: Assumptions, person: Int64, place: Int64, start: Int64, days: int
) -> npt.NDArray[np.float64]:
    """Return places in the period from 0 to 1, ascending within each person."""
    mean = np.where(place >= given.number("gap_shortens_after"), given.number("gap_shortens_to"), 1.0)
    gap = rng.exponential(size=len(person)) * mean * given.number("gap_days") / days
    gap[start] = rng.random(len(start))
    run = np.cumsum(gap)
    where = (run - (run - gap)[start][person]) % 1.0
    return np.asarray(where[np.lexsort((where, person))], np.float64)


def _grave(rng: np.random.Generator, given: Assumptions, people: People, person: Int64, start: Int64) -> Bool:
    grave = (person >= 0) & people.grave[person] & (rng.random(len(person)) < given.number("grave_again"))
    whose = np.flatnonzero(people.grave)
    grave[start[whose] + (rng.random(len(whose)) * people.count[whose]).astype(np.int64)] = True
    return grave


def _answer(
    rng: np.random.Generator, given: Assumptions, people: People, found: Incidents, last: int
) -> None:
    """Lay the one incident of those who accuse beside the first of those they accuse."""
    whose = np.flatnonzero(people.answers >= 0)
    mine, theirs = found.start[whose], found.start[people.answers[whose]]
    same = rng.random(len(whose)) < given.number("counter_same_incident")
    after = rng.integers(0, given.count("counter_within_days") + 1, len(whose))
    found.day[mine] = np.where(same, found.day[theirs], np.minimum(found.day[theirs] + after, last))
    found.twin[mine[same]] = theirs[same]


def _join(rng: np.random.Generator, people: People, found: Incidents) -> None:
    """Make second suspects part of somebody's incident."""
    own = found.named & found.crime & ~found.grave
    own[found.named] &= ~people.borrowed[found.person[found.named]]
    source = rng.permutation(np.flatnonzero(own))
    mine = found.start[np.flatnonzero(people.co_suspect)][: len(source)]
    source = source[: len(mine)]
    found.day[mine], found.twin[mine], found.crime[mine] = found.day[source], source, True


def _late(rng: np.random.Generator, given: Assumptions, grave: Bool) -> Int64:
    """Return how many days passed from happening to record."""
    groups = given.shares("late_days")
    low, high = np.array([[int(part) for part in group.split("-")] for group in groups]).T
    drawn = pick(rng, groups.values(), len(grave))
    late = low[drawn] + (rng.random(len(grave)) * (high - low + 1)[drawn]).astype(np.int64)
    long = grave & (rng.random(len(grave)) < given.number("late_grave"))
    late[long] = rng.integers(30, 901, int(long.sum()))
    return np.asarray(late, np.int64)
