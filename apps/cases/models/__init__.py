"""The case file: what is investigated, who it is about, what carries it, what was concluded and decided."""

from apps.cases.models.case import Case, CaseAccount, CaseGroup, CaseNote, Party, Task
from apps.cases.models.claim import Claim, ClaimLink, Quantity
from apps.cases.models.decision import Decision
from apps.cases.models.exhibit import Assessment, Exhibit, Explanation
from apps.cases.models.finding import (
    Confidence,
    Finding,
    FindingAccount,
    FindingClause,
    FindingElement,
    FindingExhibit,
    FindingExplanation,
    FindingLevel,
    FindingOmission,
    Level,
)
from apps.cases.models.independence import Independence
from apps.cases.models.invitation import Invitation
from apps.cases.models.members import (
    BulkPart,
    BulkStep,
    CampaignFigures,
    MemberPart,
    MemberSet,
    Sample,
    SampleMark,
)
from apps.cases.models.wording import AllowedWording

__all__ = [
    "AllowedWording",
    "Assessment",
    "BulkPart",
    "BulkStep",
    "CampaignFigures",
    "Case",
    "CaseAccount",
    "CaseGroup",
    "CaseNote",
    "Claim",
    "ClaimLink",
    "Confidence",
    "Decision",
    "Exhibit",
    "Explanation",
    "Finding",
    "FindingAccount",
    "FindingClause",
    "FindingElement",
    "FindingExhibit",
    "FindingExplanation",
    "FindingLevel",
    "FindingOmission",
    "Independence",
    "Invitation",
    "Level",
    "MemberPart",
    "MemberSet",
    "Party",
    "Quantity",
    "Sample",
    "SampleMark",
    "Task",
]
