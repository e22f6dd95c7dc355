"""One person's lines, gathered once for every part of an explanation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rfgscore.dates import iso, within_days
from rfgscore.gravity import NON_CRIME
from rfgscore.history.source import REFERENCE_KINDS
from rfgscore.scoring import Scored

__all__ = ["Case", "Incident", "not_crimes", "number", "out_of", "plural"]


@dataclass
class Incident:
    """One incident of a person, as far as the lines looked at show it.

    Parameters
    ----------
    line : int
        Its gravest line, of equal ones the first.
    weight : float
        Gravity of that line.
    """

    line: int
    weight: float


class Case:
    """One person's lines, gathered once for all parts.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    place : int
        Place of the person among them; -1 for someone without a line in the window.
    person : int, optional
        Person number in the history, where there is no place to tell it.
    """

    def __init__(self, scored: Scored, place: int, person: int | None = None) -> None:
        self.scored = scored
        self.place = place
        self.person = int(scored.people[place]) if person is None else person
        self.history = scored.history
        start, stop = self.history.offsets[self.person : self.person + 2].tolist()
        window = scored.config.score.window_days
        part = slice(start, stop)
        seen = (self.history.known_day[part] <= scored.as_of) & (self.history.event_day[part] <= scored.as_of)
        self.visible = (start + np.flatnonzero(seen)).tolist()
        inside = seen & within_days(self.history.day[part], scored.as_of, window)
        self.inside = (start + np.flatnonzero(inside)).tolist()

    def name(self, incident: Incident) -> str:
        """Return an incident by its reference, with the kind of that, and its date.

        Parameters
        ----------
        incident : Incident
            One of the person's.

        Returns
        -------
        str
            Such as ``incident 36/00002/25 2025-03-02``.
        """
        source, line = self.history.source, incident.line
        when = self.when(line)
        if source is None:
            return when
        force = source.force.text(line)
        where = f" ({force})" if force else ""
        kind = REFERENCE_KINDS[source.reference_kind[line]]
        if kind == "event_date":
            return f"{when}{where}"
        return f"{kind.removesuffix('_id')} {source.reference.text(line)}{where} {when}"

    def when(self, line: int) -> str:
        """Return the day of a line, or its first and last day where it ran over several.

        Parameters
        ----------
        line : int
            Line of the history.

        Returns
        -------
        str
            ISO dates.
        """
        began, day = int(self.history.event_day[line]), int(self.history.day[line])
        return iso(day) if began == day else f"{iso(began)} to {iso(day)}"

    def incidents(self, lines: Iterable[int]) -> list[Incident]:
        """Return the incidents of some lines, in the order of their first line.

        Parameters
        ----------
        lines : iterable of int
            Lines of the history.

        Returns
        -------
        list of Incident
            Each with the gravest of these lines.
        """
        found: dict[int, Incident] = {}
        for line in lines:
            weight = float(self.history.weights[self.history.code[line]])
            held = found.setdefault(int(self.history.incident[line]), Incident(line, weight))
            if weight > held.weight:
                held.line, held.weight = line, weight
        return list(found.values())

    def evidence(self, incidents: Iterable[Incident], *, weigh: bool = False) -> tuple[str, ...]:
        """Return incidents as evidence: reference, date and, for gravity, offence and weight.

        Parameters
        ----------
        incidents : iterable of Incident
            What stands behind a part.
        weigh : bool
            Whether to tell offence and weight.

        Returns
        -------
        tuple of str
            In code-point order.
        """
        out: list[str] = []
        for incident in incidents:
            grade = self.scored.grades[self.history.code[incident.line]]
            worth = f" {grade.code} weight {number(incident.weight)}" if weigh else ""
            out.append(self.name(incident) + worth)
        return tuple(sorted(out))


def not_crimes(case: Case, incidents: Iterable[Incident]) -> str:
    """Say how many incidents in the window hold no crime: a list must not turn them into crimes.

    Parameters
    ----------
    case : Case
        The person.
    incidents : iterable of Incident
        Their incidents in the window.

    Returns
    -------
    str
        Words in brackets, or nothing.
    """
    codes = case.history.code
    crimes = {
        int(case.history.incident[line])
        for line in case.inside
        if case.scored.grades[codes[line]].code != NON_CRIME
    }
    count = sum(int(case.history.incident[incident.line]) not in crimes for incident in incidents)
    return f" ({count} of them non-crime)" if count else ""


def number(value: float) -> str:
    """Return a number in words' company: whole floats without a point.

    Parameters
    ----------
    value : float
        A number.

    Returns
    -------
    str
        Shortest text that reads back as the same number.
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def out_of(points: float, most: float | None) -> str:
    """Return points, and of how many where there is a most.

    Parameters
    ----------
    points : float
        Points got.
    most : float or None
        The most there are.

    Returns
    -------
    str
        Such as ``20 of 25``.
    """
    return number(points) if most is None else f"{number(points)} of {number(most)}"


def plural(count: int, word: str) -> str:
    """Return a count and its noun.

    Parameters
    ----------
    count : int
        How many.
    word : str
        The noun in the singular.

    Returns
    -------
    str
        Such as ``1 incident`` or ``2 incidents``.
    """
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
