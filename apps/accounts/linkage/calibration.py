"""How likely it is that an account belongs to its ring, as counted on simulated campaigns."""

import numpy as np

from apps.accounts.linkage.evidence import FAMILIES, HOWS, Links

# Share of members that truly belonged to their ring, by how they came in and by the families that hold them there
# (0, 1, 2, 3 or more): (right + 1) / (all + 2), in the incident preset, mixed, seed 1, and the demo, mixed, seeds 1 to
# 9, nowhere above .999. Cells that nobody was in take their neighbour's, or the prior's.
TABLE = {
    "strong": (0.667, 0.9, 0.9967, 0.999),
    "merged": (0.667, 0.9596, 0.999, 0.999),
    "attached": (0.667, 0.9767, 0.999, 0.999),
    "synchrony": (0.667, 0.9955, 0.999, 0.9977),
    "confirmed": (0.99, 0.99, 0.99, 0.99),  # a person said so
}
_TABLE = np.array([TABLE[how] for how in HOWS])


def families_of(ring: np.ndarray, links: Links) -> np.ndarray:
    """int[A]: families of evidence that hold each account in its ring."""
    wide = len(FAMILIES)
    pairs = np.unique(links.account.astype(np.int64) * wide + links.family)
    return np.bincount(pairs // wide, minlength=len(ring))


def cells(ring: np.ndarray, how: np.ndarray, links: Links) -> np.ndarray:
    """int[A]: where in the table each account falls, row by row."""
    wide = _TABLE.shape[1]
    return how * wide + np.minimum(families_of(ring, links), wide - 1)


def probabilities(ring: np.ndarray, how: np.ndarray, links: Links) -> np.ndarray:
    """float64[A] in 0 to 1; 0 where there is no ring."""
    return np.where(ring >= 0, _TABLE.ravel()[cells(ring, how, links)], 0.0)
