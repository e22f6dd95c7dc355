"""From files to a history: read, join, check, account for every row, and put in the total order."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import OFFENCE_COLUMNS
from rfgscore.dates import from_day, iso, to_day
from rfgscore.errors import (
    ConfigError,
    DataError,
    InternalError,
    MissingColumnError,
    PointInTimeError,
    TooManyFaultsError,
)
from rfgscore.gravity import Gravity, load_gravity
from rfgscore.history.custody import Spells
from rfgscore.history.history import History
from rfgscore.history.order import in_total_order, incident_references, unnamed_incidents
from rfgscore.history.people import birth_dates, custody_of, refuse_ambiguous, two_birth_dates
from rfgscore.history.source import Account, Source
from rfgscore.ingest.aside import Aside, count_by_reason, fault_lines, only_faults, set_aside_table
from rfgscore.ingest.checks import check_rows
from rfgscore.ingest.coded import Coded
from rfgscore.ingest.files import SPREADSHEET_ROWS, Limits, RawTable, read_table
from rfgscore.ingest.rows import OffenceRows
from rfgscore.ingest.side import Custody, Links, SideTable, read_custody, read_links, read_subjects
from rfgscore.linkage import resolve_links
from rfgscore.vocabulary import reasons

__all__ = ["gravity_of", "read_offences"]

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


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
    offences: Paths,
    *,
    config: Config,
    as_of: dt.date | str | int,
    extract_date: dt.date | str | int | None = None,
    subjects: str | os.PathLike[str] | None = None,
    custody: str | os.PathLike[str] | None = None,
    links: str | os.PathLike[str] | None = None,
    allow_empty: bool = False,
) -> History:
    """Read offence files, account for every row, and return the history of all persons.

    Every row is used, set aside with a reason, or not yet known: recorded or dated after `as_of`.

    Parameters
    ----------
    offences : path or sequence of paths
        CSV, gzipped CSV or Parquet files.
    config : Config
        Settings.
    as_of : date-like
        Day looked at: a date, ISO text, or days since 1970-01-01.
    extract_date : date-like, optional
        Day the extract was taken; by default that of the config, else `as_of`.
    subjects, custody, links : path, optional
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
        than ``input.max_set_aside`` allows, links run in a circle, one id stands for two people, or
        something known only at the extract would be used for an earlier day.

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
    told = read_subjects(subjects, config) if subjects is not None else None
    held = read_custody(custody, config) if custody is not None else None
    joins = read_links(links, config) if links is not None else None
    joined = resolve_links(joins.pairs()) if joins is not None else {}
    tables = _read_files(offences, config, allow_empty)
    rows = OffenceRows(tables, config, gravity, joined, told, day, extract)
    extract_state = _extract_state(rows, held, joins)
    aside = check_rows(rows)
    _refuse_too_many_faults(aside, rows)
    births = birth_dates(rows)
    forces = refuse_ambiguous(rows, births, joined)
    used = np.flatnonzero((rows.reason < 0) & rows.visible)
    sides: list[tuple[str, SideTable]] = [
        (name, table)
        for name, table in (("subjects", told), ("custody", held), ("links", joins))
        if table is not None
    ]
    warnings = [warning for table in tables for warning in _file_warnings(table)]
    warnings += [warning for _, side in sides for warning in _file_warnings(side.raw)]
    warnings += _scope_warnings(aside, rows)
    if extract_state and extract != day:
        warnings.append(
            ("point_in_time", f"as of the extract, not of {iso(day)}: {', '.join(extract_state)}")
        )
    history, used = in_total_order(rows, used)
    counts = {
        "in": rows.size,
        "used": len(history.day),
        "set_aside": len(aside),
        "not_yet_known": int(np.sum((rows.reason < 0) & ~rows.visible)),
    }
    if counts["in"] != counts["used"] + counts["set_aside"] + counts["not_yet_known"]:
        raise InternalError("the rows do not balance; please report this with the counts: " + str(counts))
    people = {text: number for number, text in enumerate(history.persons.tolist())}
    spells = None
    if held is not None:
        spells, unused = custody_of(held, joined, people, day)
        if unused:
            warnings.append(
                ("custody_unused", f"{unused} custody rows of people without a line or after {iso(day)}")
            )
    out = np.split(rows.reason >= 0, np.cumsum([table.rows for table in tables])[:-1])
    inputs = [_input("offences", table, int(o.sum())) for table, o in zip(tables, out, strict=True)]
    inputs += [_input(name, side.raw, len(side.aside)) for name, side in sides]
    inputs.append(
        {
            "table": "gravity",
            "file": gravity.name,
            "sha256": gravity.sha256,
            "rows": gravity.rows,
            "set_aside": 0,
        }
    )
    conflicts = two_birth_dates(births, joined, people)
    if conflicts:
        warnings.append(("dob_conflict", f"{conflicts} people have two birth dates; the earliest counts"))
    return _with_source(
        history,
        rows,
        used,
        spells=spells,
        forces=forces,
        lost=_lost_rows(rows, sides, joined),
        in_doubt=frozenset(joined.get(text, text) for text in (held.lost_by(day) if held else ())),
        extract_state=extract_state,
        account=Account(
            rows=counts,
            by_reason=count_by_reason(aside),
            unnamed_incidents=unnamed_incidents(rows),
            inputs=tuple(inputs),
            warnings=tuple(warnings),
            faults=tuple(fault_lines(only_faults(aside + [row for _, side in sides for row in side.aside]))),
        ),
        aside=[*aside, *(row for _, side in sides for row in side.aside)],
        dob_mapped="dob" in rows.mapped or (told is not None and "dob" in told.raw.columns),
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


def _read_files(offences: Paths, config: Config, allow_empty: bool) -> list[RawTable]:
    paths = [offences] if isinstance(offences, str | os.PathLike) else list(offences)
    if not paths:
        raise DataError("no offence file was given")
    if not all(isinstance(path, str | os.PathLike) for path in paths):
        raise TypeError("offences are given as a path or a sequence of paths")
    limits = config.input.limits
    tables = [
        read_table(
            Path(path),
            wanted=config.input.columns or OFFENCE_COLUMNS,
            needed=_needed(config),
            encoding=config.input.encoding,
            delimiter=config.input.delimiter,
            limits=Limits(limits.file_rows, limits.decompression_ratio),
        )
        for path in paths
    ]
    for table in tables:
        if "offence_code" not in table.columns and "is_crime" not in table.columns:
            raise MissingColumnError(f"{table.file}: missing 'offence_code'; map it under input.columns")
        if table.rows == 0 and not allow_empty:
            raise DataError(f"{table.file}: there are no rows below the header; allow_empty accepts that")
    return tables


def _needed(config: Config) -> list[str]:
    victims = ["victim_id"] if config.score.components.victims is not None else []
    return ["perpetrator_id", "event_date", *victims]


def _extract_state(rows: OffenceRows, custody: Custody | None, links: Links | None) -> tuple[str, ...]:
    """Name what is known only as of the extract, and refuse it for an earlier day unless accepted."""
    used = ["outcome"] if "outcome" in rows.mapped else []
    used += ["links"] if links is not None else []
    used += ["planned_release"] if custody is not None and "planned_release" in custody.raw.columns else []
    if used and rows.extract != rows.as_of and rows.config.input.point_in_time == "strict":
        raise PointInTimeError(
            f"{', '.join(used)}: known only as of the extract ({iso(rows.extract)}), not as of "
            f"{iso(rows.as_of)}. Leave it out, look at the day of the extract, or set "
            "input.point_in_time: accept_extract_state"
        )
    return tuple(used)


def _refuse_too_many_faults(aside: Sequence[Aside], rows: OffenceRows) -> None:
    limit = rows.config.input.max_set_aside
    faults = only_faults(aside)
    if len(faults) <= limit.floor_rows or len(faults) / rows.size <= limit.share:
        return
    lines = [f"  {line}" for line in fault_lines(faults)]
    if rows.extract == rows.as_of and any(row.reason == "FUTURE_DATE" for row in faults):
        lines.append(f"If the extract was taken later than {iso(rows.as_of)}, say when: extract_date")
    raise TooManyFaultsError(
        "\n".join(
            [
                f"{len(faults)} of {rows.size} rows are at fault, more than {limit.floor_rows} rows and "
                f"{limit.share:.2%} of them (input.max_set_aside). Mend the extract, or its mapping:",
                *lines,
            ]
        )
    )


def _scope_warnings(aside: Sequence[Aside], rows: OffenceRows) -> list[tuple[str, str]]:
    counts = count_by_reason(aside)
    return [
        ("scope_share", f"{word}: {counts.get(word, 0) / rows.size:.1%} of rows, above {share:.1%}")
        for word, share in rows.config.input.warn_scope.items()
        if rows.size and counts.get(word, 0) / rows.size > share
    ]


def _file_warnings(table: RawTable) -> list[tuple[str, str]]:
    found = list(table.warnings)
    if table.rows in SPREADSHEET_ROWS:
        found.append(("row_count_limit", f"{table.file} has {table.rows} rows, the limit of a spreadsheet"))
    return found


def _lost_rows(
    rows: OffenceRows, sides: Sequence[tuple[str, SideTable]], joined: Mapping[str, str]
) -> Counter[str]:
    """Count the rows at fault that name each person, in whatever table: what a list must not hide.

    Rows that say they are of a day after `as_of` are not among them.
    """
    fault = np.array([word.family == "fault" for word in reasons().values()], np.bool_)
    later = (rows.days["event_date"].day > rows.as_of) | (rows.days["recorded_date"].day > rows.as_of)
    codes = rows.person.codes[(rows.reason >= 0) & fault[rows.reason] & ~later]
    lost = Counter(rows.person.values[code] for code in codes[codes >= 0].tolist())
    lost.update(joined.get(text, text) for _, side in sides for text in side.lost_by(rows.as_of))
    return lost


def _input(name: str, table: RawTable, set_aside: int) -> dict[str, object]:
    return {
        "table": name,
        "file": table.file,
        "sha256": table.sha256,
        "rows": table.rows,
        "set_aside": set_aside,
    }


def _with_source(
    history: History,
    rows: OffenceRows,
    used: npt.NDArray[np.int64],
    *,
    spells: Spells | None,
    forces: frozenset[str],
    lost: Counter[str],
    in_doubt: frozenset[str],
    extract_state: tuple[str, ...],
    account: Account,
    aside: Sequence[Aside],
    dob_mapped: bool,
) -> History:
    blank = Coded.blank(rows.size)
    kind, reference = incident_references(rows, used)
    persons: list[str] = history.persons.tolist()
    first = history.offsets[:-1]
    tails = dict(zip(used.tolist(), history.tail.tolist(), strict=True))
    source = Source(
        own=rows.own.rows(used),
        twins={tails[row]: tuple(sorted(own)) for row, own in rows.twins.items() if row in tails},
        reference=reference,
        reference_kind=kind,
        victim=rows.victim.rows(used),
        force=rows.compared.get("force", blank).rows(used),
        area=rows.compared.get("area", blank).rows(used),
        known_assumed=~rows.days["recorded_date"].given[used] & ("recorded_date" in rows.mapped),
        children=rows.flag_word("children_linked")[used] == 1,
        dob=rows.dob[used][first],
        deceased=rows.deceased[used][first],
        dob_mapped=dob_mapped,
        two_forces=np.array([text in forces for text in persons], np.bool_),
        lost_rows=np.array([lost[text] for text in persons], np.int64),
        spells=spells,
        custody_in_doubt=np.array([text in in_doubt for text in persons], np.bool_),
        mapped=rows.mapped,
        extract=rows.extract,
        extract_state=extract_state,
        read_with=rows.config,
        account=account,
        set_aside=set_aside_table(aside),
    )
    return replace(history, source=source)
