"""``rfgscore fit``: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rfgscore as rfg
from rfgscore.cli.main import invoke
from rfgscore.dates import iso, to_day
from rfgscore.escalation.model import EscalationModel

SETTINGS: dict[str, Any] = {
    "schema": "rfgscore/1",
    "name": "north",
    "gravity": {"table": "cchi-da-2020-10"},
    "score": {"window_days": 365, "components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}},
    "escalation": {"horizons": [60, 120]},
}
UNTIL = "2025-06-30"


def offences() -> str:
    rng = np.random.default_rng(3)
    start, rows = to_day("2022-07-01"), ["perpetrator_id,event_date,offence_code"]
    for person in range(150):
        for _ in range(1 + rng.poisson(0.5 + 4 * (person % 8 == 0))):
            rows.append(f"P{person:03d},{iso(start + int(rng.integers(0, 1095)))},8/6")
    return "\n".join(rows) + "\n"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "north.yaml").write_text(json.dumps(SETTINGS), encoding="utf-8")
    (tmp_path / "offences.csv").write_text(offences(), encoding="utf-8")
    return tmp_path


def fit(*more: str) -> int:
    """Run the command; options given go before those of every call."""
    words = {"--config": "north.yaml", "--offences": "offences.csv", "--until": UNTIL, "--out": "m.json"}
    rest = list(more)
    for name in words:
        if name in rest:
            at = rest.index(name)
            words[name] = rest[at + 1]
            del rest[at : at + 2]
    return invoke(["fit", *(word for pair in words.items() for word in pair), *rest])


FEW = ("--features", "incidents_window,days_since_last")


def test_the_file_holds_the_model_that_python_fits_on_the_same_record(folder):
    assert fit(*FEW) == 0
    config = rfg.load_config("north.yaml")
    history = rfg.read_offences("offences.csv", config=config, as_of=UNTIL)
    model = EscalationModel(
        horizons=[60, 120], window_days=365, features=["incidents_window", "days_since_last"]
    ).fit(history, UNTIL)
    model.save("python.json")
    assert (folder / "m.json").read_bytes() == (folder / "python.json").read_bytes()
    found = EscalationModel.load("m.json").predict(history, UNTIL)
    assert list(found.rows()) == list(model.predict(history, UNTIL).rows())


def test_what_was_fitted_is_said_in_plain_lines(folder, capsys):
    assert fit(*FEW) == 0
    said = capsys.readouterr().out
    card = EscalationModel.load("m.json").card
    assert (
        f"Fitted cox: another incident (repeat), counted in calendar days, by what was known until {UNTIL}."
        in said
    )
    assert (
        f"{card['rows']:,} rows of {card['people']:,} people, a row for each person with a line in the "
        "365 days to "
    ) in said
    for place, days in enumerate((60, 120)):
        observed, expected = 100 * card["observed"][place], 100 * card["expected"][place]
        assert (
            f"  within {days} calendar days: {card['events_by_horizon'][place]} recorded, {observed:.1f} of "
            f"100 rows; by the model {expected:.1f} of 100"
        ) in said
    assert "Columns: days_since_last, incidents_window." in said
    assert "rows in = " in said and said.endswith("Written to m.json\n")
    assert "On other people, and later, it may be further off." in said


def test_columns_that_say_nothing_are_named_with_the_reason(folder, capsys):
    assert fit("--features", "incidents_window,days_since_last,non_crimes") == 0
    said = capsys.readouterr().out
    dropped = EscalationModel.load("m.json").card["dropped"]
    assert [name for name, _ in dropped] == ["non_crimes"]
    assert all(f"  not used: {name}: {why}" in said for name, why in dropped)


def test_columns_that_tell_the_same_are_said_in_one_line(folder, capsys):
    assert fit("--features", "decayed_incidents,decayed_gravity,days_since_last") == 0
    said = capsys.readouterr().out
    checks = EscalationModel.load("m.json").check_assumptions()
    alike = [
        column
        for check, column, holds in zip(checks["check"], checks["column"], checks["holds"], strict=True)
        if check == "collinearity" and not holds
    ]
    assert alike
    assert said.count("tell much the same") == 1
    assert f"To be looked at: {', '.join(alike)}: others tell much the same, so their effects" in said


def test_options_reach_the_model(folder, capsys):
    (folder / "custody.csv").write_text(
        "perpetrator_id,start,end\nP008,2024-01-01,2024-03-01\n", encoding="utf-8"
    )
    settings = {
        **SETTINGS,
        "input": {"custody": {"columns": {n: n for n in ("perpetrator_id", "start", "end")}}},
    }
    (folder / "north.yaml").write_text(json.dumps(settings), encoding="utf-8")
    more = {
        "--features": "incidents_window",
        "--horizons": "30, 90",
        "--model": "kaplan-meier",
        "--custody": "custody.csv",
        "--extract-date": "2025-07-31",
        "--until": "2025-05-31",
    }
    assert fit(*(word for pair in more.items() for word in pair)) == 0
    card = EscalationModel.load("m.json").card
    assert (card["horizons"], card["model"], card["until"]) == ([30, 90], "kaplan-meier", "2025-05-31")
    assert card["clock"] == "at_liberty" and "counted in days at liberty" in capsys.readouterr().out


def test_a_serious_outcome_takes_its_weight(folder, capsys):
    assert fit("--features", "incidents_window", "--outcome", "serious", "--serious-from", "1") == 0
    assert EscalationModel.load("m.json").card["outcome"]["serious_from"] == 1
    assert "(serious)" in capsys.readouterr().out


def test_nothing_is_printed_when_quiet_and_all_goes_well(folder, capsys):
    assert fit(*FEW, "--quiet") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_file_that_is_there_is_replaced_only_when_asked_and_only_a_model(folder, capsys):
    assert fit(*FEW) == 0
    first = (folder / "m.json").read_bytes()
    assert fit("--features", "days_since_last") == 2
    assert "RFG-C02: --out m.json is there already" in capsys.readouterr().err
    assert (folder / "m.json").read_bytes() == first
    assert fit("--features", "days_since_last", "--replace") == 0
    assert EscalationModel.load("m.json").card["columns"] == ["days_since_last"]
    capsys.readouterr()
    before = (folder / "offences.csv").read_bytes()
    assert fit(*FEW, "--replace", "--out", "offences.csv") == 2
    assert "something else than a model file" in capsys.readouterr().err
    assert (folder / "offences.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "exit_code", "code", "words"),
    [
        (("--out", "nowhere/m.json"), 2, "RFG-C02", "the folder it is to stand in is not there"),
        (("--horizons", "90;180"), 2, "RFG-C01", "days with commas between them"),
        (("--horizons", "90,90"), 2, "RFG-C01", "horizons must be different"),
        (("--model", "forest"), 2, "RFG-C01", "there is no model 'forest'"),
        (("--outcome", "arrest"), 2, "RFG-C01", "there is no outcome 'arrest'"),
        (("--features", "shoe_size"), 2, "RFG-C01", "there is no column 'shoe_size'"),
        (("--features", "sex"), 2, "RFG-C03", "sex"),
        (("--serious-from", "0"), 2, "RFG-C01", "serious_from"),
        (("--until", "30/06/2025"), 2, "RFG-C01", "YYYY-MM-DD"),
        (("--offences", "no.csv"), 1, "RFG-D02", "no.csv"),
        (("--horizons", "3000"), 1, "RFG-D11", "3000"),
        (("--outcome", "serious"), 1, "RFG-D10", "serious"),
        (("--until", "2025-06-30", "--extract-date", "2025-06-29"), 2, "RFG-C01", "2025-06-29"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_refusal_has_its_code_and_writes_nothing(folder, capsys, more, exit_code, code, words):
    held = sorted(path.name for path in folder.iterdir())
    assert fit(*more) == exit_code
    said = capsys.readouterr()
    assert said.out == "" and f"rfgscore: {code}: " in said.err and words in said.err
    assert sorted(path.name for path in folder.iterdir()) == held


def test_a_write_that_fails_leaves_the_old_model(folder, capsys, monkeypatch):
    assert fit(*FEW) == 0
    first = (folder / "m.json").read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert fit("--features", "days_since_last", "--replace") == 3
    assert "RFG-W01" in capsys.readouterr().err
    assert (folder / "m.json").read_bytes() == first
    assert sorted(path.name for path in folder.iterdir()) == ["m.json", "north.yaml", "offences.csv"]
