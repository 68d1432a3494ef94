"""Part of a population as an incremental run of the application sees it: new accounts, whom they touch, known rings.

Each known ring is a single row."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apps.accounts.linkage import graph
from apps.accounts.linkage.evidence import IS_STRONG, Centroids, Elsewhere, Evidence, Found, Rhythm, Settings


@dataclass(frozen=True)
class Known:
    """What the last full run found, of a whole population."""

    ring: np.ndarray  # int32[A], -1: none or new
    settled_before: float | None = None
    week: np.ndarray | None = None  # float64[168]
    centroids: Centroids | None = None

    @classmethod
    def of(cls, found: Found) -> "Known":
        return cls(found.ring, found.settled_before, found.week, found.centroids)


@dataclass(frozen=True)
class Touched:
    """The part of a population that an incremental run looks at: accounts, then a row for every ring."""

    accounts: np.ndarray  # int[rows]: the account of the population, -1 - r for the row of ring r
    evidence: Evidence
    rhythm: Rhythm | None


def around(
    evidence: Evidence, new: np.ndarray, known: Known, rhythm: Rhythm | None = None, settings: Settings | None = None
) -> Touched:
    """Cuts out of a population what an incremental run looks at.

    New accounts (indices), and whoever outside rings hangs together with them over strong values.
    """
    settings = settings or Settings()
    free = known.ring < 0
    total = np.bincount(evidence.value, minlength=len(evidence.kind))
    strong = IS_STRONG[evidence.kind] & (total > 1) & (total <= settings.hub)
    rows = np.flatnonzero(strong[evidence.value] & free[evidence.holder])
    holder, value = evidence.holder[rows], evidence.value[rows]
    inside = np.zeros(len(evidence), bool)
    inside[new] = free[new]
    before = 0
    while before < inside.sum():
        before = int(inside.sum())
        held = np.zeros(len(evidence.kind), bool)
        held[value[inside[holder]]] = True
        inside[holder[held[value]]] = True
    accounts = np.flatnonzero(inside)
    part = _part(evidence, inside, accounts, known)
    rings = len(part) - len(accounts)
    beat = _rhythm_of(rhythm, inside, accounts, known) if rhythm is not None else None
    return Touched(np.r_[accounts, -1 - np.arange(rings)], part, beat)


def _part(evidence: Evidence, inside: np.ndarray, accounts: np.ndarray, known: Known) -> Evidence:
    """The accounts, then a row for every ring, with the values that the accounts hold or that two of a ring hold."""
    ring, rings = known.ring, int(known.ring.max(initial=-1)) + 1
    member = ring[evidence.holder]
    rows = np.flatnonzero(inside[evidence.holder])
    values = graph.unique(evidence.value[rows])
    number = np.full(len(evidence.kind), -1, np.int64)
    number[values] = np.arange(len(values))
    theirs = np.flatnonzero((member >= 0) & (number[evidence.value] >= 0) & ~inside[evidence.holder])
    edge, times = np.unique(
        member[theirs] * np.int64(max(1, len(values))) + number[evidence.value[theirs]], return_counts=True
    )
    row_of = np.zeros(len(evidence), np.int64)
    row_of[accounts] = np.arange(len(accounts))
    settled = (ring < 0) & ~inside
    if evidence.opened is not None and known.settled_before is not None:
        settled &= evidence.opened < known.settled_before
    apart = (ring < 0) & ~inside

    def held_by(who: np.ndarray) -> np.ndarray:
        return np.bincount(evidence.value[who[evidence.holder]], minlength=len(evidence.kind))[values]

    def with_rings(column: np.ndarray | None, of_ring: np.ndarray) -> np.ndarray | None:
        return None if column is None else np.r_[column[accounts], of_ring].astype(column.dtype)

    size = np.bincount(ring[ring >= 0], minlength=rings)
    return Evidence(
        np.vstack([evidence.accounts[accounts], np.full((rings, 16), 255, np.uint8)]),
        np.r_[row_of[evidence.holder[rows]], len(accounts) + edge // max(1, len(values))].astype(np.int32),
        np.r_[number[evidence.value[rows]], edge % max(1, len(values))].astype(np.int32),
        evidence.kind[values],
        evidence.key[values],
        with_rings(evidence.opened, _of_rings(evidence.opened, ring, rings, np.median)),
        with_rings(evidence.trusted, np.zeros(rings)),
        with_rings(evidence.organisation, _of_rings(evidence.organisation, ring, rings, _commonest)),
        with_rings(evidence.allowed, _of_rings(evidence.allowed, ring, rings, lambda of: of.mean() >= 0.8)),
        np.r_[np.ones(len(accounts)), size].astype(np.int32),
        np.r_[np.ones(len(rows)), times].astype(np.int32),
        Elsewhere(int(apart.sum()), int(settled.sum()), held_by(apart), held_by(settled), known.settled_before),
    )


def _of_rings(
    column: np.ndarray | None, ring: np.ndarray, rings: int, of: Callable[[np.ndarray], object]
) -> np.ndarray:
    """One value for each ring, of those of its accounts."""
    if column is None or not rings:
        return np.zeros(rings)
    rows = np.flatnonzero(ring >= 0)
    rows = rows[np.argsort(ring[rows], kind="stable")]
    return np.array([of(part) for part in np.split(column[rows], np.flatnonzero(np.diff(ring[rows])) + 1)])


def _commonest(codes: np.ndarray) -> int:
    """The organisation of nearly all, or none."""
    names, count = np.unique(codes, return_counts=True)
    return int(names[count.argmax()]) if count.max() >= 0.8 * len(codes) else -1


def _rhythm_of(rhythm: Rhythm, inside: np.ndarray, accounts: np.ndarray, known: Known) -> Rhythm:
    if (np.diff(rhythm.account) >= 0).all():
        begin, end = (np.searchsorted(rhythm.account, accounts, side=side) for side in ("left", "right"))
        length = end - begin
        rows = np.repeat(begin - np.r_[0, np.cumsum(length)[:-1]], length) + np.arange(length.sum())
    else:
        rows = np.flatnonzero(inside[rhythm.account])
    place = np.searchsorted(accounts, rhythm.account[rows]).astype(np.int32)
    rings = known.centroids
    at = None if rings is None else Centroids(len(accounts) + rings.row, rings.total, rings.tested)
    return Rhythm(place, rhythm.hour[rows], rhythm.count[rows], rhythm.hours, known.week, at)
