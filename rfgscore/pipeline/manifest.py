"""The manifest: what went in, what came out, and how; from it a run can be made once more."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from rfgscore.cohort import Cohort, Previous
from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.errors import ConfigError
from rfgscore.gravity import name_code
from rfgscore.history.history import History
from rfgscore.jit import THREADING
from rfgscore.pipeline.folder import SCHEMA
from rfgscore.scoring import Scored
from rfgscore.windows import in_window

__all__ = ["about", "manifest_of"]


def manifest_of(history: History, scored: Scored, cohort: Cohort, allow_empty: bool) -> dict[str, Any]:
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
        "inputs": [*account.inputs, *([] if previous is None else [_previous(previous)])],
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
            **_environment(),
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


def _environment() -> dict[str, Any]:
    """Say what a replay needs; a time only where the caller fixed one, so that bytes stay equal."""
    packages = ["duckdb", "jinja2", "numba", "numpy", "pydantic", "pyyaml"]
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
        "packages": {name: version(name) for name in packages},
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
    ]
