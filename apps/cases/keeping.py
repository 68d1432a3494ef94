"""What of cases can be held, and what of them is about a person."""

from django.db import models

from apps.cases.models import (
    AllowedWording,
    Assessment,
    BulkPart,
    BulkStep,
    Case,
    CaseAccount,
    CaseGroup,
    CaseNote,
    Claim,
    ClaimLink,
    Decision,
    Exhibit,
    Explanation,
    Finding,
    FindingAccount,
    FindingClause,
    FindingElement,
    FindingExhibit,
    FindingExplanation,
    FindingLevel,
    FindingOmission,
    Independence,
    Invitation,
    MemberPart,
    MemberSet,
    Party,
    Quantity,
    Sample,
    SampleMark,
    Task,
)
from apps.records.reach import brings, holdable, part_of
from apps.records.subjects import ERASED, Part, subject

holdable(
    "case",
    Case,
    title="A case",
    field="ref",
    example="CASE-2026-0001",
    covers="its accounts, alerts, exhibits, findings, decisions, notices and reports, also those to come",
    page="cases:case",
)
OF_CASE: tuple[type[models.Model], ...] = (
    CaseGroup,
    CaseAccount,
    Party,
    Task,
    CaseNote,
    Exhibit,
    Explanation,
    Finding,
    Decision,
    Independence,
    AllowedWording,
    Claim,
    ClaimLink,
    Quantity,
    MemberSet,
    BulkStep,
    Sample,
)
for model in OF_CASE:
    part_of(model, "case")
brings(CaseGroup, "case", "group")
brings(CaseAccount, "case", "account")
brings(Exhibit, "case", "item")
brings(Claim, "case", "capture")
OF_FINDING: tuple[type[models.Model], ...] = (
    FindingAccount,
    FindingOmission,
    FindingClause,
    FindingExhibit,
    FindingExplanation,
    FindingElement,
    FindingLevel,
)
for part in OF_FINDING:
    part_of(part, "finding")
part_of(Invitation, "party")
part_of(MemberPart, "members")
part_of(BulkPart, "step")
part_of(SampleMark, "sample")
part_of(Assessment, "case")

subject(
    "party",
    Party,
    title="A party of a case",
    field="pk",
    example="the number in the address of its page",
    parts=[
        Part(
            Party,
            rows=lambda party: Party.objects.filter(pk=party.pk),
            instead=lambda row, party: {"name": ERASED, "address": ""},
            says="name and address",
        ),
        Part(
            Invitation,
            rows=lambda party: Invitation.objects.filter(party=party).exclude(response=""),
            instead=lambda row, party: {"response": ERASED},
            says="what it answered",
        ),
    ],
)
