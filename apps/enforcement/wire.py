"""What is said between casemgr and the receiver: see docs/enforcement.md."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.core.serializers.json import DjangoJSONEncoder
from msgspec import Meta, Struct

from apps.cases.queries import clauses_of_finding
from apps.enforcement.models import Order
from apps.enforcement.results import Outcome, Said

ACCOUNTS = 500  # in a message, at most
RESULTS = 5000  # in a request, at most
ANSWER_BYTES = 1024 * 1024  # of the answer to a message, at most
RESULTS_AT = "/api/v1/enforcement/results"
LONGEST_REASON = 300


# --- what goes out ----------------------------------------------------------------------------------------------------


def instruction(order: Order) -> dict[str, Any]:
    """What every message of an order says, whichever accounts it is about."""
    decision = order.decision
    signed = [decision.proposed_by, decision.reviewed_by, decision.released_by]
    return {
        "order": order.ref,
        "number": order.number,
        "decision": decision.ref,
        "measure": decision.action,
        "scope": decision.scope,
        "territory": decision.territory,
        "requests_per_day": decision.requests_per_day,
        "starts_on": decision.starts_on,
        "ends_on": decision.ends_on,
        "effect": decision.measure.effect,
        "rollback": decision.rollback,
        "reason": order.why if order.is_rollback else decision.reasoning,
        "clauses": [
            {
                "document": row.version.document.name,
                "version": row.version.label,
                "clause": row.clause.place,
                "sha256": row.quote_sha256,
            }
            for row in clauses_of_finding(decision.finding)
        ],
        "decided_by": [str(person) for person in signed if person],
        "results": RESULTS_AT,
    }


def body(order: Order, said: dict[str, Any], *, attempt: int, part: int, parts: int, accounts: list[str]) -> str:
    """A message about some accounts, by their references, exactly as it is signed and sent."""
    data = said | {"attempt": attempt, "part": part, "parts": parts, "accounts": accounts}
    message = {"type": f"enforcement.{order.direction}", "timestamp": order.ordered_at, "data": data}
    return json.dumps(message, cls=DjangoJSONEncoder, ensure_ascii=False)


# --- what comes back --------------------------------------------------------------------------------------------------


NAME = r"^[^\x00]*$"


class Result(Struct, kw_only=True):
    """What became of one account of an order."""

    order: Annotated[str, Meta(pattern=NAME)]
    account: Annotated[
        str, Meta(min_length=1, max_length=128, pattern=NAME, description="its reference, as the message has it")
    ]
    attempt: Annotated[int, Meta(ge=1, le=32767, description="as the message has it")]
    sequence: Annotated[
        int,
        Meta(
            ge=1,
            le=2**63 - 1,
            description="grows with each new word on this account, order and attempt; a lower one changes nothing",
        ),
    ]
    status: Literal["acknowledged", "in_effect", "rolled_back", "failed", "overtaken"]
    reason: Annotated[str, Meta(description=f"why it failed; {LONGEST_REASON} characters are kept")] = ""
    effective_at: Annotated[datetime, Meta(tz=True, description="since when")] | None = None

    def __post_init__(self) -> None:
        if self.effective_at and not 2000 <= self.effective_at.year <= 2100:
            raise ValueError("effective_at is no time at which a measure began")

    @property
    def said(self) -> Said:
        reason = " ".join(self.reason.replace("\0", " ").split())[:LONGEST_REASON]
        return Said(self.account, self.attempt, self.sequence, self.status, reason, self.effective_at)


class Results(Struct):
    """What came in, in a request or as the answer to a message."""

    results: list[Result]


class Judged(Struct):
    """What a result did. `detail` says it in words, and what is to be done."""

    order: str
    account: str
    outcome: Literal[
        "recorded",
        "known",
        "stale",
        "conflict",
        "not_sent",
        "wrong_status",
        "without_reason",
        "unknown_account",
        "unknown_order",
    ]
    detail: str


DETAILS: dict[Outcome, str] = {
    Outcome.RECORDED: "Recorded.",
    Outcome.KNOWN: "It was known already: nothing changed.",
    Outcome.STALE: "Something newer is known: nothing changed.",
    Outcome.CONFLICT: "This sequence number was used for another result: use a higher one.",
    Outcome.NOT_SENT: "This attempt was never sent: answer with the attempt of the message.",
    Outcome.WRONG_STATUS: "This is no status for such an order: an applied one is in_effect, another one rolled_back.",
    Outcome.WITHOUT_REASON: "Say why it failed.",
    Outcome.UNKNOWN_ACCOUNT: "The order is not about such an account.",
    Outcome.UNKNOWN_ORDER: "There is no such order.",
}


def judged(result: Result, outcome: Outcome) -> Judged:
    return Judged(result.order, result.account, outcome.value, DETAILS[outcome])


def answered(content: bytes) -> list[Result]:
    """The results in the answer to a message; none where it holds none, or nothing that can be read."""
    try:
        return msgspec.json.decode(content, type=Results).results
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
