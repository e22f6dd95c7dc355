"""The chance and the delay of a further incident after the n-th."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from rfgscore.errors import ConfigError
from rfgscore.escalation.careers.incidence import Incidence
from rfgscore.escalation.careers.rows import Cell, table_of
from rfgscore.escalation.careers.steps import followed_steps
from rfgscore.escalation.settings import day_of
from rfgscore.escalation.tables import Clock, Episodes
from rfgscore.history.history import History
from rfgscore.tables import Kind, Table

__all__ = ["after_nth"]

_KINDS: Final[Mapping[str, Kind]] = {
    "after": "text",
    "within_days": "int32",
    "people": "int64",
    "at_risk": "int64",
    "left_out": "int64",
    "followed": "int64",
    "events": "int64",
    "competing": "int64",
    "chance": "float64",
    "lower": "float64",
    "upper": "float64",
    "delay_q1": "int32",
    "delay_median": "int32",
    "delay_q3": "int32",
}


def after_nth(
    history: History,
    until: dt.date | str | int,
    horizons: Sequence[int] = (90, 180, 365, 730),
    most: int = 10,
    *,
    clock: Clock | None = None,
) -> Table:
    """Return the chance and the delay of a further incident after the n-th recorded one.

    The clock begins on the day of the n-th incident and counts days at liberty where custody is known; a
    further incident k days at liberty later, that day included, comes at k. Chances are Aalen-Johansen
    estimates, exact with ties: death and transfer out rule a further incident out, and the end of the record
    does not. Several incidents on one day count together: after two on a first day, a person stands at 2. The
    first one recorded need not be the first there was: the record has a beginning.

    Parameters
    ----------
    history : History
        The history.
    until : datetime.date, str or int
        Last day of the follow-up; nothing known later is used.
    horizons : sequence of int
        Days on the clock, above 0.
    most : int
        From this number on, incidents are told together; each of a person's then makes a row of its own.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known.

    Returns
    -------
    Table
        By `after` (text, the last as ``10+``) and `within_days`. ``at_risk``: stretches followed from an n-th
        incident; ``people`` whose they are; ``left_out``: those without a day at risk; ``followed``: those
        still at risk on the day `within_days`; ``events``, ``competing``: how many ended so by then.
        ``chance`` with ``lower, upper`` (95 %, log-log scale; a person counts once, however many stretches
        are theirs; null where no interval can be told). ``delay_q1, delay_median, delay_q3``: quartiles of
        the delay, in days on the clock, of the further incidents that come by then, from the same estimate,
        so that what the end of the record hides is allowed for. All null where nobody was followed that far.

    Raises
    ------
    ConfigError
        When a horizon or `most` is not above 0.
    FollowUpError
        When `until` is after the data.
    DataError
        When the clock needs custody and there is none.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "b", "c"], day=[0, 30, 0, 0], gravity=[1] * 4)
    >>> table = after_nth(history, "1970-01-31", horizons=[30])
    >>> [(row[0], row[3], row[6], round(row[8], 3)) for row in table.rows() if row[3]]
    [('1', 3, 1, 0.333)]
    """
    if most < 1 or not horizons or min(horizons) < 1:
        raise ConfigError("horizons must be whole days above 0, at least one; most must be above 0")
    steps, episodes, row = followed_steps(history, day_of("until", until), clock)
    group = np.minimum(steps.count, most)
    lines = [
        line
        for nth in range(1, most + 1)
        for line in _lines(
            f"{nth}+" if nth == most else str(nth),
            episodes.take(group[row] == nth),
            int((group == nth).sum()),
            sorted(set(horizons)),
        )
    ]
    return table_of(_KINDS, lines)


def _lines(after: str, episodes: Episodes, rows: int, horizons: Sequence[int]) -> list[tuple[Cell, ...]]:
    """Return the rows of one number of incidents."""
    curve = Incidence(episodes)
    people, size = len(np.unique(episodes.person)), len(episodes)
    out: list[tuple[Cell, ...]] = []
    for days in horizons:
        by_then = episodes.stop <= days
        counts = (
            people,
            size,
            rows - size,
            curve.followed(days),
            int((episodes.event & by_then).sum()),
            int((episodes.competing & by_then).sum()),
        )
        out.append((after, days, *counts, *curve.chance(days), *curve.quartiles(days)))
    return out
