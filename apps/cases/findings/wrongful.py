"""How many accounts a measure is expected to hit wrongly, from the error that the evidence itself admits.

Before the evidence, a share `prior` of accounts is taken to belong to such a campaign. Evidence with likelihood ratio
LR turns prior odds into posterior odds, prior / (1 - prior) x LR, and

    expected wrongful actions = accounts x (1 - posterior probability).

The LR is the one that may be reported (after caps, combined as in `strength`). Where no exhibit has one, what stands in
for it is how the accounts came in: a detector that is wrong on at most a share f of benign accounts (95 % upper bound)
supports at most LR = 1 / f, if it misses none. Where neither exists nothing lowers the prior, and the number says so.

Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.evidence.fingerprints import binomial
from apps.evidence.fingerprints.wording import count, percent, ratio

# One reported campaign had about 24,000 accounts; of five million accounts that is this share.
PRIOR = 0.0048
RANGE = 10  # the range shown beside the number: the prior ten times smaller and larger


@dataclass(frozen=True)
class Expected:
    """`value` accounts are expected to be wronged; `low` and `high` with a prior ten times larger and smaller."""

    value: float
    low: float
    high: float
    basis: str


@dataclass(frozen=True)
class Calibration:
    """A detector that brought accounts in: false alarms among benign cases it was tried on."""

    name: str
    n: int
    false_positives: int


def expected(
    accounts: int, log10_lr: float | None, calibrations: Sequence[Calibration] = (), *, prior: float = PRIOR
) -> Expected:
    """The expectation for a measure against so many accounts, with its basis in words."""
    if log10_lr is not None:
        strength, ground = log10_lr, f"the exhibits' combined likelihood ratio of {_ratio(log10_lr)}"
    elif calibrations:
        strength, ground = _of_detectors(calibrations)
    else:
        strength, ground = (
            0.0,
            "no likelihood ratio and no calibrated detector, so that nothing lowers the starting point",
        )
    value, low, high = (accounts * error(strength, p) for p in (prior, min(prior * RANGE, 0.5), prior / RANGE))
    basis = (
        f"{count(accounts)} accounts × the probability that one does not belong, which follows from {ground} and from"
        f" {percent(prior)} of accounts taken to belong before any evidence ({ten_times(low, high)})."
    )
    return Expected(value, low, high, basis)


def ten_times(low: float, high: float) -> str:
    return f"{few(low)} to {few(high)} if that share is ten times larger or smaller"


def few(accounts: float) -> str:
    """An expectation in two significant figures, in digits a person reads: 0.18, 2.1, 180."""
    return f"{accounts:,.0f}" if accounts >= 10 else f"{accounts:.2g}"


def error(log10_lr: float, prior: float) -> float:
    """1 - posterior probability, computed without cancellation."""
    against = (1 - prior) / prior * 10.0**-log10_lr
    return against / (1 + against)


def _of_detectors(calibrations: Sequence[Calibration]) -> tuple[float, str]:
    """The weakest of the detectors, because an account may have come in through that one alone."""
    worst = max(calibrations, key=lambda c: binomial.upper_bound(c.false_positives, c.n))
    bound = binomial.upper_bound(worst.false_positives, worst.n)
    return -math.log10(bound), (
        f"the detector {worst.name}, wrong on at most {percent(bound)} of benign accounts"
        f" (95 % upper bound, {count(worst.false_positives)} of {count(worst.n)}), taken to miss none"
    )


def _ratio(log10_lr: float) -> str:
    return ratio(log10_lr) if log10_lr >= 0 else f"1/{ratio(-log10_lr)}"
