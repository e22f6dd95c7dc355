"""The routes by which people come before a meeting, each with the sentence that tells of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rfgscore.cohort.considered import Previous, Standing
from rfgscore.cohort.roll import Roll
from rfgscore.dates import NO_DAY, iso
from rfgscore.history.told import Decision

__all__ = ["by_carrying", "by_position", "by_referral", "by_release", "decided", "stays_proposed"]

#: Words of a meeting that keep a person before the next one.
_KEPT_ON = ("managed", "monitoring")


def by_position(roll: Roll) -> dict[str, tuple[str, str]]:
    """Return who stands within capacity or reserve.

    Parameters
    ----------
    roll : Roll
        Who is who.

    Returns
    -------
    dict of str to (str, str)
        Route (``score`` or ``reserve``) and sentence, by id, in order of position.
    """
    scored, settings = roll.scored, roll.scored.config.cohort
    ranked = scored.in_list_order()[: int(scored.eligible.sum())]
    room = settings.capacity + settings.reserve
    out = {}
    for position, place in enumerate(ranked[:room].tolist(), start=1):
        person = roll.person(int(scored.people[place]))
        if position <= settings.capacity:
            out[person] = ("score", f"Position {position} is within the capacity of {settings.capacity}.")
        else:
            told = f"Position {position} is within the reserve, positions {settings.capacity + 1} to {room}."
            out[person] = ("reserve", told)
    return out


def by_referral(roll: Roll) -> dict[str, str]:
    """Return whom partners referred, where no meeting has decided on it yet.

    Parameters
    ----------
    roll : Roll
        Who is who.

    Returns
    -------
    dict of str to str
        Sentence by id.
    """
    out = {}
    for person, referrals in roll.open_referrals.items():
        told = []
        for referral in referrals:
            words = f"Referred on {iso(referral.day)}"
            words += f" by {referral.agency}" if referral.agency else ""
            words += f" (reference {referral.reference})" if referral.reference else ""
            told.append(f"{words}: {referral.reason}" if referral.reason else words)
        out[person] = "; ".join(told) + "."
    return out


def by_release(
    roll: Roll, since: int, unheard: Mapping[str, str], listed: Mapping[str, Standing]
) -> dict[str, str]:
    """Return who is held and to be released soon, or should have been released already.

    A planned day that has passed counts where it passed since the last look, where the spell was recorded
    since, and where the person was on the lists then: they may be free, and nobody has said so yet.

    Parameters
    ----------
    roll : Roll
        Who is who.
    since : int
        Day of the previous run.
    unheard : mapping of str to str
        People carried or referred, who need no line to be looked at.
    listed : mapping of str to Standing
        The lists of the previous run.

    Returns
    -------
    dict of str to str
        Sentence by id: held on the day, with a planned release at most ``cohort.release_within_days`` days
        ahead.
    """
    scored, as_of = roll.scored, roll.as_of
    last = as_of + scored.config.cohort.release_within_days
    spells = roll.source.spells
    if spells is None:
        return {}
    held, _, planned = spells.held(as_of, len(scored.history.persons))
    late = np.zeros(len(held), np.bool_)
    late[spells.person[(spells.recorded > since) & (spells.recorded <= as_of)]] = True
    due: dict[str, int] = {}
    for number in np.flatnonzero(held & (planned != NO_DAY) & (planned <= last)).tolist():
        person = roll.person(number)
        fresh = planned[number] > since or late[number] or person in listed
        if fresh and roll.number(person) is not None:
            due[person] = int(planned[number])
    for person in unheard:
        facts = roll.facts(person)
        if roll.number(person) is None and facts.in_custody and NO_DAY < facts.planned <= last:
            due[person] = facts.planned
    out = {}
    for person, day in due.items():
        if day < as_of:
            words = f"Release was planned for {iso(day)} and no end of custody is recorded"
            out[person] = f"{words}: the person may be free."
        else:
            ahead = day - as_of
            when = "today" if ahead == 0 else "tomorrow" if ahead == 1 else f"in {ahead} days"
            out[person] = f"In custody; release is planned for {iso(day)}, {when}."
    return out


def by_carrying(roll: Roll, listed: Mapping[str, Standing]) -> dict[str, str]:
    """Return who is managed or monitored by an earlier decision.

    Parameters
    ----------
    roll : Roll
        Who is who.
    listed : mapping of str to Standing
        The lists of the previous run.

    Returns
    -------
    dict of str to str
        Sentence by id: people of whom the latest recorded decision says so, and people whom the previous
        lists show as managed, monitored or carried and of whom no decision is recorded here.
    """
    out = {
        person: _decision(decision, roll.as_of)
        for person, decision in roll.standing.items()
        if decision.decision in _KEPT_ON
    }
    for person, before in listed.items():
        if person not in roll.standing and before.status in (*_KEPT_ON, "carried"):
            what = "Managed" if before.listed == "cohort" else "Monitored"
            how = f" (pathway {before.pathway})" if before.pathway else ""
            out[person] = (
                f"{what} by an earlier decision{how} that the decisions given to this run do not hold."
            )
    return out


def decided(roll: Roll, person: str, previous: Previous) -> bool:
    """Say whether a decision on a person became known since the previous run was looked at.

    Parameters
    ----------
    roll : Roll
        Who is who.
    person : str
        Id.
    previous : Previous
        The previous run.

    Returns
    -------
    bool
        True for a meeting on its day or later, and for an earlier one recorded since.
    """
    decision = roll.standing.get(person)
    return decision is not None and decision.known >= previous.as_of


def stays_proposed(roll: Roll, position: int | None, before: Standing | None) -> tuple[int, str]:
    """Return whether someone proposed at the last meeting stays so beyond capacity.

    Parameters
    ----------
    roll : Roll
        Who is who.
    position : int or None
        Position now.
    before : Standing or None
        Where the person stood.

    Returns
    -------
    outside : int
        Runs in a row, this one included, beyond ``cohort.keep`` or without a position.
    sentence : str
        Why the person stays; blank for someone who does not.
    """
    settings = roll.scored.config.cohort
    if before is None or before.status != "proposed":
        return 0, ""
    outside = before.outside + 1 if position is None or position > settings.keep else 0
    if outside >= settings.meetings or (position is not None and position <= settings.capacity):
        return outside, ""
    stands = "no position" if position is None else f"position {position}"
    words = (
        f"Proposed at the last meeting, {stands} now: stays proposed until beyond position {settings.keep}"
    )
    words += f" in {settings.meetings} runs in a row" if settings.meetings > 1 else ""
    return outside, f"{words}{f' (so far {outside})' if outside else ''}."


def _decision(decision: Decision, as_of: int) -> str:
    """Tell of a decision that stands; whom it leaves without an owner of the review is said."""
    by = f", by {decision.decided_by}" if decision.decided_by else ""
    because = f" Reason: {decision.reason}." if decision.reason else ""
    if decision.decision == "managed":
        words = f"Taken on by the meeting of {iso(decision.meeting)}{by}, pathway {decision.pathway}"
        words += f", owner {decision.owner}" if decision.owner else ", no owner named"
    else:
        words = f"Not taken on by the meeting of {iso(decision.meeting)}{by}: monitored, and a review owner "
        words += "is due"
        words += f" (last named: {decision.owner})" if decision.owner else ""
    if decision.review_by != NO_DAY:
        late = ", which has passed" if decision.review_by < as_of else ""
        words += f"; to be reviewed by {iso(decision.review_by)}{late}"
    return f"{words}.{because}"
