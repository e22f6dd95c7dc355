"""The tables beside the offences: who people are, what followed, and what meetings said of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.synth.assumptions import Assumptions, pick
from rfgscore.synth.columns import date_column, text_column, word_column
from rfgscore.synth.incidents import Incidents
from rfgscore.synth.measures import Orders, Spells
from rfgscore.synth.offences import FORCES, Facts
from rfgscore.synth.people import People
from rfgscore.synth.records import Records
from rfgscore.tables import Column, Table

__all__ = ["custody_table", "decisions_table", "links_table", "orders_table", "referrals_table",
           "removals_table", "subjects_table"]  # fmt: skip

Int64 = npt.NDArray[np.int64]


def subjects_table(given: Assumptions, people: People, records: Records, facts: Facts) -> Table:
    """Return the subjects table: a row for each id of each perpetrator.

    Parameters
    ----------
    given : Assumptions
        Parameters in force.
    people, records, facts : People, Records, Facts
        Who there is, under which ids, and facts about them.

    Returns
    -------
    Table
        Contract columns.
    """
    held = np.flatnonzero(records.owner < people.size)
    who = records.owner[held]
    scheme = np.where(facts.managed[who], who % 2, -1)
    return Table(
        {
            "perpetrator_id": text_column(records.ids[held]),
            "dob": date_column(np.where(facts.told[who], facts.born[who], NO_DAY)),
            "sex": word_column(("female", "male"), people.male[who].astype(np.int64)),
            "ethnicity": word_column([*given.words("ethnicity")], facts.ethnicity[who]),
            "area": word_column(
                [*given.words("area.A"), next(iter(given.words("area.B")))],
                np.where(records.force[held] == 1, len(given.words("area.A")), facts.home[who]),
            ),
            "force": word_column(FORCES, records.force[held]),
            "deceased_date": date_column(facts.died[who]),
            "transferred_in": date_column(facts.moved_in[who]),
            "managed_under": word_column(("MAPPA", "IOM"), scheme),
        }
    )


def custody_table(records: Records, spells: Spells) -> Table:
    """Return the custody table.

    Parameters
    ----------
    records : Records
        The ids.
    spells : Spells
        The spells.

    Returns
    -------
    Table
        Contract columns.
    """
    return Table(
        {
            "perpetrator_id": text_column(records.ids[spells.person]),
            "start": date_column(spells.start),
            "end": date_column(spells.end),
            "planned_release": date_column(spells.planned),
            "recorded_date": date_column(spells.start),
        }
    )


def orders_table(records: Records, orders: Orders) -> Table:
    """Return the table of protective orders.

    Parameters
    ----------
    records : Records
        The ids.
    orders : Orders
        The orders.

    Returns
    -------
    Table
        Contract columns.
    """
    return Table(
        {
            "perpetrator_id": text_column(records.ids[orders.person]),
            "kind": word_column(orders.kinds, orders.kind),
            "start": date_column(orders.start),
            "end": date_column(orders.end),
            "protects": text_column(records.ids[orders.protects]),
            "recorded_date": date_column(orders.start),
        }
    )


def links_table(rng: np.random.Generator, records: Records, last: int) -> Table:
    """Return the links table: those links that were found.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    records : Records
        The ids, and what joins them in truth.
    last : int
        Day of the extract.

    Returns
    -------
    Table
        Contract columns.
    """
    joined = np.flatnonzero(records.found)
    return Table(
        {
            "nominal_id": text_column(records.ids[joined]),
            "master_id": text_column(records.ids[records.master[joined]]),
            "recorded_date": date_column(last - rng.integers(0, 400, len(joined))),
        }
    )


def removals_table(rng: np.random.Generator, records: Records, removed: Int64, last: int) -> Table:
    """Return the removals table.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    records : Records
        The ids.
    removed : numpy.ndarray
        int64 people taken off.
    last : int
        Day of the extract.

    Returns
    -------
    Table
        Contract columns.
    """
    day = last - rng.integers(0, 300, len(removed))
    return Table({"perpetrator_id": text_column(records.ids[removed]), "removed_on": date_column(day)})


def referrals_table(
    rng: np.random.Generator, given: Assumptions, people: People, records: Records, last: int
) -> Table:
    """Return the referrals table: mostly people on record, the often recorded more often.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    people, records : People, Records
        Who there is, and under which ids.
    last : int
        Day of the extract.

    Returns
    -------
    Table
        Contract columns.
    """
    count = round(people.size * given.number("referral"))
    who = np.searchsorted(np.cumsum(people.count), rng.random(count) * people.count.sum(), side="right")
    person = records.ids[who]
    stranger = np.flatnonzero(rng.random(count) < given.number("referral_stranger"))
    person[stranger] = [f"REF-{number + 1:05d}" for number in stranger.tolist()]
    why = ("repeat calls of neighbours", "concern of a worker", "disclosure by the victim", "licence recall")
    return Table(
        {
            "perpetrator_id": text_column(person),
            "referred_date": date_column(last - rng.integers(0, given.count("referral_days"), count)),
            "agency": word_column(
                [*given.words("agency")], pick(rng, given.shares("agency").values(), count)
            ),
            "reason": word_column(why, rng.integers(0, len(why), count)),
            "reference": text_column(np.array([f"R{n + 1:05d}" for n in range(count)], object)),
        }
    )


def decisions_table(
    rng: np.random.Generator,
    given: Assumptions,
    people: People,
    incidents: Incidents,
    records: Records,
    last: int,
) -> Table:
    """Return decisions of earlier meetings, on those then most often recorded.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    people, incidents, records : People, Incidents, Records
        Who there is, what happened, and under which ids.
    last : int
        Day of the extract.

    Returns
    -------
    Table
        Contract columns.
    """
    # There may be no meeting at all.
    decided: list[Int64] = [np.empty(0, np.int64)]
    days: list[Int64] = [np.empty(0, np.int64)]
    open_to = np.ones(people.size, np.bool_)
    for back in range(given.count("meetings"), 0, -1):
        met = last - given.count("meeting_days") * back
        known = incidents.named & (incidents.recorded <= met) & (incidents.day > met - 365)
        many = np.bincount(incidents.person[known], 1.0 + 2 * incidents.grave[known], minlength=people.size)
        many *= open_to
        chosen = np.argsort(-many, kind="stable")[: given.count("meeting_places")]
        chosen = chosen[many[chosen] > 1]
        open_to[chosen] = False
        decided.append(chosen)
        days.append(np.full(len(chosen), met))
    who, day = np.concatenate(decided), np.concatenate(days)
    size = len(who)
    kind = pick(rng, given.shares("decision").values(), size)
    words = [*given.words("decision")]
    managed = kind == words.index("managed")
    way = np.where(managed, (rng.random(size) >= given.number("diversion")).astype(np.int64), -1)
    why = (
        "repeat harm to one victim",
        "several victims",
        "grave recent offence",
        "managed elsewhere already",
    )
    return Table(
        {
            "perpetrator_id": text_column(records.ids[who]),
            "meeting_date": date_column(day),
            "decision": word_column(words, kind),
            "pathway": word_column(("diversion", "disruption"), way),
            "owner": word_column([*given.words("agency")], rng.integers(0, len(given.words("agency")), size)),
            "decided_by": Column.of("text", ["chair of the meeting"] * size),
            "reason": word_column(why, rng.integers(0, len(why), size)),
            "review_by": date_column(np.where(managed | (kind == 1), day + 84, NO_DAY)),
            "recorded_date": date_column(day),
        }
    )
