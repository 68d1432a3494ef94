"""Keyset paging: a page costs the same wherever it is, and does not shift while rows come in."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.http import Http404
from django.http.request import QueryDict

LOOKED_AT = 5_000  # rows, for one page of what no index leads to
INCLUSIVE = "~"  # before a cursor: its own row belongs to the page


@dataclass
class Page:
    """Rows of one page, and the cursors of the pages beside it ("" where there is none). Where not all rows were looked
    at, `looked_at` says how many were: the next page goes on behind them."""

    rows: list
    older: str = ""
    newer: str = ""
    hidden: int = 0
    looked_at: int = 0

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shown(self) -> int:
        return len(self.rows)


def page(
    queryset: QuerySet,
    order: tuple[str, ...],
    query: QueryDict | dict,
    size: int = 50,
    within: QuerySet | None = None,
) -> Page:
    """One page of a queryset by `order`, such as `("-priority", "-id")`; the last column makes it unique.

    `?after=` goes on behind a cursor, `?before=` back. All columns of `order` go the same way. One query.

    `within` are the rows that an index leads to, where `queryset` is what a filter left of them. So many of these are
    looked at, however few match: a page may be short or empty and have another behind it. One query more.
    """
    columns = [name.lstrip("-") for name in order]
    after, before = query.get("after", ""), query.get("before", "")
    forward = not before
    less = order[0].startswith("-") == forward
    ordered = [F(column).desc() if less else F(column).asc() for column in columns]
    place = _behind(after or before, queryset.model, columns, less=less)
    edge = None
    if within is not None:
        seen = within.filter(place).order_by(*ordered).select_related(None).values_list(*columns)
        edge = seen[LOOKED_AT - 1 : LOOKED_AT].first()
    if edge is not None:
        place &= beyond(columns, edge, less=not less, equal_too=True)
    rows = list(queryset.filter(place).order_by(*ordered)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    places = [[getattr(row, column) for column in columns] for row in rows]
    looked_at = 0
    if edge is not None and not more:
        more, looked_at = True, LOOKED_AT
        places.append(list(edge))
    if not places:
        return Page([], newer=f"{INCLUSIVE}{after}" if after and within is not None else "")
    has_older, has_newer = (more, bool(after)) if forward else (True, more)
    if not forward:
        rows.reverse()
        places.reverse()
    older, newer = _encode(places[-1]) if has_older else "", _encode(places[0]) if has_newer else ""
    return Page(rows, older, newer, looked_at=looked_at)


def _behind(cursor: str, model: type[Model], columns: list[str], *, less: bool) -> Q:
    if not cursor:
        return Q()
    values = _decode(cursor.removeprefix(INCLUSIVE), model, columns)
    return beyond(columns, values, less=less, equal_too=cursor.startswith(INCLUSIVE))


def beyond(columns: Sequence[str], values: Sequence, *, less: bool, equal_too: bool = False) -> Q:
    """Row comparison, spelled out: a < x, or a = x and b < y; `equal_too`, or a = x and b = y.

    That a <= x follows from it, but PostgreSQL goes straight to the place in an index only where it is said.
    """
    condition, equal = Q(), Q()
    for column, value in zip(columns, values, strict=True):
        condition |= equal & Q(**{f"{column}__{'lt' if less else 'gt'}": value})
        equal &= Q(**{column: value})
    if equal_too:
        condition |= equal
    return Q(**{f"{columns[0]}__{'lte' if less else 'gte'}": values[0]}) & condition


def _encode(values: Sequence) -> str:
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
