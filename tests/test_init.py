"""`rfgscore init`: which column is taken for which, what is said of it, and that no cell is shown."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rfgscore as rfg
from rfgscore.cli import head as head_module
from rfgscore.cli.column_names import is_private, named
from rfgscore.cli.init import look, settings_of
from rfgscore.cli.main import invoke
from rfgscore.errors import RfgError
from rfgscore.sample import sample_file

CANARY = "ZQ-CANARY"


def table(delimiter: str = ",", rows: int = 40, **columns) -> str:
    """Return CSV text; a column is a list that repeats, or a function of the row number."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    for row in range(rows):
        cells = [cell(row) if callable(cell) else cell[row % len(cell)] for cell in columns.values()]
        writer.writerow(cells)
    return stream.getvalue()


def uk(row: int) -> str:
    return (dt.date(2024, 1, 5) + dt.timedelta(days=9 * row)).strftime("%d/%m/%Y")


def ids(letter: str):
    return lambda row: f"{letter}{1000 + row // 2}"


def like(**changes):
    """Return the columns of a plain extract, some of them changed; None takes one away."""
    plain = {
        "nominal_ref": ids("N"), "offence_date": uk, "ho_code": ["008/06", "105/01", "195/94"],
        "victim_ref": ids("V"), "crime_ref": lambda row: f"C/{row}",
    }  # fmt: skip
    return {name: cell for name, cell in {**plain, **changes}.items() if cell is not None}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def guessed(desk):
    """Return the findings of a table, and the settings made of them."""

    def guessed(content, name="offences.csv"):
        file = content if isinstance(content, Path) else desk.file(content, name)
        seen, found = look(file)
        text = settings_of(seen, found)
        target = desk.file(text, "c.yaml")
        return found.findings, rfg.load_config(target), text

    return guessed


#: Headers as invented forces write them, and what each column is.
FORCES = [
    ("Anyshire", ",", {
        "perpetrator_id": "nominal_ref", "event_date": "offence_date", "recorded_date": "created_on",
        "offence_code": "ho_code", "victim_id": "victim_ref", "event_id": "crime_ref", "role": "role",
        "outcome": "outcome", "is_crime": "crime_flag", "force": "force", "area": "district",
        "dob": "dob",
    }),
    ("Upper Dale", ";", {
        "perpetrator_id": "SuspectID", "event_date": "DateFrom", "event_end": "DateTo",
        "recorded_date": "DateRecorded", "offence_code": "HomeOfficeCode", "victim_id": "AggrievedURN",
        "incident_id": "OccurrenceNumber", "area": "BCU",
    }),
    ("Westmoor", "|", {
        "perpetrator_id": "Offender URN", "event_date": "Committed On", "recorded_date": "Recorded On",
        "offence_code": "HO Offence Code", "event_id": "Crime No", "role": "Involvement",
        "outcome": "Disposal", "area": "Beat Code", "domestic": "DA Flag",
    }),
    ("Seaport", ",", {
        "perpetrator_id": "PNCID", "event_date": "OFFENCESTARTDATE", "recorded_date": "REPORTEDDATE",
        "offence_code": "HOCODE", "incident_id": "INCIDENTNO", "is_crime": "CRIMEYN",
        "children_linked": "CHILDREN_PRESENT", "risk_grade": "DASH_RISK_LEVEL",
    }),
    ("Northmark", ",", {
        "perpetrator_id": "perpetrator_id", "event_date": "event_date", "event_end": "event_end",
        "offence_code": "offence_code", "victim_id": "victim_id", "event_id": "event_id",
        "incident_id": "incident_id", "recorded_date": "recorded_date", "role": "role",
        "outcome": "outcome", "is_crime": "is_crime", "domestic": "domestic",
        "relationship": "relationship", "risk_grade": "risk_grade", "children_linked": "children_linked",
        "force": "force", "area": "area", "dob": "dob", "deceased_date": "deceased_date",
    }),
    ("Lakeland", ",", {
        "dob": "Date of Birth", "deceased_date": "Suspect Date Of Death", "perpetrator_id": "Accused No.",
        "event_date": "From", "event_end": "To", "offence_code": "Home Office Classification",
        "victim_id": "Injured Party ID", "role": "Person Type",
    }),
]  # fmt: skip
CELLS = {
    "perpetrator_id": ids("N"), "victim_id": ids("V"), "event_id": ids("C"), "incident_id": ids("I"),
    "event_date": uk, "event_end": uk, "recorded_date": uk, "dob": lambda row: f"25/06/{1960 + row}",
    "deceased_date": ["", "28/02/2025"], "offence_code": ["8/6", "105/1", "195/94"],
    "role": ["Suspect", "Victim"], "outcome": ["Charged", "Cancelled", ""], "is_crime": ["Y", "N"],
    "domestic": ["Y", "N"], "children_linked": ["Y", "N"], "relationship": ["Partner"],
    "risk_grade": ["High"], "force": ["Anyshire"], "area": ["Coast", "Hill"],
}  # fmt: skip


