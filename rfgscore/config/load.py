"""From a file, a preset or a mapping to a checked configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from rfgscore.config.keys import known_keys
from rfgscore.config.model import Config
from rfgscore.config.nodes import Node, from_data, mark_at, merge, plain
from rfgscore.config.rules import broken_rules, with_resolved_defaults
from rfgscore.config.strict_yaml import MAX_BYTES, read_yaml
from rfgscore.config.words import in_plain_words
from rfgscore.errors import ConfigError, ConfigProblem, nearest

__all__ = ["PRESETS", "SCHEMA", "load_config", "preset"]

SCHEMA: Final = "rfgscore/1"

#: Names of the shipped presets.
PRESETS: Final[tuple[str, ...]] = ("illustrative-rfgv", "illustrative-rfh", "harm-sum-365", "quintile-rfg")

_FOLDER = Path(__file__).with_name("presets")


@dataclass(frozen=True)
class _File:
    """A file to read, and the name it has in messages."""

    path: Path
    shown: str

    def read(self) -> tuple[Node, list[ConfigProblem]]:
        try:
            with self.path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        except FileNotFoundError:
            if "\n" in self.shown:
                raise ConfigError(
                    "this is the text of settings and no file: write it to one, or give yaml.safe_load(text)"
                ) from None
            raise ConfigError(f"there is no configuration file {self.shown}; check the path") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name is no file name"
            raise ConfigError(f"configuration file {self.shown} cannot be read: {reason}") from None
        return read_yaml(content, self.shown)


def load_config(source: str | os.PathLike[str] | Mapping[str, Any]) -> Config:
    """Read, merge and check a configuration.

    Parameters
    ----------
    source : str, path or mapping
        A YAML file; the name of a shipped preset (text without a path separator and without ``.yaml``
        or ``.yml``); or the same keys as plain data, where relative paths start at the working folder.

    Returns
    -------
    Config
        The checked configuration with every default filled in.

    Raises
    ------
    ConfigError
        When anything is wrong; `problems` lists everything that is, with file and line.

    Examples
    --------
    >>> config = load_config({
    ...     "schema": "rfgscore/1", "name": "north", "extends": "illustrative-rfgv",
    ...     "cohort": {"capacity": 20}})
    >>> config.cohort.reserve, config.max_score
    (20, 100)
    >>> load_config({"schema": "rfgscore/1", "extends": "illustrative-rfgv", "chort": {}})
    Traceback (most recent call last):
    rfgscore.errors.ConfigError: the configuration cannot be used; 1 problem:
      <mapping>:0: chort: unknown key; did you mean 'cohort'?
    """
    if isinstance(source, Mapping):
        return _checked(*_chain(None, *from_data(source, "<mapping>")))
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"a path, a preset or a mapping is needed, not {type(source).__name__}")
    file = _locate(source, Path())
    return _checked(*_chain(file, *file.read()))


def preset(name: str) -> Config:
    """Return a shipped preset.

    Parameters
    ----------
    name : str
        One of `PRESETS`.

    Returns
    -------
    Config
        The preset with every default filled in.

    Raises
    ------
    ConfigError
        When there is no preset of that name.

    Examples
    --------
    >>> preset("illustrative-rfgv").max_score
    100
    """
    file = _shipped(name)
    return _checked(*_chain(file, *file.read()))


def _shipped(name: str) -> _File:
    if name not in PRESETS:
        near = nearest(name, PRESETS)
        hint = f"; did you mean {near!r}?" if near else ";"
        raise ConfigError(
            f"there is no preset {name!r}{hint} shipped are: {', '.join(PRESETS)}; a file is named with its "
            "folder, such as ./north, or ends in .yaml"
        )
    return _File(_FOLDER / f"{name}.yaml", f"<preset {name}>")


def _locate(source: str | os.PathLike[str], folder: Path) -> _File:
    bare = isinstance(source, str) and not set(source) & {"/", "\\"}
    if isinstance(source, str) and bare and not source.casefold().endswith((".yaml", ".yml")):
        return _shipped(source)
    path = folder / source
    return _File(path, str(path))


def _failure(problems: Iterable[ConfigProblem]) -> ConfigError:
    ordered = sorted(set(problems), key=lambda found: (found.file, found.line, found.path, found.text))
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    return ConfigError(f"the configuration cannot be used; {count}:", ordered)


def _chain(
    file: _File | None, root: Node, problems: list[ConfigProblem]
) -> tuple[Node, dict[str, Path], list[ConfigProblem]]:
    """Follow `extends` to its end; return the merged tree, the folder of each file, and the problems."""
    problems = list(problems)
    layers: list[Node] = []
    folders: dict[str, Path] = {}
    files: list[_File] = []
    while True:
        folder = file.path.parent if file else Path()
        folders[root.mark.file] = folder
        files += [file] if file else []
        if not isinstance(root.value, dict):
            text = f"must be a map of keys, such as schema: {SCHEMA}"
            raise _failure([*problems, root.mark.problem((), text)])
        root, unknown = known_keys(root)
        extends = root.children.pop("extends", None)
        problems += [*unknown, *_schema_problems(root, top=not layers)]
        layers.append(root)
        if extends is None or extends.value is None:
            break
        try:
            if not isinstance(extends.value, str):
                raise ConfigError("must be the name of a shipped preset, or a path")
            file = _locate(extends.value, folder)
            root, found = file.read()
            if any(file.path.samefile(earlier.path) for earlier in files):
                raise ConfigError(f"extends runs in a circle: {file.shown} comes round again")
        except ConfigError as error:
            here = [extends.mark.problem(("extends",), error.message)]
            raise _failure([*problems, *(error.problems or here)]) from None
        problems += found
    merged = Node({}, layers[-1].mark)
    for layer in reversed(layers):
        merged = merge(merged, layer)
    return merged, folders, problems


def _schema_problems(root: Node, top: bool) -> list[ConfigProblem]:
    """Every file that names its schema names this one; the file asked for must."""
    node = root.children.get("schema")
    if node is None or node.value is None:
        return [root.mark.problem(("schema",), "is needed")] if top else []
    return [] if node.value == SCHEMA else [node.mark.problem(("schema",), f"must be {SCHEMA}")]


def _checked(root: Node, folders: Mapping[str, Path], problems: list[ConfigProblem]) -> Config:
    data = with_resolved_defaults(plain(root))
    findings = list(broken_rules(data))
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        findings += in_plain_words(error, data)
    problems = problems + [mark_at(root, path).problem(path, text) for path, text in findings]
    if problems:
        raise _failure(problems)
    if config.gravity.table.casefold().endswith(".csv"):
        folder = folders[mark_at(root, ("gravity", "table")).file]
        config._gravity_path = (folder / config.gravity.table).absolute()
    if config.escalation.model is not None:
        folder = folders[mark_at(root, ("escalation", "model")).file]
        config._model_path = (folder / config.escalation.model).absolute()
    return config
