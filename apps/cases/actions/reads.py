"""What people read of a case that not everybody in it may, or that says something about somebody."""

from apps.audit import ledger
from apps.audit.reads.look import reading
from apps.cases.models import Case, CaseNote


@reading(asks=lambda note, by: not note.case.notes.filter(is_privileged=True, written_by_id=by.pk).exists())
def open_privileged(note: CaseNote, *, by, reason: str = "") -> None:
    """Record that somebody read the legal advice in a case, up to this note of it.

    The event is about the note, so that the trail tells nobody else that there is advice.
    """
    ledger.note(note)


@reading
def look_up_identifier(case: Case, *, kind: str, value_hmac: str, by) -> None:
    """Record that somebody asked which accounts have an identifier. The trail knows it by its keyed hash alone."""
    ledger.note(case, kind=kind, value_hmac=value_hmac)
