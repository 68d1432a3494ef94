"""What is done with evidence. Every touch measures the file's hash again and leaves a custody event."""

from collections.abc import Iterable

import msgspec
import rfc8785
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading
from apps.core import vault
from apps.core.ids import next_reference
from apps.evidence import fingerprints, media
from apps.evidence.models import CustodyEvent, Item, TestRun, Tlp
from apps.evidence.queries import last_look

Kind = CustodyEvent.Kind


@action
def collect(
    *,
    kind: str,
    title: str,
    origin: str,
    filename: str,
    chunks: bytes | Iterable[bytes],
    by,
    description: str = "",
    tlp: str = Tlp.AMBER,
) -> Item:
    """Take a file into the vault as an item, hashed while it streams in.

    Raises ValidationError when it is empty, too large, or not what its name promises.
    """
    try:
        stored = vault.put(chunks, limit=settings.UPLOAD_MAX_BYTES)
    except vault.TooLarge as error:
        raise ValidationError(f"The file is too large: {error}. Split it, or raise UPLOAD_MAX_BYTES.") from error
    if not stored.size:
        raise ValidationError("The file is empty: there is nothing to keep.")
    name, media_type = media.clean_name(filename), media.sniff(stored.head)
    try:
        media.check_name(name, media_type)
    except media.Disagrees as error:
        raise ValidationError(str(error)) from error
    item = ledger.create(
        Item,
        ref=next_reference("EV", timezone.now().year),
        kind=kind,
        title=title,
        description=description,
        origin=origin,
        filename=name,
        media_type=media_type,
        byte_size=stored.size,
        sha256=stored.sha256,
        sha512=stored.sha512,
        tlp=tlp,
        collected_at=timezone.now(),
        collected_by=by.actor,
    )
    _record(item, Kind.COLLECT, by)
    return item


@reading(asks=lambda item, by: item.tlp == Tlp.RED and item.collected_by != by.actor, earlier=last_look)
def open_item(item: Item, *, by, reason: str = "") -> CustodyEvent:
    """Record that somebody looked at it."""
    return _record(item, Kind.VIEW, by, purpose=reason)


@action
def verify_item(item: Item, *, by) -> CustodyEvent:
    """Measure the file again. The event says whether it is still what was collected."""
    return _record(item, Kind.VERIFY, by)


@action
def export_item(item: Item, *, purpose: str, by) -> CustodyEvent:
    """Record that a copy leaves, and what for. The event's `intact` says whether it may: a damaged file stays."""
    return _record(item, Kind.EXPORT, by, purpose=purpose.strip())


@action
def run_test(
    *,
    test_id: str,
    suspect: str,
    inputs: dict,
    by,
    submitted: dict | None = None,
    dependency_group: str = "",
    is_exploratory: bool = True,
) -> TestRun:
    """Compute a fingerprint test from its inputs and keep the run, whatever came out.

    `submitted` are figures that came with the inputs; where they differ from ours the run says so. Raises
    ValidationError naming the input that does not fit.
    """
    try:
        result = fingerprints.recompute(test_id, inputs)
    except (fingerprints.InvalidInputs, fingerprints.UnknownTest) as error:
        raise ValidationError(str(error.args[0])) from error
    now, ref = timezone.now(), next_reference("T", timezone.now().year)
    figures = msgspec.to_builtins(result)
    differences = fingerprints.discrepancies(submitted or {}, result)
    item = collect(
        kind=Item.Kind.TEST_RUN,
        title=f"{fingerprints.TESTS[test_id].title}: {suspect}",
        origin="Computed by casemgr from submitted counts",
        filename=f"{ref}.json",
        chunks=rfc8785.dumps(
            {"run": ref, "suspect": suspect, "inputs": inputs, "submitted": submitted, "result": figures}
        ),
        by=by,
    )
    return ledger.create(
        TestRun,
        ref=ref,
        test_id=test_id,
        test_version=result.test_version,
        suspect=suspect,
        inputs=inputs,
        inputs_sha256=result.inputs_sha256,
        result=figures,
        submitted=submitted,
        discrepancies=differences,
        p_value=result.p_value,
        log10_lr=result.log10_lr,
        log10_lr_cap=result.log10_lr_cap,
        outcome=result.direction,
        key_id=inputs.get("key_id", ""),
        dependency_group=dependency_group or inputs.get("key_id", "") or test_id,
        is_exploratory=is_exploratory,
        item=item,
        run_at=now,
        run_by=by.actor,
    )


def _record(item: Item, kind: str, by, *, purpose: str = "") -> CustodyEvent:
    measured = vault.measure(item.sha256)
    return ledger.create(
        CustodyEvent,
        item=item,
        kind=kind,
        at=timezone.now(),
        actor=by.actor,
        purpose=purpose,
        measured_sha256=measured,
        intact=measured == item.sha256,
    )
