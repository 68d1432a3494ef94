"""Who acts for whom, and letters that go through them."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.cases import actions as cases
from apps.counsel import actions, queries
from apps.counsel.models import Counsel
from apps.notices import actions as notices
from apps.notices.checks import checks

GRAY = {
    "role": "lead",
    "name": "Ruth Gray",
    "firm": "Gray & Fell LLP",
    "admitted": "Vienna bar, R 10442",
    "reference": "2026/771-GF",
    "email": "gray@grayfell.example",
    "address": "3 Inner Court\n1010 Vienna",
    "acts_from": date(2026, 3, 1),
}


@pytest.fixture
def gray(party, people):
    return actions.record_counsel(party.case, party=party, **GRAY, by=people.counsel)


def lines(notice):
    return [line for line in checks(notice) if "counsel" in line["text"]]


def test_who_acts_is_entered_corrected_and_ended_on_the_page_of_the_case(party, people, sign_in):
    client, case = sign_in(people.counsel), party.case
    sent = GRAY | {"party": party.pk, "acts_from": "2026-03-01"}
    assert client.post(f"/cases/{case.ref}/counsel/record/", sent).status_code == 302
    ours = {"role": "in_house", "name": "Cora Counsel", "acts_from": "2026-01-05"}
    assert client.post(f"/cases/{case.ref}/counsel/record/", ours).status_code == 302
    gray = Counsel.objects.get(party=party)
    assert client.post(f"/counsel/{gray.pk}/correct/", sent | {"role": "local"}).status_code == 302
    page = sign_in(people.analyst).get(f"/cases/{case.ref}/counsel/")
    assert [(side.party, [str(one) for one in side.counsel]) for side in page.context["sides"]] == [
        (None, ["Cora Counsel"]),
        (party, ["Ruth Gray, Gray & Fell LLP"]),
    ]
    assert "Local counsel" in page.content.decode()
    assert client.post(f"/counsel/{gray.pk}/end/", {"acts_until": "2026-02-01"}).status_code == 422
    assert client.post(f"/counsel/{gray.pk}/end/", {"acts_until": "2026-06-01"}).status_code == 302
    assert queries.acting_for(party, date(2026, 5, 31)) == [gray]
    assert queries.acting_for(party, date(2026, 6, 1)) == []


def test_counsel_is_somebody_and_acts_for_a_party_of_the_case(party, people):
    with pytest.raises(ValidationError, match="Name the lawyer, the firm, or both"):
        actions.record_counsel(party.case, role="lead", acts_from=date(2026, 3, 1), by=people.counsel)
    other = cases.open_case(title="Another", severity=3, by=people.analyst)
    with pytest.raises(ValidationError, match="party of another case"):
        actions.record_counsel(other, party=party, **GRAY, by=people.counsel)


def test_a_letter_to_a_party_with_counsel_goes_through_them(gray, demand):
    assert demand.recipient.splitlines() == [
        "Quarry Lane Models Ltd",
        "c/o Ruth Gray",
        "Gray & Fell LLP",
        "3 Inner Court",
        "1010 Vienna",
    ]
    assert [(line["state"], line["text"]) for line in lines(demand)] == [("ok", "It goes to the party through counsel")]


def test_one_that_goes_past_them_is_warned_of(demand, party, people):
    assert lines(demand) == []
    gray = actions.record_counsel(party.case, party=party, **GRAY, by=people.counsel)
    (line,) = lines(demand)
    assert line["state"] == "warn"
    assert line["text"].startswith("Ruth Gray, Gray & Fell LLP acts for Quarry Lane Models Ltd")
    notices.redraft_notice(demand, recipient="", by=people.counsel)
    demand.refresh_from_db()
    assert lines(demand)[0]["state"] == "ok"
    actions.end_engagement(gray, acts_until=timezone.now().date(), by=people.counsel)
    notices.redraft_notice(demand, recipient="", by=people.counsel)
    demand.refresh_from_db()
    assert demand.recipient.splitlines()[:2] == ["Quarry Lane Models Ltd", "12 Quarry Lane"]
    assert lines(demand) == []


def test_who_stops_tomorrow_still_acts_today(gray, demand, people):
    actions.end_engagement(gray, acts_until=timezone.now().date() + timedelta(days=1), by=people.counsel)
    assert lines(demand)[0]["state"] == "ok"


def test_whoever_drafts_is_told(gray, decide, people, sign_in):
    decision = decide(action="cease_and_desist", ends_on=None)
    page = sign_in(people.counsel).get(f"/notices/draft/{decision.ref}/").content.decode()
    assert "Has counsel" in page
    assert "c/o Ruth Gray" in page
    assert "2026/771-GF" in page


def test_whoever_invites_it_to_answer_is_told_and_invites_it_through_them(gray, party, people, sign_in):
    url = f"/parties/{party.pk}/invite/"
    lead = sign_in(people.lead)
    page = lead.get(url)
    for part in ("Has counsel", "c/o Ruth Gray", "their file 2026/771-GF", "gray@grayfell.example"):
        assert part in page.content.decode()
    assert page.context["form"].initial["channel"] == "counsel"
    actions.end_engagement(gray, acts_until=timezone.now().date(), by=people.counsel)
    page = lead.get(url)
    assert "Has counsel" not in page.content.decode()
    assert "channel" not in page.context["form"].initial


def test_what_names_them_can_be_erased(gray):
    from apps.records.subjects import SUBJECTS

    (part,) = SUBJECTS["counsel"].parts
    row = part.rows(gray).get()
    assert set(part.instead(row, gray)) == Counsel.PRIVATE
