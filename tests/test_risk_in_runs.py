"""A fitted model in a run: figures beside the list, the order of equals, words, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rfgscore as rfg
from rfgscore.cli.main import invoke
from rfgscore.cohort.former import Past
from rfgscore.cohort.undone import Undone
from rfgscore.dates import iso, to_day
from rfgscore.errors import ConfigError, InputNotFoundError, ModelFileError, PointInTimeError
from rfgscore.escalation.model import EscalationModel
from rfgscore.escalation.risks import Reason, open_model, risks_of
from rfgscore.explain.risk import CAVEAT, _moves, risk_of_100
from rfgscore.pipeline.diff import diff
from rfgscore.pipeline.previous import read_previous
from rfgscore.scoring import Scored, order_equals
from rfgscore.scoring.leaving import Leaving, leaving
from rfgscore.scoring.what_next import one_more

AS_OF, EARLIER, UNTIL = "2025-06-30", "2025-05-31", "2025-03-31"
HORIZONS = [60, 120]
#: Few values, so that many people are equal in all of them.
SETTINGS: dict[str, Any] = {
    "schema": "rfgscore/1",
    "name": "north",
    "gravity": {"table": "cchi-da-2020-10"},
    "score": {
        "window_days": 365,
        "components": {
            "frequency": {"bands": [{"from": 1, "points": 5}, {"from": 3, "points": 10}]},
            "gravity": {"bands": [{"from": 1, "points": 5}]},
        },
    },
    "cohort": {"capacity": 8, "reserve": 8, "emerging": []},
    "escalation": {"horizons": HORIZONS},
    "input": {
        "columns": {
            name: name for name in ("perpetrator_id", "event_date", "offence_code", "victim_id", "event_id")
        },
        "subjects": {"columns": {"perpetrator_id": "perpetrator_id", "deceased_date": "deceased_date"}},
        "custody": {"columns": {"perpetrator_id": "perpetrator_id", "start": "start", "end": "end"}},
        "referrals": {"columns": {"perpetrator_id": "perpetrator_id", "referred_date": "referred_date"}},
    },
}
LISTS = ("cohort.csv", "monitoring.csv")
COLUMNS = ("escalation_risk", "escalation_horizon_days")


def config_of(use: str = "annotate", **sections: Any) -> rfg.Config:
    escalation = {**SETTINGS["escalation"], "use": use, **sections.pop("escalation", {})}
    return rfg.load_config({**SETTINGS, **sections, "escalation": escalation})


def offences() -> list[dict[str, str]]:
    """Three years of some hundred people, a few of whom are recorded again and again."""
    rng = np.random.default_rng(7)
    start, out = to_day("2022-07-01"), []
    for person in range(160):
        for _ in range(1 + rng.poisson(0.5 + 5 * (person % 8 == 0))):
            day = start + int(rng.integers(0, 1095))
            code = "8/6" if rng.random() < 0.9 else "8/1"
            out.append((day, f"P{person:03d}", code, f"V{int(rng.integers(0, 3))}{person}"))
    return [
        {
            "perpetrator_id": who,
            "event_date": iso(day),
            "offence_code": code,
            "victim_id": victim,
            "event_id": f"E{number}",
        }
        for number, (day, who, code, victim) in enumerate(out)
    ]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


class Files:
    """The extract, and models fitted on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = offences()
        self.offences = write(folder / "offences.csv", self.rows)
        # Read on the last day of the fit, the file being of a later one.
        self.history = rfg.read_offences(self.offences, config=config_of(), as_of=UNTIL, extract_date=AS_OF)
        self.model = self.fitted("repeat.json", features=["incidents_window", "days_since_last"])
        self.other = self.fitted("other.json", features=["days_since_last"])

    def fitted(self, name: str, **more: Any) -> Path:
        model = EscalationModel(horizons=HORIZONS, window_days=365, **more)
        path = self.folder / name
        model.fit(self.history, UNTIL).save(path)
        return path

    def run(self, config: rfg.Config | None = None, as_of: str = AS_OF, **more: Any) -> rfg.Run:
        given = {"offences": self.offences, "model": self.model, "extract_date": AS_OF, **more}
        return rfg.run(config=config or config_of(), as_of=as_of, **given)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    return Files(tmp_path_factory.mktemp("risk"))


