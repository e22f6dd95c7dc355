"""When people on the list would leave it with nothing new for anyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.scoring.ahead import Ahead, Later
from rfgscore.scoring.score import Scored

__all__ = ["Leaving", "leaving"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Leaving:
    """When a person would leave the list, and why.

    Parameters
    ----------
    day : int
        First day on which the person would not be on it.
    why : str
        ``position``, ``window`` (no line is left in it) or ``eligible`` (no longer).
    """

    day: int
    why: Literal["position", "window", "eligible"]


#: How far below the list, as a share of its highest score, people are watched before looking anew.
_SLACK = 0.05

#: Where someone stands: what decides in order, lower first, and the place at the end.
Key = tuple[float, ...]


def leaving(scored: Scored, places: Sequence[int]) -> tuple[Leaving | None, ...]:
    """Return when people on the list would leave it with nothing new for anyone.

    The first day on which the position would pass ``cohort.capacity + cohort.reserve``, no line is in
    the window, or the person is no longer eligible.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    places : sequence of int
        Places among them.

    Returns
    -------
    tuple of Leaving or None
        One a place; None for people not on the list, and where no date can tell the day.
    """
    config = scored.config
    room = config.cohort.capacity + config.cohort.reserve
    position = scored.ranking.position
    staying = [place for place in dict.fromkeys(places) if 0 < position[place] <= room]
    out: dict[int, Leaving] = {}
    if staying:
        falls = _only_falls(config)
        listed = np.sort(staying)
        rivals = _Rivals(scored, listed, room)
        watched = Ahead(scored, listed if falls else np.flatnonzero(scored.eligible))
        for day in watched.breaks(config) if _steady(scored, falls) else watched.days(config):
            later = watched.on(day, config)
            lowest = _lowest(watched, later, staying)
            keys = _keys(watched, later, lowest)  # whoever has less than all of them is in nobody's way
            gone = _outside(staying, keys, rivals.best, room)
            if falls and lowest < np.inf and (gone or lowest < rivals.floor):
                rivals.look(day, lowest)
                gone = _outside(staying, keys, rivals.best, room)
            for place in gone:
                out[place] = Leaving(day, _why(watched, later, place))
            staying = [place for place in staying if place not in out]
            if not staying:
                break
    return tuple(out.get(place) for place in places)


class _Rivals:
    """The best of those not looked at, as they stood on a day.

    Where scores only fall, nobody of them stands better on a later day, so that the people looked at need
    be compared with them anew only when they would give way to how they stood then.
    """

    def __init__(self, scored: Scored, listed: Int64, room: int) -> None:
        self.scored, self.listed, self.room = scored, listed, room
        self.slack = _SLACK * float(np.abs(scored.score[listed]).max())
        self.floor = np.inf
        self.best: list[Key] = []

    def look(self, day: int, lowest: float) -> None:
        """Look at them on a day; whoever then has less than `floor`, at most `lowest`, is left out."""
        scored = self.scored
        if lowest < self.floor:
            # Whoever has less today cannot have as much later.
            self.floor = lowest - self.slack
            within = scored.eligible & (scored.score >= self.floor)
            within[self.listed] = False
            today = Ahead(scored, np.flatnonzero(within))
            later = today.on(day, scored.config)
            enough = later.inside[later.eligible & (later.score >= self.floor)]
            self.ahead = Ahead(scored, today.places[enough])
        self.best = _keys(self.ahead, self.ahead.on(day, scored.config), self.floor)[: self.room]


def _lowest(ahead: Ahead, later: Later, staying: list[int]) -> float:
    """Return the lowest score of those still on the list who can be ranked; infinity for nobody."""
    inside = ahead.places[later.inside]
    at = np.searchsorted(inside, staying)
    at = at[np.isin(staying, inside)]
    scores = later.score[at[later.eligible[at]]]
    return float(scores.min()) if len(scores) else np.inf


def _keys(ahead: Ahead, later: Later, floor: float) -> list[Key]:
    """Return where each eligible person of at least so many points stands, the first first."""
    scored = ahead.scored
    ties = [*later.tie_break(scored.config.rank.tie_break), *scored.by_risk(ahead.people[later.inside])]
    columns = [-later.score, *ties, ahead.places[later.inside]]
    ranked = np.flatnonzero(later.eligible & (later.score >= floor))
    order = ranked[np.lexsort([column[ranked] for column in reversed(columns)])]
    return list(zip(*(column[order].tolist() for column in columns), strict=True))


def _outside(staying: list[int], keys: list[Key], rivals: list[Key], room: int) -> list[int]:
    """Return who of those on the list is not among the first `room`."""
    first = {key[-1] for key in islice(merge(keys, rivals), room)}
    return [place for place in staying if place not in first]


def _why(ahead: Ahead, later: Later, place: int) -> Literal["position", "window", "eligible"]:
    at = np.flatnonzero(ahead.places[later.inside] == place)
    if len(at) == 0:
        return "window"
    return "position" if later.eligible[at[0]] else "eligible"


def _steady(scored: Scored, falls: bool) -> bool:
    """Say whether all ages grow alike and nobody rises: then only a change of their own moves anyone back."""
    parts, history = scored.config.score.components, scored.history
    return (
        falls
        and (parts.recency is None or parts.recency.clock == "calendar")
        and (parts.gravity is None or parts.gravity.aggregate != "decayed")
        and (scored.config.score.method == "points" or not (scored.config.score.weights or {}).get("recency"))
        # A crime that still runs does not grow old before it ends.
        and not (history.visible(scored.as_of) & (history.end_day > scored.as_of)).any()
    )


def _only_falls(config: Config) -> bool:
    """Say whether time alone can raise nobody's score."""
    parts = config.score.components
    if parts.gravity is not None and parts.gravity.aggregate == "mean":
        return False  # a light incident that leaves the window lifts the mean
    if config.score.method == "continuous":
        return config.score.scale == "none"
    if config.score.method == "quantile":
        return False  # bands depend on everyone
    falling = [[band.points for band in parts.recency.bands or ()]] if parts.recency is not None else []
    for counted in (parts.frequency, parts.victims):
        if counted is not None:
            falling.append([band.points for band in reversed(counted.bands or ())])
    if parts.gravity is not None:
        falling.append([band.points for band in reversed(parts.gravity.bands or ())])
    return all(points == sorted(points, reverse=True) for points in falling)
