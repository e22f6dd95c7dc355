"""The row checks of the offence table, one function each, applied in the published order.

The order stands in the vocabulary (its ``step``); a row carries the first reason that applies. Each
check yields where it looked, which rows it found, and what it found in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY, add_years
from rfgscore.errors import DataError
from rfgscore.gravity import name_code
from rfgscore.ingest.aside import Aside
from rfgscore.ingest.bad_dates import bad_dates
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.rows import OffenceRows
from rfgscore.ingest.values import by_day, fold, words
from rfgscore.vocabulary import reasons

__all__ = ["CHECKS", "check_rows"]

Found = Iterator[tuple[str, npt.NDArray[np.bool_], str]]


def _structure(rows: OffenceRows) -> Found:
    broken = np.zeros(rows.size, np.bool_)
    start = 0
    for table in rows.tables:
        broken[[start + row for row in table.broken]] = True
        start += table.rows
    yield "", broken, "the record cannot be taken apart"


def _too_long(rows: OffenceRows) -> Found:
    limits = rows.config.input.limits
    for name in rows.mapped:
        most = limits.id_chars if name in rows.ids else limits.cell_chars
        yield name, rows.raw[name].longer_than(most), f"longer than {most} characters"


def _no_named_suspect(rows: OffenceRows) -> Found:
    yield "perpetrator_id", rows.own.codes < 0, "blank or a placeholder"


def _bad_id(rows: OffenceRows) -> Found:
    for name, spoilt in rows.spoilt.items():
        yield name, spoilt, "scientific notation, a broken number, or a character that cannot be seen"


def _self_link(rows: OffenceRows) -> Found:
    # A victim's own row names the victim twice, and is out of scope by its role.
    one = rows.victim.same_as(rows.person) & ~_other_role(rows)
    yield "victim_id", one, "perpetrator and victim are one person"


def _missing_date(rows: OffenceRows) -> Found:
    days = rows.days["event_date"]
    yield "event_date", ~days.given & ~days.bad & ~days.sentinel, "blank"


def _bad_date(rows: OffenceRows) -> Found:
    for name in ("event_date", "event_end", "recorded_date", "deceased_date"):
        yield from _not_a_date(rows, name)


def _not_a_date(rows: OffenceRows, name: str) -> Found:
    if name in rows.mapped:
        declared, zone = rows.declared_format(name), rows.config.input.timezone
        for found, detail in bad_dates(rows.raw[name], rows.days[name], declared, zone):
            yield name, found, detail


def _sentinel_date(rows: OffenceRows) -> Found:
    for name in ("event_date", "event_end", "recorded_date"):
        yield name, rows.days[name].sentinel, "a placeholder date"


def _future_date(rows: OffenceRows) -> Found:
    for name in ("event_date", "recorded_date"):
        yield name, rows.days[name].day > rows.extract, "after the extract date"


def _date_order(rows: OffenceRows) -> Found:
    event = rows.days["event_date"].day
    recorded, end = rows.days["recorded_date"], rows.days["event_end"]
    yield "recorded_date", recorded.given & (recorded.day < event), "recorded before the event"
    yield "event_end", end.given & (end.day < event), "ended before it began"
    died = rows.days["deceased_date"]
    own = died.given & (died.day <= rows.as_of) & (event > died.day)
    yield (
        "event_date",
        own | ((rows.deceased != NO_DAY) & (event > rows.deceased)),
        "event after the person's death",
    )


def _other_role(rows: OffenceRows) -> npt.NDArray[np.bool_]:
    if "role" not in rows.mapped:
        return np.zeros(rows.size, np.bool_)
    out = words(rows.config.input.roles.set_aside)
    return rows.raw["role"].take(lambda text: fold(text) in out, np.bool_, "" in out)


def _role(rows: OffenceRows) -> Found:
    yield "role", _other_role(rows), "a role that does not count"


def _unknown_role(rows: OffenceRows) -> Found:
    if "role" in rows.mapped:
        roles = rows.config.input.roles
        known = words(roles.count) | words(roles.set_aside)
        found = rows.raw["role"].take(lambda text: fold(text) not in known, np.bool_, "" not in known)
        yield "role", found, "not listed under input.roles"


def _bad_flag(rows: OffenceRows) -> Found:
    for name in ("is_crime", "domestic"):
        if name in rows.mapped:
            yield name, rows.flag_word(name) < 0, "not listed under input.flags"
    yield "children_linked", rows.flag_word("children_linked") == -2, "not listed under input.flags"


def _not_domestic(rows: OffenceRows) -> Found:
    yield "domestic", rows.flag_word("domestic") == 0, "not domestic"


def _non_crime_off(rows: OffenceRows) -> Found:
    if rows.gravity.non_crime is None:
        yield "is_crime", rows.non_crime, "non-crime incidents are left out (gravity.non_crime)"


def _removed(rows: OffenceRows) -> Found:
    codes = [rows.number[text] for text in rows.removed if text in rows.number]
    gone = np.zeros(len(rows.person.values) + 1, np.bool_)
    gone[codes] = True
    yield "perpetrator_id", gone[rows.person.codes], "the person is on the removal list"


def _bad_dob(rows: OffenceRows) -> Found:
    row_dob = rows.days["dob"]
    event = rows.days["event_date"].day
    yield from _not_a_date(rows, "dob")
    after = (row_dob.given & (row_dob.day > event)) | ((rows.dob != NO_DAY) & (rows.dob > event))
    yield "dob", after, "born after the event"


def _under_age(rows: OffenceRows) -> Found:
    years = rows.config.cohort.min_age_at_event
    # A row that is not yet known tells nothing of the person, but still carries its own reason.
    dob = np.where(rows.dob == NO_DAY, rows.days["dob"].day, rows.dob)
    of_age = by_day(dob, lambda day: add_years(day, years))
    yield "event_date", rows.days["event_date"].day < of_age, f"under {years} on the day"


def _outcome(rows: OffenceRows) -> Found:
    if "outcome" in rows.mapped:
        out = words(rows.config.input.outcomes.exclude)
        found = rows.raw["outcome"].take(lambda text: fold(text) in out, np.bool_, "" in out)
        yield "outcome", found, "an excluded outcome"


def _unknown_outcome(rows: OffenceRows) -> Found:
    outcomes = rows.config.input.outcomes
    if "outcome" in rows.mapped and outcomes.count is not None:
        known = words(outcomes.count) | words(outcomes.exclude) | {""}
        found = rows.raw["outcome"].take(lambda text: fold(text) not in known, np.bool_, False)
        yield "outcome", found, "not listed under input.outcomes"


def _unknown_code(rows: OffenceRows) -> Found:
    unknown = (rows.code.codes < 0) & (rows.reason < 0)
    if not unknown.any():
        return
    texts = rows.compared.get("offence_code") or Coded.blank(rows.size)
    named = texts.map(name_code).rows(unknown)
    labels = [*named.values, name_code("")]
    counts = np.bincount(np.where(named.codes < 0, len(labels) - 1, named.codes), minlength=len(labels))
    if rows.gravity.unmapped == "stop":
        most = sorted(zip(counts.tolist(), labels, strict=True), reverse=True)[:20]
        listed = ", ".join(f"{label} ({count} rows)" for count, label in most if count)
        raise DataError(
            f"{int(unknown.sum())} rows have an offence code without a weight in {rows.gravity.name}: "
            f"{listed}. Add the codes to the table, uplift them with a reason, or set gravity.unmapped"
        )
    place = np.full(rows.size, -2)
    place[unknown] = named.codes
    for number, label in enumerate(named.values):
        yield "offence_code", place == number, f"no weight for {label} in {rows.gravity.name}"
    yield "offence_code", place == -1, f"no weight for {name_code('')} in {rows.gravity.name}"


def _duplicate(rows: OffenceRows) -> Found:
    if rows.config.input.duplicates == "set_aside":
        yield "", rows.repeats(rows.reason < 0), "equal to an earlier row in every mapped column"


#: Check of each reason; the vocabulary gives the order.
CHECKS: dict[str, Callable[[OffenceRows], Found]] = {
    "STRUCTURE": _structure,
    "TOO_LONG": _too_long,
    "NO_NAMED_SUSPECT": _no_named_suspect,
    "BAD_ID": _bad_id,
    "SELF_LINK": _self_link,
    "MISSING_DATE": _missing_date,
    "BAD_DATE": _bad_date,
    "SENTINEL_DATE": _sentinel_date,
    "FUTURE_DATE": _future_date,
    "DATE_ORDER": _date_order,
    "ROLE": _role,
    "UNKNOWN_ROLE": _unknown_role,
    "BAD_FLAG": _bad_flag,
    "NOT_DOMESTIC": _not_domestic,
    "NON_CRIME_OFF": _non_crime_off,
    "REMOVED": _removed,
    "BAD_DOB": _bad_dob,
    "UNDER_AGE": _under_age,
    "OUTCOME": _outcome,
    "UNKNOWN_OUTCOME": _unknown_outcome,
    "UNKNOWN_CODE": _unknown_code,
    "DUPLICATE": _duplicate,
}


def check_rows(rows: OffenceRows) -> list[Aside]:
    """Apply every check in the published order; `rows.reason` tells which rows are left.

    Parameters
    ----------
    rows : OffenceRows
        The rows; their `reason` is filled in.

    Returns
    -------
    list of Aside
        The rows set aside, in row order.

    Raises
    ------
    DataError
        When a code has no weight and ``gravity.unmapped`` is ``stop``.
    """
    found: list[tuple[str, str]] = []
    hits = np.full(rows.size, -1, np.int32)
    for number, word in enumerate(reasons()):
        for column, hit, detail in CHECKS[word](rows) if word in CHECKS else ():
            fresh = hit & (rows.reason < 0)
            if fresh.any():
                rows.reason[fresh] = number
                hits[fresh] = len(found)
                found.append((column, detail))
    names = list(reasons())
    out: list[Aside] = []
    start = 0
    for table in rows.tables:
        places = np.flatnonzero(rows.reason[start : start + table.rows] >= 0)
        lines = [None] * len(places) if table.line is None else table.line[places].tolist()
        words, hit = rows.reason[start + places].tolist(), hits[start + places].tolist()
        for place, line, word, number in zip(places.tolist(), lines, words, hit, strict=True):
            column, detail = found[number]
            out.append(
                Aside(
                    file=table.file,
                    row=place + 1,
                    line=line,
                    column=table.names.get(column, ""),
                    reason=names[word],
                    detail=table.broken.get(place, detail),
                )
            )
        start += table.rows
    return out
