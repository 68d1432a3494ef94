"""A row of every audited table, written through the ledger: what the tests of the verification tamper with.

A *family* is one row of each model whose foreign keys stay in the family, so that one can be deleted or added whole.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction

from apps.accounts.models import Account
from apps.alerts.models import AlertGroup
from apps.audit import ledger
from apps.audit.models import AuditedModel, audited_models
from apps.audit.principals import System
from apps.cases.models import Claim
from apps.core import workflow
from apps.policies.models import Clause, Text
from apps.staff.models import User

Family = dict[type[AuditedModel] | str, Any]

NOW = datetime(2026, 3, 18, 9, 42, 0, 123456, tzinfo=UTC)

# What a model's constraints ask for beyond a value in each column that may not be null.
NEEDED: dict[str, dict[str, Any]] = {
    "staff.User": {"roles": ["analyst"]},
    "staff.ServiceAccount": {"roles": ["detector"]},
    "accounts.Import": {"rows": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0},
    "accounts.LinkageRun": {"state": "done", "ended_at": NOW},
    "accounts.RingMember": {"probability": 0.5},
    "accounts.Tie": {"account": lambda family: family[Account]},
    "alerts.Batch": {"items": 1, "created": 1, "updated": 0, "duplicates": 0, "rejected": 0},
    "alerts.Suppression": {"key": "account:planted", "expires_at": NOW + timedelta(days=30)},
    "alerts.SigningKey": {"public_key": "", "sealed_secret": "sealed"},
    "alerts.Replay": {"total": 1},
    "alerts.Verdict": {"dismissal": "benign"},
    "alerts.Merge": {"alert_ids": [uuid.UUID(int=1)], "into": lambda family: family["another group"]},
    "evidence.TestRun": {
        "is_fit": True,
        "p_value": 0.25,
        "account_count": 1,
        "result": {"planted": 1},
        "exploratory_because": ["Planted"],
    },
    "evidence.TestPlan": {"alpha": 0.05},
    "accounts.Authorisation": {"conduct": ["extraction"]},
    "policies.Clause": {"text": lambda family: family.get(Text, family["another text"])},
    "policies.Succession": {"later": lambda family: family["later clause"]},
    "evidence.CustodyEvent": {"kind": "verify"},
    "evidence.Proposal": {"kind": "dispose", "state": "dispose", "proposed_by": lambda family: family[User]},
    "evidence.ModelVersion": {"weights": []},
    "evidence.SignatureCheck": {"verdict": "verified"},
    "service.Attempt": {"state": "sent", "sent_at": NOW},
    "service.Dispatch": {"state": "running", "count": 1, "parts": 1, "per_minute": 60},
    "service.DispatchPart": {"notice_ids": [uuid.UUID(int=1)]},
    "cases.Sample": {"at_most": 0.1, "account_ids": [uuid.UUID(int=1)]},
    "cases.MemberPart": {"account_ids": [uuid.UUID(int=1)]},
    "cases.BulkPart": {"account_ids": [uuid.UUID(int=1)]},
    "cases.Claim": {"origin": "planted", "why_no_capture": "Planted"},
    "cases.ClaimLink": {"other": lambda family: family["another claim"]},
    "cases.Quantity": {"qualifier": "exactly", "value": 1.0, "claim": lambda family: family[Claim]},
    "evidence.QueryLog": {"state": "proposed"},
    "evidence.Figure": {"value": {"planted": 1}},
    "evidence.FixityRun": {"state": "done", "finished_at": NOW, "total": 9},
    "cases.Decision": {
        "state": "approved",
        "reviewed_by": lambda family: family["reviewer"],
        "reviewed_at": NOW,
        "acknowledged_wrongful": 1.5,
        "territory": ["IE"],
    },
    "notices.NoticeTemplate": {
        "state": "approved",
        "reviewed_by": lambda family: family["reviewer"],
        "reviewed_at": NOW,
    },
    "notices.Mailing": {"state": "drafting", "count": 1, "parts": 1, "at_most": 0.05},
    "notices.MailingPart": {"account_ids": [uuid.UUID(int=1)]},
    "counsel.Counsel": {"name": "Planted"},
    "counsel.Theory": {"theory": "cfaa"},
    "counsel.Element": {"strength": "weak", "note": "Planted"},
    "enforcement.Receiver": {"is_active": False},
    "transparency.Export": {"state": "ready"},
    "transparency.Batch": {"state": "ready", "count": 1, "due_at": NOW},
    "transparency.Statement": {
        "state": "withheld",
        "found": [["decision_facts", "a name"]],
        "puid": lambda family: str(uuid.uuid4()),
    },
    "notices.Notice": {  # as an appeal needs it
        "account": lambda family: family[Account],
        "facts": {"appeal_until": "2026-12-31"},
        "state": "issued",
        "ref": lambda family: f"N-{uuid.uuid4().hex[:12]}",
        "approved_by": lambda family: family["reviewer"],
        "issued_by": lambda family: family["reviewer"],
        "issued_at": NOW,
        "pdf_sha256": "ab" * 32,
        "pdf_bytes": 1,
        "verification_ref": lambda family: uuid.uuid4().hex[:11],
        "unsigned_sha256": "cd" * 32,
        "signature_level": "B-B",
        "signed_with": "ef" * 32,
    },
    "cases.FindingExplanation": {"status": "refuted"},
    "cases.FindingElement": {"confidence": "likely", "exhibits": [1]},
    "cases.FindingLevel": {"level": "account", "confidence": "roughly_even"},
    "cases.Invitation": {"invited_on": date(2026, 5, 1), "respond_by": date(2026, 6, 1)},
    "cases.Finding": {"state": "confirmed", "reviewed_by": lambda family: family["reviewer"], "reviewed_at": NOW},
}

# Where a model refers to two of a kind that have to differ.
SECOND: dict[str, type[AuditedModel]] = {
    "reviewer": User,
    "another group": AlertGroup,
    "another claim": Claim,
    "another text": Text,
    "later clause": Clause,
}


def second(model: type[AuditedModel]) -> list[str]:
    return [name for name, of in SECOND.items() if of is model]


@contextmanager
def acting(verb: str = "audit.plant") -> Iterator[None]:
    with transaction.atomic(), ledger.act(verb, System("test")):
        yield


def in_order() -> list[type[AuditedModel]]:
    """Audited models, each after those it refers to."""
    ordered: list[type[AuditedModel]] = []
    waiting = audited_models()
    while waiting:
        ready = [m for m in waiting if all(f.null or f.related_model in ordered for f in _foreign_keys(m))]
        assert ready, f"models refer to each other in a circle: {waiting}"
        ordered += ready
        waiting = [m for m in waiting if m not in ready]
    return ordered


def plant(number: int, *, by_batch: bool = False) -> Family:
    """A family through the ledger; `by_batch` writes what has no private columns in batches."""
    family: Family = {}
    # The states are planted as the constraints need them, not walked to as people would.
    with transaction.atomic(), patch.object(workflow, "check"):
        for model in in_order():
            with acting():
                for name in second(model):
                    family[name] = ledger.create(model, **values(model, number + 100, family))
            given = values(model, number, family)
            if by_batch and not model.PRIVATE:
                family[model] = row = model(**given)
                with acting(), ledger.batch(why="planted") as batch:
                    batch.insert(model, [columns(row)])
            else:
                with acting():
                    family[model] = ledger.create(model, **given)
    return family


def insert_past_the_ledger(number: int) -> Family:
    """A family by SQL, as somebody with the database's password would; the guards have to be off."""
    family: Family = {}
    with transaction.atomic():
        for model in in_order():
            for name in second(model):
                family[name] = _insert(model, number + 100, family)
            family[model] = _insert(model, number, family)
    return family


