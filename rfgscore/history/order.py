"""The total order of lines, and what an incident is known by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.history.history import History, dense_within
from rfgscore.ingest.checks import CHECKS
from rfgscore.ingest.readers.coded import Coded, row_keys
from rfgscore.ingest.rows import OffenceRows

__all__ = ["in_total_order", "incident_references", "unnamed_incidents"]

Int64 = npt.NDArray[np.int64]


def incident_references(rows: OffenceRows, used: Int64) -> tuple[npt.NDArray[np.int8], Coded]:
    """Return what the incident of each row is known by: the first of incident id, event id and date.

    Parameters
    ----------
    rows : OffenceRows
        The rows.
    used : numpy.ndarray
        Row numbers.

    Returns
    -------
    kind : numpy.ndarray
        int8, 0 incident id, 1 event id, 2 date: references of two kinds are never one incident.
    reference : Coded
        The reference; no value where the date is all there is.
    """
    blank = Coded.blank(rows.size)
    by_incident = rows.ids.get("incident_id", blank).rows(used)
    by_event = rows.ids.get("event_id", blank).rows(used)
    kind = np.where(by_incident.codes >= 0, 0, np.where(by_event.codes >= 0, 1, 2)).astype(np.int8)
    if not by_event.values or not by_incident.values:
        return kind, by_incident if by_incident.values else by_event
    shift = len(by_incident.values)
    codes = np.where(kind == 0, by_incident.codes, np.where(kind == 1, by_event.codes + shift, -1))
    return kind, Coded.from_first_seen(codes.astype(np.int32), (*by_incident.values, *by_event.values))


def _incident_keys(rows: OffenceRows, used: Int64) -> Int64:
    kind, reference = incident_references(rows, used)
    day = np.unique(rows.days["event_date"].day[used], return_inverse=True)[1]
    what = np.where(kind == 2, day, reference.codes)
    force = rows.key("force")[used] if "force" in rows.mapped else np.full(len(used), -1)
    return row_keys([kind.astype(np.int64), what, force])


def in_total_order(rows: OffenceRows, used: Int64) -> tuple[History, Int64]:
    """Put rows into the total order and number persons, incidents and victims.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.
    used : numpy.ndarray
        Row numbers to use.

    Returns
    -------
    History
        The history, without its source.
    numpy.ndarray
        The row number of each line.
    """
    event = rows.days["event_date"].day[used]
    ended = rows.days["event_end"].day[used]
    end_day = np.where(ended == NO_DAY, event, ended).astype(np.int32)
    day = np.minimum(end_day, rows.as_of).astype(np.int32)
    known = rows.known_day[used]
    who_codes, who = np.unique(rows.person.codes[used], return_inverse=True)
    incident = _incident_keys(rows, used)
    code = rows.code.rows(used)
    offence_codes, offence = np.unique(code.codes, return_inverse=True)
    victim = rows.victim.codes[used]
    first = ("perpetrator_id", "offence_code", "victim_id", "event_id", "incident_id")
    others = [rows.key(name)[used] for name in rows.mapped if name not in first]
    blank = np.full(len(used), -1, np.int32)
    event_id = rows.key("event_id")[used] if "event_id" in rows.mapped else blank
    keys: list[npt.NDArray[Any]] = [
        known,
        incident,
        offence,
        victim,
        event_id,
        *others,
        rows.own.codes[used],
        used,
    ]
    rank = np.lexsort(keys[::-1])
    tail = np.empty(len(used), np.int64)
    tail[rank] = np.arange(len(used))
    order = np.lexsort((tail, day, who))
    who = who[order]
    persons = np.empty(len(who_codes), object)
    persons[:] = [rows.person.values[number] for number in who_codes.tolist()]
    offences = tuple(code.values[number] for number in offence_codes.tolist())
    grades = [rows.gravity.grade(text) for text in offences]
    history = History(
        persons=persons,
        offsets=np.searchsorted(who, np.arange(len(persons) + 1)).astype(np.int64),
        event_day=event[order],
        end_day=end_day[order],
        day=day[order],
        known_day=known[order],
        code=offence[order].astype(np.int32),
        incident=dense_within(who, incident[order]),
        victim=dense_within(who, victim[order].astype(np.int64)),
        tail=tail[order],
        offences=offences,
        weights=np.array([grade.weight if grade else np.nan for grade in grades], np.float64),
        as_of=rows.as_of,
    )
    return history, used[order]


def unnamed_incidents(rows: OffenceRows) -> dict[str, int]:
    """Count the incidents in the window, known at `as_of`, of which no row names a suspect.

    A row without any reference is an incident of its own. Rows that are out of scope for another reason
    (no crime, not domestic, another role) do not count.

    Parameters
    ----------
    rows : OffenceRows
        Checked rows.

    Returns
    -------
    dict of str to int
        By area of the incident's latest row, blank where none is given.
    """
    ended, event = rows.days["event_end"], rows.days["event_date"].day
    day = np.minimum(np.where(ended.given, ended.day, event), rows.as_of).astype(np.int64)
    seen = rows.visible & (rows.as_of - day < rows.config.score.window_days)
    for check in ("ROLE", "NOT_DOMESTIC", "NON_CRIME_OFF", "OUTCOME"):
        for _, out_of_scope, _ in CHECKS[check](rows):
            seen &= ~out_of_scope
    held = np.flatnonzero(seen)
    if len(held) == 0:
        return {}
    kind, reference = incident_references(rows, held)
    force = rows.key("force")[held] if "force" in rows.mapped else np.full(len(held), -1)
    key = row_keys([kind.astype(np.int64), np.where(kind == 2, held, reference.codes), force])
    named = np.isin(key, key[rows.own.codes[held] >= 0])
    area = rows.key("area")[held] if "area" in rows.mapped else np.full(len(held), -1)
    # The latest row of each incident; of equal days the first area by code point.
    order = np.lexsort((area, -day[held], key))
    order = order[~named[order]]
    latest = order[np.unique(key[order], return_index=True)[1]]
    found = Counter(area[latest].tolist())
    names = rows.compared["area"].values if "area" in rows.mapped else ()
    return {names[place] if place >= 0 else "": found[place] for place in sorted(found)}
