"""A certificate authority on this machine, that says of its certificates whether they were revoked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from apps.core.signing.keys import DOCUMENT_SIGNING
from tests.audit.anchors.outside import Authority, Outside, openssl

ROOT_DAYS = 365 * 10


class Register(Outside):
    """Answers GET with its list of revoked certificates, and POST by a responder of its own (OCSP)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.revoked: dict[int, datetime] = {}
        builder = _builder(name, name, self.key.public_key(), ROOT_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage(vouching=True), critical=True)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
        )
        self.root = builder.sign(self.key, hashes.SHA256())
        self.responder_key = ec.generate_private_key(ec.SECP256R1())
        self.responder = self.certify(
            f"Responder: {name}",
            self.responder_key.public_key(),
            use=ExtendedKeyUsageOID.OCSP_SIGNING,
            days=ROOT_DAYS,
            names=(),
        )

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def certify(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        *,
        use: x509.ObjectIdentifier,
        days: int,
        names: Sequence[str] = ("list", "responder"),
    ) -> x509.Certificate:
        """A certificate for one use, that names these ways to ask whether it was revoked."""
        builder = _builder(name, self.root.subject.rfc4514_string().removeprefix("CN="), key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(vouching=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        if "list" in names:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{self.url}/list.crl")], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if "responder" in names:
            where = x509.UniformResourceIdentifier(f"{self.url}/status")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        if use == ExtendedKeyUsageOID.OCSP_SIGNING:  # who answers is not asked about (RFC 6960, 4.2.2.2.1)
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def revoke(self, certificate: x509.Certificate) -> None:
        self.revoked[certificate.serial_number] = _now() - timedelta(minutes=1)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        return 200, self.status(body) if body else self.revoked_list()

    def revoked_list(self, *, age: timedelta = timedelta()) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(_now() - age)
            .next_update(_now() - age + timedelta(days=1))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for number, since in self.revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(since)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def status(self, question: bytes) -> bytes:
        asked = ocsp.load_der_ocsp_request(question)
        since = self.revoked.get(asked.serial_number)
        nonce = asked.extensions.get_extension_for_class(x509.OCSPNonce)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=asked.issuer_name_hash,
                issuer_key_hash=asked.issuer_key_hash,
                serial_number=asked.serial_number,
                algorithm=asked.hash_algorithm,
                cert_status=ocsp.OCSPCertStatus.REVOKED if since else ocsp.OCSPCertStatus.GOOD,
                this_update=_now(),
                next_update=_now() + timedelta(days=1),
                revocation_time=since,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder)
            .certificates([self.responder])
            .add_extension(nonce.value, critical=False)
        )
        return builder.sign(self.responder_key, hashes.SHA256()).public_bytes(Encoding.DER)


def _builder(name: str, issuer: str, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - timedelta(hours=1))
        .not_valid_after(_now() + timedelta(days=days))
    )


def _usage(*, vouching: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not vouching,
        content_commitment=not vouching,
        key_cert_sign=vouching,
        crl_sign=vouching,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def key_file(register: Register, path: Path, *, days: int, names: Sequence[str] = ("list", "responder")) -> Path:
    """A key for documents, with its certificate and the root, as casemgr reads it."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = register.certify("Northlight AI Ltd", key.public_key(), use=DOCUMENT_SIGNING, days=days, names=names)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + own.public_bytes(Encoding.PEM) + register.pem)
    return path


def certify_stamps(register: Register, authority: Authority, *, days: int, names: Sequence[str] = ("list",)) -> None:
    """Give an authority a certificate of the register's instead of its own."""
    public = openssl(authority.directory, "pkey", "-in", "tsa.key", "-pubout").encode()
    key = load_pem_public_key(public)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    use = ExtendedKeyUsageOID.TIME_STAMPING
    certificate = register.certify("Stamps of a test", key, use=use, days=days, names=names)
    (authority.directory / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    authority.roots.write_bytes(register.pem)
