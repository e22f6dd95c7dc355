"""Configuration: what is accepted, what is refused and where the refusal points."""

from __future__ import annotations

import hashlib
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from rfgscore.config import (
    COMPONENTS,
    CUSTODY_COLUMNS,
    DECISION_COLUMNS,
    LINK_COLUMNS,
    OFFENCE_COLUMNS,
    ORDER_COLUMNS,
    PRESETS,
    REFERRAL_COLUMNS,
    REMOVAL_COLUMNS,
    SUBJECT_COLUMNS,
    Config,
    config_schema,
    load_config,
    preset,
)
from rfgscore.config.keys import NOT_BUILT, NOT_BUILT_TEXT
from rfgscore.config.load import _FOLDER
from rfgscore.config.model import CohortConfig, InputConfig
from rfgscore.config.strict_yaml import MAX_BYTES, read_yaml, resolve, write_yaml
from rfgscore.config.words import in_plain_words
from rfgscore.errors import ConfigError

ROOT = Path(__file__).parents[1]
MINIMAL = """\
schema: rfgscore/1
gravity: {table: weights}
score: {components: {frequency: {bands: [{from: 1, points: 5}]}}}
"""


def minimal(**sections: Any) -> dict[str, Any]:
    """Return the smallest valid configuration, with some sections replaced."""
    data: dict[str, Any] = {
        "schema": "rfgscore/1",
        "gravity": {"table": "weights"},
        "score": {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}},
    }
    return data | sections


def write(folder: Path, text: str, name: str = "c.yaml") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def problems_of(source: Any) -> list[str]:
    """Return the problems as ``file:line:path: text``, file without its folder."""
    with pytest.raises(ConfigError) as caught:
        load_config(source)
    assert "Input should" not in str(caught.value)
    assert "Value error" not in str(caught.value)
    found = caught.value.problems
    assert list(found) == sorted(found, key=lambda one: (one.file, one.line, one.path))
    return [f"{Path(one.file).name}:{one.line}:{one.path}: {one.text}" for one in found]


# --- defaults ---------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_contract() -> None:
    effective = load_config(minimal()).effective()
    assert effective == {
        "schema": "rfgscore/1",
        "name": "unnamed",
        "input": {
            "columns": None,
            "date_format": "%Y-%m-%d",
            "encoding": "utf-8",
            "delimiter": ",",
            "timezone": None,
            "extract_date": None,
            "point_in_time": "strict",
            "roles": {
                "count": ["suspect", "offender", "accused", "charged", "convicted"],
                "set_aside": ["victim", "witness", "other"],
            },
            "outcomes": {"exclude": ["cancelled", "transferred", "no crime"], "count": None},
            "flags": {"true": ["y", "yes", "true", "1"], "false": ["n", "no", "false", "0"]},
            "placeholders": {
                "person": ["unknown", "not known", "n/k", "n/a", "none", "null", "nan", "0", "tbc"],
                "victim": [
                    *("unknown", "not known", "n/k", "n/a", "none", "null", "nan", "0"),
                    *("regina", "the crown", "the state", "society"),
                ],
            },
            "sentinel_dates": ["0001-01-01", "1900-01-01", "1970-01-01", "9999-12-31"],
            "duplicates": "set_aside",
            "max_set_aside": {"share": 0.01, "floor_rows": 20},
            "warn_scope": {"NO_NAMED_SUSPECT": 0.6, "ROLE": 0.8},
            "limits": {
                "cell_chars": 10000,
                "id_chars": 200,
                "file_rows": 200000000,
                "decompression_ratio": 200,
            },
            "subjects": {"columns": None, "date_format": "%Y-%m-%d"},
            "custody": {"columns": None, "date_format": "%Y-%m-%d", "end_is": "release_day"},
            "referrals": {"columns": None, "date_format": "%Y-%m-%d"},
            "links": {"columns": None, "date_format": "%Y-%m-%d"},
            "orders": {"columns": None, "date_format": "%Y-%m-%d"},
            "decisions": {"columns": None, "date_format": "%Y-%m-%d"},
            "removals": {"columns": None, "date_format": "%Y-%m-%d"},
        },
        "gravity": {
            "table": "weights",
            "level": "subcode",
            "unmapped": "set_aside",
            "non_crime": 0.5,
            "uplift": {},
        },
        "score": {
            "window_days": 730,
            "method": "points",
            "components": {"frequency": {"bands": [{"from": 1, "points": 5}]}},
        },
        "rank": {"tie_break": ["frequency"]},
        "escalation": {"model": None, "use": "annotate", "horizons": [90, 180, 365]},
        "cohort": {
            "capacity": 12,
            "reserve": 12,
            "keep": 24,
            "meetings": 2,
            "min_incidents": 1,
            "min_age_at_event": 16,
            "custody": "show",
            "release_within_days": 28,
            "emerging_days": 28,
            "emerging": [
                "first-top-gravity",
                "rising-count",
                "new-victim",
                "strangulation",
                "order-breach",
                "above-maximum",
            ],
            "route_caps": {"release": 30, "referral": 50, "emerging": 30},
            "pathways": ["diversion", "disruption"],
            "areas": None,
        },
        "output": {"marking": "OFFICIAL-SENSITIVE"},
    }


def test_effective_keys_stand_in_the_order_of_the_contract() -> None:
    effective = load_config(minimal()).effective()
    top = ["schema", "name", "input", "gravity", "score", "rank", "escalation", "cohort", "output"]
    assert list(effective) == top
    assert list(effective["input"])[:4] == ["columns", "date_format", "encoding", "delimiter"]
    columns = {"dob": "d", "offence_code": "c", "event_date": "e", "perpetrator_id": "p"}
    mapped = load_config(minimal(input={"columns": columns})).effective()["input"]["columns"]
    assert list(mapped) == ["perpetrator_id", "event_date", "offence_code", "dob"]


