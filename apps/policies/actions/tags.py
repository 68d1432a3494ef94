"""What kinds of conduct a clause speaks of: proposed by its words, confirmed or rejected by a person."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.policies.models import Clause, Document, Tagging
from apps.policies.tags import Conduct, Polarity

State, Origin = Tagging.State, Tagging.Origin


@action
def confirm_tag(tagging: Tagging, *, by, note: str = "") -> None:
    """Agree that this wording prohibits, permits or defines this conduct, in every version that says exactly this."""
    ledger.change(tagging, state=State.CONFIRMED, note=note.strip(), decided_by=by, decided_at=timezone.now())


@action
def reject_tag(tagging: Tagging, *, reason: str, by) -> None:
    """Say that this wording does not, and why."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why these words do not mean that: the same words will come again."})
    ledger.change(tagging, state=State.REJECTED, note=reason.strip(), decided_by=by, decided_at=timezone.now())


@action
def tag_clause(document: Document, *, clause: Clause, conduct: str, polarity: str, note: str, by) -> Tagging:
    """Tag a wording that the words did not give away. Confirmed at once, since a person says it and says why."""
    if not document.versions.filter(text=clause.text_id).exists():
        raise ValidationError(f"“{clause.label}” is no clause of {document}.")
    if not note.strip():
        raise ValidationError({"note": "Say which words mean that."})
    return ledger.create(
        Tagging,
        document=document,
        clause=clause,
        said_sha256=clause.said_sha256,
        conduct=Conduct(conduct),
        polarity=Polarity(polarity),
        state=State.CONFIRMED,
        origin=Origin.PERSON,
        note=note.strip(),
        decided_by=by,
        decided_at=timezone.now(),
    )
