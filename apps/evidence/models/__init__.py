"""The raw material of exhibits: what was collected, who had it and touched it, and what was computed from it."""

from apps.evidence.models.custody import CustodyEvent, Proposal
from apps.evidence.models.fixity import FixityRun, StoredFile
from apps.evidence.models.items import Item, Tlp
from apps.evidence.models.registry import (
    Attestation,
    Canary,
    KeyDeployment,
    KeyHolding,
    KeyIncident,
    ModelVersion,
    ProtectedModel,
    SignatureCheck,
    SuspectModel,
    WatermarkKey,
    WatermarkScheme,
)
from apps.evidence.models.runs import TestRun

__all__ = [
    "Attestation",
    "Canary",
    "CustodyEvent",
    "FixityRun",
    "Item",
    "KeyDeployment",
    "KeyHolding",
    "KeyIncident",
    "ModelVersion",
    "Proposal",
    "ProtectedModel",
    "SignatureCheck",
    "StoredFile",
    "SuspectModel",
    "TestRun",
    "Tlp",
    "WatermarkKey",
    "WatermarkScheme",
]
