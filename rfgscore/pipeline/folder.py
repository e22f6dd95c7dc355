"""An output folder that is whole or not there: nothing half-written, nothing lost."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rfgscore.errors import OutputError, WriteError

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "check_out",
    "keep_apart",
    "put_in_place",
    "sweep",
    "temporary",
    "write_folder",
]

#: Stands in every output set, written last.
MANIFEST = "manifest.json"
#: Schema of an output set, named in its manifest.
SCHEMA = "run/1"


def _old(out: Path) -> Path:
    return out.parent / f".{out.name}.rfgscore-old"


def temporary(out: Path) -> Path:
    """Return where this process makes a folder before it is moved into place.

    Parameters
    ----------
    out : Path
        Where it is to stand.

    Returns
    -------
    Path
        A folder beside `out`, which `sweep` takes away once this process is gone.
    """
    return out.parent / f".{out.name}.rfgscore-new-{os.getpid()}"


def _is_ours(folder: Path, schema: str) -> bool:
    """Say whether a folder holds a set of files of our own and nothing else: only that may be replaced."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        named = {MANIFEST, *manifest["outputs"]}
        return manifest["schema"] == schema and all(entry.name in named for entry in folder.iterdir())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def check_out(out: Path, *, replace: bool, schema: str = SCHEMA) -> None:
    """Refuse an output folder that is in use, and put back what an interrupted replacement moved aside.

    Parameters
    ----------
    out : Path
        Folder to write to.
    replace : bool
        Whether an earlier output set there may be replaced.
    schema : str
        What its manifest must say for that.

    Raises
    ------
    OutputError
        When `out` is a file, or holds something and `replace` is off, or holds anything but an output
        set.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link
    if not out.name:
        raise OutputError("--out is the top of a disk; name a folder in it")
    old = _old(out)
    if old.is_dir() and (not os.path.lexists(out) or (out.is_dir() and not any(out.iterdir()))):
        with contextlib.suppress(FileNotFoundError):
            out.rmdir()
        old.rename(out)
    if not os.path.lexists(out):
        return
    if not out.is_dir() or out.is_symlink():
        raise OutputError(f"--out {out.name} is not a folder; name a new one")
    if not any(out.iterdir()):
        return
    if not replace:
        raise OutputError(f"--out {out.name} is not empty: name another folder, or use --replace")
    if not _is_ours(out, schema):
        raise OutputError(
            f"--out {out.name} holds something else than an output set, so it is not replaced: move what was "
            "added to it, or name another folder"
        )


def keep_apart(out: Path, previous: Path) -> None:
    """Refuse to write over, or into, the run that this one goes on from.

    Parameters
    ----------
    out : Path
        Folder to write to.
    previous : Path
        Folder of the previous run.

    Raises
    ------
    OutputError
        When `out` is that folder, or lies in it.
    """
    target, before = Path(os.path.realpath(out)), Path(os.path.realpath(previous))
    if target == before or before in target.parents:
        raise OutputError(
            f"--out {out.name} is the folder of the previous run, or lies in it: name another, since without "
            "the previous run this one cannot be made once more"
        )


def write_folder(
    out: str | os.PathLike[str],
    files: Mapping[str, bytes],
    *,
    replace: bool = False,
    schema: str = SCHEMA,
) -> Path:
    """Write a set of files as one folder, all of them or none.

    The files go to a temporary folder beside `out`, each flushed to disk, the last of `files` last;
    then the folder is moved into place.

    Parameters
    ----------
    out : path
        Folder to write: absent, empty, or with `replace` an earlier output set.
    files : mapping of str to bytes
        Content by name.
    replace : bool
        Whether an earlier output set there may be replaced.
    schema : str
        What its manifest must say for that.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        When `out` is in use.
    WriteError
        When the files cannot be written; what stood at `out` is untouched.
    """
    target = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link
    new = temporary(target)
    try:
        check_out(target, replace=replace, schema=schema)
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target)
        new.mkdir()
        for name, data in files.items():
            with (new / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        _sync(new)
        check_out(target, replace=replace, schema=schema)  # another process may have been quicker
        put_in_place(new, target)
    except OSError as error:
        raise WriteError(
            f"{target.name} cannot be written ({error.strerror}); what stood there before is untouched"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return target


def put_in_place(new: Path, target: Path) -> None:
    """Move a finished folder to where an earlier one may stand, which is kept until the new one is there.

    Parameters
    ----------
    new : Path
        The finished folder, beside `target`.
    target : Path
        Where it is to stand: absent, empty, or an earlier folder that may be replaced.

    Raises
    ------
    OSError
        When the system refuses; what stood at `target` is there again.
    """
    if not target.exists() or not any(target.iterdir()):
        with contextlib.suppress(FileNotFoundError):
            target.rmdir()
        new.rename(target)
        _sync(target.parent)
        return
    old = _old(target)
    _discard(old, target)  # left by a run killed after its last step
    target.rename(old)
    try:
        new.rename(target)
    except BaseException:  # a signal, too, must not leave the place empty
        old.rename(target)
        raise
    _sync(target.parent)
    _discard(old, target)


def _discard(old: Path, target: Path) -> None:
    """Remove a folder under another name: half of one must never stand under the name that is put back."""
    aside = temporary(target).with_name(f"{temporary(target).name}-old")
    shutil.rmtree(aside, ignore_errors=True)
    with contextlib.suppress(OSError):  # a whole folder that stays is none the worse
        old.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some systems cannot open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(target: Path) -> None:
    """Remove temporary folders of processes that were killed.

    Parameters
    ----------
    target : Path
        Folder that they were to become, or to make room for.
    """
    prefix = f".{target.name}.rfgscore-new-"
    for stale in target.parent.glob(f"{glob.escape(prefix)}*"):
        pid, sign, rest = stale.name[len(prefix) :].partition("-")
        if pid.isdigit() and sign + rest in ("", "-old") and not _alive(int(pid)):
            shutil.rmtree(stale, ignore_errors=True)


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return False
    if sys.platform == "win32":  # there the question itself would interrupt the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
