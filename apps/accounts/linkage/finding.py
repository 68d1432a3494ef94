"""Finds rings: the stages one after the other, then what holds each ring together."""

from collections.abc import Callable

import numpy as np

from apps.accounts.linkage import graph
from apps.accounts.linkage.calibration import probabilities
from apps.accounts.linkage.evidence import (
    FAMILIES,
    FAMILY_OF_KIND,
    IS_STRONG,
    KINDS,
    RHYTHM,
    SYNCHRONY,
    Centroids,
    Evidence,
    Found,
    Links,
    Rhythm,
    Settings,
    Ties,
)
from apps.accounts.linkage.measures import measure
from apps.accounts.linkage.rhythm import Beat
from apps.accounts.linkage.search import BY_RHYTHM, MERGED, STRONG, Search

LEAST_BITS = 3.0  # an edge that says less holds nothing together
KEPT = 50_000  # accounts whose residuals are kept in memory between two uses: 200 MB for 45 days
Join = Callable[[Search, Callable[[str], object]], None]
CEILING_BITS = 12.0  # of a rhythm: no null distribution is known further out


def find(
    evidence: Evidence,
    settings: Settings | None = None,
    ties: Ties | None = None,
    rhythm: Rhythm | None = None,
    known: np.ndarray | None = None,
    progress: Callable[[str], object] = lambda words: None,
    join: Join | None = None,
) -> Found:
    """Rings among the accounts. `known` (int[A], -1: none) names accounts that are one ring to begin with.
    `join` does the first three stages elsewhere.

    The answer depends on what the evidence says, not on the order of its rows. Cost grows with edges, and with
    accounts x hours of the rhythm, which is read in blocks.
    """
    settings, ties = settings or Settings(), ties or Ties()
    search = Search(evidence, settings, ties, known)
    (join or _join)(search, progress)
    beat = None
    if rhythm is not None and len(rhythm.account):
        progress("Rhythm of requests")
        beat = Beat(rhythm, len(evidence), settings)
        _follow(search, beat)
        search.merge()
        search.attach()
    progress("What holds each ring together")
    ring = _numbered(search)
    together, by_chance, centroids = _synchrony(search, beat, ring)
    links = _links(search, ring, together, by_chance)
    how = _how(search, ring)
    measures = measure(search, ring, how, links, beat, together)
    return Found(
        ring,
        how,
        probabilities(ring, how, links),
        together,
        links,
        measures,
        search.settled_before,
        beat.week if beat is not None else None,
        centroids,
        sorted(search.split),
    )


def _join(search: Search, progress: Callable[[str], object]) -> None:
    """The first three stages."""
    progress("Shared cards, devices and keys")
    search.join_strong()
    progress("Rare values of several families")
    search.merge()
    search.attach()


def _follow(search: Search, beat: Beat) -> None:
    """Attaches accounts whose rhythm is a ring's: by itself, or a little less with a rare value to support it."""
    settings, suspect = search.settings, search.suspects()
    names = np.unique(search.label[suspect & (search.explained()[search.label] == 0)])
    if not len(names):
        return
    number = np.full(search.accounts, -1)
    number[names] = np.arange(len(names))
    ring = np.where(suspect, number[search.label], -1)
    if not beat.known:
        beat.learn(~suspect)
    inside = np.flatnonzero((ring >= 0) & beat.testable)
    of_rings = beat.centroids(beat.blocks(inside), ring, len(names))
    centroids, ready = of_rings.total, of_rings.tested >= settings.least
    search.in_step = _in_step(centroids[ready], names[ready], settings.in_step)
    free = ~suspect & beat.testable & ~search.trusted & ~search.cut_off
    account, home = search.supported()
    account, home = account[number[home] >= 0], home[number[home] >= 0]
    supported = np.unique(account.astype(np.int64) * len(names) + number[home])
    taken, into = [], []
    for who, r in beat.correlations(beat.blocks(np.flatnonzero(free)), centroids):
        r[:, ~ready] = -1
        best = r.argmax(axis=1)
        value = r[np.arange(len(who)), best]
        helped = np.isin(who.astype(np.int64) * len(names) + best, supported)
        yes = (value >= settings.together) | (value >= settings.reported) & helped
        taken.append(who[yes])
        into.append(names[best[yes]])
    if taken:
        search._take_in(np.concatenate(taken), np.concatenate(into), BY_RHYTHM)


