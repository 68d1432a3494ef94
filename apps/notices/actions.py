"""Drafting, approving and issuing letters. Who drafts does not approve; nothing issued changes."""

import hashlib
import secrets
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import Account
from apps.audit import ledger, signatures
from apps.audit.action import action
from apps.audit.anchors import waiting
from apps.audit.reads.look import reading
from apps.cases.drills import refuse_drill
from apps.cases.findings.wording import lint_wording
from apps.cases.models import Decision, Party
from apps.cases.queries import accounts_of_finding
from apps.core import jobs, vault
from apps.core.ids import next_reference
from apps.notices import assembly, letter, writing
from apps.notices.checks import refuse_if_missing, refuse_wording
from apps.notices.letter import NoticeFacts
from apps.notices.models import Notice, NoticeTemplate
from apps.notices.queries import latest_template

State = Notice.State

# Which letter goes with which decision, and to whom.
TO_ACCOUNTS = {
    NoticeTemplate.Kind.WARNING: {Decision.Action.WARN},
    NoticeTemplate.Kind.LIMIT: {Decision.Action.LIMIT},
    NoticeTemplate.Kind.VERIFICATION: {Decision.Action.VERIFY_IDENTITY},
    NoticeTemplate.Kind.SUSPENSION: {Decision.Action.SUSPEND},
    NoticeTemplate.Kind.TERMINATION: {Decision.Action.TERMINATE},
}
TO_PARTIES = {
    NoticeTemplate.Kind.CEASE_AND_DESIST: {Decision.Action.CEASE_AND_DESIST},
    NoticeTemplate.Kind.PRESERVATION: {Decision.Action.PRESERVE},
}
# An answer to an appeal carries out no decision of its own: see draft_answer.
CARRIES_OUT = {**TO_ACCOUNTS, **TO_PARTIES, NoticeTemplate.Kind.APPEAL_DECISION: set()}

# No letter that may be mistaken for another: 0/O, 1/I/L.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@action
def adopt_template(*, kind: str, content: str, by) -> NoticeTemplate:
    """A new version of a letter's wording. Raises ValidationError with the place of what is wrong in it."""
    content = content.replace("\r\n", "\n").strip() + "\n"
    try:
        letter.read(content, kind)
    except letter.TextError as error:
        raise ValidationError({"content": str(error)}) from error
    if problems := lint_wording(content, {"finding"}):
        raise ValidationError({"content": [f"line {_line_of(content, p.start)}: {p.message}" for p in problems]})
    latest = latest_template(kind)
    if content == (latest.content if latest else letter.built_in(kind)):
        raise ValidationError({"content": "This is the wording in use, word for word."})
    return _adopt(kind, content)


def _line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _adopt(kind: str, content: str) -> NoticeTemplate:
    latest = latest_template(kind)
    return ledger.create(
        NoticeTemplate,
        kind=kind,
        language="en",
        version=latest.version + 1 if latest else 1,
        content=content,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        adopted_at=timezone.now(),
    )


@action
def draft_notice(
    decision: Decision,
    *,
    kind: str,
    by,
    account: Account | None = None,
    party: Party | None = None,
    recipient: str = "",
) -> Notice:
    """Put together the letter that a decision calls for, to an account of its finding or a party of its case.

    Raises ValidationError when decision, letter and recipient do not go together, or the wording claims too much.
    """
    _check_fit(decision, kind, account, party)
    facts = _assemble(decision, account, party, recipient, timezone.now().date())
    return _draft(decision, kind, facts, by, account=account, party=party)


@action
def draft_answer(
    *,
    measure: Notice,
    appeal_ref: str,
    appealed_on: date,
    decided_on: date,
    is_lifted: bool,
    reasons: str,
    by,
) -> Notice:
    """Put together the answer to an appeal about an issued letter; it goes to the same recipient. `reasons` are
    paragraphs apart by an empty line."""
    if not (measure.account and measure.ref and measure.issued_at):
        raise ValueError(f"{measure} is no issued letter to an account: nobody can have appealed against it")
    answered = assembly.Answered(
        appeal_ref=appeal_ref,
        appealed_on=appealed_on,
        measure_ref=measure.ref,
        measure_issued_on=measure.issued_at.date(),
        decided_on=decided_on,
        is_lifted=is_lifted,
        reasons=tuple(" ".join(part.split()) for part in reasons.split("\n\n") if part.strip()),
    )
    recipient = tuple(measure.recipient.splitlines())
    facts = assembly.facts_for_answer(measure.decision, measure.account, answered, recipient, timezone.now().date())
    return _draft(measure.decision, NoticeTemplate.Kind.APPEAL_DECISION, facts, by, account=measure.account)


def _draft(decision: Decision, kind: str, facts: NoticeFacts, by, **to: Any) -> Notice:
    template = latest_template(kind) or _adopt(kind, letter.built_in(kind))
    refuse_wording(writing.compose(template, facts), decision.finding)
    return ledger.create(
        Notice,
        case=decision.case,
        decision=decision,
        kind=kind,
        template=template,
        recipient="\n".join(facts.recipient),
        facts=writing.frozen(facts),
        drafted_by=by,
        drafted_at=timezone.now(),
        **to,
    )


