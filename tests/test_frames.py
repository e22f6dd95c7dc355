"""Tables in memory: the same columns from every library as from files, and what is refused."""

from __future__ import annotations

import datetime as dt
import gzip
import subprocess
import sys
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rfgscore.dates import ISO, NO_DAY, iso
from rfgscore.errors import DataError, FormatError, MissingColumnError
from rfgscore.ingest.readers.files import read_table
from rfgscore.ingest.readers.frames import is_frame, read_frame
from rfgscore.ingest.values import clean_id, read_days, read_ids
from rfgscore.sample import sample_file

LONDON = "Europe/London"
LATE = dt.datetime(2025, 6, 30, 23, 30)
LATE_UTC = LATE.replace(tzinfo=dt.UTC)


def frame_of(column, library="pandas"):
    """Return a table whose one column is x."""
    if library == "polars":
        return pl.DataFrame({"x": column})
    return pa.table({"x": column}) if library == "arrow" else pd.DataFrame({"x": column})


def read(frame, contract="x", zone=LONDON):
    """Read the column x of a table."""
    return read_frame(frame, name="offences", wanted={contract: "x"}, zone=zone)


def cells(table, name="x"):
    """Return a column as a list, None for no value."""
    column = table.columns[name]
    assert column.codes.dtype == np.int32 and list(column.values) == sorted(set(column.values))
    return [column.values[code] if code >= 0 else None for code in column.codes.tolist()]


def told(frame, zone=LONDON):
    """Return what a table's column x says: its kind and its cells."""
    table = read(frame, zone=zone)
    return table.typed.get("x", ""), cells(table)


def refusal(frame, *, error=FormatError, **options):
    """Return the words in which a table is refused."""
    with pytest.raises(error) as caught:
        read(frame, **options)
    assert isinstance(caught.value, DataError)
    return str(caught.value)


# The same rows from every source.

COLUMNS = {
    "perpetrator_id": ["007", " P2 ", None, "Zoë", "010"],
    "victim_id": [101.0, None, 7.0, 7.0, -3.0],
    "event_id": [1, None, 2**53 + 1, 20, 20],
    "offence_code": ["8/6", "8N", "8/6", None, "8/6"],
    "event_date": [dt.date(2025, 3, 1), dt.date(2024, 2, 29), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)],
    "event_end": [LATE, None, dt.datetime(2025, 7, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 999999), LATE],
    "recorded_date": [
        LATE_UTC,
        dt.datetime(2025, 3, 30, 0, 30, tzinfo=dt.UTC),
        None,
        LATE_UTC,
        dt.datetime(1969, 12, 31, 23, 30, tzinfo=dt.UTC),
    ],
    "dob": ["1990-02-28", "1990-02-28T10:00", None, "1990-06-30T23:30:00Z", "no date"],
    "is_crime": [True, False, None, True, True],
    "area": ["North", None, "", " North", "Süd"],
}
DATES = ("event_date", "event_end", "recorded_date", "dob")
#: What the cells of the typed columns are in a CSV; the others are written as they are.
WRITTEN = {
    "victim_id": ["101", "", "7", "7", "-3"],
    "event_end": [value.isoformat() if value else "" for value in COLUMNS["event_end"]],
    "recorded_date": [value.isoformat() if value else "" for value in COLUMNS["recorded_date"]],
    "is_crime": ["true", "false", "", "true", "true"],
}
ARROW = {
    "perpetrator_id": pa.string(),
    "victim_id": pa.float64(),
    "event_id": pa.int64(),
    "offence_code": pa.dictionary(pa.int8(), pa.string()),
    "event_date": pa.date32(),
    "event_end": pa.timestamp("us"),
    "recorded_date": pa.timestamp("us", "UTC"),
    "dob": pa.string(),
    "is_crime": pa.bool_(),
    "area": pa.string(),
}
TEXTS = [name for name, kind in ARROW.items() if kind == pa.string()] + ["offence_code"]


def csv_bytes():
    lines = [",".join(COLUMNS)]
    written = {name: WRITTEN.get(name, values) for name, values in COLUMNS.items()}
    for row in range(5):
        values = (written[name][row] for name in COLUMNS)
        lines.append(",".join("" if value is None else str(value) for value in values))
    return "\n".join(lines).encode()


def arrow_table(text=pa.string()):  # noqa: B008
    kinds = {name: text if name in TEXTS and text != pa.string() else kind for name, kind in ARROW.items()}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in COLUMNS.items()})


def pandas_frame(**kinds):
    """Return the rows in pandas: Python objects, but for the columns whose dtype is given."""
    return pd.DataFrame(
        {name: pd.Series(values, dtype=kinds.get(name, object)) for name, values in COLUMNS.items()}
    )


