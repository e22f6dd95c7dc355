"""The checks of the tables beside the offences; a row carries the first reason of the published order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.dates import ISO, to_day
from rfgscore.errors import DataError
from rfgscore.ingest.aside import Aside, count_by_reason, only_faults, where
from rfgscore.ingest.bad_dates import bad_dates
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.files import read_table
from rfgscore.ingest.readers.raw import Limits, RawTable
from rfgscore.ingest.values import Days, named_ids, read_days, read_ids, words
from rfgscore.tables import true_text
from rfgscore.vocabulary import meaning, reasons

__all__ = ["SideRows", "TableSettings"]

#: So many dates that cannot be read, and none that can, are no slips of single rows.
MANY_DATES = 3

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class TableSettings:
    """How one table is read.

    Parameters
    ----------
    name : str
        Name of the table, as in ``input``.
    columns : mapping of str to str, or None
        File column of each contract name; None where nothing is mapped.
    date_format : str or mapping of str to str
        Declared formats.
    contract : sequence of str
        Columns the contract knows.
    ids, dates : sequence of str
        Which of them hold ids and dates.
    needed : sequence of str
        Columns without which the table is of no use.
    victims : sequence of str
        Columns that hold ids of victims, who need not be known.
    guarded : bool
        Whether spreadsheets write the table: where an apostrophe guards a cell, exactly one is taken off.
    """

    name: str
    columns: Mapping[str, str] | None
    date_format: str | Mapping[str, str]
    contract: Sequence[str]
    ids: Sequence[str]
    dates: Sequence[str]
    needed: Sequence[str]
    victims: Sequence[str] = ()
    guarded: bool = False


class SideRows:
    """The rows of one table under examination.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    settings : TableSettings
        How it is read.
    config : Config
        Settings of the whole input.
    extract : int
        Day the extract was taken; a `recorded_date` after it is a fault.

    Attributes
    ----------
    raw : RawTable
        The table as read.
    ids : tuple of Coded
        Clean ids of each id column; placeholders are no value.
    victims : tuple of Coded
        The same of each column of victims.
    days : dict of str to Days
        Each date column; unmapped ones are blank.
    """

    def __init__(self, source: object, settings: TableSettings, config: Config, extract: int) -> None:
        limits = config.input.limits
        self.raw: RawTable = read_table(
            source,
            wanted=settings.columns or settings.contract,
            needed=settings.needed,
            encoding=config.input.encoding,
            delimiter=config.input.delimiter,
            limits=Limits(limits.file_rows, limits.decompression_ratio),
            zone=config.input.timezone,
            name=settings.name,
        )
        # A Parquet file holds the true text; everything else may have been through a spreadsheet.
        if settings.guarded and not self.raw.file.casefold().endswith(".parquet"):
            bare = {name: column.map(true_text) for name, column in self.raw.columns.items()}
            self.raw = replace(self.raw, columns=bare)
        self._config = config
        self._settings = settings
        self._found: list[tuple[str, str, Bool, str]] = []
        self._look_at_records()
        self.ids: tuple[Coded, ...] = tuple(self._read_ids(name) for name in settings.ids)
        self.victims: tuple[Coded, ...] = tuple(self._read_victims(name) for name in settings.victims)
        self.days: dict[str, Days] = {name: self._read_dates(name) for name in settings.dates}
        self.say("FUTURE_DATE", "recorded_date", self.recorded > extract, "after the extract date")

    @property
    def recorded(self) -> Int32:
        """Day each row was recorded, int32; ``NO_DAY`` where it does not say."""
        return self.days["recorded_date"].day

    def say(self, reason: str, column: str, hit: Bool, detail: str = "") -> None:
        """Add a check.

        Parameters
        ----------
        reason : str
            A reason of the vocabulary.
        column : str
            Contract name of the column, blank for the whole record.
        hit : numpy.ndarray
            Mask of the rows it applies to.
        detail : str
            More in words; blank for the meaning of the reason.
        """
        self._found.append((reason, column, hit, detail or meaning("reason", reason)))

    def say_blank(self, column: str) -> None:
        """Add the check of a date that must be there.

        Parameters
        ----------
        column : str
            Contract name of a date column.
        """
        days = self.days[column]
        self.say("MISSING_DATE", column, ~days.given & ~days.bad & ~days.sentinel, "blank")

    def _look_at_records(self) -> None:
        broken = np.zeros(self.raw.rows, np.bool_)
        broken[list(self.raw.broken)] = True
        self.say("STRUCTURE", "", broken)
        limits = self._config.input.limits
        for name, column in self.raw.columns.items():
            an_id = name in (*self._settings.ids, *self._settings.victims)
            most = limits.id_chars if an_id else limits.cell_chars
            self.say("TOO_LONG", name, column.longer_than(most))

    def _read_ids(self, name: str) -> Coded:
        nobody = words(self._config.input.placeholders.person)
        clean, bad = read_ids(self.raw.columns[name], self.raw.typed.get(name, ""))
        clean = named_ids(clean, nobody)
        self.say("NO_NAMED_SUSPECT", name, clean.codes < 0)
        self.say("BAD_ID", name, bad)
        return clean

    def _read_victims(self, name: str) -> Coded:
        clean, bad = read_ids(self.raw.column(name), self.raw.typed.get(name, ""))
        self.say("BAD_ID", name, bad)
        return named_ids(clean, words(self._config.input.placeholders.victim))

    def _read_dates(self, name: str) -> Days:
        formats, mapping = self._settings.date_format, self._settings.columns or {}
        declared = formats if isinstance(formats, str) else formats.get(mapping.get(name, name), ISO)
        sentinels = [to_day(text) for text in self._config.input.sentinel_dates]
        cells, zone = self.raw.column(name), self._config.input.timezone
        days = read_days(cells, declared, self.raw.typed.get(name, ""), sentinels, zone)
        for hit, detail in bad_dates(cells, days, declared, zone):
            self.say("BAD_DOB" if name == "dob" else "BAD_DATE", name, hit, detail)
        if name not in ("dob", "deceased_date"):
            way_out = "a placeholder date"
            if name in ("end", "planned_release", "review_by"):
                way_out += (
                    "; leave the cell blank where there is none, or take the date off input.sentinel_dates"
                )
            self.say("SENTINEL_DATE", name, days.sentinel, way_out)
        return days

    def judge(self) -> tuple[Bool, list[Aside]]:
        """Return which rows count, and the others with the first reason that applies.

        Returns
        -------
        numpy.ndarray
            Mask of the rows that count.
        list of Aside
            The rows set aside, in row order.
        """
        order = list(reasons())
        found = sorted(self._found, key=lambda check: order.index(check[0]))
        first = np.full(self.raw.rows, -1)
        for number, (_, _, hit, _) in enumerate(found):
            first[(first < 0) & hit] = number
        aside = []
        for row in np.flatnonzero(first >= 0).tolist():
            reason, column, _, detail = found[first[row]]
            aside.append(
                Aside(
                    file=self.raw.file,
                    row=row + 1,
                    line=None if self.raw.line is None else int(self.raw.line[row]),
                    column=self.raw.names.get(column, ""),
                    reason=reason,
                    detail=self.raw.broken.get(row, detail),
                )
            )
        return first < 0, aside

    def settle(
        self, begins: Int32 | None = None
    ) -> tuple[Bool, tuple[Aside, ...], tuple[tuple[str, int], ...]]:
        """Return which rows count, the others, and whom faults concern.

        Parameters
        ----------
        begins : numpy.ndarray, optional
            int32 day each row begins to say something, ``NO_DAY`` where that is not known.

        Returns
        -------
        numpy.ndarray
            Mask of the rows that count.
        tuple of Aside
            The rows set aside.
        tuple of (str, int)
            Clean id of each row at fault, and the day from which it is known.

        Raises
        ------
        DataError
            When there are rows and none of them can be used, or a date column of which nothing can be read.
        """
        kept, aside = self.judge()
        if self.raw.rows and not kept.any():
            counts = ", ".join(f"{word} {count}" for word, count in count_by_reason(aside).items())
            raise DataError(
                f"{self.raw.file}: none of its {self.raw.rows} rows can be used ({counts}; {where(aside)}); "
                "mend the file or its mapping, or leave it out"
            )
        self._refuse_unread_dates()
        # A blank is the lowest day there is: what says no day is known from the first.
        days = self.recorded if begins is None else np.maximum(begins, self.recorded)
        faults = [row.row - 1 for row in only_faults(aside)]
        named = [(self.ids[0].text(row), int(days[row])) for row in faults]
        return kept, tuple(aside), tuple((text, day) for text, day in named if text)

    def _refuse_unread_dates(self) -> None:
        """A few bad dates are rows at fault; where every one is bad, the declared format is wrong."""
        for name, days in self.days.items():
            bad = int(days.bad.sum())
            if bad >= MANY_DATES and not (days.given | days.sentinel).any():
                raise DataError(
                    f"{self.raw.file}: none of the {bad} dates in the column {self.raw.names[name]!r} can be "
                    f"read: mend its format under input.{self._settings.name}.date_format, or the cells"
                )

    def known(self, kept: Bool, as_of: int, begins: Int32 | None = None) -> tuple[Bool, int]:
        """Return which rows that count are known at a day, and how many are not yet.

        Parameters
        ----------
        kept : numpy.ndarray
            Mask of the rows that count.
        as_of : int
            Day looked at.
        begins : numpy.ndarray, optional
            int32 day before which each row is not known either.

        Returns
        -------
        numpy.ndarray
            Mask of those not recorded, and not beginning, after `as_of`.
        int
            How many were, or did.
        """
        since = self.recorded if begins is None else np.maximum(begins, self.recorded)
        later = kept & (since > as_of)
        return kept & ~later, int(later.sum())
