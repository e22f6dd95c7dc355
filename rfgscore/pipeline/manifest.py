"""The manifest: what went in, what came out, and how; from it a run can be made once more."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from rfgscore.cohort import Cohort, Previous
from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.errors import ConfigError
from rfgscore.escalation.artefact import SCHEMA as MODEL_SCHEMA
from rfgscore.escalation.risks import GivenModel
from rfgscore.gravity import name_code
from rfgscore.history.history import History
from rfgscore.jit import THREADING
from rfgscore.pipeline.folder import SCHEMA
from rfgscore.scoring import Scored
from rfgscore.windows import in_window

__all__ = ["about", "manifest_of", "model_facts"]


def manifest_of(
    history: History,
    scored: Scored,
    cohort: Cohort,
    allow_empty: bool,
    model: GivenModel | None = None,
) -> dict[str, Any]:
    """Return the manifest of a run, but for the checksums of its outputs.

    Parameters
    ----------
    history : History
        What was read.
    scored : Scored
        Everyone scored.
    cohort : Cohort
        Who is considered.
    allow_empty : bool
        Whether a list of nobody was accepted.
    model : GivenModel or None
        The model of escalation risk; None for none.

    Returns
    -------
    dict
        Plain data for JSON.

    Raises
    ------
    ConfigError
        When ``SOURCE_DATE_EPOCH`` is no whole number.
    ValueError
        When the history was not read from files.
    """
    source, config, previous = history.source, scored.config, cohort.previous
    if source is None:
        raise ValueError("a manifest needs a history that was read from files")
    account = source.account
    inside = int(in_window(history, scored.as_of, config.score.window_days).sum())
    flags = Counter(word for words in scored.flags for word in words)
    warnings = [(word, str(flags[word])) for word in sorted(flags)]
    unmapped = np.array([grade.fallback == "unmapped" for grade in scored.grades], np.bool_)
    guessed = np.bincount(scored.history.code, minlength=len(unmapped))
    if guessed[unmapped].any():
        named = Counter[str]()
        for place in np.flatnonzero(unmapped).tolist():
            named[name_code(scored.grades[place].code)] += int(guessed[place])
        most = ", ".join(
            f"{code} ({count})" for code, count in sorted(named.items(), key=lambda i: (-i[1], i[0]))[:20]
        )
        warnings.append(("unmapped_weight", f"{named.total()} rows used gravity.unmapped: {most}"))
    warnings += _collapsed(scored)
    warnings += account.warnings
    edges = {part.name: list(part.edges) for part in scored.components if part.edges is not None}
    return {
        "schema": SCHEMA,
        "version": version("rfgscore"),
        "as_of": iso(scored.as_of),
        "extract_date": iso(source.extract),
        "config_sha256": config.sha256(),
        "config": config.effective(),
        "rows": {
            "in": account.rows["in"],
            "used": account.rows["used"],
            "in_window": inside,
            "set_aside": account.rows["set_aside"],
            "not_yet_known": account.rows["not_yet_known"],
            "by_reason": dict(account.by_reason),
        },
        "people": {
            "scored": len(scored.people),
            "eligible": int(scored.eligible.sum()),
            "considered": len(cohort),
            "excluded": sum(why is not None for why in scored.exclusion),
        },
        **({"edges": edges} if edges else {}),
        "inputs": [
            *account.inputs,
            *([] if previous is None else [_previous(previous)]),
            *([] if model is None else [_model(model)]),
        ],
        "outputs": {},  # known once the files are
        "warnings": [{"code": code, "text": text} for code, text in warnings],
        "run": {
            "allow_empty": allow_empty,
            "cycle": {
                "since": iso(cohort.since),
                "not_shown": dict(cohort.not_shown),
                "at_rest": cohort.at_rest,
                "left": cohort.left,
                "carried": sum(one.status == "carried" for one in cohort.considered),
                "not_assessed": dict(cohort.not_assessed),
            },
            # So that the next run can tell what another gravity table alone changed.
            "weights": dict(sorted((grade.code, grade.weight) for grade in scored.grades)),
            **({} if model is None else {"model": model_facts(model)}),
            **environment(),
        },
    }


def _collapsed(scored: Scored) -> list[tuple[str, str]]:
    """Tell which quantile bands closed up, because edges were equal."""
    return [
        (
            "bands_collapsed",
            f"{part.name}: {part.collapsed} edges were equal, {part.max_points} bands are left",
        )
        for part in scored.components
        if part.collapsed
    ]


def environment(also: Sequence[str] = ()) -> dict[str, Any]:
    """Say what making it once more needs; a time only where the caller fixed one, so that bytes stay equal.

    Parameters
    ----------
    also : sequence of str
        Packages beside those of every run.

    Returns
    -------
    dict
        Plain data for JSON.

    Raises
    ------
    ConfigError
        When ``SOURCE_DATE_EPOCH`` is no whole number.
    """
    packages = ["duckdb", "jinja2", "numba", "numpy", "pydantic", "pyyaml", *also]
    if find_spec("xlsxwriter") is not None:  # an extra: with it there is a workbook
        packages.append("xlsxwriter")
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        created = dt.datetime.fromtimestamp(int(stated), dt.UTC).isoformat() if stated else None
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError("SOURCE_DATE_EPOCH must be whole seconds since 1970-01-01") from error
    return {
        "created": created,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: version(name) for name in sorted(packages)},
        # Not how many: the result is the same with any number of them.
        "threading_layer": THREADING,
    }


def _previous(previous: Previous) -> dict[str, Any]:
    return {
        "table": "previous",
        "file": previous.folder,
        "sha256": previous.sha256,
        "rows": len(previous.listed),
        "set_aside": 0,
    }


def _model(given: GivenModel) -> dict[str, Any]:
    """Name the model among the inputs: it holds no row of anybody."""
    return {"table": "model", "file": given.file, "sha256": given.sha256, "rows": 0, "set_aside": 0}


def model_facts(given: GivenModel) -> dict[str, Any]:
    """Return what a model was fitted for and on, as the manifest tells it.

    Parameters
    ----------
    given : GivenModel
        The model.

    Returns
    -------
    dict
        Plain data for JSON.
    """
    card = given.card
    told = ("model", "clock", "held", "window_days", "until", "landmarks", "rows", "people", "horizons")
    counts = ("events_by_horizon", "observed", "expected", "columns_used")
    return {
        "schema": MODEL_SCHEMA,
        "outcome": card["outcome"]["name"],
        "counts": card["outcome"]["words"],
        **{name: card[name] for name in (*told, *counts)},
    }


def about(config: Config, manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is to be said of a run beside its tables.

    Parameters
    ----------
    config : Config
        Settings.
    manifest : mapping of str to Any
        The manifest.

    Returns
    -------
    list of (str, str)
        What, and its value in words.
    """
    people, rows, cycle = manifest["people"], manifest["rows"], manifest["run"]["cycle"]
    return [
        ("day looked at", manifest["as_of"]),
        ("extract taken", manifest["extract_date"]),
        ("since", cycle["since"]),
        ("settings", config.name),
        ("settings, SHA-256", manifest["config_sha256"]),
        ("people scored", str(people["scored"])),
        ("people ranked", str(people["eligible"])),
        ("people considered", str(people["considered"])),
        ("rows read", str(rows["in"])),
        ("rows used", str(rows["used"])),
        ("rows set aside", str(rows["set_aside"])),
        ("rows not yet known", str(rows["not_yet_known"])),
        *((f"not shown, route {route}", str(count)) for route, count in cycle["not_shown"].items() if count),
        *_about_model(config, manifest),
    ]


def _about_model(config: Config, manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = manifest["run"].get("model")
    if told is None:
        return []
    orders = config.escalation.use == "tiebreak"
    (sha256,) = (entry["sha256"] for entry in manifest["inputs"] if entry["table"] == "model")
    return [
        (
            "escalation_risk",
            f"of people with such a record, the share recorded for {told['counts']} within the days beside "
            f"it, as a model sums up the records to {told['until']}; said of groups, not of a person",
        ),
        ("escalation_risk and the order", "orders full ties only" if orders else "none: it is only shown"),
        ("model, SHA-256", sha256),
    ]
