"""Columns of a model: what was known on a row's day and nothing else; protected characteristics stay out."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rfgscore as rfg
from rfgscore.dates import to_day
from rfgscore.errors import ConfigError, DataError, ProtectedFeatureError
from rfgscore.escalation.covariates import COLUMNS, columns_for, covariates_at, plain_value
from rfgscore.escalation.protected import refuse_protected
from rfgscore.history.history import History

SPEC = importlib.util.spec_from_file_location("force_of_rows", Path(__file__).parent / "force_of_rows.py")
force_of_rows = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(force_of_rows)
history_of, number_of, tables = force_of_rows.history_of, force_of_rows.number_of, force_of_rows.tables

WEIGHT = {"X1": 1.0, "X2": 10.0, "X3": 365.0, "X4": 800.0}
WINDOW = 150
ON_REQUEST = ("incidents_365d", "gravity_mean", "new_victims", "days_since_release", "age")


def every_column(history):
    """Return all columns that a history can fill, those on request included."""
    return columns_for(history, [*columns_for(history), *(name for name in ON_REQUEST if name != "age")])


def visible(force, person, day):
    return [
        line
        for line in force["offences"]
        if line["perpetrator_id"] == person and max(line["event_date"], line["recorded_date"]) <= day
    ]


def held(force, person, day):
    """Days in custody up to a day as known on it."""
    days = set()
    for spell in force["custody"]:
        if spell["perpetrator_id"] == person and max(spell["start"], spell["recorded_date"]) <= day:
            end = spell["end"] if spell["end"] is not None and spell["end"] <= day else day + 1
            days |= set(range(spell["start"], end))
    return days


def expected(force, person, day):
    """The columns of one row, worked out plainly."""
    lines = visible(force, person, day)
    by_incident = {}
    for line in lines:
        by_incident.setdefault(line["incident_id"], []).append(line)

    def inside(length):
        return {
            key: [line for line in held_lines if 0 <= day - line["event_date"] < length]
            for key, held_lines in by_incident.items()
            if any(0 <= day - line["event_date"] < length for line in held_lines)
        }

    window = inside(WINDOW)
    worst = [max(WEIGHT[line["offence_code"]] for line in found) for found in window.values()]
    placed = [
        (min(line["event_date"] for line in found), max(WEIGHT[line["offence_code"]] for line in found))
        for found in by_incident.values()
    ]
    last = max(line["event_date"] for line in lines)
    custody = held(force, person, day)
    # A spell's end is its day of release; touching spells are one.
    free_again = [one + 1 for one in custody if one + 1 not in custody and one + 1 <= day]
    since = 0 if day in custody else day - max(free_again, default=day - WINDOW)
    victims = {line["victim_id"] for found in window.values() for line in found} - {""}
    return {
        "days_since_last": day - last,
        "free_days_since_last": sum(one not in custody for one in range(last + 1, day + 1)),
        "incidents_90d": len(inside(90)),
        "incidents_365d": len(inside(365)),
        "incidents_window": len(window),
        "older_incidents": len(by_incident) - len(window),
        "decayed_incidents": sum(0.5 ** ((day - at) / 365) for at, _ in placed),
        "serious_incidents": sum(weight >= 365 for weight in worst),
        "gravity_max": max(worst, default=0),
        "gravity_mean": sum(worst) / len(worst) if worst else 0,
        "decayed_gravity": sum(weight * 0.5 ** ((day - at) / 365) for at, weight in placed),
        "victims": len(victims),
        "custody_days": sum(day - WINDOW < one <= day for one in custody),
        "days_since_release": min(since, WINDOW),
        "held": int(day in custody),
    }


@pytest.mark.parametrize("day", [90, 200, 370])
def test_columns_are_what_was_known_on_the_day(day):
    for seed in range(15):
        force = tables(seed)
        history = history_of(force, 400)
        names = [str(name) for name in history.persons.tolist()]
        people = np.array([at for at, name in enumerate(names) if visible(force, name, day)])
        asked = tuple(name for name in every_column(history) if name not in ("new_victims", "non_crimes"))
        days = np.full(len(people), number_of(day), np.int32)
        known = covariates_at(history, people, days, asked, window_days=WINDOW)
        for row, person in enumerate(people.tolist()):
            plain = expected(force, names[person], day)
            got = {
                name: plain_value(name, value)
                for name, value in zip(asked, known.values[row].tolist(), strict=True)
            }
            assert got == pytest.approx({name: plain[name] for name in asked}, abs=2e-6), (seed, person)


@pytest.mark.compiled
def test_rows_of_many_days_are_those_of_single_days():
    for seed in range(8):
        history = history_of(tables(seed), 400)
        person, day = history.person_of_line(), history.seen
        order = np.lexsort((day, person))
        person, day = np.tile(person[order], 3), np.tile(day[order], 3)
        asked = every_column(history)
        together = covariates_at(history, person, day, asked, window_days=WINDOW)
        assert len(np.unique(day)) > 0
        alone = np.vstack(
            [
                covariates_at(
                    history, person[row : row + 1], day[row : row + 1], asked, window_days=WINDOW
                ).values
                for row in range(len(person) // 3)
            ]
        )
        assert np.array_equal(together.values[: len(alone)], alone)


def test_rows_at_events_are_those_of_snapshots(monkeypatch):
    from rfgscore.escalation import covariates

    for seed in range(8):
        history = history_of(tables(seed), 400)
        person, day = history.person_of_line(), history.seen
        asked = every_column(history)
        by_snapshot = covariates_at(history, person, day, asked, window_days=WINDOW)
        monkeypatch.setattr(covariates, "_FEW_DAYS", 0)
        by_event = covariates_at(history, person, day, asked, window_days=WINDOW)
        monkeypatch.undo()
        assert np.array_equal(by_snapshot.values, by_event.values)


def test_rows_on_many_days_that_are_no_events_are_those_of_single_days():
    history = history_of(tables(3), 400)
    owner = int(np.argmin(history.first_seen))
    days = np.arange(history.first_seen[owner] + 1, history.span[1], 4, dtype=np.int32)
    assert len(days) > 40
    person = np.full(len(days), owner, np.int64)
    asked = every_column(history)
    together = covariates_at(history, person, days, asked, window_days=WINDOW).values
    alone = [
        covariates_at(history, person[at : at + 1], days[at : at + 1], asked, window_days=WINDOW).values
        for at in range(len(days))
    ]
    assert np.array_equal(together, np.vstack(alone))


def test_nothing_known_later_changes_a_column():
    for seed in range(8):
        force, day = tables(seed), 180
        then, later = history_of(force, day), history_of(force, 600)
        asked = columns_for(then)
        assert columns_for(later, as_of=number_of(day)) == asked
        for name in then.persons.tolist():
            rows = [np.flatnonzero(one.persons == name) for one in (then, later)]
            days = np.array([number_of(day)], np.int32)
            known = [
                covariates_at(history, row, days, asked, window_days=WINDOW).values
                for history, row in zip((then, later), rows, strict=True)
            ]
            assert np.array_equal(known[0], known[1])


def test_columns_that_cannot_be_filled_are_named():
    history = History.from_arrays(person=["a", "b"], day=[10, 20], gravity=[1, 1])
    assert "victims" not in columns_for(history)
    assert "held" not in columns_for(history)
    with pytest.raises(DataError, match="held needs a custody table"):
        columns_for(history, ["held"])
    with pytest.raises(ConfigError, match="no column 'speed'"):
        columns_for(history, ["speed"])
    with pytest.raises(ConfigError, match="at least one column"):
        columns_for(history, [])
    with pytest.raises(DataError, match="1 rows look at people of whom nothing was visible"):
        covariates_at(history, np.array([0, 1]), np.array([10, 10], np.int32), ("incidents_90d",))


def test_an_age_that_is_not_known_does_not_depend_on_who_else_is_asked_for():
    rows = [
        {
            "perpetrator_id": f"P{at}",
            "event_date": f"2024-0{at + 1}-01",
            "offence_code": "X1",
            "event_id": str(at),
            "dob": dob,
        }
        for at, dob in enumerate(["1980-01-01", "", "1990-01-01", "", "2000-01-01"])
    ]
    config = rfg.load_config(force_of_rows.SETTINGS)
    history = rfg.read_offences(
        pd.DataFrame(rows, dtype=object), config=config, as_of="2024-06-01", extract_date="2024-06-01"
    )
    march, june = (to_day(day) for day in ("2024-03-15", "2024-06-01"))

    def ages(people, day):
        day = np.full(len(people), day, np.int32)
        return covariates_at(history, np.array(people), day, ("age",)).values[:, 0]

    born = {name: to_day(f"{name}-01-01") for name in (1980, 1990, 2000)}
    assert ages([1], june)[0] == (june - born[1990]) / 365.2425
    assert ages([0, 1, 2, 3, 4], june)[[1, 3]].tolist() == [ages([1], june)[0]] * 2
    # Who became known later says nothing of those before.
    assert ages([1, 2], march)[0] == (march - (born[1980] + born[1990]) / 2) / 365.2425
    both = covariates_at(history, np.array([1, 1]), np.array([march, june], np.int32), ("age",)).values[:, 0]
    assert both.tolist() == [ages([1], march)[0], ages([1], june)[0]]
    assert ages([4], june)[0] == (june - born[2000]) / 365.2425


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("sex", "sex"),
        ("Subject_Gender", "sex"),
        ("isFemale", "sex"),
        ("self_defined_ethnicity", "ethnicity"),
        ("SDE_ETH16", "ethnicity"),
        ("Race2", "ethnicity"),
        ("ageAtEvent", "age"),
        ("dob_year", "age"),
        ("home_postcode", "area"),
        ("IMD_decile", "deprivation"),
        ("religion", "belief"),
        ("disability-flag", "health"),
    ],
)
def test_protected_characteristics_are_refused(name, what):
    with pytest.raises(ProtectedFeatureError, match=rf"{name} \({what}\)"):
        refuse_protected(["incidents_90d", name])


def test_no_column_of_the_library_but_age_is_protected():
    refuse_protected([name for name in COLUMNS if name != "age"])
    refuse_protected(["age"], ["age"])
    history = History.from_arrays(person=["a"], day=[10], gravity=[1])
    with pytest.raises(ProtectedFeatureError, match="allow_age=True"):
        columns_for(history, ["age"])
    with pytest.raises(DataError, match="age needs dob"):
        columns_for(history, ["age"], allow_age=True)


def test_columns_that_repeat_others_are_taken_on_request_only():
    force = tables(3)
    force["subjects"] = [{"perpetrator_id": "P0", "deceased_date": None, "transferred_in": None}]
    history = history_of(force, 400)
    assert set(every_column(history)) - set(columns_for(history)) == set(ON_REQUEST) - {"age"}
