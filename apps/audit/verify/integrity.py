"""Is the log intact? Every entry, leaf, tile and signature is computed again from the bodies of the events."""

import hmac
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

import pgtrigger
from django.conf import settings

from apps.audit import ledger
from apps.audit.anchors import judging
from apps.audit.log import merkle, notes, sequencer
from apps.audit.models import GUARD_FUNCTIONS, Anchor, Checkpoint, LogState
from apps.audit.verify.reading import Reader, at, body_of, named, shown
from apps.audit.verify.report import Verdict

EVENT = (
    "e.id, e.event_uuid, e.xid, e.occurred_at, e.act_uuid, e.actor, e.actor_kind, e.on_behalf_of, e.request_id,"
    " e.action, e.object_type, e.object_id, e.tables, e.case_id, e.case_seq, e.reason, e.schema_version, e.body,"
    " e.body_sha256, e.seal"
)
COLUMNS = [name.strip().removeprefix("e.") for name in EVENT.split(",")]


def check(reader: Reader, verdict: Verdict) -> int:
    """Returns the size of the log."""
    log = _Log(reader, verdict)
    log.check()
    _unsequenced(reader, verdict)
    _guards(reader, verdict)
    _anchors(reader, verdict)
    return log.size


def _anchors(reader: Reader, verdict: Verdict) -> None:
    """What parties outside said has to be about the checkpoints that are there."""
    stored: dict[int, str] = dict(reader.stream("SELECT size, note FROM audit_checkpoint"))
    rows = reader.stream("SELECT id, size, kind, party, token, stated_at FROM audit_anchor ORDER BY id")
    names = ("id", "size", "kind", "party", "token", "stated_at")
    anchors = (Anchor(**dict(zip(names, row, strict=True))) for row in rows)
    for judged in judging.judged(anchors, stored.get):
        if judged.problem:
            verdict.found(
                f"The anchor by {judged.anchor.party} of {judged.anchor.size} entries does not hold: {judged.problem}.",
                table="audit_anchor",
                row=judged.anchor.pk,
            )
    for sentence in judging.contradictions(stored.get):
        verdict.found(sentence, table="audit_anchor")


def check_event(event: dict[str, Any], verdict: Verdict, leaf: bytes | None = None) -> None:
    """One event against itself: its hash, its seal, its leaf, and every column against its body."""
    data = bytes(event["body"])
    body = body_of(data)
    where = {"table": "audit_event", "row": event["id"], "event": event["event_uuid"]}
    broken = [
        what
        for what, fits in (
            ("hash", sha256(data).digest() == bytes(event["body_sha256"])),
            ("seal", hmac.compare_digest(ledger.seal(data), bytes(event["seal"]))),
            ("leaf", leaf is None or merkle.leaf_hash(data) == leaf),
        )
        if not fits
    ]
    if "seal" in broken and leaf is None:
        verdict.found(f"{_capital(named(body, event['id']))} was not written by casemgr: its seal is wrong.", **where)
    elif broken:
        verdict.found(
            f"{_capital(named(body, event['id']))} was changed: its body does not fit its {' and its '.join(broken)}.",
            **where,
        )
    if "seal" in broken:  # then the body is not casemgr's, and nothing follows from it
        return
    for column, says in _columns_of(body).items():
        if (value := _plain(event[column])) != says:
            verdict.found(
                f"{_capital(named(body, event['id']))}: its column {column} says {shown(value)}, "
                f"its sealed body {shown(says)}.",
                column=column,
                **where,
            )


