"""The tables of the meeting cycle: what they tell, from which day, and what is set aside or stops the run."""

from __future__ import annotations

import itertools
import random

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rfgscore as rfg
from rfgscore.cli.main import invoke
from rfgscore.cli.show import print_missing
from rfgscore.dates import NO_DAY, to_day
from rfgscore.errors import DataError, MissingColumnError
from rfgscore.history.told import Decision, Facts, Order, Referral

AS_OF = to_day("2025-06-30")
EXTRACT = "2025-07-10"
CANARY = "ZQ-CANARY"
LINKS = [
    {"nominal_id": "older", "master_id": "old", "recorded_date": "2025-01-01"},
    {"nominal_id": "old", "master_id": "P1", "recorded_date": "2025-01-01"},
]


def day(text):
    return to_day(text) if text else NO_DAY


def referral(person="P1", on="2025-06-02", **cells):
    return {"perpetrator_id": person, "referred_date": on, "agency": "", "reason": "", **cells}


def order(person="P1", start="2025-06-02", **cells):
    return {"perpetrator_id": person, "start": start, "kind": "", "end": "", "protects": "", **cells}


def decided(word="managed", person="P1", on="2025-06-02", **cells):
    pathway = "diversion" if word.strip().casefold() == "managed" else ""
    row = {"perpetrator_id": person, "meeting_date": on, "decision": word, "pathway": pathway}
    return {**row, "owner": "", "decided_by": "", "reason": "", "review_by": "", "recorded_date": "", **cells}


def told(desk, *changes, **tables):
    """Return what the tables tell, read on the day the tests look at from a later extract."""
    tables.setdefault("extract_date", EXTRACT)
    return desk.history(*(changes or [{}]), **tables).source.told


def entry(history, table):
    (found,) = [one for one in history.source.account.inputs if one["table"] == table]
    return found["rows"], found["set_aside"]


# What a row says


def test_a_row_of_each_table_is_told_as_it_stands(desk):
    found = told(
        desk,
        referrals=[referral(" P1 ", agency=" housing ", reason="calls", reference="R1")],
        orders=[order(kind="DVPO", end="2025-06-29", protects="V1", recorded_date="2025-06-01")],
        decisions=[
            decided(
                " Managed ", pathway=" DIVERSION", owner="o", decided_by="d", reason="r", review_by=EXTRACT
            )
        ],
    )
    met = day("2025-06-02")
    assert found.referrals == (Referral("P1", met, "housing", "calls", "R1", met),)
    assert found.orders == (Order("P1", "DVPO", met, day("2025-06-29"), "V1", day("2025-06-01")),)
    assert found.decisions == (Decision("P1", met, "managed", "diversion", "o", "d", "r", day(EXTRACT), met),)


def test_only_what_is_needed_need_be_there(desk):
    found = told(
        desk,
        referrals=[{"perpetrator_id": "P1", "referred_date": "2025-06-02"}],
        orders=[{"perpetrator_id": "P1", "start": "2025-06-02"}],
        decisions=[{"perpetrator_id": "P1", "meeting_date": "2025-06-02", "decision": "removed"}],
    )
    met = day("2025-06-02")
    assert found.referrals == (Referral("P1", met, "", "", "", met),)
    assert found.orders == (Order("P1", "", met, NO_DAY, "", met),)
    assert found.decisions == (Decision("P1", met, "removed", "", "", "", "", NO_DAY, met),)


def test_without_the_tables_nothing_is_told_and_with_empty_ones_nobody(desk):
    found = told(desk)
    assert (found.referrals, found.orders, found.decisions) == (None, None, None)
    heads = {
        "referrals": "perpetrator_id,referred_date\n",
        "orders": "perpetrator_id,start\n",
        "decisions": "perpetrator_id,meeting_date,decision\n",
    }
    files = {name: desk.file(text, f"{name}.csv") for name, text in heads.items()}
    history = rfg.read_offences(desk.file(desk.rows({})), config=desk.config(), as_of=desk.as_of, **files)
    found = history.source.told
    assert (found.referrals, found.orders, found.decisions) == ((), (), ())
    for name, text in heads.items():
        *_, last = text.strip().split(",")
        cut = desk.file(text.replace(f",{last}", ""), f"{name}.csv")
        with pytest.raises(MissingColumnError, match=rf"^{name}\.csv: missing '{last}'"):
            rfg.read_offences(desk.file(desk.rows({})), config=desk.config(), as_of=desk.as_of, **{name: cut})


