"""Figures as they may be printed and said. A probability is always one of findings, never one of a proposition."""

import math

from apps.core.ui.formats import SUPERSCRIPT
from apps.core.ui.formats import number as count
from apps.core.ui.formats import p_value as p_text

from .schema import FingerprintTest, Inputs, Result

POWERS_FROM = 9  # log10

__all__ = ["count", "p_text", "percent", "ratio", "sentence"]


def percent(rate: float) -> str:
    """0.26271 as "26.27 %"."""
    return f"{100 * rate:.2f}\u00a0%"


def ratio(log10_lr: float) -> str:
    """A likelihood ratio of at least 1 with two or three digits, never rounded up: "2.3", "334", "24 000"; one that
    nobody counts the digits of as a power: "10⁸⁵"."""
    if log10_lr >= POWERS_FROM:
        return f"10{str(math.floor(log10_lr)).translate(SUPERSCRIPT)}"
    value = 10**log10_lr * (1 + 1e-12)
    if value < 10:
        return f"{math.floor(10 * value) / 10:.1f}"
    if value < 1000:
        return str(math.floor(value))
    step = 10 ** (len(str(math.floor(value))) - 2)
    return count(math.floor(value / step) * step)


# --- sentences --------------------------------------------------------------------------------------------------------


def sentence(test: FingerprintTest, inputs: Inputs, result: Result, found: str) -> str:
    """The whole result in plain English: what was found, how probable by chance, how strong, and what it lacks."""
    parts = [found, _by_chance(test, result), _strength(test, inputs, result), _silence(inputs, result)]
    return " ".join(part for part in parts if part)


def _by_chance(test: FingerprintTest, result: Result) -> str:
    if result.p_value is None:
        return ""
    probability = f"probability {result.p_text}".replace("probability <", "probability below")
    return f"{test.chance} with {probability}."


def _strength(test: FingerprintTest, inputs: Inputs, result: Result) -> str:
    if result.log10_lr is None or result.log10_lr_reported is None or result.log10_lr_cap is None:
        return "No strength is reported: this test has no likelihood ratio."
    violated = next((a.text for a in result.assumptions if a.status == "violated"), None)
    if violated:
        return f"No strength is reported, because this does not hold: {violated}"
    if result.log10_lr_reported < -math.log10(2):
        return _times("about", -result.log10_lr_reported, test.alternative, test.proposition, result.verbal)
    if inputs.validation.controls == 0:
        return "No strength is reported, because no validation shows how often this test is wrong: none names controls."
    limited = result.log10_lr > result.log10_lr_cap
    reason = _cap_reason(inputs) if limited else ""
    if result.log10_lr_reported < math.log10(2):
        return f"They support neither that {test.proposition} nor that {test.alternative}.{reason}"
    extent = "at most" if result.lr_route == "at_most" else "at least" if limited else "about"
    return (
        _times(extent, result.log10_lr_reported, test.proposition, test.alternative, result.verbal)
        + reason
        + _how_to_read(result)
    )


def _times(extent: str, log10_lr: float, if_true: str, if_not: str, verbal: str) -> str:
    return (
        f"These results are {extent} {ratio(log10_lr)} times more probable if {if_true} than if {if_not}: "
        f"{verbal} support for the former."
    )


def _how_to_read(result: Result) -> str:
    if result.lr_route == "e_value":
        return " The figure is an e-value: a cautious one that holds however often the test was repeated."
    if result.lr_route == "at_most":
        return " The figure is a bound: no prior can make more of this p, and most make less."
    return ""


def _power(value: float) -> str:
    return f"{value:.2f}" if value >= 0.005 else "below 0.01"


def _cap_reason(inputs: Inputs) -> str:
    v = inputs.validation
    missed = "" if v.positives else "; how often it misses was not measured"
    return (
        f" More is not claimed, because the test was tried on {count(v.controls)} controls, "
        f"with {count(v.false_positives)} false alarms{missed}."
    )


def _silence(inputs: Inputs, result: Result) -> str:
    """What a negative result says where the test is weak (nothing), and what it would need to say something."""
    if result.direction != "uninformative" or result.power is None:
        return ""
    effect = "a known positive" if result.power_effect is None else f"an effect of {result.power_effect:g}"
    return (
        f"That nothing was found says little: {effect} would have been found with probability "
        f"{_power(result.power)}, and at least {inputs.least_power:.2f} is required."
    )