def _columns_of(body: dict[str, Any]) -> dict[str, Any]:
    """What the columns beside a body should say."""
    table, object_id = body.get("object") or ("", None)
    case_id, case_seq = body.get("case") or (None, None)
    return {
        "event_uuid": body.get("event"),
        "occurred_at": body.get("at"),
        "act_uuid": body.get("act"),
        "actor": body.get("actor"),
        "actor_kind": body.get("actor_kind"),
        "on_behalf_of": body.get("on_behalf_of"),
        "request_id": body.get("request"),
        "action": body.get("action"),
        "object_type": table,
        "object_id": object_id,
        "tables": sorted({part["table"] for part in body.get("batch") or []}) or None,
        "case_id": case_id,
        "case_seq": case_seq,
        "reason": body.get("reason"),
        "schema_version": body.get("v"),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return at(value) if hasattr(value, "astimezone") else value


class _Log:
    """Grows the tree again, leaf by leaf, and holds it against what is stored and signed."""

    def __init__(self, reader: Reader, verdict: Verdict) -> None:
        self.reader, self.verdict = reader, verdict
        self.size = 0
        self.edge: merkle.Edge = []
        self.grown: merkle.Tiles = {}  # not compared yet: partial ones, which may grow on
        self.checkpoints = self._checkpoints()
        self.contradicted: list[int] = []
        self.good = 0  # size of the last checkpoint whose root is right
        self.last_checkpoint = (0, 0)  # number and size
        self.remembered = self._remembered()

    def check(self) -> None:
        leaves = self._leaves()
        due = next(self.checkpoints, None)
        while True:
            stops = [head.size for head in (due, self.remembered) if head and head.size > self.size]
            room = min([stop - self.size for stop in stops] + [sequencer.LIMIT])
            chunk = list(islice(leaves, room))
            self.edge, tiles = merkle.append(self.size, self.edge, chunk)
            self.size += len(chunk)
            self._compare_tiles(tiles)
            while due is not None and due.size == self.size:
                self._compare_root(due)
                due = next(self.checkpoints, None)
            if self.remembered and self.remembered.size == self.size:
                self._compare_memory(self.remembered)
            if not chunk:
                break
        while due is not None:
            self.verdict.found(
                f"A checkpoint of {due.size} entries is signed, and the log has {self.size}: its end was cut off.",
                table="audit_checkpoint",
            )
            due = next(self.checkpoints, None)
        self._conclude()

    def _leaves(self) -> Iterator[bytes]:
        rows = self.reader.stream(
            f"SELECT l.idx, l.event_id, l.xid, l.hash, {EVENT} FROM audit_leaf l"  # noqa: S608 - our own column names
            " LEFT JOIN audit_event e ON e.id = l.event_id ORDER BY l.idx"
        )
        expected = 0
        for index, event_id, xid, leaf, *columns in rows:
            where = {"table": "audit_leaf", "row": index}
            if index != expected:
                self.verdict.found(f"Entry {expected} of the log is missing: the next leaf is {index}.", **where)
            expected = index + 1
            event = dict(zip(COLUMNS, columns, strict=True))
            if event["id"] is None:
                self.verdict.found(f"Entry {index} of the log has lost its event {event_id}.", **where)
            else:
                check_event(event, self.verdict, bytes(leaf))
                if event["xid"] != xid:
                    self.verdict.found(
                        f"Event {event_id}: its column xid says {event['xid']}, and its leaf {index} says {xid}.",
                        table="audit_event",
                        row=event_id,
                        column="xid",
                        event=event["event_uuid"],
                    )
            self.verdict.count("entries")
            yield bytes(leaf)

    # --- tiles

    def _compare_tiles(self, tiles: merkle.Tiles) -> None:
        self.grown |= tiles
        for (level, number), hashes in list(self.grown.items()):
            if len(hashes) == merkle.TILE * merkle.HASH:
                self._compare_tile(level, number, self.grown.pop((level, number)))

    def _compare_tile(self, level: int, number: int, hashes: bytes) -> None:
        self.verdict.count("tiles")
        rows = self.reader.all("SELECT hashes FROM audit_tile WHERE level = %s AND n = %s", [level, number])
        stored = bytes(rows[0][0]) if rows else None
        if stored == hashes:
            return
        where = {"table": "audit_tile", "row": f"{level}/{number}"}
        if stored is None:
            self.verdict.found(f"Tile {level}/{number} of the log is missing.", **where)
            return
        pairs = zip(merkle.hashes(stored), merkle.hashes(hashes), strict=False)
        place = next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(stored), len(hashes)) // 32)
        first = (number * merkle.TILE + place) << 8 * level
        self.verdict.found(
            f"Tile {level}/{number} does not fit the leaves, from hash {place} on (entry {first} of the log).", **where
        )

    def _surplus_tiles(self) -> None:
        for level, number in self.reader.stream("SELECT level, n FROM audit_tile ORDER BY level, n"):
            if number * merkle.TILE >= self.size >> 8 * level:
                self.verdict.found(
                    f"Tile {level}/{number} belongs to no entry: the log has {self.size}.",
                    table="audit_tile",
                    row=f"{level}/{number}",
                )

    # --- checkpoints

    def _checkpoints(self) -> Iterator[notes.Head]:
        """The heads of the stored checkpoints, as far as they are signed, in the order of their size."""
        verifier = self._verifier()
        rows = self.reader.stream("SELECT number, size, note, signed_at, seal FROM audit_checkpoint ORDER BY number")
        last = 0
        for number, size, note, signed_at, seal in rows:
            self.verdict.count("checkpoints")
            where = {"table": "audit_checkpoint", "row": number}
            if number != last + 1:
                self.verdict.found(f"Checkpoint {last + 1} is missing: the next one is {number}.", **where)
            last, self.last_checkpoint = number, (number, size)
            checkpoint = Checkpoint(number=number, size=size, note=note, signed_at=signed_at)
            if not hmac.compare_digest(bytes(seal), ledger.seal(checkpoint.sealed_text)):
                self.verdict.found(f"Checkpoint {number} was not written by casemgr, or has changed since.", **where)
            try:
                head = notes.Head.parse(verifier.open(note) if verifier else note.partition("\n\n")[0] + "\n")
            except notes.BadNote as error:
                self.verdict.found(f"Checkpoint {number} cannot be trusted: {error}.", column="note", **where)
                continue
            if (head.origin, head.size) != (settings.TRAIL_ORIGIN, size):
                self.verdict.found(
                    f"Checkpoint {number} is signed for {head.size} entries of {head.origin}; its column says {size}.",
                    column="size",
                    **where,
                )
            elif head.size < self.size:
                self.verdict.found(f"Checkpoint {number} is smaller than one before it.", column="size", **where)
            else:
                yield head

    def _verifier(self) -> notes.Verifiers | None:
        try:
            verifier = notes.load_verifier(settings.TRAIL_KEY_FILE)
        except (notes.BadNote, OSError) as error:
            self.verdict.found(f"The log's key {settings.TRAIL_KEY_FILE} cannot be used: {error}.")
            return None
        if verifier is None and self.reader.one("SELECT EXISTS (SELECT FROM audit_checkpoint)")[0]:
            self.verdict.found(f"The log's key {settings.TRAIL_KEY_FILE} is not there: no signature can be checked.")
        return verifier

    def _compare_root(self, head: notes.Head) -> None:
        if merkle.edge_root(self.edge) != head.root:
            self.contradicted.append(head.size)
        elif not self.contradicted:
            self.good = head.size

    def _remembered(self) -> notes.Head | None:
        """What the signer remembers beside its key, out of the database's reach."""
        try:
            memory = sequencer.connect().last()
            return sequencer.head_of(memory, "The signer's memory") if memory else None
        except (sequencer.Refused, sequencer.Unreachable, OSError) as error:
            self.verdict.found(f"The signer's memory cannot be used: {error}")
            return None

    def _compare_memory(self, head: notes.Head) -> None:
        if merkle.edge_root(self.edge) != head.root:
            self.verdict.found(f"The first {head.size} entries are not those that the signer remembers to have signed.")
        self.remembered = None

    def _conclude(self) -> None:
        for (level, number), hashes in sorted(self.grown.items()):
            self._compare_tile(level, number, hashes)
        self._surplus_tiles()
        if self.contradicted:
            self.verdict.found(
                f"{len(self.contradicted)} signed checkpoints, of {self.contradicted[0]} to {self.contradicted[-1]} "
                f"entries, have another root than the log: a leaf among entries {self.good} to "
                f"{self.contradicted[0] - 1} was changed, removed or put in.",
                table="audit_leaf",
                row=f"{self.good}-{self.contradicted[0] - 1}",
            )
        if self.remembered:
            self.verdict.found(
                f"The signer remembers a checkpoint of {self.remembered.size} entries, and the log has {self.size}: "
                "its end was cut off, or it is an older copy."
            )
        self._state()

    def _state(self) -> None:
        rows = self.reader.all("SELECT size, signed, checkpoints, low_xid, system_identifier, seal FROM audit_logstate")
        if not rows and self.size:
            self.verdict.found("The state of the log is missing.", table="audit_logstate")
        for size, signed, checkpoints, low_xid, system_identifier, seal in rows:
            state = LogState(
                size=size,
                signed=signed,
                checkpoints=checkpoints,
                low_xid=low_xid,
                system_identifier=system_identifier,
            )
            if not hmac.compare_digest(bytes(seal), ledger.seal(state.sealed_text)):
                self.verdict.found(
                    "The state of the log was changed by something other than casemgr.", table="audit_logstate", row=1
                )
            if size != self.size:
                self.verdict.found(
                    f"The state of the log says {size} entries, and there are {self.size}.",
                    table="audit_logstate",
                    row=1,
                    column="size",
                )
            if (checkpoints, signed) != self.last_checkpoint:
                self.verdict.found(
                    f"The state of the log says that checkpoint {checkpoints} signed {signed} entries, and the last "
                    f"one is checkpoint {self.last_checkpoint[0]} of {self.last_checkpoint[1]}.",
                    table="audit_checkpoint",
                )
            self.verdict.count("entries still without a signature", max(size - signed, 0))


