"""The errors: codes that stay, a tree one can catch by, a page each, and no person in any message."""

from __future__ import annotations

import csv
import json
import pickle
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import rfgscore as rfg
from rfgscore import errors
from rfgscore.cli.main import invoke
from rfgscore.errors import OTHER_CODES, ConfigError, ConfigProblem, RfgError, page_of
from rfgscore.escalation.model import EscalationModel
from rfgscore.explain import Outlook, explain_person
from rfgscore.tables import Column, Table
from rfgscore.vocabulary import reasons

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "errors"

#: Code, class, exit code and the builtin it can also be caught as. Published: rows are added, never changed.
FROZEN = [
    ("RFG-C01", "ConfigError", 2, ValueError),
    ("RFG-C02", "OutputError", 2, ValueError),
    ("RFG-C03", "ProtectedFeatureError", 2, ValueError),
    ("RFG-C04", "ModelFileError", 2, ValueError),
    ("RFG-D01", "DataError", 1, ValueError),
    ("RFG-D02", "InputNotFoundError", 1, FileNotFoundError),
    ("RFG-D03", "FormatError", 1, ValueError),
    ("RFG-D04", "MissingColumnError", 1, KeyError),
    ("RFG-D05", "TooManyFaultsError", 1, ValueError),
    ("RFG-D06", "LinkCycleError", 1, ValueError),
    ("RFG-D07", "AmbiguousPersonError", 1, ValueError),
    ("RFG-D08", "PointInTimeError", 1, ValueError),
    ("RFG-D09", "NobodyEligibleError", 1, ValueError),
    ("RFG-D10", "TooFewEventsError", 1, ValueError),
    ("RFG-D11", "FollowUpError", 1, ValueError),
    ("RFG-D12", "FitError", 1, ValueError),
    ("RFG-P02", "NotFittedError", 1, ValueError),
    ("RFG-P01", "UnknownPersonError", 1, KeyError),
    ("RFG-X01", "MissingExtraError", 1, ImportError),
    ("RFG-W01", "WriteError", 3, OSError),
    ("RFG-I01", "InternalError", 3, RuntimeError),
    ("RFG-U01", "", 2, None),
    ("RFG-W02", "", 3, None),
    ("RFG-I02", "", 3, None),
]
RAISED = [row for row in FROZEN if row[1]]


def tree(root: type[RfgError] = RfgError) -> Iterator[type[RfgError]]:
    for below in root.__subclasses__():
        yield below
        yield from tree(below)


def test_codes_are_as_published():
    assert [(code, exit_code) for code, name, exit_code, _ in FROZEN if not name] == list(OTHER_CODES.items())
    assert {(error.code, error.__name__, error.exit_code) for error in tree()} == {row[:3] for row in RAISED}
    codes = [row[0] for row in FROZEN]
    assert len(set(codes)) == len(codes)
    own = [error for error in tree() if "code" not in vars(error)]
    assert own == []  # every class has a code of its own


@pytest.mark.parametrize(("code", "name", "exit_code", "builtin"), RAISED, ids=[row[0] for row in RAISED])
def test_an_error_is_caught_by_its_families_and_shows_its_message(code, name, exit_code, builtin):
    kind = getattr(errors, name)
    assert name in errors.__all__ and issubclass(kind, RfgError) and issubclass(kind, builtin)
    family = {"C": errors.ConfigError, "D": errors.DataError}.get(code[4], RfgError)
    assert issubclass(kind, family)
    error = kind("offences.csv: what happened; what to do")
    assert str(error) == error.message == "offences.csv: what happened; what to do"
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes, as between processes
    assert type(copy) is kind and str(copy) == str(error)


def test_a_config_error_lists_its_problems():
    problems = [
        ConfigProblem("a.yaml", 3, "cohort.capacity", "must be 1 or more"),
        ConfigProblem("a.yaml", 4, "", "x"),
    ]
    error = ConfigError("two problems:", problems)
    assert str(error) == "two problems:\n  a.yaml:3: cohort.capacity: must be 1 or more\n  a.yaml:4: x"
    assert pickle.loads(pickle.dumps(error)).problems == tuple(problems)  # noqa: S301


