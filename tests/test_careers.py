"""The field's tables against plain Python, exact fractions and every order there is."""

from __future__ import annotations

import importlib.util
import itertools
import math
import os
import sys
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import NO_DAY
from rfgscore.errors import ConfigError, FollowUpError, PointInTimeError
from rfgscore.escalation.careers import after_nth, concentration, intermittency, lulls, next_harm
from rfgscore.escalation.careers.incidence import Incidence
from rfgscore.escalation.models.aalen import curve_of, standard_error
from rfgscore.escalation.tables import Episodes

EXAMPLES = max(80, int(os.environ.get("RFG_EXAMPLES", "0")) // 5)
examples = settings(max_examples=EXAMPLES, deadline=None)
SPEC = importlib.util.spec_from_file_location("walked_days", Path(__file__).parent / "walked_days.py")
assert SPEC is not None and SPEC.loader is not None
walk = importlib.util.module_from_spec(SPEC)
sys.modules["walked_days"] = walk
SPEC.loader.exec_module(walk)
LAST, LINES, SPELLS, ENDINGS = walk.LAST, walk.LINES, walk.SPELLS, walk.ENDINGS
force, held, incidents, line = walk.force, walk.held, walk.incidents, walk.line
MOVES = st.lists(st.tuples(walk.PEOPLE, walk.DAYS), max_size=2)
UNTIL = st.integers(5, LAST)


def table(rows):
    """Return a table as dicts."""
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows()]


def steps(lines, until):
    """Return (day, gravity, incidents so far) of each step, by person."""
    days: dict[int, dict[int, list[float]]] = {}
    for person, began, _, gravity, _ in incidents(lines, until):
        days.setdefault(person, {}).setdefault(began, []).append(gravity)
    out = {}
    for person in sorted(days):
        count, rows = 0, []
        for day in sorted(days[person]):
            count += len(days[person][day])
            rows.append((day, max(days[person][day]), count))
        out[person] = rows
    return out


def stretches(lines, spells, died, moved, until, clock):
    """Return (person, incidents so far, days on the clock, end, incidents gained) of each step."""
    out = []
    for person, rows in steps(lines, until).items():
        death = min((day for who, day in died if who == person and day <= until), default=LAST + 99)
        transfers = {day for who, day in moved if who == person and day <= until}
        for at, (origin, _, count) in enumerate(rows):
            after = rows[at + 1] if at + 1 < len(rows) else None
            free, end = 0, 0
            if death > origin and origin not in transfers:
                for day in range(origin + 1, until + 1):
                    end = (
                        1
                        if after and day == after[0]
                        else 2
                        if day == death
                        else 3
                        if day in transfers
                        else 0
                    )
                    if end:
                        free += 1
                        break
                    free += clock == "calendar" or not held(spells, person, day, until)
            out.append((person, count, free, end, after[2] - count if end == 1 else 0))
    return out


def incidence(rows, days):
    """Return at risk on a day, probability by the day and by every day up to it, in fractions."""
    free, risk, upto = Fraction(1), Fraction(0), [Fraction(0)]
    for day in range(1, days + 1):
        at_risk = sum(stop >= day for stop, _ in rows)
        now = [end for stop, end in rows if stop == day and end]
        if at_risk:
            risk += free * Fraction(now.count(1), at_risk)
            free *= 1 - Fraction(len(now), at_risk)
        upto.append(risk)
    return sum(stop >= days for stop, _ in rows), risk, upto, free