def test_preset_scores_up_to_100_and_is_labelled_illustrative() -> None:
    config = preset("illustrative-rfgv")
    assert config.max_score == 100
    assert config.gravity.table == "cchi-da-2020-10"
    assert config.gravity_path is None
    assert config.rank.tie_break == ("gravity", "victims", "recency", "frequency")
    assert config.gravity.uplift["008/77"].weight == 252.0
    assert config.gravity.uplift["008/77"].reason.startswith("illustrative: ")
    components = config.score.components
    assert components.recency is not None
    assert [(band.up_to, band.points) for band in components.recency.bands] == [
        (30, 20),
        (90, 16),
        (180, 12),
        (365, 8),
        (730, 4),
    ]
    assert components.gravity is not None
    assert components.gravity.bands[-1].from_ == 1825.0
    assert load_config("illustrative-rfgv") == config


def test_presets_named_are_the_files_shipped() -> None:
    assert sorted(path.stem for path in _FOLDER.glob("*.yaml")) == sorted(PRESETS)
    for name in PRESETS:
        assert preset(name).name == name
        assert "llustrative" in (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_deployments_load(path: Path) -> None:
    config = load_config(path)
    assert config.name == path.stem
    assert config.score.window_days == 730
    assert config.input.columns is not None
    assert config.input.columns["perpetrator_id"]
    assert load_config(str(path)).sha256() == config.sha256()


def test_deployments_say_what_they_are_for() -> None:
    matac, dappa = load_config(ROOT / "configs/matac.yaml"), load_config(ROOT / "configs/dappa.yaml")
    assert (matac.cohort.capacity, matac.cohort.reserve, matac.cohort.custody) == (12, 12, "show")
    assert (dappa.cohort.capacity, dappa.cohort.reserve, dappa.cohort.min_incidents) == (20, 20, 2)
    assert dappa.effective()["cohort"]["custody"] == {"exclude_if_held_days": 90}


def test_reserve_follows_capacity_unless_written() -> None:
    assert load_config(minimal(cohort={"capacity": 7})).cohort.reserve == 7
    assert load_config(minimal(cohort={"capacity": 7, "reserve": 0})).cohort.reserve == 0


@pytest.mark.parametrize(
    ("cohort", "keep"),
    [
        ({}, 24),
        ({"capacity": 7}, 14),
        ({"capacity": 7, "reserve": 30}, 14),
        ({"capacity": 7, "keep": 7}, 7),
        ({"keep": 12}, 12),
        ({"capacity": 40}, 80),
        ({"capacity": 10**9}, 10**9),
    ],
)
def test_keep_is_twice_the_capacity_unless_written(cohort, keep) -> None:
    assert load_config(minimal(cohort=cohort)).cohort.keep == keep


def test_the_keys_of_the_cycle_merge_as_maps_and_lists_do(tmp_path: Path) -> None:
    write(
        tmp_path,
        MINIMAL + "cohort: {keep: 30, emerging: [new-victim], route_caps: {release: 5}, areas: force}\n",
        "parent.yaml",
    )
    child = (
        "schema: rfgscore/1\nextends: parent.yaml\n"
        "cohort: {capacity: 20, route_caps: {emerging: 0}, areas: null, pathways: [Healthcare]}\n"
    )
    cohort = load_config(write(tmp_path, child)).cohort
    assert cohort.route_caps.model_dump() == {"release": 5, "referral": 50, "emerging": 0}
    assert (cohort.keep, cohort.emerging, cohort.areas) == (30, ("new-victim",), None)
    assert cohort.pathways == ("Healthcare",)


@pytest.mark.parametrize("name", ["area", "force"])
def test_the_column_that_splits_the_lists_is_mapped_somewhere(name) -> None:
    plain = {"perpetrator_id": "p", "event_date": "d", "offence_code": "c"}
    whom = {"perpetrator_id": "p"}
    for columns, subjects in (
        (None, None),
        (plain, None),
        ({**plain, name: "a"}, whom),
        (plain, {**whom, name: "a"}),
    ):
        tables = {"columns": columns, "subjects": {"columns": subjects}}
        assert load_config(minimal(input=tables, cohort={"areas": name})).cohort.areas == name
    tables = {"columns": plain, "subjects": {"columns": whom}}
    assert load_config(minimal(input=tables)).cohort.areas is None
    assert problems_of(minimal(input=tables, cohort={"areas": name})) == [
        f"<mapping>:0:cohort.areas: {name!r} is mapped neither under input.columns nor under "
        "input.subjects.columns; map it, or take this out"
    ]


def test_everything_that_can_be_set_is_kept() -> None:
    bands = [{"from": 0, "points": 1}]
    data = minimal(
        input={
            "columns": {
                "perpetrator_id": "p",
                "event_date": "e",
                "is_crime": "i",
                "victim_id": "p",
                "dob": "b",
            },
            "date_format": {"e": "%d/%m/%Y"},
            "encoding": "CP1252",
            "delimiter": "\t",
            "extract_date": "2025-06-30",
            "point_in_time": "accept_extract_state",
            "roles": {"count": ["a", ""], "set_aside": []},
            "outcomes": {"count": ["charged"]},
            "duplicates": "keep",
            "warn_scope": {"ROLE": 1, "OUTCOME": 0},
            "subjects": {"date_format": {"dob": "%d.%m.%Y"}},
        },
        gravity={
            "table": "weights",
            "unmapped": 5,
            "non_crime": None,
            "uplift": {"9A": {"weight": 0, "reason": "r"}},
        },
        score={
            "window_days": 365,
            "components": {
                "gravity": {"aggregate": "decayed", "half_life_days": 180, "bands": bands},
                "victims": {"bands": bands},
                "recency": {"clock": "at_liberty", "bands": [{"up_to": 0, "points": 1}]},
            },
        },
        rank={"tie_break": ["victims"]},
    )
    config = load_config(data)
    assert config.input.encoding == "cp1252"
    assert config.input.roles.count == ("a", "")
    assert config.input.date_format == {"e": "%d/%m/%Y"}
    assert config.input.warn_scope == {"ROLE": 1.0, "OUTCOME": 0.0}
    assert config.gravity.unmapped == 5.0
    assert isinstance(config.gravity.unmapped, float)
    assert config.gravity.non_crime is None
    assert config.score.components.gravity is not None
    assert config.score.components.gravity.half_life_days == 180
    assert config.score.components.frequency is None
    assert config.rank.tie_break == ("victims",)
    assert config.max_score == 3
    assert load_config(minimal(input={"encoding": "utf8"})).input.encoding == "utf-8"


def test_config_is_frozen_and_shows_name_and_hash() -> None:
    config = load_config(minimal(name="north"))
    with pytest.raises(ValueError, match="frozen"):
        config.name = "south"
    assert repr(config) == str(config) == f"Config(name='north', sha256='{config.sha256()[:12]}')"


def test_models_used_directly_refuse_unknown_keys() -> None:
    with pytest.raises(ValueError, match="unknown key 'who'"):
        InputConfig.model_validate({"columns": {"who": "x"}})
    held = CohortConfig.model_validate({"custody": {"exclude_if_held_days": 1}})
    assert CohortConfig.model_validate({"custody": held.custody}) == held


# --- hash and round trip ----------------------------------------------------------------------------


def test_hash_is_that_of_the_effective_config_as_sorted_json() -> None:
    config = load_config(minimal())
    text = json.dumps(config.effective(), sort_keys=True, separators=(",", ":"))
    assert config.sha256() == hashlib.sha256(text.encode()).hexdigest()


def test_hash_ignores_key_order_blanks_quotes_and_written_defaults(tmp_path: Path) -> None:
    other = """\
    # the same, said differently
    score:
        components:
            "frequency":
                bands:
                  - {points: 5,   from: 1}
        window_days: 730
    cohort: {reserve: 12, custody: null}
    gravity:
        non_crime: 0.50
        table: 'weights'
        unmapped: ~
    schema: "rfgscore/1"
    """
    assert load_config(write(tmp_path, MINIMAL)).sha256() == load_config(write(tmp_path, other)).sha256()


@pytest.mark.parametrize(
    ("one", "two"), [({"unmapped": 0}, {"unmapped": -0.0}), ({"non_crime": 1}, {"non_crime": 1.0})]
)
def test_equal_numbers_hash_alike(one: dict[str, Any], two: dict[str, Any]) -> None:
    first, second = (load_config(minimal(gravity={"table": "t"} | part)) for part in (one, two))
    assert first.sha256() == second.sha256()
    assert first.sha256() != load_config(minimal()).sha256()


@pytest.mark.parametrize(
    "source",
    [
        "illustrative-rfgv",
        ROOT / "configs/matac.yaml",
        ROOT / "configs/dappa.yaml",
        minimal(gravity={"table": "t", "non_crime": None, "unmapped": 1e22}),
        minimal(gravity={"table": "1.5e3", "unmapped": 1e-7}, name="012"),
        minimal(
            input={
                "warn_scope": {},
                "delimiter": "\t",
                "roles": {"count": ["", "no", "1.5e3", "null", " a "]},
            }
        ),
        minimal(name="naïve \x07 \U0001f600 \u2028 'x': \"y\" # z", rank={"tie_break": []}),
        minimal(gravity={"table": "t", "uplift": {"k" * 200: {"weight": 1, "reason": "a\nb"}}}),
    ],
    ids=str,
)
def test_yaml_of_the_effective_config_loads_to_the_same(tmp_path: Path, source: Any) -> None:
    config = load_config(source)
    again = load_config(write(tmp_path, config.to_yaml()))
    assert again.effective() == config.effective()
    assert again.sha256() == config.sha256()


def test_gravity_path_follows_the_file_that_set_it_and_is_not_hashed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, MINIMAL.replace("weights", "tables/w.CSV"))
    child = write(tmp_path, "schema: rfgscore/1\nextends: a/c.yaml\n")
    first, second = load_config(child), load_config(tmp_path / "b/c.yaml")
    assert first.gravity_path == tmp_path / "a/tables/w.CSV"
    assert second.gravity_path == tmp_path / "b/tables/w.CSV"
    assert first.sha256() == second.sha256()
    assert first.effective()["gravity"]["table"] == "tables/w.CSV"
    own = write(tmp_path, "schema: rfgscore/1\nextends: a/c.yaml\ngravity: {table: x.csv}\n")
    assert load_config(own).gravity_path == tmp_path / "x.csv"


