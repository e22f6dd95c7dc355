"""Training at a landmark: models fitted on what was known then, and nothing later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.incidence import incidence
from rfgscore.backtests.options import Options
from rfgscore.dates import iso
from rfgscore.escalation.covariates import columns_for, covariates_at
from rfgscore.escalation.episodes import landmark_episodes
from rfgscore.escalation.models.base import RiskModel
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.tables import Covariates, Episodes
from rfgscore.escalation.training import estimator, training_landmarks
from rfgscore.history.history import History

__all__ = ["MOST_ROWS", "Training", "drawn_rows", "known_of", "random_order", "training_at"]

Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Training rows at a landmark, about: more make a fit slower and hardly better.
MOST_ROWS: Final = 100_000


@dataclass(frozen=True, eq=False, repr=False)
class Training:
    """Rows to fit on at one landmark.

    Parameters
    ----------
    landmarks : tuple of int
        Days on which the rows begin, each the longest horizon or more before the landmark.
    known : Covariates
        What was known of each row when it began.
    rows : Episodes
        What happened, as far as it was known at the landmark, up to the longest horizon.
    """

    landmarks: tuple[int, ...]
    known: Covariates
    rows: Episodes

    def without(self, people: Bool) -> Training:
        """Leave out the rows of some people.

        Parameters
        ----------
        people : numpy.ndarray
            Boolean mask over the persons of the history.

        Returns
        -------
        Training
            The other rows.
        """
        return self._of(np.flatnonzero(~people[self.rows.person]))

    def drawn(self, most: int, seed: int, landmark: int) -> Training:
        """Leave out people at random until there are few enough rows.

        Parameters
        ----------
        most : int
            Rows there may be, about.
        seed, landmark : int
            The same two give the same people.

        Returns
        -------
        Training
            All rows of the people kept.
        """
        return self if len(self.rows) <= most else self._of(drawn_rows(self.rows, most, seed, landmark))

    def _of(self, kept: Int64) -> Training:
        return Training(self.landmarks, self.known.take(kept), self.rows.take(kept))

    def shuffled(self, seed: int, landmark: int) -> Training:
        """Give every row what happened to another, so that nothing can be learnt.

        Parameters
        ----------
        seed, landmark : int
            The same two give the same order.

        Returns
        -------
        Training
            Rows whose columns are as they were.
        """
        rows, order = self.rows, random_order(len(self.rows), seed, landmark, 1)
        moved = replace(rows, start=rows.start[order], stop=rows.stop[order], end=rows.end[order])
        return Training(self.landmarks, self.known, moved)

    def fit(self, model: str, longest: int) -> Predictor:
        """Fit one model.

        Parameters
        ----------
        model : str
            Its name.
        longest : int
            Longest horizon.

        Returns
        -------
        Predictor
            What it learnt.

        Raises
        ------
        TooFewEventsError
            When too little happened.
        FitError
            When no column is left, or the fit does not converge.
        """
        return _unfitted(model).fit(self.known, self.rows, longest).predictor

    def null(self, times: Sequence[int]) -> Float64:
        """Return the share of the training rows with the event by some times: what knows nobody apart.

        Parameters
        ----------
        times : sequence of int
            Days on the clock.

        Returns
        -------
        numpy.ndarray
            float64, one a time.
        """
        begun = np.flatnonzero(self.rows.start == 0)
        return incidence(self.rows.stop[begun], self.rows.end[begun], times)

    def told(self, predictors: dict[str, Predictor]) -> dict[str, Any]:
        """Return what is to be told of the training, as plain data.

        Parameters
        ----------
        predictors : dict of str to Predictor
            The models fitted on it.

        Returns
        -------
        dict
            For the design of the report.
        """
        events = int(self.rows.event.sum())
        return {
            "landmarks": [iso(day) for day in self.landmarks],
            "rows": len(self.rows),
            "people": len(np.unique(self.rows.person)),
            "events": events,
            "columns": list(self.known.names),
            "columns_used": {name: list(one.columns) for name, one in predictors.items()},
            "events_per_column": {
                name: round(events / len(one.columns), 1) for name, one in predictors.items() if one.columns
            },
            "left_out": dict(self.rows.left_out),
        }


def _unfitted(model: str) -> RiskModel:
    """Return a model that drops columns which separate: one must not stop a whole back-test."""
    return estimator(model, {}, chosen=False)


def training_at(history: History, landmark: int, options: Options, window_days: int) -> Training:
    """Return the rows that may be used at a landmark.

    Parameters
    ----------
    history : History
        The history.
    landmark : int
        Day looked at: nothing known later is used.
    options : Options
        Outcome, horizons, clock, and who is at risk.
    window_days : int
        Look-back in days.

    Returns
    -------
    Training
        Rows of everyone at risk on each training landmark.

    Raises
    ------
    FollowUpError
        When the record up to the landmark is too short for look-back and horizon.
    """
    days = training_landmarks(
        history,
        landmark,
        options.longest,
        landmarks=options.landmarks,
        every_days=options.every_days,
        window_days=window_days,
    )
    whole = landmark_episodes(
        history,
        days,
        options.outcome,
        landmark,
        window_days=window_days,
        clock=options.clock,
        held=options.held,
    )
    rows = whole.up_to(options.longest)
    if len(rows) > MOST_ROWS:
        rows = rows.take(drawn_rows(rows, MOST_ROWS, options.seed, landmark))
    names = columns_for(history, options.features, as_of=landmark)
    return Training(days, known_of(history, rows.person, rows.origin, names, options, window_days), rows)


def drawn_rows(rows: Episodes, most: int, seed: int, landmark: int) -> Int64:
    """Return the rows of people drawn at random, about as many as may be.

    Parameters
    ----------
    rows : Episodes
        Rows; a person may have several.
    most : int
        Rows there may be, about.
    seed, landmark : int
        The same two give the same people. Only the people who have rows are counted, so that whoever comes
        later changes nothing.

    Returns
    -------
    numpy.ndarray
        int64 row numbers, ascending; all rows of the people drawn.
    """
    _, whose = np.unique(rows.person, return_inverse=True)
    people = int(whose.max(initial=-1)) + 1
    order = random_order(people, seed, landmark, 4)
    return np.flatnonzero(order[whose] < people * most // max(len(rows), 1))


def known_of(
    history: History,
    person: Int64,
    day: npt.NDArray[np.int32],
    names: Sequence[str],
    options: Options,
    window_days: int,
) -> Covariates:
    """Return the columns of some persons on some days.

    Parameters
    ----------
    history : History
        The history.
    person, day : numpy.ndarray
        Person number and day of each row.
    names : sequence of str
        Columns.
    options : Options
        What is serious.
    window_days : int
        Look-back in days.

    Returns
    -------
    Covariates
        As known on each row's day.
    """
    return covariates_at(
        history, person, day, names, window_days=window_days, serious_from=options.outcome.serious_from
    )


def random_order(size: int, seed: int, landmark: int, purpose: int) -> Int64:
    """Return places in a random order.

    Parameters
    ----------
    size : int
        How many there are.
    seed, landmark, purpose : int
        The same three give the same order.

    Returns
    -------
    numpy.ndarray
        int64.

    Examples
    --------
    >>> sorted(random_order(3, 1, 20000, 1).tolist())
    [0, 1, 2]
    """
    key = np.random.SeedSequence([seed, landmark + 2**31, purpose])
    return np.random.Generator(np.random.Philox(key)).permutation(size).astype(np.int64)
