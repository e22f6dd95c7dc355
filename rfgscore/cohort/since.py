"""Since the last meeting: what became known of the people it manages or monitors, in numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rfgscore.cohort.considered import Considered
from rfgscore.cohort.news import News
from rfgscore.dates import NO_DAY
from rfgscore.errors import DataError
from rfgscore.history.custody import Spells
from rfgscore.scoring import Scored
from rfgscore.tables import Column, Table
from rfgscore.windows import rounded

__all__ = ["SinceRow", "since_last", "since_table"]

Int64 = npt.NDArray[np.int64]


class SinceRow(NamedTuple):
    """What became known of one person since a day.

    Parameters
    ----------
    incidents : int
        Incidents with a line that became known since.
    happened_since, reported_late : int
        Of these, those with such a line whose day lies after it too, and the others: what happened before
        and became known only now.
    harm : float
        Exact sum over these incidents of the highest weight of their new lines.
    new_victims : int or None
        Known victims of new lines whom no earlier line names; None where `victim_id` is not mapped.
    order_breaches, strangulation : int or None
        Incidents with a new line of that code group; None where there are no offence codes.
    admissions, releases : int or None
        Spells of custody, joined where they touch, that began or ended since; None without a custody table,
        where a row that could not be used leaves it open, and for people without any line, whose custody a
        history does not hold.
    """

    incidents: int
    happened_since: int
    reported_late: int
    harm: float
    new_victims: int | None
    order_breaches: int | None
    strangulation: int | None
    admissions: int | None
    releases: int | None

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def since_last(scored: Scored, persons: Sequence[int | None], since: int) -> tuple[SinceRow, ...]:
    """Count what became known of some people since a day.

    Lines count in the window or not; a line known on the day `since` itself was known then, and custody
    that began or ended on that day is not told again.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    persons : sequence of int or None
        Person numbers of the history; None for people without any line.
    since : int
        Day of the last look.

    Returns
    -------
    tuple of SinceRow
        One a person, in the order asked.

    Raises
    ------
    DataError
        When the weights of a person are too large to be added up.
    ValueError
        When `since` is after the day looked at.
    """
    history, source = scored.history, scored.history.source
    news = News.of(history, since, scored.as_of)
    incidents = news.count(news.incidents(news.new))
    happened = news.count(news.incidents(news.new & (history.day > since)))
    worst = np.full(len(news.new), -1.0)
    np.maximum.at(worst, news.incident[news.new], news.weight[news.new])
    victims = breaches = strangled = None
    if source is None or "victim_id" in source.mapped:
        victims = news.count(news.victims(news.of_new_victims()))
    if source is not None:
        breaches = news.count(news.incidents(news.of_groups(["order_breach"])))
        strangled = news.count(news.incidents(news.of_groups(["strangulation"])))
    spells = None if source is None else source.spells
    moves = _moves(spells, len(history.persons), scored.as_of, since)

    def row(person: int | None) -> SinceRow:
        here = slice(0, 0) if person is None else slice(*history.offsets[person : person + 2].tolist())
        in_doubt = person is None or (source is not None and bool(source.custody_in_doubt[person]))
        admissions, releases = (None, None) if in_doubt else moves
        every, recent = _of(incidents, person), _of(happened, person)
        return SinceRow(
            incidents=every,
            happened_since=recent,
            reported_late=every - recent,
            harm=_exact_sum(worst[here][worst[here] >= 0].tolist()),
            new_victims=_told(victims, person),
            order_breaches=_told(breaches, person),
            strangulation=_told(strangled, person),
            admissions=_told(admissions, person),
            releases=_told(releases, person),
        )

    return tuple(map(row, persons))


def _of(counts: Int64, person: int | None) -> int:
    return 0 if person is None else int(counts[person])


def _told(counts: Int64 | None, person: int | None) -> int | None:
    return None if counts is None else _of(counts, person)


def _moves(
    spells: Spells | None, size: int, as_of: int, since: int
) -> tuple[Int64, Int64] | tuple[None, None]:
    """Count admissions and releases of every person; None without a custody table."""
    if spells is None:
        return None, None
    # Once joined, a move from one cell to the next is neither.
    now, then = spells.at(as_of), spells.at(since)
    # A spell of which nothing was known then is told now, however old it is.
    unknown = ~now.meets(then)
    begun = now.person[(now.start > since) | unknown]
    ended = now.person[((now.end > since) | unknown) & (now.end <= as_of)]
    return np.bincount(begun, minlength=size), np.bincount(ended, minlength=size)


def _exact_sum(weights: Sequence[float]) -> float:
    try:
        return math.fsum(weights)
    except OverflowError as error:  # where a window holds them, scoring has refused them before
        raise DataError("the gravities of a person are too large to add up: use smaller weights") from error


def _with_strangers(scored: Scored, people: Sequence[Considered], since: int) -> list[SinceRow]:
    """Count for everyone; of people without a line the custody table alone tells."""
    rows = list(since_last(scored, [one.number for one in people], since))
    source = scored.history.source
    strangers = [at for at, one in enumerate(people) if one.number is None]
    if source is None or not strangers:
        return rows
    spells = source.told.spells([people[at].person for at in strangers])
    admissions, releases = _moves(spells, len(strangers), scored.as_of, since)
    for place, at in enumerate(strangers):
        if people[at].in_custody is not None:  # else a row that could not be used leaves it open
            found = _told(admissions, place), _told(releases, place)
            rows[at] = rows[at]._replace(admissions=found[0], releases=found[1])
    return rows


def since_table(scored: Scored, people: Sequence[Considered], since: int) -> Table:
    """Return what became known of some people since a day as a table.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    people : sequence of Considered
        Whom to tell of.
    since : int
        Day of the last look.

    Returns
    -------
    Table
        One row a person, in the order asked: ``perpetrator_id, status, pathway, owner, incidents,
        happened_since, reported_late, harm`` (rounded to six decimals), ``new_victims, order_breaches,
        admissions, releases, in_custody, next_release_date, review_by, review_due``; the last is true from
        the day `review_by` on, and null where there is none.

    Raises
    ------
    DataError
        When the weights of a person are too large to be added up.
    ValueError
        When `since` is after the day looked at.
    """
    rows = _with_strangers(scored, people, since)
    review = [NO_DAY if one.decision is None else one.decision.review_by for one in people]
    owners = ["" if one.decision is None else one.decision.owner for one in people]
    return Table(
        {
            "perpetrator_id": Column.of("text", [one.person for one in people]),
            "status": Column.of("text", [one.status for one in people]),
            "pathway": Column.of("text", [one.pathway or None for one in people]),
            "owner": Column.of("text", [owner or None for owner in owners]),
            "incidents": Column.of("int32", [row.incidents for row in rows]),
            "happened_since": Column.of("int32", [row.happened_since for row in rows]),
            "reported_late": Column.of("int32", [row.reported_late for row in rows]),
            "harm": Column.of("float64", rounded([row.harm for row in rows]) + 0.0),
            "new_victims": Column.of("int32", [row.new_victims for row in rows]),
            "order_breaches": Column.of("int32", [row.order_breaches for row in rows]),
            "admissions": Column.of("int32", [row.admissions for row in rows]),
            "releases": Column.of("int32", [row.releases for row in rows]),
            "in_custody": Column.of("bool", [one.in_custody for one in people]),
            "next_release_date": Column.of("date", [one.release for one in people]),
            "review_by": Column.of("date", review),
            "review_due": Column.of(
                "bool", [None if day == NO_DAY else day <= scored.as_of for day in review]
            ),
        }
    )
