"""What the receiver says of an account, held against what is known: the newest word counts, however often and in
whatever order they come.

A word belongs to an attempt (it was sent out so often) and has the receiver's own sequence number within that. Of two
words the one of the later attempt counts, and of the same attempt the one with the higher number. Pure.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

APPLIED = ("acknowledged", "in_effect", "failed", "overtaken")
ROLLED_BACK = ("acknowledged", "rolled_back", "failed", "overtaken")


class Outcome(StrEnum):
    """What a word did."""

    RECORDED = "recorded"
    KNOWN = "known"  # said before, in the same words
    STALE = "stale"  # a newer one is known
    CONFLICT = "conflict"  # the same number was used for something else
    NOT_SENT = "not_sent"  # of an attempt that was never made
    WRONG_STATUS = "wrong_status"  # not a word for such an order
    WITHOUT_REASON = "without_reason"  # failed, and does not say why
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ORDER = "unknown_order"


@dataclass(frozen=True)
class Said:
    """One word: of which account (its reference), and what."""

    account: str
    attempt: int
    sequence: int
    status: str
    reason: str = ""
    effective_at: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """What is known of an account of an order."""

    state: str
    attempt: int
    sequence: int
    reason: str = ""
    effective_at: datetime | None = None


def take(known: Standing, said: Said, *, is_rollback: bool) -> tuple[Outcome, Standing]:
    """What a word does, and what is known after it."""
    if said.status not in (ROLLED_BACK if is_rollback else APPLIED):
        return Outcome.WRONG_STATUS, known
    if said.status == "failed" and not said.reason.strip():
        return Outcome.WITHOUT_REASON, known
    if said.attempt > known.attempt:
        return Outcome.NOT_SENT, known
    if said.attempt < known.attempt or said.sequence < known.sequence:
        return Outcome.STALE, known
    if said.sequence == known.sequence:
        same = (said.status, said.reason, said.effective_at) == (known.state, known.reason, known.effective_at)
        return (Outcome.KNOWN if same else Outcome.CONFLICT), known
    newer = Standing(said.status, said.attempt, said.sequence, said.reason, said.effective_at)
    return Outcome.RECORDED, newer


def delivered(known: Standing, attempt: int) -> Standing:
    """Its message of this attempt has arrived, and nothing else is known yet."""
    is_news = known.state == "waiting" and known.attempt == attempt
    return replace(known, state="sent") if is_news else known


def undelivered(known: Standing, attempt: int, problem: str) -> Standing:
    """Its message of this attempt was given up, and nothing else is known."""
    is_news = known.state == "waiting" and known.attempt == attempt
    return replace(known, state="failed", reason=problem) if is_news else known
