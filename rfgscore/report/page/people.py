"""The people of the page: rows of the list, and what stands on the page of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rfgscore.cohort import Cohort
from rfgscore.dates import iso
from rfgscore.explain import Explanation, Part, number
from rfgscore.explain.bars import Extent, part_bar, score_bar
from rfgscore.explain.case import Case, plural
from rfgscore.history.source import Source
from rfgscore.report.page.incidents import IncidentRow, in_words, incidents_of, latest_of, spells_of
from rfgscore.report.page.timeline import Mark, Spell, grid_weights, in_reach, timeline
from rfgscore.report.page.words import PARTS, Flag, flags
from rfgscore.scoring import Scored
from rfgscore.tables import Table

__all__ = ["Group", "Person", "groups", "listed_people"]

#: Evidence of more incidents than this is not named twice where it is all of those in the table.
_NAMED = 4


class Told(NamedTuple):
    """One part of a score as the page shows it.

    Parameters
    ----------
    name, title : str
        The component, and its name in a heading.
    value : str
        Its value with what it counts.
    got, points : str
        Points, and points of the most there are; blank for a part without points.
    bar : str
        Inline SVG; blank for a part without points.
    sentence : str
        The part in plain English.
    evidence : tuple of str
        Incidents or records behind it.
    all_of : str
        What the evidence is all of, where naming it again would be a wall of text; else blank.
    """

    name: str
    title: str
    value: str
    got: str
    points: str
    bar: str
    sentence: str
    evidence: tuple[str, ...]
    all_of: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


@dataclass(frozen=True, eq=False, repr=False)
class Person:
    """One person of the list.

    Parameters
    ----------
    anchor : str
        Where the person's page stands in the document.
    cells : dict
        The person's row of ``cohort.csv``.
    rank : str
        Rank in words, with those who share it.
    score, most : str
        Points, and the most there are (blank where there is no most).
    bar : str
        Inline SVG of the parts, on the scale of the list.
    parts : tuple of Told
        The parts.
    flags : tuple of Flag
        Flags in the order in which they are shown.
    custody : str
        Custody on the day in words; blank without a custody table.
    incidents : tuple of IncidentRow
        Incidents of the table, the latest first.
    on_record, before : int
        How many there are, and how many of them lie before the window.
    left : int
        How many before the window stand in no row of the table.
    timeline : str
        Inline SVG.
    spells : tuple of str
        Days in custody in words.
    coming : tuple of str
        Days ahead that the timeline marks.
    outlook : tuple of str
        What may come, a sentence each.
    """

    anchor: str
    cells: dict[str, Any]
    rank: str
    score: str
    most: str
    bar: str
    parts: tuple[Told, ...]
    flags: tuple[Flag, ...]
    custody: str
    incidents: tuple[IncidentRow, ...]
    on_record: int
    before: int
    left: int
    timeline: str
    spells: tuple[str, ...]
    coming: tuple[str, ...]
    outlook: tuple[str, ...]


class Group(NamedTuple):
    """People of one status, and the cut below them.

    Parameters
    ----------
    status : str
        ``proposed``, ``reserve`` or another closed word.
    title : str
        What it means.
    people : tuple of Person
        In list order.
    cut : str
        What is to be said of the line drawn below; blank where no cut lies there.
    """

    status: str
    title: str
    people: tuple[Person, ...]
    cut: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


_TITLES = {
    "proposed": "Proposed for the meeting to look at: within capacity",
    "reserve": "In reserve: the next positions",
    "referred": "On the list by referral",
    "release": "On the list by a coming release",
    "carried": "Managed or monitored by an earlier decision",
    "emerging": "On the list by an emerging rule",
    "undecided": "Considered before without a recorded decision",
}


def listed_people(
    scored: Scored, source: Source, cohort: Cohort, listed: Table, explanations: Sequence[Explanation]
) -> tuple[Person, ...]:
    """Return everyone on the list as the page shows them.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    source : Source
        What the reader kept.
    cohort : Cohort
        Who is on the list.
    listed : Table
        The list as ``cohort.csv`` holds it.
    explanations : sequence of Explanation
        One a person, in list order.

    Returns
    -------
    tuple of Person
        In list order.
    """
    cases = [Case(scored, place) for place in cohort.places.tolist()]
    spells = None if source.spells is None else source.spells.at(scored.as_of)
    found = [list(incidents_of(case, source)) for case in cases]
    grid = grid_weights([mark.weight for pairs in found for mark, _ in pairs])
    across, each = _extents(explanations)
    names = list(listed.columns)
    rows = [dict(zip(names, row, strict=True)) for row in listed.rows()]
    out = []
    people = zip(cases, rows, explanations, found, strict=True)
    for place, (case, cells, told, incidents) in enumerate(people, start=1):
        held = () if spells is None else spells_of(spells, case.person, scored.as_of)
        inside = sum(row.inside for _, row in incidents)
        shown = latest_of([row for _, row in incidents])
        counts = (inside, len(incidents))
        drawn, coming = _timeline(scored, [mark for mark, _ in incidents], held, grid, told)
        out.append(
            Person(
                anchor=f"person-{place}",
                cells=cells,
                rank=_rank(cells),
                score=number(told.score),
                most="" if told.max_score is None else number(told.max_score),
                bar=score_bar(told.bars(), told.max_score, extent=across, width=232, height=20),
                parts=tuple(_told(part, each, counts, len(shown)) for part in told.parts),
                flags=tuple(flag for word, flag in flags().items() if word in scored.flags[case.place]),
                custody=_custody(scored, cells),
                incidents=shown,
                on_record=len(incidents),
                before=len(incidents) - inside,
                left=len(incidents) - len(shown),
                timeline=drawn,
                spells=tuple(in_words(spell, scored.as_of) for spell in held),
                coming=coming,
                outlook=tuple(prospect.sentence for prospect in told.outlook.told()),
            )
        )
    return tuple(out)


def groups(scored: Scored, people: Sequence[Person]) -> tuple[Group, ...]:
    """Return the people of the list by status, with the cuts between them.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    people : sequence of Person
        In list order.

    Returns
    -------
    tuple of Group
        One for each run of people of one status.
    """
    runs: list[list[Person]] = []
    for person in people:
        if runs and runs[-1][0].cells["status"] == person.cells["status"]:
            runs[-1].append(person)
        else:
            runs.append([person])
    out = []
    for run in runs:
        status, last = run[0].cells["status"], run[-1].cells["position"]
        cut = _cut(scored, last) if status in ("proposed", "reserve") and last is not None else ""
        out.append(Group(status, _TITLES[status], tuple(run), cut))
    return tuple(out)


def _cut(scored: Scored, last: int) -> str:
    """Say between whom the list is cut after a position; blank where nobody is left to cut off."""
    ranked = int(scored.eligible.sum())
    if last >= ranked:
        return ""
    above, below = scored.in_list_order()[last - 1 : last + 1].tolist()
    if scored.config.cohort.capacity == last:
        words = f"Cut after position {last}: there is room for {last}."
    else:
        words = f"Cut after position {last}: the list ends. Ranked below it: {ranked - last}."
    if scored.score[above] != scored.score[below]:
        return words
    equals = int(scored.ranking.tied_with[above]) + 1
    words += f" It goes through a tie: {equals} people have {number(scored.score[above].item())} points each"
    if "cut_through_tie" in scored.flags[above] and "cut_through_tie" in scored.flags[below]:
        return words + ", and only the order of ids decides who is above it."
    order = ", ".join(scored.config.rank.tie_break)
    return words + f"; who is above it follows from {order}, in this order."


def _rank(cells: dict[str, Any]) -> str:
    if cells["rank"] is None:
        return "not ranked"
    tied = cells["tied_with"]
    return f"{cells['rank']}, shared by {tied + 1}" if tied else str(cells["rank"])


def _extents(explanations: Sequence[Explanation]) -> tuple[Extent, Extent]:
    """Return one axis for all score bars of the list, and one for all bars of single parts."""
    sums, single = [0.0], [0.0]
    for told in explanations:
        points = [value for _, value, _ in told.bars()]
        sums += [sum(value for value in points if value > 0), sum(value for value in points if value < 0)]
        single += [*points, *(most for _, _, most in told.bars() if most is not None)]
    return (min(sums), max(sums)), (min(single), max(single))


def _told(part: Part, extent: Extent, counts: tuple[int, int], shown: int) -> Told:
    got = bar = ""
    if part.points is not None:
        got = number(part.points)
        bar = part_bar((part.component, part.points, part.max_points), extent=extent, width=150, height=16)
    size, all_of = len(part.evidence), ""
    # One incident each, out of those of the person: as many as there are is all of them.
    if part.points is not None and size > _NAMED and size in counts:
        all_of = f"all {size} incidents {'in the window' if size == counts[0] else 'on record'}, "
        all_of += "below" if size <= shown else "the latest of them below"
    return Told(
        name=part.component,
        title=PARTS.get(part.component, part.component),
        value=_value(part),
        got=got,
        points=got if part.max_points is None else f"{got} of {part.max_points}",
        bar=bar,
        sentence=part.sentence,
        evidence=part.evidence,
        all_of=all_of,
    )


def _value(part: Part) -> str:
    if part.unit == "weight":
        return f"weight {number(part.value)}"
    one = {"days": "day", "days at liberty": "day at liberty"}.get(part.unit, part.unit.removesuffix("s"))
    return f"{number(part.value)} {one if part.value == 1 else part.unit}"


def _custody(scored: Scored, cells: dict[str, Any]) -> str:
    if scored.in_custody is None:
        return ""
    if cells["in_custody"] is None:
        return "not known: a custody row could not be used"
    if not cells["in_custody"]:
        return "not in custody"
    release = cells["next_release_date"]
    return "in custody, " + ("no planned release known" if release is None else f"planned release {release}")


def _timeline(
    scored: Scored,
    marks: Sequence[Mark],
    spells: Sequence[Spell],
    grid: Sequence[float],
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
    inside = sum(mark.inside for mark in marks)
    label = f"Timeline of {plural(len(marks), 'incident')}, {inside} in the window; the table tells of them"
    drawn = timeline(
        marks,
        spells,
        as_of=scored.as_of,
        window_days=window,
        grid=grid,
        coming=near,
        label=label,
    )
    return drawn, tuple(f"{words} {iso(day)}" for day, words in near)
