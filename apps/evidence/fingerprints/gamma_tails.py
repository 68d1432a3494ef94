"""Sums of exponentials: exact gamma tails at any depth, intervals of the scale, likelihood ratios."""

import math

from apps.core.later import special

from .binomial import LN_10, deviance, stirling_error

_MOST_STEPS = 100_000


def log10_upper_tail(s: float, n: int) -> float:
    """log10 P[S >= s] for a sum of n unit exponentials, Q(n, s), also where it is too small for a float."""
    tail = float(special.gammaincc(n, s))
    return math.log10(tail) if tail > 1e-290 else _ln_far_tail(s, n) / LN_10


def _ln_far_tail(s: float, n: int) -> float:
    """ln Q(n, s) far above the mean by its continued fraction (NIST DLMF 8.9.2, modified Lentz)."""
    b = s + 1 - n
    c, d = math.inf, 1 / b
    h = d
    for i in range(1, _MOST_STEPS):
        a = -i * (i - n)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return _ln_poisson(n, s) + math.log(n) + math.log(h)


def _ln_poisson(n: float, mean: float) -> float:
    """ln of mean^n exp(-mean) / n!, in the saddle-point form that does not cancel for large n."""
    return float(-stirling_error(n) - deviance(n, mean)) - math.log(2 * math.pi * n) / 2


def scale_interval(s: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of the mean of the exponentials, from the pivot S / mean."""
    error = (1 - level) / 2
    return s / float(special.gammainccinv(n, error)), s / float(special.gammaincinv(n, error))


def power(n: int, scale: float, alpha: float) -> float:
    """The probability that the test at level alpha rejects a mean of 1 when it is `scale`."""
    return float(special.gammaincc(n, special.gammainccinv(n, alpha) / scale))


def log10_ratio(s: float, n: int, scale: float) -> float:
    """log10 of the density of s with the mean `scale` over that with mean 1."""
    return (s * (1 - 1 / scale) - n * math.log(scale)) / LN_10


def log10_bayes_factor(s: float, n: int) -> float:
    """log10 of the density of s with the rate uniform on (0, 1) over that with rate 1.

    The integral of rate^n exp(-rate s) over (0, 1) is n! P(n+1, s) / s^(n+1).
    """
    mass = float(special.gammainc(n + 1, s))
    ln_mass = math.log(mass) if mass > 1e-290 else _ln_far_lower(s, n + 1)
    return (ln_mass - math.log(s) - _ln_poisson(n, s)) / LN_10


def _ln_far_lower(s: float, n: int) -> float:
    """ln P(n, s) far below the mean by its series (NIST DLMF 8.7.1), whose terms then fall fast."""
    term = total = 1.0
    for i in range(1, _MOST_STEPS):
        term *= s / (n + i)
        total += term
        if term < 1e-16 * total:
            break
    return _ln_poisson(n, s) + math.log(total)
