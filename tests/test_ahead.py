"""Later days with nothing new, and one more incident: each against scoring everyone anew, day by day."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import to_day
from rfgscore.scoring.leaving import Leaving, leaving
from rfgscore.scoring.what_next import next_changes, one_more

#: Random lists a test and method; `make deep` asks for more.
EXAMPLES = max(8, int(os.environ.get("RFG_EXAMPLES", "0")) // 40)

AS_OF = 20000
POINTS = {
    "window_days": 20,
    "components": {
        "recency": {"bands": [{"up_to": 2, "points": 9}, {"up_to": 7, "points": 4}]},
        "frequency": {"bands": [{"from": 1, "points": 1}, {"from": 3, "points": 6}]},
        "gravity": {"bands": [{"from": 1, "points": 2}, {"from": 5, "points": 8}]},
        "victims": {"bands": [{"from": 1, "points": 1}, {"from": 2, "points": 5}]},
    },
}
PLAIN = {"recency": {}, "frequency": {}, "gravity": {"aggregate": "sum"}}
WEIGHTS = {"recency": -0.5, "frequency": 2, "gravity": 1}


def _with_gravity(**part):
    bands = POINTS["components"]["gravity"]["bands"]
    return {**POINTS, "components": {**POINTS["components"], "gravity": {**part, "bands": bands}}}


UPSIDE_DOWN = [{"from": 1, "points": 7}, {"from": 3, "points": 2}]
SCORES = {
    "points": POINTS,
    "sum": _with_gravity(aggregate="sum"),
    "mean": _with_gravity(aggregate="mean"),
    "decayed": _with_gravity(aggregate="decayed", half_life_days=3),
    "fewer is more": {**POINTS, "components": {**POINTS["components"], "frequency": {"bands": UPSIDE_DOWN}}},
    "quantile": {"window_days": 20, "method": "quantile", "q": 3, "components": PLAIN},
    "edges": {
        "window_days": 20,
        "method": "quantile",
        "components": {"recency": {"edges": [2, 7]}, "gravity": {"edges": [1, 5]}},
    },
    "continuous": {"window_days": 20, "method": "continuous", "weights": WEIGHTS, "components": PLAIN},
    "scaled": {
        "window_days": 20,
        "method": "continuous",
        "weights": WEIGHTS,
        "scale": "log1p_max",
        "components": PLAIN,
    },
    "no recency": {
        "window_days": 20,
        "method": "continuous",
        "weights": {"gravity": 1},
        "components": {"gravity": {"aggregate": "sum"}},
    },
}


def config_of(score, **cohort):
    return rfg.load_config(
        {
            "schema": "rfgscore/1",
            "gravity": {"table": "cchi-da-2020-10"},
            "score": score,
            "cohort": {"capacity": 1, "reserve": 1, **cohort},
        }
    )


#: person, age, gravity, victim, incident (of the person), days until it became known (negative: unknown yet).
ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 25),
        st.sampled_from([0.5, 1.0, 4.0, 5.0, 365.0]),
        st.integers(-1, 2),
        st.integers(0, 3),
        st.integers(-1, 6),
    ),
    min_size=1,
    max_size=14,
)


def history_of(rows, *, known_only=False):
    """A history, some of whose lines become known after the day looked at."""
    if known_only:
        rows = [row for row in rows if row[5] >= 0]
    person, age, gravity, victim, incident, known = zip(*rows, strict=True)
    return rfg.History.from_arrays(
        person=list(person),
        day=[AS_OF - days for days in age],
        gravity=list(gravity),
        victim=list(victim),
        incident=[10 * who + what for who, what in zip(person, incident, strict=True)],
        known_day=[
            AS_OF + 1 if late < 0 else AS_OF - max(0, days - late)
            for days, late in zip(age, known, strict=True)
        ],
    )


def positions(scores):
    return dict(zip(scores.table["perpetrator_id"], scores.table["position"], strict=True))


def left_by_rescoring(history, config, scored):
    """Every later day scored anew: first day each listed person is beyond the list, and why."""
    room = config.cohort.capacity + config.cohort.reserve
    start = positions(rfg.score(history, config=config, as_of=AS_OF))
    waiting = {person for person, position in start.items() if position and position <= room}
    out = {}
    for day in range(AS_OF + 1, AS_OF + config.score.window_days + 1):
        now = positions(rfg.score(history, config=config, as_of=day))
        for person in sorted(waiting):
            position = now.get(person, "none")
            if position == "none":
                out[person] = Leaving(day, "window")
            elif position is None:
                out[person] = Leaving(day, "eligible")
            elif position > room:
                out[person] = Leaving(day, "position")
        waiting -= set(out)
    persons = [str(person) for person in scored.history.persons[scored.people].tolist()]
    return tuple(out.get(person) for person in persons)


@pytest.mark.compiled
@pytest.mark.parametrize("name", SCORES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, least=st.integers(1, 2))
def test_people_leave_on_the_day_that_scoring_every_day_anew_finds(name, rows, least):
    rows = [*rows, (0, 3, 5.0, 1, 0, 0)]
    config = config_of(SCORES[name], min_incidents=least)
    scored = rfg.score(history_of(rows), config=config, as_of=AS_OF).scored
    expected = left_by_rescoring(history_of(rows, known_only=True), config, scored)
    assert leaving(scored, range(len(scored.people))) == expected


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["points", "sum", "mean", "decayed", "edges", "continuous"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS)
def test_the_next_change_is_the_first_day_on_which_a_band_differs(name, rows):
    rows = [*rows, (0, 3, 5.0, 1, 0, 0)]
    config = config_of(SCORES[name])
    scored = rfg.score(history_of(rows), config=config, as_of=AS_OF).scored
    later = history_of(rows, known_only=True)
    found = next_changes(scored, range(len(scored.people)))
    what = "value" if name == "continuous" else "band"
    looked = [
        f"{part.name}_{what}" for part in scored.components if (what, part.name) != ("value", "recency")
    ]
    now = rfg.score(later, config=config, as_of=AS_OF).to_pandas().set_index("perpetrator_id")
    for place, change in enumerate(found):
        person = str(scored.history.persons[scored.people[place]])
        for day in range(AS_OF + 1, change.day + 1):
            then = rfg.score(later, config=config, as_of=day).to_pandas().set_index("perpetrator_id")
            if person not in then.index:
                assert day == change.day
                assert change.moves == ()
                continue
            moved = [n.rsplit("_", 1)[0] for n in looked if then.loc[person, n] != now.loc[person, n]]
            assert bool(moved) == (day == change.day)
            if moved:
                assert [move.component for move in change.moves] == moved
                if name != "continuous":
                    assert change.score == then.loc[person, "score"]
                for move in change.moves:
                    assert move.value_after == then.loc[person, f"{move.component}_value"]
                    assert move.band_after == then.loc[person, f"{move.component}_band"]


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["points", "sum", "mean", "decayed", "edges", "continuous", "scaled"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, least=st.integers(1, 2))
def test_one_more_incident_counts_as_if_it_were_recorded(name, rows, least):
    rows = [*rows, (0, 3, 5.0, 1, 0, 0)]
    config = config_of(SCORES[name], min_incidents=least)
    known = [row for row in rows if row[5] >= 0]
    scored = rfg.score(history_of(rows), config=config, as_of=AS_OF).scored
    for place, person in enumerate(scored.history.persons[scored.people].tolist()):
        worst = max(row[2] for row in known if row[0] == person and row[1] < 20)
        then = rfg.score(history_of([*known, (person, 0, worst, -1, 7, 0)]), config=config, as_of=AS_OF)
        row = then.to_pandas().set_index("perpetrator_id").loc[str(person)]
        found = one_more(scored, place)
        assert found.score == row["score"]
        assert (found.position or 0) == (0 if row["position"] is None else row["position"])


# --- on tables: custody, death, crimes that still run ------------------------------------------------

WORDS = {
    "schema": "rfgscore/1",
    "extends": "illustrative-rfgv",
    "cohort": {"capacity": 1, "reserve": 0},
}


def scored_tables(offences, custody=None, **more):
    import pandas as pd

    columns = {"custody": {"columns": {n: n for n in ("perpetrator_id", "start", "end")}}} if custody else {}
    mapped = {name: name for row in offences for name in row}
    config = rfg.load_config({**WORDS, "input": {"columns": mapped, **columns}, **more.pop("settings", {})})
    history = rfg.read_offences(
        pd.DataFrame(offences),
        config=config,
        as_of="2025-06-30",
        custody=None if custody is None else pd.DataFrame(custody, dtype=object),
        **more,
    )
    return rfg.score(history, config=config).scored


def line(person, day, **more):
    return {
        "perpetrator_id": person,
        "event_date": day,
        "offence_code": "008/06",
        "victim_id": f"V{person}",
        **more,
    }


def test_a_crime_that_still_runs_does_not_grow_old_before_it_ends():
    rows = [line("A", "2025-06-01", event_end="2025-07-10"), line("B", "2025-06-30", event_end="")]
    scored = scored_tables(rows)
    change_a, change_b = next_changes(scored, [0, 1])
    assert (change_a.day, change_a.moves[0].component) == (to_day("2025-08-10"), "recency")
    assert (change_b.day, change_b.moves[0].component) == (to_day("2025-07-31"), "recency")


def test_days_in_custody_do_not_count_while_the_spell_stays_open():
    rows = [line("A", "2025-06-20"), line("B", "2025-06-20")]
    custody = [{"perpetrator_id": "A", "start": "2025-06-25", "end": None}]
    score = {"components": {"recency": {"clock": "at_liberty"}}}
    scored = scored_tables(rows, custody, settings={"score": score})
    held, free = next_changes(scored, [0, 1])
    assert held.day == to_day("2025-06-20") + 730
    assert held.moves == ()
    assert free.day == to_day("2025-06-20") + 31
    # B is behind A from the day on which B's days at liberty reach the next band; A goes with its line.
    assert leaving(scored, [0, 1]) == (Leaving(to_day("2025-06-20") + 730, "window"), None)


def test_a_person_held_too_long_leaves_on_the_day_after_the_limit():
    rows = [line("A", "2025-06-20"), line("B", "2025-01-20")]
    custody = [{"perpetrator_id": "A", "start": "2025-06-25", "end": None}]
    cohort = {"capacity": 1, "reserve": 0, "custody": {"exclude_if_held_days": 30}}
    scored = scored_tables(rows, custody, settings={"cohort": cohort})
    assert leaving(scored, [0]) == (Leaving(to_day("2025-06-25") + 31, "eligible"),)


def test_who_is_not_eligible_is_on_no_list_and_one_more_incident_can_make_them_so():
    rows = [line("A", "2025-06-20"), line("A", "2025-06-21"), line("B", "2025-06-29")]
    scored = scored_tables(rows, settings={"cohort": {"capacity": 1, "reserve": 0, "min_incidents": 2}})
    assert leaving(scored, [1]) == (None,)
    assert one_more(scored, 1).position == 1
    assert leaving(scored, [0, 0]) == (Leaving(to_day("2025-06-20") + 730, "eligible"),) * 2


def test_far_days_have_no_date_and_are_not_told():
    history = rfg.History.from_arrays(person=["A"], day=[2932890], gravity=[1.0])
    scored = rfg.score(history, config=config_of(POINTS), as_of=2932895).scored
    assert leaving(scored, [0]) == (None,)
    assert np.isfinite(one_more(scored, 0).score)


# --- who passes whom, and when: each a case in which looking at too few days would miss it -----------


def first_to_leave(score, rows, custody=None):
    """When the first of the list of one leaves it; rows are (person, days ago, weight)."""
    config = config_of(score, reserve=0)
    person, age, gravity = zip(*rows, strict=True)
    history = rfg.History.from_arrays(
        person=list(person), day=[AS_OF - days for days in age], gravity=[float(weight) for weight in gravity]
    )
    scored = rfg.score(history, config=config, as_of=AS_OF).scored
    first = int(np.flatnonzero(scored.ranking.position == 1)[0])
    (left,) = leaving(scored, [first])
    return str(scored.history.persons[scored.people[first]]), left.day - AS_OF, left.why


def test_a_mean_that_rises_when_a_light_incident_leaves_passes_others():
    rows = [("A", 1, 4), ("B", 4, 5), ("B", 19, 0.5)]
    assert first_to_leave(SCORES["mean"], rows) == ("A", 1, "position")


def test_a_gravity_that_decays_falls_below_its_band_on_a_day_of_its_own():
    rows = [("A", 0, 5.5), ("B", 0, 4), ("B", 1, 0.5), ("B", 1, 0.5)]
    assert first_to_leave(SCORES["decayed"], rows) == ("A", 1, "position")


def test_points_that_rise_as_incidents_leave_pass_others():
    # B has three incidents, worth fewer points than the two that are left tomorrow.
    rows = [("A", 1, 1), ("B", 1, 1), ("B", 2, 1), ("B", 19, 1)]
    assert first_to_leave(SCORES["fewer is more"], rows) == ("A", 1, "position")


def test_scores_far_below_the_list_today_can_be_above_it_later():
    rows = [("A", 19, 365), ("A", 19, 365), ("B", 1, 1), ("C", 3, 1)]
    assert first_to_leave(SCORES["sum"], [*rows, ("A", 8, 1)]) == ("A", 1, "position")


def test_someone_in_custody_stays_as_recent_and_passes_one_who_is_free():
    rows = [line("A", "2025-06-25"), line("B", "2025-06-18")]
    custody = [{"perpetrator_id": "B", "start": "2025-06-27", "end": None}]
    score = {"components": {"recency": {"clock": "at_liberty"}}}
    scored = scored_tables(rows, custody, settings={"score": score})
    # A has 5 days at liberty and one more every day, B stays at 8: equal on 3 July, when the id decides.
    assert leaving(scored, [0, 1]) == (Leaving(to_day("2025-07-04"), "position"), None)


def test_a_crime_that_still_runs_passes_one_that_is_over():
    rows = [line("A", "2025-06-30", event_end=""), line("B", "2025-06-01", event_end="2025-07-10")]
    scored = scored_tables(rows)
    assert leaving(scored, [0]) == (Leaving(to_day("2025-07-01"), "position"),)


@pytest.mark.parametrize("name", ["illustrative-rfgv", "quintile-rfg"])
def test_a_crime_that_runs_on_for_centuries_costs_no_centuries(name):
    rows = [line("A", "2025-06-01", event_end="2999-12-31"), line("B", "2025-06-20", event_end="")]
    cohort = {"capacity": 2, "reserve": 0}
    scored = scored_tables(rows, settings={"extends": name, "cohort": cohort})
    gone = to_day("2999-12-31") + scored.config.score.window_days
    assert leaving(scored, [0])[0] == Leaving(gone, "window")
    assert leaving(scored, [1])[0].day == to_day("2025-06-20") + scored.config.score.window_days
    if name == "illustrative-rfgv":
        assert next_changes(scored, [0])[0].day == to_day("2999-12-31") + 31


def test_a_window_of_a_century_is_not_walked_day_by_day():
    score = {"window_days": 36500, "components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}}
    history = rfg.History.from_arrays(person=["A", "B"], day=[AS_OF - 3, AS_OF - 9], gravity=[1.0, 1.0])
    scored = rfg.score(history, config=config_of(score), as_of=AS_OF).scored
    assert [left.day for left in leaving(scored, [0, 1])] == [AS_OF - 3 + 36500, AS_OF - 9 + 36500]
    assert [change.day for change in next_changes(scored, [0, 1])] == [AS_OF - 3 + 36500, AS_OF - 9 + 36500]
