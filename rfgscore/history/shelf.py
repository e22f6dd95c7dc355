"""A folder of arrays that is replaced whole: plain ``.npy`` files, and one file that says what they are.

::

    path/store.json              what the shelf holds: counts, and size, dtype and SHA-256 of each file
    path/data-0123456789abcdef/  the arrays, named by what is in them

New arrays go to a folder of their own; then ``store.json`` is put in the place of the old one, in a single
step of the file system. A process killed at any moment leaves the old shelf or the new one. Who has the
old arrays mapped keeps them: their files lose their names, not their bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.errors import DataError, FormatError, InputNotFoundError, OutputError, RfgError, WriteError

__all__ = ["INDEX", "SCHEMA", "Shelf", "put", "read"]

#: Says what a shelf holds; written last.
INDEX = "store.json"
#: Schema of a shelf, named in it.
SCHEMA = "store/1"

_DATA = "data-"
_NEW = ".new-"
_AGAIN = "restore it from a copy, or create it anew from the rows"
#: How often a shelf is read once more when it was replaced while it was read.
_TRIES = 20


@dataclass(frozen=True, eq=False, repr=False)
class Shelf:
    """Arrays as they stand in a folder.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        Read-only, mapped from the files.
    facts : mapping of str to object
        What else the shelf says of them.
    data : str
        Name of the folder of the arrays, which follows from their bytes.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    facts: Mapping[str, Any]
    data: str


def read(path: Path, *, verify: bool = False) -> Shelf:
    """Map the arrays of a shelf.

    Parameters
    ----------
    path : Path
        The folder.
    verify : bool
        Whether to read every byte and compare its SHA-256; otherwise names, sizes and dtypes are.

    Returns
    -------
    Shelf
        The arrays of one moment, also while another process replaces them.

    Raises
    ------
    InputNotFoundError
        When there is no such folder.
    FormatError
        When it is no shelf, or a file of it is missing, damaged or not of it.
    """
    for left in reversed(range(_TRIES)):
        index = _index(path)
        try:
            return _read(path, index, verify)
        except FormatError:
            # Replaced meanwhile: then it is not damaged, and the new one is to be read.
            if not left or _index(path) == index:
                raise
    raise AssertionError  # pragma: no cover - the last try returns or raises


def _index(path: Path) -> bytes:
    try:
        return (path / INDEX).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_dir():
            raise FormatError(
                f"{path.name} is not a store: it has no {INDEX}; name the folder of one"
            ) from None
        raise InputNotFoundError(
            f"there is no store {path.name}: name the folder of one, or create it"
        ) from None
    except OSError as error:
        raise DataError(f"the store {path.name} cannot be read ({error.strerror})") from error


def _read(path: Path, index: bytes, verify: bool) -> Shelf:
    told = _told(path, index)
    files: dict[str, Any] = told["files"]
    data = path / told["data"]
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, spec in files.items():
        try:
            arrays[name.removesuffix(".npy")] = _mapped(data / name, spec, verify)
        except (OSError, ValueError, EOFError) as error:
            why = getattr(error, "strerror", None) or "its bytes are not those that were written"
            raise FormatError(f"{name} of the store {path.name} cannot be used ({why}): {_AGAIN}") from None
    try:
        strange = [entry.name for entry in path.iterdir() if not _is_ours(entry.name)]
        strange += [entry.name for entry in data.iterdir() if entry.name not in files]
    except OSError as error:
        raise FormatError(f"the store {path.name} cannot be read ({error.strerror}): {_AGAIN}") from None
    if strange:
        raise FormatError(
            f"the store {path.name} holds {min(strange)}, which is not of it: move it elsewhere"
        )
    return Shelf(arrays, told["facts"], told["data"])


def _is_ours(name: str) -> bool:
    return name == INDEX or name.startswith((_DATA, _NEW))


