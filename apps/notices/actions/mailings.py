"""The same letter to each account of a decision: drafted, looked at in a sample, approved, and issued part by part.

Rows are the queue: a part writes in one transaction what became of its letters, and asks for `carry_on_mailing`, which
gives out the next parts or goes on to the next step. A worker that is killed leaves either all of a part or nothing.
Numbers are taken in parts of their own, before the letters are set: whoever else takes one waits for milliseconds.
"""

import hashlib
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Account
from apps.audit import ledger, signatures
from apps.audit.action import action
from apps.audit.anchors import waiting
from apps.cases import sampling
from apps.cases.drills import refuse_drill
from apps.cases.models import Decision
from apps.cases.queries import accounts_of_finding
from apps.core import jobs, pdf
from apps.core.arrays import plain
from apps.core.ids import next_reference
from apps.core.models import Job
from apps.notices import assembly, writing
from apps.notices.actions import letters
from apps.notices.basis import Basis, on_record
from apps.notices.checks import refuse_if_missing, refuse_wording
from apps.notices.languages import Manner, language_for, untranslated
from apps.notices.models import Mailing, MailingPart, Notice, NoticeTemplate, SampledLetter
from apps.notices.queries import translated_into, translations_made
from apps.staff.models import User

PART = 20  # letters that are dealt with in one transaction, and set together
AT_ONCE = 8  # parts that are given out, for as many workers at most
AT_MOST = 0.05  # share of wrong letters that a sample rules out, unless another one is asked for

CARRY_ON, DRAFT, NUMBER, RENDER, WITHDRAW = (
    f"notices.{verb}" for verb in ("carry_on_mailing", "draft_part", "number_part", "render_part", "withdraw_part")
)
State, Piece = Mailing.State, MailingPart.State


class Step(NamedTuple):
    """What is done to each part while a mailing is in a state, and how its parts are afterwards."""

    job: str
    leads_to: tuple[str, ...]


STEPS = {
    State.DRAFTING: Step(DRAFT, (Piece.DRAFTED,)),
    State.ISSUING: Step(NUMBER, (Piece.DONE,)),
    State.CANCELLED: Step(WITHDRAW, (Piece.WITHDRAWN, Piece.NUMBERED, Piece.DONE)),
}


# --- what people do --------------------------------------------------------------------------------------------------


@action
def start_mailing(decision: Decision, *, kind: str, by, at_most: float = AT_MOST, language: str = "") -> Mailing:
    """Have a letter drafted to every account that the decision meets and that has none of this kind yet.

    `at_most` is the share of wrong letters (0.05 for 5 %) that the sample will rule out with 95 % confidence. Without a
    `language` each letter is in that of its account's country (`languages.language_for`). Raises ValidationError when
    the letter does not carry out the decision, cannot be written at all, or has sentences that are not translated.
    """
    if kind not in letters.TO_ACCOUNTS:
        raise ValidationError({"kind": "This letter goes to a party of the case, and not to accounts."})
    if not 0 < at_most < 1:
        raise ValidationError({"at_most": "Give a share above 0 % and below 100 %."})
    written = Notice.objects.filter(decision=decision, kind=kind).exclude(state=Notice.State.DISCARDED)
    met = accounts_of_finding(decision.finding).exclude(account__in=written.values("account"))
    countries = list(met.order_by("account_id").values_list("account_id", "account__country"))
    if not countries:
        raise ValidationError("Every account that this decision meets has its letter already.")
    by_language: dict[str, list[str]] = {}
    translated = translated_into(decision.case)
    for key, country in countries:
        by_language.setdefault(language or language_for(country, translated), []).append(str(key))
    basis, parts = Basis.of(decision), []
    for spoken, keys in sorted(by_language.items()):
        template = _wording(basis, kind, spoken, Account.objects.get(pk=keys[0]))
        parts += [(template, keys[start : start + PART]) for start in range(0, len(keys), PART)]
    ids = [str(key) for key, _ in countries]
    mailing = ledger.create(
        Mailing,
        case=decision.case,
        decision=decision,
        kind=kind,
        count=len(ids),
        sha256=hashlib.sha256(bytes.fromhex("".join(ids).replace("-", ""))).hexdigest(),
        parts=len(parts),
        at_most=at_most,
        started_by=by,
        started_at=timezone.now(),
    )
    with ledger.batch(mailing, accounts=len(ids)) as rows:
        for ordinal, (template, part) in enumerate(parts):
            rows.send(
                MailingPart,
                "INSERT INTO notices_mailingpart (id, mailing_id, ordinal, account_ids, template_id, state, problem)"
                " VALUES (core_uuid7(), %s, %s, %s::uuid[], %s, %s, '')",
                [mailing.pk, ordinal, plain(part), template.pk, Piece.WAITING],
            )
    _carry_on_soon(mailing, "begin", by)
    return mailing


