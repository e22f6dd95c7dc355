"""Worlds that are not: people scored anew with something undone, and where they would stand then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.cohort.considered import Previous
from rfgscore.config import COMPONENTS, Config
from rfgscore.dates import NO_DAY
from rfgscore.history.custody import Spells
from rfgscore.history.history import History
from rfgscore.history.order import dense_within
from rfgscore.ingest.readers.coded import row_keys
from rfgscore.scoring import Scored
from rfgscore.scoring.ahead import held_too_long
from rfgscore.scoring.components import add_up, score_components
from rfgscore.scoring.eligibility import exclusions
from rfgscore.scoring.rank import rank_people
from rfgscore.windows import Walk, walk

__all__ = [
    "Alone",
    "Custody",
    "Rules",
    "lines_of",
    "rank_everyone",
    "rules_now",
    "rules_then",
    "score_alone",
]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_LINES = ("event_day", "end_day", "day", "known_day", "code", "incident", "victim", "tail")


def lines_of(
    history: History,
    who: Int64,
    line: Int64,
    people: Int64,
    *,
    looked_at_from: int | None = None,
    moved: bool = False,
) -> History:
    """Return some lines of some people as a history of their own.

    Parameters
    ----------
    history : History
        A history brought to the day looked at.
    who : numpy.ndarray
        int64 index into `people` of each line.
    line : numpy.ndarray
        int64 line numbers of the history, visible ones, each once.
    people : numpy.ndarray
        int64 person numbers, ascending.
    looked_at_from : int, optional
        An earlier day on which all these lines are to be visible, newer ones at age 0.
    moved : bool
        Whether lines stand under another person than in the history.

    Returns
    -------
    History
        The people numbered anew from 0; it holds nothing but these lines.
    """
    order = np.lexsort((history.tail[line], history.day[line], who)) if moved else slice(None)
    who, line = who[order], line[order]
    held = {name: getattr(history, name)[line] for name in _LINES}
    source = history.source
    if moved and source is not None:
        kind = source.reference_kind[line].astype(np.int64)
        day = held["event_day"].astype(np.int64)
        reference = np.where(kind == 2, day - day.min(initial=0), source.reference.codes[line])
        force = source.force.codes[line]
        held["incident"] = dense_within(who, row_keys([kind, reference, force]))
        held["victim"] = dense_within(who, source.victim.codes[line].astype(np.int64))
    if looked_at_from is not None:
        for name in ("event_day", "known_day"):
            held[name] = np.minimum(held[name], np.int32(looked_at_from))
    return replace(
        history,
        persons=history.persons[people],
        offsets=np.searchsorted(who, np.arange(len(people) + 1)).astype(np.int64),
        as_of=None,
        row=None,
        source=None,
        **held,
    )


@dataclass(frozen=True, eq=False, repr=False)
class Rules:
    """Settings by which people can be scored without the others.

    Parameters
    ----------
    config : Config
        Settings, quantile edges written in.
    largest : mapping of str to float
        Largest value of each component by which a continuous score divides; empty where it does not, or
        where nobody was ranked.
    """

    config: Config
    largest: Mapping[str, float]


def rules_now(scored: Scored) -> Rules:
    """Return the settings of a run with its edges and largest values.

    Parameters
    ----------
    scored : Scored
        Everyone scored.

    Returns
    -------
    Rules
        By which each person of the run gets the score of the run.
    """
    edges = {part.name: part.edges for part in scored.components if part.edges is not None}
    values = {part.name: part.value[scored.eligible] for part in scored.components}
    return _rules(scored.config, edges, values)


def rules_then(previous: Previous) -> Rules:
    """Return the settings of the previous run with its edges and largest values.

    Parameters
    ----------
    previous : Previous
        The previous run.

    Returns
    -------
    Rules
        By which each person of that run gets the score of that run.
    """
    columns = previous.scores.columns
    ranked = ~columns["position"].null
    names = [name for name in COMPONENTS if f"{name}_value" in columns]
    values = {name: columns[f"{name}_value"].values[ranked] for name in names}
    return _rules(previous.config, previous.edges, values)


def _rules(
    config: Config, edges: Mapping[str, tuple[float, ...]], values: Mapping[str, npt.NDArray[Any]]
) -> Rules:
    parts = config.score.components
    written = {name: getattr(parts, name).model_copy(update={"edges": held}) for name, held in edges.items()}
    score = config.score.model_copy(update={"components": parts.model_copy(update=written)})
    divides = config.score.method == "continuous" and config.score.scale != "none"
    largest = {name: float(held.max()) for name, held in values.items() if divides and len(held)}
    return Rules(config.model_copy(update={"score": score}), largest)


@dataclass(frozen=True, eq=False, repr=False)
class Custody:
    """Custody of some people, as it is to be taken.

    Parameters
    ----------
    spells : Spells or None
        Their spells; None without a custody table.
    day : int
        Day on which they are held or not.
    """

    spells: Spells | None
    day: int

    @classmethod
    def known(cls, scored: Scored, people: Int64, day: int) -> Custody:
        """Return the custody of some people as it was known at a day.

        Parameters
        ----------
        scored : Scored
            Everyone scored.
        people : numpy.ndarray
            int64 person numbers, ascending.
        day : int
            The day, not after that of the run.

        Returns
        -------
        Custody
            A spell open on that day goes on on any later one.
        """
        source = scored.history.source
        if source is None or source.spells is None:
            return cls(None, day)
        told = source.spells
        known = (told.start <= day) & (told.recorded <= day) & np.isin(told.person, people)
        end = told.end[known]
        spells = Spells(
            np.searchsorted(people, told.person[known]),
            told.start[known],
            np.where(end > day, NO_DAY, end),
            told.planned[known],
            np.full(len(end), NO_DAY, np.int64),
        )
        return cls(spells, day)

    def recency(self, config: Config, last_day: Int64, day: int) -> Int64:
        """Return the days since the latest line of each person, on the configured clock.

        Parameters
        ----------
        config : Config
            Settings.
        last_day : numpy.ndarray
            int64 day of that line.
        day : int
            Day looked at.

        Returns
        -------
        numpy.ndarray
            int64 days.
        """
        part = config.score.components.recency
        if self.spells is None or part is None or part.clock == "calendar":
            return day - last_day
        return self.spells.days_at_liberty(last_day, day)

    def too_long(self, config: Config, size: int) -> Bool:
        """Return who is held beyond the days that ``cohort.custody`` allows.

        Parameters
        ----------
        config : Config
            Settings.
        size : int
            How many people there are.

        Returns
        -------
        numpy.ndarray
            Boolean, one a person.
        """
        if self.spells is None:
            return np.zeros(size, np.bool_)
        return held_too_long(config, self.spells.held(self.day, size)[1], self.day)


@dataclass(frozen=True, eq=False, repr=False)
class Alone:
    """Some people scored without the others.

    Parameters
    ----------
    inside : numpy.ndarray
        Who has a line in the window; the rest has no meaning for the others.
    eligible : numpy.ndarray
        Who could be ranked.
    score : numpy.ndarray
        float64 scores.
    value : mapping of str to numpy.ndarray
        float64 rounded values by component.
    """

    inside: Bool
    eligible: Bool
    score: npt.NDArray[np.float64]
    value: Mapping[str, npt.NDArray[np.float64]]

    def key(self, at: int, tie_break: Sequence[str]) -> tuple[float, ...]:
        """Return what decides where a person stands.

        Parameters
        ----------
        at : int
            Place of the person among them.
        tie_break : sequence of str
            Components that order equal scores.

        Returns
        -------
        tuple of float
            Lower first.
        """
        ties = (float(self.value[name][at]) * (1 if name == "recency" else -1) for name in tie_break)
        return (-float(self.score[at]), *ties)


def score_alone(lines: History, day: int, rules: Rules, custody: Custody, barred: Bool) -> Alone:
    """Score some people without the others.

    Parameters
    ----------
    lines : History
        Their lines, as `lines_of` returns them.
    day : int
        Day looked at.
    rules : Rules
        Settings.
    custody : Custody
        Their custody.
    barred : numpy.ndarray
        Who cannot be ranked whatever the score.

    Returns
    -------
    Alone
        Their scores.
    """
    config, size = rules.config, len(lines.persons)
    gravity = config.score.components.gravity
    found = walk(
        lines,
        day,
        window_days=config.score.window_days,
        half_life_days=gravity.half_life_days if gravity is not None else None,
    )
    inside = np.flatnonzero(found.lines > 0)
    recency = custody.recency(config, found.last_day.astype(np.int64), day)[inside]
    # People made of the largest values stand for everyone by whom a continuous score divides.
    added = size + np.arange(len(rules.largest))
    days = [rules.largest[name] if name == "recency" else 0 for name in rules.largest]
    components = score_components(
        config,
        _with_largest(found, rules.largest),
        np.concatenate([inside, added]),
        np.concatenate([recency, np.array(days, np.int64)]),
        np.arange(len(inside) + len(added)) >= len(inside),
    )
    score = np.zeros(size)
    score[inside] = add_up(components)[: len(inside)]
    value = {}
    for part in components:
        value[part.name] = np.zeros(size)
        value[part.name][inside] = part.value[: len(inside)]
    there = found.lines > 0
    eligible = there & ~barred & (found.incidents >= config.cohort.min_incidents)
    return Alone(there, eligible & ~custody.too_long(config, size), score, value)


def _with_largest(found: Walk, largest: Mapping[str, float]) -> Walk:
    """Return a walk with one more person a component, who has its largest value."""
    arrays = {
        name: np.concatenate([array, np.zeros(len(largest), array.dtype)])
        for name, array in vars(found).items()
    }
    size = len(found.lines)
    arrays["incidents"][size:] = 1
    fields = {
        "recency": (),
        "frequency": ("incidents",),
        "gravity": ("gravity_max", "gravity_sum", "decayed"),
        "victims": ("victims",),
    }
    for at, (name, most) in enumerate(largest.items()):
        for field in fields[name]:
            arrays[field][size + at] = most
    return Walk(**arrays)


def rank_everyone(
    scored: Scored,
    lines: History,
    day: int,
    config: Config,
    last: Sequence[npt.NDArray[Any]] = (),
) -> Int32:
    """Rank everyone anew.

    Parameters
    ----------
    scored : Scored
        Everyone scored; custody and deaths are theirs.
    lines : History
        Lines of all persons of the history.
    day : int
        Day from which the lines are looked at.
    config : Config
        Settings; quantiles and largest values are found anew.
    last : sequence of numpy.ndarray
        What orders people of the history whom the configured tie-break leaves equal, lower first.

    Returns
    -------
    numpy.ndarray
        int32 position of each person of the history, 0 for none.
    """
    gravity = config.score.components.gravity
    found = walk(
        lines,
        day,
        window_days=config.score.window_days,
        half_life_days=gravity.half_life_days if gravity is not None else None,
    )
    people = np.flatnonzero(found.lines > 0)
    everyone = np.arange(len(lines.persons))
    custody = Custody.known(scored, everyone, scored.as_of)
    recency = custody.recency(config, found.last_day.astype(np.int64), day)[people]
    excluded = exclusions(config, scored.history, scored.as_of, people, found.incidents[people])
    eligible = np.array([why is None for why in excluded], np.bool_)
    components = score_components(config, found, people, recency, eligible)
    by_name = {part.name: part for part in components}
    ties = [by_name[name].tie_break for name in config.rank.tie_break]
    ties += [values[people] for values in last]
    out = np.zeros(len(everyone), np.int32)
    out[people] = rank_people(add_up(components), ties, eligible, ()).position
    return out
