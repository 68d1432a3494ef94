"""From what a test computed to a result: the route to a likelihood ratio, its cap, the words, and the sentence."""

import math
from collections.abc import Mapping

import msgspec

from . import scales, strength, wording
from .schema import Assumption, Computed, Direction, FingerprintTest, Inputs, InvalidInputs, Result, Route, Status

LEVEL = 0.95  # of every interval
LEAST_LR = 2  # the scale's first step: below it neither proposition is supported


def assemble(test: FingerprintTest, inputs: Inputs, computed: Computed, *, code: str, digest: str) -> Result:
    """The whole result. Raises InvalidInputs for a route or an assumption that the test does not know."""
    route = _route(test, inputs, computed)
    log10_lr = None if route is None else _log10_lr(route, computed)
    assumed = assumptions(test, inputs, computed.shown)
    most = None if log10_lr is None else cap(inputs, assumed)
    reported = None if log10_lr is None or most is None else float(strength.reported(log10_lr, most))
    scale = scales.scale(scales.LR_SCALE)
    p, validation = computed.p, inputs.validation
    result = Result(
        test_id=test.id,
        test_version=test.version,
        code_sha256=code,
        inputs_sha256=digest,
        family=test.family,
        null_hypothesis=test.null_hypothesis,
        n=computed.n,
        statistic=computed.statistic,
        statistic_name=computed.statistic_name,
        p_value=p.value if p else None,
        log10_p=p.log10 if p else None,
        p_floor=p.floor if p else None,
        p_method=p.method if p else "",
        p_text=wording.p_text(p.value, p.floor) if p else "",
        effect=computed.effect,
        effect_name=computed.effect_name,
        effect_interval=computed.effect_interval,
        interval_level=LEVEL,
        power=computed.power,
        power_effect=computed.power_effect,
        power_alpha=inputs.alpha,
        log10_lr=log10_lr,
        lr_route=route,
        lr_method=computed.lr_method.get(route, strength.ROUTES[route].method) if route else "",
        lr_called=strength.ROUTES[route].called if route else "",
        log10_lr_cap=most,
        log10_lr_reported=reported,
        scale=scale.id,
        verbal=scale.words(abs(reported)) if reported is not None else "",
        direction=_direction(log10_lr, reported, inputs, computed),
        assumptions=assumed,
        validation=validation,
        deviations=inputs.deviations,
        figures=computed.figures | _from_p(computed),
        published=list(test.published),
        sentence="",
    )
    return msgspec.structs.replace(result, sentence=wording.sentence(test, inputs, result, computed.found))


def _route(test: FingerprintTest, inputs: Inputs, computed: Computed) -> Route | None:
    if inputs.route is None:
        return next((route for route in test.routes if _is_open(route, computed)), None)
    if inputs.route not in test.routes:
        known = ", ".join(test.routes) or "none: this test has no strength"
        raise InvalidInputs(f"`route` is {inputs.route}; for {test.title} there are: {known}.")
    if not _is_open(inputs.route, computed):
        raise InvalidInputs(f"`route` is {inputs.route}, but the inputs do not declare what it needs.")
    return inputs.route


def _is_open(route: Route, computed: Computed) -> bool:
    return route in computed.log10_lr or (route in ("at_most", "e_value") and computed.p is not None)


def _log10_lr(route: Route, computed: Computed) -> float:
    if route in computed.log10_lr:
        return computed.log10_lr[route]
    assert computed.p is not None
    return float((strength.log10_at_most if route == "at_most" else strength.log10_e_value)(computed.p.log10))


def _from_p(computed: Computed) -> dict[str, float]:
    """What any p-value allows to be said, whichever route the test took."""
    if computed.p is None:
        return {}
    log10_p = computed.p.log10
    return {
        "log10_lr_at_most": float(strength.log10_at_most(log10_p)),
        "log10_e_value": float(strength.log10_e_value(log10_p)),
    }


def assumptions(test: FingerprintTest, inputs: Inputs, shown: Mapping[str, Status]) -> list[Assumption]:
    """Every assumption of the test with its status; what the inputs themselves show comes before what they state."""
    unknown = sorted(set(inputs.assumptions) - set(test.assumptions))
    if unknown:
        known = ", ".join(test.assumptions)
        raise InvalidInputs(f"`assumptions` names {unknown[0]}, which {test.title} does not make. It makes: {known}.")
    stated = {**inputs.assumptions, **shown}
    return [Assumption(name=n, text=text, status=stated.get(n, "unverified")) for n, text in test.assumptions.items()]


def cap(inputs: Inputs, assumed: list[Assumption]) -> float:
    """log10 of the most that may be reported; nothing where an assumption is violated."""
    if any(assumption.status == "violated" for assumption in assumed):
        return 0.0
    v = inputs.validation
    return strength.log10_cap(v.controls, v.false_positives, v.positives, v.detected)


def _direction(log10_lr: float | None, reported: float | None, inputs: Inputs, computed: Computed) -> Direction:
    """Where the result points. Finding nothing counts only if the test would probably have found something."""
    if reported is not None and reported >= math.log10(LEAST_LR):
        return "supports"
    significant = computed.p is not None and computed.p.log10 <= math.log10(inputs.alpha)
    favourable = log10_lr is not None and log10_lr >= math.log10(LEAST_LR)  # but not validated
    if not significant and not favourable and computed.power is not None and computed.power < inputs.least_power:
        return "uninformative"
    return "against" if reported is not None and reported <= -math.log10(LEAST_LR) else "neutral"
