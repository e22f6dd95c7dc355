"""Whole runs from tables in memory say what runs from the files of the same rows say."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import yaml

import rfgscore as rfg
from rfgscore.sample import SAMPLE_AS_OF, sample_file
from rfgscore.synth import make_force

pytestmark = pytest.mark.compiled

SAMPLE = sample_file("offences.csv")
SIDES = {name: sample_file(f"{name}.csv") for name in ("subjects", "custody", "links")}


def sample_frame():
    return pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)


def typed_frame():
    """Return the sample as a database would hand it over: dates as dates, codes as categories."""
    frame = sample_frame().replace("", None)
    for name in frame:
        days = pd.to_datetime(frame[name], format="%d/%m/%Y", errors="coerce")
        if days.notna().any() and days.isna().eq(frame[name].isna()).all():
            frame[name] = days
        elif frame[name].nunique() < 20:
            frame[name] = frame[name].astype("category")
    return frame


def told_by(run):
    """Return what a run says, but for where its rows came from."""
    manifest = json.loads(run.files["manifest.json"])
    del manifest["inputs"]
    manifest["outputs"].pop("set_aside.csv")
    aside = list(csv.DictReader(io.StringIO(run.files["set_aside.csv"].decode("utf-8-sig"), newline="")))
    aside = [{name: cell for name, cell in row.items() if name not in ("file", "line")} for row in aside]
    rest = {name: data for name, data in run.files.items() if name not in ("manifest.json", "set_aside.csv")}
    return manifest, aside, rest


def sample_run(offences):
    config = rfg.load_config(sample_file("config.yaml"))
    return rfg.run(config=config, offences=offences, as_of=SAMPLE_AS_OF, **SIDES)


@pytest.fixture(scope="module")
def from_csv():
    return told_by(sample_run(SAMPLE))


SAMPLES = {
    "pandas": sample_frame,
    "pandas typed": typed_frame,
    "polars": lambda: pl.read_csv(SAMPLE, infer_schema=False),
    "polars typed": lambda: pl.from_pandas(typed_frame()),
    "arrow": lambda: pa.Table.from_pandas(sample_frame(), preserve_index=False),
    "arrow typed": lambda: pa.Table.from_pandas(typed_frame(), preserve_index=False),
}


@pytest.mark.parametrize("source", SAMPLES)
def test_a_run_says_the_same_of_a_table_as_of_its_file(from_csv, source):
    assert told_by(sample_run(SAMPLES[source]())) == from_csv


def test_side_tables_may_be_in_memory_too(from_csv):
    config = rfg.load_config(sample_file("config.yaml"))
    sides = {name: pd.read_csv(path, dtype=str, keep_default_na=False) for name, path in SIDES.items()}
    run = rfg.run(config=config, offences=[sample_frame()], as_of=SAMPLE_AS_OF, **sides)
    assert told_by(run) == from_csv


def test_tables_of_the_library_itself_are_read_as_well():
    force = make_force(persons=60, seed=3)
    config = rfg.load_config(yaml.safe_load(force.config))
    names = ("subjects", "custody", "links", "removals")
    own = rfg.run(
        config=config,
        offences=force.tables["offences"],
        as_of=force.as_of,
        **{name: force.tables[name] for name in names},
    )
    frames = rfg.run(
        config=config,
        offences=force.tables["offences"].to_pandas(),
        as_of=force.as_of,
        **{name: force.tables[name].to_pandas() for name in names},
    )
    assert len(own.cohort) == 24
    assert dict(own.files) == dict(frames.files)
