"""Copies of checkpoints in stores that keep what they have: a directory, or an S3 bucket with Object Lock.

A copy is the checkpoint's note with the cosignatures that were there when it was made, `<size>.checkpoint`. It is
written once, read again and compared, and never written over: what is there already has to be the same checkpoint.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from apps.audit.anchors.parties import Obtained, Unobtained
from apps.audit.log import notes
from apps.audit.models import Anchor, Checkpoint

SECONDS = 10


class Place(Protocol):
    """Where copies lie. Its methods raise Unobtained."""

    def write_once(self, name: str, content: bytes) -> None:
        """Put a file there, unless one of this name is there."""
        ...

    def read(self, name: str) -> bytes: ...

    def everything(self) -> Iterator[tuple[int, bytes]]:
        """Size and content of every copy that is there, in the order of their names."""
        ...


@dataclass(frozen=True)
class Store:
    """A store as a party: it is given a copy, and asked for it again."""

    name: str
    place: Place

    kind = Anchor.Kind.COPY

    @property
    def names(self) -> tuple[str]:
        return (self.name,)

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=settings.TRAIL_COPY_SECONDS)

    def obtain(self, checkpoint: Checkpoint) -> list[Obtained]:
        self.place.write_once(named(checkpoint.size), cosigned(checkpoint).encode())
        kept = self.place.read(named(checkpoint.size))
        self._compare(kept, checkpoint)
        return [Obtained(self.name, kept, None)]

    def judge(self, anchor: Anchor, checkpoint: Checkpoint) -> None:
        """The copy, read again, against what was kept of it. Raises Unobtained."""
        kept = self.place.read(named(anchor.size))
        self._compare(kept, checkpoint)
        if kept != bytes(anchor.token):
            raise Unobtained(f"Its copy {named(anchor.size)} is no longer what was written there.")

    def _compare(self, kept: bytes, checkpoint: Checkpoint) -> None:
        if fault := differs(kept, checkpoint.note):
            raise Unobtained(
                f"It holds {named(checkpoint.size)} already: {fault}. The log was rewritten, or the store is that of "
                "another log. Run verify_trail, and compare the two."
            )


def differs(kept: bytes, note: str | None) -> str | None:
    """How a copy differs from the log's own checkpoint of that size; None when it says the same."""
    try:
        text = notes.split(kept.decode())[0]
    except (UnicodeDecodeError, notes.BadNote):
        return "it is no checkpoint"
    if note is None:
        return "the log has no checkpoint of this size"
    return None if text == notes.split(note)[0] else "it is not the checkpoint that the log has of this size"


def named(size: int) -> str:
    return f"{size:015d}.checkpoint"  # so that names sort as sizes do


def size_of(name: str) -> int | None:
    """The size in a name; None for other files, such as a note of who mounted it."""
    match = re.fullmatch(r"([0-9]{15,})\.checkpoint", name)
    return int(match[1]) if match else None


def cosigned(checkpoint: Checkpoint) -> str:
    """The checkpoint with the signatures of those who have witnessed it so far."""
    tokens = Anchor.objects.filter(kind=Anchor.Kind.WITNESS, size=checkpoint.size).order_by("party")
    lines = "".join(bytes(anchor.token).decode() for anchor in tokens)
    return notes.with_signatures(checkpoint.note, lines) if lines else checkpoint.note


def configured() -> list[Store]:
    return [Store(place, _place(place)) for place in settings.TRAIL_COPIES]


def _place(text: str) -> Place:
    parts = urlsplit(text)
    if parts.scheme == "s3" and parts.netloc:
        return Bucket(parts.netloc, parts.path.strip("/"))
    if parts.scheme:
        raise ImproperlyConfigured(f"TRAIL_COPIES: {text} is neither a directory nor s3://bucket/prefix.")
    return Directory(Path(text))


@dataclass(frozen=True)
class Directory:
    """A directory, best on a file system that others run and that is mounted so that nothing there can be changed."""

    path: Path

    def write_once(self, name: str, content: bytes) -> None:
        target, draft = self.path / name, self.path / f".{name}.{secrets.token_hex(4)}"
        try:
            with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                target.hardlink_to(draft)  # whole, or not at all, and never over another
            draft.unlink()
            directory = os.open(self.path, os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise Unobtained(f"Cannot be written to: {error.strerror or error}.") from error

    def read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise Unobtained(f"Its copy {name} cannot be read: {error.strerror or error}.") from error

    def everything(self) -> Iterator[tuple[int, bytes]]:
        try:
            names = sorted(os.listdir(self.path))
        except OSError as error:
            raise Unobtained(f"Cannot be read: {error.strerror or error}.") from error
        for name in names:
            if (size := size_of(name)) is not None:
                yield size, self.read(name)


@dataclass(frozen=True)
class Bucket:
    """An S3-compatible bucket with Object Lock: until the retention ends nobody deletes a copy, its owner included.

    Credentials, region and AWS_ENDPOINT_URL_S3 come from the environment, as boto3 reads them.
    """

    bucket: str
    prefix: str

    def write_once(self, name: str, content: bytes) -> None:
        self._call(
            "put_object",
            Key=self._key(name),
            Body=content,
            ContentType="text/plain; charset=utf-8",
            ChecksumAlgorithm="SHA256",
            IfNoneMatch="*",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=_retained_until(),
        )

    def read(self, name: str) -> bytes:
        answer = self._call("get_object", Key=self._key(name))
        if answer.get("ObjectLockMode") != "COMPLIANCE":
            raise Unobtained(
                f"Its copy {name} is not locked. Give the bucket Object Lock; casemgr asks for compliance."
            )
        return answer["Body"].read()

    def everything(self) -> Iterator[tuple[int, bytes]]:
        token: dict[str, str] = {}
        while True:
            answer = self._call("list_objects_v2", Prefix=self._key(""), **token)
            for item in answer.get("Contents", []):
                name = item["Key"].removeprefix(self._key(""))
                if (size := size_of(name)) is not None:
                    yield size, self.read(name)
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        import boto3  # an extra: only who keeps copies in S3 installs it
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        limits = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1})
        try:
            client = boto3.session.Session().client("s3", config=limits)
            return getattr(client, operation)(Bucket=self.bucket, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":  # it is there; what it says is compared
                return {}
            raise Unobtained(f"{operation} was refused: {error.response['Error'].get('Message', error)}.") from error
        except BotoCoreError as error:
            raise Unobtained(f"Cannot be reached: {error}.") from error


def _retained_until() -> datetime:
    return timezone.now() + timedelta(days=366 * settings.TRAIL_COPY_YEARS)
