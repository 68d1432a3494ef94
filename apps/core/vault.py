"""The vault: files under the hash of their content, written once.

A path is made from a SHA-256 that we computed, never from a name that somebody gave.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

CHUNK = 1024 * 1024
INCOMING = "incoming"  # where files are until they have their name
HELD = "held-"  # how those of them begin that wait for a decision


class TooLarge(Exception):
    """More bytes than allowed arrived; nothing was kept."""


class Missing(Exception):
    """The vault does not hold a file that the records name."""


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
        _settle(Path(name), path_of(sha256.hexdigest()))
    finally:
        Path(name).unlink(missing_ok=True)
    return Stored(sha256.hexdigest(), sha512.hexdigest(), size, head)


def _settle(fresh: Path, final: Path) -> None:
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh.chmod(0o400)
    try:
        final.hardlink_to(fresh)
    except FileExistsError:
        return
    directory = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def hold(content: bytes) -> str:
    """Keep bytes that are not in the records yet, for whoever comes back for them by the name returned.

    Unless they are let go of before, the sweep deletes them in a day: nobody has to remember what was never decided.
    """
    incoming = settings.VAULT_DIR / INCOMING
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=HELD, dir=incoming)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(name).name


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


def path_of(sha256: str) -> Path:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError("not a SHA-256 in hexadecimal")
    return settings.VAULT_DIR / sha256[:2] / sha256[2:4] / sha256


def open_file(sha256: str) -> BinaryIO:
    try:
        return path_of(sha256).open("rb")
    except FileNotFoundError as error:
        raise Missing(f"the vault holds no file {sha256}") from error


def read(sha256: str) -> bytes:
    """The whole file; for what is known to be small."""
    with open_file(sha256) as file:
        return file.read()


def chunks(sha256: str) -> Iterator[bytes]:
    with open_file(sha256) as file:
        while part := file.read(CHUNK):
            yield part


def measure(sha256: str) -> str:
    """The hash of what lies there now, or "" when nothing does. Equal to the name when the file is intact."""
    digest = hashlib.sha256()
    try:
        for part in chunks(sha256):
            digest.update(part)
    except Missing:
        return ""
    return digest.hexdigest()
