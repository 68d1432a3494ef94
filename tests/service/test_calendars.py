"""When periods end: weekends, holidays, time zones, and the hours that clocks skip."""

from datetime import UTC, date, datetime

import pytest

from apps.service import calendars


def ending(day: date, calendar: str = "", zone: str = "Etc/GMT+12", moves: bool = True) -> calendars.Ending:
    return calendars.ending(day, zone=zone, calendar=calendar, moves=moves)


@pytest.mark.parametrize(
    ("calendar", "stated", "falls", "why"),
    [
        ("IE", date(2026, 3, 16), date(2026, 3, 16), ""),
        ("IE", date(2026, 3, 17), date(2026, 3, 18), "17 March 2026 is Saint Patrick's Day"),
        ("IE", date(2026, 3, 14), date(2026, 3, 16), "14 March 2026 is a Saturday"),
        ("DE", date(2026, 1, 6), date(2026, 1, 6), ""),
        ("DE-BY", date(2026, 1, 6), date(2026, 1, 7), "6 January 2026 is Epiphany"),
        # On a Saturday; observed on the Friday before, and the weekend follows.
        ("US", date(2026, 7, 3), date(2026, 7, 6), "3 July 2026 is Independence Day (observed)"),
        ("CN", date(2026, 10, 1), date(2026, 10, 8), "1 October 2026 is National Day"),
        ("", date(2026, 12, 25), date(2026, 12, 25), ""),  # nobody's holidays
        ("", date(2026, 11, 28), date(2026, 11, 30), "28 November 2026 is a Saturday"),
    ],
)
def test_a_period_ends_on_a_working_day(calendar, stated, falls, why):
    found = ending(stated, calendar)
    assert (found.falls_on, found.moved_by) == (falls, why)


def test_a_period_that_is_not_moved_ends_where_it_was_said_to():
    assert ending(date(2026, 11, 28), "IE", moves=False).falls_on == date(2026, 11, 28)


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        ("Europe/Dublin", datetime(2026, 3, 28, 0, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 3, 28, 7, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 3, 27, 10, tzinfo=UTC)),
        ("Etc/GMT+12", datetime(2026, 3, 28, 12, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_the_recipient_is(zone, ends):
    assert ending(date(2026, 3, 27), zone=zone).ends_at == ends


def test_a_day_of_23_hours_ends_at_its_midnight():
    assert calendars.end_of(date(2026, 3, 29), "Europe/Berlin") == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_of_a_country_with_several_zones_the_last_counts():
    assert calendars.zone_of("IE") == "Europe/Dublin"
    assert calendars.end_of(date(2026, 1, 1), calendars.zone_of("US")) == datetime(2026, 1, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("country", ["", "XX", "ZZ"])
def test_where_nobody_knows_the_country_the_day_ends_last_of_all(country):
    assert calendars.zone_of(country) == "Etc/GMT+12"
    assert calendars.calendar_of(country) == ""


def test_working_days_are_counted_without_holidays():
    assert calendars.working_days_after(date(2026, 12, 24), 2, "IE") == date(2026, 12, 29)


@pytest.mark.parametrize(
    ("name", "known"), [("IE", True), ("US-CA", True), ("", True), ("US-ZZ", False), ("Mars", False)]
)
def test_calendars_are_known_or_not(name, known):
    assert calendars.is_calendar(name) is known