@pytest.mark.parametrize(("force", "sign", "columns"), FORCES, ids=[row[0] for row in FORCES])
def test_columns_of_invented_forces_are_known(guessed, force, sign, columns):
    found, config, _ = guessed(table(sign, **{column: CELLS[name] for name, column in columns.items()}))
    assert {name: finding.column for name, finding in found.items() if finding.column} == columns
    unsure = {name: finding.reason for name, finding in found.items() if finding.confidence == "CHECK"}
    assert unsure == {} and config.input.columns == columns
    assert config.input.delimiter == sign


def test_the_sample_is_understood_and_used_at_once(place, capsys):
    offences = str(sample_file("offences.csv"))
    assert invoke(["init", offences]) == 0
    said = capsys.readouterr()
    assert said.err == "" and "Written to rfgscore.yaml." in said.out
    assert "408 of 409 values are dates written dd/mm/yyyy; 1 cannot be read so" in said.out
    assert "246 of 247 codes (99%) have a weight in cchi-da-2020-10; without one: 8/88" in said.out
    text = (place / "rfgscore.yaml").read_text(encoding="utf-8")
    assert "no force's real table" in text and max(map(len, text.splitlines())) <= 110
    assert invoke(["config", "check", "rfgscore.yaml"]) == 0
    day = ["--as-of", "2025-06-30"]
    assert invoke(["validate", "--config", "rfgscore.yaml", "--offences", offences, *day]) == 0
    assert "409 rows in = 334 used" in capsys.readouterr().out
    assert invoke(["run", "--config", "rfgscore.yaml", "--offences", offences, *day, "--out", "out"]) == 0


def test_equal_files_give_equal_bytes_and_a_name_from_the_file(place, desk):
    text = table(**like())
    for out in ("a.yaml", "deeper/b.yml"):
        assert invoke(["init", str(desk.file(text, "DA Offences (June).csv")), "--out", out]) == 0
    assert (place / "a.yaml").read_bytes() == (place / "deeper" / "b.yml").read_bytes()
    assert rfg.load_config(place / "a.yaml").name == "da-offences-june"


# Contents decide where names do not.

DATES = [
    ("iso", lambda row: f"2024-01-{row % 28 + 1:02d}", "%Y-%m-%d", "sure", "written yyyy-mm-dd"),
    ("iso with a time", lambda row: f"2024-01-{row % 28 + 1:02d} 10:00", "%Y-%m-%d", "sure", "yyyy-mm-dd"),
    ("british with a time", lambda row: f"{uk(row)} 10:00", "%d/%m/%Y %H:%M", "sure", "dd/mm/yyyy hh:mi"),
    ("american", lambda row: f"01/{row % 28 + 1:02d}/2024", "%m/%d/%Y", "CHECK", "the month stands first"),
    ("one american among ambiguous ones", lambda row: "01/13/2024" if row == 7 else f"0{row % 9 + 1}/03/2024",
     "%m/%d/%Y", "CHECK", "the month stands first, which 1 of them tells"),
    ("either", lambda row: f"0{row % 9 + 1}/03/2024", "%d/%m/%Y", "CHECK", "mm/dd/yyyy fits them just as"),
    ("dots", lambda row: uk(row).replace("/", "."), "%d.%m.%Y", "sure", "dd.mm.yyyy"),
    ("compact", lambda row: f"202401{row % 28 + 1:02d}", "%Y%m%d", "sure", "yyyymmdd"),
    ("two formats", lambda row: "2024-03-01" if row % 4 == 0 else uk(row + 1), "%d/%m/%Y", "CHECK",
     "30 of 40 values are dates written dd/mm/yyyy; 10 cannot be read so (10 as yyyy-mm-dd)"),
    ("moments", lambda row: f"2024-01-{row % 28 + 1:02d}T10:00:00+01:00", "%Y-%m-%d", "CHECK",
     "input.timezone"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "cell", "form", "confidence", "words"), DATES, ids=[row[0] for row in DATES]
)
def test_the_format_of_a_date_is_told_by_all_its_values(guessed, name, cell, form, confidence, words):
    found, config, _ = guessed(table(**like(offence_date=cell)))
    assert (found["event_date"].date_format, found["event_date"].confidence) == (form, confidence)
    assert words in found["event_date"].reason
    assert config.input.date_format == {"offence_date": form}
    assert config.input.timezone == ("Europe/London" if name == "moments" else None)


