"""Is the log intact? Every entry, leaf, tile and signature is computed again from the bodies of the events.

A walk may begin where an earlier one ended: at a size whose root that one has seen. The stored tiles have to give that
root again, and the entries before it are not read; of those, `sample` reads a share.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import pgtrigger
from django.conf import settings

from apps.audit import ledger
from apps.audit.log import merkle, notes, sequencer
from apps.audit.models import GUARD_FUNCTIONS, Checkpoint, LogState
from apps.audit.verify import events
from apps.audit.verify.completeness import References
from apps.audit.verify.reading import Reader
from apps.audit.verify.report import Verdict
from apps.audit.verify.tree import Tree, tile_root

CHUNK = 1000


@dataclass(frozen=True)
class Mark:
    """How far a log was verified, and what it hashed to."""

    size: int = 0
    root: str = ""


@dataclass(frozen=True)
class Memory:
    """What the signer remembers beside its key, out of the database's reach; or why it cannot be asked."""

    head: notes.Head | None = None
    problem: str = ""

    @classmethod
    def ask(cls) -> "Memory":
        """To be asked before the database is read: what is signed in between would look cut off."""
        try:
            note = sequencer.connect().last()
            return cls(sequencer.head_of(note, "The signer's memory") if note else None)
        except (sequencer.Refused, sequencer.Unreachable, OSError) as error:
            return cls(problem=str(error))


