"""Groups of offences, and how a table's cover of a file is told."""

from __future__ import annotations

import csv
from fractions import Fraction
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfgscore.gravity import (
    COURSE_OF_CONDUCT,
    GROUPS,
    NON_CRIME,
    coverage,
    coverage_lines,
    groups_of,
    in_group,
    load_gravity,
    normal_code,
)

SHIPPED = "cchi-da-2020-10"
OWN = "offence_code,weight,label,note\n008/06,10,injury,\n8N,4,class of injury,\n105/01,1,assault,of 2019\n"

#: Codes of each group, and codes beside them that are in none or in another.
MEMBERS = {
    "strangulation": ("8/77 8/78", "5/4 8/76 8/79"),
    "stalking": ("8/56 8/58 8/65 8/66 195/12 8Q", "8/74 195/94 8M 195/13"),
    "harassment": (
        "8/30 8/37 8/38 8/44 8/45 8/50 8/51 195/94",
        "8/29 8/31 8/36 8/43 8/49 8/55 125/9 125/12 125/68 87/2 88/90 8L 8M 9A",
    ),
    "coercive_control": ("8/67", "8/66 105A 105/1"),
    "order_breach": (
        "8/29 8/31 8/39 8/74 66/38 66/39 66/97 68/4 68/19 997/1",
        "8/32 66/8 66/19 66/40 66/84 66/98 66 8L 68/7 68/8 68/16 68/20 125/30 997/0 36/12",
    ),
}


@pytest.fixture
def load(tmp_path):
    """Write a table and load it."""

    def load(content=OWN, **policies):
        path = tmp_path / "weights.csv"
        path.write_text(content)
        return load_gravity(path, **policies)

    return load


