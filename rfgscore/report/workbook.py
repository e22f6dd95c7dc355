"""The workbook of a meeting: the tables of an output set as sheets to read, to print and to decide on."""

from __future__ import annotations

import datetime as dt
import io
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from rfgscore.errors import ConfigError, MissingExtraError
from rfgscore.explain import number
from rfgscore.report.csv_file import safe_text
from rfgscore.report.sheets import (
    DECISION_COLUMNS,
    Sheet,
    about_sheet,
    decisions_sheet,
    fitted,
    list_sheets,
    units,
)
from rfgscore.tables import Column, Table
from rfgscore.vocabulary import words

__all__ = ["workbook_bytes"]

#: What a sheet holds, its header included.
_MAX_ROWS = 1_048_576
#: Longest list that may stand in a drop-down itself; a longer one needs cells to stand in.
_LITERAL = 255
#: Whole numbers with more digits than this are not kept exactly by a spreadsheet program.
_DIGITS = 15
#: Earlier days are counted in two ways, or not at all.
_FIRST_DAY = dt.date(1900, 3, 1)
#: Numbers of the built-in formats ``@`` and ``0``.
_TEXT_FORMAT, _WHOLE_FORMAT = 49, 1
#: 1980-01-01: the earliest time an archive can hold.
_EPOCH = 315_532_800
#: Empty rows below the people in which a decision can be written, with drop-downs too.
_SPARE = 200

#: Said where a word is written beside the list.
_NOT_READ = "The next run does not read this cell: write on the sheet decisions what is to be kept."

_MOTTO = "The tool ranks and explains; people decide."
_HOW_TO = (
    (
        "recording decisions",
        "Fill in the sheet decisions: a row for each person decided on, the day of the meeting written as "
        "2026-11-20, a word of each list. Save that sheet alone as CSV UTF-8, and give it to the next run "
        "with --decisions.",
    ),
    (
        "what is read back",
        "Only that CSV. What is written on any other sheet is for the meeting alone: no run reads it.",
    ),
    (
        "leading apostrophes",
        "One stands before a text that a spreadsheet program could take for a formula; the next run takes it "
        "off again. Leave it.",
    ),
    ("who decides", _MOTTO),
)


def workbook_bytes(
    *,
    cohort: Table,
    monitoring: Table,
    areas: Mapping[str, tuple[Table, Table]],
    since: Table | None,
    changes: Table | None,
    pathways: Sequence[str],
    about: Sequence[tuple[str, str]],
    marking: str | None = None,
    running: str = "",
) -> bytes:
    """Return the tables of an output set as the bytes of a workbook.

    Sheets ``cohort``, ``monitoring``, one an area, ``since last meeting``, ``changed``, ``decisions`` and
    ``about``. Text stays text, with the guards of the CSV files, so that a sheet saved as CSV is as safe as
    they are; no cell is a formula or a link. Dates are dates, but text on the sheet of decisions, where
    nobody wants them rewritten. Equal tables give equal bytes; the document names nobody as its maker, and
    as its time ``SOURCE_DATE_EPOCH``, or else 1980-01-01.

    Parameters
    ----------
    cohort, monitoring : Table
        As ``cohort.csv`` and ``monitoring.csv`` hold them.
    areas : mapping of str to (Table, Table)
        Their rows by area, where lists are split; else empty.
    since, changes : Table or None
        As ``since.csv`` and ``changes.csv`` hold them; None where there is none.
    pathways : sequence of str
        Words a decision may name as pathway.
    about : sequence of (str, str)
        What is to be said of the run: day, settings, their checksum, whether they are illustrative, counts.
    marking : str, optional
        Protective marking, at the head and the foot of every printed sheet.
    running : str, optional
        Which run this is, at the head of every printed sheet.

    Returns
    -------
    bytes
        The workbook, Office Open XML.

    Raises
    ------
    MissingExtraError
        When xlsxwriter is not installed.
    ConfigError
        When a table has more rows than a sheet holds, or ``SOURCE_DATE_EPOCH`` is no whole number.
    """
    try:
        import xlsxwriter  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError('Workbooks need xlsxwriter: pip install "rfgscore[excel]"') from error
    sheets = list(list_sheets(cohort, monitoring, areas, since, changes))
    decisions = decisions_sheet(cohort, monitoring)
    for sheet in (*sheets, decisions):
        _refuse_too_long(sheet)
    out = io.BytesIO()
    # In memory: no copy of the people is left in a folder for temporary files.
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": _created()})
    styles = _styles(book)
    decide = [word.word for word in words() if word.kind == "status" and word.family == "decision"]
    mark, running = _plain(marking or "", 120), _plain(running, 90)
    for sheet in sheets:
        page = _written(book, sheet, styles, mark, running)
        if sheet.rows and "decision" in sheet.columns:
            _drop_down(page, list(sheet.columns).index("decision"), sheet.rows, decide, told=_NOT_READ)
    page = _written(book, decisions, styles, mark, running)
    last = min(decisions.rows + _SPARE, _MAX_ROWS - 1)
    for name in ("meeting_date", "review_by"):
        _iso_only(page, DECISION_COLUMNS.index(name), last)
    told = [(f"sheet {sheet.name}", sheet.told) for sheet in (*sheets, decisions)]
    _written(book, about_sheet([*about, *told, *_HOW_TO]), styles, mark, running)
    _drop_down(page, DECISION_COLUMNS.index("decision"), last, decide)
    _drop_down(page, DECISION_COLUMNS.index("pathway"), last, pathways, _cells_for(book, pathways))
    book.close()
    return out.getvalue()


