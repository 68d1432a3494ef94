"""One-time links in e-mails: whoever holds one opens the letter it came with, once."""

import hashlib
from enum import Enum

from django.utils import timezone

from apps.service.models import Attempt


def fingerprint(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Standing(Enum):
    OPENS = "opens"
    USED = "used"
    OVER = "over"
    UNKNOWN = "unknown"


def attempt_with(secret: str) -> Attempt | None:
    """The attempt whose e-mail held this link."""
    found = Attempt.objects.filter(secret_sha256=fingerprint(secret)).exclude(secret_sha256="")
    return found.select_related("notice").first()


def standing(attempt: Attempt | None) -> Standing:
    """What a link is good for now."""
    if attempt is None or attempt.link_until is None:
        return Standing.UNKNOWN
    if attempt.link_used_at:
        return Standing.USED
    return Standing.OPENS if timezone.now() <= attempt.link_until else Standing.OVER
