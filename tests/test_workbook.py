"""The workbook: every cell as in the tables, none alive, drop-downs, and the same bytes each time."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from rfgscore.dates import to_day
from rfgscore.errors import ConfigError, MissingExtraError
from rfgscore.report import workbook
from rfgscore.report.csv_file import true_text
from rfgscore.report.sheets import DECISION_COLUMNS
from rfgscore.report.workbook import workbook_bytes
from rfgscore.tables import Column, Table

DECISIONS = ["managed", "monitoring", "removed", "transferred"]
#: Ids and texts that programs like to change; the second is how the cell reads.
ODD = [
    ("007", "007"),
    ("12345678901234567890", "12345678901234567890"),
    ("=1+1", "'=1+1"),
    ("'=1+1", "''=1+1"),
    ("'abc", "'abc"),
    ("@SUM(1)", "'@SUM(1)"),
    ("+5", "'+5"),
    ("-3", "'-3"),
    ("\tx", "'\tx"),
    ("\uff1d1", "'\uff1d1"),
    ("O'Neill", "O'Neill"),
    ("2025-06-30", "2025-06-30"),
    ("https://example.org", "https://example.org"),
    ("{=A1}", "{=A1}"),
    ("\U0001f600", "\U0001f600"),
    ("two\nlines", "two\nlines"),
    ("_x0041_", "_x0041_"),
]


def listed(persons=("P1", "P2"), **more) -> Table:
    size = len(persons)
    return Table(
        {
            "position": Column.of("int32", [*range(1, size), None][:size]),
            "perpetrator_id": Column.of("text", persons),
            "score": Column.of("float64", [0.1, 92.0, 547.123456][:size] + [1.5] * (size - 3)),
            "last_event_date": Column.of("date", [to_day("2025-06-01"), None][:size] + [0] * (size - 2)),
            "in_custody": Column.of("bool", [True, None][:size] + [False] * (size - 2)),
            "summary": Column.of("text", [f"{'a word ' * 60}{place}" for place in range(size)]),
            "decision": Column.of("text", [None] * size),
            "review_owner": Column.of("text", [None] * size),
            **{name: Column.of("text", values) for name, values in more.items()},
        }
    )


def made(**more) -> bytes:
    cohort = more.pop("cohort", listed())
    given = {
        "cohort": cohort,
        "monitoring": listed(("M1",), why=["by decision"]),
        "areas": {},
        "since": None,
        "changes": None,
        "pathways": ["diversion", "disruption"],
        "about": [("as of", "2025-06-30"), ("settings", "=made up")],
        "marking": "OFFICIAL & SENSITIVE",
        "running": "made up, as of 2025-06-30",
    }
    return workbook_bytes(**given | more)


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def cells(sheet) -> list[list]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def rules(sheet) -> dict[str, tuple[str, str]]:
    return {str(rule.sqref): (rule.type, rule.formula1) for rule in sheet.data_validations.dataValidation}


def test_every_cell_is_that_of_the_table():
    book = opened(made(since=listed(("S1",)), changes=listed(("C1", "C2", "C3"))))
    assert book.sheetnames == [
        "cohort", "monitoring", "since last meeting", "changed", "decisions", "about",
    ]  # fmt: skip
    tables = {
        "cohort": listed(),
        "monitoring": listed(("M1",), why=["by decision"]),
        "since last meeting": listed(("S1",)),
        "changed": listed(("C1", "C2", "C3")),
    }
    for name, table in tables.items():
        header, *rows = cells(book[name])
        assert header == list(table.columns)
        as_dates = [[cell.date() if isinstance(cell, dt.datetime) else cell for cell in row] for row in rows]
        as_told = [["true" if cell is True else cell for cell in row] for row in table.rows()]
        assert [["false" if cell is False else cell for cell in row] for row in as_told] == as_dates
    assert book["cohort"]["D2"].number_format == "yyyy-mm-dd" and book["cohort"]["D2"].is_date
    assert book["cohort"]["A2"].value == 1 and type(book["cohort"]["A2"].value) is int


def test_no_cell_is_alive_and_ids_stay_text():
    persons = [text for text, _ in ODD]
    book = opened(made(cohort=listed(persons)))
    for name, column in (("cohort", "B"), ("decisions", "A")):
        found = [book[name][f"{column}{row}"] for row in range(2, 2 + len(ODD))]
        assert [cell.value for cell in found] == [shown for _, shown in ODD]
        assert {cell.data_type for cell in found} == {"s"} and {cell.number_format for cell in found} == {"@"}
        # A program that takes a typed apostrophe for a mark of text keeps the one in the cell.
        assert [cell.quotePrefix for cell in found] == [shown.startswith("'") for _, shown in ODD]
        assert [true_text(cell.value) for cell in found] == persons
    types = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert types <= {"s", "n", "d"}
    assert not any(sheet._hyperlinks for sheet in book)
    assert book["about"]["B3"].value == "'=made up"


def test_numbers_and_days_a_spreadsheet_would_change_are_text():
    table = Table(
        {
            "perpetrator_id": Column.of("text", ["P1", "P2", "P3"]),
            "big": Column.of("int64", [10**15, 10**15 - 1, -(10**15)]),
            "odd": Column.of("float64", [float("nan"), float("inf"), -2.5]),
            "day": Column.of("date", [to_day("1900-02-28"), to_day("1900-03-01"), to_day("9999-12-31")]),
        }
    )
    sheet = opened(made(since=table))["since last meeting"]
    assert cells(sheet)[1:] == [
        ["P1", "1000000000000000", "nan", "1900-02-28"],
        ["P2", 999999999999999, "inf", dt.datetime(1900, 3, 1)],
        ["P3", "'-1000000000000000", -2.5, dt.datetime(9999, 12, 31)],
    ]


def test_decisions_hold_everyone_considered_and_nothing_decided():
    sheet = opened(made())["decisions"]
    assert cells(sheet) == [list(DECISION_COLUMNS), *([who, *[None] * 7] for who in ("P1", "P2", "M1"))]
    styled = [
        (place, held.number_format)
        for held in sheet.column_dimensions.values()
        for place in range(held.min, held.max + 1)
    ]
    assert styled == [(place, "@") for place in range(1, 9)]  # what is typed stays as typed


def test_drop_downs_hold_the_words_and_refuse_others():
    book = opened(made())
    words = f'"{",".join(DECISIONS)}"'
    assert rules(book["cohort"]) == {"G2:G3": ("list", words)}
    assert rules(book["monitoring"]) == {"G2": ("list", words)}
    found = rules(book["decisions"])
    assert found["C2:C204"] == ("list", words)
    assert found["D2:D204"] == ("list", '"diversion,disruption"')
    assert found["B2:B204"] == ("custom", 'AND(LEN(B2)=10,MID(B2,5,1)="-",MID(B2,8,1)="-")')
    assert found["H2:H204"][1].startswith("AND(LEN(H2)=10")
    for rule in book["decisions"].data_validations.dataValidation:
        assert rule.showErrorMessage and rule.errorStyle in (None, "stop") and rule.error and rule.allowBlank


@pytest.mark.parametrize(
    "pathways",
    [[f"pathway {place:03}" for place in range(30)], ["a, b", "c"], ['say "so"'], ["=1+1", "c"], [" x"]],
)
def test_lists_too_long_or_odd_for_a_rule_stand_on_a_hidden_sheet(pathways):
    book = opened(made(pathways=pathways))
    assert rules(book["decisions"])["D2:D204"] == ("list", f"choices!$A$1:$A${len(pathways)}")
    assert book["choices"].sheet_state == "hidden"
    assert [true_text(row[0]) for row in cells(book["choices"])] == pathways


def test_lists_of_the_greatest_length_stand_in_the_rule():
    words = ["x" * 127, "y" * 127]
    assert rules(opened(made(pathways=words))["decisions"])["D2:D204"][1] == f'"{",".join(words)}"'
    assert "choices" in opened(made(pathways=["x" * 127, "y" * 128])).sheetnames


def test_header_and_id_stay_in_view_and_every_list_can_be_filtered():
    book = opened(made(areas={"North": (listed(), listed(("M1",), why=["by decision"]))}))
    for name, pane, reach in (
        ("cohort", "C2", "A1:H3"),
        ("monitoring", "C2", "A1:I2"),
        ("North", "C2", "A1:J4"),
        ("decisions", "B2", "A1:H4"),
    ):
        assert (book[name].freeze_panes, book[name].auto_filter.ref) == (pane, reach)
    assert book["cohort"]["F2"].alignment.wrap_text and book["cohort"].row_dimensions[2].height > 40
    assert book["cohort"].column_dimensions["F"].width > 60
    head = book["cohort"]["A1"]
    assert head.font.b and head.border.bottom.style == "medium" and head.fill.fgColor.rgb == "FFE6E6E6"


def test_paper_carries_marking_header_row_and_id():
    book = opened(made())
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.print_title_rows == "$1:$1"
        for place in (sheet.oddHeader, sheet.oddFooter):
            assert place.center.text == "&BOFFICIAL && SENSITIVE"
        assert sheet.oddHeader.right.text == "made up, as of 2025-06-30"
    assert book["cohort"].print_title_cols == "$A:$B"


def test_long_or_missing_words_of_the_margins():
    book = opened(made(marking="M&" * 200, running="r" * 300))
    middle = book["cohort"].oddHeader.center.text
    assert middle.endswith("...") and len(middle) <= 122 and "&&" in middle
    assert opened(made(marking=None))["cohort"].oddHeader.center.text is None


def test_area_sheets_say_which_list_and_have_legal_names():
    pair = (listed(("P1",)), listed(("M1",), why=["by decision"]))
    names = {
        "North/West [1]": "North West 1",
        "north west 1": "north west 1 (2)",
        "cohort": "cohort (2)",
        "History": "History (2)",
        "  ": "area not known",
        "'quoted'": "quoted",
        "a" * 40: "a" * 31,
        "a" * 31 + "b": "a" * 27 + " (2)",
        "\U0001f600" * 20: "\U0001f600" * 15,
        "x\x07y\u202e": "x y",
    }
    book = opened(made(areas=dict.fromkeys(names, pair)))
    assert book.sheetnames[2:-2] == list(names.values())
    header, first, second = cells(book["North West 1"])
    assert header[:3] == ["position", "perpetrator_id", "list"] and header[-1] == "why"
    assert first[1:3] == ["P1", "cohort"] and first[-1] is None
    assert second[1:3] == ["M1", "monitoring"] and second[-1] == "by decision"
    told = dict(cells(book["about"]))
    words = "1 person on the list, and 1 person on the monitoring list, of "
    assert told["sheet North West 1"] == words + "North/West [1]"
    assert told["sheet area not known"] == words + "no known area"


def test_a_cell_too_long_is_cut_and_says_so():
    book = opened(made(cohort=listed(("P1", "P2"), note=["y" * 40_000, "\U0001f600" * 20_000])))
    plain, wide = (book["cohort"][f"I{row}"].value for row in (2, 3))
    note = " (cut; whole in cohort.csv)"
    assert plain == "y" * (32_767 - len(note)) + note
    assert wide == "\U0001f600" * ((32_767 - len(note)) // 2) + note
    assert (
        opened(made(cohort=listed(("P1", "P2"), note=["y" * 32_767, "'"])))["cohort"]["I2"].value[-1] == "y"
    )


def test_empty_lists_make_a_workbook_too():
    book = opened(made(cohort=listed(()), monitoring=listed(())))
    assert book["cohort"].max_row == 1 and rules(book["cohort"]) == {}
    assert rules(book["decisions"])["C2:C201"][0] == "list"


def test_more_rows_than_a_sheet_holds_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(workbook, "_MAX_ROWS", 3)
    with pytest.raises(ConfigError, match=r"sheet decisions would need 3 rows.*holds 3.*cohort\.capacity"):
        made()
    monkeypatch.setattr(workbook, "_MAX_ROWS", 2)
    with pytest.raises(ConfigError, match="sheet cohort would need 2 rows"):
        made()


def test_about_tells_what_to_do():
    told = dict(cells(opened(made())["about"])[1:])
    assert told["as of"] == "2025-06-30" and told["sheet cohort"] == "2 people: the list"
    assert "--decisions" in told["recording decisions"]
    assert told["who decides"] == "The tool ranks and explains; people decide."


def test_the_document_tells_of_nobody_and_its_time_is_fixed(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    told = opened(made()).properties
    assert (told.creator, told.lastModifiedBy, told.title) == (None, None, None)
    assert told.created == told.modified == dt.datetime(1980, 1, 1)
    with zipfile.ZipFile(io.BytesIO(made())) as held:
        assert {info.date_time for info in held.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1750000000")
    assert opened(made()).properties.created == dt.datetime(2025, 6, 15, 15, 6, 40)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(ConfigError, match="SOURCE_DATE_EPOCH"):
        made()


@pytest.mark.compiled
def test_equal_tables_give_equal_bytes_in_every_process():
    code = (
        "import hashlib, importlib.util as found, sys\n"
        "spec = found.spec_from_file_location('held', sys.argv[1])\n"
        "held = found.module_from_spec(spec); spec.loader.exec_module(held)\n"
        "print(hashlib.sha256(held.made(areas={'N': (held.listed(), held.listed(('M1',)))})).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__))],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(seen) == 1


def test_without_xlsxwriter_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingExtraError, match=r'pip install "rfgscore\[excel\]"'):
        made()
