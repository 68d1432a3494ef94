"""Words that the check would refuse, and that counsel lets stand in one case."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases.findings import wording
from apps.cases.models import AllowedWording, Case


@action
def allow_wording(case: Case, *, words: str, reason: str, by) -> AllowedWording:
    """Let words stand in what is written about this case, though the check objects (R8). The reason is on record.

    Raises ValidationError without a reason, or for words that nothing objects to.
    """
    words = words.strip().lower()
    if words not in {problem.words.lower() for problem in wording.lint_wording(words, ())}:
        raise ValidationError(
            {"words": f"The check has nothing against “{words}”. Enter the words that it objects to. (R8)"}
        )
    if not reason.strip():
        raise ValidationError({"reason": "Say what carries these words: a judgment, an admission, an exhibit. (R8)"})
    return ledger.create(
        AllowedWording, case=case, words=words, reason=reason.strip(), allowed_by=by, allowed_at=timezone.now()
    )
