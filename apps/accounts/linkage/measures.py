"""What a ring is like as a whole: how densely it is tied, by which families, and where it would fall apart."""

from typing import Any

import numpy as np

from apps.accounts.linkage import graph, permutation
from apps.accounts.linkage.evidence import EXPLAINED, FAMILIES, IS_STRONG, SYNCHRONY, Links
from apps.accounts.linkage.rhythm import Beat
from apps.accounts.linkage.search import Search
from apps.core.later import sparse

SHOWN = 20  # bridges of a ring
LEAST_PART = 2  # accounts that fall off, before anybody calls it a bridge


def measure(
    search: Search, ring: np.ndarray, how: np.ndarray, links: Links, beat: Beat | None, together: np.ndarray
) -> list[dict[str, Any]]:
    """One dict per ring: size, density, families, hub_share, bridges, synchrony, sign_up_burst and what explains it."""
    rings = int(ring.max(initial=-1)) + 1
    size = np.bincount(ring[ring >= 0], search.weight[ring >= 0], rings)
    family = _families(links, size)
    dense = _density(search, links, size)
    hub, hub_value = _hubs(links, size)
    bridges = _bridges(links, rings)
    burst = _bursts(search.evidence.opened, ring, rings)
    explained = _explained(search, ring, rings)
    sync = _synchrony(search, ring, rings, beat, together)
    hows = np.bincount(ring[ring >= 0] * 8 + how[ring >= 0], minlength=rings * 8).reshape(rings, 8)
    return [
        {
            "size": int(size[r]),
            "density": round(float(dense[r]), 6),
            "families": {FAMILIES[f]: round(float(family[r, f]), 4) for f in np.flatnonzero(family[r])},
            "hub_share": round(float(hub[r]), 4),
            "hub_value": int(hub_value[r]),
            "bridges": bridges[r],
            "how": [int(n) for n in hows[r, :5]],
            "sign_up_burst": burst[r],
            "explained": explained[r],
        }
        | sync[r]
        for r in range(rings)
    ]


def _families(links: Links, size: np.ndarray) -> np.ndarray:
    """float[R, F]: share of a ring's members that each family holds in it."""
    wide = len(FAMILIES)
    one = np.unique(
        (links.ring.astype(np.int64) * wide + links.family) * (links.account.max(initial=0) + 1) + links.account
    )
    cell = one // (links.account.max(initial=0) + 1)
    return np.bincount(cell, minlength=len(size) * wide).reshape(len(size), wide) / np.maximum(size, 1)[:, None]


def _density(search: Search, links: Links, size: np.ndarray) -> np.ndarray:
    """float[R]: share of a ring's pairs of members that share a strong value."""
    rows = np.flatnonzero((links.value >= 0) & IS_STRONG[np.minimum(links.kind, len(IS_STRONG) - 1)])
    rows = rows[links.value[rows] >= 0]
    people, person = np.unique(links.account[rows], return_inverse=True)
    values, value = np.unique(links.value[rows], return_inverse=True)
    holds = sparse.csr_matrix((np.ones(len(rows), np.int32), (person, value)), shape=(len(people), len(values)))
    shared = (holds @ holds.T).tocoo()
    ring_of = np.zeros(len(people), np.int64)
    ring_of[person] = links.ring[rows]
    apart = (shared.row < shared.col) & (ring_of[shared.row] == ring_of[shared.col])
    pairs = np.bincount(ring_of[shared.row[apart]], minlength=len(size))
    return pairs / np.maximum(1, size * (size - 1) / 2)


def _hubs(links: Links, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(float[R], int[R]): the largest share of a ring's members that hold one value, and the value."""
    share, which = np.zeros(len(size)), np.full(len(size), -1)
    rows = np.flatnonzero(links.value >= 0)
    order = rows[np.lexsort((links.members[rows], links.ring[rows]))]
    last = order[np.r_[np.diff(links.ring[order]) > 0, True]] if len(order) else order
    share[links.ring[last]] = links.members[last] / size[links.ring[last]]
    which[links.ring[last]] = links.value[last]
    return share, which


def _bridges(links: Links, rings: int) -> list[list[dict[str, Any]]]:
    """Per ring the edges (account and value) and values without which it falls apart, gravest first.

    The rhythm is left out: it would hold everything together and nobody can cut it into parts.
    """
    out: list[list[dict[str, Any]]] = [[] for _ in range(rings)]
    rows = np.flatnonzero(links.value != SYNCHRONY)
    if not len(rows):
        return out
    wide = np.int64(max(1, rings))
    node = links.value[rows].astype(np.int64) * wide + links.ring[rows]  # a value is another one in another ring
    cut = graph.cuts(links.account[rows], node)
    near = cut.whole - cut.below
    for i in np.flatnonzero((cut.below >= LEAST_PART) & (near >= LEAST_PART)):
        sizes = sorted((int(near[i]), int(cut.below[i])), reverse=True)
        row = rows[i]
        out[links.ring[row]].append(
            {"account": int(links.account[row]), "value": int(links.value[row]), "parts": sizes}
        )
    for name, parts in cut.parts.items():
        if len(parts) > 1 and parts[1] >= LEAST_PART:
            out[int(name % wide)].append({"account": None, "value": int(name // wide), "parts": parts[:SHOWN]})
    for r, of in enumerate(out):
        of.sort(key=lambda b: (-sum(b["parts"][1:]), b["account"] is not None, b["account"] or 0, b["value"]))
        out[r] = of[:SHOWN]
    return out


def _bursts(opened: np.ndarray | None, ring: np.ndarray, rings: int) -> list[float | None]:
    """Per ring the largest share of its accounts that was opened within one day; None where no day is known."""
    out: list[float | None] = [None] * rings
    if opened is None:
        return out
    rows = np.flatnonzero((ring >= 0) & ~np.isnan(opened))
    rows = rows[np.lexsort((opened[rows], ring[rows]))]
    names, start, count = np.unique(ring[rows], return_index=True, return_counts=True)
    for name, begin, end in zip(names.tolist(), start, start + count, strict=True):
        day = opened[rows[begin:end]]
        within = np.searchsorted(day, day + 1, side="right") - np.arange(len(day))
        out[name] = round(float(within.max() / len(day)), 4)
    return out


def _explained(search: Search, ring: np.ndarray, rings: int) -> list[str | None]:
    """Per ring what explains it innocently, if anything does: "allowed" or "organisation"."""
    by = np.zeros(rings, np.uint8)
    inside = np.flatnonzero(ring >= 0)
    by[ring[inside]] = search.explained()[search.label[inside]]
    return [EXPLAINED[place] or None for place in by]


def _synchrony(
    search: Search, ring: np.ndarray, rings: int, beat: Beat | None, together: np.ndarray
) -> list[dict[str, Any]]:
    """Per ring: mean correlation of its members, and how often groups that nobody suspects are as much in step."""
    names = ("synchrony", "synchrony_tested", "synchrony_p", "synchrony_p_floor")
    if beat is None:
        return [dict.fromkeys(names) for _ in range(rings)]
    tested = np.flatnonzero((ring >= 0) & ~np.isnan(together))
    count = np.bincount(ring[tested], minlength=rings)
    mean = np.bincount(ring[tested], together[tested], rings) / np.maximum(count, 1)
    out = []
    for r, p in enumerate(permutation.p_values(search, ring, rings, beat)):
        own = round(float(mean[r]), 4) if count[r] else None
        out.append(dict(zip(names, (own, int(count[r]), p and p[0], p and p[1]), strict=True)))
    return out
