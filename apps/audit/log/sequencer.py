"""The sequencer: gives every committed event its place in the log, and signs what the log has become.

One leader at a time, under a session's advisory lock that no request ever takes. Events are read by the transaction
that wrote them, not by their number: numbers are given before the commit, so that a cursor over them would skip a late
commit for ever. What may still commit has a transaction of at least `low_xid`; a long transaction widens what is looked
at again and stalls nothing. The order of the log is the order of sequencing; `occurred_at` says when things happened.
"""

import hmac
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from apps.audit import ledger
from apps.audit.log import merkle, notes
from apps.audit.models import Checkpoint, Leaf, LogState, Tile

log = logging.getLogger(__name__)

LOCK = 0x747261696C  # "trail"
LIMIT = 4096


class Refused(Exception):
    """Signing would contradict what was signed before; says what does not fit and what to do."""


@dataclass(frozen=True)
class Snapshot:
    """What the present transaction sees: every transaction below `xmin` has ended, none from `xmax` on has begun."""

    xmin: int
    xmax: int
    system_identifier: str


@dataclass(frozen=True)
class Waiting:
    """A committed event without a place in the log."""

    id: int
    xid: int
    body: bytes
    body_sha256: bytes
    seal: bytes


def sequence(limit: int = LIMIT) -> int:
    """One pass: sequence up to `limit` events and sign; returns how many. 0 also while another leader is at work.

    Raises Refused. All of it happens in one transaction, so that a crash at any point leaves nothing half.
    """
    with leading() as leads:
        return sequence_as_leader(limit) if leads else 0


@contextmanager
def leading() -> Iterator[bool]:
    """Hold the sequencer's lock, if it is free; yields whether it was. The lock goes with the database session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        leads = cursor.fetchone()[0]
    try:
        yield leads
    finally:
        if leads:
            with suppress(Error), connection.cursor() as cursor:  # a broken session has given it up already
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def sequence_as_leader(limit: int = LIMIT) -> int:
    signer = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN)
    with transaction.atomic(durable=True):
        snapshot = _begin()
        state = _state(snapshot)
        waiting = _waiting(state.low_xid, limit)
        if not waiting:
            return 0
        # Whatever is older than this has committed, and is in the log, or has failed.
        state.low_xid = snapshot.xmin if len(waiting) < limit else min(snapshot.xmin, waiting[-1].xid)
        sound = [event for event in waiting if _is_sound(event)]
        if sound:
            _append(state, sound, signer)
        state.seal = ledger.seal(state.sealed_text)
        state.save()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM audit_touched")  # what this transaction sees of it has been checked
    return len(sound)


def edge_of(size: int) -> merkle.Edge:
    """The last tiles of a log of this size, as stored. Raises Refused when they are not all there."""
    edge: merkle.Edge = []
    for level, number, width in merkle.edge_tiles(size):
        tile = Tile.objects.filter(level=level, n=number).first() if width else None
        hashes = merkle.hashes(bytes(tile.hashes)) if tile else []
        if len(hashes) != width:
            raise Refused(
                f"Tile {level}/{number} holds {len(hashes)} hashes, and a log of {size} entries has {width} there. "
                "Nothing more is signed until the tile is restored from a backup; run verify_trail."
            )
        edge.append(hashes)
    return edge


def memory_file() -> Path:
    """Where the signer remembers its last checkpoint, out of the database's reach."""
    return settings.TRAIL_KEY_FILE.with_name(f"{settings.TRAIL_KEY_FILE.name}.last")


# --- one pass, step by step ------------------------------------------------------------------------------------------


def _begin() -> Snapshot:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint,"
            " has_function_privilege('pg_control_system()', 'execute') FROM pg_current_snapshot() s"
        )
        xmin, xmax, may_ask = cursor.fetchone()
        if may_ask:
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        return Snapshot(xmin, xmax, cursor.fetchone()[0] if may_ask else "")


def _state(snapshot: Snapshot) -> LogState:
    state = LogState.objects.first()
    if state is None:
        return LogState(system_identifier=snapshot.system_identifier)
    if not hmac.compare_digest(bytes(state.seal), ledger.seal(state.sealed_text)):
        raise Refused("The state of the log was changed by something other than casemgr; run verify_trail.")
    if state.low_xid > snapshot.xmax or state.system_identifier != snapshot.system_identifier:
        # Restored into another cluster: its transaction numbers begin low again, and would hide below the old mark.
        log.warning("the database has moved to another cluster: every event is looked at again")
        state.low_xid, state.system_identifier = 0, snapshot.system_identifier
    return state


