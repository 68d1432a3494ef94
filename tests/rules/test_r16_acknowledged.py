"""R16: expected wrongful actions are shown and acknowledged."""

import pytest
from django.core.exceptions import ValidationError

from apps.cases import actions, queries
from apps.cases.findings.wrongful import few
from tests.rules.conftest import told

MEASURE = {"action": "suspend", "scope": "All use", "starts_on": "2026-05-12", "reasoning": "Nothing milder ends it."}


@pytest.mark.parametrize("written", [None, "", "0", "none"])
def test_a_bulk_measure_is_refused_until_the_number_is_written_down(
    written, confirmed, decide, people, sign_in, script
):
    number = few(queries.wrongful_of(confirmed).value)
    with pytest.raises(ValidationError) as by_action:
        decide(acknowledged=written)
    page = sign_in(people.analyst).post(f"/findings/{confirmed.ref}/decide/", MEASURE | {"acknowledged": written or ""})
    sent = {} if not written or not written.isdigit() else {"acknowledged": float(written)}
    answer = script(people.analyst)(f"findings/{confirmed.ref}/decisions", **MEASURE | sent)
    assert (page.status_code, answer.status_code) == (422, 422)
    for said in (told(by_action), told(page), told(answer)):
        assert "how many of the 5 accounts are expected to be hit wrongly" in said
        assert f"write down {number}. (R16)" in said
    assert not confirmed.decisions.exists()


def test_it_is_shown_written_down_and_kept(confirmed, people, sign_in):
    expected = queries.wrongful_of(confirmed)
    client = sign_in(people.analyst)
    page = told(client.get(f"/findings/{confirmed.ref}/decide/"))
    assert f"{few(expected.value)} of them are expected to be hit wrongly" in page
    form = MEASURE | {"acknowledged": few(expected.value)}
    assert client.post(f"/findings/{confirmed.ref}/decide/", form).status_code == 302
    decision = confirmed.decisions.get()
    assert decision.acknowledged_wrongful == decision.expected_wrongful == expected.value
    page = told(sign_in(people.approver).get(f"/cases/{confirmed.case.ref}/decisions/"))
    assert "Acknowledged by Ada Analyst" in page


def test_of_a_single_account_there_is_no_bulk(ready, propose, people):
    one = ready.members.first().account_id
    finding = propose(accounts=[one])
    actions.confirm_finding(finding, by=people.lead)
    measure = {"action": "warn", "scope": "All use", "starts_on": finding.conduct_to, "reasoning": "Once."}
    assert actions.propose_decision(finding, **measure, by=people.analyst).acknowledged_wrongful is None
