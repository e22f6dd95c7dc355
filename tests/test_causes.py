"""Why people stand elsewhere than at the previous meeting: one thing happened, and that one is named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from rfgscore.cohort.causes import changes
from rfgscore.cohort.considered import Considered, Previous, Standing
from rfgscore.cohort.former import Past
from rfgscore.cohort.undone import Undone
from rfgscore.dates import NO_DAY, to_day
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of
from rfgscore.scoring import score_people
from rfgscore.vocabulary import words

THEN, NOW = "2025-06-02", "2025-06-30"
RECENCY = [(30, 20), (90, 16), (180, 12), (365, 8), (730, 4)]
BANDS = {
    "recency": {"bands": [{"up_to": up_to, "points": points} for up_to, points in RECENCY]},
    "frequency": {"bands": [{"from": n, "points": 5 * n} for n in (1, 2, 3, 4)]},
    "gravity": {"bands": [{"from": 0, "points": 3}, {"from": 10, "points": 10}, {"from": 365, "points": 24}]},
}
SCORE = {"components": BANDS}
PLAIN = {name: {} for name in ("recency", "frequency", "gravity")}
CUSTODY = {"custody": {"columns": {n: n for n in ("perpetrator_id", "start", "end")}}}
LINKS = {"links": {"columns": {n: n for n in ("nominal_id", "master_id")}}}


def row(person, day, code="8/6", **more):
    return {"perpetrator_id": person, "event_date": day, "offence_code": code, **more}


#: Three people who stand still between the two days: 36, 32 and 23 points on both.
OTHERS = [
    row("A", "2025-04-10"),
    row("A", "2025-04-11"),
    row("B", "2025-02-10"),
    row("B", "2025-02-11", "125/09"),
    row("C", "2024-10-10"),
]
#: Incidents that make 22 points from two years ago, and 32 from four months ago.
OLD, RECENT = [(500, "125/09"), (501, "125/09"), (502, "125/09")], [(110, "8/6"), (111, "8/6")]


def standing(status="proposed", *, position=None, listed="cohort", routes=("score",), records=()):
    return Standing(listed, status, "", routes, position, 0, records)


def before(scored, gravity, listed=None, **changed):
    """Return a run as the next one sees it; without `listed` everyone ranked was proposed."""
    ids = scored.history.persons[scored.people].tolist()
    ranked = dict(zip(ids, scored.ranking.position.tolist(), strict=True))
    if listed is None:
        listed = {person: standing(position=at) for person, at in ranked.items() if at}
    codes = zip(scored.history.offences, scored.history.weights.tolist(), strict=True)
    fields = {
        "folder": "before",
        "sha256": "0" * 64,
        "as_of": scored.as_of,
        "config": scored.config,
        "weights": dict(codes),
        "gravity": gravity.sha256,
        "edges": {part.name: part.edges for part in scored.components if part.edges is not None},
        "listed": listed,
        "scores": scored.table(),
    }
    return Previous(**fields | changed)


def considered(scored, person, status="proposed", routes=("score",), listed="cohort", previous=None):
    ids = scored.history.persons.tolist()
    number = ids.index(person) if person in ids else None
    people = scored.people.tolist()
    return Considered(
        person=person,
        number=number,
        place=people.index(number) if number in people else None,
        listed=listed,
        status=status,
        routes=routes,
        why=(),
        pathway="",
        decision=None,
        in_custody=None,
        release=NO_DAY,
        flags=(),
        area="",
        before=previous,
        outside=0,
        leaving=None,
    )


class Meeting:
    """Two runs over rows told by hand, and what changed between them."""

    def __init__(self, desk):
        self.desk = desk

    def config(self, score=SCORE, reading=None, gravity=None, cohort=None, **sections):
        return self.desk.config(reading, gravity, score=score, cohort=cohort or {}, **sections)

    def scored(self, rows, as_of, config, **tables):
        history = self.desk.history(*rows, config=config, as_of=as_of, **tables)
        gravity = gravity_of(config)
        return score_people(history, config=config, gravity=gravity, as_of=to_day(as_of)), gravity

    def runs(self, then, now, days=(THEN, NOW), configs=None, tables=({}, {}), listed=None, people=None):
        first, second = configs or (self.config(), self.config())
        past, gravity = self.scored(then, days[0], first, **tables[0])
        scored, _ = self.scored(now, days[1], second, **tables[1])
        previous = before(past, gravity, listed)
        if people is None:
            order = scored.in_list_order()[: int(scored.eligible.sum())]
            people = scored.history.persons[scored.people[order]].tolist()
        asked = [one if isinstance(one, tuple) else (one, {}) for one in people]
        return scored, previous, [considered(scored, person, **more) for person, more in asked]

    def __call__(self, *args, **kwargs):
        return changes(*self.runs(*args, **kwargs))


@pytest.fixture
def meeting(desk):
    return Meeting(desk)


def told(change):
    return change.what, change.position_before, change.position_now, change.cause


# --- one thing happened ---------------------------------------------------------------------------------


def test_nothing_happened_and_nothing_is_named(meeting):
    found = meeting(OTHERS, OTHERS, days=(NOW, NOW))
    assert [told(change) for change in found.values()] == [("same", n, n, "") for n in (1, 2, 3)]
    assert found["A"].sentence == "Still at position 1."
    assert repr(found["A"]) == "Change"
    found = meeting(OTHERS, OTHERS)
    assert {change.what for change in found.values()} == {"same"}


def test_new_incidents_are_named_with_their_number_and_what_they_did(meeting):
    new = [
        row("C", "2025-06-10"),
        row("C", "2025-06-20", event_id="E1"),
        row("C", "2025-06-20", event_id="E1"),
    ]
    found = meeting(OTHERS, [*OTHERS, *new])
    assert told(found["C"]) == ("moved", 3, 1, "new_incident")
    assert found["C"].sentence == (
        "Moved from 3 to 1; without the 2 incidents since 2025-06-02 the position would be 3."
    )
    assert told(found["A"]) == ("moved", 1, 2, "outranked")
    assert found["A"].sentence == (
        "Moved from 1 to 2; among the others as they stood on 2025-06-02 the position would be 1."
    )


def test_a_new_incident_that_bears_on_nothing_is_not_named(meeting):
    new = [row("A", "2025-04-11", "125/09", recorded_date="2025-06-20")]
    found = meeting(OTHERS, [*OTHERS, *new])
    assert told(found["A"]) == ("same", 1, 1, "")


@pytest.mark.parametrize(("day", "cause"), [("2025-06-02", "late_recorded"), ("2025-06-03", "new_incident")])
def test_an_event_of_the_day_itself_that_became_known_later_is_late(meeting, day, cause):
    found = meeting(OTHERS, [*OTHERS, row("C", day, recorded_date="2025-06-03")])
    assert told(found["C"]) == ("moved", 3, 1, cause)
    if cause == "late_recorded":
        assert "without the 1 earlier incident that became known after 2025-06-02 the" in found["C"].sentence


@pytest.mark.parametrize(
    ("last", "edge", "rival"),
    [
        ("2025-05-30", 30, RECENT),
        ("2024-01-31", 30, RECENT),  # over 29 February
        ("2024-02-29", 30, RECENT),
        ("2024-06-29", 365, OLD),
        ("2023-06-30", 365, OLD),  # over 29 February
        ("2023-06-30", 729, OLD),
        ("2022-03-02", 729, OLD),  # to 29 February
    ],
)
def test_a_band_or_the_window_ends_from_one_day_to_the_next(meeting, last, edge, rival):
    day = dt.date.fromisoformat(last) + dt.timedelta(days=edge)
    on = [(day + dt.timedelta(days=n)).isoformat() for n in (-1, 0, 1)]
    others = [row("R", (day - dt.timedelta(days=age)).isoformat(), code) for age, code in rival]
    rows = [row("P", last), *others]
    where = 2 if edge == 729 else 1
    assert told(meeting(rows, rows, days=(on[0], on[1]))["P"]) == ("same", where, where, "")
    found = meeting(rows, rows, days=(on[1], on[2]))["P"]
    if edge == 729:
        assert told(found) == ("left", 2, None, "aged_out")
        assert found.sentence == (
            "On neither list now: without a position, before at position 2; no line in the window; "
            f"with the ages of {on[1]} the position would be 2."
        )
    else:
        assert told(found) == ("moved", 1, 2, "aged_out")
        assert found.sentence == f"Moved from 1 to 2; with the ages of {on[1]} the position would be 1."


def test_people_rise_because_others_grew_older(meeting):
    rows = [*OTHERS, row("D", "2025-05-30"), row("D", "2025-05-31", "125/09")]  # 40 points, then 36
    found = meeting([*rows, row("A", "2024-01-01", "125/09")], [*rows, row("A", "2024-01-01", "125/09")])
    assert told(found["A"]) == ("same", 1, 1, "")
    rows = [*OTHERS, row("D", "2025-05-20")]  # 35 points, then 31
    found = meeting(rows, rows)
    assert told(found["D"]) == ("moved", 2, 3, "aged_out")
    assert told(found["B"]) == ("moved", 3, 2, "aged_out")
    assert found["B"].sentence == (
        "Moved from 3 to 2; with everyone's ages of 2025-06-02 the position would be 3."
    )


def test_people_rise_because_others_left(meeting):
    dead = [{**one, "deceased_date": "2025-06-10" if one["perpetrator_id"] == "A" else ""} for one in OTHERS]
    found = meeting(OTHERS, dead)
    assert told(found["B"]) == ("moved", 2, 1, "")
    assert found["B"].sentence == "Moved from 2 to 1; others fell or left."
    assert told(found["A"]) == ("left", 1, None, "")
    assert found["A"].sentence == (
        "On neither list now: without a position, before at position 1; not ranked: deceased at as_of."
    )


HELD_RULE = {"exclude_if_held_days": 90}


@pytest.mark.parametrize(
    ("spell", "then", "now"),
    [
        (("2025-01-01", "2025-06-20"), None, 1),  # released
        (("2025-03-20", ""), 1, None),  # 74 days, then 102
        (("2025-05-01", ""), 1, 1),
        (("2025-01-01", ""), None, None),
    ],
)
def test_custody_beyond_the_limit_takes_people_out_and_release_brings_them_back(meeting, spell, then, now):
    config = meeting.config(reading=CUSTODY, cohort={"custody": HELD_RULE})
    custody = [{"perpetrator_id": "A", "start": spell[0], "end": spell[1]}]
    tables = {"custody": custody}
    asked = ["A", "B"] if now else ["B"]
    found = meeting(OTHERS, OTHERS, configs=(config, config), tables=(tables, tables), people=asked)
    if then == now:
        assert "A" not in found if now is None else told(found["A"]) == ("same", 1, 1, "")
    elif now:
        assert told(found["A"]) == ("entered", None, 1, "custody")
        assert found["A"].sentence == (
            "New on the lists: at position 1, before without a position; with custody as it was known on "
            "2025-06-02 there would be no position."
        )
        assert told(found["B"]) == ("moved", 1, 2, "outranked")
    else:
        assert told(found["A"]) == ("left", 1, None, "custody")
        assert "not ranked: in custody beyond the configured days; with custody" in found["A"].sentence


def test_days_at_liberty_stand_still_in_custody(meeting):
    bands = {**BANDS, "recency": {**BANDS["recency"], "clock": "at_liberty"}}
    config = meeting.config(score={"components": bands}, reading=CUSTODY)
    rows = [*OTHERS, row("D", "2025-05-20", event_id="D1")]
    spells = [{"perpetrator_id": "D", "start": "2025-05-21", "end": "2025-06-01"}]
    later = [*spells, {"perpetrator_id": "C", "start": "2025-06-05", "end": ""}]
    tables = ({"custody": spells}, {"custody": later})
    found = meeting(rows, rows, configs=(config, config), tables=tables)
    assert [found[person].cause for person in "ABCD"] == ["", "", "", ""]
    held = [
        *spells,
        {"perpetrator_id": "B", "start": "2025-02-12", "end": "2025-06-20", "recorded_date": NOW},
    ]
    reading = {"custody": {"columns": {n: n for n in ("perpetrator_id", "start", "end", "recorded_date")}}}
    config = meeting.config(score={"components": bands}, reading=reading)
    spells = [{**spells[0], "recorded_date": ""}]
    tables = ({"custody": spells}, {"custody": held})
    found = meeting(rows, rows, configs=(config, config), tables=tables)
    assert told(found["B"]) == ("moved", 3, 1, "custody")


# --- records, weights and settings ----------------------------------------------------------------------

JOIN = {"links": [{"nominal_id": "C", "master_id": "B"}]}


def test_records_joined_since_are_named(meeting):
    config = meeting.config(reading=LINKS)
    both = (config, config)
    listed = {person: standing(position=at) for at, person in enumerate("ABC", 1)}
    rows = [*OTHERS, row("C", "2024-10-11")]
    found = meeting(rows, rows, configs=both, tables=({}, JOIN), listed={k: listed[k] for k in "AB"})
    assert told(found["B"]) == ("moved", 2, 1, "link_change")
    assert found["B"].sentence == (
        "Moved from 2 to 1; with records joined as on 2025-06-02 the position would be 2."
    )
    # Joined then already: no change.
    then = {"A": standing(position=2), "B": standing(position=1, records=("B", "C"))}
    found = meeting(rows, rows, configs=both, tables=(JOIN, JOIN), listed=then)
    assert told(found["B"]) == ("same", 1, 1, "")
    # The one who stood on the lists was the other record.
    found = meeting(rows, rows, configs=both, tables=({}, JOIN), listed={"B": standing(position=3)})
    assert told(found["B"]) == ("moved", 3, 1, "link_change")


def test_records_split_since_are_named_on_both_sides(meeting):
    config = meeting.config(reading=LINKS)
    rows = [*OTHERS, row("C", "2024-10-11")]
    then = {"A": standing(position=2), "B": standing(position=1, records=("B", "C"))}
    found = meeting(rows, rows, configs=(config, config), tables=(JOIN, {}), listed=then)
    assert told(found["B"]) == ("moved", 1, 2, "link_change")
    assert told(found["C"]) == ("entered", None, 3, "link_change")
    assert found["C"].sentence.endswith("joined as on 2025-06-02 there would be no position.")


def test_an_equal_row_of_two_records_stays_the_persons_own(meeting):
    config = meeting.config(reading=LINKS)
    rows = [*OTHERS, row("C", "2025-02-10")]
    # Joined, the two rows of one day are one, kept under the lower record.
    join = {"links": [{"nominal_id": "B", "master_id": "C"}]}
    listed = {"A": standing(position=1), "C": standing(position=2)}
    found = meeting(rows, rows, configs=(config, config), tables=({}, join), listed=listed)
    assert told(found["C"]) == ("moved", 2, 1, "link_change")


UPLIFT = {"uplift": {"125/09": {"weight": 400, "reason": "local"}}}


def test_a_weight_that_changed_is_named(meeting):
    rows = [*OTHERS, row("C", "2024-10-10", "125/09", event_id="E9")]
    found = meeting(rows, rows, configs=(meeting.config(), meeting.config(gravity=UPLIFT)))
    assert told(found["B"]) == ("moved", 2, 1, "gravity_table")
    assert found["B"].sentence == (
        "Moved from 2 to 1; with the previous gravity weights the position would be 2."
    )
    assert told(found["A"]) == ("moved", 1, 3, "gravity_table")
    other = {"uplift": {"8/1": {"weight": 400, "reason": "local"}}}
    found = meeting(rows, rows, configs=(meeting.config(), meeting.config(gravity=other)))
    assert {change.what for change in found.values()} == {"same"}


def test_rows_that_had_no_weight_then_are_of_the_gravity_table(meeting):
    rows = [*OTHERS, *(row("C", "2025-06-01", "999/01", event_id=f"E{n}") for n in range(3))]
    with_code = {"uplift": {"999/01": {"weight": 20, "reason": "local"}}}
    configs = meeting.config(), meeting.config(gravity=with_code)
    found = meeting(rows, rows, configs=configs)
    assert told(found["C"]) == ("moved", 3, 1, "gravity_table")
    # A run of an earlier version told no weights.
    scored, previous, asked = meeting.runs(rows, rows, configs=configs)
    found = changes(scored, replace(previous, weights={}), asked)
    assert told(found["C"]) == ("moved", 3, 1, "correction")


def test_settings_that_changed_are_named(meeting):
    frequency = {"bands": [{"from": 1, "points": 5}, {"from": 2, "points": 0}]}
    configs = meeting.config(), meeting.config(score={"components": {**BANDS, "frequency": frequency}})
    found = meeting(OTHERS, OTHERS, configs=configs)
    assert [told(found[person]) for person in "BC"] == [("moved", 2, 3, "config"), ("moved", 3, 2, "config")]
    assert found["C"].sentence == ("Moved from 3 to 2; under the previous settings the position would be 3.")
    assert told(found["A"]) == ("same", 1, 1, "")
    configs = meeting.config(cohort={"min_incidents": 2}), meeting.config()
    found = meeting(OTHERS, OTHERS, configs=configs)
    assert told(found["C"]) == ("entered", None, 3, "config")
    found = meeting(OTHERS, OTHERS, configs=configs[::-1])
    assert told(found["C"]) == ("left", 3, None, "config")
    assert "fewer incidents in the window than the profile asks; under the prev" in found["C"].sentence


def test_settings_that_cannot_be_tried_today_are_not(meeting):
    bands = {**BANDS, "recency": {**BANDS["recency"], "clock": "at_liberty"}}
    config = meeting.config(score={"components": bands}, reading=CUSTODY)
    custody = [{"perpetrator_id": "A", "start": "2025-05-01", "end": ""}]
    spell = [{"perpetrator_id": "B", "start": "2025-02-12", "end": "2025-05-30"}]
    tables = ({"custody": [*custody, *spell]}, {})
    found = meeting(OTHERS, OTHERS, configs=(config, meeting.config(reading=CUSTODY)), tables=tables)
    assert {told(found[person])[3] for person in "ABC"} <= {"", "outranked"}


def test_settings_that_decide_rows_are_settings(meeting):
    rows = [{**one, "role": "suspect"} for one in OTHERS] + [row("C", "2025-05-20", role="named")]
    few = {"roles": {"count": ["suspect"], "set_aside": ["named"]}}
    roles = few, {"roles": {"count": ["suspect", "named"], "set_aside": []}}
    configs = tuple(meeting.config(reading=reading) for reading in roles)
    found = meeting(rows, rows, configs=configs)
    assert told(found["C"]) == ("moved", 3, 1, "config")
    assert (
        "with the rows that counted under the previous settings the position would be 3"
        in found["C"].sentence
    )
    rows = [{**one, "is_crime": "y"} for one in OTHERS]
    rows += [row("D", "2025-05-20", is_crime="n"), row("D", "2025-05-21", is_crime="n")]
    configs = meeting.config(gravity={"non_crime": None}), meeting.config()
    found = meeting(rows, rows, configs=configs)
    assert told(found["D"]) == ("entered", None, 3, "config")


def test_only_the_places_changed(meeting):
    configs = tuple(meeting.config(cohort={"capacity": n, "reserve": 1}) for n in (1, 2))
    then = {"A": standing(position=1), "B": standing("reserve", position=2, routes=("reserve",))}
    asked = ["A", "B", ("C", {"status": "reserve", "routes": ("reserve",)})]
    found = meeting(OTHERS, OTHERS, configs=configs, listed=then, people=asked)
    assert [told(change) for change in found.values()] == [
        ("same", 1, 1, ""), ("moved", 2, 2, "config"), ("entered", 3, 3, "config"),
    ]  # fmt: skip
    assert found["B"].sentence == (
        "Still at position 2, now proposed (was reserve); with the places of the previous settings the "
        "person would be reserve."
    )


# --- rows changed or withdrawn --------------------------------------------------------------------------


def test_a_row_withdrawn_or_added_behind_the_day_is_a_correction(meeting):
    more = [*OTHERS, row("C", "2025-03-01"), row("C", "2025-04-20")]
    found = meeting(more, OTHERS)
    assert told(found["C"]) == ("moved", 1, 3, "correction")
    assert found["C"].sentence == (
        "Moved from 1 to 3; with the rows as they were on 2025-06-02 the position would be 1."
    )
    found = meeting(OTHERS, more)
    assert told(found["C"]) == ("moved", 3, 1, "correction")
    found = meeting(OTHERS, [*OTHERS, row("D", "2025-04-01")])
    assert told(found["D"]) == ("entered", None, 3, "correction")


def test_all_rows_withdrawn_or_no_longer_extracted(meeting):
    found = meeting(OTHERS, OTHERS[2:])
    assert told(found["A"]) == ("left", 1, None, "correction")
    assert found["A"].sentence == (
        "On neither list now: without a position, before at position 1; no line in the window; with the rows "
        "as they were on 2025-06-02 the position would be 1."
    )
    old = row("D", "2023-06-10")
    found = meeting([*OTHERS, old], OTHERS)
    assert told(found["D"]) == ("left", 4, None, "aged_out")


def test_people_without_any_line_stand_nowhere(meeting):
    listed = {"X": standing("referred", routes=("referral",))}
    found = meeting(OTHERS, OTHERS, listed=listed, people=["A"])
    assert told(found["X"]) == ("left", None, None, "")
    assert found["X"].sentence == "On neither list now: without a position, before without a position."


# --- other routes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("routes", "cause", "says"),
    [
        (("referral",), "referral", "listed by a partner referral."),
        (("referral", "release"), "referral", "listed by a partner referral."),
        (("release",), "release", "listed by a coming release."),
        (("carried",), "", "listed by an earlier decision."),
        (("emerging:new-victim",), "late_recorded",
         "listed for the 1 earlier incident that became known after 2025-06-02."),
        (("emerging:new-victim", "referral"), "late_recorded",
         "listed for the 1 earlier incident that became known after 2025-06-02."),
        (("referral", "reserve"), "new_incident",
         "without the 1 incident since 2025-06-02 the position would be 3."),
    ],
)  # fmt: skip
def test_people_who_entered_by_other_routes(meeting, routes, cause, says):
    new = [row("C", "2025-06-20", "125/09"), row("C", "2020-01-01", recorded_date="2025-06-20")]
    asked = ["A", "B", ("C", {"routes": routes, "status": "referred"})]
    listed = {"A": standing(position=1), "B": standing(position=2)}
    found = meeting(OTHERS, [*OTHERS, *new], listed=listed, people=asked)
    assert found["C"].cause == cause and found["C"].sentence.endswith(says)
    asked = [("X", {"routes": routes, "status": "referred"})]
    found = meeting(OTHERS, OTHERS, listed={}, people=asked)
    assert told(found["X"])[:3] == ("entered", None, None)


def test_a_decision_alone_has_no_cause(meeting):
    asked = [("A", {"status": "monitoring", "listed": "monitoring", "routes": ("carried", "score")})]
    found = meeting(OTHERS, OTHERS, people=asked)
    assert told(found["A"]) == ("moved", 1, 1, "")
    assert found["A"].sentence == (
        "Still at position 1, now monitoring on the monitoring list (was proposed)."
    )
    assert told(found["B"]) == ("left", 2, 2, "")


def test_no_sentence_names_anybody(meeting):
    rows = [
        {**one, "perpetrator_id": f"SECRET-{one['perpetrator_id']}", "victim_id": "V-77"} for one in OTHERS
    ]
    new = [{**rows[-1], "event_date": "2025-06-20"}]
    found = meeting(rows, [*rows, *new])
    assert not any("SECRET" in change.sentence or "V-77" in change.sentence for change in found.values())
    causes = {word.word for word in words() if word.kind == "cause"}
    assert {change.cause for change in found.values()} <= causes | {""}


# --- against ranking everyone anew ----------------------------------------------------------------------


def arrays(lines):
    """Return the history of (person, day, known day, weight, victim, incident)."""
    person, day, known, gravity, victim, incident = zip(*lines, strict=True)
    return History.from_arrays(
        person=np.array(person, object),
        day=np.array(day, np.int32),
        known_day=np.array(known, np.int32),
        gravity=np.array(gravity, np.float64),
        victim=np.array(victim),
        incident=np.array(incident),
    )


def some_lines(rng, since, as_of):
    lines = []
    for _ in range(rng.integers(8, 40)):
        day = int(rng.integers(since - 60, as_of + 1)) if rng.random() < 0.8 else int(since - 740)
        known = min(as_of, day + int(rng.choice([0, 0, 0, 5, 40])))
        who, weight = f"P{rng.integers(0, 7)}", float(rng.choice([1, 5, 10, 400]))
        incident = int(rng.integers(0, 100)) * 10_000 + day  # lines of an incident are of one day
        lines.append((who, day, known, weight, int(rng.integers(-1, 3)), incident))
    return lines


VALUES = {**PLAIN, "victims": {}}
METHODS = {
    "points": {"components": {**BANDS, "victims": {"bands": [{"from": 1, "points": 2}]}}},
    "window": {"components": BANDS, "window_days": 45},
    "edges": {"method": "quantile", "components": {
        "recency": {"edges": [10, 40]}, "gravity": {"edges": [4, 9]}}},
    "sum": {"method": "continuous", "weights": {**dict.fromkeys(VALUES, 1), "recency": -0.1}, "components": {
        **VALUES, "gravity": {"aggregate": "sum"}}},
    "mean": {"method": "continuous", "weights": {"recency": -1, "frequency": 2, "gravity": 1}, "components": {
        **PLAIN, "gravity": {"aggregate": "mean"}}},
    "decayed": {"method": "continuous", "weights": {"gravity": 1}, "components": {
        "gravity": {"aggregate": "decayed", "half_life_days": 20}}},
}  # fmt: skip
ON_OTHERS = {
    "q": {"method": "quantile", "q": 4, "components": VALUES},
    "max": {**METHODS["sum"], "scale": "max"},
    "mean of max": {**METHODS["mean"], "scale": "max"},
    "log": {**METHODS["decayed"], "scale": "log1p_max"},
}


def asked_of_all(config, lines, since, as_of):
    gravity = gravity_of(config)
    scored = score_people(arrays(lines), config=config, gravity=gravity, as_of=as_of)
    past = score_people(arrays(lines), config=config, gravity=gravity, as_of=since)
    people = np.arange(len(scored.history.persons))
    return scored, Undone(scored, Past(before(past, gravity)), people)


@pytest.mark.parametrize("method", METHODS)
def test_positions_are_those_of_ranking_everyone_anew(meeting, method):
    config = meeting.config(score=METHODS[method], cohort={"min_incidents": 1 + (method == "mean")})
    gravity = gravity_of(config)
    since, as_of = to_day(THEN), to_day(NOW)
    rng = np.random.default_rng(len(method))

    def as_then(line):
        day, known = min(line[1], since) + as_of - since, min(line[2], since) + as_of - since
        return (line[0], day, known, *line[3:])

    undo = {
        "new_incident": lambda line: None if line[1] > since else line,
        "late_recorded": lambda line: None if line[1] <= since < line[2] else line,
        "aged_out": as_then,
    }
    seen = set()
    for _ in range(12):
        lines = some_lines(rng, since, as_of)
        scored, undone = asked_of_all(config, lines, since, as_of)
        for at, person in enumerate(scored.history.persons.tolist()):
            for effect in undone.effects[at]:
                if effect.word == "outranked":
                    continue
                if effect.word == "correction":
                    assert effect.position == undone.position[at]
                    continue
                kept = [undo[effect.word](line) if line[0] == person else line for line in lines]
                anew = score_people(
                    arrays([line for line in kept if line]), config=config, gravity=gravity, as_of=as_of
                )
                ids = anew.history.persons[anew.people].tolist()
                position = int(anew.ranking.position[ids.index(person)]) if person in ids else 0
                assert effect.position == (position or None), (effect.word, lines)
                seen.add(effect.word)
    assert seen == set(undo)


@pytest.mark.parametrize("method", [*METHODS, *ON_OTHERS])
def test_with_nothing_undone_everyone_stands_as_they_do(meeting, method):
    config = meeting.config(score={**METHODS, **ON_OTHERS}[method])
    since, as_of = to_day(THEN), to_day(NOW)
    for seed in range(5):
        lines = some_lines(np.random.default_rng(seed), since, as_of)
        scored, undone = asked_of_all(config, lines, since, as_of)
        assert undone.now.score[scored.people].tolist() == scored.score.tolist()
        assert np.flatnonzero(undone.now.inside).tolist() == scored.people.tolist()
        for part in scored.components:
            assert undone.now.value[part.name][scored.people].tolist() == part.value.tolist()
        # Rows as they were, nothing was corrected.
        for at, effects in enumerate(undone.effects):
            assert [e.position for e in effects if e.word == "correction"] == [undone.position[at]]