def test_a_mapping_starts_at_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, MINIMAL, "base.yml")
    monkeypatch.chdir(tmp_path)
    config = load_config({"schema": "rfgscore/1", "extends": "base.yml", "gravity": {"table": "w.csv"}})
    assert config.gravity_path == tmp_path / "w.csv"
    assert load_config("base.yml").gravity_path is None


# --- extends, merge and null ------------------------------------------------------------------------


def test_maps_merge_lists_are_replaced_and_null_removes(tmp_path: Path) -> None:
    write(
        tmp_path,
        """\
        schema: rfgscore/1
        name: parent
        extends: illustrative-rfgv
        input: {roles: {count: [a, b]}, custody: {end_is: last_day_held}, warn_scope: {ROLE: 0.1}}
        gravity: {unmapped: stop, non_crime: 2, uplift: {"9A": {weight: 7, reason: local}}}
        cohort: {capacity: 30, custody: {exclude_if_held_days: 5}}
        """,
        "parent.yaml",
    )
    child = write(
        tmp_path,
        """\
        schema: rfgscore/1
        name: child
        extends: parent.yaml
        input: {roles: {count: [c]}, custody: null, warn_scope: {OUTCOME: 0.5}}
        gravity: {unmapped: null, non_crime: null, uplift: {"008/77": null, "008/78": null}}
        score: {components: {victims: null, frequency: {bands: [{from: 2, points: 9}]}}}
        cohort: {custody: show}
        """,
    )
    config = load_config(child)
    assert config.name == "child"
    assert config.input.roles.count == ("c",)
    assert config.input.roles.set_aside == ("victim", "witness", "other")
    assert config.input.custody.end_is == "release_day"
    assert config.input.warn_scope == {"ROLE": 0.1, "OUTCOME": 0.5}
    assert config.gravity.unmapped == "set_aside"
    assert config.gravity.non_crime is None
    assert list(config.gravity.uplift) == ["008/67", "9A"]
    assert config.score.components.victims is None
    assert config.score.components.frequency is not None
    assert [band.from_ for band in config.score.components.frequency.bands] == [2]
    assert config.rank.tie_break == ("gravity", "recency", "frequency")
    assert (config.cohort.capacity, config.cohort.reserve, config.cohort.custody) == (30, 30, "show")
    assert "extends" not in config.effective()


