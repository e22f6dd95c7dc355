"""The folder of an earlier run, read for the next one: who stood where, and under which settings."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Set as AbstractSet
from typing import Any, Literal

from rfgscore.cohort.considered import Previous, Standing
from rfgscore.config import Config, load_config
from rfgscore.dates import iso
from rfgscore.errors import ConfigError, FormatError, PointInTimeError
from rfgscore.history.told import Told
from rfgscore.pipeline.folder import MANIFEST
from rfgscore.pipeline.output_set import OutputSet, read_output_set, understood

__all__ = ["read_previous"]

_LISTS: tuple[Literal["cohort", "monitoring"], ...] = ("cohort", "monitoring")
#: Statuses of a recorded decision that keeps a person before the meeting.
_DECIDED = ("managed", "monitoring")
#: Where the force and area of a record begin, which stand after its id in brackets.
_PLACE = re.compile(r" \((?=(?:force|area) )")


def read_previous(folder: str | os.PathLike[str], told: Told, as_of: int) -> Previous:
    """Read the folder of an earlier run.

    Ids are resolved by the links of this run. Where they join two people who stood apart, the one who stood
    better stands for both: the cohort list before the monitoring list, managed or monitored before others,
    then by position.

    Parameters
    ----------
    folder : path
        Folder of an earlier run; the files used are checked against its manifest.
    told : Told
        What the tables of this run tell: its links, and whom to leave out.
    as_of : int
        Day this run looks at.

    Returns
    -------
    Previous
        Settings, weights, standings and scores of then; nobody who was taken off is among the standings.

    Raises
    ------
    InputNotFoundError
        When the folder holds no output set.
    FormatError
        When its manifest is damaged or of another schema, its settings cannot be read, or a file is
        missing or not the one the manifest names.
    PointInTimeError
        When it does not look at an earlier day.
    """
    found = read_output_set(folder)
    if found.as_of >= as_of:
        raise PointInTimeError(
            f"previous: the run in {found.name} looks at {iso(found.as_of)}, and this one at {iso(as_of)}: "
            "name the folder of a run of an earlier day, or leave it out"
        )
    config = _config(found)
    with understood(f"{found.name}/{MANIFEST}"):
        gravity = found.input_sums("gravity")[0]
        # Runs of earlier versions told no weights, and only scores in quantiles have edges.
        weighed = found.manifest.get("run", {}).get("weights", {})
        weights = {code: float(weight) for code, weight in weighed.items()}
        edges = {name: tuple(map(float, some)) for name, some in found.manifest.get("edges", {}).items()}
    return Previous(
        folder=found.name,
        sha256=found.sha256,
        as_of=found.as_of,
        config=config,
        weights=weights,
        gravity=gravity,
        edges=edges,
        listed=_standings(found, told),
        # People taken off since may stand in it: it is compared with, and never written anywhere.
        scores=found.scores(),
    )


def _config(found: OutputSet) -> Config:
    """Return the settings in the manifest, which name everything and extend nothing."""
    where = f"{found.name}/{MANIFEST}"
    with understood(where):
        data = dict(found.manifest["config"])
        canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
        told = hashlib.sha256(canonical.encode()).hexdigest()
        if told != found.manifest["config_sha256"] or "extends" in data:
            raise FormatError(
                f"{where}: the settings in it were changed after the run; put back the file as written, or "
                "run again"
            )
    try:
        return load_config(data)
    except ConfigError as error:
        keys = ", ".join(problem.path for problem in error.problems[:5]) or "as a whole"
        raise FormatError(
            f"{where}: this version cannot read the format of its settings ({keys}); run that day again with "
            "this version"
        ) from None


def _standings(found: OutputSet, told: Told) -> dict[str, Standing]:
    """Return who stood where on the two lists, by the person each id stands for now."""
    outside, records = _explained(found, told)
    best: dict[str, tuple[tuple[Any, ...], Standing]] = {}
    for listed in _LISTS:
        rows = found.rows(f"{listed}.csv")
        with understood(f"{found.name}/{listed}.csv"):
            for row in rows:
                then = row["perpetrator_id"]
                person = told.resolved(then)
                if person is None:
                    continue  # taken off: not even counted
                standing = Standing(
                    listed=listed,
                    status=row["status"],
                    pathway=row["pathway"],
                    routes=tuple(word for word in row["entry_routes"].split(";") if word),
                    position=int(row["position"]) if row["position"] else None,
                    outside=outside.get(then, 0),
                    records=records.get(then, ()),
                )
                ranked = (_worth(standing, then), standing)
                best[person] = min(best.get(person, ranked), ranked, key=lambda pair: pair[0])
    return {person: best[person][1] for person in sorted(best)}


def _worth(standing: Standing, then: str) -> tuple[Any, ...]:
    """Order the standings of people who are one now, the better first."""
    nowhere = standing.position is None
    return (
        standing.listed != "cohort",
        standing.status not in _DECIDED,
        nowhere,
        standing.position or 0,
        then,
    )


def _explained(found: OutputSet, told: Told) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
    """Return how long people stood outside, and which records were joined for them, by the ids of then."""
    outside: dict[str, int] = {}
    records: dict[str, tuple[str, ...]] = {}
    known = told.joined.keys() | set(told.joined.values())
    rows = found.rows("explanations.csv")
    with understood(f"{found.name}/explanations.csv"):
        for row in rows:
            if row["component"] == "kept":
                outside[row["perpetrator_id"]] = int(row["value"])
            elif row["component"] == "records":
                named = _records(row["evidence"], int(row["value"]), known)
                records[row["perpetrator_id"]] = tuple(
                    record for record in named if told.resolved(record) is not None
                )
    return outside, records


def _records(evidence: str, count: int, known: AbstractSet[str]) -> tuple[str, ...]:
    """Return the ids of records from the words that name them, each perhaps with its force and area.

    An id may itself hold brackets or the sign between two records; where the words can be read in more
    than one way, an id of the links table decides.
    """
    pieces = evidence.split(";")
    if len(pieces) == count:
        return tuple(_record(piece, known, sure=True) for piece in pieces)
    found: list[str] = []
    held = ""
    for piece in pieces:
        held = f"{held};{piece}" if held else piece
        record = _record(held, known, sure=False)
        if record:
            found.append(record)
            held = ""
    return tuple(found) if not held else (*found, _record(held, known, sure=True))


def _record(words: str, known: AbstractSet[str], *, sure: bool) -> str:
    """Return the id that some words begin with; blank where they need not be a whole record."""
    if words in known:
        return words
    begins = [place.start() for place in _PLACE.finditer(words)] if words.endswith(")") else []
    if begins and not sure and words.count("(", begins[0]) != words.count(")", begins[0]):
        return ""  # a place that goes on after the sign has a bracket yet to close
    for begin in begins:
        if words[:begin] in known:
            return words[:begin]
    if begins:
        return words[: begins[0]]
    return words if sure else ""
