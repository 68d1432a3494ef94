"""Copies of checkpoints: written once, never over another, read again; in a directory and in a bucket that locks."""

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from moto.server import ThreadedMotoServer

from apps.audit.anchors import copies, parties
from apps.audit.log import notes
from apps.audit.models import Anchor, AnchorParty
from apps.audit.verify import verify
from tests.audit.anchors.conftest import attend
from tests.audit.tampering import guards_off, sql

pytestmark = pytest.mark.usefixtures("committed_db")


def problem() -> str:
    return AnchorParty.objects.get().problem


def test_a_checkpoint_is_copied_with_its_cosignatures(seal, witness, store):
    checkpoint = seal()
    assert attend() == [True, True]
    (file,) = store.iterdir()
    assert file.name == f"{checkpoint.size:015d}.checkpoint"
    assert file.stat().st_mode & 0o777 == 0o444
    witness.key.verifier.open(file.read_text())
    copy = Anchor.objects.get(kind="copy")
    assert bytes(copy.token) == file.read_bytes()
    assert copy.stated_at is None
    assert verify().holds


def test_as_often_as_the_settings_say(seal, store, settings):
    settings.TRAIL_COPY_SECONDS = 60
    seal()
    assert attend() == [True]
    seal()
    assert attend() == [False]
    assert attend(after=61) == [True]
    assert len(list(store.iterdir())) == 2


def test_what_is_there_is_never_written_over(seal, store, settings):
    """Another checkpoint of the same size, signed with the log's own key: the log was rewritten."""
    checkpoint = seal()
    signer = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN)
    another = signer.sign(str(notes.Head(settings.TRAIL_ORIGIN, checkpoint.size, b"\1" * 32)))
    (store / copies.named(checkpoint.size)).write_text(another)
    assert attend() == [False]
    assert "not the checkpoint that the log has of this size" in problem()
    assert (store / copies.named(checkpoint.size)).read_text() == another
    assert not Anchor.objects.exists()


def test_a_copy_that_was_written_and_not_noted_is_taken_up(seal, store):
    """As after a crash between the two."""
    checkpoint = seal()
    (store / copies.named(checkpoint.size)).write_text(checkpoint.note)
    assert attend() == [True]
    assert bytes(Anchor.objects.get().token).decode() == checkpoint.note


@pytest.mark.parametrize("content", [b"", b"\xff", b"nonsense\n"])
def test_half_a_copy_is_no_copy(seal, store, content):
    checkpoint = seal()
    (store / copies.named(checkpoint.size)).write_bytes(content)
    assert attend() == [False]
    assert "it is no checkpoint" in problem()


def test_a_store_that_is_away(seal, store):
    seal()
    store.rmdir()
    assert attend() == [False]
    assert problem() == "Cannot be written to: No such file or directory."
    store.mkdir()
    assert attend(after=5) == [True]


def test_a_rewritten_log_contradicts_its_copies(seal, store, settings):
    """Even when every row about them is gone, and everything was signed anew with the log's own key."""
    first = seal()
    attend()
    seal()
    signer = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN)
    (store / copies.named(first.size)).chmod(0o644)
    (store / copies.named(first.size)).write_text(
        signer.sign(str(notes.Head(settings.TRAIL_ORIGIN, first.size, b"\1" * 32)))
    )
    (store / copies.named(1_000_000)).write_text(
        signer.sign(str(notes.Head(settings.TRAIL_ORIGIN, 1_000_000, b"\1" * 32)))
    )
    (store / "README").write_text("mounted by the registry")
    with guards_off():
        sql("DELETE FROM audit_anchor")
    found = [finding.sentence for verdict in verify().verdicts for finding in verdict.findings]
    assert f"{copies.named(first.size)}: it is not the checkpoint that the log has of this size" in found[0]
    assert f"{copies.named(1_000_000)}: the log has no checkpoint of this size" in found[1]
    assert len(found) == 2


def test_what_is_remembered_of_a_copy_is_held_against_the_checkpoint(seal, store):
    seal()
    attend()
    assert verify().holds
    with guards_off():
        sql("UPDATE audit_anchor SET token = overlay(token placing 'casemgr.example/other' from 1)")
    found = [finding.sentence for verdict in verify().verdicts for finding in verdict.findings]
    assert any("does not hold: it is" in sentence for sentence in found), found


@pytest.mark.parametrize("place", ["https://example.org/copies", "s3:///prefix"])
def test_a_place_is_a_directory_or_a_bucket(settings, place):
    settings.TRAIL_COPIES = [place]
    with pytest.raises(ImproperlyConfigured, match="neither a directory nor s3://"):
        parties.configured()


# --- S3 --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def s3(monkeypatch):
    """An S3 service on this machine, and a client of it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    yield boto3.client("s3")
    server.stop()


def test_a_bucket_locks_what_it_is_given(seal, s3, settings):
    s3.create_bucket(Bucket="outside", ObjectLockEnabledForBucket=True)
    settings.TRAIL_COPIES = ["s3://outside/trail"]
    checkpoint = seal()
    assert attend() == [True]
    key = f"trail/{copies.named(checkpoint.size)}"
    kept = s3.get_object(Bucket="outside", Key=key)
    assert kept["ObjectLockMode"] == "COMPLIANCE"
    assert (kept["ObjectLockRetainUntilDate"] - checkpoint.signed_at).days >= 3650
    assert kept["Body"].read().decode() == checkpoint.note
    assert verify().holds
    (store,) = copies.configured()
    store.place.write_once(copies.named(checkpoint.size), b"another")
    assert store.place.read(copies.named(checkpoint.size)).decode() == checkpoint.note, "it is not written over"
    s3.put_object(Bucket="outside", Key=key, Body=b"another", ObjectLockMode="COMPLIANCE",
                  ObjectLockRetainUntilDate=kept["ObjectLockRetainUntilDate"])  # fmt: skip
    assert not verify().holds


def test_a_bucket_that_does_not_lock_is_no_store(seal, s3, settings):
    s3.create_bucket(Bucket="open")
    settings.TRAIL_COPIES = ["s3://open/trail"]
    seal()
    assert attend() == [False]
    assert "lock" in problem().lower()


def test_a_bucket_that_is_not_there(seal, s3, settings):
    settings.TRAIL_COPIES = ["s3://nowhere"]
    seal()
    assert attend() == [False]
    assert "put_object was refused" in problem()
