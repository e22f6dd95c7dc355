"""The list of a pack: its groups, the cuts between them, what it can be filtered by, whom it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from rfgscore.cohort.considered import Cohort
from rfgscore.explain import number
from rfgscore.report.page.people import Person
from rfgscore.report.page.words import STATUSES, flags, route_words
from rfgscore.scoring import Scored
from rfgscore.tables import Table

__all__ = ["Choice", "Group", "choices", "groups", "not_shown", "people_many"]


#: An emerging rule looks at what is new: it does not name the same people once more.
_AND = {"emerging": "; the next run will not come back to them"}

_TITLES = {
    "proposed": "Proposed for the meeting to look at: within capacity",
    "reserve": "In reserve: the next positions",
    "others": "Also before the meeting, managed or by another route: each row says why",
    "monitoring": "Monitored: not taken on by a meeting",
}


class Group(NamedTuple):
    """People of one status, and the cut below them.

    Parameters
    ----------
    name : str
        ``proposed``, ``reserve``, ``others`` or ``monitoring``.
    title : str
        What they have in common.
    people : tuple of Person
        In list order.
    cut : str
        What is to be said of the line drawn below; blank where no cut lies there.
    """

    name: str
    title: str
    people: tuple[Person, ...]
    cut: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


class Choice(NamedTuple):
    """Something a list can be filtered by.

    Parameters
    ----------
    name, label : str
        Its name in the page, and in words.
    options : tuple of (str, str)
        Values, and what they are called.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]


def groups(scored: Scored, people: Sequence[Person]) -> tuple[Group, ...]:
    """Return the people of a list in groups, with the cuts between them.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    people : sequence of Person
        In list order.

    Returns
    -------
    tuple of Group
        One for each run of people of one group: proposed, reserve, others, or the monitored.
    """
    settings = scored.config.cohort
    cuts = {"proposed": settings.capacity, "reserve": settings.capacity + settings.reserve}
    out = []
    for name, run in groupby(people, _group):
        found = tuple(run)
        cut = _cut(scored, cuts[name], found) if name in cuts else ""
        kept = ", or proposed before and kept" if any("kept" in dict(one.one.why) for one in found) else ""
        out.append(Group(name, _TITLES[name] + kept, found, cut))
    return tuple(out)


def _group(person: Person) -> str:
    if person.one.listed == "monitoring":
        return "monitoring"
    return person.one.status if person.one.status in _TITLES else "others"


def _cut(scored: Scored, last: int, group: Sequence[Person]) -> str:
    """Say between whom the list is cut after a position; blank where nobody is left to cut off."""
    ranked = int(scored.eligible.sum())
    if last >= ranked:
        return ""
    above, below = scored.in_list_order()[last - 1 : last + 1].tolist()
    if scored.config.cohort.capacity == last:
        words = f"Cut after position {last}: there is room for {last}."
    else:
        words = f"Cut after position {last}: the list by score ends. Ranked below it: {ranked - last}."
    kept = sum(person.cells["position"] is None or person.cells["position"] > last for person in group)
    if kept:
        words += (
            f" Above it, though beyond it by position: {people_many(kept)} proposed before, kept for now."
        )
    if scored.score[above] != scored.score[below]:
        return words
    equals = int(scored.ranking.tied_with[above]) + 1
    words += f" It goes through a tie: {equals} people have {number(scored.score[above].item())} points each"
    if "cut_through_tie" in scored.flags[above] and "cut_through_tie" in scored.flags[below]:
        return words + ", and only the order of ids decides who is above it."
    order = ", ".join(scored.tie_words)
    return words + f"; who is above it follows from {order}, in this order."


def choices(people: Sequence[Person]) -> tuple[Choice, ...]:
    """Return what a list can be filtered by: status, route, area where one is known, and flag.

    Parameters
    ----------
    people : sequence of Person
        Everyone on it.

    Returns
    -------
    tuple of Choice
        Those with anything to choose from.
    """
    statuses = {person.one.status for person in people}
    routes = {word for person in people for word in person.one.routes}
    areas = {person.one.area for person in people if person.one.area}
    raised = {flag.word for person in people for flag in person.flags}
    found = (
        Choice("status", "Status", tuple((word, word) for word in STATUSES if word in statuses)),
        Choice("route", "Route", tuple((word, route_words(word)) for word in sorted(routes))),
        Choice("area", "Area", tuple((area, area) for area in sorted(areas))),
        Choice("flag", "Flag", tuple((word, flag.label) for word, flag in flags().items() if word in raised)),
    )
    return tuple(choice for choice in found if choice.options)


def not_shown(scored: Scored, cohort: Cohort, since: Table) -> tuple[str, ...]:
    """Return whom the lists leave out, in words.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    cohort : Cohort
        Who is considered.
    since : Table
        What became known of managed and monitored people since the last meeting.

    Returns
    -------
    tuple of str
        A sentence each; the counts are told when they are 0, too.
    """
    caps = scored.config.cohort.route_caps
    out = [_monitored(scored, cohort, since)] if cohort.of("monitoring") else []
    out += [
        f"{route_words(route).capitalize()}: {people_many(count)} more, beyond the {getattr(caps, route)} "
        f"whom cohort.route_caps.{route} shows by this route alone{_AND.get(route, '') if count else ''}."
        for route, count in sorted(cohort.not_shown.items())
    ]
    out.append(
        f"At rest: {people_many(cohort.at_rest)} within capacity or reserve whom a meeting took off or "
        "handed on, with nothing new known since."
    )
    carried = sum(one.status == "carried" for one in cohort.considered)
    if carried:
        out.append(
            f"Carried: {people_many(carried)} managed or monitored on the last lists, of whom no decision "
            "given to this run says so: look whether the decisions table is whole."
        )
    out += [
        f"{route_words(f'emerging:{rule}').capitalize()}: not assessable, {why}."
        for rule, why in sorted(cohort.not_assessed.items())
    ]
    if cohort.previous is not None:
        out.append(f"Left: {people_many(cohort.left)} of the lists of the last meeting on neither list now.")
    return tuple(out)


def _monitored(scored: Scored, cohort: Cohort, since: Table) -> str:
    """Say who stands on the other list, and who of them would stand on this one by position."""
    settings = scored.config.cohort
    room = settings.capacity + settings.reserve
    people = cohort.of("monitoring")
    placed = [
        f"{position} {one.person}"
        for one in people
        if one.place is not None and 0 < (position := int(scored.ranking.position[one.place])) <= room
    ]
    told = zip(since["perpetrator_id"], since["incidents"], strict=True)
    fresh = len({person for person, count in told if count} & {one.person for one in people})
    words = f"Monitored: {people_many(len(people))} whom a meeting did not take on stand in monitoring.html"
    words += f"; of {fresh} of them something became known since" if fresh else ""
    return f"{words}. Within capacity or reserve: {', '.join(placed) or 'nobody'}."


def people_many(count: int) -> str:
    """Return a number of people in words.

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    str
        Such as ``1 person`` or ``2 people``.

    Examples
    --------
    >>> people_many(1), people_many(0)
    ('1 person', '0 people')
    """
    return "1 person" if count == 1 else f"{count:,} people"
