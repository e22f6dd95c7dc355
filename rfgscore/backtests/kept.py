"""Finished landmarks kept on disk, so that a back-test that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from rfgscore.backtests.numbers import Found, Key, Listed, Number
from rfgscore.dates import iso
from rfgscore.errors import OutputError, WriteError

__all__ = ["Kept"]

_SCHEMA: Final = "backtest-kept/1"
#: What may be no number, which JSON cannot hold, stands with the arrays.
_FLOATS: Final = ("value", "lower", "upper")


class Kept:
    """A folder of finished landmarks: one JSON file and one file of arrays each.

    Every landmark is kept with a checksum and with the hash of all that defines the back-test. What is
    damaged, or was made under another definition, is done anew and never used.

    Parameters
    ----------
    folder : path or None
        The folder; None keeps nothing.
    defined_by : str
        Hash of all that defines the back-test.

    Raises
    ------
    OutputError
        When the folder is a file, or holds anything that no back-test left there.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, defined_by: str) -> None:
        self._folder = None if folder is None else Path(folder)
        self._defined_by = defined_by
        if self._folder is not None:
            self._refuse_foreign(self._folder)

    @staticmethod
    def _refuse_foreign(folder: Path) -> None:
        if not os.path.lexists(folder):
            return
        if folder.is_symlink() or not folder.is_dir():
            raise OutputError(f"resume {folder.name} is not a folder; name a new one")
        for entry in folder.iterdir():
            if not (entry.is_file() and entry.name.startswith("landmark-")):
                raise OutputError(
                    f"resume {folder.name} holds something else than finished landmarks of a back-test: name "
                    "a new folder, or move what was added to it"
                )

    def load(self, landmark: int) -> Found | None:
        """Return what a landmark gave, if it was finished under the same definition.

        Parameters
        ----------
        landmark : int
            Day looked at.

        Returns
        -------
        Found or None
            None where it is to be done: absent, damaged, or of another back-test.
        """
        if self._folder is None:
            return None
        try:
            text = self._path(landmark, "json").read_bytes()
            arrays = self._path(landmark, "npz").read_bytes()
            told = json.loads(text)
            sealed = {key: value for key, value in told.items() if key != "sha256"}
            if told["sha256"] != _seal(sealed) or told["arrays"] != hashlib.sha256(arrays).hexdigest():
                return None
            wanted = {"schema": _SCHEMA, "defined_by": self._defined_by, "landmark": iso(landmark)}
            if any(told[key] != value for key, value in wanted.items()):
                return None
            return _read(told, arrays)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, landmark: int, found: Found) -> None:
        """Keep what a landmark gave; a landmark is there in full or not at all.

        Parameters
        ----------
        landmark : int
            Day looked at.
        found : Found
            What it gave.

        Raises
        ------
        WriteError
            When it cannot be written.
        """
        if self._folder is None:
            return
        arrays, told = _written(found)
        told |= {
            "schema": _SCHEMA,
            "defined_by": self._defined_by,
            "landmark": iso(landmark),
            "arrays": hashlib.sha256(arrays).hexdigest(),
        }
        told["sha256"] = _seal(told)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # The JSON file comes last: without it the arrays count for nothing.
            self._put(self._path(landmark, "npz"), arrays)
            self._put(self._path(landmark, "json"), json.dumps(told, allow_nan=False).encode("utf-8"))
        except OSError as error:
            raise WriteError(
                f"{self._folder.name} cannot be written ({error.strerror}); landmarks done before are kept"
            ) from error

    def remove(self) -> None:
        """Remove the folder: the back-test is done."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, landmark: int, kind: str) -> Path:
        assert self._folder is not None  # noqa: S101 - asked by the callers
        return self._folder / f"landmark-{iso(landmark)}.{kind}"

    @staticmethod
    def _put(path: Path, data: bytes) -> None:
        new = path.with_name(f"{path.name}.new-{os.getpid()}")
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def _seal(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode("utf-8")).hexdigest()


def _written(found: Found) -> tuple[bytes, dict[str, Any]]:
    """Return the arrays as the bytes of an npz file, and the rest as plain data."""
    drawn, lists = list(found.drawn), list(found.lists)
    arrays: dict[str, Any] = {
        **{name: np.array([getattr(one, name) for one in found.numbers], np.float64) for name in _FLOATS},
        "drawn": np.array([found.drawn[key] for key in drawn], np.float64),
    }
    for at, name in enumerate(lists):
        arrays[f"person_{at}"], arrays[f"chance_{at}"] = found.lists[name]
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue(), {
        "numbers": [[*number.key, number.people, number.events] for number in found.numbers],
        "drawn": [list(key) for key in drawn],
        "lists": [list(name) for name in lists],
        "notes": found.notes,
    }


def _read(told: Mapping[str, Any], data: bytes) -> Found:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        floats = zip(*(arrays[name].tolist() for name in _FLOATS), strict=True)
        numbers = tuple(
            Number(Key(*row[:5]), value, row[5], row[6], lower, upper)
            for row, (value, lower, upper) in zip(told["numbers"], floats, strict=True)
        )
        drawn = {Key(*key): row for key, row in zip(told["drawn"], arrays["drawn"], strict=True)}
        lists = {
            (ranking, at): Listed(arrays[f"person_{place}"], arrays[f"chance_{place}"])
            for place, (ranking, at) in enumerate(told["lists"])
        }
    return Found(numbers, drawn, lists, told["notes"])
