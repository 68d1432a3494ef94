"""PAdES signatures on PDF (ETSI EN 319 142-1): baseline B-B, B-T where an authority stamps the time, and B-LTA.

    signed = signing.sign(pdf, signing.key(), stamper=...)
    archived = signing.archive(signed, trusted=..., stamper=...)

The document brings an empty field for the signature, and one for the archive time stamp (`paper.to_pdf(...,
signature_field=True, archive_field=True)`), tagged and described, so that filling them changes nothing of what PDF/A
and PDF/UA ask. The key is in a process of its own (`manage.py document_signer`) where the settings name its socket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from pyhanko.pdf_utils.misc import PdfError as PdfMalformed
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from apps.core.pdf_worker import SIGNATURE_FIELD
from apps.core.signing import archiving
from apps.core.signing.archiving import Unproven
from apps.core.signing.keys import FileKey, Key, Refused, Unusable, fingerprint
from apps.core.signing.revisions import STAMPED_BYTES, appended, filling
from apps.core.signing.wire import RemoteKey

__all__ = ["FileKey", "Key", "Refused", "Signed", "Unproven", "Unusable", "archive", "file_key", "key", "sign"]

SIGNATURE_BYTES = 512  # of RSA with 4096 bits; an elliptic curve needs fewer
ATTRIBUTE_BYTES = 2048  # what is signed beside the document, with the name of whoever vouches for the signer


@dataclass(frozen=True)
class Signed:
    """A document with its signature. `certificate` is the SHA-256 of the signer's certificate, in hex."""

    pdf: bytes
    level: str
    certificate: str


def key() -> Key:
    """The key of the settings: behind the socket of its own process, or in a file that this one can read."""
    if settings.DOCUMENT_SIGNER_SOCKET:
        return RemoteKey(Path(settings.DOCUMENT_SIGNER_SOCKET))
    return file_key()


def file_key() -> FileKey:
    return _file_key(settings.DOCUMENT_KEY_FILE, settings.PROVIDER["legal_name"])


@cache
def _file_key(path: Path, name: str) -> FileKey:
    return FileKey(path, name=name)


def sign(pdf: bytes, key: Key, *, stamper: TimeStamper | None = None) -> Signed:
    """The document with a signature in its empty field: level B-T with a stamper, else B-B.

    Raises ValueError for a document without such a field; keys.Unusable, keys.Refused and sockets.Unreachable for the
    key; and what the stamper raises.
    """
    try:
        signed = appended(pdf, partial(_signed, pdf, key, stamper), STAMPED_BYTES if stamper else _unstamped(key))
    except (PdfMalformed, SigningError) as error:
        raise ValueError(f"The document cannot be signed: {error}.") from error
    return Signed(signed, "B-T" if stamper else "B-B", fingerprint(key.certificates()[0]))


def _unstamped(key: Key) -> int:
    """Room for a signature without a time stamp, in hex. Left to find that out, the library makes it twice."""
    certificates = sum(len(found.public_bytes(Encoding.DER)) for found in key.certificates())
    return 2 * (certificates + SIGNATURE_BYTES + ATTRIBUTE_BYTES)


def _signed(pdf: bytes, key: Key, stamper: TimeStamper | None, reserved: int | None) -> bytes:
    signer = PdfSigner(_METADATA, _Asking(key), timestamper=stamper)
    revision = filling(pdf, SIGNATURE_FIELD)
    return signer.sign_pdf(revision, existing_fields_only=True, bytes_reserved=reserved).getvalue()


def archive(signed: Signed, *, trusted: Sequence[x509.Certificate], stamper: TimeStamper) -> Signed:
    """The signed document at level B-LTA, see archiving.add. `trusted` are the certificates that vouch for the signer
    and for the stamper, their roots among them.

    Raises archiving.Unproven while that is not to be had; ValueError for a document without an empty field for it; and
    what the stamper raises.
    """
    try:
        archived = archiving.add(signed.pdf, trusted, stamper)
    except (PdfMalformed, SigningError) as error:
        raise ValueError(f"The document cannot be archived: {error}.") from error
    return Signed(archived, "B-LTA", signed.certificate)


_METADATA = PdfSignatureMetadata(
    field_name=SIGNATURE_FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason="Issued"
)


class _Asking(Signer):
    """A signer to pyHanko, that asks a key of ours."""

    def __init__(self, key: Key) -> None:
        own, *others = [asn1.Certificate.load(found.public_bytes(Encoding.DER)) for found in key.certificates()]
        super().__init__(signing_cert=own, cert_registry=SimpleCertificateStore.from_certs(others))
        self.key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(SIGNATURE_BYTES) if dry_run else self.key.sign(data)
