"""Rules that look at more than one key.

They run on unchecked data, so that what they find is reported together with every wrong value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rfgscore.config.model import (
    COMPONENTS,
    CUSTODY_COLUMNS,
    DECISION_COLUMNS,
    LINK_COLUMNS,
    MOST,
    OFFENCE_COLUMNS,
    ORDER_COLUMNS,
    REFERRAL_COLUMNS,
    REMOVAL_COLUMNS,
    SUBJECT_COLUMNS,
    CohortConfig,
    InputConfig,
    RankConfig,
)
from rfgscore.config.nodes import Path
from rfgscore.errors import nearest

__all__ = ["broken_rules", "with_resolved_defaults"]

Finding = tuple[Path, str]

#: Where a table is configured: its columns, and those it cannot do without.
_TABLES: Final[dict[Path, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    ("input",): (OFFENCE_COLUMNS, ("perpetrator_id", "event_date")),
    ("input", "subjects"): (SUBJECT_COLUMNS, ("perpetrator_id",)),
    ("input", "custody"): (CUSTODY_COLUMNS, ("perpetrator_id", "start", "end")),
    ("input", "referrals"): (REFERRAL_COLUMNS, ("perpetrator_id", "referred_date")),
    ("input", "links"): (LINK_COLUMNS, ("nominal_id", "master_id")),
    ("input", "orders"): (ORDER_COLUMNS, ("perpetrator_id", "start")),
    ("input", "decisions"): (DECISION_COLUMNS, ("perpetrator_id", "meeting_date", "decision")),
    ("input", "removals"): (REMOVAL_COLUMNS, ("perpetrator_id", "removed_on")),
}
_DATES: Final = frozenset(
    {
        *("event_date", "event_end", "recorded_date", "dob", "deceased_date"),
        *("start", "end", "planned_release", "transferred_in", "removed_on"),
        *("referred_date", "meeting_date", "review_by"),
    }
)


#: The ways to turn values into a score.
_METHODS: Final = ("points", "quantile", "continuous")


def with_resolved_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """Fill in the defaults that follow from other keys.

    `cohort.reserve` is `cohort.capacity` and `cohort.keep` twice that, `rank.tie_break` loses the
    components the score lacks, and `score.scale` of a continuous score is ``none``.

    Parameters
    ----------
    data : dict
        Merged configuration, unchecked.

    Returns
    -------
    dict
        A new dict with these keys, where what they follow from can be used.
    """
    filled = dict(data)
    cohort = data.get("cohort")
    if isinstance(cohort, dict) and type(capacity := cohort.get("capacity")) is int and 0 < capacity <= MOST:
        filled["cohort"] = {"reserve": capacity, "keep": min(2 * capacity, MOST), **cohort}
    rank, components = data.get("rank", {}), _at(data, "score", "components")
    if isinstance(rank, dict) and isinstance(components, dict):
        default = RankConfig.model_fields["tie_break"].default
        filled["rank"] = {"tie_break": tuple(name for name in default if name in components), **rank}
    score = data.get("score")
    if isinstance(score, dict) and score.get("method") == "continuous":
        filled["score"] = {"scale": "none", **score}
    return filled


def broken_rules(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield every rule between keys that a configuration breaks.

    Parameters
    ----------
    data : dict
        Merged configuration, unchecked.

    Yields
    ------
    tuple of path and str
        Where, and what is wrong.
    """
    whole = _over({"input": InputConfig().model_dump()}, data)
    yield from _words_apart(whole)
    yield from _needed_columns(whole)
    yield from _date_columns(whole)
    yield from _method(whole)
    yield from _components(whole)
    yield from _tie_break(whole)
    yield from _horizons(whole)
    yield from _cohort(whole)


def _over(default: Any, written: Any) -> Any:
    if isinstance(default, dict) and isinstance(written, dict):
        return {**default, **{key: _over(default.get(key), value) for key, value in written.items()}}
    return written


