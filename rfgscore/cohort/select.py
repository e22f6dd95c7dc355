"""Who is before the meeting: routes put together, one status and one list for everyone, nobody lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from rfgscore.cohort.causes import changes
from rfgscore.cohort.considered import Cohort, Considered, Previous, Standing
from rfgscore.cohort.emerging import Emerging, emerging
from rfgscore.cohort.roll import Roll
from rfgscore.cohort.routes import (
    by_carrying,
    by_position,
    by_referral,
    by_release,
    decided,
    stays_proposed,
)
from rfgscore.config.model import RouteCaps
from rfgscore.dates import NO_DAY, iso, to_day
from rfgscore.errors import InternalError
from rfgscore.scoring import Scored
from rfgscore.scoring.leaving import leaving

__all__ = ["select_cohort"]

_FIRST_DAY = to_day("0001-01-01")

#: Statuses of people whom only a route that ``cohort.route_caps`` limits brings before the meeting.
_CAPPED = ("referred", "release", "emerging")

#: In this order it is told why somebody is before the meeting; emerging rules follow.
_TOLD = ("carried", "undecided", "kept", "score", "reserve", "referral", "release")

#: In this order people stand in ``cohort.csv``; everyone else follows.
_FIRST = {"proposed": 0, "reserve": 1}


@dataclass(eq=False, repr=False)
class _Entry:
    """One person while routes are gathered."""

    person: str
    number: int | None
    place: int | None
    position: int | None
    before: Standing | None
    dead: bool
    why: dict[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    outside: int = 0
    routes: tuple[str, ...] = ()


def select_cohort(scored: Scored, previous: Previous | None = None) -> Cohort:
    """Say who is considered at a meeting, by which routes, and on which list.

    Considered are: the first ``cohort.capacity`` positions and the next ``cohort.reserve``; people referred
    on whom no meeting has decided; people to be released within ``cohort.release_within_days``; people
    managed or monitored; people whom an emerging rule names for what became known since the previous run;
    and everyone on the previous lists on whom nobody decided. The dead come by no route of their own.

    Parameters
    ----------
    scored : Scored
        Everyone scored, from a history that was read from files.
    previous : Previous, optional
        The previous run.

    Returns
    -------
    Cohort
        Everyone considered, each on exactly one list.

    Raises
    ------
    InternalError
        When somebody considered would be lost, or stand twice.
    """
    settings = scored.config.cohort
    since = max(_FIRST_DAY, scored.as_of - settings.emerging_days) if previous is None else previous.as_of
    listed = {} if previous is None else previous.listed
    roll = Roll(scored, previous)
    named = emerging(scored, since, settings.emerging)
    entries, at_rest = _gather(roll, since, previous, named)
    statuses = {person: _status(roll, entry) for person, entry in entries.items()}
    not_shown = _beyond_caps(entries, statuses, roll, named)
    hidden = frozenset().union(*not_shown.values())
    shown = [entry for person, entry in entries.items() if person not in hidden]
    roll.look_up(entry.person for entry in shown)
    shown.sort(key=lambda entry: (np.inf if entry.position is None else entry.position, entry.person))
    considered = [_considered(roll, entry, statuses[entry.person], named) for entry in shown]
    considered.sort(key=_group)
    left = leaving(scored, [one.place for one in considered if one.place is not None])
    days = iter(left)
    considered = [one if one.place is None else replace(one, leaving=next(days)) for one in considered]
    _check(considered, entries, hidden)
    return Cohort(
        since=since,
        considered=tuple(considered),
        not_shown={route: len(people) for route, people in not_shown.items()},
        at_rest=at_rest,
        left=len(set(listed) - {one.person for one in considered}),
        not_assessed=named.not_assessed,
        previous=previous,
        changes={} if previous is None else changes(scored, previous, considered),
    )


class _Entries(dict[str, _Entry]):
    """People by id, made when they are first asked for."""

    def __init__(self, roll: Roll, listed: Mapping[str, Standing]) -> None:
        super().__init__()
        self._roll, self._listed = roll, listed

    def __missing__(self, person: str) -> _Entry:
        number = self._roll.number(person)
        place = self._roll.place(number)
        dead = self._roll.deceased(person, number) != NO_DAY
        before = self._listed.get(person)
        made = _Entry(person, number, place, self._roll.position(place), before, dead)
        self[person] = made
        return made


def _gather(
    roll: Roll, since: int, previous: Previous | None, named: Emerging
) -> tuple[dict[str, _Entry], int]:
    """Return everyone who comes by a route, and how many people in reach of the list rest."""
    listed = {} if previous is None else previous.listed
    entries = _Entries(roll, listed)
    resting = set()
    for person, (route, sentence) in by_position(roll).items():
        if roll.at_rest(person, roll.number(person)):
            resting.add(person)
        else:
            entries[person].why[route] = sentence
    carried, referred = by_carrying(roll, listed), by_referral(roll)
    released = by_release(roll, since, carried | referred, listed)
    for route, found in (("carried", carried), ("referral", referred), ("release", released)):
        for person, sentence in found.items():
            if route != "release" or not entries[person].dead:
                entries[person].why[route] = sentence
    for number, rules in named.by_person().items():
        person = roll.person(number)
        if not roll.at_rest(person, number) and not entries[person].dead:
            entries[person].rules = rules
    if previous is not None:
        for person in listed:
            _stay(roll, entries[person], previous)
    came = {person: one for person, one in entries.items() if one.why or one.rules}
    return came, len(resting - set(came))


def _stay(roll: Roll, entry: _Entry, previous: Previous) -> None:
    """Keep someone of the previous lists before the meeting until somebody decides."""
    assert entry.before is not None  # noqa: S101 - of the previous lists
    if decided(roll, entry.person, previous):
        return
    if not entry.dead and not roll.at_rest(entry.person, entry.number):
        entry.outside, stays = stays_proposed(roll, entry.position, entry.before)
        if stays and "carried" not in entry.why:
            entry.why["kept"] = stays
    if not entry.why and not entry.rules:
        then = f"On the list of {iso(previous.as_of)} as {entry.before.status}"
        entry.why["undecided"] = f"{then}, and no meeting since has decided: shown again."


def _status(roll: Roll, entry: _Entry) -> str:
    decision = roll.standing.get(entry.person)
    if "carried" in entry.why:
        return "carried" if decision is None else decision.decision
    if "score" in entry.why or "kept" in entry.why:
        return "proposed"
    for route, status in (("reserve", "reserve"), ("referral", "referred"), ("release", "release")):
        if route in entry.why:
            return status
    return "emerging" if entry.rules else "undecided"


def _beyond_caps(
    entries: dict[str, _Entry], statuses: dict[str, str], roll: Roll, named: Emerging
) -> dict[str, frozenset[str]]:
    """Return whom each route does not show because it has no more room.

    Somebody is shown whom any route has room for. Whoever was shown before is shown again, cap or no cap.
    """
    caps = roll.scored.config.cohort.route_caps
    only = [entry for person, entry in entries.items() if statuses[person] in _CAPPED]
    shown = {entry.person for entry in only if entry.before is not None}
    asked: dict[str, list[_Entry]] = {}
    for route in RouteCaps.model_fields:
        asked[route] = [
            entry for entry in only if route in entry.why or (route == "emerging" and entry.rules)
        ]
        before = sum(entry.before is not None for entry in asked[route])
        fresh = [entry for entry in asked[route] if entry.before is None]
        fresh.sort(key=lambda entry: _urgency(entry, route, roll, named))
        shown |= {entry.person for entry in fresh[: max(0, getattr(caps, route) - before)]}
    return {
        route: frozenset(entry.person for entry in found if entry.person not in shown)
        for route, found in asked.items()
    }


def _urgency(entry: _Entry, route: str, roll: Roll, named: Emerging) -> tuple[float, float, str]:
    """Return who comes first where a route has not room for all."""
    if route == "referral":
        first: float = roll.open_referrals[entry.person][0].day
    elif route == "release":
        first = roll.custody(entry.person, entry.place)[1]
    else:
        assert entry.number is not None  # noqa: S101 - a rule names people with lines only
        first = -float(named.gravest[entry.number])
    return first, np.inf if entry.position is None else entry.position, entry.person


def _considered(roll: Roll, entry: _Entry, status: str, named: Emerging) -> Considered:
    why = {word: entry.why[word] for word in _TOLD if word in entry.why}
    for rule in entry.rules:
        assert entry.number is not None  # noqa: S101 - a rule names people with lines only
        why[f"emerging:{rule}"] = named.tell(entry.number, rule)
    before, decision = entry.before, roll.standing.get(entry.person)
    routes = {word for word in why if word not in ("kept", "undecided")}
    if before is not None and "undecided" in why:
        routes |= set(before.routes) - {"carried"}
    if "kept" in why:
        routes.add("score")
    pathway = decision.pathway if decision is not None and decision.decision == "managed" else ""
    if status == "carried" and before is not None:
        pathway = before.pathway
    monitored = status == "monitoring" or (
        status == "carried" and before is not None and before.listed == "monitoring"
    )
    listed: Literal["cohort", "monitoring"] = "monitoring" if monitored else "cohort"
    in_custody, release = roll.custody(entry.person, entry.place)
    return Considered(
        person=entry.person,
        number=entry.number,
        place=entry.place,
        listed=listed,
        status=status,
        routes=tuple(sorted(routes)),
        why=tuple(why.items()),
        pathway=pathway,
        decision=decision,
        in_custody=in_custody,
        release=release,
        flags=roll.flags(entry.person, entry.number, entry.place),
        area=roll.area(entry.person, entry.number),
        before=before,
        outside=entry.outside if status == "proposed" else 0,
        leaving=None,
    )


def _group(one: Considered) -> tuple[bool, int]:
    """Proposed, reserve, the others; then the monitored."""
    monitored = one.listed == "monitoring"
    return monitored, 0 if monitored else _FIRST.get(one.status, 2)


def _check(considered: Sequence[Considered], entries: dict[str, _Entry], hidden: frozenset[str]) -> None:
    """Everyone who came by a route stands on one list, or is counted as not shown."""
    people = [one.person for one in considered]
    if len(set(people)) != len(people) or set(people) | hidden != set(entries) or set(people) & hidden:
        raise InternalError("the lists do not hold everyone considered exactly once; please report it")