def test_the_docstring_shows_the_tree():
    drawn = re.findall(r"─ (\w+)(?:\((\w+)\))?", errors.__doc__ or "")
    assert [name for name, _ in drawn] == [error.__name__ for error in tree()]
    for name, builtin in drawn:
        assert builtin in ("", *(base.__name__ for base in getattr(errors, name).__mro__))


# Pages: the examples are what the command line prints.

SETTINGS = """schema: rfgscore/1
name: my-force
gravity: {table: cchi-da-2020-10}
score: {components: {frequency: {bands: [{from: 1, points: 5}]}}}
"""
HEAD = "perpetrator_id,event_date,offence_code\n"
ROWS = "".join(f"P{n},2025-03-01,8/6\n" for n in range(1, 31))
COLUMNS = "{perpetrator_id: nominal_ref, event_date: event_date, offence_code: offence_code}"
MAPPED = f"{SETTINGS}input: {{columns: {COLUMNS}}}\n"
TWO_FORCES = """perpetrator_id,event_date,offence_code,force,dob
P1,2025-03-01,8/6,North,1980-01-01
P1,2025-03-02,8/6,South,1990-01-01
"""
LATER = ["--extract-date", "2025-07-31"]
LINKS = ["--links", "links.csv"]
DECISIONS = "perpetrator_id,meeting_date,decision,pathway\nP1,2025-06-02,managed,diversion\n"
MEETINGS = ["--decisions", "decisions.csv"]
Files = Mapping[str, Any]

#: Code, files besides plain settings and a plain extract, and what is added to a plain run.
EXAMPLES: list[tuple[str, Files, list[str]]] = [
    (
        "RFG-C01",
        {"my-force.yaml": "schema: rfgscore/1\nextends: illustrative-rfgv\ncohrt: {capacity: 20}\n"},
        [],
    ),
    ("RFG-C01", {}, ["--as-of", "30/06/2025"]),
    ("RFG-C02", {"out/june/notes.txt": "mine"}, []),
    ("RFG-C02", {"out/june/notes.txt": "mine"}, ["--replace"]),
    ("RFG-C04", {"model.json": '{"schema": "model/9"}'}, ["--model", "model.json"]),
    ("RFG-D01", {"offences.csv": HEAD}, []),
    ("RFG-D01", {"links.csv": "nominal_id,master_id\nA,B\nC,D\nA,E\n"}, LINKS),
    ("RFG-D01", {"decisions.csv": DECISIONS + "P2,2025-06-02,managed,\n"}, MEETINGS),
    ("RFG-D01", {"decisions.csv": DECISIONS + "P1,2025-06-02,managed,disruption\n"}, MEETINGS),
    ("RFG-D02", {"offences.csv": None}, []),
    ("RFG-D03", {"offences.csv": (HEAD + ROWS).encode("utf-16")}, []),
    ("RFG-D03", {"offences.csv": HEAD + ROWS + '"P31,2025-03-01,8/6\nP32,2025-03-01,8/6\n'}, []),
    ("RFG-D04", {"my-force.yaml": MAPPED, "offences.csv": "nominal_id" + HEAD[14:] + ROWS}, []),
    ("RFG-D05", {"offences.csv": HEAD + ROWS + "P31,31/02/2025,8/6\n" * 21}, []),
    ("RFG-D06", {"links.csv": "nominal_id,master_id\nA,B\nB,C\nC,A\n"}, LINKS),
    ("RFG-D07", {"offences.csv": TWO_FORCES}, []),
    ("RFG-D08", {"links.csv": "nominal_id,master_id\nA,B\n"}, [*LINKS, *LATER]),
    ("RFG-D09", {}, ["--as-of", "2035-01-01"]),
    ("RFG-W01", {"out": "a file"}, []),
    ("RFG-W02", {}, ["--out", "june" * 100]),
    ("RFG-U01", {}, ["--custdy", "custody.csv"]),
    ("RFG-U01", {}, ["and", "more"]),
    ("RFG-U01", {}, ["--threads", "1", "--threads", "2"]),
]


