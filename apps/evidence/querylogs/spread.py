"""How evenly requests are spread over accounts: exact counts in, statistics out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.later import special

Histogram = Sequence[tuple[int, int]]  # (requests of an account, accounts with so many), by requests
BALANCED = 0.35  # CV of shares under a load balancer with Gamma(8) weights: 1/√8


@dataclass(frozen=True)
class Equality:
    """Requests per account against equal shares.

    cv        standard deviation / mean of the requests of an account
    interval  95 % interval of cv: jackknife over accounts, normal quantile
    by_chance the CV of equal shares where only chance spreads them (Poisson): 1/√mean
    beyond    the CV that is left without that: √(cv² - 1/mean)
    dispersion Σ(x - mean)²/mean, chi-square with n - 1 degrees of freedom under equal shares
    p_unequal, p_too_equal  its upper and its lower tail
    """

    accounts: int
    mean: float
    cv: float
    interval: tuple[float, float]
    by_chance: float
    beyond: float
    dispersion: float
    p_unequal: float
    p_too_equal: float


def equality(histogram: Histogram) -> Equality | None:
    """None for fewer than three accounts, where nothing can be said of a spread."""
    n = sum(accounts for _, accounts in histogram)
    if n < 3:
        return None
    total = sum(x * k for x, k in histogram)
    squares = sum(x * x * k for x, k in histogram)
    cv = _cv(n, total, squares)
    left_out = [(_cv(n - 1, total - x, squares - x * x), k) for x, k in histogram]
    middle = math.fsum(value * k for value, k in left_out) / n
    error = math.sqrt((n - 1) / n * math.fsum(k * (value - middle) ** 2 for value, k in left_out))
    mean = total / n
    dispersion = (squares - total * total / n) / mean
    reach = float(special.ndtri(0.975)) * error
    return Equality(
        n,
        mean,
        cv,
        (max(0.0, cv - reach), cv + reach),
        1 / math.sqrt(mean),
        math.sqrt(max(0.0, cv * cv - 1 / mean)),
        dispersion,
        float(special.chdtrc(n - 1, dispersion)),
        float(special.chdtr(n - 1, dispersion)),
    )


def _cv(n: int, total: int, squares: int) -> float:
    """From whole numbers, so that nothing cancels out: n·Σx² - (Σx)² is exact."""
    if total == 0 or n < 2:
        return 0.0
    return math.sqrt((n * squares - total * total) * n / ((n - 1) * total * total))


def gini(histogram: Histogram) -> float:
    """0 where every account has as many requests, towards 1 where one has all. From whole numbers."""
    n = sum(accounts for _, accounts in histogram)
    total = sum(x * k for x, k in histogram)
    if not total:
        return 0.0
    before, weighted = 0, 0
    for x, k in sorted(histogram):
        weighted += x * (k * before + k * (k + 1) // 2)  # the sum of rank times requests
        before += k
    return (2 * weighted - (n + 1) * total) / (n * total)


def lorenz(histogram: Histogram, points: int = 20) -> list[tuple[float, float]]:
    """Pairs (share of accounts, share of requests), those with fewest requests first, at even shares of accounts."""
    ordered = sorted(histogram)
    n = sum(k for _, k in ordered)
    total = sum(x * k for x, k in ordered)
    found, at, before, requests = [(0.0, 0.0)], 0, 0, 0
    for step in range(1, points + 1):
        rank = n * step // points
        while at < len(ordered) and before + ordered[at][1] <= rank:
            before, requests = before + ordered[at][1], requests + ordered[at][0] * ordered[at][1]
            at += 1
        here = requests + (ordered[at][0] * (rank - before) if at < len(ordered) else 0)
        found.append((rank / n, here / total))
    return found
