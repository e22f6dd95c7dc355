"""Gravity tables: how codes compare, which weights are refused, and what unknown codes mean."""

from __future__ import annotations

import csv
import hashlib
import io
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfgscore.errors import ConfigError, DataError
from rfgscore.gravity import NON_CRIME, Grade, load_gravity, normal_code, shipped_tables

SHIPPED = "cchi-da-2020-10"


@pytest.fixture
def load(tmp_path):
    """Write a table and load it."""

    def load(content, **policies):
        path = tmp_path / "weights.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_gravity(path, **policies)

    return load


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("8/6", "8/6"),
        ("008/06", "8/6"),
        (" 008 / 06 ", "8/6"),
        (" 8n ", "8N"),
        ("08N", "8N"),
        ("105a", "105A"),
        ("057/00", "57/0"),
        ("000/000", "0/0"),
        ("0", "0"),
        ("10/20", "10/20"),
        ("001/02/03", "1/2/3"),
        ("008/", "8/"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_codes_are_compared_trimmed_in_upper_case_and_without_leading_zeros(text, normal):
    assert normal_code(text) == normal


@given(st.text(max_size=12))
def test_a_normal_code_stays_as_it_is(text):
    assert normal_code(normal_code(text)) == normal_code(text)


def test_all_wrong_weights_are_named_at_once_each_with_its_line(load):
    with pytest.raises(ConfigError) as caught:
        load(
            "offence_code,weight,label\n"
            '8/6,10,"two\nlines"\n'  # lines 2 and 3
            "1/1,,blank\n"
            "1/2,NaN,\n"
            "1/3,inf,\n"
            "1/4,-1,\n"
            "\n"  # line 8: no record
            "1/5,ten,\n"
            "1/6,1_0,\n"
            "008/06,11,again\n"
            ",5,\n"
            "1/7,5\n"
            "1/8,5,x,y\n"
            "1/9,-0.5,\n"
        )
    problems = {problem.line: problem.text for problem in caught.value.problems}
    number = "must be a finite number at or above 0"
    assert problems == {
        4: f"the weight of 1/1 {number}",
        5: f"the weight of 1/2 {number}",
        6: f"the weight of 1/3 {number}",
        7: f"the weight of 1/4 {number}",
        9: f"the weight of 1/5 {number}",
        10: f"the weight of 1/6 {number}",
        11: "008/06 stands in the table twice",
        12: "the offence code is blank",
        13: "2 cells, not 3",
        14: "4 cells, not 3",
        15: f"the weight of 1/9 {number}",
    }
    assert "weights.csv:4: the weight of 1/1" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "weight"), [("0", 0.0), ("0.0", 0.0), (" 5 ", 5.0), ("547.5", 547.5), ("1e3", 1000.0)]
)
def test_weights_that_are_numbers_are_taken_and_zero_where_it_is_written(load, text, weight):
    assert load(f"offence_code,weight\n8/6,{text}\n").grade("8/6") == Grade("8/6", weight, "8/6")


def test_columns_stand_in_any_order_and_a_label_may_be_missing(load):
    gravity = load("label,weight,note,offence_code\nassault,10,n,008/06\n,3,,9a\n")
    assert gravity.grade("8/06") == Grade("008/06", 10.0, "assault")
    assert gravity.grade("9A") == Grade("9a", 3.0, "9a")
    assert (gravity.name, gravity.rows) == ("weights.csv", 2)


def test_a_row_cut_short_before_its_code_is_named(load):
    with pytest.raises(ConfigError, match=r"weights\.csv:2: 1 cells, not 2"):
        load("weight,offence_code\n5\n")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "code,weight\n8/6,1\n",
        "offence_code,Weight\n8/6,1\n",
        "offence_code,weight,weight\n8/6,1,2\n",
    ],
)
def test_the_two_columns_are_needed_each_once(load, content):
    with pytest.raises(ConfigError, match="needs the columns offence_code and weight, each once"):
        load(content)


@pytest.mark.parametrize(
    "content",
    [
        "offence_code,weight,label\n8/6,1,caf\xe9\n".encode("cp1252"),
        "offence_code,weight\n8/6,1\n".encode("utf-16"),
        b'offence_code,weight\n"8/6,1\n',
        b'offence_code,weight\n"8/6"x,1\n',
    ],
)
def test_a_table_must_be_a_utf8_csv(load, content):
    with pytest.raises(ConfigError, match=r"weights\.csv is no UTF-8 CSV"):
        load(content)


def test_a_byte_order_mark_is_accepted(load):
    assert load(b"\xef\xbb\xbfoffence_code,weight\n8/6,1\n").grade("8/6").weight == 1.0


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.csv cannot be read: No such file"):
        load_gravity(tmp_path / "none.csv")
    with pytest.raises(
        ConfigError, match=rf"no shipped gravity table 'cchi': use one of {SHIPPED}, or a path"
    ):
        load_gravity("cchi")


TWO_LEVELS = "offence_code,weight,label\n8,10,wounding\n8/1,19,serious wounding\n8N,7,other\n"


@pytest.mark.parametrize(
    ("level", "code", "grade"),
    [
        ("class", "008/06", Grade("8/6", 10.0, "wounding", fallback="class")),
        ("class", "8/01", Grade("8/1", 19.0, "serious wounding")),
        ("class", "008", Grade("8", 10.0, "wounding")),
        ("class", "9/1", None),
        ("class", "9", None),
        ("subcode", "008/06", None),
        ("subcode", "8/01", Grade("8/1", 19.0, "serious wounding")),
        ("subcode", "8n", Grade("8N", 7.0, "other")),
    ],
)
def test_a_sub_code_falls_back_to_its_class_only_where_the_table_says_so(load, level, code, grade):
    assert load(TWO_LEVELS, level=level).grade(code) == grade


