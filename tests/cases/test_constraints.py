"""PostgreSQL itself refuses what the actions refuse: each named constraint is provoked by SQL, past all of Python."""

import json
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Account
from apps.cases import actions
from tests.alerts.conftest import alerts, detector, receive, register  # noqa: F401 - fixtures
from tests.cases.conftest import make_accounts
from tests.cases.test_claims import NONSENSE

# constraint: (table, "copy" or "update", columns set to values; "= column" takes another column's value)
REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "one_case_per_reference": ("case", "copy", {}),
    "a_closed_case_says_when_and_why": ("case", "update", {"state": "closed"}),
    "an_account_is_in_a_case_once": ("caseaccount", "copy", {}),
    "an_exclusion_says_who_and_why": ("caseaccount", "update", {"excluded_why": "No time, no name."}),
    "a_done_task_says_by_whom": ("task", "update", {"done_at": "2026-05-01T00:00:00Z"}),
    "exhibits_are_numbered_once": ("exhibit", "update", {"number": 1}),
    "an_item_is_an_exhibit_once": ("exhibit", "copy", {"number": 99}),
    "an_explanation_is_raised_once": ("explanation", "copy", {}),
    "an_assessment_says_who_and_what": ("explanation", "update", {"status": "refuted", "conclusion": ""}),
    "an_assessment_has_its_time": ("explanation", "update", {"assessed_at": None}),
    "one_rating_per_explanation_and_exhibit": ("assessment", "copy", {}),
    "one_finding_per_reference": ("finding", "copy", {}),
    "conduct_ends_after_it_begins": ("finding", "update", {"conduct_to": "2020-01-01"}),
    "a_finding_is_reviewed_by_another_person": ("finding", "update", {"reviewed_by_id": "= proposed_by_id"}),
    "a_review_has_its_time": ("finding", "update", {"reviewed_at": None}),
    "a_reviewed_finding_has_its_reviewer": ("finding", "update", {"reviewed_by_id": None, "reviewed_at": None}),
    "a_clause_is_cited_once": ("findingclause", "copy", {}),
    "an_account_is_found_once": ("findingaccount", "copy", {}),
    "an_exhibit_carries_a_finding_once": ("findingexhibit", "copy", {}),
    "an_explanation_is_considered_once": ("findingexplanation", "copy", {}),
    "a_considered_explanation_was_tested": ("findingexplanation", "update", {"status": "untested"}),
    "one_decision_per_reference": ("decision", "copy", {}),
    "a_measure_ends_after_it_starts": ("decision", "update", {"ends_on": "2020-01-01"}),
    "a_decision_is_approved_by_another_person": ("decision", "update", {"reviewed_by_id": "= proposed_by_id"}),
    "an_approval_has_its_time": ("decision", "update", {"reviewed_at": None}),
    "an_approved_decision_has_its_approver": ("decision", "update", {"reviewed_by_id": None, "reviewed_at": None}),
    "wrongful_actions_are_counted": ("decision", "update", {"expected_wrongful": -1}),
    "wrongful_actions_are_acknowledged": ("decision", "update", {"acknowledged_wrongful": None}),
    "a_limit_alone_has_a_number": ("decision", "update", {"requests_per_day": 5}),
    "a_region_block_names_its_region": ("decision", "update", {"action": "region_block", "state": "rejected"}),
    "a_weighty_decision_is_held": ("decision", "update", {"action": "degrade"}),
    "a_held_decision_has_its_releaser": ("decision", "update", {"held_for": "It weighs."}),
    "a_decision_is_released_by_a_third_person": (
        "decision",
        "update",
        {"released_by_id": "= reviewed_by_id", "released_at": "2026-05-01T00:00:00Z"},
    ),
    "a_release_has_its_time": ("decision", "update", {"released_at": "2026-05-01T00:00:00Z"}),
    "an_account_has_its_own_evidence_and_clause": ("findingaccount", "update", {"evidence": "{}"}),
    "an_account_is_left_out_once": ("findingomission", "copy", {}),
    "an_element_is_weighed_once": ("findingelement", "copy", {}),
    "an_element_is_shown_by_exhibits": ("findingelement", "update", {"exhibits": "[]", "confidence": "likely"}),
    "a_level_is_concluded_once": ("findinglevel", "copy", {}),
    "an_organisation_is_a_party": ("findinglevel", "update", {"level": "organisation", "party_id": None}),
    "a_level_has_its_basis": ("findinglevel", "update", {"basis": ""}),
    "words_are_allowed_once": ("allowedwording", "copy", {}),
    "words_are_allowed_for_a_reason": ("allowedwording", "update", {"reason": ""}),
    "a_party_is_invited_once": ("invitation", "copy", {}),
    "an_invitation_or_a_signed_reason": ("invitation", "update", {"respond_by": None}),
    "an_invitation_leaves_time": ("invitation", "update", {"respond_by": "2020-01-01"}),
    "a_response_is_recorded_as_it_came": ("invitation", "update", {"response": "They answered."}),
    "what_was_taken_back_is_out": ("caseaccount", "update", {"taken_back_at": "2026-05-01T00:00:00Z"}),
    "frozen_sets_are_numbered_once": ("memberset", "copy", {}),
    "a_frozen_set_has_accounts": ("memberset", "copy", {"number": 99, "count": 0}),
    "parts_of_a_set_are_numbered_once": ("memberpart", "copy", {}),
    "one_step_on_many_at_a_time": ("bulkstep", "copy", {}),
    "no_part_is_done_twice": ("bulkstep", "update", {"parts_done": 99}),
    "a_step_on_many_says_why": ("bulkstep", "update", {"why": ""}),
    "an_undo_has_its_time": ("bulkstep", "update", {"undone_at": "2026-05-01T00:00:00Z"}),
    "an_undone_step_says_by_whom": ("bulkstep", "update", {"state": "undone"}),
    "a_part_is_dealt_with_once": ("bulkpart", "copy", {}),
    "a_share_lies_between_0_and_1": ("sample", "copy", {"at_most": 0}),
    "an_account_of_a_sample_is_marked_once": ("samplemark", "copy", {}),
    "decision_rests_on_finding": ("finding", "trigger", {}),
}
ELSEWHERE = {  # provoked where the argument is tested
    "one_independence_argument_stands",
    "independence_is_reviewed_by_another_person",
    "an_independence_review_has_its_time",
    "a_reviewed_independence_has_its_reviewer",
    "a_decision_is_overridden_once",  # in test_decisions
    *NONSENSE,  # of claims
}


