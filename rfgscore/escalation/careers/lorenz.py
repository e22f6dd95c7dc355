"""How far harm stands on a few people: Lorenz curve, Gini coefficient, shares of the top."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.errors import ConfigError
from rfgscore.escalation.careers.rows import Cell, table_of
from rfgscore.escalation.outcomes import incidents_of
from rfgscore.escalation.settings import day_of
from rfgscore.history.history import History
from rfgscore.tables import Kind, Table

__all__ = ["concentration"]

_KINDS: Final[Mapping[str, Kind]] = {
    "of": "text",
    "measure": "text",
    "at": "int32",
    "value": "float64",
    "people": "int64",
    "incidents": "int64",
}
#: Shares of people whose part is told, and parts whose people are told, in per cent.
TOP: Final = (1, 2, 3, 5, 10, 20)
PARTS: Final = (50, 80, 90)


def concentration(history: History, since: dt.date | str | int, until: dt.date | str | int) -> Table:
    """Return how the harm and the incidents of a period are spread over people.

    The base is everyone with an incident that began in the period; the many with none are not in it, so
    shares of the whole population would be smaller still. Harm is the sum of the gravities of a person's
    incidents of the period. All sums are exact, and every share is the float64 nearest to the true one.
    People are put in order by the amount itself, so it does not matter which of two equals comes first;
    where a share of people is no whole number of them, the last one counts in part.

    Parameters
    ----------
    history : History
        The history.
    since, until : datetime.date, str or int
        First and last day of the period. Only what was visible at `until` counts.

    Returns
    -------
    Table
        ``of`` (``harm`` or ``incidents``), ``measure``, ``at`` (per cent; null for ``gini``), ``value``,
        ``people`` and ``incidents`` (the base). Measures: ``gini`` (0 all alike, near 1 all with one);
        ``top_share``, share of the amount with the top `at` per cent of people; ``people_behind``, share of
        people, the fewest whole ones, behind `at` per cent of it; ``lorenz``, share of the amount with the
        **lowest** `at` per cent of people, for each whole per cent. `value` is null where the amount is 0.

    Raises
    ------
    ConfigError
        When the period ends before it begins.
    PointInTimeError
        When `until` is later than the day the history was read for.

    Examples
    --------
    >>> history = History.from_arrays(person=[1, 2, 3, 4, 4], day=[1, 2, 3, 4, 5], gravity=[1, 1, 1, 1, 6])
    >>> table = concentration(history, 0, 10)
    >>> [row[3] for row in table.rows() if row[:3] == ("harm", "top_share", 20)]
    [0.56]
    >>> [row[3] for row in table.rows() if row[:3] == ("harm", "people_behind", 50)]
    [0.25]
    """
    begin, end = day_of("since", since), day_of("until", until)
    if begin > end:
        raise ConfigError(f"the period begins on {iso(begin)} and ends before, on {iso(end)}")
    found = incidents_of(history.at(end), end)
    inside = np.flatnonzero(found.day >= begin)
    person, gravity = found.person[inside], found.gravity[inside]
    first = np.ones(len(person), np.bool_)
    first[1:] = person[1:] != person[:-1]
    at = np.flatnonzero(first)
    rows: list[tuple[Cell, ...]] = []
    for name, amounts in (("harm", _whole(gravity)), ("incidents", np.ones(len(person), np.int64))):
        each = np.sort(np.add.reduceat(amounts, at)) if len(at) else amounts
        rows += [(name, *row, len(at), len(person)) for row in _rows(each)]
    return table_of(_KINDS, rows)


def _whole(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return floats as whole numbers of one unit, exactly: their sums and shares lose nothing."""
    named, place = np.unique(values, return_inverse=True)
    ratios = [value.as_integer_ratio() for value in named.tolist()]
    unit = max((below for _, below in ratios), default=1)  # all are powers of 2
    whole = [above * (unit // below) for above, below in ratios]
    # The Gini coefficient weighs amounts by up to the number of people.
    small = max(whole, default=0) * (len(values) + 1) ** 2 < 2**62
    return np.array(whole, np.int64 if small else object)[place]


def _rows(ascending: npt.NDArray[Any]) -> list[tuple[str, int | None, float | None]]:
    people = len(ascending)
    upto = [0, *np.cumsum(ascending).tolist()]
    total = upto[-1]

    def lowest(per_cent: int) -> Fraction:
        """Return the amount with the lowest so many per cent of people."""
        whole, part = divmod(per_cent * people, 100)
        rest = Fraction(part, 100) * int(ascending[whole]) if part else Fraction(0)
        return int(upto[whole]) + rest

    def share(amount: Fraction | int) -> float | None:
        return float(Fraction(amount) / total) if total else None

    weighed = int((ascending * (2 * np.arange(1, people + 1) - people - 1)).sum())
    rows: list[tuple[str, int | None, float | None]] = [
        ("gini", None, share(Fraction(weighed, people)) if people else None)
    ]
    rows += [("top_share", top, share(total - lowest(100 - top))) for top in TOP]
    for part in PARTS:
        # The fewest at the top that hold the part: the most below that hold no more than the rest.
        rest = total * (100 - part)
        below = bisect_right(upto, rest, key=lambda amount: 100 * amount) - 1
        rows.append(("people_behind", part, float(Fraction(people - below, people)) if total else None))
    return rows + [("lorenz", at, share(lowest(at))) for at in range(101)]
