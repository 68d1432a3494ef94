"""A record as it was at any time, from the log alone.

The row's table is not asked: what its events wrote is written again, one after the other, up to that time. An event
about the one row holds the new value of every column that it changed; of a batch the whole row as it left it lies in
the content of its manifest, proved by the digest beside it. Private columns come from behind their commitments.

SEC Rule 17a-4(f)(2)(i)(A), the yardstick here, asks of an audit trail that the original can be re-created from it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.db import connection

from apps.audit import contents, private
from apps.audit.models import AuditedModel, PrivateValue
from apps.audit.verify.reading import body_of


class Gone(str):
    """Why a value is not known any more; reads as the reason in words."""


ERASED = Gone("(erased)")  # on purpose and on record: the commitment or digest is all that is left
LOST = Gone("(not known: the rows of that batch were erased, or are not those it wrote)")


@dataclass(frozen=True)
class Step:
    """What one event did to the row."""

    event_id: int
    ordinal: int  # within the event: a batch may write a row twice
    event_uuid: UUID
    at: datetime
    changes: dict[str, Any] | None  # column: new value, as the body says it; None of a batch, whose content says it
    digest: str

    @property
    def place(self) -> tuple[int, int]:
        return self.event_id, self.ordinal


@dataclass
class Record:
    """A row as it was: column -> value as JSON, or why it is not known."""

    model: type[AuditedModel]
    pk: UUID
    step: Step  # the last one that counts
    steps: int
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not any(isinstance(value, Gone) for value in self.values.values())


def record(model: type[AuditedModel], pk: UUID, at: datetime | None = None) -> Record | None:
    """The row as of a time, or after its last event. None when no event had written it by then.

    Of events whose times and order disagree, because clocks did, the order counts.
    """
    steps = history(model, pk)
    while steps and at is not None and steps[-1].at > at:
        steps.pop()
    if not steps:
        return None
    return Record(model, pk, steps[-1], len(steps), _after_all(model, pk, steps))


def changes(model: type[AuditedModel], pk: UUID, events: Iterable[UUID]) -> dict[UUID, dict[str, tuple[Any, Any]]]:
    """What batches did to a row: of each event the columns it changed, with the value before and after."""
    steps, wanted = history(model, pk), set(events)
    found: dict[UUID, dict[str, tuple[Any, Any]]] = {}
    for place, step in enumerate(steps):
        if step.changes is None and step.event_uuid in wanted:
            before, after = _after_all(model, pk, steps[:place]), row_after(model, pk, step)
            differing = {name: (before.get(name), after[name]) for name in after if before.get(name) != after[name]}
            found[step.event_uuid] = found.get(step.event_uuid, {}) | differing
    return found


def _after_all(model: type[AuditedModel], pk: UUID, steps: list[Step]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    whole = max((place for place, step in enumerate(steps) if step.changes is None), default=-1)
    if whole >= 0:  # what a batch left says everything; what was before it does not matter
        values = row_after(model, pk, steps[whole])
    for step in steps[whole + 1 :]:
        values |= _written(model, step)
    return values


def history(model: type[AuditedModel], pk: UUID) -> list[Step]:
    """All that events did to a row, in their order."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(SINGLE, [table, pk])
        singles = [
            Step(event_id, 0, event_uuid, at, {name: new for name, (_, new) in body["changes"].items()}, _after(body))
            for event_id, event_uuid, at, data in cursor.fetchall()
            if (body := body_of(data)).get("row")
        ]
        cursor.execute(LISTED, [pk.bytes, table, pk.bytes])
        batches = [
            Step(event_id, ordinal, event_uuid, at, None, bytes(digest).hex())
            for event_id, ordinal, event_uuid, at, digest in cursor.fetchall()
        ]
    return sorted(singles + batches, key=lambda step: step.place)


def batches_of(table: str, pk: UUID) -> list[UUID]:
    """The events of the batches that wrote a row."""
    with connection.cursor() as cursor:
        cursor.execute(LISTED, [pk.bytes, table, pk.bytes])
        return [row[2] for row in cursor.fetchall()]


def row_after(model: type[AuditedModel], pk: UUID, step: Step) -> dict[str, Any]:
    """The row as a batch left it: every column, LOST where its line is gone or is not the one that was digested."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rows, content FROM audit_manifest WHERE event_uuid = %s AND ordinal = %s",
            [step.event_uuid, step.ordinal],
        )
        listed, content = cursor.fetchone()
    place = contents.place_of(listed, pk)
    try:
        text = contents.lines(content)[place] if content is not None and place is not None else contents.ERASED
    except (contents.Broken, IndexError):
        text = contents.ERASED
    if sha256(text).hexdigest() == step.digest:
        return json.loads(text)
    return {str(column.column): LOST for column in model._meta.concrete_fields}


def revealed(event_uuid: UUID, column: str, committed: Any) -> Any:
    """The value that an event commits to, if it can still be read and fits the commitment."""
    if committed is None:
        return None
    kept = PrivateValue.objects.filter(event_uuid=event_uuid, field=f"{column}.new").first()
    try:
        value = private.reveal(event_uuid, column, "new") if kept else None
    except InvalidTag:
        return LOST
    if value is None or kept is None:
        return ERASED
    fits = compare_digest(private.commitment(bytes(kept.nonce), column, value), committed["commitment"])
    return value if fits else LOST


def _written(model: type[AuditedModel], step: Step) -> dict[str, Any]:
    changes = step.changes or {}
    return {
        column: _private(model, step, column, new) if column in model.PRIVATE else new
        for column, new in changes.items()
    }


def _private(model: type[AuditedModel], step: Step, column: str, new: Any) -> Any:
    """Nothing is committed to where there is nothing: an empty text and null look alike in the log."""
    if new is None and not _fields(model)[column].null:
        return ""
    return revealed(step.event_uuid, column, new)


def _fields(model: type[AuditedModel]) -> dict[str, Any]:
    return {str(column.column): column for column in model._meta.concrete_fields}


def _after(body: dict[str, Any]) -> str:
    return body["row"]["sha256"][1] or ""


SINGLE = (
    "SELECT id, event_uuid, occurred_at, body FROM audit_event WHERE object_type = %s AND object_id = %s ORDER BY id"
)
# Entries are 48 bytes; sixteen that look like the id and stand elsewhere are those of a hash, and no row.
LISTED = (
    "SELECT e.id, m.ordinal, m.event_uuid, e.occurred_at, substring(m.rows from m.place + 16 for 32)"
    " FROM (SELECT event_uuid, ordinal, rows, position(%s in rows) AS place FROM audit_manifest"
    "  WHERE table_name = %s AND position(%s in rows) > 0) m"
    " JOIN audit_event e ON e.event_uuid = m.event_uuid WHERE m.place %% 48 = 1 ORDER BY e.id, m.ordinal"
)
