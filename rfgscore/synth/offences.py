"""Facts about people, and the offences table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.synth.assumptions import Assumptions, pick
from rfgscore.synth.columns import date_column, numbered, text_column, word_column
from rfgscore.synth.incidents import Incidents
from rfgscore.synth.lines import Codes, Rows
from rfgscore.synth.measures import Spells
from rfgscore.synth.pairs import RELATIONS
from rfgscore.synth.people import People
from rfgscore.synth.records import Records
from rfgscore.tables import Column, Table
from rfgscore.vocabulary import reasons

__all__ = ["FORCES", "Facts", "draw_areas", "draw_facts", "offences_table"]

Int64 = npt.NDArray[np.int64]

#: How an extract says that nobody is known; the first is a blank.
NOBODY = (None, "UNKNOWN", "N/K")

FORCES = ("Force A", "Force B")


@dataclass(frozen=True, eq=False, repr=False)
class Facts:
    """Facts about the perpetrators; days are int64, ``NO_DAY`` where there is none.

    Parameters
    ----------
    born, died, moved_in : numpy.ndarray
        Days of birth, of death and of transfer in.
    age : numpy.ndarray
        int64 whole years at the first incident.
    told : numpy.ndarray
        Whether the birth date is in the subjects table.
    managed : numpy.ndarray
        Whether another scheme manages them.
    ethnicity : numpy.ndarray
        int64 place of the invented group.
    home : numpy.ndarray
        int64 home district of everybody, victims included.
    """

    born: Int64
    died: Int64
    moved_in: Int64
    age: Int64
    told: npt.NDArray[np.bool_]
    managed: npt.NDArray[np.bool_]
    ethnicity: Int64
    home: Int64


def draw_facts(
    rng: np.random.Generator,
    given: Assumptions,
    people: People,
    incidents: Incidents,
    spells: Spells,
    everyone: int,
    last: int,
) -> Facts:
    """Draw facts about the perpetrators.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    people, incidents, spells : People, Incidents, Spells
        Who there is, what happened and what followed.
    everyone : int
        How many people there are, victims included.
    last : int
        Last day of the period.

    Returns
    -------
    Facts
        The facts.
    """
    size = people.size
    bands = given.shares("age")
    low, high = np.array([[int(part) for part in band.split("-")] for band in bands]).T
    drawn = pick(rng, bands.values(), size)
    age = low[drawn] + (rng.random(size) * (high - low + 1)[drawn]).astype(np.int64)
    age = np.where(people.under_age, rng.integers(13, 16, size), age)
    first, final = incidents.day[incidents.start], incidents.day[incidents.start + people.count - 1]
    born = first - (age * 365 + age // 4 + 1 + rng.integers(0, 360, size))
    told = people.under_age | (rng.random(size) >= given.number("birth_date_unknown"))
    free = np.ones(size, np.bool_)
    free[spells.person] = False
    # Who is also a victim stays alive, for what happened to them may have happened later.
    free[people.answers[people.answers >= 0]] = False
    free &= people.answers < 0
    dead = free & (final < last) & (rng.random(size) < given.number("deceased"))
    died = final + 1 + (rng.random(size) * (last - final)).astype(np.int64)
    moved = rng.random(size) < given.number("transferred_in")
    return Facts(
        born=born,
        died=np.where(dead, np.minimum(died, last), NO_DAY),
        moved_in=np.where(moved, last - rng.integers(0, 730, size), NO_DAY),
        age=age,
        told=told,
        managed=rng.random(size) < given.number("managed_elsewhere"),
        ethnicity=pick(rng, given.shares("ethnicity").values(), size),
        home=pick(rng, given.shares("area.A").values(), everyone),
    )


def offences_table(given: Assumptions, codes: Codes, records: Records, rows: Rows) -> Table:
    """Return the offences table.

    Parameters
    ----------
    given : Assumptions
        Parameters in force.
    codes : Codes
        The offence codes.
    records : Records
        The ids.
    rows : dict of str to numpy.ndarray
        The rows in the order of the file.

    Returns
    -------
    Table
        Contract columns.
    """
    ids = np.append(records.ids, np.array([None], object))
    nobody = np.array(NOBODY, object)[(rows["draw"] * len(NOBODY)).astype(np.int64)]
    person = np.where(rows["record"] < 0, nobody, ids[rows["record"]])
    spoilt = rows["reason"] == list(reasons()).index("BAD_ID")
    person[spoilt] = [f"{1 + draw:.2f}E+05" for draw in rows["draw"][spoilt].tolist()]
    roles = [*given.words("role"), "charged", "victim", "witness", "interested party"]
    return Table(
        {
            "perpetrator_id": text_column(person),
            "event_date": date_column(rows["event_date"]),
            "event_end": date_column(rows["event_end"]),
            "offence_code": word_column(codes.names, rows["code"]),
            "victim_id": text_column(np.where(rows["victim"] < 0, nobody, ids[rows["victim"]])),
            "event_id": text_column(numbered(rows["event"], rows["known"], "36/{number:06d}/{year:02d}")),
            "incident_id": text_column(
                numbered(rows["occurrence"], rows["known"], "OCC-{year:02d}-{number:06d}")
            ),
            "recorded_date": date_column(rows["recorded"]),
            "role": word_column(roles, rows["role"]),
            "outcome": word_column([*given.words("outcome")], rows["outcome"]),
            "is_crime": Column.of("bool", rows["crime"] == 1, rows["crime"] < 0),
            "domestic": Column.of("bool", rows["domestic"]),
            "relationship": word_column(RELATIONS, rows["relation"]),
            "risk_grade": word_column([*given.words("risk")], rows["risk"]),
            "children_linked": Column.of("bool", rows["children"]),
            "force": word_column(FORCES, rows["force"]),
            "area": word_column([*given.words("area.A"), *given.words("area.B")], rows["area"]),
        }
    )


def draw_areas(rng: np.random.Generator, given: Assumptions, facts: Facts, rows: Rows) -> Int64:
    """Draw the district of each row: one an occurrence, mostly the home of its suspect.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    facts : Facts
        Facts about people.
    rows : dict of str to numpy.ndarray
        The rows drawn.

    Returns
    -------
    numpy.ndarray
        int64 place among the districts of Force A and then Force B.
    """
    ours, theirs = given.shares("area.A"), given.shares("area.B")
    of = rows["occurrence"]
    size = int(of.max(initial=0)) + 1
    away = (rng.random(size) < given.number("away"))[of]
    elsewhere, over = pick(rng, ours.values(), size)[of], pick(rng, theirs.values(), size)[of]
    home = facts.home[np.maximum(rows["person"], 0)]
    place = np.where(away | (rows["person"] < 0), elsewhere, home)
    return np.asarray(np.where(rows["force"] == 1, len(ours) + over, place), np.int64)
