"""What happened later: people, incidents and harm in the calendar days after a landmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from rfgscore.escalation.outcomes import Incidents, Outcome, gravest_by, next_incident
from rfgscore.history.history import History

__all__ = ["AMOUNTS", "amounts_after", "unlisted"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Amounts by name, in words.
AMOUNTS: Final[Mapping[str, str]] = {
    "people": "people with the outcome",
    "incidents": "incidents",
    "serious": "incidents at or above the serious weight",
    "harm": "weights of the incidents added up",
    "harm_capped": "the same, no incident counting for more than the cap",
}


def amounts_after(
    history: History, incidents: Incidents, landmark: int, days: int, *, outcome: Outcome, cap: float
) -> dict[str, Float64]:
    """Return what each person did in the days ``(landmark, landmark + days]``.

    Parameters
    ----------
    history : History
        The history.
    incidents : Incidents
        Those known on its last day; one counts on the day it began.
    landmark : int
        Day looked at; what began on it or before counts for nothing.
    days : int
        Calendar days looked ahead.
    outcome : Outcome
        Whom ``people`` counts, and from which weight an incident is serious.
    cap : float
        Most that one incident adds to ``harm_capped``.

    Returns
    -------
    dict of str to numpy.ndarray
        float64 a person, by the names of `AMOUNTS`.

    Examples
    --------
    >>> from rfgscore.escalation.outcomes import incidents_of
    >>> history = History.from_arrays(person=[1, 1, 2, 2], day=[0, 9, 5, 30], gravity=[1, 900, 2, 7])
    >>> known = incidents_of(history, 30)
    >>> found = amounts_after(history, known, 4, 10, outcome=Outcome("repeat"), cap=500)
    >>> {name: found[name].tolist() for name in ("people", "serious", "harm", "harm_capped")}
    {'people': [1.0, 1.0], 'serious': [1.0, 0.0], 'harm': [900.0, 2.0], 'harm_capped': [500.0, 2.0]}
    """
    day = incidents.day.astype(np.int64)
    later = np.flatnonzero((day > landmark) & (day <= landmark + days))
    who, weight = incidents.person[later], incidents.gravity[later]

    def added(values: Float64 | None) -> Float64:
        return np.bincount(who, values, minlength=history.size).astype(np.float64)

    everyone, since = np.arange(history.size), np.full(history.size, landmark, np.int32)
    gravest = gravest_by(history, everyone, since) if outcome.name == "worse" else None
    found = next_incident(incidents, outcome, everyone, since, gravest)
    had = np.zeros(history.size)
    had[found >= 0] = day[found[found >= 0]] <= landmark + days
    return {
        "people": had,
        "incidents": added(None),
        "serious": added((weight >= outcome.serious_from).astype(np.float64)),
        "harm": added(weight),
        "harm_capped": added(np.minimum(weight, cap)),
    }


def unlisted(amount: Float64, people: Int64) -> float:
    """Return the share of an amount that people caused who were not at risk: no list could have held them.

    Parameters
    ----------
    amount : numpy.ndarray
        float64 of every person of the history.
    people : numpy.ndarray
        int64 numbers of the people at risk.

    Returns
    -------
    float
        From 0 to 1; NaN where nothing happened.

    Examples
    --------
    >>> unlisted(np.array([3.0, 1.0, 4.0]), np.array([0, 1]))
    0.5
    """
    total = float(amount.sum())
    return 1.0 - float(amount[people].sum()) / total if total > 0 else float("nan")
