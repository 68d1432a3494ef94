"""What the database itself refuses, whoever asks."""

from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.principals import System
from apps.notices import actions
from apps.notices.models import Notice, NoticeTemplate


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


@pytest.mark.parametrize(
    "missing", ["ref = NULL", "issued_at = NULL", "issued_by_id = NULL", "pdf_sha256 = ''", "pdf_bytes = 0"]
)
def test_an_issued_notice_has_number_date_and_file(issuing, missing):
    everything = f"state = 'issued', pdf_sha256 = 'ab', pdf_bytes = 1, {SIGNED}"
    kept = [part for part in everything.split(", ") if part.split(" ")[0] != missing.split(" ")[0]]
    with refused("an_issued_notice_has_number_date_and_file"):
        tamper(issuing, ", ".join([*kept, missing]))


SIGNED = "verification_ref = 'K7M2X-9QRTB', unsigned_sha256 = 'cd', signature_level = 'B-B', signed_with = 'ef'"


@pytest.mark.parametrize(
    "missing",
    [
        "verification_ref = NULL",
        "unsigned_sha256 = ''",
        "unsigned_sha256 = 'ab'",
        "signature_level = ''",
        "signature_level = 'B-X'",
        "signed_with = ''",
    ],
)
def test_an_issued_notice_is_signed(issuing, missing):
    everything = f"state = 'issued', pdf_sha256 = 'ab', pdf_bytes = 1, {SIGNED}"
    kept = [part for part in everything.split(", ") if part.split(" ")[0] != missing.split(" ")[0]]
    with refused("an_issued_notice_is_signed"):
        tamper(issuing, ", ".join([*kept, missing]))


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
    with ledger.act("tests.arrange", System("tests")), pytest.raises(ValidationError):
        ledger.create(NoticeTemplate, **values, adopted_at=timezone.now())


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
