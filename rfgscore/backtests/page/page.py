"""A whole page from numbers and design."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rfgscore.backtests.page.account import in_short, landmark_days, tried_section
from rfgscore.backtests.page.capture import capture_section
from rfgscore.backtests.page.design import design_section
from rfgscore.backtests.page.places import groups_section, landmarks_section, sham_section
from rfgscore.backtests.page.quality import (
    brier_section,
    calibration_section,
    decision_section,
    discrimination_section,
)
from rfgscore.backtests.page.reading import Numbers
from rfgscore.tables import Table

if TYPE_CHECKING:
    import jinja2

__all__ = ["page_bytes"]


def page_bytes(numbers: Table, design: dict[str, Any], marking: str, name: str) -> bytes:
    """Return report.html of a back-test: one file that asks nothing of any network.

    Parameters
    ----------
    numbers : Table
        Every number of the back-test, one a row.
    design : dict
        How it was made: plain data.
    marking : str
        Protective marking; blank for none.
    name : str
        Name of the settings.

    Returns
    -------
    bytes
        HTML in UTF-8, the same bytes for the same numbers.
    """
    read = Numbers(numbers)
    sections = [
        tried_section(read, design),
        capture_section(read),
        discrimination_section(read),
        calibration_section(read),
        brier_section(read),
        decision_section(read),
        landmarks_section(read),
        groups_section(read, design),
        sham_section(read),
        design_section(design),
    ]
    days = landmark_days(read, design)
    text = _environment().get_template("report.html").render(
        name=name,
        marking=marking,
        running=_css_text(f"{name}: back-test"),
        running_mark=_css_text(marking),
        landmarks=len(days),
        first=days[0].isoformat() if days else "",
        last=days[-1].isoformat() if days else "",
        short=in_short(read, design),
        sections=sections,
    )  # fmt: skip
    return text.encode("utf-8")


def _css_text(text: str) -> str:
    """Return text as a string of a style sheet that cannot end it, whatever it holds."""
    return (
        '"'
        + "".join(s if s.isascii() and (s.isalnum() or s == " ") else f"\\{ord(s):x} " for s in text)
        + '"'
    )


@cache
def _environment() -> jinja2.Environment:
    import jinja2
    from markupsafe import Markup

    found = jinja2.Environment(
        loader=jinja2.PackageLoader("rfgscore.backtests.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    style = (files("rfgscore.backtests.page") / "templates" / "report.css").read_text(encoding="utf-8")
    found.globals |= {"drawing": Markup, "style": Markup(style)}  # noqa: S704 - our own file
    return found