@pytest.mark.parametrize("table", ["referrals", "orders", "decisions"])
@pytest.mark.parametrize(
    ("on", "recorded", "known"),
    [
        ("2025-06-30", "", "2025-06-30"),
        ("2025-07-01", "", None),
        ("2025-06-01", "2025-06-30", "2025-06-30"),
        ("2025-06-01", "2025-07-01", None),
        ("2025-06-10", "2025-06-01", "2025-06-10"),
        ("2025-07-01", "2025-06-01", None),
    ],
)
def test_a_row_is_known_from_its_day_or_from_when_it_was_recorded(desk, table, on, recorded, known):
    make = {"referrals": referral, "orders": order, "decisions": lambda **row: decided("removed", **row)}
    day_of = {"referrals": "on", "orders": "start", "decisions": "on"}[table]
    rows = [make[table](**{day_of: on, "recorded_date": recorded})]
    history = desk.history({}, extract_date=EXTRACT, **{table: rows})
    found = getattr(history.source.told, table)
    # An order is known once it was made, and in force later.
    sooner = table == "orders" and recorded and known
    assert [one.known for one in found] == ([day(recorded if sooner else known)] if known else [])
    assert history.source.account.sides_not_yet_known == ({} if known else {table: 1})
    assert entry(history, table) == (1, 0) and history.source.extract_state == ()


def test_columns_and_formats_are_mapped(desk):
    config = desk.config(
        {
            "referrals": {
                "columns": {"perpetrator_id": "who", "referred_date": "on"},
                "date_format": "%d/%m/%Y",
            },
            "orders": {
                "columns": {"perpetrator_id": "who", "start": "from", "end": "to"},
                "date_format": {"from": "%d/%m/%Y", "to": "%Y%m%d"},
            },
            "decisions": {
                "columns": {"perpetrator_id": "who", "meeting_date": "met", "decision": "word"},
                "date_format": "%d.%m.%Y",
            },
        }
    )
    history = desk.history(
        {},
        config=config,
        referrals=[{"who": "P1", "on": "03/02/2025", "agency": "x"}],
        orders=[{"who": "P1", "from": "03/02/2025", "to": "20250204"}],
        decisions=[{"who": "P1", "met": "03.02.2025", "word": "monitoring"}],
    )
    met, found = day("2025-02-03"), history.source.told
    assert found.referrals == (Referral("P1", met, "", "", "", met),)
    assert found.orders == (Order("P1", "", met, met + 1, "", met),)
    assert found.decisions[0].meeting == met
    assert history.source.account.unread == {"referrals.csv": ("agency",)}


def test_tables_in_memory_will_do(desk):
    on = pd.to_datetime(["2025-06-02"])
    history = rfg.read_offences(
        desk.file(desk.rows({})),
        config=desk.config(),
        as_of=desk.as_of,
        referrals=pd.DataFrame({"perpetrator_id": ["P1"], "referred_date": on}),
        orders=pd.DataFrame({"perpetrator_id": ["P1"], "start": on, "end": [pd.NaT]}),
        decisions=pd.DataFrame({"perpetrator_id": ["P1"], "meeting_date": on, "decision": ["removed"]}),
    )
    found = history.source.told
    assert [one[0].person for one in (found.referrals, found.orders, found.decisions)] == ["P1"] * 3


# Who it is said of


@pytest.mark.parametrize("record", ["P1", "old", "older"])
def test_links_reach_every_table(desk, record):
    found = told(
        desk,
        links=LINKS,
        referrals=[referral(record)],
        orders=[order(record), order("P2", protects=record)],
        decisions=[decided(person=record)],
    )
    assert [one.person for one in found.referrals] == ["P1"]
    assert [(one.person, one.protects) for one in found.orders] == [("P1", ""), ("P2", "P1")]
    assert [one.person for one in found.decisions] == ["P1"]
    assert (found.resolved(record), found.resolved("P2")) == ("P1", "P2")


@pytest.mark.parametrize("record", ["P1", "old"])
def test_who_was_taken_off_is_in_no_table(desk, record):
    found = told(
        desk,
        links=LINKS,
        removals=[{"perpetrator_id": record, "removed_on": "2025-06-30"}],
        referrals=[referral("older"), referral("P2")],
        orders=[order("older"), order("P2")],
        decisions=[decided(person="older"), decided(person="P2")],
    )
    assert {one.person for one in (*found.referrals, *found.orders, *found.decisions)} == {"P2"}
    assert found.removed == {"P1"} and found.resolved("old") is None and found.resolved("P2") == "P2"


def test_the_order_of_rows_never_shows(desk):
    tables = {
        "referrals": [
            referral(person, on, agency=agency)
            for person, on, agency in itertools.product(
                ["P1", "old"], ["2025-06-02", "2025-05-02"], ["a", "b"]
            )
        ],
        "orders": [
            order(person, start, kind=kind)
            for person, start, kind in itertools.product(
                ["P2", "old"], ["2025-06-02", "2025-05-02"], ["a", "b"]
            )
        ],
        "decisions": [
            decided(person=person, on=on, reason=reason)
            for person, on, reason in itertools.product(
                ["P1", "old"], ["2025-06-02", "2025-05-02"], ["a", "b"]
            )
        ],
    }
    first = told(desk, links=LINKS, **tables)
    for seed in range(3):
        chance = random.Random(seed)
        mixed = {name: chance.sample(rows, len(rows)) for name, rows in tables.items()}
        again = told(desk, links=LINKS, **mixed)
        assert again.referrals == first.referrals
        assert (again.orders, again.decisions) == (first.orders, first.decisions)
    # Rows that say the same of one person are one.
    assert [(one.person, one.day, one.agency) for one in first.referrals] == [
        ("P1", day(on), agency) for on in ("2025-05-02", "2025-06-02") for agency in "ab"
    ]
    assert len(first.orders) == 8 and len(first.decisions) == 4
    assert [one.start for one in first.orders] == [day("2025-05-02"), day("2025-05-02"),
                                                   day("2025-06-02"), day("2025-06-02")] * 2  # fmt: skip


