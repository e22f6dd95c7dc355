"""Columns of days as they are handed over in memory."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rfgscore.errors import ConfigError
from rfgscore.history.days import whole_days
from rfgscore.history.history import History
from rfgscore.windows import panel, rfg, snapshot

DATES = [dt.date(2024, 2, 29), dt.date(1969, 12, 31), dt.date(2030, 1, 1)]
NUMBERS = [19782, -1, 21915]


@pytest.mark.parametrize(
    "days",
    [
        NUMBERS,
        np.array(NUMBERS, np.int32),
        np.array(NUMBERS, np.int64),
        DATES,
        np.array(DATES, "datetime64[D]"),
        np.array(DATES, "datetime64[ns]") + np.timedelta64(23, "h"),
        pd.Series(pd.to_datetime(DATES)),
        pd.DatetimeIndex(DATES),
        pl.Series(DATES),
        pa.array(DATES),
        pa.chunked_array([DATES[:1], DATES[1:]]),
        pa.array(NUMBERS, pa.date32()),
    ],
    ids=lambda days: type(days).__module__.split(".")[0] + " " + type(days).__name__,
)
def test_every_kind_of_column_gives_the_same_days(days: Any) -> None:
    assert whole_days(days, "day", 3).tolist() == NUMBERS
    history = History.from_arrays(person=[1, 2, 3], day=days, gravity=[1, 1, 1], known_day=days)
    assert history.day.tolist() == NUMBERS


def test_an_int32_array_is_not_copied() -> None:
    days = np.array(NUMBERS, np.int32)
    assert np.shares_memory(whole_days(days, "day"), days)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([1.5, 2, 3], "whole numbers"),
        (["2024-02-29", "a", "b"], "whole numbers"),
        (pd.Series(pd.to_datetime(DATES)).dt.tz_localize("UTC"), "time zone"),
        (np.array(["2024-02-29", "NaT", "NaT"], "datetime64[D]"), "row 2 has no day"),
        (pl.Series([DATES[0], DATES[1], None]), "row 3 has no day"),
        (pa.array([None, *DATES[:2]]), "row 1 has no day"),
        ([2**31, 0, 0], "int32"),
        ([1, 2], "one day for each line"),
        ([[1], [2], [3]], "one day for each line"),
    ],
)
def test_what_is_no_day_is_refused_by_row(days: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        History.from_arrays(person=[1, 2, 3], day=days, gravity=[1, 1, 1])


def test_months_of_pandas_are_dates_of_a_panel() -> None:
    history = History.from_arrays(person=[1], day=[dt.date(2024, 1, 15)], gravity=[1])
    months = pd.date_range("2024-02-01", periods=2, freq="MS")
    assert panel(history, months, rfg(30))["count_30d"] == [1, 0]
    assert panel(history, np.array(["2024-03-01"], "datetime64[D]"), rfg(30))["count_30d"] == [0]


def test_a_length_alone_is_no_feature() -> None:
    history = History.from_arrays(person=[1], day=[1], gravity=[1])
    with pytest.raises(ConfigError, match=r"rfg\(730"):
        snapshot(history, 1, 30)  # type: ignore[arg-type]
