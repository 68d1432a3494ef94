"""What of evidence can be held: an item with its custody, its test, its original and what was made from it."""

from apps.evidence.models import (
    AccountResult,
    Attestation,
    BlindTrial,
    Canary,
    CustodyEvent,
    Figure,
    Item,
    Proposal,
    QueryLog,
    SignatureCheck,
    TestRun,
)
from apps.records.reach import brings, holdable, part_of

holdable(
    "item",
    Item,
    title="An evidence item",
    field="ref",
    example="EV-2026-0001",
    covers="its file, its custody, its original and what was made from it",
    page="evidence:item",
)
part_of(CustodyEvent, "item")
part_of(Proposal, "item")
part_of(TestRun, "item")
brings(TestRun, "item", "plan")
brings(TestRun, "item", "trial")
part_of(AccountResult, "run", "account")
part_of(BlindTrial, "item")
part_of(Item, "parent")
brings(Item, "id", "parent")
part_of(QueryLog, "item")
brings(QueryLog, "item", "benchmark")
part_of(Figure, "log")
part_of(SignatureCheck, "item")
part_of(Attestation, "item")
part_of(Canary, "account")
