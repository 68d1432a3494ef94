"""Whose personal data can be erased, and where it lies: rooms say here which of their columns are about a person or an
account, and what they say instead afterwards.

Rows stay, because the trail, cases and letters refer to them; what they say about somebody goes. What the trail itself
holds of the rows lies behind commitments, and is destroyed with the key of the subject.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from dataclasses import field as filled
from typing import Any

from django.db import models

from apps.audit.models import AuditedModel

ERASED = "(erased)"

SUBJECTS: dict[str, "Subject"] = {}


@dataclass(frozen=True)
class Part:
    """Personal data of a subject in one table."""

    model: type[AuditedModel]
    rows: Callable[[Any], models.QuerySet]  # those about the subject, given its row
    instead: Callable[[Any, Any], dict[str, Any]]  # field -> what it says afterwards, given a row and the subject's
    says: str  # what is erased of it, in words


@dataclass
class Subject:
    """A kind of subject."""

    kind: str
    model: type[AuditedModel]
    title: str
    field: str  # by which people name one
    example: str
    parts: list[Part] = filled(default_factory=list)
    actors: Callable[[Any], list[str]] = lambda row: []  # under what else the trail keeps values of it
    checks: list[Callable[[Any], None]] = filled(default_factory=list)  # raise ValidationError when it is too early
    ends: list[Callable[[Any], None]] = filled(default_factory=list)  # what else goes with it, of tables without events
    kept: list[Callable[[Any], Iterable[str]]] = filled(default_factory=list)  # what stays, and why, in sentences

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def find(self, name: str) -> Any:
        """The row that people call so, or None."""
        return self.model._base_manager.filter(**{f"{self.field}__iexact": name.strip()}).first()

    def row(self, pk: Any) -> Any:
        return self.model._base_manager.filter(pk=pk).first()


def marker(row: models.Model) -> str:
    """A name that says nothing, for columns whose values have to differ."""
    return f"erased-{row.pk}"


def subject(kind: str, model: type[AuditedModel], **about: Any) -> Subject:
    return SUBJECTS.setdefault(kind, Subject(kind, model, **about))


def of_table(table: str) -> Subject | None:
    return next((kind for kind in SUBJECTS.values() if kind.table == table), None)
