"""What a decoder refuses, as a person reads it."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from apps.alerts import native
from apps.core import shapes


class Thing(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    number: Annotated[int, Meta(ge=0, le=4)] = 1
    share: Annotated[float, Meta(gt=0, le=1)] | None = None
    kind: Literal["one", "two"] = "one"
    when: native.Moment | None = None
    day: native.Day = "2026-01-01"
    sha256: native.Sha256 = "0" * 64
    pair: tuple[float, float] | None = None
    several: Annotated[list[str], Meta(max_length=2)] = []
    inner: native.Window | None = None
    odd: Annotated[str, Meta(pattern="^x+$")] = "x"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"name": ""}, "it may not be empty"),
        ({"name": "long"}, "at most 3 characters are taken"),
        ({"name": 3}, "a text is expected, not a whole number"),
        ({"number": 9}, "a whole number of at most 4 is expected"),
        ({"number": -1}, "a whole number of at least 0 is expected"),
        ({"number": True}, "a whole number is expected, not true or false"),
        ({"share": 0}, "a number above 0 is expected"),
        ({"share": 1.5}, "a number of at most 1 is expected"),
        ({"share": "x"}, "a number or nothing is expected, not a text"),
        ({"kind": "three"}, "“three” is none of the values that are known here"),
        ({"when": "yesterday"}, shapes.TIME),
        ({"when": "2026-01-01T00:00:00"}, shapes.TIME),
        ({"day": "5 June"}, "a date such as 2026-06-05 is expected"),
        ({"sha256": "zz"}, "64 hexadecimal digits (0 to 9, a to f) are expected"),
        ({"pair": [1]}, "exactly 2 entries are expected"),
        ({"several": ["a", "b", "c"]}, "at most 2 entries are taken"),
        ({"inner": {"start": "2026-01-01T00:00:00Z"}}, "the field “end” is missing"),
        ({"other": 1}, "the field “other” is not known here"),
        ({"odd": "y"}, "a text of the pattern ^x+$ is expected"),
        ([], "an object is expected, not a list"),
    ],
)
def test_a_refusal_is_said_in_words(value: Any, words: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(msgspec.json.encode(value), type=Thing)
    assert shapes.in_words(str(refused.value).partition(" - at ")[0]) == words


def test_what_is_not_known_stays_as_it_is() -> None:
    assert shapes.in_words("Something else is wrong") == "Something else is wrong"