@examples
@given(LINES, SPELLS, ENDINGS, MOVES, UNTIL, st.sampled_from(["at_liberty", "calendar"]), st.integers(1, 4))
def test_after_nth_is_the_estimate_in_fractions(lines, spells, died, moved, until, clock, most):
    found = after_nth(force(lines, spells, died, moved), until, [3, 8, 14], most, clock=clock)
    rows = stretches(lines, spells, died, moved, until, clock)
    expected = [(f"{n}+" if n == most else str(n), days) for n in range(1, most + 1) for days in (3, 8, 14)]
    assert [(row["after"], row["within_days"]) for row in table(found)] == expected
    for row in table(found):
        mine = [one for one in rows if min(one[1], most) == int(row["after"].rstrip("+"))]
        kept = [(stop, end) for _, _, stop, end, _ in mine if stop]
        days = row["within_days"]
        assert row["people"] == len({who for who, _, stop, _, _ in mine if stop})
        assert (row["at_risk"], row["left_out"]) == (len(kept), len(mine) - len(kept))
        assert row["events"] == sum(stop <= days and end == 1 for stop, end in kept)
        assert row["competing"] == sum(stop <= days and end > 1 for stop, end in kept)
        followed, risk, upto, free = incidence(kept, days)
        assert row["followed"] == followed
        if not kept or (followed == 0 and free > 0):
            assert row["chance"] is row["lower"] is row["upper"] is row["delay_median"] is None
            continue
        assert row["chance"] == pytest.approx(float(risk), abs=1e-12)
        quartiles = [row["delay_q1"], row["delay_median"], row["delay_q3"]]
        if risk == 0:
            assert quartiles == [None, None, None]
        else:
            assert quartiles == [
                next(day for day, value in enumerate(upto) if value >= risk * share)
                for share in (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
            ]
        if row["lower"] is not None:
            assert 0 <= row["lower"] < row["chance"] < row["upper"] <= 1


EPISODES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 9), st.integers(0, 3)),
    min_size=2,
    max_size=14,
)


@examples
@given(EPISODES)
@example([(0, 2, 3, 1), (1, 2, 3, 0)])  # nobody is at risk on the first days
def test_the_interval_counts_persons(rows):
    person, start, length, end = (np.array(column) for column in zip(*rows, strict=True))
    episodes = Episodes(
        person,
        start.astype(np.int32),
        start.astype(np.int32),
        (start + length).astype(np.int32),
        end.astype(np.int8),
    )
    mine = Incidence(episodes)
    try:
        curve = curve_of(episodes)
    except rfg.DataError:
        assert mine.chance(1) == mine.quartiles(1) == (None, None, None)
        return
    error = standard_error(episodes, curve)
    for day in range(1, len(curve.risk)):
        risk, lower, upper = mine.chance(day)
        assert risk == curve.risk[day]
        if lower is not None and error[day] > 1e-9:
            hazard = -math.log1p(-risk)
            spread = 1.959963984540054 * error[day] / ((1 - risk) * hazard)
            assert lower == pytest.approx(1 - math.exp(-hazard * math.exp(-spread)), abs=1e-9)
            assert upper == pytest.approx(1 - math.exp(-hazard * math.exp(spread)), abs=1e-9)
        else:
            assert risk in (0.0, 1.0) or error[day] < 1e-9


def test_after_nth_worked_by_hand():
    # Four people, 20 days: A comes back on day 5, B on day 10, C dies on day 7, D does not come back.
    lines = [line(0, 0), line(0, 5), line(1, 0), line(1, 10), line(2, 0), line(3, 0)]
    found = table(after_nth(force(lines, died=[(2, 7)]), 20, [5, 10, 20, 25], most=2))
    first = found[:4]
    assert [row["chance"] for row in first] == pytest.approx([0.25, 0.5, 0.5, None])
    assert [row["followed"] for row in first] == [4, 2, 1, 0]
    assert [row["competing"] for row in first] == [0, 1, 1, 1]
    assert [(row["delay_q1"], row["delay_median"], row["delay_q3"]) for row in first[:2]] == [
        (5, 5, 5),
        (5, 5, 10),
    ]
    # One of four, log-log: standard error 0.2165 (Greenwood), on that scale 1.003.
    assert (first[0]["lower"], first[0]["upper"]) == pytest.approx((0.0395, 0.8721), abs=5e-4)
    # After the second A is followed for 15 days and B for 10, and neither comes back.
    assert [row["chance"] for row in found[4:]] == [0, 0, None, None]
    assert {row["lower"] for row in found[4:]} == {None}


def test_after_nth_refuses_what_cannot_be():
    history = force([line(0, 3), line(0, 9)])
    with pytest.raises(ConfigError, match="horizons must be whole days above 0"):
        after_nth(history, 20, [0])
    with pytest.raises(ConfigError):
        after_nth(history, 20, [])
    with pytest.raises(ConfigError):
        after_nth(history, 20, most=0)
    with pytest.raises(FollowUpError, match="after the data"):
        after_nth(history, LAST + 1)


