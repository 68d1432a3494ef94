"""Whose model is it? Agreement with our model against controls, and equality of two output distributions."""

from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from apps.evidence.fingerprints import kernels, proportions, ranks, wording
from apps.evidence.fingerprints.schema import Computed, FingerprintTest, Inputs, InvalidInputs, Name, Rate, Tail

Few = Annotated[int, Meta(ge=0, le=10**6)]


# --- provenance -------------------------------------------------------------------------------------------------------


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often one model's next token was the suspect's."""

    model: Name
    hits: Annotated[Few, Meta(description="prompts on which its next token is the suspect's")]
    prompts: Annotated[int, Meta(ge=1, le=10**6, description="prompts asked (T)")]


class Provenance(Inputs, frozen=True, kw_only=True):
    """Agreement of the suspect's next tokens with our versions and with controls."""

    ours: Annotated[list[Agreement], Meta(min_length=1, max_length=100, description="our versions (candidate parents)")]
    controls: Annotated[
        list[Agreement], Meta(min_length=1, max_length=1000, description="unrelated models, at least one a family")
    ]
    two_sided: Annotated[bool, Meta(description="compare as published, two-sided; else only for more agreement")] = True
    excess: Annotated[Rate, Meta(description="agreement above the closest control, for the power")] = 0.05


def provenance(inputs: Provenance) -> Computed:
    """The closest of our versions against every control: all must be passed, so the largest adjusted p counts.

    That several of our versions were tried is paid for by multiplying with their number.
    """
    for group, models in (("ours", inputs.ours), ("controls", inputs.controls)):
        _check_hits(group, models)
    best = max(inputs.ours, key=_rate)
    closest = max(inputs.controls, key=_rate)
    tails = [_against(best, control, two_sided=inputs.two_sided) for control in inputs.controls]
    weakest = max(tails, key=lambda tail: tail.log10)
    paid = min(0.0, weakest.log10 + float(np.log10(len(inputs.ours))))
    tail = Tail(paid, min(1.0, weakest.floor * len(inputs.ours)), f"{weakest.method}; largest over the controls")
    return Computed(
        n=best.prompts,
        statistic=best.hits,
        statistic_name=f"hits of {best.model}",
        found=f"The suspect's next token is that of {best.model} on {wording.count(best.hits)} of "
        f"{wording.count(best.prompts)} prompts ({wording.percent(_rate(best))}); the closest of "
        f"{wording.count(len(inputs.controls))} controls, {closest.model}, agrees on "
        f"{wording.percent(_rate(closest))}.",
        p=tail,
        effect=_rate(best) - _rate(closest),
        effect_name=f"agreement above {closest.model}",
        effect_interval=proportions.difference_interval(best.hits, best.prompts, closest.hits, closest.prompts),
        power=proportions.power(_rate(closest), best.prompts, closest.prompts, inputs.excess, inputs.alpha),
        power_effect=inputs.excess,
        figures=_provenance_figures(inputs, best, closest, tails),
    )


def _provenance_figures(inputs: Provenance, best: Agreement, closest: Agreement, tails: list[Tail]) -> dict[str, float]:
    from apps.evidence.fingerprints import multiple

    holm = multiple.holm([tail.value for tail in tails])
    figures = {"z": float(proportions.pooled_z(best.hits, best.prompts, closest.hits, closest.prompts))}
    for control, tail, adjusted in zip(inputs.controls, tails, holm, strict=True):
        figures[f"p_value against {control.model}"] = tail.value
        figures[f"p_value after Holm against {control.model}"] = float(adjusted)
    return figures


def _against(best: Agreement, control: Agreement, *, two_sided: bool) -> Tail:
    """A control that agrees more than we do is no support, however significant the difference."""
    if _rate(control) >= _rate(best):
        return Tail(0.0, 0.0, "not above the control")
    return proportions.compare(best.hits, best.prompts, control.hits, control.prompts, two_sided=two_sided)


def _rate(agreement: Agreement) -> float:
    return agreement.hits / agreement.prompts


def _check_hits(group: str, models: list[Agreement]) -> None:
    for position, model in enumerate(models):
        if model.hits > model.prompts:
            raise InvalidInputs(
                f"`{group}[{position}].hits` is {model.hits}, more than its `prompts`, {model.prompts}."
            )
    if len({model.model for model in models}) != len(models):
        raise InvalidInputs(f"`{group}` names a model twice.")


# --- equality ---------------------------------------------------------------------------------------------------------

