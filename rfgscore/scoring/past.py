"""Scores on earlier days: by what was known on each of them, under the settings and weights of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.history.custody import Spells
from rfgscore.scoring.ahead import visible_lines
from rfgscore.scoring.components import add_up, score_components
from rfgscore.scoring.score import Scored
from rfgscore.scoring.what_next import with_edges
from rfgscore.windows import Walk, walk

__all__ = ["Past", "past_scores"]

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Past:
    """Scores of some people on some days.

    Parameters
    ----------
    days : tuple of int
        The days, in the order asked for.
    score : numpy.ndarray
        float64, one row a person and one column a day; 0 where a person was not scored.
    scored : numpy.ndarray
        Boolean of the same shape: who had a line in the window of that day.
    """

    days: tuple[int, ...]
    score: npt.NDArray[np.float64]
    scored: Bool


def past_scores(scored: Scored, numbers: Sequence[int], days: Sequence[int]) -> Past:
    """Return the scores people had on earlier days, as known on each of them.

    A day sees the lines that were visible on it, in the window that ended on it; days at liberty are counted
    with the custody spells known then. Settings, weights, links and removals are those of today, and so
    are the edges of quantile bands and the largest values by which a continuous score is scaled.

    Parameters
    ----------
    scored : Scored
        Everyone scored on the day looked at.
    numbers : sequence of int
        Person numbers of the history, each once; they need not have a line in today's window.
    days : sequence of int
        Days at or before the day looked at.

    Returns
    -------
    Past
        One row a person, in the order of `numbers`.

    Raises
    ------
    ValueError
        When a day lies after the one looked at, or a person is asked for twice.
    """
    if any(day > scored.as_of for day in days):
        raise ValueError("days: none may lie after the day looked at")
    people, row = np.unique(np.array(numbers, np.int64), return_inverse=True)
    if len(people) < len(numbers):
        raise ValueError("numbers: each person once")
    score = np.zeros((len(people), len(days)))
    known = np.zeros(score.shape, np.bool_)
    if len(people):
        lines = visible_lines(scored.history, people, scored.as_of)
        spells, config, anchors = _spells_of(scored, people), with_edges(scored), _anchors(scored)
        gravity = config.score.components.gravity
        for at, day in enumerate(days):
            found = walk(
                lines,
                day,
                window_days=config.score.window_days,
                half_life_days=gravity.half_life_days if gravity is not None else None,
            )
            inside = np.flatnonzero(found.lines > 0)
            known[inside, at] = True
            score[inside, at] = _scores(
                scored, config, found, inside, _recency(config, spells, found, day), anchors
            )
    return Past(tuple(days), score[row], known[row])


def _spells_of(scored: Scored, people: Int64) -> Spells | None:
    """Return the custody of some people, numbered as they are in the lines taken out for them."""
    source = scored.history.source
    if source is None or source.spells is None:
        return None
    spells = source.spells
    place = np.minimum(np.searchsorted(people, spells.person), len(people) - 1)
    theirs = people[place] == spells.person
    taken = {part.name: getattr(spells, part.name)[theirs] for part in fields(spells)}
    return Spells(**{**taken, "person": place[theirs].astype(np.int64)})


def _recency(config: Config, spells: Spells | None, found: Walk, day: int) -> Int64:
    last = found.last_day.astype(np.int64)
    part = config.score.components.recency
    if part is None or part.clock == "calendar" or spells is None:
        return day - last
    return spells.days_at_liberty(last, day)


def _anchors(scored: Scored) -> Int64:
    """Return places of eligible people who hold the largest values of today, by which scores are scaled."""
    ranked = np.flatnonzero(scored.eligible)
    if scored.config.score.scale in (None, "none") or len(ranked) == 0:
        return np.zeros(0, np.int64)
    return np.unique([ranked[np.argmax(part.value[ranked])] for part in scored.components])


def _scores(
    scored: Scored, config: Config, found: Walk, inside: Int64, recency: Int64, anchors: Int64
) -> npt.NDArray[np.float64]:
    """Score people of a day beside the anchors of today: these alone say what the largest values are."""
    today = scored.people[anchors]
    joined = Walk(
        **{
            name: np.concatenate([array[inside], getattr(scored.walk, name)[today]])
            for name, array in vars(found).items()
        }
    )
    days = {part.name: part.value for part in scored.components}.get("recency")
    beside = np.zeros(len(anchors), np.int64) if days is None else days[anchors].astype(np.int64)
    size = len(inside) + len(anchors)
    eligible = np.arange(size) >= len(inside)
    components = score_components(
        config, joined, np.arange(size), np.concatenate([recency[inside], beside]), eligible
    )
    return np.asarray(add_up(components)[: len(inside)], np.float64)