def _at(data: Any, *path: str | int) -> Any:
    """Return what stands at a path, or None where the data is not of that shape."""
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, tuple):
        yield from ((at, word) for at, word in enumerate(value) if isinstance(word, str))


def _words_apart(data: dict[str, Any]) -> Iterator[Finding]:
    pairs = (("roles", "count", "set_aside"), ("outcomes", "exclude", "count"), ("flags", "true", "false"))
    for section, first, second in pairs:
        taken = {word.strip().casefold() for _, word in _texts(_at(data, "input", section, first))}
        for at, word in _texts(_at(data, "input", section, second)):
            if word.strip().casefold() in taken:
                yield (
                    ("input", section, second, at),
                    f"{word!r} also stands in {first}; keep one",
                )


def _needed_columns(data: dict[str, Any]) -> Iterator[Finding]:
    for table, (_, needed) in _TABLES.items():
        columns = _at(data, *table, "columns")
        if isinstance(columns, dict):
            for name in needed:
                if name not in columns:
                    yield (*table, "columns", name), "is needed: name the column of the file that holds it"
    columns = _at(data, "input", "columns")
    if isinstance(columns, dict):
        if "offence_code" not in columns and "is_crime" not in columns:
            yield ("input", "columns", "offence_code"), "is needed unless is_crime is mapped"
        if "victim_id" not in columns and _at(data, "score", "components", "victims") is not None:
            yield ("input", "columns", "victim_id"), "is needed by score.components.victims"


def _date_columns(data: dict[str, Any]) -> Iterator[Finding]:
    for table, (names, _) in _TABLES.items():
        formats, columns = _at(data, *table, "date_format"), _at(data, *table, "columns")
        if isinstance(formats, dict):
            mapped = columns if isinstance(columns, dict) else dict(zip(names, names, strict=True))
            dates = [held for name, held in mapped.items() if name in _DATES and isinstance(held, str)]
            for column in formats:
                if column not in dates:
                    near = nearest(column, dates)
                    hint = f"; did you mean {near!r}?" if near else ""
                    yield (*table, "date_format", column), f"no date is mapped to a column of this name{hint}"


def _method(data: dict[str, Any]) -> Iterator[Finding]:
    """Each method has keys of its own, and takes none of another's."""
    score = _at(data, "score")
    method = score.get("method", "points") if isinstance(score, dict) else None
    components = _at(score, "components")
    if method not in _METHODS or not isinstance(components, dict):
        return
    parts = {name: part for name, part in components.items() if name in COMPONENTS and isinstance(part, dict)}
    for key, its in (("q", "quantile"), ("weights", "continuous"), ("scale", "continuous")):
        if _at(score, key) is not None and method != its:
            yield ("score", key), f"is only for method: {its}; remove it (null removes an inherited one)"
    for name, part in parts.items():
        for key, its in (("bands", "points"), ("edges", "quantile")):
            if part.get(key) is not None and method != its:
                text = f"is only for method: {its}; remove it (null removes an inherited one)"
                yield ("score", "components", name, key), text
    if method == "points":
        for name, part in parts.items():
            if part.get("bands") is None:
                yield ("score", "components", name, "bands"), "is needed"
    elif method == "quantile":
        if _at(score, "q") is None and any(part.get("edges") is None for part in parts.values()):
            yield ("score", "q"), "is needed: the number of bands, such as 5 (or edges for every component)"
    else:
        yield from _weights(_at(score, "weights"), tuple(parts))


def _weights(weights: Any, names: tuple[str, ...]) -> Iterator[Finding]:
    """Every component has a weight whose sign lets no one rise by doing less."""
    path = ("score", "weights")
    if weights is None:
        yield path, f"is needed: the weight of {', '.join(names)}"
    for name in names if isinstance(weights, dict) else ():
        weight = weights.get(name)
        if weight is None:
            yield (*path, name), "is needed: every component has a weight"
        elif isinstance(weight, int | float) and not isinstance(weight, bool):
            if name == "recency" and weight > 0:
                yield (*path, name), "must be 0 or less: more days since the last incident are less recent"
            elif name != "recency" and weight < 0:
                yield (*path, name), "must be 0 or more"
    for name in weights if isinstance(weights, dict) else ():
        if name in COMPONENTS and name not in names:
            yield (*path, name), f"the score has no component {name!r}; remove it"


