"""Is anything missing? Numbers without holes, a place in the log for every event, and all that events refer to."""

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag

from apps.audit import private
from apps.audit.models import audited_models
from apps.audit.verify.erasures import Erasures
from apps.audit.verify.reading import Reader, body_of, named
from apps.audit.verify.report import Verdict

MOMENT = timedelta(seconds=30)  # an event is sealed within a second when the sequencer runs


def check(reader: Reader, verdict: Verdict) -> None:
    _case_numbers(reader, verdict)
    _places(reader, verdict)
    _manifests(reader, verdict)
    _private_values(reader, verdict)


def _case_numbers(reader: Reader, verdict: Verdict) -> None:
    rows = reader.all(
        "SELECT coalesce(e.case_id, c.case_id), e.events, e.last, c.seq FROM"
        " (SELECT case_id, count(*) AS events, max(case_seq) AS last FROM audit_event"
        "  WHERE case_id IS NOT NULL GROUP BY case_id) e"
        " FULL JOIN audit_casecounter c ON c.case_id = e.case_id ORDER BY 1"
    )
    verdict.count("case files", len(rows))
    for case_id, events, last, counter in rows:
        where = {"table": "audit_casecounter", "row": case_id}
        if events is None:
            verdict.found(f"The counter of case {case_id} says {counter}, and there is no event of that case.", **where)
            continue
        if counter is None:
            verdict.found(f"The counter of case {case_id} is missing; its last event has number {last}.", **where)
        elif counter != last:
            verdict.found(
                f"The counter of case {case_id} says {counter}, and its last event has number {last}.", **where
            )
        if events != last:
            _holes(reader, verdict, case_id, last)


def _holes(reader: Reader, verdict: Verdict, case_id: UUID, last: int) -> None:
    missing = reader.stream(
        "SELECT min(n), max(n) FROM (SELECT n, n - row_number() OVER (ORDER BY n) AS gap FROM"
        " (SELECT n FROM generate_series(1, %s) n EXCEPT SELECT case_seq FROM audit_event WHERE case_id = %s) m) g"
        " GROUP BY gap ORDER BY 1",
        [last, case_id],
    )
    for first, end in missing:
        numbers = f"Event number {first}" if first == end else f"Events number {first} to {end}"
        verb = "is" if first == end else "are"
        verdict.found(f"{numbers} of case {case_id} {verb} missing.", table="audit_event", row=case_id)


def _places(reader: Reader, verdict: Verdict) -> None:
    """Every event has its place in the log; a young one may wait for it."""
    now = datetime.now(UTC)
    rows = reader.stream(
        "SELECT id, event_uuid, occurred_at, body FROM audit_event e"
        " WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) ORDER BY id"
    )
    for event_id, event_uuid, occurred_at, body in rows:
        if abs(now - occurred_at) < MOMENT:
            verdict.count("events waiting for the sequencer")
        else:
            verdict.found(
                f"The {named(body_of(body), event_id)} has no place in the log. Does the sequencer run?",
                table="audit_event",
                row=event_id,
                event=event_uuid,
            )


def _manifests(reader: Reader, verdict: Verdict) -> None:
    """The rows that a batch lists are those that its event has the hash of."""
    rows = reader.stream(
        "SELECT e.event_uuid, e.id, e.body, m.event_uuid, m.ordinal, m.table_name, m.rows"
        " FROM (SELECT * FROM audit_event WHERE tables IS NOT NULL) e"
        " FULL JOIN audit_manifest m ON m.event_uuid = e.event_uuid"
        " ORDER BY coalesce(e.event_uuid, m.event_uuid), m.ordinal"
    )
    present: UUID | None = None
    body: dict[str, Any] = {}
    waiting: dict[int, dict] = {}
    event_id = 0

    def conclude() -> None:
        for ordinal, part in waiting.items():
            verdict.found(
                f"The list of {part['rows']} rows of {part['table']} that {named(body, event_id)} wrote is missing.",
                table="audit_manifest",
                row=f"{present}/{ordinal}",
                event=present,
            )

    for event_uuid, number, data, manifest_of, ordinal, table, listed in rows:
        if event_uuid != present:
            conclude()
            present, event_id, body = event_uuid, number, body_of(data) if data is not None else {}
            waiting = dict(enumerate(body.get("batch") or []))
        if manifest_of is None:
            continue
        verdict.count("manifests")
        where = {"table": "audit_manifest", "row": f"{manifest_of}/{ordinal}", "event": manifest_of}
        part = waiting.pop(ordinal, None)
        if part is None:
            verdict.found(f"List {ordinal} of rows of {table} belongs to no batch of event {manifest_of}.", **where)
        elif (part["table"], part["manifest_sha256"]) != (table, sha256(bytes(listed)).hexdigest()):
            verdict.found(
                f"The list of the rows of {part['table']} that {named(body, event_id)} wrote was changed.", **where
            )
    conclude()


