"""The registry of pgtrigger, with an index."""

from typing import Any

from pgtrigger import registry


class Registry(registry._Registry):
    """The library's own looks at every trigger it has whenever one is added: with some 750 of them that took a quarter
    of the start of each process."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], Any] = {}
        self.functions: set[str] = set()
        super().__init__()

    @property
    def by_db_table(self) -> dict[tuple[str, str], Any]:
        return self.tables

    @property
    def pg_function_names(self) -> set[str]:
        return self.functions

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        model, trigger = value
        self.tables[model._meta.db_table, trigger.name] = trigger
        self.functions.add(trigger.get_pgid(model))

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.tables, self.functions = super().by_db_table, super().pg_function_names


def install() -> None:
    """Before the first model brings its triggers."""
    registry._registry = Registry()
