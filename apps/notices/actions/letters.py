"""Drafting, approving and issuing letters. Who drafts does not approve; nothing issued changes."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import Account
from apps.audit import ledger, signatures
from apps.audit.action import action
from apps.audit.anchors import waiting
from apps.audit.reads.look import reading
from apps.audit.signatures import Issued
from apps.cases.drills import refuse_drill
from apps.cases.findings.wording import Ground
from apps.cases.models import Decision, Party
from apps.cases.queries import accounts_of_finding, ground_of_finding
from apps.core import jobs, vault
from apps.core.ids import next_reference
from apps.notices import assembly, grounds, letter, proofreading, writing
from apps.notices.checks import refuse_if_missing, refuse_wording
from apps.notices.languages import Manner
from apps.notices.letter import NoticeFacts
from apps.notices.models import Notice, NoticeTemplate
from apps.notices.proofreading import written
from apps.notices.queries import next_version, template_in_effect, translations_made, wording_in_effect

State, Wording, Language = Notice.State, NoticeTemplate.State, NoticeTemplate.Language

Measures = dict[str, set[Decision.Action]]

# Which letter goes with which decision, and to whom.
TO_ACCOUNTS: Measures = {
    NoticeTemplate.Kind.WARNING: {Decision.Action.WARN},
    NoticeTemplate.Kind.LIMIT: {Decision.Action.LIMIT, Decision.Action.CHALLENGE, Decision.Action.DEGRADE},
    NoticeTemplate.Kind.VERIFICATION: {Decision.Action.VERIFY_IDENTITY},
    NoticeTemplate.Kind.SUSPENSION: {Decision.Action.SUSPEND, Decision.Action.REGION_BLOCK},
    NoticeTemplate.Kind.TERMINATION: {Decision.Action.TERMINATE},
}
TO_PARTIES: Measures = {
    NoticeTemplate.Kind.CEASE_AND_DESIST: {Decision.Action.CEASE_AND_DESIST},
    NoticeTemplate.Kind.PRESERVATION: {Decision.Action.PRESERVE},
}
# Whose card or identity was used is told what was done about it.
TO_VICTIMS: Measures = {NoticeTemplate.Kind.VICTIM: set(grounds.DONE_FOR_VICTIMS)}
# These carry out no decision of their own: see draft_answer and draft_reinstatement.
CARRY_OUT_NONE: Measures = {NoticeTemplate.Kind.APPEAL_DECISION: set(), NoticeTemplate.Kind.REINSTATEMENT: set()}
CARRIES_OUT: Measures = {**TO_ACCOUNTS, **TO_PARTIES, **TO_VICTIMS, **CARRY_OUT_NONE}

# Decisions that somebody is told of by letter.
WITH_LETTER = frozenset().union(*CARRIES_OUT.values())

# No letter that may be mistaken for another: 0/O, 1/I/L.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@action
def propose_template(
    *, kind: str, content: str, by, language: str = Language.ENGLISH, effective_from: date | None = None
) -> NoticeTemplate:
    """A new version of a letter's wording, for another person to approve; drafts take it from the day on that it names
    (today, where none is named). Raises ValidationError with the place of what is wrong in it."""
    content = written(content)
    today = timezone.now().date()
    if problems := proofreading.problems(content, kind, language):
        raise ValidationError({"content": [str(problem) for problem in problems]})
    if effective_from and effective_from < today:
        raise ValidationError({"effective_from": "This day is over: letters of that day have gone out."})
    if content == wording_in_effect(kind, language, effective_from or today):
        raise ValidationError({"content": "This is the wording in use, word for word."})
    return _record_template(
        kind, language, content, effective_from=effective_from or today, proposed_by=by, state=Wording.PROPOSED
    )


@action
def approve_template(template: NoticeTemplate, *, by) -> None:
    """Another person's approval of every word. A day that passed while it waited becomes today: no letter of the past
    is said to have had it."""
    now = timezone.now()
    ledger.change(
        template,
        state=Wording.APPROVED,
        reviewed_by=by,
        reviewed_at=now,
        effective_from=max(template.effective_from, now.date()),
    )


@action
def decline_template(template: NoticeTemplate, *, reason: str, by) -> None:
    """A wording that no letter will take. It stays on record."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what is wrong with it."})
    ledger.change(
        template, state=Wording.DECLINED, reviewed_by=by, reviewed_at=timezone.now(), declined_why=reason.strip()
    )


def template_for(kind: str, language: str, on: date) -> NoticeTemplate:
    """The wording in effect; the one that came with casemgr is taken into the records when a letter first needs it."""
    return template_in_effect(kind, language, on) or _record_template(
        kind, language, letter.built_in(kind, language), effective_from=on, proposed_by=None, state=Wording.APPROVED
    )


