"""Random small forces as tables: histories with late records, custody, deaths and transfers."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pandas as pd

import rfgscore as rfg
from rfgscore.history.history import History

BASE = dt.date(2020, 1, 1)
CODES = {"8/6": None, "8N": None, "105A": None}


def day(number: int) -> str:
    """Return a day as ISO text, counted from the base."""
    return (BASE + dt.timedelta(days=number)).isoformat()


def number_of(number: int) -> int:
    """Return a day counted from the base as the library counts days."""
    return (BASE - dt.date(1970, 1, 1)).days + number


SETTINGS: dict[str, Any] = {
    "schema": "rfgscore/1",
    "input": {"max_set_aside": {"share": 1.0, "floor_rows": 1000}, "point_in_time": "accept_extract_state"},
    "gravity": {
        "table": "cchi-da-2020-10",
        "uplift": {
            code: {"weight": weight, "reason": "test"}
            for code, weight in (("X1", 1), ("X2", 10), ("X3", 365), ("X4", 800))
        },
    },
    "score": {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}},
}


def tables(seed: int, days: int = 400, persons: int = 6) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a random force by table; days are numbers from the base."""
    draw = random.Random(seed)
    offences, custody, decisions, subjects = [], [], [], []
    for person in range(persons):
        name = f"P{person}"
        gone = draw.randrange(days // 2, days * 2)
        for at in range(draw.randrange(1, 9)):
            began = draw.randrange(0, min(days, gone))
            late = draw.choice([0, 0, 0, draw.randrange(0, 60)])
            incident = f"I{person}-{draw.randrange(5)}"
            for _ in range(draw.choice([1, 1, 2])):
                offences.append(
                    {
                        "perpetrator_id": name,
                        "event_date": began,
                        "recorded_date": began + late,
                        "offence_code": draw.choice(["X1", "X2", "X3", "X4"]),
                        "victim_id": draw.choice(["", f"V{person}a", f"V{person}b", f"V{person}c"]),
                        "incident_id": incident,
                        "event_id": f"E{person}-{at}",
                    }
                )
        for _ in range(draw.randrange(0, 3)):
            start = draw.randrange(0, days)
            end = draw.choice([None, start + draw.randrange(1, 90)])
            custody.append(
                {
                    "perpetrator_id": name,
                    "start": start,
                    "end": end,
                    "recorded_date": start + draw.choice([0, 0, 30]),
                }
            )
        if draw.random() < 0.3:
            subjects.append({"perpetrator_id": name, "deceased_date": gone, "transferred_in": None})
        elif draw.random() < 0.3:
            came = draw.randrange(0, days)
            subjects.append({"perpetrator_id": name, "deceased_date": None, "transferred_in": came})
        if draw.random() < 0.4:
            moved = draw.randrange(0, days)
            decisions.append(
                {
                    "perpetrator_id": name,
                    "meeting_date": moved,
                    "decision": "transferred",
                    "recorded_date": moved + draw.choice([0, 10]),
                }
            )
    return {"offences": offences, "custody": custody, "decisions": decisions, "subjects": subjects}


_COLUMNS = {
    "custody": ("perpetrator_id", "start", "end", "recorded_date"),
    "decisions": ("perpetrator_id", "meeting_date", "decision", "recorded_date"),
    "subjects": ("perpetrator_id", "deceased_date", "transferred_in"),
}
_DAYS = (
    "event_date",
    "recorded_date",
    "start",
    "end",
    "deceased_date",
    "transferred_in",
    "meeting_date",
)


def frame(rows: list[dict[str, Any]], columns: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Return rows as a frame of text."""
    named = columns or tuple(rows[0])
    told = [
        {
            name: "" if row.get(name) is None else day(row[name]) if name in _DAYS else str(row[name])
            for name in named
        }
        for row in rows
    ]
    return pd.DataFrame(told, columns=list(named), dtype=object)


def history_of(force: dict[str, list[dict[str, Any]]], as_of: int, **settings: Any) -> History:
    """Read a force as of a day, from tables in memory."""
    config = rfg.load_config({**SETTINGS, **settings})
    sides = {name: frame(force[name], columns) for name, columns in _COLUMNS.items()}
    return rfg.read_offences(
        frame(force["offences"]),
        config=config,
        as_of=day(as_of),
        extract_date=day(as_of + 2000),
        **sides,
    )
