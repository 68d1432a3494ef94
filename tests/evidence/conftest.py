from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core import vault
from apps.evidence import actions, fingerprints
from apps.evidence.models import Item, SuspectModel, TestRun, WatermarkKey, WatermarkScheme

LOG = b"account,requests\nacct_1,12\nacct_2,30\n"

# Counts that a laboratory reports: 27.25 per cent green where 25 are expected by chance.
COUNTS: dict[str, Any] = {
    "scored": 40_000,
    "green": 10_900,
    "gamma": 0.25,
    "distinct": True,
    "key_id": "wm-2026-a",
    "key_secret": None,
    "excess": 0.02,
    "validation": {"controls": 200, "false_positives": 0, "positives": 20, "detected": 19, "study": "WM-STUDY-4"},
}
# What the laboratory stands for: nothing is missing.
DECLARED: dict[str, Any] = {
    "test_version": fingerprints.TESTS["green-list"].version,
    "n": 40_000,
    "controls": [{"name": f"Control {n}", "result": 10_000 + n, "alarm": False} for n in range(20)],
    "assumptions": {
        "distinct": {"status": "held", "basis": "The scorer drops repeated tuples."},
        "key_secret": {"status": "unverified"},
        "not_prompted": {"status": "unverified"},
    },
}
OPEN = "The laboratory collected the answers itself."
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)


def suspect_named(name: str, by: Any) -> SuspectModel:
    return SuspectModel.objects.filter(name=name).first() or actions.register_suspect(name=name, by=by)


def key_named(key_id: str, by: Any) -> WatermarkKey:
    """A key with somebody on record as holding it."""
    known = WatermarkKey.objects.filter(key_id=key_id).first()
    if known:
        return known
    scheme = WatermarkScheme.objects.first() or actions.register_scheme(
        name="green-list",
        version="1",
        method="Green list",
        parameters={"gamma": 0.25},
        detector="scorer",
        detector_version="1",
        by=by,
    )
    return actions.register_key(
        scheme, key_id=key_id, holder="Key service", storage="Security module", held_from=LONG_AGO, by=by
    )


def ran(people: Any, *, suspect: str = "Lantern 7B", by: Any = None, **values: Any) -> TestRun:
    """A run of the green-list test with everything declared, of a registered suspect and key."""
    key_named((values.get("inputs") or COUNTS)["key_id"], people.lead)
    usual = {"test_id": "green-list", "inputs": COUNTS, "declared": DECLARED, "not_blind_because": OPEN}
    found = {"suspect": suspect_named(suspect, people.analyst), "by": by or people.analyst}
    return actions.run_test(**usual | found | values)


@pytest.fixture
def collect(people) -> Callable[..., Item]:
    """Collect a small log as the analyst; `collect(title=…, chunks=…)` for another one."""

    def collected(**values) -> Item:
        usual = {
            "kind": Item.Kind.QUERY_LOG,
            "title": "Gateway log",
            "origin": "Exported from the gateway by the desk",
            "filename": "gateway.csv",
            "chunks": LOG,
            "by": people.analyst,
        }
        return actions.collect(**usual | values)

    return collected


@pytest.fixture
def damage() -> Callable[[Item], None]:
    """Change the item's file behind casemgr's back."""

    def damaged(item: Item) -> None:
        path = vault.path_of(item.sha256)
        path.chmod(0o600)
        path.write_bytes(b"something else")

    return damaged
