"""The vault: files under the hash of their content, written once.

A name is made from a SHA-256 that we computed, never from what somebody gave. What arrives is hashed on a local disk
first, since its name is not known before its end; where it then lies is the store that the settings name: a directory
(disk.py) or an S3-compatible bucket with Object Lock (bucket.py).
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection

from apps.core.vault.disk import path_of
from apps.core.vault.problems import Locked, Missing, TooLarge

__all__ = ["Locked", "Missing", "TooLarge", "path_of"]

CHUNK = 1024 * 1024
INCOMING = "incoming"  # where files are until they have their name
HELD = "held-"  # how those of them begin that wait for a decision


@dataclass(frozen=True)
class Stored:
    sha256: str
    sha512: str
    size: int
    head: bytes  # the first bytes, to tell the type by


def put(chunks: bytes | Iterable[bytes], *, limit: int | None = None) -> Stored:
    """Store a stream, hashing while it passes; the same content twice is one file. Flat memory.

    The file has its final name only when all of it is on the disk. Raises TooLarge above `limit` bytes.
    """
    parts = [chunks] if isinstance(chunks, bytes) else chunks
    root = settings.VAULT_DIR
    incoming = root / INCOMING
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    sha256, sha512, size, head = hashlib.sha256(), hashlib.sha512(), 0, b""
    handle, name = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                size += len(part)
                if limit is not None and size > limit:
                    raise TooLarge(f"more than {limit:,} bytes")
                sha256.update(part)
                sha512.update(part)
                if len(head) < 4096:
                    head = (head + part)[:4096]
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        _claim(sha256.hexdigest())
        _store().keep(Path(name), sha256.hexdigest())
    finally:
        Path(name).unlink(missing_ok=True)
    return Stored(sha256.hexdigest(), sha512.hexdigest(), size, head)


def _store() -> Any:
    return storages["vault"]


def name() -> str:
    """Where the files lie, in words."""
    return str(_store().name)


def _key(sha256: str) -> int:
    """What PostgreSQL's advisory locks know a file by."""
    return int.from_bytes(bytes.fromhex(sha256[:16]), "big", signed=True)


def _claim(sha256: str) -> None:
    """Keep others from removing this content until the transaction that is to name it has ended."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_key(sha256)])


@contextmanager
def alone_with(sha256: str) -> Iterator[None]:
    """Wait until nobody is about to name this content any more; from then on nobody can until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_key(sha256)])
    yield


def remove(sha256: str) -> None:
    """Remove the file for good, under `alone_with` and where no record needs it. Raises Locked where the store must
    keep it."""
    _store().remove(sha256)


def lock(sha256: str) -> str:
    """Have the store refuse removal, as far as it can; returns how, in words, or "" where it cannot."""
    return str(_store().lock(sha256))


def unlock(sha256: str) -> str:
    """Lift what may be lifted of `lock`; returns what stays, in words, or ""."""
    return str(_store().unlock(sha256))


def locked(sha256: str) -> str:
    """What makes the store refuse removal now, in words, or ""."""
    return str(_store().locked(sha256))


def hold(content: bytes, name: str = "") -> str:
    """Keep bytes that are not in the records yet, for whoever comes back for them by the name returned: a new one, or
    the one that is given (see `held_name`), all at once.

    Unless they are let go of before, the sweep deletes them in a day: nobody has to remember what was never decided.
    """
    incoming = settings.VAULT_DIR / INCOMING
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(prefix=HELD, dir=incoming)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    if name:
        Path(written).replace(_held(name))
    return name or Path(written).name


def held_name(sha256: str) -> str:
    """Under which name somebody holds what was made of a content, to find it again after being killed."""
    return f"{HELD}{sha256}"


def held(name: str) -> bytes:
    """What `hold` kept. Raises Missing once it was let go of, or swept."""
    try:
        return _held(name).read_bytes()
    except FileNotFoundError as error:
        raise Missing(f"{name} is no longer held") from error


def let_go(name: str) -> None:
    _held(name).unlink(missing_ok=True)


def _held(name: str) -> Path:
    if not name.startswith(HELD) or Path(name).name != name:
        raise ValueError("not a name that the vault gave")
    return settings.VAULT_DIR / INCOMING / name


def sweep(older_than: timedelta) -> int:
    """Delete what processes left of files that they were killed over, and what nobody came back for; returns how many
    those were.

    A file that still arrives is written to, so that its age begins anew; what got its name has a link of its own.
    """
    swept = 0
    for left in (settings.VAULT_DIR / INCOMING).glob("*"):
        with suppress(FileNotFoundError):  # its own process, or another sweep, was faster
            if time.time() - left.stat().st_mtime > older_than.total_seconds():
                left.unlink()
                swept += 1
    return swept


def open_file(sha256: str) -> BinaryIO:
    """To be read with seeking. Raises Missing."""
    file: BinaryIO = _store().open(sha256)
    return file


def read(sha256: str) -> bytes:
    """The whole file; for what is known to be small."""
    with open_file(sha256) as file:
        return file.read()


def chunks(sha256: str, start: int = 0) -> Iterator[bytes]:
    """The file in pieces, from the byte `start` on, which lies before its end. Raises Missing."""
    yield from _store().chunks(sha256, CHUNK, start)


@dataclass(frozen=True)
class Measured:
    """What lies in the vault now, read from end to end; empty hashes when nothing does."""

    sha256: str = ""
    sha512: str = ""
    size: int = 0


def measure_whole(sha256: str) -> Measured:
    """Both hashes and the size of what lies there now."""
    first, second, size = hashlib.sha256(), hashlib.sha512(), 0
    try:
        for part in chunks(sha256):
            first.update(part)
            second.update(part)
            size += len(part)
    except Missing:
        return Measured()
    return Measured(first.hexdigest(), second.hexdigest(), size)


def measure(sha256: str) -> str:
    """The hash of what lies there now, or "" when nothing does. Equal to the name when the file is intact."""
    digest = hashlib.sha256()
    try:
        for part in chunks(sha256):
            digest.update(part)
    except Missing:
        return ""
    return digest.hexdigest()
