"""The statements that a figure came from: what binds a number to the query that produced it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Statements(list[str]):
    """SQL with its parameters, in the order in which it was asked."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256("\0".join(self).encode()).hexdigest()


@contextmanager
def statements() -> Iterator[Statements]:
    """Every statement that is asked inside, as it was asked."""
    found = Statements()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append(f"{sql} <- {[str(value) for value in params or ()]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield found
