"""Migrations that make many tables, in a fraction of the time."""

from collections.abc import Sequence
from itertools import groupby

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


def together(operations: Sequence[Operation]) -> list[Operation]:
    """The same operations, in which tables that are made one after the other are one step.

    After every step Django puts the classes of all related models together anew: here that is all of them, each time.
    """
    grouped: list[Operation] = []
    for is_table, run in groupby(operations, lambda operation: isinstance(operation, CreateModel)):
        steps = list(run)
        grouped += [CreateModels(steps)] if is_table else steps
    return grouped


class CreateModels(Operation):
    def __init__(self, models: list[Operation]) -> None:
        self.models = models

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        if "apps" in state.__dict__:
            del state.apps  # put together again when somebody asks for it
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(model.describe() for model in self.models)