def _private_values(reader: Reader, verdict: Verdict) -> None:
    """Behind every commitment lies a value that fits it, unless it was erased on record; and no value without one."""
    keys, erasures = _Keys(reader), Erasures(reader)
    rows = reader.stream(
        "SELECT e.event_uuid, e.id, e.body, p.event_uuid, p.field, p.subject, p.nonce, p.ciphertext"
        " FROM audit_event e FULL JOIN audit_privatevalue p ON p.event_uuid = e.event_uuid"
        " ORDER BY coalesce(e.event_uuid, p.event_uuid), p.field"
    )
    present: UUID | None = None
    body: dict[str, Any] = {}
    waiting: dict[str, str] = {}
    event_id = 0

    def conclude() -> None:
        for field in waiting:
            if erasures.names(present, field):
                verdict.count("values erased on record")
                continue
            verdict.found(
                f"The value of {field.removesuffix('.new')} that {named(body, event_id)} commits to is missing.",
                table="audit_privatevalue",
                row=f"{present}/{field}",
                column=field.removesuffix(".new"),
                event=present,
            )

    for event_uuid, number, data, value_of, field, subject, nonce, ciphertext in rows:
        if event_uuid != present:
            conclude()
            present, event_id, body = event_uuid, number, body_of(data) if data is not None else {}
            waiting = dict(_commitments(body))
        if value_of is None:
            continue
        verdict.count("private values")
        if erasures.names(value_of, field):
            erasures.found_again(verdict, value_of, field)
        problem = _problem(waiting.pop(field, None), field, nonce, keys.open(subject, ciphertext))
        if problem:
            column = field.removesuffix(".new")
            verdict.found(
                f"The value of {column} beside event {value_of} {problem}.",
                table="audit_privatevalue",
                row=f"{value_of}/{field}",
                column=column,
                event=value_of,
            )
    conclude()
    for (subject,) in reader.stream(
        "SELECT subject FROM audit_subjectkey k"
        " WHERE NOT EXISTS (SELECT FROM audit_privatevalue p WHERE p.subject = k.subject) ORDER BY subject"
    ):
        if subject not in erasures.subjects:
            verdict.found(f"The key of {subject} opens no value.", table="audit_subjectkey", row=subject)


def _problem(commitment: str | None, field: str, nonce: bytes, value: Any) -> str:
    if commitment is None:
        return "belongs to no commitment of that event"
    if value is None:
        return "cannot be read with the key of its subject"
    fits = hmac.compare_digest(private.commitment(bytes(nonce), field.removesuffix(".new"), value), commitment)
    return "" if fits else "is not the one that the event commits to"


def _commitments(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    table, _ = body.get("object") or ("", None)
    sides = {column: new for column, (_, new) in (body.get("changes") or {}).items() if column in _hidden(table)}
    for column, new in (sides | {"source_ip": body.get("source_ip")}).items():
        if new:
            yield f"{column}.new", new["commitment"]


@cache
def _hidden(table: str) -> frozenset[str]:
    return next((model.PRIVATE for model in audited_models() if model._meta.db_table == table), frozenset())


class _Keys:
    """Opens private values; remembers the keys of the subjects seen last."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._key = lru_cache(maxsize=1000)(self._fetch)

    def open(self, subject: str, ciphertext: bytes) -> Any:
        """The value, or None when the key is gone or does not fit."""
        key, data = self._key(subject), bytes(ciphertext)
        if key is None:
            return None
        try:
            return json.loads(key.decrypt(data[:12], data[12:], subject.encode()))
        except (InvalidTag, ValueError):
            return None

    def _fetch(self, subject: str) -> Any:
        rows = self._reader.all("SELECT wrapped FROM audit_subjectkey WHERE subject = %s", [subject])
        try:
            return private.key_from(bytes(rows[0][0])) if rows else None
        except (InvalidTag, ValueError):
            return None
