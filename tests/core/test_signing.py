"""Signatures on documents: the key in a file or behind a socket, what it refuses, and what the signed file is."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign.timestamps import DummyTimeStamper

from apps.core import paper, signing, sockets
from apps.core.signing import keys, revisions, wire
from tests import paper as on
from tests import signed

HTML = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A letter</title></head>'
    '<body class="letter"><h1>Subject</h1><p>Words, and <a href="https://example.org/">a link</a>.</p></body></html>'
)


def rendered(**options: Any) -> bytes:
    options = {"signature_field": True} | options
    return paper.to_pdf(HTML, sheet="letter", title="A letter", created=datetime(2026, 3, 19, tzinfo=UTC), **options)


@pytest.fixture(scope="module")
def letter() -> bytes:
    return rendered()


@pytest.fixture
def key(tmp_path: Path) -> signing.FileKey:
    return signing.FileKey(tmp_path / "keys" / "documents.pem", name="Northlight AI Ltd")


# --- the signed file -------------------------------------------------------------------------------------------------


def test_it_conforms_before_and_after_it_is_signed(letter):
    assert on.validate(letter) == []
    assert on.validate(signing.sign(letter, signing.key()).pdf) == []


@pytest.mark.parametrize("times", [1, 3])
def test_a_table_that_ends_in_a_carriage_return_is_written_anew(letter, monkeypatch, times):
    """One in 256 does; here the first ones are said to."""
    unlucky = [True] * times
    real = revisions.ends_unclearly
    monkeypatch.setattr(revisions, "ends_unclearly", lambda added: real(added) or bool(unlucky and unlucky.pop()))
    signed = signing.sign(letter, signing.key()).pdf
    assert unlucky == []
    assert signed.startswith(letter)
    assert on.validate(signed) == []


@pytest.mark.soak
def test_no_table_ends_in_a_carriage_return(letter):
    """The same document with places that move on by a byte, until it would."""
    moved = (letter + b"\n" * more for more in range(1000))
    found = 0
    for pdf in moved:
        if b"\r\nendstream" in signing._signed(pdf, signing.key(), None, None)[len(pdf) :]:
            found += 1
            assert b"\r\nendstream" not in signing.sign(pdf, signing.key()).pdf[len(pdf) :]
    assert found


def test_the_rendering_is_the_same_bytes_each_time(letter):
    assert rendered() == letter
    assert rendered(signature_field=False) != letter


def test_signing_adds_to_the_rendering_and_changes_nothing_of_it(letter):
    assert signing.sign(letter, signing.key()).pdf.startswith(letter)


def test_the_signature_holds_for_the_whole_file(letter):
    made = signing.sign(letter, signing.key())
    status = signed.status(made.pdf)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.signing_cert.sha256.hex() == made.certificate
    assert made.level == "B-B"


def test_one_changed_byte_breaks_it(letter):
    made = bytearray(signing.sign(letter, signing.key()).pdf)
    made[len(letter) // 2] ^= 1
    assert not signed.status(bytes(made)).intact


@pytest.mark.parametrize("document", [b"<html>", b"", b"%PDF-1.7\n"])
def test_what_is_no_pdf_is_refused(document, key):
    with pytest.raises(ValueError, match="cannot be signed"):
        signing.sign(document, key)


def test_a_document_without_a_field_is_refused(key):
    with pytest.raises(ValueError, match="no empty signature field"):
        signing.sign(rendered(signature_field=False), key)


def test_a_letter_has_no_field_for_the_archive(letter, key):
    made = signing.sign(letter, key)
    with pytest.raises(ValueError, match="no empty signature field of the name Archive time stamp"):
        signing.archive(made, trusted=key.certificates(), stamper=DummyTimeStamper(None, None))


def test_a_field_for_the_archive_conforms_as_long_as_it_is_empty(key):
    report = rendered(archive_field=True)
    assert on.validate(report) == []
    assert on.validate(signing.sign(report, key).pdf) == []


def test_nothing_is_signed_twice(letter, key):
    with pytest.raises(ValueError, match="no empty signature field"):
        signing.sign(signing.sign(letter, key).pdf, key)


# --- the key ---------------------------------------------------------------------------------------------------------


def test_a_key_is_made_once_for_its_owner_alone(key):
    own, root = key.certificates()
    assert own.subject.rfc4514_string() == "CN=Northlight AI Ltd"
    assert "vouches for nobody" in root.subject.rfc4514_string()
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key.path.parent.iterdir()] == ["documents.pem"]
    assert signing.FileKey(key.path, name="Somebody Else").certificates() == [own, root]


def test_many_processes_make_one_key(tmp_path):
    made = [signing.FileKey(tmp_path / "documents.pem", name="Northlight AI Ltd") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert len({keys.fingerprint(found[0]) for found in pool.map(signing.FileKey.certificates, made)}) == 1


def test_a_key_of_rsa_signs_too(letter, key, tmp_path, monkeypatch):
    private = rsa.generate_private_key(65537, 3072)
    monkeypatch.setattr(keys.ec, "generate_private_key", lambda curve: private)
    keys.make(tmp_path / "rsa.pem", "Northlight AI Ltd")
    made = signing.sign(letter, signing.FileKey(tmp_path / "rsa.pem", name=""))
    assert on.validate(made.pdf) == []
    assert signed.status(made.pdf).intact


@pytest.mark.parametrize("what", ["no key", "the certificate of another key", "nothing"])
def test_a_file_that_cannot_sign_says_so(key, tmp_path, what):
    key.certificates()
    lines = key.path.read_text()
    other = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificates = lines[lines.index("-----BEGIN CERT") :]
    path = tmp_path / "wrong.pem"
    path.write_text(
        {"no key": certificates, "the certificate of another key": other.decode() + certificates}.get(what, "")
    )
    with pytest.raises(signing.Unusable, match=r"wrong\.pem cannot sign documents"):
        signing.FileKey(path, name="").certificates()


def attributes(key: signing.FileKey, **changes: Any) -> bytes:
    """Signed attributes as a document has them, or nearly."""
    certificate = key.certificates()[0]
    values = {
        "content_type": "data",
        "message_digest": sha256(b"a document").digest(),
        "signing_certificate_v2": {"certs": [{"cert_hash": sha256(certificate.public_bytes(Encoding.DER)).digest()}]},
    } | changes
    return cms.CMSAttributes(
        [{"type": name, "values": [value]} for name, value in values.items() if value is not None]
    ).dump()


def test_the_attributes_of_a_document_are_signed(key):
    assert key.sign(attributes(key))


@pytest.mark.parametrize(
    "changes",
    [
        {"content_type": "signed_data"},
        {"content_type": None},
        {"message_digest": b"short"},
        {"message_digest": None},
        {"signing_certificate_v2": {"certs": [{"cert_hash": bytes(32)}]}},
        {"signing_certificate_v2": None},
    ],
)
def test_other_attributes_are_not_signed(key, changes):
    with pytest.raises(signing.Refused):
        key.sign(attributes(key, **changes))


@pytest.mark.parametrize("what", [b"", b"a transfer of money", b"\x00" * 64, bytes(range(256))])
def test_nothing_else_is_signed(key, what):
    with pytest.raises(signing.Refused):
        key.sign(what)


# --- behind a socket -------------------------------------------------------------------------------------------------


@pytest.fixture
def remote(key: signing.FileKey, tmp_path: Path) -> Iterator[wire.RemoteKey]:
    stop = threading.Event()
    thread = threading.Thread(target=wire.serve, args=[key, tmp_path / "s", stop])
    thread.start()
    while not (tmp_path / "s").exists():
        stop.wait(0.01)
    yield wire.RemoteKey(tmp_path / "s")
    stop.set()
    thread.join()


def test_the_key_behind_a_socket_signs_the_same_way(letter, key, remote):
    made = signing.sign(letter, remote)
    assert remote.certificates() == key.certificates()
    assert made.certificate == keys.fingerprint(key.certificates()[0])
    assert on.validate(made.pdf) == []


def test_what_it_refuses_comes_through(remote, key):
    with pytest.raises(signing.Refused, match="no signed attributes"):
        remote.sign(b"a transfer of money")
    key.path.write_text("")
    key._loaded = None
    with pytest.raises(signing.Unusable, match="cannot sign documents"):
        wire.RemoteKey(remote.path).certificates()


def test_a_question_that_is_none_ends_the_connection_and_not_the_signer(remote):
    for question in ({}, {"ask": "sign"}, {"ask": "sign", "attributes": 5}):
        with sockets.connected(remote.path) as stream:
            sockets.send(stream, question)
            with pytest.raises((EOFError, ConnectionError)):
                sockets.receive(stream)
    assert remote.certificates()


def test_nobody_behind_the_socket_is_said_so(tmp_path):
    with pytest.raises(sockets.Unreachable, match=r"Is `manage\.py document_signer` running"):
        wire.RemoteKey(tmp_path / "s").certificates()


def test_the_command_signs_and_needs_no_database(letter, tmp_path):
    environment = {
        "PATH": "/usr/bin:/bin",
        "VAR_DIR": str(tmp_path),
        "DOCUMENT_SIGNER_SOCKET": str(tmp_path / "s"),
        "SECRET_KEY": "x" * 50,
    }
    command = [sys.executable, "manage.py", "document_signer"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            assert "signing documents as CN=Northlight AI Ltd" in process.stderr.readline()
            while not (tmp_path / "s").exists():
                threading.Event().wait(0.01)
            assert on.validate(signing.sign(letter, wire.RemoteKey(tmp_path / "s")).pdf) == []
            assert (tmp_path / "s").stat().st_mode & 0o777 == 0o660
        finally:
            process.terminate()
            process.communicate()


def test_the_command_without_a_socket_says_so(tmp_path):
    command = [sys.executable, "manage.py", "document_signer"]
    said = subprocess.run(
        command, env={"VAR_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert said.returncode
    assert "DOCUMENT_SIGNER_SOCKET is not set" in said.stderr
