"""The command line: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rfgscore.cli.main import invoke
from rfgscore.cli.progress import RUN_STEPS, Tell
from rfgscore.sample import sample_file

SET = {
    "briefing.html", "cohort.csv", "cohort.xlsx", "excluded.csv", "explanations.csv", "manifest.json",
    "monitoring.csv", "monitoring.html", "report.html", "scores.parquet", "set_aside.csv", "since.csv",
    "summary.csv",
}  # fmt: skip


def arguments(worked: Path, out: Path, *more: str) -> list[str]:
    return [
        "run", "--config", str(worked / "illustrative-rfgv.yaml"), "--offences", str(worked / "offences.csv"),
        "--as-of", "2025-06-30", "--extract-date", "2025-07-07", "--out", str(out), *more,
    ]  # fmt: skip


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_run_writes_the_whole_set_and_says_where(worked, tmp_path, capsys):
    assert invoke(arguments(worked, tmp_path / "out")) == 0
    said = capsys.readouterr()
    assert names(tmp_path / "out") == SET
    assert "44 rows in = 42 used + 1 set aside + 1 not yet known" in said.out
    assert "1 out of scope: NO_NAMED_SUSPECT (perpetrator id blank or a placeholder)" in said.out
    assert "18 considered: 12 proposed, 6 reserve. People decide." in said.out
    assert all(str(tmp_path / "out" / name) in said.out for name in SET)
    assert said.err == ""
    assert "W01" not in said.out  # ids stay in the files


def test_quiet_prints_nothing(worked, tmp_path, capsys):
    assert invoke(arguments(worked, tmp_path / "out", "--quiet")) == 0
    assert capsys.readouterr() == ("", "")


def test_several_files_after_one_flag(worked, tmp_path, capsys):
    text = (worked / "offences.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "a.csv").write_text("".join(text[:20]), encoding="utf-8")
    (tmp_path / "b.csv").write_text("".join([text[0], *text[20:]]), encoding="utf-8")
    whole = arguments(worked, tmp_path / "whole")
    split = arguments(worked, tmp_path / "split")
    at = split.index("--offences") + 1
    split[at : at + 1] = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    assert invoke(whole) == invoke(split) == 0
    for name in SET - {"manifest.json", "set_aside.csv"}:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "split" / name).read_bytes()


def change(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


BAD_INPUT = [
    ("a missing file", ["--offences", "nowhere.csv"], 1, "nowhere.csv: there is no such file"),
    ("a date that is none", ["--as-of", "30/06/2025"], 2, "YYYY-MM-DD"),
    ("an extract before its day", ["--extract-date", "2025-01-01"], 2, "was taken before 2025-06-30"),
    ("an unknown option", ["--modle", "x.json"], 2, "No such option"),
    ("no threads", ["--threads", "0"], 2, "greater than or equal to 1"),
    ("a missing config", ["--config", "nowhere.yaml"], 2, "nowhere.yaml"),
    ("an unknown preset", ["--config", "illustrative-rgfv"], 2, "illustrative-rfgv"),
    ("a day nobody was active", ["--as-of", "1999-01-01"], 1, "nobody can be ranked"),
]


@pytest.mark.parametrize(("case", "more", "code", "words"), BAD_INPUT, ids=[case[0] for case in BAD_INPUT])
def test_refusals_end_with_their_code_and_write_nothing(worked, tmp_path, capsys, case, more, code, words):
    out = tmp_path / "out"
    given = arguments(worked, out)
    if more[0] in given:
        given[given.index(more[0]) + 1] = more[1]
    else:
        given += more
    assert invoke(given) == code
    said = capsys.readouterr()
    assert words in said.err and "Traceback" not in said.err and said.out == ""
    assert not out.exists()


def test_without_the_extra_there_is_no_workbook_and_that_is_said(worked, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    assert invoke(arguments(worked, tmp_path / "out")) == 0
    assert names(tmp_path / "out") == SET - {"cohort.xlsx"}
    said = capsys.readouterr().out
    assert "Not written: cohort.xlsx: " in said and "rfgscore[excel]" in said
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert "cohort.xlsx" in manifest["run"]["left_out"] and "cohort.xlsx" not in manifest["outputs"]
    assert "xlsxwriter" not in manifest["run"]["packages"]


def test_a_run_does_not_replace_the_one_it_goes_on_from(worked, tmp_path, capsys):
    june = arguments(worked, tmp_path / "june", "--quiet")
    june[june.index("--as-of") + 1] = "2025-06-01"
    assert invoke(june) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "june").iterdir()}
    for out in (tmp_path / "june", tmp_path / "june" / "july"):
        assert invoke(arguments(worked, out, "--previous", str(tmp_path / "june"), "--replace")) == 2
        assert "is the folder of the previous run, or lies in it" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "june").iterdir()} == before
    assert invoke(arguments(worked, tmp_path / "july", "--previous", str(tmp_path / "june"))) == 0
    assert names(tmp_path / "july") == SET | {"changes.csv"}


def test_an_output_folder_in_use_is_refused_before_anything_is_read(worked, tmp_path, capsys):
    (tmp_path / "keep.txt").write_text("mine", encoding="utf-8")
    assert invoke(arguments(worked, tmp_path)) == 2
    assert "is not empty" in capsys.readouterr().err
    assert names(tmp_path) == {"keep.txt"}


def test_replace_and_a_failed_run_leave_the_right_set(worked, tmp_path, capsys):
    out = tmp_path / "out"
    assert invoke(arguments(worked, out)) == 0
    before = {entry.name: entry.read_bytes() for entry in out.iterdir()}
    assert invoke(arguments(worked, out)) == 2
    spoilt = tmp_path / "offences.csv"
    spoilt.write_bytes((worked / "offences.csv").read_bytes().replace(b"/2025,", b"/99,"))
    failing = arguments(worked, out, "--replace")
    failing[failing.index("--offences") + 1] = str(spoilt)
    assert invoke(failing) == 1
    assert "BAD_DATE" in capsys.readouterr().err
    assert {entry.name: entry.read_bytes() for entry in out.iterdir()} == before
    assert invoke(arguments(worked, out, "--replace")) == 0
    assert {entry.name: entry.read_bytes() for entry in out.iterdir()} == before


def test_an_unwritable_place_ends_with_three(worked, tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert invoke(arguments(worked, tmp_path / "file" / "out")) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_an_empty_list_is_a_result_only_on_purpose(worked, tmp_path, capsys):
    (tmp_path / "none.csv").write_text(
        "nominal_ref,offence_date,created_on,ho_code,victim_ref,crime_ref\n", encoding="utf-8"
    )
    given = arguments(worked, tmp_path / "out")
    given[given.index("--offences") + 1] = str(tmp_path / "none.csv")
    assert invoke(given) == 1
    assert "no rows below the header" in capsys.readouterr().err
    assert invoke([*given, "--allow-empty"]) == 0
    assert names(tmp_path / "out") == SET
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["people"] == {"scored": 0, "eligible": 0, "considered": 0, "excluded": 0}


def test_validate_says_where_every_row_went_and_writes_nothing(worked, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = arguments(worked, tmp_path / "out")
    given[0] = "validate"
    given[given.index("--out") : given.index("--out") + 2] = []
    assert invoke(given) == 0
    assert "44 rows in = 42 used + 1 set aside + 1 not yet known" in capsys.readouterr().out
    assert names(tmp_path) == set()


def test_explain_shows_parts_and_evidence(worked, tmp_path, capsys):
    out = tmp_path / "out"
    assert invoke(arguments(worked, out, "--quiet")) == 0
    assert invoke(["explain", str(out), "W01"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("W01 as of 2025-06-30: position 2 of 18, rank 2, 64 of 100 points")
    assert "      incident 36/00002/25 2025-03-02 008/66 weight 252\n" in said
    assert "flags: course_of_conduct;repeat:same-victim-12m;serial:two-victims-3y" in said
    assert invoke(["explain", str(out), "10"]) == 0
    assert "rank 16, shared by 2" in capsys.readouterr().out


def test_explain_a_person_below_the_lists(worked, tmp_path, capsys):
    text = (worked / "illustrative-rfgv.yaml").read_text(encoding="utf-8")
    shutil.copy(worked / "weights.csv", tmp_path)
    (tmp_path / "c.yaml").write_text(text + "cohort: {capacity: 1, reserve: 1}\n", encoding="utf-8")
    given = arguments(worked, tmp_path / "out", "--quiet")
    given[given.index("--config") + 1] = str(tmp_path / "c.yaml")
    assert invoke(given) == 0
    assert invoke(["explain", str(tmp_path / "out"), "W05"]) == 0
    said = capsys.readouterr().out
    assert "recency (days) 0: 20 points" in said and "named for people on the two lists" in said


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda out: None, "nobody was scored under this id in out"),
        (lambda out: (out / "manifest.json").unlink(), "no output set here"),
        (lambda out: (out / "manifest.json").write_text("{", encoding="utf-8"), "damaged"),
        (lambda out: (out / "scores.parquet").unlink(), "is missing from the output set"),
        (
            lambda out: (out / "explanations.csv").write_text("x", encoding="utf-8"),
            "was changed after the run",
        ),
    ],
)
def test_explain_refuses_what_it_cannot_vouch_for(worked, tmp_path, capsys, spoil, words):
    out = tmp_path / "out"
    assert invoke(arguments(worked, out, "--quiet")) == 0
    spoil(out)
    assert invoke(["explain", str(out), "NOBODY-9"]) == 1
    said = capsys.readouterr().err
    assert words in said and "NOBODY-9" not in said


def test_config_commands(worked, tmp_path, capsys):
    assert invoke(["config", "check", "illustrative-rfgv"]) == 0
    assert "illustrative-rfgv: in order" in capsys.readouterr().out
    assert invoke(["config", "show", str(worked / "illustrative-rfgv.yaml")]) == 0
    shown = capsys.readouterr().out
    assert "window_days: 730" in shown and "capacity: 12" in shown
    assert invoke(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["score"]
    (tmp_path / "bad.yaml").write_text("schema: rfgscore/1\nscor: {}\ninput: {rols: {}}\n", encoding="utf-8")
    assert invoke(["config", "check", str(tmp_path / "bad.yaml")]) == 2
    said = capsys.readouterr().err
    assert "bad.yaml:2: scor" in said and "did you mean 'score'" in said
    assert "bad.yaml:3: input.rols" in said and "did you mean 'roles'" in said


def test_the_sample_shows_a_missing_file_by_name():
    with pytest.raises(FileNotFoundError, match="no file 'x'"):
        sample_file("x")


def test_version_and_bare_calls(capsys):
    import rfgscore

    assert invoke(["--version"]) == 0
    assert capsys.readouterr().out.strip() == rfgscore.__version__ == "0.1.0"
    assert invoke([]) == 2
    assert "people decide" in capsys.readouterr().err


def test_an_internal_fault_tells_kind_and_place_and_no_value(worked, tmp_path, capsys, monkeypatch):
    from rfgscore.cli import commands

    def broken(**_):
        raise ZeroDivisionError("N12345 secret")

    monkeypatch.setattr(commands, "run_all", broken)
    assert invoke(arguments(worked, tmp_path / "out")) == 3
    said = capsys.readouterr().err
    assert "ZeroDivisionError at test_cli.py:" in said and "secret" not in said


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt, 130), (SystemExit(143), 143), (SystemExit("x"), 1)]
)
def test_interruptions_have_codes_of_their_own(worked, tmp_path, capsys, monkeypatch, error, code):
    from rfgscore.cli import commands

    def stopped(**_):
        raise error

    monkeypatch.setattr(commands, "run_all", stopped)
    assert invoke(arguments(worked, tmp_path / "out")) == code
    assert not (tmp_path / "out").exists()


WAITING = """
import signal, sys, time
import rfgscore.cli.commands as commands
from rfgscore.cli.main import main
def wait(**_):
    print("ready", flush=True)
    time.sleep(30)
