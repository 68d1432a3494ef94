"""The picture of a case's evidence: the whole, its groups, and the exhibits of the group that is opened.

A case may have thousands of exhibits; a picture that is read has some twenty rows. Groups come first, the strongest at
the top; the rest is in the tables beside it.
"""

import math
from collections.abc import Callable
from typing import Any

from apps.cases.strength import sentences
from apps.cases.strength.reading import Strength
from apps.cases.strength.weighing import Line, Weighed

GROUPS = 12
EXHIBITS = 25


def bands(scale: str = "") -> list[tuple[float, str]]:
    """The words of the scale for the axis: where each begins, as a logarithm."""
    return [(math.log10(start), said) for start, _, said in sentences.steps(scale) if start > 1]


def ordered(strength: Strength) -> list[Line]:
    """Groups from the one that says most, for or against; those without a number last."""
    return sorted(
        strength.combined.lines, key=lambda line: (line.log10_lr is None, -abs(line.log10_lr or 0.0), line.group)
    )


def rows(
    strength: Strength, *, opened: str = "", limit: int = GROUPS, address: Callable[[Line], str] = lambda line: ""
) -> list[dict[str, Any]]:
    """Rows for the chart. `address` leads to a group; the exhibits of `opened` stand below it."""
    numbered = [line for line in ordered(strength) if line.log10_lr is not None]
    shown = numbered[:limit] + [line for line in numbered[limit:] if line.group == opened]
    found = [_whole(strength)] if len(numbered) > 1 else []
    for line in shown:
        found.append(_line(strength, line, address(line)))
        if line.group == opened and len(line.members) > 1:
            found += [_exhibit(strength, one) for one in strongest(line)[:EXHIBITS]]
    return found


def strongest(line: Line) -> list[Weighed]:
    """The exhibits of a group that have a number, from the one that says most."""
    numbered = [one for one in line.members if one.counted is not None]
    return sorted(numbered, key=lambda one: (-abs(one.counted or 0.0), one.label))


def _whole(strength: Strength) -> dict[str, Any]:
    value = strength.combined.log10_lr
    return {
        "label": "All together",
        "value": value,
        "shown": sentences.ratio(value),
        "word": strength.words,
        "level": 0,
    }


def _line(strength: Strength, line: Line, address: str) -> dict[str, Any]:
    one = next((m for m in line.members if m.label == line.spoken_for_by), None)
    return {
        "label": f"{line.group} ({', '.join(sentences.runs_of(line.labels))})",
        "value": line.log10_lr,
        "cap": one.cap if one else None,
        "computed": one.computed if one else None,
        "shown": sentences.ratio(line.log10_lr),
        "word": sentences.words(one.said if one else line.log10_lr, strength.scale),
        "note": _note(one) if one else "",
        "level": 1,
        "href": address,
    }


def _exhibit(strength: Strength, one: Weighed) -> dict[str, Any]:
    return {
        "label": f"{one.label} {one.run or 'given by hand'}",
        "value": one.counted,
        "cap": one.cap,
        "computed": one.computed,
        "shown": sentences.ratio(one.counted),
        "word": sentences.words(one.said, strength.scale),
        "note": _note(one),
        "level": 2,
    }


def _note(one: Weighed) -> str:
    if one.computed is not None and one.is_capped and one.computed > (one.counted or 0.0):
        return f"held at its cap; computed {sentences.ratio(one.computed)}"
    return "held at its cap" if one.is_capped else ""
