"""An S3-compatible bucket as the vault's store, by django-storages.

Names are written once: each upload asks the server to refuse one that is taken (`If-None-Match: *`). With Object Lock
the server keeps what is sealed until a day, and for as long as its legal hold stands, whoever holds the keys:

* COMPLIANCE: nobody shortens the time, the account's owner included.
* GOVERNANCE: who has the right `s3:BypassGovernanceRetention` may; casemgr never asks for it.
* a legal hold has no end of its own, and is lifted when the item is unsealed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from storages.backends.s3 import S3Storage

from apps.core.vault.problems import Locked, Missing

MODES = ("GOVERNANCE", "COMPLIANCE")
IN_MEMORY = 8 * 1024 * 1024  # of a file that is opened; the rest of it lies in a temporary file
TAKEN = {"PreconditionFailed", "412"}
HOLD = "a legal hold of the store"
GONE = {"NoSuchKey", "404", "NotFound"}


class Bucket:
    """`mode` and `days` lock what is sealed, `legal_hold` flags it as well; with neither the bucket only stores."""

    def __init__(self, *, mode: str = "", days: int = 0, legal_hold: bool = False, **options: Any) -> None:
        if mode and (mode not in MODES or days < 1):
            raise ImproperlyConfigured(
                f"VAULT_S3_LOCK_MODE is {mode!r} with VAULT_S3_LOCK_DAYS {days}. Give one of {', '.join(MODES)} and at"
                " least one day, or leave the mode empty."
            )
        self.mode, self.days, self.legal_hold = mode, days, legal_hold
        self.storage = S3Storage(file_overwrite=True, max_memory_size=IN_MEMORY, default_acl=None, **options)

    @property
    def name(self) -> str:
        return f"the bucket {self.storage.bucket_name}"

    def keep(self, fresh: Path, sha256: str) -> None:
        """Upload a whole local file in parts, unless its content is there. Memory stays flat, whatever its size."""
        if self.storage.exists(sha256):
            return
        events = self._client.meta.events
        for operation in ("PutObject", "CompleteMultipartUpload"):
            events.register(f"before-parameter-build.s3.{operation}", _only_new, unique_id=f"only-new-{operation}")
        try:
            with fresh.open("rb") as file:
                self.storage.save(sha256, File(file))
        except ClientError as error:
            if _code(error) not in TAKEN:  # somebody else brought the same content meanwhile
                raise

    def open(self, sha256: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self.storage.open(sha256, "rb"))
        except FileNotFoundError as error:
            raise Missing(f"the vault holds no file {sha256}") from error

    def chunks(self, sha256: str, size: int, start: int) -> Iterator[bytes]:
        later = {"Range": f"bytes={start}-"} if start else {}
        try:
            body = self.storage.bucket.Object(sha256).get(**later)["Body"]
        except ClientError as error:
            if _code(error) in GONE:
                raise Missing(f"the vault holds no file {sha256}") from error
            raise
        yield from body.iter_chunks(size)

    def remove(self, sha256: str) -> None:
        """Every version: a bucket with Object Lock keeps old ones behind a mark otherwise."""
        for version in self.storage.bucket.object_versions.filter(Prefix=sha256):
            try:
                version.delete()
            except ClientError as error:
                if _code(error) not in GONE:
                    raise Locked(f"{self.name} refuses to remove {sha256}: {error}") from error

    def lock(self, sha256: str) -> str:
        said = []
        if self.mode:
            until = datetime.now(UTC) + timedelta(days=self.days)
            self._client.put_object_retention(
                Bucket=self.storage.bucket_name,
                Key=sha256,
                Retention={"Mode": self.mode, "RetainUntilDate": until},
            )
            said.append(_retention(self.mode, until))
        if self.legal_hold:
            self._set_hold(sha256, "ON")
            said.append(HOLD)
        return " and ".join(said)

    def unlock(self, sha256: str) -> str:
        """The legal hold goes, the retention stays: nobody shortens it."""
        if self.legal_hold:
            self._set_hold(sha256, "OFF")
        return self.locked(sha256)

    def locked(self, sha256: str) -> str:
        try:
            found = self._client.head_object(Bucket=self.storage.bucket_name, Key=sha256)
        except ClientError as error:
            if _code(error) in GONE:
                return ""
            raise
        said = []
        if found.get("ObjectLockMode") and found["ObjectLockRetainUntilDate"] > datetime.now(UTC):
            said.append(_retention(found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]))
        if found.get("ObjectLockLegalHoldStatus") == "ON":
            said.append(HOLD)
        return " and ".join(said)

    def _set_hold(self, sha256: str, status: str) -> None:
        self._client.put_object_legal_hold(Bucket=self.storage.bucket_name, Key=sha256, LegalHold={"Status": status})

    @property
    def _client(self) -> Any:
        return self.storage.connection.meta.client


def _retention(mode: str, until: datetime) -> str:
    return f"Object Lock in {mode} mode until {until:%Y-%m-%d}"


def _only_new(params: dict[str, Any], **_: Any) -> None:
    params.setdefault("IfNoneMatch", "*")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
