"""From files to a history: read, join, check, account for every row, and put in the total order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import OFFENCE_COLUMNS
from rfgscore.dates import NO_DAY, from_day, iso, to_day
from rfgscore.errors import ConfigError, DataError, InternalError, MissingColumnError
from rfgscore.gravity import Gravity, load_gravity
from rfgscore.history.account import (
    aside_gravity,
    code_coverage,
    file_warnings,
    input_entry,
    lost_rows,
    refuse_too_many_faults,
    scope_warnings,
    way_out,
)
from rfgscore.history.custody import Spells
from rfgscore.history.history import History
from rfgscore.history.oddities import oddities
from rfgscore.history.order import in_total_order, incident_references, unnamed_incidents
from rfgscore.history.people import (
    birth_dates,
    custody_of,
    facts_known,
    latest_told,
    refuse_ambiguous,
    subject_facts,
    two_birth_dates,
)
from rfgscore.history.sides import Sides, extract_state, read_sides
from rfgscore.history.source import Account, Source
from rfgscore.history.told import told_of
from rfgscore.ingest.aside import Aside, count_by_reason, fault_lines, only_faults, set_aside_table
from rfgscore.ingest.checks import check_rows
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.files import read_table
from rfgscore.ingest.readers.raw import Limits, RawTable
from rfgscore.ingest.rows import OffenceRows
from rfgscore.vocabulary import reasons

__all__ = ["gravity_of", "read_offences"]


def gravity_of(config: Config) -> Gravity:
    """Load the gravity table a configuration names, with its policies.

    Parameters
    ----------
    config : Config
        Settings.

    Returns
    -------
    Gravity
        The table.

    Raises
    ------
    ConfigError
        When the table cannot be used.
    """
    settings = config.gravity
    return load_gravity(
        settings.table if config.gravity_path is None else config.gravity_path,
        level=settings.level,
        unmapped=settings.unmapped,
        non_crime=settings.non_crime,
        uplift={code: (uplift.weight, uplift.reason) for code, uplift in settings.uplift.items()},
    )


def read_offences(
    offences: object,
    *,
    config: Config,
    as_of: dt.date | str | int,
    extract_date: dt.date | str | int | None = None,
    subjects: object = None,
    custody: object = None,
    referrals: object = None,
    links: object = None,
    orders: object = None,
    decisions: object = None,
    removals: object = None,
    allow_empty: bool = False,
) -> History:
    """Read offence files, account for every row, and return the history of all persons.

    Every row is used, set aside with a reason, or not yet known: recorded or dated after `as_of`.

    Parameters
    ----------
    offences : path, table, or sequence of them
        CSV, gzipped CSV or Parquet files; pandas, polars or Arrow tables.
    config : Config
        Settings.
    as_of : date-like
        Day looked at: a date, ISO text, or days since 1970-01-01.
    extract_date : date-like, optional
        Day the extract was taken; by default that of the config, else `as_of`.
    subjects, custody, referrals, links, orders, decisions, removals : path or table, optional
        The tables beside the offences.
    allow_empty : bool
        Whether a file may hold no rows at all.

    Returns
    -------
    History
        Lines in the total order; ``.set_aside`` holds the rows not used.

    Raises
    ------
    ConfigError
        When the gravity table cannot be used, or a date is no date.
    DataError
        When a file is missing, refused or empty, a needed column is absent, more rows are at fault
        than ``input.max_set_aside`` allows, links run in a circle, one id stands for two people, a
        decision or a removal cannot be read, or something known only at the extract would be used for an
        earlier day.
    TypeError
        When something given is neither a path nor a table.

    Examples
    --------
    >>> import rfgscore as rfg
    >>> from rfgscore.sample import sample_file
    >>> config = rfg.load_config(sample_file("config.yaml"))
    >>> rfg.read_offences(sample_file("offences.csv"), config=config, as_of="2025-06-30")
    History(144 persons, 334 lines, as of 2025-06-30)
    """
    day, extract = _looked_at(config, as_of, extract_date)
    gravity = gravity_of(config)
    sides = read_sides(
        config,
        day,
        extract,
        subjects=subjects,
        custody=custody,
        referrals=referrals,
        links=links,
        orders=orders,
        decisions=decisions,
        removals=removals,
    )
    tables = _read_files(offences, config, allow_empty)
    rows = OffenceRows(
        tables, config, gravity, sides.joined, sides.subjects, day, extract, frozenset(sides.removed)
    )
    only_extract = extract_state(rows, sides)
    aside = check_rows(rows)
    refuse_too_many_faults(aside, rows)
    births = birth_dates(rows)
    forces = refuse_ambiguous(rows, births, sides.joined)
    used = np.flatnonzero((rows.reason < 0) & rows.visible)
    warnings = [warning for table in tables for warning in file_warnings(table)]
    warnings += [warning for _, side in sides.given() for warning in file_warnings(side.raw)]
    warnings += scope_warnings(aside, rows)
    if only_extract and extract != day:
        warnings.append(("point_in_time", f"as of the extract, not of {iso(day)}: {', '.join(only_extract)}"))
    history, used = in_total_order(rows, used)
    counts = {
        "in": rows.size,
        "used": len(history.day),
        "set_aside": len(aside),
        "not_yet_known": int(np.sum((rows.reason < 0) & ~rows.visible)),
    }
    if counts["in"] != counts["used"] + counts["set_aside"] + counts["not_yet_known"]:
        raise InternalError("the rows do not balance; please report this with the counts: " + str(counts))
    people = dict(zip(history.persons.tolist(), range(len(history.persons)), strict=True))
    spells = None
    if sides.custody is not None:
        spells, unused = custody_of(sides.custody, sides.joined, people, day)
        if unused:
            warnings.append(
                ("custody_unused", f"{unused} custody rows of people without a line or after {iso(day)}")
            )
    conflicts = two_birth_dates(rows, births)
    if conflicts:
        warnings.append(("dob_conflict", f"{conflicts} people have two birth dates; the earliest counts"))
    every_table = [*tables, *(side.raw for _, side in sides.given())]
    every = [*aside, *(row for _, side in sides.given() for row in side.aside)]
    return _with_source(
        history,
        rows,
        used,
        sides,
        people=people,
        spells=spells,
        forces=forces,
        extract_state=only_extract,
        account=Account(
            rows=counts,
            by_reason=count_by_reason(aside),
            unnamed_incidents=unnamed_incidents(rows),
            inputs=_inputs(rows, sides),
            warnings=tuple(warnings),
            faults=(*fault_lines(only_faults(every)), *way_out(aside, rows)),
            unread={table.file: table.unread for table in every_table if table.unread},
            oddities=oddities(history, rows, used, sides),
            aside_gravity=aside_gravity(rows, used),
            sides_not_yet_known={n: side.not_yet_known for n, side in sides.given() if side.not_yet_known},
        ),
        aside=every,
    )


def _day(name: str, value: dt.date | str | int) -> int:
    try:
        day = to_day(value)
        from_day(day)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"{name} {value!s}: {error}") from error
    return day


def _looked_at(
    config: Config, as_of: dt.date | str | int, extract_date: dt.date | str | int | None
) -> tuple[int, int]:
    day = _day("as_of", as_of)
    stated = extract_date if extract_date is not None else config.input.extract_date
    extract = day if stated is None else _day("extract_date", stated)
    if extract < day:
        raise ConfigError(
            f"the extract of {iso(extract)} was taken before {iso(day)}: it cannot show that day; "
            "take a later extract or an earlier as_of"
        )
    return day, extract


def _read_files(offences: object, config: Config, allow_empty: bool) -> list[RawTable]:
    sources = (
        list(offences) if isinstance(offences, Sequence) and not isinstance(offences, str) else [offences]
    )
    if not sources:
        raise DataError("no offence file was given")
    limits = config.input.limits
    tables = [
        read_table(
            source,
            wanted=config.input.columns or OFFENCE_COLUMNS,
            needed=_needed(config),
            encoding=config.input.encoding,
            delimiter=config.input.delimiter,
            limits=Limits(limits.file_rows, limits.decompression_ratio),
            zone=config.input.timezone,
            name="offences" if number == 1 else f"offences {number}",
        )
        for number, source in enumerate(sources, 1)
    ]
    for table in tables:
        if "offence_code" not in table.columns and "is_crime" not in table.columns:
            raise MissingColumnError(f"{table.file}: missing 'offence_code'; map it under input.columns")
        if table.rows == 0 and not allow_empty:
            raise DataError(
                f"{table.file}: there are no rows below the header; allow_empty (--allow-empty) accepts that"
            )
    return tables


def _needed(config: Config) -> list[str]:
    victims = ["victim_id"] if config.score.components.victims is not None else []
    return ["perpetrator_id", "event_date", *victims]


def _inputs(rows: OffenceRows, sides: Sides) -> tuple[dict[str, object], ...]:
    """Return the manifest's line of each table read, the gravity table last."""
    out = np.split(rows.reason >= 0, np.cumsum([table.rows for table in rows.tables])[:-1])
    found = [input_entry("offences", t, int(o.sum())) for t, o in zip(rows.tables, out, strict=True)]
    found += [input_entry(name, side.raw, len(side.aside)) for name, side in sides.given()]
    gravity = {"table": "gravity", "file": rows.gravity.name, "sha256": rows.gravity.sha256}
    return (*found, {**gravity, "rows": rows.gravity.rows, "set_aside": 0})


