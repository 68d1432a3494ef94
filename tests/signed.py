"""What a test asks of a signature in a PDF, of a judge that did not make it a good one: pyHanko's validation."""

from io import BytesIO

from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from apps.core import signing


def status(pdf: bytes, *others: bytes) -> PdfSignatureStatus:
    """Of its one signature, trusting our own root, and others given as DER."""
    own = signing.file_key().certificates()[-1].public_bytes(Encoding.DER)
    roots = [x509.Certificate.load(root) for root in (own, *others)]
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    return validate_pdf_signature(signature, ValidationContext(trust_roots=roots))
