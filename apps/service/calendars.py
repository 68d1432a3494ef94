"""When a day ends, and on which days no period ends: plain data in, plain data out.

A period whose last day is a public holiday, a Sunday or a Saturday ends with the last hour of the following working day
(Regulation (EEC, Euratom) 1182/71, Art. 3(4); Fed. R. Civ. P. 6(a)(1)(C) says the same).
"""

import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from apps.core.later import holidays

# A day is over when it is over everywhere: nobody is late for a time zone that we do not know.
LAST_ZONE = "Etc/GMT+12"
LONGEST = timedelta(days=30)  # no calendar has as many days off in a row


@dataclass(frozen=True)
class Ending:
    """The last day of a period, why it is another than stated ("" where it is not), and the moment it is over."""

    falls_on: date
    moved_by: str
    ends_at: datetime


def ending(stated_on: date, *, zone: str, calendar: str, moves: bool) -> Ending:
    """`moves` says whether the rule of days on which no period ends holds for it."""
    falls_on, why = _moved(stated_on, calendar) if moves else (stated_on, "")
    return Ending(falls_on, why, end_of(falls_on, zone))


def end_of(day: date, zone: str) -> datetime:
    """The moment at which the day is over there, in UTC. It is not always 24 hours after it began."""
    return datetime.combine(day + timedelta(days=1), time(), zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def _moved(stated_on: date, calendar: str) -> tuple[date, str]:
    day, why = stated_on, ""
    while off := day_off(day, calendar):
        why = why or f"{stated_on:%-d %B %Y} is {off}"
        day += timedelta(days=1)
        if day - stated_on > LONGEST:
            raise ValueError(f"the calendar of {calendar} has no working day within {LONGEST.days} days")
    return day, why


def day_off(day: date, calendar: str) -> str:
    """Why no period ends on this day, in words: a weekend or a holiday there; "" for a working day."""
    if name := _days_off(calendar).get(day):
        return str(name)
    return f"a {day:%A}" if day.weekday() >= 5 else ""


def working_days_after(day: date, number: int, calendar: str) -> date:
    """The day so many working days later."""
    while number:
        day += timedelta(days=1)
        number -= not day_off(day, calendar)
    return day


def is_zone(name: str) -> bool:
    return name in zoneinfo.available_timezones()


def is_calendar(name: str) -> bool:
    """Whether the days off of this country, or part of one, are known."""
    country, _, part = name.partition("-")
    parts = holidays.list_supported_countries().get(country)
    return name == "" or (parts is not None and (not part or part in parts))


def calendar_of(country: str) -> str:
    return country if is_calendar(country) else ""


@cache
def _days_off(calendar: str) -> Mapping[date, str]:
    """Names of public holidays by day; of an empty calendar none. The library adds a year when it is asked for."""
    country, _, part = calendar.partition("-")
    return (
        holidays.country_holidays(country, subdiv=part or None, language="en_US") if country else holidays.HolidayBase()
    )


@cache
def zone_of(country: str) -> str:
    """The time zone of a country in which a day ends last, as its people cannot be told apart; LAST_ZONE where the
    country or its zones are not known."""
    zones = [zone for code, zone in _listed() if code == country]
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    return min(
        zones, key=lambda zone: noon.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset() or timedelta(), default=LAST_ZONE
    )


@cache
def _listed() -> tuple[tuple[str, str], ...]:
    """Countries and their zones, of the table that comes with the time zones of the machine."""
    return tuple(_rows())


def _rows() -> Iterator[tuple[str, str]]:
    tables = (Path(path) / "zone.tab" for path in zoneinfo.TZPATH)
    if table := next((table for table in tables if table.is_file()), None):
        for line in table.read_text().splitlines():
            if line and not line.startswith("#"):
                country, _, zone, *_ = line.split("\t")
                yield country, zone