def run_with(files: Files, more: Sequence[str]) -> list[str]:
    for name, content in {"my-force.yaml": SETTINGS, "offences.csv": HEAD + ROWS, **files}.items():
        if content is not None:
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    words = [
        "--config",
        "my-force.yaml",
        "--offences",
        "offences.csv",
        "--as-of",
        "2025-06-30",
        "--out",
        "out/june",
    ]
    given = dict(zip(words[::2], words[1::2], strict=True))
    extra = list(more)
    while extra and extra[0] in given:
        given[extra[0]] = extra[1]
        del extra[:2]
    return ["run", *(word for pair in given.items() for word in pair), *extra]


def shown(code: str, said: str) -> None:
    """Look for what was printed among the examples of a page."""
    printed, _, last = said.rstrip("\n").rpartition("\n")
    assert last == f"rfgscore: for more see {page_of(code)}"
    assert printed.startswith(f"rfgscore: {code}: ")
    examples = re.findall(
        r"```text\n(.*?)\n```", (ROOT / page_of(code)).read_text(encoding="utf-8"), re.DOTALL
    )
    assert printed in examples, printed


@pytest.mark.parametrize(
    ("code", "files", "more"), EXAMPLES, ids=[f"{row[0]}-{n}" for n, row in enumerate(EXAMPLES)]
)
def test_the_examples_of_the_pages_are_what_is_printed(code, files, more, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert invoke(run_with(files, more)) == {row[0]: row[2] for row in FROZEN}[code]
    shown(code, capsys.readouterr().err)


#: Half of the people come back once, on days that follow from their number alone.
RETURNS = "".join(
    f"P{n},2022-0{1 + n % 6}-01,8/6\nP{n},2023-0{1 + n % 9}-15,8/6\n"
    + (f"P{n},2024-1{n % 3}-01,8/6\n" if n % 2 else "")
    for n in range(60)
)

#: Code, and what is added to a plain fit.
FITS = [
    ("RFG-C03", ["--features", "incidents_90d,subject_sex"]),
    ("RFG-D10", ["--outcome", "serious"]),
    ("RFG-D11", ["--horizons", "3000"]),
    ("RFG-D12", ["--features", "incidents_90d"]),
]


def fit_with(more: Sequence[str]) -> int:
    run_with({"offences.csv": HEAD + RETURNS + "P99,2021-01-01,8/6\n"}, [])  # lays the files down
    words = ["--config", "my-force.yaml", "--offences", "offences.csv", "--until", "2025-06-30"]
    return invoke(["fit", *words, "--out", "model.json", "--quiet", *more])


@pytest.mark.parametrize(("code", "more"), FITS, ids=[row[0] for row in FITS])
def test_the_examples_of_fits_that_are_refused(code, more, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert fit_with(more) == {row[0]: row[2] for row in FROZEN}[code]
    shown(code, capsys.readouterr().err)
    assert not Path("model.json").exists()


def test_the_examples_of_a_model_that_does_not_fit_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert fit_with(["--features", "incidents_365d", "--horizons", "365"]) == 0
    words = run_with({"offences.csv": HEAD + RETURNS}, ["--model", "model.json"])
    assert invoke(words) == 2
    shown("RFG-C04", capsys.readouterr().err)
    Path("my-force.yaml").write_text(f"{SETTINGS}escalation: {{horizons: [365]}}\n", encoding="utf-8")
    words[words.index("--as-of") + 1] = "2025-01-31"
    assert invoke(words) == 1
    shown("RFG-D08", capsys.readouterr().err)


def test_the_example_of_an_unknown_person(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert invoke([*run_with({}, []), "--quiet"]) == 0
    assert invoke(["explain", "out/june", "P99"]) == 1
    shown("RFG-P01", capsys.readouterr().err)


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fail: Callable[[], Any]) -> str:
    """Return what the command line prints when a run ends in this way."""
    monkeypatch.setattr("rfgscore.cli.commands.run_all", lambda **_: fail())
    assert invoke(run_with({}, [])) in (1, 3)
    return capsys.readouterr().err


def test_the_examples_of_what_no_file_brings_about(tmp_path, monkeypatch, capsys, desk):
    monkeypatch.chdir(tmp_path)
    scored = rfg.score(desk.history({}), config=desk.config()).scored
    scored.score.flags.writeable = True
    scored.score[0] += 1
    nothing = Outlook(None, None, None)
    shown("RFG-I01", told(monkeypatch, capsys, lambda: explain_person(scored, 0, nothing)))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    shown("RFG-P02", told(monkeypatch, capsys, EscalationModel().summary))
    shown("RFG-X01", told(monkeypatch, capsys, Table({"n": Column.of("int32", [1])}).to_arrow))
    shown("RFG-I02", re.sub(r" at \S+:\d+;", " at score.py:212;", told(monkeypatch, capsys, lambda: 1 / 0)))


def test_every_code_has_a_page_and_every_page_a_code():
    assert {path.stem for path in PAGES.iterdir()} == {row[0] for row in FROZEN} | {"README"}
    table = (PAGES / "README.md").read_text(encoding="utf-8")
    for code, name, exit_code, builtin in FROZEN:
        caught = f"`{name}` | {exit_code} | `{builtin.__name__}`" if builtin else f"none | {exit_code} | none"
        assert f"| [{code}]({code}.md) | {caught} |" in table
        page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
        parts = [line for line in page.splitlines() if line.startswith("## ")]
        assert page.startswith(f"# {code}: ") and len(page.splitlines()) <= 60
        assert parts == ["## Usual causes", "## What to do", "## The output", "## As shown"]


# No person in any message: fifty ids nobody may see again.

CANARY = "ZQ-CANARY"
IDS = [f"{CANARY}-{number}" for number in range(50)]
CONFIG: dict[str, Any] = {
    "schema": "rfgscore/1",
    "gravity": {"table": "cchi-da-2020-10", "non_crime": None},
    "score": {
        "components": {
            "frequency": {"bands": [{"from": 1, "points": 5}]},
            "victims": {"bands": [{"from": 1, "points": 5}]},
        }
    },
    "input": {"max_set_aside": {"share": 1.0, "floor_rows": 100_000}, "outcomes": {"count": ["charged"]}},
}
PLAIN_ROW = {
    "event_date": "2025-03-01",
    "event_end": "2025-03-01",
    "recorded_date": "2025-03-02",
    "offence_code": "8/6",
    "role": "suspect",
    "outcome": "charged",
    "is_crime": "y",
    "domestic": "y",
    "dob": "1980-01-01",
    "force": "North",
    "area": "Coast",
    "children_linked": "n",
}

#: How a row comes to be set aside for each reason; every cell that can hold a canary does.
SPOILT: dict[str, dict[str, str]] = {
    "TOO_LONG": {"perpetrator_id": CANARY * 40},
    "BAD_ID": {"perpetrator_id": f"{CANARY}\u200b1"},
    "SELF_LINK": {"perpetrator_id": f"{CANARY}-S", "victim_id": f"{CANARY}-S"},
    "MISSING_DATE": {"event_date": ""},
    "BAD_DATE": {"event_date": f"{CANARY}-1"},
    "SENTINEL_DATE": {"event_date": "1900-01-01"},
    "FUTURE_DATE": {"event_date": "2025-12-01", "recorded_date": "2025-12-01", "event_end": ""},
    "DATE_ORDER": {"recorded_date": "2024-01-01"},
    "ROLE": {"role": "victim"},
    "UNKNOWN_ROLE": {"role": f"{CANARY}-1"},
    "BAD_FLAG": {"domestic": f"{CANARY}-1"},
    "NOT_DOMESTIC": {"domestic": "n"},
    "NON_CRIME_OFF": {"is_crime": "n"},
    "BAD_DOB": {"dob": f"{CANARY}-1"},
    "UNDER_AGE": {"dob": "2015-01-01"},
    "OUTCOME": {"outcome": "cancelled"},
    "UNKNOWN_OUTCOME": {"outcome": f"{CANARY}-1"},
    "UNKNOWN_CODE": {"offence_code": f"{CANARY}-1"},
}
NOT_BY_A_CELL = {"STRUCTURE", "NO_NAMED_SUSPECT", "DUPLICATE", "REMOVED", "BAD_INTERVAL"}


def canary_rows(**spoilt: str) -> list[dict[str, str]]:
    named = [
        {"perpetrator_id": who, "victim_id": f"{who}-V", "event_id": f"{who}-E", "incident_id": f"{who}-I"}
        for who in IDS
    ]
    return [{**PLAIN_ROW, **ids, **spoilt} for ids in named]


def write(path: Path, rows: Sequence[Mapping[str, str]], more: str = "") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(column for row in rows for column in row)))
        writer.writeheader()
        writer.writerows(rows)
        file.write(more)
    return path


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> dict[str, Path]:
    """Files in which every table holds every kind of fault, and a canary wherever one fits."""
    folder = tmp_path_factory.mktemp("canaries")
    rows = canary_rows()
    for spoilt in SPOILT.values():
        rows += canary_rows(**spoilt)[:7]
    rows += [rows[0], {**rows[1], "perpetrator_id": "unknown"}]
    broken = f'{CANARY}-1,{CANARY}-2\n"{CANARY}"-3,x\n'
    days = [
        ("2025-01-01", "2025-02-01"),
        (CANARY, ""),
        ("2025-03-01", CANARY),
        ("2025-03-01", "2025-02-01"),
        ("", ""),
    ]
    return {
        "offences": write(folder / "offences.csv", rows, broken),
        "subjects": write(
            folder / "subjects.csv",
            [
                {"perpetrator_id": who, "dob": dob}
                for who, dob in zip(IDS, ["1980-01-01", CANARY] * 25, strict=True)
            ],
            broken,
        ),
        "custody": write(
            folder / "custody.csv",
            [
                {"perpetrator_id": who, "start": a, "end": b}
                for who, (a, b) in zip(IDS, days * 10, strict=True)
            ],
            broken,
        ),
        "links": write(
            folder / "links.csv",
            [
                {"nominal_id": a, "master_id": b}
                for a, b in zip([*IDS[:9], "unknown"], IDS[10:20], strict=True)
            ],
            f"{CANARY}-1\n",
        ),
    }