@pytest.fixture(scope="module")
def plain(files) -> rfg.Run:
    return files.run(model=None)


@pytest.fixture(scope="module")
def annotated(files) -> rfg.Run:
    return files.run()


@pytest.fixture(scope="module")
def ordered(files) -> rfg.Run:
    return files.run(config_of("tiebreak"))


def rows_of(run: rfg.Run, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run.files[name].decode("utf-8-sig"), newline="")))


def figures(files: Files, model: Path | None = None, as_of: str = AS_OF) -> dict[str, float]:
    """Risk within the longest horizon by id, from the model itself."""
    history = rfg.read_offences(files.offences, config=config_of(), as_of=as_of, extract_date=AS_OF)
    table = EscalationModel.load(model or files.model).predict(history, as_of)
    risk = table[f"risk_{HORIZONS[-1]}d"]
    return dict(zip(map(str, table["perpetrator_id"]), [round(one, 6) for one in risk], strict=True))


# --- annotate -----------------------------------------------------------------------------------------------


def test_annotating_changes_two_columns_of_the_lists_and_nothing_else_in_the_order(plain, annotated, files):
    for name in LISTS:
        bare, told = rows_of(plain, name), rows_of(annotated, name)
        assert [{**row, **dict.fromkeys(COLUMNS, "")} for row in told] == bare
    for name in ("scores.parquet", "excluded.csv", "since.csv", "set_aside.csv", "summary.csv"):
        assert plain.files[name] == annotated.files[name]
    assert plain.files["briefing.html"] == annotated.files["briefing.html"]
    assert set(plain.cohort["escalation_risk"]) == {None} == set(plain.cohort["escalation_horizon_days"])
    risk = figures(files)
    assert annotated.cohort["escalation_risk"] == [risk[who] for who in annotated.cohort["perpetrator_id"]]
    assert set(annotated.cohort["escalation_horizon_days"]) == {HORIZONS[-1]}
    assert len(set(annotated.cohort["escalation_risk"])) > 3


def test_without_a_model_no_page_speaks_of_one(plain, annotated):
    for name in ("report.html", "monitoring.html"):
        page = plain.files[name].decode()
        assert "of 100 people" not in page.casefold() and 'id="model"' not in page
    assert not any(word.startswith("escalation") for word in plain.explanations["component"])
    assert "model" not in plain.manifest["run"]
    assert "model" not in {entry["table"] for entry in plain.manifest["inputs"]}


def test_explanations_tell_each_horizon_and_what_moves_the_figures(annotated, files):
    rows = rows_of(annotated, "explanations.csv")
    short = hashlib.sha256(files.model.read_bytes()).hexdigest()[:12]
    history = rfg.read_offences(files.offences, config=config_of(), as_of=AS_OF)
    model = EscalationModel.load(files.model)
    for listed in rows_of(annotated, "cohort.csv"):
        own = [row for row in rows if row["perpetrator_id"] == listed["perpetrator_id"]]
        told = [row for row in own if row["component"] == "escalation_risk"]
        assert [row["unit"] for row in told] == [f"probability within {days} days" for days in HORIZONS]
        assert told[-1]["value"] == listed["escalation_risk"]
        for row, days in zip(told, HORIZONS, strict=True):
            assert row["band"] == row["points"] == row["max_points"] == row["evidence"] == ""
            said = row["sentence"]
            figure = risk_of_100(float(row["value"]))
            assert said.startswith(f"By model {short}, of 100 people with such a record {figure} would ")
            assert f"within {days} days" in said and CAVEAT in said
            assert f"followed to {UNTIL}. " in said
            assert said.endswith("It changes neither the score nor the order.")
        moves = [row for row in own if row["component"].startswith("escalation:")]
        expected = model.explain(history, AS_OF, listed["perpetrator_id"])
        wanted = [
            (f"escalation:{name}", round(adds, 6))
            for name, adds in zip(expected["column"], expected["contribution"], strict=True)
            if round(adds, 6)
        ]
        assert [(row["component"], float(row["value"])) for row in moves] == wanted[:5]
        assert own[-len(moves) :] == moves and own[-len(moves) - len(told) : -len(moves)] == told
        for row in moves:
            way = "Raises" if float(row["value"]) > 0 else "Lowers"
            assert row["sentence"].startswith(f"{way} the figure: ")
            assert re.search(r": [\d.]+ \(average [\d.]+\)\.$", row["sentence"])
        assert "the look-back" not in "".join(row["sentence"] for row in own)
    assert not re.search(r"\bnan\b", annotated.files["explanations.csv"].decode(), re.IGNORECASE)


