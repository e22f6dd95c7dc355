"""Whole days: what is a date, what is none, and birthdays."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfgscore.dates import ISO, NO_DAY, DateFormat, add_years, from_day, iso, time_zone, to_day
from rfgscore.errors import ConfigError
from rfgscore.ingest.readers.coded import Coded
from rfgscore.ingest.readers.zones import local_days
from rfgscore.ingest.values import read_days

UK = "%d/%m/%Y"


@pytest.mark.parametrize(
    ("declared", "text", "day"),
    [
        (ISO, "2024-02-29", "2024-02-29"),
        (ISO, "0001-01-01", "0001-01-01"),
        (ISO, "9999-12-31", "9999-12-31"),
        (ISO, "2024-03-31T23:59", "2024-03-31"),
        (ISO, "2024-03-31 00:00:00", "2024-03-31"),
        (ISO, "2024-03-31T09:08:07.654321", "2024-03-31"),
        (UK, "03/04/2024", "2024-04-03"),
        (UK, "31/12/1999", "1999-12-31"),
        ("%m/%d/%Y", "03/04/2024", "2024-03-04"),
        ("%d.%m.%Y", "03.04.2024", "2024-04-03"),
        ("%Y%m%d", "20240403", "2024-04-03"),
        ("on %d/%m/%Y", "on 03/04/2024", "2024-04-03"),
        ("%d/%m/%Y %H:%M", "03/04/2024 23:59", "2024-04-03"),
        ("%d/%m/%Y %H:%M:%S", "03/04/2024 00:00:00", "2024-04-03"),
    ],
)
def test_a_date_in_the_declared_format_is_read(declared, text, day):
    assert iso(DateFormat(declared).day(text)) == day


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (ISO, ""),
        (ISO, "2023-02-29"),
        (ISO, "1900-02-29"),
        (ISO, "2024-13-01"),
        (ISO, "2024-00-10"),
        (ISO, "2024-04-31"),
        (ISO, "0000-01-01"),
        (ISO, "24-01-02"),
        (ISO, "2024-1-2"),
        (ISO, "12024-01-02"),
        (ISO, "2024/01/02"),
        (ISO, "01/02/2024"),
        (ISO, " 2024-01-02"),
        (ISO, "2024-01-02 "),
        (ISO, "2024-01-02\n"),
        (ISO, "2024-01-02Z"),
        (ISO, "2024-01-02T10:00Z"),
        (ISO, "2024-01-02T10:00+01:00"),
        (ISO, "2024-01-02T24:00"),
        (ISO, "2024-01-02T10:60"),
        (ISO, "2024-01-02T10"),
        (ISO, "2024-01-02  10:00"),
        (ISO, "٢٠٢٤-٠١-٠٢"),
        (ISO, "45293"),
        (UK, "3/4/2024"),
        (UK, "03/04/24"),
        (UK, "31/04/2024"),
        (UK, "29/02/2023"),
        (UK, "12/31/2024"),
        (UK, "2024-04-03"),
        (UK, "03/04/2024 10:00"),
        (UK, "x03/04/2024"),
        ("%d.%m.%Y", "03/04/2024"),
        ("%d/%m/%Y %H:%M", "03/04/2024"),
        ("%d/%m/%Y %H:%M", "03/04/2024 24:00"),
    ],
)
def test_anything_else_is_no_date(declared, text):
    assert DateFormat(declared).day(text) is None


@pytest.mark.parametrize(
    "declared", ["", "%d/%m", "%d/%m/%y", "%d/%m/%Y%Y", "%d %b %Y", "%d/%m/%Y%%", "%d/%m/%Y %", "%d%d%m%Y"]
)
def test_a_format_that_cannot_be_strict_is_refused(declared):
    with pytest.raises(ConfigError, match="needs %d, %m and %Y once each"):
        DateFormat(declared)


LONDON = "Europe/London"


@pytest.mark.parametrize(
    ("zone", "text", "day"),
    [
        (LONDON, "2025-03-01T23:30:00Z", "2025-03-01"),
        (LONDON, "2025-03-30T00:30Z", "2025-03-30"),
        (LONDON, "2025-03-29T23:59:59Z", "2025-03-29"),
        (LONDON, "2025-03-30T23:00Z", "2025-03-31"),
        (LONDON, "2025-06-30T22:59:59.999999999Z", "2025-06-30"),
        (LONDON, "2025-06-30T23:30Z", "2025-07-01"),
        (LONDON, "2025-06-30T23:00:00Z", "2025-07-01"),
        (LONDON, "2025-10-25T23:30Z", "2025-10-26"),
        (LONDON, "2025-10-26T23:30Z", "2025-10-26"),
        (LONDON, "2025-07-01T00:30:00+01:00", "2025-07-01"),
        (LONDON, "2025-07-01T00:30:00+0100", "2025-07-01"),
        (LONDON, "2025-07-01 00:30+02:00", "2025-06-30"),
        (LONDON, "2025-01-01 00:30:00.123456+0100", "2024-12-31"),
        (LONDON, "2024-12-31T23:30:00-0030", "2025-01-01"),
        (LONDON, "2024-02-29T23:30:00-00:30", "2024-03-01"),
        ("Asia/Kolkata", "2025-06-30T18:30Z", "2025-07-01"),
        ("America/New_York", "2025-07-01T03:59Z", "2025-06-30"),
        ("UTC", "9999-12-31T23:59Z", "9999-12-31"),
        # Without an offset a time says its own date, whatever the zone.
        (LONDON, "2025-06-30T23:30:00", "2025-06-30"),
        ("Asia/Tokyo", "2025-06-30 23:30", "2025-06-30"),
        (LONDON, "2025-06-30", "2025-06-30"),
    ],
)
def test_a_moment_has_the_calendar_date_of_the_declared_zone(zone, text, day):
    assert iso(DateFormat(ISO, zone).day(text)) == day


@pytest.mark.parametrize(
    "text",
    [
        "2025-06-30Z",
        "2025-06-30+01:00",
        "2025-06-30T23Z",
        "2025-06-30T23:30z",
        "2025-06-30T23:30 Z",
        "2025-06-30T23:30ZZ",
        "2025-06-30T23:30+01",
        "2025-06-30T23:30+1:00",
        "2025-06-30T23:30+24:00",
        "2025-06-30T23:30+01:60",
        "2025-06-30T23:30+01:00:00",
        "2025-06-30T23:30 +01:00",
        "2025-06-30T23:30 Europe/London",
        "2025-06-30T23:30\u221201:00",
        "2025-06-31T23:30Z",
        "2025-06-30T24:00Z",
        "2025-06-30T23:30:60Z",
        "2025-06-30T23:30:00,5Z",
        "2025-06-30T23:30:00.Z",
        "20250630T233000Z",
        "0001-01-01T00:30+01:00",
        "9999-12-31T23:30-01:00",
    ],
)
def test_nothing_else_is_a_moment(text):
    assert DateFormat(ISO, LONDON).day(text) is None


def test_only_iso_dates_have_moments():
    assert DateFormat(UK, LONDON).day("30/06/2025") == to_day("2025-06-30")
    form = DateFormat("%d/%m/%Y %H:%M", LONDON)
    assert form.day("30/06/2025 23:30") == to_day("2025-06-30")
    assert form.day("30/06/2025 23:30Z") is None


def test_a_zone_that_nobody_knows_is_refused():
    words = "'Europe/Londinium' is no known time zone; name one as in 'Europe/London' (input.timezone)"
    for call in (lambda zone: DateFormat(ISO, zone), time_zone):
        with pytest.raises(ConfigError) as caught:
            call("Europe/Londinium")
        assert str(caught.value) == words


@settings(max_examples=60, deadline=None)
@given(
    moment=st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 31), timezones=st.just(dt.UTC)),
    minutes=st.integers(-1439, 1439),
    zone=st.sampled_from([LONDON, "UTC", "America/St_Johns", "Pacific/Apia", "Africa/Monrovia"]),
)
def test_text_and_arrays_agree_on_the_date_of_a_moment(moment, minutes, zone):
    text = moment.astimezone(dt.timezone(dt.timedelta(minutes=minutes))).isoformat()
    micros = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    assert DateFormat(ISO, zone).day(text) == local_days(np.array([micros], np.int64), zone)[0]


def test_a_column_of_moments_is_read_in_the_zone_and_is_at_fault_without():
    cells = Coded.of(["2025-06-30T23:30Z", " 2025-06-30T23:30 ", None, "soon", "1900-01-01T00:00:00+00:00"])
    placeholder = [to_day("1900-01-01")]
    days = read_days(cells, ISO, "", placeholder, LONDON)
    assert days.day.tolist() == [to_day("2025-07-01"), to_day("2025-06-30"), NO_DAY, NO_DAY, NO_DAY]
    assert days.bad.tolist() == [False, False, False, True, False]
    assert days.sentinel.tolist() == [False] * 4 + [True]
    unread = read_days(cells, ISO, "", placeholder)
    assert unread.day.tolist() == [NO_DAY, to_day("2025-06-30"), NO_DAY, NO_DAY, NO_DAY]
    assert unread.bad.tolist() == [True, False, False, True, True] and not unread.sentinel.any()


def test_a_format_keeps_its_text():
    assert DateFormat(UK).text == UK


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-03-01", 11017),
        (dt.date(1970, 1, 2), 1),
        (dt.date(1, 1, 1), -719162),
        (17, 17),
        (np.int32(17), 17),
        (-(2**40), -(2**40)),
    ],
)
def test_to_day_takes_dates_text_and_numbers(value, day):
    assert to_day(value) == day and type(to_day(value)) is int


@pytest.mark.parametrize(
    "text", ["", "20240102", "2024-1-2", "2024-02-30", "2024-01-02T00:00", "2024-W01-1", "٢٠٢٤-٠١-٠٢"]
)
def test_to_day_refuses_text_that_is_no_iso_date(text):
    with pytest.raises(ValueError, match=r"YYYY-MM-DD|day is out of range|day must be in range"):
        to_day(text)


@pytest.mark.parametrize(
    "value", [True, False, None, 1.0, dt.datetime(2024, 1, 1), b"2024-01-01", dt.time(1)], ids=repr
)
def test_to_day_refuses_every_other_kind(value):
    with pytest.raises(TypeError, match=type(value).__name__):
        to_day(value)


@given(st.dates())
def test_days_and_dates_go_back_and_forth(date):
    day = to_day(date)
    assert from_day(day) == date
    assert to_day(iso(day)) == day
    assert DateFormat(ISO).day(iso(day)) == day
    assert day > NO_DAY


@pytest.mark.parametrize(
    ("born", "years", "day"),
    [
        ("2008-02-29", 16, "2024-02-29"),
        ("2008-02-29", 17, "2025-03-01"),
        ("2008-02-29", 18, "2026-03-01"),
        ("1884-02-29", 16, "1900-03-01"),
        ("2008-02-28", 17, "2025-02-28"),
        ("2008-03-01", 16, "2024-03-01"),
        ("2007-12-31", 18, "2025-12-31"),
        ("2008-02-29", 0, "2008-02-29"),
        ("9990-05-05", 9, "9999-05-05"),
        ("9990-05-05", 10, "9999-12-31"),
    ],
)
def test_birthdays(born, years, day):
    assert iso(add_years(to_day(born), years)) == day
