"""What is held, by what. Other rooms ask here: `holding` before they offer to take something away, `held` on pages."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.expressions import RawSQL

from apps.records.models import LegalHold


def holding(table: str, pk: UUID | str) -> models.QuerySet[LegalHold]:
    """The holds in force that cover a row, by whatever way."""
    reached = RawSQL("SELECT records_holds_on(%s, %s)", [table, str(pk)])
    return LegalHold.objects.filter(pk__in=reached).order_by("ref")


def refuse_if_held(row: models.Model, to_do: str) -> None:
    """Raise ValidationError naming the hold, in words, before the database refuses it."""
    if holds := list(holding(row._meta.db_table, row.pk)):
        raise ValidationError(
            f"{in_words(holds)}, so it cannot be {to_do}: data needed for legal claims is kept, GDPR Art. 17(3)(e). "
            "It can be once two people have released the hold.",
            code="what_is_held_stays",
        )


def in_words(holds: list[LegalHold]) -> str:
    """ "Legal hold H-2026-0001 (matter) is on it"."""
    named = " and ".join(hold.called for hold in holds)
    return f"Legal hold {named} is on it" if len(holds) == 1 else f"Legal holds {named} are on it"


@dataclass(frozen=True)
class Covered:
    """How many rows of one kind a hold covers."""

    table: str
    title: str
    rows: int


def coverage(hold: LegalHold) -> list[Covered]:
    """What a hold in force covers at this moment, in numbers, largest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, count(*) FROM records_held() WHERE hold_id = %s GROUP BY 1 ORDER BY 2 DESC, 1",
            [hold.pk],
        )
        return [Covered(table, _title(table, rows), rows) for table, rows in cursor.fetchall()]


def _title(table: str, rows: int) -> str:
    meta: Any = next(model._meta for model in apps.get_models() if model._meta.db_table == table)
    return str(meta.verbose_name if rows == 1 else meta.verbose_name_plural)
