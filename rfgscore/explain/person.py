"""Explanations: every score comes apart into parts, and every part into the incidents behind it.

The parts of a person add up to the score exactly. Evidence names incidents by reference and date; it
never names a victim.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from html import escape

from rfgscore.cohort import Considered
from rfgscore.dates import iso
from rfgscore.errors import InternalError
from rfgscore.explain.bars import part_bars
from rfgscore.explain.case import Case, Incident, not_crimes, number, out_of, plural
from rfgscore.explain.outlook import Outlook, Prospect
from rfgscore.explain.sentence import component_unit, not_scored, summarise
from rfgscore.scoring import Scored
from rfgscore.scoring.components import Component
from rfgscore.tables import Column, Kind, Table, html_table

__all__ = ["Explanation", "Part", "explain_considered", "explain_person", "explanation_table"]

#: The part that names the records joined for a person; it carries no points.
RECORDS = "records"


@dataclass(frozen=True, repr=False)
class Part:
    """One part of a score.

    Parameters
    ----------
    component : str
        Name of the component; ``records``, a route, or another row that carries no points.
    value : float or None
        Its value; None for a row that counts nothing.
    unit : str
        What the value counts; blank for a row that counts nothing.
    band : int or None
        Band, 0 for none; None where the part carries no points.
    points : int, float or None
        Points got; a float where the method is continuous.
    max_points : int or None
        The most there are; None where the method is continuous.
    evidence : tuple of str
        The incidents (or records) behind it, in code-point order.
    sentence : str
        The part in plain English.
    """

    component: str
    value: float | None
    unit: str
    band: int | None
    points: float | None
    max_points: int | None
    evidence: tuple[str, ...]
    sentence: str

    def __repr__(self) -> str:
        return f"Part({self.component}: {out_of(self.points or 0, self.max_points)} points)"


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why a person stands where they stand.

    Parameters
    ----------
    perpetrator_id : str
        The person.
    score : int, float or None
        Points got; a float where the method is continuous, None for people who are not scored.
    max_score : int or None
        The most there are; None where the method is continuous.
    parts : tuple of Part
        The parts, in contract order; their points add up to `score`. Of people who are not scored there are
        none but the records joined for them.
    summary : str
        The whole in one plain English sentence.
    outlook : Outlook
        What may come: the next change with nothing new, one more incident, leaving the list.
    routes : tuple of (str, str)
        Why the person is before the meeting: a route, or ``kept`` or ``undecided``, and the sentence that
        tells of it. Empty outside a meeting's lists.
    outside : int
        Runs in a row in which a proposed person stood beyond ``cohort.keep``.
    risk : tuple of Part
        What a model of escalation risk says: a part for each horizon, then what moves its figures most. None
        of them carries points. Empty without a model.
    """

    perpetrator_id: str
    score: float | None
    max_score: int | None
    parts: tuple[Part, ...]
    summary: str
    outlook: Outlook
    routes: tuple[tuple[str, str], ...] = ()
    outside: int = 0
    risk: tuple[Part, ...] = ()

    def __repr__(self) -> str:
        if self.score is None:
            return "Explanation(not scored)"
        return f"Explanation({out_of(self.score, self.max_score)} points, {len(self.parts)} parts)"

    def __str__(self) -> str:
        sentences = [told for _, told in self.routes] + [part.sentence for part in self.parts]
        sentences += [what.sentence for what in self.outlook.told()]
        sentences += [part.sentence for part in self.risk]
        return "\n".join([self.summary, *(f"- {sentence}" for sentence in sentences)])

    def bars(self) -> list[tuple[str, float, float | None]]:
        """Return what is drawn of a score.

        Returns
        -------
        list of (str, float, float or None)
            Name, points and most points of each part that carries points.
        """
        return [
            (part.component, part.points, part.max_points) for part in self.parts if part.points is not None
        ]

    def _repr_html_(self) -> str:
        """Show parts as bars, with sentences and evidence, in a notebook."""
        rows = [
            [
                escape(part.component.replace("_", " ")),
                "" if part.points is None else escape(out_of(part.points, part.max_points)),
                escape(part.sentence)
                + "".join(f"<br><small>{escape(incident)}</small>" for incident in part.evidence),
            ]
            for part in self.told()
        ]
        caption = f"<b>{escape(self.perpetrator_id)}</b>: {escape(self.summary)}"
        return html_table(["part", "points", "why"], rows, f"{caption}<br>{part_bars(self.bars())}")

    def told(self) -> tuple[Part, ...]:
        """Return everything there is to tell, a row each.

        Returns
        -------
        tuple of Part
            The parts; then why the person is before the meeting, what may come, and what a model says:
            without band and points.
        """
        scored = () if self.score is not None else (_words("not_scored", self.summary),)
        routes = (
            Part(word, self.outside, "runs", None, None, None, (), told)
            if word == "kept"
            else _words(word, told)
            for word, told in self.routes
        )
        return (*scored, *self.parts, *routes, *map(_prospect, self.outlook.told()), *self.risk)


