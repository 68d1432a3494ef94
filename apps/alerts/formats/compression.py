"""Unpacks what a client compressed, as it streams in: gzip (of several members too) and zstd (of several frames).

A small body can hold a large one: only a few pieces are in memory at a time, and no more than `limit` bytes come out.
"""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from apps.alerts.wire import Refusal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP = 4 * 1024  # compressed bytes that are handed over at once: where zstd is damaged, at most what they hold is lost
PIECE = 64 * 1024  # bytes that come out at once
ZSTD_WINDOW_LOG = 23  # 8 MiB: the most that RFC 9659 lets a sender ask of a receiver over HTTP


class Broken(Refusal):
    """The compressed stream is cut off or damaged. What lay before has been handed on."""


class TooLarge(Refusal):
    """More comes out than is taken. As much as is taken has been handed on."""


class UnknownEncoding(Refusal):
    """A Content-Encoding that casemgr does not read."""


class Unpacker(Protocol):
    """One gzip member or one zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def unpacked(chunks: Iterable[bytes], encoding: str, *, limit: int) -> Iterator[bytes]:
    """The body without its Content-Encoding (identity, gzip or zstd), in pieces.

    Raises UnknownEncoding at once, Broken where the stream is, TooLarge after `limit` bytes: each of the last two when
    what lies before has been handed on.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _bounded(chunks, limit)
    if name in ("gzip", "x-gzip"):
        return _bounded(_pieces(chunks, "gzip", Gzip), limit)
    if name == "zstd":
        return _bounded(_pieces(chunks, "zstd", _zstd), limit)
    reason = f"The body is encoded as “{encoding[:40]}”; casemgr reads gzip, zstd or none."
    raise UnknownEncoding("encoding_unknown", reason)


def _bounded(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    left = limit
    for piece in pieces:
        if len(piece) > left:
            yield piece[:left]
            raise TooLarge("body_too_large", f"The body unpacks to more than {limit:,} bytes; at most these are taken.")
        left -= len(piece)
        yield piece


def _pieces(chunks: Iterable[bytes], name: str, make: Callable[[], Unpacker]) -> Iterator[bytes]:
    """What members or frames, one after the other, hold."""
    present: Unpacker | None = None
    read = ended = 0
    for step in _steps(chunks):
        data = step
        while data:
            if present is None:
                if name == "gzip" and ended:
                    data = data.lstrip(b"\0")  # padding that some writers leave between members and after the last
                    if not data:
                        break
                present = make()
            try:
                yield from _outputs(present, data)
            except (zlib.error, zstd.ZstdError) as error:
                raise Broken("body_broken", _damage(name, read, read + len(step), error)) from error
            if not present.eof:
                break
            data, present, ended = present.unused_data, None, ended + 1
        read += len(step)
    if present is not None:
        raise Broken("body_broken", f"The {name} stream is cut off after its byte {read:,}; the end is missing.")


def _damage(name: str, before: int, after: int, error: Exception) -> str:
    if "incorrect data check" in str(error):
        return f"The {name} stream does not fit its own checksum before its byte {after:,}: it was changed on its way."
    return f"The {name} stream is damaged between its bytes {before + 1:,} and {after:,}."


def _outputs(unpacker: Unpacker, data: bytes) -> Iterator[bytes]:
    while True:
        try:
            out = unpacker.decompress(data, PIECE)
        except zlib.error:
            if isinstance(unpacker, Gzip):
                yield unpacker.before_the_fault()
            raise
        if out:
            yield out
        if unpacker.eof or unpacker.needs_input:
            return
        data = b""


def _steps(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), STEP):
            yield bytes(chunk[start : start + STEP])


class Gzip:
    """A gzip member that keeps the input it had no room for, and can tell what came before a fault."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._full = False

    def decompress(self, data: bytes, max_length: int) -> bytes:
        data = self._inner.unconsumed_tail + data
        self._before = self._inner.copy(), data
        out = self._inner.decompress(data, max_length)
        self._full = len(out) == max_length
        return out

    def before_the_fault(self) -> bytes:
        """Read again, byte by byte, what could not be read at once."""
        inner, data = self._before
        found = bytearray()
        try:
            for at in range(len(data)):
                found += inner.decompress(data[at : at + 1])
        except zlib.error:
            pass
        return bytes(found)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail and not self._full

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


def _zstd() -> Unpacker:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})
