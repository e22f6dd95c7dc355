"""The window rule in plain Python, straight from the contract: slow, and what the kernels must equal."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from rfgscore.history.history import History

__all__ = ["Line", "Person", "people", "person"]


class Line(NamedTuple):
    """One line of a person.

    Parameters
    ----------
    day, event_day, known_day : int
        Days since 1970-01-01.
    code : int
        Offence number.
    weight : float
        Its gravity.
    incident : hashable
        What tells incidents apart.
    victim : hashable or None
        What tells victims apart; None where unknown.
    """

    day: int
    event_day: int
    known_day: int
    code: int
    weight: float
    incident: Hashable
    victim: Hashable | None


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
