"""One run: read, score, select, explain, and lay out the files of the output set."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from rfgscore.cohort import Cohort, select_cohort
from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.errors import ConfigError, NobodyEligibleError
from rfgscore.explain import explain_person, explanation_table, outlooks
from rfgscore.gravity import name_code
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of, read_offences
from rfgscore.history.source import Source
from rfgscore.pipeline.folder import MANIFEST, SCHEMA, write_folder
from rfgscore.pipeline.scores import Scores
from rfgscore.report.csv_file import csv_bytes
from rfgscore.report.lists import cohort_table, excluded_table, monitoring_table
from rfgscore.report.page import page_bytes
from rfgscore.report.parquet_file import parquet_bytes
from rfgscore.report.summary import summary_table
from rfgscore.scoring import Scored, score_people
from rfgscore.tables import Table
from rfgscore.windows import in_window

__all__ = ["Run", "run"]

Day = dt.date | str | int
FilePath = str | os.PathLike[str]


@dataclass(frozen=True, repr=False)
class Run:
    """What one run found; frozen.

    Parameters
    ----------
    cohort, monitoring, excluded : Table
        The lists.
    scores : Scores
        Everyone scored.
    explanations, set_aside, summary : Table
        The other tables of the CSV files.
    files : mapping of str to bytes
        The output set by file name, the manifest last.
    """

    cohort: Table
    monitoring: Table
    excluded: Table
    scores: Scores
    explanations: Table
    set_aside: Table
    summary: Table
    files: Mapping[str, bytes]

    @property
    def manifest(self) -> dict[str, Any]:
        """What went in, what came out, and how; a fresh copy of what is written."""
        told: dict[str, Any] = json.loads(self.files["manifest.json"])
        return told

    def __repr__(self) -> str:
        rows, people = self.manifest["rows"], self.manifest["people"]
        return (
            f"Run(as of {self.manifest['as_of']}: {rows['in']} rows in, {rows['used']} used, "
            f"{people['scored']} people scored, {len(self.cohort)} listed)"
        )

    def write(self, out: FilePath, *, replace: bool = False) -> Path:
        """Write the output set as one folder, all of it or nothing.

        Parameters
        ----------
        out : path
            Folder: absent, empty, or with `replace` an earlier output set.
        replace : bool
            Whether an earlier output set may be replaced.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            When `out` is in use.
        WriteError
            When it cannot be written; what stood there before is untouched.
        """
        return write_folder(out, self.files, replace=replace)


def run(
    *,
    config: Config,
    offences: object,
    as_of: Day,
    extract_date: Day | None = None,
    subjects: object = None,
    custody: object = None,
    links: object = None,
    removals: object = None,
    threads: int = 1,
    allow_empty: bool = False,
    tell: Callable[[str], None] = lambda step: None,
) -> Run:
    """Rank and explain: the main job in one call.

    Parameters
    ----------
    config : Config
        Settings.
    offences : path, table, or sequence of them
        CSV, gzipped CSV or Parquet files; pandas, polars or Arrow tables.
    as_of : date-like
        Day looked at; always given, never "today".
    extract_date : date-like, optional
        Day the extract was taken; by default that of the config, else `as_of`.
    subjects, custody, links, removals : path or table, optional
        The tables beside the offences.
    threads : int
        Threads to use; the result is the same to the byte with any number.
    allow_empty : bool
        Whether a list of nobody is a result.
    tell : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Run
        Tables, scores and manifest; ``.write(out)`` writes them.

    Raises
    ------
    ConfigError
        When settings or the gravity table cannot be used.
    DataError
        When the input is missing, refused, at fault beyond the limit, or nobody is eligible.

    Examples
    --------
    >>> import rfgscore as rfg
    >>> from rfgscore.sample import sample_file
    >>> config = rfg.load_config(sample_file("config.yaml"))
    >>> rfg.run(config=config, offences=sample_file("offences.csv"), as_of="2025-06-30")
    Run(as of 2025-06-30: 409 rows in, 334 used, 114 people scored, 24 listed)
    """
    tell("reading")
    history = read_offences(
        offences,
        config=config,
        as_of=as_of,
        extract_date=extract_date,
        subjects=subjects,
        custody=custody,
        links=links,
        removals=removals,
        allow_empty=allow_empty,
    )
    assert history.as_of is not None and history.source is not None  # noqa: S101 - read from files
    tell("scoring")
    gravity = gravity_of(config)
    scored = score_people(history, config=config, gravity=gravity, as_of=history.as_of, threads=threads)
    account = history.source.account
    if not scored.eligible.any() and not allow_empty:
        raise NobodyEligibleError(
            f"nobody can be ranked: {len(scored.people)} people have a line in the "
            f"{config.score.window_days} days to {iso(scored.as_of)}, and none is eligible. Of "
            f"{account.rows['in']} rows {account.rows['used']} were used and {account.rows['set_aside']} "
            f"set aside{_by_reason(account.by_reason)}, {account.rows['not_yet_known']} are not yet known. "
            "Check as_of and the mapping; allow_empty (--allow-empty) accepts an empty list"
        )
    tell("looking ahead")
    cohort = select_cohort(scored)
    places = cohort.places.tolist()
    coming = outlooks(scored, places, cohort.leaving)
    tell("explaining")
    explanations = [
        explain_person(scored, place, outlook) for place, outlook in zip(places, coming, strict=True)
    ]
    tell("laying out")
    scores = Scores(scored)
    tables = {
        "cohort.csv": cohort_table(scored, cohort, explanations),
        "monitoring.csv": monitoring_table(scored),
        "excluded.csv": excluded_table(scored),
        "explanations.csv": explanation_table(explanations),
        "set_aside.csv": history.set_aside,
        "summary.csv": summary_table(scored),
    }
    files = {name: csv_bytes(table) for name, table in tables.items()}
    files["scores.parquet"] = parquet_bytes(scores.table)
    manifest = _manifest(config, history, history.source, scored, cohort, allow_empty)
    files["report.html"] = page_bytes(
        scored=scored,
        cohort=cohort,
        listed=tables["cohort.csv"],
        explanations=explanations,
        summary=tables["summary.csv"],
        excluded=tables["excluded.csv"],
        manifest=manifest,
        marking=config.output.marking,
    )
    manifest["outputs"] = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return Run(
        cohort=tables["cohort.csv"],
        monitoring=tables["monitoring.csv"],
        excluded=tables["excluded.csv"],
        scores=scores,
        explanations=tables["explanations.csv"],
        set_aside=tables["set_aside.csv"],
        summary=tables["summary.csv"],
        files=MappingProxyType({**files, MANIFEST: text.encode("utf-8")}),
    )


def _by_reason(counts: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{word} {count}' for word, count in counts.items())})" if counts else ""


def _manifest(
    config: Config,
    history: History,
    source: Source,
    scored: Scored,
    cohort: Cohort,
    allow_empty: bool,
) -> dict[str, Any]:
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
        "inputs": list(account.inputs),
        "outputs": {},  # known once the files are
        "warnings": [{"code": code, "text": text} for code, text in warnings],
        "run": {"allow_empty": allow_empty, **_environment()},
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
    packages = ("duckdb", "jinja2", "numba", "numpy", "pydantic", "pyyaml")
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
    }
