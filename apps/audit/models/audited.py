"""The fence around every audited model, and what its tables refuse."""

from collections.abc import Sequence

import pgtrigger
from django.apps import apps
from django.db import models

from apps.audit import fence
from apps.core.ids import uuid7


class AuditedQuerySet(models.QuerySet):
    """Refuses to write outside the ledger, by every door the ORM has."""

    def _insert(self, *args, **kwargs):
        fence.require_open(self.model)
        return super()._insert(*args, **kwargs)  # type: ignore[misc] # private to the ORM

    def _update(self, values):
        fence.require_open(self.model)
        return super()._update(values)  # type: ignore[misc]

    def _raw_delete(self, using):
        fence.require_open(self.model)
        return super()._raw_delete(using)

    def update(self, **kwargs):
        fence.require_open(self.model)
        return super().update(**kwargs)

    def delete(self):
        fence.require_open(self.model)
        return super().delete()

    def bulk_create(self, *args, **kwargs):
        fence.require_open(self.model)
        return super().bulk_create(*args, **kwargs)

    def bulk_update(self, *args, **kwargs):
        fence.require_open(self.model)
        return super().bulk_update(*args, **kwargs)

    for _writes in (update, delete, bulk_create, bulk_update):
        _writes.alters_data = True  # type: ignore[attr-defined] # templates may not call them


class Guard(pgtrigger.Trigger):
    """A trigger that runs a function of the first migration, so that `pgtrigger.ignore` cannot switch it off."""

    def __init__(self, function: str, **options) -> None:
        super().__init__(func="RETURN NULL;", **options)
        self.function = function

    def render_execute(self, model: models.Model) -> str:
        return f"{self.function}()"


# Functions that guards ask and no migration has, since they follow from what rooms register: name -> what it says.
GUARD_FUNCTIONS: dict[str, str] = {}


class AuditedModel(models.Model):
    """A row that changes only through `ledger`, inside an `@action`.

    `PRIVATE` names columns with personal data or secrets: the trail holds a commitment to them, and the value lies in
    `PrivateValue`, where it can be erased. `case_id_of_event` says whose case file an event belongs to. What happens to
    a table that `IS_PRIVILEGED` is withheld from everybody without the room's `view_privileged`.
    """

    PRIVATE: frozenset[str] = frozenset()
    IS_PRIVILEGED = False

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    objects = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        triggers: list[pgtrigger.Trigger] = [
            *(
                Guard(
                    "audit_guard",
                    name=f"needs_event_{name}",
                    level=pgtrigger.Statement,
                    when=pgtrigger.After,
                    operation=operation,
                    referencing=pgtrigger.Referencing(**{rows: "touched_rows"}),
                )
                for name, operation, rows in (
                    ("insert", pgtrigger.Insert, "new"),
                    ("update", pgtrigger.Update, "new"),
                    ("delete", pgtrigger.Delete, "old"),
                )
            ),
            Guard(
                "audit_refuse",
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
            ),
            Guard("audit_refuse_held", name="what_is_held_stays", when=pgtrigger.Before, operation=pgtrigger.Delete),
        ]

    @property
    def case_id_of_event(self):
        return None

    def save_base(self, *args, **kwargs):
        fence.require_open(type(self))
        return super().save_base(*args, **kwargs)

    def delete(self, *args, **kwargs):
        fence.require_open(type(self))
        return super().delete(*args, **kwargs)


class DerivedModel(models.Model):
    """Rows that follow from audited rows and are kept only so that they are found fast.

    They have no events of their own: `verify` holds them against SOURCE, a query of audited tables that gives their
    columns in order. Where `IS_WHOLE`, all that it gives has to be there; else what is there has to be among it. So
    they need no foreign keys, which would cost more than the rows themselves.
    """

    SOURCE: str
    IS_WHOLE = True

    class Meta:
        abstract = True


def derived_models() -> list[type[DerivedModel]]:
    return [model for model in apps.get_models() if issubclass(model, DerivedModel)]


def audited_models() -> list[type[AuditedModel]]:
    """Every table that the trail answers for."""
    return [model for model in apps.get_models() if issubclass(model, AuditedModel) and not model._meta.proxy]


def append_only(name: str = "append_only", columns: Sequence[str] = ()) -> list[pgtrigger.Trigger]:
    """Seat belts against update (of these columns, if given), delete and truncate. The Merkle log is what detects those
    who take them off."""
    update = pgtrigger.UpdateOf(*columns) if columns else pgtrigger.Update
    return [
        Guard("audit_refuse", name=name, when=pgtrigger.Before, operation=update | pgtrigger.Delete),
        Guard(
            "audit_refuse",
            name=f"{name}_table",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
        ),
    ]


def erased_on_record(*guards: str) -> list[pgtrigger.Trigger]:
    """Personal data goes by an erasure or by retention, which say in the trail what went, and in no other way. Each of
    `guards` is a function that may refuse it before."""
    return [
        Guard("audit_refuse", name="stays_as_it_is", when=pgtrigger.Before, operation=pgtrigger.Update),
        Guard(
            "audit_refuse",
            name="not_emptied_at_once",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
        ),
        *(
            Guard(function, name=function.removeprefix("audit_"), when=pgtrigger.Before, operation=pgtrigger.Delete)
            for function in guards
        ),
        Guard(
            "audit_require_erasure",
            name="erased_on_record",
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            timing=pgtrigger.Deferred,
        ),
    ]
