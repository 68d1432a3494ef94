"""From a test to the strength that may be reported: Bayes factor, validated cap, words on a versioned scale."""

import math
from dataclasses import dataclass

from scipy import special

from . import binomial

LARGEST_LR = 1e6  # whatever was validated: beyond it, errors of procedure dominate


def log10_bayes_factor(k: int, n: int, rate: float) -> float:
    """log10 of P(k | rate uniform on (rate, 1)) / P(k | rate): the likelihood ratio under that declared prior.

    The integral over the prior is B(k+1, n-k+1) times P[Bin(n+1, rate) <= k], divided by the prior's width.
    """
    marginal = float(special.betaln(k + 1, n - k + 1)) + binomial.ln_lower_tail(k, n + 1, rate) - math.log1p(-rate)
    null = k * math.log(rate) + (n - k) * math.log1p(-rate)
    return (marginal - null) / math.log(10)


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


@dataclass(frozen=True, slots=True)
class VerbalScale:
    """Words for likelihood ratios. `steps` are (lower bound of the ratio, words), rising."""

    id: str
    source: str
    steps: tuple[tuple[float, str], ...]

    def words(self, log10_lr: float) -> str:
        """The words for a ratio of at least 1 (log10 >= 0); turn a smaller one round first."""
        ratio = 10**log10_lr
        return [words for lower, words in self.steps if ratio >= lower * (1 - 1e-12)][-1]


# Add a scale rather than editing one: a report names the scale that its words come from.
SCALES = {
    scale.id: scale
    for scale in (
        VerbalScale(
            id="enfsi-2015",
            source="ENFSI Guideline for Evaluative Reporting in Forensic Science, 2015",
            steps=(
                (1, "no"),
                (2, "weak"),
                (10, "moderate"),
                (100, "moderately strong"),
                (1_000, "strong"),
                (10_000, "very strong"),
                (1_000_000, "extremely strong"),
            ),
        ),
    )
}
CURRENT_SCALE = "enfsi-2015"
