"""The total order of lines, and what an incident is known by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, within_days
from rfgscore.history.history import History
from rfgscore.ingest.checks import CHECKS
from rfgscore.ingest.readers.coded import Coded, distinct_places, in_order, row_keys
from rfgscore.ingest.rows import OffenceRows

__all__ = ["dense_within", "in_total_order", "incident_references", "unnamed_incidents"]

Int64 = npt.NDArray[np.int64]


def dense_within(person: npt.NDArray[Any], key: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Number the distinct keys of each person 0, 1, 2, … within that person.

    Parameters
    ----------
    person : numpy.ndarray
        Person number a line, ascending.
    key : numpy.ndarray
        Integer key a line; a negative key stays -1.

    Returns
    -------
    numpy.ndarray
        int32 number a line, dense within the person, in the order of the keys.
    """
    out = np.full(len(person), -1, np.int32)
    held = np.flatnonzero(key >= 0)
    if len(held) == 0:
        return out
    order, new_key = in_order([person[held], key[held]])
    order = held[order]
    new_person = np.ones(len(order), np.bool_)
    new_person[1:] = person[order][1:] != person[order][:-1]
    running = np.cumsum(new_key)
    out[order] = running - np.maximum.accumulate(np.where(new_person, running, 0))
    return out


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
    kind, by_incident, by_event = _references(rows, used)
    if not (kind == 1).any():
        return kind, by_incident
    if not (kind == 0).any():
        return kind, by_event
    named, place = distinct_places(by_event.codes[kind == 1], len(by_event.values))
    codes = by_incident.codes.copy()
    codes[kind == 1] = place + len(by_incident.values)
    values = (*by_incident.values, *(by_event.values[code] for code in named.tolist()))
    return kind, Coded.from_first_seen(codes, values)


def _references(rows: OffenceRows, index: Int64) -> tuple[npt.NDArray[np.int8], Coded, Coded]:
    """Return what the incident of each row is known by, its incident id and its event id."""
    blank = Coded.blank(rows.size)
    by_incident = rows.ids.get("incident_id", blank).rows(index)
    by_event = rows.ids.get("event_id", blank).rows(index)
    kind = np.where(by_incident.codes >= 0, 0, np.where(by_event.codes >= 0, 1, 2)).astype(np.int8)
    return kind, by_incident, by_event


def _incident_keys(rows: OffenceRows, index: Int64, undated: npt.NDArray[Any]) -> Int64:
    """Return one key an incident; `undated` tells apart those that are known by no reference."""
    kind, by_incident, by_event = _references(rows, index)
    what = np.choose(kind, [by_incident.codes, by_event.codes, undated])
    force = rows.key("force")[index] if "force" in rows.mapped else np.full(len(index), -1)
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
    who_codes, who = distinct_places(rows.person.codes[used], len(rows.person.values))
    incident = _incident_keys(rows, used, rows.key("event_date")[used])
    code = rows.code
    offence_codes, offence = distinct_places(code.codes[used], len(code.values))
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
    tail = np.empty(len(used), np.int64)
    tail[in_order(keys)[0]] = np.arange(len(used))
    order, _ = in_order([who, day, tail])
    who = who[order]
    persons = np.empty(len(who_codes), object)
    persons[:] = list(map(rows.person.values.__getitem__, who_codes.tolist()))
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
    seen = rows.visible & within_days(day, rows.as_of, rows.config.score.window_days)
    for check in ("ROLE", "NOT_DOMESTIC", "NON_CRIME_OFF", "OUTCOME"):
        for _, out_of_scope, _ in CHECKS[check](rows):
            seen &= ~out_of_scope
    held = np.flatnonzero(seen)
    named = rows.own.codes[held] >= 0
    if named.all():
        return {}
    key = _incident_keys(rows, held, held)
    unnamed = ~np.isin(key, key[named])
    held, key = held[unnamed], key[unnamed]
    area = rows.key("area")[held] if "area" in rows.mapped else np.full(len(held), -1)
    # The latest row of each incident; of equal days the first area by code point.
    order = np.lexsort((area, -day[held], key))
    latest = order[np.unique(key[order], return_index=True)[1]]
    found = Counter(area[latest].tolist())
    names = rows.compared["area"].values if "area" in rows.mapped else ()
    return {names[place] if place >= 0 else "": found[place] for place in sorted(found)}
