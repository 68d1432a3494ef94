"""Proofs that anyone can check offline: C2SP tlog-proof of an event, and what continues an earlier checkpoint."""

from base64 import b64encode
from collections.abc import Iterable
from functools import cached_property

from django.db.models import Exists, OuterRef, Q

from apps.audit.log import merkle, notes
from apps.audit.models import Anchor, Checkpoint, Event, Leaf, Tile

HEADER = "c2sp.org/tlog-proof@v1"


class NotSequenced(Exception):
    """The event has no place in the log that a checkpoint covers yet; the sequencer gives it one within a second."""


def proof_of(event: Event) -> str:
    """The event's tlog-proof against the best anchored checkpoint over it. Raises NotSequenced."""
    index = place_of(event)
    return Prover(checkpoint_for(index)).proof(index)


def place_of(event: Event) -> int:
    """The event's index in the log. Raises NotSequenced."""
    index = Leaf.objects.filter(event_id=event.pk).values_list("idx", flat=True).first()
    if index is None:
        raise NotSequenced(f"event {event.event_uuid} is not in the log yet")
    return index


def checkpoint_for(index: int) -> Checkpoint:
    """The latest checkpoint over this entry that is witnessed and time-stamped; else the latest witnessed, the latest
    time-stamped, or the latest of all. Raises NotSequenced."""
    anchors = Anchor.objects.filter(size__gt=index).order_by("-size")
    witnessed = anchors.filter(kind=Anchor.Kind.WITNESS)
    stamped = anchors.filter(kind=Anchor.Kind.TIMESTAMP)
    both = stamped.filter(Exists(Anchor.objects.filter(kind=Anchor.Kind.WITNESS, size=OuterRef("size"))))
    sizes = (found.values_list("size", flat=True).first() for found in (both, witnessed, stamped))
    covering = Checkpoint.objects.filter(size__gt=index).order_by("-size")
    size = next(filter(None, sizes), None)
    found = covering.filter(size=size).first() if size else covering.first()
    if found is None:
        raise NotSequenced(f"no checkpoint covers entry {index} of the log yet")
    return found


class Prover:
    """Makes proofs against one checkpoint, and reads each tile that they need once."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.size = checkpoint.size
        self._signed = checkpoint.note
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._range_hash = merkle.from_tiles(self._tile)

    @cached_property
    def note(self) -> str:
        """The checkpoint with the cosignatures that witnesses gave it (C2SP tlog-cosignature)."""
        note = self._signed
        for anchor in Anchor.objects.filter(kind=Anchor.Kind.WITNESS, size=self.size).order_by("id"):
            note = notes.with_signatures(note, bytes(anchor.token).decode())
        return note

    @property
    def head(self) -> notes.Head:
        return notes.Head.parse(notes.split(self._signed)[0])

    def proof(self, index: int, *, extra: bytes = b"") -> str:
        """The tlog-proof of the entry at `index`; `extra` is carried along, and proves nothing by itself."""
        self._read(merkle.tiles_of_proof(index, self.size))
        path = merkle.inclusion_proof(index, self.size, self._range_hash)
        lines = [HEADER, *([f"extra {_b64(extra)}"] if extra else []), f"index {index}", *map(_b64, path)]
        return "\n".join(lines) + f"\n\n{self.note}"

    def continuation(self, old: int) -> str:
        """That this checkpoint's tree begins with the one of `old` entries, as C2SP tlog-witness writes it: the size,
        the consistency proof, an empty line, the checkpoint."""
        path = merkle.consistency_proof(old, self.size, self._range_hash)
        return "\n".join([f"old {old}", *map(_b64, path)]) + f"\n\n{self.note}"

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            self._read([(level, number)])
        return self._tiles[level, number]

    def _read(self, places: Iterable[tuple[int, int]]) -> None:
        missing = [Q(level=level, n=number) for level, number in places if (level, number) not in self._tiles]
        if not missing:
            return
        found = Tile.objects.filter(Q(*missing, _connector=Q.OR)).values_list("level", "n", "hashes")
        for level, number, hashes in found:
            self._tiles[level, number] = bytes(hashes)


def _b64(data: bytes) -> str:
    return b64encode(data).decode()
