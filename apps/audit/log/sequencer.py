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
from django.db.models import Q
from django.utils import timezone

from apps.audit import ledger
from apps.audit.log import merkle, notes
from apps.audit.log.signer import Entry, Growth, Refused, Signer, rollback
from apps.audit.log.wire import RemoteSigner, Unreachable
from apps.audit.models import Checkpoint, Leaf, LogState, Tile

__all__ = ["LIMIT", "LOCK", "Refused", "Unreachable", "connect", "edge_of", "head_of", "leading", "sequence"]

log = logging.getLogger(__name__)

LOCK = 0x747261696C  # "trail"
LIMIT = 4096
MEMORY = "the signer's memory (the file beside its key that ends in .last)"


@dataclass(frozen=True)
class Snapshot:
    """What the present transaction sees: every transaction below `xmin` has ended, none from `xmax` on has begun."""

    xmin: int
    xmax: int
    system_identifier: str


@dataclass(frozen=True)
class Tail:
    """What has its place in the log and waits for a signature."""

    edge: merkle.Edge  # of what is signed already
    root: bytes  # of all
    entries: list[Entry]


@dataclass(frozen=True)
class Waiting:
    """A committed event without a place in the log."""

    id: int
    xid: int
    body: bytes
    body_sha256: bytes
    seal: bytes


def sequence(limit: int = LIMIT) -> int:
    """One pass: sequence up to `limit` events and sign; returns how many entries were signed.

    0 also while another leader is at work. Raises Refused, Unreachable.
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
    """First entries get their places, in one transaction; then the signer is asked to sign what has been committed.

    So the database is never behind the signer, and a crash in between leaves entries that only wait for a signature:
    the next pass asks for them again, with the same tree, before any other event gets a place.
    """
    signer = connect()
    state, tail = _place(signer, limit)
    if tail:
        _publish(signer, state, tail)
    return len(tail.entries) if tail else 0


def edge_of(size: int) -> merkle.Edge:
    """The last tiles of the log when it had this size. Raises Refused when they are not all there."""
    places = merkle.edge_tiles(size)
    here = Q(*(Q(level=level, n=number) for level, number, _ in places), _connector=Q.OR)
    stored = {(tile.level, tile.n): bytes(tile.hashes) for tile in Tile.objects.filter(here)} if places else {}
    edge: merkle.Edge = []
    for level, number, width in places:
        hashes = merkle.hashes(stored.get((level, number), b""))[:width]
        if len(hashes) != width:
            raise Refused(
                f"Tile {level}/{number} holds {len(hashes)} hashes, and a log of {size} entries has {width} there. "
                "Nothing more is signed until the tile is restored from a backup; run verify_trail."
            )
        edge.append(hashes)
    return edge


def connect() -> Signer | RemoteSigner:
    """The signer of this installation: behind its socket, or, where none is set, in this process."""
    if settings.TRAIL_SIGNER_SOCKET:
        return RemoteSigner(Path(settings.TRAIL_SIGNER_SOCKET))
    return local_signer()


def local_signer() -> Signer:
    return Signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN, ledger.seal)


# --- one pass, step by step ------------------------------------------------------------------------------------------


def _begin() -> Snapshot:
    with connection.cursor() as cursor:
        # Starting parallel workers takes longer than the pass.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL max_parallel_workers_per_gather = 0")
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
        state.low_xid, state.low_id, state.system_identifier = 0, 0, snapshot.system_identifier
    return state


def _waiting(state: LogState, limit: int) -> list[Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, xid, body, body_sha256, seal FROM audit_event e WHERE (xid, id) > (%s, %s)"
            " AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) ORDER BY xid, id LIMIT %s",
            [state.low_xid, state.low_id, limit],
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


def _place(signer: Signer | RemoteSigner, limit: int) -> tuple[LogState, Tail | None]:
    """Give waiting events their places, unless some still wait for a signature. Returns what is to be signed."""
    with transaction.atomic(durable=True):
        snapshot = _begin()
        state = _state(snapshot)
        if state.signed < state.size:
            return state, Tail(edge_of(state.signed), merkle.edge_root(edge_of(state.size)), _stored(state.signed))
        waiting = _waiting(state, limit)
        if not waiting:
            return state, None
        # Whatever is older than this has committed, and is in the log, or has failed.
        last = waiting[-1]
        is_cut = len(waiting) == limit and last.xid < snapshot.xmin
        state.low_xid, state.low_id = (last.xid, last.id) if is_cut else (snapshot.xmin, 0)
        sound = [event for event in waiting if _is_sound(event)]
        tail = None
        if sound:
            edge = edge_of(state.size)
            _refuse_contradiction(state, merkle.edge_root(edge), signer)
            grown = _append(state, edge, sound)
            tail = Tail(edge, merkle.edge_root(grown), [Entry(event.body, event.seal) for event in sound])
        state.seal = ledger.seal(state.sealed_text)
        state.save()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM audit_touched")  # what this transaction sees of it has been checked
    return state, tail


def _append(state: LogState, edge: merkle.Edge, events: list[Waiting]) -> merkle.Edge:
    leaves = [merkle.leaf_hash(event.body) for event in events]
    grown, tiles = merkle.append(state.size, edge, leaves)
    with connection.cursor() as cursor:
        # Django hands COPY on to the driver as it is, with the driver's own errors, which nobody here waits for.
        with (
            connection.wrap_database_errors,
            cursor.copy("COPY audit_leaf (idx, event_id, xid, hash) FROM STDIN") as copy,
        ):
            for index, (event, leaf) in enumerate(zip(events, leaves, strict=True), start=state.size):
                copy.write_row((index, event.id, event.xid, leaf))
        cursor.executemany(
            "INSERT INTO audit_tile (level, n, hashes) VALUES (%s, %s, %s)"
            " ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
            [(level, place, hashes) for (level, place), hashes in tiles.items()],
        )
    state.size += len(leaves)
    return grown


def _refuse_contradiction(state: LogState, root: bytes, signer: Signer | RemoteSigner) -> None:
    """Raise Refused unless the log is what was signed last, by its checkpoints and by the signer's memory."""
    leaves = (Leaf.objects.order_by("-idx").values_list("idx", flat=True).first() or 0) + 1 if state.size else 0
    last = _last_checkpoint(state)
    if leaves != state.size:
        raise Refused(
            f"The log has {leaves} leaves, and its state says {state.size}. Nothing more is signed; run verify_trail."
        )
    if last is not None:
        signed = head_of(last.note, "The last checkpoint")
        if (signed.size, signed.root) != (state.size, root):
            raise Refused("The tiles do not give the root of the last checkpoint. Nothing more is signed.")
    if memory := signer.last():
        remembered = head_of(memory, "The remembered checkpoint")
        if remembered.size > state.size:
            raise Refused(rollback(remembered.size, state.size, MEMORY))
        if (remembered.size, remembered.root) != (state.size, root):
            raise Refused(
                f"The first {remembered.size} entries are not those that were signed: the log is another one. If that "
                f"is meant, as for a new installation, record why and move {MEMORY} away."
            )


