"""One run: read, score, select, explain, and lay out the files of the output set."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from rfgscore.cohort import Cohort
from rfgscore.cohort.select import select_cohort
from rfgscore.cohort.since import since_table
from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.errors import MissingExtraError, NobodyEligibleError
from rfgscore.escalation.risks import Risks, risks_of
from rfgscore.explain import Explanation, explain_considered, explanation_table, outlooks, risk_parts
from rfgscore.history.read import gravity_of, read_offences
from rfgscore.history.source import Source
from rfgscore.pipeline.folder import MANIFEST, keep_apart, write_folder
from rfgscore.pipeline.manifest import about, manifest_of
from rfgscore.pipeline.model import given_model
from rfgscore.pipeline.previous import read_previous
from rfgscore.pipeline.scores import Scores
from rfgscore.report.areas import area_files, by_area
from rfgscore.report.briefing import briefing_bytes
from rfgscore.report.changes import changes_table
from rfgscore.report.csv_file import csv_bytes
from rfgscore.report.lists import cohort_table, excluded_table, monitoring_table
from rfgscore.report.page import pack_bytes
from rfgscore.report.parquet_file import parquet_bytes
from rfgscore.report.summary import summary_table
from rfgscore.report.workbook import workbook_bytes
from rfgscore.scoring import Scored, order_equals, score_people
from rfgscore.tables import Table

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
    since : Table
        What became known of managed and monitored people since the last meeting.
    changes : Table or None
        Who entered, left and moved against the previous run; None without one.
    scores : Scores
        Everyone scored.
    explanations, set_aside, summary : Table
        The other tables of the CSV files.
    files : mapping of str to bytes
        The output set by file name, the manifest last.
    previous : Path or None
        Folder of the previous run, as it was given.
    """

    cohort: Table
    monitoring: Table
    excluded: Table
    since: Table
    changes: Table | None
    scores: Scores
    explanations: Table
    set_aside: Table
    summary: Table
    files: Mapping[str, bytes]
    previous: Path | None

    @property
    def manifest(self) -> dict[str, Any]:
        """What went in, what came out, and how; a fresh copy of what is written."""
        told: dict[str, Any] = json.loads(self.files["manifest.json"])
        return told

    def __repr__(self) -> str:
        rows, people = self.manifest["rows"], self.manifest["people"]
        return (
            f"Run(as of {self.manifest['as_of']}: {rows['in']} rows in, {rows['used']} used, "
            f"{people['scored']} people scored, {len(self.cohort) + len(self.monitoring)} listed)"
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
            When `out` is in use, or is, or lies in, the folder of the previous run.
        WriteError
            When it cannot be written; what stood there before is untouched.
        """
        if self.previous is not None:
            keep_apart(Path(out), self.previous)
        return write_folder(out, self.files, replace=replace)


def run(
    *,
    config: Config,
    offences: object,
    as_of: Day,
    extract_date: Day | None = None,
    subjects: object = None,
    custody: object = None,
    referrals: object = None,
    links: object = None,
    orders: object = None,
    decisions: object = None,
    removals: object = None,
    previous: FilePath | None = None,
    model: FilePath | None = None,
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
    subjects, custody, referrals, links, orders, decisions, removals : path or table, optional
        The tables beside the offences.
    previous : path, optional
        Folder of the run before the last meeting: nobody on its lists is lost, and changes are told
        against it.
    model : path, optional
        A fitted model of escalation risk; by default that of the config. Its figures stand beside the list,
        and order people only as ``escalation.use`` says.
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
        When settings, the gravity table or the model cannot be used.
    DataError
        When the input is missing, refused, at fault beyond the limit, or nobody is eligible.

    Examples
    --------
    >>> import rfgscore as rfg
    >>> from rfgscore.sample import sample_file
    >>> config = rfg.load_config(sample_file("config.yaml"))
    >>> rfg.run(config=config, offences=sample_file("offences.csv"), as_of="2025-06-30")
    Run(as of 2025-06-30: 409 rows in, 334 used, 114 people scored, 27 listed)
    """
    tell("reading")
    given = given_model(config, model)
    history = read_offences(
        offences,
        config=config,
        as_of=as_of,
        extract_date=extract_date,
        subjects=subjects,
        custody=custody,
        referrals=referrals,
        links=links,
        orders=orders,
        decisions=decisions,
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
    risks = None if given is None else risks_of(given, scored, config)
    if risks is not None and config.escalation.use == "tiebreak":
        scored = order_equals(scored, risks.longest, risks.given.sha256)
    tell("looking ahead")
    earlier = None if previous is None else read_previous(previous, history.source.told, history.as_of)
    cohort = select_cohort(scored, earlier)
    tell("explaining")
    explanations = _explained(scored, cohort, risks)
    tell("laying out")
    scores, source = Scores(scored), history.source
    by_id = {told.perpetrator_id: told for told in explanations}
    listed = cohort_table(scored, cohort, by_id, risks)
    monitoring = monitoring_table(scored, cohort, by_id, risks)
    since = since_table(scored, cohort.carried(), cohort.since)
    changes = None if earlier is None else changes_table(cohort, _may_be_named(scored, source, cohort))
    areas = {} if config.cohort.areas is None else by_area(cohort, listed, monitoring)
    tables = {
        "cohort.csv": listed,
        "monitoring.csv": monitoring,
        "excluded.csv": excluded_table(scored),
        "since.csv": since,
        **({} if changes is None else {"changes.csv": changes}),
        **area_files(areas),
        "explanations.csv": explanation_table(explanations),
        "set_aside.csv": history.set_aside,
        "summary.csv": summary_table(scored),
    }
    files = {name: csv_bytes(table) for name, table in tables.items()}
    files["scores.parquet"] = parquet_bytes(scores.table)
    manifest = manifest_of(history, scored, cohort, allow_empty, given)
    packs: tuple[tuple[Literal["formal", "monitoring"], str, Table], ...] = (
        ("formal", "report.html", listed),
        ("monitoring", "monitoring.html", monitoring),
    )
    for kind, name, rows in packs:
        files[name] = pack_bytes(
            kind=kind,
            scored=scored,
            cohort=cohort,
            listed=rows,
            explanations=explanations,
            risks=risks,
            since=since,
            summary=tables["summary.csv"],
            excluded=tables["excluded.csv"],
            manifest=manifest,
            marking=config.output.marking,
        )
    files["briefing.html"] = briefing_bytes(
        cohort,
        as_of=scored.as_of,
        name=config.name,
        marking=config.output.marking,
        summaries={person: told.summary for person, told in by_id.items()},
        scored=scored,
    )
    try:
        files["cohort.xlsx"] = workbook_bytes(
            cohort=listed,
            monitoring=monitoring,
            areas=areas,
            since=since,
            changes=changes,
            pathways=config.cohort.pathways,
            about=about(config, manifest),
            marking=config.output.marking,
            running=f"{config.name}, as of {iso(scored.as_of)}",
        )
    except MissingExtraError as error:
        manifest["run"]["left_out"] = {"cohort.xlsx": str(error)}
    manifest["outputs"] = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return Run(
        cohort=listed,
        monitoring=monitoring,
        excluded=tables["excluded.csv"],
        since=since,
        changes=changes,
        scores=scores,
        explanations=tables["explanations.csv"],
        set_aside=tables["set_aside.csv"],
        summary=tables["summary.csv"],
        files=MappingProxyType({**files, MANIFEST: text.encode("utf-8")}),
        previous=None if previous is None else Path(previous),
    )


def _explained(scored: Scored, cohort: Cohort, risks: Risks | None) -> list[Explanation]:
    """Explain everyone considered, in list order."""
    placed = [(one, one.place) for one in cohort.considered if one.place is not None]
    places = [place for _, place in placed]
    coming = outlooks(scored, places, tuple(one.leaving for one, _ in placed))
    told = {one.person: outlook for (one, _), outlook in zip(placed, coming, strict=True)}
    figures = {} if risks is None else risk_parts(scored, risks, places)
    risk = {one.person: figures.get(place, ()) for one, place in placed}
    return [
        replace(explain_considered(scored, one, told.get(one.person)), risk=risk.get(one.person, ()))
        for one in cohort.considered
    ]


def _may_be_named(scored: Scored, source: Source, cohort: Cohort) -> frozenset[str]:
    """Return who may be named though no longer listed: whom this run knows, and nobody taken off."""
    known = set(map(str, scored.history.persons[scored.people].tolist()))
    known |= {decision.person for decision in source.told.decisions or ()}
    return frozenset(known | {one.person for one in cohort.considered})


def _by_reason(counts: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{word} {count}' for word, count in counts.items())})" if counts else ""
