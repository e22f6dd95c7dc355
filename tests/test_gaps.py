"""By-event episodes against a clock walked day by day in plain Python."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import NO_DAY
from rfgscore.errors import DataError, FollowUpError
from rfgscore.escalation.gaps import event_episodes
from rfgscore.escalation.outcomes import Outcome

SPEC = importlib.util.spec_from_file_location("walked_days", Path(__file__).parent / "walked_days.py")
assert SPEC is not None and SPEC.loader is not None
walk = importlib.util.module_from_spec(SPEC)
sys.modules["walked_days"] = walk
SPEC.loader.exec_module(walk)
EXAMPLES = max(120, int(os.environ.get("RFG_EXAMPLES", "0")) // 5)
LAST, force, incidents, line, rows_of = walk.LAST, walk.force, walk.incidents, walk.line, walk.rows_of


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    walk.LINES,
    walk.SPELLS,
    walk.ENDINGS,
    st.lists(st.tuples(walk.PEOPLE, walk.DAYS), max_size=3),
    st.sampled_from(["repeat", "serious", "worse", "new_victim"]),
    st.integers(5, LAST),
    st.one_of(st.none(), st.integers(0, 4)),
    st.sampled_from(["at_liberty", "calendar"]),
)
def test_rows_are_what_a_walk_day_by_day_gives(lines, spells, died, moved, outcome, until, back, clock):
    since = None if back is None else max(0, until - 2 - 3 * back)
    history = force(lines, spells, died, moved)
    what = Outcome(outcome, serious_from=5.0)
    episodes = event_episodes(history, what, until, since=since, clock=clock)
    assert rows_of(history, episodes) == walk.walked(lines, spells, died, moved, outcome, until, since, clock)
    assert len(episodes) + sum(episodes.left_out.values()) == len(incidents(lines, until))
    assert all(count > 0 for count in episodes.left_out.values())
    assert (episodes.clock, episodes.outcome) == (clock, outcome)


def test_custody_is_off_the_clock_and_a_late_entry_starts_where_the_clock_stands():
    # Held from 4 to 9, that is on five days; the second incident comes on the eighth day at liberty.
    history = force([line(1, 2), line(1, 15)], spells=[(1, 4, 9, NO_DAY)])
    row = event_episodes(history, "repeat", 20)
    assert rows_of(history, row) == [(1, 2, 0, 8, 1), (1, 15, 0, 5, 0)]
    assert rows_of(history, event_episodes(history, "repeat", 20, since=10))[0] == (1, 2, 3, 8, 1)
    assert rows_of(history, event_episodes(history, "repeat", 20, clock="calendar"))[0] == (1, 2, 0, 13, 1)


def test_an_event_before_observation_leaves_its_row_out_though_custody_stopped_the_clock():
    # Arrested on 5 and held beyond the day observation begins: the clock stands still from then on.
    history = force([line(1, 2), line(1, 5)], spells=[(1, 5, 12, NO_DAY)])
    rows = event_episodes(history, "repeat", 20, since=8)
    assert rows_of(history, rows) == [(1, 5, 0, 9, 0)]
    assert dict(rows.left_out) == {"ended before they came under observation": 1}


def test_what_became_known_late_begins_late_and_is_timed_by_the_day_it_happened():
    history = force([line(1, 2), line(1, 6, known=12), line(1, 20)])
    assert rows_of(history, event_episodes(history, "repeat", 25)) == [
        (1, 2, 0, 4, 1),
        (1, 12, 0, 8, 1),
        (1, 20, 0, 5, 0),
    ]
    # Before it is known it did not happen.
    assert rows_of(history, event_episodes(history, "repeat", 11)) == [(1, 2, 0, 9, 0)]


def test_incidents_known_on_one_day_make_one_row():
    history = force([line(1, 2), line(1, 2, incident=99), line(1, 7)])
    rows = event_episodes(history, "repeat", 10)
    assert rows_of(history, rows) == [(1, 2, 0, 5, 1), (1, 7, 0, 3, 0)]
    assert dict(rows.left_out) == {"another incident became known that day": 1}


def test_origins_are_days_of_the_table_at_events():
    history = force([line(1, 2), line(1, 6, known=12), line(1, 20), line(0, 3, known=9)])
    table = rfg.windows.at_events(history, rfg.windows.rfg(30))
    looked = set(zip(table["perpetrator_id"], table.to_numpy()["day"].tolist(), strict=True))
    rows = rows_of(history, event_episodes(history, "repeat", LAST))
    assert {row[:2] for row in rows} == looked and len(rows) == 4


def test_days_that_cannot_be_are_refused_by_name():
    history = force([line(1, 2), line(1, 7)])
    with pytest.raises(FollowUpError, match="until 1970-02-01 is 1 days after the data"):
        event_episodes(history, "repeat", LAST + 1)
    with pytest.raises(FollowUpError, match="would begin on 1970-01-11 and end on 1970-01-11"):
        event_episodes(history, "repeat", 10, since=10)
    with pytest.raises(DataError, match="at_liberty needs a custody table"):
        event_episodes(history, "repeat", 10, clock="at_liberty")


def test_nobody_makes_no_row():
    history = force([line(1, 20)])
    assert len(event_episodes(history, "worse", 10)) == 0
    assert len(event_episodes(history, "repeat", 20)) == 0
