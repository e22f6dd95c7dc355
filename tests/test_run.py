"""A whole run: the files and their columns, the manifest, and the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import rfgscore as rfg
from rfgscore.sample import SAMPLE_AS_OF, sample_file

COHORT = (
    "position,rank,tied_with,perpetrator_id,score,max_score,recency_value,recency_points,frequency_value,"
    "frequency_points,gravity_value,gravity_points,victims_value,victims_points,last_event_date,"
    "worst_offence_code,worst_offence,escalation_risk,escalation_horizon_days,status,pathway,entry_routes,flags,"
    "in_custody,next_release_date,previous_position,change,change_cause,leaves_on,summary,decision,decided_by,"
    "decision_date,decision_reason,review_owner"
)
HEADERS = {
    "cohort.csv": COHORT,
    "monitoring.csv": COHORT + ",why",
    "excluded.csv": "perpetrator_id,reason,detail,score",
    "explanations.csv": "perpetrator_id,component,value,unit,band,points,max_points,evidence,sentence",
    "set_aside.csv": "file,row,line,column,reason,class,detail",
    "summary.csv": "area,measure,value,definition",
}
SIDES = {name: sample_file(f"{name}.csv") for name in ("subjects", "custody", "links")}


def sample_run(offences: Path | list[Path] | None = None, **more) -> rfg.Run:
    return rfg.run(
        config=rfg.load_config(sample_file("config.yaml")),
        offences=offences or sample_file("offences.csv"),
        as_of=SAMPLE_AS_OF,
        **{**SIDES, **more},
    )


@pytest.fixture(scope="module")
def run() -> rfg.Run:
    return sample_run()


def rows_of(run: rfg.Run, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run.files[name].decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("name", HEADERS)
def test_columns_stand_in_the_contract_order(run, name):
    assert run.files[name].decode("utf-8-sig").split("\r\n")[0] == HEADERS[name]


def test_the_manifest_says_what_went_in_and_what_came_out(run):
    manifest = json.loads(run.files["manifest.json"])
    assert list(manifest) == [
        "schema", "version", "as_of", "extract_date", "config_sha256", "config", "rows", "people", "inputs",
        "outputs", "warnings", "run",
    ]  # fmt: skip
    assert manifest["schema"] == "run/1" and manifest["extract_date"] == SAMPLE_AS_OF
    canonical = json.dumps(manifest["config"], sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(canonical).hexdigest() == manifest["config_sha256"]
    assert rfg.load_config(manifest["config"]).sha256() == manifest["config_sha256"]
    rows = manifest["rows"]
    assert rows["in"] == 409 == rows["used"] + rows["set_aside"] + rows["not_yet_known"]
    assert sum(rows["by_reason"].values()) == rows["set_aside"] == len(rows_of(run, "set_aside.csv"))
    assert [entry["table"] for entry in manifest["inputs"]] == [
        "offences",
        "subjects",
        "custody",
        "links",
        "gravity",
    ]
    for entry in manifest["inputs"][:4]:
        data = sample_file(entry["file"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["rows"] == data.count(b"\n") - 1
    assert set(manifest["outputs"]) == set(run.files) - {"manifest.json"}
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256(run.files[name]).hexdigest() == digest
    assert list(run.files)[-1] == "manifest.json"
    assert "created" in manifest["run"] and manifest["run"]["created"] is None


def test_every_flag_raised_is_a_warning_with_its_number_of_people(run):
    flags = [word for cell in run.scores.table["flags"] for word in (cell or "").split(";") if word]
    said = {entry["code"]: entry["text"] for entry in run.manifest["warnings"]}
    assert {word: str(flags.count(word)) for word in set(flags)}.items() <= said.items()


def test_lists_scores_and_exclusions_agree(run):
    people = run.manifest["people"]
    table = run.scores.table
    assert len(table) == people["scored"] and people["excluded"] == len(run.excluded)
    assert people["eligible"] == sum(position is not None for position in table["position"])
    listed = run.cohort["perpetrator_id"]
    assert listed[:24] == table["perpetrator_id"][:24] and len(listed) == people["considered"]
    status = run.cohort["status"]
    assert status == ["proposed"] * 12 + ["reserve"] * 12 + ["emerging"] * (len(listed) - 24)
    routes = [set(words.split(";")) for words in run.cohort["entry_routes"]]
    assert all("score" in words for words in routes[:12])
    assert all("reserve" in words for words in routes[12:24])
    assert all(word.startswith("emerging:") for words in routes[24:] for word in words)
    assert len(run.monitoring) == 0
    for name in ("decision", "decided_by", "decision_date", "decision_reason", "review_owner"):
        assert run.cohort[name] == [None] * len(listed)
    assert (run.excluded["perpetrator_id"], run.excluded["reason"]) == (["N70008"], ["DECEASED"])


def test_points_of_the_listed_add_up_in_the_file(run):
    scores = {row["perpetrator_id"]: int(row["score"] or 0) for row in rows_of(run, "cohort.csv")}
    sums: dict[str, int] = dict.fromkeys(scores, 0)
    for row in rows_of(run, "explanations.csv"):
        sums[row["perpetrator_id"]] += int(row["points"] or 0)
    assert sums == scores and len(sums) > 24


def test_stories_of_the_sample_are_told(run):
    joined = run.scores.explain("N70002").parts[-1]
    assert joined.component == "records" and joined.points is None
    assert joined.evidence == ("B-4471 (force Borderland, area West)", joined.evidence[1])
    assert joined.evidence[1].startswith("N70002 (force Anyshire, area ")
    uplifted = run.scores.explain("N70001").parts[2].sentence
    assert "weight 252 set by uplift: illustrative" in uplifted
    flags = dict(zip(run.scores.table["perpetrator_id"], run.scores.table["flags"], strict=True))
    assert "counter_allegation" in flags["N70005"] and "counter_allegation" in flags["N70006"]
    assert "under_18" in flags["N70007"] and "historic_report" not in (flags["N70007"] or "")
    assert run.scores.table["perpetrator_id"].count("B-4471") == 0
    held = dict(zip(run.cohort["perpetrator_id"], run.cohort["in_custody"], strict=True))
    assert set(held.values()) <= {True, False}


def test_no_explanation_names_a_victim(run):
    lines = sample_file("offences.csv").read_text(encoding="utf-8").splitlines()
    victims = {row["victim_ref"] for row in csv.DictReader(lines)}
    victims -= {"", "not known"} | set(run.scores.table["perpetrator_id"])
    assert len(victims) > 100
    packed = ("scores.parquet", "cohort.xlsx")
    told = b"".join(run.files[name] for name in run.files if name not in packed).decode()
    assert not [victim for victim in victims if victim in told]


def test_summary_counts_by_area(run):
    rows = rows_of(run, "summary.csv")
    assert [row["area"] for row in rows[::5]] == ["(all)", "Coast", "North", "South", "West"]
    totals = {row["measure"]: int(row["value"]) for row in rows if row["area"] == "(all)"}
    for measure, total in totals.items():
        assert total == sum(int(row["value"]) for row in rows[5:] if row["measure"] == measure)
    assert totals["people"] == run.manifest["people"]["scored"]
    serial = sum("serial:two-victims-3y" in (cell or "") for cell in run.scores.table["flags"])
    assert totals["serial_suspects"] == serial > 0
    assert totals["incidents_without_named_suspect"] > 0


def outputs(run: rfg.Run) -> dict[str, bytes]:
    """What promise 1 keeps equal in any row order."""
    kept = {name: data for name, data in run.files.items() if name not in ("set_aside.csv", "manifest.json")}
    manifest = {k: v for k, v in run.manifest.items() if k not in ("inputs", "run")}
    manifest["outputs"] = {k: v for k, v in manifest["outputs"].items() if k != "set_aside.csv"}
    kept["manifest"] = json.dumps(manifest).encode()
    aside = [
        [row[k] for k in ("column", "reason", "class", "detail")] for row in rows_of(run, "set_aside.csv")
    ]
    kept["aside"] = json.dumps(sorted(aside)).encode()
    return kept


@pytest.mark.parametrize("seed", range(5))
def test_any_row_order_gives_the_same_bytes(run, tmp_path, seed):
    header, *rows = sample_file("offences.csv").read_text(encoding="utf-8").splitlines()
    random.Random(seed).shuffle(rows)
    (tmp_path / "offences.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert outputs(sample_run(tmp_path / "offences.csv")) == outputs(run)


def test_any_number_of_threads_gives_the_same_bytes(run):
    assert sample_run(threads=2).files == sample_run(threads=3).files == run.files


@pytest.mark.compiled
@pytest.mark.parametrize("seed", ["0", "1", "2", "random"])
def test_any_hash_seed_gives_the_same_bytes(run, tmp_path, seed):
    words = ["--config", sample_file("config.yaml"), "--offences", sample_file("offences.csv")]
    words += [word for name in SIDES for word in (f"--{name}", sample_file(f"{name}.csv"))]
    words += ["--as-of", SAMPLE_AS_OF, "--out", tmp_path / "out"]
    command = [sys.executable, "-m", "rfgscore.cli", "run", *map(str, words)]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    assert {entry.name: entry.read_bytes() for entry in (tmp_path / "out").iterdir()} == dict(run.files)


def test_the_time_of_a_run_is_told_only_where_it_is_fixed(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert sample_run().manifest["run"]["created"] == "1970-01-01T00:00:00+00:00"


def test_parquet_and_csv_input_give_the_same_bytes(run, tmp_path):
    import duckdb

    source = duckdb.read_csv(str(sample_file("offences.csv")), all_varchar=True)
    source.write_parquet(str(tmp_path / "offences.parquet"))
    assert outputs(sample_run(tmp_path / "offences.parquet")) == outputs(run)


def test_what_becomes_known_later_changes_nothing(run, tmp_path):
    text = sample_file("offences.csv").read_text(encoding="utf-8")
    later = text + (
        "N70005,01/06/2025,05/07/2025,019/08,V1,L1,Suspect,,Y,Anyshire,North\n"
        "N70005,02/07/2025,02/07/2025,019/08,V1,L2,Suspect,,Y,Anyshire,North\n"
    )
    (tmp_path / "offences.csv").write_text(later, encoding="utf-8")
    settings = rfg.load_config(
        {
            "schema": "rfgscore/1",
            "extends": str(sample_file("config.yaml")),
            "input": {"point_in_time": "accept_extract_state"},
        }
    )
    found = rfg.run(
        config=settings,
        offences=tmp_path / "offences.csv",
        as_of=SAMPLE_AS_OF,
        extract_date="2025-07-07",
        **SIDES,
    )
    assert found.manifest["rows"]["not_yet_known"] == 2
    assert found.files["scores.parquet"] == run.files["scores.parquet"]
    assert found.files["cohort.csv"] == run.files["cohort.csv"]
    assert "point_in_time" in [entry["code"] for entry in found.manifest["warnings"]]


def test_reprs_hold_no_person(run):
    for thing in (run, run.scores, run.cohort, run.scores.scored.history, run.scores.explain("N70001")):
        assert "N70001" not in repr(thing)
    assert repr(run).startswith("Run(as of 2025-06-30: 409 rows in")


def test_held_people_can_be_left_out(tmp_path):
    base = {"schema": "rfgscore/1", "extends": str(sample_file("config.yaml"))}
    for days, words in ((30, ["HELD"]), (31, [])):
        config = rfg.load_config({**base, "cohort": {"custody": {"exclude_if_held_days": days}}})
        found = rfg.run(
            config=config,
            offences=sample_file("offences.csv"),
            as_of=SAMPLE_AS_OF,
            custody=SIDES["custody"],
            links=SIDES["links"],
        )
        assert found.excluded["reason"] == words  # in custody since 30 May: 31 days


def test_a_time_that_is_none_is_refused(monkeypatch):
    for stated in ("soon", "99999999999999999"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", stated)
        with pytest.raises(rfg.ConfigError, match="SOURCE_DATE_EPOCH"):
            sample_run()


def test_people_held_cannot_be_left_out_without_a_custody_table():
    base = {"schema": "rfgscore/1", "extends": str(sample_file("config.yaml"))}
    config = rfg.load_config({**base, "cohort": {"custody": {"exclude_if_held_days": 30}}})
    with pytest.raises(rfg.DataError, match="needs a custody table"):
        rfg.run(config=config, offences=sample_file("offences.csv"), as_of=SAMPLE_AS_OF)


def test_a_result_cannot_be_changed(run):
    run.manifest["rows"]["in"] = 0
    assert run.manifest["rows"]["in"] == 409
    with pytest.raises(TypeError):
        run.files["cohort.csv"] = b""
