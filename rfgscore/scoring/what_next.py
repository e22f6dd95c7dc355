"""What time alone changes first in a score, and what one more incident would make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rfgscore.config import Config
from rfgscore.history.history import History
from rfgscore.scoring.ahead import (
    Ahead,
    Later,
    barred_for_good,
    held_too_long,
    visible_lines,
)
from rfgscore.scoring.components import add_up, score_components
from rfgscore.scoring.rank import rank_people
from rfgscore.scoring.score import Scored
from rfgscore.windows import Walk, walk

__all__ = ["Move", "NextChange", "OneMore", "next_changes", "one_more", "with_edges"]


@dataclass(frozen=True)
class Move:
    """One component going to another band; in a continuous score, to another value.

    Parameters
    ----------
    component : str
        Its name.
    value_before, value_after : float
        Values.
    band_before, band_after : int
        Bands, 0 for none.
    points_before, points_after : float
        Points; a continuous score tells 0.
    """

    component: str
    value_before: float
    value_after: float
    band_before: int
    band_after: int
    points_before: float
    points_after: float


@dataclass(frozen=True)
class NextChange:
    """The first day on which time alone changes a score.

    Parameters
    ----------
    day : int
        That day.
    moves : tuple of Move
        Components that go to another band, in contract order; none where no line is left in the window.
    score : int or None
        The score on that day; None where it depends on everyone (a continuous score) or there is none.
    """

    day: int
    moves: tuple[Move, ...]
    score: int | None


@dataclass(frozen=True)
class OneMore:
    """What one more incident, on the day looked at, would make of a score.

    Parameters
    ----------
    score : int or float
        The score then.
    position : int or None
        Position then, everyone else as they are; None for people who would still not be eligible.
    """

    score: float
    position: int | None


def next_changes(scored: Scored, places: Sequence[int]) -> tuple[NextChange | None, ...]:
    """Return the first day on which time alone brings each person into another band.

    In a quantile score the edges stay those of this run. A continuous score has no bands: told is the
    first day on which incidents, gravity (unless it decays) or victims are other than today.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    places : sequence of int
        Places among them.

    Returns
    -------
    tuple of NextChange or None
        One a place; None where no date can tell the day.
    """
    config = with_edges(scored)
    gravity = config.score.components.gravity
    daily = gravity is not None and gravity.aggregate == "decayed" and config.score.method != "continuous"
    out: dict[int, NextChange] = {}
    ahead = Ahead(scored, np.unique(np.array(places, np.int64)))
    for day in ahead.days(config) if daily else ahead.breaks(config):
        later = ahead.on(day, config)
        at_of = {place: at for at, place in enumerate(ahead.places[later.inside].tolist())}
        for place in ahead.places.tolist():
            change = _change(scored, place, later, at_of.get(place), day)
            if change is not None:
                out[place] = change
        waiting = [place for place in ahead.places.tolist() if place not in out]
        if not waiting:
            break
        if len(waiting) < len(ahead.places):
            ahead = Ahead(scored, np.array(waiting))
    return tuple(out.get(place) for place in places)


def with_edges(scored: Scored) -> Config:
    """Return the settings with the quantile edges of this run written in, where there are any.

    Parameters
    ----------
    scored : Scored
        Everyone scored.

    Returns
    -------
    Config
        Settings under which other people, or other days, get the bands of this run.
    """
    parts = scored.config.score.components
    held = {part.name: part.edges for part in scored.components if part.edges is not None}
    written = {name: getattr(parts, name).model_copy(update={"edges": edges}) for name, edges in held.items()}
    if not written:
        return scored.config
    score = scored.config.score.model_copy(update={"components": parts.model_copy(update=written)})
    return scored.config.model_copy(update={"score": score})


def _change(scored: Scored, place: int, later: Later, at: int | None, day: int) -> NextChange | None:
    if at is None:
        return NextChange(day, (), None)
    continuous = scored.config.score.method == "continuous"
    gravity = scored.config.score.components.gravity
    daily = {"recency"} | ({"gravity"} if gravity is not None and gravity.aggregate == "decayed" else set())
    moves = []
    for now, then in zip(scored.components, later.components, strict=True):
        values = now.value[place].item(), then.value[at].item()
        if continuous:
            if values[0] != values[1] and now.name not in daily:
                moves.append(Move(now.name, *values, 0, 0, 0, 0))
        elif now.band[place] != then.band[at]:
            bands = int(now.band[place]), int(then.band[at])
            points = now.points[place].item(), then.points[at].item()
            moves.append(Move(now.name, *values, *bands, *points))
    if not moves:
        return None
    return NextChange(day, tuple(moves), None if continuous else int(later.score[at]))


def one_more(scored: Scored, place: int) -> OneMore:
    """Return what one more incident on the day looked at would make of a score.

    The incident is taken to be as grave as the person's gravest line in the window, with no victim who
    is not counted already. Everyone else, and in a quantile score the edges, stay as they are.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    place : int
        Place of the person among them.

    Returns
    -------
    OneMore
        Score and position.
    """
    config, person = with_edges(scored), int(scored.people[place])
    gravity = config.score.components.gravity
    found = walk(
        _with_one_more(scored, person),
        scored.as_of,
        window_days=config.score.window_days,
        half_life_days=gravity.half_life_days if gravity is not None else None,
    )
    everyone = _replaced(scored.walk, person, found)
    could = scored.eligible.copy()
    could[place] = found.incidents[0] >= config.cohort.min_incidents and not barred_for_good(scored, place)
    if scored.in_custody is not None and scored.in_custody[place]:
        could[place] &= not held_too_long(config, scored.held_since[[person]], scored.as_of)[0]
    recency = scored.as_of - everyone.last_day[scored.people].astype(np.int64)
    part = config.score.components.recency
    if part is not None and part.clock == "at_liberty" and scored.at_liberty is not None:
        recency = scored.at_liberty.copy()
        recency[place] = 0
    who = np.arange(len(scored.people))
    if config.score.scale in (None, "none"):
        # Points do not depend on others, so only those who may stand before the person need be looked at.
        alone = score_components(
            config, everyone, scored.people[[place]], recency[[place]], np.ones(1, np.bool_)
        )
        who = np.flatnonzero((scored.score >= add_up(alone)[0]) | (who == place))
    components = score_components(config, everyone, scored.people[who], recency[who], could[who])
    score = add_up(components)
    at = int(np.searchsorted(who, place))
    by_name = {part.name: part for part in components}
    ties = [by_name[name].tie_break for name in config.rank.tie_break]
    ties += scored.by_risk(scored.people[who])
    position = int(rank_people(score, ties, could[who], ()).position[at])
    return OneMore(score[at].item(), position or None)


def _with_one_more(scored: Scored, person: int) -> History:
    """Return a person's lines with one more: today, as grave as the worst, of no known victim."""
    lines = visible_lines(scored.history, np.array([person]), scored.as_of)
    added = {
        **dict.fromkeys(("event_day", "end_day", "day", "known_day"), scored.as_of),
        "code": int(scored.history.code[scored.walk.worst_line[person]]),
        "incident": int(lines.incident.max(initial=-1)) + 1,
        "victim": -1,
        "tail": int(lines.tail.max(initial=-1)) + 1,
    }
    grown: dict[str, Any] = {}
    for name, value in added.items():
        held = getattr(lines, name)
        grown[name] = np.append(held, held.dtype.type(value))
    return replace(lines, offsets=np.array([0, len(lines.day) + 1]), **grown)


def _replaced(walked: Walk, person: int, alone: Walk) -> Walk:
    """Return a walk of everyone in which one person has other values."""
    arrays = {}
    for name, array in vars(walked).items():
        arrays[name] = array.copy()
        arrays[name][person] = getattr(alone, name)[0]
    return Walk(**arrays)