def test_a_problem_names_the_file_that_set_the_value(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL + "cohort:\n  capacity: 0\n  min_incidents: 0\n", "parent.yaml")
    child = write(tmp_path, "schema: rfgscore/1\nextends: parent.yaml\ncohort:\n\n  min_incidents: -1\n")
    assert problems_of(child) == [
        "c.yaml:5:cohort.min_incidents: must be 1 or more",
        "parent.yaml:5:cohort.capacity: must be 1 or more",
    ]


def test_a_parent_may_leave_its_schema_out_but_not_name_another(tmp_path: Path) -> None:
    child = write(tmp_path, "schema: rfgscore/1\nextends: p.yaml\n")
    write(tmp_path, MINIMAL.replace("schema: rfgscore/1\n", ""), "p.yaml")
    assert load_config(child).schema_ == "rfgscore/1"
    write(tmp_path, MINIMAL.replace("rfgscore/1", "rfgscore/2"), "p.yaml")
    assert problems_of(child) == ["p.yaml:1:schema: must be rfgscore/1"]
    write(tmp_path, MINIMAL, "p.yaml")
    assert problems_of(write(tmp_path, "extends: p.yaml\n")) == ["c.yaml:1:schema: is needed"]


def test_null_extends_nothing() -> None:
    assert load_config(minimal(extends=None)) == load_config(minimal())


def test_circles_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "extends: c.yaml\n", "b.yaml")
    path = write(tmp_path, "schema: rfgscore/1\nextends: b.yaml\nbogus: 1\n")
    circle = f"extends runs in a circle: {path} comes round again"
    assert problems_of(path) == [
        f"b.yaml:1:extends: {circle}",
        "c.yaml:3:bogus: unknown key; valid here: schema, name, extends, input, gravity, score, rank, "
        "escalation, cohort, output",
    ]
    assert (
        "runs in a circle"
        in problems_of(write(tmp_path, "schema: rfgscore/1\nextends: ./self.yaml\n", "self.yaml"))[0]
    )


@pytest.mark.parametrize(
    ("extends", "text"),
    [
        ("gone.yaml", "there is no configuration file "),
        ("ilustrative-rfgv", "did you mean 'illustrative-rfgv'? shipped are: illustrative-rfgv"),
        ("5", "must be the name of a shipped preset, or a path"),
        ("[a]", "must be the name of a shipped preset, or a path"),
        ("./", "cannot be read: Is a directory"),
        (r'"a\0.yaml"', "cannot be read: its name is no file name"),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, extends: str, text: str) -> None:
    (found,) = problems_of(write(tmp_path, f"schema: rfgscore/1\nname: n\nextends: {extends}\n"))
    assert found.startswith("c.yaml:3:extends: ")
    assert text in found


def test_a_parent_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "a: 1\nb: [\n", "p.yaml")
    child = write(tmp_path, "schema: rfgscore/1\nextends: p.yaml\noutput: {small_number: 5}\n")
    found = problems_of(child)
    assert found[0] == f"c.yaml:3:output.small_number: {NOT_BUILT_TEXT}"
    assert found[1].startswith("p.yaml:3:: this is not YAML: ")


# --- sources ----------------------------------------------------------------------------------------


def test_missing_files_and_presets(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no configuration file .*gone\.yaml"):
        load_config(tmp_path / "gone.yaml")
    with pytest.raises(
        ConfigError, match="there is no preset 'ilustrative-rfgv'; did you mean 'illustrative-rfgv'"
    ):
        preset("ilustrative-rfgv")
    with pytest.raises(ConfigError, match=r"there is no preset '\.\./x'; shipped are: illustrative-rfgv"):
        preset("../x")
    with pytest.raises(ConfigError, match="there is no preset 'zzz'"):
        load_config("zzz")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)
    with pytest.raises(ConfigError, match="its name is no file name"):
        load_config("a\0.yaml")
    with pytest.raises(TypeError, match="not int"):
        load_config(5)  # type: ignore[arg-type]


def test_mappings_follow_the_same_rules() -> None:
    assert problems_of({"schema": "rfgscore/1", "gravity": {"table": object()}, 2: 1, "score": []}) == [
        "<mapping>:0:2: a key must be text",
        "<mapping>:0:gravity.table: is needed",
        "<mapping>:0:gravity.table: must be plain data, not object",
        "<mapping>:0:score: must be a map of keys",
    ]
    assert problems_of(
        minimal(gravity={"table": "t", "unmapped": float("nan"), "non_crime": float("inf")})
    ) == [
        "<mapping>:0:gravity.non_crime: must be a finite number",
        "<mapping>:0:gravity.unmapped: must be a finite number",
    ]
    endless: dict[str, Any] = {}
    endless["input"] = endless
    assert problems_of(endless) == ["<mapping>:0:input.input.input: nested more than 50 levels deep"]


# --- YAML -------------------------------------------------------------------------------------------

TRAPS = [
    "yes",
    "no",
    "on",
    "off",
    "NO",
    "True",
    "FALSE",
    "Null",
    "NULL",
    "012",
    "1_2",
    "1:30",
    "0x1f",
    "0o17",
]
TRAPS += ["1e3", "1900-01-01", "nan", ".nan", ".inf", "+1", ".5", "5.", "01.5", "--1", "1" * 19, "none", "1."]


