"""What an account uses: how evenly it covers topics, and how fast it moves to a new model."""

import math
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from apps.evidence.fingerprints import proportions, wording
from apps.evidence.fingerprints.binomial import Numbers
from apps.evidence.fingerprints.schema import (
    Computed,
    Count,
    FingerprintTest,
    Inputs,
    InvalidInputs,
    Positive,
    Rate,
    Route,
)

from .benign import WORDS

# --- coverage ---------------------------------------------------------------------------------------------------------


class Coverage(Inputs, frozen=True, kw_only=True):
    """Queries by topic, and the entropies of matched peers."""

    topics: Annotated[
        list[Count], Meta(min_length=1, max_length=100_000, description="queries in each topic of the taxonomy")
    ]
    peers: Annotated[
        list[Annotated[float, Meta(ge=0, le=64)]],
        Meta(max_length=100_000, description="entropies of matched peers, in bits"),
    ] = []
    benchmark: Annotated[Count | None, Meta(description="queries that are items of public benchmarks")] = None


def coverage(inputs: Coverage) -> Computed:
    """Entropy of topics and its percentile among peers: no threshold is accepted for language models, so no p."""
    total = sum(inputs.topics)
    if total == 0:
        raise InvalidInputs("`topics` has no query.")
    if inputs.benchmark is not None and inputs.benchmark > total:
        raise InvalidInputs(f"`benchmark` is {inputs.benchmark}, more than the queries in `topics`, {total}.")
    bits = entropy(inputs.topics)
    figures = {"entropy_bits": bits, "topic_coverage": sum(c > 0 for c in inputs.topics) / len(inputs.topics)}
    if inputs.benchmark is not None:
        figures["benchmark_overlap"] = inputs.benchmark / total
    standing = "."
    if inputs.peers:
        figures["percentile"] = 100 * float(np.mean(np.array(inputs.peers) <= bits))
        standing = f", more than or equal to {figures['percentile']:.0f} % of {wording.count(len(inputs.peers))} peers."
    return Computed(
        n=total,
        statistic=bits,
        statistic_name="entropy in bits",
        found=f"{wording.count(total)} queries cover {wording.percent(figures['topic_coverage'])} of the topics "
        "with an "
        f"entropy of {bits:.3f} bits{standing}",
        figures=figures,
    )


def entropy(counts: list[int]) -> float:
    """-Σ p log2 p of counts, in bits."""
    total = sum(counts)
    return -math.fsum(c / total * math.log2(c / total) for c in counts if c) + 0.0


# --- release pivot ----------------------------------------------------------------------------------------------------


class Pivot(Inputs, frozen=True, kw_only=True):
    """Requests in the day after a release, and how many went to the new model; for the account and for its cohort."""

    requests: Annotated[Positive, Meta(description="requests of the account or cluster in the window (n)")]
    on_new: Annotated[Count, Meta(description="of these, on the new model (k)")]
    cohort_requests: Annotated[Positive, Meta(description="requests of matched peers in the window")]
    cohort_on_new: Annotated[Count, Meta(description="of these, on the new model")]
    excess: Annotated[Rate, Meta(description="share above the cohort's for which the power is stated")] = 0.1
    two_sided: Annotated[bool, Meta(description="test for any difference, not only for more")] = False


def pivot(inputs: Pivot) -> Computed:
    """The share on the new model against the cohort's: pooled z, or Fisher where a cell is below five."""
    k1, n1, k2, n2 = inputs.on_new, inputs.requests, inputs.cohort_on_new, inputs.cohort_requests
    for part, whole, names in ((k1, n1, ("on_new", "requests")), (k2, n2, ("cohort_on_new", "cohort_requests"))):
        if part > whole:
            raise InvalidInputs(f"`{names[0]}` is {part}, more than `{names[1]}`, {whole}.")
    return Computed(
        n=n1,
        statistic=k1,
        statistic_name="requests on the new model",
        found=f"{wording.percent(k1 / n1)} of {wording.count(n1)} requests went to the new model, against "
        f"{wording.percent(k2 / n2)} of {wording.count(n2)} in the cohort.",
        p=proportions.compare(k1, n1, k2, n2, two_sided=inputs.two_sided),
        effect=k1 / n1 - k2 / n2,
        effect_name="share above the cohort's",
        effect_interval=proportions.difference_interval(k1, n1, k2, n2),
        power=proportions.power(k2 / n2, n1, n2, inputs.excess, inputs.alpha),
        power_effect=inputs.excess,
        figures={"z": float(proportions.pooled_z(k1, n1, k2, n2)), "share": k1 / n1, "cohort_share": k2 / n2},
    )