def _refuse_too_long(sheet: Sheet) -> None:
    if sheet.rows >= _MAX_ROWS:
        raise ConfigError(
            f"cohort.xlsx: the sheet {sheet.name} would need {sheet.rows:,} rows and its header, and a sheet "
            f"holds {_MAX_ROWS:,}. Lower cohort.capacity, cohort.reserve or cohort.route_caps"
        )


def _created() -> dt.datetime:
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return dt.datetime.fromtimestamp(int(stated) if stated else _EPOCH, dt.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError("SOURCE_DATE_EPOCH must be whole seconds since 1970-01-01") from error


def _styles(book: Any) -> dict[str, Any]:
    """Return the styles by kind of column; ``guarded`` is text whose first sign is an apostrophe."""
    top = {"valign": "top", "font_name": "Arial", "font_size": 10}
    text = {**top, "num_format": _TEXT_FORMAT, "text_wrap": True, "align": "left", "indent": 1}
    # Bold, a grey that prints, and a rule below: no meaning hangs on a colour.
    head = {**text, "bold": True, "font_size": 9, "bg_color": "#E6E6E6", "bottom": 2}
    right = {"align": "right", "indent": 1}
    text_style, whole = book.add_format(text), book.add_format({**top, **right, "num_format": _WHOLE_FORMAT})
    number_head = book.add_format({**head, **right})
    return {
        "head": book.add_format(head),
        "head int32": number_head,
        "head int64": number_head,
        "head float64": number_head,
        "text": text_style,
        # A program that takes a typed apostrophe for a mark of text keeps the one that stands here.
        "guarded": book.add_format({**text, "quote_prefix": True}),
        "bool": text_style,
        "date": book.add_format({**top, "num_format": "yyyy-mm-dd", "align": "left", "indent": 1}),
        "int32": whole,
        "int64": whole,
        "float64": book.add_format({**top, **right}),
    }


def _written(book: Any, sheet: Sheet, styles: Mapping[str, Any], marking: str, running: str) -> Any:
    """Write one sheet: header, rows, widths, what stays in view, the filter, and how it prints."""
    page = book.add_worksheet(sheet.name)
    page.set_row(0, 28)
    for row, height in enumerate(sheet.heights(), start=1):
        page.set_row(row, height)
    names = list(sheet.columns)
    for place, (name, kind) in enumerate(sheet.columns.items()):
        page.set_column(place, place, sheet.width(name), styles[kind])
        style = f"head {kind}"
        _put_text(page, (0, place), safe_text(name), styles, style if style in styles else "head")
        row = 1
        for part in sheet.parts:
            column = part.table.columns.get(name)
            if column is not None:
                _put_column(page, (row, place), column, styles, part.file)
            row += len(part.table)
    held = names.index("perpetrator_id") + 1 if "perpetrator_id" in names else 0
    page.freeze_panes(1, held)
    _on_paper(page, marking, running)
    if held:
        page.autofilter(0, 0, sheet.rows, len(names) - 1)
        page.repeat_columns(0, held - 1)
    # A page takes about 230 characters across at two thirds of the size, the repeated columns among them.
    widths = [sheet.width(name) for name in names]
    left, more = sum(widths[:held]), sum(widths[held:])
    page.fit_to_pages(max(1, math.ceil(more / max(60.0, 230 - left))) if sheet.rows else 1, 0)
    return page


def _put_column(
    page: Any, corner: tuple[int, int], column: Column, styles: Mapping[str, Any], file: str
) -> None:
    """Write the values of one column that are there."""
    top, place = corner
    for row, value in enumerate(column.python(), start=top):
        if value is None:
            continue
        if column.kind == "date" and value >= _FIRST_DAY:
            page.write_datetime(row, place, value, styles["date"])
        elif column.kind in ("int32", "int64", "float64") and _exact(value):
            page.write_number(row, place, value, styles[column.kind])
        else:
            _put_text(page, (row, place), fitted(_said(value), file), styles, "text")


def _exact(value: float) -> bool:
    """Say whether a spreadsheet program keeps a number as it is."""
    return math.isfinite(value) and (isinstance(value, float) or abs(value) < 10**_DIGITS)


def _said(value: Any) -> str:
    """Return a value that is no number or date of a spreadsheet as the CSV files say it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, float) else str(value)


def _put_text(page: Any, at: tuple[int, int], text: str, styles: Mapping[str, Any], style: str) -> None:
    if style == "text" and text.startswith("'"):
        style = "guarded"
    page.write_string(*at, text, styles[style])


def _on_paper(page: Any, marking: str, running: str) -> None:
    """Set a sheet up for A4 across, with its first row and the marking on every page."""
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
    page.repeat_rows(0)
    page.hide_gridlines(0)  # lines between rows on paper too
    mark = f"&C&B{marking}" if marking else ""
    page.set_header(f"&L&A{mark}&R{running}")
    page.set_footer(f"&L{_MOTTO}{mark}&Rpage &P of &N")


def _plain(text: str, room: int) -> str:
    """Return a text for the head or foot of a printed page, where ``&`` begins a command."""
    line = " ".join(text.split())
    short = line
    while units(short.replace("&", "&&")) > room - (3 if short != line else 0):
        short = short[:-1]
    return short.replace("&", "&&") + ("..." if short != line else "")


def _drop_down(
    page: Any, place: int, last: int, choices: Sequence[str], cells: str = "", told: str = ""
) -> None:
    """Let only words of a list into a column; `cells` is where the list stands, if not in the rule."""
    rule = {
        **({"input_title": "For the meeting", "input_message": told} if told else {}),
        "validate": "list",
        "source": cells or list(choices),
        "error_title": "Not a word of the list",
        "error_message": "Choose a word of the list, or leave the cell empty.",
    }
    page.data_validation(1, place, last, place, rule)


def _iso_only(page: Any, place: int, last: int) -> None:
    """Refuse a date in another form than the reader of decisions takes."""
    cell = f"{chr(ord('A') + place)}2"
    rule = {
        "validate": "custom",
        "value": f'=AND(LEN({cell})=10,MID({cell},5,1)="-",MID({cell},8,1)="-")',
        "error_title": "Not a date as it is read",
        "error_message": "Write the date as year-month-day, such as 2026-11-20.",
    }
    page.data_validation(1, place, last, place, rule)


def _cells_for(book: Any, choices: Sequence[str]) -> str:
    """Return where a list stands that is too long, or too odd, to stand in a rule; blank for others."""
    odd = any(
        "," in word or '"' in word or word != word.strip() or safe_text(word) != word for word in choices
    )
    if not odd and units(",".join(choices)) <= _LITERAL:
        return ""
    page = book.add_worksheet("choices")
    for row, word in enumerate(choices):
        page.write_string(row, 0, safe_text(word))
    page.hide()
    return f"=choices!$A$1:$A${len(choices)}"
