"""Issued letters, a mail server that does as it is told, and a mailbox for what comes back."""

import mailbox
import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from apps.service import actions, sending
from apps.service.addresses import return_path
from tests.cases.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    finding,
    propose,
    ready,
    terms,
)
from tests.notices.conftest import (  # noqa: F401 - fixtures
    account,
    approved,
    decide,
    demand,
    draft,
    issued,
    issuing,
    party,
    quick_paper,
    suspended,
)

ADDRESS = "holder@example.org"


class WithReports(SMTP):
    """The server of the library, which takes the options of RFC 3461 as well."""

    async def smtp_MAIL(self, arg: str) -> None:
        address, *self.event_handler.options = arg.split(" ")
        await super().smtp_MAIL(address)

    async def smtp_RCPT(self, arg: str) -> None:
        address, *options = arg.split(" ")
        self.event_handler.options += options
        await super().smtp_RCPT(address)


class OnThisMachine(Controller):
    def factory(self) -> SMTP:
        return WithReports(self.handler, **self.SMTP_kwargs)


class MailServer:
    """A real SMTP server on this machine. `replies` are what it says next to RCPT or DATA, in order; "drop" hangs up
    once it has all of the letter."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.senders: list[str] = []
        self.options: list[str] = []  # of the last letter
        self.to_rcpt: list[str] = []
        self.to_data: list[str] = []
        self.before_rcpt: Callable[[], None] = lambda: None
        self.before_answer: Callable[[], None] = lambda: None

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, name: str, answers: list[str]) -> list[str]:
        session.host_name = name
        return [*answers[:-1], "250-DSN", answers[-1]]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self.before_rcpt()
        reply = self.to_rcpt.pop(0) if self.to_rcpt else "250 OK"
        if not reply.startswith("250"):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        reply = self.to_data.pop(0) if self.to_data else "250 2.0.0 Taken"
        if reply.startswith("250") or reply == "drop":
            self.taken.append(BytesParser(policy=SMTP_POLICY).parsebytes(envelope.content))  # type: ignore[arg-type]
            self.senders.append(envelope.mail_from)
        self.before_answer()
        if reply == "drop":
            server.transport.abort()
        return reply


@pytest.fixture
def server(settings: Any, tmp_path: Path) -> Iterator[MailServer]:
    handler = MailServer()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Without a name each connection asks the resolver what this machine is called, which may take minutes.
    controller = OnThisMachine(handler, hostname="127.0.0.1", port=port, server_hostname="mail.example.org")
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TLS = "127.0.0.1", port, "none"
    settings.EMAIL_TIMEOUT = 10
    settings.SERVICE_FROM = "enforcement@northlight.example"
    settings.RETURNS_ADDRESS = "returns@northlight.example"
    yield handler
    controller.stop()


@pytest.fixture
def returns(settings: Any, tmp_path: Path) -> mailbox.Maildir:
    """The mailbox in which reports lie."""
    path = tmp_path / "returns"
    folder = mailbox.Maildir(path)
    settings.RETURNS_URL = f"maildir://{path}"
    settings.RETURNS_ADDRESS = "returns@northlight.example"
    return folder


@pytest.fixture
def emailed(issued: Any, people: Any, server: MailServer) -> Any:  # noqa: F811
    """An attempt that waits to be sent."""
    return actions.email_letter(issued, address=ADDRESS, by=people.counsel)


@pytest.fixture
def sent(emailed: Any) -> Any:
    sending.send_due()
    emailed.refresh_from_db()
    assert emailed.state == "sent"
    return emailed


def due(attempt: Any) -> None:
    """Let the wait of an attempt be over."""
    from django.db import connection
    from django.utils import timezone

    from apps.audit import ledger
    from apps.audit.principals import System

    assert connection.in_atomic_block
    with ledger.act("service.put_off", System("worker")):
        ledger.change(attempt, due_at=timezone.now())


def report(attempt: Any, action: str = "failed", status: str = "5.1.1", *, names: str = "envelope") -> bytes:
    """A delivery report as servers write them (RFC 3464); `names` says by what it tells the letter."""
    envelope = f"Original-Envelope-Id: {attempt.pk.hex}\r\n" if names == "envelope" else ""
    to = return_path(attempt.pk) if names == "address" else "returns@northlight.example"
    original = attempt.message_id if names == "headers" else "<other@example.org>"
    return (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\nSubject: Delivery status\r\n"
        "MIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is a report.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example.org\r\n{envelope}\r\n"
        f"Final-Recipient: rfc822; {ADDRESS}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original}\r\nSubject: Letter\r\n\r\n--b--\r\n"
    ).encode()


def receipt(attempt: Any, disposition: str = "displayed") -> bytes:
    """A receipt as mail programs write them (RFC 8098)."""
    return (
        f"From: {ADDRESS}\r\nTo: returns@northlight.example\r\nSubject: Read\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt was shown.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Final-Recipient: rfc822;{ADDRESS}\r\nOriginal-Message-ID: {attempt.message_id}\r\n"
        f"Disposition: manual-action/MDN-sent-manually; {disposition}\r\n\r\n--b--\r\n"
    ).encode()
