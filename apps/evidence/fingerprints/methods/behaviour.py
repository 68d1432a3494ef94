"""How the suspect behaves: distance to our template, similarity of answers, and whether it says that it is our model.

All of it is comparison with controls: models of different makers resemble each other, so a figure without controls says
nothing. N controls give no p below 1 / (N + 1).
"""

from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from apps.core.later import special
from apps.evidence.fingerprints import proportions, ranks, wording
from apps.evidence.fingerprints.schema import Computed, FingerprintTest, Inputs, InvalidInputs, Name, Rate

Score = Annotated[float, Meta(ge=-1e12, le=1e12)]
Distance = Annotated[float, Meta(ge=0, le=1e12)]
Few = Annotated[int, Meta(ge=0, le=10**6)]


# --- distance to a template -------------------------------------------------------------------------------------------


class TemplateDistance(Inputs, frozen=True, kw_only=True):
    """Distances of behaviour vectors to our model's template."""

    distance: Annotated[Distance, Meta(description="distance of the suspect to our template")]
    controls: Annotated[
        list[Distance], Meta(max_length=100_000, description="distances of models known not to be ours")
    ] = []
    positives: Annotated[
        list[Distance], Meta(max_length=100_000, description="distances of models known to be ours, for the power")
    ] = []
    probes: Annotated[int, Meta(ge=1, le=10**6, description="probes behind each distance")] = 8


def template_distance(inputs: TemplateDistance) -> Computed:
    """A distance is no probability: p = (1 + controls at least as near) / (1 + N), and none without controls."""
    n, d = len(inputs.controls), inputs.distance
    nearest = min(inputs.controls) if n else None
    beside = (
        f"the nearest of {wording.count(n)} controls is at {nearest:.4g}."
        if nearest is not None
        else "it was not compared with any control, so that nothing follows from it."
    )
    figures = {} if nearest is None else {"nearest_control": nearest, "nearer_controls": float(_nearer(inputs))}
    return Computed(
        n=n,
        statistic=d,
        statistic_name="distance to our template",
        found=f"After {wording.count(inputs.probes)} probes the suspect is at a distance of {d:.4g} from our template; "
        + beside,
        p=ranks.tail(d, inputs.controls, "rank among controls", small=True) if n else None,
        effect=None if nearest is None else nearest - d,
        effect_name="" if nearest is None else "nearer than the nearest control",
        power=ranks.power(inputs.positives, inputs.controls, inputs.alpha, small=True) if n else None,
        figures=figures,
    )


def _nearer(inputs: TemplateDistance) -> int:
    return sum(distance <= inputs.distance for distance in inputs.controls)


# --- similarity of answers --------------------------------------------------------------------------------------------


class Scored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model's scores of similarity to our answers, prompt by prompt."""

    model: Name
    scores: Annotated[list[Score], Meta(min_length=2, max_length=20_000)]


class Similarity(Inputs, frozen=True, kw_only=True):
    """Scores of the suspect and of controls on the same prompts, by one judge."""

    suspect: Annotated[list[Score], Meta(min_length=2, max_length=20_000, description="scores, prompt by prompt")]
    controls: Annotated[list[Scored], Meta(min_length=1, max_length=500, description="the same for each control model")]
    judge: Annotated[Name, Meta(description="what scored, with its version: a model, n-grams, embeddings")]


def similarity(inputs: Similarity) -> Computed:
    """The suspect's mean score among the controls' means, and paired against the closest control."""
    n = len(inputs.suspect)
    for position, control in enumerate(inputs.controls):
        if len(control.scores) != n:
            raise InvalidInputs(f"`controls[{position}].scores` has {len(control.scores)} scores, the suspect {n}.")
    means = [float(np.mean(control.scores)) for control in inputs.controls]
    closest = inputs.controls[int(np.argmax(means))]
    mean = float(np.mean(inputs.suspect))
    difference = np.array(inputs.suspect) - np.array(closest.scores)
    low, high = _t_interval(difference)
    return Computed(
        n=n,
        statistic=mean,
        statistic_name="mean score",
        found=f"By {inputs.judge} the suspect's answers score {mean:.3f} on {wording.count(n)} prompts; the closest of "
        f"{wording.count(len(means))} controls, {closest.model}, scores {max(means):.3f}, the furthest "
        f"{min(means):.3f}.",
        p=ranks.tail(mean, means, "rank among controls"),
        effect=float(difference.mean()),
        effect_name=f"score above {closest.model}",
        effect_interval=(low, high),
        figures={"mean_score": mean, "closest_control": max(means), "furthest_control": min(means)},
    )


