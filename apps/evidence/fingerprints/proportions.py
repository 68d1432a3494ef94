"""Two rates against each other: the pooled z, Fisher's exact test, and an interval of the difference.

The exact test replaces the normal one where a cell of the table is small. From scipy.special alone, for a fast start.
"""

import math

import numpy as np
from numpy.typing import NDArray

from apps.core.later import special

from . import binomial
from .binomial import LN_10, Numbers
from .schema import InvalidInputs, Tail

SMALL_CELL = 5
MOST_TABLES = 5_000_000


def compare(k1: int, n1: int, k2: int, n2: int, *, two_sided: bool = False) -> Tail:
    """p for "the first rate is not above the second" (or "they are equal"): Fisher where a cell is below 5, else z."""
    if min(k1, n1 - k1, k2, n2 - k2) < SMALL_CELL:
        return fisher(k1, n1, k2, n2, two_sided=two_sided)
    z = pooled_z(k1, n1, k2, n2)
    return Tail(
        float(log10_normal_tail(abs(z) if two_sided else z, two_sided=two_sided)), 0.0, "pooled two-proportion z"
    )


def pooled_z(k1: Numbers, n1: Numbers, k2: Numbers, n2: Numbers) -> Numbers:
    """The normal score of the difference, its variance from the pooled rate; 0 where nothing varies."""
    k1, n1, k2, n2 = (np.asarray(value, dtype=float) for value in (k1, n1, k2, n2))
    pooled = (k1 + k2) / (n1 + n2)
    deviation = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return np.divide(k1 / n1 - k2 / n2, deviation, out=np.zeros_like(deviation), where=deviation > 0)[()]


def log10_normal_tail(z: Numbers, *, two_sided: bool = False) -> Numbers:
    """log10 P[Z >= z], or of twice it, at any depth: never 1 - cdf."""
    ln = special.log_ndtr(np.negative(z)) + (math.log(2) if two_sided else 0.0)
    return np.minimum(ln / LN_10, 0.0)


def fisher(k1: int, n1: int, k2: int, n2: int, *, two_sided: bool = False) -> Tail:
    """Fisher's exact test: the table's margins are fixed, and the first count is hypergeometric.

    Its floor is the probability of the most extreme table that has these margins.
    """
    low, ln_terms = _ln_hypergeometric(n1, n2, k1 + k2)
    here = ln_terms[k1 - low]
    as_extreme = ln_terms[ln_terms <= here + 1e-7] if two_sided else ln_terms[k1 - low :]
    ln_p = min(0.0, float(special.logsumexp(as_extreme)))
    floor = math.exp(min(0.0, float(ln_terms.min() if two_sided else ln_terms[-1])))
    return Tail(ln_p / LN_10, floor, "Fisher's exact test" + ("" if two_sided else ", one-sided"))


def _ln_hypergeometric(n1: int, n2: int, total: int) -> tuple[int, NDArray[np.float64]]:
    """The smallest possible first count, and ln probability of it and of each one above."""
    low, high = max(0, total - n2), min(n1, total)
    if high - low > MOST_TABLES:
        raise InvalidInputs(
            f"An exact test of {total:,} hits in {n1:,} and {n2:,} trials would enumerate {high - low:,} tables; "
            "count at most "
            f"{MOST_TABLES:,} where a cell is below {SMALL_CELL}."
        )
    k = np.arange(low, high + 1, dtype=float)
    if total in (0, n1 + n2):
        return low, np.zeros(1)
    share = total / (n1 + n2)
    ln = binomial.ln_probability(k, n1, share) + binomial.ln_probability(total - k, n2, share)
    return low, np.asarray(ln - binomial.ln_probability(total, n1 + n2, share))


def difference_interval(k1: int, n1: int, k2: int, n2: int, level: float = 0.95) -> tuple[float, float]:
    """Newcombe's hybrid score interval of the difference of two independent rates (1998, method 10)."""
    z = float(special.ndtri(0.5 + level / 2))
    p1, p2 = k1 / n1, k2 / n2
    (low1, high1), (low2, high2) = _wilson(k1, n1, z), _wilson(k2, n2, z)
    below = math.hypot(p1 - low1, high2 - p2)
    above = math.hypot(high1 - p1, p2 - low2)
    return p1 - p2 - below, p1 - p2 + above


def _wilson(k: int, n: int, z: float) -> tuple[float, float]:
    centre = k + z * z / 2
    half = z * math.sqrt(k * (n - k) / n + z * z / 4)
    return (centre - half) / (n + z * z), (centre + half) / (n + z * z)


def power(rate: float, n1: int, n2: int, excess: float, alpha: float) -> float:
    """The probability that the one-sided z test finds a difference of `excess` above `rate` (normal approximation)."""
    raised = min(rate + excess, 1.0)
    pooled = (raised * n1 + rate * n2) / (n1 + n2)
    null = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    actual = math.sqrt(raised * (1 - raised) / n1 + rate * (1 - rate) / n2)
    if actual == 0:
        return 1.0 if excess > 0 else 0.0
    return float(special.ndtr((raised - rate - float(-special.ndtri(alpha)) * null) / actual))
