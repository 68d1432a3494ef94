"""k of n against a background rate: the shape of canaries, shared templates and near-duplicate queries.

The rate at which innocents do the same is either declared (from earlier measurement) or counted on controls. Counted,
the exact test is Fisher's, and the likelihood ratio uses the controls' 95 % upper bound, which favours the suspect.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from . import binomial, proportions, strength, wording
from .binomial import Numbers
from .schema import Computed, Inputs, InvalidInputs, Rate, Route, Tail

Few = Annotated[int, Meta(ge=0, le=10**6)]


class Background(Inputs, frozen=True, kw_only=True):
    """How often innocents do it, and how often it is expected of the others."""

    background_rate: Annotated[
        Rate | None, Meta(description="rate among innocents, declared beforehand; or give the controls' counts")
    ] = None
    controls_tried: Annotated[Few | None, Meta(description="how many trials were made on controls")] = None
    controls_hit: Annotated[Few | None, Meta(description="of these trials on controls, how many hit")] = None
    expected_rate: Annotated[
        Rate | None, Meta(description="rate if the proposition is true, declared beforehand from a spiked reference")
    ] = None
    excess: Annotated[Rate, Meta(description="rate above the background for which the power is stated")] = 0.1


class Rates(msgspec.Struct, frozen=True):
    """The background as it enters the test."""

    rate: float  # declared, or the controls' upper bound
    controls: tuple[int, int] | None  # hit, tried


def rates(inputs: Background) -> Rates:
    """The background rate. Raises InvalidInputs unless it is either declared or counted."""
    counted = inputs.controls_tried is not None
    if counted == (inputs.background_rate is not None):
        raise InvalidInputs("Give either `background_rate` or `controls_tried` with `controls_hit`.")
    if not counted:
        return _plausible(inputs, Rates(float(inputs.background_rate or 0), None))
    tried, hit = inputs.controls_tried or 0, inputs.controls_hit
    if hit is None or hit > tried or tried == 0:
        raise InvalidInputs(f"`controls_hit` is {hit}; give a count from 0 to `controls_tried`, {tried}, above 0.")
    if hit == tried:
        raise InvalidInputs("`controls_hit` equals `controls_tried`: what every control does shows nothing.")
    return _plausible(inputs, Rates(binomial.upper_bound(hit, tried), (hit, tried)))


def _plausible(inputs: Background, found: Rates) -> Rates:
    if inputs.expected_rate is not None and inputs.expected_rate <= found.rate:
        raise InvalidInputs(
            f"`expected_rate` is {inputs.expected_rate:g}, not above the background rate of {found.rate:.4g}."
        )
    if found.rate + inputs.excess >= 1:
        raise InvalidInputs(f"`excess` above the background rate of {found.rate:.4g} must stay below 1.")
    return found


def compute(inputs: Background, k: int, n: int, *, names: tuple[str, str], found: str, **more: Any) -> Computed:
    """The test of k hits in n trials. `names` are the fields of k and n; `more` goes into the result as it is."""
    if k > n:
        raise InvalidInputs(f"`{names[0]}` is {k}, more than `{names[1]}`, {n}.")
    base = rates(inputs)
    low, high = binomial.interval(k, n)
    log10_lr, methods = _ratios(inputs, k, n, base.rate)
    own = more.pop("figures", {})
    return Computed(
        n=n,
        statistic=k,
        statistic_name=more.pop("statistic_name", names[0]),
        found=f"{found} {_expected(base)}",
        p=_tail(k, n, base),
        effect=k / n - base.rate,
        effect_name="rate above the background",
        effect_interval=(low - base.rate, high - base.rate),
        power=float(binomial.power(n, base.rate, base.rate + inputs.excess, inputs.alpha)),
        power_effect=inputs.excess,
        log10_lr=log10_lr,
        lr_method=methods,
        figures=_figures(k, n, base) | own,
        **more,
    )


def _tail(k: int, n: int, base: Rates) -> Tail:
    if base.controls is None:
        return Tail(float(binomial.log10_upper_tail(k, n, base.rate)), base.rate**n, "exact binomial tail")
    return proportions.fisher(k, n, *base.controls)


def _figures(k: int, n: int, base: Rates) -> dict[str, float]:
    figures = {"rate": k / n, "background_rate": base.rate, "expected_by_chance": n * base.rate}
    if base.controls is not None:
        log10_tail = float(binomial.log10_upper_tail(k, n, base.rate))
        figures |= {"log10_tail_at_background_rate": log10_tail, "tail_at_background_rate_p": 10**log10_tail}
    return figures


def _ratios(inputs: Background, k: int, n: int, rate: float) -> tuple[dict[Route, float], dict[Route, str]]:
    ratios: dict[Route, float] = {"bayes_factor": float(strength.log10_bayes_factor(k, n, rate))}
    methods: dict[Route, str] = {
        "bayes_factor": f"Bayes factor, rate uniform on ({rate:.4g}, 1) if the proposition is true"
    }
    if inputs.expected_rate is not None:
        ratios["densities"] = float(strength.log10_binomial_ratio(k, n, inputs.expected_rate, rate))
        methods["densities"] = f"Two binomial densities: rate {inputs.expected_rate:g} against {rate:.4g}"
    return ratios, methods


def _expected(base: Rates) -> str:
    if base.controls is None:
        return f"Of innocents, {wording.percent(base.rate)} do so."
    hit, tried = base.controls
    return (
        f"On controls it was {wording.count(hit)} of {wording.count(tried)} trials, a rate of at most "
        f"{wording.percent(base.rate)} (95 % upper bound)."
    )


def accounts(
    inputs: Background, k: Numbers, n: Numbers, rate: Numbers
) -> tuple[Numbers, Numbers, dict[Route, Numbers]]:
    """log10 p, its floor and log10 LR by route for arrays of counts, one declared rate each."""
    ratios: dict[Route, Numbers] = {"bayes_factor": strength.log10_bayes_factor(k, n, rate)}
    if inputs.expected_rate is not None:
        ratios["densities"] = strength.log10_binomial_ratio(k, n, inputs.expected_rate, rate)
    return binomial.log10_upper_tail(k, n, rate), rate**n, ratios
