"""Random text through the reader, against a parser written apart, one character at a time."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rfgscore.errors import DataError
from rfgscore.ingest.readers import csv_bulk
from rfgscore.ingest.readers.files import read_table

EXAMPLES = int(os.environ.get("RFG_EXAMPLES", "1000"))
HEADER = ("id", "day")
WANTED = {"perpetrator_id": "id", "event_date": "day"}
SINGLE = ["a", "é", "12", " ", ",", ",", ",", '"', '""', "\n", "\n", "\r\n", "\r", ";"]
WHOLE = ["a,b\n", '"a,\nb",c\n', 'a,"b\nc,d"\n', '"a",b\n', '"a\nb",c\n', "id,day\n"]
PIECES = st.sampled_from(SINGLE + WHOLE)


def cells_from(text, at):
    """Read one record; return its cells (None where it is broken), where it ends, and its line feeds."""
    cells, feeds = [], 0
    while True:
        cell = ""
        if text[at : at + 1] == '"':
            at += 1
            while True:
                if at >= len(text):
                    return None, at, feeds
                if text[at] == '"':
                    if text[at + 1 : at + 2] != '"':
                        break
                    at += 1
                feeds += text[at] == "\n"
                cell += text[at]
                at += 1
            at += 1
        else:
            while at < len(text) and text[at] not in ",\r\n":
                cell += text[at]
                at += 1
        cells.append(cell)
        if text[at : at + 1] == ",":
            at += 1
            continue
        rest = text[at:].lstrip("\r")
        if rest == "" or rest[0] == "\n":
            at = len(text) - len(rest) + len(rest[:1])
            return ([] if cells == [""] and feeds == 0 else cells), at, feeds
        return None, at, feeds


def holds_records(cells):
    """Say whether a line inside a cell, or the lines it begins and ends on, could each be a record of two."""
    for place, cell in enumerate(cells):
        lines = cell.split("\n")
        commas = [line.count(",") for line in lines]
        if 1 in commas[1:-1]:
            return True
        if len(lines) > 1 and commas[0] + place == 1 and commas[-1] + 1 - place == 1:
            return True
    return False


def expected(text):
    """Return the records below the header: line, and cells or None for broken ones; None: refuse the file."""
    out, at, line = [], text.index("\n") + 1, 2
    while at < len(text):
        begun = at
        blank = text[at] in "\r\n"
        cells, at, feeds = cells_from(text, at)
        if cells is None:
            # Lost is only what stands on further lines than the one the record begins on.
            if "\n" in (text[begun:at].removesuffix("\n") if at >= len(text) else text[begun:at]):
                return None
            end = text.find("\n", at)
            at = len(text) if end < 0 else end + 1
            out.append((line, None))
            line += 1
            continue
        if feeds and holds_records(cells):
            return None
        if not (cells == [] and blank):
            whole = len(cells) == 2 and tuple(cells) != HEADER and cells != ["\ufeffid", "day"]
            out.append((line, cells if whole else None))
        line += 1 + feeds
    return out


@pytest.mark.parametrize("bulk", [False, True], ids=["authority", "bulk"])
def test_random_text_is_read_as_a_parser_written_apart_reads_it(bulk, tmp_path, monkeypatch):
    monkeypatch.setattr(csv_bulk, "BULK_LINES", 0 if bulk else 10**9)
    path = tmp_path / "o.csv"

    @settings(max_examples=EXAMPLES // 8 if bulk else EXAMPLES // 4, deadline=None, derandomize=True,
              suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
    @given(st.lists(PIECES, max_size=30).map("".join))
    def check(body):
        text = "id,day\n" + body
        path.write_bytes(text.encode())
        told = expected(text)
        try:
            table = read_table(path, wanted=WANTED)
        except DataError:
            assert told is None
            return
        assert told is not None
        assert table.rows == len(told)
        assert table.line.tolist() == [line for line, _ in told]
        assert sorted(table.broken) == [row for row, (_, cells) in enumerate(told) if cells is None]
        for row, (_, cells) in enumerate(told):
            if cells is not None:
                assert [table.columns[name].text(row) for name in WANTED] == cells

    check()
