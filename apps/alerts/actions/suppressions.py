"""Rules that hide alerts for a while, and their early end."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.alerts import regrouping
from apps.alerts.models import AlertGroup, Detector, Suppression
from apps.audit import ledger
from apps.audit.action import action


@action
def suppress(
    *,
    scope: str,
    expires_at: datetime,
    reason: str,
    by,
    key: str = "",
    detector: Detector | None = None,
    kind: str = "",
    account_ref: str = "",
    identifier_type: str = "",
) -> Suppression:
    """Hide the alerts to come of a key, a kind of one detector, an account, or a type of indicator.

    They are taken, kept and answered as all others are, but a group that holds no other alerts stays out of the queue
    until the rule is over. Raises ValidationError for a rule that lasts more than 90 days or gives no reason.
    """
    now = timezone.now()
    if expires_at <= now:
        raise ValidationError({"expires_at": "Choose a day to come."})
    if not reason.strip():
        raise ValidationError({"reason": "Say why these alerts need nobody's attention."})
    return ledger.create(
        Suppression,
        scope=scope,
        key=key,
        detector=detector,
        kind=kind,
        account_ref=account_ref,
        identifier_type=identifier_type,
        reason=reason.strip(),
        made_at=now,
        made_by=by,
        expires_at=expires_at,
    )


@action
def end_suppression(rule: Suppression, *, by, reason: str = "") -> int:
    """End a rule before its time. What it hid is in the queue again; returns how many groups that are."""
    now = timezone.now()
    ledger.change(rule, ended_at=now, ended_by=by)
    holding = AlertGroup.objects.filter(state__in=regrouping.TAKING, alerts__suppressed_by=rule).values("pk")
    groups = list(AlertGroup.objects.filter(pk__in=holding).order_by("pk").select_for_update(no_key=True))
    hidden = [group for group in groups if group.hidden_until and group.hidden_until > now]
    if groups:
        with ledger.batch(rule, groups=len(hidden)) as rows:
            regrouping.retell(rows, {group: {} for group in groups})
    return len(hidden)
