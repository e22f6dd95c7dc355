"""Points of everyone with a line in the window: all of a score that comes before rank and flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.dates import NO_DAY, iso
from rfgscore.errors import ConfigError, DataError, PointInTimeError
from rfgscore.gravity import Grade, Gravity
from rfgscore.history.history import History
from rfgscore.scoring.components import Component, add_up, score_components
from rfgscore.scoring.eligibility import Exclusion, exclusions
from rfgscore.windows import Walk, walk

__all__ = ["Points", "points_of", "weighed"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Points:
    """Components and score of everyone with a line in the window, in id order.

    Parameters
    ----------
    history : History
        The history at `as_of`, under the weights of the config.
    as_of : int
        Day looked at.
    grades : tuple of Grade
        Grade of each offence of the history.
    walk : Walk
        Window values of every person of the history.
    people : numpy.ndarray
        int64 person numbers of those with a line in the window.
    exclusion : tuple of Exclusion or None
        Why a person is not eligible.
    components : tuple of Component
        Components in contract order.
    score : numpy.ndarray
        Sum of the points: int32, or float64 where the method is continuous.
    in_custody : numpy.ndarray or None
        Who of `people` is in custody; None without a custody table.
    held_since : numpy.ndarray
        int64 first day of the open spell of every person of the history, ``NO_DAY`` for people at liberty.
    planned : numpy.ndarray
        int64 planned release of each of `people`, ``NO_DAY`` where none is known.
    at_liberty : numpy.ndarray or None
        int64 days at liberty since the latest line; None without a custody table.
    """

    history: History
    as_of: int
    grades: tuple[Grade, ...]
    walk: Walk
    people: Int64
    exclusion: tuple[Exclusion | None, ...]
    components: tuple[Component, ...]
    score: npt.NDArray[Any]
    in_custody: Bool | None
    held_since: Int64
    planned: Int64
    at_liberty: Int64 | None

    @property
    def eligible(self) -> Bool:
        """Who may be ranked."""
        return np.array([reason is None for reason in self.exclusion], np.bool_)

    def tie_breaks(self, names: tuple[str, ...]) -> list[npt.NDArray[Any]]:
        """Return the values that order equal scores, first value first, lower first.

        Parameters
        ----------
        names : tuple of str
            Components, as ``rank.tie_break`` names them.

        Returns
        -------
        list of numpy.ndarray
            One value a person of `people`.
        """
        by_name = {part.name: part for part in self.components}
        return [by_name[name].tie_break for name in names]


def points_of(history: History, *, config: Config, gravity: Gravity, as_of: int, threads: int = 1) -> Points:
    """Add up the points of everyone with a line in the window.

    Parameters
    ----------
    history : History
        The history.
    config : Config
        Settings.
    gravity : Gravity
        The gravity table of the config; a history from arrays keeps its own weights.
    as_of : int
        Day looked at.
    threads : int
        Threads for the walk; results do not depend on it.

    Returns
    -------
    Points
        Everyone with a line in the window.

    Raises
    ------
    PointInTimeError
        When `as_of` is later than the history's, or would use what is known only as of the extract.
    ConfigError
        When the victims component lacks its column, or the history was read under settings that
        would keep other rows.
    DataError
        When an offence has no weight, or days at liberty are asked for without a custody table.
    """
    seen = history.at(as_of)
    source = seen.source
    _refuse_extract_state(seen, config, as_of)
    _refuse_other_reading(seen, config)
    if (
        config.score.components.victims is not None
        and source is not None
        and "victim_id" not in source.mapped
    ):
        raise ConfigError("score.components.victims needs victim_id: map it, or leave the component out")
    seen, grades = weighed(seen, gravity)
    gravity_part = config.score.components.gravity
    found = walk(
        seen,
        as_of,
        window_days=config.score.window_days,
        half_life_days=gravity_part.half_life_days if gravity_part is not None else None,
        threads=threads,
    )
    people = np.flatnonzero(found.lines > 0)
    spells = source.spells if source is not None else None
    in_custody: Bool | None = None
    at_liberty: Int64 | None = None
    planned = np.full(len(people), NO_DAY, np.int64)
    held_since = np.full(seen.size, NO_DAY, np.int64)
    if spells is not None:
        held, held_since, until = spells.held(as_of, seen.size)
        in_custody, planned = held[people], until[people]
        at_liberty = spells.days_at_liberty(found.last_day.astype(np.int64), as_of)[people]
    recency = as_of - found.last_day[people].astype(np.int64)
    recency_part = config.score.components.recency
    if recency_part is not None and recency_part.clock == "at_liberty":
        if at_liberty is None:
            raise DataError(
                "score.components.recency.clock: at_liberty needs a custody table; give --custody"
            )
        recency = at_liberty
    excluded = exclusions(config, seen, as_of, people, found.incidents[people])
    eligible = np.array([reason is None for reason in excluded], np.bool_)
    components = score_components(config, found, people, recency, eligible)
    return Points(
        history=seen,
        as_of=as_of,
        grades=grades,
        walk=found,
        people=people,
        exclusion=excluded,
        components=components,
        score=add_up(components),
        in_custody=in_custody,
        held_since=held_since,
        planned=planned,
        at_liberty=at_liberty,
    )


def weighed(history: History, gravity: Gravity) -> tuple[History, tuple[Grade, ...]]:
    """Lay a gravity table under a history.

    Parameters
    ----------
    history : History
        The history; one from arrays keeps its own weights.
    gravity : Gravity
        The table.

    Returns
    -------
    History
        The same lines.
    tuple of Grade
        Grade of each offence.

    Raises
    ------
    DataError
        When an offence has no weight.
    """
    if history.source is None:
        weights = zip(history.offences, history.weights.tolist(), strict=True)
        return history, tuple(Grade(code, weight, code) for code, weight in weights)
    found = [gravity.grade(code) for code in history.offences]
    missing = [code for code, grade in zip(history.offences, found, strict=True) if grade is None]
    if missing:
        raise DataError(
            f"no weight in {gravity.name} for {', '.join(missing[:20])}: the history was read under another "
            "gravity table; read it again, or add the codes"
        )
    grades = tuple(grade for grade in found if grade is not None)
    return history.with_weights(np.array([grade.weight for grade in grades], np.float64)), grades


def _refuse_other_reading(history: History, config: Config) -> None:
    """Refuse settings under which the reader would have kept other rows: nobody may drop out unseen."""
    source = history.source
    if source is None or source.read_with is config:
        return
    read, apart = source.read_with, {"point_in_time": "strict"}
    unlike = {
        "input": read.input.model_copy(update=apart) != config.input.model_copy(update=apart),
        "cohort.min_age_at_event": read.cohort.min_age_at_event != config.cohort.min_age_at_event,
        "gravity.non_crime": (read.gravity.non_crime is None) != (config.gravity.non_crime is None),
        "gravity": read.gravity != config.gravity and source.account.by_reason.get("UNKNOWN_CODE", 0) > 0,
    }
    named = [name for name, differs in unlike.items() if differs]
    if named:
        raise ConfigError(
            f"{', '.join(named)}: not as in the settings the history was read under, and they decide which "
            "rows there are; read it again under these settings"
        )


def _refuse_extract_state(history: History, config: Config, as_of: int) -> None:
    later = () if history.source is None else history.source.known_later(as_of)
    if later and config.input.point_in_time == "strict":
        raise PointInTimeError(
            f"{', '.join(later)}: known later than {iso(as_of)}, or only as of the extract; read the history "
            "again as of that day, or set input.point_in_time: accept_extract_state"
        )
