"""What a detector signs its messages with, and whether it has to."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.alerts import queries, signatures
from apps.alerts.models import Detector, SigningKey
from apps.alerts.models.signing import SECRET
from apps.audit import ledger
from apps.audit.action import action
from apps.core import webhooks
from apps.core.sealed import seal

Method = SigningKey.Method


@action
def add_signing_key(
    detector: Detector,
    *,
    method: str,
    reason: str,
    by,
    public_key: str = "",
    previous_until: datetime | None = None,
) -> str:
    """The key that a detector signs with from now on; returns the secret where it was made here (HMAC), else "".

    The key before it is in force until `previous_until`, so that the detector can change over; without that time it
    ends at once. One that was still in force before that one ends in any case. Raises ValidationError for what is no
    Ed25519 public key, for a key that the detector had before, and for a time that has passed.
    """
    _require_reason(reason)
    now = timezone.now()
    if previous_until is not None and previous_until <= now:
        raise ValidationError({"previous_until": "This time has passed: leave it empty to end the present key now."})
    for key in queries.signing_keys_in_force(detector):
        ledger.change(key, ends_at=previous_until or now if key.ends_at is None else now)
    ledger.change(detector, signing_changed_at=now)
    if method == Method.HMAC:
        return _new_secret(detector, public_key, now)
    try:
        given = webhooks.public_bytes(public_key)
    except ValueError as error:
        raise ValidationError({"public_key": str(error)}) from error
    _create(detector, given, now, method=Method.ED25519, public_key=public_key)
    return ""


def _new_secret(detector: Detector, public_key: str, now: datetime) -> str:
    if public_key:
        raise ValidationError({"public_key": "HMAC has no public key: leave it empty, or choose Ed25519."})
    secret = webhooks.new_secret()
    key = webhooks.secret_bytes(secret)
    _create(detector, key, now, method=Method.HMAC, sealed_secret=seal(secret, SECRET))
    return secret


def _create(detector: Detector, key: bytes, now: datetime, **values: str) -> None:
    ledger.create(SigningKey, detector=detector, fingerprint=signatures.fingerprint(key), since=now, **values)


@action
def end_signing_key(detector: Detector, *, key: SigningKey, reason: str, by) -> None:
    """End a key now, because somebody else may have it or because it is not needed any more.

    Raises ValidationError for the one without end of a detector that has to sign: some day it could not post any more.
    """
    _require_reason(reason)
    present = queries.signing_keys_in_force(detector).filter(pk=key.pk).first()
    if present is None:
        raise ValidationError("This key has ended already.")
    if detector.requires_signature and present.ends_at is None:
        raise ValidationError(
            "It is the key that stays, and the detector has to sign: give it a new key, which ends this one, or stop "
            "asking for signatures first."
        )
    now = timezone.now()
    ledger.change(present, ends_at=now)
    ledger.change(detector, signing_changed_at=now)


@action
def require_signatures(detector: Detector, *, required: bool, reason: str, by) -> None:
    """Whether messages of a detector are refused unless they are signed. Raises ValidationError without a key
    that stays."""
    _require_reason(reason)
    if required and not SigningKey.objects.filter(detector=detector, ends_at=None).exists():
        raise ValidationError("It has no key without end to sign with: give it one first.")
    if detector.requires_signature == required:
        raise ValidationError("It has to sign already." if required else "It does not have to sign.")
    ledger.change(detector, requires_signature=required)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": "Say why: whoever reads the trail will ask."})
