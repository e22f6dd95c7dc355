"""Output sets of a few people, written by hand: what reads one must not depend on what wrote it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import rfgscore as rfg
from rfgscore.report.csv_file import csv_bytes
from rfgscore.report.parquet_file import parquet_bytes
from rfgscore.tables import Column, Kind, Table

Row = Mapping[str, Any]

LIST: dict[str, Kind] = {
    "position": "int32",
    "perpetrator_id": "text",
    "status": "text",
    "pathway": "text",
    "entry_routes": "text",
    "flags": "text",
    "summary": "text",
}
EXPLAINED: dict[str, Kind] = {
    "perpetrator_id": "text",
    "component": "text",
    "value": "float64",
    "evidence": "text",
    "sentence": "text",
}
SCORES: dict[str, Kind] = {
    "perpetrator_id": "text",
    "position": "int32",
    "rank": "int32",
    "tied_with": "int32",
    "score": "int32",
    "max_score": "int32",
    "last_event_date": "date",
    "worst_offence_code": "text",
    "lines_in_window": "int32",
    "flags": "text",
}
CHANGED: dict[str, Kind] = {
    **dict.fromkeys(("perpetrator_id", "what"), "text"),
    **dict.fromkeys(("list_before", "list_now", "status_before", "status_now"), "text"),
    **dict.fromkeys(("position_before", "position_now"), "int32"),
    **dict.fromkeys(("cause", "sentence"), "text"),
}
EXCLUDED: dict[str, Kind] = {"perpetrator_id": "text", "reason": "text", "detail": "text"}


def table(columns: Mapping[str, Kind], rows: Sequence[Row]) -> Table:
    """Return rows, which need not have every column, as a table."""
    return Table({name: Column.of(kind, [row.get(name) for row in rows]) for name, kind in columns.items()})


def settings(**sections: Any) -> rfg.Config:
    """Return a small configuration."""
    score = {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}}
    gravity = {"table": "cchi-da-2020-10"}
    return rfg.load_config({"schema": "rfgscore/1", "gravity": gravity, "score": score, **sections})


def score_kinds(config: rfg.Config) -> dict[str, Kind]:
    """Return the columns of the scores under some settings, components in the middle."""
    score = config.effective()["score"]
    kinds = dict(SCORES)
    points: Kind = "float64" if score["method"] == "continuous" else "int32"
    kinds["score"] = points
    for name in score["components"]:
        value: Kind = "float64" if name == "gravity" else "int32"
        kinds |= {f"{name}_value": value, f"{name}_band": "int32", f"{name}_points": points}
    return kinds


def lay_down(
    folder: Path,
    *,
    as_of: str = "2025-06-30",
    cohort: Sequence[Row] = (),
    monitoring: Sequence[Row] = (),
    explained: Sequence[Row] = (),
    scores: Sequence[Row] | None = None,
    changes: Sequence[Row] | None = None,
    config: rfg.Config | None = None,
    sums: Mapping[str, str] | None = None,
    **more: Any,
) -> Path:
    """Write an output set; by default those of the cohort are scored, with ten points a person.

    `sums` are checksums of what was read, by table; `more` stands in the manifest.
    """
    listed = [{"entry_routes": "score", "status": "proposed", **row} for row in cohort]
    if scores is None:
        ranked = [row for row in listed if row.get("position")]
        scores = [{name: row[name] for name in ("perpetrator_id", "position")} for row in ranked]
    config = config or settings()
    kinds = score_kinds(config)
    plain: dict[str, Any] = {"max_score": 100, "last_event_date": 20000, "worst_offence_code": "008/06"}
    plain |= {name: 1 for name, kind in kinds.items() if name not in plain and kind in ("int32", "float64")}
    plain["score"] = 10
    scored = []
    for row in scores:
        at = row.get("position")
        place = {"position": at, "rank": at and 1, "tied_with": at and 0}
        scored.append({**plain, **place, **row})
    files = {
        "cohort.csv": csv_bytes(table(LIST, listed)),
        "monitoring.csv": csv_bytes(table(LIST, monitoring)),
        "excluded.csv": csv_bytes(table(EXCLUDED, [])),
        "explanations.csv": csv_bytes(table(EXPLAINED, explained)),
        "scores.parquet": parquet_bytes(table(kinds, scored)),
    }
    if changes is not None:
        files["changes.csv"] = csv_bytes(table(CHANGED, changes))
    read = {"offences": "aa", "gravity": "bb", **(sums or {})}
    manifest = {
        "schema": "run/1",
        "version": "0.1.0",
        "as_of": as_of,
        "extract_date": as_of,
        "config_sha256": config.sha256(),
        "config": config.effective(),
        "rows": dict.fromkeys(("in", "used", "in_window", "set_aside", "not_yet_known"), 5),
        "people": {
            "scored": len(scores),
            "eligible": len(scores),
            "considered": len(cohort) + len(monitoring),
            "excluded": 0,
        },
        "inputs": [
            {"table": name, "file": f"{name}.csv", "sha256": sha256, "rows": 5, "set_aside": 0}
            for name, sha256 in read.items()
        ],
        "outputs": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        **more,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
        (folder / name).write_bytes(data)
    return folder


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest of an output set, which alone has no checksum."""
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    edit(manifest)
    file.write_text(json.dumps(manifest), encoding="utf-8")


def renew(folder: Path, name: str, data: bytes) -> None:
    """Write another file into an output set, and its checksum into the manifest."""
    (folder / name).write_bytes(data)
    change(folder, lambda told: told["outputs"].update({name: hashlib.sha256(data).hexdigest()}))


def rescore(folder: Path, edit: Callable[[pa.Table], pa.Table]) -> None:
    """Write other scores into an output set, and their checksum into the manifest."""
    data = io.BytesIO()
    pq.write_table(edit(pq.read_table(folder / "scores.parquet")), data)
    renew(folder, "scores.parquet", data.getvalue())


def column(name: str, kind: pa.DataType, *cells: Any) -> Callable[[pa.Table], pa.Table]:
    """Return an edit that puts other cells into a column of the scores."""

    def edit(held: pa.Table) -> pa.Table:
        return held.set_column(held.schema.get_field_index(name), name, pa.array(cells, kind))

    return edit


def sha256(folder: Path) -> str:
    """Return the checksum of a manifest."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
