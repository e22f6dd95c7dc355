"""What every model of risk can do, and what it keeps of the fit: plain arrays that predict with NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import Contributions, Covariates, Episodes
from rfgscore.tables import Table

__all__ = ["Contributions", "RiskModel"]

Float64 = npt.NDArray[np.float64]


class RiskModel(Protocol):  # numpydoc ignore=PR01
    """One model of the time to an event, fitted on episodes and what was known when each began."""

    def fit(self, covariates: Covariates, episodes: Episodes, longest: int | None = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        covariates : Covariates
            What was known of each row when it began.
        episodes : Episodes
            The same rows: when they were at risk, and how that ended.
        longest : int, optional
            Last day on the clock that may be asked; by default the latest on which a row ends.

        Returns
        -------
        RiskModel
            Itself.
        """
        ...

    @property
    def predictor(self) -> Predictor:
        """What was learnt, as plain arrays."""
        ...

    def predict(self, covariates: Covariates, times: Sequence[int]) -> Float64:
        """Return the probability of the event by each time.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.
        times : sequence of int
            Days on the clock.

        Returns
        -------
        numpy.ndarray
            float64, rows by times.
        """
        ...

    def summary(self) -> Table:
        """Return what was estimated.

        Returns
        -------
        Table
            A row a term.
        """
        ...

    def check_assumptions(self) -> Table:
        """Return what the model takes for granted, and how far that holds.

        Returns
        -------
        Table
            ``check, column, statistic, p, size, holds, sentence``, a row a check.
        """
        ...

    def explain(self, covariates: Covariates) -> Contributions:
        """Return how far each column moves each row from the average.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.

        Returns
        -------
        Contributions
            Rows by columns.
        """
        ...
