"""The window rule in plain Python, straight from the contract: slow, and what the kernels must equal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rfgscore.history.history import History

if TYPE_CHECKING:
    from rfgscore.windows.features import Features

__all__ = ["Line", "Person", "Value", "features_at", "people", "person"]

Value = int | float | None


class Line(NamedTuple):
    """One line of a person.

    Parameters
    ----------
    day, event_day, known_day : int
        Days since 1970-01-01. `features_at` takes for `day` the last day of the event and caps it itself.
    code : int
        Offence number.
    weight : float
        Its gravity.
    incident : hashable
        What tells incidents apart.
    victim : hashable or None
        What tells victims apart; None where unknown.
    tail : int
        Rank among the lines of one day; only `features_at` looks at it.
    """

    day: int
    event_day: int
    known_day: int
    code: int
    weight: float
    incident: Hashable
    victim: Hashable | None
    tail: int = 0


class Person(NamedTuple):
    """What a walk says of one person; see `rfgscore.windows.Walk`.

    Parameters
    ----------
    visible : int
        Visible lines.
    last_day : int or None
        Day of the latest of them.
    lines, incidents : int
        Lines and incidents in the window.
    gravity_sum : float
        Exact sum over the incidents.
    gravity_max : float or None
        Highest of them.
    victims : int
        Known victims in the window.
    decayed : float
        Decayed gravity of all visible incidents.
    worst_line : int or None
        Counted from the person's first line.
    """

    visible: int
    last_day: int | None
    lines: int
    incidents: int
    gravity_sum: float
    gravity_max: float | None
    victims: int
    decayed: float
    worst_line: int | None


def person(
    lines: Sequence[Line], as_of: int, window_days: int, half_life_days: float | None = None
) -> Person:
    """Return what the contract says of one person.

    Parameters
    ----------
    lines : sequence of Line
        All lines of the person, the visible ones in the total order.
    as_of : int
        Day looked at.
    window_days : int
        Calendar days in the window, the last of which is `as_of`.
    half_life_days : float, optional
        Half-life of the decayed gravity; without it that is 0.

    Returns
    -------
    Person
        The values, unrounded.

    Examples
    --------
    >>> person([Line(10, 10, 10, 0, 3.0, "A", None), Line(4, 4, 4, 0, 2.0, "B", "V")], 11, 7).gravity_sum
    3.0
    """
    visible = [line for line in enumerate(lines) if line[1].event_day <= as_of and line[1].known_day <= as_of]
    window = [(place, line) for place, line in visible if 0 <= as_of - line.day < window_days]
    worst = min(
        window,
        key=lambda found: (-found[1].weight, -found[1].day, found[1].code, found[0]),
        default=(None, None),
    )
    grave = [max(line.weight for line in lines) for lines in _incidents(line for _, line in window)]
    return Person(
        visible=len(visible),
        last_day=max((line.day for _, line in visible), default=None),
        lines=len(window),
        incidents=len(grave),
        gravity_sum=math.fsum(grave),
        gravity_max=max(grave, default=None),
        victims=len({line.victim for _, line in window} - {None}),
        decayed=0.0
        if half_life_days is None
        else _decayed([line for _, line in visible], as_of, half_life_days),
        worst_line=worst[0],
    )


def _incidents(lines: Iterable[Line]) -> list[list[Line]]:
    by_incident: dict[Hashable, list[Line]] = {}
    for line in lines:
        by_incident.setdefault(line.incident, []).append(line)
    # A dict keeps the order of first lines.
    return list(by_incident.values())


def _decayed(visible: Sequence[Line], as_of: int, half_life_days: float) -> float:
    # Sorting by day alone leaves the order within a day.
    placed = sorted(
        (
            (min(line.day for line in lines), max(line.weight for line in lines))
            for lines in _incidents(visible)
        ),
        key=lambda incident: incident[0],
    )
    total = 0.0
    before = placed[0][0] if placed else as_of
    for day, weight in placed:
        total = total * math.pow(0.5, (day - before) / half_life_days) + weight
        before = day
    return total * math.pow(0.5, (as_of - before) / half_life_days)


def people(
    history: History, as_of: int, window_days: int, half_life_days: float | None = None
) -> list[Person]:
    """Return what the contract says of every person of a history, in id order.

    Parameters
    ----------
    history : History
        The lines.
    as_of : int
        Day looked at.
    window_days : int
        Length of the window.
    half_life_days : float, optional
        Half-life of the decayed gravity.

    Returns
    -------
    list of Person
        One a person; `worst_line` counts from the person's first line in ``history.at(as_of)``.
    """
    seen = history.at(as_of)
    columns = (seen.day, seen.event_day, seen.known_day, seen.code, seen.weights[seen.code], seen.incident)
    victims = [None if victim < 0 else victim for victim in seen.victim.tolist()]
    lines = [Line(*row) for row in zip(*(column.tolist() for column in columns), victims, strict=True)]
    return [
        person(lines[start:end], as_of, window_days, half_life_days)
        for start, end in zip(seen.offsets[:-1].tolist(), seen.offsets[1:].tolist(), strict=True)
    ]


def features_at(
    lines: Sequence[Line],
    day: int,
    features: Features,
    *,
    classes: Mapping[int, Hashable | None] | Sequence[Hashable | None],
    clock: str = "known",
    include_current: bool = True,
    events: bool = False,
) -> dict[str, Value]:
    """Return every feature of one person on one day.

    Parameters
    ----------
    lines : sequence of Line
        All lines of the person in any order; their `day` is the last day of the event, not capped.
    day : int
        Day looked at.
    features : Features
        What to compute.
    classes : mapping or sequence
        Offence class by offence number; None for what is no crime.
    clock : {"known", "event"}, optional
        Whether a line is visible from the day it was known, or from the day it happened.
    include_current : bool, optional
        Whether the lines that become visible on this very day are looked at.
    events : bool, optional
        Whether the first column is `days_since_previous` and not `days_since_last`.

    Returns
    -------
    dict of str to int, float or None
        The values by column name, in column order, unrounded; None where there is no value. With nothing
        visible that is 0 for counts and sums, None for the rest.

    Examples
    --------
    >>> from rfgscore.windows.features import rfg
    >>> lines = [Line(10, 10, 10, 0, 3.0, "A", "V"), Line(4, 4, 4, 1, 2.0, "B", None)]
    >>> features_at(lines, 11, rfg(7, further=["gap_last"]), classes=["8N", None])["gap_last"]
    6
    """
    begun = [(line.event_day if clock == "event" else max(line.known_day, line.event_day)) for line in lines]
    # A crime still running counts as of the day looked at; adding 0.0 turns a weight of -0.0 into 0.0.
    visible = sorted(
        (
            line._replace(day=min(line.day, day), weight=line.weight + 0.0)
            for line, seen in zip(lines, begun, strict=True)
            if seen < day or (include_current and seen == day)
        ),
        key=lambda line: (line.day, line.tail),
    )
    if events:
        earlier = [day - line.day for line in visible if line.day < day]
        found: dict[str, Value] = {"days_since_previous": min(earlier, default=None)}
    else:
        found = {"days_since_last": min((day - line.day for line in visible), default=None)}
    for window in features.window_days:
        values = _windowed(visible, day, window, classes)
        plain = ("count", "gravity_sum", "gravity_max", "victims")
        found |= {
            f"{name}_{window}d": value
            for name, value in values.items()
            if name in plain or name in features.further
        }
    for half_life in features.half_life_days:
        found[f"gravity_decayed_{half_life}d"] = _decayed(visible, day, half_life)
    return found | {name: value for name, value in _ever(visible).items() if name in features.further}


def _windowed(
    visible: Sequence[Line],
    day: int,
    window: int,
    classes: Mapping[int, Hashable | None] | Sequence[Hashable | None],
) -> dict[str, Value]:
    inside = [line for line in visible if day - line.day < window]
    incidents = _incidents(inside)
    grave = [max(line.weight for line in lines) for lines in incidents]
    first_days: dict[Hashable, int] = {}
    for line in visible:
        if line.victim is not None:
            first_days.setdefault(line.victim, line.day)
    return {
        "count": len(incidents),
        "gravity_sum": math.fsum(grave),
        "gravity_max": max(grave, default=None),
        "victims": len({line.victim for line in inside} - {None}),
        "gravity_mean": math.fsum(grave) / len(grave) if grave else None,
        "offence_classes": len({classes[line.code] for line in inside} - {None}),
        "non_crime": sum(all(classes[line.code] is None for line in lines) for lines in incidents),
        "new_victims": sum(day - first < window for first in first_days.values()),
    }


def _ever(visible: Sequence[Line]) -> dict[str, Value]:
    incidents = _incidents(visible)
    gaps = [after - before for before, after in pairwise(sorted({line.day for line in visible}))]
    return {
        "gravity_max_ever": max((line.weight for line in visible), default=None),
        "incident_number": len(incidents),
        "gap_last": gaps[-1] if gaps else None,
        "gap_median": float(statistics.median(gaps)) if gaps else None,
        "gap_trend": _slope(gaps),
        "gravity_trend": _slope([max(line.weight for line in lines) for lines in incidents]),
    }


def _slope(values: Sequence[int] | Sequence[float]) -> float | None:
    """Return the least-squares slope on 0, 1, 2, …; sums of whole numbers are exact, floats add in order."""
    size = float(len(values))
    if size < 2:
        return None
    products: float = 0
    total: float = 0
    for number, value in enumerate(values):
        products += number * value
        total += value
    return (2 * products - (len(values) - 1) * total) / (size * (size * size - 1.0) / 6.0)