def test_of_one_meeting_the_row_known_last_stands_last(desk):
    rows = [
        decided("monitoring", recorded_date="2025-06-20"),
        decided("removed", recorded_date=""),
        decided("managed", recorded_date="2025-06-05"),
    ]
    for given in itertools.permutations(rows):
        found = told(desk, decisions=given).decisions
        assert [one.decision for one in found] == ["removed", "managed", "monitoring"]


def test_nothing_told_shows_in_a_repr(desk):
    found = told(
        desk, referrals=[referral(CANARY)], orders=[order(CANARY)], decisions=[decided(person=CANARY)]
    )
    facts = found.facts([CANARY], AS_OF)[CANARY]
    shown = repr([found, *found.referrals, *found.orders, *found.decisions, facts])
    assert CANARY not in shown and str(found.referrals[0].day) not in shown


# Rows set aside

FAULTS = [
    ({"perpetrator_id": ""}, "NO_NAMED_SUSPECT", "perpetrator_id"),
    ({"perpetrator_id": " Unknown "}, "NO_NAMED_SUSPECT", "perpetrator_id"),
    ({"perpetrator_id": "1E+5"}, "BAD_ID", "perpetrator_id"),
    ({"perpetrator_id": "x" * 201}, "TOO_LONG", "perpetrator_id"),
    ({"DAY": " "}, "MISSING_DATE", "DAY"),
    ({"DAY": "01/06/2025"}, "BAD_DATE", "DAY"),
    ({"DAY": "1900-01-01"}, "SENTINEL_DATE", "DAY"),
    ({"recorded_date": "2025-07-11"}, "FUTURE_DATE", "recorded_date"),
    ({"recorded_date": "soon"}, "BAD_DATE", "recorded_date"),
]
OF_ORDERS = [
    ({"end": "2025-06-01"}, "BAD_INTERVAL", "end"),
    ({"end": "9999-12-31"}, "SENTINEL_DATE", "end"),
    ({"end": "never"}, "BAD_DATE", "end"),
    ({"protects": "1.5E+10"}, "BAD_ID", "protects"),
    ({"protects": "x" * 201}, "TOO_LONG", "protects"),
]
MISSES = [
    {"perpetrator_id": "x" * 200},
    {"perpetrator_id": "00"},
    {"DAY": "1900-01-02"},
    {"recorded_date": "2025-07-10"},
    {"recorded_date": ""},
]
OF_ORDERS_MISSES = [
    {"end": "2025-06-02"},
    {"end": ""},
    {"end": "2099-01-01"},
    {"protects": "Regina"},
    {"protects": ""},
    {"protects": "x" * 200},
]
DAY = {"referrals": "referred_date", "orders": "start"}
MAKE = {"referrals": referral, "orders": order}
CASES = [(table, *case) for table in DAY for case in FAULTS] + [("orders", *case) for case in OF_ORDERS]


def of_table(table, change):
    return {DAY[table] if name == "DAY" else name: cell for name, cell in change.items()}


@pytest.mark.parametrize(("table", "fault", "reason", "column"), CASES)
def test_a_row_at_fault_is_set_aside_and_counted(desk, table, fault, reason, column):
    fault, column = of_table(table, fault), DAY[table] if column == "DAY" else column
    good = MAKE[table]("P8", recorded_date="2025-06-02")
    history = desk.history({}, extract_date=EXTRACT, **{table: [good, {**good, **fault}]})
    aside = history.set_aside
    assert (aside["file"], aside["row"], aside["line"]) == ([f"{table}.csv"], [2], [3])
    assert (aside["reason"], aside["column"]) == ([reason], [column])
    assert entry(history, table) == (2, 1) and len(getattr(history.source.told, table)) == 1
    # An order that cannot be read at all may be in force; a person on the list is told so.
    ours = {**good, **fault, "perpetrator_id": "P1"} if column != "perpetrator_id" else None
    if ours is not None:
        history = desk.history({}, extract_date=EXTRACT, **{table: [good, ours]})
        later = ours["recorded_date"] == "2025-07-11"
        assert history.source.lost_rows.tolist() == [0 if later else 1]


@pytest.mark.parametrize(
    ("table", "change"),
    [(table, case) for table in DAY for case in MISSES] + [("orders", case) for case in OF_ORDERS_MISSES],
)
def test_a_row_that_just_misses_a_fault_is_read(desk, table, change):
    good = MAKE[table]("P8", recorded_date="2025-06-02")
    history = desk.history({}, extract_date=EXTRACT, **{table: [{**good, **of_table(table, change)}]})
    assert entry(history, table) == (1, 0) and len(history.set_aside) == 0


