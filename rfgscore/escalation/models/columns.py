"""Which columns a model can be fitted on, and why the others are left out or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FitError, TooFewEventsError
from rfgscore.escalation.tables import Covariates, Episodes

__all__ = ["COLLINEAR", "MIN_EVENTS_PER_COLUMN", "Separating", "check_events", "fit_columns", "row_order"]

Bool = npt.NDArray[np.bool_]
Separating = Literal["refuse", "drop"]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: A column is dropped when the columns before it leave less than this share of its variance unexplained: a
#: variance inflation above 10,000, or a correlation above 0.99995.
COLLINEAR: Final = 1e-4
#: A column varies when its range is more than this share of its largest value; less is rounding.
CONSTANT: Final = 1e-10
MIN_EVENTS_PER_COLUMN: Final = 10
#: Squares of more than this, and their sums, leave the range of a float.
_HUGE: Final = 1e100


def row_order(covariates: Covariates, episodes: Episodes) -> Int64:
    """Return the order in which rows are fitted, so that the order they come in never matters.

    Parameters
    ----------
    covariates : Covariates
        What was known of each row.
    episodes : Episodes
        The same rows.

    Returns
    -------
    numpy.ndarray
        int64 row numbers by person, origin, start, stop, end, then the columns.

    Raises
    ------
    FitError
        When the two have different numbers of rows, or a value is missing or beyond all measure.

    Examples
    --------
    >>> at = np.array([5, 3, 3], np.int32)
    >>> known = Covariates(("count",), np.array([[1.0], [2.0], [1.0]]), (1,), ("incidents",))
    >>> row_order(known, Episodes(at, at, at * 0, at, np.ones(3, np.int8))).tolist()
    [2, 1, 0]
    """
    if len(covariates) != len(episodes):
        raise FitError(
            f"there are {len(covariates)} rows of columns and {len(episodes)} episodes. "
            "Hand over one row of columns for each episode"
        )
    bad = ~(np.abs(covariates.values) < _HUGE).all(axis=0)
    if bad.any():
        raise FitError(
            f"values that are missing or beyond {_HUGE:g} in: "
            f"{_listed(covariates.names, np.flatnonzero(bad))}. Fill them in, or leave these columns out"
        )
    keys = [episodes.person, episodes.origin, episodes.start, episodes.stop, episodes.end]
    return np.lexsort([*covariates.values.T[::-1], *keys[::-1]])


def check_events(episodes: Episodes, columns: int, least: int = MIN_EVENTS_PER_COLUMN) -> None:
    """Refuse episodes in which too little happened.

    Parameters
    ----------
    episodes : Episodes
        Stretches under observation.
    columns : int
        How many columns a model is to learn from.
    least : int, default 10
        How many events each of them needs.

    Raises
    ------
    TooFewEventsError
        When nothing happened, or there are fewer than `least` events a column.
    FitError
        When all events fall on one day of the clock.

    Examples
    --------
    >>> at = np.arange(1, 31, dtype=np.int32)
    >>> check_events(Episodes(at, at, at * 0, at, np.ones(30, np.int8)), columns=3)
    """
    events = int(episodes.event.sum())
    rows, outcome = len(episodes), episodes.outcome
    if not events:
        raise TooFewEventsError(
            f"none of {rows} episodes ended by the event ({outcome}): all are censored, or ended otherwise. "
            "Choose a commoner outcome, an earlier training period or a longer follow-up"
        )
    if events == 1:
        raise TooFewEventsError(
            f"one event ({outcome}) in {rows} episodes is too few to learn from. Choose a commoner outcome, "
            "more landmarks or a longer follow-up"
        )
    if events < least * columns:
        raise TooFewEventsError(
            f"{events} events ({outcome}) in {rows} episodes are too few for {columns} columns: at {least} "
            f"events a column, {least * columns} are needed. Use at most {events // least} columns, more "
            "landmarks, a commoner outcome or a longer follow-up"
        )
    days = np.unique(episodes.stop[episodes.event])
    if len(days) == 1:
        raise FitError(
            f"all {events} events ({outcome}) fall on day {days[0]} of the clock: there is nothing to learn "
            "about time. Check how the dates were made, or take a longer follow-up"
        )


def fit_columns(
    covariates: Covariates,
    episodes: Episodes,
    min_events_per_column: int = MIN_EVENTS_PER_COLUMN,
    separating: Separating = "refuse",
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Say which columns a regression can be fitted on.

    A column that does not vary is dropped, and one that the columns before it explain but for `COLLINEAR` of
    its variance. A column that separates those with the event from those without is refused, or dropped: its
    coefficient would grow without end.

    Parameters
    ----------
    covariates : Covariates
        What was known of each row, finite.
    episodes : Episodes
        The same rows.
    min_events_per_column : int, default 10
        Events needed for each column kept.
    separating : str, default "refuse"
        What becomes of columns that separate: ``refuse`` or ``drop``. With ``drop``, as where nobody chose
        the columns, one that differs in fewer rows than it needs events is dropped, too.

    Returns
    -------
    kept : tuple of str
        Names of the columns to fit on, in the order given.
    dropped : tuple of (str, str)
        Names of the others, each with the reason.

    Raises
    ------
    TooFewEventsError
        When too little happened.
    FitError
        When no column is left, a column separates, or all events fall on one day.

    Examples
    --------
    >>> at = np.arange(1, 41, dtype=np.int32)
    >>> values = np.column_stack([at % 7, np.ones(40), 2.0 * (at % 7)])
    >>> known = Covariates(("count", "flag", "twice"), values, (0, 0, 0), ("", "", ""))
    >>> kept, dropped = fit_columns(known, Episodes(at, at, at * 0, at, (at % 2).astype(np.int8)))
    >>> kept, [name for name, why in dropped]
    (('count',), ['flag', 'twice'])
    >>> dropped[1]
    ('twice', 'repeats count (correlation 1)')
    """
    names, values = covariates.names, covariates.values
    check_events(episodes, 0)
    varies = np.ptp(values, axis=0) > CONSTANT * np.abs(values).max(axis=0)
    why = {names[at]: "the same in every row" for at in np.flatnonzero(~varies)}
    if separating == "drop":
        # A handful of rows tells nothing sure, and later rows may hold far more of it.
        for at in np.flatnonzero(varies):
            unlike = len(values) - int(np.unique(values[:, at], return_counts=True)[1].max())
            if unlike < min_events_per_column:
                why[names[at]] = f"the same in all but {unlike} of {len(values)} rows"
                varies[at] = False
    basis = _Basis(len(values))
    for at in np.flatnonzero(varies):
        repeated = basis.add(names[at], values[:, at])
        if repeated:
            why[names[at]] = repeated
    if not basis.names:
        raise FitError(
            f"no column is left of {len(names)}: each is the same in every row. Choose other features, or "
            "use a model without columns"
        )
    check_events(episodes, len(basis.names), min_events_per_column)
    apart = [
        at for at, name in enumerate(names) if name in basis.names and _separates(values[:, at], episodes)
    ]
    kept = tuple(name for name in basis.names if names.index(name) not in apart)
    if apart and (separating == "refuse" or not kept):
        raise FitError(
            f"columns that separate the episodes with the event ({episodes.outcome}) from those without: "
            f"{_listed(names, apart)}. On one side nothing happened, so their effect has no limit. "
            "Leave them out, join them with other columns, or fit on more episodes"
        )
    why |= {names[at]: "on one side of it nothing happened" for at in apart}
    return kept, tuple((name, why[name]) for name in names if name in why)