def test_each_date_column_has_its_own_format(guessed):
    _, config, _ = guessed(table(**like(created_on=["2025-01-31"], dob=["01.02.1980"])))
    assert config.input.date_format == {
        "offence_date": "%d/%m/%Y", "created_on": "%Y-%m-%d", "dob": "%d.%m.%Y",
    }  # fmt: skip


UNREAD = [
    (["3/4/2024"], "40 values have a day or month of one digit"),
    (["03/04/24"], "40 values have a year of two digits"),
    (["03-APR-24"], "40 values have a month in letters"),
    (["45383"], "40 values have the day numbers of a spreadsheet"),
    (["13-May-2025", "3/5/2025"], "20 values have a month in letters"),
    (["soon"], "no date can be read in it; dates are read with two digits"),
    ([""], "is empty"),
]


@pytest.mark.parametrize(("cells", "words"), UNREAD, ids=[row[1] for row in UNREAD])
def test_dates_that_nobody_can_read_write_nothing(place, desk, capsys, cells, words):
    assert invoke(["init", str(desk.file(table(**like(offence_date=cells))))]) == 1
    said = capsys.readouterr()
    assert words in " ".join(said.out.split())
    assert "RFG-D04: offences.csv: no column was found for event_date, and no settings" in said.err
    unread = (
        "'offence_date' is named like event_date, but its dates cannot be read: export them as dd/mm/yyyy"
    )
    assert (unread in said.err) == (cells != [""]) == ("Give the column a name" not in said.err)
    assert not any(place.iterdir())


def test_two_columns_that_fit_are_both_named(guessed, capsys):
    found, _, text = guessed(table(**like(suspect_id=ids("S"), beat=["B1"], district=["D"])))
    assert (found["perpetrator_id"].column, found["perpetrator_id"].others) == (
        "suspect_id",
        ("nominal_ref",),
    )
    assert found["perpetrator_id"].confidence == "CHECK" and "it could also be nominal_ref" in text
    assert (found["area"].column, found["area"].confidence) == ("district", "likely")  # no list depends on it


def test_names_that_say_more_and_stand_ins_are_checked(guessed):
    found, _, _ = guessed(
        table(**like(offence_date=None, arrest_date=uk, nominal_ref=None, suspect_niche_urn=ids("N")))
    )
    assert (found["perpetrator_id"].column, found["perpetrator_id"].confidence) == (
        "suspect_niche_urn",
        "CHECK",
    )
    assert "its name says more than that" in found["perpetrator_id"].reason
    assert found["event_date"].confidence == "CHECK" and "another day than" in found["event_date"].reason


def test_codes_and_roles_are_known_by_their_contents(guessed):
    found, _, _ = guessed(
        table(**like(ho_code=None, col7=["8/6", "105/1", "195/94"], col8=["Suspect", "Victim"]))
    )
    assert (found["offence_code"].column, found["offence_code"].confidence) == ("col7", "likely")
    assert (found["role"].column, found["role"].confidence) == ("col8", "likely")


def test_words_of_roles_are_placed_or_named_for_placing(guessed):
    cells = ["Named Suspect", "Defendant", "Aggrieved", "Subject of Check", "Victim", "Suspect", "Suspect"]
    found, config, text = guessed(table(rows=70, **like(role=[*cells, "Suspect"])))
    assert config.input.roles.count[-2:] == ("defendant", "named suspect")
    assert config.input.roles.set_aside[-1:] == ("aggrieved",)
    assert found["role"].unplaced == ("subject of check",) and found["role"].confidence == "CHECK"
    assert 'CHECK: place these in count or set_aside of roles: "subject of check"' in text


