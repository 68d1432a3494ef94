"""Letters and reports are signed before they are kept; with authorities in the settings the signature is time-stamped,
and that of a report is made for the archive (PAdES level B-LTA).

A document waits, and says for what, while its signer, every authority or an answer on revocation is away: it never goes
out unsigned, or without what others have.
"""

from functools import partial
from hashlib import sha256

import msgspec
from asn1crypto import tsp
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from pyhanko.sign.timestamps import TimeStamper

from apps.audit.anchors import timestamps
from apps.audit.anchors.parties import Unobtained
from apps.audit.signatures import Issued
from apps.core import jobs, signing, vault
from apps.core.sockets import Unreachable

TOPIC = "signing"
SECONDS = 15  # until a document that waits is tried again


def issue(pdf: bytes, *, for_archive: bool = False) -> Issued:
    """As `signatures.issue`."""
    unsigned = sha256(pdf).hexdigest()
    name = vault.held_name(unsigned)
    try:
        signed = msgspec.msgpack.decode(vault.held(name), type=signing.Signed)
    except vault.Missing:
        signed = _held(_sign(pdf), name)
    if for_archive and signed.level == "B-T":
        signed = _held(_archive(signed), name)
    transaction.on_commit(partial(vault.let_go, name))
    return Issued(signed.pdf, unsigned, signed.level, signed.certificate)


def _held(signed: signing.Signed, name: str) -> signing.Signed:
    vault.hold(msgspec.msgpack.encode(signed), name)
    return signed


def _sign(pdf: bytes) -> signing.Signed:
    try:
        return signing.sign(pdf, signing.key(), stamper=stamper())
    except (Unreachable, signing.Unusable, signing.Refused) as error:
        raise _later("Not yet signed.", error) from error
    except (Unobtained, ImproperlyConfigured) as error:
        raise _later("Its signature has no time stamp yet.", error) from error


def _archive(signed: signing.Signed) -> signing.Signed:
    """A stamped signature with all that verifies it later, as long as there are authorities to stamp that."""
    try:
        if (archiver := stamper()) is None:
            raise ImproperlyConfigured(
                "TRAIL_TIMESTAMP_URLS named an authority when it was signed, and names none now."
            )
        trusted = [*signing.key().certificates(), *timestamps.trusted_certificates()]
        return signing.archive(signed, trusted=trusted, stamper=archiver)
    except (Unreachable, signing.Unusable, signing.Unproven) as error:
        raise _later("It is signed, and lacks what verifies its signature later.", error) from error
    except (Unobtained, ImproperlyConfigured) as error:
        raise _later("It is signed, and has no time stamp for the archive yet.", error) from error


def _later(lacks: str, why: Exception) -> jobs.Later:
    return jobs.Later(f"{lacks} {why}", waits_for=TOPIC, seconds=SECONDS)


def stamper() -> TimeStamper | None:
    """Stamps by the authorities of the settings, the first that answers; None where there is none."""
    authorities = timestamps.configured()
    return _Stamper(authorities) if authorities else None


class _Stamper(TimeStamper):
    """Asks authorities as the trail does: over the addresses that the settings allow, and trusting whom they name."""

    def __init__(self, authorities: list[timestamps.Authority]) -> None:
        super().__init__()
        self.authorities = authorities

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._ask(req))

    def _ask(self, req: tsp.TimeStampReq) -> bytes:
        imprint, nonce = req["message_imprint"]["hashed_message"].native, req["nonce"].native
        problems = []
        for authority in self.authorities:
            try:
                return authority.stamp(req.dump(), imprint, nonce)[0]
            except Unobtained as problem:
                problems.append(f"{authority.names[0]}: {problem}")
        raise Unobtained(" ".join(problems))
