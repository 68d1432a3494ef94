"""The only writer of audited models: `create`, `change`, `note`, and `batch` for many rows at once.

Each writes an event in the transaction of the change. Old and new values are read back from PostgreSQL as
`to_jsonb(row)`, so that the event says what the table says, and the two can be compared by anyone later; of rows that
are copied by the thousand the event holds digests, taken from what was sent (see digests).
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar, cast
from uuid import UUID

import rfc8785
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from apps.audit import contents, digests, middleware, private, rows
from apps.audit.models import AuditedModel, CaseCounter, Event, Manifest
from apps.core import prepared, workflow
from apps.core.ahead import ahead
from apps.core.ids import uuid7, uuid7_texts

M = TypeVar("M", bound=AuditedModel)

SCHEMA_VERSION = 1

# So many rows at once make what PostgreSQL knows about the table's size untrue, and its plans bad, for the minute until
# it looks itself: taking 24,000 accounts out of a case again then took minutes instead of a second.
MANY = 5000

LARGE = (ArrayField, models.JSONField, models.BinaryField)

COPIED = 20  # rows from which on COPY is cheaper than one statement with all of them


class NoAction(Exception):
    """The ledger was used outside an @action."""


@dataclass
class Act:
    """One call of an action: what its events have in common."""

    verb: str
    by: Any
    reason: str
    uuid: UUID = field(default_factory=uuid7)
    events: list[UUID] = field(default_factory=list)
    locked: dict[tuple[str, UUID], rows.Told] = field(default_factory=dict)  # as they are: nobody wrote them since


_acts: ContextVar[tuple[Act, ...]] = ContextVar("acts", default=())
_batches: ContextVar[tuple["Batch", ...]] = ContextVar("batches", default=())


@contextmanager
def act(verb: str, by: Any, *, reason: str = "") -> Iterator[list[UUID]]:
    """Opened by `@action` alone. Yields the list of events; those of nested actions count for the outer one too."""
    outer = _acts.get()
    present = Act(verb, by, reason)
    token = _acts.set((*outer, present))
    try:
        yield present.events
    finally:
        _acts.reset(token)
    if outer:
        outer[-1].events.extend(present.events)


def lock(row: AuditedModel) -> None:
    """Lock the row that an action is about and bring the object up to date; by `@action` alone, inside its act."""
    _act().locked[row._meta.db_table, row.pk] = rows.lock(row)


def _forget(row: AuditedModel) -> rows.Told | None:
    """The row is written now: what acts remember of it is no longer so. Returns what that was."""
    told = None
    for present in _acts.get():
        told = present.locked.pop((row._meta.db_table, row.pk), None) or told
    return told


def _forget_all(table: str) -> None:
    """Any row of the table may be written now."""
    for present in _acts.get():
        present.locked = {place: row for place, row in present.locked.items() if place[0] != table}


def create(model: type[M], /, **values: Any) -> M:
    """Insert a row and record all its values. Raises ValidationError in words when the row is refused."""
    verb = _act().verb
    for flow in workflow.of(model):
        state = values.get(flow.field, _field(model, flow.field).get_default())
        workflow.check(model, flow.field, None, verb, state)
    row = model(**values)
    row.clean_fields(exclude=_unchecked(row))
    row.clean()
    with _explained(model):
        new, digest = rows.insert(row)
    _write(row, changes={column: [None, value] for column, value in new.items()}, digests=[None, digest])
    return row


def change(row: M, /, **values: Any) -> M:
    """Set columns of a row and record old and new values. Refuses a change of state that the workflow does not have."""
    _refuse_inside_batch_of(row._meta.db_table)
    old, before = _forget(row) or rows.read(row)
    for name, value in values.items():
        column = str(_field(row.__class__, name).column)
        if any(flow.field == name for flow in workflow.of(row.__class__)) and old[column] != value:
            workflow.check(row.__class__, name, old[column], _act().verb, value)
        setattr(row, name, value)
    row.clean_fields(exclude=_unchecked(row) | {f.name for f in row._meta.fields} - set(values))
    with _explained(row.__class__):
        new, after = rows.update(row, values)
    _write(row, changes={c: [old[c], new[c]] for c in new if old[c] != new[c]}, digests=[before, after])
    return row


def note(row: AuditedModel, /, **details: Any) -> None:
    """Record something that changes no row: an item opened, exported, printed."""
    _write(row, details=details)


class Batch:
    """Set-based writes that share one event; see `batch`."""

    def __init__(self, details: dict[str, Any]) -> None:
        self.details = details
        self.parts: list[dict] = []
        self.manifests: list[tuple[str, bytes, bytes]] = []  # table, digests, content
        self.awaited: list[tuple[type[AuditedModel], CursorWrapper]] = []  # sent, and their answers not looked at yet
        self.unknown: dict[str, int] = {}  # rows by table that PostgreSQL's statistics do not know of

    @property
    def tables(self) -> list[str]:
        return sorted({table for table, _, _ in self.manifests} | {model._meta.db_table for model, _ in self.awaited})

    def run(self, model: type[AuditedModel], sql: str, params: Sequence | Mapping | None = None) -> int:
        """Run one INSERT or UPDATE of the model's table and take the digest of every row it wrote; returns how many.

        `sql` has no RETURNING clause of its own. The table may hold no private columns: a digest cannot hide them.
        """
        _refuse_outside(model, self)
        with connection.cursor() as cursor, _explained(model):
            cursor.execute(_with_digests(model, sql), params)
            return self._answered(model, cursor.fetchall())

    def send(self, model: type[AuditedModel], sql: str, params: Sequence = ()) -> None:
        """As `run`, for statements that come often and write few rows; in a pipeline nobody waits for the answer."""
        _refuse_outside(model, self)
        with _explained(model):
            self.awaited.append((model, prepared.send(_with_digests(model, sql), params)))
        if not prepared.is_pipelined():
            self.settle()

    def settle(self) -> None:
        """Take the digests of what was sent."""
        while self.awaited:
            model, cursor = self.awaited.pop(0)
            with _explained(model), cursor:
                self._answered(model, cursor.fetchall())

    def _answered(self, model: type[AuditedModel], parts: list[tuple[int, bytes, str]]) -> int:
        """Note the rows that a statement says it wrote; returns how many."""
        count = sum(part[0] for part in parts)
        listed = b"".join(bytes(digests) for _, digests, _ in parts)
        self._wrote(model, count, listed, "\n".join(rows for _, _, rows in parts).encode())
        return count

    def _wrote(self, model: type[AuditedModel], count: int, digests: bytes, rows: bytes) -> None:
        if count:
            self.manifests.append((model._meta.db_table, digests, contents.packed(rows)))
            self.parts.append(
                {
                    "table": model._meta.db_table,
                    "rows": count,
                    "columns": [f.column for f in model._meta.concrete_fields],
                    "manifest_sha256": hashlib.sha256(digests).hexdigest(),
                }
            )
            self._analyse(model, count)

    def _analyse(self, model: type[AuditedModel], count: int) -> None:
        """See MANY. Of a table that is large already so many rows are no news: looking at it would cost more. Nor are
        lists and documents looked into, which costs more than all else together: that waits for PostgreSQL itself."""
        table = model._meta.db_table
        self.unknown[table] = self.unknown.get(table, 0) + count
        if self.unknown[table] >= MANY:
            with connection.cursor() as cursor:
                cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
                if self.unknown[table] >= cursor.fetchone()[0] / 2:
                    plain = [str(f.column) for f in model._meta.concrete_fields if not isinstance(f, LARGE)]
                    cursor.execute(f"ANALYZE {table} ({', '.join(plain)})")
                    self.unknown[table] = 0

    def insert(self, model: type[AuditedModel], rows: Iterable[dict[str, Any]]) -> int:
        """Insert rows given as column -> value (ids are made here when missing); returns how many.

        Few rows go in one statement that answers with their digests. From some twenty on COPY is cheaper, with digests
        that are taken here; for that a row has all columns of its table.
        """
        written, remaining = 0, iter(rows)
        while chunk := list(islice(remaining, MANY)):
            if "id" not in chunk[0]:
                chunk = [{"id": key} | row for key, row in zip(uuid7_texts(), chunk, strict=False)]
            try:
                told = digests.told(model, chunk) if len(chunk) >= COPIED and not prepared.is_pipelined() else None
            except digests.Untold:
                told = None
            if told:
                self._copy(model, list(chunk[0]), told)
            else:
                self._insert(model, chunk)
            written += len(chunk)
        return written

    def copy(self, model: type[AuditedModel], columns: Mapping[str, Sequence[Any]]) -> int:
        """As `insert`, of many whole rows, given as column -> the values of all rows in order, an id each; returns how
        many."""
        total = len(columns["id"])
        parts = (
            {name: values[start : start + MANY] for name, values in columns.items()} for start in range(0, total, MANY)
        )
        for part, told in ahead((part, _told(model, part)) for part in parts):
            if told:
                self._copy(model, list(part), told)
            else:
                self._insert(model, [dict(zip(part, row, strict=True)) for row in zip(*part.values(), strict=True)])
        return total

    def _insert(self, model: type[AuditedModel], rows: list[dict[str, Any]]) -> None:
        table, columns = model._meta.db_table, ", ".join(f'"{column}"' for column in rows[0])
        self.send(
            model,
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s)",  # noqa: S608
            [json.dumps(rows, default=str)],
        )

    def _copy(self, model: type[AuditedModel], columns: list[str], told: digests.Told) -> None:
        """In the order given: who writes the same rows in the same order is waited for, not deadlocked with."""
        _refuse_outside(model, self)
        names = ", ".join(f'"{column}"' for column in columns)
        with (
            _explained(model),
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy,
        ):
            copy.write(told.lines)
        self._wrote(model, len(told.entries), b"".join(told.entries), b"\n".join(told.texts))


def _told(model: type[AuditedModel], columns: Mapping[str, Sequence[Any]]) -> digests.Told | None:
    try:
        return digests.told_columns(model, columns)
    except digests.Untold:
        return None


def _with_digests(model: type[AuditedModel], sql: str) -> str:
    """The statement, answering how many rows it wrote, their ids and digests, and the rows, in parts: a value of
    PostgreSQL holds no more than a gigabyte."""
    return (
        f"WITH written AS ({sql} RETURNING {model._meta.db_table}.*), told AS ("  # noqa: S608 - table and statement are ours
        "SELECT id, to_jsonb(written)::text AS row,"
        f" (row_number() OVER (ORDER BY id) - 1) / {MANY} AS part FROM written)"
        " SELECT count(*), string_agg(uuid_send(id) || sha256(convert_to(row, 'UTF8')), ''::bytea ORDER BY id),"
        " string_agg(row, E'\\n' ORDER BY id) FROM told GROUP BY part ORDER BY part"
    )


@contextmanager
def batch(row: AuditedModel | None = None, /, **details: Any) -> Iterator[Batch]:
    """Write many rows under one event, about `row` if given. `details` may be added to until the block ends.

    with ledger.batch(case, query=q) as rows:
        rows.run(CaseAccount, "INSERT INTO cases_caseaccount (...) SELECT ...", params)
    """
    gathered = Batch(details)
    token = _batches.set((*_batches.get(), gathered))
    try:
        yield gathered
    finally:
        _batches.reset(token)
    _write(row, details=details, batch=gathered)


# --- the event -------------------------------------------------------------------------------------------------------


def _unchecked(row: AuditedModel) -> set[str]:
    """Fields that need no check: foreign keys are checked by the database itself (asking it first would cost a query
    each), null by the column, and what the model gives by itself is what the model means."""

    def is_plain(field: Any) -> bool:
        value = getattr(row, field.attname)
        return (
            field.is_relation
            or (field.null and value is None)
            or (field.has_default() and value == field.get_default())
        )

    return {field.name for field in row._meta.fields if is_plain(field)}


def _field(model: type[models.Model], name: str) -> models.Field:
    return cast("models.Field", model._meta.get_field(name))


def _act() -> Act:
    if not _acts.get():
        raise NoAction("the ledger writes inside an @action only")
    return _acts.get()[-1]


def _refuse_inside_batch_of(table: str, *, other_than: Batch | None = None) -> None:
    """A batch's event is written when its block ends: what came in between would stand in the trail before it."""
    if any(table in open_batch.tables for open_batch in _batches.get() if open_batch is not other_than):
        raise RuntimeError(f"end the batch that wrote {table} before writing its rows again")


