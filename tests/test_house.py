"""The house itself: public names, docstrings, light import, configs that load, no stray prints."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.validate import validate
from pydantic import BaseModel

import rfgscore
from rfgscore.errors import RfgError
from rfgscore.vocabulary import meaning, reasons, words

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    {"rfgscore"}
    | {
        module.name
        for module in pkgutil.walk_packages(rfgscore.__path__, "rfgscore.")
        if not module.name.endswith("__main__")
    }
)
#: What numpydoc is asked to find. Left out: RT04 and SS05, which stumble over leading dtypes and plural
#: nouns; EX and SA, since not every helper needs an example or neighbours.
CHECKS = {
    "GL01", "GL03", "GL06", "GL07", "GL08", "GL10", "PR01", "PR02", "PR03", "PR04", "PR06", "PR07", "PR10",
    "RT01", "RT03", "RT05", "SS01", "SS02", "SS03", "SS04", "SS06",
}  # fmt: skip


def public_objects():
    """Yield every public function, class and method defined in the package."""
    for name in MODULES:
        module = importlib.import_module(name)
        if name in ("rfgscore.cli.commands", "rfgscore.cli.models"):  # their docstrings are the help texts
            continue
        for attribute, thing in vars(module).items():
            if attribute.startswith("_") or getattr(thing, "__module__", None) != name:
                continue
            if inspect.isfunction(thing):
                yield f"{name}.{attribute}"
            elif inspect.isclass(thing):
                yield f"{name}.{attribute}"
                for method, held in vars(thing).items():
                    if method.startswith("_"):
                        continue
                    if inspect.isfunction(held) or isinstance(held, property | classmethod):
                        yield f"{name}.{attribute}.{method}"


def told_elsewhere(name: str) -> bool:
    """Settings are described in their one-line summary, errors in the root's parameters."""
    module, _, attribute = name.rpartition(".")
    thing = getattr(sys.modules.get(module), attribute, None)
    if not inspect.isclass(thing):
        return attribute == "model_post_init"
    return issubclass(thing, BaseModel) or (issubclass(thing, RfgError) and "__init__" not in vars(thing))


def faults(name: str) -> list[str]:
    asked = CHECKS - {"PR01"} if told_elsewhere(name) else CHECKS
    return [f"{name}: {code} {text}" for code, text in validate(name)["errors"] if code in asked]


def test_every_public_object_is_documented_in_full():
    assert [fault for name in public_objects() for fault in faults(name)] == []


def test_the_docstring_check_finds_what_is_wrong(monkeypatch):
    def spoilt(x):
        """do a thing

        Parameters
        ----------
        y : int
        """
        return x

    spoilt.__module__ = "rfgscore.dates"
    monkeypatch.setattr("rfgscore.dates.spoilt", spoilt, raising=False)
    codes = {fault.split()[1] for fault in faults("rfgscore.dates.spoilt")}
    assert {"SS02", "SS03", "PR01", "PR02", "PR07", "RT01"} <= codes


def test_public_names_are_what_is_visible():
    for name in rfgscore.__all__:
        assert getattr(rfgscore, name) is not None
    assert dir(rfgscore) == sorted(rfgscore.__all__)
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        rfgscore.scores  # noqa: B018


@pytest.mark.compiled
def test_importing_the_package_loads_numpy_at_most():
    code = (
        "import sys; before = set(sys.modules); import rfgscore; "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"numba", "pandas", "duckdb", "pydantic", "scipy", "yaml", "typer", "rich", "pyarrow", "polars"}
    assert "rfgscore" in loaded and not heavy & set(loaded)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_deployment_loads_and_finds_its_gravity_table(path):
    from rfgscore.history.read import gravity_of

    config = rfgscore.load_config(path)
    assert gravity_of(config).rows > 0
    assert config.name == path.stem


def test_every_preset_is_labelled_illustrative_and_finds_its_gravity_table():
    from rfgscore.config import PRESETS
    from rfgscore.history.read import gravity_of

    for name in PRESETS:
        first = (
            (ROOT / "rfgscore/config/presets" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
        )
        assert first.startswith("# Illustrative only")
        assert gravity_of(rfgscore.preset(name)).rows > 0


def test_only_the_command_line_prints_reads_the_clock_or_ends_the_process():
    forbidden = {"print", "input", "exit", "breakpoint", "eval", "exec"}
    clock = {"now", "today", "utcnow", "time", "monotonic", "perf_counter"}
    for path in sorted((ROOT / "rfgscore").rglob("*.py")):
        if "cli" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in forbidden, (path.name, node.lineno)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in clock, (path.name, node.lineno)
            if isinstance(node, ast.keyword):
                assert node.arg != "fastmath", (path.name, node.lineno)


def test_files_hold_one_concept_and_no_module_is_called_utils():
    for path in (ROOT / "rfgscore").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 440, path.name
        assert path.stem not in ("utils", "helpers", "common", "misc")


def errors() -> list[type[RfgError]]:
    found: list[type[RfgError]] = []
    for leaf in RfgError.__subclasses__():
        found.append(leaf)
        found += leaf.__subclasses__()
    return found


def test_every_error_has_a_code_of_its_own_and_a_builtin_to_catch():
    codes = [error.code for error in errors()]
    assert len(set(codes)) == len(codes) > 10
    builtins = (ValueError, KeyError, ImportError, RuntimeError, OSError)
    assert all(issubclass(error, builtins) and error.exit_code in (1, 2, 3) for error in errors())


def test_row_checks_follow_the_published_order():
    from rfgscore.ingest.checks import CHECKS

    steps = [reasons()[word].step for word in reasons() if reasons()[word].step]
    assert steps == sorted(steps) and len(set(steps)) == len(steps)
    assert set(CHECKS) == {word for word in reasons() if reasons()[word].step}


def test_words_have_meanings():
    assert all(word.meaning for word in words())
    assert meaning("exclusion", "DECEASED") == "deceased at as_of"


def test_the_readme_tells_the_flags_that_are_raised():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    flags = ROOT / "rfgscore" / "scoring" / "flags.py"
    told = {
        word.word
        for word in words()
        if word.kind == "flag" and f"| `{word.word}` | {word.meaning} |" in readme
    }
    raised = {
        word.word for word in words() if word.kind == "flag" and f'"{word.word}"' in flags.read_text("utf-8")
    }
    assert told == raised | {"cut_through_tie"}
