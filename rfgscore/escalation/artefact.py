"""A fitted model as a file: one JSON text with a checksum, read without running code.

What is in it: the caller's own document, and of each predictor its kind, its columns, the longest time, the
recalibration, and its arrays. Those hold coefficients, means of columns, hazards and probabilities by day,
edges of groups and of periods, and the thresholds and leaves of trees. A threshold lies at or between values
of one column. No row of a training person, no id and no date of a person is in them.

The text is canonical: keys sorted, no blanks, ASCII, the shortest digits that give back the same number. So a
model has one file, and any other byte in it shows.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt

from rfgscore.errors import InputNotFoundError, ModelFileError, OutputError, WriteError
from rfgscore.escalation.predictor import KINDS, Predictor

__all__ = ["LARGEST", "LONGEST", "SCHEMA", "SIZE", "load_model", "save_model"]

SCHEMA: Final = "model/1"
#: Most bytes of a file; a model has a few hundred thousand.
SIZE: Final = 32 * 2**20
#: Largest number an array may hold: what is worked out from it stays within float64.
LARGEST: Final = 1e100
#: Most days a predictor may reach: a century.
LONGEST: Final = 36_525

#: What other files begin with.
_MAGICS: Final = {
    b"\x80": "a pickle, which could run code and is never opened",
    b"PK": "a zip or npz archive",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "compressed with gzip",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
}
#: Of each kind its arrays: dtype, and the length of each axis, where a word is a length given or met first.
_FORMS: Final[Mapping[str, Mapping[str, tuple[str, tuple[str | int, ...]]]]] = {
    "cox": {
        "coefficient": ("float64", ("columns",)),
        "mean": ("float64", ("columns",)),
        "baseline": ("float64", ("days",)),
    },
    "weibull": {
        "coefficient": ("float64", ("columns",)),
        "intercept": ("float64", (1,)),
        "log_rho": ("float64", (1,)),
        "mean": ("float64", ("columns",)),
    },
    "curve": {"edges": ("float64", ("cuts",)), "risk": ("float64", ("groups", "days"))},
    "trees": {
        "feature": ("int64", ("nodes",)),
        "threshold": ("float64", ("nodes",)),
        "left": ("int64", ("nodes",)),
        "right": ("int64", ("nodes",)),
        "value": ("float64", ("nodes",)),
        "offsets": ("int64", ("trees",)),
        "baseline": ("float64", (1,)),
        "edges": ("int64", ("edges",)),
        "mean": ("float64", ("columns",)),
    },
}


class _FaultError(ValueError):
    """What is wrong with a file; the caller adds its name and the way out."""


def save_model(
    path: str | Path,
    document: Mapping[str, Any],
    predictors: Mapping[str, Predictor],
    *,
    replace: bool = False,
) -> Path:
    """Write a model file, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file, by custom ``.json``. Its folder must exist.
    document : mapping
        Plain data to keep with the model: text, numbers, lists and mappings with text as keys.
    predictors : mapping of str to Predictor
        What was learnt, by name.
    replace : bool
        Whether a file already there may be replaced.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OutputError
        When the file is there already and `replace` is not set.
    ModelFileError
        When the document is not plain data, or a predictor could not be read back.
    WriteError
        When the file cannot be written; what stood there is untouched.
    """
    path = Path(path)
    if not _plain(document):
        raise ModelFileError(
            "the model cannot be kept in a file: its document must be text, numbers, lists and mappings with "
            "text as keys. Turn everything else into those"
        )
    try:
        body = {
            "document": document,
            "predictors": {name: _told(what) for name, what in predictors.items()},
            "schema": SCHEMA,
        }
        text = _canonical({**body, "sha256": _sum(body)})
        _taken_apart(text)  # so that what is written can be read
    except ValueError as error:
        raise ModelFileError(
            f"the model cannot be kept in a file: {error}. Give plain data without NaN, and fit it once more"
        ) from error
    if not replace and os.path.lexists(path):
        raise OutputError(f"{path.name} is there already: name another file, or ask for it to be replaced")
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        with new.open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise WriteError(
            f"the model file {path.name} cannot be written ({error.strerror}); what stood there is untouched"
        ) from error
    return path


def load_model(path: str | Path) -> tuple[dict[str, Any], dict[str, Predictor]]:
    """Read a model file; nothing in it is run.

    Parameters
    ----------
    path : path-like
        A file that `save_model` wrote.

    Returns
    -------
    tuple of (dict, dict of str to Predictor)
        The document and the predictors by name; they predict what the saved ones did, to the bit.

    Raises
    ------
    InputNotFoundError
        When there is no such file.
    ModelFileError
        When it is no model file, is damaged or was changed, or is of another version.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise _FaultError("this is no file")
        with path.open("rb") as file:
            text = file.read(SIZE + 1)
        return _taken_apart(text)
    except FileNotFoundError as error:
        raise InputNotFoundError(f"there is no model file {path.name}: save a model first") from error
    except OSError as error:
        raise ModelFileError(
            f"the model file {path.name} cannot be read ({error.strerror}): see who may read it"
        ) from error
    except _FaultError as fault:
        raise ModelFileError(
            f"{path.name} is no model file that can be used: {fault}. Take a fresh copy, "
            "or save the model again"
        ) from None