def _refuse_outside(model: type[AuditedModel], batch: Batch) -> None:
    if model.PRIVATE:
        raise TypeError(f"{model.__name__} has private columns and is written row by row")
    _forget_all(model._meta.db_table)
    _refuse_inside_batch_of(model._meta.db_table, other_than=batch)


def _write(
    row: AuditedModel | None,
    *,
    changes: dict | None = None,
    digests: list[str | None] | None = None,
    details: dict | None = None,
    batch: Batch | None = None,
) -> None:
    present, facts, event_uuid, now = _act(), middleware.current.get(), uuid7(), timezone.now()
    case_id = row.case_id_of_event if row is not None else None
    subject = f"{row._meta.db_table}:{row.pk}" if row is not None else present.by.actor
    body: dict[str, Any] = {
        "v": SCHEMA_VERSION,
        "event": str(event_uuid),
        "act": str(present.uuid),
        "at": now.isoformat(timespec="microseconds"),
        "action": present.verb,
        "actor": present.by.actor,
        "actor_kind": present.by.actor_kind,
        "on_behalf_of": getattr(present.by, "on_behalf_of", ""),
        "request": facts.request_id,
        "session": facts.session,
        "source_ip": private.hide(event_uuid, "source_ip", "new", present.by.actor, facts.source_ip),
        "reason": present.reason,
        "object": [row._meta.db_table, str(row.pk)] if row is not None else None,
        "case": [str(case_id), _next_in_case(case_id)] if case_id else None,
        "nonce": os.urandom(32).hex(),
    }
    if changes is not None:
        body["changes"] = _hidden(event_uuid, subject, row.PRIVATE, changes) if row is not None else changes
        # Before and after: shows a change between two events, of whatever column.
        body["row"] = {"sha256": digests, "columns": len(row._meta.concrete_fields) if row is not None else 0}
    if details:
        body["details"] = details
    if batch:
        batch.settle()
        body["batch"] = batch.parts
    _append(event_uuid, now, body, batch.manifests if batch else [])
    present.events.append(event_uuid)


