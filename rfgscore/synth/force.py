"""One call for a whole invented force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from rfgscore.dates import iso, to_day
from rfgscore.errors import ConfigError
from rfgscore.synth.assumptions import Assumptions
from rfgscore.synth.faults import draw_removed, plant
from rfgscore.synth.incidents import draw_incidents
from rfgscore.synth.lines import Codes, draw_rows
from rfgscore.synth.measures import draw_orders, draw_spells
from rfgscore.synth.offences import draw_areas, draw_facts, offences_table
from rfgscore.synth.pairs import draw_pairs
from rfgscore.synth.people import draw_people, incidents_a_person
from rfgscore.synth.records import draw_records
from rfgscore.synth.sides import (
    custody_table,
    decisions_table,
    links_table,
    orders_table,
    referrals_table,
    removals_table,
    subjects_table,
)
from rfgscore.synth.truth import Drawn, truth_tables
from rfgscore.synth.units import whole
from rfgscore.tables import Table

__all__ = ["Force", "make_force"]

#: Perpetrators, unless somebody says how many.
PERSONS = 5000

#: Most perpetrators, offence rows and years there may be, and the last seed.
MOST_PERSONS, MOST_ROWS, MOST_YEARS, LAST_SEED = 2_000_000, 20_000_000, 50, 2**63 - 1

#: Days an extract may be of: what is drawn around them stays a date, and no event meets 1900-01-01, a fault.
_DAYS = (to_day("1990-01-01"), to_day("2199-12-31"))

_CONFIG = """\
# Settings for a synthetic police force. Nobody and nothing in its tables is real.
# The columns carry the names of the contract, so nothing has to be mapped.
schema: rfgscore/1
name: synthetic-force
extends: illustrative-rfgv
input:
  extract_date: "{extract}"          # every table was taken on this day
output:
  marking: INVENTED PEOPLE ONLY
