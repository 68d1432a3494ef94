"""Watermark tests: the provider's key leaves a trace in text, and text that owes nothing to the key shows it by chance.

Green list (Kirchenbauer et al. 2023): the key colours a fraction gamma of the vocabulary green, anew for each context.
Text that owes nothing to the key scores green at the rate gamma; text that does, more often. Only distinct (context,
token) tuples are scored: a repeated one says nothing new, and counting it makes p too small.
"""

import math
from typing import Annotated, Any

from msgspec import Meta

from apps.evidence.fingerprints import binomial, strength, wording
from apps.evidence.fingerprints.schema import (
    Computed,
    Count,
    FingerprintTest,
    Inputs,
    InvalidInputs,
    Name,
    Positive,
    Rate,
    Status,
    Tail,
)

ASSUMPTIONS = {
    "distinct": "Only distinct (context, token) tuples were scored, so the scores are independent.",
    "key_secret": "The key was known to nobody outside, so nobody could imitate the watermark.",
    "not_prompted": "The suspect's prompts did not contain keyed text that it could repeat.",
}


class Watermark(Inputs, frozen=True, kw_only=True):
    """What every watermark test takes; nothing of the key but its name."""

    key_id: Annotated[Name, Meta(description="name of the key in the register; never the key")]
    key_secret: Annotated[
        bool | None, Meta(description="whether a custody record shows that the key never left; empty where not known")
    ] = None
    alpha: Annotated[Rate, Meta(description="level of the test, for which the power is stated")] = 1e-5


class GreenList(Watermark, frozen=True, kw_only=True):
    """Counts as a detector submits them."""

    scored: Annotated[Positive, Meta(description="distinct (context, token) tuples scored (n)")]
    green: Annotated[Count, Meta(description="of them on the green list (k)")]
    gamma: Annotated[Rate, Meta(description="fraction of the vocabulary that is green by chance")]
    distinct: Annotated[bool, Meta(description="whether repeated tuples were left out")]
    excess: Annotated[Rate, Meta(description="green rate above gamma for which the power is stated")] = 0.02
    trained_rate: Annotated[
        Rate | None, Meta(description="green rate of a model known to have trained on keyed text, declared beforehand")
    ] = None


def green_list(inputs: GreenList) -> Computed:
    """The exact binomial test of the green rate. Raises InvalidInputs when the counts contradict each other."""
    n, k, gamma = inputs.scored, inputs.green, inputs.gamma
    if k > n:
        raise InvalidInputs(f"`green` is {k}, more than `scored`, {n}.")
    if gamma + inputs.excess >= 1:
        raise InvalidInputs("`gamma` + `excess` must be below 1.")
    low, high = binomial.interval(k, n)
    log10_lr, method = _green_lr(inputs)
    return Computed(
        n=n,
        statistic=k,
        statistic_name="green tokens",
        found=_green_found(inputs, low, high),
        p=Tail(float(binomial.log10_upper_tail(k, n, gamma)), gamma**n, "exact binomial tail"),
        effect=k / n - gamma,
        effect_name="green rate above gamma",
        effect_interval=(low - gamma, high - gamma),
        power=binomial.power(n, gamma, gamma + inputs.excess, inputs.alpha),
        power_effect=inputs.excess,
        log10_lr=log10_lr,
        lr_method=method,
        shown=_shown(inputs) | {"distinct": "held" if inputs.distinct else "violated"},
        figures={"z": (k - gamma * n) / math.sqrt(n * gamma * (1 - gamma)), "green_rate": k / n},
    )


def _green_lr(inputs: GreenList) -> tuple[dict, dict]:
    n, k, gamma = inputs.scored, inputs.green, inputs.gamma
    ratios: dict[Any, float] = {"bayes_factor": float(strength.log10_bayes_factor(k, n, gamma))}
    methods: dict[Any, str] = {
        "bayes_factor": "Bayes factor, green rate uniform on (gamma, 1) if trained on keyed text"
    }
    if inputs.trained_rate is not None:
        ratios["densities"] = float(strength.log10_binomial_ratio(k, n, inputs.trained_rate, gamma))
        methods["densities"] = f"Two binomial densities: green at {inputs.trained_rate:g} if trained, {gamma:g} if not"
    return ratios, methods


def _shown(inputs: Watermark) -> dict[str, Status]:
    custody: dict[bool | None, Status] = {True: "held", False: "violated", None: "unverified"}
    return {"key_secret": custody[inputs.key_secret]} if inputs.key_secret is not None else {}


def _green_found(inputs: GreenList, low: float, high: float) -> str:
    return (
        f"Of {wording.count(inputs.scored)} scored tokens, {wording.count(inputs.green)} "
        f"({wording.percent(inputs.green / inputs.scored)}; 95 % interval {wording.percent(low)} to "
        f"{wording.percent(high)}) were on the green list of key {inputs.key_id}, where "
        f"{wording.percent(inputs.gamma)} are expected of text that owes nothing to the key."
    )


GREEN_LIST = FingerprintTest(
    id="green-list",
    version="2.0",
    family="watermark",
    title="Green-list watermark, exact binomial",
    question="Do the suspect's outputs carry our watermark more often than chance allows?",
    proposition="the suspect trained on keyed text",
    alternative="the suspect never trained on keyed text",
    null_hypothesis="Each scored token is green with probability gamma, whatever the key.",
    chance="A model that never trained on keyed text gives so many or more",
    statistic="Number of green tokens k among n distinct (context, token) tuples; p = I_gamma(k, n - k + 1)",
    inputs=GreenList,
    compute=green_list,
    assumptions=ASSUMPTIONS,
    example={"scored": 1001, "green": 268, "gamma": 0.25, "distinct": True, "key_id": "K-7"},
    routes=("bayes_factor", "densities", "at_most", "e_value"),
    watermark=True,
    publication="Kirchenbauer et al., A Watermark for Large Language Models, ICML 2023; "
    "Sander et al., Watermarking Makes Language Models Radioactive, NeurIPS 2024",
    validation_study="Named with each run: control models that never saw keyed text, and models that did.",
    error_rate="One-sided 95 % bounds from the controls and positives of the run; they cap the reported strength.",
    standard="Distinct tuples only; exact tail, no normal approximation; prior declared: uniform on (gamma, 1).",
    acceptance="Published and reproduced; no court is known to have ruled on it.",
    limits="Paraphrase and neutralisation at inference remove the trace, and watermarks can be imitated: absence does "
    "not clear anyone, presence does not show the scale.",
    published=(
        "After strong human paraphrase about 800 tokens are needed at a false positive rate of 10⁻⁵; per document, "
        "English only (Kirchenbauer et al., ICLR 2024).",
    ),
)

TESTS = (GREEN_LIST,)
