"""Whether this machine can run the program: small checks, each with a way out where it fails.

A check returns its state and one line of text. None of them prints, reads the clock or leaves a file.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from rfgscore.config import PRESETS, Config, load_config, preset
from rfgscore.config.model import OFFENCE_COLUMNS
from rfgscore.errors import RfgError
from rfgscore.gravity import load_gravity, shipped_tables
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of
from rfgscore.ingest.readers.files import read_table
from rfgscore.ingest.readers.raw import Limits
from rfgscore.jit import THREADING, is_off
from rfgscore.pipeline.folder import write_folder
from rfgscore.report.parquet_file import parquet_bytes
from rfgscore.sample import sample_file
from rfgscore.tables import Column, Table
from rfgscore.windows import kernels, walk
from rfgscore.windows.reference import people

__all__ = ["CHECKS", "Finding", "State", "examine"]

State = Literal["ok", "warn", "FAIL"]
Answer = tuple[State, str]

#: What London's clock goes by on a day in winter and on one in summer.
_LONDON = {datetime(2024, 1, 1, 12): "GMT", datetime(2024, 7, 1, 12): "BST"}

#: Packages that are of use and not needed, and for what.
_OF_USE = {"pyarrow": "Arrow tables", "polars": "Polars frames", "xlsxwriter": "workbooks (cohort.xlsx)"}


class Finding(NamedTuple):
    """What one check found.

    Parameters
    ----------
    name : str
        What was looked at.
    state : {"ok", "warn", "FAIL"}
        In order; works, but not as it could; does not work.
    text : str
        What was found and, where it is not in order, what to do; one line.
    """

    name: str
    state: State
    text: str


def _python() -> Answer:
    here = ".".join(map(str, sys.version_info[:3]))
    declared = metadata("rfgscore")["Requires-Python"]
    if _fits(here, declared):
        return "ok", f"{here} (declared {declared})"
    return "FAIL", f"{here} is not {declared}: install a Python that is, and rfgscore in it"


def _packages() -> Answer:
    found, wrong = [], []
    for name, declared, marker in _declared():
        here = _installed(name)
        if "extra" in marker or (marker and here is None):  # meant for another system
            continue
        found.append(f"{name} {here}")
        if here is None or not _fits(here, declared):
            wrong.append(f"'{name}{declared}' (here: {here or 'none'})")
    if wrong:
        return "FAIL", f"not as declared: {', '.join(wrong)}; pip install --upgrade rfgscore brings them"
    return "ok", ", ".join(found)


def _extras() -> Answer:
    declared = {name: versions for name, versions, marker in _declared() if "extra" in marker}
    said, old = [], []
    for name in sorted(declared | _OF_USE):
        here, use = _installed(name), _OF_USE.get(name, "an extra of rfgscore")
        if here is None:
            said.append(f"{name} is not here (only for {use}: pip install {name})")
        elif not _fits(here, declared.get(name, "")):
            old.append(f"{name} {here} is not {declared[name]}: pip install --upgrade {name}")
        else:
            said.append(f"{name} {here}")
    return ("warn" if old else "ok"), "; ".join(old + said)


def _declared() -> Iterator[tuple[str, str, str]]:
    """Yield name, versions and marker of what the package declares."""
    for line in requires("rfgscore") or ():
        needed, _, marker = line.partition(";")
        name = re.match(r"[\w.-]+", needed)
        if name:
            yield name[0], re.sub(r"\[.*?\]|[\s()]", "", needed[name.end() :]), marker.strip()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


#: What each sign of a declared version allows: below (-1), equal (0), above (1).
_ALLOWED = {"<": {-1}, "<=": {-1, 0}, ">=": {0, 1}, ">": {1}, "==": {0}, "!=": {-1, 1}}


def _fits(here: str, declared: str) -> bool:
    """Say whether a version is within such as ``>=1.2,<3``; what comes before a release counts as it."""
    for sign, number in re.findall(r"([<>=!]+)([\w.]+)", declared):
        left, right = _numbers(here), _numbers(number)
        size = max(len(left), len(right))
        left, right = left + [0] * (size - len(left)), right + [0] * (size - len(right))
        if (left > right) - (left < right) not in _ALLOWED[sign]:
            return False
    return True


def _numbers(text: str) -> list[int]:
    release = re.match(r"\d+(\.\d+)*", text)
    return [int(part) for part in release[0].split(".")] if release else []


def _gravity_tables() -> Answer:
    tables = [load_gravity(name) for name in shipped_tables()]
    if not tables:
        return "FAIL", "no gravity table is here: install rfgscore again"
    return "ok", ", ".join(f"{table.name} ({table.rows} codes)" for table in tables)


def _settings() -> Answer:
    shipped = [preset(name) for name in PRESETS] + [load_config(sample_file("config.yaml"))]
    for config in shipped:
        gravity_of(config)
    return "ok", f"{', '.join(config.name for config in shipped)} load"


def _engine() -> Answer:
    history = _history(lines=60)
    found = walk(history, 900, window_days=365, half_life_days=90)
    columns = [values.tolist() for values in vars(found).values()]
    for got, told, first in zip(
        zip(*columns, strict=True), people(history, 900, 365, 90), history.offsets.tolist(), strict=False
    ):
        worst = -1 if told.worst_line is None else first + told.worst_line
        top = -1.0 if told.gravity_max is None else told.gravity_max
        if _bits(got) != _bits(told._replace(worst_line=worst, gravity_max=top)):
            return "FAIL", "does not equal the plain rules: install numba and rfgscore again, and report it"
    if is_off():
        return "warn", "equals the plain rules, but compiling is off and slow: unset NUMBA_DISABLE_JIT"
    return "ok", "compiled, and equal to the plain rules to the last bit"


def _bits(values: Iterable[float | None]) -> list[str]:
    return [value.hex() if isinstance(value, float) else str(value) for value in values]


def _threads() -> Answer:
    history = _history(lines=50_000)  # fewer are walked by one thread anyway
    # Of numba's own threading layers none is used, so none is asked for.
    one, two = (walk(history, 900, window_days=365, half_life_days=90, threads=n) for n in (1, 2))
    same = all(np.array_equal(getattr(one, field.name), getattr(two, field.name)) for field in fields(one))
    if not same:
        return "FAIL", "two threads give another result than one: use --threads 1, and report it"
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    here = f"{count} processor{'s' if count > 1 else ''}"
    return "ok", f"{here}; {THREADING}, of which two give the result of one"


def _history(lines: int) -> History:
    """Return invented lines, always the same: some share an incident, some have no known victim."""
    at = np.arange(lines)
    return History.from_arrays(
        person=at * 7919 % max(lines // 20, 1),
        day=at * 104_729 % 900,
        gravity=(at * 31 % 17) / 10,
        incident=at * 611_953 % max(lines // 2, 1),
        victim=at * 1_299_709 % 9 - 1,
    )


def _compiled_code() -> Answer:
    if is_off():
        return "warn", "none is kept, as compiling is off: unset NUMBA_DISABLE_JIT"
    kept = kernels.snapshot.kept()  # type: ignore[attr-defined]
    asked = os.environ.get("NUMBA_CACHE_DIR", "")
    if kept is None:
        return "warn", (
            "cannot be kept, so every start compiles again (some seconds): set NUMBA_CACHE_DIR to a folder "
            "you may write to"
        )
    if asked and not kept.is_relative_to(Path(asked).absolute()):
        return "warn", f"NUMBA_CACHE_DIR cannot be written, {kept} is used: name another folder there"
    return "ok", f"kept in {kept}"


def _parquet() -> Answer:
    table = Table({"person": Column.of("text", ["a", None, "b"]), "n": Column.of("int32", [1, 2, None])})
    with tempfile.TemporaryDirectory(prefix="rfgscore-") as folder:
        path = Path(folder) / "table.parquet"
        path.write_bytes(parquet_bytes(table))
        found = read_table(path, wanted=["person", "n"])
    back = [[found.columns[name].text(row) for row in range(3)] for name in ("person", "n")]
    if back != [["a", "", "b"], ["1", "2", ""]]:
        return "FAIL", "what is written is not what is read back: install duckdb again"
    return "ok", f"written and read back by duckdb {version('duckdb')}, without extensions"


def _time_zones() -> Answer:
    try:
        zone = zoneinfo.ZoneInfo("Europe/London")
    except (KeyError, OSError, ValueError):  # "not found" is a KeyError
        zone = None
    # Known by its summer time, which an empty or foreign file would not give.
    if zone and all(day.replace(tzinfo=zone).tzname() == name for day, name in _LONDON.items()):
        return "ok", "Europe/London is known"
    return "warn", "Europe/London is not known, which input.timezone needs: pip install tzdata"


def _folders() -> Answer:
    try:
        with tempfile.TemporaryDirectory(prefix="rfgscore-") as folder:
            write_folder(Path(folder) / "out", {"a.csv": b"a"})
    except OSError:
        return "FAIL", (
            "the folder for temporary files cannot be written: make room in it, or name another in TMPDIR"
        )
    if not os.access(Path(), os.W_OK):
        return "warn", "this folder cannot be written: give --out a folder that can"
    return "ok", "the folder for temporary files and this one can be written"


#: Every check of the machine, in the order in which they are shown.
CHECKS: dict[str, Callable[[], Answer]] = {
    "Python": _python,
    "packages": _packages,
    "extras": _extras,
    "gravity tables": _gravity_tables,
    "settings": _settings,
    "engine": _engine,
    "threads": _threads,
    "compiled code": _compiled_code,
    "Parquet": _parquet,
    "time zones": _time_zones,
    "folders": _folders,
}


def examine(config: str | None = None, offences: Sequence[str | os.PathLike[str]] = ()) -> Iterator[Finding]:
    """Run every check, and look at settings and offence files where they are given.

    Parameters
    ----------
    config : str, optional
        Settings to look at: a file or the name of a preset.
    offences : sequence of path
        Offence files to look at; their columns are those of `config`, where it is given.

    Yields
    ------
    Finding
        One a check, in the order of `CHECKS`, then settings, then files.

    Examples
    --------
    >>> [finding.state for finding in examine("illustrative-rfgv") if finding.name == "illustrative-rfgv"]
    ['ok']
    """
    for name, check in CHECKS.items():
        yield _found(name, check)
    settings: list[Config] = []
    if config is not None:
        yield _found(Path(config).name, lambda: _config(config, settings))
    for path in map(Path, offences):
        yield _found(path.name, lambda path=path: _offences(path, settings[0] if settings else None))  # type: ignore[misc]


def _found(name: str, check: Callable[[], Answer]) -> Finding:
    try:
        state, text = check()
    except RfgError as error:
        state, text = "FAIL", f"{error.code}: {error}"
    except Exception as error:
        # Kind and place only, as everywhere on the command line.
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        state = "FAIL"
        text = f"{type(error).__name__} at {place}: install rfgscore again; report it if that does not help"
    return Finding(name, state, "; ".join(line.strip() for line in text.splitlines()))


def _config(source: str, settings: list[Config]) -> Answer:
    settings.append(load_config(source))
    gravity = gravity_of(settings[0])
    return "ok", f"settings {settings[0].name}, gravity table {gravity.name} ({gravity.rows} codes)"


def _offences(path: Path, config: Config | None) -> Answer:
    mapped = config.input.columns if config else None
    needed = ["perpetrator_id", "event_date"]
    if config and config.score.components.victims is not None:
        needed.append("victim_id")
    options = {"encoding": config.input.encoding, "delimiter": config.input.delimiter} if config else {}
    limits = config.input.limits if config else Limits()
    table = read_table(
        path,
        wanted=mapped or OFFENCE_COLUMNS,
        needed=needed if config else (),
        zone=config.input.timezone if config else None,
        limits=Limits(limits.file_rows, limits.decompression_ratio),
        **options,
    )
    if config and not {"offence_code", "is_crime"} & set(table.columns):
        return "FAIL", "no column offence_code: map it under input.columns"
    if table.rows == 0:
        return "FAIL", "there are no rows below the header: extract it again"
    said = f"{table.rows} records, {len(table.columns)} columns found"
    if config and table.unread:
        said += f", not read: {', '.join(table.unread[:20])}"
    doubts = [text for _, text in table.warnings]
    if table.broken:
        first = min(table.broken)
        where = f"row {first + 1}" if table.line is None else f"row {first + 1}, line {table.line[first]}"
        doubts.append(f"{len(table.broken)} records cannot be taken apart, the first at {where}")
    said += "; rfgscore validate looks at dates, ids and codes"
    if config is None:
        doubts.append("give --config to check them against its mapping")
    return ("warn" if doubts else "ok"), "; ".join([said, *doubts])
