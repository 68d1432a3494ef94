"""The trail's tables."""

from apps.audit.models.anchor import Anchor, AnchorParty
from apps.audit.models.audited import (
    GUARD_FUNCTIONS,
    AuditedModel,
    AuditedQuerySet,
    DerivedModel,
    Guard,
    append_only,
    audited_models,
    derived_models,
    erased_on_record,
)
from apps.audit.models.event import CaseCounter, Event, Manifest
from apps.audit.models.log import Checkpoint, Leaf, LogState, Tile
from apps.audit.models.personal import PrivateValue, SubjectKey
from apps.audit.models.verification import Verification

__all__ = [
    "GUARD_FUNCTIONS",
    "Anchor",
    "AnchorParty",
    "AuditedModel",
    "AuditedQuerySet",
    "CaseCounter",
    "Checkpoint",
    "DerivedModel",
    "Event",
    "Guard",
    "Leaf",
    "LogState",
    "Manifest",
    "PrivateValue",
    "SubjectKey",
    "Tile",
    "Verification",
    "append_only",
    "audited_models",
    "derived_models",
    "erased_on_record",
]
