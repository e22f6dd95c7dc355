"""What is known of a person on a day, as the columns of a model: all from the record, none of it later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, iso
from rfgscore.errors import ConfigError, DataError, did_you_mean
from rfgscore.escalation.exposure import Exposure
from rfgscore.escalation.keys import person_day
from rfgscore.escalation.protected import refuse_protected
from rfgscore.escalation.tables import Covariates
from rfgscore.history.history import History
from rfgscore.windows.features import Features, rfg
from rfgscore.windows.sliding import at_events
from rfgscore.windows.snapshot import snapshot

__all__ = ["COLUMNS", "ColumnSpec", "check_names", "columns_for", "covariates_at", "plain_value"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

#: Half-life of decayed counts, in days.
_HALF_LIFE: Final = 365
#: Unique days up to which each is looked at by a snapshot of its own, however quick there is another way.
_FEW_DAYS: Final = 40


class ColumnSpec(NamedTuple):
    """One column of a model.

    Parameters
    ----------
    label : str
        What it is, in words.
    unit : str
        Unit of the value before it is transformed; blank for a yes or no.
    monotone : int
        1 where more may only raise the risk, -1 only lower it, 0 either.
    log : bool
        Whether it enters as ``log(1 + value)``.
    """

    label: str
    unit: str
    monotone: int
    log: bool = True


#: Every column there is. W stands for the look-back in days. Custody columns need a custody table.
COLUMNS: Final[Mapping[str, ColumnSpec]] = {
    "days_since_last": ColumnSpec("days since the latest incident", "days", -1),
    "free_days_since_last": ColumnSpec("days at liberty since the latest incident", "days", 0),
    "incidents_90d": ColumnSpec("incidents in 90 days", "incidents", 1),
    "incidents_365d": ColumnSpec("incidents in 365 days", "incidents", 1),
    "incidents_window": ColumnSpec("incidents in the look-back", "incidents", 1),
    "older_incidents": ColumnSpec("incidents before the look-back", "incidents", 1),
    "decayed_incidents": ColumnSpec(f"incidents, each counting half after {_HALF_LIFE} days", "incidents", 1),
    "serious_incidents": ColumnSpec("serious incidents in the look-back", "incidents", 0),
    "gravity_max": ColumnSpec("gravest incident in the look-back", "weight", 0),
    "gravity_mean": ColumnSpec("mean gravity of incidents in the look-back", "weight", 0),
    "decayed_gravity": ColumnSpec(f"gravity, counting half after {_HALF_LIFE} days", "weight", 0),
    "victims": ColumnSpec("known victims in the look-back", "victims", 1),
    "new_victims": ColumnSpec("new victims in the look-back", "victims", 0),
    "non_crimes": ColumnSpec("incidents in the look-back that are no crime", "incidents", 0),
    "custody_days": ColumnSpec("days in custody in the look-back", "days", 0),
    "days_since_release": ColumnSpec("days since the latest release", "days", 0),
    "held": ColumnSpec("in custody on the day", "", 0, log=False),
    "age": ColumnSpec("age in years", "years", 0, log=False),
}
#: Taken only when asked for: what they tell is told by others, so that neither could be read alone; and age.
_ON_REQUEST: Final = ("incidents_365d", "gravity_mean", "new_victims", "days_since_release", "age")
_CUSTODY: Final = ("free_days_since_last", "custody_days", "days_since_release", "held")


def check_names(asked: Sequence[str], *, allow_age: bool = False) -> None:
    """Refuse names that are none of `COLUMNS`, or speak of a protected characteristic.

    Parameters
    ----------
    asked : sequence of str
        The names.
    allow_age : bool
        Whether age may be asked for.

    Raises
    ------
    ProtectedFeatureError
        When a protected characteristic is among them.
    ConfigError
        When a name is unknown, or there is none.

    Examples
    --------
    >>> check_names(["victims", "held"])
    """
    refuse_protected(map(str, asked), ("age",) if allow_age else ())
    for name in asked:
        if name not in COLUMNS:
            raise ConfigError(
                f"there is no column {name!r}; there are: {', '.join(COLUMNS)}{did_you_mean(name, COLUMNS)}"
            )
    if not asked:
        raise ConfigError("a model needs at least one column")


def columns_for(
    history: History, asked: Sequence[str] | None = None, *, allow_age: bool = False, as_of: int | None = None
) -> tuple[str, ...]:
    """Return the columns that a history can fill.

    Parameters
    ----------
    history : History
        The history.
    asked : sequence of str, optional
        Names of `COLUMNS`; by default those that the history can fill and that are not on request only.
    allow_age : bool
        Whether age may be asked for.
    as_of : int, optional
        Day looked at: lines not visible then say nothing; by default every line counts.

    Returns
    -------
    tuple of str
        In the order of `COLUMNS`.

    Raises
    ------
    ProtectedFeatureError
        When a protected characteristic is asked for.
    ConfigError
        When a name is unknown, or none is left.
    DataError
        When one asked for needs a table or a column that was not given.
    """
    source = history.source
    lacking: dict[str, str] = {}
    if source is None or source.spells is None:
        lacking |= dict.fromkeys(_CUSTODY, "a custody table")
    visible = slice(None) if as_of is None else history.visible(as_of)
    if not (history.victim[visible] >= 0).any():
        lacking |= dict.fromkeys(("victims", "new_victims"), "victim_id")
    if source is None or not source.dob_mapped:
        lacking["age"] = "dob"
    if asked is None:
        passed = {*lacking, *_ON_REQUEST} - ({"age"} if allow_age and "age" not in lacking else set())
        return tuple(name for name in COLUMNS if name not in passed)
    check_names(asked, allow_age=allow_age)
    for name in asked:
        if name in lacking:
            raise DataError(
                f"column {name} needs {lacking[name]}, which was not given; give it, or leave {name} out"
            )
    return tuple(name for name in COLUMNS if name in asked)


def covariates_at(
    history: History,
    person: Int64,
    day: Int32,
    names: Sequence[str],
    *,
    window_days: int = 730,
    serious_from: float = 365.0,
) -> Covariates:
    """Return the columns of a model for some persons on some days, by what was known on each day.

    Parameters
    ----------
    history : History
        The history.
    person : numpy.ndarray
        int64 person number of each row.
    day : numpy.ndarray
        int32 day looked at of each row; the person has a line visible by then.
    names : sequence of str
        As `columns_for` returns them.
    window_days : int
        Look-back in days.
    serious_from : float
        Weight at or above which an incident is serious.

    Returns
    -------
    Covariates
        float64, finite. A line or a spell known later than the row's day changes nothing; a birth date is
        taken as it stands in the extract. A row's values do not depend on what other rows are asked for.

    Raises
    ------
    DataError
        When a row's person has no line visible by its day.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "b"], day=[100, 190, 150], gravity=[9, 2, 5])
    >>> known = covariates_at(
    ...     history, np.array([0, 1]), np.array([200, 200], np.int32), ("days_since_last", "incidents_90d")
    ... )
    >>> np.expm1(known.values).round(6).tolist()
    [[10.0, 1.0], [50.0, 1.0]]
    """
    rows = _Rows(history, np.asarray(person, np.int64), np.asarray(day, np.int32), window_days, serious_from)
    values = np.empty((len(rows.person), len(names)))
    for at, name in enumerate(names):
        raw = np.asarray(_RAW[name](rows), np.float64)
        values[:, at] = np.log1p(raw) if COLUMNS[name].log else raw
    return Covariates(
        tuple(names),
        values,
        tuple(COLUMNS[name].monotone for name in names),
        tuple(COLUMNS[name].label for name in names),
    )


def plain_value(column: str, value: float) -> float:
    """Return a value of a column as people count it.

    Parameters
    ----------
    column : str
        Name of the column.
    value : float
        As it enters a model.

    Returns
    -------
    float
        Before it was transformed, rounded to six places.

    Examples
    --------
    >>> plain_value("incidents_90d", float(np.log1p(3)))
    3.0
    """
    return round(float(np.expm1(value)) if COLUMNS[column].log else value, 6)


@dataclass(eq=False, repr=False)
class _Rows:
    """Rows to be filled, and what was looked up for them so far."""

    history: History
    person: Int64
    day: Int32
    window_days: int
    serious_from: float

    def __post_init__(self) -> None:
        self._found: dict[str, dict[str, Float64]] = {}

    def feature(self, name: str, kind: str = "as recorded") -> Float64:
        """Return a feature of the window, under the recorded weights or those that count incidents."""
        if kind not in self._found:
            weights = self.history.weights
            history, features = self.history, self._counted()
            if kind == "as recorded":
                features = self._all()
            else:
                by = {
                    "each": np.ones_like(weights),
                    "serious": (weights >= self.serious_from).astype(np.float64),
                }
                history = self.history.with_weights(by[kind])
            self._found[kind] = _features(history, self.person, self.day, features)
        return self._found[kind][name]

    def _all(self) -> Features:
        lengths = sorted({90, 365, self.window_days})
        further = ["gravity_mean", "non_crime", "new_victims", "incident_number"]
        return rfg(lengths, _HALF_LIFE, further=further)

    def _counted(self) -> Features:
        return rfg(self.window_days, _HALF_LIFE)

    def custody(self, ask: Callable[..., npt.NDArray[Any]], *more: Int64) -> npt.NDArray[Any]:
        """Ask custody of each row, as it was known on the row's day."""
        spells = None if self.history.source is None else self.history.source.spells
        if spells is None:
            raise DataError("this column needs a custody table; give one, or leave it out")
        day = self.day.astype(np.int64)
        if not (spells.recorded > spells.start).any():
            # What starts or ends later is cut off at the row's day by the question itself.
            return np.asarray(ask(Exposure.at(spells, int(day.max(initial=0))), self.person, day, *more))
        out = np.zeros(len(day), np.int64)
        for one in np.unique(day).tolist():
            rows = np.flatnonzero(day == one)
            out[rows] = ask(
                Exposure.at(spells, one), self.person[rows], day[rows], *(each[rows] for each in more)
            )
        return out

    def free_since(self, since: Int64) -> Int64:
        """Return the days at liberty from a day of each row to the row's day."""
        free = self.custody(lambda custody, person, day, first: custody.free(person, first, day), since)
        return np.asarray(free, np.int64)


