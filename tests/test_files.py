"""Files: what is read, what is refused and in which words."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import re
import zipfile
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rfgscore.dates import ISO, DateFormat
from rfgscore.errors import DataError, FormatError, InputNotFoundError, MissingColumnError
from rfgscore.ingest.readers import csv_records, files, preflight
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.files import read_table
from rfgscore.ingest.readers.raw import Limits

HEAD = "perpetrator_id,event_date\n"
PLAIN = HEAD + "P1,2024-01-01\nP2,2024-01-02\n"


@pytest.fixture
def read(tmp_path):
    """Write a file and read its first column, or those asked for."""

    def read(content, name="o.csv", wanted=("perpetrator_id",), **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, wanted=wanted, **options)

    return read


@pytest.fixture
def typed(tmp_path):
    """Write one Parquet column and read it."""

    def typed(values, kind=None, name="o.parquet", **options):
        pq.write_table(pa.table({"x": pa.array(values, kind)}), tmp_path / name)
        return read_table(tmp_path / name, wanted=["x"], **options)

    return typed


def cells(table, name="perpetrator_id"):
    """Return a column as a list, None for no value."""
    column = table.columns[name]
    return [column.values[code] if code >= 0 else None for code in column.codes.tolist()]


def refusal(read, *args, error=FormatError, **options):
    """Return the words in which a file is refused."""
    with pytest.raises(error) as caught:
        read(*args, **options)
    assert isinstance(caught.value, DataError)
    return str(caught.value)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf8_is_read_with_and_without_its_mark(read, mark):
    data = mark + (HEAD + "Zoë,2024-01-01\n").encode()
    table = read(data, wanted=("perpetrator_id", "event_date"), needed=("perpetrator_id",))
    assert cells(table) == ["Zoë"] and cells(table, "event_date") == ["2024-01-01"]
    assert (table.file, table.rows, table.line.tolist()) == ("o.csv", 1, [2])
    assert table.sha256 == hashlib.sha256(data).hexdigest()
    assert table.warnings == () and table.broken == {} and table.typed == {}


def test_cp1252_is_read_where_declared_and_refused_where_not(read):
    data = (HEAD + "P1,2024-01-01\nZoë,2024-01-01\n").encode("cp1252")
    assert cells(read(data, encoding="cp1252")) == ["P1", "Zoë"]
    assert refusal(read, data) == (
        f"o.csv:3: byte {data.index(0xEB) + 1} is no utf-8; declare input.encoding or save as UTF-8"
    )


def test_a_byte_that_cp1252_lacks_is_refused(read):
    data = HEAD.encode() + b"P\x81,2024-01-01\n"
    assert refusal(read, data, encoding="cp1252").startswith("o.csv:2: byte 28 is no cp1252")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_refused(read, encoding):
    data = PLAIN.encode(encoding)
    words = "UTF-16 text" if encoding == "utf-16" else "o.csv:1: every other byte is a NUL byte, as in UTF-16"
    assert words in refusal(read, data)
    assert words.replace("o.csv", "o.csv.gz") in refusal(read, gzip.compress(data), "o.csv.gz")


def test_utf16_with_the_other_mark_is_refused_by_name(read):
    assert "the format is UTF-16 text; save it as UTF-8 CSV" in refusal(read, "\ufeffa".encode("utf-16-be"))


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize("data", [zipped(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)])
@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.parquet"])
def test_workbooks_and_archives_are_refused_by_name(read, data, name):
    assert f"{name}: the format is a workbook or an archive; save it as UTF-8 CSV" == refusal(
        read, data, name
    )


@pytest.mark.parametrize("name", ["o.xlsx", "o.txt", "o.gz", "o.csv.zip", "o", "csv"])
def test_other_names_are_refused(read, name):
    assert refusal(read, PLAIN, name) == (
        f"{name}: unknown format; the name must end in .csv, .csv.gz or .parquet"
    )


def test_the_format_must_be_the_one_the_name_says(read, tmp_path):
    pq.write_table(pa.table({"perpetrator_id": ["P1"]}), tmp_path / "p.parquet")
    kinds = {
        "csv": PLAIN.encode(),
        "csv.gz": gzip.compress(PLAIN.encode()),
        "parquet": (tmp_path / "p.parquet").read_bytes(),
    }
    for held, data in kinds.items():
        for said in kinds:
            name = f"o.{said}"
            if said == held:
                assert read(data, name).rows == (1 if held == "parquet" else 2)
            else:
                words = f"{name}: the name says {said}, the format is {held}; rename or extract again"
                assert refusal(read, data, name) == words


def test_names_may_be_in_capitals(read):
    assert cells(read(PLAIN, "EXTRACT.CSV")) == ["P1", "P2"]
    assert cells(read(gzip.compress(PLAIN.encode()), "EXTRACT.CSV.GZ")) == ["P1", "P2"]


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path):
    with pytest.raises(InputNotFoundError, match=r"no\.csv: there is no such file; check the path"):
        read_table(tmp_path / "no.csv", wanted=["a"])
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(InputNotFoundError, match=r"d\.csv: cannot be read \(Is a directory\)"):
        read_table(tmp_path / "d.csv", wanted=["a"])


def test_a_gzip_of_two_members_is_read_whole(read):
    data = gzip.compress((HEAD + "P1,2024-01-01\n").encode()) + gzip.compress(b"P2,2024-01-02\n")
    assert cells(read(data, "o.csv.gz")) == ["P1", "P2"]


PACKED = gzip.compress(PLAIN.encode() * 50, mtime=0)


@pytest.mark.parametrize(
    "data",
    [
        PACKED[: len(PACKED) // 2],
        PACKED[:-8],
        PACKED[:-1],
        PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:],
        PACKED[:-4] + b"\x00\x00\x00\x01",
        PACKED[:20] + bytes([PACKED[20] ^ 0xFF]) + PACKED[21:],
        PACKED + b"tail",
        PACKED[:5],
    ],
    ids=["half", "no trailer", "short trailer", "wrong crc", "wrong length", "spoilt", "tail", "header only"],
)
def test_a_damaged_gzip_is_refused(read, data):
    words = "o.csv.gz: the gzip format is damaged or cut short; transfer it again"
    assert refusal(read, data, "o.csv.gz") == words


def packed_exactly():
    """Return a gzip of a file that is a whole number of times its size, and that number."""
    for rows in range(1000, 9000):
        plain = HEAD.encode() + b"P1,2024-01-01\n" * rows
        data = gzip.compress(plain, mtime=0)
        if len(plain) % len(data) == 0:
            return data, rows, len(plain) // len(data)
    raise AssertionError("no such file")


def test_a_gzip_may_unpack_to_the_limit_and_not_beyond(read):
    data, rows, ratio = packed_exactly()
    assert read(data, "o.csv.gz", limits=Limits(decompression_ratio=ratio)).rows == rows
    words = refusal(read, data, "o.csv.gz", limits=Limits(decompression_ratio=ratio - 1))
    assert words == (
        f"o.csv.gz: unpacks to more than {ratio - 1} times its size (input.limits.decompression_ratio)"
    )


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.parquet"])
def test_zero_bytes_are_refused(read, name):
    assert refusal(read, b"", name) == f"{name}: the file is empty (0 bytes); extract it again"


@pytest.mark.parametrize("text", [HEAD, HEAD.rstrip(), HEAD + "\n\n"])
def test_a_header_alone_has_no_rows(read, text):
    table = read(text, wanted=("perpetrator_id", "event_date"))
    assert table.rows == 0 and table.line.tolist() == [] and cells(table) == []


@pytest.mark.parametrize("text", ["\n", "\r\n", "\n\nP1,2024-01-01\n", "\n" * 21 + HEAD])
def test_the_header_must_be_on_the_first_line(read, text):
    assert refusal(read, text) == "o.csv:1: the first line must be the header; it is blank"


@pytest.mark.parametrize("text", ['"a,b\n1,2\n', '"a"b,c\n1,2\n'])
def test_a_header_that_cannot_be_read_is_refused(read, text):
    assert refusal(read, text).startswith("o.csv:1: the header cannot be read as CSV")


def test_a_nul_is_refused_with_its_line(read):
    assert refusal(read, PLAIN + "P3,2024-\x0001-01\n") == "o.csv:4: a NUL byte; this is no text format"


def test_ragged_rows_are_broken_with_their_row_and_line(read):
    table = read(HEAD + "P1,2024-01-01\nP2\nP3,2024-01-03,\n\nP4,2024-01-04\n,,,\nP5,2024-01-05")
    assert cells(table) == ["P1", None, None, "P4", None, "P5"]
    assert table.broken == {1: "1 cell, not 2", 2: "3 cells, not 2", 4: "4 cells, not 2"}
    assert table.line.tolist() == [2, 3, 4, 6, 7, 8]


def test_a_broken_quote_breaks_its_record_and_not_the_next(read):
    table = read(HEAD + '"P"1,2024-01-01\nP2,2024-01-02\n')
    assert cells(table) == [None, "P2"] and table.line.tolist() == [2, 3]
    assert table.broken == {0: "broken record (',' expected after '\"')"}


@pytest.mark.parametrize(
    "rows",
    [
        '"P2,2024-01-02\n' + "P3,2024-01-03\n" * 5,  # never closed
        '"P2,2024-01-02\nP3,2024-01-03\n"P4",2024-01-04\n',  # closed where no cell ends
        '"P2,2024-01-02\nP3,2024-01-03\nP4",2024-01-04\n',  # closed where a cell ends
    ],
)
def test_a_stray_quote_must_not_swallow_the_rows_below(read, rows):
    words = refusal(read, HEAD + "P1,2024-01-01\n" + rows)
    assert words.startswith("o.csv:3: a quote")


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_quote_left_open_on_the_last_line_breaks_that_record_only(read, end):
    table = read(HEAD + 'P1,2024-01-01\nP2,"2024-01-02' + end)
    assert cells(table) == ["P1", None] and list(table.broken) == [1]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_cells_of_several_lines_keep_the_line_numbers_exact(read, newline):
    lines = [
        "perpetrator_id,event_date",
        '"P,""1""",2024-01-01',
        '"P2',
        "",
        'still P2",2024-01-02',
        "",
        "P3,2024-01-03",
        '"P4","2024',
        '-01-04"',
        "P5",
        "P6,2024-01-06",
    ]
    table = read(newline.join(lines))
    assert cells(table) == ['P,"1"', f"P2{newline}{newline}still P2", "P3", "P4", None, "P6"]
    assert table.line.tolist() == [2, 3, 7, 8, 10, 11]
    assert table.rows == 6


