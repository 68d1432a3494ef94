"""Signatures and attestations of a version, checked here; the report becomes an item of evidence, whatever it says."""

from typing import Any

import rfc8785
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.evidence.actions.items import collect
from apps.evidence.models import Item, ModelVersion, SignatureCheck
from apps.evidence.registry import authenticity

Method = SignatureCheck.Method


@action
def check_signature(version: ModelVersion, *, method: str, signature: bytes, key: str, by) -> SignatureCheck:
    """Hold an OpenSSF model signature against the digests that are recorded of a version's weights.

    `key` is in PEM: the signer's public key, or the certificates that are trusted. Raises ValidationError for what is
    no signature or no key, and where no digest is recorded; a check that fails is kept.
    """
    if not version.weights:
        raise ValidationError(
            f"No digest of a file is recorded of {version}: record them first, there is nothing to hold a signature to."
        )
    checked = _read(
        authenticity.check_signature,
        signature,
        trust=key,
        files=version.weights,
        by_certificate=method == Method.CERTIFICATE,
    )
    return _keep(version, method, checked, signature, key, by)


@action
def check_statement(version: ModelVersion, *, envelope: bytes, key: str, by) -> SignatureCheck:
    """Hold an in-toto statement against a public key, and against every digest that is recorded of a version."""
    known = [one["digest"] for one in version.weights]
    known += filter(None, (version.tokenizer, version.architecture, version.training_digest))
    if not known:
        raise ValidationError(f"No digest is recorded of {version}: record one first, the statement has to name it.")
    checked = _read(authenticity.check_statement, envelope, key=key, digests=known)
    return _keep(version, Method.STATEMENT, checked, envelope, key, by)


def _read(check, data: bytes, **how: Any) -> authenticity.Checked:
    try:
        return check(data, **how)
    except authenticity.Unreadable as error:
        raise ValidationError({error.field: str(error)}) from error


def _keep(
    version: ModelVersion, method: str, checked: authenticity.Checked, data: bytes, key: str, by
) -> SignatureCheck:
    now, verdict = timezone.now(), SignatureCheck.Verdict.VERIFIED if checked.holds else SignatureCheck.Verdict.FAILED
    report: dict[str, Any] = {
        "model": version.model.name,
        "version": version.version,
        "method": str(SignatureCheck.Method(method).label),
        "verdict": str(verdict),
        "problem": checked.problem,
        "signer": checked.signer,
        "subject": checked.subject,
        "subject_digest": checked.subject_digest,
        "tool": checked.tool,
        "tool_version": checked.tool_version,
        "checked_at": now.isoformat(timespec="seconds"),
        # All that is needed to check it again, with the same tool or another one.
        "recorded": {
            "weights": version.weights,
            "tokenizer": version.tokenizer,
            "architecture": version.architecture,
            "training_digest": version.training_digest,
        },
        "signature": data.decode(),
        "key": key,
    }
    item = collect(
        kind=Item.Kind.SIGNATURE,
        title=f"Signature of {version}: {verdict.label.lower()}",
        origin=f"Checked by casemgr with {checked.tool} {checked.tool_version}, offline",
        filename=f"signature-{version.version}-{now:%Y%m%dT%H%M%SZ}.json",
        chunks=rfc8785.dumps(report),
        by=by,
    )
    return ledger.create(
        SignatureCheck,
        version=version,
        method=method,
        verdict=verdict,
        signer=checked.signer,
        subject_digest=checked.subject_digest,
        problem=checked.problem,
        tool=checked.tool,
        tool_version=checked.tool_version,
        item=item,
        registered_by=by.actor,
        registered_at=now,
    )