@pytest.mark.parametrize(
    ("risk", "said"),
    [
        (0.0, "fewer than 1"),
        (0.0051, "about 1"),
        (0.345, "about 34"),
        (0.996, "more than 99"),
        (0.99, "about 99"),
    ],
)
def test_a_figure_in_words_is_never_none_and_never_all(risk, said):
    assert risk_of_100(risk) == said


def test_the_packs_show_figures_with_horizon_and_caveat_and_tell_of_the_model(annotated):
    page = annotated.files["report.html"].decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    short = re.findall(
        r"By the model, of 100 people with such a record, so many would be recorded for another incident: "
        r"(?:about \d+|fewer than 1|more than 99) within 120 days\. " + re.escape(CAVEAT),
        text,
    )
    assert len(short) == len(annotated.cohort)
    whole = re.findall(
        r"another incident: [^.]*? within 60 days and [^.]*? within 120 days\. This is said", text
    )
    assert len(whole) == len(annotated.cohort)
    assert text.count("What a model says of people with such a record") == len(annotated.cohort)
    assert page.count('<a href="#model">') == 1 and '<section id="model"' in page
    card = annotated.manifest["run"]["model"]
    assert f"fitted on {card['rows']:,} rows of {card['people']:,} people" in text
    assert f"{100 * card['observed'][1]:.1f} of 100" in text and card["until"] in text
    assert "It is shown beside the list and changes neither score nor order." in text
    assert "It looks at: days since the latest incident; incidents in 365 days." in text
    tables = page[page.index("Tables read") :]
    assert '<th scope="row">model</th>' not in tables  # it is no table of rows


def test_the_manifest_names_the_model_among_the_inputs_and_what_it_is(annotated, files):
    given = [entry for entry in annotated.manifest["inputs"] if entry["table"] == "model"]
    sha256 = hashlib.sha256(files.model.read_bytes()).hexdigest()
    assert given == [{"table": "model", "file": "repeat.json", "sha256": sha256, "rows": 0, "set_aside": 0}]
    facts = annotated.manifest["run"]["model"]
    assert (facts["schema"], facts["outcome"], facts["until"]) == ("model/1", "repeat", UNTIL)
    assert facts["horizons"] == HORIZONS and facts["clock"] == "calendar"


@pytest.mark.compiled
def test_bytes_are_the_same_again_in_any_order_of_rows_and_under_another_name_of_the_file(
    ordered, files, tmp_path
):
    assert files.run(config_of("tiebreak"), threads=2).files == ordered.files
    model = Path(shutil.copy(files.model, tmp_path / "moved.json"))
    mixed = write(tmp_path / "offences.csv", files.rows[::-1])
    again = files.run(config_of("tiebreak"), model=model, offences=mixed)
    apart = {"manifest.json", "set_aside.csv"}
    assert {name for name in again.files if again.files[name] != ordered.files[name]} <= apart


# --- tie-break ----------------------------------------------------------------------------------------------


def key(row: dict[str, Any]) -> tuple[float, ...]:
    return (-row["score"], -row["gravity_value"], -row["frequency_value"])


def people_of(run: rfg.Run) -> dict[str, dict[str, Any]]:
    table = run.scores.table
    rows = (dict(zip(table.columns, cells, strict=True)) for cells in table.rows())
    return {row["perpetrator_id"]: row for row in rows}


