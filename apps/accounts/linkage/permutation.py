"""Is a ring more in step than a group of as many accounts that nobody suspects?

Compared are not strangers but accounts that have something in common: a network, a mail domain, an organisation, a
public prompt. A class has its lessons at the same hours, too; what a ring shares has to be more than that.
"""

import numpy as np

from apps.accounts.linkage.evidence import IS_STRONG
from apps.accounts.linkage.rhythm import Beat
from apps.accounts.linkage.search import Search

SIZES = (8, 16, 40)  # of the groups compared: a ring's own accounts are drawn to the next smaller size


def p_values(search: Search, ring: np.ndarray, rings: int, beat: Beat) -> list[tuple[float, float] | None]:
    """Per ring (p, smallest p that is possible), None where it has too few accounts.

    p is (1 + groups as much in step) / (1 + groups drawn).
    """
    groups = _groups(search, ring, beat)
    members = np.flatnonzero((ring >= 0) & beat.testable)
    members = members[np.argsort(ring[members], kind="stable")]
    begin = np.searchsorted(ring[members], np.arange(rings + 1))
    null: dict[int, np.ndarray | None] = {}
    out: list[tuple[float, float] | None] = []
    for r in range(rings):
        own = members[begin[r] : begin[r + 1]]
        size = max((s for s in SIZES if s <= len(own)), default=0)
        if size not in null:
            null[size] = _null(groups, size, search.settings.draws, beat, _random(search, size)) if size else None
        drawn = null[size]
        if drawn is None:
            out.append(None)
            continue
        some = np.sort(_random(search, size).choice(own, size, replace=False))
        value = float(_in_step(beat.residuals(some)[None])[0])
        out.append((float((1 + (drawn >= value).sum()) / (1 + len(drawn))), 1 / (1 + len(drawn))))
    return out


def _random(search: Search, size: int) -> np.random.Generator:
    return np.random.default_rng([search.settings.seed, size])


def _groups(search: Search, ring: np.ndarray, beat: Beat) -> list[np.ndarray]:
    """Accounts outside rings by what they have in common, in ascending order; all of them together if nothing is."""
    free = (ring < 0) & beat.testable
    rows = np.flatnonzero(free[search.e_holder] & ~IS_STRONG[search.e_kind])
    holder, value = search.e_holder[rows], search.e_value[rows]
    many = np.bincount(value, minlength=search.values) >= SIZES[0]
    holder, value = holder[many[value]], value[many[value]]
    keys = search.evidence.key[value]
    order = np.lexsort((holder, keys))
    found = np.split(holder[order], np.flatnonzero(np.diff(keys[order])) + 1) if len(order) else []
    return found or [np.flatnonzero(free)]


def _null(
    groups: list[np.ndarray], size: int, draws: int, beat: Beat, random: np.random.Generator
) -> np.ndarray | None:
    """How much groups of this size are in step, each drawn from one that is at least as large."""
    large = [group for group in groups if len(group) >= size]
    if not large:
        return None
    drawn = [random.choice(large[random.integers(len(large))], size, replace=False) for _ in range(draws)]
    people, place = np.unique(np.concatenate(drawn), return_inverse=True)
    residuals = beat.residuals(people)
    return np.array([_in_step(residuals[some][None])[0] for some in place.reshape(draws, size)])


def _in_step(residuals: np.ndarray) -> np.ndarray:
    """float[G]: mean correlation of a group's accounts with their sum; residuals float32[G, n, hours] of length 1."""
    return np.linalg.norm(residuals.sum(axis=1), axis=-1) / residuals.shape[1]
