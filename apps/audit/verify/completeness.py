"""Is anything missing? Numbers without holes, a place in the log for every event, and all that events refer to.

What was erased on purpose is not missing: the event of an erasure says in its detail `erased` which values it took, as
pairs of an event and a field (`name.new` of a private value, `table:row` of a row in the content of a batch). Exactly
these may be gone.
"""

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag

from apps.audit import contents, private
from apps.audit.models import audited_models
from apps.audit.verify.erasures import Erasures
from apps.audit.verify.events import Body, Stored, says
from apps.audit.verify.reading import Reader, body_of, named
from apps.audit.verify.report import Verdict

MOMENT = timedelta(seconds=30)  # an event is sealed within a second when the sequencer runs


def check(reader: Reader, verdict: Verdict, erasures: Erasures, *, is_full: bool = True) -> None:
    """What is looked at as a whole; what single events refer to is with `References`."""
    _case_numbers(reader, verdict)
    _places(reader, verdict)
    _strays(reader, verdict, erasures)
    if is_full and reader.one("SELECT count(*) FROM audit_privatevalue")[0] != verdict.checked.get("private values", 0):
        _stray_values(reader, verdict)


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


def _holes(reader: Reader, verdict: Verdict, case_id: str, last: int) -> None:
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
        if abs(now - datetime.fromisoformat(occurred_at)) < MOMENT:
            verdict.count("events waiting for the sequencer")
        else:
            verdict.found(
                f"The {named(body_of(body), event_id)} has no place in the log. Does the sequencer run?",
                table="audit_event",
                row=event_id,
                event=event_uuid,
            )


def _strays(reader: Reader, verdict: Verdict, erasures: Erasures) -> None:
    """Lists of rows without a batch, keys without a value."""
    for event_uuid, ordinal, table in reader.stream(
        "SELECT event_uuid, ordinal, table_name FROM audit_manifest m WHERE NOT EXISTS (SELECT FROM audit_event e"
        " WHERE e.event_uuid = m.event_uuid AND e.tables IS NOT NULL) ORDER BY 1, 2"
    ):
        verdict.found(
            f"List {ordinal} of rows of {table} belongs to no batch of event {event_uuid}.",
            table="audit_manifest",
            row=f"{event_uuid}/{ordinal}",
            event=event_uuid,
        )
    for (subject,) in reader.stream(
        "SELECT subject FROM audit_subjectkey k"
        " WHERE NOT EXISTS (SELECT FROM audit_privatevalue p WHERE p.subject = k.subject) ORDER BY subject"
    ):
        if subject not in erasures.subjects:
            verdict.found(f"The key of {subject} opens no value.", table="audit_subjectkey", row=subject)


def _stray_values(reader: Reader, verdict: Verdict) -> None:
    """There are more values than commitments: which ones are they?"""
    for event_uuid, field, data in reader.stream(
        "SELECT p.event_uuid, p.field, e.body FROM audit_privatevalue p"
        " LEFT JOIN audit_event e ON e.event_uuid = p.event_uuid ORDER BY 1, 2"
    ):
        if data is None or field not in dict(_commitments(says(data))):
            column = field.removesuffix(".new")
            verdict.found(
                f"The value of {column} beside event {event_uuid} belongs to no commitment of that event.",
                table="audit_privatevalue",
                row=f"{event_uuid}/{field}",
                column=column,
                event=event_uuid,
            )


# --- what events refer to --------------------------------------------------------------------------------------------


class Referring(NamedTuple):
    """An event and what it says must be there."""

    event: Stored
    waiting: dict[Any, Any]

    def __str__(self) -> str:
        return named(body_of(self.event.body), self.event.id)