def test_the_tie_break_orders_full_ties_by_risk_and_touches_nothing_else(annotated, ordered, files):
    before, after, risk = people_of(annotated), people_of(ordered), figures(files)
    same = ("score", "rank", "tied_with", "max_score", "gravity_value", "gravity_points", "frequency_band")
    for person, row in before.items():
        assert {name: row[name] for name in same} == {name: after[person][name] for name in same}
    wanted = sorted(after, key=lambda person: (*key(after[person]), -risk[person], person))
    assert [after[person]["position"] for person in wanted] == list(range(1, len(after) + 1))
    moved = [person for person in before if before[person]["position"] != after[person]["position"]]
    assert len(moved) > 20
    # Each full tie holds the same positions as before.
    ties = [{key(row): set() for row in rows.values()} for rows in (before, after)]
    for held, rows in zip(ties, (before, after), strict=True):
        for row in rows.values():
            held[key(row)].add(row["position"])
    assert ties[0] == ties[1]


def test_a_cut_through_people_equal_in_risk_too_is_flagged_and_no_other(annotated, ordered, files):
    risk = figures(files)
    for run, last in ((annotated, lambda person: ()), (ordered, lambda person: (risk[person],))):
        rows = people_of(run)
        order = sorted(rows, key=lambda person: rows[person]["position"])
        wanted = set()
        for cut in (8, 16):
            above, below = order[cut - 1], order[cut]
            if (key(rows[above]), last(above)) == (key(rows[below]), last(below)):
                whole = (key(rows[above]), last(above))
                wanted |= {person for person in rows if (key(rows[person]), last(person)) == whole}
        flagged = {person for person, row in rows.items() if "cut_through_tie" in (row["flags"] or "")}
        assert flagged == wanted
    assert any("cut_through_tie" in (row["flags"] or "") for row in people_of(annotated).values())


def test_words_about_the_order_name_the_risk(ordered):
    told = next(text for text in ordered.cohort["summary"] if "put in order by" in text)
    assert "put in order by gravity, frequency, escalation risk" in told
    page = ordered.files["report.html"].decode()
    assert "Position inside a tie follows gravity, frequency, escalation risk, then the order of ids" in page
    assert "it orders only people who are equal" in ordered.files["explanations.csv"].decode()


def test_scoring_alone_orders_equals_as_a_run_does(files, ordered):
    config = config_of("tiebreak", escalation={"model": str(files.model)})
    history = rfg.read_offences(files.offences, config=config, as_of=AS_OF)
    alone = rfg.score(history, config=config).table
    assert list(alone.rows()) == list(ordered.scores.table.rows())
    with pytest.raises(ConfigError, match="none is given: name one under"):
        rfg.score(history, config=config_of("tiebreak"))


def random_scored(seed: int) -> tuple[rfg.History, Scored]:
    rng = np.random.default_rng(seed)
    size = 40
    history = rfg.History.from_arrays(
        person=rng.integers(0, 14, size),
        day=20000 - rng.integers(0, 22, size),
        gravity=rng.choice([1.0, 5.0], size),
        incident=rng.integers(0, 60, size),
    )
    score = {
        "window_days": 20,
        "components": {
            "recency": {"bands": [{"up_to": 4, "points": 9}, {"up_to": 9, "points": 4}]},
            "gravity": {"bands": [{"from": 1, "points": 2}, {"from": 5, "points": 8}]},
        },
    }
    settings = {"schema": "rfgscore/1", "gravity": {"table": "cchi-da-2020-10"}, "score": score}
    config = rfg.load_config(
        {**settings, "rank": {"tie_break": ["gravity"]}, "cohort": {"capacity": 3, "reserve": 2}}
    )
    scored = rfg.score(history, config=config, as_of=20000).scored
    return history, order_equals(scored, rng.choice([0.1, 0.2, 0.3], len(scored.people)), "a model")