@pytest.mark.parametrize("word", TRAPS)
def test_words_that_yaml_would_turn_into_something_else_stay_text(word: str) -> None:
    node, problems = read_yaml(f"key: [{word}]".encode(), "f")
    assert problems == []
    assert isinstance(node.value, dict)
    assert isinstance(node.value["key"].value, list)
    assert node.value["key"].value[0].value == word


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *(("null", None), ("~", None), ("", None), ("true", True), ("false", False), ("0", 0), ("-7", -7)),
        *(("1.50", 1.5), ("-0.5", -0.5), ("1.5e3", 1500.0), ("1.0e-07", 1e-07)),
    ],
)
def test_words_that_are_values(word: str, value: Any) -> None:
    assert resolve(word) == value
    assert type(resolve(word)) is type(value)
    node, _ = read_yaml(f"a: {word}\nb: '{word}'\nc: |-\n  {word}".encode(), "f")
    assert isinstance(node.value, dict)
    assert [node.value[key].value for key in "abc"] == [value, word, word]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x 1\n", "c.yaml:1:a: anchors (&x) are not read; remove it"),
        ("b: 1\na: *x\n", "c.yaml:2:a: aliases (*x) are not read; write the value out"),
        (
            "a: !!python/object:os.system [1]\n",
            "tags (tag:yaml.org,2002:python/object:os.system) are not read",
        ),
        ("a: !!str 1\n", "tags (tag:yaml.org,2002:str) are not read; remove it"),
        ("a: ! 1\n", "tags (!) are not read; remove it"),
        (
            "name: x\n\ncohort:\n  <<: {capacity: 1}\n",
            "c.yaml:4:cohort.<<: merge keys (<<) are not read; use extends",
        ),
        ("a: 1\n---\nb: 2\n", "c.yaml:2:: a second document starts here; a configuration is one document"),
        ("", "c.yaml:1:: the file is empty"),
        ("# nothing\n", "c.yaml:1:: the file is empty"),
        ("---\n", "c.yaml:2:: must be a map of keys, such as schema: rfgscore/1"),
        ("- a\n", "c.yaml:1:: must be a map of keys, such as schema: rfgscore/1"),
        ("a: 1\nb: c: d\n", "c.yaml:2:: this is not YAML: mapping values are not allowed here"),
        ("a: 'x\n", "c.yaml:2:: this is not YAML: found unexpected end of stream"),
        ("a: 1\nb: \x01\n", "c.yaml:2:: this is not YAML: a character that no text file may hold"),
        ('a: "\\UFFFFFFFF"\n', "c.yaml:1:: this is not YAML: an escape stands for no character"),
        ("a: " + "[" * 3000, "c.yaml:1:a.0.0: nested more than 50 levels deep"),
        ("2: x\n", 'c.yaml:1:2: a key must be text; put it in quotes: "2"'),
        ("input:\n  flags: {true: [y]}\n", 'input.flags.true: a key must be text; put it in quotes: "true"'),
        ("? [a]\n: 1\n", "c.yaml:1:?: a key must be text"),
        ("name: a\ncohort: {}\nname: b\n", "c.yaml:3:name: this key already stands in line 1; keep one"),
    ],
)
def test_yaml_that_is_refused(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    assert found in "\n".join(problems_of(path))


def test_bytes_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"schema: rfgscore/1\nname: caf\xe9\n")
    assert problems_of(path) == ["c.yaml:2:: the file is not UTF-8; save it as UTF-8"]
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert problems_of(path) == ["c.yaml:1:: the file is larger than 1 MB"]
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load_config(path) == load_config(minimal())


def test_problems_before_a_syntax_error_are_kept(tmp_path: Path) -> None:
    found = problems_of(write(tmp_path, "a: 1\na: 2\nb: ]\n"))
    assert found[0] == "c.yaml:2:a: this key already stands in line 1; keep one"
    assert found[1].startswith("c.yaml:3:: this is not YAML: ")


def test_first_of_two_equal_keys_counts_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    text = MINIMAL + "cohort: {capacity: 0}\ncohort: {capacity: x}\nrank: {tie_braek: []}\n"
    assert problems_of(write(tmp_path, text)) == [
        "c.yaml:4:cohort.capacity: must be 1 or more",
        "c.yaml:5:cohort: this key already stands in line 4; keep one",
        "c.yaml:6:rank.tie_braek: unknown key; did you mean 'tie_break'?",
    ]


def test_text_is_written_so_that_it_reads_back() -> None:
    data = {word: [word, {"x": word}] for word in [*TRAPS, "1", "true", "null", "1.5e3", "", "a: b", "#"]}
    node, problems = read_yaml(write_yaml(data).encode(), "f")
    assert problems == []
    assert isinstance(node.value, dict)
    assert list(node.value) == list(data)
    assert yaml.safe_load(write_yaml(data)) == data


# --- values -----------------------------------------------------------------------------------------