def test_words_that_leave_out_are_added_and_others_only_counted(guessed):
    found, config, text = guessed(
        table(**like(outcome=["Record Cancelled", f"Cancelled for {CANARY}", "Charged", ""]))
    )
    assert config.input.outcomes.exclude[-1] == "record cancelled"
    assert found["outcome"].confidence == "CHECK" and CANARY not in text and "charged" not in text


@pytest.mark.parametrize(
    ("cells", "confidence", "false"),
    [
        (["Y", "N"], "sure", ("n", "no", "false", "0")),
        (["T", "F"], "sure", ("n", "no", "false", "0", "f")),
        (["Y", ""], "CHECK", ("n", "no", "false", "0", "")),
        (["Y", "N", ""], "CHECK", ("n", "no", "false", "0")),
        (["Y", "N", "Y", "maybe"], "CHECK", ("n", "no", "false", "0")),
        (["perhaps", "maybe"], "not found", ("n", "no", "false", "0")),
    ],
)
def test_yes_and_no(guessed, cells, confidence, false):
    found, config, _ = guessed(table(**like(da_flag=cells)))
    assert found["domestic"].confidence == confidence and config.input.flags.false == false


def test_a_blank_for_no_hides_no_fault_of_another_column(guessed):
    found, config, _ = guessed(table(**like(da_flag=["Y", ""], crime_flag=["Y", "N", ""])))
    assert "taken for no" in found["domestic"].reason and "BAD_FLAG" in found["is_crime"].reason
    assert "" not in config.input.flags.false


def test_ids_that_are_none_are_told(guessed):
    found, _, _ = guessed(table(**like(victim_ref=["1.23E+10", "V2"], crime_ref=uk, suspect=["Y", "N"])))
    assert "20 were spoilt by a spreadsheet" in found["victim_id"].reason
    assert found["event_id"].column is None and "dates or yes-or-no" in found["event_id"].reason
    assert found["perpetrator_id"].column == "nominal_ref"
    named_people, _, _ = guessed(table(**like(nominal_ref=["ANNA", "BERTA"])))
    assert named_people["perpetrator_id"].confidence == "CHECK"


def test_codes_of_classes_and_codes_of_another_table(guessed):
    found, _, text = guessed(table(**like(ho_code=["8N", "8/6"])))
    assert found["offence_code"].by_class == ("# gravity: {level: class}" in text)
    found, _, _ = guessed(table(**like(ho_code=["ZZ9", "QX"])))
    assert (
        "0 of 40 codes (0%)" in found["offence_code"].reason and found["offence_code"].confidence == "CHECK"
    )


def test_without_victims_the_score_goes_without_them(guessed):
    _, config, text = guessed(table(**like(victim_ref=None)))
    assert config.score.components.victims is None and config.max_score == 80
    assert "components: {victims: null}" in text and "the score goes without its victims" in text


def test_a_mark_of_crimes_stands_in_for_codes(guessed):
    _, config, _ = guessed(table(**like(ho_code=None, crime_flag=["N"])))
    assert "offence_code" not in config.input.columns


LACKING = [
    ({"nominal_ref": None}, "no column was found for perpetrator_id"),
    (
        {"offence_date": None, "seen": uk},
        "for event_date, and no settings were written. Dates stand in seen.",
    ),
    ({"ho_code": None}, "for offence_code (or is_crime)"),
]


@pytest.mark.parametrize(("changes", "words"), LACKING, ids=[row[1][-30:] for row in LACKING])
def test_what_nothing_can_be_ranked_without_is_an_error(place, desk, capsys, changes, words):
    assert invoke(["init", str(desk.file(table(**like(**changes))))]) == 1
    said = capsys.readouterr()
    assert words in said.err and "sure    crime_ref" not in said.err and "sure    event_id" in said.out
    assert not any(place.iterdir())


def test_unread_dates_and_a_lacking_column_are_both_told(place, desk, capsys):
    assert invoke(["init", str(desk.file(table(**like(offence_date=["3/5/2025"], ho_code=None))))]) == 1
    said = capsys.readouterr().err
    assert "yyyy-mm-dd. For the others: give the column a name" in said and "or is_crime)" in said


