"""The day on which a version takes effect: proposed by its words, confirmed or corrected by a person."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.policies.effective import stated_effective_date
from apps.policies.models import Version


@action
def confirm_effective_date(version: Version, *, effective_from: date | None, by, reason: str = "") -> None:
    """Say from which day a version is effective, None for none. Another day than its words give needs a reason."""
    stated = stated_effective_date(version.text.content)
    if effective_from != (stated and stated.on) and not reason.strip():
        raise ValidationError({"reason": "Say where this day comes from: the text itself gives another, or none."})
    ledger.change(
        version,
        effective_from=effective_from,
        effective_reason=reason.strip(),
        effective_decided_by=by,
        effective_decided_at=timezone.now(),
    )
