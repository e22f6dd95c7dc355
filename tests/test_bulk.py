"""Large CSV files: the bulk loader is used where it is right, and never believed where it is not."""

from __future__ import annotations

import csv
import gzip
import io
import random
import zlib

import duckdb
import numpy as np
import pytest

from rfgscore.errors import FormatError
from rfgscore.ingest.readers import csv_bulk
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.files import read_table

HEAD = "perpetrator_id,event_date,recorded_date,offence_code,victim_id,event_id,outcome,area\n"
NAMES = HEAD.strip().split(",")
WANTED = ["perpetrator_id", "area"]
#: So many rows are more than a fast reader takes in one piece.
ROWS = 200_000


@pytest.fixture(scope="module")
def lines():
    """Records of a large file, a line each; nobody's."""
    return [
        f"P{(row * 7919) % 99991},2024-01-{row % 28 + 1:02d},2024-02-01,8/{row % 50},V{row % 77777},"
        f"CR/{row:08d}/24,{'charged' if row % 3 else 'no further action'},{row % 21}\n"
        for row in range(ROWS)
    ]


@pytest.fixture
def used(monkeypatch):
    """Whose rows were taken: filled as files are read, one word for each time the loader is tried."""
    words = []
    load = csv_bulk.load_columns

    def load_columns(*given, **options):
        found = load(*given, **options)
        words.append("authority" if found is None else "loader")
        return found

    monkeypatch.setattr(csv_bulk, "load_columns", load_columns)
    return words


@pytest.fixture
def read(tmp_path):
    """Write a file and read it."""

    def read(content, name="o.csv", wanted=WANTED, **options):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return read_table(tmp_path / name, wanted=wanted, **options)

    return read


def cells(table, name):
    """Return a column as a list, None for no value."""
    column = table.columns[name]
    values = (*column.values, None)
    return [values[code] for code in column.codes.tolist()]


def holds(table, name, expected):
    """Return whether a column holds these cells; a long list is not to be spelt out by a failing test."""
    return cells(table, name) == expected


def expect(table, records, line, wanted=WANTED):
    """Assert that a table holds records, None standing for a broken one."""
    assert table.rows == len(records)
    assert np.array_equal(table.line, np.asarray(line))
    for name in wanted:
        place = NAMES.index(name)
        assert holds(table, name, [record and record[place] for record in records])
        assert list(table.columns[name].values) == sorted(set(table.columns[name].values))


def split(lines):
    return [line.rstrip("\r\n").split(",") for line in lines]


def same(one, other):
    """Return whether two tables are the same, codes, values and lines."""
    return (
        (one.rows, one.broken, one.names, one.warnings)
        == (other.rows, other.broken, other.names, other.warnings)
        and one.line.dtype == other.line.dtype == np.int64
        and np.array_equal(one.line, other.line)
        and all(
            column.values == other.columns[name].values
            and column.codes.dtype == other.columns[name].codes.dtype == np.int32
            and np.array_equal(column.codes, other.columns[name].codes)
            for name, column in one.columns.items()
        )
    )


def random_file(seed):
    """Return a small file with what a CSV may hold, and its delimiter."""
    chance = random.Random(seed)
    delimiter = chance.choice(",;\t|")
    width = chance.randint(1, 4)
    alphabet = [
        "a",
        "b",
        "0",
        " ",
        "é",
        "\U0001f600",
        "\uffee",
        "\x01",
        *(["\n", '"', ",", ";"] * (seed % 3)),
    ]
    text = io.StringIO(newline="")
    end = chance.choice(["\n", "\r\n"])
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow([f"c{index}" for index in range(width)])
    for _ in range(chance.randint(0, 60)):
        cells = ["".join(chance.choices(alphabet, k=chance.randint(0, 4))) for _ in range(width)]
        writer.writerow(cells)
        text.write(end * (chance.random() < 0.05))
    found = text.getvalue()
    return found if chance.random() < 0.5 else found.removesuffix(end), delimiter, width


