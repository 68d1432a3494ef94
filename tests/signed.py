"""What a test asks of a signature in a PDF, of a judge that did not make it a good one: pyHanko's validation."""

from io import BytesIO

from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.status import DocumentTimestampStatus, PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from apps.core import signing


def status(pdf: bytes, *others: bytes) -> PdfSignatureStatus:
    """Of its signature, trusting our own root, and others given as DER."""
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    return validate_pdf_signature(signature, _trusting(*others))


def stamp_status(pdf: bytes, *others: bytes) -> DocumentTimestampStatus:
    """Of its archive time stamp, likewise."""
    (stamp,) = PdfFileReader(BytesIO(pdf)).embedded_timestamp_signatures
    return validate_pdf_timestamp(stamp, _trusting(*others))


def _trusting(*others: bytes) -> ValidationContext:
    own = signing.file_key().certificates()[-1].public_bytes(Encoding.DER)
    return ValidationContext(trust_roots=[x509.Certificate.load(root) for root in (own, *others)])