@pytest.mark.parametrize("seed", range(12))
def test_people_leave_on_the_day_that_ranking_every_day_by_the_risk_of_today_finds(seed):
    history, scored = random_scored(seed)
    risk = dict(zip(scored.history.persons[scored.people].tolist(), scored.risk[scored.people], strict=True))
    waiting = {person for person, at in zip(risk, scored.ranking.position, strict=True) if 0 < at <= 5}
    wanted: dict[int, Leaving] = {}
    for day in range(20001, 20021):
        later = rfg.score(history, config=scored.config, as_of=day).scored
        there = later.history.persons[later.people].tolist()
        keys = zip(-later.score, -later.components[-1].value, there, strict=True)
        order = sorted((score, gravity, -risk[person], person) for score, gravity, person in keys)
        first = {person for *_, person in order[:5]}
        gone = waiting - first
        wanted |= {one: Leaving(day, "position" if one in there else "window") for one in gone}
        waiting &= first
    found = leaving(scored, range(len(scored.people)))
    assert dict(zip(risk, found, strict=True)) == {person: wanted.get(person) for person in risk}


@pytest.mark.parametrize("seed", range(4))
def test_one_more_incident_leaves_the_risk_as_it_is(seed):
    _, scored = random_scored(seed)
    persons = scored.history.persons[scored.people].tolist()
    gravity = scored.components[-1].value
    for place in range(len(persons)):
        found = one_more(scored, place)
        score = scored.score.astype(float)
        score[place] = found.score
        keys = [
            (-score[at], -gravity[at], -scored.risk[scored.people[at]], persons[at])
            for at in range(len(persons))
        ]
        assert found.position == 1 + sorted(range(len(persons)), key=keys.__getitem__).index(place)


# --- against the run before ---------------------------------------------------------------------------------


def test_changes_are_told_against_an_earlier_run_that_ordered_equals_too(files, ordered, tmp_path):
    earlier = files.run(config_of("tiebreak"), as_of=EARLIER).write(tmp_path / "may")
    run = files.run(config_of("tiebreak"), previous=earlier)
    then = people_of(files.run(config_of("tiebreak"), as_of=EARLIER))
    rows = rows_of(run, "cohort.csv")
    assert list(run.scores.table.rows()) == list(ordered.scores.table.rows()) and len(rows) >= 16
    for row in rows:
        before = then.get(row["perpetrator_id"], {}).get("position")
        assert row["previous_position"] == ("" if before is None else str(before))
    told = rows_of(run, "changes.csv")
    swapped = [row for row in told if "with equals in the order of 2025-05-31" in row["sentence"]]
    assert {row["cause"] for row in swapped} == {""}  # the same model: no setting changed
    assert all(row["what"] == "moved" for row in swapped)


def test_everyone_stands_where_they_stand_among_those_of_then_and_of_now(files, ordered, tmp_path):
    """Positions are found again from what decides them, in either run, whoever is equal to whom."""
    earlier = files.run(config_of("tiebreak"), as_of=EARLIER).write(tmp_path / "may")
    scored = ordered.scores.scored
    told = scored.history.source.told
    past = Past(read_previous(earlier, told, scored.as_of))
    for row in np.flatnonzero(past.position > 0).tolist():
        position = int(past.position[row])
        values = [-past.value(f"{name}_value", row) for name in ("gravity", "frequency")]
        assert (
            past.standings.position((-past.value("score", row), *values, position), [position - 1])
            == position
        )
    undone = Undone(scored, past, scored.people)
    assert undone._positions(undone.now) == undone.position == scored.ranking.position.tolist()
    assert undone._anew(scored.history) == undone.position


def test_rows_withdrawn_since_are_told_of_among_equals_too(files, tmp_path):
    first = files.run(config_of("tiebreak"), as_of=EARLIER)
    gone, fewer = first.cohort["perpetrator_id"][:2]
    kept = [row for row in files.rows if row["perpetrator_id"] != gone]
    own = sorted((row for row in kept if row["perpetrator_id"] == fewer), key=lambda row: row["event_date"])
    # What both windows hold, but for the latest.
    lost = [row for row in own[:-1] if row["event_date"] >= "2024-07-01"]
    assert len(lost) > 1 and own[-1]["event_date"] < EARLIER
    now = write(tmp_path / "offences.csv", [row for row in kept if row not in lost])
    run = files.run(config_of("tiebreak"), offences=now, previous=first.write(tmp_path / "may"))
    told = {row["perpetrator_id"]: row for row in rows_of(run, "changes.csv")}
    with_it = files.run(config_of("tiebreak"), offences=write(tmp_path / "all.csv", kept))
    for person, position in ((gone, 1), (fewer, people_of(with_it)[fewer]["position"])):
        words = f"with the rows as they were on {EARLIER} the position would be {position}"
        assert told[person]["cause"] == "correction" and words in told[person]["sentence"]


