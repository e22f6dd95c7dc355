"""What a service relies on: kernels compiled once, threads, forks, and folders that cannot be written."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

from rfgscore import jit
from rfgscore.jit import Kernel, in_threads, is_off, njit

HERE = Path(__file__).parent.parent
#: Kernels as a package holds them: one helps another, across two files.
HELPER = """
from rfgscore.jit import njit
ONE = 1

@njit
def next_one(x):
    return x + ONE

@njit
def helper(x):
    return next_one(x)
"""
MAIN = """
from rfgscore.jit import njit
from helping import helper

@njit
def twice(x):
    return helper(x) * 2
"""


def python(code: str, **environment: str) -> str:
    """Run code in a fresh process, and return what it prints."""
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**inherited, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """Return a function that loads the kernel `twice` from files anew, as another start would."""
    import numba

    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 0)
    monkeypatch.setattr(jit, "KERNELS", [])
    (tmp_path / "helping.py").write_text(HELPER, encoding="utf-8")
    (tmp_path / "main.py").write_text(MAIN, encoding="utf-8")

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    def kernel() -> Kernel:
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        load("helping")
        found = load("main").twice
        assert isinstance(found, Kernel)
        return found

    return kernel


def loaded(kernel: Kernel) -> bool:
    """Say whether the machine code came from disk."""
    stats = kernel.ready().stats
    assert len(kernel.ready().signatures) == 1
    return bool(stats.cache_hits) and not stats.cache_misses


# Machine code that is kept between starts.


def test_machine_code_is_kept(kernel, tmp_path):
    first = kernel()
    assert first.kept() == tmp_path / "__pycache__" and not first.is_kept()
    assert first(3) == 8 and not loaded(first) and first.is_kept()
    assert len(list(tmp_path.rglob("*.nbi"))) == 1  # a helper is kept inside what calls it
    again = kernel()
    assert again.is_kept() and again(3) == 8 and loaded(again)


def test_a_helper_of_another_file_that_changed_is_compiled_anew(kernel, tmp_path):
    assert kernel()(3) == 8
    changes = [("x + ONE", "x - ONE", 4), ("ONE = 1", "ONE = 2", 2), ("return next_one(x)", "return x", 6)]
    for old, new, result in changes:
        path = tmp_path / "helping.py"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        changed = kernel()
        assert not changed.is_kept() and changed(3) == result


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("size", [0, 40])
def test_a_spoilt_file_is_passed_over_and_mended(kernel, tmp_path, ending, size):
    assert kernel()(3) == 8
    (file,) = tmp_path.rglob(f"*.{ending}")
    file.write_bytes(file.read_bytes()[:size])
    assert kernel()(3) == 8
    assert kernel()(3) == 8
    whole = kernel()
    assert whole(3) == 8 and loaded(whole)


def test_no_room_for_what_was_compiled(kernel, tmp_path):
    found = kernel()
    found.ready()
    for file in (tmp_path / "__pycache__").iterdir():
        file.unlink()
    (tmp_path / "__pycache__").rmdir()
    (tmp_path / "__pycache__").write_text("", encoding="utf-8")
    assert found(3) == 8


@pytest.mark.parametrize("asked", [False, True])
def test_nowhere_to_keep_it(kernel, tmp_path, monkeypatch, asked):
    import numba

    blocked = tmp_path / "__pycache__"  # no folder can be made of a file, whoever asks
    blocked.write_text("", encoding="utf-8")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(blocked))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(blocked / "cache") if asked else "")
    found = kernel()
    assert found.kept() is None and not found.is_kept() and found(3) == 8


def test_kept_in_the_home_where_the_package_is_read_only(kernel, tmp_path, monkeypatch):
    (tmp_path / "__pycache__").write_text("", encoding="utf-8")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    found = kernel()
    assert found(3) == 8 and found.is_kept()
    assert found.kept().is_relative_to(tmp_path / "home")


def test_several_threads_at_once_with_nothing_compiled(kernel):
    found, together = kernel(), Barrier(8)

    def call(number: int) -> int:
        together.wait()
        return int(found(number))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == [2 * (number + 1) for number in range(8)]
    assert len(found.ready().signatures) == 1


@pytest.mark.compiled
def test_several_processes_at_once_with_nothing_kept(kernel, tmp_path):
    kernel()
    code = "from main import twice; print(twice(3), len(twice.ready().signatures))"
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: python(code, PYTHONPATH=str(tmp_path)), range(4)))
    assert said == ["8 1"] * 4
    again = kernel()
    assert again(3) == 8 and loaded(again)


def test_source_without_a_file(kernel):
    code = (lambda x: x + 1).__code__.replace(co_filename="<nowhere>", co_name="plus_one")
    assert njit(FunctionType(code, {"__name__": "nowhere"}))(2) == 3


def test_what_the_compiler_refuses_is_told(kernel, tmp_path):
    from numba.core.errors import TypingError

    path = tmp_path / "main.py"
    path.write_text(MAIN.replace("helper(x) * 2", "helper(x).nothing"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(TypingError, match="nothing"):
            kernel()(3)


def test_other_faults_of_the_compiler_are_not_hidden(kernel, monkeypatch):
    class Numba:
        __version__ = "0"

        @staticmethod
        def njit(**options: bool) -> Any:
            raise RuntimeError("something else")

    monkeypatch.setitem(sys.modules, "numba", Numba)
    with pytest.raises(RuntimeError, match="something else"):
        kernel()(3)


def test_plain_python_where_compiling_is_off(kernel, monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setitem(sys.modules, "numba", None)
    found = kernel()
    assert is_off() and found(3) == 8 and found.ready() is found.plain
    assert found.kept() is None and not found.is_kept()


# The first call.


@pytest.mark.compiled
def test_little_is_loaded():
    code = """
        import sys, rfgscore
        heavy = ["numba", "pydantic", "yaml", "duckdb", "pandas", "polars", "pyarrow"]
        heavy += ["scipy.stats", "scipy.optimize", "sklearn", "lifelines"]
        def here(): return [name for name in heavy if name in sys.modules]
        import rfgscore.windows as w
        print(here())
        text = rfgscore.History.from_arrays(person=["b", "a"], victim=["v", ""], day=[1, 2], gravity=[1, 2])
        w.snapshot(text, 2, w.rfg(2, 1)), w.panel(text, [1, 2], w.rfg([1, 2])), w.at_events(text, w.rfg(2))
        print([name for name in here() if name != "yaml"])  # numba asks for it where it is
    """
    assert python(code).splitlines() == ["[]", "['numba']"]
    assert python(code, NUMBA_DISABLE_JIT="1").splitlines() == ["[]", "[]"]


@pytest.mark.compiled
def test_one_signature_a_kernel_and_a_warm_up_that_compiles_all():
    assert "one signature each, none compiled after the warm-up" in service("kinds")


# Threads and processes.


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2", None])
def test_a_number_of_threads_that_is_none_is_refused(threads):
    import rfgscore as rfg

    with pytest.raises(rfg.ConfigError, match="threads must be a whole number above 0"):
        rfg.History.from_arrays(person=[1], day=[1], gravity=[1], threads=threads)
    one = rfg.History.from_arrays(person=[1], day=[1], gravity=[1], threads=np.int64(1000))
    assert one.offsets.tolist() == [0, 1]


@pytest.mark.parametrize("threads", [1, 3])
def test_a_fault_in_a_thread_is_raised(threads):
    done = []

    def work(part: int) -> None:
        done.append(part)
        if part == 1:
            raise ValueError("in a thread")

    with pytest.raises(ValueError, match="in a thread"):
        in_threads(work, range(4), threads)
    assert 1 in done
    in_threads(done.clear, [], threads)
    assert done


@pytest.mark.compiled
def test_threads_forks_and_spawned_processes_under_every_layer():
    said = service("threads", "processes", "--calls", "40")
    layers = [line.split("  ")[0] for line in said.splitlines() if line.endswith("is not here")]
    assert said.count("320 calls, equal hashes") == 3 - len(layers) > 0
    assert said.count("in a pool by fork and in one by spawn: equal hashes") == 3 - len(layers)


@pytest.mark.compiled
def test_a_read_only_package_without_a_home():
    assert "equal hash" in service("folders", "--calls", "40")


def service(*arguments: str) -> str:
    """Run a part of the long suite."""
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    command = [sys.executable, str(HERE / "tools" / "service_deep.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=inherited, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_manifest_tells_what_shares_out_the_work(worked):
    import rfgscore as rfg

    for threads in (1, 2):
        run = rfg.run(
            config=rfg.load_config(worked / "illustrative-rfgv.yaml"),
            offences=worked / "offences.csv",
            as_of="2025-06-30",
            threads=threads,
        )
        assert run.manifest["run"]["threading_layer"] == jit.THREADING == "python threads"
        assert "threads" not in json.dumps(run.manifest["config"])
