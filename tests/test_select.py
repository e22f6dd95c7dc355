"""Who is before the meeting: each route and status, with someone who just meets it and someone who misses."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType

import pytest

from rfgscore.cohort import Previous, Standing
from rfgscore.cohort.select import select_cohort
from rfgscore.dates import iso, to_day
from rfgscore.errors import DataError
from rfgscore.history.read import gravity_of
from rfgscore.scoring import score_people

SCORE = {
    "components": {
        "frequency": {"bands": [{"from": n, "points": n} for n in range(1, 9)]},
        "gravity": {"bands": [{"from": 0, "points": 0}, {"from": 1825, "points": 1}]},
    }
}
#: Without emerging rules, so that a test about another route names nobody by them.
QUIET = {"capacity": 2, "reserve": 1, "emerging": []}
TOLD = {"decided_by": "chair", "reason": "because"}


def incidents(person, count, *, day="2025-01-01", **more):
    """Return so many incidents of a person, a day apart, all long known."""
    first = dt.date.fromisoformat(day)
    return [
        {
            "perpetrator_id": person,
            "event_date": (first + dt.timedelta(days=n)).isoformat(),
            "incident_id": f"{person}-{day}-{n}",
            **more,
        }
        for n in range(count)
    ]


def scored(desk, rows, cohort=QUIET, reading=None, **tables):
    as_of = tables.pop("as_of", desk.as_of)
    config = desk.config(reading, score=SCORE, cohort=cohort)
    history = desk.history(*rows, config=config, as_of=as_of, **tables)
    return score_people(history, config=config, gravity=gravity_of(config), as_of=history.as_of)


def previous(now, as_of="2025-06-01", **standings):
    """Return a previous run of that day on which these people stood so: (status, position), or a Standing."""
    listed = {}
    for person, stood in standings.items():
        if not isinstance(stood, Standing):
            status, position = stood
            where = "monitoring" if status == "monitoring" else "cohort"
            stood = Standing(where, status, "", ("score",), position, 0, ())
        listed[person] = stood
    return Previous(
        folder="before",
        sha256="0" * 64,
        as_of=to_day(as_of),
        config=now.config,
        weights=MappingProxyType({grade.code: grade.weight for grade in now.grades}),
        gravity="",
        edges=MappingProxyType({}),
        listed=MappingProxyType(listed),
        scores=now.table(),
    )


def lists(cohort):
    """Return who stands on which list: status and routes by id."""
    return {one.person: (one.listed, one.status, one.routes) for one in cohort.considered}


def test_the_list_is_proposed_then_reserve_and_nobody_more(desk):
    people = [*incidents("A", 4), *incidents("B", 3), *incidents("C", 2), *incidents("D", 1)]
    found = select_cohort(scored(desk, people))
    assert list(lists(found).items()) == [
        ("A", ("cohort", "proposed", ("score",))),
        ("B", ("cohort", "proposed", ("score",))),
        ("C", ("cohort", "reserve", ("reserve",))),
    ]
    assert (found.at_rest, found.left, dict(found.not_shown)) == (
        0,
        0,
        {"release": 0, "referral": 0, "emerging": 0},
    )
    assert iso(found.since) == "2025-06-02"
    assert found.considered[1].why == (("score", "Position 2 is within the capacity of 2."),)
    assert found.considered[2].why == (("reserve", "Position 3 is within the reserve, positions 3 to 3."),)


TOP = [*incidents("A", 4), *incidents("B", 3), *incidents("C", 2), *incidents("D", 1)]


@pytest.mark.parametrize(
    ("referral", "decision", "listed"),
    [
        ({"referred_date": "2025-06-30"}, None, True),
        ({"referred_date": "2025-07-01"}, None, False),
        ({"referred_date": "2025-06-30", "recorded_date": "2025-06-30"}, None, True),
        ({"referred_date": "2025-06-29", "recorded_date": "2025-07-01"}, None, False),
        ({"referred_date": "2019-01-01"}, None, True),
        # A meeting on the day of the referral has dealt with it, one the day before has not.
        ({"referred_date": "2025-06-10"}, {"meeting_date": "2025-06-10"}, False),
        ({"referred_date": "2025-06-10"}, {"meeting_date": "2025-06-09"}, True),
        ({"referred_date": "2025-06-10"}, {"meeting_date": "2025-07-01"}, True),
    ],
)
def test_a_referral_lists_until_a_meeting_has_decided(desk, referral, decision, listed):
    taken_off = [{"perpetrator_id": "D", "decision": "removed", **TOLD, **decision}] if decision else None
    tables = {"decisions": taken_off} if taken_off else {}
    now = scored(
        desk, TOP, extract_date="2025-07-01", referrals=[{"perpetrator_id": "D", **referral}], **tables
    )
    found = lists(select_cohort(now))
    assert found.get("D") == (("cohort", "referred", ("referral",)) if listed else None)


def test_a_referral_of_someone_without_a_record_is_listed_and_not_called_0(desk):
    told = {
        "perpetrator_id": "Z",
        "referred_date": "2025-06-20",
        "agency": "housing",
        "reason": "threats",
        "reference": "H7",
    }
    found = select_cohort(scored(desk, TOP, referrals=[told]))
    (one,) = (one for one in found.considered if one.person == "Z")
    assert (one.number, one.place, one.status, one.flags) == (None, None, "referred", ("history_not_held",))
    assert one.why == (("referral", "Referred on 2025-06-20 by housing (reference H7): threats."),)


@pytest.mark.parametrize(
    ("spell", "listed"),
    [
        ({"planned_release": "2025-07-01"}, "release is planned for 2025-07-01, tomorrow."),
        ({"planned_release": "2025-06-30"}, "release is planned for 2025-06-30, today."),
        ({"planned_release": "2025-07-28"}, "release is planned for 2025-07-28, in 28 days."),
        ({"planned_release": "2025-07-29"}, None),
        ({"planned_release": ""}, None),
        # Overdue since the last look: the person may be free. Before that the last list told of it.
        ({"planned_release": "2025-06-29"}, "the person may be free."),
        ({"planned_release": "2025-06-03"}, "the person may be free."),
        ({"planned_release": "2025-06-02"}, None),
        ({"planned_release": "2025-07-01", "end": "2025-06-30"}, None),
        ({"planned_release": "2025-07-01", "end": "2025-07-01"}, "tomorrow."),
        ({"planned_release": "2025-07-01", "start": "2025-07-01"}, None),
    ],
)
def test_a_coming_release_lists_even_with_nothing_in_the_window(desk, spell, listed):
    old = incidents("D", 1, day="2020-01-01")
    custody = [{"perpetrator_id": "D", "start": "2025-01-01", "end": "", **spell}]
    reading = {"point_in_time": "accept_extract_state"}
    now = scored(desk, [*TOP[:9], *old], reading=reading, extract_date="2025-08-01", custody=custody)
    found = [one for one in select_cohort(now).considered if one.person == "D"]
    if listed is None:
        assert not found
    else:
        assert (found[0].place, found[0].status, found[0].routes) == (None, "release", ("release",))
        assert found[0].why[0][1].endswith(listed)
        assert found[0].in_custody


def test_someone_held_of_whom_nothing_is_recorded_is_not_listed(desk):
    custody = [{"perpetrator_id": "Z", "start": "2025-01-01", "end": "", "planned_release": "2025-07-01"}]
    assert "Z" not in lists(select_cohort(scored(desk, TOP, custody=custody)))
    referrals = [{"perpetrator_id": "Z", "referred_date": "2025-06-01"}]
    found = lists(select_cohort(scored(desk, TOP, custody=custody, referrals=referrals)))
    assert found["Z"] == ("cohort", "referred", ("referral", "release"))


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        ({"decision": "managed", "pathway": "diversion"}, ("cohort", "managed", ("carried",))),
        ({"decision": "monitoring"}, ("monitoring", "monitoring", ("carried",))),
        ({"decision": "removed"}, None),
        ({"decision": "transferred"}, None),
        (
            {"decision": "managed", "pathway": "diversion", "meeting_date": "2025-06-30"},
            ("cohort", "managed", ("carried",)),
        ),
        ({"decision": "managed", "pathway": "diversion", "meeting_date": "2025-07-01"}, None),
    ],
)
@pytest.mark.parametrize("known", [True, False], ids=["on record", "without a record"])
def test_a_decision_carries_a_person(desk, decision, expected, known):
    person = "D" if known else "Z"
    row = {"perpetrator_id": person, "meeting_date": "2025-05-01", **TOLD, **decision}
    now = scored(desk, TOP, extract_date="2025-07-02", decisions=[row])
    assert lists(select_cohort(now)).get(person) == expected


def test_the_latest_decision_stands(desk):
    rows = [
        {
            "perpetrator_id": "D",
            "meeting_date": "2025-05-01",
            "decision": "managed",
            "pathway": "diversion",
            **TOLD,
        },
        {"perpetrator_id": "D", "meeting_date": "2025-06-01", "decision": "monitoring", **TOLD},
    ]
    for listed in (rows, rows[::-1]):
        (one,) = (
            one for one in select_cohort(scored(desk, TOP, decisions=listed)).considered if one.person == "D"
        )
        assert (one.listed, one.status, one.pathway) == ("monitoring", "monitoring", "")
        assert one.why == (
            (
                "carried",
                "Not taken on by the meeting of 2025-06-01, by chair: monitored, and a review owner is due. "
                "Reason: because.",
            ),
        )


def test_a_decision_not_to_include_stands_though_the_position_is_high(desk):
    row = {"perpetrator_id": "A", "meeting_date": "2025-06-01", "decision": "monitoring", **TOLD}
    found = lists(select_cohort(scored(desk, TOP, decisions=[row])))
    assert found["A"] == ("monitoring", "monitoring", ("carried", "score"))


@pytest.mark.parametrize(
    ("known", "back"),
    [("2025-05-01", False), ("2025-05-02", True)],
)
@pytest.mark.parametrize("word", ["removed", "transferred"])
def test_someone_taken_off_rests_until_something_becomes_known(desk, word, known, back):
    late = {"perpetrator_id": "A", "event_date": "2024-12-01", "recorded_date": known, "incident_id": "late"}
    rows = [{**row, "recorded_date": row["event_date"]} for row in TOP]
    decision = {"perpetrator_id": "A", "meeting_date": "2025-05-01", "decision": word, **TOLD}
    found = select_cohort(scored(desk, [*rows, late], decisions=[decision]))
    assert ("A" in lists(found), found.at_rest) == (back, int(not back))


@pytest.mark.parametrize(("known", "back"), [("2025-06-01", False), ("2025-06-02", True)])
def test_what_became_known_between_the_list_and_the_meeting_brings_a_person_back(desk, known, back):
    # Nobody can say whether the meeting of 8 June, which had the list of 1 June, was told of it.
    rows = [{**row, "recorded_date": row["event_date"]} for row in TOP]
    late = {"perpetrator_id": "A", "event_date": "2025-05-30", "recorded_date": known, "incident_id": "late"}
    decision = {"perpetrator_id": "A", "meeting_date": "2025-06-08", "decision": "removed", **TOLD}
    now = scored(desk, [*rows, late], decisions=[decision])
    found = select_cohort(now, previous(now, A=("proposed", 1)))
    assert ("A" in lists(found), found.at_rest, found.left) == (back, int(not back), int(not back))


@pytest.mark.parametrize(
    ("day", "recorded", "listed"),
    [
        ("2025-05-20", "2025-06-08", False),
        ("2025-05-20", "2025-06-09", True),
        ("2025-06-09", "2025-06-09", True),
    ],
)
def test_a_meeting_closes_only_referrals_that_were_known(desk, day, recorded, listed):
    referral = {"perpetrator_id": "D", "referred_date": day, "recorded_date": recorded}
    decision = {"perpetrator_id": "D", "meeting_date": "2025-06-08", "decision": "removed", **TOLD}
    now = scored(desk, TOP, referrals=[referral], decisions=[decision])
    assert ("D" in lists(select_cohort(now))) == listed


def test_decisions_of_joined_records_lose_no_owner_and_no_day_of_review(desk):
    links = [{"nominal_id": "D2", "master_id": "D"}]
    plain = {"meeting_date": "2025-05-01", "decision": "managed", "pathway": "diversion", "reason": "r"}
    rows = [
        {"perpetrator_id": "D", **plain, "owner": "zoe", "review_by": "2025-09-01", "decided_by": "chair"},
        {"perpetrator_id": "D2", **plain, "owner": "anna", "review_by": "2025-07-01", "decided_by": "chair"},
    ]
    for listed in (rows, rows[::-1]):
        found = select_cohort(scored(desk, TOP, links=links, decisions=listed)).considered
        (one,) = (one for one in found if one.person == "D")
        assert (one.decision.owner, one.decision.decided_by) == ("anna; zoe", "chair")
        assert iso(one.decision.review_by) == "2025-07-01"


def test_a_later_meeting_settles_what_joined_records_were_decided_apart(desk):
    links = [{"nominal_id": "D2", "master_id": "D"}]
    rows = [
        {"perpetrator_id": "D", "meeting_date": "2025-05-01", "decision": "monitoring", **TOLD},
        {"perpetrator_id": "D2", "meeting_date": "2025-05-01", "decision": "removed", **TOLD},
    ]
    with pytest.raises(DataError, match="add what a later meeting decided"):
        scored(desk, TOP, links=links, decisions=rows)
    later = {"perpetrator_id": "D", "meeting_date": "2025-06-01", "decision": "monitoring", **TOLD}
    for listed in ([*rows, later], [later, *rows[::-1]]):
        found = lists(select_cohort(scored(desk, TOP, links=links, decisions=listed)))
        assert found["D"] == ("monitoring", "monitoring", ("carried",))


def test_an_overdue_release_stays_told_until_someone_says_more(desk):
    spell = {"perpetrator_id": "D", "start": "2025-01-01", "end": "", "planned_release": "2025-05-20"}
    now = scored(desk, TOP, custody=[spell])
    assert "D" not in lists(select_cohort(now))  # the last list told of it
    found = select_cohort(now, previous(now, D=("release", 4)))
    assert lists(found)["D"] == ("cohort", "release", ("release",))
    for recorded, listed in (("2025-06-01", False), ("2025-06-02", True)):
        late = scored(desk, TOP, custody=[{**spell, "recorded_date": recorded}])
        assert ("D" in lists(select_cohort(late, previous(late)))) == listed


def test_the_dead_come_by_no_route_of_their_own(desk):
    dead = [{"perpetrator_id": "A", "deceased_date": "2025-06-30"}]
    custody = [{"perpetrator_id": "A", "start": "2025-01-01", "end": "", "planned_release": "2025-07-01"}]
    cohort = {**QUIET, "emerging": ["rising-count"]}
    news = incidents("A", 3, day="2025-06-20")
    assert "A" not in lists(
        select_cohort(scored(desk, [*TOP, *news], cohort, subjects=dead, custody=custody))
    )
    alive = [
        {"perpetrator_id": "A", "deceased_date": ""},
        {"perpetrator_id": "B", "deceased_date": "2025-06-30"},
    ]
    found = select_cohort(scored(desk, [*TOP, *news], cohort, subjects=alive, custody=custody))
    assert lists(found)["A"][2] == ("emerging:rising-count", "release", "score")
    # A meeting has to know that someone it manages, or that a partner named, has died.
    managed = {
        "perpetrator_id": "A",
        "meeting_date": "2025-05-01",
        "decision": "managed",
        "pathway": "diversion",
        **TOLD,
    }
    for tables in (
        {"decisions": [managed]},
        {"referrals": [{"perpetrator_id": "A", "referred_date": "2025-06-01"}]},
    ):
        assert "A" in lists(select_cohort(scored(desk, TOP, subjects=dead, **tables)))


def test_a_cap_takes_the_longest_waiting_and_leaves_out_nobody_shown_before(desk):
    days = {"D": "2025-06-03", "Z": "2025-06-01", "Y": "2025-06-02", "A": "2025-01-01"}
    referrals = [{"perpetrator_id": person, "referred_date": day} for person, day in days.items()]
    cohort = {**QUIET, "route_caps": {"referral": 2}}
    found = select_cohort(scored(desk, TOP, cohort, referrals=referrals))
    assert [one.person for one in found.considered] == ["A", "B", "C", "Y", "Z"]
    assert found.not_shown["referral"] == 1
    # Whoever was shown before is shown again, whatever the cap says.
    now = scored(desk, TOP, {**QUIET, "route_caps": {"referral": 0}}, referrals=referrals)
    found = select_cohort(now, previous(now, D=("referred", 4)))
    assert ("D" in lists(found), found.not_shown["referral"]) == (True, 2)


def test_whoever_comes_by_two_routes_needs_room_in_one(desk):
    custody = [
        {"perpetrator_id": person, "start": "2025-01-01", "end": "", "planned_release": day}
        for person, day in (("D", "2025-07-02"), ("E", "2025-07-01"), ("F", "2025-07-03"))
    ]
    referrals = [
        {"perpetrator_id": person, "referred_date": day}
        for person, day in (("D", "2025-06-02"), ("E", "2025-06-03"), ("F", "2025-06-04"))
    ]
    rows = [*TOP, *incidents("E", 1), *incidents("F", 1)]
    cohort = {**QUIET, "route_caps": {"referral": 1, "release": 1}}
    found = select_cohort(scored(desk, rows, cohort, custody=custody, referrals=referrals))
    # D waits longest, E is released first, and F is left out by both.
    assert {"D", "E"} <= set(lists(found)) and "F" not in lists(found)
    assert dict(found.not_shown) == {"release": 1, "referral": 1, "emerging": 0}


def test_emerging_people_beyond_the_cap_are_counted_the_gravest_first(desk):
    news = [
        *incidents("X", 1, day="2025-06-20", offence_code="19/8"),
        *incidents("Y", 1, day="2025-06-20", offence_code="19/8"),
        *incidents("Z", 1, day="2025-06-20", offence_code="8/6"),
    ]
    cohort = {**QUIET, "emerging": ["first-top-gravity"], "route_caps": {"emerging": 1}}
    found = select_cohort(scored(desk, [*TOP[:9], *incidents("C", 2, day="2025-02-01"), *news], cohort))
    assert lists(found)["X"] == ("cohort", "emerging", ("emerging:first-top-gravity",))
    assert "Y" not in lists(found)
    assert "Z" not in lists(found)
    assert found.not_shown["emerging"] == 1


@pytest.mark.parametrize(
    ("meeting", "expected"),
    [
        (None, ("cohort", "undecided", ("score",))),
        # The meeting may sit on the day of the list itself.
        ("2025-06-01", None),
        ("2025-05-31", ("cohort", "undecided", ("score",))),
        ("2025-07-01", ("cohort", "undecided", ("score",))),
    ],
)
def test_whoever_was_before_the_meeting_without_a_decision_is_shown_again(desk, meeting, expected):
    row = {"perpetrator_id": "D", "meeting_date": meeting, "decision": "removed", **TOLD}
    tables = {"decisions": [row], "extract_date": "2025-07-02"} if meeting else {}
    now = scored(desk, TOP, **tables)
    found = select_cohort(now, previous(now, D=("reserve", 3)))
    assert lists(found).get("D") == expected
    assert found.left == int(expected is None)
    if expected:
        (one,) = (one for one in found.considered if one.person == "D")
        assert one.why == (
            (
                "undecided",
                "On the list of 2025-06-01 as reserve, and no meeting since has decided: shown again.",
            ),
        )


def test_someone_without_any_record_left_is_shown_again_too(desk):
    now = scored(desk, TOP)
    found = lists(select_cohort(now, previous(now, Z=("proposed", 1))))
    # Without a position the person is beyond `keep`, for the first of two runs.
    assert found["Z"] == ("cohort", "proposed", ("score",))


@pytest.mark.parametrize(
    ("keep", "meetings", "outside", "expected"),
    [
        (4, 2, 0, ("proposed", 0)),
        (4, 1, 0, ("proposed", 0)),
        (3, 2, 0, ("proposed", 1)),
        (3, 2, 1, ("undecided", 0)),
        (3, 1, 0, ("undecided", 0)),
        (3, 3, 1, ("proposed", 2)),
        (3, 3, 2, ("undecided", 0)),
        # Back within keep, the count begins anew.
        (4, 2, 1, ("proposed", 0)),
    ],
)
def test_the_proposed_stay_until_they_stood_beyond_keep_for_so_many_runs(
    desk, keep, meetings, outside, expected
):
    now = scored(desk, TOP, {**QUIET, "keep": keep, "meetings": meetings})
    before = Standing("cohort", "proposed", "", ("score",), 2, outside, ())
    (one,) = (one for one in select_cohort(now, previous(now, D=before)).considered if one.person == "D")
    assert (one.status, one.outside) == expected
    assert one.routes == ("score",)


def test_only_the_proposed_stay_beyond_capacity(desk):
    now = scored(desk, TOP, {**QUIET, "keep": 4})
    for status in ("reserve", "emerging", "undecided"):
        found = lists(select_cohort(now, previous(now, D=(status, 2))))
        assert found["D"][1] == "undecided"
    # In reserve by position and proposed before: still proposed, both routes told.
    found = lists(select_cohort(now, previous(now, C=("proposed", 2))))
    assert found["C"] == ("cohort", "proposed", ("reserve", "score"))


@pytest.mark.parametrize(
    ("where", "status"),
    [("cohort", "managed"), ("monitoring", "monitoring"), ("cohort", "carried"), ("monitoring", "carried")],
)
def test_whom_earlier_lists_carry_without_a_decision_given_now_is_carried(desk, where, status):
    now = scored(desk, TOP)
    before = Standing(where, status, "diversion" if where == "cohort" else "", ("carried",), 4, 0, ())
    (one,) = (one for one in select_cohort(now, previous(now, A=before)).considered if one.person == "A")
    assert (one.listed, one.status, one.routes) == (where, "carried", ("carried", "score"))
    assert one.pathway == before.pathway


def test_a_removal_wins_over_everything(desk):
    removals = [
        {"perpetrator_id": "A", "removed_on": "2025-06-30"},
        {"perpetrator_id": "Z", "removed_on": "2025-06-30"},
    ]
    both = ("A", "Z")
    now = scored(
        desk,
        TOP,
        removals=removals,
        referrals=[{"perpetrator_id": person, "referred_date": "2025-06-01"} for person in both],
        custody=[
            {"perpetrator_id": person, "start": "2025-01-01", "end": "", "planned_release": "2025-07-01"}
            for person in both
        ],
        decisions=[
            {"perpetrator_id": person, "meeting_date": "2025-05-01", "decision": "monitoring", **TOLD}
            for person in both
        ],
    )
    assert set(lists(select_cohort(now))) == {"B", "C", "D"}


def test_joined_records_are_one_person_with_one_decision(desk):
    links = [{"nominal_id": "D2", "master_id": "D"}]
    row = {"perpetrator_id": "D2", "meeting_date": "2025-05-01", "decision": "monitoring", **TOLD}
    found = lists(select_cohort(scored(desk, TOP, links=links, decisions=[row])))
    assert found["D"] == ("monitoring", "monitoring", ("carried",))
    assert "D2" not in found


@pytest.mark.parametrize(
    ("areas", "subjects", "expected"),
    [
        (None, "East", "East"),
        (None, "", "West"),
        ("area", "", "West"),
        ("force", "", "F2"),
    ],
)
def test_where_a_person_belongs(desk, areas, subjects, expected):
    rows = [
        *incidents("A", 1, day="2024-01-01", area="North", force="F1"),
        *incidents("A", 1, day="2025-01-01", area="West", force="F2"),
        *incidents("A", 1, day="2025-02-01", area="", force=""),
    ]
    now = scored(
        desk, rows, {**QUIET, "areas": areas}, subjects=[{"perpetrator_id": "A", "area": subjects, "dob": ""}]
    )
    assert [one.area for one in select_cohort(now).considered] == [expected]
