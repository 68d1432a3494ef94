import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evidence.files import media


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"PK\x03\x04", "application/zip"),
        (b'{"a": 1}', "application/json"),
        (b'{"a": 1}\n{"a": 2}\n', "application/x-ndjson"),
        (b'{\n "a": 1\n}', "application/json"),
        (b"\xef\xbb\xbfa;b\n", "text/plain"),
        ("Grüße".encode()[:-1], "text/plain"),  # the head ends inside a character
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"<svg xmlns=''>", "application/xml"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"a\x00b", "application/octet-stream"),
    ],
)
def test_the_content_says_what_it_is(head, media_type):
    assert media.sniff(head) == media_type


@given(st.binary(max_size=300))
def test_any_content_has_some_type(head):
    assert "/" in media.sniff(head)


@given(st.text(max_size=400))
def test_any_name_becomes_fit_to_be_shown_and_sent(name):
    kept = media.clean_name(name)
    assert 0 < len(kept) <= 200
    assert not set(kept) & set("/\\\r\n\0")


def test_a_long_name_keeps_its_ending():
    assert media.clean_name("x" * 400 + ".csv").endswith(".csv")
