"""What is true of a synthetic force: measured on what was drawn, never read back from a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.synth.columns import date_column, text_column, word_column
from rfgscore.synth.incidents import Incidents
from rfgscore.synth.lines import KINDS, Codes, Rows
from rfgscore.synth.offences import FORCES, Facts
from rfgscore.synth.pairs import RELATIONS, Pairs
from rfgscore.synth.people import People
from rfgscore.synth.records import Records
from rfgscore.synth.units import weighed
from rfgscore.tables import Column, Table
from rfgscore.vocabulary import reasons

__all__ = ["PERSON_KINDS", "Drawn", "truth_tables"]

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

#: What a person is, the first that applies.
PERSON_KINDS = ("under-age", "counter-alleger", "mover", "power-few", "serial", "repeat", "one-time")


@dataclass(frozen=True, eq=False, repr=False)
class Drawn:
    """Everything that was drawn.

    Parameters
    ----------
    people, incidents, pairs, records, facts, codes : People, Incidents, Pairs, Records, Facts, Codes
        Who there is, what happened, to whom, under which ids, facts about people, offence codes.
    removed : numpy.ndarray
        int64 people taken off.
    rows : dict of str to numpy.ndarray
        The rows in the order of the file.
    """

    people: People
    incidents: Incidents
    pairs: Pairs
    records: Records
    facts: Facts
    codes: Codes
    removed: Int64
    rows: Rows


def truth_tables(drawn: Drawn) -> dict[str, Table]:
    """Return the tables of the truth.

    Parameters
    ----------
    drawn : Drawn
        Everything that was drawn.

    Returns
    -------
    dict of str to Table
        ``persons, ids, listed, victims, rows, summary``.
    """
    harm = _harm_of_rows(drawn)
    persons = _persons(drawn, harm)
    return {
        "persons": persons,
        "ids": _ids(drawn),
        "listed": _listed(drawn),
        "victims": _victims(drawn),
        "rows": _rows(drawn),
        "summary": _summary(drawn, persons, harm),
    }


def _own(drawn: Drawn) -> Bool:
    """Rows in which a suspect did something: no repeats, no victims' or witnesses' rows."""
    kind = drawn.rows["kind"]
    return np.asarray(kind < KINDS.index("no suspect"), np.bool_)


def _harm_of_rows(drawn: Drawn) -> Float64:
    """Cambridge days of each row; the codes younger than the table weigh what the preset says."""
    found = [weighed().look_up(code) for code in drawn.codes.names]
    weight = np.array([0.0 if grade is None else grade.weight for grade in found] + [0.0])
    return np.asarray(weight[drawn.rows["code"]], np.float64)


def _distinct(group: Int64, value: Int64, size: int) -> Int64:
    """Return how many distinct values each group has."""
    span = int(value.max(initial=0)) + 1
    pairs = np.unique(group * span + value)
    return np.bincount(pairs // span, minlength=size).astype(np.int64)


def _count(values: Any) -> Column:
    return Column.of("int64", np.asarray(values, np.int64))


def _flag(values: Any) -> Column:
    return Column.of("bool", np.asarray(values, np.bool_))


def _true_ids(places: Int64) -> Column:
    width = max(6, len(str(int(places.max(initial=0)) + 1)))
    names = np.array([f"T{n + 1:0{width}d}" for n in range(int(places.max(initial=-1)) + 1)] + [None], object)
    return text_column(names[places])


def _few(harm: Float64, share: float) -> Bool:
    """Return the fewest who together hold a share of the harm."""
    order = np.argsort(-harm, kind="stable")
    run = np.cumsum(harm[order])
    few = np.zeros(len(harm), np.bool_)
    if run[-1] > 0:
        few[order[: int(np.searchsorted(run, share * run[-1])) + 1]] = True
    return few


def _persons(drawn: Drawn, harm: Float64) -> Table:
    people, rows, records = drawn.people, drawn.rows, drawn.records
    own = _own(drawn)
    person, size = rows["person"][own], people.size
    days = np.bincount(person, harm[own], minlength=size).astype(np.float64)
    victims = _distinct(person, rows["true_victim"][own], size)
    few = _few(days, 0.8)
    accuses = people.answers >= 0
    accuses[people.answers[accuses]] = True
    tests = [people.under_age, accuses, people.mover, few, victims > 1, people.count > 1]
    kind = np.select(tests, np.arange(len(tests)), len(tests))
    other = np.full(size, None, object)
    later = np.arange(len(records.owner)) >= len(records.owner) - int(
        people.mover.sum() + people.double.sum()
    )
    # A mover's id of Force B stands after the second id, and so wins.
    other[records.owner[later]] = records.ids[later]
    incidents = drawn.incidents
    return Table(
        {
            "person": _true_ids(np.arange(size)),
            "perpetrator_id": text_column(records.ids[:size]),
            "other_id": text_column(other),
            "kind": word_column(PERSON_KINDS, kind),
            "sex": word_column(("female", "male"), people.male.astype(np.int64)),
            "age": _count(drawn.facts.age),
            "incidents": _count(people.count),
            "victims": _count(victims),
            "crimes": _count(np.bincount(person, rows["code"][own] >= 0, minlength=size)),
            "harm_days": Column.of("float64", days),
            "grave": _flag(people.grave),
            "power_few": _flag(few),
            "counter_allegation": _flag(accuses),
            "mover": _flag(people.mover),
            "co_suspect": _flag(people.co_suspect),
            "under_age": _flag(people.under_age),
            "removed": _flag(np.isin(np.arange(size), drawn.removed)),
            "first_day": date_column(incidents.day[incidents.start]),
            "last_day": date_column(incidents.day[incidents.start + people.count - 1]),
        }
    )


def _ids(drawn: Drawn) -> Table:
    records = drawn.records
    held = np.flatnonzero(records.owner < drawn.people.size)
    first = records.master[held] == held
    return Table(
        {
            "perpetrator_id": text_column(records.ids[held]),
            "person": _true_ids(records.owner[held]),
            "force": word_column(FORCES, records.force[held]),
            "joined_to": text_column(
                np.where(first, np.array([None], object), records.ids[records.master[held]])
            ),
            "link": word_column(
                ("withheld", "given"), np.where(first, -1, records.found[held].astype(np.int64))
            ),
            "listed_as": text_column(records.ids[records.listed[held]]),
        }
    )


def _listed(drawn: Drawn) -> Table:
    """What a run that was given every table should find on record, whatever its window."""
    rows, records = drawn.rows, drawn.records
    used = rows["reason"] < 0
    person = records.listed[rows["record"][used]]
    size = len(records.owner)
    known = rows["victim"][used] >= 0
    held = np.flatnonzero(np.bincount(person, minlength=size))
    # An occurrence with both suspects is one incident of each.
    incidents = _distinct(person, rows["occurrence"][used] * 2 + rows["force"][used], size)
    victims = _distinct(person[known], rows["victim"][used][known], size)
    return Table(
        {
            "perpetrator_id": text_column(records.ids[held]),
            "lines": _count(np.bincount(person, minlength=size)[held]),
            "incidents": _count(incidents[held]),
            "victims": _count(victims[held]),
        }
    )


def _victims(drawn: Drawn) -> Table:
    own = _own(drawn)
    victim, person = drawn.rows["true_victim"][own], drawn.rows["person"][own]
    held, first = np.unique(victim, return_index=True)
    size = int(victim.max(initial=0)) + 1
    return Table(
        {
            "victim_id": text_column(drawn.records.ids[held]),
            "sex": word_column(("female", "male"), drawn.pairs.male[held].astype(np.int64)),
            "relationship": word_column(RELATIONS, drawn.rows["relation"][own][first]),
            "perpetrators": _count(_distinct(victim, person, size)[held]),
            "incidents": _count(_distinct(victim, drawn.rows["occurrence"][own], size)[held]),
        }
    )


def _rows(drawn: Drawn) -> Table:
    rows = drawn.rows
    order = list(reasons())
    return Table(
        {
            "row": _count(np.arange(1, len(rows["kind"]) + 1)),
            "person": _true_ids(np.where(rows["person"] < drawn.people.size, rows["person"], -1)),
            "incident": _count(rows["occurrence"] + 1),
            "victim_id": text_column(drawn.records.ids[rows["true_victim"]]),
            "kind": word_column(KINDS, rows["kind"]),
            "late_days": _count(rows["late"]),
            "arrested": _flag(rows["arrested"]),
            "used": _flag(rows["reason"] < 0),
            "reason": word_column(order, rows["reason"]),
        }
    )


def _share(mask: Any) -> float:
    return float(np.mean(mask)) if len(mask) else 0.0


def _summary(drawn: Drawn, persons: Table, harm: Float64) -> Table:
    """The shape of the force, as published figures tell theirs."""
    people, rows, incidents, pairs = drawn.people, drawn.rows, drawn.incidents, drawn.pairs
    own = _own(drawn)
    days = persons.columns["harm_days"].values
    code = rows["code"][own]
    crime = code >= 0
    top = np.sort(days)[::-1]
    few = persons.columns["power_few"].values
    ages = drawn.facts.age[~people.under_age]
    listed = rows["relation"][own & (rows["relation"] >= 0) & (rows["relation"] < 2)]
    victim = np.unique(rows["true_victim"][own])
    of_crime = rows["true_victim"][own][crime]
    occurrence = np.unique(rows["occurrence"])
    faults = [n for n, word in enumerate(reasons().values()) if word.family == "fault"]
    figures = {
        "perpetrators": people.size,
        "rows": len(rows["kind"]),
        "rows used": int((rows["reason"] < 0).sum()),
        "rows at fault, share": _share(np.isin(rows["reason"], faults)),
        "incidents": len(occurrence),
        "victims": len(victim),
        "incidents a perpetrator": float(people.count.mean()),
        "perpetrators with one incident, share": _share(people.count == 1),
        "perpetrators holding 80 % of harm, share": _share(_few(days, 0.8)),
        "perpetrators holding 90 % of harm, share": _share(_few(days, 0.9)),
        "harm held by the top 3 %, share": float(top[: round(0.03 * len(top))].sum() / max(top.sum(), 1.0)),
        "power few whose first incident was grave, share": _share(incidents.grave[incidents.start[few]]),
        "non-crime incidents, share": _share(~incidents.crime[occurrence]),
        "violence against the person among crimes, share": _share(
            np.isin(code[crime], list(drawn.codes.violence))
        ),
        "female victims of crimes, share": _share(~pairs.male[of_crime]),
        "male perpetrators, share": _share(people.male),
        "perpetrators 21 to 40 years old, share": _share((ages >= 21) & (ages <= 40)),
        "youngest perpetrator in scope, years": int(ages.min(initial=99)),
        "oldest perpetrator, years": int(ages.max(initial=0)),
        "ex-partners among partners, share of rows": _share(listed == 1),
        "incidents with children, share": _share(pairs.children[occurrence]),
        "perpetrators with two or more victims, share": _share(persons.columns["victims"].values > 1),
        "arrests per 100 crimes": 100 * _share(rows["arrested"][own][crime]),
        "rows recorded later than the day, share": _share(rows["late"] > 0),
        "rows recorded more than 90 days late, share": _share(rows["late"] > 90),
        "controlling or coercive behaviour among crimes, share": _share(
            code[crime] == drawn.codes.names.index("008/67")
        ),
        "perpetrators in a counter-allegation, share": _share(persons.columns["counter_allegation"].values),
        "harm a perpetrator, days": float(days.mean()),
    }
    return Table(
        {
            "figure": Column.of("text", list(figures)),
            "value": Column.of("float64", np.array(list(figures.values()), np.float64)),
        }
    )
