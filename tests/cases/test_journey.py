"""A case from its opening to its end, through the actions alone."""

import pytest
from django.db import connection

from apps.audit.models import Event
from apps.cases import actions, queries
from apps.cases.models import Case


def state(case: Case) -> str:
    return Case.objects.get(pk=case.pk).state


def test_from_opening_to_closure(ready, propose, people, decide_on):
    assert state(ready) == "investigation"
    finding = propose()
    assert state(ready) == "finding"
    assert finding.ref.startswith("F-")
    assert finding.accounts.count() == finding.account_count == 5
    assert set(finding.accounts.values_list("queries", flat=True)) == {7000}
    actions.confirm_finding(finding, by=people.lead)
    assert state(ready) == "decision"
    decision = decide_on(finding)
    assert decision.account_count == 5
    assert 0 < decision.expected_wrongful < 5
    actions.approve_decision(decision, by=people.approver)
    assert state(ready) == "notice"
    ready.refresh_from_db()
    actions.close_case(ready, closure="acted", note="The accounts are suspended.", by=people.lead)
    assert state(ready) == "closed"
    actions.reopen_case(ready, reason="They came back.", by=people.lead)
    assert state(ready) == "investigation"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    numbers = list(Event.objects.filter(case_id=ready.pk).order_by("case_seq").values_list("case_seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.fixture
def decide_on(people):
    from datetime import date

    def go(finding):
        return actions.propose_decision(
            finding,
            action="suspend",
            scope="All use of the service",
            starts_on=date(2026, 5, 12),
            reasoning="Nothing milder ends it.",
            acknowledged=queries.wrongful_of(finding).value,
            by=people.counsel,
        )

    return go
