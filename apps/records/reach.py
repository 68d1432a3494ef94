"""What a legal hold reaches: rooms say here which of their rows belong to which, and what a hold can be put on by name.

Nothing of it is stored. `guards` makes it one function of the database, which is asked whenever something is to go: a
case that grows is held as it is at that moment.
"""

from dataclasses import dataclass
from typing import Any

from django.db import models

REACH: list[tuple[str, str, str]] = []  # table that holds, table that is held, SQL of their pairs of ids
HOLDABLE: dict[str, "Holdable"] = {}


@dataclass(frozen=True)
class Holdable:
    """A kind of thing that a hold is put on by name."""

    kind: str
    model: type[models.Model]
    title: str
    field: str  # by which people name one
    example: str
    covers: str  # what is held with it, in words
    page: str = ""  # URL name of its page, by the name that people call it; where it has no address of its own

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def find(self, name: str) -> Any:
        """The row that people call so, or None."""
        return self.model._base_manager.filter(**{f"{self.field}__iexact": name.strip()}).first()


def holdable(kind: str, model: type[models.Model], **about: str) -> None:
    HOLDABLE[kind] = Holdable(kind, model, **about)


def part_of(model: type[models.Model], *owners: str) -> None:
    """Rows of the model are held with those that the foreign keys `owners` name."""
    for owner in owners:
        brings(model, owner, "id")


def brings(link: type[models.Model], holder: str, held: str) -> None:
    """What a row of `link` names in `held` is held with what it names in `holder`; "id" is the row itself."""
    (holder_table, holder_id), (held_table, held_id) = _end(link, holder), _end(link, held)
    table = link._meta.db_table
    REACH.append((holder_table, held_table, f"SELECT {holder_id} AS holder, {held_id} AS held FROM {table}"))  # noqa: S608 - our names


def _end(link: type[models.Model], name: str) -> tuple[str, str]:
    field: Any = link._meta.get_field(name)
    return (field.related_model or link)._meta.db_table, field.column


def tables() -> set[str]:
    """Tables of which rows can be held."""
    return {held for _, held, _ in REACH} | {kind.table for kind in HOLDABLE.values()}
