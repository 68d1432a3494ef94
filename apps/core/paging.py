"""Keyset paging: a page costs the same wherever it is, and does not shift while rows come in."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.http import Http404
from django.http.request import QueryDict


@dataclass
class Page:
    """Rows of one page, and the cursors of the pages beside it ("" where there is none)."""

    rows: list
    older: str = ""
    newer: str = ""
    hidden: int = 0

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shown(self) -> int:
        return len(self.rows)


def page(queryset: QuerySet, order: tuple[str, ...], query: QueryDict | dict, size: int = 50) -> Page:
    """One page of a queryset by `order`, such as `("-priority", "-id")`; the last column makes it unique.

    `?after=` goes on behind a cursor, `?before=` back. All columns of `order` go the same way. One query.
    """
    columns = [name.lstrip("-") for name in order]
    descending = order[0].startswith("-")
    after, before = query.get("after", ""), query.get("before", "")
    forward = not before
    if cursor := after or before:
        values = _decode(cursor, queryset.model, columns)
        queryset = queryset.filter(_beyond(columns, values, less=descending == forward))
    turn = descending == forward
    rows = list(queryset.order_by(*[F(c).desc() if turn else F(c).asc() for c in columns])[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if not forward:
        rows.reverse()
    if not rows:
        return Page([])
    has_older, has_newer = (more, bool(after)) if forward else (True, more)
    return Page(
        rows,
        older=_encode(rows[-1], columns) if has_older else "",
        newer=_encode(rows[0], columns) if has_newer else "",
    )


def _beyond(columns: list[str], values: list, *, less: bool) -> Q:
    """Row comparison, spelled out: a < x, or a = x and b < y.

    That a <= x follows from it, but PostgreSQL goes straight to the place in an index only where it is said.
    """
    condition, equal = Q(), Q()
    for column, value in zip(columns, values, strict=True):
        condition |= equal & Q(**{f"{column}__{'lt' if less else 'gt'}": value})
        equal &= Q(**{column: value})
    return Q(**{f"{columns[0]}__{'lte' if less else 'gte'}": values[0]}) & condition


def _encode(row: Any, columns: list[str]) -> str:
    values = [getattr(row, column) for column in columns]
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def _decode(cursor: str, model: type[Model], columns: list[str]) -> list:
    """Values that fit the columns, whatever somebody typed into the address."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or "\\u0000" in json.dumps(values):
            raise ValueError("not a cursor")
        return [_value(model, column, value) for column, value in zip(columns, values, strict=True)]
    except (ValueError, TypeError, RecursionError, ValidationError) as error:
        raise Http404("This page's address is damaged: open the list again.") from error


def _value(model: type[Model], column: str, value: Any) -> Any:
    """As the column has it; what a query computed is no column and stays as it is."""
    try:
        field = model._meta.get_field(column)
    except FieldDoesNotExist:
        return value
    if isinstance(field, Field):
        value = field.to_python(value)
    if value is None:
        raise ValueError("a cursor has no holes")
    return value
