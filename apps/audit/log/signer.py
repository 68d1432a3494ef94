"""The signer: the only one that holds the log's key, and the memory of what it signed last.

It is asked to sign a tree that grew. It is given the edge of the tree that it signed last, which it tells by the root,
and every new entry with its seal. It checks the seals, appends the entries itself, and signs only what comes out of
that: so it cannot be made to sign a tree that does not continue its last one, nor one with an entry that casemgr did
not write (tlog-checkpoint: "A log MUST not sign any checkpoint which is inconsistent with any checkpoint it previously
signed"). What it signs is on disk before it is told; asked for the same tree again, it gives the same note again.

`Signer` does this in the process that calls it, under a lock on its files; `connection.RemoteSigner` asks a process of
its own (`manage.py signer`), where the key is out of the reach of the sequencer and of its database.
"""

import fcntl
import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from apps.audit.log import merkle, notes

AT_ONCE = 4096  # entries whose leaves are appended together


class Refused(Exception):
    """Signing would contradict what was signed before; says what does not fit and what to do."""


@dataclass(frozen=True)
class Entry:
    """What a leaf is made of, and the HMAC that says who made it."""

    body: bytes
    seal: bytes


@dataclass(frozen=True)
class Growth:
    """A tree that shall be signed: the one that was signed last, and what it has become."""

    last: str  # the note of the last checkpoint, as the asker has it; empty when there is none
    edge: merkle.Edge  # of the tree in that note
    size: int
    root: bytes


class Signer:
    """Signs with the key in a file, and remembers beside it."""

    def __init__(self, key_file: Path, origin: str, seal: Callable[[bytes], bytes]) -> None:
        self.key_file, self.origin, self.seal = key_file, origin, seal

    @property
    def memory_file(self) -> Path:
        return self.key_file.with_name(f"{self.key_file.name}.last")

    def last(self) -> str:
        """The note that was signed last; empty when none was. Raises OSError."""
        try:
            return self.memory_file.read_text()
        except FileNotFoundError:
            return ""

    def sign(self, growth: Growth, entries: Iterable[Entry]) -> str:
        """The note of the grown tree. Raises Refused, BadNote, OSError."""
        keys = notes.load_or_make_signer(self.key_file, self.origin)
        verifier = notes.load_verifier(self.key_file) or keys.verifier
        with self._alone():
            memory = self.last()
            before = self._known(memory, growth, verifier)
            if memory and (before.size, before.root) == (growth.size, growth.root):
                return memory  # it was signed, and the answer was lost
            self._refuse_other_past(before, growth)
            grown = self._grow(before.size, growth.edge, entries)
            if (grown.size, grown.root) != (growth.size, growth.root):
                raise Refused(
                    f"The entries give a tree of {grown.size} with another root than that of the {growth.size} leaves "
                    "that the database holds: a leaf or an event was changed. Nothing more is signed; run verify_trail."
                )
            note = keys.sign(str(grown))
            notes.replace(self.memory_file, note)
            return note

    def _known(self, memory: str, growth: Growth, verifier: notes.Verifiers) -> notes.Head:
        """What was signed last: what the signer remembers, or, without a memory, what it can see that it signed."""
        if not (memory or growth.last):
            return notes.Head(self.origin, 0, merkle.EMPTY_ROOT)
        try:
            head = notes.Head.parse(verifier.open(memory or growth.last))
        except notes.BadNote as error:
            what = "The remembered checkpoint" if memory else "The last checkpoint"
            raise Refused(f"{what} cannot be trusted: {error}. Nothing more is signed.") from error
        if head.origin != self.origin:
            raise Refused(f"The last checkpoint is of {head.origin}, and the trail is called {self.origin}.")
        return head

    def _refuse_other_past(self, before: notes.Head, growth: Growth) -> None:
        widths = [len(row) for row in growth.edge]
        fits = widths == [width for _, _, width in merkle.edge_tiles(before.size)]
        if fits and merkle.edge_root(growth.edge) == before.root:
            return
        if growth.size < before.size:
            raise Refused(rollback(before.size, growth.size, self.memory_file))
        raise Refused(
            f"The first {before.size} entries are not those that were signed: the log is another one, or it has lost "
            f"its end and grown anew. If that is meant, as for a new installation, record why and move "
            f"{self.memory_file} away."
        )

    def _grow(self, size: int, edge: merkle.Edge, entries: Iterable[Entry]) -> notes.Head:
        stream = iter(entries)
        while chunk := list(islice(stream, AT_ONCE)):
            leaves = []
            for place, entry in enumerate(chunk, start=size):
                if not hmac.compare_digest(self.seal(entry.body), entry.seal):
                    raise Refused(
                        f"Entry {place} of the log is not as casemgr sealed it, or signer and sequencer have not the "
                        "same EVENT_SEAL_KEY. Nothing more is signed; run verify_trail."
                    )
                leaves.append(merkle.leaf_hash(entry.body))
            edge, _ = merkle.append(size, edge, leaves)
            size += len(leaves)
        return notes.Head(self.origin, size, merkle.edge_root(edge))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Between reading the memory and replacing it nobody else signs, in whichever process."""
        lock = os.open(self.key_file.with_name(f"{self.key_file.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def rollback(signed: int, held: int, memory: Path | str) -> str:
    return (
        f"A checkpoint of {signed} entries was signed, and the database holds {held}: it is an older copy, or its end "
        f"was cut off. Restore the newer one. If the older one is meant to go on, record why and move {memory} away."
    )
