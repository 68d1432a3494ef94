"""Dataset inference: does the suspect treat the answers that we served differently from those that we withheld?

One text says next to nothing (membership inference on single texts is close to chance); thousands do, if served and
withheld answers were separated at random beforehand (Maini et al. 2024).
"""

import math
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from apps.core.later import special
from apps.evidence.fingerprints import binomial, wording
from apps.evidence.fingerprints.binomial import LN_10
from apps.evidence.fingerprints.schema import Computed, FingerprintTest, Inputs, InvalidInputs, Tail

Scores = list[Annotated[float, Meta(ge=-1e12, le=1e12)]]


class Dataset(Inputs, frozen=True, kw_only=True):
    """Membership scores, one a text; higher means more familiar."""

    served: Annotated[
        Scores, Meta(min_length=2, max_length=100_000, description="scores of answers that the accounts received")
    ]
    withheld: Annotated[
        Scores,
        Meta(min_length=2, max_length=100_000, description="scores of answers generated the same way and never sent"),
    ]
    method: Annotated[
        Literal["welch", "permutation"],
        Meta(description="Welch's t-test, or relabelling served and withheld at random"),
    ] = "welch"
    resamples: Annotated[int, Meta(ge=99, le=100_000, description="relabellings, for the permutation test")] = 9_999
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="seed of the relabellings")] = 1
    effect: Annotated[
        float, Meta(gt=0, le=10, description="difference in standard deviations for which the power is stated")
    ] = 0.1


def dataset(inputs: Dataset) -> Computed:
    """One-sided: served answers score higher than withheld ones."""
    served, withheld = np.array(inputs.served), np.array(inputs.withheld)
    difference = float(served.mean() - withheld.mean())
    error, freedom = _welch(served, withheld)
    if error == 0:
        raise InvalidInputs("`served` and `withheld` do not vary: there is nothing to test.")
    t = difference / error
    half = float(special.stdtrit(freedom, 0.975)) * error
    spread = math.sqrt((served.var(ddof=1) + withheld.var(ddof=1)) / 2)
    return Computed(
        n=len(served) + len(withheld),
        statistic=t,
        statistic_name="Welch's t",
        found=f"{wording.count(len(served))} served answers score {difference:+.4g} against "
        f"{wording.count(len(withheld))} withheld ones (95 % interval {difference - half:+.4g} to "
        f"{difference + half:+.4g}).",
        p=_permuted(inputs, served, withheld) if inputs.method == "permutation" else _t_tail(t, freedom),
        effect=difference,
        effect_name="mean score of served above withheld",
        effect_interval=(difference - half, difference + half),
        power=_power(inputs.effect, len(served), len(withheld), inputs.alpha),
        power_effect=inputs.effect,
        figures={"t": t, "degrees_of_freedom": freedom, "cohens_d": difference / spread},
    )


def _welch(a: Any, b: Any) -> tuple[float, float]:
    """Standard error of the difference, and Welch-Satterthwaite degrees of freedom."""
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    error = math.sqrt(va + vb)
    if error == 0:
        return 0.0, 1.0
    return error, float((va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)))


def _t_tail(t: float, freedom: float) -> Tail:
    """P[T >= t], from the incomplete beta function on the far side so that small tails keep their digits."""
    half = float(special.betainc(freedom / 2, 0.5, freedom / (freedom + t * t))) / 2
    tail = half if t > 0 else 1 - half
    if tail > 1e-290:
        return Tail(math.log10(tail), 0.0, "Welch's t-test, one-sided")
    a, x = freedom / 2, freedom / (freedom + t * t)
    ln = -a * math.log1p(t * t / freedom) + math.log1p(-x) / 2 - math.log(2 * a) - float(special.betaln(a, 0.5))
    ln += math.log(float(binomial.beta_fraction(a, 0.5, x)))
    return Tail(ln / LN_10, 0.0, "Welch's t-test, one-sided")


def _permuted(inputs: Dataset, served: Any, withheld: Any) -> Tail:
    from scipy import stats  # slow to import: only where it is used

    outcome = stats.permutation_test(
        (served, withheld),
        lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        vectorized=True,
        n_resamples=inputs.resamples,
        batch=max(1, 4_000_000 // (len(served) + len(withheld))),
        alternative="greater",
        rng=np.random.default_rng(inputs.seed),
    )
    exact = special.binom(len(served) + len(withheld), len(served))
    floor = 1 / exact if exact <= inputs.resamples else 1 / (1 + inputs.resamples)
    return Tail(math.log10(float(outcome.pvalue)), floor, "permutation of served and withheld")


def _power(effect: float, m: int, n: int, alpha: float) -> float:
    """Of the one-sided test at a difference of so many standard deviations (normal approximation)."""
    return float(special.ndtr(effect * math.sqrt(m * n / (m + n)) + special.ndtri(alpha)))


DATASET = FingerprintTest(
    id="dataset-inference",
    version="1.0",
    family="membership",
    title="Dataset inference, served against withheld answers",
    question="Is the suspect more familiar with the answers it could have received than with those it could not?",
    proposition="the suspect trained on the answers that were served",
    alternative="the suspect has seen neither the served nor the withheld answers",
    null_hypothesis="Served and withheld answers are exchangeable for the suspect.",
    chance="A model that has seen neither shows so large a difference or larger",
    statistic="Difference of mean membership scores; Welch's t, or permutation p = (1 + larger) / (1 + number)",
    inputs=Dataset,
    compute=dataset,
    assumptions={
        "randomised": "Which answers were withheld was decided at random, before anything was sent.",
        "one_score": "The aggregate score was fixed on other data than these.",
        "not_public": "Neither the served nor the withheld answers were ever public.",
    },
    example={
        "served": [0.62, 0.58, 0.71, 0.66, 0.69, 0.64, 0.73, 0.60],
        "withheld": [0.55, 0.61, 0.52, 0.58, 0.57, 0.50, 0.60, 0.54],
    },
    routes=("e_value", "at_most"),
    publication="Maini et al., LLM Dataset Inference: Did you train on my dataset?, NeurIPS 2024",
    validation_study="Named with each run: models known to have trained on such answers, and models that did not.",
    error_rate="One-sided 95 % bounds from the controls and positives of the run; they cap the reported strength.",
    standard="Served and withheld separated at random beforehand; score fixed on other data; one-sided.",
    acceptance="Published; membership of a single text is not decided by it.",
    limits="Where served and withheld differ in anything else (date, topic, length) the test finds that difference.",
    published=(
        "p < 0.1 without false positives in the published study, which had held-out data of identical distribution; "
        "without a random split the figure does not carry over (Maini et al., NeurIPS 2024).",
    ),
)

TESTS = (DATASET,)
