"""From accounts to rings: pure computation on arrays. See docs/linkage.md."""

from apps.accounts.linkage.evidence import (
    EXPLAINED,
    FAMILIES,
    FAMILY,
    HOWS,
    KINDS,
    STRONG,
    SYNCHRONY,
    Centroids,
    Elsewhere,
    Evidence,
    Found,
    Links,
    Rhythm,
    Settings,
    Ties,
)
from apps.accounts.linkage.finding import Join, find
from apps.accounts.linkage.search import Search

__all__ = [
    "EXPLAINED", "FAMILIES", "FAMILY", "HOWS", "KINDS", "STRONG", "SYNCHRONY", "Centroids", "Elsewhere", "Evidence",
    "Found", "Join", "Links", "Rhythm", "Search", "Settings", "Ties", "find",
]  # fmt: skip
