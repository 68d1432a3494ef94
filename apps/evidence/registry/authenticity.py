"""Signatures of models and attestations, checked offline against a key or certificates that a person gives.

OpenSSF Model Signing 1.0 puts the digests of a model's files into an in-toto statement, that into a DSSE envelope, and
that into a Sigstore bundle. The model itself is not here, and need not be: what is signed is held against the digests
that the register has of the version's files. Nothing is fetched, neither keys nor a transparency log.
"""

import base64
import binascii
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from apps.evidence.registry import keymaterial

LARGEST = 20_000_000  # bytes of a bundle or envelope
IN_TOTO = "application/vnd.in-toto+json"
STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")

Files = list[dict[str, str]]


class Unreadable(ValueError):
    """What was given is no signature, or no key: there is nothing to check."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class Checked:
    """What came out; `problem` is empty where the signature holds."""

    problem: str
    signer: str
    subject: str  # name that the signature gives to what it signs
    subject_digest: str  # algorithm:hex, of what is signed as a whole
    tool: str
    tool_version: str

    @property
    def holds(self) -> bool:
        return not self.problem


def check_signature(bundle: bytes, *, trust: str, files: Files, by_certificate: bool = False) -> Checked:
    """An OpenSSF model signature. `trust` is in PEM: the signer's public key, or the certificates that are trusted.

    Raises Unreadable for what is no bundle or no key.
    """
    from model_signing import verifying

    found = _json(bundle, "signature")
    payload = _payload(found.get("dsseEnvelope"))
    signer = _certificate_of(found) if by_certificate else _public_key(trust)[1]
    if by_certificate:
        _certificates(trust)
    with tempfile.TemporaryDirectory() as place:
        signature, given = Path(place, "model.sig"), Path(place, "trust.pem")
        signature.write_bytes(bundle)
        given.write_text(trust)
        config = verifying.Config().set_hashing_config(_recorded(files))
        if by_certificate:
            config.use_certificate_verifier(certificate_chain=[given])
        else:
            config.use_elliptic_key_verifier(public_key=given)
        problem = _problem(lambda: config.verify(place, signature))
    return _checked(problem, signer, payload, "model-signing")


def check_statement(envelope: bytes, *, key: str, digests: Iterable[str]) -> Checked:
    """An in-toto statement in a DSSE envelope: signed with the key, and about one of the digests.

    Raises Unreadable for what is no envelope or no key.
    """
    found = _json(envelope, "envelope")
    payload = _payload(found)
    public, signer = _public_key(key)
    problem = _problem(lambda: _verify_envelope(found, public)) or _about(payload, set(digests))
    return _checked(problem, signer, payload, "securesystemslib")


# --- what is given ----------------------------------------------------------------------------------------------------


def _json(data: bytes, field: str) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise Unreadable(field, f"The file is larger than {LARGEST // 1_000_000} MB: that is no signature.")
    try:
        found = json.loads(data)
    except ValueError as error:
        raise Unreadable(field, "The file is not JSON, so it is neither a signature bundle nor an envelope.") from error
    envelope = found.get("dsseEnvelope", found) if isinstance(found, dict) else None
    if not isinstance(envelope, dict) or not {"payload", "payloadType", "signatures"} <= set(envelope):
        raise Unreadable(field, "The file holds no DSSE envelope: payload, payloadType and signatures are missing.")
    if not isinstance(envelope["signatures"], list) or not envelope["signatures"]:
        raise Unreadable(field, "The envelope holds no signature.")
    return found


def _payload(envelope: Any) -> dict[str, Any]:
    """The statement, before anybody knows whether its signature holds."""
    if not isinstance(envelope, dict):
        raise Unreadable("signature", "The file is an envelope and not a signature bundle: check it as a statement.")
    try:
        payload = json.loads(base64.b64decode(envelope["payload"], validate=True))
    except (ValueError, TypeError, binascii.Error):
        return {}
    return payload if isinstance(payload, dict) else {}


def _public_key(pem: str) -> tuple[Any, str]:
    """The key, and how people tell it from others."""
    from cryptography.hazmat.primitives import serialization

    if keymaterial.PRIVATE_PEM.search(pem):
        raise Unreadable("key", "This is a private key. Give the public one, and treat this one as exposed.")
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError as error:
        raise Unreadable("key", "This is no public key in PEM (-----BEGIN PUBLIC KEY-----).") from error
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key, f"public key SHA-256:{hashlib.sha256(der).hexdigest()}"


def _certificates(pem: str) -> None:
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise Unreadable("key", "These are no certificates in PEM (-----BEGIN CERTIFICATE-----).") from error


def _certificate_of(bundle: dict[str, Any]) -> str:
    """The certificate that a bundle says it was signed with."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    material = bundle.get("verificationMaterial") or {}
    chain = (material.get("x509CertificateChain") or {}).get("certificates") or []
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0]["rawBytes"]))
    except (LookupError, TypeError, ValueError) as error:
        raise Unreadable("signature", "The bundle holds no certificate: check it with a public key.") from error
    return f"{certificate.subject.rfc4514_string()}, SHA-256:{certificate.fingerprint(hashes.SHA256()).hex()}"


