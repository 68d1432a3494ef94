"""What somebody with the database owner's password can do: switch the guards off, write, switch them on again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from apps.audit.models import audited_models


@contextmanager
def guards_off(*only: str) -> Iterator[None]:
    """The triggers of casemgr off, in one transaction, of all tables or of these; foreign keys and constraints stay,
    as for any owner."""
    models = [*audited_models(), *apps.get_app_config("audit").get_models()]
    tables = only or [model._meta.db_table for model in models]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("".join(f"ALTER TABLE {table} DISABLE TRIGGER USER;" for table in tables))
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("".join(f"ALTER TABLE {table} ENABLE TRIGGER USER;" for table in tables))


def sql(statement: str, *params: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def constraints_off() -> Iterator[None]:
    """Checks and uniqueness of audited tables dropped, as their owner can, and put back afterwards."""
    tables = [model._meta.db_table for model in audited_models()]
    constraints = sql(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('c', 'u')",
        tables,
    )
    indexes = sql(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i"
        " WHERE indrelid::regclass::text = ANY(%s) AND indisunique"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)",
        tables,
    )
    sql("".join(f"ALTER TABLE {table} DROP CONSTRAINT {name};" for table, name, _ in constraints))
    sql("".join(f"DROP INDEX {name};" for name, _ in indexes))
    try:
        yield
    except BaseException:
        with guards_off():  # what a test that failed has left would fit no constraint, and fail all others
            sql(f"TRUNCATE {', '.join(tables)} CASCADE")
        raise
    finally:
        sql("".join(f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule};" for table, name, rule in constraints))
        sql("".join(f"{definition};" for _, definition in indexes))
