from collections.abc import Callable

import pytest

from apps.core import vault
from apps.evidence import actions
from apps.evidence.models import Item

LOG = b"account,requests\nacct_1,12\nacct_2,30\n"

# Counts that a laboratory reports: 27.25 per cent green where 25 are expected by chance.
COUNTS = {
    "scored": 40_000,
    "green": 10_900,
    "gamma": 0.25,
    "distinct": True,
    "key_id": "wm-2026-a",
    "key_secret": None,
    "excess": 0.02,
    "validation": {"controls": 200, "false_positives": 0, "positives": 20, "detected": 19, "study": "WM-STUDY-4"},
}


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
