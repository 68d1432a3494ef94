"""PAdES signatures on PDF (ETSI EN 319 142-1): baseline B-B, and B-T where an authority stamps the time.

    signed = signing.sign(pdf, signing.key(), stamper=...)

The document brings an empty signature field (`pdf.render(..., signature_field=True)`), which is tagged and described,
so that signing changes nothing of what PDF/A and PDF/UA ask. The key is in a process of its own (`manage.py
document_signer`) where the settings name its socket.
"""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import count
from pathlib import Path

from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError as PdfMalformed
from pyhanko.sign.fields import SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from apps.core.pdf_worker import SIGNATURE_FIELD
from apps.core.signing.keys import FileKey, Key, Refused, Unusable, fingerprint
from apps.core.signing.wire import RemoteKey

__all__ = ["FileKey", "Key", "Refused", "Signed", "Unusable", "file_key", "key", "sign"]

SIGNATURE_BYTES = 512  # of RSA with 4096 bits; an elliptic curve needs fewer
STAMPED_BYTES = 2 * 24 * 1024  # in hex: certificates, signature, and a time stamp with its own certificates


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
        signed = _signed(pdf, key, stamper, STAMPED_BYTES if stamper else None)
        more = count(STAMPED_BYTES + 2, 2)
        while _ends_unclearly(signed[len(pdf) :]):
            signed = _signed(pdf, key, stamper, next(more))  # with other places in its table, which ends otherwise
    except (PdfMalformed, SigningError) as error:
        raise ValueError(f"The document cannot be signed: {error}.") from error
    return Signed(signed, "B-T" if stamper else "B-B", fingerprint(key.certificates()[0]))


def _signed(pdf: bytes, key: Key, stamper: TimeStamper | None, reserved: int | None) -> bytes:
    writer = _Untouched(BytesIO(pdf))
    if not [name for name, _, _ in enumerate_sig_fields(writer, filled_status=False) if name == SIGNATURE_FIELD]:
        raise ValueError("The document has no empty signature field.")
    signer = PdfSigner(_METADATA, _Asking(key), timestamper=stamper)
    return signer.sign_pdf(writer, existing_fields_only=True, bytes_reserved=reserved).getvalue()


def _ends_unclearly(added: bytes) -> bool:
    """Whether a compressed stream ends in a carriage return, as one in 256 does: before the line feed that follows it,
    it reads like a stream that ends a byte earlier."""
    return b"\r\nendstream" in added


_METADATA = PdfSignatureMetadata(
    field_name=SIGNATURE_FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason="Issued"
)


class _Untouched(IncrementalPdfFileWriter):
    """Leaves the metadata as they are: rewritten, they would lose the declaration of PDF/UA that PDF/A asks for."""

    def _update_meta(self) -> None:
        pass


class _Asking(Signer):
    """A signer to pyHanko, that asks a key of ours."""

    def __init__(self, key: Key) -> None:
        own, *others = [asn1.Certificate.load(found.public_bytes(Encoding.DER)) for found in key.certificates()]
        super().__init__(signing_cert=own, cert_registry=SimpleCertificateStore.from_certs(others))
        self.key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(SIGNATURE_BYTES) if dry_run else self.key.sign(data)