Completion = Annotated[str, Meta(max_length=4_000)]


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Completions of one prompt, by our model and by the suspect."""

    ours: Annotated[list[Completion], Meta(min_length=2, max_length=100)]
    suspect: Annotated[list[Completion], Meta(min_length=2, max_length=100)]


class Equality(Inputs, frozen=True, kw_only=True):
    """Completions of both sides, sampled with the same settings."""

    prompts: Annotated[list[Pair], Meta(min_length=1, max_length=200, description="completions, prompt by prompt")]
    resamples: Annotated[int, Meta(ge=19, le=5_000, description="relabellings drawn for the null")] = 999
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="seed of the relabellings")] = 1


def equality(inputs: Equality) -> Computed:
    """MMD² with the Hamming kernel; p from relabelling completions within each prompt."""
    groups = [(pair.ours, pair.suspect) for pair in inputs.prompts]
    if not any(text for ours, theirs in groups for text in (*ours, *theirs)):
        raise InvalidInputs("`prompts` has no completion with any text.")
    observed, null = kernels.hamming(groups, inputs.resamples, inputs.seed)
    n = sum(len(ours) + len(theirs) for ours, theirs in groups)
    return Computed(
        n=n,
        statistic=observed,
        statistic_name="MMD², Hamming kernel",
        found=f"Over {wording.count(len(groups))} prompts and {wording.count(n)} completions the two outputs differ "
        "by a "
        f"squared distance (MMD²) of {observed:.4g}; relabelled at random it stays below "
        f"{float(np.quantile(null, 0.95)):.4g} in 95 % of cases.",
        p=ranks.tail(observed, null + 0.0, "permutation within prompts"),
        effect=observed,
        effect_name="MMD² between the two outputs",
        figures={"mmd2": observed, "null_95": float(np.quantile(null, 0.95)), "relabellings": float(len(null))},
    )


# --- the tests --------------------------------------------------------------------------------------------------------

PROVENANCE = FingerprintTest(
    id="model-provenance",
    version="1.0",
    family="provenance",
    title="Model provenance, agreement of next tokens",
    question="Is the suspect closer to our model than to any control?",
    proposition="the suspect descends from our model",
    alternative="the suspect is no closer to our model than its closest control",
    null_hypothesis="The suspect agrees with our model no more often than with the closest control.",
    chance="A model that is no closer to ours than to a control shows such a difference to every control",
    statistic="Hits of T prompts; pooled two-proportion z against each control (Fisher if a cell is below 5), Holm; "
    "the "
    "largest p over the controls",
    inputs=Provenance,
    compute=provenance,
    assumptions={
        "random_prompts": "The prompts were drawn at random and independently of all models.",
        "families": "Each model family that may have shared training data with ours has a control.",
        "same_prompts": "All models were asked the same prompts; treating hits as independent is then cautious.",
    },
    example={
        "ours": [{"model": "ours-4", "hits": 420, "prompts": 1000}],
        "controls": [
            {"model": "control-a", "hits": 350, "prompts": 1000},
            {"model": "control-b", "hits": 310, "prompts": 1000},
        ],
    },
    routes=("e_value", "at_most"),
    publication="Nikolić, Baluta and Saxena, Model Provenance Testing for Large Language Models, NeurIPS 2025",
    validation_study="Named with each run: pairs of models whose lineage is known.",
    error_rate="One-sided 95 % bounds from known pairs of the run; they cap the reported strength.",
    standard="Best of our versions against every control; survival function and never 1 - cdf; Holm over the controls.",
    acceptance="Published; says that models share a lineage, not who copied whom.",
    limits="Shows fine-tuning lineage; black-box distillation of a larger teacher need not show.",
    published=(
        "90-95 % precision and 80-90 % recall on more than 600 models of 30 million to 4 billion parameters, for "
        "fine-tuning lineage and not for black-box distillation of a larger teacher (Nikolić et al., NeurIPS 2025).",
    ),
)

EQUALITY = FingerprintTest(
    id="model-equality",
    version="1.0",
    family="provenance",
    title="Model equality, two-sample test of completions",
    question="Is the endpoint literally our model?",
    proposition="the endpoint does not serve our model as we do",
    alternative="the endpoint serves our model",
    null_hypothesis="Both sides draw completions of each prompt from the same distribution.",
    chance="Two samples of one model differ so much or more",
    statistic="Unbiased MMD² with the Hamming kernel within prompts; p = (1 + relabellings >= observed) / (1 + number)",
    inputs=Equality,
    compute=equality,
    assumptions={
        "same_settings": "Both sides were sampled with the same prompts, temperature and length.",
        "same_time": "Our side was sampled from the version that the endpoint is said to serve.",
    },
    example={
        "prompts": [
            {"ours": ["red", "red", "blue", "red"], "suspect": ["green", "green", "green", "blue"]},
            {"ours": ["one", "one", "two", "one"], "suspect": ["six", "six", "six", "two"]},
        ],
        "resamples": 199,
    },
    routes=("e_value", "at_most"),
    publication="Gao, Liang and Guestrin, Model Equality Testing: Which Model Is This API Serving?, ICLR 2025",
    validation_study="Named with each run: two samples of our own model, and samples of others.",
    error_rate="The level of the permutation test; bounds from the controls of the run cap the reported strength.",
    standard="About ten samples a prompt on both sides; relabelling within prompts; seed and number of relabellings "
    "kept.",
    acceptance="Published; used to audit endpoints.",
    limits="A difference has many benign causes (quantisation, system prompt, other version). Not finding one is what "
    "speaks for our model being relayed, and only with power.",
    published=(
        "77.4 % median power with 10 samples a prompt; 11 of 31 endpoints differed from the published weights, "
        "which has "
        "many benign causes (Gao et al., ICLR 2025).",
    ),
)

TESTS = (PROVENANCE, EQUALITY)
