"""An output folder is whole or not there; what stood there before is never lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rfgscore.errors import OutputError, WriteError
from rfgscore.pipeline import folder
from rfgscore.pipeline.folder import check_out, write_folder

#: How often a writer is killed; `make deep` asks for more.
KILLS = int(os.environ.get("RFG_KILLS", "5"))

FILES = {"a.csv": b"1", "manifest.json": b"{}"}


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
    with pytest.raises(OutputError, match="manifest.json is missing" if replace else "not empty"):
        write_folder(tmp_path / "out", FILES, replace=replace)
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError, match="not a folder"):
        write_folder(tmp_path / "file", FILES, replace=replace)
    assert content(tmp_path / "out") == {"letter.txt": b"mine"}


def test_replace_puts_the_new_set_in_place_and_leaves_nothing_behind(tmp_path):
    write_folder(tmp_path / "out", {"old.csv": b"0", "manifest.json": b"{}"})
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


def test_a_start_that_finds_both_keeps_the_new_one(tmp_path):
    write_folder(tmp_path / "out", FILES)
    write_folder(tmp_path / ".out.rfgscore-old", {"old.csv": b"0"})
    check_out(tmp_path / "out", replace=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_temporary_folders_of_killed_runs_are_swept(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".out.rfgscore-new-{dead.pid}").mkdir()
    (tmp_path / ".out.rfgscore-new-1").mkdir()  # a process that lives
    write_folder(tmp_path / "out", FILES)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".out.rfgscore-new-1", "out"]


@pytest.mark.parametrize("call", ["mkdir", "open", "rename", "fsync"])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_failing_disk_leaves_what_stood_there(tmp_path, monkeypatch, call, earlier):
    before = {"old.csv": b"0", "manifest.json": b"{}"}
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
    written = iter([lambda: write_folder(tmp_path / "out", {"b.csv": b"2", "manifest.json": b"{}"})])

    def meanwhile(path):
        real(path)
        for other in written:
            monkeypatch.setattr(folder.os, "getpid", lambda: 999_999_999)
            other()
            monkeypatch.undo()

    monkeypatch.setattr(folder, "_sync", meanwhile)
    with pytest.raises((WriteError, OutputError)):
        write_folder(tmp_path / "out", FILES)
    assert content(tmp_path / "out") == {"b.csv": b"2", "manifest.json": b"{}"}


KILLED = """
import sys
from rfgscore.pipeline.folder import write_folder
big = {f"{n}.csv": bytes([n]) * 200_000 for n in range(20)} | {"manifest.json": b"{}"}
print("ready", flush=True)
while True:
    write_folder(sys.argv[1], big, replace=True)
"""


@pytest.mark.compiled
@pytest.mark.parametrize("moment", [0.05 * n / KILLS for n in range(KILLS)])
def test_a_killed_run_leaves_a_whole_set(tmp_path, moment):
    out = tmp_path / "out"
    big = {f"{n}.csv": bytes([n]) * 200_000 for n in range(20)} | {"manifest.json": b"{}"}
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
