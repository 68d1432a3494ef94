"""What is done with our table."""

from collections.abc import Iterable

from apps.audit import ledger
from apps.audit.action import action
from benchmarks.peers.models import Ours


@action
def add(*, rows: Iterable[dict], by) -> int:
    """Insert rows under one event."""
    with ledger.batch() as batch:
        return batch.insert(Ours, rows)


@action
def change(row: Ours, *, values: dict, by) -> Ours:
    """Change columns of a row."""
    return ledger.change(row, **values)
