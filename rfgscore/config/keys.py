"""Which keys a file may have where, and which belong to features that are still to be built."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from rfgscore.config.model import Config
from rfgscore.config.nodes import Node, Path, dotted
from rfgscore.errors import ConfigProblem, nearest

__all__ = ["NOT_BUILT", "NOT_BUILT_TEXT", "config_schema", "known_keys"]

#: Keys of the contract whose features are not built yet.
NOT_BUILT: Final = frozenset(
    {
        "output.small_number",
        "output.victim_lists",
    }
)

NOT_BUILT_TEXT: Final = "belongs to a feature that is not built yet; remove it"


@cache
def _shape() -> dict[str, Any]:
    schema = Config.model_json_schema(by_alias=True)
    name, *rest = [key for key in schema["properties"] if key != "schema"]
    extends = {"type": "string", "description": "A shipped preset, or a path relative to this file."}
    order = {"schema": schema["properties"]["schema"], name: schema["properties"][name], "extends": extends}
    schema["properties"] = {**order, **{key: schema["properties"][key] for key in rest}}
    return schema


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file.

    A file that extends another may leave out what it inherits, so only list items name keys they need;
    the whole is checked on loading.

    Returns
    -------
    dict
        JSON Schema, keys named as in the file.
    """
    shape = copy.deepcopy(_shape())
    for name, body in shape["$defs"].items():
        if not name.endswith("Band"):
            body.pop("required", None)
    whole_or_part: list[dict[str, Any]] = [{"required": ["extends"]}, {"required": ["gravity", "score"]}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **shape,
        "title": "rfgscore configuration",
        "description": "One deployment; null removes an inherited key.",
        "required": ["schema"],
        "anyOf": whole_or_part,
    }


def known_keys(root: Node) -> tuple[Node, list[ConfigProblem]]:
    """Return a file's tree without the keys that have no place in it.

    Parameters
    ----------
    root : Node
        One file, before it is merged with others.

    Returns
    -------
    tuple of Node and list of ConfigProblem
        The tree of known keys, and one problem for each other key.
    """
    problems: list[ConfigProblem] = []

    def _walk(node: Node, schema: dict[str, Any], path: Path) -> Node:
        if isinstance(node.value, list):
            items: dict[str, Any] = next(
                (found["items"] for found in _meanings(schema) if "items" in found), {}
            )
            return Node([_walk(item, items, (*path, at)) for at, item in enumerate(node.value)], node.mark)
        shape = next((found for found in _meanings(schema) if found.get("type") == "object"), None)
        if not isinstance(node.value, dict) or shape is None:
            return node
        properties = shape.get("properties", {})
        names = properties or dict.fromkeys(shape.get("propertyNames", {}).get("enum", ()))
        kept: dict[str, Node] = {}
        for key, child in node.value.items():
            here = (*path, key)
            if dotted(here) in NOT_BUILT:
                problems.append(child.mark.problem(here, NOT_BUILT_TEXT))
            elif names and key not in names:
                built = [name for name in names if dotted((*path, name)) not in NOT_BUILT]
                problems.append(child.mark.problem(here, _unknown(key, built)))
            else:
                kept[key] = _walk(child, properties.get(key) or shape.get("additionalProperties") or {}, here)
        return Node(kept, node.mark)

    return _walk(root, _shape(), ()), problems


def _meanings(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema, or each of its alternatives, with references followed."""
    if "$ref" in schema:
        schema = _shape()["$defs"][schema["$ref"].rpartition("/")[2]]
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if not alternatives:
        yield schema
    for alternative in alternatives or ():
        yield from _meanings(alternative)


def _unknown(key: str, names: Iterable[str]) -> str:
    near = nearest(key, names)
    return f"unknown key; did you mean {near!r}?" if near else f"unknown key; valid here: {', '.join(names)}"
