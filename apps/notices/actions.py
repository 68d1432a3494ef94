"""Drafting, approving and issuing letters. Three people's work: who drafts does not approve; nothing issued changes."""

import hashlib
import json
import secrets
from dataclasses import asdict, replace

import msgspec
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import Account
from apps.audit import ledger
from apps.audit.action import action
from apps.cases.models import Decision, Party
from apps.core import jobs, paper, pdf, vault
from apps.core.ids import next_reference
from apps.notices import assembly, letter
from apps.notices.letter import ComposedNotice, NoticeFacts
from apps.notices.models import Notice, NoticeTemplate
from apps.cases.wording import lint_wording

State = Notice.State

# Which letter goes with which decision, and to whom.
TO_ACCOUNTS = {NoticeTemplate.Kind.SUSPENSION: {Decision.Action.SUSPEND}}
TO_PARTIES = {NoticeTemplate.Kind.CEASE_AND_DESIST: {Decision.Action.CEASE_AND_DESIST}}

# No letter that may be mistaken for another: 0/O, 1/I/L.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@action
def adopt_template(*, kind: str, content: str, by) -> NoticeTemplate:
    """A new version of a letter's wording. Raises ValidationError with the place of what is wrong in it."""
    try:
        letter.read(content, kind)
    except letter.TextError as error:
        raise ValidationError(str(error)) from error
    return _adopt(kind, content)