@pytest.mark.parametrize("table", ["referrals", "orders"])
def test_a_table_of_which_nothing_can_be_used_stops_the_run(desk, table):
    rows = [{**MAKE[table](CANARY), DAY[table]: "soon"}] * 2
    with pytest.raises(DataError) as caught:
        desk.history({}, **{table: rows})
    assert str(caught.value).startswith(f"{table}.csv: none of its 2 rows can be used (BAD_DATE 2")
    rows = [{**MAKE[table](f"{CANARY}-{n}"), "recorded_date": "30/06/2025"} for n in range(3)]
    with pytest.raises(DataError, match=f"input.{table}.date_format") as caught:
        desk.history({}, **{table: [*rows, *rows, MAKE[table](recorded_date="")]})
    assert CANARY not in str(caught.value)


# Decisions: any row at fault stops the run

REFUSED = [
    ({"perpetrator_id": ""}, "column perpetrator_id: "),
    ({"perpetrator_id": "n/k"}, "column perpetrator_id: "),
    ({"perpetrator_id": "1E+5"}, "column perpetrator_id: "),
    ({"perpetrator_id": "x" * 201}, "column perpetrator_id: "),
    ({"reason": "x" * 10001}, "column reason: "),
    ({"meeting_date": ""}, "column meeting_date: blank"),
    ({"meeting_date": "02/06/2025"}, "column meeting_date: not in the declared format"),
    ({"meeting_date": "1900-01-01"}, "column meeting_date: a placeholder date"),
    ({"meeting_date": "2025-07-11"}, "column meeting_date: after the extract date; where the extract was"),
    ({"recorded_date": "2025-07-11"}, "column recorded_date: after the extract date"),
    ({"recorded_date": "soon"}, "column recorded_date: not in the declared format"),
    ({"review_by": "soon"}, "column review_by: not in the declared format"),
    ({"review_by": "9999-12-31"}, "column review_by: a placeholder date; leave the cell blank"),
    ({"decision": "taken on"}, "column decision: not one of managed, monitoring, removed, transferred"),
    ({"decision": "n/a"}, "column decision: not one of managed, monitoring, removed, transferred"),
    ({"decision": " "}, "column decision: blank, while another cell of the row tells of a decision"),
    ({"decision": "", "pathway": "", "decided_by": "d"}, "column decision: blank, while"),
    ({"decision": "", "pathway": "", "reason": "r"}, "column decision: blank, while"),
    ({"decision": "", "pathway": "", "review_by": "2025-09-01"}, "column decision: blank, while"),
    ({"pathway": " "}, "column pathway: blank, and who is managed has a pathway (diversion, disruption)"),
    ({"pathway": "prison"}, "column pathway: not one of cohort.pathways (diversion, disruption)"),
    (
        {"decision": "removed", "pathway": "prison"},
        "column pathway: not one of cohort.pathways (diversion, disruption)",
    ),
]
READ = [
    {"perpetrator_id": "x" * 200},
    {"reason": "x" * 10000},
    {"meeting_date": "2025-06-30"},
    {"meeting_date": "2025-07-10"},
    {"recorded_date": "2025-07-10"},
    {"review_by": "2099-01-01"},
    {"decision": " MANAGED "},
    {"decision": "Transferred", "pathway": "Disruption"},
    {"decision": "monitoring", "pathway": ""},
    {"pathway": " Disruption "},
]


@pytest.mark.parametrize(("fault", "words"), REFUSED)
def test_a_decision_at_fault_stops_the_run(desk, fault, words):
    with pytest.raises(DataError) as caught:
        desk.history({}, extract_date=EXTRACT, decisions=[decided(), {**decided(person=CANARY), **fault}])
    said = str(caught.value)
    assert said.startswith(f"1 of 2 decisions cannot be read (decisions.csv row 2 (line 3); first {words}"), (
        said
    )
    assert said.endswith("mend these rows, or take them out of the table") and CANARY not in said
    assert not any(len(cell) > 3 and cell in said for cell in fault.values() if cell != "removed")


@pytest.mark.parametrize("change", READ)
def test_a_decision_that_just_misses_a_fault_is_read(desk, change):
    history = desk.history({}, extract_date=EXTRACT, decisions=[{**decided(), **change}])
    assert entry(history, "decisions") == (1, 0) and len(history.set_aside) == 0
    later = any(change.get(name, "") > "2025-06-30" for name in ("meeting_date", "recorded_date"))
    assert len(history.source.told.decisions) == (0 if later else 1)


