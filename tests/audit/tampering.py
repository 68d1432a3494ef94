"""What somebody with the database owner's password can do: switch the guards off, write, switch them on again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from apps.audit.models import audited_models


@contextmanager
def guards_off() -> Iterator[None]:
    """The triggers of casemgr off, in one transaction; foreign keys and constraints stay, as for any owner."""
    tables = [model._meta.db_table for model in [*audited_models(), *apps.get_app_config("audit").get_models()]]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("".join(f"ALTER TABLE {table} DISABLE TRIGGER USER;" for table in tables))
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("".join(f"ALTER TABLE {table} ENABLE TRIGGER USER;" for table in tables))


def sql(statement: str, *params: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []
