"""What comes back: reports and receipts read from a mailbox, and whatever else strangers put there."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import Event
from apps.core import vault
from apps.service import tasks
from apps.service.models import Attempt, Return
from apps.service.queries import to_file
from tests.service.conftest import ADDRESS, receipt, report

pytestmark = pytest.mark.django_db


def read(folder: Any, *messages: bytes) -> list[Return]:
    for message in messages:
        folder.add(message)
    tasks.take_returns()
    return list(Return.objects.order_by("id"))


def state(attempt: Any) -> str:
    attempt.refresh_from_db()
    return attempt.state


@pytest.mark.parametrize("names", ["envelope", "address", "headers"])
def test_a_bounce_names_its_attempt(sent, returns, names):
    [came] = read(returns, report(sent, names=names))
    assert came.attempt == sent
    assert (came.kind, came.status) == ("failed", "5.1.1")
    assert state(sent) == "bounced"
    assert (sent.status, sent.note) == ("5.1.1", "smtp; 550 5.1.1 no such user")
    assert vault.read(came.sha256) == report(sent, names=names)


def test_a_delivery_report_is_read_back(sent, returns):
    read(returns, report(sent, "delivered", "2.0.0"))
    assert state(sent) == "delivered"


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded", "surprising", ""])
def test_what_is_no_end_is_kept_beside_the_letter(sent, returns, action):
    [came] = read(returns, report(sent, action, "4.0.0"))
    assert came.attempt == sent
    assert state(sent) == "sent"


def test_a_receipt_acknowledges_it(sent, returns):
    read(returns, receipt(sent))
    assert state(sent) == "acknowledged"


def test_a_letter_that_was_deleted_unread_is_not_acknowledged(sent, returns):
    [came] = read(returns, receipt(sent, "deleted"))
    assert came.kind == "other"
    assert state(sent) == "sent"


def test_a_report_settles_a_letter_that_may_have_been_sent(emailed, server, returns):
    from apps.service import sending

    server.to_data = ["drop"]
    sending.send_due()
    assert state(emailed) == "unknown"
    read(returns, report(emailed, "delivered", "2.0.0"))
    assert state(emailed) == "delivered"


def test_a_report_may_be_quicker_than_the_servers_answer(emailed, server, returns):
    from apps.service import sending

    server.before_answer = lambda: returns.add(report(emailed, "delivered", "2.0.0"))
    attempt, secret = sending._claim()
    read(returns, report(attempt, "delivered", "2.0.0"))
    with sending.Courier() as courier:
        sending._send(courier, attempt, secret)
    assert state(emailed) == "delivered"


def test_the_same_message_again_changes_nothing(sent, returns):
    read(returns, report(sent))
    assert len(read(returns, report(sent))) == 1
    assert Event.objects.filter(action="service.note_bounced").count() == 1


def test_what_is_read_is_not_read_again(sent, returns):
    read(returns, report(sent))
    assert tasks.take_returns() == 0


def test_a_late_bounce_takes_no_acknowledgement_away(sent, returns):
    read(returns, receipt(sent), report(sent))
    assert state(sent) == "acknowledged"
    assert Return.objects.count() == 2


def test_a_report_about_what_was_never_sent_changes_nothing(emailed, returns):
    read(returns, report(emailed))
    assert state(emailed) == "prepared"


HOSTILE = {
    "nothing": b"",
    "no mail": b"\x00\xff" * 1000,
    "no end": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n" * 5000,
    "nested": b"".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n'.encode() for n in range(200)),
    "strange charset": b"Subject: =?no-such-set?b?AAAA?=\r\nFrom: =?utf-8?q?=00=0A?=\r\n\r\n",
    "long headers": b"Subject: "
    + b"a" * 500_000
    + b"\r\nTo: "
    + b"returns+x@northlight.example," * 10_000
    + b"\r\n\r\n",
    "empty report": b"Content-Type: message/delivery-status\r\n\r\n",
    "report of text": b"Content-Type: message/disposition-notification\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
    "script": b"Subject: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n<img src=x onerror=alert(1)>",
    "another's": b"To: returns+00000000000000000000000000000000@northlight.example\r\n\r\nHello",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_strangers_send_is_kept_and_listed(returns, people, name):
    [came] = read(returns, HOSTILE[name] or b"\r\n")
    assert came.attempt is None
    assert list(to_file(people.counsel)) == [came]
    assert all(len(value) <= 200 and value.isprintable() for value in (came.subject, came.sender))


def test_a_message_is_read_up_to_a_size(returns):
    [came] = read(returns, b"Subject: Large\r\n\r\n" + b"x" * (3 * 1024 * 1024))
    assert came.byte_size == 2 * 1024 * 1024


def test_an_automatic_answer_is_told_from_words(returns, sent):
    to = f"To: returns+{sent.pk.hex}@northlight.example\r\n".encode()
    away, words = read(returns, to + b"Auto-Submitted: auto-replied\r\n\r\nAway.", to + b"\r\nWhy?")
    assert (away.kind, words.kind) == ("automatic", "other")
    assert away.attempt == words.attempt == sent


def test_somebody_looks_at_what_belongs_nowhere(returns, people, sign_in):
    [came] = read(returns, HOSTILE["script"])
    counsel = sign_in(people.counsel)
    page = counsel.get("/service/returns/").text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    answer = counsel.get(f"/service/returns/{came.pk}/message")
    assert b"".join(answer) == HOSTILE["script"]
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    counsel.post(f"/service/returns/{came.pk}/file/")
    assert not to_file(people.counsel).exists()


def test_the_command_reads_the_mailbox(returns, sent, capsys):
    returns.add(report(sent))
    call_command("read_returns")
    assert "1 messages read" in capsys.readouterr().out
    assert state(sent) == "bounced"


def test_the_command_says_what_is_missing(settings, tmp_path):
    settings.RETURNS_URL = ""
    with pytest.raises(CommandError, match="RETURNS_URL"):
        call_command("read_returns")
    settings.RETURNS_URL = f"maildir://{tmp_path}/nowhere"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("read_returns")


def test_no_column_of_a_return_stands_in_the_trail(returns, sent):
    read(returns, report(sent), receipt(sent))
    for event in Event.objects.filter(action__startswith="service."):
        assert ADDRESS.encode() not in bytes(event.body)
    assert Attempt.objects.get().note