def explain_person(scored: Scored, place: int, outlook: Outlook) -> Explanation:
    """Explain the score of one person.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    place : int
        Place of the person among them.
    outlook : Outlook
        What may come for the person.

    Returns
    -------
    Explanation
        Parts, evidence and sentences.

    Raises
    ------
    InternalError
        When the parts do not add up to the score.
    """
    case = Case(scored, place)
    parts = [_part(case, component) for component in scored.components]
    total = round(math.fsum(part.points or 0 for part in parts), 6)
    if total != scored.score[place]:
        raise InternalError("the parts of a score do not add up to it; please report it")
    records = _records(case, scored.flags[place])
    return Explanation(
        perpetrator_id=str(scored.history.persons[case.person]),
        score=scored.score[place].item(),
        max_score=scored.max_score,
        parts=tuple(parts if records is None else [*parts, records]),
        summary=summarise(scored, place),
        outlook=outlook,
    )


def explain_considered(scored: Scored, one: Considered, outlook: Outlook | None) -> Explanation:
    """Explain why someone is before the meeting, scored or not.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    one : Considered
        The person.
    outlook : Outlook or None
        What may come; None for people who are not scored.

    Returns
    -------
    Explanation
        Parts, evidence and sentences; without points for people who are not scored.
    """
    if one.place is not None and outlook is not None:
        told = explain_person(scored, one.place, outlook)
        return replace(told, routes=one.why, outside=one.outside)
    records = None if one.number is None else _records(Case(scored, -1, one.number), one.flags)
    return Explanation(
        perpetrator_id=one.person,
        score=None,
        max_score=scored.max_score,
        parts=() if records is None else (records,),
        summary=not_scored(scored, one),
        outlook=Outlook(None, None, None),
        routes=one.why,
        outside=one.outside,
    )


def _part(case: Case, component: Component) -> Part:
    place, scored = case.place, case.scored
    value = component.value[place].item()
    told = {"recency": _recency, "frequency": _frequency, "gravity": _gravity, "victims": _victims}
    evidence, words = told[component.name](case, value)
    points = component.points[place].item()
    return Part(
        component=component.name,
        value=value,
        unit=component_unit(scored, component.name),
        band=int(component.band[place]),
        points=points,
        max_points=component.max_points,
        evidence=evidence,
        sentence=f"{words}: {out_of(points, component.max_points)} points{_how(case, component)}.",
    )


def _how(case: Case, component: Component) -> str:
    """Say how a value became points, where a table of points does not say it."""
    score = case.scored.config.score
    if score.method == "quantile":
        given = getattr(score.components, component.name).edges is not None
        whose = "given in the config" if given else "quantiles of the eligible people of this input"
        edges = ", ".join(map(number, component.edges or ())) or "none"
        return f" (band {component.band[case.place]} of {component.max_points}; edges {edges}: {whose})"
    if score.method == "continuous":
        weight = (score.weights or {})[component.name]
        scaled = {
            "none": "the value",
            "max": "the value as a share of the largest among the eligible people",
            "log1p_max": "log(1 + value) as a share of the largest among the eligible people",
        }[score.scale or "none"]
        return f" ({scaled})" if weight == 1 else f" ({number(weight)} times {scaled})"
    return ""


def _recency(case: Case, value: int) -> tuple[tuple[str, ...], str]:
    last = int(case.scored.walk.last_day[case.person])
    latest = case.incidents(line for line in case.inside if case.history.day[line] == last)
    age = case.scored.as_of - last
    ran = {case.when(incident.line) for incident in latest}
    span = ran.pop() if len(ran) == 1 else iso(last)
    words = f"Latest incident on {span}, {plural(age, 'day')} before {iso(case.scored.as_of)}"
    if " to " in span:
        words = (
            f"Latest incident from {span}, its last day {plural(age, 'day')} before {iso(case.scored.as_of)}"
        )
    return case.evidence(latest), words + _custody(case.scored, case.place, age)


def _custody(scored: Scored, place: int, age: int) -> str:
    """Say how much of a time was spent in custody, where that is known and matters."""
    if scored.at_liberty is None:
        return ""
    if scored.custody_in_doubt[place]:
        return " (days in custody not known: a custody row could not be used)"
    held = age - int(scored.at_liberty[place])
    return f" ({held} of them in recorded custody)" if held else ""


def _frequency(case: Case, value: int) -> tuple[tuple[str, ...], str]:
    days = case.scored.config.score.window_days
    incidents = case.incidents(case.inside)
    words = f"{plural(value, 'incident')}{not_crimes(case, incidents)}"
    words += f" in the {plural(days, 'day')} to {iso(case.scored.as_of)}"
    return case.evidence(incidents), words


