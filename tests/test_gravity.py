"""Gravity tables: how codes compare, which weights are refused, and what unknown codes mean."""

from __future__ import annotations

import csv
import hashlib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfgscore.errors import ConfigError, DataError
from rfgscore.gravity import (
    NON_CRIME,
    Grade,
    Provenance,
    classes_of,
    load_gravity,
    name_code,
    normal_code,
    provenance,
    shipped_sources,
    shipped_tables,
)

SHIPPED = "cchi-da-2020-10"
SEVERITY = "ons-css-2020"


def cells(name, folder="tables"):
    """Read a shipped table as plain rows."""
    text = (files("rfgscore") / "gravity" / folder / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


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
        ("\u00a08N\t", "8N"),  # a no-break space is a blank like another
        ("19c", "19C"),
        ("4/10", "4/10"),
        ("004/1", "4/1"),
    ],
)
def test_codes_are_compared_trimmed_in_upper_case_and_without_leading_zeros(text, normal):
    assert normal_code(text) == normal


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("8 N", "8N"),  # an inner blank is part of the code
        ("8/ 0 6", "8/6"),
        ("80/6", "8/6"),
        ("8/60", "8/6"),
        ("8-6", "8/6"),
        ("8\u20446", "8/6"),  # fraction slash
        ("8\u22156", "8/6"),  # division slash
        ("\uff18\uff2e", "8N"),  # full-width digit and letter
        ("8\u039d", "8N"),  # Greek capital nu
        ("8\u041d", "8H"),  # Cyrillic capital en
        ("\u0660\u0668/6", "8/6"),  # Arabic-Indic digits
        ("8\u200bN", "8N"),  # zero-width space
    ],
)
def test_codes_that_only_look_alike_stay_apart_and_look_alikes_are_never_named(load, text, other):
    assert normal_code(text) != normal_code(other)
    assert load(f"offence_code,weight\n{other},1\n").grade(text) is None
    if not text.isascii():
        assert name_code(normal_code(text)) == "a text that is no code"


@pytest.mark.parametrize(
    ("first", "second", "twice"),
    [
        ("8/6", "008/06", True),
        ("8n", " 8N ", True),
        ("57/0", "057/00", True),
        ("8/6", "8/60", False),
        ("8N", "8 N", False),
        ("8", "8/0", False),
    ],
)
def test_a_repeat_is_judged_on_the_compared_form(load, first, second, twice):
    content = f"offence_code,weight\n{first},1\n{second},1\n"
    if not twice:
        assert load(content).rows == 2
        return
    with pytest.raises(ConfigError, match=rf"weights\.csv:3: {second.strip()} stands in the table twice"):
        load(content)


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
    gravity = load("label,weight,note,offence_code\nassault,10, of 2019 ,008/06\n,3,,9a\n")
    assert gravity.grade("8/06") == Grade("008/06", 10.0, "assault", note="of 2019")
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
    with pytest.raises(ConfigError, match=r"weights\.csv is (not UTF-8|no CSV \(.*\)); save it as UTF-8 CSV"):
        load(content)


def test_a_byte_order_mark_is_accepted(load):
    assert load(b"\xef\xbb\xbfoffence_code,weight\n8/6,1\n").grade("8/6").weight == 1.0


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.csv cannot be read: No such file"):
        load_gravity(tmp_path / "none.csv")
    with pytest.raises(
        ConfigError, match=rf"no shipped gravity table 'cchi': use one of {SHIPPED}, {SEVERITY}, or a path"
    ):
        load_gravity("cchi")


TWO_LEVELS = "offence_code,weight,label\n8,10,wounding\n8/1,19,serious wounding\n8N,7,other\n"


