"""The side tables of one reading, with the links resolved and the removals known by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.errors import PointInTimeError
from rfgscore.ingest.meeting import (
    Decisions,
    Orders,
    Referrals,
    read_decisions,
    read_orders,
    read_referrals,
)
from rfgscore.ingest.removals import Removals, read_removals
from rfgscore.ingest.rows import OffenceRows
from rfgscore.ingest.side import (
    Custody,
    Links,
    SideTable,
    Subjects,
    read_custody,
    read_links,
    read_subjects,
)
from rfgscore.linkage import resolve_links

__all__ = ["Sides", "extract_state", "read_sides"]


@dataclass(frozen=True, eq=False, repr=False)
class Sides:
    """The tables beside the offences; None for one that was not given.

    Parameters
    ----------
    subjects : Subjects or None
        Facts about people.
    custody : Custody or None
        Custody spells.
    referrals : Referrals or None
        Partner referrals.
    links : Links or None
        Which record is joined to which.
    orders : Orders or None
        Protective orders.
    decisions : Decisions or None
        What meetings decided.
    removals : Removals or None
        Who was taken off.
    joined : mapping of str to str
        Resolved links: final record of each joined record.
    removed : mapping of str to int
        Day from which each person taken off by then was known to be, links applied.
    """

    subjects: Subjects | None
    custody: Custody | None
    referrals: Referrals | None
    links: Links | None
    orders: Orders | None
    decisions: Decisions | None
    removals: Removals | None
    joined: Mapping[str, str]
    removed: Mapping[str, int]

    def given(self) -> list[tuple[str, SideTable]]:
        """Return the tables that were given.

        Returns
        -------
        list of (str, SideTable)
            By name, in contract order.
        """
        named: tuple[tuple[str, SideTable | None], ...] = (
            ("subjects", self.subjects),
            ("custody", self.custody),
            ("referrals", self.referrals),
            ("links", self.links),
            ("orders", self.orders),
            ("decisions", self.decisions),
            ("removals", self.removals),
        )
        return [(name, table) for name, table in named if table is not None]


def read_sides(
    config: Config,
    as_of: int,
    extract: int,
    *,
    subjects: object = None,
    custody: object = None,
    referrals: object = None,
    links: object = None,
    orders: object = None,
    decisions: object = None,
    removals: object = None,
) -> Sides:
    """Read the side tables as they were known at a day.

    Parameters
    ----------
    config : Config
        Settings.
    as_of, extract : int
        Day looked at, and day the extract was taken.
    subjects, custody, referrals, links, orders, decisions, removals : path or table, optional
        The tables; None for one that is not given.

    Returns
    -------
    Sides
        The tables.

    Raises
    ------
    DataError
        When a table cannot be read, links run in a circle, or a decision or a removal is at fault.
    """
    looked_at = (config, as_of, extract)
    joins = read_links(links, *looked_at) if links is not None else None
    joined = resolve_links(joins.pairs()) if joins is not None else {}
    off = read_removals(removals, *looked_at) if removals is not None else None
    return Sides(
        subjects=read_subjects(subjects, *looked_at) if subjects is not None else None,
        custody=read_custody(custody, *looked_at) if custody is not None else None,
        referrals=read_referrals(referrals, *looked_at) if referrals is not None else None,
        links=joins,
        orders=read_orders(orders, *looked_at) if orders is not None else None,
        decisions=read_decisions(decisions, *looked_at, joined) if decisions is not None else None,
        removals=off,
        joined=joined,
        removed={} if off is None else _removed(off, joined),
    )


def _removed(off: Removals, joined: Mapping[str, str]) -> dict[str, int]:
    """Return who was taken off by a day, and since when that is known."""
    out: dict[str, int] = {}
    since = np.maximum(off.removed_on, off.recorded).tolist()
    for row in range(len(off.person)):
        text = off.person.text(row)
        person = joined.get(text, text)
        out[person] = min(since[row], out.get(person, since[row]))
    return out


def extract_state(rows: OffenceRows, sides: Sides) -> tuple[str, ...]:
    """Name what is known only as of the extract, and refuse it for an earlier day unless accepted.

    A table whose every row says when it was recorded is known day by day, and is not among it.

    Parameters
    ----------
    rows : OffenceRows
        The offence rows.
    sides : Sides
        The tables beside them.

    Returns
    -------
    tuple of str
        Columns and tables.

    Raises
    ------
    PointInTimeError
        When there are any, the extract is later than the day looked at, and the settings are strict.
    """
    told: tuple[tuple[str, SideTable | None, str], ...] = (
        ("links", sides.links, "master_id"),
        ("planned_release", sides.custody, "planned_release"),
        ("managed_under", sides.subjects, "managed_under"),
    )
    used = ["outcome"] if "outcome" in rows.mapped else []
    used += [
        name for name, side, column in told if side and column in side.raw.columns and side.extract_state
    ]
    if used and rows.extract != rows.as_of and rows.config.input.point_in_time == "strict":
        dated = " Rows of other tables that all say when they were recorded (recorded_date) need no consent."
        raise PointInTimeError(
            f"{', '.join(used)}: known only as of the extract ({iso(rows.extract)}), not as of "
            f"{iso(rows.as_of)}. Leave it out, look at the day of the extract, or set "
            "input.point_in_time: accept_extract_state." + ("" if used == ["outcome"] else dated)
        )
    return tuple(used)