"""


@dataclass(frozen=True, eq=False, repr=False)
class Force:
    """A synthetic force; frozen.

    Parameters
    ----------
    tables : mapping of str to Table
        ``offences, subjects, custody, referrals, orders, links, decisions, removals``, contract columns.
    truth : mapping of str to Table
        ``persons``: what each perpetrator is; ``ids``: who stands behind each id; ``listed``: what a run
        with every table finds on record; ``victims``; ``rows``: each offence row, used or the reason why
        not; ``summary``: the shape of the force.
    as_of : datetime.date
        Day of the extract, and day to look at.
    seed : int
        Seed it was made with.
    assumptions : Assumptions
        Parameters it was made with.
    """

    tables: Mapping[str, Table]
    truth: Mapping[str, Table]
    as_of: dt.date
    seed: int
    assumptions: Assumptions

    @property
    def config(self) -> str:
        """Settings under which the tables are read, as the text of a file."""
        return _CONFIG.format(extract=self.as_of.isoformat())

    def __repr__(self) -> str:
        return (
            f"Force(as of {self.as_of.isoformat()}, seed {self.seed}: {len(self.truth['persons'])} "
            f"perpetrators, {len(self.tables['offences'])} offence rows)"
        )


def make_force(
    *,
    persons: int | None = None,
    events: int | None = None,
    seed: int,
    as_of: dt.date | str | int = "2025-06-30",
    years: int = 3,
    assume: Mapping[str, float | str] | None = None,
) -> Force:
    """Make a force: tables as a real one would hand them over, and the truth behind them.

    Parameters
    ----------
    persons : int, optional
        Perpetrators, 2,000,000 at most; 5000 without `events`.
    events : int, optional
        Offence rows, 20,000,000 at most, in the place of `persons`: so many people are drawn that about
        this many rows come of them, within one per cent from 50,000 on.
    seed : int
        From 0 to 2**63 - 1. The same seed, sizes and days give the same bytes.
    as_of : date-like
        Day of the extract, of the years 1990 to 2199; nothing is dated or recorded later but for the
        planted faults.
    years : int
        Length of the period before it, 50 at most.
    assume : mapping of str to float or str, optional
        Values in the place of shipped assumptions, by name.

    Returns
    -------
    Force
        Tables, truth and settings.

    Raises
    ------
    ConfigError
        When both sizes are given, a size, the years or the seed is no whole number within its bounds, the
        day is no date of those years, there is no such assumption or it does not take such a value, or
        the assumptions make more rows of the persons than there may be.

    Examples
    --------
    >>> make_force(persons=100, seed=1)
    Force(as of 2025-06-30, seed 1: 100 perpetrators, 204 offence rows)
    """
    if persons is not None and events is not None:
        raise ConfigError("a force is made of persons or of events; give one of them")
    size = PERSONS if persons is None else whole("persons", persons, 1, MOST_PERSONS)
    rows = None if events is None else whole("events", events, 1, MOST_ROWS)
    years, seed = whole("years", years, 1, MOST_YEARS), whole("seed", seed, 0, LAST_SEED)
    last = _last_day(as_of)
    first = last - round(years * 365.25) + 1
    given = Assumptions(assume)
    if rows is None and size * incidents_a_person(given) * _rows_an_incident(given) > MOST_ROWS:
        raise ConfigError(
            f"with these assumptions {size:,} persons make more than {MOST_ROWS:,} offence rows; "
            "give fewer persons, or fewer incidents to each"
        )
    incidents = None if rows is None else max(round(rows / _rows_an_incident(given)), 1)
    drawn, tables = _draw(np.random.Generator(np.random.PCG64(seed)), given, size, incidents, first, last)
    return Force(
        MappingProxyType(tables),
        MappingProxyType(truth_tables(drawn)),
        dt.date.fromisoformat(iso(last)),
        seed,
        given,
    )


def _order_of_ids(table: Table) -> list[int]:
    ids = next(iter(table.columns.values())).python()
    return sorted(range(len(ids)), key=lambda row: ids[row] or "")


def _last_day(as_of: dt.date | str | int) -> int:
    try:
        day = to_day(as_of)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"as_of is the day of the extract: {error}") from error
    if not _DAYS[0] <= day <= _DAYS[1]:
        raise ConfigError(f"as_of is a day from {iso(_DAYS[0])} to {iso(_DAYS[1])}; give one of them")
    return day


def _rows_an_incident(given: Assumptions) -> float:
    """Return how many offence rows there are for each incident with a named suspect, in the mean."""
    more = given.number("lines_2") + 2 * given.number("lines_3") + given.number("second_victim")
    rows = 1 + given.number("crime_share") * more + given.number("no_suspect")
    others = given.number("victim_row") + given.number("witness_row")
    return rows * (1 + others) * (1 + given.number("duplicate"))


def _draw(
    rng: np.random.Generator, given: Assumptions, size: int, wanted: int | None, first: int, last: int
) -> tuple[Drawn, dict[str, Table]]:
    codes = Codes.of(given)
    people = draw_people(rng, given, size, wanted)
    incidents = draw_incidents(rng, given, people, first, last)
    pairs = draw_pairs(rng, given, people, incidents)
    everyone = len(pairs.male)
    orders, incidents = draw_orders(rng, given, incidents, pairs, last)
    spells = draw_spells(rng, given, incidents, last)
    records = draw_records(rng, given, people, incidents, everyone)
    facts = draw_facts(rng, given, people, incidents, spells, everyone, last)
    removed = draw_removed(rng, given, people)
    rows = draw_rows(rng, given, codes, incidents, pairs, orders, records)
    rows["area"] = draw_areas(rng, given, facts, rows)
    rows = plant(rng, given, codes, people, rows, removed, last)
    sides = {
        "subjects": subjects_table(given, people, records, facts),
        "custody": custody_table(records, spells),
        "referrals": referrals_table(rng, given, people, records, last),
        "orders": orders_table(records, orders),
        "links": links_table(rng, records, last),
        "decisions": decisions_table(rng, given, people, incidents, records, last),
        "removals": removals_table(rng, records, removed, last),
    }
    # In order of id, so that no row's place tells which kind of person it is about.
    tables = {"offences": offences_table(given, codes, records, rows)}
    tables |= {name: table.take(_order_of_ids(table)) for name, table in sides.items()}
    return Drawn(people, incidents, pairs, records, facts, codes, removed, rows), tables
