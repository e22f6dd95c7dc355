"""The table of people taken off: nothing in it may be left unread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import REMOVAL_COLUMNS
from rfgscore.errors import DataError
from rfgscore.ingest.aside import count_by_reason, where
from rfgscore.ingest.side import SideTable
from rfgscore.ingest.side_checks import SideRows, TableSettings

__all__ = ["Removals", "read_removals"]


@dataclass(frozen=True, eq=False, repr=False)
class Removals(SideTable):
    """Who was taken off, and on which day.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids.
    aside : tuple of Aside
        Empty: a row that cannot be read stops the run.
    lost : tuple of (str, int)
        Empty as well.
    recorded : numpy.ndarray
        int32 day each row was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Rows recorded, or in force, only after the day looked at.
    removed_on : numpy.ndarray
        int32 day from which the person must not be listed.
    ahead : tuple of int
        Rows of the table, from 1, that name a day after the one looked at: not yet known.
    """

    removed_on: npt.NDArray[np.int32]
    ahead: tuple[int, ...]


def read_removals(source: object, config: Config, as_of: int, extract: int) -> Removals:
    """Read the table of people taken off.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    config : Config
        Settings; ``input.removals`` maps the columns.
    as_of, extract : int
        Day looked at, and day the extract was taken.

    Returns
    -------
    Removals
        The rows in force and known at `as_of`.

    Raises
    ------
    DataError
        When the table is missing, unreadable, or lacks a column, or any row is at fault: left aside,
        it would leave on the list someone who must not be there.
    """
    settings = TableSettings(
        "removals",
        config.input.removals.columns,
        config.input.removals.date_format,
        REMOVAL_COLUMNS,
        ids=("perpetrator_id",),
        dates=("removed_on", "recorded_date"),
        needed=("perpetrator_id", "removed_on"),
    )
    rows = SideRows(source, settings, config, extract)
    removed = rows.days["removed_on"]
    rows.say("MISSING_DATE", "removed_on", ~removed.given & ~removed.bad & ~removed.sentinel, "blank")
    kept, aside = rows.judge()
    if aside:
        counts = ", ".join(f"{word} {count}" for word, count in count_by_reason(aside).items())
        column = f"column {aside[0].column}: " if aside[0].column else ""
        raise DataError(
            f"{len(aside)} of {rows.raw.rows} removals cannot be read ({counts}; {where(aside)}; first "
            f"{column}{aside[0].detail}). Left aside, they would leave on the list people who must not be "
            "there: mend these rows, or take them out of the table"
        )
    known, later = rows.known(kept, as_of)
    ahead = known & (removed.day > as_of)
    known &= ~ahead
    return Removals(
        rows.raw,
        rows.ids[0].rows(known),
        (),
        (),
        rows.recorded[known],
        later + int(ahead.sum()),
        removed.day[known],
        tuple((np.flatnonzero(ahead) + 1).tolist()),
    )
