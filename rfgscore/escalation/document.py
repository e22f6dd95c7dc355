"""A fitted model as plain data, and back: everything but the arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError, ModelFileError
from rfgscore.escalation.covariates import COLUMNS
from rfgscore.escalation.outcomes import OUTCOMES, Outcome
from rfgscore.escalation.predictor import Predictor
from rfgscore.escalation.settings import Settings, day_of
from rfgscore.escalation.tables import ENDS
from rfgscore.escalation.training import Fitted
from rfgscore.history.history import History
from rfgscore.tables import Column, Table

__all__ = ["from_document", "to_document"]

#: Above the logarithm of every number.
_LOGS: Final = 709.0
#: Kind of predictor that each model leaves.
_KINDS: Final = {
    "cox": "cox",
    "weibull": "weibull",
    "hazard": "trees",
    "kaplan-meier": "curve",
    "aalen-johansen": "curve",
}


def to_document(fitted: Fitted) -> dict[str, Any]:
    """Return what stands beside the arrays in a model file.

    Parameters
    ----------
    fitted : Fitted
        A fitted model.

    Returns
    -------
    dict
        The card, the summary and the checks, for JSON.
    """
    return {"card": fitted.card, "summary": _plain(fitted.summary), "checks": _plain(fitted.checks)}


def from_document(
    document: Mapping[str, Any], predictors: Mapping[str, Predictor], name: str
) -> tuple[Settings, Fitted]:
    """Return a fitted model from what stood in its file.

    Parameters
    ----------
    document : mapping
        As `to_document` returns it.
    predictors : mapping of str to Predictor
        The arrays; the model's own are called ``event``.
    name : str
        Name of the file, for the error.

    Returns
    -------
    Settings
        What it was asked to do.
    Fitted
        The model.

    Raises
    ------
    ModelFileError
        When something is missing, or makes no sense.
    """
    try:
        card = document["card"]
        settings = Settings(
            outcome=_outcome(card["outcome"]),
            horizons=tuple(card["horizons"]),
            model=card["model"],
            features=tuple(card["columns"]),
            window_days=card["window_days"],
            held=card["held"],
            clock=card["clock"],
            allow_age="age" in card["columns"],
        )
        predictor = predictors["event"]
        _refuse_strange(card, settings, predictor)
        fitted = Fitted(predictor, dict(card), _table(document["summary"]), _table(document["checks"]))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{name}: not a model of this version ({type(error).__name__}); fit it again"
        ) from error
    return settings, fitted


def _refuse_strange(card: Mapping[str, Any], settings: Settings, predictor: Predictor) -> None:
    """Refuse a card that does not go with its arrays, or is not of the form that everybody reads it in."""
    columns, horizons, outcome = card["columns"], card["horizons"], card["outcome"]
    days = [day_of("landmarks", day) for day in card["landmarks"]]
    until = day_of("until", card["until"])
    shares = [*card["observed"], *card["expected"]]
    per_horizon = ("horizons", "events_by_horizon", "observed", "expected")
    counts = [
        *(card["rows"], card["people"], card["window_days"], *horizons, *card["events_by_horizon"]),
        *(*card["ends"].values(), *card["left_out"].values()),
    ]
    texts = [
        *(card["version"], card["until"], *card["landmarks"], outcome["name"], outcome["words"]),
        *(
            *outcome["codes"],
            *columns,
            *card["left_out"],
            *(word for pair in card["dropped"] for word in pair),
        ),
    ]
    right = {
        "columns": set(columns) <= set(COLUMNS) and len(set(columns)) == len(columns),
        "columns_used": card["columns_used"] == list(predictor.columns)
        and set(predictor.columns) <= set(columns),
        "averages": sorted(card["averages"]) == sorted(columns)
        and all(
            type(value) is float and (value <= _LOGS or not COLUMNS[name].log)
            for name, value in card["averages"].items()
        ),
        "horizons": horizons == list(settings.horizons)
        and settings.longest <= predictor.longest
        and len({len(card[name]) for name in per_horizon}) == 1,
        "model": _KINDS[settings.model] == predictor.kind,
        "clock": card["clock"] in ("at_liberty", "calendar"),
        "landmarks": len(days) > 0 and days == sorted(days) and days[-1] < until,
        "counts": all(type(count) is int and 0 <= count < 2**31 for count in counts)
        and set(card["ends"]) == set(ENDS),
        "shares": all(type(share) is float and 0 <= share <= 1 for share in shares),
        "texts": all(isinstance(text, str) for text in texts),
        "dropped": all(len(pair) == 2 for pair in card["dropped"]),
        "outcome": outcome["words"] == settings.outcome.words
        and type(outcome["serious_from"]) in (int, float),
        "recalibration": card["recalibration"] is None or isinstance(card["recalibration"], list),
        "gravity": card["gravity"] is None or isinstance(card["gravity"], Mapping),
        "options": isinstance(card["options"], Mapping),
    }
    wrong = [name for name, good in right.items() if not good]
    if wrong:
        raise ValueError(", ".join(wrong))


def _outcome(told: Mapping[str, Any]) -> Outcome:
    def _unknown(history: History) -> npt.NDArray[np.bool_]:
        raise ConfigError("what this outcome of one's own counts was not saved with the model; give it again")

    known = told["name"] in OUTCOMES or told["codes"]
    where: Callable[[History], npt.NDArray[np.bool_]] | None = None if known else _unknown
    return Outcome(told["name"], told["serious_from"], frozenset(told["codes"]), where)


def _plain(table: Table) -> list[Any]:
    # A list, since the order of columns counts and a file sorts the keys of mappings.
    return [[name, column.kind, column.python()] for name, column in table.columns.items()]


def _table(told: Sequence[Any]) -> Table:
    return Table({name: Column.of(kind, values) for name, kind, values in told})
