"""Which texts are forms of one template: MinHash over shingles of words, by datasketch.

It is imported by whoever compares texts: it would cost every process more than a second at its start.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

K = 128  # permutations
SEED = 1
THRESHOLD = 0.7  # estimated Jaccard from which on two texts are of one template
WORDS = 3  # of a shingle
LONGEST = 2000  # words of a text that are looked at

_NUMBER = re.compile(r"\d+")


def standard_error(similarity: float, k: int = K) -> float:
    """Of an estimate from k permutations: √(J(1 - J)/k) (Broder 1997)."""
    return math.sqrt(similarity * (1 - similarity) / k)


def plain(text: str) -> str:
    """As texts are compared: small letters, each number as 0, single blanks."""
    return " ".join(_NUMBER.sub("0", text.lower()).split())


def shingles(text: str) -> list[bytes]:
    words = plain(text).split(" ")[:LONGEST]
    if len(words) <= WORDS:
        return [" ".join(words).encode()]
    return sorted({" ".join(words[at : at + WORDS]).encode() for at in range(len(words) - WORDS + 1)})


def sketches(texts: Sequence[str]) -> list[MinHash]:
    from datasketch import MinHash

    return MinHash.bulk([shingles(text) for text in texts], num_perm=K, seed=SEED)


@dataclass(frozen=True)
class Cluster:
    """Texts of one template: places in what was given, the first of them the one with most rows."""

    members: list[int]
    rows: int
    similarity: float  # the mean estimate between the first and the others; 1 for one alone


def clusters(texts: Sequence[str], counts: Sequence[int]) -> list[Cluster]:
    """Each text, the one with most rows first, joins the earlier one that it resembles most, if any reaches THRESHOLD;
    else it begins a cluster of its own. Clusters by rows, the largest first. `texts` come by rows, most first."""
    from datasketch import MinHashLSH

    made = sketches(texts)
    index = MinHashLSH(threshold=THRESHOLD, num_perm=K)
    groups: dict[int, list[tuple[int, float]]] = {}
    for at, sketch in enumerate(made):
        first, similarity = _most_alike(sketch, index, made)
        if first < 0:
            index.insert(at, sketch)
            groups[at] = []
        else:
            groups[first].append((at, similarity))
    found = [
        Cluster(
            [first, *(at for at, _ in others)],
            counts[first] + sum(counts[at] for at, _ in others),
            math.fsum(alike for _, alike in others) / len(others) if others else 1.0,
        )
        for first, others in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.rows, one.members[0]))


def overlap(texts: Sequence[str], listed: Sequence[str]) -> list[tuple[int, float]]:
    """For each text the entry of the list that it resembles most and how much, or (-1, 0.0) below THRESHOLD."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=K)
    known = sketches(listed)
    for at, sketch in enumerate(known):
        index.insert(at, sketch)
    return [_most_alike(sketch, index, known) for sketch in sketches(texts)]


def _most_alike(sketch: MinHash, index: MinHashLSH, known: Sequence[MinHash]) -> tuple[int, float]:
    """Place and similarity of what resembles it most, the earliest of several; (-1, 0.0) where nothing does."""
    similarity, place = max(((sketch.jaccard(known[at]), -at) for at in index.query(sketch)), default=(0.0, 1))
    return (-place, round(float(similarity), 6)) if similarity >= THRESHOLD else (-1, 0.0)
