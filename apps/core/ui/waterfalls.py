"""Geometry of a waterfall: weights below each other, each beginning where the one above ends. Plain numbers in and
out; the template makes the SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.core.ui.charts import LABEL_CHARACTERS, ROW, SMALLEST, Box
from apps.core.ui.formats import number


@dataclass(frozen=True)
class Fall:
    """One weight; `kind` is "for", or "none" for what is shown and adds nothing."""

    label: str
    value: str
    kind: str
    bar: Box
    middle: float


@dataclass(frozen=True)
class Waterfall:
    width: float
    height: float
    zero: float
    falls: list[Fall]
    total: str


def waterfall(rows: Sequence[Mapping], *, width: int = 760, label_width: int = 250, value_width: int = 70) -> Waterfall:
    """Lays out rows of `label`, `value` (not negative) and `counts`."""
    total = sum(row["value"] for row in rows if row.get("counts", True))
    top = max([total, *(row["value"] for row in rows), SMALLEST])
    scale = (width - label_width - value_width) / top
    falls, reached = [], 0.0
    for index, row in enumerate(rows):
        counts, value = row.get("counts", True), row["value"]
        begins = reached if counts else max(reached - value, 0)
        left = label_width + begins * scale
        label = str(row["label"])
        short = label if len(label) <= LABEL_CHARACTERS else f"{label[: LABEL_CHARACTERS - 1]}…"
        box = Box(round(left, 1), 6 + ROW * index, max(round(value * scale, 1), 1), 15)
        falls.append(Fall(short, number(round(value, 1)), "for" if counts else "none", box, box.y + 11.5))
        reached += value if counts else 0
    return Waterfall(width, 10 + ROW * len(rows), label_width, falls, number(round(total, 1)))
