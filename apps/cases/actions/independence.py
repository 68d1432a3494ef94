"""The argument that lines of evidence do not depend on one another, without which nothing is multiplied."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases.models import Case, Independence

State = Independence.State


@action
def argue_independence(case: Case, *, groups: Sequence[str], argument: str, by) -> Independence:
    """Say why these dependency groups are independent. Raises ValidationError for fewer than two, or unknown ones."""
    known = set(case.exhibits.values_list("dependency_group", flat=True))
    if unknown := sorted(set(groups) - known):
        raise ValidationError({"groups": f"No exhibit depends on {', '.join(unknown)}."})
    if len(set(groups)) < 2:
        raise ValidationError({"groups": "Independence is between at least two lines of evidence."})
    if not argument.strip():
        raise ValidationError({"argument": "Say why an error in one line would not be in the others too."})
    return ledger.create(
        Independence,
        case=case,
        groups=sorted(set(groups)),
        argument=argument.strip(),
        argued_by=by,
        argued_at=timezone.now(),
    )


@action
def accept_independence(independence: Independence, *, by, note: str = "") -> None:
    """Another person agrees: from now on these lines are multiplied."""
    ledger.change(
        independence, state=State.ACCEPTED, reviewed_by=by, reviewed_at=timezone.now(), review_note=note.strip()
    )


@action
def refuse_independence(independence: Independence, *, reason: str, by) -> None:
    """Another person does not agree, or no longer: the lines are averaged."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what the lines have in common."})
    ledger.change(
        independence, state=State.REFUSED, reviewed_by=by, reviewed_at=timezone.now(), review_note=reason.strip()
    )