def _wording(basis: Basis, kind: str, language: str, first: Account) -> NoticeTemplate:
    """The wording in a language, tried on the first account that gets it: what people wrote is the same in all."""
    letters.check_fit(basis.decision, kind, first, None)
    today = timezone.now().date()
    template = letters.template_for(kind, language, today)
    facts = assembly.facts_for_account(basis, first, (), today, _manner(basis, language))
    refuse_wording(writing.compose(template, facts), basis.ground)
    if missing := untranslated(facts.translations):
        raise ValidationError(
            f"Not translated into {template.get_language_display()} yet: {', '.join(missing)}. Translate them in a"
            " letter to one account first, or have all letters written in English."
        )
    return template


def _manner(basis: Basis, language: str) -> Manner:
    """In a language, with what was translated for earlier letters of the case."""
    return Manner(language, translations=translations_made(basis.decision.case, language))


@action
def mark_letter(sampled: SampledLetter, *, mark: str, by, note: str = "") -> None:
    """Say of a drawn letter whether it can go out as it is. Said again, it stands instead; the trail keeps both."""
    if mark not in SampledLetter.Mark.values:
        raise ValidationError({"mark": "Say whether it can go out as it is."})
    if sampled.mailing.state != State.REVIEW:
        raise ValidationError("The letters are not in review.")
    ledger.change(sampled, mark=mark, note=note.strip(), marked_by=by, marked_at=timezone.now())


@action
def approve_mailing(mailing: Mailing, *, by) -> None:
    """Another person's approval of all letters, once every drawn one was read and can go out."""
    marks = list(mailing.sample.values_list("mark", flat=True))
    if wrong := marks.count(SampledLetter.Mark.WRONG):
        raise ValidationError(
            f"{wrong} of the {len(marks)} letters that were drawn cannot go out as they are. Cancel the mailing, mend"
            " what they were taken from, and start it again."
        )
    if unread := marks.count(""):
        raise ValidationError(f"{unread} of the {len(marks)} letters that were drawn were not read yet.")
    ledger.change(mailing, state=State.APPROVED, approved_by=by, approved_at=timezone.now())


@action
def release_mailing(mailing: Mailing, *, typed: str, by) -> None:
    """Issue all letters. `typed` is their number, as whoever releases them typed it.

    Raises ValidationError when it is not, and in a drill (R18).
    """
    refuse_drill(mailing.case)
    drafts = mailing.notices.filter(state=Notice.State.DRAFT).count()
    if typed.strip().replace(",", "") != str(drafts):
        raise ValidationError({"typed": f"{drafts:,} letters go out: type {drafts} to confirm that."})
    ledger.change(mailing, state=State.ISSUING, released_by=by, released_at=timezone.now(), parts_asked=0)
    _carry_on_soon(mailing, "begin", by)


@action
def pause_mailing(mailing: Mailing, *, by) -> None:
    """Give out no more parts; those that are under way are finished."""
    ledger.change(mailing, is_paused=True)


@action
def resume_mailing(mailing: Mailing, *, by) -> None:
    """Give out the next parts again."""
    ledger.change(mailing, is_paused=False)
    _carry_on_soon(mailing, f"resumed {timezone.now().isoformat()}", by)