class Log:
    """Grows the tree again, leaf by leaf, and holds it against what is stored and signed."""

    def __init__(self, reader: Reader, verdict: Verdict, references: References, since: Mark, memory: "Memory") -> None:
        """Raises LookupError when the stored tiles no longer give the root that was verified before."""
        self.reader, self.verdict, self.references = reader, verdict, references
        self.check_event = events.Check(verdict)
        self.since = since
        self.tree = self._begun(since)
        self.leaves = self._leaves()
        self.contradicted: list[int] = []
        self.good = since.size  # size of the last checkpoint whose root is right
        self.last_checkpoint = (0, 0)  # number and size
        self.checkpoints = self._checkpoints()
        self.due = next(self.checkpoints, None)
        self.remembered = memory.head
        if memory.problem:
            verdict.found(f"The signer's memory cannot be used: {memory.problem}")

    @property
    def mark(self) -> Mark:
        return Mark(self.tree.size, self.tree.root().hex())

    def walk(self, stop: int) -> bool:
        """Read on up to this size; returns whether there is more."""
        while self.tree.size < stop:
            stops = [head.size for head in (self.due, self.remembered) if head and head.size > self.tree.size]
            room = min([size - self.tree.size for size in [*stops, stop]] + [CHUNK])
            chunk = list(islice(self.leaves, room))
            self.references.check()  # of exactly these: a walk that is interrupted goes on after them
            self.verdict.count("entries", len(chunk))
            if not chunk:
                return False
            for leaf in chunk:
                for level, number, hashes in self.tree.append(leaf):
                    self._compare_tile(level, number, hashes)
            self._compare_checkpoints()
        return True

    def conclude(self) -> None:
        self._compare_checkpoints()  # also of an empty walk
        while self.due is not None:
            self.verdict.found(
                f"A checkpoint of {self.due.size} entries is signed, and the log has {self.tree.size}: its end was cut "
                "off.",
                table="audit_checkpoint",
            )
            self.due = next(self.checkpoints, None)
        for level, number, hashes in self.tree.partial():
            self._compare_tile(level, number, hashes)
        self._surplus_tiles()
        self._conclude_checkpoints()
        self._state()
        self._unsequenced()

    # --- leaves

    def _begun(self, since: Mark) -> Tree:
        rows = []
        for level, number, width in merkle.edge_tiles(since.size):
            found = self.reader.all("SELECT hashes FROM audit_tile WHERE level = %s AND n = %s", [level, number])
            rows.append(merkle.hashes(found[0][0])[:width] if found and width else [])
        tree = Tree(since.size, rows)
        if since.size and tree.root().hex() != since.root:
            raise LookupError(f"the tiles of the first {since.size} entries are not those that were verified before")
        return tree

    def _leaves(self) -> Iterator[bytes]:
        rows = self.reader.stream(
            f"SELECT {events.COLUMNS}, l.idx, l.event_id, l.xid, l.hash FROM audit_leaf l"  # noqa: S608 - our names
            " LEFT JOIN audit_event e ON e.id = l.event_id WHERE l.idx >= %s ORDER BY l.idx",
            [self.since.size],
            binary=True,
        )
        expected = self.since.size
        for row in rows:
            index, event_id, xid, leaf = row[-4:]
            if index != expected:
                self.verdict.found(
                    f"Entry {expected} of the log is missing: the next leaf is {index}.", table="audit_leaf", row=index
                )
            expected = index + 1
            self._entry(index, event_id, xid, leaf, events.Stored._make(row[:-4]))
            yield leaf

    def _entry(self, index: int, event_id: int, xid: int, leaf: bytes, event: events.Stored) -> None:
        if event.id is None:
            self.verdict.found(
                f"Entry {index} of the log has lost its event {event_id}.", table="audit_leaf", row=index
            )
            return
        self.references.add(event, self.check_event(event, leaf))
        if event.xid != xid:
            self.verdict.found(
                f"Event {event_id}: its column xid says {event.xid}, and its leaf {index} says {xid}.",
                table="audit_event",
                row=event_id,
                column="xid",
                event=event.event_uuid,
            )

    def _unsequenced(self) -> None:
        """Events without a place yet are checked like the others, but for the tree."""
        rows = self.reader.stream(
            f"SELECT {events.COLUMNS} FROM audit_event e"  # noqa: S608 - our own column names
            " WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) ORDER BY e.id"
        )
        while chunk := list(islice(rows, CHUNK)):
            for columns in chunk:
                event = events.Stored._make(columns)
                self.references.add(event, self.check_event(event))
            self.references.check()

    # --- what was verified before

    def sample(self, share: int, of: int, before: int) -> None:
        """Of the first `before` entries read each `of`th tile again, and all tiles above; and look whether each of
        those entries still has its event."""
        for index, event_id in self.reader.stream(
            "SELECT idx, event_id FROM audit_leaf l WHERE idx < %s"
            " AND NOT EXISTS (SELECT FROM audit_event e WHERE e.id = l.event_id) ORDER BY idx",
            [before],
        ):
            self.verdict.found(
                f"Entry {index} of the log has lost its event {event_id}.", table="audit_leaf", row=index
            )
        for number in range(share % of, before // merkle.TILE, of):
            self._again(number)
        above = self.reader.all("SELECT level, n, hashes FROM audit_tile WHERE level > 0 ORDER BY level, n")
        stored = {(level, number): hashes for level, number, hashes in above}
        for (level, number), hashes in stored.items():
            if len(hashes) == merkle.TILE * merkle.HASH:
                self._fits_above(level, number, hashes, stored.get((level + 1, number // merkle.TILE)))

    def _again(self, number: int) -> None:
        first = number * merkle.TILE
        rows = self.reader.all(
            f"SELECT l.hash, {events.COLUMNS} FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"  # noqa: S608
            " WHERE l.idx >= %s AND l.idx < %s ORDER BY l.idx",
            [first, first + merkle.TILE],
        )
        for leaf, *columns in rows:
            event = events.Stored._make(columns)
            self.references.add(event, self.check_event(event, leaf))
        self.references.check()
        self.verdict.count("older entries read again", len(rows))
        if len(rows) == merkle.TILE:  # a leaf that is missing was named
            hashes = b"".join(row[0] for row in rows)
            self._compare_tile(0, number, hashes)
            above = self.reader.all("SELECT hashes FROM audit_tile WHERE level = 1 AND n = %s", [number // merkle.TILE])
            self._fits_above(0, number, hashes, above[0][0] if above else None)

    def _fits_above(self, level: int, number: int, hashes: bytes, above: bytes | None) -> None:
        place = number % merkle.TILE * merkle.HASH
        if above is None or above[place : place + merkle.HASH] != tile_root(merkle.hashes(hashes)):
            self.verdict.found(
                f"Tile {level}/{number} of the log does not fit the tile above it.",
                table="audit_tile",
                row=f"{level}/{number}",
            )

    # --- tiles

    def _compare_tile(self, level: int, number: int, hashes: bytes) -> None:
        self.verdict.count("tiles")
        rows = self.reader.all("SELECT hashes FROM audit_tile WHERE level = %s AND n = %s", [level, number])
        stored = rows[0][0] if rows else None
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
            if number * merkle.TILE >= self.tree.size >> 8 * level:
                self.verdict.found(
                    f"Tile {level}/{number} belongs to no entry: the log has {self.tree.size}.",
                    table="audit_tile",
                    row=f"{level}/{number}",
                )

    # --- checkpoints

    def _checkpoints(self) -> Iterator[notes.Head]:
        """The heads of the stored checkpoints, as far as they are signed, in the order of their size."""
        verifier = self._verifier()
        last, size = self.reader.one(
            "SELECT count(*), coalesce(max(size), 0) FROM audit_checkpoint WHERE size <= %s", [self.since.size]
        )
        self.last_checkpoint = (last, size)
        rows = self.reader.stream(
            "SELECT number, size, note, signed_at, seal FROM audit_checkpoint WHERE size > %s ORDER BY number",
            [self.since.size],
        )
        for number, size, note, signed_at, seal in rows:
            self.verdict.count("checkpoints")
            where = {"table": "audit_checkpoint", "row": number}
            if number != last + 1:
                self.verdict.found(f"Checkpoint {last + 1} is missing: the next one is {number}.", **where)
            last, self.last_checkpoint = number, (number, size)
            checkpoint = Checkpoint(number=number, size=size, note=note, signed_at=datetime.fromisoformat(signed_at))
            if not hmac.compare_digest(seal, ledger.seal(checkpoint.sealed_text)):
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
            elif head.size < self.tree.size:
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

    def _compare_checkpoints(self) -> None:
        while self.due is not None and self.due.size == self.tree.size:
            if self.tree.root() != self.due.root:
                self.contradicted.append(self.due.size)
            elif not self.contradicted:
                self.good = self.due.size
            self.due = next(self.checkpoints, None)
        if self.remembered and self.remembered.size == self.tree.size:
            self._hold_to_memory(self.tree.root())

    def _hold_to_memory(self, root: bytes | None) -> None:
        """Of as many entries as the signer remembers to have signed."""
        assert self.remembered
        if root != self.remembered.root:
            self.verdict.found(
                f"The first {self.remembered.size} entries are not those that the signer remembers to have signed."
            )
        self.remembered = None

    def _conclude_checkpoints(self) -> None:
        if self.contradicted:
            self.verdict.found(
                f"{len(self.contradicted)} signed checkpoints, of {self.contradicted[0]} to {self.contradicted[-1]} "
                f"entries, have another root than the log: a leaf among entries {self.good} to "
                f"{self.contradicted[0] - 1} was changed, removed or put in.",
                table="audit_leaf",
                row=f"{self.good}-{self.contradicted[0] - 1}",
            )
        if self.remembered and self.remembered.size <= self.since.size:  # what came then has no signature yet
            self._hold_to_memory(_root_of(self.reader, self.remembered.size))
        if self.remembered:
            self.verdict.found(
                f"The signer remembers a checkpoint of {self.remembered.size} entries, and the log has "
                f"{self.tree.size}: its end was cut off, or it is an older copy."
            )

    def _state(self) -> None:
        rows = self.reader.all(
            "SELECT size, signed, checkpoints, low_xid, low_id, system_identifier, seal FROM audit_logstate"
        )
        if not rows and self.tree.size:
            self.verdict.found("The state of the log is missing.", table="audit_logstate")
        for size, signed, checkpoints, low_xid, low_id, cluster, seal in rows:
            state = LogState(
                size=size,
                signed=signed,
                checkpoints=checkpoints,
                low_xid=low_xid,
                low_id=low_id,
                system_identifier=cluster,
            )
            if not hmac.compare_digest(seal, ledger.seal(state.sealed_text)):
                self.verdict.found(
                    "The state of the log was changed by something other than casemgr.", table="audit_logstate", row=1
                )
            if size != self.tree.size:
                self.verdict.found(
                    f"The state of the log says {size} entries, and there are {self.tree.size}.",
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
            if size > signed:
                self.verdict.count("entries still without a signature", size - signed)


def guards(reader: Reader, verdict: Verdict) -> None:
    """The triggers that refuse writes past the ledger are there and switched on."""
    states: dict[Any, Any] = dict(
        reader.all("SELECT tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'pgtrigger%%'")
    )
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


def against(reader: Reader, verdict: Verdict, note: str) -> None:
    """Hold the log against a checkpoint that somebody kept: the log has to begin with what that one says."""
    try:
        verifier = notes.load_verifier(settings.TRAIL_KEY_FILE)
        if verifier is None:
            raise notes.BadNote("the log's key is not there to check its signature with")
        head = notes.Head.parse(verifier.open(note))
    except (notes.BadNote, OSError) as error:
        verdict.found(f"The checkpoint from outside cannot be used: {error}.")
        return
    (size,) = reader.one("SELECT coalesce(max(idx) + 1, 0) FROM audit_leaf")
    if head.size > size:
        verdict.found(
            f"The checkpoint from outside is of {head.size} entries, and the log has {size}: this database is an older "
            "copy, or its end was cut off."
        )
        return
    root = _root_of(reader, head.size)
    if root is None:
        verdict.found(f"The tiles of the first {head.size} entries, as the checkpoint from outside has them, are gone.")
        return
    if root != head.root:
        verdict.found(
            f"The first {head.size} entries are not those of the checkpoint from outside: this database holds another "
            "history."
        )
        return
    verdict.count("checkpoints from outside")


def _root_of(reader: Reader, size: int) -> bytes | None:
    """What the stored tiles give for the first entries; None when they are not all there."""
    stored = merkle.from_tiles(
        lambda level, n: reader.one("SELECT hashes FROM audit_tile WHERE level = %s AND n = %s", [level, n])[0]
    )
    try:
        return stored(0, size) if size else merkle.EMPTY_ROOT
    except IndexError:
        return None
