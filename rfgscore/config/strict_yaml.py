"""YAML text to a marked tree, without the parts of YAML that surprise people.

There are no anchors, aliases, tags, merge keys or second documents, and a word without quotes is text
unless it is plainly null, a boolean or a decimal number: ``no``, ``012``, ``1:30`` and ``1900-01-01``
stay as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from rfgscore.config.nodes import MAX_DEPTH, Mark, Node, Path
from rfgscore.errors import ConfigError, ConfigProblem

__all__ = ["MAX_BYTES", "read_yaml", "resolve", "write_yaml"]

MAX_BYTES: Final = 1_000_000

_WORDS: Final[dict[str, bool | None]] = {"": None, "~": None, "null": None, "true": True, "false": False}
# No number of a configuration has more digits, and very long ones are slow to read.
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,40}(?:[eE][-+]?[0-9]{1,3})?")


def resolve(text: str) -> str | int | float | bool | None:
    """Return the value of a word written without quotes.

    Parameters
    ----------
    text : str
        The word.

    Returns
    -------
    str, int, float, bool or None
        Null, a boolean or a decimal number where it is plainly one, else the text itself.

    Examples
    --------
    >>> [resolve(word) for word in ("12", "0.5", "true", "~", "no", "012", "1900-01-01")]
    [12, 0.5, True, None, 'no', '012', '1900-01-01']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _events(text: str, file: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _no_yaml(file, line, "a character that no text file may hold") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _no_yaml(file, mark.line + 1 if mark else 1, str(error.problem)) from None
    except (ValueError, OverflowError):
        # PyYAML passes on what chr() says of an escape beyond Unicode.
        raise _no_yaml(file, 1, "an escape stands for no character") from None


def _no_yaml(file: str, line: int, reason: str) -> ConfigError:
    return _refusal(Mark(file, line), f"this is not YAML: {reason}")


def _refusal(mark: Mark, text: str, path: Path = ()) -> ConfigError:
    return ConfigError("the configuration cannot be read:", [mark.problem(path, text)])


class _Builder:
    """Builds the tree from parse events, so that nothing is resolved or expanded behind our back."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.events = _events(text, file)
        self.problems: list[ConfigProblem] = []

    def mark(self, event: Any) -> Mark:
        return Mark(self.file, event.start_mark.line + 1)

    def document(self) -> Node:
        next(self.events)  # the stream starts
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise _refusal(Mark(self.file, 1), "the file is empty")
        first = next(self.events)
        root = self.node(first, self.mark(first), ())
        next(self.events)  # the document ends
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _refusal(self.mark(after), "a second document starts here; a configuration is one document")
        return root

    def node(self, event: Any, mark: Mark, path: Path) -> Node:
        if len(path) > MAX_DEPTH:
            raise _refusal(self.mark(event), f"nested more than {MAX_DEPTH} levels deep", path[:3])
        if isinstance(event, yaml.AliasEvent):
            self.report(event, path, f"aliases (*{event.anchor}) are not read; write the value out")
            return Node(None, mark)
        if event.anchor is not None:
            self.report(event, path, f"anchors (&{event.anchor}) are not read; remove it")
        if event.tag is not None:
            self.report(event, path, f"tags ({event.tag}) are not read; remove it")
        if isinstance(event, yaml.MappingStartEvent):
            return Node(self.mapping(path), mark)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
                items.append(self.node(item, self.mark(item), (*path, len(items))))
            return Node(items, mark)
        return Node(event.value if event.style else resolve(event.value), mark)

    def mapping(self, path: Path) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, self.mark(event), (*path, "?")).value
            here = (*path, key if isinstance(key, str) else getattr(event, "value", "?"))
            value = self.node(next(self.events), self.mark(event), here)
            if key == "<<" and not event.style:
                self.report(event, here, "merge keys (<<) are not read; use extends")
            elif not isinstance(key, str):
                quoted = f'; put it in quotes: "{event.value}"' if isinstance(event, yaml.ScalarEvent) else ""
                self.report(event, here, f"a key must be text{quoted}")
            elif key in found:
                self.report(event, here, f"this key already stands in line {found[key].mark.line}; keep one")
            else:
                found[key] = value
        return found

    def report(self, event: Any, path: Path, text: str) -> None:
        self.problems.append(self.mark(event).problem(path, text))


def read_yaml(content: bytes, file: str) -> tuple[Node, list[ConfigProblem]]:
    """Read the bytes of a YAML file.

    Parameters
    ----------
    content : bytes
        What the file holds; UTF-8, with or without a byte-order mark.
    file : str
        Name to show in messages.

    Returns
    -------
    tuple of Node and list of ConfigProblem
        The tree, and what in the file is not allowed.

    Raises
    ------
    ConfigError
        When there is no tree: not UTF-8, too large, empty, no YAML, too deep, or several documents.
    """
    if len(content) > MAX_BYTES:
        raise _refusal(Mark(file, 1), "the file is larger than 1 MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(Mark(file, line), "the file is not UTF-8; save it as UTF-8") from None
    builder = _Builder(text, file)
    try:
        root = builder.document()
    except ConfigError as error:
        raise ConfigError("the configuration cannot be read:", [*builder.problems, *error.problems]) from None
    return root, builder.problems


class _Dumper(yaml.SafeDumper):
    """Quotes every text that `resolve` would read as something else."""


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, None if resolve(value) == value else '"')


_Dumper.add_representer(str, _text)


def write_yaml(data: dict[str, Any]) -> str:
    """Return plain data as YAML text that `read_yaml` reads back unchanged.

    Parameters
    ----------
    data : dict
        Nested dicts, lists, text, numbers, booleans and None.

    Returns
    -------
    str
        The text, keys in the order of the data.
    """
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
