"""The key that documents are signed with, and the certificates that say whose it is: one file in PEM, the key first.

Where there is none it is made, under a root whose key is used this once and thrown away. That root says of itself that
it vouches for nobody: whoever issues letters in earnest puts a key with the certificates of a trust service there.
"""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

YEARS = 10
VOUCHES_FOR_NOBODY = "Demonstration root, made by casemgr, vouches for nobody"
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336


Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Unusable(Exception):
    """The key or its certificates cannot be used; says which file, and what is wrong."""


class Refused(Exception):
    """What shall be signed is not what documents are signed by."""


class Key(Protocol):
    """Signs for documents, in this process or in another."""

    def certificates(self) -> list[x509.Certificate]:
        """Whose key it is: its own certificate first, then those that vouch for it."""
        ...

    def sign(self, attributes: bytes) -> bytes:
        """The signature (SHA-256) of the signed attributes of CMS (RFC 5652, 5.3) in DER."""
        ...


class FileKey:
    """Signs with the key in a file, which is read once. Raises Unusable wherever it is asked."""

    def __init__(self, path: Path, *, name: str) -> None:
        """`name` is whose documents they are: what the certificate says if one has to be made."""
        self.path, self.name = path, name
        self._loaded: tuple[Private, list[x509.Certificate]] | None = None

    def certificates(self) -> list[x509.Certificate]:
        return self._load()[1]

    def sign(self, attributes: bytes) -> bytes:
        key, certificates = self._load()
        refuse_unless_of_a_document(attributes, certificates[0])
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(attributes, padding.PKCS1v15(), hashes.SHA256())
        return key.sign(attributes, ec.ECDSA(hashes.SHA256()))

    def _load(self) -> tuple[Private, list[x509.Certificate]]:
        if self._loaded is None:
            try:
                if not self.path.exists():
                    make(self.path, self.name)
                self._loaded = _read(self.path.read_bytes())
            except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
                raise Unusable(f"{self.path} cannot sign documents: {error}.") from error
        return self._loaded


def _read(pem: bytes) -> tuple[Private, list[x509.Certificate]]:
    key, certificates = load_pem_private_key(pem, password=None), x509.load_pem_x509_certificates(pem)
    if not isinstance(key, Private):
        raise ValueError("its key is neither of RSA nor of an elliptic curve")
    if _public(key) != _public(certificates[0]):
        raise ValueError("its first certificate is not that of the key")
    return key, certificates


def _public(of: Private | x509.Certificate) -> bytes:
    return of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(certificate: x509.Certificate) -> str:
    """What a certificate is known by: its SHA-256, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def refuse_unless_of_a_document(attributes: bytes, certificate: x509.Certificate) -> None:
    """Raise Refused unless these are the attributes of a PAdES signature by this certificate: a key that signs whatever
    it is given could be made to sign anything."""
    try:
        said = {item["type"].native: item["values"] for item in cms.CMSAttributes.load(attributes, strict=True)}
        kind, digest = said["content_type"][0].native, said["message_digest"][0].native
        named = said["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Refused(f"these are no signed attributes of a document: {error}") from error
    if kind != "data" or len(digest) != sha256().digest_size:
        raise Refused("these are the signed attributes of something other than a document under SHA-256")
    if named != certificate.fingerprint(hashes.SHA256()):
        raise Refused("the attributes name another certificate")


# --- made here -------------------------------------------------------------------------------------------------------


def make(path: Path, name: str) -> None:
    """A key with its certificates in a file for its owner alone. Of two processes the first wins. Raises OSError."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate(VOUCHES_FOR_NOBODY, root_key, by=None)
    own = _certificate(name, key, by=(root, root_key))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.write(own.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    by: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
) -> x509.Certificate:
    """A certificate for documents by a root, or a root by itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    issuer, issuer_key = (by[0].subject, by[1]) if by else (subject, key)
    now, is_root = datetime.now(UTC), by is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNING]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=not is_root,
        key_cert_sign=is_root,
        crl_sign=is_root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