NULLABLE = {"event_id": "Int64", "victim_id": "Float64", "is_crime": "boolean"}
MOMENTS = {"event_end": "datetime64[us]", "recorded_date": "datetime64[us, Asia/Tokyo]"}
FRAMES = {
    "pandas objects": pandas_frame,
    "pandas string": lambda: pandas_frame(**dict.fromkeys(TEXTS, "string"), **NULLABLE, **MOMENTS),
    "pandas string[pyarrow]": lambda: pandas_frame(**dict.fromkeys(TEXTS, "string[pyarrow]"), **NULLABLE),
    "pandas categories": lambda: pandas_frame(**dict.fromkeys(COLUMNS, "category")),
    "pandas plain": lambda: pandas_frame(
        victim_id="float64", event_end="datetime64[ns]", recorded_date="datetime64[ns, UTC]"
    ),
    "pandas on Arrow": lambda: arrow_table().to_pandas(types_mapper=pd.ArrowDtype),
    "pandas with an index": lambda: pandas_frame().set_index(
        pd.Index([3, 3, 1, 2, 0], name="perpetrator_id")
    ),
    "polars": lambda: pl.DataFrame(COLUMNS, strict=False),
    "polars categories": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col(TEXTS).cast(pl.Categorical)),
    "polars from Arrow": lambda: pl.from_arrow(arrow_table()),
    "arrow": arrow_table,
    "arrow large_string": lambda: arrow_table(pa.large_string()),
    "arrow string_view": lambda: arrow_table(pa.string_view()),
    "arrow dictionary": lambda: arrow_table(pa.dictionary(pa.int32(), pa.large_string())),
    "arrow chunks": lambda: pa.concat_tables([arrow_table()[:2], arrow_table()[2:2], arrow_table()[2:]]),
    "arrow batch": lambda: arrow_table().to_batches()[0],
}


def cleaned(table):
    """Return every column as the checks see it."""
    out = {}
    for name in COLUMNS:
        column, kind = table.columns[name], table.typed.get(name, "")
        if name in DATES:
            days = read_days(column, ISO, kind, (), LONDON)
            out[name] = [None if day == NO_DAY else iso(day) for day in days.day.tolist()], days.bad.tolist()
        elif name.endswith("_id"):
            ids, bad = read_ids(column, kind)
            out[name] = [ids.text(row) for row in range(table.rows)], bad.tolist()
        else:
            kept = column.map(lambda text: clean_id(text) or None)
            out[name] = [kept.text(row) for row in range(table.rows)]
    return out


