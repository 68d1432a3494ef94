"""Figures as they may be printed and said. A probability is always one of findings, never one of a proposition."""

import math

PRINTED_FLOOR = 1e-12
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def p_text(p: float, floor: float) -> str:
    """A p-value with three digits, or "< bound" when it is below what the test can give or below 1e-12."""
    bound = max(floor, PRINTED_FLOOR)
    if p < bound:
        return f"< {_probability(bound)}"
    return _probability(p)


def count(n: int) -> str:
    """24000 as "24 000", with a space that does not break."""
    return f"{n:,}".replace(",", "\u202f")


def percent(rate: float) -> str:
    """0.26271 as "26.27 %"."""
    return f"{100 * rate:.2f}\u00a0%"


def ratio(log10_lr: float) -> str:
    """A likelihood ratio of at least 1 with two or three digits, never rounded up: "2.3", "334", "24 000"."""
    value = 10**log10_lr * (1 + 1e-12)
    if value < 10:
        return f"{math.floor(10 * value) / 10:.1f}"
    if value < 1000:
        return str(math.floor(value))
    step = 10 ** (len(str(math.floor(value))) - 2)
    return count(math.floor(value / step) * step)


def _probability(p: float) -> str:
    if p >= 0.001:
        return f"{p:.3f}" if p < 0.9995 else "1.000"
    mantissa, exponent = f"{p:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return power if mantissa == "1" else f"{mantissa} × {power}"
