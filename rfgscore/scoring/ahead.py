"""People on later days with nothing new for anyone: days pass, lines grow older and leave the window.

*Nothing new*: no row becomes known, no custody begins or ends, nobody dies.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    "held_since",
    "held_too_long",
    "visible_lines",
]

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

#: The last day there is a date for.
LAST_DAY = to_day("9999-12-31")


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
        barred = [barred_for_good(scored, place) for place in places.tolist()]
        self.barred = np.array(barred, np.bool_)
        self.held_since = held_since(scored)[self.people]

    def window_ends(self) -> int:
        """Return the first day on which nobody has a line in the window.

        Returns
        -------
        int
            The day, which may lie beyond every date.
        """
        return int(self.lines.end_day.max(initial=NO_DAY)) + self.scored.config.score.window_days

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


def held_since(scored: Scored) -> Int64:
    """Return since when each person of the history is in custody on the day looked at.

    Parameters
    ----------
    scored : Scored
        Everyone scored.

    Returns
    -------
    numpy.ndarray
        int64 first day of the open spell, ``NO_DAY`` for people at liberty.
    """
    source, persons = scored.history.source, len(scored.history.persons)
    if source is None or source.spells is None:
        return np.full(persons, NO_DAY, np.int64)
    return source.spells.held(scored.as_of, persons)[1]


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
        source=None,
        **{name: getattr(history, name)[line] for name in names},
    )