def test_the_loader_and_the_authority_give_the_same_tables(read, used, monkeypatch):
    for seed in range(90):
        text, delimiter, width = random_file(seed)
        packed = seed % 5 == 0
        data = b"\xef\xbb\xbf" * (seed % 2) + text.encode()
        given = {
            "content": gzip.compress(data) if packed else data,
            "name": "o[1]*?.csv.gz" if packed else "o[1]*?.csv",
            "wanted": [f"c{index}" for index in range(width)][seed % 2 :] or ["c0"],
            "delimiter": delimiter,
        }
        monkeypatch.setattr(csv_bulk, "BULK_LINES", 10**9)
        try:
            own = read(**given)
        except FormatError:  # a cell of several lines that holds what could be records
            assert '"' in text and seed % 3
            continue
        monkeypatch.setattr(csv_bulk, "BULK_LINES", 0)
        assert same(own, read(**given)), seed
    assert used.count("loader") > 40


def test_small_files_are_the_authoritys(read, used):
    assert read(HEAD + "P1,,,,,,,x\n").rows == 1 and used == []


@pytest.fixture
def small(monkeypatch):
    """Let the loader be tried on files of any size."""
    monkeypatch.setattr(csv_bulk, "BULK_LINES", 0)


def rows_of(number):
    return [f"P{row % 12},{'x' * (row % 3)},,,,,,{row % 15}\n" for row in range(number)]


@pytest.mark.usefixtures("small")
def test_what_the_loader_is_not_asked_for(read, used):
    plain = "".join(rows_of(9))
    read(HEAD + plain, encoding="cp1252")
    read(HEAD.replace("\n", "\r\n") + plain)
    read(HEAD + plain + '"a\rb",,,,,,,\n')
    read(HEAD + plain + "broken\n")
    read(HEAD + plain + HEAD)
    assert used == []
    read(HEAD + plain)
    assert used == ["loader"]


def dropped(column):
    return Coded(column.codes[:-1], column.values)


def doubled(column):
    return Coded(np.append(column.codes, column.codes[-1:]), column.values)


def longer(column):
    return Coded(column.codes, (*column.values[:-1], column.values[-1] + "x"))


def swapped(first, second):
    def swap(column):
        codes = column.codes.copy()
        codes[[first, second]] = codes[[second, first]]
        return Coded(codes, column.values)

    return swap


def moved(column):
    # Drops a row and invents one in its stead far below.
    return Coded(np.append(np.delete(column.codes, 3), column.codes[:1]), column.values)


def disordered(column):
    return Coded(len(column.values) - 1 - column.codes, column.values[::-1])


def repeated(column):
    return Coded(column.codes, (*column.values, column.values[-1]))


def blank(column):
    # The last place of a list answers to -1 as well.
    codes = column.codes.copy()
    codes[codes == len(column.values) - 1] = -1
    return Coded(codes, column.values)


def failing(column):
    raise duckdb.OutOfMemoryException("full")


LIES = [
    dropped,
    doubled,
    longer,
    swapped(0, 1403),
    swapped(0, 1),
    moved,
    disordered,
    repeated,
    blank,
    failing,
]
LIES_NAMES = [
    "drops",
    "doubles",
    "longer",
    "swaps far",
    "swaps near",
    "moves",
    "order",
    "repeats",
    "blank",
    "fails",
]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("lie", LIES, ids=LIES_NAMES)
@pytest.mark.parametrize("number", [0, 1])
def test_a_loader_that_lies_about_a_column_is_not_believed(read, used, monkeypatch, lie, number):
    text = HEAD + "".join(rows_of(1501))
    own = read(text)
    tell = csv_bulk.code_cells
    asked = []

    def code_cells(*given):
        asked.append(tell(*given))
        return lie(asked[-1]) if len(asked) == number + 1 else asked[-1]

    monkeypatch.setattr(csv_bulk, "code_cells", code_cells)
    assert same(own, read(text))
    assert used == ["loader", "authority"] and len(asked) == number + 1


