"""The parties outside, as the settings name them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.audit.models import Anchor, Checkpoint


class Unobtained(Exception):
    """A party gave no anchor that can be kept; says why, in a sentence."""


@dataclass(frozen=True)
class Obtained:
    """What a party gave, verified: under which of its names, and the time that it says itself."""

    by: str
    token: bytes
    stated_at: datetime | None


class Party(Protocol):
    """Somebody outside who can be asked for an anchor. A witness has a name for each of its keys."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def kind(self) -> Anchor.Kind: ...

    @property
    def every(self) -> timedelta:
        """How often it is asked, as long as there is something new and nobody waits for it."""
        ...

    def obtain(self, checkpoint: Checkpoint) -> list[Obtained]:
        """Ask for anchors of a checkpoint, at least one, and verify them. Raises Unobtained."""
        ...

    def judge(self, anchor: Anchor, checkpoint: Checkpoint) -> datetime | None:
        """Verify a kept anchor again; the time that it states. Raises Unobtained."""
        ...


def configured() -> list[Party]:
    """Every party that the settings name: witnesses, authorities, stores. Raises ImproperlyConfigured."""
    from apps.audit.anchors import copies, timestamps, witnesses

    parties: list[Party] = [*witnesses.configured(), *timestamps.configured(), *copies.configured()]
    names = [name for party in parties for name in party.names]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ImproperlyConfigured(f"Two parties of the trail are called {', '.join(doubled)}; give each its own name.")
    return parties


def needs() -> list[str]:
    """What a document waits for, in the order of the stages. Raises ImproperlyConfigured for another word."""
    known = ["sequenced", "witnessed", "timestamped"]
    if unknown := sorted(set(settings.TRAIL_ISSUE_NEEDS) - set(known)):
        raise ImproperlyConfigured(f"TRAIL_ISSUE_NEEDS names {', '.join(unknown)}; there are {', '.join(known)}.")
    return [need for need in known if need in settings.TRAIL_ISSUE_NEEDS]
