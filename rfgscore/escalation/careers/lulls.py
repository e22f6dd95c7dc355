"""Intermittency: how long people pause between incidents, how active they are, who has stopped so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from rfgscore.escalation.careers.rows import table_of
from rfgscore.escalation.careers.steps import followed_steps
from rfgscore.escalation.settings import day_of
from rfgscore.escalation.tables import Clock
from rfgscore.history.history import History
from rfgscore.tables import Kind, Table

__all__ = ["intermittency"]

Int64 = npt.NDArray[np.int64]

_KINDS: Final[Mapping[str, Kind]] = {
    "measure": "text",
    "at": "text",
    "value": "float64",
    "unit": "text",
    "n": "int64",
    "of": "text",
}
#: Gaps longer than so many days are told; years of quiet; days of a year.
LONG: Final = (90, 180, 365, 730)
QUIET: Final = (1, 2, 3, 5)
YEAR: Final = 365


def intermittency(history: History, until: dt.date | str | int, *, clock: Clock | None = None) -> Table:
    """Return how people pause between incidents, and how many have been quiet for years.

    Times are days at liberty where custody is known. A gap runs from the day of an incident to the day of
    the next; incidents of one day have none between them. Only gaps that ended are measured by ``gap``,
    ``longest_gap`` and ``time_in_gaps``: long ones are still open when the record ends, so these are too
    short; `after_nth` allows for that. Quiet so far is not desistance: ``resumed`` tells how many came back.

    Parameters
    ----------
    history : History
        The history.
    until : datetime.date, str or int
        Last day of the follow-up; nothing known later is used.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known.

    Returns
    -------
    Table
        ``measure, at, value, unit``, and ``n`` at risk ``of`` what (``gaps``, ``people``, ``stretches``); the
        value is null where n is 0.

        - ``gap``: quartiles of the gaps that ended.
        - ``longest_gap``: quartiles over people of their longest.
        - ``time_in_gaps``: of the time in gaps of all people, the share in gaps longer than `at`.
        - ``activity``: further incidents a year (of 365 days): ``while active``, between the first incident
          and the last, or ``while followed``, from the first to the end of the follow-up.
        - ``quiet``: of people followed for at least `at` since their first incident, the share without one
          in the last `at`.
        - ``resumed``: of the stretches that went on beyond `at` without an incident, the share that ended
          with one so far.

    Raises
    ------
    FollowUpError
        When `until` is after the data.
    DataError
        When the clock needs custody and there is none.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "a", "b"], day=[0, 100, 500, 0], gravity=[1] * 4)
    >>> table = intermittency(history, 500)
    >>> [row[1:3] for row in table.rows() if row[0] == "gap"]
    [('25 %', 100.0), ('50 %', 100.0), ('75 %', 400.0)]
    >>> [row[1:3] for row in table.rows() if row[0] == "time_in_gaps"]
    [('over 90 d', 1.0), ('over 180 d', 0.8), ('over 365 d', 0.8), ('over 730 d', 0.0)]
    """
    steps, episodes, row = followed_steps(history, day_of("until", until), clock)
    length, ended = np.zeros(len(steps), np.int64), np.zeros(len(steps), np.bool_)
    length[row] = episodes.stop.astype(np.int64) - episodes.start
    ended[row] = episodes.event
    gained = np.append(np.diff(steps.count), 0) * ended  # incidents of the day that ended the gap
    whose = np.cumsum(steps.first) - 1
    persons = int(steps.first.sum())
    total = np.bincount(whose, length, minlength=persons)
    longest = np.zeros(persons, np.int64)
    np.maximum.at(longest, whose[ended], length[ended])
    gaps, last = length[ended], length[steps.last]
    rows: list[tuple[str, str, float | None, str, int, str]] = []
    for measure, values, of in (("gap", gaps, "gaps"), ("longest_gap", longest[longest > 0], "people")):
        for share in (25, 50, 75):
            value = float(np.quantile(values, share / 100, method="inverted_cdf")) if len(values) else None
            rows.append((measure, f"{share} %", value, "days", len(values), of))
    active = int((longest > 0).sum())
    for days in LONG:
        part = _share(gaps[gaps > days].sum(), gaps.sum())
        rows.append(("time_in_gaps", f"over {days} d", part, "share", active, "people"))
    for at, time, n in (("active", gaps.sum(), active), ("followed", total.sum(), int((total > 0).sum()))):
        rate = _share(YEAR * gained.sum(), time)
        rows.append(("activity", f"while {at}", rate, "incidents a year", n, "people"))
    for years in QUIET:
        quiet, n = int((last >= years * YEAR).sum()), int((total >= years * YEAR).sum())
        rows.append(("quiet", _years(years), _share(quiet, n), "share", n, "people"))
    for years in QUIET:
        beyond = length > years * YEAR
        n = int(beyond.sum())
        rows.append(("resumed", _years(years), _share((beyond & ended).sum(), n), "share", n, "stretches"))
    return table_of(_KINDS, rows)


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