def _since_release(rows: _Rows) -> Int64:
    """Days since the latest release, at most the look-back, where none is known too; 0 for people held."""
    day = rows.day.astype(np.int64)
    released = rows.custody(lambda custody, person, when: custody.released(person, when))
    return np.asarray(np.minimum(day - released, rows.window_days), np.int64)


def _free_since_last(rows: _Rows) -> Int64:
    return rows.free_since(rows.day.astype(np.int64) - rows.feature("days_since_last").astype(np.int64))


def _custody_days(rows: _Rows) -> Int64:
    return rows.window_days - rows.free_since(rows.day.astype(np.int64) - rows.window_days)


def _age(rows: _Rows) -> Float64:
    source = rows.history.source
    dob = np.full(rows.history.size, NO_DAY, np.int64) if source is None else source.dob.astype(np.int64)
    born = dob[rows.person].astype(np.float64)
    unknown = dob[rows.person] == NO_DAY
    # Whose birth date is not known is as old as the middle of all on record then, whoever else is asked for.
    for one in np.unique(rows.day[unknown]).tolist():
        told = dob[(rows.history.first_seen <= one) & (dob != NO_DAY)]
        if len(told) == 0:
            raise DataError("no birth date is known of anyone: age cannot be a column")
        born[unknown & (rows.day == one)] = np.median(told)
    return np.asarray((rows.day - born) / 365.2425)


