"""Native NDJSON, split: every line once, a bad one alone."""

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import wire
from apps.alerts.formats import lines
from apps.alerts.formats.compression import Broken
from tests.alerts.formats import samples


def split(*chunks: bytes, limit: int = 100) -> list[tuple[bytes, str]]:
    """(what was taken, or the start of what was refused; code of the refusal)."""
    found = list(lines.items(chunks, limit=limit))
    assert all(item.native == item.raw for item in found if item.refusal is None)
    return [(item.raw, item.refusal.code if item.refusal else "") for item in found]


def reasons(*chunks: bytes, limit: int = 100) -> list[str]:
    return [item.refusal.reason for item in lines.items(chunks, limit=limit) if item.refusal]


def test_each_line_is_an_item_as_it_came() -> None:
    body = samples.ndjson(samples.NATIVE, samples.NATIVE)
    found = list(lines.items([body]))
    assert [item.native for item in found] == body.splitlines()
    assert [wire.read(item.native or b"", limit=samples.LIMIT).alert.source_ref for item in found] == [
        samples.NATIVE["source_ref"]
    ] * 2


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1}\n{"b":2}\n',
        b'{"a":1}\n{"b":2}',
        b'{"a":1}\r\n{"b":2}\r\n',
        b'\xef\xbb\xbf{"a":1}\n\n \t\r\n{"b":2}\n\n',
    ],
)
def test_line_ends_blank_lines_and_a_byte_order_mark_are_no_part_of_an_item(body: bytes) -> None:
    for size in range(1, len(body) + 1):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        assert split(*chunks) == [(b'{"a":1}', ""), (b'{"b":2}', "")]


def test_a_long_line_is_refused_alone_and_says_which_and_how_long() -> None:
    body = b"1\n\n" + b"x" * 101 + b"\n2\n" + b"y" * 100 + b"\r\n"
    expected = [(b"1", ""), (b"x" * 100, "too_large"), (b"2", ""), (b"y" * 100, "")]
    for size in (1, 7, 100, 1000):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        assert split(*chunks) == expected
        assert reasons(*chunks) == ["Line 3 has 101 bytes; at most 100 are taken."]


def test_a_line_of_a_gigabyte_is_not_kept() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"a":1}\n'
        chunk = b"x" * 2**20
        for _ in range(1024):
            yield chunk
        yield b'\n{"b":2}'

    tracemalloc.start()
    try:
        found = [(item.raw[:7], item.refusal and item.refusal.reason) for item in lines.items(endless())]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [
        (b'{"a":1}', None),
        (b"x" * 7, "Line 2 has 1,073,741,824 bytes; at most 262,144 are taken."),
        (b'{"b":2}', None),
    ]
    assert peak < 8 * 2**20


def test_a_wrong_encoding_costs_its_line_alone() -> None:
    body = '{"a":"é"}\n'.encode() + b'{"b":"\xe9"}\n' + '{"c":"ü"}'.encode()
    for size in range(1, len(body) + 1):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        assert [code for _, code in split(*chunks)] == ["", "not_utf8", ""]
        assert reasons(*chunks) == ["Line 2 is not UTF-8: its byte 7 cannot be read."]


def test_utf_16_is_named() -> None:
    assert "It looks like UTF-16; send UTF-8." in reasons('{"a":1}\n'.encode("utf-16"))[0]


def test_a_stream_that_breaks_says_which_line_was_not_read() -> None:
    def broken() -> Iterator[bytes]:
        yield b'{"a":1}\n{"b":'
        raise Broken("body_broken", "The stream is cut off.")

    *good, last = lines.items(broken())
    assert [item.raw for item in good] == [b'{"a":1}']
    assert last.raw == b'{"b":'
    assert last.refusal is not None
    assert (last.refusal.code, last.refusal.reason) == (
        "body_broken",
        "The stream is cut off. Line 2 and what follows it were not read.",
    )


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(1, 400))
def test_any_bytes_in_any_chunks_give_the_same_items_and_none_is_lost(chunks: list[bytes], size: int) -> None:
    body = b"".join(chunks).removeprefix(lines.BOM)
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    assert split(body) == split(*cut)
    there = [line for line in body.split(b"\n") if line.strip(b" \t\r") or len(line.removesuffix(b"\r")) > 100]
    assert len(split(body)) == len(there)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20)), max_size=20))
def test_what_is_json_by_line_comes_out_by_line(values: list[dict[str, str]]) -> None:
    found = list(lines.items([samples.ndjson(*values)]))
    assert [json.loads(item.native or b"") for item in found] == values
