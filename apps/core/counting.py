"""How many there are, without looking at all of them: of a million a thousand are counted, and no more."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

MOST = 1000


class Count(int):
    """A number of rows; `is_more` when there are more of them than were counted. Shown as "1 000+"."""

    is_more: bool

    def __new__(cls, value: int, *, most: int) -> "Count":
        number = super().__new__(cls, min(value, most))
        number.is_more = value > most
        return number


def count(rows: dict[str, QuerySet], *, most: int | None = None) -> dict[str, Count]:
    """How many rows each of these has, up to `most` or else MOST. One query; none where nothing can be found."""
    most = MOST if most is None else most
    parts: list[str] = []
    params: list[Any] = []
    found = dict.fromkeys(rows, 0)
    for name, queryset in rows.items():
        bounded = queryset.order_by().select_related(None).values("pk")[: most + 1]
        try:
            sql, values = bounded.query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT %s, count(*) FROM ({sql}) AS bounded")  # noqa: S608 - Django's own SQL
        params += [name, *values]
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), params)
            found |= dict(cursor.fetchall())
    return {name: Count(number, most=most) for name, number in found.items()}
