"""When people on the list would leave it with nothing new for anyone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rfgscore.config import Config
from rfgscore.config.model import HeldRule
from rfgscore.scoring.ahead import LAST_DAY, Ahead, Later
from rfgscore.scoring.rank import rank_people
from rfgscore.scoring.score import Scored

__all__ = ["Leaving", "leaving"]


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
    out: dict[int, Leaving] = {}
    staying = [place for place in dict.fromkeys(places) if 0 < position[place] <= room]
    if staying:
        falls = _only_falls(config)
        listed = Ahead(scored, np.sort(staying))
        ahead, floor = (listed, np.inf) if falls else (_contenders(scored, staying, -np.inf), -np.inf)
        slack = _SLACK * float(np.abs(scored.score[staying]).max())
        for day in _days(listed, falls):
            later = ahead.on(day, config)
            lowest = _lowest(ahead, later, staying)
            widened = lowest is not None and lowest < floor
            if widened and lowest is not None:
                floor = lowest - slack
                ahead = _contenders(scored, staying, floor)
                later = ahead.on(day, config)
            out |= _gone(ahead, later, staying, room, day)
            staying = [place for place in staying if place not in out]
            if not staying:
                break
            if widened:
                ahead = Ahead(scored, ahead.places[later.inside[later.eligible & (later.score >= floor)]])
    return tuple(out.get(place) for place in places)


def _contenders(scored: Scored, staying: list[int], floor: float) -> Ahead:
    """Return who has at least so much today: where scores only fall, nobody else can have it later."""
    within = scored.eligible & (scored.score >= floor)
    within[staying] = True
    return Ahead(scored, np.flatnonzero(within))


def _lowest(ahead: Ahead, later: Later, staying: list[int]) -> float | None:
    """Return the lowest score of those still on the list, None where nobody of them is ranked."""
    watched = np.isin(ahead.places[later.inside], staying) & later.eligible
    return float(later.score[watched].min()) if watched.any() else None


def _gone(ahead: Ahead, later: Later, staying: list[int], room: int, day: int) -> dict[int, Leaving]:
    """Return who of those on the list is no longer on it."""
    lowest = _lowest(ahead, later, staying)
    # Whoever has less than all of them is in nobody's way.
    beside = later.eligible & (later.score >= (np.inf if lowest is None else lowest))
    ranked = rank_people(later.score, later.tie_break(ahead.scored.config.rank.tie_break), beside, ())
    inside = ahead.places[later.inside]
    out = {}
    for place, at in zip(staying, np.searchsorted(inside, staying).tolist(), strict=True):
        if at == len(inside) or inside[at] != place:
            out[place] = Leaving(day, "window")
        elif not later.eligible[at]:
            out[place] = Leaving(day, "eligible")
        elif ranked.position[at] > room:
            out[place] = Leaving(day, "position")
    return out


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


def _days(ahead: Ahead, falls: bool) -> Iterator[int]:
    """Yield the days on which one of these people may leave the list, ascending."""
    scored, window = ahead.scored, ahead.scored.config.score.window_days
    first, end = scored.as_of + 1, min(ahead.window_ends(), LAST_DAY)
    parts = scored.config.score.components
    steady = (
        falls
        and (parts.recency is None or parts.recency.clock == "calendar")
        and (parts.gravity is None or parts.gravity.aggregate != "decayed")
        and not _still_runs(scored)
        and (scored.config.score.method == "points" or not (scored.config.score.weights or {}).get("recency"))
    )
    if not steady:
        yield from range(first, end + 1)
        return
    # Nobody rises, and all ages grow alike: someone can only fall behind on a day their own values change.
    days = set((ahead.lines.day.astype(np.int64) + window).tolist())
    if parts.recency is not None and parts.recency.bands is not None:
        last = scored.walk.last_day[ahead.people].tolist()
        days |= {day + band.up_to + 1 for day in last for band in parts.recency.bands}
    rule = scored.config.cohort.custody
    if isinstance(rule, HeldRule):
        days |= {since + rule.exclude_if_held_days + 1 for since in ahead.held_since.tolist()}
    before: tuple[object, ...] = ()
    for day in sorted(day for day in days if first <= day <= end):
        later = ahead.on(day, scored.config)
        held = [part.value.tolist() for part in later.components if part.name != "recency"]
        now = (later.inside.tolist(), later.eligible.tolist(), later.score.tolist(), held)
        if now != before:
            yield day
        before = now


def _still_runs(scored: Scored) -> bool:
    """Say whether anyone's crime runs beyond the day looked at: it does not grow old before it ends."""
    history = scored.history
    return bool((history.visible(scored.as_of) & (history.end_day > scored.as_of)).any())
