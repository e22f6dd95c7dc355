"""Scores of everyone with a line in the window, with rank, flags and eligibility."""

from __future__ import annotations

from collections.abc import Mapping
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
from rfgscore.scoring.flags import flag_people
from rfgscore.scoring.rank import Ranking, rank_people
from rfgscore.tables import Column, Kind, Table
from rfgscore.windows import Walk, walk

__all__ = ["Scored", "score_people"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Scored:
    """Everyone scored, in id order, with all that a list or an explanation needs.

    Parameters
    ----------
    history : History
        The history at `as_of`, under the weights of the config.
    config : Config
        Settings.
    as_of : int
        Day looked at.
    grades : tuple of Grade
        Grade of each offence of the history.
    walk : Walk
        Window values of every person of the history.
    people : numpy.ndarray
        int64 person numbers of those scored: everyone with a line in the window.
    components : tuple of Component
        Components in contract order.
    score : numpy.ndarray
        Sum of the points: int32, or float64 where the method is continuous.
    exclusion : tuple of Exclusion or None
        Why a person is not eligible.
    ranking : Ranking
        Position, rank and ties.
    flags : tuple of tuple of str
        Words of each person, in code-point order.
    flagged : mapping of str to numpy.ndarray
        Boolean mask over all persons of the history, by flag: also people without a line in the window
        carry some. ``cut_through_tie`` is not among them.
    in_custody : numpy.ndarray or None
        Who is in custody; None without a custody table.
    held_since : numpy.ndarray
        int64 first day of the open spell of every person of the history, ``NO_DAY`` for people at liberty.
    custody_in_doubt : numpy.ndarray
        Of whom a custody row could not be used: days at liberty are not known, nor that they are free.
    planned : numpy.ndarray
        int64 planned release of each person, ``NO_DAY`` where none is known.
    at_liberty : numpy.ndarray or None
        int64 days at liberty since the latest line; None without a custody table.
    """

    history: History
    config: Config
    as_of: int
    grades: tuple[Grade, ...]
    walk: Walk
    people: Int64
    components: tuple[Component, ...]
    score: npt.NDArray[Any]
    exclusion: tuple[Exclusion | None, ...]
    ranking: Ranking
    flags: tuple[tuple[str, ...], ...]
    flagged: Mapping[str, npt.NDArray[np.bool_]]
    in_custody: npt.NDArray[np.bool_] | None
    held_since: Int64
    custody_in_doubt: npt.NDArray[np.bool_]
    planned: Int64
    at_liberty: Int64 | None

    @property
    def eligible(self) -> npt.NDArray[np.bool_]:
        """Who is ranked."""
        return self.ranking.position > 0

    @property
    def score_kind(self) -> Kind:
        """Kind of the scores: whole points, or float64 where the method is continuous."""
        return self.components[0].points_kind

    @property
    def max_score(self) -> int | None:
        """The most points there are, or None where the method is continuous."""
        most = [part.max_points for part in self.components]
        return None if None in most else sum(part for part in most if part is not None)

    def in_list_order(self) -> Int64:
        """Return places in `people`: by position, then people without one by id.

        Returns
        -------
        numpy.ndarray
            int64 places.
        """
        position = self.ranking.position.astype(np.int64)
        return np.lexsort((np.arange(len(position)), np.where(position > 0, position, 2**40)))

    def worst_offence(self, place: int) -> Grade:
        """Return the grade of a person's worst line in the window.

        Parameters
        ----------
        place : int
            Place in `people`.

        Returns
        -------
        Grade
            Highest weight, then latest day, then lowest code.
        """
        return self.grades[int(self.history.code[self.walk.worst_line[self.people[place]]])]

    def table(self) -> Table:
        """Return the scores as the table of ``scores.parquet``.

        Returns
        -------
        Table
            Everyone scored, by position, then people without one by id.
        """
        order = self.in_list_order()
        who = self.people[order]
        unranked = ~self.eligible[order]
        ranking = self.ranking
        codes = [grade.code for grade in self.grades]
        flags = {words: ";".join(words) or None for words in set(self.flags)}
        columns = {
            "perpetrator_id": Column.of("text", list(map(str, self.history.persons[who].tolist()))),
            "position": Column.of("int32", ranking.position[order], unranked),
            "rank": Column.of("int32", ranking.rank[order], unranked),
            "tied_with": Column.of("int32", ranking.tied_with[order], unranked),
            "score": Column.of(self.score_kind, self.score[order]),
            "max_score": Column.of("int32", [self.max_score] * len(order)),
        }
        for part in self.components:
            columns[f"{part.name}_value"] = Column.of(part.kind, part.value[order])
            columns[f"{part.name}_band"] = Column.of("int32", part.band[order])
            columns[f"{part.name}_points"] = Column.of(part.points_kind, part.points[order])
        columns |= {
            "last_event_date": Column.of("date", self.walk.last_day[who]),
            "worst_offence_code": Column.of(
                "text", [codes[number] for number in self.history.code[self.walk.worst_line[who]].tolist()]
            ),
            "lines_in_window": Column.of("int32", self.walk.lines[who]),
            "flags": Column.of("text", [flags[self.flags[place]] for place in order.tolist()]),
        }
        return Table(columns)


def score_people(
    history: History, *, config: Config, gravity: Gravity, as_of: int, threads: int = 1
) -> Scored:
    """Score everyone with a line in the window, and rank those who are eligible.

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
        Threads for the walks; results do not depend on it.

    Returns
    -------
    Scored
        Everyone scored.

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
    if source is None:
        weights = zip(seen.offences, seen.weights.tolist(), strict=True)
        grades = tuple(Grade(code, weight, code) for code, weight in weights)
    else:
        grades = _grades(seen, gravity)
        seen = seen.with_weights(
            {code: grade.weight for code, grade in zip(seen.offences, grades, strict=True)}
        )
    gravity_part = config.score.components.gravity
    window = config.score.window_days
    found = walk(
        seen,
        as_of,
        window_days=window,
        half_life_days=gravity_part.half_life_days if gravity_part is not None else None,
        threads=threads,
    )
    people = np.flatnonzero(found.lines > 0)
    spells = source.spells if source is not None else None
    in_custody: npt.NDArray[np.bool_] | None = None
    at_liberty: Int64 | None = None
    planned = np.full(len(people), NO_DAY, np.int64)
    held_since = np.full(len(seen.persons), NO_DAY, np.int64)
    if spells is not None:
        held, held_since, until = spells.held(as_of, len(seen.persons))
        in_custody, planned = held[people], until[people]
        at_liberty = spells.days_at_liberty(found.last_day.astype(np.int64), as_of)[people]
    in_doubt = np.zeros(len(people), np.bool_) if source is None else source.custody_in_doubt[people]
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
    score = add_up(components)
    by_name = {part.name: part for part in components}
    capacity, reserve = config.cohort.capacity, config.cohort.reserve
    ranking = rank_people(
        score,
        [by_name[name].tie_break for name in config.rank.tie_break],
        eligible,
        [capacity, capacity + reserve],
    )
    flagged = flag_people(seen, as_of, window, grades, threads)
    masks = {word: mask[people] for word, mask in flagged.items()}
    masks["cut_through_tie"] = ranking.cut_through_tie
    return Scored(
        history=seen,
        config=config,
        as_of=as_of,
        grades=grades,
        walk=found,
        people=people,
        components=components,
        score=score,
        exclusion=excluded,
        ranking=ranking,
        flags=_words(masks, len(people)),
        flagged=flagged,
        in_custody=in_custody,
        held_since=held_since,
        custody_in_doubt=in_doubt,
        planned=planned,
        at_liberty=at_liberty,
    )


def _words(masks: Mapping[str, npt.NDArray[np.bool_]], size: int) -> tuple[tuple[str, ...], ...]:
    listed = sorted(masks)
    # People who carry the same flags share one tuple: there are few kinds of people, and many of each.
    kind = np.zeros(size, np.int64)
    for place, word in enumerate(listed):
        kind |= masks[word].astype(np.int64) << place
    kinds, which = np.unique(kind, return_inverse=True)
    held = [
        tuple(word for place, word in enumerate(listed) if number >> place & 1) for number in kinds.tolist()
    ]
    return tuple(map(held.__getitem__, which.tolist()))


def _grades(history: History, gravity: Gravity) -> tuple[Grade, ...]:
    found = [gravity.grade(code) for code in history.offences]
    missing = [code for code, grade in zip(history.offences, found, strict=True) if grade is None]
    if missing:
        raise DataError(
            f"no weight in {gravity.name} for {', '.join(missing[:20])}: the history was read under another "
            "gravity table; read it again, or add the codes"
        )
    return tuple(grade for grade in found if grade is not None)


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
