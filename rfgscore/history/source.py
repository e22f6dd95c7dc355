"""What a history read from files keeps beside the lines: for flags, explanations and the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.history.custody import Spells
from rfgscore.history.told import Told
from rfgscore.ingest.readers.coded import Coded
from rfgscore.tables import Table

__all__ = ["REFERENCE_KINDS", "Account", "AsideGravity", "Source"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]

#: What an incident is known by, in the order in which the first one given counts.
REFERENCE_KINDS = ("incident_id", "event_id", "event_date")


class AsideGravity(NamedTuple):
    """How grave the rows set aside for one reason are, as far as their codes have a weight.

    Parameters
    ----------
    rows : int
        Rows whose code has a weight.
    gravity : float
        Their weights together.
    share : float or None
        Of the weights of all rows used or set aside; None where these are 0 together.
    """

    rows: int
    gravity: float
    share: float | None


@dataclass(frozen=True)
class Account:
    """Where every row went.

    Parameters
    ----------
    rows : mapping of str to int
        ``in, used, set_aside, not_yet_known``.
    by_reason : mapping of str to int
        Offence rows set aside, by reason.
    unnamed_incidents : mapping of str to int
        Incidents in reach of `as_of` without a named suspect, by area; blank where no area is given.
    inputs : tuple of dict
        ``table, file, sha256, rows, set_aside`` of every file read.
    warnings : tuple of (str, str)
        Code and text of each warning raised while reading.
    faults : tuple of str
        Rows at fault in words, a line a kind of fault, all tables together.
    unread : mapping of str to tuple of str
        Columns of each table that are not mapped, by file, where there are any.
    oddities : tuple of str
        What of the rows used should be looked at before a list is believed.
    aside_gravity : mapping of str to AsideGravity
        Gravity of the offence rows set aside, by reason; ``UNKNOWN_CODE`` has none to tell.
    sides_not_yet_known : mapping of str to int
        Rows of the other tables recorded after `as_of`, by table, where there are any.
    """

    rows: Mapping[str, int]
    by_reason: Mapping[str, int]
    unnamed_incidents: Mapping[str, int]
    inputs: tuple[dict[str, Any], ...]
    warnings: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]
    unread: Mapping[str, tuple[str, ...]]
    oddities: tuple[str, ...]
    aside_gravity: Mapping[str, AsideGravity]
    sides_not_yet_known: Mapping[str, int]


@dataclass(frozen=True, eq=False, repr=False)
class Source:
    """Facts about lines and persons that no kernel needs.

    Parameters
    ----------
    own : Coded
        Each line's own record id, before links.
    twins : mapping of int to tuple of str
        Record ids of rows set aside as equal to a line once links were applied, by the line's `tail`.
    reference : Coded
        Reference of each line's incident; no value where it is known by its date.
    reference_kind : numpy.ndarray
        int8 index into ``REFERENCE_KINDS`` a line.
    victim : Coded
        Known victim of each line.
    force, area : Coded
        As named, a line.
    known_assumed : numpy.ndarray
        Lines whose `recorded_date` is mapped and was blank.
    children : numpy.ndarray
        Lines linked to children.
    dob, deceased : numpy.ndarray
        int32 a person, ``NO_DAY`` where not known.
    dob_mapped : bool
        Whether birth dates were looked for at all.
    two_forces : numpy.ndarray
        Persons whose id came from two forces.
    transferred : numpy.ndarray
        int32 earliest day a person was transferred in, ``NO_DAY`` where none is told.
    managed : numpy.ndarray
        Persons who are managed elsewhere.
    lost_rows : numpy.ndarray
        int64 rows at fault, of any table, that name each person.
    spells : Spells or None
        Custody; None where no table was given.
    custody_in_doubt : numpy.ndarray
        Persons of whom a custody row could not be used.
    mapped : tuple of str
        Offence columns that were mapped.
    extract : int
        Day the extract was taken.
    extract_state : tuple of str
        Columns used that are only known as of the extract.
    settled : mapping of str to int
        Tables that shaped the whole history, and the latest day something in them became known.
    read_with : Config
        Settings the rows were checked under.
    account : Account
        Where every row went.
    set_aside : Table
        Rows not used, with reasons.
    coverage : Table
        What each offence code weighs, from where, and how many rows have it.
    told : Told
        Referrals, orders, decisions, and facts about anyone by id.
    """

    own: Coded
    twins: Mapping[int, tuple[str, ...]]
    reference: Coded
    reference_kind: npt.NDArray[np.int8]
    victim: Coded
    force: Coded
    area: Coded
    known_assumed: Bool
    children: Bool
    dob: Int32
    deceased: Int32
    dob_mapped: bool
    two_forces: Bool
    transferred: Int32
    managed: Bool
    lost_rows: npt.NDArray[np.int64]
    spells: Spells | None
    custody_in_doubt: Bool
    mapped: tuple[str, ...]
    extract: int
    extract_state: tuple[str, ...]
    settled: Mapping[str, int]
    read_with: Config
    account: Account
    set_aside: Table
    coverage: Table
    told: Told

    def known_later(self, as_of: int) -> tuple[str, ...]:
        """Name what shaped the history and was, or may have been, not known yet at a day.

        Parameters
        ----------
        as_of : int
            Day looked at.

        Returns
        -------
        tuple of str
            Columns known only as of the extract, unless that is the day, and tables in which something
            became known after it.
        """
        only = self.extract_state if as_of != self.extract else ()
        return (*only, *(name for name, day in self.settled.items() if day > as_of and name not in only))

    def reordered(self, order: npt.NDArray[Any]) -> Source:
        """Return the facts with the lines in another order.

        Parameters
        ----------
        order : numpy.ndarray
            Line numbers.

        Returns
        -------
        Source
            Facts about persons are shared.
        """
        coded = ("own", "reference", "victim", "force", "area")
        plain = ("reference_kind", "known_assumed", "children")
        return replace(
            self,
            **{name: getattr(self, name).rows(order) for name in coded},
            **{name: getattr(self, name)[order] for name in plain},
        )