def test_cells_longer_than_the_csv_module_likes_are_read(read):
    long = "x" * 200_000
    assert cells(read(f"{HEAD}{long},2024-01-01\n")) == [long]


def test_leading_zeros_and_outer_blanks_stay_in_the_raw_text(read):
    assert cells(read(HEAD + "0012,d\n 12 ,d\n12,d\n")) == ["0012", " 12 ", "12"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_declared_delimiter_is_used(read, delimiter):
    text = PLAIN.replace(",", delimiter)
    assert cells(read(text, delimiter=delimiter)) == ["P1", "P2"]
    assert "missing 'perpetrator_id'" in refusal(
        read, text, needed=("perpetrator_id",), error=MissingColumnError
    )


@pytest.mark.parametrize(("header", "column"), [("a,a,b", "a"), ("a,b,a", "a"), ("A,a ,b", " a")])
def test_a_mapped_column_that_stands_twice_is_refused(read, header, column):
    words = refusal(read, f"{header}\n1,2,3\n", wanted={"perpetrator_id": column})
    assert words == f"o.csv:1: the column {column!r} stands in the header 2 times; rename one"


def test_a_repeated_column_that_nobody_maps_does_no_harm(read):
    assert cells(read("perpetrator_id,x,x\nP1,1,2\n")) == ["P1"]


def test_an_exact_name_wins_over_a_looser_one(read):
    table = read("A,a\n1,2\n", wanted={"perpetrator_id": "a"})
    assert cells(table) == ["2"] and table.warnings == ()


def test_names_that_were_trimmed_or_differ_in_case_are_found_with_a_warning(read):
    table = read(
        " Nominal ,EVENT_DATE,x\nP1,2024-01-01,\n",
        wanted={"perpetrator_id": "nominal", "event_date": "event_date", "area": "x"},
    )
    assert table.names == {"perpetrator_id": " Nominal ", "event_date": "EVENT_DATE", "area": "x"}
    assert cells(table) == ["P1"]
    assert table.warnings == (("headers", "o.csv: 2 column names were trimmed or differ in case"),)


def test_a_file_without_a_header_does_not_spell_out_somebodys_record(read):
    words = refusal(
        read, "N1,2024-01-01\n", wanted={"perpetrator_id": "perpetrator_id"}, error=MissingColumnError
    )
    assert "N1" not in words and "2024" not in words


def test_a_missing_mapped_column_lists_what_was_wanted_and_the_nearest_there_are(read):
    wanted = {"perpetrator_id": "nominal", "event_date": "event_day", "area": "district"}
    words = refusal(read, PLAIN, wanted=wanted, error=MissingColumnError)
    assert words == (
        "o.csv: missing 'nominal', 'event_day', 'district' among its 2 columns; "
        "the nearest are 'event_date'. The first line must be the header; map its names under input in the "
        "config"
    )


def test_without_a_mapping_only_needed_columns_must_be_there(read):
    wanted = ("perpetrator_id", "area", "event_date")
    assert list(read(PLAIN, wanted=wanted, needed=("event_date",)).columns) == [
        "perpetrator_id",
        "event_date",
    ]
    words = refusal(read, PLAIN, wanted=wanted, needed=("event_date", "area"), error=MissingColumnError)
    assert words.startswith("o.csv: missing 'area' among its 2 columns")


def test_the_row_limit_holds_when_met_and_refuses_when_passed(read):
    assert read(PLAIN, limits=Limits(file_rows=2)).rows == 2
    words = (
        "o.csv: at least 2 rows are more than input.limits.file_rows (1); split the file, or raise the limit"
    )
    assert refusal(read, PLAIN, limits=Limits(file_rows=1)) == words


def test_too_many_rows_are_refused_before_all_are_read(read):
    # The quote that is never closed stands far behind the limit.
    text = PLAIN + "P3,2024-01-03\n" * 3000 + '"P4,2024-01-04\nP5,2024-01-05\n'
    assert "rows are more than input.limits.file_rows (9)" in refusal(read, text, limits=Limits(file_rows=9))
    assert "a quote opened in this record is never closed" in refusal(read, text)


def test_too_many_rows_of_a_parquet_or_a_table_are_refused(typed, tmp_path):
    typed(["a", "b"])
    few = Limits(file_rows=1)
    with pytest.raises(
        FormatError, match=r"^o\.parquet: 2 rows are more than input\.limits\.file_rows \(1\)"
    ):
        read_table(tmp_path / "o.parquet", wanted=["x"], limits=few)
    with pytest.raises(FormatError, match=r"^subjects: 2 rows are more than input\.limits\.file_rows \(1\)"):
        read_table(pa.table({"x": ["a", "b"]}), wanted=["x"], limits=few, name="subjects")


DAY = dt.date(2024, 2, 29)
MOMENT = dt.datetime(2024, 2, 29, 23, 59, 59, 5)


@pytest.mark.parametrize(
    ("values", "kind", "text", "told"),
    [
        (["007", " x ", "", None], pa.string(), ["007", " x ", "", None], ""),
        (["b", "a", None], pa.large_string(), ["b", "a", None], ""),
        (["b", "a", None, "b"], pa.dictionary(pa.int8(), pa.string()), ["b", "a", None, "b"], ""),
        (["a\0b", "\U0001f600", "\uffee", "z"], pa.string(), ["a\0b", "\U0001f600", "\uffee", "z"], ""),
        ([1, -20, None], pa.int8(), ["1", "-20", None], "number"),
        ([2**63 - 1], pa.int64(), ["9223372036854775807"], "number"),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"], "number"),
        ([101.0, None, 7.0], pa.float64(), ["101", None, "7"], "number"),
        ([2.0, 0.5], pa.float32(), ["2", "0.5."], "number"),
        ([-0.0, float("nan")], pa.float64(), ["0", None], "number"),
        ([2.0**53 - 1, 2.0**53], pa.float64(), ["9007199254740991", "9007199254740992.0."], "number"),
        ([float("inf")], pa.float64(), ["inf."], "number"),
        ([Decimal("12.00"), Decimal("12.50")], pa.decimal128(9, 2), ["12", "12.50"], "number"),
        ([True, False, None], pa.bool_(), ["true", "false", None], ""),
        ([DAY, None], pa.date32(), ["2024-02-29", None], "date"),
        ([MOMENT], pa.timestamp("us"), ["2024-02-29 23:59:59.000005"], "date"),
        ([MOMENT.replace(microsecond=0)], pa.timestamp("s"), ["2024-02-29 23:59:59"], "date"),
        ([MOMENT], pa.timestamp("ns"), ["2024-02-29 23:59:59.000005"], "date"),
        ([None, None], pa.string(), [None, None], ""),
        ([], pa.string(), [], ""),
    ],
)
def test_parquet_types_as_text(typed, values, kind, text, told):
    table = typed(values, kind)
    assert cells(table, "x") == text
    assert table.typed.get("x", "") == told
    assert table.rows == len(values) and table.line is None and table.file == "o.parquet"


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ([dt.time(1, 2)], pa.time64("us"), "TIME"),
        ([b"ab"], pa.binary(), "BLOB"),
        ([{"a": 1}], pa.struct({"a": pa.int32()}), "STRUCT"),
        ([[1]], pa.list_(pa.int32()), "INTEGER[]"),
        ([[Decimal("1.5")]], pa.list_(pa.decimal128(9, 2)), "DECIMAL(9,2)[]"),
        ([[MOMENT]], pa.list_(pa.timestamp("us")), "TIMESTAMP[]"),
        ([[("k", 1)]], pa.map_(pa.string(), pa.int32()), "MAP"),
    ],
)
def test_parquet_types_that_are_refused_by_name(typed, values, kind, said):
    words = refusal(typed, values, kind)
    assert words.startswith("o.parquet: the column 'x' ") and said in words
    assert words.endswith(("are read; write it as text", "text, dates and numbers are read"))


