"""Incidents by victim: letters in place of ids, and a lane for each victim below a timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rfgscore.explain.case import Case
from rfgscore.report.page.marks import Heap, Mark, drawn_heaps, heaps, marks_of, px

__all__ = ["Lane", "Victims", "drawn_lanes", "label_room", "lane_heights", "letter", "victims_of"]

#: Victims with a lane of their own; the others share one.
_LANES = 6
_NOT_KNOWN = "not known"
#: Pixels between the weights and the first lane, of a lane, of a character of its label, and of a digit.
_GAP, _ROW, _CHARACTER, _DIGIT = 20.0, 15.0, 6.6, 7.0
_INK, _MUTED, _GRID = "#1a1a1a", "#545f6b", "#d7dce2"


class Lane(NamedTuple):
    """The incidents against one victim, against several, or against nobody who is known.

    Parameters
    ----------
    label : str
        The victim's letter, ``others (n)`` for so many victims together, or ``not known``.
    marks : tuple of Mark
        The incidents, as far as the lines show them that name the victim; the latest first.
    """

    label: str
    marks: tuple[Mark, ...]

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


class Victims(NamedTuple):
    """The victims of one person, by letters that mean nothing on the page of another.

    Parameters
    ----------
    words : mapping of int to str
        Letters of each visible incident, by its number within the person.
    lanes : tuple of Lane
        Letters in their order, then the others, then the victims who are not known.
    known : int
        Victims who have a letter.
    """

    words: Mapping[int, str]
    lanes: tuple[Lane, ...]
    known: int

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


def letter(place: int) -> str:
    """Return the letter of a victim.

    Parameters
    ----------
    place : int
        Place of the victim, from 0.

    Returns
    -------
    str
        A to Z, then AA, AB and so on.

    Examples
    --------
    >>> [letter(place) for place in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    out, place = "", place + 1
    while place:
        place, last = divmod(place - 1, 26)
        out = chr(ord("A") + last) + out
    return out


def victims_of(case: Case) -> Victims | None:
    """Return a person's victims, none of them named.

    Letters follow the total order of lines, so no order of rows shows in them: A is the victim whose first
    incident, as its lane shows it, is the earliest.

    Parameters
    ----------
    case : Case
        The person, of a history that was read from files.

    Returns
    -------
    Victims or None
        None where ``victim_id`` is not mapped.
    """
    history = case.history
    if history.source is None or "victim_id" not in history.source.mapped:
        return None
    lines: dict[int, list[int]] = {}
    of_incident: dict[int, set[int]] = {}
    for line in case.visible:
        victim = int(history.victim[line])
        lines.setdefault(victim, []).append(line)
        of_incident.setdefault(int(history.incident[line]), set()).add(victim)
    unknown = lines.pop(-1, [])
    found = {victim: marks_of(case, held) for victim, held in lines.items()}
    # A line names one victim: no two victims have a first line in common.
    order = sorted(found, key=lambda victim: min(line for line, _ in found[victim]))
    place = {victim: at for at, victim in enumerate(order)}

    def often(victim: int) -> tuple[int, int]:
        return -sum(mark.inside for _, mark in found[victim]), place[victim]

    own = set(sorted(order, key=often)[:_LANES])
    lanes = [Lane(letter(place[victim]), _only(found[victim])) for victim in order if victim in own]
    rest = [victim for victim in order if victim not in own]
    if rest:
        shared = sorted(line for victim in rest for line in lines[victim])
        lanes.append(Lane(f"others ({len(rest)})", _only(marks_of(case, shared))))
    if unknown:
        lanes.append(Lane(_NOT_KNOWN, _only(marks_of(case, unknown))))
    # The unknown stand last.
    place[-1] = len(order)
    words = {
        incident: ", ".join(
            letter(at) if at < len(order) else _NOT_KNOWN for at in sorted(place[victim] for victim in named)
        )
        for incident, named in of_incident.items()
    }
    return Victims(words, tuple(lanes), len(order))


def _only(found: Sequence[tuple[int, Mark]]) -> tuple[Mark, ...]:
    return tuple(mark for _, mark in found)


def label_room(lanes: Sequence[Lane]) -> float:
    """Return the room that the labels of lanes take.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes.

    Returns
    -------
    float
        Pixels; 0 without lanes.
    """
    return max((_CHARACTER * len(lane.label) for lane in lanes), default=0.0)


def lane_heights(lanes: Sequence[Lane]) -> float:
    """Return the room that lanes take below the weights.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes.

    Returns
    -------
    float
        Pixels; 0 without lanes.
    """
    return _GAP + _ROW * len(lanes) if lanes else 0.0


def drawn_lanes(
    lanes: Sequence[Lane], *, top: float, axis: float, right: float, x: Callable[[float], float]
) -> Iterator[str]:
    """Draw lanes, one below the other: a label at the left, and a mark for each incident.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes.
    top : float
        Where the room for them begins.
    axis, right : float
        Where their lines begin and end.
    x : callable
        From a day to pixels.

    Yields
    ------
    str
        Parts of an inline SVG; nothing without lanes.
    """
    if not lanes:
        return
    middles = [top + _GAP + _ROW * (at + 0.5) for at in range(len(lanes))]
    lines = "".join(f"M{px(axis)} {px(middle)}H{px(right)}" for middle in middles)
    yield f'<path d="{lines}" stroke="{_GRID}"/>'
    labels = "".join(
        f'<text x="{px(axis - 5)}" y="{px(middle + 4)}">{lane.label}</text>'
        for lane, middle in zip(lanes, middles, strict=True)
    )
    yield f'<text x="2" y="{px(top + 15)}" fill="{_MUTED}">victim</text>'
    yield f'<g class="lanes" text-anchor="end" fill="{_INK}">{labels}</g>'
    counts = []
    for lane, middle in zip(lanes, middles, strict=True):
        found = list(heaps(lane.marks, x, lambda _: 0.0))
        drawn = "".join(f"<g {look}>{shapes}</g>" for look, shapes in drawn_heaps(found))
        yield f'<g class="lane" transform="translate(0 {px(middle)})">{drawn}</g>'
        counts += [
            f'<text x="{px(heap.x + 6)}" y="{px(middle + 3.5)}">{len(heap.marks)}</text>'
            for heap in _roomy(found, right)
        ]
    if counts:
        yield f'<g class="counts" font-size="10" font-weight="600" fill="{_INK}">{"".join(counts)}</g>'


def _roomy(found: Sequence[Heap], right: float) -> Iterator[Heap]:
    """Yield what is many incidents and has room for their number between it and the next mark of its lane."""
    ordered = sorted(found, key=lambda heap: heap.x)
    ends = [*(heap.x - 5 for heap in ordered[1:]), right + 14]
    for heap, end in zip(ordered, ends, strict=True):
        if len(heap.marks) > 1 and heap.x + 7 + _DIGIT * len(str(len(heap.marks))) <= end:
            yield heap