@pytest.fixture
def confirmed(ready, propose, people):
    """A finding that leaves an account out of which nothing speaks."""
    make_accounts(1, "silent")
    actions.add_accounts(ready, query={"refs": ["silent_00000"]}, by=people.analyst)
    finding = propose(leave_out="Nothing was seen of it.")
    actions.confirm_finding(finding, by=people.lead)
    return finding


@pytest.fixture
def whole(decide, people, confirmed, case, monkeypatch):
    """A case with a row in every table of the room."""
    party = actions.add_party(case, name="Reef Resale", role="reseller", basis="E1", by=people.analyst)
    actions.invite_party(
        party, channel="post", invited_on=date(2026, 5, 1), respond_by=date(2026, 6, 1), by=people.counsel
    )
    actions.allow_wording(case, words="Proof", reason="The court's own word.", by=people.counsel)
    actions.approve_decision(decide(), by=people.approver)
    actions.add_task(case, title="Ask billing", by=people.analyst)
    actions.rate_exhibit(
        case.exhibits.get(number=2), explanation=case.explanations.get(), rating="I", by=people.analyst
    )
    monkeypatch.setattr("apps.cases.actions.sets.PART", 1)
    members = actions.freeze_members(case, pool="present", query={"everyone": True}, by=people.analyst)
    actions.start_step(members, kind="suspend", why="They harvest.", by=people.analyst)
    sample = actions.draw_sample(members, at_most=0.5, by=people.analyst)
    account = Account.objects.get(pk=sample.account_ids[0])
    actions.mark_sample(sample, account=account, verdict="right", by=people.analyst)
    return case


def test_every_constraint_of_the_room_is_provoked_here():
    named = {c.name for model in apps.get_app_config("cases").get_models() for c in model._meta.constraints}
    assert named - ELSEWHERE == set(REFUSED) - {"decision_rests_on_finding"}


def test_each_refuses_what_it_is_there_for(whole):
    provoked = {name: how for name, how in REFUSED.items() if how[1] != "trigger"}
    assert {name: refusing(*how) for name, how in provoked.items()} == {name: name for name in provoked}


def refusing(table: str, how: str, columns: dict[str, Any]) -> str:
    """The constraint that refuses it. What is refused leaves nothing behind."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        (_copy if how == "copy" else _update)(cursor, f"cases_{table}", columns)
    return refused.value.__cause__.diag.constraint_name


def _update(cursor: Any, table: str, columns: dict[str, Any]) -> None:
    parts = [f"{c} = {v[2:]}" if str(v).startswith("= ") else f"{c} = %s" for c, v in columns.items()]
    values = [v for v in columns.values() if not str(v).startswith("= ")]
    cursor.execute(f"UPDATE {table} SET {', '.join(parts)}", values)


def _copy(cursor: Any, table: str, columns: dict[str, Any]) -> None:
    cursor.execute(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(r, %s ||"
        f" jsonb_build_object('id', gen_random_uuid()))).* FROM {table} r LIMIT 1",
        [json.dumps(columns)],
    )


def test_a_decision_rests_on_a_confirmed_finding_of_its_case(whole):
    """The trigger looks at the finding when the decision is written."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_finding SET state = 'proposed'")
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            _copy(cursor, "cases_decision", {"ref": "D-2026-9999"})
        assert refused.value.__cause__.diag.constraint_name == "decision_rests_on_finding"
        cursor.execute("UPDATE cases_finding SET state = 'confirmed'")


@pytest.mark.parametrize("part", ["findingclause", "findingaccount", "findingexhibit", "findingexplanation"])
def test_a_finding_without_its_ground_does_not_commit(part, whole):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_finding_is_grounded%'")
        grounded = cursor.fetchone()[0]
        cursor.execute(f"SET CONSTRAINTS {grounded} IMMEDIATE")  # it stands until now
        cursor.execute(f"DELETE FROM cases_{part}")
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            cursor.execute("UPDATE cases_finding SET limits = 'None.'")
        assert refused.value.__cause__.diag.constraint_name == "finding_is_grounded"
        transaction.set_rollback(True)  # the deletion has no entry in the trail


def test_a_group_is_in_one_case(people, receive):  # noqa: F811
    from apps.alerts.models import AlertGroup

    receive(alerts(1))
    actions.open_case_from_group(AlertGroup.objects.get(), title="First", reason="Seen", by=people.analyst)
    with pytest.raises(IntegrityError, match="group_id"), transaction.atomic(), connection.cursor() as cursor:
        _copy(cursor, "cases_casegroup", {})