@pytest.mark.parametrize(
    ("level", "code", "grade"),
    [
        ("class", "008/06", Grade("8/6", 7.0, "other", "class", note="the weight of class 8N")),
        ("class", "008/99", Grade("8/99", 10.0, "wounding", "class", note="the weight of class 8")),
        ("class", "8/01", Grade("8/1", 19.0, "serious wounding")),
        ("class", "008", Grade("8", 10.0, "wounding")),
        ("class", "9/1", None),
        ("class", "9", None),
        ("class", "8M", None),
        ("class", "008/30", None),  # its class is 8L, not 8
        ("class", "008/77", None),
        ("subcode", "008/06", None),
        ("subcode", "008/99", None),
        ("subcode", "8/01", Grade("8/1", 19.0, "serious wounding")),
        ("subcode", "8n", Grade("8N", 7.0, "other")),
    ],
)
def test_a_sub_code_falls_back_to_its_class_only_where_the_table_says_so(load, level, code, grade):
    assert load(TWO_LEVELS, level=level).grade(code) == grade


def test_of_several_classes_the_highest_weight_counts_and_no_single_label_is_claimed(load):
    table = "offence_code,weight,label,note\n58A,2,dwelling,\n58C,9,vehicle,of 2019\n58D,9,other,\n58,99,no\n"
    assert load(table.replace("58,99,no", "58,99,no,"), level="class").grade("149/00") == Grade(
        "149/0",
        9.0,
        "one of the classes 58A, 58C, 58D",
        "class",
        note="the highest weight of the classes 58A, 58C, 58D (of 2019)",
    )
    one = load("offence_code,weight,label\n58B,2,building\n", level="class")
    assert one.grade("058/00") == Grade("58/0", 2.0, "building", "class", note="the weight of class 58B")


def test_a_class_lifted_by_an_uplift_hands_its_reason_down(load):
    gravity = load(TWO_LEVELS, level="class", uplift={"8n": (365.0, "decision 12")})
    lifted = Grade("8/6", 365.0, "other", "class", "decision 12", "the weight of class 8N")
    assert gravity.grade("8/6") == lifted
    assert gravity.grade("8/99").reason == ""


@pytest.mark.parametrize(
    ("code", "classes"),
    [
        ("057/00", ("58A", "58B", "58C", "58D")),
        ("149/00", ("58A", "58B", "58C", "58D")),
        ("195/12", ("8Q", "NN")),
        ("029/00", ("29A",)),
        ("004/01", ("4/1",)),
        ("066/38", ("66",)),
        ("066/98", ("66",)),  # by its number
        ("066/91", ()),
        ("008/67", ()),
        ("106/02", ()),  # betting, by the number of modern slavery
        ("106", ()),
        ("8N", ()),
        ("", ()),
    ],
)
def test_the_map_decides_for_the_sub_codes_it_names(code, classes):
    assert classes_of(code) == classes


def test_the_map_of_classes_is_sound():
    rows = cells("classes", "")
    codes = [normal_code(row["offence_code"]) for row in rows]
    assert len(set(codes)) == len(codes) == 89
    assert all(row["source"] and bool(row["note"]) != bool(row["class"]) for row in rows)
    known = {normal_code(row["offence_code"]) for row in cells(SEVERITY)}
    named = {part for row in rows for part in row["class"].split(";")} - {"", "NN"}
    assert named <= known
    mapped = {normal_code(row["offence_code"]) for row in rows if row["class"]}
    assert mapped == {normal_code(row["offence_code"]) for row in cells(SHIPPED)} - {"8/67"}


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
    assert gravity.grade("008/77") == Grade(
        "8/77", 252.0, "non-fatal strangulation or suffocation", reason="decision 13"
    )
    assert gravity.grade("8") == Grade("8", 10.0, "wounding")
    assert gravity.rows == 3
    # The note is of the weight that no longer counts.
    assert load_gravity(SHIPPED).grade("8/1").note
    assert load_gravity(SHIPPED, uplift={"8/1": (600, "decision")}).grade("8/1").note == ""


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ({"level": "klass"}, "gravity.level must be subcode or class, not 'klass'"),
        (
            {"unmapped": "stopp"},
            "gravity.unmapped must be set_aside, stop or a number of 0 or more, not 'stopp'",
        ),
        ({"unmapped": -1}, "gravity.unmapped must be"),
        ({"unmapped": float("nan")}, "gravity.unmapped must be"),
        ({"non_crime": -0.1}, "gravity.non_crime must be None or a finite number of 0 or more"),
        ({"uplift": {"8/1": (5, " ")}}, "gravity.uplift.8/1: an uplift needs a reason"),
        ({"uplift": {"8/1": (-1, "r")}}, "gravity.uplift.8/1: the weight must be a finite number"),
        ({"uplift": {"8/1": (float("inf"), "r")}}, "gravity.uplift.8/1: the weight must be a finite number"),
        ({"uplift": {" ": (5, "r")}}, "gravity.uplift names a blank code"),
        ({"uplift": {"non_crime": (5, "r")}}, "gravity.uplift cannot name NON_CRIME; set gravity.non_crime"),
    ],
)
def test_a_policy_that_is_none_is_refused(load, policies, said):
    with pytest.raises(ConfigError, match=f"^{said}"):
        load(TWO_LEVELS, **policies)