def test_at_most_five_faulty_decisions_are_named_and_the_first_of_each_row_counts(desk):
    rows = [decided(), *[decided("managd", person="", pathway="x")] * 6]
    with pytest.raises(DataError) as caught:
        desk.history({}, decisions=rows)
    assert str(caught.value).startswith(
        "6 of 7 decisions cannot be read (decisions.csv row 2 (line 3), row 3 (line 4), row 4 (line 5), "
        "row 5 (line 6), row 6 (line 7) and others; first column perpetrator_id: "
    )
    with pytest.raises(DataError, match=r"row 1 \(line 2\); first column decision: not one of"):
        desk.history({}, decisions=[decided("managd", pathway="x")])


def test_a_broken_decision_stops_the_run(desk):
    path = desk.file("perpetrator_id,meeting_date,decision\nP1,2025-06-01,removed\nP2\n", "decisions.csv")
    with pytest.raises(DataError, match=r"decisions\.csv row 2 \(line 3\); first 1 cell, not 3\)"):
        rfg.read_offences(desk.file(desk.rows({})), config=desk.config(), as_of=desk.as_of, decisions=path)


def test_a_parquet_file_has_rows_and_no_lines(desk, tmp_path):
    rows = [decided(), decided("x")]
    path = tmp_path / "decisions.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    with pytest.raises(DataError, match=r"\(decisions\.parquet row 2; first column decision: "):
        rfg.read_offences(desk.file(desk.rows({})), config=desk.config(), as_of=desk.as_of, decisions=path)


def test_the_pathways_are_those_of_the_settings(desk):
    config = desk.config(cohort={"pathways": ["Healthcare"]})
    history = desk.history({}, config=config, decisions=[decided(pathway="healthcare ")])
    assert history.source.told.decisions[0].pathway == "Healthcare"
    with pytest.raises(DataError, match=r"not one of cohort\.pathways \(Healthcare\)"):
        desk.history({}, config=config, decisions=[decided(pathway="diversion")])


# A sheet half filled in


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"owner": "somebody"},
        {"meeting_date": ""},
        {"meeting_date": "2025-08-01"},
        {"decision": "  ", "pathway": " "},
        {"recorded_date": "2025-06-03"},
        {"perpetrator_id": "", "meeting_date": ""},
    ],
)
def test_a_row_without_a_decision_is_left_out_and_counted(desk, change):
    undecided = {**decided(""), **change}
    history = desk.history({}, decisions=[decided(), undecided])
    assert [one.decision for one in history.source.told.decisions] == ["managed"]
    assert entry(history, "decisions") == (2, 0)
    (said,) = history.source.account.oddities[-1:]
    assert said.startswith("1 row of decisions.csv holds no decision: left out")


def test_a_sheet_nobody_filled_in_decides_nothing(desk):
    history = desk.history({}, decisions=[decided(""), decided("", person="P2")])
    assert history.source.told.decisions == ()
    assert any(said.startswith("2 rows of decisions.csv hold no") for said in history.source.account.oddities)


# Two decisions of one meeting


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        (decided("monitoring"), True),
        (decided("monitoring", person="older"), True),
        (decided(pathway="disruption"), True),
        (decided("monitoring", recorded_date="2025-06-01"), True),  # known with the meeting
        (decided("monitoring", recorded_date="2025-06-03"), False),
        (decided("monitoring", on="2025-06-03"), False),
        (decided("monitoring", person="P2"), False),
        (decided(), False),
        (decided(person="older"), False),
        (decided(" MANAGED", pathway="Diversion "), False),
        (decided(reason="another"), False),
        (decided(""), False),
    ],
)
def test_two_decisions_of_one_meeting_known_together_stop_the_run(desk, other, refused):
    between = [decided(person="P3"), decided(person="P0", on="2025-01-01")]
    for rows in ([decided(), *between, other], [other, *between, decided()]):
        if refused:
            with pytest.raises(DataError) as caught:
                told(desk, decisions=rows, links=LINKS)
            assert str(caught.value).startswith(
                "decisions.csv row 1 (line 2), row 4 (line 5): one meeting decided two things on one person"
            )
            assert "P1" not in str(caught.value) and "older" not in str(caught.value)
        else:
            assert told(desk, decisions=rows, links=LINKS).decisions


def test_what_is_not_known_yet_contradicts_nothing(desk):
    rows = [decided(), decided("removed", recorded_date="2025-07-01"),
            decided("monitoring", recorded_date="2025-07-01")]  # fmt: skip
    assert [one.decision for one in told(desk, decisions=rows).decisions] == ["managed"]
    with pytest.raises(DataError, match=r"row 2 \(line 3\), row 3 \(line 4\): one meeting decided two"):
        desk.history({}, as_of="2025-07-01", decisions=rows)


# Free text stands in sentences and pages, each on one line