@examples
@given(LINES, SPELLS, ENDINGS, MOVES, UNTIL, st.sampled_from(["at_liberty", "calendar"]))
def test_intermittency_is_what_plain_lists_give(lines, spells, died, moved, until, clock):
    with pytest.MonkeyPatch.context() as patch:  # a year of five days, so that thirty show something
        patch.setattr(lulls, "YEAR", 5)
        patch.setattr(lulls, "LONG", (2, 6))
        found = table(intermittency(force(lines, spells, died, moved), until, clock=clock))
    rows = stretches(lines, spells, died, moved, until, clock)
    gaps = sorted(stop for _, _, stop, end, _ in rows if end == 1)
    by_person = {who: [stop for one, _, stop, end, _ in rows if one == who and end == 1] for who, *_ in rows}
    longest = sorted(max(mine) for mine in by_person.values() if mine)
    total = Counter()
    for who, _, stop, _, _ in rows:
        total[who] += stop
    last = {who: stop for who, _, stop, _, _ in rows}
    gained = sum(row[4] for row in rows)

    def quartile(values, share):
        return values[max(math.ceil(len(values) * share / 100) - 1, 0)] if values else None

    def share(part, whole):
        return part / whole if whole else None

    expected = [("gap", f"{q} %", quartile(gaps, q), len(gaps)) for q in (25, 50, 75)]
    expected += [("longest_gap", f"{q} %", quartile(longest, q), len(longest)) for q in (25, 50, 75)]
    expected += [
        ("time_in_gaps", f"over {k} d", share(sum(gap for gap in gaps if gap > k), sum(gaps)), len(longest))
        for k in (2, 6)
    ]
    expected += [
        ("activity", "while active", share(5 * gained, sum(gaps)), len(longest)),
        (
            "activity",
            "while followed",
            share(5 * gained, total.total()),
            sum(value > 0 for value in total.values()),
        ),
    ]
    for years in (1, 2, 3, 5):
        base = sum(value >= 5 * years for value in total.values())
        quiet = sum(value >= 5 * years for value in last.values())
        expected.append(("quiet", "1 year" if years == 1 else f"{years} years", share(quiet, base), base))
    for years in (1, 2, 3, 5):
        beyond = [end for _, _, stop, end, _ in rows if stop > 5 * years]
        back = share(sum(end == 1 for end in beyond), len(beyond))
        expected.append(("resumed", "1 year" if years == 1 else f"{years} years", back, len(beyond)))
    assert [(row["measure"], row["at"], row["n"]) for row in found] == [
        (m, at, n) for m, at, _, n in expected
    ]
    assert [row["value"] for row in found] == pytest.approx([value for _, _, value, _ in expected])


def pairs_of(values):
    """Return the place of the earlier of each pair, and the four outcomes, in one order of gravities."""
    return [
        (at, now > last, now < last, now == last, now > max(values[:at]))
        for at, (last, now) in enumerate(itertools.pairwise(values), start=1)
    ]


@examples
@given(LINES, UNTIL, st.integers(1, 4))
@example([line(0, day, gravity) for day, gravity in enumerate([3, 1, 3, 5, 8, 1])], 20, 3)
def test_the_null_is_the_mean_over_every_order(lines, until, most):
    found = {
        (row["after"], row["measure"]): row for row in table(next_harm(force(lines), until, 0, most=most))
    }
    seen, null, people = Counter(), Counter(), Counter()
    for rows in steps(lines, until).values():
        values = [gravity for _, gravity, _ in rows]
        if len(values) > 6 or len(values) < 2:
            assert len(values) < 2  # nine lines of three people: more in one are rare, and many orders
            continue
        for group in {min(at, most) for at in range(1, len(values))} | {0}:
            people[group] += 1
        orders = list(itertools.permutations(values))
        for into, weight, one in [
            (seen, 1, values),
            *((null, Fraction(1, len(orders)), one) for one in orders),
        ]:
            for at, *outcomes in pairs_of(one):
                for group in (0, min(at, most)):
                    into[group, "pairs"] += weight
                    for measure, happened in zip(
                        ("higher", "lower", "same", "above_maximum"), outcomes, strict=True
                    ):
                        into[group, measure] += weight * happened
    assert list(found) == [
        ("all" if group == 0 else f"{group}+" if group == most else str(group), measure)
        for group in range(most + 1)
        for measure in ("higher", "lower", "same", "above_maximum")
    ]
    for (after, measure), row in found.items():
        group = 0 if after == "all" else int(after.rstrip("+"))
        size = seen[group, "pairs"]
        assert (row["pairs"], row["people"], row["count"]) == (size, people[group], seen[group, measure])
        assert row["null_lower"] is row["null_upper"] is row["p"] is None
        if not size:
            assert row["share"] is row["expected"] is row["excess"] is row["lower"] is None
            continue
        mean = float(null[group, measure]) / size
        assert row["expected"] == pytest.approx(mean, abs=1e-12)
        assert row["excess"] == pytest.approx(row["share"] - mean, abs=1e-12)
        assert (row["lower"] is None) == (people[group] < 2)
        if row["lower"] is not None:
            assert row["lower"] <= row["excess"] + 1e-12 and row["excess"] <= row["upper"] + 1e-12


