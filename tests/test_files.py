"""Files: what is read, what is refused and in which words."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import zipfile
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rfgscore.errors import DataError, FormatError, InputNotFoundError, MissingColumnError
from rfgscore.ingest.files import Limits, read_table

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

    def typed(values, kind=None, name="o.parquet"):
        pq.write_table(pa.table({"x": pa.array(values, kind)}), tmp_path / name)
        return read_table(tmp_path / name, wanted=["x"])

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
    words = "UTF-16 text" if encoding == "utf-16" else "o.csv:1: a NUL byte"
    assert words in refusal(read, data)


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


@pytest.mark.parametrize("text", ["\n" + PLAIN, "\n", "\r\n"])
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
    assert table.broken == {1: "1 cells, not 2", 2: "3 cells, not 2", 4: "4 cells, not 2"}
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
    assert words == f"o.csv:1: the column {column!r} stands in the header 2 times"


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
    words = "o.csv: 2 rows are more than input.limits.file_rows (1)"
    assert refusal(read, PLAIN, limits=Limits(file_rows=1)) == words


DAY = dt.date(2024, 2, 29)
MOMENT = dt.datetime(2024, 2, 29, 23, 59, 59, 5)


@pytest.mark.parametrize(
    ("values", "kind", "text", "told"),
    [
        (["007", " x ", "", None], pa.string(), ["007", " x ", "", None], ""),
        (["b", "a", None], pa.large_string(), ["b", "a", None], ""),
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
        ([MOMENT], pa.timestamp("us", tz="Europe/London"), "TIMESTAMP WITH TIME ZONE"),
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
    assert words.endswith("text, dates and numbers are read")


def test_a_refused_type_in_a_column_that_nobody_maps_does_no_harm(tmp_path):
    table = pa.table({"x": ["1"], "other": pa.array([[1]])})
    pq.write_table(table, tmp_path / "o.parquet")
    assert cells(read_table(tmp_path / "o.parquet", wanted=["x"]), "x") == ["1"]


@pytest.mark.parametrize("cut", [4, 40, -1, -8])
def test_a_truncated_parquet_is_refused(tmp_path, typed, read, cut):
    typed(["a", "b"], name="whole.parquet")
    data = (tmp_path / "whole.parquet").read_bytes()[:cut]
    words = refusal(read, data, "o.parquet")
    assert words.startswith("o.parquet: the Parquet format is damaged or cut short (")


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
