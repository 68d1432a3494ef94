"""Letters and reports are signed before they are kept; with authorities in the settings the signature is time-stamped.

A document waits, and says for what, while its signer or every authority is away: it never goes out unsigned, or without
the stamp that others have.
"""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import msgspec
from asn1crypto import tsp
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from pyhanko.sign.timestamps import TimeStamper

from apps.audit.anchors import timestamps
from apps.audit.anchors.parties import Unobtained
from apps.core import jobs, signing, vault
from apps.core.sockets import Unreachable

TOPIC = "signing"
SECONDS = 15  # until a document that waits is tried again


@dataclass(frozen=True)
class Issued:
    """A document as it goes out, and the hash of its rendering, which is the same whenever it is made again."""

    pdf: bytes
    unsigned_sha256: str
    level: str
    certificate: str

    @property
    def record(self) -> dict[str, str]:
        """What a record of the document keeps of it."""
        return {
            "unsigned_sha256": self.unsigned_sha256,
            "signature_level": self.level,
            "signed_with": self.certificate,
        }


def issue(pdf: bytes) -> Issued:
    """Sign a rendering once: whoever was killed before the record was written finds the signed document again.

    Raises jobs.Later with what it waits for; ValueError for what cannot be signed.
    """
    name = vault.held_name(sha256(pdf).hexdigest())
    try:
        issued = msgspec.msgpack.decode(vault.held(name), type=Issued)
    except vault.Missing:
        issued = _sign(pdf)
        vault.hold(msgspec.msgpack.encode(issued), name)
    transaction.on_commit(partial(vault.let_go, name))
    return issued


def _sign(pdf: bytes) -> Issued:
    try:
        signed = signing.sign(pdf, signing.key(), stamper=stamper())
    except (Unreachable, signing.Unusable, signing.Refused) as error:
        raise jobs.Later(f"Not yet signed. {error}", waits_for=TOPIC, seconds=SECONDS) from error
    except (Unobtained, ImproperlyConfigured) as error:
        raise jobs.Later(f"Its signature has no time stamp yet. {error}", waits_for=TOPIC, seconds=SECONDS) from error
    return Issued(signed.pdf, sha256(pdf).hexdigest(), signed.level, signed.certificate)


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
