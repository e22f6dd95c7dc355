"""The folder of an earlier run: who stood where then, by the people of now; and nobody who was taken off."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import rfgscore as rfg
from rfgscore.cohort.considered import Change, Cohort, Considered, Previous, Standing
from rfgscore.dates import NO_DAY, to_day
from rfgscore.errors import (
    DataError,
    FormatError,
    InputNotFoundError,
    InternalError,
    PointInTimeError,
    UnknownPersonError,
)
from rfgscore.history.told import Told
from rfgscore.pipeline.diff import diff
from rfgscore.pipeline.look_up import look_up
from rfgscore.pipeline.output_set import read_output_set
from rfgscore.pipeline.previous import read_previous
from rfgscore.report.changes import CHANGE_COLUMNS, changes_table
from rfgscore.report.csv_file import csv_bytes

SPEC = importlib.util.spec_from_file_location("small_sets", Path(__file__).parent / "small_sets.py")
assert SPEC is not None and SPEC.loader is not None
small = importlib.util.module_from_spec(SPEC)
sys.modules["small_sets"] = small
SPEC.loader.exec_module(small)

NOW = to_day("2025-07-28")
CANARY = "ZQ-CANARY-1"


def told(joined: dict[str, str] | None = None, removed: tuple[str, ...] = ()) -> Told:
    return Told(None, None, None, joined or {}, frozenset(removed))


def before(folder: Path, joined: dict[str, str] | None = None, removed: tuple[str, ...] = ()) -> Previous:
    return read_previous(folder, told(joined, removed), NOW)


def plain(**told: object) -> Standing:
    start = {"listed": "cohort", "status": "proposed", "pathway": "", "routes": ("score",), "position": 1}
    return Standing(**{**start, "outside": 0, "records": (), **told})


QUANTILE = small.settings(score={"method": "quantile", "q": 3, "components": {"gravity": {}}})


def test_everyone_on_both_lists_is_read_with_what_is_told_of_them(tmp_path):
    folder = small.lay_down(
        tmp_path / "june",
        cohort=[
            {"perpetrator_id": "P1", "position": 1},
            {"perpetrator_id": "P2", "position": 30, "entry_routes": "release;score"},
            {"perpetrator_id": "P3", "status": "managed", "pathway": "diversion", "entry_routes": "carried"},
        ],
        monitoring=[
            {"perpetrator_id": "P4", "status": "monitoring", "position": 4, "entry_routes": "carried"}
        ],
        explained=[
            {"perpetrator_id": "P2", "component": "kept", "value": 1, "sentence": "s"},
            {"perpetrator_id": "P2", "component": "records", "value": 2, "evidence": "P2;R7 (force North)"},
            {"perpetrator_id": "P2", "component": "frequency", "value": 3, "evidence": "x"},
        ],
        run={"weights": {"008/06": 10, "1": 0.5}},
        edges={"gravity": [1.5, 10]},
        config=QUANTILE,
        as_of="2025-06-30",
    )
    found = before(folder)
    assert dict(found.listed) == {
        "P1": plain(),
        "P2": plain(position=30, routes=("release", "score"), outside=1, records=("P2", "R7")),
        "P3": plain(status="managed", pathway="diversion", routes=("carried",), position=None),
        "P4": plain(listed="monitoring", status="monitoring", routes=("carried",), position=4),
    }
    assert (found.folder, found.as_of, found.gravity) == ("june", to_day("2025-06-30"), "bb")
    assert found.sha256 == small.sha256(folder)
    assert (found.weights, found.edges) == ({"008/06": 10.0, "1": 0.5}, {"gravity": (1.5, 10.0)})
    assert found.config.sha256() == QUANTILE.sha256()
    assert found.scores["perpetrator_id"] == ["P1", "P2"]


def test_a_run_of_an_earlier_version_told_less(tmp_path):
    # No weights, nobody monitored, no since.csv and no changes.csv.
    folder = small.lay_down(tmp_path / "june", cohort=[{"perpetrator_id": "P1", "position": 1}])
    found = before(folder)
    assert (found.weights, found.edges, dict(found.listed)) == ({}, {}, {"P1": plain()})


@pytest.mark.parametrize("person", ["=1+1", "'=1+1", "''@x", "-P1", "O'Neill", "'plain", " +x".strip()])
def test_exactly_one_guard_of_a_spreadsheet_is_taken_off(person, tmp_path):
    explained = [{"perpetrator_id": person, "component": "records", "value": 2, "evidence": f"{person};Z1"}]
    row = {"perpetrator_id": person, "position": 1}
    folder = small.lay_down(tmp_path / "june", cohort=[row], explained=explained)
    assert dict(before(folder).listed) == {person: plain(records=(person, "Z1"))}


BETTER = [
    # The better of two, and the other.
    ({"position": 20}, {"listed": "monitoring", "position": 1, "status": "monitoring"}),
    ({"position": 20, "status": "managed"}, {"position": 2}),
    ({"status": "managed"}, {"position": 2, "status": "reserve"}),
    ({"position": 2}, {"position": 3}),
    ({"position": 3}, {"status": "referred"}),
    ({"position": 3, "listed": "monitoring", "status": "monitoring"},
     {"position": 1, "listed": "monitoring", "status": "carried"}),
]  # fmt: skip


@pytest.mark.parametrize(("better", "other"), BETTER)
@pytest.mark.parametrize("names", [("A", "B"), ("B", "A")])
def test_of_two_who_are_one_now_the_better_standing_counts(better, other, names, tmp_path):
    rows = {"cohort": [], "monitoring": []}
    for person, row in zip(names, (better, other), strict=True):
        plain_row = {"perpetrator_id": person, "status": "proposed", **row}
        rows[plain_row.pop("listed", "cohort")].append(plain_row)
    folder = small.lay_down(tmp_path / "june", **rows)
    listed = before(folder, joined={"B": "M", "A": "M"}).listed
    assert list(listed) == ["M"]
    found = listed["M"]
    assert (found.position, found.status) == (better.get("position"), better.get("status", "proposed"))
    assert found.listed == better.get("listed", "cohort")


RECORDS = [
    # The evidence as written, how many records, what the links of now join, and the ids.
    ("B-1 (force Borderland, area West);N2 (force Any, area North)", 2, "", ("B-1", "N2")),
    ("B-1;N2 (area North / force Any)", 2, "", ("B-1", "N2")),
    ("N2 (x)", 1, "", ("N2 (x)",)),
    ("N2 (force X) (force Any);N3", 2, "N2 (force X)", ("N2 (force X)", "N3")),
    ("N2 (force X);N3", 2, "N2 (force X)", ("N2 (force X)", "N3")),
    ("N2 (force A (force B));N3", 2, "", ("N2", "N3")),
    ("N2 (force A (area B; C));N3", 2, "", ("N2", "N3")),
    ("N2 (force A;B, area C);N3 (area D)", 2, "", ("N2", "N3")),
    ("A;B;N3 (area D)", 2, "A;B", ("A;B", "N3")),
    ("A;B", 1, "A;B", ("A;B",)),
    ("N(2 (force A) B);N3", 2, "", ("N(2", "N3")),
    ("P1 (force A);N2 (area B)", 2, "N2 (area B)", ("P1", "N2 (area B)")),
    ("P1 (area x (y);N2", 2, "", ("P1", "N2")),
    # In more than one way, or in none: rather none than wrong ones.
    ("A;B", 1, "", ()),
    ("N2 (area North) (area A);N3", 2, "", ()),
    ("N2 (force X) (force Any);N3", 2, "", ()),
    ("C (area (x);y (force F1);P4 (force F1)", 2, "", ()),
    ("N2 (force F1, area ;);P1 (force F1)", 3, "", ()),
    ("P1;P1 (force A", 2, "", ()),
    ("A;B;C", 2, "A;B", ("A;B", "C")),
    ("A;A;A", 2, "A;A", ()),
    ("A;B", 3, "", ()),
    ("P1 (area " + ";" * 20 + ");N2", 2, "", ()),
]


@pytest.mark.parametrize(("evidence", "count", "linked", "ids"), RECORDS)
def test_records_are_told_from_their_force_and_area(evidence, count, linked, ids, tmp_path):
    row = {"perpetrator_id": "P1", "component": "records", "value": count, "evidence": evidence}
    folder = small.lay_down(
        tmp_path / "june", cohort=[{"perpetrator_id": "P1", "position": 1}], explained=[row]
    )
    joined = {linked: "P1"} if linked else {}
    assert before(folder, joined).listed["P1"].records == ids


def test_who_was_taken_off_leaves_no_trace(tmp_path, capsys):
    rows = [{"perpetrator_id": person, "position": at} for at, person in enumerate((CANARY, "P2", "R9"), 1)]
    records = {"perpetrator_id": "P2", "component": "records", "value": 2, "evidence": f"{CANARY};P2"}
    kept = {"perpetrator_id": CANARY, "component": "kept", "value": 1}
    folder = small.lay_down(tmp_path / "june", cohort=rows, explained=[records, kept])
    found = before(folder, {"R9": CANARY}, (CANARY,))
    assert dict(found.listed) == {"P2": plain(position=2, records=("P2",))}
    assert CANARY not in repr(found) + repr(found.listed) + repr(found.scores) + repr(read_output_set(folder))
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


# Refusals, each by its name, and none with a word of what stands in a file.


def damaged(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"{")


def edited(**told: object):
    return lambda folder: small.change(folder, lambda manifest: manifest.update(told))


def other_settings(folder: Path) -> None:
    def edit(manifest: dict) -> None:
        manifest["config"]["cohort"]["shape"] = "round"
        text = json.dumps(manifest["config"], sort_keys=True, separators=(",", ":"))
        manifest["config_sha256"] = hashlib.sha256(text.encode()).hexdigest()

    small.change(folder, edit)


def extending(folder: Path) -> None:
    small.change(folder, lambda manifest: manifest["config"].update(extends="illustrative-rfgv"))


def other_file(name: str, data: bytes):
    return lambda folder: small.renew(folder, name, data)


REFUSED = [
    (shutil.rmtree, InputNotFoundError, "no output set here (there is no such folder)"),
    (lambda folder: (folder / "manifest.json").unlink(), InputNotFoundError, "manifest.json is missing"),
    (damaged, FormatError, "june/manifest.json: the format is damaged"),
    (edited(schema="run/9"), FormatError, "the format is not run/1; use the version that wrote it"),
    (edited(outputs=[]), FormatError, "june/manifest.json: the format is damaged"),
    (edited(inputs=[]), FormatError, "june/manifest.json: the format is damaged"),
    *((edited(run=run), FormatError, "june/manifest.json: the format is damaged")
      for run in ({"weights": {"1": "2"}}, {"weights": {"1": True}}, {"weights": [1]}, {"weights": None})),
    (edited(run=None), FormatError, "june/manifest.json: the format is damaged"),
    (edited(run={"weights": {"1": 10**400}}), FormatError, "june/manifest.json: the format is damaged"),
    *((edited(edges=edges), FormatError, "june/manifest.json: the format is damaged")
      for edges in ({"foo": [1]}, {"frequency": [1]}, {"frequency": ["1"]}, None, "abc")),
    (edited(run={"weights": {"1": "x"}}), FormatError, "june/manifest.json: the format is damaged"),
    (edited(run={"weights": {"1": float("nan")}}), FormatError, "june/manifest.json: the format is damaged"),
    (edited(edges=[1]), FormatError, "june/manifest.json: the format is damaged"),
    (edited(config="illustrative-rfgv"), FormatError, "june/manifest.json: the format is damaged"),
    (edited(as_of="soon"), FormatError, "june/manifest.json: the format is damaged"),
    (edited(as_of="2025-07-28"), PointInTimeError, "looks at 2025-07-28, and this one at 2025-07-28: name"),
    (edited(as_of="2025-08-01"), PointInTimeError, "the folder of a run of an earlier day, or leave it out"),
    (edited(config_sha256="aa"), FormatError, "the settings in it were changed after the run; put back"),
    (extending, FormatError, "the settings in it were changed after the run"),
    (other_settings, FormatError, "cannot read the format of its settings (cohort.shape); run that day"),
    (other_file("cohort.csv", b"position,perpetrator_id\r\n1,P1\r\n"), FormatError, "cohort.csv: the format"),
    (other_file("cohort.csv", b'position\r\n"'), FormatError, "june/cohort.csv: the format is damaged"),
    (other_file("cohort.csv", b"\xff"), FormatError, "june/cohort.csv: the format is damaged"),
    (other_file("explanations.csv", b"component,value,perpetrator_id\r\nkept,x,P1\r\n"), FormatError,
     "june/explanations.csv: the format is damaged"),
    (other_file("scores.parquet", b"x"), FormatError, "june/scores.parquet: the format is damaged"),
    *((lambda folder, name=name: small.change(folder, lambda told: told["outputs"].pop(name)), FormatError,
       f"june/manifest.json: the outputs in it do not name {name}, which every run writes; put back the file")
      for name in ("cohort.csv", "monitoring.csv", "explanations.csv", "excluded.csv", "scores.parquet")),
    *((other_file(name, data), FormatError, f"june/{name}: the format is damaged")
      for name in ("cohort.csv", "monitoring.csv", "explanations.csv")
      for data in (b"", b"perpetrator_id,status\r\n", b"\xef\xbb\xbf")),
    *((lambda folder, name=name: (folder / name).unlink(), FormatError, f"june/{name} is missing")
      for name in ("cohort.csv", "monitoring.csv", "explanations.csv", "scores.parquet")),
    *((lambda folder, name=name: (folder / name).write_bytes(b"x"), FormatError, f"june/{name} is not the")
      for name in ("cohort.csv", "monitoring.csv", "explanations.csv", "scores.parquet")),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "error", "words"), REFUSED)
def test_what_is_no_earlier_run_is_refused_by_name(spoil, error, words, tmp_path):
    folder = small.lay_down(tmp_path / "june", cohort=[{"perpetrator_id": CANARY, "position": 1}])
    spoil(folder)
    with pytest.raises(error) as refused:
        before(folder)
    assert isinstance(refused.value, DataError) and refused.value.exit_code == 1
    assert words in str(refused.value) and CANARY not in str(refused.value)


def cohort_row(position: str, person: str = "P1") -> bytes:
    head = "perpetrator_id,position,status,pathway,entry_routes,flags,summary"
    return f"{head}\r\n{person},{position},proposed,,score,,\r\n".encode()


def other_cell(name: str, kind: pa.DataType, cell: object):
    return lambda folder: small.rescore(folder, small.column(name, kind, cell))


SPOILT = {
    **{f"position {cell}": other_file("cohort.csv", cohort_row(cell))
       for cell in ("99999999999999999999", "2147483648", "0", "-5", "+1", "1_0", "\u0663", "x")},
    "nobody": other_file("cohort.csv", cohort_row("1", "")),
    "twice": other_file("cohort.csv", cohort_row("1") + cohort_row("1").split(b"\r\n", 1)[1]),
    "a name twice": other_file("cohort.csv", cohort_row("1").replace(b"flags", b"summary")),
    "no list": other_file("cohort.csv", b""),
    "nobody listed": other_file("cohort.csv", cohort_row("1").split(b"\r\n", 1)[0]),
    "no count": edited(people=None),
    "no outputs": lambda folder: small.change(folder, lambda told: told["outputs"].pop("monitoring.csv")),
    "junk outputs": edited(outputs={"cohort.csv": 1}),
    **{f"without {name}": lambda folder, name=name: small.rescore(folder, lambda held: held.drop([name]))
       for name in ("perpetrator_id", "position", "frequency_value", "worst_offence_code", "flags")},
    "two rows": lambda folder: small.rescore(folder, lambda held: pa.concat_tables([held, held])),
    **{f"{name} {cell} {kind}": other_cell(name, kind, cell)
       for name, kind, cell in (
           ("perpetrator_id", pa.string(), None), ("perpetrator_id", pa.int32(), 7),
           ("perpetrator_id", pa.string(), ""), ("position", pa.int32(), None), ("position", pa.int32(), 0),
           ("position", pa.int64(), 1), ("rank", pa.int32(), None), ("score", pa.string(), "x"),
           ("score", pa.int32(), None), ("score", pa.float64(), 1.0), ("frequency_value", pa.float64(), 1.0),
           ("frequency_points", pa.int32(), None), ("last_event_date", pa.string(), "x"),
           ("last_event_date", pa.date32(), 10**7), ("last_event_date", pa.date32(), 2**31 - 1),
           ("flags", pa.list_(pa.string()), []),
       )},
}  # fmt: skip


@pytest.mark.parametrize("spoilt", SPOILT)
def test_an_output_set_that_was_edited_and_sealed_anew_is_refused_by_every_reader(spoilt, tmp_path):
    row = {"cohort": [{"perpetrator_id": "P1", "position": 1}]}
    folder, other = (small.lay_down(tmp_path / name, **row) for name in ("june", "may"))
    SPOILT[spoilt](folder)
    for read in (lambda: before(folder), lambda: diff(other, folder), lambda: look_up(folder, "P1")):
        with pytest.raises(FormatError, match=r"^june(/(cohort\.csv|scores\.parquet|manifest\.json))?: "):
            read()


def test_people_lost_from_the_scores_are_missed(tmp_path):
    rows = [{"perpetrator_id": f"P{at}", "position": at} for at in (1, 2)]
    folder = small.lay_down(tmp_path / "june", cohort=rows)
    small.rescore(folder, lambda held: held.slice(0, 1))
    for read in (lambda: before(folder), lambda: diff(folder, folder)):
        with pytest.raises(FormatError) as refused:
            read()
        assert str(refused.value) == (
            "june: the rows of scores.parquet are 1, and not as many as manifest.json counts; put back the "
            "files as written, or run again"
        )


@pytest.mark.parametrize(
    "edges",
    [None, {}, {"gravity": [1], "frequency": [1]}, {"gravity": [2, 1]}, {"gravity": [1e999]}, {"gravity": 1}],
)
def test_quantiles_need_their_own_edges_in_order(edges, tmp_path):
    told = {} if edges is None else {"edges": edges}
    row = {"perpetrator_id": "P1", "position": 1}
    folder = small.lay_down(tmp_path / "june", cohort=[row], config=QUANTILE, **told)
    with pytest.raises(FormatError, match=r"^june/manifest\.json: the format is damaged"):
        before(folder)
    small.change(folder, lambda manifest: manifest.update(edges={"gravity": []}))
    assert before(folder).edges == {"gravity": ()}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_are_finite(value, tmp_path):
    score = {
        "method": "continuous",
        "weights": {"gravity": 1},
        "scale": "none",
        "components": {"gravity": {}},
    }
    row = {"perpetrator_id": "P1", "position": 1}
    folder = small.lay_down(tmp_path / "june", cohort=[row], config=small.settings(score=score))
    assert before(folder).scores["score"] == [10.0]
    small.rescore(folder, small.column("score", pa.float64(), value))
    with pytest.raises(FormatError, match=r"^june/scores\.parquet: the format is damaged"):
        before(folder)


HOSTILE = "a\x1b[31mb\x9b2Jc\nd\u202ee\u2028f\U000e0041g"
SHOWN = r"a\x1b[31mb\x9b2Jc\x0ad\u202ee\u2028f\U000e0041g"


def test_nothing_from_a_table_reaches_a_terminal_unseen(tmp_path):
    row = {"perpetrator_id": HOSTILE, "summary": HOSTILE, "flags": HOSTILE, "pathway": HOSTILE}
    told = {
        "perpetrator_id": HOSTILE,
        "component": "referral",
        "evidence": HOSTILE,
        "sentence": f"{HOSTILE}.",
    }
    said = look_up(small.lay_down(tmp_path / "june", cohort=[row], explained=[told]), HOSTILE)
    assert said.splitlines() == [
        f"{SHOWN} as of 2025-06-30: no position, not scored",
        f"  cohort.csv: proposed (within capacity), pathway {SHOWN}",
        "  routes: score (position within capacity)",
        f"  {SHOWN}",
        f"  referral: {SHOWN}.",
        f"      {SHOWN}",
        f"  flags: {SHOWN}",
    ]


def test_the_name_of_a_folder_is_told_plainly(tmp_path):
    folder = tmp_path / HOSTILE
    with pytest.raises(InputNotFoundError) as refused:
        before(folder)
    assert str(refused.value).startswith(f"{SHOWN}: there is no output set here")
    small.lay_down(folder)
    assert before(folder).folder == SHOWN

    def edit(manifest: dict) -> None:
        manifest["config"][HOSTILE] = 1
        text = json.dumps(manifest["config"], sort_keys=True, separators=(",", ":"))
        manifest["config_sha256"] = hashlib.sha256(text.encode()).hexdigest()

    small.change(folder, edit)
    with pytest.raises(FormatError) as refused:
        before(folder)
    assert str(refused.value).isprintable()


def test_who_is_neither_ranked_nor_excluded_is_damage(tmp_path):
    folder = small.lay_down(tmp_path / "june", scores=[{"perpetrator_id": "P1"}])
    with pytest.raises(FormatError, match=r"^june/"):
        look_up(folder, "P1")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "june").write_bytes(b"")
    with pytest.raises(InputNotFoundError, match=r"june: there is no output set here \(it is no folder\)"):
        before(tmp_path / "june")


def test_the_name_of_a_folder_is_no_pattern(tmp_path):
    person = [{"perpetrator_id": "P1", "position": 1}]
    small.lay_down(tmp_path / "j1", cohort=[{"perpetrator_id": "P2", "position": 1}])
    found = before(small.lay_down(tmp_path / "j[1]*", cohort=person))
    assert found.scores["perpetrator_id"] == ["P1"]


# A run as it is written, read back.


@pytest.fixture(scope="module")
def written(tmp_path_factory, desk) -> tuple[rfg.Run, Path]:
    rows = desk.rows(
        {"perpetrator_id": "=P1", "force": "North", "area": "A (area B); C"},
        {"perpetrator_id": "R1", "force": "South", "area": "", "event_date": "2025-04-01"},
        {"perpetrator_id": "P2", "force": "North", "area": ""},
        {"perpetrator_id": "P3", "force": "North", "area": "", "event_date": "2025-05-01"},
    )
    run = rfg.run(
        config=desk.config(cohort={"capacity": 1, "reserve": 1}),
        offences=desk.file(rows),
        as_of="2025-06-30",
        links=desk.file([{"nominal_id": "R1", "master_id": "=P1"}], "links.csv"),
    )
    return run, run.write(tmp_path_factory.mktemp("runs") / "june")


def test_a_run_is_read_as_it_was_written(written):
    run, folder = written
    found = before(folder, {"R1": "=P1"})
    assert list(found.listed) == sorted(run.cohort["perpetrator_id"])
    assert [found.listed[person].position for person in run.cohort["perpetrator_id"]] == [1, 2]
    assert found.listed["=P1"].records == ("=P1", "R1")
    assert found.scores.columns.keys() == run.scores.table.columns.keys()
    assert list(found.scores.rows()) == list(run.scores.table.rows())
    kinds = {name: column.kind for name, column in run.scores.table.columns.items()}
    assert {name: column.kind for name, column in found.scores.columns.items()} == kinds
    assert found.config.sha256() == run.manifest["config_sha256"]


def test_one_person_is_looked_up(written):
    _, folder = written
    one = read_output_set(folder).scores("=P1")
    assert one["perpetrator_id"] == ["=P1"] and len(read_output_set(folder).scores("nobody")) == 0


# ``explain`` on everyone who stands in a list.


@pytest.fixture(scope="module")
def meeting(tmp_path_factory) -> Path:
    """A run whose lists hold people by every kind of standing."""
    return small.lay_down(
        tmp_path_factory.mktemp("runs") / "june",
        cohort=[
            {"perpetrator_id": "P1", "position": 1, "summary": "Much."},
            {"perpetrator_id": "P5", "status": "referred", "entry_routes": "referral", "flags": "under_18",
             "summary": "Not scored: no line is on record."},
            {"perpetrator_id": "P6", "status": "later_word", "entry_routes": ""},
        ],
        monitoring=[
            {"perpetrator_id": "P4", "status": "monitoring", "entry_routes": "carried", "position": 7,
             "pathway": "disruption"},
        ],
        scores=[{"perpetrator_id": person, "position": at} for person, at in (("P1", 1), ("P4", 7))],
        explained=[
            {"perpetrator_id": "P1", "component": "score", "sentence": "Within capacity."},
            {"perpetrator_id": "P5", "component": "not_scored",
             "sentence": "Not scored: no line is on record."},
            {"perpetrator_id": "P5", "component": "referral", "sentence": "Referred on 2025-06-01."},
            {"perpetrator_id": "P4", "component": "carried", "evidence": "x",
             "sentence": "Monitored since May."},
        ],
    )  # fmt: skip


EXPLAINED = {
    "P1": [
        "P1 as of 2025-06-30: position 1 of 2, rank 1, 10 of 100 points",
        "  cohort.csv: proposed (within capacity)",
        "  routes: score (position within capacity)",
        "  Much.",
        "  score: Within capacity.",
    ],
    "P5": [
        "P5 as of 2025-06-30: no position, not scored",
        "  cohort.csv: referred (on the list by referral)",
        "  routes: referral (partner referral)",
        "  Not scored: no line is on record.",
        "  referral: Referred on 2025-06-01.",
        "  flags: under_18",
    ],
    "P4": [
        "P4 as of 2025-06-30: position 7 of 2, rank 1, 10 of 100 points",
        "  monitoring.csv: monitoring (not taken on: review owner due), pathway disruption",
        "  routes: carried (managed or monitored by an earlier decision)",
        "  carried: Monitored since May.",
        "      x",
    ],
    "P6": ["P6 as of 2025-06-30: no position, not scored", "  cohort.csv: later_word"],
}


@pytest.mark.parametrize("person", EXPLAINED)
def test_everyone_on_a_list_is_explained_scored_or_not(person, meeting):
    assert look_up(meeting, person).splitlines() == EXPLAINED[person]


def test_who_is_neither_scored_nor_listed_is_unknown(meeting):
    with pytest.raises(UnknownPersonError, match="nobody was scored under this id in june") as refused:
        look_up(meeting, CANARY)
    assert CANARY not in str(refused.value)


def test_a_person_of_a_true_run_is_told_with_status_and_route(written):
    _, folder = written
    said = look_up(folder, "=P1").splitlines()
    assert said[0].startswith("=P1 as of 2025-06-30: position 1 of 3")
    assert said[1:3] == [
        "  cohort.csv: proposed (within capacity)",
        "  routes: score (position within capacity)",
    ]


def test_a_person_below_the_lists_is_told_part_by_part(written):
    run, folder = written
    listed = set(run.cohort["perpetrator_id"])
    (below,) = (person for person in ("=P1", "P2", "P3") if person not in listed)
    said = look_up(folder, below).splitlines()
    assert said[0].startswith(f"{below} as of 2025-06-30: position 3 of 3")
    assert said[1] == "  frequency (incidents) 1: 5 points"
    assert said[2].startswith("  Incidents are named for people on the two lists")


# The table of changes.csv.


def considered(person: str, listed: str = "cohort", status: str = "proposed", **more: object) -> Considered:
    start = {
        "number": 0, "place": 0, "routes": (), "why": (), "pathway": "", "decision": None, "in_custody": None,
        "release": NO_DAY, "flags": (), "area": "", "before": None, "outside": 0, "leaving": None,
    }  # fmt: skip
    return Considered(**{**start, "person": person, "listed": listed, "status": status, **more})


def cohort(tmp_path: Path, changes: dict[str, Change], previous: bool = True) -> Cohort:
    rows = [{"perpetrator_id": person, "position": at} for at, person in enumerate(("P1", "L2", CANARY), 1)]
    watched = [{"perpetrator_id": "L1", "status": "monitoring"}, {"perpetrator_id": "L0"}]
    folder = small.lay_down(tmp_path / "june", cohort=rows, monitoring=watched)
    then = before(folder)
    people = (considered("P9"), considered("P1", "monitoring", "monitoring", before=then.listed["P1"]))
    return Cohort(
        since=then.as_of, considered=people, not_shown={}, at_rest=0, left=4, not_assessed={},
        previous=then if previous else None, changes=changes,
    )  # fmt: skip


LEFT = Change("left", 2, 40, "outranked", "Others rose.")
CHANGES = {
    "P9": Change("entered", None, 1, "new_incident", "New incident."),
    "P1": Change("moved", 1, 3, "", ""),
    **dict.fromkeys(("L2", "L1", "L0", CANARY), LEFT),
}


def test_everyone_considered_and_everyone_who_left_stands_in_the_changes(tmp_path):
    told = changes_table(cohort(tmp_path, CHANGES), {"P1", "L0", "L1", "L2"})
    assert list(told.columns) == list(CHANGE_COLUMNS)
    assert list(told.rows()) == [
        ("P9", "entered", None, "cohort", None, "proposed", None, 1, "new_incident", "New incident."),
        ("P1", "moved", "cohort", "monitoring", "proposed", "monitoring", 1, 3, None, None),
        ("L2", "left", "cohort", None, "proposed", None, 2, 40, "outranked", "Others rose."),
        ("L0", "left", "monitoring", None, "", None, 2, 40, "outranked", "Others rose."),
        ("L1", "left", "monitoring", None, "monitoring", None, 2, 40, "outranked", "Others rose."),
    ]
    assert CANARY not in csv_bytes(told).decode("utf-8-sig")


def test_without_a_previous_run_there_are_no_changes(tmp_path):
    told = changes_table(cohort(tmp_path, {}, previous=False), set())
    assert len(told) == 0 and list(told.columns) == list(CHANGE_COLUMNS)


def test_nobody_is_lost_from_the_changes_in_silence(tmp_path):
    with pytest.raises(InternalError, match="has no change"):
        changes_table(cohort(tmp_path, {"P9": CHANGES["P9"]}), set())
