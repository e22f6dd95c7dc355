"""What changed from one run to another: everyone who came, went or moved, beside what the runs were given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rfgscore.dates import iso
from rfgscore.errors import PointInTimeError
from rfgscore.explain import number
from rfgscore.pipeline.given import Pair, causes_known, figures, settings
from rfgscore.pipeline.output_set import OutputSet, read_output_set, understood
from rfgscore.pipeline.plain import plain
from rfgscore.pipeline.shape import whole
from rfgscore.tables import Column, Table

__all__ = ["Diff", "diff"]

CHANGES = "changes.csv"

_HEADER = ("perpetrator_id", "position", "score", "list", "status", "cause")
_HEADS = {"entered": "Entered", "left": "Left", "moved": "Moved", "status": "Another list or status"}


class _Place(NamedTuple):
    """Where a person stands in one run."""

    listed: str | None
    status: str | None
    position: int | None


class _Who(NamedTuple):
    """One person whose standing differs between the runs."""

    person: str
    what: str
    before: _Place
    now: _Place
    cause: str | None
    sentence: str | None

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


_NOWHERE = _Place(None, None, None)


@dataclass(frozen=True, eq=False, repr=False)
class Diff:
    """What changed from one run to another; frozen. Its text is what the command prints.

    Parameters
    ----------
    before, now : str
        The two runs in words: folder, and day looked at.
    settings : Table
        ``what, before, now``: settings, gravity table and weights that differ.
    figures : Table
        ``what, before, now``: days, rows and people of both runs.
    people : Table
        ``perpetrator_id, what, position_before, position_now, score_before, score_now, list_before,
        list_now, status_before, status_now, cause, sentence``: who entered, left, moved (the largest move
        first), or stands on another list or with another status.
    unnamed : int
        People of the earlier lists whom the later run names nowhere.
    causes : str
        How far causes are known.
    """

    before: str
    now: str
    settings: Table
    figures: Table
    people: Table
    unnamed: int
    causes: str

    def __repr__(self) -> str:
        counts = (f"{self.people['what'].count(word)} {word}" for word in _HEADS)
        return f"Diff({', '.join(counts)})"

    def __str__(self) -> str:
        return "\n".join(map(plain, _lines(self)))


def diff(run_a: str | os.PathLike[str], run_b: str | os.PathLike[str]) -> Diff:
    """Say what changed from one run to another.

    People are compared by id. A later run that was made with the earlier one as its previous run knows the
    causes, and who became one person by the links; its ``changes.csv`` is then what is told.

    Parameters
    ----------
    run_a : path
        Folder of the earlier run.
    run_b : path
        Folder of a run of the same day or a later one.

    Returns
    -------
    Diff
        Settings, figures and people that differ.

    Raises
    ------
    InputNotFoundError
        When a folder holds no output set.
    FormatError
        When a file is missing, damaged, or not the one the manifest names.
    PointInTimeError
        When the first run looks at a later day than the second.
    """
    first, second = read_output_set(run_a), read_output_set(run_b)
    if first.as_of > second.as_of:
        raise PointInTimeError(
            f"{first.name} looks at {iso(first.as_of)}, a later day than {second.name} looks at "
            f"({iso(second.as_of)}): name the earlier run first"
        )
    scores_a, scores_b = _scores(first), _scores(second)
    places_a, places_b = _places(first), _places(second)
    told = second.holds(CHANGES) and first.sha256 in second.input_sums("previous")
    changed = settings(first, second)
    cause, causes = causes_known(first, second, changed, told=told)
    people = list(_told(second) if told else _compared(places_a, places_b, scores_a, scores_b, cause))
    # Whoever the later run names nowhere may have been taken off, and is not named here either.
    nameable = scores_b.keys() | places_b.keys() | ({who.person for who in people} if told else set())
    shown = sorted((who for who in people if who.what != "same" and who.person in nameable), key=_order)
    return Diff(
        before=f"{first.name} (as of {iso(first.as_of)})",
        now=f"{second.name} (as of {iso(second.as_of)})",
        settings=_pairs(changed),
        figures=_pairs(figures(first, second)),
        people=_people(shown, scores_a, scores_b),
        unnamed=len(places_a.keys() - nameable),
        causes=causes,
    )


def _scores(found: OutputSet) -> dict[str, tuple[float, int | None]]:
    """Return score and position of everyone scored."""
    table = found.scores()
    with understood(f"{found.name}/scores.parquet"):
        standing = zip(table["score"], table["position"], strict=True)
        return dict(zip(table["perpetrator_id"], standing, strict=True))


def _places(found: OutputSet) -> dict[str, _Place]:
    """Return where everyone on the two lists stands."""
    places: dict[str, _Place] = {}
    for listed, rows in reversed(found.lists().items()):
        with understood(f"{found.name}/{listed}.csv"):
            for row in rows:
                places[row["perpetrator_id"]] = _Place(listed, row["status"], _whole(row["position"]))
    return places


def _whole(cell: str) -> int | None:
    return whole(cell) if cell else None


def _compared(
    before: Mapping[str, _Place],
    now: Mapping[str, _Place],
    scores_before: Mapping[str, tuple[float, int | None]],
    scores_now: Mapping[str, tuple[float, int | None]],
    cause: str | None,
) -> Iterator[_Who]:
    """Compare two runs that know nothing of each other, id by id."""
    for person in before.keys() | now.keys():
        then, here = before.get(person), now.get(person)
        # Outside the lists a person may still have a position.
        was = then or _NOWHERE._replace(position=scores_before.get(person, (0, None))[1])
        stands = here or _NOWHERE._replace(position=scores_now.get(person, (0, None))[1])
        what = _what(then is not None, here is not None, was, stands)
        yield _Who(person, what, was, stands, None if what == "same" else cause, None)


def _told(found: OutputSet) -> Iterator[_Who]:
    """Return what the later run itself tells of people since the earlier one."""
    rows = found.rows(CHANGES)
    with understood(f"{found.name}/{CHANGES}"):
        for row in rows:
            was, stands = (
                _Place(row[f"list_{at}"] or None, row[f"status_{at}"] or None, _whole(row[f"position_{at}"]))
                for at in ("before", "now")
            )
            what = row["what"]
            if what not in ("entered", "left"):
                what = _what(True, True, was, stands)
            yield _Who(
                row["perpetrator_id"], what, was, stands, row["cause"] or None, row["sentence"] or None
            )


def _what(listed_before: bool, listed_now: bool, was: _Place, stands: _Place) -> str:
    if not (listed_before and listed_now):
        return "entered" if listed_now else "left"
    if was.position != stands.position:
        return "moved"
    return "same" if was == stands else "status"


def _order(who: _Who) -> tuple[Any, ...]:
    """Entered by position now, left by position then, moved by size, to or from nowhere being the largest."""
    group = list(_HEADS).index(who.what)
    shown = who.before.position if who.what == "left" else who.now.position
    size = 0
    if who.what == "moved":
        known = who.before.position is not None and who.now.position is not None
        size = -abs((who.before.position or 0) - (who.now.position or 0)) if known else -(2**31)
    return group, size, shown is None, shown or 0, who.person


def _pairs(pairs: Sequence[Pair]) -> Table:
    return Table({name: Column.of("text", [getattr(pair, name) for pair in pairs]) for name in Pair._fields})


def _people(
    people: list[_Who],
    scores_before: Mapping[str, tuple[float, int | None]],
    scores_now: Mapping[str, tuple[float, int | None]],
) -> Table:
    holder = {position: held for held, position in scores_before.values() if position is not None}

    def then(who: _Who) -> float | None:
        own, position = scores_before.get(who.person, (None, None))
        # Of records joined since, the better one tells where the person stood: its score goes with that.
        return own if who.before.position in (None, position) else holder.get(who.before.position)

    def now(who: _Who) -> float | None:
        return scores_now.get(who.person, (None, None))[0]

    return Table(
        {
            "perpetrator_id": Column.of("text", [who.person for who in people]),
            "what": Column.of("text", [who.what for who in people]),
            "position_before": Column.of("int32", [who.before.position for who in people]),
            "position_now": Column.of("int32", [who.now.position for who in people]),
            "score_before": Column.of("float64", [then(who) for who in people]),
            "score_now": Column.of("float64", [now(who) for who in people]),
            "list_before": Column.of("text", [who.before.listed for who in people]),
            "list_now": Column.of("text", [who.now.listed for who in people]),
            "status_before": Column.of("text", [who.before.status for who in people]),
            "status_now": Column.of("text", [who.now.status for who in people]),
            "cause": Column.of("text", [who.cause for who in people]),
            "sentence": Column.of("text", [who.sentence for who in people]),
        }
    )


def _lines(found: Diff) -> Iterator[str]:
    yield f"From {found.before} to {found.now}"
    yield f"Settings{':' if len(found.settings) else ': none differ'}"
    yield from _aligned([(what, _step(*both)) for what, *both in found.settings.rows()])
    yield "Input and people:"
    yield from _aligned([(what, _step(*both)) for what, *both in found.figures.rows()])
    yield f"Causes: {found.causes}"
    people = [dict(zip(found.people.columns, row, strict=True)) for row in found.people.rows()]
    for word, head in _HEADS.items():
        group = [who for who in people if who["what"] == word]
        yield f"{head}: {len(group)}"
        if group:
            rows = list(_aligned([_HEADER, *map(_cells, group)]))
            yield rows[0]
            for row, who in zip(rows[1:], group, strict=True):
                yield row
                if who["sentence"]:
                    yield f"      {who['sentence']}"
    if found.unnamed:
        whom = "1 person" if found.unnamed == 1 else f"{found.unnamed} people"
        yield (
            f"Not named: {whom} of the earlier lists, for the later run neither lists nor scores them (no "
            "line in the window, joined under another id, or taken off)"
        )


def _cells(who: Mapping[str, Any]) -> tuple[str, ...]:
    steps = (
        _step(*(_shown(who[f"{name}_{at}"]) for at in ("before", "now")))
        for name in ("position", "score", "list", "status")
    )
    return who["perpetrator_id"], *steps, who["cause"] or ""


def _shown(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else number(value)


def _step(before: str | None, now: str | None) -> str:
    """Return a value then and now; one that did not change stands once."""
    return (now or "-") if before == now else f"{before or '-'} -> {now or '-'}"


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    listed = [tuple(map(plain, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    for row in listed:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
