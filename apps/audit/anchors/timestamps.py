"""Time stamps of RFC 3161: an authority signs the hash of a checkpoint's text together with the time.

What is stamped is the text of the checkpoint, its lines before the empty one, so that signatures added later change
nothing; SHA-256 of exactly these bytes is the imprint. `openssl ts -verify` checks a token against the text.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.verify import SHA256_OID

from apps.audit.anchors.parties import Obtained, Unobtained
from apps.audit.log import notes
from apps.audit.models import Anchor, Checkpoint
from apps.core import outbound

LARGEST = 64 * 1024  # a token with its chain of certificates has some 6 KiB
SECONDS = 10
CLOCKS_APART = timedelta(minutes=5)  # further apart, one of the two clocks is wrong
STATUS = {  # PKIStatus, RFC 3161, 2.4.2
    1: "grants something other than what was asked for",
    2: "rejects the request",
    3: "puts the request off",
    4: "says that its certificate is about to be revoked",
    5: "says that its certificate is revoked",
}


@dataclass(frozen=True)
class Authority:
    """A time-stamping authority, trusted by the certificates that the settings name."""

    url: str
    trusted: tuple[x509.Certificate, ...]

    kind = Anchor.Kind.TIMESTAMP

    @property
    def names(self) -> tuple[str]:
        parts = urlsplit(self.url)
        return (f"{parts.netloc}{parts.path.rstrip('/')}",)

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=settings.TRAIL_TIMESTAMP_SECONDS)

    def obtain(self, checkpoint: Checkpoint) -> list[Obtained]:
        text = stamped(checkpoint.note)
        request = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()
        token, stated_at = self.stamp(request.as_bytes(), sha256(text).digest(), request.nonce)
        return [Obtained(*self.names, token, stated_at)]

    def stamp(self, request: bytes, imprint: bytes, nonce: int | None) -> tuple[bytes, datetime]:
        """The verified answer to a request for a stamp over an imprint, and the time it states. Raises Unobtained."""
        answer = outbound.post(
            self.url,
            request,
            {"Content-Type": "application/timestamp-query", "User-Agent": "casemgr"},
            seconds=SECONDS,
            reach=outbound.anchoring(self.url),
            read_at_most=LARGEST + 1,
        )
        if not answer.is_success:
            raise Unobtained(answer.problem)
        if len(answer.body) > LARGEST:
            raise Unobtained(f"Answered with more than {LARGEST} bytes, which no time stamp has.")
        stated_at = self._verified(answer.body, imprint, nonce)
        if abs(stated_at - timezone.now()) > CLOCKS_APART:
            raise Unobtained(
                f"Its stamp says {stated_at:%Y-%m-%d %H:%M:%S} UTC, and the clock here {timezone.now():%H:%M:%S}: "
                "one of the two is wrong. The stamp was not kept; set the clock."
            )
        return answer.body, stated_at

    def judge(self, anchor: Anchor, checkpoint: Checkpoint) -> datetime:
        return self._verified(bytes(anchor.token), sha256(stamped(checkpoint.note)).digest(), None)

    def _verified(self, token: bytes, imprint: bytes, nonce: int | None) -> datetime:
        """When a token says that what has this SHA-256 was there. Raises Unobtained. The nonce is known only to who
        asked."""
        response = _decoded(token)
        if response.status != 0:
            said = f": {'; '.join(response.status_string)}" if response.status_string else ""
            raise Unobtained(f"It {STATUS.get(response.status, 'refuses')}{said}.")
        roots = [certificate for certificate in self.trusted if _is_root(certificate)]
        others = [certificate for certificate in self.trusted if not _is_root(certificate)]
        try:
            if response.tst_info.message_imprint.hash_algorithm.dotted_string != SHA256_OID:
                raise Unobtained("Its stamp is over another kind of hash than SHA-256.")
            verifier = VerifierBuilder(roots=roots, intermediates=others, nonce=nonce).build()
            verifier.verify(response, imprint)
            return response.tst_info.gen_time
        except VerificationError as error:
            raise Unobtained(f"Its stamp does not hold: {_words(str(error))}.") from error
        except ValueError as error:
            raise Unobtained(f"Its stamp is malformed: {error}.") from error


def stamped(note: str) -> bytes:
    """The bytes of a checkpoint that are stamped: its text, without signatures."""
    return notes.split(note)[0].encode()


def configured() -> list[Authority]:
    if not settings.TRAIL_TIMESTAMP_URLS:
        return []
    trusted = trusted_certificates()
    return [Authority(url, trusted) for url in settings.TRAIL_TIMESTAMP_URLS]


def trusted_certificates() -> tuple[x509.Certificate, ...]:
    """The roots that stamps are held against, and intermediates beside them. Raises ImproperlyConfigured."""
    path = settings.TRAIL_TIMESTAMP_ROOTS
    try:
        found = tuple(x509.load_pem_x509_certificates(Path(path).read_bytes())) if path else ()
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"TRAIL_TIMESTAMP_ROOTS: {path} holds no certificates in PEM ({error}).") from error
    if not any(map(_is_root, found)):
        raise ImproperlyConfigured(
            "TRAIL_TIMESTAMP_URLS names an authority, and TRAIL_TIMESTAMP_ROOTS no root certificate to trust it by. "
            "Give a PEM file with the authority's root."
        )
    return found


def _is_root(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _decoded(token: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(token)
    except ValueError as error:
        raise Unobtained(f"Answered with something that is no time stamp in DER ({str(error)[:200]}).") from error


def _words(problem: str) -> str:
    """What the library says, for people."""
    return {
        "Nonce mismatch": "it answers another request (its nonce is not ours)",
        "Mismatch between messages": "it is over something else than what was to be stamped",
    }.get(problem, problem.rstrip("."))
