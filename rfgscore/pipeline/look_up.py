"""Why a person of an earlier run stands where they stand, from the files of that run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from rfgscore.config import COMPONENTS
from rfgscore.dates import iso
from rfgscore.errors import UnknownPersonError
from rfgscore.explain import number
from rfgscore.pipeline.folder import MANIFEST
from rfgscore.pipeline.output_set import OutputSet, read_output_set, understood
from rfgscore.pipeline.plain import plain
from rfgscore.pipeline.shape import WRITTEN
from rfgscore.scoring.components import UNITS
from rfgscore.vocabulary import words

__all__ = ["look_up"]

Row = dict[str, str]


def look_up(run_dir: str | os.PathLike[str], perpetrator_id: str) -> str:
    """Explain a person from an output set.

    Parameters
    ----------
    run_dir : path
        Folder of an earlier run; its files are checked against the manifest.
    perpetrator_id : str
        A person scored or listed in it.

    Returns
    -------
    str
        Lines of plain text: standing, status and routes, each part of the score, and for listed people the
        evidence. Unseen characters stand as escapes.

    Raises
    ------
    InputNotFoundError
        When the folder holds no output set.
    FormatError
        When a file is missing or is not the one the manifest names.
    UnknownPersonError
        When the person was neither scored nor listed in that run.
    """
    found = read_output_set(run_dir)
    for name in WRITTEN:
        found.check(name)  # all of them before the first is read
    standing = _standing(found, perpetrator_id)
    parts, excluded = (_of(perpetrator_id, found.rows(name)) for name in ("explanations.csv", "excluded.csv"))
    cohort, monitoring = (_of(perpetrator_id, rows) for rows in found.lists().values())
    listed = cohort + monitoring
    if standing is None and not listed:
        raise UnknownPersonError(
            f"nobody was scored under this id in {found.name}: check the id, the rows set aside, "
            "and whether its record was joined with another, under whose id it then stands"
        )
    with understood(f"{found.name}/{MANIFEST}"):
        lines = [_head(perpetrator_id, found, standing, excluded)]
        for name, rows in (("cohort.csv", cohort), ("monitoring.csv", monitoring)):
            for row in rows:
                lines += _listed(name, row)
        lines += _parts(found.manifest, standing, parts, listed)
    flags = listed[0]["flags"] if standing is None else standing["flags"]
    return "\n".join(map(plain, [*lines, f"  flags: {flags}"] if flags else lines))


def _standing(found: OutputSet, perpetrator_id: str) -> dict[str, Any] | None:
    table = found.scores(perpetrator_id)
    return {name: table[name][0] for name in table.columns} if len(table) else None


def _of(perpetrator_id: str, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["perpetrator_id"] == perpetrator_id]


def _head(person: str, found: OutputSet, standing: Mapping[str, Any] | None, excluded: Sequence[Row]) -> str:
    begin = f"{person} as of {iso(found.as_of)}"
    if standing is None:
        return f"{begin}: no position, not scored"
    if excluded:
        where = f"not eligible, {excluded[0]['reason']} ({excluded[0]['detail']})"
    else:
        if standing["position"] is None:
            raise ValueError  # neither ranked nor excluded
        shared = f", shared by {standing['tied_with'] + 1}" if standing["tied_with"] else ""
        where = f"position {standing['position']} of {found.manifest['people']['eligible']}"
        where += f", rank {standing['rank']}{shared}"
    most = "" if standing["max_score"] is None else f" of {standing['max_score']}"
    return f"{begin}: {where}, {number(standing['score'])}{most} points"


def _listed(name: str, row: Row) -> list[str]:
    """Say on which list a person stands, as what, and by which routes."""
    pathway = f", pathway {row['pathway']}" if row["pathway"] else ""
    lines = [f"  {name}: {_told('status', row['status'])}{pathway}"]
    routes = [_told("route", word) for word in row["entry_routes"].split(";") if word]
    if routes:
        lines.append(f"  routes: {'; '.join(routes)}")
    return [*lines, f"  {row['summary']}"] if row["summary"] else lines


def _told(kind: str, name: str) -> str:
    """Return a word and what it says; one of a later version stands alone."""
    return next(
        (f"{name} ({word.meaning})" for word in words() if (word.kind, word.word) == (kind, name)), name
    )


def _parts(
    manifest: Mapping[str, Any],
    standing: Mapping[str, Any] | None,
    parts: Sequence[Row],
    listed: Sequence[Row],
) -> list[str]:
    lines = []
    said = {row["summary"] for row in listed}
    for part in parts:
        if part["sentence"] not in said:  # what is said of people without a score is their summary, too
            lines.append(f"  {part['component']}: {part['sentence']}")
            lines += [f"      {evidence}" for evidence in part["evidence"].split(";") if evidence]
    if not parts and standing is not None:
        recency = manifest["config"]["score"]["components"].get("recency") or {}
        units = UNITS | ({"recency": "days at liberty"} if recency.get("clock") == "at_liberty" else {})
        for name in COMPONENTS:
            if f"{name}_points" in standing:
                value, points = (number(standing[f"{name}_{what}"]) for what in ("value", "points"))
                lines.append(f"  {name} ({units[name]}) {value}: {points} points")
        lines.append("  Incidents are named for people on the two lists only.")
    return lines
