"""Native JSON: an object, or a list whose elements are judged one by one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import wire
from apps.alerts.formats import document
from apps.alerts.formats.item import Item
from tests.alerts.formats import samples

NATIVE = samples.dumped(samples.NATIVE)


def items(body: bytes, limit: int = samples.LIMIT) -> list[Item]:
    return list(document.items([body[:7], body[7:]], limit=limit))


def codes(body: bytes) -> list[str]:
    return [item.refusal.code if item.refusal else "" for item in items(body)]


def test_an_object_is_one_item_and_a_list_one_an_element() -> None:
    pretty = json.dumps(samples.NATIVE, indent=2).encode()
    assert [item.native for item in items(pretty)] == [pretty]
    found = items(b" \n[" + NATIVE + b" ,\n" + NATIVE + b"]\n")
    assert [item.native for item in found] == [NATIVE, NATIVE]
    assert wire.read(NATIVE, limit=samples.LIMIT).alert.source_ref == samples.NATIVE["source_ref"]


def test_an_empty_body_and_an_empty_list_hold_nothing() -> None:
    assert items(b"") == items(b" \n") == items(b"[ ]") == items(b"\xef\xbb\xbf") == []


@pytest.mark.parametrize(
    "bad",
    [
        b'{"a": nope}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"a": 1e999}',
        b"[" * 5000 + b"]" * 5000,
        b'{"a": "],[{"}',
        b"99999999999999999999",
    ],
)
def test_a_bad_element_costs_no_other(bad: bytes) -> None:
    found = items(b"[" + NATIVE + b"," + bad + b"," + NATIVE + b"]")
    assert [item.raw for item in found] == [NATIVE, bad, NATIVE]
    with pytest.raises(wire.Refusal):
        wire.read(found[1].native or b"", limit=samples.LIMIT)


def test_a_list_that_ends_half_way_gives_what_was_whole() -> None:
    whole = b"[" + NATIVE + b"," + NATIVE + b"]"
    found = items(whole[:-20])
    assert [item.native for item in found] == [NATIVE, None]
    assert found[1].refusal is not None
    assert found[1].refusal.code == "body_cut"
    assert "this element is cut off" in found[1].refusal.reason


def test_what_is_missing_or_follows_is_refused_beside_what_is_good() -> None:
    assert codes(b'[{"a":1},,{"b":2}]') == ["", "not_json", ""]
    assert codes(b'[{"a":1}] {"b":2}') == ["", "not_json"]
    assert codes(b"[}") == ["not_json"]


def test_an_element_that_is_too_long_is_refused_with_its_beginning() -> None:
    (item,) = items(b'{"a":"' + b"x" * 100 + b'"}', limit=50)
    assert item.refusal is not None
    assert item.refusal.reason == "The alert has 108 bytes; at most 50 are taken."
    assert len(item.raw) == 50


def test_utf_16_is_named() -> None:
    (item,) = items('{"a":1}'.encode("utf-16"))
    assert item.refusal is not None
    assert item.refusal.reason == "The body is UTF-16; send UTF-8."


def test_quotation_marks_that_nobody_closes_do_not_take_long() -> None:
    assert codes(b'[{"a":"' + b'\\"' * 1_000_000) == ["body_cut"]


@given(st.binary(max_size=400))
def test_any_bytes_are_answered(body: bytes) -> None:
    for item in items(b"[" + body):
        assert (item.native is None) != (item.refusal is None)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_parting_by_brackets_agrees_with_the_decoder(value: object) -> None:
    element = samples.dumped(value)
    body = b"[" + element + b"," + element + b"]"
    assert list(document._parted(body)) == [element, element]
