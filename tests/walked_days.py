"""Small forces with custody, deaths and transfers, and a clock walked day by day in plain Python."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

import rfgscore as rfg
from rfgscore.dates import NO_DAY
from rfgscore.history.custody import Spells

LAST = 30
ENDS = {"censored": 0, "event": 1, "death": 2, "transfer": 3}


def force(lines, spells=None, died=(), moved=()):
    """Return a history of three people, 0 to 2, that tells of custody, deaths and transfers out.

    Lines are (person, event day, known day, gravity, incident, victim), spells (person, start, end, known),
    deaths and transfers (person, day).
    """
    person, day, known, gravity, incident, victim = zip(*sorted(lines), strict=True)
    history = rfg.History.from_arrays(
        person=person, day=day, known_day=known, gravity=gravity, incident=incident, victim=victim
    )
    place = {number: at for at, number in enumerate(history.persons.tolist())}
    custody = None
    if spells is not None:
        rows = sorted((place[who], a, b, NO_DAY, r) for who, a, b, r in spells if who in place)
        custody = Spells(*(np.array([row[n] for row in rows], np.int64) for n in range(5)))
    deceased = np.full(history.size, NO_DAY, np.int32)
    for who, when in died:
        if who in place:
            deceased[place[who]] = when
    decisions = [SimpleNamespace(person=str(who), decision="transferred", known=when) for who, when in moved]
    source = SimpleNamespace(
        spells=custody,
        deceased=deceased,
        transferred=np.full(history.size, NO_DAY, np.int32),
        told=SimpleNamespace(decisions=decisions),
    )
    return history.at(LAST)._with(source=source)


def incidents(lines, until):
    """Return (person, began, became visible, gravity, victims) of each incident visible by a day."""
    found = {}
    for person, day, known, gravity, incident, victim in lines:
        seen = max(day, known)
        if seen <= until:
            found.setdefault((person, incident), []).append((day, seen, gravity, victim))
    return [
        (
            person,
            min(line[0] for line in rows),
            min(line[1] for line in rows),
            max(line[2] for line in rows),
            {line[3] for line in rows} - {-1},
        )
        for (person, _), rows in found.items()
    ]


def held(spells, person, day, until):
    """Whether someone is in custody on a day, as known at `until`."""
    return any(
        who == person and start <= day and (end == NO_DAY or end > until or day < end)
        for who, start, end, recorded in spells or ()
        if start <= until and recorded <= until
    )


def seen_by(lines, person, day):
    return [line for line in lines if line[0] == person and max(line[1], line[2]) <= day]


def qualifies(lines, outcome, person, origin, one):
    _, _, _, gravity, victims = one
    if outcome == "serious":
        return gravity >= 5
    known = seen_by(lines, person, origin)
    if outcome == "worse":
        return gravity > max(line[3] for line in known)
    if outcome == "new_victim":
        return bool(victims - {line[5] for line in known})
    return True


def walked(lines, spells, died, moved, outcome, until, since, clock):
    """Return (person, origin, start, stop, end) of each row, a day at a time."""
    found, rows = incidents(lines, until), []
    for person, origin in sorted({(one[0], one[2]) for one in found}):
        death = min((day for who, day in died if who == person and day <= until), default=LAST + 99)
        transfers = {day for who, day in moved if who == person and day <= until}
        if death <= origin or origin in transfers or origin == until:
            continue
        begins = {
            one[1]
            for one in found
            if one[0] == person and one[1] > origin and qualifies(lines, outcome, person, origin, one)
        }
        free = start = 0
        for day in range(origin + 1, until + 1):
            end = (
                "event"
                if day in begins
                else "death"
                if day == death
                else "transfer"
                if day in transfers
                else None
            )
            if end:
                if since is None or day > since:
                    rows.append((person, origin, start, free + 1, ENDS[end]))
                break
            free += clock == "calendar" or not held(spells, person, day, until)
            if since is not None and day <= since:
                start = free
        else:
            if free > start:
                rows.append((person, origin, start, free, 0))
    return rows


def rows_of(history, episodes):
    columns = (episodes.person, episodes.origin, episodes.start, episodes.stop, episodes.end)
    who = history.persons.tolist()
    return [(who[row[0]], *row[1:]) for row in zip(*(column.tolist() for column in columns), strict=True)]


def line(person, day, gravity=1, known=None, incident=None, victim=-1):
    return (
        person,
        day,
        day if known is None else known,
        gravity,
        day if incident is None else incident,
        victim,
    )


PEOPLE = st.integers(0, 2)
DAYS = st.integers(0, LAST)
LINES = st.lists(
    st.tuples(PEOPLE, DAYS, DAYS, st.sampled_from([1, 3, 5, 8]), st.integers(0, 3), st.integers(-1, 2)),
    min_size=1,
    max_size=9,
).map(lambda rows: [(who, day, max(day, known), *rest) for who, day, known, *rest in rows])
SPELLS = st.lists(
    st.tuples(PEOPLE, DAYS, st.one_of(st.just(NO_DAY), st.integers(0, 12)), st.one_of(st.just(NO_DAY), DAYS)),
    max_size=4,
).map(lambda rows: [(who, a, NO_DAY if b == NO_DAY else a + b, known) for who, a, b, known in rows])
ENDINGS = st.lists(st.tuples(PEOPLE, DAYS), max_size=2, unique_by=lambda row: row[0])