def test_another_model_under_tiebreak_is_a_change_of_settings(files, tmp_path):
    earlier = files.run(config_of("tiebreak"), as_of=EARLIER, model=files.other).write(tmp_path / "may")
    same = files.run(config_of("tiebreak"), previous=earlier, model=files.other)
    other = files.run(config_of("tiebreak"), previous=earlier)
    words = "with equals in the order of 2025-05-31"
    causes = {row["cause"] for row in rows_of(other, "changes.csv") if words in row["sentence"]}
    assert causes == {"config"}
    assert "config" not in {row["cause"] for row in rows_of(same, "changes.csv")}


def test_turning_the_tie_break_on_or_off_is_a_change_of_settings(files, tmp_path):
    for first, second in (("annotate", "tiebreak"), ("tiebreak", "annotate")):
        earlier = files.run(config_of(first), as_of=EARLIER).write(tmp_path / first)
        told = rows_of(files.run(config_of(second), previous=earlier), "changes.csv")
        assert any(
            row["cause"] == "config" and "under the previous settings" in row["sentence"] for row in told
        )


def test_a_model_that_only_annotates_is_no_cause(files, tmp_path, plain, annotated, ordered):
    bare, told = plain.write(tmp_path / "bare"), annotated.write(tmp_path / "told")
    found = diff(bare, told)
    assert not len(found.people) and "there is none" in str(found)
    by_risk = ordered.write(tmp_path / "ordered")
    other = files.run(config_of("tiebreak"), model=files.other).write(tmp_path / "other")
    assert "it can only be config" not in str(diff(by_risk, other))  # the model is an input there
    assert "repeat.json" in str(diff(by_risk, other)) and "other.json" in str(diff(by_risk, other))
    assert "known only when" in str(diff(by_risk, other))


# --- people of whom the model says less ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(files) -> dict[str, Path]:
    """The first of the list dead, the second in custody; somebody unknown referred."""
    top = files.run().cohort["perpetrator_id"]
    folder = files.folder
    return {
        "subjects": write(
            folder / "subjects.csv", [{"perpetrator_id": top[0], "deceased_date": "2025-06-29"}]
        ),
        "custody": write(
            folder / "custody.csv", [{"perpetrator_id": top[1], "start": "2025-06-29", "end": ""}]
        ),
        "referrals": write(
            folder / "referrals.csv",
            [{"perpetrator_id": who, "referred_date": "2025-06-20"} for who in (top[0], "nobody-known")],
        ),
    }


def test_nothing_is_said_of_people_without_a_place_or_who_died(files, tables):
    for use in ("annotate", "tiebreak"):
        run = files.run(config_of(use), **tables)
        rows = {row["perpetrator_id"]: row for row in rows_of(run, "cohort.csv")}
        dead = run.scores.scored.exclusion.index(
            next(why for why in run.scores.scored.exclusion if why is not None)
        )
        person = str(run.scores.scored.history.persons[run.scores.scored.people[dead]])
        for silent in (person, "nobody-known"):
            assert silent in rows and rows[silent]["escalation_risk"] == ""
            assert rows[silent]["escalation_horizon_days"] == ""
            told = [r for r in rows_of(run, "explanations.csv") if r["perpetrator_id"] == silent]
            assert not any(row["component"].startswith("escalation") for row in told)
        assert all(row["escalation_risk"] for who, row in rows.items() if who not in (person, "nobody-known"))
        page = run.files["report.html"].decode()
        assert "It says nothing of 1 of the people scored, who died or were handed on" in page
        orders = "within 120 days orders people who are equal in score and in every tie-break value"
        assert (orders in page) == (use == "tiebreak")


def test_a_list_of_nobody_has_no_figures(files):
    for use in ("annotate", "tiebreak"):
        run = files.run(config_of(use), as_of="2035-06-30", extract_date=None, allow_empty=True)
        assert len(run.cohort) == 0 and len(run.explanations) == 0
        assert run.manifest["run"]["model"]["until"] == UNTIL


