"""Beside the list: what became known since the last meeting, and who comes by which route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rfgscore.dates import iso
from rfgscore.explain import number
from rfgscore.explain.case import plural
from rfgscore.report.page.people import Person
from rfgscore.report.page.words import route_words
from rfgscore.tables import Table

__all__ = ["Coming", "Since", "by_route", "since_rows"]

_NOT_KNOWN = "not known"


class Since(NamedTuple):
    """What became known of a managed or monitored person since the last meeting.

    Parameters
    ----------
    person : Person
        Who.
    owner : str
        Recorded owner; blank where none.
    incidents, harm, victims, breaches, moves : str
        New incidents with how many were reported late, their weights, new victims, breaches of orders, and
        custody begun and ended.
    review : str
        Review date, and whether it is due.
    due : bool
        Whether it is.
    sentence : str
        All of it in one sentence.
    """

    person: Person
    owner: str
    incidents: str
    harm: str
    victims: str
    breaches: str
    moves: str
    review: str
    due: bool
    sentence: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


class Coming(NamedTuple):
    """Someone on the agenda by a route.

    Parameters
    ----------
    person : Person
        Who.
    routes : str
        The routes in words.
    sentences : tuple of str
        Why, a sentence a route.
    release : str
        Day of the planned release; blank where none is known.
    """

    person: Person
    routes: str
    sentences: tuple[str, ...]
    release: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def since_rows(since: Table, people: Sequence[Person]) -> tuple[Since, ...]:
    """Return what became known since the last meeting of those people who are in a table of it.

    Parameters
    ----------
    since : Table
        The table of ``since.csv``.
    people : sequence of Person
        People of the pack; others in the table are left out.

    Returns
    -------
    tuple of Since
        In the order of the table.
    """
    by_id = {person.one.person: person for person in people}
    rows = (dict(zip(since.columns, cells, strict=True)) for cells in since.rows())
    return tuple(_since(by_id[row["perpetrator_id"]], row) for row in rows if row["perpetrator_id"] in by_id)


def _since(person: Person, row: Mapping[str, Any]) -> Since:
    incidents, late = row["incidents"], row["reported_late"]
    moves = [
        plural(row[name], word)
        for name, word in (("admissions", "admission"), ("releases", "release"))
        if row[name]
    ]
    unknown = row["admissions"] is None or row["releases"] is None
    told = {
        "incidents": f"{incidents} ({late} reported late)" if late else str(incidents),
        "harm": number(row["harm"]),
        "victims": _count(row["new_victims"]),
        "breaches": _count(row["order_breaches"]),
        "moves": _NOT_KNOWN if unknown else ", ".join(moves) or "none",
    }
    due = bool(row["review_due"])
    review = "none recorded" if row["review_by"] is None else row["review_by"].isoformat()
    return Since(
        person=person,
        owner=row["owner"] or "",
        review=f"{review}, due" if due else review,
        due=due,
        sentence=_sentence(row, told),
        **told,
    )


def _count(value: int | None) -> str:
    return _NOT_KNOWN if value is None else str(value)


def _sentence(row: Mapping[str, Any], told: Mapping[str, str]) -> str:
    incidents, late = row["incidents"], row["reported_late"]
    if not incidents:
        words = "no incident became known"
    else:
        words = f"{plural(incidents, 'incident')} became known"
        words += f", {late} of them reported late" if late else ""
        words += f"; weights together {told['harm']}"
        words += f"; {plural(row['new_victims'], 'new victim')}" if row["new_victims"] else ""
        if row["order_breaches"]:
            words += f"; incidents that breach an order: {row['order_breaches']}"
    return f"{words}; admissions and releases: {told['moves']}."


def by_route(people: Sequence[Person], route: str) -> tuple[Coming, ...]:
    """Return who comes before the meeting by a route.

    Parameters
    ----------
    people : sequence of Person
        People of the pack.
    route : str
        ``release``, ``referral`` or ``emerging``, which stands for all its rules.

    Returns
    -------
    tuple of Coming
        By planned release where the route is that, else in the order of the pack.
    """
    found = []
    for person in people:
        why = [(word, told) for word, told in person.one.why if word.split(":")[0] == route]
        if why:
            words = ", ".join(route_words(word).removeprefix("emerging: ") for word, _ in why)
            release = iso(person.one.release) if route == "release" else ""
            found.append(Coming(person, words, tuple(told for _, told in why), release))
    return tuple(sorted(found, key=lambda one: one.release))
