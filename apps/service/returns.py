"""What comes back by e-mail: delivery reports (RFC 3464), receipts (RFC 8098), and whatever else people send.

Nothing in such a message is trusted or shown as it is: it is bytes of a bounded size, of which a few words are taken.
"""

import email
import email.errors
import email.header
import email.policy
import re
from dataclasses import dataclass
from email.message import Message
from uuid import UUID

from apps.service.addresses import as_uuid, attempt_of
from apps.service.models import Return

Kind = Return.Kind

LONGEST = 2 * 1024 * 1024  # bytes of a message; the rest of a longer one is not looked at
MOST_PARTS = 50
WORDS = 1000

_ID = re.compile(r"<([0-9a-f]{32})@", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "To")  # how servers say to which address it came
_ACTIONS = {
    "failed": Kind.FAILED,
    "delayed": Kind.DELAYED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.RELAYED,
    "expanded": Kind.RELAYED,
}


@dataclass(frozen=True)
class Report:
    """What a message says about which attempt; `attempt_id` is None where it names none of ours."""

    kind: str
    attempt_id: UUID | None
    status: str = ""
    says: str = ""
    sender: str = ""
    subject: str = ""


def read(raw: bytes) -> Report:
    """What a message says. Of one that cannot be read: something else. Raises nothing, whatever the bytes."""
    try:
        message = email.message_from_bytes(raw[:LONGEST], policy=email.policy.compat32)
        return _read(message)
    except Exception as error:  # a parser meets here what strangers wrote to break it
        return Report(Kind.OTHER, None, says=f"It cannot be read: {type(error).__name__}.")


def _read(message: Message) -> Report:
    parts = _parts(message)
    sender, subject = _header(message, "From", 200), _header(message, "Subject", 200)
    for part in parts:
        if part.get_content_type() == "message/delivery-status":
            return _delivery(part, parts, message, sender, subject)
        if part.get_content_type() == "message/disposition-notification":
            return _disposition(part, message, sender, subject)
    automatic = _header(message, "Auto-Submitted", 40).lower() not in ("", "no")
    return Report(Kind.AUTOMATIC if automatic else Kind.OTHER, _addressed(message), sender=sender, subject=subject)


def _parts(message: Message) -> list[Message]:
    found = []
    for part in message.walk():
        found.append(part)
        if len(found) >= MOST_PARTS:
            break
    return found


def _delivery(part: Message, parts: list[Message], message: Message, sender: str, subject: str) -> Report:
    """RFC 3464: a block about the message, and one about each recipient. Ours have one recipient."""
    blocks = _blocks(part)
    about = next((block for block in blocks if block.get("Action")), Message())
    action = _header(about, "Action", 20).lower()
    status = _STATUS.search(_header(about, "Status", 40))
    envelope = next(
        (_header(block, "Original-Envelope-Id", 100) for block in blocks if block.get("Original-Envelope-Id")), ""
    )
    attempt_id = as_uuid(envelope.strip().lower()) or _addressed(message) or _quoted(parts)
    says = _header(about, "Diagnostic-Code", WORDS)
    return Report(_ACTIONS.get(action, Kind.OTHER), attempt_id, status.group() if status else "", says, sender, subject)


def _disposition(part: Message, message: Message, sender: str, subject: str) -> Report:
    """RFC 8098. That it was deleted unread, or that a program processed it, says nothing of its reader."""
    [block, *_] = [*_blocks(part), Message()]
    disposition = _header(block, "Disposition", 200)
    shown = disposition.rpartition(";")[2].strip().lower().startswith("displayed")
    original = _ID.search(_header(block, "Original-Message-ID", 200))
    attempt_id = as_uuid(original.group(1).lower()) if original else None
    kind = Kind.DISPLAYED if shown else Kind.OTHER
    return Report(kind, attempt_id or _addressed(message), says=disposition, sender=sender, subject=subject)


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a report, of which the parser makes messages of their own."""
    payload = part.get_payload()
    return [block for block in payload[:MOST_PARTS] if isinstance(block, Message)] if isinstance(payload, list) else []


def _addressed(message: Message) -> UUID | None:
    """The attempt that the address names to which the message came."""
    for name in _ENVELOPE:
        for value in message.get_all(name, [])[:10]:
            for address in str(value)[:WORDS].split(","):
                if found := attempt_of(address.rpartition("<")[2].partition(">")[0]):
                    return found
    return None


def _quoted(parts: list[Message]) -> UUID | None:
    """The attempt whose Message-ID stands in what a report returns of the letter itself."""
    for part in parts:
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822"):
            headers = part.get_payload(0) if part.is_multipart() else _headers(part)
            found = _ID.search(_header(headers, "Message-ID", 200)) if isinstance(headers, Message) else None
            if found:
                return as_uuid(found.group(1).lower())
    return None


def _headers(part: Message) -> Message:
    text = part.get_payload(decode=True)
    return email.message_from_bytes(text if isinstance(text, bytes) else b"", policy=email.policy.compat32)


def _header(message: Message, name: str, longest: int) -> str:
    """The words of a header: decoded, on one line, printable, and no more than so many characters."""
    value = str(message.get(name, ""))[: 4 * longest]
    try:
        parts = email.header.decode_header(value)
        value = "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii", "replace") for part, charset in parts
        )
    except (LookupError, ValueError, email.errors.HeaderParseError):
        pass  # a charset that nobody knows: the words as they came
    return "".join(c if c.isprintable() else " " for c in value).strip()[:longest]
