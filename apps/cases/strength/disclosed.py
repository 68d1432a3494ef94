"""What a report says of strength: plain data for the frozen snapshot, in the same sentences as the pages."""

from collections.abc import Iterable
from typing import Any

from apps.cases.strength import sentences
from apps.cases.strength.picture import ordered
from apps.cases.strength.reading import Strength
from apps.cases.strength.weighing import Weighed
from apps.evidence.models import TestRun


def whole(found: Strength) -> dict[str, Any]:
    """The whole and its groups, the strongest first, and what stands when everything tested is counted."""
    return {
        "scale": found.scale,
        "log10": found.combined.log10_lr,
        "sentence": found.sentence,
        "lines": [
            {
                "group": line.group,
                "exhibits": ", ".join(sentences.runs_of(line.labels)),
                "log10": line.log10_lr,
                "cap": line.cap,
                "sentence": sentences.of_line(line, found.scale),
            }
            for line in ordered(found)
        ],
        "corrections": found.corrections,
    }


def exhibit(found: Strength, one: Weighed) -> dict[str, Any]:
    """What an exhibit counts with, and the run that this comes from."""
    return {
        "strength": one.counted,
        "cap": one.cap,
        "sentence": sentences.of_exhibit(one, found.scale),
        "run": one.run or None,
    }


def runs(found: Strength, on_record: Iterable[TestRun]) -> list[dict[str, Any]]:
    """Every run on a suspect, failed and negative ones too (R7)."""
    return [
        {
            "ref": run.ref,
            "suspect": str(run.suspect),
            "test": run.test_id,
            "run_on": run.run_at.date().isoformat(),
            "planned": not run.is_exploratory,
            "outcome": run.get_outcome_display(),
            "p": (run.result or {}).get("p_text", ""),
            "why": run.failure or " ".join(run.withheld),
            "exhibit": found.labels.get(run.ref),
            "stands": found.verdicts.get(run.ref),
        }
        for run in on_record
    ]