#: The value of each column before it is transformed.
_RAW: Final[Mapping[str, Callable[[_Rows], npt.NDArray[np.float64] | Int64]]] = {
    "days_since_last": lambda rows: rows.feature("days_since_last"),
    "free_days_since_last": _free_since_last,
    "incidents_90d": lambda rows: rows.feature("count_90d"),
    "incidents_365d": lambda rows: rows.feature("count_365d"),
    "incidents_window": lambda rows: rows.feature(f"count_{rows.window_days}d"),
    "older_incidents": lambda rows: (
        rows.feature("incident_number") - rows.feature(f"count_{rows.window_days}d")
    ),
    "decayed_incidents": lambda rows: rows.feature(f"gravity_decayed_{_HALF_LIFE}d", "each"),
    "serious_incidents": lambda rows: rows.feature(f"gravity_sum_{rows.window_days}d", "serious"),
    "gravity_max": lambda rows: np.maximum(rows.feature(f"gravity_max_{rows.window_days}d"), 0.0),
    "gravity_mean": lambda rows: np.maximum(rows.feature(f"gravity_mean_{rows.window_days}d"), 0.0),
    "decayed_gravity": lambda rows: rows.feature(f"gravity_decayed_{_HALF_LIFE}d"),
    "victims": lambda rows: rows.feature(f"victims_{rows.window_days}d"),
    "new_victims": lambda rows: rows.feature(f"new_victims_{rows.window_days}d"),
    "non_crimes": lambda rows: rows.feature(f"non_crime_{rows.window_days}d"),
    "custody_days": _custody_days,
    "days_since_release": _since_release,
    "held": lambda rows: rows.custody(
        lambda custody, person, day: custody.held(person, day).astype(np.int64)
    ),
    "age": _age,
}


