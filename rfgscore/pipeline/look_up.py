"""Why a person of an earlier run stands where they stand, from the files of that run."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rfgscore.config import COMPONENTS
from rfgscore.errors import FormatError, InputNotFoundError, UnknownPersonError
from rfgscore.explain import number
from rfgscore.ingest.readers.engine import open_engine
from rfgscore.pipeline.folder import MANIFEST, SCHEMA
from rfgscore.report.csv_file import true_text
from rfgscore.scoring.components import UNITS

__all__ = ["look_up"]


def look_up(run_dir: str | os.PathLike[str], perpetrator_id: str) -> str:
    """Explain a person from an output set.

    Parameters
    ----------
    run_dir : path
        Folder of an earlier run; its files are checked against the manifest.
    perpetrator_id : str
        A person scored in it.

    Returns
    -------
    str
        Lines of plain text: standing, each part of the score, and for listed people the evidence.

    Raises
    ------
    InputNotFoundError
        When the folder holds no output set.
    FormatError
        When a file is missing or is not the one the manifest names.
    UnknownPersonError
        When the person was not scored in that run.
    """
    folder = Path(run_dir)
    manifest = _manifest(folder)
    for name in ("scores.parquet", "explanations.csv", "cohort.csv", "excluded.csv"):
        _check(folder / name, manifest)
    standing = _standing(folder / "scores.parquet", perpetrator_id)
    if standing is None:
        raise UnknownPersonError(
            f"nobody was scored under this id in {folder.resolve().name}: check the id, the rows set aside, "
            "and whether its record was joined with another, under whose id it then stands"
        )
    parts = _rows(folder / "explanations.csv", perpetrator_id)
    excluded = _rows(folder / "excluded.csv", perpetrator_id)
    listed = _rows(folder / "cohort.csv", perpetrator_id)
    return "\n".join(_words(perpetrator_id, manifest, standing, parts, excluded, listed))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["schema"] == SCHEMA:
            return dict(manifest)
    except OSError as error:
        raise InputNotFoundError(
            f"{folder.name}: there is no output set here ({MANIFEST} is missing)"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{folder.name}/{MANIFEST}: the format is damaged; run again") from error
    raise FormatError(f"{folder.name}/{MANIFEST}: the format is not {SCHEMA}; use the version that wrote it")


def _check(path: Path, manifest: Mapping[str, Any]) -> None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise FormatError(f"{path.name} is missing from the output set; run again") from error
    if found != manifest.get("outputs", {}).get(path.name):
        raise FormatError(f"{path.name} is not the file the manifest names: it was changed after the run")


def _standing(path: Path, perpetrator_id: str) -> dict[str, Any] | None:
    with open_engine() as connection:
        asked = connection.execute(
            "SELECT * FROM read_parquet(?) WHERE perpetrator_id = ?", [str(path), perpetrator_id]
        )
        names = [column[0] for column in asked.description or []]
        rows = asked.fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else None


def _rows(path: Path, perpetrator_id: str) -> list[dict[str, str]]:
    csv.field_size_limit(2**31 - 1)  # the evidence of a long history is a long cell
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [{name: true_text(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    return [row for row in rows if row["perpetrator_id"] == perpetrator_id]


def _words(
    person: str,
    manifest: Mapping[str, Any],
    standing: Mapping[str, Any],
    parts: list[dict[str, str]],
    excluded: list[dict[str, str]],
    listed: list[dict[str, str]],
) -> list[str]:
    if excluded:
        where = f"not eligible, {excluded[0]['reason']} ({excluded[0]['detail']})"
    else:
        shared = f", shared by {standing['tied_with'] + 1}" if standing["tied_with"] else ""
        where = f"position {standing['position']} of {manifest['people']['eligible']}"
        where += f", rank {standing['rank']}{shared}"
    most = "" if standing["max_score"] is None else f" of {standing['max_score']}"
    lines = [f"{person} as of {manifest['as_of']}: {where}, {number(standing['score'])}{most} points"]
    lines += [f"  {row['summary']}" for row in listed]
    for part in parts:
        lines.append(f"  {part['component']}: {part['sentence']}")
        lines += [f"      {evidence}" for evidence in part["evidence"].split(";") if evidence]
    if not parts:
        recency = manifest["config"]["score"]["components"].get("recency", {})
        units = UNITS | ({"recency": "days at liberty"} if recency.get("clock") == "at_liberty" else {})
        for name in COMPONENTS:
            if f"{name}_points" in standing:
                value, points = (number(standing[f"{name}_{what}"]) for what in ("value", "points"))
                lines.append(f"  {name} ({units[name]}) {value}: {points} points")
        lines.append("  Incidents are named for people on the list; a larger cohort.reserve lists more.")
    if standing["flags"]:
        lines.append(f"  flags: {standing['flags']}")
    return lines
