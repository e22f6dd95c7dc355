"""Offence rows under examination: every column as the checks need to see it, each worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import OFFENCE_COLUMNS
from rfgscore.dates import ISO, NO_DAY, to_day
from rfgscore.gravity import NON_CRIME, Gravity, normal_code
from rfgscore.ingest.readers.coded import Coded, in_order
from rfgscore.ingest.readers.raw import RawTable
from rfgscore.ingest.side import Subjects
from rfgscore.ingest.values import (
    Days,
    clean_id,
    fold,
    joined_ids,
    named_ids,
    placeholders,
    read_days,
    read_ids,
    words,
)

__all__ = ["OffenceRows", "earliest_by_person"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]

_IDS = ("perpetrator_id", "victim_id", "event_id", "incident_id")
_CLOSED = ("role", "outcome", "is_crime", "domestic", "children_linked")


def earliest_by_person(person: Int32, day: Int32, size: int) -> Int32:
    """Return the earliest given day of each person.

    Parameters
    ----------
    person : numpy.ndarray
        Person number a row, -1 for none.
    day : numpy.ndarray
        int32 day a row, ``NO_DAY`` for none.
    size : int
        How many persons there are.

    Returns
    -------
    numpy.ndarray
        int32 a person, ``NO_DAY`` where none is given.
    """
    latest = np.iinfo(np.int32).max
    out = np.full(size, latest, np.int32)
    given = (person >= 0) & (day != NO_DAY)
    np.minimum.at(out, person[given], day[given])
    return np.where(out == latest, NO_DAY, out).astype(np.int32)


@dataclass(eq=False, repr=False)
class OffenceRows:
    """All offence rows of all files, one below the other.

    Parameters
    ----------
    tables : sequence of RawTable
        The files in the order given.
    config : Config
        Settings.
    gravity : Gravity
        Weights.
    links : mapping of str to str
        Final record of each joined record.
    subjects : Subjects or None
        The subjects table.
    as_of, extract : int
        Day looked at, and day the extract was taken.
    removed : frozenset of str
        Persons taken off on or before `as_of`, links applied.
    """

    tables: Sequence[RawTable]
    config: Config
    gravity: Gravity
    links: Mapping[str, str]
    subjects: Subjects | None
    as_of: int
    extract: int
    removed: frozenset[str] = frozenset()
    #: Number of the reason a row is set aside for, in the published order; -1 while none applies.
    reason: npt.NDArray[np.int32] = field(init=False)

    #: Records of other rows, equal after links, that a row also stands for.
    twins: dict[int, set[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.reason = np.full(self.size, -1, np.int32)

    @cached_property
    def size(self) -> int:
        """How many rows there are."""
        return sum(table.rows for table in self.tables)

    @cached_property
    def mapped(self) -> tuple[str, ...]:
        """Contract names of the mapped columns, in contract order."""
        held = set().union(*(table.columns for table in self.tables))
        return tuple(name for name in OFFENCE_COLUMNS if name in held)

    @cached_property
    def raw(self) -> dict[str, Coded]:
        """Every mapped column as text; a file that lacks one has no value there."""
        return {name: Coded.join([t.column(name) for t in self.tables]) for name in self.mapped}

    def where(self, row: int) -> tuple[RawTable, int]:
        """Return the file of a row, and its number there from 0.

        Parameters
        ----------
        row : int
            Row number over all files.

        Returns
        -------
        RawTable
            The file.
        int
            Row of that file.
        """
        for table in self.tables:
            if row < table.rows:
                return table, row
            row -= table.rows
        raise IndexError(row)

    @cached_property
    def _ids_read(self) -> dict[str, tuple[Coded, Bool]]:
        out: dict[str, tuple[Coded, Bool]] = {}
        for name in _IDS:
            if name in self.mapped:
                parts = [read_ids(t.column(name), t.typed.get(name, "")) for t in self.tables]
                out[name] = Coded.join([ids for ids, _ in parts]), np.concatenate([bad for _, bad in parts])
        return out

    @cached_property
    def ids(self) -> dict[str, Coded]:
        """Clean ids of each id column, blank as no value, placeholders and links untouched."""
        return {name: ids for name, (ids, _) in self._ids_read.items()}

    @cached_property
    def spoilt(self) -> dict[str, Bool]:
        """Rows with a spoilt id, by id column."""
        return {name: bad for name, (_, bad) in self._ids_read.items()}

    @cached_property
    def own(self) -> Coded:
        """The record's own id, before links; no value where no suspect is named."""
        return named_ids(self.ids["perpetrator_id"], words(self.config.input.placeholders.person))

    @cached_property
    def person(self) -> Coded:
        """The person, after links."""
        return self.own.changed(joined_ids(self.own, self.links))

    @cached_property
    def number(self) -> dict[str, int]:
        """Code of each person, after links."""
        return dict(zip(self.person.values, range(len(self.person.values)), strict=True))

    @cached_property
    def subject(self) -> Int32:
        """Code of the person each row of the subjects table is about, after links; -1 for nobody here."""
        if self.subjects is None:
            return np.empty(0, np.int32)
        told = self.subjects.person
        return told.changed(joined_ids(told, self.links)).among(self.number)

    @cached_property
    def victim(self) -> Coded:
        """The known victim, after links."""
        if "victim_id" not in self.ids:
            return Coded.blank(self.size)
        ids = self.ids["victim_id"]
        nobody = placeholders(ids, words(self.config.input.placeholders.victim))
        return ids.changed({**joined_ids(ids, self.links), **nobody})

    def declared_format(self, name: str) -> str:
        """Return the declared format of a date column.

        Parameters
        ----------
        name : str
            Contract name of the column.

        Returns
        -------
        str
            Such as ``%d/%m/%Y``.
        """
        formats, mapping = self.config.input.date_format, self.config.input.columns or {}
        return formats if isinstance(formats, str) else formats.get(mapping.get(name, name), ISO)

    @cached_property
    def days(self) -> dict[str, Days]:
        """Every date column, read strictly; unmapped ones are blank."""
        sentinels = [to_day(text) for text in self.config.input.sentinel_dates]
        zone = self.config.input.timezone
        out: dict[str, Days] = {}
        for name in ("event_date", "event_end", "recorded_date", "dob", "deceased_date"):
            declared = self.declared_format(name)
            parts: list[Days] = []
            for t in self.tables:
                typed = t.typed.get(name, "")
                parts.append(read_days(t.column(name), declared, typed, sentinels, zone))
            out[name] = Days(
                np.concatenate([part.day for part in parts]),
                np.concatenate([part.bad for part in parts]),
                np.concatenate([part.sentinel for part in parts]),
            )
        return out

    @cached_property
    def known_day(self) -> Int32:
        """Day the force came to know: `recorded_date` where given, else `event_date`."""
        recorded = self.days["recorded_date"]
        return np.where(recorded.given, recorded.day, self.days["event_date"].day).astype(np.int32)

    @cached_property
    def visible(self) -> Bool:
        """Rows that happened and were known at `as_of`."""
        event = self.days["event_date"]
        return event.given & (event.day <= self.as_of) & (self.known_day <= self.as_of)

    @cached_property
    def told_dob(self) -> Int32:
        """Birth date each visible row itself tells; one after its own event tells nothing."""
        dob, event = self.days["dob"].day, self.days["event_date"].day
        return np.where(self.visible & (dob <= event), dob, NO_DAY).astype(np.int32)

    @cached_property
    def dob(self) -> Int32:
        """Earliest birth date of the row's person, as visible rows and the subjects table tell it."""
        return self._fact(self.told_dob, None if self.subjects is None else self.subjects.dob)

    @cached_property
    def told_death(self) -> Int32:
        """Date of death each visible row itself tells; one before its own event tells nothing."""
        died, event = self.days["deceased_date"].day, self.days["event_date"].day
        return np.where(self.visible & (died >= event), died, NO_DAY).astype(np.int32)

    @cached_property
    def deceased(self) -> Int32:
        """Earliest known date of death of the row's person; later than `as_of` is not known."""
        fact = self._fact(self.told_death, None if self.subjects is None else self.subjects.deceased)
        return np.where(fact > self.as_of, NO_DAY, fact).astype(np.int32)

    def _fact(self, day: Int32, told: Int32 | None) -> Int32:
        """Return the earliest day told of each row's person, by rows and by the subjects table."""
        person = self.person
        found = earliest_by_person(person.codes, day, len(person.values))
        if self.subjects is not None and told is not None:
            both = np.concatenate([self.subject, np.arange(len(found), dtype=np.int32)])
            found = earliest_by_person(both, np.concatenate([told, found]), len(found))
        return np.append(found, np.int32(NO_DAY))[person.codes]

    def flag_word(self, name: str) -> npt.NDArray[np.int8]:
        """Return a yes-or-no column: 1 true, 0 false, -1 blank, -2 a word not listed.

        Parameters
        ----------
        name : str
            Contract name of the column.

        Returns
        -------
        numpy.ndarray
            int8, one a row; all -1 where the column is not mapped.
        """
        if name not in self.mapped:
            return np.full(self.size, -1, np.int8)
        yes, no = words(self.config.input.flags.true), words(self.config.input.flags.false)

        def answer(text: str) -> int:
            word = fold(text)
            return 1 if word in yes else 0 if word in no else -2 if word else -1

        return self.raw[name].take(answer, np.int8, answer(""))

    @cached_property
    def non_crime(self) -> Bool:
        """Rows that say they are no crime."""
        return np.asarray(self.flag_word("is_crime") == 0)

    @cached_property
    def code(self) -> Coded:
        """Offence code as the gravity table shows it; no value where it has no weight."""

        def shown(text: str) -> str | None:
            grade = self.gravity.look_up(text)
            return grade.code if grade is not None else None

        plain = self.raw.get("offence_code") or Coded.blank(self.size)
        blank = self.gravity.look_up("")
        codes = Coded.from_first_seen(
            np.where(plain.codes < 0, len(plain.values), plain.codes).astype(np.int32),
            [*map(shown, plain.values), blank.code if blank is not None else None],
        )
        if not self.non_crime.any():
            return codes
        return Coded.from_first_seen(
            np.where(self.non_crime, len(codes.values), codes.codes).astype(np.int32),
            [*codes.values, NON_CRIME],
        )

    @cached_property
    def compared(self) -> dict[str, Coded]:
        """Every mapped column but the dates, in the form in which rows are compared with each other."""
        form = {"perpetrator_id": self.person}
        for name in self.mapped:
            if name == "victim_id":
                form[name] = self.ids[name].changed(joined_ids(self.ids[name], self.links))
            elif name in self.ids:
                form.setdefault(name, self.ids[name])
            elif name == "offence_code":
                form[name] = self.raw[name].map(lambda text: normal_code(text) or None)
            elif name in _CLOSED:
                form[name] = self.raw[name].map(lambda text: fold(text) or None)
            elif name not in self.days:
                form[name] = self.raw[name].map(lambda text: clean_id(text) or None)
        return form

    def key(self, name: str) -> npt.NDArray[np.int64]:
        """Return a mapped column as whole numbers that compare and order as the column does.

        Parameters
        ----------
        name : str
            Contract name of a mapped column.

        Returns
        -------
        numpy.ndarray
            int64, one a row; -1 for no value.
        """
        if name in self.compared:
            return self.compared[name].codes.astype(np.int64)
        days = self.days[name]
        first = int(days.day.min(initial=np.iinfo(np.int32).max, where=days.given))
        return np.where(days.given, days.day.astype(np.int64) - first, -1)

    def repeats(self, among: Bool) -> Bool:
        """Return which rows equal an earlier one in every mapped column, and note joined ones in `twins`.

        Parameters
        ----------
        among : numpy.ndarray
            Mask of the rows to compare.

        Returns
        -------
        numpy.ndarray
            Mask of the later ones.
        """
        held = np.flatnonzero(among)
        out = np.zeros(self.size, np.bool_)
        order, fresh = in_order([self.key(name)[held] for name in self.mapped])
        alike = ~fresh
        alike[:-1] |= ~fresh[1:]
        # Links may have made rows of two records equal: the lowest record stays, in any row order.
        rows, group = held[order[alike]], np.cumsum(fresh)[alike]
        own = self.own.codes[rows]
        lowest = np.lexsort((rows, own, group))
        rows, own, group = rows[lowest], own[lowest], group[lowest]
        first = np.searchsorted(group, group)
        out[rows[first != np.arange(len(rows))]] = True
        for place in np.flatnonzero(own != own[first]).tolist():
            self.twins.setdefault(int(rows[first[place]]), set()).add(self.own.text(int(rows[place])))
        return out