def _t_interval(values: Any) -> tuple[float, float]:
    n = len(values)
    half = float(special.stdtrit(n - 1, 0.975)) * float(np.std(values, ddof=1)) / n**0.5
    return float(np.mean(values)) - half, float(np.mean(values)) + half


# --- identity ---------------------------------------------------------------------------------------------------------


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a control model claimed to be ours."""

    model: Name
    probes: Annotated[int, Meta(ge=1, le=10**6)]
    claimed: Few


class Identity(Inputs, frozen=True, kw_only=True):
    """Answers to neutral probes in which a model claims to be ours."""

    probes: Annotated[int, Meta(ge=1, le=10**6, description="probes of the suspect, without leading text (n)")]
    claimed: Annotated[Few, Meta(description="of these, in which it claims our identity (k)")]
    controls: Annotated[list[Claims], Meta(min_length=1, max_length=500, description="the same for each control model")]
    excess: Annotated[Rate, Meta(description="rate above the controls for which the power is stated")] = 0.1


def identity(inputs: Identity) -> Computed:
    """Fisher's exact test against every control; the largest p counts, because every control must be passed."""
    k, n = inputs.claimed, inputs.probes
    for position, control in enumerate(inputs.controls):
        if control.claimed > control.probes:
            raise InvalidInputs(
                f"`controls[{position}].claimed` is {control.claimed}, more than its `probes`, {control.probes}."
            )
    if k > n:
        raise InvalidInputs(f"`claimed` is {k}, more than `probes`, {n}.")
    most = max(inputs.controls, key=lambda control: control.claimed / control.probes)
    tails = {c.model: proportions.fisher(k, n, c.claimed, c.probes) for c in inputs.controls}
    weakest = max(tails.values(), key=lambda tail: tail.log10)
    pooled = sum(c.claimed for c in inputs.controls), sum(c.probes for c in inputs.controls)
    rate = most.claimed / most.probes
    low, high = proportions.difference_interval(k, n, most.claimed, most.probes)
    return Computed(
        n=n,
        statistic=k,
        statistic_name="claims to be ours",
        found=f"The suspect claims our identity in {wording.count(k)} of {wording.count(n)} probes "
        f"({wording.percent(k / n)}); of {wording.count(len(inputs.controls))} controls {most.model} does so most "
        "often, "
        f"in {wording.percent(rate)}.",
        p=msgspec.structs.replace(weakest, method=f"{weakest.method}; largest over the controls"),
        effect=k / n - rate,
        effect_name=f"rate above {most.model}",
        effect_interval=(low, high),
        power=proportions.power(rate, n, most.probes, min(inputs.excess, 1 - rate), inputs.alpha),
        power_effect=inputs.excess,
        figures={
            "rate": k / n,
            "highest_control_rate": rate,
            "pooled_fisher_p": proportions.fisher(k, n, *pooled).value,
            **{f"p_value against {model}": tail.value for model, tail in tails.items()},
        },
    )


# --- the tests --------------------------------------------------------------------------------------------------------

_ERROR_RATE = "One-sided 95 % bounds from the controls and positives of the run; they cap the reported strength."
_CONTROLS = {
    "families": "Every model family that may share public training data with ours has a control.",
    "bare": "The suspect and the controls were asked without a system prompt that tells them who they are.",
}