# Names that mean something else.

FALSE_FRIENDS = {
    "is_crime": (
        ["Y", "N"],
        "non crime flag|hate crime flag|knife crime marker|cyber crime flag|crime cancelled flag|no_crime_yn|"
        "crime not confirmed flag|recorded crime flag",
    ),
    "domestic": (["Y", "N"], "non domestic flag|domestic animal flag|NotDomestic|non-DA flag"),
    "children_linked": (["Y", "N"], "no children flag|children not present|non child flag"),
    "event_date": (
        uk,
        "custody_start_date|bail_start_date|relationship_start_date|occupation_start_date|order_start_date|"
        "tag_from_date|date crime notified|crime screened date|crime allocated date|crime finalised date|"
        "crime reviewed on|incident filed date|incident added date|incident extract date|"
        "incident attended date|date of crime complaint|offence conviction date|offence sentence date|"
        "crime plea date|previous offence date|next event date|offence paperwork date",
    ),
    "perpetrator_id": (
        ids("P"),
        "caller person id|ip nominal ref|agg person ref|wit_nominal_id|injured person id|"
        "protected person id|partner person id|parent person id|comp_person_id|offender manager id|"
        "linked_nominal|neighbour person id",
    ),
}
FALSE_NAMES = [(name, column) for name, (_, listed) in FALSE_FRIENDS.items() for column in listed.split("|")]


@pytest.mark.parametrize(("name", "column"), FALSE_NAMES, ids=[column for _, column in FALSE_NAMES])
def test_a_column_that_means_something_else_is_left_or_checked(desk, name, column):
    away = {"event_date": "offence_date", "perpetrator_id": "nominal_ref"}.get(name, "mo")
    text = table(rows=12, **like(**{away: None, column: FALSE_FRIENDS[name][0]}))
    _, found = look(desk.file(text))
    assert found.findings[name].confidence in ("not found", "CHECK")


PEOPLE = [
    (["person_id"], "CHECK"),
    (["Nominal Ref", "nominal_ref_2"], "CHECK"),
    (["aggrieved_party", "person_id"], "CHECK"),
    (["subject_urn"], "CHECK"),
    (["person_id", "role"], "sure"),
    (["suspect_id"], "sure"),
    (["OffenderURN"], "sure"),
    (["PNCID"], "sure"),
]


@pytest.mark.parametrize(("columns", "confidence"), PEOPLE, ids=[" ".join(row[0]) for row in PEOPLE])
def test_who_may_be_anybody_is_checked_where_no_role_tells(guessed, columns, confidence):
    cells = {column: ["Suspect", "Victim"] if column == "role" else ids("N") for column in columns}
    found, _, text = guessed(table(**like(nominal_ref=None, victim_ref=None, **cells)))
    assert found["perpetrator_id"].confidence == confidence
    words = "there is no role column: victims in it would be ranked"
    assert (words in found["perpetrator_id"].reason) == (confidence == "CHECK")
    assert "CHECK: 40 of 40" in text or confidence == "sure"


ROLES = [
    (["Smith"], (), "1 other word is not shown, for it may be a name"),
    (["Smith", "Jones", "Mr N. Okonjo"], (), "3 other words are not shown, for they may be names"),
    (["Subject of Check", "Smith"], ("subject of check",), "1 other word is not shown"),
    (["Involved - ex partner", "Suspect Smith"], ("involved - ex partner",), "1 other word is not shown"),
]


@pytest.mark.parametrize(("words", "placed", "said"), ROLES, ids=[row[2][:20] + row[0][0] for row in ROLES])
def test_words_of_roles_that_may_be_names_are_counted(guessed, words, placed, said):
    found, _, text = guessed(table(rows=60, **like(role=["Suspect", "Victim", "Suspect", "Suspect", *words])))
    assert found["role"].unplaced == placed and said in " ".join(text.replace("#", "").split())
    assert not any(name in text.casefold() for name in ("smith", "jones", "okonjo"))


