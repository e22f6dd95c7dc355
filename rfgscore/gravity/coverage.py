"""How far a gravity table covers the rows of a file: what each code weighs and why, or that it has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from rfgscore.gravity.codes import name_code, normal_code
from rfgscore.gravity.table import NON_CRIME, Gravity
from rfgscore.tables import Column, Table

__all__ = ["coverage", "coverage_lines"]

Rows = Mapping[str, int] | Iterable[tuple[str, int]]

#: Codes named in one line of text; uplifts are named in full, since each is somebody's decision.
_NAMED = 20


class _Place(NamedTuple):
    """What a code is shown as and where its weight comes from: rows of one place are told together."""

    code: str
    label: str
    weight: float | None
    origin: str
    reason: str


def coverage(gravity: Gravity, rows: Rows, without: Rows = ()) -> Table:
    """Return what each offence code of a file weighs, from where, and how much of the whole it makes.

    A code that neither the table nor an uplift writes is named only when it looks like a code; all the
    others make one line together.

    Parameters
    ----------
    gravity : Gravity
        The table the rows were weighed with.
    rows : mapping of str to int, or iterable of (str, int)
        Number of rows with a weight, by code as the table shows it or ``NON_CRIME``.
    without : mapping of str to int, or iterable of (str, int)
        Number of rows without a weight, by code.

    Returns
    -------
    Table
        One row a code: ``offence_code, label, weight, weight_from, reason, rows, share_of_rows, gravity,
        share_of_gravity``. `weight_from` is ``table``, ``class``, ``uplift``, ``unmapped``, ``none`` or
        ``non_crime``; `reason` is that of an uplift, and the note on the weight; `gravity` is rows times
        weight, and its share that of the gravity that is known. By gravity, the highest first, those without
        a weight last, then by code; gravity and shares rounded to 6 digits. Null where there is no weight,
        and every share of gravity where all of it is 0.

    Raises
    ------
    ValueError
        When a number of rows is negative.

    Examples
    --------
    >>> from rfgscore.gravity import load_gravity
    >>> told = coverage(load_gravity("cchi-da-2020-10"), {"008/06": 3, "105/01": 10}, {"8/77": 1})
    >>> for code, weight, share in zip(told["offence_code"], told["weight"], told["share_of_gravity"]):
    ...     print(code, weight, share)
    008/06 10.0 0.75
    105/01 1.0 0.25
    8/77 None None
    """
    counted: Counter[_Place] = Counter()
    for weighed, given in ((True, rows), (False, without)):
        for code, count in given.items() if isinstance(given, Mapping) else given:
            if count < 0:
                raise ValueError(f"a number of rows cannot be negative, and {count} is")
            if count:
                counted[_place(gravity, code, weighed)] += count
    exact = {
        place: None if place.weight is None else Fraction(place.weight) * count
        for place, count in counted.items()
    }
    order = sorted(counted, key=lambda place: (exact[place] is None, -(exact[place] or 0), place))
    total = counted.total()
    known = sum((part for part in exact.values() if part is not None), Fraction())
    parts = [exact[place] for place in order]
    return Table(
        {
            "offence_code": Column.of("text", [place.code for place in order]),
            "label": Column.of("text", [place.label for place in order]),
            "weight": Column.of("float64", [place.weight for place in order]),
            "weight_from": Column.of("text", [place.origin for place in order]),
            "reason": Column.of("text", [place.reason or None for place in order]),
            "rows": Column.of("int64", [counted[place] for place in order]),
            "share_of_rows": Column.of("float64", [round(counted[place] / total, 6) for place in order]),
            "gravity": Column.of(
                "float64",
                [
                    None if place.weight is None else round(place.weight * counted[place], 6)
                    for place in order
                ],
            ),
            "share_of_gravity": Column.of(
                "float64",
                [None if part is None or not known else round(float(part / known), 6) for part in parts],
            ),
        }
    )


def _place(gravity: Gravity, code: str, weighed: bool) -> _Place:
    grade = gravity.grade(code) if weighed else None
    if weighed and code == NON_CRIME:
        weight = None if grade is None else grade.weight
        return _Place(NON_CRIME, "non-crime incident", weight, "non_crime", "")
    if grade is None:
        named = name_code(normal_code(code))
        return _Place(named, named, None, "none", "")
    reason = "; ".join(filter(None, (grade.reason, grade.note)))
    if not grade.fallback:
        return _Place(grade.code, grade.label, grade.weight, "uplift" if grade.reason else "table", reason)
    named = name_code(grade.code)
    label = named if grade.fallback == "unmapped" else grade.label
    return _Place(named, label, grade.weight, grade.fallback, reason)


def coverage_lines(told: Table, gravity: Gravity) -> tuple[str, ...]:
    """Return the coverage in plain lines.

    Parameters
    ----------
    told : Table
        What `coverage` returned.
    gravity : Gravity
        The table the rows were weighed with.

    Returns
    -------
    tuple of str
        At most eight lines: the table and its edition, then own weights, uplifts, fall-backs, the unmapped
        policy, non-crime incidents, rows without a weight and notes, as far as there are any.

    Examples
    --------
    >>> from rfgscore.gravity import load_gravity
    >>> gravity = load_gravity("cchi-da-2020-10")
    >>> told = coverage(gravity, {"008/06": 3, "105/01": 10}, {"8/77": 1})
    >>> for line in coverage_lines(told, gravity)[1:]:
    ...     print(line)
    Weights of their own: 2 codes, 13 rows (92.9 % of rows, 100 % of the known gravity).
    No weight: 1 row (7.1 % of rows): 8/77 (1 row). Their gravity is not known, not zero.
    """
    source = gravity.provenance
    about = f"{source.title}, edition {source.edition}; weights are {source.unit}"
    lines = [
        f"Gravity table {source.name}: {about if source.title else 'edition and licence are not stated'}."
    ]
    names = ("offence_code", "weight", "weight_from", "reason", "rows")
    entries = [_Entry(*values) for values in zip(*(told[name] for name in names), strict=True)]
    whole = _Sum.of(entries)
    for origin, words in _KINDS.items():
        held = [entry for entry in entries if entry.origin == origin]
        if held:
            at = "" if isinstance(gravity.unmapped, str) else f"{gravity.unmapped:.15g}"
            part = _Sum.of(held).share(whole, with_gravity=origin != "none")
            lines.append(
                words.format(codes=_count(len(held), "code"), part=part, named=_named(held, origin), at=at)
            )
    noted = [entry for entry in entries if entry.origin == "table" and entry.reason]
    if noted:
        lines.append(f"Notes of the table: {_named(noted, 'noted')}.")
    return tuple(lines)


#: What is said of each source of a weight, in the order in which it is said.
_KINDS = {
    "table": "Weights of their own: {codes}, {part}.",
    "uplift": "Uplifts: {part}: {named}.",
    "class": "No weight of their own, so that of their class: {part}: {named}.",
    "unmapped": "No weight in the table, so gravity.unmapped ({at}): {part}: {named}.",
    "non_crime": "Non-crime incidents: {part}.",
    "none": "No weight: {part}: {named}. Their gravity is not known, not zero.",
}


class _Entry(NamedTuple):
    code: str
    weight: float | None
    origin: str
    reason: str | None
    rows: int


class _Sum(NamedTuple):
    rows: int
    gravity: Fraction

    @classmethod
    def of(cls, entries: Iterable[_Entry]) -> _Sum:
        held = list(entries)
        return cls(
            sum(entry.rows for entry in held),
            sum((Fraction(entry.weight or 0) * entry.rows for entry in held), Fraction()),
        )

    def share(self, whole: _Sum, *, with_gravity: bool) -> str:
        said = f"{_count(self.rows, 'row')} ({_percent(self.rows, whole.rows)} of rows"
        if with_gravity and whole.gravity:
            said += f", {_percent(self.gravity, whole.gravity)} of the known gravity"
        return said + ")"


def _named(entries: list[_Entry], origin: str) -> str:
    limit = len(entries) if origin == "uplift" else _NAMED
    shown = sorted(entries, key=lambda entry: (-entry.rows, entry.code))
    named = "; ".join(
        f"{entry.code} ({_count(entry.rows, 'row')}{f': {entry.reason}' if entry.reason else ''})"
        for entry in shown[:limit]
    )
    return named + (f"; and {_count(len(shown) - limit, 'more code')}" if len(shown) > limit else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _percent(part: int | Fraction, whole: int | Fraction) -> str:
    """Say a share to one digit; what is there is never called 0, and what is missing never makes 100."""
    share = Fraction(100 * part, whole)
    if 0 < share < Fraction(1, 10):
        return "under 0.1 %"
    if Fraction(999, 10) < share < 100:
        return "over 99.9 %"
    return f"{float(round(share, 1)):g} %"
