"""Erases a subject: the values behind commitments and the key to them, then what live rows say.

Proofs stay valid, since the log has commitments and digests alone. What was destroyed is named in events, so that
`verify_trail` tells an erasure from a theft.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from apps.audit import contents, ledger, private
from apps.audit.models import AuditedModel
from apps.records.holds import refuse_if_held
from apps.records.subjects import Part, Subject

NAMED = 1000  # values that one event names
CHUNK = 2000  # rows that one statement changes


@dataclass
class Erased:
    """What went."""

    values: list[tuple[str, str]] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def result(self) -> dict[str, Any]:
        """In numbers and words, without saying anything about the subject."""
        return {"values": len(self.values), "keys": len(self.subjects), "parts": self.parts, "kept": self.kept}


def erase(kind: Subject, row: AuditedModel) -> Erased:
    """Erase everything of a subject. Raises ValidationError where it is too early, or a hold is on any of it."""
    for check in kind.checks:
        check(row)
    refuse_if_held(row, "erased")
    erased = Erased(kept=[sentence for keeps in kind.kept for sentence in keeps(row)])
    found = [(part, list(part.rows(row))) for part in kind.parts]
    erased.subjects = sorted({f"{kind.table}:{row.pk}", *kind.actors(row)} | _with_values(found))
    try:
        with transaction.atomic():
            erased.values = private.erase(erased.subjects)
            for part, rows in found:
                erased.values += _forget_as_written(part, rows)
                _blank(part, rows, row)
                erased.parts.append({"what": part.says, "rows": len(rows)})
            for end in kind.ends:
                end(row)
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != "what_is_held_stays":
            raise
        raise ValidationError(
            f"A part of it cannot be erased: {diagnosis.message_primary}. Data needed for legal claims is kept, GDPR "  # type: ignore[union-attr]
            "Art. 17(3)(e). It can be erased once two people have released the hold.",
            code="what_is_held_stays",
        ) from error
    return erased


def name_in_trail(about: AuditedModel, erased: Erased) -> None:
    """The events that say what was destroyed, by the commitments that nothing lies behind any more."""
    remaining, subjects = iter(erased.values), erased.subjects
    while chunk := list(islice(remaining, NAMED)):
        ledger.note(about, erased=[list(value) for value in chunk], subjects=subjects)
        subjects = []
    if subjects:
        ledger.note(about, erased=[], subjects=subjects)


def _forget_as_written(part: Part, rows: list[AuditedModel]) -> list[tuple[str, str]]:
    """The rows as batches wrote them go too: the trail keeps those beside its digests."""
    gone = contents.erase(part.model._meta.db_table, [row.pk for row in rows])
    return [(event, line) for event, line in gone]


def _with_values(found: list[tuple[Part, list[AuditedModel]]]) -> set[str]:
    return {f"{part.model._meta.db_table}:{row.pk}" for part, rows in found for row in rows if part.model.PRIVATE}


def _blank(part: Part, rows: list[AuditedModel], subject: AuditedModel) -> None:
    changes = [(row, part.instead(row, subject)) for row in rows]
    if part.model.PRIVATE:  # the trail commits to what is there now, so that nobody writes it back unseen
        for row, values in changes:
            ledger.change(row, **values)
        return
    # Set-based, also for few: the event holds digests then, where `change` would write down what is erased.
    for chunk in _chunks(changes):
        _rewrite(part.model, chunk)


def _chunks(changes: list[tuple[AuditedModel, dict[str, Any]]]) -> Iterator[list[tuple[AuditedModel, dict[str, Any]]]]:
    remaining = iter(changes)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _rewrite(model: type[AuditedModel], changes: list[tuple[AuditedModel, dict[str, Any]]]) -> None:
    table, fields = model._meta.db_table, list(changes[0][1])
    columns = [_column(model, name) for name in fields]
    given = [{"id": str(row.pk)} | {_column(model, name): values[name] for name in fields} for row, values in changes]
    with ledger.batch(about="personal data that was erased") as batch:
        batch.run(
            model,
            f"UPDATE {table} SET {', '.join(f'{column} = given.{column}' for column in columns)}"  # noqa: S608 - our names
            f" FROM jsonb_populate_recordset(NULL::{table}, %s) AS given WHERE {table}.id = given.id",
            [json.dumps(given, default=str)],
        )


def _column(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return field.column
