"""What a back-test is made of, as one hash: two with the same give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from rfgscore.backtests.options import Options
from rfgscore.config import Config
from rfgscore.escalation.outcomes import Incidents
from rfgscore.history.history import History

__all__ = ["data_hash", "defined_by"]

_LINES: Final = ("offsets", "event_day", "end_day", "known_day", "code", "incident", "victim", "weights")
_PERSONS: Final = ("dob", "deceased", "transferred", "custody_in_doubt")
_CODED: Final = ("area", "force")
#: Packages whose arithmetic the numbers depend on.
_PACKAGES: Final = ("rfgscore", "numpy", "scipy", "scikit-learn", "lifelines")


def data_hash(history: History, incidents: Incidents) -> str:
    """Return a hash of all that a back-test reads of a history; ids do not matter, only their order does.

    Parameters
    ----------
    history : History
        The history, under the weights in use.
    incidents : Incidents
        Its incidents, with those that the outcome asks for.

    Returns
    -------
    str
        SHA-256.
    """
    out = hashlib.sha256()

    def add(name: str, what: Any) -> None:
        array = np.ascontiguousarray(what)
        out.update(f"{name} {array.dtype.str} {array.shape}".encode())
        out.update(array.tobytes())

    for name in _LINES:
        add(name, getattr(history, name))
    add("own", incidents.own)
    out.update(json.dumps([list(history.offences), history.as_of]).encode())
    source = history.source
    if source is not None:
        for name in _PERSONS:
            add(name, getattr(source, name))
        for name in _CODED:
            add(name, getattr(source, name).codes)
            out.update(json.dumps(list(getattr(source, name).values)).encode())
        if source.spells is not None:
            for field in fields(source.spells):
                add(field.name, getattr(source.spells, field.name))
        handed_on = [one for one in source.told.decisions or () if one.decision == "transferred"]
        number = {str(person): at for at, person in enumerate(history.persons.tolist()) if handed_on}
        told = [[number[one.person], one.known] for one in handed_on if one.person in number]
        facts = [sorted(told), sorted(source.mapped), source.extract, dict(source.settled)]
        out.update(json.dumps([*facts, list(source.extract_state)], sort_keys=True).encode())
    return out.hexdigest()


def defined_by(data: str, config: Config, landmarks: Sequence[int], options: Options) -> str:
    """Return the hash of all that the numbers of a back-test depend on.

    Parameters
    ----------
    data : str
        What `data_hash` returns.
    config : Config
        Settings.
    landmarks : sequence of int
        Days looked at.
    options : Options
        Options.

    Returns
    -------
    str
        SHA-256.
    """
    told = {
        "data": data,
        "config": config.sha256(),
        "landmarks": list(landmarks),
        "options": options.plain(),
        "versions": {name: version(name) for name in _PACKAGES},
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