def _gravity(case: Case, value: float) -> tuple[tuple[str, ...], str]:
    settings = case.scored.config.score.components.gravity
    aggregate = "max" if settings is None else settings.aggregate
    inside = case.incidents(case.inside)
    worst = case.scored.worst_offence(case.place)
    worst_line = int(case.scored.walk.worst_line[case.person])
    day = case.when(worst_line)
    named = worst.code if worst.label == worst.code else f"{worst.label}, {worst.code}"
    gravest = f"{named} (weight {number(worst.weight)}) on {day}"
    if aggregate == "max":
        behind = [incident for incident in inside if incident.weight == worst.weight]
        words = f"Gravest: {gravest}"
    elif aggregate == "decayed":
        behind = case.incidents(case.visible)
        half_life = settings.half_life_days if settings is not None else None
        words = f"Gravity {number(value)} over all recorded incidents, each halved every {half_life} days"
        words += f"; gravest in the window: {gravest}"
    else:
        behind = inside
        how = "all incidents together" if aggregate == "sum" else "the mean of all incidents"
        words = f"Gravity {number(value)}, {how}; gravest: {gravest}"
    lines = case.visible if aggregate == "decayed" else case.inside
    return case.evidence(behind, weigh=True), words + _doubts(case, lines, behind)


def _doubts(case: Case, lines: Iterable[int], behind: Iterable[Incident]) -> str:
    """Name every weight that is not the table's own, or that the table itself is in doubt about.

    Also where it did not decide the value: whoever reads the list must know that it was looked at.
    """
    codes = case.history.code
    decided = {codes[incident.line] for incident in behind}
    words: dict[str, str] = {}
    for number_ in {codes[line] for line in lines}:
        grade = case.scored.grades[number_]
        what = grade.code or "a blank code"
        if grade.label not in (grade.code, ""):
            what += f", {grade.label}"
        said = []
        if grade.reason:
            said.append(f"weight {number(grade.weight)} set by uplift: {grade.reason}")
        elif grade.fallback:
            said.append("no weight of its own in the gravity table")
        if grade.note:
            said.append(grade.note)
        if said:
            also = "" if number_ in decided else "also on record, and not what decides: "
            words[grade.code] = f" [{also}{what}: {'; '.join(said)}]"
    return "".join(words[code] for code in sorted(words))


def _victims(case: Case, value: int) -> tuple[tuple[str, ...], str]:
    first: dict[int, int] = {}
    for line in case.inside:
        if case.history.victim[line] >= 0:
            first.setdefault(int(case.history.victim[line]), line)
    # One incident for each victim, the first one recorded; the victim stays unnamed.
    shown = [incident for line in first.values() for incident in case.incidents([line])]
    counts = Counter(case.evidence(shown))
    evidence = tuple(
        name if count == 1 else f"{name} ({count} victims)" for name, count in sorted(counts.items())
    )
    words = f"{plural(value, 'known victim')} in the window"
    if any(case.history.victim[line] < 0 for line in case.inside):
        words += " (some lines name none)" if value else " (no line names one)"
    return evidence, words


def _records(case: Case, flags: Collection[str]) -> Part | None:
    """Name the records joined for a person, each with its force and area."""
    source = case.history.source
    if source is None or "linked" not in flags:
        return None
    places: dict[str, set[tuple[str, str]]] = {}
    for line in case.visible:
        where_held = (source.force.text(line), source.area.text(line))
        for record in (source.own.text(line), *source.twins.get(int(case.history.tail[line]), ())):
            places.setdefault(record, set()).add(where_held)
    named: list[str] = []
    for record, held in sorted(places.items()):
        where = [
            ", ".join(part for part in (force and f"force {force}", area and f"area {area}") if part)
            for force, area in sorted(held)
        ]
        known = " / ".join(part for part in where if part)
        named.append(f"{record} ({known})" if known else record)
    person = str(case.history.persons[case.person])
    words = (
        f"Joined as {person} by the links table: {plural(len(named), 'record')}, to be checked by a person."
    )
    return Part(RECORDS, len(named), "records", None, None, None, tuple(named), words)


def _words(component: str, sentence: str) -> Part:
    return Part(component, None, "", None, None, None, (), sentence)


def _prospect(told: Prospect) -> Part:
    return Part(told.name, told.value, told.unit, None, None, None, (), told.sentence)


def explanation_table(explanations: Iterable[Explanation]) -> Table:
    """Return explanations as the table of ``explanations.csv``.

    Parameters
    ----------
    explanations : iterable of Explanation
        In list order.

    Returns
    -------
    Table
        One row a part; then why the person is before the meeting, what may come and what a model says, a row
        each, without band, points and evidence.
    """
    rows = [(explained.perpetrator_id, part) for explained in explanations for part in explained.told()]
    kind: Kind = "float64" if any(isinstance(part.points, float) for _, part in rows) else "int32"
    return Table(
        {
            "perpetrator_id": Column.of("text", [person for person, _ in rows]),
            "component": Column.of("text", [part.component for _, part in rows]),
            "value": Column.of("float64", [part.value for _, part in rows]),
            "unit": Column.of("text", [part.unit or None for _, part in rows]),
            "band": Column.of("int32", [part.band for _, part in rows]),
            "points": Column.of(kind, [part.points for _, part in rows]),
            "max_points": Column.of("int32", [part.max_points for _, part in rows]),
            "evidence": Column.of("text", [";".join(part.evidence) or None for _, part in rows]),
            "sentence": Column.of("text", [part.sentence for _, part in rows]),
        }
    )
