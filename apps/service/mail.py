"""A letter as an e-mail, and the conversation in which a mail server takes it or does not.

What matters is whether a letter may have left: before the server is asked for the data it cannot have, and may be tried
again; once it was, only the server's answer tells. Where that does not come, nobody knows, and nothing is sent again.
"""

import email.policy
import email.utils
import random
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import Enum
from typing import Self

from django.conf import settings
from django.template.loader import render_to_string

from apps.notices.models import Notice
from apps.service.addresses import return_path
from apps.service.models import Attempt

REPORTS = "NOTIFY=SUCCESS,FAILURE,DELAY"  # RFC 3461, 4.1
AT_ONCE = 100  # letters in one connection
FIRST_WAIT, LONGEST_WAIT = 60, 8 * 3600  # seconds; each wait is twice the one before

_dice = random.SystemRandom()


class Result(Enum):
    TAKEN = "the server took it"
    LATER = "it was not sent, and may be tried again"
    NEVER = "the server refused it for good"
    UNKNOWN = "it may have been sent"


@dataclass(frozen=True)
class Outcome:
    """What became of one try: the enhanced status where the server gave one (RFC 3463), and its words."""

    result: Result
    status: str = ""
    says: str = ""


def compose(attempt: Attempt, notice: Notice, pdf: bytes, *, link: str, at: datetime) -> EmailMessage:
    """The letter as issued, attached, and a text that says what it is. Raises ValueError for a line end in a header."""
    provider = settings.PROVIDER
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = email.utils.formataddr((provider["name"], settings.SERVICE_FROM))
    message["To"] = attempt.address
    message["Subject"] = f"Letter {notice.ref} from {provider['name']}"
    message["Date"] = at
    message["Message-ID"] = attempt.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notes are not sent to it
    if path := return_path(attempt.pk):
        message["Disposition-Notification-To"] = path  # RFC 8098: a receipt, if the recipient allows it
    context = {"notice": notice, "provider": provider, "link": link, "until": attempt.link_until}
    message.set_content(render_to_string("service/letter.txt", context))
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{notice.ref}.pdf")
    return message


class Courier:
    """One connection to the mail server of the settings, opened when it is needed, for one letter after another."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None
        self._carried = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._hang_up()

    def carry(self, message: EmailMessage, *, to: str, attempt_id: str, sender: str) -> Outcome:
        """Hand one letter to the server. Never raises for what the server does."""
        outcome = self._announced(sender, to, attempt_id) or self._handed_over(message.as_bytes())
        if outcome.result is not Result.TAKEN:
            self._hang_up()
        return outcome

    def _announced(self, sender: str, to: str, attempt_id: str) -> Outcome | None:
        """Everything before the data; None where the server wants it. What it says before it knows the recipient, it
        says of us: that can be mended."""
        try:
            smtp = self._connected()
            reports = smtp.has_extn("dsn")
            code, says = smtp.mail(sender, [f"ENVID={attempt_id}", "RET=HDRS"] if reports else [])
            if code != 250:
                return replace(judged(code, says), result=Result.LATER)
            code, says = smtp.rcpt(to, [REPORTS, f"ORCPT=rfc822;{xtext(to)}"] if reports else [])
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(Result.LATER, says=_words(error))
        return None if code in (250, 251) else judged(code, says)

    def _handed_over(self, data: bytes) -> Outcome:
        assert self._smtp, "it was announced on this connection"
        try:
            return judged(*self._smtp.data(data))
        except smtplib.SMTPDataError as error:  # it did not want the data: none of it was sent
            return judged(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(Result.UNKNOWN, says=_words(error))

    def _connected(self) -> smtplib.SMTP:
        if self._carried >= AT_ONCE:
            self._hang_up()
        if self._smtp is None:
            self._smtp = _connect()
        self._carried += 1
        return self._smtp

    def _hang_up(self) -> None:
        smtp, self._smtp, self._carried = self._smtp, None, 0
        if smtp:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()


def _connect() -> smtplib.SMTP:
    host, port, seconds = settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT
    ours = settings.SERVICE_FROM.partition("@")[2]  # asking what this machine is called may take a minute
    smtp: smtplib.SMTP
    if settings.EMAIL_TLS == "implicit":
        smtp = smtplib.SMTP_SSL(host, port, local_hostname=ours, timeout=seconds, context=_tls())
    else:
        smtp = smtplib.SMTP(host, port, local_hostname=ours, timeout=seconds)
    try:
        if settings.EMAIL_TLS == "starttls":
            smtp.starttls(context=_tls())  # raises where the server does not offer it: nothing goes out in clear
        smtp.ehlo_or_helo_if_needed()
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.EMAIL_CA_FILE or None)


def judged(code: int, says: bytes | str) -> Outcome:
    """What a reply means (RFC 5321, 4.2.1)."""
    text = (says.decode("utf-8", "replace") if isinstance(says, bytes) else says)[:1000]
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    status = first if first[:2] in ("2.", "4.", "5.") and len(first) <= 12 else ""
    if 200 <= code < 300:
        result = Result.TAKEN
    elif 500 <= code < 600:
        result = Result.NEVER
    else:
        result = Result.LATER
    return Outcome(result, status, f"{code} {text}".strip())


def wait(tries: int) -> timedelta:
    """Until the next try, after so many; by chance up to a fifth more or less, so that they do not all come at once."""
    seconds = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
    return timedelta(seconds=seconds * _dice.uniform(0.8, 1.2))


def xtext(text: str) -> str:
    """RFC 3461, 4: anything but printable ASCII without "+" and "=" is written as +XX."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in text)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return judged(error.smtp_code, error.smtp_error).says
    if isinstance(error, TimeoutError):
        return "The mail server did not answer in time."
    if isinstance(error, ConnectionRefusedError):
        return "Nothing listens at the address of the mail server."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the mail server is not trusted: {error.verify_message}."
    return (str(error) or type(error).__name__)[:300]
