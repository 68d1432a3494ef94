"""What people say of rings and of their edges; and that they looked at what a ring shares."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import Account, CommonValue, Identifier, Link, Ring, Tie
from apps.accounts.queries import rings
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading
from apps.core import jobs

State, Verdict = Ring.State, Tie.Verdict


@action
def suspect_ring(ring: Ring, *, why: str, by) -> None:
    """Say that the accounts seem to work together against the terms. It is a suspicion: nothing is decided by it."""
    _judge(ring, State.SUSPECTED, why, by)


@action
def explain_ring(ring: Ring, *, why: str, by) -> None:
    """Say that the accounts belong together for a reason that is nobody's fault, such as one school or one reseller."""
    _judge(ring, State.INNOCENT, why, by)


@action
def reopen_ring(ring: Ring, *, why: str, by) -> None:
    """Take back what was said of it."""
    if not why.strip():
        raise ValidationError({"why": "Say why."})
    ledger.note(ring, why=why.strip())
    ledger.change(ring, state=State.FOUND, judged_by=None, judged_at=None, judged_why="")


def _judge(ring: Ring, state: str, why: str, by) -> None:
    if not why.strip():
        raise ValidationError({"why": "Say why."})
    ledger.change(ring, state=state, judged_by=by, judged_at=timezone.now(), judged_why=why.strip())


@action(shared=True)
def cut_link(link: Link, *, why: str, by, whole: bool = False) -> Tie:
    """Say that an account's holding a value links it to nobody, or with `whole` that the value links nobody at all.

    It counts from the next run on, which is begun at once, and in every later one until it is undone.
    """
    account = None if whole else link.account
    if whole and not link.value_hmac:
        raise ValidationError({"whole": "The rhythm of requests can be cut for one account at a time."})
    return _tie(account, link.kind, link.value_hmac, rings.masked(link), Verdict.CUT, why, by)


@action(shared=True)
def confirm_link(identifier: Identifier, *, why: str, by, whole: bool = False) -> Tie:
    """Say that an account's holding a value does link it with the others that hold it, however common the value is;
    with `whole`, that it links everybody who holds it."""
    account = None if whole else identifier.account
    CommonValue.objects.filter(kind=identifier.kind, prefix=identifier.value_hmac[:16]).delete()
    return _tie(account, identifier.kind, identifier.value_hmac, identifier.masked, Verdict.CONFIRMED, why, by)


def _tie(account: Account | None, kind: str, value_hmac: str, masked: str, verdict: str, why: str, by) -> Tie:
    if not why.strip():
        raise ValidationError({"why": "Say why."})
    tie = ledger.create(
        Tie,
        account=account,
        kind=kind,
        value_hmac=value_hmac,
        masked=masked,
        verdict=verdict,
        why=why.strip(),
        judged_by=by,
        judged_at=timezone.now(),
    )
    jobs.after_commit("accounts.link_news", f"tie/{tie.pk}", by=by)
    return tie


@action
def undo_tie(tie: Tie, *, reason: str, by) -> None:
    """Take back what was said of an edge: the next run sees it as if nobody had judged it."""
    if tie.undone_at:
        raise ValidationError("Somebody has taken it back already.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why."})
    ledger.change(tie, undone_by=by, undone_at=timezone.now())
    jobs.after_commit("accounts.link_news", f"untie/{tie.pk}", by=by)


@reading
def open_shared(ring: Ring, *, by) -> None:
    """Record that somebody looked at the identifiers that the accounts of a ring share."""
    ledger.note(ring)


@reading
def open_path(account: Account, *, to: str, by) -> None:
    """Record that somebody looked at the identifiers that link an account to another one, `to` by its reference."""
    ledger.note(account, to=to)
