"""The raw material of exhibits: what was collected, who had it and touched it, what is registered, planned and run."""

from apps.evidence.models.custody import CustodyEvent, Proposal
from apps.evidence.models.fixity import FixityRun, StoredFile
from apps.evidence.models.items import Item, Tlp
from apps.evidence.models.plans import TestPlan
from apps.evidence.models.querylog import Figure, QueryLog
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
from apps.evidence.models.runs import AccountResult, TestRun
from apps.evidence.models.trials import BlindTrial

__all__ = [
    "AccountResult",
    "Attestation",
    "BlindTrial",
    "Canary",
    "CustodyEvent",
    "Figure",
    "FixityRun",
    "Item",
    "KeyDeployment",
    "KeyHolding",
    "KeyIncident",
    "ModelVersion",
    "Proposal",
    "ProtectedModel",
    "QueryLog",
    "SignatureCheck",
    "StoredFile",
    "SuspectModel",
    "TestPlan",
    "TestRun",
    "Tlp",
    "WatermarkKey",
    "WatermarkScheme",
]
