"""Moving risks so that they agree with what happened: intercept and slope on the scale of the hazard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.errors import FitError, TooFewEventsError
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import Covariates, Episodes

__all__ = ["recalibration"]

Float64 = npt.NDArray[np.float64]

_ROWS = 2048


def recalibration(predictor: Predictor, covariates: Covariates, episodes: Episodes) -> tuple[float, float]:
    """Return the intercept and slope under which a model's hazards agree best with what happened.

    With H the cumulative hazard that belongs to the predicted risk, ``exp(intercept) * H ** slope`` is fitted
    by maximum likelihood to the times of the rows: a Weibull model of time counted in H. Rows may be censored
    and may enter late.

    Parameters
    ----------
    predictor : Predictor
        The model, fitted on other landmarks.
    covariates : Covariates
        What was known of these rows: `training.recent_rows`, those of the last half year.
    episodes : Episodes
        What happened to them; no row stops after ``predictor.longest``.

    Returns
    -------
    intercept, slope : float
        0 and 1 where nothing needs to move.

    Raises
    ------
    TooFewEventsError
        When fewer than 20 rows end with the event.
    FitError
        When the slope would not be above 0: the model ranks these rows the wrong way round.
    """
    event = episodes.event
    if int(event.sum()) < 20:
        raise TooFewEventsError(
            f"recalibrating needs 20 events in the last days before until, there are {int(event.sum())}: fit "
            "without it"
        )
    begun, ended = _hazards(predictor, covariates, episodes)
    # A baseline learnt from few events has days without any: an event there is no proof that all is wrong.
    ended = np.maximum(ended, ended[ended > 0].min(initial=1.0))
    from scipy.optimize import minimize

    log_ended = np.log(np.maximum(ended, 1e-300))
    late = begun > 0
    log_begun = np.log(np.maximum(begun, 1e-300))

    def loss(at: Float64) -> tuple[float, Float64]:
        intercept, log_slope = at
        slope = np.exp(log_slope)
        grown = np.exp(intercept + slope * log_ended)
        before = np.where(late, np.exp(intercept + slope * log_begun), 0.0)
        like = np.sum(event * (intercept + log_slope + (slope - 1) * log_ended)) - np.sum(grown - before)
        by_intercept = np.sum(event) - np.sum(grown - before)
        moved = np.sum(grown * log_ended - before * log_begun)
        by_slope = np.sum(event * (1 + slope * log_ended)) - slope * moved
        return float(-like), np.array([-by_intercept, -by_slope])

    found = minimize(loss, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-8 * len(event)})
    intercept, slope = float(found.x[0]), float(np.exp(found.x[1]))
    if not (np.isfinite(intercept) and 0.05 < slope < 20):
        raise FitError(
            f"recalibrating gives a slope of {slope:.3g}: the model does not rank the last days before until "
            "as it ranks what came before. Look at the columns, or fit without recalibrating"
        )
    return intercept, slope


def _hazards(predictor: Predictor, covariates: Covariates, episodes: Episodes) -> tuple[Float64, Float64]:
    """Return the cumulative hazard of each row when it enters and when it ends."""
    begun, ended = np.zeros(len(episodes)), np.zeros(len(episodes))
    days = range(predictor.longest + 1)
    for at in range(0, len(episodes), _ROWS):
        rows = np.arange(at, min(at + _ROWS, len(episodes)))
        hazard = -np.log1p(-np.minimum(predictor.risk(covariates.take(rows), days), 1 - 2.0**-53))
        line = np.arange(len(rows))
        ended[rows] = hazard[line, episodes.stop[rows]]
        begun[rows] = hazard[line, episodes.start[rows]]
    return begun, ended
