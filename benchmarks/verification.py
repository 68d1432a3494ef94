"""How long the verification of a large trail takes, in all and per event, and how much memory.

    make bench NAME=verification ARGS="--events 1000000"

The trail is made past the ledger with the ledger's own functions: for each row an event that creates it and one that
changes it; every fifth event knows an address (a private value), every hundredth is a batch of twenty rows; a
checkpoint for every 500 entries. The last line is JSON.
"""

import argparse
import atexit
import hashlib
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import django

from casemgr.run.crew import MANAGE

START = datetime(2026, 1, 1, tzinfo=UTC)
CHUNK, BLOCK, PER_CHECKPOINT, PER_BATCH = 10_000, 500, 500, 20
TABLES = ("policies_document", "audit_event", "audit_leaf", "audit_checkpoint", "audit_manifest")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000 if os.environ.get("QUICK") else 1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    own_keys()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "WARNING"}
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    django.setup()
    figures = measure(options.events, options.processes)
    print(json.dumps({"benchmark": "verification"} | figures))
    return 0


def own_keys() -> None:
    """A key and a memory of its own for a log of its own: a signer signs one log, and remembers which."""
    folder = tempfile.mkdtemp(prefix="casemgr-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["TRAIL_KEY_FILE"] = str(Path(folder) / "trail.key")


def measure(events: int, processes: int = 2) -> dict[str, Any]:
    """Verifies a whole trail of that many events, made here unless there is one."""
    from apps.audit.verify import verify

    size = build(events)
    before, clock, used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), _used()
    report = verify(processes=processes)
    seconds, used = time.perf_counter() - clock, _used() - used
    assert report.holds, [finding.sentence for finding in report.findings[:5]]
    assert report.size == size
    print(f"{size:,} events verified in {seconds:.1f} s, with {used:.1f} s of processor time in casemgr", flush=True)
    return {
        "events": size,
        "seconds": round(seconds, 1),
        "verify_events_per_s": round(size / seconds),
        "python_us_per_event": round(used / size * 1e6, 1),
        "grown_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
        "second_process_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def _used() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def build(events: int) -> int:
    """A trail of that many events, unless there is one; returns its size."""
    from django.db import connection

    from apps.audit.models import LogState

    if state := LogState.objects.first():
        return state.size
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        written = Trail(cursor).write(events)
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SELECT setval(pg_get_serial_sequence('audit_event', 'id'), (SELECT max(id) FROM audit_event))")
        cursor.execute("VACUUM ANALYZE")
    return written


# Of transactions that a new cluster has behind it: the sequencer would look at those of the future with every pass.
FIRST_XID, PER_XID = 3, 2000


class Trail:
    """Writes events as the ledger would, and sequences them as the sequencer would."""

    def __init__(self, cursor: Any) -> None:
        from django.conf import settings

        from apps.audit.log import notes
        from apps.audit.verify.tree import Tree

        self.cursor = cursor
        self.tree = Tree()
        self.signer = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN)
        self.numbers, self.batch_numbers = count(1), count()
        self.keys: dict[str, Any] = {}
        self.batches: list[tuple] = []
        self.private: list[tuple] = []
        self.rows: list[str] = []

    def write(self, events: int) -> int:
        made = self._events()
        while self.tree.size < events:
            chunk: list[tuple] = []
            while len(chunk) < min(CHUNK, events - self.tree.size):
                chunk += next(made)
            self._copy(
                "audit_event (id, event_uuid, xid, occurred_at, act_uuid, actor, actor_kind, on_behalf_of, request_id,"
                " action, object_type, object_id, tables, case_id, case_seq, reason, schema_version, body, body_sha256,"
                " seal)",
                chunk,
            )
            self._sequence(chunk, is_last=self.tree.size + len(chunk) >= events)
            with self.cursor.copy("COPY policies_document (id, collection, service, name, slug) FROM STDIN") as copy:
                copy.write("".join(self.rows))
            self._copy("audit_manifest (event_uuid, ordinal, table_name, rows, content)", self.batches)
            self._copy("audit_privatevalue (event_uuid, field, subject, nonce, ciphertext)", self.private)
            self.rows, self.batches, self.private = [], [], []
        self._state()
        return self.tree.size

    def _copy(self, target: str, rows: list[tuple]) -> None:
        with self.cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    # --- events

    def _events(self) -> Iterator[list[tuple]]:
        for block in count():
            old = [self._document(block * BLOCK + place) for place in range(BLOCK)]
            new = [row | {"name": f"{row['name']} as amended"} for row in old]
            for place, told in enumerate(zip(old, new, self._told(old), self._told(new), strict=True)):
                yield self._pair(place, *told)
            for _ in range(BLOCK // 50):
                yield [self._batch(next(self.batch_numbers))]

    def _pair(self, place: int, old: dict, new: dict, before: Any, after: Any) -> list[tuple]:
        self.rows.append(after.line)
        return [
            self._event(
                "policies.open_document",
                old["id"],
                {"changes": {column: [None, value] for column, value in old.items()}, "row": _row(None, before)},
                private=place % 5 == 0,
            ),
            self._event(
                "policies.amend_document",
                old["id"],
                {"changes": {"name": [old["name"], new["name"]]}, "row": _row(before, after)},
                private=place % 5 == 2,
            ),
        ]

    def _batch(self, number: int) -> tuple:
        from apps.audit import contents

        told = self._told([self._document(10**9 + number * PER_BATCH + place) for place in range(PER_BATCH)])
        told.sort(key=lambda row: row.entry)
        listed = b"".join(row.entry for row in told)
        part = {
            "table": "policies_document",
            "rows": PER_BATCH,
            "columns": ["id", "collection", "service", "name", "slug"],
            "manifest_sha256": hashlib.sha256(listed).hexdigest(),
        }
        event = self._event("policies.import_terms", None, {"batch": [part]})
        content = contents.packed(b"\n".join(row.text for row in told))
        self.batches.append((event[1], 0, "policies_document", listed, content))
        self.rows += [row.line for row in told]
        return event

    def _told(self, rows: list[dict]) -> list[Any]:
        from apps.audit import digests
        from apps.policies.models import Document

        told = digests.told(Document, rows)
        lines = told.lines.tobytes().decode().splitlines(keepends=True)
        by_id = {entry[:16]: (entry, text) for entry, text in zip(told.entries, told.texts, strict=True)}
        return [
            SimpleNamespace(line=line, **dict(zip(("entry", "text"), by_id[UUID(row["id"]).bytes], strict=True)))
            for row, line in zip(rows, lines, strict=True)
        ]

    def _document(self, number: int) -> dict[str, str]:
        from apps.core.ids import uuid7

        return {
            "id": str(uuid7()),
            "collection": f"collection {number % 50}",
            "service": f"Service number {number % 5000}",
            "name": f"Terms of Service, document {number}",
            "slug": f"document-{number}",
        }

    def _event(self, verb: str, row: str | None, more: dict[str, Any], *, private: bool = False) -> tuple:
        from apps.audit import ledger
        from apps.core.ids import uuid7

        number, event_uuid, act = next(self.numbers), uuid7(), str(uuid7())
        at = START + timedelta(seconds=number * 7, microseconds=number % 1_000_000)
        actor = f"user:{number % 40:032x}"
        body = {
            "v": ledger.SCHEMA_VERSION,
            "event": str(event_uuid),
            "act": act,
            "at": at.isoformat(timespec="microseconds"),
            "action": verb,
            "actor": actor,
            "actor_kind": "person",
            "on_behalf_of": "",
            "request": act,
            "session": "0123456789abcdef",
            "source_ip": self._address(event_uuid, actor, number) if private else None,
            "reason": "as the provider published it",
            "object": ["policies_document", row] if row else None,
            "case": None,
            "nonce": os.urandom(32).hex(),
        } | more
        data = ledger.canonical(body)
        table, tables = ("policies_document", None) if row else ("", '["policies_document"]')
        return (
            *(number, event_uuid, FIRST_XID + number // PER_XID, at, act, actor, "person", "", act, verb),
            *(table, row, tables, None, None, body["reason"], 1),
            *(data, hashlib.sha256(data).digest(), ledger.seal(data)),
        )

    def _address(self, event_uuid: Any, actor: str, number: int) -> dict[str, str]:
        from apps.audit import private

        nonce, value = os.urandom(32), f"198.51.100.{number % 250}"
        if actor not in self.keys:
            self.keys[actor] = private.key_from(private._wrapped_key(actor))
        sealed = nonce[:12] + self.keys[actor].encrypt(nonce[:12], json.dumps(value).encode(), actor.encode())
        self.private.append((event_uuid, "source_ip.new", actor, nonce, sealed))
        return {"commitment": private.commitment(nonce, "source_ip", value)}

    # --- the log

    def _sequence(self, events: list[tuple], *, is_last: bool) -> None:
        from apps.audit.log import merkle

        leaves, checkpoints = [], []
        tiles: dict[tuple[int, int], bytes] = {}
        for event in events:
            leaf = merkle.leaf_hash(event[17])
            leaves.append((self.tree.size, event[0], event[2], leaf))
            tiles |= {(level, number): hashes for level, number, hashes in self.tree.append(leaf)}
            if self.tree.size % PER_CHECKPOINT == 0:
                checkpoints.append(self._checkpoint())
        tiles |= {(level, number): hashes for level, number, hashes in self.tree.partial()}
        if self.tree.size % PER_CHECKPOINT and is_last:
            checkpoints.append(self._checkpoint())
        self._copy("audit_leaf (idx, event_id, xid, hash)", leaves)
        self._copy("audit_checkpoint (number, size, note, signed_at, seal)", checkpoints)
        self.cursor.executemany(
            "INSERT INTO audit_tile (level, n, hashes) VALUES (%s, %s, %s)"
            " ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
            [(level, number, hashes) for (level, number), hashes in tiles.items()],
        )

    def _checkpoint(self) -> tuple:
        from apps.audit import ledger
        from apps.audit.log import notes
        from apps.audit.models import Checkpoint

        note = self.signer.sign(str(notes.Head(self.signer.name, self.tree.size, self.tree.root())))
        number = -(-self.tree.size // PER_CHECKPOINT)
        made = Checkpoint(number=number, size=self.tree.size, note=note, signed_at=START + timedelta(seconds=number))
        return number, made.size, note, made.signed_at, ledger.seal(made.sealed_text)

    def _state(self) -> None:
        from apps.audit import ledger
        from apps.audit.models import LogState

        signed = -(-self.tree.size // PER_CHECKPOINT)
        self.cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        low = self.cursor.fetchone()[0]
        state = LogState(size=self.tree.size, signed=self.tree.size, checkpoints=signed, low_xid=low)
        state.seal = ledger.seal(state.sealed_text)
        state.save()


def _row(before: Any, after: Any) -> dict[str, Any]:
    digests = [told and told.entry[16:].hex() for told in (before, after)]
    return {"sha256": digests, "columns": 5}


if __name__ == "__main__":
    raise SystemExit(main())
