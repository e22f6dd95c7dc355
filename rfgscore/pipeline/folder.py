"""An output folder that is whole or not there: nothing half-written, nothing lost."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from rfgscore.errors import OutputError, WriteError

__all__ = ["check_out", "write_folder"]

#: Stands in every output set; a folder without it is not ours to replace.
MANIFEST = "manifest.json"


def _old(out: Path) -> Path:
    return out.with_name(f".{out.name}.rfgscore-old")


def _new(out: Path) -> Path:
    return out.with_name(f".{out.name}.rfgscore-new-{os.getpid()}")


def check_out(out: Path, *, replace: bool) -> None:
    """Refuse an output folder that is in use, and mend what an interrupted replacement left.

    Parameters
    ----------
    out : Path
        Folder to write to.
    replace : bool
        Whether an earlier output set there may be replaced.

    Raises
    ------
    OutputError
        When `out` is a file, or holds something and `replace` is off, or holds something that is no
        output set.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link
    old = _old(out)
    if old.is_dir():
        if out.exists():
            shutil.rmtree(old)
        else:
            old.rename(out)
    if not os.path.lexists(out):
        return
    if not out.is_dir() or out.is_symlink():
        raise OutputError(f"--out {out.name} is not a folder; name a new one")
    if not any(out.iterdir()):
        return
    if not replace:
        raise OutputError(f"--out {out.name} is not empty: name another folder, or use --replace")
    if not (out / MANIFEST).is_file():
        raise OutputError(
            f"--out {out.name} holds no output set ({MANIFEST} is missing), so it is not replaced: "
            "name another folder"
        )


def write_folder(out: str | os.PathLike[str], files: Mapping[str, bytes], *, replace: bool = False) -> Path:
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
    check_out(target, replace=replace)
    new, old = _new(target), _old(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        new.mkdir()
        for name, data in files.items():
            with (new / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        _sync(new)
        check_out(target, replace=replace)  # another process may have been quicker
        if target.is_dir() and any(target.iterdir()):
            target.rename(old)
            try:
                new.rename(target)
            except OSError:
                old.rename(target)
                raise
        else:
            with contextlib.suppress(FileNotFoundError):
                target.rmdir()
            new.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise WriteError(
            f"{target.name} cannot be written ({error.strerror}); what stood there before is untouched"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
    return target


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some systems cannot open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(target: Path) -> None:
    """Remove temporary folders of runs that were killed."""
    prefix = f".{target.name}.rfgscore-new-"
    for stale in target.parent.glob(f"{glob.escape(prefix)}*"):
        pid = stale.name[len(prefix) :]
        if pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(stale, ignore_errors=True)


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
