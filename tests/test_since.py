"""Since the last meeting: what is counted, what just is not, and a slow plain oracle for every number."""

from __future__ import annotations

import math
import os
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.cohort.considered import Considered
from rfgscore.cohort.since import SinceRow, since_last, since_table
from rfgscore.dates import NO_DAY, from_day, iso, to_day
from rfgscore.errors import DataError
from rfgscore.history.told import Decision

#: Random histories; `make deep` asks for more.
EXAMPLES = max(100, int(os.environ.get("RFG_EXAMPLES", "0")) // 40)

AS_OF = to_day("2025-06-30")
SINCE = AS_OF - 28
#: Ages of the last day that was looked at before, and of the first new one.
OLD, NEW = 28, 27

GRAVITY = "offence_code,weight\nLIGHT,0.1\nMIDDLE,0.2\nGRAVE,1825\n8/77,10\n66/39,5\n"
X, V1, V2, NOBODY = {"incident_id": "X"}, {"victim_id": "V1"}, {"victim_id": "V2"}, {"victim_id": ""}


@pytest.fixture(scope="module")
def config_of(desk):
    """Return settings with weights of our own."""
    table = str(desk.file(GRAVITY, "gravity.csv"))
    return lambda reading=None: desk.config(reading, gravity={"table": table})


def at(age, code="LIGHT", known=None, **cells):
    """Return a row of an event so many days ago, known on the day itself or so many days ago."""
    recorded = "" if known is None else iso(AS_OF - known)
    return {"event_date": iso(AS_OF - age), "offence_code": code, "recorded_date": recorded, **cells}


def scored_of(desk, config, *rows, **tables):
    blank = {name: "" for row in rows for name in row if name != "perpetrator_id"}
    history = desk.history(*({**blank, **row} for row in rows), config=config, **tables)
    return rfg.score(history, config=config).scored


def told(row):
    """Return what a row says, names with what is neither 0 nor unknown."""
    return {name: value for name, value in row._asdict().items() if value}


#: Lines of one person, and what is counted of them.
CASES = [
    ([at(NEW)], {"incidents": 1, "happened_since": 1, "harm": 0.1}),
    ([at(OLD)], {}),
    ([at(OLD, known=NEW)], {"incidents": 1, "reported_late": 1, "harm": 0.1}),
    ([at(9000, "GRAVE", 0)], {"incidents": 1, "reported_late": 1, "harm": 1825.0}),
    ([at(9000, "GRAVE", OLD)], {}),
    # What ran into the time since happened since.
    ([at(90, known=5, event_end=iso(SINCE + 1))], {"incidents": 1, "happened_since": 1, "harm": 0.1}),
    ([at(90, known=5, event_end=iso(SINCE))], {"incidents": 1, "reported_late": 1, "harm": 0.1}),
    # An incident counts once, by the gravest of its new lines; what was known of it before is not told again.
    (
        [at(5, **X), at(6, "MIDDLE", **X), at(40, "GRAVE", **X)],
        {"incidents": 1, "happened_since": 1, "harm": 0.2},
    ),
    (
        [at(40, "GRAVE", **X), at(40, "MIDDLE", 5, **X), at(3)],
        {"incidents": 2, "happened_since": 1, "reported_late": 1, "harm": math.fsum([0.1, 0.2])},
    ),
    ([at(40, known=5, **X), at(4, **X)], {"incidents": 1, "happened_since": 1, "harm": 0.1}),
    ([at(n) for n in range(10)], {"incidents": 10, "happened_since": 10, "harm": 1.0}),
    # Victims: new whoever no earlier line names, also when nobody was named before.
    ([at(5, **V1)], {"incidents": 1, "happened_since": 1, "harm": 0.1, "new_victims": 1}),
    ([at(5, **V1), at(40, **V1)], {"incidents": 1, "happened_since": 1, "harm": 0.1}),
    ([at(5, **NOBODY), at(40, **V1)], {"incidents": 1, "happened_since": 1, "harm": 0.1}),
    (
        [at(5, **V1, **X), at(5, **V2, **X), at(40, **NOBODY)],
        {"incidents": 1, "happened_since": 1, "harm": 0.1, "new_victims": 2},
    ),
    (
        [at(40, **X, **NOBODY), at(40, known=5, **X, **V1), at(50, **V2)],
        {"incidents": 1, "reported_late": 1, "harm": 0.1, "new_victims": 1},
    ),
    # Code groups: incidents, not lines.
    (
        [at(5, "66/39", **X), at(6, "66/39", **X), at(7, "8/77"), at(OLD, "66/39")],
        {"incidents": 2, "happened_since": 2, "harm": 15.0, "order_breaches": 1, "strangulation": 1},
    ),
    (
        [at(5, "066/39"), at(60, "66/39", 5), at(7, "LIGHT")],
        {
            "incidents": 3,
            "happened_since": 2,
            "reported_late": 1,
            "harm": math.fsum([5, 5, 0.1]),
            "order_breaches": 2,
        },
    ),
]


@pytest.mark.parametrize(("rows", "counted"), CASES)
def test_what_became_known_is_counted(desk, config_of, rows, counted):
    scored = scored_of(desk, config_of(), *({**NOBODY, **row} for row in rows))
    (row,) = since_last(scored, [0], SINCE)
    assert told(row) == counted
    assert row.new_victims is not None and row.order_breaches is not None and row.strangulation is not None
    assert row.admissions is row.releases is None


def test_people_come_in_the_order_asked_and_those_without_a_line_have_none(desk, config_of):
    scored = scored_of(desk, config_of(), at(5, perpetrator_id="A"), at(4, "GRAVE", perpetrator_id="B"))
    one, nobody, other, again = since_last(scored, [1, None, 0, 1], SINCE)
    assert (one.harm, other.harm) == (1825.0, 0.1) and one == again
    assert nobody == (0, 0, 0, 0.0, None, 0, 0, None, None)
    assert since_last(scored, [], SINCE) == ()


def test_joined_ids_make_no_new_victim(desk, config_of):
    rows = [at(40, **V1), at(5, **V2)]
    apart = scored_of(desk, config_of(), *rows)
    joined = scored_of(desk, config_of(), *rows, links=[{"nominal_id": "V2", "master_id": "V1"}])
    assert [since_last(scored, [0], SINCE)[0].new_victims for scored in (apart, joined)] == [1, 0]


def test_what_a_history_cannot_tell_is_left_open(desk, config_of):
    (row,) = since_last(scored_of(desk, config_of(), at(5)), [0], SINCE)
    assert (row.new_victims, row.order_breaches, row.strangulation) == (None, 0, 0)
    history = rfg.History.from_arrays(person=[1], day=[AS_OF], gravity=[2.0], victim=[4])
    (row,) = since_last(rfg.score(history, config=config_of(), as_of=AS_OF).scored, [0], SINCE)
    assert row == (1, 1, 0, 2.0, 1, None, None, None, None)
    assert repr(row) == "SinceRow"


def test_a_day_after_the_day_looked_at_is_refused(desk, config_of):
    scored = scored_of(desk, config_of(), at(0))
    assert told(since_last(scored, [0], AS_OF)[0]) == {}
    with pytest.raises(
        ValueError, match="since 2025-07-01 cannot be looked at on 2025-06-30, an earlier day"
    ):
        since_last(scored, [0], AS_OF + 1)


def test_harm_beyond_all_numbers_is_refused(config_of):
    history = rfg.History.from_arrays(
        person=[1, 1], day=[AS_OF - 999, AS_OF - 1999], gravity=[1e308, 1e308], known_day=[AS_OF, AS_OF]
    )
    scored = rfg.score(history, config=config_of(), as_of=AS_OF).scored
    with pytest.raises(DataError, match="too large to add up: use smaller weights"):
        since_last(scored, [0], SINCE)


# --- custody -------------------------------------------------------------------------------------------


def spell(start, end=None, recorded=None):
    dates = {"start": start, "end": end, "recorded_date": recorded}
    return {name: "" if age is None else iso(AS_OF - age) for name, age in dates.items()}


@pytest.mark.parametrize(
    ("spells", "moves"),
    [
        ([spell(NEW)], (1, 0)),
        ([spell(OLD)], (0, 0)),
        ([spell(0)], (1, 0)),
        ([spell(90, NEW)], (0, 1)),
        ([spell(90, OLD)], (0, 0)),
        ([spell(90, 0)], (0, 1)),
        ([spell(20, 10)], (1, 1)),
        ([spell(20, 10), spell(8, 6), spell(4)], (3, 2)),
        # Touching or overlapping spells are one.
        ([spell(90, 20), spell(20, 5)], (0, 1)),
        ([spell(20, 10), spell(12, 4), spell(4)], (1, 0)),
        ([spell(90, 20), spell(19, 5)], (1, 2)),
        # Recorded late: told with what became known since.
        ([spell(90, recorded=NEW)], (1, 0)),
        ([spell(90, recorded=OLD)], (0, 0)),
        ([spell(90, 70, recorded=NEW)], (1, 1)),
        # Part of a spell that was known then is no move.
        ([spell(90), spell(80, recorded=NEW)], (0, 0)),
        # Not known yet: the admission recorded later, the end to come.
        ([spell(90, -3)], (0, 0)),
        ([spell(20, 10, recorded=5), spell(4, recorded=-1)], (1, 1)),
        ([spell(-1)], (0, 0)),
    ],
)
def test_custody_moves_are_those_of_the_joined_spells(desk, config_of, spells, moves):
    custody = [{"perpetrator_id": "P1", **row} for row in spells]
    rows = at(40), at(40, perpetrator_id="P2")
    scored = scored_of(desk, config_of(), *rows, custody=custody, extract_date="2025-07-10")
    first, other, nobody = since_last(scored, [0, 1, None], SINCE)
    assert (first.admissions, first.releases) == moves
    assert (other.admissions, other.releases) == (0, 0)
    assert (nobody.admissions, nobody.releases) == (None, None)


def test_a_spell_that_could_not_be_used_leaves_the_moves_open(desk, config_of):
    custody = [{"perpetrator_id": "P1", **spell(20, 10)}, {"perpetrator_id": "P1", **spell(5, 9)}]
    scored = scored_of(desk, config_of(), at(40), custody=custody)
    (row,) = since_last(scored, [0], SINCE)
    assert (row.admissions, row.releases) == (None, None)


# --- the table -----------------------------------------------------------------------------------------


def considered(person, number, *, decision=None, **more):
    plain = {
        "place": None,
        "listed": "cohort",
        "status": "managed",
        "routes": ("carried",),
        "why": (),
        "pathway": "",
        "in_custody": None,
        "release": NO_DAY,
        "flags": (),
        "area": "",
        "before": None,
        "outside": 0,
        "leaving": None,
    }
    return Considered(person=person, number=number, decision=decision, **{**plain, **more})


def decided(person, review_by, owner="Sgt Invented"):
    return Decision(person, SINCE, "managed", "disruption", owner, "", "", review_by, SINCE)


def test_the_table_tells_who_what_and_what_is_due(desk, config_of):
    rows = [
        at(5, "LIGHT", perpetrator_id="A"),
        at(4, "MIDDLE", perpetrator_id="A"),
        at(40, perpetrator_id="B"),
    ]
    custody = [{"perpetrator_id": "A", **spell(3)}]
    scored = scored_of(desk, config_of(), *({**row, **V1} for row in rows), custody=custody)
    people = [
        considered("B", 1, decision=decided("B", AS_OF), in_custody=False, pathway="disruption"),
        considered("A", 0, decision=decided("A", AS_OF + 1, ""), in_custody=True, release=AS_OF + 9),
        considered("C", None, decision=decided("C", NO_DAY), status="monitoring"),
        considered("D", None, status="carried"),
    ]
    table = since_table(scored, people, SINCE)
    kinds = {name: column.kind for name, column in table.columns.items()}
    assert kinds == {
        "perpetrator_id": "text",
        "status": "text",
        "pathway": "text",
        "owner": "text",
        "incidents": "int32",
        "happened_since": "int32",
        "reported_late": "int32",
        "harm": "float64",
        "new_victims": "int32",
        "order_breaches": "int32",
        "admissions": "int32",
        "releases": "int32",
        "in_custody": "bool",
        "next_release_date": "date",
        "review_by": "date",
        "review_due": "bool",
    }
    due, release, later = from_day(AS_OF), from_day(AS_OF + 9), from_day(AS_OF + 1)
    assert list(table.rows()) == [
        ("B", "managed", "disruption", "Sgt Invented", 0, 0, 0, 0.0, 0, 0, 0, 0, False, None, due, True),
        ("A", "managed", None, None, 2, 2, 0, 0.3, 1, 0, 1, 0, True, release, later, False),
        ("C", "monitoring", None, "Sgt Invented", 0, 0, 0, 0.0, 0, 0, None, None, None, None, None, None),
        ("D", "carried", None, None, 0, 0, 0, 0.0, 0, 0, None, None, None, None, None, None),
    ]


def test_a_table_of_nobody_has_its_columns(desk, config_of):
    table = since_table(scored_of(desk, config_of(), at(5)), [], SINCE)
    assert len(table) == 0 and len(table.columns) == 16


# --- every number on random histories, against plain Python over the rows -------------------------------

CODES = {"LIGHT": 0.1, "MIDDLE": 0.2, "GRAVE": 1825.0, "8/77": 10.0, "66/39": 5.0}
LINKS = {"B2": "B", "V3": "V1"}
#: person, age, days it ran, days until known, offence, victim, incident.
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "B2"]),
        st.integers(0, 24),
        st.sampled_from([0, 0, 0, 1, 6]),
        st.sampled_from([0, 0, 1, 4, 20]),
        st.sampled_from(sorted(CODES)),
        st.sampled_from(["", "V1", "V2", "V3"]),
        st.sampled_from(["", "I1", "I2"]),
    ),
    max_size=14,
)
#: person, age of the start, days held (None: still open).
SPELLS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "B2"]),
        st.integers(0, 24),
        st.one_of(st.none(), st.integers(0, 9)),
    ),
    max_size=6,
)


