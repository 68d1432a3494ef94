"""What the database itself refuses, whoever asks."""

from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.principals import System
from apps.notices import actions, letter
from apps.notices.models import Mailing, Notice, NoticeTemplate, SampledLetter


@contextmanager
def refused(constraint: str):
    """The statement fails on the constraint of this name."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        yield
    assert error.value.__cause__.diag.constraint_name == constraint


def run(sql: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def tamper(notice: Notice, assignments: str, *params) -> None:
    run(f"UPDATE notices_notice SET {assignments} WHERE id = %s", *params, notice.pk)


def test_a_number_is_given_once(issued, demand):
    with refused("one_notice_per_number"):
        tamper(demand, "ref = %s", issued.ref)


def test_a_notice_has_one_recipient(draft, party):
    with refused("a_notice_has_one_recipient"):
        tamper(draft, "party_id = %s", party.pk)
    with refused("a_notice_has_one_recipient"):
        tamper(draft, "account_id = NULL")


def test_a_notice_is_approved_by_another_person(draft):
    with refused("a_notice_is_approved_by_another_person"):
        tamper(draft, "approved_by_id = drafted_by_id, approved_at = now(), state = 'approved'")


@pytest.mark.parametrize("state", ["approved", "issuing"])
def test_an_approved_notice_has_its_approver(draft, state):
    with refused("an_approved_notice_has_its_approver"):
        tamper(draft, "state = %s", state)


def test_an_issued_notice_has_number_date_and_file(issuing):
    for missing in ("ref = NULL", "issued_at = NULL", "issued_by_id = NULL", "pdf_sha256 = ''", "pdf_bytes = 0"):
        with refused("an_issued_notice_has_number_date_and_file"):
            tamper(issuing, issued_without(missing))


def issued_without(missing: str) -> str:
    """What makes a notice issued, with one assignment in the place of its own."""
    everything = "state = 'issued', pdf_sha256 = 'ab', pdf_bytes = 1, verification_ref = 'K7M2X-9QRTB'"
    signed = "unsigned_sha256 = 'cd', signature_level = 'B-B', signed_with = 'ef'"
    kept = [part for part in f"{everything}, {signed}".split(", ") if part.split(" ")[0] != missing.split(" ")[0]]
    return ", ".join([*kept, missing])


def test_an_issued_notice_is_signed(issuing):
    for missing in (
        "verification_ref = NULL",
        "unsigned_sha256 = ''",
        "unsigned_sha256 = 'ab'",
        "signature_level = ''",
        "signature_level = 'B-X'",
        "signed_with = ''",
    ):
        with refused("an_issued_notice_is_signed"):
            tamper(issuing, issued_without(missing))


def test_one_notice_per_verification_reference(issued, demand):
    with refused("one_notice_per_verification_reference"):
        tamper(demand, "verification_ref = %s", issued.verification_ref)


def test_one_notice_per_decision_and_account(draft, people):
    with pytest.raises(ValidationError, match="a notice to this account about this decision already"):
        actions.draft_notice(draft.decision, kind="suspension", account=draft.account, by=people.counsel)


def test_one_notice_per_decision_and_party(demand, people):
    with pytest.raises(ValidationError, match="a notice to this party about this decision already"):
        actions.draft_notice(demand.decision, kind="cease_and_desist", party=demand.party, by=people.counsel)


def test_one_wording_per_kind_language_version(draft):
    template = draft.template
    values = {name: getattr(template, name) for name in ("kind", "language", "version", "content", "sha256")}
    with ledger.act("notices.propose_template", System("tests")), pytest.raises(ValidationError):
        ledger.create(NoticeTemplate, **values, effective_from=timezone.now().date(), proposed_at=timezone.now())


@pytest.fixture
def proposed(people):
    content = letter.built_in("suspension").replace("Dear account holder,", "Good day,")
    return actions.propose_template(kind="suspension", content=content, by=people.counsel)


def change(template, values: str) -> None:
    run(f"UPDATE notices_noticetemplate SET {values} WHERE id = %s", template.pk)


def test_a_wording_is_approved_by_another_person(proposed):
    with refused("a_wording_is_approved_by_another_person"):
        change(proposed, "state = 'approved', reviewed_by_id = proposed_by_id, reviewed_at = now()")


def test_a_review_of_a_wording_has_its_time(proposed, people):
    with refused("a_review_of_a_wording_has_its_time"):
        change(proposed, f"reviewed_by_id = '{people.approver.pk}'")


def test_a_proposed_wording_counts_once_it_was_reviewed(proposed):
    with refused("a_proposed_wording_counts_once_it_was_reviewed"):
        change(proposed, "state = 'approved'")


def test_words_are_approved_as_proposed(proposed):
    with refused("words_are_approved_as_proposed"):
        change(proposed, "content = 'Good night,'")


def test_a_reviewed_wording_is_frozen(proposed, people):
    actions.approve_template(proposed, by=people.approver)
    with refused("a_reviewed_wording_is_frozen"):
        change(proposed, "effective_from = '2020-01-01'")


def test_a_letter_takes_no_wording_that_was_not_approved(draft, proposed):
    with refused("a_notice_has_a_wording_of_its_kind"):
        run("UPDATE notices_notice SET template_id = %s WHERE id = %s", proposed.pk, draft.pk)


def test_a_notice_rests_on_an_approved_decision_of_its_case(draft, people):
    from apps.cases import actions as cases

    elsewhere = cases.open_case(title="Another matter", severity=2, by=people.analyst)
    copied = [f.column for f in Notice._meta.concrete_fields if f.name not in ("id", "case", "state")]
    with refused("notice_rests_on_decision"):
        run(
            f"INSERT INTO notices_notice (id, case_id, state, {', '.join(copied)})"
            f" SELECT core_uuid7(), %s, 'discarded', {', '.join(copied)} FROM notices_notice WHERE id = %s",
            elsewhere.pk,
            draft.pk,
        )


def test_an_issued_notice_is_frozen(issued):
    with refused("issued_notice_is_frozen"):
        tamper(issued, "returned_why = 'no'")
    with refused("issued_notice_is_frozen"):
        run("DELETE FROM notices_notice WHERE id = %s", issued.pk)


# --- mailings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def mailing(suspended, people) -> Mailing:
    mailing = actions.start_mailing(suspended, kind="suspension", by=people.counsel)
    worker = System("worker")
    actions.draft_part(mailing.pieces.get(), by=worker)
    actions.carry_on_mailing(mailing, by=worker)
    return mailing


def test_a_mailing_keeps_to_its_order(mailing):
    for constraint, assignments in (
        ("a_mailing_has_accounts", "count = 0"),
        ("a_mailings_sample_rules_out_a_share", "at_most = 1"),
        ("no_part_of_a_mailing_is_asked_for_twice", "parts_asked = parts + 1"),
        ("a_mailing_is_approved_by_another_person", "approved_by_id = started_by_id, approved_at = now()"),
        ("an_approved_mailing_has_its_time", "approved_at = now()"),
        ("an_approved_mailing_has_its_approver", "state = 'approved'"),
        ("a_released_mailing_has_its_time", "released_at = now()"),
        (
            "a_mailing_goes_out_once_it_was_released",
            "state = 'issuing', approved_at = now(), approved_by_id = (SELECT id FROM staff_user"
            " WHERE id <> started_by_id LIMIT 1)",
        ),
    ):
        with refused(constraint):
            run(f"UPDATE notices_mailing SET {assignments} WHERE id = %s", mailing.pk)


def test_a_mark_is_whole(mailing):
    sampled = SampledLetter.objects.filter(mailing=mailing).first()
    somebody = "marked_by_id = (SELECT id FROM staff_user LIMIT 1)"
    for constraint, assignments in (
        ("a_mark_has_its_reader_and_time", "mark = 'right'"),
        ("a_wrong_letter_says_what_is_wrong", f"mark = 'wrong', marked_at = now(), {somebody}"),
    ):
        with refused(constraint):
            run(f"UPDATE notices_sampledletter SET {assignments} WHERE id = %s", sampled.pk)


def test_nothing_of_a_mailing_is_there_twice(mailing):
    for constraint, table, copied in (
        ("one_mailing_of_a_kind_at_a_time", "mailing", {}),
        ("parts_of_a_mailing_are_numbered_once", "mailingpart", {}),
        ("sampled_letters_are_numbered_once", "sampledletter", {}),
        ("a_letter_is_drawn_once", "sampledletter", {"position": 99}),
    ):
        changes = "".join(f", '{name}', {value}" for name, value in copied.items())
        with refused(constraint):
            run(
                f"INSERT INTO notices_{table} SELECT r.* FROM (SELECT * FROM notices_{table} LIMIT 1) t,"
                f" jsonb_populate_record(NULL::notices_{table}, to_jsonb(t)"
                f" || jsonb_build_object('id', core_uuid7(){changes})) r"
            )
