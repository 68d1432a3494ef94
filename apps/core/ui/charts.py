"""Geometry of the small charts the server draws. Plain numbers in, coordinates out; the templates make the SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core.ui.formats import SUPERSCRIPT, number

SMALLEST = 1e-12  # stands in for zero where a scale divides
ROW = 27
LABEL_CHARACTERS = 38


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
    top = max(max(values), SMALLEST)
    step = width / max(len(values) - 1, 1)
    return " ".join(f"{i * step:.1f},{height - max(v, 0) / top * height:.1f}" for i, v in enumerate(values))


def columns(values: Sequence[float], width: float, height: float) -> list[Box]:
    """One column a value, from the floor up; anything above zero is at least one unit high, so that it is seen."""
    if not values:
        return []
    top = max(max(values), SMALLEST)
    pitch = width / len(values)
    gap = min(pitch * 0.2, 4)
    boxes = []
    for index, value in enumerate(values):
        tall = round(max(value / top * height, 1 if value > 0 else 0), 1)
        boxes.append(Box(round(index * pitch + gap / 2, 1), round(height - tall, 1), round(pitch - gap, 1), tall))
    return boxes


@dataclass(frozen=True)
class Whisker:
    """An estimate at `y` between the ends of its interval."""

    x: float
    y: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Intervals:
    """Estimates in order, with the line through them, a level to compare them with, and marks of the scale."""

    whiskers: list[Whisker]
    path: str
    level: float | None
    marks: list[tuple[float, float]]  # place, share


def intervals(
    rows: Sequence[tuple[float, float, float]], width: float, height: float, level: float | None = None
) -> Intervals:
    """Lays out (estimate, lower, upper), shares of 0 to 1, from left to right; the scale ends at a round share above
    everything that is shown."""
    highest = max([upper for _, _, upper in rows] + [level or 0, SMALLEST])
    top = next(share for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if highest <= share)

    def at(share: float) -> float:
        return round(height - share / top * height, 1)

    step = width / max(len(rows), 1)
    whiskers = [
        Whisker(round((i + 0.5) * step, 1), at(estimate), at(upper), at(lower))
        for i, (estimate, lower, upper) in enumerate(rows)
    ]
    path = " ".join(f"{w.x},{w.y}" for w in whiskers)
    return Intervals(whiskers, path, None if level is None else at(level), [(at(s), s) for s in (0, top / 2, top)])


@dataclass(frozen=True)
class StrengthBar:
    """One row on the log scale. `kind` is "for", "against" or "none", `level` how deep the row lies (0 is the whole);
    `beyond` is what lies past the cap, `cap_x` None where no cap was reached."""

    label: str
    short_label: str
    level: int
    href: str
    value: str
    word: str
    note: str
    note_fits: bool
    kind: str
    bar: Box
    beyond: Box | None
    cap_x: float | None
    cap_y: float
    note_x: float
    label_x: float
    middle: float


@dataclass(frozen=True)
class StrengthScale:
    """The whole chart: bars, the line of no support, the ruled ratios, the words of the scale, and its size."""

    width: float
    height: float
    floor: float
    zero: float
    left: float  # where the scale begins, and how far it goes
    band: float
    ticks_y: float
    words_y: float
    bars: list[StrengthBar]
    ticks: list[tuple[float, str]]
    words: list[tuple[float, str]]


Bands = Sequence[tuple[float, str]]  # words of a scale: where each begins, in log10 of the ratio


def strength(rows: Sequence[Mapping], bands: Bands = (), *, width: int = 760, label_width: int = 250) -> StrengthScale:
    """Lays out evidence on a log10 likelihood-ratio scale.

    A row: `label`; `value`, the log10 LR, or None for one without; optional `cap`, the largest log10 LR that the
    method's validation supports (the bar ends there, with a mark), `computed`, what it would be without, `word` and
    `shown` for the value in words and figures, `note`, `level` (0 to 2) and `href`.
    """
    shown = [_shown(row) for row in rows]
    known = [value for value in shown if value is not None] + [_computed(row) or 0.0 for row in rows]
    high = max([4.0, *known])
    low = min([-0.5, *(value - 0.25 for value in known)])
    scale = (width - label_width - VALUE_WIDTH) / (high - low)

    def at(value: float) -> float:
        return round(label_width + (value - low) * scale, 1)

    floor = 12 + ROW * len(rows)
    bars = [
        _strength_bar(row, value, 10 + ROW * i, at, width)
        for i, (row, value) in enumerate(zip(rows, shown, strict=True))
    ]
    return StrengthScale(
        width,
        floor + (38 if bands else 22),
        floor,
        at(0),
        at(low),
        round(at(high) - at(low), 1),
        floor + 17,
        floor + 33,
        bars,
        _ticks(at, low, high),
        _words(at, bands, high),
    )


FURTHEST = 12.0  # what a computation gives beyond this is not drawn to scale
VALUE_WIDTH = 110


def _shown(row: Mapping) -> float | None:
    value, cap = row.get("value"), row.get("cap")
    return value if value is None or cap is None else min(value, cap)


def _computed(row: Mapping) -> float | None:
    """What the computation alone gives, where the cap cut something off."""
    computed, value = row.get("computed"), _shown(row)
    return None if computed is None or value is None or computed <= value else min(computed, FURTHEST)


def _ticks(at: Callable[[float], float], low: float, high: float) -> list[tuple[float, str]]:
    """Ruled ratios: powers of ten, as many as can be told apart."""
    step = max(1, round((high - low) / 8))
    powers = range(-step * int(-low // step), int(high) + 1, step)
    return [(at(power), _power(power)) for power in powers]


def _power(power: int) -> str:
    if abs(power) > 6:
        return f"10{str(power).translate(SUPERSCRIPT)}"
    return number(10**power) if power >= 0 else f"1/{number(10**-power)}"


def _words(at: Callable[[float], float], bands: Bands, high: float) -> list[tuple[float, str]]:
    """Each word in the middle of its band, shortened or left out where there is no room."""
    placed = []
    for (start, word), end in zip(bands, [start for start, _ in bands[1:]] + [high], strict=False):
        room = at(min(end, high)) - at(start)
        short = next((w for w in (word, word.replace("moderately", "mod.")) if len(w) * 5.8 < room), "")
        if short:
            placed.append((at((start + min(end, high)) / 2), short))
    return placed


def _strength_bar(row: Mapping, value: float | None, top: int, at: Callable[[float], float], width: int) -> StrengthBar:
    left, right = at(min(0, value or 0)), at(max(0, value or 0))
    capped = value is not None and row.get("cap") is not None and row["value"] >= row["cap"]
    note = row.get("note") or ("capped by its validation" if capped else "")
    label, level = str(row["label"]), row.get("level", 0)
    room = LABEL_CHARACTERS - 2 * level
    computed = _computed(row)
    end = right if computed is None else at(computed)
    return StrengthBar(
        label=label,
        short_label=label if len(label) <= room else f"{label[: room - 1]}…",
        level=level,
        href=row.get("href", ""),
        value="no LR" if value is None else row.get("shown") or number(round(value, 2)),
        word=row.get("word", ""),
        note=note,
        note_fits=bool(note) and width - VALUE_WIDTH - end > len(note) * 5.8,
        kind="none" if not value else "for" if value > 0 else "against",
        bar=Box(left, top, 0 if value is None else max(round(right - left, 1), 1), 15),
        beyond=None if computed is None else Box(right, top + 4, round(end - right, 1), 7),
        cap_x=right if capped else None,
        cap_y=top - 3,
        note_x=end + 7,
        label_x=12 * level,
        middle=top + 11.5,
    )


@dataclass(frozen=True)
class Span:
    """A time from one moment to another, or until now where it has no end."""

    label: str
    bar: Box
    middle: float
    is_open: bool


def spans(
    rows: Sequence[Mapping], now: datetime, *, width: int = 760, label_width: int = 250
) -> tuple[list[Span], int]:
    """Lays out times below each other, from the first beginning to now, and how high that is. A row: `label`; `since`;
    `until`, or None where it goes on."""
    first = min(row["since"] for row in rows)
    last = max([now, *(row["until"] for row in rows if row["until"])])
    length = max((last - first).total_seconds(), SMALLEST)

    def at(moment: datetime) -> float:
        return round(label_width + (moment - first).total_seconds() / length * (width - label_width), 1)

    found = []
    for index, row in enumerate(rows):
        left, right, top = at(row["since"]), at(row["until"] or max(now, row["since"])), 6 + ROW * index
        label = str(row["label"])
        short = label if len(label) <= LABEL_CHARACTERS else f"{label[: LABEL_CHARACTERS - 1]}…"
        bar = Box(left, top, max(round(right - left, 1), 2), 15)
        found.append(Span(short, bar, top + 11.5, row["until"] is None))
    return found, 10 + ROW * len(rows)
