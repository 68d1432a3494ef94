"""What came back by e-mail, put on record beside the attempt it is about."""

import hashlib
from uuid import UUID

from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading
from apps.core import vault, workflow
from apps.service import returns
from apps.service.actions.attempts import acknowledge, note_bounced, note_delivered
from apps.service.models import Attempt, Return

# What a report makes of the attempt it names; the others are noted beside it.
TELLS = {
    Return.Kind.FAILED: note_bounced,
    Return.Kind.DELIVERED: note_delivered,
    Return.Kind.DISPLAYED: acknowledge,
}


@action
def take_return(*, raw: bytes, by) -> Return:
    """Keep a message that came back, and what it says of an attempt. The same message again changes nothing, and says
    so in the trail."""
    kept = raw[: returns.LONGEST]
    if known := Return.objects.filter(sha256=hashlib.sha256(kept).hexdigest()).first():
        ledger.note(known, again=True)
        return known
    report = returns.read(kept)
    attempt = _attempt(report.attempt_id)
    stored = vault.put(kept)
    returned = ledger.create(
        Return,
        attempt=attempt,
        kind=report.kind,
        received_at=timezone.now(),
        sha256=stored.sha256,
        byte_size=stored.size,
        status=report.status,
        sender=report.sender,
        subject=report.subject,
        says=report.says,
    )
    if attempt and attempt.tries:
        _tell(attempt, report, by)
    return returned


def _attempt(pk: UUID | None) -> Attempt | None:
    return Attempt.objects.filter(pk=pk, method=Attempt.Method.EMAIL).first() if pk else None


def _tell(attempt: Attempt, report: returns.Report, by) -> None:
    """A report may come late, twice, or after the recipient has spoken: then it is kept, and changes nothing."""
    tell = TELLS.get(Return.Kind(report.kind))
    if tell is None or not workflow.allows(attempt, tell.verb):  # type: ignore[attr-defined]
        return
    if tell is note_bounced:
        note_bounced(attempt, status=report.status, note=report.says, by=by)
    elif tell is note_delivered:
        note_delivered(attempt, note=report.says, by=by)
    else:
        acknowledge(attempt, note=report.says, by=by)


@action
def file_return(returned: Return, *, by) -> None:
    """Somebody looked at what came back and belongs to no letter, or is no report."""
    ledger.change(returned, filed_by=by, filed_at=timezone.now())


@reading
def open_return(returned: Return, *, by) -> None:
    """Record that somebody took the message itself: it may hold words of the recipient."""
    ledger.note(returned, sha256=returned.sha256)