def _in_step(centroids: np.ndarray, names: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of components, each in both directions, whose rhythms are so much alike."""
    plain = centroids - centroids.mean(axis=1, keepdims=True) if len(centroids) else centroids
    plain = plain / np.maximum(np.linalg.norm(plain, axis=1, keepdims=True), 1e-12)
    one, other = np.nonzero(np.triu(plain @ plain.T >= least, 1))
    return names[np.r_[one, other]].astype(np.int64), names[np.r_[other, one]].astype(np.int64)


def _numbered(search: Search) -> np.ndarray:
    """int32[A]: components of the least size or more, numbered by size, then by their first account."""
    names = graph.unique(search.label)
    count = search.sizes()[names]
    rings = count >= search.settings.least
    names, count = names[rings], count[rings]
    order = np.lexsort((names, -count))
    number = np.full(search.accounts, -1, np.int32)
    number[names[order]] = np.arange(len(names))
    return number[search.label]


def _how(search: Search, ring: np.ndarray) -> np.ndarray:
    """uint8[A]: "strong" in the largest strongly joined part of its ring, "merged" in the others."""
    how = search.how.copy()
    plain = np.flatnonzero((ring >= 0) & (how == STRONG))
    core, size = np.unique(search.core[ring >= 0], return_counts=True)
    if not len(core):
        return how
    part = np.zeros(search.accounts, np.int64)
    part[core] = size
    largest = np.zeros(ring.max() + 1, np.int64)
    inside = np.flatnonzero(ring >= 0)
    np.maximum.at(largest, ring[inside], part[search.core[inside]])
    how[plain[part[search.core[plain]] < largest[ring[plain]]]] = MERGED
    return how


def _synchrony(search: Search, beat: Beat | None, ring: np.ndarray) -> tuple[np.ndarray, float, Centroids | None]:
    """(float32[A]: correlation with the own ring's rhythm, share of accounts outside that reach it by chance, rhythms).

    By chance: the correlation of accounts outside with rhythms that were shifted by whole weeks, so that everything
    that hours of the week explain is still in them.
    """
    together = np.full(search.accounts, np.nan, np.float32)
    rings = int(ring.max(initial=-1)) + 1
    if beat is None or not rings:
        return together, 0.0, None
    inside = np.flatnonzero((ring >= 0) & beat.testable)
    blocks = list(beat.blocks(inside)) if len(inside) <= KEPT else None
    of_rings = beat.centroids(blocks or beat.blocks(inside), ring, rings)
    centroids, members = of_rings.total, of_rings.tested
    for who, r in beat.correlations(blocks or beat.blocks(inside), centroids):
        enough = members[ring[who]] >= search.settings.least
        together[who[enough]] = r[np.arange(len(who)), ring[who]][enough]
    outside = np.flatnonzero((ring < 0) & beat.testable)
    shifted = np.roll(centroids[members >= search.settings.least], 168 * max(1, beat.hours // 336), axis=1)
    outside = outside[:: max(1, len(outside) // 4096)]  # enough to tell one in a million
    high = tried = 0
    if len(shifted):
        for _, r in beat.correlations(beat.blocks(outside), shifted):
            high += int((r >= search.settings.together).sum())
            tried += r.size
    return together, (high + 0.5) / (tried + 1), of_rings


def _links(search: Search, ring: np.ndarray, together: np.ndarray, by_chance: float) -> Links:
    rings = int(ring.max(initial=-1)) + 1
    size = np.bincount(ring[ring >= 0], search.weight[ring >= 0], rings)
    e_ring = ring[search.e_holder]
    rows = np.flatnonzero(e_ring >= 0)
    holder, value, of = search.e_holder[rows], search.e_value[rows], e_ring[rows]
    _, group = graph.numbered(value.astype(np.int64) * max(1, rings) + of)
    members = np.bincount(group, search.e_times[rows])[group] if len(rows) else group
    suspect = ring >= 0
    rate = search.background(suspect)
    outside = max(1, search.settled)
    weight = np.log2(members / size[of]) - np.log2(rate[value] + 0.5 / outside) if len(of) else np.empty(0)
    ours = (members >= 3) & (members >= search.settings.held * size[of]) & (rate[value] <= search.settings.rare)
    keep = (members > 1) & (weight >= LEAST_BITS) & (ours | IS_STRONG[search.evidence.kind[value]])
    holder, value, of, members, weight = holder[keep], value[keep], of[keep], members[keep], weight[keep]
    kind = search.evidence.kind[value]
    in_step = (np.nan_to_num(together) >= search.settings.reported) & ~search.cut_off
    beats = np.flatnonzero((ring >= 0) & in_step)
    n_beats = np.bincount(ring[beats], minlength=rings)
    b_weight = np.minimum(CEILING_BITS, np.log2(n_beats[ring[beats]] / size[ring[beats]]) - np.log2(by_chance or 1))
    b_weight *= np.minimum(1, np.nan_to_num(together[beats]) / search.settings.together)
    return _sorted(
        Links(
            np.r_[holder, beats].astype(np.int32),
            np.r_[value, np.full(len(beats), SYNCHRONY)].astype(np.int32),
            np.r_[of, ring[beats]].astype(np.int32),
            np.r_[members, n_beats[ring[beats]]].astype(np.int32),
            np.r_[rate[value], np.full(len(beats), by_chance)],
            np.r_[weight, b_weight],
            np.r_[FAMILY_OF_KIND[kind], np.full(len(beats), FAMILIES.index(RHYTHM))].astype(np.uint8),
            np.r_[kind, np.full(len(beats), len(KINDS))].astype(np.uint8),
        ),
        search.evidence.key,
    )


def _sorted(links: Links, key: np.ndarray) -> Links:
    """By ring, account, kind and key: the numbers of values are the caller's and say nothing."""
    keys = np.where(links.value >= 0, key[links.value] if len(key) else 0, 0)
    order = np.lexsort((keys, links.kind, links.account, links.ring))
    return Links(**{name: getattr(links, name)[order] for name in Links.__dataclass_fields__})