LATE = dt.datetime(2024, 7, 1, 23, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_moment_with_a_zone_has_its_date_in_the_declared_one(typed, unit):
    before = dt.datetime(1920, 1, 15, 0, 30, tzinfo=dt.UTC)
    values = [LATE, None, LATE - dt.timedelta(hours=1), before]
    kind = pa.timestamp(unit, tz="Asia/Tokyo")
    table = typed(values, kind, zone="Europe/London")
    assert cells(table, "x") == ["2024-07-02", None, "2024-07-01", "1920-01-15"]
    assert table.typed == {"x": "date"}
    assert cells(typed(values, kind, zone="America/New_York"), "x")[-1] == "1920-01-14"


def test_a_moment_just_before_midnight_is_dated_to_the_nanosecond(typed):
    table = typed([-1, 0], pa.timestamp("ns", tz="UTC"), zone="UTC")
    assert cells(table, "x") == ["1969-12-31", "1970-01-01"]


def test_a_moment_with_a_zone_needs_one_declared(typed):
    words = refusal(typed, [LATE], pa.timestamp("us", tz="UTC"))
    assert words == (
        "o.parquet: the column 'x' holds timestamps with a time zone; name the zone whose calendar "
        "dates them: input.timezone"
    )


def test_an_endless_moment_is_a_date_that_no_calendar_has_and_no_blank(typed):
    for value in (2**63 - 1, -(2**63) + 1):
        (text,) = cells(typed([value], pa.timestamp("us", tz="UTC"), zone="UTC"), "x")
        assert text is not None and not DateFormat(ISO).day(text)


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_moments_are_no_ids(tmp_path, zone):
    kind = pa.timestamp("us", tz=zone)
    pq.write_table(pa.table({"ref": pa.array([MOMENT], kind)}), tmp_path / "o.parquet")
    with pytest.raises(FormatError, match=r"o\.parquet: the column 'ref' holds timestamps, which are no ids"):
        read_table(tmp_path / "o.parquet", wanted={"perpetrator_id": "ref"}, zone="UTC")


def test_a_refused_type_in_a_column_that_nobody_maps_does_no_harm(tmp_path):
    table = pa.table({"x": ["1"], "other": pa.array([[1]])})
    pq.write_table(table, tmp_path / "o.parquet")
    assert cells(read_table(tmp_path / "o.parquet", wanted=["x"]), "x") == ["1"]


@pytest.mark.parametrize("cut", [4, 40, -1, -8])
def test_a_truncated_parquet_is_refused(tmp_path, typed, read, cut):
    typed(["a", "b"], name="whole.parquet")
    data = (tmp_path / "whole.parquet").read_bytes()[:cut]
    words = refusal(read, data, "o.parquet")
    assert words.startswith("o.parquet: the Parquet format is damaged or cut short; transfer it again")


def test_a_parquet_that_only_begins_or_is_spoilt_is_refused(typed, read, tmp_path):
    typed(["a", "b"] * 999, name="whole.parquet")
    data = (tmp_path / "whole.parquet").read_bytes()
    spoilt = (
        data[: len(data) // 2],
        data[:-4] + b"XXXX",
        b"PAR1" + PLAIN.encode(),
        b"PAR1" + b"\0" * 99 + b"PAR1",
    )
    for bad in spoilt:
        words = refusal(read, bad, "o.parquet")
        assert words.startswith("o.parquet: the Parquet format is damaged or cut short; transfer it again")


@pytest.mark.parametrize("name", ["a*.parquet", "a[12].parquet", "a?.parquet"])
def test_a_parquet_name_is_never_read_as_a_pattern(typed, name):
    typed(["another"], name="a1.parquet")
    assert cells(typed(["mine"], name=name), "x") == ["mine"]


def test_quotes_in_a_parquet_column_name_do_no_harm(tmp_path):
    pq.write_table(pa.table({'a"b': ["1"]}), tmp_path / "o.parquet")
    assert cells(read_table(tmp_path / "o.parquet", wanted={"area": 'a"b'}), "area") == ["1"]


def test_a_missing_parquet_column_is_told_as_for_csv(typed, tmp_path):
    typed(["1"])
    with pytest.raises(MissingColumnError, match=r"o\.parquet: missing 'y' among its 1 columns"):
        read_table(tmp_path / "o.parquet", wanted={"area": "y"})


def written(folder, names, *columns):
    """Write a Parquet file whose column names may repeat."""
    table = pa.Table.from_arrays([pa.array(column) for column in columns], names=list(names))
    pq.write_table(table, folder / "o.parquet")
    return folder / "o.parquet"


def test_a_mapped_parquet_column_that_stands_twice_is_refused(tmp_path):
    path = written(tmp_path, ["y", "x", "x"], [["nested"]], ["1"], ["2"])
    with pytest.raises(FormatError, match=r"the column 'x' stands in the header 2 times; rename one"):
        read_table(path, wanted=["x"])


def test_parquet_columns_that_differ_in_case_are_told_apart(tmp_path):
    path = written(tmp_path, ["X", "more", "x", "last"], ["1"], [{"a": [{"b": 1}], "c": 2}], ["2"], ["3"])
    table = read_table(path, wanted={"area": "x", "force": "X", "role": "last"})
    assert [cells(table, name) for name in ("area", "force", "role")] == [["2"], ["1"], ["3"]]
    assert table.warnings == ()


def test_parquet_rows_keep_their_order_across_row_groups(tmp_path):
    values = [f"{(7919 * row) % 5003}" for row in range(20_000)]
    pq.write_table(pa.table({"x": values}), tmp_path / "o.parquet", row_group_size=700)
    table = read_table(tmp_path / "o.parquet", wanted=["x"])
    assert cells(table, "x") == values and table.columns["x"].values == Coded.of(values).values


def test_a_parquet_too_large_for_memory_is_no_damaged_one(typed, monkeypatch):
    def full(*given):
        raise duckdb.OutOfMemoryException("full")

    monkeypatch.setattr("rfgscore.ingest.readers.parquet.code_cells", full)
    assert refusal(typed, ["a"]) == "o.parquet: there is too little memory to read it; split the file"


# Bytes that are no CSV, whatever its name says.


def test_a_gzip_is_looked_into(read):
    inside = {
        b"": "the file is empty (0 bytes once unpacked); extract it again",
        zipped(): "the format is a workbook or an archive; save it as UTF-8 CSV",
        gzip.compress(PLAIN.encode()): "the gzip holds a file of the format csv.gz; unpack it first",
        b"PAR1 and more": "the gzip holds a file of the format parquet; unpack it first",
        "\ufeffa,b\n".encode("utf-16-le"): "the format is UTF-16 text; save it as UTF-8 CSV",
    }
    for data, words in inside.items():
        assert refusal(read, gzip.compress(data), "o.csv.gz") == f"o.csv.gz: {words}"


def test_the_mark_of_utf8_is_refused_where_another_encoding_is_declared(read):
    words = "o.csv:1: the mark of UTF-8 at its head, and cp1252 declared; set input.encoding to utf-8"
    assert refusal(read, b"\xef\xbb\xbf" + PLAIN.encode(), encoding="cp1252") == words


@pytest.mark.parametrize("text", [PLAIN.replace("\n", "\r"), HEAD.replace("\n", "\r")])
def test_a_file_whose_only_line_ends_are_carriage_returns_is_refused(read, text):
    assert refusal(read, text) == (
        "o.csv:1: the only line ends are carriage returns; save it with line feeds (LF or CRLF)"
    )


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 64])
def test_faults_are_found_across_the_pieces_a_file_is_read_in(read, monkeypatch, chunk):
    monkeypatch.setattr(preflight, "_CHUNK", chunk)
    good = (HEAD + "Zoë\U0001f600,2024-01-01\r\n").encode()
    assert cells(read(good)) == ["Zoë\U0001f600"]
    for bad, byte in ((b"\xf0\x9f\x98,1\n", 1), (b"ab\xff,1\n", 3), (b"1,\xf0\x9f", 3)):
        assert refusal(read, good + bad) == (
            f"o.csv:3: byte {len(good) + byte} is no utf-8; declare input.encoding or save as UTF-8"
        )
    assert refusal(read, good + b"a\x00,1\n") == "o.csv:3: a NUL byte; this is no text format"


