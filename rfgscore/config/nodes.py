"""A configuration as a tree in which every value knows the file and line that set it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rfgscore.errors import ConfigError, ConfigProblem

__all__ = ["MAX_DEPTH", "Mark", "Node", "Path", "dotted", "from_data", "mark_at", "merge", "plain"]

Path = tuple[str | int, ...]

#: Nesting beyond this is refused; the deepest valid configuration has six levels.
MAX_DEPTH: Final = 50

#: Places where null is a setting of its own, not a way to remove one.
NULL_IS_A_VALUE: Final = frozenset({("gravity", "non_crime")})


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something was written.

    Parameters
    ----------
    file : str
        File as shown to the reader.
    line : int
        Line in it, from 1; 0 where there are no lines.
    """

    file: str
    line: int

    def problem(self, path: Path, text: str) -> ConfigProblem:
        """Return a problem that stands at this mark.

        Parameters
        ----------
        path : tuple of str or int
            Keys and list positions that lead to the value.
        text : str
            What is wrong.

        Returns
        -------
        ConfigProblem
            The problem.
        """
        return ConfigProblem(self.file, self.line, dotted(path), text)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the mark of its key.

    Parameters
    ----------
    value : dict, list, str, int, float, bool or None
        A map or list of nodes, or a plain value.
    mark : Mark
        Where its key, or the list item, stands.
    """

    value: dict[str, Node] | list[Node] | str | int | float | bool | None
    mark: Mark

    @property
    def children(self) -> dict[str, Node]:
        """The nodes of a map by key; none for anything else.

        Returns
        -------
        dict of str to Node
            The map itself, not a copy.
        """
        return self.value if isinstance(self.value, dict) else {}


def dotted(path: Path) -> str:
    """Return a path as text, such as ``score.components.recency.bands.2``.

    Parameters
    ----------
    path : tuple of str or int
        Keys and list positions.

    Returns
    -------
    str
        The steps joined by dots.
    """
    return ".".join(map(str, path))


def plain(node: Node) -> Any:
    """Return a tree as plain data, lists as tuples.

    Parameters
    ----------
    node : Node
        The tree.

    Returns
    -------
    dict, tuple, str, int, float, bool or None
        The data without marks.
    """
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return tuple(plain(child) for child in node.value)
    return node.value


def mark_at(node: Node, path: Path) -> Mark:
    """Return the mark of a path, or of the nearest place above it that was written.

    Parameters
    ----------
    node : Node
        The whole configuration.
    path : tuple of str or int
        Keys and list positions.

    Returns
    -------
    Mark
        File and line.
    """
    for step in path:
        below: Any = dict(enumerate(node.value)) if isinstance(node.value, list) else node.children
        child = below.get(step)
        if child is None:
            break
        node = child
    return node.mark


def merge(base: Node, over: Node, path: Path = ()) -> Node:
    """Lay one map over another: key by key, lists whole, null removes.

    Parameters
    ----------
    base : Node
        What is inherited; a map.
    over : Node
        What the nearer file says; a map.
    path : tuple of str or int
        Where the two maps stand.

    Returns
    -------
    Node
        A new map; each value keeps the mark of the file that set it.
    """
    merged = dict(base.children)
    for key, node in over.children.items():
        here = (*path, key)
        below = merged.get(key)
        if node.value is None and here not in NULL_IS_A_VALUE:
            merged.pop(key, None)
        elif isinstance(node.value, dict):
            inherited = Node(below.children if below else {}, node.mark)
            merged[key] = merge(inherited, node, here)
        else:
            merged[key] = node
    return Node(merged, over.mark)


def from_data(data: Mapping[Any, Any], file: str) -> tuple[Node, list[ConfigProblem]]:
    """Return plain Python data as a tree.

    Parameters
    ----------
    data : mapping
        Nested mappings, lists or tuples, text, numbers, booleans and None.
    file : str
        Name to show in messages.

    Returns
    -------
    tuple of Node and list of ConfigProblem
        The tree, and whatever in the data is no plain data.

    Raises
    ------
    ConfigError
        When the data is nested too deep.
    """
    mark = Mark(file, 0)
    problems: list[ConfigProblem] = []

    def _build(value: Any, path: Path) -> Node:
        if len(path) > MAX_DEPTH:
            problem = mark.problem(path[:3], f"nested more than {MAX_DEPTH} levels deep")
            raise ConfigError("the configuration cannot be read:", [problem])
        if isinstance(value, Mapping):
            children: dict[str, Node] = {}
            for key, child in value.items():
                if isinstance(key, str):
                    children[str(key)] = _build(child, (*path, str(key)))
                else:
                    problems.append(mark.problem((*path, repr(key)), "a key must be text"))
            return Node(children, mark)
        if isinstance(value, list | tuple):
            return Node([_build(child, (*path, at)) for at, child in enumerate(value)], mark)
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return Node(kind(value), mark)
        if value is not None:
            problems.append(mark.problem(path, f"must be plain data, not {type(value).__name__}"))
        return Node(None, mark)

    return _build(data, ()), problems
