"""RFC 3161 against a real authority made of openssl, and its tokens judged by openssl and by the library."""

import re
import subprocess
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from apps.audit.anchors import parties, timestamps
from apps.audit.anchors.parties import Unobtained
from apps.audit.models import Anchor, AnchorParty, Checkpoint
from tests.audit.anchors.conftest import attend
from tests.audit.anchors.outside import Authority, drip, redirect

pytestmark = pytest.mark.usefixtures("committed_db")


TRAIL = settings.BASE_DIR / "docs" / "trail.md"


def problem() -> str:
    return AnchorParty.objects.get().problem


def ask_again() -> None:
    """What failed need not be waited for any longer."""
    AnchorParty.objects.update(due_at=timezone.now())


def test_a_checkpoint_is_stamped_and_openssl_agrees(seal, authority, tmp_path):
    checkpoint = seal()
    assert attend() == [True]
    anchor = Anchor.objects.get()
    assert (anchor.kind, anchor.size) == ("timestamp", checkpoint.size)
    assert anchor.stated_at is not None
    assert abs(anchor.stated_at - timezone.now()) < timedelta(minutes=1)
    (tmp_path / "token.tsr").write_bytes(anchor.token)
    commands = re.findall(r"^    (sed .*|openssl ts -verify .*)$", TRAIL.read_text(), flags=re.MULTILINE)
    assert len(commands) == 2, "as docs/trail.md tells an outsider to do it"
    (tmp_path / "000000000001042.checkpoint").write_text(checkpoint.note)
    (tmp_path / "roots.pem").write_bytes(authority.roots.read_bytes())
    done = [subprocess.run(["sh", "-c", c], cwd=tmp_path, capture_output=True, text=True, check=True) for c in commands]
    assert "Verification: OK" in done[1].stdout + done[1].stderr
    roots = x509.load_pem_x509_certificates(authority.roots.read_bytes())
    response = decode_timestamp_response(bytes(anchor.token))
    assert VerifierBuilder(roots=roots).build().verify_message(response, (tmp_path / "stamped").read_bytes())
    with pytest.raises(VerificationError):
        VerifierBuilder(roots=roots).build().verify_message(response, b"another checkpoint")


def test_a_kept_stamp_is_judged_again(seal, authority):
    checkpoint = seal()
    attend()
    anchor, (party,) = Anchor.objects.get(), parties.configured()
    assert party.judge(anchor, checkpoint) == anchor.stated_at
    for place in range(40, len(anchor.token), 97):
        token = bytearray(anchor.token)
        token[place] ^= 1
        changed = Anchor(size=anchor.size, kind=anchor.kind, party=anchor.party, token=bytes(token))
        try:
            party.judge(changed, checkpoint)
        except Unobtained:
            continue
        # A byte that no signature covers, such as the order of certificates, may differ: the statement may not.
        assert timestamps._decoded(bytes(token)).tst_info.gen_time == anchor.stated_at


def test_it_is_stamped_as_often_as_the_settings_say(seal, authority, settings):
    settings.TRAIL_TIMESTAMP_SECONDS = 60
    seal()
    assert attend() == [True]
    seal()
    assert attend() == [False]
    assert attend(after=61) == [True]
    assert attend(after=61) == [False], "there is nothing new"


def request_for(text: bytes, *, nonce: bool = True) -> bytes:
    return (
        TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=nonce).build().as_bytes()
    )


def test_nothing_is_kept_that_does_not_hold(seal, authority, tmp_path):
    """Wrong nonce, wrong imprint, another hash, a refusal, garbage, too much, a redirect."""
    checkpoint = seal()
    text = timestamps.stamped(checkpoint.note)
    another_hash = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA512).build().as_bytes()
    answers = [
        ((200, authority.stamp(request_for(text))), "it answers another request"),
        ((200, authority.stamp(request_for(text, nonce=False))), "it answers another request"),
        ((200, authority.stamp(another_hash)), "another kind of hash than SHA-256"),
        ((200, bytes.fromhex("30053003020102")), "It rejects the request"),
        ((200, b"garbage"), "no time stamp"),
        ((200, b""), "no time stamp"),
        ((200, b"\x30" * 200_000), "more than 65536 bytes"),
        ((503, b""), "Answered 503"),
        (redirect, "redirects are not followed"),
    ]
    for answer, why in answers:
        authority.plan = [answer]
        ask_again()
        assert attend(after=1) == [False]
        assert why in problem()
    assert not Anchor.objects.exists()


def test_a_stamp_over_something_else(seal, authority, monkeypatch):
    seal()
    stamp = authority.stamp

    def stamp_something_else(body: bytes) -> bytes:
        """With the right nonce: the imprint alone is another."""
        right, wrong = sha256(timestamps.stamped(Checkpoint.objects.get().note)).digest(), sha256(b"else").digest()
        return stamp(body.replace(right, wrong))

    monkeypatch.setattr(authority, "stamp", stamp_something_else)
    assert attend() == [False]
    assert "it is over something else than what was to be stamped" in problem()
    assert not Anchor.objects.exists()


def test_an_authority_that_is_not_trusted(seal, authority, settings, tmp_path):
    seal()
    another = Authority(tmp_path / "another")
    settings.TRAIL_TIMESTAMP_ROOTS = str(another.roots)
    another.shutdown()
    another.server_close()
    assert attend() == [False]
    assert "Its stamp does not hold" in problem()


def test_a_certificate_that_has_expired(seal, settings, tmp_path):
    """It was valid until yesterday; stamps of today are refused."""
    expired = Authority(tmp_path / "expired", days=-1)
    settings.TRAIL_TIMESTAMP_URLS, settings.TRAIL_NETWORKS = [expired.url], ["127.0.0.0/8"]
    settings.TRAIL_TIMESTAMP_ROOTS = str(expired.roots)
    seal()
    assert attend() == [False]
    assert problem()
    assert not Anchor.objects.exists()
    expired.shutdown()
    expired.server_close()


def test_a_clock_that_is_wrong(seal, authority):
    seal()
    assert attend(after=600) == [False]
    assert "one of the two is wrong" in problem()


def test_an_authority_that_takes_for_ever(seal, authority, monkeypatch):
    seal()
    monkeypatch.setattr(timestamps, "SECONDS", 0.5)
    authority.plan = [drip]
    assert attend() == [False]
    assert "No answer within 0.5 seconds" in problem()


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_an_authority_needs_a_root_to_be_trusted_by(settings, tmp_path, content):
    settings.TRAIL_TIMESTAMP_URLS = ["https://stamps.example/"]
    path: Path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
        settings.TRAIL_TIMESTAMP_ROOTS = str(path)
    with pytest.raises(ImproperlyConfigured, match="TRAIL_TIMESTAMP_ROOTS"):
        parties.configured()