@pytest.fixture(scope="module")
def csv_table(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "o.csv"
    path.write_bytes(csv_bytes())
    return read_table(path, wanted=list(COLUMNS))


def test_the_rows_say_what_they_should(csv_table):
    columns = cleaned(csv_table)
    assert columns["perpetrator_id"] == (["007", "P2", "", "Zoë", "010"], [False] * 5)
    assert columns["victim_id"][0] == ["101", "", "7", "7", "-3"]
    assert columns["event_id"][0] == ["1", "", "9007199254740993", "20", "20"]
    assert columns["event_date"][0] == ["2025-03-01", "2024-02-29", None, "0001-01-01", "9999-12-31"]
    assert columns["event_end"][0] == ["2025-06-30", None, "2025-07-01", "1969-12-31", "2025-06-30"]
    # British Standard Time: in 1969 London kept summer time all year.
    assert columns["recorded_date"][0] == ["2025-07-01", "2025-03-30", None, "2025-07-01", "1970-01-01"]
    assert columns["dob"] == (
        ["1990-02-28", "1990-02-28", None, "1990-07-01", None],
        [False] * 4 + [True],
    )


@pytest.mark.parametrize("source", FRAMES)
def test_every_library_gives_the_columns_of_the_csv(csv_table, source):
    frame = FRAMES[source]()
    assert is_frame(frame)
    table = read_frame(frame, name="offences", wanted=list(COLUMNS), needed=["event_date"], zone=LONDON)
    assert cleaned(table) == cleaned(csv_table)
    assert (table.file, table.rows, table.line, dict(table.broken)) == ("offences", 5, None, {})
    assert table.names == {name: name for name in COLUMNS} and table.warnings == ()
    numbers = dict.fromkeys(("victim_id", "event_id"), "number")
    assert table.typed == numbers | dict.fromkeys(DATES[:3], "date")
    assert table.sha256 == read_frame(arrow_table(), name="a", wanted=list(COLUMNS), zone=LONDON).sha256


def test_a_packed_csv_and_a_parquet_say_the_same(csv_table, tmp_path):
    (tmp_path / "o.csv.gz").write_bytes(gzip.compress(csv_bytes()))
    assert cleaned(read_table(tmp_path / "o.csv.gz", wanted=list(COLUMNS))) == cleaned(csv_table)
    pq.write_table(arrow_table(), tmp_path / "o.parquet")
    parquet = read_table(tmp_path / "o.parquet", wanted=list(COLUMNS), zone=LONDON)
    assert cleaned(parquet) == cleaned(csv_table)


# One type at a time.

HUGE = 10**5000


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        (["007", " x ", "", None], "", ["007", " x ", "", None]),
        ([np.str_("a"), float("nan"), Enum("Role", {"A": "b"}, type=str).A], "", ["a", None, "b"]),
        ([None, float("nan"), pd.NaT, pd.NA, Decimal("sNaN"), np.datetime64("NaT")], "", [None] * 6),
        ([True, np.False_, None], "", ["true", "false", None]),
        (
            [12, np.int8(-3), np.uint64(2**64 - 1), 2**70, None],
            "number",
            ["12", "-3", str(2**64 - 1), str(2**70), None],
        ),
        ([HUGE], "number", ["1" + "0" * 5000]),
        ([3.0, 0.5, -0.0, 2.0**53 - 1], "number", ["3", "0.5.", "0", "9007199254740991"]),
        ([2.0**53, 1e16, 1e-5, -2.5], "number", ["9007199254740992.0.", "1e+16.", "1e-05.", "-2.5."]),
        ([float("inf"), Decimal("-Infinity")], "number", ["inf.", "-Infinity."]),
        ([np.float32(0.1), np.float16(2), np.float64("nan")], "number", ["0.10000000149011612.", "2", None]),
        (
            [Decimal("12.00"), Decimal("12.50"), Decimal("-0.0"), Decimal("1E+3"), Decimal("1.5E-2")],
            "number",
            ["12", "12.50", "0", "1000", "0.015"],
        ),
        ([Decimal("1E+999999"), Decimal("1.5E-999999")], "number", ["1E+999999", "1.5E-999999"]),
        (
            [dt.date(2025, 3, 1), LATE, np.datetime64("2025-06-30T23:59:59.9")],
            "date",
            ["2025-03-01", "2025-06-30", "2025-06-30"],
        ),
        ([pd.Timestamp(LATE), LATE_UTC, None], "date", ["2025-06-30", "2025-07-01", None]),
        ([pd.Timestamp("2025-06-30T23:30", tz="America/New_York"), pd.NaT], "date", ["2025-07-01", None]),
        ([LATE.replace(tzinfo=dt.timezone(dt.timedelta(hours=2)))], "date", ["2025-06-30"]),
        (
            [np.datetime64(-1, "s"), np.datetime64("0000-12-31"), np.datetime64("10000-01-01")],
            "date",
            ["1969-12-31", "0000-12-31", "10000-01-01"],
        ),
        ([pd.Timestamp(np.datetime64(10**12, "s")).tz_localize("UTC")], "date", ["33658-09-27"]),
        ([pd.Timestamp(np.datetime64(10**12, "s"))], "date", ["33658-09-27"]),
        # Of several kinds: each value by its own, and what is no id still is none.
        (["A.1", 12, 3.0, True, None], "", ["A.1", "12", "3", "true", None]),
        (["A.1", 0.1, 2.0**53, Decimal("1.50")], "", ["A.1", "1E-1", "9.0071992547409920E+15", "1.50E+0"]),
        (["2025-03-01", dt.date(2025, 3, 2), LATE_UTC], "", ["2025-03-01", "2025-03-02", "2025-07-01"]),
        ([12, dt.date(2025, 3, 2)], "", ["12", "2025-03-02"]),
    ],
)
def test_python_values_are_read_one_by_one(values, kind, text):
    objects = pd.Series(values, dtype=object)
    assert told(frame_of(objects)) == (kind, text)
    assert told(frame_of(pl.Series(values, dtype=pl.Object), "polars")) == (kind, text)
    assert told(frame_of(objects.iloc[::-1])) == (kind, text[::-1])


def test_a_number_beside_text_that_is_no_whole_one_is_a_spoilt_id():
    for values in (["A.1", 1.5, 7.0, Decimal("2.5")], [1.5, 1.5, 7.0, Decimal("2.50")]):
        table = read(frame_of(pd.Series(values, dtype=object)))
        _, bad = read_ids(table.columns["x"], table.typed.get("x", ""))
        assert bad.tolist() == [not isinstance(values[0], str), True, False, True]


