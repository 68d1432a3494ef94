"""Tables that are made together are the tables that are made one after the other."""

from typing import Any

from django.db import connection, models
from django.db.migrations import AddField, CreateModel
from django.db.migrations.state import ProjectState

from apps.core.migrating import CreateModels, together

KEY: list[tuple[str, models.Field]] = [("id", models.AutoField(primary_key=True))]
TO_HARBOUR = models.ForeignKey("core.Harbour", models.CASCADE)
STEPS = [
    CreateModel("Harbour", KEY),
    CreateModel("Ship", [*KEY, ("home", TO_HARBOUR)]),
    AddField("Harbour", "flagship", models.ForeignKey("core.Ship", models.SET_NULL, null=True, related_name="+")),
    CreateModel("Berth", [*KEY, ("harbour", TO_HARBOUR)]),
]
TABLES = {"core_harbour", "core_ship", "core_berth"}


def tables() -> set[str]:
    return TABLES & set(connection.introspection.table_names())


def test_what_lies_between_tables_keeps_its_place():
    assert [type(step) for step in together(STEPS)] == [CreateModels, AddField, CreateModels]


def test_tables_are_made_and_unmade(db: Any):
    before, steps = ProjectState(), []
    for step in together(STEPS):
        after = before.clone()
        step.state_forwards("core", after)
        with connection.schema_editor(atomic=False) as editor:
            step.database_forwards("core", editor, before, after)
        steps.append((step, before, after))
        before = after
    assert tables() == TABLES
    columns = connection.introspection.get_table_description(connection.cursor(), "core_harbour")
    assert [column.name for column in columns] == ["id", "flagship_id"]
    for step, before, after in reversed(steps):
        with connection.schema_editor(atomic=False) as editor:
            step.database_backwards("core", editor, after, before)
    assert tables() == set()