def _adopt(kind: str, content: str) -> NoticeTemplate:
    last = NoticeTemplate.objects.filter(kind=kind, language="en").order_by("-version").first()
    return ledger.create(
        NoticeTemplate,
        kind=kind,
        language="en",
        version=last.version + 1 if last else 1,
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
    template = NoticeTemplate.objects.filter(kind=kind, language="en").order_by("-version").first()
    template = template or _adopt(kind, letter.built_in(kind))
    facts = _assemble(decision, account, party, recipient)
    _check_wording(_composed(template, facts))
    return ledger.create(
        Notice,
        case=decision.case,
        decision=decision,
        template=template,
        account=account,
        party=party,
        recipient="\n".join(facts.recipient),
        facts=_plain(facts),
        drafted_by=by,
        drafted_at=timezone.now(),
    )


@action
def redraft_notice(notice: Notice, *, recipient: str, by) -> None:
    """Take the facts from the records again, with another address block if one is given."""
    facts = _assemble(notice.decision, notice.account, notice.party, recipient)
    _check_wording(_composed(notice.template, facts))
    ledger.change(notice, recipient="\n".join(facts.recipient), facts=_plain(facts), drafted_by=by, returned_why="")


@action
def approve_notice(notice: Notice, *, by) -> None:
    """Another person's approval of every word; issuing is a step of its own."""
    ledger.change(notice, state=State.APPROVED, approved_by=by, approved_at=timezone.now())


@action
def return_notice(notice: Notice, *, reason: str, by) -> None:
    """Back to the drafter, with what to change."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what has to change."})
    ledger.change(notice, state=State.DRAFT, returned_why=reason, approved_by=None, approved_at=None)


@action
def discard_notice(notice: Notice, *, reason: str, by) -> None:
    """A draft that will not be sent. It stays on record."""
    ledger.change(notice, state=State.DISCARDED, returned_why=reason)


@action
def issue_notice(notice: Notice, *, by) -> None:
    """Give the letter its number, date and appeal code; the file is made right after, once."""
    now = timezone.now()
    ledger.change(
        notice,
        state=State.ISSUING,
        ref=next_reference("N", now.year, digits=6),
        issued_by=by,
        issued_at=now,
        appeal_code=_code(),
    )
    jobs.after_commit("notices.render", notice.pk, by=by)


@action
def render_notice(notice: Notice, *, by) -> None:
    """Make the file of a letter that is being issued, keep it, and close the letter for ever."""
    facts = final_facts(notice)
    stored = vault.put(to_pdf(notice, facts))
    ledger.change(notice, state=State.ISSUED, facts=_plain(facts), pdf_sha256=stored.sha256, pdf_bytes=stored.size)


@action
def open_notice(notice: Notice, *, by) -> None:
    """Record that somebody took the issued file."""
    ledger.note(notice, pdf_sha256=notice.pdf_sha256)


# --- composition -----------------------------------------------------------------------------------------------------


def facts_of(notice: Notice) -> NoticeFacts:
    """The facts as they are frozen in the notice."""
    return msgspec.convert(notice.facts, NoticeFacts)


def composed(notice: Notice) -> ComposedNotice:
    return _composed(notice.template, facts_of(notice))


def final_facts(notice: Notice) -> NoticeFacts:
    """The frozen facts with number, date and codes, which only issuing gives."""
    facts, on = facts_of(notice), notice.issued_at.date()
    shift = on - facts.issued_on
    return replace(
        facts,
        reference=notice.ref,
        issued_on=on,
        appeal_code=notice.appeal_code,
        verification_code=notice.appeal_code,
        appeal_until=facts.appeal_until + shift if facts.appeal_until else None,
        respond_by=facts.respond_by + shift if facts.respond_by else None,
    )


def to_pdf(notice: Notice, facts: NoticeFacts) -> bytes:
    """The letter as PDF/A-3a and PDF/UA-1, with its statement of reasons attached. Same notice, same bytes."""
    composition = _composed(notice.template, facts)
    reasons = json.dumps(letter.statement_of_reasons(facts), ensure_ascii=False, indent=1).encode()
    return paper.to_pdf(
        letter.to_html(composition, assembly.letterhead(), draft=notice.issued_at is None),
        sheet="letter",
        title=composition.subject.plain,
        created=notice.issued_at or notice.drafted_at,
        attachments=[
            pdf.Attachment("statement-of-reasons.json", "application/json", reasons, "Statement of reasons as data")
        ],
    )


def _composed(template: NoticeTemplate, facts: NoticeFacts) -> ComposedNotice:
    try:
        return letter.compose(template.content, facts, template.kind)
    except letter.TextError as error:
        raise ValidationError(f"The letter cannot be written: {error}") from error


def _assemble(decision: Decision, account: Account | None, party: Party | None, recipient: str) -> NoticeFacts:
    lines = tuple(line.strip() for line in recipient.splitlines() if line.strip())
    today = timezone.now().date()
    if account is not None:
        return assembly.facts_for_account(decision, account, lines, today)
    return assembly.facts_for_party(decision, party, lines, today)


def _check_fit(decision: Decision, kind: str, account: Account | None, party: Party | None) -> None:
    fitting = {**TO_ACCOUNTS, **TO_PARTIES}.get(kind, set())
    if decision.action not in fitting:
        name = NoticeTemplate.Kind(kind).label.lower()
        raise ValidationError(f"A {name} does not carry out the decision to {decision.get_action_display().lower()}.")
    if decision.state != Decision.State.APPROVED:
        raise ValidationError("A letter rests on an approved decision; this one is not.")
    if kind in TO_ACCOUNTS and (account is None or not decision.finding.accounts.filter(account=account).exists()):
        raise ValidationError({"account": "Choose an account that the finding is about."})
    if kind in TO_PARTIES and (party is None or party.case_id != decision.case_id):
        raise ValidationError({"party": "Choose a party of the case; add one on the case's page."})


def _check_wording(composition: ComposedNotice) -> None:
    if problems := lint_wording(composition.own_words, {"finding"}):
        raise ValidationError(
            [f"“{problem.words}” claims more than was established: {problem.message}" for problem in problems]
        )


def _plain(facts: NoticeFacts) -> dict:
    return msgspec.to_builtins(asdict(facts))


def _code() -> str:
    """Eight characters, about 40 bits: it opens an appeal together with the number, behind a rate limit."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{text[:4]}-{text[4:]}"