def in_memory(desk, **tables):
    """Return what tables tell that are given as they are."""
    given = {"config": desk.config(), "as_of": desk.as_of, "extract_date": EXTRACT, **tables}
    return rfg.read_offences(desk.file(desk.rows({})), **given).source.told


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("a\r\nb", "a b"),
        ("a\tb\x0bc", "a b c"),
        ("\x1b[2Ja\x00\x07b\x7f", "[2Ja b"),
        ("a\x85b\x9b31mc", "a b 31mc"),
        ("\n a \n", "a"),
        ("\x00\n", ""),
        ("a  b", "a  b"),
    ],
)
def test_a_run_of_control_characters_is_one_blank(desk, cell, kept):
    def free(*names):
        return dict.fromkeys(names, cell)

    tables = {
        "referrals": [referral(**free("agency", "reason", "reference"))],
        "orders": [order(**free("kind"))],
        "decisions": [decided(**free("owner", "decided_by", "reason"))],
    }
    given = [{name: pd.DataFrame(rows) for name, rows in tables.items()}]
    if "\x00" not in cell:  # which no CSV file may hold
        given.append({name: desk.file(rows, f"{name}.csv") for name, rows in tables.items()})
    for sources in given:
        found = in_memory(desk, **sources)
        (referred,), (ordered,), (decision,) = found.referrals, found.orders, found.decisions
        said = (referred.agency, referred.reason, referred.reference, ordered.kind)
        assert {*said, decision.owner, decision.decided_by, decision.reason} == {kept}


def test_a_row_of_control_characters_decides_nothing(desk):
    rows = [decided(), decided("", "P2", reason="\x00", decided_by="\n")]
    assert len(in_memory(desk, decisions=pd.DataFrame(rows)).decisions) == 1


def test_half_a_character_is_refused_before_anything_is_written(desk):
    for name, row, column in (
        ("referrals", referral(agency="ZQ\ud800"), "agency"),
        ("orders", order(kind="ZQ\ud800"), "kind"),
        ("decisions", decided(owner="ZQ\ud800"), "owner"),
        ("subjects", subject(area="ZQ\ud800"), "area"),
    ):
        with pytest.raises(DataError) as refused:
            in_memory(desk, **{name: pd.DataFrame([row])})
        assert f"{name}: the column '{column}' holds text that is no Unicode in row 1" in str(refused.value)


# Spreadsheets guard cells with an apostrophe


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("'=P1", "=P1"),
        ("''=P1", "'=P1"),
        ("'-12", "-12"),
        ("'@x", "@x"),
        ("' +x", "+x"),
        ("'\uff0bx", "\uff0bx"),
        ("'x", "'x"),
        ("O'Neill", "O'Neill"),
        ("=P1", "=P1"),
    ],
)
def test_exactly_one_guarding_apostrophe_is_taken_off(desk, cell, kept):
    texts = dict.fromkeys(("owner", "decided_by", "reason"), cell)
    (found,) = told(desk, {"perpetrator_id": kept}, decisions=[decided(person=cell, **texts)]).decisions
    assert found[0] == found.owner == found.decided_by == found.reason == kept


def test_parquet_holds_the_true_text_and_other_tables_are_no_sheets(desk, tmp_path):
    path = tmp_path / "decisions.parquet"
    pq.write_table(pa.Table.from_pylist([decided(person="'=P1")]), path)
    given = {"config": desk.config(), "as_of": desk.as_of, "decisions": path}
    (found,) = rfg.read_offences(desk.file(desk.rows({})), **given).source.told.decisions
    assert found.person == "'=P1"
    frame = pd.DataFrame([decided(person="'=P1")])
    (found,) = rfg.read_offences(
        desk.file(desk.rows({})), **{**given, "decisions": frame}
    ).source.told.decisions
    assert found.person == "=P1"
    assert told(desk, referrals=[referral("'=P1")]).referrals[0].person == "'=P1"


# The account


def test_every_table_is_in_the_manifest_in_the_order_of_the_contract(desk):
    history = desk.history(
        {},
        subjects=[{"perpetrator_id": "P1"}],
        custody=[{"perpetrator_id": "P1", "start": "2025-01-01", "end": ""}],
        referrals=[referral(), referral(on="")],
        links=LINKS,
        orders=[order()],
        decisions=[decided()],
        removals=[{"perpetrator_id": "P9", "removed_on": "2025-01-01"}],
    )
    names = [one["table"] for one in history.source.account.inputs]
    assert names == [
        *("offences", "subjects", "custody", "referrals", "links", "orders", "decisions", "removals"),
        "gravity",
    ]
    assert entry(history, "referrals") == (2, 1)
    assert history.source.account.faults == (
        "MISSING_DATE: 1 (referrals.csv row 2; column referred_date: blank)",
    )
    assert history.source.lost_rows.tolist() == [1]


@pytest.mark.parametrize("table", ["referrals", "orders", "decisions"])
def test_a_table_of_other_ids_is_told(desk, table):
    make = {**MAKE, "decisions": lambda person: decided(person=person)}[table]
    history = desk.history({}, **{table: [make("someone"), make("else")]})
    said = f"none of the 2 rows of the {table} table concerns anyone in the offence rows"
    assert [one for one in history.source.account.oddities if one.startswith(said)]
    history = desk.history({}, **{table: [make("someone"), make("P1")]})
    assert not [one for one in history.source.account.oddities if one.startswith("none of")]


# An earlier day


