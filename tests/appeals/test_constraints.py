"""What the database itself refuses of appeals, whoever writes."""

import pytest
from django.db import IntegrityError, transaction

from apps.appeals import actions
from apps.appeals.models import Appeal, Enclosure, Message
from tests.audit.tampering import sql

APPEAL = "UPDATE appeals_appeal SET "
ANOTHER = (
    "INSERT INTO appeals_appeal SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7(), {0}))).*"
    " FROM appeals_appeal t LIMIT 1"
)
REVIEW = f"{APPEAL} state = 'in_review', taken_at = now(), reviewer_id = "

NONSENSE = {
    "one_appeal_per_reference": ANOTHER.format("'state', 'withdrawn'"),
    "one_appeal_per_letter": ANOTHER.format("'ref', 'AP-2026-9999'"),
    "a_review_of_an_appeal_has_its_time": f"{APPEAL} taken_at = now()",
    "a_review_of_an_appeal_has_its_reviewer": f"{APPEAL} state = 'in_review'",
    "an_appeal_is_decided_with_reasons": f"{APPEAL} reasons = 'Because.'",
    "a_message_says_something": "UPDATE appeals_message SET words = ''",
    "an_enclosure_is_an_item_of_its_own": "INSERT INTO appeals_enclosure SELECT (jsonb_populate_record(t,"
    " jsonb_build_object('id', core_uuid7()))).* FROM appeals_enclosure t LIMIT 1",
}


def refuses(name: str, statement: str) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        sql(statement)
    assert caught.value.__cause__.diag.constraint_name == name


@pytest.fixture
def enclosed(issued, recipient) -> Appeal:
    file = actions.Upload("a.txt", iter([b"x"]))
    return actions.file_appeal(issued, words="See the file.", enclosed=[file], by=recipient)


def test_the_database_refuses_nonsense_by_name(enclosed):
    for name, statement in NONSENSE.items():
        refuses(name, statement)


def test_every_constraint_is_provoked():
    named = {constraint.name for model in (Appeal, Message, Enclosure) for constraint in model._meta.constraints}
    assert named == set(NONSENSE)


def test_whoever_took_part_reviews_nothing(appeal):
    for who in (
        "SELECT drafted_by_id FROM notices_notice",
        "SELECT approved_by_id FROM notices_notice",
        "SELECT issued_by_id FROM notices_notice",
        "SELECT proposed_by_id FROM cases_decision",
        "SELECT reviewed_by_id FROM cases_decision",
        "SELECT proposed_by_id FROM cases_finding",
        "SELECT reviewed_by_id FROM cases_finding",
    ):
        refuses("a_reviewer_took_no_part", f"{REVIEW} ({who} LIMIT 1)")


def test_what_is_decided_is_frozen(in_review, people):
    actions.uphold_decision(in_review, reasons="Because.", by=people.reviewer)
    for change in (f"{APPEAL} reasons = 'Others.'", "DELETE FROM appeals_appeal"):
        refuses("a_decided_appeal_is_frozen", change)


def test_neither_a_draft_nor_a_demand_is_appealed(appeal, demand):
    about = f"'ref', 'AP-2026-9999', 'notice_id', '{demand.pk}'"
    refuses("an_appeal_is_about_an_issued_measure", ANOTHER.format(about))
