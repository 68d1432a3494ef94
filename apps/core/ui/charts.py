"""Geometry of the small charts the server draws. Plain numbers in, plain coordinates out; the templates make the SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Verbal scale of likelihood ratios: lower bound in log10 and the word that starts there.
STRENGTH_WORDS = ((0.0, "weak"), (1.0, "moderate"), (2.0, "mod. strong"), (3.0, "strong"), (4.0, "very strong"))


@dataclass(frozen=True)
class Box:
    """A rectangle in the SVG's own units."""

    x: float
    y: float
    width: float
    height: float


def polyline(values: Sequence[float], width: float, height: float) -> str:
    """Points of a line through the values, scaled so that zero is the floor and the largest value the ceiling."""
    if not values:
        return ""
    top = max(max(values), 1e-12)
    step = width / max(len(values) - 1, 1)
    return " ".join(f"{i * step:.1f},{height - max(v, 0) / top * height:.1f}" for i, v in enumerate(values))


def columns(values: Sequence[float], width: float, height: float) -> list[Box]:
    """One column a value, from the floor up; anything above zero is at least one unit high, so that it is seen."""
    if not values:
        return []
    top = max(max(values), 1e-12)
    pitch = width / len(values)
    gap = min(pitch * 0.2, 4)
    boxes = []
    for index, value in enumerate(values):
        tall = max(value / top * height, 1 if value > 0 else 0)
        boxes.append(
            Box(round(index * pitch + gap / 2, 1), round(height - tall, 1), round(pitch - gap, 1), round(tall, 1))
        )
    return boxes


@dataclass(frozen=True)
class StrengthBar:
    """One exhibit on the log scale. `cap_x` is None where no cap was reached."""

    label: str
    note: str
    bar: Box
    kind: str  # "for", "against" or "none"
    cap_x: float | None
    note_x: float
    note_anchor: str
    middle: float


@dataclass(frozen=True)
class StrengthScale:
    """The whole chart: bars, the zero line, the bands with their words, and the size of the drawing."""

    width: float
    height: float
    floor: float
    zero: float
    bars: list[StrengthBar]
    lines: list[float]
    words: list[tuple[float, str]]


def strength(rows: Sequence[Mapping], *, width: float = 760, label_width: float = 250) -> StrengthScale:
    """Lays out exhibits on a log10 likelihood-ratio scale.

    A row: `label`; `value`, the log10 LR, or None for an exhibit without one; optional `cap`, the largest log10 LR that
    the method's validation supports (drawn as a mark where the value reaches it); optional `note`.
    """
    values = [row["value"] for row in rows if row.get("value") is not None]
    high = max([4.0, *values])
    low = min([-0.5, *(value - 0.25 for value in values)])
    scale = (width - label_width - 20) / (high - low)

    def at(value: float) -> float:
        return round(label_width + (value - low) * scale, 1)

    bars = [_strength_bar(row, index, at, width) for index, row in enumerate(rows)]
    starts = [start for start, _ in STRENGTH_WORDS if start <= high]
    ends = [*starts[1:], high]
    # A word sits in the middle of its band; the last band is left out when it has no room.
    words = [
        (at((start + end) / 2), STRENGTH_WORDS[i][1])
        for i, (start, end) in enumerate(zip(starts, ends, strict=True))
        if end - start >= 0.6
    ]
    floor = 12 + 27 * len(rows)
    return StrengthScale(width, floor + 22, floor, at(0), bars, [at(start) for start in starts if start], words)


def _strength_bar(row: Mapping, index: int, at, width: float) -> StrengthBar:
    value, cap, top = row.get("value"), row.get("cap"), 10 + 27 * index
    note = row.get("note", "")
    if value is None:
        return StrengthBar(
            row["label"],
            note or "no likelihood ratio",
            Box(at(0), top, 0, 15),
            "none",
            None,
            at(0) + 7,
            "start",
            top + 11.5,
        )
    shown = min(value, cap) if cap is not None else value
    left, right = at(min(0, shown)), at(max(0, shown))
    capped = cap is not None and value >= cap
    # The note stands after the bar, or, when the bar leaves no room, does without and the title says it.
    room = width - right
    anchor_x = right + 7
    bar = Box(left, top, max(round(right - left, 1), 1), 15)
    return StrengthBar(
        row["label"],
        note if room > len(note) * 5.6 + 10 else "",
        bar,
        "for" if shown > 0 else "against",
        right if capped else None,
        anchor_x,
        "start",
        top + 11.5,
    )