@pytest.mark.parametrize("group", MEMBERS)
def test_a_group_holds_its_codes_and_not_those_beside_them(group):
    inside, beside = (codes.split() for codes in MEMBERS[group])
    assert [code for code in inside if not in_group(code, group)] == []
    assert [code for code in beside if in_group(code, group)] == []
    text = (files("rfgscore") / "gravity" / "groups.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["group"] == group]
    assert sorted(normal_code(row["offence_code"]) for row in rows) == sorted(inside)
    assert all(row["label"] and row["source"] for row in rows)


def test_every_group_is_listed_and_no_code_stands_in_two():
    assert set(GROUPS) == set(MEMBERS) and list(GROUPS) == sorted(GROUPS)
    codes = [code for inside, _ in MEMBERS.values() for code in inside.split()]
    assert len(set(codes)) == len(codes) and {len(groups_of(code)) for code in codes} == {1}
    assert COURSE_OF_CONDUCT == ("stalking", "harassment", "coercive_control")
    assert set(COURSE_OF_CONDUCT) < set(GROUPS)


@pytest.mark.parametrize("code", ["008/77", "8/77", " 008 / 77 "])
def test_groups_compare_codes_as_tables_do(code):
    assert groups_of(code) == frozenset({"strangulation"})


@pytest.mark.parametrize("code", [NON_CRIME, "non_crime", "", "8", "8/7", "8/770", "stalking"])
def test_other_texts_are_in_no_group(code):
    assert groups_of(code) == frozenset()


def test_a_group_that_is_none_is_refused():
    with pytest.raises(
        ValueError, match="no offence group 'stalkin': use one of coercive_control, harassment"
    ):
        in_group("8/66", "stalkin")


def test_each_code_is_told_with_its_weight_and_where_it_comes_from(load):
    gravity = load(
        OWN + "9,0,nil,\n",
        level="class", unmapped=2.5, non_crime=0.5, uplift={"8/77": (252, "decision 13")},
    )  # fmt: skip
    rows = {"008/06": 3, "105/01": 20, "8/1": 2, "8/77": 1, "7/7": 4, NON_CRIME: 10, "9": 5, "8/66": 0}
    told = coverage(gravity, rows, {"8/67": 5})
    assert list(told.rows()) == [
        (
            *("8/77", "non-fatal strangulation or suffocation", 252.0, "uplift", "decision 13"),
            *(1, 0.02, 252.0, 0.775385),
        ),
        ("008/06", "injury", 10.0, "table", None, 3, 0.06, 30.0, 0.092308),
        ("105/01", "assault", 1.0, "table", "of 2019", 20, 0.4, 20.0, 0.061538),
        ("7/7", "7/7", 2.5, "unmapped", None, 4, 0.08, 10.0, 0.030769),
        ("8/1", "class of injury", 4.0, "class", "the weight of class 8N", 2, 0.04, 8.0, 0.024615),
        (NON_CRIME, "non-crime incident", 0.5, "non_crime", None, 10, 0.2, 5.0, 0.015385),
        ("9", "nil", 0.0, "table", None, 5, 0.1, 0.0, 0.0),
        ("8/67", "8/67", None, "none", None, 5, 0.1, None, None),
    ]  # fmt: skip
    assert coverage_lines(told, gravity) == (
        "Gravity table weights.csv: edition and licence are not stated.",
        "Weights of their own: 3 codes, 28 rows (56 % of rows, 15.4 % of the known gravity).",
        "Uplifts: 1 row (2 % of rows, 77.5 % of the known gravity): 8/77 (1 row: decision 13).",
        "No weight of their own, so that of their class: 2 rows (4 % of rows, 2.5 % of the known gravity): "
        "8/1 (2 rows: the weight of class 8N).",
        "No weight in the table, so gravity.unmapped (2.5): 4 rows (8 % of rows, 3.1 % of the known "
        "gravity): 7/7 (4 rows).",
        "Non-crime incidents: 10 rows (20 % of rows, 1.5 % of the known gravity).",
        "No weight: 5 rows (10 % of rows): 8/67 (5 rows). Their gravity is not known, not zero.",
        "Notes of the table: 105/01 (20 rows: of 2019).",
    )


def test_the_order_of_the_input_and_repeats_in_it_make_no_difference(load):
    gravity = load()
    first = coverage(gravity, {"105/01": 10, "008/06": 1}, {"9/9": 1, "1/1": 2})
    second = coverage(gravity, [("008/06", 1), ("105/1", 4), ("105/01", 6)], [("1/1", 2), ("009/09", 1)])
    # Of equal gravity the lower code comes first.
    assert first["offence_code"] == ["008/06", "105/01", "1/1", "9/9"]
    assert list(first.rows()) == list(second.rows())


def test_a_text_that_is_no_code_is_never_told(load):
    gravity = load(unmapped=3, level="class")
    told = coverage(
        gravity,
        {"JANE ROE": 2, "JOHN DOE": 3, "8N/JANE ROE": 1, "": 1, "7/7": 1},
        {"Jane Roe": 1, "John": 4, " ": 1},
    )
    text = "\n".join([*map(str, told.rows()), *coverage_lines(told, gravity)])
    assert "JANE" not in text.upper() and "JOHN" not in text.upper()
    named = list(zip(told["offence_code"], told["label"], told["weight_from"], told["rows"], strict=True))
    assert named == [
        ("a text that is no code", "a text that is no code", "unmapped", 5),
        ("a text that is no code", "class of injury", "class", 1),
        ("7/7", "7/7", "unmapped", 1),
        ("a blank code", "a blank code", "unmapped", 1),
        ("a blank code", "a blank code", "none", 1),
        ("a text that is no code", "a text that is no code", "none", 5),
    ]


def test_codes_that_the_table_or_an_uplift_writes_are_shown_as_written(load):
    gravity = load("offence_code,weight\nburglary-1,5\n", uplift={"robbery_2": (7, "r")})
    assert coverage(gravity, {"Burglary-1": 1, "robbery_2": 1})["offence_code"] == ["robbery_2", "burglary-1"]


def test_non_crime_incidents_that_are_left_out_have_no_weight(load):
    gravity = load(non_crime=None)
    told = coverage(gravity, {NON_CRIME: 2})
    assert list(told.rows()) == [
        (NON_CRIME, "non-crime incident", None, "non_crime", None, 2, 1.0, None, None)
    ]  # fmt: skip
    assert coverage_lines(told, gravity)[1:] == ("Non-crime incidents: 2 rows (100 % of rows).",)
    # A row that only has the word as its code was set aside as one without a weight.
    assert coverage(gravity, {}, {NON_CRIME: 1})["weight_from"] == ["none"]


def test_where_all_weights_are_0_no_share_of_gravity_is_told(load):
    gravity = load("offence_code,weight\n9,0\n")
    told = coverage(gravity, {"9": 2}, {"8": 1})
    assert (told["gravity"], told["share_of_gravity"]) == ([0.0, None], [None, None])
    assert "known gravity" not in "".join(coverage_lines(told, gravity))


def test_no_rows_make_an_empty_table_and_one_line(load):
    gravity = load_gravity(SHIPPED)
    told = coverage(gravity, {})
    assert len(told) == 0
    assert coverage_lines(told, gravity) == (
        "Gravity table cchi-da-2020-10: Cambridge Crime Harm Index, domestic-abuse part, edition October "
        "2020; weights are days in custody of the sentencing starting point, or what counts as such.",
    )


def test_a_negative_number_of_rows_is_refused(load):
    with pytest.raises(ValueError, match="cannot be negative, and -1 is"):
        coverage(load(), {"8/6": -1})


@pytest.mark.parametrize(
    ("codes", "more"), [(20, None), (21, "; and 1 more code"), (23, "; and 3 more codes")]
)
def test_a_line_names_twenty_codes_and_counts_the_rest(load, codes, more):
    gravity = load()
    told = coverage(gravity, {"8/6": 1}, {f"{number}/1": number for number in range(100, 100 + codes)})
    line = coverage_lines(told, gravity)[-1]
    assert line.count("/1 (") == min(codes, 20)
    assert (more in line) if more else ("more code" not in line)


def test_every_uplift_is_named(load):
    gravity = load(uplift={f"{number}/1": (number, f"decision {number}") for number in range(100, 130)})
    told = coverage(gravity, {f"{number}/1": 1 for number in range(100, 130)})
    (line,) = [line for line in coverage_lines(told, gravity) if line.startswith("Uplifts")]
    assert line.count(": decision 1") == 30


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((1, 999), ("99.9 %", "0.1 %")),
        ((1, 1000), ("over 99.9 %", "under 0.1 %")),
        ((1, 2), ("66.7 %", "33.3 %")),
        ((1, 1), ("50 %", "50 %")),
    ],
)
def test_what_is_there_is_never_called_0_and_what_lacks_never_makes_100(load, rows, said):
    gravity = load()
    few, many = rows
    lines = coverage_lines(coverage(gravity, {"8/6": many}, {"9/9": few}), gravity)
    assert f"({said[0]} of rows" in lines[1] and f"({said[1]} of rows" in lines[2]


@given(
    st.dictionaries(st.sampled_from(["008/06", "8N", "105/01", NON_CRIME]), st.integers(1, 10**9)),
    st.integers(0, 10**9),
)
def test_rows_add_up_and_shares_are_exact(tmp_path_factory, rows, without):
    path = tmp_path_factory.getbasetemp() / "weights.csv"
    path.write_text(OWN)
    gravity = load_gravity(path)
    told = coverage(gravity, rows, {"9/9": without})
    assert sum(told["rows"]) == sum(rows.values()) + without
    known = sum(Fraction(gravity.grade(code).weight) * count for code, count in rows.items())
    for code, count, share, part in zip(
        *(told[name] for name in ("offence_code", "rows", "share_of_rows", "share_of_gravity")), strict=True
    ):
        assert share == round(count / (sum(rows.values()) + without), 6)
        if code != "9/9":
            assert part == round(float(Fraction(gravity.grade(code).weight) * count / known), 6)
