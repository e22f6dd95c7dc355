"""Whole days: what is a date, what is none, and birthdays."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfgscore.dates import ISO, NO_DAY, DateFormat, add_years, from_day, iso, to_day
from rfgscore.errors import ConfigError

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
