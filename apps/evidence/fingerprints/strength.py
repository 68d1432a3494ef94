"""From a test to the strength that may be reported: the allowed routes, and the cap that validation gives."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scipy import special

from . import binomial
from .schema import Route

LARGEST_LR = 1e6  # whatever was validated: beyond it, errors of procedure dominate


@dataclass(frozen=True, slots=True)
class Way:
    """A route: what its number is, what it may be called, and whether such numbers may be multiplied or averaged."""

    called: str
    method: str
    is_bound: bool = False  # an upper bound is no evidence of its own and never combined


ROUTES: Mapping[Route, Way] = MappingProxyType(
    {
        "densities": Way("likelihood ratio", "Ratio of two densities that were specified in advance"),
        "bayes_factor": Way("Bayes factor", "Bayes factor under a declared prior"),
        "at_most": Way(
            "upper bound; say “at most”",
            "No more than 1 / (-e p ln p) can follow from this p (Sellke, Bayarri and Berger 2001)",
            is_bound=True,
        ),
        "e_value": Way(
            "e-value", "Calibrator ½ p^(-½), valid however often the test is repeated (Shafer 2021; Vovk and Wang 2021)"
        ),
    }
)


def log10_bayes_factor(k: int, n: int, rate: float) -> float:
    """log10 of P(k | rate uniform on (rate, 1)) / P(k | rate): the likelihood ratio under that declared prior.

    The integral over the prior is B(k+1, n-k+1) times P[Bin(n+1, rate) <= k], divided by the prior's width.
    """
    marginal = float(special.betaln(k + 1, n - k + 1)) + binomial.ln_lower_tail(k, n + 1, rate) - math.log1p(-rate)
    null = k * math.log(rate) + (n - k) * math.log1p(-rate)
    return (marginal - null) / math.log(10)


def log10_at_most(log10_p: float) -> float:
    """log10 of 1 / (-e p ln p), the most that a Bayes factor can be for this p; 1 from p = 1/e upwards."""
    ln_p = log10_p * math.log(10)
    return -log10_p - math.log10(-math.e * ln_p) if ln_p < -1 else 0.0


def log10_e_value(log10_p: float) -> float:
    """log10 of ½ p^(-½): under the null hypothesis its expectation is 1."""
    return -math.log10(2) - log10_p / 2


def log10_cap(controls: int, false_positives: int, positives: int, detected: int) -> float:
    """log10 of the largest likelihood ratio that the validation carries: TPR_lower / FPR_upper, at most 10**6.

    One-sided 95 % bounds. Without controls nothing may be reported (0). Without positives the true positive rate counts
    as 1, which the report must say.
    """
    if controls == 0:
        return 0.0
    fpr_upper = binomial.upper_bound(false_positives, controls)
    tpr_lower = binomial.lower_bound(detected, positives) if positives else 1.0
    if tpr_lower <= fpr_upper:
        return 0.0
    return math.log10(min(tpr_lower / fpr_upper, LARGEST_LR))


def log10_binomial_ratio(k: int, n: int, rate: float, null_rate: float) -> float:
    """log10 of the probability of k of n at one declared rate over that at another."""
    return (k * math.log(rate / null_rate) + (n - k) * (math.log1p(-rate) - math.log1p(-null_rate))) / math.log(10)
