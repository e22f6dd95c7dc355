"""A synthetic force as a folder of files."""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from rfgscore.errors import ConfigError
from rfgscore.pipeline.folder import MANIFEST, write_folder
from rfgscore.report.csv_file import csv_bytes
from rfgscore.report.parquet_file import parquet_bytes
from rfgscore.synth import Force
from rfgscore.tables import Column, Table

__all__ = ["FORCE_SCHEMA", "write_force"]

#: Schema of the folder, named in its manifest.
FORCE_SCHEMA = "force/1"

_WRITERS = {"csv": csv_bytes, "parquet": parquet_bytes}


def write_force(
    force: Force,
    folder: str | os.PathLike[str],
    *,
    kind: Literal["csv", "parquet"] = "csv",
    replace: bool = False,
) -> Path:
    """Write a synthetic force as one folder, all of it or nothing.

    The tables stand under their names, the truth under ``truth_`` and its names, the settings in
    ``config.yaml``, the assumptions in ``assumptions.csv``; ``manifest.json`` names them all.

    Parameters
    ----------
    force : Force
        The force.
    folder : path
        Folder to write: absent or empty.
    kind : {"csv", "parquet"}
        Format of the tables and of the truth. In Parquet ids are text.
    replace : bool
        Whether an earlier folder of this kind may be replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ConfigError
        When `kind` is neither format.
    OutputError
        When `folder` is in use.
    WriteError
        When it cannot be written; what stood there before is untouched.
    """
    if kind not in _WRITERS:
        raise ConfigError(f"a force is written as csv or parquet, not as {kind!r}")
    data = _WRITERS[kind]
    files = {f"{name}.{kind}": data(table) for name, table in force.tables.items()}
    files |= {f"truth_{name}.{kind}": data(table) for name, table in force.truth.items()}
    files["config.yaml"] = force.config.encode("utf-8")
    files["assumptions.csv"] = csv_bytes(_assumptions(force))
    text = json.dumps(_manifest(force, files), indent=2, ensure_ascii=False) + "\n"
    all_files = {**files, MANIFEST: text.encode("utf-8")}
    return write_folder(folder, all_files, replace=replace, schema=FORCE_SCHEMA)


def _assumptions(force: Force) -> Table:
    rows = force.assumptions.rows()
    names = ("name", "value", "unit", "source", "note")
    return Table({name: Column.of("text", [getattr(row, name) for row in rows]) for name in names})


def _manifest(force: Force, files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "schema": FORCE_SCHEMA,
        "version": version("rfgscore"),
        "as_of": force.as_of.isoformat(),
        "seed": force.seed,
        "rows": {name: len(table) for name, table in force.tables.items()},
        "outputs": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }
