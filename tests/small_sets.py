"""Output sets of a few people, written by hand: what reads one must not depend on what wrote it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    plain = {"rank": 1, "tied_with": 0, "score": 10, "max_score": 100}
    files = {
        "cohort.csv": csv_bytes(table(LIST, listed)),
        "monitoring.csv": csv_bytes(table(LIST, monitoring)),
        "excluded.csv": csv_bytes(table(EXCLUDED, [])),
        "explanations.csv": csv_bytes(table(EXPLAINED, explained)),
        "scores.parquet": parquet_bytes(table(SCORES, [{**plain, **row} for row in scores])),
    }
    if changes is not None:
        files["changes.csv"] = csv_bytes(table(CHANGED, changes))
    config = config or settings()
    read = {"offences": "aa", "gravity": "bb", **(sums or {})}
    manifest = {
        "schema": "run/1",
        "version": "0.1.0",
        "as_of": as_of,
        "extract_date": as_of,
        "config_sha256": config.sha256(),
        "config": config.effective(),
        "rows": dict.fromkeys(("in", "used", "in_window", "set_aside", "not_yet_known"), 5),
        "people": {"scored": len(scores), "eligible": len(scores), "considered": len(cohort), "excluded": 0},
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


def sha256(folder: Path) -> str:
    """Return the checksum of a manifest."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