def sequences(rows):
    """Return a history of people with these gravities, a day apart."""
    person, day, gravity = zip(
        *((who, at, value) for who, values in enumerate(rows) for at, value in enumerate(values)), strict=True
    )
    return rfg.History.from_arrays(person=person, day=day, gravity=gravity)


def test_random_orders_spread_as_all_orders_do():
    # Ten people with 1, 2 and one with 1, 2, 3: the number of "higher" under the null is known exactly.
    history = sequences([[1, 2]] * 10 + [[1, 2, 3]])
    row = table(next_harm(history, 100, 4000, seed=7))[0]
    counts = Counter({0: Fraction(1)})
    for chances in [{0: Fraction(1, 2), 1: Fraction(1, 2)}] * 10 + [
        {0: Fraction(1, 6), 1: Fraction(4, 6), 2: Fraction(1, 6)}
    ]:
        counts = Counter(
            {
                total: sum(counts[total - up] * chance for up, chance in chances.items())
                for total in range(max(counts) + max(chances) + 1)
            }
        )
    upto = list(itertools.accumulate(float(counts[n]) for n in range(13)))
    assert (row["pairs"], row["count"], row["expected"]) == (12, 12, 0.5)
    assert row["null_lower"] * 12 == pytest.approx(
        next(n for n, sure in enumerate(upto) if sure >= 0.025), abs=1e-9
    )
    assert row["null_upper"] * 12 == pytest.approx(
        next(n for n, sure in enumerate(upto) if sure >= 0.975), abs=1e-9
    )
    exact = 2 * float(counts[12])
    assert row["p"] == pytest.approx(exact, abs=5 * math.sqrt(exact / 4000) + 1 / 4000)


def test_one_seed_gives_one_table_and_another_another():
    draw = np.random.default_rng(3)
    history = sequences(draw.integers(1, 5, (40, 4)).tolist())
    tables = [list(next_harm(history, 100, 50, seed=seed).rows()) for seed in (1, 1, 2)]
    assert tables[0] == tables[1] != tables[2]
    without = list(next_harm(history, 100, 0).rows())
    assert [row[:7] for row in without] == [row[:7] for row in tables[0]]


def test_chance_is_not_taken_for_escalation_and_escalation_is_found():
    draw = np.random.default_rng(5)
    plain = draw.choice([1, 10, 100], (400, 5), p=[0.6, 0.3, 0.1])
    rising = np.sort(plain, axis=1)
    flat, steep = (
        {(row["after"], row["measure"]): row for row in table(next_harm(sequences(rows.tolist()), 100))}
        for rows in (plain, rising)
    )
    # By chance alone a third of the pairs go up, and many a new worst one comes: no excess of either.
    assert flat["all", "higher"]["share"] > 0.25 and flat["1", "above_maximum"]["share"] > 0.25
    for measure in ("higher", "lower", "same", "above_maximum"):
        row = flat["all", measure]
        assert row["lower"] < 0 < row["upper"] and row["p"] > 0.05
        assert row["null_lower"] <= row["share"] <= row["null_upper"]
    assert steep["all", "lower"]["count"] == 0
    assert steep["all", "above_maximum"]["lower"] > 0 and steep["all", "above_maximum"]["p"] == 1 / 201