commands.run_all = wait
sys.argv = ["rfgscore", *sys.argv[1:]]
main()
"""


@pytest.mark.compiled
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_end_the_process_with_nothing_written(worked, tmp_path, number, code):
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, *arguments(worked, tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code and b"Traceback" not in said
    assert names(tmp_path) == set()


def test_tables_the_settings_map_and_nobody_gave_are_named(tmp_path, capsys):
    given = [
        "run", "--config", str(sample_file("config.yaml")), "--offences", str(sample_file("offences.csv")),
        "--as-of", "2025-06-30", "--out", str(tmp_path / "out"), "--links", str(sample_file("links.csv")),
    ]  # fmt: skip
    assert invoke(given) == 0
    said = capsys.readouterr().out
    assert "map a subjects table and none was given (--subjects)" in said
    assert "map a custody table and none was given (--custody)" in said
    assert "map a links table" not in said
    assert "1 rows in links.csv = 1 used + 0 set aside" in said
    assert (
        "BAD_DATE: 1 (offences.csv row 408; column offence_date: not in the declared format %d/%m/%Y" in said
    )
    assert "1 AT FAULT: UNKNOWN_CODE" in said


def of_sample(out: Path, *more: str) -> list[str]:
    """A run of the sample with every table beside it."""
    tables = ("subjects", "custody", "links")
    sides = [word for name in tables for word in (f"--{name}", str(sample_file(f"{name}.csv")))]
    return [
        "run", "--config", str(sample_file("config.yaml")), "--offences", str(sample_file("offences.csv")),
        "--as-of", "2025-06-30", "--out", str(out), *sides, *more,
    ]  # fmt: skip


def test_a_cut_between_equal_points_is_said(tmp_path, capsys):
    assert invoke(of_sample(tmp_path / "out")) == 0
    assert "The cut after position 24 goes between 3 people of 41 points each." in capsys.readouterr().out


def test_the_top_of_a_disk_is_no_output_folder(worked, capsys):
    assert invoke(arguments(worked, Path("/"), "--replace")) == 2
    assert "top of a disk" in capsys.readouterr().err


def test_explain_tells_why_someone_is_not_eligible(tmp_path, capsys):
    assert invoke(of_sample(tmp_path / "out", "--quiet")) == 0
    assert invoke(["explain", str(tmp_path / "out"), "N70008"]) == 0
    assert "not eligible, DECEASED (deceased on 2025-03-02)" in capsys.readouterr().out


def test_who_reads_no_further_ends_nothing_badly(worked, tmp_path, monkeypatch):
    from rfgscore.cli import commands

    def closed(**_):
        raise BrokenPipeError

    kept = sys.stdout
    monkeypatch.setattr(commands, "run_all", closed)
    try:
        assert invoke(arguments(worked, tmp_path / "out")) == 0
    finally:
        sys.stdout.close() if sys.stdout is not kept else None
        sys.stdout = kept


def test_a_broken_pipe_that_the_parser_renames_is_one(worked, tmp_path, monkeypatch):
    from rfgscore.cli import commands

    def closed(**_):
        raise BrokenPipeError(32, "Broken pipe")

    kept = sys.stdout, sys.stderr
    monkeypatch.setattr(commands, "run_all", closed)
    try:
        assert invoke(arguments(worked, tmp_path / "out")) == 0
        assert sys.stdout is not kept[0]
    finally:
        sys.stdout.close() if sys.stdout is not kept[0] else None
        sys.stdout, sys.stderr = kept


class Unread(io.StringIO):
    """A stream whose reader has gone."""

    def flush(self) -> None:
        raise BrokenPipeError(32, "Broken pipe")


def test_what_is_kept_back_for_nobody_is_let_go(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Unread())
    assert invoke(["--version"]) == 0
    assert not isinstance(sys.stdout, Unread)
    sys.stdout.close()


@pytest.mark.compiled
@pytest.mark.parametrize("at_once", ["", "1"], ids=["kept back", "at once"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["config", "show", "illustrative-rfgv"], 0),
        (["init", "o.csv"], 0),
        (["init", "bad.csv", "--out", "bad.yaml"], 1),
    ],
    ids=["config", "init", "init without a date"],
)
def test_a_pipe_that_nobody_reads_ends_nothing_badly(tmp_path, command, code, at_once):
    shutil.copy(sample_file("offences.csv"), tmp_path / "o.csv")
    (tmp_path / "bad.csv").write_text("suspect_id,ho_code\nN1,8/6\n", encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "rfgscore.cli", *command],
        cwd=tmp_path,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": at_once},
    )
    os.close(writing)
    assert done.returncode == code and "Broken" not in done.stderr
    assert done.stderr == "" or code
    assert (tmp_path / "rfgscore.yaml").exists() == (command == ["init", "o.csv"])


def test_what_the_system_refuses_ends_with_three_and_no_traceback(worked, tmp_path, capsys, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "/home/somebody/N12345")

    monkeypatch.setattr("rfgscore.pipeline.folder.check_out", refused)
    assert invoke(arguments(worked, tmp_path / "out")) == 3
    said = capsys.readouterr().err
    assert "Permission denied" in said and "N12345" not in said


def test_people_below_the_list_who_lost_rows_are_counted(worked, tmp_path, capsys):
    text = (worked / "illustrative-rfgv.yaml").read_text(encoding="utf-8")
    shutil.copy(worked / "weights.csv", tmp_path)
    (tmp_path / "c.yaml").write_text(text + "cohort: {capacity: 1, reserve: 1}\n", encoding="utf-8")
    extra = "W03,31/02/2025,31/02/2025,105/01,V04,X1\nW11,31/02/2025,31/02/2025,105/01,V20,X2\n"
    (tmp_path / "o.csv").write_text(
        (worked / "offences.csv").read_text(encoding="utf-8") + extra, encoding="utf-8"
    )
    given = arguments(worked, tmp_path / "out")
    given[given.index("--config") + 1] = str(tmp_path / "c.yaml")
    given[given.index("--offences") + 1] = str(tmp_path / "o.csv")
    assert invoke(given) == 0
    assert "Rows at fault also name 1 person below the list or not eligible." in capsys.readouterr().out
    assert b"1 row naming this person could not be used" in (tmp_path / "out" / "cohort.csv").read_bytes()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("renamed", [RuntimeError("Query interrupted"), OSError("x"), None])
def test_a_signal_that_a_library_renames_or_swallows_still_ends_the_run(
    worked, tmp_path, capsys, monkeypatch, number, code, renamed
):
    from rfgscore.cli import signals

    def run(tell, **_):
        signals.STOPPED.append(number)
        if renamed is not None:
            raise renamed
        tell("writing")  # swallowed: the next step asks again

    monkeypatch.setattr("rfgscore.cli.commands.run_all", run)
    out = tmp_path / "out"
    try:
        assert invoke(arguments(worked, out)) == code
    finally:
        signals.STOPPED.clear()
    assert capsys.readouterr().err == "rfgscore: interrupted; no output is half-written\n"
    assert not out.exists()


# Options that would be passed over.


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--as-of", "2025-06-29"], "--as-of is given twice, and one of them would be passed over; keep one"),
        (["--as-of=2025-06-29"], "--as-of is given twice"),
        (["--quiet", "--quiet"], "--quiet is given twice"),
        (["--subjects", ""], "--subjects is given a blank"),
        (["--links="], "--links is given a blank"),
        (["--subjects", " "], "--subjects is given a blank"),
    ],
)
def test_options_given_twice_or_blank_are_refused(worked, tmp_path, capsys, more, words):
    out = tmp_path / "out"
    assert invoke(arguments(worked, out, *more)) == 2
    said = capsys.readouterr()
    assert f"RFG-U01: {words}" in said.err and said.out == "" and not out.exists()


def test_a_blank_output_folder_is_not_the_current_one(worked, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (arguments(worked, Path("x")), ["demo", "--out", "x"]):
        command[command.index("--out") + 1] = ""
        assert invoke(command) == 2
        assert "--out is given a blank" in capsys.readouterr().err
    assert names(tmp_path) == set()


def test_words_behind_two_dashes_are_no_options(tmp_path, capsys):
    assert invoke(["explain", str(tmp_path), "--", "--as-of"]) == 1
    assert "no output set here" in capsys.readouterr().err


# How far a command is.


class Bar:
    """Takes down what a progress bar is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int | None]] = []

    def add_task(self, description: str, total: int) -> int:
        self.told.append((description, total))
        return 0

    def update(self, task: int, *, description: str, completed: int | None, refresh: bool) -> None:
        self.told.append((description, completed))


