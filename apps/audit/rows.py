"""One row of an audited table: written, or locked, and told in the same statement as PostgreSQL has it.

Everybody who changes something comes through here, so these are prepared statements with as few round trips as there
can be: what the ORM would do in two statements, and read back in a third.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple, cast

from django.db import DEFAULT_DB_ALIAS, connection, models

from apps.audit.digests import digest_sql
from apps.audit.models import AuditedModel
from apps.core import prepared


class Told(NamedTuple):
    """A row as PostgreSQL has it: column by column, as JSON values, and its digest in hexadecimal."""

    values: dict[str, Any]
    digest: str


def lock(row: AuditedModel) -> Told:
    """Lock a row until the transaction ends and bring the object up to date. Raises DoesNotExist."""
    model = row.__class__
    *columns, text, digest = _one(row, _query(model, LOCK), [row.pk])
    fresh = prepared.made(model, columns)
    for field in model._meta.concrete_fields:
        setattr(row, field.attname, getattr(fresh, field.attname))
    relations: list[Any] = [*model._meta.related_objects, *(f for f in model._meta.fields if f.is_relation)]
    for relation in relations:
        if relation.is_cached(row):  # of what it leads to nobody knows whether it is still so
            relation.delete_cached_value(row)
    row.__dict__.pop("_prefetched_objects_cache", None)
    return _told((text, digest))


def read(row: AuditedModel) -> Told:
    """The row, locked."""
    return _told(_one(row, _query(row.__class__, READ), [row.pk]))


def insert(row: AuditedModel) -> Told:
    fields = [field for field in row._meta.concrete_fields if not field.generated]
    names = tuple(str(field.column) for field in fields)
    told = _one(row, _insert(row.__class__, names), [_value(field, row, add=True) for field in fields])
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return _told(told)


def update(row: AuditedModel, names: Iterable[str]) -> Told:
    fields = [cast("models.Field", row._meta.get_field(name)) for name in names]
    columns = tuple(str(field.column) for field in fields)
    values = [_value(field, row, add=False) for field in fields]
    return _told(_one(row, _update(row.__class__, columns), [*values, row.pk]))


LOCK = "SELECT {columns}, {told} FROM {table} t WHERE id = %s FOR NO KEY UPDATE"
READ = "SELECT {told} FROM {table} t WHERE id = %s FOR NO KEY UPDATE"


@lru_cache
def _query(model: type[AuditedModel], shape: str) -> str:
    columns = ", ".join(f't."{field.column}"' for field in model._meta.concrete_fields)
    return shape.format(columns=columns, told=_told_sql(model), table=model._meta.db_table)


@lru_cache
def _insert(model: type[AuditedModel], columns: tuple[str, ...]) -> str:
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join(_places(model, columns))
    return f"INSERT INTO {model._meta.db_table} AS t ({names}) VALUES ({places}) RETURNING {_told_sql(model)}"  # noqa: S608


@lru_cache
def _update(model: type[AuditedModel], columns: tuple[str, ...]) -> str:
    new = ", ".join(f'"{name}" = {at}' for name, at in zip(columns, _places(model, columns), strict=True))
    return f"UPDATE {model._meta.db_table} AS t SET {new} WHERE id = %s RETURNING {_told_sql(model)}"  # noqa: S608


def _told_sql(model: type[AuditedModel]) -> str:
    return f"to_jsonb(t)::text, encode({digest_sql(model, 't')}, 'hex')"


def _places(model: type[AuditedModel], columns: tuple[str, ...]) -> list[str]:
    """Where values go; an empty list says by itself nothing of its type."""
    types = {str(field.column): field.db_type(connection) for field in model._meta.concrete_fields}
    return [f"%s::{types[name]}" if str(types[name]).endswith("[]") else "%s" for name in columns]


def _value(field: models.Field, row: AuditedModel, *, add: bool) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add), connection)


def _one(row: AuditedModel, sql: str, params: list) -> tuple:
    with prepared.send(sql, params) as cursor:
        found = cursor.fetchone()
    if found is None:
        raise row.__class__.DoesNotExist(f"{row.__class__.__name__} {row.pk} is gone")
    return found


def _told(answer: tuple) -> Told:
    text, digest = answer
    return Told(json.loads(text), digest)
