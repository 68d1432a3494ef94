"""The vault in a bucket: a server of moto on this machine, spoken to over HTTP as any S3-compatible one."""

import hashlib
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from moto.server import ThreadedMotoServer

from apps.core import vault
from apps.core.vault.bucket import Bucket

CREDENTIALS = {"region_name": "eu-west-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def client(server) -> Any:
    return boto3.client("s3", endpoint_url=server, **CREDENTIALS)


@pytest.fixture
def bucket(server, client, settings, tmp_path, monkeypatch, request) -> Callable[..., str]:
    """Make a bucket with Object Lock and let it be the vault; returns its name."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    settings.VAULT_DIR = tmp_path
    name = f"vault-{abs(hash(request.node.name)) % 10**9}"
    client.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )

    def use(**lock: Any) -> str:
        options = {"bucket_name": name, "endpoint_url": server, "region_name": "eu-west-1", **lock}
        backend = {"BACKEND": "apps.core.vault.bucket.Bucket", "OPTIONS": options}
        settings.STORAGES = settings.STORAGES | {"vault": backend}
        return name

    return use


def test_a_file_lies_in_the_bucket_under_its_hash(bucket, client, tmp_path):
    name = bucket()
    stored = vault.put(iter([b"some ", b"evidence"]))

    assert client.get_object(Bucket=name, Key=stored.sha256)["Body"].read() == b"some evidence"
    assert vault.read(stored.sha256) == b"some evidence"
    assert vault.measure(stored.sha256) == stored.sha256
    assert vault.measure_whole(stored.sha256).sha512 == stored.sha512
    assert vault.name() == f"the bucket {name}"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []  # nothing stays behind on the disk


def test_a_file_can_be_sought_in(bucket):
    bucket()
    stored = vault.put(b"0123456789")
    with vault.open_file(stored.sha256) as file:
        file.seek(4)
        assert file.read(3) == b"456"


def test_the_same_content_twice_is_one_version(bucket, client):
    name = bucket()
    stored = vault.put(b"twice")
    vault.put(b"twice")
    assert len(client.list_object_versions(Bucket=name, Prefix=stored.sha256)["Versions"]) == 1


def test_an_upload_asks_the_server_to_refuse_a_name_that_is_taken(bucket, tmp_path):
    bucket()
    asked = []
    store = vault._store()
    store.storage.connection.meta.client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: asked.append(request.headers["If-None-Match"])
    )
    vault.put(b"once")
    assert asked == [b"*"]


def test_what_is_not_there_is_missing(bucket):
    bucket()
    absent = hashlib.sha256(b"never").hexdigest()
    assert vault.measure(absent) == ""
    with pytest.raises(vault.Missing):
        vault.read(absent)
    with pytest.raises(vault.Missing):
        vault.open_file(absent)


def test_a_changed_object_does_not_measure_as_what_it_was(bucket, client):
    name = bucket()
    stored = vault.put(b"whole")
    client.put_object(Bucket=name, Key=stored.sha256, Body=b"wh0le")
    assert vault.measure(stored.sha256) == hashlib.sha256(b"wh0le").hexdigest()


def test_removing_leaves_no_version_behind(bucket, client):
    name = bucket()
    stored = vault.put(b"to go")
    vault.remove(stored.sha256)
    assert vault.measure(stored.sha256) == ""
    assert "Versions" not in client.list_object_versions(Bucket=name, Prefix=stored.sha256)


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_what_is_locked_cannot_be_removed(bucket, mode):
    bucket(mode=mode, days=30)
    stored = vault.put(b"sealed")
    assert vault.lock(stored.sha256).startswith(f"Object Lock in {mode} mode until ")

    with pytest.raises(vault.Locked, match="refuses to remove"):
        vault.remove(stored.sha256)
    assert vault.read(stored.sha256) == b"sealed"
    assert f"{mode} mode until" in vault.unlock(stored.sha256)  # nobody shortens it
    with pytest.raises(vault.Locked):
        vault.remove(stored.sha256)


def test_a_legal_hold_ends_when_it_is_lifted(bucket):
    bucket(legal_hold=True)
    stored = vault.put(b"held")
    assert vault.lock(stored.sha256) == "a legal hold of the store"
    with pytest.raises(vault.Locked):
        vault.remove(stored.sha256)

    assert vault.locked(stored.sha256) == "a legal hold of the store"
    assert vault.unlock(stored.sha256) == ""
    vault.remove(stored.sha256)
    assert vault.measure(stored.sha256) == ""


def test_a_large_file_passes_in_parts_and_flat_memory(bucket, client):
    name = bucket()
    tracemalloc.start()
    stored = vault.put(bytes(vault.CHUNK) for _ in range(48))
    assert vault.measure(stored.sha256) == stored.sha256
    assert sum(map(len, vault.chunks(stored.sha256, 40 * vault.CHUNK + 1))) == 8 * vault.CHUNK - 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "-" in client.head_object(Bucket=name, Key=stored.sha256)["ETag"]  # of several parts
    assert stored.size == 48 * vault.CHUNK
    assert peak < 400 * vault.CHUNK  # the server is in this process too and keeps what it gets


@pytest.mark.parametrize("lock", [{"mode": "FOREVER", "days": 1}, {"mode": "COMPLIANCE"}])
def test_a_lock_that_says_nothing_is_refused_at_once(lock):
    with pytest.raises(ImproperlyConfigured, match="VAULT_S3_LOCK"):
        Bucket(bucket_name="x", **lock)