class _Basis:
    """Columns kept so far, as orthogonal directions."""

    def __init__(self, rows: int) -> None:
        self.names: list[str] = []
        self._columns = np.empty((rows, 0))
        self._directions = np.empty((rows, 0))

    def add(self, name: str, values: Float64) -> str:
        """Keep a column; or return what it repeats."""
        unit = values - values.mean()
        unit /= np.sqrt(unit @ unit)
        left = unit
        for _ in range(2):  # the second time for what rounding left of the first
            left = left - self._directions @ (self._directions.T @ left)
        if left @ left >= COLLINEAR:
            self.names.append(name)
            self._columns = np.column_stack([self._columns, unit])
            self._directions = np.column_stack([self._directions, left / np.sqrt(left @ left)])
            return ""
        alike = self._columns.T @ unit
        closest = int(np.argmax(np.abs(alike)))
        if alike[closest] ** 2 >= 1 - COLLINEAR:
            return f"repeats {self.names[closest]} (correlation {alike[closest]:.5g})"
        parts = np.linalg.lstsq(self._columns, unit, rcond=None)[0]
        return f"a combination of {_listed(self.names, np.flatnonzero(np.abs(parts) > 0.01))}"


def _separates(values: Float64, episodes: Episodes) -> bool:
    """Say whether the likelihood only grows as the coefficient goes to one end or the other."""
    event = episodes.event
    if not event.all():
        happened, not_so = values[event], values[~event]
        if happened.min() > not_so.max() or happened.max() < not_so.min():
            return True
    # The same where each event took the highest (or the lowest) of all who were still there.
    order = np.argsort(-episodes.stop, kind="stable")
    stop, sorted_values = episodes.stop[order], values[order]
    last = np.searchsorted(-stop, -episodes.stop[event], side="right") - 1
    highest = np.maximum.accumulate(sorted_values)[last]
    lowest = np.minimum.accumulate(sorted_values)[last]
    return bool((values[event] >= highest).all() or (values[event] <= lowest).all())


def _listed(names: Sequence[str], at: Sequence[int] | Int64) -> str:
    return ", ".join(names[i] for i in at)
