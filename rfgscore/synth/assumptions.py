"""What the synthetic force is made of: every parameter a row of the table beside this module."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError
from rfgscore.synth.units import rule_of, text_of

__all__ = ["Assumption", "Assumptions", "pick", "read_assumptions"]

#: Groups of which one member is drawn at a time, so that one at least must weigh something.
_DRAWN = ("age.", "ethnicity.", "late_days.", "minor.", "grave.", "outcome.", "role.", "risk.", "risk_grave.",
          "area.A.", "area.B.", "agency.", "decision.")  # fmt: skip

#: Beginnings of names whose shares are parts of one whole.
_PARTS = ("order.", "fault.", "lines_")


@dataclass(frozen=True)
class Assumption:
    """One parameter of the synthetic force.

    Parameters
    ----------
    name : str
        Its name; names with one beginning before the dot form a group.
    value : str
        A number, a code, several, or a pair of days, as written.
    unit : str
        What the value counts, and so what it may be.
    source : str
        The published figure it follows, or ``assumed``.
    note : str
        What else must be known.
    """

    name: str
    value: str
    unit: str
    source: str
    note: str


@cache
def read_assumptions() -> tuple[Assumption, ...]:
    """Return the shipped assumptions.

    Returns
    -------
    tuple of Assumption
        In the order of the table.

    Examples
    --------
    >>> next(row.value for row in read_assumptions() if row.name == "one_event_share")
    '0.755'
    """
    text = (files("rfgscore") / "synth" / "assumptions.csv").read_text(encoding="utf-8")
    return tuple(Assumption(**row) for row in csv.DictReader(text.splitlines()))


class Assumptions:
    """The parameters in force: the shipped ones, some perhaps replaced.

    Parameters
    ----------
    replaced : mapping of str to float or str
        Values that stand in the place of shipped ones.

    Raises
    ------
    ConfigError
        When no assumption has such a name, a value is not one its unit takes, or several do not go
        together: nothing is left to draw, or parts are more than the whole.

    Examples
    --------
    >>> Assumptions({"mover": 0}).number("mover")
    0.0
    """

    def __init__(self, replaced: Mapping[str, float | str] | None = None) -> None:
        if not isinstance(replaced, Mapping | None):
            raise ConfigError(
                "assume is a mapping of names of assumptions to values; give one, such as a dict"
            )
        self._rows = {row.name: row for row in read_assumptions()}
        for name, value in (replaced or {}).items():
            row = self._rows.get(name)
            if row is None:
                raise ConfigError(
                    f"there is no assumption {name!r}: use a name of rfgscore/synth/assumptions.csv"
                )
            rule, text = rule_of(row.unit), text_of(value)
            if text is None or not rule.fits(text):
                raise ConfigError(f"the assumption {name!r} takes {rule.takes}; give another value")
            self._rows[name] = replace(row, value=text)
        self._check_together()

    def _check_together(self) -> None:
        """Refuse values that are in order one by one, and leave nothing to draw or more than there is."""
        # Of these a second draw, for women as suspects and men as victims, takes none.
        swapped = tuple(self.words("male_victim"))
        for start in _DRAWN:
            drawn = [
                row for row in self._named(start) if row.unit != "weight" or not row.name.endswith(swapped)
            ]
            if not any(float(row.value) > 0 for row in drawn):
                besides = " besides those of male_victim" if len(drawn) < len(self._named(start)) else ""
                raise ConfigError(f"every assumption {start}*{besides} is 0; give one of them more")
        for start in _PARTS:
            # The sum of shares that make up 1 may be a hair more.
            if sum(float(row.value) for row in self._named(start)) > 1 + 1e-9:
                raise ConfigError(f"the assumptions {start}* add up to more than 1; give smaller shares")

    def _named(self, start: str) -> list[Assumption]:
        return [row for name, row in self._rows.items() if name.startswith(start)]

    def rows(self) -> tuple[Assumption, ...]:
        """Return the assumptions in force.

        Returns
        -------
        tuple of Assumption
            In the order of the table.
        """
        return tuple(self._rows.values())

    def text(self, name: str) -> str:
        """Return a value as written.

        Parameters
        ----------
        name : str
            Name of the assumption.

        Returns
        -------
        str
            The value.
        """
        return self._rows[name].value

    def number(self, name: str) -> float:
        """Return a value as a number.

        Parameters
        ----------
        name : str
            Name of the assumption.

        Returns
        -------
        float
            The value.
        """
        return float(self._rows[name].value)

    def count(self, name: str) -> int:
        """Return a value as a whole number.

        Parameters
        ----------
        name : str
            Name of the assumption.

        Returns
        -------
        int
            The value.
        """
        return round(self.number(name))

    def words(self, group: str) -> dict[str, str]:
        """Return the values of a group as written.

        Parameters
        ----------
        group : str
            What stands before the dot.

        Returns
        -------
        dict of str to str
            By what stands after it, in the order of the table.
        """
        start = f"{group}."
        return {name[len(start) :]: row.value for name, row in self._rows.items() if name.startswith(start)}

    def shares(self, group: str) -> dict[str, float]:
        """Return the values of a group as numbers.

        Parameters
        ----------
        group : str
            What stands before the dot.

        Returns
        -------
        dict of str to float
            By what stands after it, in the order of the table.
        """
        return {name: float(value) for name, value in self.words(group).items()}


def pick(rng: np.random.Generator, weights: Iterable[float], size: int) -> npt.NDArray[np.int64]:
    """Draw places by weight.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    weights : iterable of float
        Weight of each place; they need not add up to 1.
    size : int
        How many to draw.

    Returns
    -------
    numpy.ndarray
        int64 places from 0.
    """
    edges = np.cumsum(np.fromiter(weights, np.float64))
    drawn = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    return np.asarray(np.minimum(drawn, len(edges) - 1), np.int64)