def test_incidents_of_one_day_have_no_order():
    # Sorted by weight within the day they would go up each time.
    history = rfg.History.from_arrays(person=[1] * 4, day=[1, 1, 5, 5], gravity=[1, 9, 2, 9])
    row = table(next_harm(history, 9, 0))
    assert [(one["measure"], one["count"]) for one in row[:4]] == [
        ("higher", 0),
        ("lower", 0),
        ("same", 1),
        ("above_maximum", 0),
    ]


def test_next_harm_refuses_what_cannot_be():
    history = sequences([[1, 2]])
    for wrong in ({"permutations": -1}, {"seed": -1}, {"most": 0}):
        with pytest.raises(ConfigError, match="permutations and seed"):
            next_harm(history, 9, **wrong)
    with pytest.raises(PointInTimeError):
        next_harm(force([line(0, 3)]), LAST + 1)


WEIGHTS = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 2.5, 1825.0, 1e-300, 1e300])


@examples
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 20), WEIGHTS), min_size=1, max_size=25),
    st.integers(0, 10),
    st.integers(0, 12),
)
def test_concentration_is_exact(lines, since, length):
    person, day, gravity = zip(*lines, strict=True)
    until = since + length
    found = table(
        concentration(rfg.History.from_arrays(person=person, day=day, gravity=gravity), since, until)
    )
    inside = [(who, Fraction(weight)) for who, when, weight in lines if since <= when <= until]
    for of in ("harm", "incidents"):
        each: dict[int, Fraction] = {}
        for who, weight in inside:
            each[who] = each.get(who, Fraction(0)) + (weight if of == "harm" else 1)
        ranked = sorted(each.values(), reverse=True)
        people, total = len(ranked), sum(ranked)
        mine = [row for row in found if row["of"] == of]
        assert {(row["people"], row["incidents"]) for row in mine} == {(people, len(inside))}
        if not total:
            assert {row["value"] for row in mine} == {None}
            continue

        def top(per_cent, ranked=ranked, people=people, total=total):
            k = Fraction(per_cent * people, 100)
            whole = math.floor(k)
            rest = (k - whole) * ranked[whole] if whole < people else 0
            return (sum(ranked[:whole]) + rest) / total

        apart = sum(abs(a - b) for a in ranked for b in ranked)
        expected = [("gini", None, apart / (2 * people * total))]
        expected += [("top_share", k, top(k)) for k in (1, 2, 3, 5, 10, 20)]
        for part in (50, 80, 90):
            fewest = next(k for k in range(people + 1) if 100 * sum(ranked[:k]) >= part * total)
            expected.append(("people_behind", part, Fraction(fewest, people)))
        expected += [("lorenz", k, 1 - top(100 - k)) for k in range(101)]
        assert [(row["measure"], row["at"], row["value"]) for row in mine] == [
            (measure, at, float(value)) for measure, at, value in expected
        ]


def test_concentration_worked_by_hand():
    history = rfg.History.from_arrays(person=[1, 2, 3, 4, 4], day=[1, 2, 3, 4, 5], gravity=[1, 1, 1, 1, 6])
    found = {
        (row["of"], row["measure"], row["at"]): row["value"] for row in table(concentration(history, 0, 9))
    }
    # Harm 1, 1, 1, 7: a fifth of four people is four fifths of the worst.
    assert found["harm", "top_share", 20] == 0.56
    assert (found["harm", "people_behind", 50], found["harm", "people_behind", 80]) == (0.25, 0.5)
    assert found["harm", "gini", None] == 0.45
    assert (found["harm", "lorenz", 75], found["incidents", "lorenz", 75]) == (0.3, 0.6)
    alike = rfg.History.from_arrays(person=[1, 2], day=[1, 2], gravity=[0.1, 0.1])
    assert table(concentration(alike, 0, 9))[0]["value"] == 0


def test_concentration_takes_the_period_and_refuses_one_that_ends_before_it_begins():
    history = rfg.History.from_arrays(person=[1, 2, 3], day=[1, 5, 9], gravity=[1, 1, 1], known_day=[1, 8, 9])
    assert table(concentration(history, 1, 9))[0]["people"] == 3
    assert (
        table(concentration(history, "1970-01-03", date(1970, 1, 8)))[0]["people"] == 0
    )  # not known by then
    assert table(concentration(history, 2, 8))[0]["people"] == 1
    with pytest.raises(ConfigError, match="begins on 1970-01-09 and ends before, on 1970-01-08"):
        concentration(history, 8, 7)


