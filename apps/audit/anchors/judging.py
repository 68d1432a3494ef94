"""Are the anchors what they were? Each is verified again, and stores are asked for everything that they hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured

from apps.audit.anchors import copies, parties
from apps.audit.anchors.parties import Party, Unobtained
from apps.audit.models import Anchor, Checkpoint

NoteOf = Callable[[int], str | None]  # the checkpoint of a size, as it is stored


@dataclass(frozen=True)
class Judged:
    """An anchor and what came of verifying it: the time that its party states, or what is wrong."""

    anchor: Anchor
    stated_at: datetime | None = None
    problem: str = ""
    is_known: bool = True  # else its party is no longer in the settings, and nothing here can verify it


def judged(anchors: Iterator[Anchor], note_of: NoteOf) -> Iterator[Judged]:
    """Every anchor, held against the checkpoint of its size and the keys of its party."""
    try:
        known = {(party.kind, name): party for party in parties.configured() for name in party.names}
    except ImproperlyConfigured as error:
        yield from (Judged(anchor, problem=str(error)) for anchor in anchors)
        return
    for anchor in anchors:
        party = known.get((Anchor.Kind(anchor.kind), anchor.party)) if anchor.kind in Anchor.Kind.values else None
        yield _judge(anchor, party, note_of(anchor.size))


def _judge(anchor: Anchor, party: Party | None, note: str | None) -> Judged:
    if note is None:
        return Judged(anchor, problem="there is no checkpoint of this size: the log was cut off or rewritten")
    if party is None:
        return Judged(anchor, is_known=False)
    if party.kind == Anchor.Kind.COPY:  # the stores themselves are read as a whole, below
        return Judged(anchor, problem=copies.differs(bytes(anchor.token), note) or "")
    try:
        stated_at = party.judge(anchor, Checkpoint(size=anchor.size, note=note))
    except Unobtained as error:
        return Judged(anchor, problem=str(error).rstrip("."))
    if stated_at != anchor.stated_at:
        return Judged(anchor, problem=f"its column says {anchor.stated_at}, its token {stated_at}")
    return Judged(anchor, stated_at)


def contradictions(note_of: NoteOf) -> Iterator[str]:
    """What write-once stores hold against the log, in sentences; also copies that no row remembers."""
    try:
        stores = copies.configured()
    except ImproperlyConfigured as error:
        yield str(error)
        return
    for store in stores:
        try:
            for size, kept in store.place.everything():
                if (fault := copies.differs(kept, note_of(size))) is not None:
                    yield f"The store {store.name} holds {copies.named(size)}: {fault}."
        except Unobtained as error:
            yield f"The store {store.name} could not be read: {error}"
