"""What may come: the next change with nothing new, one more incident, and the day of leaving the list."""

from __future__ import annotations

from dataclasses import dataclass

from rfgscore.dates import iso
from rfgscore.explain.case import number, out_of, plural
from rfgscore.explain.sentence import component_unit
from rfgscore.scoring import Scored
from rfgscore.scoring.leaving import Leaving
from rfgscore.scoring.what_next import Move, NextChange, next_changes, one_more

__all__ = ["Outlook", "Prospect", "outlooks"]


@dataclass(frozen=True, repr=False)
class Prospect:
    """One thing that may come, in plain English.

    Parameters
    ----------
    name : str
        ``next_change``, ``one_more_incident`` or ``leaves_on``.
    day : int or None
        Day on which it would be, days since 1970-01-01; None for what has no day of its own.
    value : float
        Days until then; for one more incident, the score it would make.
    unit : str
        ``days`` or ``score``.
    sentence : str
        The whole in words.
    """

    name: str
    day: int | None
    value: float
    unit: str
    sentence: str

    def __repr__(self) -> str:
        return f"Prospect({self.name})"


@dataclass(frozen=True, repr=False)
class Outlook:
    """What may come for one person; it says what the rules would do, not what a person will do.

    Parameters
    ----------
    next_change : Prospect or None
        The first day on which time alone brings a component into another band. None for people who are
        no longer alive, and where no date can tell the day.
    one_more : Prospect or None
        What one more incident would make of the score. None for people who are no longer alive.
    leaves : Prospect or None
        The first day on which the person would not be on the list. None for people who are not on it.
    """

    next_change: Prospect | None
    one_more: Prospect | None
    leaves: Prospect | None

    def __repr__(self) -> str:
        return f"Outlook({len(self.told())} prospects)"

    def told(self) -> tuple[Prospect, ...]:
        """Return what there is to tell.

        Returns
        -------
        tuple of Prospect
            Those that are not None, in this order.
        """
        return tuple(part for part in (self.next_change, self.one_more, self.leaves) if part is not None)


_SINGULAR = {
    "days": "day",
    "days at liberty": "day at liberty",
    "incidents": "incident",
    "victims": "victim",
}


#: What a sentence about a later day leaves out, by method.
_BUT = {
    "quantile": " (with the edges of this run)",
    "continuous": "; the score itself may change before, with the days and with the largest values of others",
}


def outlooks(scored: Scored, places: list[int], leaving: tuple[Leaving | None, ...]) -> tuple[Outlook, ...]:
    """Return what may come for some people.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    places : list of int
        Places among them.
    leaving : tuple of Leaving or None
        When each of them would leave the list.

    Returns
    -------
    tuple of Outlook
        One a place.
    """
    changes = next_changes(scored, places)
    out = []
    for place, change, left in zip(places, changes, leaving, strict=True):
        why = scored.exclusion[place]
        dead = why is not None and why.word == "DECEASED"
        out.append(
            Outlook(
                None if dead or change is None else _next_change(scored, change),
                None if dead else _one_more(scored, place),
                None if left is None else _leaves(scored, left),
            )
        )
    return tuple(out)


def _days(scored: Scored, day: int) -> str:
    return f"{iso(day)} (in {plural(day - scored.as_of, 'day')})"


def _next_change(scored: Scored, change: NextChange) -> Prospect:
    continuous = scored.config.score.method == "continuous"
    what = "the first change of what is counted" if continuous else "the first change"
    words = f"With nothing new, {what} comes on {_days(scored, change.day)}: "
    if not change.moves:
        words += "no line is left in the window, and the person is no longer scored"
    else:
        moved = [_moved(scored, move) for move in change.moves]
        words += moved[0] if len(moved) == 1 else f"{', '.join(moved[:-1])} and {moved[-1]}"
        if change.score is not None:
            words += f"; the score is then {out_of(change.score, scored.max_score)}"
        words += _BUT.get(scored.config.score.method, "")
    return Prospect("next_change", change.day, change.day - scored.as_of, "days", f"{words}.")


def _moved(scored: Scored, move: Move) -> str:
    if scored.config.score.method == "continuous":
        return f"{move.component} goes from {number(move.value_before)} to {number(move.value_after)}"
    value = number(move.value_after)
    unit = component_unit(scored, move.component)
    unit = _SINGULAR.get(unit, unit) if value == "1" else unit
    what = f"{unit} {value}" if unit == "weight" else f"{value} {unit}"
    what += " since the latest incident" if move.component == "recency" else ""
    before, after = number(move.points_before), number(move.points_after)
    points = f"from {before} to {after} points"
    if before == after:
        points = f"to band {move.band_after}, still {after} points"
    return f"{move.component} goes {points} ({what})"


def _one_more(scored: Scored, place: int) -> Prospect:
    found, now = one_more(scored, place), scored.score[place].item()
    more = round(found.score - now, 6)
    words = (
        f"One more incident on {iso(scored.as_of)}, as grave as the gravest in the window and against nobody "
        f"new, would make {out_of(found.score, scored.max_score)} points"
    )
    words += f" ({number(more)} more)" if more > 0 else " (as many as now)" if more == 0 else ""
    position = int(scored.ranking.position[place])
    if found.position is not None:
        words += f" and position {found.position}"
        words += " as now" if found.position == position else f" (now {position})" if position else ""
    else:
        words += "; the person would still not be ranked"
    if scored.config.score.method == "quantile":
        words += _BUT["quantile"]
    return Prospect("one_more_incident", None, found.score, "score", f"{words}.")


def _leaves(scored: Scored, left: Leaving) -> Prospect:
    room = scored.config.cohort.capacity + scored.config.cohort.reserve
    why = {
        "position": f"the position passes {room}",
        "window": "no line is left in the window",
        "eligible": "the person is no longer eligible",
    }[left.why]
    words = "With nothing new for anyone, the score no longer lists the person from "
    words += f"{_days(scored, left.day)}: {why}."
    return Prospect("leaves_on", left.day, left.day - scored.as_of, "days", words)
