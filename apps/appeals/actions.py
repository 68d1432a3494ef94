"""Appeals: filed by the recipient of a letter, reviewed and decided by somebody who took no part, then answered."""

from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.appeals.models import Appeal, Enclosure, Message
from apps.appeals.recipients import is_in_time, last_day
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading
from apps.cases import actions as cases
from apps.cases.findings.wording import lint
from apps.cases.queries import ground_of_finding
from apps.core.ids import next_reference
from apps.core.uploads import Upload
from apps.enforcement import actions as enforcement
from apps.evidence import actions as evidence
from apps.notices import actions as notices
from apps.notices.grounds import DAYS_TO_ANSWER
from apps.notices.languages import number
from apps.notices.letter import long_date
from apps.notices.models import Notice
from apps.service import actions as service

State = Appeal.State

LONGEST = 20_000  # characters of a message
FILES, FILE_BYTES = 5, 20 * 1024 * 1024  # of a message
MESSAGES = 20  # of a recipient in one appeal


# --- the recipient ---------------------------------------------------------------------------------------------------


@reading
def open_letter(notice: Notice, *, by) -> None:
    """Record that the recipient opened the letter with its code: it has reached them."""
    ledger.note(notice)


@action
def file_appeal(notice: Notice, *, words: str, enclosed: Sequence[Upload] = (), by) -> Appeal:
    """Object to the measure that a letter tells of, in one's own words (Art. 20(1) DSA).

    Raises ValidationError when it comes too late, when there is one already, or says nothing.
    """
    now = timezone.now()
    if not is_in_time(notice, now):
        until = last_day(notice)
        late = _("An appeal was possible until {day}.")
        said = late.format(day=long_date(until)) if until else _("This letter tells of no measure.")
        raise ValidationError(f"{said} {_('You may still write to us, or turn to a court.')}")
    if notice.appeals.exclude(state=State.WITHDRAWN).exists():
        raise ValidationError(_("You have appealed already: add to that appeal what you still want to say."))
    appeal = ledger.create(
        Appeal,
        ref=next_reference("AP", now.year),
        notice=notice,
        filed_at=now,
        answer_by=(now + timedelta(days=DAYS_TO_ANSWER)).date(),
    )
    _say(appeal, words, enclosed, by)
    service.note_answer(notice, kind="appeal", words=appeal.ref, by=by)
    return appeal


@action
def add_words(appeal: Appeal, *, words: str, enclosed: Sequence[Upload] = (), by) -> Message:
    """Say more, or answer what the reviewer asked, as long as the appeal is open."""
    if appeal.messages.filter(author=None).count() >= MESSAGES:
        often = _("You have written {count} times. The reviewer reads all of it, and asks if need be.")
        raise ValidationError(often.format(count=MESSAGES))
    message = _say(appeal, words, enclosed, by)
    ledger.note(appeal, message=str(message.pk))
    return message


@action
def withdraw_appeal(appeal: Appeal, *, by) -> None:
    """Take an appeal back. Another one may be filed as long as there is time."""
    ledger.change(appeal, state=State.WITHDRAWN)


def _say(appeal: Appeal, words: str, enclosed: Sequence[Upload], by, author=None) -> Message:
    words = words.replace("\r\n", "\n").strip()
    if not words:
        raise ValidationError({"words": _("Say in your own words what is wrong; files alone do not say it.")})
    if len(words) > LONGEST:
        longer = _("This is longer than {count} characters: attach the rest as a file.")
        raise ValidationError({"words": longer.format(count=number(LONGEST))})
    if len(enclosed) > FILES:
        many = _("Attach at most {count} files at a time; you can add more afterwards.")
        raise ValidationError({"enclosed": many.format(count=FILES)})
    message = ledger.create(Message, appeal=appeal, author=author, words=words, sent_at=timezone.now())
    for file in enclosed:
        item = evidence.receive(
            title=f"{appeal.ref}: {file.name}"[:200],
            origin=f"Sent with appeal {appeal.ref} by the recipient of {appeal.notice.ref}",
            filename=file.name,
            chunks=file.chunks,
            limit=FILE_BYTES,
            by=by,
        )
        ledger.create(Enclosure, message=message, item=item)
    return message


# --- the reviewer ----------------------------------------------------------------------------------------------------


@reading
def open_appeal(appeal: Appeal, *, by) -> None:
    """Record that somebody read what a recipient wrote."""
    ledger.note(appeal, state=appeal.state)


@action
def take_appeal(appeal: Appeal, *, by) -> None:
    """Review it oneself: for somebody who took no part in the finding, the decision or the letter."""
    ledger.change(appeal, state=State.REVIEW, reviewer=by, taken_at=timezone.now())


@action
def put_back(appeal: Appeal, *, reason: str, by) -> None:
    """Leave it to another reviewer, and say why."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why another one has to review it."})
    ledger.change(appeal, state=State.WAITING, reviewer=None, taken_at=None)


@action
def ask_recipient(appeal: Appeal, *, words: str, by) -> Message:
    """Ask the recipient something; they read and answer it where they filed the appeal."""
    message = _say(appeal, words, (), by, author=by)
    ledger.note(appeal, message=str(message.pk))
    return message


@action
def uphold_decision(appeal: Appeal, *, reasons: str, by) -> Notice:
    """The measure stands, for reasons that answer what the recipient said. Returns the draft of the answer."""
    _decide(appeal, State.UPHELD, reasons)
    return _answer(appeal, by)


@action
def reverse_decision(appeal: Appeal, *, reasons: str, by) -> Notice:
    """The measure is lifted for this account, which leaves the case: no later measure of it meets the account. Returns
    the draft of the answer."""
    _decide(appeal, State.REVERSED, reasons)
    notice = appeal.notice
    assert notice.account_id, "the database asks it of every appeal"
    why = f"Appeal {appeal.ref} was right."
    cases.clear_account(notice.case, account_id=notice.account_id, why=why, by=by)
    enforcement.let_off(notice.case, account_id=notice.account_id, why=why, by=by)
    return _answer(appeal, by)


@action
def write_answer(appeal: Appeal, *, by) -> Notice:
    """Draft the answer again, where the first draft was discarded."""
    answer = _answer(appeal, by)
    ledger.note(appeal, answer=str(answer.pk))
    return answer


def _decide(appeal: Appeal, state: str, reasons: str) -> None:
    reasons = reasons.replace("\r\n", "\n").strip()
    if not reasons:
        raise ValidationError({"reasons": "Give the reasons, and answer what the recipient said. (Art. 20 DSA)"})
    if problems := lint(reasons, ground_of_finding(appeal.notice.decision.finding)):
        raise ValidationError({"reasons": [problem.message for problem in problems]})
    ledger.change(appeal, state=state, reasons=reasons, decided_at=timezone.now())


def _answer(appeal: Appeal, by) -> Notice:
    assert appeal.decided_at, "an answer follows a decision"
    return notices.draft_answer(
        measure=appeal.notice,
        appeal_ref=appeal.ref,
        appealed_on=appeal.filed_at.date(),
        decided_on=appeal.decided_at.date(),
        is_lifted=appeal.state == State.REVERSED,
        reasons=appeal.reasons,
        by=by,
    )