# --- what is held against what ----------------------------------------------------------------------------------------


def _recorded(files: Files) -> Any:
    """In place of hashing a model on disk: the digests that the register has of its files."""
    from model_signing import hashing, manifest

    class Recorded(hashing.Config):
        def hash(self, model_path, *, files_to_hash=None):
            items = [_item(one["file"], one["digest"]) for one in files]
            how = manifest.SerializationType.from_args(
                {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
            )
            return manifest.Manifest("as registered", items, how)

        def add_ignored_paths(self, *, model_path, paths):
            """Nothing is read from a disk."""

    def _item(name: str, written: str):
        algorithm, _, digits = written.partition(":")
        digest = manifest.hashing.Digest(algorithm, bytes.fromhex(digits))
        path, *shard = name.rsplit(":", 2)
        if len(shard) == 2 and all(part.isdigit() for part in shard):
            start, end = map(int, shard)
            return manifest.ShardedFileManifestItem(path=PurePosixPath(path), start=start, end=end, digest=digest)
        return manifest.FileManifestItem(path=PurePosixPath(name), digest=digest)

    return Recorded()


def _verify_envelope(envelope: dict[str, Any], public: Any) -> None:
    """By the protocol of DSSE 1.0 one signature has to fit; the name of its key is a hint and decides nothing."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import SSlibKey

    if envelope["payloadType"] != IN_TOTO:
        raise ValueError(f"the envelope holds {envelope['payloadType']} and not an in-toto statement")
    named = [one | {"keyid": str(number)} for number, one in enumerate(envelope["signatures"])]
    parsed = Envelope.from_dict(envelope | {"signatures": named})
    for keyid, signature in parsed.signatures.items():
        try:
            SSlibKey.from_crypto(public, keyid=keyid).verify_signature(signature, parsed.pae())
            return
        except UnverifiedSignatureError:
            continue
    raise ValueError("no signature in the envelope was made with this key, or what was signed has been changed")


def _about(payload: dict[str, Any], digests: set[str]) -> str:
    """Why a signed statement says nothing about the version; empty where it is about one of its files."""
    if payload.get("_type") not in STATEMENTS:
        return f"What is signed is no in-toto statement: its type is {payload.get('_type', 'not given')}."
    if digests & set(_subject_digests(payload)):
        return ""
    return (
        "The signature holds, and the statement is about other files: none of its digests is recorded of this version."
    )


def _subject_digests(payload: dict[str, Any]) -> list[str]:
    subjects = payload.get("subject")
    return [
        f"{algorithm}:{digits}"
        for subject in (subjects if isinstance(subjects, list) else [])
        if isinstance(subject, dict) and isinstance(subject.get("digest"), dict)
        for algorithm, digits in subject["digest"].items()
    ]


def _problem(verify: Callable[[], Any]) -> str:
    """What a verifier objects to. It raises whatever its parts raise; each of that means: not verified."""
    from cryptography.exceptions import InvalidSignature

    try:
        verify()
    except InvalidSignature:
        return "The signature was made with another key, or what was signed has been changed."
    except Exception as error:
        words = str(error).strip() or type(error).__name__
        return f"{words[:1].upper()}{words[1:1000]}"
    return ""


def _checked(problem: str, signer: str, payload: dict[str, Any], tool: str) -> Checked:
    subjects = payload.get("subject")
    first = subjects[0] if isinstance(subjects, list) and subjects and isinstance(subjects[0], dict) else {}
    digest = next(iter(_subject_digests(payload)), "")
    known = digest.partition(":")[0] in ("sha256", "sha384", "sha512", "blake2b", "blake3")
    return Checked(
        problem=problem,
        signer=signer[:300],
        subject=str(first.get("name", ""))[:200],
        subject_digest=digest if known else "",
        tool=tool,
        tool_version=metadata.version(tool),
    )