def _record_template(kind: str, language: str, content: str, **how: Any) -> NoticeTemplate:
    return ledger.create(
        NoticeTemplate,
        kind=kind,
        language=language,
        version=next_version(kind, language),
        content=content,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        proposed_at=timezone.now(),
        **how,
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
    language: str = Language.ENGLISH,
    profile: letter.Profile | None = None,
    sort: str = "",
    listed_why: str | None = None,
) -> Notice:
    """Put together the letter that a decision calls for, to an account of its finding or a party of its case.

    `profile` are the rules that it is written by: those of the account's country, where none is named. `sort` is which
    of the recipients it is for (`grounds.SORTS`). `listed_why` is for what a party has to know which accounts they are,
    "" where their number will do; None: as it is for such a recipient (`grounds.PRESERVERS`). What was translated for
    earlier letters of the case is taken over. Raises ValidationError when decision, letter and recipient do not go
    together, or the wording claims too much.
    """
    check_fit(decision, kind, account, party, sort)
    why = _listed_why(kind, party, sort, listed_why)
    manner = Manner(language, profile, sort, translations_made(decision.case, language), lists_accounts=bool(why))
    facts = assembly.facts_for(
        kind, decision, account or party, assembly.lines(recipient), timezone.now().date(), manner
    )
    return draft(decision, kind, facts, by, account=account, party=party, listed_why=why)


def _listed_why(kind: str, party: Party | None, sort: str, chosen: str | None) -> str:
    """Why the accounts are listed to a recipient; "" where they are not."""
    if kind in TO_ACCOUNTS or party is None:
        if chosen:
            raise ValidationError({"listed_why": "A letter to an account tells nothing of the others."})
        return ""
    if chosen is None:
        return grounds.preserver(party.role, sort).listed_why if kind == NoticeTemplate.Kind.PRESERVATION else ""
    return chosen.strip()


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
        reasons=_paragraphs(reasons),
    )
    facts = assembly.facts_for_answer(
        measure.decision,
        measure.account,
        answered,
        tuple(measure.recipient.splitlines()),
        timezone.now().date(),
        _manner_of(measure),
    )
    return draft(measure.decision, NoticeTemplate.Kind.APPEAL_DECISION, facts, by, account=measure.account)


@action
def draft_reinstatement(*, measure: Notice, lifted_on: date, reasons: str, by) -> Notice:
    """Put together the letter that gives an account back, to the recipient of the letter about the measure. `reasons`
    are paragraphs apart by an empty line.

    Raises ValidationError as long as the measure stands: an account is given back once an appeal was right about it, or
    another decision took it out of the case.
    """
    if measure.kind not in TO_ACCOUNTS or not (measure.account and measure.ref and measure.issued_at):
        raise ValidationError("Only an issued letter about a measure against an account can be taken back.")
    if accounts_of_finding(measure.decision.finding).filter(account=measure.account).exists():
        raise ValidationError(
            "The measure stands: the account is part of the case. Take it out first, with the reason."
        )
    if not _paragraphs(reasons):
        raise ValidationError({"reasons": "Say why the account is given back."})
    given_back = assembly.GivenBack(measure.ref, measure.issued_at.date(), lifted_on, _paragraphs(reasons))
    facts = assembly.facts_for_reinstatement(
        measure.decision,
        measure.account,
        given_back,
        tuple(measure.recipient.splitlines()),
        timezone.now().date(),
        _manner_of(measure),
    )
    return draft(measure.decision, NoticeTemplate.Kind.REINSTATEMENT, facts, by, account=measure.account)


def _manner_of(measure: Notice) -> Manner:
    """A later letter to a recipient is written as the first was."""
    facts = writing.facts_of(measure)
    return Manner(facts.language, facts.profile, "", translations_made(measure.case, facts.language))


def _paragraphs(text: str) -> tuple[str, ...]:
    parts = text.replace("\r\n", "\n").split("\n\n")
    return tuple(" ".join(part.split()) for part in parts if part.strip())


def draft(
    decision: Decision,
    kind: str,
    facts: NoticeFacts,
    by,
    *,
    template: NoticeTemplate | None = None,
    ground: Ground | None = None,
    listed_why: str = "",
    **to: Any,
) -> Notice:
    """Put a draft on record; by actions alone. Raises ValidationError when its wording claims too much."""
    template = template or template_for(kind, facts.language, facts.issued_on)
    refuse_wording(writing.compose(template, facts), ground or ground_of_finding(decision.finding))
    return ledger.create(
        Notice,
        case=decision.case,
        decision=decision,
        kind=kind,
        template=template,
        drafted_by=by,
        drafted_at=timezone.now(),
        **_content(facts, listed_why),
        **to,
    )


