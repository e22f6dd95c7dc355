"""Who came, who went and who moved since the previous run: the table of ``changes.csv``."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from rfgscore.cohort.considered import Cohort, Standing
from rfgscore.errors import InternalError
from rfgscore.tables import Column, Kind, Table

__all__ = ["CHANGE_COLUMNS", "changes_table"]

#: Columns of ``changes.csv``, in order.
CHANGE_COLUMNS: dict[str, Kind] = {
    "perpetrator_id": "text",
    "what": "text",
    "list_before": "text",
    "list_now": "text",
    "status_before": "text",
    "status_now": "text",
    "position_before": "int32",
    "position_now": "int32",
    "cause": "text",
    "sentence": "text",
}


def changes_table(cohort: Cohort, named: Container[str]) -> Table:
    """Return how everyone stands against the previous run.

    Parameters
    ----------
    cohort : Cohort
        Who is considered now, and who was before.
    named : container of str
        People who may be named though they are on no list now: those of today's scores. Of others nothing
        tells that they were not taken off, and they are left out.

    Returns
    -------
    Table
        Everyone considered, in list order; then those who left, by the list they were on, position and id.
        No rows without a previous run.

    Raises
    ------
    InternalError
        When of someone no change is told.
    """
    rows: list[tuple[Any, ...]] = []
    if cohort.previous is not None:
        rows = [_row(cohort, one.person, one.before, one.listed, one.status) for one in cohort.considered]
        now = {one.person for one in cohort.considered}
        left = [
            (_order(standing, person), person, standing)
            for person, standing in cohort.previous.listed.items()
            if person not in now and person in named
        ]
        rows += [_row(cohort, person, standing, None, None) for _, person, standing in sorted(left)]
    cells = list(zip(*rows, strict=True)) or [()] * len(CHANGE_COLUMNS)
    return Table(
        {
            name: Column.of(kind, column)
            for (name, kind), column in zip(CHANGE_COLUMNS.items(), cells, strict=True)
        }
    )


def _order(standing: Standing, person: str) -> tuple[bool, bool, int, str]:
    return standing.listed != "cohort", standing.position is None, standing.position or 0, person


def _row(
    cohort: Cohort, person: str, before: Standing | None, listed: str | None, status: str | None
) -> tuple[Any, ...]:
    change = cohort.changes.get(person)
    if change is None:
        raise InternalError("someone on the lists of now or of then has no change; please report it")
    return (
        person,
        change.what,
        None if before is None else before.listed,
        listed,
        None if before is None else before.status,
        status,
        change.position_before,
        change.position_now,
        change.cause or None,
        change.sentence or None,
    )
