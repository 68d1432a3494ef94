"""A directory as the vault's store. Files have no write permission, and a name once given is never given again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from apps.core.vault.problems import Missing


def path_of(sha256: str) -> Path:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError("not a SHA-256 in hexadecimal")
    return settings.VAULT_DIR / sha256[:2] / sha256[2:4] / sha256


class Disk:
    """No lock of its own: who may write to the directory may remove a file. Fixity notices, the log testifies."""

    @property
    def name(self) -> str:
        return "the vault's directory"

    def keep(self, fresh: Path, sha256: str) -> None:
        """Give a whole file on this disk its name, durably; what has the name already is the same content."""
        final = path_of(sha256)
        final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.chmod(0o400)
        try:
            final.hardlink_to(fresh)
        except FileExistsError:
            return
        _sync(final.parent)

    def open(self, sha256: str) -> BinaryIO:
        try:
            return path_of(sha256).open("rb")
        except FileNotFoundError as error:
            raise Missing(f"the vault holds no file {sha256}") from error

    def chunks(self, sha256: str, size: int, start: int) -> Iterator[bytes]:
        with self.open(sha256) as file:
            file.seek(start)
            while part := file.read(size):
                yield part

    def remove(self, sha256: str) -> None:
        path_of(sha256).unlink(missing_ok=True)
        _sync(path_of(sha256).parent)

    def lock(self, sha256: str) -> str:
        return ""

    def unlock(self, sha256: str) -> str:
        return ""

    def locked(self, sha256: str) -> str:
        return ""


def _sync(directory: Path) -> None:
    if not directory.is_dir():
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
