"""The two meeting packs of a cycle: plain data into templates that escape everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rfgscore.cohort.considered import Cohort, Considered
from rfgscore.dates import iso
from rfgscore.escalation.risks import Risks
from rfgscore.explain import Explanation
from rfgscore.report.page.account import account_of
from rfgscore.report.page.agenda import by_route, since_rows
from rfgscore.report.page.listing import choices, groups, not_shown
from rfgscore.report.page.people import people_of
from rfgscore.report.page.render import rendered
from rfgscore.report.page.risk import model_of
from rfgscore.report.page.trend import EVERY
from rfgscore.report.page.words import PARTS, css_text, flags, illustrative, long_date
from rfgscore.scoring import Scored
from rfgscore.tables import Table

__all__ = ["pack_bytes"]

#: Characters of an id for which the margin of a sheet has room.
_MARGIN = 32

_LISTS = {"formal": "cohort", "monitoring": "monitoring"}


def pack_bytes(
    *,
    kind: Literal["formal", "monitoring"],
    scored: Scored,
    cohort: Cohort,
    listed: Table,
    explanations: Sequence[Explanation],
    since: Table,
    summary: Table,
    excluded: Table,
    manifest: Mapping[str, Any],
    marking: str,
    risks: Risks | None = None,
) -> bytes:
    """Return the pack of a meeting as an HTML page that stands alone.

    It asks nothing of any network, names no victim, and holds no decision of the program: the boxes for
    decisions are empty. Its only script is our own, sorts and filters the list, and may be missing.
    Everything in a pack is in the other files of the output set too. Equal data give equal bytes, in any
    order of rows.

    Parameters
    ----------
    kind : {"formal", "monitoring"}
        The formal meeting's pack tells of the people of ``cohort.csv``; that of the monitoring meeting of the
        people of ``monitoring.csv``, of everyone to be released, referred or emerging, and of the managed.
    scored : Scored
        Everyone scored, from a history that was read from files.
    cohort : Cohort
        Who is considered.
    listed : Table
        ``cohort.csv`` or ``monitoring.csv``.
    explanations : sequence of Explanation
        One a person, in the order of ``cohort.considered``.
    since : Table
        What became known of managed and monitored people since the last meeting.
    summary, excluded : Table
        Counts by area, and the people who are not eligible.
    manifest : mapping of str to Any
        The manifest; its ``outputs`` are not used.
    marking : str
        Protective marking, shown at the top and the foot, and on every printed page; blank for none.
    risks : Risks or None
        What a model of escalation risk says of everyone scored; without one the pack says nothing of risk.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    ValueError
        When the history was not read from files, or the people considered, the list and the explanations do
        not agree.
    """
    source = scored.history.source
    if source is None:
        raise ValueError("a pack needs a history that was read from files")
    wanted = cohort.of(_LISTS[kind])
    if [told.perpetrator_id for told in explanations] != [one.person for one in cohort.considered]:
        raise ValueError("explanations: one for each person considered, in that order")
    if listed["perpetrator_id"] != [one.person for one in wanted]:
        raise ValueError("listed: not the list of this pack")
    told_of = {told.perpetrator_id: told for told in explanations}
    chosen = [*wanted, *(() if kind == "formal" else _beside(cohort, since))]
    people = people_of(scored, source, cohort, [(one, told_of[one.person]) for one in chosen], risks)
    on_list = people[: len(wanted)]
    raised = {flag.word for person in people for flag in person.flags}
    news = since_rows(since, people)
    text = rendered(
        "page.html",
        kind=kind,
        name=scored.config.name,
        marking=marking,
        as_of=long_date(scored.as_of),
        extract=long_date(source.extract),
        since_day=iso(cohort.since),
        previous=None if cohort.previous is None else long_date(cohort.previous.as_of),
        manifest=manifest,
        score=scored.config.score,
        settings=scored.config.cohort,
        illustrative=illustrative(scored.config),
        people=people,
        listed=on_list,
        sheets=[(person.anchor, css_text(_running(person.cells))) for person in people],
        groups=groups(scored, on_list),
        choices=choices(on_list),
        statuses={
            word: sum(one.status == word for one in wanted)
            for word in dict.fromkeys(one.status for one in wanted)
        },
        parts=[(part.name, PARTS[part.name]) for part in scored.components],
        flags=[flag for word, flag in flags().items() if word in raised],
        held=scored.in_custody is not None,
        leaves=any(person.cells["leaves_on"] is not None for person in people),
        every=EVERY,
        since=news,
        since_of={row.person.anchor: row for row in news},
        releases=by_route(people, "release"),
        referrals=by_route(people, "referral"),
        emerging=by_route(people, "emerging"),
        not_shown=not_shown(scored, cohort, since),
        monitored=len(cohort.of("monitoring")),
        told={
            "planned": source.told.custody is not None
            and "planned_release" in source.told.custody.raw.columns,
            "referrals": source.told.referrals is not None,
            "decisions": source.told.decisions is not None or cohort.previous is not None,
        },
        hidden=cohort.not_shown,
        not_assessed=sorted(cohort.not_assessed.items()),
        account=account_of(source, scored.config, summary, excluded, manifest) if kind == "formal" else None,
        model=model_of(scored, risks) if kind == "formal" else None,
        tie_words=scored.tie_words,
        yaml=scored.config.to_yaml(),
        running=css_text(f"{scored.config.name}, as of {manifest['as_of']}. People decide."),
        running_mark=css_text(marking),
    )
    return text.encode("utf-8")


def _beside(cohort: Cohort, since: Table) -> list[Considered]:
    """Return who of the formal list stands on the agenda of a monitoring meeting."""
    managed = set(since["perpetrator_id"])
    agenda = {"release", "referral", "emerging"}
    return [
        one
        for one in cohort.of("cohort")
        if one.person in managed or any(word.split(":")[0] in agenda for word, _ in one.why)
    ]


def _running(cells: Mapping[str, Any]) -> str:
    """Return what stands in the margin of every sheet of a person, so that none goes astray."""
    person, position = cells["perpetrator_id"], cells["position"]
    short = person if len(person) <= _MARGIN else f"{person[:_MARGIN]}..."
    return short if position is None else f"{position}. {short}"
