"""Messages to the webhooks of detectors: what each says of a verdict."""

import base64
import json

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from apps.alerts import verdicts
from apps.alerts.models import Delivery, Verdict, Webhook
from apps.core.outbox import Outbox

REFS_SHOWN = 100  # of alerts, in a message; the feed has them all


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


OUTBOX = Outbox(Delivery)
