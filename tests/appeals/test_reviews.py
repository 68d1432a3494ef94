"""Our side over HTTP: what waits, and what a reviewer sees and does."""

import pytest
from django.urls import reverse

from apps.alerts.models import Alert, AlertGroup
from apps.appeals import actions, queries
from apps.appeals.models import Appeal
from apps.appeals.recipients import Recipient
from apps.cases import actions as cases
from tests.alerts.conftest import alert
from tests.appeals.conftest import WORDS
from tests.architecture.world import World
from tests.audit.tampering import sql


@pytest.fixture
def page(appeal):
    return reverse("appeals:appeal", args=[appeal.ref])


def test_what_waits_is_listed_until_it_is_decided(appeal, people, sign_in):
    client = sign_in(people.reviewer)
    assert appeal.ref in client.get(reverse("appeals:list")).text
    actions.take_appeal(appeal, by=people.reviewer)
    actions.uphold_decision(appeal, reasons="Because.", by=people.reviewer)
    assert "No appeal is open" in client.get(reverse("appeals:list")).text
    for query in ({"state": "upheld"}, {"q": appeal.ref}, {"q": appeal.notice.account.ref}, {"q": appeal.notice.ref}):
        assert appeal.ref in client.get(reverse("appeals:list"), query).text, query
    assert "Nothing matches" in client.get(reverse("appeals:list"), {"q": "AP-1999-0001"}).text


def test_an_overdue_answer_is_said(appeal, page, people, sign_in):
    sql("UPDATE appeals_appeal SET answer_by = '2026-01-01'")
    client = sign_in(people.reviewer)
    assert "overdue" in client.get(reverse("appeals:list")).text
    assert "promised an answer by 1 January 2026" in client.get(page).text


def test_it_waits_on_the_reviewers_home_and_on_nobody_elses(appeal, people, sign_in):
    assert appeal.ref in sign_in(people.reviewer).get("/").text
    for person in (people.analyst, people.counsel, people.approver):
        assert appeal.ref not in sign_in(person).get("/").text
    people.counsel.roles = ["appeal_reviewer"]
    assert list(queries.to_answer(people.counsel)) == []  # counsel wrote the letter
    actions.take_appeal(appeal, by=people.reviewer)
    assert list(queries.to_answer(people.reviewer)) == [appeal]
    actions.uphold_decision(appeal, reasons="Because.", by=people.reviewer)
    assert list(queries.to_answer(people.reviewer)) == []


def test_what_is_overdue_is_late_for_everybody_who_sees_it(appeal, people, sign_in):
    sql("UPDATE appeals_appeal SET answer_by = '2026-01-01'")
    assert appeal.ref in sign_in(people.lead).get("/").text


def test_the_whole_basis_is_there(appeal, page, people, sign_in):
    text = sign_in(people.reviewer).get(page).text
    finding = appeal.notice.decision.finding
    for part in ("dissertation", finding.ref, finding.limits, appeal.notice.ref, "You took no part"):
        assert part in text
    for row in finding.exhibits.all():
        assert row.exhibit.item.ref in text or row.exhibit.shows in text


def test_who_took_part_is_told_so_and_may_not(appeal, page, people, sign_in):
    client = sign_in(people.counsel)
    assert "You took part in what is appealed" in client.get(page).text
    assert client.post(reverse("appeals:take_appeal", args=[appeal.ref])).status_code == 403


def test_from_taking_to_the_answer(appeal, page, people, sign_in):
    client = sign_in(people.reviewer)

    def post(name: str, **data: str) -> int:
        return client.post(reverse(f"appeals:{name}", args=[appeal.ref]), data).status_code

    assert post("take_appeal") == 302
    assert post("ask_recipient", words="") == 422
    assert post("ask_recipient", words="Which colleague?") == 302
    assert post("put_back", reason="") == 422
    assert post("reverse_decision", reasons="") == 422
    assert "Which colleague?" in client.get(page).text
    assert post("reverse_decision", reasons="You are right.") == 302
    appeal.refresh_from_db()
    assert appeal.state == "reversed"
    answer = queries.answer_to(appeal)
    assert reverse("notices:notice", args=[answer.pk]) in client.get(page).text
    assert f"Appeal {appeal.ref}" in sign_in(people.counsel).get(reverse("notices:notice", args=[answer.pk])).text
    assert post("uphold_decision", reasons="No.") == 403


def test_a_refused_decision_keeps_what_was_written(in_review, page, people, sign_in):
    address = reverse("appeals:uphold_decision", args=[in_review.ref])
    answer = sign_in(people.reviewer).post(address, {"reasons": "They stole the weights."})
    assert answer.status_code == 422
    assert "They stole the weights." in answer.text
    assert Appeal.objects.get().state == "in_review"


def test_what_they_wrote_is_text(issued, recipient, people, sign_in):
    appeal = actions.file_appeal(issued, words="<img src=x onerror=alert(1)>", by=recipient)
    text = sign_in(people.reviewer).get(reverse("appeals:appeal", args=[appeal.ref])).text
    assert "&lt;img src=x" in text
    assert "<img src=x" not in text


# --- what they say of detectors (R17) --------------------------------------------------------------------------------


def test_letters_to_accounts_of_no_alert_say_nothing_of_a_detector(appeal):
    assert not Alert.objects.exists()
    assert list(queries.records()) == []


def test_a_reversal_counts_against_the_detectors_that_had_pointed_there(db, quick_paper):
    world = World()
    assert world.account
    world.receive(alert(source_ref="volume/1", subject={"type": "account", "accounts": [world.account.ref]}))
    case = world.case("investigation")
    cases.add_group(case, group=AlertGroup.objects.get(), reason="Seen", by=world.people.analyst)
    letter = world.issued(world.draft(world.approved(case)))
    [row] = queries.records()
    assert (row.name, row.letters, row.appealed, row.share) == ("Tide gauge", 1, 0, None)
    appeal = actions.file_appeal(letter, words=WORDS, by=Recipient(letter))
    actions.take_appeal(appeal, by=world.people.reviewer)
    actions.reverse_decision(appeal, reasons="You are right.", by=world.people.reviewer)
    [row] = queries.records()
    assert (row.letters, row.appealed, row.upheld, row.reversed, row.percent) == (1, 1, 0, 1, "100%")
    assert row.median is not None
    assert row.median.days == 0


def test_of_a_chain_of_decisions_the_last_letter_counts(db, quick_paper):
    world = World()
    assert world.account
    world.receive(alert(source_ref="volume/1", subject={"type": "account", "accounts": [world.account.ref]}))
    case = world.case("investigation")
    cases.add_group(case, group=AlertGroup.objects.get(), reason="Seen", by=world.people.analyst)
    first = world.approved(case)
    world.issued(world.draft(first))
    later = world.decide(first.finding, overrides=first)
    cases.approve_decision(later, by=world.people.approver)
    [row] = queries.records()
    assert row.letters == 1, "of the first, until there is one of the second"
    letter = world.issued(world.draft(later))
    [row] = queries.records()
    assert row.letters == 1
    appeal = actions.file_appeal(letter, words=WORDS, by=Recipient(letter))
    actions.take_appeal(appeal, by=world.people.reviewer)
    actions.reverse_decision(appeal, reasons="You are right.", by=world.people.reviewer)
    [row] = queries.records()
    assert (row.letters, row.appealed, row.reversed) == (1, 1, 1)
