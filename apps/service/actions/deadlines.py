"""By when something about a letter has to happen, and what has become of it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.notices.models import Notice
from apps.service import calendars
from apps.service.models import Answer, Deadline
from apps.service.queries import Settled

Kind, Outcome = Deadline.Kind, Deadline.Outcome

WORKING_DAYS_TO_SERVE = 2  # of a letter that no measure waits for


@action
def set_deadlines(*, notices: Sequence[Notice], by) -> int:
    """Put the deadlines of issued letters into the calendar; returns how many."""
    rows = [row for notice in notices for row in _deadlines(notice)]
    with ledger.batch(letters=len(notices)) as batch:
        batch.insert(Deadline, rows)
    return len(rows)


def _deadlines(notice: Notice) -> Iterator[dict[str, Any]]:
    yield _row(notice, Kind.SERVE, _serve_by(notice), settings.SERVICE_ZONE, settings.SERVICE_CALENDAR)
    country = notice.account.country if notice.account else ""
    zone, calendar = calendars.zone_of(country), calendars.calendar_of(country)
    for kind, stated in ((Kind.RESPOND, "respond_by"), (Kind.APPEAL, "appeal_until")):
        if day := notice.facts.get(stated):
            yield _row(notice, kind, date.fromisoformat(day), zone, calendar)


def _row(notice: Notice, kind: str, stated_on: date, zone: str, calendar: str) -> dict[str, Any]:
    """Our own deadline is not moved: the recipient is told no later for a holiday of ours."""
    ending = calendars.ending(stated_on, zone=zone, calendar=calendar, moves=kind != Kind.SERVE)
    return {
        "notice_id": str(notice.pk),
        "kind": str(kind),
        "stated_on": stated_on.isoformat(),
        "falls_on": ending.falls_on.isoformat(),
        "moved_by": ending.moved_by,
        "zone": zone,
        "calendar": calendar,
        "ends_at": ending.ends_at.isoformat(),
        "outcome": "",
        "outcome_at": None,
    }


def _serve_by(notice: Notice) -> date:
    """A statement of reasons is there when its measure begins (Art. 17(2) DSA); other letters leave in a few days."""
    assert notice.issued_at, "an issued letter has its time"
    issued_on = notice.issued_at.date()
    if notice.account_id:
        return max(issued_on, notice.decision.starts_on)
    return calendars.working_days_after(issued_on, WORKING_DAYS_TO_SERVE, settings.SERVICE_CALENDAR)


@action
def set_calendar(notice: Notice, *, zone: str, calendar: str, by) -> None:
    """Say where the recipient of a letter is: in whose days its deadlines end, and whose holidays count."""
    if not calendars.is_zone(zone):
        raise ValidationError({"zone": "There is no such time zone. Give one such as Europe/Dublin."})
    if not calendars.is_calendar(calendar):
        raise ValidationError({"calendar": "Its holidays are not known. Give a country such as DE, or a part: US-CA."})
    theirs = list(notice.deadlines.filter(kind__in=[Kind.RESPOND, Kind.APPEAL]))
    if not theirs:
        raise ValidationError("This letter asks its recipient for nothing by a day.")
    for deadline in theirs:
        ending = calendars.ending(deadline.stated_on, zone=zone, calendar=calendar, moves=True)
        ledger.change(
            deadline,
            zone=zone,
            calendar=calendar,
            falls_on=ending.falls_on,
            moved_by=ending.moved_by,
            ends_at=ending.ends_at,
        )


@action
def settle_deadlines(*, settled: Sequence[Settled], by) -> None:
    """Put on record what has become of deadlines: kept, kept late, overdue, or answered by silence, which is recorded
    as no response and never as an admission. A letter that came back has to be served once more."""
    by_outcome: dict[str, list[str]] = {}
    for row in settled:
        by_outcome.setdefault(row.outcome, []).append(row.id)
    with ledger.batch(**{outcome or "open_again": len(ids) for outcome, ids in by_outcome.items()}) as batch:
        for outcome, ids in by_outcome.items():
            batch.run(
                Deadline,
                "UPDATE service_deadline SET outcome = %s, outcome_at = %s WHERE id = ANY(%s::uuid[])",
                [outcome, timezone.now() if outcome else None, ids],
            )


@action
def note_answer(notice: Notice, *, kind: str, words: str, received_at: datetime | None = None, by) -> Answer:
    """Record that the recipient of a letter answered it."""
    now = timezone.now()
    received_at = received_at or now
    if not words.strip():
        raise ValidationError({"words": "Say what they answered, or where it stands."})
    if received_at > now or (notice.issued_at and received_at < notice.issued_at):
        raise ValidationError({"received_at": "It came after the letter was issued, and not in the future."})
    return ledger.create(Answer, notice=notice, kind=kind, words=words.strip(), received_at=received_at)
