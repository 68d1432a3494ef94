"""Exact binomial tails, intervals and power. Never 1 - cdf: it loses every p-value below 1e-16.

From scipy.special alone: scipy.stats would cost every process more than a second at its start.
"""

import math
from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray
from scipy import special

# Terms summed when a tail is below what a float can hold; they fall geometrically, so these carry all its digits.
_LOG_TERMS = 20_000


def upper_tail(k: int, n: int, rate: float) -> float:
    """P[X >= k] for X ~ Bin(n, rate), which is I_rate(k, n-k+1). 0.0 only when it is below the smallest float."""
    if k <= 0:
        return 1.0
    return float(special.betainc(k, n - k + 1, rate)) if k <= n else 0.0


def log10_upper_tail(k: int, n: int, rate: float) -> float:
    """log10 P[X >= k], also where the tail itself is too small for a float."""
    tail = upper_tail(k, n, rate)
    if tail > 1e-290:
        return math.log10(tail)
    return float(special.logsumexp(_ln_terms(np.arange(k, min(n, k + _LOG_TERMS) + 1), n, rate))) / math.log(10)


def ln_lower_tail(k: int, n: int, rate: float) -> float:
    """ln P[X <= k], also where the tail itself is too small for a float."""
    tail = float(special.betaincc(k + 1, n - k, rate)) if k < n else 1.0
    if tail > 1e-290:
        return math.log(tail)
    return float(special.logsumexp(_ln_terms(np.arange(max(0, k - _LOG_TERMS), k + 1), n, rate)))


def _ln_terms(k: NDArray[np.int_], n: int, rate: float) -> NDArray[np.float64]:
    """ln P[X = k] for each k."""
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return ways + special.xlogy(k, rate) + special.xlog1py(n - k, -rate)


def interval(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The Clopper-Pearson interval of a rate: both one-sided errors are at most (1 - level) / 2."""
    error = (1 - level) / 2
    return lower_bound(k, n, 1 - error), upper_bound(k, n, 1 - error)


def lower_bound(k: int, n: int, level: float = 0.95) -> float:
    """The one-sided Clopper-Pearson lower bound of a rate; 0 when nothing was counted."""
    return 0.0 if k == 0 else float(special.betaincinv(k, n - k + 1, 1 - level))


def upper_bound(k: int, n: int, level: float = 0.95) -> float:
    """The one-sided Clopper-Pearson upper bound of a rate: 1 - .05 ** (1 / n) for none of n; 1 without any trial."""
    return 1.0 if k == n else float(special.betaincinv(k + 1, n - k, level))


def critical_count(n: int, rate: float, alpha: float) -> int:
    """The smallest k with P[X >= k] <= alpha; n + 1 when no count is that improbable."""
    return bisect_left(range(n + 1), True, key=lambda k: upper_tail(k, n, rate) <= alpha)


def power(n: int, rate: float, alternative: float, alpha: float) -> float:
    """The probability that the test at level alpha rejects `rate` when the rate is `alternative`."""
    k = critical_count(n, rate, alpha)
    return upper_tail(k, n, alternative) if k <= n else 0.0