def plain(person, rows, spells, as_of, since):
    """Return what is counted of a person, by the letter of the definitions."""
    lines = [
        (
            late - age + AS_OF,
            min(AS_OF - age + ran, as_of),
            code,
            LINKS.get(victim, victim),
            ref or AS_OF - age,
        )
        for who, age, ran, late, code, victim, ref in rows
        if LINKS.get(who, who) == person and max(AS_OF - age, AS_OF - age + late) <= as_of
    ]
    fresh = [line for line in lines if line[0] > since]
    every = {line[4] for line in fresh}
    recent = {line[4] for line in fresh if line[1] > since}
    harm = sum(Fraction(max(CODES[line[2]] for line in fresh if line[4] == ref)) for ref in every)
    named = {line[3] for line in lines if line[0] <= since}
    moves = []
    for who, age, length in spells:
        start = AS_OF - age
        if LINKS.get(who, who) == person and start <= as_of:
            moves.append((start, None if length is None or start + length > as_of else start + length))
    joined = []
    for start, end in sorted(moves, key=lambda move: (move[0], move[1] is None, move[1] or 0)):
        if joined and (joined[-1][1] is None or start <= joined[-1][1]):
            before = joined[-1][1]
            joined[-1][1] = None if before is None or end is None else max(before, end)
        else:
            joined.append([start, end])
    return SinceRow(
        incidents=len(every),
        happened_since=len(recent),
        reported_late=len(every - recent),
        harm=float(harm),
        new_victims=len({line[3] for line in fresh} - named - {""}),
        order_breaches=len({line[4] for line in fresh if line[2] == "66/39"}),
        strangulation=len({line[4] for line in fresh if line[2] == "8/77"}),
        admissions=sum(start > since for start, _ in joined),
        releases=sum(end is not None and end > since for _, end in joined),
    )


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rows=ROWS, spells=SPELLS, back=st.sampled_from([0, 0, 3]), gap=st.integers(0, 26))
def test_every_number_is_that_of_the_definitions(config_of, rows, spells, back, gap):
    config = config_of({"point_in_time": "accept_extract_state"})
    rows = [*rows, ("A", 24, 0, 0, "LIGHT", "", ""), ("B", 24, 0, 0, "GRAVE", "", "I1")]
    frame = pd.DataFrame(
        [
            {
                "perpetrator_id": who,
                "event_date": iso(AS_OF - age),
                "event_end": iso(AS_OF - age + ran),
                "recorded_date": iso(AS_OF - age + late),
                "offence_code": code,
                "victim_id": victim,
                "incident_id": incident,
            }
            for who, age, ran, late, code, victim, incident in rows
        ]
    )
    custody = pd.DataFrame(
        [
            (who, iso(AS_OF - age), "" if length is None else iso(AS_OF - age + length))
            for who, age, length in spells
        ],
        columns=["perpetrator_id", "start", "end"],
        dtype=object,
    )
    links = pd.DataFrame(LINKS.items(), columns=["nominal_id", "master_id"])
    history = rfg.read_offences(
        frame, config=config, as_of=AS_OF, extract_date=AS_OF + 30, links=links, custody=custody
    )
    assert history.persons.tolist() == ["A", "B"]
    day = AS_OF - back
    found = since_last(rfg.score(history, config=config, as_of=day).scored, [0, 1], day - gap)
    assert found == tuple(plain(person, rows, spells, day, day - gap) for person in ("A", "B"))
