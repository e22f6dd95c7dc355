"""The counts of ``summary.csv``: by area, each with its definition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rfgscore.dates import iso
from rfgscore.history.source import Source
from rfgscore.ingest.readers.coded import Coded, in_order, row_keys
from rfgscore.scoring import Scored
from rfgscore.scoring.flags import REPEAT_DAYS, SERIAL_DAYS
from rfgscore.tables import Column, Table
from rfgscore.windows import in_window

__all__ = ["summary_table"]

Int64 = npt.NDArray[np.int64]

#: How the whole input, and people without an area, are shown. In counts they are the keys None and "".
ALL, NO_AREA = "(all)", "(no area)"

#: Count by area.
Counts = dict[str | None, int]


def summary_table(scored: Scored) -> Table:
    """Return the counts of a run.

    Parameters
    ----------
    scored : Scored
        Everyone scored, from a history that was read from files.

    Returns
    -------
    Table
        ``area, measure, value, definition``: the whole first, then each area, people without one last. A
        measure the data cannot tell is null.
    """
    window = scored.config.score.window_days
    to = iso(scored.as_of)
    meanings = {
        "people": f"people with a line in the {window} days to {to}, in the area of their latest line",
        "incidents": f"incidents with a named suspect in the {window} days to {to}, an incident of several "
        "suspects once, in the area of its latest line",
        "repeat_victims": f"known victims of two or more incidents in the {REPEAT_DAYS} days to {to}, in the "
        "area of their latest incident",
        "serial_suspects": f"of the people above, those with two or more known victims in the {SERIAL_DAYS} "
        f"days to {to}",
        "incidents_without_named_suspect": f"incidents in the {window} days to {to} of which no row names a "
        "suspect",
    }
    counts = dict(_counts(scored))
    areas = sorted({area for found in counts.values() if found for area in found if area})
    blank = [""] if any(found and found.get("") for found in counts.values()) and areas else []
    rows = [(area, name) for area in (None, *areas, *blank) for name in meanings]
    values = [None if counts[name] is None else (counts[name] or {}).get(area, 0) for area, name in rows]
    return Table(
        {
            "area": Column.of("text", [ALL if area is None else area or NO_AREA for area, _ in rows]),
            "measure": Column.of("text", [name for _, name in rows]),
            "value": Column.of("int64", values),
            "definition": Column.of(
                "text",
                [
                    meanings[name] + ("; not assessable: victim_id is not mapped" if value is None else "")
                    for (_, name), value in zip(rows, values, strict=True)
                ],
            ),
        }
    )


def _counts(scored: Scored) -> Iterator[tuple[str, Counts | None]]:
    """Return each measure with its count by area, None where it cannot be told."""
    history, source = scored.history, scored.history.source
    if source is None:
        raise ValueError("a summary needs a history that was read from files")
    inside = np.flatnonzero(in_window(history, scored.as_of, scored.config.score.window_days))
    latest = _latest_line(history.person_of_line()[inside], history.day[inside], inside)
    yield "people", _by_area(source.area, latest)
    incident = _incident_keys(scored, source)
    yield "incidents", _by_area(source.area, _latest_line(incident[inside], history.day[inside], inside))
    if "victim_id" in source.mapped:
        year = np.flatnonzero(in_window(history, scored.as_of, REPEAT_DAYS) & (source.victim.codes >= 0))
        victim = source.victim.codes[year].astype(np.int64)
        order, fresh = in_order([victim, incident[year]])
        # The same victim as the line before, and another incident.
        several = fresh[1:] & (victim[order][1:] == victim[order][:-1])
        twice = np.zeros(len(source.victim.values), np.bool_)
        twice[victim[order[1:][several]]] = True
        again = year[twice[victim]]
        last = _latest_line(source.victim.codes[again].astype(np.int64), history.day[again], again)
        yield "repeat_victims", _by_area(source.area, last)
        serial = ["serial:two-victims-3y" in words for words in scored.flags]
        yield "serial_suspects", _by_area(source.area, latest[np.array(serial, np.bool_)])
    else:
        yield "repeat_victims", None
        yield "serial_suspects", None
    unnamed = source.account.unnamed_incidents
    by_area: Counts = {None: sum(unnamed.values())}
    by_area.update(unnamed.items())
    yield "incidents_without_named_suspect", by_area


def _incident_keys(scored: Scored, source: Source) -> Int64:
    """Return one key an incident, the same for all who share its reference."""
    history = scored.history
    # Known by its date alone, an incident is its person's own.
    alone = history.offsets[history.person_of_line()] + history.incident
    what = np.where(source.reference_kind == 2, alone, source.reference.codes)
    return row_keys([source.reference_kind.astype(np.int64), what, source.force.codes])


def _latest_line(key: Int64, day: npt.NDArray[np.int32], line: Int64) -> Int64:
    """Return the line of the latest day of each key, keys ascending; of equal days the last line."""
    order, _ = in_order([key, day, line])
    last = np.ones(len(order), np.bool_)
    last[:-1] = key[order][1:] != key[order][:-1]
    return line[order[last]]


def _by_area(area: Coded, lines: Int64) -> Counts:
    counts = np.bincount(area.codes[lines] + 1, minlength=1)
    named = ("", *area.values)
    found: Counts = {named[place]: int(counts[place]) for place in np.flatnonzero(counts).tolist()}
    return {None: len(lines), **found}
