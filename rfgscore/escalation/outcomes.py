"""What counts as the event: an incident that began after the day looked at, and that the outcome asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError, did_you_mean
from rfgscore.escalation.keys import NEVER, person_day
from rfgscore.gravity import normal_code
from rfgscore.history.history import History

__all__ = ["OUTCOMES", "Incidents", "Outcome", "gravest_by", "incidents_of", "next_incident", "outcome_of"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

#: Outcomes by name, each in words that end "was recorded for …".
OUTCOMES: Final[Mapping[str, str]] = {
    "repeat": "another incident",
    "serious": "an incident at or above the serious weight",
    "worse": "an incident graver than every one recorded before",
    "new_victim": "an incident with a victim not recorded before",
}


@dataclass(frozen=True)
class Outcome:
    """The event whose time is modelled.

    Parameters
    ----------
    name : str
        A name of `OUTCOMES`, or any other name for an outcome of one's own.
    serious_from : float
        Weight at or above which an incident is serious.
    codes : frozenset of str
        For an outcome of one's own: offence codes, any of which makes an incident count.
    where : callable or None
        For an outcome of one's own: takes the history, returns a boolean mask over its lines; an incident
        counts when one of its lines does. Not kept in a model file.

    Raises
    ------
    ConfigError
        When the name is not known and neither `codes` nor `where` says what counts, or when both a known
        name and one of them are given.

    Examples
    --------
    >>> Outcome("strangulation", codes=frozenset({"8/77"})).words
    'an incident counted as strangulation'
    >>> Outcome("repeat").words
    'another incident'
    """

    name: str
    serious_from: float = 365.0
    codes: frozenset[str] = frozenset()
    where: Callable[[History], Bool] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        own = bool(self.codes) or self.where is not None
        if self.name in OUTCOMES and own:
            raise ConfigError(f"outcome {self.name!r} is defined already; give your own another name")
        if self.name not in OUTCOMES and not own:
            raise ConfigError(
                f"there is no outcome {self.name!r}; there are {', '.join(OUTCOMES)}, or one of your own, "
                f"with codes= or where={did_you_mean(self.name, OUTCOMES)}"
            )
        if not (np.isfinite(self.serious_from) and self.serious_from > 0):
            raise ConfigError("serious_from must be a weight above 0")

    @property
    def words(self) -> str:
        """What is counted, in words."""
        return OUTCOMES.get(self.name, f"an incident counted as {self.name}")


def outcome_of(spec: str | Outcome, serious_from: float = 365.0) -> Outcome:
    """Return an outcome from its name.

    Parameters
    ----------
    spec : str or Outcome
        A name of `OUTCOMES`, or an outcome, which is returned as it is.
    serious_from : float
        Weight at or above which an incident is serious.

    Returns
    -------
    Outcome
        The outcome.

    Raises
    ------
    ConfigError
        When there is no such outcome.
    """
    return spec if isinstance(spec, Outcome) else Outcome(spec, serious_from)


@dataclass(frozen=True, eq=False, repr=False)
class Incidents:
    """The incidents of all persons as known at a day, by person, day and number.

    Parameters
    ----------
    person : numpy.ndarray
        int64 person number, ascending.
    day : numpy.ndarray
        int32 earliest event day of the lines visible by then: the day it began.
    number : numpy.ndarray
        int64 number of the incident within the person.
    gravity : numpy.ndarray
        float64, highest weight of these lines.
    victim_since : numpy.ndarray
        int64: of the known victims of its lines, the latest day on which one of them was first visible with
        this person; before every day where no victim is known.
    own : numpy.ndarray
        Boolean: a line that an outcome of one's own asks for is among them.
    """

    person: Int64
    day: Int32
    number: Int64
    gravity: Float64
    victim_since: Int64
    own: Bool

    def __len__(self) -> int:
        return len(self.person)

    @property
    def key(self) -> Int64:
        """Person and day as one number, ascending."""
        return person_day(self.person, self.day)


def incidents_of(history: History, as_of: int, outcome: Outcome | None = None) -> Incidents:
    """Return the incidents visible at a day, in the order in which each person's began.

    Parameters
    ----------
    history : History
        The history.
    as_of : int
        Day looked at; lines not visible then are passed over.
    outcome : Outcome, optional
        Needed for `own` only.

    Returns
    -------
    Incidents
        By person, day and number.

    Examples
    --------
    >>> history = History.from_arrays(
    ...     person=["a", "a", "a"], day=[1, 1, 9], gravity=[5, 2, 4], incident=[1, 1, 2]
    ... )
    >>> found = incidents_of(history, 20)
    >>> found.day.tolist(), found.gravity.tolist()
    ([1, 9], [5.0, 4.0])
    """
    lines = np.flatnonzero(history.visible(as_of))
    person = history.person_of_line()[lines]
    number = history.incident[lines].astype(np.int64)
    day = history.event_day[lines]
    weight = history.weights[history.code[lines]]
    order = np.lexsort((day, number, person))
    person, number, day = person[order], number[order], day[order]
    weight, lines = weight[order], lines[order]
    first = np.ones(len(lines), np.bool_)
    first[1:] = (person[1:] != person[:-1]) | (number[1:] != number[:-1])
    at = np.flatnonzero(first)
    if len(at) == 0:
        nothing = np.zeros(0, np.int64)
        return Incidents(nothing, day, nothing, weight, nothing, first)
    asked = _asked(history, outcome)[lines]
    found = Incidents(
        person[at],
        day[at],
        number[at],
        np.maximum.reduceat(weight, at),
        np.maximum.reduceat(_victim_since(history, person, lines), at),
        np.logical_or.reduceat(asked, at),
    )
    by_day = np.lexsort((found.number, found.day, found.person))
    return Incidents(*(getattr(found, name)[by_day] for name in found.__dataclass_fields__))


def _asked(history: History, outcome: Outcome | None) -> Bool:
    """Return which lines an outcome of one's own asks for."""
    size = len(history.day)
    if outcome is None or outcome.name in OUTCOMES:
        return np.zeros(size, np.bool_)
    mask = np.zeros(size, np.bool_)
    if outcome.where is not None:
        given = np.asarray(outcome.where(history))
        if given.shape != (size,) or given.dtype != np.bool_:
            raise ConfigError(
                f"outcome {outcome.name!r}: where must return one True or False a line, {size} in all"
            )
        mask = given.copy()
    return mask | _with_codes(history, outcome.codes)[history.code]