ORDERS = [
    (
        "proved by another",
        {"created_on": ["01/31/2025", "02/03/2025"]},
        "%m/%d/%Y",
        "is that of 'created_on'",
    ),
    ("proved by one not mapped", {"seen": ["01/31/2025"]}, "%m/%d/%Y", "the order is that of 'seen'"),
    ("others disagree", {"created_on": ["01/31/2025"], "seen": ["31/01/2025"]}, "%d/%m/%Y", "is a choice"),
    ("british elsewhere", {"created_on": ["31/01/2025"]}, "%d/%m/%Y", "the British order is a choice"),
]


@pytest.mark.parametrize(("name", "more", "form", "words"), ORDERS, ids=[row[0] for row in ORDERS])
def test_one_date_column_proves_the_order_of_another(guessed, name, more, form, words):
    found, _, _ = guessed(table(**like(offence_date=lambda row: f"0{row % 9 + 1}/03/2024", **more)))
    date = found["event_date"]
    assert (date.date_format, date.confidence) == (form, "CHECK") and words in date.reason


CODES = [
    (["8/6", "105/1", "8/88"], "8/88", []),
    (["8/6", "12/1980", "11/1913"], "2 not shown", ["1980", "1913"]),
    (["8/6", "12/80", "11/13", "66/75"], "66/75, 2 not shown", ["12/80", "11/13"]),
    (["8/6", "8/6", "8/SMITH", "SMI", "250/10"], "3 not shown", ["SMI", "250/10"]),
]


@pytest.mark.parametrize(("cells", "said", "hidden"), CODES, ids=[row[1] for row in CODES])
def test_only_codes_of_the_home_office_are_named(guessed, cells, said, hidden):
    found, _, text = guessed(table(**like(ho_code=cells)))
    assert found["offence_code"].reason.endswith(f"without one: {said}")
    assert not any(word in text for word in hidden)


def test_blank_flags_name_the_key_that_settles_them(guessed):
    found, _, _ = guessed(table(**like(da_flag=["Y", "N", ""])))
    assert 'list "" under input.flags.true or .false' in found["domestic"].reason


# What is never shown, and what is refused.


def test_no_cell_of_a_person_is_shown(place, desk, capsys):
    names = [f"{CANARY} Smith", "Anna Smith", "Berta Jones"]
    text = table(
        rows=60,
        **like(
            nominal_ref=lambda row: f"{CANARY}{row % 7}",
            victim_ref=lambda row: f"{CANARY}V{row % 7}",
            dob=["11/12/1913"],
            role=lambda row: "Smith" if row % 6 == 0 else CANARY if row in (3, 30) else "Suspect",
            outcome=[f"{CANARY} cancelled", "No Crime"],
            ho_code=["8/6", "8/6", f"{CANARY}"],
            suspect_name=names,
            Sex=["M"],
            ethnicity=["W1"],
            mo_text=[f"=cmd {CANARY}"],
            relationship=[f"{CANARY}"],
        ),
    )
    assert invoke(["init", str(desk.file(text))]) == 0
    shown = capsys.readouterr().out + (place / "rfgscore.yaml").read_text(encoding="utf-8")
    for private in (CANARY, CANARY.casefold(), "Smith", "Anna", "Berta", "1913", "W1", "cmd", "smith"):
        assert private not in shown
    assert shown.count("Not mapped, and never a score input: suspect_name, Sex, ethnicity") == 2
    assert shown.count("Not mapped: mo_text") == 2 and "without one: 1 not shown" in shown


def refusals():
    plain = table(**like())
    record = "\n".join(plain.splitlines()[1:])
    yield "no header", record, "RFG-D04", "the first line holds numbers or dates"
    yield "names of people", "Anna Smith,Berta\nx,y\n", "RFG-D04", "none of the 2 names in the first line"
    again = "the first line reads as a record: its cells come again below"
    rows = "".join(f"N{row}A,Smith,Suspect,{{}},Assault,Okonjo Road\n" for row in range(3))
    yield "a month in letters", rows.format(*["02 Jan 2024"] * 3), "RFG-D04", "numbers or dates"
    yield "digits that vary", rows.format(*["3/5/2025"] * 3), "RFG-D04", "numbers or dates"
    yield "a record of words", rows.format(*["soon"] * 3), "RFG-D04", again
    yield "one word again", "Smith,Suspect,N1000\nJones,Suspect,N2\n", "RFG-D04", again
    yield "one column", "nominal_ref\nN1\n", "RFG-D04", "neither comma, semicolon, tab nor bar"
    yield "a header alone", plain.splitlines()[0] + "\n", "RFG-D04", "no records below the header"
    yield "an open quote", plain + '"N1,01/01/2024\nx\ny\n', "RFG-D03", "a quote opened in this record"
    yield "a blank first line", "\n" + plain, "RFG-D03", "the first line must be the header; it is blank"
    yield "UTF-16", plain.encode("utf-16"), "RFG-D03", "UTF-16"
    yield "a NUL", plain.encode() + b"\x00", "RFG-D03", "a NUL byte"
    yield "no encoding", plain.encode() + b"\x81\n", "RFG-D03", "is no utf-8"
    yield "empty", b"", "RFG-D03", "the file is empty"