@pytest.mark.parametrize(
    ("unmapped", "code", "grade"),
    [
        ("set_aside", "9/9", None),
        ("stop", "9/9", None),
        (2.5, "009/09", Grade("9/9", 2.5, "9/9", fallback="unmapped")),
        (0.0, "9/9", Grade("9/9", 0.0, "9/9", fallback="unmapped")),
        (3, "9/9", Grade("9/9", 3.0, "9/9", fallback="unmapped")),
        (2.5, " ", Grade("", 2.5, "no offence code", fallback="unmapped")),
        (2.5, "8N", Grade("8N", 7.0, "other")),
    ],
)
def test_what_a_code_without_a_weight_means(load, unmapped, code, grade):
    assert load(TWO_LEVELS, unmapped=unmapped).grade(code) == grade


@pytest.mark.parametrize(
    ("weight", "grade"), [(0.5, Grade(NON_CRIME, 0.5, "non-crime incident")), (None, None)]
)
def test_non_crime_incidents_have_a_weight_of_their_own(load, weight, grade):
    assert load(TWO_LEVELS, non_crime=weight).grade(NON_CRIME) == grade


def test_the_word_for_non_crime_incidents_is_no_code(load, desk):
    gravity = load(TWO_LEVELS, unmapped=2.5)
    assert gravity.look_up("non_crime") is None and gravity.look_up("9/9").weight == 2.5
    history = desk.history({"offence_code": NON_CRIME, "is_crime": "y"}, {"is_crime": "n"})
    assert history.set_aside["reason"] == ["UNKNOWN_CODE"] and history.offences == (NON_CRIME,)
    with pytest.raises(ConfigError, match=r"weights\.csv:2: NON_CRIME is how non-crime incidents are shown"):
        load("offence_code,weight\nnon_crime,1\n")


def test_an_uplift_replaces_a_weight_or_adds_one_with_its_reason(load):
    gravity = load(TWO_LEVELS, uplift={"008/01": (365.0, "decision 12"), " 8/77 ": (252.0, "decision 13")})
    assert gravity.grade("8/1") == Grade("8/1", 365.0, "serious wounding", reason="decision 12")
    assert gravity.grade("008/77") == Grade("8/77", 252.0, "8/77", reason="decision 13")
    assert gravity.grade("8") == Grade("8", 10.0, "wounding")
    assert gravity.rows == 3


def test_one_code_uplifted_in_two_spellings_is_refused(load):
    with pytest.raises(ConfigError, match="names one code in two spellings"):
        load(TWO_LEVELS, uplift={"8/1": (1.0, "a"), "008/01": (2.0, "b")})


def test_the_shipped_table_is_as_its_bytes_say():
    data = (files("rfgscore") / "gravity" / "tables" / f"{SHIPPED}.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    gravity = load_gravity(SHIPPED)
    assert shipped_tables() == (SHIPPED,)
    assert (gravity.name, gravity.sha256) == (SHIPPED, hashlib.sha256(data).hexdigest())
    assert gravity.rows == len(rows) == len(gravity.grades) == data.count(b"\n") - 1
    assert all(gravity.grade(row["offence_code"]).weight == float(row["weight"]) for row in rows)


@pytest.mark.parametrize(("code", "higher", "lower"), [("8/1", 547.5, "19"), ("28/3", 19.0, "10")])
def test_of_two_values_in_the_source_the_higher_one_stands_and_the_note_says_so(code, higher, lower):
    text = (files("rfgscore") / "gravity" / "tables" / f"{SHIPPED}.csv").read_text(encoding="utf-8")
    (note,) = [
        row["note"] for row in csv.DictReader(text.splitlines()) if normal_code(row["offence_code"]) == code
    ]
    assert load_gravity(SHIPPED).grade(code).weight == higher
    assert (
        note.startswith("two values in the source")
        and f"{lower})" in note
        and note.endswith("the higher is used")
    )


def test_the_weights_of_a_configuration_reach_the_lines(desk, tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("offence_code,weight\n8,4\n")
    gravity = {
        "table": str(table),
        "level": "class",
        "unmapped": 2,
        "uplift": {"9": {"weight": 6, "reason": "r"}},
    }
    history = desk.history(
        {"offence_code": "8/6"}, {"offence_code": "9"}, {"offence_code": "7"}, {"offence_code": ""},
        config=desk.config(gravity=gravity),
    )  # fmt: skip
    assert dict(zip(history.offences, history.weights.tolist(), strict=True)) == {
        "8/6": 4,
        "9": 6,
        "7": 2,
        "": 2,
    }
    assert history.source.account.inputs[-1] == {
        "table": "gravity",
        "file": "own.csv",
        "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        "rows": 1,
        "set_aside": 0,
    }


def test_a_stop_names_the_codes_with_their_counts_and_never_another_text(desk):
    codes = ["99/1"] * 3 + ["99/2"] + [""] * 2 + ["Jane Roe"] + ["8/6"]
    with pytest.raises(DataError) as caught:
        desk.history(
            *({"offence_code": code} for code in codes), config=desk.config(gravity={"unmapped": "stop"})
        )
    assert str(caught.value).startswith(
        f"7 rows have an offence code without a weight in {SHIPPED}: 99/1 (3 rows), "
    )
    for said in ("99/2 (1 rows)", "a blank code (2 rows)", "a text that is no code (1 rows)"):
        assert said in str(caught.value)
    assert "Jane" not in str(caught.value) and "8/6" not in str(caught.value)