def _plain(held: Any) -> bool:
    if isinstance(held, Mapping):
        return all(isinstance(name, str) and _plain(value) for name, value in held.items())
    if isinstance(held, list | tuple):
        return all(map(_plain, held))
    return held is None or isinstance(held, str | int | float)


def _canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _sum(body: Mapping[str, Any]) -> str:
    return sha256(_canonical(body)).hexdigest()


def _told(what: Predictor) -> dict[str, Any]:
    return {
        "kind": what.kind,
        "columns": list(what.columns),
        "longest": int(what.longest),
        "recalibration": None
        if what.recalibration is None
        else [float(number) for number in what.recalibration],
        "competing": None if what.competing is None else _listed(what.competing),
        "arrays": {name: _listed(values) for name, values in what.arrays.items()},
    }


def _listed(values: npt.NDArray[Any]) -> dict[str, Any]:
    return {"dtype": values.dtype.name, "shape": list(values.shape), "values": values.ravel().tolist()}


def _taken_apart(text: bytes) -> tuple[dict[str, Any], dict[str, Predictor]]:
    for magic, what in _MAGICS.items():
        if text.startswith(magic):
            raise _FaultError(f"it is {what}")
    if len(text) > SIZE:
        raise _FaultError(f"it has more than {SIZE} bytes")
    if not text.startswith(b"{"):
        raise _FaultError("it does not begin as JSON")
    try:
        whole = json.loads(text.decode("ascii"), object_pairs_hook=_once, parse_constant=_no_number)
    except _FaultError:
        raise
    except (ValueError, RecursionError):
        raise _FaultError("it is no whole JSON text") from None
    if whole.get("schema") != SCHEMA:
        shown = whole.get("schema")
        known = isinstance(shown, str) and re.fullmatch(r"model/\d{1,4}", shown)
        raise _FaultError(f"its schema is {shown if known else 'missing'}, and this version reads {SCHEMA}")
    _keys(whole, ("document", "predictors", "schema", "sha256"), "the file")
    try:
        body = {name: held for name, held in whole.items() if name != "sha256"}
        same = whole["sha256"] == _sum(body) and _canonical(whole) == text
    except (ValueError, RecursionError):  # a number too large for a float became infinite
        same = False
    if not same:
        raise _FaultError("its bytes are not those that were saved (the checksum differs)")
    if not isinstance(whole["document"], dict) or not isinstance(whole["predictors"], dict):
        raise _FaultError("its document or its predictors are not named values")
    return whole["document"], {name: _predictor(held) for name, held in whole["predictors"].items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _FaultError("it holds a key twice")
    return made


def _no_number(_: str) -> NoReturn:
    raise _FaultError("it holds NaN or an infinite number")


def _keys(held: Any, names: tuple[str, ...], where: str) -> None:
    if not isinstance(held, dict) or sorted(held) != sorted(names):
        raise _FaultError(f"{where} must hold {', '.join(names)} and nothing else")


def _predictor(held: Any) -> Predictor:
    _keys(held, ("arrays", "columns", "competing", "kind", "longest", "recalibration"), "a predictor")
    kind, columns, longest, moved = (held[name] for name in ("kind", "columns", "longest", "recalibration"))
    if not isinstance(kind, str) or kind not in _FORMS or kind not in KINDS:
        raise _FaultError(f"it holds a kind of model that is not one of {', '.join(_FORMS)}")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise _FaultError("the columns must be a list of names")
    if len(set(columns)) < len(columns):
        raise _FaultError("a column is named twice")
    if type(longest) is not int or not 1 <= longest <= LONGEST:
        raise _FaultError(f"the longest time must be 1 to {LONGEST} days")
    if moved is not None and not (
        isinstance(moved, list) and len(moved) == 2 and all(type(number) is float for number in moved)
    ):
        raise _FaultError("a recalibration must be an intercept and a slope")
    if moved is not None and not (abs(moved[0]) < 100 and 0 < moved[1] < 100):
        raise _FaultError("a recalibration must have a slope above 0, and moderate numbers")
    form = _FORMS[kind]
    _keys(held["arrays"], tuple(form), f"the arrays of {kind}")
    lengths: dict[str | int, int] = {"columns": len(columns), "days": longest + 1}
    arrays = {name: _array(held["arrays"][name], name, *form[name], lengths) for name in form}
    competing = held["competing"]
    if competing is not None:
        competing = _array(competing, "competing", "float64", ("days",), lengths)
        _rising(competing, "competing")
    _CHECKS[kind](arrays, len(columns), longest)
    return Predictor(
        kind, tuple(columns), arrays, longest, competing, None if moved is None else tuple(moved)
    )


def _array(
    held: Any, name: str, dtype: str, axes: tuple[str | int, ...], lengths: dict[str | int, int]
) -> npt.NDArray[Any]:
    _keys(held, ("dtype", "shape", "values"), f"the array {name}")
    shape, values = held["shape"], held["values"]
    if held["dtype"] != dtype:
        raise _FaultError(f"the array {name} must be of {dtype}")
    if not isinstance(values, list) or not isinstance(shape, list) or len(shape) != len(axes):
        raise _FaultError(f"the array {name} must have {len(axes)} axes and a list of values")
    size = 1
    for axis, length in zip(axes, shape, strict=True):
        wanted = axis if isinstance(axis, int) else lengths.setdefault(axis, length)
        if type(length) is not int or length < 0 or length != wanted:
            raise _FaultError(
                f"the array {name} is not as long as its columns, its days or its neighbours ask"
            )
        size *= length
    kind = float if dtype == "float64" else int
    if len(values) != size or any(type(value) is not kind for value in values):
        raise _FaultError(f"the array {name} must hold as many {dtype} values as its shape tells")
    try:
        made = np.array(values, dtype).reshape(shape)
    except OverflowError:
        raise _FaultError(f"the array {name} holds a number beyond {dtype}") from None
    if dtype == "float64" and (np.abs(made) > LARGEST).any():
        raise _FaultError(f"the array {name} holds a number too large to predict with")
    made.flags.writeable = False
    return made


def _rising(values: npt.NDArray[Any], name: str) -> None:
    """Refuse what is no cumulative hazard or probability along its last axis."""
    if (values < 0).any() or (np.diff(values) < 0).any():
        raise _FaultError(f"{name} must begin at 0 or above and never fall")


def _check_cox(arrays: Mapping[str, npt.NDArray[Any]], columns: int, longest: int) -> None:
    _rising(arrays["baseline"], "baseline")


def _check_weibull(arrays: Mapping[str, npt.NDArray[Any]], columns: int, longest: int) -> None:
    """Refuse a shape under which a power of the longest time leaves float64."""
    log_rho = float(arrays["log_rho"][0])
    if abs(log_rho) > 100 or math.exp(log_rho) * math.log(longest) > 390:
        raise _FaultError("log_rho is no shape to predict with")


def _check_curve(arrays: Mapping[str, npt.NDArray[Any]], columns: int, longest: int) -> None:
    edges, risk = arrays["edges"], arrays["risk"]
    if columns > 1 or (columns == 0 and len(edges)) or len(risk) != len(edges) + 1:
        raise _FaultError("curves must be one more than the edges between them, of one column at most")
    if (np.diff(edges) <= 0).any():
        raise _FaultError("the edges of groups must ascend")
    _rising(risk, "risk")
    if (risk > 1).any():
        raise _FaultError("a risk is above 1")


def _check_trees(arrays: Mapping[str, npt.NDArray[Any]], columns: int, longest: int) -> None:
    """Refuse what is not a row of trees, each node of which is reached once, from one before it."""
    edges, offsets, feature = arrays["edges"], arrays["offsets"], arrays["feature"]
    if len(edges) < 2 or edges[0] != 0 or edges[-1] != longest or (np.diff(edges) <= 0).any():
        raise _FaultError("the edges of periods must ascend from 0 to the longest time")
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(feature) or (np.diff(offsets) <= 0).any():
        raise _FaultError("the offsets of trees must ascend from 0 to the number of nodes")
    if ((feature < -1) | (feature > columns)).any():
        raise _FaultError("a tree asks for a column that is not there")
    leaf = feature < 0
    if (arrays["left"][leaf] != -1).any() or (arrays["right"][leaf] != -1).any():
        raise _FaultError("a leaf of a tree has children")
    inner = np.flatnonzero(~leaf)
    end = offsets[np.searchsorted(offsets, inner, side="right")]
    children = np.concatenate([arrays["left"][inner], arrays["right"][inner]])
    parents, ends = np.tile(inner, 2), np.tile(end, 2)
    others = np.setdiff1d(np.arange(len(feature)), offsets[:-1])
    if ((children <= parents) | (children >= ends)).any() or not np.array_equal(np.sort(children), others):
        raise _FaultError("the nodes of a tree do not make a tree")


_CHECKS: Final[Mapping[str, Callable[[Mapping[str, npt.NDArray[Any]], int, int], None]]] = {
    "cox": _check_cox,
    "weibull": _check_weibull,
    "curve": _check_curve,
    "trees": _check_trees,
}
