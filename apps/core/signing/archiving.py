"""From a time-stamped signature (PAdES level B-T) to level B-LTA, which holds when its certificates have ended.

One revision adds what it takes to verify the signature and its time stamp (certificates, and answers that none of them
was revoked, in a Document Security Store), and a time stamp over all of that in the empty field of the rendering.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from io import BytesIO

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore, collect_validation_info
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.path import ValidationPath

from apps.core.pdf_worker import ARCHIVE_FIELD
from apps.core.signing.revisions import STAMPED_BYTES, appended, filling
from apps.core.signing.revocation import Sources

CLOCKS_APART = timedelta(minutes=5)  # answers are made after we begin to ask, and by other clocks


class Unproven(Exception):
    """What it takes to verify a signature later is not to be had; says what is missing, in sentences."""


def add(pdf: bytes, trusted: Sequence[x509.Certificate], stamper: TimeStamper) -> bytes:
    """The document with what proves its signature, and a time stamp over it. Raises Unproven."""
    filling(pdf, ARCHIVE_FIELD)
    context, paths = _proofs(pdf, trusted)
    return appended(pdf, partial(_archived, pdf, context, paths, stamper), STAMPED_BYTES)


def _proofs(pdf: bytes, trusted: Sequence[x509.Certificate]) -> tuple[ValidationContext, list[ValidationPath]]:
    """The paths from signer and stamper to their roots, in a context that holds what was answered of revocation. What a
    certificate names no source for is not asked."""
    sources = Sources()
    context = ValidationContext(
        trust_roots=_loaded(one for one in trusted if one.issuer == one.subject),
        other_certs=_loaded(trusted),
        allow_fetching=True,
        fetchers=sources.fetchers,
        revocation_mode="hard-fail",
        time_tolerance=CLOCKS_APART,
    )
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    try:
        return context, asyncio.run(collect_validation_info(signature, context))
    except (PathError, ValidationError) as error:
        raise Unproven(" ".join([f"{str(error).strip().rstrip('.')}.", *sources.problems])) from error
    except Exception as error:  # the answers come from outside, and each part of a damaged one fails in its own way
        raise Unproven(f"What was answered about a certificate cannot be read: {error!r}.") from error


def _loaded(certificates: Iterable[x509.Certificate]) -> list[asn1.Certificate]:
    return [asn1.Certificate.load(one.public_bytes(Encoding.DER)) for one in certificates]


def _archived(
    pdf: bytes, context: ValidationContext, paths: list[ValidationPath], stamper: TimeStamper, reserved: int | None
) -> bytes:
    revision = filling(pdf, ARCHIVE_FIELD)
    store = DocumentSecurityStore.supply_dss_in_writer(revision, None, paths=paths, validation_context=context)
    _end_clearly(store)
    stamping = PdfTimeStamper(stamper, field_name=ARCHIVE_FIELD)
    return stamping.timestamp_pdf(revision, "sha256", bytes_reserved=reserved).getvalue()


def _end_clearly(store: DocumentSecurityStore) -> None:
    """What happens to end in a carriage return is written in hex, see revisions.ends_unclearly: no other size of the
    revision would help."""
    for reference in (*store.certs.values(), *store.ocsps, *store.crls):
        stream = reference.get_object()
        if stream.data.endswith(b"\r"):
            stream.apply_filter("/ASCIIHexDecode")
