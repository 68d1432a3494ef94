"""A log's bytes as text: told by content, unpacked under a limit, line by line with the place of each."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from typing import IO, Any, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PARQUET = b"PAR1"
OTHER = {b"PK\x03\x04": "a ZIP archive", b"BZh": "bzip2 data", b"\xfd7zXZ\x00": "xz data", b"7z\xbc\xaf": "7-Zip data"}
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BOM = b"\xef\xbb\xbf"
LONGEST = 16 * 1024 * 1024  # bytes of one line
STEP = 1024 * 1024
BROKEN = (EOFError, OSError, zlib.error, zstd.ZstdError)  # what damaged packed data raises


class Unreadable(ValueError):
    """The file is no query log that can be read; the message says why, and what to do."""


class TooLarge(Unreadable):
    """More comes out of the file than may."""


def packing(head: bytes) -> str:
    """How a file that begins so is packed: gzip, zstd or "". Raises Unreadable for what cannot be unpacked here."""
    for magic, words in OTHER.items():
        if head.startswith(magic):
            raise Unreadable(f"The file is {words}. Unpack it, and collect what it holds: plain, gzip or zstd.")
    return next((name for magic, name in PACKED.items() if head.startswith(magic)), "")


def unpacked(file: IO[bytes], limit: int) -> "Counted":
    """The file's content from its beginning, whatever packs it. Reading raises Unreadable in words."""
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    match packing(head):
        case "gzip":
            return Counted(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), limit, "gzip")
        case "zstd":
            return Counted(cast("IO[bytes]", zstd.ZstdFile(file)), limit, "zstd")
        case _:
            return Counted(file, limit, "")


class Counted(io.RawIOBase):
    """A stream that knows how far it was read, and ends in words where it is damaged or too long."""

    def __init__(self, inner: IO[bytes], limit: int, packed: str) -> None:
        self.inner, self.limit, self.packed, self.at = inner, limit, packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self.inner.read(len(buffer))
        except BROKEN as error:
            raise Unreadable(
                f"The {self.packed or 'file'} data is damaged or ends in the middle, after {self.at:,} bytes of the "
                f"log: {error}. Collect the whole file again."
            ) from error
        buffer[: len(part)] = part
        self.at += len(part)
        if self.at > self.limit:
            raise TooLarge(f"The log unpacks to more than {self.limit:,} bytes. Split it, and collect its parts.")
        return len(part)

    def skip_to(self, place: int) -> None:
        """Go to a place in the unpacked content: at once in a plain file, else by unpacking up to there."""
        if not self.packed:
            self.inner.seek(place)
            self.at = place
            return
        while self.at < place and self.read(min(STEP, place - self.at)):
            pass


class Lines:
    """The lines of a stream from `start` on, as bytes with their end. `at` is where the next one begins.

    A line longer than LONGEST is passed over: `overlong` then holds its beginning until it is taken.
    """

    def __init__(self, stream: Counted, start: int = 0) -> None:
        stream.skip_to(start)
        self.stream = io.BufferedReader(stream, STEP)
        self.at = start
        self.overlong: bytes | None = None

    def __iter__(self) -> Iterator[bytes]:
        while (line := self.next()) is not None:
            yield line

    def next(self) -> bytes | None:
        line = self.stream.readline(LONGEST)
        if not line:
            return None
        self.at += len(line)
        if len(line) >= LONGEST and not line.endswith(b"\n"):
            self.overlong = line[:1000]
            while part := self.stream.readline(LONGEST):
                self.at += len(part)
                if part.endswith(b"\n"):
                    break
            return b"\n"
        return line


def check_text(head: bytes) -> None:
    """Raise Unreadable for what begins like no text in UTF-8."""
    if (
        head.startswith(UTF16)
        or (len(head) > 8 and head[1:9:2].count(0) >= 3)
        or (len(head) > 8 and head[:8:2].count(0) >= 3)
    ):
        raise Unreadable("The log is in UTF-16. Convert it to UTF-8, for instance with iconv, and collect it again.")
    for cut in range(4):
        try:
            head[: len(head) - cut].decode()
            return
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                break
    # Single lines may be damaged: those are rejected one by one. A head without any text is none.
    if sum(byte < 9 for byte in head) > len(head) // 100:
        raise Unreadable("The file is neither Parquet, CSV nor JSON Lines: it is no text.")
