"""R5: no termination on cluster membership or network/IP evidence alone."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from apps.cases import actions, queries
from tests.alerts.conftest import alert, alerts, detector, receive, register  # noqa: F401 - fixtures
from tests.rules.conftest import database_refuses, told

MEASURE = {
    "action": "terminate",
    "scope": "All use",
    "starts_on": date(2026, 5, 12),
    "reasoning": "Nothing milder ends it.",
}


def test_nobody_is_terminated_for_standing_near_others(confirmed, decide, people, sign_in, script):
    number = str(queries.wrongful_of(confirmed).value)
    with pytest.raises(ValidationError) as by_action:
        decide(action="terminate")
    page = sign_in(people.analyst).post(f"/findings/{confirmed.ref}/decide/", MEASURE | {"acknowledged": number})
    answer = script(people.analyst)(
        f"findings/{confirmed.ref}/decisions", **MEASURE | {"acknowledged": float(number), "starts_on": "2026-05-12"}
    )
    assert (page.status_code, answer.status_code) == (422, 422)
    for said in (told(by_action), told(page), told(answer)):
        assert "5 accounts (acct_00000, acct_00001" in said
        assert "would be terminated for standing in a cluster or behind a network alone" in said
        assert "choose a measure that can be undone. (R5)" in said
    assert not confirmed.decisions.exists()
    assert decide(action="suspend").state == "proposed"


@pytest.mark.parametrize(("kind", "stands"), [("linkage", False), ("region", False), ("canary", True)])
def test_what_an_alert_says_of_the_account_itself_counts(ready, propose, people, receive, kind, stands):  # noqa: F811
    accounts = [member.account.ref for member in ready.members.select_related("account")]
    receive([alert(kind=kind, subject={"type": "account", "accounts": accounts})])
    from apps.alerts.models import AlertGroup

    actions.add_group(ready, group=AlertGroup.objects.get(), reason="Seen.", by=people.analyst)
    finding = propose()
    assert set(finding.accounts.values_list("stands_alone", flat=True)) == {stands}
    assert all(row.evidence["alerts"] == {kind: 1} for row in finding.accounts.all())


def test_the_database_refuses_it_too(decide, people):
    decision = decide(action="suspend")
    database_refuses(
        "no_termination_on_membership_alone",
        "UPDATE cases_decision SET action = 'terminate' WHERE id = %s",
        [decision.pk],
    )