APPEND = f"""
    WITH listed AS (
        INSERT INTO {Manifest._meta.db_table} (event_uuid, ordinal, table_name, rows, content)
        SELECT %s, ordinal - 1, table_name, rows, content
        FROM unnest(%s::text[], %b::bytea[], %b::bytea[]) WITH ORDINALITY AS m (table_name, rows, content, ordinal)
    )
    INSERT INTO {Event._meta.db_table} (event_uuid, occurred_at, act_uuid, actor, actor_kind, on_behalf_of, request_id,
        action, object_type, object_id, tables, case_id, case_seq, reason, schema_version, body, body_sha256, seal)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""  # noqa: S608 - our tables


def _append(event_uuid: UUID, now: datetime, body: dict, manifests: list[tuple[str, bytes, bytes]]) -> None:
    data = canonical(body)
    table, object_id = body["object"] or ("", None)
    case_id, case_seq = body["case"] or (None, None)
    prepared.send(
        APPEND,
        [
            event_uuid,
            *([part[at] for part in manifests] for at in range(3)),
            event_uuid,
            now,
            body["act"],
            body["actor"],
            body["actor_kind"],
            body["on_behalf_of"],
            body["request"],
            body["action"],
            table,
            object_id,
            json.dumps(sorted({part["table"] for part in body["batch"]})) if body.get("batch") else None,
            case_id,
            case_seq,
            body["reason"],
            SCHEMA_VERSION,
            data,
            hashlib.sha256(data).digest(),
            seal(data),
        ],
    )


def canonical(body: dict) -> bytes:
    """Canonical JSON (RFC 8785); values that JSON does not know are written as text.

    Of ASCII text and small whole numbers, which nearly all events are made of, the standard library writes the same in
    a tenth of the time.
    """
    plain = json.loads(json.dumps(body, default=str))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return rfc8785.dumps(plain) if not text.isascii() or _other_number.search(text) else text.encode()


# A fraction, a number of ten digits, an infinite one or none. Within a text, such as a time, no colon follows a quote.
_other_number = re.compile(r"""(?:":|[\[,])-?(?:\d+[.eE]|\d{10}|[IN])""")


def seal(body: bytes) -> bytes:
    """HMAC-SHA-256: tells the events that casemgr wrote from rows that someone put into the table."""
    return hmac.digest(settings.EVENT_SEAL_KEY.encode(), body, "sha256")


def _hidden(event_uuid: UUID, subject: str, private_columns: frozenset[str], changes: dict) -> dict:
    return {
        column: [None if old is None else {"private": True}, private.hide(event_uuid, column, "new", subject, new)]
        if column in private_columns
        else [old, new]
        for column, (old, new) in changes.items()
    }


def _next_in_case(case_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {CaseCounter._meta.db_table} AS c (case_id, seq) VALUES (%s, 1)"  # noqa: S608
            " ON CONFLICT (case_id) DO UPDATE SET seq = c.seq + 1 RETURNING seq",
            [case_id],
        )
        return cursor.fetchone()[0]


@contextmanager
def _explained(model: type[AuditedModel]) -> Iterator[None]:
    """Say a refusal of the database in the constraint's own words."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        for constraint in model._meta.constraints:
            if constraint.name == name:
                message = str(constraint.violation_error_message)
                if message == constraint.default_violation_error_message:
                    message = name.replace("_", " ")
                raise ValidationError(message, code=name) from error
        raise
