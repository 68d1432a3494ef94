"""Watermark tests: the provider's key leaves a trace in text, and text that owes nothing to the key shows it by chance.

Green list (Kirchenbauer et al. 2023): the key colours a fraction gamma of the vocabulary green, anew for each context;
"unigram" (Zhao et al. 2024) keeps one list for all contexts. Radioactivity (Sander et al. 2024) is the same count on
the outputs of a suspect that may have trained on such text. Only distinct tuples are scored: a repeated one says
nothing new, and counting it makes p too small.
"""

import math
from typing import Annotated, Any, Literal

from msgspec import Meta

from apps.evidence.fingerprints import binomial, strength, wording
from apps.evidence.fingerprints.binomial import Numbers
from apps.evidence.fingerprints.schema import (
    Computed,
    Count,
    FingerprintTest,
    InvalidInputs,
    Rate,
    Route,
    Status,
    Tail,
)

from .watermark import CUSTODY, DISTINCT, WORDS, Watermark, custody


class GreenCounts(Watermark, frozen=True, kw_only=True):
    """Counts as a detector submits them."""

    scored: Annotated[Count, Meta(description="distinct tuples that were scored (n)")]
    green: Annotated[Count, Meta(description="of them on the green list (k)")]
    gamma: Annotated[Rate, Meta(description="fraction of the vocabulary that is green by chance")]
    distinct: Annotated[bool, Meta(description="whether repeated tuples were left out")]
    excess: Annotated[Rate, Meta(description="green rate above gamma for which the power is stated")] = 0.02
    trained_rate: Annotated[
        Rate | None, Meta(description="green rate of a model known to have trained on keyed text, declared beforehand")
    ] = None


def green_list(inputs: GreenCounts) -> Computed:
    """The exact binomial test of the green rate. Raises InvalidInputs when the counts contradict each other."""
    return _green(inputs, inputs.scored, shown={})


def _green(inputs: GreenCounts, n: int, *, shown: dict[str, Status]) -> Computed:
    k, gamma = inputs.green, inputs.gamma
    if n == 0:
        raise InvalidInputs("`scored` is 0: there is nothing to test.")
    if k > n:
        raise InvalidInputs(f"`green` is {k}, more than `scored`, {n}.")
    if gamma + inputs.excess >= 1:
        raise InvalidInputs("`gamma` + `excess` must be below 1.")
    low, high = binomial.interval(k, n)
    methods: dict[Route, str] = {
        "bayes_factor": "Bayes factor, green rate uniform on (gamma, 1) if trained on keyed text",
        "densities": f"Two binomial densities: green at {inputs.trained_rate} if trained, {gamma:g} if not",
    }
    return Computed(
        n=n,
        statistic=k,
        statistic_name="green tokens",
        found=_green_found(inputs, n, low, high),
        p=Tail(float(binomial.log10_upper_tail(k, n, gamma)), gamma**n, "exact binomial tail"),
        effect=k / n - gamma,
        effect_name="green rate above gamma",
        effect_interval=(low - gamma, high - gamma),
        power=float(binomial.power(n, gamma, gamma + inputs.excess, inputs.alpha)),
        power_effect=inputs.excess,
        log10_lr={route: float(value) for route, value in _green_ratios(inputs, k, n, gamma).items()},
        lr_method=methods,
        shown=custody(inputs) | {"distinct": "held" if inputs.distinct else "violated"} | shown,
        figures={"z": (k - gamma * n) / math.sqrt(n * gamma * (1 - gamma)), "green_rate": k / n},
    )


def _green_ratios(inputs: GreenCounts, k: Numbers, n: Numbers, gamma: Numbers) -> dict[Route, Numbers]:
    ratios: dict[Route, Numbers] = {"bayes_factor": strength.log10_bayes_factor(k, n, gamma)}
    if inputs.trained_rate is not None:
        ratios["densities"] = strength.log10_binomial_ratio(k, n, inputs.trained_rate, gamma)
    return ratios


def _green_found(inputs: GreenCounts, n: int, low: float, high: float) -> str:
    return (
        f"Of {wording.count(n)} scored tokens, {wording.count(inputs.green)} ({wording.percent(inputs.green / n)}; "
        f"95 % interval {wording.percent(low)} to {wording.percent(high)}) were on the green list of key "
        f"{inputs.key_id}, where {wording.percent(inputs.gamma)} are expected of text that owes nothing to the key."
    )


def green_accounts(inputs: GreenCounts, columns: dict[str, Any]) -> tuple[Numbers, Numbers, dict[Route, Numbers]]:
    """The same test for arrays of counts: log10 p, its floor, log10 LR by route."""
    k, n, gamma = columns["green"], columns["scored"], columns["gamma"]
    return binomial.log10_upper_tail(k, n, gamma), gamma**n, _green_ratios(inputs, k, n, gamma)


# --- radioactivity ----------------------------------------------------------------------------------------------------