@action
def redraft_notice(notice: Notice, *, recipient: str, by) -> None:
    """Take wording and facts from the records again, with another address block if one is given."""
    now = timezone.now()
    template = latest_template(notice.kind) or notice.template
    facts = _assemble_again(notice, recipient, now.date())
    refuse_wording(writing.compose(template, facts), notice.decision.finding)
    ledger.change(
        notice,
        template=template,
        recipient="\n".join(facts.recipient),
        facts=writing.frozen(facts),
        drafted_by=by,
        drafted_at=now,
        returned_why="",
    )


@action
def approve_notice(notice: Notice, *, by) -> None:
    """Another person's approval of every word; issuing is a step of its own. Raises ValidationError naming what is
    missing."""
    refuse_if_missing(notice)
    ledger.change(notice, state=State.APPROVED, approved_by=by, approved_at=timezone.now(), returned_why="")


@action
def return_notice(notice: Notice, *, reason: str, by) -> None:
    """Back to the drafter, with what to change."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what has to change."})
    ledger.change(notice, state=State.DRAFT, returned_why=reason.strip(), approved_by=None, approved_at=None)


@action
def discard_notice(notice: Notice, *, reason: str, by) -> None:
    """A letter that will not be sent. It stays on record."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it will not be sent."})
    ledger.change(notice, state=State.DISCARDED, returned_why=reason.strip())


@action
def issue_notice(notice: Notice, *, by) -> None:
    """Give the letter its number, date and appeal code; the file is made right after, once.

    Raises ValidationError in a drill (R18), and when something changed since the approval, such as an account taken out
    of the case.
    """
    refuse_drill(notice.case)
    refuse_if_missing(notice)
    now = timezone.now()
    ledger.change(
        notice,
        state=State.ISSUING,
        ref=next_reference("N", now.year, digits=6),
        issued_by=by,
        issued_at=now,
        appeal_code=_code(4),
        verification_ref=_code(5),
    )
    jobs.after_commit("notices.render", notice.pk, by=by)


@action
def render_notice(notice: Notice, *, by) -> None:
    """Make the file of a letter that is being issued, sign and keep it, and close the letter for ever.

    Raises jobs.Later until what led to it is anchored outside as the settings ask, and until it is signed.
    """
    waiting.require(notice)
    facts = writing.final_facts(notice)
    issued = signatures.issue(writing.to_pdf(notice, facts))
    stored = vault.put(issued.pdf)
    ledger.change(
        notice,
        state=State.ISSUED,
        facts=writing.frozen(facts),
        pdf_sha256=stored.sha256,
        pdf_bytes=stored.size,
        **issued.record,
    )


@reading
def preview_notice(notice: Notice, *, by) -> None:
    """Record that somebody read the letter on screen."""
    ledger.note(notice, state=notice.state)


@reading
def open_notice(notice: Notice, *, by) -> None:
    """Record that somebody took the issued file."""
    ledger.note(notice, pdf_sha256=notice.pdf_sha256)


def _assemble_again(notice: Notice, recipient: str, on: date) -> NoticeFacts:
    if notice.kind != NoticeTemplate.Kind.APPEAL_DECISION:
        _check_fit(notice.decision, notice.kind, notice.account, notice.party)
        return _assemble(notice.decision, notice.account, notice.party, recipient, on)
    assert notice.account, "an answer goes to an account"
    answered = assembly.Answered.by(writing.facts_of(notice))
    return assembly.facts_for_answer(notice.decision, notice.account, answered, _lines(recipient), on)


def _lines(recipient: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in recipient.splitlines() if line.strip())


def _assemble(
    decision: Decision, account: Account | None, party: Party | None, recipient: str, on: date
) -> NoticeFacts:
    lines = _lines(recipient)
    if party is not None:
        return assembly.facts_for_party(decision, party, lines, on)
    if account is not None:
        return assembly.facts_for_account(decision, account, lines, on)
    raise ValueError("a letter goes to an account or to a party")


def _check_fit(decision: Decision, kind: str, account: Account | None, party: Party | None) -> None:
    name = NoticeTemplate.Kind(kind).label.lower()
    if decision.action not in CARRIES_OUT[NoticeTemplate.Kind(kind)]:
        raise ValidationError(f"A {name} does not carry out the decision to {decision.get_action_display().lower()}.")
    if decision.state != Decision.State.APPROVED:
        raise ValidationError("A letter rests on an approved decision; this one is not.")
    met = accounts_of_finding(decision.finding)
    if kind in TO_ACCOUNTS and (account is None or not met.filter(account=account).exists()):
        raise ValidationError({"account": "Choose an account that the finding is about and that is still in the case."})
    if kind in TO_PARTIES and (party is None or party.case_id != decision.case_id):
        raise ValidationError({"party": "Choose a party of the case; add one on the case's page."})
    if kind in TO_PARTIES and not met.exists():
        raise ValidationError("Every account of the finding was taken out of the case: there is nothing to demand.")


def _code(half: int) -> str:
    """Two times four characters, about 40 bits, open an appeal together with the number, behind a rate limit; two times
    five, about 50, are asked for alone, and tell only that a letter was issued."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(half)) for _ in range(2))