@pytest.mark.parametrize(
    ("text", "even"),
    [("a\nb\n", True), ("a\r\nb\r\n", True), ("a\r\nb\n", False), ("a\nb\rc\n", False), ("a\r\nb\r", False)],
)
@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_line_ends_are_counted_across_pieces(tmp_path, monkeypatch, text, even, chunk):
    monkeypatch.setattr(preflight, "_CHUNK", chunk)
    (tmp_path / "o.csv").write_bytes(text.encode())
    found = preflight.survey(preflight.identify(tmp_path / "o.csv"), "utf-8", 1)
    assert (found.even, found.lines) == (even, text.count("\n"))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "o.csv")
    with pytest.raises(FormatError, match=r"^o\.csv: this is no plain file; save it as one"):
        read_table(tmp_path / "o.csv", wanted=["a"])


@pytest.mark.parametrize("change", ["longer", "cut", "gone", "touched", "recoded"])
def test_a_file_that_is_changed_while_it_is_read_is_refused(tmp_path, monkeypatch, change):
    path = tmp_path / "o.csv.gz"
    path.write_bytes(gzip.compress(PLAIN.encode()))
    changes = {
        "longer": lambda: path.write_bytes(gzip.compress((PLAIN + "P3,2024-01-03\n").encode())),
        "cut": lambda: path.write_bytes(path.read_bytes()[:-9]),
        "gone": path.unlink,
        "touched": lambda: os.utime(path, ns=(1, 1)),
        "recoded": lambda: path.write_bytes(gzip.compress(PLAIN.encode() + b"\xff,\n")),
    }
    plain = files.survey

    def survey(*given):
        found = plain(*given)
        changes[change]()
        return found

    monkeypatch.setattr(files, "survey", survey)
    with pytest.raises(FormatError, match=r"^o\.csv\.gz: the file was changed while it was read, or cannot"):
        read_table(path, wanted=["perpetrator_id"])