def test_every_reason_is_planted():
    asked = {word for word in reasons() if reasons()[word].step}
    assert asked - NOT_BY_A_CELL == set(SPOILT)


def test_no_id_is_in_a_manifest_a_warning_a_set_aside_row_or_a_repr(full):
    config = rfg.load_config(CONFIG)
    offences = full["offences"]
    sides = {name: path for name, path in full.items() if name != "offences"}
    run = rfg.run(config=config, offences=offences, as_of="2025-06-30", **sides)
    assert len(run.scores) >= 40 and run.manifest["rows"]["set_aside"] > 100
    history = run.scores.scored.history
    source = history.source
    person = run.scores.table["perpetrator_id"][0]
    explanation = run.scores.explain(person)
    assert person.startswith(CANARY)  # they are where they belong: in the tables
    things = [
        run, run.cohort, run.scores, run.scores.scored, history, source, source.set_aside, source.account,
        source.spells, source.own, source.victim, explanation, *explanation.parts, config, config.input,
    ]  # fmt: skip
    told = [
        json.dumps(run.manifest),
        *run.files["set_aside.csv"].decode("utf-8").splitlines(),
        *run.files["summary.csv"].decode("utf-8").splitlines(),
        *map(repr, things),
        *map(str, (run, run.scores, history, config, source.set_aside)),
    ]
    assert [text for text in told if CANARY in text] == []
    assert all(
        len(re.findall(r"\d+", re.split(r" rows? ", line)[1].split(";")[0])) <= 5
        for line in source.account.faults
        if re.search(r" rows? ", line)
    )


