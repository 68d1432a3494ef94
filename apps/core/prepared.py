"""Statements that are sent many times a second: planned once for a connection, and several on their way at a time.

Django's own cursors put the parameters into the text, so that PostgreSQL reads and plans each statement anew; for a
single row that costs more than writing it. Made for look-ups by key and for few rows: a plan that fits any parameters
is no good where the number of rows decides how to go about it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections, models
from django.db.backends.utils import CursorWrapper
from django.utils.functional import cached_property  # that of Python 3.11 lets only one thread at a time wait

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)


class Answer(Generic[T]):
    """What a statement answers, waited for when it is asked for: `answer()`."""

    def __init__(self, cursor: CursorWrapper, read: Callable[[list[tuple]], T]) -> None:
        self.cursor, self.read = cursor, read

    def __call__(self) -> T:
        return self._value

    @cached_property
    def _value(self) -> T:
        with self.cursor:
            return self.read(self.cursor.fetchall())


def ask(read: Callable[[list[tuple]], T], sql: str, params: Sequence[Any] = ()) -> Answer[T]:
    """Send a query; `read` makes the answer of its rows. Inside `pipeline` nothing is waited for until then."""
    return Answer(send(sql, params), read)


def first(model: type[M], where: str, params: Sequence[Any] = (), *, related: str = "") -> M | None:
    """The first object of which something is true, as the ORM would give it, with what its foreign key `related` leads
    to. `where` is SQL of ours, in which the table is `t` and the related one `r`."""
    row = send(_select(model, where, related), params).fetchone()
    if row is None:
        return None
    found = made(model, row)
    if related:
        setattr(found, related, made(_related(model, related), row[len(model._meta.concrete_fields) :]))
    return found


@lru_cache
def _select(model: type[models.Model], where: str, related: str) -> str:
    columns = [f't."{field.column}"' for field in model._meta.concrete_fields]
    tables = f"{model._meta.db_table} t"
    if related:
        other = _related(model, related)._meta
        columns += [f'r."{field.column}"' for field in other.concrete_fields]
        tables += f" JOIN {other.db_table} r ON r.id = t.{related}_id"
    return f"SELECT {', '.join(columns)} FROM {tables} WHERE {where} LIMIT 1"  # noqa: S608 - all of it is ours


def _related(model: type[models.Model], name: str) -> type[models.Model]:
    return cast("type[models.Model]", model._meta.get_field(name).related_model)


def made(model: type[M], row: Sequence[Any]) -> M:
    """The object of a row that begins with all columns of its table, in their order."""
    fields = model._meta.concrete_fields
    values = [_from_db(field, value) for field, value in zip(fields, row, strict=False)]
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], values)


def _from_db(field: models.Field, value: Any) -> Any:
    convert = getattr(field, "from_db_value", None)
    return convert(value, None, connection) if convert else value


def send(sql: str, params: Sequence[Any] = ()) -> CursorWrapper:
    """Send a statement. Inside `pipeline` its answer is waited for only when rows are fetched from the cursor."""
    line: Any = connections[DEFAULT_DB_ALIAS]
    if line.in_atomic_block or line.health_check_done:
        return _send(line, sql, params)
    try:  # the first of a request shows by itself whether the connection is alive: nobody need ask that before
        sent = _send(line, sql, params)
    except (OperationalError, InterfaceError):
        line.close()
        sent = _send(line, sql, params)
    line.health_check_done = True
    return sent


@contextmanager
def pipeline() -> Iterator[None]:
    """Do not wait for the answer to one statement before the next is sent. What was wrong with one of them is raised
    where rows are fetched, or at the end. COPY is not possible inside."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def is_pipelined() -> bool:
    """Whether answers may still be on their way."""
    return connection.connection is not None and connection.connection.pgconn.pipeline_status != 0


class _Cursor(psycopg.Cursor):
    def execute(self, query: Any, params: Any = None, **options: Any) -> "_Cursor":  # type: ignore[override]
        return super().execute(query, params, **options | {"prepare": True})


def _send(line: Any, sql: str, params: Sequence[Any]) -> CursorWrapper:
    line.ensure_connection()
    cursor = _Cursor(line.connection)
    wrapped = line.make_debug_cursor(cursor) if line.queries_logged else line.make_cursor(cursor)
    wrapped.execute(sql, params)
    return wrapped
