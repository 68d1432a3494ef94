"""What a person may see of the trail, and where the log stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from apps.audit.log import notes
from apps.audit.models import AuditedModel, Checkpoint, Event, LogState, audited_models
from apps.audit.verify.reading import body_of
from apps.core.models import Job


def visible_events(user) -> QuerySet[Event]:
    return Event.objects.all() if user.has_perm("audit.view") else Event.objects.none()


def history(user, table: str, key: UUID) -> QuerySet[Event]:
    """The events about one row: for who reads the trail, and for who may see the rows of its room."""
    model = audited_model(table)
    if model is None or not (user.has_perm("audit.view") or user.has_perm(f"{model._meta.app_label}.view")):
        return Event.objects.none()
    return Event.objects.filter(object_type=table, object_id=key)


def audited_model(table: str) -> type[AuditedModel] | None:
    return next((model for model in audited_models() if model._meta.db_table == table), None)


@dataclass(frozen=True)
class Standing:
    """Where the log stands."""

    size: int
    waiting: int  # events that have no place yet; counted up to WAITING_COUNTED
    checkpoint: Checkpoint | None
    root: str
    key: str


WAITING_COUNTED = 1000


def standing() -> Standing:
    state = LogState.objects.first() or LogState()
    checkpoint = Checkpoint.objects.order_by("-number").first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM audit_event e WHERE xid >= %s"
            " AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) LIMIT %s) waiting",
            [state.low_xid, WAITING_COUNTED],
        )
        (waiting,) = cursor.fetchone()
    return Standing(state.size, waiting, checkpoint, _root(checkpoint), _key())


def _root(checkpoint: Checkpoint | None) -> str:
    if checkpoint is None:
        return ""
    try:
        return notes.Head.parse(checkpoint.note.partition("\n\n")[0] + "\n").root.hex()
    except notes.BadNote:
        return ""


def _key() -> str:
    try:
        verifier = notes.load_verifier(settings.TRAIL_KEY_FILE)
        return verifier.ids if verifier else ""
    except (notes.BadNote, OSError):
        return ""


@dataclass(frozen=True)
class Verification:
    """A verification that was made, as it was recorded."""

    event: Event
    at: datetime
    details: dict[str, Any]


def last_verification() -> Verification | None:
    event = Event.objects.filter(action="audit.verify_trail").order_by("-id").first()
    return Verification(event, event.occurred_at, body_of(event.body).get("details", {})) if event else None


def verification_under_way() -> Job | None:
    return Job.objects.filter(kind="audit.verify_trail", state=Job.State.WAITING).order_by("-id").first()