REFUSED = list(refusals())


@pytest.mark.parametrize(("name", "content", "code", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_files_that_are_no_extract_are_refused_by_name(place, desk, capsys, name, content, code, words):
    assert invoke(["init", str(desk.file(content))]) == 1
    said = capsys.readouterr()
    assert f"rfgscore: {code}: offences.csv" in said.err and words in said.err
    assert "Traceback" not in said.err and "Smith" not in said.err and "N1000" not in said.err
    assert said.out == "" and not any(place.iterdir())


def test_a_header_whose_words_come_again_is_one(guessed):
    flags = {"crime": ["Crime", "Incident"], "domestic": ["Domestic", "Non-domestic"]}
    found, _, _ = guessed(table(**like(**flags)))
    assert found["domestic"].column == "domestic"
    twice = table(**like()) + table(**like()).replace("victim_ref", "victim ref")
    assert "1 cannot be read so" in guessed(twice)[0]["event_date"].reason


def test_a_reader_that_reads_no_further_costs_no_settings(place, desk, capfd, monkeypatch):
    def closed(*_, **__):
        raise BrokenPipeError(32, "Broken pipe")

    from rfgscore.cli import commands

    monkeypatch.setattr(commands, "print", closed, raising=False)
    kept = sys.stdout
    try:
        assert invoke(["init", str(desk.file(table(**like(ho_code=None)))), "--out", "b.yaml"]) == 1
        assert invoke(["init", str(desk.file(table(**like())))]) == 0
        assert sys.stdout is not kept
    finally:
        sys.stdout.close()
        sys.stdout = kept
    assert [entry.name for entry in place.iterdir()] == ["rfgscore.yaml"]


def test_a_hostile_file_is_read_as_any_other(guessed):
    huge = "x" * 1_000_000
    text = "\ufeff" + table(
        ";", rows=6, **like(**{"=cmd()": [huge], 'a "b": #c\x85': ["=1+1"]}, outcome=[huge])
    )
    found, config, written = guessed(text.encode())
    assert config.input.delimiter == ";" and found["outcome"].column == "outcome"
    assert "cells of outcome are longer than 10,000 characters (TOO_LONG)" in " ".join(written.split())
    assert len(written) < 10_000 and '"a \\"b\\": #c\\x85"' in written


def test_more_than_is_looked_at_is_said(guessed, monkeypatch):
    monkeypatch.setattr(head_module, "RECORDS", 500)
    _, _, text = guessed(table(rows=1200, **like()))
    assert "the first 500 records" in " ".join(text.replace("#", "").split())


def test_broken_records_and_twice_named_columns_are_told(guessed):
    plain = table(**like(x=["1"])).replace(",x\n", ",ho_code\n", 1) + "N1,too short\n"
    with pytest.raises(RfgError, match="offence_code"):  # which of the two is meant nobody can know
        guessed(plain)
    plain = table(**like(x=["1"], y=["1"])).replace(",x,y\n", ",x,x\n", 1) + "N1,too short\n"
    _, _, text = guessed(plain)
    said = " ".join(text.replace("#", "").split())
    assert "1 record that cannot be taken apart (STRUCTURE), the first on line 42" in said
    assert "the column x is not looked at: stands in the header more than once" in said


def test_packed_and_other_encodings(guessed):
    text = table(**like(Straße=["ü"]))
    _, config, _ = guessed(gzip.compress(text.encode()), "o.csv.gz")
    assert config.input.encoding == "utf-8"
    _, config, text = guessed(text.encode("cp1252"))
    assert config.input.encoding == "cp1252" and "CHECK: the file is no UTF-8" in text


def test_parquet(guessed, nyc, tmp_path):
    found, config, text = guessed(nyc / "admissions.parquet")
    assert (found["perpetrator_id"].column, found["event_date"].column) == ("person", "admit_date")
    assert found["event_date"].confidence == found["offence_code"].confidence == "CHECK"
    assert found["event_date"].date_format is None and config.input.date_format == "%Y-%m-%d"
    assert config.score.components.victims is None
    assert "never a score input: sex, race" in text and "birth_year" in text


def test_parquet_columns_that_cannot_be_read_are_named(guessed, tmp_path):
    noon = dt.datetime(2025, 1, 2, 12, tzinfo=dt.UTC)
    columns = {
        "suspect_id": [1, 2, 3], "offence_date": [noon] * 3, "ho_code": ["8/6"] * 3,
        "victim_id": [1.5, 2.0, 3.0], "parts": [[1], [2], [3]], "dob": [1980, 1981, 1982],
    }  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "o.parquet")
    found, config, text = guessed(tmp_path / "o.parquet")
    assert config.input.timezone == "Europe/London" and found["event_date"].confidence == "sure"
    assert "the column parts is not looked at" in text and "nested" in text
    assert found["victim_id"].confidence == "CHECK" and "numbers and no dates" in found["dob"].reason


def test_a_damaged_parquet_file_is_refused(place, desk, capsys):
    stream = io.BytesIO()
    pq.write_table(pa.table({"suspect_id": ["1"], "offence_date": ["2025-01-01"]}), stream)
    spoilt = bytearray(stream.getvalue())
    spoilt[4:40] = b"\xff" * 36
    assert invoke(["init", str(desk.file(bytes(spoilt), "o.parquet"))]) == 1
    assert "damaged" in capsys.readouterr().err


PLACES = [
    ("rfgscore.yaml", "C02", "is here already and is not written over"),
    ("settings.txt", "C01", "must end in .yaml or .yml"),
    ("", "U01", "--out is given a blank"),
]


@pytest.mark.parametrize(("out", "code", "words"), PLACES, ids=[row[1] for row in PLACES])
def test_a_place_that_cannot_be_used_is_refused_first(place, capsys, out, code, words):
    (place / "rfgscore.yaml").write_text("mine", encoding="utf-8")
    assert invoke(["init", "nowhere.csv", "--out", out]) == 2
    said = capsys.readouterr()
    assert f"RFG-{code}" in said.err and words in said.err and said.out == ""
    assert (place / "rfgscore.yaml").read_text(encoding="utf-8") == "mine"
    assert invoke(["init", "nowhere.csv"]) == 2  # the default place, too


def test_what_cannot_be_written_leaves_nothing(place, desk, capsys, monkeypatch):
    file = str(desk.file(table(**like())))
    (place / "taken").write_text("", encoding="utf-8")
    assert invoke(["init", file, "--out", "taken/c.yaml"]) == 3
    assert "c.yaml cannot be written" in capsys.readouterr().err

    def late(out):
        if out.name == "c.yaml" and not seen:
            seen.append(out)
            out.write_text("another's", encoding="utf-8")  # just after it was looked for

    from rfgscore.cli import init

    seen: list[Path] = []
    kept = init.check_file
    monkeypatch.setattr(init, "check_file", lambda out: late(out) if not seen else kept(out))
    assert invoke(["init", file, "--out", "c.yaml"]) == 2
    assert (place / "c.yaml").read_text(encoding="utf-8") == "another's"


def test_names_alone():
    hits = named(
        ["victim_dob", "officer_id", "recorded_by", "country_of_birth", "outcome_date", "force_area"]
    )
    assert {name: found for name, found in hits.items() if found and name not in ("area", "force")} == {}
    assert is_private("SurnameOfSuspect") and not is_private("area_code")


def test_the_settings_of_every_guess_are_plain_data(guessed):
    _, config, _ = guessed(table(**like()))
    assert json.dumps(config.effective())


@pytest.mark.parametrize(
    ("column", "is_role"),
    [("Suspect Role", True), ("offender_role_code", True), ("Role of Accused", True), ("Victim Role", False)],
)
def test_a_role_may_be_named_after_whose_it_is(column, is_role):
    assert bool(named([column])["role"]) is is_role
