"""The dirty extract: a real force's dirt runs under the default limits, and every row ends where it must."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

import rfgscore as rfg
from rfgscore.cli.main import invoke
from rfgscore.vocabulary import reasons

pytestmark = pytest.mark.compiled

SPEC = importlib.util.spec_from_file_location("dirty", Path(__file__).parent / "dirty.py")
assert SPEC is not None and SPEC.loader is not None
dirty = importlib.util.module_from_spec(SPEC)
sys.modules["dirty"] = dirty
SPEC.loader.exec_module(dirty)

#: Reasons that a row of this extract can carry: all of offence rows but the one its settings leave out.
FAULTS = {name for name, word in reasons().items() if word.family == "fault" and word.step}
SCOPES = {name for name, word in reasons().items() if word.family == "scope"} - {"NON_CRIME_OFF"}
SMALL = 20_000


def run(files: Mapping[str, Path], offences: Any = None, settings: Any = None) -> rfg.Run:
    sides = {name: files[name] for name in ("subjects", "custody", "links", "removals")}
    return rfg.run(
        config=rfg.load_config(settings or files["config"]),
        offences=files["offences"] if offences is None else offences,
        as_of=dirty.AS_OF,
        extract_date=dirty.EXTRACT,
        **sides,
    )


def command(files: Mapping[str, Path], out: Path) -> list[str]:
    words = ["run", "--config", files["config"], "--offences", files["offences"], "--as-of", dirty.AS_OF]
    words += ["--extract-date", dirty.EXTRACT, "--out", out]
    for name in ("subjects", "custody", "links", "removals"):
        words += [f"--{name}", files[name]]
    return [str(word) for word in words]


def planted(extract: Any) -> dict[int, str]:
    """Return the reason of each row that must be set aside, by row from 1."""
    return {row: word for row, word in enumerate(extract.truth.tolist(), 1) if word not in ("", dirty.LATER)}


def found(run: rfg.Run, file: str) -> dict[int, str]:
    """Return the reason of each row that was set aside, by row from 1."""
    table = run.set_aside
    rows = zip(table["file"], table["row"], table["reason"], strict=True)
    return {row: word for name, row, word in rows if name == file}


def differing(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> Counter[tuple[Any, Any]]:
    return Counter(
        (one.get(key), other.get(key)) for key in one.keys() | other.keys() if one.get(key) != other.get(key)
    )


@pytest.fixture(scope="module")
def large() -> Any:
    return dirty.build()


@pytest.fixture(scope="module")
def files(large, tmp_path_factory) -> Mapping[str, Path]:
    return large.write(tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="module")
def result(files) -> rfg.Run:
    return run(files)


def test_the_extract_is_as_dirty_as_it_says(large):
    counts = large.counts()
    size = len(large)
    assert size == 200_000 and set(counts) == FAULTS | SCOPES | {"", dirty.LATER}
    assert all(counts[word] >= 3 for word in counts)
    assert sum(counts[word] for word in FAULTS) == 900 < 0.005 * size
    assert 0.3 < counts["ROLE"] / size < 0.36
    assert 0.18 < counts["NO_NAMED_SUSPECT"] / (size - counts["ROLE"]) < 0.22


def test_no_limit_is_moved(files):
    text = files["config"].read_text(encoding="utf-8")
    assert not re.search("max_set_aside|warn_scope|limits", text)


def test_every_row_is_set_aside_for_what_was_planted_in_it(large, result):
    assert not differing(planted(large), found(result, "offences.csv"))


def test_rows_of_the_other_tables_too(large, result):
    for name, rows in large.side_truth.items():
        assert found(result, f"{name}.csv") == rows, name


def test_rows_balance_and_are_counted_by_class(large, result):
    rows, counts = result.manifest["rows"], large.counts()
    assert rows["in"] == 200_000 == rows["used"] + rows["set_aside"] + rows["not_yet_known"]
    assert (rows["used"], rows["not_yet_known"]) == (counts.pop(""), counts.pop(dirty.LATER))
    assert rows["by_reason"] == counts
    aside = zip(result.set_aside["file"], result.set_aside["class"], strict=True)
    classes = Counter(family for file, family in aside if file == "offences.csv")
    assert classes == {
        "fault": sum(counts[word] for word in FAULTS),
        "scope": sum(counts[word] for word in SCOPES),
    }


def test_everyone_is_measured_by_the_rows_that_are_left(large, result):
    table = result.scores.table
    names = ("recency_value", "frequency_value", "gravity_value", "victims_value")
    told = dict(zip(table["perpetrator_id"], zip(*(table[name] for name in names), strict=True), strict=True))
    assert not differing(large.scores(), told)


def test_the_summary_counts_what_was_planted(large, result):
    table = result.summary
    total = {
        m: v for a, m, v in zip(table["area"], table["measure"], table["value"], strict=True) if a == "(all)"
    }
    used = large.facts["incident"][large.in_window()]
    assert total["people"] == len(large.scores()) and total["incidents"] == len(set(used.tolist()))
    assert total["incidents_without_named_suspect"] == large.unnamed


def test_the_young_and_the_accused_of_each_other_are_marked(large, result):
    table = result.scores.table
    flags = dict(
        zip(table["perpetrator_id"], [(cell or "").split(";") for cell in table["flags"]], strict=True)
    )
    young = {name for name, words in flags.items() if "under_18" in words}
    assert young == large.under_18 & flags.keys() and len(young) > 10
    accused = {name for name, words in flags.items() if "counter_allegation" in words}
    assert accused == large.mutual() and len(accused) > 10


def test_faults_above_the_limit_stop_the_run(tmp_path, capsys):
    spoilt = dirty.build(faults=900 + 4000)
    files = spoilt.write(tmp_path)
    assert invoke(command(files, tmp_path / "out")) == 1
    said = capsys.readouterr()
    assert said.out == "" and not (tmp_path / "out").exists()
    assert "4900 of 200000 rows are at fault, more than 20 rows and 1.00% of them" in said.err
    told: dict[str, list[str]] = {}
    for line in said.err.splitlines():
        word = re.match(r"  ([A-Z_]+): ", line)
        if word:
            told[word[1]] = []
        for lines in list(told.values())[-1:]:
            lines.append(line)
    rows = planted(spoilt)
    for word in FAULTS:
        mine = {row for row, reason in rows.items() if reason == word}
        assert re.match(rf"  {word}: {len(mine)}( |$)", told[word][0])
        named = [re.search(r"offences\.csv rows? ([0-9, ]+)", line) for line in told[word]]
        listed = [[int(row) for row in found[1].split(",")] for found in named if found]
        assert listed and all(len(some) <= 5 and set(some) <= mine for some in listed)
    assert not SCOPES & told.keys()


def test_faults_at_the_limit_do_not_stop_it(tmp_path, capsys):
    for faults, code in ((SMALL // 100, 0), (SMALL // 100 + 1, 1)):
        folder = tmp_path / str(faults)
        folder.mkdir()
        files = dirty.build(SMALL, faults=faults).write(folder)
        assert invoke(command(files, folder / "out")) == code
        assert (folder / "out").exists() == (code == 0)
    assert "201 of 20000 rows are at fault" in capsys.readouterr().err


def kept(run: rfg.Run) -> dict[str, Any]:
    """Return what must not depend on the kind of file the offences came in."""
    out: dict[str, Any] = {
        name: data for name, data in run.files.items() if name not in ("set_aside.csv", "manifest.json")
    }
    manifest = {name: part for name, part in run.manifest.items() if name not in ("inputs", "run")}
    del manifest["outputs"]["set_aside.csv"]
    out["manifest"] = json.dumps(manifest)
    table = run.set_aside
    columns = [table[name] for name in table.columns if name not in ("file", "row", "line")]
    out["aside"] = sorted(zip(*([str(cell) for cell in column] for column in columns), strict=True))
    return out


@pytest.fixture(scope="module")
def small() -> Any:
    return dirty.build(SMALL).whole()


@pytest.fixture(scope="module")
def plain(small, tmp_path_factory) -> tuple[Mapping[str, Path], rfg.Run]:
    files = small.write(tmp_path_factory.mktemp("small"))
    return files, run(files)


@pytest.mark.parametrize("kind", ["csv.gz", "parquet", "pandas", "polars", "arrow"])
def test_any_kind_of_table_gives_the_same_bytes(small, plain, tmp_path, kind):
    files, expected = plain
    cells = {name: column.tolist() for name, column in small.columns.items()}
    table: Any
    if kind == "csv.gz":
        table = small.write(tmp_path, packed=True)["offences"]
    elif kind == "parquet":
        table = tmp_path / "offences.parquet"
        pyarrow.parquet.write_table(pa.table(cells), table)
    else:
        table = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}[kind](cells)
    assert kept(run(files, table)) == kept(expected)


def test_incidents_that_are_no_crime_can_be_left_out(small, plain):
    files, _ = plain
    off = {"schema": "rfgscore/1", "extends": str(files["config"]), "gravity": {"non_crime": None}}
    step = dirty.order_of_checks() | {"": 99, dirty.LATER: 99}
    incident = small.facts["weight"] == dirty.NO_CRIME
    expected = {
        row: "NON_CRIME_OFF" if mild and step[word] > step["NON_CRIME_OFF"] else word
        for row, (word, mild) in enumerate(zip(small.truth.tolist(), incident.tolist(), strict=True), 1)
    }
    expected = {row: word for row, word in expected.items() if word not in ("", dirty.LATER)}
    assert not differing(expected, found(run(files, settings=off), "offences.csv"))


@pytest.mark.parametrize(("seed", "encoding"), [(1, "utf-8"), (2, "cp1252")])
def test_other_people_and_another_encoding(tmp_path, seed, encoding):
    extract = dirty.build(SMALL, seed, encoding=encoding)
    files = extract.write(tmp_path)
    assert not differing(planted(extract), found(run(files), "offences.csv"))


def test_the_same_seed_gives_the_same_extract():
    one, other = (dirty.build(SMALL, 7) for _ in range(2))
    assert one.csv_text() == other.csv_text() and one.sides == other.sides
    assert dirty.build(SMALL, 8).csv_text() != one.csv_text()
