"""What a test asks of a signature at level B-LTA, of judges that did not make it: pyHanko's validation, and openssl."""

import asyncio
import subprocess
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from pathlib import Path

from asn1crypto import crl
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESSubIndic
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer


def judged(
    pdf: bytes,
    roots: Iterable[x509.Certificate],
    *,
    at: datetime | None = None,
    lists: Iterable[bytes] = (),
) -> AdESSubIndic:
    """What ETSI EN 319 102-1, 5.6.3 says of its signature at a time (now), from the file and the roots alone, or also
    from lists of revoked certificates that came later."""
    trusted = [asn1.Certificate.load(root.public_bytes(Encoding.DER)) for root in roots]
    policy = CertValidationPolicySpec(SimpleTrustManager.build(trusted), CertRevTrustPolicy(REQUIRE_REVINFO))
    gathering = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY)
    known = LocalKnowledge(known_crls=[CRLContainer(crl.CertificateList.load(one)) for one in lists])
    spec = PdfSignatureValidationSpec(SignatureValidationSpec(policy, gathering, local_knowledge=known))
    timing = ValidationTimingInfo(at, at, point_in_time_validation=True) if at else None
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    return asyncio.run(ades_lta_validation(signature, spec, timing_info=timing)).ades_subindic


def signatures(pdf: bytes) -> list[EmbeddedPdfSignature]:
    """The signature, and the archive time stamps after it."""
    return list(PdfFileReader(BytesIO(pdf)).embedded_signatures)


def end(signature: EmbeddedPdfSignature) -> int:
    """Where the revision of a signature ends: what it covers, but for itself, is all before."""
    _, _, start, length = map(int, signature.byte_range)
    return start + length


def covered(pdf: bytes, signature: EmbeddedPdfSignature) -> bytes:
    first, length, second, rest = map(int, signature.byte_range)
    return pdf[first : first + length] + pdf[second : second + rest]


def openssl_agrees(pdf: bytes, signature: EmbeddedPdfSignature, root: x509.Certificate, directory: Path) -> str:
    """What openssl says of a signature or a time stamp over the bytes that it covers."""
    (directory / "signature.der").write_bytes(signature.pkcs7_content)
    (directory / "covered").write_bytes(covered(pdf, signature))
    (directory / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    is_stamp = signature.sig_object["/SubFilter"] == "/ETSI.RFC3161"
    command = (
        "ts -verify -token_in -in signature.der -data covered -CAfile root.pem"
        if is_stamp
        else "cms -verify -inform DER -in signature.der -content covered -binary -CAfile root.pem -purpose any -out out"
    )
    done = subprocess.run(["openssl", *command.split()], cwd=directory, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
