"""The green-list watermark test with its exact tail.

The provider's watermark colours a fraction gamma of the vocabulary green, anew for each context, by a secret key. Text
that owes nothing to the key scores green at the rate gamma; text that does, more often. Of a suspect model's outputs
only distinct (context, token) tuples are scored: a repeated one says nothing new, and counting it makes p too small.
"""

import math

import msgspec

from . import binomial, strength, wording
from .schema import Assumption, Count, Direction, FingerprintTest, InvalidInputs, Rate, Result, Status, Validation

ID, VERSION = "green-list", "1.0"
_LEVEL = 0.95
_LEAST_LR = 2  # the scale's first step: below it neither proposition is supported


class Inputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Counts as a detector submits them; nothing of the key but its name."""

    scored: Count
    green: Count
    gamma: Rate
    distinct: bool  # only distinct (context, token) tuples were scored
    key_id: str
    key_secret: bool | None = None  # whether a custody record shows that the key never left; None: not shown
    alpha: Rate = 1e-5
    excess: Rate = 0.02
    validation: Validation = Validation()
    deviations: list[str] = []


def compute(inputs: Inputs) -> Result:
    """The test's figures. Raises InvalidInputs when the counts contradict each other."""
    _check(inputs)
    n, k, gamma, validation = inputs.scored, inputs.green, inputs.gamma, inputs.validation
    p, floor = binomial.upper_tail(k, n, gamma), gamma**n
    low, high = binomial.interval(k, n, _LEVEL)
    assumptions = _assumptions(inputs)
    log10_lr = strength.log10_bayes_factor(k, n, gamma)
    valid = all(assumption.status != "violated" for assumption in assumptions)
    cap = _cap(validation) if valid else 0.0
    reported = max(min(log10_lr, cap), -math.log10(strength.LARGEST_LR))
    scale = strength.SCALES[strength.CURRENT_SCALE]
    result = Result(
        test_id=ID,
        test_version=VERSION,
        code_sha256="",
        inputs_sha256="",
        null_hypothesis=TEST.null_hypothesis,
        n=n,
        statistic=k,
        statistic_name="green tokens",
        normal_z=(k - gamma * n) / math.sqrt(n * gamma * (1 - gamma)),
        p_value=p,
        log10_p=binomial.log10_upper_tail(k, n, gamma),
        p_floor=floor,
        p_text=wording.p_text(p, floor),
        effect=k / n - gamma,
        effect_name="green rate above gamma",
        effect_interval=(low - gamma, high - gamma),
        interval_level=_LEVEL,
        power=binomial.power(n, gamma, gamma + inputs.excess, inputs.alpha),
        power_effect=inputs.excess,
        power_alpha=inputs.alpha,
        log10_lr=log10_lr,
        lr_method="Bayes factor, green rate uniform on (gamma, 1) if trained on keyed text",
        log10_lr_cap=cap,
        log10_lr_reported=reported,
        scale=scale.id,
        verbal=scale.words(abs(reported)),
        direction=_direction(reported),
        assumptions=assumptions,
        validation=validation,
        deviations=inputs.deviations,
        sentence="",
    )
    return msgspec.structs.replace(result, sentence=_sentence(inputs, result, (low, high)))


def _check(inputs: Inputs) -> None:
    v = inputs.validation
    for part, whole, names in (
        (inputs.green, inputs.scored, ("green", "scored")),
        (v.false_positives, v.controls, ("validation.false_positives", "validation.controls")),
        (v.detected, v.positives, ("validation.detected", "validation.positives")),
    ):
        if part > whole:
            raise InvalidInputs(f"`{names[0]}` is {part}, more than `{names[1]}`, {whole}.")
    if inputs.scored == 0:
        raise InvalidInputs("`scored` is 0: there is nothing to test.")
    if inputs.gamma + inputs.excess >= 1:
        raise InvalidInputs("`gamma` + `excess` must be below 1.")


def _cap(validation: Validation) -> float:
    return strength.log10_cap(
        validation.controls, validation.false_positives, validation.positives, validation.detected
    )


def _direction(log10_lr: float) -> Direction:
    if abs(log10_lr) < math.log10(_LEAST_LR):
        return "neutral"
    return "supports" if log10_lr > 0 else "against"


