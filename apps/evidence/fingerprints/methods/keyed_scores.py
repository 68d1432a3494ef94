"""Watermarks that give each token a score: Gumbel sampling (Aaronson 2022) and SynthID-Text (Dathathri et al. 2024).

Without the key a Gumbel score is the sum of unit exponentials (its deviation a token is 1, not pi / root 6), and a
SynthID g-value a fair coin. Both tails are exact where the count behind the score is known.
"""

import math
from typing import Annotated, Literal

from msgspec import Meta

from apps.core.later import special
from apps.evidence.fingerprints import binomial, gamma_tails, proportions, strength, wording
from apps.evidence.fingerprints.schema import (
    Computed,
    Count,
    FingerprintTest,
    InvalidInputs,
    Positive,
    Rate,
    Route,
    Share,
    Tail,
)

from .watermark import CUSTODY, DISTINCT, WORDS, Watermark, custody


class Gumbel(Watermark, frozen=True, kw_only=True):
    """The score of Aaronson's scheme: the sum of -ln(1 - r) over the tokens, r uniform on (0, 1) without the key."""

    scored: Annotated[Positive, Meta(description="distinct (context, token) tuples scored (T)")]
    score: Annotated[float, Meta(gt=0, le=1e15, description="sum of -ln(1 - r) over them (S)")]
    distinct: Annotated[bool, Meta(description="whether repeated tuples were left out")]
    excess: Annotated[
        float, Meta(gt=0, le=100, description="mean score above 1, its value by chance, for which the power is stated")
    ] = 0.1
    trained_mean: Annotated[
        Annotated[float, Meta(gt=1, le=1000)] | None,
        Meta(description="mean score of a model known to carry the key, declared beforehand"),
    ] = None


def gumbel(inputs: Gumbel) -> Computed:
    """S is a sum of T unit exponentials by chance, so p = Q(T, S), the tail of the gamma distribution."""
    n, s = inputs.scored, inputs.score
    low, high = gamma_tails.scale_interval(s, n)
    ratios: dict[Route, float] = {"bayes_factor": gamma_tails.log10_bayes_factor(s, n)}
    methods: dict[Route, str] = {
        "bayes_factor": "Bayes factor, inverse of the mean score uniform on (0, 1) if the text is keyed"
    }
    if inputs.trained_mean is not None:
        ratios["densities"] = gamma_tails.log10_ratio(s, n, inputs.trained_mean)
        methods["densities"] = f"Two gamma densities: mean score {inputs.trained_mean:g} if keyed, 1 if not"
    return Computed(
        n=n,
        statistic=s,
        statistic_name="sum of -ln(1 - r)",
        found=f"Over {wording.count(n)} tokens the score of key {inputs.key_id} is {s:.6g}, on average {s / n:.4f} "
        f"(95 % interval {low:.4f} to {high:.4f}) where 1 is expected of text that owes nothing to the key.",
        p=Tail(gamma_tails.log10_upper_tail(s, n), 0.0, "exact gamma tail"),
        effect=s / n - 1,
        effect_name="mean score above 1",
        effect_interval=(low - 1, high - 1),
        power=gamma_tails.power(n, 1 + inputs.excess, inputs.alpha),
        power_effect=inputs.excess,
        log10_lr=ratios,
        lr_method=methods,
        shown=custody(inputs) | {"distinct": "held" if inputs.distinct else "violated"},
        figures={"z": (s - n) / math.sqrt(n), "mean_score": s / n},
    )


# --- SynthID ----------------------------------------------------------------------------------------------------------


class SynthId(Watermark, frozen=True, kw_only=True):
    """g-values of SynthID-Text: fair coins without the key, one for each token and layer."""

    tokens: Annotated[Positive, Meta(description="tokens scored, repeated contexts left out (T)")]
    layers: Annotated[int, Meta(ge=1, le=1000, description="layers of the tournament (m)")]
    ones: Annotated[
        Count | None, Meta(description="g-values that are 1 among the m T; gives the exact tail of the plain mean")
    ] = None
    mean: Annotated[
        Share | None, Meta(description="mean score as the detector reports it, if the count is not at hand")
    ] = None
    weights: Annotated[
        list[Annotated[float, Meta(gt=0, le=1e6)]] | Literal["equal", "10 to 1"],
        Meta(description="weights of the layers behind `mean`: equal, falling from 10 to 1, or one number a layer"),
    ] = "equal"
    vocabulary: Annotated[
        Annotated[int, Meta(ge=2, le=10**7)] | None,
        Meta(description="size of the vocabulary, for the mean to expect of keyed text"),
    ] = None
    distinct: Annotated[bool, Meta(description="whether repeated contexts were left out")]
    excess: Annotated[Rate, Meta(description="mean above one half for which the power is stated")] = 0.01


