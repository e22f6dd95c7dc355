"""The model of escalation risk as users meet it: fitted on a history up to a day, asked about another."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.errors import ConfigError, ModelFileError, NotFittedError, PointInTimeError, UnknownPersonError
from rfgscore.escalation.artefact import load_model, save_model
from rfgscore.escalation.covariates import COLUMNS, covariates_at, plain_value
from rfgscore.escalation.document import from_document, to_document
from rfgscore.escalation.episodes import Held, at_risk, last_day
from rfgscore.escalation.outcomes import Outcome, outcome_of
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.settings import Day, Settings, day_of, days_of, several
from rfgscore.escalation.tables import Clock, Contributions, Covariates
from rfgscore.escalation.training import Fitted, gravity_facts, train
from rfgscore.history.history import History
from rfgscore.tables import Column, Table

__all__ = ["EscalationModel", "plain_value"]

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


class EscalationModel:
    """Risk of a further recorded incident within asked horizons, by what was known of a person on a day.

    Rows of training begin at landmarks, days before `until` by at least the longest horizon, on which
    everyone with a line in the look-back is at risk. They use what was known at their landmark to predict,
    and what was known at `until` to learn.

    Parameters
    ----------
    outcome : str or Outcome
        ``repeat``, ``serious``, ``worse``, ``new_victim``, or one of your own.
    horizons : sequence of int
        Days on the clock at which risk is asked; nothing else is predicted.
    model : str
        ``cox``, ``weibull``, ``hazard``, ``kaplan-meier`` or ``aalen-johansen``.
    features : sequence of str, optional
        Names of `covariates.COLUMNS`; by default those that the history can fill, but for some that
        repeat others, and age.
    window_days : int
        Look-back in days.
    serious_from : float
        Weight at or above which an incident is serious.
    held : str
        Whether people in custody at a landmark are rows: ``include`` (their clock stands still), ``exclude``.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known.
    landmarks : int or sequence of date-like
        How many training landmarks there may be, or the days themselves.
    every_days : int
        Days between two of them.
    recalibrate : bool
        Whether risks are moved so that they agree with what happened in the last half year before `until`:
        base rates change, and training rows begin at least the longest horizon earlier.
    allow_age : bool
        Whether age may be a column. A force has to decide that, and to look at results with and without it.
    options : mapping, optional
        Handed to the model of that name.

    Raises
    ------
    ConfigError
        When something asked for does not exist, or is no whole number above 0.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> person, day = rng.integers(0, 400, 4000), rng.integers(0, 1500, 4000).astype(np.int32)
    >>> history = History.from_arrays(person=person, day=day, gravity=np.ones(4000))
    >>> model = EscalationModel(horizons=[90], window_days=365, features=["incidents_window"])
    >>> model.fit(history, until=1499).predict(history, as_of=1499)
    Table(366 rows; perpetrator_id, risk_90d)
    """

    def __init__(
        self,
        outcome: str | Outcome = "repeat",
        horizons: Sequence[int] = (90, 180, 365),
        model: str = "cox",
        *,
        features: Sequence[str] | None = None,
        window_days: int = 730,
        serious_from: float = 365.0,
        held: Held = "include",
        clock: Clock | None = None,
        landmarks: int | Sequence[Day] = 4,
        every_days: int = 182,
        recalibrate: bool = False,
        allow_age: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.settings = Settings(
            outcome=outcome_of(outcome, serious_from),
            horizons=several(horizons),
            model=model,
            features=None if features is None else several(features),
            window_days=window_days,
            held=held,
            clock=clock,
            landmarks=landmarks if isinstance(landmarks, int) else days_of("landmarks", several(landmarks)),
            every_days=every_days,
            recalibrate=recalibrate,
            allow_age=allow_age,
            options=dict(options or {}),
        )
        self._fitted: Fitted | None = None

    @property
    def outcome(self) -> Outcome:
        """The event whose risk is told."""
        return self.settings.outcome

    @property
    def horizons(self) -> tuple[int, ...]:
        """Days on the clock at which risk is told, ascending."""
        return self.settings.horizons

    def __repr__(self) -> str:
        until = "not fitted" if self._fitted is None else f"fitted until {self._fitted.card['until']}"
        days = ", ".join(map(str, self.horizons))
        return f"EscalationModel({self.settings.model}, {self.outcome.name} within {days} days, {until})"

    def fit(self, history: History, until: Day, *, people: npt.NDArray[np.bool_] | None = None) -> Self:
        """Fit the model on what was known at a day.

        Parameters
        ----------
        history : History
            The history; what became known later changes nothing.
        until : date-like
            Last day of the follow-up.
        people : numpy.ndarray, optional
            Boolean mask over the persons of the history: only these are rows.

        Returns
        -------
        EscalationModel
            Itself.

        Raises
        ------
        FollowUpError
            When `until` is after the data, or the record is too short for look-back and horizons.
        TooFewEventsError
            When too little happened for the columns asked for.
        FitError
            When columns separate the events, or the fit does not converge.
        ProtectedFeatureError
            When a protected characteristic is asked for.
        DataError
            When a column or the clock needs a table that was not given.
        """
        self._fitted = train(self.settings, history, day_of("until", until), people)
        return self

    def predict(self, history: History, as_of: Day) -> Table:
        """Return the risk of everyone with a line in the look-back, by what was known on a day.

        Parameters
        ----------
        history : History
            The history.
        as_of : date-like
            Day looked at.

        Returns
        -------
        Table
            ``perpetrator_id``, and ``risk_Hd`` (float64) for each horizon H: the probability of the outcome
            within H days on the clock. In id order; people known to be dead or handed on are left out.

        Raises
        ------
        NotFittedError
            Before `fit`.
        PointInTimeError
            When the model learnt from something later than `as_of`, or the history ends before it.
        ModelFileError
            When the weights of the history are not those the model was fitted under.
        """
        day = day_of("as_of", as_of)
        self._ready()
        people = at_risk(history, day, window_days=self.settings.window_days, held=self.settings.held)
        risk = self.risk(history, day, people)
        columns = {
            "perpetrator_id": Column.wrap(
                "int64" if history.persons.dtype != object else "text", history.persons[people]
            )
        }
        for at, horizon in enumerate(self.horizons):
            columns[f"risk_{horizon}d"] = Column.of("float64", risk[:, at])
        return Table(columns)

    def risk(self, history: History, as_of: Day, people: Int64) -> Float64:
        """Return the risk of some persons by what was known on a day.

        Parameters
        ----------
        history : History
            The history.
        as_of : date-like
            Day looked at.
        people : numpy.ndarray
            int64 person numbers; each has a line visible by then.

        Returns
        -------
        numpy.ndarray
            float64, persons by horizons.

        Raises
        ------
        RfgError
            As `predict`.
        """
        known = self._covariates(history, day_of("as_of", as_of), people)
        return self._ready().predictor.risk(known, self.horizons)

    def contributions(self, history: History, as_of: Day, people: Int64) -> Contributions:
        """Return how far each column moves some persons from the average person of the training.

        Parameters
        ----------
        history : History
            The history.
        as_of : date-like
            Day looked at.
        people : numpy.ndarray
            int64 person numbers.

        Returns
        -------
        Contributions
            Persons by columns.

        Raises
        ------
        RfgError
            As `predict`.
        """
        known = self._covariates(history, day_of("as_of", as_of), people)
        return self._ready().predictor.contributions(known)

    def explain(self, history: History, as_of: Day, perpetrator_id: str | int) -> Table:
        """Return what stands behind the risk of one person.

        Parameters
        ----------
        history : History
            The history.
        as_of : date-like
            Day looked at.
        perpetrator_id : str or int
            Who.

        Returns
        -------
        Table
            ``column, label, value, unit, average, contribution``: the person's value, that of the average
            person of the training, and what the difference adds on the model's scale; the largest first.

        Raises
        ------
        NotFittedError
            Before `fit`.
        UnknownPersonError
            When the history holds nothing of the person by that day.
        """
        day = day_of("as_of", as_of)
        fitted = self._ready()
        found = np.flatnonzero(history.persons == perpetrator_id)
        if len(found) == 0 or history.first_seen[found[0]] > day:
            raise UnknownPersonError(f"nothing is recorded by {iso(day)} of the person asked for")
        known = self._covariates(history, day, found)
        told = fitted.predictor.contributions(known)
        order = sorted(range(len(told.names)), key=lambda at: (-abs(told.values[0, at]), told.names[at]))
        names = [told.names[at] for at in order]
        value = dict(zip(known.names, known.values[0].tolist(), strict=True))
        means = fitted.card["averages"]
        return Table(
            {
                "column": Column.of("text", names),
                "label": Column.of("text", [COLUMNS[name].label for name in names]),
                "value": Column.of("float64", [plain_value(name, value[name]) for name in names]),
                "unit": Column.of("text", [COLUMNS[name].unit or None for name in names]),
                "average": Column.of("float64", [plain_value(name, means[name]) for name in names]),
                "contribution": Column.of("float64", [float(told.values[0, at]) for at in order]),
            }
        )

    def summary(self) -> Table:
        """Return what was estimated, a row a term.

        Returns
        -------
        Table
            Depends on the model.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        return self._ready().summary

    def check_assumptions(self) -> Table:
        """Return what the model takes for granted, and how far that held in training, a row a check.

        Returns
        -------
        Table
            ``check, column, statistic, p, size, holds, sentence``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        return self._ready().checks

    @property
    def card(self) -> dict[str, Any]:
        """What the model was fitted on and for, as plain data."""
        return dict(self._ready().card)

    @property
    def predictor(self) -> Predictor:
        """The arrays that predict."""
        return self._ready().predictor

    def save(self, path: str | os.PathLike[str], *, replace: bool = False) -> None:
        """Write the model to one file: JSON with its arrays and a checksum, no code and no training row.

        Parameters
        ----------
        path : path
            File to write.
        replace : bool
            Whether a file there may be replaced.

        Raises
        ------
        NotFittedError
            Before `fit`.
        OutputError
            When there is a file, and `replace` is not said.
        WriteError
            When it cannot be written.
        """
        fitted = self._ready()
        save_model(os.fspath(path), to_document(fitted), {"event": fitted.predictor}, replace=replace)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> EscalationModel:
        """Read a model from a file; nothing in it is run.

        Parameters
        ----------
        path : path
            What `save` wrote.

        Returns
        -------
        EscalationModel
            Predicts to the bit what the saved one does.

        Raises
        ------
        InputNotFoundError
            When there is no such file.
        ModelFileError
            When it is damaged, was changed, or is no model file.
        """
        document, predictors = load_model(os.fspath(path))
        settings, fitted = from_document(document, predictors, os.fspath(path))
        model = cls(settings.outcome, settings.horizons)
        model.settings, model._fitted = settings, fitted
        return model

    def _ready(self) -> Fitted:
        if self._fitted is None:
            raise NotFittedError(
                "the model was not fitted: call fit(history, until=...) or load one from a file"
            )
        return self._fitted

    def _covariates(self, history: History, day: int, people: Int64) -> Covariates:
        fitted = self._ready()
        self._refuse_misfit(history, day)
        asked = np.asarray(people)
        if asked.ndim != 1 or (asked.dtype.kind not in "iu" and len(asked)):
            raise ConfigError(
                "people must be whole numbers, the places of persons in the history, not a mask"
            )
        rows = asked.astype(np.int64)
        return covariates_at(
            history,
            rows,
            np.full(len(rows), day, np.int32),
            fitted.card["columns"],
            window_days=self.settings.window_days,
            serious_from=self.outcome.serious_from,
        )

    def _refuse_misfit(self, history: History, day: int) -> None:
        card = self._ready().card
        if day < day_of("until", card["until"]):
            raise PointInTimeError(
                f"the model learnt from the record up to {card['until']}, and is asked about {iso(day)}: "
                "nobody could have had it on that day. Ask about a later day, or fit with an earlier until"
            )
        if day > last_day(history):
            raise PointInTimeError(
                f"the history ends on {iso(last_day(history))} and holds nothing of {iso(day)}: read it again"
            )
        now = gravity_facts(history)
        if now is not None and card["gravity"] is not None and now != card["gravity"]:
            raise ModelFileError(
                "the model was fitted under other weights than those of this history (gravity table, "
                "unmapped, non_crime or uplift): fit it again under these settings"
            )