def test_a_file_that_is_gone_once_it_was_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "o.csv"
    path.write_text(PLAIN)
    plain = files.read_csv
    monkeypatch.setattr(files, "read_csv", lambda file: (plain(file), path.unlink()))
    with pytest.raises(FormatError, match=r"^o\.csv: the file was changed while it was read, or cannot"):
        read_table(path, wanted=["perpetrator_id"])


def test_a_disk_that_fails_is_not_called_a_damaged_gzip(tmp_path, monkeypatch):
    (tmp_path / "o.csv").write_text(PLAIN)
    monkeypatch.setattr(preflight._Count, "add", lambda *given: (_ for _ in ()).throw(OSError(5, "I/O")))
    with pytest.raises(FormatError, match=r"or cannot be read again"):
        read_table(tmp_path / "o.csv", wanted=["perpetrator_id"])


# Records that are none, and headers that stand elsewhere.


def test_a_carriage_return_alone_breaks_its_record_and_is_text_inside_quotes(read):
    table = read(HEAD + 'P1,2024-\r01-01\nP2,2024-01-02\n"P\r3",2024-01-03\r\nP4,"2024"\r,x\n\r\n')
    assert cells(table) == [None, "P2", "P\r3", None] and table.line.tolist() == [2, 3, 4, 5]
    assert table.broken == dict.fromkeys((0, 3), "broken record (a carriage return alone stands in it)")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_header_that_stands_again_is_a_broken_record(read, mark):
    table = read(PLAIN + mark + PLAIN)
    assert table.broken == {2: "the header stands here again"}
    assert cells(table) == ["P1", "P2", None, "P1", "P2"] and table.line.tolist() == [2, 3, 4, 5, 6]


