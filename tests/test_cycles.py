"""Twelve monthly cycles, end to end and once more from their manifests: equal bytes, and nobody lost."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

SPEC = importlib.util.spec_from_file_location(
    "twelve_cycles", Path(__file__).parent.parent / "tools" / "twelve_cycles.py"
)
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)
cycles = tool.cycles


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Twelve cycles of a small force, run and replayed; every check of the tool holds."""
    work = tmp_path_factory.mktemp("cycles")
    config, days, files = tool.synthetic(work, 500, capacity=6, reserve=6)
    assert len(days) == 12
    assert (
        tool.twice(work, config, days, files)[-1]
        == "12 cycles, each made twice with equal bytes; nobody lost"
    )
    return work


def manifests(made):
    for folder in sorted(made.glob("cycle-*")):
        yield folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.compiled
def test_every_list_adds_up(made):
    for folder, manifest in manifests(made):
        people = cycles.everyone(folder)
        assert manifest["people"]["considered"] == len(people)
        assert manifest["people"]["scored"] == manifest["people"]["eligible"] + manifest["people"]["excluded"]
        monitored = {row["perpetrator_id"] for row in cycles.read_list(folder / "monitoring.csv")}
        for person, row in people.items():
            assert (row["status"] == "monitoring") == (person in monitored)
            assert not any(row[name] for name in ("decision", "decided_by", "decision_date", "review_owner"))
            assert row["entry_routes"]
        told = {row["perpetrator_id"] for row in cycles.read_list(folder / "explanations.csv")}
        assert told == set(people)


@pytest.mark.compiled
def test_the_stand_in_brings_every_status_about(made):
    seen = {row["status"] for folder, _ in manifests(made) for row in cycles.everyone(folder).values()}
    assert {"proposed", "reserve", "managed", "monitoring", "undecided", "emerging"} <= seen


def unpacked(path):
    """Yield what stands in a file, packed or not."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            yield from map(parts.read, parts.namelist())
    elif path.suffix == ".parquet":
        yield "\n".join(pl.read_parquet(path)["perpetrator_id"]).encode()
    else:
        yield path.read_bytes()


@pytest.mark.compiled
def test_people_taken_off_are_named_in_no_file(made):
    removed = {
        row["perpetrator_id"]: row["removed_on"] for row in cycles.read_list(made / "force" / "removals.csv")
    }
    assert removed
    for folder, manifest in manifests(made):
        gone = [person.encode() for person, day in removed.items() if day <= manifest["as_of"]]
        for path in folder.iterdir():
            for data in unpacked(path):
                assert not [person for person in gone if person in data]


@pytest.mark.compiled
def test_what_changed_adds_up_with_the_lists(made):
    before = None
    for folder, _ in manifests(made):
        if before is not None:
            then, now = cycles.everyone(before), cycles.everyone(folder)
            rows = {row["perpetrator_id"]: row for row in cycles.read_list(folder / "changes.csv")}
            assert set(now) <= set(rows)
            for person, row in rows.items():
                assert (row["what"] == "left") == (person not in now)
                if person in now:
                    # Someone whose record was joined since stood there under another id.
                    assert (row["what"] == "entered") == (not row["list_before"])
                    assert row["position_now"] == now[person]["position"]
                    assert row["cause"] == now[person]["change_cause"]
                if person in then:
                    assert row["position_before"] == then[person]["position"]
        before = folder


@pytest.mark.compiled
def test_new_york_runs_month_by_month(tmp_path, nyc):
    config, days, files = tool.new_york(tmp_path, nyc)
    lines = tool.twice(tmp_path, config, days[-3:], files)
    assert lines[-1] == "3 cycles, each made twice with equal bytes; nobody lost"
