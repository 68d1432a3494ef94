"""What a person may see of the trail, and where the log stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from apps.audit import asof, sentences
from apps.audit.log import notes
from apps.audit.models import AuditedModel, Checkpoint, Event, LogState, Verification, audited_models
from apps.audit.verify import runs
from apps.audit.verify.advice import advice
from apps.core.models import Job


def visible_events(user) -> QuerySet[Event]:
    return Event.objects.all() if user.has_perm("audit.view") else Event.objects.none()


def history(user, table: str, key: UUID) -> QuerySet[Event]:
    """The events that are about one row or wrote it among others: for who reads the trail, and for who may see the rows
    of its room."""
    model = audited_model(table)
    if model is None or not (user.has_perm("audit.view") or user.has_perm(f"{model._meta.app_label}.view")):
        return Event.objects.none()
    batches = asof.batches_of(table, key) if not model.PRIVATE else []
    return Event.objects.filter(Q(object_type=table, object_id=key) | Q(event_uuid__in=batches))


def audited_model(table: str) -> type[AuditedModel] | None:
    return next((model for model in audited_models() if model._meta.db_table == table), None)


def name_of(actor: str) -> str:
    """Who it is, by name."""
    return sentences.names_of([actor])[actor]


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
            "SELECT count(*) FROM (SELECT FROM audit_event e WHERE (xid, id) > (%s, %s)"
            " AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) LIMIT %s) waiting",
            [state.low_xid, state.low_id, WAITING_COUNTED],
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


def verifications() -> QuerySet[Verification]:
    """Those that have ended, newest first."""
    return Verification.objects.filter(finished_at__isnull=False).order_by("-number")


def verdicts(verification: Verification | None) -> list[dict[str, Any]]:
    """A verification's answers, each finding with what it means and what to do."""
    told = verification.state["report"]["verdicts"] if verification else []
    return [
        verdict
        | {
            "findings": [
                finding | advice(verdict["name"], finding["table"])._asdict() for finding in verdict["findings"]
            ]
        }
        for verdict in told
    ]


@dataclass(frozen=True)
class UnderWay:
    """A verification that was asked for and has not ended."""

    asked_at: datetime
    share: int  # in hundredths
    last_error: str


def verification_under_way() -> UnderWay | None:
    job = Job.objects.filter(kind="audit.verify_trail", state=Job.State.WAITING).order_by("id").first()
    if job is None:
        return None
    record = Verification.objects.filter(finished_at__isnull=True, started_at__gte=job.created_at).first()
    return UnderWay(job.created_at, record.share if record else 0, job.last_error)


def verification_given_up() -> Job | None:
    """The last verification that was asked for, where it was tried until nobody tries any more."""
    last = Job.objects.filter(kind="audit.verify_trail").order_by("id").last()
    return last if last and last.state == Job.State.FAILED else None


def alarm(user) -> Verification | None:
    """What a verification found and nobody has answered for yet, for whom it concerns."""
    return runs.unacknowledged() if user.has_perm("audit.view") else None
