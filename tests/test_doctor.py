"""`rfgscore doctor`: what is looked at, what it says where something is amiss, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zoneinfo
from dataclasses import replace
from pathlib import Path

import pytest

from rfgscore.cli import doctor
from rfgscore.cli.doctor import CHECKS, examine
from rfgscore.cli.main import invoke
from rfgscore.errors import ConfigError
from rfgscore.sample import sample_file
from rfgscore.windows import kernels

PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
SAMPLE = [str(sample_file("config.yaml")), str(sample_file("offences.csv"))]
ROW = "P1,2025-03-01,8/6,V1\n"
HEAD = "perpetrator_id,event_date,offence_code,victim_id\n"


@pytest.fixture
def found(monkeypatch):
    """Return state and text of one check, or of settings or a file; no other check is run."""

    def found(name: str, *given):
        with monkeypatch.context() as only:
            only.setattr(doctor, "CHECKS", {key: check for key, check in CHECKS.items() if key == name})
            return next((state, text) for said, state, text in examine(*given) if said == name)

    return found


def test_this_machine_is_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert invoke(["doctor", "--config", SAMPLE[0], "--offences", SAMPLE[1]]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    named = [*CHECKS, "config.yaml", "offences.csv"]
    assert [line[6:].split(":")[0] for line in lines[:-1]] == named and said.err == ""
    amiss = ["engine", "compiled code"] if PLAIN else []
    assert [line[6:].split(":")[0] for line in lines if line.startswith("warn")] == amiss
    assert lines[-1] == ("0 FAIL, 2 warn." if PLAIN else "All in order.")
    assert not any(tmp_path.iterdir())


def test_what_fails_ends_with_one_and_is_told_on_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "CHECKS", {"Python": CHECKS["Python"]})
    Path("c.yaml").write_text("schema: rfgscore/1\ncohrt: {}\n", encoding="utf-8")
    assert invoke(["doctor", "--config", "c.yaml", "--offences", "a.csv", "b.csv"]) == 1
    said = capsys.readouterr()
    tail = said.out.splitlines()[1:]
    assert tail[0].startswith("FAIL  c.yaml: RFG-C01: ") and "c.yaml:2: cohrt: unknown key" in tail[0]
    assert tail[1:3] == [
        f"FAIL  {name}: RFG-D02: {name}: there is no such file; check the path" for name in ("a.csv", "b.csv")
    ]
    assert tail[3] == "3 FAIL, 0 warn."


# The machine.


@pytest.mark.parametrize(
    ("here", "declared", "fits"),
    [
        ("2.0.0", ">=2.0,<3", True),
        ("3.0.0rc1", ">=2.0,<3", False),
        ("1.9.9", ">=2.0,<3", False),
        ("2.10", ">=2.9", True),
        ("2", ">=2.0.0", True),
        ("2.0.1", "<=2.0", False),
        ("2.0", "==2.0.0", True),
        ("2.0", "!=2.0", False),
        ("2.1", ">2.0,!=2.2", True),
        ("2.1", "", True),
    ],
)
def test_versions_are_compared_by_number(here, declared, fits):
    assert doctor._fits(here, declared) is fits


def test_what_the_package_declares_is_read(monkeypatch):
    declared = [
        "duckdb<3,>=2.0",
        "uvicorn[standard] (>=0.2)",
        "pyarrow>=15; extra == 'arrow'",
        "tzdata; win32",
    ]
    monkeypatch.setattr(doctor, "requires", lambda name: declared)
    assert list(doctor._declared()) == [
        ("duckdb", "<3,>=2.0", ""),
        ("uvicorn", ">=0.2", ""),
        ("pyarrow", ">=15", "extra == 'arrow'"),
        ("tzdata", "", "win32"),
    ]


def test_a_package_that_is_old_or_not_here_fails(monkeypatch, found):
    here = {"duckdb": "1.4.0", "numpy": "2.1.0", "pyarrow": "14.0", "polars": None}
    declared = ["duckdb<3,>=2.0", "numpy>=2", "numba>=0.61", "pyarrow>=15; extra == 'arrow'", "tzdata; win32"]
    monkeypatch.setattr(doctor, "requires", lambda name: declared)
    monkeypatch.setattr(doctor, "_installed", here.get)
    state, text = found("packages")
    assert state == "FAIL" and "pip install" in text
    assert "'duckdb<3,>=2.0' (here: 1.4.0)" in text and "'numba>=0.61' (here: none)" in text
    assert "numpy" not in text and "tzdata" not in text
    state, text = found("extras")
    assert state == "warn" and "pyarrow 14.0 is not >=15: pip install --upgrade pyarrow" in text
    assert "polars is not here (only for Polars frames: pip install polars)" in text


def test_another_python_fails(monkeypatch, found):
    monkeypatch.setattr(doctor, "metadata", lambda name: {"Requires-Python": ">=9"})
    here = ".".join(map(str, sys.version_info[:3]))
    assert found("Python") == ("FAIL", f"{here} is not >=9: install a Python that is, and rfgscore in it")


def test_shipped_data_that_is_missing_or_spoilt_fails(monkeypatch, found):
    monkeypatch.setattr(doctor, "shipped_tables", lambda: ())
    assert found("gravity tables") == ("FAIL", "no gravity table is here: install rfgscore again")
    monkeypatch.setattr(doctor, "shipped_tables", lambda: ("a",))
    assert found("gravity tables")[0] == "FAIL" and "RFG-C01" in found("gravity tables")[1]

    def spoilt(name):
        raise ConfigError("the preset is not as shipped\nmend it")

    monkeypatch.setattr(doctor, "preset", spoilt)
    assert found("settings") == ("FAIL", "RFG-C01: the preset is not as shipped; mend it")


def test_an_engine_that_is_off_by_one_bit_fails(monkeypatch, found):
    true = doctor.people

    def off(*given):
        people = true(*given)
        people[1] = people[1]._replace(gravity_sum=people[1].gravity_sum * (1 + 2**-52))
        return people

    monkeypatch.setattr(doctor, "people", off)
    state, text = found("engine")
    assert state == "FAIL" and "install numba" in text


def test_threads_that_disagree_fail(monkeypatch, found):
    true = doctor.walk

    def torn(history, as_of, *, threads=1, **lengths):
        walked = true(history, as_of, threads=threads, **lengths)
        return replace(walked, decayed=walked.decayed + 1) if threads > 1 else walked

    monkeypatch.setattr(doctor, "walk", torn)
    state, text = found("threads")
    assert state == "FAIL" and "--threads 1" in text


def test_how_the_work_is_shared_out_is_told(found):
    state, text = found("threads")
    assert state == "ok" and text.endswith("; python threads, of which two give the result of one")


@pytest.mark.parametrize("plain", ["1", "true"])
def test_compiling_that_is_off_is_a_warning(monkeypatch, plain, found):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", plain)
    for name in ("engine", "compiled code"):
        state, text = found(name)
        assert state == "warn" and "unset NUMBA_DISABLE_JIT" in text


@pytest.mark.parametrize(
    ("kept", "asked", "state", "words"),
    [
        (None, "", "warn", "cannot be kept"),
        (None, "here", "warn", "set NUMBA_CACHE_DIR to a folder you may write to"),
        ("cache/x", "elsewhere", "warn", "NUMBA_CACHE_DIR cannot be written"),
        ("cache/x", "cache", "ok", "kept in "),
        ("cache/x", "", "ok", "kept in "),
    ],
)
def test_where_compiled_code_is_kept(kept, asked, state, words, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    monkeypatch.setenv("NUMBA_CACHE_DIR", asked and str(tmp_path / asked))
    monkeypatch.setattr(kernels.snapshot, "kept", lambda: kept and tmp_path / kept)
    told = doctor._compiled_code()
    assert told[0] == state and words in told[1]


def test_parquet_that_comes_back_otherwise_fails(monkeypatch, found):
    true = doctor.parquet_bytes
    monkeypatch.setattr(doctor, "parquet_bytes", lambda table: true(table.take([0, 2, 1])))
    assert found("Parquet")[0] == "FAIL"


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_time_zones_that_are_missing_or_wrong_are_a_warning(zone, monkeypatch):
    def other(name):
        if zone is None:
            raise zoneinfo.ZoneInfoNotFoundError(name)
        return true(zone)

    true = zoneinfo.ZoneInfo
    monkeypatch.setattr(zoneinfo, "ZoneInfo", other)
    assert doctor._time_zones()[0] == "warn" and "tzdata" in doctor._time_zones()[1]


def test_folders_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert doctor._folders() == ("warn", "this folder cannot be written: give --out a folder that can")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    state, text = doctor._folders()
    assert state == "FAIL" and "TMPDIR" in text


def test_what_nobody_foresaw_is_told_by_kind_and_place(monkeypatch, found):
    def broken(name):
        raise RuntimeError("ZQ-CANARY-1")

    monkeypatch.setattr(doctor, "load_gravity", broken)
    state, text = found("gravity tables")
    assert state == "FAIL" and text.startswith("RuntimeError at test_doctor.py:") and "CANARY" not in text


# Settings and files.


@pytest.mark.parametrize(
    ("name", "content", "config", "state", "words"),
    [
        ("o.csv", HEAD + ROW, "illustrative-rfgv", "ok", "1 records, 4 columns found"),
        ("o.csv", HEAD + ROW, None, "warn", "give --config to check them against its mapping"),
        (
            "o.csv",
            HEAD.upper() + ROW,
            "illustrative-rfgv",
            "warn",
            "4 column names were trimmed or differ in case",
        ),
        (
            "o.csv",
            HEAD + ROW + "P2\n",
            "illustrative-rfgv",
            "warn",
            "1 records cannot be taken apart, the first at row 2, line 3",
        ),
        ("o.csv", HEAD, "illustrative-rfgv", "FAIL", "no rows below the header"),
        (
            "o.csv",
            HEAD[15:] + ROW[3:],
            "illustrative-rfgv",
            "FAIL",
            "RFG-D04: o.csv: missing 'perpetrator_id'",
        ),
        (
            "o.csv",
            HEAD.replace("offence_code", "code") + ROW,
            "illustrative-rfgv",
            "FAIL",
            "map it under input.columns",
        ),
        ("o.csv", b"", "illustrative-rfgv", "FAIL", "RFG-D03"),
        ("o.parquet", HEAD + ROW, None, "FAIL", "the name says parquet"),
        ("o.csv", "x,y\n1,2\n", None, "warn", "0 columns found"),
    ],
)
def test_offence_files(name, content, config, state, words, tmp_path, found):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    told = found(name, config, [tmp_path / name])
    assert told[0] == state and words in told[1], told
    assert str(tmp_path) not in told[1] and "P1" not in told[1]


def test_files_are_looked_at_under_the_settings_given(tmp_path, found):
    (tmp_path / "c.yaml").write_text(
        "schema: rfgscore/1\nextends: illustrative-rfgv\ngravity: {table: none.csv}\n"
        "input: {encoding: cp1252, delimiter: ';', limits: {file_rows: 1}}\n",
        encoding="utf-8",
    )
    (tmp_path / "o.csv").write_bytes((HEAD + ROW + "Zoë" + ROW[2:]).replace(",", ";").encode("cp1252"))
    given = str(tmp_path / "c.yaml"), [tmp_path / "o.csv"]
    state, text = found("c.yaml", *given)
    assert state == "FAIL" and "none.csv cannot be read" in text
    assert "2 rows are more than input.limits.file_rows (1)" in found("o.csv", *given)[1]


@pytest.mark.compiled
def test_a_cache_folder_that_cannot_be_used_is_told_by_a_fresh_process(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    command = "from rfgscore.cli.doctor import CHECKS; print(*CHECKS['compiled code']())"
    done = subprocess.run(
        [sys.executable, "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0", "NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache")},
    )
    assert done.stdout.startswith("warn ") and "NUMBA_CACHE_DIR" in done.stdout