def test_a_footer_is_a_broken_record(read):
    table = read(PLAIN + "\nTotal: 2\nOFFICIAL - SENSITIVE\n")
    assert table.broken == {2: "1 cell, not 2", 3: "1 cell, not 2"} and table.line.tolist() == [2, 3, 5, 6]


@pytest.mark.parametrize(
    "above", ["Extract of 1 July\n\n,\n", "a,b\nc,d\n\n", '"not ""closed\n"\n,\n', '"a"b\n\n\n']
)
def test_a_header_below_other_lines_is_pointed_at(read, above):
    for wanted in ({"perpetrator_id": "perpetrator_id"}, ["perpetrator_id", "area"]):
        words = refusal(read, above + PLAIN, wanted=wanted, needed=["perpetrator_id"], error=DataError)
        assert words == (
            "o.csv:1: the first line must be the header, and the header stands on line 4: "
            "remove the lines above it"
        )


def test_a_header_is_looked_for_in_twenty_lines(read):
    wanted = {"perpetrator_id": "perpetrator_id", "event_date": "event_date"}
    assert "stands on line 21:" in refusal(read, "x\n" * 20 + PLAIN, wanted=wanted, error=MissingColumnError)
    assert "missing" in refusal(read, "x\n" * 21 + PLAIN, wanted=wanted, error=MissingColumnError)
    # A line that holds some of them is no header.
    text = "x\nperpetrator_id,date\nP1,2024-01-01\n"
    assert "missing" in refusal(read, text, wanted=wanted, error=MissingColumnError)