DISTANCE = FingerprintTest(
    id="behaviour-distance",
    version="1.0",
    family="behaviour",
    title="Behavioural template distance",
    question="Does the suspect answer probes the way our model does?",
    proposition="the suspect is served by our model or one tuned from it",
    alternative="the suspect is another model",
    null_hypothesis="The suspect's distance is one of those that other models have.",
    chance="Another model is so near or nearer",
    statistic="Distance d to our template; p = (1 + number of control distances <= d) / (1 + N)",
    inputs=TemplateDistance,
    compute=template_distance,
    assumptions=_CONTROLS | {"template_first": "The template and the probes were fixed before the suspect was probed."},
    example={"distance": 32.96, "controls": [40.79, 43.1, 45.0, 47.2, 44.4, 51.0, 52.3, 48.8, 46.1, 49.9]},
    routes=("e_value", "at_most"),
    publication="Pasquini, Kornaropoulos and Ateniese, LLMmap: Fingerprinting For Large Language Models, USENIX "
    "Security 2025",
    validation_study="Named with each run: models whose identity is known, ours and others.",
    error_rate=_ERROR_RATE,
    standard="Probes and template fixed beforehand; no distance is reported without the controls' distances.",
    acceptance="Published; identifies the model behind an endpoint.",
    limits="Identifies the served model and not its training; wrappers and system prompts can forge or hide it.",
    published=(
        "Over 95 % accuracy on 42 model versions with 8 probes, for models served as they are: wrappers and system "
        "prompts can forge the answers (Pasquini et al., USENIX Security 2025).",
    ),
)

SIMILARITY = FingerprintTest(
    id="response-similarity",
    version="1.0",
    family="behaviour",
    title="Response similarity",
    question="Are the suspect's answers more like ours than any control's are?",
    proposition="the suspect learned from our answers",
    alternative="the suspect is as similar as other models are",
    null_hypothesis="The suspect is no more similar to our model than control models are.",
    chance="Another model is so similar or more",
    statistic="Mean score; p = (1 + number of control means >= it) / (1 + N); paired difference to the closest control",
    inputs=Similarity,
    compute=similarity,
    assumptions=_CONTROLS | {"blind": "The judge did not know whose answers it scored."},
    example={
        "suspect": [4.3, 4.1, 4.4, 4.2, 4.0],
        "controls": [
            {"model": "control-a", "scores": [3.7, 3.6, 3.9, 3.8, 3.6]},
            {"model": "control-b", "scores": [3.6, 3.7, 3.5, 3.6, 3.8]},
        ],
        "judge": "judge 1.2",
    },
    routes=("e_value", "at_most"),
    publication="Lee et al., Quantification of Large Language Model Distillation, ACL 2025",
    validation_study="Named with each run: models known not to have trained on our answers.",
    error_rate=_ERROR_RATE,
    standard="Same prompts, one judge with its version, blind; controls of every family.",
    acceptance="Published; the score depends on the judge, and no threshold is accepted.",
    limits="Models of different makers are similar because they share public data and methods.",
    published=(
        "To one model, siblings scored 4.24 and models of other makers 3.63 to 4.10: without controls such a score is "
        "meaningless (Lee et al., ACL 2025).",
    ),
)

IDENTITY = FingerprintTest(
    id="identity-leakage",
    version="1.0",
    family="identity",
    title="Identity leakage",
    question="Does the suspect say that it is our model more often than other models do?",
    proposition="the suspect learned from our answers",
    alternative="the suspect confuses its name as other models do",
    null_hypothesis="The suspect claims our identity at the rate of the control that claims it most often.",
    chance="A model that confuses its name as the controls do claims it so often or more",
    statistic="k claims in n probes; Fisher's exact test against each control, the largest p over the controls",
    inputs=Identity,
    compute=identity,
    assumptions=_CONTROLS | {"neutral": "The probes contained no text that leads to our name."},
    example={
        "probes": 500,
        "claimed": 61,
        "controls": [
            {"model": "control-a", "probes": 500, "claimed": 4},
            {"model": "control-b", "probes": 500, "claimed": 11},
        ],
    },
    routes=("e_value", "at_most"),
    publication="Lee et al., Quantification of Large Language Model Distillation, ACL 2025",
    validation_study="Named with each run: models known not to have trained on our answers, base and tuned.",
    error_rate=_ERROR_RATE,
    standard="Probes without leading text; base models compared with base models, tuned with tuned.",
    acceptance="Published; widely known to happen by contamination as well.",
    limits="The public web is full of our model's answers, and base models trained on it say other models' names.",
    published=(
        "A 72-billion base model leaked other identities in .211 of probes and its tuned version in .000, another "
        "pair in "
        ".288 and .082: base models contaminated by the public web say other names too (Lee et al., ACL 2025).",
    ),
)

TESTS = (DISTANCE, SIMILARITY, IDENTITY)
