"""What somebody with the database owner's password may do to a trail, at random; and how it has to be named.

Everything happens in one session of PostgreSQL, inside a transaction that is undone: the same trail serves for all.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg
from django.db import connection
from psycopg.types.json import JsonbLoader
from psycopg.types.string import TextLoader

from apps.audit.models import audited_models
from apps.audit.verify import Report
from apps.audit.verify.report import Finding
from tests.audit.test_verify_log import ADDED, LOG, columns_of

TRIES = 200
LOG_COLUMNS = {table: sorted(set(columns) - {"id"}) for table, (_, columns) in LOG.items()}
LOG_COLUMNS["audit_anchor"] = ["size", "stated_at", "token"]

# What tells a row of the log in a finding, and the tables that a finding about it may name.
KEYS = {
    "audit_event": ("id", "event_uuid"),
    "audit_leaf": ("idx", "event_id"),
    "audit_tile": ("level::text || '/' || n",),
    "audit_checkpoint": ("number", "size"),
    "audit_manifest": ("event_uuid",),
    "audit_casecounter": ("case_id",),
    "audit_privatevalue": ("event_uuid",),
    "audit_anchor": ("id", "size"),
}
SHOWS_IN = {
    "audit_event": {"audit_event", "audit_leaf"},
    "audit_leaf": {"audit_leaf", "audit_event", "audit_tile"},
    "audit_subjectkey": {"audit_subjectkey", "audit_privatevalue"},
    "audit_logstate": {"audit_logstate", "audit_checkpoint"},
}

# Another value of a column, by its type; {c} the column, {n} a large number, {k} a small one.
OTHER = {
    "bytea": "set_byte({c}, {n} %% length({c}), get_byte({c}, {n} %% length({c})) # (1 << ({n} %% 8)))",
    "smallint": "{c} + {k}",
    "integer": "{c} + {k}",
    "bigint": "{c} + {k}",
    "double precision": "{c} + 0.5",
    "boolean": "NOT {c}",
    "date": "{c} + {k}",
    "timestamp with time zone": "{c} + interval '{k} microseconds'",
    "uuid": "gen_random_uuid()",
    "jsonb": """'["tampered {n}"]'""",
}
OTHER_TEXT = (
    "CASE WHEN {c} = '' THEN 'x' ELSE overlay({c} placing chr(ascii(substr({c}, 1 + {n} %% length({c}), 1)) # 1)"
    " from 1 + {n} %% length({c}) for 1) END"
)


@dataclass(frozen=True)
class Expected:
    """A finding about one of these tables that names one of these keys, or says all of these words."""

    what: str
    tables: set[str]
    keys: Sequence[str] = field(default=())
    column: str = ""

    def is_named(self, report: Report) -> bool:
        return any(
            finding.table in self.tables
            and self.column in ("", finding.column)
            and (not self.keys or any(_says(finding, key) for key in self.keys))
            for finding in report.findings
        )


def _says(finding: Finding, key: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(key)}(?!\w)", f"{finding.row} {finding.event} {finding.sentence}"))


class Session:
    """A session of the database's owner."""

    def __init__(self, database: psycopg.Connection) -> None:
        self.database = database

    def __call__(self, statement: str, *params: Any) -> list[tuple]:
        with self.database.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def guards_off(self, *tables: str) -> Iterator[None]:
        for table in tables:
            self(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        self("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            self(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    @contextmanager
    def undone(self) -> Iterator[None]:
        with self.database.transaction(force_rollback=True):
            yield


@contextmanager
def session() -> Iterator[Session]:
    """Reads values as the verification does."""
    database = connection.copy()
    database.ensure_connection()
    try:
        for kind, loader in (("uuid", TextLoader), ("timestamptz", TextLoader), ("jsonb", JsonbLoader)):
            database.connection.adapters.register_loader(kind, loader)
        yield Session(database.connection)
    finally:
        database.close()


def mutate(run: Session, rng: Random) -> Expected:
    """Something that the database's own constraints let pass."""
    for _ in range(TRIES):
        try:
            with run.database.transaction():
                if done := rng.choice(MUTATIONS)(run, rng):
                    return done
                raise Refused
        except (psycopg.IntegrityError, psycopg.DataError, Refused):
            continue
    raise AssertionError("the database let nothing pass")


class Refused(Exception):
    """There is no such row, or it stayed as it was."""


# --- a row, a column -------------------------------------------------------------------------------------------------


def change_log(run: Session, rng: Random) -> Expected:
    table = rng.choice(sorted(LOG_COLUMNS))
    # What the database remembers of a copy proves nothing: the store is asked for the copy itself.
    only = "kind = 'witness'" if table == "audit_anchor" else "true"
    column, place = rng.choice(LOG_COLUMNS[table]), _any_row(run, rng, table, only)
    keys = _keys(run, table, place)
    _set(run, rng, table, column, place)
    return Expected(f"{table}.{column} {keys}", SHOWS_IN.get(table, {table}), keys)


def change_row(run: Session, rng: Random) -> Expected:
    model = rng.choice(audited_models())
    table = model._meta.db_table
    name = rng.choice([f.column for f in model._meta.concrete_fields if not f.primary_key])
    place = _any_row(run, rng, table)
    ((row,),) = run(f"SELECT id FROM {table} WHERE ctid = %s", place)
    _set(run, rng, table, name, place)
    return Expected(f"{table}.{name} of {row}", {table}, [row], name)


def remove_from_log(run: Session, rng: Random) -> Expected:
    table = rng.choice(sorted(LOG))  # an anchor that is gone is no contradiction: it only proves nothing any more
    place = _any_row(run, rng, table)
    keys = _keys(run, table, place)
    with run.guards_off(table):
        run(f"DELETE FROM {table} WHERE ctid = %s", place)
    return Expected(f"row {keys} of {table} removed", SHOWS_IN.get(table, {table}) | {"audit_checkpoint"}, keys)


def remove_row(run: Session, rng: Random) -> Expected:
    table = rng.choice(audited_models())._meta.db_table
    place = _any_row(run, rng, table)
    with run.guards_off(table):
        ((row,),) = run(f"DELETE FROM {table} WHERE ctid = %s RETURNING id", place)
    return Expected(f"row {row} of {table} removed", {table}, [row])


def add_to_log(run: Session, rng: Random) -> Expected:
    table = rng.choice(sorted(ADDED))
    with run.guards_off(table):
        run(f"INSERT INTO {table} ({', '.join(columns_of(table))}) {ADDED[table]}")
    return Expected(f"row added to {table}", SHOWS_IN.get(table, {table}))


def add_row(run: Session, rng: Random) -> Expected:
    table = rng.choice(audited_models())._meta.db_table
    place = _any_row(run, rng, table)
    with run.guards_off(table):
        ((row,),) = run(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid()))).*"
            f" FROM {table} t WHERE ctid = %s RETURNING id",
            place,
        )
    return Expected(f"row {row} added to {table}", {table}, [row])


