"""Values as people read them: numbers with separators, absolute and relative time. Plain data in, plain text out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from numbers import Integral
from typing import Any

# The narrow no-break space would be right, but our typeface has none, and a paper must not borrow another typeface
# for a gap. The class `number` makes this one thin on screen.
GAP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# Longest first: (seconds in one, short name, long name).
SPANS = (
    (365 * 86400, "y", "year"),
    (30 * 86400, "mo", "month"),
    (86400, "d", "day"),
    (3600, "h", "hour"),
    (60, "min", "minute"),
    (1, "s", "second"),
)


def counted(count: int, noun: str) -> str:
    """3 of "account" as "3 accounts", 1 as "1 account"."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def number(value: int | float | Decimal | str) -> str:
    """541233 as "541 233" (no-break spaces), 12.346 as "12.35", 0.58 as it is (four places at most below ten); below
    0.001 in powers of ten, because 0.00 would claim that there is nothing. Raises ValueError for what is no number."""
    exact = _exact(value)
    if not exact.is_finite():
        return "not a number" if exact.is_nan() else "unlimited" if exact > 0 else f"{MINUS}unlimited"
    size = abs(exact)
    if 0 < size < Decimal("0.001"):
        mantissa, exponent = f"{size:.2e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
    elif size == size.to_integral_value():
        text = f"{int(size):,}"
    else:
        places = 1 if size >= 1000 else 2 if size >= 10 else 4
        text = f"{size:,.{places}f}".rstrip("0").rstrip(".")
    return (MINUS if exact < 0 else "") + text.replace(",", GAP)


LEAST_P = 1e-12


def p_value(p: float, floor: float | None = None) -> str:
    """A p-value with three digits; "< bound" where it is below what its test can give, or below 10⁻¹² (R15).

    Below that, errors of procedure are likelier than chance, and digits would promise what nobody measured.
    """
    bound = max(floor or 0.0, LEAST_P)
    if p < bound:
        return f"< {_probability(bound)}"
    return _probability(p)


def _probability(p: float) -> str:
    if p >= 0.001:
        return f"{p:.3f}" if p < 0.9995 else "1.000"
    return number(Decimal(f"{p:.3g}")).removeprefix("1 × ")


def _exact(value: Any) -> Decimal:
    """What was written: 0.1 is 0.1 and not the binary fraction beside it. Takes numpy's numbers too."""
    if isinstance(value, float):
        return Decimal(repr(float(value)))
    if isinstance(value, Decimal | str) or (isinstance(value, Integral) and not isinstance(value, bool)):
        try:
            return Decimal(value if isinstance(value, Decimal | str) else int(value))
        except InvalidOperation:
            pass
    raise ValueError(f"This is not a number: {value!r}.")


def absolute(moment: datetime | date) -> str:
    """2026-03-18 09:42 UTC; a date without time stays a date."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return moment.isoformat()


def span(length: timedelta, *, long: bool = False) -> str:
    """The length in its largest whole unit: "3 h", "12 d"; long: "3 hours"."""
    seconds = abs(int(length.total_seconds()))
    for size, short, name in SPANS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count != 1 else ''}" if long else f"{count} {short}"
    return "now"


def relative(moment: datetime | date, now: datetime, *, long: bool = False) -> str:
    """ "3 h ago" or "in 3 h"; "now" within a second. Dates count from 00:00 UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    text = span(now - moment, long=long)
    if text == "now":
        return text
    return f"{text} ago" if moment <= now else f"in {text}"
