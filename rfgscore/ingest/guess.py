"""Which column of an extract is which: guessed from names and contents, with what the guess rests on.

A guess never shows a cell, but for words of closed lists and offence codes; it counts. Nothing is read,
written or printed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from rfgscore.config import Config
from rfgscore.config.model import OFFENCE_COLUMNS
from rfgscore.gravity import Gravity, normal_code
from rfgscore.ingest.guess_dates import FORMATS, day_reader, is_month_first, loose_forms, told_by
from rfgscore.ingest.guess_dates import hits as _hits
from rfgscore.ingest.readers.raw import RawTable
from rfgscore.ingest.values import bad_id, clean_id, fold, words

__all__ = ["Confidence", "Finding", "Guess", "guess"]

Confidence = Literal["sure", "likely", "CHECK", "not found"]


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


#: Columns that their contents tell where no name does.
_TOLD_BY_CONTENT = _set("offence_code role")
#: Columns whose choice between two decides who stands on the list; of the others the first will do.
_DECIDE = _set("perpetrator_id event_date offence_code victim_id recorded_date role is_crime domestic")

_COUNT = _set("suspect suspected offender accused charged convicted defendant perpetrator arrested")
_ASIDE = _set(
    "victim witness other aggrieved complainant injured ip survivor informant reporting caller child parent "
    "professional officer"
)
_BESIDE = _set("named main primary person party adult the")
#: Words that roles are made of beside those; a cell that holds any other may be somebody's name.
_IN_ROLES = _set(
    "subject of check nominal involved linked associate relative partner ex family member possible potential "
    "unknown no not further action eliminated enquiry interest missing driver owner occupier third"
)
_SAYS_SUSPECT = re.compile(r"suspect|offender|accused|defendant|perp|convicted|charged|arrested|pnc|\bcro")
#: Codes of the Home Office in compared form: a class, and within it one offence.
_HO_CODE = re.compile(r"(1?[0-9]{1,2})/[0-9]{1,2}")
_LEAVING_OUT = re.compile(r"(cancelled|cancel|transferred|transfer|no ?crimed?)( |$)")
_ABOUT_LEAVING = _set(
    "cancelled cancel transferred transfer nocrime no crime crimed record to of in by other force error"
)
#: Words of yes-or-no columns beyond the configured ones.
_MORE = {
    ("is_crime", "true"): ("t", "crime", "notifiable"),
    ("is_crime", "false"): ("f", "non-crime", "non crime", "noncrime", "incident"),
    ("domestic", "true"): ("t", "domestic", "da", "dv"),
    ("domestic", "false"): ("f", "non-domestic", "non domestic", "non-da", "not domestic"),
}


@dataclass(frozen=True)
class Finding:
    """What was found for one column of the contract.

    Parameters
    ----------
    name : str
        Contract name.
    confidence : {"sure", "likely", "CHECK", "not found"}
        Name and contents agree; one of them alone says so; a person must look; no column.
    reason : str
        What was seen, in counts.
    column : str or None
        The file's own column.
    others : tuple of str
        Other columns that could as well be meant.
    date_format : str or None
        Declared format of a date that the file does not type.
    zoned : bool
        Whether moments stand in it, whose day depends on a time zone.
    placed : mapping of str to tuple of str
        Words of the column that the settings do not list, by the list they belong in.
    unplaced : tuple of str
        Words of the column that are in no list and must be placed.
    hidden : int
        How many more of them are not shown, for they may be names.
    by_class : bool
        Whether more codes have a weight once sub-codes may fall back to their class.
    unread : str or None
        A column that is named like one, but whose dates cannot be read.
    """

    name: str
    confidence: Confidence
    reason: str
    column: str | None = None
    others: tuple[str, ...] = ()
    date_format: str | None = None
    zoned: bool = False
    placed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unplaced: tuple[str, ...] = ()
    hidden: int = 0
    by_class: bool = False
    unread: str | None = None


@dataclass(frozen=True)
class Guess:
    """What was found in an extract.

    Parameters
    ----------
    findings : mapping of str to Finding
        One for each column of the contract, in its order.
    left : tuple of str
        Columns that are not mapped.
    dates : tuple of str
        Columns that hold dates, mapped or not.
    """

    findings: Mapping[str, Finding]
    left: tuple[str, ...]
    dates: tuple[str, ...]


def guess(
    table: RawTable, named: Mapping[str, Sequence[tuple[str, str]]], config: Config, gravity: Gravity
) -> Guess:
    """Guess which column is which.

    Parameters
    ----------
    table : RawTable
        The first records of an extract; its columns under the file's own names.
    named : mapping of str to sequence of (str, str)
        What names alone say, by contract name and best first: a column, and ``plain`` where its name says
        so and nothing else, ``more`` where it says more, ``stand-in`` where it names what may stand in.
    config : Config
        Settings that the guess is to extend: their lists of words, and placeholders.
    gravity : Gravity
        Weights.

    Returns
    -------
    Guess
        A finding for each column of the contract.

    Examples
    --------
    >>> from rfgscore.config import preset
    >>> from rfgscore.gravity import load_gravity
    >>> from rfgscore.ingest.readers.coded import Coded
    >>> table = RawTable("a.csv", "", 1, {"on": Coded.of(["31/01/2025"])}, {"on": "on"})
    >>> settings, weights = preset("illustrative-rfgv"), load_gravity("cchi-da-2020-10")
    >>> found = guess(table, {"event_date": [("on", "plain")]}, settings, weights).findings
    >>> found["event_date"].date_format, found["event_date"].confidence, found["role"].confidence
    ('%d/%m/%Y', 'sure', 'not found')
    """
    look = _Look(table, config, gravity)
    found: dict[str, Finding] = {}
    refused: dict[str, Finding] = {}
    for strength in ("plain", "more", "stand-in", "content"):
        for name in OFFENCE_COLUMNS:
            if name in found:
                continue
            used = {finding.column for finding in found.values()}
            hits = [column for column, said in named.get(name, ()) if said == strength]
            every = table.columns if strength == "content" and name in _TOLD_BY_CONTENT else ()
            seen = [
                look.at(name, c, strength) for c in (*hits, *every) if c in table.columns and c not in used
            ]
            fitting = [finding for finding in seen if finding.column is not None]
            if fitting:
                found[name] = _settled(fitting, strength)
            elif seen and strength != "content":
                refused.setdefault(name, seen[0])
    used = {finding.column for finding in found.values()}
    findings: dict[str, Finding] = {}
    for name in OFFENCE_COLUMNS:
        none = Finding(name, "not found", "no column is named or filled like one")
        hit = found.get(name) or refused.get(name) or none
        if name == "perpetrator_id" and "role" not in found:
            hit = _beside_no_role(hit)
        findings[name] = replace(hit, others=tuple(other for other in hit.others if other not in used))
    left = tuple(column for column in table.columns if column not in used)
    return Guess(findings, left, tuple(column for column in table.columns if look.holds_dates(column)))


def _settled(fitting: list[Finding], strength: str) -> Finding:
    """Say how sure the first of some fitting columns is."""
    first = fitting[0]
    confidence, reason = first.confidence, first.reason
    others = tuple(str(other.column) for other in fitting[1:])
    if strength == "stand-in":
        confidence, reason = "CHECK", f"{reason}; its name tells of another day than the offence's"
    elif strength == "content":
        reason += "; its name does not say so"
    if strength == "more":
        reason += "; its name says more than that"
    if (others or strength == "more") and first.name in _DECIDE:
        confidence = "CHECK"
    elif confidence == "sure" and (others or strength != "plain"):
        confidence = "likely"
    return replace(first, confidence=confidence, reason=reason, others=others)


def _beside_no_role(person: Finding) -> Finding:
    """Doubt a column of persons that may be anybody, where no other column tells who is a suspect."""
    if person.column is None or _SAYS_SUSPECT.search(person.column.casefold().replace("_", " ")):
        return person
    doubt = "its name does not say suspect and there is no role column: victims in it would be ranked"
    return replace(person, confidence="CHECK", reason=f"{person.reason}; {doubt}")


class _Look:
    """Looks into the columns of a table."""

    def __init__(self, table: RawTable, config: Config, gravity: Gravity) -> None:
        self.table = table
        self.given = config.input
        self.gravity = gravity
        self._held: dict[str, dict[str, int]] = {}
        self._ways: dict[str, Callable[[str, str], Finding]] = {
            **dict.fromkeys(("perpetrator_id", "victim_id", "event_id", "incident_id"), self._id),
            **dict.fromkeys(("event_date", "event_end", "recorded_date", "dob", "deceased_date"), self._date),
            **dict.fromkeys(("is_crime", "domestic", "children_linked"), self._flag),
            "offence_code": self._code,
            "role": self._role,
            "outcome": self._outcome,
        }

    def at(self, name: str, column: str, strength: str) -> Finding:
        """Say whether the contents of a column are those of a contract column."""
        held = self.values(column)
        if not held:
            return self._none(name, column, "is empty")
        if strength == "content" and not self._plainly(name, held):
            return self._none(name, column, "does not hold them")
        return self._ways.get(name, self._text)(name, column)

    def values(self, column: str) -> dict[str, int]:
        """Return the distinct trimmed values that are not blank, and how often each occurs."""
        if column not in self._held:
            cells = self.table.columns[column]
            counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.values)).tolist()
            held: dict[str, int] = {}
            for value, count in zip(cells.values, counts, strict=True):
                text = value.strip()
                if text and count:
                    held[text] = held.get(text, 0) + count
            self._held[column] = held
        return self._held[column]

    def holds_dates(self, column: str) -> bool:
        """Say whether a column holds dates, by its type or its first values."""
        some = list(self.values(column))[:50]
        if self.table.typed.get(column) == "date":
            return bool(some)
        return any(all(map(day_reader(form), some)) for form in FORMATS) if some else False

    @cached_property
    def month_first(self) -> str | None:
        """A column whose dates can only be read with the month first, where none says otherwise."""
        columns = [column for column in self.table.columns if self.holds_dates(column)]
        orders = {column: is_month_first(self.values(column)) for column in columns}
        proofs = [column for column, order in orders.items() if order]
        return None if False in orders.values() else next(iter(proofs), None)

    def _none(self, name: str, column: str, why: str) -> Finding:
        return Finding(name, "not found", f"{column[:60]!r} is named like one, but {why}")

    def _filled(self, held: Mapping[str, int]) -> str:
        return f"{sum(held.values()):,} of {self.table.rows:,} cells are filled, {_different(len(held))}"

    def _plainly(self, name: str, held: Mapping[str, int]) -> bool:
        """Say whether contents alone tell what a column is."""
        if name == "role":
            known = _hits(held, lambda text: _role_list(text, self.given.roles) is not None)
            return len(held) > 1 and 10 * known >= 9 * sum(held.values())
        known = _hits(held, lambda text: self.gravity.look_up(text) is not None)
        parted = sum("/" in text for text in held)
        return len(held) > 2 and 2 * parted > len(held) and 10 * known >= 9 * sum(held.values())

    def _text(self, name: str, column: str) -> Finding:
        return Finding(name, "sure", self._filled(self.values(column)), column)

    def _id(self, name: str, column: str) -> Finding:
        held = self.values(column)
        flags = words((*self.given.flags.true, *self.given.flags.false))
        if self.holds_dates(column) or all(fold(text) in flags for text in held):
            return self._none(name, column, "it holds dates or yes-or-no words")
        victim = name == "victim_id"
        nobody = words(self.given.placeholders.victim if victim else self.given.placeholders.person)
        doubts: list[str] = []
        said = self._filled(held)
        placeholders = _hits(held, lambda text: fold(text) in nobody)
        if placeholders and name in ("perpetrator_id", "victim_id"):
            said += f"; {placeholders:,} hold a word for an unknown person"
        broken = self.table.typed.get(column) == "number"
        bad = _hits(held, lambda text: bad_id(clean_id(text)) or (broken and "." in text))
        if bad:
            doubts.append(f"{bad:,} were spoilt by a spreadsheet or hold unseen characters (BAD_ID)")
        if 2 * sum(not any(map(str.isdigit, text)) for text in held) > len(held):
            doubts.append("most values hold no digit: names are no references")
        return Finding(name, "CHECK" if doubts else "sure", "; ".join([said, *doubts]), column)

    def _date(self, name: str, column: str) -> Finding:
        held, typed = self.values(column), self.table.typed.get(column, "")
        if typed == "date":
            return Finding(name, "sure", f"the file types it as a date; {self._filled(held)}", column)
        if typed == "number":
            return self._none(name, column, "it holds numbers and no dates")
        proof = self.month_first
        dates = told_by(held, proof and repr(proof[:60]))
        if dates is None:
            strict = "; dates are read with two digits for day and month and four for the year"
            none = self._none(name, column, f"no date can be read in it{loose_forms(held)}{strict}")
            return replace(none, unread=column)
        sure: Confidence = "CHECK" if dates.doubtful else "sure"
        return Finding(name, sure, dates.reason, column, date_format=dates.form, zoned=dates.zoned)

    def _code(self, name: str, column: str) -> Finding:
        held = self.values(column)
        filled = sum(held.values())
        known = _hits(held, lambda text: self.gravity.look_up(text) is not None)
        wide = replace(self.gravity, by_class=True)
        by_class = _hits(held, lambda text: wide.look_up(text) is not None)
        said = (
            f"{known:,} of {filled:,} codes ({100 * known // filled}%) have a weight in {self.gravity.name}"
        )
        lost: dict[str, int] = {}
        for text, count in held.items():
            if self.gravity.look_up(text) is None:
                lost[normal_code(text)] = lost.get(normal_code(text), 0) + count
        if known and lost:
            # Where most have no weight, the column may hold months, and 12/80 be when somebody was born.
            least = 0 if 2 * known >= filled else 12
            forms = {code: _HO_CODE.fullmatch(code) for code in lost}
            ours = [code for code, form in forms.items() if form is not None and int(form[1]) > least]
            most = sorted(sorted(ours, key=lambda code: (-lost[code], code))[:10])
            rest = len(lost) - len(most)
            said += f"; without one: {', '.join([*most, *([f'{rest:,} not shown'] if rest else ())])}"
        if not known:
            said += ": these are no codes of it; name a gravity.table of your own"
        sure: Confidence = "sure" if 100 * known >= 99 * filled else "CHECK"
        return Finding(name, sure, said, column, by_class=by_class > known)

    def _flag(self, name: str, column: str) -> Finding:
        held = self.values(column)
        yes, no = words(self.given.flags.true), words(self.given.flags.false)
        told = {fold(text) for text in held}
        sides = ("true", "false")
        more = {side: tuple(word for word in _MORE.get((name, side), ()) if word in told) for side in sides}
        known = yes | no | {*more["true"], *more["false"]}
        hits, filled = _hits(held, lambda text: fold(text) in known), sum(held.values())
        if 2 * hits < filled:
            return self._none(name, column, "it holds other words than yes and no")
        said = f"{hits:,} of {filled:,} words mean yes or no"
        blank = self.table.rows - filled
        doubtful = hits < filled
        if blank and name != "children_linked":
            doubtful = True
            if told & (no | {*more["false"]}):
                said += (
                    f'; {blank:,} blank cells would be at fault (BAD_FLAG); to settle them list "" under '
                    "input.flags.true or .false (the words hold for is_crime, domestic and "
                    "children_linked alike)"
                )
            else:
                more["false"] += ("",)
                said += f"; the {blank:,} blank cells are taken for no, as no other word means it"
        return Finding(name, "CHECK" if doubtful else "sure", said, column, placed=more)

    def _role(self, name: str, column: str) -> Finding:
        held, filled = self.values(column), sum(self.values(column).values())
        lists = {text: _role_list(text, self.given.roles) for text in held}
        known = sum(n for text, n in held.items() if lists[text])
        if 2 * known < filled:
            return self._none(name, column, "few of its words are roles")
        listed = words((*self.given.roles.count, *self.given.roles.set_aside))
        fresh = [text for text in held if lists[text] and fold(text) not in listed]
        placed = {key: _once([t for t in fresh if lists[t] == key]) for key in ("count", "set_aside")}
        other = {text: n for text, n in held.items() if lists[text] is None}
        listed_words = set(re.findall(r"\w+", " ".join(listed)))
        closed = listed_words | _COUNT | _ASIDE | _BESIDE | _IN_ROLES
        plain = [text for text in other if closed.issuperset(re.findall(r"\w+", fold(text)))]
        said = f"{known:,} of {filled:,} words are roles"
        if other:
            said += f"; {_different(len(other), 'other word')} must be placed under roles (UNKNOWN_ROLE)"
        if filled < self.table.rows:
            said += f"; {self.table.rows - filled:,} blank cells would be at fault (UNKNOWN_ROLE)"
        sure: Confidence = "CHECK" if other or filled < self.table.rows else "sure"
        hidden = len(other) - len(plain)
        return Finding(name, sure, said, column, placed=placed, unplaced=_once(plain), hidden=hidden)

    def _outcome(self, name: str, column: str) -> Finding:
        held = self.values(column)
        listed = words(self.given.outcomes.exclude)
        parts = {text: " ".join(re.findall(r"\w+", fold(text))) for text in held}
        leaving = [text for text, plain in parts.items() if _LEAVING_OUT.search(plain)]
        # Only words that hold nothing else are shown.
        new = [t for t in leaving if fold(t) not in listed and _ABOUT_LEAVING.issuperset(parts[t].split())]
        out = _hits(held, lambda text: fold(text) in listed or text in new)
        said = f"{self._filled(held)}; {out:,} leave their row out of scope, all others count"
        placed = {"exclude": _once(new)} if new else {}
        return Finding(name, "CHECK" if new else "sure", said, column, placed=placed)


def _role_list(text: str, roles: object) -> str | None:
    """Return the list of roles a word belongs in: as configured, or made of known words only."""
    word = fold(text)
    for key in ("count", "set_aside"):
        if word in words(getattr(roles, key)):
            return key
    parts = set(re.findall(r"\w+", word)) - _BESIDE
    if parts and parts <= _COUNT:
        return "count"
    return "set_aside" if parts and parts <= _ASIDE else None


def _once(texts: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({fold(text) for text in texts}))


def _different(count: int, what: str = "different value") -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
