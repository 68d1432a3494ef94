"""Texts that were planted with one account each, so that a copy of our output can be told by them."""

import hashlib
import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import Account
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading
from apps.core.ids import next_reference
from apps.evidence.models import Canary


@action
def plant_canary(
    account: Account,
    *,
    placed: str,
    planted_at: datetime,
    by,
    text: str = "",
    text_sha256: str = "",
    candidates: int | None = None,
) -> Canary:
    """Write down which text was served to an account alone. Its words may stay outside: the digest is enough.

    Raises ValidationError when neither is given, or they do not fit each other.
    """
    now = timezone.now()
    if planted_at > now:
        raise ValidationError({"planted_at": "This lies in the future: write down what was planted."})
    return ledger.create(
        Canary,
        ref=next_reference("CAN", now.year),
        account=account,
        text=text,
        text_sha256=_digest(text, text_sha256.strip().lower().removeprefix("sha256:")),
        candidates=candidates,
        placed=placed.strip(),
        planted_at=planted_at,
        registered_by=by.actor,
        registered_at=now,
    )


def _digest(text: str, given: str) -> str:
    computed = hashlib.sha256(text.encode()).hexdigest() if text else ""
    if not (computed or given):
        raise ValidationError({"text_sha256": "Give the words, or the SHA-256 of them where they are kept elsewhere."})
    if given and not re.fullmatch(r"[0-9a-f]{64}", given):
        raise ValidationError({"text_sha256": "The SHA-256 of the words has 64 hexadecimal digits."})
    if computed and given and computed != given:
        raise ValidationError({"text_sha256": f"The words have another SHA-256: {computed}."})
    return computed or given


@action
def retire_canary(canary: Canary, *, at: datetime, reason: str, by) -> None:
    """Say from when on it is served no more: it came out, or has done its work."""
    if canary.retired_at is not None:
        raise ValidationError(f"{canary} is retired already, since {canary.retired_at:%Y-%m-%d}.")
    ledger.change(canary, retired_at=at, retired_by=by.actor, retired_why=reason.strip())


@reading(asks=lambda canary, by: True)
def open_canary(canary: Canary, *, by, reason: str = "") -> None:
    """Record that somebody saw the words of a canary. Whoever knows them can clean them out of a copy."""
    ledger.note(canary)
