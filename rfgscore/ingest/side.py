"""The tables beside the offences: subjects, custody and links."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import (
    CUSTODY_COLUMNS,
    LINK_COLUMNS,
    SUBJECT_COLUMNS,
    CustodyConfig,
    LinksConfig,
    SubjectsConfig,
)
from rfgscore.dates import ISO, NO_DAY, to_day
from rfgscore.errors import DataError
from rfgscore.ingest.aside import Aside, count_by_reason, only_faults, where
from rfgscore.ingest.coded import Coded
from rfgscore.ingest.files import Limits, RawTable, read_table
from rfgscore.ingest.values import Days, read_days, read_ids, words
from rfgscore.vocabulary import meaning

__all__ = ["Custody", "Links", "SideTable", "Subjects", "read_custody", "read_links", "read_subjects"]

#: Columns of the contract that a later version will read; the config refuses to map them.
_NOT_BUILT = ("recorded_date", "transferred_in", "managed_under")

Check = tuple[str, str, npt.NDArray[np.bool_]]


@dataclass(frozen=True, eq=False, repr=False)
class SideTable:
    """What every side table has.

    Parameters
    ----------
    raw : RawTable
        The file as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day each begins (``NO_DAY`` where that is not known).
    """

    raw: RawTable
    person: Coded
    aside: tuple[Aside, ...]
    lost: tuple[tuple[str, int], ...]

    def lost_by(self, as_of: int) -> tuple[str, ...]:
        """Return whom faults concern, leaving out rows that begin after a day.

        Parameters
        ----------
        as_of : int
            Day looked at.

        Returns
        -------
        tuple of str
            Clean ids, one a row.
        """
        return tuple(text for text, day in self.lost if day <= as_of)


@dataclass(frozen=True, eq=False, repr=False)
class Subjects(SideTable):
    """Facts about people, one row a record.

    Parameters
    ----------
    raw : RawTable
        The file as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day each begins (``NO_DAY`` where that is not known).
    dob, deceased : numpy.ndarray
        int32 days, ``NO_DAY`` where not known.
    force : Coded
        Force of the record, or no value.
    """

    dob: npt.NDArray[np.int32]
    deceased: npt.NDArray[np.int32]
    force: Coded


@dataclass(frozen=True, eq=False, repr=False)
class Custody(SideTable):
    """Custody spells, one row a spell, each covering ``start <= day < end``.

    Parameters
    ----------
    raw : RawTable
        The file as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day each begins (``NO_DAY`` where that is not known).
    start, end, planned : numpy.ndarray
        int32 days; `end` and `planned` are ``NO_DAY`` where open or not known.
    """

    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    planned: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, repr=False)
class Links(SideTable):
    """Which record is joined to which; `person` is the record, `master` the one it is joined to.

    Parameters
    ----------
    raw : RawTable
        The file as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day each begins (``NO_DAY`` where that is not known).
    master : Coded
        The record joined to.
    rows : numpy.ndarray
        Row of the file, from 1.
    """

    master: Coded
    rows: npt.NDArray[np.int64]

    def pairs(self) -> Iterator[tuple[str, str, int]]:
        """Return record, the record it is joined to, and row.

        Returns
        -------
        iterator of (str, str, int)
            One item a row.
        """
        for i, row in enumerate(self.rows.tolist()):
            yield self.person.text(i), self.master.text(i), row


def _read(
    path: str | os.PathLike[str],
    settings: SubjectsConfig | CustodyConfig | LinksConfig,
    contract: Sequence[str],
    needed: Sequence[str],
    config: Config,
) -> RawTable:
    raw = read_table(
        path,
        wanted=settings.columns or contract,
        needed=needed,
        encoding=config.input.encoding,
        delimiter=config.input.delimiter,
        limits=Limits(config.input.limits.file_rows, config.input.limits.decompression_ratio),
    )
    early = [raw.names[name] for name in _NOT_BUILT if name in raw.columns]
    if early:
        raise DataError(
            f"{raw.file}: {', '.join(map(repr, early))} would be ignored: what it is for is not built yet; "
            "map the columns of this table under input without it"
        )
    return raw


def _dates(raw: RawTable, name: str, settings: SubjectsConfig | CustodyConfig, config: Config) -> Days:
    formats, mapping = settings.date_format, settings.columns or {}
    declared = formats if isinstance(formats, str) else formats.get(mapping.get(name, name), ISO)
    sentinels = [to_day(text) for text in config.input.sentinel_dates]
    return read_days(raw.column(name), declared, raw.typed.get(name, ""), sentinels)


def _id_checks(raw: RawTable, names: Sequence[str], config: Config) -> tuple[list[Coded], list[Check]]:
    """Checks every side table shares: broken records, lengths, ids."""
    broken = np.zeros(raw.rows, np.bool_)
    broken[list(raw.broken)] = True
    checks: list[Check] = [("STRUCTURE", "", broken)]
    limits = config.input.limits
    for name, column in raw.columns.items():
        most = limits.id_chars if name in names else limits.cell_chars
        long = np.array([*(len(text) > most for text in column.values), False])
        checks.append(("TOO_LONG", name, long[column.codes]))
    nobody = words(config.input.placeholders.person)
    ids: list[Coded] = []
    spoilt: list[Check] = []
    for name in names:
        clean, bad = read_ids(raw.columns[name], raw.typed.get(name, ""))
        clean = clean.map(lambda text: None if text.casefold() in nobody else text)
        checks.append(("NO_NAMED_SUSPECT", name, clean.codes < 0))
        spoilt.append(("BAD_ID", name, bad))
        ids.append(clean)
    return ids, checks + spoilt


def _settle(
    raw: RawTable, person: Coded, checks: Sequence[Check], begins: npt.NDArray[np.int32] | None = None
) -> tuple[npt.NDArray[np.bool_], tuple[Aside, ...], tuple[tuple[str, int], ...]]:
    """Return which rows count, the others with the first reason that applies, and whom faults concern."""
    reason = np.full(raw.rows, -1)
    for number, (_, _, hit) in enumerate(checks):
        reason[(reason < 0) & hit] = number
    aside = tuple(
        Aside(
            file=raw.file,
            row=row + 1,
            line=None if raw.line is None else int(raw.line[row]),
            column=raw.names.get(checks[reason[row]][1], ""),
            reason=checks[reason[row]][0],
            detail=raw.broken.get(row) or meaning("reason", checks[reason[row]][0]),
        )
        for row in np.flatnonzero(reason >= 0).tolist()
    )
    if raw.rows and len(aside) == raw.rows:
        counts = ", ".join(f"{word} {count}" for word, count in count_by_reason(aside).items())
        raise DataError(
            f"{raw.file}: none of its {raw.rows} rows can be used ({counts}; {where(aside)}); mend the file "
            "or its mapping, or leave it out"
        )
    faults = [row.row - 1 for row in only_faults(aside)]
    days = np.full(raw.rows, NO_DAY) if begins is None else begins
    lost = tuple((person.text(row), int(days[row])) for row in faults if person.text(row))
    return reason < 0, aside, lost


def read_subjects(path: str | os.PathLike[str], config: Config) -> Subjects:
    """Read the subjects table.

    Parameters
    ----------
    path : path
        CSV, gzipped CSV or Parquet.
    config : Config
        Settings; ``input.subjects`` maps the columns.

    Returns
    -------
    Subjects
        The rows that count, and those set aside.

    Raises
    ------
    DataError
        When the file is missing, unreadable, or lacks a column.
    """
    settings = config.input.subjects
    raw = _read(path, settings, SUBJECT_COLUMNS, ["perpetrator_id"], config)
    (person,), checks = _id_checks(raw, ["perpetrator_id"], config)
    dob = _dates(raw, "dob", settings, config)
    deceased = _dates(raw, "deceased_date", settings, config)
    checks += [("BAD_DATE", "deceased_date", deceased.bad), ("BAD_DOB", "dob", dob.bad)]
    kept, aside, lost = _settle(raw, person, checks)
    force = raw.column("force").map(lambda text: text.strip() or None)
    return Subjects(raw, person.rows(kept), aside, lost, dob.day[kept], deceased.day[kept], force.rows(kept))


def read_custody(path: str | os.PathLike[str], config: Config) -> Custody:
    """Read the custody table.

    Parameters
    ----------
    path : path
        CSV, gzipped CSV or Parquet.
    config : Config
        Settings; ``input.custody`` maps the columns and says what the end day means.

    Returns
    -------
    Custody
        The spells that count, and the rows set aside.

    Raises
    ------
    DataError
        When the file is missing, unreadable, or lacks a column.
    """
    settings = config.input.custody
    raw = _read(path, settings, CUSTODY_COLUMNS, ["perpetrator_id", "start", "end"], config)
    (person,), checks = _id_checks(raw, ["perpetrator_id"], config)
    start, end, planned = (
        _dates(raw, name, settings, config) for name in ("start", "end", "planned_release")
    )
    dates = {"start": start, "end": end, "planned_release": planned}
    checks.append(("MISSING_DATE", "start", ~start.given & ~start.bad & ~start.sentinel))
    checks += [("BAD_DATE", name, days.bad) for name, days in dates.items()]
    checks += [("SENTINEL_DATE", name, days.sentinel) for name, days in dates.items()]
    checks.append(("BAD_INTERVAL", "end", end.given & (end.day < start.day)))
    kept, aside, lost = _settle(raw, person, checks, start.day)
    last_day_held = settings.end_is == "last_day_held"
    released = np.where(end.given, end.day + np.int32(last_day_held), NO_DAY).astype(np.int32)
    return Custody(raw, person.rows(kept), aside, lost, start.day[kept], released[kept], planned.day[kept])


def read_links(path: str | os.PathLike[str], config: Config) -> Links:
    """Read the links table.

    Parameters
    ----------
    path : path
        CSV, gzipped CSV or Parquet.
    config : Config
        Settings; ``input.links`` maps the columns.

    Returns
    -------
    Links
        The links that count, and the rows set aside.

    Raises
    ------
    DataError
        When the file is missing, unreadable, or lacks a column.
    """
    raw = _read(path, config.input.links, LINK_COLUMNS, ["nominal_id", "master_id"], config)
    (nominal, master), checks = _id_checks(raw, ["nominal_id", "master_id"], config)
    kept, aside, lost = _settle(raw, nominal, checks)
    return Links(raw, nominal.rows(kept), aside, lost, master.rows(kept), np.flatnonzero(kept) + 1)
