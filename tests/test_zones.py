"""Zones: the date that a clock on the spot showed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from rfgscore.errors import ConfigError
from rfgscore.ingest.readers.zones import local_days

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICRO = dt.timedelta(microseconds=1)
ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Amsterdam",  # seconds off the hour before 1937
    "Africa/Monrovia",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Pacific/Apia",  # left out a day
    "Pacific/Chatham",
    "America/St_Johns",  # changed its clocks at a minute past midnight
)


def expected(micros, zone):
    moments = (EPOCH + dt.timedelta(microseconds=value) for value in micros)
    return [(moment.astimezone(ZoneInfo(zone)).date() - EPOCH.date()).days for moment in moments]


@pytest.mark.parametrize("zone", ZONES)
def test_the_date_is_that_of_the_zone(zone):
    rng = np.random.default_rng(8)
    first, last = ((dt.datetime(year, 1, 1, tzinfo=dt.UTC) - EPOCH) // MICRO for year in (1880, 2060))
    micros = rng.integers(first, last, 3000)
    assert local_days(micros, zone).tolist() == expected(micros.tolist(), zone)


@pytest.mark.parametrize("zone", ZONES)
def test_the_date_turns_at_local_midnight_to_the_microsecond(zone):
    place = ZoneInfo(zone)
    nights = [
        dt.datetime(year, 1, 1) + dt.timedelta(days=7 * week)
        for year in (1935, 1972, 2011, 2024)
        for week in range(53)
    ]
    micros = [
        (night.replace(tzinfo=place) - EPOCH) // MICRO + step for night in nights for step in (-1, 0, 1)
    ]
    found = local_days(np.array(micros, np.int64), zone)
    assert found.dtype == np.int32 and found.tolist() == expected(micros, zone)


def test_a_clock_put_back_over_midnight_shows_the_day_before_again():
    # At one minute past midnight St John's went back to one minute past eleven.
    start = (dt.datetime(2010, 11, 7, 1, tzinfo=dt.UTC) - EPOCH) // MICRO
    micros = [start + minute * 60_000_000 + extra for minute in range(180) for extra in (-1, 0)]
    found = local_days(np.array(micros, np.int64), "America/St_Johns")
    assert found.tolist() == expected(micros, "America/St_Johns")
    assert np.diff(found).tolist().count(1) == 2 and np.diff(found).min() == -1


def test_beyond_the_calendar_the_outermost_offset_holds():
    ends = np.array([-(2**63), 2**63 - 1], np.int64)
    assert local_days(ends, "UTC").tolist() == [-106751992, 106751991]
    last = (dt.datetime(9999, 12, 31, 23, 30, tzinfo=dt.UTC) - EPOCH) // MICRO
    days = local_days(np.array([last], np.int64), "Europe/Paris")
    assert days.tolist() == [(dt.date.max - EPOCH.date()).days + 1]


def test_nothing_has_no_dates():
    assert local_days(np.empty(0, np.int64), "Europe/London").tolist() == []


@pytest.mark.parametrize("zone", ["Nowhere/Land", "", "../UTC", "/etc/localtime", "Europe"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(ConfigError, match=r"is no known time zone; name one as in 'Europe/London'"):
        local_days(np.zeros(1, np.int64), zone)