def test_an_earlier_day_needs_no_consent_and_sees_no_later_row(desk):
    tables = {
        "referrals": [referral(), referral(on="2025-06-20"), referral("P2", recorded_date="2025-06-25")],
        "orders": [order(), order(start="2025-06-20"), order("P2", recorded_date="2025-06-25")],
        "decisions": [decided(), decided(on="2025-06-20"), decided(person="P2", recorded_date="2025-06-25")],
    }
    rows = [{}, {"perpetrator_id": "P2"}]
    whole = desk.history(*rows, **tables)
    early = desk.history(*rows, as_of="2025-06-10", extract_date="2025-06-30", **tables)
    assert early.source.extract_state == () == early.source.known_later(day("2025-06-10"))
    assert whole.at(day("2025-06-10")).source.known_later(day("2025-06-10")) == ()
    for name in ("referrals", "orders", "decisions"):
        known = [one for one in getattr(whole.source.told, name) if one.known <= day("2025-06-10")]
        seen = list(getattr(early.source.told, name))
        assert len(seen) == 1 and seen == known
    assert early.source.account.sides_not_yet_known == dict.fromkeys(tables, 2)


# Facts

NOTHING = Facts(NO_DAY, NO_DAY, NO_DAY, False, "", "", None, NO_DAY)


def facts(desk, person="P1", as_of=AS_OF, **tables):
    config = desk.config({"point_in_time": "accept_extract_state"})
    history = desk.history({"perpetrator_id": "other"}, config=config, extract_date=EXTRACT, **tables)
    found = history.source.told.facts([person, "nobody"], as_of)
    assert list(found) == [person, "nobody"] and found["nobody"].dob == NO_DAY
    return found[person]


def subject(person="P1", **cells):
    blank = dict.fromkeys(
        ("dob", "area", "force", "deceased_date", "transferred_in", "managed_under", "recorded_date"), ""
    )
    return {"perpetrator_id": person, **blank, **cells}


def test_of_people_in_no_table_nothing_is_known(desk):
    assert facts(desk) == NOTHING
    assert facts(desk, subjects=[subject("P2", area="East")]) == NOTHING
    free = facts(desk, custody=[{"perpetrator_id": "P2", "start": "2025-01-01", "end": ""}])
    assert (free.in_custody, free.planned) == (False, NO_DAY)
    told_ = desk.history({}).source.told
    assert told_.facts([], AS_OF) == {} and list(told_.facts(["a", "a"], AS_OF)) == ["a"]


def test_facts_of_someone_without_a_line_come_from_every_record(desk):
    rows = [
        subject("P1", dob="1990-01-02", transferred_in="2024-01-01", area="West", force="B"),
        subject("old", dob="1990-01-01", deceased_date="2025-06-30", managed_under="MAPPA"),
        subject("older", dob="1900-01-01", transferred_in="2023-01-01", area="East"),
    ]
    for given in itertools.permutations(rows):
        found = facts(desk, subjects=given, links=LINKS)
        assert found == Facts(
            dob=day("1990-01-01"),
            deceased=AS_OF,
            transferred=day("2023-01-01"),
            managed=True,
            area="West",
            force="B",
            in_custody=None,
            planned=NO_DAY,
        )
    # Once joined, a record is no person.
    assert facts(desk, "old", subjects=rows, links=LINKS) == NOTHING


@pytest.mark.parametrize(
    ("rows", "area"),
    [
        ([("East", "2025-01-01"), ("West", "2025-01-02")], "West"),
        ([("West", "2025-01-01"), ("East", "2025-01-02")], "East"),
        ([("East", "2025-01-01"), ("", "2025-01-02")], "East"),
        ([("West", ""), ("East", "2025-01-01")], "East"),
        ([("East", ""), ("West", "")], "West"),
        ([("East", "2025-01-01"), ("West", "2025-07-01")], "East"),
        ([(" East ", "")], "East"),
    ],
)
def test_the_area_told_last_counts_whatever_the_order_of_rows(desk, rows, area):
    rows = [subject(area=text, force=text, recorded_date=recorded) for text, recorded in rows]
    for given in (rows, rows[::-1]):
        found = facts(desk, subjects=given)
        assert (found.area, found.force) == (area, area)


@pytest.mark.parametrize("name", ["deceased", "transferred"])
@pytest.mark.parametrize(("on", "known"), [("2025-06-30", True), ("2025-07-01", False)])
def test_what_happens_later_is_not_known(desk, name, on, known):
    column = {"deceased": "deceased_date", "transferred": "transferred_in"}[name]
    found = facts(desk, subjects=[subject(**{column: on})])
    assert getattr(found, name) == (day(on) if known else NO_DAY)