def _unsequenced(reader: Reader, verdict: Verdict) -> None:
    """Events without a place yet are checked like the others, but for the tree."""
    rows = reader.stream(
        f"SELECT {EVENT} FROM audit_event e"  # noqa: S608 - our own column names
        " WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) ORDER BY e.id"
    )
    for columns in rows:
        check_event(dict(zip(COLUMNS, columns, strict=True)), verdict)


def _guards(reader: Reader, verdict: Verdict) -> None:
    """The triggers that refuse writes past the ledger are there and switched on."""
    states = dict(reader.all("SELECT tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'pgtrigger%%'"))
    for model, trigger in pgtrigger.registered():
        table = model._meta.db_table
        state = states.get(trigger.get_pgid(model))
        verdict.count("guards")
        if state not in ("O", "A"):
            verdict.found(
                f"The guard {trigger.name} of table {table} is {'switched off' if state else 'missing'}: "
                "the database no longer refuses what it should.",
                table=table,
            )
    bodies = dict(reader.all("SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)", [list(GUARD_FUNCTIONS)]))
    for name, says in GUARD_FUNCTIONS.items():
        verdict.count("guards")
        if bodies.get(name) != says:
            state = "not as casemgr writes it" if name in bodies else "missing"
            verdict.found(
                f"The function {name}, which guards ask, is {state}: the database no longer refuses what it "
                "should. `manage.py migrate` writes it anew."
            )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