@action
def cancel_mailing(mailing: Mailing, *, reason: str, by) -> None:
    """Write no more letters and discard those without a number, part by part. What has a number goes out."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why they will not be sent."})
    ledger.change(
        mailing,
        state=State.CANCELLED,
        cancelled_why=reason.strip(),
        is_paused=False,
        parts_asked=0,
        ended_at=timezone.now(),
    )
    _carry_on_soon(mailing, "begin", by)


@action
def retry_mailing(mailing: Mailing, *, by) -> None:
    """Try again what could not be done: parts with a problem, and work that was given up."""
    stuck = list(mailing.pieces.exclude(problem=""))
    failed = _given_up(mailing)
    if not stuck and not failed:
        raise ValidationError("Nothing of it failed.")
    ledger.note(mailing, parts=len(stuck), jobs=len(failed))
    for part in stuck:
        job = RENDER if part.state == Piece.NUMBERED else STEPS[State(mailing.state)].job
        jobs.after_commit(job, f"{part.pk}/{timezone.now().isoformat()}", by=by)
    for given_up in failed:
        jobs.retry(given_up)


def _given_up(mailing: Mailing) -> list[Job]:
    """Work on it, or on its parts, that failed for good."""
    own = {str(mailing.pk), *map(str, mailing.pieces.values_list("pk", flat=True))}
    failed = Job.objects.filter(kind__in=(CARRY_ON, DRAFT, NUMBER, RENDER, WITHDRAW), state=Job.State.FAILED)
    return [job for job in failed if job.key.partition("/")[0] in own]


# --- what the worker does --------------------------------------------------------------------------------------------


@action
def carry_on_mailing(mailing: Mailing, *, by) -> None:
    """Give out the next parts, or go on to the next step when all of them were dealt with."""
    step = STEPS[State(mailing.state)]
    dealt_with = mailing.pieces.filter(state__in=step.leads_to) | mailing.pieces.exclude(problem="")
    done = dealt_with.count()
    if done == mailing.parts:
        _go_on(mailing)
        return
    until = mailing.parts_asked
    if not mailing.is_paused:
        until = min(mailing.parts, mailing.parts_asked + max(0, AT_ONCE - (mailing.parts_asked - done)))
        for part in mailing.pieces.filter(ordinal__gte=mailing.parts_asked, ordinal__lt=until).order_by("ordinal"):
            jobs.after_commit(step.job, part.pk, by=_behind(mailing))
    ledger.change(mailing, parts_asked=until)


def _go_on(mailing: Mailing) -> None:
    """All parts were dealt with."""
    if mailing.state == State.DRAFTING:
        ledger.change(mailing, state=State.REVIEW)
        _draw_sample(mailing)
    elif mailing.state == State.ISSUING and not mailing.pieces.exclude(problem="").exists():
        ledger.change(mailing, state=State.DONE, ended_at=timezone.now())
    else:
        ledger.note(mailing, state=mailing.state)


def _draw_sample(mailing: Mailing) -> None:
    """Letters for the approver to read, and one of each language that chance left out; anyone can draw them again from
    the mailing's id."""
    found = mailing.notices.filter(state=Notice.State.DRAFT).order_by("template__language")
    spoken = {str(key): language for key, language in found.values_list("pk", "template__language")}
    drafts, seed = list(spoken), str(mailing.pk)
    drawn = sampling.draw(drafts, seed, sampling.size(len(drafts), mailing.at_most))
    for language in sorted(set(spoken.values()) - {spoken[key] for key in drawn}):
        drawn += sampling.draw((key for key in drafts if spoken[key] == language), seed, 1)
    with ledger.batch(mailing, letters=len(drafts), drawn=len(drawn)) as rows:
        rows.insert(
            SampledLetter,
            [
                {
                    "mailing_id": str(mailing.pk),
                    "notice_id": key,
                    "position": position,
                    "mark": "",
                    "note": "",
                    "marked_by_id": None,
                    "marked_at": None,
                }
                for position, key in enumerate(drawn, 1)
            ],
        )


@action
def draft_part(part: MailingPart, *, by) -> None:
    """Draft the letters of a part, each with the facts of its account."""
    mailing = _locked(part)
    if mailing.state == State.DRAFTING:
        on, basis = timezone.now().date(), Basis.of(mailing.decision)
        manner = _manner(basis, part.template.language)
        for known in on_record(basis.finding, _of_the_finding(part, mailing)):
            letters.draft(
                mailing.decision,
                mailing.kind,
                assembly.facts_of_account(basis, known, (), on, manner),
                mailing.started_by,
                template=part.template,
                ground=basis.ground,
                account=known.account,
                mailing=mailing,
            )
        ledger.change(part, state=Piece.DRAFTED)
    else:
        ledger.note(part, mailing=mailing.state)
    _part_ended(part, mailing)