def test_facts_look_at_the_day_asked_for(desk):
    rows = [
        subject(area="East", recorded_date="2025-01-01"),
        subject(area="West", dob="1990-01-01", managed_under="IOM", recorded_date="2025-06-01"),
        subject(deceased_date="2025-06-15", recorded_date="2025-01-01"),
    ]
    spells = [{"perpetrator_id": "P1", "start": "2025-05-01", "end": "2025-06-20"}]
    seen = [
        facts(desk, as_of=day(on), subjects=rows, custody=spells)
        for on in ("2025-05-31", "2025-06-15", "2025-06-20")
    ]
    assert [one.area for one in seen] == ["East", "West", "West"]
    assert [one.managed for one in seen] == [False, True, True]
    assert [one.deceased != NO_DAY for one in seen] == [False, True, True]
    assert [one.dob != NO_DAY for one in seen] == [False, True, True]
    assert [one.in_custody for one in seen] == [True, True, False]


@pytest.mark.parametrize(
    ("spells", "held", "planned"),
    [
        ([("2025-06-30", "", "")], True, ""),
        ([("2025-07-01", "", "2025-08-01")], False, ""),
        ([("2025-06-01", "2025-06-30", "2025-07-05")], False, ""),
        ([("2025-06-01", "2025-07-01", "2025-07-05")], True, "2025-07-05"),
        ([("2025-06-01", "", "2025-07-05"), ("2025-06-10", "2025-06-20", "2025-09-01")], True, "2025-07-05"),
        ([("2025-06-01", "", "2025-07-05"), ("2025-06-10", "", "2025-09-01")], True, "2025-09-01"),
        ([("2025-06-01", "2025-06-10", ""), ("2025-06-10", "", "")], True, ""),
    ],
)
def test_custody_of_someone_without_a_line_goes_by_the_rules_of_custody(desk, spells, held, planned):
    rows = [
        {"perpetrator_id": whom, "start": start, "end": end, "planned_release": release}
        for whom, (start, end, release) in zip(("old", "P1"), spells, strict=False)
    ]
    other = {"perpetrator_id": "P0", "start": "2025-01-01", "end": "", "planned_release": "2025-07-09"}
    found = facts(desk, custody=[*rows, other], links=LINKS)
    assert (found.in_custody, found.planned) == (held, day(planned))


@pytest.mark.parametrize(
    ("bad", "held"),
    [
        ({"end": "soon"}, None),
        ({"end": "soon", "perpetrator_id": "old"}, None),
        ({"end": "soon", "perpetrator_id": "P2"}, False),
        ({"end": "soon", "start": "2025-07-01"}, False),
    ],
)
def test_a_custody_row_that_cannot_be_used_leaves_custody_open(desk, bad, held):
    row = {"perpetrator_id": "P1", "start": "2025-01-01", "end": "2025-02-01"}
    found = facts(desk, custody=[row, {**row, **bad}], links=LINKS)
    assert found.in_custody is held
    found = facts(desk, custody=[row, {**row, **bad}, {**row, "start": "2025-06-01", "end": ""}], links=LINKS)
    assert found.in_custody is True


# The command line


def test_a_table_that_is_mapped_and_not_given_is_told_with_its_cost(desk, capsys):
    columns = {
        "referrals": {"perpetrator_id": "p", "referred_date": "d"},
        "orders": {"perpetrator_id": "p", "start": "d"},
        "decisions": {"perpetrator_id": "p", "meeting_date": "d", "decision": "w"},
    }
    config = desk.config({name: {"columns": held} for name, held in columns.items()})
    print_missing(config, **dict.fromkeys(columns))
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "  note: the settings map a referrals table and none was given (--referrals): nobody is listed "
        "because a partner referred them",
        "  note: the settings map an orders table and none was given (--orders): nobody is flagged for a "
        "protective order in force",
        "  note: the settings map a decisions table and none was given (--decisions): whom a meeting took "
        "on, monitors or took off is not known",
    ]
    print_missing(config, **dict.fromkeys(columns, "file.csv"))
    print_missing(desk.config(), **dict.fromkeys(columns))
    assert capsys.readouterr().out == ""


def test_validate_accounts_for_every_row_of_the_tables(desk, tmp_path, capsys):
    tables = {
        "referrals": [referral(CANARY), referral(on=""), referral(on="2025-07-01")],
        "orders": [order(), order(end="2025-01-01")],
        "decisions": [decided(), decided("")],
    }
    files = {name: desk.file(rows, f"{name}.csv") for name, rows in tables.items()}
    words = ["validate", "--config", str(tmp_path / "c.yaml"), "--as-of", desk.as_of]
    (tmp_path / "c.yaml").write_text(desk.config().to_yaml(), encoding="utf-8")
    words += ["--offences", str(desk.file(desk.rows({}))), "--extract-date", EXTRACT]
    assert invoke([*words, *(word for name in files for word in (f"--{name}", str(files[name])))]) == 0
    said = capsys.readouterr().out
    assert "3 rows in referrals.csv = 1 used + 1 set aside + 1 not yet known\n" in said
    assert "2 rows in orders.csv = 1 used + 1 set aside + 0 not yet known\n" in said
    assert "2 rows in decisions.csv = 2 used + 0 set aside + 0 not yet known\n" in said
    assert "1 row of decisions.csv holds no decision" in said and CANARY not in said
