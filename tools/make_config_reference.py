"""Write ``docs/config-reference.md`` from the schema of the settings and ``rfgscore/config/descriptions.csv``.

Run from the top folder: ``python tools/make_config_reference.py``. A test compares the page with what this
would write, and asks for a meaning of every key.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rfgscore.config import PRESETS, config_schema
from rfgscore.config.keys import NOT_BUILT

HERE = Path(__file__).parent.parent
PAGE = HERE / "docs" / "config-reference.md"
DESCRIPTIONS = HERE / "rfgscore" / "config" / "descriptions.csv"

#: How the kind of a section begins: a map whose keys the schema names.
SECTION = "map of the keys below"

INTRO = """# Settings, key by key

<!-- Written by tools/make_config_reference.py; change rfgscore/config/descriptions.csv or the models instead. -->

One YAML file describes a deployment. `schema`, and either `extends` or both `gravity` and `score`, are needed; everything else has
a default. Unknown keys are refused, and so is every value of another kind than told here, all of them at once with file and
line (`rfgscore config check FILE`).

- Under `extends` maps merge key by key, lists are replaced whole, and `null` removes a key that is inherited.
- Relative paths start at the file that says them.
- `rfgscore config show FILE` prints what a file comes to, every default filled in; `rfgscore config schema` prints the JSON Schema,
  for an editor that completes keys.
- The presets to extend are {presets}. All their bands and weights are illustrative.
"""
NOT_YET = """## Not built yet

These keys belong to features that this version does not have. They are refused by name, never ignored.

{keys}
"""


@dataclass(frozen=True)
class Key:
    """One key of a settings file: its dotted path and its schema. `*` stands for items of a list or map."""

    path: str
    schema: dict[str, Any]

    @property
    def default(self) -> str | None:
        """The default as YAML would take it; None where there is none."""
        return shown(self.schema["default"]) if "default" in self.schema else None


def shown(value: Any) -> str:
    """Return a value on one line, as JSON, which is YAML too; plain words without quotes."""
    plain = (
        isinstance(value, str) and value.replace("_", "").replace("-", "").isalnum() and not value.isdigit()
    )
    return value if plain else json.dumps(value, ensure_ascii=False)


def alternatives(schema: dict[str, Any], defs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a value may be, references followed, null left out."""
    if "$ref" in schema:
        schema = {
            **defs[schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    options = schema.get("anyOf") or schema.get("oneOf") or [schema]
    if options == [schema]:
        return options
    return [
        found for option in options if option.get("type") != "null" for found in alternatives(option, defs)
    ]


def keys(
    schema: dict[str, Any], defs: dict[str, Any], path: str = "", inherited: Any = None
) -> Iterator[Key]:
    """Yield every key below a schema, parents first; a default given for a whole map reaches its keys."""
    for name, child in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        given = dict(child)
        if isinstance(inherited, dict) and name in inherited:
            given["default"] = inherited[name]
        yield Key(here, given)
        for option in alternatives(child, defs):
            if "properties" in option:
                yield from keys(option, defs, here, given.get("default"))
            elif "properties" in (item := following(option, defs)):
                yield from keys(item, defs, f"{here}.*")


def following(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the items of a list or the values of a map, empty for anything else."""
    inner = schema.get("items") or schema.get("additionalProperties")
    return alternatives(inner, defs)[0] if isinstance(inner, dict) else {}


def kind(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    """Say in words what a value may be."""
    words = [one_kind(option, defs) for option in alternatives(schema, defs)]
    if any(option.get("type") == "null" for option in schema.get("anyOf", ())):
        words.insert(0, "`null`")
    return ", or ".join(dict.fromkeys(words))


def one_kind(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    if "const" in schema:
        return f"`{shown(schema['const'])}`"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{shown(word)}`" for word in schema["enum"])
    match schema.get("type"):
        case "integer" | "number" as what:
            return {"integer": "whole number", "number": "number"}[what] + span(schema)
        case "array":
            return f"list of {plural(following(schema, defs), defs)}"
        case "object" if "properties" in schema:
            return SECTION
        case "object":
            held = plural(following(schema, defs), defs)
            named = schema.get("propertyNames", {}).get("enum", ())
            of = f"; its keys are {', '.join(f'`{name}`' for name in named)}" if named else ""
            return f"map to {held}{of}"
    return {"string": "text", "boolean": "`true` or `false`"}[schema["type"]]


def plural(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    """Say what a list or map holds."""
    if "properties" in schema:
        return "maps of the keys below"
    words = one_kind(schema, defs)
    if words.startswith(("whole number", "number")):
        return words.replace("number", "numbers", 1)
    return words.replace("one of", "any of", 1) if words.startswith("one of") else "texts"


def span(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < 10**9:
        return f" from {low} to {high}"
    return "" if low is None or low < 0 else f" of {low} or more"


@dataclass(frozen=True)
class Told:
    """What people wrote about a key: its meaning, a default that the schema cannot tell, an example."""

    meaning: str
    default: str
    example: str


def descriptions() -> dict[str, Told]:
    """Return what is told of each key."""
    with DESCRIPTIONS.open(encoding="utf-8", newline="") as file:
        return {row.pop("key"): Told(**row) for row in csv.DictReader(file)}


def all_keys() -> tuple[list[Key], dict[str, Any]]:
    """Return every key of the schema, and the definitions its schemas refer to."""
    schema = config_schema()
    return list(keys(schema, schema["$defs"])), schema["$defs"]


def page() -> str:
    """Return the page: the sections in the order of the schema, each with the keys that are its own."""
    found, defs = all_keys()
    told = descriptions()
    sections = ["", *(key.path for key in found if kind(key.schema, defs).startswith(SECTION))]
    parts = [INTRO.format(presets=", ".join(f"`{name}`" for name in PRESETS))]
    for section in sections:
        if section:
            parts.append(f"##{'#' * section.count('.')} {section}\n\n{told[section].meaning}\n")
        parts += [
            entry(key, defs, told[key.path])
            for key in found
            if key.path not in sections
            and section == max((at for at in sections if at == "" or key.path.startswith(f"{at}.")), key=len)
        ]
    listed = "\n".join(f"- `{name}`" for name in sorted(NOT_BUILT))
    return "\n".join([*parts, NOT_YET.format(keys=listed)])


def entry(key: Key, defs: dict[str, Any], told: Told) -> str:
    """Return one key as an item of a definition list."""
    default = told.default or (f"`{key.default}`" if key.default is not None else "")
    return "\n".join(
        [
            f"`{key.path}`",
            f": {told.meaning}",
            "",
            f"  *Value:* {kind(key.schema, defs)}. " + (f"*Default:* {default}." if default else "*Needed.*"),
            "",
            f"  *Example:* `{told.example}`",
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