def _content(facts: NoticeFacts, listed_why: str) -> dict[str, Any]:
    """What a draft says, column by column."""
    return {
        "recipient": "\n".join(facts.recipient),
        "facts": writing.frozen(facts),
        "accounts_csv": facts.accounts_csv,
        "listed_count": facts.listed.count if facts.listed else None,
        "listed_why": listed_why,
    }


@action
def redraft_notice(notice: Notice, *, recipient: str, by, listed_why: str | None = None) -> None:
    """Take wording and facts from the records again, with another address block if one is given. `listed_why` as for
    `draft_notice`; None: as it was."""
    if notice.kind not in CARRY_OUT_NONE:
        check_fit(notice.decision, notice.kind, notice.account, notice.party)
    why = notice.listed_why if listed_why is None else _listed_why(notice.kind, notice.party, "", listed_why)
    facts = assembly.again(
        notice,
        writing.facts_of(notice),
        assembly.lines(recipient),
        on=timezone.now().date(),
        lists_accounts=bool(why),
    )
    _redraft(notice, template_for(notice.kind, facts.language, facts.issued_on), facts, by, why)


@action
def translate_notice(notice: Notice, *, texts: Mapping[str, str], by) -> None:
    """Write the sentences of the case in the language of the letter: by their names, as the letter lists them. Whoever
    translates has drafted the letter, and another person approves it.

    Raises ValidationError with every word that claims more in the other language than was found.
    """
    facts = writing.facts_of(notice)
    made = tuple(replace(item, text=texts.get(item.name, item.text).strip()) for item in facts.translations)
    translated = assembly.again(
        notice,
        replace(facts, translations=made),
        facts.recipient,
        on=facts.issued_on,
        lists_accounts=bool(notice.listed_why),
    )
    _redraft(notice, notice.template, translated, by, notice.listed_why)


def _redraft(notice: Notice, template: NoticeTemplate, facts: NoticeFacts, by, listed_why: str) -> None:
    refuse_wording(writing.compose(template, facts), ground_of_finding(notice.decision.finding))
    ledger.change(
        notice,
        template=template,
        drafted_by=by,
        drafted_at=timezone.now(),
        returned_why="",
        **_content(facts, listed_why),
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
        appeal_code=new_code(4),
        verification_ref=new_code(5),
    )
    jobs.after_commit("notices.render", notice.pk, by=by)


@action
def render_notice(notice: Notice, *, by) -> None:
    """Make the file of a letter that is being issued, sign and keep it, and close the letter for ever.

    Raises jobs.Later until what led to it is anchored outside as the settings ask, and until it is signed.
    """
    waiting.require(notice)
    facts = writing.final_facts(notice)
    keep_file(notice, facts, signatures.issue(writing.to_pdf(notice, facts)))


def keep_file(notice: Notice, facts: NoticeFacts, issued: Issued) -> None:
    """Keep the file of a letter, and close the letter for ever; by actions alone."""
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


def check_fit(decision: Decision, kind: str, account: Account | None, party: Party | None, sort: str = "") -> None:
    name = NoticeTemplate.Kind(kind).label.lower()
    if decision.action not in CARRIES_OUT[kind]:
        raise ValidationError(f"A {name} does not carry out the decision to {decision.get_action_display().lower()}.")
    if decision.state != Decision.State.APPROVED:
        raise ValidationError("A letter rests on an approved decision; this one is not.")
    if sort and sort not in grounds.SORTS.get(NoticeTemplate.Kind(kind), {}):
        raise ValidationError({"sort": f"A {name} is not for such a recipient."})
    met = accounts_of_finding(decision.finding)
    if kind in TO_ACCOUNTS:
        if account is None or not met.filter(account=account).exists():
            raise ValidationError(
                {"account": "Choose an account that the finding is about and that is still in the case."}
            )
        return
    if party is None or party.case_id != decision.case_id:
        raise ValidationError({"party": "Choose a party of the case; add one on the case's page."})
    if (kind in TO_VICTIMS) != (party.role == Party.Role.IDENTITY_VICTIM):
        raise ValidationError({"party": _WRONG_PARTY[kind in TO_VICTIMS]})
    if not met.exists():
        raise ValidationError("Every account of the finding was taken out of the case: there is nothing to demand.")


_WRONG_PARTY = {
    True: "This letter is for somebody whose card or identity was used: choose a party of that role.",
    False: "Nothing is demanded of somebody whose identity was used: choose another party, or another letter.",
}


def new_code(half: int) -> str:
    """Two times four characters, about 40 bits, open an appeal together with the number, behind a rate limit; two times
    five, about 50, are asked for alone, and tell only that a letter was issued."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(half)) for _ in range(2))
