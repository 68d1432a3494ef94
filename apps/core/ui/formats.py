"""Values as people read them: numbers with separators, absolute and relative time. Plain data in, plain text out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

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


def number(value: int | float | Decimal | str) -> str:
    """541233 -> "541 233" (no-break spaces); 0.58 stays exact to four significant places after the point; below
    0.001 in powers of ten, because 0.00 would claim that there is nothing."""
    if isinstance(value, bool) or value is None or value == "":
        raise ValueError(f"number() needs a number, not {value!r}.")
    if isinstance(value, str):
        value = Decimal(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, int) and not value.is_finite():
        return {"Infinity": "unlimited", "-Infinity": f"{MINUS}unlimited"}.get(str(value), "not a number")
    if value and abs(value) < Decimal("0.001"):
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
    elif isinstance(value, int) or value == value.to_integral_value():
        text = f"{int(value):,}".replace(",", GAP)
    else:
        places = 1 if abs(value) >= 1000 else 2 if abs(value) >= 10 else 4
        text = f"{value:,.{places}f}".rstrip("0").rstrip(".").replace(",", GAP)
    return text.replace("-", MINUS) if text.startswith("-") else text


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