def _features(history: History, person: Int64, day: Int32, features: Features) -> dict[str, Float64]:
    """Return window features of each row, by name."""
    if len(day) == 0:
        return defaultdict(lambda: np.zeros(0))
    days = np.unique(day)
    if len(days) > _FEW_DAYS:
        found = _features_at_events(history, person, day, features)
        if found is not None:
            return found
    out: dict[str, Float64] = {}
    for one in days.tolist():
        rows = np.flatnonzero(day == one)
        visible = np.flatnonzero(history.first_seen <= one)
        at = np.searchsorted(visible, person[rows])
        known = at < len(visible)
        known[known] = visible[at[known]] == person[rows][known]
        if not known.all():
            raise DataError(
                f"{int((~known).sum())} rows look at people of whom nothing was visible on {iso(one)}: "
                "take rows of people with a line by then"
            )
        table = snapshot(history, one, features).to_numpy()
        for name, values in table.items():
            if name != "perpetrator_id":
                out.setdefault(name, np.zeros(len(day)))[rows] = values[at]
    return out


def _features_at_events(
    history: History, person: Int64, day: Int32, features: Features
) -> dict[str, Float64] | None:
    """Return window features of rows on days on which a line of the person became visible; None of others."""
    owner, seen = history.person_of_line(), history.seen
    key = person_day(owner, seen)
    order = np.argsort(key, kind="stable")
    asked = person_day(person, day)
    at = np.minimum(np.searchsorted(key[order], asked), max(len(order) - 1, 0))
    line = order[at]
    if not np.array_equal(key[line], asked):
        return None
    table = at_events(history, features).to_numpy()
    found = {name: values for name, values in table.items() if name not in ("perpetrator_id", "day")}
    # Rows stand for the lines visible by the history's day, in their order.
    row = np.cumsum(seen <= (seen.max(initial=0) if history.as_of is None else history.as_of)) - 1
    out = {name: np.asarray(values[row[line]], np.float64) for name, values in found.items()}
    # The latest day of a line among all that were visible then: lines of the person that came no later.
    ends = person_day(owner[order], history.end_day[order])
    latest = np.maximum.accumulate(ends) - person_day(owner[order], 0)
    last = np.searchsorted(key[order], asked, side="right") - 1
    out["days_since_last"] = np.asarray(day - np.minimum(latest[last], day), np.float64)
    return out
