"""What the two regressions have in common: their options, and what is kept of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from rfgscore.errors import NotFittedError
from rfgscore.escalation.models.base import Contributions
from rfgscore.escalation.models.columns import MIN_EVENTS_PER_COLUMN, Separating
from rfgscore.escalation.models.estimates import check_penalizer
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import Covariates, Episodes
from rfgscore.tables import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Kept", "Regression", "frame_of"]

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Kept:
    """What is kept of a fit: no row.

    Parameters
    ----------
    predictor : Predictor
        The arrays that predict.
    summary, checks : Table
        What was estimated, and what the model takes for granted.
    dropped : tuple of (str, str)
        Columns left out of the fit, each with the reason.
    """

    predictor: Predictor
    summary: Table
    checks: Table
    dropped: tuple[tuple[str, str], ...]


class Regression:
    """A model with one coefficient a column; `fit` of each kind sets what is kept.

    Parameters
    ----------
    penalizer : float, default 0.0
        Weight of the squared coefficients of standardised columns, as in lifelines.
    min_events_per_column : int, default 10
        Events needed for each column.
    separating : str, default "refuse"
        What becomes of columns on one side of which nothing happened, alone or together with others:
        ``refuse`` or ``drop``.

    Raises
    ------
    ConfigError
        When the penalizer is below 0.
    """

    _name: ClassVar[str]

    def __init__(
        self,
        *,
        penalizer: float = 0.0,
        min_events_per_column: int = MIN_EVENTS_PER_COLUMN,
        separating: Separating = "refuse",
    ) -> None:
        self.penalizer = check_penalizer(penalizer)
        self.min_events_per_column = min_events_per_column
        self.separating: Separating = separating
        self._fitted: Kept | None = None

    @property
    def predictor(self) -> Predictor:
        """What was learnt, as plain arrays."""
        return self._kept.predictor

    @property
    def dropped(self) -> tuple[tuple[str, str], ...]:
        """Columns left out of the fit, each with the reason."""
        return self._kept.dropped

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

        Raises
        ------
        FollowUpError
            When a time is beyond what was followed.
        """
        return self.predictor.risk(covariates, times)

    def explain(self, covariates: Covariates) -> Contributions:
        """Return how far each column moves each row from the average training row.

        Parameters
        ----------
        covariates : Covariates
            What is known of each row.

        Returns
        -------
        Contributions
            Their sum is the logarithm of the hazard ratio; under a Weibull model minus the shape times the
            move of log time.
        """
        return self.predictor.contributions(covariates)

    @property
    def _kept(self) -> Kept:
        if self._fitted is None:
            raise NotFittedError(f"{self._name} is not fitted yet. Call fit first")
        return self._fitted


def frame_of(values: Float64, episodes: Episodes) -> tuple[pd.DataFrame, str | None]:
    """Return rows as lifelines takes them.

    Parameters
    ----------
    values : numpy.ndarray
        float64, rows by columns.
    episodes : Episodes
        The same rows.

    Returns
    -------
    frame : pandas.DataFrame
        ``column0`` and so on, ``stop``, ``event``; ``start`` where some row enters late.
    entry : str or None
        Name of the column of late entry, where there is one.
    """
    import pandas as pd

    frame = pd.DataFrame(values, columns=[f"column{at}" for at in range(values.shape[1])])
    frame["stop"], frame["event"] = episodes.stop, episodes.event
    if not episodes.start.any():
        return frame, None
    frame["start"] = episodes.start
    return frame, "start"
