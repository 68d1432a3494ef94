"""The log as the sequencer writes it, for tests that never commit: inside the test's own transaction."""

from django.conf import settings
from django.utils import timezone

from apps.audit import ledger
from apps.audit.log import merkle, notes
from apps.audit.models import Checkpoint, Event, Leaf, Tile


def sequence_here() -> None:
    """Give every event its place and sign a checkpoint over all of them."""
    events = list(Event.objects.order_by("xid", "id"))
    leaves = [merkle.leaf_hash(bytes(event.body)) for event in events]
    placed = enumerate(zip(events, leaves, strict=True))
    rows = [Leaf(idx=index, event_id=event.pk, xid=event.xid, hash=leaf) for index, (event, leaf) in placed]
    Leaf.objects.bulk_create(rows, ignore_conflicts=True)
    edge, tiles = merkle.append(0, [], leaves)
    for (level, number), hashes in tiles.items():
        Tile.objects.update_or_create(level=level, n=number, defaults={"hashes": hashes})
    if not Checkpoint.objects.filter(size=len(leaves)).exists():
        signer = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN)
        note = signer.sign(str(notes.Head(signer.name, len(leaves), merkle.edge_root(edge))))
        number, now = Checkpoint.objects.count() + 1, timezone.now()
        checkpoint = Checkpoint(number=number, size=len(leaves), note=note, signed_at=now)
        checkpoint.seal = ledger.seal(checkpoint.sealed_text)
        checkpoint.save(force_insert=True)
