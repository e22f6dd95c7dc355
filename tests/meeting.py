"""A meeting put together by hand: every status, route and kind of change, and people who are not scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rfgscore as rfg
from rfgscore.cohort.considered import Change, Cohort, Considered, Previous, Standing
from rfgscore.cohort.since import since_table
from rfgscore.config import Config
from rfgscore.dates import NO_DAY
from rfgscore.explain import explain_considered, outlooks
from rfgscore.history.read import gravity_of, read_offences
from rfgscore.history.told import Decision
from rfgscore.pipeline.manifest import manifest_of
from rfgscore.report.lists import cohort_table, excluded_table, monitoring_table
from rfgscore.report.page import pack_bytes
from rfgscore.report.summary import summary_table
from rfgscore.sample import SAMPLE_AS_OF, sample_file
from rfgscore.scoring import Scored, score_people
from rfgscore.scoring.leaving import leaving

SIDES = {name: sample_file(f"{name}.csv") for name in ("subjects", "custody", "links")}


def scored_from(config: Config, offences: Any, as_of: str, **more: Any) -> Scored:
    """Read and score, as a run does."""
    history = read_offences(offences, config=config, as_of=as_of, **more)
    return score_people(history, config=config, gravity=gravity_of(config), as_of=history.as_of)


def sample_scored(offences: Path | None = None) -> Scored:
    config = rfg.load_config(sample_file("config.yaml"))
    return scored_from(config, offences or sample_file("offences.csv"), SAMPLE_AS_OF, **SIDES)


def considered(scored: Scored, place: int | None, status: str, *routes: str, **more: Any) -> Considered:
    """Someone before the meeting; the sentences are as long as those of a run."""
    source = scored.history.source
    number = None if place is None else int(scored.people[place])
    flags = () if place is None else scored.flags[place]
    held = None if place is None or scored.in_custody is None else bool(scored.in_custody[place])
    base = {
        "person": "" if number is None else str(scored.history.persons[number]),
        "number": number,
        "place": place,
        "listed": "monitoring" if status == "monitoring" else "cohort",
        "status": status,
        "routes": tuple(sorted(routes)),
        "why": tuple((route, f"Told of by the route {route}.") for route in routes),
        "pathway": "",
        "decision": None,
        "in_custody": held,
        "release": int(scored.planned[place]) if held else NO_DAY,
        "flags": flags,
        "area": "" if number is None else source.area.text(int(scored.history.offsets[number])),
        "before": None,
        "outside": 0,
        "leaving": None,
    }
    return Considered(**{**base, **more})


def by_position(scored: Scored) -> Cohort:
    """Capacity and reserve alone, without an earlier run."""
    settings = scored.config.cohort
    ranked = scored.in_list_order()[: int(scored.eligible.sum())].tolist()
    places = ranked[: settings.capacity + settings.reserve]
    days = leaving(scored, places)
    people = [
        considered(
            scored,
            place,
            *(("proposed", "score") if at < settings.capacity else ("reserve",) * 2),
            leaving=day,
        )
        for at, (place, day) in enumerate(zip(places, days, strict=True))
    ]
    return Cohort(
        since=scored.as_of - 28,
        considered=tuple(people),
        not_shown={"emerging": 0, "referral": 0, "release": 0},
        at_rest=0,
        left=0,
        not_assessed={},
        previous=None,
        changes={},
    )


def decision(person: str, word: str, as_of: int, **more: Any) -> Decision:
    base = {"pathway": "", "owner": "", "decided_by": "", "reason": "", "review_by": NO_DAY}
    return Decision(person=person, meeting=as_of - 27, decision=word, known=as_of - 27, **{**base, **more})


def sample_meeting(scored: Scored) -> Cohort:
    """A meeting with an earlier one before it, made of the people of the sample."""
    plain, as_of = by_position(scored), scored.as_of
    ranked = scored.in_list_order()[: int(scored.eligible.sum())].tolist()
    changed = list(plain.considered)
    for at, review in ((2, as_of - 3), (5, as_of + 40)):
        told = decision(
            changed[at].person, "managed", as_of, pathway="disruption", owner="Sgt A <b>",
            decided_by="chair", reason="harm is rising", review_by=review,
        )  # fmt: skip
        changed[at] = considered(
            scored, changed[at].place, "managed", "score", "carried", pathway="disruption", decision=told
        )
    late = scored.history.persons
    quiet = [number for number in range(len(late)) if number not in set(scored.people.tolist())][:2]
    stays = (("kept", "Kept: position 41 is beyond 24 for one run."),)
    asked = (("referral", "Referred on 2025-06-20 by the hospital: fear of <harm>."),)
    held: dict[str, Any] = {"in_custody": True}
    more = [
        considered(scored, ranked[40], "proposed", "score", outside=1, why=stays),
        considered(scored, ranked[30], "release", "release", release=as_of + 9, **held),
        considered(scored, ranked[31], "release", "release", release=as_of - 2, **held),
        considered(scored, ranked[33], "emerging", "emerging:new-victim", "emerging:strangulation"),
        considered(
            scored, None, "referred", "referral", person="REF<1>", flags=("history_not_held",), why=asked
        ),
        considered(scored, None, "carried", "carried", person=str(late[quiet[0]]), number=quiet[0]),
        considered(scored, ranked[50], "undecided", "undecided", routes=("referral",)),
    ]
    told = decision(changed[20].person, "monitoring", as_of, owner="IDVA", review_by=as_of)
    watched = [
        considered(scored, ranked[20], "monitoring", "carried", decision=told),
        considered(scored, ranked[60], "monitoring", "carried", "release", release=as_of + 20, **held),
        considered(scored, None, "monitoring", "carried", person=str(late[quiet[1]]), number=quiet[1]),
        considered(scored, None, "monitoring", "carried", person="0007"),
    ]
    gone = {one.person for one in watched}
    kept = [one for one in (*changed, *more) if one.person not in gone]

    def order(one: Considered) -> tuple:
        first = {"proposed": 0, "reserve": 1}.get(one.status, 2)
        place = 10**6 if one.place is None else int(scored.ranking.position[one.place]) or 10**6
        return (one.listed == "monitoring", first, place, one.person)

    people = sorted((*kept, *watched), key=order)
    changes = {}
    for at, one in enumerate(people):
        now = None if one.place is None else int(scored.ranking.position[one.place])
        before = None if at % 7 == 6 or now is None else max(1, now + (0, 3, -2, 11, 0, -1, 0)[at % 7])
        what = "entered" if at % 5 == 4 else "same" if before == now else "moved"
        cause = (
            ("new_incident", "outranked", "aged_out", "late_recorded", "")[at % 5] if what != "same" else ""
        )
        changes[one.person] = Change(
            what, None if what == "entered" else before, now, cause, "Compared with then."
        )
    standing = {one.person: Standing("cohort", "proposed", "", ("score",), 3, 0, ()) for one in people}
    previous = Previous(
        folder="before",
        sha256="0" * 64,
        as_of=as_of - 28,
        config=scored.config,
        weights={},
        gravity="0" * 64,
        edges={},
        listed=standing,
        scores=scored.table(),
    )
    return Cohort(
        since=as_of - 28,
        considered=tuple(people),
        not_shown={"emerging": 2, "referral": 0, "release": 1},
        at_rest=1,
        left=4,
        not_assessed={"order-breach": "no offence codes <were> mapped"},
        previous=previous,
        changes=changes,
    )


def pieces_of(scored: Scored, cohort: Cohort, kind: str, marking: str = "") -> dict[str, Any]:
    """What a pack is made of, put together as a run does it."""
    placed = [one for one in cohort.considered if one.place is not None]
    coming = outlooks(scored, [one.place for one in placed], tuple(one.leaving for one in placed))
    outlook = dict(zip((one.person for one in placed), coming, strict=True))
    told = [explain_considered(scored, one, outlook.get(one.person)) for one in cohort.considered]
    by_id = {one.perpetrator_id: one for one in told}
    table = cohort_table if kind == "formal" else monitoring_table
    return {
        "kind": kind,
        "scored": scored,
        "cohort": cohort,
        "listed": table(scored, cohort, by_id),
        "explanations": told,
        "since": since_table(scored, cohort.carried(), cohort.since),
        "summary": summary_table(scored),
        "excluded": excluded_table(scored),
        "manifest": manifest_of(scored.history, scored, cohort, True),
        "marking": marking,
    }


def pack(scored: Scored, cohort: Cohort, kind: str, marking: str = "") -> str:
    return pack_bytes(**pieces_of(scored, cohort, kind, marking)).decode("utf-8")