BANDS = "bands: [{from: 1, points: 1}]"
BAD = [
    ("name: 5", "name: must be text; put it in quotes"),
    ("name: ' '", "name: must not be blank"),
    ("name: [a]", "name: must be text"),
    ("schema: rfgscore/2", "schema: must be rfgscore/1"),
    ("input: 5", "input: must be a map of keys"),
    ("inptu: {}", "inptu: unknown key; did you mean 'input'?"),
    ("INPUT: {}", "INPUT: unknown key; did you mean 'input'?"),
    ("input: {rols: null}", "input.rols: unknown key; did you mean 'roles'?"),
    ("input: {roles: {xyzzy: []}}", "input.roles.xyzzy: unknown key; valid here: count, set_aside"),
    (
        "input: {columns: {}}",
        "input.columns.perpetrator_id: is needed: name the column of the file that holds it",
    ),
    (
        "input: {columns: {}}",
        "input.columns.event_date: is needed: name the column of the file that holds it",
    ),
    ("input: {columns: {}}", "input.columns.offence_code: is needed unless is_crime is mapped"),
    ("input: {columns: {victim: x}}", "input.columns.victim: unknown key; did you mean 'victim_id'?"),
    ("input: {columns: {dob: ''}}", "input.columns.dob: must not be blank"),
    ("input: {columns: {dob: 3}}", "input.columns.dob: must be text; put it in quotes"),
    ("input: {columns: [dob]}", "input.columns: must be a map of keys"),
    ("input: {date_format: '%d/%m/%y'}", "input.date_format: date format '%d/%m/%y' cannot be used"),
    (
        "input: {date_format: 5}",
        'input.date_format: must be a date format such as "%d/%m/%Y", or a map of them',
    ),
    ("input: {date_format: {event_date: x}}", "input.date_format.event_date: date format 'x' cannot be used"),
    (
        "input: {date_format: {event_dat: '%Y%m%d'}}",
        "event_dat: no date is mapped to a column of this name; did you",
    ),
    (
        "input: {links: {date_format: {zz: '%Y%m%d'}}}",
        "input.links.date_format.zz: no date is mapped to a column",
    ),
    ("input: {encoding: latin1}", "input.encoding: must be one of utf-8, cp1252"),
    ("input: {encoding: 8}", "input.encoding: must be one of utf-8, cp1252"),
    ("input: {delimiter: tab}", 'input.delimiter: must be one of "," ";" "|" or a tab, written "\\t"'),
    ("input: {extract_date: 2025-02-30}", "input.extract_date: must be a calendar date written YYYY-MM-DD"),
    ("input: {extract_date: 20250101}", "input.extract_date: must be text; put it in quotes"),
    (
        "input: {sentinel_dates: [1900-01-01, 01/01/1900]}",
        "sentinel_dates.1: must be a calendar date written",
    ),
    ("input: {sentinel_dates: 1900-01-01}", "input.sentinel_dates: must be a list, such as [first, second]"),
    ("input: {point_in_time: strct}", "must be one of strict, accept_extract_state; did you mean 'strict'?"),
    (
        "input: {roles: {count: [Suspect, ' VICTIM']}}",
        "input.roles.set_aside.0: 'victim' also stands in count",
    ),
    ("input: {roles: {count: suspect}}", "input.roles.count: must be a list, such as [first, second]"),
    ("input: {outcomes: {count: [Cancelled]}}", "input.outcomes.count.0: 'Cancelled' also stands in exclude"),
    ("input: {flags: {'true': [N]}}", "input.flags.false.0: 'n' also stands in true; keep one"),
    ("input: {flags: {'true': [true]}}", "input.flags.true.0: must be text; put it in quotes"),
    ("input: {placeholders: {person: [0]}}", "input.placeholders.person.0: must be text; put it in quotes"),
    ("input: {placeholders: {person: [null]}}", "input.placeholders.person.0: must be text"),
    ("input: {duplicates: drop}", "input.duplicates: must be one of set_aside, keep"),
    ("input: {max_set_aside: {share: 1.5}}", "input.max_set_aside.share: must be 1 or less"),
    ("input: {max_set_aside: {share: '0.5'}}", "input.max_set_aside.share: must be a number, without quotes"),
    ("input: {max_set_aside: {floor_rows: 1.0}}", "input.max_set_aside.floor_rows: must be a whole number"),
    ("input: {warn_scope: {ROLE: -1}}", "input.warn_scope.ROLE: must be 0 or more"),
    (
        "input: {warn_scope: {BAD_ID: 0.5}}",
        "input.warn_scope.BAD_ID: unknown key; valid here: NO_NAMED_SUSPECT",
    ),
    ("input: {limits: {id_chars: 0}}", "input.limits.id_chars: must be 1 or more"),
    ("input: {subjects: {columns: {dob: d}}}", "input.subjects.columns.perpetrator_id: is needed"),
    ("input: {custody: {columns: {perpetrator_id: p, start: s}}}", "input.custody.columns.end: is needed"),
    (
        "input: {custody: {end_is: last_day}}",
        "must be one of release_day, last_day_held; did you mean 'last_day_held'?",
    ),
    ("input: {links: {columns: {nominal_id: n}}}", "input.links.columns.master_id: is needed"),
    ("gravity: {}", "gravity.table: is needed"),
    ("gravity: null", "gravity: is needed"),
    ("gravity: {table: ''}", "gravity.table: must not be blank"),
    ("gravity: {table: t, level: sub}", "gravity.level: must be one of subcode, class"),
    (
        "gravity: {table: t, unmapped: skip}",
        "gravity.unmapped: must be set_aside, stop or a number of 0 or more",
    ),
    (
        "gravity: {table: t, unmapped: true}",
        "gravity.unmapped: must be set_aside, stop or a number of 0 or more",
    ),
    ("gravity: {table: t, unmapped: -1}", "gravity.unmapped: must be 0 or more"),
    ("gravity: {table: t, non_crime: 1.0e999}", "gravity.non_crime: must be a finite number"),
    ("gravity: {table: t, non_crime: true}", "gravity.non_crime: must be a number"),
    ("gravity: {table: t, uplift: {9A: {weight: 5}}}", "gravity.uplift.9A.reason: is needed"),
    (
        "gravity: {table: t, uplift: {9A: {weight: 5, reason: ' '}}}",
        "gravity.uplift.9A.reason: must not be blank",
    ),
    ("gravity: {table: t, uplift: {'': {weight: 5, reason: r}}}", "gravity.uplift.: must not be blank"),
    ("gravity: {table: t, uplift: {9A: 5}}", "gravity.uplift.9A: must be a map of keys"),
    (
        "gravity: {table: t, uplift: {9A: {wieght: 5, reason: r}}}",
        "9A.wieght: unknown key; did you mean 'weight'?",
    ),
    ("score: null", "score: is needed"),
    ("score: {}", "score.components: is needed"),
    (
        "score: {components: {}}",
        "score.components: at least one of recency, frequency, gravity, victims is needed",
    ),
    ("score: {components: {frequency: {}}}", "score.components.frequency.bands: is needed"),
    (
        "score: {components: {frequency: {bands: []}}}",
        "score.components.frequency.bands: at least one is needed",
    ),
    (
        "score: {components: {frequency: {bands: [5]}}}",
        "score.components.frequency.bands.0: must be a map of keys",
    ),
    ("score: {components: {frequency: {bands: {a: 1}}}}", "score.components.frequency.bands: must be a list"),
    ("score: {components: {frequency: {bands: [{from: 1}]}}}", "frequency.bands.0.points: is needed"),
    ("score: {components: {frequency: {bands: [{from: 1, points: 2.5}]}}}", "points: must be a whole number"),
    (
        "score: {components: {frequency: {bands: [{from: 1, points: '2'}]}}}",
        "must be a whole number, without quotes",
    ),
    ("score: {components: {frequency: {bands: [{from: 1.5, points: 2}]}}}", "from: must be a whole number"),
    (
        "score: {components: {frequency: {bands: [{up_to: 1, points: 2}]}}}",
        "up_to: unknown key; valid here: from, points",
    ),
    ("score: {components: {recency: {bands: [{from: 1, points: 2}]}}}", "recency.bands.0.up_to: is needed"),
    ("score: {components: {recency: {bands: [{up_to: -1, points: 2}]}}}", "up_to: must be 0 or more"),
    (
        "score: {components: {recency: {bands: [{up_to: 9, points: 2}, {up_to: 9, points: 1}]}}}",
        "score.components.recency.bands.1.up_to: must be above 9, the band before it",
    ),
    (
        "score: {components: {recency: {clock: wall, " + BANDS + "}}}",
        "clock: must be one of calendar, at_liberty",
    ),
    (
        "score: {components: {gravity: {aggregate: decayed, " + BANDS + "}}}",
        "half_life_days: is needed with aggregate",
    ),
    (
        "score: {components: {gravity: {half_life_days: 9, " + BANDS + "}}}",
        "score.components.gravity.half_life_days: is only for aggregate: decayed; remove it",
    ),
    (
        "score: {components: {gravity: {aggregate: decayed, half_life_days: 40000, " + BANDS + "}}}",
        "score.components.gravity.half_life_days: must be 36500 or less",
    ),
    ("score: {components: {gravty: {}}}", "score.components.gravty: unknown key; did you mean 'gravity'?"),
    ("score: {window_days: 0}", "score.window_days: must be 1 or more"),
    ("score: {window_days: true}", "score.window_days: must be a whole number"),
    (
        "score: {method: point}",
        "score.method: must be one of points, quantile, continuous; did you mean 'points'?",
    ),
    ("rank: [gravity]", "rank: must be a map of keys"),
    ("rank: {tie_break: [gravity]}", "rank.tie_break.0: the score has no component 'gravity'; remove it"),
    ("rank: {tie_break: [frequency, frequency]}", "rank.tie_break.1: 'frequency' is repeated; keep one"),
    (
        "rank: {tie_break: [frequncy]}",
        "must be one of recency, frequency, gravity, victims; did you mean 'frequency'?",
    ),
    ("cohort: {capacity: 2000000000}", "cohort.capacity: must be 1000000000 or less"),
    ("cohort: {reserve: -1}", "cohort.reserve: must be 0 or more"),
    ("cohort: {min_age_at_event: 121}", "cohort.min_age_at_event: must be 120 or less"),
    ("cohort: {custody: hide}", "cohort.custody: must be show or a map such as {exclude_if_held_days: 90}"),
    ("cohort: {keep: 11}", "cohort.keep: must be 12 or more: whoever is within capacity is proposed"),
    (
        "cohort: {capacity: 30, keep: 29}",
        "cohort.keep: must be 30 or more: whoever is within capacity is proposed",
    ),
    ("cohort: {keep: 0}", "cohort.keep: must be 1 or more"),
    ("cohort: {meetings: 0}", "cohort.meetings: must be 1 or more"),
    ("cohort: {release_within_days: -1}", "cohort.release_within_days: must be 0 or more"),
    ("cohort: {release_within_days: 36501}", "cohort.release_within_days: must be 36500 or less"),
    ("cohort: {emerging_days: 0}", "cohort.emerging_days: must be 1 or more"),
    (
        "cohort: {emerging: [new_victim]}",
        "cohort.emerging.0: must be one of first-top-gravity, rising-count, new-victim, strangulation, "
        "order-breach, above-maximum; did you mean 'new-victim'?",
    ),
    (
        "cohort: {emerging: [new-victim, new-victim]}",
        "cohort.emerging.1: 'new-victim' is repeated; keep one",
    ),
    ("cohort: {emerging: new-victim}", "cohort.emerging: must be a list, such as [first, second]"),
    ("cohort: {route_caps: {release: -1}}", "cohort.route_caps.release: must be 0 or more"),
    ("cohort: {route_caps: 5}", "cohort.route_caps: must be a map of keys"),
    (
        "cohort: {route_caps: {score: 5}}",
        "cohort.route_caps.score: unknown key; valid here: release, referral, emerging",
    ),
    ("cohort: {pathways: []}", "cohort.pathways: at least one is needed"),
    ("cohort: {pathways: [' ']}", "cohort.pathways.0: must not be blank"),
    (
        "cohort: {pathways: [Diversion, ' diversion']}",
        "cohort.pathways.1: ' diversion' is repeated; keep one",
    ),
    ("cohort: {areas: district}", "cohort.areas: must be one of area, force"),
    (
        "input: {decisions: {columns: {perpetrator_id: p, meeting_date: m}}}",
        "input.decisions.columns.decision: is needed: name the column of the file that holds it",
    ),
    (
        "input: {orders: {columns: {perpetrator_id: p, end: e}}}",
        "input.orders.columns.start: is needed: name the column of the file that holds it",
    ),
    (
        "input: {referrals: {columns: {perpetrator_id: p}}}",
        "input.referrals.columns.referred_date: is needed: name the column of the file that holds it",
    ),
    (
        "input: {referrals: {date_format: {agency: '%d/%m/%Y'}}}",
        "input.referrals.date_format.agency: no date is mapped to a column of this name",
    ),
    ("cohort: {custody: {}}", "cohort.custody.exclude_if_held_days: is needed"),
    (
        "cohort: {custody: {exclude_if_held_days: x}}",
        "cohort.custody.exclude_if_held_days: must be a whole number",
    ),
    (
        "cohort: {custody: {days: 9}}",
        "cohort.custody.days: unknown key; valid here: exclude_if_held_days",
    ),
]


