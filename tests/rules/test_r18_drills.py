"""R18: drill data can never enter a disclosure, by no way: not as a case, a group, an exhibit, an account or a file."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.audit import ledger
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.disclosures import actions
from apps.evidence import actions as evidence
from apps.notices import actions as notices
from tests.alerts.conftest import alert, detector, receive, register  # noqa: F401 - fixtures
from tests.alerts.test_feedback import group_of
from tests.disclosures.conftest import compiled, draft  # noqa: F401 - fixtures
from tests.notices.conftest import decide, quick_paper, suspended  # noqa: F401 - fixtures
from tests.rules.conftest import told

REPORT = {"audience": "regulator", "recipient": "Office", "legal_basis": "Law", "title": "Report"}
BUNDLE = {"audience": "court", "recipient": "Expert", "legal_basis": "Order", "purpose": "Opinion"}


def make_drill(case):
    """A case that people worked like a real one; it says what it is before anything leaves the house."""
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(case, drill="autumn exercise")
    return case


@pytest.fixture
def drill(suspended):  # noqa: F811
    return make_drill(suspended.case)


@pytest.fixture
def exercise(people):
    return cases.open_case(title="Exercise", severity=2, drill="autumn exercise", by=people.analyst)


@pytest.fixture
def group(receive, people):  # noqa: F811
    def of(name: str, **values):
        receive(alert(source_ref=f"volume/{name}", subject={"type": "account", "accounts": [name]}, **values))
        return group_of(name)

    return of


# --- the case itself -------------------------------------------------------------------------------------------------


def test_no_action_lets_it_out(drill, compiled, people):  # noqa: F811
    orders = (
        lambda: compiled(),
        lambda: actions.compile_bundle(drill, exhibits=drill.exhibits.all(), by=people.counsel, **BUNDLE),
    )
    for order in orders:
        with pytest.raises(ValidationError) as refused:
            order()
        assert "This case is the drill “autumn exercise”." in told(refused)
        assert "Only a case that is real throughout is disclosed. (R18)" in told(refused)


def test_no_form_lets_it_out(drill, people, sign_in):
    client = sign_in(people.counsel)
    exhibits = [str(exhibit.pk) for exhibit in drill.exhibits.all()]
    for page, sent in (("reports/compile/", REPORT), ("bundles/compile/", BUNDLE | {"exhibits": exhibits})):
        answer = client.post(f"/cases/{drill.ref}/{page}", sent)
        assert answer.status_code == 422, page
        assert "(R18)" in told(answer)


def test_a_draft_from_before_is_not_released(draft, suspended, people, sign_in):  # noqa: F811
    make_drill(suspended.case)
    with pytest.raises(ValidationError, match="R18"):
        actions.release_report(draft, by=people.approver)
    answer = sign_in(people.approver).post(f"/disclosures/{draft.pk}/release/", follow=True)
    assert "(R18)" in told(answer)


def test_a_letter_of_a_drill_is_written_and_never_issued(drill, suspended, people):  # noqa: F811
    account = suspended.finding.accounts.first().account
    letter = notices.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    notices.approve_notice(letter, by=people.approver)
    with pytest.raises(ValidationError, match="R18"):
        notices.issue_notice(letter, by=people.counsel)


def test_no_program_lets_it_out(drill, api):
    for address in (f"/api/v1/cases/{drill.ref}/reports", f"/api/v1/cases/{drill.ref}/bundles"):
        assert api().post(address, {}).status_code in (404, 405)


@pytest.mark.parametrize("table", ["disclosures_report", "disclosures_bundle", "notices_notice"])
def test_the_database_lets_none_out(table, draft, suspended, people):  # noqa: F811
    """By SQL past every action: no row of a drill is made, and none that is there gets out."""
    account = suspended.finding.accounts.first().account
    notices.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    actions.compile_bundle(suspended.case, exhibits=suspended.case.exhibits.all(), by=people.counsel, **BUNDLE)
    make_drill(suspended.case)
    out = {"disclosures_report": "releasing", "disclosures_bundle": "ready", "notices_notice": "issuing"}[table]
    with pytest.raises(IntegrityError, match="never enters a disclosure"), transaction.atomic():
        connection.cursor().execute(f"UPDATE {table} SET state = '{out}'")
    if table != "notices_notice":
        with pytest.raises(IntegrityError, match="never enters a disclosure"), transaction.atomic():
            connection.cursor().execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7()))).*"
                f" FROM {table} t"
            )


def test_a_drill_stays_one(exercise):
    with pytest.raises(IntegrityError, match="stays one"), transaction.atomic():
        connection.cursor().execute("UPDATE cases_case SET drill = ''")


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_a_group_of_a_drill_does_not_come_into_a_real_case(group, case, exercise, people, sign_in):
    invented, real = group("acct_x1", drill="autumn exercise"), group("acct_x2")
    for target, brought in ((case, invented), (exercise, real)):
        with pytest.raises(ValidationError) as refused:
            cases.add_group(target, group=brought, reason="Seen by hand", by=people.analyst)
        assert "Drills and real cases are kept apart" in told(refused)
        sent = {"case": target.ref, "reason": "Seen by hand"}
        answer = sign_in(people.analyst).post(f"/queue/{brought.pk}/add-to-case/", sent, follow=True)
        assert "(R18)" in told(answer)
    with pytest.raises(IntegrityError, match="kept apart"), transaction.atomic():
        connection.cursor().execute(
            "INSERT INTO cases_casegroup (id, case_id, group_id, added_by_id, added_at)"
            " VALUES (core_uuid7(), %s, %s, %s, now())",
            [case.pk, invented.pk, people.analyst.pk],
        )


def test_an_exhibit_of_a_drill_does_not_come_into_a_real_case(exercise, case, add_exhibit, people, sign_in):
    item = add_exhibit(exercise).item
    with pytest.raises(ValidationError, match="belongs to the drill"):
        add_exhibit(case, item=item)
    sent = {"item": item.ref, "shows": "A log.", "element": "harvesting", "dependency_group": "log"}
    answer = sign_in(people.analyst).post(f"/cases/{case.ref}/evidence/add/", sent)
    assert answer.status_code == 422
    assert "(R18)" in told(answer)
    with pytest.raises(IntegrityError, match="kept apart"), transaction.atomic():
        connection.cursor().execute(
            "INSERT INTO cases_exhibit SELECT (jsonb_populate_record(e, jsonb_build_object("
            "'id', core_uuid7(), 'case_id', %s::uuid))).* FROM cases_exhibit e",
            [case.pk],
        )


def test_an_item_of_a_drill_is_not_released(exercise, add_exhibit, people, sign_in):
    item = add_exhibit(exercise).item
    ask = {"recipient": "The court", "reason": "Ordered"}
    with pytest.raises(ValidationError, match="R18"):
        evidence.propose_release(item, by=people.analyst, **ask)
    answer = sign_in(people.analyst).post(f"/evidence/{item.ref}/release/", ask)
    assert "(R18)" in told(answer)
    with pytest.raises(IntegrityError, match="exhibit of a drill"), transaction.atomic():
        connection.cursor().execute("UPDATE evidence_item SET state = 'released' WHERE id = %s", [item.pk])


def test_accounts_that_a_drill_invented_keep_a_case_inside(group, suspended, compiled, people):  # noqa: F811
    group("acct_invented", drill="autumn exercise")
    cases.add_accounts(suspended.case, query={"refs": ["acct_invented"]}, by=people.analyst)
    with pytest.raises(ValidationError) as refused:
        compiled()
    assert "1 of its accounts are known from a drill alone" in told(refused)
    cases.exclude_accounts(suspended.case, query={"refs": ["acct_invented"]}, why="Invented.", by=people.analyst)
    assert compiled().state == "draft"