def test_two_moments_an_hour_apart_when_clocks_go_back_are_two():
    fold = dt.datetime(2025, 10, 26, 1, 30, tzinfo=ZoneInfo(LONDON))
    frame = frame_of(pd.Series([fold, fold.replace(fold=1)], dtype=object))
    assert told(frame, "Atlantic/Azores") == ("date", ["2025-10-26", "2025-10-26"])
    assert told(frame, "Etc/GMT+1") == ("date", ["2025-10-25", "2025-10-26"])


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        (pd.array([2**63 + 1, None], "UInt64"), "number", [str(2**63 + 1), None]),
        (pd.array([2**53 + 1, None], "Int64"), "number", [str(2**53 + 1), None]),
        (pd.array([1.5, None, 2.0], "Float32"), "number", ["1.5.", None, "2"]),
        (pd.array([True, None], "boolean"), "", ["true", None]),
        (np.array([True, False]), "", ["true", "false"]),
        (np.array([1, 200], np.uint8), "number", ["1", "200"]),
        (np.array([0.1, np.nan], np.float32), "number", ["0.10000000149011612.", None]),
        (pd.array([1, 0, 2], "Sparse[int]"), "number", ["1", "0", "2"]),
        (pd.Categorical(["b", None, "a"], ["c", "b", "a"]), "", ["b", None, "a"]),
        (pd.Categorical([10, 9, None]), "number", ["10", "9", None]),
        (pd.Categorical([1.0, 0.5]), "number", ["1", "0.5."]),
        (pd.Categorical(pd.to_datetime([LATE_UTC, None])), "date", ["2025-07-01", None]),
        (
            np.array(["2025-06-30T23:59:59", "NaT", "0000-12-31"], "M8[s]"),
            "date",
            ["2025-06-30", None, "0000-12-31"],
        ),
        (np.array(["1969-12-31T23:59:59.999"], "M8[ms]"), "date", ["1969-12-31"]),
        (np.array(["1969-12-31T23:59:59.999999999"], "M8[ns]"), "date", ["1969-12-31"]),
        (
            pd.date_range("2025-06-30T22:59:59", periods=2, freq="s", tz="UTC"),
            "date",
            ["2025-06-30", "2025-07-01"],
        ),
        (pd.Series([dt.date(2025, 3, 1), None], dtype="date32[pyarrow]"), "date", ["2025-03-01", None]),
        (pd.Series([], dtype=object), "", []),
        (pd.Series([], dtype="float64"), "number", []),
    ],
)
def test_pandas_types(values, kind, text):
    assert told(frame_of(values)) == (kind, text)


@pytest.mark.parametrize(
    ("values", "dtype", "kind", "text"),
    [
        ([2**100, None, -1], pl.Int128, "number", [str(2**100), None, "-1"]),
        ([2**64 - 1, None], pl.UInt64, "number", [str(2**64 - 1), None]),
        ([1.5, None, float("nan"), 2.0], pl.Float32, "number", ["1.5.", None, None, "2"]),
        ([Decimal("12.00"), Decimal("12.50"), None], pl.Decimal(9, 2), "number", ["12", "12.50", None]),
        ([True, None], pl.Boolean, "", ["true", None]),
        (["b", None], pl.Enum(["a", "b"]), "", ["b", None]),
        (["b", None], pl.Categorical, "", ["b", None]),
        ([None, None], pl.Null, "", [None, None]),
        ([dt.date(2025, 3, 1), None], pl.Date, "date", ["2025-03-01", None]),
        ([LATE, None], pl.Datetime("ms"), "date", ["2025-06-30", None]),
        ([LATE_UTC, None], pl.Datetime("ns", "UTC"), "date", ["2025-07-01", None]),
        ([], pl.String, "", []),
    ],
)
def test_polars_types(values, dtype, kind, text):
    assert told(frame_of(pl.Series(values, dtype=dtype), "polars")) == (kind, text)


EDGES = [0, None, 2**63 - 1, 1 - 2**63]


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        (pa.array([2**64 - 1, None], pa.uint64()), "number", [str(2**64 - 1), None]),
        (pa.array([1.5, None, 2], pa.float16()), "number", ["1.5.", None, "2"]),
        (
            pa.array([Decimal("12.00"), None, Decimal("12.50")], pa.decimal128(9, 2)),
            "number",
            ["12", None, "12.50"],
        ),
        (pa.array([Decimal("1500")], pa.decimal128(9, -2)), "number", ["1500"]),
        (pa.array([Decimal("-0.50")], pa.decimal256(50, 2)), "number", ["-0.50"]),
        (pa.array([True, None]), "", ["true", None]),
        (pa.array([None, None]), "", [None, None]),
        (pa.array([dt.date(2025, 3, 1), None], pa.date64()), "date", ["2025-03-01", None]),
        (
            pa.array([-719163, 2932897, 2932896], pa.date32()),
            "date",
            ["0000-12-31", "10000-01-01", "9999-12-31"],
        ),
        (pa.array([-1, None], pa.timestamp("ns")), "date", ["1969-12-31", None]),
        (
            pa.array(EDGES, pa.timestamp("s")),
            "date",
            ["1970-01-01", None, "292277026596-12-04", "-292277022657-01-27"],
        ),
        (
            pa.array(EDGES, pa.timestamp("s", "UTC")),
            "date",
            ["1970-01-01", None, "141338-07-19", "-137399-06-15"],
        ),
        (
            pa.array(EDGES, pa.timestamp("ns", "+02:00")),
            "date",
            ["1970-01-01", None, "2262-04-12", "1677-09-21"],
        ),
        (
            pa.DictionaryArray.from_arrays(
                pa.array([3, 1, None, 0], pa.uint64()), pa.array(["a", None, "c", "a"])
            ),
            "",
            ["a", None, None, "a"],
        ),
        (pa.array([10, 9, None, 10]).dictionary_encode(), "number", ["10", "9", None, "10"]),
        (
            pa.chunked_array(
                [pa.array(["b", "a"]).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()]
            ),
            "",
            ["b", "a", "c", "a"],
        ),
        (pa.chunked_array([], pa.timestamp("us")), "date", []),
        (pa.chunked_array([], pa.dictionary(pa.int8(), pa.string())), "", []),
        (pa.array(["x", "a", "b", None])[1:], "", ["a", "b", None]),
        (pa.array([1, 2, None])[1:], "number", ["2", None]),
    ],
)
def test_arrow_types(values, kind, text):
    assert told(frame_of(values, "arrow")) == (kind, text)