def test_steps_done_are_counted_and_unknown_ones_are_only_named():
    bar = Bar()
    tell = Tell(RUN_STEPS, bar)  # type: ignore[arg-type]
    for step in ("reading", "scoring", "polishing", "explaining", "writing"):
        tell(step)
    assert bar.told == [
        ("starting", 6), ("reading", 0), ("scoring", 1), ("polishing", None), ("explaining", 3),
        ("writing", 5),
    ]  # fmt: skip


def test_a_bar_shows_where_someone_looks_and_nowhere_else(worked, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert invoke(arguments(worked, tmp_path / "out")) == 0
    plain, bar = capsys.readouterr()
    assert "reading" in bar and "writing" in bar and "reading" not in plain
    assert invoke(arguments(worked, tmp_path / "quiet", "--quiet")) == 0
    assert capsys.readouterr() == ("", "")
    monkeypatch.undo()
    assert invoke(arguments(worked, tmp_path / "out", "--replace")) == 0
    said = capsys.readouterr()
    assert said.out == plain and said.err == ""


@pytest.mark.compiled
def test_on_a_terminal_the_bar_is_on_standard_error_and_results_are_clean(worked, tmp_path):
    pty = pytest.importorskip("pty", reason="terminals of this system are none of ours")
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "rfgscore.cli", *arguments(worked, tmp_path / "out")],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "PYTHONWARNINGS": "ignore"},
        )
        said, _ = process.communicate(timeout=120)
        os.set_blocking(ours, False)
        seen = b""
        while piece := read(ours):
            seen += piece
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == 0
    for words in (b"0/6", b"5/6", b"reading", b"writing", b"0:00:0"):
        assert words in seen
    assert b"\x1b" not in said and b"reading" not in said and said.startswith(b"As of 2025-06-30, settings")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # nothing more
        return b""


@pytest.mark.compiled
@pytest.mark.parametrize("command", [["--help"], ["config", "check", "illustrative-rfgv"], ["init", "o.csv"]])
def test_help_settings_and_first_looks_load_no_engine(tmp_path, command):
    shutil.copy(sample_file("offences.csv"), tmp_path / "o.csv")
    code = (
        "import sys; from rfgscore.cli.main import invoke; code = invoke(sys.argv[1:]); "
        "print(sorted({'numba', 'duckdb', 'pandas'} & set(sys.modules)), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0"