@pytest.mark.usefixtures("small")
def test_a_loader_that_cannot_be_had_is_done_without(read, used, monkeypatch):
    def closed():
        raise duckdb.InternalException("closed")

    monkeypatch.setattr(csv_bulk, "open_engine", closed)
    assert read(HEAD + "".join(rows_of(5))).rows == 5 and used == ["authority"]


@pytest.mark.usefixtures("small")
def test_a_line_too_long_for_the_loader_is_the_authoritys(read, used):
    long = "x" * 17_000_000
    table = read(HEAD + f"P1,,,,,,,{long}\nP2,,,,,,,y\n")
    assert holds(table, "area", [long, "y"]) and used == ["authority"]
    assert read(HEAD + f"P1,,,,,,,{long[:15_000_000]}\n").rows == 1 and used[1:] == ["loader"]


# Files over which fast readers lose or invent rows without a word.

big = pytest.mark.compiled


@big
@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_clean_file_is_loaded_in_bulk(read, used, lines, name, end):
    text = (HEAD + "".join(lines)).replace("\n", end).encode()
    data = gzip.compress(text, 1) if name.endswith("gz") else text
    expect(read(data, name), split(lines), np.arange(ROWS) + 2)
    assert used == ["loader"]


@big
def test_a_million_rows_are_read_whole(read, used, lines):
    many = lines * 5
    table = read(HEAD + "".join(many))
    assert table.rows == 1_000_000 and used == ["loader"]
    ids = Coded.of([line[: line.index(",")] for line in many])
    found = table.columns["perpetrator_id"]
    assert np.array_equal(found.codes, ids.codes) and bool(found.values == ids.values)


@big
@pytest.mark.parametrize(("at", "inside"), [(124_000, 2000), (124_305, 11), (124_306, 6)])
def test_a_quoted_cell_of_many_lines_stays_one_cell(read, used, lines, at, inside):
    text = "\n".join(f"said on day {number}, at home" for number in range(inside))
    record = [*split(lines[at : at + 1])[0][:-1], text]
    told = f'{",".join(record[:-1])},"{text}"\n'
    table = read(HEAD + "".join([*lines[:at], told, *lines[at + 1 :]]))
    start = np.arange(ROWS) + 2
    start[at + 1 :] += inside - 1
    expect(table, [*split(lines[:at]), record, *split(lines[at + 1 :])], start)
    assert used == ["loader"]


@big
@pytest.mark.parametrize(("at", "inside"), [(124_000, 2000), (124_305, 11), (124_306, 6)])
def test_a_quoted_cell_that_holds_records_is_refused_with_its_line(read, used, lines, at, inside):
    held = '"' + "".join(lines[at : at + inside]).rstrip("\n") + '"'
    record = lines[at - 1].split(",")
    told = ",".join([*record[:6], held, record[7]])
    with pytest.raises(FormatError) as caught:
        read(HEAD + "".join([*lines[: at - 1], told, *lines[at + inside :]]))
    assert str(caught.value).startswith(
        f"o.csv:{at + 1}: a quoted cell runs on to line {at + inside} and holds whole records"
    )
    assert used == []


@big
def test_a_quote_never_closed_is_refused_with_its_line(read, lines):
    spoilt = [*lines]
    spoilt[100_000] = lines[100_000].replace(",8/", ',"8/')
    with pytest.raises(FormatError, match=rf"^o\.csv:100002: a quote opened .* the lines to {ROWS + 1} "):
        read(HEAD + "".join(spoilt))


