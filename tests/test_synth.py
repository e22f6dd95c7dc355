"""The synthetic force: published shape, planted truth met by a run row by row, same bytes for a seed."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import to_day
from rfgscore.errors import ConfigError, OutputError
from rfgscore.pipeline.force import write_force
from rfgscore.report.csv_file import csv_bytes
from rfgscore.synth import Assumptions, Force, make_force, read_assumptions
from rfgscore.synth.incidents import in_season
from rfgscore.synth.units import RULES, rule_of

PAGE = Path(__file__).parent.parent / "docs" / "synthetic-force.md"
#: All districts of the other force.
AREAS_B = ("area.B.District Juniper", "area.B.District Larch")
SIDES = ("subjects", "custody", "links", "removals")


@pytest.fixture(scope="module")
def large() -> Force:
    return make_force(persons=30000, seed=1)


@pytest.fixture(scope="module")
def force() -> Force:
    return make_force(persons=5000, seed=4)


@pytest.fixture(scope="module")
def run(force: Force, tmp_path_factory: pytest.TempPathFactory) -> rfg.Run:
    folder = write_force(force, tmp_path_factory.mktemp("synth") / "force")
    return rfg.run(
        config=rfg.load_config(folder / "config.yaml"),
        offences=folder / "offences.csv",
        as_of=force.as_of,
        **{name: folder / f"{name}.csv" for name in SIDES},
    )


#: Figure, and what it may be: the published one with its tolerance.
SHAPE = [
    ("perpetrators with one incident, share", 0.74, 0.78),
    ("perpetrators holding 80 % of harm, share", 0.01, 0.03),
    ("harm held by the top 3 %, share", 0.80, 0.90),
    ("power few whose first incident was grave, share", 0.50, 0.70),
    ("non-crime incidents, share", 0.37, 0.43),
    ("violence against the person among crimes, share", 0.76, 0.79),
    ("controlling or coercive behaviour among crimes, share", 0.015, 0.035),
    ("female victims of crimes, share", 0.73, 0.77),
    ("perpetrators 21 to 40 years old, share", 0.50, 0.70),
    ("youngest perpetrator in scope, years", 17, 17),
    ("oldest perpetrator, years", 70, 80),
    ("ex-partners among partners, share of rows", 0.49, 0.55),
    ("incidents with children, share", 0.364, 0.384),
    ("perpetrators with two or more victims, share", 0.04, 0.20),
    ("arrests per 100 crimes", 34, 39),
    ("rows recorded later than the day, share", 0.2, 0.35),
    ("perpetrators in a counter-allegation, share", 0.02, 0.04),
    ("rows at fault, share", 0.001, 0.005),
]


@pytest.mark.parametrize(("figure", "low", "high"), SHAPE)
def test_the_shape_is_the_published_one(large: Force, figure: str, low: float, high: float):
    assert low <= dict(large.truth["summary"].rows())[figure] <= high


def test_the_figures_of_the_summary_can_be_counted_from_the_tables(large: Force):
    told = dict(large.truth["summary"].rows())
    persons, rows = large.truth["persons"], large.truth["rows"]
    assert told["perpetrators"] == len(persons) == 30000
    assert told["rows"] == len(large.tables["offences"]) == len(rows)
    assert told["rows used"] == sum(rows["used"]) == sum(reason is None for reason in rows["reason"])
    assert told["perpetrators with one incident, share"] == persons["incidents"].count(1) / 30000
    days = sorted(persons["harm_days"], reverse=True)
    assert told["harm held by the top 3 %, share"] == pytest.approx(sum(days[:900]) / sum(days))
    named = {
        incident: crime
        for incident, crime in zip(rows["incident"], large.tables["offences"]["is_crime"], strict=True)
        if crime is not None
    }
    assert told["non-crime incidents, share"] == pytest.approx(1 - sum(named.values()) / len(named), abs=1e-3)


def test_the_turn_of_the_year_and_the_summer_are_busier(large: Force):
    last = to_day("2025-06-30")
    first = last - 1095
    days = large.tables["offences"].columns["event_date"].values
    many = np.bincount(days[(days >= first) & (days <= last)] - first, minlength=1096)
    in_week = (np.arange(first, last + 1) + 3) % 7 < 5
    busy = in_season(Assumptions(), first, last) > 1
    assert 1.15 < many[in_week & busy].mean() / many[in_week & ~busy].mean() < 1.35
    assert 1.2 < many[~in_week].mean() / many[in_week].mean() < 1.4
    weight = in_season(Assumptions(), 20089, 20453)  # the year 2025
    assert weight[[0, 2, 45, 200, 364]] == pytest.approx([1.25, 1.25, 1.3, 1.27 * 1.3, 1.25])
    assert len(weight) == 365


@pytest.mark.compiled
def test_a_run_sets_aside_the_planted_rows_for_the_planted_reasons(force: Force, run: rfg.Run):
    told = {
        (row, reason)
        for file, row, reason in zip(*(run.set_aside[n] for n in ("file", "row", "reason")), strict=True)
        if file == "offences.csv"
    }
    rows = force.truth["rows"]
    meant = {(row, reason) for row, reason in zip(rows["row"], rows["reason"], strict=True) if reason}
    assert told == meant
    words = {reason for _, reason in meant}
    faults = {row.name.removeprefix("fault.") for row in read_assumptions() if row.name.startswith("fault.")}
    scope = {"NO_NAMED_SUSPECT", "ROLE", "OUTCOME", "NOT_DOMESTIC", "UNDER_AGE", "DUPLICATE", "REMOVED"}
    assert words == faults | scope
    assert run.manifest["rows"]["not_yet_known"] == 0
    assert [entry["set_aside"] for entry in run.manifest["inputs"][1:]] == [0] * 5


@pytest.mark.compiled
def test_a_run_finds_the_true_lines_incidents_and_victims(force: Force, run: rfg.Run):
    history = run.scores.scored.history
    person = history.person_of_line()
    size = len(history.persons)
    most = np.full((2, size), -1)
    np.maximum.at(most[0], person, history.incident)
    np.maximum.at(most[1], person, history.victim)
    columns = [history.persons.tolist(), np.bincount(person).tolist(), *(most + 1).tolist()]
    assert sorted(zip(*columns, strict=True)) == sorted(force.truth["listed"].rows())


@pytest.mark.compiled
def test_the_top_of_the_list_is_recent_repeated_and_grave(run: rfg.Run):
    cohort = run.cohort
    head = zip(*(cohort[f"{name}_value"][:12] for name in ("recency", "frequency", "gravity")), strict=True)
    assert all(days <= 183 and many >= 3 and weight >= 84 for days, many, weight in head)
    scores = [score for score in run.scores.table["score"] if score is not None]
    assert max(scores) < 100 or scores.count(100) < 5
    assert Counter(scores).most_common(1)[0][1] < 0.25 * len(scores)
    assert len(set(scores)) > 30


@pytest.mark.compiled
def test_counter_allegations_are_found(force: Force, run: rfg.Run):
    at = run.scores.table["perpetrator_id"]
    flags = dict(zip(at, run.scores.table["flags"], strict=True))
    persons = force.truth["persons"]
    true = {
        who
        for who, told in zip(persons["perpetrator_id"], persons["counter_allegation"], strict=True)
        if told
    }
    found = {who for who, words in flags.items() if "counter_allegation" in (words or "")}
    assert found and found <= true


def test_movers_have_an_id_in_each_force_and_most_links_are_given(large: Force):
    ids, persons = large.truth["ids"], large.truth["persons"]
    force_of = dict(zip(ids["perpetrator_id"], ids["force"], strict=True))
    movers = [
        (a, b)
        for a, b, moved in zip(*(persons[n] for n in ("perpetrator_id", "other_id", "mover")), strict=True)
        if moved
    ]
    assert len(movers) > 150
    assert all((force_of[a], force_of[b]) == ("Force A", "Force B") for a, b in movers)
    given = {row[:2] for row in large.tables["links"].rows()}
    joined = zip(*(ids[name] for name in ("perpetrator_id", "joined_to", "link")), strict=True)
    known = {"given": set(), "withheld": set()}
    for one, other, link in joined:
        if link:
            known[link].add((one, other))
    assert known["given"] == given and known["withheld"]
    assert 0.8 < len(given) / (len(given) + len(known["withheld"])) < 0.97
    assert any(other in {one for one, _ in given} for _, other in given)  # a chain
    assert any(who.startswith("N0") for who in ids["perpetrator_id"])
    named = Counter(large.tables["offences"]["perpetrator_id"])
    assert all(named[a] + named[b] for a, b in movers)
    assert sum(named[a] > 0 and named[b] > 0 for a, b in movers) > 0.95 * len(movers)


def test_orders_precede_their_breaches_and_custody_is_short(large: Force):
    orders = large.tables["orders"]
    assert set(orders["kind"]) == {"DVPO", "non-molestation", "restraining"}
    assert all(start <= end for start, end in zip(orders["start"], orders["end"], strict=True))
    kinds = large.truth["rows"]["kind"]
    codes = {
        code
        for code, kind in zip(large.tables["offences"]["offence_code"], kinds, strict=True)
        if kind == "order breach"
    }
    assert {None, "066/39", "008/31"} <= codes
    custody = large.tables["custody"]
    stays = [(e - s).days for s, e in zip(custody["start"], custody["end"], strict=True) if e]
    assert 0 < np.median(stays) < 183
    planned = [
        day for end, day in zip(custody["end"], custody["planned_release"], strict=True) if end is None
    ]
    assert any(planned) and not all(planned)
    assert all(day > large.as_of for day in planned if day)


def test_the_same_seed_gives_the_same_bytes_and_nothing_global_is_touched():
    before = np.random.get_state()[1].tolist()
    one, two, other = (make_force(persons=300, seed=seed) for seed in (5, 5, 6))
    assert np.random.get_state()[1].tolist() == before
    for name in [*one.tables]:
        assert csv_bytes(one.tables[name]) == csv_bytes(two.tables[name])
    for name in [*one.truth]:
        assert csv_bytes(one.truth[name]) == csv_bytes(two.truth[name])
    assert csv_bytes(one.tables["offences"]) != csv_bytes(other.tables["offences"])


@pytest.mark.parametrize("persons", [1, 2, 3, 7, 20, 60])
def test_small_forces_are_whole(persons: int):
    for seed in range(4):
        made = make_force(persons=persons, seed=seed, years=1, as_of="2024-02-29")
        assert len(made.truth["persons"]) == persons
        assert len(made.tables) == 8 and len(made.tables["offences"]) >= persons
        assert str(made.as_of) in repr(made)


@pytest.mark.parametrize("events", [1, 50, 50000])
def test_events_say_about_how_many_rows_there_are(events: int):
    made = make_force(events=events, seed=3)
    assert len(made.tables["offences"]) == pytest.approx(events, rel=0.01, abs=30)


#: What no whole number is, or none within bounds.
WRONG = [0.5, "7", "x", True, np.nan, [1, 2], -1, 10**20]


@pytest.mark.parametrize(
    ("name", "bounds", "wrong"),
    [
        ("persons", "1 to 2,000,000", [0, 2_000_001, *WRONG]),
        ("events", "1 to 20,000,000", [0, 20_000_001, *WRONG]),
        ("years", "1 to 50", [0, 51, None, *WRONG]),
        ("seed", "0 to 9,223,372,036,854,775,807", [2**63, None, *WRONG]),
    ],
)
def test_sizes_and_seeds_are_whole_numbers_within_bounds(name: str, bounds: str, wrong: list):
    for value in wrong:
        with pytest.raises(ConfigError, match=f"^{name} is a whole number from {bounds}; give one$"):
            make_force(**{"seed": 1, "persons": None if name == "events" else 5, name: value})


def test_numbers_of_numpy_are_numbers():
    made = make_force(
        persons=np.int64(20), seed=np.uint8(2), years=np.int32(1), assume={"mover": np.float32(0)}
    )
    assert type(made.seed) is int and len(made.truth["persons"]) == 20


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"events": 5}, "one of them"),
        ({"as_of": "30/06/2025"}, "as_of .* YYYY-MM-DD"),
        ({"as_of": "2025-02-30"}, "as_of "),
        ({"as_of": None}, "as_of .* not NoneType"),
        ({"as_of": 10**9}, "as_of is a day from 1990-01-01 to 2199-12-31"),
        ({"as_of": "1989-12-31"}, "as_of is a day from"),
        ({"assume": "x"}, "assume is a mapping"),
        ({"assume": [("mover", 1)]}, "assume is a mapping"),
        ({"assume": {"movers": 1}}, "there is no assumption 'movers'"),
        ({"assume": {7: 1}}, "there is no assumption 7"),
        ({"assume": {"mover": "many"}}, "'mover' takes a number from 0 to 1"),
        ({"assume": {"mover": 2}}, "'mover' takes"),
        ({"assume": {"mover": True}}, "'mover' takes"),
        ({"assume": {"mover": "0_1"}}, "'mover' takes"),
        ({"assume": {"mover": 10**5000}}, "'mover' takes"),
        ({"assume": {"further_victim": np.nan}}, "'further_victim' takes"),
        ({"assume": {"gap_days": np.inf}}, "'gap_days' takes a whole number from 0 to 3,650"),
        ({"assume": {"meetings": 1.5}}, "'meetings' takes a whole number from 0 to 1,000"),
        ({"assume": {"most_victims": 0}}, "'most_victims' takes a whole number from 1"),
        ({"assume": {"season.winter_days": -1}}, "'season.winter_days' takes two days of the year"),
        ({"assume": {"season.winter_days": "02-30/03-01"}}, "MM-DD/MM-DD"),
        ({"assume": {"season.winter_days": "2-1/3-1"}}, "MM-DD/MM-DD"),
        (
            {"assume": {"course_of_conduct": "x"}},
            "'course_of_conduct' takes offence codes of cchi-da-2020-10",
        ),
        ({"assume": {"male_victim.019/08": None}}, "'male_victim.019/08' takes one of the offence codes"),
        ({"assume": {"male_victim.019/08": "NON_CRIME"}}, "'male_victim.019/08' takes"),
        ({"assume": {"breach_code.DVPO": "8/6"}}, "'breach_code.DVPO' takes NON_CRIME or"),
        ({"assume": {**dict.fromkeys(AREAS_B, 0)}}, r"every assumption area.B.\* is 0"),
        ({"assume": {"order.DVPO": 1}}, r"order.\* add up to more than 1"),
        ({"assume": {"lines_2": 0.6, "lines_3": 0.5}}, r"lines_\* add up"),
    ],
)
def test_what_cannot_be_made_is_refused(words: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        make_force(**{"persons": 5, "seed": 1, **words})


def test_more_rows_than_there_may_be_are_refused_before_they_are_drawn():
    busy = {"one_event_share": 0, "most_incidents": 1000, "repeat_exponent": 0}
    with pytest.raises(ConfigError, match="2,000,000 persons make more than 20,000,000 offence rows"):
        make_force(persons=2_000_000, seed=1, assume=busy)


def test_codes_drawn_again_need_others_beside_them():
    swapped = [row.name[-6:] for row in read_assumptions() if row.name.startswith("male_victim.")]
    others = {
        row.name: 0
        for row in read_assumptions()
        if row.name.startswith("grave.") and row.name[-6:] not in swapped
    }
    with pytest.raises(ConfigError, match="besides those of male_victim is 0"):
        Assumptions(others)


#: Values at and beyond the bounds of every unit, and things that are no value.
VALUES = st.one_of(
    st.sampled_from(
        [0, 1, 10, 20, 1000, 3650, 10**6, 1e9, 10**20, "0.5", "NON_CRIME", "019/08", "008/06;019/08"]
    ),
    st.sampled_from(["01-01/12-31", "02-29/02-28", "", None, [1], b"1", {}]),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.floats(0, 1),
    st.text(max_size=5),
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from([row.name for row in read_assumptions()]), VALUES, max_size=3),
    st.integers(0, 2**63 - 1),
)
def test_any_value_of_any_assumption_gives_a_force_or_is_refused(assume: dict, seed: int):
    try:
        made = make_force(persons=20, seed=seed, assume=assume)
    except ConfigError:
        return
    assert len(made.truth["persons"]) == 20


@pytest.mark.compiled
def test_the_bounds_of_counts_days_and_the_like_can_be_drawn():
    for row in read_assumptions():
        takes = rule_of(row.unit).takes
        if "number" not in takes or row.unit == "weight" or row.unit.startswith("share"):
            continue
        for bound in re.findall(r"[\d,]+", takes):
            made = make_force(persons=20, seed=1, assume={row.name: bound.replace(",", "")})
            assert all(csv_bytes(table) for table in made.tables.values())


def test_the_shipped_values_are_what_their_units_take():
    assert [row.name for row in read_assumptions() if not rule_of(row.unit).fits(row.value)] == []


@pytest.mark.compiled
def test_a_force_goes_into_a_run_without_files(tmp_path: Path):
    force = make_force(persons=300, seed=3)
    folder = write_force(force, tmp_path / "force")
    config = rfg.load_config(yaml.safe_load(force.config))
    tables = {name: force.tables[name].to_pandas() for name in SIDES}
    offences = force.tables["offences"].to_pandas()
    ours = rfg.run(config=config, offences=offences, as_of=force.as_of, **tables)
    written = rfg.run(
        config=rfg.load_config(folder / "config.yaml"),
        offences=folder / "offences.csv",
        as_of=force.as_of,
        **{name: folder / f"{name}.csv" for name in SIDES},
    )
    assert len(ours.cohort) > 5 and list(ours.cohort.columns) == list(written.cohort.columns)
    assert list(ours.cohort.rows()) == list(written.cohort.rows())
    assert ours.set_aside["reason"] == written.set_aside["reason"]


def test_an_assumption_can_be_replaced():
    nothing = {"mover": 0, "double_record": 0, "removed": 0, "duplicate": 0, "no_suspect": 0}
    faults = {row.name: 0 for row in read_assumptions() if row.name.startswith("fault.")}
    made = make_force(persons=400, seed=1, assume={**nothing, **faults})
    assert [len(made.tables[name]) for name in ("links", "removals")] == [0, 0]
    assert set(made.truth["rows"]["reason"]) <= {None, "ROLE", "OUTCOME", "NOT_DOMESTIC", "UNDER_AGE"}
    assert made.assumptions.number("mover") == 0


def test_the_code_reads_every_assumption(monkeypatch: pytest.MonkeyPatch):
    asked: set[str] = set()
    text, words = Assumptions.number, Assumptions.words
    monkeypatch.setattr(Assumptions, "number", lambda self, name: asked.add(name) or text(self, name))
    monkeypatch.setattr(Assumptions, "words", lambda self, group: asked.add(group) or words(self, group))
    whole = Assumptions.text
    monkeypatch.setattr(Assumptions, "text", lambda self, name: asked.add(name) or whole(self, name))
    make_force(persons=50, seed=1)
    names = [row.name for row in read_assumptions()]
    assert len(set(names)) == len(names)
    unread = [n for n in names if n not in asked and not any(n.startswith(f"{g}.") for g in asked)]
    assert unread == []


def test_every_assumption_tells_its_source():
    for row in read_assumptions():
        assert row.value and row.unit and row.source, row.name
        assert row.source == "assumed" or any(c.isdigit() for c in row.source), row.name


def test_the_page_shows_the_table_and_the_figures(large: Force):
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| name | value | unit | source | note |") + 2
    assert lines[start:] == [
        f"| {row.name} | {row.value} | {row.unit} | {row.source} | {row.note} |" for row in read_assumptions()
    ]
    start = lines.index("| unit | takes |") + 2
    shown = [line.strip("| ").split(" | ") for line in lines[start : lines.index("", start)]]
    assert {unit.removesuffix(", of whatever"): takes for unit, takes in shown} == {
        unit: rule.takes for unit, rule in RULES.items()
    }
    told = dict(large.truth["summary"].rows())
    start = lines.index("| figure | published | here |") + 2
    shown = [line.strip("| ").split(" | ") for line in lines[start : lines.index("", start)]]
    assert len(shown) >= 15
    for figure, _, here in shown:
        value = told[figure]
        assert here == (f"{100 * value:.1f} %" if "share" in figure else f"{value:.4g}")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_force_is_written_whole_or_not_at_all(tmp_path: Path, kind: str):
    small = make_force(persons=40, seed=2)
    folder = write_force(small, tmp_path / "force", kind=kind)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == "force/1" and manifest["seed"] == 2
    assert {path.name for path in folder.iterdir()} == {*manifest["outputs"], "manifest.json"}
    assert {f"offences.{kind}", f"truth_rows.{kind}", "config.yaml", "assumptions.csv"} <= set(
        manifest["outputs"]
    )
    with pytest.raises(OutputError):
        write_force(small, folder, kind=kind)
    config = rfg.load_config(folder / "config.yaml")
    history = rfg.read_offences(
        folder / f"offences.{kind}",
        config=config,
        as_of=small.as_of,
        **{name: folder / f"{name}.{kind}" for name in SIDES if len(small.tables[name])},
    )
    assert history.set_aside["reason"] == [r for r in small.truth["rows"]["reason"] if r]
    with pytest.raises(ConfigError, match="csv or parquet"):
        write_force(small, tmp_path / "other", kind="xlsx")


def test_a_force_is_replaced_by_a_force_and_nothing_else_is(tmp_path):
    force = make_force(persons=30, seed=1)
    write_force(force, tmp_path / "force")
    write_force(make_force(persons=30, seed=2), tmp_path / "force", replace=True)
    with pytest.raises(OutputError, match="not empty"):
        write_force(force, tmp_path / "force")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text('{"schema": "run/1", "outputs": {}}', encoding="utf-8")
    with pytest.raises(OutputError, match="something else"):
        write_force(force, tmp_path / "other", replace=True)
