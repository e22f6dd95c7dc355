"""The real input: balance, an independent query over everyone, and ten people worked through."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.compiled

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_nyc_ten", DOCS / "make_nyc_ten.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def run(maker, nyc):
    return maker.run_example(nyc)


def test_the_run_balances(run):
    rows = run.manifest["rows"]
    assert (rows["in"], rows["not_yet_known"], rows["set_aside"]) == (130_976, 27_155, 0)
    assert rows["in"] == rows["used"] + rows["set_aside"] + rows["not_yet_known"]
    codes = {entry["code"]: entry["text"] for entry in run.manifest["warnings"]}
    assert codes["unmapped_weight"] == "9104 rows used gravity.unmapped: U (9104)"
    assert "victims_value" not in run.scores.table.columns


def test_everyone_scored_equals_an_independent_query(maker, nyc, run):
    by_sql = duckdb.sql(maker.query(nyc))
    table = run.scores.table
    ours = list(zip(*(table[name] for name in by_sql.columns), strict=True))
    assert len(ours) == 13_424
    assert ours == by_sql.fetchall()


def test_the_page_of_ten_is_what_the_files_give(maker, nyc, run):
    page = (DOCS / "nyc-ten.md").read_text(encoding="utf-8")
    assert maker.page(nyc) == page
    assert page.count("\n## N") == 10


def test_releases_after_the_day_are_not_seen(maker, nyc, run, tmp_path):
    """Forget every release after the day, and every later row: nothing changes."""
    source = f"'{nyc}/admissions.parquet'"
    seen = "CASE WHEN release_date <= TIMESTAMP '2024-01-01' THEN release_date END"
    known = f"""SELECT * REPLACE ({seen} AS release_date) FROM {source}
        WHERE admit_date <= TIMESTAMP '2024-01-01'"""
    duckdb.sql(known).write_parquet(str(tmp_path / "admissions.parquet"))
    then = maker.run_example(tmp_path)
    for name in ("cohort.csv", "scores.parquet", "explanations.csv", "summary.csv"):
        assert then.files[name] == run.files[name]


def test_shuffled_rows_and_two_threads_give_the_same_bytes(maker, nyc, run, tmp_path):
    import rfgscore as rfg

    source = f"'{nyc}/admissions.parquet'"
    duckdb.sql(f"SELECT * FROM {source} ORDER BY md5(person || admit_date::VARCHAR)").write_parquet(
        str(tmp_path / "admissions.parquet")
    )
    shuffled = rfg.run(
        config=rfg.load_config(maker.CONFIG),
        offences=tmp_path / "admissions.parquet",
        custody=tmp_path / "admissions.parquet",
        as_of=maker.AS_OF,
        extract_date=maker.EXTRACT,
        threads=2,
    )
    for name in set(run.files) - {"set_aside.csv", "manifest.json"}:
        assert shuffled.files[name] == run.files[name]
    shutil.rmtree(tmp_path)