def test_a_model_without_people_in_custody_says_nothing_of_them(files, tables):
    path = files.fitted("free.json", features=["incidents_window"], held="exclude")
    run = files.run(model=path, custody=tables["custody"])
    rows = rows_of(run, "cohort.csv")
    assert [row["in_custody"] for row in rows if not row["escalation_risk"]] == ["true"]
    assert "or who are in custody" in run.files["report.html"].decode()


def test_days_at_liberty_are_named_and_people_in_custody_are_told_of_once_free(files, tables):
    config = config_of()
    history = rfg.read_offences(
        files.offences, config=config, as_of=UNTIL, extract_date=AS_OF, custody=tables["custody"]
    )
    path = files.folder / "liberty.json"
    model = EscalationModel(horizons=HORIZONS, window_days=365, features=["incidents_window"])
    model.fit(history, UNTIL).save(path, replace=True)
    assert model.card["clock"] == "at_liberty"
    run = files.run(config, model=path, custody=tables["custody"])
    held = next(row for row in rows_of(run, "cohort.csv") if row["in_custody"] == "true")
    told = [row for row in rows_of(run, "explanations.csv") if row["component"] == "escalation_risk"]
    assert {row["unit"] for row in told} == {
        f"probability within {days} days at liberty" for days in HORIZONS
    }
    for row in told:
        once = "days once at liberty. It learnt" if row["perpetrator_id"] == held["perpetrator_id"] else ""
        assert (once or "days at liberty. It learnt") in row["sentence"]


# --- what is refused ----------------------------------------------------------------------------------------


def test_a_model_is_found_beside_the_settings_and_the_option_goes_first(files, annotated, tmp_path):
    (tmp_path / "models").mkdir()
    shutil.copy(files.other, tmp_path / "models" / "own.json")
    told = {**SETTINGS, "escalation": {"horizons": HORIZONS, "model": "models/own.json"}}
    (tmp_path / "north.yaml").write_text(json.dumps(told), encoding="utf-8")
    config = rfg.load_config(tmp_path / "north.yaml")
    assert config.model_path == tmp_path / "models" / "own.json"
    own = files.run(config, model=None)
    assert own.manifest["run"]["model"]["columns_used"] == ["days_since_last"]
    assert files.run(config).cohort["escalation_risk"] == annotated.cohort["escalation_risk"]
    (tmp_path / "models" / "own.json").unlink()
    with pytest.raises(InputNotFoundError, match=r"there is no model file own\.json"):
        files.run(config, model=None)


def test_a_horizon_the_model_does_not_know_is_refused_naming_both(files):
    with pytest.raises(ModelFileError, match=r"repeat\.json: .* asks for 90 days.* fitted for 60, 120"):
        files.run(config_of(escalation={"horizons": [60, 90]}))
    one = files.run(config_of(escalation={"horizons": [60]}))
    assert set(one.cohort["escalation_horizon_days"]) == {60}


def test_a_model_that_learnt_from_later_days_is_refused_whatever_is_accepted(files):
    reading = {**SETTINGS["input"], "point_in_time": "accept_extract_state"}
    for config in (config_of(), config_of(input=reading)):
        with pytest.raises(PointInTimeError, match=f"learnt from the record up to {UNTIL}"):
            files.run(config, as_of="2025-01-31")


def test_a_model_fitted_under_other_weights_is_refused(files):
    gravity = {**SETTINGS["gravity"], "non_crime": 1}
    with pytest.raises(ModelFileError, match="other weights"):
        files.run(config_of(gravity=gravity))


def test_a_model_that_looks_at_what_was_not_given_is_refused(files, tmp_path):
    path = files.fitted("victims.json", features=["incidents_window", "victims"])
    columns = {name: name for name in SETTINGS["input"]["columns"] if name != "victim_id"}
    with pytest.raises(
        ModelFileError, match=r"victims\.json: the model looks at victims, of which these files"
    ):
        files.run(config_of(input={**SETTINGS["input"], "columns": columns}), model=path)


