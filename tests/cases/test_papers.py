"""Parties: what is said of them is printed in demands, so it is held to the rules of wording, and can be corrected."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.cases import actions
from tests.cases.conftest import add_exhibit, case, collect  # noqa: F401 - fixtures

SAID = {
    "name": "Quarry Lane Models Ltd",
    "role": "operator",
    "basis": "The accounts were paid with its card.",
    "address": "12 Quarry Lane\nLeeds",
}


@pytest.fixture
def party(case: Any, people: Any) -> Any:  # noqa: F811
    return actions.add_party(case, **SAID, by=people.analyst)


def test_what_a_party_rests_on_claims_no_more_than_the_evidence(case, people, add_exhibit):  # noqa: F811
    claims = SAID | {"basis": "It trained its own model on our output."}
    with pytest.raises(ValidationError) as refused:
        actions.add_party(case, **claims, by=people.analyst)
    assert "another finding" in refused.value.message_dict["basis"][0]
    assert not case.parties.exists()
    add_exhibit(case, element="training")
    actions.add_party(case, **claims, by=people.analyst)
    with pytest.raises(ValidationError, match="collected output automatically"):
        actions.add_party(case, **SAID | {"basis": "It stole our output."}, by=people.analyst)


def test_a_party_is_corrected_with_its_reason_in_the_trail(party, people):
    better = {"role": "beneficiary", "basis": "The model with our traces is published under this name."}
    actions.correct_party(party, **SAID | better, by=people.counsel)
    party.refresh_from_db()
    assert (party.role, party.basis, party.name) == (better["role"], better["basis"], SAID["name"])
    assert Event.objects.order_by("-pk").filter(case_id=party.case_id).first().action == "cases.correct_party"
    with pytest.raises(ValidationError, match="Nothing was changed"):
        actions.correct_party(party, **SAID | better, by=people.counsel)
    with pytest.raises(ValidationError, match="Say what this rests on"):
        actions.correct_party(party, **SAID | {"basis": " "}, by=people.counsel)
    with pytest.raises(ValidationError, match="collected output automatically"):
        actions.correct_party(party, **SAID | {"basis": "It stole our output."}, by=people.counsel)
    with pytest.raises(Forbidden):
        actions.correct_party(party, **SAID, by=people.approver)


def test_a_party_is_corrected_on_a_form_that_shows_what_is_said_now(party, people, sign_in):
    client = sign_in(people.counsel)
    address = reverse("cases:correct_party", args=[party.pk])
    assert address in client.get(reverse("cases:case", args=[party.case.ref])).content.decode()
    assert SAID["basis"] in client.get(address).content.decode()
    refused = client.post(address, SAID | {"basis": "It stole our output."})
    assert refused.status_code == 422
    assert "collected output automatically" in refused.content.decode()
    assert client.post(address, SAID | {"role": "reseller"}).status_code == 302
    party.refresh_from_db()
    assert party.role == "reseller"
    assert (
        "corrected a party, now reseller" in client.get(reverse("cases:trail", args=[party.case.ref])).content.decode()
    )