def test_policies_at_their_edge_are_taken(load):
    gravity = load(TWO_LEVELS, unmapped=0, non_crime=0, uplift={"8/1": (0, "r")})
    assert [gravity.grade(code).weight for code in ("9", NON_CRIME, "8/1")] == [0, 0, 0]


def test_one_code_uplifted_in_two_spellings_is_refused(load):
    with pytest.raises(ConfigError, match="names one code in two spellings"):
        load(TWO_LEVELS, uplift={"8/1": (1.0, "a"), "008/01": (2.0, "b")})


@pytest.mark.parametrize(("name", "rows"), [(SHIPPED, 63), (SEVERITY, 133)])
def test_a_shipped_table_is_as_its_bytes_say(name, rows):
    data = (files("rfgscore") / "gravity" / "tables" / f"{name}.csv").read_bytes()
    gravity = load_gravity(name)
    assert (gravity.name, gravity.sha256) == (name, hashlib.sha256(data).hexdigest())
    assert gravity.rows == rows == len(gravity.grades) == data.count(b"\n") - 1
    assert b"\r" not in data and data.splitlines()[0] == b"offence_code,weight,label,class,source,note"
    for row in cells(name):
        grade = gravity.grade(row["offence_code"])
        assert grade == Grade(row["offence_code"], float(row["weight"]), row["label"], note=row["note"])


@pytest.mark.parametrize(
    ("name", "code", "weight"),
    [
        (SHIPPED, "008/06", 10.0),
        (SHIPPED, "008/66", 252.0),
        (SHIPPED, "008/67", 84.0),
        (SHIPPED, "019/08", 1825.0),
        (SHIPPED, "008/77", None),
        (SHIPPED, "008/78", None),
        (SEVERITY, "8N", 189.15388706397988),
        (SEVERITY, "19C", 2952.9409930950865),
        (SEVERITY, "1", 7973.393423328133),
        (SEVERITY, "004/01", 7973.393423328133),  # class 4/1 and sub-code 004/01 are one code
        (SEVERITY, "66", 72.50873282393884),
        (SEVERITY, "90", 250.25),
        (SEVERITY, "9A", 6.811757590441752),  # the edition of 2020, not the update after it
        (SEVERITY, "008/06", None),  # not without level: class
    ],
)
def test_spot_values_of_the_shipped_tables(name, code, weight):
    grade = load_gravity(name).grade(code)
    assert (None if grade is None else grade.weight) == weight


