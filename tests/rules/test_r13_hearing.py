"""R13: invitation to respond before public naming, or a signed reason why not."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.cases import actions
from apps.disclosures import actions as disclosures
from tests.rules.conftest import told

REPORT = {"audience": "public", "recipient": "Everybody", "legal_basis": "Public interest", "title": "What happened"}


@pytest.fixture
def party(confirmed, people):
    return actions.add_party(
        confirmed.case, name="Reef Resale", role="operator", basis="Its card paid.", by=people.analyst
    )


def invite(party, people):
    today = timezone.now().date()
    return actions.invite_party(
        party, channel="post", invited_on=today, respond_by=today + timedelta(days=14), by=people.counsel
    )


def test_nobody_is_named_in_public_unheard(party, people, sign_in, script):
    case = party.case
    with pytest.raises(ValidationError) as by_action:
        disclosures.compile_report(case, **REPORT, by=people.counsel)
    page = sign_in(people.counsel).post(f"/cases/{case.ref}/reports/compile/", REPORT)
    assert page.status_code == 422
    for said in (told(by_action), told(page)):
        assert "Operator of the accounts Reef Resale is not named in public yet: it was not invited" in said
        assert "or have counsel sign why it is not asked. (R13)" in said
    # Reports are compiled on the page alone: the API has no such address.
    assert script(people.counsel)(f"cases/{case.ref}/reports", **REPORT).status_code == 404
    assert not case.reports.exists()
    regulator = disclosures.compile_report(case, **REPORT | {"audience": "regulator"}, by=people.counsel)
    assert regulator.state == "draft"  # an authority is not the public


def test_its_time_to_answer_is_kept_and_silence_admits_nothing(party, people, sign_in, script):
    case, today = party.case, timezone.now().date()
    late = {"channel": "post", "invited_on": today.isoformat(), "respond_by": today.isoformat()}
    answer = script(people.counsel)(f"parties/{party.pk}/invitation", **late)
    form = sign_in(people.counsel).post(f"/parties/{party.pk}/invite/", late)
    for refused in (answer, form):
        assert refused.status_code == 422
        assert "Leave the party time: the deadline lies after the invitation. (R13)" in told(refused)
    invitation = invite(party, people)
    with pytest.raises(ValidationError, match="it may respond until"):
        disclosures.compile_report(case, **REPORT, by=people.counsel)
    with pytest.raises(ValidationError, match=r"The party may still answer.*\(R13\)"):
        actions.record_silence(invitation, by=people.counsel)
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=False):
        sign_in(people.counsel).post(f"/invitations/{invitation.pk}/silence/")
        page = told(sign_in(people.analyst).get(f"/cases/{case.ref}/"))
        assert "No response; silence is not an admission" in page
        assert disclosures.compile_report(case, **REPORT, by=people.counsel).state == "draft"


def test_a_response_is_kept_as_it_came(party, people, sign_in):
    invitation = invite(party, people)
    said = {"responded_on": "2026-05-20", "response": "We resell to 400 customers, and name them on request."}
    assert sign_in(people.counsel).post(f"/invitations/{invitation.pk}/response/", said).status_code == 302
    invitation.refresh_from_db()
    assert (invitation.state, invitation.responded_on) == ("responded", date(2026, 5, 20))
    assert "We resell to 400 customers" in told(sign_in(people.analyst).get(f"/cases/{party.case.ref}/"))
    assert disclosures.compile_report(party.case, **REPORT, by=people.counsel).state == "draft"


def test_counsel_signs_why_a_party_is_not_asked(party, people, sign_in):
    assert sign_in(people.analyst).get(f"/parties/{party.pk}/no-invitation/").status_code == 403
    with pytest.raises(ValidationError, match=r"Say why the party is not invited.*\(R13\)"):
        actions.waive_invitation(party, reason=" ", by=people.counsel)
    sign_in(people.counsel).post(f"/parties/{party.pk}/no-invitation/", {"reason": "It would destroy the logs."})
    assert "It would destroy the logs." in told(sign_in(people.analyst).get(f"/cases/{party.case.ref}/"))
    assert disclosures.compile_report(party.case, **REPORT, by=people.counsel).state == "draft"


def test_a_victim_is_accused_of_nothing(confirmed, people):
    actions.add_party(confirmed.case, name="A person", role="identity_victim", basis="A report.", by=people.analyst)
    assert disclosures.compile_report(confirmed.case, **REPORT, by=people.counsel).state == "draft"
