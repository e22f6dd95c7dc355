"""The page put together: plain data into templates that escape everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rfgscore.cohort import Cohort
from rfgscore.explain import Explanation, number
from rfgscore.explain.bars import swatch
from rfgscore.explain.case import plural
from rfgscore.report.page.account import account_of
from rfgscore.report.page.people import groups, listed_people
from rfgscore.report.page.timeline import key_mark
from rfgscore.report.page.words import PARTS, css_text, flags, illustrative, long_date
from rfgscore.scoring import Scored
from rfgscore.tables import Table
from rfgscore.vocabulary import meaning

if TYPE_CHECKING:
    import jinja2

__all__ = ["page_bytes"]

#: Characters of an id for which the margin of a sheet has room.
_MARGIN = 32


def page_bytes(
    *,
    scored: Scored,
    cohort: Cohort,
    listed: Table,
    explanations: Sequence[Explanation],
    summary: Table,
    excluded: Table,
    manifest: Mapping[str, Any],
    marking: str | None = None,
) -> bytes:
    """Return one run as an HTML page that stands alone.

    It asks nothing of any network, runs no script, names no victim, and holds no decision: the boxes for
    decisions are empty. Everything on it is in the other files of the output set too. Equal data give equal
    bytes, in any order of rows.

    Parameters
    ----------
    scored : Scored
        Everyone scored, from a history that was read from files.
    cohort : Cohort
        Who is on the list.
    listed : Table
        The list, as `rfgscore.report.lists.cohort_table` returns it.
    explanations : sequence of Explanation
        One a person, in list order.
    summary, excluded : Table
        Counts by area, and the people who are not eligible.
    manifest : mapping of str to Any
        The manifest; its ``outputs`` are not used.
    marking : str, optional
        Protective marking, shown at the top and the foot, and on every printed page.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    ValueError
        When the history was not read from files, or the list and its explanations differ in length.
    """
    source = scored.history.source
    if source is None:
        raise ValueError("a page needs a history that was read from files")
    people = listed_people(scored, source, cohort, listed, explanations)
    parts = [part.name for part in scored.components]
    raised = {flag.word for person in people for flag in person.flags}
    template = _environment().get_template("page.html")
    text = template.render(
        name=scored.config.name,
        marking=marking or "",
        as_of=long_date(scored.as_of),
        extract=long_date(source.extract),
        manifest=manifest,
        score=scored.config.score,
        settings=scored.config.cohort,
        illustrative=illustrative(scored.config),
        people=people,
        sheets=[(person.anchor, css_text(_running(person.cells))) for person in people],
        groups=groups(scored, people),
        statuses={
            word: sum(status == word for status in cohort.status) for word in dict.fromkeys(cohort.status)
        },
        parts=[(name, PARTS[name]) for name in parts],
        flags=[flag for word, flag in flags().items() if word in raised],
        held=scored.in_custody is not None,
        leaves=any(person.cells["leaves_on"] is not None for person in people),
        account=account_of(source, scored.config, summary, excluded, manifest),
        yaml=scored.config.to_yaml(),
        running=css_text(f"{scored.config.name}, as of {manifest['as_of']}. People decide."),
        running_mark=css_text(marking or ""),
    )
    return text.encode("utf-8")


def _running(cells: Mapping[str, Any]) -> str:
    """Return what stands in the margin of every sheet of a person, so that none goes astray."""
    person, position = cells["perpetrator_id"], cells["position"]
    short = person if len(person) <= _MARGIN else f"{person[:_MARGIN]}..."
    return short if position is None else f"{position}. {short}"


def _grouped(count: int) -> str:
    return f"{count:,}"


@cache
def _environment() -> jinja2.Environment:
    """Return the templates; they escape every value that is not a drawing of our own."""
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
    style = (files("rfgscore.report.page") / "templates" / "page.css").read_text(encoding="utf-8")
    found.globals |= {
        "drawing": Markup,
        "style": Markup(style),  # noqa: S704 - our own file
        "swatch": swatch,
        "key_mark": key_mark,
        "plural": plural,
        "number": number,
        "meaning": meaning,
    }
    return found
