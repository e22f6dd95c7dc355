"""The folder of an earlier run, read for the next one: who stood where, and under which settings."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Set as AbstractSet
from typing import Any

from rfgscore.cohort.considered import Previous, Standing
from rfgscore.config import Config, load_config
from rfgscore.dates import iso
from rfgscore.errors import ConfigError, FormatError, PointInTimeError
from rfgscore.history.told import Told
from rfgscore.pipeline.folder import MANIFEST
from rfgscore.pipeline.output_set import OutputSet, read_output_set, understood
from rfgscore.pipeline.plain import plain
from rfgscore.pipeline.shape import whole

__all__ = ["read_previous"]

#: Statuses of a recorded decision that keeps a person before the meeting.
_DECIDED = ("managed", "monitoring")
#: Where the force and area of a record begin, which stand after its id in brackets.
_PLACE = re.compile(r" \((?=(?:force|area) )")
#: More signs within the ids and places of one person are not looked through.
_MOST_SIGNS = 16


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
    return Previous(
        folder=found.name,
        sha256=found.sha256,
        as_of=found.as_of,
        config=config,
        weights=found.weights(),
        gravity=gravity,
        edges=found.edges(),
        listed=_standings(found, told),
        # People taken off since may stand in it: it is compared with, and never written anywhere.
        scores=found.scores(),
        model="".join(found.input_sums("model")),
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
        keys = plain(", ".join(problem.path for problem in error.problems[:5])) or "as a whole"
        raise FormatError(
            f"{where}: this version cannot read the format of its settings ({keys}); run that day again with "
            "this version"
        ) from None


def _standings(found: OutputSet, told: Told) -> dict[str, Standing]:
    """Return who stood where on the two lists, by the person each id stands for now."""
    outside, records = _explained(found, told)
    best: dict[str, tuple[tuple[Any, ...], Standing]] = {}
    for listed, rows in found.lists().items():
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
                    position=whole(row["position"]) if row["position"] else None,
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
                outside[row["perpetrator_id"]] = whole(row["value"], 0)
            elif row["component"] == "records":
                named = _records(row["evidence"], whole(row["value"]), known | {row["perpetrator_id"]})
                records[row["perpetrator_id"]] = tuple(
                    record for record in named if told.resolved(record) is not None
                )
    return outside, records


def _records(evidence: str, count: int, known: AbstractSet[str]) -> tuple[str, ...]:
    """Return the ids of records from the words that name them, each perhaps with its force and area.

    Ids and places may themselves hold brackets or the sign between two records. Where the words can be read
    in more than one way or in none, there is no answer rather than a wrong one.
    """
    pieces = evidence.split(";")
    spare = len(pieces) - count
    if not 0 <= spare <= _MOST_SIGNS:
        return ()
    # Readings of the pieces so far, by how many pieces and how many signs within a record, each as its last
    # record and the reading before it; two are enough to know that there is no one reading.
    readings: dict[tuple[int, int], list[Any]] = {(0, 0): [None]}
    for end in range(1, len(pieces) + 1):
        for start in range(max(0, end - spare - 1), end):
            record = _record(";".join(pieces[start:end]), known, sure=not spare)
            within = end - start - 1
            for signs in range(spare - within + 1 if record else 0):
                held = readings.setdefault((end, signs + within), [])
                held += [(record, before) for before in readings.get((start, signs), ())]
                del held[2:]
    found = readings.get((len(pieces), spare), [])
    last, records = found[0] if len(found) == 1 else None, []
    while last is not None:
        record, last = last
        records.append(record)
    return tuple(reversed(records))


def _record(words: str, known: AbstractSet[str], *, sure: bool) -> str:
    """Return the id that some words begin with; blank where they are no record, or the id cannot be told."""
    begins = [place.start() for place in _PLACE.finditer(words)]
    ends = [*(begins if words.endswith(")") else ()), len(words)]
    linked = [words[:end] for end in ends if words[:end] in known]
    if linked:
        return linked[0] if len(linked) == 1 else ""
    if not begins:
        return "" if ";" in words else words
    record, place = words[: begins[0]], words[begins[0] :]
    told = _closes(place) or (sure and len(ends) == 2)
    return record if told and ";" not in record else ""


def _closes(place: str) -> bool:
    """Say whether the first bracket of a place closes at its end: one that goes on has it yet to close."""
    depth = 0
    for end, sign in enumerate(place, 1):
        depth += (sign == "(") - (sign == ")")
        if sign == ")" and depth == 0:
            return end == len(place)
    return False