@pytest.mark.parametrize("word", [word for word in SPOILT if reasons()[word].family == "fault"])
def test_no_fault_names_an_id_and_none_more_than_five_rows(word, tmp_path):
    strict = {**CONFIG["input"], "max_set_aside": {"share": 0.0, "floor_rows": 0}}
    config = rfg.load_config({**CONFIG, "input": strict})
    path = write(tmp_path / "offences.csv", canary_rows(**SPOILT[word]))
    with pytest.raises(errors.TooManyFaultsError) as caught:
        rfg.read_offences(path, config=config, as_of="2025-06-30")
    assert f"  {word}: 50 (offences.csv rows 1, 2, 3, 4, 5 and others; " in str(caught.value)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert CANARY not in told


@pytest.mark.parametrize(
    ("table", "rows", "error"),
    [
        ("links", [(IDS[n], IDS[n + 1 if n < 49 else 0]) for n in range(50)], errors.LinkCycleError),
        ("links", [(IDS[0], IDS[n]) for n in range(1, 50)], errors.DataError),
        ("links", [("unknown", who) for who in IDS], errors.DataError),
        ("subjects", [(who, CANARY) for who in IDS], errors.DataError),
        ("custody", [(who, CANARY, CANARY) for who in IDS], errors.DataError),
        ("custody", [(who, "2025-02-01", "2025-01-01") for who in IDS], errors.DataError),
    ],
)
def test_no_other_table_names_an_id_or_more_than_five_rows(table, rows, error, tmp_path):
    heads = {"links": ("nominal_id", "master_id"), "subjects": ("perpetrator_id", "dob"),
             "custody": ("perpetrator_id", "start", "end")}  # fmt: skip
    side = write(tmp_path / f"{table}.csv", [dict(zip(heads[table], row, strict=True)) for row in rows])
    offences = write(tmp_path / "offences.csv", canary_rows())
    with pytest.raises(error) as caught:
        rfg.read_offences(offences, config=rfg.load_config(CONFIG), as_of="2025-06-30", **{table: side})
    text = str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert len(re.findall(r"\d+", text[text.index("rows ") :].split("(")[-1].split(")")[0])) <= 8, text


