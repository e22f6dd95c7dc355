"""What the files of an output set must look like, whichever version wrote them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rfgscore.config import COMPONENTS
from rfgscore.dates import to_day
from rfgscore.tables import Kind, Table

__all__ = ["NEEDED", "WRITTEN", "check_scores", "components", "finite", "score_kinds", "whole"]

_LIST = ("perpetrator_id", "position", "status", "pathway", "entry_routes", "flags", "summary")

#: Columns of the CSV files that are read again.
NEEDED = {
    "cohort.csv": _LIST,
    "monitoring.csv": _LIST,
    "excluded.csv": ("perpetrator_id", "reason", "detail"),
    "explanations.csv": ("perpetrator_id", "component", "value", "evidence", "sentence"),
    "changes.csv": (
        *("perpetrator_id", "what", "list_before", "list_now", "status_before", "status_now"),
        *("position_before", "position_now", "cause", "sentence"),
    ),
}
#: Files that every version wrote, and every reader needs.
WRITTEN = ("cohort.csv", "monitoring.csv", "excluded.csv", "explanations.csv", "scores.parquet")

#: Columns of the scores that may be empty; the first three are for those without a position.
_PLACE = ("position", "rank", "tied_with")
_NULLABLE = (*_PLACE, "max_score", "flags")
_FIRST, _LAST = to_day("0001-01-01"), to_day("9999-12-31")


def components(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the components that the settings of a manifest score by.

    Parameters
    ----------
    config : mapping of str to Any
        Settings as the manifest holds them.

    Returns
    -------
    tuple of str
        In contract order.

    Raises
    ------
    LookupError
        When the settings do not tell.
    """
    held = config["score"]["components"]
    return tuple(name for name in COMPONENTS if held.get(name) is not None)


def whole(cell: str, least: int = 1) -> int:
    """Return a whole number as the program writes one.

    Parameters
    ----------
    cell : str
        Digits alone.
    least : int
        Smallest number there can be.

    Returns
    -------
    int
        Within 32 bits, as positions and counts are.

    Raises
    ------
    ValueError
        When it is none.

    Examples
    --------
    >>> whole("12")
    12
    """
    if not (cell.isascii() and cell.isdigit() and len(cell) <= 10 and least <= int(cell) < 2**31):
        raise ValueError
    return int(cell)


def finite(value: Any) -> float:
    """Return a number of a manifest.

    Parameters
    ----------
    value : Any
        Taken from JSON, in which a number may be larger than any float.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        When it is no number, or not finite.
    OverflowError
        When it is larger than any float.

    Examples
    --------
    >>> finite(12)
    12.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def score_kinds(config: Mapping[str, Any]) -> dict[str, Kind]:
    """Return the columns that the scores have under some settings.

    Parameters
    ----------
    config : mapping of str to Any
        Settings as the manifest holds them.

    Returns
    -------
    dict of str to str
        Kind by name.

    Raises
    ------
    LookupError
        When the settings do not tell.
    """
    points: Kind = "float64" if config["score"]["method"] == "continuous" else "int32"
    kinds: dict[str, Kind] = {"perpetrator_id": "text", **dict.fromkeys(_PLACE, "int32")}
    kinds |= {"score": points, "max_score": "int32"}
    for name in components(config):
        kinds[f"{name}_value"] = "float64" if name == "gravity" else "int32"
        kinds[f"{name}_band"] = "int32"
        kinds[f"{name}_points"] = points
    return kinds | {
        "last_event_date": "date",
        "worst_offence_code": "text",
        "lines_in_window": "int32",
        "flags": "text",
    }


def check_scores(found: Table, kinds: Mapping[str, Kind]) -> None:
    """Refuse scores that are not as the settings beside them have it.

    Parameters
    ----------
    found : Table
        All rows of ``scores.parquet``, or some.
    kinds : mapping of str to str
        The columns there must be.

    Raises
    ------
    LookupError
        When a column is missing.
    ValueError
        When a column is of another kind, a cell is empty or out of bounds, or two rows are of one person.
    """
    columns = found.columns
    for name, kind in kinds.items():
        column = columns[name]
        if column.kind != kind or (name not in _NULLABLE and column.null.any()):
            raise ValueError
        if kind == "float64" and not np.isfinite(column.values).all():
            raise ValueError
    ids = columns["perpetrator_id"].values.tolist()
    if len(set(ids)) < len(ids) or "" in ids:
        raise ValueError
    unranked = columns["position"].null
    if any((columns[name].null != unranked).any() for name in _PLACE):
        raise ValueError
    position = columns["position"].values[~unranked]
    if (position < 1).any() or len(np.unique(position)) < len(position):
        raise ValueError
    day = columns["last_event_date"].values
    if ((day < _FIRST) | (day > _LAST)).any():
        raise ValueError
