"""A file as a stream of what is in it: gzip and zstd are undone, and what the rows are written in is seen."""

import gzip
import io
import sys
import zlib
from typing import Any, BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
BOM = b"\xef\xbb\xbf"
STEP = 1024 * 1024
ZSTD_WINDOW_LOG = 27  # 128 MiB, what zstd itself accepts unasked


class NotReadable(ValueError):
    """The file as a whole is neither NDJSON nor CSV with a header nor Parquet, or it is damaged from some place on."""


class Opened:
    """A file of records, wherever it lies: `stream` gives what is in it from the beginning, `format` says what that is.

    `limit` bounds what comes out of a compressed file, in bytes. Parquet is read with seeking: where it is compressed
    as a whole it is unpacked into `spare` first, a file that can be written and read.
    """

    def __init__(self, file: BinaryIO, *, limit: int, spare: BinaryIO | None = None) -> None:
        self.limit = limit
        head = _head(file)
        self.encoding = "gzip" if head.startswith(GZIP) else "zstd" if head.startswith(ZSTD) else ""
        self.stream: Any = file
        if self.encoding:
            self.stream = packed = _Bounded(_unpacked(file, self.encoding), self.encoding, limit)
            head = packed.peek()
            if head.startswith(PARQUET):
                self.stream = _copied(packed, spare or io.BytesIO())
        if not head:
            raise NotReadable("The file is empty.")
        first = head.removeprefix(BOM).lstrip()[:1]
        self.format = "parquet" if head.startswith(PARQUET) else "ndjson" if first == b"{" else "csv"

    def skip(self, read: int, to: int) -> None:
        """Go on at a place behind the bytes that were read."""
        if not self.encoding:
            self.stream.seek(to)
        while self.encoding and read < to:
            read += len(self.stream.read(min(STEP, to - read)))


def _head(file: BinaryIO) -> bytes:
    head = file.read(4096)
    file.seek(0)
    return head


def _unpacked(file: BinaryIO, encoding: str) -> BinaryIO:
    if encoding == "gzip":
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    return zstd.ZstdFile(file, options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})  # type: ignore[return-value]


class _Bounded:
    """Counts what comes out of a compressed stream, and says in words where it breaks off."""

    def __init__(self, inner: BinaryIO, encoding: str, limit: int) -> None:
        self.inner, self.encoding, self.limit = inner, encoding, limit
        self.out, self.ahead = 0, b""

    def peek(self) -> bytes:
        self.ahead = self.read(4096)
        self.out -= len(self.ahead)
        return self.ahead

    def read(self, size: int) -> bytes:
        try:
            found, self.ahead = self.ahead or self.inner.read(size), b""
        except (EOFError, OSError, zlib.error, zstd.ZstdError) as error:
            reason = f"The file's {self.encoding} compression is damaged or cut off: {self.out:,} bytes came out of it."
            raise NotReadable(reason) from error
        self.out += len(found)
        if self.out > self.limit:
            raise NotReadable(f"The file unpacks to more than {self.limit:,} bytes.")
        return found


def _copied(stream: Any, spare: BinaryIO) -> BinaryIO:
    while part := stream.read(STEP):
        spare.write(part)
    spare.seek(0)
    return spare
