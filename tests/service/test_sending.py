"""Letters by e-mail, over real sockets: each at most once, whatever the server does."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.core import vault
from apps.service import actions, sending
from apps.service.models import Attempt
from tests.service.conftest import ADDRESS, due

pytestmark = pytest.mark.django_db


def state(attempt: Any) -> str:
    attempt.refresh_from_db()
    return attempt.state


def test_a_letter_leaves_as_it_was_issued(sent, issued, server):
    [message] = server.taken
    assert message["To"] == ADDRESS
    assert message["Message-ID"] == sent.message_id
    assert message["Subject"] == f"Letter {issued.ref} from Northlight AI"
    [attachment] = message.iter_attachments()
    assert attachment.get_content() == vault.read(issued.pdf_sha256)
    body = message.get_body().get_content()
    assert issued.ref in body
    assert reverse("appeals:by_link", args=["x"])[:-2] in body
    assert issued.appeal_code not in body


def test_reports_are_asked_for_and_name_the_attempt(sent, server):
    assert server.senders == [f"returns+{sent.pk.hex}@northlight.example"]
    assert server.options == [
        f"ENVID={sent.pk.hex}",
        "RET=HDRS",
        "NOTIFY=SUCCESS,FAILURE,DELAY",
        "ORCPT=rfc822;holder@example.org",
    ]


def test_it_is_on_record_before_the_server_hears_of_it(emailed, server):
    seen = []
    server.before_answer = lambda: seen.append("asked")
    attempt, _ = sending._claim()
    assert state(attempt) == "sending"
    assert attempt.secret_sha256
    assert not seen


def test_every_step_is_an_event_of_the_case(sent, issued):
    verbs = list(
        Event.objects.filter(case_id=issued.case_id, action__startswith="service.").values_list("action", flat=True)
    )
    assert verbs == ["service.email_letter", "service.begin_sending", "service.note_sent"]


def test_the_address_is_sealed(sent):
    assert sent.address == ADDRESS
    assert ADDRESS not in sent.sealed_address
    for event in Event.objects.filter(action__startswith="service."):
        assert ADDRESS.encode() not in bytes(event.body)


def test_nothing_is_sent_twice(sent, server):
    assert sending.send_due() == 0
    assert len(server.taken) == 1


def test_a_refusal_for_now_is_tried_again_with_a_new_link(emailed, server):
    server.to_rcpt = ["451 4.7.1 Greylisted"]
    sending.send_due()
    assert state(emailed) == "prepared"
    assert emailed.note == "451 4.7.1 Greylisted"
    first = emailed.secret_sha256
    assert sending.send_due() == 0  # not before its time
    due(emailed)
    sending.send_due()
    assert state(emailed) == "sent"
    assert emailed.tries == 2
    assert emailed.secret_sha256 != first
    [message] = server.taken
    assert message["Message-ID"] == emailed.message_id


@pytest.mark.parametrize("where", ["to_rcpt", "to_data"])
def test_a_refusal_for_good_comes_back_at_once(emailed, server, where):
    setattr(server, where, [f"550 5.1.1 <{ADDRESS}> nobody here"])
    sending.send_due()
    assert state(emailed) == "bounced"
    assert emailed.status == "5.1.1"
    assert ADDRESS not in emailed.note
    assert not server.taken


def test_data_that_is_refused_for_now_is_tried_again(emailed, server):
    server.to_data = ["452 4.3.1 No room"]
    sending.send_due()
    assert state(emailed) == "prepared"


def test_a_connection_lost_after_the_data_is_never_tried_again(emailed, server):
    server.to_data = ["drop"]
    sending.send_due()
    assert state(emailed) == "unknown"
    assert sending.send_due() == 0
    assert len(server.taken) == 1


def test_a_server_that_is_not_there_costs_time_only(emailed, settings, server):
    settings.EMAIL_PORT = 9
    sending.send_due()
    assert state(emailed) == "prepared"
    assert "Nothing listens" in emailed.note


def test_nothing_goes_out_in_clear_where_tls_is_asked_for(emailed, settings, server):
    settings.EMAIL_TLS = "starttls"
    sending.send_due()
    assert state(emailed) == "prepared"
    assert "STARTTLS" in emailed.note
    assert not server.taken


def test_it_is_given_up_after_many_tries(emailed, server, monkeypatch):
    monkeypatch.setattr(sending, "MOST_TRIES", 2)
    server.to_rcpt = ["451 Later", "451 Later"]
    sending.send_due()
    due(emailed)
    sending.send_due()
    assert state(emailed) == "failed"


def test_a_letter_whose_sender_died_waits_for_a_person(emailed, server, people):
    attempt, _ = sending._claim()
    due(attempt)  # its lease is over
    assert sending.send_due() == 0
    assert state(attempt) == "unknown"
    assert not server.taken
    actions.give_up(attempt, reason="The server's log does not have it.", by=people.counsel)
    again = actions.email_letter(attempt.notice, address=ADDRESS, by=people.counsel)
    assert again.number == 2
    assert again.message_id != attempt.message_id


def test_the_answer_of_a_server_counts_after_the_lease_too(emailed, server):
    attempt, secret = sending._claim()
    due(attempt)
    sending._lose_track_of_the_dead()
    with sending.Courier() as courier:
        sending._send(courier, attempt, secret)
    assert state(attempt) == "sent"


def test_a_refusal_of_one_letter_holds_up_no_other(issued, people, server):
    for n in range(3):
        actions.email_letter(issued, address=f"holder{n}@example.org", by=people.counsel)
    server.to_rcpt = ["250 OK", "550 5.1.1 no", "250 OK"]
    assert sending.send_due() == 3
    assert sorted(Attempt.objects.values_list("state", flat=True)) == ["bounced", "sent", "sent"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "holder",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\nX: y",
        '"a b"@example.org',
        "a@example.org>\u0000",
        "<a@example.org>",
        f"{'a' * 250}@example.org",
        "ä@example.org",
    ],
)
def test_what_is_no_plain_address_is_refused(issued, people, server, address):
    with pytest.raises(ValidationError, match=r"address"):
        actions.email_letter(issued, address=address, by=people.counsel)
    assert not Attempt.objects.exists()


def test_a_domain_in_other_letters_is_written_as_servers_know_it(issued, people, server):
    attempt = actions.email_letter(issued, address="holder@bücher.example", by=people.counsel)
    assert attempt.address == "holder@xn--bcher-kva.example"


def test_without_a_mail_server_nothing_is_promised(issued, people, settings):
    settings.EMAIL_HOST = ""
    with pytest.raises(ValidationError, match="EMAIL_HOST"):
        actions.email_letter(issued, address=ADDRESS, by=people.counsel)


def test_only_an_issued_letter_is_served(approved, people, server):
    with pytest.raises(ValidationError, match="issued"):
        actions.email_letter(approved, address=ADDRESS, by=people.counsel)


@pytest.mark.parametrize("person", ["analyst", "lead", "reviewer", "auditor", "admin"])
def test_who_does_not_serve_letters_sends_none(issued, people, server, person):
    with pytest.raises(Forbidden):
        actions.email_letter(issued, address=ADDRESS, by=getattr(people, person))


def link_in(message: Any) -> str:
    return re.search(r"https://\S+", message.get_body().get_content())[0]