def test_an_ambiguous_person_is_told_by_five_rows_at_most(tmp_path):
    twice = [{**row, "force": force, "dob": dob} for row in canary_rows()
             for force, dob in (("North", "1980-01-01"), ("South", "1990-01-01"))]  # fmt: skip
    with pytest.raises(errors.AmbiguousPersonError) as caught:
        rfg.read_offences(
            write(tmp_path / "offences.csv", twice), config=rfg.load_config(CONFIG), as_of="2025-06-30"
        )
    assert (
        str(caught.value).startswith("50 ids come from two forces") and str(caught.value).count(" row ") == 5
    )
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_value_that_parquet_cannot_show_is_not_in_the_chain_of_errors(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "offences.parquet"
    pq.write_table(
        pa.table({"perpetrator_id": IDS, "event_date": ["2025-01-01"] * 50, "offence_code": ["8/6"] * 50}),
        path,
    )
    data = path.read_bytes()
    path.write_bytes(data[:60] + b"\xff" * 40 + data[100:])
    with pytest.raises(errors.DataError) as caught:
        rfg.read_offences(path, config=rfg.load_config({**CONFIG, "score": {"components": {"frequency": {
            "bands": [{"from": 1, "points": 5}]}}}}), as_of="2025-06-30")  # fmt: skip
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_an_unknown_person_is_not_named(desk):
    scores = rfg.score(desk.history({}), config=desk.config())
    with pytest.raises(errors.UnknownPersonError) as caught:
        scores.explain(IDS[0])
    assert CANARY not in str(caught.value) + repr(caught.value)
