"""Scores of everyone with a line in the window, with rank, flags and eligibility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.gravity import Grade, Gravity
from rfgscore.history.history import History
from rfgscore.scoring.components import Component
from rfgscore.scoring.eligibility import Exclusion
from rfgscore.scoring.flags import flag_people
from rfgscore.scoring.points import points_of
from rfgscore.scoring.rank import Ranking, rank_people
from rfgscore.tables import Column, Kind, Table
from rfgscore.windows import Walk

__all__ = ["Scored", "order_equals", "score_people"]

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


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
    risk : numpy.ndarray or None
        float64 escalation risk of every person of the history, 0 without a line in the window, and 0 once
        more at the end for nobody, where it orders people whom the configured tie-break leaves equal; None
        where it does not.
    model : str
        Checksum of the model file that risk comes from; blank for none.
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
    risk: Float64 | None = None
    model: str = ""

    @property
    def tie_words(self) -> tuple[str, ...]:
        """What orders equal scores, in words, the first deciding first."""
        return (*self.config.rank.tie_break, *(() if self.risk is None else ("escalation risk",)))

    def by_risk(self, people: npt.ArrayLike) -> list[Float64]:
        """Return what orders people whom the configured tie-break leaves equal, before their ids do.

        The risk is that of the day looked at, also where people are looked at on other days.

        Parameters
        ----------
        people : array-like of int
            Person numbers of the history; -1 for nobody of it.

        Returns
        -------
        list of numpy.ndarray
            One array, lower first; none where the risk orders nobody.
        """
        if self.risk is None:
            return []
        return [-self.risk[np.asarray(people, np.int64)]]

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
    points = points_of(history, config=config, gravity=gravity, as_of=as_of, threads=threads)
    seen, people = points.history, points.people
    source = seen.source
    in_doubt = np.zeros(len(people), np.bool_) if source is None else source.custody_in_doubt[people]
    ranking = rank_people(
        points.score, points.tie_breaks(config.rank.tie_break), points.eligible, _cuts(config)
    )
    flagged = flag_people(seen, as_of, config.score.window_days, points.grades, threads)
    return Scored(
        history=seen,
        config=config,
        as_of=as_of,
        grades=points.grades,
        walk=points.walk,
        people=people,
        components=points.components,
        score=points.score,
        exclusion=points.exclusion,
        ranking=ranking,
        flags=_words(flagged, people, ranking),
        flagged=flagged,
        in_custody=points.in_custody,
        held_since=points.held_since,
        custody_in_doubt=in_doubt,
        planned=points.planned,
        at_liberty=points.at_liberty,
    )


def order_equals(scored: Scored, risk: Float64, model: str) -> Scored:
    """Rank once more, people whom the configured tie-break leaves equal by their risk, the higher first.

    Scores, ranks and ties stay; positions change within full ties only.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    risk : numpy.ndarray
        float64 risk of each of `people`.
    model : str
        Checksum of the model file it comes from.

    Returns
    -------
    Scored
        The same people; only those equal in risk, too, can carry ``cut_through_tie``.
    """
    everyone = np.zeros(len(scored.history.persons) + 1)
    everyone[scored.people] = risk
    held = {part.name: part for part in scored.components}
    ties = [held[name].tie_break for name in scored.config.rank.tie_break]
    ranking = rank_people(scored.score, [*ties, -risk], scored.eligible, _cuts(scored.config))
    flags = _words(scored.flagged, scored.people, ranking)
    return replace(scored, ranking=ranking, flags=flags, risk=everyone, model=model)


def _cuts(config: Config) -> tuple[int, int]:
    """Return the positions after which a list ends."""
    return config.cohort.capacity, config.cohort.capacity + config.cohort.reserve


def _words(
    flagged: Mapping[str, npt.NDArray[np.bool_]], people: Int64, ranking: Ranking
) -> tuple[tuple[str, ...], ...]:
    masks = {word: mask[people] for word, mask in flagged.items()}
    masks["cut_through_tie"] = ranking.cut_through_tie
    listed = sorted(masks)
    # People who carry the same flags share one tuple: there are few kinds of people, and many of each.
    kind = np.zeros(len(people), np.int64)
    for place, word in enumerate(listed):
        kind |= masks[word].astype(np.int64) << place
    kinds, which = np.unique(kind, return_inverse=True)
    held = [
        tuple(word for place, word in enumerate(listed) if number >> place & 1) for number in kinds.tolist()
    ]
    return tuple(map(held.__getitem__, which.tolist()))
