"""Canaries: strings that were given to one account only, so that a model can have them from nowhere else.

Two tests: how often the suspect emits them, against the rate of controls that never saw them; and how highly it ranks
each true string among all candidates it could have been (exposure; Carlini et al. 2019).
"""

import math
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.evidence.fingerprints import background, gamma_tails, wording
from apps.evidence.fingerprints.background import Background
from apps.evidence.fingerprints.binomial import Numbers
from apps.evidence.fingerprints.schema import (
    Computed,
    Count,
    FingerprintTest,
    Inputs,
    InvalidInputs,
    Positive,
    Route,
    Tail,
)


class Emission(Background, frozen=True, kw_only=True):
    """How many canaries the suspect was asked for and emitted."""

    probed: Annotated[Positive, Meta(description="canaries the suspect was probed for (m)")]
    emitted: Annotated[Count, Meta(description="of these, how many it emitted (k)")]


def emission(inputs: Emission) -> Computed:
    """P[Bin(m, q0) >= k] at a declared rate of controls, Fisher's exact test where the controls were counted."""
    if inputs.controls_tried is not None and inputs.probed > 10**6:
        raise InvalidInputs("`probed` is at most 1,000,000 where controls are counted.")
    found = f"The suspect emits {wording.count(inputs.emitted)} of {wording.count(inputs.probed)} canaries."
    return background.compute(inputs, inputs.emitted, inputs.probed, names=("emitted", "probed"), found=found)


def emission_accounts(inputs: Emission, columns: dict[str, Any]) -> tuple[Numbers, Numbers, dict[Route, Numbers]]:
    """The same for the canaries of many accounts, each with its own count."""
    return background.accounts(inputs, columns["emitted"], columns["probed"], columns["background_rate"])


class Ranked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One canary among the strings that its random part could have been."""

    candidates: Annotated[int, Meta(ge=2, le=2**62, description="strings that the canary was drawn from (N)")]
    rank: Annotated[
        int, Meta(ge=1, le=2**62, description="rank of the true string by the suspect's likelihood; 1 first")
    ]


class Exposure(Inputs, frozen=True, kw_only=True):
    """Ranks of canaries that were drawn independently of each other."""

    canaries: Annotated[list[Ranked], Meta(min_length=1, max_length=10_000, description="rank of each canary")]


def exposure(inputs: Exposure) -> Computed:
    """Each rank is uniform by chance, so -ln(rank / N) of all canaries is a sum of unit exponentials."""
    for position, canary in enumerate(inputs.canaries):
        if canary.rank > canary.candidates:
            raise InvalidInputs(
                f"`canaries[{position}].rank` is {canary.rank}, more than its `candidates`, {canary.candidates}."
            )
    exposures = [math.log2(c.candidates) - math.log2(c.rank) for c in inputs.canaries]
    n, total, mean = len(exposures), sum(exposures), sum(exposures) / len(exposures)
    s = total * math.log(2)
    floor = gamma_tails.log10_upper_tail(sum(math.log(c.candidates) for c in inputs.canaries), n)
    low, high = gamma_tails.scale_interval(s, n) if s else (0.0, gamma_tails.scale_interval(1.0, n)[1])
    return Computed(
        n=n,
        statistic=total,
        statistic_name="exposure, summed, in bits",
        found=f"The suspect ranks {wording.count(n)} canaries with a mean exposure of {mean:.2f} bits (highest "
        f"{max(exposures):.2f}), where {1 / math.log(2):.2f} bits are expected of a model that never saw them.",
        p=Tail(gamma_tails.log10_upper_tail(s, n) if s else 0.0, 10**floor, "exact gamma tail of uniform ranks"),
        effect=mean - 1 / math.log(2),
        effect_name="mean exposure above chance, in bits",
        effect_interval=((low - 1) / math.log(2), (high - 1) / math.log(2)),
        figures={"mean_exposure_bits": mean, "highest_exposure_bits": max(exposures)},
    )


_ASSUMPTIONS = {
    "unique": "Each canary was given to one account only and is found nowhere in public.",
    "not_prompted": "The probes did not contain the canary or parts that complete it.",
}
_WORDS: dict[str, Any] = {
    "family": "canary",
    "proposition": "the suspect trained on the answers that carried the canaries",
    "alternative": "the suspect never saw the canaries",
    "validation_study": "Named with each run: the controls that were probed the same way, and spiked reference models.",
    "error_rate": "One-sided 95 % bounds from the controls and positives of the run; they cap the reported strength.",
    "acceptance": "Published and used to measure memorisation; no court is known to have ruled on it.",
    "limits": "A canary that leaks to the public web reaches models that never saw the account's answers. Single-shot "
    "canaries are weak: finding none says little.",
    "published": (
        "100 repeats of a trap sequence were undetectable, 1,000 repeats of long ones gave an AUC of .75 on a model of "
        "1.3 billion parameters: plan many canaries, one account each, of high perplexity (Meeus et al., ICML 2024).",
    ),
}

EMISSION = FingerprintTest(
    id="canary",
    version="1.0",
    title="Canaries emitted, against controls",
    question="Does the suspect know strings that only one account was ever given?",
    null_hypothesis="The suspect emits a canary at the rate of control models that never saw it.",
    chance="A model that never saw them emits so many or more",
    statistic="k canaries of m; p = P[Bin(m, q0) >= k], or Fisher's exact test where the controls were counted",
    inputs=Emission,
    compute=emission,
    accounts=emission_accounts,
    columns={
        "probed": "canaries of this account that the suspect was probed for (m)",
        "emitted": "of these, how many it emitted (k)",
        "background_rate": "rate of controls; one number for all rows, or one a row",
    },
    assumptions=_ASSUMPTIONS | {"independent": "Canaries were drawn at random, so one does not help to guess another."},
    example={"probed": 20, "emitted": 7, "controls_tried": 400, "controls_hit": 0, "expected_rate": 0.1},
    routes=("densities", "bayes_factor", "e_value", "at_most"),
    publication="Carlini et al., The Secret Sharer, USENIX Security 2019; Meeus et al., Copyright Traps for Large "
    "Language Models, ICML 2024",
    standard="Controls probed the same way; the ratio uses the controls' 95 % upper rate and a rate declared before.",
    **_WORDS,
)

EXPOSURE = FingerprintTest(
    id="canary-exposure",
    version="1.0",
    title="Exposure of canaries",
    question="Does the suspect prefer the true canary to the strings it could have been?",
    null_hypothesis="The rank of the true string among its candidates is uniform.",
    chance="A model that never saw them ranks them so high or higher",
    statistic="Sum over canaries of log2 N - log2 rank; p = Q(m, ln 2 times that sum)",
    inputs=Exposure,
    compute=exposure,
    assumptions=_ASSUMPTIONS | {"drawn": "The random part of each canary was drawn uniformly from its candidates."},
    example={"canaries": [{"candidates": 1_000_000, "rank": 3}, {"candidates": 1_000_000, "rank": 41_000}]},
    routes=("e_value", "at_most"),
    publication="Carlini et al., The Secret Sharer: Evaluating and Testing Unintended Memorization, USENIX Security "
    "2019",
    standard="All candidates are ranked, or a random sample with the rank scaled up; ties count against the suspect's "
    "having seen it.",
    **_WORDS,
)

TESTS = (EMISSION, EXPOSURE)
