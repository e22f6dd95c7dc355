"""How the list was made: where every row went, what the codes weigh, counts by area, warnings, inputs.

Nothing here depends on the order of the input's rows or on how its files are named: the page is equal to the
byte for equal data. Row numbers, and the checksums of the files, stand in ``set_aside.csv`` and the manifest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rfgscore.config import Config
from rfgscore.explain import number
from rfgscore.history.source import Source
from rfgscore.report.page.words import Flag, flags
from rfgscore.tables import Table
from rfgscore.vocabulary import meaning, reasons

__all__ = ["Account", "account_of"]

#: Where an oddity names rows: they follow the order of the input.
_ROWS_NAMED = re.compile(r" \(.*? rows? \d.*?\)(?=: )")

_FROM = {
    "table": "table",
    "uplift": "uplift",
    "class": "its class",
    "unmapped": "unknown codes",
    "none": "no weight",
    "non_crime": "non-crime",
}

#: People not eligible who are named, and codes told with a weight and without one: a page for a meeting holds
#: no more names than it needs, and no wall of codes.
_PEOPLE, _WITH, _WITHOUT = 40, 300, 100

#: What is not known where settings map a table and none was given.
_MISSING = {
    "subjects": "birth dates and deaths in it are not known",
    "custody": "nobody is shown as in custody",
    "links": "records of one person stand apart",
    "removals": "people taken off before are ranked again",
    "referrals": "nobody comes by a referral",
    "orders": "orders in force are not known",
    "decisions": "who is managed or monitored is not known",
}


class Aside(NamedTuple):
    """Rows set aside for one reason.

    Parameters
    ----------
    word, family, meaning : str
        The reason, ``out of scope`` or ``at fault``, and what it says.
    rows : int
        How many.
    gravity : str
        Share of the known gravity that lies in them; blank where it is not known.
    """

    word: str
    family: str
    meaning: str
    rows: int
    gravity: str


class Weighed(NamedTuple):
    """What an offence code weighs.

    Parameters
    ----------
    code, label, weight, origin, reason : str
        The code, its name, its weight, where that is from, and why it is not the table's.
    rows : int
        Rows with it.
    rows_share, gravity_share : str
        Of all rows, and of the known gravity.
    """

    code: str
    label: str
    weight: str
    origin: str
    reason: str
    rows: int
    rows_share: str
    gravity_share: str


class Input(NamedTuple):
    """One table read, all its files together.

    Parameters
    ----------
    table : str
        Name of the table.
    rows, set_aside, later : int
        Rows in it, set aside, and not yet known.
    """

    table: str
    rows: int
    set_aside: int
    later: int


class Barred(NamedTuple):
    """People who are not eligible.

    Parameters
    ----------
    counts : tuple of (str, str, int)
        Each reason, what it says, and the number of people.
    named : tuple of (str, str, str, str)
        Id, reason, detail and score.
    more : int
        How many are counted, but not named.
    """

    counts: tuple[tuple[str, str, int], ...]
    named: tuple[tuple[str, str, str, str], ...]
    more: int

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


@dataclass(frozen=True, eq=False, repr=False)
class Account:
    """How the list was made.

    Parameters
    ----------
    barred : Barred
        People who are not eligible.
    aside : tuple of Aside
        Rows set aside, in the order of checks.
    coverage : tuple of Weighed
        What the codes weigh.
    codes_left : int
        Codes beside these, which are not shown.
    measures : tuple of (str, str)
        Counts of the summary, each with its definition.
    areas : tuple of (str, tuple of str)
        Each area with its counts, in the order of `measures`.
    flags : tuple of (Flag, str)
        Flags raised, with the number of people.
    warnings : tuple of (str, str)
        Meaning and text of the other warnings.
    look_at : tuple of str
        What should be looked at before the list is believed.
    inputs : tuple of Input
        Tables read.
    gravity : tuple of (str, str)
        Gravity tables read, with their checksums.
    edges : tuple of (str, str)
        Edges of quantile bands.
    """

    barred: Barred
    aside: tuple[Aside, ...]
    coverage: tuple[Weighed, ...]
    codes_left: int
    measures: tuple[tuple[str, str], ...]
    areas: tuple[tuple[str, tuple[str, ...]], ...]
    flags: tuple[tuple[Flag, str], ...]
    warnings: tuple[tuple[str, str], ...]
    look_at: tuple[str, ...]
    inputs: tuple[Input, ...]
    gravity: tuple[tuple[str, str], ...]
    edges: tuple[tuple[str, str], ...]


def account_of(
    source: Source, config: Config, summary: Table, excluded: Table, manifest: Mapping[str, Any]
) -> Account:
    """Return how the list was made.

    Parameters
    ----------
    source : Source
        What the reader kept.
    config : Config
        Settings.
    summary, excluded : Table
        The counts of ``summary.csv``, and the people of ``excluded.csv``.
    manifest : mapping of str to Any
        The manifest.

    Returns
    -------
    Account
        Plain data for the page.
    """
    raised = [(entry["code"], entry["text"]) for entry in manifest["warnings"]]
    inputs = tuple(_inputs(source, manifest))
    coverage = _shown(source.coverage)
    return Account(
        barred=_barred(excluded),
        aside=tuple(_aside(source, manifest["rows"]["by_reason"])),
        coverage=tuple(_coverage(coverage)),
        codes_left=len(source.coverage) - len(coverage),
        measures=tuple(dict(zip(summary["measure"], summary["definition"], strict=True)).items()),
        areas=_areas(summary),
        flags=tuple((flags()[code], text) for code, text in raised if code in flags()),
        warnings=tuple((meaning("warning", code), text) for code, text in raised if code not in flags()),
        look_at=(
            *(_ROWS_NAMED.sub("", sentence) for sentence in source.account.oddities),
            *_missing(config, {entry.table for entry in inputs}),
        ),
        inputs=inputs,
        gravity=tuple(
            (entry["file"], entry["sha256"]) for entry in manifest["inputs"] if entry["table"] == "gravity"
        ),
        edges=tuple(
            (name, ", ".join(map(number, edges)) or "none")
            for name, edges in manifest.get("edges", {}).items()
        ),
    )


def _aside(source: Source, by_reason: Mapping[str, int]) -> list[Aside]:
    out = []
    for word, rows in by_reason.items():
        told = reasons()[word]
        fault = told.family == "fault"
        held = source.account.aside_gravity.get(word)
        share = None if held is None else held.share
        out.append(Aside(word, "at fault" if fault else "out of scope", told.meaning, rows, _percent(share)))
    return out


def _barred(excluded: Table) -> Barred:
    """Count people by reason, and name them; of many those of the highest scores."""
    found = Counter(excluded["reason"])
    score = excluded.columns["score"].values
    first = np.sort(np.lexsort((np.arange(len(score)), -score))[:_PEOPLE])
    named = excluded.take(first)
    cells = zip(*(named[name] for name in ("perpetrator_id", "reason", "detail", "score")), strict=True)
    return Barred(
        counts=tuple((word, meaning("exclusion", word), found[word]) for word in sorted(found)),
        named=tuple((person, word, detail, number(points)) for person, word, detail, points in cells),
        more=len(excluded) - len(named),
    )


def _shown(coverage: Table) -> Table:
    unknown = coverage.columns["weight"].null
    return coverage.take(
        np.concatenate([np.flatnonzero(~unknown)[:_WITH], np.flatnonzero(unknown)[:_WITHOUT]])
    )


def _coverage(told: Table) -> list[Weighed]:
    return [
        Weighed(
            code=row["offence_code"],
            label=row["label"] if row["label"] != row["offence_code"] else "",
            weight="not known" if row["weight"] is None else number(row["weight"]),
            origin=_FROM[row["weight_from"]],
            reason=row["reason"] or "",
            rows=row["rows"],
            rows_share=_percent(row["share_of_rows"]),
            gravity_share=_percent(row["share_of_gravity"]),
        )
        for row in (dict(zip(told.columns, cells, strict=True)) for cells in told.rows())
    ]


def _percent(share: float | None) -> str:
    """Say a share to one digit; what is there is never called 0, and what is missing never makes 100."""
    if share is None:
        return ""
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %"


def _areas(summary: Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    held: dict[str, list[str]] = {}
    for area, value in zip(summary["area"], summary["value"], strict=True):
        held.setdefault(area, []).append("not assessable" if value is None else f"{value:,}")
    return tuple((area, tuple(values)) for area, values in held.items())


def _inputs(source: Source, manifest: Mapping[str, Any]) -> list[Input]:
    held: dict[str, tuple[int, int]] = {}
    for entry in manifest["inputs"]:
        if entry["table"] not in ("gravity", "model"):  # these hold no rows of people
            rows, aside = held.get(entry["table"], (0, 0))
            held[entry["table"]] = rows + entry["rows"], aside + entry["set_aside"]
    later = {"offences": manifest["rows"]["not_yet_known"], **source.account.sides_not_yet_known}
    return [Input(name, rows, aside, later.get(name, 0)) for name, (rows, aside) in held.items()]


def _missing(config: Config, given: set[str]) -> list[str]:
    return [
        f"the settings map a {name} table and none was given: {cost}"
        for name, cost in _MISSING.items()
        if name not in given and getattr(config.input, name).columns is not None
    ]
