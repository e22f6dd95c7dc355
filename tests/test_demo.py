"""`rfgscore demo`: an invented force, ranked, that can be ranked again by the ordinary commands."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rfgscore.cli import demo as demo_module
from rfgscore.cli.main import invoke

SMALL = ["demo", "--persons", "150"]


def held(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ten_people_with_reasons_and_where_the_files_lie(place, capsys):
    assert invoke([*SMALL, "--out", "d"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    listed = [line for line in lines if line[:4].strip().rstrip(".").isdigit() and "(rank" in line]
    positions = [int(line.split(".")[0]) for line in listed]
    assert len(positions) == 10 and positions[0] == 1 and positions == sorted(set(positions))
    assert said.out.count(" points: named in ") == 10 and said.err == ""
    assert "Nobody in it is real" in said.out and "the points are illustrative" in said.out
    assert "d/force" in said.out and "d/run" in said.out
    assert max(len(line) for line in lines if not line.startswith("  rfgscore")) <= 110
    assert {entry.name for entry in Path("d").iterdir()} == {"force", "run"}
    assert {"offences.csv", "config.yaml", "truth_persons.csv"} <= set(held(place / "d" / "force"))


def test_the_commands_it_prints_give_the_same_list_and_the_first_person(place, capsys):
    assert invoke([*SMALL, "--out", "a b"]) == 0
    printed = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  rfgscore")]
    again, why = map(shlex.split, printed)
    assert invoke([*again[1:], "--quiet"]) == 0
    assert held(place / "a b-again") == held(place / "a b" / "run")
    assert invoke(why[1:]) == 0
    assert capsys.readouterr().out.startswith(f"{why[-1]} as of 2025-06-30: position 1 of ")


@pytest.mark.compiled
def test_equal_seeds_give_equal_bytes_and_others_another_force(place):
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert invoke([*SMALL, "--out", name, "--seed", seed]) == 0
    assert held(place / "a") == held(place / "b") != held(place / "c")


def test_a_demo_is_replaced_whole_and_by_nothing_half(place, capsys, monkeypatch):
    assert invoke([*SMALL, "--out", "d", "--seed", "2"]) == 0
    before = held(place / "d")

    def stopped(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(demo_module, "run", stopped)
        assert invoke([*SMALL, "--out", "d"]) == 130
    assert held(place / "d") == before

    with monkeypatch.context() as broken:
        broken.setattr(demo_module, "write_force", refused)
        assert invoke([*SMALL, "--out", "d"]) == 3
    assert held(place / "d") == before and "d cannot be written" in capsys.readouterr().err
    assert invoke([*SMALL, "--out", "d"]) == 0
    assert held(place / "d") != before
    assert {entry.name for entry in place.iterdir()} == {"d"}


def refused(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_what_fails_at_the_last_step_puts_the_earlier_demo_back(place, monkeypatch):
    assert invoke([*SMALL, "--out", "d", "--seed", "2"]) == 0
    before = held(place / "d")
    moved: list[Path] = []
    rename = Path.rename

    def once(path: Path, target: Path) -> Path:
        if ".rfgscore-new-" in path.name:
            moved.append(path)
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", once)
        code = invoke([*SMALL, "--out", "d"])
    assert code == 130 and moved and held(place / "d") == before
    Path("d").rename(".d.rfgscore-old")  # as a killed replacement leaves it
    assert invoke([*SMALL, "--out", "d"]) == 0
    assert held(place / "d") != before


def spoil_folder(out: Path) -> None:
    (out / "notes.txt").write_text("mine", encoding="utf-8")


def spoil_force(out: Path) -> None:
    (out / "force" / "notes.txt").write_text("mine", encoding="utf-8")


def spoil_run(out: Path) -> None:
    (out / "run" / "notes.txt").write_text("mine", encoding="utf-8")


def spoil_name(out: Path) -> None:
    manifest = out / "run" / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["config"]["name"] = "a real force"
    manifest.write_text(json.dumps(told), encoding="utf-8")


def spoil_manifest(out: Path) -> None:
    (out / "force" / "manifest.json").write_text("[]", encoding="utf-8")


SPOILT = [spoil_folder, spoil_force, spoil_run, spoil_name, spoil_manifest]


@pytest.mark.parametrize("spoil", SPOILT, ids=[spoil.__name__ for spoil in SPOILT])
def test_a_demo_replaces_nothing_but_a_demo(place, capsys, spoil):
    assert invoke(["demo", "--persons", "30", "--out", "d"]) == 0
    spoil(place / "d")
    before = held(place / "d")
    assert invoke([*SMALL, "--out", "d"]) == 2
    assert "d is not empty and holds something else than an earlier demo" in capsys.readouterr().err
    assert held(place / "d") == before


def test_a_demo_of_the_first_versions_is_replaced_and_a_run_is_not(place, worked, capsys):
    from rfgscore.sample import sample_file

    sample = ["--offences", str(sample_file("offences.csv")), "--as-of", "2025-06-30", "--quiet"]
    assert invoke(["run", "--config", str(sample_file("config.yaml")), *sample, "--out", "old"]) == 0
    assert invoke([*SMALL, "--out", "old"]) == 0
    assert {entry.name for entry in Path("old").iterdir()} == {"force", "run"}
    config = (
        "schema: rfgscore/1\nname: north\n"
        + sample_file("config.yaml").read_text(encoding="utf-8").split("name: rfgscore-demo\n")[1]
    )
    Path("c.yaml").write_text(config, encoding="utf-8")
    assert invoke(["run", "--config", "c.yaml", *sample, "--out", "mine"]) == 0
    before = held(place / "mine")
    assert invoke([*SMALL, "--out", "mine"]) == 2
    assert held(place / "mine") == before


def test_the_users_own_run_of_the_force_is_no_demo(place, capsys):
    assert invoke([*SMALL, "--out", "d"]) == 0
    shutil.copytree("d/run", "mine")
    before = held(place / "mine")
    capsys.readouterr()
    assert invoke([*SMALL, "--out", "mine"]) == 2
    assert "mine is not empty and holds something else than an earlier demo" in capsys.readouterr().err
    assert held(place / "mine") == before


def test_the_folder_one_is_in_is_refused_in_words_of_the_demos_own(place, capsys):
    for filled in (False, True):
        if filled:
            Path("letter.txt").write_text("mine", encoding="utf-8")
        for out in (".", str(place)):
            assert invoke([*SMALL, "--out", out]) == 2
            said = capsys.readouterr().err
            assert "is the folder you are in" in said and "--replace" not in said
    assert held(place) == {"letter.txt": b"mine"}


def test_what_a_killed_demo_left_behind_is_swept(place):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for end in ("", "-old"):
        (place / f".d.rfgscore-new-{dead.pid}{end}" / "force").mkdir(parents=True)
    assert invoke([*SMALL, "--out", "d"]) == 0
    assert {entry.name for entry in place.iterdir()} == {"d"}


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_the_cause_of_a_failing_disk_is_named(place, capsys, monkeypatch, call):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "rename": (Path, "rename")}[call], full)
    assert invoke(["demo", "--persons", "30", "--out", "x"]) == 3
    said = capsys.readouterr().err
    assert "RFG-W01: x cannot be written (No space left on device); what stood there" in said
    monkeypatch.undo()
    assert not any(place.iterdir()) if call == "fsync" else not (place / "x").exists()


def test_a_force_of_which_nobody_can_be_ranked_is_a_demo_too(place, capsys):
    assert invoke(["demo", "--persons", "1", "--out", "d"]) == 0
    said = capsys.readouterr().out
    assert "Nobody is ranked." in said and "Why the first" not in said
    again = next(line for line in said.splitlines() if "--allow-empty --out d-again" in line)
    assert invoke([*shlex.split(again)[1:], "--quiet"]) == 0
    assert held(place / "d-again") == held(place / "d" / "run")


@pytest.mark.parametrize("on_path", [False, True])
def test_commands_are_printed_as_a_terminal_finds_them(place, capsys, monkeypatch, on_path):
    program = place / "a venv" / "rfgscore"
    program.parent.mkdir()
    program.write_text("", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    monkeypatch.setenv("PATH", str(program.parent) if on_path else str(place))
    assert invoke(["demo", "--persons", "30", "--out", "d"]) == 0
    printed = [line[2:] for line in capsys.readouterr().out.splitlines() if line.startswith(("  '", "  rfg"))]
    begin = "rfgscore" if on_path else str(program)
    assert [shlex.split(line)[:2] for line in printed] == [[begin, "run"], [begin, "explain"]]


@pytest.mark.compiled
def test_places_that_are_no_folder_are_refused(place, capsys):
    Path("file").write_text("", encoding="utf-8")
    Path("link").symlink_to(place, target_is_directory=True)
    for out, code in (("file", 2), ("link", 2), ("/", 2), ("file/below", 3)):
        assert invoke([*SMALL, "--out", out]) == code, out
    Path("empty").mkdir()
    assert invoke([*SMALL, "--out", "empty"]) == 0


def test_numbers_that_make_no_force_are_refused(place, capsys):
    for option in ("--persons", "--seed"):
        for number in ("-1", "99999999999999999999"):
            assert invoke(["demo", option, number]) == 2
    assert invoke(["demo", "--persons", "0"]) == 2
    assert "internal fault" not in capsys.readouterr().err
    assert not any(place.iterdir())


@pytest.mark.compiled
def test_the_first_ever_run_says_that_it_compiles(place, capsys, monkeypatch):
    monkeypatch.setattr(demo_module, "is_compiled", lambda: False)
    assert invoke([*SMALL, "--out", "d"]) == 0
    assert capsys.readouterr().out.startswith("The first run on a machine compiles its engine")


@pytest.mark.compiled
def test_kept_machine_code_is_found(tmp_path, monkeypatch):
    from rfgscore.windows import kernels

    kernel = kernels.snapshot
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    monkeypatch.setattr(kernel, "kept", lambda: tmp_path)
    assert not demo_module.is_compiled()
    other = f"kernels.{kernel.__name__}_00000000-86.py311.1.nbc"  # of another version
    (tmp_path / other).write_text("", encoding="utf-8")
    assert not demo_module.is_compiled()
    this = f"kernels.{kernel.ready().__name__}-86.py311.1.nbc"
    (tmp_path / this).write_text("", encoding="utf-8")
    assert demo_module.is_compiled()
    monkeypatch.setattr(kernel, "kept", lambda: None)
    assert not demo_module.is_compiled()
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert demo_module.is_compiled()


@pytest.mark.compiled
def test_the_plain_demo_has_the_size_it_says(place, capsys):
    assert invoke(["demo"]) == 0
    assert "An invented police force with 5,000 perpetrators" in capsys.readouterr().out
    assert Path("out/demo/run/cohort.csv").is_file()