def _assumptions(inputs: Inputs) -> list[Assumption]:
    custody: dict[bool | None, Status] = {True: "held", False: "violated", None: "unverified"}
    return [
        Assumption(
            text="Only distinct (context, token) tuples were scored, so the scores are independent.",
            status="held" if inputs.distinct else "violated",
        ),
        Assumption(
            text="The key was known to nobody outside, so nobody could imitate the watermark.",
            status=custody[inputs.key_secret],
        ),
        Assumption(text="The suspect's prompts did not contain keyed text that it could repeat.", status="unverified"),
    ]


def _sentence(inputs: Inputs, result: Result, rate_interval: tuple[float, float]) -> str:
    low, high = (wording.percent(rate) for rate in rate_interval)
    chance = f"with probability {result.p_text}".replace("probability <", "probability below")
    found = (
        f"Of {wording.count(result.n)} scored tokens, {wording.count(inputs.green)} "
        f"({wording.percent(inputs.green / result.n)}; 95 % interval {low} to {high}) were on the green list of key "
        f"{inputs.key_id}, where {wording.percent(inputs.gamma)} are expected of text that owes nothing to the key. "
        f"A model that never trained on keyed text gives so many or more {chance}."
    )
    return " ".join([found, _strength_sentence(inputs, result)])


def _strength_sentence(inputs: Inputs, result: Result) -> str:
    if any(assumption.status == "violated" for assumption in result.assumptions):
        violated = next(a.text for a in result.assumptions if a.status == "violated")
        return f"No strength is reported, because this does not hold: {violated}"
    if result.direction == "against":
        times = wording.ratio(-result.log10_lr_reported)
        return (
            f"These results are about {times} times more probable if the suspect never trained on keyed text than if "
            f"it did: {result.verbal} support for the former."
        )
    if inputs.validation.controls == 0:
        return "No strength is reported, because the test was not tried on any control model."
    limited = result.log10_lr > result.log10_lr_cap
    extent = "at least" if limited else "about"
    reason = _cap_reason(inputs.validation) if limited else ""
    if result.direction == "neutral":
        return f"They support neither that the suspect trained on keyed text nor that it did not.{reason}"
    return (
        f"These results are {extent} {wording.ratio(result.log10_lr_reported)} times more probable if the suspect "
        f"trained on keyed text than if it never did: {result.verbal} support for the former.{reason}"
    )


def _cap_reason(validation: Validation) -> str:
    missed = "" if validation.positives else "; how often it misses was not measured"
    return (
        f" More is not claimed, because the test was tried on {wording.count(validation.controls)} control models, "
        f"with {wording.count(validation.false_positives)} false alarms{missed}."
    )


TEST = FingerprintTest(
    id=ID,
    version=VERSION,
    title="Green-list watermark, exact binomial",
    question="Do the suspect's outputs carry our watermark more often than chance allows?",
    null_hypothesis="Each scored token is green with probability gamma, whatever the key.",
    statistic="Number of green tokens k among n distinct (context, token) tuples; p = I_gamma(k, n - k + 1)",
    units={
        "scored": "distinct (context, token) tuples scored (n)",
        "green": "of them on the green list (k)",
        "gamma": "fraction of the vocabulary that is green",
        "distinct": "whether repeated tuples were left out",
        "key_id": "name of the key; never the key",
        "key_secret": "whether a custody record shows that the key never left",
        "alpha": "level of the test for which the power is stated",
        "excess": "green rate above gamma for which the power is stated",
        "validation": "control models and known positives on which the test was tried",
        "deviations": "what was done differently from the plan",
    },
    inputs=Inputs,
    compute=compute,
    publication="Kirchenbauer et al., A Watermark for Large Language Models, ICML 2023; "
    "Sander et al., Watermarking Makes Language Models Radioactive, NeurIPS 2024",
    validation_study="Named with each run: control models that never saw keyed text, and models that did.",
    error_rate="One-sided 95 % bounds from the controls and positives of the run; they cap the reported strength.",
    standard="Distinct tuples only; exact tail, no normal approximation; prior declared: uniform on (gamma, 1).",
    acceptance="Published and reproduced; no court is known to have ruled on it.",
    limits="Paraphrase and neutralisation at inference remove the trace, and watermarks can be imitated: absence does "
    "not clear anyone, presence does not show the scale.",
)
