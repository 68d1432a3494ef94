"""What was compressed comes out as it went in, in bounded memory; what is damaged says so after what was whole."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.formats import compression, lines
from apps.alerts.formats.compression import Broken, TooLarge, UnknownEncoding, zstd

LIMIT = 2**30
PACK = {"gzip": gzip.compress, "zstd": zstd.compress}
LINES = b"".join(b'{"line":%d,"text":"%032x"}\n' % (n, n * 7919**9) for n in range(2000))


def unpack(body: bytes, encoding: str, *, limit: int = LIMIT, step: int = 100) -> tuple[bytes, Exception | None]:
    """What came out, and what ended it."""
    out = bytearray()
    try:
        chunks = (body[at : at + step] for at in range(0, len(body), step))
        for piece in compression.unpacked(chunks, encoding, limit=limit):
            out += piece
    except compression.Refusal as refusal:
        return bytes(out), refusal
    return bytes(out), None


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("step", [1, 100, 10**6])
def test_members_one_after_the_other_are_one_body(encoding: str, step: int) -> None:
    body = PACK[encoding](LINES) + PACK[encoding](b"") + PACK[encoding](b"last\n")
    assert unpack(body, encoding, step=step) == (LINES + b"last\n", None)


def test_names_of_encodings() -> None:
    assert unpack(b"as it is", "identity") == unpack(b"as it is", "") == (b"as it is", None)
    assert unpack(gzip.compress(b"x"), " X-GZip ") == (b"x", None)
    with pytest.raises(UnknownEncoding, match="encoded as “br”; casemgr reads gzip, zstd or none"):
        compression.unpacked([b""], "br", limit=1)


def test_padding_after_a_gzip_member_is_no_damage() -> None:
    assert unpack(gzip.compress(b"x") + b"\0" * 512, "gzip") == (b"x", None)


def test_a_skippable_zstd_frame_holds_nothing() -> None:
    assert unpack(b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(b"x"), "zstd") == (b"x", None)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_stream_that_is_cut_off_gives_what_was_whole(encoding: str) -> None:
    content = b"".join(b'{"line":"%s"}\n' % sha256(b"%d" % n).hexdigest().encode() for n in range(10_000))
    body = PACK[encoding](content)
    out, error = unpack(body[: len(body) // 2], encoding)
    assert isinstance(error, Broken)
    assert f"The {encoding} stream is cut off after its byte {len(body) // 2:,}" in error.reason
    assert len(out) > 100_000
    assert content.startswith(out)


def test_damage_in_gzip_gives_every_byte_before_it() -> None:
    first, second = gzip.compress(LINES[:40_000]), gzip.compress(LINES[40_000:])
    out, error = unpack(first + b"\x00\x01 no gzip" + second, "gzip", step=10**6)
    assert isinstance(error, Broken)
    assert "The gzip stream is damaged between its bytes" in error.reason
    assert out == LINES[:40_000]


def test_a_wrong_checksum_is_told_from_damage() -> None:
    body = bytearray(gzip.compress(LINES))
    body[-8] ^= 1
    out, error = unpack(bytes(body), "gzip", step=10**6)
    assert out == LINES
    assert isinstance(error, Broken)
    assert "does not fit its own checksum" in error.reason


def test_damage_in_zstd_loses_no_more_than_a_step_holds() -> None:
    frames = [zstd.compress(LINES[at : at + 1000]) for at in range(0, len(LINES), 1000)]
    place = len(frames) // 2
    out, error = unpack(b"".join(frames[:place]) + b"damage!!" + b"".join(frames[place:]), "zstd")
    assert isinstance(error, Broken)
    assert LINES.startswith(out)
    assert len(out) == place * 1000


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_ends_at_the_limit_in_little_memory(encoding: str) -> None:
    one = PACK[encoding](b"\0" * 2**26)

    def bomb() -> Iterator[bytes]:
        for _ in range(16):
            yield one

    tracemalloc.start()
    size = 0
    try:
        for piece in compression.unpacked(bomb(), encoding, limit=100_000_000):
            size += len(piece)
    except TooLarge as error:
        peak, reason = tracemalloc.get_traced_memory()[1], error.reason
    finally:
        tracemalloc.stop()
    assert "unpacks to more than 100,000,000 bytes" in reason
    assert size == 100_000_000
    assert peak < 16 * 2**20


def test_a_zstd_window_that_would_fill_the_memory_is_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    packer = zstd.ZstdCompressor(options=options)
    body = packer.compress(b"x" * 10**5) + packer.flush()
    assert isinstance(unpack(body, "zstd")[1], Broken)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_the_lines_before_a_fault_are_items_and_the_fault_is_the_last(encoding: str) -> None:
    body = PACK[encoding](LINES)
    *good, last = lines.items(compression.unpacked([body[: len(body) // 2]], encoding, limit=LIMIT))
    assert [item.native for item in good] == LINES.splitlines()[: len(good)]
    assert last.refusal is not None
    assert last.refusal.code == "body_broken"
    assert f"Line {len(good) + 1:,} and what follows it were not read." in last.refusal.reason


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "zstd"]), st.integers(1, 500))
def test_any_content_comes_back(content: bytes, encoding: str, step: int) -> None:
    assert unpack(PACK[encoding](content), encoding, step=step) == (content, None)


@given(st.binary(max_size=500), st.sampled_from(["gzip", "zstd"]))
def test_any_bytes_are_content_or_a_named_fault(body: bytes, encoding: str) -> None:
    error = unpack(body, encoding)[1]
    assert error is None or isinstance(error, Broken)


def test_deflated_data_without_a_gzip_header_is_damage() -> None:
    assert isinstance(unpack(zlib.compress(LINES), "gzip")[1], Broken)