def test_the_checksum_is_that_of_the_content():
    frame = pd.DataFrame({"x": ["b", "a", None], "y": ["1", "2", "3"]})
    first = read(frame).sha256
    assert len(first) == 64
    again = {
        "unused category": frame.assign(x=pd.Categorical(frame["x"], ["0", "a", "b"])),
        "other column": frame.assign(y=0),
        "polars": pl.DataFrame({"x": ["b", "a", None]}),
        "index": frame.set_index("y"),
    }
    assert {name: read(other).sha256 for name, other in again.items()} == dict.fromkeys(again, first)
    others = [
        frame.iloc[:2],
        frame.iloc[::-1],
        frame.assign(x=["b", "a", ""]),
        frame.assign(x=["ba", "", None]),
        frame.assign(x=[1, 2, None]),
        frame.assign(x=["1", "2", None]),
        pd.DataFrame({"x": [None, None, None]}),
    ]
    sums = [read(other).sha256 for other in others] + [read(frame, "y").sha256]
    assert len({first, *sums}) == len(sums) + 1
    assert read(frame, "area").sha256 != first


# Names of columns.


def test_names_are_matched_as_those_of_a_file():
    table = read_frame(
        pd.DataFrame({" Perpetrator_ID ": ["1"], "event_date": ["2025-03-01"]}),
        name="offences",
        wanted=["perpetrator_id", "event_date", "area"],
        needed=["perpetrator_id"],
    )
    assert table.names == {"perpetrator_id": " Perpetrator_ID ", "event_date": "event_date"}
    assert [code for code, _ in table.warnings] == ["headers"]
    assert cells(table, "perpetrator_id") == ["1"] and table.column("area").codes.tolist() == [-1]


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_tables_without_rows_or_columns(library):
    assert told(frame_of([], library))[1] == []
    none = {"pandas": pd.DataFrame(index=range(3)), "polars": pl.DataFrame(), "arrow": pa.table({})}[library]
    assert refusal(none, error=MissingColumnError).startswith("offences: missing 'x' among its 0 columns")
    table = read_frame(none, name="offences", wanted=["area"], zone=None)
    assert (table.rows, table.columns) == (3 if library == "pandas" else 0, {})


LEVELS = pd.MultiIndex.from_tuples([("x", "first"), ("x", "second")])


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (
            pd.DataFrame([[1, 2]], columns=["x", "x"]),
            "offences:1: the column 'x' stands in the header 2 times; rename one",
        ),
        (
            pd.DataFrame([[1, 2]], columns=["X", "x "]),
            "offences:1: the column 'x' stands in the header 2 times; rename one",
        ),
        (
            pa.table([[1], [2]], names=["x", "x"]),
            "offences:1: the column 'x' stands in the header 2 times; rename one",
        ),
        (
            pd.DataFrame([[1, 2]], columns=LEVELS),
            "offences: the column names stand on several levels; give each column one name",
        ),
    ],
)
def test_names_that_do_not_tell_one_column_are_refused(frame, words):
    assert refusal(frame) == words


def test_a_wanted_name_that_is_no_text_is_refused():
    frame = pd.DataFrame([["a", "b"]], columns=[2024, "x"])
    with pytest.raises(FormatError) as caught:
        read_frame(frame, name="offences", wanted={"area": "2024"}, needed=[], zone=None)
    assert str(caught.value) == "offences: the column name 2024 is of type int; name columns by text"


