"""Webhooks against a real receiver on this machine: signed, tried again, given up in the open, and replayed."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from apps.alerts import actions, deliveries, tasks, verdicts
from apps.alerts.models import AlertGroup, Attempt, Delivery, Webhook
from apps.audit.models import Event
from apps.core import outbound, outbox, webhooks
from tests.alerts.conftest import alert

State = Delivery.State


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted, and answers with what `plan` holds, the last of it for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: list[Callable[[Handler], None] | int] = [200]
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?for=casemgr"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers.items()), body))
        step = self.server.plan.pop(0) if len(self.server.plan) > 1 else self.server.plan[0]
        if callable(step):
            step(self)
            return
        self.send_response(step)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *args: Any) -> None:
        pass


def redirect(handler: Handler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/elsewhere")
    handler.end_headers()


def drip(handler: Handler) -> None:
    """A byte now and then: never silent for long, never done."""
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 100:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.WEBHOOK_HOSTS = ["127.0.0.1", "localhost"]
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def secret(receiver, detector, people) -> str:
    return actions.set_webhook(detector, url=receiver.url, by=people.admin)


@pytest.fixture
def told(secret, receive, people) -> Delivery:
    """A message that waits: a group of the detector was dismissed."""
    receive(alert())
    actions.dismiss(AlertGroup.objects.get(), dismissal="benign", by=people.analyst)
    assert deliveries.ask_for(verdicts.publish()) == 1
    return Delivery.objects.get()


def make_due() -> None:
    Delivery.objects.filter(state=State.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))


def tries() -> list[tuple[int | None, str]]:
    return list(Attempt.objects.order_by("id").values_list("status", "problem"))


# --- signed ----------------------------------------------------------------------------------------------------------


def test_a_verdict_is_posted_and_signed(told, receiver, secret, post):
    assert deliveries.OUTBOX.deliver_due() == 1
    path, headers, body = receiver.got[0]
    told.refresh_from_db()
    assert (path, told.state, tries()) == ("/hook?for=casemgr", State.DELIVERED, [(200, "")])
    message = json.loads(body)
    assert message["type"] == "verdict.dismissed"
    assert message["data"]["source_refs"] == ["volume/acct_1"]
    assert (message["data"]["reason"], message["data"]["counts_as"]) == ("benign", "false")
    # As a receiver checks it, by the text of the standard.
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == told.message_id
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    # And it leads to the same lines in the feed.
    lines = post.client.get(message["data"]["feed"]).json()["items"]
    assert [line["verdict"] for line in lines] == [message["data"]["verdict"]]


def test_the_published_example_of_the_standard_is_signed_alike():
    """From the test vectors that the standard's own libraries share."""
    signature = webhooks.sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_secret_is_shown_once_and_lies_sealed(receiver, detector, people, sign_in):
    client = sign_in(people.admin)
    shown = client.post(f"/detectors/{detector.pk}/webhook/", {"url": receiver.url, "is_active": "on"})
    hook = Webhook.objects.get()
    assert hook.secret.startswith("whsec_")
    assert hook.secret in shown.content.decode()
    assert hook.secret not in client.get(f"/detectors/{detector.pk}/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(w)::text FROM alerts_webhook w")
        assert hook.secret.removeprefix("whsec_") not in cursor.fetchone()[0]
    event = Event.objects.get(action="alerts.set_webhook")
    assert hook.sealed_secret.encode() not in bytes(event.body)
    old = hook.secret
    address = f"/detectors/{detector.pk}/webhook/secret/"
    assert b"still signs for a day" in client.get(address).content
    renewed = client.post(address, {"overlap": "0"})
    hook.refresh_from_db()
    assert hook.secret != old
    assert hook.secret in renewed.content.decode()
    assert hook.secret not in client.get(address).content.decode()