def _waiting(low_xid: int, limit: int) -> list[Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, xid, body, body_sha256, seal FROM audit_event e WHERE xid >= %s"
            " AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) ORDER BY xid, id LIMIT %s",
            [low_xid, limit],
        )
        return [
            Waiting(number, xid, bytes(body), bytes(digest), bytes(seal))
            for number, xid, body, digest, seal in cursor.fetchall()
        ]


def _is_sound(event: Waiting) -> bool:
    """Whether casemgr wrote the event, and it is as written. What is not is left out, for verify_trail to name."""
    if sha256(event.body).digest() == event.body_sha256 and hmac.compare_digest(ledger.seal(event.body), event.seal):
        return True
    log.error("event %s was not written by casemgr, or has changed since: it gets no place in the log", event.id)
    return False


def _append(state: LogState, events: list[Waiting], signer: notes.Signer) -> None:
    edge = edge_of(state.size)
    number = _refuse_contradiction(state.size, merkle.edge_root(edge), signer.verifier)
    leaves = [merkle.leaf_hash(event.body) for event in events]
    edge, tiles = merkle.append(state.size, edge, leaves)
    with connection.cursor() as cursor:
        with cursor.copy("COPY audit_leaf (idx, event_id, xid, hash) FROM STDIN") as copy:
            for index, (event, leaf) in enumerate(zip(events, leaves, strict=True), start=state.size):
                copy.write_row((index, event.id, event.xid, leaf))
        cursor.executemany(
            "INSERT INTO audit_tile (level, n, hashes) VALUES (%s, %s, %s)"
            " ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
            [(level, place, hashes) for (level, place), hashes in tiles.items()],
        )
    state.size += len(leaves)
    note = signer.sign(str(notes.Head(signer.name, state.size, merkle.edge_root(edge))))
    checkpoint = Checkpoint(number=number, size=state.size, note=note, signed_at=timezone.now())
    checkpoint.seal = ledger.seal(checkpoint.sealed_text)
    checkpoint.save(force_insert=True)
    transaction.on_commit(lambda: notes.replace(memory_file(), note))


def _refuse_contradiction(size: int, root: bytes, verifier: notes.Verifier) -> int:
    """Raise Refused unless the log is what was signed last; returns the number of the next checkpoint."""
    last = Checkpoint.objects.order_by("-number").first()
    leaves = (Leaf.objects.order_by("-idx").values_list("idx", flat=True).first() or 0) + 1 if size else 0
    if leaves != size or (last.size if last else 0) != size:
        raise Refused(
            f"The log has {leaves} leaves, its state says {size} and its last checkpoint {last.size if last else 0}. "
            "Nothing more is signed; run verify_trail."
        )
    if last is not None:
        signed = _head(last.note, verifier, "The last checkpoint")
        if (signed.size, signed.root) != (size, root):
            raise Refused("The tiles do not give the root of the last checkpoint. Nothing more is signed.")
    if memory_file().exists():
        _refuse_rollback(size, root, verifier)
    return last.number + 1 if last else 1


def _refuse_rollback(size: int, root: bytes, verifier: notes.Verifier) -> None:
    remembered = _head(memory_file().read_text(), verifier, "The remembered checkpoint")
    if remembered.size > size:
        raise Refused(
            f"A checkpoint of {remembered.size} entries was signed, and the database holds {size}: it is an older "
            f"copy, or its end was cut off. Restore the newer one. If the older one is meant to go on, record why and "
            f"move {memory_file()} away."
        )
    stored = merkle.from_tiles(lambda level, n: bytes(Tile.objects.get(level=level, n=n).hashes))
    if (root if remembered.size == size else stored(0, remembered.size)) != remembered.root:
        raise Refused(
            f"The first {remembered.size} entries are not those that were signed: the log is another one. If that is "
            f"meant, as for a new installation, record why and move {memory_file()} away."
        )


def _head(note: str, verifier: notes.Verifier, what: str) -> notes.Head:
    try:
        return notes.Head.parse(verifier.open(note))
    except notes.BadNote as error:
        raise Refused(f"{what} cannot be trusted: {error}. Nothing more is signed.") from error
