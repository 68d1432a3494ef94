"""What the database's answers mean, also those that nobody expects."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.transparency.answers import Answer, Verdict, to_a_file


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (201, Verdict.TAKEN),
        (200, Verdict.TAKEN),
        (429, Verdict.LATER),
        (None, Verdict.UNKNOWN),
        (408, Verdict.UNKNOWN),
        (500, Verdict.UNKNOWN),
        (503, Verdict.UNKNOWN),
        (401, Verdict.STOP),
        (403, Verdict.STOP),
        (404, Verdict.STOP),
        (302, Verdict.STOP),
        (413, Verdict.STOP),
    ],
)
def test_a_status_says_what_to_do(status, verdict):
    assert to_a_file(status, "said", b"").verdict is verdict


def test_a_refusal_names_statements_and_why():
    said = {"errors": {"statement_3": {"puid": ["Taken."], "category": ["No.", "Never."]}, "statement_10": ["Bad."]}}
    assert to_a_file(422, "", json.dumps(said | {"existing": ["a", {"puid": "b"}]}).encode()) == Answer(
        Verdict.REFUSED,
        "The database refuses a part of it.",
        {3: "puid: Taken.; category: No. Never.", 10: "Bad."},
        frozenset({"a", "b"}),
    )


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"{}", b'{"errors": 3}', b'{"errors": {"x": 1}}', b'{"existing": 3}']
)
def test_what_is_not_understood_stops_it(body):
    assert to_a_file(422, "", body).verdict is Verdict.STOP


@given(st.none() | st.integers(100, 599), st.binary(max_size=50))
def test_every_answer_means_something(status, body):
    answer = to_a_file(status, "said", body)
    assert answer.verdict in Verdict
    assert (answer.verdict is Verdict.TAKEN) == (status in (200, 201))
