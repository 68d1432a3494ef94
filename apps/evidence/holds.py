"""Legal holds on an item, as the room of records has them. The database refuses disposal by itself; this says why."""

from apps.evidence.models import Item
from apps.records.holds import holding


def on(item: Item) -> list[str]:
    """The holds in force, in words; empty where nothing forbids to dispose of it."""
    return [f"{hold.ref} ({hold.matter})" for hold in holding(Item._meta.db_table, item.pk)]