def _last_checkpoint(state: LogState) -> Checkpoint | None:
    last = Checkpoint.objects.order_by("-number").first()
    if ((last.number, last.size) if last else (0, 0)) != (state.checkpoints, state.signed):
        raise Refused(
            f"The state of the log says that {state.signed} entries are signed in {state.checkpoints} checkpoints, and "
            f"its last checkpoint {last.size if last else 0}. Nothing more is signed; run verify_trail."
        )
    return last


def _publish(signer: Signer | RemoteSigner, state: LogState, tail: Tail) -> None:
    """Have the signer sign what is committed, and store what it says."""
    last = _last_checkpoint(state)
    head = notes.Head(settings.TRAIL_ORIGIN, state.size, tail.root)
    note = signer.sign(Growth(last.note if last else "", tail.edge, head.size, head.root), tail.entries)
    if head_of(note, "What the signer answered") != head:
        raise Refused("The signer signed something else than it was asked for. It is not stored.")
    state.signed, state.checkpoints = state.size, state.checkpoints + 1
    state.seal = ledger.seal(state.sealed_text)
    checkpoint = Checkpoint(number=state.checkpoints, size=state.size, note=note, signed_at=timezone.now())
    checkpoint.seal = ledger.seal(checkpoint.sealed_text)
    with transaction.atomic(durable=True):
        checkpoint.save(force_insert=True)
        state.save()


def _stored(signed: int) -> list[Entry]:
    """The entries that have a place and no signature yet, as a crash has left them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body, seal FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id WHERE idx >= %s ORDER BY idx",
            [signed],
        )
        return [Entry(bytes(body), bytes(seal)) for body, seal in cursor.fetchall()]


def head_of(note: str, what: str) -> notes.Head:
    """What a note of this log says. Raises Refused."""
    try:
        verifier = notes.load_verifier(settings.TRAIL_KEY_FILE)
        if verifier is None:
            raise notes.BadNote(f"{notes.public_file(settings.TRAIL_KEY_FILE)} is not there")
        return notes.Head.parse(verifier.open(note))
    except notes.BadNote as error:
        raise Refused(f"{what} cannot be trusted: {error}. Nothing more is signed.") from error