def synthid(inputs: SynthId) -> Computed:
    """The mean of fair coins: exact where the count is given, else normal with the detector's standard deviation.

    For fair coins the normal tail errs by a factor of at most 3.2 at any depth (Pinelis 2012), weighted or not.
    """
    weights = _layer_weights(inputs)
    coins = inputs.tokens * inputs.layers
    mean = _synthid_mean(inputs, coins)
    deviation = math.sqrt(sum(w * w for w in weights) / inputs.tokens) / (2 * sum(weights))
    z = (mean - 0.5) / deviation
    normal = float(proportions.log10_normal_tail(z))
    exact = inputs.ones is not None
    log10_p = float(binomial.log10_upper_tail(inputs.ones, coins, 0.5)) if exact else normal
    floor = 0.5**coins if exact else 10 ** float(proportions.log10_normal_tail(0.5 / deviation))
    figures = {"z": z, "sd": deviation, "mean": mean, "normal_p": 10**normal}
    if inputs.vocabulary is not None:
        figures["expected_mean_if_keyed"] = expected_mean(inputs.vocabulary)
    return Computed(
        n=coins,
        statistic=mean,
        statistic_name="mean g-value",
        found=f"The mean of {wording.count(coins)} g-values ({wording.count(inputs.tokens)} tokens, {inputs.layers} "
        f"layers) under key {inputs.key_id} is {mean:.5f}, where 0.5 is expected of text that owes nothing to the key.",
        p=Tail(log10_p, floor, "exact binomial tail" if exact else "normal tail with the detector's deviation"),
        effect=mean - 0.5,
        effect_name="mean above one half",
        effect_interval=(mean - 0.5 - 1.959964 * deviation, mean - 0.5 + 1.959964 * deviation),
        power=float(special.ndtr(inputs.excess / deviation + special.ndtri(inputs.alpha))),
        power_effect=inputs.excess,
        log10_lr={"bayes_factor": float(strength.log10_bayes_factor(inputs.ones, coins, 0.5))} if exact else {},
        lr_method={"bayes_factor": "Bayes factor, rate of ones uniform on (½, 1) if the text is keyed"},
        shown=custody(inputs) | {"distinct": "held" if inputs.distinct else "violated"},
        figures=figures,
    )


def expected_mean(vocabulary: int) -> float:
    """The mean g-value to expect of keyed text of a model that is uniform over its vocabulary: .5 + .25 (1 - 1/V)."""
    return 0.5 + 0.25 * (1 - 1 / vocabulary)


def _synthid_mean(inputs: SynthId, coins: int) -> float:
    if (inputs.ones is None) == (inputs.mean is None):
        raise InvalidInputs("Give either `ones`, the count, or `mean`, the score.")
    if inputs.ones is None:
        return float(inputs.mean or 0.0)
    if inputs.ones > coins:
        raise InvalidInputs(f"`ones` is {inputs.ones}, more than `tokens` × `layers`, {coins}.")
    if inputs.weights != "equal":
        raise InvalidInputs("`ones` goes with equal `weights`; a weighted score is given as `mean`.")
    return inputs.ones / coins


def _layer_weights(inputs: SynthId) -> list[float]:
    m = inputs.layers
    if inputs.weights == "equal":
        return [1.0] * m
    if inputs.weights == "10 to 1":
        return [10 - 9 * layer / (m - 1) for layer in range(m)] if m > 1 else [10.0]
    if len(inputs.weights) != m:
        raise InvalidInputs(f"`weights` has {len(inputs.weights)} numbers for {m} `layers`.")
    return [float(weight) for weight in inputs.weights]


# --- the tests --------------------------------------------------------------------------------------------------------

GUMBEL = FingerprintTest(
    id="gumbel",
    version="1.0",
    title="Gumbel watermark, exact gamma tail",
    question="Do the suspect's tokens fall where our key's random numbers are large?",
    null_hypothesis="The key's random number of each scored token is uniform on (0, 1).",
    chance="Text that owes nothing to the key scores so much or more",
    statistic="S, the sum of -ln(1 - r) over T distinct tuples; p = Q(T, S)",
    inputs=Gumbel,
    compute=gumbel,
    assumptions=DISTINCT | CUSTODY,
    example={"scored": 100, "score": 150.0, "distinct": True, "key_id": "K-9"},
    routes=("bayes_factor", "densities", "at_most", "e_value"),
    publication="Aaronson, Watermarking of Large Language Models, 2022; Fernandez et al., Three Bricks to Consolidate "
    "Watermarks for Large Language Models, WIFS 2023 (exact test)",
    standard="Distinct tuples only; gamma tail, no normal approximation; prior declared on the inverse mean score.",
    **WORDS,
)

SYNTHID = FingerprintTest(
    id="synthid",
    version="1.0",
    title="SynthID-Text, mean score",
    question="Do the g-values of the suspect's text lean to one under our key?",
    null_hypothesis="Each g-value is a fair coin, independent of the key.",
    chance="Text that owes nothing to the key has so high a mean or higher",
    statistic="Mean of m T g-values, weighted or not; standard deviation ½ √(Σw²) / (Σw √T)",
    inputs=SynthId,
    compute=synthid,
    assumptions={"distinct": "Repeated contexts were left out, so the g-values are independent."} | CUSTODY,
    example={"tokens": 200, "layers": 30, "ones": 3120, "distinct": True, "key_id": "K-11"},
    routes=("bayes_factor", "e_value", "at_most"),
    publication="Dathathri et al., Scalable watermarking for identifying large language model outputs, Nature 2024",
    standard="Mean or weighted mean score; the Bayesian detector has to be trained for each key and is not used.",
    **WORDS,
)

TESTS = (GUMBEL, SYNTHID)