@pytest.mark.parametrize(
    ("code", "of"),
    [
        ("001/01", "1"),
        ("008/06", "8N"),
        ("008/66", "8Q"),
        ("195/94", "8L"),
        ("195/12", "8Q"),
        ("149/00", "58A"),
        ("105/01", "105A"),
        ("019/12", "19C"),
        ("029/00", "29A"),
        ("066/38", "66"),
        ("066/39", "66"),
        ("066/97", "66"),
        ("008/67", None),  # filed under 105A by the index, and no common assault
        ("008/74", None),
        ("008/77", None),
        ("008/78", None),
        ("068/04", None),
        ("068/19", None),
        ("997/01", None),
        ("104/00", None),
        ("066/91", None),
    ],
)
def test_sub_codes_under_the_severity_score_take_the_weight_of_their_class_or_none(code, of):
    gravity = load_gravity(SEVERITY, level="class")
    grade = gravity.grade(code)
    if of is None:
        assert grade is None
    else:
        assert (grade.weight, grade.fallback) == (gravity.grade(of).weight, "class")


def test_every_shipped_table_is_listed_with_owner_licence_and_checksum():
    folder = files("rfgscore") / "gravity" / "tables"
    there = sorted(entry.name[:-4] for entry in folder.iterdir() if entry.name.endswith(".csv"))
    assert shipped_tables() == tuple(there[1:]) and there[0] == "SOURCES"
    for source in shipped_sources():
        assert source == load_gravity(source.name).provenance
        assert all(vars(source).values()), source.name
    owners = {source.name: (source.publisher, source.licence) for source in shipped_sources()}
    assert owners[SEVERITY] == ("Office for National Statistics", "Open Government Licence v3.0")
    assert owners[SHIPPED][1].startswith("no open licence")


def test_of_a_table_of_ones_own_only_name_and_checksum_are_known(load):
    held = load(TWO_LEVELS).provenance
    assert held == Provenance("weights.csv", hashlib.sha256(TWO_LEVELS.encode()).hexdigest())
    assert (held.licence, held.title) == ("not stated", "")


@pytest.mark.parametrize("spoil", [lambda data: data + b"\n", lambda data: data.replace(b"\n", b"\r\n")])
def test_a_shipped_table_with_other_bytes_is_refused(monkeypatch, spoil):
    kept = provenance._bytes_of
    monkeypatch.setattr(provenance, "_bytes_of", lambda name: spoil(kept(name)))
    with pytest.raises(
        ConfigError, match=f"table {SHIPPED} is not as it was published: install rfgscore again"
    ):
        load_gravity(SHIPPED)


def test_a_shipped_table_that_is_gone_is_refused(monkeypatch):
    def gone(name):
        raise FileNotFoundError(name)

    shipped_sources()
    monkeypatch.setattr(provenance, "_bytes_of", gone)
    with pytest.raises(ConfigError, match="install rfgscore again"):
        load_gravity(SHIPPED)


@pytest.mark.parametrize(("code", "higher", "lower"), [("8/1", 547.5, "19"), ("28/3", 19.0, "10")])
def test_of_two_values_in_the_source_the_higher_one_stands_and_the_note_says_so(code, higher, lower):
    grade = load_gravity(SHIPPED).grade(code)
    assert grade.weight == higher and grade.note.startswith("two values in the source")
    assert f"{lower})" in grade.note and grade.note.endswith("the higher is used")


def test_a_weight_its_own_source_contradicts_is_noted_and_the_rest_is_not():
    noted = {row["offence_code"] for row in cells(SHIPPED) if row["note"]}
    assert noted == {"008/01", "028/03", "008/67"}
    assert "disagrees with itself" in load_gravity(SHIPPED).grade("8/67").note


def test_grades_are_values():
    gravity = load_gravity(SHIPPED)
    assert len({gravity.grade("8/6"), gravity.grade("008/06"), gravity.grade("8/1")}) == 2


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
        {"offence_code": "8/99"}, {"offence_code": "9"}, {"offence_code": "7"}, {"offence_code": ""},
        config=desk.config(gravity=gravity),
    )  # fmt: skip
    assert dict(zip(history.offences, history.weights.tolist(), strict=True)) == {
        "8/99": 4,
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
