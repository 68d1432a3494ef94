"""Reads the database for a verification: one snapshot of everything, row by row, so that memory stays flat."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import msgspec
import psycopg
from django.db import connection
from psycopg import sql
from psycopg.types.json import JsonbLoader
from psycopg.types.string import TextLoader

CHUNK = 2000


class Reader:
    """Queries within one snapshot."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._names = count()

    def share(self) -> str:
        """The name under which others read the same snapshot, as long as this one is read."""
        return self.one("SELECT pg_export_snapshot()")[0]

    def all(self, statement: str, params: Sequence = ()) -> list[tuple]:
        with self._database.cursor() as cursor:
            return cursor.execute(statement, params).fetchall()

    def one(self, statement: str, params: Sequence = ()) -> tuple:
        return self.all(statement, params)[0]

    def stream(self, statement: str, params: Sequence = (), *, binary: bool = False) -> Iterator[tuple]:
        """Rows through a cursor of the server, a few at a time. `binary` costs less, where there are bytes or millions
        of rows; ids and times are to be selected as text then.

        A cursor of psycopg's own kind also asks how its rows look and whether more came after the last: most tables
        are small, and there are hundreds of such questions in a verification.
        """
        name = f"verify_{next(self._names)}"
        with psycopg.Cursor(self._database) as cursor:
            cursor.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {statement}", params, prepare=False)
            is_more = True
            while is_more:
                rows = cursor.execute(f"FETCH {CHUNK} FROM {name}", prepare=False, binary=binary).fetchall()
                is_more = len(rows) == CHUNK
                yield from rows
            cursor.execute(f"CLOSE {name}", prepare=False)


@contextmanager
def snapshot(shared: str = "") -> Iterator[Reader]:
    """A session of its own, so that a verification sees one moment and only what was committed; `shared` names the
    snapshot of another one. Ids and times are read as PostgreSQL writes them: there are millions."""
    database = connection.copy()
    try:
        database.ensure_connection()
        with database.connection.transaction():
            adapters, execute = database.connection.adapters, database.connection.execute
            adapters.register_loader("jsonb", JsonbLoader)
            adapters.register_loader("uuid", TextLoader)
            adapters.register_loader("timestamptz", TextLoader)
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            if shared:
                execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(shared))
            execute("SET LOCAL work_mem = '64MB'")
            yield Reader(database.connection)
    finally:
        database.close()


def body_of(data: bytes | memoryview) -> dict[str, Any]:
    """An event's body; empty when it is not what casemgr writes, which its seal has said by then."""
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}


def named(body: dict[str, Any], event_id: int) -> str:
    """An event in words that find it again: `event 7 (cases.assign by user:… at …)`."""
    when = str(body.get("at", "an unknown time"))[:19].replace("T", " ")
    return f"event {event_id} ({body.get('action', 'unreadable')} by {body.get('actor', 'unknown')} at {when})"


def shown(value: Any) -> str:
    """A value as a sentence quotes it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text if len(text) <= 80 else f"{text[:77]}…"
    return "nothing" if value is None else f"“{text}”"
