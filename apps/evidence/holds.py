"""Legal holds on an item, as the room of records has them. The database refuses disposal by itself; this says why."""

from importlib import import_module

from django.apps import apps

from apps.evidence.models import Item


def on(item: Item) -> list[str]:
    """The holds in force, in words; empty where nothing forbids to dispose of it."""
    if not apps.is_installed("apps.records"):
        return []
    holds = import_module("apps.records.holds")
    return [f"{hold.ref} ({hold.matter})" for hold in holds.holding(Item._meta.db_table, item.pk)]
