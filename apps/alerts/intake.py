"""From the body of a request to an answer for each of its items.

The bytes are kept before anything is made of them; items are decoded and written part by part, so that memory stays
flat however long the body is. A part is one transaction: what is acknowledged is there, and what was not acknowledged
may be sent again.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError

from apps.alerts import actions, wire
from apps.alerts.folding import Overtaken
from apps.alerts.formats import FORMATS, compression
from apps.alerts.formats.item import Item
from apps.alerts.models import Batch, Detector
from apps.core import vault

INLINE_BYTES = 32 * 1024  # bodies up to here lie in their batch: one write to disk instead of three
PART_ITEMS = 2500
TRIES = 8


class KeyReused(Exception):
    """An idempotency key came again with another body."""


class TooLarge(Exception):
    """More bytes than one request may have; nothing was kept."""


@dataclass(frozen=True)
class Receipt:
    """What became of a request: its batches in order, and whether an earlier request had got this answer already."""

    batches: list[Batch]
    is_replayed: bool

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        return [verdict for batch in self.batches for verdict in msgspec.json.decode(batch.verdicts)]

    def count(self, name: str) -> int:
        return sum(getattr(batch, name) for batch in self.batches)


@dataclass(frozen=True)
class Raw:
    """A body as it came."""

    sha256: str
    size: int
    inline: bytes | None

    def chunks(self) -> Iterator[bytes]:
        return iter([self.inline]) if self.inline is not None else vault.chunks(self.sha256)


def take(
    detector: Detector,
    body: Iterable[bytes],
    *,
    format: str = "document",
    encoding: str = "identity",
    idempotency_key: str | None = None,
    sent_by: str = "",
    by: Any,
) -> Receipt:
    """Take one request of a detector. Raises TooLarge, and KeyReused when an earlier request had another body.

    `sent_by` is the person who sends it in the detector's name, where it was not the detector itself.
    """
    raw = _keep(body)
    earlier = _earlier(detector, idempotency_key, raw)
    if earlier and earlier[-1].is_last:
        return Receipt(earlier, is_replayed=True)
    batches: list[Batch] = []
    first = 0
    for number, (items, is_last) in enumerate(_parts(_items(raw, format, encoding, detector.slug))):
        part = actions.Part(
            items,
            [_read(item, detector) for item in items],
            raw.sha256,
            raw.size,
            format,
            raw.inline,
            encoding,
            idempotency_key,
            sent_by,
            number,
            first,
            is_last,
        )
        first += len(items)
        batches.append(earlier[number] if number < len(earlier) else _receive(detector, part, by))
    return Receipt(batches, is_replayed=False)


def _keep(body: Iterable[bytes]) -> Raw:
    chunks = iter(body)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) > INLINE_BYTES:
            break
    if len(head) <= INLINE_BYTES:
        return Raw(hashlib.sha256(head).hexdigest(), len(head), head)
    try:
        stored = vault.put(chain([head], chunks), limit=settings.INTAKE_MAX_BYTES)
    except vault.TooLarge as error:
        raise TooLarge(f"The body is larger than {settings.INTAKE_MAX_BYTES:,} bytes.") from error
    return Raw(stored.sha256, stored.size, None)


def _earlier(detector: Detector, idempotency_key: str | None, raw: Raw) -> list[Batch]:
    if idempotency_key is None:
        return []
    earlier = list(Batch.objects.filter(detector=detector, idempotency_key=idempotency_key).order_by("part"))
    for batch in earlier[:1]:
        _refuse_other_body(batch, raw.sha256)
    return earlier


def _refuse_other_body(batch: Batch, raw_sha256: str) -> None:
    if batch.raw_sha256 != raw_sha256:
        raise KeyReused(f"The idempotency key “{batch.idempotency_key}” was used for another body: take a new one.")


def _items(raw: Raw, format: str, encoding: str, source: str) -> Iterator[Item]:
    """Items of the body, at least one; where its compression breaks off, the last one says so."""
    chunks = compression.unpacked(raw.chunks(), encoding, limit=settings.INTAKE_MAX_UNPACKED_BYTES)
    items = FORMATS[format].items(chunks, source=source)
    empty = Item(b"", refusal=wire.Refusal("body_empty", "The body holds no alert."))
    yield next(items, empty)
    yield from items


def _parts(items: Iterator[Item]) -> Iterator[tuple[list[Item], bool]]:
    """Items in handfuls, and whether it is the last one."""
    present = list(islice(items, PART_ITEMS))
    while present:
        following = list(islice(items, PART_ITEMS))
        yield present, not following
        present = following


def refusals(detector: Detector, body: bytes, *, format: str) -> list[wire.Refusal]:
    """What is wrong with a body, as far as can be said without taking it."""
    read = [_read(item, detector) for item in FORMATS[format].items([body], source=detector.slug)]
    return [one for one in read if isinstance(one, wire.Refusal)]


def _read(item: Item, detector: Detector) -> wire.Taken | wire.Refusal:
    if item.native is None:
        return item.refusal or wire.Refusal("not_an_alert", "The item holds no alert.")
    try:
        taken = wire.read(item.native, limit=settings.ALERT_MAX_BYTES)
    except wire.Refusal as refusal:
        return refusal
    if taken.alert.source != detector.slug:
        return wire.Refusal(
            "wrong_source",
            f"source is “{taken.alert.source}”, but this key belongs to the detector “{detector.slug}”.",
            field="source",
            source_ref=taken.alert.source_ref,
        )
    return taken


def _receive(detector: Detector, part: actions.Part, by: Any) -> Batch:
    """Write one part. Whom another request overtook begins again; after so many times it is somebody's fault. Raises
    KeyReused when it was one with the same key and another body."""
    for attempt in range(TRIES):
        try:
            return actions.receive(detector, part=part, by=by)
        except (Overtaken, ValidationError, IntegrityError, OperationalError) as error:
            if attempt == TRIES - 1 or not _was_overtaken(error):
                raise
        if part.idempotency_key and (batch := _of_part(detector, part)):
            return batch
    raise AssertionError("unreachable")


def _of_part(detector: Detector, part: actions.Part) -> Batch | None:
    key, number = part.idempotency_key, part.number
    batch = Batch.objects.filter(detector=detector, idempotency_key=key, part=number).first()
    if batch:
        _refuse_other_body(batch, part.raw_sha256)
    return batch


UNIQUE = {"one_alert_per_source_reference", "one_undecided_group_per_key", "an_idempotency_key_is_used_once"}
RACES = {"23505", "40P01"}  # somebody was there first; a deadlock, of which PostgreSQL ended this side


def _was_overtaken(error: Exception) -> bool:
    if isinstance(error, ValidationError):
        return getattr(error, "code", None) in UNIQUE
    return isinstance(error, Overtaken) or getattr(error.__cause__, "sqlstate", None) in RACES
