"""Measures of every weight: who has to agree, what takes the place of what, and what counts in the end."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.audit.action import Forbidden
from apps.cases import actions, queries
from apps.cases.models import Case, Decision
from apps.cases.snapshot import snapshot
from apps.cases.standards.measures import BY_SYSTEMS, MEASURES
from apps.notices import actions as notices
from apps.notices.forms import kinds_for


def test_every_measure_says_what_it_does_and_how_it_is_undone():
    assert list(MEASURES) == Decision.Action.values
    assert all(measure.effect for measure in MEASURES.values())
    assert {name for name, measure in MEASURES.items() if measure.rollback} == set(BY_SYSTEMS)


def test_a_decision_says_where_how_much_and_how_it_is_undone(decide):
    decision = decide(
        action="limit", territory=["fr", "DE", "fr"], requests_per_day=2400, private_notes=" Ask billing "
    )
    assert (decision.where, decision.extent) == ("DE, FR", "All use of the service, to 2,400 requests a day")
    assert decision.rollback == MEASURES["limit"].rollback
    assert decision.private_notes == "Ask billing"
    other = decide(rollback="By opening the account again, by hand.")
    assert (other.where, other.rollback) == ("worldwide", "By opening the account again, by hand.")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"action": "limit"}, "requests_per_day"),
        ({"requests_per_day": 5}, "requests_per_day"),
        ({"territory": ["Germany"]}, "territory"),
        ({"action": "region_block"}, "territory"),
        ({"action": "banish"}, "action"),
    ],
)
def test_what_is_missing_is_named(values, field, decide):
    with pytest.raises(ValidationError) as refused:
        decide(**values)
    assert field in refused.value.message_dict


# --- high impact ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["degrade", "region_block"])
def test_what_weighs_is_held_for_a_third_person(action, decide, people, confirmed):
    decision = decide(action=action, territory=["DE"])
    actions.approve_decision(decision, note="Fine with me.", by=people.approver)
    assert (decision.state, decision.review_note) == ("held", "Fine with me.")
    assert "high impact" in decision.held_for
    assert Case.objects.get().state == "decision"
    [(kind, _)] = kinds_for(decision)
    with pytest.raises(ValidationError, match="approved decision"):
        notices.draft_notice(decision, kind=kind, account=confirmed.accounts.first().account, by=people.counsel)
    for person in (people.analyst, people.approver, people.counsel):
        with pytest.raises(Forbidden):
            actions.release_decision(decision, by=person)
    actions.release_decision(decision, note="So be it.", by=people.lead)
    assert (decision.state, decision.released_by, decision.release_note) == ("approved", people.lead, "So be it.")
    assert Case.objects.get().state == "notice"


def test_many_accounts_are_enough_to_hold_it(decide, people, settings):
    settings.DECISION_HELD_ABOVE = 4
    decision = decide()
    actions.approve_decision(decision, by=people.approver)
    assert (decision.state, decision.held_for) == ("held", "It meets 5 accounts, more than 4.")
    with pytest.raises(ValidationError, match="waits for its review"):
        actions.close_case(decision.case, closure="acted", note="Done.", by=people.lead)
    with pytest.raises(ValidationError, match="Say why"):
        actions.refuse_release(decision, reason=" ", by=people.lead)
    actions.refuse_release(decision, reason="Begin with a limit.", by=people.lead)
    assert (decision.state, decision.release_note) == ("rejected", "Begin with a limit.")
    quiet = decide(action="no_violation")
    actions.approve_decision(quiet, by=people.approver)
    assert quiet.state == "approved"


def test_it_is_released_on_the_page_of_the_case(decide, people, sign_in):
    decision = decide(action="degrade", private_notes="Their counsel has called.")
    url = f"/cases/{decision.case.ref}/decisions/"
    approver, lead = sign_in(people.approver), sign_in(people.lead)
    assert approver.post(f"/decisions/{decision.ref}/approve/").status_code == 302
    assert "Release the decision" not in approver.get(url).content.decode()
    assert approver.post(f"/decisions/{decision.ref}/release/").status_code == 403
    page = lead.get(url).content.decode()
    for words in (
        "Release the decision",
        "Held",
        "has a high impact",
        "Their counsel has called.",
        "as the scope says",
    ):
        assert words in page
    assert decision.ref in lead.get("/").content.decode()
    assert lead.post(f"/decisions/{decision.ref}/refuse/", {"reason": ""}).status_code == 422
    assert lead.post(f"/decisions/{decision.ref}/release/").status_code == 302
    assert "Release the decision" not in lead.get(url).content.decode()
    moments = [moment.text for moment in queries.timeline(decision.case)]
    assert moments[-2:] == ["Decision approved, and held for a third person", "Decision released"]


# --- overriding -------------------------------------------------------------------------------------------------------


@pytest.fixture
def suspended(decide, people):
    decision = decide()
    actions.approve_decision(decision, by=people.approver)
    return decision


def test_a_decision_takes_the_place_of_another(suspended, decide, people, confirmed):
    letter = notices.draft_notice(
        suspended, kind="suspension", account=confirmed.accounts.first().account, by=people.counsel
    )
    later = decide(action="warn", overrides=suspended)
    suspended.refresh_from_db()
    assert suspended.state == "approved", "until the other one holds"
    with pytest.raises(ValidationError, match="proposed to override it already"):
        decide(action="limit", requests_per_day=5, overrides=suspended)
    actions.approve_decision(later, by=people.approver)
    suspended.refresh_from_db()
    assert suspended.state == "overridden"
    with pytest.raises(ValidationError, match="Only what holds is overridden"):
        decide(action="warn", overrides=suspended)
    with pytest.raises(ValidationError, match="The decision is not approved"):
        notices.approve_notice(letter, by=people.approver)
    with pytest.raises(ValidationError, match="approved decision"):
        notices.draft_notice(suspended, kind="suspension", account=letter.account, by=people.counsel)
    final = snapshot(suspended.case)["decisions"]
    assert [decision["action"] for decision in final] == ["Warn"]


def test_postgresql_refuses_a_second_override(suspended, decide, people):
    actions.approve_decision(decide(action="warn", overrides=suspended), by=people.approver)
    other = decide(action="no_violation")
    with pytest.raises(IntegrityError, match="a_decision_is_overridden_once"), transaction.atomic():
        _write("overrides_id = %s", suspended.pk, other)
    with pytest.raises(IntegrityError, match="overridden by one that holds"), transaction.atomic():
        _write("state = %s", "overridden", Decision.objects.get(overrides=suspended))


def _write(column: str, value: object, decision: Decision) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE cases_decision SET {column} WHERE id = %s", [value, decision.pk])


def test_a_rejected_override_leaves_everything_as_it_was(suspended, decide, people):
    actions.reject_decision(decide(action="warn", overrides=suspended), reason="No.", by=people.approver)
    suspended.refresh_from_db()
    assert suspended.state == "approved"
    assert decide(action="warn", overrides=suspended).overrides == suspended


def test_a_decision_of_another_case_is_not_overridden(suspended, decide, people, confirmed):
    other = actions.open_case(title="Another", severity=2, by=people.analyst)
    with (
        pytest.raises(IntegrityError, match="overrides one of its case"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute(
            "INSERT INTO cases_decision SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(),"
            " 'ref', 'D-1', 'state', 'proposed', 'case_id', %s::text, 'overrides_id', r.id))).* FROM cases_decision r",
            [other.pk],
        )


def test_the_last_decision_of_a_chain_says_how_the_case_ends(suspended, decide, people):
    actions.approve_decision(decide(action="invalid_report", overrides=suspended), by=people.approver)
    case = suspended.case
    assert Decision.objects.get(action="invalid_report").expected_wrongful == 0
    with pytest.raises(ValidationError, match="No decision was approved"):
        actions.close_case(case, closure="acted", note="Done.", by=people.lead)
    actions.close_case(case, closure="benign", note="It was a school.", by=people.lead)


def test_it_is_overridden_through_the_page_and_by_a_script(suspended, people, sign_in, confirmed):
    analyst = sign_in(people.analyst)
    form = {
        "action": "limit",
        "scope": "All use",
        "territory": "de, FR",
        "requests_per_day": "100",
        "starts_on": "2026-05-20",
        "reasoning": "Enough.",
        "acknowledged": f"{suspended.expected_wrongful:.2g}",
        "overrides": str(suspended.pk),
    }
    url = f"/findings/{confirmed.ref}/decide/"
    assert "It takes the place of" in analyst.get(url).content.decode()
    answer = analyst.post(url, form)
    assert answer.status_code == 302, answer.content.decode()
    later = Decision.objects.get(overrides=suspended)
    assert (later.territory, later.requests_per_day) == (["DE", "FR"], 100)
    page = sign_in(people.approver).get(f"/cases/{suspended.case.ref}/decisions/").content.decode()
    assert "To be overridden by" in page
    assert "In place of" in page
    sent = {"note": ""}
    approver = sign_in(people.approver)
    assert approver.post(f"/api/v1/decisions/{later.ref}/approval", sent, "application/json").status_code == 201
    assert "Overridden by" in approver.get(f"/cases/{suspended.case.ref}/decisions/").content.decode()


def test_a_script_releases_what_was_held(decide, people, sign_in):
    decision = decide(action="degrade")
    actions.approve_decision(decision, by=people.approver)
    lead = sign_in(people.lead)
    answer = lead.post(f"/api/v1/decisions/{decision.ref}/release", {"note": ""}, "application/json")
    assert (answer.status_code, answer.json()["state"]) == (201, "approved")
    refused = lead.post(f"/api/v1/decisions/{decision.ref}/refusal", {"reason": "No"}, "application/json")
    assert refused.status_code == 403