def test_a_file_of_broken_records_alone_is_read(read):
    table = read(HEAD + "P1\n\nP2,1,2\n")
    assert cells(table) == [None, None] and list(table.broken) == [0, 1]


def test_a_header_whose_quoted_cell_holds_records_is_refused(read):
    words = refusal(read, 'perpetrator_id,"event_date\nP1,2024-01-01\nP2,2024-01-02"\nP3,2024-01-03\n')
    assert words.startswith("o.csv:1: a quoted cell of the header runs on to line 3 and holds whole records")
    assert cells(read('perpetrator_id,"event\ndate"\nP3,2024-01-03\n')) == ["P3"]


def test_records_are_told_apart_at_any_place_in_a_block(read, monkeypatch):
    text = HEAD + 'P1,1\n\n"P\n2",2\nP3\n"P"4,4\nP5,"5\r\n\r\n5"\n' + HEAD + "P6,6\n\n\nP7,7,7\nP8,8\n"
    expected = (["P1", "P\n2", None, None, "P5", None, "P6", None, "P8"], [2, 4, 6, 7, 8, 11, 12, 15, 16])
    for size in (1, 2, 3, 4, 5, 100):
        monkeypatch.setattr(csv_records, "BLOCK", size)
        table = read(text)
        assert (cells(table), table.line.tolist(), sorted(table.broken)) == (*expected, [2, 3, 5, 7])


