"""The tables beside the offences: subjects, custody and links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import CUSTODY_COLUMNS, LINK_COLUMNS, SUBJECT_COLUMNS
from rfgscore.dates import NO_DAY
from rfgscore.ingest.aside import Aside
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.raw import RawTable
from rfgscore.ingest.side_checks import SideRows, TableSettings
from rfgscore.ingest.values import fold, words

__all__ = [
    "Custody",
    "Links",
    "SideTable",
    "Subjects",
    "read_custody",
    "read_links",
    "read_subjects",
]

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, repr=False)
class SideTable:
    """What every side table has. Rows recorded after the day looked at are not in it.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day from which each is known (``NO_DAY`` where it does not
        say).
    recorded : numpy.ndarray
        int32 day each row that counts was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Rows recorded after the day looked at.
    """

    raw: RawTable
    person: Coded
    aside: tuple[Aside, ...]
    lost: tuple[tuple[str, int], ...]
    recorded: Int32
    not_yet_known: int

    def lost_by(self, as_of: int) -> tuple[str, ...]:
        """Return whom faults concern, leaving out rows that begin or were recorded after a day.

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

    @property
    def extract_state(self) -> bool:
        """Whether a row, or the whole table, does not say since when it is known."""
        return "recorded_date" not in self.raw.columns or bool((self.recorded == NO_DAY).any())

    @property
    def latest(self) -> int:
        """Latest day a row that counts was recorded, ``NO_DAY`` where none says so."""
        return int(self.recorded.max(initial=NO_DAY))


@dataclass(frozen=True, eq=False, repr=False)
class Subjects(SideTable):
    """Facts about people, one row a record.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day from which each is known (``NO_DAY`` where it does not
        say).
    recorded : numpy.ndarray
        int32 day each row that counts was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Rows recorded after the day looked at.
    dob, deceased, transferred : numpy.ndarray
        int32 day of birth, of death, and of transfer in; ``NO_DAY`` where not known.
    managed : numpy.ndarray
        Rows that name who manages the person.
    force, area : Coded
        Force and area of the record, or no value.
    """

    dob: Int32
    deceased: Int32
    transferred: Int32
    managed: npt.NDArray[np.bool_]
    force: Coded
    area: Coded


@dataclass(frozen=True, eq=False, repr=False)
class Custody(SideTable):
    """Custody spells, one row a spell, each covering ``start <= day < end``.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day from which each is known (``NO_DAY`` where it does not
        say).
    recorded : numpy.ndarray
        int32 day each row that counts was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Rows recorded after the day looked at.
    start, end, planned : numpy.ndarray
        int32 days; `end` and `planned` are ``NO_DAY`` where open or not known.
    """

    start: Int32
    end: Int32
    planned: Int32


@dataclass(frozen=True, eq=False, repr=False)
class Links(SideTable):
    """Which record is joined to which; `person` is the record, `master` the one it is joined to.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day from which each is known (``NO_DAY`` where it does not
        say).
    recorded : numpy.ndarray
        int32 day each row that counts was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Rows recorded after the day looked at.
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


def read_subjects(source: object, config: Config, as_of: int, extract: int) -> Subjects:
    """Read the subjects table. Sex and ethnicity are never looked at.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    config : Config
        Settings; ``input.subjects`` maps the columns.
    as_of, extract : int
        Day looked at, and day the extract was taken.

    Returns
    -------
    Subjects
        The rows that count and are known, and those set aside.

    Raises
    ------
    DataError
        When the table is missing, unreadable, or lacks a column, or no row can be used.
    """
    settings = TableSettings(
        "subjects",
        config.input.subjects.columns,
        config.input.subjects.date_format,
        SUBJECT_COLUMNS,
        ids=("perpetrator_id",),
        dates=("dob", "deceased_date", "transferred_in", "recorded_date"),
        needed=("perpetrator_id",),
    )
    rows = SideRows(source, settings, config, extract)
    kept, aside, lost = rows.settle()
    known, later = rows.known(kept, as_of)
    nobody = words(config.input.placeholders.person) | {""}
    managed = rows.raw.column("managed_under").take(lambda text: fold(text) not in nobody, np.bool_, False)
    force, area = (rows.raw.column(name).map(lambda text: text.strip() or None) for name in ("force", "area"))
    return Subjects(
        rows.raw,
        rows.ids[0].rows(known),
        aside,
        lost,
        rows.recorded[known],
        later,
        dob=rows.days["dob"].day[known],
        deceased=rows.days["deceased_date"].day[known],
        transferred=rows.days["transferred_in"].day[known],
        managed=managed[known],
        force=force.rows(known),
        area=area.rows(known),
    )


def read_custody(source: object, config: Config, as_of: int, extract: int) -> Custody:
    """Read the custody table.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    config : Config
        Settings; ``input.custody`` maps the columns and says what the end day means.
    as_of, extract : int
        Day looked at, and day the extract was taken.

    Returns
    -------
    Custody
        The spells that count and are known, and the rows set aside.

    Raises
    ------
    DataError
        When the table is missing, unreadable, or lacks a column, or no row can be used.
    """
    settings = TableSettings(
        "custody",
        config.input.custody.columns,
        config.input.custody.date_format,
        CUSTODY_COLUMNS,
        ids=("perpetrator_id",),
        dates=("start", "end", "planned_release", "recorded_date"),
        needed=("perpetrator_id", "start", "end"),
    )
    rows = SideRows(source, settings, config, extract)
    start, end = rows.days["start"], rows.days["end"]
    rows.say_blank("start")
    rows.say("BAD_INTERVAL", "end", end.given & (end.day < start.day))
    kept, aside, lost = rows.settle(start.day)
    known, later = rows.known(kept, as_of)
    last_day_held = config.input.custody.end_is == "last_day_held"
    released = np.where(end.given, end.day + np.int32(last_day_held), NO_DAY).astype(np.int32)
    return Custody(
        rows.raw,
        rows.ids[0].rows(known),
        aside,
        lost,
        rows.recorded[known],
        later,
        start=start.day[known],
        end=released[known],
        planned=rows.days["planned_release"].day[known],
    )


def read_links(source: object, config: Config, as_of: int, extract: int) -> Links:
    """Read the links table.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    config : Config
        Settings; ``input.links`` maps the columns.
    as_of, extract : int
        Day looked at, and day the extract was taken.

    Returns
    -------
    Links
        The links that count and are known, and the rows set aside.

    Raises
    ------
    DataError
        When the table is missing, unreadable, or lacks a column, or no row can be used.
    """
    settings = TableSettings(
        "links",
        config.input.links.columns,
        config.input.links.date_format,
        LINK_COLUMNS,
        ids=("nominal_id", "master_id"),
        dates=("recorded_date",),
        needed=("nominal_id", "master_id"),
    )
    rows = SideRows(source, settings, config, extract)
    kept, aside, lost = rows.settle()
    known, later = rows.known(kept, as_of)
    nominal, master = rows.ids
    return Links(
        rows.raw,
        nominal.rows(known),
        aside,
        lost,
        rows.recorded[known],
        later,
        master=master.rows(known),
        rows=np.flatnonzero(known) + 1,
    )
