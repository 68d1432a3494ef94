"""Reads the database for a verification: one snapshot of everything, row by row, so that memory stays flat."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.db import connection
from psycopg.types.json import JsonbLoader

CHUNK = 2000


class Reader:
    """Queries within one snapshot."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._names = count()

    def all(self, sql: str, params: Sequence = ()) -> list[tuple]:
        with self._database.cursor() as cursor:
            return cursor.execute(sql, params).fetchall()

    def one(self, sql: str, params: Sequence = ()) -> tuple:
        return self.all(sql, params)[0]

    def stream(self, sql: str, params: Sequence = ()) -> Iterator[tuple]:
        """Rows through a cursor of the server, a few at a time."""
        with self._database.cursor(name=f"verify_{next(self._names)}") as cursor:
            cursor.itersize = CHUNK
            yield from cursor.execute(sql, params)


@contextmanager
def snapshot() -> Iterator[Reader]:
    """A session of its own, so that a verification sees one moment and only what was committed."""
    database = connection.copy()
    try:
        database.ensure_connection()
        with database.connection.transaction():
            database.connection.adapters.register_loader("jsonb", JsonbLoader)
            reader = Reader(database.connection)
            database.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield reader
    finally:
        database.close()


def body_of(data: bytes | memoryview) -> dict[str, Any]:
    """An event's body; empty when it is not what casemgr writes, which its seal has said by then."""
    try:
        body = json.loads(bytes(data))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def at(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def named(body: dict[str, Any], event_id: int) -> str:
    """An event in words that find it again: `event 7 (cases.assign by user:… at …)`."""
    when = str(body.get("at", "an unknown time"))[:19].replace("T", " ")
    return f"event {event_id} ({body.get('action', 'unreadable')} by {body.get('actor', 'unknown')} at {when})"


def shown(value: Any) -> str:
    """A value as a sentence quotes it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text if len(text) <= 80 else f"{text[:77]}…"
    return "nothing" if value is None else f"“{text}”"
