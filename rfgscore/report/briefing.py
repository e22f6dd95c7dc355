"""The area briefing: whom a meeting took on, as a front-line team may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rfgscore.cohort.considered import Cohort, Considered
from rfgscore.dates import NO_DAY, iso
from rfgscore.explain.case import Case, not_crimes, plural
from rfgscore.report.page.render import rendered
from rfgscore.report.page.words import Flag, css_text, flags, long_date, route_words
from rfgscore.report.recipients import hidden_titles, may_see
from rfgscore.scoring import Scored
from rfgscore.tables import Column, Kind, Table

__all__ = ["briefing_bytes", "briefing_table"]

#: Every field a briefing can carry, in order; recipients.csv says who sees which.
_FIELDS: dict[str, Kind] = {
    "perpetrator_id": "text",
    "area": "text",
    "status": "text",
    "pathway": "text",
    "owner": "text",
    "meeting_date": "date",
    "decided_by": "text",
    "decision_reason": "text",
    "review_by": "date",
    "deceased_date": "date",
    "in_custody": "bool",
    "next_release_date": "date",
    "record": "text",
    "entry_routes": "text",
    "summary": "text",
}


@dataclass(frozen=True, eq=False, repr=False)
class _Person:
    """One person as the page shows them: only what the table of the briefing holds.

    Parameters
    ----------
    person : str
        Id.
    notice : str
        What is to be said before all else; blank where nothing is.
    facts : tuple of (str, str)
        Names and words.
    flags : tuple of Flag
        In the order in which flags are shown.
    sentences : tuple of str
        Why the person is on the page.
    """

    person: str
    notice: str
    facts: tuple[tuple[str, str], ...]
    flags: tuple[Flag, ...]
    sentences: tuple[str, ...]


def briefing_table(
    cohort: Cohort,
    *,
    summaries: Mapping[str, str],
    profile: str = "frontline",
    scored: Scored | None = None,
) -> Table:
    """Return whom a meeting took on, with the fields that a recipient may see.

    People with a recorded decision to manage them, and those an earlier run carried with a pathway. Nobody
    else: on the others no meeting has decided to act.

    Parameters
    ----------
    cohort : Cohort
        Who is considered.
    summaries : mapping of str to str
        The score of each person in a sentence, by id.
    profile : str, optional
        Profile of the recipient.
    scored : Scored, optional
        Everyone scored; without it nothing is told of the record or of a death.

    Returns
    -------
    Table
        By area in code-point order, people without one last, then in list order; ``flags`` holds the
        visible ones.

    Raises
    ------
    ValueError
        When there is no such profile, or the table of recipients lacks a field.
    """
    people = sorted(
        (one for one in cohort.considered if _taken_on(one)), key=lambda one: (not one.area, one.area)
    )
    rows = [_cells(one, summaries, scored) for one in people]
    columns = {
        name: Column.of(kind, [row[name] for row in rows])
        for name, kind in _FIELDS.items()
        if may_see(profile, name)
    }
    told = [[word for word in one.flags if may_see(profile, f"flag:{word}")] for one in people]
    columns["flags"] = Column.of("text", [";".join(words) or None for words in told])
    return Table(columns)


def briefing_bytes(
    cohort: Cohort,
    *,
    as_of: int,
    name: str,
    summaries: Mapping[str, str],
    marking: str | None = None,
    profile: str = "frontline",
    scored: Scored | None = None,
) -> bytes:
    """Return the area briefing as an HTML page that stands alone.

    It names no victim and no incident, runs no script, asks nothing of any network, and says what it leaves
    out and where that is laid down. All that stands on it of a person comes from `briefing_table`.

    Parameters
    ----------
    cohort : Cohort
        Who is considered.
    as_of : int
        Day looked at.
    name : str
        Name of the settings.
    summaries : mapping of str to str
        The score of each person in a sentence, by id.
    marking : str, optional
        Protective marking, at the top and the foot, and on every printed page.
    profile : str, optional
        Profile of the recipient.
    scored : Scored, optional
        Everyone scored; without it nothing is told of the record or of a death.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    ValueError
        When there is no such profile, or the table of recipients lacks a field.
    """
    table = briefing_table(cohort, summaries=summaries, profile=profile, scored=scored)
    areas: dict[str, list[_Person]] = {}
    for row in table.rows():
        cells = dict(zip(table.columns, row, strict=True))
        areas.setdefault(cells.get("area") or "Area not known", []).append(_shown(cells))
    hidden = hidden_titles(profile)
    text = rendered(
        "briefing.html",
        name=name,
        as_of=long_date(as_of),
        profile=profile,
        hidden=hidden,
        marking=marking or "",
        areas=[
            (f"area-{place}", area, people) for place, (area, people) in enumerate(areas.items(), start=1)
        ],
        total=len(table),
        running=css_text(f"{name}, as of {iso(as_of)}. People decide."),
        running_mark=css_text(marking or ""),
    )
    return text.encode("utf-8")


def _taken_on(one: Considered) -> bool:
    if one.status == "managed":
        return True
    return one.status == "carried" and one.listed == "cohort" and bool(one.pathway)


def _cells(one: Considered, summaries: Mapping[str, str], scored: Scored | None) -> dict[str, Any]:
    """Return every field of a person; null where it is not known."""
    decision = one.decision if one.status == "managed" else None
    decided: dict[str, Any] = dict.fromkeys(
        ("owner", "meeting_date", "decided_by", "decision_reason", "review_by")
    )
    if decision is not None:
        decided = {
            "owner": decision.owner or None,
            "meeting_date": decision.meeting,
            "decided_by": decision.decided_by or None,
            "decision_reason": decision.reason or None,
            "review_by": decision.review_by,
        }
    return decided | {
        "perpetrator_id": one.person,
        "area": one.area or None,
        "status": one.status,
        "pathway": one.pathway or None,
        "deceased_date": None if scored is None else _died(one, scored),
        "in_custody": one.in_custody,
        "next_release_date": one.release,
        "record": None if scored is None else _record(one, scored),
        "entry_routes": ";".join(one.routes) or None,
        "summary": summaries.get(one.person),
    }


def _died(one: Considered, scored: Scored) -> int:
    """Return the recorded day of death, where it has come."""
    source = scored.history.source
    if source is None:
        return NO_DAY
    if one.number is not None:
        died = int(source.deceased[one.number])
    else:
        died = source.told.facts([one.person], scored.as_of)[one.person].deceased
    return died if died <= scored.as_of else NO_DAY


def _record(one: Considered, scored: Scored) -> str:
    """Say what is on record of a person, naming no incident and no victim."""
    window = f"the {plural(scored.config.score.window_days, 'day')} to {iso(scored.as_of)}"
    if one.number is None:
        return "No record of this person is held here."
    if one.place is None:
        return f"No record in {window}; there are earlier ones."
    case = Case(scored, one.place)
    incidents = case.incidents(case.inside)
    return (
        f"Named as suspect in {plural(len(incidents), 'incident')}{not_crimes(case, incidents)} in {window}, "
        f"the latest on {iso(int(scored.walk.last_day[case.person]))}, the gravest recorded as "
        f"{scored.worst_offence(one.place).label}."
    )


def _shown(cells: Mapping[str, Any]) -> _Person:
    """Return a row of the table as the page shows it."""
    named = (("pathway", "Pathway"), ("owner", "Owner"), ("meeting_date", "Taken on by the meeting of"),
             ("decided_by", "Decided by"), ("review_by", "Review by"))  # fmt: skip
    facts = [(title, str(cells[field] or "none recorded")) for field, title in named if field in cells]
    if cells.get("entry_routes"):
        facts.append(("Routes", ", ".join(map(route_words, cells["entry_routes"].split(";")))))
    if cells.get("in_custody") is not None:
        facts.append(("Custody", _custody(cells)))
    held = set((cells["flags"] or "").split(";"))
    died = cells.get("deceased_date")
    told = [cells.get("record"), cells.get("decision_reason"), cells.get("summary")]
    if cells.get("status") == "carried":
        told.insert(
            0, "Carried from an earlier run: no decision of a meeting is recorded in the table given."
        )
    return _Person(
        person=cells["perpetrator_id"],
        notice="" if died is None else f"Recorded as deceased on {died.isoformat()}.",
        facts=tuple(facts),
        flags=tuple(flag for word, flag in flags().items() if word in held),
        sentences=tuple(text for text in told if text),
    )


def _custody(cells: Mapping[str, Any]) -> str:
    if not cells["in_custody"]:
        return "not in custody"
    release = cells.get("next_release_date")
    return "in custody, " + ("no planned release known" if release is None else f"planned release {release}")