def _settled(rows: OffenceRows, sides: Sides) -> dict[str, int]:
    """Return the latest day on which something became known that shaped the whole history."""
    gone = rows.reason == list(reasons()).index("REMOVED")
    taken = {rows.person.values[code] for code in np.unique(rows.person.codes[gone]).tolist()}
    days = {
        "links": NO_DAY if sides.links is None else sides.links.latest,
        "subjects": latest_told(rows),
        "dob, deceased_date": facts_known(rows),
        "removals": max((day for person, day in sides.removed.items() if person in taken), default=NO_DAY),
    }
    return {name: day for name, day in days.items() if day != NO_DAY}


def _counts(people: Mapping[str, int], found: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Put the counts of some people in their places among all."""
    out = np.zeros(len(people), np.int64)
    for text, count in found.items():
        if text in people:
            out[people[text]] = count
    return out


def _with_source(
    history: History,
    rows: OffenceRows,
    used: npt.NDArray[np.int64],
    sides: Sides,
    *,
    people: Mapping[str, int],
    spells: Spells | None,
    forces: frozenset[str],
    extract_state: tuple[str, ...],
    account: Account,
    aside: Sequence[Aside],
) -> History:
    blank = Coded.blank(rows.size)
    kind, reference = incident_references(rows, used)
    first = history.offsets[:-1]
    tail = np.full(rows.size, -1, np.int64)
    tail[used] = history.tail
    lost = lost_rows(rows, sides)
    in_doubt = sides.custody.lost_by(rows.as_of) if sides.custody is not None else ()
    doubtful = frozenset(sides.joined.get(text, text) for text in in_doubt)
    told = sides.subjects
    transferred, managed = subject_facts(rows, rows.person.codes[used][first].astype(np.int64))
    source = Source(
        own=rows.own.rows(used),
        twins={int(tail[row]): tuple(sorted(own)) for row, own in rows.twins.items() if tail[row] >= 0},
        reference=reference,
        reference_kind=kind,
        victim=rows.victim.rows(used),
        force=rows.compared.get("force", blank).rows(used),
        area=rows.compared.get("area", blank).rows(used),
        known_assumed=~rows.days["recorded_date"].given[used] & ("recorded_date" in rows.mapped),
        children=rows.flag_word("children_linked")[used] == 1,
        dob=rows.dob[used][first],
        deceased=rows.deceased[used][first],
        dob_mapped="dob" in rows.mapped or (told is not None and "dob" in told.raw.columns),
        two_forces=_counts(people, dict.fromkeys(forces, 1)) > 0,
        transferred=transferred,
        managed=managed,
        lost_rows=_counts(people, lost),
        spells=spells,
        custody_in_doubt=_counts(people, dict.fromkeys(doubtful, 1)) > 0,
        mapped=rows.mapped,
        extract=rows.extract,
        extract_state=extract_state,
        settled=_settled(rows, sides),
        read_with=rows.config,
        account=account,
        set_aside=set_aside_table(aside),
        coverage=code_coverage(rows, used),
        told=told_of(sides),
    )
    return replace(history, source=source)
