"""Landmark episodes against a plain reading of the rules, row by row and day by day."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rfgscore.errors import ConfigError, DataError, FollowUpError
from rfgscore.escalation.episodes import at_risk, clock_of, landmark_episodes
from rfgscore.escalation.exposure import Exposure
from rfgscore.escalation.outcomes import OUTCOMES, Outcome, incidents_of, outcome_of
from rfgscore.escalation.tables import CENSORED, DEATH, EVENT, TRANSFER
from rfgscore.history.history import History

SPEC = importlib.util.spec_from_file_location("force_of_rows", Path(__file__).parent / "force_of_rows.py")
force_of_rows = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(force_of_rows)
history_of, number_of, tables = force_of_rows.history_of, force_of_rows.number_of, force_of_rows.tables

WEIGHT = {"X1": 1.0, "X2": 10.0, "X3": 365.0, "X4": 800.0}


def held_days(force, person, until):
    """Days in custody of a person as known at a day."""
    days = set()
    for spell in force["custody"]:
        if spell["perpetrator_id"] != person or max(spell["start"], spell["recorded_date"]) > until:
            continue
        end = spell["end"] if spell["end"] is not None and spell["end"] <= until else until + 400
        days |= set(range(spell["start"], end))
    return days


def incidents(force, person, by):
    """Day, weight, victims and codes of the incidents of a person visible by a day."""
    found = {}
    for line in force["offences"]:
        if line["perpetrator_id"] == person and max(line["event_date"], line["recorded_date"]) <= by:
            found.setdefault(line["incident_id"], []).append(line)
    return {
        key: (
            min(line["event_date"] for line in lines),
            max(WEIGHT[line["offence_code"]] for line in lines),
            {line["victim_id"] for line in lines} - {""},
            {line["offence_code"] for line in lines},
        )
        for key, lines in found.items()
    }


def expected_row(force, person, landmark, until, outcome, window, clock, held):
    """One row worked out plainly: None where there is none."""
    lines = [
        line
        for line in force["offences"]
        if line["perpetrator_id"] == person and max(line["event_date"], line["recorded_date"]) <= landmark
    ]
    if not any(0 <= landmark - line["event_date"] < window for line in lines):
        return None
    subject = next((one for one in force["subjects"] if one["perpetrator_id"] == person), {})
    died = subject.get("deceased_date")
    came = subject.get("transferred_in")
    moves = sorted(
        max(one["meeting_date"], one["recorded_date"])
        for one in force["decisions"]
        if one["perpetrator_id"] == person
    )
    if died is not None and died <= landmark:
        return None
    gone = [one for one in moves if one <= landmark]
    seen = [max(line["event_date"], line["recorded_date"]) for line in lines]
    if gone and not any(one > gone[-1] for one in seen):
        return None
    if held == "exclude" and landmark in held_days(force, person, landmark):
        return None
    known = incidents(force, person, landmark)
    gravest = max((weight for _, weight, _, _ in known.values()), default=-1)
    met = set().union(*(victims for _, _, victims, _ in known.values()))
    days = []
    for began, weight, victims, codes in incidents(force, person, until).values():
        wanted = {
            "repeat": True,
            "serious": weight >= 365,
            "worse": weight > gravest,
            "new_victim": bool(victims - met),
            "mine": "X2" in codes,
        }[outcome]
        if began > landmark and wanted:
            days.append(began)
    ends = [(day, 0, EVENT) for day in days]
    ends += [(died, 1, DEATH)] if died is not None and died <= until else []
    ends += [(day, 2, TRANSFER) for day in moves if landmark < day <= until]
    last, _, end = min(ends, default=(until, 3, CENSORED))
    inside = held_days(force, person, until) if clock == "at_liberty" else set()

    def free(first, final):
        return sum(one not in inside for one in range(first + 1, final + 1))

    stop = free(landmark, last) if end == CENSORED else 1 + free(landmark, last - 1)
    start = free(landmark, came) if came is not None and landmark < came <= until else 0
    if came is not None and landmark < came <= until and last <= came:
        return None
    return None if stop <= start else (start, stop, end)


@pytest.mark.parametrize("outcome", [*OUTCOMES, "mine"])
@pytest.mark.parametrize("clock", ["at_liberty", "calendar"])
def test_rows_are_what_the_rules_say(outcome, clock):
    asked = Outcome("mine", codes=frozenset({"x2"})) if outcome == "mine" else outcome_of(outcome)
    seen_ends = set()
    for seed in range(25):
        force = tables(seed)
        until, landmarks, window = 330, (90, 200), 150
        history = history_of(force, 380)
        held = "exclude" if seed % 2 else "include"
        rows = landmark_episodes(
            history,
            [number_of(day) for day in landmarks],
            asked,
            number_of(until),
            window_days=window,
            clock=clock,
            held=held,
        )
        got = {
            (str(history.persons[person]), origin): (start, stop, end)
            for person, origin, start, stop, end in zip(
                *(getattr(rows, name).tolist() for name in ("person", "origin", "start", "stop", "end")),
                strict=True,
            )
        }
        expected = {}
        for landmark in landmarks:
            for person in {line["perpetrator_id"] for line in force["offences"]}:
                row = expected_row(force, person, landmark, until, outcome, window, clock, held)
                if row is not None:
                    expected[person, number_of(landmark)] = row
        assert got == expected, seed
        seen_ends |= {row[2] for row in got.values()}
    assert {CENSORED, EVENT, DEATH, TRANSFER} <= seen_ends


def test_what_becomes_known_after_the_follow_up_changes_nothing():
    for seed in range(10):
        force = tables(seed)
        asked, until = outcome_of("repeat"), number_of(250)
        rows = [
            landmark_episodes(history_of(force, as_of), [number_of(100)], asked, until, window_days=150)
            for as_of in (250, 300, 600)
        ]
        columns = [(one.stop.tolist(), one.end.tolist(), one.start.tolist(), len(one)) for one in rows]
        assert columns[0] == columns[1] == columns[2]


def test_exposure_counts_days_of_the_union():
    for seed in range(20):
        force = tables(seed)
        history = history_of(force, 300)
        custody = Exposure.at(history.source.spells, number_of(300))
        for person, name in enumerate(history.persons.tolist()):
            inside = held_days(force, name, 300)
            since, until = number_of(20 + seed), number_of(300)
            free = sum(day not in inside for day in range(21 + seed, 301))
            row = np.array([person])
            assert custody.free(row, np.array([since]), np.array([until])).tolist() == [free]
            assert custody.held(row, np.array([until])).tolist() == [300 in inside]


def test_incidents_hold_all_their_lines():
    history = History.from_arrays(
        person=["a"] * 4,
        day=[5, 1, 9, 9],
        gravity=[2, 7, 1, 3],
        incident=["x", "x", "y", "z"],
        victim=["v", "", "v", "w"],
        known_day=[5, 30, 9, 9],
    )
    late = incidents_of(history, 40)
    assert (late.day.tolist(), late.gravity.tolist()) == ([1, 9, 9], [7.0, 1.0, 3.0])
    early = incidents_of(history, 20)
    assert (early.day.tolist(), early.gravity.tolist()) == ([5, 9, 9], [2.0, 1.0, 3.0])
    assert early.victim_since.tolist() == [5, 5, 9]


def test_bad_input_is_named():
    history = History.from_arrays(person=["a", "b"], day=[10, 400], gravity=[1, 1])
    with pytest.raises(FollowUpError, match="5 days after the data"):
        landmark_episodes(history, [100], outcome_of("repeat"), 405)
    with pytest.raises(FollowUpError, match="1 of 2 landmarks are not before"):
        landmark_episodes(history, [100, 300], outcome_of("repeat"), 300)
    with pytest.raises(DataError, match="custody table"):
        clock_of(history, "at_liberty")
    with pytest.raises(ConfigError, match="no outcome 'often'"):
        outcome_of("often")
    with pytest.raises(ConfigError, match="defined already"):
        Outcome("serious", codes=frozenset({"8/6"}))
    with pytest.raises(ConfigError, match="one True or False a line"):
        incidents_of(history, 400, Outcome("own", where=lambda history: np.zeros(1)))


def test_nobody_is_at_risk_before_the_first_line():
    history = History.from_arrays(person=["a", "b"], day=[10, 400], gravity=[1, 1])
    assert at_risk(history, 9).tolist() == []
    assert at_risk(history, 10).tolist() == [0]
    assert at_risk(history, 739).tolist() == [0, 1]
    assert at_risk(history, 740).tolist() == [1]
    rows = landmark_episodes(history, [5], outcome_of("worse"), 300)
    assert (len(rows), rows.left_out) == (0, {})
