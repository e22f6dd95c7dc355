"""People on later days with nothing new for anyone: days pass, lines grow older and leave the window.

*Nothing new*: no row becomes known, no custody begins or ends, nobody dies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import HeldRule
from rfgscore.dates import NO_DAY, to_day
from rfgscore.history.history import History
from rfgscore.scoring.components import Component, add_up, score_components
from rfgscore.scoring.score import Scored
from rfgscore.windows import Walk, walk

__all__ = [
    "LAST_DAY",
    "Ahead",
    "Later",
    "barred_for_good",
    "held_too_long",
    "visible_lines",
]

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

#: The last day there is a date for.
LAST_DAY = to_day("9999-12-31")

#: Halved so often, no weight is seen in six decimals.
_HALVED = 80


@dataclass(frozen=True, eq=False)
class Later:
    """Some people on a later day: those with a line in the window, and their scores.

    Parameters
    ----------
    inside : numpy.ndarray
        int64 places in the `places` of the `Ahead` that was asked.
    eligible : numpy.ndarray
        Who of them could be ranked.
    components : tuple of Component
        Components in contract order.
    score : numpy.ndarray
        Sum of the points.
    """

    inside: Int64
    eligible: Bool
    components: tuple[Component, ...]
    score: npt.NDArray[np.float64]

    def tie_break(self, names: Sequence[str]) -> list[npt.NDArray[np.float64]]:
        """Return the values that order equal scores.

        Parameters
        ----------
        names : sequence of str
            Components, the first deciding first.

        Returns
        -------
        list of numpy.ndarray
            Lower first.
        """
        held = {part.name: part for part in self.components}
        return [held[name].tie_break for name in names]


class Ahead:
    """Some of the people scored, to be looked at on later days with nothing new.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    places : numpy.ndarray
        int64 places among them, ascending.
    """

    def __init__(self, scored: Scored, places: Int64) -> None:
        self.scored, self.places = scored, places
        self.people = scored.people[places]
        self.lines = visible_lines(scored.history, self.people, scored.as_of)
        self.barred = ~scored.eligible[places]
        for at in np.flatnonzero(self.barred).tolist():
            self.barred[at] = barred_for_good(scored, int(places[at]))
        self.held_since = scored.held_since[self.people]

    def breaks(self, config: Config) -> list[int]:
        """Return the later days on which a value or a band of recency can be other than the day before.

        Not among them are the days on which the days themselves count: those of recency in a continuous
        score, and those of a gravity that decays.

        Parameters
        ----------
        config : Config
            Settings, quantile edges written in.

        Returns
        -------
        list of int
            Ascending.
        """
        as_of, rule = self.scored.as_of, config.cohort.custody
        days = [self.lines.end_day.astype(np.int64) + config.score.window_days]
        last = np.full(len(self.people), NO_DAY, np.int64)
        np.maximum.at(last, self.lines.person_of_line(), self.lines.end_day)
        part = config.score.components.recency
        if part is not None and part.clock == "at_liberty" and self.scored.at_liberty is not None:
            free = self.held_since == NO_DAY
            last = np.where(last > as_of, last, as_of - self.scored.at_liberty[self.places])[free]
        if part is not None:
            edges: list[float] = [band.up_to for band in part.bands or ()]
            edges += part.edges or ()
            days += [last + step for edge in edges for step in {math.floor(edge) + 1, math.ceil(edge)}]
        if isinstance(rule, HeldRule):
            days.append(self.held_since[self.held_since != NO_DAY] + rule.exclude_if_held_days + 1)
        found = np.unique(np.concatenate(days))
        return [int(day) for day in found.tolist() if as_of < day <= LAST_DAY]

    def days(self, config: Config) -> Iterator[int]:
        """Yield the later days on which anything can be other than on the day before.

        Parameters
        ----------
        config : Config
            Settings.

        Yields
        ------
        int
            Days, ascending: all there are, but for those while a crime runs on for years.
        """
        as_of, rule, gravity = self.scored.as_of, config.cohort.custody, config.score.components.gravity
        reach = config.score.window_days
        if gravity is not None and gravity.half_life_days is not None:
            reach += _HALVED * gravity.half_life_days
        if isinstance(rule, HeldRule):
            reach = max(reach, rule.exclude_if_held_days + 1)
        ends = self.lines.end_day.astype(np.int64)
        day = as_of + 1
        for start in np.unique(np.append(ends[ends > as_of], as_of)).tolist():
            yield from range(max(day, start), min(start + reach, LAST_DAY) + 1)
            day = max(day, start + reach + 1)

    def on(self, day: int, config: Config) -> Later:
        """Score these people on a later day; quantiles and largest values are of them alone.

        Parameters
        ----------
        day : int
            A day after the one looked at.
        config : Config
            Settings.

        Returns
        -------
        Later
            Their scores.
        """
        gravity = config.score.components.gravity
        found = walk(
            self.lines,
            day,
            window_days=config.score.window_days,
            half_life_days=gravity.half_life_days if gravity is not None else None,
        )
        inside = np.flatnonzero(found.lines > 0)
        eligible = ~self.barred[inside] & (found.incidents[inside] >= config.cohort.min_incidents)
        eligible &= ~held_too_long(config, self.held_since[inside], day)
        recency = self._recency(found, inside, day)
        components = score_components(config, found, inside, recency, eligible)
        return Later(inside, eligible, components, add_up(components))

    def _recency(self, found: Walk, inside: Int64, day: int) -> Int64:
        last = found.last_day[inside].astype(np.int64)
        part, at_liberty = self.scored.config.score.components.recency, self.scored.at_liberty
        if part is None or part.clock == "calendar" or at_liberty is None:
            return day - last
        # A line that still ran on the day looked at may end later; the others count on from that day.
        before = np.where(last <= self.scored.as_of, at_liberty[self.places[inside]], 0)
        since = day - np.maximum(last, self.scored.as_of)
        return before + np.where(self.held_since[inside] == NO_DAY, since, 0)


def barred_for_good(scored: Scored, place: int) -> bool:
    """Say whether someone is not eligible for a reason that time alone does not take away.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    place : int
        Place of the person among them.

    Returns
    -------
    bool
        True for people who died or are held too long.
    """
    why = scored.exclusion[place]
    return why is not None and why.word != "MIN_INCIDENTS"


def held_too_long(config: Config, since: Int64, day: int) -> Bool:
    """Return who is held beyond the days that ``cohort.custody`` allows.

    Parameters
    ----------
    config : Config
        Settings.
    since : numpy.ndarray
        int64 first day in custody, ``NO_DAY`` for people at liberty.
    day : int
        Day looked at.

    Returns
    -------
    numpy.ndarray
        Boolean; nobody without such a rule.
    """
    rule = config.cohort.custody
    if not isinstance(rule, HeldRule):
        return np.zeros(len(since), np.bool_)
    return np.asarray((since != NO_DAY) & (day - since > rule.exclude_if_held_days), np.bool_)


def visible_lines(history: History, people: Int64, as_of: int) -> History:
    """Return the lines of some people that are visible at a day, to be looked at from any later one.

    Parameters
    ----------
    history : History
        A history brought to `as_of`.
    people : numpy.ndarray
        int64 person numbers, ascending.
    as_of : int
        Day looked at.

    Returns
    -------
    History
        Their lines alone, the people numbered anew from 0; it holds nothing that is not visible.
    """
    starts, stops = history.offsets[people], history.offsets[people + 1]
    lengths = stops - starts
    who = np.repeat(np.arange(len(people)), lengths)
    line = np.arange(len(who)) + np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    seen = (history.known_day[line] <= as_of) & (history.event_day[line] <= as_of)
    line, who = line[seen], who[seen]
    names = ("event_day", "end_day", "day", "known_day", "code", "incident", "victim", "tail")
    return replace(
        history,
        persons=history.persons[people],
        offsets=np.searchsorted(who, np.arange(len(people) + 1)).astype(np.int64),
        as_of=None,
        row=None,
        source=None,
        **{name: getattr(history, name)[line] for name in names},
    )
