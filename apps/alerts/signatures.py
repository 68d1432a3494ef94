"""Whether a detector's message was signed by it, as Standard Webhooks says: over the very bytes that came.

`webhook-signature` holds, apart by spaces, `v1,` and the HMAC-SHA256 or `v1a,` and the Ed25519 signature of
`webhook-id`, `webhook-timestamp` and body, joined by dots. One that matches a key in force is enough.

A message counts once. Its time has to be within the window; and within it, and ever after, `webhook-id` is the
idempotency key of its request: who sends the message again, the detector after a lost answer or somebody who caught it,
gets the first answer, and nothing is created or changed. It is the one key: `Idempotency-Key` is not signed, so whoever
caught a message could give another one.
"""

import base64
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import connection
from django.utils.text import get_text_list

from apps.alerts import queries
from apps.alerts.models import Detector, SigningKey
from apps.alerts.models.batch import SIGNED
from apps.core import webhooks

log = logging.getLogger(__name__)

HMAC, ED25519 = SigningKey.Method.HMAC, SigningKey.Method.ED25519
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
VERSIONS = {"v1": HMAC, "v1a": ED25519}
MOST = 16  # signatures in one header; two keys in force need two
MESSAGE_ID = re.compile(r"[!-\-/-~]{1,200}")  # no dot: what was signed could be parted at another place
CHALLENGE = 'Standard-Webhooks realm="casemgr"'  # for WWW-Authenticate


class Refused(Exception):
    """A message that is not taken: why, in a sentence for the detector's owner."""

    def __init__(self, code: str, reason: str, status: int = 401) -> None:
        super().__init__(reason)
        self.code, self.reason, self.status = code, reason, status

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": CHALLENGE} if self.status == 401 else {}


class Given(NamedTuple):
    """One signature of the header."""

    method: str
    signature: bytes


