"""Messages to the webhooks of detectors: signed as Standard Webhooks says, tried again, and given up in the open.

Rows are the queue. A worker claims one under a lease, which commits before anything is sent; so no transaction is open
while the other side takes its time, and a message whose worker died is due again when the lease is over.
"""

import base64
import json
import random
from datetime import datetime, timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.alerts import verdicts
from apps.alerts.models import Attempt, Delivery, Verdict, Webhook
from apps.core import outbound, webhooks

MAX_ATTEMPTS = 10
FIRST_WAIT, LONGEST_WAIT = 10, 24 * 3600  # seconds; each wait is three times the one before: some 27 hours in all
LEASE = timedelta(minutes=2)
AT_ONCE = 40  # a ring; the rest waits for the next
GONE = 410  # the receiver says that nobody is there any more
REFS_SHOWN = 100  # of alerts, in a message; the feed has them all

_dice = random.SystemRandom()


# --- asking for them -------------------------------------------------------------------------------------------------


def ask_for(told: list[Verdict]) -> int:
    """Queue a message about each verdict whose detector has a webhook; returns how many. Inside a transaction."""
    hooks = {
        hook.detector_id: hook
        for hook in Webhook.objects.filter(
            detector__in={verdict.detector_id for verdict in told}, is_active=True, detector__is_active=True
        )
    }
    now = timezone.now()
    rows = [
        Delivery(webhook=hooks[verdict.detector_id], verdict=verdict, body=_body(verdict), due_at=now, created_at=now)
        for verdict in told
        if verdict.detector_id in hooks
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _body(verdict: Verdict) -> str:
    lines = verdict.lines.order_by("position").values_list("position", "alert__source_ref")[:REFS_SHOWN]
    shown = list(lines)
    data = {
        "verdict": str(verdict.pk),
        "source": verdict.detector.slug,
        "group": str(verdict.group_id),
        "title": verdict.group.title,
        "alerts": verdict.alert_count,
        "source_refs": [ref for _, ref in shown],
        "feed": f"/api/v1/verdicts?cursor={cursor((shown[0][0] or 1) - 1)}" if shown else None,
    } | verdicts.summary(verdict)
    message = {"type": f"verdict.{verdict.outcome}", "timestamp": verdict.decided_at, "data": data}
    return json.dumps(message, cls=DjangoJSONEncoder, ensure_ascii=False)


def cursor(position: int) -> str:
    """A place in the feed, as its readers hold it."""
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def position_of(text: str) -> int:
    """The place behind a cursor; raises ValueError for what is none."""
    number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    if not number.isdecimal() or len(number) > 18:
        raise ValueError("not a cursor")
    return int(number)


# --- delivering ------------------------------------------------------------------------------------------------------


def deliver_due(limit: int = AT_ONCE) -> int:
    """Try what is due, one after the other; returns how many were tried."""
    _give_up_what_died()
    tried = 0
    while tried < limit and (claimed := _claim()) is not None:
        _try(*claimed)
        tried += 1
    return tried


def _claim() -> tuple[Delivery, Attempt] | None:
    """Count the attempt and write it down before it is made."""
    now = timezone.now()
    with transaction.atomic():
        delivery = (
            Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=now)
            .order_by("due_at")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("webhook")
            .first()
        )
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.due_at = now + LEASE
        delivery.save(update_fields=["attempts", "due_at"])
        return delivery, Attempt.objects.create(delivery=delivery, started_at=now)


def _try(delivery: Delivery, attempt: Attempt) -> None:
    outcome = _send(delivery, attempt.started_at)
    attempt.status, attempt.problem, attempt.milliseconds = outcome.status, outcome.problem, outcome.milliseconds
    with transaction.atomic():
        attempt.save(update_fields=["status", "problem", "milliseconds"])
        # Where the lease ran out and another worker has begun, the row says what that one made of it.
        mine = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING, attempts=delivery.attempts)
        if outcome.is_success:
            mine.update(state=Delivery.State.DELIVERED, finished_at=timezone.now())
        elif delivery.attempts >= MAX_ATTEMPTS or outcome.status == GONE or not delivery.webhook.is_active:
            mine.update(state=Delivery.State.DEAD, finished_at=timezone.now())
        else:
            mine.update(due_at=timezone.now() + max(wait(delivery.attempts), _asked_for(outcome)))


def _send(delivery: Delivery, at: datetime) -> outbound.Outcome:
    hook = delivery.webhook
    if not hook.is_active:
        return outbound.Outcome(None, "The webhook is switched off.", 0)
    body, timestamp = delivery.body.encode(), int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "casemgr",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            webhooks.sign(secret, delivery.message_id, timestamp, body) for secret in hook.secrets_at(at)
        ),
    }
    return outbound.post(hook.url, body, headers)


def _asked_for(outcome: outbound.Outcome) -> timedelta:
    """The wait that the receiver asks for; no longer than ours may be, or one header would end the matter."""
    return timedelta(seconds=min(outcome.wait or 0, LONGEST_WAIT))


def wait(attempts: int) -> timedelta:
    """Until the next attempt, after so many: longer each time, and by chance up to a fifth more or less, so that a
    receiver that was down is not met by everything at once."""
    seconds = min(FIRST_WAIT * 3 ** (attempts - 1), LONGEST_WAIT)
    return timedelta(seconds=seconds * _dice.uniform(0.8, 1.2))


def replay(finished: QuerySet[Delivery]) -> int:
    """Put finished messages back into the queue, with all their attempts before them; returns how many."""
    return finished.exclude(state=Delivery.State.WAITING).update(
        state=Delivery.State.WAITING, attempts=0, finished_at=None, due_at=timezone.now()
    )


def _give_up_what_died() -> None:
    """A message whose every attempt killed its worker is given up, or it would be due for ever."""
    now = timezone.now()
    Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=now, attempts__gte=MAX_ATTEMPTS).update(
        state=Delivery.State.DEAD, finished_at=now
    )
