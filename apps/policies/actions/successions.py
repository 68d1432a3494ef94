"""Which clauses of two versions are the same: proposed by place and words, confirmed or rejected by a person."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.policies.models import Clause, Document, Succession

State = Succession.State


@action
def confirm_succession(document: Document, *, earlier: Clause, later: Clause, by, note: str = "") -> Succession:
    """Agree that the later clause is the earlier one, renumbered or reworded: its history goes through both."""
    return _decide(document, earlier, later, State.CONFIRMED, note, by)


@action
def reject_succession(document: Document, *, earlier: Clause, later: Clause, reason: str, by) -> Succession:
    """Say that they are different clauses, and why: the history of each ends or begins there."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what makes them different clauses."})
    return _decide(document, earlier, later, State.REJECTED, reason, by)


def _decide(document: Document, earlier: Clause, later: Clause, state: str, note: str, by) -> Succession:
    for clause in (earlier, later):
        if not document.versions.filter(text=clause.text_id).exists():
            raise ValidationError(f"“{clause.label}” is no clause of {document}.")
    if earlier.text_id == later.text_id:
        raise ValidationError("These are two clauses of one text: only clauses of different versions can be the same.")
    said = {"state": state, "note": note.strip(), "decided_by": by, "decided_at": timezone.now()}
    known = Succession.objects.filter(document=document, earlier=earlier, later=later).first()
    if known:
        return ledger.change(known, **said)
    return ledger.create(Succession, document=document, earlier=earlier, later=later, **said)
