"""Where people would stand had one thing not happened since the previous run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.cohort.between import Between, asks_custody
from rfgscore.cohort.former import Past, Standings, held_lines
from rfgscore.cohort.worlds import (
    Alone,
    Custody,
    lines_of,
    rank_everyone,
    rules_now,
    rules_then,
    score_alone,
)
from rfgscore.config import Config
from rfgscore.dates import NO_DAY, iso, within_days
from rfgscore.history.history import History
from rfgscore.scoring import Scored

__all__ = ["Effect", "Undone", "counted"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: A position of each person; None for those without one.
Positions = list[int | None]
#: A cause, the positions with it undone, and what is undone in words, for each person or for all.
Thing = tuple[str, Positions, list[str] | str]


class Effect(NamedTuple):
    """What undoing one thing would do to a person.

    Parameters
    ----------
    word : str
        A cause of the vocabulary.
    position : int or None
        Position with it undone.
    words : str
        What is undone: words that go before "the position would be".
    """

    word: str
    position: int | None
    words: str


def counted(count: int, noun: str) -> str:
    """Return a count and its noun.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        In the singular.

    Returns
    -------
    str
        Such as ``1 incident``.
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class Undone:
    """People of a run, and where they would stand with one thing undone at a time, all else as it is.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    past : Past
        The previous run.
    people : numpy.ndarray
        int64 person numbers of those asked about, ascending.
    """

    def __init__(self, scored: Scored, past: Past, people: Int64) -> None:
        self.scored, self.past, self.people = scored, past, people
        self.since = past.previous.as_of
        self._between = Between(scored, past.previous)
        self.held = held_lines(scored.history, people, scored.as_of, past)
        source, size = scored.history.source, len(people)
        dead = np.full(size, NO_DAY) if source is None else source.deceased[people]
        self._barred: Bool = (dead != NO_DAY) & (dead <= scored.as_of)
        self._rules = rules_now(scored)
        self._custody = Custody.known(scored, people, scored.as_of)
        # Looking back, all of today's lines but the newest are as they are.
        history, line = scored.history, self.held.line
        self._new: Bool = history.event_day[line] > self.since
        self._late: Bool = ~self._new & (history.known_day[line] > self.since)
        #: Everyone asked about, as they are today.
        self.now = self._alone(self._lines())
        position = np.zeros(len(scored.history.persons), np.int32)
        position[scored.people] = scored.ranking.position
        #: Position of each of them today.
        self.position = self._ranked(position)

    def incidents(self, *, late: bool, everywhere: bool = False) -> list[int]:
        """Count the incidents of each person that became known since.

        Parameters
        ----------
        late : bool
            Whether of those that had happened before, or of those that happened since.
        everywhere : bool
            Whether to count those that no longer bear on the score, too.

        Returns
        -------
        list of int
            One a person.
        """
        history, gravity = self.scored.history, self.scored.config.score.components.gravity
        who, line, kept = self.held.who, self.held.line, self._late if late else self._new
        if not everywhere and (gravity is None or gravity.aggregate != "decayed"):
            window = self.scored.config.score.window_days
            kept = kept & within_days(history.day[line], self.scored.as_of, window)
        pairs = np.unique(np.stack([who[kept], history.incident[line[kept]]]), axis=1)
        found: list[int] = np.bincount(pairs[0], minlength=len(self.people)).tolist()
        return found

    def gravest(self, at: int, *, late: bool) -> float:
        """Return the highest weight of a person's lines that became known since, in the window or not.

        Parameters
        ----------
        at : int
            Place of the person among those asked about.
        late : bool
            Whether of those that had happened before, or of those that happened since.

        Returns
        -------
        float
            The weight; -1 where there is no such line.
        """
        history = self.scored.history
        line = self.held.line[(self._late if late else self._new) & (self.held.who == at)]
        return float(history.weights[history.code[line]].max(initial=-1))

    @cached_property
    def effects(self) -> list[list[Effect]]:
        """Effects on each person, in the order of the vocabulary."""
        out: list[list[Effect]] = [[] for _ in self.people]
        for word, positions, words in self._things():
            for at, position in enumerate(positions):
                out[at].append(Effect(word, position, words[at] if isinstance(words, list) else words))
        return out

    @cached_property
    def everyone_younger(self) -> Positions:
        """Positions with everyone's lines looked at from the day of the previous run."""
        history = self.scored.history
        line = np.flatnonzero(history.visible(self.scored.as_of))
        who, everyone = history.person_of_line()[line], np.arange(len(history.persons))
        lines = lines_of(history, who, line, everyone, looked_at_from=self.since)
        scored = self.scored
        return self._ranked(rank_everyone(scored, lines, self.since, scored.config, scored.by_risk(everyone)))

    @cached_property
    def ahead_then(self) -> Int64:
        """Where those ranked today stood, in the order of today; 0 for people who were not ranked then."""
        scored, past = self.scored, self.past
        order = scored.in_list_order()[: int(scored.eligible.sum())]
        ids = map(str, scored.history.persons[scored.people[order]].tolist())
        rows = np.fromiter((past.row.get(person, -1) for person in ids), np.int64, len(order))
        return np.append(past.position, 0)[rows]

    def without_lines(self, row: int) -> Effect | None:
        """Return the effect on a person of whom no line is left.

        Parameters
        ----------
        row : int
            Row of the person in the previous scores.

        Returns
        -------
        Effect or None
            Where the person would stand with what was recorded then; None where that cannot be told.
        """
        past, config = self.past, self.scored.config
        if not (self._between.same_scale and past.position[row]):
            return None
        if past.value("last_event_date", row) <= self.scored.as_of - config.score.window_days:
            word, words = "aged_out", f"with the ages of {iso(self.since)}"
        else:
            word, words = self._rows_word
        ties = (self._tie(name, past.value(f"{name}_value", row)) for name in config.rank.tie_break)
        position = self._stand((-past.value("score", row), *ties, *self._last(-1)), -1)
        return Effect(word, position, words)

    # --- one thing at a time ------------------------------------------------------------------------------

    def _things(self) -> Iterator[Thing]:
        yield from self._own()
        if self._between.same_rules:
            words = f"among the others as they stood on {iso(self.since)}"
            yield "outranked", [self._among_former(at) for at in range(len(self.people))], words
        if self._clocks_custody():
            known = Custody.known(self.scored, self.people, self.since)
            positions = self._positions(self._alone(self._lines(), custody=known))
            yield "custody", positions, f"with custody as it was known on {iso(self.since)}"
        if self.held.relinked:
            lines = self._lines_then(np.ones(len(self.held.line_then), np.bool_))
            positions = self._positions(self._alone(lines))
            yield "link_change", positions, f"with records joined as on {iso(self.since)}"
        if self._between.other_weights:
            yield (
                "gravity_table",
                self._anew(self._under_former_weights()),
                "with the previous gravity weights",
            )
        if self._between.other_settings and self._between.can_score:
            positions = self._anew(self.scored.history, self.past.previous.config)
            yield "config", positions, "under the previous settings"
        elif self._between.both_by_risk:
            # No figure of then is known for everyone, but the order that came of them is.
            word = "config" if self._between.other_model else ""
            positions = self._anew(self.scored.history, self.past.previous.config)
            yield word, positions, f"with equals in the order of {iso(self.since)}"
        if self._between.same_scale and self._between.can_score:
            word, words = self._rows_word
            yield word, self._as_recorded(), words

    def _own(self) -> Iterator[Thing]:
        day = iso(self.since)
        if self._new.any():
            words = [f"without the {counted(n, 'incident')} since {day}" for n in self.incidents(late=False)]
            yield "new_incident", self._positions(self._alone(self._lines(~self._new))), words
        if self._late.any():
            words = [
                f"without the {counted(n, 'earlier incident')} that became known after {day}"
                for n in self.incidents(late=True)
            ]
            yield "late_recorded", self._positions(self._alone(self._lines(~self._late))), words
        if self.since < self.scored.as_of:
            lines = self._lines(looked_at_from=self.since)
            yield "aged_out", self._positions(self._alone(lines, self.since)), f"with the ages of {day}"

    def _among_former(self, at: int) -> int | None:
        """Return where a person as today would stand among the others as they stood then."""
        if not self.now.eligible[at]:
            return None
        past, former = self.past, self.held.former[at]
        rows = [past.row[record] for record in former.joined]
        rows += [] if former.row is None else [former.row]
        own = [int(past.position[row]) - 1 for row in rows if past.position[row]]
        person = str(self.scored.history.persons[self.people[at]])
        key = self.now.key(at, self.scored.config.rank.tie_break)
        # Among equals whom figures of then put in order, a person keeps the place of then, or comes last.
        last = (own[0] + 1 if own else np.inf) if past.previous.by_risk else person
        return past.standings.position((*key, last), own)

    def _as_recorded(self) -> Positions:
        """Return positions with what was recorded then in place of the rows of then as they are now."""
        only_since = self._alone(self._lines(self._new | self._late))
        names, out = self.scored.config.rank.tie_break, list(self.position)
        for at, former in enumerate(self.held.former):
            if former.row is not None:
                out[at] = self._shifted(at, former.row)
            elif self._then.inside[at]:
                # Whoever was not scored then had none of these rows.
                key = (*only_since.key(at, names), *self._last(int(self.people[at])))
                out[at] = self._stand(key, int(self.people[at])) if only_since.eligible[at] else None
        return out

    def _shifted(self, at: int, row: int) -> int | None:
        """Return a position, values moved by what was recorded more or less than the rows of then say."""
        scored, past, then, now = self.scored, self.past, self._then, self.now
        recorded = {name: past.value(f"{name}_value", row) for name in then.value}
        more = past.value("score", row) - float(then.score[at])
        change = {name: value - float(then.value[name][at]) for name, value in recorded.items()}
        if then.inside[at] and not more and not any(change.values()):
            return self.position[at]
        last = past.value("last_event_date", row)
        there = past.position[row] > 0 and last > scored.as_of - scored.config.score.window_days
        if self._kept_out[at] or not (now.eligible[at] or there):
            return None
        score = round(float(now.score[at]) + more, 6)
        if scored.max_score is not None:
            score = min(score, scored.max_score)
        ties = []
        for name in scored.config.rank.tie_break:
            value = float(now.value[name][at])
            if then.inside[at] or not now.inside[at]:
                value = round(value + change[name], 6) if now.inside[at] else recorded[name]
            ties.append(self._tie(name, value))
        ties += self._last(int(self.people[at]))
        return self._stand((-score, *ties), int(self.people[at]))

    @cached_property
    def _then(self) -> Alone:
        """What the rows of then, as they are now, say under the settings of then."""
        history, line, since = self.scored.history, self.held.line_then, self.since
        seen = (history.event_day[line] <= since) & (history.known_day[line] <= since)
        lines = self._lines_then(seen & ~self._between.unweighed[line]).with_weights(self._between.weights)
        custody = Custody.known(self.scored, self.people, since)
        return score_alone(lines, since, rules_then(self.past.previous), custody, self._barred)

    @cached_property
    def _kept_out(self) -> Bool:
        """Who cannot be ranked today whatever the lines."""
        return self._barred | self._custody.too_long(self.scored.config, len(self.people))

    @property
    def _rows_word(self) -> tuple[str, str]:
        """Why rows of then may be others now, and what is undone in words."""
        if self._between.other_rows:
            return "config", "with the rows that counted under the previous settings"
        return "correction", f"with the rows as they were on {iso(self.since)}"

    # --- scoring anew -------------------------------------------------------------------------------------

    def _lines(self, kept: Any = slice(None), looked_at_from: int | None = None) -> History:
        who, line = self.held.who[kept], self.held.line[kept]
        return lines_of(self.scored.history, who, line, self.people, looked_at_from=looked_at_from)

    def _lines_then(self, kept: Bool) -> History:
        who, line = self.held.who_then[kept], self.held.line_then[kept]
        return lines_of(self.scored.history, who, line, self.people, moved=self.held.relinked)

    def _alone(self, lines: History, day: int | None = None, custody: Custody | None = None) -> Alone:
        looked_at = self.scored.as_of if day is None else day
        return score_alone(lines, looked_at, self._rules, custody or self._custody, self._barred)

    def _under_former_weights(self) -> History:
        history = self.scored.history.with_weights(self._between.weights)
        if not self._between.unweighed.any():
            return history
        line = np.flatnonzero(~self._between.unweighed & history.visible(self.scored.as_of))
        return lines_of(history, history.person_of_line()[line], line, np.arange(len(history.persons)))

    # --- where people would stand -------------------------------------------------------------------------

    @cached_property
    def _standings(self) -> Standings:
        """Those ranked today."""
        scored = self.scored
        parts = {part.name: part for part in scored.components}
        order = scored.in_list_order()[: int(scored.eligible.sum())]
        ties = [parts[name].tie_break[order] for name in scored.config.rank.tie_break]
        ties += scored.by_risk(scored.people[order])
        return Standings([-scored.score[order].astype(np.float64), *ties, scored.people[order]])

    def _stand(self, key: Sequence[float], number: int) -> int:
        """Return the position of someone with such values; whoever is ranked leaves their own place."""
        scored, place = self.scored, int(np.searchsorted(self.scored.people, number))
        own = []
        if place < len(scored.people) and scored.people[place] == number and scored.eligible[place]:
            own = [int(scored.ranking.position[place]) - 1]
        return self._standings.position((*key, number), own)

    def _positions(self, alone: Alone) -> Positions:
        names = self.scored.config.rank.tie_break
        return [
            self._stand((*alone.key(at, names), *self._last(number)), number) if alone.eligible[at] else None
            for at, number in enumerate(self.people.tolist())
        ]

    def _anew(self, lines: History, former: Config | None = None) -> Positions:
        """Return positions with everyone ranked anew today, under today's settings or those of then."""
        scored = self.scored
        last: list[npt.NDArray[Any]] = scored.by_risk(np.arange(len(lines.persons)))
        if former is not None:
            last = [self._order_then] if self.past.previous.by_risk else []
        return self._ranked(rank_everyone(scored, lines, scored.as_of, former or scored.config, last))

    @cached_property
    def _order_then(self) -> Int64:
        """Position then of each person of the history; whoever had none comes last."""
        past, ids = self.past, map(str, self.scored.history.persons.tolist())
        rows = np.fromiter((past.row.get(person, -1) for person in ids), np.int64)
        position = np.append(past.position, 0)[rows]
        return np.where(position > 0, position, 2**31)

    def _ranked(self, everyone: npt.NDArray[np.int32]) -> Positions:
        return [position or None for position in everyone[self.people].tolist()]

    def _clocks_custody(self) -> bool:
        return self._custody.spells is not None and asks_custody(self.scored.config)

    def _last(self, number: int) -> tuple[float, ...]:
        """What decides where a person stands among those equal in all else; nothing but the id, as a rule."""
        return tuple(float(values) for values in self.scored.by_risk(number))

    @staticmethod
    def _tie(name: str, value: float) -> float:
        return value if name == "recency" else -value
