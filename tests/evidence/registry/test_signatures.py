"""Signatures of models: held against the digests on record, offline; what fails is kept as well."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core import vault
from apps.evidence import actions
from apps.evidence.models import Item, SignatureCheck
from tests.evidence.registry.conftest import OTHER, told

FILES = {"config.json": b'{"layers": 2}', "weights/part-1.bin": b"one" * 100}


def pem(key) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def place(tmp_path) -> Path:
    """A model on a disk, as its maker has it."""
    for name, content in FILES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@pytest.fixture
def signed(place):
    """The signature bundle of the model, made with a key by the library itself."""

    def made(key: ec.EllipticCurvePrivateKey) -> bytes:
        from model_signing import signing

        (place / "key.pem").write_bytes(private_pem(key))
        signing.Config().use_elliptic_key_signer(private_key=place / "key.pem").sign(place / "model", place / "m.sig")
        return (place / "m.sig").read_bytes()

    return made


@pytest.fixture
def registered(model, people):
    """A version with the digests of the files, or of others."""

    def version(files: dict[str, bytes] = FILES, name: str = "2"):
        lines = "\n".join(f"{hashlib.sha256(content).hexdigest()}  {file}" for file, content in files.items())
        return actions.register_version(model, version=name, weights=lines, by=people.analyst)

    return version


def report_of(check: SignatureCheck) -> dict:
    return json.loads(vault.read(check.item.sha256))


def test_a_signature_of_the_recorded_files_holds(signed, registered, people):
    key = ec.generate_private_key(ec.SECP256R1())
    bundle, version = signed(key), registered()
    check = actions.check_signature(
        version, method="key", signature=bundle, key=pem(key.public_key()), by=people.analyst
    )
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert (check.verdict, check.problem) == ("verified", "")
    assert check.signer == f"public key SHA-256:{hashlib.sha256(der).hexdigest()}"
    assert check.subject_digest.startswith("sha256:")
    assert check.item.kind == Item.Kind.SIGNATURE
    report = report_of(check)
    assert report["signature"] == bundle.decode()
    assert report["recorded"]["weights"] == version.weights
    assert report["tool"] == "model-signing"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (FILES | {"config.json": b"changed"}, "Hash mismatch for 'config.json'"),
        ({"config.json": FILES["config.json"]}, "Missing files"),
        (FILES | {"more.bin": b"more"}, "Extra files found"),
    ],
)
def test_a_signature_of_other_files_fails_and_is_kept(files, said, signed, registered, people, sign_in):
    key = ec.generate_private_key(ec.SECP256R1())
    version = registered(files)
    check = actions.check_signature(
        version, method="key", signature=signed(key), key=pem(key.public_key()), by=people.analyst
    )
    assert check.verdict == "failed"
    assert said in check.problem
    assert report_of(check)["problem"] == check.problem
    assert "Not verified" in told(sign_in(people.reviewer).get(f"/models/{version.model_id}/"))


def test_a_signature_of_another_key_fails_and_is_kept(signed, registered, people):
    bundle = signed(ec.generate_private_key(ec.SECP256R1()))
    stranger = pem(ec.generate_private_key(ec.SECP256R1()).public_key())
    check = actions.check_signature(registered(), method="key", signature=bundle, key=stranger, by=people.analyst)
    assert check.verdict == "failed"
    assert "ey" in check.problem  # the library's words: the key does not match


def test_a_changed_statement_fails(signed, registered, people):
    key = ec.generate_private_key(ec.SECP384R1())
    bundle = json.loads(signed(key))
    payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    payload["subject"][0]["name"] = "another model"
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    check = actions.check_signature(
        registered(), method="key", signature=json.dumps(bundle).encode(), key=pem(key.public_key()), by=people.analyst
    )
    assert (check.verdict, check.problem) == (
        "failed",
        "The signature was made with another key, or what was signed has been changed.",
    )


def certificate(name: str, key, issuer=None, *, ca: bool) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer_name, signer_key = issuer or (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return builder.sign(signer_key, hashes.SHA256())


def test_a_signature_is_held_against_certificates(place, registered, people):
    from model_signing import signing

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("Northlight Root", root_key, ca=True)
    leaf = certificate("Northlight Model Signing", key, (root.subject, root_key), ca=False)
    for name, content in (("key.pem", private_pem(key)), ("leaf.pem", leaf.public_bytes(serialization.Encoding.PEM))):
        (place / name).write_bytes(content)
    (place / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    signing.Config().use_certificate_signer(
        private_key=place / "key.pem", signing_certificate=place / "leaf.pem", certificate_chain=[place / "root.pem"]
    ).sign(place / "model", place / "m.sig")
    bundle, version = (place / "m.sig").read_bytes(), registered()
    trusted = root.public_bytes(serialization.Encoding.PEM).decode()
    check = actions.check_signature(version, method="certificate", signature=bundle, key=trusted, by=people.analyst)
    assert (check.verdict, check.problem) == ("verified", "")
    assert check.signer.startswith("CN=Northlight Model Signing, SHA-256:")

    stranger = certificate("Stranger", ec.generate_private_key(ec.SECP256R1()), ca=True)
    check = actions.check_signature(
        version,
        method="certificate",
        signature=bundle,
        key=stranger.public_bytes(serialization.Encoding.PEM).decode(),
        by=people.analyst,
    )
    assert check.verdict == "failed"


# --- statements -------------------------------------------------------------------------------------------------------


def envelope(key, statement: dict, kind: str = "application/vnd.in-toto+json") -> bytes:
    """By hand, after DSSE 1.0."""
    payload = json.dumps(statement).encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    signature = (
        key.sign(pae) if isinstance(key, ed25519.Ed25519PrivateKey) else key.sign(pae, ec.ECDSA(hashes.SHA256()))
    )
    return json.dumps(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"sig": base64.b64encode(signature).decode()}],
        }
    ).encode()


def statement(digest: str) -> dict:
    algorithm, _, digits = digest.partition(":")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "weights.bin", "digest": {algorithm: digits}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    }


@pytest.mark.parametrize("make", [ed25519.Ed25519PrivateKey.generate, lambda: ec.generate_private_key(ec.SECP256R1())])
def test_a_statement_about_a_recorded_digest_holds(make, version, people):
    key = make()
    check = actions.check_statement(
        version,
        envelope=envelope(key, statement(version.weights[0]["digest"])),
        key=pem(key.public_key()),
        by=people.analyst,
    )
    assert (check.verdict, check.problem) == ("verified", "")
    assert check.subject_digest == version.weights[0]["digest"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda key, good: envelope(key, statement(OTHER)), "about other files"),
        (lambda key, good: envelope(ed25519.Ed25519PrivateKey.generate(), good), "No signature in the envelope"),
        (lambda key, good: envelope(key, good, "text/plain"), "not an in-toto statement"),
        (lambda key, good: envelope(key, good | {"_type": "something"}), "its type is something"),
    ],
)
def test_a_statement_that_says_nothing_about_the_version_fails_and_is_kept(change, said, version, people):
    key = ed25519.Ed25519PrivateKey.generate()
    good = statement(version.weights[0]["digest"])
    check = actions.check_statement(version, envelope=change(key, good), key=pem(key.public_key()), by=people.analyst)
    assert check.verdict == "failed"
    assert said in check.problem
    assert SignatureCheck.objects.count() == Item.objects.filter(kind=Item.Kind.SIGNATURE).count() == 1


# --- what is no signature ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"\x00\xff", b"[]", b"{}", b'{"payload":"","payloadType":"","signatures":[]}'])
def test_what_is_no_signature_is_refused_and_nothing_is_kept(data, version, people, sign_in):
    key = pem(ed25519.Ed25519PrivateKey.generate().public_key())
    answer = sign_in(people.analyst).post(
        f"/models/versions/{version.pk}/statement/", {"envelope": SimpleUploadedFile("a.json", data), "key": key}
    )
    assert answer.status_code == 422
    assert not SignatureCheck.objects.exists()


def test_a_private_key_is_refused(version, people):
    key = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(ValidationError, match="private key"):
        actions.check_statement(
            version, envelope=envelope(key, statement(OTHER)), key=private_pem(key).decode(), by=people.analyst
        )


def test_a_signature_needs_recorded_digests(model, people):
    empty = actions.register_version(model, version="9", by=people.analyst)
    with pytest.raises(ValidationError, match="record them first"):
        actions.check_signature(empty, method="key", signature=b"{}", key="", by=people.analyst)


def test_a_signature_is_checked_in_the_browser(signed, registered, people, sign_in):
    key, version, client = ec.generate_private_key(ec.SECP256R1()), registered(), sign_in(people.analyst)
    answer = client.post(
        f"/models/versions/{version.pk}/signature/",
        {"method": "key", "key": pem(key.public_key()), "signature": SimpleUploadedFile("m.sig", signed(key))},
        follow=True,
    )
    page = told(answer)
    assert "It holds. The report is EV-" in page
    assert "Verified" in page
