"""What two runs were given: where settings, input and counts differ, and what can have caused a change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from rfgscore.explain import number
from rfgscore.pipeline.folder import MANIFEST
from rfgscore.pipeline.output_set import OutputSet, understood

__all__ = ["Pair", "causes_known", "figures", "settings"]

#: Stands for a setting that a run does not have; null is a setting of its own.
_ABSENT = object()

_FIGURES = {
    "rows": ("in", "used", "in_window", "set_aside", "not_yet_known"),
    "people": ("scored", "eligible", "considered", "excluded"),
}


class Pair(NamedTuple):
    """A setting or figure of two runs, as text.

    Parameters
    ----------
    what : str
        Its name.
    before, now : str or None
        What each run says; None where it has none.
    """

    what: str
    before: str | None
    now: str | None


def settings(first: OutputSet, second: OutputSet) -> tuple[Pair, ...]:
    """Return the settings, weights and versions in which two runs differ.

    Parameters
    ----------
    first, second : OutputSet
        The earlier and the later run.

    Returns
    -------
    tuple of Pair
        Settings by their dotted key, then the gravity table and the weights both used; only what differs.

    Raises
    ------
    FormatError
        When a manifest does not tell.
    """
    with understood(f"{first.name} or {second.name}/{MANIFEST}"):
        return tuple(_settings(first, second))


def figures(first: OutputSet, second: OutputSet) -> tuple[Pair, ...]:
    """Return days, files, rows and people of two runs.

    Parameters
    ----------
    first, second : OutputSet
        The earlier and the later run.

    Returns
    -------
    tuple of Pair
        Everything, whether it differs or not.

    Raises
    ------
    FormatError
        When a manifest does not tell.
    """
    with understood(f"{first.name} or {second.name}/{MANIFEST}"):
        return tuple(_figures(first, second))


def causes_known(
    first: OutputSet, second: OutputSet, changed: Sequence[Pair], *, told: bool
) -> tuple[str | None, str]:
    """Say how far the causes of changes are known.

    Parameters
    ----------
    first, second : OutputSet
        The earlier and the later run.
    changed : sequence of Pair
        Settings that differ.
    told : bool
        Whether the later run, made with the earlier one as its previous run, tells causes itself.

    Returns
    -------
    tuple of str or None, and str
        The one cause there can be, where there is only one; and a sentence.

    Raises
    ------
    FormatError
        When a manifest does not tell.
    """
    if told:
        return None, f"as told by {second.name}, which was made with --previous {first.name}."
    known = "known only when the second run is made with --previous the first"
    with understood(f"{first.name} or {second.name}/{MANIFEST}"):
        by_risk = any(_by_risk(one) for one in (first, second))
        tables = [name for name in _tables(first, second) if by_risk or name != "model"]
        given = [_given(one, tables) for one in (first, second)]
    if given[0] != given[1]:
        links = first.input_sums("links") != second.input_sums("links")
        more = "; the links differ, and people joined or split show as left and entered" if links else ""
        return None, f"{known}{more}."
    possible = []
    if any(_shapes(pair.what, by_risk) for pair in changed):
        possible.append("config")
    if first.input_sums("gravity") != second.input_sums("gravity"):
        possible.append("gravity_table")
    same = "both runs read the same input and look at the same day"
    if len(possible) == 1:
        return possible[0], f"{same}, so that it can only be {possible[0]}."
    if possible:
        return (
            None,
            f"{same}, so that it can only be {' or '.join(possible)}; which of them for whom is {known}.",
        )
    return None, f"{same}, with the same settings and weights: there is none."


def _settings(first: OutputSet, second: OutputSet) -> Iterator[Pair]:
    a, b = first.manifest, second.manifest
    yield from _differing(a["config"], b["config"], "")
    if first.input_sums("gravity") != second.input_sums("gravity"):
        yield Pair("gravity table", _files(first, "gravity"), _files(second, "gravity"))
    # Weights depend on the table, the uplifts and the policies; runs of earlier versions told none.
    weights_a, weights_b = first.weights(), second.weights()
    for code in sorted(weights_a.keys() & weights_b.keys()):
        if weights_a[code] != weights_b[code]:
            yield Pair(f"weight of {code}", number(weights_a[code]), number(weights_b[code]))
    if a["version"] != b["version"]:
        yield Pair("version of rfgscore", str(a["version"]), str(b["version"]))


def _differing(before: Any, now: Any, path: str) -> Iterator[Pair]:
    """Yield the settings that differ: maps key by key, lists of maps of one length item by item."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = dict.fromkeys((*before, *now))
        pairs = [(key, before.get(key, _ABSENT), now.get(key, _ABSENT)) for key in keys]
    elif _alike(before, now):
        pairs = [(str(place), *both) for place, both in enumerate(zip(before, now, strict=True))]
    else:
        said = _json(before), _json(now)
        if said[0] != said[1]:
            yield Pair(path, *said)
        return
    for key, then, here in pairs:
        yield from _differing(then, here, f"{path}.{key}" if path else key)


def _alike(before: Any, now: Any) -> bool:
    if not (isinstance(before, list) and isinstance(now, list) and len(before) == len(now)):
        return False
    return all(isinstance(item, dict) for item in (*before, *now))


def _json(value: Any) -> str | None:
    """Return a setting as text."""
    return None if value is _ABSENT else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _figures(first: OutputSet, second: OutputSet) -> Iterator[Pair]:
    a, b = first.manifest, second.manifest
    for name in ("as_of", "extract_date"):
        yield Pair(name, str(a[name]), str(b[name]))
    for name in _tables(first, second):
        if name != "previous":
            yield Pair(name, _files(first, name), _files(second, name))
    for group, names in _FIGURES.items():
        for name in names:
            yield Pair(f"{group} {name}", *(str(one[group][name]) for one in (a, b)))


def _files(found: OutputSet, table: str) -> str | None:
    """Name what was read as a table, with the beginnings of the checksums."""
    entries = [entry for entry in found.manifest["inputs"] if entry["table"] == table]
    said = [f"{entry['file']} ({str(entry['sha256'])[:12]})" for entry in entries]
    return "; ".join(said) or None


def _given(found: OutputSet, tables: Iterable[str]) -> tuple[object, ...]:
    """Return what a run was given beside settings and weights."""
    manifest = found.manifest
    sums = tuple((name, found.input_sums(name)) for name in tables)
    return manifest["as_of"], manifest["extract_date"], manifest["version"], sums


def _tables(first: OutputSet, second: OutputSet) -> list[str]:
    """Name the tables that either run read, apart from the gravity table."""
    entries = (*first.manifest["inputs"], *second.manifest["inputs"])
    return [name for name in dict.fromkeys(str(entry["table"]) for entry in entries) if name != "gravity"]


def _by_risk(found: OutputSet) -> bool:
    """Say whether a run orders equals by the figures of a model; otherwise a model only stands beside."""
    told = found.manifest["config"].get("escalation", {})
    return bool(told.get("use") == "tiebreak")


def _shapes(what: str, by_risk: bool) -> bool:
    """Say whether a setting can change a list; another gravity table or model is told by its checksum."""
    aside = ("output.", "gravity table", "weight of ", "version of ", *(() if by_risk else ("escalation",)))
    return what not in ("name", "gravity.table", "escalation.model") and not what.startswith(aside)