def test_nobody_gives_tables_without_values():
    history = force([line(0, 20)])
    for found in (
        after_nth(history, 10),
        next_harm(history, 10),
        intermittency(history, 10),
        concentration(history, 0, 9),
    ):
        assert len(found) > 4
    assert {row["chance"] for row in table(after_nth(history, 10))} == {None}
    assert {row["pairs"] for row in table(next_harm(history, 10))} == {0}
    assert {row["n"] for row in table(intermittency(history, 10))} == {0}
    assert {row["value"] for row in table(concentration(history, 0, 9))} == {None}


def test_what_becomes_known_later_changes_nothing():
    early = [line(0, 2), line(0, 9, 3), line(1, 4, 5), line(1, 11)]
    later = [
        line(0, 5, 8, known=21),
        line(1, 18, 8, known=24),
        line(2, 3, 8, known=25),
        line(0, 9, 8, known=22),
    ]
    spells = [(0, 10, 14, NO_DAY)]
    one = force(early, spells)
    two = force([*early, *later], [*spells, (1, 5, 8, 23)], died=[(0, 21)], moved=[(1, 22)])
    for make in (
        lambda history: after_nth(history, 20, [3, 9]),
        lambda history: next_harm(history, 20, 20),
        lambda history: intermittency(history, 20),
        lambda history: concentration(history, 0, 20),
    ):
        assert list(make(one).rows()) == list(make(two).rows())


@pytest.fixture(scope="module")
def admissions(nyc):
    from pathlib import Path

    import rfgscore as rfg

    config = rfg.load_config(Path(__file__).parent.parent / "configs" / "nyc-custody.yaml")
    file = nyc / "admissions.parquet"
    return rfg.read_offences(file, config=config, as_of="2026-08-20", custody=file)


@pytest.mark.compiled
def test_new_york_after_the_nth_admission(nyc, admissions):
    """Against a query over those followed for two years after release; and what was found there before."""
    query = """
        WITH ordered AS (
            SELECT *, row_number() OVER one AS nth, lead(admit_date) OVER one AS again
            FROM '{file}' WINDOW one AS (PARTITION BY person ORDER BY admit_date))
        SELECT least(nth, 10) AS n,
            avg((again IS NOT NULL AND again <= release_date + INTERVAL 730 DAY)::INT) AS everyone,
            avg((again IS NOT NULL AND again <= release_date + INTERVAL 730 DAY)::INT)
                FILTER (status_last <> 'SSR') AS not_to_state_prison
        FROM ordered WHERE release_date <= TIMESTAMP '2024-08-20' GROUP BY n ORDER BY n"""
    by_sql = duckdb.sql(query.format(file=nyc / "admissions.parquet")).fetchall()
    found = table(after_nth(admissions, "2026-08-20", [730]))
    ours = [row["chance"] for row in found]
    assert ours == pytest.approx([row[1] for row in by_sql], abs=0.02)
    # Told earlier of all people, of whom half are here; whoever went to state prison was left out.
    told = [0.37, 0.52, 0.59, 0.64, 0.68, 0.71, 0.74, 0.77, 0.77, 0.84]
    assert [row[2] for row in by_sql] == pytest.approx(told, abs=0.02)
    assert ours == pytest.approx(told, abs=0.06)
    assert [row["at_risk"] + row["left_out"] for row in found[:2]] == [65_808, 26_406]
    assert all(row["lower"] < row["chance"] < row["upper"] for row in found)


@pytest.mark.compiled
def test_new_york_next_harm_and_gaps(admissions):
    found = {row["measure"]: row for row in table(next_harm(admissions, "2026-08-20", 40))[:4]}
    told = {"higher": 0.34, "lower": 0.31, "same": 0.35}
    assert {name: found[name]["share"] for name in told} == pytest.approx(told, abs=0.03)
    assert found["same"]["pairs"] == 65_158 and found["same"]["people"] == 26_406
    # Like follows like: fewer go up than by chance, so there is no escalation to speak of.
    assert found["higher"]["upper"] < 0 < found["same"]["lower"]
    assert all(row["null_lower"] < row["expected"] < row["null_upper"] for row in found.values())
    gaps = table(intermittency(admissions, "2026-08-20", clock="calendar"))[:3]
    assert [row["value"] for row in gaps] == pytest.approx([103, 257, 585], rel=0.04)