def test_names_of_unmapped_columns_do_no_harm():
    frame = pd.DataFrame([["a", 1, 2, b"", 4]], columns=["x", "y", "y", 7, ("z", "")])
    assert told(frame) == ("", ["a"])
    with pytest.raises(MissingColumnError, match="missing 'w' among its 5 columns"):
        read_frame(frame, name="offences", wanted={"area": "w"}, needed=[], zone=None)
    with pytest.raises(MissingColumnError, match="missing 'area' among its 2 columns"):
        read_frame(
            pd.DataFrame([[1, 2]], columns=LEVELS), name="o", wanted=["area"], needed=["area"], zone=None
        )


# Refusals.


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (frame_of([b"12"]), "bytes"),
        (frame_of([["12"], None]), "list"),
        (frame_of([{"a": 12}]), "dict"),
        (frame_of([(1, 2)]), "tuple"),
        (frame_of([dt.time(1)]), "time"),
        (frame_of(["12", dt.timedelta(1)]), "timedelta"),
        (frame_of(pd.Series([np.timedelta64(1, "s")], dtype=object)), "timedelta64"),
        (frame_of([Fraction(1, 2)]), "Fraction"),
        (frame_of([UUID(int=12)]), "UUID"),
        (frame_of(pd.Series([1j], dtype=object)), "complex"),
        (frame_of([1j]), "complex128"),
        (frame_of(pd.Series([np.longdouble(1)], dtype=object)), "longdouble"),
        (frame_of(pd.Series([np.datetime64("2024-05"), None], dtype=object)), "datetime64[M]"),
        (frame_of(pd.Series(["12", float("inf")])), "infinite number beside text"),
        (frame_of(pd.to_timedelta([1], "s")), "timedelta64[ns]"),
        (frame_of(pd.period_range("2024", periods=1, freq="D")), "period[D]"),
        (frame_of(pd.arrays.IntervalArray.from_breaks([1, 2])), "interval[int64, right]"),
        (frame_of(pd.cut([1, 2], [0, 5])), "interval[int64, right]"),
        (frame_of(pd.array([b"12"], pd.ArrowDtype(pa.binary()))), "binary"),
        (frame_of([b"12"], "polars"), "Binary"),
        (frame_of([["12"]], "polars"), "List"),
        (frame_of([{"a": 12}], "polars"), "Struct"),
        (frame_of([dt.time(1)], "polars"), "Time"),
        (frame_of([dt.timedelta(1)], "polars"), "Duration"),
        (frame_of([b"12"], "arrow"), "binary"),
        (frame_of([["12"]], "arrow"), "list<item: string>"),
        (frame_of([{"a": 12}], "arrow"), "struct<a: int64>"),
        (frame_of([dt.time(1)], "arrow"), "time64[us]"),
        (frame_of([dt.timedelta(1)], "arrow"), "duration[us]"),
        (frame_of(pa.array([b"12"]).dictionary_encode(), "arrow"), "binary"),
    ],
)
def test_types_that_are_refused_by_name(frame, said):
    words = refusal(frame)
    assert words == f"offences: the column 'x' has the format {said}; text, dates and numbers are read"


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="no float is wider than 64 bits here")
def test_floats_wider_than_64_bits_are_refused():
    assert "has the format float" in refusal(frame_of(np.array([1], np.longdouble)))


HALF = "ZQ\ud800X"
SPOILT = pa.StringArray.from_buffers(3, pa.py_buffer(np.array([0, 1, 1, 3], "<i4")), pa.py_buffer(b"aP\xff"))
NO_TEXT = (
    "offences: the column 'x' holds text that is no Unicode in row 3 (half a character, or bytes that are no "
    "UTF-8); mend the cell where the table was made"
)


def backed_by_arrow(array):
    """Return a pandas column on Arrow, read back as text."""
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))


@pytest.mark.parametrize(
    "frame",
    [
        frame_of(pd.Series(["a", None, HALF], dtype=object)),
        frame_of(pd.Series(["a", 1, HALF, HALF], dtype=object)),
        frame_of(pd.Series(["a", None, HALF], dtype="category")),
        frame_of(pl.Series(["a", 1, HALF], dtype=pl.Object), "polars"),
        frame_of(SPOILT, "arrow"),
        frame_of(SPOILT.cast(pa.large_string()), "arrow"),
        frame_of(pa.chunked_array([SPOILT[:2], SPOILT[2:]]), "arrow"),
        frame_of(pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int8()), SPOILT), "arrow"),
        pa.record_batch({"x": SPOILT}),
        frame_of(backed_by_arrow(SPOILT)),
        frame_of(pd.Series(pd.arrays.ArrowStringArray(pa.chunked_array([SPOILT.cast(pa.large_string())])))),
    ],
)
def test_text_that_is_no_unicode_is_refused_by_its_row(frame):
    assert refusal(frame) == NO_TEXT


