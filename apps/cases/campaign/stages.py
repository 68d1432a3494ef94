"""The stages of extraction, and what in the case shows each of them. Harvesting proven does not prove training.

An exhibit shows what its element says; an alert only suspects what its detector called it. Pure.
"""

from collections.abc import Iterable
from typing import Any

from apps.cases.models import Exhibit

Element = Exhibit.Element

# Stage, title, the elements that show it, and what it would take where nothing does.
STAGES = (
    (
        "query_generation",
        "Query generation",
        frozenset({Element.COORDINATION}),
        "Exhibits that show how the prompts were made: templates, load sharing, one schedule.",
    ),
    (
        "harvesting",
        "Harvesting",
        frozenset({Element.HARVESTING, Element.CIRCUMVENTION}),
        "A query log or a test that shows output collected at scale.",
    ),
    (
        "training",
        "Training",
        frozenset({Element.TRAINING}),
        "A test of the suspected model itself: canaries, watermark, fingerprint.",
    ),
    (
        "refinement",
        "Refinement",
        frozenset({Element.BENEFIT}),
        "Later versions of the suspected model that follow what was collected since.",
    ),
)


def of(exhibits: Iterable[Exhibit], alerts: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Each stage in order: `title`, `exhibits`, `alerts`, `is_shown`, `words`. `alerts` counts them by stage."""
    exhibits = list(exhibits)
    rows = []
    for name, title, elements, lacking in STAGES:
        shown = [exhibit for exhibit in exhibits if exhibit.element in elements]
        suspected = alerts.get(name, [0, 0])[0]
        rows.append(
            {
                "name": name,
                "title": title,
                "exhibits": shown,
                "alerts": suspected,
                "is_shown": bool(shown),
                "words": _words(shown, suspected, lacking),
            }
        )
    return rows


def _words(shown: list[Exhibit], suspected: int, lacking: str) -> str:
    if shown:
        return f"Shown by {', '.join(exhibit.label for exhibit in shown)}."
    if suspected:
        return f"Suspected by {suspected:,} alert{'' if suspected == 1 else 's'}, shown by no exhibit. {lacking}"
    return f"Nothing shows it. {lacking}"
