"""The templates of the packs: they escape every value that is not a drawing or a file of our own."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rfgscore.explain.bars import swatch
from rfgscore.explain.case import plural
from rfgscore.report.page.listing import people_many
from rfgscore.report.page.marks import key_mark
from rfgscore.report.page.words import route_words, routes_words

if TYPE_CHECKING:
    import jinja2

__all__ = ["rendered"]


def rendered(template: str, **values: Any) -> str:
    """Return a template filled in.

    Parameters
    ----------
    template : str
        Its name.
    **values : Any
        What stands in it; all text is escaped.

    Returns
    -------
    str
        The document.
    """
    return _environment().get_template(template).render(**values)


def _grouped(count: int) -> str:
    return f"{count:,}"


@cache
def _environment() -> jinja2.Environment:
    import jinja2
    from markupsafe import Markup

    found = jinja2.Environment(
        loader=jinja2.PackageLoader("rfgscore.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    found.filters["grouped"] = _grouped
    folder = files("rfgscore.report.page") / "templates"
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = (folder / "pack.js").read_text(encoding="utf-8")
    # The policy of a pack lets this one script run, by its hash, and nothing else.
    policy = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    found.globals |= {
        "drawing": Markup,
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
        "script_hash": f"sha256-{policy}",
        "swatch": swatch,
        "key_mark": key_mark,
        "plural": plural,
        "people_many": people_many,
        "route_words": route_words,
        "routes_words": routes_words,
    }
    return found
