"""The people of a pack: what stands in the list, and on the page of each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rfgscore.cohort.considered import Cohort, Considered
from rfgscore.dates import NO_DAY, iso
from rfgscore.escalation.risks import Risks
from rfgscore.explain import Explanation, number
from rfgscore.explain.bars import score_bar
from rfgscore.explain.case import Case, plural
from rfgscore.history.source import Source
from rfgscore.report.page.incidents import IncidentRow, in_words, incidents_of, latest_of, spells_of
from rfgscore.report.page.lanes import Lane, victims_of
from rfgscore.report.page.marks import Mark
from rfgscore.report.page.parts import Told, extents, told_part
from rfgscore.report.page.risk import RiskTold, risk_told
from rfgscore.report.page.standing import Moved, decided_facts, decided_words, moved
from rfgscore.report.page.timeline import Spell, grid_weights, in_reach, timeline
from rfgscore.report.page.trend import Trend, trends
from rfgscore.report.page.words import Flag, flags
from rfgscore.scoring import Scored

__all__ = ["Person", "Record", "people_of"]

#: What a flag says of someone who has no score that could be too low.
_NOT_HELD = "The person came from elsewhere, or was referred, and no earlier record is held here."


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """What is on record of a person with lines.

    Parameters
    ----------
    incidents : tuple of IncidentRow
        Incidents of the table, the latest first.
    total, before : int
        How many there are, and how many of them lie before the window.
    left : int
        How many before the window stand in no row of the table.
    timeline : str
        Inline SVG.
    victims : int or None
        Victims who have a letter; None where `victim_id` is not mapped.
    spells : tuple of str
        Days in custody in words.
    coming : tuple of str
        Days ahead that the timeline marks.
    trend : Trend or None
        Score over time; None where there was none on any of its days.
    """

    incidents: tuple[IncidentRow, ...]
    total: int
    before: int
    left: int
    timeline: str
    victims: int | None
    spells: tuple[str, ...]
    coming: tuple[str, ...]
    trend: Trend | None


@dataclass(frozen=True, eq=False, repr=False)
class Person:
    """One person of a pack.

    Parameters
    ----------
    anchor : str
        Where the person's page stands in the document.
    one : Considered
        The person before the meeting.
    cells : mapping of str to Any
        What the list says of the person, by the names of ``cohort.csv``; None where it says nothing.
    moved : Moved or None
        The change since the previous run; None without one.
    rank : str
        Rank in words, with those who share it.
    score, most : str
        Points, blank for people who are not scored, and the most there are (blank where there is no most).
    bar : str
        Inline SVG of the parts, on the scale of the pack; blank for people who are not scored.
    parts : tuple of Told
        The parts.
    facts : tuple of (str, str)
        Pathway, owner and review date of the recorded decision.
    decided : str
        The recorded decision in words; blank where the routes tell of it.
    flags : tuple of Flag
        Flags in the order in which they are shown.
    custody : str
        Custody on the day in words; blank without a custody table.
    outlook : tuple of str
        What may come, a sentence each.
    record : Record or None
        What is on record; None for people without any line.
    risk : RiskTold or None
        What a model of escalation risk says; None where it says nothing.
    """

    anchor: str
    one: Considered
    cells: Mapping[str, Any]
    moved: Moved | None
    rank: str
    score: str
    most: str
    bar: str
    parts: tuple[Told, ...]
    facts: tuple[tuple[str, str], ...]
    decided: str
    flags: tuple[Flag, ...]
    custody: str
    outlook: tuple[str, ...]
    record: Record | None
    risk: RiskTold | None = None


def people_of(
    scored: Scored,
    source: Source,
    cohort: Cohort,
    chosen: Sequence[tuple[Considered, Explanation]],
    risks: Risks | None = None,
) -> tuple[Person, ...]:
    """Return people as a pack shows them.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    source : Source
        What the reader kept.
    cohort : Cohort
        Who is considered, and how they stand against the previous run.
    chosen : sequence of (Considered, Explanation)
        Whom to show, in the order of the pack.
    risks : Risks or None
        What a model says of everyone scored; None without one.

    Returns
    -------
    tuple of Person
        In that order.
    """
    across, each = extents([told for _, told in chosen])
    records = _records(scored, source, cohort, chosen)
    out = []
    for place, (one, told) in enumerate(chosen, start=1):
        cells, record = _cells(scored, one, told), records.get(one.person)
        change = cohort.changes.get(one.person)
        bars = told.bars()
        counts, shown = (0, 0), 0
        if record is not None:
            counts, shown = (record.total - record.before, record.total), len(record.incidents)
        out.append(
            Person(
                anchor=f"person-{place}",
                one=one,
                cells=cells,
                moved=None if change is None else moved(change),
                rank=_rank(cells),
                score="" if cells["score"] is None else number(cells["score"]),
                most="" if scored.max_score is None else number(scored.max_score),
                bar=score_bar(bars, scored.max_score, extent=across, width=232, height=20) if bars else "",
                parts=tuple(told_part(part, each, counts, shown) for part in told.parts),
                facts=decided_facts(one, scored.as_of),
                decided="" if one.decision and "carried" in dict(one.why) else decided_words(one),
                flags=_flags(one),
                custody=_custody(scored, one),
                outlook=tuple(prospect.sentence for prospect in told.outlook.told()),
                record=record,
                risk=risk_told(scored, risks, one.place, told),
            )
        )
    return tuple(out)


def _cells(scored: Scored, one: Considered, told: Explanation) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "perpetrator_id": one.person,
        "position": None,
        "rank": None,
        "tied_with": None,
        "score": None,
        "last_event_date": None,
        "worst_offence": None,
        "status": one.status,
        "pathway": one.pathway,
        "leaves_on": None if one.leaving is None else iso(one.leaving.day),
        "summary": told.summary,
    }
    if one.place is not None:
        ranked = bool(scored.eligible[one.place])
        for name in ("position", "rank", "tied_with"):
            cells[name] = int(getattr(scored.ranking, name)[one.place]) if ranked else None
        cells["score"] = scored.score[one.place].item()
        cells["last_event_date"] = iso(int(scored.walk.last_day[scored.people[one.place]]))
        cells["worst_offence"] = scored.worst_offence(one.place).label
    return cells


def _rank(cells: Mapping[str, Any]) -> str:
    if cells["rank"] is None:
        return "not scored" if cells["score"] is None else "not ranked"
    tied = cells["tied_with"]
    return f"{cells['rank']}, shared by {tied + 1}" if tied else str(cells["rank"])


def _flags(one: Considered) -> tuple[Flag, ...]:
    found = [flag for word, flag in flags().items() if word in one.flags]
    if one.place is not None:
        return tuple(found)
    return tuple(
        flag._replace(sentence=_NOT_HELD) if flag.word == "history_not_held" else flag for flag in found
    )


def _custody(scored: Scored, one: Considered) -> str:
    if scored.in_custody is None:
        return ""
    if one.in_custody is None:
        return "not known" + ("" if one.place is None else ": a custody row could not be used")
    if not one.in_custody:
        return "not in custody"
    if one.release == NO_DAY:
        return "in custody, no planned release known"
    passed = ", a day that has passed" if one.release < scored.as_of else ""
    return f"in custody, planned release {iso(one.release)}{passed}"


def _records(
    scored: Scored, source: Source, cohort: Cohort, chosen: Sequence[tuple[Considered, Explanation]]
) -> dict[str, Record]:
    """Return what is on record of everyone with lines, all timelines on one scale of weights."""
    held = [(one, told, one.number) for one, told in chosen if one.number is not None]
    cases = [Case(scored, -1 if one.place is None else one.place, person) for one, _, person in held]
    victims = [victims_of(case) for case in cases]
    found = [list(incidents_of(case, source, who)) for case, who in zip(cases, victims, strict=True)]
    grid = grid_weights([mark.weight for pairs in found for mark, _ in pairs])
    known = None if source.spells is None else source.spells.at(scored.as_of)
    courses = trends(scored, cohort, [person for _, _, person in held])
    out = {}
    for (one, told, person), who, pairs in zip(held, victims, found, strict=True):
        spells = () if known is None else spells_of(known, person, scored.as_of)
        inside = sum(row.inside for _, row in pairs)
        shown = latest_of([row for _, row in pairs])
        lanes = () if who is None else who.lanes
        drawn, coming = _timeline(scored, [mark for mark, _ in pairs], spells, grid, lanes, told)
        out[one.person] = Record(
            incidents=shown,
            total=len(pairs),
            before=len(pairs) - inside,
            left=len(pairs) - len(shown),
            timeline=drawn,
            victims=None if who is None else who.known,
            spells=tuple(in_words(spell, scored.as_of) for spell in spells),
            coming=coming,
            trend=courses.get(person),
        )
    return out


def _timeline(
    scored: Scored,
    marks: Sequence[Mark],
    spells: Sequence[Spell],
    grid: Sequence[float],
    lanes: Sequence[Lane],
    told: Explanation,
) -> tuple[str, tuple[str, ...]]:
    """Return the drawing, and the days ahead that it marks."""
    window = scored.config.score.window_days
    prospects = (
        (told.outlook.next_change, "next change with nothing new"),
        (told.outlook.leaves, "would leave the list"),
    )
    ahead = [(one.day, words) for one, words in prospects if one is not None and one.day is not None]
    near = in_reach(marks, ahead, as_of=scored.as_of, window_days=window)
    label = f"Timeline of {plural(len(marks), 'incident')}, {_inside(marks)} in the window"
    if lanes:
        counts = (f"{lane.label} {len(lane.marks)}, {_inside(lane.marks)} in the window" for lane in lanes)
        label += f"; by victim: {'; '.join(counts)}"
    label += "; the table tells of them"
    drawn = timeline(
        marks,
        spells,
        as_of=scored.as_of,
        window_days=window,
        grid=grid,
        coming=near,
        lanes=lanes,
        label=label,
    )
    return drawn, tuple(f"{words} {iso(day)}" for day, words in near)


def _inside(marks: Sequence[Mark]) -> int:
    return sum(mark.inside for mark in marks)