def _insert(model: type[AuditedModel], number: int, family: Family) -> AuditedModel:
    row = model(**values(model, number, family))
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)",
            [json.dumps(columns(row), default=str)],
        )
    return row


def columns(row: AuditedModel) -> dict[str, Any]:
    """Column -> value, as `jsonb_populate_record` takes it."""
    return {
        field.column: getattr(row, field.attname)
        if isinstance(field, models.JSONField | ArrayField)
        else field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field in row._meta.concrete_fields
    }


def values(model: type[AuditedModel], number: int, family: Family) -> dict[str, Any]:
    """Field -> value for the row of a model in family `number`."""
    label = model._meta.label
    needed = NEEDED.get(label, {})
    given: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name in needed:
            value = needed[field.name]
            given[field.name] = value(family) if callable(value) else value
        elif isinstance(field, models.ForeignKey):
            if not field.null:
                given[field.name] = family[field.related_model]
        elif field.primary_key or field.null or field.blank or getattr(field, "auto_now_add", False):
            continue
        elif not (field.has_default() and not field.choices):
            given[field.name] = _value(field, number)
    return given


def _value(field: models.Field, number: int) -> Any:
    if field.choices:
        return field.default if field.has_default() else field.choices[0][0]
    match field:
        case models.BooleanField():
            return False
        case ArrayField():
            return []
        case models.JSONField():
            return {"planted": number}
        case models.UUIDField():
            return uuid.uuid4()
        case models.IntegerField():
            return number + 1
        case models.FloatField():
            return number + 0.5
        case models.DateTimeField():
            return NOW
        case models.DateField():
            return date(2026, 3, 18 + number)
        case models.EmailField():
            return f"planted{number}@northlight.example"
    text = f"{field.name}-{number}"
    if "sha" in field.name or "hmac" in field.name:
        return f"{number:064x}"[: field.max_length]
    return text[: field.max_length] if field.max_length else text


def _foreign_keys(model: type[AuditedModel]) -> list[models.ForeignKey]:
    return [f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey) and f.related_model is not model]
