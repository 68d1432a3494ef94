"""The raw material of exhibits: what was collected, who had it and touched it, and what was computed from it."""

from apps.evidence.models.custody import CustodyEvent, Proposal
from apps.evidence.models.fixity import FixityRun, StoredFile
from apps.evidence.models.items import Item, Tlp
from apps.evidence.models.plans import TestPlan
from apps.evidence.models.runs import AccountResult, TestRun
from apps.evidence.models.trials import BlindTrial

__all__ = [
    "AccountResult",
    "BlindTrial",
    "CustodyEvent",
    "FixityRun",
    "Item",
    "Proposal",
    "StoredFile",
    "TestPlan",
    "TestRun",
    "Tlp",
]