def test_without_a_webhook_there_is_no_secret_to_renew(detector, people, sign_in):
    answer = sign_in(people.admin).get(f"/detectors/{detector.pk}/webhook/secret/", follow=True)
    assert b"no secret to renew" in answer.content


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver does, by the text of the standard: one of the signatures has to be right."""
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in headers["webhook-signature"].split(" ")


def test_a_receiver_that_knows_either_secret_is_served_while_both_sign(told, secret, receiver, detector, people):
    new = actions.renew_webhook_secret(detector, overlap=timedelta(days=1), by=people.admin)
    deliveries.OUTBOX.deliver_due()
    _, headers, body = receiver.got[0]
    assert verify(new, headers, body)
    assert verify(secret, headers, body)
    assert not verify(webhooks.new_secret(), headers, body)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(w)::text FROM alerts_webhook w")
        assert secret.removeprefix("whsec_") not in cursor.fetchone()[0]


def test_the_old_secret_signs_no_longer_than_it_was_given(told, secret, receiver, detector, people):
    hook = Webhook.objects.get()
    new = actions.renew_webhook_secret(detector, overlap=timedelta(hours=2), by=people.admin)
    hook.refresh_from_db()
    assert hook.secrets_at(hook.previous_until - timedelta(seconds=1)) == [new, secret]
    assert hook.secrets_at(hook.previous_until) == [new]
    newest = actions.renew_webhook_secret(detector, by=people.admin)  # it leaked: the one before ends at once
    hook.refresh_from_db()
    assert hook.secrets_at(timezone.now()) == [newest]
    assert (hook.sealed_previous, hook.previous_until) == ("", None)
    deliveries.OUTBOX.deliver_due()
    _, headers, body = receiver.got[0]
    assert [verify(one, headers, body) for one in (newest, new, secret)] == [True, False, False]
    with pytest.raises(ValidationError, match="30 days at most"):
        actions.renew_webhook_secret(detector, overlap=timedelta(days=31), by=people.admin)


# --- tried again -----------------------------------------------------------------------------------------------------


def test_500_then_ok(told, receiver):
    receiver.plan = [500, 200]
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    assert (told.state, told.attempts) == (State.WAITING, 1)
    assert timedelta(seconds=7) < told.due_at - timezone.now() < timedelta(seconds=13)
    assert deliveries.OUTBOX.deliver_due() == 0  # not before it is due
    make_due()
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    assert told.state == State.DELIVERED
    assert tries() == [(500, "Answered 500."), (200, "")]
    ids = {headers["webhook-id"] for _, headers, _ in receiver.got}
    assert ids == {told.message_id}


def busy(retry_after: str) -> Callable[[Handler], None]:
    def step(handler: Handler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", retry_after)
        handler.end_headers()

    return step


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("3600", 3600),
        (in_an_hour, 3600),
        ("1", 10),  # never sooner than by our own patience
        ("99999999999999999999", outbox.LONGEST_WAIT),  # nor so late that one header ends the matter
        ("Thu, 01 Jan 1970 00:00:00 GMT", 10),
        ("soon", 10),
        ("-5", 10),
        ("1e9", 10),
        ("²", 10),
        ("Fri, 99 Foo 2026", 10),
    ],
)
def test_a_receiver_says_when_it_is_asked_again(told, receiver, retry_after, seconds):
    receiver.plan = [busy(retry_after() if callable(retry_after) else retry_after)]
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    wait = (told.due_at - timezone.now()).total_seconds()
    assert told.state == State.WAITING
    assert seconds * 0.75 <= wait <= seconds * 1.25


def test_a_receiver_that_is_down_is_given_up_after_ten_attempts_and_replayed(told, receiver, people, sign_in):
    hook = Webhook.objects.get()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    actions.set_webhook(hook.detector, url=f"http://127.0.0.1:{port}/", by=people.admin)
    for _ in range(outbox.MAX_ATTEMPTS):
        make_due()
        assert deliveries.OUTBOX.deliver_due() == 1
    told.refresh_from_db()
    assert (told.state, set(tries())) == (State.DEAD, {(None, "Nothing listens there.")})
    assert deliveries.OUTBOX.deliver_due() == 0
    client = sign_in(people.admin)
    listed = client.get(f"/detectors/{hook.detector_id}/deliveries/", {"state": "dead"}).content.decode()
    assert "Given up" in listed
    assert "Nothing listens there." in listed
    actions.set_webhook(hook.detector, url=receiver.url, by=people.admin)
    answer = client.post(f"/detectors/{hook.detector_id}/deliveries/{told.pk}/replay/", follow=True)
    assert "It will be sent again" in answer.content.decode()
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    assert (told.state, told.attempts, Attempt.objects.count()) == (State.DELIVERED, 1, 11)
    assert Event.objects.filter(action="alerts.replay_delivery").count() == 1


def test_all_that_was_given_up_is_sent_again_at_once(told, receiver, sign_in, people):
    hook = Webhook.objects.get()
    client, address = sign_in(people.admin), f"/detectors/{hook.detector_id}/deliveries/"
    assert "given up again" not in client.get(address).content.decode()
    assert "No message was given up" in client.post(f"{address}replay/", follow=True).content.decode()
    Delivery.objects.update(state=State.DEAD, attempts=10, finished_at=timezone.now())
    assert "given up again" in client.get(address).content.decode()
    assert "1 message will be sent again" in client.post(f"{address}replay/", follow=True).content.decode()
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    assert (told.state, len(receiver.got)) == (State.DELIVERED, 1)
    assert Event.objects.get(action="alerts.replay_deliveries").object_id == hook.pk


def test_waits_grow_and_differ_by_chance():
    seconds = [[outbox.wait(n).total_seconds() for _ in range(50)] for n in range(1, 11)]
    assert all(max(one) < min(next_) for one, next_ in pairwise(seconds[:8]))
    assert all(len(set(one)) > 10 for one in seconds)
    assert max(seconds[-1]) <= outbox.LONGEST_WAIT * 1.2


def test_a_slow_receiver_does_not_hold_a_worker(receiver):
    receiver.plan = [drip]
    outcome = outbound.post(receiver.url, b"{}", {}, seconds=0.5)
    assert (outcome.status, outcome.problem) == (None, "No answer within 0.5 seconds.")


def test_a_redirect_is_not_followed(told, receiver):
    receiver.plan = [redirect]
    deliveries.OUTBOX.deliver_due()
    assert tries() == [(302, "Answered 302: redirects are not followed. Give the address it redirects to.")]
    assert [path for path, _, _ in receiver.got] == ["/hook?for=casemgr"]


def test_gone_is_gone(told, receiver):
    receiver.plan = [410]
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    assert told.state == State.DEAD


def test_what_a_dead_worker_left_is_due_again_after_its_lease(told, receiver):
    deliveries.OUTBOX.claim()  # and then it is killed
    assert deliveries.OUTBOX.deliver_due() == 0
    make_due()
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    assert (told.state, told.attempts) == (State.DELIVERED, 2)
    assert tries() == [(None, ""), (200, "")]


def test_two_workers_do_not_send_the_same(committed_db, told, receiver):
    def work() -> None:
        tasks.deliver()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(receiver.got) == 1


def test_a_webhook_that_is_switched_off_is_not_called(told, receiver, people):
    hook = Webhook.objects.get()
    actions.set_webhook(hook.detector, url=hook.url, is_active=False, by=people.admin)
    deliveries.OUTBOX.deliver_due()
    told.refresh_from_db()
    assert (told.state, receiver.got) == (State.DEAD, [])
    assert tries() == [(None, "The webhook is switched off.")]


def test_what_is_being_tried_is_not_replayed(told, detector, people):
    with pytest.raises(ValidationError, match="still being tried"):
        actions.replay_delivery(detector, delivery=told, by=people.admin)


# --- where it may go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://evil.example/", "does not list evil.example"),
        ("http://hooks.example.org/", "Only https"),
        ("ftp://hooks.example.org/", "whole address"),
        ("https://", "whole address"),
        ("nonsense", "whole address"),
        ("https://user:pw@hooks.example.org/", "password"),
        ("https://hooks.example.org:99999/", "no address"),
        ("https://hooks.example.org/a b", "whole address"),
        ("https://hooks.example.org/\r\nX: y", "whole address"),
        ("https://hooks.example.org.evil.example/", "does not list"),
        ("https://evilexample.org/", "does not list"),
    ],
)
def test_an_address_is_on_the_list_and_whole(settings, detector, people, sign_in, url, why):
    settings.WEBHOOK_HOSTS = ["hooks.example.org", ".example.org"]
    with pytest.raises(ValidationError, match=why):
        actions.set_webhook(detector, url=url, by=people.admin)
    answer = sign_in(people.admin).post(f"/detectors/{detector.pk}/webhook/", {"url": url})
    assert answer.status_code == 422
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.7", "[::ffff:7f00:1]"])
def test_what_is_inside_is_not_called(settings, receiver, host):
    """Whatever the list of hosts says: a name can point anywhere."""
    settings.WEBHOOK_HOSTS = ["*"]
    settings.WEBHOOK_NETWORKS = []
    scheme = "http" if host in ("127.0.0.1", "localhost", "[::1]") else "https"
    outcome = outbound.post(f"{scheme}://{host}:{receiver.server_address[1]}/", b"{}", {})
    assert outcome.status is None
    assert "which is inside" in outcome.problem
    assert receiver.got == []


def test_the_connection_goes_to_the_address_that_was_checked(settings, receiver, monkeypatch):
    """A name that answers differently the second time gains nothing by it: it is asked once."""
    asked = []
    real = socket.getaddrinfo

    def once(host, *args, **kwargs):
        asked.append(host)
        return real("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    outcome = outbound.post(receiver.url.replace("127.0.0.1", "localhost"), b"{}", {})
    assert outcome.status == 200
    assert [host for host in asked if host == "localhost"] == ["localhost"]
    assert receiver.got[0][1]["Host"].startswith("localhost:")
