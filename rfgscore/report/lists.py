"""The lists a meeting reads: cohort, monitoring, excluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.cohort import Cohort, Considered
from rfgscore.dates import NO_DAY
from rfgscore.escalation.risks import Risks
from rfgscore.explain import Explanation
from rfgscore.scoring import Scored
from rfgscore.tables import Column, Kind, Table

__all__ = ["cohort_table", "excluded_table", "monitoring_table"]


def cohort_table(
    scored: Scored, cohort: Cohort, explanations: Mapping[str, Explanation], risks: Risks | None = None
) -> Table:
    """Return the ranked list of ``cohort.csv``; the decision columns are empty.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    cohort : Cohort
        Who is considered.
    explanations : mapping of str to Explanation
        By id; their summaries stand in the list.
    risks : Risks or None
        What a model says of everyone scored; None without one.

    Returns
    -------
    Table
        Proposed, then reserve, then everyone else before the formal meeting, each by position.
    """
    return Table(_list_columns(scored, cohort, cohort.of("cohort"), explanations, risks))


def monitoring_table(
    scored: Scored, cohort: Cohort, explanations: Mapping[str, Explanation], risks: Risks | None = None
) -> Table:
    """Return the list of ``monitoring.csv``: people on whom a meeting decided not to take them on.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    cohort : Cohort
        Who is considered.
    explanations : mapping of str to Explanation
        By id.
    risks : Risks or None
        What a model says of everyone scored; None without one.

    Returns
    -------
    Table
        The columns of the cohort plus ``why``, by position. The review owner is for people to fill in.
    """
    people = cohort.of("monitoring")
    columns = _list_columns(scored, cohort, people, explanations, risks)
    why = [" ".join(sentence for _, sentence in one.why) for one in people]
    return Table({**columns, "why": Column.of("text", why)})


def excluded_table(scored: Scored) -> Table:
    """Return the people with a line in the window who are not eligible, in id order.

    Parameters
    ----------
    scored : Scored
        Everyone scored.

    Returns
    -------
    Table
        ``perpetrator_id, reason, detail, score``.
    """
    held = [(place, why) for place, why in enumerate(scored.exclusion) if why is not None]
    places = np.array([place for place, _ in held], np.int64)
    ids = scored.history.persons[scored.people[places]].tolist()
    return Table(
        {
            "perpetrator_id": Column.of("text", list(map(str, ids))),
            "reason": Column.of("text", [why.word for _, why in held]),
            "detail": Column.of("text", [why.detail for _, why in held]),
            "score": Column.of(scored.score_kind, scored.score[places]),
        }
    )


def _list_columns(
    scored: Scored,
    cohort: Cohort,
    people: Sequence[Considered],
    explanations: Mapping[str, Explanation],
    risks: Risks | None,
) -> dict[str, Column]:
    # Whoever has no line in the window has no place among those scored: every value of theirs is null.
    missing = np.array([one.place is None for one in people], np.bool_)
    places = np.array([-1 if one.place is None else one.place for one in people], np.int64)
    known = places[~missing]
    ranking = scored.ranking
    unranked = missing.copy()
    unranked[~missing] = ~scored.eligible[known]

    def blank(kind: Kind) -> Column:
        """A column that a later step, or a person, fills in."""
        nothing: list[Any] = [None] * len(people)
        return Column.of(kind, nothing)

    def among(kind: Kind, values: npt.NDArray[Any], null: npt.NDArray[np.bool_] = missing) -> Column:
        """A column of values that those scored have."""
        full = np.zeros(len(people), values.dtype)
        full[~missing] = values[known]
        return Column.of(kind, full, null)

    def risk() -> tuple[Column, Column]:
        """The figure of the longest horizon, and that horizon, of people of whom a model says anything."""
        if risks is None:
            return blank("float64"), blank("int32")
        silent = missing.copy()
        silent[~missing] = ~risks.known[known]
        days = np.full(len(risks.known), risks.horizons[-1], np.int64)
        return among("float64", risks.longest, silent), among("int32", days, silent)

    figure, horizon = risk()
    worst = [None if one.place is None else scored.worst_offence(one.place) for one in people]
    found = [cohort.changes.get(one.person) for one in people]
    before = [None if change is None else change.position_before for change in found]
    now = [None if one.place is None else int(ranking.position[one.place]) or None for one in people]
    moved = [None if a is None or b is None else a - b for a, b in zip(before, now, strict=True)]
    columns = {
        "position": among("int32", ranking.position, unranked),
        "rank": among("int32", ranking.rank, unranked),
        "tied_with": among("int32", ranking.tied_with, unranked),
        "perpetrator_id": Column.of("text", [one.person for one in people]),
        "score": among(scored.score_kind, scored.score),
        "max_score": Column.of("int32", [scored.max_score] * len(people)),
    }
    for part in scored.components:
        columns[f"{part.name}_value"] = among(part.kind, part.value)
        columns[f"{part.name}_points"] = among(part.points_kind, part.points)
    return columns | {
        "last_event_date": among("date", scored.walk.last_day[scored.people]),
        "worst_offence_code": Column.of("text", [None if grade is None else grade.code for grade in worst]),
        "worst_offence": Column.of("text", [None if grade is None else grade.label for grade in worst]),
        "escalation_risk": figure,
        "escalation_horizon_days": horizon,
        "status": Column.of("text", [one.status for one in people]),
        "pathway": Column.of("text", [one.pathway or None for one in people]),
        "entry_routes": Column.of("text", [";".join(one.routes) or None for one in people]),
        "flags": Column.of("text", [";".join(one.flags) or None for one in people]),
        "in_custody": Column.of("bool", [one.in_custody for one in people]),
        "next_release_date": Column.of(
            "date", [None if one.release == NO_DAY else one.release for one in people]
        ),
        "previous_position": Column.of("int32", before),
        "change": Column.of("int32", moved),
        "change_cause": Column.of(
            "text", [None if change is None else change.cause or None for change in found]
        ),
        "leaves_on": Column.of("date", [None if one.leaving is None else one.leaving.day for one in people]),
        "summary": Column.of("text", [explanations[one.person].summary for one in people]),
        "decision": blank("text"),
        "decided_by": blank("text"),
        "decision_date": blank("date"),
        "decision_reason": blank("text"),
        "review_owner": blank("text"),
    }
