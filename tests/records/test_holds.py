"""A hold keeps what it covers, by every path, until two people have ended it."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from apps.accounts.models import Account
from apps.audit import fence
from apps.audit.action import Forbidden
from apps.audit.models import audited_models
from apps.cases import actions as cases
from apps.cases.models import Case
from apps.records import actions, holds, reach
from tests.audit.findings import sentences
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.records.conftest import hold, release, request, verified


def refused_by_hold(statement: str, *params) -> str:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        sql(statement, *params)
    assert refused.value.__cause__.diag.constraint_name == "what_is_held_stays"
    return str(refused.value)


def test_a_held_row_is_not_deleted_by_sql(world):
    task = world.task()
    found = hold(world, task.case)
    assert found.ref in refused_by_hold("DELETE FROM cases_task WHERE id = %s", task.pk)
    release(found, world)
    sql("DELETE FROM cases_task WHERE id = %s", task.pk)


def test_a_held_row_is_not_deleted_by_the_orm_inside_an_action(world):
    task = world.task()
    hold(world, task.case)
    with pytest.raises(IntegrityError, match="legal hold"), acting("cases.delete_task"), fence.gate():
        task.delete()


def test_private_values_of_what_is_held_stay_even_with_an_erasure_on_record(world):
    party = world.party()
    hold(world, party.case)
    refused_by_hold("DELETE FROM audit_privatevalue WHERE subject = %s", f"cases_party:{party.pk}")


def test_the_address_from_which_a_held_case_was_changed_stays(world, sign_in):
    case = world.case("investigation")
    sign_in(world.people.analyst).post(reverse("cases:add_note", args=[case.ref]), {"body": "Seen"})
    hold(world, case)
    refused_by_hold("DELETE FROM audit_privatevalue WHERE field = 'source_ip.new'")


def test_what_joins_a_held_case_is_held_at_once(world):
    case = world.case("investigation")
    found = hold(world, case)
    item = world.collect()
    assert not holds.holding("evidence_item", item.pk).exists()
    cases.add_exhibit(case, item=item, shows="It", element="access", dependency_group="log", by=world.people.analyst)
    assert list(holds.holding("evidence_item", item.pk)) == [found]
    refused_by_hold("DELETE FROM cases_exhibit WHERE item_id = %s", item.pk)


def test_accounts_of_a_held_case_are_not_erased_by_sql(world):
    case = world.case("investigation")
    hold(world, case)
    account = Account.objects.filter(in_cases__case=case).first()
    refused_by_hold("UPDATE accounts_account SET ref = 'erased' WHERE id = %s", account.pk)
    sql("UPDATE accounts_account SET status = 'suspended' WHERE id = %s", account.pk)  # casework goes on


def test_two_people_end_a_hold(world, monkeypatch):
    found = hold(world, world.case())
    actions.ask_release(found, reason="Settled.", by=world.people.counsel)
    assert holds.holding("cases_case", found.scopes.get().row_id).exists()  # in force until the second one agrees
    monkeypatch.setattr(world.people.counsel, "roles", ["legal_counsel", "legal_approver"])
    with pytest.raises(Forbidden):
        actions.release_hold(found, reason="I agree with myself.", by=world.people.counsel)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        sql(
            "UPDATE records_legalhold SET state = 'released', released_by_id = release_asked_by_id,"
            " released_at = now(), release_note = 'x'"
        )
    assert refused.value.__cause__.diag.constraint_name == "a_hold_is_released_by_another_person"
    actions.refuse_release(found, reason="The appeal is open.", by=world.people.approver)
    found.refresh_from_db()
    assert found.state == "in_force"
    release(found, world)
    assert not holds.holding("cases_case", found.scopes.get().row_id).exists()


def test_a_hold_is_on_something_of_which_one_is_possible(world):
    with pytest.raises(ValidationError, match="on nothing"):
        hold(world)
    with pytest.raises(ValidationError, match="not on this"):
        hold(world, world.task())


def test_a_scope_grows_and_never_shrinks(world):
    found = hold(world, world.case())
    with pytest.raises(ValidationError, match="already"):
        actions.widen_hold(found, scope=[cases_case(found)], by=world.people.counsel)
    assert actions.widen_hold(found, scope=[world.item], by=world.people.counsel) == 1
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        sql("DELETE FROM records_holdscope")


def cases_case(found):
    return Case.objects.get(pk=found.scopes.get().row_id)


def test_custodians_are_told_and_answer_for_themselves(world):
    people = world.people
    found = hold(world, world.case(), custodians=[people.analyst])
    custodian = found.custodians.get()
    with pytest.raises(Forbidden):
        actions.acknowledge_hold(custodian, by=people.lead)
    actions.acknowledge_hold(custodian, by=people.analyst)
    custodian.refresh_from_db()
    assert custodian.acknowledged_at
    with pytest.raises(Forbidden):
        actions.acknowledge_hold(custodian, by=people.analyst)


def test_coverage_is_counted(world):
    case = world.case("investigation")
    found = hold(world, case)
    numbers = {covered.table: covered.rows for covered in holds.coverage(found)}
    assert numbers["cases_case"] == 1
    assert numbers["accounts_account"] == case.members.count() == numbers["cases_caseaccount"]
    assert numbers["accounts_activity"] > 0


def test_a_hold_and_an_erasure_wait_for_each_other(committed_db, world):
    """Who erases has looked for holds; a hold that comes meanwhile comes after, and finds nothing left to keep."""
    party = world.party()
    order: list[str] = []
    erasing, done = threading.Event(), threading.Event()

    def issue() -> None:
        try:
            erasing.wait(10)
            hold(world, party.case)
            order.append("held")
        finally:
            connection.close()
            done.set()

    thread = threading.Thread(target=issue)
    thread.start()
    erasure = request(world, party)
    with transaction.atomic():
        actions.erase_subject(erasure, by=world.people.approver)
        erasing.set()
        assert not done.wait(1)
        order.append("erased")
    done.wait(10)
    thread.join()
    assert order == ["erased", "held"]


def test_a_replaced_guard_function_is_found(committed_db, world):
    hold(world, world.case())
    (body,) = sql("SELECT pg_get_functiondef('records_hold_over(text, uuid)'::regprocedure)")[0]
    sql(
        "CREATE OR REPLACE FUNCTION records_hold_over(of_table text, of_row uuid) RETURNS text LANGUAGE sql STABLE AS"
        " $$ SELECT NULL::text $$"
    )
    try:
        assert any("records_hold_over, which guards ask, is not as" in sentence for sentence in sentences(verified()))
    finally:
        sql(body)


# Tables of which no row can be held: they are about nobody's dispute.
REGISTERED = "of the register; never deleted"
BEYOND_HOLDS = {
    "accounts_import": "counts of a file; its rejected rows are of no account",
    "accounts_linkagerun": "counts of a search for rings",
    "accounts_ring": "counts of accounts, which can be held themselves",
    "accounts_importrejection": "was never taken, so nothing refers to it",
    "alerts_calibration": "figures of a detector",
    "alerts_detector": "a program; never deleted",
    "alerts_replay": "that rejections were sent in again",
    "alerts_signingkey": "of a detector",
    "alerts_suppression": "a rule that expires",
    "alerts_webhook": "of a detector",
    "enforcement_receiver": "an address of the provider's own systems",
    "evidence_fixityrun": "counts of a measurement of all files",
    "evidence_keydeployment": REGISTERED,
    "evidence_keyholding": REGISTERED,
    "evidence_keyincident": REGISTERED,
    "evidence_modelversion": REGISTERED,
    "evidence_protectedmodel": REGISTERED,
    "evidence_suspectmodel": REGISTERED,
    "evidence_watermarkkey": REGISTERED,
    "evidence_watermarkscheme": REGISTERED,
    "policies_clause": "published; never deleted",
    "accounts_authorisation": "a contract of the provider's; never deleted",
    "policies_document": "published; never deleted",
    "policies_rejectedrecord": "what was published instead of terms; never deleted",
    "policies_sighting": "published; never deleted",
    "policies_succession": "what people said of published terms",
    "policies_tagging": "what people said of published terms",
    "policies_text": "published; never deleted",
    "policies_version": "published; never deleted",
    "records_confirmation": "says what retention may do",
    "records_custodian": "part of the hold itself",
    "records_erasure": "says what was erased",
    "records_holdscope": "part of the hold itself",
    "records_legalhold": "the hold itself",
    "records_retentionrun": "says what retention did",
    "staff_apikey": "of a program",
    "staff_serviceaccount": "a program",
}


def test_every_table_can_be_held_or_says_why_not():
    """A new table of a room is registered in its keeping.py, or listed above."""
    ours = {model._meta.db_table for model in audited_models()}
    assert ours - reach.tables() == set(BEYOND_HOLDS)
