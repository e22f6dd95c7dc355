"""An output folder is whole or not there; what stood there before is never lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rfgscore.errors import OutputError, WriteError
from rfgscore.pipeline import folder
from rfgscore.pipeline.folder import check_out, keep_apart, write_folder

#: How often a writer is killed; `make deep` asks for more.
KILLS = int(os.environ.get("RFG_KILLS", "5"))


def a_set(files: dict[str, bytes]) -> dict[str, bytes]:
    """An output set: files, and the manifest that names them."""
    manifest = {"schema": "run/1", "outputs": dict.fromkeys(files, "")}
    return {**files, "manifest.json": json.dumps(manifest).encode()}


FILES = a_set({"a.csv": b"1"})


def content(path: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in path.iterdir()}


def test_an_absent_or_empty_folder_is_filled(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new", "deep/er"):
        assert content(write_folder(tmp_path / name, FILES)) == FILES
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["deep", "empty", "new"]


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_not_ours_is_not_touched(tmp_path, replace):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_bytes(b"mine")
    with pytest.raises(OutputError, match="something else" if replace else "not empty"):
        write_folder(tmp_path / "out", FILES, replace=replace)
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError, match="not a folder"):
        write_folder(tmp_path / "file", FILES, replace=replace)
    assert content(tmp_path / "out") == {"letter.txt": b"mine"}


@pytest.mark.parametrize(
    ("out", "refused"),
    [
        ("june", True),
        ("june/", True),
        ("june/july", True),
        ("same", True),
        ("july", False),
        ("june-2", False),
        ("june/../july", False),
    ],
)
def test_the_previous_run_is_never_written_over_or_into(tmp_path, out, refused):
    write_folder(tmp_path / "june", FILES)
    (tmp_path / "same").symlink_to(tmp_path / "june")
    if refused:
        with pytest.raises(OutputError, match="is the folder of the previous run, or lies in it"):
            keep_apart(tmp_path / out, tmp_path / "june")
    else:
        keep_apart(tmp_path / out, tmp_path / "june")


def test_replace_puts_the_new_set_in_place_and_leaves_nothing_behind(tmp_path):
    write_folder(tmp_path / "out", a_set({"old.csv": b"0"}))
    with pytest.raises(OutputError, match="--replace"):
        write_folder(tmp_path / "out", FILES)
    write_folder(tmp_path / "out", FILES, replace=True)
    assert content(tmp_path / "out") == FILES
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_start_that_finds_only_the_recovery_name_puts_it_back(tmp_path):
    write_folder(tmp_path / "out", FILES)
    (tmp_path / "out").rename(tmp_path / ".out.rfgscore-old")
    check_out(tmp_path / "out", replace=True)
    assert content(tmp_path / "out") == FILES


def test_a_start_that_finds_an_empty_folder_in_its_place_puts_it_back_too(tmp_path):
    write_folder(tmp_path / "out", FILES)
    (tmp_path / "out").rename(tmp_path / ".out.rfgscore-old")
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="not empty"):
        check_out(tmp_path / "out", replace=False)
    assert content(tmp_path / "out") == FILES


def test_what_a_late_kill_left_behind_goes_with_the_next_replacement_only(tmp_path):
    write_folder(tmp_path / "out", FILES)
    write_folder(tmp_path / ".out.rfgscore-old", a_set({"old.csv": b"0"}))
    check_out(tmp_path / "out", replace=True)
    assert (tmp_path / ".out.rfgscore-old" / "old.csv").exists()
    write_folder(tmp_path / "out", FILES, replace=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: (out / "decisions.csv").write_bytes(b"mine"),
        lambda out: (out / "manifest.json").write_bytes(b'{"name": "another program"}'),
        lambda out: (out / "manifest.json").write_bytes(b"[]"),
        lambda out: (out / "manifest.json").write_bytes(b"\xff"),
        lambda out: (out / "manifest.json").unlink(),
    ],
)
def test_only_an_output_set_and_nothing_else_is_replaced(tmp_path, spoil):
    out = write_folder(tmp_path / "out", FILES)
    spoil(out)
    before = content(out)
    with pytest.raises(OutputError, match="something else than an output set"):
        write_folder(out, FILES, replace=True)
    assert content(out) == before


def test_a_signal_between_the_two_moves_puts_the_earlier_set_back(tmp_path, monkeypatch):
    out = write_folder(tmp_path / "out", a_set({"old.csv": b"0"}))
    real = Path.rename

    def terminated(self, target):
        if "rfgscore-new" in self.name:
            raise SystemExit(143)
        return real(self, target)

    monkeypatch.setattr(Path, "rename", terminated)
    with pytest.raises(SystemExit):
        write_folder(out, FILES, replace=True)
    monkeypatch.undo()
    assert content(out) == a_set({"old.csv": b"0"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("left", [False, True], ids=["the set replaced", "an older one left behind"])
def test_no_half_of_a_set_ever_stands_under_the_recovery_name(tmp_path, monkeypatch, left):
    out = write_folder(tmp_path / "out", a_set({"old.csv": b"0", "more.csv": b"0"}))
    if left:
        write_folder(tmp_path / ".out.rfgscore-old", a_set({"older.csv": b"0", "more.csv": b"0"}))
    real = folder.shutil.rmtree

    def half(path, **kwargs):
        if path.is_dir() and "old" in path.name:
            (path / "more.csv").unlink()
            raise SystemExit(143)
        real(path, **kwargs)

    monkeypatch.setattr(folder.shutil, "rmtree", half)
    with pytest.raises(SystemExit):
        write_folder(out, FILES, replace=True)
    monkeypatch.undo()
    assert not (tmp_path / ".out.rfgscore-old").exists()
    assert content(out) == (a_set({"old.csv": b"0", "more.csv": b"0"}) if left else FILES)
    write_folder(out, FILES, replace=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_temporary_folders_of_killed_runs_are_swept(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".out.rfgscore-new-{dead.pid}").mkdir()
    (tmp_path / f".out.rfgscore-new-{dead.pid}-old").mkdir()
    others = [".out.rfgscore-new-1", ".out.rfgscore-new-1-old"]  # a process that lives
    others += [f".out.rfgscore-new-{dead.pid}-mine", f".out2.rfgscore-new-{dead.pid}"]
    for name in others:
        (tmp_path / name).mkdir()
    write_folder(tmp_path / "out", FILES)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([*others, "out"])


@pytest.mark.parametrize("call", ["mkdir", "open", "rename", "fsync"])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_failing_disk_leaves_what_stood_there(tmp_path, monkeypatch, call, earlier):
    before = a_set({"old.csv": b"0"})
    if earlier:
        write_folder(tmp_path / "out", before)
    calls = 0

    def full(*args, **kwargs):
        nonlocal calls
        calls += 1
        raise OSError(28, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        real = getattr(Path, call)

        def failing(self, *args, **kwargs):
            ours = "rfgscore-new" in self.name or "rfgscore-new" in self.parent.name
            return full() if ours else real(self, *args, **kwargs)

        monkeypatch.setattr(Path, call, failing)
    with pytest.raises(WriteError, match="No space left"):
        write_folder(tmp_path / "out", FILES, replace=True)
    monkeypatch.undo()
    assert calls == 1
    assert [entry.name for entry in tmp_path.iterdir()] == (["out"] if earlier else [])
    if earlier:
        assert content(tmp_path / "out") == before


def test_another_process_in_the_same_folder_is_refused_not_merged(tmp_path, monkeypatch):
    real = folder._sync
    written = iter([lambda: write_folder(tmp_path / "out", a_set({"b.csv": b"2"}))])

    def meanwhile(path):
        real(path)
        for other in written:
            monkeypatch.setattr(folder.os, "getpid", lambda: 999_999_999)
            other()
            monkeypatch.undo()

    monkeypatch.setattr(folder, "_sync", meanwhile)
    with pytest.raises((WriteError, OutputError)):
        write_folder(tmp_path / "out", FILES)
    assert content(tmp_path / "out") == a_set({"b.csv": b"2"})


KILLED = """
import json, sys
from rfgscore.pipeline.folder import write_folder
big = {f"{n}.csv": bytes([n]) * 200_000 for n in range(20)}
manifest = {"schema": "run/1", "outputs": dict.fromkeys(big, "")}
big["manifest.json"] = json.dumps(manifest).encode()
print("ready", flush=True)
while True:
    write_folder(sys.argv[1], big, replace=True)
"""


@pytest.mark.compiled
@pytest.mark.parametrize("moment", [0.05 * n / KILLS for n in range(KILLS)])
def test_a_killed_run_leaves_a_whole_set(tmp_path, moment):
    out = tmp_path / "out"
    big = a_set({f"{n}.csv": bytes([n]) * 200_000 for n in range(20)})
    write_folder(out, big)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(out)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    check_out(out, replace=True)
    assert content(out) == big


def test_where_asking_would_interrupt_nobody_is_asked(monkeypatch):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    assert not folder._alive(dead.pid)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("a process was signalled"))
    assert folder._alive(dead.pid)
