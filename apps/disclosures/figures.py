"""Figures of a report as vector pictures. Plain data and a palette in, SVG out."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from xml.sax.saxutils import escape

WIDTH = 640
LABEL = 'font-family="Inter" font-size="10.5"'


def activity(days: Sequence[tuple[date, int]], marks: Sequence[tuple[date, str]], palette: Mapping[str, str]) -> str:
    """Exchanges a day as columns, with the marked days as ruled lines. `days` holds (day, exchanges), any order."""
    height, left, right, top, bottom = 230, 52, 10, 34, 26
    counts = dict(days)
    first, last = min(counts), max(counts)
    span = (last - first).days + 1
    ceiling = _round_up(max(counts.values()))
    step = (WIDTH - left - right) / span
    plot = height - top - bottom

    def x(day: date) -> float:
        return left + (day - first).days * step

    def y(value: float) -> float:
        return top + plot * (1 - value / ceiling)

    parts = []
    for value in (0, ceiling / 2, ceiling):
        parts.append(_line(left, y(value), WIDTH - right, y(value), palette["line"]))
        parts.append(_text(left - 7, y(value) + 3.5, f"{value:,.0f}", palette["ink-2"], anchor="end"))
    parts += [
        f'<rect x="{x(day):.2f}" y="{y(count):.2f}" width="{max(step * 0.82, 0.6):.2f}" '
        f'height="{top + plot - y(count):.2f}" fill="{palette["accent"]}"/>'
        for day, count in sorted(counts.items())
        if count
    ]
    for month in _months(first, last):
        parts.append(_text(max(x(month), left), height - 8, f"{month.day} {month:%b %Y}", palette["ink-2"]))
    level = -1
    for day, label in sorted(marks):
        if first <= day <= last:
            level += 1
            middle, row = x(day) + step / 2, 11 + 12 * (level % 2)
            side = "end" if middle > WIDTH * 0.6 else "start"
            parts.append(_line(middle, row - 8, middle, top + plot, palette["stop"], dashes="3 2"))
            parts.append(_text(middle + (-4 if side == "end" else 4), row, label, palette["ink"], anchor=side))
    return _svg(height, parts)


def strength(rows: Sequence[tuple[str, float, float | None]], palette: Mapping[str, str]) -> str:
    """Exhibits as bars on a logarithmic scale; `rows` holds (label, log10 of the likelihood ratio, log10 of its cap).

    The bar ends at the reported ratio; a tick marks the cap that the number of controls allows. Negative: the exhibit
    speaks for the other explanation.
    """
    row, left, right, top = 24, 190, 46, 26
    height = top + row * len(rows) + 26
    values = [value for _, ratio, cap in rows for value in (ratio, cap) if value is not None]
    low, high = min(0, math.floor(min(values))), max(2, math.ceil(max(values)))

    def x(value: float) -> float:
        return left + (WIDTH - left - right) * (value - low) / (high - low)

    parts = []
    for power in range(low, high + 1, math.ceil((high - low) / 8)):
        parts.append(_line(x(power), top - 6, x(power), height - 20, palette["line-2" if power == 0 else "line"]))
        parts.append(_text(x(power), height - 7, _power(power), palette["ink-2"], anchor="middle"))
    parts.append(_text(left, 11, "likelihood ratio, logarithmic", palette["ink-2"]))
    for index, (label, ratio, cap) in enumerate(rows):
        middle = top + row * index + row / 2
        start, end = sorted((x(0), x(ratio)))
        colour = palette["accent" if ratio >= 0 else "warn"]
        parts.append(_text(left - 8, middle + 3.5, _short(label, 32), palette["ink"], anchor="end"))
        parts.append(
            f'<rect x="{start:.2f}" y="{middle - 5.5:.2f}" width="{max(end - start, 1):.2f}" height="11" '
            f'fill="{colour}"/>'
        )
        if cap is not None:
            parts.append(_line(x(cap), middle - 9, x(cap), middle + 9, palette["ink"], width=1.4))
        parts.append(
            _text((x(0) if ratio < 0 else max(end, x(cap or 0))) + 5, middle + 3.5, _ratio(ratio), palette["ink"])
        )
    return _svg(height, parts)


def _power(power: int) -> str:
    if abs(power) > 6:
        return f"1e{power}"
    return f"{10**power:,}" if power >= 0 else f"1/{10**-power:,}"


def _ratio(log: float) -> str:
    """Two figures are all that such a number carries."""
    if abs(log) > 6:
        return f"1e{log:.0f}"
    value = 10 ** abs(log)
    digits = max(0, len(str(int(value))) - 2)
    rounded = f"{round(value, -digits):,.0f}" if value >= 10 else f"{value:.1f}"
    return rounded if log >= 0 else f"1/{rounded}"


def _round_up(value: int) -> float:
    """The next multiple of a power of ten whose half is a round number, too."""
    power = 10 ** math.floor(math.log10(max(value, 1)))
    return next(factor * power for factor in (1, 2, 3, 4, 5, 6, 8, 10) if factor * power >= value)


def _months(first: date, last: date) -> list[date]:
    """The first day and the first of each month after it, thinned to at most seven and never two that touch."""
    starts = [day for n in range((last - first).days + 1) if (day := first + timedelta(n)).day == 1]
    starts = starts[:: max(1, math.ceil(len(starts) / 6))]
    room = (last - first).days / 6
    kept = [day for day in starts if (day - first).days >= room * 0.9 and (last - day).days >= room * 0.55]
    return [first, *kept]


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 0.8, dashes: str = "") -> str:
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    ends = f'x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dash}/>'


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" fill="{colour}" text-anchor="{anchor}" {LABEL}>{escape(text)}</text>'


def _svg(height: float, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}">'
        + "".join(parts)
        + "</svg>"
    )