class References:
    """Manifests, contents and private values of events, looked up for many of them at a time."""

    def __init__(self, reader: Reader, verdict: Verdict, erasures: Erasures) -> None:
        self.reader, self.verdict, self.erasures = reader, verdict, erasures
        self.keys = _Keys(reader)
        self.batches: dict[str, Referring] = {}
        self.values: dict[str, Referring] = {}

    def add(self, event: Stored, body: Body) -> None:
        if body.batch:
            self.batches[event.event_uuid] = Referring(event, dict(enumerate(body.batch)))
        if commitments := dict(_commitments(body)):
            self.values[event.event_uuid] = Referring(event, commitments)

    def check(self) -> None:
        """Look at what the events that were added refer to, and forget them."""
        self._manifests()
        self._private_values()
        self.batches, self.values = {}, {}

    def _is_erased(self, event_uuid: str, field: str) -> bool:
        if self.erasures.names(event_uuid, field):
            self.verdict.count("values erased on record")
            return True
        return False

    def _manifests(self) -> None:
        """The rows that a batch lists are those that its event has the hash of, and are kept as they were."""
        for event_uuid, ordinal, table, listed, content in self._rows_of(
            "SELECT event_uuid, ordinal, table_name, rows, content FROM audit_manifest"
            " WHERE event_uuid = ANY(%s::uuid[]) ORDER BY event_uuid, ordinal",
            self.batches,
        ):
            self.verdict.count("manifests")
            referring = self.batches[event_uuid]
            where = {"table": "audit_manifest", "row": f"{event_uuid}/{ordinal}", "event": event_uuid}
            part = referring.waiting.pop(ordinal, None)
            if part is None:
                self.verdict.found(
                    f"List {ordinal} of rows of {table} belongs to no batch of event {event_uuid}.", **where
                )
            elif (part["table"], part["manifest_sha256"]) != (table, sha256(listed).hexdigest()):
                self.verdict.found(
                    f"The list of the rows of {part['table']} that {referring} wrote was changed.", **where
                )
            else:
                self._content(event_uuid, table, listed, content, where)
        for event_uuid, referring in self.batches.items():
            for ordinal, part in referring.waiting.items():
                self.verdict.found(
                    f"The list of {part['rows']} rows of {part['table']} that {referring} wrote is missing.",
                    table="audit_manifest",
                    row=f"{event_uuid}/{ordinal}",
                    event=event_uuid,
                )

    def _content(self, event_uuid: str, table: str, listed: bytes, content: bytes | None, where: dict) -> None:
        referring = self.batches[event_uuid]
        self.verdict.count("rows of batches", len(listed) // contents.ENTRY)
        try:
            if content is None:
                differing = [(row, True) for row, _ in contents.entries(listed)]
            else:
                differing = list(contents.differing(listed, content))
        except ValueError as error:
            self.verdict.found(f"The rows of {table} that {referring} wrote cannot be read: {error}.", **where)
            return
        for row, is_gone in differing:
            if not (is_gone and self._is_erased(event_uuid, f"{table}:{row}")):
                self.verdict.found(
                    f"Row {row} of {table} as {referring} wrote it "
                    + ("is no longer kept, and no erasure says so." if is_gone else "is not the one that it wrote."),
                    column="content",
                    **where,
                )

    def _private_values(self) -> None:
        """Behind every commitment lies a value that fits it."""
        for event_uuid, field, subject, nonce, ciphertext in self._rows_of(
            "SELECT event_uuid, field, subject, nonce, ciphertext FROM audit_privatevalue"
            " WHERE event_uuid = ANY(%s::uuid[])",
            self.values,
        ):
            commitment = self.values[event_uuid].waiting.pop(field, None)
            if commitment is None:
                continue  # found among the strays
            self.verdict.count("private values")
            if self.erasures.names(event_uuid, field):
                self.erasures.found_again(self.verdict, event_uuid, field)
            if problem := _problem(commitment, field, nonce, self.keys.open(subject, ciphertext)):
                column = field.removesuffix(".new")
                self.verdict.found(
                    f"The value of {column} beside event {event_uuid} {problem}.",
                    table="audit_privatevalue",
                    row=f"{event_uuid}/{field}",
                    column=column,
                    event=event_uuid,
                )
        for event_uuid, referring in self.values.items():
            for field in referring.waiting:
                if not self._is_erased(event_uuid, field):
                    self.verdict.found(
                        f"The value of {field.removesuffix('.new')} that {referring} commits to is missing.",
                        table="audit_privatevalue",
                        row=f"{event_uuid}/{field}",
                        column=field.removesuffix(".new"),
                        event=event_uuid,
                    )

    def _rows_of(self, statement: str, referring: dict[str, Referring]) -> Iterator[tuple]:
        return self.reader.stream(statement, [list(referring)]) if referring else iter(())


def _problem(commitment: str, field: str, nonce: bytes, value: Any) -> str:
    if value is None:
        return "cannot be read with the key of its subject"
    fits = hmac.compare_digest(private.commitment(nonce, field.removesuffix(".new"), value), commitment)
    return "" if fits else "is not the one that the event commits to"


def _commitments(body: Body) -> Iterator[tuple[str, str]]:
    if body.object and (hidden := _hidden(body.object[0])):
        for column, (_, new) in (msgspec.json.decode(body.changes) or {}).items():
            if new and column in hidden:
                yield f"{column}.new", new["commitment"]
    if body.source_ip:
        yield "source_ip.new", body.source_ip["commitment"]


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
        key, data = self._key(subject), ciphertext
        if key is None:
            return None
        try:
            return json.loads(key.decrypt(data[:12], data[12:], subject.encode()))
        except (InvalidTag, ValueError):
            return None

    def _fetch(self, subject: str) -> Any:
        rows = self._reader.all("SELECT wrapped FROM audit_subjectkey WHERE subject = %s", [subject])
        try:
            return private.key_from(rows[0][0]) if rows else None
        except (InvalidTag, ValueError):
            return None
