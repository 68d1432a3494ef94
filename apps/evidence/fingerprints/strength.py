"""From a test to the strength that may be reported: the allowed routes, and the cap that validation gives."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from . import binomial
from .binomial import LN_10, Numbers
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


def log10_bayes_factor(k: Numbers, n: Numbers, rate: Numbers) -> Numbers:
    """log10 of P(k | rate uniform on (rate, 1)) / P(k | rate): the likelihood ratio under that declared prior.

    The integral over the prior is P[Bin(n+1, rate) <= k] / ((n+1) (1-rate)) times the binomial coefficient's inverse,
    which the null hypothesis' own probability of k brings back.
    """
    ln_mass = binomial.ln_lower_tail(k, np.add(n, 1), rate)
    ln_width = np.log(np.add(n, 1)) + np.log1p(np.negative(rate))
    return (ln_mass - ln_width - binomial.ln_probability(k, n, rate)) / LN_10


def log10_binomial_ratio(k: Numbers, n: Numbers, rate: Numbers, null_rate: Numbers) -> Numbers:
    """log10 of the probability of k of n at one declared rate over that at another."""
    misses = np.subtract(n, k)
    lost = np.log1p(np.negative(rate)) - np.log1p(np.negative(null_rate))
    return (k * np.log(np.divide(rate, null_rate)) + misses * lost) / LN_10


def log10_at_most(log10_p: Numbers) -> Numbers:
    """log10 of 1 / (-e p ln p), the most that a Bayes factor can be for this p; 1 from p = 1/e upwards."""
    ln_p = np.minimum(np.multiply(log10_p, LN_10), -1.0)
    return -(ln_p + 1 + np.log(-ln_p)) / LN_10


def log10_e_value(log10_p: Numbers) -> Numbers:
    """log10 of ½ p^(-½): under the null hypothesis its expectation is 1."""
    return -math.log10(2) - np.divide(log10_p, 2)


def reported(log10_lr: Numbers, log10_cap: float) -> Numbers:
    """What may be said: never more than the cap, and below 1 never beyond the inverse of the largest ratio."""
    return np.maximum(np.minimum(log10_lr, log10_cap), -math.log10(LARGEST_LR))


def log10_cap(controls: int, false_positives: int, positives: int, detected: int) -> float:
    """log10 of the largest likelihood ratio that the validation carries: TPR_lower / FPR_upper, at most 10**6.

    One-sided 95 % bounds. Without controls nothing may be reported (0). Without positives the true positive rate counts
    as 1, which the report must say.
    """
    if controls == 0:
        return 0.0
    wrong = fpr_upper(false_positives, controls)
    tpr_lower = binomial.lower_bound(detected, positives) if positives else 1.0
    if tpr_lower <= wrong:
        return 0.0
    return math.log10(min(tpr_lower / wrong, LARGEST_LR))


def fpr_upper(false_positives: int, controls: int) -> float:
    """The one-sided 95 % upper bound of the false positive rate; 1 - .05 ** (1 / N) for no error in N controls."""
    return binomial.upper_bound(false_positives, controls)
