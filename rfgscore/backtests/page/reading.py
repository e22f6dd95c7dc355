"""The long table of a back-test, looked up by what a number is of."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from rfgscore.tables import Table

__all__ = ["Number", "Numbers", "days_of", "order_of_at", "place_of"]


#: Measures that no event stands behind.
_WITHOUT_EVENTS = ("at_risk", "events", "turnover", "curve_predicted")


class Number(NamedTuple):
    """One row of the table: a value, what it is of, and how sure it is.

    Parameters
    ----------
    landmark : datetime.date or None
        Day looked at; None for all of them together.
    group : str or None
        The area or force held out.
    outcome : str or None
        What counts.
    ranking : str or None
        By what people were ordered.
    measure : str
        What was measured.
    at : str or None
        Horizon, size of the list, bin or threshold.
    of : str or None
        Of what it is a share.
    value : float or None
        The value; None where it is not defined.
    lower, upper : float or None
        Ends of its interval.
    against : str or None
        The ranking the value is a paired difference to.
    people, events : int or None
        How many stand behind it.
    """

    landmark: dt.date | None
    group: str | None
    outcome: str | None
    ranking: str | None
    measure: str
    at: str | None
    of: str | None
    value: float | None
    lower: float | None
    upper: float | None
    against: str | None
    people: int | None
    events: int | None

    @property
    def few(self) -> bool:
        """Whether fewer than ten people or events stand behind the value; 0 people is none told."""
        if self.people and self.people < 10:
            return True
        return self.events is not None and self.events < 10 and self.measure not in _WITHOUT_EVENTS

    @property
    def between(self) -> bool:
        """Whether both ends of an interval are known."""
        return self.lower is not None and self.upper is not None


class Numbers:
    """All numbers of a back-test.

    Parameters
    ----------
    table : Table
        One row a number, with the columns of `Number`.

    Examples
    --------
    >>> from rfgscore.tables import Column
    >>> kinds = {"landmark": "date", "value": "float64", "lower": "float64", "upper": "float64",
    ...          "people": "int64", "events": "int64"}
    >>> row = dict.fromkeys(Number._fields) | {"measure": "auc", "ranking": "cox", "at": "9 d", "value": 0.7}
    >>> numbers = Numbers(Table({name: Column.of(kinds.get(name, "text"), [row[name]]) for name in row}))
    >>> numbers.one("auc", "cox", "9 d").value
    0.7
    """

    def __init__(self, table: Table) -> None:
        columns = [table[name] for name in Number._fields]
        self.every = [_finite(Number(*row)) for row in zip(*columns, strict=True)]
        self._measures: dict[str, list[Number]] = {}
        for one in self.every:
            # What is of all landmarks and everyone is asked for time and again.
            if one.landmark is None and one.group is None:
                self._measures.setdefault(one.measure, []).append(one)
        self._by = {(n.measure, n.ranking, n.at, n.of, n.landmark, n.group, n.against): n for n in self.every}

    def one(
        self,
        measure: str,
        ranking: str | None,
        at: str | None = None,
        of: str | None = None,
        landmark: dt.date | None = None,
        group: str | None = None,
        against: str | None = None,
    ) -> Number | None:
        """Return one number.

        Parameters
        ----------
        measure : str
            Its measure.
        ranking, at, of : str, optional
            What it is of.
        landmark : datetime.date, optional
            The day; without it all days together.
        group : str, optional
            The group held out; without it everyone.
        against : str, optional
            The other ranking of a difference.

        Returns
        -------
        Number or None
            None where the table has no such row.
        """
        return self._by.get((measure, ranking, at, of, landmark, group, against))

    def of(self, *measures: str, compared: bool = False) -> list[Number]:
        """Return the numbers of measures, of all landmarks together and everyone.

        Parameters
        ----------
        *measures : str
            The measures.
        compared : bool
            Whether the differences between rankings are asked for, in place of the values.

        Returns
        -------
        list of Number
            By measure, in the order of the table.
        """
        return [
            one
            for measure in measures
            for one in self._measures.get(measure, ())
            if (one.against is not None) == compared
        ]


def _finite(number: Number) -> Number:
    """Take what is not a number for a missing one."""
    value, lower, upper = (
        None if one is None or not math.isfinite(one) else one
        for one in (number.value, number.lower, number.upper)
    )
    return number._replace(value=value, lower=lower, upper=upper)


def place_of(words: Iterable[str | None], order: Callable[[str], object]) -> list[str]:
    """Return the words there are, each once, in an order.

    Parameters
    ----------
    words : iterable of str or None
        Words; None is passed over.
    order : callable
        What a word sorts by.

    Returns
    -------
    list of str
        The words.

    Examples
    --------
    >>> place_of(["top 5%", None, "top 50", "top 5%"], order_of_at)
    ['top 50', 'top 5%']
    """
    return sorted({word for word in words if word is not None}, key=order)  # type: ignore[arg-type]


_DAYS = re.compile(r"(\d+) d\b")
_LAST = re.compile(r"(?:top|bin|threshold) ([\d.]+)(%?)")


def days_of(at: str | None) -> int | None:
    """Return the horizon in what a number is at.

    Parameters
    ----------
    at : str or None
        Such as ``365 d`` or ``365 d, bin 3``.

    Returns
    -------
    int or None
        Days; None where it names none.

    Examples
    --------
    >>> days_of("365 d, bin 3"), days_of("top 50")
    (365, None)
    """
    found = _DAYS.search(at or "")
    return int(found[1]) if found else None


def order_of_at(at: str) -> tuple[int, bool, float, str]:
    """Return what `at` sorts by: horizon, counts before shares, size.

    Parameters
    ----------
    at : str
        Horizon, size of the list, bin or threshold.

    Returns
    -------
    tuple
        A sorting key; its third part is the number of the size, bin or threshold.

    Examples
    --------
    >>> sorted(["top 5%", "top 100", "top 1%", "top 50"], key=order_of_at)
    ['top 50', 'top 100', 'top 1%', 'top 5%']
    """
    found = _LAST.search(at)
    return days_of(at) or 0, bool(found and found[2]), float(found[1]) if found else 0.0, at
