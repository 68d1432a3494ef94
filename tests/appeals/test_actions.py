"""An appeal from its words to the letter that answers it, through the actions alone."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.appeals import actions, queries
from apps.appeals.actions import FILE_BYTES, FILES, MESSAGES, Upload
from apps.appeals.models import Appeal, Enclosure
from apps.appeals.recipients import Recipient, is_in_time, letter_with
from apps.audit import private
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.cases.models import CaseAccount
from apps.cases.queries import accounts_of_finding
from apps.core import vault
from apps.notices import actions as notices
from apps.notices import writing
from apps.notices.checks import checks
from apps.notices.models import Notice
from apps.records import actions as records
from tests import paper as on
from tests.appeals.conftest import WORDS
from tests.notices.conftest import text, work_off
from tests.notices.test_actions import bodies

REASONS = "You write that a colleague sent the requests of 3 March. Our records show the same key.\n\nSo it was yours."


# --- who holds a letter ----------------------------------------------------------------------------------------------


def test_a_letter_is_opened_by_its_number_and_code(issued):
    assert letter_with(issued.ref, issued.appeal_code) == issued
    assert letter_with(f" {issued.ref.lower()} ", issued.appeal_code.lower().replace("-", " ")) == issued


@pytest.mark.parametrize("code", ["", "-", "AAAA-AAAA", "\0", "ｘ"])
def test_nothing_else_opens_it(issued, code):
    assert letter_with(issued.ref, code) is None
    assert letter_with("N-2026-999999", code) is None
    assert letter_with("N-2026-999999", issued.appeal_code) is None


def test_a_draft_is_opened_by_nobody(approved):
    assert letter_with("", "") is None
    assert letter_with("None", "") is None


@pytest.mark.parametrize(
    ("moment", "is_early"),
    [
        (datetime(2026, 9, 19, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 9, 19, 23, 59, tzinfo=ZoneInfo("Pacific/Honolulu")), True),
        (datetime(2026, 9, 20, 11, 59, tzinfo=UTC), True),
        (datetime(2026, 9, 20, 12, 0, tzinfo=UTC), False),
    ],
)
def test_a_day_is_over_when_it_is_over_everywhere(issued, moment, is_early):
    issued.facts = issued.facts | {"appeal_until": "2026-09-19"}
    assert is_in_time(issued, moment) == is_early


# --- filing ----------------------------------------------------------------------------------------------------------


def test_an_appeal_is_kept_in_the_recipients_words(appeal, issued):
    assert re.fullmatch(rf"AP-{timezone.now().year}-0001", appeal.ref)
    assert appeal.state == "waiting"
    assert appeal.answer_by == (appeal.filed_at + timedelta(days=14)).date()
    [message] = appeal.messages.all()
    assert (message.words, message.author) == (WORDS, None)
    event = Event.objects.get(action="appeals.file_appeal", object_type="appeals_appeal")
    assert event.actor == f"recipient:{issued.ref}"
    assert event.actor_kind == "recipient"


def test_what_they_wrote_is_not_in_the_trail_in_clear(appeal):
    assert "dissertation" not in bodies()
    event = Event.objects.get(action="appeals.file_appeal", object_type="appeals_message")
    assert private.reveal(event.event_uuid, "words", "new") == WORDS


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 20_001])
def test_it_says_something_and_not_too_much(issued, recipient, words):
    with pytest.raises(ValidationError, match=r"own words|longer than 20,000"):
        actions.file_appeal(issued, words=words, by=recipient)
    assert not Appeal.objects.exists()


def test_one_letter_has_one_appeal(appeal, issued, recipient):
    with pytest.raises(ValidationError, match="appealed already"):
        actions.file_appeal(issued, words="Once more", by=recipient)


def test_one_that_was_taken_back_may_be_made_again(appeal, issued, recipient):
    actions.withdraw_appeal(appeal, by=recipient)
    again = actions.file_appeal(issued, words="Once more", by=recipient)
    assert [appeal.state, again.state] == ["withdrawn", "waiting"]
    assert queries.appeal_of(issued) == again


def test_nobody_appeals_when_the_time_is_over(issued, recipient, monkeypatch):
    monkeypatch.setattr(actions, "is_in_time", lambda notice, now: False)
    with pytest.raises(ValidationError, match=r"possible until .* You may still write to us"):
        actions.file_appeal(issued, words=WORDS, by=recipient)


def test_a_demand_is_not_appealed(demand, people, quick_paper):
    notices.approve_notice(demand, by=people.approver)
    notices.issue_notice(demand, by=people.counsel)
    work_off()
    demand.refresh_from_db()
    with pytest.raises(ValidationError, match="tells of no measure"):
        actions.file_appeal(demand, words=WORDS, by=Recipient(demand))


def test_a_recipient_does_nothing_about_another_letter(appeal, demand):
    stranger = Recipient(demand)
    for act in (actions.withdraw_appeal, lambda a, by: actions.add_words(a, words="Hello", by=by)):
        with pytest.raises(Forbidden):
            act(appeal, by=stranger)
    with pytest.raises(Forbidden):
        actions.file_appeal(appeal.notice, words="Hello", by=stranger)


def test_staff_do_not_appeal_for_anybody(issued, people):
    for person in (people.analyst, people.counsel, people.reviewer, people.admin):
        with pytest.raises(Forbidden):
            actions.file_appeal(issued, words=WORDS, by=person)


# --- files -----------------------------------------------------------------------------------------------------------


def test_files_are_kept_apart_until_somebody_looked(issued, recipient, people):
    files = [Upload("bill.pdf", iter([b"%PDF-1.7\n", b"..."])), Upload("../../etc/passwd", iter([b"x"]))]
    appeal = actions.file_appeal(issued, words=WORDS, enclosed=files, by=recipient)
    items = [row.item for row in Enclosure.objects.order_by("item__ref").select_related("item")]
    assert [item.state for item in items] == ["quarantined", "quarantined"]
    assert {item.kind for item in items} == {"correspondence"}
    assert vault.read(items[0].sha256) == b"%PDF-1.7\n..."
    assert "/" not in items[1].filename
    assert all("came from outside" in item.suspicions[0] for item in items)
    assert all(appeal.ref in item.origin for item in items)
    assert not people.reviewer.has_perm("evidence.export_item", items[0])


def test_too_many_or_too_large_files_are_refused_whole(issued, recipient):
    def refuse(enclosed):
        with pytest.raises(ValidationError, match=r"at most 5 files|too large|is empty"):
            actions.file_appeal(issued, words=WORDS, enclosed=enclosed, by=recipient)
        assert not Appeal.objects.exists()
        assert not Enclosure.objects.exists()

    refuse([Upload(f"{n}.txt", iter([b"x"])) for n in range(FILES + 1)])
    refuse([Upload("large.bin", iter([bytes(1024 * 1024)] * (FILE_BYTES // 1024**2) + [b"x"]))])
    refuse([Upload("empty.txt", iter([]))])


def test_a_recipient_says_more_but_not_for_ever(appeal, recipient, people):
    for number in range(MESSAGES - 1):
        actions.add_words(appeal, words=f"And {number}", by=recipient)
    with pytest.raises(ValidationError, match="20 times"):
        actions.add_words(appeal, words="And more", by=recipient)


# --- review ----------------------------------------------------------------------------------------------------------


def test_whoever_took_part_does_not_review(appeal, people):
    parts = queries.took_part(appeal.notice)
    assert {people.analyst.pk, people.lead.pk, people.counsel.pk, people.approver.pk} & parts == parts
    assert people.reviewer.pk not in parts
    actions.take_appeal(appeal, by=people.reviewer)
    assert (appeal.state, appeal.reviewer) == ("in_review", people.reviewer)


@pytest.mark.parametrize("kind", ["drafted_by", "approved_by", "issued_by"])
def test_a_reviewer_who_took_part_is_refused(issued, recipient, people, kind):
    """The same person holds the role of a reviewer, but wrote, approved or sent the letter."""
    appeal = actions.file_appeal(issued, words=WORDS, by=recipient)
    person = getattr(issued, kind)
    person.roles = [*person.roles, "appeal_reviewer"]
    assert person.has_perm("appeals.take_appeal")
    with pytest.raises(Forbidden):
        actions.take_appeal(appeal, by=person)


def test_only_its_reviewer_decides(in_review, people):
    other = people.reviewer.__class__(roles=["appeal_reviewer"])
    for act in (actions.uphold_decision, actions.reverse_decision):
        with pytest.raises(Forbidden):
            act(in_review, reasons=REASONS, by=other)


def test_it_may_be_left_to_another(in_review, people):
    with pytest.raises(ValidationError, match="Say why"):
        actions.put_back(in_review, reason=" ", by=people.reviewer)
    actions.put_back(in_review, reason="I know the account holder.", by=people.reviewer)
    assert (in_review.state, in_review.reviewer, in_review.taken_at) == ("waiting", None, None)


def test_a_question_and_its_answer(in_review, recipient, people):
    actions.ask_recipient(in_review, words="Which colleague?", by=people.reviewer)
    actions.add_words(in_review, words="The one in room 4.", by=recipient)
    said = [(m.author, m.words) for m in queries.with_words(in_review)]
    assert said == [(None, WORDS), (people.reviewer, "Which colleague?"), (None, "The one in room 4.")]


@pytest.mark.parametrize("reasons", ["", "  ", "They stole the weights."])
def test_a_decision_has_reasons_that_claim_no_more_than_was_found(in_review, people, reasons):
    with pytest.raises(ValidationError):
        actions.uphold_decision(in_review, reasons=reasons, by=people.reviewer)
    in_review.refresh_from_db()
    assert in_review.state == "in_review"


# --- the answer ------------------------------------------------------------------------------------------------------


def issue(answer: Notice, people) -> Notice:
    notices.approve_notice(answer, by=people.approver)
    notices.issue_notice(answer, by=people.counsel)
    work_off()
    answer.refresh_from_db()
    return answer


def test_upheld(in_review, issued, people):
    answer = actions.uphold_decision(in_review, reasons=REASONS, by=people.reviewer)
    assert in_review.state == "upheld"
    assert queries.answer_to(in_review) == answer
    assert (answer.kind, answer.account, answer.recipient) == ("appeal_decision", issued.account, issued.recipient)
    said = text(answer)
    assert "that the decision stands. It covers all use of the service, worldwide, until" in said
    assert "The decision is reversed" not in said
    for part in (in_review.ref, issued.ref, "Our records show the same key.", "So it was yours.", "to a court"):
        assert part in said
    assert accounts_of_finding(issued.decision.finding).filter(account=issued.account).exists()
    assert issue(answer, people).state == "issued"


def test_reversed(in_review, issued, people):
    finding = issued.decision.finding
    before = accounts_of_finding(finding).count()
    answer = actions.reverse_decision(in_review, reasons="You are right.", by=people.reviewer)
    assert in_review.state == "reversed"
    member = CaseAccount.objects.get(case=issued.case, account=issued.account)
    assert (member.excluded_by, member.excluded_why) == (people.reviewer, f"Appeal {in_review.ref} was right.")
    assert accounts_of_finding(finding).count() == before - 1
    said = text(answer)
    assert "The decision is reversed" in said
    assert "the decision stands" not in said
    assert "code" not in said
    assert [line["text"] for line in checks(answer) if line["state"] == "stop"] == [
        f"Another person than {people.reviewer} has to approve it"
    ]
    assert issue(answer, people).ref == f"N-{timezone.now().year}-000002"


def test_a_reversal_of_an_account_that_somebody_took_out_before(in_review, issued, people):
    from apps.cases import actions as cases

    cases.exclude_accounts(issued.case, why="A benchmark", account_ids=[issued.account_id], by=people.analyst)
    actions.reverse_decision(in_review, reasons="You are right.", by=people.reviewer)
    assert CaseAccount.objects.get(case=issued.case, account=issued.account).excluded_why == "A benchmark"


def test_the_reviewer_does_not_approve_the_answer(in_review, people):
    answer = actions.uphold_decision(in_review, reasons=REASONS, by=people.reviewer)
    people.reviewer.roles = ["appeal_reviewer", "legal_approver"]
    with pytest.raises(Forbidden):
        notices.approve_notice(answer, by=people.reviewer)


def test_a_discarded_answer_is_drafted_again(in_review, people):
    first = actions.uphold_decision(in_review, reasons=REASONS, by=people.reviewer)
    notices.discard_notice(first, reason="Another wording", by=people.counsel)
    assert queries.answer_to(in_review) is None
    again = actions.write_answer(in_review, by=people.reviewer)
    assert queries.answer_to(in_review) == again
    assert text(again) == text(first)


def test_an_answer_is_taken_from_the_records_again(in_review, people):
    answer = actions.uphold_decision(in_review, reasons=REASONS, by=people.reviewer)
    before = text(answer)
    notices.redraft_notice(answer, recipient="Ms A. Example\nc/o Somebody", by=people.counsel)
    assert text(answer) == before
    assert answer.recipient == "Ms A. Example\nc/o Somebody"


@pytest.mark.parametrize("outcome", ["uphold_decision", "reverse_decision"])
def test_the_file_of_an_answer_conforms(in_review, people, outcome, monkeypatch):
    monkeypatch.undo()  # on paper, as it goes out
    answer = getattr(actions, outcome)(in_review, reasons=REASONS, by=people.reviewer)
    answer = issue(answer, people)
    file = vault.read(answer.pdf_sha256)
    assert on.validate(file) == []
    data = on.attached_json(file, "decision-on-appeal.json")
    assert data["appeal"] == in_review.ref
    assert data["outcome"] == outcome.replace("_decision", "").replace("uphold", "upheld").replace(
        "reverse", "reversed"
    )
    assert data["reasons"] == REASONS.split("\n\n")
    again = writing.to_pdf(answer, writing.facts_of(answer))
    assert file.startswith(again)
    assert answer.unsigned_sha256 == sha256(again).hexdigest()
    assert answer.appeal_code not in json.dumps(data)


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_erasing_the_account_takes_their_words(appeal, issued, people):
    erasure = records.request_erasure(
        subject=issued.account,
        basis="objection",
        reason="Letter of 3 March",
        received_on=date(2026, 3, 3),
        by=people.counsel,
    )
    records.erase_subject(erasure, by=people.approver)
    [message] = appeal.messages.all()
    assert message.words == "(erased)"