@big
@pytest.mark.parametrize("seed", range(4))
def test_lone_quotes_lose_no_row(read, used, lines, seed):
    chance = random.Random(seed)
    spoilt = [*lines]
    opened = []
    records = split(lines)
    for row in sorted(chance.sample(range(ROWS - 10), 3)):
        line = lines[row]
        # The first two files have quotes where they are text, the others also where they open a cell.
        at = chance.choice([place for place, c in enumerate(line[:-1]) if (c != ",") == (seed < 2)]) + 1
        spoilt[row] = f'{line[:at]}"{line[at:]}'
        records[row] = spoilt[row].rstrip("\n").split(",")
        opened += [row + 2] if line[at - 1] == "," else []
    if opened:
        with pytest.raises(FormatError, match=rf"^o\.csv:{opened[0]}: a quote"):
            read(HEAD + "".join(spoilt))
    else:
        expect(read(HEAD + "".join(spoilt)), records, np.arange(ROWS) + 2)
        assert used in (["loader"], ["authority"])


@big
def test_a_gzip_with_a_wrong_checksum_is_refused(read, lines):
    data = gzip.compress((HEAD + "".join(lines)).encode(), 1)
    for at in (-8, -4, len(data) // 2):
        spoilt = bytearray(data)
        spoilt[at] ^= 1
        with pytest.raises((FormatError, zlib.error), match=r"o\.csv\.gz: the gzip format is damaged"):
            read(bytes(spoilt), "o.csv.gz")


@big
def test_an_empty_cell_too_many_breaks_its_record(read, used, lines):
    spoilt = [*lines]
    spoilt[150_000] = spoilt[150_000].replace("\n", ",\n")
    table = read(HEAD + "".join(spoilt))
    records = split(lines)
    records[150_000] = None
    expect(table, records, np.arange(ROWS) + 2)
    assert table.broken == {150_000: "9 cells, not 8"} and used == []


@big
def test_columns_are_found_by_their_names_in_any_order(read, used, lines):
    head = "area,outcome,event_id,victim_id,offence_code,recorded_date,event_date,perpetrator_id\n"
    table = read(head + "".join(lines))
    records = split(lines)
    assert holds(table, "perpetrator_id", [record[7] for record in records])
    assert holds(table, "area", [record[0] for record in records]) and used == ["loader"]
    table = read(HEAD.replace("area", "Bezirk") + "".join(lines), wanted={"area": "Bezirk"})
    assert holds(table, "area", [record[7] for record in records])
    with pytest.raises(FormatError, match=r"^o\.csv:1: the column 'area' stands in the header 2 times"):
        read(HEAD.replace("outcome", "area") + "".join(lines))


@big
def test_a_header_that_stands_again_is_found(read, used, lines):
    table = read(HEAD + "".join([*lines[:160_000], HEAD, *lines[160_000:]]))
    records = [*split(lines[:160_000]), None, *split(lines[160_000:])]
    expect(table, records, np.arange(ROWS + 1) + 2)
    assert table.broken == {160_000: "the header stands here again"} and used == []


@big
def test_another_line_end_in_the_middle_does_no_harm(read, used, lines):
    for one, other in (("\n", "\r\n"), ("\r\n", "\n")):
        ended = [line.replace("\n", one) for line in lines]
        ended[150_000] = lines[150_000].replace("\n", other)
        expect(read(HEAD.replace("\n", one) + "".join(ended)), split(lines), np.arange(ROWS) + 2)
    assert used == []


@big
def test_a_carriage_return_alone_breaks_its_record_and_no_other(read, lines):
    spoilt = [*lines]
    spoilt[150_000] = spoilt[150_000].replace(",charged", ",char\rged").replace("no ", "no\r")
    table = read(HEAD + "".join(spoilt))
    records = split(lines)
    records[150_000] = None
    expect(table, records, np.arange(ROWS) + 2)


@big
def test_blank_lines_are_no_records(read, used, lines):
    table = read(HEAD + "".join([*lines[:150_000], "\n\n", *lines[150_000:], "\n\n\n"]))
    start = np.arange(ROWS) + 2
    start[150_000:] += 2
    expect(table, split(lines), start)
    assert used == ["loader"]


@big
def test_a_header_and_blank_lines_are_no_rows(read, used):
    table = read(HEAD + "\n" * csv_bulk.BULK_LINES)
    expect(table, [], [])
    assert used == ["loader"]
