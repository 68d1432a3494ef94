"""Sealed orders of blind trials: commit and reveal (Brassard, Chaum, Crépeau 1988), by SHA-256 over JSON.

The order is drawn here or elsewhere; casemgr keeps its hash. A random secret is hashed with it: without one, twenty
names could be tried in every order until the hash fits.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

import rfc8785

FORMAT = "casemgr.sealed-order/1"


def draw(names: Sequence[str]) -> tuple[dict[str, str], str]:
    """A random order of the names under labels S01, S02, …, and the secret that seals it."""
    shuffled = list(names)
    secrets.SystemRandom().shuffle(shuffled)
    return dict(zip(labels(len(shuffled)), shuffled, strict=True)), secrets.token_hex(32)


def labels(number: int) -> list[str]:
    width = max(2, len(str(number)))
    return [f"S{place:0{width}d}" for place in range(1, number + 1)]


def commitment(order: dict[str, str], secret: str) -> str:
    """The SHA-256 that a sealed order is committed by."""
    return hashlib.sha256(rfc8785.dumps({"format": FORMAT, "order": order, "secret": secret})).hexdigest()


def opens(order: dict[str, str], secret: str, committed: str) -> bool:
    return hmac.compare_digest(commitment(order, secret), committed)
