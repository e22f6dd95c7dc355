"""What the models find wrong, said in plain words and at the line that says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rfgscore.config.nodes import Path, dotted
from rfgscore.config.strict_yaml import resolve
from rfgscore.errors import nearest

__all__ = ["in_plain_words"]

#: Where the general wording would hide half of what is allowed.
_AT: Final = {
    "gravity.unmapped": "must be set_aside, stop or a number of 0 or more",
    "cohort.custody": "must be show or a map such as {exclude_if_held_days: 90}",
    "input.delimiter": 'must be one of "," ";" "|" or a tab, written "\\t"',
}
_SAID: Final = {
    "missing": "is needed",
    "finite_number": "must be a finite number",
    "too_short": "at least one is needed",
    "tuple_type": "must be a list, such as [first, second]",
    "model_type": "must be a map of keys",
    "dict_type": "must be a map of keys",
}
_FORMAT: Final = 'must be a date format such as "%d/%m/%Y", or a map of them'


def in_plain_words(error: ValidationError, data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield where and what is wrong, for every finding of the models.

    Parameters
    ----------
    error : pydantic.ValidationError
        What the models found.
    data : dict
        The data they looked at.

    Yields
    ------
    tuple of path and str
        Where, and what is wrong.
    """
    for detail in error.errors(include_url=False):
        path = _path(detail, data)
        yield path, _text(detail, dotted(path))


def _path(detail: ErrorDetails, data: Any) -> Path:
    """Return the keys of a location without the names of alternatives between them."""
    path: Path = ()
    for step in detail["loc"]:
        known = step in data if isinstance(data, dict) else isinstance(data, tuple) and isinstance(step, int)
        if known:
            data, path = data[step], (*path, step)
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else path


def _text(detail: ErrorDetails, path: str) -> str:
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            return _one_of(value, context["expected"], path)
        case "string_type" if path.endswith("date_format"):
            return _FORMAT
        case "string_type":
            return "must be text; put it in quotes" if isinstance(value, int | float) else "must be text"
        case "int_type":
            return "must be a whole number" + _unquoted(value)
        case "float_type":
            return "must be a number" + _unquoted(value)
        case "greater_than_equal":
            return f"must be {int(context['ge'])} or more"
        case "less_than_equal":
            return f"must be {int(context['le'])} or less"
        case "value_error":
            return str(context["error"])
        case other:
            return _SAID.get(other, "is not allowed here")


def _one_of(value: Any, expected: str, path: str) -> str:
    if path in _AT:
        return _AT[path]
    words = re.findall(r"'([^']*)'", expected)
    near = nearest(value, words) if isinstance(value, str) else None
    allowed = f"must be one of {', '.join(words)}" if len(words) > 1 else f"must be {words[0]}"
    return f"{allowed}; did you mean {near!r}?" if near and len(words) > 1 else allowed


def _unquoted(value: Any) -> str:
    number = isinstance(value, str) and not isinstance(resolve(value), str)
    return ", without quotes" if number else ""
