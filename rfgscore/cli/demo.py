"""``rfgscore demo``: an invented force, ranked, in one folder."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rfgscore.config import load_config
from rfgscore.errors import OutputError, WriteError
from rfgscore.pipeline.folder import MANIFEST, SCHEMA, check_out
from rfgscore.pipeline.force import FORCE_SCHEMA, write_force
from rfgscore.pipeline.run import Run, run
from rfgscore.synth import make_force

__all__ = ["PERSONS", "STEPS", "Demo", "check_demo", "is_compiled", "make_demo", "said"]

#: Perpetrators of the force, unless somebody says how many.
PERSONS = 5000
#: What comes before the steps of the run.
STEPS = ("making a force",)

#: Tables beside the offences that the run is given.
_SIDES = ("subjects", "custody", "links", "removals")
#: Settings of the invented force, and of the sample that demos of the first versions ranked.
_NAMES = ("synthetic-force", "rfgscore-demo")


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
        When it does.
    """
    if _is_demo(out):
        return
    try:
        check_out(out, replace=False)
    except OutputError:
        if _is_demo(out):  # an interrupted replacement was put back
            return
        if not out.is_dir() or not out.name or out.is_symlink():
            raise
        raise OutputError(
            f"--out {out.name} is not empty and holds something else than an earlier demo, so it is not "
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
    new = target.parent / f".{target.name}.rfgscore-new-{os.getpid()}"
    try:
        files = write_force(force, new / "force")
        as_of = force.as_of.isoformat()
        sides: dict[str, Any] = {name: files / f"{name}.csv" for name in _SIDES}
        found = run(
            config=load_config(files / "config.yaml"),
            offences=files / "offences.csv",
            as_of=as_of,
            tell=tell,
            **sides,
        )
        tell("writing")
        found.write(new / "run")
        check_demo(target)  # another process may have been quicker
        _put_in_place(new, target)
    except OSError as error:
        raise WriteError(
            f"{target.name} cannot be written ({error.strerror}); what stood there before is untouched"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Demo(found, out, as_of, persons)


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
    cohort = demo.found.cohort
    status = cohort["status"]
    yield f"An invented police force with {demo.persons:,} perpetrators, looked at on {demo.as_of}."
    yield "Nobody in it is real, and the points are illustrative: they are no force's real table."
    yield ""
    yield (
        f"{rows['in']:,} rows in = {rows['used']:,} used + {rows['set_aside']:,} set aside, each with its "
        f"reason, + {rows['not_yet_known']:,} not yet known."
    )
    yield (
        f"{people['scored']:,} people scored, {people['eligible']:,} ranked, {people['excluded']:,} not "
        f"eligible; {status.count('proposed')} proposed, {status.count('reserve')} in reserve. People decide."
    )
    yield ""
    yield f"The first {min(10, len(cohort))}:"
    names = ("position", "rank", "tied_with", "perpetrator_id", "summary")
    listed = list(zip(*(cohort[name] for name in names), strict=True))
    for position, rank, tied, person, summary in listed[:10]:
        shared = f", shared by {tied + 1}" if tied else ""
        yield f"{position:>3}. {person} (rank {rank}{shared})"
        yield from textwrap.wrap(summary, 100, initial_indent=" " * 5, subsequent_indent=" " * 5)
    yield ""
    yield f"The files the force handed in, and the planted truth: {demo.folder / 'force'}"
    yield f"The list, its reasons and every row set aside:        {demo.folder / 'run'}"
    yield ""
    yield "The same list by the ordinary command:"
    yield f"  {_command(demo)}"
    if listed:
        yield "Why the first person stands first:"
        yield f"  rfgscore explain {shlex.quote(str(demo.folder / 'run'))} {shlex.quote(listed[0][3])}"


def is_compiled() -> bool:
    """Say whether the kernels' machine code is on disk from an earlier start, or none is needed.

    Returns
    -------
    bool
        False where the first run must compile.
    """
    from rfgscore.windows import kernels

    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return True
    kept = kernels.snapshot.ready().stats.cache_path  # type: ignore[attr-defined]
    return kept is not None and any(Path(kept).glob("kernels.snapshot-*.nbi"))


def _command(demo: Demo) -> str:
    force = demo.folder / "force"
    again = demo.folder.parent / f"{demo.folder.name}-again"
    words: list[object] = ["rfgscore", "run", "--config", force / "config.yaml"]
    words += ["--offences", force / "offences.csv", "--as-of", demo.as_of]
    for name in _SIDES:
        words += [f"--{name}", force / f"{name}.csv"]
    return shlex.join(map(str, [*words, "--out", again]))


def _is_demo(out: Path) -> bool:
    """Say whether a folder holds a demo of whatever version and nothing else, which a new one may replace."""
    if out.is_symlink():
        return False
    run_of = _held(out)
    if run_of is not None:
        return _is_run(run_of)
    try:
        parts = {entry.name for entry in out.iterdir()}
    except OSError:
        return False
    run_of, force = _held(out / "run"), _held(out / "force")
    return (
        parts == {"run", "force"}
        and run_of is not None
        and _is_run(run_of)
        and force is not None
        and force["schema"] == FORCE_SCHEMA
    )


def _is_run(manifest: dict[str, Any]) -> bool:
    config = manifest.get("config")
    return manifest["schema"] == SCHEMA and isinstance(config, dict) and config.get("name") in _NAMES


def _held(folder: Path) -> dict[str, Any] | None:
    """Return a folder's manifest, if it names everything that stands there."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        named = {MANIFEST, *manifest["outputs"]}
        ours = isinstance(manifest["schema"], str) and all(entry.name in named for entry in folder.iterdir())
        return manifest if ours else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _put_in_place(new: Path, target: Path) -> None:
    """Move a new demo to where an earlier one may stand, which is kept until the new one is there."""
    if not target.is_dir() or not any(target.iterdir()):
        if target.is_dir():
            target.rmdir()
        new.rename(target)
        return
    old = target.parent / f".{target.name}.rfgscore-old"  # a start that finds only this puts it back
    shutil.rmtree(old, ignore_errors=True)
    target.rename(old)
    try:
        new.rename(target)
    except BaseException:  # a signal, too, must not leave the place empty
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