class Radioactivity(GreenCounts, frozen=True, kw_only=True):
    """Counts on a suspect's outputs, or on its next-token predictions over our own text ("reading mode")."""

    access: Annotated[
        Literal["closed", "open"],
        Meta(description="closed: the suspect's outputs; open: its predictions on our text, with its weights at hand"),
    ]
    counted_as: Annotated[
        Literal["tokens", "num_scored", "nb_distinct"],
        Meta(
            description="what `scored` is: tokens tested; num_scored of a chunked file, which is one less; or "
            "nb_distinct of an open-model file"
        ),
    ] = "tokens"
    contexts_filtered: Annotated[
        bool | None, Meta(description="whether only contexts were scored that occur in the text that was served")
    ] = None


def radioactivity(inputs: Radioactivity) -> Computed:
    """The green-list tail on a suspect's text. In published chunked files p belongs to num_scored + 1 tokens."""
    n = inputs.scored + (inputs.counted_as == "num_scored")
    filtered: dict[bool | None, Status] = {True: "held", False: "violated", None: "unverified"}
    return _green(inputs, n, shown={"contexts_filtered": filtered[inputs.contexts_filtered]})


# --- the tests --------------------------------------------------------------------------------------------------------

_COLUMNS = {
    "scored": "tuples scored (n)",
    "green": "of them on the green list (k)",
    "gamma": "fraction that is green by chance; one number for all rows, or one a row",
}
_ROUTES: tuple[Route, ...] = ("bayes_factor", "densities", "at_most", "e_value")
_STANDARD = "Distinct tuples only; exact tail, no normal approximation; prior declared: uniform on (gamma, 1)."
_CHANCE = "A model that never trained on keyed text gives so many or more"
_PARAPHRASE = (
    "After strong human paraphrase about 800 tokens are needed at a false positive rate of 10⁻⁵; measured per document "
    "and in English only (Kirchenbauer et al., ICLR 2024)."
)
_EXAMPLE = {"scored": 1001, "green": 268, "gamma": 0.25, "distinct": True, "key_id": "K-7"}

GREEN_LIST = FingerprintTest(
    id="green-list",
    version="2.0",
    title="Green-list watermark, exact binomial",
    question="Do the suspect's outputs carry our watermark more often than chance allows?",
    null_hypothesis="Each scored token is green with probability gamma, whatever the key.",
    chance=_CHANCE,
    statistic="Number of green tokens k among n distinct (context, token) tuples; p = I_gamma(k, n - k + 1)",
    inputs=GreenCounts,
    compute=green_list,
    accounts=green_accounts,
    columns=_COLUMNS,
    assumptions=DISTINCT | CUSTODY,
    example=_EXAMPLE,
    routes=_ROUTES,
    publication="Kirchenbauer et al., A Watermark for Large Language Models, ICML 2023",
    standard=_STANDARD,
    published=(_PARAPHRASE,),
    **WORDS,
)

UNIGRAM = FingerprintTest(
    id="unigram",
    version="1.0",
    title="Unigram watermark, one green list for all contexts",
    question="Do the suspect's outputs prefer the words of our one green list?",
    null_hypothesis="Each distinct token is green with probability gamma, whatever the key.",
    chance=_CHANCE,
    statistic="Number of green tokens k among n distinct tokens; p = I_gamma(k, n - k + 1)",
    inputs=GreenCounts,
    compute=green_list,
    accounts=green_accounts,
    columns=_COLUMNS,
    assumptions={"distinct": "Each distinct token was scored once, so the scores are independent."} | CUSTODY,
    example=_EXAMPLE | {"scored": 400, "green": 130},
    routes=_ROUTES,
    publication="Zhao et al., Provable Robust Watermarking for AI-Generated Text, ICLR 2024",
    standard=_STANDARD + " Published code counts every occurrence; here a word counts once.",
    published=(_PARAPHRASE,),
    **WORDS,
)

RADIOACTIVITY = FingerprintTest(
    id="radioactivity",
    version="1.0",
    title="Radioactivity: does a model trained on keyed text carry the key?",
    question="Did training on our keyed text leave the key's preference in the suspect model?",
    null_hypothesis="The suspect never trained on keyed text, so each scored token is green with probability gamma.",
    chance=_CHANCE,
    statistic="Green tokens k among n distinct tuples whose contexts occur in served text; p = I_gamma(k, n - k + 1)",
    inputs=Radioactivity,
    compute=radioactivity,
    assumptions=DISTINCT
    | {"contexts_filtered": "Only contexts that occur in the text that was served were scored."}
    | CUSTODY,
    example=_EXAMPLE | {"scored": 1000, "counted_as": "num_scored", "access": "open", "contexts_filtered": True},
    routes=_ROUTES,
    publication="Sander et al., Watermarking Makes Language Models Radioactive, NeurIPS 2024",
    standard=_STANDARD + " Contexts filtered to those served; chunked files hold n - 1.",
    published=(
        "With an open model p < 10⁻⁵ where 5 % of the training text was watermarked; paraphrase and neutralisation at "
        "inference remove it completely (Pan et al., ACL 2025) and watermarks can be spoofed (Gu et al., ICLR 2024), "
        "so absence is not innocence and presence no proof of scale.",
    ),
    **WORDS,
)

TESTS = (GREEN_LIST, UNIGRAM, RADIOACTIVITY)