@pytest.mark.parametrize(("line", "text"), BAD, ids=[f"{line} | {text}"[:90] for line, text in BAD])
def test_bad_values(tmp_path: Path, line: str, text: str) -> None:
    replaced = line.partition(":")[0]
    kept = [other for other in MINIMAL.splitlines() if not other.startswith(f"{replaced}:")]
    found = problems_of(write(tmp_path, "\n".join([*kept, "", line, ""])))
    # A removed section is reported where the map begins, anything else at its own line.
    where = 1 if line.endswith(": null") else len(kept) + 2
    assert [one for one in found if one.startswith(f"c.yaml:{where}:") and text in one], found


def test_a_missing_key_is_reported_at_the_map_that_lacks_it(tmp_path: Path) -> None:
    text = """\
    schema: rfgscore/1
    gravity:
      level: class
    score:
      components:

        gravity:
          bands:
            - from: 3
              points: 1
            - points: 1
            - from: 2
              points: 5
    """
    assert problems_of(write(tmp_path, text)) == [
        "c.yaml:2:gravity.table: is needed",
        "c.yaml:11:score.components.gravity.bands.1.from: is needed",
        "c.yaml:12:score.components.gravity.bands.2.from: must be above 3, the band before it",
    ]


def test_victims_need_a_victim_column_and_non_crime_files_no_code() -> None:
    victims = {"components": {"victims": {"bands": [{"from": 1, "points": 1}]}}}
    columns = {"perpetrator_id": "p", "event_date": "d", "is_crime": "c"}
    assert problems_of(minimal(score=victims, input={"columns": columns})) == [
        "<mapping>:0:input.columns.victim_id: is needed by score.components.victims"
    ]
    assert load_config(minimal(score=victims)).input.columns is None


