"""Deadlines as a file for calendar programs (RFC 5545). They name letters by number, and nobody."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from apps.service.models import Deadline

MOST = 2000
LINE = 75  # octets, RFC 5545, 3.1


def calendar(deadlines: Iterable[Deadline], origin: str) -> str:
    """One all-day event each, on the last day where the deadline ends; `origin` is where pages of letters are."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//casemgr//service of letters//EN", "METHOD:PUBLISH"]
    for deadline in deadlines:
        lines += _event(deadline, origin)
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(deadline: Deadline, origin: str) -> list[str]:
    day, notice = deadline.falls_on, deadline.notice
    ends = f"Ends {deadline.ends_at:%Y-%m-%d %H:%M} UTC, the end of the day in {deadline.zone}."
    moved = f" Moved: {deadline.moved_by}." if deadline.moved_by else ""
    return [
        "BEGIN:VEVENT",
        f"UID:{deadline.pk}@casemgr",
        f"DTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(f'{deadline.get_kind_display()}: {notice.ref} ({notice.case.ref})')}",
        f"DESCRIPTION:{_escaped(ends + moved)}",
        f"URL:{origin.rstrip('/')}/notices/{notice.pk}/service/",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    for char in "\\;,":
        text = text.replace(char, f"\\{char}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A long line in parts, none of which splits a character."""
    parts: list[str] = []
    part = ""
    for char in line:
        if len((part + char).encode()) > LINE - (1 if parts else 0):
            parts.append(part)
            part = ""
        part += char
    return "\r\n ".join([*parts, part])
