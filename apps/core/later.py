"""Libraries that take long to load and that most processes never need: loaded when something is first asked of them."""

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module; attributes are the module's own."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)


special = Later("scipy.special")
sparse = Later("scipy.sparse")
holidays = Later("holidays")
