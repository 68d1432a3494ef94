"""Exact binomial tails, intervals and power. Never 1 - cdf: it loses every p-value below 1e-16.

Counts and rates may be arrays of one shape, so that thousands of accounts are one call. From scipy.special alone:
scipy.stats would cost every process more than a second at its start.
"""

from typing import Any

import numpy as np

from apps.core.later import special

LN_10 = float(np.log(10))
# Below this a tail is computed as its logarithm: the float itself is about to lose digits, then to become zero.
_TINY = 1e-290
_MOST_STEPS = 100_000

Numbers = Any  # int, float or an array of them; what comes back has the same shape


def upper_tail(k: Numbers, n: Numbers, rate: Numbers) -> Numbers:
    """P[X >= k] for X ~ Bin(n, rate), which is I_rate(k, n-k+1). 0.0 only when it is below the smallest float."""
    inside = special.betainc(np.maximum(k, 1), np.maximum(np.subtract(n, k), 0) + 1, rate)
    return np.where(np.less_equal(k, 0), 1.0, np.where(np.greater(k, n), 0.0, inside))[()]


def log10_upper_tail(k: Numbers, n: Numbers, rate: Numbers) -> Numbers:
    """log10 P[X >= k], also where the tail itself is too small for a float."""
    return _ln_upper_tail(k, n, rate, np.subtract(1.0, rate)) / LN_10


def ln_lower_tail(k: Numbers, n: Numbers, rate: Numbers) -> Numbers:
    """ln P[X <= k], also where the tail itself is too small for a float: the failures' upper tail."""
    return _ln_upper_tail(np.subtract(n, k), n, np.subtract(1.0, rate), rate)


def ln_probability(k: Numbers, n: Numbers, rate: Numbers, complement: Numbers | None = None) -> Numbers:
    """ln P[X = k] in the saddle-point form, which keeps its digits where log-gammas of large numbers cancel.

    Loader, Fast and Accurate Computation of Binomial Probabilities, 2000.
    """
    k, n, rate = (np.asarray(value, dtype=float) for value in (k, n, rate))
    q = 1.0 - rate if complement is None else np.asarray(complement, dtype=float)
    inner = (k > 0) & (k < n)
    a, b = np.where(inner, k, 1.0), np.where(inner, n - k, 1.0)
    whole = np.where(inner, n, 2.0)
    ln = stirling_error(whole) - stirling_error(a) - stirling_error(b)
    ln = ln - deviance(a, whole * rate) - deviance(b, whole * q) + np.log(whole / (2 * np.pi * a * b)) / 2
    return np.where(inner, ln, np.where(k <= 0, special.xlogy(n, q), special.xlogy(n, rate)))[()]


def _ln_upper_tail(k: Numbers, n: Numbers, p: Numbers, q: Numbers) -> Numbers:
    k, n, p, q = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (k, n, p, q)))
    with np.errstate(divide="ignore"):
        ln = np.array(np.log(upper_tail(k, n, p)))
    far = (ln < np.log(_TINY)) & (k <= n)
    if far.any():
        ln[far] = _ln_far_tail(k[far], n[far], p[far], q[far])
    return ln[()]


def _ln_far_tail(k: Numbers, n: Numbers, p: Numbers, q: Numbers) -> Numbers:
    """ln I_p(k, n-k+1) far above the mean: its first term times the rest of the incomplete beta function."""
    return ln_probability(k, n, p, q) + np.log(q) + np.log(beta_fraction(k, n - k + 1, p))


def beta_fraction(a: Numbers, b: Numbers, p: Numbers) -> Numbers:
    """What I_p(a, b) is a multiple p^a (1-p)^b / (a B(a, b)) of; converges fast below the mean of the distribution.

    NIST Digital Library of Mathematical Functions, 8.17.22, evaluated from the front (modified Lentz).
    """
    a, b, p = (np.asarray(value, dtype=float) for value in (a, b, p))
    c, d = np.ones_like(p), 1 / (1 - (a + b) * p / (a + 1))
    fraction = d.copy()
    for m in range(1, _MOST_STEPS):
        even = m * (b - m) * p / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * p / ((a + 2 * m) * (a + 2 * m + 1))
        before = fraction
        for numerator in (even, odd):
            c, d = 1 + numerator / c, 1 / (1 + numerator * d)
            fraction = fraction * c * d
        if np.all(np.abs(fraction - before) <= 1e-14 * np.abs(fraction)):
            break
    return fraction


def stirling_error(n: Numbers) -> Numbers:
    """ln n! minus Stirling's formula."""
    small = np.minimum(n, 16.0)
    exact = special.gammaln(small + 1) - (small + 0.5) * np.log(small) + small - np.log(2 * np.pi) / 2
    inverse = 1 / n**2
    series = (1 / 12 - (1 / 360 - (1 / 1260 - inverse / 1680) * inverse) * inverse) / n
    return np.where(n < 16, exact, series)


def deviance(x: Numbers, mean: Numbers) -> Numbers:
    """x ln(x / mean) + mean - x, without cancellation where x is close to the mean."""
    v = (x - mean) / (x + mean)
    near = np.abs(v) < 0.1
    w = np.where(near, v, 0.0)
    series = (x - mean) * w + 2 * x * sum(w ** (2 * j + 1) / (2 * j + 1) for j in range(1, 10))
    return np.where(near, series, special.xlogy(x, x / mean) + mean - x)


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


def critical_count(n: Numbers, rate: Numbers, alpha: float) -> Numbers:
    """The smallest k with P[X >= k] <= alpha; n + 1 when no count is that improbable.

    The quantile is taken of the failures, so that a level far below 1e-16 keeps its digits, and then set right.
    """
    n, rate = np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(rate, dtype=float))
    failures = np.nan_to_num(special.bdtrik(alpha, n, 1 - rate), nan=-1.0)
    k = np.clip(n - np.floor(failures), 1, n + 1)
    for _ in range(_MOST_STEPS):
        down = (k > 1) & (upper_tail(k - 1, n, rate) <= alpha)
        up = (k <= n) & (upper_tail(k, n, rate) > alpha)
        if not (down | up).any():
            break
        k = k + up - down
    return k.astype(np.int64)[()]


def power(n: Numbers, rate: Numbers, alternative: Numbers, alpha: float) -> Numbers:
    """The probability that the test at level alpha rejects `rate` when the rate is `alternative`."""
    return upper_tail(critical_count(n, rate, alpha), n, alternative)
