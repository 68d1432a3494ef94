"""What speaks against a file that comes in, as sentences: it is then kept apart, and a person decides.

Archives are judged by their directories: nothing is unpacked to a disk, and what has to be unpacked to be known (what a
gzip holds, an archive inside an archive) passes through memory under a limit. OWASP ASVS 5.0: 5.2.2 (name and content
agree), 5.2.3 (unpacked size and number), 5.2.5 (symbolic links), 5.3.2 (paths).
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import IO, Any, cast

from apps.evidence.files import media

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
SMALL = MIB  # below this no ratio is looked at: a short run of zeros packs a thousandfold
DIRECTORY = 64 * MIB  # of a zip; what is larger is not read into memory
INNER = 256 * MIB  # of an archive inside an archive
STEP = 256 * 1024

COMPRESSED: dict[str, Any] = {
    "application/gzip": lambda file: gzip.GzipFile(fileobj=file),
    "application/zstd": zstd.ZstdFile,
    "application/x-bzip2": bz2.BZ2File,
    "application/x-xz": lzma.LZMAFile,
}
CLOSED = {"application/x-7z-compressed": "7z", "application/vnd.rar": "RAR"}  # which casemgr cannot look into
PACKED = (".zip", ".tar", ".gz", ".tgz", ".zst", ".bz2", ".xz", ".7z", ".rar", ".jar", ".docx", ".xlsx", ".pptx")
DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, zstd.ZstdError, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, RuntimeError, NotImplementedError),  # what these libraries raise beside their own
)


@dataclass(frozen=True)
class Limits:
    entries: int = 10_000
    unpacked: int = 8 * 1024 * MIB
    ratio: int = 200
    depth: int = 3


class Enough(Exception):
    """A limit is passed: no more has to be read."""


@dataclass
class Inspection:
    """One look at one file; what archives inside it hold counts together."""

    limits: Limits
    found: list[str] = field(default_factory=list)
    entries: int = 0
    unpacked: int = 0

    def say(self, sentence: str) -> None:
        if sentence not in self.found and len(self.found) < 20:
            self.found.append(sentence)

    def count_entry(self, where: str) -> None:
        self.entries += 1
        if self.entries > self.limits.entries:
            raise Enough(f"{where} holds more than {self.limits.entries:,} files.")

    def count_bytes(self, number: int, where: str) -> None:
        self.unpacked += number
        if self.unpacked > self.limits.unpacked:
            raise Enough(f"{where} unpacks to more than {self.limits.unpacked:,} bytes.")


def suspicions(file: IO[bytes], filename: str, limits: Limits | None = None) -> list[str]:
    """Why the file should be kept apart; nothing when nothing speaks against it. The file can be sought in."""
    inspection = Inspection(limits or Limits())
    head = file.read(media.HEAD)
    media_type = media.sniff(head)
    try:
        media.check_name(filename, media_type)
    except media.Disagrees as error:
        inspection.say(str(error))
    if media_type == "application/x-executable":
        inspection.say("It is a program.")
    file.seek(0)
    try:
        _look_into(file, media_type, "The archive", 1, inspection)
    except Enough as limit:
        inspection.say(str(limit))
    return inspection.found


def _look_into(file: IO[bytes], media_type: str, where: str, depth: int, seen: Inspection) -> None:
    if depth > seen.limits.depth and (
        media_type in COMPRESSED or media_type in ("application/zip", "application/x-tar")
    ):
        raise Enough(f"Archives lie in archives more than {seen.limits.depth} deep.")
    try:
        if media_type == "application/zip":
            _zip(file, where, depth, seen)
        elif media_type == "application/x-tar":
            with tarfile.open(fileobj=file, mode="r:") as archive:
                _tar(archive, where, depth, seen)
        elif media_type in COMPRESSED:
            _compressed(file, media_type, where, depth, seen)
        elif media_type in CLOSED:
            seen.say(f"{where} is a {CLOSED[media_type]} archive: casemgr cannot look into it.")
    except DAMAGE as error:
        seen.say(f"{where} cannot be read as what it says it is ({media_type}): {error}.")


def _zip(file: IO[bytes], where: str, depth: int, seen: Inspection) -> None:
    length = file.seek(0, io.SEEK_END)
    if _directory_size(file, length) > DIRECTORY:
        raise Enough(f"{where} has a directory of more than {DIRECTORY:,} bytes.")
    with zipfile.ZipFile(file) as archive:
        packed = 0
        for entry in archive.infolist():
            seen.count_entry(where)
            seen.count_bytes(entry.file_size, where)
            packed += entry.compress_size
            _judge_name(entry.filename, where, seen)
            if stat.S_ISLNK(entry.external_attr >> 16):
                seen.say(f"{where} holds a symbolic link, {entry.filename}.")
            if entry.flag_bits & 1:
                seen.say(f"{where} is encrypted: nobody can tell what it holds without its password.")
            _judge_ratio(entry.file_size, entry.compress_size, f"The file {entry.filename!r} in {_small(where)}", seen)
            if entry.filename.lower().endswith(PACKED) and not entry.flag_bits & 1:
                with archive.open(entry) as member:
                    _inside(cast("IO[bytes]", member), entry.filename, depth, seen)
        if packed > length:
            seen.say(f"The files of {_small(where)} lie over each other, as in archives made to burst.")


def _directory_size(file: IO[bytes], length: int) -> int:
    """As the end of the zip says (APPNOTE 4.3.14 to 4.3.16), before all of it is read; 0 when there is no such end."""
    file.seek(max(0, length - 66_000))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return 0
    (size,) = struct.unpack_from("<I", tail, at + 12)
    locator = tail.rfind(b"PK\x06\x07", 0, at)
    if size == 0xFFFFFFFF and locator >= 0:
        (offset,) = struct.unpack_from("<Q", tail, locator + 8)
        file.seek(offset)
        (size,) = struct.unpack_from("<Q", file.read(56), 40)
    return int(size)


def _tar(archive: tarfile.TarFile, where: str, depth: int, seen: Inspection) -> None:
    for entry in archive:
        seen.count_entry(where)
        _judge_name(entry.name, where, seen)
        if entry.issym() or entry.islnk():
            seen.say(f"{where} holds a link, {entry.name} to {entry.linkname}.")
        elif not (entry.isfile() or entry.isdir()):
            seen.say(f"{where} holds a device or a pipe, {entry.name}.")
        elif entry.isfile() and entry.name.lower().endswith(PACKED) and (member := archive.extractfile(entry)):
            _inside(member, entry.name, depth, seen)


def _compressed(file: IO[bytes], media_type: str, where: str, depth: int, seen: Inspection) -> None:
    with COMPRESSED[media_type](file) as unpacked:
        stream = io.BufferedReader(_Counted(unpacked, file, where, seen), STEP)
        inner = media.sniff(stream.peek(media.HEAD)[: media.HEAD])
        if inner == "application/x-tar":
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                _tar(archive, where, depth, seen)
        elif inner in COMPRESSED or inner == "application/zip":
            _inside(cast("IO[bytes]", stream), f"what {_small(where)} holds", depth, seen)
        while stream.read(STEP):
            pass


class _Counted(io.RawIOBase):
    """What comes out of a compressed file, for as long as it is in proportion to what went in."""

    def __init__(self, unpacked: IO[bytes], packed: IO[bytes], where: str, seen: Inspection) -> None:
        self.unpacked, self.packed, self.where, self.seen, self.out = unpacked, packed, where, seen, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self.unpacked.read(len(buffer))
        buffer[: len(part)] = part
        self.out += len(part)
        self.seen.count_bytes(len(part), self.where)
        if self.out > 8 * SMALL and self.out > self.seen.limits.ratio * max(1, self.packed.tell()):
            raise Enough(_burst(self.where, self.seen.limits.ratio))
        return len(part)


def _inside(member: IO[bytes], name: str, depth: int, seen: Inspection) -> None:
    """An archive inside an archive: read under a limit, since its directory is at its end."""
    with tempfile.SpooledTemporaryFile(max_size=8 * MIB) as copy:
        for part in _bounded(member, f"{name}, which lies in an archive,"):
            copy.write(part)
        copy.seek(0)
        media_type = media.sniff(copy.read(media.HEAD))
        copy.seek(0)
        _look_into(cast("IO[bytes]", copy), media_type, f"{name}, inside the archive,", depth + 1, seen)


def _bounded(member: IO[bytes], what: str) -> Iterator[bytes]:
    total = 0
    while part := member.read(STEP):
        total += len(part)
        if total > INNER:
            raise Enough(f"{what} is larger than {INNER:,} bytes: too large to look into.")
        yield part


def _judge_name(name: str, where: str, seen: Inspection) -> None:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.drive or windows.root or ".." in (*posix.parts, *windows.parts):
        seen.say(f"{where} holds a file whose name leads out of it, {name!r}.")


def _judge_ratio(unpacked: int, packed: int, what: str, seen: Inspection) -> None:
    if unpacked > SMALL and unpacked > seen.limits.ratio * max(1, packed):
        seen.say(_burst(what, seen.limits.ratio))


def _burst(what: str, ratio: int) -> str:
    return f"{what} unpacks to more than {ratio} times its size, as files made to burst do."


def _small(where: str) -> str:
    return where[:1].lower() + where[1:]
