"""Watermarks: how they are made, which keys there are, who held them, and where they were in use."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.evidence.models import KeyDeployment, KeyHolding, KeyIncident, ModelVersion, WatermarkKey, WatermarkScheme
from apps.evidence.registry import keymaterial


@action
def register_scheme(
    *,
    name: str,
    version: str,
    method: str,
    parameters: dict[str, Any],
    detector: str,
    detector_version: str,
    by,
    reference: str = "",
) -> WatermarkScheme:
    """Enter how a watermark is made and found. Raises ValidationError where the parameters hold what may be a key."""
    if not isinstance(parameters, dict):
        raise ValidationError({"parameters": "Give an object of names and values, for example {“gamma”: 0.25}."})
    _refuse_keys(parameters=parameters, method=method, reference=reference)
    return ledger.create(
        WatermarkScheme,
        name=name.strip(),
        version=version.strip(),
        method=method.strip(),
        parameters=parameters,
        detector=detector.strip(),
        detector_version=detector_version.strip(),
        reference=reference.strip(),
        registered_by=by.actor,
        registered_at=timezone.now(),
    )


@action
def register_key(
    scheme: WatermarkScheme, *, key_id: str, holder: str, storage: str, held_from: datetime, by, notes: str = ""
) -> WatermarkKey:
    """Enter a key by its name, with who holds it since when. Never the key: what looks like one is refused."""
    _refuse_keys(key_id=key_id, holder=holder, storage=storage, notes=notes)
    entered = {"registered_by": by.actor, "registered_at": timezone.now()}
    key = ledger.create(WatermarkKey, scheme=scheme, key_id=key_id.strip(), notes=notes.strip(), **entered)
    _hold(key, holder, storage, held_from, entered)
    return key


@action
def hand_over_key(key: WatermarkKey, *, holder: str, storage: str, at: datetime, by) -> KeyHolding:
    """Say who holds a key from a moment on; whoever held it until then holds it no longer."""
    _refuse_keys(holder=holder, storage=storage)
    present = key.holdings.filter(held_until=None).first()
    if present is not None:
        if at <= present.held_from:
            raise ValidationError(
                {"at": f"{present.holder} holds it since {present.held_from:%Y-%m-%d %H:%M} UTC: give a later moment."}
            )
        ledger.change(present, held_until=at)
    return _hold(key, holder, storage, at, {"registered_by": by.actor, "registered_at": timezone.now()})


@action
def record_incident(key: WatermarkKey, *, happened_at: datetime, effect: str, account: str, by) -> KeyIncident:
    """Write down what may have let a key out. It stands beside every result that rests on the key."""
    _refuse_keys(account=account)
    return ledger.create(
        KeyIncident,
        key=key,
        happened_at=_past(happened_at, "happened_at"),
        effect=effect,
        account=account.strip(),
        registered_by=by.actor,
        registered_at=timezone.now(),
    )


@action
def deploy_key(
    key: WatermarkKey, *, version: ModelVersion, deployed_from: datetime, by, deployed_until: datetime | None = None
) -> KeyDeployment:
    """Say from when on, and until when, a version's output carried the watermark of a key."""
    overlapping = key.deployments.filter(version=version).exclude(deployed_until__lte=deployed_from)
    if deployed_until is not None:
        overlapping = overlapping.filter(deployed_from__lt=deployed_until)
    if found := overlapping.first():
        raise ValidationError(
            {"deployed_from": f"{key} is in use on {version} from {found.deployed_from:%Y-%m-%d %H:%M} UTC already."}
        )
    return ledger.create(
        KeyDeployment,
        key=key,
        version=version,
        deployed_from=deployed_from,
        deployed_until=deployed_until,
        registered_by=by.actor,
        registered_at=timezone.now(),
    )


@action
def end_deployment(deployment: KeyDeployment, *, at: datetime, reason: str, by) -> None:
    """Say when a version stopped carrying the watermark of a key, and why."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it ended."})
    ledger.change(deployment, deployed_until=_past(at, "at"), ended_by=by.actor, ended_at=timezone.now())


def _hold(key: WatermarkKey, holder: str, storage: str, since: datetime, entered: dict[str, Any]) -> KeyHolding:
    return ledger.create(
        KeyHolding,
        key=key,
        holder=holder.strip(),
        storage=storage.strip(),
        held_from=_past(since, "held_from"),
        **entered,
    )


def _past(moment: datetime, field: str) -> datetime:
    if moment > timezone.now():
        raise ValidationError({field: "This lies in the future: write down what has happened."})
    return moment


def _refuse_keys(**fields: Any) -> None:
    """R14 rests on it: whoever could read a key here could forge the watermark, and no result would count."""
    for field, value in fields.items():
        if found := keymaterial.found_in(value):
            raise ValidationError(
                {
                    field: f"This looks like a key: {found}. casemgr names keys and never holds one. Write the key's "
                    "name, and treat the key as exposed if it was real. (R14)"
                }
            )
