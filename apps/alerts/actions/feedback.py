"""Detectors are told what became of their alerts: late ones too, and at the address that they give."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.alerts import verdicts
from apps.alerts.models import AlertGroup, Delivery, Detector, Verdict, Webhook
from apps.alerts.models.feedback import SECRET
from apps.audit import ledger
from apps.audit.action import action
from apps.core import outbound, outbox, webhooks
from apps.core.sealed import seal

LONGEST_OVERLAP = timedelta(days=30)


@action
def tell_late(group: AlertGroup, *, alerts: Iterable[Any], by) -> None:
    """Alerts that came to a group after it was taken into a case are in that case too."""
    verdicts.record(group, Verdict.Outcome.IN_CASE, only=alerts, by=by)


@action
def correct_verdict(group: AlertGroup, *, by, dismissal: str = "") -> None:
    """What went into a case turned out otherwise, or once more as it was first: its detectors hear of it, and it weighs
    on their records. Without a `dismissal` the group counts as rightly taken into a case."""
    if group.state != AlertGroup.State.ESCALATED:
        raise ValidationError("Only what went into a case can turn out otherwise there.")
    outcome = Verdict.Outcome.DISMISSED if dismissal else Verdict.Outcome.IN_CASE
    verdicts.record(group, outcome, dismissal=dismissal, by=by)


@action
def set_webhook(detector: Detector, *, url: str, is_active: bool = True, by) -> str:
    """Where a detector is told; returns the secret that its messages are signed with where it is new, else "".

    Raises ValidationError for an address that the settings do not allow.
    """
    try:
        outbound.check(url)
    except outbound.Refused as error:
        raise ValidationError({"url": str(error)}) from error
    known = Webhook.objects.filter(detector=detector).first()
    if known is not None:
        ledger.change(known, url=url, is_active=is_active, changed_at=timezone.now())
        return ""
    secret = webhooks.new_secret()
    ledger.create(
        Webhook,
        detector=detector,
        url=url,
        sealed_secret=seal(secret, SECRET),
        is_active=is_active,
        changed_at=timezone.now(),
    )
    return secret


@action
def renew_webhook_secret(detector: Detector, *, by, overlap: timedelta = timedelta(0)) -> str:
    """A new secret; messages are signed with it from the next attempt on. Returned once, and shown nowhere again.

    For as long as `overlap` they are signed with the old one as well, so that the receiver can change over without
    refusing any. Without it the old one ends at once, as it has to when it leaked.
    """
    hook = Webhook.objects.filter(detector=detector).first()
    if hook is None:
        raise ValidationError("It has no webhook.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValidationError({"overlap": f"The old secret lasts {LONGEST_OVERLAP.days} days at most."})
    secret, now = webhooks.new_secret(), timezone.now()
    ledger.change(
        hook,
        sealed_secret=seal(secret, SECRET),
        sealed_previous=hook.sealed_secret if overlap else "",
        previous_until=now + overlap if overlap else None,
        changed_at=now,
    )
    return secret


@action
def replay_delivery(detector: Detector, *, delivery: Delivery, by) -> None:
    """Send a message again that was delivered or given up, as it was, under the same id."""
    if delivery.state == Delivery.State.WAITING:
        raise ValidationError("It is still being tried.")
    outbox.replay(Delivery.objects.filter(pk=delivery.pk))
    ledger.note(delivery.webhook, delivery=delivery.message_id, was=delivery.state)


@action
def replay_deliveries(detector: Detector, *, by) -> int:
    """Send all messages again that were given up, as they were, under their ids; returns how many."""
    hook = Webhook.objects.filter(detector=detector).first()
    if hook is None:
        raise ValidationError("It has no webhook.")
    dead = Delivery.objects.filter(webhook=hook, state=Delivery.State.DEAD)
    if not (count := outbox.replay(dead)):
        raise ValidationError("No message was given up.")
    ledger.note(hook, deliveries=count)
    return count