# Tables in memory.


def test_a_table_in_memory_is_read_under_its_name():
    frame = pa.table({"ref": ["P1"], "at": pa.array([LATE], pa.timestamp("us", tz="UTC"))})
    wanted = {"perpetrator_id": "ref", "event_date": "at"}
    table = read_table(frame, wanted=wanted, zone="Europe/London", name="custody")
    assert (table.file, cells(table), cells(table, "event_date")) == ("custody", ["P1"], ["2024-07-02"])
    with pytest.raises(FormatError, match=r"^offences: the column 'at' holds timestamps with a time zone"):
        read_table(frame, wanted=wanted)


def test_what_is_neither_a_path_nor_a_table_is_refused():
    with pytest.raises(TypeError, match="a path, or a pandas, polars or Arrow table is read, not int"):
        read_table(3, wanted=["a"])


@pytest.mark.parametrize(
    "content",
    [
        'id,day,code,notes\nP1,d,8N,"he said\nP2,d,8N,go away"\nP3,d,8N,x\n',
        'id,day,code,notes\n"P1,d,8N,x\nP2",d,8N,y\nP3,d,8N,x\n',
        'id,day,code,"notes\nP1,d,8N,x"\nP3,d,8N,x\n',
    ],
)
def test_two_records_run_into_one_by_a_pair_of_stray_quotes_are_refused(read, content):
    words = refusal(read, content, wanted=("id",))
    assert re.match(r"o\.csv:[12]: a quoted cell .*runs on to line [23] and holds whole", words)


def test_a_cell_of_two_lines_that_could_not_be_records_is_read(read):
    table = read('id,day,code,notes\nP1,d,8N,"he said\ngo, now"\nP3,d,8N,x\n', wanted=("id",))
    assert (table.rows, table.broken, table.line.tolist()) == (2, {}, [2, 4])
