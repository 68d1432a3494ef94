from typing import Any

import pgtrigger
from django.db import models

from apps.audit.models import AuditedModel
from apps.evidence.models.once import REFUSE

# An algorithm and its digest, as OCI image-spec 1.1 writes them: `sha256:ab12…`.
DIGEST = r"^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|blake2b:[0-9a-f]{128})$"

STAYS = pgtrigger.Trigger(
    name="what_is_registered_stays", when=pgtrigger.Before, operation=pgtrigger.Delete, func=REFUSE
)


class Registered(AuditedModel):
    """A row of the register: who entered it, and when. It is never deleted, so that every run keeps its names."""

    registered_by = models.CharField(max_length=100, help_text="actor")
    registered_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        abstract = True
        triggers = [*AuditedModel.Meta.triggers, STAYS]


class DigestField(models.CharField):
    """A digest with its algorithm in front, or nothing where none is known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 140, "blank": True} | options)


def is_digest(*columns: str) -> models.Q:
    condition = models.Q()
    for column in columns:
        condition &= models.Q(**{column: ""}) | models.Q(**{f"{column}__regex": DIGEST})
    return condition


def filled_once(*columns: str) -> pgtrigger.Trigger:
    """A digest may come later than its row, and once it is there it stays."""
    kept = " OR ".join(f"(OLD.{c}::text NOT IN ('', '[]') AND OLD.{c} IS DISTINCT FROM NEW.{c})" for c in columns)
    return pgtrigger.Trigger(
        name="a_recorded_digest_stays",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF {kept} THEN
                RAISE EXCEPTION 'a digest of % is recorded already and stays', TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_recorded_digest_stays';
            END IF;
            RETURN NEW;
        """,
    )
