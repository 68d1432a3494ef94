"""What a witness remembers: for each log the last checkpoint it cosigned. One SQLite file, made to survive a crash."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from apps.audit.log import merkle, notes


class Memory:
    """Compares and replaces in one step, over all threads and processes that use the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as database:
            database.execute("CREATE TABLE IF NOT EXISTS seen (origin TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT")

    def last(self, origin: str) -> str:
        """The last cosigned checkpoint of a log with all signatures; empty when there is none."""
        with self._open() as database:
            row = database.execute("SELECT note FROM seen WHERE origin = ?", [origin]).fetchone()
        return row[0] if row else ""

    @contextmanager
    def alone(self, origin: str) -> Iterator["Turn"]:
        """Nobody else looks or writes until the end; what was written then is on disk, or, after an error, nothing."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            row = database.execute("SELECT note FROM seen WHERE origin = ?", [origin]).fetchone()
            turn = Turn(row[0] if row else "")
            yield turn
            if turn.cosigned:
                statement = "INSERT INTO seen VALUES (?, ?) ON CONFLICT (origin) DO UPDATE SET note = excluded.note"
                database.execute(statement, [origin, turn.cosigned])
            database.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = EXTRA")  # on disk, the directory too, before it is told
            yield database  # an open transaction ends with the connection, undone


class Turn:
    """One look at the memory with the right to change it."""

    def __init__(self, last: str) -> None:
        self.head = notes.Head.parse(notes.split(last)[0]) if last else notes.Head("", 0, merkle.EMPTY_ROOT)
        self.cosigned = ""
