"""Static pictures of a campaign as SVG, for the page before any script runs, and for documents.

Plain numbers in, SVG text out. Colours are of the light palette and stand in attributes, so that a picture looks the
same in a document of its own; on a page the classes c0 to c7, ink, line and paper take the theme's.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from django.conf import settings

from apps.core.ui.formats import counted, number

COLOURS = 8  # of the palette; further series share the last one
STEPS = 6  # of shading, of which the first is nothing
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@lru_cache
def palette() -> dict[str, str]:
    """The light colours of casemgr/frontend/css/tokens.css by name."""
    css = (settings.BASE_DIR / "casemgr" / "frontend" / "css" / "tokens.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+): (#\w+);", css.partition("@media")[0]))


def colour(at: int) -> str:
    return f"c{min(at, COLOURS - 1)}"


def shade(value: float, largest: float) -> int:
    """0 for nothing, then 1 to 5 by fifths of the largest."""
    return 0 if value <= 0 or largest <= 0 else min(STEPS - 1, 1 + int(5 * value / largest))


class Drawing:
    """A picture of so many units, put together shape by shape."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.shapes: list[str] = []

    def shape(self, name: str, fill: str = "", said: str = "", **attributes: Any) -> None:
        """A shape of a class, with what it says where one points at it."""
        given = "".join(f' {key.replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
        if fill:
            given = f' class="{fill}" fill="{palette()[fill]}"' + given
        inside = f"<title>{escape(said)}</title>" if said else ""
        self.shapes.append(f"<{name}{given}>{inside}</{name}>")

    def line(self, x1: float, y1: float, x2: float, y2: float, width: float = 1) -> None:
        self.shapes.append(
            f'<path class="rule" stroke="{palette()["line-2"]}" stroke-width="{width}" stroke-opacity="0.5" fill="none"'
            f' d="M{x1} {y1}L{x2} {y2}"/>'
        )

    def text(self, x: float, y: float, text: str, anchor: str = "start", fill: str = "ink") -> None:
        self.shapes.append(
            f'<text class="{fill}" fill="{palette()[fill]}" x="{x}" y="{y}" text-anchor="{anchor}">'
            f"{escape(text)}</text>"
        )

    def svg(self, *, alone: bool = False) -> str:
        """The markup; `alone` is a document of its own, on paper's colour."""
        own = (
            f' xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}"'
            ' font-family="Inter, sans-serif" font-size="11"'
            if alone
            else ""
        )
        ground = f'<rect width="100%" height="100%" fill="{palette()["paper"]}"/>' if alone else ""
        return (
            f'<svg class="drawing"{own} viewBox="0 0 {self.width} {self.height}" role="img"'
            f' aria-label="{escape(self.title)}"><title>{escape(self.title)}</title>'
            f"{ground}{''.join(self.shapes)}</svg>"
        )


def activity(figures: dict[str, Any]) -> Drawing:
    """Exchanges a day, one layer a ring, largest at the bottom."""
    days, layers, rings = figures["days"], figures["activity"], figures["rings"]
    drawn = Drawing(760, 260, "Exchanges a day, by ring")
    if not days:
        return drawn
    top = max(sum(layer[day] for layer in layers) for day in range(len(days))) or 1
    left, floor, tall = 60, 190, 170
    pitch = (760 - left) / len(days)
    for mark in (0, 0.5, 1):
        drawn.line(left, floor - mark * tall, 760, floor - mark * tall)
        drawn.text(left - 6, floor - mark * tall + 4, number(round(mark * top)), "end", "ink-2")
    for day, name in enumerate(days):
        below = 0.0
        for at, layer in enumerate(layers):
            if layer[day]:
                high = layer[day] / top * tall
                said = f"{name}, {rings[at]['ref']}: {number(layer[day])} exchanges"
                drawn.shape(
                    "rect", colour(at), said, x=round(left + day * pitch, 1), y=round(floor - below - high, 1),
                    width=round(max(pitch - 1, 0.5), 1), height=round(high, 1),
                )  # fmt: skip
                below += high
    drawn.text(left, floor + 16, days[0], fill="ink-2")
    drawn.text(760, floor + 16, days[-1], "end", "ink-2")
    _legend(drawn, [ring["ref"] for ring in rings], floor + 36)
    return drawn


def _legend(drawn: Drawing, names: Sequence[str], y: float) -> None:
    for at, name in enumerate([*names[: COLOURS - 1], *(["others"] if len(names) >= COLOURS else [])]):
        x, line = 60 + (at % 4) * 172, y + at // 4 * 18
        drawn.shape("rect", colour(at), x=x, y=line - 9, width=10, height=10)
        drawn.text(x + 15, line, name[:24], fill="ink-2")


def hours(figures: dict[str, Any]) -> Drawing:
    """Hour of the week, UTC: days down, hours across."""
    drawn = Drawing(760, 210, "Exchanges by hour of the week, UTC")
    largest = max((max(row) for row in figures["hours"]), default=0)
    wide, tall, left = 28, 24, 48
    for day, row in enumerate(figures["hours"]):
        drawn.text(left - 8, 22 + day * tall + 15, DAYS[day], "end", "ink-2")
        for hour, value in enumerate(row):
            said = f"{DAYS[day]} {hour:02}:00: {number(value)} exchanges"
            drawn.shape(
                "rect", f"heat-{shade(value, largest)}", said, x=left + hour * wide, y=20 + day * tall, width=wide - 2,
                height=tall - 2, rx=2,
            )  # fmt: skip
    for hour in range(0, 24, 3):
        drawn.text(left + hour * wide, 14, f"{hour:02}", fill="ink-2")
    return drawn


def infrastructure(figures: dict[str, Any]) -> Drawing:
    """Rings down, kinds of identifiers across; shaded by how many accounts of the ring share values of the kind."""
    rings, kinds, matrix = figures["rings"], figures["kinds"], figures["matrix"]
    drawn = Drawing(760, 60 + 26 * len(rings), "Values that accounts share, by ring and kind")
    left, wide = 170, 590 / max(len(kinds), 1)
    for at, (_, label) in enumerate(kinds):
        drawn.text(round(left + at * wide, 1), 14 + at % 2 * 14, label, fill="ink-2")
    for down, ring in enumerate(rings):
        y = 38 + 26 * down
        drawn.text(left - 8, y + 16, ring["ref"][:26], "end")
        for at, (values, accounts) in enumerate(matrix[down]):
            x = round(left + at * wide, 1)
            level = shade(accounts, ring["accounts"])
            said = f"{ring['ref']}, {kinds[at][1]}: {counted(values, 'value')}, held {counted(accounts, 'time')}"
            drawn.shape("rect", f"heat-{level}", said, x=x, y=y, width=round(wide - 3, 1), height=23, rx=2)
            drawn.text(x + 6, y + 16, number(values) if values else "", fill="ink" if level < 4 else "heat-ink")
    return drawn


def graph(figures: dict[str, Any]) -> Drawing:
    """Rings and what they share. Round: a ring; square: values of one ring; diamond: values that cross rings."""
    nodes = {node["id"]: node for node in figures["nodes"]}
    drawn = Drawing(1000, 700, "Rings and the values that hold them together")
    for one, other, accounts in figures["edges"]:
        a, b = nodes[one], nodes[other]
        drawn.line(a["x"], a["y"], b["x"], b["y"], round(min(0.6 + accounts / 400, 5), 1))
    for at, node in enumerate(nodes.values()):
        x, y, r, said = node["x"], node["y"], node["r"], words(node, figures)
        if node["type"] == "ring":
            drawn.shape("circle", colour(at), said, cx=x, cy=y, r=r)
        elif node["type"] == "own":
            r *= 0.85
            drawn.shape("rect", "line-2", said, x=round(x - r, 1), y=round(y - r, 1), width=2 * r, height=2 * r, rx=3)
        else:
            drawn.shape("path", "ink", said, d=f"M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z")
    for node in figures["nodes"]:
        if node["type"] == "ring":
            drawn.text(node["x"], round(node["y"] - node["r"] - 5, 1), node["label"], "middle")
    return drawn


def words(node: dict[str, Any], figures: dict[str, Any]) -> str:
    """A node of the graph in words."""
    if node["type"] == "ring":
        return f"{node['label']}: {counted(node['accounts'], 'account')}"
    kind = dict(figures["kinds"]).get(node["kind"], node["kind"])
    if node["type"] == "value":
        return f"{kind} {node['label']}…: {number(node['accounts'])} accounts of several rings"
    of = "of one ring" if node["type"] == "own" else "of several rings"
    return f"{kind}: {counted(node['values'], 'value')} {of}, held {counted(node['accounts'], 'time')}"


def stages(rows: Iterable[dict[str, Any]]) -> Drawing:
    """Stages of extraction from left to right, each with whether anything shows it; see `stages.of`."""
    drawn = Drawing(760, 90, "Stages of the campaign, and what is shown of each")
    for at, row in enumerate(rows):
        x = at * 192
        drawn.shape(
            "rect", "heat-2" if row["is_shown"] else "ground", row["words"], x=x, y=8, width=176, height=70, rx=8
        )
        drawn.text(x + 12, 34, row["title"])
        drawn.text(x + 12, 56, "shown" if row["is_shown"] else "not shown", fill="ink-2")
        if at:
            drawn.line(x - 16, 43, x, 43, 2)
    return drawn


PICTURES = {"activity": activity, "hours": hours, "infrastructure": infrastructure, "graph": graph}
