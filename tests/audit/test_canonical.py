"""The bytes that are hashed are canonical JSON (RFC 8785), whichever way they are written."""

import json
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from apps.audit import ledger

texts = st.text(st.characters(codec="utf-8"))
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(st.dictionaries(texts, values))
@example({"a": [1.5], "b": {"c": 1e21}, "d": [-1234567890, 0.1], "at": "2026-11-21T18:54:56.123456+00:00"})
@example({'":1.5': "x", "é": 1})
def test_every_body_is_written_as_the_standard_says(body):
    assert ledger.canonical(body) == rfc8785.dumps(body)


def test_what_events_are_made_of_takes_the_short_way():
    body = {"at": datetime.now(UTC).isoformat(), "rows": 24_000, "changes": {"severity": [1, 2], "note": [None, "x"]}}
    with patch("apps.audit.ledger.rfc8785.dumps", side_effect=AssertionError("the long way")):
        assert json.loads(ledger.canonical(body)) == body


@pytest.mark.parametrize("number", [1.5, [0.5], 12345678901, [1, 12345678901]])
def test_other_numbers_take_the_long_way(number):
    with patch("apps.audit.ledger.rfc8785.dumps", return_value=b"long") as long_way:
        assert ledger.canonical({"n": number}) == b"long"
    assert long_way.called