@action
def number_part(part: MailingPart, *, by) -> None:
    """Give the letters of a part their numbers, date and codes. Accounts that were taken out of the case get none."""
    mailing = _locked(part)
    if mailing.state != State.ISSUING:
        ledger.note(part, mailing=mailing.state)
        _part_ended(part, mailing)
        return
    drafts = list(_letters(part, Notice.State.DRAFT))
    stay = {account.pk for account in _of_the_finding(part, mailing)}
    going = [notice for notice in drafts if notice.account_id in stay]
    try:
        for notice in going[:1]:  # what is said of the finding and the decision is the same in all of them
            refuse_if_missing(notice)
    except ValidationError as error:
        ledger.change(part, problem=" ".join(error.messages))
        _part_ended(part, mailing)
        return
    now = timezone.now()
    for notice in drafts:
        if notice.account_id not in stay:
            leave_out(notice, reason="The account was taken out of the case.", by=by)
    for notice in going:
        ledger.change(
            notice,
            state=Notice.State.ISSUING,
            ref=next_reference("N", now.year, digits=6),
            approved_by=mailing.approved_by,
            approved_at=mailing.approved_at,
            issued_by=mailing.released_by,
            issued_at=now,
            appeal_code=letters.new_code(4),
            verification_ref=letters.new_code(5),
        )
    ledger.change(part, state=Piece.NUMBERED, problem="")
    jobs.after_commit(RENDER, part.pk, by=_behind(mailing))


@action
def render_part(part: MailingPart, *, by) -> None:
    """Make the files of a part's letters, keep them, and close the letters for ever.

    A letter that cannot be set keeps no other from going out. Raises jobs.Later until what led to them is anchored,
    and until they are signed.
    """
    waiting.require(part)
    going = [(notice, writing.final_facts(notice)) for notice in _letters(part, Notice.State.ISSUING)]
    files = writing.to_pdfs(going)
    # All are signed before the first is written: an authority that is slow to answer holds up nobody's events.
    signed = [file if isinstance(file, pdf.PdfError) else signatures.issue(file) for file in files]
    problems = []
    for (notice, facts), issued in zip(going, signed, strict=True):
        if isinstance(issued, pdf.PdfError):
            problems.append(f"{notice.ref}: {issued}")
        else:
            letters.keep_file(notice, facts, issued)
    if problems:
        ledger.change(part, problem="\n".join(problems))
    else:
        ledger.change(part, state=Piece.DONE, problem="")
    _part_ended(part, part.mailing)


@action
def withdraw_part(part: MailingPart, *, by) -> None:
    """Discard the letters of a part that have no number."""
    mailing = _locked(part)
    for notice in _letters(part, Notice.State.DRAFT):
        leave_out(notice, reason=mailing.cancelled_why, by=by)
    ledger.change(part, state=Piece.WITHDRAWN, problem="")
    _part_ended(part, mailing)


@action
def leave_out(notice: Notice, *, reason: str, by) -> None:
    """A letter of a mailing that does not go out with the others. It stays on record."""
    ledger.change(notice, state=Notice.State.DISCARDED, returned_why=reason)


def _locked(part: MailingPart) -> Mailing:
    """The mailing as it stays until this transaction ends: nobody cancels it in the middle of a part."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM notices_mailing WHERE id = %s FOR SHARE", [part.mailing_id])
    return Mailing.objects.select_related("decision__finding__case", "decision__case", "case").get(pk=part.mailing_id)


def _of_the_finding(part: MailingPart, mailing: Mailing) -> list[Account]:
    """The accounts of a part that the finding is about and that are still in the case."""
    met = accounts_of_finding(mailing.decision.finding).filter(account__in=part.account_ids)
    return [row.account for row in met.order_by("account_id")]


def _letters(part: MailingPart, state: str) -> Any:
    found = Notice.objects.filter(mailing=part.mailing_id, account__in=part.account_ids, state=state)
    return found.select_related("decision__finding", "case", "template", "account").order_by("account_id")


def _part_ended(part: MailingPart, mailing: Mailing) -> None:
    _carry_on_soon(mailing, f"{part.ordinal} {part.state} {timezone.now().isoformat()}", _behind(mailing))


def _behind(mailing: Mailing) -> User:
    """On whose behalf the worker goes on."""
    return mailing.released_by or mailing.started_by


def _carry_on_soon(mailing: Mailing, why: str, by) -> None:
    """Asked for by whoever ends a part or changes the state: each time anew, since the last asking may be over."""
    jobs.after_commit(CARRY_ON, f"{mailing.pk}/{mailing.state}/{why}", by=by)