def test_ordering_by_risk_without_a_model_is_refused(files):
    with pytest.raises(ConfigError, match=r"escalation\.use: tiebreak .*--model"):
        files.run(config_of("tiebreak"), model=None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b'"repeat"', b'"worse"'),
        lambda data: data[:-40],
        lambda data: b"\x80\x04" + data,
        lambda data: b"",
    ],
    ids=["changed", "cut", "pickle", "empty"],
)
def test_a_damaged_model_stops_the_run_and_writes_nothing(files, spoil, tmp_path, capsys):
    path = tmp_path / "bad.json"
    path.write_bytes(spoil(files.model.read_bytes()))
    settings = tmp_path / "north.yaml"
    settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
    words = ["run", "--config", str(settings), "--offences", str(files.offences), "--as-of", AS_OF]
    assert invoke([*words, "--out", str(tmp_path / "out"), "--model", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("rfgscore: RFG-C04: ") and "bad.json" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("use", "said"),
    [("annotate", "it stands beside the list and orders nobody."), ("tiebreak", "it orders equals only.")],
)
def test_the_command_says_which_model_it_used_and_for_what(files, tmp_path, capsys, use, said):
    settings = tmp_path / "north.yaml"
    told = {**SETTINGS, "escalation": {"horizons": HORIZONS, "use": use}}
    settings.write_text(json.dumps(told), encoding="utf-8")
    words = ["run", "--config", str(settings), "--offences", str(files.offences), "--as-of", AS_OF]
    assert invoke([*words, "--out", str(tmp_path / "out"), "--model", str(files.model)]) == 0
    line = f"Model of escalation risk: another incident, fitted on what was known until {UNTIL}; {said}"
    assert line in capsys.readouterr().out


def test_the_command_takes_a_model_and_explain_tells_its_figures(files, annotated, tmp_path, capsys):
    settings = tmp_path / "north.yaml"
    settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
    words = ["run", "--config", str(settings), "--offences", str(files.offences), "--as-of", AS_OF]
    assert invoke([*words, "--out", str(tmp_path / "out"), "--model", str(files.model), "--quiet"]) == 0
    written = (tmp_path / "out" / "cohort.csv").read_bytes()
    assert written == annotated.files["cohort.csv"]
    assert capsys.readouterr().out == ""
    assert invoke(["explain", str(tmp_path / "out"), annotated.cohort["perpetrator_id"][0]]) == 0
    told = capsys.readouterr().out
    assert "  escalation_risk: By model " in told
    assert "  escalation:days_since_last: " in told


@pytest.mark.parametrize(
    ("value", "average", "said"),
    [
        (1.0, 0.25, "Raises the figure: in custody on the day: yes (average 0.25)."),
        (0.0, 0.25, "Lowers the figure: in custody on the day: no (average 0.25)."),
    ],
)
def test_a_yes_or_no_is_told_as_one(value, average, said):
    adds = value - average
    reason = Reason("held", "in custody on the day", "", value, average, adds, "log of the hazard")
    assert _moves(reason).sentence == said
    other = reason._replace(overlaps=True)
    assert _moves(other).sentence == f"{said} Not to be read alone: other entries tell much the same."


def test_columns_that_tell_the_same_are_not_to_be_read_alone(files, annotated):
    columns = ["gravity_max", "gravity_mean", "days_since_last"]
    given = open_model(files.fitted("twice.json", features=columns))
    checks = given.model.check_assumptions()
    twice = {
        column
        for check, column, holds in zip(checks["check"], checks["column"], checks["holds"], strict=True)
        if check == "collinearity" and not holds
    }
    scored = annotated.scores.scored
    found = risks_of(given, scored, scored.config).reasons(scored, range(5))
    told = {reason.column: reason.overlaps for one in found.values() for reason in one}
    assert told == {column: column in twice for column in told}
    assert 0 < sum(told.values()) < len(told)


def test_nothing_of_a_person_is_in_a_repr(files, annotated):
    scored = annotated.scores.scored
    risks = risks_of(open_model(files.model), scored, scored.config)
    assert repr(risks) == f"Risks({len(scored.people)} people, within 60, 120 days)"
    (reasons,) = risks.reasons(scored, [0]).values()
    assert [repr(reason) for reason in reasons] == [f"Reason({reason.column})" for reason in reasons]