class Unsigned:
    """A request that asks for no check: it is what its API key says."""

    def body(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        return iter(chunks)

    def key(self, otherwise: str | None, part: int = 0) -> str | None:
        """The idempotency key of the request, or of one of the several writes that it asks for."""
        return otherwise


@dataclass(frozen=True)
class Signed(Unsigned):
    """A request that says that it is signed, and the keys that may have done it."""

    id: str
    timestamp: int
    given: list[Given]
    keys: list[SigningKey]  # in force

    def key(self, otherwise: str | None, part: int = 0) -> str:
        return f"{SIGNED}{self.id}\t{part}" if part else f"{SIGNED}{self.id}"

    def body(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The body as it comes. Its last piece is given out only once a signature has matched, so that nobody has all
        of it who has not been told. Raises Refused."""
        if self._of(ED25519) and self._keys(ED25519):
            return self._whole(chunks)
        return self._streamed(chunks)

    def _streamed(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        macs = [hmac.new(secret, webhooks.head(self.id, self.timestamp), hashlib.sha256) for secret in self._secrets()]
        held = b""
        for chunk in chunks:
            if held:
                yield held
            for mac in macs:
                mac.update(chunk)
            held = chunk
        if not self._any_of([mac.digest() for mac in macs]):
            raise self._wrong()
        yield held

    def _whole(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Ed25519 signs a message as a whole, which is in memory for it."""
        most, body = settings.INTAKE_ED25519_MAX_BYTES, bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > most:
                raise Refused(
                    "body_too_large",
                    f"A body that is signed with Ed25519 has at most {most:,} bytes: send it in parts, or sign with "
                    "HMAC-SHA256.",
                    status=413,
                )
        message = webhooks.head(self.id, self.timestamp) + body
        if not (
            self._any_of([hmac.digest(secret, message, hashlib.sha256) for secret in self._secrets()])
            or any(_holds(key.public_key, one, message) for key in self._keys(ED25519) for one in self._of(ED25519))
        ):
            raise self._wrong()
        yield bytes(body)

    def _of(self, method: str) -> list[bytes]:
        return [one.signature for one in self.given if one.method == method]

    def _keys(self, method: str) -> list[SigningKey]:
        return [key for key in self.keys if key.method == method]

    def _secrets(self) -> list[bytes]:
        return [webhooks.secret_bytes(key.secret) for key in self._keys(HMAC)]

    def _any_of(self, expected: list[bytes]) -> bool:
        return any(hmac.compare_digest(one, mac) for one in self._of(HMAC) for mac in expected)

    def _wrong(self) -> Refused:
        known = " and ".join(f"{key.get_method_display()} {key}" for key in self.keys)
        return Refused(
            "signature_wrong",
            f"No signature matches {ID}, {TIMESTAMP} and the body under a key in force ({known}). Sign the bytes that "
            "are sent, after they were compressed, with the secret's base64 decoded.",
        )


def _holds(public_key: str, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(webhooks.public_bytes(public_key)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# --- what a request says ---------------------------------------------------------------------------------------------


def demanded(detector: Detector, headers: Mapping[str, str]) -> Unsigned:
    """How the request of a detector is to be read. The one place where it is decided.

    A detector without keys is not asked for a signature, and none of its headers is looked at. One with keys is
    checked whenever it says that it signs, and has to sign where its record says so. Raises Refused.
    """
    keys = _keys_in_force(detector)
    if not keys and not detector.requires_signature:
        return Unsigned()
    present = [name for name in (ID, TIMESTAMP, SIGNATURE) if headers.get(name)]
    if not present and not detector.requires_signature:
        return Unsigned()
    if absent := [name for name in (ID, TIMESTAMP, SIGNATURE) if name not in present]:
        raise Refused(
            "signature_missing",
            f"{get_text_list(absent, 'and')} {'is' if len(absent) == 1 else 'are'} missing: messages of this detector "
            "are signed as Standard Webhooks says.",
        )
    if not keys:
        raise Refused(
            "signature_without_key", "This detector has to sign, and no key of it is in force: its owner sets one."
        )
    signed = Signed(_id(headers[ID]), _timestamp(headers[TIMESTAMP]), _given(headers[SIGNATURE], keys), keys)
    if headers.get("Idempotency-Key", signed.id) != signed.id:
        raise Refused(
            "idempotency_key_unsigned",
            f"Idempotency-Key is not covered by the signature, so {ID} does its work here: leave Idempotency-Key out, "
            f"or give the same as in {ID}.",
            status=400,
        )
    return signed


def _id(text: str) -> str:
    if not MESSAGE_ID.fullmatch(text):
        raise Refused("signature_malformed", f"{ID} has 1 to 200 printable characters, without space and dot.")
    return text


def _timestamp(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Refused("signature_malformed", f"{TIMESTAMP} is the time in seconds since 1970, such as 1780650003.")
    window, age = settings.INTAKE_SIGNATURE_WINDOW, int(time.time()) - int(text)
    if age > window:
        raise Refused(
            "signature_stale",
            f"{TIMESTAMP} is {age:,} seconds old, and {window:,} are allowed: check your clock, and sign each attempt "
            "anew, under the same id.",
        )
    if -age > window:
        raise Refused(
            "signature_early",
            f"{TIMESTAMP} is {-age:,} seconds ahead of the time here, and {window:,} are allowed: check your clock.",
        )
    return int(text)


def _given(text: str, keys: list[SigningKey]) -> list[Given]:
    given = text.split()
    if len(given) > MOST:
        raise Refused("signature_malformed", f"{SIGNATURE} holds more than {MOST} signatures.")
    # Other versions than these are for other receivers: the standard has them left alone.
    found = [one for one in map(_signature, given) if one]
    if not found:
        raise Refused(
            "signature_malformed",
            f"{SIGNATURE} holds neither “v1,<base64>” (HMAC-SHA256) nor “v1a,<base64>” (Ed25519).",
        )
    methods = {key.method for key in keys}
    if not methods & {one.method for one in found}:
        wanted = " or ".join(
            f"{version} ({VERSIONS[version].label})" for version in VERSIONS if VERSIONS[version] in methods
        )
        raise Refused("signature_wrong", f"The keys of this detector ask for a signature {wanted}; there is none.")
    return found


def _signature(text: str) -> Given | None:
    version, _, encoded = text.partition(",")
    if version not in VERSIONS or not encoded:
        return None
    try:
        return Given(VERSIONS[version], base64.b64decode(encoded, validate=True))
    except ValueError:
        return None


# The keys of detectors, sealed as they lie in the table, with the time of their last change. Each request reads its
# detector's row, which says whether these are still they: so nobody is asked for a key at the cost of a statement.
_known: dict[UUID, tuple[datetime, list[SigningKey]]] = {}
KEPT = 10_000  # detectors that a process remembers


def _keys_in_force(detector: Detector) -> list[SigningKey]:
    """The newest first."""
    if detector.signing_changed_at is None:
        return []
    changed_at, keys = _known.get(detector.pk, (None, []))
    if changed_at != detector.signing_changed_at:
        if len(_known) >= KEPT:
            _known.clear()
        keys = list(queries.signing_keys_in_force(detector))
        _known[detector.pk] = detector.signing_changed_at, keys
    return [key for key in keys if key.is_in_force]


def fingerprint(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]


# --- what was refused ------------------------------------------------------------------------------------------------

# One row a detector, however much is refused. The clock is the database's.
COUNT = """
    INSERT INTO alerts_signaturerefusals AS r (detector_id, total, last_at, last_reason)
    VALUES (%s, 1, clock_timestamp(), %s)
    ON CONFLICT (detector_id) DO UPDATE
    SET total = r.total + 1, last_at = excluded.last_at, last_reason = excluded.last_reason"""


def count(detector: Detector, refused: Refused) -> None:
    """Let the detector's owner see that a message was refused. Comes after the limits of its key, which bound it."""
    log.warning("a message of the detector %s was refused: %s: %s", detector.slug, refused.code, refused.reason)
    values: list[Any] = [detector.pk, refused.reason]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