def test_an_id_with_half_a_character_is_left_to_its_row_check():
    table = read(frame_of(pd.Series(["P1", HALF], dtype=object)), contract="perpetrator_id")
    assert read_ids(table.columns["perpetrator_id"])[1].tolist() == [False, True]
    assert "holds text that is no Unicode in row 3" in refusal(frame_of(SPOILT, "arrow"), contract="event_id")


def test_what_no_row_holds_is_not_looked_at():
    unused = pd.Categorical(["a", "b"], categories=["a", "b", HALF])
    assert told(frame_of(pd.Series(unused))) == ("", ["a", "b"])
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), SPOILT)
    assert refusal(frame_of(words, "arrow")) == NO_TEXT.replace(" in row 3", "")


def test_column_names_that_are_no_unicode():
    frame = pd.DataFrame([["a", "b"]], columns=["x", HALF])
    assert read(frame).unread == ()
    with pytest.raises(FormatError, match=r"^offences: a column name is no UTF-8; rename the columns$"):
        read(pa.table([["a"], ["b"]], names=["x", b"P\xff"]))


ZONED = {
    "pandas": frame_of(pd.to_datetime([LATE_UTC])),
    "pandas objects": frame_of(pd.Series([None, LATE_UTC], dtype=object)),
    "pandas mixed": frame_of(pd.Series(["2025-03-01", LATE_UTC], dtype=object)),
    "pandas without values": frame_of(pd.Series([None], dtype="datetime64[ns, UTC]")),
    "polars": frame_of([LATE_UTC], "polars"),
    "arrow": frame_of([LATE_UTC], "arrow"),
}


@pytest.mark.parametrize("source", ZONED)
def test_moments_need_a_declared_zone(source):
    assert refusal(ZONED[source], zone=None) == (
        "offences: the column 'x' holds timestamps with a time zone; "
        "name the zone whose calendar dates them: input.timezone"
    )


@pytest.mark.parametrize("source", [*ZONED, "without zone", "objects without zone"])
def test_moments_are_no_ids(source):
    plain = {"without zone": frame_of([LATE], "arrow"), "objects without zone": frame_of(["P1", LATE])}
    assert refusal({**ZONED, **plain}[source], contract="event_id") == (
        "offences: the column 'x' holds timestamps, which are no ids; check what event_id is mapped to, or "
        "write it as text"
    )


def test_a_lazy_frame_is_refused_with_what_to_do():
    lazy = pl.LazyFrame({"x": ["1"]})
    assert is_frame(lazy)
    assert refusal(lazy) == "offences: a LazyFrame holds no rows yet; collect() it first"


@pytest.mark.parametrize(
    "source", ["o.csv", None, 3, ["x"], {"x": [1]}, pd.Series([1]), pl.Series([1]), pa.array([1])]
)
def test_other_things_are_no_tables(source):
    assert not is_frame(source)
    assert refusal(source) == (
        f"offences: a {type(source).__name__} is no table; a pandas or polars DataFrame or an Arrow table is"
    )


def test_refusals_name_no_value():
    for frame in (frame_of([b"SECRET"]), frame_of([["SECRET"]]), frame_of(["SECRET", float("inf")])):
        assert "SECRET" not in refusal(frame)


# Whatever the library.

NONE = st.none()
KINDS = {
    "text": (st.text(st.characters(codec="utf-8"), max_size=4), "string", pl.String, pa.string()),
    "whole": (st.integers(-(2**63), 2**63 - 1), "Int64", pl.Int64, pa.int64()),
    "unsigned": (st.integers(0, 2**64 - 1), "UInt64", pl.UInt64, pa.uint64()),
    "float": (st.floats() | st.integers(-9, 9).map(float), "Float64", pl.Float64, pa.float64()),
    "truth": (st.booleans(), "boolean", pl.Boolean, pa.bool_()),
    "date": (st.dates(), object, pl.Date, pa.date32()),
    "moment": (st.datetimes(), "datetime64[us]", pl.Datetime("us"), pa.timestamp("us")),
    "zoned": (
        st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 31), timezones=st.just(dt.UTC)),
        "datetime64[us, UTC]",
        pl.Datetime("us", "UTC"),
        pa.timestamp("us", "UTC"),
    ),
}


