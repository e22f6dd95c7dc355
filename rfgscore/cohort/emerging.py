"""Emerging rules: named, explicit reasons to look at a person for what became known since the last cycle.

Each rule names people by what the record shows; none says what a person will do. What became known counts
whether or not it lies in the window, so that a grave old crime reported this month is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.cohort.news import News
from rfgscore.dates import iso, within_days
from rfgscore.history.source import REFERENCE_KINDS
from rfgscore.scoring import Scored
from rfgscore.windows import rounded

__all__ = ["EMERGING_RULES", "Emerging", "emerging"]

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Every rule, as the config writes it; the route of the vocabulary is ``emerging:`` and this word.
EMERGING_RULES = (
    "first-top-gravity",
    "rising-count",
    "new-victim",
    "strangulation",
    "order-breach",
    "above-maximum",
)

#: Code group of the rules that look for one.
_GROUP = {"strangulation": "strangulation", "order-breach": "order_breach"}

#: Fewest incidents in the last half of the window that are called rising.
RISING_FROM = 3

#: How many incidents a sentence names; of more it tells how many.
NAMED = 5

_ALL = slice(None)


class _Found(NamedTuple):
    """Whom a rule names, and the lines behind it."""

    people: Bool
    lines: Bool


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Emerging:
    """Whom the emerging rules name.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    news : News
        What became known since, and what was known before.
    named : mapping of str to numpy.ndarray
        int64 person numbers of the history, ascending, by rule; people without a line in the window, and
        people no longer alive, are among them.
    not_assessed : mapping of str to str
        Rules that could not be assessed, and why.
    gravest : numpy.ndarray
        float64 weight of the gravest new line of every person of the history; -1 where nothing is new.
    lines : mapping of str to numpy.ndarray
        Boolean mask over the lines of the history, by rule: those that speak for it, of whomever.
    """

    scored: Scored
    news: News
    named: Mapping[str, Int64]
    not_assessed: Mapping[str, str]
    gravest: Float64
    lines: Mapping[str, Bool]

    def by_person(self) -> dict[int, tuple[str, ...]]:
        """Return the rules that name each person.

        Returns
        -------
        dict of int to tuple of str
            By person number, ascending; rules in code-point order. Nobody whom no rule names.
        """
        found: dict[int, tuple[str, ...]] = {}
        for rule in sorted(self.named):
            for person in self.named[rule].tolist():
                found[person] = (*found.get(person, ()), rule)
        return dict(sorted(found.items()))

    def tell(self, person: int, rule: str) -> str:
        """Say why a rule names a person, with the incidents behind it.

        Parameters
        ----------
        person : int
            Person number of the history.
        rule : str
            A rule that names the person.

        Returns
        -------
        str
            One sentence: incidents by reference, date, offence and weight, those that became known since
            first, then the gravest; no victim is named.

        Raises
        ------
        ValueError
            When the rule does not name the person.
        """
        if person not in self.named.get(rule, ()):
            raise ValueError(f"the emerging rule {rule!r} does not name this person")
        start, stop = self.news.history.offsets[person : person + 2].tolist()
        lines = (start + np.flatnonzero(self.lines[rule][start:stop])).tolist()
        incidents = self._gravest_first(lines)
        news = self.news
        fresh = {int(news.incident[line]) for line in lines if news.new[line]}
        old = any(int(news.incident[line]) not in fresh for line in incidents)
        told = [
            # Where earlier ones are named beside them, it is said which are new.
            ("new " if old and int(news.incident[line]) in fresh else "") + self._incident(line)
            for line in incidents[:NAMED]
        ]
        if len(incidents) > NAMED:
            told.append(f"and {_plural(len(incidents) - NAMED, 'more incident')}")
        head = _HEADS[rule](self, slice(start, stop))
        return f"Since {iso(self.news.since)}, {head}: {'; '.join(told)}."

    def _gravest_first(self, lines: Sequence[int]) -> list[int]:
        """Return the gravest line of each incident: those with a new line first, then by weight and day."""
        news = self.news
        held: dict[int, int] = {}
        fresh: set[int] = set()
        for line in lines:
            incident = int(news.incident[line])
            worst = held.setdefault(incident, line)
            if news.weight[line] > news.weight[worst]:
                held[incident] = line
            if news.new[line]:
                fresh.add(incident)
        return sorted(
            held.values(),
            key=lambda line: (
                int(news.incident[line]) not in fresh,
                -news.weight[line],
                -int(news.history.day[line]),
                line,
            ),
        )

    def _incident(self, line: int) -> str:
        """Return an incident by reference and date, with the offence, its weight and when it was recorded."""
        history = self.news.history
        began, day, known = (int(days[line]) for days in (history.event_day, history.day, history.known_day))
        name = iso(day) if began == day else f"{iso(began)} to {iso(day)}"
        source = history.source
        if source is not None:
            force = source.force.text(line)
            name = f"({force}) {name}" if force else name
            kind = REFERENCE_KINDS[source.reference_kind[line]]
            if kind != "event_date":
                name = f"{kind.removesuffix('_id')} {source.reference.text(line)} {name}"
        grade = self.scored.grades[history.code[line]]
        late = "" if known == began else f"; recorded on {iso(known)}"
        return f"{name} ({grade.label}, weight {_number(grade.weight)}{late})"


def emerging(scored: Scored, since: int, rules: Sequence[str] = EMERGING_RULES) -> Emerging:
    """Find the people whom emerging rules name for what became known since a day.

    - ``first-top-gravity``: nothing was known by `since`, and the gravest new line reaches the top gravity
      band of the score.
    - ``rising-count``: more incidents in the last half of the window than in the rest of it, at least three,
      and a line in the window is new.
    - ``new-victim``: a new line names a known victim whom no earlier line names, while one names another.
    - ``strangulation``, ``order-breach``: a new line of that code group.
    - ``above-maximum``: a new line weighs more than every earlier line, and there is one.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    since : int
        Day of the previous run. What became known after it, and by the day looked at, is new.
    rules : sequence of str
        Rules to look at, as in ``cohort.emerging``.

    Returns
    -------
    Emerging
        Whom each rule names, and the rules that could not be assessed.

    Raises
    ------
    ValueError
        When `since` is after the day looked at, or there is no such rule.
    """
    unknown = [rule for rule in rules if rule not in EMERGING_RULES]
    if unknown:
        raise ValueError(
            f"there is no emerging rule {unknown[0]!r}: use those of {', '.join(EMERGING_RULES)}"
        )
    news = News.of(scored.history, since, scored.as_of)
    why_not = {rule: _why_not(scored, rule) for rule in rules}
    found = {rule: _FIND[rule](scored, news) for rule, obstacle in why_not.items() if not obstacle}
    return Emerging(
        scored=scored,
        news=news,
        named={rule: np.flatnonzero(what.people) for rule, what in found.items()},
        not_assessed={rule: obstacle for rule, obstacle in why_not.items() if obstacle},
        gravest=news.highest(news.new),
        lines={rule: what.lines for rule, what in found.items()},
    )


def _why_not(scored: Scored, rule: str) -> str:
    """Say what a rule lacks; blank where it can be assessed."""
    source = scored.history.source
    if rule == "first-top-gravity" and _top_band(scored) is None:
        return "the score has no gravity bands"
    if rule == "new-victim" and source is not None and "victim_id" not in source.mapped:
        return "victim_id is not mapped"
    if rule in _GROUP and source is None:
        return "a history from arrays has no offence codes"
    return ""


class _Top(NamedTuple):
    """The lower edge of the top gravity band, and whether it belongs to the band."""

    edge: float
    within: bool

    def reached(self, weight: Float64) -> Bool:
        """Say which weights are in the band: rounded, as every value is before it gets its band."""
        value = rounded(weight)
        return value >= self.edge if self.within else value > self.edge


def _top_band(scored: Scored) -> _Top | None:
    settings = scored.config.score.components.gravity
    if settings is None:
        return None
    if settings.bands is not None:
        return _Top(settings.bands[-1].from_, within=True)
    # Quantile edges of nobody are no edges.
    edges = next(part.edges for part in scored.components if part.name == "gravity")
    return _Top(edges[-1], within=False) if edges else None


def _first_top_gravity(scored: Scored, news: News) -> _Found:
    top = _top_band(scored)
    assert top is not None  # noqa: S101 - else the rule was not assessed
    lines = news.new & top.reached(news.history.weights)[news.history.code]
    return _Found(news.anyone(lines) & ~news.anyone(news.earlier), lines)


def _younger(news: News, days: int, part: slice = _ALL) -> Bool:
    """Say which visible lines are of an age below so many days."""
    return (news.new[part] | news.earlier[part]) & within_days(news.history.day[part], news.as_of, days)


def _rising_count(scored: Scored, news: News) -> _Found:
    window = scored.config.score.window_days
    inside, late = _younger(news, window), _younger(news, window // 2)
    last = news.count(news.incidents(late))
    every = news.count(news.incidents(inside))
    rising = (last >= RISING_FROM) & (last > every - last)
    return _Found(rising & news.anyone(news.new & inside), late)


def _new_victim(scored: Scored, news: News) -> _Found:
    lines = news.of_new_victims()
    return _Found(news.anyone(lines) & news.anyone(news.earlier & (news.victim >= 0)), lines)


def _of_group(rule: str) -> Callable[[Scored, News], _Found]:
    def find(scored: Scored, news: News) -> _Found:
        lines = news.of_groups([_GROUP[rule]])
        return _Found(news.anyone(lines), lines)

    return find


def _above_maximum(scored: Scored, news: News) -> _Found:
    before = news.highest(news.earlier)
    lines = news.new & (news.weight > before[news.person])
    return _Found(news.anyone(lines) & (before >= 0), lines)


_FIND: dict[str, Callable[[Scored, News], _Found]] = {
    "first-top-gravity": _first_top_gravity,
    "rising-count": _rising_count,
    "new-victim": _new_victim,
    "strangulation": _of_group("strangulation"),
    "order-breach": _of_group("order-breach"),
    "above-maximum": _above_maximum,
}


def _tell_first(found: Emerging, part: slice) -> str:
    top = _top_band(found.scored)
    assert top is not None  # noqa: S101 - else the rule names nobody
    bound = f"{_number(top.edge)} or more" if top.within else f"above {_number(top.edge)}"
    return f"known for the first time, and in the top gravity band (weight {bound})"


def _tell_rising(found: Emerging, part: slice) -> str:
    news, window = found.news, found.scored.config.score.window_days
    incident, inside, half = news.incident[part], _younger(news, window, part), window // 2
    last = len(set(incident[_younger(news, half, part)].tolist()))
    before = len(set(incident[inside].tolist())) - last
    new = len(set(incident[inside & news.new[part]].tolist()))
    return (
        f"{_plural(new, 'incident')} in the window became known, and there are more in its last half than in "
        f"its first ({last} in the {_plural(half, 'day')} to {iso(news.as_of)}, {before} before them)"
    )


def _tell_victim(found: Emerging, part: slice) -> str:
    victims = set(found.news.victim[part][found.lines["new-victim"][part]].tolist())
    return f"{_plural(len(victims), 'known victim')} not named before"


def _tell_group(what: str) -> Callable[[Emerging, slice], str]:
    return lambda found, part: f"{what} became known"


def _tell_above(found: Emerging, part: slice) -> str:
    before = found.news.weight[part][found.news.earlier[part]].max()
    return f"graver than everything known before (highest weight {_number(before)})"


#: What a sentence says before it names the incidents; `part` is where the lines of the person stand.
_HEADS: dict[str, Callable[[Emerging, slice], str]] = {
    "first-top-gravity": _tell_first,
    "rising-count": _tell_rising,
    "new-victim": _tell_victim,
    "strangulation": _tell_group("non-fatal strangulation or suffocation"),
    "order-breach": _tell_group("breach of a protective order"),
    "above-maximum": _tell_above,
}


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