def _ascending(part: Any, path: Path, key: str) -> Iterator[Finding]:
    """Bands and edges stand in ascending order."""
    bands, edges = _at(part, "bands"), _at(part, "edges")
    rows = [
        *(((*path, "bands", at, key), _at(band, key), "band") for at, band in _items(bands)),
        *(((*path, "edges", at), edge, "edge") for at, edge in _items(edges)),
    ]
    below: dict[str, float] = {}
    for where, edge, kind in rows:
        if isinstance(edge, int | float) and not isinstance(edge, bool):
            if kind in below and edge <= below[kind]:
                yield where, f"must be above {below[kind]}, the {kind} before it"
            below[kind] = edge


def _items(value: Any) -> list[tuple[int, Any]]:
    return list(enumerate(value)) if isinstance(value, tuple) else []


def _components(data: dict[str, Any]) -> Iterator[Finding]:
    if _at(data, "score", "components") == {}:
        yield ("score", "components"), f"at least one of {', '.join(COMPONENTS)} is needed"
    for name in COMPONENTS:
        path = ("score", "components", name)
        yield from _ascending(_at(data, *path), path, "up_to" if name == "recency" else "from")
    part = _at(data, "score", "components", "gravity")
    half_life = ("score", "components", "gravity", "half_life_days")
    if isinstance(part, dict):
        decayed, given = part.get("aggregate", "max") == "decayed", "half_life_days" in part
        if decayed and not given:
            yield half_life, "is needed with aggregate: decayed"
        if given and not decayed:
            yield half_life, "is only for aggregate: decayed; remove it (null removes an inherited one)"


def _tie_break(data: dict[str, Any]) -> Iterator[Finding]:
    components = _at(data, "score", "components")
    seen: set[str] = set()
    for at, name in _texts(_at(data, "rank", "tie_break")):
        if name in seen:
            yield ("rank", "tie_break", at), f"{name!r} is repeated; keep one"
        elif name in COMPONENTS and isinstance(components, dict) and name not in components:
            yield ("rank", "tie_break", at), f"the score has no component {name!r}; remove it"
        seen.add(name)


def _horizons(data: dict[str, Any]) -> Iterator[Finding]:
    """Each horizon gets a row of its own in the explanations."""
    written = _at(data, "escalation", "horizons")
    for at, days in _items(written):
        if days in written[:at]:
            yield ("escalation", "horizons", at), f"{days!r} is repeated; keep one"


def _cohort(data: dict[str, Any]) -> Iterator[Finding]:
    cohort = _at(data, "cohort")
    default = CohortConfig.model_fields["capacity"].default
    capacity = cohort.get("capacity", default) if isinstance(cohort, dict) else default
    if type(capacity) is int and type(keep := _at(cohort, "keep")) is int and 0 < keep < capacity <= MOST:
        yield ("cohort", "keep"), f"must be {capacity} or more: whoever is within capacity is proposed"
    for name in ("emerging", "pathways"):
        seen: set[str] = set()
        for at, word in _texts(_at(cohort, name)):
            folded = word.strip().casefold()
            if folded and folded in seen:
                yield ("cohort", name, at), f"{word!r} is repeated; keep one"
            seen.add(folded)
    yield from _areas(data, _at(cohort, "areas"))


def _areas(data: dict[str, Any], name: Any) -> Iterator[Finding]:
    """The column that splits the lists is read somewhere."""
    if name not in ("area", "force"):
        return
    tables = (_at(data, "input", "columns"), _at(data, "input", "subjects", "columns"))
    if all(isinstance(columns, dict) and name not in columns for columns in tables):
        yield (
            ("cohort", "areas"),
            f"{name!r} is mapped neither under input.columns nor under input.subjects.columns; map it, or "
            "take this out",
        )
