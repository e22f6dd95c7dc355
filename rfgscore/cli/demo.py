"""``rfgscore demo``: an invented force, ranked, in one folder."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rfgscore.cli.show import counted, not_listed
from rfgscore.config import load_config
from rfgscore.errors import NobodyEligibleError, OutputError, WriteError
from rfgscore.pipeline.folder import MANIFEST, SCHEMA, check_out, put_in_place, sweep, temporary
from rfgscore.pipeline.force import FORCE_SCHEMA, write_force
from rfgscore.pipeline.run import Run, run
from rfgscore.synth import make_force

__all__ = ["PERSONS", "STEPS", "Demo", "check_demo", "is_compiled", "make_demo", "said"]

#: Perpetrators of the force, unless somebody says how many.
PERSONS = 5000
#: What comes before the steps of the run.
STEPS = ("making a force",)

#: Tables beside the offences that the run is given.
_SIDES = ("subjects", "custody", "referrals", "links", "orders", "decisions", "removals")
#: Settings of the invented force.
_NAME = "synthetic-force"
#: Settings of the sample, whose run alone was the demo of the first versions.
_FIRST_NAME = "rfgscore-demo"


class Demo(NamedTuple):
    """A demo that was made.

    Parameters
    ----------
    found : Run
        What the run found.
    folder : pathlib.Path
        Holds ``force`` and ``run``.
    as_of : str
        Day looked at.
    persons : int
        Perpetrators of the force.
    """

    found: Run
    folder: Path
    as_of: str
    persons: int


def check_demo(out: Path) -> None:
    """Refuse a folder that holds anything but an earlier demo.

    Parameters
    ----------
    out : pathlib.Path
        Folder to write to.

    Raises
    ------
    OutputError
        When it does, or is the folder that the command is called in, which cannot be moved away.
    """
    target = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link
    if target.is_dir() and target.samefile(Path.cwd()):
        raise OutputError(
            f"--out {out.name or target.name} is the folder you are in, which cannot be replaced: name a "
            "folder in it, or another"
        )
    if _is_demo(target):
        return
    try:
        check_out(target, replace=False)
    except OutputError:
        if _is_demo(target):  # an interrupted replacement was put back
            return
        if not target.is_dir() or not target.name or target.is_symlink():
            raise
        raise OutputError(
            f"--out {target.name} is not empty and holds something else than an earlier demo, so it is not "
            "replaced: name another folder, or move what is in it"
        ) from None


def make_demo(out: Path, persons: int, seed: int, tell: Callable[[str], None]) -> Demo:
    """Make a force, rank it, and put both into a folder, whole or not at all.

    Parameters
    ----------
    out : pathlib.Path
        Folder: absent, empty or an earlier demo.
    persons, seed : int
        Size of the force, and what it is drawn from; the same two give the same bytes.
    tell : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Demo
        What was made.

    Raises
    ------
    OutputError
        When `out` holds anything else.
    WriteError
        When it cannot be written; what stood there before is untouched.
    """
    check_demo(out)
    tell(STEPS[0])
    force = make_force(persons=persons, seed=seed)
    target = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link
    new = temporary(target)
    try:
        sweep(target)
        files = write_force(force, new / "force")
        as_of = force.as_of.isoformat()
        found = _ranked(files, as_of, tell)
        tell("writing")
        found.write(new / "run")
        check_demo(target)  # another process may have been quicker
        put_in_place(new, target)
    except OSError as error:
        # What writes either part says so in an error of its own, made of the system's.
        cause = error.__cause__ if isinstance(error, WriteError) else error
        raise WriteError(
            f"{target.name} cannot be written ({getattr(cause, 'strerror', None) or type(cause).__name__}); "
            "what stood there before is untouched"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Demo(found, out, as_of, persons)


def _ranked(files: Path, as_of: str, tell: Callable[[str], None]) -> Run:
    """Rank a force as the ordinary command does; of a force of two or three nobody may be left."""
    given: dict[str, Any] = {name: files / f"{name}.csv" for name in ("offences", *_SIDES)}
    given |= {"config": load_config(files / "config.yaml"), "as_of": as_of, "tell": tell}
    try:
        return run(**given)
    except NobodyEligibleError:
        return run(**given, allow_empty=True)


def said(demo: Demo) -> Iterator[str]:
    """Yield what a newcomer should see, line by line.

    Parameters
    ----------
    demo : Demo
        What was made.

    Yields
    ------
    str
        A line.
    """
    manifest = demo.found.manifest
    rows, people = manifest["rows"], manifest["people"]
    lists = (demo.found.cohort, demo.found.monitoring)
    status = Counter(word for held in lists for word in held["status"])
    yield f"An invented police force with {demo.persons:,} perpetrators, looked at on {demo.as_of}."
    yield "Nobody in it is real, and the points are illustrative: they are no force's real table."
    yield ""
    yield (
        f"{rows['in']:,} rows in = {rows['used']:,} used + {rows['set_aside']:,} set aside, each with its "
        f"reason, + {rows['not_yet_known']:,} not yet known."
    )
    yield from textwrap.wrap(
        f"{people['scored']:,} people scored, {people['eligible']:,} ranked, {people['excluded']:,} not "
        f"eligible; {people['considered']} considered: {counted(status) or 'nobody'}. People decide.",
        100,
    )
    for line in not_listed(manifest["run"]["cycle"]):
        yield from textwrap.wrap(line, 100)
    yield ""
    names = ("position", "rank", "tied_with", "perpetrator_id", "status", "summary")
    listed = [row for held in lists for row in zip(*(held[name] for name in names), strict=True)]
    listed = sorted(row for row in listed if row[0] is not None)  # others came by another route than rank
    yield f"The first {min(10, len(listed))} by position:" if listed else "Nobody is ranked."
    for position, rank, tied, person, word, summary in listed[:10]:
        shared = f", shared by {tied + 1}" if tied else ""
        yield f"{position:>3}. {person} (rank {rank}{shared}; {word})"
        yield from textwrap.wrap(summary, 100, initial_indent=" " * 5, subsequent_indent=" " * 5)
    yield ""
    yield f"The files the force handed in, and the planted truth: {demo.folder / 'force'}"
    yield f"The list, its reasons and every row set aside:        {demo.folder / 'run'}"
    yield ""
    yield "The same list by the ordinary command:"
    yield f"  {_command(demo)}"
    if listed:
        yield "Why the first person stands first:"
        yield f"  {shlex.join([_program(), 'explain', str(demo.folder / 'run'), listed[0][3]])}"


def is_compiled() -> bool:
    """Say whether the kernels' machine code is on disk from an earlier start, or none is needed.

    Returns
    -------
    bool
        False where the first run must compile.
    """
    from rfgscore.jit import is_off
    from rfgscore.windows import kernels

    return is_off() or kernels.snapshot.is_kept()  # type: ignore[attr-defined]


def _command(demo: Demo) -> str:
    force = demo.folder / "force"
    again = demo.folder.parent / f"{demo.folder.name}-again"
    words: list[object] = [_program(), "run", "--config", force / "config.yaml"]
    words += ["--offences", force / "offences.csv", "--as-of", demo.as_of]
    for name in _SIDES:
        words += [f"--{name}", force / f"{name}.csv"]
    if demo.found.manifest["run"]["allow_empty"]:
        words.append("--allow-empty")
    return shlex.join(map(str, [*words, "--out", again]))


def _program() -> str:
    """Return what this program is called by: its name, or its place where a terminal would not find it."""
    started = Path(sys.argv[0])
    if started.stem != "rfgscore":  # called from Python
        return "rfgscore"
    on_path = shutil.which("rfgscore")
    if on_path is not None and Path(on_path).resolve() == started.resolve():
        return "rfgscore"
    return str(started.resolve())


def _is_demo(out: Path) -> bool:
    """Say whether a folder holds a demo of whatever version and nothing else, which a new one may replace."""
    if out.is_symlink():
        return False
    first = _held(out)
    if first is not None:
        return _is_run(first, _FIRST_NAME)
    try:
        parts = {entry.name for entry in out.iterdir()}
    except OSError:
        return False
    run_of, force = _held(out / "run"), _held(out / "force")
    return (
        parts == {"run", "force"}
        and run_of is not None
        and _is_run(run_of, _NAME)
        and force is not None
        and force["schema"] == FORCE_SCHEMA
    )


def _is_run(manifest: dict[str, Any], name: str) -> bool:
    config = manifest.get("config")
    return manifest["schema"] == SCHEMA and isinstance(config, dict) and config.get("name") == name


def _held(folder: Path) -> dict[str, Any] | None:
    """Return a folder's manifest, if it names everything that stands there."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        named = {MANIFEST, *manifest["outputs"]}
        ours = isinstance(manifest["schema"], str) and all(entry.name in named for entry in folder.iterdir())
        return manifest if ours else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