def pivot_accounts(inputs: Pivot, columns: dict[str, Any]) -> tuple[Numbers, Numbers, dict[Route, Numbers]]:
    """The pooled z for many accounts against one cohort; rows with a small cell get Fisher's test one by one."""
    k1, n1 = columns["on_new"], columns["requests"]
    k2, n2 = inputs.cohort_on_new, inputs.cohort_requests
    log10_p = np.array(proportions.log10_normal_tail(proportions.pooled_z(k1, n1, k2, n2)))
    floor = np.zeros_like(log10_p)
    small = np.minimum(np.minimum(k1, n1 - k1), min(k2, n2 - k2)) < proportions.SMALL_CELL
    for row in np.flatnonzero(small):
        tail = proportions.compare(int(k1[row]), int(n1[row]), k2, n2)
        log10_p[row], floor[row] = tail.log10, tail.floor
    return log10_p, floor, {}


# --- the tests --------------------------------------------------------------------------------------------------------

_PEERS = {"matched": "The peers have the same product, volume and kind of customer."}

COVERAGE = FingerprintTest(
    id="topic-coverage",
    version="1.0",
    title="Topic coverage and entropy, percentile only",
    question="Does the account spread over topics more evenly than its peers?",
    null_hypothesis="None: a percentile among peers describes and does not test.",
    chance="",
    statistic="H = -Σ p log2 p in bits; share of topics covered; share of benchmark items; percentile among peers",
    inputs=Coverage,
    compute=coverage,
    assumptions=_PEERS | {"taxonomy": "The taxonomy of topics was fixed before the account was looked at."},
    example={"topics": [5, 3, 2], "peers": [0.9, 1.2, 1.1, 1.6, 1.0], "benchmark": 1},
    publication="Shannon entropy; no threshold for language-model traffic is accepted.",
    standard="Percentile in matched peers only.",
    published=(
        "A bank of behavioural features that was perfect on synthetic data had an AUC of .45 on real data, with 7 "
        "of 14 "
        "features inverted (practitioner report): synthetic validation is no validation.",
    ),
    **WORDS,
)

PIVOT = FingerprintTest(
    id="release-pivot",
    version="1.0",
    title="Pivot to a new model after its release",
    question="Did the account move to the new model faster than its cohort?",
    null_hypothesis="Its share of requests on the new model is that of its cohort.",
    chance="An account that moves like its cohort shows so high a share or higher",
    statistic="Share in the first day against the cohort's; pooled two-proportion z, Fisher if a cell is below 5",
    inputs=Pivot,
    compute=pivot,
    accounts=pivot_accounts,
    columns={"requests": "requests of this account (n)", "on_new": "of these, on the new model (k)"},
    assumptions=_PEERS
    | {
        "independent_requests": "Requests move one by one; an account that changes its default moves all at once, and "
        "then the number of accounts is what counts.",
        "announced_alike": "The cohort heard of the release at the same time and could use the model.",
    },
    example={"requests": 4200, "on_new": 2010, "cohort_requests": 90_000, "cohort_on_new": 7_100},
    routes=("e_value", "at_most"),
    publication="Two-proportion test; the pattern is described in a public report on a distillation campaign, 2026.",
    standard="Window and cohort fixed before the release.",
    published=(
        "One reported campaign moved nearly half of its traffic within 24 hours of a release; a single report, without "
        "the rate of ordinary customers.",
    ),
    **WORDS,
)

TESTS = (COVERAGE, PIVOT)
