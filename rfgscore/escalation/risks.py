"""A fitted model in a run: whether it fits the records of the run, and its figures for everyone scored."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.errors import DataError, ModelFileError
from rfgscore.escalation.covariates import COLUMNS, columns_for, covariates_at
from rfgscore.escalation.episodes import at_risk
from rfgscore.escalation.model import EscalationModel, plain_value
from rfgscore.history.history import History
from rfgscore.scoring import Scored
from rfgscore.windows import rounded

__all__ = ["GivenModel", "Reason", "Risks", "in_words", "open_model", "risks_of"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


class GivenModel(NamedTuple):
    """A model and the file it was read from.

    Parameters
    ----------
    model : EscalationModel
        The model, fitted.
    file, sha256 : str
        Name of the file without its folder, and its checksum.
    """

    model: EscalationModel
    file: str
    sha256: str

    @property
    def card(self) -> Mapping[str, Any]:
        """What the model was fitted on and for."""
        return self.model.card

    @property
    def at_liberty(self) -> bool:
        """Whether its days are days at liberty."""
        return bool(self.card["clock"] == "at_liberty")


class Reason(NamedTuple):
    """What one column of a model adds to the figures of one person.

    Parameters
    ----------
    column, label, unit : str
        Name of the column, what it is in words, and what it counts (blank for yes or no).
    value, average : float
        The person's value, and that of the average row of the training.
    contribution : float
        What the difference adds on the model's scale.
    scale : str
        That scale in words.
    overlaps : bool
        Whether other columns of the model tell much the same, so that this one says little alone.
    """

    column: str
    label: str
    unit: str
    value: float
    average: float
    contribution: float
    scale: str
    overlaps: bool = False

    def __repr__(self) -> str:
        return f"Reason({self.column})"  # never a person's value


@dataclass(frozen=True, eq=False, repr=False)
class Risks:
    """The figures of one model for everyone scored.

    Parameters
    ----------
    given : GivenModel
        The model.
    horizons : tuple of int
        Days asked for, ascending.
    value : numpy.ndarray
        float64 rounded probabilities, one row a person scored and one column a horizon; 0 where the model
        says nothing.
    known : numpy.ndarray
        Boolean: of whom the model says anything. Not of people who died or were handed on, people without a
        line in its own look-back, and people in custody where it was fitted without any.
    """

    given: GivenModel
    horizons: tuple[int, ...]
    value: Float64
    known: Bool

    def __repr__(self) -> str:
        days = ", ".join(map(str, self.horizons))
        return f"Risks({len(self.value)} people, within {days} days)"

    @property
    def longest(self) -> Float64:
        """Risk within the longest horizon, the one that stands in a list."""
        return np.asarray(self.value[:, -1], np.float64)

    @property
    def counted(self) -> str:
        """What days the horizons count."""
        return "days at liberty" if self.given.at_liberty else "days"

    def reasons(self, scored: Scored, places: Sequence[int], most: int = 5) -> dict[int, tuple[Reason, ...]]:
        """Return what moves the figures of some people most.

        Parameters
        ----------
        scored : Scored
            Everyone scored.
        places : sequence of int
            Places among them.
        most : int
            How many reasons to return of each.

        Returns
        -------
        dict of int to tuple of Reason
            By place, the largest first; people of whom the model says nothing are left out, and so is what
            adds nothing.
        """
        told = [place for place in places if self.known[place]]
        if not told:
            return {}
        people = scored.people[np.array(told, np.int64)]
        card, seen = self.given.card, scored.history
        added = self.given.model.contributions(seen, scored.as_of, people)
        checks = self.given.model.check_assumptions()
        told_twice = {
            column
            for check, column, holds in zip(checks["check"], checks["column"], checks["holds"], strict=True)
            if check == "collinearity" and not holds
        }
        held = covariates_at(
            seen,
            people,
            np.full(len(people), scored.as_of, np.int32),
            added.names,
            window_days=card["window_days"],
            serious_from=card["outcome"]["serious_from"],
        )
        return {
            place: tuple(
                Reason(
                    column=added.names[at],
                    label=in_words(added.names[at], card["window_days"]),
                    unit=COLUMNS[added.names[at]].unit,
                    value=plain_value(added.names[at], values[at]),
                    average=plain_value(added.names[at], card["averages"][added.names[at]]),
                    contribution=adds[at],
                    scale=added.scale,
                    overlaps=added.names[at] in told_twice,
                )
                for at in sorted(range(len(adds)), key=lambda at: (-abs(adds[at]), added.names[at]))[:most]
                if adds[at]
            )
            for place, values, adds in zip(
                told, held.values.tolist(), rounded(added.values).tolist(), strict=True
            )
        }


def open_model(path: str | os.PathLike[str]) -> GivenModel:
    """Read a model file for a run; nothing in it is run.

    Parameters
    ----------
    path : path
        What `EscalationModel.save` or ``rfgscore fit`` wrote.

    Returns
    -------
    GivenModel
        The model.

    Raises
    ------
    InputNotFoundError
        When there is no such file.
    ModelFileError
        When it is damaged, was changed, or is no model file.
    """
    model = EscalationModel.load(path)
    return GivenModel(model, Path(path).name, hashlib.sha256(Path(path).read_bytes()).hexdigest())


def risks_of(given: GivenModel, scored: Scored, config: Config) -> Risks:
    """Return the figures of a model for everyone scored.

    Parameters
    ----------
    given : GivenModel
        The model.
    scored : Scored
        Everyone scored.
    config : Config
        Settings: the horizons to ask for.

    Returns
    -------
    Risks
        Figures of the day looked at.

    Raises
    ------
    ModelFileError
        When the model does not know a horizon asked for, needs a table or column that was not given, or was
        fitted under other weights.
    PointInTimeError
        When it learnt from something later than the day looked at.
    """
    model, history, as_of = given.model, scored.history, scored.as_of
    horizons = _refuse_misfit(given, history, as_of, config)
    inside = at_risk(history, as_of, window_days=given.card["window_days"], held=given.card["held"])
    known = np.isin(scored.people, inside)
    value = np.zeros((len(known), len(horizons)))
    columns = [model.horizons.index(days) for days in horizons]
    if known.any():
        value[known] = model.risk(history, as_of, scored.people[known])[:, columns]
    return Risks(given, horizons, rounded(value), known)


def in_words(column: str, window_days: int) -> str:
    """Return what a column is, its look-back in days.

    Parameters
    ----------
    column : str
        A name of `COLUMNS`.
    window_days : int
        Look-back of the model.

    Returns
    -------
    str
        The words.

    Examples
    --------
    >>> in_words("incidents_window", 730), in_words("older_incidents", 730)
    ('incidents in 730 days', 'incidents before the last 730 days')
    """
    label = COLUMNS[column].label.replace("in the look-back", f"in {window_days} days")
    return label.replace("the look-back", f"the last {window_days} days")


def _refuse_misfit(given: GivenModel, history: History, as_of: int, config: Config) -> tuple[int, ...]:
    """Return the horizons to ask for, of a model that can be asked on these records."""
    card, asked = given.card, tuple(sorted(config.escalation.horizons))
    strange = [days for days in asked if days not in given.model.horizons]
    if strange:
        raise ModelFileError(
            f"{given.file}: escalation.horizons asks for {_listed(strange)} days, and the model was fitted "
            f"for {_listed(given.model.horizons)}: ask for those, or fit it for the others"
        )
    lacking = [name for name in card["columns"] if not _told(history, name, as_of)]
    if lacking:
        raise ModelFileError(
            f"{given.file}: the model looks at {_listed(lacking)}, of which these files tell nothing (a "
            "custody table, victim_id or dob is not given or not mapped): give it, or fit a model without"
        )
    return asked


def _told(history: History, column: str, as_of: int) -> bool:
    """Say whether the records of a run tell what a column needs."""
    try:
        columns_for(history, [column], allow_age=True, as_of=as_of)
    except DataError:
        return False
    return True


def _listed(names: Sequence[object]) -> str:
    return ", ".join(map(str, names))