def _told(path: Path, index: bytes) -> dict[str, Any]:
    """Return what an index says, where it says everything needed and its data are named for it."""
    try:
        told: dict[str, Any] = json.loads(index)
        schema = told["schema"]
        whole = (
            told["data"] == _named(told["facts"], told["files"])
            and isinstance(told["facts"], dict)
            and all(Path(name).name == name for name in told["files"])
            and all({"bytes", "dtype", "rows", "sha256"} == set(spec) for spec in told["files"].values())
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FormatError(f"{INDEX} of the store {path.name} is damaged: {_AGAIN}") from None
    if schema != SCHEMA:
        raise FormatError(
            f"{path.name} is a store of another kind ({INDEX} does not say {SCHEMA}): "
            "use the version it was made with, or create it anew from the rows"
        )
    if not whole:
        raise FormatError(f"{INDEX} of the store {path.name} is damaged: {_AGAIN}")
    return told


def _mapped(file: Path, spec: Mapping[str, Any], verify: bool) -> npt.NDArray[Any]:
    if file.stat().st_size != spec["bytes"]:
        raise ValueError
    if verify:
        with file.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != spec["sha256"]:
                raise ValueError
    array: npt.NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    if array.dtype.str != spec["dtype"] or array.shape != (spec["rows"],):
        raise ValueError
    return array.view(np.ndarray)


def _named(facts: Mapping[str, Any], files: Mapping[str, Any]) -> str:
    return _DATA + hashlib.sha256(_json([facts, files])).hexdigest()[:16]


def _json(told: Any) -> bytes:
    return (json.dumps(told, sort_keys=True, indent=1) + "\n").encode()


def put(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any], instead_of: str | None
) -> None:
    """Write arrays as a shelf, all of them or none.

    Parameters
    ----------
    path : Path
        The folder.
    arrays : mapping of str to numpy.ndarray
        One-dimensional arrays by name, none of objects.
    facts : mapping of str to object
        What else to say of them, as JSON.
    instead_of : str or None
        The `Shelf.data` that gives way; None where there must be nothing at `path`.

    Raises
    ------
    OutputError
        When there must be nothing at `path`, and something is.
    WriteError
        When the files cannot be written, or another process writes or has replaced the shelf; what
        stood at `path` is untouched.
    """
    try:
        if instead_of is None:
            _claim(path)
        with _locked(path):
            if instead_of is None:
                _claim(path)  # another process may have been quicker
            elif _told(path, _index(path))["data"] != instead_of:
                raise WriteError(f"the store {path.name} was replaced by another process: append once more")
            _sweep(path)
            try:
                _replace(path, arrays, facts)
            finally:
                _sweep(path)
    except OSError as error:
        if isinstance(error, RfgError):
            raise
        raise WriteError(
            f"the store {path.name} cannot be written ({error.strerror}); what it held before is untouched"
        ) from error
    finally:
        if instead_of is None:
            with contextlib.suppress(OSError):  # it stays where anything is in it
                path.rmdir()


def _replace(path: Path, arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> None:
    made = path / f"{_NEW}{os.getpid()}"
    (made / "data").mkdir(parents=True)
    files = {f"{name}.npy": _write(made / "data" / f"{name}.npy", arrays[name]) for name in arrays}
    data = _named(facts, files)
    _flush(made / INDEX, [_json({"schema": SCHEMA, "data": data, "facts": facts, "files": files})])
    _sync(made / "data")
    if not (path / data).exists():  # else it stands there already, and the index names it
        (made / "data").rename(path / data)
        (made / INDEX).replace(path / INDEX)
        _sync(path)


def _claim(path: Path) -> None:
    """Make the folder of a new shelf, or take one in which a killed process began to."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(parents=True)
    if not path.is_dir() or any(not entry.name.startswith((_DATA, _NEW)) for entry in path.iterdir()):
        raise OutputError(f"{path.name} is there already: name another folder, or open that store and append")


def _write(file: Path, array: npt.NDArray[Any]) -> dict[str, Any]:
    head = io.BytesIO()
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
    digest, size = _flush(file, [head.getvalue(), array.view(np.uint8).data])
    return {"bytes": size, "dtype": array.dtype.str, "rows": len(array), "sha256": digest}


def _flush(file: Path, parts: list[Any]) -> tuple[str, int]:
    """Write a file through to the disk; return its SHA-256 and size."""
    digest = hashlib.sha256()
    with file.open("xb") as opened:
        for part in parts:
            digest.update(part)
            opened.write(part)
        opened.flush()
        os.fsync(opened.fileno())
        return digest.hexdigest(), opened.tell()


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some systems cannot open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(path: Path) -> None:
    """Take away what the index does not name: data that gave way, and what was not finished."""
    used = _told(path, _index(path))["data"] if (path / INDEX).exists() else ""
    for entry in path.iterdir():
        if entry.name.startswith((_DATA, _NEW)) and entry.name != used:
            shutil.rmtree(entry, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes from replacing a shelf; the lock ends with the process that has it."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - where folders cannot be locked
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WriteError(f"the store {path.name} is being written by another: try again later") from None
        yield
    finally:
        os.close(handle)
