"""The lists a meeting reads: cohort, monitoring, excluded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.cohort import Cohort
from rfgscore.dates import NO_DAY
from rfgscore.explain import Explanation
from rfgscore.scoring import Scored
from rfgscore.tables import Column, Kind, Table

__all__ = ["cohort_table", "excluded_table", "monitoring_table"]


def cohort_table(scored: Scored, cohort: Cohort, explanations: Sequence[Explanation]) -> Table:
    """Return the ranked list of ``cohort.csv``; the decision columns are empty.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    cohort : Cohort
        Who is on the list.
    explanations : sequence of Explanation
        One a person, in list order; their summaries stand in the list.

    Returns
    -------
    Table
        Proposed, then reserve, each by position.
    """
    summaries = [explained.summary for explained in explanations]
    return Table(_list_columns(scored, cohort, summaries))


def monitoring_table(scored: Scored) -> Table:
    """Return the list of ``monitoring.csv``.

    Parameters
    ----------
    scored : Scored
        Everyone scored.

    Returns
    -------
    Table
        The columns of the cohort plus ``why``. Only a recorded decision puts a person here, so it has
        no rows.
    """
    columns = _list_columns(scored, Cohort(np.zeros(0, np.int64), (), (), ()), ())
    return Table({**columns, "why": Column.of("text", [])})


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
    return Table(
        {
            "perpetrator_id": Column.of("text", _ids(scored, places)),
            "reason": Column.of("text", [why.word for _, why in held]),
            "detail": Column.of("text", [why.detail for _, why in held]),
            "score": Column.of(scored.score_kind, scored.score[places]),
        }
    )


def _ids(scored: Scored, places: npt.NDArray[np.int64]) -> list[str]:
    return [str(person) for person in scored.history.persons[scored.people[places]].tolist()]


def _list_columns(scored: Scored, cohort: Cohort, summaries: Sequence[str]) -> dict[str, Column]:
    places = cohort.places
    listed = places.tolist()
    who = scored.people[places]
    ranking = scored.ranking

    def blank(kind: Kind) -> Column:
        """A column that a later step, or a person, fills in."""
        nothing: list[Any] = [None] * len(listed)
        return Column.of(kind, nothing)

    in_custody, planned = blank("bool"), blank("date")
    if scored.in_custody is not None:
        held = scored.in_custody[places]
        # A spell known to be open says enough; without one, a row that could not be used leaves it open.
        in_custody = Column.of("bool", held, scored.custody_in_doubt[places] & ~held)
        planned = Column.of("date", np.where(held, scored.planned[places], NO_DAY))
    worst = [scored.worst_offence(place) for place in listed]
    columns = {
        "position": Column.of("int32", ranking.position[places]),
        "rank": Column.of("int32", ranking.rank[places]),
        "tied_with": Column.of("int32", ranking.tied_with[places]),
        "perpetrator_id": Column.of("text", _ids(scored, places)),
        "score": Column.of(scored.score_kind, scored.score[places]),
        "max_score": Column.of("int32", [scored.max_score] * len(listed)),
    }
    for part in scored.components:
        columns[f"{part.name}_value"] = Column.of(part.kind, part.value[places])
        columns[f"{part.name}_points"] = Column.of(part.points_kind, part.points[places])
    return columns | {
        "last_event_date": Column.of("date", scored.walk.last_day[who]),
        "worst_offence_code": Column.of("text", [grade.code for grade in worst]),
        "worst_offence": Column.of("text", [grade.label for grade in worst]),
        "escalation_risk": blank("float64"),
        "escalation_horizon_days": blank("int32"),
        "status": Column.of("text", cohort.status),
        "pathway": blank("text"),
        "entry_routes": Column.of("text", [";".join(sorted(words)) for words in cohort.routes]),
        "flags": Column.of("text", [";".join(scored.flags[place]) or None for place in listed]),
        "in_custody": in_custody,
        "next_release_date": planned,
        "previous_position": blank("int32"),
        "change": blank("int32"),
        "change_cause": blank("text"),
        "leaves_on": Column.of("date", [None if left is None else left.day for left in cohort.leaving]),
        "summary": Column.of("text", summaries),
        "decision": blank("text"),
        "decided_by": blank("text"),
        "decision_date": blank("date"),
        "decision_reason": blank("text"),
        "review_owner": blank("text"),
    }
