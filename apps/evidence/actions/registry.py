"""The register of models: ours, with their versions and who stands for what, and those that may be copies of them."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.evidence.models import Attestation, Item, ModelVersion, ProtectedModel, SuspectModel
from apps.evidence.models.registry.base import Registered
from apps.evidence.registry import digests


def _entered(by) -> dict[str, Any]:
    return {"registered_by": by.actor, "registered_at": timezone.now()}


@action
def register_model(*, name: str, owner: str, by, family: str = "", notes: str = "") -> ProtectedModel:
    """Enter a model of ours; its versions follow."""
    words = {"name": _said(name, "name"), "owner": _said(owner, "owner"), "family": family.strip()}
    return ledger.create(ProtectedModel, **words, notes=notes.strip(), **_entered(by))


@action
def describe_model(model: ProtectedModel, *, owner: str, by, family: str = "", notes: str = "") -> None:
    """Say again who answers for it and what it belongs to. Its name stays: runs and reports say it."""
    _correct(model, owner=_said(owner, "owner"), family=family.strip(), notes=notes.strip())


@action
def register_version(
    model: ProtectedModel,
    *,
    version: str,
    by,
    released_on: date | None = None,
    retired_on: date | None = None,
    weights: str = "",
    tokenizer: str = "",
    architecture: str = "",
    training_uri: str = "",
    training_digest: str = "",
    notes: str = "",
) -> ModelVersion:
    """Enter a version of a model, with the digests that are known. `weights` is as `sha256sum` prints it, a file a
    line."""
    return ledger.create(
        ModelVersion,
        model=model,
        version=_said(version, "version"),
        released_on=released_on,
        retired_on=retired_on,
        weights=_read(digests.parse_files, weights, "weights"),
        **_digests(tokenizer=tokenizer, architecture=architecture, training_digest=training_digest),
        training_uri=training_uri.strip(),
        notes=notes.strip(),
        **_entered(by),
    )


@action
def describe_version(
    version: ModelVersion,
    *,
    by,
    released_on: date | None = None,
    retired_on: date | None = None,
    weights: str = "",
    tokenizer: str = "",
    architecture: str = "",
    training_uri: str = "",
    training_digest: str = "",
    notes: str = "",
) -> None:
    """Set the days of its release and retirement, and add digests that were not known before.

    A digest that is recorded stays: other files are another version. Raises ValidationError for a different one.
    """
    given = _digests(tokenizer=tokenizer, architecture=architecture, training_digest=training_digest)
    files = _read(digests.parse_files, weights, "weights")
    for name, value in {**given, "weights": files}.items():
        present = getattr(version, name)
        if present and value and value != present:
            raise ValidationError(
                {name: f"Another digest is recorded of {version}: it stays, since other files are another version."}
            )
    added = {name: value for name, value in {**given, "weights": files}.items() if value}
    words = {"training_uri": training_uri.strip(), "notes": notes.strip()}
    _correct(version, released_on=released_on, retired_on=retired_on, **words, **added)


@action
def record_attestation(
    model: ProtectedModel,
    *,
    kind: str,
    issuer: str,
    statement: str,
    issued_on: date,
    by,
    expires_on: date | None = None,
    version: ModelVersion | None = None,
    item: Item | None = None,
) -> Attestation:
    """Enter what somebody stands for, until when, and the document where it is in the vault."""
    if version is not None and version.model_id != model.pk:
        raise ValidationError({"version": f"{version} is not a version of {model}."})
    return ledger.create(
        Attestation,
        model=model,
        version=version,
        kind=kind,
        issuer=_said(issuer, "issuer"),
        statement=_said(statement, "statement"),
        issued_on=issued_on,
        expires_on=expires_on,
        item=item,
        **_entered(by),
    )


@action
def register_suspect(
    *,
    name: str,
    by,
    publisher: str = "",
    endpoint: str = "",
    first_seen_at: datetime | None = None,
    aliases: str = "",
    notes: str = "",
) -> SuspectModel:
    """Enter a model that may have been made from ours. Its endpoint is a note: nothing is ever asked of it from here.

    `aliases` has one name a line.
    """
    return ledger.create(
        SuspectModel,
        name=_said(name, "name"),
        publisher=publisher.strip(),
        endpoint=endpoint.strip(),
        first_seen_at=_past(first_seen_at, "first_seen_at"),
        aliases=_lines(aliases),
        notes=notes.strip(),
        **_entered(by),
    )


@action
def describe_suspect(
    suspect: SuspectModel,
    *,
    by,
    endpoint: str = "",
    first_seen_at: datetime | None = None,
    aliases: str = "",
    notes: str = "",
) -> None:
    """Put right where it was reached, when it was first seen and what else it is called. Name and publisher stay: runs
    were made under them."""
    _correct(
        suspect,
        endpoint=endpoint.strip(),
        first_seen_at=_past(first_seen_at, "first_seen_at"),
        aliases=_lines(aliases),
        notes=notes.strip(),
    )


# --- what they share --------------------------------------------------------------------------------------------------


def _correct(row: Registered, **values: Any) -> None:
    changed = {name: value for name, value in values.items() if value != getattr(row, name)}
    if not changed:
        raise ValidationError("Nothing was changed: the register says this already.")
    ledger.change(row, **changed)


def _said(text: str, field: str) -> str:
    if not text.strip():
        raise ValidationError({field: "This is needed: write it down."})
    return text.strip()


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _past(moment: datetime | None, field: str) -> datetime | None:
    if moment is not None and moment > timezone.now():
        raise ValidationError({field: "This lies in the future: write down when it happened."})
    return moment


def _digests(**given: str) -> dict[str, str]:
    return {name: _read(digests.parse, text, name) if text.strip() else "" for name, text in given.items()}


def _read(parse: Callable[[str], Any], text: str, field: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ValidationError({field: str(error)}) from error
