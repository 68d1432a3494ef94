"""Groups that wait for a day: out of the queue until then, or until they become more severe."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.alerts.models import AlertGroup
from apps.audit import ledger
from apps.audit.action import action

LONGEST = timedelta(days=90)


@action
def snooze(group: AlertGroup, *, until: datetime, by, reason: str = "") -> None:
    """Put a group aside until a moment. It comes back by itself then, or as soon as its severity rises.

    Raises ValidationError for a moment that is past, or more than 90 days away.
    """
    now = timezone.now()
    if until <= now:
        raise ValidationError({"until": "Choose a day to come."})
    if until > now + LONGEST:
        raise ValidationError({"until": "A snooze lasts 90 days at most. What needs nobody at all is dismissed."})
    ledger.change(
        group,
        state=AlertGroup.State.OPEN,
        claimed_by=None,
        claimed_at=None,
        snoozed_until=until,
        snoozed_severity=group.severity,
        snoozed_by=by,
        snooze_count=group.snooze_count + 1,
    )


@action
def wake(group: AlertGroup, *, by, reason: str = "") -> None:
    """End a snooze early: the group is free again."""
    ledger.change(group, snoozed_until=None, snoozed_severity=None, snoozed_by=None)
