"""One figure computed on a file, and two values of it compared."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.evidence.querylogs import columns, engine
from apps.evidence.querylogs.figures import FIGURES, Asked, Figure, Value


@dataclass(frozen=True)
class Computed:
    """A figure of one file. `why_not` says why there is no value; then there is no SQL either."""

    name: str
    sql: str
    value: Value | None
    why_not: str
    seconds: float
    settings: dict[str, Any]


def why_not(figure: Figure, asked: Asked) -> str:
    """Why it cannot be computed of this log, in a sentence, or "" where it can."""
    lacking = [role for role in figure.needs if role not in asked.columns]
    if figure.any_of and not any(role in asked.columns for role in figure.any_of):
        lacking += figure.any_of
    if lacking:
        return columns.not_possible(lacking)
    return figure.unasked if figure.asks and not getattr(asked, figure.asks) else ""


def compute(name: str, file: Path, work: Path, asked: Asked) -> Computed:
    """Run the figure's SQL on the normalised log, within the engine's limits, and make its value."""
    figure = FIGURES[name]
    settings = engine.SETTINGS | given(figure, asked)
    if reason := why_not(figure, asked):
        return Computed(name, "", None, reason, 0.0, settings)
    sql = figure.sql(asked).strip()
    began = time.perf_counter()
    with engine.on_log(work, file, figure.tables(asked)) as con:
        rows = con.execute(sql).fetchall()
    value = json.loads(json.dumps(figure.value(rows, asked)))
    return Computed(name, sql, value, "", round(time.perf_counter() - began, 3), settings)


def given(figure: Figure, asked: Asked) -> dict[str, Any]:
    """What of the person's additions the figure rests on."""
    found: dict[str, Any] = {}
    if figure.asks == "prices":
        found |= {"prices": {m: list(p) for m, p in sorted(asked.prices.items())}, "currency": asked.currency}
    if figure.asks == "benchmark":
        found |= {"list": asked.benchmark_name, "entries": len(asked.benchmark)}
    if figure.name == "release_pivot":
        found |= {"releases": dict(sorted(asked.releases.items()))}
    if "bursts" in figure.name:
        found |= {"factor": asked.burst_factor, "least": asked.burst_floor}
    return found


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """In words, how the second value differs from the first; nothing where they are the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [*one, *(name for name in other if name not in one)]
        return [
            words
            for name in names
            for words in differences(one.get(name), other.get(name), f"{where}, {name}" if where else name)
        ][:20]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            words
            for at, pair in enumerate(zip(one, other, strict=True), 1)
            for words in differences(*pair, f"{where} {at}")
        ][:20]
    return [] if one == other else [f"{where or 'the value'}: {_short(one)} before, {_short(other)} now"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