@settings(max_examples=100, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_random_columns_say_the_same_in_every_library(data, kind):
    values, of_pandas, of_polars, of_arrow = KINDS[kind]
    drawn = data.draw(st.lists(values | NONE, max_size=12))
    arrow = pa.array(drawn, of_arrow)
    expected = read(pa.table({"x": arrow}))
    columns = {
        "pandas": frame_of(pd.Series(drawn, dtype=of_pandas)),
        "pandas on Arrow": frame_of(pd.Series(pd.array(arrow, pd.ArrowDtype(of_arrow)))),
        "polars": frame_of(pl.Series(drawn, dtype=of_polars), "polars"),
        "dictionary": frame_of(arrow.dictionary_encode(), "arrow"),
        "chunks": frame_of(pa.chunked_array([arrow[:3], arrow[3:]]), "arrow"),
    }
    kind_told = cells(expected) != [None] * len(drawn)  # Python objects that are all none have no kind
    if kind_told:
        columns["pandas objects"] = frame_of(pd.Series(drawn, dtype=object))
    for source, frame in columns.items():
        table = read(frame)
        assert cells(table) == cells(expected), source
        if kind_told or of_pandas is not object or not source.startswith("pandas"):
            assert (table.typed, table.sha256) == (expected.typed, expected.sha256), source


@pytest.mark.compiled
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_columns_say_the_same_in_a_parquet(tmp_path, data):
    rows = data.draw(st.integers(0, 8))
    table = pa.table(
        {
            kind: pa.array(data.draw(st.lists(values | NONE, min_size=rows, max_size=rows)), of_arrow)
            for kind, (values, _, _, of_arrow) in KINDS.items()
        }
    )
    pq.write_table(table, tmp_path / "o.parquet")
    parquet = read_table(tmp_path / "o.parquet", wanted=list(KINDS), zone=LONDON)
    memory = read_table(table, wanted=list(KINDS), zone=LONDON)
    assert memory.typed == parquet.typed and memory.rows == parquet.rows
    for kind in KINDS:
        if kind == "moment":  # a file keeps the time of day, which a date is read without
            days = [read_days(t.columns[kind], ISO, "date", ()) for t in (memory, parquet)]
            assert days[0].day.tolist() == days[1].day.tolist() and not days[1].bad.any()
        else:
            assert cells(memory, kind) == cells(parquet, kind), kind


SAMPLE = sample_file("offences.csv")


@pytest.mark.parametrize(
    "frame",
    [
        pd.read_csv(SAMPLE, dtype=str, keep_default_na=False),
        pd.read_csv(SAMPLE, dtype="category", keep_default_na=False),
        pl.read_csv(SAMPLE, infer_schema=False).fill_null(""),
        pa.table(pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)),
    ],
    ids=["pandas", "categories", "polars", "arrow"],
)
def test_the_sample_says_the_same_in_memory_as_in_its_file(frame):
    mapping = {"perpetrator_id": "nominal_ref", "event_date": "offence_date", "area": "district"}
    mapping |= {"offence_code": "ho_code", "recorded_date": "created_on", "incident_id": "crime_ref"}
    file, memory = (read_table(source, wanted=mapping) for source in (SAMPLE, frame))
    assert memory.rows == file.rows == 409 and memory.names == file.names and not memory.typed
    for name in mapping:
        assert cells(memory, name) == cells(file, name), name


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("library", "absent"),
    [("pandas", ["pyarrow", "polars", "duckdb"]), ("polars", ["pyarrow", "pandas", "duckdb"])],
)
def test_no_other_library_is_needed(library, absent):
    code = f"""
import sys
sys.modules.update(dict.fromkeys({absent!r}))
import datetime as dt, {library} as lib
from rfgscore.ingest.readers.frames import read_frame
moment = dt.datetime(2025, 6, 30, 23, 30, tzinfo=dt.timezone.utc)
columns = dict(a=["007", None], b=[1, 2], c=[1.5, None], d=[moment, moment], e=[True, False])
table = read_frame(lib.DataFrame(columns), name="o", wanted=list(columns), zone="Europe/London")
sys.stdout.write(repr([table.columns[name].values for name in columns]))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[('007',), ('1', '2'), ('1.5.',), ('2025-07-01',), ('false', 'true')]"


@pytest.mark.parametrize(("kind", "most"), [("float16", 2**11), ("float32", 2**24), ("float64", 2**53)])
@pytest.mark.parametrize("as_objects", [False, True])
def test_a_float_that_stands_for_two_whole_numbers_is_no_id(kind, most, as_objects):
    column = np.array([most - 1, most], kind)
    frame = frame_of(column.astype(object) if as_objects else column)
    if as_objects:
        frame = frame_of(pd.Series([np.dtype(kind).type(value) for value in column], dtype=object))
    table = read(frame, contract="perpetrator_id")
    bad = read_ids(table.column("perpetrator_id"), table.typed.get("perpetrator_id", ""))[1]
    assert bad.tolist() == [False, True]


def test_a_float32_of_a_parquet_that_stands_for_two_whole_numbers_is_no_id(tmp_path):
    path = tmp_path / "o.parquet"
    pq.write_table(pa.table({"x": pa.array([2.0**24 - 1, 2.0**24], pa.float32())}), path)
    table = read_table(path, wanted={"perpetrator_id": "x"})
    bad = read_ids(table.column("perpetrator_id"), table.typed["perpetrator_id"])[1]
    assert bad.tolist() == [False, True]
