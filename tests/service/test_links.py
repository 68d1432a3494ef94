"""One-time links: a person's button opens the letter once; programs that follow links open nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.appeals.recipients import Recipient
from apps.appeals.views.letters import COOKIE
from apps.audit import ledger
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.service import actions, sending
from tests.service.conftest import due

pytestmark = pytest.mark.django_db

LETTER = reverse("appeals:letter")


@pytest.fixture
def link(sent: Any, server: Any) -> str:
    return link_in(server.taken[0])


def link_in(message: Any) -> str:
    found = re.search(r"https://[^/]+(/\S+)", message.get_body().get_content())
    assert found
    return found[1]


def state(attempt: Any) -> str:
    attempt.refresh_from_db()
    return attempt.state


def test_following_the_link_opens_nothing_yet(link, sent, issued):
    for _ in range(3):  # scanners of mails
        page = Client().get(link)
        assert page.status_code == 200
        assert not page.cookies.get(COOKIE)
        assert issued.account.ref not in page.text
    assert state(sent) == "sent"


def test_the_button_opens_the_letter_and_acknowledges_it(link, sent, issued):
    holder = Client()
    assert holder.post(link).url == LETTER
    assert issued.account.ref in holder.get(LETTER).text
    assert state(sent) == "acknowledged"
    assert sent.link_used_at
    [event] = Event.objects.filter(action="service.open_by_link")
    assert event.actor == f"recipient:{issued.ref}"


def test_it_opens_once(link, sent):
    Client().post(link)
    again = Client().post(link)
    assert again.status_code == 410
    assert "used already" in again.text
    assert reverse("appeals:letters") in again.text
    assert not again.cookies.get(COOKIE)


def test_two_who_press_at_the_same_moment_do_not_both_get_in(link, sent, issued):
    actions.open_by_link(sent, by=Recipient(issued))
    with pytest.raises(Forbidden):
        actions.open_by_link(sent, by=Recipient(issued))


def test_it_opens_after_another_acknowledgement_too(link, sent, people):
    actions.acknowledge(sent, note="They phoned.", by=people.counsel)
    ended_at = sent.ended_at
    assert Client().post(link).url == LETTER
    sent.refresh_from_db()
    assert sent.ended_at == ended_at


def test_an_old_link_says_so(link, sent):
    with ledger.act("service.note_sent", System("worker")):
        ledger.change(sent, link_until=timezone.now() - timedelta(seconds=1))
    page = Client().post(link)
    assert page.status_code == 410
    assert "too old" in page.text
    assert state(sent) == "sent"


@pytest.mark.parametrize("secret", ["x", "a" * 43, "%00", "..%2f"])
def test_a_link_of_nobody_says_no_more(issued, secret):
    page = Client().get(f"/letters/open/{secret}/")
    assert page.status_code in (400, 404, 410)
    assert issued.ref not in page.text


def test_the_link_of_a_try_that_failed_opens_nothing(emailed, server):
    server.to_data = ["drop", "250 OK"]
    server.to_rcpt = ["451 Later"]
    first, secret = sending._claim()
    with sending.Courier() as courier:
        sending._send(courier, first, secret)
    due(first)
    sending._claim()
    assert Client().get(reverse("appeals:by_link", args=[secret])).status_code == 410


def test_guessing_is_slowed_down(issued, settings):
    settings.ACCOUNT_RATE_LIMITS = {"open_letter": "2/m/ip"}
    codes = [Client().post(f"/letters/open/{n}/").status_code for n in range(3)]
    assert codes == [410, 410, 429]


def test_number_and_code_acknowledge_the_only_attempt(sent, issued):
    Client().post(reverse("appeals:letters"), {"number": issued.ref, "code": issued.appeal_code})
    assert state(sent) == "acknowledged"
    assert Event.objects.filter(action="service.open_by_code").count() == 1


def test_number_and_code_of_a_letter_sent_twice_tell_no_attempt_from_another(sent, issued, people):
    actions.record_attempt(issued, method="courier", address="1 Quay", sent_at=timezone.now(), by=people.counsel)
    Client().post(reverse("appeals:letters"), {"number": issued.ref, "code": issued.appeal_code})
    assert state(sent) == "sent"