def test_a_date_format_may_name_the_column_a_date_is_mapped_to() -> None:
    columns = {"perpetrator_id": "p", "event_date": "when", "offence_code": "c"}
    found = problems_of(
        minimal(input={"columns": columns, "date_format": {"c": "%d/%m/%Y", "when": "%d/%m/%Y"}})
    )
    assert found == ["<mapping>:0:input.date_format.c: no date is mapped to a column of this name"]


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = """\
    schema: rfgscore/1
    name: 7
    input:
      roles: {count: [victim]}
      delimiter: x
      columns: {event_date: d}
      timezone: Europe/Lundon
    gravity: {table: t, uplift: {"1": {weight: -1}}}
    score:
      components:
        gravity: {aggregate: decayed, bands: [{from: 2, points: 1},{from: 1, points: 1},{from: 0, points: x}]}
        victims: {bands: []}
    rank: {tie_break: [recency, gravity, gravity]}
    cohort: {capcity: 3, keep: 4}
    """
    assert problems_of(write(tmp_path, text)) == [
        "c.yaml:2:name: must be text; put it in quotes",
        "c.yaml:4:input.roles.set_aside.0: 'victim' also stands in count; keep one",
        'c.yaml:5:input.delimiter: must be one of "," ";" "|" or a tab, written "\\t"',
        "c.yaml:6:input.columns.offence_code: is needed unless is_crime is mapped",
        "c.yaml:6:input.columns.perpetrator_id: is needed: name the column of the file that holds it",
        "c.yaml:6:input.columns.victim_id: is needed by score.components.victims",
        "c.yaml:7:input.timezone: must be the name of a time zone, such as Europe/London",
        "c.yaml:8:gravity.uplift.1.reason: is needed",
        "c.yaml:8:gravity.uplift.1.weight: must be 0 or more",
        "c.yaml:11:score.components.gravity.bands.1.from: must be above 2, the band before it",
        "c.yaml:11:score.components.gravity.bands.2.from: must be above 1, the band before it",
        "c.yaml:11:score.components.gravity.bands.2.points: must be a whole number",
        "c.yaml:11:score.components.gravity.half_life_days: is needed with aggregate: decayed",
        "c.yaml:12:score.components.victims.bands: at least one is needed",
        "c.yaml:13:rank.tie_break.0: the score has no component 'recency'; remove it",
        "c.yaml:13:rank.tie_break.2: 'gravity' is repeated; keep one",
        "c.yaml:14:cohort.capcity: unknown key; did you mean 'capacity'?",
        "c.yaml:14:cohort.keep: must be 12 or more: whoever is within capacity is proposed",
    ]


def test_the_message_counts_the_problems_and_prints_each(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + "rank: 5\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    expected = f"the configuration cannot be used; 1 problem:\n  {path}:4: rank: must be a map of keys"
    assert str(caught.value) == expected
    with pytest.raises(ConfigError, match="; 2 problems:"):
        load_config(minimal(rank=5, cohort=5))


def test_an_unforeseen_kind_of_finding_still_gets_plain_words() -> None:
    error = ValidationError.from_exception_data(
        "Config", [{"type": "bytes_type", "loc": ("name",), "input": 1}]
    )
    assert list(in_plain_words(error, {"name": 1})) == [(("name",), "is not allowed here")]


# --- not built --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(NOT_BUILT))
@pytest.mark.parametrize("null", [True, False])
def test_keys_of_features_that_are_not_built(path: str, null: bool) -> None:
    value: Any = None if null else {}
    data = minimal()
    *above, last = path.split(".")
    place = data
    for step in above:
        place = place.setdefault(step, {})
    place[last] = value
    found = [one for one in problems_of(data) if one.startswith(f"<mapping>:0:{path}: ")]
    assert found == [f"<mapping>:0:{path}: {NOT_BUILT_TEXT}"]


def test_keys_that_are_not_built_are_not_offered() -> None:
    (found,) = problems_of(minimal(cohort={"zzz": 1}))
    assert found.endswith(
        "valid here: capacity, reserve, keep, meetings, min_incidents, min_age_at_event, custody, "
        "release_within_days, emerging_days, emerging, route_caps, pathways, areas"
    )
    (found,) = problems_of(minimal(output={"zzz": 1}))
    assert found.endswith("valid here: marking")


# --- schema -----------------------------------------------------------------------------------------


def test_json_schema_names_the_keys_of_the_file() -> None:
    schema = config_schema()
    assert list(schema["properties"]) == [
        *["schema", "name", "extends", "input", "gravity", "score", "rank", "escalation", "cohort", "output"]
    ]
    assert schema["required"] == ["schema"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["CountBand"]["required"] == ["from", "points"]
    assert "required" not in schema["$defs"]["GravityConfig"]
    json.dumps(schema)
    schema["properties"].clear()
    assert config_schema()["properties"]["schema"]["const"] == "rfgscore/1"


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("InputConfig", OFFENCE_COLUMNS),
        ("SubjectsConfig", SUBJECT_COLUMNS),
        ("CustodyConfig", CUSTODY_COLUMNS),
        ("ReferralsConfig", REFERRAL_COLUMNS),
        ("LinksConfig", LINK_COLUMNS),
        ("OrdersConfig", ORDER_COLUMNS),
        ("DecisionsConfig", DECISION_COLUMNS),
        ("RemovalsConfig", REMOVAL_COLUMNS),
    ],
)
def test_json_schema_lists_the_columns(section: str, names: tuple[str, ...]) -> None:
    (columns, _) = config_schema()["$defs"][section]["properties"]["columns"]["anyOf"]
    assert columns["propertyNames"]["enum"] == list(names)


def test_components_are_the_fields_of_the_model() -> None:
    assert list(config_schema()["$defs"]["ComponentsConfig"]["properties"]) == list(COMPONENTS)
    assert list(Config.model_fields) == [
        "schema_",
        "name",
        "input",
        "gravity",
        "score",
        "rank",
        "escalation",
        "cohort",
        "output",
    ]