# --- the order and the end -------------------------------------------------------------------------------------------


def swap_leaves(run: Session, rng: Random) -> Expected:
    """Two entries change places; each still fits its event."""
    (size,) = run("SELECT count(*) FROM audit_leaf")[0]
    one, other = sorted(rng.sample(range(size), 2))
    with run.guards_off("audit_leaf"):
        rows = run("DELETE FROM audit_leaf WHERE idx IN (%s, %s) RETURNING idx, event_id, xid, hash", one, other)
        for index, *entry in rows:
            run("INSERT INTO audit_leaf VALUES (%s, %s, %s, %s)", one + other - index, *entry)
    return Expected(f"entries {one} and {other} swapped", {"audit_tile"}, [f"(entry {one} of the log)"])


def swap_events(run: Session, rng: Random) -> Expected:
    """Two events change numbers, and with them their places."""
    one, other = (row[0] for row in run("SELECT id FROM audit_event WHERE random() < 0.2 LIMIT 2"))
    with run.guards_off("audit_event"):
        for before, after in ((one, -1), (other, one), (-1, other)):
            run("UPDATE audit_event SET id = %s WHERE id = %s", after, before)
    return Expected(f"events {one} and {other} swapped", {"audit_event"}, [str(one), str(other)])


def cut_tail(run: Session, rng: Random) -> Expected:
    """The last entries and their events are gone, as if they had never been."""
    (size,) = run("SELECT count(*) FROM audit_leaf")[0]
    left = size - rng.randint(1, size // 4)
    with run.guards_off("audit_leaf", "audit_event"):
        run("DELETE FROM audit_event USING audit_leaf l WHERE l.event_id = audit_event.id AND l.idx >= %s", left)
        run("DELETE FROM audit_leaf WHERE idx >= %s", left)
    return Expected(f"cut off at {left}", {"audit_checkpoint"}, [f"the log has {left}: its end was cut off"])


MUTATIONS: list[Callable[[Session, Random], Expected]] = [
    *(change_log, change_log, change_row, change_row, remove_from_log, remove_row, add_to_log, add_row),
    *(swap_leaves, swap_events, cut_tail),
]


# --- how -------------------------------------------------------------------------------------------------------------


def _any_row(run: Session, rng: Random, table: str, only: str = "true") -> str:
    rows = run(f"SELECT ctid::text FROM {table} WHERE {only} ORDER BY 1")
    if not rows:
        raise Refused
    return rng.choice(rows)[0]


def _keys(run: Session, table: str, place: str) -> list[str]:
    if table not in KEYS:
        return []
    (row,) = run(f"SELECT {', '.join(KEYS[table])} FROM {table} WHERE ctid = %s", place)
    return [str(value) for value in row]


def _set(run: Session, rng: Random, table: str, column: str, place: str) -> None:
    ((kind,),) = run(
        "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
        table,
        column,
    )
    other = "{c} || {c}[1:1]" if kind.endswith("[]") else OTHER.get(kind, OTHER_TEXT)
    value = other.format(c=f'"{column}"', n=rng.randrange(2**20), k=rng.randint(1, 9))
    before = run(f'SELECT "{column}"::text FROM {table} WHERE ctid = %s', place)
    with run.guards_off(table):
        after = run(f'UPDATE {table} SET "{column}" = {value} WHERE ctid = %s RETURNING "{column}"::text', place)
    if before == after:
        raise Refused
