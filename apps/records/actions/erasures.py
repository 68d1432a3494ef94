"""Erasure of a subject's personal data: requested by one person, carried out by another, never under a hold."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger, private
from apps.audit.action import action
from apps.audit.models import AuditedModel
from apps.core import jobs
from apps.core.ids import next_reference
from apps.records import erasing, subjects
from apps.records.models import Erasure

State = Erasure.State


@action
def request_erasure(*, subject: AuditedModel, basis: str, reason: str, received_on: date, by) -> Erasure:
    """Put down that somebody's personal data is to go. Nothing goes until another person carries it out."""
    kind = subjects.of_table(subject._meta.db_table)
    if kind is None:
        raise ValidationError("Nothing about this can be erased by itself: name the person, account or party.")
    if received_on > timezone.now().date():
        raise ValidationError({"received_on": "The request cannot have come after today."})
    return ledger.create(
        Erasure,
        ref=next_reference("ER", timezone.now().year),
        kind=kind.kind,
        table_name=kind.table,
        row_id=subject.pk,
        basis=basis,
        reason=reason.strip(),
        received_on=received_on,
        requested_by=by,
        requested_at=timezone.now(),
    )


@action
def erase_subject(erasure: Erasure, *, by, reason: str = "") -> dict[str, Any]:
    """Erase it, for good; returns what went, in numbers. Raises ValidationError naming the hold that keeps it: the
    request then waits."""
    kind, row = _subject(erasure.kind, erasure.row_id)
    erased = erasing.erase(kind, row)
    _decide(erasure, State.CARRIED_OUT, by, reason, result=erased.result)
    erasing.name_in_trail(erasure, erased)
    jobs.after_commit("records.write_journal", erasure.pk, by=by)
    return erased.result


@action
def refuse_erasure(erasure: Erasure, *, reason: str, by) -> None:
    """Say no, with why: the person has to be told the reason, and that they may complain (GDPR Art. 12(4))."""
    _decide(erasure, State.REFUSED, by, reason)


@action
def withdraw_erasure(erasure: Erasure, *, reason: str, by) -> None:
    """Take the request back."""
    _decide(erasure, State.WITHDRAWN, by, reason)


@action
def reapply_erasure(*, ref: str, kind: str, row: str, at: str, by) -> bool:
    """Erase once more what the journal says was erased, after a restore brought it back; whether there was anything.

    Raises ValidationError when a hold of the restored database is on it.
    """
    found = subjects.SUBJECTS[kind].row(row) if kind in subjects.SUBJECTS else None
    if found is None:
        with ledger.batch(erasure=ref, at=at, found=False):
            pass
        return False
    erased = erasing.erase(subjects.SUBJECTS[kind], found)
    ledger.note(found, erasure=ref, at=at, found=True, values=len(erased.values))
    erasing.name_in_trail(found, erased)
    waiting = Erasure.objects.filter(row_id=row, state=State.REQUESTED).first()
    if waiting:
        ledger.note(waiting, reapplied=ref)
    return True


@action
def drop_spare_keys(*, by) -> int:
    """Destroy keys that open nothing, after a restore: those of subjects that are newer than the backup."""
    with ledger.batch() as batch:
        batch.details |= {"erased": [], "subjects": private.drop_spare_keys()}
    return len(batch.details["subjects"])


def _subject(kind: str, pk: Any) -> tuple[subjects.Subject, Any]:
    row = subjects.SUBJECTS[kind].row(pk)
    if row is None:
        raise ValidationError("The subject is not on record any more.")
    return subjects.SUBJECTS[kind], row


def _decide(erasure: Erasure, state: str, by: Any, note: str, **more: Any) -> None:
    ledger.change(erasure, state=state, decided_by=by, decided_at=timezone.now(), decision_note=note.strip(), **more)