def _with_codes(history: History, codes: Iterable[str]) -> Bool:
    wanted = {normal_code(code) for code in codes}
    return np.array([normal_code(code) in wanted for code in history.offences], np.bool_)


def _victim_since(history: History, person: Int64, lines: Int64) -> Int64:
    """Return the day on which each line's victim was first visible with the person."""
    victim = history.victim[lines].astype(np.int64)
    known = np.flatnonzero(victim >= 0)
    since = np.full(len(lines), -NEVER, np.int64)
    if len(known) == 0:
        return since
    pair = person[known] * (int(victim.max()) + 1) + victim[known]
    seen = history.seen[lines[known]].astype(np.int64)
    order = np.lexsort((seen, pair))
    begins = np.ones(len(order), np.bool_)
    begins[1:] = pair[order][1:] != pair[order][:-1]
    since[known[order]] = seen[order][begins][np.cumsum(begins) - 1]
    return since


def gravest_by(history: History, person: Int64, day: Int32) -> Float64:
    """Return the highest weight visible of each row's person on its day.

    Parameters
    ----------
    history : History
        The history.
    person, day : numpy.ndarray
        Person number and day of each row.

    Returns
    -------
    numpy.ndarray
        float64, one a row; below 0 where nothing is visible.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "b"], day=[0, 9, 9], gravity=[3, 8, 5])
    >>> gravest_by(history, np.array([0, 0, 1]), np.array([5, 9, 5], np.int32)).tolist()
    [3.0, 8.0, -1.0]
    """
    whose = history.person_of_line()
    key = person_day(whose, history.seen)
    order = np.argsort(key, kind="stable")
    # Weights as ranks, packed with the person: the running highest never reaches into the next person.
    weights, rank = np.unique(history.weights[history.code], return_inverse=True)
    running = np.maximum.accumulate((whose * len(weights) + rank)[order])
    at = np.searchsorted(key[order], person_day(person, day), side="right") - 1
    known = (at >= 0) & (whose[order][at] == person)
    return np.where(known, weights[running[at] % len(weights)], -1.0)


def next_incident(
    incidents: Incidents, outcome: Outcome, person: Int64, after: Int32, gravest: Float64 | None = None
) -> Int64:
    """Return which incident is the first, after a day, that the outcome asks for.

    Parameters
    ----------
    incidents : Incidents
        As `incidents_of` returns them, with the same outcome.
    outcome : Outcome
        What is asked for.
    person, after : numpy.ndarray
        Person number and day of each row; the incident began later than that day.
    gravest : numpy.ndarray, optional
        float64, for ``worse``: highest weight known of each row's person on that day.

    Returns
    -------
    numpy.ndarray
        int64 place among the incidents, -1 where there is none.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a"], day=[1, 9], gravity=[5, 2])
    >>> found = incidents_of(history, 20)
    >>> next_incident(found, Outcome("repeat"), np.array([0, 0]), np.array([1, 9], np.int32)).tolist()
    [1, -1]
    """
    place = np.full(len(person), -1, np.int64)
    static = {"repeat": None, "serious": incidents.gravity >= outcome.serious_from}.get(
        outcome.name, incidents.own
    )
    by_row = outcome.name in ("worse", "new_victim")
    kept = np.arange(len(incidents)) if static is None or by_row else np.flatnonzero(static)
    key = incidents.key[kept]
    at = np.searchsorted(key, person_day(person, after), side="right")
    rows = np.arange(len(person))
    # What counts depends on the row for two outcomes: those pass over incidents until one does.
    while len(rows):
        inside = at < len(kept)
        rows, at = rows[inside], at[inside]
        found = kept[at]
        same = incidents.person[found] == person[rows]
        rows, at, found = rows[same], at[same], found[same]
        if outcome.name == "worse":
            assert gravest is not None  # noqa: S101 - a promise between two rooms
            good = incidents.gravity[found] > gravest[rows]
        elif outcome.name == "new_victim":
            good = incidents.victim_since[found] > after[rows]
        else:
            good = np.ones(len(rows), np.bool_)
        place[rows[good]] = found[good]
        rows, at = rows[~good], at[~good] + 1
    return place
