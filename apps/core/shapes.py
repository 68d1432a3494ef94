"""What a decoder says of data that has not the shape it should have, in a person's words."""

import re

TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a time",
    "date": "a date",
    "null": "nothing",
}
PATTERNS = {
    "^[0-9a-f]{64}$": "64 hexadecimal digits (0 to 9, a to f) are expected",
    "^[-a-zA-Z0-9_]+$": "only letters, digits, “-” and “_” are taken",
    r"^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$": "a date such as 2026-06-05 is expected",
}
COMPARISONS = {"<=": "of at most", ">=": "of at least", "<": "below", ">": "above"}
TIME = "a time with its zone is expected, such as 2026-06-05T10:00:03Z"


def in_words(said: str) -> str:
    """The decoder's sentence without the place that it is about; as it came where it is one that is not known here."""
    for pattern, words in SENTENCES:
        if found := pattern.fullmatch(said):
            return words(found)
    return said


def _type(name: str) -> str:
    return " or ".join(TYPES.get(one, one) for one in name.split(" | "))


def _length(found: re.Match[str]) -> str:
    things = "characters" if found["type"].startswith("str") else "entries"
    number = int(found["number"])
    if found["sign"] == ">=" and number == 1:
        return "it may not be empty"
    how = {"<=": "at most", ">=": "at least", None: "exactly"}[found["sign"]]
    return (
        f"{how} {number:,} {things} are taken" if found["sign"] == "<=" else f"{how} {number:,} {things} are expected"
    )


def _limit(found: re.Match[str]) -> str:
    number = found["number"].removesuffix(".0")
    return f"{_type(found['type'])} {COMPARISONS[found['sign']]} {number} is expected"


SENTENCES = [
    (
        re.compile(r"Expected `(?P<type>[^`]+)`, got `(?P<other>[^`]+)`"),
        lambda found: f"{_type(found['type'])} is expected, not {_type(found['other'])}",
    ),
    (re.compile(r"Expected `datetime` with a timezone component"), lambda _: TIME),
    (re.compile(r"Invalid RFC3339 encoded datetime"), lambda _: TIME),
    (re.compile(r"Expected `(?P<type>[^`]+)` of length (?P<sign>[<>]=)? ?(?P<number>\d+)"), _length),
    (
        re.compile(r"Expected `str` matching regex '(?P<pattern>.*)'"),
        lambda found: PATTERNS.get(found["pattern"], f"a text of the pattern {found['pattern']} is expected"),
    ),
    (re.compile(r"Expected `(?P<type>[^`]+)` (?P<sign>[<>]=?) (?P<number>\S+)"), _limit),
    (
        re.compile(r"Invalid enum value '?(?P<value>.*?)'?"),
        lambda found: f"“{found['value']}” is none of the values that are known here",
    ),
    (
        re.compile(r"Object missing required field `(?P<name>.*)`"),
        lambda found: f"the field “{found['name']}” is missing",
    ),
    (
        re.compile(r"Object contains unknown field `(?P<name>.*)`"),
        lambda found: f"the field “{found['name']}” is not known here",
    ),
]
